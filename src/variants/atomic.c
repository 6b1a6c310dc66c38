/* atomic: no lock, but one counter that all threads decrement. What is shared does not scale:
 * the cache line that holds it can be in one core at a time. */
#include "gilscope/run.h"

#include <omp.h>

static bool run_atomic(struct run *run, struct error *error)
{
    uint64_t counter = run->count;

#pragma omp parallel num_threads(run->threads)
    {
        struct worker *me = worker_begin(run, omp_get_thread_num());
        while (worker_has_work(me)) {
#pragma omp atomic
            counter -= 1;
            me->done++;
        }
        worker_end(me);
    }
    run->leftover = counter;
    (void)error;
    return true;
}

const struct variant variant_atomic = {
    .name = "atomic",
    .threads_are = "OpenMP threads",
    .work = "its share, one decrement at a time",
    .counts = true,
    .lock = "none: #pragma omp atomic on one shared counter",
    .run = run_atomic,
};
