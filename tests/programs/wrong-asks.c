/* Asks whether to yield a lock that another thread holds.
 * aborts: thread 1 asks whether to yield 'gil' in work(): thread 0 holds it, since main() */
#include "gilscope/gil.h"

#include <pthread.h>
#include <semaphore.h>

static struct gil *gil;
static sem_t first, second;

/* What a thread does that has not noticed that it gave the lock up. */
static void *work(void *context)
{
    gil_acquire(gil, 1);
    gil_release(gil, 1);
    sem_post(&first);
    sem_wait(&second);
    bool asked =
        gil_should_yield(gil); // refused: 'gil_should_yield' requires holding lock 'the_gil'
    return asked ? context : NULL;
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
    gil_acquire(gil, 0);
    sem_post(&second);
    pthread_join(thread, NULL);
    gil_release(gil, 0);
    gil_destroy(gil);
    return EXIT_DONE;
}
