/* Interpreters: what they say of themselves, their names and models, jobs, and every way in which
 * one can misbehave (tests/fake-python). Run from the root of the repository. */
#include "gilscope/interpreter.h"

#include "gilscope/clock.h"
#include "gilscope/text.h"

#include <limits.h>
#include <math.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static const struct interpreter_limits patient = {.start_s = 60, .job_s = 60};
static const struct interpreter_limits impatient = {.start_s = 1, .job_s = 1};

/* What was told, one line after the other. */
static char told[4096];

static void tell(const char *line)
{
    size_t length = strlen(told);
    snprintf(told + length, sizeof told - length, "%s\n", line);
}

/* The folder of the links to the fake. */
static char folder[] = "/tmp/gilscope fakes-XXXXXX";

static const char *fake(const char *behaviour)
{
    static char paths[4][PATH_MAX];
    static unsigned next;
    char *path = paths[next++ % 4], original[PATH_MAX];

    assert_non_null(realpath("tests/fake-python", original));
    snprintf(path, PATH_MAX, "%s/%s", folder, behaviour);
    unlink(path);
    assert_int_equal(symlink(original, path), 0);
    return path;
}

static int make_folder_of_fakes(void **state)
{
    (void)state;
    return mkdtemp(folder) == NULL;
}

static int remove_folder(void **state)
{
    (void)state;
    char command[PATH_MAX + 32];
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    return system(command);
}

/* ---- what they are ---- */

#define HELLO(implementation, version, free_threaded, gil)                                     \
    "gilscope=1\timplementation=" implementation "\tversion=" version                          \
    "\tfree_threaded=" free_threaded "\tgil=" gil "\tbinds=1\texecutable=/a b/py\tpool=ok"

static void check_name(const char *hello, const char *name, const char *exact)
{
    struct interpreter_facts facts;
    char why[32], seen[INTERPRETER_NAME_MAX];

    if (!interpreter_read_hello(hello, "pool", &facts, why, sizeof why)) {
        fail_msg("'%s' is refused", hello);
    }
    assert_string_equal(why, "ok");
    assert_string_equal(facts.executable, "/a b/py");
    interpreter_name(&facts, false, seen, sizeof seen);
    assert_string_equal(seen, name);
    interpreter_name(&facts, true, seen, sizeof seen);
    assert_string_equal(seen, exact);
}

static void test_names(void **state)
{
    (void)state;
    check_name(HELLO("CPython", "3.11.7", "0", "1"), "cpython-3.11", "cpython-3.11.7");
    check_name(HELLO("CPython", "2.7.18", "0", "1"), "cpython-2.7", "cpython-2.7.18");
    check_name(HELLO("CPython", "3.13.0", "1", "0"), "cpython-3.13t", "cpython-3.13.0t");
    check_name(HELLO("PyPy", "3.9.16", "0", "1"), "pypy-3.9", "pypy-3.9.16");
}

static void test_a_look_may_be_told(void **state)
{
    struct interpreter_facts facts;
    char why[32];

    (void)state;
    assert_true(interpreter_read_hello(HELLO("CPython", "3.11.7", "0", "1"), "pool", &facts,
                                       why, sizeof why));
    assert_float_equal(facts.look_s, 0, 0);
    assert_true(
        interpreter_read_hello(HELLO("CPython", "2.7.18", "0", "1") "\tlook_s=0.000000720",
                               "pool", &facts, why, sizeof why));
    assert_float_equal(facts.look_s, 720e-9, 1e-15);
}

static void test_what_is_no_hello(void **state)
{
    static const char *const lines[] = {
        "",
        "Hello, I am no Python",
        "gilscope=1",
        "gilscope=2\timplementation=CPython\tversion=3.11.7\tfree_threaded=0\tgil=1\tbinds=1"
        "\texecutable=/x\tpool=ok",
        HELLO("CPython", "3.11", "0", "1"),
        HELLO("CPython", "3.11.7rc1", "0", "1"),
        HELLO("CPython", "-3.11.7", "0", "1"),
        HELLO("C/Python", "3.11.7", "0", "1"),
        HELLO("", "3.11.7", "0", "1"),
        HELLO("CPython", "3.11.7", "yes", "1"),
        HELLO("CPython", "3.11.7", "0", ""),
        HELLO("CPython", "3.11.7", "0", "2"),
        HELLO("CPython", "2.7.18", "0", "1") "\tlook_s=",
        HELLO("CPython", "2.7.18", "0", "1") "\tlook_s=often",
        HELLO("CPython", "2.7.18", "0", "1") "\tlook_s=-0.1",
        HELLO("CPython", "2.7.18", "0", "1") "\tlook_s=nan",
        HELLO("CPython", "2.7.18", "0", "1") "\tlook_s=1.1",
    };
    struct interpreter_facts facts;
    char why[32];

    (void)state;
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        if (interpreter_read_hello(lines[i], "pool", &facts, why, sizeof why)) {
            fail_msg("'%s' is taken", lines[i]);
        }
    }
    assert_false(interpreter_read_hello(HELLO("CPython", "3.11.7", "0", "1"), "nogil", &facts,
                                        why, sizeof why));
}

static const char *model(const char *mode, const char *implementation, unsigned major,
                         unsigned minor, bool gil)
{
    struct interpreter_facts facts = {.major = major, .minor = minor, .gil = gil};

    snprintf(facts.implementation, sizeof facts.implementation, "%s", implementation);
    for (int m = 0; m < MODE_COUNT; m++) {
        if (strcmp(interpreter_modes[m].name, mode) == 0) {
            const char *name = model_of(&interpreter_modes[m], &facts);
            return name != NULL ? name : "none";
        }
    }
    return "no such mode";
}

static void test_models(void **state)
{
    (void)state;
    assert_string_equal(model("threads", "cpython", 2, 7, true), "ticks");
    assert_string_equal(model("threads", "cpython", 3, 1, true), "ticks");
    assert_string_equal(model("threads", "cpython", 3, 2, true), "gil");
    assert_string_equal(model("threads", "cpython", 3, 13, true), "gil");
    assert_string_equal(model("threads", "cpython", 4, 0, true), "gil");
    assert_string_equal(model("threads", "cpython", 3, 13, false), "nogil");
    assert_string_equal(model("threads", "pypy", 3, 9, true), "ticks");
    assert_string_equal(model("pool", "cpython", 2, 7, true), "pool");
    assert_string_equal(model("nogil", "cpython", 3, 11, true), "nogil");
    assert_string_equal(model("serial", "cpython", 3, 11, true), "none");
}

/* ---- jobs ---- */

static struct interpreter *open_fake(const char *behaviour,
                                     const struct interpreter_limits *limits)
{
    struct interpreter *interpreter;
    struct error error = {0};

    told[0] = '\0';
    if (!interpreter_open(&interpreter, fake(behaviour), false, limits, tell, &error)) {
        fail_msg("%s: %s", behaviour, error.text);
    }
    return interpreter;
}

/* A run of the mode with two threads, or the one that serial has. */
static bool do_job(struct interpreter *interpreter, int m, uint64_t count, struct run *run,
                   struct error *error)
{
    static struct worker workers[2];

    memset(workers, 0, sizeof workers);
    *run = (struct run){.variant = &interpreter->guests[m].variant,
                        .threads = m == 0 ? 1 : 2,
                        .count = count,
                        .workers = workers};
    return run->variant->run(run, error);
}

enum { SERIAL, THREADS, POOL, NOGIL };

static void test_a_good_one(void **state)
{
    struct interpreter *interpreter = open_fake("good", &patient);
    struct error error = {0};
    struct run run;

    (void)state;
    assert_string_equal(interpreter->name, "cpython-3.11");
    assert_string_equal(interpreter->guests[THREADS].variant.name, "cpython-3.11/threads");
    assert_string_equal(told, "cpython-3.11/nogil left out: none here\n");
    assert_false(guest_is_there(&interpreter->guests[NOGIL].variant));
    for (int m = SERIAL; m <= POOL; m++) {
        for (int i = 0; i < 3; i++) {
            assert_true(do_job(interpreter, m, 10001, &run, &error));
            assert_int_equal(run.workers[0].done, 10001);
            assert_true(run.workers[run.threads - 1].present);
            assert_true(run.workers[0].end_s > run.workers[0].start_s);
            assert_int_equal(run.workers[0].usage_at_end.voluntary_switches, 1);
            assert_int_equal(run.workers[0].usage_at_end.involuntary_switches, 2);
            assert_int_equal(isnan(run.startup_s), m != POOL);
        }
    }
    interpreter_close(interpreter);
}

static void check_refused(const char *behaviour, const char *expected)
{
    struct interpreter *interpreter = NULL;
    struct error error = {0};

    if (interpreter_open(&interpreter, fake(behaviour), false, &impatient, tell, &error)) {
        fail_msg("%s is taken", behaviour);
    }
    assert_null(interpreter);
    if (strstr(error.text, behaviour) == NULL || strstr(error.text, expected) == NULL) {
        fail_msg("'%s' does not name '%s' and '%s'", error.text, behaviour, expected);
    }
}

static void test_those_that_cannot_start(void **state)
{
    struct interpreter *interpreter = NULL;
    struct error error = {0};

    (void)state;
    check_refused("garbage", "is no Python");
    check_refused("silent", "no answer within 1 s");
    check_refused("dies-at-start", "exit code 3): fake: out of luck");
    check_refused("binary", "no text");
    check_refused("long", "more than 8192 bytes");
    assert_false(
        interpreter_open(&interpreter, "no-such-python", false, &impatient, tell, &error));
    assert_non_null(strstr(error.text, "no-such-python: cannot run it: No such file"));
}

/* The first job in threads goes wrong: the error says how, and what is lost. */
static void check_lost(const char *behaviour, const char *expected, bool all)
{
    struct interpreter *interpreter = open_fake(behaviour, &impatient);
    struct error error = {0};
    struct run run;

    if (do_job(interpreter, THREADS, 1000, &run, &error) &&
        do_job(interpreter, THREADS, 1000, &run, &error)) {
        fail_msg("%s: no failure", behaviour);
    }
    if (strstr(error.text, "cpython-3.11/threads, 2 threads: ") == NULL ||
        strstr(error.text, expected) == NULL) {
        fail_msg("%s: '%s' does not say '%s'", behaviour, error.text, expected);
    }
    assert_int_equal(error.exit_code, EXIT_FAILED);
    assert_false(guest_is_there(&interpreter->guests[THREADS].variant));
    assert_int_equal(guest_is_there(&interpreter->guests[SERIAL].variant), !all);
    assert_int_equal(interpreter->lost, all);
    interpreter_close(interpreter);
}

static void test_those_that_fail_in_a_job(void **state)
{
    (void)state;
    check_lost("dies",
               "ended (exit code 4): fake: Segmentation fault; cpython-3.11 is not asked again",
               true);
    check_lost("killed", "ended (signal 9)", true);
    check_lost("garbles", "answered with '3.14 and so on', which is no result", true);
    check_lost("chatty", "no result", true);
    check_lost("miscounts", "did 999 of 1000", true);
    check_lost("lies", "by our clock", true);
    check_lost("errs", "ValueError: not today; this mode is not asked again", false);
}

static void test_a_clock_that_was_set_is_forgiven_once(void **state)
{
    struct interpreter *interpreter = open_fake("lies-once", &patient);
    struct error error = {0};
    struct run run;

    (void)state;
    for (int m = SERIAL; m <= POOL; m++) {
        if (!do_job(interpreter, m, 1000, &run, &error)) {
            fail_msg("%s", error.text);
        }
        assert_int_equal(run.workers[0].done, 1000);
    }
    interpreter_close(interpreter);
}

/* ---- what they say ---- */

static void check_clean(const char *text, const char *expected)
{
    char cleaned[64];

    snprintf(cleaned, sizeof cleaned, "%s", text);
    text_clean(cleaned);
    assert_string_equal(cleaned, expected);
}

static void test_texts_are_cleaned(void **state)
{
    (void)state;
    check_clean("", "");
    check_clean("a\tb\033[2J\x7f\r", "a\tb?[2J??");
    check_clean("\xc3\xa4 \xe2\x82\xac \xf0\x9f\x98\x80",
                "\xc3\xa4 \xe2\x82\xac \xf0\x9f\x98\x80");
    check_clean("caf\xe9", "caf?");
    check_clean("\xe2\x82", "??");                /* cut off */
    check_clean("\x80\xbf\xff\xfe", "????");      /* never at the beginning */
    check_clean("\xc0\xaf\xe0\x80\xaf", "?????"); /* longer than need be */
    check_clean("\xed\xa0\x80", "???");           /* a surrogate */
    check_clean("\xf4\x90\x80\x80", "????");      /* beyond the last */
    check_clean("\xc2\x9b"
                "2J",
                "?2J"); /* a terminal's command, in one character */
}

static void test_what_they_say_is_shown_clean(void **state)
{
    (void)state;
    check_lost("latin", ": Caf? \xe2\x82\xac?? ?2J; this mode is not", false);
    check_lost("mumbles", "ended (exit code 4): ?\xc3\xa4???; cpython-3.11 is not", true);
}

static void test_the_hint_is_for_a_missing_module(void **state)
{
    (void)state;
    interpreter_close(open_fake("unbuilt", &patient));
    assert_string_equal(told,
                        "cpython-3.11/nogil left out: ModuleNotFoundError: No module named "
                        "'gilscope_nogil' (make builds it for one python3, where Cython "
                        "and the Python headers are)\n");
}

static void test_a_mode_that_is_lacking(void **state)
{
    struct interpreter *interpreter = open_fake("lacks", &patient);

    (void)state;
    assert_non_null(strstr(told, "cpython-3.11/pool left out: ImportError: no module named"));
    assert_true(guest_is_there(&interpreter->guests[SERIAL].variant));
    assert_false(guest_is_there(&interpreter->guests[THREADS].variant));
    assert_false(guest_is_there(&interpreter->guests[POOL].variant));
    interpreter_close(interpreter);
}

static void test_the_first_process_tells(void **state)
{
    struct interpreter *interpreter = open_fake("free", &patient);

    (void)state;
    assert_string_equal(interpreter->name, "cpython-3.11t");
    assert_true(guest_is_there(&interpreter->guests[NOGIL].variant));
    assert_string_equal(model_of(interpreter->guests[THREADS].mode, &interpreter->facts),
                        "nogil");
    interpreter_close(interpreter);
}

/* Is the process gone? A zombie that its new parent has not waited for yet has ended too. */
static bool is_gone(int pid)
{
    char path[64], state = 'X';

    snprintf(path, sizeof path, "/proc/%d/stat", pid);
    FILE *file = fopen(path, "r");
    if (file == NULL) {
        return true;
    }
    if (fscanf(file, "%*d %*s %c", &state) != 1) {
        state = 'X';
    }
    fclose(file);
    return state == 'Z' || state == 'X';
}

/* The fake and the child that it has started write their numbers there. */
static void note_pids(char *path)
{
    snprintf(path, PATH_MAX, "%s/pids", folder);
    unlink(path);
    setenv("FAKE_PIDS", path, 1);
}

static void check_both_gone(const char *path)
{
    int leader = 0, child = 0;

    unsetenv("FAKE_PIDS");
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    assert_int_equal(fscanf(file, "%d %d", &leader, &child), 2);
    fclose(file);
    assert_int_equal(kill(leader, 0), -1); /* waited for, no zombie */
    for (int i = 0; i < 500 && !is_gone(child); i++) {
        usleep(10000);
    }
    assert_true(is_gone(child));
}

static void test_the_whole_group_is_killed(void **state)
{
    char pids[PATH_MAX];

    (void)state;
    note_pids(pids);
    check_refused("silent", "no answer");
    check_both_gone(pids);
}

static void test_a_job_that_hangs(void **state)
{
    struct error error = {0};
    struct run run;
    char pids[PATH_MAX];

    (void)state;
    note_pids(pids);
    struct interpreter *interpreter = open_fake("hangs", &impatient);
    assert_false(do_job(interpreter, THREADS, 1000, &run, &error));
    assert_string_equal(error.text, "cpython-3.11/threads, 2 threads: no answer within 1 s; "
                                    "cpython-3.11 is not asked again");
    for (int m = SERIAL; m < MODE_COUNT; m++) {
        assert_false(guest_is_there(&interpreter->guests[m].variant));
    }
    check_both_gone(pids);
    interpreter_close(interpreter);
}

/* ---- several ---- */

static void test_lists(void **state)
{
    struct interpreters interpreters;
    struct error error = {0};
    char list[4 * PATH_MAX];

    (void)state;
    assert_true(interpreters_open(&interpreters, "none", false, tell, &error));
    assert_int_equal(interpreters.length, 0);
    interpreters_close(&interpreters);

    told[0] = '\0';
    snprintf(list, sizeof list, "%s,no-such-python,", fake("python3.8"));
    strcat(list, fake("python3.8"));
    strcat(list, ",");
    strcat(list, fake("python3.8-other"));
    strcat(list, ",");
    strcat(list, fake("good"));
    assert_true(interpreters_open(&interpreters, list, false, tell, &error));
    assert_int_equal(interpreters.length, 3);
    assert_string_equal(interpreters.at[0]->name, "cpython-3.8");
    assert_string_equal(interpreters.at[1]->name, "cpython-3.8.1");
    assert_string_equal(interpreters.at[1]->guests[POOL].variant.name, "cpython-3.8.1/pool");
    assert_string_equal(interpreters.at[2]->name, "cpython-3.11");
    assert_int_equal(interpreters.guest_count, 9);
    assert_non_null(strstr(told, "interpreter left out: no-such-python: cannot run it"));
    assert_non_null(strstr(told, "it is the same as"));
    interpreters_close(&interpreters);
}

/* "threads|core|2 ..." of one mode of an interpreter that can bind its threads. */
static void check_plan(const char *mode, unsigned pus, unsigned pins, const char *expected)
{
    const struct machine_facts facts = {.pus = pus, .cores = pus};
    const struct settings settings = {
        .variants = ~0u, .pins = pins, .threads = {3, {1, 2, 3}}, .reps = 1};
    struct interpreters interpreters;
    struct error error = {0};
    struct plan plan;
    char seen[256] = "";

    assert_true(interpreters_open(&interpreters, fake("binds"), false, tell, &error));
    assert_true(plan_make(&plan, &settings, &facts, &error));
    assert_true(interpreters_plan(&interpreters, &plan, &settings, &facts, &error));
    for (size_t c = 0; c < plan.length; c++) {
        const struct plan_case *each = &plan.cases[c];
        const char *slash = strchr(each->variant->name, '/');
        if (slash != NULL && strcmp(slash + 1, mode) == 0) {
            size_t length = strlen(seen);
            snprintf(seen + length, sizeof seen - length, "%s|%u ", each->pin->name,
                     each->threads);
        }
    }
    assert_string_equal(seen, expected);
    plan_free(&plan);
    interpreters_close(&interpreters);
}

static unsigned pins_named(const char *first, const char *second)
{
    unsigned pins = 0;

    for (size_t p = 0; p < pin_policy_count; p++) {
        const char *name = pin_policies[p].name;
        pins |= (unsigned)(strcmp(name, first) == 0 || strcmp(name, second) == 0) << p;
    }
    return pins;
}

static void test_pinned_only_up_to_the_usable_pus(void **state)
{
    (void)state;
    check_plan("serial", 2, pins_named("core", "none"), "core|1 none|1 ");
    check_plan("threads", 2, pins_named("core", "none"), "core|2 none|1 none|2 none|3 ");
    check_plan("threads", 2, pins_named("core", ""), "core|2 core|3 none|1 none|2 none|3 ");
    check_plan("pool", 2, pins_named("none", ""), "none|1 none|2 none|3 ");
    check_plan("pool", 2, pins_named("compact", "none"), "none|1 none|2 none|3 ");
    check_plan("serial", 1, pins_named("core", "none"), "none|1 ");
    check_plan("threads", 1, pins_named("core", "none"), "none|1 none|2 none|3 ");
}

/* ---- a real one ---- */

static void test_python3(void **state)
{
    struct interpreter *interpreter;
    struct error error = {0};
    struct run run;

    (void)state;
    told[0] = '\0';
    if (!interpreter_open(&interpreter, "python3", false, &patient, tell, &error)) {
        print_message("python3: %s\n", error.text);
        skip();
    }
    for (int m = SERIAL; m < MODE_COUNT; m++) {
        if (!guest_is_there(&interpreter->guests[m].variant)) {
            continue;
        }
        if (!do_job(interpreter, m, 100001, &run, &error)) {
            fail_msg("%s", error.text);
        }
        assert_int_equal(run.workers[0].done, 100001);
    }
    interpreter_close(interpreter);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_a_look_may_be_told),
        cmocka_unit_test(test_what_is_no_hello),
        cmocka_unit_test(test_models),
        cmocka_unit_test(test_a_good_one),
        cmocka_unit_test(test_those_that_cannot_start),
        cmocka_unit_test(test_those_that_fail_in_a_job),
        cmocka_unit_test(test_a_clock_that_was_set_is_forgiven_once),
        cmocka_unit_test(test_texts_are_cleaned),
        cmocka_unit_test(test_what_they_say_is_shown_clean),
        cmocka_unit_test(test_a_mode_that_is_lacking),
        cmocka_unit_test(test_the_hint_is_for_a_missing_module),
        cmocka_unit_test(test_the_first_process_tells),
        cmocka_unit_test(test_the_whole_group_is_killed),
        cmocka_unit_test(test_a_job_that_hangs),
        cmocka_unit_test(test_lists),
        cmocka_unit_test(test_pinned_only_up_to_the_usable_pus),
        cmocka_unit_test(test_python3),
    };
    signal(SIGPIPE, SIG_IGN); /* as the program does */
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, make_folder_of_fakes, remove_folder);
}
