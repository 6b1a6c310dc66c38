/* Checksums of a kernel, as a serial run gives them. From the main thread only. */
#ifndef GILSCOPE_CHECKS_H
#define GILSCOPE_CHECKS_H

#include "gilscope/error.h"
#include "gilscope/kernel.h"
#include "gilscope/run.h"

/* Sizes of calls that are remembered; of others the serial run is made again. */
enum { CHECKS_KEPT = 64 };

struct checks {
    const struct kernel *kernel;
    unsigned kept, next;
    struct check at[CHECKS_KEPT];
};

/* What one call on so many units must return, in *checksum: known, remembered, or from a call made
 * here and now. Fails where the kernel cannot be set up. */
bool checks_expect(struct checks *checks, uint64_t units, uint64_t *checksum,
                   struct error *error);

/* Whether all that the worker's calls returned is what a serial run returns; says why not. */
bool checks_verify(struct checks *checks, const struct worker *worker, struct error *error);

/* The seconds that a unit takes in calls of about a millisecond, alone: for planning. */
bool kernel_unit_s(const struct kernel *kernel, double *unit_s, struct error *error);

/* The seconds that one call on so many units takes, alone: the quickest of a few. */
bool kernel_call_s(const struct kernel *kernel, uint64_t units, double *call_s,
                   struct error *error);

#endif
