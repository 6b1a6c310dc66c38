/* What the files of src/machine/ share: the machine behind the opaque struct machine. */
#ifndef GILSCOPE_MACHINE_TOPOLOGY_H
#define GILSCOPE_MACHINE_TOPOLOGY_H

#include "gilscope/machine.h"

#include <hwloc.h>

struct machine {
    hwloc_topology_t topology; /* loaded, and restricted to the usable PUs */
    struct machine_facts facts;
    struct slot *slots;    /* facts.pus of them in the machine's order: slots[i].pu == i */
    unsigned *spread_turn; /* by slot.pu: the place of that PU in the order of `spread` */
};

/* Fills machine->slots and ->spread_turn (machine_close frees them) from ->topology and
 * ->facts. Error: EXIT_FAILED where memory is short. */
bool slots_find(struct machine *machine, struct error *error);

/* The last cache that the PU's core shares with others: the outermost one, an L3 even where
 * its other cores are not usable. Null where there is none. */
hwloc_obj_t shared_cache(hwloc_obj_t pu);

#endif
