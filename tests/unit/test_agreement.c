/* Interpreters in the sweep of breakeven: which cases they get, and how near they are to the model. */
#include "gilscope/breakeven_report.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

extern const struct variant variant_hold, variant_release;

enum { LENGTHS = 3, REPS = 6, CASES_MAX = 64 };

static struct interpreter python = {.name = "cpython-3.11", .facts = {.binds = true}};
static struct interpreters interpreters = {.length = 1, .at = {&python}};
static struct system systems[SYSTEMS_MAX];

/* Calls of 1 us, 10 us and 100 us. */
static struct sweep sweep = {.kernel = &kernel_countdown,
                             .length = LENGTHS,
                             .units = {1000, 10000, 100000},
                             .call_s = {1e-6, 1e-5, 1e-4},
                             .threads = {2, {1, 2}}};
static struct plan plan;
static struct samples samples;
static double scratch[REPS];

/* The modes of the interpreter whose process runs: one that is there has a pid. */
static void start(const char *mode, bool runs)
{
    for (int m = 0; m < MODE_COUNT; m++) {
        struct guest *guest = &python.guests[m];
        if (strcmp(interpreter_modes[m].name, mode) == 0) {
            guest->child.pid = runs ? 1 : 0; /* never waited for nor killed here */
            guest->variant = (struct variant){.name = mode, .calls = true, .context = guest};
            guest->interpreter = &python;
            guest->mode = &interpreter_modes[m];
        }
    }
}

static int set_up(void **state)
{
    struct settings settings = {.pins = ~0u, .kernel = &kernel_countdown};
    struct machine_facts facts = {.pus = 2, .cores = 2};
    struct error error;

    (void)state;
    start("hold", true);
    start("release", true);
    sweep.systems = systems;
    sweep.system_count = sweep_systems(&interpreters, systems);
    return !sweep_plan(&sweep, &plan, &settings, &facts, &error) ||
           !samples_make(&samples, &plan, REPS, &error);
}

static int tear_down(void **state)
{
    (void)state;
    samples_free(&samples);
    plan_free(&plan);
    return 0;
}

static void test_interpreters_that_can_call_are_systems(void **state)
{
    (void)state;
    assert_int_equal(sweep.system_count, 2);
    assert_null(systems[0].interpreter);
    assert_ptr_equal(systems[0].release, &variant_release);
    assert_ptr_equal(systems[1].interpreter, &python);
    assert_string_equal(systems[1].hold->name, "hold");
    start("release", false);
    assert_int_equal(sweep_systems(&interpreters, systems), 1);
}

/* How many cases a system has under a policy. */
static size_t count_cases(const struct variant *hold, const char *pin)
{
    size_t n = 0;

    for (size_t c = 0; c < plan.length; c++) {
        n += plan.cases[c].variant == hold && strcmp(plan.cases[c].pin->name, pin) == 0;
    }
    return n;
}

static void test_interpreters_are_pinned_as_they_can_be(void **state)
{
    (void)state;
    assert_int_equal(count_cases(systems[0].hold, "spread"), 2 * LENGTHS);
    assert_int_equal(count_cases(systems[1].hold, "core"), 2 * LENGTHS);
    assert_int_equal(count_cases(systems[1].hold, "none"), 2 * LENGTHS);
    assert_int_equal(count_cases(systems[1].hold, "spread"), 0);
    assert_int_equal(count_cases(systems[1].hold, "compact"), 0);
    /* Each case's speedup is over its own system's one thread that holds, calls as long. */
    for (size_t c = 0; c < plan.length; c++) {
        const struct plan_case *each = &plan.cases[c], *base = &plan.cases[each->baseline];
        assert_int_equal(base->threads, 1);
        assert_int_equal(base->call, each->call);
        assert_ptr_equal(base->pin, each->pin);
        assert_int_equal(base->variant->context == NULL, each->variant->context == NULL);
    }
}

/* Holding is 1 throughout; releasing with two threads as told. */
static void fill(const double of_model[LENGTHS], const double of_python[LENGTHS])
{
    for (size_t c = 0; c < plan.length; c++) {
        const struct plan_case *of = &plan.cases[c];
        const struct system *system = sweep_releasing(&sweep, of);
        size_t l = sweep_place(&sweep, of);
        double speedup = system == NULL || of->threads == 1 ? 1
                         : system->interpreter == NULL      ? of_model[l]
                                                            : of_python[l];
        for (unsigned rep = 0; rep < REPS; rep++) {
            *sample_at(&samples, c, rep) = (struct sample){
                .measured = true, .count = of->call, .wall_s = sweep.call_s[l] / speedup};
        }
    }
}

static size_t agree(struct agreement *agreements, struct verdict *verdicts)
{
    size_t n = breakeven_verdicts(&sweep, &samples, 2, verdicts, CASES_MAX, scratch);

    return breakeven_agreements(&sweep, &samples, verdicts, n, agreements, scratch);
}

static void says(const struct agreement *agreement, const char *expected)
{
    char text[1024];

    breakeven_agreement_sentence(text, sizeof text, &sweep, agreement);
    assert_string_equal(text, expected);
}

static void test_break_evens_and_curves_are_compared(void **state)
{
    struct verdict verdicts[CASES_MAX];
    struct agreement agreements[CASES_MAX];

    (void)state;
    /* From 0.5 to 1.5, and from 0.8 to 1.2: both cross half-way. */
    fill((double[]){0.5, 1.5, 2}, (double[]){0.8, 1.2, 2});
    /* One and two threads, pinned and not. */
    assert_int_equal(agree(agreements, verdicts), 4);
    says(&agreements[1],
         "cpython-3.11 beside the model, 2 threads, pin core: break-even at 3.16 us against "
         "3.16 us, a ratio of 1.00; the curves are furthest apart at 1.00 us, releasing, by a "
         "ratio of 1.60.");
    says(&agreements[0], "cpython-3.11 beside the model, 1 thread, pin core: the curves are "
                         "nowhere shown to be apart (ratios of medians up to 1.00).");
}

static void test_no_break_even_is_no_ratio(void **state)
{
    struct verdict verdicts[CASES_MAX];
    struct agreement agreements[CASES_MAX];

    (void)state;
    fill((double[]){0.5, 1.5, 2}, (double[]){0.5, 0.5, 0.5});
    assert_int_equal(agree(agreements, verdicts), 4);
    assert_true(isnan(agreements[1].break_even));
    assert_true(fabs(agreements[1].furthest - 0.25) < 1e-9);
    assert_int_equal(agreements[1].furthest_at, 2);
}

static void test_what_was_not_measured_is_not_compared(void **state)
{
    struct verdict verdicts[CASES_MAX];
    struct agreement agreements[CASES_MAX];

    (void)state;
    fill((double[]){0.5, 1.5, 2}, (double[]){0.5, 1.5, 2});
    for (size_t c = 0; c < plan.length; c++) {
        for (unsigned rep = 0; rep < REPS && plan.cases[c].variant->context != NULL; rep++) {
            sample_at(&samples, c, rep)->measured = false;
        }
    }
    assert_int_equal(agree(agreements, verdicts), 4);
    assert_true(isnan(agreements[1].break_even));
    says(&agreements[1],
         "cpython-3.11 beside the model, 2 threads, pin core: nothing to compare.");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_interpreters_that_can_call_are_systems, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_interpreters_are_pinned_as_they_can_be, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_break_evens_and_curves_are_compared, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_no_break_even_is_no_ratio, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_what_was_not_measured_is_not_compared, set_up,
                                        tear_down),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    alarm(600);
    return cmocka_run_group_tests_name("agreement", tests, NULL, NULL);
}
