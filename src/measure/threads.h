/* The threads that a plan needs, before it runs. */
#ifndef GILSCOPE_THREADS_H
#define GILSCOPE_THREADS_H

#include "gilscope/plan.h"

/* Whether OpenMP and the system will give as many threads as the plan's largest case needs; makes
 * OpenMP give exactly as many as are asked for. Call before the first run. */
bool threads_check(const struct plan *plan, struct error *error);

/* The same for so many threads in a team, of which the system starts `started` at once. */
bool threads_available(unsigned team, unsigned started, struct error *error);

#endif
