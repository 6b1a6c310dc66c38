/* Holds the lock and meets an OpenMP region, where other threads touch what it protects. Not
 * refused: for clang it is the same thread that goes through the region, once.
 * aborts: thread 1 needs 'gil' in main(): thread 0 holds it, since main() */
#include "gilscope/gil.h"

#include <omp.h>

static struct gil *gil;
static long value GUARDED_BY(the_gil);

int main(void)
{
    const struct gil_config config = {.switch_interval_s = 5e-3};
    struct error error;

    if (!gil_create(&gil, &gil_switching, &config, &error)) {
        return error.exit_code;
    }
    gil_acquire(gil, 0);
#pragma omp parallel num_threads(2)
    {
        gil_assert_held(gil, (unsigned)omp_get_thread_num());
        value++;
    }
    gil_release(gil, 0);
    gil_destroy(gil);
    return EXIT_DONE;
}
