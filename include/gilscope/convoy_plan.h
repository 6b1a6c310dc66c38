/* What `gilscope convoy` measures, and what it found: cases, samples, summaries. */
#ifndef GILSCOPE_CONVOY_PLAN_H
#define GILSCOPE_CONVOY_PLAN_H

#include "gilscope/convoy.h"
#include "gilscope/settings.h"
#include "gilscope/statistics.h"

/* What is measured of a repetition, and estimated over the blocks. Times in seconds. */
enum convoy_figure {
    CONVOY_REQUESTS, /* answered a second */
    CONVOY_P50,
    CONVOY_P90,
    CONVOY_P99,
    CONVOY_P999,
    CONVOY_LONGEST,
    CONVOY_HOGS,  /* decrements a second, of all hogs */
    CONVOY_SHARE, /* of what one hog does alone, in the same block */
    CONVOY_FIGURES
};

/* lock × hogs × switch interval × pin policy, of the model or of an interpreter. */
struct convoy_case {
    struct guest *guest;            /* null: the model */
    const struct convoy_lock *lock; /* of a guest the one that models its own */
    const struct pin_policy *pin;
    double switch_interval_s; /* 0: the lock has none */
    unsigned hogs;
    bool serves;  /* false: one hog alone, without requests: what a share is of */
    size_t alone; /* that case for this one; itself where there are no hogs */
};

struct convoy_sample {
    bool measured;
    double wall_s;
    uint64_t requests, resent, late, wrong, unanswered, unsent, handoffs;
    double
        figures[CONVOY_FIGURES]; /* NAN where there is none, as for hogs that are not there */
};

struct convoy_plan {
    size_t length;
    struct convoy_case *cases; /* cases[length]; owned */
    unsigned reps;
    struct convoy_sample *samples; /* samples[length][reps]; owned */
    struct histogram *pooled;      /* pooled[length]: of all repetitions of a case; owned */
    size_t intervals;              /* how many switch intervals there are */
    size_t pins;                   /* and policies */
    unsigned hogs_max;
};

/* An option that would change nothing is an error, as everywhere: told before anything is started.
 * Pure. */
bool convoy_check(const struct settings *settings, struct error *error);

/* All cases that the settings ask for. convoy_plan_free frees. Interpreters are run unpinned, or
 * not at all where --pin leaves none out. */
bool convoy_plan_make(struct convoy_plan *plan, const struct settings *settings,
                      const struct interpreters *interpreters, struct error *error);
void convoy_plan_free(struct convoy_plan *plan);

static inline struct convoy_sample *convoy_sample_at(const struct convoy_plan *plan, size_t c,
                                                     unsigned rep)
{
    return &plan->samples[c * plan->reps + rep];
}

/* Enters one repetition, and its latencies in the pooled ones. answers: null for hogs alone. */
void convoy_enter(struct convoy_plan *plan, size_t c, unsigned rep,
                  const struct convoy_outcome *outcome, const struct convoy_answers *answers);
/* Fills in the shares of a block, as far as what they are of was measured. */
void convoy_share(struct convoy_plan *plan, unsigned rep);

/* Median and interval of a figure over the blocks. scratch: reps doubles. */
struct estimate convoy_estimate(const struct convoy_plan *plan, size_t c,
                                enum convoy_figure figure, double *scratch);

/* Of what was due in all repetitions of a case, how much was never answered: 0 to 1; NAN of
 * nothing. */
double convoy_unanswered(const struct convoy_plan *plan, size_t c);
/* Is this figure, a latency, no more than a lower bound? So much was not answered that with the
 * answers it might be another: a tenth of what is to lie beyond it (of the longest: anything). */
bool convoy_is_bound(const struct convoy_plan *plan, size_t c, enum convoy_figure figure);

/* "gil", "cpython-3.11": whose rules hold in this case. */
const char *convoy_case_name(const struct convoy_case *this_case);
/* The model's case that a guest's is to be like (`of` without its guest), under the guest's pin
 * policy, else under any; plan->length where there is none. */
size_t convoy_model_of(const struct convoy_plan *plan, size_t of);
/* The case of the same lock, guest, pin and interval with so many hogs, served; or length. */
size_t convoy_with_hogs(const struct convoy_plan *plan, size_t of, unsigned hogs);
/* Was it measured at all? */
bool convoy_measured(const struct convoy_plan *plan, size_t c);

#endif
