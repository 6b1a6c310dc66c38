/* The triad of STREAM: a[i] = b[i] + scalar * c[i] over arrays that no cache holds. What it waits for
 * is memory, which all cores share. Source: John D. McCalpin, "Memory Bandwidth and Machine Balance
 * in Current High Performance Computers", IEEE TCCA Newsletter, December 1995. */
#include "gilscope/kernel.h"

#include <stdlib.h>
#include <sys/mman.h>

/* The arrays of all threads together, so that many threads fill no memory and few fill all caches;
 * and the least of a thread. */
static const size_t ALL_BYTES = (size_t)192 << 20, LEAST_BYTES = (size_t)1 << 20;
static const size_t ALIGNMENT = (size_t)2
                                << 20; /* of huge pages: fewer faults, fewer TLB misses */

struct triad {
    double *a, *b, *c; /* a[length] and so on: one piece of memory, a's */
    size_t length;
    size_t next; /* where the next call goes on */
    double scalar;
};

static const double B = 1, C = 2, SCALAR = 3; /* so that each a[i] becomes 7 */

/* The thread's own arrays, written here for the first time, by the thread itself: so they lie in
 * the memory of its NUMA node. */
static void *set_up(const struct kernel_place *place)
{
    size_t share = ALL_BYTES / place->threads;
    size_t bytes = share > LEAST_BYTES ? share : LEAST_BYTES;
    struct triad *triad = malloc(sizeof *triad);

    if (triad == NULL) {
        return NULL;
    }
    *triad = (struct triad){.length = bytes / (3 * sizeof(double)), .scalar = SCALAR};
    void *memory;
    if (posix_memalign(&memory, ALIGNMENT, bytes) != 0) {
        free(triad);
        return NULL;
    }
    madvise(memory, bytes, MADV_HUGEPAGE); /* a hint: without huge pages it goes as well */
    triad->a = memory;
    triad->b = triad->a + triad->length;
    triad->c = triad->b + triad->length;
    for (size_t i = 0; i < triad->length; i++) {
        triad->a[i] = 0;
        triad->b[i] = B;
        triad->c[i] = C;
    }
    return triad;
}

static void tear_down(void *state)
{
    struct triad *triad = state;

    free(triad->a);
    free(triad);
}

/* length elements from `from` on; the sum of what was stored. simd: the compiler may make vectors of
 * it, also of the sum, whose order is free since all of it is whole numbers below 2^53. */
static double stretch(const struct triad *triad, size_t from, size_t length)
{
    double *restrict a = triad->a + from;
    const double *restrict b = triad->b + from, *restrict c = triad->c + from;
    double scalar = triad->scalar, sum = 0;

#pragma omp simd reduction(+ : sum)
    for (size_t i = 0; i < length; i++) {
        a[i] = b[i] + scalar * c[i];
        sum += a[i];
    }
    /* Somebody may read the arrays here: else the stores are dead, for nobody does, and only the sum
     * would be left. */
    __asm__ volatile("" : : "r"(a) : "memory");
    return sum;
}

/* Goes round in the arrays, on from where the last call ended: so that short calls stream too. */
static uint64_t run(void *state, uint64_t units)
{
    struct triad *triad = state;
    uint64_t sum = 0;

    while (units > 0) {
        size_t left = triad->length - triad->next;
        size_t length = units < left ? (size_t)units : left;
        sum += (uint64_t)stretch(triad, triad->next, length);
        triad->next = length < left ? triad->next + length : 0;
        units -= length;
    }
    return sum;
}

static uint64_t checksum(uint64_t units)
{
    return units * (uint64_t)(B + SCALAR * C);
}

const struct kernel kernel_triad = {
    .version = GILSCOPE_KERNEL_VERSION,
    .name = "triad",
    .unit = "element",
    .summary = "a[i] = b[i] + scalar * c[i], bound by memory: 24 bytes an element (STREAM)",
    .set_up = set_up,
    .tear_down = tear_down,
    .run = run,
    .checksum = checksum,
};
