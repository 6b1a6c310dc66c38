/* nogil: each thread does its share at once, without a lock: the article's Cython `nogil`. */
#include "gilscope/run.h"

#include <omp.h>

static bool run_nogil(struct run *run, struct error *error)
{
#pragma omp parallel num_threads(run->threads)
    {
        struct worker *me = worker_begin(run, omp_get_thread_num());
        worker_do(me, me->share);
        worker_end(me);
    }
    (void)error;
    return true;
}

const struct variant variant_nogil = {
    .name = "nogil",
    .threads_are = "OpenMP threads",
    .work = "its share, at once",
    .lock = "none",
    .run = run_nogil,
};
