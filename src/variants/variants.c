/* The table of variants, in the order in which people meet them. */
#include "gilscope/run.h"

/* One line a variant: X(mine) stands for variant_mine, in mine.c. serial, the baseline, first. */
#define VARIANTS(X)                                                                            \
    X(serial)                                                                                  \
    X(critical)                                                                                \
    X(ticks)                                                                                   \
    X(gil)                                                                                     \
    X(nogil)                                                                                   \
    X(tasks)                                                                                   \
    X(pool)                                                                                    \
    X(atomic)                                                                                  \
    X(hold)                                                                                    \
    X(release)

#define DECLARE(name) extern const struct variant variant_##name;
VARIANTS(DECLARE)

#define ROW(name) &variant_##name,
const struct variant *const variants[] = {VARIANTS(ROW)};
const size_t variant_count = sizeof variants / sizeof *variants;
