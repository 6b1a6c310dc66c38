/* The threads that a plan needs, before it runs. */
#ifndef GILSCOPE_THREADS_OF_PLAN_H
#define GILSCOPE_THREADS_OF_PLAN_H

#include "gilscope/plan.h"

/* threads_available() for the plan's largest case. Call before the first run. */
bool threads_check(const struct plan *plan, struct error *error);

#endif
