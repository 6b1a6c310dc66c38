/* The table of `costs`, and what stands below it. See costs_report.h. */
#include "gilscope/costs_report.h"

#include "gilscope/report.h"
#include "gilscope/summary.h"

#include <math.h>
#include <string.h>

enum { NAME_WIDTH = 23, DISTANCE_WIDTH = 17 };

static void print_machine(const struct costs_report *report, const struct style *style,
                          FILE *to)
{
    const struct machine_facts *machine = machine_facts(report->machine);
    char time[16];

    format_time(time, sizeof time, report->settings->time_s);
    fprintf(to, "%s%s%s: %u core%s, %u PU%s usable; %u of %u blocks, %s a measurement\n\n",
            style->bold, machine->cpu_model, style->plain, machine->cores,
            machine->cores == 1 ? "" : "s", machine->pus, machine->pus == 1 ? "" : "s",
            report->blocks_done, report->settings->reps, time);
}

/* "±4.1 ns", or "±?" where there are too few blocks for an interval. */
static void format_interval(char *text, size_t size, const struct cost_summary *summary,
                            const struct style *style)
{
    const struct estimate *of = &summary->overhead;
    const char *sign = style->utf8 ? "±" : "+-";
    char half[16];

    if (of->n < INTERVAL_NEEDS) {
        snprintf(text, size, "%s?", sign);
        return;
    }
    format_time(half, sizeof half, (of->hi - of->lo) / 2);
    snprintf(text, size, "%s%s%s", sign, half, summary->noisy ? "~" : "");
}

/* Behind an interval, to fill the columns: its ± is two bytes. */
static int padding(const char *text, int width, const struct style *style)
{
    return width - (int)strlen(text) + style->utf8;
}

static void print_row(const struct cost_summary *summary, const struct style *style, FILE *to)
{
    const struct cost_item *item = summary->of;
    const struct cost_reference *reference = item->cost->reference;
    char overhead[16], raw[16], interval[32], beside[48] = "none";

    format_time(overhead, sizeof overhead, summary->overhead.median);
    format_time(raw, sizeof raw, summary->raw_s);
    format_interval(interval, sizeof interval, summary, style);
    if (reference != NULL) {
        char time[16];
        format_time(time, sizeof time, summary->reference_s);
        snprintf(beside, sizeof beside, "%s %s", reference->name, time);
    }
    fprintf(to, "%-*s%7u  %-*s%9s %s%*s%9s  %s\n", NAME_WIDTH, item->name, item->place.threads,
            DISTANCE_WIDTH, item->distance, overhead, interval, padding(interval, 11, style),
            "", raw, beside);
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

    fprintf(to, "%s%-*s%7s  %-*s%9s %-11s%9s  %s%s\n", style->bold, NAME_WIDTH, "cost",
            "threads", DISTANCE_WIDTH, "distance", "overhead", "(95 %)", "measured",
            "reference", style->plain);
    for (size_t i = 0; i < plan->length; i++) {
        if (plan->items[i].reps > 0) {
            print_row(&report->summaries[i], style, to);
        }
    }
    fputc('\n', to);
    if (anything_noisy(report)) {
        fprintf(to, "%s~ noisy: wider than %s2 %%%s\n\n", style->dim, style->utf8 ? "±" : "+-",
                style->plain);
    }
}

/* What each line is, once for each row of costs[]. */
static void print_legend(const struct style *style, FILE *to)
{
    fputs("The overhead is what an operation takes more than its reference alone:\n", to);
    for (size_t c = 0; c < cost_count; c++) {
        char name[40];
        snprintf(name, sizeof name,
                 costs[c].per_lock    ? "lock ... %s"
                 : costs[c].of_kernel ? "%s ..."
                                      : "%s",
                 costs[c].name);
        fprintf(to, "%s  %-*s%s%s\n", style->dim, NAME_WIDTH - 4, name, costs[c].what,
                style->plain);
    }
}

/* The sentence for those who come from Python. */
static void print_nogil(const struct costs_report *report, FILE *to)
{
    for (size_t i = 0; i < report->plan->length; i++) {
        const struct cost_item *item = &report->plan->items[i];
        if (item->reps > 0 && item->cost->per_lock && item->cost->team == COST_ALONE &&
            item->place.lock == &gil_switching) {
            char time[16];
            format_time(time, sizeof time, report->summaries[i].overhead.median);
            fprintf(
                to,
                "\n'with nogil: pass' is a release and an acquire of gil: %s in the model.\n",
                time);
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
    print_nogil(report, to);
    print_left_out(report, to);
}
