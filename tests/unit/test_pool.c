/* The pool of processes: results, and what becomes of them when workers die. */
#include "gilscope/interrupt.h"
#include "gilscope/pool.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { WORKERS_MOST = 16, TASKS_MOST = 10000 };

/* What the tests and the workers share. */
struct shared {
    atomic_uint begun[WORKERS_MOST]; /* begin()s of each worker */
    atomic_uint done[TASKS_MOST];    /* how often each task was done, by its argument */
    atomic_uint in_task;             /* workers that are held in a task */
    atomic_bool go_on;               /* lets them out */
    atomic_uint die;                 /* so many tasks still kill their worker */
    atomic_uint rested;              /* rest()s that came to their end */
    atomic_int pids[WORKERS_MOST];
};

static struct shared *shared;
static struct pool *open_pool; /* what a test that failed could not destroy */

/* Where a condition is waited for, the watchdog of main() is the deadline. */
static void take_a_nap(void)
{
    usleep(200);
}

static int set_up(void **state)
{
    (void)state;
    shared =
        mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    return shared == MAP_FAILED;
}

/* Whatever a test did, no child of it is left, dead or alive. */
static int tear_down(void **state)
{
    (void)state;
    pool_destroy(open_pool);
    open_pool = NULL;
    munmap(shared, sizeof *shared);
    interrupt_with(0);
    if (waitpid(-1, NULL, WNOHANG) == -1 && errno == ECHILD) {
        return 0;
    }
    print_message("# a child is left\n");
    return 1;
}

/* ---- what workers do ---- */

static uint64_t square(void *context, unsigned worker, uint64_t argument)
{
    (void)context;
    (void)worker;
    atomic_fetch_add(&shared->done[argument], 1);
    return argument * argument;
}

/* Held until the test lets it go on. */
static uint64_t square_when_told(void *context, unsigned worker, uint64_t argument)
{
    atomic_fetch_add(&shared->in_task, 1);
    while (!atomic_load(&shared->go_on)) {
        take_a_nap();
    }
    return square(context, worker, argument);
}

/* As long as shared->die says so. */
static void die_if_told(void)
{
    unsigned die = atomic_load(&shared->die);

    while (die > 0 && !atomic_compare_exchange_weak(&shared->die, &die, die - 1)) {
    }
    if (die > 0) {
        raise(SIGKILL);
    }
}

static uint64_t square_or_die(void *context, unsigned worker, uint64_t argument)
{
    die_if_told();
    return square(context, worker, argument);
}

static uint64_t die_once_of_seven(void *context, unsigned worker, uint64_t argument)
{
    if (argument == 7) {
        die_if_told();
    }
    return square(context, worker, argument);
}

/* The worker dies when its tasks are done, before or after what it does there. */
static void die_before_rest(void *context, unsigned worker)
{
    (void)context;
    (void)worker;
    die_if_told();
    atomic_fetch_add(&shared->rested, 1);
}

static void die_after_rest(void *context, unsigned worker)
{
    (void)context;
    (void)worker;
    atomic_fetch_add(&shared->rested, 1);
    die_if_told();
}

/* Held until every worker has a task. */
static uint64_t tell_worker(void *context, unsigned worker, uint64_t argument)
{
    atomic_fetch_add(&shared->in_task, 1);
    while (atomic_load(&shared->in_task) < argument) {
        take_a_nap();
    }
    (void)context;
    return worker;
}

static uint64_t die_of_seven(void *context, unsigned worker, uint64_t argument)
{
    if (argument == 7) {
        raise(SIGKILL);
    }
    return square(context, worker, argument);
}

static uint64_t exit_with_5(void *context, unsigned worker, uint64_t argument)
{
    (void)context;
    (void)worker;
    (void)argument;
    _exit(5);
}

static uint64_t interrupt_parent(void *context, unsigned worker, uint64_t argument)
{
    (void)context;
    (void)worker;
    kill(getppid(), SIGTERM);
    for (;;) {
        pause();
    }
    return argument;
}

static bool count_begin(void *context, unsigned worker, struct error *error)
{
    (void)context;
    (void)error;
    atomic_fetch_add(&shared->begun[worker], 1);
    return true;
}

static bool fail_to_begin(void *context, unsigned worker, struct error *error)
{
    (void)context;
    if (worker == 1) {
        error_fill(error, EXIT_FAILED, "worker %u has no chair", worker);
    }
    return worker != 1;
}

static bool die_in_begin(void *context, unsigned worker, struct error *error)
{
    (void)context;
    (void)error;
    atomic_fetch_add(&shared->begun[worker], 1);
    raise(SIGKILL);
    return true;
}

static bool die_in_the_first_two_begins(void *context, unsigned worker, struct error *error)
{
    (void)context;
    (void)error;
    if (atomic_fetch_add(&shared->begun[worker], 1) < 2) {
        raise(SIGKILL);
    }
    return true;
}

static const struct pool_job squares = {.begin = count_begin, .task = square};
static const struct pool_job squares_when_told = {.task = square_when_told};
static const struct pool_job squares_or_deaths = {.begin = count_begin, .task = square_or_die};

/* ---- steps of the tests ---- */

static struct pool *create(unsigned workers, unsigned tasks_max, const struct pool_job *job)
{
    struct pool *pool = NULL;
    struct error error = {0};

    if (!pool_create(&pool, workers, tasks_max, job, &error)) {
        fail_msg("%s", error.text);
    }
    open_pool = pool;
    return pool;
}

static void destroy(struct pool *pool)
{
    open_pool = NULL;
    pool_destroy(pool);
}

static void give_tasks(struct pool *pool, unsigned count)
{
    for (unsigned t = 0; t < count; t++) {
        pool_tasks(pool)[t].argument = t;
        pool_tasks(pool)[t].result = 42;
    }
}

static void check_results(struct pool *pool, unsigned count, unsigned workers)
{
    for (unsigned t = 0; t < count; t++) {
        const struct pool_task *task = &pool_tasks(pool)[t];
        assert_int_equal(task->result, (uint64_t)t * t);
        assert_true(task->worker < workers);
    }
}

static void map(struct pool *pool, unsigned count)
{
    struct error error = {0};

    if (!pool_map(pool, count, &error)) {
        fail_msg("%s", error.text);
    }
}

static void close_and_join(struct pool *pool, unsigned workers)
{
    struct error error = {0};

    pool_close(pool);
    if (!pool_join(pool, &error)) {
        fail_msg("%s", error.text);
    }
    for (unsigned w = 0; w < workers; w++) {
        assert_int_equal(pool_worker_pid(pool, w), 0);
    }
    /* Reaped already, before pool_destroy. */
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
    assert_int_equal(errno, ECHILD);
    destroy(pool);
}

static void check_each_done_once(unsigned count)
{
    for (unsigned t = 0; t < count; t++) {
        assert_int_equal(atomic_load(&shared->done[t]), 1);
    }
}

static unsigned deaths_of(struct pool *pool, unsigned count)
{
    unsigned deaths = 0;

    for (unsigned t = 0; t < count; t++) {
        deaths += pool_tasks(pool)[t].deaths;
    }
    return deaths;
}

/* ---- nobody dies ---- */

static void check_squares(unsigned workers, unsigned count)
{
    struct pool *pool = create(workers, count, &squares);

    give_tasks(pool, count);
    map(pool, count);
    check_results(pool, count, workers);
    check_each_done_once(count);
    assert_int_equal(deaths_of(pool, count), 0);
    for (unsigned w = 0; w < workers; w++) {
        assert_int_equal(atomic_load(&shared->begun[w]), 1);
    }
    close_and_join(pool, workers);
}

static void test_one_worker(void **state)
{
    (void)state;
    check_squares(1, 10);
}

static void test_more_tasks_than_workers(void **state)
{
    (void)state;
    check_squares(4, 101);
}

static void test_fewer_tasks_than_workers(void **state)
{
    (void)state;
    check_squares(WORKERS_MOST, 3);
}

static void test_no_tasks(void **state)
{
    (void)state;
    check_squares(3, 0);
}

static void test_ten_thousand_tasks(void **state)
{
    (void)state;
    check_squares(4, TASKS_MOST);
}

static void test_several_lists_for_one_pool(void **state)
{
    static const unsigned counts[] = {10, 3, 0, 100, 1, 100};
    struct pool *pool = create(3, 100, &squares);
    unsigned lists_with[100] = {0};

    (void)state;
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        give_tasks(pool, counts[i]);
        map(pool, counts[i]);
        check_results(pool, counts[i], 3);
        for (unsigned t = 0; t < counts[i]; t++) {
            lists_with[t]++;
        }
    }
    for (unsigned t = 0; t < 100; t++) {
        assert_int_equal(atomic_load(&shared->done[t]), lists_with[t]);
    }
    close_and_join(pool, 3);
}

static void test_many_short_lists(void **state)
{
    struct pool *pool = create(4, 5, &squares);

    (void)state;
    for (unsigned round = 1; round <= 500; round++) {
        give_tasks(pool, 5);
        map(pool, 5);
        check_results(pool, 5, 4);
        assert_int_equal(atomic_load(&shared->done[4]), round);
    }
    close_and_join(pool, 4);
}

static void test_who_did_a_task_is_told(void **state)
{
    static const struct pool_job job = {.task = tell_worker};
    struct pool *pool = create(4, 4, &job);
    bool seen[4] = {false};

    (void)state;
    for (unsigned t = 0; t < 4; t++) {
        pool_tasks(pool)[t].argument = 4; /* workers */
    }
    map(pool, 4);
    for (unsigned t = 0; t < 4; t++) {
        assert_int_equal(pool_tasks(pool)[t].result, pool_tasks(pool)[t].worker);
        seen[pool_tasks(pool)[t].worker] = true;
    }
    assert_true(seen[0] && seen[1] && seen[2] && seen[3]);
    close_and_join(pool, 4);
}

static void test_workers_are_processes_of_their_own(void **state)
{
    struct pool *pool = create(3, 1, &squares);

    (void)state;
    for (unsigned w = 0; w < 3; w++) {
        assert_int_equal(kill(pool_worker_pid(pool, w), 0), 0);
        assert_int_not_equal(pool_worker_pid(pool, w), getpid());
        assert_int_not_equal(pool_worker_pid(pool, w), pool_worker_pid(pool, (w + 1) % 3));
    }
    close_and_join(pool, 3);
}

static void test_too_long_a_list_is_refused(void **state)
{
    struct pool *pool = create(2, 10, &squares);
    struct error error = {0};

    (void)state;
    assert_false(pool_map(pool, 11, &error));
    assert_int_equal(error.exit_code, EXIT_FAILED);
    destroy(pool);
}

static void test_destroyed_at_any_time(void **state)
{
    (void)state;
    pool_destroy(NULL);
    destroy(create(4, 10, &squares));
    struct pool *closed = create(4, 10, &squares);
    pool_close(closed);
    destroy(closed);
}

/* The state letter of a process: S is asleep, Z dead and not waited for; 0: there is none. */
static char process_state(pid_t pid)
{
    char path[64], line[512] = "";

    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    FILE *file = fopen(path, "r");
    if (file == NULL) {
        return 0;
    }
    const char *read = fgets(line, sizeof line, file);
    fclose(file);
    const char *name_end = read == NULL ? NULL : strrchr(line, ')');
    return name_end == NULL ? 0 : name_end[2];
}

/* A worker that spins or polls would be seen awake sooner or later. */
static void test_idle_workers_sleep(void **state)
{
    struct pool *pool = create(3, 10, &squares);

    (void)state;
    give_tasks(pool, 10);
    map(pool, 10);
    for (unsigned w = 0; w < 3; w++) {
        for (int seen = 0; seen < 20;) {
            seen = process_state(pool_worker_pid(pool, w)) == 'S' ? seen + 1 : 0;
            take_a_nap();
        }
    }
    close_and_join(pool, 3);
}

/* Switches that a process went to sleep for, so far. */
static long sleeps_of(pid_t pid)
{
    char path[64], line[256];
    long sleeps = -1;

    snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    while (sleeps < 0 && fgets(line, sizeof line, file) != NULL) {
        sscanf(line, "voluntary_ctxt_switches: %ld", &sleeps);
    }
    fclose(file);
    assert_true(sleeps >= 0);
    return sleeps;
}

static void test_idle_workers_do_not_wake_up_by_themselves(void **state)
{
    struct pool *pool = create(1, 10, &squares);
    pid_t pid = pool_worker_pid(pool, 0);

    (void)state;
    for (int seen = 0; seen < 20;) {
        seen = process_state(pid) == 'S' ? seen + 1 : 0;
        take_a_nap();
    }
    long before = sleeps_of(pid);
    usleep(300000);
    assert_int_equal(sleeps_of(pid), before);
    close_and_join(pool, 1);
}

/* ---- workers die ---- */

static void test_killed_before_its_first_task(void **state)
{
    struct pool *pool = create(1, 10, &squares);
    pid_t first = pool_worker_pid(pool, 0);

    (void)state;
    kill(first, SIGKILL);
    give_tasks(pool, 10);
    map(pool, 10);
    check_results(pool, 10, 1);
    check_each_done_once(10);
    assert_int_not_equal(pool_worker_pid(pool, 0), first);
    assert_int_equal(atomic_load(&shared->begun[0]), 2);
    assert_int_equal(deaths_of(pool, 10), 0); /* it held none */
    close_and_join(pool, 1);
}

static void test_killed_between_two_lists(void **state)
{
    struct pool *pool = create(1, 10, &squares);
    pid_t first = pool_worker_pid(pool, 0);

    (void)state;
    give_tasks(pool, 10);
    map(pool, 10);
    kill(first, SIGKILL);
    give_tasks(pool, 10);
    map(pool, 10);
    check_results(pool, 10, 1);
    assert_int_not_equal(pool_worker_pid(pool, 0), first);
    close_and_join(pool, 1);
}

/* Accidents with work done in between are not deaths in a row. */
static void test_killed_between_many_lists(void **state)
{
    struct pool *pool = create(1, 3, &squares);

    (void)state;
    for (int list = 0; list < 2 * POOL_DEATHS_MAX; list++) {
        give_tasks(pool, 3);
        map(pool, 3);
        check_results(pool, 3, 1);
        kill(pool_worker_pid(pool, 0), SIGKILL);
    }
    close_and_join(pool, 1);
}

static void test_killed_while_idle_and_then_joined(void **state)
{
    struct pool *pool = create(3, 10, &squares);

    (void)state;
    kill(pool_worker_pid(pool, 1), SIGKILL);
    close_and_join(pool, 3);
}

/* Kills workers from another thread, when all of them hold a task. */
struct killer {
    unsigned held; /* wait until so many workers hold a task */
    pid_t victims[WORKERS_MOST];
    unsigned count;
    pthread_t thread;
};

static void *kill_workers(void *argument)
{
    const struct killer *killer = argument;

    while (atomic_load(&shared->in_task) < killer->held) {
        take_a_nap();
    }
    for (unsigned i = 0; i < killer->count; i++) {
        kill(killer->victims[i], SIGKILL);
    }
    /* All of the victims' tasks have been begun once more, or the others could not go on. */
    while (atomic_load(&shared->in_task) < killer->held + killer->count) {
        take_a_nap();
    }
    atomic_store(&shared->go_on, true);
    return NULL;
}

/* So many tasks as workers, so that each worker holds one when its time has come. */
static void check_killed_while_holding(unsigned workers, unsigned victims)
{
    struct pool *pool = create(workers, workers, &squares_when_told);
    struct killer killer = {.held = workers, .count = victims};

    for (unsigned v = 0; v < victims; v++) {
        killer.victims[v] = pool_worker_pid(pool, v);
    }
    assert_int_equal(pthread_create(&killer.thread, NULL, kill_workers, &killer), 0);
    give_tasks(pool, workers);
    map(pool, workers);
    pthread_join(killer.thread, NULL);

    check_results(pool, workers, workers);
    check_each_done_once(workers); /* the victims died before they were done */
    assert_int_equal(deaths_of(pool, workers), victims);
    for (unsigned v = 0; v < victims; v++) {
        assert_int_not_equal(pool_worker_pid(pool, v), killer.victims[v]);
        assert_int_equal(process_state(killer.victims[v]), 0); /* and no zombie */
    }
    close_and_join(pool, workers);
}

static void test_killed_while_holding_a_task(void **state)
{
    (void)state;
    check_killed_while_holding(3, 1);
}

static void test_only_worker_killed_while_holding_a_task(void **state)
{
    (void)state;
    check_killed_while_holding(1, 1);
}

static void test_all_workers_killed_at_once(void **state)
{
    (void)state;
    check_killed_while_holding(4, 4);
}

/* A worker is killed again and again while the list is worked on: each result counts once. */
static void *kill_now_and_then(void *argument)
{
    const pid_t *pids = argument;

    while (atomic_load(&shared->done[500]) == 0) {
        take_a_nap();
    }
    kill(pids[0], SIGKILL);
    while (atomic_load(&shared->done[5000]) == 0) {
        take_a_nap();
    }
    kill(pids[1], SIGKILL);
    return NULL;
}

static void test_killed_somewhere_in_a_long_list(void **state)
{
    struct pool *pool = create(3, TASKS_MOST, &squares);
    pid_t pids[] = {pool_worker_pid(pool, 0), pool_worker_pid(pool, 1)};
    pthread_t killer;

    (void)state;
    assert_int_equal(pthread_create(&killer, NULL, kill_now_and_then, pids), 0);
    give_tasks(pool, TASKS_MOST);
    map(pool, TASKS_MOST);
    check_results(pool, TASKS_MOST, 3);
    for (unsigned t = 0; t < TASKS_MOST; t++) {
        unsigned done = atomic_load(&shared->done[t]);
        assert_true(done >= 1 && done <= 1 + pool_tasks(pool)[t].deaths);
    }
    pthread_join(killer, NULL);
    close_and_join(pool, 3);
}

static void test_two_deaths_in_a_row_are_survived(void **state)
{
    struct pool *pool = create(1, 3, &squares_or_deaths);

    (void)state;
    atomic_store(&shared->die, POOL_DEATHS_MAX - 1);
    give_tasks(pool, 3);
    map(pool, 3);
    check_results(pool, 3, 1);
    check_each_done_once(3);
    assert_int_equal(deaths_of(pool, 3), POOL_DEATHS_MAX - 1);
    assert_int_equal(atomic_load(&shared->begun[0]), POOL_DEATHS_MAX);
    close_and_join(pool, 1);
}

/* Six deaths of one task, but never three in a row. */
static void test_deaths_are_counted_anew_for_each_list(void **state)
{
    struct pool *pool = create(1, 1, &squares_or_deaths);

    (void)state;
    for (int list = 0; list < 3; list++) {
        atomic_store(&shared->die, POOL_DEATHS_MAX - 1);
        give_tasks(pool, 1);
        map(pool, 1);
        assert_int_equal(pool_tasks(pool)[0].deaths, POOL_DEATHS_MAX - 1);
    }
    close_and_join(pool, 1);
}

static void test_a_task_that_always_kills_is_given_up(void **state)
{
    static const struct pool_job deadly = {.begin = count_begin, .task = die_of_seven};
    struct pool *pool = create(2, 10, &deadly);
    struct error error = {0};

    (void)state;
    give_tasks(pool, 10);
    assert_false(pool_map(pool, 10, &error));
    assert_int_equal(error.exit_code, EXIT_FAILED);
    assert_non_null(strstr(error.text, "task 8 of 10")); /* counted from 1 */
    assert_non_null(strstr(error.text, "3 workers"));
    assert_non_null(strstr(error.text, "signal 9"));
    assert_int_equal(pool_tasks(pool)[7].deaths, POOL_DEATHS_MAX);
    destroy(pool);
}

static void test_a_worker_that_exits_is_a_death_too(void **state)
{
    static const struct pool_job deadly = {.task = exit_with_5};
    struct pool *pool = create(1, 1, &deadly);
    struct error error = {0};

    (void)state;
    give_tasks(pool, 1);
    assert_false(pool_map(pool, 1, &error));
    assert_non_null(strstr(error.text, "exit code 5"));
    destroy(pool);
}

/* ---- what they had done is lost with them ---- */

/* One list in which a worker dies after it has done tasks, and one in which none does. */
static void check_lost_work(const struct pool_job *job, unsigned workers)
{
    struct pool *pool = create(workers, 10, job);

    atomic_store(&shared->die, 1);
    give_tasks(pool, 10);
    map(pool, 10);
    check_results(pool, 10, workers);
    check_each_done_once(10);
    assert_int_equal(atomic_load(&shared->die), 0);
    assert_true(pool_lost_work(pool));
    unsigned rested = atomic_load(&shared->rested);
    map(pool, 10);
    assert_false(pool_lost_work(pool));
    assert_true(job->rest == NULL || atomic_load(&shared->rested) > rested);
    close_and_join(pool, workers);
}

static void test_killed_before_its_rest(void **state)
{
    static const struct pool_job job = {.task = square, .rest = die_before_rest};

    (void)state;
    check_lost_work(&job, 1);
}

static void test_killed_after_its_rest(void **state)
{
    static const struct pool_job job = {.task = square, .rest = die_after_rest};

    (void)state;
    check_lost_work(&job, 1);
}

static void test_one_of_several_killed_before_its_rest(void **state)
{
    static const struct pool_job job = {.task = square, .rest = die_before_rest};

    (void)state;
    check_lost_work(&job, 3);
}

static void test_killed_holding_a_later_task(void **state)
{
    static const struct pool_job job = {.task = die_once_of_seven, .rest = die_after_rest};

    (void)state;
    /* Seven were done before; who dies of it is who did them. */
    check_lost_work(&job, 1);
}

/* Nothing is lost with who has done nothing, in this list. */
static void test_killed_before_anything_was_done(void **state)
{
    static const struct pool_job job = {.task = square_or_die, .rest = die_after_rest};
    struct pool *pool = create(1, 3, &job);

    (void)state;
    for (int list = 0; list < 2; list++) {
        atomic_store(&shared->die, 1);
        give_tasks(pool, 3);
        map(pool, 3);
        assert_int_equal(deaths_of(pool, 3), 1);
        assert_false(pool_lost_work(pool));
        kill(pool_worker_pid(pool, 0), SIGKILL);
    }
    map(pool, 3);
    assert_false(pool_lost_work(pool));
    close_and_join(pool, 1);
}

/* ---- a wait that ends for nothing ---- */

static void do_nothing(int signal_number)
{
    (void)signal_number;
}

/* Each has a task; worker 1 is through with its own, and idle, when worker 0 dies of the other. */
static uint64_t die_when_1_is_idle(void *context, unsigned worker, uint64_t argument)
{
    (void)context;
    if (atomic_load(&shared->die) == 0) {
        atomic_store(&shared->go_on, true);
        return argument;
    }
    atomic_fetch_add(&shared->in_task, 1);
    while (atomic_load(&shared->in_task) < 2 ||
           (worker == 0 && atomic_load(&shared->rested) == 0)) {
        take_a_nap();
    }
    if (worker == 0) {
        usleep(50000);
        die_if_told();
    }
    return argument;
}

/* Who replaces worker 0 comes too late for it. */
static bool begin_late(void *context, unsigned worker, struct error *error)
{
    (void)context;
    (void)error;
    if (atomic_fetch_add(&shared->begun[worker], 1) == 1) {
        while (!atomic_load(&shared->go_on)) {
            take_a_nap();
        }
    }
    return true;
}

static void rest_long(void *context, unsigned worker)
{
    (void)context;
    (void)worker;
    if (atomic_load(&shared->go_on)) {
        usleep(400000);
    }
    atomic_fetch_add(&shared->rested, 1);
}

/* Ends the sleep of worker 1 again and again, until the task is done. */
static void *wake_for_nothing(void *argument)
{
    while (!atomic_load(&shared->go_on)) {
        if (atomic_load(&shared->die) == 0) {
            kill(*(pid_t *)argument, SIGUSR1);
        }
        take_a_nap();
    }
    return NULL;
}

/* An idle worker that wakes up for nothing may find a task given back: until it is through with it,
 * and has rested, the list is not. */
static void test_who_wakes_up_for_nothing_is_waited_for(void **state)
{
    static const struct pool_job job = {
        .begin = begin_late, .task = die_when_1_is_idle, .rest = rest_long};
    const struct sigaction nothing = {.sa_handler = do_nothing}; /* no SA_RESTART */
    struct sigaction before;
    pthread_t waker;

    (void)state;
    assert_int_equal(sigaction(SIGUSR1, &nothing, &before), 0);
    struct pool *pool = create(2, 2, &job);
    pid_t sleeper = pool_worker_pid(pool, 1);
    atomic_store(&shared->die, 1);
    assert_int_equal(pthread_create(&waker, NULL, wake_for_nothing, &sleeper), 0);
    give_tasks(pool, 2);
    map(pool, 2);
    assert_int_equal(atomic_load(&shared->rested), 2);
    pthread_join(waker, NULL);
    close_and_join(pool, 2);
    sigaction(SIGUSR1, &before, NULL);
}

/* ---- begin() ---- */

static void check_no_pool(const struct pool_job *job, const char *says)
{
    struct pool *pool = NULL;
    struct error error = {0};

    assert_false(pool_create(&pool, 3, 10, job, &error));
    assert_null(pool);
    assert_int_equal(error.exit_code, EXIT_FAILED);
    if (strstr(error.text, says) == NULL) {
        fail_msg("'%s' is not in '%s'", says, error.text);
    }
}

static uint64_t exit_with_139(void *context, unsigned worker, uint64_t argument)
{
    (void)worker;
    if (argument == 3) {
        atomic_fetch_add((atomic_uint *)context, 1);
        _exit(EXIT_SIGNALLED + SIGSEGV);
    }
    return argument;
}

static bool has_told(void)
{
    return true;
}

/* A list on which workers leave with 139: how often, with what error. */
static unsigned leave_with_139(bool (*told)(void), struct error *error)
{
    atomic_uint *deaths =
        mmap(NULL, sizeof *deaths, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    const struct pool_job deadly = {.task = exit_with_139, .has_told = told, .context = deaths};
    struct pool *pool;

    assert_ptr_not_equal(deaths, MAP_FAILED);
    assert_true(pool_create(&pool, 2, 8, &deadly, error));
    for (unsigned t = 0; t < 8; t++) {
        pool_tasks(pool)[t].argument = t;
    }
    assert_false(pool_map(pool, 8, error));
    pool_destroy(pool);
    unsigned n = atomic_load(deaths);
    munmap(deaths, sizeof *deaths);
    return n;
}

/* Any code is a death like others where nobody has told anything. */
static void test_a_worker_that_told_nothing_has_just_died(void **state)
{
    struct error error = {0};

    (void)state;
    assert_int_equal(leave_with_139(NULL, &error), POOL_DEATHS_MAX);
    assert_int_equal(error.exit_code, EXIT_FAILED);
    assert_non_null(strstr(error.text, "exit code 139"));
}

/* 128 + signal is what a worker leaves with that has told of its crash: nobody has to meet it
 * again, and there is nothing to add. */
static void test_a_worker_that_told_of_its_signal_ends_the_run(void **state)
{
    struct error error = {0};

    (void)state;
    assert_int_equal(leave_with_139(has_told, &error), 1);
    assert_int_equal(error.exit_code, 139);
    assert_string_equal(error.text, "");
}

static void test_a_begin_that_fails_says_why(void **state)
{
    static const struct pool_job job = {.begin = fail_to_begin, .task = square};
    (void)state;
    check_no_pool(&job, "worker 1 has no chair");
}

static void test_a_begin_that_always_kills_is_given_up(void **state)
{
    static const struct pool_job job = {.begin = die_in_begin, .task = square};
    unsigned most = 0;

    (void)state;
    check_no_pool(&job, "died 3 times in a row");
    for (unsigned w = 0; w < 3; w++) {
        unsigned begun = atomic_load(&shared->begun[w]);
        most = begun > most ? begun : most;
    }
    assert_int_equal(most, POOL_DEATHS_MAX);
}

static void test_a_begin_may_kill_twice(void **state)
{
    static const struct pool_job job = {.begin = die_in_the_first_two_begins, .task = square};
    struct pool *pool = create(2, 10, &job);

    (void)state;
    give_tasks(pool, 10);
    map(pool, 10);
    check_results(pool, 10, 2);
    assert_int_equal(atomic_load(&shared->begun[0]), 3);
    assert_int_equal(atomic_load(&shared->begun[1]), 3);
    close_and_join(pool, 2);
}

/* ---- the parent dies ---- */

/* A process with a pool whose workers are in a task, or idle. Never returns. */
static _Noreturn void be_a_parent(bool busy)
{
    struct error error = {0};
    struct pool *pool;

    if (!pool_create(&pool, 3, 3, &squares_when_told, &error)) {
        _exit(1);
    }
    for (unsigned w = 0; w < 3; w++) {
        atomic_store(&shared->pids[w], pool_worker_pid(pool, w));
    }
    if (busy) {
        give_tasks(pool, 3);
        pool_map(pool, 3, &error);
    }
    for (;;) {
        pause();
    }
}

static void check_killed_parent(bool busy)
{
    pid_t parent;

    /* Orphans become children of this process, which can then wait for their end. */
    assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
    parent = fork();
    if (parent == 0) {
        be_a_parent(busy);
    }
    while (atomic_load(&shared->pids[2]) == 0 || (busy && atomic_load(&shared->in_task) < 3)) {
        take_a_nap();
    }
    kill(parent, SIGKILL);
    assert_int_equal(waitpid(parent, NULL, 0), parent);
    for (unsigned w = 0; w < 3; w++) {
        int status, pid = atomic_load(&shared->pids[w]);
        assert_int_equal(waitpid(pid, &status, 0), pid);
    }
    assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 0), 0);
}

static void test_idle_workers_of_a_killed_parent_end(void **state)
{
    (void)state;
    check_killed_parent(false);
}

static void test_busy_workers_of_a_killed_parent_end(void **state)
{
    (void)state;
    check_killed_parent(true);
}

/* ---- the system has no more ---- */

static unsigned open_descriptors(void)
{
    unsigned count = 0;
    DIR *folder = opendir("/proc/self/fd");

    assert_non_null(folder);
    while (readdir(folder) != NULL) {
        count++;
    }
    closedir(folder);
    return count;
}

static void test_no_descriptor_is_left_open(void **state)
{
    unsigned before = open_descriptors();

    (void)state;
    check_killed_while_holding(4, 2);
    destroy(create(4, 10, &squares));
    assert_int_equal(open_descriptors(), before);
}

/* A child's, since what is left of a hard limit cannot always be had back. */
static _Noreturn void create_without_descriptors(void)
{
    unsigned before = open_descriptors();
    struct pool *pool = NULL;
    struct error error = {0};
    int next_free = open("/dev/null", O_RDONLY);

    close(next_free);
    /* Room for some of the pipes, and no more to be had by raising the soft limit. */
    struct rlimit few = {(rlim_t)next_free + 4, (rlim_t)next_free + 4};
    if (setrlimit(RLIMIT_NOFILE, &few) != 0) {
        _exit(1);
    }
    bool created = pool_create(&pool, WORKERS_MOST, 10, &squares, &error);
    bool clean = !created && pool == NULL && strstr(error.text, "ulimit -n") != NULL;
    _exit(clean && open_descriptors() == before ? 0 : 2);
}

static void test_no_more_descriptors(void **state)
{
    int status;
    pid_t child = fork();

    (void)state;
    if (child == 0) {
        create_without_descriptors();
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

/* The soft limit is a habit, the hard one a rule: only the rule stops a pool. */
static void test_a_low_soft_limit_on_descriptors_is_raised(void **state)
{
    struct rlimit limit, low;

    (void)state;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    low = limit;
    low.rlim_cur = 6;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
    struct pool *pool = create(4, 10, &squares);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    destroy(pool);
}

/* In a process of its own, which gives up root for good: root may fork without limit. Its exit
 * code: 0 as it should be, 1 the pool was made, 2 no error was told, 3 a child is left, 4
 * a descriptor is left open, 77 the system does not limit it. */
static _Noreturn void fork_without_leave(void)
{
    static const struct rlimit none = {0, 0};
    struct pool *pool = NULL;
    struct error error = {0};

    if ((geteuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0)) ||
        setrlimit(RLIMIT_NPROC, &none) != 0) {
        _exit(77);
    }
    pid_t child = fork();
    if (child == 0) {
        _exit(0);
    }
    if (child > 0) {
        waitpid(child, NULL, 0);
        _exit(77);
    }
    unsigned before = open_descriptors();
    if (pool_create(&pool, 4, 10, &squares, &error)) {
        _exit(1);
    }
    if (open_descriptors() != before) {
        _exit(4);
    }
    if (pool != NULL || strstr(error.text, "cannot fork worker 1 of 4") == NULL) {
        _exit(2);
    }
    _exit(waitpid(-1, NULL, WNOHANG) == -1 && errno == ECHILD ? 0 : 3);
}

static void test_no_more_processes(void **state)
{
    int status;
    pid_t child = fork();

    (void)state;
    if (child == 0) {
        fork_without_leave();
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    if (WEXITSTATUS(status) == 77) {
        skip();
    }
    assert_int_equal(WEXITSTATUS(status), 0);
}

/* ---- interrupted ---- */

static void test_interrupted_before_the_list(void **state)
{
    struct pool *pool = create(2, 2, &squares_when_told);
    struct error error = {0};

    (void)state;
    interrupt_with(SIGTERM);
    give_tasks(pool, 2);
    assert_false(pool_map(pool, 2, &error));
    assert_int_equal(error.exit_code, 143);
    assert_string_equal(error.text, "");
    destroy(pool); /* with its workers, though they are in tasks */
}

static void test_interrupted_during_the_list(void **state)
{
    static const struct pool_job job = {.task = interrupt_parent};
    struct sigaction before, action = {.sa_handler = interrupt_with};
    struct error error = {0};

    (void)state;
    assert_int_equal(sigaction(SIGTERM, &action, &before), 0);
    struct pool *pool = create(1, 1, &job);
    give_tasks(pool, 1);
    assert_false(pool_map(pool, 1, &error));
    assert_int_equal(error.exit_code, 143);
    destroy(pool);
    assert_int_equal(sigaction(SIGTERM, &before, NULL), 0);
}

static void test_interrupted_while_it_is_made(void **state)
{
    struct pool *pool = NULL;
    struct error error = {0};

    (void)state;
    interrupt_with(SIGINT);
    assert_false(pool_create(&pool, 4, 10, &squares, &error));
    assert_null(pool);
    assert_int_equal(error.exit_code, 130);
}

/* The terminal sends Ctrl-C to all; a worker leaves it to its parent. */
static void test_workers_leave_ctrl_c_to_the_parent(void **state)
{
    struct pool *pool = create(2, 10, &squares);

    (void)state;
    for (unsigned w = 0; w < 2; w++) {
        kill(pool_worker_pid(pool, w), SIGINT);
    }
    give_tasks(pool, 10);
    map(pool, 10);
    for (unsigned w = 0; w < 2; w++) {
        assert_int_equal(atomic_load(&shared->begun[w]), 1);
    }
    close_and_join(pool, 2);
}

#define POOL_TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        POOL_TEST(test_one_worker),
        POOL_TEST(test_more_tasks_than_workers),
        POOL_TEST(test_fewer_tasks_than_workers),
        POOL_TEST(test_no_tasks),
        POOL_TEST(test_ten_thousand_tasks),
        POOL_TEST(test_several_lists_for_one_pool),
        POOL_TEST(test_many_short_lists),
        POOL_TEST(test_who_did_a_task_is_told),
        POOL_TEST(test_workers_are_processes_of_their_own),
        POOL_TEST(test_too_long_a_list_is_refused),
        POOL_TEST(test_destroyed_at_any_time),
        POOL_TEST(test_idle_workers_sleep),
        POOL_TEST(test_idle_workers_do_not_wake_up_by_themselves),
        POOL_TEST(test_killed_before_its_first_task),
        POOL_TEST(test_killed_between_two_lists),
        POOL_TEST(test_killed_between_many_lists),
        POOL_TEST(test_killed_while_idle_and_then_joined),
        POOL_TEST(test_killed_while_holding_a_task),
        POOL_TEST(test_only_worker_killed_while_holding_a_task),
        POOL_TEST(test_all_workers_killed_at_once),
        POOL_TEST(test_killed_somewhere_in_a_long_list),
        POOL_TEST(test_killed_before_its_rest),
        POOL_TEST(test_killed_after_its_rest),
        POOL_TEST(test_one_of_several_killed_before_its_rest),
        POOL_TEST(test_killed_holding_a_later_task),
        POOL_TEST(test_killed_before_anything_was_done),
        POOL_TEST(test_who_wakes_up_for_nothing_is_waited_for),
        POOL_TEST(test_two_deaths_in_a_row_are_survived),
        POOL_TEST(test_deaths_are_counted_anew_for_each_list),
        POOL_TEST(test_a_task_that_always_kills_is_given_up),
        POOL_TEST(test_a_worker_that_exits_is_a_death_too),
        POOL_TEST(test_a_worker_that_told_nothing_has_just_died),
        POOL_TEST(test_a_worker_that_told_of_its_signal_ends_the_run),
        POOL_TEST(test_a_begin_that_fails_says_why),
        POOL_TEST(test_a_begin_that_always_kills_is_given_up),
        POOL_TEST(test_a_begin_may_kill_twice),
        POOL_TEST(test_idle_workers_of_a_killed_parent_end),
        POOL_TEST(test_busy_workers_of_a_killed_parent_end),
        POOL_TEST(test_no_descriptor_is_left_open),
        POOL_TEST(test_no_more_descriptors),
        POOL_TEST(test_a_low_soft_limit_on_descriptors_is_raised),
        POOL_TEST(test_no_more_processes),
        POOL_TEST(test_interrupted_before_the_list),
        POOL_TEST(test_interrupted_during_the_list),
        POOL_TEST(test_interrupted_while_it_is_made),
        POOL_TEST(test_workers_leave_ctrl_c_to_the_parent),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    alarm(600); /* a pool that waits for ever is a failure */
    return cmocka_run_group_tests_name("pool", tests, NULL, NULL);
}
