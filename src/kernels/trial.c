/* A plug-in's trial, in a child that may crash in our place: see plugin_try. */
#include "gilscope/plugin.h"

#include "gilscope/clock.h"
#include "gilscope/text.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { TRIAL_S = 5, UNITS_MAX = 1000 };

/* In memory shared with the child: how far it came, and why no further. */
struct trial {
    bool done;
    char step[128]; /* "in a trial call on 1000 bytes" */
    struct error error;
};

/* What one thread of the trial is given. */
struct tester {
    struct trial *trial;
    const struct plugin *plugin;
    const char *path;
    struct kernel_place place;
    bool ready;
};

/* Notes what is tried next; only where one thread alone tries it. */
static void note(const struct tester *tester, const char *what, uint64_t units)
{
    if (tester->place.threads == 1) {
        snprintf(tester->trial->step, sizeof tester->trial->step, "%s on %llu %s%s", what,
                 (unsigned long long)units, tester->plugin->kernel->unit,
                 units == 1 ? "" : "s");
    }
}

/* A kernel whose units take long is not made to do a thousand of them. */
static void call_all(const struct tester *tester, void *state)
{
    static const uint64_t units[] = {1, 2, UNITS_MAX};
    const struct kernel *kernel = tester->plugin->kernel;
    double took_s = 0;

    for (size_t i = 0; i < sizeof units / sizeof *units && took_s < 1e-3; i++) {
        double start_s = clock_now();
        note(tester, "in a trial call", units[i]);
        kernel->run(state, units[i]);
        kernel->run(state, units[i]);
        took_s = clock_now() - start_s;
        if (kernel->checksum != NULL) {
            note(tester, "in its checksum", units[i]);
            kernel->checksum(units[i]);
        }
    }
}

/* A thread's life with the kernel, from set_up to tear_down. */
static void *test(void *argument)
{
    struct tester *tester = argument;
    const struct kernel *kernel = tester->plugin->kernel;
    void *state = NULL;

    note(tester, "in its set_up for calls", tester->place.units_max);
    if (kernel->set_up != NULL && (state = kernel->set_up(&tester->place)) == NULL) {
        return NULL;
    }
    call_all(tester, state);
    note(tester, "in its tear_down after calls", tester->place.units_max);
    if (kernel->tear_down != NULL) {
        kernel->tear_down(state);
    }
    tester->ready = true;
    return NULL;
}

static bool tested(const struct tester *tester)
{
    char calls[COUNTED_MAX];

    return tester->ready ||
           fail(&tester->trial->error,
                "the kernel %.200s cannot be set up: its set_up returned null for thread %u of "
                "%u, calls on up to %s",
                tester->path, tester->place.thread, tester->place.threads,
                text_counted(calls, sizeof calls, tester->place.units_max,
                             tester->plugin->kernel->unit));
}

static bool test_two_at_once(const struct tester *like)
{
    struct tester testers[2];
    pthread_t threads[2];
    unsigned started = 0;

    snprintf(like->trial->step, sizeof like->trial->step,
             "in a trial with two threads at once");
    for (unsigned t = 0; t < 2; t++) {
        testers[t] = *like;
        testers[t].ready = false;
        testers[t].place.thread = t;
        testers[t].place.threads = 2;
        started += pthread_create(&threads[t], NULL, test, &testers[t]) == 0;
        if (started <= t) {
            break; /* no threads here: bench will say so */
        }
    }
    for (unsigned t = 0; t < started; t++) {
        pthread_join(threads[t], NULL);
    }
    return started < 2 || (tested(&testers[0]) && tested(&testers[1]));
}

/* The child: it may crash without a core file, may not outlive us, and has so much time. */
static _Noreturn void be_tested(struct trial *trial, const char *path, pid_t parent)
{
    static const int usual[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGALRM};
    const struct rlimit no_core = {0, 0};
    struct plugin plugin;

    for (size_t i = 0; i < sizeof usual / sizeof *usual; i++) {
        signal(usual[i], SIG_DFL);
    }
    setrlimit(RLIMIT_CORE, &no_core);
    prctl(PR_SET_DUMPABLE, 0); /* where cores go to a program, the limit does not count */
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent) {
        _exit(EXIT_FAILED);
    }
    alarm(TRIAL_S);
    snprintf(trial->step, sizeof trial->step, "while it was loaded");
    if (plugin_open(&plugin, path, &trial->error)) {
        struct tester tester = {trial, &plugin, path, {0, 1, UNITS_MAX}, false};
        test(&tester);
        trial->done = tested(&tester) && test_two_at_once(&tester);
    }
    _exit(EXIT_DONE);
}

/* What became of the child, whose status as of waitpid this is. */
static bool judge(const struct trial *trial, const char *path, int status, struct error *error)
{
    if (trial->error.exit_code != EXIT_DONE) {
        *error = trial->error;
        return false;
    }
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM) {
        return fail(error, "the kernel %.200s was not done within %d s %s", path, TRIAL_S,
                    trial->step);
    }
    if (WIFSIGNALED(status)) {
        return fail(error, "the kernel %.200s crashed (%s) %s", path,
                    strsignal(WTERMSIG(status)), trial->step);
    }
    return trial->done || fail(error, "the kernel %.200s ended the program (exit code %d) %s",
                               path, WEXITSTATUS(status), trial->step);
}

bool plugin_try(const char *path, struct error *error)
{
    pid_t parent = getpid();
    int status = 0;
    struct trial *trial =
        mmap(NULL, sizeof *trial, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    if (trial == MAP_FAILED) {
        return fail(error, "no memory to try the kernel %.200s: %s", path, strerror(errno));
    }
    fflush(NULL); /* exit() in the child would write it a second time */
    pid_t child = fork();
    if (child == 0) {
        be_tested(trial, path, parent);
    }
    int reason = errno;
    while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR) {
        /* No signal of ours is caught yet; a stopped and continued one is no matter. */
    }
    bool passed = child > 0
                      ? judge(trial, path, status, error)
                      : fail(error, "cannot fork to try the kernel %.200s: %s (ulimit -u?)",
                             path, strerror(reason));
    munmap(trial, sizeof *trial);
    return passed;
}
