/* What a person reads at the end of `bench`: the table, and the sentences under it. */
#ifndef GILSCOPE_REPORT_H
#define GILSCOPE_REPORT_H

#include "gilscope/fidelity.h"
#include "gilscope/results.h"
#include "gilscope/terminal.h"

struct report {
    const struct plan *plan;
    const struct summary *summaries; /* summaries[plan->length] */
    const struct run_facts *facts;
    unsigned blocks_done;
    const struct fidelity *pairs; /* pairs[pair_count] */
    size_t pair_count;
};

/* The summary of a case, or null where it is not in the plan or was not measured. */
const struct summary *report_find(const struct report *report, const char *variant,
                                  const struct pin_policy *pin, unsigned threads);

/* The thread count that "all cores" means: the largest that is not oversubscribed, or 2 where
 * all above 1 are; 0 where nothing but single threads was measured. */
unsigned report_threads(const struct report *report, const struct pin_policy *pin);

/* The whole report. Errors of the stream are left in it, for the caller's ferror(). */
void report_print(const struct report *report, const struct style *style, FILE *to);

/* The table of speedups and that of what they cost. */
void report_table(const struct report *report, const struct style *style, FILE *to);
/* The interpreters beside their models; nothing where there are none. */
void report_fidelity(const struct report *report, const struct style *style, FILE *to);
/* Whose chunk `ticks` had, and how long that is; nothing where it was the option's. */
void report_chunk(const struct settings *settings, const struct style *style, FILE *to);
/* Are most intervals so wide that no figure is to be taken from them? Pure. */
bool report_is_busy(const struct summary *summaries, size_t n);
/* Two or three sentences in plain words, computed from the summaries. */
void report_sentences(const struct report *report, const struct style *style, FILE *to);

/* The parts that other commands' reports have too: the machine and what was run on it; */
void report_machine(const struct run_facts *facts, unsigned blocks_done,
                    const struct style *style, FILE *to);
/* a median with its interval and marks, REPORT_CELL_WIDTH columns, blank where nothing is known; */
enum { REPORT_CELL_WIDTH = 15 };
void report_cell(struct estimate estimate, bool noisy, bool drifts, const struct style *style,
                 FILE *to);
/* whether the interval's ends are shown instead: half of it is more than half of the median, and ± half
 * would say nothing; pure; */
bool report_as_range(struct estimate estimate);
/* what the marks mean that stand in a table, nothing where there are none; those of summaries[n]; */
struct report_marks {
    bool oversubscribed, noisy, drifts, few, range, vague; /* *, ~, ^, ±?, a…b, # */
};
void report_marks(struct report_marks marks, const struct style *style, FILE *to);
struct report_marks report_marks_of(const struct summary *summaries, size_t n);
/* what a reader has to know before believing the figures, behind an empty line; */
void report_warnings(const struct run_facts *facts, const struct summary *summaries, size_t n,
                     const struct style *style, FILE *to);
/* and of that, that most intervals are wide: each is counted, and then it is told. Those of fewer
 * blocks than an interval needs do not count. */
struct interval_count {
    size_t wide, all;
};
void count_interval(struct interval_count *count, struct estimate estimate);
void report_busy(struct interval_count count, const struct style *style, FILE *to);

/* A duration for people: "520 ns", "5.00 ms". Written to text[size]. */
void format_time(char *text, size_t size, double seconds);
/* Two of them: "1.20…3.40 us", "980 ns…1.20 us", which in one unit is "0.98…1.20 us". */
void format_time_range(char *text, size_t size, double from, double until, bool one_unit,
                       const struct style *style);
/* A count for people: "812", "12.3k", "3.70 G". */
void format_count(char *text, size_t size, double count);

#endif
