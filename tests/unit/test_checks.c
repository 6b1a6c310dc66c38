/* Checksums: what is expected of a call, and that nothing else passes. */
#include "../../src/measure/checks.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* A kernel that counts what is done with it. */
static unsigned set_ups, tear_downs, runs;

static void *set_up(const struct kernel_place *place)
{
    assert_int_equal(place->thread, 0);
    assert_int_equal(place->threads, 1);
    set_ups++;
    return &set_ups;
}

static void tear_down(void *state)
{
    assert_ptr_equal(state, &set_ups);
    tear_downs++;
}

static uint64_t square(void *state, uint64_t units)
{
    assert_ptr_equal(state, &set_ups);
    runs++;
    return units * units;
}

static const struct kernel fake = {.version = GILSCOPE_KERNEL_VERSION,
                                   .name = "fake",
                                   .unit = "stone",
                                   .set_up = set_up,
                                   .tear_down = tear_down,
                                   .run = square};

static int forget(void **state)
{
    (void)state;
    set_ups = tear_downs = runs = 0;
    return 0;
}

static void check_square(struct checks *checks, uint64_t units)
{
    struct error error = {0};
    uint64_t checksum = 0;

    assert_true(checks_expect(checks, units, &checksum, &error));
    assert_int_equal(checksum, units * units);
}

static void test_a_size_is_run_once(void **state)
{
    struct checks checks = {.kernel = &fake};

    (void)state;
    for (int round = 0; round < 3; round++) {
        for (uint64_t units = 1; units <= CHECKS_KEPT; units++) {
            check_square(&checks, units);
        }
    }
    assert_int_equal(runs, CHECKS_KEPT);
    assert_int_equal(set_ups, CHECKS_KEPT);
    assert_int_equal(tear_downs, CHECKS_KEPT);
}

/* More sizes than are kept: the oldest is forgotten, and never a wrong one remembered. */
static void test_more_sizes_than_are_kept(void **state)
{
    struct checks checks = {.kernel = &fake};

    (void)state;
    for (uint64_t units = 1; units <= CHECKS_KEPT + 3; units++) {
        check_square(&checks, units);
    }
    assert_int_equal(checks.kept, CHECKS_KEPT);
    runs = 0;
    check_square(&checks, 4); /* the oldest that is left */
    assert_int_equal(runs, 0);
    check_square(&checks, 1); /* forgotten: run again, in the place of 4 */
    assert_int_equal(runs, 1);
    check_square(&checks, 1);
    assert_int_equal(runs, 1);
    check_square(&checks, 4);
    assert_int_equal(runs, 2);
    for (int round = 0; round < 3; round++) {
        for (uint64_t units = 1; units <= 3 * CHECKS_KEPT; units++) {
            check_square(&checks, units);
        }
    }
    assert_int_equal(checks.kept, CHECKS_KEPT);
}

static uint64_t cube(uint64_t units)
{
    return units * units * units;
}

static void test_what_is_known_is_not_run(void **state)
{
    struct kernel kernel = fake;
    struct checks checks = {.kernel = &kernel};
    struct error error = {0};
    uint64_t checksum;

    (void)state;
    kernel.checksum = cube;
    assert_true(checks_expect(&checks, 5, &checksum, &error));
    assert_int_equal(checksum, 125);
    assert_int_equal(runs, 0);
}

static void check_refused(const struct worker *worker, const char *says)
{
    struct checks checks = {.kernel = &fake};
    struct error error = {0};

    assert_false(checks_verify(&checks, worker, &error));
    assert_int_equal(error.exit_code, EXIT_FAILED);
    assert_non_null(strstr(error.text, "the kernel fake"));
    if (strstr(error.text, says) == NULL) {
        fail_msg("'%s' is not in '%s'", says, error.text);
    }
}

static void test_right_checksums_pass(void **state)
{
    const struct worker worker = {
        .id = 3, .check_count = 3, .checks = {{7, 49}, {1, 1}, {2, 4}}};
    const struct worker idle = {.id = 4};
    struct checks checks = {.kernel = &fake};
    struct error error = {0};

    (void)state;
    assert_true(checks_verify(&checks, &worker, &error));
    assert_true(checks_verify(&checks, &idle, &error));
    assert_int_equal(error.exit_code, EXIT_DONE);
}

static void test_wrong_checksums_do_not(void **state)
{
    const struct worker first = {.id = 3, .check_count = 2, .checks = {{7, 48}, {1, 1}}};
    const struct worker last = {.id = 3, .check_count = 2, .checks = {{7, 49}, {1, 2}}};
    const struct worker unlike = {.id = 5, .check_count = 1, .checks = {{7, 49}}, .wrong = 2};

    (void)state;
    check_refused(&first, "0x30 for 7 stones in thread 3, and 0x31 in a serial run");
    check_refused(&last, "0x2 for 1 stone in thread 3, and 0x1 in a serial run");
    check_refused(&unlike, "different checksums for calls of one size in thread 5 (2 calls)");
}

static void *no_set_up(const struct kernel_place *place)
{
    (void)place;
    return NULL;
}

static void test_a_kernel_that_cannot_be_set_up(void **state)
{
    struct kernel kernel = fake;
    struct checks checks = {.kernel = &kernel};
    struct error error = {0};
    uint64_t checksum;

    (void)state;
    kernel.set_up = no_set_up;
    assert_false(checks_expect(&checks, 9, &checksum, &error));
    assert_non_null(
        strstr(error.text, "the kernel fake cannot be set up for calls on 9 stones"));
    assert_int_equal(runs + tear_downs, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_a_size_is_run_once, forget),
        cmocka_unit_test_setup(test_more_sizes_than_are_kept, forget),
        cmocka_unit_test_setup(test_what_is_known_is_not_run, forget),
        cmocka_unit_test_setup(test_right_checksums_pass, forget),
        cmocka_unit_test_setup(test_wrong_checksums_do_not, forget),
        cmocka_unit_test_setup(test_a_kernel_that_cannot_be_set_up, forget),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    alarm(600); /* a hang is a failure */
    return cmocka_run_group_tests_name("checks", tests, NULL, NULL);
}
