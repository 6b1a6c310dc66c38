/* Pairing interpreters with their models: see fidelity.h. */
#include "gilscope/fidelity.h"

#include <math.h>
#include <string.h>

enum { NO_CASE = -1 };

static bool are_disjoint(struct estimate a, struct estimate b)
{
    return a.n >= INTERVAL_NEEDS && b.n >= INTERVAL_NEEDS && (a.hi < b.lo || b.hi < a.lo);
}

enum pair_verdict fidelity_verdict(const struct fidelity *pair)
{
    if (fabs(pair->ratio - 1) <= FIDELITY_LIMIT) {
        return PAIR_AGREES;
    }
    return are_disjoint(pair->of_interpreter, pair->of_model) ? PAIR_APART : PAIR_UNDECIDED;
}

/* The place in the plan of the model's case for case c, or NO_CASE. */
static long model_case(const struct plan *plan, size_t c)
{
    const struct plan_case *of = &plan->cases[c];
    const struct guest *guest = of->variant->context;
    const char *model = model_of(guest->mode, &guest->interpreter->facts);

    if (model == NULL || of->baseline == c) {
        return NO_CASE; /* its own baseline is 1 by definition, and agrees with anything */
    }
    for (size_t m = 0; m < plan->length; m++) {
        const struct plan_case *each = &plan->cases[m];
        /* One thread shares its core with nobody, pinned or not. */
        if (each->variant->context == NULL && strcmp(each->variant->name, model) == 0 &&
            each->threads == of->threads && (each->pin == of->pin || of->threads == 1)) {
            return (long)m;
        }
    }
    return NO_CASE;
}

/* What the model's speedup is over: its own one thread where the interpreter's is over that, too,
 * and it was measured; else its baseline. */
static size_t model_baseline(const struct plan *plan, size_t m,
                             const struct interpreter_mode *mode)
{
    const struct plan_case *model = &plan->cases[m];

    for (size_t c = 0; mode->own_baseline && c < plan->length; c++) {
        const struct plan_case *each = &plan->cases[c];
        if (each->variant == model->variant && each->threads == 1 && each->pin == model->pin) {
            return c;
        }
    }
    return model->baseline;
}

static double work_rate(const struct samples *samples, size_t c, unsigned rep)
{
    const struct sample *sample = sample_at(samples, c, rep);

    return sample->measured
               ? (double)sample->count / work_s(sample, samples->plan->cases[c].variant)
               : (double)NAN;
}

/* As the speedup of a summary, but without start-up, which our pool's time does not contain
 * either. */
static struct estimate work_speedup(const struct samples *samples, size_t c, size_t baseline,
                                    double *scratch)
{
    size_t n = 0;

    for (unsigned rep = 0; rep < samples->reps; rep++) {
        double speedup = work_rate(samples, c, rep) / work_rate(samples, baseline, rep);
        if (!isnan(speedup)) {
            scratch[n++] = speedup;
        }
    }
    return estimate_median(scratch, n);
}

/* Was the same mode, with as many threads, paired before, under another policy? */
static bool is_paired(const struct fidelity *pairs, size_t n, const struct plan_case *of)
{
    const struct guest *guest = of->variant->context;

    for (size_t i = 0; i < n; i++) {
        if (pairs[i].interpreter == guest->interpreter && pairs[i].mode == guest->mode &&
            pairs[i].threads == of->threads) {
            return true;
        }
    }
    return false;
}

/* Enters a pair behind those of its interpreter and mode with fewer threads. */
static void insert(struct fidelity *pairs, size_t n, const struct fidelity *pair)
{
    size_t at = n;

    for (size_t i = 0; i < n; i++) {
        bool same = pairs[i].interpreter == pair->interpreter && pairs[i].mode == pair->mode;
        if (same && pairs[i].threads > pair->threads) {
            at = i;
            break;
        }
        if (same) {
            at = i + 1;
        }
    }
    memmove(&pairs[at + 1], &pairs[at], (n - at) * sizeof *pairs);
    pairs[at] = *pair;
}

size_t fidelity_pairs(const struct samples *samples, struct fidelity *pairs, double *scratch)
{
    const struct plan *plan = samples->plan;
    size_t n = 0;

    /* Of an interpreter the plan has the policies one after the other, `core` first. */
    for (size_t c = 0; c < plan->length; c++) {
        const struct plan_case *of = &plan->cases[c];
        const struct guest *guest = of->variant->context;
        long m = guest != NULL ? model_case(plan, c) : NO_CASE;

        if (m == NO_CASE || is_paired(pairs, n, of)) {
            continue;
        }
        size_t under = model_baseline(plan, (size_t)m, guest->mode);
        struct fidelity pair = {.interpreter = guest->interpreter,
                                .mode = guest->mode,
                                .model = plan->cases[m].variant,
                                .pin = of->pin,
                                .threads = of->threads,
                                .of_interpreter =
                                    work_speedup(samples, c, of->baseline, scratch),
                                .of_model = work_speedup(samples, (size_t)m, under, scratch)};
        pair.ratio = pair.of_interpreter.median / pair.of_model.median;
        if (!isnan(pair.ratio)) {
            insert(pairs, n++, &pair);
        }
    }
    return n;
}
