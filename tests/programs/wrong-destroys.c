/* Destroys a lock that another thread still uses. Not refused: clang knows nothing of threads.
 * aborts: the main thread destroys 'gil' in main(): thread 1 holds it, since work() */
#include "gilscope/gil.h"

#include <pthread.h>
#include <semaphore.h>

static struct gil *gil;
static sem_t first, second;

static void *work(void *context)
{
    gil_acquire(gil, 1);
    sem_post(&first);
    sem_wait(&second);
    gil_release(gil, 1);
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
    sem_init(&first, 0, 0);
    sem_init(&second, 0, 0);
    if (pthread_create(&thread, NULL, work, NULL) != 0) {
        return EXIT_FAILED;
    }
    sem_wait(&first);
    gil_destroy(gil);
    sem_post(&second);
    pthread_join(thread, NULL);
    return EXIT_DONE;
}
