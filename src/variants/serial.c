/* serial: the calling thread does all of the work. The baseline of every speedup. */
#include "gilscope/run.h"

static bool run_serial(struct run *run, struct error *error)
{
    struct worker *me = worker_begin(run, 0);

    worker_do(me, me->share);
    worker_end(me);
    (void)error;
    return true;
}

const struct variant variant_serial = {
    .name = "serial",
    .threads_are = "the calling thread",
    .work = "all of it",
    .lock = "none: the baseline",
    .one_thread = true,
    .run = run_serial,
};
