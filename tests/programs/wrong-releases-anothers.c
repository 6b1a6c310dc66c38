/* One thread acquires the lock, another releases it. Not refused: clang knows nothing of threads,
 * and does not see through the pointer to work().
 * aborts: thread 1 releases 'gil' in work(): thread 0 holds it, since main() */
#include "gilscope/gil.h"

#include <pthread.h>

static struct gil *gil;

static void *work(void *context) RELEASE(the_gil)
{
    gil_release(gil, 1);
    return context;
}

int main(void)
{
    const struct gil_config config = {.switch_interval_s = 5e-3};
    struct error error;

    if (!gil_create(&gil, &gil_switching, &config, &error)) {
        return error.exit_code;
    }
    gil_acquire(gil, 0);
    pthread_t thread;
    if (pthread_create(&thread, NULL, work, NULL) == 0) {
        pthread_join(thread, NULL);
    }
    gil_release(gil, 0);
    gil_destroy(gil);
    return EXIT_DONE;
}
