/* Parts of a machine as runs of slots: its packages, NUMA nodes, caches and cores, what is
 * inside what, and which of them are alike. A part given to these functions is not empty. */
#ifndef GILSCOPE_MACHINE_PARTS_H
#define GILSCOPE_MACHINE_PARTS_H

#include "topology.h"

enum { MAX_LEVELS = 3 };

/* What the parts of a level are. */
enum level_kind { PACKAGE, NUMA_NODE, CACHE };

struct level {
    enum level_kind kind;
    char one[16]; /* its name: "package", or several of them: "packages" */
    char many[16];
};

/* A run of slots in the machine's order. */
struct part {
    const struct slot *slots;
    size_t count;
};

/* Fills levels with those that the machine has, from the outermost to the innermost, and
 * returns how many these are. */
size_t levels_find(const struct machine *machine, struct level levels[MAX_LEVELS]);

/* All of the machine. */
struct part part_whole(const struct machine *machine);

/* The number of the level's part that the slot is in. */
unsigned part_number(const struct slot *slot, const struct level *level);

/* The PUs from the part's first on that are in the same part of the level. */
struct part part_first(struct part part, const struct level *level);

/* The PUs from the part's first on that are of the same core. */
struct part part_core(struct part part);

/* The PUs from the part's first on that are of the same kind. */
struct part part_kind(struct part part);

/* What is left of the whole, which may be nothing, after a part that it starts with. */
struct part part_after(struct part whole, struct part first);

/* How many parts of the level, from the part's first on, are alike but for their numbers. */
size_t part_count_alike(struct part part, const struct level *level);

/* How many cores the part has. */
size_t part_count_cores(struct part part);

/* How many cores, from the part's first on, have its number of PUs and its kind. */
size_t part_count_like_cores(struct part part);

#endif
