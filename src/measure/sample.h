/* From a finished run to a sample: see struct sample in runner.h. */
#ifndef GILSCOPE_SAMPLE_H
#define GILSCOPE_SAMPLE_H

#include "gilscope/runner.h"

/* Whether every unit of the run is accounted for, by workers that were all there, and in a time that
 * can be; says why not. */
bool sample_verify(const struct plan_case *this_case, const struct run *run,
                   struct error *error);

/* The sample of a verified run, which was called at called_s (clock_now()); step_s: seconds
 * that a chunk or a call takes, alone. Changes the workers' windows of progress. */
void sample_take(const struct plan_case *this_case, struct run *run, double step_s,
                 double called_s, struct sample *sample);

#endif
