/* Options that nothing of what is run takes: see takers.h. */
#include "takers.h"

#include <stdio.h>

static const struct {
    unsigned bit;
    const char *name;
} names[] = {
    {OPTION_CHUNK, "chunk"},
    {OPTION_TASKS, "tasks"},
    {OPTION_SWITCH_INTERVAL, "switch-interval"},
};

unsigned options_taken(const struct variant *variant, const struct settings *settings)
{
    return variant->takes | (variant->calls ? settings->lock->takes : 0);
}

/* Adds a name to a list of them: "gil", "gil, ticks". */
static void add(char *list, size_t size, size_t *length, const char *separator,
                const char *name)
{
    if (*length < size) {
        *length += (size_t)snprintf(list + *length, size - *length, "%s%s",
                                    *length > 0 ? separator : "", name);
    }
}

/* "critical, ticks, gil, and --lock=ticks with hold or release": who takes it. */
static void list_takers(char *list, size_t size, unsigned bit)
{
    char callers[64] = "";
    size_t length = 0, callers_length = 0;

    for (size_t v = 0; v < variant_count; v++) {
        if (variants[v]->takes & bit) {
            add(list, size, &length, ", ", variants[v]->name);
        }
        if (variants[v]->calls) {
            add(callers, sizeof callers, &callers_length, " or ", variants[v]->name);
        }
    }
    for (size_t k = 0; k < gil_kind_count; k++) {
        if (gil_kinds[k]->takes & bit) {
            add(list, size, &length, ", and --lock=", gil_kinds[k]->name);
            add(list, size, &length, " with ", callers);
        }
    }
}

bool check_taken(const struct settings *settings, unsigned taken, struct error *error)
{
    const unsigned both = OPTION_TIME | OPTION_COUNT;

    if ((settings->given & both) == both) {
        return fail_usage(error, "--time, --count: give one of them: how long a repetition "
                                 "lasts, or how much it does");
    }
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (settings->given & ~taken & names[i].bit) {
            char takers[160] = "";
            list_takers(takers, sizeof takers, names[i].bit);
            return fail_usage(error,
                              "--%s: nothing of what is to run has a use for it; leave it out, "
                              "or run what has: %s",
                              names[i].name, takers);
        }
    }
    return true;
}
