/* A kernel: what a thread computes. Built-in kernels are rows of kernels[]; others come as plug-ins,
 * shared objects that export
 *
 *     const struct kernel gilscope_kernel = {.version = GILSCOPE_KERNEL_VERSION, ...};
 *
 * This header is all that a plug-in needs: it includes nothing of gilscope's. */
#ifndef GILSCOPE_KERNEL_H
#define GILSCOPE_KERNEL_H

#include <stddef.h>
#include <stdint.h>

/* Goes up when these structs change; a kernel says which one it was written for. */
#define GILSCOPE_KERNEL_VERSION 2u

/* Where a kernel is set up. */
struct kernel_place {
    unsigned thread, threads; /* the thread it is for, from 0, and how many there are */
    uint64_t units_max;       /* no call will be for more units */
};

struct kernel {
    unsigned version; /* GILSCOPE_KERNEL_VERSION; stays the first member for ever */
    const char *name; /* letters, digits, '-' and '_' */
    const char *unit; /* one unit of its work, in the singular: "decrement", "byte" */
    const char *summary;
    /* Before the first call in a thread, in that thread, not timed: returns what run() is to be
     * given, null where it cannot be had. Null: run() gets a null. */
    void *(*set_up)(const struct kernel_place *place);
    /* After the last call, in the same thread, not timed. Null: nothing to do. */
    void (*tear_down)(void *state);
    /* One call: so many units of work in the calling thread. Returns a checksum, which must depend
     * on `units` alone: every thread's is compared with that of a serial run. Called by several
     * threads at once, each with a state of its own; timed. */
    uint64_t (*run)(void *state, uint64_t units);
    /* The checksum of so many units, where it is known without running; null: that of a serial
     * run is taken for right. */
    uint64_t (*checksum)(uint64_t units);
};

extern const struct kernel kernel_countdown;
extern const struct kernel kernel_floor;

extern const struct kernel *const kernels[];
extern const size_t kernel_count;

#endif
