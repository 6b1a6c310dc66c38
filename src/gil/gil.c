/* The table of locks, and their creation: see gil.h. */
#include "gilscope/gil.h"

#include <errno.h>
#include <string.h>

const struct gil_kind *const gil_kinds[] = {&gil_switching, &gil_ticks, &gil_critical};
const size_t gil_kind_count = sizeof gil_kinds / sizeof *gil_kinds;

bool gil_create(struct gil **out, const struct gil_kind *kind, const struct gil_config *config,
                struct error *error)
{
    *out = kind->create(config);
    if (*out == NULL) {
        return fail(error, "cannot create the lock '%s': %s", kind->name, strerror(errno));
    }
    (*out)->kind = kind;
    (*out)->trace = config->trace;
    return true;
}

#undef gil_destroy /* under GILSCOPE_DEBUG a macro */
void gil_destroy(struct gil *gil)
{
    if (gil != NULL) {
        gil->kind->destroy(gil);
    }
}
