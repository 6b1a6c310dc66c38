/* gilscope convoy: what a CPU-bound thread does to the answers of an I/O thread, in shuffled
 * blocks. Not a session (session.h): that one has samples of counted work, which lead to speedups
 * over a baseline; here latencies are measured, of cases that serve. */
#include "gilscope/command.h"

#include "../measure/checks.h"
#include "gilscope/clock.h"
#include "gilscope/convoy_report.h"
#include "gilscope/interrupt.h"
#include "gilscope/machine_csv.h"
#include "gilscope/pauses.h"
#include "gilscope/quota.h"
#include "gilscope/threads.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS, SUMMARY, LATENCIES, FACTS, FILES };
static const char *const file_names[FILES] = {"convoy.csv", "convoy-summary.csv",
                                              "convoy-latency.csv", "convoy-machine.csv"};

/* A datagram on loopback is there in microseconds; under a bad lock an answer may take a while. */
#define RESEND_S 1.0
#define GRACE_S  1.0

/* All that one run of the command holds. */
struct convoy_command {
    const struct settings *settings; /* &chosen */
    struct settings chosen;          /* as given, but for the chunk of `ticks` */
    struct machine *machine;
    struct interpreters interpreters;
    struct convoy_plan plan;
    struct convoy_client *client;
    struct slot *slots; /* slots[pus], of the policy in `slots_of` */
    const struct pin_policy *slots_of;
    uint64_t chunk[2], held; /* decrements; chunk[by_ticks] */
    struct outfile files[FILES];
    off_t block_at; /* where in ROWS the block begins */
    double *scratch;
    size_t *order;
    struct progress_line progress;
    double start_s;
    struct quota quota;
    unsigned blocks_done;
};

static void tell(const char *line)
{
    fprintf(stderr, "gilscope: %s\n", line);
}

static uint64_t at_least_one(double units)
{
    return units < 1 ? 1 : units > 1e18 ? (uint64_t)1e18 : (uint64_t)units;
}

/* How many decrements last as long as the options say. */
static bool size_work(struct convoy_command *run, struct error *error)
{
    const struct settings *settings = run->settings;
    double unit_s;

    interpreters_set_chunk(&run->interpreters, &run->chosen);
    if (!kernel_unit_s(&kernel_countdown, &unit_s, error)) {
        return false;
    }
    for (int by_ticks = 0; by_ticks < 2; by_ticks++) {
        run->chunk[by_ticks] =
            settings->chunk != 0 ? settings->chunk
                                 : at_least_one(settings_chunk_s(settings, by_ticks) / unit_s);
    }
    run->held = at_least_one(settings->held_s / unit_s);
    return true;
}

static bool allocate(struct convoy_command *run, struct error *error)
{
    run->slots = calloc(machine_facts(run->machine)->pus, sizeof *run->slots);
    run->scratch = calloc(run->plan.reps, sizeof *run->scratch);
    run->order = calloc(run->plan.length, sizeof *run->order);
    return (run->slots != NULL && run->scratch != NULL && run->order != NULL) ||
           fail(error, "out of memory for %zu cases", run->plan.length);
}

static bool open_files(struct convoy_command *run, struct error *error)
{
    const char *folder = run->settings->output;
    bool opened = make_folder(folder, error), kept;

    for (int f = 0; opened && f < FILES; f++) {
        opened = outfile_open(&run->files[f], folder, file_names[f],
                              f == ROWS ? strlen(convoy_header) : 0, &kept, error);
    }
    run->block_at = (off_t)strlen(convoy_header);
    opened =
        opened &&
        outfile_write_at(&run->files[ROWS], 0, convoy_header, strlen(convoy_header), error) &&
        machine_csv_write(&run->files[FACTS], run->machine, run->settings, error);
    for (int f = 0; !opened && f < FILES; f++) {
        outfile_discard(&run->files[f]);
    }
    return opened;
}

static bool prepare(struct convoy_command *run, struct error *error)
{
    const struct settings *settings = run->settings;

    run->progress = progress_line(settings->quiet);
    run->start_s = clock_now();
    run->quota = quota_begin();
    return convoy_check(settings, error) && machine_open_here(&run->machine, "convoy", error) &&
           interrupt_install(error) &&
           interpreters_open(&run->interpreters, settings->python, USE_SERVES, tell, error) &&
           convoy_plan_make(&run->plan, settings, &run->interpreters, error) &&
           allocate(run, error) &&
           /* One more than the team: the client is a process, which the same limit counts. */
           threads_available(1 + run->plan.hogs_max, 2 + run->plan.hogs_max, "--hogs", error) &&
           size_work(run, error) && convoy_client_open(&run->client, error) &&
           open_files(run, error);
}

static void release(struct convoy_command *run)
{
    for (int f = 0; f < FILES; f++) {
        outfile_close(&run->files[f]);
    }
    convoy_client_close(run->client);
    convoy_plan_free(&run->plan);
    interpreters_close(&run->interpreters);
    machine_close(run->machine);
    free(run->slots);
    free(run->scratch);
    free(run->order);
}

/* "block 3 of 6: gil, 2 hogs, pin none", and how long it will go on. */
static void show_progress(struct convoy_command *run, size_t place, size_t c)
{
    const struct convoy_case *this_case = &run->plan.cases[c];
    size_t all = run->plan.length * run->plan.reps,
           done = run->blocks_done * run->plan.length + place;
    double elapsed_s = clock_now() - run->start_s;
    char what[128];

    snprintf(what, sizeof what, "block %u of %u: %s, %u hog%s%s, pin %s", run->blocks_done + 1,
             run->plan.reps, convoy_case_name(this_case), this_case->hogs,
             this_case->hogs == 1 ? "" : "s", this_case->serves ? "" : " alone",
             this_case->pin->name);
    progress_draw(&run->progress, what, elapsed_s,
                  done > 0 ? elapsed_s * (double)all / (double)done
                           : 1.2 * run->settings->time_s * (double)all);
}

static struct convoy_setup setup_of(struct convoy_command *run,
                                    const struct convoy_case *this_case)
{
    const struct settings *settings = run->settings;

    if (this_case->pin->binds && run->slots_of != this_case->pin) {
        machine_slots(run->machine, this_case->pin, run->slots);
        run->slots_of = this_case->pin;
    }
    return (struct convoy_setup){
        .machine = run->machine,
        .slots = this_case->pin->binds ? run->slots : NULL,
        .slot_count = this_case->pin->binds ? machine_facts(run->machine)->pus : 0,
        .lock = this_case->lock,
        .switch_interval_s = this_case->switch_interval_s,
        .hogs = this_case->hogs,
        .chunk = run->chunk[this_case->lock->kind != NULL && this_case->lock->kind->by_ticks],
        .held = run->held,
        .serves = this_case->serves,
        .demand = {.time_s = settings->time_s,
                   .rate_per_s = settings->rate_per_s,
                   .resend_s = RESEND_S,
                   .grace_s = GRACE_S},
    };
}

/* An interpreter that misbehaves costs its own rows and a line, never the run. */
static bool measure(struct convoy_command *run, size_t c, struct error *error)
{
    const struct convoy_case *this_case = &run->plan.cases[c];
    const struct convoy_setup setup = setup_of(run, this_case);
    struct guest *guest = this_case->guest;
    struct convoy_outcome outcome = {.wall_s = 0};
    char line[sizeof error->text + 16];

    if (guest != NULL && !guest_is_there(&guest->variant)) {
        return true;
    }
    struct attempt attempt = {0};
    bool done;
    do {
        attempt_begin(&attempt);
        outcome = (struct convoy_outcome){.wall_s = 0};
        done = guest != NULL ? convoy_run_guest(guest, &setup, run->client, &outcome, error)
                             : convoy_run(&setup, run->client, &outcome, error);
    } while (attempt_again(&attempt, &done, error));
    if (done) {
        convoy_enter(&run->plan, c, run->blocks_done, &outcome,
                     setup.serves ? convoy_client_answers(run->client) : NULL);
        return true;
    }
    if (guest == NULL || guest_is_there(&guest->variant) || error->exit_code > EXIT_SIGNALLED) {
        return false;
    }
    progress_clear(&run->progress);
    snprintf(line, sizeof line, "left out: %s", error->text);
    tell(line);
    *error = (struct error){EXIT_DONE, ""};
    return true;
}

/* What there is of the block, in the file; at its end for whoever reads standard output too. */
static bool store_block(struct convoy_command *run, bool ends, struct error *error)
{
    convoy_share(&run->plan, run->blocks_done);
    char *rows = convoy_rows(&run->plan, run->settings, run->blocks_done);
    if (rows == NULL) {
        return fail(error, "out of memory for convoy.csv");
    }
    bool stored = outfile_write_at(&run->files[ROWS], run->block_at, rows, strlen(rows), error);
    /* A reader that went away is as good as a signal. */
    if (ends && run->settings->csv) {
        fputs(rows, stdout);
        stored = finish_output(error) && stored;
    }
    if (ends) {
        run->block_at += (off_t)strlen(rows);
    }
    free(rows);
    return stored;
}

/* One block: every case once, in random order. */
static bool run_block(struct convoy_command *run, uint64_t *random, struct error *error)
{
    struct error later;
    bool going = true;

    plan_shuffle(run->order, run->plan.length, random);
    for (size_t i = 0; going && i < run->plan.length; i++) {
        show_progress(run, i, run->order[i]);
        going = measure(run, run->order[i], error) && store_block(run, false, error);
    }
    bool stored = store_block(run, true, going ? error : &later);
    run->blocks_done += going && stored;
    return going && stored;
}

static bool write_files(struct convoy_command *run, const struct convoy_report *report,
                        bool complete, struct error *error)
{
    /* The rows last: where they are new, all are. */
    struct outfile *const files[FILES] = {&run->files[FACTS], &run->files[LATENCIES],
                                          &run->files[SUMMARY], &run->files[ROWS]};
    bool written = convoy_write_summary(&run->files[SUMMARY], report, error) &&
                   convoy_write_latencies(&run->files[LATENCIES], report, error);

    return written && (!complete || outfile_commit(files, FILES, error));
}

/* Is there a row: any, one with requests, one of an interpreter? */
enum rows { OF_ANY, WITH_REQUESTS, OF_INTERPRETERS };
static bool anything_measured(const struct convoy_command *run, enum rows which)
{
    for (size_t c = 0; c < run->plan.length; c++) {
        const struct convoy_case *each = &run->plan.cases[c];
        bool fits = which == OF_ANY || (which == WITH_REQUESTS && each->serves) ||
                    (which == OF_INTERPRETERS && each->guest != NULL);
        if (fits && convoy_measured(&run->plan, c)) {
            return true;
        }
    }
    return false;
}

/* Notes for whoever ran it, on stderr. */
static void tell_where(const struct convoy_command *run, bool complete)
{
    const char *folder = run->settings->output;

    pauses_tell();
    quota_tell(&run->quota);
    if (run->files[ROWS].kept_as > 0) {
        fprintf(stderr, "gilscope: rows of an interrupted run, kept beside: %s.%u\n",
                run->files[ROWS].part_path, run->files[ROWS].kept_as);
    }
    if (complete) {
        fprintf(
            stderr,
            "wrote %s/convoy.csv, convoy-summary.csv, convoy-latency.csv, convoy-machine.csv\n",
            folder);
    } else if (anything_measured(run, OF_ANY)) {
        fprintf(stderr, "not complete: what was measured is in %s/convoy.csv.part\n", folder);
    } else {
        fprintf(stderr, "nothing was measured yet: no file is left in %s\n", folder);
    }
}

/* Files and tables: after a complete run, and after one that failed half-way. Of several errors
 * the first is the one that main prints. */
static bool conclude(struct convoy_command *run, bool complete, struct error *error)
{
    const struct convoy_report report = {run->machine, run->settings, &run->plan,
                                         run->blocks_done, run->scratch};
    struct style style = style_of(stdout);
    struct error later;
    bool stored = write_files(run, &report, complete, complete ? error : &later);

    for (int f = 0; !anything_measured(run, OF_ANY) && f < FILES; f++) {
        outfile_discard(&run->files[f]);
    }
    if (!run->settings->quiet && !run->settings->csv && anything_measured(run, WITH_REQUESTS)) {
        convoy_print(&report, &style, stdout);
    }
    bool shown = finish_output(complete && stored ? error : &later);
    if (!run->settings->quiet) {
        tell_where(run, complete && stored);
    }
    return complete && stored && shown;
}

static bool run_convoy(const struct settings *settings, struct error *error)
{
    struct convoy_command run = {.chosen = *settings, .settings = &run.chosen};
    uint64_t random = settings->seed;

    for (int f = 0; f < FILES; f++) {
        run.files[f].fd = -1;
    }
    bool going = prepare(&run, error);
    if (going) {
        if (settings->csv) {
            fputs(convoy_header, stdout);
        }
        while (going && run.blocks_done < settings->reps) {
            going = run_block(&run, &random, error);
            quota_look(&run.quota);
        }
        progress_clear(&run.progress);
        going = conclude(&run, going, error) &&
                interpreters_gave(settings, anything_measured(&run, OF_INTERPRETERS), error);
    }
    release(&run);
    return going;
}

/* Seconds, since a repetition under a bad lock may see no more than sixty answers in one; six
 * blocks, since an interval needs as many; unpinned, as servers are. */
static void set_defaults(struct settings *settings)
{
    settings->reps = INTERVAL_NEEDS;
    settings->time_s = 1;
    settings->held_s = 2e-6;
    settings->locks = (1u << CONVOY_LOCKS) - 1;
    settings->hogs = (struct thread_list){.length = 3, .values = {0, 1, 2}};
    settings->switch_intervals = (struct length_list){1, {{5e-3, 0}}};
    settings->python = "none"; /* they take as long again, and are asked for by name */
    settings->pins = 0;
    for (size_t p = 0; p < pin_policy_count; p++) {
        settings->pins |= pin_policies[p].binds ? 0 : 1U << p;
    }
}

static const struct command_option convoy_options[] = {
    {&option_convoy_lock, NULL},
    {&option_hogs, NULL},
    {&option_convoy_switch_interval, NULL},
    {&option_rate, NULL},
    {&option_reps, "blocks: how often every case is measured (default: 6)"},
    {&option_time, "length of one repetition, about (default: 1s)"},
    {&option_pin, "core, compact, spread, none (default: none)"},
    {&option_chunk, NULL},
    {&option_held, "interpreter work that a request takes, with the lock (default: 2us)"},
    {&option_output, NULL},
    {&option_seed, "order of the cases (default: from the clock)"},
    {&option_csv, NULL},
    {&option_quiet, NULL},
    {&option_python, "interpreters to do the same beside it (default: none; auto is python3)"},
    {NULL, NULL},
};

const struct command command_convoy = {
    .name = "convoy",
    .summary = "what a CPU-bound thread does to the answers of an I/O thread",
    .options = convoy_options,
    .set_defaults = set_defaults,
    .run = run_convoy,
};
