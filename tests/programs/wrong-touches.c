/* Touches protected data without the lock.
 * aborts: thread 0 needs 'gil' in work(): nobody holds it */
#include "gilscope/gil.h"

static struct gil *gil;
static long value GUARDED_BY(the_gil);

static void work(unsigned me)
{
    gil_assert_held(gil, me); // refused: 'gil_assert_held' requires holding lock 'the_gil'
    value++; // refused: writing variable 'value' requires holding lock 'the_gil'
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
