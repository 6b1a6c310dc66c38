/* One timed run of a case: what a variant is given, and what it leaves behind. */
#ifndef GILSCOPE_RUN_H
#define GILSCOPE_RUN_H

#include "gilscope/clock.h"
#include "gilscope/error.h"
#include "gilscope/gil.h"
#include "gilscope/interrupt.h"
#include "gilscope/kernel.h"
#include "gilscope/machine.h"
#include "gilscope/option_bits.h"
#include "gilscope/trace.h"

#include <stdbool.h>
#include <stdint.h>

/* Work done per window of time. When a run lasts longer than planned, neighbouring windows
 * are joined and the width doubles: bounded memory, nothing lost. */
enum { PROGRESS_WINDOWS = 32 };
struct progress {
    double width_s;
    uint64_t units[PROGRESS_WINDOWS];
    uint64_t seen; /* work entered so far */
};

/* Enters the work done since the last call, `done` in all, in the window of now. */
void progress_enter(struct progress *progress, double elapsed_s, uint64_t done);
/* Joins neighbouring windows, so that twice the time fits. */
void progress_widen(struct progress *progress);

/* What a call of the kernel on so many units returned. */
struct check {
    uint64_t units, checksum;
};
/* A worker makes calls of few different sizes: whole ones, and the ends of its shares. */
enum { CHECKS_MAX = 8 };

/* A cache line that all threads write to, under the lock: a reference count, say. */
struct shared_line {
    _Alignas(128) uint64_t count GUARDED_BY(the_gil);
};

struct run;

/* One thread, or one process of a pool. Lives in memory shared with forked workers; written
 * by its own thread only, read by the runner after the run. A cache line of its own, so that
 * neighbours do not slow each other down. */
struct worker {
    _Alignas(128) const struct run *run;
    unsigned id;
    bool present; /* it came; false where a team is smaller than asked for */
    unsigned chunks_until_sample;
    uint64_t share; /* units it has to do; 0 where the work comes as tasks */
    uint64_t done;  /* units that the kernel was called for */
    uint64_t wrong; /* calls that returned another checksum than the first of their size */
    void *state;    /* of the kernel, in this thread; null where it needs none */
    struct trace_buffer *trace; /* what it does is recorded there; null: nowhere */
    unsigned check_count;
    struct check checks[CHECKS_MAX]; /* the first call of each size; later ones must agree */
    unsigned calls_until_look;
    double start_s; /* clock_now() when it set to work; 0 until then */
    double end_s;
    struct thread_usage usage_at_start, usage_at_end;
    struct progress progress;
    struct error error; /* exit_code EXIT_DONE where nothing failed */
};

struct run {
    /* What to do: set by the runner, constant during the run. */
    const struct variant *variant;
    const struct kernel *kernel;
    unsigned threads;
    uint64_t count; /* units in all */
    uint64_t
        chunk; /* units between two looks at the lock; where the variant calls, of a call */
    unsigned tasks;   /* for the variants that cut the work into tasks */
    uint64_t stretch; /* units between two looks at interrupted() */
    unsigned chunks_per_sample;
    bool
        cuts_calls; /* a call of the kernel may be cut into stretches: so Ctrl-C is seen in it */
    struct gil_config gil_config;
    uint64_t call_max; /* no call of the kernel is for more units */

    /* For the variants that make calls: */
    const struct gil_kind *lock;
    uint64_t held;              /* decrements of interpreter work before each call */
    unsigned shared_lines;      /* lines that this work writes to */
    struct shared_line *shared; /* shared[shared_lines] */
    unsigned calls_per_look;    /* calls between two looks at the lock */

    const struct machine *machine;
    const struct slot *slots; /* slots[slot_count], thread t on t % slot_count; or null */
    unsigned slot_count;

    /* What happened: set by the variant. */
    struct worker *workers; /* workers[threads] */
    double startup_s;       /* set by variants with startup_inside alone */
    uint64_t handoffs;
    uint64_t leftover; /* units nobody did, where the variant itself can tell */
    unsigned redone;   /* tasks done again because a worker died */
    bool spoilt;       /* a worker died with its account of what it had done: to be run again */
};

/* A way of sharing the work. Rows of variants[], or made at run time (interpreter.h). */
struct variant {
    const char *name;
    const char *threads_are;
    const char *work;
    const char *lock;
    bool one_thread;     /* runs with one thread only */
    bool forks;          /* its workers are processes */
    bool chunked;        /* works in chunks: its progress is sampled */
    bool hands_off;      /* has a lock that is handed from thread to thread */
    bool by_ticks;       /* that is looked at after so much work: as in struct gil_kind */
    bool compilers_lock; /* no lock of gil.h: what its workers do with it they record */
    unsigned takes; /* options that mean something to it, whatever its lock: enum option_bit */
    bool calls;  /* makes native calls of a given length, under a lock of the user's choice */
    bool counts; /* counts itself down, so that it can run no other kernel than the countdown */
    /* For guests, the variants that are not rows of variants[] but interpreters: */
    void *context;       /* what run() needs to know more; null for our own variants */
    double least_s;      /* a repetition lasts at least so long */
    bool startup_inside; /* the time of a run contains the start-up, as in the article */
    /* One run. False where it could not be done; what single workers met is in their error. */
    bool (*run)(struct run *run, struct error *error);
};

extern const struct variant *const variants[];
extern const size_t variant_count;

/* The i-th of `parts` nearly equal parts of count: they differ by one at most and add up to
 * count. Pure. */
uint64_t share_of(uint64_t count, unsigned parts, unsigned i);

/* The calling thread becomes worker `id` of the run: binds itself, sets the kernel up, waits at an
 * OpenMP barrier (if in a team) for the others, and starts its clock. Errors are left in the worker, whose
 * share is then 0. */
struct worker *worker_begin(struct run *run, int id);
/* Stops its clock, enters its last progress, and cleans up after the kernel. */
void worker_end(struct worker *me);

/* The parts of the two, for workers that are not OpenMP threads: the binding and the kernel's
 * set-up, the start of the clock, and the kernel's end. */
void worker_prepare(struct worker *me);
void worker_start_clock(struct worker *me);
void worker_clean_up(struct worker *me);

/* Is some of its share left, and nobody asked us to stop? In the header because `atomic` asks
 * after every decrement. */
static inline bool worker_has_work(const struct worker *me)
{
    return me->done < me->share && !interrupted();
}

/* Does the next chunk of its share, or what is left of it. */
void worker_do_chunk(struct worker *me);
/* Does so many units, whatever its share; fewer only when asked to stop. */
void worker_do(struct worker *me, uint64_t units);

/* For the variants that make calls. One native call, of run->chunk units. */
void worker_call(struct worker *me);
/* What an interpreter does between two calls, with its lock held: a stretch of work, and writes to
 * what all threads share. */
void worker_interpret(struct worker *me) REQUIRES(the_gil);
/* Should it look at the lock now? Asked after every call. CPython up to 3.1 looks after so many
 * ticks, CPython since then after each call. */
static inline bool worker_looks(struct worker *me)
{
    if (--me->calls_until_look > 0) {
        return false;
    }
    me->calls_until_look = me->run->calls_per_look;
    return true;
}

#endif
