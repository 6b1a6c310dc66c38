/* What a run knows of itself when it ends: see session.h. */
#include "session.h"

#include "gilscope/clock.h"
#include "gilscope/interrupt.h"
#include "gilscope/pauses.h"

#include <math.h>
#include <string.h>
#include <sys/resource.h>

static double median_reference(struct session *session, size_t r)
{
    size_t n = 0;

    for (unsigned rep = 0; rep < session->settings->reps; rep++) {
        double value = session->references[r * session->settings->reps + rep];
        if (!isnan(value)) {
            session->scratch[n++] = value;
        }
    }
    return estimate_median(session->scratch, n).median;
}

/* "gil/core/2 (6 of 11); release 365/core/2 (3 of 6)" */
static void name_drifting(const struct session *session, char *text, size_t size)
{
    size_t length = 0;

    text[0] = '\0';
    for (size_t c = 0; c < session->plan.length && length < size; c++) {
        const struct summary *summary = &session->summaries[c];
        if (summary->drifting > 0) {
            char call[32] = "";
            if (summary->of->call != 0) {
                snprintf(call, sizeof call, " %llu", (unsigned long long)summary->of->call);
            }
            length += (size_t)snprintf(text + length, size - length, "%s%s%s/%s/%u (%u of %u)",
                                       length > 0 ? "; " : "", summary->of->variant->name, call,
                                       summary->of->pin->name, summary->of->threads,
                                       summary->drifting, summary->reps);
        }
    }
}

void session_facts(struct session *session, struct run_facts *facts)
{
    struct rusage usage;

    for (size_t c = 0; c < session->plan.length; c++) {
        session->summaries[c] = summarise(&session->samples, c, session->scratch);
    }
    *facts = (struct run_facts){.machine = session->machine, .settings = session->settings};
    facts->decrement_ns = 1e9 * runner_unit_s(session->runner);
    for (size_t r = 0; r < REFERENCE_COUNT; r++) {
        facts->reference[r] = median_reference(session, r);
    }
    facts->steal = stolen_share(session->cpu_at_start, cpu_time_now());
    facts->elapsed_s = clock_now() - session->start_s;
    facts->timed_share = session->timed_s / facts->elapsed_s;
    getrusage(RUSAGE_SELF, &usage);
    facts->max_rss_kib = usage.ru_maxrss;
    facts->paused = pauses_redone();
    quota_describe(&session->quota, facts->quota, sizeof facts->quota);
    name_drifting(session, facts->drifting, sizeof facts->drifting);
    interpreters_describe(&session->interpreters, facts->interpreters,
                          sizeof facts->interpreters);
}

void pool_tell_redone(unsigned tasks)
{
    if (tasks > 0) {
        fprintf(stderr, "gilscope: %u task%s of the pool done again: a worker died meanwhile\n",
                tasks, tasks == 1 ? "" : "s");
    }
}

void session_notes(const struct session *session, bool complete, const char *more)
{
    const char *folder = session->settings->output;
    const struct results_kind *files = session->kind->files;

    if (session->settings->quiet) {
        return;
    }
    pool_tell_redone(session->redone);
    pauses_tell();
    quota_tell(&session->quota);
    if (session->results.kept_earlier) {
        fprintf(stderr, "gilscope: rows of an interrupted run, kept beside: %s.%u\n",
                session->results.rows_file.part_path, session->results.rows_file.kept_as);
    }
    if (complete) {
        fprintf(stderr, "wrote %s/%s, %s, machine.csv, topology.xml%s\n", folder, files->rows,
                files->summary, more);
    } else if (interrupted() && anything_measured(session->summaries, session->plan.length)) {
        fprintf(stderr, "not complete: what was measured is in %s/%s.part\n", folder,
                files->rows);
    }
}
