/* What `breakeven` finds in its samples: see breakeven.h. */
#include "gilscope/breakeven.h"

#include "gilscope/crossing.h"

#include <math.h>

double release_over_hold(const struct samples *samples, size_t c, unsigned rep)
{
    const struct sample *release = sample_at(samples, c, rep),
                        *hold = sample_at(samples, c - 1, rep);

    return release->measured && hold->measured ? sample_rate(release) / sample_rate(hold) : NAN;
}

/* What release costs a call with its case c, against its hold case. */
static double cost_of_release_s(const struct samples *samples, size_t c, unsigned rep)
{
    const struct sample *release = sample_at(samples, c, rep),
                        *hold = sample_at(samples, c - 1, rep);

    return release->measured && hold->measured
               ? (double)samples->plan->cases[c].call *
                     (1 / sample_rate(release) - 1 / sample_rate(hold))
               : NAN;
}

typedef double (*quantity)(const struct samples *samples, size_t c, unsigned rep);

static struct estimate estimate(const struct samples *samples, size_t c, quantity of,
                                double *scratch)
{
    size_t n = 0;

    for (unsigned rep = 0; rep < samples->reps; rep++) {
        double value = of(samples, c, rep);
        if (!isnan(value)) {
            scratch[n++] = value;
        }
    }
    return estimate_median(scratch, n);
}

struct estimate release_over_hold_estimate(const struct samples *samples, size_t c,
                                           double *scratch)
{
    return estimate(samples, c, release_over_hold, scratch);
}

/* The release cases of one verdict, a length each. */
struct curve {
    const struct sweep *sweep;
    const struct samples *samples;
    size_t length;
    size_t cases[LENGTHS_MAX];
};

/* From which length on `of` is at least the level, in each block; ascends: it can only grow. */
static struct estimate crossings(const struct curve *curve, quantity of, double level,
                                 bool ascends, double *scratch)
{
    size_t n = 0;

    for (unsigned rep = 0; rep < curve->samples->reps; rep++) {
        double values[LENGTHS_MAX];
        for (size_t l = 0; l < curve->length; l++) {
            values[l] = of(curve->samples, curve->cases[l], rep);
        }
        if (ascends) {
            make_ascending(values, curve->length);
        }
        double at = crossing(curve->sweep->call_s, values, curve->length, level);
        if (!isnan(at)) {
            scratch[n++] = at;
        }
    }
    return estimate_median(scratch, n);
}

static struct estimate ratio_at(const struct curve *curve, size_t l, double *scratch)
{
    return estimate(curve->samples, curve->cases[l], release_over_hold, scratch);
}

static bool is_slower(struct estimate ratio)
{
    return ratio.n >= INTERVAL_NEEDS && ratio.hi < 1 - NOISY_LIMIT;
}

static void find_worst(const struct curve *curve, struct verdict *verdict, double *scratch)
{
    for (size_t l = 0; l < curve->length; l++) {
        struct estimate ratio = ratio_at(curve, l, scratch);
        if (ratio.n > 0 &&
            (verdict->worst_ratio.n == 0 || ratio.median < verdict->worst_ratio.median)) {
            verdict->worst = l;
            verdict->worst_ratio = ratio;
        }
    }
    size_t at = verdict->worst;
    bool beside = curve->length == 1 ||
                  (at > 0 && is_slower(ratio_at(curve, at - 1, scratch))) ||
                  (at + 1 < curve->length && is_slower(ratio_at(curve, at + 1, scratch)));
    verdict->worst_certain = is_slower(verdict->worst_ratio) && beside;
}

static void count_drifting(const struct curve *curve, struct verdict *verdict)
{
    const struct samples *samples = curve->samples;

    for (size_t l = 0; l < curve->length; l++) {
        for (unsigned i = 0; i < 2 * samples->reps; i++) {
            const struct sample *sample = sample_at(samples, curve->cases[l] - i % 2,
                                                    i / 2); /* release, and hold before it */
            verdict->repetitions += sample->measured;
            verdict->drifting += sample->measured && fabs(sample->drift) > DRIFT_LIMIT;
        }
    }
}

static void judge(const struct curve *curve, unsigned pus, struct verdict *verdict,
                  double *scratch)
{
    verdict->possible = verdict->threads < pus ? verdict->threads : pus;
    count_drifting(curve, verdict);
    if (verdict->threads == 1) {
        verdict->cost_s = estimate(curve->samples, curve->cases[0], cost_of_release_s, scratch);
        verdict->cost_ratio =
            estimate(curve->samples, curve->cases[0], release_over_hold, scratch);
        return;
    }
    find_worst(curve, verdict, scratch);
    if (verdict->possible > 1) {
        verdict->break_even = crossings(curve, release_over_hold, 1, false, scratch);
        double gain = verdict->possible - 1;
        verdict->half_gain = crossings(curve, paired_speedup, 1 + 0.5 * gain, true, scratch);
        verdict->ninety_gain = crossings(curve, paired_speedup, 1 + 0.9 * gain, true, scratch);
    }
}

/* The release cases like case c, by length. */
static void gather(struct curve *curve, size_t c)
{
    const struct plan *plan = curve->samples->plan;
    const struct plan_case *like = &plan->cases[c];

    curve->length = 0;
    for (; c < plan->length; c++) {
        const struct plan_case *each = &plan->cases[c];
        if (each->variant == like->variant && each->pin == like->pin &&
            each->threads == like->threads) {
            curve->cases[curve->length++] = c;
        }
    }
}

size_t breakeven_verdicts(const struct sweep *sweep, const struct samples *samples,
                          unsigned pus, struct verdict *verdicts, size_t most, double *scratch)
{
    const struct plan *plan = samples->plan;
    size_t n = 0;

    for (size_t c = 0; c < plan->length && n < most; c++) {
        const struct plan_case *each = &plan->cases[c];
        const struct system *system = sweep_releasing(sweep, each);
        struct curve curve = {.sweep = sweep, .samples = samples};

        if (system == NULL || each->call != sweep->units[0]) {
            continue;
        }
        gather(&curve, c);
        verdicts[n] = (struct verdict){.system = system,
                                       .pin = each->pin,
                                       .threads = each->threads,
                                       .oversubscribed = each->oversubscribed};
        judge(&curve, pus, &verdicts[n++], scratch);
    }
    return n;
}

/* The case of a verdict's system at a length; null where it is not in the plan. */
static const struct plan_case *case_of(const struct sweep *sweep, const struct plan *plan,
                                       const struct verdict *of, size_t length, bool released)
{
    const struct variant *variant = released ? of->system->release : of->system->hold;

    for (size_t c = 0; c < plan->length; c++) {
        const struct plan_case *each = &plan->cases[c];
        if (each->variant == variant && each->pin == of->pin && each->threads == of->threads &&
            each->call == sweep->units[length]) {
            return each;
        }
    }
    return NULL;
}

static struct estimate speedup_at(const struct sweep *sweep, const struct samples *samples,
                                  const struct verdict *of, size_t length, bool released,
                                  double *scratch)
{
    const struct plan *plan = samples->plan;
    const struct plan_case *found = case_of(sweep, plan, of, length, released);

    return found != NULL
               ? estimate(samples, (size_t)(found - plan->cases), paired_speedup, scratch)
               : estimate_median(NULL, 0);
}

static bool are_apart(struct estimate a, struct estimate b)
{
    return a.n >= INTERVAL_NEEDS && b.n >= INTERVAL_NEEDS && (a.hi < b.lo || b.hi < a.lo);
}

/* Further from 1 than before, or the first. */
static bool is_further(double ratio, double before)
{
    return !isnan(ratio) && !(fabs(log(ratio)) <= fabs(log(before)));
}

static void find_furthest(const struct sweep *sweep, const struct samples *samples,
                          struct agreement *agreement, double *scratch)
{
    agreement->most = agreement->furthest = NAN;
    for (size_t i = 0; i < 2 * sweep->length; i++) {
        bool released = i % 2;
        struct estimate theirs =
            speedup_at(sweep, samples, agreement->interpreter, i / 2, released, scratch);
        struct estimate ours =
            speedup_at(sweep, samples, agreement->model, i / 2, released, scratch);
        double ratio = theirs.median / ours.median;

        if (is_further(ratio, agreement->most)) {
            agreement->most = ratio;
        }
        if (are_apart(theirs, ours) && is_further(ratio, agreement->furthest)) {
            agreement->furthest = ratio;
            agreement->furthest_at = i / 2;
            agreement->released = released;
        }
    }
}

static bool has_crossing(const struct sweep *sweep, struct estimate estimate)
{
    return estimate.n > 0 && crossing_outcome(estimate.median, sweep->call_s[0]) == CROSSES_AT;
}

size_t breakeven_agreements(const struct sweep *sweep, const struct samples *samples,
                            const struct verdict *verdicts, size_t n,
                            struct agreement *agreements, double *scratch)
{
    size_t found = 0;

    for (size_t i = 0; i < n * n; i++) {
        const struct verdict *guest = &verdicts[i / n], *model = &verdicts[i % n];

        if (guest->system->interpreter == NULL || model->system->interpreter != NULL ||
            guest->pin != model->pin || guest->threads != model->threads) {
            continue;
        }
        struct agreement *new = &agreements[found++];
        *new = (struct agreement){.interpreter = guest, .model = model, .break_even = NAN};
        if (has_crossing(sweep, guest->break_even) && has_crossing(sweep, model->break_even)) {
            new->break_even = guest->break_even.median / model->break_even.median;
        }
        find_furthest(sweep, samples, new, scratch);
    }
    return found;
}

size_t breakeven_verdicts_max(const struct sweep *sweep)
{
    return pin_policy_count * sweep->system_count * sweep->threads.length;
}
