/* From a finished run to a sample: see sample.h. */
#include "sample.h"

#include "gilscope/interrupt.h"

#include <math.h>

double sample_rate(const struct sample *sample)
{
    return (double)sample->count / sample->wall_s;
}

double work_s(const struct sample *sample, const struct variant *variant)
{
    return variant->startup_inside ? sample->wall_s - sample->startup_s : sample->wall_s;
}

/* From the first worker's start to the last one's end. One that never set to work, since it is a
 * pool's and got no task, has neither. */
static void span(const struct run *run, double *start_s, double *end_s)
{
    *start_s = INFINITY;
    *end_s = 0;
    for (unsigned w = 0; w < run->threads; w++) {
        const struct worker *worker = &run->workers[w];
        if (worker->start_s != 0) {
            *start_s = fmin(*start_s, worker->start_s);
            *end_s = fmax(*end_s, worker->end_s);
        }
    }
}

/* Who did something began before it ended, and all of it took some time. */
static bool verify_times(const struct plan_case *this_case, const struct run *run,
                         struct error *error)
{
    double start_s, end_s;

    for (unsigned w = 0; w < run->threads; w++) {
        const struct worker *worker = &run->workers[w];
        /* At once is soon enough for a clock that is coarse, and a share that is small. */
        if (worker->start_s != 0 ? worker->end_s < worker->start_s : worker->done > 0) {
            return fail(error,
                        "%s: thread %u of %u worked from %.9f s to %.9f s: this is a bug in "
                        "gilscope, and no result",
                        this_case->variant->name, w + 1, run->threads, worker->start_s,
                        worker->end_s);
        }
    }
    span(run, &start_s, &end_s);
    return end_s > start_s ||
           fail(error, "%s, %u threads: %llu %ss took no time on this clock: no result",
                this_case->variant->name, run->threads, (unsigned long long)run->count,
                run->kernel->unit);
}

/* Every unit of work accounted for, by workers that were all there: or it is no result. */
bool sample_verify(const struct plan_case *this_case, const struct run *run,
                   struct error *error)
{
    uint64_t done = 0;
    unsigned present = 0;

    for (unsigned w = 0; w < run->threads; w++) {
        const struct worker *worker = &run->workers[w];
        if (worker->error.exit_code != EXIT_DONE) {
            *error = worker->error;
            return false;
        }
        present += worker->present;
        done += worker->done;
    }
    if (interrupted()) {
        return fail_signal(error, interrupted());
    }
    if (present < run->threads) {
        return fail(
            error,
            "%s: %u of %u threads came: OpenMP is limited by its environment (see env | "
            "grep OMP_)",
            this_case->variant->name, present, run->threads);
    }
    if (done != run->count || run->leftover != 0) {
        return fail(error,
                    "%s, %u threads: %llu of %llu %ss accounted for, %llu left over: "
                    "this is a bug in gilscope, and no result",
                    this_case->variant->name, run->threads, (unsigned long long)done,
                    (unsigned long long)run->count, run->kernel->unit,
                    (unsigned long long)run->leftover);
    }
    return verify_times(this_case, run, error);
}

/* Work is seen when its chunk is done: chunks as long as windows would look like drift. */
static bool chunks_fit_windows(const struct run *run, double step_s)
{
    return step_s <= run->workers[0].progress.width_s / 8;
}

void sample_take(const struct plan_case *this_case, struct run *run, double step_s,
                 double called_s, struct sample *sample)
{
    double start_s, end_s;

    span(run, &start_s, &end_s);
    *sample = (struct sample){.measured = true,
                              .count = run->count,
                              .chunk = this_case->variant->chunked ? run->chunk : 0,
                              .handoffs = run->handoffs,
                              .redone = run->redone};
    for (unsigned w = 0; w < run->threads; w++) {
        const struct worker *worker = &run->workers[w];
        const struct thread_usage *from = &worker->usage_at_start, *to = &worker->usage_at_end;

        if (worker->start_s == 0) {
            continue;
        }
        sample->cpu_s += to->cpu_s - from->cpu_s;
        sample->voluntary_switches += to->voluntary_switches - from->voluntary_switches;
        sample->involuntary_switches += to->involuntary_switches - from->involuntary_switches;
    }
    sample->wall_s = end_s - start_s;
    sample->startup_s =
        this_case->variant->context != NULL ? run->startup_s : start_s - called_s;
    sample->drift = this_case->variant->chunked && chunks_fit_windows(run, step_s)
                        ? progress_drift(run->workers, run->threads, sample->wall_s)
                        : NAN;
}
