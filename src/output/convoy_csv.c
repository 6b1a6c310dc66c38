/* convoy.csv, convoy-summary.csv, convoy-latency.csv: see convoy_report.h. */
#include "gilscope/convoy_report.h"

#include "gilscope/csv.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const char convoy_header[] =
    "system,lock,pin,hogs,switch_interval_s,rate_per_s,rep,wall_s,requests,resent,late,wrong,"
    "unanswered,unsent,requests_per_s,p50_s,p90_s,p99_s,p999_s,longest_s,hogs_rate_per_s,"
    "hogs_share,handoffs\n";
const char convoy_summary_header[] =
    "system,lock,pin,hogs,switch_interval_s,rate_per_s,reps,requests,requests_per_s,"
    "requests_per_s_lo,requests_per_s_hi,p50_s,p50_s_lo,p50_s_hi,p90_s,p90_s_lo,p90_s_hi,p99_s,"
    "p99_s_lo,p99_s_hi,p999_s,p999_s_lo,p999_s_hi,longest_s,longest_s_lo,longest_s_hi,"
    "hogs_rate_per_s,hogs_rate_per_s_lo,hogs_rate_per_s_hi,hogs_share,hogs_share_lo,"
    "hogs_share_hi\n";
const char convoy_latency_header[] =
    "system,lock,pin,hogs,switch_interval_s,from_s,to_s,count\n";

/* No row is longer: three names, and numbers of at most 21 characters. */
enum { ROW_MAX = 640 };

/* A number that need not be there: 0 is none. */
static void add_if_any(struct csv_row *row, double value)
{
    csv_number(row, value > 0 ? value : (double)NAN);
}

/* Which case it is: the columns that all files begin with. Hogs alone have no requests, and no
 * rate of them. */
static void begin(struct csv_row *row, const struct convoy_case *of)
{
    csv_begin(row);
    csv_text(row, of->guest != NULL ? of->guest->interpreter->name : "model");
    csv_text(row, of->guest != NULL ? "own" : of->lock->name);
    csv_text(row, of->pin->name);
    csv_integer(row, of->hogs);
    add_if_any(row, of->switch_interval_s);
}

static void make_row(struct csv_row *row, const struct convoy_plan *plan, size_t c,
                     unsigned rep, double rate_per_s)
{
    const struct convoy_sample *sample = convoy_sample_at(plan, c, rep);
    const uint64_t counts[] = {sample->requests, sample->resent,     sample->late,
                               sample->wrong,    sample->unanswered, sample->unsent};

    begin(row, &plan->cases[c]);
    add_if_any(row, rate_per_s);
    csv_integer(row, rep + 1);
    csv_number(row, sample->wall_s);
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        if (plan->cases[c].serves) {
            csv_integer(row, counts[i]);
        } else {
            csv_text(row, "");
        }
    }
    for (int f = 0; f < CONVOY_FIGURES; f++) {
        csv_number(row, sample->figures[f]);
    }
    if (plan->cases[c].guest != NULL || plan->cases[c].lock->kind == NULL) {
        csv_text(row, ""); /* of an interpreter not known, of no lock none */
    } else {
        csv_integer(row, sample->handoffs);
    }
    csv_end(row);
}

char *convoy_rows(const struct convoy_plan *plan, const struct settings *settings, unsigned rep)
{
    char *text = malloc(plan->length * ROW_MAX + 1);
    size_t length = 0;

    if (text == NULL) {
        return NULL;
    }
    text[0] = '\0';
    for (size_t c = 0; c < plan->length; c++) {
        struct csv_row row;
        if (convoy_sample_at(plan, c, rep)->measured) {
            make_row(&row, plan, c, rep, settings->rate_per_s);
            memcpy(text + length, row.text, row.length + 1);
            length += row.length;
        }
    }
    return text;
}

static bool append(struct outfile *file, const char *text, size_t length, struct error *error)
{
    return outfile_write_at(file, file->length, text, length, error);
}

static void make_summary(struct csv_row *row, const struct convoy_report *report, size_t c)
{
    const struct convoy_plan *plan = report->plan;
    uint64_t requests = 0, reps = 0;

    for (unsigned rep = 0; rep < plan->reps; rep++) {
        requests += convoy_sample_at(plan, c, rep)->requests;
        reps += convoy_sample_at(plan, c, rep)->measured;
    }
    begin(row, &plan->cases[c]);
    add_if_any(row, report->settings->rate_per_s);
    csv_integer(row, reps);
    if (plan->cases[c].serves) {
        csv_integer(row, requests);
    } else {
        csv_text(row, "");
    }
    for (enum convoy_figure f = 0; f < CONVOY_FIGURES; f++) {
        struct estimate estimate = convoy_estimate(plan, c, f, report->scratch);
        csv_number(row, estimate.median);
        csv_number(row, estimate.lo);
        csv_number(row, estimate.hi);
    }
    csv_end(row);
}

bool convoy_write_summary(struct outfile *file, const struct convoy_report *report,
                          struct error *error)
{
    bool written = append(file, convoy_summary_header, strlen(convoy_summary_header), error);

    for (size_t c = 0; written && c < report->plan->length; c++) {
        struct csv_row row;
        if (convoy_measured(report->plan, c)) {
            make_summary(&row, report, c);
            written = append(file, row.text, row.length, error);
        }
    }
    return written;
}

/* Buckets in a row of convoy-latency.csv: 3 % wide are fine enough for a picture. */
enum { BUCKETS_A_ROW = 4 };

static bool write_histogram(struct outfile *file, const struct convoy_case *of,
                            const struct histogram *histogram, struct error *error)
{
    for (size_t b = 0; b < HISTOGRAM_BUCKETS; b += BUCKETS_A_ROW) {
        struct csv_row row;
        uint64_t count = 0;

        for (size_t i = b; i < b + BUCKETS_A_ROW; i++) {
            count += histogram->buckets[i];
        }
        if (count == 0) {
            continue;
        }
        begin(&row, of);
        csv_number(&row, (double)histogram_from(b) * 1e-9);
        csv_number(&row, (double)histogram_from(b + BUCKETS_A_ROW) * 1e-9);
        csv_integer(&row, count);
        csv_end(&row);
        if (!append(file, row.text, row.length, error)) {
            return false;
        }
    }
    return true;
}

bool convoy_write_latencies(struct outfile *file, const struct convoy_report *report,
                            struct error *error)
{
    bool written = append(file, convoy_latency_header, strlen(convoy_latency_header), error);

    for (size_t c = 0; written && c < report->plan->length; c++) {
        written =
            write_histogram(file, &report->plan->cases[c], &report->plan->pooled[c], error);
    }
    return written;
}
