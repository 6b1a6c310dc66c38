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
    /* Logarithms: 2^-n underflows for large n. */
    double log_choose = 0, below = 0;
    size_t k = 0;

    /* `below` is the probability that at most k values lie below the median: as long as that is
     * 2.5 % at most, the value of rank k (from 0) can be the end of the interval. */
    for (; k < n / 2; k++) {
        below += exp(log_choose - (double)n * log(2));
        if (below > 0.025) {
            break;
        }
        log_choose += log((double)(n - k)) - log((double)(k + 1));
    }
    return k == 0 ? 0 : k - 1;
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
