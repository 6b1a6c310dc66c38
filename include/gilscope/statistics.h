/* Statistics that assume nothing about the distribution. Pure functions, thread-safe. */
#ifndef GILSCOPE_STATISTICS_H
#define GILSCOPE_STATISTICS_H

#include <stddef.h>

struct estimate {
    double median;
    double lo,
        hi; /* of its 95 % confidence interval; the range where n is below INTERVAL_NEEDS, since so
                      few values cannot give 95 % */
    size_t n;
};

/* So many values it takes for the interval to be one of 95 %. */
enum { INTERVAL_NEEDS = 6 };

/* Sorts values[n] in place and estimates their median; all NAN for n = 0.
 * The interval runs between two order statistics: the number of values below the median is
 * binomial(n, 1/2) whatever the distribution (David and Nagaraja, Order Statistics, 7.1). */
struct estimate estimate_median(double *values, size_t n);

/* The rank (from 0) of the lower end of that interval; the upper end is n - 1 - rank. */
size_t interval_rank(size_t n);

/* Half of the interval, as a share of the median. */
double relative_half_width(struct estimate estimate);

/* The experimentally determined serial fraction of Karp and Flatt ("Measuring Parallel
 * Processor Performance", CACM 33(5), 1990): (1/speedup - 1/p) / (1 - 1/p). NAN for p < 2. */
double karp_flatt(double speedup, unsigned processors);

#endif
