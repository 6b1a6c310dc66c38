/* The calls of gil.h under GILSCOPE_DEBUG (make DEBUG=1): the same, but a mistake ends the program by
 * abort(), after one line that names the thread, the function and the holder:
 *
 *     gilscope: thread 1 releases 'gil' in work(): thread 0 holds it, since work()
 *
 * A thread is the number that it passes. Included by gil.h, not by itself. The program and the
 * library must both be compiled so: a library without the checks does not link, since they are
 * not in it. */
#ifndef GILSCOPE_GIL_DEBUG_H
#define GILSCOPE_GIL_DEBUG_H

/* It holds the lock already. */
#define gil_acquire(gil, thread) gil_acquire_checked(gil, thread, __func__)
/* It does not hold the lock: nobody does, or another. */
#define gil_release(gil, thread) gil_release_checked(gil, thread, __func__)
/* Nobody holds the lock. */
#define gil_should_yield(gil) gil_should_yield_checked(gil, __func__)
/* As gil_release. */
#define gil_assert_held(gil, thread) gil_assert_held_checked(gil, thread, __func__)
/* Somebody holds the lock: a thread has returned without giving it up. */
#define gil_destroy(gil) gil_destroy_checked(gil, __func__)

void gil_acquire_checked(struct gil *gil, unsigned thread, const char *function)
    ACQUIRE(the_gil);
void gil_release_checked(struct gil *gil, unsigned thread, const char *function)
    RELEASE(the_gil);
bool gil_should_yield_checked(const struct gil *gil, const char *function) REQUIRES(the_gil);
void gil_assert_held_checked(const struct gil *gil, unsigned thread, const char *function)
    REQUIRES(the_gil);
void gil_destroy_checked(struct gil *gil, const char *function) EXCLUDES(the_gil);

#endif
