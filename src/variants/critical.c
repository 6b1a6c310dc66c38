/* critical: each thread does its share chunk by chunk, inside an OpenMP critical section:
 * what the GIL comes to, in one pragma. */
#include "gilscope/run.h"

#include <omp.h>

static bool run_critical(struct run *run, struct error *error)
{
    const struct worker *holder = NULL; /* guarded, like handoffs, by the critical section */
    uint64_t handoffs = 0;

#pragma omp parallel num_threads(run->threads)
    {
        struct worker *me = worker_begin(run, omp_get_thread_num());
        while (worker_has_work(me)) {
#pragma omp critical(                                                                          \
    the_lock) /* named: the unnamed one may be used by the user's own function */
            {
                worker_do_chunk(me);
                handoffs += holder != NULL && holder != me;
                holder = me;
            }
        }
        worker_end(me);
    }
    run->handoffs = handoffs;
    (void)error;
    return true;
}

const struct variant variant_critical = {
    .name = "critical",
    .threads_are = "OpenMP threads",
    .work = "its share, chunk by chunk",
    .lock = "#pragma omp critical around each chunk",
    .chunked = true,
    .hands_off = true,
    .compilers_lock = true,
    .takes = OPTION_CHUNK,
    .run = run_critical,
};
