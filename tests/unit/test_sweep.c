/* The sweep of call lengths: from times to units, and the plan. */
#include "gilscope/sweep.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

extern const struct variant variant_hold, variant_release;
static const struct system our_own = {"model", &variant_hold, &variant_release, NULL};

static struct sweep sweep;
static struct plan plan;

static void check(double found, double expected)
{
    if (!(fabs(found / expected - 1) < 1e-9)) {
        fail_msg("%g instead of %g", found, expected);
    }
}

static void test_times_become_the_nearest_units(void **state)
{
    static const struct length_list wanted = {4,
                                              {{100e-9, 0}, {1e-6, 0}, {0, 77}, {1.4e-9, 0}}};
    (void)state;
    sweep_lengths_linear(&sweep, &wanted, 3e-9);
    assert_int_equal(sweep.length, 4);
    assert_int_equal(sweep.units[0], 1); /* never none */
    assert_int_equal(sweep.units[1], 33);
    assert_int_equal(sweep.units[2], 77); /* as asked for */
    assert_int_equal(sweep.units[3], 333);
    for (size_t l = 0; l < 4; l++) {
        check(sweep.call_s[l], (double)sweep.units[l] * 3e-9);
    }
}

static void test_lengths_that_come_to_the_same_are_one(void **state)
{
    static const struct length_list wanted = {4,
                                              {{10e-9, 0}, {0, 10}, {10.2e-9, 0}, {1e-9, 0}}};
    (void)state;
    sweep_lengths_linear(&sweep, &wanted, 1e-9);
    assert_int_equal(sweep.length, 2);
    assert_int_equal(sweep.units[0], 1);
    assert_int_equal(sweep.units[1], 10);
}

static struct settings settings_of(unsigned pins)
{
    struct settings settings = {.pins = pins, .kernel = &kernel_countdown};
    return settings;
}

static void test_thread_counts(void **state)
{
    struct settings settings = settings_of(1);
    struct machine_facts facts = {.pus = 16, .cores = 8};

    (void)state;
    sweep_threads(&sweep, &settings, &facts);
    assert_int_equal(sweep.threads.length, 3);
    assert_int_equal(sweep.threads.values[1], 2);
    assert_int_equal(sweep.threads.values[2], 8);
    facts.cores = 1;
    sweep_threads(&sweep, &settings, &facts);
    assert_int_equal(sweep.threads.length, 2);
    assert_true(parse_threads("3,5", &settings.threads));
    sweep_threads(&sweep, &settings, &facts);
    assert_int_equal(sweep.threads.length, 3);
    assert_int_equal(sweep.threads.values[0], 1); /* the baseline, though nobody asked */
    assert_int_equal(sweep.threads.values[2], 5);
}

/* Two policies, two lengths, 1 and 2 threads. */
static void make_plan(void)
{
    static const struct length_list wanted = {2, {{0, 100}, {0, 1000}}};
    struct settings settings = settings_of(1 | 1U << 3);
    struct machine_facts facts = {.pus = 1, .cores = 1};
    struct error error;

    sweep = (struct sweep){.kernel = &kernel_countdown, .systems = &our_own, .system_count = 1};
    sweep_lengths_linear(&sweep, &wanted, 1e-9);
    sweep_threads(&sweep, &settings, &facts);
    assert_true(sweep_plan(&sweep, &plan, &settings, &facts, &error));
}

static void test_every_case_once(void **state)
{
    (void)state;
    make_plan();
    assert_int_equal(plan.length, 2 * 2 * 2 * 2);
    for (size_t a = 0; a < plan.length; a++) {
        for (size_t b = 0; b < a; b++) {
            const struct plan_case *x = &plan.cases[a], *y = &plan.cases[b];
            assert_false(x->variant == y->variant && x->pin == y->pin &&
                         x->threads == y->threads && x->call == y->call);
        }
        assert_int_equal(plan.cases[a].oversubscribed, plan.cases[a].threads > 1);
        assert_ptr_equal(plan.cases[a].kernel, &kernel_countdown);
    }
    plan_free(&plan);
}

static void test_baseline_is_hold_with_one_thread_and_the_same_call(void **state)
{
    (void)state;
    make_plan();
    for (size_t c = 0; c < plan.length; c++) {
        const struct plan_case *each = &plan.cases[c], *base = &plan.cases[each->baseline];
        assert_string_equal(base->variant->name, "hold");
        assert_int_equal(base->threads, 1);
        assert_int_equal(base->call, each->call);
        assert_ptr_equal(base->pin, each->pin);
    }
    plan_free(&plan);
}

static void test_release_stands_behind_its_hold(void **state)
{
    (void)state;
    make_plan();
    for (size_t c = 0; c < plan.length; c++) {
        const struct plan_case *each = &plan.cases[c];
        if (sweep_releasing(&sweep, each) == NULL) {
            assert_string_equal(each->variant->name, "hold");
            continue;
        }
        assert_true(c > 0);
        assert_string_equal(each[-1].variant->name, "hold");
        assert_int_equal(each[-1].threads, each->threads);
        assert_int_equal(each[-1].call, each->call);
        assert_ptr_equal(each[-1].pin, each->pin);
        assert_int_equal(sweep.units[sweep_place(&sweep, each)], each->call);
    }
    plan_free(&plan);
}

static void test_seconds_back_to_units(void **state)
{
    static const struct length_list wanted = {3, {{0, 10}, {0, 100}, {0, 10000}}};
    (void)state;
    sweep_lengths_linear(&sweep, &wanted, 1e-9);
    check(sweep_units_of(&sweep, 10e-9), 10);
    check(sweep_units_of(&sweep, 50e-9), 50);
    check(sweep_units_of(&sweep, 1e-6), 1000);
    check(sweep_units_of(&sweep, 1e-5), 10000);
    assert_true(isinf(sweep_units_of(&sweep, INFINITY)));
    sweep.length = 1;
    check(sweep_units_of(&sweep, 10e-9), 10);
    assert_true(isinf(sweep_units_of(&sweep, INFINITY)));
}

static void test_lengths_of_the_countdown_are_the_usual_ones(void **state)
{
    struct settings settings = settings_of(1);
    struct error error;

    (void)state;
    assert_true(sweep_lengths(&sweep, &settings, &error));
    assert_int_equal(sweep.length, 13);
    for (size_t l = 1; l < sweep.length; l++) {
        assert_true(sweep.units[l] > sweep.units[l - 1]);
    }
    /* 1 ms is 10,000 times 100 ns, whatever a decrement takes, but for the rounding. */
    double ratio = (double)sweep.units[12] / (double)sweep.units[0];
    assert_true(ratio > 9000 && ratio < 11000);
}

/* A kernel that is none of the table: its calls are measured. */
static uint64_t run_busy(void *state, uint64_t units)
{
    return kernel_countdown.run(state, 100 * units) / 100;
}

static void test_lengths_of_other_kernels_are_powers_of_two(void **state)
{
    static const struct kernel busy = {
        .version = GILSCOPE_KERNEL_VERSION, .name = "busy", .unit = "byte", .run = run_busy};
    struct settings settings = settings_of(1);
    struct error error;

    (void)state;
    settings.kernel = &busy;
    assert_true(sweep_lengths(&sweep, &settings, &error));
    assert_true(sweep.length > 1);
    for (size_t l = 0; l < sweep.length; l++) {
        assert_int_equal(sweep.units[l] & (sweep.units[l] - 1), 0);
        assert_true(l == 0 || sweep.units[l] > sweep.units[l - 1]);
        /* Noise may make one of them miss. */
        assert_true(l == 0 || sweep.units[l] <= 4 * sweep.units[l - 1]);
    }
    assert_true(parse_lengths("20us,512,5us", &settings.lengths));
    assert_true(sweep_lengths(&sweep, &settings, &error));
    assert_int_equal(sweep.length, 3);
    assert_true(sweep.call_s[0] <= sweep.call_s[1] && sweep.call_s[1] <= sweep.call_s[2]);
    assert_true(sweep.units[0] == 512 || sweep.units[1] == 512 || sweep.units[2] == 512);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_times_become_the_nearest_units),
        cmocka_unit_test(test_lengths_that_come_to_the_same_are_one),
        cmocka_unit_test(test_thread_counts),
        cmocka_unit_test(test_every_case_once),
        cmocka_unit_test(test_baseline_is_hold_with_one_thread_and_the_same_call),
        cmocka_unit_test(test_release_stands_behind_its_hold),
        cmocka_unit_test(test_seconds_back_to_units),
        cmocka_unit_test(test_lengths_of_the_countdown_are_the_usual_ones),
        cmocka_unit_test(test_lengths_of_other_kernels_are_powers_of_two),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    alarm(600); /* a hang is a failure */
    return cmocka_run_group_tests_name("sweep", tests, NULL, NULL);
}
