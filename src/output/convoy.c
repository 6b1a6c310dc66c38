/* The tables of `convoy`: see convoy_report.h. */
#include "gilscope/convoy_report.h"

#include "gilscope/report.h"
#include "gilscope/summary.h"

#include <math.h>
#include <string.h>

enum { NAME_WIDTH = 14 };

static struct estimate estimate_of(const struct convoy_report *report, size_t c,
                                   enum convoy_figure figure)
{
    return convoy_estimate(report->plan, c, figure, report->scratch);
}

static void print_machine(const struct convoy_report *report, const struct style *style,
                          FILE *to)
{
    const struct machine_facts *machine = machine_facts(report->machine);
    const struct settings *settings = report->settings;
    char time[16], held[16], rate[48] = "each when the one before is answered";

    format_time(time, sizeof time, settings->time_s);
    format_time(held, sizeof held, settings->held_s);
    if (settings->rate_per_s > 0) {
        snprintf(rate, sizeof rate, "%g a second are due", settings->rate_per_s);
    }
    fprintf(to, "%s%s%s: %u core%s, %u PU%s usable; %u of %u blocks, %s a repetition\n",
            style->bold, machine->cpu_model, style->plain, machine->cores,
            machine->cores == 1 ? "" : "s", machine->pus, machine->pus == 1 ? "" : "s",
            report->blocks_done, settings->reps, time);
    fprintf(to, "Requests over loopback UDP: %s; %s of work with the lock\n", rate, held);
}

/* " ±4 %", or " ±?" where there are too few blocks for an interval; 7 columns. */
static void print_interval(struct estimate estimate, const struct style *style, FILE *to)
{
    const char *sign = style->utf8 ? "±" : "+-";
    int width = style->utf8 ? 6 : 5; /* behind the sign */
    double half = relative_half_width(estimate) * 100;
    char text[16] = "?";

    if (estimate.n == 0) {
        fprintf(to, "%8s", "");
        return;
    }
    if (estimate.n >= INTERVAL_NEEDS) {
        snprintf(text, sizeof text, half < 999.5 ? "%.0f%%" : ">999%%", half);
    }
    fprintf(to, " %s%s%-*s%s", style->dim, sign, width, text, style->plain);
}

static void print_time(struct estimate estimate, int width, FILE *to)
{
    char text[16] = "-";

    if (estimate.n > 0) {
        format_time(text, sizeof text, estimate.median);
    }
    fprintf(to, "%*s", width, text);
}

static void print_count(struct estimate estimate, int width, FILE *to)
{
    char text[16] = "-";

    if (estimate.n > 0) {
        format_count(text, sizeof text, estimate.median);
    }
    fprintf(to, "%*s", width, text);
}

static void print_row(const struct convoy_report *report, size_t c, const struct style *style,
                      FILE *to)
{
    static const enum convoy_figure tail[] = {CONVOY_P99, CONVOY_P999, CONVOY_LONGEST};
    const struct convoy_case *this_case = &report->plan->cases[c];
    struct estimate requests = estimate_of(report, c, CONVOY_REQUESTS),
                    p50 = estimate_of(report, c, CONVOY_P50),
                    share = estimate_of(report, c, CONVOY_SHARE);

    fprintf(to, "%-*s%4u", NAME_WIDTH, convoy_case_name(this_case), this_case->hogs);
    print_count(requests, 9, to);
    print_interval(requests, style, to);
    print_time(p50, 9, to);
    print_interval(p50, style, to);
    print_time(estimate_of(report, c, CONVOY_P90), 8, to);
    for (size_t t = 0; t < sizeof tail / sizeof *tail; t++) {
        print_time(estimate_of(report, c, tail[t]), 9, to);
    }
    if (share.n > 0) {
        fprintf(to, "%8.3g%s", share.median, style->utf8 ? "×" : "x");
    }
    fputc('\n', to);
}

/* One table: a policy, and one switch interval where there are several. */
static void print_table(const struct convoy_report *report, const struct pin_policy *pin,
                        double interval_s, bool first, const struct style *style, FILE *to)
{
    char time[16], which[48] = "";

    if (report->plan->intervals > 1) {
        format_time(time, sizeof time, interval_s);
        snprintf(which, sizeof which, ", switch interval %s", time);
    }
    fprintf(to, "\n%sAnswers of an I/O thread beside hogs: pin %s%s%s (medians of blocks)\n",
            style->bold, pin->name, which, style->plain);
    fprintf(to, "%s%-*s%4s%17s%17s%8s%9s%9s%9s%9s%s\n", style->bold, NAME_WIDTH, "lock", "hogs",
            "requests/s (95%)", "p50 (95%) ", "p90", "p99", "p99.9", "longest", "hogs do",
            style->plain);
    for (size_t c = 0; c < report->plan->length; c++) {
        const struct convoy_case *each = &report->plan->cases[c];
        bool here = each->switch_interval_s > 0
                        ? !(fabs(each->switch_interval_s - interval_s) > 0)
                        : first;
        if (each->serves && each->pin == pin && here && convoy_measured(report->plan, c)) {
            print_row(report, c, style, to);
        }
    }
}

static void print_tables(const struct convoy_report *report, const struct style *style,
                         FILE *to)
{
    const struct settings *settings = report->settings;

    for (size_t p = 0; p < pin_policy_count; p++) {
        for (size_t i = 0; settings->pins >> p & 1 && i < settings->switch_intervals.length;
             i++) {
            print_table(report, &pin_policies[p], settings->switch_intervals.values[i].time_s,
                        i == 0, style, to);
        }
    }
    fprintf(to,
            "\n%shogs do: all hogs together, against one alone, without requests, in the same "
            "block\nof few requests (100, 1000) p99 and p99.9 are the longest%s\n",
            style->dim, style->plain);
}

/* A row a switch interval: what a request waits, and what the hogs achieve. */
static void print_frontier(const struct convoy_report *report, size_t from,
                           const struct style *style, FILE *to)
{
    const struct convoy_plan *plan = report->plan;
    const struct convoy_case *like = &plan->cases[from];
    char time[16];

    fprintf(to, "\n%sThe frontier of %s: %u hog%s, pin %s%s\n", style->bold,
            convoy_case_name(like), like->hogs, like->hogs == 1 ? "" : "s", like->pin->name,
            style->plain);
    fprintf(to, "%s%15s%16s%9s%9s%17s%9s%s\n", style->bold, "switch interval", "requests/s",
            "p50", "p99", "hogs, 1/s", "hogs do", style->plain);
    for (size_t c = 0; c < plan->length; c++) {
        const struct convoy_case *each = &plan->cases[c];
        if (!each->serves || each->lock != like->lock || each->guest != like->guest ||
            each->pin != like->pin || each->hogs != like->hogs || !convoy_measured(plan, c)) {
            continue;
        }
        format_time(time, sizeof time, each->switch_interval_s);
        fprintf(to, "%15s", time);
        print_count(estimate_of(report, c, CONVOY_REQUESTS), 16, to);
        print_time(estimate_of(report, c, CONVOY_P50), 9, to);
        print_time(estimate_of(report, c, CONVOY_P99), 9, to);
        print_count(estimate_of(report, c, CONVOY_HOGS), 17, to);
        fprintf(to, "%8.3g%s\n", estimate_of(report, c, CONVOY_SHARE).median,
                style->utf8 ? "×" : "x");
    }
}

/* One for each number of hogs, of each system whose lock has an interval. */
static void print_frontiers(const struct convoy_report *report, const struct style *style,
                            FILE *to)
{
    const struct convoy_plan *plan = report->plan;
    double first_s = report->settings->switch_intervals.values[0].time_s;

    for (size_t c = 0; plan->intervals > 1 && c < plan->length; c++) {
        const struct convoy_case *each = &plan->cases[c];
        if (each->serves && each->hogs > 0 && each->switch_interval_s > 0 &&
            !(each->switch_interval_s > first_s) && convoy_measured(plan, c)) {
            print_frontier(report, c, style, to);
        }
    }
}

/* What a reader has to know before believing the figures. */
static void print_warnings(const struct convoy_report *report, FILE *to)
{
    uint64_t resent = 0, late = 0, wrong = 0, unanswered = 0, unsent = 0;

    for (size_t i = 0; i < report->plan->length * report->plan->reps; i++) {
        const struct convoy_sample *sample = &report->plan->samples[i];
        resent += sample->resent;
        late += sample->late;
        wrong += sample->wrong;
        unanswered += sample->unanswered;
        unsent += sample->unsent;
    }
    if (resent > 0) {
        fprintf(to,
                "%llu requests were sent again after 1 s; %llu of their answers came late.\n",
                (unsigned long long)resent, (unsigned long long)late);
    }
    if (unanswered > 0) {
        fprintf(to, "%llu requests were sent and not answered: their wait so far counts.\n",
                (unsigned long long)unanswered);
    }
    if (unsent > 0) {
        fprintf(to,
                "%llu requests that were due could not be sent in time: their wait so far "
                "counts.\n",
                (unsigned long long)unsent);
    }
    if (wrong > 0) {
        fprintf(to, "%llu datagrams were no answer, and were not counted.\n",
                (unsigned long long)wrong);
    }
}

void convoy_print(const struct convoy_report *report, const struct style *style, FILE *to)
{
    print_machine(report, style, to);
    print_tables(report, style, to);
    convoy_sentences(report, style, to);
    print_frontiers(report, style, to);
    convoy_fidelity(report, style, to);
    print_warnings(report, to);
}
