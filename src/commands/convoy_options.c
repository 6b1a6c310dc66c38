/* The options that `convoy` alone has, one row each. See command.h. */
#include "gilscope/command.h"
#include "gilscope/convoy.h"

#include "words.h"

#include <string.h>

/* More I/O or hogs than this test nothing but the scheduler. */
enum { HOGS_MAX = 256, RATE_MAX = 10000000 };

static const char *lock_name(size_t i)
{
    return convoy_locks[i].name;
}

static bool set_locks(struct settings *settings, const char *list, struct error *why)
{
    return set_words(&settings->locks, list, lock_name, CONVOY_LOCKS, why);
}

/* What parse_threads takes of a list, in rest[size]: "0,2" without its 0, "0-4" as 1-4, "0-4:2" as
 * 2-4:2. *none: it has a 0. */
static bool without_none(const char *list, char *rest, size_t size, bool *none)
{
    size_t length = 0;

    rest[0] = '\0';
    for (;; list++) {
        size_t bytes = strcspn(list, ","), colon = strcspn(list, ":,");
        bool zero = list[0] == '0' && (bytes == 1 || list[1] == '-');
        bool steps = zero && colon < bytes;
        const char *first = !zero ? "" : steps ? list + colon + 1 : "1";
        int first_bytes = steps ? (int)(bytes - colon - 1) : (int)strlen(first);

        *none |= zero;
        if (bytes == 0 || length + 2 * bytes + 2 > size) {
            return false;
        }
        if (!zero || bytes > 1) {
            length += (size_t)snprintf(rest + length, size - length, "%s%.*s%.*s",
                                       length > 0 ? "," : "", first_bytes, first,
                                       (int)(bytes - zero), list + zero);
        }
        list += bytes;
        if (*list == '\0') {
            return true;
        }
    }
}

/* As thread counts, but from none: "0,1,2", "0-4", each once. */
static bool set_hogs(struct settings *settings, const char *list, struct error *why)
{
    struct thread_list some = {.length = 0};
    char rest[256];
    bool none = false;

    (void)why;
    if (!without_none(list, rest, sizeof rest, &none) ||
        (rest[0] != '\0' && !parse_threads(rest, &some))) {
        return false;
    }
    settings->hogs = (struct thread_list){.length = none};
    for (size_t i = 0; i < some.length; i++) {
        if (some.values[i] > HOGS_MAX) {
            return false;
        }
        settings->hogs.values[settings->hogs.length++] = some.values[i];
    }
    return true;
}

/* Each once, the shortest first. */
static bool set_switch_intervals(struct settings *settings, const char *list, struct error *why)
{
    struct length_list wanted, *kept = &settings->switch_intervals;

    if (!parse_lengths(list, &wanted)) {
        return false;
    }
    kept->length = 0;
    for (size_t i = 0; i < wanted.length; i++) {
        struct call_length each = wanted.values[i];
        size_t at = kept->length;
        if (each.units != 0) {
            return lacks_unit(why);
        }
        while (at > 0 && kept->values[at - 1].time_s > each.time_s) {
            at--;
        }
        if (at > 0 && !(kept->values[at - 1].time_s < each.time_s)) {
            continue;
        }
        memmove(&kept->values[at + 1], &kept->values[at],
                (kept->length - at) * sizeof *kept->values);
        kept->values[at] = each;
        kept->length++;
    }
    settings->switch_intervals_given = true;
    return true;
}

static bool set_rate(struct settings *settings, const char *text, struct error *why)
{
    unsigned rate;

    (void)why;
    if (!set_limited(&rate, text, RATE_MAX)) {
        return false;
    }
    settings->rate_per_s = rate;
    return true;
}

const struct option_spec option_convoy_lock = {0,
                                               "lock",
                                               "LIST",
                                               "gil, ticks, critical, none (default: all)",
                                               "a list of gil, ticks, critical, none",
                                               set_locks};
const struct option_spec option_hogs = {
    0,
    "hogs",
    "LIST",
    "CPU-bound threads beside the I/O thread (default: 0,1,2)",
    "counts from 0 to 256, ascending: 0,1,2 or 0-4",
    set_hogs};
const struct option_spec option_convoy_switch_interval = {
    'i',
    "switch-interval",
    "LIST",
    "sys.setswitchinterval of the gil; several draw a frontier (default: 5ms)",
    "up to 64 times with their unit: 5ms or 100us,1ms,5ms",
    set_switch_intervals};
const struct option_spec option_rate = {
    0,
    "rate",
    "N",
    "requests due and sent a second, answered or not (default: one after the other)",
    "a whole number from 1 to 10000000",
    set_rate};
