/* gilscope bench: the countdown under every variant, in shuffled blocks. */
#include "gilscope/clock.h"
#include "gilscope/command.h"
#include "gilscope/interrupt.h"
#include "gilscope/noise.h"
#include "gilscope/report.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

/* All that one run of the command holds. */
struct bench {
    const struct settings *settings;
    struct machine *machine;
    struct plan plan;
    struct runner *runner;
    struct samples samples;
    struct results results;
    struct summary *summaries; /* summaries[plan.length] */
    size_t *order;      /* cases, then references: order[plan.length + REFERENCE_COUNT] */
    size_t *measured;   /* the cases of the block so far, in order */
    double *scratch;    /* scratch[reps] */
    double *references; /* references[REFERENCE_COUNT][reps]; NAN: not measured */
    struct progress_line progress;
    struct cpu_time cpu_at_start;
    double start_s;
    double timed_s;  /* time spent in timed repetitions */
    unsigned redone; /* tasks done again after a worker of a pool died */
    unsigned blocks_done;
};

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
    bench->summaries = calloc(cases, sizeof *bench->summaries);
    bench->order = calloc(cases + REFERENCE_COUNT, sizeof *bench->order);
    bench->measured = calloc(cases, sizeof *bench->measured);
    bench->scratch = calloc(reps, sizeof *bench->scratch);
    bench->references = calloc(REFERENCE_COUNT * reps, sizeof *bench->references);
    if (bench->summaries == NULL || bench->order == NULL || bench->measured == NULL ||
        bench->scratch == NULL || bench->references == NULL) {
        return fail(error, "out of memory for %zu cases", cases);
    }
    for (size_t i = 0; i < REFERENCE_COUNT * reps; i++) {
        bench->references[i] = NAN;
    }
    return samples_make(&bench->samples, &bench->plan, (unsigned)reps, error);
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
    return plan_make(&bench->plan, settings, machine_facts(bench->machine), error) &&
           allocate(bench, error) &&
           runner_open(&bench->runner, &bench->plan, bench->machine, settings, error) &&
           results_open(&bench->results, settings->output, bench->plan.length, settings->csv,
                        error);
}

static void release(struct bench *bench)
{
    results_close(&bench->results);
    runner_close(bench->runner);
    samples_free(&bench->samples);
    plan_free(&bench->plan);
    machine_close(bench->machine);
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

static bool warm_up(struct bench *bench, struct error *error)
{
    for (size_t c = 0; c < bench->plan.length; c++) {
        show_case(bench, 0, 0, c, true);
        if (!runner_warm_up(bench->runner, c, error)) {
            return false;
        }
    }
    return true;
}

static bool measure_reference(struct bench *bench, size_t r, unsigned rep, struct error *error)
{
    double *value = &bench->references[r * bench->settings->reps + rep];

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

    if (!runner_measure(bench->runner, c, sample, error)) {
        sample->measured = false;
        return false;
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
        if (going) {
            bench->measured[measured++] = at;
            going = results_rows(&bench->results, &bench->samples, rep, bench->measured,
                                 measured, false, error);
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

static bool anything_measured(const struct bench *bench)
{
    for (size_t i = 0; i < bench->plan.length * bench->settings->reps; i++) {
        if (bench->samples.at[i].measured) {
            return true;
        }
    }
    return false;
}

static double median_reference(struct bench *bench, size_t r)
{
    size_t n = 0;

    for (unsigned rep = 0; rep < bench->settings->reps; rep++) {
        double value = bench->references[r * bench->settings->reps + rep];
        if (!isnan(value)) {
            bench->scratch[n++] = value;
        }
    }
    return estimate_median(bench->scratch, n).median;
}

/* "gil/core/2 (6 of 11)", separated by semicolons. */
static void name_drifting(const struct bench *bench, char *text, size_t size)
{
    size_t length = 0;

    text[0] = '\0';
    for (size_t c = 0; c < bench->plan.length && length < size; c++) {
        const struct summary *summary = &bench->summaries[c];
        if (summary->drifting > 0) {
            length += (size_t)snprintf(text + length, size - length, "%s%s/%s/%u (%u of %u)",
                                       length > 0 ? "; " : "", summary->of->variant->name,
                                       summary->of->pin->name, summary->of->threads,
                                       summary->drifting, summary->reps);
        }
    }
}

static void gather_facts(struct bench *bench, struct run_facts *facts)
{
    struct rusage usage;
    time_t now = time(NULL);
    struct tm utc;

    *facts = (struct run_facts){.machine = bench->machine, .settings = bench->settings};
    facts->decrement_ns = 1e9 / bench->summaries[bench->plan.cases[0].baseline].rate;
    for (size_t r = 0; r < REFERENCE_COUNT; r++) {
        facts->reference[r] = median_reference(bench, r);
    }
    facts->steal = stolen_share(bench->cpu_at_start, cpu_time_now());
    facts->elapsed_s = clock_now() - bench->start_s;
    facts->timed_share = bench->timed_s / facts->elapsed_s;
    getrusage(RUSAGE_SELF, &usage);
    facts->max_rss_kib = usage.ru_maxrss;
    name_drifting(bench, facts->drifting, sizeof facts->drifting);
    gmtime_r(&now, &utc);
    strftime(facts->date, sizeof facts->date, "%Y-%m-%dT%H:%M:%SZ", &utc);
}

/* Notes for whoever ran it, on stderr: what happened beside the measuring, where things are. */
static void tell(const struct bench *bench, bool complete)
{
    const char *folder = bench->settings->output;

    if (bench->redone > 0) {
        fprintf(stderr, "gilscope: %u task%s of the pool done again: a worker died meanwhile\n",
                bench->redone, bench->redone == 1 ? "" : "s");
    }
    if (bench->results.kept_earlier) {
        fprintf(stderr,
                "gilscope: rows of an interrupted run, kept beside: %s/bench.csv.part.N\n",
                folder);
    }
    if (complete) {
        fprintf(stderr, "wrote %s/bench.csv, bench-summary.csv, machine.csv, topology.xml\n",
                folder);
    } else if (interrupted() && anything_measured(bench)) {
        fprintf(stderr, "not complete: what was measured is in %s/bench.csv.part\n", folder);
    }
}

static bool write_files(struct bench *bench, const struct run_facts *facts, bool complete,
                        struct error *error)
{
    return results_summary(&bench->results, bench->summaries, bench->plan.length, error) &&
           results_machine(&bench->results, facts, error) &&
           (!complete || results_commit(&bench->results, error));
}

static bool show_report(const struct bench *bench, const struct run_facts *facts,
                        struct error *error)
{
    struct style style = style_of(stdout);
    struct report report = {&bench->plan, bench->summaries, facts, bench->blocks_done};

    if (bench->settings->quiet || bench->settings->csv) {
        return true;
    }
    report_print(&report, &style, stdout);
    /* Now, before more goes to stderr. */
    return finish_output(error);
}

/* Summaries, files, report: after a complete run, and after one that failed half-way. Of
 * several errors the first is the one that main prints. */
static bool conclude(struct bench *bench, bool complete, struct error *error)
{
    struct error later;
    struct run_facts facts;

    for (size_t c = 0; c < bench->plan.length; c++) {
        bench->summaries[c] = summarise(&bench->samples, c, bench->scratch);
    }
    gather_facts(bench, &facts);
    bool stored = write_files(bench, &facts, complete, complete ? error : &later);
    bool shown = show_report(bench, &facts, complete && stored ? error : &later);
    if (!bench->settings->quiet) {
        tell(bench, complete && stored);
    }
    return complete && stored && shown;
}

static bool run_bench(const struct settings *settings, struct error *error)
{
    struct bench bench = {.settings = settings};
    uint64_t random = settings->seed;
    bool going = prepare(&bench, error);

    if (going) {
        going = warm_up(&bench, error);
        while (going && bench.blocks_done < settings->reps) {
            going = run_block(&bench, bench.blocks_done, &random, error);
            bench.blocks_done += going;
        }
        progress_clear(&bench.progress);
        going = conclude(&bench, going, error);
    }
    release(&bench);
    return going;
}

static const struct option_spec *const bench_options[] = {
    &option_variant, &option_threads,
    &option_pin,     &option_reps,
    &option_time,    &option_count,
    &option_chunk,   &option_switch_interval,
    &option_tasks,   &option_output,
    &option_seed,    &option_csv,
    &option_quiet,   NULL};

const struct command command_bench = {
    .name = "bench",
    .summary = "the countdown under every variant, 1 to N threads",
    .options = bench_options,
    .run = run_bench,
};
