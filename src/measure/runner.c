/* The runner: see runner.h. */
#include "gilscope/runner.h"

#include "gilscope/interrupt.h"

#include <errno.h>
#include <math.h>
#include <omp.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

struct runner {
    const struct plan *plan;
    const struct machine *machine;
    const struct settings *settings;
    unsigned pus;
    double unit_s;          /* one unit of the kernel, running alone */
    uint64_t *counts;       /* counts[plan->length]: the next repetition of each case */
    struct slot *slots;     /* slots[pin_policy_count][pus] */
    struct worker *workers; /* workers[plan->threads_max], shared with forked workers */
};

double sample_rate(const struct sample *sample)
{
    return (double)sample->count / sample->wall_s;
}

double work_s(const struct sample *sample, const struct variant *variant)
{
    return variant->startup_inside ? sample->wall_s - sample->startup_s : sample->wall_s;
}

double runner_unit_s(const struct runner *runner)
{
    return runner->unit_s;
}

static double smaller(double a, double b)
{
    return a < b ? a : b;
}

/* The quickest of a few short runs: only for planning, so that a neighbour's noise must not
 * make it large. */
static double measure_unit_s(const struct kernel *kernel)
{
    enum { TRIES = 7 };
    uint64_t units = 1000;
    double best_s = INFINITY;

    for (int i = 0; i < TRIES;) {
        double start_s = clock_now();
        kernel->run(units);
        double wall_s = clock_now() - start_s;
        if (wall_s < 1e-3) {
            units *= 2;
            continue;
        }
        best_s = smaller(best_s, wall_s / (double)units);
        i++;
    }
    return best_s;
}

/* Fewer threads than asked for would be a row that says what is not so. */
static bool check_thread_limit(const struct plan *plan, struct error *error)
{
    int limit = omp_get_thread_limit();

    if (omp_get_max_active_levels() < 1) {
        omp_set_max_active_levels(1); /* OMP_MAX_ACTIVE_LEVELS=0: teams of one */
    }
    omp_set_dynamic(0);
    if (limit >= (int)plan->threads_max) {
        return true;
    }
    return fail(error,
                "OpenMP gives at most %d threads here, %u are asked for: unset "
                "OMP_THREAD_LIMIT, or ask for fewer (--threads)",
                limit, plan->threads_max);
}

static void *wait_for_all(void *gate)
{
    pthread_mutex_lock(gate);
    pthread_mutex_unlock(gate);
    return NULL;
}

static unsigned threads_needed(const struct plan *plan)
{
    unsigned most = 1;

    for (size_t c = 0; c < plan->length; c++) {
        if (!plan->cases[c].variant->forks && plan->cases[c].threads > most) {
            most = plan->cases[c].threads;
        }
    }
    return most;
}

/* Starts as many threads as the largest case, at once, and ends them: where the system will not
 * give them, libgomp would end the program in the middle of a run. */
static bool try_threads(const struct plan *plan, struct error *error)
{
    pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
    unsigned count = threads_needed(plan), started = 0;
    pthread_t *threads = calloc(count, sizeof *threads);
    int failed = 0;

    if (threads == NULL) {
        return fail(error, "out of memory for %u threads", count);
    }
    pthread_mutex_lock(&gate);
    while (started + 1 < count && failed == 0) { /* the caller is one of them */
        failed = pthread_create(&threads[started], NULL, wait_for_all, &gate);
        started += failed == 0;
    }
    pthread_mutex_unlock(&gate);
    for (unsigned t = 0; t < started; t++) {
        pthread_join(threads[t], NULL);
    }
    free(threads);
    return failed == 0 ||
           fail(error,
                "the system gives %u threads of %u: %s; see ulimit -u and -v, or ask for fewer "
                "(--threads)",
                started + 1, count, strerror(failed));
}

static bool allocate(struct runner *runner, struct error *error)
{
    size_t workers_size = runner->plan->threads_max * sizeof *runner->workers;

    runner->counts = calloc(runner->plan->length, sizeof *runner->counts);
    runner->slots = calloc(pin_policy_count * runner->pus, sizeof *runner->slots);
    if (runner->counts == NULL || runner->slots == NULL) {
        return fail(error, "out of memory for %zu cases", runner->plan->length);
    }
    runner->workers =
        mmap(NULL, workers_size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (runner->workers == MAP_FAILED) {
        runner->workers = NULL;
        return fail(error, "no memory for %u threads: %s", runner->plan->threads_max,
                    strerror(errno));
    }
    return true;
}

bool runner_rest(const struct runner *runner, struct error *error)
{
    /* Soft: libgomp ends its threads for both kinds of pause; libomp's hard kind leaves dangling
     * locks behind `omp critical`, its soft kind puts the threads to sleep. */
    omp_pause_resource_all(omp_pause_soft);
    return machine_bind(runner->machine, NULL, error);
}

bool runner_bind_like_baseline(const struct runner *runner, struct error *error)
{
    const struct pin_policy *pin = runner->plan->cases[0].pin;
    size_t policy = (size_t)(pin - pin_policies);

    return machine_bind(runner->machine,
                        pin->binds ? &runner->slots[policy * runner->pus] : NULL, error);
}

bool runner_open(struct runner **out, const struct plan *plan, const struct machine *machine,
                 const struct settings *settings, struct error *error)
{
    struct runner *runner = calloc(1, sizeof *runner);

    *out = NULL;
    if (runner == NULL) {
        return fail(error, "out of memory");
    }
    *runner = (struct runner){.plan = plan,
                              .machine = machine,
                              .settings = settings,
                              .pus = machine_facts(machine)->pus};
    if (!check_thread_limit(plan, error) || !try_threads(plan, error) ||
        !allocate(runner, error)) {
        runner_close(runner);
        return false;
    }
    for (size_t p = 0; p < pin_policy_count; p++) {
        machine_slots(machine, &pin_policies[p], &runner->slots[p * runner->pus]);
    }
    if (!runner_rest(runner, error) || !runner_bind_like_baseline(runner, error)) {
        runner_close(runner);
        return false;
    }
    runner->unit_s = measure_unit_s(&kernel_countdown);
    *out = runner;
    return true;
}

void runner_close(struct runner *runner)
{
    if (runner == NULL) {
        return;
    }
    if (runner->workers != NULL) {
        munmap(runner->workers, runner->plan->threads_max * sizeof *runner->workers);
    }
    free(runner->counts);
    free(runner->slots);
    free(runner);
}

/* A number of units, from 1 to as many as --count takes. */
static uint64_t capped(double units)
{
    return units < 1 ? 1 : units > 1e18 ? (uint64_t)1e18 : (uint64_t)units;
}

static uint64_t units_in(double seconds, double unit_s)
{
    return capped(seconds / unit_s);
}

static unsigned chunks_per_sample(const struct runner *runner, const struct run *run,
                                  double width_s)
{
    /* Eight looks at the clock in each window, by all threads together: exact enough, and too
     * few to cost anything. */
    double chunks = width_s / 8 / ((double)run->chunk * runner->unit_s) / run->threads;
    return chunks < 1 ? 1 : chunks > 1e6 ? 1000000 : (unsigned)chunks;
}

static void prepare(struct runner *runner, const struct plan_case *this_case, uint64_t count,
                    struct run *run)
{
    const struct settings *settings = runner->settings;
    size_t policy = (size_t)(this_case->pin - pin_policies);

    *run = (struct run){
        .variant = this_case->variant,
        .kernel = &kernel_countdown,
        .threads = this_case->threads,
        .count = count,
        .chunk = settings->chunk != 0 ? settings->chunk
                                      : units_in(settings->chunk_s, runner->unit_s),
        .tasks = this_case->tasks,
        .stretch = units_in(10e-3, runner->unit_s),
        .gil_config = {.switch_interval_s = settings->switch_interval_s},
        .machine = runner->machine,
        .slots = this_case->pin->binds ? &runner->slots[policy * runner->pus] : NULL,
        .slot_count = runner->pus,
        .workers = runner->workers,
        .startup_s = NAN,
    };
    /* Three quarters of the windows, if all goes as planned. */
    double expected_s =
        settings->count != 0 ? (double)count * runner->unit_s : settings->time_s;
    double width_s = expected_s / (0.75 * PROGRESS_WINDOWS);
    run->chunks_per_sample = chunks_per_sample(runner, run, width_s);
    for (unsigned w = 0; w < run->threads; w++) {
        run->workers[w] = (struct worker){.run = run,
                                          .id = w,
                                          .chunks_until_sample = run->chunks_per_sample,
                                          .share = share_of(count, run->threads, w),
                                          .progress = {.width_s = width_s}};
    }
}

/* Every unit of work accounted for, by workers that were all there: or it is no result. */
static bool verify(const struct plan_case *this_case, const struct run *run,
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
                    "%s, %u threads: %llu of %llu decrements accounted for, %llu left over: "
                    "this is a bug in gilscope, and no result",
                    this_case->variant->name, run->threads, (unsigned long long)done,
                    (unsigned long long)run->count, (unsigned long long)run->leftover);
    }
    return true;
}

/* Work is seen when its chunk is done: chunks as long as windows would look like drift. */
static bool chunks_fit_windows(const struct run *run, double unit_s)
{
    return (double)run->chunk * unit_s <= run->workers[0].progress.width_s / 8;
}

static void take_sample(const struct plan_case *this_case, struct run *run, double unit_s,
                        double called_s, struct sample *sample)
{
    double start_s = INFINITY, end_s = 0;

    *sample = (struct sample){.measured = true,
                              .count = run->count,
                              .chunk = this_case->variant->chunked ? run->chunk : 0,
                              .handoffs = run->handoffs,
                              .redone = run->redone};
    for (unsigned w = 0; w < run->threads; w++) {
        const struct worker *worker = &run->workers[w];
        const struct thread_usage *from = &worker->usage_at_start, *to = &worker->usage_at_end;

        if (worker->start_s == 0) {
            continue; /* a worker of a pool that got no task */
        }
        start_s = smaller(start_s, worker->start_s);
        end_s = fmax(end_s, worker->end_s);
        sample->cpu_s += to->cpu_s - from->cpu_s;
        sample->voluntary_switches += to->voluntary_switches - from->voluntary_switches;
        sample->involuntary_switches += to->involuntary_switches - from->involuntary_switches;
    }
    sample->wall_s = end_s - start_s;
    sample->startup_s =
        this_case->variant->context != NULL ? run->startup_s : start_s - called_s;
    sample->drift = this_case->variant->chunked && chunks_fit_windows(run, unit_s)
                        ? progress_drift(run->workers, run->threads, sample->wall_s)
                        : NAN;
}

static bool run_once(struct runner *runner, size_t c, uint64_t count, struct sample *sample,
                     struct error *error)
{
    const struct plan_case *this_case = &runner->plan->cases[c];
    struct run run;

    prepare(runner, this_case, count, &run);
    if (!runner_rest(runner, error)) {
        return false;
    }
    double called_s = clock_now();
    if (!this_case->variant->run(&run, error) || !verify(this_case, &run, error)) {
        return false;
    }
    take_sample(this_case, &run, runner->unit_s, called_s, sample);
    return true;
}

/* How long a repetition of the variant is to last. What has to last a time at least is aimed a bit
 * above it. */
static double time_of(const struct runner *runner, const struct variant *variant)
{
    return fmax(runner->settings->time_s, 1.02 * variant->least_s);
}

/* Repetitions last about settings->time_s: the next one is sized after this one's speed, but
 * not all at once: this one may have been disturbed. */
static void resize(struct runner *runner, size_t c, const struct sample *sample)
{
    const struct settings *settings = runner->settings;
    const struct variant *variant = runner->plan->cases[c].variant;
    double rate = (double)sample->count / work_s(sample, variant);
    double wanted = time_of(runner, variant) * rate, now = (double)runner->counts[c];

    if (settings->count == 0) {
        double next = fmin(fmax(wanted, now / 2), now * 2);
        /* Where there is a least: long enough at the best speed seen, so at any other. */
        runner->counts[c] = capped(variant->least_s > 0 ? fmax(next, now) : next);
    }
}

bool runner_warm_up(struct runner *runner, size_t c, struct error *error)
{
    const struct settings *settings = runner->settings;
    const struct variant *variant = runner->plan->cases[c].variant;
    double enough_s = time_of(runner, variant) / 5;
    uint64_t most = settings->count != 0 ? settings->count : UINT64_MAX;
    uint64_t count = units_in(settings->time_s / 50, runner->unit_s);
    struct sample sample;

    for (;;) {
        count = count < most ? count : most;
        if (!run_once(runner, c, count, &sample, error)) {
            return false;
        }
        double took_s = work_s(&sample, variant);
        if (took_s >= enough_s || count == most) {
            break;
        }
        double factor = enough_s / fmax(took_s, 1e-7) * 1.2;
        count = capped((double)count * fmin(fmax(factor, 1.5), 20) + 1);
    }
    double rate = (double)sample.count / work_s(&sample, variant);
    runner->counts[c] =
        settings->count != 0 ? settings->count : capped(time_of(runner, variant) * rate);
    return true;
}

bool runner_measure(struct runner *runner, size_t c, struct sample *sample, struct error *error)
{
    if (!run_once(runner, c, runner->counts[c], sample, error)) {
        return false;
    }
    resize(runner, c, sample);
    return true;
}
