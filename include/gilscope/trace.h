/* Recording what happens in a run, and when: each thread writes to a buffer of its own, allocated
 * before, of known size. What comes when it is full is counted, and not recorded. */
#ifndef GILSCOPE_TRACE_H
#define GILSCOPE_TRACE_H

#include "gilscope/error.h"

#include <stddef.h>
#include <stdint.h>
#include <time.h>

enum trace_kind {
    TRACE_BEGINS, /* the thread sets to work */
    TRACE_ENDS,   /* it is done; detail: CPU time that it has used, in us */
    TRACE_WANTS,  /* it wants the lock */
    TRACE_GOT, /* it has it; detail: how often it slept for it, where the lock knows: trace_sleeps */
    TRACE_GAVE_UP,       /* it is about to give it up */
    TRACE_ASKS,          /* it waits, and asks the holder to drop the lock */
    TRACE_SEES,          /* it holds the lock, and has seen the request */
    TRACE_SWITCHED,      /* it waited, after giving the lock up, until another had it */
    TRACE_NATIVE_BEGINS, /* a native call */
    TRACE_NATIVE_ENDS,
    TRACE_TASK_BEGINS, /* a task, or a share that is done at once */
    TRACE_TASK_ENDS,
    TRACE_KINDS
};

/* "gave_up", as in trace.csv. */
extern const char *const trace_kind_names[TRACE_KINDS];

struct trace_record {
    uint64_t time;   /* in ticks of the trace's clock */
    uint32_t kind;   /* enum trace_kind */
    uint32_t detail; /* see there; else 0 */
};

/* One clock for all cores: the processor's counter, where that is one, else CLOCK_MONOTONIC. */
enum trace_clock { TRACE_CLOCK_COUNTER, TRACE_CLOCK_SYSTEM };

/* One thread's. Written by that thread alone, read when it has ended; cache lines of its own. */
struct trace_buffer {
    _Alignas(128) struct trace_record *records; /* records[capacity], in the trace's memory */
    uint64_t capacity;
    uint64_t count;     /* events so far; those beyond capacity are lost */
    uint64_t lost_from; /* the time of the first of these */
    enum trace_clock clock;
    uint64_t open;   /* the record of a `got` whose sleeps are not entered yet, + 1; 0: none */
    uint32_t sleeps; /* of the thread before it waited for that one, as the system counts */
};

/* The same moment on both clocks. */
struct trace_moment {
    uint64_t ticks;
    double seconds; /* clock_now() */
};

/* Memory is shared with processes forked later: the workers of a pool record as threads do. */
struct trace {
    unsigned threads;
    enum trace_clock clock;
    struct trace_buffer *buffers;   /* buffers[threads] */
    size_t mapping_size;            /* of the one mapping that all of it lies in */
    struct trace_moment begin, end; /* of the last run; what turns ticks into seconds */
    uint64_t first;                 /* the time of its first event; 0 where there is none */
};

/* Events that a trace may hold, of all threads: 1 GiB. */
#define TRACE_EVENTS_MAX ((uint64_t)1 << 26)

/* Buffers for so many threads and events each, all their memory taken at once: a page that had to
 * be found first would be in the times. The caller's, to be given to trace_close.
 * Errors: threads × events above TRACE_EVENTS_MAX, no memory. */
bool trace_open(struct trace *trace, unsigned threads, uint64_t events, struct error *error);
/* Twice is fine, and a trace of zeros. */
void trace_close(struct trace *trace);

/* Around each run, from one thread, while no other records: empties the buffers and starts; ends. */
void trace_begin(struct trace *trace);
void trace_end(struct trace *trace);

/* Seconds from the first event of the trace to that time; after trace_end. Pure. */
double trace_seconds(const struct trace *trace, uint64_t ticks);
/* Events kept of that thread, and lost. Pure. */
uint64_t trace_kept(const struct trace_buffer *buffer);
uint64_t trace_lost(const struct trace_buffer *buffer);

/* Seconds that recording one event takes in the calling thread: the median of some loops. NAN
 * where there is no memory for it. */
double trace_event_cost(void);

static inline uint64_t trace_now(enum trace_clock clock)
{
    struct timespec now;

    if (clock == TRACE_CLOCK_COUNTER) {
#if defined __x86_64__
        uint32_t low, high;
        /* LFENCE: without it the counter may be read before what comes before it is done, and a
         * `got` bear a time at which the lock was still another's. Nothing is needed behind it: a
         * later store, as that which frees the lock, is seen by others only when the reading has
         * retired. RDTSCP would wait as well and take as long, but not every processor has it. */
        __asm__ volatile("lfence\n\trdtsc" : "=a"(low), "=d"(high) : : "memory");
        return (uint64_t)high << 32 | low;
#elif defined __aarch64__
        uint64_t ticks;
        /* ISB in front for the same reason; behind, since stores may become visible before an
         * earlier read of a system register here: that which frees the lock, say. */
        __asm__ volatile("isb\n\tmrs %0, cntvct_el0\n\tisb" : "=r"(ticks) : : "memory");
        return ticks;
#endif
    }
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* One event of the calling thread, whose buffer it is; null: nothing is recorded, at the price of one
 * branch that is always the same. Allocates nothing, and never blocks. */
static inline void trace_event(struct trace_buffer *buffer, enum trace_kind kind,
                               uint32_t detail)
{
    if (buffer == NULL) {
        return;
    }
    uint64_t at = buffer->count, time = trace_now(buffer->clock);
    if (at < buffer->capacity) {
        buffer->records[at] = (struct trace_record){time, kind, detail};
    } else if (at == buffer->capacity) {
        buffer->lost_from = time;
    }
    buffer->count = at + 1;
}

/* How often a thread slept until it had the lock takes a system call to learn, and who has the lock
 * must not be kept by one: the thread asks when it is about to wait, and what it is told when it is
 * about to wait the next time says how often it slept the time before. That is entered then, as the
 * detail of the earlier `got`. In between nothing sleeps but what trace_sleeps_end is told of. */

/* The calling thread is about to wait: enters the sleeps of its last wait, and counts from here. */
void trace_sleeps(struct trace_buffer *buffer);
/* Enters those of its last wait: at the end of its work, or before it may sleep for something else.
 * Costs a system call where there is something to enter, else nothing. Null: does nothing. */
void trace_sleeps_end(struct trace_buffer *buffer);

/* `got`, after a wait that trace_sleeps has begun. */
static inline void trace_got_after_sleeps(struct trace_buffer *buffer)
{
    uint64_t at = buffer->count;

    trace_event(buffer, TRACE_GOT, 0);
    buffer->open = at < buffer->capacity ? at + 1 : 0;
}

#endif
