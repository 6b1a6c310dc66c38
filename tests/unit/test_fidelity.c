/* Interpreters beside their models: which case is compared with which, and what a pair shows. */
#include "gilscope/fidelity.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* ---- what a pair shows ---- */

static enum pair_verdict verdict(double ratio, struct estimate of_interpreter,
                                 struct estimate of_model)
{
    const struct fidelity pair = {
        .ratio = ratio, .of_interpreter = of_interpreter, .of_model = of_model};

    return fidelity_verdict(&pair);
}

static struct estimate between(double lo, double hi, size_t n)
{
    return (struct estimate){.median = (lo + hi) / 2, .lo = lo, .hi = hi, .n = n};
}

static void test_near_is_agreement_whatever_the_intervals(void **state)
{
    (void)state;
    assert_int_equal(verdict(1, between(1.9, 2.1, 11), between(1.9, 2.1, 11)), PAIR_AGREES);
    assert_int_equal(verdict(1.049, between(2, 2.1, 11), between(1.9, 1.99, 11)), PAIR_AGREES);
    assert_int_equal(verdict(0.951, between(2, 2.1, 2), between(1.9, 1.99, 2)), PAIR_AGREES);
}

static void test_disjoint_intervals_show_that_it_is_apart(void **state)
{
    (void)state;
    assert_int_equal(verdict(1.2, between(1.1, 1.3, 11), between(0.9, 1.09, 11)), PAIR_APART);
    assert_int_equal(verdict(0.8, between(0.7, 0.9, 6), between(0.91, 1.1, 6)), PAIR_APART);
}

static void test_overlap_leaves_it_undecided(void **state)
{
    (void)state;
    assert_int_equal(verdict(1.2, between(1, 1.4, 11), between(0.9, 1.1, 11)), PAIR_UNDECIDED);
    assert_int_equal(verdict(0.8, between(0.7, 0.9, 11), between(0.9, 1.1, 11)),
                     PAIR_UNDECIDED);
    assert_int_equal(verdict(1.2, between(1.19, 1.21, 11), between(0.5, 1.5, 11)),
                     PAIR_UNDECIDED);
}

static void test_too_few_blocks_leave_it_undecided(void **state)
{
    (void)state;
    assert_int_equal(verdict(1.5, between(1.5, 1.5, 5), between(1, 1, 11)), PAIR_UNDECIDED);
    assert_int_equal(verdict(1.5, between(1.5, 1.5, 11), between(1, 1, 1)), PAIR_UNDECIDED);
}

/* ---- which case is compared with which ---- */

enum { SERIAL, THREADS };
static struct interpreter python = {
    .name = "cpython-3.11",
    .facts = {.implementation = "cpython", .major = 3, .minor = 11, .gil = true}};

/* A plan that is written down case by case; the rate of case c is rates[c], in one block. */
enum { CASES_MOST = 16 };
static struct plan_case cases[CASES_MOST];
static double rates[CASES_MOST];
static struct plan plan;

static int begin_plan(void **state)
{
    (void)state;
    plan = (struct plan){.cases = cases};
    for (int m = 0; m < MODE_COUNT; m++) {
        struct guest *guest = &python.guests[m];
        guest->mode = &interpreter_modes[m];
        guest->interpreter = &python;
        guest->variant = (struct variant){.name = guest->mode->name, .context = guest};
    }
    return 0;
}

static const struct pin_policy *pin_named(const char *name)
{
    for (size_t p = 0; p < pin_policy_count; p++) {
        if (strcmp(pin_policies[p].name, name) == 0) {
            return &pin_policies[p];
        }
    }
    fail_msg("no policy %s", name);
    return NULL;
}

/* With the last serial case before it as its baseline. A rate of 0: not measured. */
static void add(const struct variant *variant, const char *pin, unsigned threads, double rate)
{
    static size_t baseline;
    bool serial = strcmp(variant->name, "serial") == 0;

    assert_true(plan.length < CASES_MOST);
    baseline = serial ? plan.length : baseline;
    rates[plan.length] = rate;
    cases[plan.length++] = (struct plan_case){
        .variant = variant, .pin = pin_named(pin), .threads = threads, .baseline = baseline};
}

static void add_guest(int mode, const char *pin, unsigned threads, double rate)
{
    add(&python.guests[mode].variant, pin, threads, rate);
}

static void add_model(const char *name, const char *pin, unsigned threads, double rate)
{
    for (size_t v = 0; v < variant_count; v++) {
        if (strcmp(variants[v]->name, name) == 0) {
            add(variants[v], pin, threads, rate);
        }
    }
}

/* "2 threads none: 0.50 beside 0.25" for each pair, between semicolons. */
static void check_pairs(const char *expected)
{
    struct fidelity pairs[CASES_MOST];
    struct samples samples;
    struct error error = {0};
    char seen[512] = "";
    double scratch[1];

    assert_true(samples_make(&samples, &plan, 1, &error));
    for (size_t c = 0; c < plan.length; c++) {
        *sample_at(&samples, c, 0) = (struct sample){
            .measured = rates[c] > 0, .count = (uint64_t)(rates[c] * 1000), .wall_s = 1000};
    }
    size_t n = fidelity_pairs(&samples, pairs, scratch);
    for (size_t i = 0; i < n; i++) {
        size_t length = strlen(seen);
        snprintf(seen + length, sizeof seen - length, "%s%u %s %s: %.2f beside %.2f",
                 i > 0 ? "; " : "", pairs[i].threads, pairs[i].mode->name, pairs[i].pin->name,
                 pairs[i].of_interpreter.median, pairs[i].of_model.median);
    }
    samples_free(&samples);
    assert_string_equal(seen, expected);
}

static void add_models(const char *pin, double serial, double one, double two, double four)
{
    add_model("serial", pin, 1, serial);
    add_model("gil", pin, 1, one);
    add_model("gil", pin, 2, two);
    add_model("gil", pin, 4, four);
}

static void test_pinned_with_pinned_unpinned_with_unpinned(void **state)
{
    (void)state;
    add_models("core", 100, 90, 80, 70);
    add_models("none", 100, 60, 50, 40);
    add_guest(SERIAL, "core", 1, 10);
    add_guest(THREADS, "core", 2, 9);
    add_guest(SERIAL, "none", 1, 20);
    add_guest(THREADS, "none", 1, 19);
    add_guest(THREADS, "none", 2, 18);
    add_guest(THREADS, "none", 4, 17);
    /* One thread with the first policy of the model; two only once, pinned. */
    check_pairs("1 threads none: 0.95 beside 0.90; 2 threads core: 0.90 beside 0.80; "
                "4 threads none: 0.85 beside 0.40");
}

static void test_unpinned_where_only_that_is_there(void **state)
{
    (void)state;
    add_models("core", 100, 90, 80, 70);
    add_models("none", 100, 60, 50, 40);
    add_guest(SERIAL, "none", 1, 20);
    add_guest(THREADS, "none", 2, 18);
    check_pairs("2 threads none: 0.90 beside 0.50");
}

static void test_unpinned_where_the_model_is_not_pinned(void **state)
{
    (void)state;
    add_models("none", 100, 60, 50, 40);
    add_guest(SERIAL, "core", 1, 10);
    add_guest(THREADS, "core", 2, 9);
    add_guest(SERIAL, "none", 1, 20);
    add_guest(THREADS, "none", 2, 16);
    check_pairs("2 threads none: 0.80 beside 0.50");
}

static void test_pinned_is_never_set_beside_unpinned(void **state)
{
    (void)state;
    add_models("core", 100, 90, 80, 70);
    add_guest(SERIAL, "none", 1, 20);
    add_guest(THREADS, "none", 1, 19);
    add_guest(THREADS, "none", 2, 18);
    check_pairs("1 threads none: 0.95 beside 0.90");
}

static void test_what_was_not_measured_is_no_pair(void **state)
{
    (void)state;
    add_models("core", 100, 90, 80, 0);
    add_models("none", 100, 60, 50, 0);
    add_guest(SERIAL, "core", 1, 10);
    add_guest(THREADS, "core", 2, 0);
    add_guest(THREADS, "core", 4, 7);
    add_guest(SERIAL, "none", 1, 20);
    add_guest(THREADS, "none", 2, 16);
    /* Pinned it is missing, so unpinned; with four threads the model is. */
    check_pairs("2 threads none: 0.80 beside 0.50");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_near_is_agreement_whatever_the_intervals),
        cmocka_unit_test(test_disjoint_intervals_show_that_it_is_apart),
        cmocka_unit_test(test_overlap_leaves_it_undecided),
        cmocka_unit_test(test_too_few_blocks_leave_it_undecided),
        cmocka_unit_test_setup(test_pinned_with_pinned_unpinned_with_unpinned, begin_plan),
        cmocka_unit_test_setup(test_unpinned_where_only_that_is_there, begin_plan),
        cmocka_unit_test_setup(test_unpinned_where_the_model_is_not_pinned, begin_plan),
        cmocka_unit_test_setup(test_pinned_is_never_set_beside_unpinned, begin_plan),
        cmocka_unit_test_setup(test_what_was_not_measured_is_no_pair, begin_plan),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    alarm(600); /* a hang is a failure */
    return cmocka_run_group_tests_name("fidelity", tests, NULL, NULL);
}
