/* What a call of the kernel costs: the user's own function, perhaps. See costs.h. */
#include "families.h"

#include "gilscope/clock.h"
#include "gilscope/interrupt.h"

static bool set_up(const struct kernel *kernel, uint64_t units_max, void **state,
                   struct error *error)
{
    const struct kernel_place place = {0, 1, units_max};

    *state = kernel->set_up != NULL ? kernel->set_up(&place) : NULL;
    return kernel->set_up == NULL || *state != NULL ||
           fail(error, "the kernel %s cannot be set up for calls on %llu %ss", kernel->name,
                (unsigned long long)units_max, kernel->unit);
}

/* So many calls on so many units each. Their checksums must be the same, and the right one where
 * that is known. */
static bool measure(const struct kernel *kernel, uint64_t calls, uint64_t units,
                    double *seconds, struct error *error)
{
    uint64_t expected, differ = 0;
    void *state;

    if (!set_up(kernel, units, &state, error)) {
        return false;
    }
    /* The first call is the serial run that the others must agree with; it also fetches what they
     * need into the caches. */
    expected = kernel->run(state, units);
    double start_s = clock_now();
    for (uint64_t i = 0; i < calls && !interrupted(); i++) {
        differ |= kernel->run(state, units) ^ expected;
    }
    *seconds = clock_now() - start_s;
    if (kernel->tear_down != NULL) {
        kernel->tear_down(state);
    }
    return (differ == 0 && (kernel->checksum == NULL || kernel->checksum(units) == expected)) ||
           fail(error,
                "the kernel %s returned different checksums for calls on %llu %ss: it is no "
                "result",
                kernel->name, (unsigned long long)units, kernel->unit);
}

bool measure_call(const struct cost_place *place, uint64_t count, double *seconds,
                  struct error *error)
{
    return measure(place->kernel, count, 1, seconds, error);
}

bool measure_unit(const struct cost_place *place, uint64_t count, double *seconds,
                  struct error *error)
{
    return measure(place->kernel, 1, count, seconds, error);
}
