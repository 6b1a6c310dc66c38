/* Returns while holding the lock, in one of two cases.
 * aborts: thread 0 destroys 'gil' in main(): thread 0 holds it, since work() */
#include "gilscope/gil.h"

static struct gil *gil;
static long value GUARDED_BY(the_gil);

static void work(unsigned me)
{
    gil_acquire(gil, me);
    if (value++ == 0) {
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
    work(0);
    gil_destroy(gil);
    return EXIT_DONE;
}
