/* One timed run of a case: what a variant is given, and what it leaves behind. */
#ifndef GILSCOPE_RUN_H
#define GILSCOPE_RUN_H

#include "gilscope/clock.h"
#include "gilscope/error.h"
#include "gilscope/gil.h"
#include "gilscope/interrupt.h"
#include "gilscope/kernel.h"
#include "gilscope/machine.h"

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
    uint64_t done;  /* units the kernel reported */
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
    uint64_t count;   /* units in all */
    uint64_t chunk;   /* units between two looks at the lock */
    unsigned tasks;   /* for the variants that cut the work into tasks */
    uint64_t stretch; /* units between two looks at interrupted() */
    unsigned chunks_per_sample;
    struct gil_config gil_config;
    const struct machine *machine;
    const struct slot *slots; /* slots[slot_count], thread t on t % slot_count; or null */
    unsigned slot_count;

    /* What happened: set by the variant. */
    struct worker *workers; /* workers[threads] */
    double startup_s;       /* set by variants with startup_inside alone */
    uint64_t handoffs;
    uint64_t leftover; /* units nobody did, where the variant itself can tell */
    unsigned redone;   /* tasks done again because a worker died */
};

/* A way of sharing the work. Rows of variants[], or made at run time (interpreter.h). */
struct variant {
    const char *name;
    const char *threads_are;
    const char *work;
    const char *lock;
    bool one_thread; /* runs with one thread only */
    bool forks;      /* its workers are processes */
    bool chunked;    /* works in chunks: its progress is sampled */
    bool hands_off;  /* has a lock that is handed from thread to thread */
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

/* The calling thread becomes worker `id` of the run: binds itself, waits at an OpenMP barrier
 * (if in a team) for the others, and starts its clock. Errors are left in the worker, whose
 * share is then 0. */
struct worker *worker_begin(struct run *run, int id);
/* Stops its clock, and enters its last progress. */
void worker_end(struct worker *me);

/* The parts of worker_begin, for workers that are not OpenMP threads. */
void worker_bind(struct worker *me);
void worker_start_clock(struct worker *me);

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

#endif
