/* The table of variants, in the order in which people meet them. */
#include "gilscope/run.h"

extern const struct variant variant_serial, variant_critical, variant_ticks, variant_gil,
    variant_nogil, variant_tasks, variant_pool, variant_atomic;

const struct variant *const variants[] = {
    &variant_serial, &variant_critical, &variant_ticks, &variant_gil,
    &variant_nogil,  &variant_tasks,    &variant_pool,  &variant_atomic,
};
const size_t variant_count = sizeof variants / sizeof *variants;
