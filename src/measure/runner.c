/* The runner: see runner.h. */
#include "gilscope/runner.h"

#include "gilscope/pauses.h"

#include "checks.h"
#include "held.h"
#include "sample.h"
#include "threads.h"

#include <errno.h>
#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

struct runner {
    const struct plan *plan;
    const struct machine *machine;
    const struct settings *settings;
    unsigned pus;
    double unit_s;      /* one unit of the kernel, running alone */
    double decrement_s; /* one of the countdown, which interpreter work is made of */
    uint64_t held;      /* decrements that make a call settings->held_s longer */
    uint64_t stretch;   /* units between two looks at interrupted() */
    uint64_t call_max;  /* no call is for more units */
    struct checks checks;
    struct shared_line *shared; /* shared[settings->shared_lines] */
    uint64_t *counts;           /* counts[plan->length]: the next repetition of each case */
    struct slot *slots;         /* slots[pin_policy_count][pus] */
    struct worker *workers;     /* workers[plan->threads_max], shared with forked workers */
    struct trace *trace;        /* the caller's, or null */
};

void runner_trace(struct runner *runner, struct trace *trace)
{
    runner->trace = trace;
}

double runner_unit_s(const struct runner *runner)
{
    return runner->unit_s;
}

static bool allocate(struct runner *runner, struct error *error)
{
    size_t workers_size = runner->plan->threads_max * sizeof *runner->workers;

    runner->counts = calloc(runner->plan->length, sizeof *runner->counts);
    runner->slots = calloc(pin_policy_count * runner->pus, sizeof *runner->slots);
    runner->shared = aligned_alloc(_Alignof(struct shared_line),
                                   (runner->settings->shared_lines + 1) *
                                       sizeof *runner->shared); /* never of size 0 */
    if (runner->counts == NULL || runner->slots == NULL || runner->shared == NULL) {
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

/* A number of units, from 1 to as many as --count takes. */
static uint64_t capped(double units)
{
    return units < 1 ? 1 : units > 1e18 ? (uint64_t)1e18 : (uint64_t)units;
}

static uint64_t units_in(double seconds, double unit_s)
{
    return capped(seconds / unit_s);
}

/* How long calls of the kernel are. One that needs a set-up, memory perhaps, gets shorter ones. */
static void choose_sizes(struct runner *runner)
{
    runner->stretch =
        units_in(runner->settings->kernel->set_up != NULL ? 1e-3 : 10e-3, runner->unit_s);
    runner->call_max = runner->stretch;
    for (size_t c = 0; c < runner->plan->length; c++) {
        uint64_t call = runner->plan->cases[c].call;
        runner->call_max = call > runner->call_max ? call : runner->call_max;
    }
}

static bool makes_calls(const struct plan *plan)
{
    for (size_t c = 0; c < plan->length; c++) {
        if (plan->cases[c].call != 0) {
            return true;
        }
    }
    return false;
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
                              .checks = {.kernel = settings->kernel},
                              .pus = machine_facts(machine)->pus};
    if (!threads_check(plan, error) || !allocate(runner, error)) {
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
    if (!kernel_unit_s(settings->kernel, &runner->unit_s, error) ||
        !kernel_unit_s(&kernel_countdown, &runner->decrement_s, error)) {
        runner_close(runner);
        return false;
    }
    choose_sizes(runner);
    if (makes_calls(plan)) {
        runner->held = held_units(settings->held_s, runner->decrement_s, runner->shared,
                                  settings->shared_lines);
    }
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
    free(runner->shared);
    free(runner);
}

/* Interpreter work between two looks at a lock that is looked at by ticks, in calls. */
static unsigned calls_per_look(const struct runner *runner)
{
    const struct settings *settings = runner->settings;
    double chunk_s = settings->chunk != 0
                         ? (double)settings->chunk * runner->decrement_s
                         : settings_chunk_s(settings, settings->lock->by_ticks);
    double calls = chunk_s / settings->held_s;

    return !settings->lock->by_ticks || calls < 1 ? 1 : calls > 1e6 ? 1000000 : (unsigned)calls;
}

/* What the variants that make calls need to know. */
static void prepare_calls(struct runner *runner, const struct plan_case *this_case,
                          struct run *run)
{
    const struct settings *settings = runner->settings;

    run->lock = settings->lock;
    run->held = runner->held;
    run->shared_lines = settings->shared_lines;
    run->shared = runner->shared;
    run->calls_per_look = calls_per_look(runner);
    memset(run->shared, 0, run->shared_lines * sizeof *run->shared);
    for (unsigned w = 0; w < run->threads; w++) {
        uint64_t calls = share_of(run->count / this_case->call, run->threads, w);
        run->workers[w].share = calls * this_case->call;
        run->workers[w].calls_until_look = run->calls_per_look;
    }
}

static unsigned chunks_per_sample(const struct run *run)
{
    /* Eight looks at the clock in each window, by each thread: exact enough, and too few to cost
     * anything. Counted in chunks of the run itself, however slow it is: in a convoy a chunk takes
     * many times what it takes alone. */
    double looks = 8 * 0.75 * PROGRESS_WINDOWS;
    double chunks = (double)run->count / (double)run->chunk / run->threads / looks;
    return chunks < 1 ? 1 : chunks > 1e6 ? 1000000 : (unsigned)chunks;
}

/* The next number of units that is made of whole calls, at least one for each thread. */
static uint64_t whole_calls(uint64_t count, const struct plan_case *this_case)
{
    uint64_t calls = count / this_case->call;

    return this_case->call * (calls < this_case->threads ? this_case->threads : calls);
}

/* Those of ours do the same whether a call is cut or not. */
static bool is_built_in(const struct kernel *kernel)
{
    for (size_t k = 0; k < kernel_count; k++) {
        if (kernels[k] == kernel) {
            return true;
        }
    }
    return false;
}

static void prepare(struct runner *runner, const struct plan_case *this_case, uint64_t count,
                    struct run *run)
{
    const struct settings *settings = runner->settings;
    size_t policy = (size_t)(this_case->pin - pin_policies);

    *run = (struct run){
        .variant = this_case->variant,
        .kernel = settings->kernel,
        .threads = this_case->threads,
        .count = count,
        .chunk = settings->chunk != 0
                     ? settings->chunk
                     : units_in(settings_chunk_s(settings, this_case->variant->by_ticks),
                                runner->unit_s),
        .tasks = this_case->tasks,
        .stretch = runner->stretch,
        .cuts_calls = is_built_in(settings->kernel),
        .call_max = runner->call_max,
        .gil_config = {settings->switch_interval_s, runner->trace},
        .machine = runner->machine,
        .slots = this_case->pin->binds ? &runner->slots[policy * runner->pus] : NULL,
        .slot_count = runner->pus,
        .workers = runner->workers,
        .startup_s = NAN,
    };
    if (this_case->call != 0) {
        run->count = whole_calls(count, this_case);
        run->chunk = this_case->call;
    }
    /* Three quarters of the windows, if all goes as planned. */
    double expected_s =
        settings->count != 0 ? (double)count * runner->unit_s : settings->time_s;
    double width_s = expected_s / (0.75 * PROGRESS_WINDOWS);
    run->chunks_per_sample = chunks_per_sample(run);
    for (unsigned w = 0; w < run->threads; w++) {
        run->workers[w] =
            (struct worker){.run = run,
                            .id = w,
                            .chunks_until_sample = run->chunks_per_sample,
                            .share = share_of(count, run->threads, w),
                            .trace = runner->trace == NULL ? NULL : &runner->trace->buffers[w],
                            .progress = {.width_s = width_s}};
    }
    if (this_case->call != 0) {
        prepare_calls(runner, this_case, run);
    }
}

static bool verify_checksums(struct runner *runner, const struct run *run, struct error *error)
{
    for (unsigned w = 0; w < run->threads; w++) {
        if (!checks_verify(&runner->checks, &run->workers[w], error)) {
            return false;
        }
    }
    return true;
}

/* About what a chunk takes, or a call with the interpreter's work before it. */
static double step_s(const struct runner *runner, const struct plan_case *this_case,
                     uint64_t chunk)
{
    return this_case->call == 0
               ? (double)chunk * runner->unit_s
               : (double)this_case->call * runner->unit_s + runner->settings->held_s;
}

/* The run itself, between the trace's two looks at the clocks. */
static bool run_traced(const struct runner *runner, const struct plan_case *this_case,
                       struct run *run, struct error *error)
{
    if (runner->trace != NULL) {
        trace_begin(runner->trace);
    }
    bool done = this_case->variant->run(run, error);
    if (runner->trace != NULL) {
        trace_end(runner->trace);
    }
    return done;
}

/* *died: a worker did, and the run is no measurement: then there is no sample. */
static bool run_once(struct runner *runner, size_t c, uint64_t count, struct sample *sample,
                     bool *died, struct error *error)
{
    const struct plan_case *this_case = &runner->plan->cases[c];
    struct run run;

    prepare(runner, this_case, count, &run);
    if (!runner_rest(runner, error)) {
        return false;
    }
    double called_s = clock_now();
    if (!run_traced(runner, this_case, &run, error)) {
        return false;
    }
    *died = run.spoilt;
    if (run.spoilt) {
        return interrupted() ? fail_signal(error, interrupted()) : true;
    }
    if (!sample_verify(this_case, &run, error) || !verify_checksums(runner, &run, error)) {
        return false;
    }
    sample_take(this_case, &run, step_s(runner, this_case, run.chunk), called_s, sample);
    return true;
}

/* Once, and in one go: a program that was stopped meanwhile looks slow, and is not; and a process
 * that dies takes its account along of what it did. */
static bool run_whole(struct runner *runner, size_t c, uint64_t count, struct sample *sample,
                      struct error *error)
{
    struct attempt attempt = {0};
    unsigned redone = 0; /* tasks, all those of a run that a death spoilt */
    bool done;

    do {
        attempt_begin(&attempt);
        done = run_once(runner, c, count, sample, &attempt.died, error);
        redone += attempt.died ? runner->plan->cases[c].tasks : 0;
    } while (attempt_again(&attempt, &done, error));
    if (done) {
        sample->redone += redone;
    }
    return done;
}

double repetition_s(const struct variant *variant, const struct settings *settings)
{
    return fmax(settings->time_s, 1.1 * variant->least_s);
}

/* Repetitions last about settings->time_s: the next one is sized after this one's speed, but
 * not all at once: this one may have been disturbed. */
static void resize(struct runner *runner, size_t c, const struct sample *sample)
{
    const struct settings *settings = runner->settings;
    const struct variant *variant = runner->plan->cases[c].variant;
    double rate = (double)sample->count / work_s(sample, variant);
    double wanted = repetition_s(variant, settings) * rate, now = (double)runner->counts[c];

    if (settings->count == 0) {
        double next = fmin(fmax(wanted, now / 2), now * 2);
        /* Where there is a least they shrink only little by little: one that comes out shorter is
         * made again. */
        runner->counts[c] = capped(variant->least_s > 0 ? fmax(next, 0.9 * now) : next);
    }
}

/* Of what we know nothing a little, so that it has to be waited for only shortly if it hangs. */
static uint64_t first_count(const struct runner *runner, const struct plan_case *this_case)
{
    double time_s = runner->settings->time_s / 50;

    if (this_case->variant->context != NULL) {
        return 100000;
    }
    return this_case->call == 0
               ? units_in(time_s, runner->unit_s)
               : this_case->call * units_in(time_s, step_s(runner, this_case, 0));
}

bool runner_warm_up(struct runner *runner, size_t c, struct error *error)
{
    enum { ROUNDS = 12 }; /* each grows up to twentyfold: whoever needs more never gets there */
    const struct settings *settings = runner->settings;
    const struct variant *variant = runner->plan->cases[c].variant;
    double enough_s = repetition_s(variant, settings) / 5;
    uint64_t most = settings->count != 0 ? settings->count : UINT64_MAX;
    uint64_t count = first_count(runner, &runner->plan->cases[c]);
    struct sample sample;

    for (int round = 1;; round++) {
        count = count < most ? count : most;
        if (!run_whole(runner, c, count, &sample, error)) {
            return false;
        }
        double took_s = work_s(&sample, variant);
        if (took_s >= enough_s || count == most || round == ROUNDS) {
            break;
        }
        double factor = enough_s / fmax(took_s, 1e-7) * 1.2;
        count = capped((double)count * fmin(fmax(factor, 1.5), 20) + 1);
    }
    double rate = (double)sample.count / work_s(&sample, variant);
    runner->counts[c] =
        settings->count != 0 ? settings->count : capped(repetition_s(variant, settings) * rate);
    return true;
}

/* Shorter than its variant's least time, though its length is ours to choose? Then the next one is
 * as long as this speed asks for. */
static bool was_too_short(struct runner *runner, size_t c, const struct sample *sample)
{
    const struct variant *variant = runner->plan->cases[c].variant;
    double took_s = work_s(sample, variant);

    if (runner->settings->count != 0 || took_s >= variant->least_s) {
        return false;
    }
    runner->counts[c] =
        capped(repetition_s(variant, runner->settings) * (double)sample->count / took_s);
    return true;
}

bool runner_measure(struct runner *runner, size_t c, struct sample *sample, struct error *error)
{
    for (int again = 0;; again++) {
        if (!run_whole(runner, c, runner->counts[c], sample, error)) {
            return false;
        }
        if (again == 3 || !was_too_short(runner, c, sample)) {
            break;
        }
    }
    resize(runner, c, sample);
    return true;
}
