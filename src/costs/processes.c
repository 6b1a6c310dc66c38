/* What processes cost: see costs.h. The pool is measured as `bench` measures it. */
#include "families.h"

#include "gilscope/clock.h"
#include "gilscope/interrupt.h"
#include "gilscope/references.h"

#include <errno.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

bool measure_dispatch(const struct cost_place *place, uint64_t count, double *seconds,
                      struct error *error)
{
    (void)place;
    return pool_dispatch((unsigned)count, seconds, error);
}

bool measure_pool(const struct cost_place *place, uint64_t count, double *seconds,
                  struct error *error)
{
    (void)place;
    *seconds = 0;
    for (uint64_t i = 0; i < count; i++) {
        double one_s;
        if (!pool_cycle(&one_s, error)) {
            return false;
        }
        *seconds += one_s;
    }
    return true;
}

static bool fork_once(struct error *error)
{
    pid_t child = fork();

    if (child < 0) {
        return fail(error, "fork: %s; see ulimit -u", strerror(errno));
    }
    if (child == 0) {
        _exit(0);
    }
    while (waitpid(child, NULL, 0) < 0) {
        if (errno != EINTR) {
            return fail(error, "wait for a child: %s", strerror(errno));
        }
    }
    return true;
}

bool measure_fork(const struct cost_place *place, uint64_t count, double *seconds,
                  struct error *error)
{
    double start_s = clock_now();

    (void)place;
    for (uint64_t i = 0; i < count; i++) {
        if (!fork_once(error)) {
            return false;
        }
    }
    *seconds = clock_now() - start_s;
    return true;
}
