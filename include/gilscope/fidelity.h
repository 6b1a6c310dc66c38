/* Fidelity: each interpreter beside its model, and how far apart they are. */
#ifndef GILSCOPE_FIDELITY_H
#define GILSCOPE_FIDELITY_H

#include "gilscope/interpreter.h"
#include "gilscope/summary.h"

/* One mode of an interpreter and its model, with the same number of threads. */
struct fidelity {
    const struct interpreter *interpreter;
    const struct interpreter_mode *mode;
    const struct variant *model;
    const struct pin_policy *pin; /* the interpreter's, and the model's but for one thread */
    unsigned threads;
    struct estimate of_interpreter, of_model; /* speedups; a pool's is that of its map alone */
    double ratio;                             /* of the medians: interpreter / model */
};

/* Nearer to 1 than this, model and interpreter agree. */
#define FIDELITY_LIMIT 0.05

/* What a pair says of its model. Noise alone can bring a ratio beyond the limit: only intervals
 * that do not overlap show that the two are apart. */
enum pair_verdict {
    PAIR_AGREES,
    PAIR_UNDECIDED, /* beyond the limit, but the intervals overlap, or one has too few values */
    PAIR_APART
};
enum pair_verdict fidelity_verdict(const struct fidelity *pair);

/* Pairs what was measured of the guests' cases with their models, by interpreter, mode and
 * threads; writes them to pairs[plan->length] and returns how many there are. A mode that was measured under
 * several policies is compared under the first of them that its model was measured under too:
 * pinned with pinned where both are there. scratch: the caller's, reps doubles. */
size_t fidelity_pairs(const struct samples *samples, struct fidelity *pairs, double *scratch);

#endif
