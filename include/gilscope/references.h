/* References: costs and limits measured in the same shuffled blocks as the cases, but no rows
 * of the comparison. They go to machine.csv under their key. */
#ifndef GILSCOPE_REFERENCES_H
#define GILSCOPE_REFERENCES_H

#include "gilscope/error.h"
#include "gilscope/kernel.h"

#include <stddef.h>

struct reference {
    const char *key; /* in machine.csv; ends in the unit */
    const char *what;
    bool bound; /* measured on the core of the baseline; else wherever the system likes */
    const struct kernel *of; /* the only kernel that it says something about; null: all */
    /* One measurement of about time_s, in the unit of the key, in the calling thread and in
     * processes that it forks. *value is written only on success. */
    bool (*measure)(double time_s, double *value, struct error *error);
};

enum { REFERENCE_FLOOR, REFERENCE_POOL_CYCLE, REFERENCE_POOL_DISPATCH, REFERENCE_COUNT };
extern const struct reference references[REFERENCE_COUNT];

/* Seconds of a pool of two workers: create, close and join. */
bool pool_cycle(double *seconds, struct error *error);

/* Seconds that a pool of two workers takes for so many empty tasks, its creation and end not
 * counted. */
bool pool_dispatch(unsigned tasks, double *seconds, struct error *error);

#endif
