/* What the locks cost while nobody else wants them: see costs.h. The calls are those that the
 * variants make. */
#include "families.h"

#include "gilscope/clock.h"

/* So long that nobody asks for the lock meanwhile. */
static const struct gil_config patient = {.switch_interval_s = 3600};

static void release_and_acquire(struct gil *gil, uint64_t count) REQUIRES(the_gil)
{
    for (uint64_t i = 0; i < count; i++) {
        gil_release(gil, 0);
        gil_acquire(gil, 0);
    }
}

bool measure_free(const struct cost_place *place, uint64_t count, double *seconds,
                  struct error *error)
{
    struct gil *gil;

    if (!gil_create(&gil, place->lock, &patient, error)) {
        return false;
    }
    gil_acquire(gil, 0);
    release_and_acquire(gil, count / 4 + 1);
    double start_s = clock_now();
    release_and_acquire(gil, count);
    *seconds = clock_now() - start_s;
    gil_release(gil, 0);
    gil_destroy(gil);
    return true;
}

static bool look(const struct gil *gil, uint64_t count) REQUIRES(the_gil)
{
    bool seen = false;

    for (uint64_t i = 0; i < count; i++) {
        seen |= gil_should_yield(gil);
        /* Defeats the compiler, which might look once for all. */
        __asm__ volatile("" : : "r"(seen) : "memory");
    }
    return seen;
}

bool measure_look(const struct cost_place *place, uint64_t count, double *seconds,
                  struct error *error)
{
    struct gil *gil;

    (void)place;
    if (!gil_create(&gil, &gil_switching, &patient, error)) {
        return false;
    }
    gil_acquire(gil, 0);
    bool seen = look(gil, count / 4 + 1);
    double start_s = clock_now();
    seen |= look(gil, count);
    *seconds = clock_now() - start_s;
    gil_release(gil, 0);
    gil_destroy(gil);
    return !seen || fail(error, "the lock 'gil': a drop request that nobody made");
}
