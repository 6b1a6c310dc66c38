/* A pool of forked worker processes that pull tasks from a list in shared memory, as
 * multiprocessing.Pool does it, but for one thing: here a worker may die. Its death is noticed
 * at once, it is replaced, and its unfinished task done again; Python's pool waits forever
 * (bpo-22393, issue 96062). One pool is used by one thread of one process. */
#ifndef GILSCOPE_POOL_H
#define GILSCOPE_POOL_H

#include "gilscope/error.h"

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* A task of the list. Shared with the workers. */
struct pool_task {
    uint64_t argument; /* the caller's, written before pool_map */
    uint64_t result;   /* what the job returned; valid after pool_map */
    atomic_uint state; /* the pool's own */
    unsigned worker;   /* who did it; valid after pool_map */
    unsigned deaths;   /* how many workers died of it, or while doing it; since pool_map */
};

/* What the workers do. Runs in the forked workers; what it is to leave behind must lie in
 * memory that is mapped shared. context is passed through. */
struct pool_job {
    /* Once in each worker, before its first task, in a replacement too; may be null. On
     * failure the pool fails with that error. */
    bool (*begin)(void *context, unsigned worker, struct error *error);
    /* Once for each task (again where a worker died on it). Returns the result. */
    uint64_t (*task)(void *context, unsigned worker, uint64_t argument);
    /* In a worker that has done tasks and finds no more; may be null. Not for what a worker did
     * that then died: see pool_lost_work. */
    void (*rest)(void *context, unsigned worker);
    /* In the parent, of a worker that left with 128 or more: has it told why? Then the run ends; else
     * the worker has died as others do, and is replaced. Null: it has not. */
    bool (*has_told)(void);
    void *context;
};

struct pool;

/* The same task or the same idle worker lost this often in a row is no accident any more. */
enum { POOL_DEATHS_MAX = 3 };

/* Forks the workers and waits until all are ready. tasks_max bounds what pool_map can take.
 * *out is the caller's, to be given to pool_destroy. Errors: no memory, no descriptors, no
 * processes, a begin() that fails, workers that die before they are ready. */
bool pool_create(struct pool **out, unsigned workers, unsigned tasks_max,
                 const struct pool_job *job, struct error *error);

/* The list of tasks, tasks_max long, the pool's; write the arguments, read the results. */
struct pool_task *pool_tasks(struct pool *pool);

/* Has the first `count` tasks done, each exactly once, and returns when the last is and all
 * workers are at rest; may be called again: arguments, results, workers and deaths are then those
 * of the new call. Errors: a task that killed POOL_DEATHS_MAX workers; fork failing for a
 * replacement; a signal (fail_signal); without a text a worker that left with
 * 128 + signal, or with 128 for no signal, and that has told why itself (has_told). After an error
 * only pool_destroy makes sense. */
bool pool_map(struct pool *pool, unsigned count, struct error *error);

/* Whether in the last pool_map, which returned true, a worker died that had finished tasks of it.
 * Their results are there; what rest() leaves behind may be without that worker's part, since
 * who takes its place did not do them. */
bool pool_lost_work(const struct pool *pool);

/* No more tasks will come: idle workers leave. */
void pool_close(struct pool *pool);

/* After pool_close: waits until every worker has left. */
bool pool_join(struct pool *pool, struct error *error);

/* Ends workers that are still there (SIGKILL) and frees everything. Null is fine. */
void pool_destroy(struct pool *pool);

/* The worker's process now; it changes when the worker is replaced. 0 after it left. */
pid_t pool_worker_pid(const struct pool *pool, unsigned worker);

#endif
