/* The files of a command that measures: a row for each repetition (bench.csv), one for each case
 * (bench-summary.csv), machine.csv, topology.xml. They get their final names together, when all are
 * complete; until then, and after an interrupted run for good, they are NAME.part. */
#ifndef GILSCOPE_RESULTS_H
#define GILSCOPE_RESULTS_H

#include "gilscope/csv.h"
#include "gilscope/fidelity.h"
#include "gilscope/outfile.h"
#include "gilscope/references.h"
#include "gilscope/summary.h"

/* What is in the files of a command. */
struct results_kind {
    const char *rows, *summary, *more; /* names; more may not be there: see results_open_more */
    const char *header;                /* the first line of rows */
    /* Begins and ends one row, of case c in block rep; context: of struct results. */
    void (*row)(struct csv_row *row, const struct samples *samples, size_t c, unsigned rep,
                const void *context);
};

extern const struct results_kind results_of_bench;

struct results {
    const struct results_kind *kind;
    const void *context; /* for kind->row */
    struct outfile rows_file, summary, machine, topology;
    struct outfile more;  /* where it is open */
    bool kept_earlier;    /* the rows of an interrupted run were kept under another name */
    bool echo;            /* rows go to standard output too */
    size_t first_pending; /* rows of this block before this place in the order are final */
    off_t pending_at;     /* where in the file the first other row stands */
    char *rows;           /* room for the rows of a block; owned */
    size_t rows_size;
};

/* What machine.csv says besides the samples. */
struct run_facts {
    const struct machine *machine;
    const struct settings *settings;
    double decrement_ns; /* a unit of the kernel, median; NAN where not measured */
    double reference[REFERENCE_COUNT]; /* medians; NAN where not measured */
    double steal;                      /* share of CPU time stolen by a hypervisor */
    double timed_share;                /* share of the run spent in timed repetitions */
    double elapsed_s;
    long max_rss_kib;
    unsigned paused;        /* measurements done again, for the program was stopped in them */
    char quota[64];         /* quota_describe() */
    char drifting[2048];    /* cases that drift, as words */
    char interpreters[512]; /* their names and versions, as words */
};

/* Opens the .part files in the folder, which is made where it is missing. context: see
 * results_kind; must outlive the results. */
bool results_open(struct results *results, const struct results_kind *kind, const void *context,
                  const char *folder, size_t cases, bool echo, struct error *error);

/* After results_open: opens the file that may not be there (fidelity.csv) too. Where it is not
 * called, results_commit removes that of an earlier run, which would not belong to the others. */
bool results_open_more(struct results *results, const char *folder, struct error *error);

/* Writes the rows of block rep as far as it has come: the cases order[0 … measured-1]. A row
 * is written as soon as it is measured, its speedup as soon as the baseline of the block is. */
bool results_rows(struct results *results, const struct samples *samples, unsigned rep,
                  const size_t *order, size_t measured, bool block_ends, struct error *error);

/* Writes a row behind the others of one of the files. */
bool results_append(struct outfile *file, const struct csv_row *row, struct error *error);

/* bench-summary.csv, and fidelity.csv where it is open. */
bool results_summary(struct results *results, const struct summary *summaries, size_t n,
                     struct error *error);
bool results_fidelity(struct results *results, const struct fidelity *pairs, size_t n,
                      struct error *error);
bool results_machine(struct results *results, const struct run_facts *facts,
                     struct error *error);

/* All on the disk, then all to their final names, or none: see outfile_commit. */
bool results_commit(struct results *results, struct error *error);
/* Of a run that measured nothing, no file is left; what open() kept beside has its name back. */
void results_discard(struct results *results);
void results_close(struct results *results);

#endif
