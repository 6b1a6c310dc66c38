/* The files of `breakeven`: see breakeven_report.h. */
#include "gilscope/breakeven_report.h"

#include <math.h>
#include <string.h>

static const char rows_header[] =
    "variant,kernel,lock,pin,threads,call,call_s,rep,count,held_s,shared,wall_s,cpu_s,"
    "rate_per_s,speedup,handoffs,vol_ctxt,invol_ctxt,drift,oversubscribed\n";
static const char summary_header[] =
    "variant,kernel,lock,pin,threads,call,call_s,reps,rate_per_s,speedup,speedup_lo,speedup_hi,"
    "release_over_hold,release_over_hold_lo,release_over_hold_hi,handoffs_per_s,drifting,"
    "oversubscribed,noisy\n";
static const char answers_header[] = "system,kernel,lock,pin,threads,answer,call_s,call_s_lo,"
                                     "call_s_hi,call,call_lo,call_hi,ratio\n";

/* An interpreter brings its own lock. */
static void begin(struct csv_row *row, const char *name, bool model, const struct sweep *sweep,
                  const struct settings *settings, const struct pin_policy *pin,
                  unsigned threads)
{
    csv_begin(row);
    csv_text(row, name);
    csv_text(row, sweep->kernel->name);
    csv_text(row, model ? settings->lock->name : "own");
    csv_text(row, pin->name);
    csv_integer(row, threads);
}

static void begin_case(struct csv_row *row, const struct sweep *sweep,
                       const struct settings *settings, const struct plan_case *of)
{
    begin(row, of->variant->name, of->variant->context == NULL, sweep, settings, of->pin,
          of->threads);
    csv_integer(row, of->call);
    csv_number(row, sweep->call_s[sweep_place(sweep, of)]);
}

static void add_row(struct csv_row *row, const struct samples *samples, size_t c, unsigned rep,
                    const void *context)
{
    const struct breakeven_rows *rows = context;
    const struct plan_case *of = &samples->plan->cases[c];
    const struct sample *sample = sample_at(samples, c, rep);
    bool model = of->variant->context == NULL;

    begin_case(row, rows->sweep, rows->settings, of);
    csv_integer(row, rep + 1);
    csv_integer(row, sample->count);
    csv_number(row, model ? rows->settings->held_s : (double)NAN);
    csv_number(row, model ? rows->settings->shared_lines : (double)NAN);
    csv_number(row, sample->wall_s);
    csv_number(row, sample->cpu_s);
    csv_number(row, sample_rate(sample));
    csv_number(row, paired_speedup(samples, c, rep));
    csv_integer(row, sample->handoffs);
    csv_integer(row, sample->voluntary_switches);
    csv_integer(row, sample->involuntary_switches);
    csv_number(row, sample->drift);
    csv_integer(row, of->oversubscribed);
    csv_end(row);
}

const struct results_kind results_of_breakeven = {
    .rows = "breakeven.csv",
    .summary = "breakeven-summary.csv",
    .more = "breakeven-answers.csv",
    .header = rows_header,
    .row = add_row,
};

static void add_estimate(struct csv_row *row, struct estimate estimate)
{
    csv_number(row, estimate.median);
    csv_number(row, estimate.lo);
    csv_number(row, estimate.hi);
}

static void summary_row(struct csv_row *row, const struct sweep *sweep,
                        const struct settings *settings, const struct samples *samples,
                        const struct summary *summary, double *scratch)
{
    const struct plan_case *of = summary->of;
    struct estimate ratio = {NAN, NAN, NAN, 0};

    if (sweep_releasing(sweep, of) != NULL) {
        ratio =
            release_over_hold_estimate(samples, (size_t)(of - samples->plan->cases), scratch);
    }
    begin_case(row, sweep, settings, of);
    csv_integer(row, summary->reps);
    csv_number(row, summary->rate);
    add_estimate(row, summary->speedup);
    add_estimate(row, ratio);
    csv_number(row, summary->handoffs_per_s);
    csv_integer(row, summary->drifting);
    csv_integer(row, of->oversubscribed);
    csv_integer(row, summary->noisy);
    csv_end(row);
}

/* What all rows of answers need. */
struct answers {
    struct outfile *file;
    const struct sweep *sweep;
    const struct settings *settings;
};

static bool answer(const struct answers *to, const struct verdict *of, const char *name,
                   struct estimate call_s, struct estimate call, double ratio,
                   struct error *error)
{
    struct csv_row row;

    begin(&row, of->system->name, of->system->interpreter == NULL, to->sweep, to->settings,
          of->pin, of->threads);
    csv_text(&row, name);
    add_estimate(&row, call_s);
    add_estimate(&row, call);
    csv_number(&row, ratio);
    csv_end(&row);
    return results_append(to->file, &row, error);
}

static struct estimate in_units(const struct sweep *sweep, struct estimate call_s)
{
    return (struct estimate){sweep_units_of(sweep, call_s.median),
                             sweep_units_of(sweep, call_s.lo), sweep_units_of(sweep, call_s.hi),
                             call_s.n};
}

static bool answer_crossing(const struct answers *to, const struct verdict *of,
                            const char *name, struct estimate at, double level,
                            struct error *error)
{
    return at.n == 0 || answer(to, of, name, at, in_units(to->sweep, at), level, error);
}

static const struct estimate none = {NAN, NAN, NAN, 0};

static bool answer_worst(const struct answers *to, const struct verdict *of,
                         struct error *error)
{
    struct estimate call_s = none, call = none;

    call_s.median = to->sweep->call_s[of->worst];
    call.median = (double)to->sweep->units[of->worst];
    return of->worst_ratio.n == 0 ||
           answer(to, of, "worst", call_s, call, of->worst_ratio.median, error);
}

static bool write_answers(const struct answers *to, const struct verdict *of,
                          struct error *error)
{
    double gain = of->possible - 1;

    return answer_crossing(to, of, "break_even", of->break_even, 1, error) &&
           answer_crossing(to, of, "half_gain", of->half_gain, 1 + 0.5 * gain, error) &&
           answer_crossing(to, of, "ninety_gain", of->ninety_gain, 1 + 0.9 * gain, error) &&
           answer_worst(to, of, error) &&
           (of->cost_s.n == 0 || answer(to, of, "cost_of_one_thread", of->cost_s, none,
                                        of->cost_ratio.median, error));
}

static bool write_header(struct outfile *file, const char *header, struct error *error)
{
    return outfile_write_at(file, file->length, header, strlen(header), error);
}

bool breakeven_write(struct results *results, const struct sweep *sweep,
                     const struct settings *settings, const struct samples *samples,
                     const struct summary *summaries, const struct verdict *verdicts, size_t n,
                     double *scratch, struct error *error)
{
    const struct answers to = {&results->more, sweep, settings};
    bool written = write_header(&results->summary, summary_header, error) &&
                   write_header(to.file, answers_header, error);

    for (size_t c = 0; written && c < samples->plan->length; c++) {
        struct csv_row row;
        if (summaries[c].reps > 0) {
            summary_row(&row, sweep, settings, samples, &summaries[c], scratch);
            written = results_append(&results->summary, &row, error);
        }
    }
    for (size_t i = 0; written && i < n; i++) {
        written = write_answers(&to, &verdicts[i], error);
    }
    return written;
}
