/* Numbers, times, lists and words from the command line. */
#include "gilscope/parse.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define LENGTH(array) (sizeof(array) / sizeof *(array))

struct good_count {
    const char *text;
    uint64_t value;
};

static void check_counts(const struct good_count *good, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        uint64_t value = 0;
        if (!parse_count(good[i].text, &value) || value != good[i].value) {
            fail_msg("'%s' gave %llu", good[i].text, (unsigned long long)value);
        }
    }
}

static void refuse_counts(const char *const *bad, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        uint64_t value = 42;
        if (parse_count(bad[i], &value)) {
            fail_msg("'%s' was taken for %llu", bad[i], (unsigned long long)value);
        }
        assert_int_equal(value, 42); /* left as it was */
    }
}

static void test_counts_in_all_their_forms(void **state)
{
    static const struct good_count good[] = {
        {"1", 1},
        {"007", 7},
        {"10000000", 10000000},
        {"10M", 10000000},
        {"1e7", 10000000},
        {"1E7", 10000000},
        {"1e+7", 10000000},
        {"1.5M", 1500000},
        {"1.5k", 1500},
        {"64k", 64000},
        {"64K", 64000},
        {"2G", 2000000000},
        {"3T", 3000000000000},
        {"1.0", 1},
        {"2.50e1", 25},
        {"0.001k", 1},
        {"1e3k", 1000000},
    };
    (void)state;
    check_counts(good, LENGTH(good));
}

static void test_counts_up_to_the_largest(void **state)
{
    static const struct good_count good[] = {
        {"18446744073709551609", 18446744073709551609u},
        {"18446744073709551610", 18446744073709551610u},
        {"18446744073709551615", UINT64_MAX},
        {"18446744073709551.615k", UINT64_MAX},
        {"1e19", 10000000000000000000u},
        {"18446744T", 18446744000000000000u},
    };
    static const char *const bad[] = {
        "18446744073709551616",
        "18446744073709551620",
        "99999999999999999999",
        "1e20",
        "1e99",
        "1e99999",
        "1e99999999999999999",
        "18446745T",
        "18446744073709551615k",
        "18446744073709551615e1",
        "100000000000000000000000000000000000000000",
    };
    (void)state;
    check_counts(good, LENGTH(good));
    refuse_counts(bad, LENGTH(bad));
}

static void test_counts_that_are_not_whole(void **state)
{
    static const char *const bad[] = {"1.5", "0.1", "1.0001k", "1e-3", "1e-0", "0.5"};
    (void)state;
    refuse_counts(bad, LENGTH(bad));
}

static void test_counts_below_one(void **state)
{
    static const char *const bad[] = {"0", "0.0", "0k", "0e9", "-1", "-0", "-1k"};
    (void)state;
    refuse_counts(bad, LENGTH(bad));
}

static void test_what_is_no_count(void **state)
{
    static const char *const bad[] = {
        "",    " ",    " 1",  "1 ",  "+1",    "0x10",  "10 M", "10MM",  "10Mi",
        "10m", "10kB", "1,5", "1_0", "1.",    ".5",    ".",    "1.2.3", "1.e3",
        "1e",  "1e+",  "e7",  "k",   "nan",   "NaN",   "inf",  "INF",   "infinity",
        "١",   "１",   "1\n", "--",  "1e1.5", "1e7e7", "1-2",
    };
    (void)state;
    refuse_counts(bad, LENGTH(bad));
}

static void test_times_in_all_their_units(void **state)
{
    static const struct {
        const char *text;
        double seconds;
    } good[] = {
        {"250ns", 250e-9},      {"520ns", 520e-9}, {"1us", 1e-6},      {"2.5µs", 2.5e-6},
        {"2.5\u03bcs", 2.5e-6}, {"5ms", 5e-3},     {"50ms", 50e-3},    {"1.5s", 1.5},
        {"1e3ms", 1},           {"1ns", 1e-9},     {"86400s", 86400},  {"1e9ns", 1},
        {"0.001us", 1e-9},      {"0.5ms", 5e-4},   {"8.64e4s", 86400},
    };
    (void)state;
    for (size_t i = 0; i < LENGTH(good); i++) {
        double seconds = NAN;
        if (!parse_time(good[i].text, &seconds) ||
            !(fabs(seconds - good[i].seconds) <= 1e-12 * good[i].seconds)) {
            fail_msg("'%s' gave %.17g s", good[i].text, seconds);
        }
    }
}

static void test_what_is_no_time(void **state)
{
    static const char *const bad[] = {
        "",       "5",
        "1e9",    "0ns",
        "0s",     "0.9ns",
        "86401s", "86400.1s",
        "1e9s",   "1e999s",
        "-5ms",   "+5ms",
        " 5ms",   "5 ms",
        "5ms ",   "5m",
        "5min",   "5S",
        "5MS",    "5msms",
        "ms",     "s",
        "1,5s",   ".5s",
        "1.s",    "1e-3s",
        "nans",   "infs",
        "nan",    "inf",
        "0x5ms",  "1e99999s",
        "5\xb5s", "99999999999999999999ns",
    };
    (void)state;
    for (size_t i = 0; i < LENGTH(bad); i++) {
        double seconds = 42;
        if (parse_time(bad[i], &seconds)) {
            fail_msg("'%s' was taken for %g s", bad[i], seconds);
        }
        assert_true(seconds == 42); /* left as it was */
    }
}

/* The list as text: "1 2 4". */
static void check_threads(const char *text, const char *expected)
{
    struct thread_list list;
    char seen[256] = "";
    size_t length = 0;

    if (!parse_threads(text, &list)) {
        fail_msg("'%s' was refused", text);
    }
    for (size_t i = 0; i < list.length; i++) {
        length += (size_t)snprintf(seen + length, sizeof seen - length, "%s%u",
                                   i > 0 ? " " : "", list.values[i]);
        assert_true(length < sizeof seen);
    }
    assert_string_equal(seen, expected);
}

static void test_thread_lists(void **state)
{
    (void)state;
    check_threads("1", "1");
    check_threads("1,2,4", "1 2 4");
    check_threads("1-8", "1 2 3 4 5 6 7 8");
    check_threads("3-3", "3");
    check_threads("1-8:2", "1 3 5 7");
    check_threads("1-8:3", "1 4 7");
    check_threads("2-8:100", "2");
    check_threads("1-2,64,8-16:4", "1 2 8 12 16 64");
    check_threads("4096", "4096");
}

static void test_thread_lists_ascend_and_have_no_doubles(void **state)
{
    (void)state;
    check_threads("4,2,1", "1 2 4");
    check_threads("2,2,2", "2");
    check_threads("1-4,3-6,2", "1 2 3 4 5 6");
}

static void test_longest_thread_list(void **state)
{
    struct thread_list list;

    (void)state;
    assert_true(parse_threads("1-4096", &list));
    assert_int_equal(list.length, THREADS_MAX);
    for (unsigned i = 0; i < THREADS_MAX; i++) {
        assert_int_equal(list.values[i], i + 1);
    }
    assert_true(parse_threads("1-64:2", &list));
    assert_int_equal(list.length, 32);
    assert_int_equal(list.values[31], 63);
}

static void test_what_is_no_thread_list(void **state)
{
    static const char *const bad[] = {
        "",
        ",",
        "1,",
        ",1",
        "1,,2",
        "1-",
        "-1",
        "-",
        "8-1",
        "0",
        "0-4",
        "4097",
        "1-4097",
        "1-8:",
        "1-8:0",
        "1:2",
        "1-8:4097",
        "1-2-3",
        "1 2",
        " 1",
        "1 ",
        "+1",
        "1.5",
        "1k",
        "1e1",
        "0x2",
        "two",
        "1;2",
        "1-8:2:2",
        "4294967297",
        "18446744073709551617",
        "١",
    };
    (void)state;
    for (size_t i = 0; i < LENGTH(bad); i++) {
        struct thread_list list;
        if (parse_threads(bad[i], &list)) {
            fail_msg("'%s' was taken", bad[i]);
        }
    }
}

static const char *const words[] = {"serial", "critical", "ticks", "gil",
                                    "nogil",  "tasks",    "pool",  "atomic"};

static const char *word_at(size_t i)
{
    return words[i];
}

static void check_nearest(const char *word, const char *expected)
{
    const char *nearest = nearest_word(word, word_at, LENGTH(words));

    if (nearest == NULL || strcmp(nearest, expected) != 0) {
        fail_msg("'%s' is nearest to '%s', not '%s'", word, nearest ? nearest : "nothing",
                 expected);
    }
}

static void test_slips_of_the_hand_are_understood(void **state)
{
    (void)state;
    check_nearest("serail", "serial"); /* two letters swapped */
    check_nearest("serialy", "serial");
    check_nearest("critcal", "critical");
    check_nearest("nogli", "nogil");
    check_nearest("atmic", "atomic");
    check_nearest("poll", "pool");
    check_nearest("glil", "gil");
    check_nearest("atomic", "atomic");
}

static void test_beginnings_of_words_are_understood(void **state)
{
    (void)state;
    check_nearest("se", "serial");
    check_nearest("cri", "critical");
    check_nearest("no", "nogil");
}

static void test_what_is_like_no_word(void **state)
{
    static const char *const strange[] = {
        "",
        "x",
        "zz",
        "xyzzy",
        "completely-else",
        "serialserialserial",
        "a-word-that-is-much-longer-than-any-name-could-ever-be-and-then-some",
    };
    (void)state;
    for (size_t i = 0; i < LENGTH(strange); i++) {
        const char *nearest = nearest_word(strange[i], word_at, LENGTH(words));
        if (nearest != NULL) {
            fail_msg("'%s' was taken for '%s'", strange[i], nearest);
        }
    }
    assert_null(nearest_word("serial", word_at, 0));
}

static void test_call_lengths(void **state)
{
    struct length_list list;

    (void)state;
    assert_true(parse_lengths("100ns,64k,1.5us", &list));
    assert_int_equal(list.length, 3);
    assert_true(fabs(list.values[0].time_s - 100e-9) < 1e-18);
    assert_int_equal(list.values[0].units, 0);
    assert_true(list.values[1].time_s == 0);
    assert_int_equal(list.values[1].units, 64000);
    assert_true(fabs(list.values[2].time_s - 1.5e-6) < 1e-18);
    assert_true(parse_lengths("1", &list));
    assert_int_equal(list.length, 1);
}

static void test_what_is_no_list_of_lengths(void **state)
{
    static const char *const bad[] = {"",     ",",    "1us,", ",1us", "1us,,2us",    "1us 2us",
                                      "1u",   "-1us", "0",    "0us",  "1us,half",    "1-5",
                                      "1e19", "0.5",  "2d",   "inf",  "1us,2us,3us,"};
    struct length_list list;
    char many[4 * (LENGTHS_MAX + 1)] = "";

    (void)state;
    for (size_t i = 0; i < LENGTH(bad); i++) {
        if (parse_lengths(bad[i], &list)) {
            fail_msg("'%s' was taken for %zu lengths", bad[i], list.length);
        }
    }
    for (int i = 0; i < LENGTHS_MAX; i++) {
        strcat(many, i > 0 ? ",1" : "1");
    }
    assert_true(parse_lengths(many, &list));
    assert_int_equal(list.length, LENGTHS_MAX);
    strcat(many, ",1");
    assert_false(parse_lengths(many, &list));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_counts_in_all_their_forms),
        cmocka_unit_test(test_counts_up_to_the_largest),
        cmocka_unit_test(test_counts_that_are_not_whole),
        cmocka_unit_test(test_counts_below_one),
        cmocka_unit_test(test_what_is_no_count),
        cmocka_unit_test(test_times_in_all_their_units),
        cmocka_unit_test(test_what_is_no_time),
        cmocka_unit_test(test_thread_lists),
        cmocka_unit_test(test_thread_lists_ascend_and_have_no_doubles),
        cmocka_unit_test(test_longest_thread_list),
        cmocka_unit_test(test_what_is_no_thread_list),
        cmocka_unit_test(test_call_lengths),
        cmocka_unit_test(test_what_is_no_list_of_lengths),
        cmocka_unit_test(test_slips_of_the_hand_are_understood),
        cmocka_unit_test(test_beginnings_of_words_are_understood),
        cmocka_unit_test(test_what_is_like_no_word),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    alarm(600); /* a hang is a failure */
    return cmocka_run_group_tests_name("parse", tests, NULL, NULL);
}
