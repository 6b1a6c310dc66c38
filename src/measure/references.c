/* References: see references.h. */
#include "gilscope/references.h"

#include "gilscope/clock.h"
#include "gilscope/kernel.h"
#include "gilscope/pool.h"

/* The floor under a decrement, nanoseconds. */
static bool measure_floor(double time_s, double *value, struct error *error)
{
    uint64_t done = 0, units = 64 * 1024;
    double start_s = clock_now(), now_s;

    /* A hundredth of a second tells it well enough, however long the repetitions are. */
    double enough_s = time_s / 5 < 10e-3 ? time_s / 5 : 10e-3;

    (void)error;
    do {
        done += kernel_floor.run(NULL, units);
        now_s = clock_now();
    } while (now_s - start_s < enough_s);
    *value = (now_s - start_s) / (double)done * 1e9;
    return true;
}

static uint64_t empty_task(void *context, unsigned worker, uint64_t argument)
{
    (void)context;
    (void)worker;
    return argument;
}

static const struct pool_job empty_job = {.task = empty_task};
enum { POOL_WORKERS = 2 };

/* A pool of two: create, close and join, seconds. */
static bool measure_pool_cycle(double time_s, double *value, struct error *error)
{
    struct pool *pool;
    double start_s = clock_now();

    (void)time_s;
    if (!pool_create(&pool, POOL_WORKERS, 1, &empty_job, error)) {
        return false;
    }
    pool_close(pool);
    bool joined = pool_join(pool, error);
    pool_destroy(pool);
    if (joined) {
        *value = clock_now() - start_s;
    }
    return joined;
}

/* A pool of two doing empty tasks, seconds a task. */
static bool measure_pool_dispatch(double time_s, double *value, struct error *error)
{
    enum { TASKS = 100000 };
    struct pool *pool;

    (void)time_s;
    if (!pool_create(&pool, POOL_WORKERS, TASKS, &empty_job, error)) {
        return false;
    }
    double start_s = clock_now();
    bool done = pool_map(pool, TASKS, error);
    if (done) {
        *value = (clock_now() - start_s) / TASKS;
    }
    pool_destroy(pool);
    return done;
}

const struct reference references[REFERENCE_COUNT] = {
    [REFERENCE_FLOOR] = {"floor_ns", "the limit of a decrement", true, measure_floor},
    [REFERENCE_POOL_CYCLE] = {"pool_cycle_s", "a pool of two: create, close, join", false,
                              measure_pool_cycle},
    [REFERENCE_POOL_DISPATCH] = {"pool_dispatch_s", "a pool's dispatch of an empty task", false,
                                 measure_pool_dispatch},
};
