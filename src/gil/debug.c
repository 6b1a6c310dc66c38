/* The calls of gil.h with their checks: see gil_debug.h. Nothing is here without GILSCOPE_DEBUG. */
#include "gilscope/gil.h"

#ifdef GILSCOPE_DEBUG

#    include <signal.h>
#    include <stdio.h>
#    include <stdlib.h>
#    include <unistd.h>

/* Of the fields that the checks keep, all accesses are relaxed: a thread's number is stored and
 * cleared by that thread alone, so that the answer to "is it me?" needs no order; and what is said
 * of another thread is a message's, nothing is decided by it. */
static unsigned holder_of(const struct gil *gil)
{
    return atomic_load_explicit(&gil->holder, memory_order_relaxed);
}

static void set_holder(struct gil *gil, unsigned holder, const char *function)
{
    atomic_store_explicit(&gil->taken_in, function, memory_order_relaxed);
    atomic_store_explicit(&gil->holder, holder, memory_order_relaxed);
}

/* The holder, in words. */
static const char *held_by(const struct gil *gil, char *text, size_t size)
{
    const char *taken_in = atomic_load_explicit(&gil->taken_in, memory_order_relaxed);
    unsigned holder = holder_of(gil);

    if (holder == 0 || taken_in == NULL) {
        return "nobody holds it";
    }
    snprintf(text, size, "thread %u holds it, since %s()", holder - 1, taken_in);
    return text;
}

static _Noreturn void refuse(const struct gil *gil, const char *who, const char *does,
                             const char *function)
{
    static atomic_flag told = ATOMIC_FLAG_INIT;
    char holder[160];

    /* Relaxed: who is first is all that counts. Others wait for its abort. */
    while (atomic_flag_test_and_set_explicit(&told, memory_order_relaxed)) {
        pause();
    }
    fprintf(stderr, "gilscope: %s %s '%s' in %s(): %s\n", who, does, gil->kind->name, function,
            held_by(gil, holder, sizeof holder));
    /* Whoever handles it would say that something else has crashed. */
    signal(SIGABRT, SIG_DFL);
    abort();
}

static _Noreturn void refuse_thread(const struct gil *gil, unsigned thread, const char *does,
                                    const char *function)
{
    char who[32];

    snprintf(who, sizeof who, "thread %u", thread);
    refuse(gil, who, does, function);
}

void gil_acquire_checked(struct gil *gil, unsigned thread, const char *function)
    NO_THREAD_SAFETY_ANALYSIS /* behind a pointer clang sees nothing */
{
    if (holder_of(gil) == thread + 1) {
        refuse_thread(gil, thread, "acquires", function);
    }
    gil->kind->acquire(gil, thread);
    set_holder(gil, thread + 1, function);
}

void gil_release_checked(struct gil *gil, unsigned thread, const char *function)
    NO_THREAD_SAFETY_ANALYSIS /* as above */
{
    if (holder_of(gil) != thread + 1) {
        refuse_thread(gil, thread, "releases", function);
    }
    /* Before another can have it. */
    set_holder(gil, 0, NULL);
    gil->kind->release(gil, thread);
}

bool gil_should_yield_checked(const struct gil *gil, const char *function)
{
    if (holder_of(gil) == 0) {
        refuse(gil, "a thread", "asks whether to yield", function);
    }
    return gil->kind->should_yield(gil);
}

void gil_assert_held_checked(const struct gil *gil, unsigned thread, const char *function)
{
    if (holder_of(gil) != thread + 1) {
        refuse_thread(gil, thread, "needs", function);
    }
}

void gil_destroy_checked(struct gil *gil, const char *function)
{
    if (gil == NULL) {
        return;
    }
    if (holder_of(gil) != 0) {
        refuse(gil, "a thread", "destroys", function);
    }
    gil->kind->destroy(gil);
}

#endif
