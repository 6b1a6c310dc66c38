/* trace.json: see trace_report.h. Times there are microseconds. */
#include "gilscope/trace_report.h"

#include "gilscope/command.h"
#include "sink.h"

#include <math.h>

struct writing {
    const struct trace *trace;
    struct sink sink;
    uint64_t horizon;     /* from here on events are missing */
    unsigned waiting;     /* threads that want the lock */
    unsigned long arrows; /* so far: their numbers */
};

/* In whole nanoseconds, as they are printed: a slice then ends exactly where the next begins. */
static double micros(const struct writing *writing, uint64_t ticks)
{
    return round(trace_seconds(writing->trace, ticks) * 1e9) / 1e3;
}

/* Every event but the first, which is the name of the process, comes after a comma. */
static void write_slice(void *context, unsigned thread, enum trace_state state, uint64_t from,
                        uint64_t to)
{
    /* The colours of chrome://tracing; Perfetto has its own, by name. */
    static const char *const colours[TRACE_STATES] = {[TRACE_RUNNING] = "thread_state_running",
                                                      [TRACE_WAITING] =
                                                          "thread_state_uninterruptible",
                                                      [TRACE_NATIVE] = "thread_state_runnable"};
    struct writing *writing = context;
    double at = micros(writing, from);

    if (state != TRACE_OTHER) {
        sink_say(
            &writing->sink,
            ",\n{\"ph\":\"X\",\"pid\":1,\"tid\":%u,\"ts\":%.3f,\"dur\":%.3f,\"name\":\"%s\","
            "\"cat\":\"state\",\"cname\":\"%s\"}",
            thread + 1, at, micros(writing, to) - at, trace_state_names[state], colours[state]);
    }
}

/* An arrow begins in the slice that ends there, and so a little before its end. */
static void write_handoff(void *context, unsigned from, uint64_t gave_up, unsigned to,
                          uint64_t got)
{
    struct writing *writing = context;
    double end = micros(writing, gave_up);

    writing->arrows++;
    sink_say(
        &writing->sink,
        ",\n{\"ph\":\"s\",\"pid\":1,\"tid\":%u,\"ts\":%.3f,\"id\":%lu,\"name\":\"hand-off\","
        "\"cat\":\"lock\"}"
        ",\n{\"ph\":\"f\",\"bp\":\"e\",\"pid\":1,\"tid\":%u,\"ts\":%.3f,\"id\":%lu,"
        "\"name\":\"hand-off\",\"cat\":\"lock\"}",
        from + 1, end > 0.002 ? end - 0.002 : 0, writing->arrows, to + 1, micros(writing, got),
        writing->arrows);
}

static void write_event(void *context, unsigned thread, const struct trace_record *record)
{
    struct writing *writing = context;
    double at = micros(writing, record->time);
    enum trace_kind kind = (enum trace_kind)record->kind;

    if (record->time > writing->horizon) {
        return; /* some threads' events are missing from here on: what is counted would be wrong */
    }
    if (kind == TRACE_ASKS || kind == TRACE_SEES || kind == TRACE_SWITCHED) {
        sink_say(
            &writing->sink,
            ",\n{\"ph\":\"i\",\"s\":\"t\",\"pid\":1,\"tid\":%u,\"ts\":%.3f,\"name\":\"%s\","
            "\"cat\":\"lock\"}",
            thread + 1, at, trace_kind_names[kind]);
    }
    if (kind == TRACE_WANTS || (kind == TRACE_GOT && writing->waiting > 0)) {
        writing->waiting += kind == TRACE_WANTS ? 1u : -1u;
        sink_say(
            &writing->sink,
            ",\n{\"ph\":\"C\",\"pid\":1,\"ts\":%.3f,\"name\":\"threads that want the lock\","
            "\"args\":{\"threads\":%u}}",
            at, writing->waiting);
    }
}

static void write_names(struct writing *writing, const struct trace_report *report)
{
    const struct plan_case *of = report->of;

    sink_say(&writing->sink,
             "{\"displayTimeUnit\":\"ns\",\"otherData\":{\"program\":\"gilscope %s\","
             "\"variant\":\"%s\",\"kernel\":\"%s\",\"pin\":\"%s\",\"threads\":%u,"
             "\"events_lost\":%llu},\n\"traceEvents\":[\n"
             "{\"ph\":\"M\",\"pid\":1,\"name\":\"process_name\",\"args\":{\"name\":\"gilscope "
             "%s\"}}",
             GILSCOPE_VERSION, of->variant->name, of->kernel->name, of->pin->name, of->threads,
             (unsigned long long)report->analysis->lost, of->variant->name);
    for (unsigned t = 0; t < report->trace->threads; t++) {
        sink_say(
            &writing->sink,
            ",\n{\"ph\":\"M\",\"pid\":1,\"tid\":%u,\"name\":\"thread_name\",\"args\":{"
            "\"name\":\"thread %u\"}}"
            ",\n{\"ph\":\"M\",\"pid\":1,\"tid\":%u,\"name\":\"thread_sort_index\",\"args\":{"
            "\"sort_index\":%u}}",
            t + 1, t, t + 1, t);
    }
}

bool trace_json(const struct trace_report *report, struct outfile *file, struct error *error)
{
    struct writing writing = {.trace = report->trace,
                              .horizon = trace_horizon(report->trace),
                              .sink = {.file = file, .error = error}};
    const struct trace_visitor visitor = {.slice = write_slice,
                                          .handoff = write_handoff,
                                          .event = write_event,
                                          .context = &writing};

    write_names(&writing, report);
    if (!trace_walk(report->trace, &visitor, error)) {
        return false;
    }
    sink_say(&writing.sink, "\n]}\n");
    return sink_end(&writing.sink);
}
