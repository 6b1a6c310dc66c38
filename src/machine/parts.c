/* Parts and levels of parts: see parts.h. */
#include "parts.h"

#include <string.h>

/* Taking parts. */

struct part part_whole(const struct machine *machine)
{
    return (struct part){machine->slots, machine->facts.pus};
}

unsigned part_number(const struct slot *slot, const struct level *level)
{
    switch (level->kind) {
    case PACKAGE:
        return slot->package;
    case NUMA_NODE:
        return slot->numa;
    case CACHE:
        return slot->l3;
    }
    return 0;
}

struct part part_first(struct part part, const struct level *level)
{
    size_t count = 1;
    while (count < part.count &&
           part_number(&part.slots[count], level) == part_number(part.slots, level)) {
        count++;
    }
    return (struct part){part.slots, count};
}

struct part part_core(struct part part)
{
    size_t count = 1;
    while (count < part.count && part.slots[count].core == part.slots->core) {
        count++;
    }
    return (struct part){part.slots, count};
}

struct part part_kind(struct part part)
{
    size_t count = 1;
    while (count < part.count && part.slots[count].cpukind == part.slots->cpukind) {
        count++;
    }
    return (struct part){part.slots, count};
}

struct part part_after(struct part whole, struct part first)
{
    return (struct part){first.slots + first.count, whole.count - first.count};
}

/* Counting parts. */

/* Whether both have the same parts, but for their numbers. */
static bool are_alike(struct part a, struct part b)
{
    bool alike = a.count == b.count;
    for (size_t i = 0; alike && i < a.count; i++) {
        const struct slot *left = &a.slots[i], *right = &b.slots[i];
        alike = left->smt == right->smt && left->cpukind == right->cpukind &&
                left->core - a.slots->core == right->core - b.slots->core &&
                left->l3 - a.slots->l3 == right->l3 - b.slots->l3 &&
                left->numa - a.slots->numa == right->numa - b.slots->numa;
    }
    return alike;
}

size_t part_count_alike(struct part part, const struct level *level)
{
    struct part first = part_first(part, level);
    size_t count = 1;
    for (struct part rest = part_after(part, first); rest.count > 0; count++) {
        struct part next = part_first(rest, level);
        if (!are_alike(first, next)) {
            break;
        }
        rest = part_after(rest, next);
    }
    return count;
}

size_t part_count_cores(struct part part)
{
    size_t count = 0;
    for (; part.count > 0; part = part_after(part, part_core(part))) {
        count++;
    }
    return count;
}

size_t part_count_like_cores(struct part part)
{
    struct part first = part_core(part);
    size_t count = 0;
    while (part.count > 0 && part_core(part).count == first.count &&
           part.slots->cpukind == first.slots->cpukind) {
        part = part_after(part, part_core(part));
        count++;
    }
    return count;
}

/* Which levels there are, and which is inside which: a NUMA node can be smaller than an L3 or
 * larger than a package, so the level with fewer parts is outside. */

static size_t count_parts(const struct machine *machine, const struct level *level)
{
    struct part rest = part_whole(machine);
    size_t count = 0;
    for (; rest.count > 0; count++) {
        rest = part_after(rest, part_first(rest, level));
    }
    return count;
}

/* Puts a level between the `count` there are, behind those with as few parts. */
static void add_level(const struct machine *machine, struct level levels[MAX_LEVELS],
                      size_t count, struct level level)
{
    size_t at = count;
    size_t parts = count_parts(machine, &level);
    for (; at > 0 && count_parts(machine, &levels[at - 1]) > parts; at--) {
        levels[at] = levels[at - 1];
    }
    levels[at] = level;
}

size_t levels_find(const struct machine *machine, struct level levels[MAX_LEVELS])
{
    size_t count = 0;
    hwloc_topology_t topology = machine->topology;
    if (hwloc_get_nbobjs_by_type(topology, HWLOC_OBJ_PACKAGE) > 0) {
        add_level(machine, levels, count++, (struct level){PACKAGE, "package", "packages"});
    }
    add_level(machine, levels, count++, (struct level){NUMA_NODE, "NUMA node", "NUMA nodes"});
    hwloc_obj_t cache = shared_cache(hwloc_get_obj_by_type(topology, HWLOC_OBJ_PU, 0));
    if (cache != NULL) {
        struct level level = {.kind = CACHE};
        snprintf(level.one, sizeof level.one, "L%u", cache->attr->cache.depth);
        memcpy(level.many, level.one, sizeof level.many);
        add_level(machine, levels, count++, level);
    }
    return count;
}
