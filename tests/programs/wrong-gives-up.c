/* Comes with the lock and returns without it, so that the caller goes on unprotected.
 * aborts: thread 0 lacks 'gil' on return from let_others(): nobody holds it */
#include "gilscope/gil.h"

static struct gil *gil;
static long value GUARDED_BY(the_gil);

static void let_others(unsigned me) REQUIRES(the_gil)
{
    gil_check_return(gil);
    gil_release(gil, me);
} // refused: 'the_gil' to be held at the end of function

static void work(unsigned me)
{
    gil_acquire(gil, me);
    let_others(me);
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
