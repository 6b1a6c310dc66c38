/* The interpreter work before a call: it grows with the time asked for, and is written where told. */
#include "../../src/measure/held.h"

#include <setjmp.h>
#include <stdarg.h>
#include <unistd.h>

#include <cmocka.h>

enum { LINES = 4 };
static struct shared_line lines[LINES + 1];

static uint64_t writes_to(unsigned line) NO_THREAD_SAFETY_ANALYSIS /* one thread, so no lock */
{
    return lines[line].count;
}

static void test_long_work_is_counted_out(void **state)
{
    (void)state;
    assert_int_equal(held_units(1e-3, 1e-9, lines, LINES), 1000000);
    assert_int_equal(held_units(2e-6, 1e-9, lines, 0), 2000);
}

static void test_short_work_is_found_within_its_bounds(void **state)
{
    uint64_t before = writes_to(0);

    (void)state;
    for (int i = 0; i < 3; i++) {
        assert_in_range(held_units(100e-9, 1e-9, lines, LINES), 1, 100);
    }
    assert_int_equal(held_units(1e-9, 1e-9, lines, LINES), 1);
    /* It was tried with its lines, and with no other. */
    assert_true(writes_to(0) > before);
    assert_int_equal(writes_to(LINES - 1), writes_to(0));
    assert_int_equal(writes_to(LINES), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_long_work_is_counted_out),
        cmocka_unit_test(test_short_work_is_found_within_its_bounds),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    alarm(600);
    return cmocka_run_group_tests_name("held", tests, NULL, NULL);
}
