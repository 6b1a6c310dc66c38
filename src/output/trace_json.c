/* trace.json: see trace_report.h. Times there are microseconds. */
#include "gilscope/trace_report.h"

#include "gilscope/command.h"
#include "sink.h"

#include <math.h>
#include <stdlib.h>

/* What a thread does, for the counters. */
struct doing {
    bool wants, holds; /* the lock */
    bool works;        /* with the lock, or needing none */
};

struct writing {
    const struct trace *trace;
    struct sink sink;
    uint64_t until;            /* what comes later is not shown */
    uint64_t later;            /* events that are not */
    struct doing *doing;       /* doing[threads] */
    unsigned waiting, working; /* how many of them do */
    unsigned long arrows;      /* so far: their numbers */
};

uint64_t trace_json_until(const struct trace_report *report)
{
    const struct trace *trace = report->trace;
    uint64_t until = trace_horizon(trace);

    for (unsigned t = 0; t < trace->threads; t++) {
        const struct trace_buffer *buffer = &trace->buffers[t];
        if (trace_kept(buffer) > report->json_events) {
            uint64_t last = buffer->records[report->json_events - 1].time;
            until = last < until ? last : until;
        }
    }
    return until;
}

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
    uint64_t end = to < writing->until ? to : writing->until;
    double at = micros(writing, from);

    if (state != TRACE_OTHER && from < end) {
        sink_say(
            &writing->sink,
            ",\n{\"ph\":\"X\",\"pid\":1,\"tid\":%u,\"ts\":%.3f,\"dur\":%.3f,\"name\":\"%s\","
            "\"cat\":\"state\",\"cname\":\"%s\"}",
            thread + 1, at, micros(writing, end) - at, trace_state_names[state],
            colours[state]);
    }
}

/* An arrow begins in the slice that ends there, and so a little before its end. */
static void write_handoff(void *context, unsigned from, uint64_t gave_up, unsigned to,
                          uint64_t got)
{
    struct writing *writing = context;
    double end = micros(writing, gave_up);

    if (got >= writing->until) { /* the slice that it leads to is not shown */
        return;
    }
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

static void write_counter(struct writing *writing, uint64_t time, const char *name,
                          unsigned threads)
{
    sink_say(&writing->sink,
             ",\n{\"ph\":\"C\",\"pid\":1,\"ts\":%.3f,\"name\":\"threads that %s\","
             "\"args\":{\"threads\":%u}}",
             micros(writing, time), name, threads);
}

static const char want_the_lock[] = "want the lock", work[] = "work";

static struct doing after(struct doing doing, enum trace_kind kind)
{
    switch (kind) {
    case TRACE_WANTS:
        return (struct doing){.wants = true};
    case TRACE_GOT:
        return (struct doing){.holds = true, .works = true};
    case TRACE_TASK_BEGINS:
    case TRACE_NATIVE_BEGINS:
        doing.works = true;
        return doing;
    case TRACE_NATIVE_ENDS:
        doing.works = doing.holds;
        return doing;
    case TRACE_GAVE_UP:
    case TRACE_TASK_ENDS:
    case TRACE_ENDS:
        return (struct doing){.wants = false};
    case TRACE_BEGINS:
    case TRACE_ASKS:
    case TRACE_SEES:
    case TRACE_SWITCHED:
    case TRACE_KINDS:
        break;
    }
    return doing;
}

/* Flags a thread: an event that is missing makes no count of all wrong. */
static void count(struct writing *writing, unsigned thread, const struct trace_record *record)
{
    struct doing before = writing->doing[thread],
                 now = after(before, (enum trace_kind)record->kind);

    writing->doing[thread] = now;
    if (now.wants != before.wants) {
        writing->waiting = now.wants ? writing->waiting + 1 : writing->waiting - 1;
        write_counter(writing, record->time, want_the_lock, writing->waiting);
    }
    if (now.works != before.works) {
        writing->working = now.works ? writing->working + 1 : writing->working - 1;
        write_counter(writing, record->time, work, writing->working);
    }
}

static void write_event(void *context, unsigned thread, const struct trace_record *record)
{
    struct writing *writing = context;
    enum trace_kind kind = (enum trace_kind)record->kind;

    if (record->time > writing->until) {
        writing->later++;
        return;
    }
    if (kind == TRACE_ASKS || kind == TRACE_SEES || kind == TRACE_SWITCHED) {
        sink_say(
            &writing->sink,
            ",\n{\"ph\":\"i\",\"s\":\"t\",\"pid\":1,\"tid\":%u,\"ts\":%.3f,\"name\":\"%s\","
            "\"cat\":\"lock\"}",
            thread + 1, micros(writing, record->time), trace_kind_names[kind]);
    }
    count(writing, thread, record);
}

/* Where it stops: the counters' last values, and why there is no more, across all tracks. */
static void write_end(struct writing *writing, const struct trace_report *report)
{
    bool lost = report->analysis->lost > 0 && writing->until == trace_horizon(report->trace);
    unsigned full = 0; /* the thread whose buffer is */

    if (report->of->variant->hands_off) {
        write_counter(writing, writing->until, want_the_lock, writing->waiting);
    }
    write_counter(writing, writing->until, work, writing->working);
    while (lost && (trace_lost(&report->trace->buffers[full]) == 0 ||
                    report->trace->buffers[full].lost_from != writing->until)) {
        if (++full == report->trace->threads) {
            full = 0; /* the trace ended before the loss */
            break;
        }
    }
    if (lost || writing->later > 0) {
        sink_say(
            &writing->sink,
            ",\n{\"ph\":\"i\",\"s\":\"g\",\"pid\":1,\"tid\":%u,\"ts\":%.3f,\"name\":\"%s\"}",
            full + 1, micros(writing, writing->until),
            lost ? "events lost from here on" : "not shown from here on: see trace.csv");
    }
    sink_say(&writing->sink,
             "\n],\n\"otherData\":{\"program\":\"gilscope %s\",\"variant\":\"%s\","
             "\"kernel\":\"%s\",\"pin\":\"%s\",\"threads\":%u,\"events_lost\":%llu,"
             "\"events_not_shown\":%llu,\"shown_until_us\":%.3f}}\n",
             GILSCOPE_VERSION, report->of->variant->name, report->of->kernel->name,
             report->of->pin->name, report->of->threads,
             (unsigned long long)report->analysis->lost, (unsigned long long)writing->later,
             micros(writing, writing->until));
}

static void write_names(struct writing *writing, const struct trace_report *report)
{
    sink_say(&writing->sink,
             "{\"displayTimeUnit\":\"ns\",\n\"traceEvents\":[\n"
             "{\"ph\":\"M\",\"pid\":1,\"name\":\"process_name\",\"args\":{\"name\":\"gilscope "
             "%s\"}}",
             report->of->variant->name);
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
                              .until = trace_json_until(report),
                              .sink = {.file = file, .error = error}};
    const struct trace_visitor visitor = {.slice = write_slice,
                                          .handoff = write_handoff,
                                          .event = write_event,
                                          .context = &writing};

    writing.doing = calloc(report->trace->threads, sizeof *writing.doing);
    if (writing.doing == NULL) {
        return fail(error, "out of memory for %u threads", report->trace->threads);
    }
    write_names(&writing, report);
    bool walked = trace_walk(report->trace, &visitor, error);
    if (walked) {
        write_end(&writing, report);
    }
    free(writing.doing);
    return walked && sink_end(&writing.sink);
}
