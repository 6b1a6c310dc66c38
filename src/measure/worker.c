/* What every worker does around the part that its variant is about: see run.h. */
#include "gilscope/run.h"

#include "gilscope/guard.h"
#include "gilscope/kernel_state.h"

#include <math.h>
#include <omp.h>

uint64_t share_of(uint64_t count, unsigned parts, unsigned i)
{
    return count / parts + (i < count % parts);
}

static void set_up_kernel(struct worker *me)
{
    const struct run *run = me->run;
    const struct kernel_place place = {me->id, run->threads, run->call_max};

    guard_thread();
    kernel_set_up(run->kernel, &place, &me->state, &me->error);
}

void worker_clean_up(struct worker *me)
{
    kernel_tear_down(me->run->kernel, me->state);
    me->state = NULL;
    guard_thread_end();
}

void worker_prepare(struct worker *me)
{
    const struct run *run = me->run;
    const struct slot *slot = run->slots == NULL ? NULL : &run->slots[me->id % run->slot_count];

    me->present = true;
    if (machine_bind(run->machine, slot, &me->error)) {
        set_up_kernel(me);
    }
    if (me->error.exit_code != EXIT_DONE) {
        me->share = 0;
    }
}

/* Has it to tell itself what it does with the lock? */
static bool records_lock(const struct worker *me)
{
    return me->trace != NULL && me->run->variant->compilers_lock;
}

void worker_start_clock(struct worker *me)
{
    me->usage_at_start = clock_thread_usage();
    me->start_s = clock_now();
    trace_event(me->trace, TRACE_BEGINS, 0);
    if (records_lock(me) && me->share > 0) {
        trace_event(me->trace, TRACE_WANTS, 0);
    }
}

struct worker *worker_begin(struct run *run, int id)
{
    struct worker *me = &run->workers[id];

    worker_prepare(me);
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
    trace_event(
        me->trace, TRACE_ENDS,
        (uint32_t)fmin((me->usage_at_end.cpu_s - me->usage_at_start.cpu_s) * 1e6, UINT32_MAX));
    trace_sleeps_end(me->trace);
    progress_enter(&me->progress, me->end_s - me->start_s, me->done);
    worker_clean_up(me);
}

/* Did this call return what the others of its size did? The first of each size is compared with a
 * serial run afterwards. */
static bool agrees(struct worker *me, uint64_t units, uint64_t checksum)
{
    for (unsigned i = 0; i < me->check_count; i++) {
        if (me->checks[i].units == units) {
            return me->checks[i].checksum == checksum;
        }
    }
    if (me->check_count == CHECKS_MAX) {
        return false;
    }
    me->checks[me->check_count++] = (struct check){units, checksum};
    return true;
}

static void call(struct worker *me, uint64_t units)
{
    if (!me->run->cuts_calls) {
        trace_sleeps_end(me->trace); /* a kernel that is not ours may sleep */
    }
    uint64_t checksum = me->run->kernel->run(me->state, units);

    me->done += units;
    me->wrong += !agrees(me, units, checksum);
}

static void do_units(struct worker *me, uint64_t units)
{
    const struct run *run = me->run;

    while (units > 0 && !interrupted()) {
        uint64_t stretch = units < run->stretch ? units : run->stretch;
        call(me, stretch);
        units -= stretch;
    }
}

void worker_do(struct worker *me, uint64_t units)
{
    trace_event(me->trace, TRACE_TASK_BEGINS, 0);
    do_units(me, units);
    trace_event(me->trace, TRACE_TASK_ENDS, 0);
}

static void sample_progress(struct worker *me)
{
    if (--me->chunks_until_sample == 0) {
        progress_enter(&me->progress, clock_now() - me->start_s, me->done);
        me->chunks_until_sample = me->run->chunks_per_sample;
    }
}

void worker_do_chunk(struct worker *me)
{
    uint64_t left = me->share - me->done, chunk = me->run->chunk;

    bool in_section = records_lock(me);

    if (in_section) {
        trace_event(me->trace, TRACE_GOT, 0);
    }
    do_units(me, left < chunk ? left : chunk);
    sample_progress(me);
    if (in_section) {
        trace_event(me->trace, TRACE_GAVE_UP, 0);
    }
    if (in_section && worker_has_work(me)) {
        trace_event(me->trace, TRACE_WANTS, 0);
    }
}

void worker_call(struct worker *me)
{
    trace_event(me->trace, TRACE_NATIVE_BEGINS, 0);
    /* In one piece, however long, unless the kernel does the same when cut; the lock never sees
     * the difference. */
    if (me->run->cuts_calls) {
        do_units(me, me->run->chunk);
    } else {
        call(me, me->run->chunk);
    }
    trace_event(me->trace, TRACE_NATIVE_ENDS, 0);
    sample_progress(me);
}

void worker_interpret(struct worker *me)
{
    const struct run *run = me->run;

    for (unsigned l = 0; l < run->shared_lines; l++) {
        run->shared[l].count++;
    }
    /* In pieces of some milliseconds: a long stretch must not keep Ctrl-C waiting. */
    const uint64_t piece_max = 1 << 23;
    uint64_t left = run->held;
    do {
        uint64_t piece = left < piece_max ? left : piece_max;
        kernel_countdown.run(NULL, piece);
        left -= piece;
    } while (left > 0 && !interrupted());
}
