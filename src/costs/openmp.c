/* What OpenMP's constructs cost, defined as EPCC's syncbench defines it: `count` times the construct
 * with a delay in it, by threads that are there already; in critical sections and locks the
 * threads share the `count`. What one delay takes alone is the reference. */
#include "families.h"

#include "gilscope/clock.h"
#include "gilscope/run.h"

#include <omp.h>

/* The delay of do_parallel, each thread's own copy: a variable that the region shared would be handed
 * to the team anew each time, a cache line more than EPCC's PARALLEL moves. */
static _Thread_local uint64_t own_delay;

/* One thread's part: where OpenMP put it, and whether it got there. */
static bool bind_member(const struct cost_place *place, struct error *error)
{
    unsigned me = (unsigned)omp_get_thread_num();

    if ((unsigned)omp_get_num_threads() != place->threads) {
        return fail(error, "OpenMP gives %d threads, %u are asked for", omp_get_num_threads(),
                    place->threads);
    }
    own_delay = place->delay;
    return machine_bind(place->machine, &place->slots[me], error);
}

bool team_make(const struct cost_place *place, struct error *error)
{
    bool made = true;

#pragma omp parallel num_threads(place->threads)
    {
        struct error mine;
        if (!bind_member(place, &mine)) {
#pragma omp critical(team_errors)
            {
                *error = mine;
                made = false;
            }
        }
    }
    return made;
}

static void do_parallel(const struct cost_place *place, uint64_t count)
{
    for (uint64_t i = 0; i < count; i++) {
#pragma omp parallel num_threads(place->threads)
        cost_delay(own_delay);
    }
}

static void do_barrier(const struct cost_place *place, uint64_t count)
{
#pragma omp parallel num_threads(place->threads)
    for (uint64_t i = 0; i < count; i++) {
        cost_delay(place->delay);
#pragma omp barrier
    }
}

static void do_critical(const struct cost_place *place, uint64_t count)
{
#pragma omp parallel num_threads(place->threads)
    {
        uint64_t mine = share_of(count, place->threads, (unsigned)omp_get_thread_num());
        for (uint64_t i = 0; i < mine; i++) {
#pragma omp critical(measured)
            cost_delay(place->delay);
        }
    }
}

/* Nothing else on its cache line: only the lock itself is to be fought over. */
struct lone_lock {
    _Alignas(128) omp_lock_t lock;
};

static void do_lock(const struct cost_place *place, uint64_t count)
{
    struct lone_lock lone;

    omp_init_lock(&lone.lock);
#pragma omp parallel num_threads(place->threads)
    {
        uint64_t mine = share_of(count, place->threads, (unsigned)omp_get_thread_num());
        for (uint64_t i = 0; i < mine; i++) {
            omp_set_lock(&lone.lock);
            cost_delay(place->delay);
            omp_unset_lock(&lone.lock);
        }
    }
    omp_destroy_lock(&lone.lock);
}

/* The first time does not count, as EPCC's: threads that were just made have caches to fill. */
static bool time_team(const struct cost_place *place, uint64_t count, double *seconds,
                      void (*run)(const struct cost_place *, uint64_t), struct error *error)
{
    if (!team_make(place, error)) {
        return false;
    }
    run(place, count);
    double start_s = clock_now();
    run(place, count);
    *seconds = clock_now() - start_s;
    return true;
}

bool measure_parallel(const struct cost_place *place, uint64_t count, double *seconds,
                      struct error *error)
{
    return time_team(place, count, seconds, do_parallel, error);
}

bool measure_barrier(const struct cost_place *place, uint64_t count, double *seconds,
                     struct error *error)
{
    return time_team(place, count, seconds, do_barrier, error);
}

bool measure_critical(const struct cost_place *place, uint64_t count, double *seconds,
                      struct error *error)
{
    return time_team(place, count, seconds, do_critical, error);
}

bool measure_lock(const struct cost_place *place, uint64_t count, double *seconds,
                  struct error *error)
{
    return time_team(place, count, seconds, do_lock, error);
}
