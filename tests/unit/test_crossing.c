/* Where a curve over call lengths comes to a level for good. */
#include "gilscope/crossing.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static const double lengths[] = {1e-7, 1e-6, 1e-5, 1e-4};
enum { N = sizeof lengths / sizeof *lengths };

static void check(double found, double expected)
{
    if (!(fabs(found / expected - 1) < 1e-9)) {
        fail_msg("%g instead of %g", found, expected);
    }
}

static void test_one_crossing_is_interpolated_over_the_logarithm(void **state)
{
    static const double curve[N] = {0.5, 0.5, 1.5, 2};
    (void)state;
    /* Half-way between 1 us and 10 us on a logarithmic axis. */
    check(crossing(lengths, curve, N, 1), 1e-6 * sqrt(10));
    check(crossing(lengths, curve, N, 0.75), 1e-6 * pow(10, 0.25));
    check(crossing(lengths, curve, N, 1.5), 1e-5);
    check(crossing(lengths, curve, N, 2), 1e-4);
}

static void test_all_above_is_the_shortest(void **state)
{
    static const double curve[N] = {1, 1, 1.5, 1};
    (void)state;
    assert_true(crossing(lengths, curve, N, 1) == lengths[0]);
    assert_int_equal(crossing_outcome(crossing(lengths, curve, N, 1), lengths[0]),
                     CROSSES_ALWAYS);
}

static void test_all_below_is_never(void **state)
{
    static const double curve[N] = {0.1, 0.2, 0.3, 0.999};
    (void)state;
    assert_true(isinf(crossing(lengths, curve, N, 1)));
    assert_int_equal(crossing_outcome(crossing(lengths, curve, N, 1), lengths[0]),
                     CROSSES_NEVER);
}

static void test_of_several_crossings_the_last_counts(void **state)
{
    static const double curve[N] = {1.5, 0.5, 1.5, 1.5}, noisy[N] = {0.5, 1.2, 0.9, 1.1};
    (void)state;
    check(crossing(lengths, curve, N, 1), 1e-6 * sqrt(10));
    check(crossing(lengths, noisy, N, 1), 1e-5 * sqrt(10));
}

static void test_a_dip_at_the_end_is_never(void **state)
{
    static const double curve[N] = {1.5, 1.5, 1.5, 0.99};
    (void)state;
    assert_true(isinf(crossing(lengths, curve, N, 1)));
}

static void test_one_length(void **state)
{
    static const double above = 1.1, below = 0.9;
    (void)state;
    assert_true(crossing(lengths, &above, 1, 1) == lengths[0]);
    assert_true(isinf(crossing(lengths, &below, 1, 1)));
}

static void test_what_is_not_known_crosses_nowhere_known(void **state)
{
    static const double curve[N] = {0.5, NAN, 1.5, 2};
    (void)state;
    assert_true(isnan(crossing(lengths, curve, N, 1)));
    assert_true(isnan(crossing(lengths, curve, 0, 1)));
}

static void test_a_jump_to_infinity_is_at_its_foot(void **state)
{
    static const double curve[N] = {0.5, 0.5, INFINITY, INFINITY};
    (void)state;
    check(crossing(lengths, curve, N, 1), 1e-6);
}

/* Values that stand for "always" and "never" sort where they belong, and give no NAN. */
static void test_estimates_of_mixed_outcomes(void **state)
{
    double mostly[] = {INFINITY, 1e-7, 2e-6, 3e-6, 2e-6, 3e-6};
    double never[] = {INFINITY, INFINITY, INFINITY, INFINITY, INFINITY, INFINITY};
    double half[] = {1e-7, 1e-7, 1e-7, INFINITY, INFINITY, INFINITY};
    struct estimate estimate = estimate_median(mostly, 6);

    (void)state;
    check(estimate.median, 2.5e-6);
    assert_true(crossing_is_open(estimate, lengths[0]));
    estimate = estimate_median(never, 6);
    assert_true(isinf(estimate.lo) && isinf(estimate.median) && isinf(estimate.hi));
    assert_false(crossing_is_open(estimate, lengths[0]));
    estimate = estimate_median(half, 6);
    assert_true(isinf(estimate.median)); /* half of the blocks do not do for a promise */
    assert_true(crossing_is_open(estimate, lengths[0]));
}

static void test_intervals_that_are_bounded_on_one_side(void **state)
{
    (void)state;
    assert_false(crossing_is_open((struct estimate){2e-6, 1e-7, 3e-6, 6}, lengths[0]));
    assert_false(crossing_is_open((struct estimate){2e-6, 2e-6, INFINITY, 6}, lengths[0]));
}

static void test_logs_are_interpolated(void **state)
{
    (void)state;
    check(interpolate_logs(1e-6 * sqrt(10), 1e-6, 100, 1e-5, 1000), 100 * sqrt(10));
    check(interpolate_logs(1e-6, 1e-6, 100, 1e-5, 1000), 100);
    check(interpolate_logs(1e-6, 1e-6, 100, 1e-6, 1000), 100);
    assert_true(isinf(interpolate_logs(INFINITY, 1e-6, 100, 1e-5, 1000)));
}

static void check_ascending(const double *curve, const double *expected, size_t n)
{
    double made[8];

    memcpy(made, curve, n * sizeof *made);
    make_ascending(made, n);
    for (size_t i = 0; i < n; i++) {
        check(made[i], expected[i]);
    }
}

static void test_curves_made_ascending(void **state)
{
    (void)state;
    check_ascending((double[]){1, 2, 3}, (double[]){1, 2, 3}, 3);
    check_ascending((double[]){3, 2, 1}, (double[]){2, 2, 2}, 3);
    check_ascending((double[]){1, 1.8, 2, 1.9, 2.1, 1.7},
                    (double[]){1, 1.8, 1.925, 1.925, 1.925, 1.925}, 6);
    check_ascending((double[]){5}, (double[]){5}, 1);
    /* A pool that grows backwards. */
    check_ascending((double[]){2, 4, 1, 1}, (double[]){2, 2, 2, 2}, 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_crossing_is_interpolated_over_the_logarithm),
        cmocka_unit_test(test_all_above_is_the_shortest),
        cmocka_unit_test(test_all_below_is_never),
        cmocka_unit_test(test_of_several_crossings_the_last_counts),
        cmocka_unit_test(test_a_dip_at_the_end_is_never),
        cmocka_unit_test(test_one_length),
        cmocka_unit_test(test_what_is_not_known_crosses_nowhere_known),
        cmocka_unit_test(test_a_jump_to_infinity_is_at_its_foot),
        cmocka_unit_test(test_estimates_of_mixed_outcomes),
        cmocka_unit_test(test_intervals_that_are_bounded_on_one_side),
        cmocka_unit_test(test_logs_are_interpolated),
        cmocka_unit_test(test_curves_made_ascending),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    alarm(600); /* a hang is a failure */
    return cmocka_run_group_tests_name("crossing", tests, NULL, NULL);
}
