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
 *
 * What the lock protects is declared so, GUARDED_BY(the_gil), and clang then refuses a program that
 * touches it without the lock, acquires or releases the lock twice, or returns while holding it. It
 * checks one function at a time, on all its paths: an OpenMP region as if the thread that meets it
 * went through it once, and nothing behind a pointer to a function or through a pointer to the data
 * (README, "The rule, checked"). With GILSCOPE_DEBUG defined, here and in the library, the same
 * mistakes end the program while it runs: see gil_debug.h.
 *
 * An example is tests/programs/counter.c. Needs -fopenmp, and -lgilscope of `make install`. */
#ifndef GILSCOPE_GIL_H
#define GILSCOPE_GIL_H

#include "gilscope/error.h"
#include "gilscope/thread_safety.h"

#include <stddef.h>
#include <stdint.h>
#ifdef GILSCOPE_DEBUG
#    include <stdatomic.h>
struct gil_thread; /* the checks' own */
#endif

struct trace; /* trace.h */

#define SWITCH_INTERVAL_MAX_S 1e9
struct gil_config {
    /* sys.setswitchinterval: 0 to SWITCH_INTERVAL_MAX_S; locks without one ignore it. */
    double switch_interval_s;
    struct trace *trace; /* what happens is recorded there; null: nowhere */
};

/* Kept by the lock, under the lock (`forced` alone: under a mutex of its own). */
struct gil_counts {
    uint64_t acquired;  /* in all */
    uint64_t contended; /* of these: the lock was not free when asked for */
    uint64_t handoffs;  /* of these: the holder before was another thread */
    uint64_t requested; /* drop requests made by waiting threads */
    uint64_t forced;    /* releases that waited until another thread had the lock */
};

/* What a thread holds, for clang: see thread_safety.h. */
struct CAPABILITY("lock") gil;
extern struct gil the_gil; /* whichever it is; defined nowhere */

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
    struct gil_counts counts GUARDED_BY(the_gil); /* gil_counts() reads them */
    struct trace *trace;                          /* of the config */
#ifdef GILSCOPE_DEBUG
    _Atomic(const struct gil_thread *) owner; /* who holds it; null: nobody */
    atomic_uint holder;                       /* 1 + the number that it passed; 0: nobody */
    _Atomic(const char *) taken_in;           /* by which function */
    struct gil *also_held;                    /* the holder's next one */
#endif
};

/* CPython up to 3.1: a semaphore, given up and asked for again after every chunk. */
extern const struct gil_kind gil_ticks;
/* CPython 3.2 and later: a condition, a switch interval, a drop request, forced switching. */
extern const struct gil_kind gil_switching;
/* What an OpenMP critical section is made of. */
extern const struct gil_kind gil_critical;

extern const struct gil_kind *const gil_kinds[];
extern const size_t gil_kind_count;

/* A new lock, free, in *out; the caller gives it to gil_destroy once no thread uses it. */
bool gil_create(struct gil **out, const struct gil_kind *kind, const struct gil_config *config,
                struct error *error);
/* Null is fine. */
void gil_destroy(struct gil *gil) EXCLUDES(the_gil);

/* What happened so far, while no thread uses the lock: that is why clang need not look. */
static inline struct gil_counts gil_counts(const struct gil *gil) EXCLUDES(the_gil)
    NO_THREAD_SAFETY_ANALYSIS
{
    return gil->counts;
}

#ifdef GILSCOPE_DEBUG
#    include "gilscope/gil_debug.h"
#else
/* Blocks until the calling thread holds the lock. It must not hold it already. */
static inline void gil_acquire(struct gil *gil, unsigned thread) ACQUIRE(the_gil)
    NO_THREAD_SAFETY_ANALYSIS /* behind a pointer clang sees nothing */
{
    gil->kind->acquire(gil, thread);
}

/* Gives the lock up. The calling thread must hold it. May block until another thread has it,
 * where the protocol forces a switch. */
static inline void gil_release(struct gil *gil, unsigned thread) RELEASE(the_gil)
    NO_THREAD_SAFETY_ANALYSIS
{
    gil->kind->release(gil, thread);
}

/* Asked by the holder after every chunk: should it give the lock up now? Never blocks. */
static inline bool gil_should_yield(const struct gil *gil) REQUIRES(the_gil)
{
    return gil->kind->should_yield(gil);
}

/* For functions that touch what the lock protects: the calling thread must hold it. Costs nothing,
 * and checks nothing, but under GILSCOPE_DEBUG. */
static inline void gil_assert_held(const struct gil *gil, unsigned thread) REQUIRES(the_gil)
{
    (void)gil;
    (void)thread;
}

/* At the beginning of a function, or of any block: by whatever way it is left, the thread then holds
 * the lock if it did here, and else does not. As clang demands it of every function, but those with
 * ACQUIRE and RELEASE; checked under GILSCOPE_DEBUG alone, and nothing without it. Worth its line in
 * what threads do that go on living afterwards, such as OpenMP's. */
#    define gil_check_return(gil) ((void)(gil))
#endif

#endif
