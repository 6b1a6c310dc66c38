/* What the client does over its socket, in its own process: see gilscope/convoy.h. */
#ifndef GILSCOPE_CONVOY_ASKING_H
#define GILSCOPE_CONVOY_ASKING_H

#include "gilscope/convoy.h"

/* A socket connected to 127.0.0.1:port, or -1. */
int asking_connect(unsigned port);

/* Asks for the time of the demand and its warm-up, from now on, then waits for the last answers.
 * What it saw is in *answers, which was all zero. */
void asking_ask(int socket, const struct convoy_demand *demand, uint64_t tag,
                struct convoy_answers *answers);

/* Tells the server that there will be no more; may get lost, as everything. */
void asking_end(int socket, uint64_t tag);

#endif
