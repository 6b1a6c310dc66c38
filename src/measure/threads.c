/* The threads that a run needs, before it begins: see gilscope/threads.h. */
#include "gilscope/threads.h"

#include "threads.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <omp.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Fewer threads than asked for would be a row that says what is not so. */
static bool check_thread_limit(unsigned threads, const char *option, struct error *error)
{
    int limit = omp_get_thread_limit();

    if (omp_get_max_active_levels() < 1) {
        omp_set_max_active_levels(1); /* OMP_MAX_ACTIVE_LEVELS=0: teams of one */
    }
    omp_set_dynamic(0);
    if (limit >= (int)threads) {
        return true;
    }
    return fail(error,
                "OpenMP gives at most %d threads here, %u are asked for: unset "
                "OMP_THREAD_LIMIT, or ask for fewer (%s)",
                limit, threads, option);
}

static void *wait_for_all(void *gate)
{
    pthread_mutex_lock(gate);
    pthread_mutex_unlock(gate);
    return NULL;
}

static unsigned threads_needed(const struct plan *plan)
{
    unsigned most = 1;

    for (size_t c = 0; c < plan->length; c++) {
        if (!plan->cases[c].variant->forks && plan->cases[c].threads > most) {
            most = plan->cases[c].threads;
        }
    }
    return most;
}

/* Starts as many threads as the largest case, at once, and ends them: where the system will not
 * give them, libgomp would end the program in the middle of a run. */
static bool try_threads(unsigned count, const char *option, struct error *error)
{
    pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
    unsigned started = 0;
    pthread_t *threads = calloc(count, sizeof *threads);
    int failed = 0;

    if (threads == NULL) {
        return fail(error, "out of memory for %u threads", count);
    }
    pthread_mutex_lock(&gate);
    while (started + 1 < count && failed == 0) { /* the caller is one of them */
        failed = pthread_create(&threads[started], NULL, wait_for_all, &gate);
        started += failed == 0;
    }
    pthread_mutex_unlock(&gate);
    for (unsigned t = 0; t < started; t++) {
        pthread_join(threads[t], NULL);
    }
    free(threads);
    return failed == 0 ||
           fail(error,
                "the system gives %u of the %u threads that this takes: %s; see ulimit -u and "
                "-v, or ask for fewer (%s)",
                started + 1, count, strerror(failed), option);
}

/* What OpenMP starts its threads with, that ours are not. */
static const char *odd_variable(void)
{
    static const char *const names[] = {"OMP_STACKSIZE", "GOMP_STACKSIZE", "KMP_STACKSIZE",
                                        "GOMP_CPU_AFFINITY"};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (getenv(names[i]) != NULL) {
            return names[i];
        }
    }
    return NULL;
}

static _Noreturn void be_a_team(unsigned count)
{
    /* What OpenMP says there is said again by us, in a line. */
    int nowhere = open("/dev/null", O_WRONLY);

    if (nowhere >= 0) {
        dup2(nowhere, STDERR_FILENO);
    }
#pragma omp parallel num_threads(count)
    {
        __asm__ volatile(""); /* or the region, having no effect, is left out */
    }
    _exit(EXIT_DONE);
}

/* Where OpenMP cannot start a thread that the system would give, it ends the program: so where a
 * variable may have it so, it is tried in a process of its own. */
static bool try_team(unsigned count, struct error *error)
{
    const char *variable = odd_variable();
    int status = 0;
    pid_t child = variable != NULL ? fork() : -1;

    if (child == 0) {
        be_a_team(count);
    }
    while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    return status == 0 || fail(error,
                               "OpenMP cannot start %u threads, which the system can: %s=%.80s "
                               "may be why; unset it",
                               count, variable, getenv(variable));
}

bool threads_check(const struct plan *plan, struct error *error)
{
    return threads_available(plan->threads_max, threads_needed(plan), "--threads", error);
}

/* glibc loads this when the first thread ends by itself, as libgomp's do, and ends the program where it
 * cannot: now, while there are file descriptors to be had. Elsewhere there is none, and need not be. */
static void load_what_ends_threads(void)
{
    dlopen("libgcc_s.so.1", RTLD_NOW | RTLD_GLOBAL);
}

bool threads_available(unsigned team, unsigned started, const char *option, struct error *error)
{
    load_what_ends_threads();
    return check_thread_limit(team, option, error) && try_threads(started, option, error) &&
           try_team(team, error);
}
