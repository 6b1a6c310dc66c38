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

bool pool_cycle(double *seconds, struct error *error)
{
    struct pool *pool;
    double start_s = clock_now();

    if (!pool_create(&pool, POOL_WORKERS, 1, &empty_job, error)) {
        return false;
    }
    pool_close(pool);
    bool joined = pool_join(pool, error);
    pool_destroy(pool);
    if (joined) {
        *seconds = clock_now() - start_s;
    }
    return joined;
}

bool pool_dispatch(unsigned tasks, double *seconds, struct error *error)
{
    struct pool *pool;

    if (!pool_create(&pool, POOL_WORKERS, tasks, &empty_job, error)) {
        return false;
    }
    double start_s = clock_now();
    bool done = pool_map(pool, tasks, error);
    if (done) {
        *seconds = clock_now() - start_s;
    }
    pool_destroy(pool);
    return done;
}

static bool measure_pool_cycle(double time_s, double *value, struct error *error)
{
    (void)time_s;
    return pool_cycle(value, error);
}

static bool measure_pool_dispatch(double time_s, double *value, struct error *error)
{
    enum { TASKS = 100000 };
    double seconds;

    (void)time_s;
    if (!pool_dispatch(TASKS, &seconds, error)) {
        return false;
    }
    *value = seconds / TASKS;
    return true;
}

const struct reference references[REFERENCE_COUNT] = {
    [REFERENCE_FLOOR] = {"floor_ns", "the limit of a decrement", true, &kernel_countdown,
                         measure_floor},
    [REFERENCE_POOL_CYCLE] = {"pool_cycle_s", "a pool of two: create, close, join", false, NULL,
                              measure_pool_cycle},
    [REFERENCE_POOL_DISPATCH] = {"pool_dispatch_s", "a pool's dispatch of an empty task", false,
                                 NULL, measure_pool_dispatch},
};
