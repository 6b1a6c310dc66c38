/* Interpreters beside their models: which case is compared with which, and what a pair shows. */
#include "gilscope/fidelity.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* ---- what a pair shows ---- */

static enum verdict verdict(double ratio, struct estimate of_interpreter,
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_near_is_agreement_whatever_the_intervals),
        cmocka_unit_test(test_disjoint_intervals_show_that_it_is_apart),
        cmocka_unit_test(test_overlap_leaves_it_undecided),
        cmocka_unit_test(test_too_few_blocks_leave_it_undecided),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    alarm(60); /* a hang is a failure */
    return cmocka_run_group_tests_name("fidelity", tests, NULL, NULL);
}
