/* The measure functions that the table of costs is made of: see costs.c. */
#ifndef GILSCOPE_COSTS_FAMILIES_H
#define GILSCOPE_COSTS_FAMILIES_H

#include "gilscope/costs.h"

/* references.c */
extern const struct cost_reference reference_delay, reference_empty, reference_clock;

/* openmp.c */
bool measure_parallel(const struct cost_place *place, uint64_t count, double *seconds,
                      struct error *error);
bool measure_barrier(const struct cost_place *place, uint64_t count, double *seconds,
                     struct error *error);
bool measure_critical(const struct cost_place *place, uint64_t count, double *seconds,
                      struct error *error);
bool measure_lock(const struct cost_place *place, uint64_t count, double *seconds,
                  struct error *error);

/* Makes a team of place->threads that stays until cost_rest, each thread bound to its slot. */
bool team_make(const struct cost_place *place, struct error *error);

/* locks.c */
bool measure_free(const struct cost_place *place, uint64_t count, double *seconds,
                  struct error *error);
bool measure_look(const struct cost_place *place, uint64_t count, double *seconds,
                  struct error *error);

/* handoff.c */
bool measure_handoff(const struct cost_place *place, uint64_t count, double *seconds,
                     struct error *error);

/* kernel.c */
bool measure_call(const struct cost_place *place, uint64_t count, double *seconds,
                  struct error *error);
bool measure_unit(const struct cost_place *place, uint64_t count, double *seconds,
                  struct error *error);

/* processes.c */
bool measure_dispatch(const struct cost_place *place, uint64_t count, double *seconds,
                      struct error *error);
bool measure_pool(const struct cost_place *place, uint64_t count, double *seconds,
                  struct error *error);
bool measure_fork(const struct cost_place *place, uint64_t count, double *seconds,
                  struct error *error);

#endif
