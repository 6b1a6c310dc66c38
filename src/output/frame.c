/* What stands around the tables of several commands: the machine above them, below them what is to be
 * known before the figures are believed. See frame.h, report.h. */
#include "frame.h"

#include "gilscope/report.h"
#include "gilscope/text.h"

#include <math.h>

void say_machine(struct paragraph *to, const struct machine_facts *machine,
                 unsigned blocks_done, unsigned blocks, const struct style *style)
{
    say(to, "%s%s%s: %u core%s, %u PU%s usable", style->bold, machine->cpu_model, style->plain,
        machine->cores, machine->cores == 1 ? "" : "s", machine->pus,
        machine->pus == 1 ? "" : "s");
    if (machine->pus < machine->pus_in_all) {
        say(to, " of %u", machine->pus_in_all);
    }
    say(to, "; %u of %u blocks", blocks_done, blocks);
}

void report_machine(const struct run_facts *facts, unsigned blocks_done,
                    const struct style *style, FILE *to)
{
    const struct settings *settings = facts->settings;
    struct paragraph line = {0, ""};
    char length[COUNTED_MAX];

    say_machine(&line, machine_facts(facts->machine), blocks_done, settings->reps, style);
    if (settings->count != 0) {
        text_counted(length, sizeof length, settings->count, settings->kernel->unit);
    } else {
        format_time(length, sizeof length, settings->time_s);
    }
    say(&line, ", %s a repetition", length);
    if (settings->kernel != &kernel_countdown) {
        say(&line, "; kernel %s", settings->kernel->name);
    }
    paragraph_print(&line, style, to);
}

/* Intervals as wide as that tell hardly anything. */
#define BUSY_LIMIT 0.1

void count_interval(struct interval_count *count, struct estimate estimate)
{
    bool counts = estimate.n >= INTERVAL_NEEDS;

    count->all += counts;
    count->wide += counts && fabs(relative_half_width(estimate)) > BUSY_LIMIT;
}

static bool are_wide(struct interval_count count)
{
    return 2 * count.wide > count.all;
}

static void tell_busy(const struct style *style, FILE *to)
{
    paragraph_tell(style->warn, style, to,
                   "Most intervals are wider than %s%.0f %%: the machine was busy. Take no "
                   "figure from this; measure again.",
                   style->utf8 ? "±" : "+-", BUSY_LIMIT * 100);
}

void report_busy(struct interval_count count, const struct style *style, FILE *to)
{
    if (are_wide(count)) {
        fputc('\n', to);
        tell_busy(style, to);
    }
}

static struct interval_count count_intervals(const struct summary *summaries, size_t n)
{
    struct interval_count intervals = {0};

    for (size_t c = 0; c < n; c++) {
        if (summaries[c].reps > 0) {
            count_interval(&intervals, summaries[c].speedup);
        }
    }
    return intervals;
}

bool report_is_busy(const struct summary *summaries, size_t n)
{
    return are_wide(count_intervals(summaries, n));
}

void report_warnings(const struct run_facts *facts, const struct summary *summaries, size_t n,
                     const struct style *style, FILE *to)
{
    double shortest_s = INFINITY;

    for (size_t c = 0; c < n; c++) {
        shortest_s = fmin(shortest_s, summaries[c].wall_s); /* skips NAN */
    }
    bool stolen = facts->steal >= 0.001, busy = report_is_busy(summaries, n),
         brief = shortest_s < 1e-3;
    fputs(stolen || busy || brief ? "\n" : "", to);
    if (stolen) {
        paragraph_tell(style->warn, style, to,
                       "A hypervisor took %.1f %% of the CPU time away meanwhile.",
                       facts->steal * 100);
    }
    if (busy) {
        tell_busy(style, to);
    }
    if (brief) {
        paragraph_tell(style->warn, style, to,
                       "Some repetitions lasted less than 1 ms: that shows how threads start, "
                       "not how they work.");
    }
}
