/* From events to states, waits and hand-offs: see trace_analysis.h. */
#include "gilscope/trace_analysis.h"

#include <limits.h>
#include <stdlib.h>

const char *const trace_state_names[TRACE_STATES] = {"other", "running", "waiting", "native"};

static const unsigned NOBODY = UINT_MAX;

/* How far a thread has come. */
struct cursor {
    uint64_t next; /* its next record */
    bool there;    /* it has begun, and not ended */
    enum trace_state state;
    uint64_t since;
    bool holds;
    bool sees;   /* a request: who gives the lock up then has to wait */
    bool forced; /* to wait, having given it up on request; it wants it back */
    bool wants;
    uint64_t wanted;     /* since then; where it was forced, from the giving up on */
    bool contended;      /* another had the lock when it began to want it */
    uint64_t got_by_all; /* how often anybody had got the lock then */
};

struct walk {
    const struct trace *trace;
    const struct trace_visitor *visitor;
    struct cursor *cursors; /* cursors[threads] */
    unsigned *heap;         /* heap[heap_size]: threads with events left, the next one first */
    size_t heap_size;
    bool by_tasks; /* who has no task does nothing */
    unsigned holder, last_holder;
    uint64_t gave_up; /* when the last holder did */
    bool awaited;     /* others wanted the lock then */
    unsigned waiting; /* how many threads want the lock */
    uint64_t got_by_all;
};

static const struct trace_record *head(const struct walk *walk, unsigned thread)
{
    return &walk->trace->buffers[thread].records[walk->cursors[thread].next];
}

/* Of two events at the same tick the one that gives the lock up comes first. */
static bool before(const struct walk *walk, unsigned a, unsigned b)
{
    const struct trace_record *x = head(walk, a), *y = head(walk, b);

    if (x->time != y->time) {
        return x->time < y->time;
    }
    bool x_frees = x->kind == TRACE_GAVE_UP, y_frees = y->kind == TRACE_GAVE_UP;
    return x_frees != y_frees ? x_frees : a < b;
}

/* The heap's order, from a place whose thread has a later event now. */
static void sift_down(struct walk *walk, size_t at)
{
    for (;;) {
        size_t least = at;
        for (size_t child = 2 * at + 1; child <= 2 * at + 2 && child < walk->heap_size;
             child++) {
            if (before(walk, walk->heap[child], walk->heap[least])) {
                least = child;
            }
        }
        if (least == at) {
            return;
        }
        unsigned thread = walk->heap[at];
        walk->heap[at] = walk->heap[least];
        walk->heap[least] = thread;
        at = least;
    }
}

static bool has_tasks(const struct trace *trace)
{
    for (unsigned t = 0; t < trace->threads; t++) {
        uint64_t kept = trace_kept(&trace->buffers[t]);
        for (uint64_t i = 0; i < kept && i < 16; i++) { /* they come soon, or never */
            if (trace->buffers[t].records[i].kind == TRACE_TASK_BEGINS) {
                return true;
            }
        }
    }
    return false;
}

/* Wants it while another has it, or had it meanwhile: the own event is not counted yet. */
static bool waits_for_another(const struct walk *walk, const struct cursor *cursor)
{
    return cursor->contended || walk->got_by_all > cursor->got_by_all;
}

static void close_slice(const struct walk *walk, unsigned thread, uint64_t to)
{
    const struct trace_visitor *visitor = walk->visitor;
    const struct cursor *cursor = &walk->cursors[thread];
    enum trace_state state = cursor->state;

    if (!cursor->there || to <= cursor->since) {
        return;
    }
    if (cursor->wants && !waits_for_another(walk, cursor)) {
        state = TRACE_OTHER;
    }
    if (visitor->slice != NULL) {
        visitor->slice(visitor->context, thread, state, cursor->since, to);
    }
}

static void enter(struct walk *walk, unsigned thread, enum trace_state state, uint64_t now)
{
    struct cursor *cursor = &walk->cursors[thread];

    close_slice(walk, thread, now);
    cursor->there = true;
    cursor->state = state;
    cursor->since = now;
}

static void end_wait(struct walk *walk, unsigned thread, uint64_t now, bool got)
{
    const struct trace_visitor *visitor = walk->visitor;
    struct cursor *cursor = &walk->cursors[thread];

    if (cursor->wants && visitor->wait != NULL && waits_for_another(walk, cursor)) {
        visitor->wait(visitor->context, thread, cursor->wanted, now, got);
    }
}

static void stop_wanting(struct walk *walk, struct cursor *cursor)
{
    walk->waiting -= cursor->wants;
    cursor->wants = false;
}

static void enter_wants(struct walk *walk, unsigned thread, uint64_t now)
{
    struct cursor *cursor = &walk->cursors[thread];

    enter(walk, thread, TRACE_WAITING, now);
    walk->waiting += !cursor->wants;
    cursor->wants = true;
    cursor->sees = false;
    cursor->contended = cursor->forced || (walk->holder != NOBODY && walk->holder != thread);
    cursor->wanted = cursor->forced ? cursor->wanted : now;
    cursor->forced = false;
    cursor->got_by_all = walk->got_by_all;
}

static void enter_got(struct walk *walk, unsigned thread, uint64_t now)
{
    const struct trace_visitor *visitor = walk->visitor;
    struct cursor *cursor = &walk->cursors[thread];

    end_wait(walk, thread, now, true);
    enter(walk, thread, TRACE_RUNNING, now);
    stop_wanting(walk, cursor);
    if (walk->last_holder != NOBODY && walk->last_holder != thread) {
        if (visitor->handoff != NULL) {
            visitor->handoff(visitor->context, walk->last_holder, walk->gave_up, thread, now);
        }
    } else if (walk->last_holder == thread && walk->awaited && visitor->in_vain != NULL) {
        visitor->in_vain(visitor->context, thread, walk->gave_up, now);
    }
    cursor->holds = true;
    walk->holder = walk->last_holder = thread;
    walk->got_by_all++;
}

static void enter_gave_up(struct walk *walk, unsigned thread, uint64_t now)
{
    struct cursor *cursor = &walk->cursors[thread];

    enter(walk, thread, cursor->sees ? TRACE_WAITING : TRACE_OTHER, now);
    cursor->forced = cursor->sees;
    cursor->wanted = now;
    cursor->holds = cursor->sees = false;
    if (walk->holder == thread) {
        walk->holder = NOBODY;
        walk->gave_up = now;
        walk->awaited = walk->waiting > 0;
    }
}

static void take_event(struct walk *walk, unsigned thread, const struct trace_record *record)
{
    struct cursor *cursor = &walk->cursors[thread];

    switch ((enum trace_kind)record->kind) {
    case TRACE_BEGINS:
        enter(walk, thread, walk->by_tasks ? TRACE_OTHER : TRACE_RUNNING, record->time);
        break;
    case TRACE_ENDS:
        end_wait(walk, thread, record->time, false);
        close_slice(walk, thread, record->time);
        stop_wanting(walk, cursor);
        cursor->there = false;
        break;
    case TRACE_WANTS:
        enter_wants(walk, thread, record->time);
        break;
    case TRACE_GOT:
        enter_got(walk, thread, record->time);
        break;
    case TRACE_GAVE_UP:
        enter_gave_up(walk, thread, record->time);
        break;
    case TRACE_SEES:
        cursor->sees = true;
        break;
    case TRACE_NATIVE_BEGINS:
        cursor->forced = false; /* who works without the lock does not wait for it */
        enter(walk, thread, TRACE_NATIVE, record->time);
        break;
    case TRACE_NATIVE_ENDS:
        enter(walk, thread, cursor->holds ? TRACE_RUNNING : TRACE_OTHER, record->time);
        break;
    case TRACE_TASK_BEGINS:
        enter(walk, thread, TRACE_RUNNING, record->time);
        break;
    case TRACE_TASK_ENDS:
        enter(walk, thread, TRACE_OTHER, record->time);
        break;
    case TRACE_ASKS:
    case TRACE_SWITCHED:
    case TRACE_KINDS:
        break;
    }
}

uint64_t trace_horizon(const struct trace *trace)
{
    uint64_t loss = UINT64_MAX, last = 0;

    for (unsigned t = 0; t < trace->threads; t++) {
        const struct trace_buffer *buffer = &trace->buffers[t];
        uint64_t kept = trace_kept(buffer);
        if (trace_lost(buffer) > 0 && buffer->lost_from < loss) {
            loss = buffer->lost_from;
        }
        if (kept > 0 && buffer->records[kept - 1].time > last) {
            last = buffer->records[kept - 1].time;
        }
    }
    return loss < last ? loss : last;
}

/* What still goes on when the trace ends. */
static void close_all(struct walk *walk, uint64_t now)
{
    for (unsigned t = 0; t < walk->trace->threads; t++) {
        end_wait(walk, t, now, false);
        close_slice(walk, t, now);
    }
}

static void go_through(struct walk *walk)
{
    const struct trace_visitor *visitor = walk->visitor;
    uint64_t horizon = trace_horizon(walk->trace);
    bool whole = true;

    while (walk->heap_size > 0) {
        unsigned thread = walk->heap[0];
        const struct trace_record *record = head(walk, thread);
        if (whole && record->time > horizon) {
            close_all(walk, horizon);
            whole = false;
        }
        if (whole) {
            take_event(walk, thread, record);
        }
        if (visitor->event != NULL) {
            visitor->event(visitor->context, thread, record);
        }
        if (++walk->cursors[thread].next == trace_kept(&walk->trace->buffers[thread])) {
            walk->heap[0] = walk->heap[--walk->heap_size];
        }
        sift_down(walk, 0);
    }
    if (whole) {
        close_all(walk, horizon);
    }
}

bool trace_walk(const struct trace *trace, const struct trace_visitor *visitor,
                struct error *error)
{
    struct walk walk = {.trace = trace,
                        .visitor = visitor,
                        .by_tasks = has_tasks(trace),
                        .holder = NOBODY,
                        .last_holder = NOBODY};

    walk.cursors = calloc(trace->threads, sizeof *walk.cursors);
    walk.heap = calloc(trace->threads, sizeof *walk.heap);
    bool allocated = walk.cursors != NULL && walk.heap != NULL;
    if (allocated) {
        for (unsigned t = 0; t < trace->threads; t++) {
            if (trace->buffers[t].count > 0) {
                walk.heap[walk.heap_size++] = t;
            }
        }
        for (size_t at = walk.heap_size; at-- > 0;) {
            sift_down(&walk, at);
        }
        go_through(&walk);
    }
    free(walk.cursors);
    free(walk.heap);
    return allocated || fail(error, "out of memory for a trace of %u threads", trace->threads);
}
