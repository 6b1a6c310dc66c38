/* Ctrl-C and its kin, as a flag that loops look at. */
#ifndef GILSCOPE_INTERRUPT_H
#define GILSCOPE_INTERRUPT_H

#include "gilscope/error.h"

#include <stdatomic.h>

/* The signal that asked the program to stop, 0 while none has. A mutable global, as few
 * here are (see guard.c): a signal handler can reach nothing else. Written by the handler,
 * interrupt_with() and interrupt_worker(); read it through interrupted(). */
extern atomic_int interrupt_signal;

/* For every command: makes SIGPIPE (a reader that went away) and SIGXFSZ (ulimit -f) errors of
 * write(), and SIGCHLD the default, so that forked workers can be waited for whatever the caller
 * ignored. Call once, before any thread starts. */
void interrupt_prepare(void);

/* For commands that look at the flag: makes SIGINT, SIGTERM, SIGHUP and SIGQUIT set it. A second
 * one ends the program at once; ones that the caller ignores, as nohup does, stay ignored. Notices
 * pauses from then on (pauses.h). Call once, before any thread starts. */
bool interrupt_install(struct error *error);

/* So many seconds after a signal that set the flag, SIGALRM comes too: for who wants to say that
 * the program still waits. 0, as at the beginning: never. */
void interrupt_alarm(unsigned seconds);

/* For forked workers: the terminal's Ctrl-C is for the parent, which ends its workers; what else
 * would set the flag does to a worker what it does by default. */
void interrupt_worker(void);

/* The signal, or 0. Thread-safe and cheap enough for every chunk.
 * Relaxed: nothing is published with the flag; it only has to be seen soon. */
static inline int interrupted(void)
{
    return atomic_load_explicit(&interrupt_signal, memory_order_relaxed);
}

/* As if the signal had arrived: the reader of our output went away (SIGPIPE). */
void interrupt_with(int signal_number);

#endif
