/* What `breakeven` leaves behind: its files, and what a person reads. */
#ifndef GILSCOPE_BREAKEVEN_REPORT_H
#define GILSCOPE_BREAKEVEN_REPORT_H

#include "gilscope/breakeven.h"
#include "gilscope/results.h"
#include "gilscope/terminal.h"

/* breakeven.csv, breakeven-summary.csv, breakeven-answers.csv. The context of results_open is a
 * struct breakeven_rows. */
extern const struct results_kind results_of_breakeven;

/* What its rows say besides the sample. */
struct breakeven_rows {
    const struct settings *settings;
    const struct sweep *sweep;
};

/* Writes breakeven-summary.csv, a row a measured case, and breakeven-answers.csv, which is open. A
 * row of that is an answer:
 *   break_even, half_gain, ninety_gain   call_s and call are the length from which it is so and stays
 *       so: the shortest one measured means "there or before", empty "beyond the longest"; ratio is
 *       the level: release / hold, or the speedup over one thread that holds
 *   worst   call_s and call are the length where releasing is worst, ratio is release / hold there
 *   cost_of_one_thread   call_s is what releasing adds to a call, in seconds; call is empty; ratio is
 *       release / hold at the shortest length
 * scratch: reps doubles. */
bool breakeven_write(struct results *results, const struct sweep *sweep,
                     const struct settings *settings, const struct samples *samples,
                     const struct summary *summaries, const struct verdict *verdicts, size_t n,
                     double *scratch, struct error *error);

/* The report on a run. */
struct breakeven_report {
    const struct sweep *sweep;
    const struct samples *samples;
    const struct summary *summaries; /* of each case */
    const struct verdict *verdicts;  /* verdicts[count] */
    size_t count;
    const struct agreement *agreements; /* agreements[agreement_count] */
    size_t agreement_count;
    const struct run_facts *facts;
    unsigned blocks_done;
    double *scratch; /* reps doubles */
};

void breakeven_print(const struct breakeven_report *report, const struct style *style,
                     FILE *to);

/* What a verdict comes to, as sentences that can be acted on, written to text[size]. Pure. */
void breakeven_sentences(char *text, size_t size, const struct sweep *sweep,
                         const struct verdict *verdict);

/* How near an interpreter is to its model, as a sentence. Pure. */
void breakeven_agreement_sentence(char *text, size_t size, const struct sweep *sweep,
                                  const struct agreement *agreement);

/* Units for people: "40.0 KiB" of bytes (powers of 1024), "40.0k elements" else, "1 element". */
void format_units(char *text, size_t size, double units, const char *unit);

#endif
