/* One cost measured: how many operations, the reference beside it, the summary. See costs.h. */
#include "gilscope/costs.h"

#include "gilscope/interrupt.h"
#include "gilscope/pauses.h"
#include "gilscope/summary.h"

#include <math.h>
#include <omp.h>

/* No call of measure() is meant to last longer: between two of them signals are seen. */
#define CALL_S 50e-3

bool cost_rest(const struct machine *machine, struct error *error)
{
    /* Soft: see runner_rest. An idle OpenMP thread would spin beside what comes next. */
    omp_pause_resource_all(omp_pause_soft);
    return machine_bind(machine, NULL, error);
}

/* From no threads, on the first slot. */
static bool measure_once(const struct cost_place *place, cost_measure measure, uint64_t count,
                         double *seconds, struct error *error)
{
    if (interrupted()) {
        return fail_signal(error, interrupted());
    }
    struct attempt attempt = {0};
    bool done;
    do {
        attempt_begin(&attempt);
        done =
            cost_rest(place->machine, error) &&
            (place->slots == NULL || machine_bind(place->machine, place->slots, error)) &&
            measure(place, count, seconds, error) &&
            (place->slots == NULL || machine_still_bound(place->machine, place->slots, error));
    } while (attempt_again(&attempt, &done, error));
    return done;
}

static uint64_t bounded(const struct cost *cost, double count)
{
    uint64_t least = cost->least > 0 ? cost->least : 1;
    uint64_t most = cost->most > 0 ? cost->most : (uint64_t)1e15;

    return !(count > (double)least) ? least : count > (double)most ? most : (uint64_t)count;
}

/* How many operations last about time_s, by the quickest of a few tries of nearly that length:
 * whatever else runs on the machine only makes them longer. */
static bool find_count(const struct cost_item *item, cost_measure measure, double time_s,
                       uint64_t *count, struct error *error)
{
    enum { ROUNDS = 24, TRIES = 3 }; /* each round grows up to twentyfold */
    double least_s = INFINITY;       /* an operation */
    int tries = 0;

    /* The user's own function may take long: it is tried once first. */
    *count =
        bounded(item->cost, item->cost->of_kernel && measure == item->cost->measure ? 1 : 10);
    for (int round = 0; round < ROUNDS && tries < TRIES; round++) {
        double took_s;
        if (!measure_once(&item->place, measure, *count, &took_s, error)) {
            return false;
        }
        least_s = fmin(least_s, fmax(took_s, 1e-9) / (double)*count);
        double wanted = time_s / least_s;
        tries += wanted <= 2 * (double)*count;
        *count = bounded(item->cost, fmin(wanted, 20 * (double)*count));
    }
    return true;
}

bool cost_size(struct cost_item *item, double time_s, struct error *error)
{
    const struct cost_reference *reference = item->cost->reference;
    double call_s = fmin(time_s, CALL_S);

    item->calls = (unsigned)ceil(fmin(time_s / call_s, 1e7));
    return find_count(item, item->cost->measure, call_s, &item->count, error) &&
           (reference == NULL ||
            find_count(item, reference->measure, call_s, &item->reference_count, error));
}

/* Seconds an operation, over all calls. */
static bool take(const struct cost_item *item, cost_measure measure, uint64_t count,
                 double *each_s, struct error *error)
{
    double sum_s = 0, call_s = 0;

    for (unsigned call = 0; call < item->calls; call++) {
        if (!measure_once(&item->place, measure, count, &call_s, error)) {
            return false;
        }
        sum_s += call_s;
    }
    *each_s = sum_s / ((double)count * item->calls);
    return true;
}

bool cost_take(struct cost_item *item, struct error *error)
{
    const struct cost_reference *reference = item->cost->reference;
    double raw_s, reference_s = 0;
    bool taken = (reference == NULL ||
                  take(item, reference->measure, item->reference_count, &reference_s, error)) &&
                 take(item, item->cost->measure, item->count, &raw_s, error);

    if (!taken) {
        return false;
    }
    item->raw[item->reps] = raw_s;
    item->reference[item->reps] = reference_s;
    item->reps++;
    return cost_rest(item->place.machine, error);
}

static double median(const double *values, unsigned n, double *scratch)
{
    for (unsigned i = 0; i < n; i++) {
        scratch[i] = values[i];
    }
    return estimate_median(scratch, n).median;
}

struct cost_summary cost_summarise(const struct cost_item *item, double *scratch)
{
    struct cost_summary summary = {.of = item,
                                   .raw_s = median(item->raw, item->reps, scratch),
                                   .reference_s = median(item->reference, item->reps, scratch)};

    for (unsigned i = 0; i < item->reps; i++) {
        scratch[i] = item->raw[i] - item->reference[i];
    }
    summary.overhead = estimate_median(scratch, item->reps);
    summary.noisy = fabs(relative_half_width(summary.overhead)) > NOISY_LIMIT;
    return summary;
}
