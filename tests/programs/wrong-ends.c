/* A thread ends while it holds the lock, which another wants: that one would wait for ever.
 * aborts: thread 1 keeps 'gil' at its end: thread 1 holds it, since work() */
#include "gilscope/gil.h"

#include <pthread.h>

static struct gil *gil;
static long value GUARDED_BY(the_gil);

static void *work(void *context)
{
    gil_acquire(gil, 1);
    value++;
    return context;
} // refused: 'the_gil' is still held at the end of function

int main(void)
{
    const struct gil_config config = {.switch_interval_s = 5e-3};
    struct error error;
    pthread_t thread;

    if (!gil_create(&gil, &gil_switching, &config, &error)) {
        return error.exit_code;
    }
    if (pthread_create(&thread, NULL, work, NULL) != 0) {
        return EXIT_FAILED;
    }
    gil_acquire(gil, 0);
    value++;
    gil_release(gil, 0);
    pthread_join(thread, NULL);
    gil_destroy(gil);
    return EXIT_DONE;
}
