/* Samples of a case, summarised. */
#ifndef GILSCOPE_SUMMARY_H
#define GILSCOPE_SUMMARY_H

#include "gilscope/runner.h"
#include "gilscope/statistics.h"

/* All samples of a run of the program: a table of cases × blocks. */
struct samples {
    const struct plan *plan;
    unsigned reps;
    struct sample *at; /* at[case * reps + rep]; owned */
};

bool samples_make(struct samples *samples, const struct plan *plan, unsigned reps,
                  struct error *error);
void samples_free(struct samples *samples);
struct sample *sample_at(const struct samples *samples, size_t c, unsigned rep);

/* The rate of case c in block rep over the rate of its baseline in the same block: what drifts
 * slowly (frequency, temperature, neighbours) cancels. NAN while one of the two is missing. */
double paired_speedup(const struct samples *samples, size_t c, unsigned rep);

/* An interval of more than ±2 % is noisy. */
#define NOISY_LIMIT 0.02

/* A row of the table. Medians, but for the counts. */
struct summary {
    const struct plan_case *of;
    unsigned reps; /* measured; 0: nothing is known, all else is 0 or NAN */
    double wall_s;
    double rate;
    struct estimate speedup;
    double efficiency; /* speedup / threads */
    double karp_flatt; /* NAN for one thread */
    double cores_busy; /* CPU time of the workers / wall time */
    double handoffs_per_s;
    double switches_per_s; /* context switches, voluntary or not */
    double startup_s;
    unsigned drifting; /* repetitions whose first and last part differ (DRIFT_LIMIT) */
    bool noisy;        /* the interval is wider than ±2 % */
    bool drifts;       /* at least half of the repetitions drift */
};

/* scratch: the caller's, reps doubles. */
struct summary summarise(const struct samples *samples, size_t c, double *scratch);

/* Has any of these n cases a repetition? */
bool anything_measured(const struct summary *summaries, size_t n);

#endif
