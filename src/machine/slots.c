/* Slots and the order in which each pin policy gives them to threads. */
#include "topology.h"

#include <stdlib.h>
#include <string.h>

/* The orders of slots, for qsort_r. Fastest kind first, then the machine's own order, which
 * goes package by package. */

static int compare(unsigned a, unsigned b)
{
    return (a > b) - (a < b);
}

static int by_kind(const struct slot *a, const struct slot *b)
{
    return (b->cpukind > a->cpukind) - (b->cpukind < a->cpukind);
}

static int compact_order(const void *left, const void *right, void *unused)
{
    const struct slot *a = left, *b = right;
    (void)unused;
    int order = by_kind(a, b);
    return order != 0 ? order : compare(a->pu, b->pu);
}

static int core_order(const void *left, const void *right, void *unused)
{
    const struct slot *a = left, *b = right;
    int order = compare(a->smt, b->smt);
    return order != 0 ? order : compact_order(a, b, unused);
}

static int spread_order(const void *left, const void *right, void *spread_turn)
{
    const struct slot *a = left, *b = right;
    const unsigned *turn = spread_turn;
    return compare(turn[a->pu], turn[b->pu]);
}

const struct pin_policy pin_policies[] = {
    {"core", "a thread on each core, package by package, then the second hardware threads",
     true, core_order},
    {"compact", "hardware threads of a core next to each other, core after core", true,
     compact_order},
    {"spread", "as far apart as possible: packages, NUMA nodes and caches in turn", true,
     spread_order},
    {"none", "no pinning: threads run where the system puts them", false, NULL},
};
const size_t pin_policy_count = sizeof pin_policies / sizeof *pin_policies;

void machine_slots(const struct machine *machine, const struct pin_policy *policy,
                   struct slot *slots)
{
    memcpy(slots, machine->slots, machine->facts.pus * sizeof *slots);
    if (policy->order != NULL) {
        qsort_r(slots, machine->facts.pus, sizeof *slots, policy->order, machine->spread_turn);
    }
}

/* Where a PU is. */

hwloc_obj_t shared_cache(hwloc_obj_t pu)
{
    hwloc_obj_t core = pu, shared = NULL;
    for (hwloc_obj_t object = pu; object != NULL; object = object->parent) {
        if (object->type == HWLOC_OBJ_CORE) {
            core = object;
        } else if (object->type == HWLOC_OBJ_L3CACHE ||
                   (hwloc_obj_type_is_dcache(object->type) &&
                    !hwloc_bitmap_isincluded(object->cpuset, core->cpuset))) {
            shared = object;
        }
    }
    return shared;
}

/* Memory hangs off the smallest part of the machine that it is local to; a memory-side cache
 * may lie in between. */
static unsigned nearest_numa_node(hwloc_obj_t pu)
{
    hwloc_obj_t object = pu;
    while (object != NULL && object->memory_first_child == NULL) {
        object = object->parent;
    }
    while (object != NULL && object->type != HWLOC_OBJ_NUMANODE) {
        object = object->memory_first_child;
    }
    return object != NULL ? object->logical_index : 0;
}

static int kind_of(hwloc_topology_t topology, hwloc_obj_t pu, unsigned cpukinds)
{
#if HWLOC_API_VERSION >= 0x00020400
    if (cpukinds > 1) {
        int kind = hwloc_cpukinds_get_by_cpuset(topology, pu->cpuset, 0);
        return kind >= 0 ? kind : 0;
    }
#else
    (void)topology, (void)pu, (void)cpukinds;
#endif
    return 0;
}

/* Fills *slot but for l3 and smt, which depend on the PUs before this one. A machine that
 * does not tell its cores has one for each PU. */
static void place(const struct machine *machine, hwloc_obj_t pu, struct slot *slot)
{
    hwloc_topology_t topology = machine->topology;
    hwloc_obj_t core = hwloc_get_ancestor_obj_by_type(topology, HWLOC_OBJ_CORE, pu);
    hwloc_obj_t package = hwloc_get_ancestor_obj_by_type(topology, HWLOC_OBJ_PACKAGE, pu);
    *slot = (struct slot){
        .pu_os = pu->os_index,
        .pu = pu->logical_index,
        .core = core != NULL ? core->logical_index : pu->logical_index,
        .numa = nearest_numa_node(pu),
        .package = package != NULL ? package->logical_index : 0,
        .cpukind = kind_of(topology, pu, machine->facts.cpukinds),
    };
}

static void find_places(struct machine *machine)
{
    hwloc_obj_t pu = NULL, last_cache = NULL;
    for (unsigned i = 0; i < machine->facts.pus; i++) {
        pu = hwloc_get_next_obj_by_type(machine->topology, HWLOC_OBJ_PU, pu);
        struct slot *slot = &machine->slots[i];
        place(machine, pu, slot);
        hwloc_obj_t cache = shared_cache(pu);
        if (i > 0) {
            /* counted, since the last shared cache is not of the same level everywhere */
            slot->l3 = slot[-1].l3 + (cache != last_cache);
            slot->smt = slot->core == slot[-1].core ? slot[-1].smt + 1 : 0;
        }
        last_cache = cache;
    }
}

/* The order of `spread`. A rank is a part's place among its like inside the next larger part,
 * counted among PUs of the same kind and place in their core, so that each of these is spread
 * evenly by itself. */

struct rank {
    const struct slot *slot;
    unsigned core; /* among those of its L3 */
    unsigned l3;   /* in its NUMA node */
    unsigned numa; /* in its package */
};

static int by_turn_and_kind(const struct slot *a, const struct slot *b)
{
    int order = compare(a->smt, b->smt);
    return order != 0 ? order : by_kind(a, b);
}

static int by_part(const void *left, const void *right)
{
    const struct slot *a = ((const struct rank *)left)->slot;
    const struct slot *b = ((const struct rank *)right)->slot;
    int order = by_turn_and_kind(a, b);
    order = order != 0 ? order : compare(a->package, b->package);
    order = order != 0 ? order : compare(a->numa, b->numa);
    order = order != 0 ? order : compare(a->l3, b->l3);
    return order != 0 ? order : compare(a->pu, b->pu);
}

static int by_rank(const void *left, const void *right)
{
    const struct rank *a = left, *b = right;
    int order = by_turn_and_kind(a->slot, b->slot);
    order = order != 0 ? order : compare(a->core, b->core);
    order = order != 0 ? order : compare(a->l3, b->l3);
    order = order != 0 ? order : compare(a->numa, b->numa);
    return order != 0 ? order : compare(a->slot->pu, b->slot->pu);
}

/* Ranks that follow the last one's, by the largest part in which the two differ. */
static void rank_after(const struct rank *last, struct rank *rank)
{
    const struct slot *a = last->slot, *b = rank->slot;
    if (by_turn_and_kind(a, b) != 0 || a->package != b->package) {
        return;
    }
    rank->numa = last->numa + (a->numa != b->numa);
    if (a->numa == b->numa) {
        rank->l3 = last->l3 + (a->l3 != b->l3);
        rank->core = a->l3 == b->l3 ? last->core + 1 : 0;
    }
}

static void find_spread(struct machine *machine, struct rank *ranks)
{
    unsigned count = machine->facts.pus;
    for (unsigned i = 0; i < count; i++) {
        ranks[i] = (struct rank){.slot = &machine->slots[i]};
    }
    qsort(ranks, count, sizeof *ranks, by_part);
    for (unsigned i = 1; i < count; i++) {
        rank_after(&ranks[i - 1], &ranks[i]);
    }
    qsort(ranks, count, sizeof *ranks, by_rank);
    for (unsigned i = 0; i < count; i++) {
        machine->spread_turn[ranks[i].slot->pu] = i;
    }
}

bool slots_find(struct machine *machine, struct error *error)
{
    size_t count = machine->facts.pus;
    struct rank *ranks = malloc(count * sizeof *ranks);
    machine->slots = malloc(count * sizeof *machine->slots);
    machine->spread_turn = malloc(count * sizeof *machine->spread_turn);
    bool done = ranks != NULL && machine->slots != NULL && machine->spread_turn != NULL;
    if (done) {
        find_places(machine);
        find_spread(machine, ranks);
    }
    free(ranks);
    return done || fail(error, "not enough memory for the places of %zu PUs", count);
}
