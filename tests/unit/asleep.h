/* For tests of locks: order without time. A test waits until a thread sleeps, rather than for so
 * long that it will; and a lock's own calls can be made to wait for something.
 * Included once in a program: it defines pthread_mutex_lock. */
#ifndef GILSCOPE_TESTS_ASLEEP_H
#define GILSCOPE_TESTS_ASLEEP_H

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

static inline int own_tid(void)
{
    return (int)syscall(SYS_gettid);
}

/* The state letter of a thread of this process: S is asleep. */
static inline char thread_state(int tid)
{
    char path[64], line[512];

    snprintf(path, sizeof path, "/proc/self/task/%d/stat", tid);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    assert_non_null(fgets(line, sizeof line, file));
    fclose(file);
    const char *name_end = strrchr(line, ')');
    assert_non_null(name_end);
    return name_end[2];
}

/* Until the thread sleeps, which has nothing to sleep for but what is waited for here. *tid is 0
 * until it is about to. */
static inline void wait_until_asleep(const atomic_int *tid)
{
    for (int seen = 0; seen < 3;) {
        int known = atomic_load(tid);
        seen = known != 0 && thread_state(known) == 'S' ? seen + 1 : 0;
        usleep(200);
    }
}

/* What the calling thread does first when it is about to lock its next mutex but so many. */
struct lateness {
    unsigned but;
    void (*until)(void *context); /* null: nothing */
    void *context;
};
static _Thread_local struct lateness late;

/* In place of the C library's, for the calls of the locks; the same to all but a thread that is
 * late, but for an end in some centuries. */
int pthread_mutex_lock(pthread_mutex_t *mutex)
{
    const struct timespec never = {(time_t)1 << 33, 0};

    if (late.until != NULL && late.but-- == 0) {
        void (*until)(void *) = late.until;
        late.until = NULL;
        until(late.context);
    }
    return pthread_mutex_timedlock(mutex, &never);
}

#endif
