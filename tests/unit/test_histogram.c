/* Histograms of durations: against the exact values. */
#include "gilscope/histogram.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

static int ascending(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static void test_buckets_follow_each_other_and_are_narrow(void **state)
{
    (void)state;
    for (size_t b = 0; b < HISTOGRAM_BUCKETS; b++) {
        uint64_t from = histogram_from(b), to = histogram_from(b + 1);
        assert_true(to > from);
        assert_int_equal(histogram_bucket(from), b);
        assert_int_equal(histogram_bucket(to - 1), b);
        assert_true(to - from == 1 || (double)(to - from) <= (double)from / HISTOGRAM_STEPS);
    }
    assert_int_equal(histogram_from(0), 0);
    assert_true(histogram_from(HISTOGRAM_BUCKETS) == (uint64_t)1 << HISTOGRAM_BITS);
}

static void test_what_is_too_long_is_in_the_last_bucket(void **state)
{
    struct histogram *h = calloc(1, sizeof *h);
    (void)state;
    histogram_enter(h, UINT64_MAX);
    assert_int_equal(h->buckets[HISTOGRAM_BUCKETS - 1], 1);
    assert_true(h->longest_ns == UINT64_MAX);
    free(h);
}

static void test_quantiles_against_exact_values(void **state)
{
    enum { N = 20011 };
    static const double shares[] = {0.001, 0.25, 0.5, 0.9, 0.99, 0.999, 1};
    uint64_t *values = calloc(N, sizeof *values), random = 88172645463325252;
    struct histogram *h = calloc(1, sizeof *h);

    (void)state;
    for (size_t i = 0; i < N; i++) {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        /* Over eight decades, as a tail is. */
        values[i] = (uint64_t)pow(10, 1 + 8 * (double)(random >> 11) / 9007199254740992.0);
        histogram_enter(h, values[i]);
    }
    qsort(values, N, sizeof *values, ascending);
    for (size_t i = 0; i < sizeof shares / sizeof *shares; i++) {
        double exact = (double)values[(size_t)ceil(shares[i] * N) - 1] * 1e-9;
        assert_true(fabs(histogram_quantile(h, shares[i]) / exact - 1) <=
                    0.5 / HISTOGRAM_STEPS);
    }
    assert_true(histogram_quantile(h, 1) == (double)values[N - 1] * 1e-9);
    free(h);
    free(values);
}

static void test_of_few_values_the_tail_is_the_longest(void **state)
{
    struct histogram *h = calloc(1, sizeof *h);
    (void)state;
    assert_true(isnan(histogram_quantile(h, 0.5)));
    for (uint64_t i = 1; i <= 10; i++) {
        histogram_enter(h, i);
    }
    assert_true(fabs(histogram_quantile(h, 0.5) / 5e-9 - 1) < 1e-9);
    assert_true(fabs(histogram_quantile(h, 0.9) / 9e-9 - 1) < 1e-9);
    assert_true(fabs(histogram_quantile(h, 0.99) / 10e-9 - 1) < 1e-9);
    free(h);
}

static void test_beside_the_longest_stands_the_middle_of_its_bucket(void **state)
{
    struct histogram *h = calloc(1, sizeof *h);
    size_t b = histogram_bucket(1000000);
    uint64_t from = histogram_from(b), last = histogram_from(b + 1) - 1;
    (void)state;
    for (int i = 0; i < 9; i++) {
        histogram_enter(h, from);
    }
    histogram_enter(h, last);
    assert_true(fabs(histogram_quantile(h, 0.5) / ((double)(from + last) / 2e9) - 1) < 1e-9);
    assert_true(fabs(histogram_quantile(h, 1) / ((double)last * 1e-9) - 1) < 1e-9);
    histogram_clear(h);
    for (int i = 0; i < 9; i++) {
        histogram_enter(h, from); /* below the middle, and none above it */
    }
    assert_true(fabs(histogram_quantile(h, 0.5) / ((double)from * 1e-9) - 1) < 1e-9);
    free(h);
}

static void test_adding_is_as_entering_all(void **state)
{
    struct histogram *all = calloc(3, sizeof *all), *a = all + 1, *b = all + 2;
    (void)state;
    for (uint64_t i = 0; i < 1000; i++) {
        histogram_enter(all, i * i);
        histogram_enter(i % 3 == 0 ? a : b, i * i);
    }
    histogram_add(a, b);
    assert_memory_equal(a, all, sizeof *a);
    histogram_clear(a);
    assert_true(a->count == 0 && isnan(histogram_quantile(a, 1)));
    free(all);
}

static void test_many_are_as_many_single_ones(void **state)
{
    struct histogram *one_by_one = calloc(2, sizeof *one_by_one), *many = one_by_one + 1;
    (void)state;
    for (uint64_t ns = 1; ns < 1000000; ns *= 7) {
        for (uint64_t i = 0; i < ns % 10; i++) {
            histogram_enter(one_by_one, ns);
        }
        histogram_enter_many(many, ns, ns % 10);
    }
    histogram_enter_many(many, UINT64_MAX, 0); /* none, however long */
    assert_memory_equal(many, one_by_one, sizeof *many);
    free(one_by_one);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_buckets_follow_each_other_and_are_narrow),
        cmocka_unit_test(test_what_is_too_long_is_in_the_last_bucket),
        cmocka_unit_test(test_quantiles_against_exact_values),
        cmocka_unit_test(test_of_few_values_the_tail_is_the_longest),
        cmocka_unit_test(test_beside_the_longest_stands_the_middle_of_its_bucket),
        cmocka_unit_test(test_adding_is_as_entering_all),
        cmocka_unit_test(test_many_are_as_many_single_ones),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    alarm(600); /* a hang is a failure */
    return cmocka_run_group_tests_name("histogram", tests, NULL, NULL);
}
