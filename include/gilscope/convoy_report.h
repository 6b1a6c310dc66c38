/* What `convoy` says: its tables and sentences, and the rows of its files. */
#ifndef GILSCOPE_CONVOY_REPORT_H
#define GILSCOPE_CONVOY_REPORT_H

#include "gilscope/convoy_plan.h"
#include "gilscope/outfile.h"
#include "gilscope/terminal.h"

struct convoy_report {
    const struct machine *machine;
    const struct settings *settings;
    const struct convoy_plan *plan;
    unsigned blocks_done;
    double *scratch; /* scratch[plan->reps]; the caller's */
};

/* Tables, sentences, the frontier of a sweep, the interpreters beside their models. At most 80
 * columns, or 100 where there are as many. Errors of the stream are left in it, for the caller's ferror(). */
void convoy_print(const struct convoy_report *report, const struct style *style, FILE *to);
/* The sentences alone, for those who write servers. */
void convoy_sentences(const struct convoy_report *report, const struct style *style, FILE *to);
/* Are these too few blocks, or are they too far apart, for one number to stand for them all? Pure. */
bool convoy_is_vague(struct estimate estimate);
/* Each interpreter beside its model; nothing where there are none. */
void convoy_fidelity(const struct convoy_report *report, const struct style *style, FILE *to);
/* Nearer to 1 than this, an interpreter's figure and its model's agree. */
#define CONVOY_LIMIT 0.25

/* The first lines of the files, with their newlines. */
extern const char convoy_header[], convoy_summary_header[], convoy_latency_header[];

/* The rows of one block, as far as it was measured: text that is the caller's to free(); null where
 * memory is short. */
char *convoy_rows(const struct convoy_plan *plan, const struct settings *settings,
                  unsigned rep);
/* Write behind what is there: a row a case, and a row for each range of latencies that a case
 * has. */
bool convoy_write_summary(struct outfile *file, const struct convoy_report *report,
                          struct error *error);
bool convoy_write_latencies(struct outfile *file, const struct convoy_report *report,
                            struct error *error);

#endif
