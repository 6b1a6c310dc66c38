/* trace.csv and trace-threads.csv: see trace_report.h. */
#include "gilscope/trace_report.h"

#include "gilscope/csv.h"
#include "sink.h"

/* Whom the visitor writes for. */
struct writing {
    const struct trace *trace;
    struct sink sink;
};

static void write_event(void *context, unsigned thread, const struct trace_record *record)
{
    struct writing *writing = context;

    sink_say(&writing->sink, "%.9f,%u,%s,%u\n", trace_seconds(writing->trace, record->time),
             thread, trace_kind_names[record->kind], record->detail);
}

bool trace_csv(const struct trace_report *report, struct outfile *file, FILE *echo,
               struct error *error)
{
    struct writing writing = {.trace = report->trace,
                              .sink = {.file = file, .echo = echo, .error = error}};
    const struct trace_visitor visitor = {.event = write_event, .context = &writing};

    sink_say(&writing.sink, "time_s,thread,event,detail\n");
    return trace_walk(report->trace, &visitor, error) && sink_end(&writing.sink);
}

static const char threads_header[] =
    "variant,kernel,pin,lock,call,threads,thread,span_s,running_s,waiting_s,native_s,other_s,"
    "cpu_s,waits,wait_median_s,wait_p99_s,wait_longest_s,starved_s,starved_from_s,handoffs,"
    "in_vain,woken_in_vain,events,lost,lost_from_s,run_s,handoffs_per_s,jain,"
    "event_s,with_recording,with_recording_lo,with_recording_hi,oversubscribed\n";

static void make_row(struct csv_row *row, const struct trace_report *report, unsigned thread)
{
    const struct trace_analysis *analysis = report->analysis;
    const struct trace_thread *of = &analysis->at[thread];
    const struct variant *variant = report->of->variant;
    const struct trace_buffer *buffer = &report->trace->buffers[thread];
    const double times[] = {of->span_s,
                            of->state_s[TRACE_RUNNING],
                            of->state_s[TRACE_WAITING],
                            of->state_s[TRACE_NATIVE],
                            of->state_s[TRACE_OTHER],
                            of->cpu_s};
    const uint64_t counts[] = {of->handoffs, of->in_vain, of->woken_in_vain, buffer->count,
                               of->lost};

    csv_begin(row);
    csv_text(row, variant->name);
    csv_text(row, report->of->kernel->name);
    csv_text(row, report->of->pin->name);
    csv_text(row, variant->calls       ? report->settings->lock->name
                  : variant->hands_off ? variant->name
                                       : "none");
    csv_integer(row, report->of->call);
    csv_integer(row, analysis->threads);
    csv_integer(row, thread);
    for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
        csv_number(row, times[i]);
    }
    csv_integer(row, of->waits.count);
    csv_number(row, of->waits.median_s);
    csv_number(row, of->waits.p99_s);
    csv_number(row, of->waits.longest_s);
    csv_number(row, of->starved_s);
    csv_number(row, of->starved_from_s);
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        csv_integer(row, counts[i]);
    }
    csv_number(row, analysis->lost_from_s);
    csv_number(row, analysis->span_s);
    csv_number(row, analysis->handoffs_per_s);
    csv_number(row, analysis->jain);
    csv_number(row, report->event_s);
    csv_number(row, report->speed.median);
    csv_number(row, report->speed.lo);
    csv_number(row, report->speed.hi);
    csv_integer(row, report->of->oversubscribed);
    csv_end(row);
}

bool trace_threads_csv(const struct trace_report *report, struct outfile *file,
                       struct error *error)
{
    struct sink sink = {.file = file, .error = error};
    struct csv_row row;

    sink_say(&sink, "%s", threads_header);
    for (unsigned t = 0; t < report->analysis->threads; t++) {
        make_row(&row, report, t);
        sink_say(&sink, "%s", row.text);
    }
    return sink_end(&sink);
}
