/* The threads that a plan needs, before it runs. */
#ifndef GILSCOPE_THREADS_H
#define GILSCOPE_THREADS_H

#include "gilscope/plan.h"

/* Whether OpenMP and the system will give as many threads as the plan's largest case needs; makes
 * OpenMP give exactly as many as are asked for. Call before the first run. */
bool threads_check(const struct plan *plan, struct error *error);

#endif
