/* The GIL of CPython up to 3.1 on POSIX: one binary semaphore (Python/thread_pthread.h with
 * USE_SEMAPHORES), which Python/ceval.c posts and waits for again every sys.checkinterval
 * ticks, whoever is waiting. Nobody is made to switch: the thread that posts usually takes
 * the semaphore back before the one that it woke has got up. */
#include "lock.h"

#include <errno.h>
#include <limits.h>
#include <semaphore.h>
#include <stdlib.h>

static const unsigned NOBODY = UINT_MAX;

struct ticks {
    struct gil base;
    sem_t free; /* 1: nobody holds the lock; its wait and post order the fields below */
    unsigned last_holder GUARDED_BY(the_gil);
};

/* Not looked at by clang: nobody else has the lock yet. */
static struct gil *create(const struct gil_config *config) NO_THREAD_SAFETY_ANALYSIS
{
    struct ticks *lock = calloc(1, sizeof *lock);

    (void)config;
    if (lock == NULL) {
        return NULL;
    }
    if (sem_init(&lock->free, 0, 1) != 0) {
        free(lock);
        return NULL;
    }
    lock->last_holder = NOBODY;
    return &lock->base;
}

static void destroy(struct gil *gil)
{
    struct ticks *lock = (struct ticks *)gil;
    sem_destroy(&lock->free);
    free(lock);
}

static void acquire(struct gil *gil, unsigned thread)
{
    struct ticks *lock = (struct ticks *)gil;

    gil_event(gil, thread, TRACE_WANTS, 0);
    /* A try tells contended from uncontended: one more than sem_wait's own, where it is contended. */
    bool contended = sem_trywait(&lock->free) != 0;

    if (contended) {
        /* sem_wait goes back to sleep by itself when it was woken and finds the semaphore taken
         * again. Only the system's account of the thread tells how often. */
        gil_sleeps(gil, thread);
        while (sem_wait(&lock->free) != 0 && errno == EINTR) {
            /* A signal handler ran; keep waiting, as CPython does. */
        }
        gil_got_after_sleeps(gil, thread);
    } else {
        gil_event(gil, thread, TRACE_GOT, 0);
    }
    gil_taken(gil);
    gil->counts.acquired++;
    gil->counts.contended += contended;
    gil->counts.handoffs += lock->last_holder != thread && lock->last_holder != NOBODY;
    lock->last_holder = thread;
}

static void release(struct gil *gil, unsigned thread)
{
    struct ticks *lock = (struct ticks *)gil;

    gil_event(gil, thread, TRACE_GAVE_UP, 0);
    sem_post(&lock->free);
}

static bool should_yield(const struct gil *gil)
{
    (void)gil;
    return true;
}

const struct gil_kind gil_ticks = {
    .name = "ticks",
    .summary = "CPython up to 3.1: a semaphore, posted and waited for again after every chunk",
    .by_ticks = true,
    .takes = OPTION_CHUNK,
    .create = create,
    .destroy = destroy,
    .acquire = acquire,
    .release = release,
    .should_yield = should_yield,
};
