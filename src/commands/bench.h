/* What the files of the command `bench` share. */
#ifndef GILSCOPE_COMMANDS_BENCH_H
#define GILSCOPE_COMMANDS_BENCH_H

#include "gilscope/command.h"
#include "gilscope/interpreter.h"
#include "gilscope/noise.h"
#include "gilscope/report.h"

/* All that one run of the command holds. */
struct bench {
    const struct settings *settings; /* as given, but for the policies: see choose_pins */
    struct settings chosen;
    struct machine *machine;
    struct interpreters interpreters;
    struct plan plan;
    struct runner *runner;
    struct samples samples;
    struct results results;
    struct fidelity *pairs; /* pairs[plan.length] */
    size_t pair_count;
    struct summary *summaries; /* summaries[plan.length] */
    size_t *order;      /* cases, then references: order[plan.length + REFERENCE_COUNT] */
    size_t *measured;   /* the cases of the block so far, in order */
    double *scratch;    /* scratch[reps] */
    double *references; /* references[REFERENCE_COUNT][reps]; NAN: not measured */
    struct progress_line progress;
    struct cpu_time cpu_at_start;
    double start_s;
    double timed_s;  /* time spent in timed repetitions */
    unsigned redone; /* tasks done again after a worker of a pool died */
    unsigned blocks_done;
};

/* Summaries, files, report: after a complete run, and after one that failed half-way. Of
 * several errors the first is the one that main prints. */
bool bench_conclude(struct bench *bench, bool complete, struct error *error);

#endif
