/* The worker's side of the pool: take a task, do it, say so; sleep when there is none. */
#include "shared.h"

#include "gilscope/interrupt.h"

#include <assert.h>
#include <errno.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

static_assert(ATOMIC_INT_LOCK_FREE == 2 && ATOMIC_BOOL_LOCK_FREE == 2,
              "the atomics must work between processes");

/* Takes the next task, or returns null where none is left to take. The claim and the name of
 * the claimer are one atomic step, so that a task cannot get lost with a worker. */
static struct pool_task *claim(struct pool_shared *shared, unsigned id)
{
    /* Acquire, with pool_map's release: the arguments and states of the new list are seen. */
    unsigned published = atomic_load_explicit(&shared->published, memory_order_acquire);
    /* Relaxed: a hint; all of the list is searched before giving up. */
    unsigned from = atomic_load_explicit(&shared->search_from, memory_order_relaxed);

    for (unsigned k = 0; k < published; k++) {
        unsigned t = (from + k) % published, todo = TASK_TODO;
        struct pool_task *task = &shared->tasks[t];

        /* Acquire: a task given back by the parent comes with all that the parent wrote.
         * The first, plain look spares the cache line a useless exclusive request. */
        if (atomic_load_explicit(&task->state, memory_order_relaxed) == TASK_TODO &&
            atomic_compare_exchange_strong_explicit(&task->state, &todo, TASK_TAKEN + id,
                                                    memory_order_acquire,
                                                    memory_order_relaxed)) {
            atomic_store_explicit(&shared->search_from, t + 1, memory_order_relaxed);
            return task;
        }
    }
    return NULL;
}

static void do_tasks(struct pool_shared *shared, struct pool_worker_note *note,
                     const struct pool_job *job, unsigned id)
{
    struct pool_task *task;
    bool any = false;

    while ((task = claim(shared, id)) != NULL) {
        task->result = job->task(job->context, id, task->argument);
        task->worker = id;
        note->finished++; /* first, so that who dies has never done more than this says */
        any = true;
        /* Release: who sees the task done sees its result. A worker killed before this line
         * has not done the task, one killed after it has: there is nothing in between. */
        atomic_store_explicit(&task->state, TASK_DONE, memory_order_release);
    }
    if (any && job->rest != NULL) {
        job->rest(job->context, id);
    }
}

_Noreturn void pool_worker_live(struct pool_shared *shared, struct pool_worker_note *note,
                                const struct pool_job *job, unsigned id, int tell)
{
    interrupt_worker();
    if (job->begin != NULL && !job->begin(job->context, id, &note->error)) {
        _exit(EXIT_FAILED);
    }
    for (;;) {
        /* Acquire, and before looking for tasks: whatever is published after this look
         * raises the generation, and the wait below returns at once. */
        unsigned generation = atomic_load_explicit(&shared->generation, memory_order_acquire);

        do_tasks(shared, note, job, id);
        /* Release: who sees it idle sees what rest() left behind. */
        atomic_store_explicit(&note->idle_since, generation, memory_order_release);
        if (atomic_load_explicit(&shared->closing, memory_order_acquire)) {
            _exit(EXIT_DONE);
        }
        if (write(tell, "", 1) < 0 && errno == EPIPE) {
            _exit(EXIT_DONE); /* nobody is there any more to be told */
        }
        syscall(SYS_futex, &shared->generation, FUTEX_WAIT, generation, NULL, NULL, 0);
    }
}
