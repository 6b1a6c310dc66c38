/* gilscope trace: one case, with what each thread did and when. */
#include "gilscope/command.h"

#include "gilscope/guard.h"
#include "gilscope/interrupt.h"
#include "gilscope/machine_csv.h"
#include "gilscope/pauses.h"
#include "gilscope/quota.h"
#include "gilscope/report.h"
#include "gilscope/runner.h"
#include "gilscope/trace_report.h"
#include "session.h"
#include "takers.h"

#include <string.h>

/* Runs with recording and without in turn: as many pairs as an interval needs. */
enum { PAIRS = INTERVAL_NEEDS };

enum { EVENTS, THREADS, JSON, FACTS, FILES };
static const char *const file_names[FILES] = {"trace.csv", "trace-threads.csv", "trace.json",
                                              "trace-machine.csv"};

/* All that one run of the command holds. */
struct trace_run {
    struct settings settings;
    struct machine *machine;
    struct plan plan; /* of the one case */
    struct runner *runner;
    struct trace trace;
    struct trace_analysis analysis;
    struct outfile files[FILES];
    struct progress_line progress;
    double speed[PAIRS]; /* the rate with recording / without */
    size_t pairs_done;
    unsigned redone; /* tasks done again after a worker of the pool died */
    double event_s;
    struct quota quota;
};

/* The row that a set of bits names, where it is one. */
static bool only_one(unsigned bits, size_t *row)
{
    *row = 0;
    while (bits != 0 && (bits & 1) == 0) {
        bits >>= 1;
        ++*row;
    }
    return bits == 1;
}

static bool choose_case(const struct settings *settings, struct plan_case *wanted,
                        struct error *error)
{
    const struct thread_list *threads = &settings->threads;
    size_t variant, pin;

    if (!only_one(settings->variants, &variant) || !only_one(settings->pins, &pin) ||
        threads->length > 1) {
        return fail_usage(error, "--%s: trace runs one case, and so takes one of them",
                          threads->length > 1                      ? "threads"
                          : only_one(settings->variants, &variant) ? "pin"
                                                                   : "variant");
    }
    *wanted = (struct plan_case){.variant = variants[variant],
                                 .pin = &pin_policies[pin],
                                 .threads = threads->length > 0             ? threads->values[0]
                                            : variants[variant]->one_thread ? 1
                                                                            : 2};
    if (wanted->variant->one_thread && wanted->threads > 1) {
        return fail_usage(error, "--threads=%u: %s runs with one thread", wanted->threads,
                          wanted->variant->name);
    }
    if (wanted->variant->counts && settings->kernel != &kernel_countdown) {
        return fail_usage(error, "--kernel: %s counts down itself, and runs no %s",
                          wanted->variant->name, settings->kernel->name);
    }
    return check_taken(settings, options_taken(wanted->variant, settings), error);
}

static bool open_files(struct trace_run *run, struct error *error)
{
    bool opened = make_folder(run->settings.output, error);

    for (int f = 0; opened && f < FILES; f++) {
        bool kept; /* never: a trace cut short is no loss */
        opened =
            outfile_open(&run->files[f], run->settings.output, file_names[f], 0, &kept, error);
    }
    for (int f = 0; !opened && f < FILES; f++) {
        outfile_discard(&run->files[f]);
    }
    return opened;
}

static bool prepare(struct trace_run *run, struct error *error)
{
    struct plan_case wanted;

    run->progress = progress_line(run->settings.quiet);
    run->quota = quota_begin();
    return choose_case(&run->settings, &wanted, error) &&
           machine_open_here(&run->machine, "trace", error) && interrupt_install(error) &&
           choose_call(&run->settings, "trace", error) &&
           plan_add(&run->plan, &wanted, &run->settings, machine_facts(run->machine), error) &&
           trace_open(&run->trace, wanted.threads, run->settings.events, error) &&
           runner_open(&run->runner, &run->plan, run->machine, &run->settings, error) &&
           open_files(run, error);
}

static void release(struct trace_run *run)
{
    for (int f = 0; f < FILES; f++) {
        outfile_close(&run->files[f]);
    }
    trace_analysis_free(&run->analysis);
    runner_close(run->runner);
    trace_close(&run->trace);
    plan_free(&run->plan);
    machine_close(run->machine);
}

static bool measure_one(struct trace_run *run, bool records, struct sample *sample,
                        struct error *error)
{
    runner_trace(run->runner, records ? &run->trace : NULL);
    bool done = runner_measure(run->runner, 0, sample, error);
    run->redone += done ? sample->redone : 0;
    return done;
}

/* One run without recording and one with it, now this one first and now the other, so that what
 * drifts is not taken for what recording costs. The last of all records: it is what is kept. */
static bool measure_pair(struct trace_run *run, struct error *error)
{
    struct sample samples[2]; /* [records] */
    bool first = (PAIRS - run->pairs_done) % 2 == 0;
    double done_s = run->settings.time_s * (double)(2 * run->pairs_done + 1);

    progress_draw(&run->progress, run->plan.cases[0].variant->name, done_s,
                  run->settings.time_s * (2 * PAIRS + 1));
    if (!measure_one(run, first, &samples[first], error) ||
        !measure_one(run, !first, &samples[!first], error)) {
        return false;
    }
    run->speed[run->pairs_done++] = sample_rate(&samples[true]) / sample_rate(&samples[false]);
    return true;
}

static bool measure(struct trace_run *run, struct error *error)
{
    bool going = runner_warm_up(run->runner, 0, error);

    while (going && run->pairs_done < PAIRS) {
        going = measure_pair(run, error);
        quota_look(&run->quota);
    }
    progress_clear(&run->progress);
    return going;
}

static bool write_files(struct trace_run *run, const struct trace_report *report, bool complete,
                        struct error *error)
{
    /* The events last: where they are new, all are. */
    struct outfile *const files[FILES] = {&run->files[FACTS], &run->files[JSON],
                                          &run->files[THREADS], &run->files[EVENTS]};
    FILE *echo = run->settings.csv ? stdout : NULL;
    bool going = trace_csv(report, &run->files[EVENTS], echo, error) &&
                 trace_threads_csv(report, &run->files[THREADS], error) &&
                 trace_json(report, &run->files[JSON], error) &&
                 machine_csv_write(&run->files[FACTS], run->machine, &run->settings, error);

    return going && (!complete || outfile_commit(files, FILES, error));
}

/* trace.json is for viewers, which read it whole: a long trace is not all in it. */
static void tell_of_json(const struct trace_report *report)
{
    uint64_t until = trace_json_until(report);
    char time[32];

    if (until < trace_horizon(report->trace)) {
        format_time(time, sizeof time, trace_seconds(report->trace, until));
        fprintf(stderr, "trace.json shows the first %s; all events are in trace.csv\n", time);
    }
}

/* Notes for whoever ran it, on stderr. */
static void tell(const struct trace_run *run, const struct trace_report *report, bool complete)
{
    const char *folder = run->settings.output;

    if (run->settings.quiet) {
        return;
    }
    pool_tell_redone(run->redone);
    pauses_tell();
    quota_tell(&run->quota);
    if (complete) {
        fprintf(stderr,
                "wrote %s/trace.csv, trace-threads.csv, trace.json, trace-machine.csv\n",
                folder);
        tell_of_json(report);
    } else if (interrupted()) {
        fprintf(stderr, "not complete: what was recorded is in %s/trace.csv.part\n", folder);
    }
}

/* What could not be stored is shown, even where nobody wanted to see it. */
static bool show(const struct trace_run *run, const struct trace_report *report, bool stored,
                 struct error *error)
{
    struct style style = style_of(stdout);

    if (!run->settings.csv && (!run->settings.quiet || !stored)) {
        trace_print(report, &style, stdout);
    }
    return finish_output(error);
}

/* Stopped before anything was recorded: files with nothing in them are no use. */
static void leave_nothing(struct trace_run *run)
{
    for (int f = 0; f < FILES; f++) {
        outfile_discard(&run->files[f]);
    }
    if (interrupted() && !run->settings.quiet) {
        fprintf(stderr, "nothing was recorded yet, and nothing is left in %s\n",
                run->settings.output);
    }
}

/* What the lock keeps others waiting for. */
static double turn_s(const struct trace_run *run)
{
    unsigned taken = options_taken(run->plan.cases[0].variant, &run->settings);
    return taken & OPTION_SWITCH_INTERVAL ? run->settings.switch_interval_s : 0;
}

/* Of what was recorded: after a complete run, and after one that failed half-way, whose error is in
 * *error already. Of several errors the first is the one that main prints. */
static bool conclude(struct trace_run *run, bool complete, struct error *error)
{
    struct error later = {EXIT_DONE, ""};
    struct error *own = complete ? error : &later;

    if (run->trace.end.ticks == 0) {
        leave_nothing(run);
        return false;
    }
    if (!trace_analyse(&run->trace, turn_s(run), &run->analysis, own)) {
        return false;
    }
    struct trace_report report = {
        .trace = &run->trace,
        .analysis = &run->analysis,
        .of = &run->plan.cases[0],
        .settings = &run->settings,
        .event_s = run->event_s,
        .json_events = TRACE_JSON_EVENTS / run->trace.threads,
        .speed = estimate_median(run->speed, run->pairs_done),
    };
    bool stored = write_files(run, &report, complete, own);
    bool shown = show(run, &report, stored, complete && stored ? error : &later);
    tell(run, &report, complete && stored);
    return complete && stored && shown;
}

static bool run_trace(const struct settings *settings, struct error *error)
{
    struct trace_run run = {.settings = *settings};

    for (int f = 0; f < FILES; f++) {
        run.files[f].fd = -1;
    }
    bool going = prepare(&run, error);
    if (going) {
        guard_says(settings->output, "trace.csv.part");
        run.event_s = trace_event_cost();
        going = measure(&run, error);
        going = conclude(&run, going, error);
    }
    release(&run);
    return going;
}

static void trace_defaults(struct settings *settings)
{
    settings->variants = 0;
    for (size_t v = 0; v < variant_count; v++) {
        settings->variants |= strcmp(variants[v]->name, "gil") == 0 ? 1u << v : 0;
    }
}

static const struct command_option trace_options[] = {
    {&option_trace_variant, NULL},
    {&option_trace_threads, NULL},
    {&option_pin, "core, compact, spread, none (default: core)"},
    {&option_time, NULL},
    {&option_count, NULL},
    {&option_chunk, NULL},
    {&option_tasks, NULL},
    {&option_switch_interval, NULL},
    {&option_length, NULL},
    {&option_held, NULL},
    {&option_lock, NULL},
    {&option_shared, NULL},
    {&option_kernel, NULL},
    {&option_events, NULL},
    {&option_output, NULL},
    {&option_csv, NULL},
    {&option_quiet, NULL},
    {NULL, NULL},
};

const struct command command_trace = {
    .name = "trace",
    .summary = "who had the lock, and when: one case, every event with its time",
    .options = trace_options,
    .set_defaults = trace_defaults,
    .run = run_trace,
};
