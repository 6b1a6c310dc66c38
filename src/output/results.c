/* The files of a command that measures: see results.h. */
#include "gilscope/results.h"

#include "gilscope/csv.h"
#include "gilscope/interrupt.h"
#include "gilscope/machine_csv.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char bench_header[] =
    "variant,kernel,pin,threads,rep,count,chunk,wall_s,cpu_s,startup_s,rate_per_s,speedup,"
    "handoffs,vol_ctxt,invol_ctxt,oversubscribed\n";
static const char summary_header[] =
    "variant,kernel,pin,threads,reps,wall_s,rate_per_s,speedup,speedup_lo,speedup_hi,"
    "efficiency,"
    "karp_flatt,cores_busy,handoffs_per_s,startup_s,oversubscribed,noisy\n";

/* No row is longer: four names, and eighteen numbers of at most 21 characters. */
enum { ROW_MAX = 640 };

bool results_append(struct outfile *file, const struct csv_row *row, struct error *error)
{
    return outfile_write_at(file, file->length, row->text, row->length, error);
}

static bool append(struct outfile *file, const char *text, size_t size, struct error *error)
{
    return outfile_write_at(file, file->length, text, size, error);
}

/* Standard output, checked at once: a reader that went away is as good as a signal. */
static bool echo(const struct results *results, const char *text, size_t size,
                 struct error *error)
{
    if (!results->echo || (fwrite(text, 1, size, stdout) == size && fflush(stdout) == 0)) {
        return true;
    }
    if (errno == EPIPE) {
        interrupt_with(SIGPIPE);
        return fail_signal(error, SIGPIPE);
    }
    return fail(error, "cannot write to standard output: %s", strerror(errno));
}

static void set_up(struct results *results, const struct results_kind *kind,
                   const void *context, const char *folder)
{
    memset(results, 0, sizeof *results);
    results->rows_file.fd = -1;
    results->summary.fd = -1;
    results->machine.fd = -1;
    results->topology.fd = -1;
    results->more.fd = -1;
    snprintf(results->more.path, sizeof results->more.path, "%s/%s", folder, kind->more);
    results->kind = kind;
    results->context = context;
}

static bool open_files(struct results *results, const char *folder, struct error *error)
{
    const struct results_kind *kind = results->kind;
    bool kept; /* never: only what was measured cannot be had again */

    return outfile_open(&results->rows_file, folder, kind->rows, strlen(kind->header),
                        &results->kept_earlier, error) &&
           outfile_open(&results->summary, folder, kind->summary, 0, &kept, error) &&
           outfile_open(&results->machine, folder, "machine.csv", 0, &kept, error) &&
           outfile_open(&results->topology, folder, "topology.xml", 0, &kept, error);
}

void results_discard(struct results *results)
{
    outfile_discard(&results->rows_file);
    outfile_discard(&results->summary);
    outfile_discard(&results->machine);
    outfile_discard(&results->topology);
    outfile_discard(&results->more);
    results->kept_earlier = false;
}

bool results_open(struct results *results, const struct results_kind *kind, const void *context,
                  const char *folder, size_t cases, bool echo_rows, struct error *error)
{
    size_t header_size = strlen(kind->header);

    set_up(results, kind, context, folder);
    results->echo = echo_rows;
    results->rows_size = cases * ROW_MAX;
    results->rows = malloc(results->rows_size);
    if (results->rows == NULL) {
        return fail(error, "out of memory for the rows of %zu cases", cases);
    }
    if (!make_folder(folder, error)) {
        return false;
    }
    results->pending_at = (off_t)header_size;
    if (!open_files(results, folder, error) ||
        !append(&results->rows_file, kind->header, header_size, error) ||
        !echo(results, kind->header, header_size, error)) {
        results_discard(results);
        return false;
    }
    return true;
}

bool results_open_more(struct results *results, const char *folder, struct error *error)
{
    bool kept; /* never: what is in it can be computed from the rows again */

    if (!outfile_open(&results->more, folder, results->kind->more, 0, &kept, error)) {
        results_discard(results);
        return false;
    }
    return true;
}

static void begin_case(struct csv_row *row, const struct plan_case *of)
{
    csv_begin(row);
    csv_text(row, of->variant->name);
    csv_text(row, of->kernel->name);
    csv_text(row, of->pin->name);
    csv_integer(row, of->threads);
}

static void bench_row(struct csv_row *row, const struct samples *samples, size_t c,
                      unsigned rep, const void *context)
{
    const struct plan_case *of = &samples->plan->cases[c];
    const struct sample *sample = sample_at(samples, c, rep);

    (void)context;
    begin_case(row, of);
    csv_integer(row, rep + 1);
    csv_integer(row, sample->count);
    csv_integer(row, sample->chunk);
    csv_number(row, sample->wall_s);
    csv_number(row, sample->cpu_s);
    csv_number(row, sample->startup_s);
    csv_number(row, sample_rate(sample));
    csv_number(row, paired_speedup(samples, c, rep));
    csv_integer(row, sample->handoffs);
    csv_integer(row, sample->voluntary_switches);
    csv_integer(row, sample->involuntary_switches);
    csv_integer(row, of->oversubscribed);
    csv_end(row);
}

const struct results_kind results_of_bench = {
    .rows = "bench.csv",
    .summary = "bench-summary.csv",
    .more = "fidelity.csv",
    .header = bench_header,
    .row = bench_row,
};

static bool is_final(const struct samples *samples, size_t c, unsigned rep)
{
    return sample_at(samples, samples->plan->cases[c].baseline, rep)->measured;
}

bool results_rows(struct results *results, const struct samples *samples, unsigned rep,
                  const size_t *order, size_t measured, bool block_ends, struct error *error)
{
    size_t pending = results->first_pending, length = 0, final_length = 0;
    /* While the first pending row waits for its baseline, a new one is only added; when the
     * baseline is there, all that is pending is written again. */
    bool again = block_ends || is_final(samples, order[pending], rep);
    off_t at = again ? results->pending_at : results->rows_file.length;

    for (size_t i = again ? pending : measured - 1; i < measured; i++) {
        struct csv_row row;
        results->kind->row(&row, samples, order[i], rep, results->context);
        memcpy(results->rows + length, row.text, row.length);
        length += row.length;
        if (again && pending == i && (block_ends || is_final(samples, order[i], rep))) {
            pending = i + 1;
            final_length = length;
        }
    }
    if (!outfile_write_at(&results->rows_file, at, results->rows, length, error)) {
        return false;
    }
    results->kept_earlier |=
        results->rows_file.kept_as > 0; /* in a folder that came meanwhile */
    results->first_pending = block_ends ? 0 : pending;
    results->pending_at += (off_t)final_length;
    return echo(results, results->rows, final_length, error);
}

bool results_summary(struct results *results, const struct summary *summaries, size_t n,
                     struct error *error)
{
    if (!append(&results->summary, summary_header, sizeof summary_header - 1, error)) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        const struct summary *summary = &summaries[i];
        struct csv_row row;

        if (summary->reps == 0) {
            continue;
        }
        begin_case(&row, summary->of);
        csv_integer(&row, summary->reps);
        csv_number(&row, summary->wall_s);
        csv_number(&row, summary->rate);
        csv_number(&row, summary->speedup.median);
        csv_number(&row, summary->speedup.lo);
        csv_number(&row, summary->speedup.hi);
        csv_number(&row, summary->efficiency);
        csv_number(&row, summary->karp_flatt);
        csv_number(&row, summary->cores_busy);
        csv_number(&row, summary->handoffs_per_s);
        csv_number(&row, summary->startup_s);
        csv_integer(&row, summary->of->oversubscribed);
        csv_integer(&row, summary->noisy);
        csv_end(&row);
        if (!results_append(&results->summary, &row, error)) {
            return false;
        }
    }
    return true;
}

bool results_machine(struct results *results, const struct run_facts *facts,
                     struct error *error)
{
    struct outfile *file = &results->machine;
    char *xml = NULL;
    size_t xml_size = 0;
    bool written = machine_csv_begin(file, error) &&
                   machine_csv_text(file, "unit", facts->settings->kernel->unit, error) &&
                   machine_csv_number(file, "decrement_ns", facts->decrement_ns, error);

    for (int r = 0; written && r < REFERENCE_COUNT; r++) {
        written = machine_csv_number(file, references[r].key, facts->reference[r], error);
    }
    written = written && machine_csv_machine(file, facts->machine, error) &&
              machine_csv_number(file, "steal", facts->steal, error) &&
              machine_csv_number(file, "timed_share", facts->timed_share, error) &&
              machine_csv_number(file, "elapsed_s", facts->elapsed_s, error) &&
              machine_csv_number(file, "max_rss_kib", (double)facts->max_rss_kib, error) &&
              machine_csv_number(file, "paused", facts->paused, error) &&
              machine_csv_text(file, "cpu_quota", facts->quota, error) &&
              machine_csv_text(file, "interpreters", facts->interpreters, error) &&
              machine_csv_text(file, "drifting", facts->drifting, error) &&
              machine_csv_run(file, facts->settings, error);
    if (!written || !machine_xml(facts->machine, &xml, &xml_size, error)) {
        return false;
    }
    written = append(&results->topology, xml, xml_size, error);
    free(xml);
    return written;
}

bool results_commit(struct results *results, struct error *error)
{
    /* The rows last: where they are new, all are. */
    struct outfile *const files[] = {&results->more, &results->topology, &results->machine,
                                     &results->summary, &results->rows_file};

    return outfile_commit(files, sizeof files / sizeof *files, error);
}

void results_close(struct results *results)
{
    if (results->rows == NULL) {
        return; /* never opened: its files are descriptor 0, which is another's */
    }
    outfile_close(&results->rows_file);
    outfile_close(&results->summary);
    outfile_close(&results->machine);
    outfile_close(&results->topology);
    outfile_close(&results->more);
    free(results->rows);
    results->rows = NULL;
}
