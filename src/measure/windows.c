/* Progress in windows of time, and whether it was stationary: see struct progress in run.h.
 * A lock convoy is metastable: it forms at the first collision and then stays, so that a run
 * can begin as one thing and end as another. */
#include "gilscope/runner.h"

#include <math.h>

void progress_widen(struct progress *progress)
{
    for (int w = 0; w < PROGRESS_WINDOWS; w++) {
        progress->units[w] =
            w < PROGRESS_WINDOWS / 2 ? progress->units[2 * w] + progress->units[2 * w + 1] : 0;
    }
    progress->width_s *= 2;
}

void progress_enter(struct progress *progress, double elapsed_s, uint64_t done)
{
    while (elapsed_s >= progress->width_s * PROGRESS_WINDOWS) {
        progress_widen(progress);
    }
    progress->units[(int)(elapsed_s / progress->width_s)] += done - progress->seen;
    progress->seen = done;
}

static double sum_windows(const struct worker *workers, unsigned n, int from, int to)
{
    double sum = 0;

    for (unsigned i = 0; i < n; i++) {
        for (int w = from; w < to; w++) {
            sum += (double)workers[i].progress.units[w];
        }
    }
    return sum;
}

double progress_drift(struct worker *workers, unsigned n, double wall_s)
{
    enum { LEAST = 8 };
    double width_s = 0;

    for (unsigned i = 0; i < n; i++) {
        width_s = fmax(width_s, workers[i].progress.width_s);
    }
    for (unsigned i = 0; i < n; i++) {
        while (workers[i].progress.width_s < width_s) {
            progress_widen(&workers[i].progress);
        }
    }
    /* The last window is not a full one; some samples may lie behind it. */
    int full = (int)fmin(wall_s / width_s, PROGRESS_WINDOWS), quarter = full / 4;
    if (full < LEAST) {
        return NAN;
    }
    double first = sum_windows(workers, n, 0, quarter);
    double last = sum_windows(workers, n, full - quarter, full);
    return first > 0 ? last / first - 1 : last > 0 ? 1 : NAN;
}
