/* pool: processes instead of threads, so that each would have a GIL of its own: the article's
 * multiprocessing.Pool. Workers pull tasks until none is left; then close and join. */
#include "gilscope/pool.h"
#include "gilscope/guard.h"
#include "gilscope/run.h"

#include <stdlib.h>

static struct worker *worker_of(void *context, unsigned id)
{
    return &((struct run *)context)->workers[id];
}

static bool begin(void *context, unsigned id, struct error *error)
{
    struct worker *me = worker_of(context, id);

    worker_prepare(me);
    /* A worker that replaces a dead one goes on with its record, but has used nothing yet. */
    me->usage_at_start = me->usage_at_end = clock_thread_usage();
    me->check_count = 0; /* it may have died while it wrote one down */
    *error = me->error;
    return error->exit_code == EXIT_DONE;
}

static uint64_t do_task(void *context, unsigned id, uint64_t units)
{
    struct worker *me = worker_of(context, id);
    uint64_t before = me->done;

    if (me->start_s == 0) {
        worker_start_clock(me);
    }
    worker_do(me, units);
    return me->done - before;
}

static void rest(void *context, unsigned id)
{
    worker_end(worker_of(context, id));
}

/* What counts is what came back: a worker that died took its half-done task along. If that was its
 * first, and who took its place found none, it is as if it had got none. Where it had done others it
 * took the account of them along: then this is no measurement. */
static void count_results(struct run *run, struct pool *pool)
{
    const struct pool_task *tasks = pool_tasks(pool);

    for (unsigned w = 0; w < run->threads; w++) {
        run->workers[w].done = 0;
    }
    for (unsigned t = 0; t < run->tasks; t++) {
        run->workers[tasks[t].worker].done += tasks[t].result;
        run->redone += tasks[t].deaths;
    }
    for (unsigned w = 0; w < run->threads; w++) {
        struct worker *worker = &run->workers[w];
        if (worker->done == 0 && worker->end_s == 0) {
            worker->start_s = 0;
        }
    }
    run->spoilt = pool_lost_work(pool);
}

static bool run_pool(struct run *run, struct error *error)
{
    const struct pool_job job = {.begin = begin,
                                 .task = do_task,
                                 .rest = rest,
                                 .has_told = guard_has_told,
                                 .context = run};
    struct pool *pool;
    bool done;

    if (!pool_create(&pool, run->threads, run->tasks, &job, error)) {
        return false;
    }
    struct pool_task *tasks = pool_tasks(pool);
    for (unsigned t = 0; t < run->tasks; t++) {
        tasks[t].argument = share_of(run->count, run->tasks, t);
    }
    done = pool_map(pool, run->tasks, error);
    if (done) {
        count_results(run, pool);
        pool_close(pool);
        done = pool_join(pool, error);
    }
    pool_destroy(pool);
    return done;
}

const struct variant variant_pool = {
    .name = "pool",
    .threads_are = "forked processes",
    .work = "tasks pulled from a shared list",
    .lock = "none: an address space each",
    .forks = true,
    .takes = OPTION_TASKS,
    .run = run_pool,
};
