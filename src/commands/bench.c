/* gilscope bench: the countdown under every variant, in shuffled blocks. */
#include "bench.h"

#include "gilscope/clock.h"
#include "gilscope/guard.h"
#include "gilscope/interrupt.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* More would not fit the memory that a benchmark may take beside what it measures. */
enum { SAMPLES_MAX = 4000000 };

static bool allocate(struct bench *bench, struct error *error)
{
    size_t cases = bench->plan.length, reps = bench->settings->reps;

    if (cases * reps > SAMPLES_MAX) {
        return fail_usage(error,
                          "--threads, --pin, --variant, --reps: %zu cases × %zu blocks are "
                          "more than %d repetitions",
                          cases, reps, SAMPLES_MAX);
    }
    bench->pairs = calloc(cases, sizeof *bench->pairs);
    bench->summaries = calloc(cases, sizeof *bench->summaries);
    bench->order = calloc(cases + REFERENCE_COUNT, sizeof *bench->order);
    bench->measured = calloc(cases, sizeof *bench->measured);
    bench->scratch = calloc(reps, sizeof *bench->scratch);
    bench->references = calloc(REFERENCE_COUNT * reps, sizeof *bench->references);
    if (bench->pairs == NULL || bench->summaries == NULL || bench->order == NULL ||
        bench->measured == NULL || bench->scratch == NULL || bench->references == NULL) {
        return fail(error, "out of memory for %zu cases", cases);
    }
    for (size_t i = 0; i < REFERENCE_COUNT * reps; i++) {
        bench->references[i] = NAN;
    }
    return samples_make(&bench->samples, &bench->plan, (unsigned)reps, error);
}

/* A line on stderr. */
static void tell(const char *line)
{
    fprintf(stderr, "gilscope: %s\n", line);
}

/* Interpreters run unpinned, some can do nothing else: without --pin their models do so too, or
 * there would be nothing to set them beside. */
static void choose_pins(struct bench *bench)
{
    for (size_t p = 0; bench->interpreters.length > 0 && p < pin_policy_count; p++) {
        if (!bench->chosen.pins_given && !pin_policies[p].binds) {
            bench->chosen.pins |= 1U << p;
        }
    }
}

/* What was asked for by name and cannot be had with this kernel is told. */
static void tell_left_out(const struct settings *settings)
{
    char line[160];

    if (settings->kernel == &kernel_countdown) {
        return;
    }
    if (settings->python != NULL && strcmp(settings->python, "none") != 0) {
        snprintf(line, sizeof line,
                 "left out: --python, for interpreters run the countdown, and not %s",
                 settings->kernel->name);
        tell(line);
    }
    for (size_t v = 0; v < variant_count && settings->variants_given; v++) {
        if (settings->variants >> v & 1 && variants[v]->counts) {
            snprintf(line, sizeof line,
                     "left out: %s, which counts down itself, and runs no %s",
                     variants[v]->name, settings->kernel->name);
            tell(line);
        }
    }
}

static bool open_interpreters(struct bench *bench, struct error *error)
{
    const struct settings *settings = bench->settings;
    const char *wanted =
        settings->kernel == &kernel_countdown ? interpreters_wanted(settings) : "none";

    tell_left_out(settings);
    if (!interpreters_open(&bench->interpreters, wanted, false, tell, error)) {
        return false;
    }
    choose_pins(bench);
    return true;
}

static bool prepare(struct bench *bench, struct error *error)
{
    const struct settings *settings = bench->settings;

    bench->progress = progress_line(settings->quiet);
    bench->start_s = clock_now();
    bench->cpu_at_start = cpu_time_now();
    if (!machine_open(&bench->machine, NULL, error) || !interrupt_install(error)) {
        return false;
    }
    if (!machine_facts(bench->machine)->is_this_machine) {
        return fail_usage(error,
                          "HWLOC_XMLFILE or HWLOC_SYNTHETIC names another machine: bench can "
                          "only run on this one ('gilscope topo' plans for others)");
    }
    const struct machine_facts *facts = machine_facts(bench->machine);
    return open_interpreters(bench, error) && plan_make(&bench->plan, settings, facts, error) &&
           interpreters_plan(&bench->interpreters, &bench->plan, settings, facts, error) &&
           allocate(bench, error) &&
           runner_open(&bench->runner, &bench->plan, bench->machine, settings, error) &&
           results_open(&bench->results, settings->output, bench->plan.length, settings->csv,
                        error) &&
           (bench->interpreters.length == 0 ||
            results_open_fidelity(&bench->results, settings->output, error));
}

static void release(struct bench *bench)
{
    results_close(&bench->results);
    runner_close(bench->runner);
    samples_free(&bench->samples);
    plan_free(&bench->plan);
    interpreters_close(&bench->interpreters);
    machine_close(bench->machine);
    free(bench->pairs);
    free(bench->summaries);
    free(bench->order);
    free(bench->measured);
    free(bench->scratch);
    free(bench->references);
}

/* What runs now, for the progress line. */
static void show_progress(struct bench *bench, unsigned rep, size_t place, const char *what)
{
    size_t in_block = bench->plan.length + REFERENCE_COUNT;
    double share =
        (double)(rep * in_block + place) / (double)(bench->settings->reps * in_block);
    double elapsed_s = clock_now() - bench->start_s;
    double total_s = share > 0 ? elapsed_s / share
                               : bench->settings->time_s * bench->settings->reps *
                                     (double)bench->plan.length;
    progress_draw(&bench->progress, what, elapsed_s, total_s);
}

/* "block 3 of 11: gil, 2 threads, pin core" */
static void show_case(struct bench *bench, unsigned rep, size_t place, size_t c, bool warm_up)
{
    const struct plan_case *this_case = &bench->plan.cases[c];
    char what[128], stage[40] = "warm-up";

    if (!warm_up) {
        snprintf(stage, sizeof stage, "block %u of %u", rep + 1, bench->settings->reps);
    }
    snprintf(what, sizeof what, "%s: %s, %u thread%s, pin %s", stage, this_case->variant->name,
             this_case->threads, this_case->threads == 1 ? "" : "s", this_case->pin->name);
    show_progress(bench, rep, place, what);
}

static bool is_there(const struct bench *bench, size_t c)
{
    const struct variant *variant = bench->plan.cases[c].variant;
    return variant->context == NULL || guest_is_there(variant);
}

/* What a failed case means: an interpreter that misbehaves costs its own rows and a line, never
 * the run; one that is still there did not misbehave, and the failure is ours. True where the run
 * goes on. */
static bool leave_out(struct bench *bench, size_t c, struct error *error)
{
    char line[sizeof error->text + 16];

    if (is_there(bench, c) || error->exit_code > EXIT_SIGNALLED) {
        return false;
    }
    progress_clear(&bench->progress);
    snprintf(line, sizeof line, "left out: %s", error->text);
    tell(line);
    *error = (struct error){EXIT_DONE, ""};
    return true;
}

static bool warm_up(struct bench *bench, struct error *error)
{
    for (size_t c = 0; c < bench->plan.length; c++) {
        show_case(bench, 0, 0, c, true);
        if (is_there(bench, c) && !runner_warm_up(bench->runner, c, error) &&
            !leave_out(bench, c, error)) {
            return false;
        }
    }
    return true;
}

static bool measure_reference(struct bench *bench, size_t r, unsigned rep, struct error *error)
{
    double *value = &bench->references[r * bench->settings->reps + rep];

    if (references[r].of != NULL && references[r].of != bench->settings->kernel) {
        return true;
    }
    if (!runner_rest(bench->runner, error) ||
        (references[r].bound && !runner_bind_like_baseline(bench->runner, error))) {
        return false;
    }
    double start_s = clock_now();
    bool measured = references[r].measure(bench->settings->time_s, value, error);
    bench->timed_s += clock_now() - start_s;
    return measured;
}

static bool measure_case(struct bench *bench, size_t c, unsigned rep, struct error *error)
{
    struct sample *sample = sample_at(&bench->samples, c, rep);

    if (!is_there(bench, c)) {
        return true;
    }
    if (!runner_measure(bench->runner, c, sample, error)) {
        sample->measured = false;
        return leave_out(bench, c, error);
    }
    bench->timed_s += sample->wall_s;
    bench->redone += sample->redone;
    return true;
}

/* One block: every case and every reference once, in random order. */
static bool run_block(struct bench *bench, unsigned rep, uint64_t *random, struct error *error)
{
    size_t cases = bench->plan.length, n = cases + REFERENCE_COUNT, measured = 0;
    bool going = true;

    plan_shuffle(bench->order, n, random);
    for (size_t i = 0; going && i < n; i++) {
        size_t at = bench->order[i];

        if (at >= cases) {
            show_progress(bench, rep, i, references[at - cases].what);
            going = measure_reference(bench, at - cases, rep, error);
            continue;
        }
        show_case(bench, rep, i, at, false);
        going = measure_case(bench, at, rep, error);
        if (sample_at(&bench->samples, at, rep)->measured) {
            bench->measured[measured++] = at;
            going = going && results_rows(&bench->results, &bench->samples, rep,
                                          bench->measured, measured, false, error);
        }
    }
    struct error first = *error;
    bool closed = results_rows(&bench->results, &bench->samples, rep, bench->measured, measured,
                               true, error);
    if (!going) {
        *error = first;
    }
    return going && closed;
}

static bool run_bench(const struct settings *settings, struct error *error)
{
    struct bench bench = {.chosen = *settings, .settings = &bench.chosen};
    uint64_t random = settings->seed;
    bool going = prepare(&bench, error);

    if (going) {
        guard_says(settings->output, "bench.csv.part");
        going = warm_up(&bench, error);
        while (going && bench.blocks_done < settings->reps) {
            going = run_block(&bench, bench.blocks_done, &random, error);
            bench.blocks_done += going;
        }
        progress_clear(&bench.progress);
        going = bench_conclude(&bench, going, error);
    }
    release(&bench);
    return going;
}

static const struct option_spec *const bench_options[] = {
    &option_variant, &option_threads, &option_pin,    &option_reps,
    &option_time,    &option_count,   &option_chunk,  &option_switch_interval,
    &option_tasks,   &option_output,  &option_seed,   &option_csv,
    &option_quiet,   &option_python,  &option_kernel, NULL};

const struct command command_bench = {
    .name = "bench",
    .summary = "the countdown under every variant, 1 to N threads",
    .options = bench_options,
    .run = run_bench,
};
