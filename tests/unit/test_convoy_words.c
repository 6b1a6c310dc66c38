/* What convoy says of blocks that are few, alike, uneven or split; its marks; its verdicts. */
#include "../../src/output/convoy_cells.h"
#include "gilscope/convoy_report.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct style plain = {
    .bold = "", .dim = "", .warn = "", .plain = "", .width = 1000, .utf8 = false};
static struct error error;

/* A plan whose samples the tests write, of one lock or all. */
static struct settings settings;
static struct convoy_plan plan;
static double scratch[16];

static void make_plan(unsigned locks, unsigned reps, const struct interpreters *interpreters)
{
    settings = (struct settings){.reps = reps,
                                 .time_s = 1,
                                 .held_s = 2e-6,
                                 .locks = locks,
                                 .hogs = {.length = 2, .values = {0, 1}},
                                 .switch_intervals = {.length = 1, .values = {{5e-3, 0}}}};
    for (size_t p = 0; p < pin_policy_count; p++) {
        settings.pins |= pin_policies[p].binds ? 0 : 1u << p;
    }
    assert_true(convoy_plan_make(&plan, &settings, interpreters, &error));
}

static const struct interpreters nobody = {.length = 0};

/* All of a case's blocks: their median answers in us, and what follows from those. */
static void enter(size_t c, const double *p50_us, uint64_t requests)
{
    for (unsigned rep = 0; rep < plan.reps; rep++) {
        struct convoy_sample *sample = convoy_sample_at(&plan, c, rep);
        *sample = (struct convoy_sample){.measured = true, .wall_s = 1, .requests = requests};
        for (int f = 0; f < CONVOY_FIGURES; f++) {
            sample->figures[f] = NAN;
        }
        sample->figures[CONVOY_REQUESTS] = (double)requests;
        for (int f = CONVOY_P50; f <= CONVOY_LONGEST; f++) {
            sample->figures[f] = p50_us[rep] * 1e-6 * f;
        }
    }
}

/* What one of the parts of the report says: the caller's to free. */
static char *printed(void (*print)(const struct convoy_report *, const struct style *, FILE *))
{
    struct machine *machine;
    char *text = NULL;
    size_t size;
    FILE *to = open_memstream(&text, &size);

    assert_true(machine_open(&machine, NULL, &error));
    const struct convoy_report report = {machine, &settings, &plan, plan.reps, scratch};
    print(&report, &plain, to);
    fclose(to);
    machine_close(machine);
    return text;
}

static void says(const char *text, const char *what)
{
    if (strstr(text, what) == NULL) {
        fail_msg("not said: '%s' in\n%s", what, text);
    }
}

static void is_silent_of(const char *text, const char *what)
{
    if (strstr(text, what) != NULL) {
        fail_msg("said: '%s' in\n%s", what, text);
    }
}

/* The sentences on gil, in one line: alone with these medians in us, and beside a hog with those. */
static char *sentences(unsigned reps, const double *alone, const double *beside,
                       uint64_t requests)
{
    make_plan(1, reps, &nobody);
    enter(1, alone, 1000);
    enter(2, beside, requests);
    char *text = printed(convoy_sentences);
    convoy_plan_free(&plan);
    for (char *at = text; *at != '\0'; at++) {
        *at = *at == '\n' ? ' ' : *at;
    }
    return text;
}

static const double quick[] = {20, 21, 20, 19, 20, 20}, same[] = {19, 20, 21, 20, 20, 20},
                    slow[] = {6000, 6100, 5900, 6000, 6000, 6000},
                    less[] = {15, 15, 15, 15, 15, 15}, split[] = {20, 6000, 6000, 21, 6100, 20},
                    uneven[] = {300, 600, 1000, 1500, 700, 900};

static void test_alike_blocks_give_a_ratio(void **state)
{
    char *text = sentences(6, quick, slow, 1000);

    (void)state;
    says(text,
         "gil, the lock of CPython 3.2 and later Alone: the median answer takes 20.0 us;");
    says(text,
         "Beside 1 CPU-bound thread: the median answer takes 6.00 ms, 300 times as long as "
         "alone; one in a hundred takes at least 18.0 ms; answered a second: 1.00k. ");
    free(text);
}

static void test_what_may_be_the_same_has_no_ratio(void **state)
{
    char *text = sentences(6, quick, same, 1000);

    (void)state;
    says(text, "takes 20.0 us: no difference to be seen;");
    is_silent_of(text, "times as long");
    free(text);
    text = sentences(6, quick, less, 1000);
    says(text, "takes 15.0 us, which is less than alone;");
    is_silent_of(text, "times as long");
    free(text);
}

static void test_few_blocks_are_not_compared(void **state)
{
    char *text = sentences(5, quick, slow, 1000);

    (void)state;
    says(text, "Beside 1 CPU-bound thread: the median answer takes 5.90 ms to 6.10 ms; one in");
    is_silent_of(text, "as long");
    says(text, "figures of 5 blocks, and no more: to compare takes 6 (--reps=6).");
    free(text);
    text = sentences(1, quick, slow, 1000);
    says(text, "takes 6.00 ms; one in");
    says(text, "figures of 1 block,");
    free(text);
}

static void test_blocks_of_two_kinds_are_told_apart(void **state)
{
    char *text = sentences(6, quick, split, 1000);

    (void)state;
    says(text,
         "takes 20.0 us to 21.0 us in 3 of 6 blocks, 6.00 ms to 6.10 ms in the others: too "
         "uneven to tell whether that is longer than alone;");
    is_silent_of(text, "times as long");
    free(text);
}

static void test_of_uneven_blocks_a_bound_is_told(void **state)
{
    char *text = sentences(6, quick, uneven, 1000);

    (void)state;
    says(text, "takes 300 us to 1.50 ms, depending on the block, at least 15 times as long as "
               "alone;");
    free(text);
}

static void test_of_few_answers_there_is_no_hundredth(void **state)
{
    char *text = sentences(6, quick, slow, 99);

    (void)state;
    says(text, "; the slowest of the few answers takes 30.0 ms; answered a second: 99. ");
    free(text);
}

static void test_without_a_quiet_case_there_is_nothing_to_compare_with(void **state)
{
    (void)state;
    make_plan(1, 6, &nobody);
    enter(2, slow, 1000);
    char *text = printed(convoy_sentences);
    says(text, "Beside 1 CPU-bound thread: the median answer takes 6.00 ms; one in");
    is_silent_of(text, "Alone");
    free(text);
    convoy_plan_free(&plan);
}

/* Nothing of what was due in the time: what was due before may have been. */
static void test_nothing_was_answered_only_where_nothing_was(void **state)
{
    (void)state;
    make_plan(1, 6, &nobody);
    enter(1, quick, 0);
    for (unsigned rep = 0; rep < 6; rep++) {
        convoy_sample_at(&plan, 1, rep)->unsent = 1000;
    }
    char *text = printed(convoy_sentences);
    says(text, "Alone: nothing was answered");
    free(text);
    convoy_sample_at(&plan, 1, 3)->figures[CONVOY_REQUESTS] = 300;
    text = printed(convoy_sentences);
    is_silent_of(text, "nothing was answered");
    says(text, "Alone: half of the requests wait for at least");
    free(text);
    convoy_plan_free(&plan);
}

/* ---- the table ---- */

static void test_wide_intervals_and_few_blocks_are_marked(void **state)
{
    (void)state;
    make_plan(1, 6, &nobody);
    enter(1, less, 1000);
    char *text = printed(convoy_print);
    is_silent_of(text, "~");
    free(text);
    enter(1, quick, 1000);
    text = printed(convoy_print);
    says(text, "20.0 us +-5%~");
    says(text, "1.00k +-0% ");
    says(text, "~ noisy: wider than +-2 %");
    free(text);
    convoy_plan_free(&plan);
    make_plan(1, 5, &nobody);
    enter(1, quick, 1000);
    text = printed(convoy_print);
    says(text, "20.0 us +-? ");
    says(text, "+-? an interval needs 6 blocks");
    is_silent_of(text, "~");
    free(text);
    convoy_plan_free(&plan);
}

static void test_blocks_of_two_kinds_are_marked(void **state)
{
    (void)state;
    make_plan(1, 6, &nobody);
    enter(1, split, 1000);
    char *text = printed(convoy_print);
    says(text, " 20.0 us..6.10 ms#"); /* p50 */
    says(text, " 9.03 ms#");          /* p99: 20 to 6100 us, times its place */
    says(text, "1.00k +-0% ");        /* requests: all blocks agree */
    says(text, "# blocks too far apart for one number");
    says(text, "a..b an interval too wide for +-");
    free(text);
    enter(1, quick, 1000);
    text = printed(convoy_print);
    is_silent_of(text, "#");
    is_silent_of(text, "..");
    free(text);
    convoy_plan_free(&plan);
}

static void test_only_blocks_without_hogs_show_a_busy_machine(void **state)
{
    (void)state;
    make_plan(1, 6, &nobody);
    enter(1, quick, 1000);
    enter(2, split, 1000);
    char *text = printed(convoy_print);
    is_silent_of(text, "the machine was busy");
    free(text);
    enter(1, split, 1000);
    for (unsigned rep = 0; rep < plan.reps; rep++) {
        convoy_sample_at(&plan, 1, rep)->figures[CONVOY_REQUESTS] = split[rep];
    }
    text = printed(convoy_print);
    says(text, "Most intervals are wider than +-10 %: the machine was busy.");
    free(text);
    convoy_plan_free(&plan);
}

static void test_locks_without_an_interval_stand_under_none(void **state)
{
    (void)state;
    make_plan(3, 6, &nobody);
    convoy_plan_free(&plan);
    settings.switch_intervals = (struct length_list){2, {{1e-3, 0}, {5e-3, 0}}};
    assert_true(convoy_plan_make(&plan, &settings, &nobody, &error));
    for (size_t c = 0; c < plan.length; c++) {
        enter(c, quick, 1000);
    }
    char *text = printed(convoy_print);
    const char *third = strstr(text, "pin none, no switch interval");
    assert_non_null(third);
    says(text, "pin none, switch interval 1.00 ms");
    says(text, "pin none, switch interval 5.00 ms");
    assert_true(strstr(text, "\nticks ") > third);
    is_silent_of(text, "nan"); /* of one hog alone nothing was measured */
    says(third, "\nticks ");
    free(text);
    convoy_plan_free(&plan);
}

static void test_what_was_not_sent_is_told_of_its_case(void **state)
{
    (void)state;
    make_plan(3, 6, &nobody);
    for (size_t c = 0; c < plan.length; c++) {
        enter(c, quick, 1000);
    }
    convoy_sample_at(&plan, 2, 3)->unsent = 2000;
    char *text = printed(convoy_print);
    says(text, "gil, 1 hog, pin none: 2000 of 8000 requests that were due (25 %) could not be "
               "sent in time;");
    is_silent_of(text, "ticks, 1 hog");
    free(text);
    convoy_plan_free(&plan);
}

static void test_shares_are_of_one_width(void **state)
{
    static const double shares[] = {0.0000597, 0.000597, 0.00729, 0.0123, 0.909, 1.234, 63.5};
    const struct style narrow = {false, 80, "", "", "", ""};
    char text[16];

    (void)state;
    for (size_t i = 0; i < sizeof shares / sizeof *shares; i++) {
        FILE *to = fmemopen(text, sizeof text, "w");
        assert_non_null(to);
        convoy_share_cell((struct estimate){.median = shares[i], .n = 6}, &narrow, to);
        fclose(to);
        assert_int_equal(strlen(text), 8);
    }
}

/* ---- interpreters ---- */

/* What is said of an interpreter whose median answers are these, beside a model's. */
static char *verdict_on(unsigned reps, const double *theirs, const double *ours)
{
    static struct interpreter python = {.name = "cpython-9.9", .facts = {.gil = true}};
    static const struct interpreter_mode mode = {.name = "convoy", .model = NULL};
    struct guest guest = {.mode = &mode, .interpreter = &python};
    struct interpreters one = {.length = 1, .at = {&python}, .guest_count = 1};

    python.facts.major = 3;
    python.facts.minor = 9;
    snprintf(python.facts.implementation, sizeof python.facts.implementation, "cpython");
    one.guests[0] = &guest;
    make_plan(1, reps, &one);
    enter(1, ours, 1000);
    enter(4, theirs, 1000);
    char *text = printed(convoy_fidelity);
    convoy_plan_free(&plan);
    return text;
}

static void test_few_blocks_agree_with_nothing(void **state)
{
    char *text = verdict_on(5, quick, quick);

    (void)state;
    says(text, "0 of 3 figures agree within 25 %, 0 are apart, 3 are undecided.");
    free(text);
    text = verdict_on(6, quick, quick);
    says(text, "3 of 3 figures agree within 25 %, 0 are apart, 0 are undecided.");
    is_silent_of(text, "?");
    free(text);
}

static void test_blocks_far_apart_agree_with_nothing(void **state)
{
    char *text = verdict_on(6, split, split);

    (void)state;
    says(text, "1 of 3 figures agree within 25 %, 0 are apart, 2 are undecided.");
    free(text);
    text = verdict_on(6, quick, slow);
    says(text, "1 of 3 figures agree within 25 %, 2 are apart, 0 are undecided.");
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_alike_blocks_give_a_ratio),
        cmocka_unit_test(test_what_may_be_the_same_has_no_ratio),
        cmocka_unit_test(test_few_blocks_are_not_compared),
        cmocka_unit_test(test_blocks_of_two_kinds_are_told_apart),
        cmocka_unit_test(test_of_uneven_blocks_a_bound_is_told),
        cmocka_unit_test(test_of_few_answers_there_is_no_hundredth),
        cmocka_unit_test(test_without_a_quiet_case_there_is_nothing_to_compare_with),
        cmocka_unit_test(test_nothing_was_answered_only_where_nothing_was),
        cmocka_unit_test(test_wide_intervals_and_few_blocks_are_marked),
        cmocka_unit_test(test_blocks_of_two_kinds_are_marked),
        cmocka_unit_test(test_only_blocks_without_hogs_show_a_busy_machine),
        cmocka_unit_test(test_locks_without_an_interval_stand_under_none),
        cmocka_unit_test(test_what_was_not_sent_is_told_of_its_case),
        cmocka_unit_test(test_shares_are_of_one_width),
        cmocka_unit_test(test_few_blocks_agree_with_nothing),
        cmocka_unit_test(test_blocks_far_apart_agree_with_nothing),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("convoy_words", tests, NULL, NULL);
}
