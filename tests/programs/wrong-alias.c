/* Touches protected data through a pointer. Not refused, for the address may be taken by anyone; and
 * it does not abort, for no function of the lock is called. */
#include "gilscope/gil.h"

static struct gil *gil;
static long value GUARDED_BY(the_gil);

static void work(long *alias)
{
    ++*alias;
}

int main(void)
{
    const struct gil_config config = {.switch_interval_s = 5e-3};
    struct error error;

    if (!gil_create(&gil, &gil_switching, &config, &error)) {
        return error.exit_code;
    }
    work(&value);
    gil_destroy(gil);
    return EXIT_DONE;
}
