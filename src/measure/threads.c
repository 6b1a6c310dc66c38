/* The threads that a run needs, before it begins: see gilscope/threads.h. */
#include "gilscope/threads.h"

#include "threads.h"

#include <dlfcn.h>
#include <omp.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* Fewer threads than asked for would be a row that says what is not so. */
static bool check_thread_limit(unsigned threads, struct error *error)
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
                "OMP_THREAD_LIMIT, or ask for fewer (--threads)",
                limit, threads);
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
static bool try_threads(unsigned count, struct error *error)
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
                "the system gives %u threads of %u: %s; see ulimit -u and -v, or ask for fewer "
                "(--threads)",
                started + 1, count, strerror(failed));
}

bool threads_check(const struct plan *plan, struct error *error)
{
    return threads_available(plan->threads_max, threads_needed(plan), error);
}

/* glibc loads this when the first thread ends by itself, as libgomp's do, and ends the program where it
 * cannot: now, while there are file descriptors to be had. Elsewhere there is none, and need not be. */
static void load_what_ends_threads(void)
{
    dlopen("libgcc_s.so.1", RTLD_NOW | RTLD_GLOBAL);
}

bool threads_available(unsigned team, unsigned started, struct error *error)
{
    load_what_ends_threads();
    return check_thread_limit(team, error) && try_threads(started, error);
}
