/* One run of a mode: the job as a line, the answer as a sample. */
#include "job.h"

#include "gilscope/text.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* What the job is cut into: a pool's list into items, calls into decrements each. */
static uint64_t part_of(const struct run *run)
{
    return run->variant->calls ? run->chunk : run->tasks;
}

/* "MODE THREADS COUNT PU,PU... PART" */
static void write_job(const struct run *run, const char *mode, char *text, size_t size)
{
    size_t length = (size_t)snprintf(text, size, "%s %u %llu ", mode, run->threads,
                                     (unsigned long long)run->count);

    for (unsigned t = 0; run->slots != NULL && t < run->threads; t++) {
        length += (size_t)snprintf(text + length, size - length, "%s%u", t > 0 ? "," : "",
                                   run->slots[t % run->slot_count].pu_os);
    }
    snprintf(text + length, size - length, "%s %llu\n", run->slots == NULL ? "-" : "",
             (unsigned long long)part_of(run));
}

/* Far more than the work can take: who is silent for longer hangs. */
static double limit_of(const struct guest *guest, const struct run *run)
{
    const double patience = 30, slowest_unit_s = 10e-6;
    double unit_s =
        guest->unit_s > 0 ? fmin(guest->unit_s * patience, slowest_unit_s) : slowest_unit_s;

    return guest->interpreter->limits.job_s + (double)run->count * unit_s;
}

/* Of all runs the slowest unit, as one thread alone would do it: the next run may have fewer
 * threads. */
static void learn(struct guest *guest, const struct run *run, double elapsed_s)
{
    unsigned at_once = run->threads;

    if (run->slot_count > 0 && run->slot_count < at_once) {
        at_once = run->slot_count;
    }
    guest->unit_s = fmax(guest->unit_s, elapsed_s * at_once / (double)run->count);
}

/* The whole answer goes to the first worker: who did what the interpreter does not tell. */
static void enter(struct run *run, uint64_t done, double start_s, double wall_s,
                  struct thread_usage used)
{
    for (unsigned w = 0; w < run->threads; w++) {
        run->workers[w].present = true;
    }
    run->workers[0].done = done;
    run->workers[0].start_s = start_s;
    run->workers[0].end_s = start_s + wall_s;
    run->workers[0].usage_at_end = used;
}

/* A number, or NAN for "-". */
static double number_or_none(const char *text)
{
    double value = NAN;

    return sscanf(text, "%lf", &value) == 1 ? value : (double)NAN;
}

/* A bit is lost around the work, seconds under load; not more, or counts would be sized after an
 * invented speed. Nor is anything done faster than an interpreter can call a function: beside our
 * clock's time of day that would be nothing, and the speed infinite. */
static bool is_believable(double wall_s, double elapsed_s)
{
    const double shortest_s = 100e-9;

    return wall_s >= shortest_s && wall_s <= elapsed_s * 1.01 + 1e-3 &&
           elapsed_s - wall_s <= 1 + 0.1 * elapsed_s;
}

/* How a job went. */
enum outcome {
    JOB_DONE,
    JOB_MISTIMED,  /* its time does not fit our clock */
    JOB_REFUSED,   /* it answered what went wrong */
    JOB_UNBELIEVED /* it does not keep to the protocol */
};

/* "ok DONE WALL_S STARTUP_S CPU_S VOLUNTARY INVOLUNTARY", believed only as far as our own clock
 * and count agree. */
static enum outcome read_answer(struct run *run, const char *answer, double start_s,
                                double elapsed_s, struct error *why)
{
    unsigned long long done, voluntary, involuntary;
    double wall_s, cpu_s;
    char startup[32];
    int end = 0;

    if (sscanf(answer, "ok %llu %lf %31s %lf %llu %llu%n", &done, &wall_s, startup, &cpu_s,
               &voluntary, &involuntary, &end) != 6 ||
        answer[end] != '\0' || !(cpu_s >= 0) || isinf(cpu_s) ||
        (voluntary | involuntary) > INT64_MAX) {
        error_fill(why, EXIT_FAILED, "answered with '%.60s', which is no result", answer);
        return JOB_UNBELIEVED;
    }
    if (done != run->count) {
        error_fill(why, EXIT_FAILED, "did %llu of %llu decrements", done,
                   (unsigned long long)run->count);
        return JOB_UNBELIEVED;
    }
    if (!is_believable(wall_s, elapsed_s)) {
        error_fill(why, EXIT_FAILED,
                   "says that it took %.4g s, when it was %.4g s by our clock", wall_s,
                   elapsed_s);
        return JOB_MISTIMED;
    }
    run->startup_s = number_or_none(startup);
    if (run->startup_s < 0 || run->startup_s >= wall_s) {
        error_fill(why, EXIT_FAILED, "says that %.4g of its %.4g s were start-up",
                   run->startup_s, wall_s);
        return JOB_UNBELIEVED;
    }
    enter(run, done, start_s, wall_s,
          (struct thread_usage){cpu_s, (uint64_t)voluntary, (uint64_t)involuntary});
    learn(run->variant->context, run, elapsed_s);
    return JOB_DONE;
}

/* Gives the job once, and takes the answer. */
static enum outcome ask(struct run *run, const char *job, struct error *why)
{
    struct guest *guest = run->variant->context;
    char answer[CHILD_LINE_MAX];
    double start_s = clock_now();

    if (!child_ask(&guest->child, job, answer, sizeof answer, limit_of(guest, run), why)) {
        return JOB_UNBELIEVED;
    }
    double elapsed_s = clock_now() - start_s;
    if (strncmp(answer, "error ", 6) == 0) {
        error_fill(why, EXIT_FAILED, "%.200s", answer + 6);
        return JOB_REFUSED;
    }
    return read_answer(run, answer, start_s, elapsed_s, why);
}

/* Who does not keep to the protocol is not believed again: all of the interpreter is lost. An
 * answer that says what went wrong costs its own mode alone. */
static void lose(struct guest *guest, bool all)
{
    struct interpreter *interpreter = guest->interpreter;

    interpreter->lost |= all;
    for (int m = 0; m < MODE_COUNT; m++) {
        if (all || &interpreter->guests[m] == guest) {
            child_end(&interpreter->guests[m].child);
        }
    }
}

/* "cpython-3.11/threads, 2 threads: WHY; cpython-3.11 is not asked again" */
static bool fail_job(const struct run *run, enum outcome outcome, const struct error *why,
                     struct error *error)
{
    const struct guest *guest = run->variant->context;

    error_fill(error, EXIT_FAILED, "%s, %u thread%s: %.300s; %s is not asked again",
               guest->name, run->threads, run->threads == 1 ? "" : "s", why->text,
               outcome == JOB_REFUSED ? "this mode" : guest->interpreter->name);
    text_clean(error->text);
    return false;
}

bool guest_run(struct run *run, struct error *error)
{
    struct guest *guest = run->variant->context;
    char job[96 + 6 * THREADS_MAX];
    struct error why;

    write_job(run, guest->mode->name, job, sizeof job);
    enum outcome outcome = ask(run, job, &why);
    if (outcome == JOB_MISTIMED) {
        /* Python 2 has only the wall clock, which may have been set meanwhile; hardly twice. */
        outcome = ask(run, job, &why);
    }
    if (outcome == JOB_DONE) {
        return true;
    }
    if (interrupted()) {
        return fail_signal(error, interrupted());
    }
    lose(guest, outcome != JOB_REFUSED);
    return fail_job(run, outcome, &why, error);
}

bool guest_is_there(const struct variant *variant)
{
    const struct guest *guest = variant->context;
    return guest->child.pid > 0;
}
