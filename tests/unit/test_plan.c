/* The split of the work, and the plan: which cases, with how many threads, in which order. */
#include "gilscope/plan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* All shares of a count: they add up, and differ by one at most. */
static void check_shares(uint64_t count, unsigned parts)
{
    uint64_t sum = 0, least = UINT64_MAX, most = 0;

    for (unsigned i = 0; i < parts; i++) {
        uint64_t share = share_of(count, parts, i);
        if (share > UINT64_MAX - sum) {
            fail_msg("%llu in %u parts: too much", (unsigned long long)count, parts);
        }
        sum += share;
        least = share < least ? share : least;
        most = share > most ? share : most;
    }
    if (sum != count || most - least > 1) {
        fail_msg("%llu in %u parts: sum %llu, shares from %llu to %llu",
                 (unsigned long long)count, parts, (unsigned long long)sum,
                 (unsigned long long)least, (unsigned long long)most);
    }
}

static void test_shares_for_all_remainders(void **state)
{
    (void)state;
    for (unsigned parts = 1; parts <= 64; parts++) {
        for (uint64_t count = 0; count <= 3 * parts; count++) {
            check_shares(count, parts);
            check_shares(10000000 + count, parts);
            check_shares((uint64_t)parts << 50 | count, parts);
        }
    }
}

static void test_shares_at_the_limits(void **state)
{
    static const unsigned parts[] = {1, 2, 3, 7, 64, 4096, TASKS_MAX};
    (void)state;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        check_shares(0, parts[i]);
        check_shares(1, parts[i]);
        check_shares(parts[i] - 1, parts[i]);
        check_shares(UINT64_MAX, parts[i]);
        check_shares(UINT64_MAX - 1, parts[i]);
    }
}

static void check_default_threads(unsigned pus, unsigned cores, const char *expected)
{
    struct machine_facts facts = {.pus = pus, .cores = cores};
    struct thread_list list;
    char seen[256] = "";
    size_t length = 0;

    default_threads(&facts, &list);
    for (size_t i = 0; i < list.length; i++) {
        length += (size_t)snprintf(seen + length, sizeof seen - length, "%s%u",
                                   i > 0 ? " " : "", list.values[i]);
        assert_true(length < sizeof seen);
    }
    assert_string_equal(seen, expected);
}

static void test_default_threads_of_small_machines(void **state)
{
    (void)state;
    check_default_threads(1, 1, "1 2 3 4"); /* never less than 4 */
    check_default_threads(2, 2, "1 2 3 4");
    check_default_threads(2, 1, "1 2 3 4");
    check_default_threads(3, 3, "1 2 3 4");
    check_default_threads(4, 4, "1 2 3 4");
    check_default_threads(6, 6, "1 2 3 4 5 6");
    check_default_threads(8, 4, "1 2 3 4 5 6 7 8");
    check_default_threads(8, 8, "1 2 3 4 5 6 7 8");
}

static void test_default_threads_past_eight(void **state)
{
    (void)state;
    check_default_threads(12, 12, "1 2 3 4 5 6 7 8 12");
    check_default_threads(16, 16, "1 2 3 4 5 6 7 8 16");
    check_default_threads(24, 12, "1 2 3 4 5 6 7 8 12 16 24"); /* the cores are a point */
    check_default_threads(128, 64, "1 2 3 4 5 6 7 8 16 32 64 128");
    check_default_threads(192, 96, "1 2 3 4 5 6 7 8 16 32 64 96 128 192");
}

static void test_default_threads_at_the_limit(void **state)
{
    (void)state;
    check_default_threads(4096, 4096, "1 2 3 4 5 6 7 8 16 32 64 128 256 512 1024 2048 4096");
    check_default_threads(10000, 5000, "1 2 3 4 5 6 7 8 16 32 64 128 256 512 1024 2048 4096");
}

/* The bit of a variant. */
static unsigned bit(const char *name)
{
    for (unsigned v = 0; v < variant_count; v++) {
        if (strcmp(variants[v]->name, name) == 0) {
            return 1u << v;
        }
    }
    fail_msg("no variant is named %s", name);
    return 0;
}

static const struct machine_facts two_cores = {.pus = 2, .cores = 2};

static void make_plan(struct plan *plan, const struct settings *settings)
{
    struct error error = {0};

    if (!plan_make(plan, settings, &two_cores, &error)) {
        fail_msg("%s", error.text);
    }
}

static bool is_case(const struct plan_case *each, const char *variant, unsigned threads)
{
    return strcmp(each->variant->name, variant) == 0 && each->threads == threads;
}

static void test_first_variant_is_the_baseline(void **state)
{
    (void)state;
    assert_string_equal(variants[0]->name, "serial");
    assert_true(variants[0]->one_thread);
}

static void test_all_variants_and_the_serial_one_once(void **state)
{
    struct settings settings = {.variants = ~0u,
                                .pins = 1,
                                .threads = {.length = 3, .values = {1, 2, 4}},
                                .kernel = &kernel_countdown,
                                .call = 10};
    struct plan plan;

    (void)state;
    make_plan(&plan, &settings);
    assert_int_equal(plan.length, 1 + 3 * (variant_count - 1));
    assert_int_equal(plan.threads_max, 4);
    assert_true(is_case(&plan.cases[0], "serial", 1));
    for (size_t c = 1; c < plan.length; c++) {
        assert_ptr_equal(plan.cases[c].variant, variants[1 + (c - 1) / 3]);
        assert_int_equal(plan.cases[c].threads, settings.threads.values[(c - 1) % 3]);
    }
    plan_free(&plan);
}

static void test_baseline_is_there_though_nobody_asked(void **state)
{
    struct settings settings = {.variants = bit("nogil") | bit("gil"),
                                .pins = 1,
                                .threads = {.length = 1, .values = {2}}};
    struct plan plan;

    (void)state;
    make_plan(&plan, &settings);
    assert_int_equal(plan.length, 3);
    assert_true(is_case(&plan.cases[0], "serial", 1));
    assert_true(is_case(&plan.cases[1], "gil", 2));
    assert_true(is_case(&plan.cases[2], "nogil", 2));
    plan_free(&plan);
}

static void test_each_pin_policy_has_a_baseline_of_its_own(void **state)
{
    struct settings settings = {
        .variants = bit("nogil"), .pins = ~0u, .threads = {.length = 2, .values = {1, 2}}};
    struct plan plan;

    (void)state;
    make_plan(&plan, &settings);
    assert_int_equal(plan.length, 3 * pin_policy_count);
    for (size_t c = 0; c < plan.length; c++) {
        const struct plan_case *baseline = &plan.cases[plan.cases[c].baseline];
        assert_ptr_equal(plan.cases[c].pin, &pin_policies[c / 3]);
        assert_true(is_case(baseline, "serial", 1));
        assert_ptr_equal(baseline->pin, plan.cases[c].pin);
    }
    plan_free(&plan);
}

static void test_only_the_pin_policies_asked_for(void **state)
{
    struct settings settings = {
        .variants = bit("gil"), .pins = 1u << 2, .threads = {.length = 1, .values = {1}}};
    struct plan plan;

    (void)state;
    make_plan(&plan, &settings);
    assert_int_equal(plan.length, 2);
    assert_ptr_equal(plan.cases[0].pin, &pin_policies[2]);
    assert_ptr_equal(plan.cases[1].pin, &pin_policies[2]);
    plan_free(&plan);
}

static void test_more_threads_than_pus_are_oversubscribed(void **state)
{
    struct settings settings = {
        .variants = bit("nogil"), .pins = 1, .threads = {.length = 3, .values = {1, 2, 3}}};
    struct plan plan;

    (void)state;
    make_plan(&plan, &settings);
    assert_false(plan.cases[0].oversubscribed);
    assert_false(plan.cases[1].oversubscribed);
    assert_false(plan.cases[2].oversubscribed); /* 2 threads, 2 PUs */
    assert_true(plan.cases[3].oversubscribed);
    plan_free(&plan);
}

static void test_four_tasks_a_thread_unless_told_otherwise(void **state)
{
    struct settings settings = {
        .variants = bit("pool"), .pins = 1, .threads = {.length = 2, .values = {1, 3}}};
    struct plan plan;

    (void)state;
    make_plan(&plan, &settings);
    assert_int_equal(plan.cases[1].tasks, 4);
    assert_int_equal(plan.cases[2].tasks, 12);
    assert_int_equal(plan.tasks_max, 12);
    plan_free(&plan);

    settings.tasks = 7;
    make_plan(&plan, &settings);
    assert_int_equal(plan.cases[1].tasks, 7);
    assert_int_equal(plan.cases[2].tasks, 7);
    assert_int_equal(plan.tasks_max, 7);
    plan_free(&plan);
}

static void test_threads_by_default_fit_the_machine(void **state)
{
    struct settings settings = {.variants = bit("gil"), .pins = 1};
    struct plan plan;

    (void)state;
    make_plan(&plan, &settings);
    assert_int_equal(plan.length, 1 + 4);
    assert_int_equal(plan.threads_max, 4);
    plan_free(&plan);
}

enum { CASES = 7 };

static void test_shuffled_order_is_a_permutation(void **state)
{
    uint64_t random = 42;

    (void)state;
    for (size_t n = 0; n <= 64; n++) {
        size_t order[64];
        bool seen[64] = {false};
        plan_shuffle(order, n, &random);
        for (size_t i = 0; i < n; i++) {
            assert_true(order[i] < n && !seen[order[i]]);
            seen[order[i]] = true;
        }
    }
}

static void test_same_seed_same_order(void **state)
{
    uint64_t one = 12345, other = 12345, different = 12346;
    size_t a[64], b[64], c[64];

    (void)state;
    plan_shuffle(a, 64, &one);
    plan_shuffle(b, 64, &other);
    plan_shuffle(c, 64, &different);
    assert_memory_equal(a, b, sizeof a);
    assert_memory_not_equal(a, c, sizeof a);
    plan_shuffle(b, 64, &other); /* the next block's order is another one */
    assert_memory_not_equal(a, b, sizeof a);
}

/* SplitMix64 from 1, computed by another program: a seed means the same order everywhere. */
static void test_order_of_a_seed_is_known(void **state)
{
    static const size_t expected[] = {9, 4, 5, 3, 1, 7, 2, 0, 6, 8};
    size_t order[10];
    uint64_t random = 1;

    (void)state;
    plan_shuffle(order, 10, &random);
    assert_memory_equal(order, expected, sizeof order);
}

static void test_every_case_comes_at_every_place(void **state)
{
    unsigned seen[CASES][CASES] = {{0}};

    (void)state;
    for (uint64_t seed = 1; seed <= 1000; seed++) {
        size_t order[CASES];
        uint64_t random = seed;
        plan_shuffle(order, CASES, &random);
        for (size_t i = 0; i < CASES; i++) {
            seen[order[i]][i]++;
        }
    }
    /* 143 expected. The seeds are fixed, so this is no gamble. */
    for (size_t c = 0; c < CASES; c++) {
        for (size_t i = 0; i < CASES; i++) {
            assert_in_range(seen[c][i], 100, 190);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shares_for_all_remainders),
        cmocka_unit_test(test_shares_at_the_limits),
        cmocka_unit_test(test_default_threads_of_small_machines),
        cmocka_unit_test(test_default_threads_past_eight),
        cmocka_unit_test(test_default_threads_at_the_limit),
        cmocka_unit_test(test_first_variant_is_the_baseline),
        cmocka_unit_test(test_all_variants_and_the_serial_one_once),
        cmocka_unit_test(test_baseline_is_there_though_nobody_asked),
        cmocka_unit_test(test_each_pin_policy_has_a_baseline_of_its_own),
        cmocka_unit_test(test_only_the_pin_policies_asked_for),
        cmocka_unit_test(test_more_threads_than_pus_are_oversubscribed),
        cmocka_unit_test(test_four_tasks_a_thread_unless_told_otherwise),
        cmocka_unit_test(test_threads_by_default_fit_the_machine),
        cmocka_unit_test(test_shuffled_order_is_a_permutation),
        cmocka_unit_test(test_same_seed_same_order),
        cmocka_unit_test(test_order_of_a_seed_is_known),
        cmocka_unit_test(test_every_case_comes_at_every_place),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    alarm(600); /* a hang is a failure */
    return cmocka_run_group_tests_name("plan", tests, NULL, NULL);
}
