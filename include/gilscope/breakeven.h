/* What `breakeven` finds in its samples: from which length of a native call on it pays to give the
 * lock up around it. */
#ifndef GILSCOPE_BREAKEVEN_H
#define GILSCOPE_BREAKEVEN_H

#include "gilscope/summary.h"
#include "gilscope/sweep.h"

/* The rate of the release case c over that of its hold case (see sweep_plan), in the same block. NAN
 * while one of the two is missing. */
double release_over_hold(const struct samples *samples, size_t c, unsigned rep);

/* The same over all blocks. scratch: the caller's, reps doubles. */
struct estimate release_over_hold_estimate(const struct samples *samples, size_t c,
                                           double *scratch);

/* What so many threads of a system, under a policy, find. Estimates of lengths are crossings
 * (crossing.h) in seconds that the call takes alone, one of each complete block: n is their number.
 * With one thread there is nothing to gain, and no crossing: n is 0. */
struct verdict {
    const struct system *system;
    const struct pin_policy *pin;
    unsigned threads;
    bool oversubscribed;
    double possible; /* the speedup that threads and PUs allow */
    /* Releasing is no slower than holding. n is 0 where nothing is possible: then the curves meet at 1
     * and where they cross it is chance. */
    struct estimate break_even;
    /* Releasing gives so much of what is possible over one thread that holds: by the nearest curve
     * that only grows with the length. n is 0 where nothing is possible. */
    struct estimate half_gain, ninety_gain;
    size_t worst; /* the length, a place in the sweep, where releasing is worst; */
    struct estimate worst_ratio; /* and release / hold there */
    /* It is slower there for certain: the interval ends below 1 by more than noise, and so does that
     * of a length beside it. The worst of many is low by chance alone. */
    bool worst_certain;
    /* With one thread: what releasing adds to a call, in seconds, at the shortest length, where it
     * shows best; and release / hold there. With more: n is 0. */
    struct estimate cost_s, cost_ratio;
    unsigned drifting, repetitions; /* those that drifted, of those measured */
};

/* Writes the verdicts of all policies, systems and thread counts, in the plan's order, to
 * verdicts[most] and returns how many there are. scratch: reps doubles. */
size_t breakeven_verdicts(const struct sweep *sweep, const struct samples *samples,
                          unsigned pus, struct verdict *verdicts, size_t most, double *scratch);

/* An interpreter beside our model, with as many threads under the same policy. */
struct agreement {
    const struct verdict *interpreter, *model;
    double break_even; /* interpreter's / model's; NAN where one has none within the sweep */
    /* Of the speedups over one thread that holds, interpreter's / model's. most: of the medians, the
     * furthest from 1; NAN: nothing to compare. furthest: the same of those whose intervals do not
     * overlap, with as many blocks as an interval needs; NAN: none. And the place of its length, and
     * whether it is with the lock released. */
    double most, furthest;
    size_t furthest_at;
    bool released;
};

/* Pairs the verdicts on interpreters with those on the model; writes them to agreements[n] and
 * returns how many there are. The verdicts, verdicts[n], must outlive them. scratch: reps
 * doubles. */
size_t breakeven_agreements(const struct sweep *sweep, const struct samples *samples,
                            const struct verdict *verdicts, size_t n,
                            struct agreement *agreements, double *scratch);

/* The most verdicts that a sweep can have. */
size_t breakeven_verdicts_max(const struct sweep *sweep);

#endif
