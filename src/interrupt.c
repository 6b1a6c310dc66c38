/* Ctrl-C and its kin: see interrupt.h. */
#include "gilscope/interrupt.h"

#include "gilscope/pauses.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

atomic_int interrupt_signal;

static_assert(ATOMIC_INT_LOCK_FREE == 2, "a signal handler may only touch lock-free atomics");

void interrupt_with(int signal_number)
{
    /* Relaxed: see interrupted(). */
    atomic_store_explicit(&interrupt_signal, signal_number, memory_order_relaxed);
}

static atomic_uint alarm_s; /* see interrupt_alarm */

void interrupt_alarm(unsigned seconds)
{
    /* Relaxed: a number, and nothing is published with it. */
    atomic_store_explicit(&alarm_s, seconds, memory_order_relaxed);
}

static void stop(int signal_number)
{
    int before = errno; /* whatever was interrupted may look at it next */

    interrupt_with(signal_number);
    /* Relaxed: see interrupt_alarm. alarm(0) sets none. */
    alarm(atomic_load_explicit(&alarm_s, memory_order_relaxed));
    errno = before;
}

/* SIGQUIT as well, without a core file: interpreters' children are ended by us alone. */
static const int stopping[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};

void interrupt_prepare(void)
{
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);
    signal(SIGCHLD, SIG_DFL);
}

bool interrupt_install(struct error *error)
{
    /* SA_RESETHAND: who presses Ctrl-C twice wants out now. No SA_RESTART: poll() and futex
     * waits must return to look at the flag. */
    struct sigaction stopped = {.sa_handler = stop, .sa_flags = (int)SA_RESETHAND};
    bool installed = true;

    for (size_t i = 0; installed && i < sizeof stopping / sizeof *stopping; i++) {
        struct sigaction before;
        installed = sigaction(stopping[i], NULL, &before) == 0;
        /* nohup and background shells ignore signals on purpose. */
        if (installed && before.sa_handler != SIG_IGN) {
            installed = sigaction(stopping[i], &stopped, NULL) == 0;
        }
    }
    return installed ? pauses_install(error)
                     : fail(error, "cannot install signal handlers: %s", strerror(errno));
}

void interrupt_worker(void)
{
    for (size_t i = 0; i < sizeof stopping / sizeof *stopping; i++) {
        struct sigaction now;
        /* What the caller ignored stays ignored. */
        if (sigaction(stopping[i], NULL, &now) == 0 && now.sa_handler == stop) {
            signal(stopping[i], SIG_DFL);
        }
    }
    /* The terminal's keys are for all of its group; what becomes of us is the parent's matter. */
    signal(SIGINT, SIG_IGN);
    signal(SIGQUIT, SIG_IGN);
    interrupt_with(0);
}
