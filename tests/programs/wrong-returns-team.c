/* A thread of OpenMP returns while it holds the lock, which the others want. It does not end, but waits
 * for them at the end of the region: gil_check_return() sees it.
 * aborts: thread 0 keeps 'gil' on return from work(): thread 0 holds it, since work() */
#include "gilscope/gil.h"

#include <omp.h>

static struct gil *gil;
static long value GUARDED_BY(the_gil);

static void work(unsigned me)
{
    gil_check_return(gil);
    gil_acquire(gil, me);
    value++;
    if (me == 0) {
        return;
    }
    gil_release(gil, me);
} // refused: 'the_gil' is not held on every path through here

int main(void)
{
    const struct gil_config config = {.switch_interval_s = 5e-3};
    struct error error;

    if (!gil_create(&gil, &gil_switching, &config, &error)) {
        return error.exit_code;
    }
#pragma omp parallel num_threads(2)
    work((unsigned)omp_get_thread_num());
    gil_destroy(gil);
    return EXIT_DONE;
}
