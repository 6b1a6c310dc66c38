/* A kernel: what a thread computes. Built-in kernels are rows of kernels[]. */
#ifndef GILSCOPE_KERNEL_H
#define GILSCOPE_KERNEL_H

#include <stddef.h>
#include <stdint.h>

/* Goes up when this struct changes; a kernel says which one it was written for. */
#define GILSCOPE_KERNEL_VERSION 1u

struct kernel {
    unsigned version; /* GILSCOPE_KERNEL_VERSION */
    const char *name;
    const char *unit; /* one unit of its work, in the singular: "decrement" */
    const char *summary;
    /* Does so many units of work in the calling thread and returns how many it did, which
     * the runner checks. Thread-safe; no allocation, no system call. */
    uint64_t (*run)(uint64_t units);
};

extern const struct kernel kernel_countdown;
extern const struct kernel kernel_floor;

extern const struct kernel *const kernels[];
extern const size_t kernel_count;

#endif
