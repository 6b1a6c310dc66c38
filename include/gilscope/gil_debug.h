/* The calls of gil.h under GILSCOPE_DEBUG (make DEBUG=1): the same, but a mistake ends the program by
 * abort(), after one line that names the thread, the function and the holder:
 *
 *     gilscope: thread 1 releases 'gil' in work(): thread 0 holds it, since work()
 *
 * In messages a thread is the number that it passes; a call without one is made by the number that it
 * passed last. Whether it is the holder is not asked of its number. Not seen: what is read and written
 * where no gil_assert_held() stands; a thread that goes on living, as OpenMP's do between regions, and
 * has returned from a function without gil_check_return(), until it or gil_destroy() comes to the lock
 * again; and a process that ends: whoever held a lock then keeps nobody waiting.
 *
 * Included by gil.h, not by itself. The program and the library must both be compiled so: a library
 * without the checks does not link, since they are not in it. */
#ifndef GILSCOPE_GIL_DEBUG_H
#define GILSCOPE_GIL_DEBUG_H

/* It holds the lock already; or another thread does that passes the same number. And when a thread
 * ends: it still holds the lock. */
#define gil_acquire(gil, thread) gil_acquire_checked(gil, thread, __func__)
/* It does not hold the lock: nobody does, or another. */
#define gil_release(gil, thread) gil_release_checked(gil, thread, __func__)
/* As gil_release. */
#define gil_should_yield(gil) gil_should_yield_checked(gil, __func__)
/* As gil_release. */
#define gil_assert_held(gil, thread) gil_assert_held_checked(gil, thread, __func__)
/* Somebody holds the lock: the thread itself, which has returned without giving it up, or another,
 * which still uses it. */
#define gil_destroy(gil) gil_destroy_checked(gil, __func__)
/* Where the block is left: the thread holds the lock, and did not here; or the other way round. */
#define gil_check_return(gil) GIL_SCOPE GIL_NAME(__LINE__) = gil_scope_begin(gil, __func__)

#define GIL_SCOPE             __attribute__((cleanup(gil_scope_end), unused)) const struct gil_scope
#define GIL_NAME(line)        GIL_NAME_(line)
#define GIL_NAME_(line)       gil_scope_##line

struct gil_scope {
    const struct gil *gil;
    const char *function;
    bool held; /* at its beginning */
};

void gil_acquire_checked(struct gil *gil, unsigned thread, const char *function)
    ACQUIRE(the_gil);
void gil_release_checked(struct gil *gil, unsigned thread, const char *function)
    RELEASE(the_gil);
bool gil_should_yield_checked(const struct gil *gil, const char *function) REQUIRES(the_gil);
void gil_assert_held_checked(const struct gil *gil, unsigned thread, const char *function)
    REQUIRES(the_gil);
void gil_destroy_checked(struct gil *gil, const char *function) EXCLUDES(the_gil);
struct gil_scope gil_scope_begin(const struct gil *gil, const char *function);
void gil_scope_end(const struct gil_scope *scope);

#endif
