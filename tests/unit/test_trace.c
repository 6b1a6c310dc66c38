/* Traces: full buffers, clocks, and what hand-made ones come to. */
#include "gilscope/trace_analysis.h"

#include "gilscope/clock.h"
#include "gilscope/gil.h"
#include "gilscope/trace_report.h"

#include "asleep.h"

#include <math.h>
#include <omp.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static struct error error;

/* One of so many threads, in ticks of a microsecond. */
static struct trace made(unsigned threads, uint64_t events)
{
    struct trace trace;

    assert_true(trace_open(&trace, threads, events, &error));
    trace.begin = (struct trace_moment){0, 0};
    trace.end = (struct trace_moment){1000000, 1};
    return trace;
}

static void put(struct trace *trace, unsigned thread, uint64_t time, enum trace_kind kind,
                uint32_t detail)
{
    struct trace_buffer *buffer = &trace->buffers[thread];

    if (buffer->count < buffer->capacity) {
        buffer->records[buffer->count] = (struct trace_record){time, kind, detail};
    } else if (buffer->count == buffer->capacity) {
        buffer->lost_from = time;
    }
    buffer->count++;
}

static void near(double found, double expected)
{
    if (!(fabs(found - expected) < 1e-12)) {
        fail_msg("%g instead of %g", found, expected);
    }
}

static struct trace_analysis analysed(const struct trace *trace)
{
    struct trace_analysis analysis;

    assert_true(trace_analyse(trace, 0, &analysis, &error));
    return analysis;
}

static void test_a_full_buffer_counts_what_it_loses(void **state)
{
    struct trace trace;
    (void)state;
    assert_true(trace_open(&trace, 1, 3, &error));
    trace_begin(&trace);
    for (uint32_t i = 0; i < 10; i++) {
        trace_event(&trace.buffers[0], TRACE_ASKS, i);
    }
    trace_end(&trace);
    assert_int_equal(trace_kept(&trace.buffers[0]), 3);
    assert_int_equal(trace_lost(&trace.buffers[0]), 7);
    for (uint32_t i = 0; i < 3; i++) {
        assert_int_equal(trace.buffers[0].records[i].detail, i);
    }
    assert_true(trace.buffers[0].lost_from >= trace.buffers[0].records[2].time);
    assert_true(trace.buffers[0].lost_from <= trace.end.ticks);
    trace_begin(&trace);
    assert_int_equal(trace.buffers[0].count, 0);
    trace_close(&trace);
}

static void test_nothing_is_recorded_without_a_buffer(void **state)
{
    (void)state;
    trace_event(NULL, TRACE_GOT, 0);
}

static void test_more_than_fits_is_refused(void **state)
{
    struct trace trace;
    (void)state;
    assert_false(trace_open(&trace, 4096, TRACE_EVENTS_MAX / 2, &error));
    assert_int_equal(error.exit_code, EXIT_USAGE);
    assert_non_null(strstr(error.text, "--events"));
    trace_close(&trace);
}

static void test_times_of_a_thread_never_go_back(void **state)
{
    enum { EVENTS = 20000 };
    struct trace trace;
    double last_s = 0;
    (void)state;
    assert_true(trace_open(&trace, 1, EVENTS, &error));
    double before_s = clock_now();
    trace_begin(&trace);
    double start_s = clock_now();
    for (int i = 0; i < EVENTS; i++) {
        trace_event(&trace.buffers[0], TRACE_WANTS, 0);
    }
    double stop_s = clock_now();
    trace_end(&trace);
    double after_s = clock_now();
    for (int i = 0; i < EVENTS; i++) {
        double at_s = trace_seconds(&trace, trace.buffers[0].records[i].time);
        assert_true(at_s >= last_s);
        last_s = at_s;
    }
    /* As long on both clocks: from one look at them to the other. */
    assert_true(trace.begin.seconds >= before_s && trace.begin.seconds <= start_s);
    assert_true(trace.end.seconds >= stop_s && trace.end.seconds <= after_s);
    assert_true(last_s <= after_s - before_s + 1e-9);
    assert_true(fabs(trace_seconds(&trace, trace.end.ticks) -
                     trace_seconds(&trace, trace.begin.ticks) -
                     (trace.end.seconds - trace.begin.seconds)) < 1e-9);
    trace_close(&trace);
}

/* Two threads in turn under each lock: who gets it gets it after it was given up. */
static void test_hand_offs_are_in_order_on_all_cores(void **state)
{
    enum { TURNS = 3000 };
    (void)state;
    for (size_t k = 0; k < gil_kind_count; k++) {
        struct trace trace;
        struct gil *gil;
        const struct gil_config config = {1e-3, &trace};
        assert_true(trace_open(&trace, 2, 8 * TURNS, &error));
        assert_true(gil_create(&gil, gil_kinds[k], &config, &error));
        trace_begin(&trace);
#pragma omp parallel num_threads(2)
        for (int turn = 0; turn < TURNS; turn++) {
            gil_acquire(gil, (unsigned)omp_get_thread_num());
            gil_release(gil, (unsigned)omp_get_thread_num());
        }
        trace_end(&trace);
        /* Merged by time, they take turns: got by one, given up by the same. */
        uint64_t next[2] = {0, 0}, gots = 0;
        int holder = -1;
        while (next[0] < trace.buffers[0].count || next[1] < trace.buffers[1].count) {
            int t = next[1] == trace.buffers[1].count ? 0 : 1;
            if (t == 1 && next[0] < trace.buffers[0].count) {
                const struct trace_record *a = &trace.buffers[0].records[next[0]];
                const struct trace_record *b = &trace.buffers[1].records[next[1]];
                t = a->time < b->time || (a->time == b->time && a->kind == TRACE_GAVE_UP) ? 0
                                                                                          : 1;
            }
            const struct trace_record *record = &trace.buffers[t].records[next[t]++];
            if (record->kind == TRACE_GOT) {
                assert_int_equal(holder, -1);
                holder = t;
                gots++;
            } else if (record->kind == TRACE_GAVE_UP) {
                assert_int_equal(holder, t);
                holder = -1;
            }
        }
        assert_int_equal(gots, gil_counts(gil).acquired);
        struct trace_analysis analysis = analysed(&trace);
        assert_int_equal(analysis.handoffs, gil_counts(gil).handoffs);
        trace_analysis_free(&analysis);
        gil_destroy(gil);
        trace_close(&trace);
    }
}

static unsigned counted(const struct trace_buffer *buffer, enum trace_kind kind)
{
    unsigned count = 0;

    for (uint64_t i = 0; i < trace_kept(buffer); i++) {
        count += buffer->records[i].kind == kind;
    }
    return count;
}

static void until_asked(void *gil) NO_THREAD_SAFETY_ANALYSIS /* its holder */
{
    while (!gil_should_yield(gil)) {
        sched_yield();
    }
}

/* Thread 1 asks when thread 0 is about to give the lock up, and has not done so. */
static void test_a_request_is_seen_however_late(void **state)
    NO_THREAD_SAFETY_ANALYSIS /* clang takes the region for one thread that runs it all */
{
    struct trace trace;
    struct gil *gil;
    const struct gil_config config = {1e-3, &trace};
    (void)state;
    assert_true(trace_open(&trace, 2, 4096, &error));
    assert_true(gil_create(&gil, &gil_switching, &config, &error));
    trace_begin(&trace);
    gil_acquire(gil, 0);
#pragma omp parallel num_threads(2)
    if (omp_get_thread_num() == 0) {
        late = (struct lateness){0, until_asked, gil};
        gil_release(gil, 0);
    } else {
        gil_acquire(gil, 1);
        gil_release(gil, 1);
    }
    trace_end(&trace);
    assert_true(counted(&trace.buffers[1], TRACE_ASKS) > 0);
    assert_int_equal(counted(&trace.buffers[0], TRACE_SEES), 1);
    assert_int_equal(trace.buffers[0].records[2].kind, TRACE_SEES); /* before it gives up */
    gil_destroy(gil);
    trace_close(&trace);
}

static void until_asleep(void *tid)
{
    wait_until_asleep(tid);
}

/* Thread 1 has asked, and does not take the lock before thread 0, which gave it up, sleeps for the
 * switch. */
static void test_who_is_switched_away_says_so(void **state)
    NO_THREAD_SAFETY_ANALYSIS /* clang takes the region for one thread that runs it all */
{
    static const enum trace_kind expected[] = {TRACE_WANTS, TRACE_GOT, TRACE_SEES,
                                               TRACE_GAVE_UP, TRACE_SWITCHED};
    enum { EXPECTED = sizeof expected / sizeof *expected };
    struct trace trace;
    struct gil *gil;
    const struct gil_config config = {1e-3, &trace};
    atomic_int tid = 0;
    const struct trace_record *got = NULL;
    (void)state;
    assert_true(trace_open(&trace, 2, 4096, &error));
    assert_true(gil_create(&gil, &gil_switching, &config, &error));
    trace_begin(&trace);
    gil_acquire(gil, 0);
#pragma omp parallel num_threads(2)
    if (omp_get_thread_num() == 0) {
        until_asked(gil);
        atomic_store(&tid, own_tid());
        gil_release(gil, 0);
    } else {
        /* The first mutex is that of the lock, the next that of the switch. */
        late = (struct lateness){1, until_asleep, &tid};
        gil_acquire(gil, 1);
        got = &trace.buffers[1].records[trace.buffers[1].count - 1];
        gil_release(gil, 1);
    }
    trace_end(&trace);
    assert_int_equal(trace.buffers[0].count, EXPECTED);
    for (int i = 0; i < EXPECTED; i++) {
        assert_int_equal(trace.buffers[0].records[i].kind, expected[i]);
    }
    assert_int_equal(got->kind, TRACE_GOT);
    assert_true(got->time >= trace.buffers[0].records[3].time);
    assert_true(got->time <= trace.buffers[0].records[4].time);
    assert_int_equal(counted(&trace.buffers[1], TRACE_SWITCHED), 0);
    gil_destroy(gil);
    trace_close(&trace);
}

/* Thread 1 sleeps for a lock that thread 0 has, and does not give up before. */
static void test_sleeps_are_entered_when_the_lock_is_free_again(void **state)
    NO_THREAD_SAFETY_ANALYSIS /* clang takes the region for one thread that runs it all */
{
    struct trace trace;
    struct gil *gil;
    const struct gil_config config = {1e-3, &trace};
    const struct trace_record *got = NULL;
    uint32_t at_once = UINT32_MAX;
    atomic_int tid = 0;
    (void)state;
    assert_true(trace_open(&trace, 2, 16, &error));
    assert_true(gil_create(&gil, &gil_ticks, &config, &error));
    trace_begin(&trace);
    gil_acquire(gil, 0);
#pragma omp parallel num_threads(2)
    if (omp_get_thread_num() == 0) {
        wait_until_asleep(&tid);
        gil_release(gil, 0);
    } else {
        atomic_store(&tid, own_tid());
        gil_acquire(gil, 1);
        got = &trace.buffers[1].records[trace.buffers[1].count - 1];
        at_once = got->detail; /* who has the lock was not kept by a system call */
        trace_sleeps_end(&trace.buffers[1]);
        usleep(1000); /* a sleep of another kind */
        trace_sleeps_end(&trace.buffers[1]);
        gil_release(gil, 1);
    }
    trace_end(&trace);
    assert_int_equal(got->kind, TRACE_GOT);
    assert_int_equal(at_once, 0);
    assert_int_equal(got->detail, 1);
    gil_destroy(gil);
    trace_close(&trace);
}

static void test_a_lost_got_takes_no_sleeps(void **state)
{
    struct trace trace;
    (void)state;
    assert_true(trace_open(&trace, 1, 1, &error));
    trace_begin(&trace);
    trace_event(&trace.buffers[0], TRACE_WANTS, 0);
    trace_sleeps(&trace.buffers[0]);
    usleep(1000);
    trace_got_after_sleeps(&trace.buffers[0]);
    trace_sleeps_end(&trace.buffers[0]);
    assert_int_equal(trace.buffers[0].records[0].detail, 0);
    assert_int_equal(trace_lost(&trace.buffers[0]), 1);
    trace_close(&trace);
}

static void test_a_forked_process_records_too(void **state)
{
    struct trace trace;
    (void)state;
    assert_true(trace_open(&trace, 1, 4, &error));
    trace_begin(&trace);
    pid_t child = fork();
    if (child == 0) {
        trace_event(&trace.buffers[0], TRACE_TASK_BEGINS, 5);
        _exit(0);
    }
    assert_int_equal(waitpid(child, NULL, 0), child);
    assert_int_equal(trace.buffers[0].count, 1);
    assert_int_equal(trace.buffers[0].records[0].detail, 5);
    trace_close(&trace);
}

/* Thread 0 has the lock from 10 to 40, asked for at 35, thread 1 from 50 to 90. */
static struct trace one_handoff(void)
{
    struct trace trace = made(2, 16);

    put(&trace, 0, 0, TRACE_BEGINS, 0);
    put(&trace, 0, 5, TRACE_WANTS, 0);
    put(&trace, 0, 10, TRACE_GOT, 0);
    put(&trace, 0, 38, TRACE_SEES, 0);
    put(&trace, 0, 40, TRACE_GAVE_UP, 0);
    put(&trace, 0, 55, TRACE_SWITCHED, 0);
    put(&trace, 0, 60, TRACE_ENDS, 25);
    put(&trace, 1, 2, TRACE_BEGINS, 0);
    put(&trace, 1, 20, TRACE_WANTS, 0);
    put(&trace, 1, 35, TRACE_ASKS, 0);
    put(&trace, 1, 50, TRACE_GOT, 3);
    put(&trace, 1, 90, TRACE_GAVE_UP, 0);
    put(&trace, 1, 100, TRACE_ENDS, 40);
    return trace;
}

static void test_what_a_hand_off_comes_to(void **state)
{
    struct trace trace = one_handoff();
    struct trace_analysis analysis = analysed(&trace);
    const struct trace_thread *a = &analysis.at[0], *b = &analysis.at[1];
    (void)state;
    near(analysis.span_s, 100e-6);
    assert_int_equal(analysis.handoffs, 1);
    near(analysis.handoffs_per_s, 1 / 100e-6);
    assert_int_equal(analysis.in_vain, 0);
    assert_int_equal(analysis.woken_in_vain, 2);
    /* The first wanted a free lock: no wait. It was there from 0 to 60, ran 0-5 before it wanted it,
     * 10-40 with it, and was made to wait until 60. */
    assert_int_equal(a->waits.count, 0);
    assert_true(isnan(a->waits.median_s));
    near(a->state_s[TRACE_RUNNING], 35e-6);
    near(a->state_s[TRACE_OTHER], 5e-6);
    near(a->state_s[TRACE_WAITING], 20e-6);
    near(a->span_s, 60e-6);
    near(a->cpu_s, 25e-6);
    assert_int_equal(b->waits.count, 1);
    near(b->waits.median_s, 30e-6);
    near(b->waits.p99_s, 30e-6);
    near(b->waits.longest_s, 30e-6);
    near(b->state_s[TRACE_RUNNING], 18e-6 + 40e-6);
    near(b->state_s[TRACE_WAITING], 30e-6);
    near(b->starved_s, 30e-6);
    near(b->starved_from_s, 20e-6);
    assert_int_equal(analysis.starved, 1);
    assert_int_equal(b->handoffs, 1);
    /* While both were at work, from 2 to 60: 3 + 30 and 18 + 10. */
    const double ran[] = {33e-6, 28e-6};
    near(a->fair_s, ran[0]);
    near(b->fair_s, ran[1]);
    near(analysis.jain, jain_index(ran, 2));
    trace_analysis_free(&analysis);
    trace_close(&trace);
}

static void test_given_up_in_vain(void **state)
{
    struct trace trace = made(2, 32);
    (void)state;
    put(&trace, 1, 12, TRACE_BEGINS, 0);
    put(&trace, 1, 15, TRACE_WANTS, 0);
    put(&trace, 0, 0, TRACE_BEGINS, 0);
    put(&trace, 0, 1, TRACE_WANTS, 0);
    put(&trace, 0, 2, TRACE_GOT, 0);
    for (uint64_t turn = 1; turn <= 4; turn++) { /* the first before anybody waits */
        put(&trace, 0, 10 * turn, TRACE_GAVE_UP, 0);
        put(&trace, 0, 10 * turn, TRACE_WANTS, 0);
        put(&trace, 0, 10 * turn + 1, TRACE_GOT, 0);
    }
    put(&trace, 0, 50, TRACE_GAVE_UP, 0);
    put(&trace, 0, 50, TRACE_ENDS, 0);
    put(&trace, 1, 50, TRACE_GOT, 0); /* at the same tick: after it was given up */
    put(&trace, 1, 60, TRACE_ENDS, 0);
    struct trace_analysis analysis = analysed(&trace);
    assert_int_equal(analysis.in_vain, 3);
    assert_int_equal(analysis.at[0].in_vain, 3);
    assert_int_equal(analysis.handoffs, 1);
    assert_int_equal(analysis.at[0].waits.count, 0);
    near(analysis.at[1].waits.longest_s, 35e-6);
    trace_analysis_free(&analysis);
    trace_close(&trace);
}

/* Who waits only since it was free did not have it kept from it: as under release, where a thread
 * takes the lock again after a call. */
static void test_not_in_vain_while_nobody_waits(void **state)
{
    struct trace trace = made(2, 16);
    (void)state;
    put(&trace, 0, 0, TRACE_BEGINS, 0);
    put(&trace, 0, 1, TRACE_WANTS, 0);
    put(&trace, 0, 2, TRACE_GOT, 0);
    put(&trace, 0, 20, TRACE_GAVE_UP, 0);
    put(&trace, 0, 60, TRACE_WANTS, 0);
    put(&trace, 0, 61, TRACE_GOT, 0);
    put(&trace, 0, 90, TRACE_ENDS, 0);
    put(&trace, 1, 3, TRACE_BEGINS, 0);
    put(&trace, 1, 59, TRACE_WANTS, 0);
    put(&trace, 1, 95, TRACE_ENDS, 0);
    struct trace_analysis analysis = analysed(&trace);
    assert_int_equal(analysis.in_vain, 0);
    trace_analysis_free(&analysis);
    trace_close(&trace);
}

/* Thread 0 is made to give it up at 20, goes on at 50, asks again, and has it back at 80: it waited
 * for 60. Thread 1 has had it since 30, and wants it again, in vain, from 85 to the end, 100. */
static void test_a_wait_is_all_of_it(void **state)
{
    struct trace trace = made(2, 16);
    (void)state;
    put(&trace, 0, 0, TRACE_BEGINS, 0);
    put(&trace, 0, 1, TRACE_WANTS, 0);
    put(&trace, 0, 2, TRACE_GOT, 0);
    put(&trace, 0, 19, TRACE_SEES, 0);
    put(&trace, 0, 20, TRACE_GAVE_UP, 0);
    put(&trace, 0, 50, TRACE_SWITCHED, 0);
    put(&trace, 0, 51, TRACE_WANTS, 0);
    put(&trace, 0, 80, TRACE_GOT, 0);
    put(&trace, 0, 100, TRACE_ENDS, 0);
    put(&trace, 1, 0, TRACE_BEGINS, 0);
    put(&trace, 1, 5, TRACE_WANTS, 0);
    put(&trace, 1, 30, TRACE_GOT, 0);
    put(&trace, 1, 75, TRACE_GAVE_UP, 0);
    put(&trace, 1, 85, TRACE_WANTS, 0);
    struct trace_analysis analysis = analysed(&trace);
    const struct trace_thread *a = &analysis.at[0], *b = &analysis.at[1];
    assert_int_equal(a->waits.count, 1);
    near(a->waits.longest_s, 60e-6);
    near(a->state_s[TRACE_WAITING], 60e-6);
    near(a->starved_s, 60e-6);
    assert_int_equal(b->waits.count, 1);
    near(b->waits.median_s, 25e-6);
    near(analysis.waits.longest_s, 60e-6);
    trace_analysis_free(&analysis);

    /* One that has not ended is as long at least; it is in no median. */
    put(&trace, 0, 130, TRACE_BEGINS, 0);
    analysis = analysed(&trace);
    assert_int_equal(analysis.at[1].waits.count, 1);
    near(analysis.at[1].waits.median_s, 25e-6);
    near(analysis.at[1].waits.longest_s, 45e-6);
    trace_analysis_free(&analysis);
    trace_close(&trace);
}

/* Who was asked to give the lock up as it was about to anyway works without it, and waits later. */
static void test_a_native_call_is_no_wait(void **state)
{
    struct trace trace = made(2, 16);
    (void)state;
    put(&trace, 0, 0, TRACE_BEGINS, 0);
    put(&trace, 0, 1, TRACE_WANTS, 0);
    put(&trace, 0, 2, TRACE_GOT, 0);
    put(&trace, 0, 9, TRACE_SEES, 0);
    put(&trace, 0, 10, TRACE_GAVE_UP, 0);
    put(&trace, 0, 11, TRACE_NATIVE_BEGINS, 0);
    put(&trace, 0, 90, TRACE_NATIVE_ENDS, 0);
    put(&trace, 0, 91, TRACE_WANTS, 0);
    put(&trace, 0, 92, TRACE_GOT, 0);
    put(&trace, 0, 100, TRACE_ENDS, 0);
    struct trace_analysis analysis = analysed(&trace);
    assert_int_equal(analysis.at[0].waits.count, 0);
    assert_true(analysis.waits.longest_s <= 1e-6 || isnan(analysis.waits.longest_s));
    near(analysis.at[0].state_s[TRACE_NATIVE], 79e-6);
    trace_analysis_free(&analysis);
    trace_close(&trace);
}

static void test_native_calls_and_tasks(void **state)
{
    struct trace trace = made(2, 16);
    (void)state;
    /* A call with the lock, and one without. */
    put(&trace, 0, 0, TRACE_BEGINS, 0);
    put(&trace, 0, 0, TRACE_WANTS, 0);
    put(&trace, 0, 0, TRACE_GOT, 0);
    put(&trace, 0, 10, TRACE_NATIVE_BEGINS, 0);
    put(&trace, 0, 30, TRACE_NATIVE_ENDS, 0);
    put(&trace, 0, 40, TRACE_GAVE_UP, 0);
    put(&trace, 0, 45, TRACE_NATIVE_BEGINS, 0);
    put(&trace, 0, 70, TRACE_NATIVE_ENDS, 0);
    put(&trace, 0, 100, TRACE_ENDS, 0);
    struct trace_analysis analysis = analysed(&trace);
    near(analysis.at[0].state_s[TRACE_NATIVE], 45e-6);
    near(analysis.at[0].state_s[TRACE_RUNNING], 20e-6);
    near(analysis.at[0].state_s[TRACE_OTHER], 35e-6);
    trace_analysis_free(&analysis);
    /* Who has no task does nothing. */
    trace.buffers[0].count = 0;
    put(&trace, 0, 0, TRACE_BEGINS, 0);
    put(&trace, 0, 100, TRACE_ENDS, 0);
    put(&trace, 1, 0, TRACE_BEGINS, 0);
    put(&trace, 1, 20, TRACE_TASK_BEGINS, 0);
    put(&trace, 1, 80, TRACE_TASK_ENDS, 0);
    put(&trace, 1, 100, TRACE_ENDS, 0);
    analysis = analysed(&trace);
    near(analysis.at[0].state_s[TRACE_OTHER], 100e-6);
    near(analysis.at[1].state_s[TRACE_RUNNING], 60e-6);
    near(analysis.jain, 0.5);
    assert_int_equal(analysis.handoffs, 0);
    trace_analysis_free(&analysis);
    trace_close(&trace);
}

static void test_after_a_loss_nothing_is_concluded(void **state)
{
    struct trace trace = made(2, 4);
    (void)state;
    put(&trace, 0, 0, TRACE_BEGINS, 0);
    put(&trace, 0, 1, TRACE_WANTS, 0);
    put(&trace, 0, 2, TRACE_GOT, 0);
    put(&trace, 0, 20, TRACE_GAVE_UP, 0);
    put(&trace, 0, 30, TRACE_WANTS, 0); /* lost */
    put(&trace, 0, 31, TRACE_GOT, 0);   /* lost */
    put(&trace, 1, 0, TRACE_BEGINS, 0);
    put(&trace, 1, 10, TRACE_WANTS, 0);
    put(&trace, 1, 50, TRACE_GOT, 0);
    put(&trace, 1, 60, TRACE_ENDS, 0);
    struct trace_analysis analysis = analysed(&trace);
    assert_int_equal(analysis.lost, 2);
    assert_int_equal(analysis.at[0].lost, 2);
    assert_int_equal(analysis.events, 10);
    near(analysis.lost_from_s, 30e-6);
    near(analysis.span_s, 30e-6);
    assert_int_equal(analysis.handoffs, 0);
    assert_int_equal(analysis.at[1].waits.count, 0);
    near(analysis.at[1].state_s[TRACE_WAITING], 20e-6);
    near(analysis.at[1].starved_s, 20e-6); /* at least */
    assert_true(isnan(analysis.at[0].cpu_s));
    trace_analysis_free(&analysis);
    trace_close(&trace);
}

static void test_percentiles_of_many_waits(void **state)
{
    enum { WAITS = 200 };
    struct trace trace = made(2, 4 * WAITS + 4);
    uint64_t now = 0;
    (void)state;
    /* Thread 0 has it for 1, 2, 3 … ticks while thread 1 waits. */
    put(&trace, 0, 0, TRACE_BEGINS, 0);
    put(&trace, 1, 0, TRACE_BEGINS, 0);
    for (uint64_t wait = 1; wait <= WAITS; wait++) {
        put(&trace, 0, now, TRACE_GOT, 0);
        put(&trace, 1, now + 1, TRACE_WANTS, 0);
        now += 1 + wait;
        put(&trace, 0, now, TRACE_GAVE_UP, 0);
        put(&trace, 1, now, TRACE_GOT, 0);
        now++;
        put(&trace, 1, now, TRACE_GAVE_UP, 0);
        now++;
    }
    struct trace_analysis analysis = analysed(&trace);
    assert_int_equal(analysis.at[1].waits.count, WAITS);
    near(analysis.at[1].waits.median_s, 100.5e-6);
    near(analysis.at[1].waits.p99_s, 198e-6);
    near(analysis.at[1].waits.longest_s, 200e-6);
    assert_int_equal(analysis.handoffs, 2 * WAITS - 1);
    trace_analysis_free(&analysis);
    trace_close(&trace);
}

static void test_an_empty_trace(void **state)
{
    struct trace trace = made(3, 4);
    struct trace_analysis analysis = analysed(&trace);
    (void)state;
    assert_int_equal(analysis.events, 0);
    assert_true(isnan(analysis.jain));
    near(analysis.span_s, 0);
    trace_analysis_free(&analysis);
    trace_close(&trace);
}

static void test_jain(void **state)
{
    static const double same[] = {2, 2, 2, 2}, one[] = {0, 0, 5, 0}, half[] = {1, 1, 0, 0};
    (void)state;
    near(jain_index(same, 4), 1);
    near(jain_index(one, 4), 0.25);
    near(jain_index(half, 4), 0.5);
}

/* Two threads at work together from `from` to 100, running all the while. */
static struct trace_analysis together(uint64_t from, double turn_s)
{
    struct trace trace = made(2, 4);
    struct trace_analysis analysis;

    put(&trace, 0, 0, TRACE_BEGINS, 0);
    put(&trace, 0, 100, TRACE_ENDS, 0);
    put(&trace, 1, from, TRACE_BEGINS, 0);
    put(&trace, 1, 100, TRACE_ENDS, 0);
    assert_true(trace_analyse(&trace, turn_s, &analysis, &error));
    trace_close(&trace);
    trace_analysis_free(&analysis);
    return analysis;
}

static void test_fairness_needs_time(void **state)
{
    (void)state;
    near(together(70, 0).jain, 1);
    near(together(70, 0).together_s, 30e-6);
    assert_true(isnan(together(80, 0).jain)); /* less than a quarter of the time */
    near(together(80, 0).together_s, 20e-6);
    near(together(20, 39e-6).jain, 1);
    assert_true(isnan(together(20, 41e-6).jain)); /* less than a turn for each */
    assert_true(isnan(together(100, 0).jain));
    near(together(100, 0).together_s, 0);
    /* Who has not begun is not at work. */
    struct trace trace = made(2, 4);
    put(&trace, 0, 0, TRACE_BEGINS, 0);
    put(&trace, 0, 100, TRACE_ENDS, 0);
    struct trace_analysis analysis = analysed(&trace);
    assert_true(isnan(analysis.jain));
    trace_analysis_free(&analysis);
    trace_close(&trace);
}

/* The text of trace.json; the caller's. */
static char *json_of(const struct trace *trace, uint64_t most)
{
    static const struct variant variant = {.name = "gil", .hands_off = true};
    const struct plan_case of = {&variant, &kernel_countdown, pin_policies, 2, 0, 0, false, 0};
    struct trace_analysis analysis = analysed(trace);
    const struct trace_report report = {
        .trace = trace, .analysis = &analysis, .of = &of, .json_events = most};
    char folder[] = "/tmp/gilscope-test-XXXXXX";
    struct outfile file;
    bool kept;

    assert_non_null(mkdtemp(folder));
    assert_true(outfile_open(&file, folder, "trace.json", 0, &kept, &error));
    assert_true(trace_json(&report, &file, &error));
    char *text = calloc(1, (size_t)file.length + 1);
    assert_int_equal(pread(file.fd, text, (size_t)file.length, 0), file.length);
    outfile_discard(&file);
    assert_int_equal(rmdir(folder), 0);
    trace_analysis_free(&analysis);
    return text;
}

static void test_json_shows_so_many_events_of_a_thread(void **state)
{
    struct trace trace = one_handoff();
    (void)state;
    char *all = json_of(&trace, 7);
    assert_non_null(strstr(all, "\"events_not_shown\":0,\"shown_until_us\":100.000"));
    assert_null(strstr(all, "from here on"));
    assert_non_null(strstr(all, "\"ph\":\"f\"")); /* the hand-off at 50 */
    free(all);
    /* Thread 0's fourth is at 38: of thread 1 those until then. */
    char *some = json_of(&trace, 4);
    assert_non_null(strstr(some, "\"events_not_shown\":6,\"shown_until_us\":38.000"));
    assert_non_null(strstr(some, "\"ts\":38.000,\"name\":\"not shown from here on"));
    assert_null(strstr(some, "\"ph\":\"f\""));
    /* What went on then ends there; thread 1 wants the lock. */
    assert_non_null(
        strstr(some, "\"tid\":1,\"ts\":10.000,\"dur\":28.000,\"name\":\"running\""));
    assert_non_null(strstr(some,
                           "\"ts\":38.000,\"name\":\"threads that want the lock\",\"args\":{"
                           "\"threads\":1}"));
    free(some);
    trace_close(&trace);
}

/* A `wants` without its `got` and a `got` without its `wants` shift no later count. */
static void test_json_counts_who_wants_the_lock_and_who_works(void **state)
{
    struct trace trace = made(2, 8);
    (void)state;
    put(&trace, 0, 0, TRACE_BEGINS, 0);
    put(&trace, 0, 10, TRACE_WANTS, 0);
    put(&trace, 0, 20, TRACE_WANTS, 0);
    put(&trace, 0, 30, TRACE_GOT, 0);
    put(&trace, 1, 5, TRACE_BEGINS, 0);
    put(&trace, 1, 40, TRACE_GOT, 0);
    put(&trace, 1, 50, TRACE_WANTS, 0);
    put(&trace, 1, 60, TRACE_ENDS, 0);
    put(&trace, 0, 70, TRACE_ENDS, 0);
    char *text = json_of(&trace, 8);
    static const struct {
        const char *time, *what, *threads;
    } counts[] = {
        {"10.000", "want the lock", "1"}, {"30.000", "want the lock", "0"},
        {"30.000", "work", "1"},          {"40.000", "work", "2"},
        {"50.000", "want the lock", "1"}, {"50.000", "work", "1"},
        {"60.000", "want the lock", "0"}, {"70.000", "work", "0"},
        {"70.000", "want the lock", "0"}, {"70.000", "work", "0"},
    };
    const char *at = text;
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        char expected[160];
        snprintf(expected, sizeof expected,
                 "\"C\",\"pid\":1,\"ts\":%s,\"name\":\"threads that %s\","
                 "\"args\":{\"threads\":%s}}",
                 counts[i].time, counts[i].what, counts[i].threads);
        at = strstr(at, "\"C\"");
        assert_non_null(at);
        assert_memory_equal(at, expected, strlen(expected));
        at++;
    }
    assert_null(strstr(at, "\"C\""));
    free(text);
    trace_close(&trace);
}

static void test_json_says_where_events_were_lost(void **state)
{
    struct trace trace = made(2, 2);
    (void)state;
    put(&trace, 0, 0, TRACE_BEGINS, 0);
    put(&trace, 0, 90, TRACE_ENDS, 0);
    put(&trace, 1, 5, TRACE_BEGINS, 0);
    put(&trace, 1, 10, TRACE_WANTS, 0);
    put(&trace, 1, 40, TRACE_GOT, 0); /* lost */
    char *text = json_of(&trace, 2);
    assert_non_null(
        strstr(text, "\"s\":\"g\",\"pid\":1,\"tid\":2,\"ts\":40.000,\"name\":\"events lost "
                     "from here on\""));
    assert_non_null(
        strstr(text, "\"events_lost\":1,\"events_not_shown\":1,\"shown_until_us\":40.000"));
    free(text);
    trace_close(&trace);
}

/* What a person reads, in one line; the caller's. */
static char *words_of(const struct trace *trace, struct estimate speed, bool utf8,
                      bool oversubscribed)
{
    static const struct variant variant = {.name = "gil", .hands_off = true};
    const struct plan_case of = {
        &variant, &kernel_countdown, pin_policies, 2, 0, 0, oversubscribed, 0};
    const struct style style = {utf8, 80, "", "", "", ""};
    struct trace_analysis analysis = analysed(trace);
    static const struct settings settings; /* nothing was asked for */
    const struct trace_report report = {.trace = trace,
                                        .settings = &settings,
                                        .analysis = &analysis,
                                        .of = &of,
                                        .speed = speed};
    char *text = NULL;
    size_t size;
    FILE *to = open_memstream(&text, &size);

    assert_non_null(to);
    trace_print(&report, &style, to);
    fclose(to);
    for (char *at = text; *at != '\0'; at++) {
        *at = *at == '\n' ? ' ' : *at;
    }
    trace_analysis_free(&analysis);
    return text;
}

static void test_what_recording_costs_in_words(void **state)
{
    const struct estimate slower = {.median = 0.8, .lo = 0.7, .hi = 0.9, .n = 6};
    const struct estimate within = {.median = 1, .lo = 0.98, .hi = 1.05, .n = 6};
    const struct estimate apart = {.median = 1, .lo = 0.7, .hi = 1.5, .n = 6};
    const struct estimate few = {.median = 1, .lo = 0.99, .hi = 1.05, .n = 5};
    const struct estimate faster = {.median = 1.07, .lo = 1.02, .hi = 1.1, .n = 6};
    const struct estimate uneven = {.median = 0.99, .lo = 0.97, .hi = 1.6, .n = 6};
    struct trace trace = one_handoff();
    char *text = words_of(&trace, slower, false, true);
    (void)state;
    assert_non_null(strstr(text, "with it the run does 80.0 % of the work"));
    free(text);
    text = words_of(&trace, within, false, true);
    assert_non_null(strstr(text, "nothing that can be seen"));
    free(text);
    text = words_of(&trace, uneven, false, true);
    assert_non_null(strstr(text, "is lost in what the runs differ by"));
    assert_null(strstr(text, "nothing that can be seen"));
    free(text);
    text = words_of(&trace, apart, false, true);
    assert_non_null(strstr(text, "what it costs the run cannot be told: 6 pairs of runs"));
    assert_null(strstr(text, "of the work"));
    free(text);
    text = words_of(&trace, few, false, true);
    assert_non_null(strstr(text, "the run did 99.0 to 105.0 % of the work"));
    assert_null(strstr(text, "nothing that can be seen"));
    free(text);
    text = words_of(&trace, faster, true, true);
    assert_non_null(strstr(text, "nothing that can be seen"));
    assert_null(strstr(text, "107"));
    trace_close(&trace);
    free(text);
}

static void test_all_marks_are_explained(void **state)
{
    struct trace trace = one_handoff();
    (void)state;
    for (int utf8 = 0; utf8 < 2; utf8++) {
        char *text = words_of(&trace, (struct estimate){.n = 0}, utf8 == 1, true);
        assert_non_null(strstr(text, "blank: neither"));
        assert_non_null(strstr(text, "gil, 2 threads*, pin core"));
        assert_non_null(strstr(text, "* more threads than usable PUs"));
        free(text);
    }
    trace_close(&trace);
}

/* 40 columns of 16 us. Thread 0 has the lock for 1, 3 … 15 us of each of the first eight, then for
 * eight whole ones; four of native code, four of nothing, eight that it waits, three and a half with
 * the lock, and it ends. Thread 1 is there from the ninth on: waits, has the lock from
 * a quarter of a column on, is in native code. */
static struct trace forty_columns(void)
{
    enum { COLUMN = 16 };
    struct trace trace = made(2, 64);

    put(&trace, 0, 0, TRACE_BEGINS, 0);
    for (uint64_t column = 0; column < 8; column++) {
        put(&trace, 0, column * COLUMN, TRACE_WANTS, 0);
        put(&trace, 0, column * COLUMN, TRACE_GOT, 0);
        put(&trace, 0, column * COLUMN + 2 * column + 1, TRACE_GAVE_UP, 0);
    }
    put(&trace, 0, 8 * COLUMN, TRACE_WANTS, 0);
    put(&trace, 0, 8 * COLUMN, TRACE_GOT, 0);
    put(&trace, 0, 16 * COLUMN, TRACE_GAVE_UP, 0);
    put(&trace, 0, 16 * COLUMN, TRACE_NATIVE_BEGINS, 0);
    put(&trace, 0, 20 * COLUMN, TRACE_NATIVE_ENDS, 0);
    put(&trace, 0, 24 * COLUMN, TRACE_WANTS, 0);
    put(&trace, 0, 32 * COLUMN + COLUMN / 2, TRACE_GOT, 0);
    put(&trace, 0, 36 * COLUMN, TRACE_GAVE_UP, 0);
    put(&trace, 0, 36 * COLUMN, TRACE_ENDS, 0);
    put(&trace, 1, 8 * COLUMN, TRACE_BEGINS, 0);
    put(&trace, 1, 8 * COLUMN, TRACE_WANTS, 0);
    put(&trace, 1, 16 * COLUMN + COLUMN / 4, TRACE_GOT, 0);
    put(&trace, 1, 32 * COLUMN, TRACE_GAVE_UP, 0);
    put(&trace, 1, 32 * COLUMN, TRACE_NATIVE_BEGINS, 0);
    put(&trace, 1, 40 * COLUMN, TRACE_NATIVE_ENDS, 0);
    put(&trace, 1, 40 * COLUMN, TRACE_ENDS, 0);
    return trace;
}

static void assert_strip(const struct trace *trace, struct style style, const char *expected)
{
    struct trace_analysis analysis = analysed(trace);
    const struct trace_report report = {.trace = trace, .analysis = &analysis};
    char *text = NULL;
    size_t size;
    FILE *to = open_memstream(&text, &size);

    assert_non_null(to);
    trace_strip(&report, &style, to);
    fclose(to);
    assert_string_equal(text, expected);
    free(text);
    trace_analysis_free(&analysis);
}

static void test_the_strip_shows_what_each_thread_did(void **state)
{
    enum { WIDTH = 7 + 40 + 1 };
    struct trace trace = forty_columns();

    (void)state;
    assert_strip(&trace, (struct style){false, WIDTH, "", "", "", ""},
                 "     0 _.:-=+*#########nnnn    ,,,,,,,,=###\n"
                 "     1         ,,,,,,,,*###############nnnnnnnn\n"
                 "       0                                 640 us\n"
                 "       _.:-=+*# running, its share   n native\n"
                 "       , waiting   blank: neither\n");
    assert_strip(&trace, (struct style){true, WIDTH, "", "", "", ""},
                 "     0 ▁▂▃▄▅▆▇█████████▒▒▒▒    ········▅███\n"
                 "     1         ········▇███████████████▒▒▒▒▒▒▒▒\n"
                 "       0                                 640 us\n"
                 "       ▁…█ running, its share   ▒ native\n"
                 "       · waiting   blank: neither\n");
    trace_close(&trace);
}

/* Two threads that run for 20 ms each, of which they had a processor for so long. */
static char *words_of_cpu(uint32_t cpu_us, bool oversubscribed)
{
    struct trace trace = made(2, 10);

    for (unsigned t = 0; t < 2; t++) {
        put(&trace, t, 0, TRACE_BEGINS, 0);
        put(&trace, t, 0, TRACE_TASK_BEGINS, 0);
        put(&trace, t, 20000, TRACE_TASK_ENDS, 0);
        put(&trace, t, 20000, TRACE_ENDS, cpu_us);
    }
    char *text = words_of(&trace, (struct estimate){.n = 0}, false, oversubscribed);
    trace_close(&trace);
    return text;
}

static void test_others_on_the_machine_are_told(void **state)
{
    char *text = words_of_cpu(15000, false);

    (void)state;
    assert_non_null(strstr(text, "had a processor for only 75 % of the time: others use this"));
    free(text);
    text = words_of_cpu(19000, false);
    assert_null(strstr(text, "others"));
    free(text);
    text = words_of_cpu(10000, true); /* they take it from each other */
    assert_null(strstr(text, "others"));
    free(text);
}

struct counting {
    uint64_t events, last;
    bool ordered;
};

static void count_event(void *context, unsigned thread, const struct trace_record *record)
{
    struct counting *counting = context;
    (void)thread;
    counting->ordered = counting->ordered && record->time >= counting->last;
    counting->last = record->time;
    counting->events++;
}

static void test_the_walk_visits_all_events_in_order(void **state)
{
    enum { THREADS = 7, EVENTS = 500 };
    struct trace trace = made(THREADS, EVENTS);
    struct counting counting = {.ordered = true};
    const struct trace_visitor visitor = {.event = count_event, .context = &counting};
    (void)state;
    for (unsigned t = 0; t < THREADS; t++) {
        for (uint64_t i = 0; i < EVENTS + 10; i++) { /* some are lost */
            put(&trace, t, i * (t + 1) + t * 13, TRACE_ASKS, 0);
        }
    }
    assert_true(trace_walk(&trace, &visitor, &error));
    assert_int_equal(counting.events, THREADS * EVENTS);
    assert_true(counting.ordered);
    trace_close(&trace);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_full_buffer_counts_what_it_loses),
        cmocka_unit_test(test_nothing_is_recorded_without_a_buffer),
        cmocka_unit_test(test_more_than_fits_is_refused),
        cmocka_unit_test(test_times_of_a_thread_never_go_back),
        cmocka_unit_test(test_hand_offs_are_in_order_on_all_cores),
        cmocka_unit_test(test_a_request_is_seen_however_late),
        cmocka_unit_test(test_who_is_switched_away_says_so),
        cmocka_unit_test(test_sleeps_are_entered_when_the_lock_is_free_again),
        cmocka_unit_test(test_a_lost_got_takes_no_sleeps),
        cmocka_unit_test(test_a_forked_process_records_too),
        cmocka_unit_test(test_what_a_hand_off_comes_to),
        cmocka_unit_test(test_given_up_in_vain),
        cmocka_unit_test(test_not_in_vain_while_nobody_waits),
        cmocka_unit_test(test_a_wait_is_all_of_it),
        cmocka_unit_test(test_a_native_call_is_no_wait),
        cmocka_unit_test(test_native_calls_and_tasks),
        cmocka_unit_test(test_after_a_loss_nothing_is_concluded),
        cmocka_unit_test(test_percentiles_of_many_waits),
        cmocka_unit_test(test_an_empty_trace),
        cmocka_unit_test(test_jain),
        cmocka_unit_test(test_fairness_needs_time),
        cmocka_unit_test(test_json_shows_so_many_events_of_a_thread),
        cmocka_unit_test(test_json_counts_who_wants_the_lock_and_who_works),
        cmocka_unit_test(test_json_says_where_events_were_lost),
        cmocka_unit_test(test_what_recording_costs_in_words),
        cmocka_unit_test(test_all_marks_are_explained),
        cmocka_unit_test(test_the_strip_shows_what_each_thread_did),
        cmocka_unit_test(test_others_on_the_machine_are_told),
        cmocka_unit_test(test_the_walk_visits_all_events_in_order),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    alarm(600); /* a hang is a failure */
    return cmocka_run_group_tests_name("trace", tests, NULL, NULL);
}
