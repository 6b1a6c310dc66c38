/* A run of a command that measures: see session.h. */
#include "session.h"

#include "gilscope/clock.h"
#include "gilscope/guard.h"
#include "gilscope/interrupt.h"
#include "gilscope/pauses.h"
#include "gilscope/text.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* More would not fit the memory that a benchmark may take beside what it measures. */
enum { SAMPLES_MAX = 4000000 };

static bool allocate(struct session *session, struct error *error)
{
    size_t cases = session->plan.length, reps = session->settings->reps;

    if (cases * reps > SAMPLES_MAX) {
        return fail_usage(error,
                          "--threads, --pin, --reps: %zu cases × %zu blocks are more than %d "
                          "repetitions",
                          cases, reps, SAMPLES_MAX);
    }
    session->summaries = calloc(cases, sizeof *session->summaries);
    session->order = calloc(cases + REFERENCE_COUNT, sizeof *session->order);
    session->measured = calloc(cases, sizeof *session->measured);
    session->scratch = calloc(reps, sizeof *session->scratch);
    session->references = calloc(REFERENCE_COUNT * reps, sizeof *session->references);
    if (session->summaries == NULL || session->order == NULL || session->measured == NULL ||
        session->scratch == NULL || session->references == NULL) {
        return fail(error, "out of memory for %zu cases", cases);
    }
    for (size_t i = 0; i < REFERENCE_COUNT * reps; i++) {
        session->references[i] = NAN;
    }
    return samples_make(&session->samples, &session->plan, (unsigned)reps, error);
}

void session_tell(const char *line)
{
    fprintf(stderr, "gilscope: %s\n", line);
}

/* Interpreters run unpinned, some can do nothing else: without --pin their models do so too, or
 * there would be nothing to set them beside. */
static void choose_pins(struct session *session)
{
    for (size_t p = 0; session->interpreters.length > 0 && p < pin_policy_count; p++) {
        if (!session->chosen.pins_given && !pin_policies[p].binds) {
            session->chosen.pins |= 1U << p;
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
        session_tell(line);
    }
    for (size_t v = 0; v < variant_count && settings->variants_given; v++) {
        if (settings->variants >> v & 1 && variants[v]->counts) {
            snprintf(line, sizeof line,
                     "left out: %s, which counts down itself, and runs no %s",
                     variants[v]->name, settings->kernel->name);
            session_tell(line);
        }
    }
}

static bool open_interpreters(struct session *session, struct error *error)
{
    const struct settings *settings = session->settings;
    const char *wanted =
        settings->kernel == &kernel_countdown ? interpreters_wanted(settings) : "none";

    tell_left_out(settings);
    if (!interpreters_open(&session->interpreters, wanted,
                           session->kind->calls ? USE_CALLS : USE_COUNTS, session_tell,
                           error)) {
        return false;
    }
    choose_pins(session);
    interpreters_set_chunk(&session->interpreters, &session->chosen);
    return true;
}

static bool open_files(struct session *session, struct error *error)
{
    const struct session_kind *kind = session->kind;
    const struct settings *settings = session->settings;

    return results_open(&session->results, kind->files, session->context, settings->output,
                        session->plan.length, settings->csv, error) &&
           (kind->open_more == NULL || kind->open_more(session, error));
}

static bool prepare(struct session *session, struct error *error)
{
    session->progress = progress_line(session->settings->quiet);
    session->start_s = clock_now();
    session->cpu_at_start = cpu_time_now();
    session->quota = quota_begin();
    return machine_open_here(&session->machine, session->kind->name, error) &&
           interrupt_install(error) && open_interpreters(session, error) &&
           session->kind->prepare(session, error) && allocate(session, error) &&
           runner_open(&session->runner, &session->plan, session->machine, session->settings,
                       error) &&
           open_files(session, error);
}

static void release(struct session *session)
{
    results_close(&session->results);
    runner_close(session->runner);
    samples_free(&session->samples);
    plan_free(&session->plan);
    interpreters_close(&session->interpreters);
    machine_close(session->machine);
    free(session->summaries);
    free(session->order);
    free(session->measured);
    free(session->scratch);
    free(session->references);
}

/* What runs now, for the progress line. */
static void show_progress(struct session *session, unsigned rep, size_t place, const char *what)
{
    size_t in_block = session->plan.length + REFERENCE_COUNT;
    double share =
        (double)(rep * in_block + place) / (double)(session->settings->reps * in_block);
    double elapsed_s = clock_now() - session->start_s;
    double total_s = share > 0 ? elapsed_s / share
                               : session->settings->time_s * session->settings->reps *
                                     (double)session->plan.length;
    progress_draw(&session->progress, what, elapsed_s, total_s);
}

/* "block 3 of 11: gil, 2 threads, pin core", "…: hold of 365 decrements, 2 threads, pin core" */
static void show_case(struct session *session, unsigned rep, size_t place, size_t c,
                      bool warm_up)
{
    const struct plan_case *this_case = &session->plan.cases[c];
    char what[160], stage[40] = "warm-up", call[COUNTED_MAX] = "";

    if (!warm_up) {
        snprintf(stage, sizeof stage, "block %u of %u", rep + 1, session->settings->reps);
    }
    if (this_case->call != 0) {
        text_counted(call, sizeof call, this_case->call, this_case->kernel->unit);
    }
    snprintf(what, sizeof what, "%s: %s%s%s, %u thread%s, pin %s", stage,
             this_case->variant->name, *call != '\0' ? " of " : "", call, this_case->threads,
             this_case->threads == 1 ? "" : "s", this_case->pin->name);
    show_progress(session, rep, place, what);
}

static bool is_there(const struct session *session, size_t c)
{
    const struct variant *variant = session->plan.cases[c].variant;
    return variant->context == NULL || guest_is_there(variant);
}

/* What a failed case means: an interpreter that misbehaves costs its own rows and a line, never
 * the run; one that is still there did not misbehave, and the failure is ours. True where the run
 * goes on. */
static bool leave_out(struct session *session, size_t c, struct error *error)
{
    char line[sizeof error->text + 16];

    if (is_there(session, c) || error->exit_code > EXIT_SIGNALLED) {
        return false;
    }
    progress_clear(&session->progress);
    snprintf(line, sizeof line, "left out: %s", error->text);
    session_tell(line);
    *error = (struct error){EXIT_DONE, ""};
    return true;
}

static bool warm_up(struct session *session, struct error *error)
{
    for (size_t c = 0; c < session->plan.length; c++) {
        show_case(session, 0, 0, c, true);
        if (is_there(session, c) && !runner_warm_up(session->runner, c, error) &&
            !leave_out(session, c, error)) {
            return false;
        }
    }
    return true;
}

static bool measure_reference(struct session *session, size_t r, unsigned rep,
                              struct error *error)
{
    double *value = &session->references[r * session->settings->reps + rep];

    if (references[r].of != NULL && references[r].of != session->settings->kernel) {
        return true;
    }
    if (!runner_rest(session->runner, error) ||
        (references[r].bound && !runner_bind_like_baseline(session->runner, error))) {
        return false;
    }
    double start_s = clock_now();
    struct attempt attempt = {0};
    bool measured;
    do {
        attempt_begin(&attempt);
        measured = references[r].measure(session->settings->time_s, value, error);
    } while (attempt_again(&attempt, &measured, error));
    session->timed_s += clock_now() - start_s;
    return measured;
}

static bool measure_case(struct session *session, size_t c, unsigned rep, struct error *error)
{
    struct sample *sample = sample_at(&session->samples, c, rep);

    if (!is_there(session, c)) {
        return true;
    }
    if (!runner_measure(session->runner, c, sample, error)) {
        sample->measured = false;
        return leave_out(session, c, error);
    }
    session->has_rows = true;
    session->timed_s += sample->wall_s;
    session->redone += sample->redone;
    return true;
}

/* One block: every case and every reference once, in random order. */
static bool run_block(struct session *session, unsigned rep, uint64_t *random,
                      struct error *error)
{
    size_t cases = session->plan.length, n = cases + REFERENCE_COUNT, measured = 0;
    bool going = true;

    plan_shuffle(session->order, n, random);
    for (size_t i = 0; going && i < n; i++) {
        size_t at = session->order[i];

        if (at >= cases) {
            show_progress(session, rep, i, references[at - cases].what);
            going = measure_reference(session, at - cases, rep, error);
            continue;
        }
        show_case(session, rep, i, at, false);
        going = measure_case(session, at, rep, error);
        if (sample_at(&session->samples, at, rep)->measured) {
            session->measured[measured++] = at;
            going = going && results_rows(&session->results, &session->samples, rep,
                                          session->measured, measured, false, error);
        }
    }
    struct error first = *error;
    bool closed = results_rows(&session->results, &session->samples, rep, session->measured,
                               measured, true, error);
    if (!going) {
        *error = first;
    }
    return going && closed;
}

/* Is there a row of an interpreter? */
static bool measured_guests(const struct session *session)
{
    for (size_t c = 0; c < session->plan.length; c++) {
        if (session->plan.cases[c].variant->context != NULL && session->summaries[c].reps > 0) {
            return true;
        }
    }
    return false;
}

/* Files without a row are no use to anybody. */
static bool leave_nothing(struct session *session)
{
    results_discard(&session->results);
    if (interrupted() && !session->settings->quiet) {
        fprintf(stderr, "nothing was measured yet: no file is left in %s\n",
                session->settings->output);
    }
    return false;
}

static bool conclude(struct session *session, bool going, struct error *error)
{
    return (going || session->has_rows ? session->kind->conclude(session, going, error)
                                       : leave_nothing(session)) &&
           interpreters_gave(session->settings, measured_guests(session), error);
}

bool session_run(const struct session_kind *kind, void *context,
                 const struct settings *settings, struct error *error)
{
    struct session session = {
        .kind = kind, .context = context, .chosen = *settings, .settings = &session.chosen};
    uint64_t random = settings->seed;
    bool going = prepare(&session, error);

    if (going) {
        char rows[NAME_MAX];
        snprintf(rows, sizeof rows, "%s.part", kind->files->rows);
        guard_says(settings->output, rows);
        going = warm_up(&session, error);
        while (going && session.blocks_done < settings->reps) {
            going = run_block(&session, session.blocks_done, &random, error);
            session.blocks_done += going;
            quota_look(&session.quota);
        }
        guard_rest();
        progress_clear(&session.progress);
        going = conclude(&session, going, error);
    }
    release(&session);
    return going;
}
