/* Where a curve over call lengths comes to a level for good. Pure functions, thread-safe.
 *
 * A crossing is a length in seconds: the first from which the curve is at least the level at all
 * lengths measured up to the last one. A curve that dips under the level later has not crossed it
 * yet: who releases the lock above the length told must not lose at a longer one. Two outcomes are
 * no lengths, and are written as values that sort as they should, so that order statistics hold and
 * medians are honest:
 *   - always, from the shortest length on: the shortest length, and means "there or before";
 *   - never, up to the longest: INFINITY, and means "beyond". */
#ifndef GILSCOPE_CROSSING_H
#define GILSCOPE_CROSSING_H

#include "gilscope/parse.h"
#include "gilscope/statistics.h"

#include <stdbool.h>
#include <stddef.h>

/* The crossing of curve[n] over lengths[n], which ascend and are above 0; between two of them the
 * curve is a line over the logarithm of the length. NAN where n is 0 or a value is NAN. */
double crossing(const double *lengths, const double *curve, size_t n, double level);

/* The non-decreasing curve nearest to curve[n], least squares, in its place (pool adjacent violators:
 * Ayer et al., "An Empirical Distribution Function for Sampling with Incomplete Information",
 * Annals of Mathematical Statistics 26, 1955). For what can only grow with the length: a dip at a
 * long one is noise then, and must not hide where the level is reached. n: at most LENGTHS_MAX. */
void make_ascending(double *curve, size_t n);

enum crossing_outcome { CROSSES_ALWAYS, CROSSES_AT, CROSSES_NEVER };

/* What a crossing, or the end of an interval of crossings, says; shortest: lengths[0]. */
enum crossing_outcome crossing_outcome(double value, double shortest);

/* Too wide to act on: open, or over more than a factor of ten, or with one end outside of what was
 * measured and the other a factor of ten away from that side, or of fewer values than an interval
 * needs. */
bool crossing_is_vague(struct estimate estimate, double shortest, double longest);

/* The interval spans everything: from the shortest length or before to beyond the longest. */
bool crossing_is_open(struct estimate estimate, double shortest);

/* y at x on the line through (x0, y0) and (x1, y1), x and y both on logarithmic axes, all above 0.
 * y0 where x0 == x1; INFINITY where x is. */
double interpolate_logs(double x, double x0, double y0, double x1, double y1);

#endif
