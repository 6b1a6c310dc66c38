/* What a call of the kernel costs: the user's own function, perhaps. See costs.h. */
#include "families.h"

#include "gilscope/clock.h"
#include "gilscope/interrupt.h"
#include "gilscope/kernel_state.h"
#include "gilscope/text.h"

/* So many calls on so many units each. Their checksums must be the same, and the right one where
 * that is known. */
static bool measure(const struct kernel *kernel, uint64_t calls, uint64_t units,
                    double *seconds, struct error *error)
{
    const struct kernel_place place = {0, 1, units};
    uint64_t expected, differ = 0;
    char each[COUNTED_MAX];
    void *state;

    if (!kernel_set_up(kernel, &place, &state, error)) {
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
    kernel_tear_down(kernel, state);
    return (differ == 0 && (kernel->checksum == NULL || kernel->checksum(units) == expected)) ||
           fail(error,
                "the kernel %s returned different checksums for calls on %s: it is no result",
                kernel->name, text_counted(each, sizeof each, units, kernel->unit));
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
