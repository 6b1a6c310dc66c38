/* How a run of `bench` ends: summaries, facts, files, the report. */
#include "bench.h"

#include "gilscope/clock.h"
#include "gilscope/interrupt.h"

#include <math.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

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
    interpreters_describe(&bench->interpreters, facts->interpreters,
                          sizeof facts->interpreters);
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
        fprintf(stderr, "wrote %s/bench.csv, bench-summary.csv, machine.csv, topology.xml%s\n",
                folder, bench->interpreters.length > 0 ? ", fidelity.csv" : "");
    } else if (interrupted() && anything_measured(bench)) {
        fprintf(stderr, "not complete: what was measured is in %s/bench.csv.part\n", folder);
    }
}

static bool write_files(struct bench *bench, const struct run_facts *facts, bool complete,
                        struct error *error)
{
    return results_summary(&bench->results, bench->summaries, bench->plan.length, error) &&
           results_fidelity(&bench->results, bench->pairs, bench->pair_count, error) &&
           results_machine(&bench->results, facts, error) &&
           (!complete || results_commit(&bench->results, error));
}

static bool show_report(const struct bench *bench, const struct run_facts *facts,
                        struct error *error)
{
    struct style style = style_of(stdout);
    struct report report = {&bench->plan,       bench->summaries, facts,
                            bench->blocks_done, bench->pairs,     bench->pair_count};

    if (bench->settings->quiet || bench->settings->csv) {
        return true;
    }
    report_print(&report, &style, stdout);
    /* Now, before more goes to stderr. */
    return finish_output(error);
}

bool bench_conclude(struct bench *bench, bool complete, struct error *error)
{
    struct error later;
    struct run_facts facts;

    for (size_t c = 0; c < bench->plan.length; c++) {
        bench->summaries[c] = summarise(&bench->samples, c, bench->scratch);
    }
    bench->pair_count = fidelity_pairs(&bench->samples, bench->pairs, bench->scratch);
    gather_facts(bench, &facts);
    bool stored = write_files(bench, &facts, complete, complete ? error : &later);
    bool shown = show_report(bench, &facts, complete && stored ? error : &later);
    if (!bench->settings->quiet) {
        tell(bench, complete && stored);
    }
    return complete && stored && shown;
}
