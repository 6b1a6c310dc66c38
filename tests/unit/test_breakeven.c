/* Verdicts from made-up samples, and the sentences that say them. */
#include "gilscope/breakeven_report.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

extern const struct variant variant_hold, variant_release;
static const struct system our_own = {"model", &variant_hold, &variant_release, NULL};

enum { LENGTHS = 4, REPS = 6 };

/* Calls of 100 ns, 1 us, 10 us and 100 us. */
static struct sweep sweep = {.kernel = &kernel_countdown,
                             .length = LENGTHS,
                             .units = {100, 1000, 10000, 100000},
                             .call_s = {1e-7, 1e-6, 1e-5, 1e-4},
                             .threads = {2, {1, 2}},
                             .system_count = 1};
static struct plan plan;
static struct samples samples;
static double scratch[REPS];

static int set_up(void **state)
{
    struct settings settings = {.pins = 1, .kernel = &kernel_countdown};
    struct machine_facts facts = {.pus = 2, .cores = 2};
    struct error error;

    (void)state;
    sweep.systems = &our_own;
    return !sweep_plan(&sweep, &plan, &settings, &facts, &error) ||
           !samples_make(&samples, &plan, REPS, &error);
}

static int tear_down(void **state)
{
    (void)state;
    samples_free(&samples);
    plan_free(&plan);
    return 0;
}

/* Fills all cases: hold always does a call a call's time, release with two threads so many times as
 * much, release with one takes 40 ns a call more. */
static void fill(double ratio[REPS][LENGTHS])
{
    for (size_t c = 0; c < plan.length; c++) {
        const struct plan_case *of = &plan.cases[c];
        size_t l = sweep_place(&sweep, of);
        for (unsigned rep = 0; rep < REPS; rep++) {
            double call_s = sweep.call_s[l];
            if (sweep_releasing(&sweep, of) != NULL) {
                call_s = of->threads == 1 ? call_s + 40e-9 : call_s / ratio[rep][l];
            }
            *sample_at(&samples, c, rep) = (struct sample){
                .measured = true, .count = 10 * of->call, .wall_s = 10 * call_s};
        }
    }
}

static struct verdict verdict_of(unsigned threads)
{
    struct verdict verdicts[2];

    assert_int_equal(breakeven_verdicts_max(&sweep) >= 2, 1);
    assert_int_equal(breakeven_verdicts(&sweep, &samples, 2, verdicts, 2, scratch), 2);
    assert_int_equal(verdicts[0].threads, 1);
    assert_int_equal(verdicts[1].threads, 2);
    return verdicts[threads - 1];
}

static double clear[REPS][LENGTHS] = {{0.1, 0.5, 1.5, 2}, {0.1, 0.5, 1.5, 2},
                                      {0.1, 0.5, 1.5, 2}, {0.1, 0.5, 1.5, 2},
                                      {0.1, 0.5, 1.5, 2}, {0.1, 0.5, 1.5, 2}};

static void check(double found, double expected)
{
    if (!(fabs(found / expected - 1) < 1e-6)) {
        fail_msg("%g instead of %g", found, expected);
    }
}

static void test_what_is_clear_is_found(void **state)
{
    (void)state;
    fill(clear);
    struct verdict verdict = verdict_of(2);
    check(verdict.break_even.median, 1e-6 * sqrt(10));
    check(verdict.break_even.lo, verdict.break_even.hi);
    assert_int_equal(verdict.break_even.n, REPS);
    check(verdict.half_gain.median, 1e-5);
    check(verdict.ninety_gain.median, 1e-5 * pow(10, 0.8));
    assert_int_equal(verdict.worst, 0);
    check(verdict.worst_ratio.median, 0.1);
    assert_int_equal(verdict.repetitions, 2 * LENGTHS * REPS);
    assert_int_equal(verdict.drifting, 0);
    assert_int_equal(verdict.cost_s.n, 0);
}

static void test_one_thread_has_a_cost_and_no_break_even(void **state)
{
    (void)state;
    fill(clear);
    struct verdict verdict = verdict_of(1);
    check(verdict.cost_s.median, 40e-9);
    check(verdict.cost_ratio.median, 100.0 / 140);
    assert_int_equal(verdict.break_even.n, 0);
    assert_int_equal(verdict.half_gain.n, 0);
}

static void test_blocks_that_are_not_complete_do_not_count(void **state)
{
    (void)state;
    fill(clear);
    for (size_t c = 0; c < plan.length; c++) {
        sample_at(&samples, c, 5)->measured = plan.cases[c].call != 1000;
    }
    assert_int_equal(verdict_of(2).break_even.n, REPS - 1);
    assert_int_equal(verdict_of(2).repetitions, 2 * (LENGTHS * REPS - 1));
    assert_int_equal(verdict_of(2).worst_ratio.n, REPS);
}

static void test_drifting_repetitions_are_counted(void **state)
{
    (void)state;
    fill(clear);
    sample_at(&samples, plan.length - 1, 0)->drift = -0.2;
    sample_at(&samples, plan.length - 2, 3)->drift = 0.11;
    sample_at(&samples, plan.length - 2, 4)->drift = 0.09;
    assert_int_equal(verdict_of(2).drifting, 2);
    assert_int_equal(verdict_of(1).drifting, 0);
}

static void test_no_gain_is_possible_on_one_core(void **state)
{
    struct verdict verdicts[2];

    (void)state;
    fill(clear);
    breakeven_verdicts(&sweep, &samples, 1, verdicts, 2, scratch);
    assert_int_equal(verdicts[1].half_gain.n, 0);
    assert_int_equal(verdicts[1].break_even.n, 0);
    assert_int_equal(verdicts[1].worst_ratio.n, REPS);
}

/* Releasing that makes no difference, with noise of 5 %: the worst of many lengths is low by chance,
 * and is not called slower; what is slower at two lengths side by side is. */
static void test_the_worst_of_many_is_certain_only_with_company(void **state)
{
    double ratio[REPS][LENGTHS];

    (void)state;
    for (int rep = 0; rep < REPS; rep++) {
        for (int l = 0; l < LENGTHS; l++) {
            ratio[rep][l] = l == 2 ? 0.95 - 0.001 * rep : 1 + 0.01 * (rep - 3);
        }
    }
    fill(ratio);
    assert_int_equal(verdict_of(2).worst, 2);
    assert_false(verdict_of(2).worst_certain);
    for (int rep = 0; rep < REPS; rep++) {
        ratio[rep][3] = 0.96;
    }
    fill(ratio);
    assert_int_equal(verdict_of(2).worst, 2);
    assert_true(verdict_of(2).worst_certain);
    fill(clear);
    assert_true(verdict_of(2).worst_certain);
}

/* The sentences of a verdict; of each there is one word at least to be looked for. */
static void says(const struct verdict *verdict, const char *expected)
{
    char text[1024];

    breakeven_sentences(text, sizeof text, &sweep, verdict);
    assert_string_equal(text, expected);
}

static struct verdict made_up(struct estimate break_even)
{
    return (struct verdict){.system = &our_own,
                            .pin = &pin_policies[0],
                            .threads = 2,
                            .possible = 2,
                            .break_even = break_even,
                            .repetitions = 48};
}

static void test_a_break_even_with_its_worst_case(void **state)
{
    struct verdict verdict = made_up((struct estimate){12e-6, 8e-6, 15e-6, 6});

    (void)state;
    verdict.worst = 1;
    verdict.worst_ratio = (struct estimate){0.125, 0.1, 0.2, 6};
    verdict.worst_certain = true;
    verdict.half_gain = (struct estimate){20e-6, 19e-6, 21e-6, 6};
    verdict.ninety_gain = (struct estimate){INFINITY, 50e-6, INFINITY, 6};
    says(
        &verdict,
        "With 2 threads, pin core: release around calls longer than 12.0 us (95 %: 8.00 us to "
        "15.0 us); around calls of 1.00 us releasing makes them 8.0 times slower than not "
        "releasing. It gives half of what is possible from 20.0 us on, 90 % of it at no length "
        "measured.");
}

static void test_a_worst_case_that_is_not_certain_is_not_told(void **state)
{
    struct verdict verdict = made_up((struct estimate){12e-6, 12e-6, 12e-6, 6});

    (void)state;
    verdict.worst_ratio = (struct estimate){0.9, 0.8, 0.97, 6};
    verdict.worst_certain = false;
    says(&verdict, "With 2 threads, pin core: release around calls longer than 12.0 us.");
}

static void test_always_and_never(void **state)
{
    struct verdict verdict = made_up((struct estimate){1e-7, 1e-7, 1e-7, 6});

    (void)state;
    says(&verdict,
         "With 2 threads, pin core: releasing is no loss at any length measured, from "
         "100 ns on.");
    verdict.break_even = (struct estimate){1e-7, 1e-7, 5e-7, 6};
    says(&verdict,
         "With 2 threads, pin core: releasing is no loss at any length measured, from "
         "100 ns on (95 %: at most 100 ns to 500 ns).");
    verdict.break_even = (struct estimate){INFINITY, INFINITY, INFINITY, 6};
    says(&verdict, "With 2 threads, pin core: do not release: up to 100 us, the longest call "
                   "measured, it is a loss.");
    verdict.break_even = (struct estimate){INFINITY, 2e-5, INFINITY, 6};
    says(&verdict, "With 2 threads, pin core: do not release: up to 100 us, the longest call "
                   "measured, it is a loss (95 %: 20.0 us to beyond 100 us).");
}

static void test_intervals_too_wide_to_act_on(void **state)
{
    struct verdict verdict = made_up((struct estimate){1e-7, 1e-7, 2e-6, 6});

    (void)state;
    says(&verdict,
         "With 2 threads, pin core: from which length on releasing pays cannot be told "
         "(95 %: at most 100 ns to 2.00 us); more blocks (--reps) or a quieter machine "
         "may tell.");
    verdict.break_even = (struct estimate){INFINITY, 2e-6, INFINITY, 6};
    says(&verdict,
         "With 2 threads, pin core: from which length on releasing pays cannot be told "
         "(95 %: 2.00 us to beyond 100 us); more blocks (--reps) or a quieter machine "
         "may tell.");
}

static void test_what_cannot_be_told(void **state)
{
    struct verdict verdict = made_up((struct estimate){2e-6, 1e-7, INFINITY, 6});

    (void)state;
    says(&verdict, "With 2 threads, pin core: the blocks disagree from the shortest call, "
                   "100 ns, to the longest, 100 us, so that no break-even can be told; more "
                   "blocks (--reps) or a quieter machine may tell.");
    verdict.break_even.n = 0;
    says(&verdict, "With 2 threads, pin core: no block is complete.");
}

static void test_one_length_alone(void **state)
{
    struct verdict verdict = made_up((struct estimate){1e-7, 1e-7, 1e-7, 6});

    (void)state;
    sweep.length = 1;
    says(&verdict, "With 2 threads, pin core: releasing is no loss around calls of 100 ns.");
    verdict.break_even = (struct estimate){INFINITY, INFINITY, INFINITY, 6};
    says(&verdict,
         "With 2 threads, pin core: do not release around calls of 100 ns: it is a loss.");
    verdict.break_even = (struct estimate){1e-7, 1e-7, INFINITY, 6};
    says(&verdict,
         "With 2 threads, pin core: the blocks disagree whether releasing is a loss around "
         "calls of 100 ns; more blocks (--reps) or a quieter machine may tell.");
    sweep.length = LENGTHS;
}

static void test_fewer_blocks_than_an_interval_needs(void **state)
{
    struct verdict verdict = made_up((struct estimate){12e-6, 8e-6, 15e-6, 2});

    (void)state;
    says(&verdict,
         "With 2 threads, pin core: from which length on releasing pays cannot be told "
         "(range of 2 blocks: 8.00 us to 15.0 us); more blocks (--reps) or a quieter "
         "machine may tell.");
}

static void test_one_thread(void **state)
{
    struct verdict verdict = made_up((struct estimate){0, 0, 0, 0});

    (void)state;
    verdict.threads = 1;
    verdict.cost_s = (struct estimate){41e-9, 39e-9, 43e-9, 6};
    says(&verdict, "With 1 thread, pin core: there is nothing to gain, and releasing costs "
                   "41.0 ns a call (95 %: 39.0 ns to 43.0 ns).");
    verdict.cost_s = (struct estimate){1e-9, -3e-9, 5e-9, 6};
    says(&verdict, "With 1 thread, pin core: releasing costs a call nothing that shows "
                   "(95 %: -3.0 ns to 5.0 ns).");
    verdict.drifting = 3;
    says(&verdict,
         "With 1 thread, pin core: releasing costs a call nothing that shows (95 %: -3.0 ns to "
         "5.0 ns). 3 of 48 repetitions drifted: not the same from their first to their last "
         "part.");
}

static void test_costs_that_cannot_be_told(void **state)
{
    struct verdict verdict = made_up((struct estimate){0, 0, 0, 0});

    (void)state;
    verdict.threads = 1;
    verdict.cost_s = (struct estimate){5e-6, -16e-6, 26e-6, 6};
    says(&verdict,
         "With 1 thread, pin core: the blocks disagree on what releasing costs a call "
         "(95 %: -16.0 us to 26.0 us).");
    verdict.cost_s = (struct estimate){5e-6, 1e-6, 26e-6, 6};
    says(&verdict, "With 1 thread, pin core: there is nothing to gain, and releasing costs "
                   "5.00 us a call (95 %: 1.00 us to 26.0 us).");
    verdict.cost_s = (struct estimate){-30e-9, -40e-9, -20e-9, 6};
    says(&verdict, "With 1 thread, pin core: a call that releases takes 30.0 ns less (95 %: "
                   "-40.0 ns to -20.0 ns).");
}

static void test_one_core(void **state)
{
    struct verdict verdict = made_up((struct estimate){12e-6, 12e-6, 12e-6, 6});

    (void)state;
    verdict.possible = 1;
    verdict.break_even.n = 0;
    verdict.worst_ratio = (struct estimate){0.5, 0.4, 0.6, 6};
    says(&verdict, "With 2 threads, pin core: with one usable PU there is nothing to gain.");
    verdict.worst_certain = true;
    says(&verdict, "With 2 threads, pin core: with one usable PU there is nothing to gain; "
                   "around calls of "
                   "100 ns releasing makes them 2.0 times slower than not releasing.");
}

static void test_other_units_have_the_time_beside_them(void **state)
{
    static const struct kernel bytes = {.unit = "byte"}, elements = {.unit = "element"};
    static const struct interpreter any;
    static const struct system python = {.name = "cpython-3.11", .interpreter = &any};
    struct verdict verdict = made_up((struct estimate){40.96e-6, 40.96e-6, 40.96e-6, 6});

    (void)state;
    verdict.system = &python;
    sweep.kernel = &bytes;
    says(&verdict, "cpython-3.11, with 2 threads, pin core: release around calls on more than "
                   "40.0 KiB (41.0 us).");
    sweep.kernel = &elements;
    says(&verdict, "cpython-3.11, with 2 threads, pin core: release around calls on more than "
                   "41.0k elements (41.0 us).");
    sweep.kernel = &kernel_countdown;
}

static void check_units(double units, const char *unit, const char *expected)
{
    char text[48];

    format_units(text, sizeof text, units, unit);
    assert_string_equal(text, expected);
}

static void test_units_for_people(void **state)
{
    (void)state;
    check_units(1, "byte", "1 byte");
    check_units(512, "byte", "512 bytes");
    check_units(4096, "byte", "4.0 KiB");
    check_units(3 << 20, "byte", "3.0 MiB");
    check_units(1, "element", "1 element");
    check_units(3, "element", "3 elements");
    check_units(40000, "element", "40.0k elements");
}

#define WITH_SAMPLES(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_SAMPLES(test_what_is_clear_is_found),
        WITH_SAMPLES(test_one_thread_has_a_cost_and_no_break_even),
        WITH_SAMPLES(test_blocks_that_are_not_complete_do_not_count),
        WITH_SAMPLES(test_drifting_repetitions_are_counted),
        WITH_SAMPLES(test_no_gain_is_possible_on_one_core),
        WITH_SAMPLES(test_the_worst_of_many_is_certain_only_with_company),
        cmocka_unit_test(test_a_break_even_with_its_worst_case),
        cmocka_unit_test(test_a_worst_case_that_is_not_certain_is_not_told),
        cmocka_unit_test(test_always_and_never),
        cmocka_unit_test(test_intervals_too_wide_to_act_on),
        cmocka_unit_test(test_what_cannot_be_told),
        cmocka_unit_test(test_one_length_alone),
        cmocka_unit_test(test_fewer_blocks_than_an_interval_needs),
        cmocka_unit_test(test_one_thread),
        cmocka_unit_test(test_one_core),
        cmocka_unit_test(test_costs_that_cannot_be_told),
        cmocka_unit_test(test_other_units_have_the_time_beside_them),
        cmocka_unit_test(test_units_for_people),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    alarm(600); /* a hang is a failure */
    return cmocka_run_group_tests_name("breakeven", tests, NULL, NULL);
}
