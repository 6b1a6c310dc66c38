/* gil: the GIL of CPython 3.2 and later. The lock is kept until another thread has waited for
 * it a whole switch interval and asks for it. */
#include "gilscope/run.h"

#include <omp.h>

static bool run_gil(struct run *run, struct error *error)
{
    struct gil *gil;

    if (!gil_create(&gil, &gil_switching, &run->gil_config, error)) {
        return false;
    }
#pragma omp parallel num_threads(run->threads)
    {
        struct worker *me = worker_begin(run, omp_get_thread_num());
        gil_acquire(gil, me->id);
        while (worker_has_work(me)) {
            worker_do_chunk(me);
            if (gil_should_yield(gil)) {
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

const struct variant variant_gil = {
    .name = "gil",
    .threads_are = "OpenMP threads",
    .work = "its share, chunk by chunk",
    .lock = "the GIL of CPython 3.2 and later: switch interval, drop request",
    .chunked = true,
    .hands_off = true,
    .takes = OPTION_CHUNK | OPTION_SWITCH_INTERVAL,
    .run = run_gil,
};
