/* tasks: the work is cut into tasks, and idle threads take the next one: as `nogil`, but it
 * balances threads that are not equally fast. */
#include "gilscope/run.h"

#include <omp.h>

static bool run_tasks(struct run *run, struct error *error)
{
#pragma omp parallel num_threads(run->threads)
    {
        struct worker *me = worker_begin(run, omp_get_thread_num());
#pragma omp single
#pragma omp taskloop num_tasks(run->tasks)
        for (int t = 0; t < (int)run->tasks; t++) {
            struct worker *taker = &run->workers[omp_get_thread_num()];
            worker_do(taker, share_of(run->count, run->tasks, (unsigned)t));
        }
        worker_end(me);
    }
    (void)error;
    return true;
}

const struct variant variant_tasks = {
    .name = "tasks",
    .threads_are = "OpenMP threads",
    .work = "tasks of a taskloop",
    .lock = "none",
    .takes = OPTION_TASKS,
    .run = run_tasks,
};
