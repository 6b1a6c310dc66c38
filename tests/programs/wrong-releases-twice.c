/* Releases the lock twice: the second time another thread may have it.
 * aborts: thread 0 releases 'gil' in work(): nobody holds it */
#include "gilscope/gil.h"

static struct gil *gil;
static long value GUARDED_BY(the_gil);

static void work(unsigned me)
{
    gil_acquire(gil, me);
    value++;
    gil_release(gil, me);
    gil_release(gil, me); // refused: releasing lock 'the_gil' that was not held
}

int main(void)
{
    const struct gil_config config = {.switch_interval_s = 5e-3};
    struct error error;

    if (!gil_create(&gil, &gil_switching, &config, &error)) {
        return error.exit_code;
    }
    work(0);
    gil_destroy(gil);
    return EXIT_DONE;
}
