/* Acquires the lock twice: would wait for itself.
 * aborts: thread 0 acquires 'gil' in work(): thread 0 holds it, since work() */
#include "gilscope/gil.h"

static struct gil *gil;
static long value GUARDED_BY(the_gil);

static void work(unsigned me)
{
    gil_acquire(gil, me);
    value++;
    gil_acquire(gil, me); // refused: acquiring lock 'the_gil' that is already held
    value++;
    gil_release(gil, me);
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
