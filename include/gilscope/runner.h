/* The runner: takes cases one after the other, each sized, run, verified, turned into a
 * sample. Uses OpenMP and forks; to be called from the main thread only. */
#ifndef GILSCOPE_RUNNER_H
#define GILSCOPE_RUNNER_H

#include "gilscope/plan.h"

/* What one repetition of a case gave. */
struct sample {
    bool measured;
    uint64_t count; /* units done, all verified */
    uint64_t chunk; /* units; 0 where the variant does not work in chunks */
    double wall_s;  /* from the first worker's start to the last one's end */
    double cpu_s;   /* of all workers together */
    double
        startup_s; /* from the call of the variant to the first worker's start; for variants with
                         startup_inside the part of wall_s that is not work; NAN: not known */
    uint64_t handoffs;
    uint64_t voluntary_switches, involuntary_switches;
    double drift; /* how much faster the last quarter was than the first: 0.1 is 10 %; NAN where
                     progress is not sampled or was too short */
    unsigned redone; /* tasks done again because a worker of the pool died */
};

/* Beyond this the first and the last part of a run are not the same thing. */
#define DRIFT_LIMIT 0.10

/* sample->count / sample->wall_s, units a second. */
double sample_rate(const struct sample *sample);

/* The part of the sample's time in which the work was done: all of it, but for a variant whose
 * time contains its start-up. */
double work_s(const struct sample *sample, const struct variant *variant);

struct runner; /* opaque */

/* A runner for the plan's cases. Checks that OpenMP will give as many threads as the largest
 * case needs, allocates all that runs will need, and measures the speed of one decrement.
 * *out is the caller's, to be given to runner_close. machine and settings must outlive it. */
bool runner_open(struct runner **out, const struct plan *plan, const struct machine *machine,
                 const struct settings *settings, struct error *error);
void runner_close(struct runner *runner);

/* Seconds a unit, as measured by runner_open: for planning, not for reporting. */
double runner_unit_s(const struct runner *runner);

/* Ends OpenMP's threads and undoes the caller's binding: every repetition starts from here, as
 * the article's programs do. So start-up is what it says, no idle OpenMP thread spins beside
 * what comes next (OMP_WAIT_POLICY=active), and the pool forks a process of one thread. */
bool runner_rest(const struct runner *runner, struct error *error);

/* Binds the caller as the first baseline of the plan is bound: what is measured beside it is
 * then measured on the same core. */
bool runner_bind_like_baseline(const struct runner *runner, struct error *error);

/* How long a repetition of the variant is to last: the time that settings ask for; what has to last a
 * time at least is aimed above it, since speeds vary. What comes out shorter is done again. */
double repetition_s(const struct variant *variant, const struct settings *settings);

/* Brings case c to its working size: the warm-up. Its samples do not count. */
bool runner_warm_up(struct runner *runner, size_t c, struct error *error);

/* One repetition. False: it failed, did not verify or was interrupted (fail_signal), and
 * *sample is not to be used. */
bool runner_measure(struct runner *runner, size_t c, struct sample *sample,
                    struct error *error);

/* Compares the last with the first quarter of the full windows of workers[n], which ran for
 * wall_s. NAN where there are fewer than 8. Changes the workers' windows. */
double progress_drift(struct worker *workers, unsigned n, double wall_s);

#endif
