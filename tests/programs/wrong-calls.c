/* Calls a function that requires the lock without it.
 * aborts: thread 0 needs 'gil' in add(): nobody holds it */
#include "gilscope/gil.h"

static struct gil *gil;
static long value GUARDED_BY(the_gil);

static void add(unsigned me, long n) REQUIRES(the_gil)
{
    gil_assert_held(gil, me);
    value += n;
}

static void work(unsigned me)
{
    add(me, 1); // refused: calling function 'add' requires holding lock 'the_gil'
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
