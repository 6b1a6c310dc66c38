/* Whether there will be as many threads as are asked for. */
#ifndef GILSCOPE_THREADS_H
#define GILSCOPE_THREADS_H

#include "gilscope/error.h"

/* Whether OpenMP gives a team of so many threads, of which the system starts `started` at once: it
 * is tried. Makes OpenMP give exactly as many as are asked for. Call before the first team, from
 * the main thread. Errors name the option that asks for so many: OpenMP's limit; the system's;
 * memory; variables of the environment by which OpenMP could not start what the system can. */
bool threads_available(unsigned team, unsigned started, const char *option,
                       struct error *error);

#endif
