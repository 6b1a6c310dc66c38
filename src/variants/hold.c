/* hold: an extension that keeps the lock while it computes. The interpreter's work and the call are
 * done under the lock, which others get when they ask for it. */
#include "gilscope/run.h"

#include <omp.h>

static bool run_hold(struct run *run, struct error *error)
{
    struct gil *gil;

    if (!gil_create(&gil, run->lock, &run->gil_config, error)) {
        return false;
    }
#pragma omp parallel num_threads(run->threads)
    {
        struct worker *me = worker_begin(run, omp_get_thread_num());
        gil_acquire(gil, me->id);
        while (worker_has_work(me)) {
            worker_interpret(me);
            worker_call(me);
            if (worker_looks(me) && gil_should_yield(gil)) {
                gil_release(gil, me->id);
                gil_acquire(gil, me->id);
            }
        }
        gil_release(gil, me->id);
        worker_end(me);
    }
    run->handoffs = gil_counts(gil).handoffs;
    gil_destroy(gil);
    return true;
}

const struct variant variant_hold = {
    .name = "hold",
    .threads_are = "OpenMP threads",
    .work = "native calls of a given length",
    .lock = "kept during the call; --lock says which",
    .chunked = true,
    .hands_off = true,
    .calls = true,
    .run = run_hold,
};
