/* SIGSTOP and SIGCONT (Ctrl-Z and fg, a batch system, cpulimit): the clock goes on while the program
 * stands still, so that what is measured meanwhile is measured again. So is what a worker took along
 * that died, of which only who measures can tell. */
#ifndef GILSCOPE_PAUSES_H
#define GILSCOPE_PAUSES_H

#include "gilscope/error.h"

#include <sys/types.h>

/* From now on it is noticed that this process, or one that it forks from here on, is continued by
 * SIGCONT. Exact: a process that was stopped runs the handler before anything else. Call once,
 * before any thread starts and any worker is forked. */
bool pauses_install(struct error *error);

/* The same of a child that executes another program and has no such handler: asks the system whether
 * it was continued since the last time. Thread-safe. */
void pauses_look_at(pid_t child);

/* A measurement, tried until the program was not stopped in it, and nobody died:
 *
 *     struct attempt attempt = {0};
 *     do {
 *         attempt_begin(&attempt);
 *         done = measure(…, error);
 *     } while (attempt_again(&attempt, &done, error));
 */
struct attempt {
    unsigned before; /* continuations so far */
    unsigned spoilt; /* tries in a row */
    bool died;       /* set by who measures: what a worker had done is lost with it */
};

/* Both from the main thread. */
void attempt_begin(struct attempt *attempt);
/* False where *done is, or nothing was stopped and nobody died. After ten tries in vain *done becomes
 * false, with an error: who is stopped all the time cannot measure anything. */
bool attempt_again(struct attempt *attempt, bool *done, struct error *error);

/* How many measurements were done again so far, for a stop. Main thread only. */
unsigned pauses_redone(void);

/* Says so on stderr; nothing where there were none. */
void pauses_tell(void);

#endif
