/* A program that was stopped for a while: see pauses.h. */
#include "gilscope/pauses.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>

enum { TRIES_MAX = 10 };

/* Globals, for signal handlers reach nothing else. Shared with forked workers, of which one may be
 * stopped alone; null: not installed. */
static atomic_uint *continued;
static unsigned redone; /* of the main thread */

static_assert(ATOMIC_INT_LOCK_FREE == 2, "a signal handler may only touch lock-free atomics");

static void count(int signal_number)
{
    (void)signal_number;
    /* Relaxed: a number. Who looks at it has waited for this process or thread to report its work
     * done, which came after. */
    atomic_fetch_add_explicit(continued, 1, memory_order_relaxed);
}

bool pauses_install(struct error *error)
{
    /* SA_RESTART: nobody who waits has to look up for this. */
    const struct sigaction on_continue = {.sa_handler = count, .sa_flags = SA_RESTART};
    void *shared = mmap(NULL, sizeof *continued, PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    if (shared == MAP_FAILED) {
        return fail(error, "no shared memory: %s (ulimit -v?)", strerror(errno));
    }
    continued = shared; /* for as long as the program runs, as its handler is */
    return sigaction(SIGCONT, &on_continue, NULL) == 0 ||
           fail(error, "cannot install signal handlers: %s", strerror(errno));
}

static unsigned continuations(void)
{
    /* Relaxed: see count(). */
    return continued != NULL ? atomic_load_explicit(continued, memory_order_relaxed) : 0;
}

void pauses_look_at(pid_t child)
{
    siginfo_t how = {0};

    if (continued != NULL && waitid(P_PID, (id_t)child, &how, WCONTINUED | WNOHANG) == 0 &&
        how.si_pid != 0) {
        count(SIGCONT);
    }
}

void attempt_begin(struct attempt *attempt)
{
    attempt->before = continuations();
    attempt->died = false;
}

bool attempt_again(struct attempt *attempt, bool *done, struct error *error)
{
    bool stopped = continuations() != attempt->before;

    if (!*done || (!stopped && !attempt->died)) {
        return false;
    }
    if (++attempt->spoilt == TRIES_MAX) {
        *done = fail(error,
                     "%s in %d tries of one measurement in a row: nothing can be measured so; "
                     "find out who does that, and run it again",
                     stopped ? "stopped and continued (SIGSTOP, SIGCONT)"
                             : "pool: a worker died after it had done tasks",
                     TRIES_MAX);
        return false;
    }
    redone += stopped;
    return true;
}

unsigned pauses_redone(void)
{
    return redone;
}

void pauses_tell(void)
{
    if (redone > 0) {
        fprintf(stderr,
                "gilscope: stopped and continued meanwhile (SIGSTOP, Ctrl-Z): %u measurement%s "
                "done again\n",
                redone, redone == 1 ? "" : "s");
    }
}
