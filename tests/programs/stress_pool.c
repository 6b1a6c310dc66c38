/* The pool's queue, with a pause at every step of its protocol (stress.h). Waits end for nothing;
 * workers are killed, and a ledger in shared memory has down where.
 *
 *     stress_pool SECONDS SEED WORKERS WATCHDOG_S
 *
 * A round has 1 to WORKERS workers. */
#include "gilscope/pool.h"
#include "stress.h"

#include <assert.h>
#include <linux/futex.h>
#include <poll.h>
#include <stdarg.h>

enum { TASKS = 60, LISTS = 4, KILLS = 2, LIMIT_MS = 5 };

/* In a round. What is asked of the pool is asked of this, and not of what the pool itself counts. */
struct ledger {
    atomic_int kills_left;
    atomic_uint kills;
    atomic_uint begun[TASKS];  /* how often, in this list */
    atomic_uint killed[TASKS]; /* of these: its worker was killed with it in its hands */
    atomic_bool unrested[THREADS_MOST]; /* the worker has begun a task since it rested */
    struct pool_task *tasks;            /* for workers: the pool's */
};
static struct ledger *ledger;

static unsigned kill_once_in; /* so many steps, of a round */
static bool kill_at_work;     /* while doing a task, and nowhere else */
static bool patient; /* no wait ends by itself or for nothing: news that get lost are a hang */

/* Of a worker's process. */
static struct {
    int id;            /* NOBODY: this is the parent */
    int task;          /* which it began last, if it has not rested since */
    unsigned in_hands; /* that task's state then: as long as it is so the task is not done */
    bool at_work;      /* doing it */
} me = {.id = NOBODY, .task = NOBODY};

enum event { KILLED, REDONE, UNRESTED, RESTED, FOR_NOTHING };
static const char *const events[EVENTS_MOST] = {[KILLED] = "workers killed",
                                                [REDONE] = "tasks done again",
                                                [UNRESTED] = "killed before rest",
                                                [RESTED] = "rested",
                                                [FOR_NOTHING] = "waits for nothing"};

/* The pool takes the task of a dead worker back; the rest that was outstanding went with it. */
static _Noreturn void die(void)
{
    bool held = me.task != NOBODY && atomic_load(&ledger->tasks[me.task].state) == me.in_hands;

    if (held) {
        atomic_fetch_add(&ledger->killed[me.task], 1);
    }
    atomic_fetch_add(&ledger->kills, 1);
    happened(KILLED, 1);
    happened(REDONE, held);
    happened(UNRESTED, atomic_exchange(&ledger->unrested[me.id], false) && !held);
    for (;;) {
        raise(SIGKILL);
    }
}

void stress_step(void)
{
    pause_at_random();
    if (me.id != NOBODY && (me.at_work || !kill_at_work) && chance(kill_once_in) == 0 &&
        atomic_fetch_sub(&ledger->kills_left, 1) > 0) {
        die();
    }
}

/* ---- around each step of the protocol ---- */

WRAP(ssize_t, read, (int file, void *to, size_t size), (file, to, size))
WRAP(ssize_t, write, (int file, const void *from, size_t size), (file, from, size))

static bool wait_for_nothing(void)
{
    bool so = !patient && chance(2) == 0;

    happened(FOR_NOTHING, so);
    return so;
}

int __real_poll(struct pollfd *ears, nfds_t count, int limit);
int __wrap_poll(struct pollfd *ears, nfds_t count, int limit);
int __wrap_poll(struct pollfd *ears, nfds_t count, int limit)
{
    stress_step();
    if (wait_for_nothing()) {
        errno = EINTR;
        return -1;
    }
    (void)limit; /* only that it may end by itself */
    int heard = __real_poll(ears, count, patient ? -1 : (int)chance(LIMIT_MS));
    stress_step();
    return heard;
}

/* The futex. */
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
    stress_step();
    /* For nothing: at once, or at any time. */
    const struct timespec a_while = {.tv_nsec = (long)chance(2) * (long)chance(3000000)};
    bool ends = what == FUTEX_WAIT && wait_for_nothing();
    long result = __real_syscall(number, futex, what, value, ends ? &a_while : NULL, NULL, 0);
    stress_step();
    return result;
}

/* ---- the job ---- */

static uint64_t result_of(uint64_t argument)
{
    return argument * 3 + 1;
}

static bool begin(void *context, unsigned worker, struct error *error)
{
    (void)context;
    (void)error;
    seed_thread(worker + (uint64_t)getpid()); /* else a replacement dies where the first did */
    me.id = (int)worker;
    return true;
}

static void some_steps(uint64_t most)
{
    for (uint64_t steps = 1 + chance(most); steps > 0; steps--) {
        stress_step();
    }
}

static uint64_t task(void *context, unsigned worker, uint64_t argument)
{
    int t = (int)(argument % TASKS);

    (void)context;
    stress_step();
    atomic_store(&ledger->unrested[worker], true);
    me.in_hands = atomic_load(&ledger->tasks[t].state);
    me.task = t;
    atomic_fetch_add(&ledger->begun[t], 1);
    me.at_work = true;
    /* Now and then for as long as a worker takes to be replaced. */
    some_steps(chance(10) == 0 ? 100 : 8);
    me.at_work = false;
    return result_of(argument);
}

static void rest(void *context, unsigned worker)
{
    (void)context;
    me.task = NOBODY;
    some_steps(30);
    atomic_store(&ledger->unrested[worker], false);
    happened(RESTED, 1);
    stress_step();
}

/* ---- a round ---- */

/* What is so when pool_map returns. The deaths that the pool itself counted are added. */
static void check_list(struct pool *pool, unsigned count, unsigned workers, unsigned *deaths)
{
    for (unsigned w = 0; w < workers; w++) {
        if (atomic_load(&ledger->unrested[w])) {
            complain("a worker has not rested");
        }
    }
    for (unsigned t = 0; t < count; t++) {
        const struct pool_task *done = &pool_tasks(pool)[t];

        if (done->result != result_of(done->argument)) {
            complain("a result is not that of its task");
        }
        if (atomic_load(&ledger->begun[t]) != 1 + atomic_load(&ledger->killed[t])) {
            complain("a task was not done once");
        }
        if (done->deaths < atomic_load(&ledger->killed[t])) {
            complain("a death was not counted");
        }
        *deaths += done->deaths;
    }
    if (*deaths > atomic_load(&ledger->kills)) {
        complain("more deaths than kills");
    }
}

static void pool_round(unsigned workers_most)
{
    static const struct pool_job job = {.begin = begin, .task = task, .rest = rest};
    unsigned workers = 1 + (unsigned)chance(workers_most), deaths = 0;
    struct error error = {0};
    struct pool *pool;

    /* Fewer in all than make the pool give a task or a worker up. */
    static_assert((int)KILLS < (int)POOL_DEATHS_MAX, "the pool is not to give up");
    memset(ledger, 0, sizeof *ledger);
    atomic_store(&ledger->kills_left, KILLS);
    kill_once_in = 30 + few_or_many(1000);
    kill_at_work = chance(2) == 0;
    patient = round_seed % 2 == 0;
    if (!pool_create(&pool, workers, TASKS, &job, &error)) {
        complain(error.text);
    }
    ledger->tasks = pool_tasks(pool);
    for (unsigned list = 0; list < LISTS; list++) {
        unsigned count = few_or_many(TASKS);

        for (unsigned t = 0; t < TASKS; t++) {
            atomic_store(&ledger->begun[t], 0);
            atomic_store(&ledger->killed[t], 0);
            pool_tasks(pool)[t].argument = t + (uint64_t)TASKS * list;
            pause_at_random(); /* who wakes up for nothing looks around meanwhile */
        }
        if (!pool_map(pool, count, &error)) {
            complain(error.text);
        }
        check_list(pool, count, workers, &deaths);
    }
    pool_close(pool);
    if (!pool_join(pool, &error)) {
        complain(error.text);
    }
    pool_destroy(pool);
}

int main(int count, char **words)
{
    if (count != 5) {
        fprintf(stderr, "usage: stress_pool SECONDS SEED WORKERS WATCHDOG_S\n");
        return 2;
    }
    ledger = shared_memory(sizeof *ledger);
    return stress_run(
        &(struct stress){
            .name = "pool", .events = events, .rounds_enough = 100, .round = pool_round},
        words + 1);
}
