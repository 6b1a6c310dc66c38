/* The tables of `convoy`: see convoy_report.h. */
#include "gilscope/convoy_report.h"

#include "convoy_cells.h"
#include "frame.h"
#include "gilscope/report.h"
#include "gilscope/summary.h"

#include <math.h>
#include <string.h>

/* On 80 columns the table has no room for all percentiles; on WIDE ones it has. */
enum { NAME_WIDTH = 13, COUNT_WIDTH = 17, P50_WIDTH = 18, TIME_WIDTH = 10, WIDE = 100 };

static void print_machine(const struct convoy_report *report, const struct style *style,
                          FILE *to)
{
    const struct settings *settings = report->settings;
    struct paragraph line = {0, ""};
    char time[16], held[16], count[16], rate[48] = "each when the one before is answered";

    format_time(time, sizeof time, settings->time_s);
    format_time(held, sizeof held, settings->held_s);
    if (settings->rate_per_s > 0) {
        format_count(count, sizeof count, settings->rate_per_s);
        snprintf(rate, sizeof rate, "%s a second are due", count);
    }
    say_machine(&line, machine_facts(report->machine), report->blocks_done, settings->reps,
                style);
    say(&line, ", %s a repetition", time);
    paragraph_print(&line, style, to);
    paragraph_tell("", style, to, "Requests over loopback UDP: %s; %s of work with the lock",
                   rate, held);
}

/* The percentiles that have no interval in the table. */
static const struct tail {
    const char *head;
    enum convoy_figure figure;
    bool wide;
} tails[] = {{"p90", CONVOY_P90, true},
             {"p99", CONVOY_P99, false},
             {"p99.9", CONVOY_P999, true},
             {"longest", CONVOY_LONGEST, false}};
enum { TAILS = sizeof tails / sizeof *tails };

static bool is_shown(const struct tail *tail, const struct style *style)
{
    return !tail->wide || style->width >= WIDE;
}

static void print_row(const struct convoy_report *report, size_t c, const struct style *style,
                      FILE *to)
{
    const struct convoy_case *this_case = &report->plan->cases[c];

    fprintf(to, "%-*s%4u", NAME_WIDTH, convoy_case_name(this_case), this_case->hogs);
    convoy_interval_cell(report, c, CONVOY_REQUESTS, COUNT_WIDTH, style, to);
    convoy_interval_cell(report, c, CONVOY_P50, P50_WIDTH, style, to);
    for (size_t t = 0; t < TAILS; t++) {
        if (is_shown(&tails[t], style)) {
            convoy_figure_cell(report, c, tails[t].figure, TIME_WIDTH, style, to);
        }
    }
    convoy_share_cell(convoy_estimate_of(report, c, CONVOY_SHARE), style, to);
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
    fputc('\n', to);
    paragraph_tell("", style, to, "%sAnswers of an I/O thread beside hogs: pin %s%s%s",
                   style->bold, section->pin->name, which, style->plain);
    fprintf(to, "%s%-*s%4s%*s%*s", style->bold, NAME_WIDTH, "lock", "hogs", COUNT_WIDTH,
            "requests/s (95%)", P50_WIDTH, "p50 (95%) ");
    for (size_t t = 0; t < TAILS; t++) {
        if (is_shown(&tails[t], style)) {
            fprintf(to, "%*s ", TIME_WIDTH - 1, tails[t].head);
        }
    }
    fprintf(to, "%7s%s\n", "hogs do", style->plain);
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
        convoy_marks(report, c, marks);
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

static void print_legend(const struct convoy_report *report, const struct style *style,
                         FILE *to)
{
    if (any_bound(report)) {
        paragraph_tell(style->dim, style, to,
                       "%s: more than so long, for too many requests were never answered",
                       style->utf8 ? "≥" : ">");
    }
    paragraph_tell(style->dim, style, to,
                   "Medians of the blocks. p50, p99: half of the requests, 99 of 100, are "
                   "answered after so long at "
                   "most; of fewer than 100 it is the longest; %s and the intervals of all are "
                   "in convoy-summary.csv",
                   style->width < WIDE ? "p90, p99.9" : "p99.9 needs 1000,");
    paragraph_tell(style->dim, style, to,
                   "hogs do: the work of all hogs together, against that of one alone, without "
                   "requests, in the same block");
}

/* Hogs make blocks differ by themselves; without them it is the machine that does. */
static void print_busy(const struct convoy_report *report, const struct style *style, FILE *to)
{
    struct interval_count intervals = {0};

    for (size_t c = 0; c < report->plan->length; c++) {
        const struct convoy_case *each = &report->plan->cases[c];
        if (each->serves && each->hogs == 0 && convoy_measured(report->plan, c)) {
            count_interval(&intervals, convoy_estimate_of(report, c, CONVOY_REQUESTS));
            count_interval(&intervals, convoy_estimate_of(report, c, CONVOY_P50));
        }
    }
    report_busy(intervals, style, to);
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
    fputc('\n', to);
    print_legend(report, style, to);
    print_busy(report, style, to);
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
    fprintf(to, "%s%15s%15s %*s %*s %16s%8s%s\n", style->bold, "switch interval", "requests/s",
            TIME_WIDTH - 1, "p50", TIME_WIDTH - 1, "p99", "hogs, 1/s", "hogs do", style->plain);
    for (size_t c = 0; c < plan->length; c++) {
        const struct convoy_case *each = &plan->cases[c];
        if (!each->serves || each->lock != like->lock || each->guest != like->guest ||
            each->pin != like->pin || each->hogs != like->hogs || !convoy_measured(plan, c)) {
            continue;
        }
        format_time(time, sizeof time, each->switch_interval_s);
        fprintf(to, "%15s", time);
        convoy_figure_cell(report, c, CONVOY_REQUESTS, 16, style, to);
        convoy_figure_cell(report, c, CONVOY_P50, TIME_WIDTH, style, to);
        convoy_figure_cell(report, c, CONVOY_P99, TIME_WIDTH, style, to);
        convoy_count_cell(convoy_estimate_of(report, c, CONVOY_HOGS), 16, to);
        convoy_share_cell(convoy_estimate_of(report, c, CONVOY_SHARE), style, to);
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
    paragraph_tell(
        style->warn, style, to,
        "%s, %u hog%s, pin %s%s: %llu of %llu requests that were due (%.3g %%) could not "
        "be sent in time; answers that came meanwhile are to those before.",
        convoy_case_name(each), each->hogs, each->hogs == 1 ? "" : "s", each->pin->name,
        interval, (unsigned long long)unsent, (unsigned long long)due,
        100 * (double)unsent / (double)due);
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
