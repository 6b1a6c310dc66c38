/* The table of kernels. */
#include "gilscope/kernel.h"

const struct kernel *const kernels[] = {&kernel_countdown, &kernel_floor, &kernel_triad};
const size_t kernel_count = sizeof kernels / sizeof *kernels;
