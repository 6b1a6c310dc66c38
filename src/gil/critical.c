/* A plain OpenMP lock, behind the same interface: what `#pragma omp critical` is made of, for where a
 * critical section cannot stand, since it is left in another place than it was entered. Whoever
 * holds it gives it up after every call, as a critical section around each would. */
#include "lock.h"

#include <limits.h>
#include <omp.h>
#include <stdlib.h>

static const unsigned NOBODY = UINT_MAX;

struct critical {
    struct gil base;
    omp_lock_t lock; /* its setting and unsetting order the field below */
    unsigned last_holder GUARDED_BY(the_gil);
};

/* Not looked at by clang: nobody else has the lock yet. */
static struct gil *create(const struct gil_config *config) NO_THREAD_SAFETY_ANALYSIS
{
    struct critical *lock = calloc(1, sizeof *lock);

    (void)config;
    if (lock == NULL) {
        return NULL;
    }
    omp_init_lock(&lock->lock);
    lock->last_holder = NOBODY;
    return &lock->base;
}

static void destroy(struct gil *gil)
{
    struct critical *lock = (struct critical *)gil;
    omp_destroy_lock(&lock->lock);
    free(lock);
}

static void acquire(struct gil *gil, unsigned thread)
{
    struct critical *lock = (struct critical *)gil;

    gil_event(gil, thread, TRACE_WANTS, 0);
    bool contended = !omp_test_lock(&lock->lock);

    if (contended) {
        omp_set_lock(&lock->lock);
    }
    gil_event(gil, thread, TRACE_GOT, 0);
    gil_taken(gil);
    gil->counts.acquired++;
    gil->counts.contended += contended;
    gil->counts.handoffs += lock->last_holder != thread && lock->last_holder != NOBODY;
    lock->last_holder = thread;
}

static void release(struct gil *gil, unsigned thread)
{
    struct critical *lock = (struct critical *)gil;

    gil_event(gil, thread, TRACE_GAVE_UP, 0);
    omp_unset_lock(&lock->lock);
}

static bool should_yield(const struct gil *gil)
{
    (void)gil;
    return true;
}

const struct gil_kind gil_critical = {
    .name = "critical",
    .summary = "a plain OpenMP lock, given up after every call",
    .create = create,
    .destroy = destroy,
    .acquire = acquire,
    .release = release,
    .should_yield = should_yield,
};
