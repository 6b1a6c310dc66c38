/* gilscope breakeven: from which length of a native call on it pays to release the GIL. */
#include "gilscope/command.h"

#include "gilscope/breakeven_report.h"
#include "session.h"
#include "takers.h"

#include <stdlib.h>

/* What this command has besides its session. Its rows come first: they are the context of the
 * files. */
struct breakeven {
    struct breakeven_rows rows;
    struct sweep sweep;
    struct system systems[SYSTEMS_MAX];
    struct verdict *verdicts; /* verdicts[verdict_count] */
    size_t verdict_count;
    struct agreement *agreements; /* agreements[agreement_count] */
    size_t agreement_count;
};

/* It takes minutes: say so before they begin. */
static void tell_duration(const struct session *session)
{
    const struct settings *settings = session->settings;
    double expected_s = sweep_expected_s(&session->plan, settings);
    char line[160];

    if (settings->quiet) {
        return;
    }
    snprintf(line, sizeof line, "%zu cases × %u blocks of %g ms: about %.0f %s",
             session->plan.length, settings->reps, settings->time_s * 1e3,
             expected_s < 100 ? expected_s : expected_s / 60,
             expected_s < 100 ? "seconds" : "minutes");
    if (expected_s < 1) {
        snprintf(line, sizeof line, "%zu cases × %u blocks of %g ms: less than a second",
                 session->plan.length, settings->reps, settings->time_s * 1e3);
    }
    session_tell(line);
}

static bool prepare(struct session *session, struct error *error)
{
    const struct machine_facts *facts = machine_facts(session->machine);
    struct breakeven *breakeven = session->context;
    struct sweep *sweep = &breakeven->sweep;

    breakeven->rows = (struct breakeven_rows){session->settings, sweep};
    sweep->systems = breakeven->systems;
    sweep->system_count = sweep_systems(&session->interpreters, breakeven->systems);
    sweep_threads(sweep, session->settings, facts);
    if (!check_taken(session->settings, session->settings->lock->takes, error) ||
        !sweep_lengths(sweep, session->settings, error) ||
        !sweep_plan(sweep, &session->plan, session->settings, facts, error)) {
        return false;
    }
    breakeven->verdicts = calloc(breakeven_verdicts_max(sweep), sizeof *breakeven->verdicts);
    breakeven->agreements =
        calloc(breakeven_verdicts_max(sweep), sizeof *breakeven->agreements);
    if (breakeven->verdicts == NULL || breakeven->agreements == NULL) {
        return fail(error, "out of memory for %zu cases", session->plan.length);
    }
    return true;
}

static bool open_more(struct session *session, struct error *error)
{
    /* The last thing that can go wrong before it measures. */
    if (!results_open_more(&session->results, session->settings->output, error)) {
        return false;
    }
    tell_duration(session);
    return true;
}

static bool write_files(struct session *session, const struct run_facts *facts, bool complete,
                        struct error *error)
{
    const struct breakeven *breakeven = session->context;
    struct results *results = &session->results;

    return breakeven_write(results, &breakeven->sweep, session->settings, &session->samples,
                           session->summaries, breakeven->verdicts, breakeven->verdict_count,
                           session->scratch, error) &&
           results_machine(results, facts, error) &&
           (!complete || results_commit(results, error));
}

static bool show_report(const struct session *session, const struct run_facts *facts,
                        struct error *error)
{
    const struct breakeven *breakeven = session->context;
    struct style style = style_of(stdout);
    const struct breakeven_report report = {
        .sweep = &breakeven->sweep,
        .samples = &session->samples,
        .summaries = session->summaries,
        .verdicts = breakeven->verdicts,
        .count = breakeven->verdict_count,
        .agreements = breakeven->agreements,
        .agreement_count = breakeven->agreement_count,
        .facts = facts,
        .blocks_done = session->blocks_done,
        .scratch = session->scratch,
    };

    if (session->settings->quiet || session->settings->csv) {
        return true;
    }
    breakeven_print(&report, &style, stdout);
    /* Now, before more goes to stderr. */
    return finish_output(error);
}

/* Of several errors the first is the one that main prints. */
static bool conclude(struct session *session, bool complete, struct error *error)
{
    struct breakeven *breakeven = session->context;
    struct error later;
    struct run_facts facts;

    session_facts(session, &facts);
    breakeven->verdict_count = breakeven_verdicts(
        &breakeven->sweep, &session->samples, machine_facts(session->machine)->pus,
        breakeven->verdicts, breakeven_verdicts_max(&breakeven->sweep), session->scratch);
    breakeven->agreement_count =
        breakeven_agreements(&breakeven->sweep, &session->samples, breakeven->verdicts,
                             breakeven->verdict_count, breakeven->agreements, session->scratch);
    bool stored = write_files(session, &facts, complete, complete ? error : &later);
    bool shown = show_report(session, &facts, complete && stored ? error : &later);
    session_notes(session, complete && stored, ", breakeven-answers.csv");
    return complete && stored && shown;
}

static const struct session_kind breakeven_session = {
    .name = "breakeven",
    .files = &results_of_breakeven,
    .calls = true,
    .prepare = prepare,
    .open_more = open_more,
    .conclude = conclude,
};

static bool run_breakeven(const struct settings *settings, struct error *error)
{
    struct breakeven breakeven = {.verdicts = NULL};
    bool done = session_run(&breakeven_session, &breakeven, settings, error);

    free(breakeven.verdicts);
    free(breakeven.agreements);
    return done;
}

/* Long repetitions, since a convoy may form late; six of them, since an interval needs as many; and
 * unpinned threads too, since those that wake together share a core for a while. */
static void set_defaults(struct settings *settings)
{
    settings->reps = INTERVAL_NEEDS;
    settings->python = "none"; /* they double its time, and are asked for by name */
    settings->time_s = 250e-3;
    settings->pins = 0;
    for (size_t p = 0; p < pin_policy_count; p++) {
        settings->pins |= p == 0 || !pin_policies[p].binds ? 1U << p : 0; /* core, none */
    }
}

static const struct command_option breakeven_options[] = {
    {&option_sweep_length, NULL},
    {&option_threads, "thread counts, 1 always with them (default: 1, 2, all cores)"},
    {&option_pin, "core, compact, spread, none (default: core,none)"},
    {&option_reps, "blocks: how often every case is measured (default: 6)"},
    {&option_time, "length of one repetition, about (default: 250ms)"},
    {&option_held, NULL},
    {&option_shared, NULL},
    {&option_lock, NULL},
    {&option_switch_interval, NULL},
    {&option_output, NULL},
    {&option_seed, NULL},
    {&option_csv, NULL},
    {&option_quiet, NULL},
    {&option_kernel, NULL},
    {&option_python, "interpreters that make the same calls; auto is python3 (default: none)"},
    {NULL, NULL},
};

const struct command command_breakeven = {
    .name = "breakeven",
    .summary = "how long a native call must be for releasing the lock to pay",
    .options = breakeven_options,
    .set_defaults = set_defaults,
    .run = run_breakeven,
};
