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

/* Of the figures that stand in a table with their intervals. */
static void note_marks(const struct convoy_report *report, size_t c, struct report_marks *marks)
{
    static const enum convoy_figure shown[] = {CONVOY_REQUESTS, CONVOY_P50};

    for (size_t i = 0; i < sizeof shown / sizeof *shown; i++) {
        struct estimate estimate = estimate_of(report, c, shown[i]);
        bool enough = estimate.n >= INTERVAL_NEEDS;
        marks->noisy |= enough && relative_half_width(estimate) > NOISY_LIMIT;
        marks->few |= estimate.n > 0 && !enough;
    }
}

/* " ±4%~", or " ±?" where there are too few blocks for an interval; 8 columns. */
static void print_interval(struct estimate estimate, const struct style *style, FILE *to)
{
    const char *sign = style->utf8 ? "±" : "+-";
    int width = style->utf8 ? 6 : 5; /* behind the sign */
    double half = relative_half_width(estimate) * 100;
    bool enough = estimate.n >= INTERVAL_NEEDS;
    const char *mark = enough && half > NOISY_LIMIT * 100 ? "~" : "";
    char text[16] = "?";

    if (estimate.n == 0) {
        fprintf(to, "%8s", "");
        return;
    }
    if (enough) {
        snprintf(text, sizeof text, half < 999.5 ? "%.0f%%" : ">999%%", half);
    }
    fprintf(to, " %s%s%s%s%s%-*s%s", style->dim, sign, text, style->plain, style->warn,
            width - (int)strlen(text), mark, style->plain);
}

/* "21.4 ms", and where it is no more than a bound "≥21.4 ms", or ">21.4 ms" without UTF-8. */
static void print_time(const struct convoy_report *report, size_t c, enum convoy_figure figure,
                       int width, const struct style *style, FILE *to)
{
    struct estimate estimate = estimate_of(report, c, figure);
    bool bound = estimate.n > 0 && convoy_is_bound(report->plan, c, figure);
    char text[16] = "-";

    if (estimate.n > 0) {
        format_time(text, sizeof text, estimate.median);
    }
    fprintf(to, "%*s%s%s", width - (int)strlen(text) - bound, "",
            !bound        ? ""
            : style->utf8 ? "≥"
                          : ">",
            text);
}

static void print_count(struct estimate estimate, int width, FILE *to)
{
    char text[16] = "-";

    if (estimate.n > 0) {
        format_count(text, sizeof text, estimate.median);
    }
    fprintf(to, "%*s", width, text);
}

/* Nothing where one hog alone was not measured. */
static void print_share(struct estimate share, const struct style *style, FILE *to)
{
    if (share.n > 0) {
        fprintf(to, "%8.3g%s", share.median, style->utf8 ? "×" : "x");
    }
}

static void print_row(const struct convoy_report *report, size_t c, const struct style *style,
                      FILE *to)
{
    static const enum convoy_figure tail[] = {CONVOY_P99, CONVOY_P999, CONVOY_LONGEST};
    const struct convoy_case *this_case = &report->plan->cases[c];
    struct estimate requests = estimate_of(report, c, CONVOY_REQUESTS),
                    p50 = estimate_of(report, c, CONVOY_P50);

    fprintf(to, "%-*s%4u", NAME_WIDTH, convoy_case_name(this_case), this_case->hogs);
    print_count(requests, 9, to);
    print_interval(requests, style, to);
    print_time(report, c, CONVOY_P50, 9, style, to);
    print_interval(p50, style, to);
    print_time(report, c, CONVOY_P90, 8, style, to);
    for (size_t t = 0; t < sizeof tail / sizeof *tail; t++) {
        print_time(report, c, tail[t], 9, style, to);
    }
    print_share(estimate_of(report, c, CONVOY_SHARE), style, to);
    fputc('\n', to);
}

/* One table: a policy, and, in a sweep, one switch interval, or 0 for the locks that have none. */
struct section {
    const struct pin_policy *pin;
    double interval_s;
};

static bool belongs(const struct convoy_report *report, const struct section *section, size_t c)
{
    const struct convoy_case *each = &report->plan->cases[c];
    bool sweeps = report->plan->intervals > 1;

    return each->serves && each->pin == section->pin && convoy_measured(report->plan, c) &&
           (!sweeps || !(fabs(each->switch_interval_s - section->interval_s) > 0));
}

static void print_heads(const struct convoy_report *report, const struct section *section,
                        const struct style *style, FILE *to)
{
    char time[16], which[48] = "";

    if (report->plan->intervals > 1 && section->interval_s > 0) {
        format_time(time, sizeof time, section->interval_s);
        snprintf(which, sizeof which, ", switch interval %s", time);
    } else if (report->plan->intervals > 1) {
        snprintf(which, sizeof which, ", no switch interval");
    }
    fprintf(to, "\n%sAnswers of an I/O thread beside hogs: pin %s%s%s (medians of blocks)\n",
            style->bold, section->pin->name, which, style->plain);
    fprintf(to, "%s%-*s%4s%17s%17s%8s%9s%9s%9s%9s%s\n", style->bold, NAME_WIDTH, "lock", "hogs",
            "requests/s (95%)", "p50 (95%) ", "p90", "p99", "p99.9", "longest", "hogs do",
            style->plain);
}

/* Nothing where it would be empty. */
static void print_table(const struct convoy_report *report, const struct section *section,
                        struct report_marks *marks, const struct style *style, FILE *to)
{
    bool any = false;

    for (size_t c = 0; c < report->plan->length; c++) {
        if (!belongs(report, section, c)) {
            continue;
        }
        if (!any) {
            print_heads(report, section, style, to);
        }
        any = true;
        print_row(report, c, style, to);
        note_marks(report, c, marks);
    }
}

static bool any_bound(const struct convoy_report *report)
{
    for (size_t c = 0; c < report->plan->length; c++) {
        if (convoy_is_bound(report->plan, c, CONVOY_LONGEST)) {
            return true;
        }
    }
    return false;
}

static void print_tables(const struct convoy_report *report, const struct style *style,
                         FILE *to)
{
    const struct length_list *intervals = &report->settings->switch_intervals;
    struct report_marks marks = {0};

    for (size_t p = 0; p < pin_policy_count; p++) {
        for (size_t i = 0; i < intervals->length; i++) {
            const struct section section = {&pin_policies[p], intervals->values[i].time_s};
            print_table(report, &section, &marks, style, to);
        }
        if (intervals->length > 1) {
            const struct section section = {&pin_policies[p], 0};
            print_table(report, &section, &marks, style, to);
        }
    }
    report_marks(marks, style, to);
    if (any_bound(report)) {
        fprintf(to, "%s: more than so long, for too many requests were never answered\n",
                style->utf8 ? "≥" : ">");
    }
    fprintf(
        to,
        "\n%sp50, p99: half of the requests, 99 of 100, are answered after so long at most; "
        "of fewer\nthan 100 (p99.9: 1000) it is the longest; the intervals of all are in "
        "convoy-summary.csv\nhogs do: the work of all hogs "
        "together, against that of one alone, without requests, in the\nsame block%s\n",
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
        print_time(report, c, CONVOY_P50, 9, style, to);
        print_time(report, c, CONVOY_P99, 9, style, to);
        print_count(estimate_of(report, c, CONVOY_HOGS), 17, to);
        print_share(estimate_of(report, c, CONVOY_SHARE), style, to);
        fputc('\n', to);
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

/* What was due and could not be sent: of each case that has such. */
static void print_unsent(const struct convoy_report *report, size_t c,
                         const struct style *style, FILE *to)
{
    const struct convoy_case *each = &report->plan->cases[c];
    uint64_t unsent = 0, due = 0;
    char interval[48] = "", time[16];

    for (unsigned rep = 0; rep < report->plan->reps; rep++) {
        const struct convoy_sample *sample = convoy_sample_at(report->plan, c, rep);
        unsent += sample->unsent;
        due += sample->requests + sample->unanswered + sample->unsent;
    }
    if (unsent == 0) {
        return;
    }
    if (report->plan->intervals > 1 && each->switch_interval_s > 0) {
        format_time(time, sizeof time, each->switch_interval_s);
        snprintf(interval, sizeof interval, ", switch interval %s", time);
    }
    fprintf(to,
            "%s%s, %u hog%s, pin %s%s: %llu of %llu requests that were due (%.3g %%) could not "
            "be sent in time.%s\n",
            style->warn, convoy_case_name(each), each->hogs, each->hogs == 1 ? "" : "s",
            each->pin->name, interval, (unsigned long long)unsent, (unsigned long long)due,
            100 * (double)unsent / (double)due, style->plain);
}

/* What a reader has to know before believing the figures. */
static void print_warnings(const struct convoy_report *report, const struct style *style,
                           FILE *to)
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
    fputs(resent + late + wrong + unanswered + unsent > 0 ? "\n" : "", to);
    if (resent > 0) {
        fprintf(to, "%llu requests were sent again, after 1 s without an answer.\n",
                (unsigned long long)resent);
    }
    if (late > 0) {
        fprintf(to,
                "%llu answers came that nobody waited for any more: they are counted once.\n",
                (unsigned long long)late);
    }
    if (unanswered > 0) {
        fprintf(to, "%llu requests were sent and not answered: their wait so far counts.\n",
                (unsigned long long)unanswered);
    }
    for (size_t c = 0; unsent > 0 && c < report->plan->length; c++) {
        print_unsent(report, c, style, to);
    }
    if (unsent > 0) {
        fputs("What was due and not sent counts with its wait so far.\n", to);
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
    print_warnings(report, style, to);
}
