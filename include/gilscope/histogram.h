/* A histogram of durations, in memory that is known beforehand: buckets of equal width within each
 * power of two, each at most 1/128 of its value wide, so that a quantile is wrong by 0.4 % at most.
 * Source: Gil Tene's HdrHistogram (hdrhistogram.org). Pure functions; a histogram is used by one
 * thread at a time. */
#ifndef GILSCOPE_HISTOGRAM_H
#define GILSCOPE_HISTOGRAM_H

#include <stddef.h>
#include <stdint.h>

enum {
    HISTOGRAM_STEPS = 128, /* buckets within a power of two */
    HISTOGRAM_BITS = 42,   /* longer than 2^42 ns, 73 minutes, counts as just that */
    HISTOGRAM_BUCKETS = HISTOGRAM_STEPS * (HISTOGRAM_BITS - 7 + 1)
};

struct histogram {
    uint64_t count;      /* values entered */
    uint64_t longest_ns; /* exact */
    uint64_t buckets[HISTOGRAM_BUCKETS];
};

void histogram_clear(struct histogram *histogram);
void histogram_enter(struct histogram *histogram, uint64_t ns);
/* As `count` values of ns each: nothing for none. */
void histogram_enter_many(struct histogram *histogram, uint64_t ns, uint64_t count);
/* All that is in `from` goes into `into` too. */
void histogram_add(struct histogram *into, const struct histogram *from);

/* The bucket of a value, and the first value of bucket b; b may be HISTOGRAM_BUCKETS: the end. */
size_t histogram_bucket(uint64_t ns);
uint64_t histogram_from(size_t b);

/* The smallest value, in seconds, that at least this share (above 0, up to 1) of all values do not
 * exceed: the middle of its bucket, at most the longest, which is known itself. NAN where there are none. */
double histogram_quantile(const struct histogram *histogram, double share);

#endif
