/* How far apart two PUs can be on this machine: see machine_distances. */
#include "topology.h"

#include <stdio.h>

static hwloc_obj_t pu_of(const struct machine *machine, const struct slot *slot)
{
    return hwloc_get_pu_obj_by_os_index(machine->topology, slot->pu_os);
}

/* The smallest cache that both use; null where there is none. */
static hwloc_obj_t common_cache(hwloc_topology_t topology, hwloc_obj_t a, hwloc_obj_t b)
{
    hwloc_obj_t object = hwloc_get_common_ancestor_obj(topology, a, b);

    while (object != NULL && !hwloc_obj_type_is_dcache(object->type)) {
        object = object->parent;
    }
    return object;
}

/* Both in name[size] and as a rank: nearer is less. */
static unsigned tell_distance(const struct machine *machine, const struct slot *a,
                              const struct slot *b, char *name, size_t size)
{
    enum { SAME_CORE, CACHES, SAME_PACKAGE = CACHES + 8, OTHER_NODE, OTHER_PACKAGE };
    hwloc_obj_t cache = common_cache(machine->topology, pu_of(machine, a), pu_of(machine, b));

    if (a->core == b->core) {
        snprintf(name, size, "same core");
        return SAME_CORE;
    }
    if (cache != NULL) {
        snprintf(name, size, "same L%u", cache->attr->cache.depth);
        return CACHES + cache->attr->cache.depth;
    }
    if (a->package != b->package) {
        snprintf(name, size, "other package");
        return OTHER_PACKAGE;
    }
    snprintf(name, size, a->numa != b->numa ? "other NUMA node" : "same package");
    return a->numa != b->numa ? OTHER_NODE : SAME_PACKAGE;
}

/* Enters the pair in the list, sorted by rank, unless its distance is there already. */
static unsigned enter(struct machine_distance *list, unsigned *ranks, unsigned length,
                      const struct machine *machine, const struct slot *a, const struct slot *b)
{
    struct machine_distance new = {.pair = {*a, *b}};
    unsigned rank = tell_distance(machine, a, b, new.name, sizeof new.name), place = length;

    for (unsigned i = 0; i < length; i++) {
        if (ranks[i] == rank) {
            return length;
        }
    }
    if (length == MACHINE_DISTANCES_MAX) {
        return length;
    }
    for (; place > 0 && ranks[place - 1] > rank; place--) {
        list[place] = list[place - 1];
        ranks[place] = ranks[place - 1];
    }
    list[place] = new;
    ranks[place] = rank;
    return length + 1;
}

/* Looks at neighbours alone, in the machine's order: two PUs are as far apart as the largest step
 * between those that lie in between. */
unsigned machine_distances(const struct machine *machine, struct machine_distance *list)
{
    unsigned ranks[MACHINE_DISTANCES_MAX], length = 0;
    const struct slot *core = machine->slots; /* the first PU of the last core */

    for (unsigned i = 1; i < machine->facts.pus; i++) {
        const struct slot *slot = &machine->slots[i];
        length = enter(list, ranks, length, machine, core, slot);
        core = slot->smt == 0 ? slot : core;
    }
    return length;
}
