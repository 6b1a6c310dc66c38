/* The locks, with a pause at every step of their protocols (stress.h). Waits end early, or for
 * nothing.
 *
 *     stress_locks LOCK SECONDS SEED THREADS WATCHDOG_S
 *
 * LOCK is one of gil.h's. A round has 2 to THREADS threads. */
#include "gilscope/gil.h"
#include "stress.h"

#include <omp.h>
#include <pthread.h>
#include <semaphore.h>

enum { TURNS_MOST = 100 };

/* How waits for a condition end, in a round. */
static enum {
    HASTY,   /* early, for nothing, or as they are */
    PATIENT, /* none by itself: a `released` that gets lost is a hang */
    FORCED,  /* that for `released` early: all are asked to drop; that for `switched` never by
              * itself: one that gets lost is a hang */
    MOODS
} mood;

static _Thread_local bool releasing; /* waits for `switched`, if it waits at all */

enum event {
    CONTENDED,
    HANDED_ON,
    REQUESTED,
    ASKED,
    FORCED_TO,
    FOR_NOTHING,
    EARLY,
    INTERRUPTED
};

void stress_step(void)
{
    pause_at_random();
}

/* ---- around each step of the protocols ---- */

WRAP(int, pthread_mutex_lock, (pthread_mutex_t * mutex), (mutex))
WRAP(int, pthread_mutex_unlock, (pthread_mutex_t * mutex), (mutex))
WRAP(int, pthread_cond_signal, (pthread_cond_t * condition), (condition))
WRAP(int, sem_trywait, (sem_t * semaphore), (semaphore))
WRAP(int, sem_post, (sem_t * semaphore), (semaphore))
WRAP(int, omp_test_lock, (omp_lock_t * lock), (lock))
WRAP_VOID(omp_set_lock, (omp_lock_t * lock), (lock))
WRAP_VOID(omp_unset_lock, (omp_lock_t * lock), (lock))

int __real_pthread_cond_timedwait(pthread_cond_t *condition, pthread_mutex_t *mutex,
                                  const struct timespec *deadline);
int __wrap_pthread_cond_timedwait(pthread_cond_t *condition, pthread_mutex_t *mutex,
                                  const struct timespec *deadline);
int __wrap_pthread_cond_timedwait(pthread_cond_t *condition, pthread_mutex_t *mutex,
                                  const struct timespec *deadline)
{
    static const struct timespec long_ago = {.tv_sec = 1}, never = {.tv_sec = 1 << 30};
    bool ends = mood == HASTY || (mood == FORCED && !releasing);
    uint64_t how = ends ? chance(6) : 2;
    int waited = 0;

    stress_step();
    if (how == 0) {
        happened(FOR_NOTHING, 1);
        __real_pthread_mutex_unlock(mutex);
        pause_at_random();
        __real_pthread_mutex_lock(mutex);
    } else if (how == 1) {
        happened(EARLY, 1);
        waited = __real_pthread_cond_timedwait(condition, mutex, &long_ago);
    } else {
        waited = __real_pthread_cond_timedwait(condition, mutex, ends ? deadline : &never);
    }
    stress_step();
    return waited;
}

/* A signal's handler may have run. */
int __real_sem_wait(sem_t *semaphore);
int __wrap_sem_wait(sem_t *semaphore);
int __wrap_sem_wait(sem_t *semaphore)
{
    stress_step();
    if (chance(4) == 0) {
        happened(INTERRUPTED, 1);
        errno = EINTR;
        return -1;
    }
    int waited = __real_sem_wait(semaphore);
    stress_step();
    return waited;
}

/* ---- a round ---- */

/* Plain memory, guarded by the lock alone; the atomics are relaxed: they must not do its work. */
struct crowd {
    struct gil *gil;
    unsigned turns;      /* of each thread */
    bool polite;         /* who has had it does not want it again before another has had it */
    atomic_uint entered; /* so often */
    atomic_uint alive;   /* threads that have turns left */
    atomic_int inside;
    uint64_t first, second; /* always equal, but in between */
    uint64_t acquired, handoffs;
    int holder, last_holder;
    int dropped_by; /* who dropped it on request, until the next one has it */
};

struct member {
    struct crowd *crowd;
    int id;
};

static void enter(struct crowd *crowd, int id)
{
    gil_acquire(crowd->gil, (unsigned)id);
    if (atomic_fetch_add_explicit(&crowd->inside, 1, memory_order_relaxed) != 0 ||
        crowd->holder != NOBODY || crowd->first != crowd->second) {
        complain("two threads have the lock");
    }
    crowd->holder = id;
    if (crowd->dropped_by == id) {
        complain("a forced switch did not switch");
    }
    crowd->dropped_by = NOBODY;
    crowd->acquired++;
    crowd->handoffs += crowd->last_holder != id && crowd->last_holder != NOBODY;
    crowd->last_holder = id;
}

static void work(struct crowd *crowd)
{
    uint64_t before = crowd->first;

    pause_at_random();
    crowd->first = before + 1;
    pause_at_random();
    crowd->second++;
}

static void leave(struct crowd *crowd, int id)
{
    /* Of the other locks nobody has asked: theirs is always to be given up. */
    bool asked = crowd->gil->kind == &gil_switching && gil_should_yield(crowd->gil);

    happened(ASKED, asked);
    crowd->dropped_by = asked ? id : NOBODY;
    if (crowd->holder != id) {
        complain("two threads have the lock");
    }
    crowd->holder = NOBODY;
    atomic_fetch_sub_explicit(&crowd->inside, 1, memory_order_relaxed);
    releasing = true;
    gil_release(crowd->gil, (unsigned)id);
    releasing = false;
}

/* A wake-up that gets lost else shows in the last turns alone: every later release makes up for it.
 * Of all who are here one alone waits, the last who had it. */
static void let_others_enter(struct crowd *crowd, unsigned entered)
{
    while (atomic_load_explicit(&crowd->entered, memory_order_relaxed) == entered &&
           atomic_load_explicit(&crowd->alive, memory_order_relaxed) > 1) {
        sched_yield();
    }
}

static void *live(void *argument)
{
    const struct member *me = argument;

    seed_thread((uint64_t)me->id);
    for (unsigned turn = 0; turn < me->crowd->turns; turn++) {
        uint64_t chunks = 1 + chance(4);

        enter(me->crowd, me->id);
        unsigned entered =
            1 + atomic_fetch_add_explicit(&me->crowd->entered, 1, memory_order_relaxed);
        do {
            work(me->crowd);
            chunks--;
        } while (chunks > 0 && !gil_should_yield(me->crowd->gil));
        for (; chunks > 0; chunks--) {
            work(me->crowd); /* so many in all, whoever asked */
        }
        leave(me->crowd, me->id);
        if (me->crowd->polite) {
            let_others_enter(me->crowd, entered);
        }
        pause_at_random();
    }
    atomic_fetch_sub_explicit(&me->crowd->alive, 1, memory_order_relaxed);
    return NULL;
}

static void check_counts(const struct crowd *crowd, unsigned threads)
{
    const struct gil_counts counts = gil_counts(crowd->gil);

    if (crowd->first != crowd->second || crowd->acquired != (uint64_t)threads * crowd->turns ||
        counts.acquired != crowd->acquired || counts.handoffs != crowd->handoffs ||
        counts.contended > counts.acquired || counts.forced > counts.requested) {
        complain("counts do not agree");
    }
    if (mood == PATIENT && counts.requested > 0) {
        complain("a request before its time");
    }
    happened(CONTENDED, counts.contended);
    happened(HANDED_ON, counts.handoffs);
    happened(REQUESTED, counts.requested);
    happened(FORCED_TO, counts.forced);
}

static const struct gil_kind *kind;

static void lock_round(unsigned threads_most)
{
    struct crowd crowd = {.holder = NOBODY, .last_holder = NOBODY, .dropped_by = NOBODY};
    struct member members[THREADS_MOST];
    pthread_t ids[THREADS_MOST];
    struct error error = {0};

    mood = round_seed % MOODS;
    struct gil_config config = {.switch_interval_s = mood == PATIENT ? 3600 : 100e-6};
    unsigned threads = 2 + (unsigned)chance(threads_most - 1);
    crowd.turns = 2 + few_or_many(TURNS_MOST - 2);
    crowd.polite = mood == PATIENT && chance(2) == 0;
    atomic_store(&crowd.alive, threads);
    if (!gil_create(&crowd.gil, kind, &config, &error)) {
        complain(error.text);
    }
    for (unsigned t = 0; t < threads; t++) {
        members[t] = (struct member){&crowd, (int)t};
        if (pthread_create(&ids[t], NULL, live, &members[t]) != 0) {
            complain("no thread");
        }
    }
    for (unsigned t = 0; t < threads; t++) {
        pthread_join(ids[t], NULL);
    }
    check_counts(&crowd, threads);
    gil_destroy(crowd.gil);
}

/* ---- */

static const char *const gil_events[EVENTS_MOST] = {
    [CONTENDED] = "contended", [HANDED_ON] = "handed on", [REQUESTED] = "requested",
    [ASKED] = "asked",         [FORCED_TO] = "forced",    [FOR_NOTHING] = "waits for nothing",
    [EARLY] = "time-outs"};
static const char *const ticks_events[EVENTS_MOST] = {
    [CONTENDED] = "contended", [HANDED_ON] = "handed on", [INTERRUPTED] = "interrupted"};
static const char *const critical_events[EVENTS_MOST] = {
    [CONTENDED] = "contended", [HANDED_ON] = "handed on"};

int main(int count, char **words)
{
    for (size_t k = 0; count == 6 && k < gil_kind_count; k++) {
        if (strcmp(gil_kinds[k]->name, words[1]) == 0) {
            kind = gil_kinds[k];
        }
    }
    if (kind == NULL) {
        fprintf(stderr, "usage: stress_locks LOCK SECONDS SEED THREADS WATCHDOG_S\n");
        return 2;
    }
    return stress_run(&(struct stress){.name = kind->name,
                                       .events = kind == &gil_switching ? gil_events
                                                 : kind == &gil_ticks   ? ticks_events
                                                                        : critical_events,
                                       .rounds_enough = 30,
                                       .round = lock_round},
                      words + 2);
}
