/* Summaries: see summary.h. */
#include "gilscope/summary.h"

#include <math.h>
#include <stdlib.h>

bool samples_make(struct samples *samples, const struct plan *plan, unsigned reps,
                  struct error *error)
{
    *samples = (struct samples){.plan = plan, .reps = reps};
    samples->at = calloc(plan->length * reps, sizeof *samples->at);
    return samples->at != NULL ||
           fail(error, "out of memory for %u repetitions of %zu cases", reps, plan->length);
}

void samples_free(struct samples *samples)
{
    free(samples->at);
    samples->at = NULL;
}

struct sample *sample_at(const struct samples *samples, size_t c, unsigned rep)
{
    return &samples->at[c * samples->reps + rep];
}

double paired_speedup(const struct samples *samples, size_t c, unsigned rep)
{
    const struct sample *sample = sample_at(samples, c, rep);
    const struct sample *baseline = sample_at(samples, samples->plan->cases[c].baseline, rep);

    return sample->measured && baseline->measured ? sample_rate(sample) / sample_rate(baseline)
                                                  : NAN;
}

/* What can be asked of one repetition. */
typedef double (*quantity)(const struct samples *samples, size_t c, unsigned rep);

static double wall_s(const struct samples *samples, size_t c, unsigned rep)
{
    return sample_at(samples, c, rep)->wall_s;
}

static double rate(const struct samples *samples, size_t c, unsigned rep)
{
    return sample_rate(sample_at(samples, c, rep));
}

static double cores_busy(const struct samples *samples, size_t c, unsigned rep)
{
    return sample_at(samples, c, rep)->cpu_s / wall_s(samples, c, rep);
}

static double handoffs_per_s(const struct samples *samples, size_t c, unsigned rep)
{
    return (double)sample_at(samples, c, rep)->handoffs / wall_s(samples, c, rep);
}

static double switches_per_s(const struct samples *samples, size_t c, unsigned rep)
{
    const struct sample *sample = sample_at(samples, c, rep);
    return (double)(sample->voluntary_switches + sample->involuntary_switches) / sample->wall_s;
}

static double startup_s(const struct samples *samples, size_t c, unsigned rep)
{
    return sample_at(samples, c, rep)->startup_s;
}

static struct estimate estimate(const struct samples *samples, size_t c, quantity of,
                                double *scratch)
{
    size_t n = 0;

    for (unsigned rep = 0; rep < samples->reps; rep++) {
        double value = sample_at(samples, c, rep)->measured ? of(samples, c, rep) : NAN;
        if (!isnan(value)) {
            scratch[n++] = value;
        }
    }
    return estimate_median(scratch, n);
}

struct summary summarise(const struct samples *samples, size_t c, double *scratch)
{
    const struct plan_case *of = &samples->plan->cases[c];
    struct estimate rates = estimate(samples, c, rate, scratch);
    struct summary summary = {
        .of = of,
        .reps = (unsigned)rates.n,
        .wall_s = estimate(samples, c, wall_s, scratch).median,
        .rate = rates.median,
        .speedup = estimate(samples, c, paired_speedup, scratch),
        .cores_busy = estimate(samples, c, cores_busy, scratch).median,
        .handoffs_per_s = estimate(samples, c, handoffs_per_s, scratch).median,
        .switches_per_s = estimate(samples, c, switches_per_s, scratch).median,
        .startup_s = estimate(samples, c, startup_s, scratch).median,
    };

    summary.efficiency = summary.speedup.median / of->threads;
    summary.karp_flatt = karp_flatt(summary.speedup.median, of->threads);
    /* The baseline is 1 in every block: its own noise shows in its rate. */
    summary.noisy =
        relative_half_width(of->baseline == c ? rates : summary.speedup) > NOISY_LIMIT;
    for (unsigned rep = 0; rep < samples->reps; rep++) {
        const struct sample *sample = sample_at(samples, c, rep);
        summary.drifting += sample->measured && fabs(sample->drift) > DRIFT_LIMIT;
    }
    summary.drifts = summary.drifting > 0 && 2 * summary.drifting >= summary.reps;
    return summary;
}

bool anything_measured(const struct summary *summaries, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (summaries[i].reps > 0) {
            return true;
        }
    }
    return false;
}
