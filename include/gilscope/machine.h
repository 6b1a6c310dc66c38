/* The machine: which processing units (PUs) this process may use, in which order threads are
 * laid on them, and binding a thread to one. Only src/machine/ knows hwloc. */
#ifndef GILSCOPE_MACHINE_H
#define GILSCOPE_MACHINE_H

#include "gilscope/error.h"

#include <stddef.h>
#include <stdio.h>

/* A place for one thread: a PU. Numbers are hwloc's logical indices among the usable PUs,
 * but for pu_os, which is the system's number (taskset -c, /proc/cpuinfo). */
struct slot {
    unsigned pu_os;
    unsigned pu;
    unsigned core;
    unsigned numa;    /* the first NUMA node local to the PU */
    unsigned package; /* 0 where the machine does not say */
    unsigned l3;      /* the last cache shared with other cores; 0 where there is none */
    int cpukind;      /* hwloc_cpukinds: higher is faster; 0 where all are alike or unknown */
    unsigned smt;     /* this PU's place among the usable PUs of its core: 0 is the first */
};

/* How threads are laid on slots. Rows of pin_policies[]. */
struct pin_policy {
    const char *name;
    const char *summary;
    bool binds; /* false: threads run wherever the system puts them */
    /* qsort_r order of slots, only for src/machine/; null where binds is false */
    int (*order)(const void *, const void *, void *);
};

extern const struct pin_policy pin_policies[];
extern const size_t pin_policy_count;

struct machine_facts {
    unsigned pus; /* usable by this process; the others are not counted anywhere here */
    unsigned cores;
    unsigned numa_nodes;
    unsigned packages;
    unsigned cpukinds;    /* 1 where all cores are alike */
    unsigned pus_in_all;  /* PUs of the whole machine, usable or not */
    bool is_this_machine; /* false for a topology from XML or a synthetic description: plan
                             for it, bind nothing */
    char cpu_model[128];  /* "unknown" where hwloc cannot tell */
};

struct machine; /* opaque; owns a hwloc topology */

/* Loads a topology. what: null for this machine (or what HWLOC_XMLFILE, HWLOC_SYNTHETIC
 * say), else the path of a hwloc XML file or a synthetic description ("pack:2 core:8 pu:2").
 * This machine's is restricted to the PUs that the calling thread may use, and those that
 * OpenMP's places name where OMP_PROC_BIND has bound it already; call it before the first team.
 * On success *out is the caller's, to be given to machine_close. Errors: EXIT_USAGE where
 * what is not a topology, else EXIT_FAILED. */
bool machine_open(struct machine **out, const char *what, struct error *error);
/* The same, of this machine alone: an error of usage where hwloc's environment names another one,
 * as `command` measures. */
bool machine_open_here(struct machine **out, const char *command, struct error *error);
void machine_close(struct machine *machine);

/* Valid until machine_close. Thread-safe. */
const struct machine_facts *machine_facts(const struct machine *machine);

/* The usable PUs in the order in which the policy gives them to threads: machine_facts()->pus
 * of them, written to slots (the caller's). Thread t goes to slots[t % pus]; a thread count
 * above pus is oversubscribed. Under a policy that does not bind, the order is the machine's
 * own. Thread-safe. */
void machine_slots(const struct machine *machine, const struct pin_policy *policy,
                   struct slot *slots);

/* Binds the calling thread to the slot, and checks with the system that it runs there; with a
 * null slot, lets it run on all usable PUs again (undoing earlier bindings, OMP_PROC_BIND's
 * too). Only on this machine. Thread-safe, each thread for itself; works in a forked child.
 * Source: hwloc_set_cpubind, hwloc_get_last_cpu_location (hwloc manual, CPU binding). */
bool machine_bind(const struct machine *machine, const struct slot *slot, struct error *error);

/* Whether the calling thread is still bound as machine_bind did it; an error where somebody else has
 * moved it (taskset -p, a batch system). Thread-safe. */
bool machine_still_bound(const struct machine *machine, const struct slot *slot,
                         struct error *error);

/* How far apart two PUs are, and two that are. */
struct machine_distance {
    char name
        [24]; /* "same core", "same L2", "same package", "other NUMA node", "other package" */
    struct slot pair[2];
};
enum { MACHINE_DISTANCES_MAX = 8 };

/* The distances between two usable PUs that the machine has, nearest first, and for each the first
 * pair of them, written to list[MACHINE_DISTANCES_MAX] (the caller's). Two cores that share caches
 * are told by the smallest of these. Returns how many; none where there is one PU.
 * Thread-safe. */
unsigned machine_distances(const struct machine *machine, struct machine_distance *list);

/* hwloc's XML of the usable part of the machine, for `lstopo -i`: *xml is a string of *length
 * bytes, the caller's to free() */
bool machine_xml(const struct machine *machine, char **xml, size_t *length,
                 struct error *error);

/* The version of the hwloc library in use, like "2.9.0". Static storage, not thread-safe. */
const char *machine_hwloc_version(void);

/* A small drawing of the machine: packages, NUMA nodes, last-level caches, cores, PUs by
 * their system numbers, as text at most width columns wide where the machine's size allows;
 * like parts of large machines are folded into one. utf8: box characters, else ASCII. */
bool machine_draw(const struct machine *machine, FILE *to, unsigned width, bool utf8,
                  struct error *error);

#endif
