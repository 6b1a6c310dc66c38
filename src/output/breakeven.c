/* The report of `breakeven`: see breakeven_report.h. */
#include "gilscope/breakeven_report.h"

#include "gilscope/report.h"
#include "paragraph.h"

#include <math.h>
#include <string.h>

enum { LENGTH_WIDTH = 10, UNITS_WIDTH = 16 };

static void print_length(const struct sweep *sweep, size_t l, FILE *to)
{
    char time[24], units[40];

    format_time(time, sizeof time, sweep->call_s[l]);
    if (!sweep_is_timed(sweep)) {
        format_units(units, sizeof units, (double)sweep->units[l], sweep->kernel->unit);
        fprintf(to, "%-*s", UNITS_WIDTH, units);
    }
    fprintf(to, "%-*s", LENGTH_WIDTH, time);
}

/* The row of a release case, and of its hold case before it. */
static void print_row(const struct breakeven_report *report, size_t c,
                      const struct style *style, FILE *to)
{
    const struct summary *hold = &report->summaries[c - 1], *release = &report->summaries[c];
    struct estimate ratio = release_over_hold_estimate(report->samples, c, report->scratch);

    print_length(report->sweep, sweep_place(report->sweep, hold->of), to);
    report_cell(hold->speedup, hold->noisy, hold->drifts, style, to);
    report_cell(release->speedup, release->noisy, release->drifts, style, to);
    report_cell(ratio, ratio.n > 0 && relative_half_width(ratio) > NOISY_LIMIT, false, style,
                to);
    fputc('\n', to);
}

static void print_table(const struct breakeven_report *report, const struct verdict *verdict,
                        const struct style *style, FILE *to)
{
    const struct plan *plan = report->samples->plan;
    bool timed = sweep_is_timed(report->sweep);

    bool model = verdict->system->interpreter == NULL;

    fputc('\n', to);
    paragraph_tell("", style, to,
                   "%sSpeedup over one thread that holds%s: %s%s%u thread%s%s, pin %s",
                   style->bold, style->plain, model ? "" : verdict->system->name,
                   model ? "" : ", ", verdict->threads, verdict->threads == 1 ? "" : "s",
                   verdict->oversubscribed ? "*" : "", verdict->pin->name);
    fprintf(to, "%s%-*s%*s  %*s  %*s%s\n", style->bold,
            timed ? LENGTH_WIDTH : LENGTH_WIDTH + UNITS_WIDTH, "call", REPORT_CELL_WIDTH - 2,
            "hold", REPORT_CELL_WIDTH - 2, "release", REPORT_CELL_WIDTH - 2, "release/hold",
            style->plain);
    for (size_t c = 1; c < plan->length; c++) {
        const struct plan_case *each = &plan->cases[c];
        if (each->variant == verdict->system->release && each->pin == verdict->pin &&
            each->threads == verdict->threads &&
            (report->summaries[c].reps > 0 || report->summaries[c - 1].reps > 0)) {
            print_row(report, c, style, to);
        }
    }
}

static void print_sentences(const struct breakeven_report *report, const struct style *style,
                            FILE *to)
{
    for (size_t i = 0; i < report->count; i++) {
        struct paragraph paragraph = {0, ""};
        breakeven_sentences(paragraph.text, sizeof paragraph.text, report->sweep,
                            &report->verdicts[i]);
        fputc('\n', to);
        paragraph_print(&paragraph, style, to);
    }
}

static void print_agreements(const struct breakeven_report *report, const struct style *style,
                             FILE *to)
{
    for (size_t i = 0; i < report->agreement_count; i++) {
        struct paragraph paragraph = {0, ""};
        breakeven_agreement_sentence(paragraph.text, sizeof paragraph.text, report->sweep,
                                     &report->agreements[i]);
        fputs(i == 0 ? "\n" : "", to);
        paragraph_print(&paragraph, style, to);
    }
}

static void print_drift(const struct breakeven_report *report, const struct style *style,
                        FILE *to)
{
    unsigned drifting = 0, repetitions = 0;

    for (size_t i = 0; i < report->count; i++) {
        drifting += report->verdicts[i].drifting;
        repetitions += report->verdicts[i].repetitions;
    }
    fputc('\n', to);
    paragraph_tell(drifting > 0 ? style->warn : "", style, to,
                   "%u of %u repetitions drifted%s.", drifting, repetitions,
                   drifting > 0
                       ? ", and their figures depend on how long they lasted (README, drift)"
                       : "");
}

/* The marks of the speedups, and of what releasing makes of them. */
static struct report_marks marks_of(const struct breakeven_report *report)
{
    const struct plan *plan = report->samples->plan;
    struct report_marks marks = report_marks_of(report->summaries, plan->length);

    for (size_t c = 1; c < plan->length && !marks.range; c++) {
        for (size_t i = 0; i < report->count; i++) {
            marks.range |= plan->cases[c].variant == report->verdicts[i].system->release &&
                           report_as_range(
                               release_over_hold_estimate(report->samples, c, report->scratch));
        }
    }
    return marks;
}

void breakeven_print(const struct breakeven_report *report, const struct style *style, FILE *to)
{
    size_t cases = report->samples->plan->length, measured = 0;
    char held[16];

    for (size_t c = 0; c < cases; c++) {
        measured += report->summaries[c].reps > 0;
    }
    if (measured == 0) {
        fputs("Nothing was measured.\n", to);
        return;
    }
    report_machine(report->facts, report->blocks_done, style, to);
    format_time(held, sizeof held, report->facts->settings->held_s);
    paragraph_tell("", style, to,
                   "Each thread: %s of interpreter work with the lock (%s), then a call of %s",
                   held, report->facts->settings->lock->name, report->sweep->kernel->name);
    for (size_t i = 0; i < report->count; i++) {
        print_table(report, &report->verdicts[i], style, to);
    }
    report_marks(marks_of(report), style, to);
    report_warnings(report->facts, report->summaries, cases, style, to);
    print_sentences(report, style, to);
    print_agreements(report, style, to);
    print_drift(report, style, to);
}
