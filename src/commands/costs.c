/* gilscope costs: what the primitives cost on this machine, in shuffled blocks. */
#include "gilscope/command.h"

#include "gilscope/clock.h"
#include "gilscope/costs_report.h"
#include "gilscope/guard.h"
#include "gilscope/interrupt.h"
#include "gilscope/machine_csv.h"
#include "gilscope/outfile.h"
#include "gilscope/pauses.h"
#include "gilscope/plan.h"
#include "gilscope/quota.h"

#include <stdlib.h>
#include <string.h>

/* All that one run of the command holds. */
struct costs_run {
    const struct settings *settings;
    struct machine *machine;
    struct cost_plan plan;
    struct outfile file, facts;     /* costs.csv, costs-machine.csv */
    struct cost_summary *summaries; /* summaries[plan.length] */
    double *scratch;                /* scratch[reps] */
    size_t *order;                  /* order[plan.length] */
    struct progress_line progress;
    double start_s;
    struct quota quota;
    unsigned blocks_done;
    bool measured; /* anything */
};

static bool allocate(struct costs_run *run, struct error *error)
{
    run->summaries = calloc(run->plan.length, sizeof *run->summaries);
    run->order = calloc(run->plan.length, sizeof *run->order);
    run->scratch = calloc(run->settings->reps, sizeof *run->scratch);
    return (run->summaries != NULL && run->order != NULL && run->scratch != NULL) ||
           fail(error, "out of memory for %zu costs", run->plan.length);
}

static bool open_files(struct costs_run *run, struct error *error)
{
    const char *folder = run->settings->output;
    bool kept; /* of the rows alone: the facts are not of measurements */

    if (make_folder(folder, error) &&
        outfile_open(&run->file, folder, "costs.csv", costs_csv_header_size(), &kept, error) &&
        outfile_open(&run->facts, folder, "costs-machine.csv", 0, &kept, error) &&
        /* At once: whatever ends the run, its seed is known. */
        machine_csv_write(&run->facts, run->machine, run->settings, error)) {
        return true;
    }
    outfile_discard(&run->file);
    outfile_discard(&run->facts);
    return false;
}

/* To their final names, the rows last: where they are new, both are. */
static bool commit(struct costs_run *run, struct error *error)
{
    struct outfile *const files[] = {&run->facts, &run->file};

    return outfile_commit(files, sizeof files / sizeof *files, error);
}

static bool prepare(struct costs_run *run, struct error *error)
{
    const struct settings *settings = run->settings;

    run->progress = progress_line(settings->quiet);
    run->start_s = clock_now();
    run->quota = quota_begin();
    return machine_open_here(&run->machine, "costs", error) && interrupt_install(error) &&
           cost_plan_make(&run->plan, run->machine, settings->kernel, &settings->threads,
                          settings->reps, error) &&
           allocate(run, error) && open_files(run, error);
}

static void release(struct costs_run *run)
{
    outfile_close(&run->file);
    outfile_close(&run->facts);
    cost_plan_free(&run->plan);
    machine_close(run->machine);
    free(run->summaries);
    free(run->scratch);
    free(run->order);
}

/* "block 3 of 20: barrier", and how long it will go on. The warm-up counts as a block. */
static void show_progress(struct costs_run *run, size_t done, const char *stage,
                          const struct cost_item *item)
{
    size_t all = run->plan.length * (run->settings->reps + 1);
    double elapsed_s = clock_now() - run->start_s;
    char what[128];

    snprintf(what, sizeof what, "%s: %s", stage, item->name);
    progress_draw(&run->progress, what, elapsed_s,
                  done > 0 ? elapsed_s * (double)all / (double)done
                           : 2 * run->settings->time_s * (double)all);
}

static bool warm_up(struct costs_run *run, struct error *error)
{
    for (size_t i = 0; i < run->plan.length; i++) {
        show_progress(run, i, "warm-up", &run->plan.items[i]);
        if (!cost_size(&run->plan.items[i], run->settings->time_s, error)) {
            return false;
        }
    }
    return true;
}

/* Summaries of what there is, and the file with them: whole after every block. */
static bool store(struct costs_run *run, struct costs_report *report, struct error *error)
{
    *report = (struct costs_report){run->machine, run->settings, &run->plan, run->summaries,
                                    run->blocks_done};
    for (size_t i = 0; i < run->plan.length; i++) {
        run->summaries[i] = cost_summarise(&run->plan.items[i], run->scratch);
    }
    char *text = costs_csv(report);
    if (text == NULL) {
        return fail(error, "out of memory for costs.csv");
    }
    bool stored = outfile_write_at(&run->file, 0, text, strlen(text), error);
    free(text);
    return stored;
}

/* One block: every cost once, in random order. */
static bool run_block(struct costs_run *run, uint64_t *random, struct error *error)
{
    struct costs_report report;
    size_t n = run->plan.length;
    char stage[40];

    plan_shuffle(run->order, n, random);
    snprintf(stage, sizeof stage, "block %u of %u", run->blocks_done + 1, run->settings->reps);
    for (size_t i = 0; i < n; i++) {
        struct cost_item *item = &run->plan.items[run->order[i]];
        show_progress(run, n * (run->blocks_done + 1) + i, stage, item);
        if (!cost_take(item, error)) {
            return false;
        }
        run->measured = true;
    }
    run->blocks_done++;
    return store(run, &report, error);
}

static bool show(const struct costs_run *run, const struct costs_report *report,
                 struct error *error)
{
    struct style style = style_of(stdout);

    if (run->settings->csv) {
        char *text = costs_csv(report);
        if (text == NULL) {
            return fail(error, "out of memory for costs.csv");
        }
        fputs(text, stdout);
        free(text);
    } else if (!run->settings->quiet && run->measured) {
        costs_print(report, &style, stdout);
    }
    return finish_output(error);
}

/* Notes for whoever ran it, on stderr. */
static void tell(const struct costs_run *run, bool complete)
{
    const char *folder = run->settings->output;

    pauses_tell();
    quota_tell(&run->quota);
    if (run->file.kept_as > 0) {
        fprintf(stderr, "gilscope: rows of an interrupted run, kept beside: %s.%u\n",
                run->file.part_path, run->file.kept_as);
    }
    if (complete) {
        fprintf(stderr, "wrote %s/costs.csv, costs-machine.csv\n", folder);
    } else if (interrupted() && run->measured) {
        fprintf(stderr, "not complete: what was measured is in %s/costs.csv.part\n", folder);
    } else if (interrupted()) {
        fprintf(stderr, "nothing was measured yet: no file is left in %s\n", folder);
    }
}

/* Files and table: after a complete run, and after one that failed half-way. Of several errors
 * the first is the one that main prints. */
static bool conclude(struct costs_run *run, bool complete, struct error *error)
{
    struct costs_report report;
    struct error later;
    bool stored =
        store(run, &report, complete ? error : &later) && (!complete || commit(run, error));
    bool shown = show(run, &report, complete && stored ? error : &later);

    if (!run->measured) {
        outfile_discard(&run->file); /* what was kept has its name back */
        outfile_discard(&run->facts);
    }
    if (!run->settings->quiet) {
        tell(run, complete && stored);
    }
    return complete && stored && shown;
}

static bool run_costs(const struct settings *settings, struct error *error)
{
    struct costs_run run = {.settings = settings, .file = {.fd = -1}, .facts = {.fd = -1}};
    uint64_t random = settings->seed;
    bool going = prepare(&run, error);

    if (going) {
        guard_says(settings->output, "costs.csv.part");
        going = warm_up(&run, error);
        while (going && run.blocks_done < settings->reps) {
            going = run_block(&run, &random, error);
            quota_look(&run.quota);
        }
        guard_rest();
        progress_clear(&run.progress);
        going = conclude(&run, going, error);
    }
    release(&run);
    return going;
}

/* As EPCC's syncbench has them. */
static void costs_defaults(struct settings *settings)
{
    settings->reps = 20;
    settings->time_s = 1e-3;
}

static const struct command_option costs_options[] = {
    {&option_threads,
     "thread counts of teams, at most as many as usable PUs (default: 2 and all cores)"},
    {&option_reps, "blocks: how often each cost is measured (default: 20)"},
    {&option_time, "length of one measurement, about (default: 1ms)"},
    {&option_output, NULL},
    {&option_seed, "order of the costs (default: from the clock; it is in costs-machine.csv)"},
    {&option_csv, NULL},
    {&option_quiet, NULL},
    {&option_kernel, NULL},
    {NULL, NULL},
};

const struct command command_costs = {
    .name = "costs",
    .summary = "what the primitives cost: regions, barriers, locks, hand-offs, forks",
    .options = costs_options,
    .set_defaults = costs_defaults,
    .run = run_costs,
};
