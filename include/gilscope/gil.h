/* The locks that serialise an interpreter, behind one small interface. A lock is used by
 * threads numbered from 0 (CPython passes the thread state; here the number stands for it).
 *
 *     struct gil *gil;
 *     if (!gil_create(&gil, &gil_ticks, &config, error)) ...
 *     gil_acquire(gil, me);
 *     while (work is left) {
 *         a chunk of work;
 *         if (gil_should_yield(gil)) { gil_release(gil, me); gil_acquire(gil, me); }
 *     }
 *     gil_release(gil, me);
 *     gil_destroy(gil);
 */
#ifndef GILSCOPE_GIL_H
#define GILSCOPE_GIL_H

#include "gilscope/error.h"
#include "gilscope/option_bits.h"
#include "gilscope/trace.h"

#include <stddef.h>
#include <stdint.h>

struct gil_config {
    double switch_interval_s; /* sys.setswitchinterval; locks without one ignore it */
    struct trace *trace;      /* what happens is recorded there; null: nowhere */
};

/* Kept by the lock, under the lock. */
struct gil_counts {
    uint64_t acquired;  /* in all */
    uint64_t contended; /* of these: the lock was not free when asked for */
    uint64_t handoffs;  /* of these: the holder before was another thread */
    uint64_t requested; /* drop requests made by waiting threads */
    uint64_t forced;    /* releases that waited until another thread had the lock */
};

struct gil;

struct gil_kind {
    const char *name;
    const char *summary;
    bool by_ticks;  /* the holder looks at it after so much work, else after every call */
    unsigned takes; /* options that mean something to it: bits of enum option_bit */
    /* On failure null, with errno set. */
    struct gil *(*create)(const struct gil_config *config);
    void (*destroy)(struct gil *gil);
    void (*acquire)(struct gil *gil, unsigned thread);
    void (*release)(struct gil *gil, unsigned thread);
    bool (*should_yield)(const struct gil *gil);
};

/* What every lock begins with. */
struct gil {
    const struct gil_kind *kind;
    struct gil_counts counts; /* read it while no thread uses the lock */
    struct trace *trace;      /* of the config */
};

/* CPython up to 3.1: a semaphore, given up and asked for again after every chunk. */
extern const struct gil_kind gil_ticks;
/* CPython 3.2 and later: a condition, a switch interval, a drop request, forced switching. */
extern const struct gil_kind gil_switching;
/* What an OpenMP critical section is made of. */
extern const struct gil_kind gil_critical;

extern const struct gil_kind *const gil_kinds[];
extern const size_t gil_kind_count;

/* For the locks: what the calling thread does. */
static inline void gil_event(const struct gil *gil, unsigned thread, enum trace_kind kind,
                             uint32_t detail)
{
    if (gil->trace != NULL) {
        trace_event(&gil->trace->buffers[thread], kind, detail);
    }
}

/* For locks whose threads may sleep several times for it: before the sleeps, and when it has the
 * lock: see trace_sleeps. */
static inline void gil_sleeps(const struct gil *gil, unsigned thread)
{
    if (gil->trace != NULL) {
        trace_sleeps(&gil->trace->buffers[thread]);
    }
}
static inline void gil_got_after_sleeps(const struct gil *gil, unsigned thread)
{
    if (gil->trace != NULL) {
        trace_got_after_sleeps(&gil->trace->buffers[thread]);
    }
}

/* A new lock, free, in *out; the caller gives it to gil_destroy once no thread uses it. */
bool gil_create(struct gil **out, const struct gil_kind *kind, const struct gil_config *config,
                struct error *error);
void gil_destroy(struct gil *gil);

/* Blocks until the calling thread holds the lock. It must not hold it already. */
static inline void gil_acquire(struct gil *gil, unsigned thread)
{
    gil->kind->acquire(gil, thread);
}

/* Gives the lock up. The calling thread must hold it. May block until another thread has it,
 * where the protocol forces a switch. */
static inline void gil_release(struct gil *gil, unsigned thread)
{
    gil->kind->release(gil, thread);
}

/* Asked by the holder after every chunk: should it give the lock up now? Never blocks. */
static inline bool gil_should_yield(const struct gil *gil)
{
    return gil->kind->should_yield(gil);
}

#endif
