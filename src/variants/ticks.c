/* ticks: the GIL of CPython up to 3.1. The lock is given up after every chunk, whoever waits;
 * that wakes the other thread, which mostly finds the lock taken again. */
#include "gilscope/run.h"

#include <omp.h>

static bool run_ticks(struct run *run, struct error *error)
{
    struct gil *gil;

    if (!gil_create(&gil, &gil_ticks, &run->gil_config, error)) {
        return false;
    }
#pragma omp parallel num_threads(run->threads)
    {
        struct worker *me = worker_begin(run, omp_get_thread_num());
        gil_acquire(gil, me->id);
        while (worker_has_work(me)) {
            worker_do_chunk(me);
            gil_release(gil, me->id);
            gil_acquire(gil, me->id);
        }
        gil_release(gil, me->id);
        worker_end(me);
    }
    run->handoffs = gil_counts(gil).handoffs;
    gil_destroy(gil);
    return true;
}

const struct variant variant_ticks = {
    .name = "ticks",
    .threads_are = "OpenMP threads",
    .work = "its share, chunk by chunk",
    .lock = "the GIL of CPython up to 3.1: a semaphore",
    .chunked = true,
    .hands_off = true,
    .by_ticks = true,
    .takes = OPTION_CHUNK,
    .run = run_ticks,
};
