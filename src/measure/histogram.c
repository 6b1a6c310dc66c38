/* Log-linear buckets: see histogram.h. */
#include "gilscope/histogram.h"

#include <math.h>
#include <string.h>

enum { STEP_BITS = 7 };

void histogram_clear(struct histogram *histogram)
{
    memset(histogram, 0, sizeof *histogram);
}

/* By how many bits values of that size are rounded: none below 2 * HISTOGRAM_STEPS. */
static unsigned coarseness(uint64_t ns)
{
    unsigned bits = ns == 0 ? 0 : 64u - (unsigned)__builtin_clzll(ns);
    return bits > STEP_BITS + 1 ? bits - STEP_BITS - 1 : 0;
}

size_t histogram_bucket(uint64_t ns)
{
    const uint64_t most = ((uint64_t)1 << HISTOGRAM_BITS) - 1;
    uint64_t value = ns < most ? ns : most;
    unsigned shift = coarseness(value);

    /* value >> shift lies in [STEPS, 2 * STEPS) where shift is not 0. */
    return (size_t)(shift * HISTOGRAM_STEPS + (value >> shift));
}

uint64_t histogram_from(size_t b)
{
    size_t shift = b < 2 * HISTOGRAM_STEPS ? 0 : b / HISTOGRAM_STEPS - 1;
    return (uint64_t)(b - shift * HISTOGRAM_STEPS) << shift;
}

void histogram_enter(struct histogram *histogram, uint64_t ns)
{
    histogram_enter_many(histogram, ns, 1);
}

void histogram_enter_many(struct histogram *histogram, uint64_t ns, uint64_t count)
{
    histogram->count += count;
    histogram->buckets[histogram_bucket(ns)] += count;
    if (count > 0 && ns > histogram->longest_ns) {
        histogram->longest_ns = ns;
    }
}

void histogram_add(struct histogram *into, const struct histogram *from)
{
    into->count += from->count;
    if (from->longest_ns > into->longest_ns) {
        into->longest_ns = from->longest_ns;
    }
    for (size_t b = 0; b < HISTOGRAM_BUCKETS; b++) {
        into->buckets[b] += from->buckets[b];
    }
}

double histogram_quantile(const struct histogram *histogram, double share)
{
    double rank = ceil(share * (double)histogram->count);
    uint64_t below = 0;

    if (histogram->count == 0) {
        return NAN;
    }
    for (size_t b = 0; b < HISTOGRAM_BUCKETS && rank < (double)histogram->count; b++) {
        below += histogram->buckets[b];
        if ((double)below >= rank) {
            /* Of the bucket that the longest is in, no more than that. */
            double middle = (double)(histogram_from(b) + histogram_from(b + 1) - 1) / 2;
            return fmin(middle, (double)histogram->longest_ns) * 1e-9;
        }
    }
    return (double)histogram->longest_ns * 1e-9;
}
