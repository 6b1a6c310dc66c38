/* The locks: mutual exclusion, no lost wake-up, forced switching, the switch interval. Nothing
 * here depends on how long anything takes: only on the order in which it happens. */
#include "gilscope/gil.h"

#include "asleep.h"

#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { THREADS_MOST = 16, NOBODY = -1 };

static const struct gil_config hour = {.switch_interval_s = 3600};
static const struct gil_config impatient = {.switch_interval_s = 50e-6};
static const struct gil_config millisecond = {.switch_interval_s = 1e-3};

static struct gil *make(const struct gil_kind *kind, struct gil_config config)
{
    struct gil *gil = NULL;
    struct error error = {0};

    if (!gil_create(&gil, kind, &config, &error)) {
        fail_msg("%s", error.text);
    }
    assert_ptr_equal(gil->kind, kind);
    return gil;
}

static pthread_t start(void *(*body)(void *), void *argument)
{
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, body, argument), 0);
    return thread;
}

/* ---- many threads ---- */

/* What the threads share. All but `inside` is plain memory, guarded by the lock alone. */
struct crowd {
    struct gil *gil;
    unsigned chunks; /* for each thread */
    atomic_int inside;
    uint64_t counter, acquired, handoffs, not_alone;
    int holder; /* the last one */
};

struct member {
    struct crowd *crowd;
    unsigned id;
    unsigned random;
};

static void enter(struct crowd *crowd, int id) ACQUIRE(the_gil)
{
    gil_acquire(crowd->gil, (unsigned)id);
    crowd->not_alone += atomic_exchange(&crowd->inside, 1) != 0;
    crowd->acquired++;
    crowd->handoffs += crowd->holder != NOBODY && crowd->holder != id;
    crowd->holder = id;
}

static void leave(struct crowd *crowd, int id) RELEASE(the_gil)
{
    atomic_store(&crowd->inside, 0);
    gil_release(crowd->gil, (unsigned)id);
}

static bool one_in(unsigned n, unsigned *random)
{
    *random = *random * 1103515245u + 12345u;
    return *random >> 16 & 1 && (*random >> 17) % n == 0;
}

/* A chunk of work in which others get every chance to come in between. */
static void work(struct member *me)
{
    uint64_t before = me->crowd->counter;

    if (one_in(8, &me->random)) {
        sched_yield();
    }
    me->crowd->counter = before + 1;
}

static void *crowd_member(void *argument)
{
    struct member *me = argument;

    enter(me->crowd, (int)me->id);
    for (unsigned i = 0; i < me->crowd->chunks; i++) {
        work(me);
        if (gil_should_yield(me->crowd->gil) || one_in(4, &me->random)) {
            leave(me->crowd, (int)me->id);
            if (one_in(4, &me->random)) {
                sched_yield();
            }
            enter(me->crowd, (int)me->id);
        }
    }
    leave(me->crowd, (int)me->id);
    return NULL;
}

static void check_crowd(const struct gil_kind *kind, struct gil_config config, unsigned threads,
                        unsigned chunks)
{
    struct crowd crowd = {.gil = make(kind, config), .chunks = chunks, .holder = NOBODY};
    struct member members[THREADS_MOST];
    pthread_t ids[THREADS_MOST];

    for (unsigned t = 0; t < threads; t++) {
        members[t] = (struct member){&crowd, t, 7 * t + 1};
        ids[t] = start(crowd_member, &members[t]);
    }
    for (unsigned t = 0; t < threads; t++) {
        pthread_join(ids[t], NULL); /* a lost wake-up would hang here */
    }
    const struct gil_counts counts = gil_counts(crowd.gil);
    assert_int_equal(crowd.not_alone, 0);
    assert_int_equal(crowd.counter, (uint64_t)threads * chunks);
    assert_int_equal(counts.acquired, crowd.acquired);
    assert_int_equal(counts.handoffs, crowd.handoffs);
    assert_true(counts.contended <= counts.acquired);
    assert_true(counts.handoffs >= threads - 1 && counts.handoffs < counts.acquired);
    assert_true(counts.forced <= counts.requested);
    if (config.switch_interval_s == hour.switch_interval_s) {
        assert_int_equal(counts.requested, 0);
    }
    gil_destroy(crowd.gil);
}

static void test_only_one_thread_is_inside(void **state)
{
    (void)state;
    for (size_t k = 0; k < gil_kind_count; k++) {
        check_crowd(gil_kinds[k], impatient, 2, 20000);
        check_crowd(gil_kinds[k], impatient, 8, 4000);
        check_crowd(gil_kinds[k], impatient, THREADS_MOST, 2000);
    }
}

/* The crowd comes and goes: threads that leave for good must not take a wake-up along. */
static void test_short_lives_lose_no_wake_up(void **state)
{
    (void)state;
    for (size_t k = 0; k < gil_kind_count; k++) {
        for (unsigned round = 0; round < 60; round++) {
            check_crowd(gil_kinds[k], impatient, 2 + round % 7, 1 + round % 5);
        }
    }
}

/* Woken, and somebody else was quicker: that is no time-out, and no reason to ask. */
static void test_the_patient_ask_for_nothing(void **state)
{
    (void)state;
    for (size_t k = 0; k < gil_kind_count; k++) {
        check_crowd(gil_kinds[k], hour, 8, 4000);
    }
}

/* ---- one thread, or several in turn ---- */

static void test_alone_nothing_is_contended(void **state)
{
    (void)state;
    for (size_t k = 0; k < gil_kind_count; k++) {
        struct gil *gil = make(gil_kinds[k], millisecond);
        for (int i = 0; i < 1000; i++) {
            gil_acquire(gil, 0);
            gil_release(gil, 0);
        }
        assert_int_equal(gil_counts(gil).acquired, 1000);
        assert_int_equal(gil_counts(gil).contended, 0);
        assert_int_equal(gil_counts(gil).handoffs, 0);
        assert_int_equal(gil_counts(gil).requested, 0);
        assert_int_equal(gil_counts(gil).forced, 0);
        gil_destroy(gil);
    }
}

static void test_taking_turns_is_handing_off(void **state)
{
    static const unsigned turns[] = {0, 1, 1, 0, 2, 2, 2, 1}; /* four changes */
    (void)state;
    for (size_t k = 0; k < gil_kind_count; k++) {
        struct gil *gil = make(gil_kinds[k], millisecond);
        for (size_t i = 0; i < sizeof turns / sizeof *turns; i++) {
            gil_acquire(gil, turns[i]);
            gil_release(gil, turns[i]);
        }
        assert_int_equal(gil_counts(gil).acquired, 8);
        assert_int_equal(gil_counts(gil).handoffs, 4);
        assert_int_equal(gil_counts(gil).contended, 0);
        gil_destroy(gil);
    }
}

static struct gil *create_nothing(const struct gil_config *config)
{
    (void)config;
    errno = ENOMEM;
    return NULL;
}

static void test_a_lock_that_cannot_be_made_is_an_error(void **state)
{
    static const struct gil_kind impossible = {.name = "impossible", .create = create_nothing};
    struct gil *gil;
    struct error error = {0};

    (void)state;
    assert_false(gil_create(&gil, &impossible, &hour, &error));
    assert_int_equal(error.exit_code, EXIT_FAILED);
    assert_non_null(strstr(error.text, "impossible"));
    gil_destroy(NULL);
}

/* ---- one thread that waits while the test holds the lock ---- */

struct waiter {
    struct gil *gil;
    atomic_int tid; /* 0 until it is about to ask for the lock */
    atomic_bool has_it;
    bool told_to_yield; /* what it saw when it got the lock */
    pthread_t thread;
};

static void *wait_for_lock(void *argument)
{
    struct waiter *me = argument;

    atomic_store(&me->tid, own_tid());
    gil_acquire(me->gil, 1);
    atomic_store(&me->has_it, true);
    me->told_to_yield = gil_should_yield(me->gil);
    gil_release(me->gil, 1);
    return NULL;
}

/* OpenMP's own lock may spin for as long as it takes (libomp's does): nothing sleeps then. */
static bool waiters_sleep(const struct gil *gil)
{
    return gil->kind != &gil_critical;
}

static void start_waiting(struct waiter *waiter, struct gil *gil)
{
    *waiter = (struct waiter){.gil = gil};
    waiter->thread = start(wait_for_lock, waiter);
    if (waiters_sleep(gil)) {
        wait_until_asleep(&waiter->tid);
    }
}

static void test_without_waiters_nobody_asks(void **state)
{
    struct gil *gil = make(&gil_switching, (struct gil_config){.switch_interval_s = 1e-9});

    (void)state;
    gil_acquire(gil, 0);
    for (int i = 0; i < 1000000; i++) {
        assert_false(gil_should_yield(gil));
    }
    gil_release(gil, 0);
    assert_int_equal(gil_counts(gil).requested, 0);
    gil_destroy(gil);
}

static void test_ticks_yield_always(void **state)
{
    struct gil *gil = make(&gil_ticks, hour);

    (void)state;
    for (int turn = 0; turn < 2; turn++) {
        gil_acquire(gil, 0);
        assert_true(gil_should_yield(gil));
        gil_release(gil, 0);
    }
    gil_destroy(gil);
}

static void test_a_waiter_gets_the_lock_on_release(void **state)
{
    (void)state;
    for (size_t k = 0; k < gil_kind_count; k++) {
        struct gil *gil = make(gil_kinds[k], hour);
        struct waiter waiter;

        gil_acquire(gil, 0);
        start_waiting(&waiter, gil);
        assert_false(waiter.has_it);
        gil_release(gil, 0);
        pthread_join(waiter.thread, NULL);
        assert_true(waiter.has_it);
        assert_int_equal(gil_counts(gil).acquired, 2);
        /* Of a waiter that does not sleep nobody knows whether it had begun to wait. */
        if (waiters_sleep(gil)) {
            assert_int_equal(gil_counts(gil).contended, 1);
        }
        assert_int_equal(gil_counts(gil).handoffs, 1);
        gil_destroy(gil);
    }
}

/* The interval has not passed: the waiter waits, and asks for nothing. */
static void test_no_request_within_the_switch_interval(void **state)
{
    struct gil *gil = make(&gil_switching, hour);
    struct waiter waiter;

    (void)state;
    gil_acquire(gil, 0);
    start_waiting(&waiter, gil);
    for (int i = 0; i < 100; i++) {
        assert_false(gil_should_yield(gil));
        usleep(100);
    }
    wait_until_asleep(&waiter.tid);
    assert_false(gil_should_yield(gil));
    assert_false(waiter.has_it);
    gil_release(gil, 0);
    pthread_join(waiter.thread, NULL);
    assert_int_equal(gil_counts(gil).requested, 0);
    assert_int_equal(gil_counts(gil).forced, 0);
    gil_destroy(gil);
}

static void test_request_after_the_switch_interval(void **state)
{
    struct gil *gil = make(&gil_switching, millisecond);
    struct waiter waiter;

    (void)state;
    gil_acquire(gil, 0);
    start_waiting(&waiter, gil);
    while (!gil_should_yield(gil)) {
        assert_false(waiter.has_it); /* asked for, never taken away */
    }
    assert_false(waiter.has_it);
    gil_release(gil, 0);
    pthread_join(waiter.thread, NULL);
    assert_true(gil_counts(gil).requested >= 1);
    assert_int_equal(gil_counts(gil).contended, 1);
    assert_true(gil_counts(gil).forced <= 1);
    gil_destroy(gil);
}

/* The request was for the holder before: the new one is not bothered with it. */
static void test_request_is_cleared_by_the_switch(void **state)
{
    struct gil *gil = make(&gil_switching, millisecond);
    struct waiter waiter;

    (void)state;
    gil_acquire(gil, 0);
    start_waiting(&waiter, gil);
    while (!gil_should_yield(gil)) {
    }
    gil_release(gil, 0);
    pthread_join(waiter.thread, NULL);
    assert_false(waiter.told_to_yield);
    gil_acquire(gil, 0);
    assert_false(gil_should_yield(gil));
    gil_release(gil, 0);
    gil_destroy(gil);
}

/* A release on request does not return before the other thread has had the lock. */
static void test_release_on_request_waits_for_the_switch(void **state)
{
    (void)state;
    for (int round = 0; round < 30; round++) {
        struct gil *gil =
            make(&gil_switching, (struct gil_config){.switch_interval_s = 100e-6});
        struct waiter waiter;

        gil_acquire(gil, 0);
        start_waiting(&waiter, gil);
        while (!gil_should_yield(gil)) {
        }
        gil_release(gil, 0);
        gil_acquire(gil, 0);
        bool switched = atomic_load(&waiter.has_it);
        gil_release(gil, 0);
        pthread_join(waiter.thread, NULL);
        assert_true(switched);
        assert_int_equal(gil_counts(gil).handoffs, 2); /* there and back */
        gil_destroy(gil);
    }
}

/* Thread 1 has asked, and finds the lock free; it is kept from taking it until thread 0, which gave
 * the lock up on request, sleeps: it waits for the switch, and that is counted, once. */
struct forcing {
    struct gil *gil;
    atomic_int tid; /* thread 0's, when it is about to give the lock up */
};

static void until_it_waits_for_the_switch(void *context)
{
    const struct forcing *forcing = context;

    wait_until_asleep(&forcing->tid);
}

static void *take_it_late(void *argument)
{
    struct forcing *forcing = argument;

    /* The first mutex is that of the lock, the next that of the switch. */
    late = (struct lateness){1, until_it_waits_for_the_switch, forcing};
    gil_acquire(forcing->gil, 1);
    gil_release(forcing->gil, 1);
    return NULL;
}

static void test_a_forced_switch_is_counted(void **state)
{
    struct forcing forcing = {.gil = make(&gil_switching, millisecond)};

    (void)state;
    gil_acquire(forcing.gil, 0);
    pthread_t thread = start(take_it_late, &forcing);
    while (!gil_should_yield(forcing.gil)) {
    }
    atomic_store(&forcing.tid, own_tid());
    gil_release(forcing.gil, 0);
    pthread_join(thread, NULL);
    assert_int_equal(gil_counts(forcing.gil).forced, 1);
    assert_int_equal(gil_counts(forcing.gil).handoffs, 1);
    assert_true(gil_counts(forcing.gil).requested >= 1);
    gil_destroy(forcing.gil);
}

static atomic_int signals_handled;

static void count_signal(int signal_number)
{
    (void)signal_number;
    atomic_fetch_add(&signals_handled, 1);
}

/* ThreadSanitizer hands a signal on at the next call that it knows, and a thread that spins inside
 * libomp makes none. */
static bool signals_arrive(const struct gil *gil)
{
#if defined(__has_feature)
#    if __has_feature(thread_sanitizer)
    return gil->kind != &gil_critical;
#    endif
#endif
    (void)gil;
    return true;
}

static void test_a_signal_is_no_release(void **state)
{
    struct sigaction action = {.sa_handler = count_signal}; /* no SA_RESTART */

    (void)state;
    assert_int_equal(sigaction(SIGUSR1, &action, NULL), 0);
    for (size_t k = 0; k < gil_kind_count; k++) {
        struct gil *gil = make(gil_kinds[k], hour);
        struct waiter waiter;

        gil_acquire(gil, 0);
        start_waiting(&waiter, gil);
        for (int i = 1; i <= 5 && signals_arrive(gil); i++) {
            atomic_store(&signals_handled, 0);
            assert_int_equal(pthread_kill(waiter.thread, SIGUSR1), 0);
            while (atomic_load(&signals_handled) == 0) {
                usleep(100);
            }
            if (waiters_sleep(gil)) {
                wait_until_asleep(&waiter.tid);
            }
            assert_false(atomic_load(&waiter.has_it));
        }
        gil_release(gil, 0);
        pthread_join(waiter.thread, NULL);
        gil_destroy(gil);
    }
    signal(SIGUSR1, SIG_DFL);
}

/* ---- forced switching among several ---- */

enum { SWITCHES = 60 };

struct turns {
    struct gil *gil;
    /* Guarded by the lock. */
    unsigned switches, came_back;
    int dropped_by; /* who dropped it on request, until the next one has it */
};

struct player {
    struct turns *turns;
    int id;
};

static void *play(void *argument)
{
    const struct player *me = argument;
    struct turns *turns = me->turns;

    for (bool playing = true; playing;) {
        gil_acquire(turns->gil, (unsigned)me->id);
        turns->came_back += turns->dropped_by == me->id;
        turns->dropped_by = NOBODY;
        while (turns->switches < SWITCHES && !gil_should_yield(turns->gil)) {
        }
        playing = turns->switches < SWITCHES;
        if (playing) {
            turns->switches++;
            turns->dropped_by = me->id;
        }
        gil_release(turns->gil, (unsigned)me->id);
    }
    return NULL;
}

static void check_turns(int players)
{
    struct turns turns = {
        .gil = make(&gil_switching, (struct gil_config){.switch_interval_s = 200e-6}),
        .dropped_by = NOBODY};
    struct player player[THREADS_MOST];
    pthread_t ids[THREADS_MOST];

    for (int t = 0; t < players; t++) {
        player[t] = (struct player){&turns, t};
        ids[t] = start(play, &player[t]);
    }
    for (int t = 0; t < players; t++) {
        pthread_join(ids[t], NULL);
    }
    assert_int_equal(turns.switches, SWITCHES);
    assert_int_equal(turns.came_back, 0);
    assert_true(gil_counts(turns.gil).requested >= SWITCHES);
    assert_true(gil_counts(turns.gil).handoffs >= SWITCHES);
    gil_destroy(turns.gil);
}

static void test_who_drops_it_is_not_who_gets_it(void **state)
{
    (void)state;
    check_turns(2);
    check_turns(4);
    check_turns(9);
}

/* No deadline can be made of these. */
static void test_an_interval_is_a_time(void **state)
{
    const double wrong[] = {-1e-3, 2 * SWITCH_INTERVAL_MAX_S, NAN, INFINITY};
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        const struct gil_config config = {.switch_interval_s = wrong[i]};
        struct error error = {0};
        struct gil *gil;
        assert_false(gil_create(&gil, &gil_switching, &config, &error));
        assert_non_null(strstr(error.text, strerror(EINVAL)));
    }
}

/* libgomp does not know of these threads: more than there are processors, all spinning at its lock,
 * take a minute for nothing. It reads its environment when it is loaded, so that has to be again. */
static void have_waiters_sleep(char **argv)
{
    if (getenv("OMP_WAIT_POLICY") == NULL) {
        setenv("OMP_WAIT_POLICY", "passive", 1);
        execv("/proc/self/exe", argv); /* where that fails it takes longer */
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_interval_is_a_time),
        cmocka_unit_test(test_only_one_thread_is_inside),
        cmocka_unit_test(test_short_lives_lose_no_wake_up),
        cmocka_unit_test(test_the_patient_ask_for_nothing),
        cmocka_unit_test(test_alone_nothing_is_contended),
        cmocka_unit_test(test_taking_turns_is_handing_off),
        cmocka_unit_test(test_a_lock_that_cannot_be_made_is_an_error),
        cmocka_unit_test(test_without_waiters_nobody_asks),
        cmocka_unit_test(test_ticks_yield_always),
        cmocka_unit_test(test_a_waiter_gets_the_lock_on_release),
        cmocka_unit_test(test_no_request_within_the_switch_interval),
        cmocka_unit_test(test_request_after_the_switch_interval),
        cmocka_unit_test(test_request_is_cleared_by_the_switch),
        cmocka_unit_test(test_release_on_request_waits_for_the_switch),
        cmocka_unit_test(test_a_forced_switch_is_counted),
        cmocka_unit_test(test_a_signal_is_no_release),
        cmocka_unit_test(test_who_drops_it_is_not_who_gets_it),
    };
    (void)argc;
    have_waiters_sleep(argv);
    cmocka_set_message_output(CM_OUTPUT_TAP);
    alarm(600); /* a lost wake-up is a hang, and a hang is a failure */
    return cmocka_run_group_tests_name("gil", tests, NULL, NULL);
}
