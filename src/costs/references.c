/* What is subtracted: loops with the measured thing left out. See costs.h. */
#include "families.h"

#include "gilscope/clock.h"

static bool measure_delay(const struct cost_place *place, uint64_t count, double *seconds,
                          struct error *error)
{
    double start_s = clock_now();

    (void)error;
    for (uint64_t i = 0; i < count; i++) {
        cost_delay(place->delay);
    }
    *seconds = clock_now() - start_s;
    return true;
}

static bool measure_empty(const struct cost_place *place, uint64_t count, double *seconds,
                          struct error *error)
{
    double start_s = clock_now();

    (void)place;
    (void)error;
    for (uint64_t left = count; left > 0; left--) {
        /* Defeats the compiler, which would see that the loop does nothing. */
        __asm__ volatile("" : "+r"(left));
    }
    *seconds = clock_now() - start_s;
    return true;
}

static bool measure_clock(const struct cost_place *place, uint64_t count, double *seconds,
                          struct error *error)
{
    double start_s = clock_now(), now_s = start_s;

    (void)place;
    (void)error;
    for (uint64_t i = 0; i < count; i++) {
        now_s = clock_now();
    }
    *seconds = now_s - start_s;
    return true;
}

const struct cost_reference reference_delay = {"delay loop", measure_delay},
                            reference_empty = {"empty loop", measure_empty},
                            reference_clock = {"clock", measure_clock};
