/* gilscope bench: the countdown under every variant, in shuffled blocks. */
#include "gilscope/command.h"

#include "gilscope/report.h"
#include "gilscope/sweep.h"
#include "session.h"
#include "takers.h"

#include <stdlib.h>

/* What this command has besides its session. */
struct bench {
    struct fidelity *pairs; /* pairs[plan.length] */
    size_t pair_count;
};

/* What a call lasts where nobody says. */
#define USUAL_CALL_S 10e-6

/* Does the user ask for variants that make calls? By name: all the variants do not have them. */
static bool wants_calls(const struct settings *settings)
{
    for (size_t v = 0; settings->variants_given && v < variant_count; v++) {
        if (settings->variants >> v & 1 && variants[v]->calls) {
            return true;
        }
    }
    return false;
}

bool choose_call(struct settings *settings, const char *command, struct error *error)
{
    struct length_list *lengths = &settings->lengths;
    struct sweep sweep;

    if (!wants_calls(settings)) {
        return settings->of_calls == NULL ||
               fail_usage(error,
                          "--%s: none of the variants makes native calls; those of "
                          "--variant=hold,release do",
                          settings->of_calls);
    }
    if (lengths->length > 1) {
        return fail_usage(error, "--length: %s takes one; 'gilscope breakeven' runs many",
                          command);
    }
    if (lengths->length == 0) {
        *lengths = (struct length_list){1, {{USUAL_CALL_S, 0}}};
    }
    if (!sweep_lengths(&sweep, settings, error)) {
        return false;
    }
    settings->call = sweep.units[0];
    return true;
}

/* What means something to one of the variants is right; the pools of interpreters take tasks. */
static unsigned taken_by_any(const struct session *session)
{
    const struct settings *settings = session->settings;
    unsigned taken = session->interpreters.length > 0 ? OPTION_TASKS : 0;

    for (size_t v = 0; v < variant_count; v++) {
        bool runs = settings->variants >> v & 1 && (!variants[v]->calls || settings->call != 0);
        taken |= runs ? options_taken(variants[v], settings) : 0;
    }
    return taken;
}

static bool prepare(struct session *session, struct error *error)
{
    const struct machine_facts *facts = machine_facts(session->machine);
    struct bench *bench = session->context;

    if (!choose_call(&session->chosen, "bench", error) ||
        !check_taken(session->settings, taken_by_any(session), error) ||
        !plan_make(&session->plan, session->settings, facts, error) ||
        !interpreters_plan(&session->interpreters, &session->plan, session->settings, facts,
                           error)) {
        return false;
    }
    bench->pairs = calloc(session->plan.length, sizeof *bench->pairs);
    return bench->pairs != NULL ||
           fail(error, "out of memory for %zu cases", session->plan.length);
}

static bool open_more(struct session *session, struct error *error)
{
    return session->interpreters.length == 0 ||
           results_open_more(&session->results, session->settings->output, error);
}

static bool write_files(struct session *session, const struct run_facts *facts, bool complete,
                        struct error *error)
{
    const struct bench *bench = session->context;
    struct results *results = &session->results;

    return results_summary(results, session->summaries, session->plan.length, error) &&
           results_fidelity(results, bench->pairs, bench->pair_count, error) &&
           results_machine(results, facts, error) &&
           (!complete || results_commit(results, error));
}

static bool show_report(const struct session *session, const struct run_facts *facts,
                        struct error *error)
{
    const struct bench *bench = session->context;
    struct style style = style_of(stdout);
    struct report report = {&session->plan,       session->summaries, facts,
                            session->blocks_done, bench->pairs,       bench->pair_count};

    if (session->settings->quiet || session->settings->csv) {
        return true;
    }
    report_print(&report, &style, stdout);
    /* Now, before more goes to stderr. */
    return finish_output(error);
}

/* Of several errors the first is the one that main prints. */
static bool conclude(struct session *session, bool complete, struct error *error)
{
    struct bench *bench = session->context;
    struct error later;
    struct run_facts facts;

    session_facts(session, &facts);
    facts.decrement_ns = 1e9 / session->summaries[session->plan.cases[0].baseline].rate;
    bench->pair_count = fidelity_pairs(&session->samples, bench->pairs, session->scratch);
    bool stored = write_files(session, &facts, complete, complete ? error : &later);
    bool shown = show_report(session, &facts, complete && stored ? error : &later);
    session_notes(session, complete && stored,
                  session->interpreters.length > 0 ? ", fidelity.csv" : "");
    return complete && stored && shown;
}

static const struct session_kind bench_session = {
    .name = "bench",
    .files = &results_of_bench,
    .prepare = prepare,
    .open_more = open_more,
    .conclude = conclude,
};

static bool run_bench(const struct settings *settings, struct error *error)
{
    struct bench bench = {0};
    bool done = session_run(&bench_session, &bench, settings, error);

    free(bench.pairs);
    return done;
}

static const struct command_option bench_options[] = {
    {&option_variant, NULL}, {&option_threads, NULL},
    {&option_pin, NULL},     {&option_reps, NULL},
    {&option_time, NULL},    {&option_count, NULL},
    {&option_chunk, NULL},   {&option_switch_interval, NULL},
    {&option_tasks, NULL},   {&option_length, NULL},
    {&option_held, NULL},    {&option_lock, NULL},
    {&option_shared, NULL},  {&option_output, NULL},
    {&option_seed, NULL},    {&option_csv, NULL},
    {&option_quiet, NULL},   {&option_python, NULL},
    {&option_kernel, NULL},  {NULL, NULL},
};

const struct command command_bench = {
    .name = "bench",
    .summary = "the countdown under every variant, 1 to N threads",
    .options = bench_options,
    .run = run_bench,
};
