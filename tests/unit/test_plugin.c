/* What a plug-in has to be, before anything of it is called. */
#include "gilscope/plugin.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static uint64_t run(void *state, uint64_t units)
{
    (void)state;
    return units;
}

static const struct kernel good = {
    .version = GILSCOPE_KERNEL_VERSION, .name = "mine_2-b", .unit = "byte", .run = run};

static void check_refused(const struct kernel *kernel, const char *says)
{
    struct error error = {0};

    assert_false(plugin_check(kernel, "./mine.so", &error));
    assert_int_equal(error.exit_code, EXIT_FAILED);
    assert_non_null(strstr(error.text, "./mine.so"));
    if (strstr(error.text, says) == NULL) {
        fail_msg("'%s' is not in '%s'", says, error.text);
    }
}

static void test_a_good_one(void **state)
{
    struct error error = {0};

    (void)state;
    assert_true(plugin_check(&good, "./mine.so", &error));
    assert_int_equal(error.exit_code, EXIT_DONE);
}

static void test_another_version(void **state)
{
    /* Whatever stands behind the version of another one, it is not looked at. */
    struct kernel kernel = {.version = 1, .name = (const char *)1, .unit = (const char *)1};

    (void)state;
    check_refused(&kernel, "for version 1 of gilscope/kernel.h, this is version 2");
    kernel.version = 3;
    check_refused(&kernel, "for version 3 of");
    kernel.version = 0;
    check_refused(&kernel, "for version 0 of");
}

static void test_no_run(void **state)
{
    struct kernel kernel = good;

    (void)state;
    kernel.run = NULL;
    check_refused(&kernel, "no .run");
}

static void test_names(void **state)
{
    static const char *const bad[] = {NULL,
                                      "",
                                      "a b",
                                      "a,b",
                                      "a\"b",
                                      "a\nb",
                                      "%s",
                                      "a/b",
                                      "\xc3\xa4",
                                      "a.b",
                                      "abcdefghijklmnopqrstuvwxyz012345"}; /* 32 */
    struct kernel kernel;
    struct error error = {0};

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        kernel = good;
        kernel.name = bad[i];
        check_refused(&kernel, "needs a .name");
        kernel = good;
        kernel.unit = bad[i];
        check_refused(&kernel, "needs a .unit");
    }
    kernel = good;
    kernel.name = kernel.unit = "ABCDEFGHIJKLMNOPQRSTUVWXYZ-_012"; /* 31 */
    assert_true(plugin_check(&kernel, "./mine.so", &error));
}

static void test_names_of_built_in_kernels(void **state)
{
    (void)state;
    for (size_t k = 0; k < kernel_count; k++) {
        struct kernel kernel = good;
        kernel.name = kernels[k]->name;
        check_refused(&kernel, "as a built-in one is");
    }
}

static void test_what_is_a_file(void **state)
{
    static const char *const files[] = {"./a.so", "a.so", "/lib/a", "a/", "/", "x.c.so"};
    static const char *const words[] = {"", "countdown", "so", ".so", "a.so.1", "a.c"};

    (void)state;
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        assert_true(plugin_is_file(files[i]));
    }
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        assert_false(plugin_is_file(words[i]));
    }
}

static void test_a_program_is_no_plug_in(void **state)
{
    struct plugin plugin;
    struct error error = {0};

    (void)state;
    assert_false(plugin_open(&plugin, "/proc/self/exe", &error));
    assert_null(plugin.object);
    assert_null(plugin.kernel);
    assert_int_equal(error.exit_code, EXIT_FAILED);
    plugin_close(&plugin);
    plugin_close(&plugin); /* twice is fine */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_good_one),
        cmocka_unit_test(test_another_version),
        cmocka_unit_test(test_no_run),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_names_of_built_in_kernels),
        cmocka_unit_test(test_what_is_a_file),
        cmocka_unit_test(test_a_program_is_no_plug_in),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    alarm(600); /* a hang is a failure */
    return cmocka_run_group_tests_name("plugin", tests, NULL, NULL);
}
