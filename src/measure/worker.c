/* What every worker does around the part that its variant is about: see run.h. */
#include "gilscope/run.h"

#include <omp.h>

uint64_t share_of(uint64_t count, unsigned parts, unsigned i)
{
    return count / parts + (i < count % parts);
}

void worker_bind(struct worker *me)
{
    const struct run *run = me->run;
    const struct slot *slot = run->slots == NULL ? NULL : &run->slots[me->id % run->slot_count];

    me->present = true;
    if (!machine_bind(run->machine, slot, &me->error)) {
        me->share = 0;
    }
}

void worker_start_clock(struct worker *me)
{
    me->usage_at_start = clock_thread_usage();
    me->start_s = clock_now();
}

struct worker *worker_begin(struct run *run, int id)
{
    struct worker *me = &run->workers[id];

    worker_bind(me);
    /* Binds to the team that is there, however small: a team that came out smaller than asked
     * for does not hang, and the runner sees who is missing. */
#pragma omp barrier
    worker_start_clock(me);
    return me;
}

void worker_end(struct worker *me)
{
    me->end_s = clock_now();
    me->usage_at_end = clock_thread_usage();
    progress_enter(&me->progress, me->end_s - me->start_s, me->done);
}

void worker_do(struct worker *me, uint64_t units)
{
    const struct run *run = me->run;

    while (units > 0 && !interrupted()) {
        uint64_t stretch = units < run->stretch ? units : run->stretch;
        me->done += run->kernel->run(stretch);
        units -= stretch;
    }
}

void worker_do_chunk(struct worker *me)
{
    uint64_t left = me->share - me->done, chunk = me->run->chunk;

    worker_do(me, left < chunk ? left : chunk);
    if (--me->chunks_until_sample == 0) {
        progress_enter(&me->progress, clock_now() - me->start_s, me->done);
        me->chunks_until_sample = me->run->chunks_per_sample;
    }
}
