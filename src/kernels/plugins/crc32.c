/* crc32 of zlib, which zlib.crc32() of Python calls with the GIL released, on more than 5 KiB
 * (Modules/zlibmodule.c): a plug-in, so that gilscope itself needs no zlib. */
#include "gilscope/kernel.h"

#include <stdlib.h>
#include <zlib.h>

/* The same bytes for every thread and every run, and no two stretches alike: Knuth's MMIX
 * generator, of which the upper bits are the random ones. */
static void *set_up(const struct kernel_place *place)
{
    unsigned char *bytes = malloc(place->units_max);
    uint64_t random = 1;

    for (uint64_t i = 0; bytes != NULL && i < place->units_max; i++) {
        random = random * 6364136223846793005u + 1442695040888963407u;
        bytes[i] = (unsigned char)(random >> 56);
    }
    return bytes;
}

static uint64_t run(void *state, uint64_t units)
{
    return crc32_z(0, state, units);
}

const struct kernel gilscope_kernel = {
    .version = GILSCOPE_KERNEL_VERSION,
    .name = "crc32",
    .unit = "byte",
    .summary = "zlib's checksum of a buffer",
    .set_up = set_up,
    .tear_down = free,
    .run = run,
};
