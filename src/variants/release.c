/* release: an extension that gives the lock up while it computes: Py_BEGIN_ALLOW_THREADS, Cython's
 * `with nogil:`. Only the interpreter's work is done under the lock. */
#include "gilscope/run.h"

#include <omp.h>

static bool run_release(struct run *run, struct error *error)
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
            gil_release(gil, me->id);
            worker_call(me);
            gil_acquire(gil, me->id);
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

const struct variant variant_release = {
    .name = "release",
    .threads_are = "OpenMP threads",
    .work = "native calls of a given length",
    .lock = "given up around the call; --lock says which",
    .chunked = true,
    .hands_off = true,
    .calls = true,
    .run = run_release,
};
