/* Calls a function that requires the lock through a pointer. Not refused: a pointer to a function
 * says nothing of locks.
 * aborts: thread 0 needs 'gil' in add(): nobody holds it */
#include "gilscope/gil.h"

static struct gil *gil;
static long value GUARDED_BY(the_gil);

static void add(unsigned me) REQUIRES(the_gil)
{
    gil_assert_held(gil, me);
    value++;
}

static void work(unsigned me)
{
    void (*const volatile callback)(unsigned) = add;
    callback(me);
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
