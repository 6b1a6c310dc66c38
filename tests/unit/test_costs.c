/* The costs: how many operations a measurement is, hand-offs that are hand-offs, summaries. Nothing
 * here depends on how long anything takes: what is timed are stand-ins that say how long they
 * took. */
#include "gilscope/costs.h"

#include "gilscope/interrupt.h"

#include <math.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct machine *machine;
static struct slot *slots;

static int open_here(void **state)
{
    struct error error;

    (void)state;
    if (!machine_open(&machine, NULL, &error)) {
        return -1;
    }
    slots = calloc(machine_facts(machine)->pus, sizeof *slots);
    if (slots == NULL) {
        return -1;
    }
    machine_slots(machine, &pin_policies[0], slots);
    return 0;
}

static int close_here(void **state)
{
    (void)state;
    free(slots);
    machine_close(machine);
    return 0;
}

/* ---- sizing ---- */

static unsigned calls, disturbed_call;
static uint64_t smallest, largest;

/* Says that an operation took a microsecond; but for the one call that was disturbed. */
static bool microsecond_each(const struct cost_place *place, uint64_t count, double *seconds,
                             struct error *error)
{
    (void)place;
    (void)error;
    calls++;
    smallest = count < smallest ? count : smallest;
    largest = count > largest ? count : largest;
    *seconds = (double)count * 1e-6 + (calls == disturbed_call ? 1 : 0);
    return true;
}

static bool nanosecond_each(const struct cost_place *place, uint64_t count, double *seconds,
                            struct error *error)
{
    (void)place;
    (void)error;
    *seconds = (double)count * 1e-9;
    return true;
}

static bool fails(const struct cost_place *place, uint64_t count, double *seconds,
                  struct error *error)
{
    (void)place;
    (void)count;
    (void)seconds;
    error_fill(error, EXIT_FAILED, "on purpose"); /* cmocka has a fail() of its own */
    return false;
}

static const struct cost_reference nanosecond = {"nanosecond", nanosecond_each};

static struct cost_item item_of(const struct cost *cost)
{
    calls = disturbed_call = 0;
    smallest = UINT64_MAX;
    largest = 0;
    return (struct cost_item){.cost = cost,
                              .place = {.machine = machine, .slots = slots, .threads = 1}};
}

static void size(struct cost_item *item, double time_s)
{
    struct error error = {EXIT_DONE, ""};

    if (!cost_size(item, time_s, &error)) {
        fail_msg("%s", error.text);
    }
}

static void test_sized_by_time(void **state)
{
    (void)state;
    const struct cost cost = {.measure = microsecond_each, .reference = &nanosecond};
    struct cost_item item = item_of(&cost);
    size(&item, 1e-3);
    assert_in_range(item.count, 999, 1001);
    assert_in_range(item.reference_count, 999999, 1000001);
    assert_int_equal(item.calls, 1);
    assert_int_equal(smallest, 10);
}

static void test_one_disturbed_try_does_not_matter(void **state)
{
    (void)state;
    const struct cost cost = {.measure = microsecond_each};
    for (unsigned call = 1; call <= 4; call++) {
        struct cost_item item = item_of(&cost);
        disturbed_call = call;
        size(&item, 1e-3);
        assert_in_range(item.count, 999, 1001);
    }
}

static void test_long_measurements_are_cut_up(void **state)
{
    (void)state;
    const struct cost cost = {.measure = microsecond_each};
    struct cost_item item = item_of(&cost);
    size(&item, 2);
    assert_int_equal(item.calls, 40);
    assert_in_range(item.count, 49999, 50001);
    assert_true(largest <= 50001);
}

static void test_at_least_one_and_within_bounds(void **state)
{
    (void)state;
    const struct cost cost = {.measure = microsecond_each};
    struct cost_item item = item_of(&cost);
    size(&item, 1e-9);
    assert_int_equal(item.count, 1);

    const struct cost bounded = {.measure = microsecond_each, .least = 200, .most = 300};
    item = item_of(&bounded);
    size(&item, 1e-6);
    assert_int_equal(item.count, 200);
    assert_int_equal(smallest, 200);
    item = item_of(&bounded);
    size(&item, 10e-3);
    assert_int_equal(item.count, 300);
    assert_int_equal(largest, 300);
}

/* ---- taking and summarising ---- */

static void test_taken_beside_its_reference(void **state)
{
    (void)state;
    const struct cost cost = {.measure = microsecond_each, .reference = &nanosecond};
    struct cost_item item = item_of(&cost);
    struct error error = {EXIT_DONE, ""};
    double raw[2], reference[2], scratch[2];
    item.raw = raw;
    item.reference = reference;
    size(&item, 120e-3);
    assert_int_equal(item.calls, 3);
    assert_true(cost_take(&item, &error));
    assert_true(cost_take(&item, &error));
    assert_int_equal(item.reps, 2);
    struct cost_summary summary = cost_summarise(&item, scratch);
    assert_true(fabs(summary.raw_s - 1e-6) < 1e-15);
    assert_true(fabs(summary.reference_s - 1e-9) < 1e-18);
    assert_true(fabs(summary.overhead.median - 0.999e-6) < 1e-15);
    assert_false(summary.noisy);
}

static void test_overheads_are_of_pairs(void **state)
{
    (void)state;
    /* The two drift together: the difference does not. */
    double raw[] = {11, 21, 31, 41, 51, 61}, reference[] = {10, 20, 30, 40, 50, 60};
    double scratch[6];
    const struct cost cost = {.measure = microsecond_each};
    struct cost_item item = {.cost = &cost, .reps = 6, .raw = raw, .reference = reference};
    struct cost_summary summary = cost_summarise(&item, scratch);
    assert_true(summary.overhead.median == 1);
    assert_true(summary.overhead.lo == 1 && summary.overhead.hi == 1);
    assert_int_equal(summary.overhead.n, 6);
    assert_true(summary.raw_s == 36);
    assert_false(summary.noisy);
    raw[5] = 62;
    assert_true(cost_summarise(&item, scratch).noisy);
    item.reps = 0;
    assert_true(isnan(cost_summarise(&item, scratch).overhead.median));
}

static void test_failures_and_signals_end_it(void **state)
{
    (void)state;
    const struct cost failing = {.measure = fails}, good = {.measure = microsecond_each};
    struct cost_item item = item_of(&failing);
    struct error error = {EXIT_DONE, ""};
    double raw[1], reference[1];
    assert_false(cost_size(&item, 1e-3, &error));
    assert_string_equal(error.text, "on purpose");

    item = item_of(&good);
    item.raw = raw;
    item.reference = reference;
    size(&item, 1e-3);
    calls = 0;
    interrupt_with(SIGINT);
    assert_false(cost_take(&item, &error));
    interrupt_with(0);
    assert_int_equal(error.exit_code, EXIT_SIGNALLED + SIGINT);
    assert_int_equal(item.reps, 0);
    assert_int_equal(calls, 0);
}

/* ---- hand-offs ---- */

/* Two slots, one and the same where there is only one PU. */
static struct cost_place pair_place(struct slot *pair, const struct gil_kind *lock)
{
    pair[0] = slots[0];
    pair[1] = slots[machine_facts(machine)->pus > 1];
    return (struct cost_place){
        .machine = machine, .slots = pair, .threads = 2, .lock = lock, .delay = 10};
}

static void test_every_hand_off_is_one(void **state)
{
    (void)state;
    const uint64_t counts[] = {1, 2, 3, 200};
    struct slot pair[2];
    for (size_t l = 0; l < gil_kind_count; l++) {
        struct cost_place place = pair_place(pair, gil_kinds[l]);
        for (size_t c = 0; c < sizeof counts / sizeof *counts; c++) {
            struct error error = {EXIT_DONE, ""};
            uint64_t made = 0;
            double seconds = 0;
            if (!cost_handoffs(&place, counts[c], &seconds, &made, &error)) {
                fail_msg("%s: %s", gil_kinds[l]->name, error.text);
            }
            assert_int_equal(made, counts[c]);
            assert_true(seconds > 0);
        }
    }
    struct error error;
    assert_true(cost_rest(machine, &error));
}

/* A lock that works, but counts no hand-offs. */
static void forget_and_release(struct gil *gil, unsigned thread) REQUIRES(the_gil)
{
    gil->counts.handoffs = 0;
    gil_ticks.release(gil, thread);
}

static void test_hand_offs_that_the_lock_denies(void **state)
{
    (void)state;
    struct gil_kind denying = gil_ticks;
    struct slot pair[2];
    denying.release = forget_and_release;
    denying.name = "denying";
    struct cost_place place = pair_place(pair, &denying);
    struct error error = {EXIT_DONE, ""};
    uint64_t made;
    double seconds;
    assert_false(cost_handoffs(&place, 20, &seconds, &made, &error));
    assert_non_null(strstr(error.text, "'denying' has counted 0 hand-offs, not 20"));
    assert_true(cost_rest(machine, &error));
}

/* ---- the plan ---- */

static unsigned count_items(const struct cost_plan *plan, const char *name, unsigned threads)
{
    unsigned count = 0;

    for (size_t i = 0; i < plan->length; i++) {
        count += strcmp(plan->items[i].name, name) == 0 &&
                 (threads == 0 || plan->items[i].place.threads == threads);
    }
    return count;
}

static void test_plan(void **state)
{
    (void)state;
    unsigned pus = machine_facts(machine)->pus;
    struct thread_list threads = {.length = 3, .values = {1, pus, pus + 1}};
    struct machine_distance distances[MACHINE_DISTANCES_MAX];
    struct cost_plan plan;
    struct error error = {EXIT_DONE, ""};
    if (!cost_plan_make(&plan, machine, &kernel_countdown, &threads, 3, &error)) {
        fail_msg("%s", error.text);
    }
    assert_int_equal(plan.threads.length, 2);
    assert_int_equal(plan.left_out.length, 1);
    assert_int_equal(plan.left_out.values[0], pus + 1);
    assert_int_equal(count_items(&plan, "barrier", 0), 2);
    assert_int_equal(count_items(&plan, "barrier", pus), pus > 1 ? 1 : 2);
    assert_int_equal(count_items(&plan, "critical free", 1), 1);
    assert_int_equal(count_items(&plan, "fork", 1), 1);
    for (size_t l = 0; l < gil_kind_count; l++) {
        char name[40];
        snprintf(name, sizeof name, "lock %s free", gil_kinds[l]->name);
        assert_int_equal(count_items(&plan, name, 1), 1);
        snprintf(name, sizeof name, "lock %s hand-off", gil_kinds[l]->name);
        assert_int_equal(count_items(&plan, name, 2), machine_distances(machine, distances));
    }
    cost_plan_free(&plan);
    assert_true(cost_rest(machine, &error));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sized_by_time),
        cmocka_unit_test(test_one_disturbed_try_does_not_matter),
        cmocka_unit_test(test_long_measurements_are_cut_up),
        cmocka_unit_test(test_at_least_one_and_within_bounds),
        cmocka_unit_test(test_taken_beside_its_reference),
        cmocka_unit_test(test_overheads_are_of_pairs),
        cmocka_unit_test(test_failures_and_signals_end_it),
        cmocka_unit_test(test_every_hand_off_is_one),
        cmocka_unit_test(test_hand_offs_that_the_lock_denies),
        cmocka_unit_test(test_plan),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("costs", tests, open_here, close_here);
}
