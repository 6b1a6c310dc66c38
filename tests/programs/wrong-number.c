/* Releases what another thread holds, under that one's number. Not refused: for clang it is a number.
 * aborts: thread 0 releases 'gil' in work(): another thread 0 holds it, since main() */
#include "gilscope/gil.h"

#include <pthread.h>

static struct gil *gil;

static void *work(void *context) RELEASE(the_gil)
{
    gil_release(gil, 0);
    return context;
}

int main(void)
{
    const struct gil_config config = {.switch_interval_s = 5e-3};
    struct error error;
    pthread_t thread;

    if (!gil_create(&gil, &gil_switching, &config, &error)) {
        return error.exit_code;
    }
    gil_acquire(gil, 0);
    if (pthread_create(&thread, NULL, work, NULL) == 0) {
        pthread_join(thread, NULL);
    }
    gil_release(gil, 0);
    gil_destroy(gil);
    return EXIT_DONE;
}
