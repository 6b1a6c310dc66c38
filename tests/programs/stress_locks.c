/* The locks, and the pool's queue, with a pause at every step of their protocols: the linker puts
 * the functions below (--wrap) around each call by which the protocol synchronises, and each waits
 * for a moment, or not, before and after. Waits end early, or for nothing; pool workers die.
 *
 *     stress_locks LOCK SECONDS SEED THREADS WATCHDOG_S
 *
 * LOCK is one of gil.h's, or pool. Round after round, for so many seconds, each with the seed after
 * the one before; what goes wrong is told with its round's seed, with which it begins again (as
 * far as the system's own moods let it). Exit code 0 nothing went wrong, 1 it did, 2 usage. */
#include "gilscope/gil.h"
#include "gilscope/pool.h"

#include <assert.h>
#include <errno.h>
#include <omp.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { THREADS_MOST = 64, TURNS = 100, TASKS = 60, LISTS = 4, KILLS = 2, NOBODY = -1 };

static uint64_t round_seed;
static bool patient; /* no wait for the lock ends by itself: a lost wake-up is a hang */
static _Thread_local uint64_t random_state = 1;

/* Where workers may die: so many times more. Shared with them; null elsewhere. */
static atomic_int *kills_left;
static bool is_worker;

static _Noreturn void complain(const char *what)
{
    fprintf(stderr, "stress: %s, seed %llu\n", what, (unsigned long long)round_seed);
    exit(1);
}

static void hangs(int signal_number)
{
    (void)signal_number;
    complain("hangs"); /* this is the end: whatever it interrupts */
}

/* ---- chance ---- */

/* xorshift64* (Vigna). */
static uint64_t chance(uint64_t n)
{
    random_state ^= random_state >> 12;
    random_state ^= random_state << 25;
    random_state ^= random_state >> 27;
    return (random_state * 0x2545F4914F6CDD1D >> 33) % n;
}

static void seed_thread(uint64_t who)
{
    random_state = (round_seed * 0x9E3779B97F4A7C15 + who * 0xBF58476D1CE4E5B9) | 1;
    chance(2);
}

static void spin(uint64_t turns)
{
    for (uint64_t i = 0; i < turns; i++) {
        atomic_signal_fence(memory_order_seq_cst); /* or the loop is left out */
    }
}

/* None, more often than not: else nothing ever overlaps but pauses. */
static void pause_at_random(void)
{
    switch (chance(10)) {
    case 0:
        sched_yield();
        break;
    case 1:
        spin(chance(500));
        break;
    case 2:
        nanosleep(&(struct timespec){.tv_nsec = (long)chance(30000)}, NULL);
        break;
    default:
        break;
    }
}

static void step(void)
{
    pause_at_random();
    if (is_worker && chance(40) == 0 && atomic_fetch_sub(kills_left, 1) > 0) {
        raise(SIGKILL);
    }
}

/* ---- around each step of the protocols ---- */

/* name, parameters, arguments: a pause, the call, a pause. */
#define WRAP(type, name, parameters, arguments)                                                \
    type __real_##name parameters;                                                             \
    type __wrap_##name parameters;                                                             \
    type __wrap_##name parameters                                                              \
    {                                                                                          \
        step();                                                                                \
        type result = __real_##name arguments;                                                 \
        int kept = errno;                                                                      \
        step();                                                                                \
        errno = kept;                                                                          \
        return result;                                                                         \
    }
#define WRAP_VOID(name, parameters, arguments)                                                 \
    void __real_##name parameters;                                                             \
    void __wrap_##name parameters;                                                             \
    void __wrap_##name parameters                                                              \
    {                                                                                          \
        step();                                                                                \
        __real_##name arguments;                                                               \
        step();                                                                                \
    }

WRAP(int, pthread_mutex_lock, (pthread_mutex_t * mutex), (mutex))
WRAP(int, pthread_mutex_unlock, (pthread_mutex_t * mutex), (mutex))
WRAP(int, pthread_cond_signal, (pthread_cond_t * condition), (condition))
WRAP(int, sem_trywait, (sem_t * semaphore), (semaphore))
WRAP(int, sem_post, (sem_t * semaphore), (semaphore))
WRAP(int, omp_test_lock, (omp_lock_t * lock), (lock))
WRAP_VOID(omp_set_lock, (omp_lock_t * lock), (lock))
WRAP_VOID(omp_unset_lock, (omp_lock_t * lock), (lock))
WRAP(int, poll, (struct pollfd * ears, nfds_t count, int limit), (ears, count, limit))
WRAP(ssize_t, read, (int file, void *to, size_t size), (file, to, size))
WRAP(ssize_t, write, (int file, const void *from, size_t size), (file, from, size))

/* A wait may end on time, though the time is not over, or for nothing. */
int __real_pthread_cond_timedwait(pthread_cond_t *condition, pthread_mutex_t *mutex,
                                  const struct timespec *deadline);
int __wrap_pthread_cond_timedwait(pthread_cond_t *condition, pthread_mutex_t *mutex,
                                  const struct timespec *deadline);
int __wrap_pthread_cond_timedwait(pthread_cond_t *condition, pthread_mutex_t *mutex,
                                  const struct timespec *deadline)
{
    static const struct timespec long_ago = {.tv_sec = 1};
    uint64_t how = patient ? 2 : chance(6);

    step();
    int waited = 0;
    if (how == 0) {
        __real_pthread_mutex_unlock(mutex);
        pause_at_random();
        __real_pthread_mutex_lock(mutex);
    } else {
        waited =
            __real_pthread_cond_timedwait(condition, mutex, how == 1 ? &long_ago : deadline);
    }
    step();
    return waited;
}

/* A signal's handler may have run. */
int __real_sem_wait(sem_t *semaphore);
int __wrap_sem_wait(sem_t *semaphore);
int __wrap_sem_wait(sem_t *semaphore)
{
    step();
    if (chance(4) == 0) {
        errno = EINTR;
        return -1;
    }
    int waited = __real_sem_wait(semaphore);
    int kept = errno;
    step();
    errno = kept;
    return waited;
}

/* The pool's futex. */
long __real_syscall(long number, ...);
long __wrap_syscall(long number, ...);
long __wrap_syscall(long number, ...)
{
    va_list list;

    va_start(list, number);
    void *futex = va_arg(list, void *);
    int what = va_arg(list, int);
    unsigned value = va_arg(list, unsigned);
    va_end(list);
    step();
    long result = __real_syscall(number, futex, what, value, NULL, NULL, 0);
    step();
    return result;
}

/* ---- a round of a lock ---- */

/* All but `inside` is plain memory, guarded by the lock alone. */
struct crowd {
    struct gil *gil;
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
    if (atomic_fetch_add(&crowd->inside, 1) != 0 || crowd->holder != NOBODY ||
        crowd->first != crowd->second) {
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

    crowd->dropped_by = asked ? id : NOBODY;
    if (crowd->holder != id) {
        complain("two threads have the lock");
    }
    crowd->holder = NOBODY;
    atomic_fetch_sub(&crowd->inside, 1);
    gil_release(crowd->gil, (unsigned)id);
}

static void *live(void *argument)
{
    const struct member *me = argument;

    seed_thread((uint64_t)me->id);
    for (int turn = 0; turn < TURNS; turn++) {
        uint64_t chunks = 1 + chance(4);

        enter(me->crowd, me->id);
        do {
            work(me->crowd);
            chunks--;
        } while (chunks > 0 && !gil_should_yield(me->crowd->gil));
        for (; chunks > 0; chunks--) {
            work(me->crowd); /* so many in all, whoever asked */
        }
        leave(me->crowd, me->id);
        pause_at_random();
    }
    return NULL;
}

static void lock_round(const struct gil_kind *kind, int threads)
{
    struct gil_config config = {.switch_interval_s = patient ? 3600 : 100e-6};
    struct crowd crowd = {.holder = NOBODY, .last_holder = NOBODY, .dropped_by = NOBODY};
    struct member members[THREADS_MOST];
    pthread_t ids[THREADS_MOST];
    struct error error = {0};

    if (!gil_create(&crowd.gil, kind, &config, &error)) {
        complain(error.text);
    }
    for (int t = 0; t < threads; t++) {
        members[t] = (struct member){&crowd, t};
        if (pthread_create(&ids[t], NULL, live, &members[t]) != 0) {
            complain("no thread");
        }
    }
    for (int t = 0; t < threads; t++) {
        pthread_join(ids[t], NULL);
    }
    const struct gil_counts *counts = &crowd.gil->counts;
    if (crowd.first != crowd.second || crowd.acquired != (uint64_t)threads * TURNS ||
        counts->acquired != crowd.acquired || counts->handoffs != crowd.handoffs ||
        counts->contended > counts->acquired || counts->forced > counts->requested) {
        complain("counts do not agree");
    }
    gil_destroy(crowd.gil);
}

/* ---- a round of the pool ---- */

struct ledger {
    atomic_int kills_left;
    atomic_uint done[TASKS]; /* how often, in this list */
};

static uint64_t result_of(uint64_t argument)
{
    return argument * 3 + 1;
}

static bool begin(void *context, unsigned worker, struct error *error)
{
    (void)context;
    (void)error;
    seed_thread(worker + (uint64_t)getpid()); /* else a replacement dies where the first did */
    is_worker = true;
    return true;
}

static uint64_t task(void *context, unsigned worker, uint64_t argument)
{
    struct ledger *ledger = context;

    (void)worker;
    step();
    atomic_fetch_add(&ledger->done[argument % TASKS], 1);
    step();
    return result_of(argument);
}

static void check_list(struct pool *pool, const struct ledger *ledger, unsigned count)
{
    for (unsigned t = 0; t < count; t++) {
        const struct pool_task *done = &pool_tasks(pool)[t];
        unsigned times = atomic_load(&ledger->done[t]);

        if (done->result != result_of(done->argument)) {
            complain("a result is not that of its task");
        }
        if (times < 1 || times > 1 + done->deaths) {
            complain("a task was not done once");
        }
    }
}

static void pool_round(struct ledger *ledger, unsigned workers)
{
    const struct pool_job job = {.begin = begin, .task = task, .context = ledger};
    struct error error = {0};
    struct pool *pool;

    /* Fewer in all than make the pool give a task or a worker up. */
    static_assert((int)KILLS < (int)POOL_DEATHS_MAX, "the pool is not to give up");
    atomic_store(&ledger->kills_left, KILLS);
    if (!pool_create(&pool, workers, TASKS, &job, &error)) {
        complain(error.text);
    }
    for (unsigned list = 0; list < LISTS; list++) {
        unsigned count = (unsigned)chance(TASKS + 1);

        for (unsigned t = 0; t < TASKS; t++) {
            atomic_store(&ledger->done[t], 0);
            pool_tasks(pool)[t].argument = t + (uint64_t)TASKS * list;
        }
        if (!pool_map(pool, count, &error)) {
            complain(error.text);
        }
        check_list(pool, ledger, count);
    }
    pool_close(pool);
    if (!pool_join(pool, &error)) {
        complain(error.text);
    }
    pool_destroy(pool);
}

/* ---- */

static const struct gil_kind *kind_of(const char *name)
{
    for (size_t k = 0; k < gil_kind_count; k++) {
        if (strcmp(gil_kinds[k]->name, name) == 0) {
            return gil_kinds[k];
        }
    }
    return NULL;
}

static double now_s(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

int main(int count, char **words)
{
    const struct gil_kind *kind = count == 6 ? kind_of(words[1]) : NULL;
    bool pool = count == 6 && strcmp(words[1], "pool") == 0;
    int threads = count == 6 ? atoi(words[4]) : 0;

    if ((kind == NULL && !pool) || threads < 1 || threads > THREADS_MOST) {
        fprintf(stderr, "usage: stress_locks LOCK|pool SECONDS SEED THREADS WATCHDOG_S\n");
        return 2;
    }
    struct ledger *ledger =
        mmap(NULL, sizeof *ledger, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (ledger == MAP_FAILED) {
        complain("no memory");
    }
    double end_s = now_s() + atof(words[2]);
    uint64_t seed = strtoull(words[3], NULL, 10), rounds = 0;

    kills_left = &ledger->kills_left;
    signal(SIGALRM, hangs);
    do {
        round_seed = seed + rounds;
        seed_thread(THREADS_MOST);
        patient = round_seed % 2 == 0;
        alarm((unsigned)atoi(words[5]));
        if (pool) {
            pool_round(ledger, (unsigned)threads);
        } else {
            lock_round(kind, threads);
        }
        rounds++;
    } while (now_s() < end_s);
    printf("%s: %llu rounds, seeds from %llu, %d threads: nothing wrong\n", words[1],
           (unsigned long long)rounds, (unsigned long long)seed, threads);
    return 0;
}
