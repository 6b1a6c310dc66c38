/* A kernel's state: see kernel_state.h. */
#include "gilscope/kernel_state.h"

#include "gilscope/text.h"

#include <stdio.h>

bool kernel_set_up(const struct kernel *kernel, const struct kernel_place *place, void **state,
                   struct error *error)
{
    char calls[COUNTED_MAX], where[32] = "";

    *state = kernel->set_up != NULL ? kernel->set_up(place) : NULL;
    if (kernel->set_up == NULL || *state != NULL) {
        return true;
    }
    if (place->threads > 1) {
        snprintf(where, sizeof where, " in thread %u", place->thread);
    }
    return fail(error,
                "the kernel %s cannot be set up for calls on %s%s (is there memory enough? see "
                "ulimit -v)",
                kernel->name, text_counted(calls, sizeof calls, place->units_max, kernel->unit),
                where);
}

void kernel_tear_down(const struct kernel *kernel, void *state)
{
    if (kernel->tear_down != NULL && (state != NULL || kernel->set_up == NULL)) {
        kernel->tear_down(state);
    }
}
