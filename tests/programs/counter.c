/* A counter that threads share, protected by a lock of gil.h: the GIL of CPython 3.2 and later.
 *
 *     cc -fopenmp counter.c -lgilscope -o counter && ./counter
 *     clang -fopenmp -Wthread-safety -Werror -fsyntax-only counter.c
 */
#include "gilscope/gil.h"

#include <omp.h>
#include <stdio.h>

enum { THREADS = 4, TURNS = 100000 };

struct counter {
    struct gil *gil;
    long value GUARDED_BY(the_gil);
};

/* What touches protected data says that it needs the lock, which clang checks where it is called;
 * and asserts that it is held, which is checked at run time under GILSCOPE_DEBUG, else free. */
static void add(struct counter *counter, unsigned me, long n) REQUIRES(the_gil)
{
    gil_assert_held(counter->gil, me);
    counter->value += n;
}

/* One thread's. Whoever returns from here while it holds the lock is told so under GILSCOPE_DEBUG; the
 * others would wait for ever, for the thread goes on living. */
static void work(struct counter *counter, unsigned me)
{
    gil_check_return(counter->gil);
    gil_acquire(counter->gil, me);
    for (int turn = 0; turn < TURNS; turn++) {
        add(counter, me, 1);
        if (gil_should_yield(counter->gil)) {
            gil_release(counter->gil, me);
            /* The place for what needs no protected data: others run meanwhile. */
            gil_acquire(counter->gil, me);
        }
    }
    gil_release(counter->gil, me);
}

int main(void)
{
    const struct gil_config config = {.switch_interval_s = 5e-3};
    struct counter counter = {0};
    struct error error;

    if (!gil_create(&counter.gil, &gil_switching, &config, &error)) {
        fprintf(stderr, "counter: %s\n", error.text);
        return error.exit_code;
    }
#pragma omp parallel num_threads(THREADS)
    work(&counter, (unsigned)omp_get_thread_num());

    gil_acquire(counter.gil, 0);
    long value = counter.value;
    gil_release(counter.gil, 0);
    printf("%ld; the lock was taken %llu times\n", value,
           (unsigned long long)gil_counts(counter.gil).acquired);
    gil_destroy(counter.gil);
    return EXIT_DONE;
}
