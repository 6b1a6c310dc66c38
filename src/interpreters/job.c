/* One run of a mode: the job as a line, the answer as a sample. */
#include "job.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* "MODE THREADS COUNT PU,PU..." */
static void write_job(const struct run *run, const char *mode, char *text, size_t size)
{
    size_t length = (size_t)snprintf(text, size, "%s %u %llu ", mode, run->threads,
                                     (unsigned long long)run->count);

    for (unsigned t = 0; run->slots != NULL && t < run->threads; t++) {
        length += (size_t)snprintf(text + length, size - length, "%s%u", t > 0 ? "," : "",
                                   run->slots[t % run->slot_count].pu_os);
    }
    snprintf(text + length, size - length, "%s\n", run->slots == NULL ? "-" : "");
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
 * invented speed. */
static bool is_believable(double wall_s, double elapsed_s)
{
    return wall_s > 0 && wall_s <= elapsed_s * 1.01 + 1e-3 &&
           elapsed_s - wall_s <= 1 + 0.1 * elapsed_s;
}

/* "ok DONE WALL_S STARTUP_S CPU_S VOLUNTARY INVOLUNTARY", believed only as far as our own clock
 * and count agree. */
static bool read_answer(struct run *run, const char *answer, double start_s, double elapsed_s,
                        struct error *error)
{
    unsigned long long done, voluntary, involuntary;
    double wall_s, cpu_s;
    char startup[32];
    int end = 0;

    if (sscanf(answer, "ok %llu %lf %31s %lf %llu %llu%n", &done, &wall_s, startup, &cpu_s,
               &voluntary, &involuntary, &end) != 6 ||
        answer[end] != '\0') {
        return fail(error, "answered with '%.60s', which is no result", answer);
    }
    if (!is_believable(wall_s, elapsed_s) || !(cpu_s >= 0)) {
        return fail(error, "says that it took %.4g s, when it was %.4g s by our clock", wall_s,
                    elapsed_s);
    }
    if (done != run->count) {
        return fail(error, "did %llu of %llu decrements", done, (unsigned long long)run->count);
    }
    run->startup_s = number_or_none(startup);
    if (run->startup_s < 0 || run->startup_s >= wall_s) {
        return fail(error, "says that %.4g of its %.4g s were start-up", run->startup_s,
                    wall_s);
    }
    enter(run, done, start_s, wall_s,
          (struct thread_usage){cpu_s, (uint64_t)voluntary, (uint64_t)involuntary});
    return true;
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

bool guest_run(struct run *run, struct error *error)
{
    struct guest *guest = run->variant->context;
    char job[64 + 6 * THREADS_MAX], answer[CHILD_LINE_MAX];
    struct error why;

    write_job(run, guest->mode->name, job, sizeof job);
    double start_s = clock_now();
    bool going =
        child_ask(&guest->child, job, answer, sizeof answer, limit_of(guest, run), &why);
    double elapsed_s = clock_now() - start_s;
    if (!going && interrupted()) {
        *error = why;
        return false;
    }
    bool told = going && strncmp(answer, "error ", 6) == 0;
    if (told) {
        error_fill(&why, EXIT_FAILED, "%.200s", answer + 6);
    }
    if (!going || told || !read_answer(run, answer, start_s, elapsed_s, &why)) {
        lose(guest, !told);
        return fail(error, "%s, %u thread%s: %s", guest->name, run->threads,
                    run->threads == 1 ? "" : "s", why.text);
    }
    learn(guest, run, elapsed_s);
    return true;
}

void guest_leave(const struct variant *variant)
{
    lose(variant->context, false);
}

bool guest_is_there(const struct variant *variant)
{
    const struct guest *guest = variant->context;
    return guest->child.pid > 0;
}
