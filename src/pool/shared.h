/* What the pool's parent and its workers share: see pool.h. The states of the tasks are the
 * only truth about what is done: there is no counter that a dying worker could leave wrong,
 * and no lock that it could take along. */
#ifndef GILSCOPE_POOL_SHARED_H
#define GILSCOPE_POOL_SHARED_H

#include "gilscope/pool.h"

/* States of a task: to do, done, or taken by worker state - TASK_TAKEN. */
enum { TASK_TODO, TASK_DONE, TASK_TAKEN };

struct pool_worker_note {
    _Alignas(128) uint64_t finished; /* tasks; its own, read when it is dead or idle */
    atomic_uint idle_since;          /* the generation at which it last found nothing to do */
    struct error error;              /* why begin() failed */
};

/* One mapping, shared by parent and workers; the notes stand behind the tasks. */
struct pool_shared {
    _Alignas(128) atomic_uint generation; /* futex: goes up when idle workers should look */
    atomic_bool closing;
    atomic_uint published; /* tasks of the list that are to be done */
    /* A line of its own: every claim writes it. Where to begin the search; only a hint. */
    _Alignas(128) atomic_uint search_from;
    _Alignas(128) struct pool_task tasks[];
};

/* A worker's life, in the forked process. `tell` is the pipe to the parent: a byte each time
 * it goes idle, end of file when it is gone, however it went. Never returns. */
_Noreturn void pool_worker_live(struct pool_shared *shared, struct pool_worker_note *note,
                                const struct pool_job *job, unsigned id, int tell);

/* Wakes all idle workers to look for tasks, or for the end. */
void pool_wake_workers(struct pool_shared *shared);

#endif
