/* Where a curve comes to a level for good: see crossing.h. */
#include "gilscope/crossing.h"

#include <math.h>

/* The first place from which the curve is at least the level and stays so; n: there is none. */
static size_t first_for_good(const double *curve, size_t n, double level)
{
    while (n > 0 && curve[n - 1] >= level) {
        n--;
    }
    return n;
}

static bool any_unknown(const double *curve, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (isnan(curve[i])) {
            return true;
        }
    }
    return n == 0;
}

double crossing(const double *lengths, const double *curve, size_t n, double level)
{
    if (any_unknown(curve, n)) {
        return NAN;
    }
    size_t at = first_for_good(curve, n, level);
    if (at == 0) {
        return lengths[0];
    }
    if (at == n) {
        return INFINITY;
    }
    double below = curve[at - 1], above = curve[at]; /* below < level <= above */
    double share = isinf(above) ? 0 : (level - below) / (above - below);
    return lengths[at - 1] * exp(share * log(lengths[at] / lengths[at - 1]));
}

void make_ascending(double *curve, size_t n)
{
    struct pool {
        double mean;
        size_t length;
    } pools[LENGTHS_MAX];
    size_t count = 0, at = 0;

    for (size_t i = 0; i < n; i++) {
        pools[count++] = (struct pool){curve[i], 1};
        while (count > 1 && pools[count - 2].mean > pools[count - 1].mean) {
            struct pool *into = &pools[count - 2], *from = &pools[count - 1];
            size_t length = into->length + from->length;
            into->mean =
                (into->mean * (double)into->length + from->mean * (double)from->length) /
                (double)length;
            into->length = length;
            count--;
        }
    }
    for (size_t p = 0; p < count; p++) {
        for (size_t i = 0; i < pools[p].length; i++) {
            curve[at++] = pools[p].mean;
        }
    }
}

enum crossing_outcome crossing_outcome(double value, double shortest)
{
    return isinf(value) ? CROSSES_NEVER : value <= shortest ? CROSSES_ALWAYS : CROSSES_AT;
}

bool crossing_is_open(struct estimate estimate, double shortest)
{
    return crossing_outcome(estimate.lo, shortest) == CROSSES_ALWAYS &&
           crossing_outcome(estimate.hi, shortest) == CROSSES_NEVER;
}

bool crossing_is_vague(struct estimate estimate, double shortest, double longest)
{
    double lo = fmax(estimate.lo, shortest), hi = fmin(estimate.hi, longest);

    return estimate.n < INTERVAL_NEEDS || crossing_is_open(estimate, shortest) || hi > 10 * lo;
}

double interpolate_logs(double x, double x0, double y0, double x1, double y1)
{
    if (isinf(x)) {
        return INFINITY;
    }
    return x0 == x1 ? y0 : y0 * exp(log(x / x0) / log(x1 / x0) * log(y1 / y0));
}
