/* A kernel's state, made and unmade with the errors that belong to it: kernel.h is for those who
 * write kernels, this for those who call them. */
#ifndef GILSCOPE_KERNEL_STATE_H
#define GILSCOPE_KERNEL_STATE_H

#include "gilscope/error.h"
#include "gilscope/kernel.h"

/* What kernel->set_up gives for this place, in *state, for kernel_tear_down; null where the kernel
 * has none. Allocates: outside what is timed. Thread-safe, as set_up is. Errors: set_up returned
 * null. */
bool kernel_set_up(const struct kernel *kernel, const struct kernel_place *place, void **state,
                   struct error *error);

/* Frees it. After a set_up that failed (state null) nothing. */
void kernel_tear_down(const struct kernel *kernel, void *state);

#endif
