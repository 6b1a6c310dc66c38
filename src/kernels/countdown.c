/* The countdown of David Beazley's talks on the GIL ("Understanding the Python GIL", PyCon
 * 2010): `while n > 0: n -= 1`, with the step in a register. */
#include "gilscope/kernel.h"

/* The asm hides n from the compiler: else it replaces the loop by `n = 0`. A register, not volatile
 * memory: the store would be forwarded, and costs what it does not seem. */
#define DECREMENT                                                                              \
    if (n == 0) {                                                                              \
        break;                                                                                 \
    }                                                                                          \
    n -= step;                                                                                 \
    __asm__ volatile("" : "+r"(n));

static uint64_t countdown(void *state, uint64_t units)
{
    (void)state;
    uint64_t n = units, step = 1;

    /* Hides that step is 1: recent cores fold a subtraction of a constant into the rename
     * stage, and then a decrement costs less than the addition unit needs for it. */
    __asm__ volatile("" : "+r"(step));
    /* Eight decrements a turn, each with its own look at n: where another thread shares their core,
     * some processors (AMD's Zen) follow a branch back only every second cycle, and with one a turn
     * that, and so how busy the neighbour is, would be what is measured. */
    for (;;) {
        DECREMENT DECREMENT DECREMENT DECREMENT DECREMENT DECREMENT DECREMENT DECREMENT
    }
    return units - n;
}

/* Every decrement that was asked for, and no other. */
static uint64_t checksum(uint64_t units)
{
    return units;
}

const struct kernel kernel_countdown = {
    .version = GILSCOPE_KERNEL_VERSION,
    .name = "countdown",
    .unit = "decrement",
    .summary = "n -= step until n is 0, one dependent subtraction a decrement",
    .run = countdown,
    .checksum = checksum,
};
