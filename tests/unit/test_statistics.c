/* Medians, their intervals, the serial fraction, progress and drift: against values computed
 * by hand or taken from tables. */
#include "gilscope/runner.h"
#include "gilscope/statistics.h"
#include "gilscope/summary.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <unistd.h>

#include <cmocka.h>

#define LENGTH(array) (sizeof(array) / sizeof *(array))

static void assert_near(double value, double expected)
{
    if (!(fabs(value - expected) <= 1e-12 * fmax(1, fabs(expected)))) {
        fail_msg("%.17g is not %.17g", value, expected);
    }
}

/* The largest k with P(binomial(n, 1/2) <= k) <= 2.5 %, by exact integers. One more is the
 * rank in the usual tables of the sign test, which count from 1: 1 for n = 6 … 8, 2 for
 * 9 … 11, 3 for 12 … 14, 8 for 25. */
static void test_ranks_up_to_30_as_in_the_tables(void **state)
{
    static const size_t rank[] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 2, 2, 2, 3,
                                  3, 4, 4, 4, 5, 5, 5, 6, 6, 7, 7, 7, 8, 8, 9};
    (void)state;
    for (size_t n = 0; n < LENGTH(rank); n++) {
        if (interval_rank(n) != rank[n]) {
            fail_msg("n = %zu: rank %zu, not %zu", n, interval_rank(n), rank[n]);
        }
    }
}

static void test_ranks_of_large_samples(void **state)
{
    static const struct {
        size_t n, rank;
    } exact[] = {{50, 17},    {100, 39},   {200, 85},    {500, 227},
                 {1000, 468}, {2000, 955}, {10000, 4901}};
    (void)state;
    for (size_t i = 0; i < LENGTH(exact); i++) {
        assert_int_equal(interval_rank(exact[i].n), exact[i].rank);
    }
}

static void test_median_of_an_odd_number(void **state)
{
    double values[] = {3, -1, 2};
    struct estimate estimate = estimate_median(values, 3);

    (void)state;
    assert_near(estimate.median, 2);
    assert_near(estimate.lo, -1);
    assert_near(estimate.hi, 3);
    assert_int_equal(estimate.n, 3);
}

static void test_median_of_an_even_number(void **state)
{
    double values[] = {4, 1, 3, 2};

    (void)state;
    assert_near(estimate_median(values, 4).median, 2.5);
}

static void test_median_of_one_and_of_none(void **state)
{
    double value = 7;
    struct estimate one = estimate_median(&value, 1), none = estimate_median(&value, 0);

    (void)state;
    assert_near(one.median, 7);
    assert_near(one.lo, 7);
    assert_near(one.hi, 7);
    assert_true(isnan(none.median) && isnan(none.lo) && isnan(none.hi));
    assert_int_equal(none.n, 0);
}

static void test_median_among_ties(void **state)
{
    double values[] = {5, 1, 5, 5, 9, 5};
    struct estimate estimate = estimate_median(values, 6);

    (void)state;
    assert_near(estimate.median, 5);
    assert_near(estimate.lo, 1);
    assert_near(estimate.hi, 9);
}

/* Eleven repetitions, the default: the second smallest and the second largest. */
static void test_interval_of_eleven(void **state)
{
    double values[] = {11, 3, 7, 1, 9, 5, 2, 10, 4, 8, 6};
    struct estimate estimate = estimate_median(values, 11);

    (void)state;
    assert_near(estimate.median, 6);
    assert_near(estimate.lo, 2);
    assert_near(estimate.hi, 10);
}

static void test_one_outlier_changes_nothing(void **state)
{
    double values[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 1e9};
    struct estimate estimate = estimate_median(values, 11);

    (void)state;
    assert_near(estimate.median, 6);
    assert_near(estimate.hi, 10);
}

static void test_half_width_as_a_share_of_the_median(void **state)
{
    (void)state;
    assert_near(relative_half_width((struct estimate){2, 1.9, 2.1, 11}), 0.05);
    assert_near(relative_half_width((struct estimate){2, 2, 2, 11}), 0);
}

/* e = (1/S - 1/p) / (1 - 1/p). By hand: S = 2, p = 4: (1/2 - 1/4) / (3/4) = 1/3. */
static void test_karp_flatt_by_hand(void **state)
{
    (void)state;
    assert_near(karp_flatt(2, 4), 1.0 / 3);
    assert_near(karp_flatt(4, 4), 0);  /* all of it parallel */
    assert_near(karp_flatt(1, 2), 1);  /* all of it serial */
    assert_near(karp_flatt(1, 64), 1); /* … with any number */
    assert_near(karp_flatt(1.5, 2), 1.0 / 3);
    assert_near(karp_flatt(0.5, 2), 3);     /* slower than serial: above 1 */
    assert_near(karp_flatt(6.25, 8), 0.04); /* (0.16 - 0.125) / 0.875 */
    assert_near(karp_flatt(2.5, 2), -0.2);  /* superlinear: below 0 */
    assert_true(isnan(karp_flatt(1, 1)));
    assert_true(isnan(karp_flatt(1, 0)));
}

static uint64_t units_of(const struct progress *progress)
{
    uint64_t sum = 0;

    for (int w = 0; w < PROGRESS_WINDOWS; w++) {
        sum += progress->units[w];
    }
    return sum;
}

static void test_progress_goes_into_the_window_of_now(void **state)
{
    struct progress progress = {.width_s = 1};

    (void)state;
    progress_enter(&progress, 0.5, 10);
    progress_enter(&progress, 0.9, 15);
    progress_enter(&progress, 3.0, 40);
    assert_int_equal(progress.units[0], 15);
    assert_int_equal(progress.units[1], 0);
    assert_int_equal(progress.units[2], 0);
    assert_int_equal(progress.units[3], 25);
    assert_int_equal(progress.seen, 40);
}

static void test_widening_joins_neighbours(void **state)
{
    struct progress progress = {.width_s = 1, .seen = 99};

    (void)state;
    for (unsigned w = 0; w < PROGRESS_WINDOWS; w++) {
        progress.units[w] = w;
    }
    progress_widen(&progress);
    assert_near(progress.width_s, 2);
    for (unsigned w = 0; w < PROGRESS_WINDOWS / 2; w++) {
        assert_int_equal(progress.units[w], 4 * w + 1); /* 2w + (2w + 1) */
        assert_int_equal(progress.units[PROGRESS_WINDOWS / 2 + w], 0);
    }
}

static void test_a_longer_run_widens_and_loses_nothing(void **state)
{
    struct progress progress = {.width_s = 1};

    (void)state;
    for (unsigned t = 0; t < PROGRESS_WINDOWS; t++) {
        progress_enter(&progress, t, 3 * (t + 1));
    }
    assert_near(progress.width_s, 1);
    progress_enter(&progress, PROGRESS_WINDOWS, 1000); /* the first time past the end */
    assert_near(progress.width_s, 2);
    assert_int_equal(progress.units[0], 6);
    assert_int_equal(progress.units[PROGRESS_WINDOWS / 2], 1000 - 3 * PROGRESS_WINDOWS);
    progress_enter(&progress, 1000, 1001); /* and far past it: 64 × 32 > 1000 > 32 × 32 - 32 */
    assert_near(progress.width_s, 32);
    assert_int_equal(progress.units[31], 1);
    assert_int_equal(units_of(&progress), 1001);
}

/* A worker that did `early` units in each window of the first half, then `late`. */
static struct worker worker_doing(uint64_t early, uint64_t late, int windows, double width_s)
{
    struct worker worker = {.progress = {.width_s = width_s}};
    uint64_t done = 0;

    for (int w = 0; w < windows; w++) {
        done += w < windows / 2 ? early : late;
        progress_enter(&worker.progress, (w + 0.5) * width_s, done);
    }
    return worker;
}

static void test_steady_progress_does_not_drift(void **state)
{
    struct worker workers[] = {worker_doing(100, 100, 24, 1), worker_doing(70, 70, 24, 1)};

    (void)state;
    assert_near(progress_drift(workers, 2, 24), 0);
}

static void test_speeding_up_and_slowing_down(void **state)
{
    struct worker faster = worker_doing(100, 150, 24, 1);
    struct worker slower = worker_doing(100, 50, 24, 1);

    (void)state;
    assert_near(progress_drift(&faster, 1, 24), 0.5);
    assert_near(progress_drift(&slower, 1, 24), -0.5);
}

/* What one thread loses and the other gains is no drift of the run. */
static void test_drift_is_that_of_all_workers_together(void **state)
{
    struct worker workers[] = {worker_doing(100, 0, 24, 1), worker_doing(0, 100, 24, 1)};

    (void)state;
    assert_near(progress_drift(workers, 2, 24), 0);
}

static void test_too_short_for_drift(void **state)
{
    struct worker seven = worker_doing(100, 200, 7, 1), eight = worker_doing(100, 200, 8, 1);

    (void)state;
    assert_true(isnan(progress_drift(&seven, 1, 7.9)));
    assert_near(progress_drift(&eight, 1, 8), 1);
}

static void test_last_window_is_left_out_while_it_is_not_full(void **state)
{
    struct worker worker = worker_doing(100, 100, 16, 1);

    (void)state;
    progress_enter(&worker.progress, 16.05, 1605);
    assert_near(progress_drift(&worker, 1, 16.05), 0);
}

/* The quarters reach to both ends: only the first and the last window differ here. */
static void test_drift_compares_the_outermost_quarters(void **state)
{
    struct worker worker = {
        .progress = {.width_s = 1, .units = {300, 100, 7, 7, 7, 7, 100, 700}}};

    (void)state;
    assert_near(progress_drift(&worker, 1, 8), 1); /* (100 + 700) / (300 + 100) - 1 */
}

static void test_windows_of_different_widths_are_brought_together(void **state)
{
    struct worker workers[] = {worker_doing(100, 100, 32, 1), worker_doing(200, 200, 16, 2)};

    (void)state;
    assert_near(progress_drift(workers, 2, 32), 0);
    assert_near(workers[0].progress.width_s, 2);
    assert_near(workers[1].progress.width_s, 2);
    assert_int_equal(units_of(&workers[0].progress), 3200);
}

static void test_a_start_without_progress_counts_as_drift(void **state)
{
    struct worker worker = worker_doing(0, 100, 24, 1);

    (void)state;
    assert_true(progress_drift(&worker, 1, 24) > DRIFT_LIMIT);
}

/* A plan of a baseline and one case, two threads. */
static struct plan_case two_cases[] = {
    {.threads = 1, .baseline = 0},
    {.threads = 2, .baseline = 0},
};
static const struct plan two = {.length = 2, .cases = two_cases};

static struct sample sample_of(uint64_t count, double wall_s)
{
    return (struct sample){.measured = true,
                           .count = count,
                           .wall_s = wall_s,
                           .cpu_s = 2 * wall_s,
                           .startup_s = wall_s / 4,
                           .handoffs = 8,
                           .voluntary_switches = 3,
                           .involuntary_switches = 1};
}

static void test_summary_of_three_repetitions_by_hand(void **state)
{
    struct samples samples;
    struct error error;
    double scratch[3];

    (void)state;
    assert_true(samples_make(&samples, &two, 3, &error));
    /* Speedups 1.5, 1.6, 1.4, although the baseline itself goes from 100 to 400 a second. */
    *sample_at(&samples, 0, 0) = sample_of(100, 1);
    *sample_at(&samples, 0, 1) = sample_of(200, 1);
    *sample_at(&samples, 0, 2) = sample_of(400, 1);
    *sample_at(&samples, 1, 0) = sample_of(300, 2);
    *sample_at(&samples, 1, 1) = sample_of(640, 2);
    *sample_at(&samples, 1, 2) = sample_of(1120, 2);
    struct summary summary = summarise(&samples, 1, scratch);

    assert_int_equal(summary.reps, 3);
    assert_near(summary.wall_s, 2);
    assert_near(summary.rate, 320);
    assert_near(summary.speedup.median, 1.5);
    assert_near(summary.speedup.lo, 1.4);
    assert_near(summary.speedup.hi, 1.6);
    assert_near(summary.efficiency, 0.75);
    assert_near(summary.karp_flatt, 1.0 / 3);
    assert_near(summary.cores_busy, 2);
    assert_near(summary.handoffs_per_s, 4);
    assert_near(summary.switches_per_s, 2);
    assert_near(summary.startup_s, 0.5);
    assert_true(summary.noisy);
    samples_free(&samples);
}

static void test_summary_without_a_baseline_has_no_speedup(void **state)
{
    struct samples samples;
    struct error error;
    double scratch[2];

    (void)state;
    assert_true(samples_make(&samples, &two, 2, &error));
    *sample_at(&samples, 1, 0) = sample_of(300, 2);
    *sample_at(&samples, 0, 1) = sample_of(100, 1); /* of another block: no pair */
    struct summary summary = summarise(&samples, 1, scratch);

    assert_true(isnan(paired_speedup(&samples, 1, 0)));
    assert_int_equal(summary.reps, 1);
    assert_true(isnan(summary.speedup.median));
    assert_near(summary.rate, 150);
    samples_free(&samples);
}

static void test_summary_of_nothing(void **state)
{
    struct samples samples;
    struct error error;
    double scratch[4];

    (void)state;
    assert_true(samples_make(&samples, &two, 4, &error));
    struct summary summary = summarise(&samples, 1, scratch);

    assert_int_equal(summary.reps, 0);
    assert_true(isnan(summary.speedup.median));
    assert_false(summary.noisy);
    assert_false(summary.drifts);
    samples_free(&samples);
}

static void test_drifts_where_half_of_the_repetitions_do(void **state)
{
    static const double drift[] = {0.2, -0.2, 0.05, NAN};
    struct samples samples;
    struct error error;
    double scratch[5];

    (void)state;
    assert_true(samples_make(&samples, &two, 5, &error));
    for (unsigned rep = 0; rep < 4; rep++) {
        *sample_at(&samples, 1, rep) = sample_of(100, 1);
        sample_at(&samples, 1, rep)->drift = drift[rep];
    }
    assert_int_equal(summarise(&samples, 1, scratch).drifting, 2);
    assert_true(summarise(&samples, 1, scratch).drifts);
    *sample_at(&samples, 1, 4) = sample_of(100, 1); /* two of five: less than half */
    assert_false(summarise(&samples, 1, scratch).drifts);
    samples_free(&samples);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ranks_up_to_30_as_in_the_tables),
        cmocka_unit_test(test_ranks_of_large_samples),
        cmocka_unit_test(test_median_of_an_odd_number),
        cmocka_unit_test(test_median_of_an_even_number),
        cmocka_unit_test(test_median_of_one_and_of_none),
        cmocka_unit_test(test_median_among_ties),
        cmocka_unit_test(test_interval_of_eleven),
        cmocka_unit_test(test_one_outlier_changes_nothing),
        cmocka_unit_test(test_half_width_as_a_share_of_the_median),
        cmocka_unit_test(test_karp_flatt_by_hand),
        cmocka_unit_test(test_progress_goes_into_the_window_of_now),
        cmocka_unit_test(test_widening_joins_neighbours),
        cmocka_unit_test(test_a_longer_run_widens_and_loses_nothing),
        cmocka_unit_test(test_steady_progress_does_not_drift),
        cmocka_unit_test(test_speeding_up_and_slowing_down),
        cmocka_unit_test(test_drift_is_that_of_all_workers_together),
        cmocka_unit_test(test_too_short_for_drift),
        cmocka_unit_test(test_last_window_is_left_out_while_it_is_not_full),
        cmocka_unit_test(test_drift_compares_the_outermost_quarters),
        cmocka_unit_test(test_windows_of_different_widths_are_brought_together),
        cmocka_unit_test(test_a_start_without_progress_counts_as_drift),
        cmocka_unit_test(test_summary_of_three_repetitions_by_hand),
        cmocka_unit_test(test_summary_without_a_baseline_has_no_speedup),
        cmocka_unit_test(test_summary_of_nothing),
        cmocka_unit_test(test_drifts_where_half_of_the_repetitions_do),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    alarm(600); /* a hang is a failure */
    return cmocka_run_group_tests_name("statistics", tests, NULL, NULL);
}
