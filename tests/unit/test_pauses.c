/* Pauses: a measurement in which a process was continued is done again, not for ever. */
#include "gilscope/pauses.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static int install(void **state)
{
    struct error error;

    (void)state;
    return pauses_install(&error) ? 0 : -1;
}

static void test_nothing_happened(void **state)
{
    struct attempt attempt = {0};
    struct error error;
    bool done = true;

    (void)state;
    attempt_begin(&attempt);
    assert_false(attempt_again(&attempt, &done, &error));
    assert_true(done);
}

static void test_once(void **state)
{
    struct attempt attempt = {0};
    struct error error;
    bool done = true;
    unsigned before = pauses_redone();

    (void)state;
    attempt_begin(&attempt);
    raise(SIGCONT);
    assert_true(attempt_again(&attempt, &done, &error));
    attempt_begin(&attempt);
    assert_false(attempt_again(&attempt, &done, &error));
    assert_true(done);
    assert_int_equal(pauses_redone(), before + 1);
}

static void test_what_failed_is_not_done_again(void **state)
{
    struct attempt attempt = {0};
    struct error error;
    bool done = false;

    (void)state;
    attempt_begin(&attempt);
    raise(SIGCONT);
    assert_false(attempt_again(&attempt, &done, &error));
    assert_false(done);
}

static void test_a_forked_process(void **state)
{
    struct attempt attempt = {0};
    struct error error;
    bool done = true;

    (void)state;
    attempt_begin(&attempt);
    pid_t child = fork();
    if (child == 0) {
        raise(SIGSTOP);
        _exit(0);
    }
    int status;
    assert_int_equal(waitpid(child, &status, WUNTRACED), child);
    assert_true(WIFSTOPPED(status));
    assert_false(attempt_again(&attempt, &done, &error));
    kill(child, SIGCONT);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(attempt_again(&attempt, &done, &error));
}

static void test_not_for_ever(void **state)
{
    struct attempt attempt = {0};
    struct error error = {EXIT_DONE, ""};
    bool done;
    unsigned tries = 0;

    (void)state;
    do {
        attempt_begin(&attempt);
        done = true;
        tries++;
        raise(SIGCONT);
    } while (tries < 1000 && attempt_again(&attempt, &done, &error));
    assert_false(done);
    assert_int_equal(tries, 10);
    assert_int_equal(error.exit_code, EXIT_FAILED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_happened),
        cmocka_unit_test(test_once),
        cmocka_unit_test(test_what_failed_is_not_done_again),
        cmocka_unit_test(test_a_forked_process),
        cmocka_unit_test(test_not_for_ever),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("pauses", tests, install, NULL);
}
