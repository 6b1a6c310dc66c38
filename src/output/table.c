/* The tables of `bench`: speedups, and what they cost. See report.h. */
#include "gilscope/report.h"

#include "paragraph.h"

#include <math.h>
#include <string.h>

enum { NAME_WIDTH = 10, GUEST_WIDTH = 22, CELL_WIDTH = REPORT_CELL_WIDTH };

const struct summary *report_find(const struct report *report, const char *variant,
                                  const struct pin_policy *pin, unsigned threads)
{
    for (size_t c = 0; c < report->plan->length; c++) {
        const struct plan_case *each = &report->plan->cases[c];
        if (each->pin == pin && each->threads == threads &&
            strcmp(each->variant->name, variant) == 0) {
            return report->summaries[c].reps > 0 ? &report->summaries[c] : NULL;
        }
    }
    return NULL;
}

unsigned report_threads(const struct report *report, const struct pin_policy *pin)
{
    unsigned most = 0, least = 0;

    for (size_t c = 0; c < report->plan->length; c++) {
        const struct plan_case *each = &report->plan->cases[c];
        if (each->pin != pin || each->variant->context != NULL || each->threads < 2 ||
            report->summaries[c].reps == 0) {
            continue;
        }
        if (least == 0 || each->threads < least) {
            least = each->threads;
        }
        if (!each->oversubscribed && each->threads > most) {
            most = each->threads;
        }
    }
    return most != 0 ? most : least;
}

/* One table: the cases of a policy, ours or the interpreters'. */
struct section {
    const struct report *report;
    const struct pin_policy *pin;
    bool guests;
    int name_width;
};

static bool belongs(const struct section *section, const struct plan_case *each)
{
    return each->pin == section->pin && (each->variant->context != NULL) == section->guests;
}

/* The thread counts of its cases, ascending, in counts[most]. */
static size_t thread_counts(const struct section *section, unsigned *counts, size_t most)
{
    const struct plan *plan = section->report->plan;
    size_t n = 0;

    for (size_t c = 0; c < plan->length && n < most; c++) {
        const struct plan_case *each = &plan->cases[c];
        if (belongs(section, each) && (n == 0 || each->threads > counts[n - 1])) {
            counts[n++] = each->threads;
        }
    }
    return n;
}

/* Is there a figure to show? */
static bool has_cell(const struct summary *summary)
{
    return summary != NULL && !isnan(summary->speedup.median);
}

static void print_cell(const struct summary *summary, const struct style *style, FILE *to)
{
    if (!has_cell(summary)) {
        fprintf(to, "%*s", CELL_WIDTH, "");
        return;
    }
    report_cell(summary->speedup, summary->noisy, summary->drifts, style, to);
}

static void print_heads(const struct section *section, const unsigned *counts, size_t n,
                        const struct style *style, FILE *to)
{
    unsigned pus = machine_facts(section->report->facts->machine)->pus;

    fprintf(to, "%s%-*s", style->bold, section->name_width, "threads");
    for (size_t i = 0; i < n; i++) {
        fprintf(to, "%*u%-2s", CELL_WIDTH - 2, counts[i], counts[i] > pus ? "*" : "");
    }
    fprintf(to, "%s\n", style->plain);
}

static const struct summary *cell_of(const struct section *section,
                                     const struct variant *variant, unsigned threads)
{
    return report_find(section->report, variant->name, section->pin, threads);
}

/* An empty row would say nothing, and is left out. */
static void print_row(const struct section *section, const struct variant *variant,
                      const unsigned *counts, size_t n, const struct style *style, FILE *to)
{
    size_t first = 0;

    while (first < n && !has_cell(cell_of(section, variant, counts[first]))) {
        first++;
    }
    if (first == n) {
        return;
    }
    fprintf(to, "%-*s", section->name_width, variant->name);
    for (size_t i = 0; i < n; i++) {
        print_cell(cell_of(section, variant, counts[i]), style, to);
    }
    fputc('\n', to);
}

/* A row for each variant, in the plan's order: there its cases stand together. */
static void print_rows(const struct section *section, const unsigned *counts, size_t n,
                       const struct style *style, FILE *to)
{
    const struct plan *plan = section->report->plan;
    const struct variant *before = NULL;

    for (size_t c = 0; c < plan->length; c++) {
        const struct variant *variant = plan->cases[c].variant;
        if (belongs(section, &plan->cases[c]) && variant != before) {
            before = variant;
            print_row(section, variant, counts, n, style, to);
        }
    }
}

/* As many thread counts side by side as the width allows; the others below. */
static void print_speedups(const struct section *section, const struct style *style, FILE *to)
{
    unsigned counts[THREADS_MAX];
    size_t n = thread_counts(section, counts, THREADS_MAX);
    size_t at_once = (style->width - (unsigned)section->name_width) / CELL_WIDTH;

    if (n == 0) {
        return;
    }
    fputc('\n', to);
    paragraph_tell("", style, to, "%s%s%s, pin %s (median, 95 %% interval)", style->bold,
                   section->guests ? "Python: speedup over each one's own serial run"
                                   : "Speedup over one thread without a lock",
                   style->plain, section->pin->name);
    for (size_t from = 0; from < n; from += at_once) {
        size_t columns = n - from < at_once ? n - from : at_once;
        print_heads(section, counts + from, columns, style, to);
        print_rows(section, counts + from, columns, style, to);
    }
}

static void print_costs_row(const struct summary *summary, FILE *to)
{
    char handoffs[16] = "-", switches[16], startup[16], serial[16] = "-", efficiency[16] = "-";

    if (summary->of->variant->hands_off) {
        format_count(handoffs, sizeof handoffs, summary->handoffs_per_s);
    }
    format_count(switches, sizeof switches, summary->switches_per_s);
    format_time(startup, sizeof startup, summary->startup_s);
    if (!isnan(summary->karp_flatt)) {
        snprintf(serial, sizeof serial, "%.3f", summary->karp_flatt);
    }
    if (!isnan(summary->efficiency)) {
        snprintf(efficiency, sizeof efficiency, "%.1f %%", summary->efficiency * 100);
    }
    fprintf(to, "%-*s%11s%13s%12.2f%13s%12s%9s\n", NAME_WIDTH, summary->of->variant->name,
            efficiency, serial, summary->cores_busy, handoffs, switches, startup);
}

static void print_costs(const struct report *report, const struct pin_policy *pin,
                        const struct style *style, FILE *to)
{
    unsigned threads = report_threads(report, pin);

    if (threads == 0) {
        return;
    }
    fprintf(to, "\n%sWhat that takes%s, with %u threads, pin %s\n", style->bold, style->plain,
            threads, pin->name);
    fprintf(to, "%s%-*s%11s%13s%12s%13s%12s%9s%s\n", style->bold, NAME_WIDTH, "variant",
            "efficiency", "serial part", "cores busy", "hand-offs/s", "switches/s", "start-up",
            style->plain);
    for (size_t v = 0; v < variant_count; v++) {
        const struct summary *summary = report_find(report, variants[v]->name, pin, threads);
        if (summary != NULL) {
            print_costs_row(summary, to);
        }
    }
}

void report_table(const struct report *report, const struct style *style, FILE *to)
{
    for (int guests = 0; guests < 2; guests++) {
        for (size_t p = 0; p < pin_policy_count; p++) {
            const struct section section = {report, &pin_policies[p], guests == 1,
                                            guests == 1 ? GUEST_WIDTH : NAME_WIDTH};
            print_speedups(&section, style, to);
        }
    }
    print_costs(report, report->plan->cases[0].pin, style, to);
    report_marks(report_marks_of(report->summaries, report->plan->length), style, to);
}
