/* The floor under the countdown: the same subtractions, each waiting for the one before, and
 * nothing else. No countdown can be faster; one that is slower pays for its loop. */
#include "gilscope/kernel.h"

/* The same subtraction and the same hiding as in countdown.c. */
#define SUBTRACT                                                                               \
    n -= step;                                                                                 \
    __asm__ volatile("" : "+r"(n));
#define SUBTRACT_8 SUBTRACT SUBTRACT SUBTRACT SUBTRACT SUBTRACT SUBTRACT SUBTRACT SUBTRACT
#define SUBTRACT_64                                                                            \
    SUBTRACT_8 SUBTRACT_8 SUBTRACT_8 SUBTRACT_8 SUBTRACT_8 SUBTRACT_8 SUBTRACT_8 SUBTRACT_8

static uint64_t floor_chain(void *state, uint64_t units)
{
    (void)state;
    uint64_t n = units, step = 1;

    __asm__ volatile("" : "+r"(step));
    while (n >= 64) {
        SUBTRACT_64
    }
    while (n != 0) {
        SUBTRACT
    }
    return units - n;
}

static uint64_t checksum(uint64_t units)
{
    return units;
}

const struct kernel kernel_floor = {
    .version = GILSCOPE_KERNEL_VERSION,
    .name = "floor",
    .unit = "decrement",
    .summary = "the physical limit: an unrolled chain of dependent subtractions",
    .run = floor_chain,
    .checksum = checksum,
};
