/* What a trace comes to: see trace_analysis.h. */
#include "gilscope/trace_analysis.h"

#include <math.h>
#include <stdlib.h>

/* What is gathered on the way. */
struct gathering {
    const struct trace *trace;
    struct trace_analysis *analysis;
    double per_tick_s, turn_s;
    double *waits;       /* thread t's from first[t] on, and room for a value of each thread */
    size_t *first;       /* first[threads + 1] */
    uint64_t *idle_from; /* idle_from[threads]: when it last did something */
    bool *wanted;        /* wanted[threads]: the lock, since then */
    uint64_t all_from, all_to; /* while all threads were at work; none where not from < to */
};

double jain_index(const double *values, size_t n)
{
    double sum = 0, squares = 0;

    for (size_t i = 0; i < n; i++) {
        sum += values[i];
        squares += values[i] * values[i];
    }
    return squares > 0 ? sum * sum / ((double)n * squares) : NAN;
}

static double seconds(const struct gathering *gathering, uint64_t ticks)
{
    return (double)ticks * gathering->per_tick_s;
}

static void end_idleness(struct gathering *gathering, unsigned thread, uint64_t now)
{
    struct trace_thread *of = &gathering->analysis->at[thread];
    double stretch_s = seconds(gathering, now - gathering->idle_from[thread]);

    if (gathering->wanted[thread] && stretch_s > of->starved_s) {
        of->starved_s = stretch_s;
        of->starved_from_s = trace_seconds(gathering->trace, gathering->idle_from[thread]);
    }
    gathering->wanted[thread] = false;
}

static void take_slice(void *context, unsigned thread, enum trace_state state, uint64_t from,
                       uint64_t to)
{
    struct gathering *gathering = context;
    struct trace_thread *of = &gathering->analysis->at[thread];

    of->state_s[state] += seconds(gathering, to - from);
    of->span_s += seconds(gathering, to - from);
    if (state != TRACE_RUNNING && state != TRACE_NATIVE) {
        return;
    }
    end_idleness(gathering, thread, from);
    gathering->idle_from[thread] = to;
    uint64_t begin = from > gathering->all_from ? from : gathering->all_from;
    uint64_t end = to < gathering->all_to ? to : gathering->all_to;
    of->fair_s += end > begin ? seconds(gathering, end - begin) : 0;
}

static void take_wait(void *context, unsigned thread, uint64_t from, uint64_t to, bool got)
{
    struct gathering *gathering = context;
    struct trace_waits *waits = &gathering->analysis->at[thread].waits;

    gathering->wanted[thread] = true;
    if (got) {
        gathering->waits[gathering->first[thread] + waits->count++] =
            seconds(gathering, to - from);
    } else {
        waits->longest_s = fmax(waits->longest_s, seconds(gathering, to - from));
        end_idleness(gathering, thread, to);
    }
}

static void take_handoff(void *context, unsigned from, uint64_t gave_up, unsigned to,
                         uint64_t got)
{
    struct gathering *gathering = context;

    (void)from, (void)gave_up, (void)got;
    gathering->analysis->at[to].handoffs++;
    gathering->analysis->handoffs++;
}

static void take_in_vain(void *context, unsigned thread, uint64_t gave_up, uint64_t got)
{
    struct gathering *gathering = context;

    (void)gave_up, (void)got;
    gathering->analysis->at[thread].in_vain++;
    gathering->analysis->in_vain++;
}

/* Before the walk: how many waits there can be, when all were at work, what the events count. */
static void look_ahead(struct gathering *gathering)
{
    const struct trace *trace = gathering->trace;
    struct trace_analysis *analysis = gathering->analysis;
    uint64_t horizon = trace_horizon(trace);
    unsigned begun = 0;

    gathering->all_to = horizon;
    for (unsigned t = 0; t < trace->threads; t++) {
        const struct trace_buffer *buffer = &trace->buffers[t];
        struct trace_thread *of = &analysis->at[t];
        uint64_t kept = trace_kept(buffer), gots = 0;

        of->cpu_s = NAN;
        of->lost = trace_lost(buffer);
        analysis->lost += of->lost;
        analysis->events += buffer->count;
        gathering->idle_from[t] = kept > 0 ? buffer->records[0].time : horizon;
        for (uint64_t i = 0; i < kept; i++) {
            const struct trace_record *record = &buffer->records[i];
            if (record->kind == TRACE_BEGINS) {
                begun++;
                gathering->all_from =
                    record->time > gathering->all_from ? record->time : gathering->all_from;
            } else if (record->kind == TRACE_ENDS) {
                /* Of the stretch that is told, and read just outside it: not more than all of it. */
                double stretch_s = seconds(gathering, record->time - buffer->records[0].time);
                of->cpu_s = record->time <= horizon ? fmin(record->detail / 1e6, stretch_s)
                                                    : (double)NAN;
                gathering->all_to =
                    record->time < gathering->all_to ? record->time : gathering->all_to;
            } else if (record->kind == TRACE_GOT) {
                gots++;
                /* Each sleep but the last ended with the lock taken again. */
                of->woken_in_vain +=
                    record->time <= horizon && record->detail > 0 ? record->detail - 1 : 0;
            }
        }
        analysis->woken_in_vain += of->woken_in_vain;
        gathering->first[t + 1] = gathering->first[t] + gots;
    }
    if (begun < trace->threads) {
        gathering->all_to = 0; /* never all of them */
    }
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Sorts values[n]. The 99th percentile is the value that 99 % are not above. unended_s: the longest
 * that had not ended, 0 where none: it is as long at least. */
static void describe(struct trace_waits *waits, double *values, size_t n, double unended_s)
{
    *waits = (struct trace_waits){n, NAN, NAN, unended_s > 0 ? unended_s : (double)NAN};
    if (n > 0) {
        qsort(values, n, sizeof *values, ascending);
        waits->median_s = (values[(n - 1) / 2] + values[n / 2]) / 2;
        waits->p99_s = values[(size_t)ceil(0.99 * (double)n) - 1];
        waits->longest_s = fmax(values[n - 1], unended_s);
    }
}

/* Who came last did not work less for it, and a stretch without a turn for each says nothing. */
static double fairness(const struct gathering *gathering, double *worked_s)
{
    struct trace_analysis *analysis = gathering->analysis;

    for (unsigned t = 0; t < analysis->threads; t++) {
        worked_s[t] = analysis->at[t].fair_s;
    }
    if (gathering->all_to > gathering->all_from) {
        analysis->together_s = seconds(gathering, gathering->all_to - gathering->all_from);
    }
    bool tells = analysis->together_s >= FAIR_SHARE * analysis->span_s &&
                 analysis->together_s >= analysis->threads * gathering->turn_s;
    return tells ? jain_index(worked_s, analysis->threads) : NAN;
}

static void conclude(struct gathering *gathering)
{
    struct trace_analysis *analysis = gathering->analysis;
    size_t all = 0;
    double unended_s = 0;

    for (unsigned t = 0; t < analysis->threads; t++) {
        struct trace_thread *of = &analysis->at[t];
        double *waits = &gathering->waits[gathering->first[t]];
        size_t n = of->waits.count;
        /* Moved together, before they are sorted, for those of all threads. */
        unended_s = fmax(unended_s, of->waits.longest_s);
        describe(&of->waits, waits, n, of->waits.longest_s);
        for (size_t i = 0; i < n; i++) {
            gathering->waits[all++] = waits[i];
        }
        if (of->starved_s > analysis->at[analysis->starved].starved_s) {
            analysis->starved = t;
        }
    }
    describe(&analysis->waits, gathering->waits, all, unended_s);
    analysis->jain = fairness(gathering, gathering->waits);
    analysis->handoffs_per_s =
        analysis->span_s > 0 ? (double)analysis->handoffs / analysis->span_s : 0;
}

static bool gather(struct gathering *gathering, struct error *error)
{
    const struct trace_visitor visitor = {.slice = take_slice,
                                          .wait = take_wait,
                                          .handoff = take_handoff,
                                          .in_vain = take_in_vain,
                                          .context = gathering};
    const struct trace *trace = gathering->trace;

    look_ahead(gathering);
    gathering->waits =
        calloc(gathering->first[trace->threads] + trace->threads, sizeof *gathering->waits);
    if (gathering->waits == NULL) {
        return fail(error, "out of memory for the waits of a trace");
    }
    if (!trace_walk(trace, &visitor, error)) {
        return false;
    }
    conclude(gathering);
    return true;
}

bool trace_analyse(const struct trace *trace, double turn_s, struct trace_analysis *analysis,
                   struct error *error)
{
    uint64_t horizon = trace_horizon(trace);
    struct gathering gathering = {
        .trace = trace,
        .analysis = analysis,
        .turn_s = turn_s,
        .per_tick_s = (trace->end.seconds - trace->begin.seconds) /
                      (double)(trace->end.ticks - trace->begin.ticks),
    };

    *analysis = (struct trace_analysis){.threads = trace->threads, .lost_from_s = NAN};
    analysis->at = calloc(trace->threads, sizeof *analysis->at);
    gathering.first = calloc(trace->threads + 1, sizeof *gathering.first);
    gathering.idle_from = calloc(trace->threads, sizeof *gathering.idle_from);
    gathering.wanted = calloc(trace->threads, sizeof *gathering.wanted);
    analysis->span_s = trace_seconds(trace, horizon);
    bool allocated = analysis->at != NULL && gathering.first != NULL &&
                     gathering.idle_from != NULL && gathering.wanted != NULL;
    bool done = allocated ? gather(&gathering, error)
                          : fail(error, "out of memory for %u threads", trace->threads);
    if (done && analysis->lost > 0) {
        analysis->lost_from_s = analysis->span_s;
    }
    free(gathering.waits);
    free(gathering.first);
    free(gathering.idle_from);
    free(gathering.wanted);
    return done;
}

void trace_analysis_free(struct trace_analysis *analysis)
{
    free(analysis->at);
    analysis->at = NULL;
}
