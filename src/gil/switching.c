/* The GIL of CPython 3.2 and later (Antoine Pitrou; Python/ceval_gil.c): a flag under a mutex
 * and a condition. Who waits longer than the switch interval asks the holder to drop the
 * lock; who drops it on request waits until another thread has taken it. */
#include "lock.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

static const unsigned NOBODY = UINT_MAX;

/* The two mutexes, for clang: see thread_safety.h. Where both are held, the first was first. */
struct CAPABILITY("mutex") mutex;
extern struct mutex the_mutex, the_switch_mutex; /* defined nowhere */

struct switching {
    struct gil base;
    int64_t switch_interval_ns;
    /* Looked at by the holder after every chunk, set by waiting threads. */
    atomic_bool drop_request;

    pthread_mutex_t mutex;
    pthread_cond_t released;
    bool locked GUARDED_BY(the_mutex);
    uint64_t switch_number GUARDED_BY(the_mutex); /* how often the holder has changed */

    pthread_mutex_t switch_mutex;
    pthread_cond_t switched;
    /* The holder while locked, else the one before. */
    unsigned last_holder GUARDED_BY(the_switch_mutex);
};

/* The C library's mutexes say nothing to clang, so these do. */
static void lock_mutex(struct switching *lock) ACQUIRE(the_mutex) NO_THREAD_SAFETY_ANALYSIS
{
    pthread_mutex_lock(&lock->mutex);
}

static void unlock_mutex(struct switching *lock) RELEASE(the_mutex) NO_THREAD_SAFETY_ANALYSIS
{
    pthread_mutex_unlock(&lock->mutex);
}

static void lock_switch_mutex(struct switching *lock) ACQUIRE(the_switch_mutex)
    NO_THREAD_SAFETY_ANALYSIS
{
    pthread_mutex_lock(&lock->switch_mutex);
}

static void unlock_switch_mutex(struct switching *lock) RELEASE(the_switch_mutex)
    NO_THREAD_SAFETY_ANALYSIS
{
    pthread_mutex_unlock(&lock->switch_mutex);
}

/* A condition whose time-outs no change of the wall clock can move. */
static int init_condition(pthread_cond_t *condition)
{
    pthread_condattr_t attributes;
    int failed = pthread_condattr_init(&attributes);

    if (failed != 0) {
        return failed;
    }
    failed = pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    if (failed == 0) {
        failed = pthread_cond_init(condition, &attributes);
    }
    pthread_condattr_destroy(&attributes);
    return failed;
}

static int init_primitives(struct switching *lock)
{
    int failed = pthread_mutex_init(&lock->mutex, NULL);

    if (failed != 0) {
        return failed;
    }
    failed = pthread_mutex_init(&lock->switch_mutex, NULL);
    if (failed != 0) {
        goto mutex;
    }
    failed = init_condition(&lock->released);
    if (failed != 0) {
        goto switch_mutex;
    }
    failed = init_condition(&lock->switched);
    if (failed == 0) {
        return 0;
    }
    pthread_cond_destroy(&lock->released);
switch_mutex:
    pthread_mutex_destroy(&lock->switch_mutex);
mutex:
    pthread_mutex_destroy(&lock->mutex);
    return failed;
}

/* Not looked at by clang: nobody else has the lock yet. */
static struct gil *create(const struct gil_config *config) NO_THREAD_SAFETY_ANALYSIS
{
    /* Neither less than nothing nor more than the clock can count; nor NaN. */
    if (!(config->switch_interval_s >= 0 &&
          config->switch_interval_s <= SWITCH_INTERVAL_MAX_S)) {
        errno = EINVAL;
        return NULL;
    }
    struct switching *lock = calloc(1, sizeof *lock);

    if (lock == NULL) {
        return NULL;
    }
    errno = init_primitives(lock);
    if (errno != 0) {
        free(lock);
        return NULL;
    }
    lock->switch_interval_ns = (int64_t)(config->switch_interval_s * 1e9);
    lock->last_holder = NOBODY;
    atomic_init(&lock->drop_request, false);
    return &lock->base;
}

static void destroy(struct gil *gil)
{
    struct switching *lock = (struct switching *)gil;

    pthread_cond_destroy(&lock->switched);
    pthread_cond_destroy(&lock->released);
    pthread_mutex_destroy(&lock->switch_mutex);
    pthread_mutex_destroy(&lock->mutex);
    free(lock);
}

static struct timespec interval_from_now(int64_t interval_ns)
{
    enum { SECOND_NS = 1000000000 };
    struct timespec at;

    clock_gettime(CLOCK_MONOTONIC, &at);
    at.tv_sec += (time_t)(interval_ns / SECOND_NS);
    at.tv_nsec += (long)(interval_ns % SECOND_NS);
    if (at.tv_nsec >= SECOND_NS) {
        at.tv_nsec -= SECOND_NS;
        at.tv_sec++;
    }
    return at;
}

/* Waits until the lock is free; asks the holder to drop it after each switch interval in which
 * nobody has switched. How often it asked. */
static uint64_t wait_until_free(struct switching *lock, unsigned thread) REQUIRES(the_mutex)
{
    uint64_t requests = 0;

    while (lock->locked) {
        uint64_t switch_number = lock->switch_number;
        struct timespec deadline = interval_from_now(lock->switch_interval_ns);
        int waited = pthread_cond_timedwait(&lock->released, &lock->mutex, &deadline);

        if (waited == ETIMEDOUT && lock->locked && lock->switch_number == switch_number) {
            requests++;
            /* Relaxed: a hint that carries no data. Setting and clearing it both happen
             * under the mutex, which keeps a stale request from outliving a switch. */
            atomic_store_explicit(&lock->drop_request, true, memory_order_relaxed);
            gil_event(&lock->base, thread, TRACE_ASKS, 0);
        }
    }
    return requests;
}

static void acquire(struct gil *gil, unsigned thread)
{
    struct switching *lock = (struct switching *)gil;

    gil_event(gil, thread, TRACE_WANTS, 0);
    lock_mutex(lock);
    bool contended = lock->locked;
    uint64_t requests = wait_until_free(lock, thread);

    /* Holder and switch are made known together: a thread in wait_for_switch() must not see
     * one without the other. */
    lock_switch_mutex(lock);
    lock->locked = true;
    gil_taken(gil);
    if (lock->last_holder != thread) {
        gil->counts.handoffs += lock->last_holder != NOBODY;
        lock->last_holder = thread;
        lock->switch_number++;
    }
    /* Before the signal: who was switched away must not record that first. */
    gil_event(gil, thread, TRACE_GOT, 0);
    pthread_cond_signal(&lock->switched);
    unlock_switch_mutex(lock);

    gil->counts.acquired++;
    gil->counts.contended += contended;
    gil->counts.requested += requests;
    /* Relaxed: see wait_until_free(). Without it the new holder would drop the lock at once,
     * for a request that was meant for the one before. */
    atomic_store_explicit(&lock->drop_request, false, memory_order_relaxed);
    unlock_mutex(lock);
}

/* The one count that is made without the lock, and so under a mutex. */
static void count_forced(struct switching *lock) REQUIRES(the_switch_mutex)
    NO_THREAD_SAFETY_ANALYSIS
{
    lock->base.counts.forced++;
}

/* Forced switching: whoever dropped the lock on request must not be the one who gets it
 * back. The thread that made the request is still waiting, so that another holder comes.
 * CPython's drop_gil() looks at the last holder once, resets the request there too, and waits
 * without a limit. Nobody can tell: nobody has the lock in between, who takes it resets the
 * request, and with the loop a wait that ends for nothing is no switch. */
static void wait_for_switch(struct switching *lock, unsigned thread)
{
    bool forced = false;

    lock_switch_mutex(lock);
    while (lock->last_holder == thread) {
        struct timespec deadline = interval_from_now(lock->switch_interval_ns);
        forced = true;
        /* With a limit only so that a signal that gets lost (glibc bug 25847) costs an
         * interval, not the run. */
        pthread_cond_timedwait(&lock->switched, &lock->switch_mutex, &deadline);
    }
    if (forced) {
        count_forced(lock);
    }
    unlock_switch_mutex(lock);
    if (forced) {
        gil_event(&lock->base, thread, TRACE_SWITCHED, 0);
    }
}

static bool should_yield(const struct gil *gil)
{
    const struct switching *lock = (const struct switching *)gil;

    /* Relaxed: a request seen one chunk later is answered one chunk later. */
    return atomic_load_explicit(&lock->drop_request, memory_order_relaxed);
}

static void release(struct gil *gil, unsigned thread)
{
    struct switching *lock = (struct switching *)gil;

    lock_mutex(lock);
    /* Under the mutex, under which requests are made: one that comes later is made of another
     * holder, and does not have this thread wait. So who was switched away has seen it. */
    if (should_yield(gil)) {
        gil_event(gil, thread, TRACE_SEES, 0);
    }
    /* Before others can have it: nobody else's `got` is earlier. */
    gil_event(gil, thread, TRACE_GAVE_UP, 0);
    lock->locked = false;
    pthread_cond_signal(&lock->released);
    unlock_mutex(lock);

    /* Relaxed: a request made while this thread held the lock was stored under the mutex that
     * it has just had, so it is seen; one that is seen but answered already costs a look at
     * last_holder, no wait. */
    if (atomic_load_explicit(&lock->drop_request, memory_order_relaxed)) {
        wait_for_switch(lock, thread);
    }
}

const struct gil_kind gil_switching = {
    .name = "gil",
    .summary = "CPython 3.2 and later: drop request after a switch interval, forced switching",
    .takes = OPTION_SWITCH_INTERVAL,
    .create = create,
    .destroy = destroy,
    .acquire = acquire,
    .release = release,
    .should_yield = should_yield,
};
