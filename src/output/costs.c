/* The table of `costs`, and what stands below it. See costs_report.h. */
#include "gilscope/costs_report.h"

#include "frame.h"
#include "gilscope/report.h"
#include "gilscope/summary.h"

#include <string.h>

enum { NAME_WIDTH = 23, PLACE_WIDTH = 18, INTERVAL_WIDTH = 16 };

static void print_machine(const struct costs_report *report, const struct style *style,
                          FILE *to)
{
    const struct settings *settings = report->settings;
    struct paragraph line = {0, ""};
    char time[16];

    format_time(time, sizeof time, settings->time_s);
    say_machine(&line, machine_facts(report->machine), report->blocks_done, settings->reps,
                style);
    say(&line, ", %s a measurement", time);
    paragraph_print(&line, style, to);
    fputc('\n', to);
}

/* "±4.1 ns~", "-3.2…497 ns~", or "±?" where there are too few blocks for an interval; returns its
 * columns. */
static int format_interval(char *text, size_t size, const struct cost_summary *summary,
                           const struct style *style)
{
    const struct estimate *of = &summary->overhead;
    const char *sign = style->utf8 ? "±" : "+-";
    char half[16], range[40];

    if (of->n < INTERVAL_NEEDS) {
        snprintf(text, size, "%s?", sign);
        return 2 + !style->utf8;
    }
    if (report_as_range(*of)) {
        format_time_range(range, sizeof range, of->lo, of->hi, true, style);
        snprintf(text, size, "%s%s", range, summary->noisy ? "~" : "");
        return (int)strlen(text) - 2 * style->utf8;
    }
    format_time(half, sizeof half, (of->hi - of->lo) / 2);
    snprintf(text, size, "%s%s%s", sign, half, summary->noisy ? "~" : "");
    return (int)strlen(text) - style->utf8;
}

/* The reference by the first of its words: the legend has the others. */
static void print_row(const struct cost_summary *summary, const struct style *style, FILE *to)
{
    const struct cost_item *item = summary->of;
    const struct cost_reference *reference = item->cost->reference;
    char place[48], overhead[16], interval[48], beside[48] = "none";

    snprintf(place, sizeof place, "%u%s%s", item->place.threads,
             item->distance[0] != '\0' ? ", " : "", item->distance);
    format_time(overhead, sizeof overhead, summary->overhead.median);
    int columns = format_interval(interval, sizeof interval, summary, style);
    if (reference != NULL) {
        char time[16];
        format_time(time, sizeof time, summary->reference_s);
        snprintf(beside, sizeof beside, "%.*s %s", (int)strcspn(reference->name, " "),
                 reference->name, time);
    }
    fprintf(to, "%-*s%-*s%8s %s%*s%s\n", NAME_WIDTH, item->name, PLACE_WIDTH, place, overhead,
            interval, INTERVAL_WIDTH - columns > 1 ? INTERVAL_WIDTH - columns : 1, "", beside);
}

static bool anything_noisy(const struct costs_report *report)
{
    bool noisy = false;

    for (size_t i = 0; i < report->plan->length; i++) {
        noisy |= report->summaries[i].noisy && report->plan->items[i].reps >= INTERVAL_NEEDS;
    }
    return noisy;
}

static void print_table(const struct costs_report *report, const struct style *style, FILE *to)
{
    const struct cost_plan *plan = report->plan;
    struct report_marks marks = {.noisy = anything_noisy(report)};
    struct interval_count intervals = {0};

    fprintf(to, "%s%-*s%-*s%8s %-*s%s%s\n", style->bold, NAME_WIDTH, "cost", PLACE_WIDTH,
            "threads", "overhead", INTERVAL_WIDTH, "(95 %)", "reference", style->plain);
    for (size_t i = 0; i < plan->length; i++) {
        if (plan->items[i].reps > 0) {
            print_row(&report->summaries[i], style, to);
            count_interval(&intervals, report->summaries[i].overhead);
            marks.range |= report_as_range(report->summaries[i].overhead);
            marks.few |= plan->items[i].reps < INTERVAL_NEEDS;
        }
    }
    report_marks(marks, style, to);
    report_busy(intervals, style, to);
}

/* What each line is, once for each row of costs[]. */
static void print_legend(const struct style *style, FILE *to)
{
    enum { INDENT = 21 };

    fputc('\n', to);
    paragraph_tell(
        "", style, to,
        "The overhead is what an operation takes more than its reference alone, which "
        "is measured just before it: a delay loop, an empty loop, a look at the clock.");
    for (size_t c = 0; c < cost_count; c++) {
        struct paragraph what = {0, ""};
        char name[40];
        snprintf(name, sizeof name,
                 costs[c].per_lock    ? "lock ... %s"
                 : costs[c].of_kernel ? "%s ..."
                                      : "%s",
                 costs[c].name);
        fprintf(to, "%s  %-*s", style->dim, INDENT - 2, name);
        say(&what, "%s", costs[c].what);
        paragraph_print_at(&what, INDENT, style, to);
        fputs(style->plain, to);
    }
}

/* The sentence for those who come from Python. */
static void print_nogil(const struct costs_report *report, const struct style *style, FILE *to)
{
    for (size_t i = 0; i < report->plan->length; i++) {
        const struct cost_item *item = &report->plan->items[i];
        const struct estimate *of = &report->summaries[i].overhead;
        if (item->reps > 0 && item->cost->per_lock && item->cost->team == COST_ALONE &&
            item->place.lock == &gil_switching) {
            char time[16], lo[16], hi[16], which[48] = "95 %";
            format_time(time, sizeof time, of->median);
            format_time(lo, sizeof lo, of->lo);
            format_time(hi, sizeof hi, of->hi);
            if (of->n < INTERVAL_NEEDS) {
                snprintf(which, sizeof which, "range of %zu block%s", of->n,
                         of->n == 1 ? "" : "s");
            }
            fputc('\n', to);
            paragraph_tell("", style, to,
                           "'with nogil: pass' is a release and an acquire of gil: %s in the "
                           "model (%s: %s to %s).",
                           time, which, lo, hi);
        }
    }
}

static void print_left_out(const struct costs_report *report, FILE *to)
{
    const struct cost_plan *plan = report->plan;
    unsigned pus = machine_facts(report->machine)->pus;

    if (plan->left_out.length > 0) {
        const unsigned *values = plan->left_out.values;
        size_t last = plan->left_out.length - 1;
        fprintf(to, "Left out: %u%s", values[0], last > 0 ? " to " : "");
        if (last > 0) {
            fprintf(to, "%u", values[last]);
        }
        fprintf(to, " threads, for %u PU%s usable.\n", pus, pus == 1 ? " is" : "s are");
    }
    if (!plan->pairs) {
        fputs("Left out: hand-offs, which need two PUs; one is usable.\n", to);
    }
}

void costs_print(const struct costs_report *report, const struct style *style, FILE *to)
{
    print_machine(report, style, to);
    print_table(report, style, to);
    print_legend(style, to);
    print_nogil(report, style, to);
    print_left_out(report, to);
}
