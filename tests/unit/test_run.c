/* The runner: every variant does its work exactly once, and what is not so is no sample. */
#include "gilscope/interrupt.h"
#include "gilscope/runner.h"

#include <errno.h>
#include <math.h>
#include <omp.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { CHUNK = 10007, THREADS_MOST = 5 };

static struct machine *machine;

static int set_up(void **state)
{
    struct error error = {0};

    (void)state;
    unsetenv("HWLOC_XMLFILE");
    unsetenv("HWLOC_SYNTHETIC");
    if (!machine_open(&machine, NULL, &error)) {
        print_message("# %s\n", error.text);
        return 1;
    }
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    machine_close(machine);
    return 0;
}

static const struct settings exact = {.variants = ~0u,
                                      .pins = ~0u,
                                      .time_s = 1e-3,
                                      .count = 1000003, /* a prime: shares are never equal */
                                      .chunk = CHUNK,
                                      .kernel = &kernel_countdown,
                                      .call = 1009,
                                      .lock = &gil_switching,
                                      .held_s = 15e-9,
                                      .shared_lines = 4,
                                      .switch_interval_s = 1e-4};

static struct runner *open_runner(const struct plan *plan, const struct settings *settings)
{
    struct runner *runner = NULL;
    struct error error = {0};

    if (!runner_open(&runner, plan, machine, settings, &error)) {
        fail_msg("%s", error.text);
    }
    return runner;
}

/* What must hold of any sample, whatever the machine is busy with. */
static void check_sample(const struct plan_case *of, const struct settings *settings,
                         const struct sample *sample)
{
    const struct variant *variant = of->variant;

    assert_true(sample->measured);
    assert_int_equal(sample->chunk, variant->calls     ? settings->call
                                    : variant->chunked ? settings->chunk
                                                       : 0);
    assert_true(isfinite(sample->wall_s) && sample->wall_s >= 0);
    assert_true(isfinite(sample->cpu_s) && sample->cpu_s >= 0);
    assert_true(isfinite(sample->startup_s) && sample->startup_s >= 0);
    assert_true(sample_rate(sample) > 0);
    assert_int_equal(sample->redone, 0);
    if (!variant->chunked) {
        assert_true(isnan(sample->drift));
    }
    if (!variant->hands_off || of->threads == 1) {
        assert_int_equal(sample->handoffs, 0);
    } else {
        /* Each thread takes the lock, and never oftener than once for each chunk, once at the
         * start, and once for each thread whose last chunk is a smaller one; twice for each call. */
        uint64_t most = 2 * sample->count / sample->chunk + 2 * (of->threads + 1);
        assert_in_range(sample->handoffs, of->threads - 1, most);
    }
}

static void check_plan(const struct settings *settings)
{
    struct plan plan;
    struct error error = {0};

    assert_true(plan_make(&plan, settings, machine_facts(machine), &error));
    struct runner *runner = open_runner(&plan, settings);
    for (size_t c = 0; c < plan.length; c++) {
        const struct plan_case *each = &plan.cases[c];
        struct sample sample = {0};
        if (!runner_warm_up(runner, c, &error) || !runner_measure(runner, c, &sample, &error)) {
            fail_msg("%s, %u threads, pin %s: %s", each->variant->name, each->threads,
                     each->pin->name, error.text);
        }
        if (settings->count != 0) {
            /* Whole calls, at least one for each thread. */
            uint64_t calls = each->call != 0 ? settings->count / each->call : 0;
            calls = calls < each->threads ? each->threads : calls;
            assert_int_equal(sample.count,
                             each->call != 0 ? calls * each->call : settings->count);
        }
        check_sample(each, settings, &sample);
    }
    runner_close(runner);
    plan_free(&plan);
    /* A pool leaves nothing behind. */
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
    assert_int_equal(errno, ECHILD);
}

static void test_every_variant_with_every_number_of_threads(void **state)
{
    struct settings settings = exact;

    (void)state;
    settings.pins = 1;
    settings.threads = (struct thread_list){THREADS_MOST, {1, 2, 3, 4, THREADS_MOST}};
    check_plan(&settings);
}

static void test_every_variant_with_every_pin_policy(void **state)
{
    struct settings settings = exact;

    (void)state;
    settings.threads = (struct thread_list){2, {1, 3}};
    check_plan(&settings);
}

static void test_counts_smaller_than_the_threads_and_tasks(void **state)
{
    static const uint64_t counts[] = {1, 2, 3, 7};
    (void)state;
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        struct settings settings = exact;
        settings.pins = 1;
        settings.count = counts[i];
        settings.chunk = 2;
        settings.threads = (struct thread_list){1, {THREADS_MOST}};
        /* A lock need not change hands for a thread that has nothing to do. */
        settings.variants = 0;
        for (unsigned v = 0; v < variant_count; v++) {
            settings.variants |= variants[v]->hands_off ? 0 : 1u << v;
        }
        check_plan(&settings);
    }
}

static void test_more_and_fewer_tasks_than_threads(void **state)
{
    static const unsigned tasks[] = {1, 2, 97, 1000};
    (void)state;
    for (size_t i = 0; i < sizeof tasks / sizeof *tasks; i++) {
        struct settings settings = exact;
        settings.pins = 1;
        settings.tasks = tasks[i];
        settings.threads = (struct thread_list){1, {3}};
        check_plan(&settings);
    }
}

/* Sized by time: how long it takes is the machine's affair, that it is all verified is ours. */
static void test_work_sized_by_time(void **state)
{
    struct settings settings = exact;

    (void)state;
    settings.pins = 1;
    settings.count = 0;
    settings.threads = (struct thread_list){1, {2}};
    check_plan(&settings);
}

/* ---- what is no sample ---- */

/* A case of one variant, on two threads. */
static struct runner *runner_of(const struct variant *variant, struct plan_case *its_case,
                                struct plan *plan)
{
    *its_case = (struct plan_case){.variant = variant,
                                   .kernel = &kernel_countdown,
                                   .pin = &pin_policies[0],
                                   .threads = 2,
                                   .tasks = 8,
                                   .call = variant->calls ? 1009 : 0};
    *plan = (struct plan){.length = 1, .cases = its_case, .threads_max = 2, .tasks_max = 8};
    return open_runner(plan, &exact);
}

static void check_refused(bool (*run)(struct run *, struct error *), int exit_code,
                          const char *says)
{
    const struct variant variant = {.name = "fake", .run = run};
    struct plan_case its_case;
    struct plan plan;
    struct runner *runner = runner_of(&variant, &its_case, &plan);
    struct sample sample;
    struct error error = {0};

    bool done = runner_warm_up(runner, 0, &error);
    runner_close(runner);
    interrupt_with(0);
    assert_false(done);
    assert_int_equal(error.exit_code, exit_code);
    if (strstr(error.text, says) == NULL) {
        fail_msg("'%s' is not in '%s'", says, error.text);
    }

    /* And the same where it is only the repetition that goes wrong. */
    error = (struct error){0};
    runner = runner_of(variants[0], &its_case, &plan);
    its_case.threads = 1;
    assert_true(runner_warm_up(runner, 0, &error));
    its_case.threads = 2;
    its_case.variant = &variant;
    done = runner_measure(runner, 0, &sample, &error);
    runner_close(runner);
    interrupt_with(0);
    assert_false(done);
    assert_int_equal(error.exit_code, exit_code);
}

/* Does all but one unit. */
static bool run_too_little(struct run *run, struct error *error)
{
#pragma omp parallel num_threads(run->threads)
    {
        struct worker *me = worker_begin(run, omp_get_thread_num());
        worker_do(me, me->share - (me->id == 1));
        worker_end(me);
    }
    (void)error;
    return true;
}

static bool run_twice(struct run *run, struct error *error)
{
#pragma omp parallel num_threads(run->threads)
    {
        struct worker *me = worker_begin(run, omp_get_thread_num());
        worker_do(me, me->share);
        worker_do(me, me->share);
        worker_end(me);
    }
    (void)error;
    return true;
}

/* A team that came out smaller, whose one thread does all of the work. */
static bool run_in_a_small_team(struct run *run, struct error *error)
{
#pragma omp parallel num_threads(1)
    {
        struct worker *me = worker_begin(run, omp_get_thread_num());
        worker_do(me, run->count);
        worker_end(me);
    }
    (void)error;
    return true;
}

static bool run_with_leftovers(struct run *run, struct error *error)
{
#pragma omp parallel num_threads(run->threads)
    {
        struct worker *me = worker_begin(run, omp_get_thread_num());
        worker_do(me, me->share);
        worker_end(me);
    }
    run->leftover = 3;
    (void)error;
    return true;
}

static bool run_with_an_unhappy_worker(struct run *run, struct error *error)
{
#pragma omp parallel num_threads(run->threads)
    {
        struct worker *me = worker_begin(run, omp_get_thread_num());
        worker_do(me, me->share);
        if (me->id == 1) {
            error_fill(&me->error, EXIT_FAILED, "no chair for worker 1");
        }
        worker_end(me);
    }
    (void)error;
    return true;
}

static bool run_that_fails(struct run *run, struct error *error)
{
    (void)run;
    error_fill(error, EXIT_FAILED, "it did not work");
    return false;
}

static bool run_interrupted_on_the_way(struct run *run, struct error *error)
{
#pragma omp parallel num_threads(run->threads)
    {
        struct worker *me = worker_begin(run, omp_get_thread_num());
        if (me->id == 0) {
            interrupt_with(SIGTERM);
        }
        worker_do(me, me->share);
        worker_end(me);
    }
    (void)error;
    return true;
}

static void test_too_little_work_is_no_sample(void **state)
{
    (void)state;
    check_refused(run_too_little, EXIT_FAILED, "decrements accounted for");
}

static void test_work_done_twice_is_no_sample(void **state)
{
    (void)state;
    check_refused(run_twice, EXIT_FAILED, "decrements accounted for");
}

static void test_a_team_too_small_is_no_sample(void **state)
{
    (void)state;
    check_refused(run_in_a_small_team, EXIT_FAILED, "1 of 2 threads came");
}

static void test_leftover_work_is_no_sample(void **state)
{
    (void)state;
    check_refused(run_with_leftovers, EXIT_FAILED, "3 left over");
}

static void test_a_worker_in_trouble_is_no_sample(void **state)
{
    (void)state;
    check_refused(run_with_an_unhappy_worker, EXIT_FAILED, "no chair for worker 1");
}

static void test_a_variant_that_fails_is_no_sample(void **state)
{
    (void)state;
    check_refused(run_that_fails, EXIT_FAILED, "it did not work");
}

static void test_an_interrupted_run_is_no_sample(void **state)
{
    (void)state;
    check_refused(run_interrupted_on_the_way, EXIT_SIGNALLED + SIGTERM, "");
}

/* A thread that has ended at 0 s, and one that counted and never began. */
static bool run_without_an_end(struct run *run, struct error *error)
{
#pragma omp parallel num_threads(run->threads)
    {
        struct worker *me = worker_begin(run, omp_get_thread_num());
        worker_do(me, me->share);
        worker_end(me);
    }
    run->workers[1].end_s = 0;
    (void)error;
    return true;
}

static bool run_without_a_beginning(struct run *run, struct error *error)
{
    run_without_an_end(run, error);
    run->workers[1].start_s = 0;
    return true;
}

static bool run_in_no_time(struct run *run, struct error *error)
{
    run_without_an_end(run, error);
    for (unsigned w = 0; w < run->threads; w++) {
        run->workers[w].start_s = run->workers[w].end_s = 1;
    }
    return true;
}

static void test_a_time_that_cannot_be_is_no_sample(void **state)
{
    (void)state;
    check_refused(run_without_an_end, EXIT_FAILED, "thread 2 of 2 worked from");
    check_refused(run_without_a_beginning, EXIT_FAILED,
                  "thread 2 of 2 worked from 0.000000000 s");
    check_refused(run_in_no_time, EXIT_FAILED, "took no time");
}

/* None of the above: so it is not for being unknown that they are refused. */
static bool run_honestly(struct run *run, struct error *error)
{
#pragma omp parallel num_threads(run->threads)
    {
        struct worker *me = worker_begin(run, omp_get_thread_num());
        worker_do(me, me->share);
        worker_end(me);
    }
    (void)error;
    return true;
}

static void test_an_honest_variant_gives_a_sample(void **state)
{
    static const struct variant honest = {.name = "honest", .run = run_honestly};
    struct plan_case its_case;
    struct plan plan;
    struct runner *runner = runner_of(&honest, &its_case, &plan);
    struct sample sample;
    struct error error = {0};

    (void)state;
    assert_true(runner_warm_up(runner, 0, &error));
    assert_true(runner_measure(runner, 0, &sample, &error));
    assert_int_equal(sample.count, exact.count);
    runner_close(runner);
}

/* A run that says that a worker died, so many times, and without a worker's end. */
static unsigned deaths_to_come, tries;

static bool run_that_lost_a_worker(struct run *run, struct error *error)
{
    run_honestly(run, error);
    tries++;
    if (deaths_to_come > 0) {
        deaths_to_come--;
        run->spoilt = true;
        run->workers[1].end_s = 0;
    }
    return true;
}

static bool measure_with_deaths(unsigned deaths, struct sample *sample, struct error *error)
{
    static const struct variant mortal = {.name = "mortal", .run = run_that_lost_a_worker};
    struct plan_case its_case;
    struct plan plan;
    struct runner *runner = runner_of(&mortal, &its_case, &plan);

    deaths_to_come = 0;
    assert_true(runner_warm_up(runner, 0, error));
    deaths_to_come = deaths;
    tries = 0;
    bool done = runner_measure(runner, 0, sample, error);
    runner_close(runner);
    return done;
}

static void test_what_a_death_spoilt_is_measured_again(void **state)
{
    struct error error = {0};
    struct sample sample;

    (void)state;
    assert_true(measure_with_deaths(2, &sample, &error));
    assert_int_equal(tries, 3);
    assert_int_equal(sample.redone, 2 * 8); /* all tasks of both */
    assert_true(sample.wall_s > 0);
}

static void test_what_deaths_always_spoil_is_given_up(void **state)
{
    struct error error = {0};
    struct sample sample;

    (void)state;
    assert_false(measure_with_deaths(100, &sample, &error));
    assert_int_equal(tries, 10);
    assert_int_equal(error.exit_code, EXIT_FAILED);
    assert_non_null(strstr(error.text, "pool: a worker died"));
}

/* Asked to stop before it begins: each variant ends at once, and no worker stays. */
static void test_every_variant_stops_when_interrupted(void **state)
{
    (void)state;
    for (size_t v = 1; v < variant_count; v++) {
        struct plan_case its_case;
        struct plan plan;
        struct runner *runner = runner_of(variants[v], &its_case, &plan);
        struct sample sample;
        struct error error = {0};

        assert_true(runner_warm_up(runner, 0, &error));
        interrupt_with(SIGINT);
        bool done = runner_measure(runner, 0, &sample, &error);
        interrupt_with(0);
        runner_close(runner);
        assert_false(done);
        assert_int_equal(error.exit_code, EXIT_SIGNALLED + SIGINT);
        assert_string_equal(error.text, "");
    }
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
    assert_int_equal(errno, ECHILD);
}

/* A kernel that notices company. */
static atomic_int inside, not_alone;

static uint64_t work_alone(void *state, uint64_t units)
{
    (void)state;
    atomic_fetch_add(&not_alone, atomic_exchange(&inside, 1));
    sched_yield();
    atomic_store(&inside, 0);
    return units;
}

static void test_under_a_lock_one_thread_works_at_a_time(void **state)
{
    static const struct kernel lonely = {.name = "lonely", .run = work_alone};
    (void)state;
    for (size_t v = 0; v < variant_count; v++) {
        struct worker workers[4];
        struct run run = {.kernel = &lonely,
                          .threads = 4,
                          .count = 4000,
                          .chunk = 1,
                          .stretch = 1,
                          .chunks_per_sample = 100,
                          .gil_config = {.switch_interval_s = 1e-4},
                          .machine = machine,
                          .workers = workers};
        struct error error = {0};

        if (!variants[v]->hands_off || variants[v]->calls) {
            continue;
        }
        for (unsigned w = 0; w < 4; w++) {
            workers[w] = (struct worker){.run = &run,
                                         .id = w,
                                         .chunks_until_sample = 100,
                                         .share = 1000,
                                         .progress = {.width_s = 1e-3}};
        }
        assert_true(variants[v]->run(&run, &error));
        assert_int_equal(atomic_load(&not_alone), 0);
        for (unsigned w = 0; w < 4; w++) {
            assert_int_equal(workers[w].done, 1000);
        }
    }
}

/* ---- what has to last a time at least ---- */

/* A variant whose time is made up, so that nothing here depends on the machine's. */
static double made_up_unit_s, speeding_up;
static unsigned runs;

static bool run_in_made_up_time(struct run *run, struct error *error)
{
    (void)error;
    for (unsigned w = 0; w < run->threads; w++) {
        struct worker *worker = &run->workers[w];
        worker->present = true;
        worker->done = worker->share;
        worker->start_s = 1;
        worker->end_s = 1 + (double)run->count * made_up_unit_s;
    }
    runs++;
    made_up_unit_s /= speeding_up;
    return true;
}

/* Warmed up with a decrement of 1 us, then measured with one of 0.1 us, whose runs go on becoming
 * faster by that factor. */
static void measure_ten_times_faster(uint64_t count, double factor, struct sample *sample)
{
    const struct variant variant = {
        .name = "made up", .least_s = 250e-3, .run = run_in_made_up_time};
    struct plan_case its_case = {.variant = &variant, .pin = &pin_policies[0], .threads = 2};
    const struct plan plan = {.length = 1, .cases = &its_case, .threads_max = 2};
    struct settings settings = exact;
    struct error error = {0};

    settings.count = count;
    struct runner *runner = open_runner(&plan, &settings);
    made_up_unit_s = 1e-6;
    speeding_up = 1;
    assert_true(runner_warm_up(runner, 0, &error));
    made_up_unit_s = 1e-7;
    speeding_up = factor;
    runs = 0;
    assert_true(runner_measure(runner, 0, sample, &error));
    runner_close(runner);
}

static void test_what_came_out_too_short_is_done_again(void **state)
{
    struct sample sample;

    (void)state;
    measure_ten_times_faster(0, 1, &sample);
    assert_int_equal(runs, 2);
    assert_true(sample.wall_s >= 250e-3);
    assert_true(sample.count >= 2500000); /* as many as it takes now, before it was a tenth */
}

static void test_what_is_always_too_short_is_taken_in_the_end(void **state)
{
    struct sample sample;

    (void)state;
    measure_ten_times_faster(0, 2, &sample);
    assert_int_equal(runs, 4);
    assert_true(sample.measured);
}

static void test_exact_work_is_never_too_short(void **state)
{
    struct sample sample;

    (void)state;
    measure_ten_times_faster(1000, 1, &sample);
    assert_int_equal(runs, 1);
    assert_int_equal(sample.count, 1000);
}

/* OMP_DYNAMIC must not make a team smaller. */
static void test_dynamic_teams_are_switched_off(void **state)
{
    struct settings settings = exact;

    (void)state;
    omp_set_dynamic(1);
    settings.pins = 1;
    settings.variants = 1u << 4;
    assert_string_equal(variants[4]->name, "nogil");
    settings.threads = (struct thread_list){1, {THREADS_MOST}};
    check_plan(&settings);
}

static void test_workers_without_a_task_do_not_count(void **state)
{
    struct settings settings = exact;

    (void)state;
    /* Sixteen workers, two tasks: fourteen at least never set to work. */
    settings.pins = 1;
    settings.tasks = 2;
    settings.variants = 1u << 6;
    settings.threads = (struct thread_list){1, {16}};
    assert_string_equal(variants[6]->name, "pool");
    check_plan(&settings);
}

/* Round its arrays, past their end and to the very end of them. */
static void test_triad_goes_round(void **state)
{
    const struct kernel_place place = {1, 1000, 5}; /* the smallest arrays: 1 MiB */
    const uint64_t length = (1 << 20) / 24,
                   units[] = {length, length - 1, 1, 3 * length + 5, 0};
    void *own = kernel_triad.set_up(&place);

    (void)state;
    assert_non_null(own);
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        assert_int_equal(kernel_triad.run(own, units[i]), 7 * units[i]);
    }
    kernel_triad.tear_down(own);
}

static void test_kernels_do_what_they_are_told(void **state)
{
    static const uint64_t units[] = {0, 1, 2, 63, 64, 65, 127, 128, 1000003};
    (void)state;
    for (size_t k = 0; k < kernel_count; k++) {
        assert_int_equal(kernels[k]->version, GILSCOPE_KERNEL_VERSION);
        const struct kernel_place place = {0, 1, 1000003};
        void *own = kernels[k]->set_up != NULL ? kernels[k]->set_up(&place) : NULL;
        assert_true(kernels[k]->set_up == NULL || own != NULL);
        for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
            assert_int_equal(kernels[k]->run(own, units[i]), kernels[k]->checksum(units[i]));
        }
        if (kernels[k]->tear_down != NULL) {
            kernels[k]->tear_down(own);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_variant_with_every_number_of_threads),
        cmocka_unit_test(test_every_variant_with_every_pin_policy),
        cmocka_unit_test(test_counts_smaller_than_the_threads_and_tasks),
        cmocka_unit_test(test_more_and_fewer_tasks_than_threads),
        cmocka_unit_test(test_work_sized_by_time),
        cmocka_unit_test(test_too_little_work_is_no_sample),
        cmocka_unit_test(test_work_done_twice_is_no_sample),
        cmocka_unit_test(test_a_team_too_small_is_no_sample),
        cmocka_unit_test(test_leftover_work_is_no_sample),
        cmocka_unit_test(test_a_worker_in_trouble_is_no_sample),
        cmocka_unit_test(test_a_variant_that_fails_is_no_sample),
        cmocka_unit_test(test_an_interrupted_run_is_no_sample),
        cmocka_unit_test(test_an_honest_variant_gives_a_sample),
        cmocka_unit_test(test_a_time_that_cannot_be_is_no_sample),
        cmocka_unit_test(test_what_a_death_spoilt_is_measured_again),
        cmocka_unit_test(test_what_deaths_always_spoil_is_given_up),
        cmocka_unit_test(test_every_variant_stops_when_interrupted),
        cmocka_unit_test(test_under_a_lock_one_thread_works_at_a_time),
        cmocka_unit_test(test_what_came_out_too_short_is_done_again),
        cmocka_unit_test(test_what_is_always_too_short_is_taken_in_the_end),
        cmocka_unit_test(test_exact_work_is_never_too_short),
        cmocka_unit_test(test_dynamic_teams_are_switched_off),
        cmocka_unit_test(test_workers_without_a_task_do_not_count),
        cmocka_unit_test(test_kernels_do_what_they_are_told),
        cmocka_unit_test(test_triad_goes_round),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    alarm(600); /* a hang is a failure */
    return cmocka_run_group_tests_name("run", tests, set_up, tear_down);
}
