/* Statistics: see statistics.h. */
#include "gilscope/statistics.h"

#include <math.h>
#include <stdlib.h>

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

size_t interval_rank(size_t n)
{
    /* The largest rank such that fewer values than that lie below (or above) the median with
     * a probability of at most 2.5 % each. Logarithms: 2^-n underflows for large n. */
    double log_choose = 0, tail = 0;
    size_t rank = 0;

    for (size_t k = 0; k < n / 2; k++) {
        tail += exp(log_choose - (double)n * log(2));
        if (tail > 0.025) {
            break;
        }
        rank = k + 1;
        log_choose += log((double)(n - k)) - log((double)(k + 1));
    }
    /* With `rank` values allowed below, the interval begins at the next one: index rank - 1
     * when counted from 0, and at the smallest where even that is not sure enough. */
    return rank == 0 ? 0 : rank - 1;
}

struct estimate estimate_median(double *values, size_t n)
{
    if (n == 0) {
        return (struct estimate){NAN, NAN, NAN, 0};
    }
    qsort(values, n, sizeof *values, ascending);
    size_t rank = interval_rank(n);
    return (struct estimate){.median = (values[(n - 1) / 2] + values[n / 2]) / 2,
                             .lo = values[rank],
                             .hi = values[n - 1 - rank],
                             .n = n};
}

double relative_half_width(struct estimate estimate)
{
    return (estimate.hi - estimate.lo) / 2 / estimate.median;
}

double karp_flatt(double speedup, unsigned processors)
{
    double p = processors;
    return processors < 2 ? NAN : (1 / speedup - 1 / p) / (1 - 1 / p);
}
