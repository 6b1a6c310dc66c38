/* The calls of gil.h with their checks: see gil_debug.h. Nothing is here without GILSCOPE_DEBUG. */
#include "gilscope/gil.h"

#ifdef GILSCOPE_DEBUG

#    include <pthread.h>
#    include <signal.h>
#    include <stdio.h>
#    include <stdlib.h>
#    include <string.h>
#    include <sys/syscall.h>
#    include <unistd.h>

/* What is known of a thread. By its address, and not by the number that it passes, a thread is told
 * from another: that may be a number of somebody else, and gil_should_yield() is given none. */
struct gil_thread {
    struct gil *holds; /* linked by also_held, the one taken last in front */
    unsigned number;   /* 1 + that which it passed last; 0: none yet */
    bool is_watched;   /* its end will be seen */
};
static _Thread_local struct gil_thread self;

/* Of the fields that the checks keep, all accesses are relaxed: a thread's own address is stored and
 * cleared by that thread alone, so that the answer to "is it me?" needs no order. What another thread
 * has stored is for messages, and decides one thing: that a number is used by two at once. Who has
 * got its number from another thread, properly, has seen it give up the lock. */
static const struct gil_thread *owner_of(const struct gil *gil)
{
    return atomic_load_explicit(&gil->owner, memory_order_relaxed);
}

static bool is_mine(const struct gil *gil)
{
    return owner_of(gil) == &self;
}

/* Somebody who passed this number holds it. */
static bool is_held_as(const struct gil *gil, unsigned thread)
{
    return atomic_load_explicit(&gil->holder, memory_order_relaxed) == thread + 1;
}

struct words {
    char text[160];
};

/* The thread that asks. Who has passed no number yet is named as the system names it. */
static struct words name_of_self(void)
{
    struct words name;
    long id = syscall(SYS_gettid);

    if (self.number > 0) {
        snprintf(name.text, sizeof name.text, "thread %u", self.number - 1);
    } else if (id == getpid()) {
        snprintf(name.text, sizeof name.text, "the main thread");
    } else {
        snprintf(name.text, sizeof name.text, "a thread (%ld to the system)", id);
    }
    return name;
}

static struct words holder_of(const struct gil *gil)
{
    struct words holder;
    const char *taken_in = atomic_load_explicit(&gil->taken_in, memory_order_relaxed);
    unsigned number = atomic_load_explicit(&gil->holder, memory_order_relaxed);

    if (owner_of(gil) == NULL || number == 0 || taken_in == NULL) {
        snprintf(holder.text, sizeof holder.text, "nobody holds it");
        return holder;
    }
    /* Two threads that pass one number would else be one in the message. */
    snprintf(holder.text, sizeof holder.text, "%sthread %u holds it, since %s()",
             number == self.number && !is_mine(gil) ? "another " : "", number - 1, taken_in);
    return holder;
}

static _Noreturn void refuse(const struct gil *gil, const char *does, const char *where)
{
    static atomic_flag told = ATOMIC_FLAG_INIT;

    /* Relaxed: who is first is all that counts. Others wait for its abort. */
    while (atomic_flag_test_and_set_explicit(&told, memory_order_relaxed)) {
        pause();
    }
    fprintf(stderr, "gilscope: %s %s '%s'%s: %s\n", name_of_self().text, does, gil->kind->name,
            where, holder_of(gil).text);
    /* Whoever handles it would say that something else has crashed. */
    signal(SIGABRT, SIG_DFL);
    abort();
}

static _Noreturn void refuse_in(const struct gil *gil, const char *does, const char *function)
{
    struct words where;

    snprintf(where.text, sizeof where.text, " in %s()", function);
    refuse(gil, does, where.text);
}

static _Noreturn void refuse_return(const struct gil *gil, const char *does,
                                    const char *function)
{
    struct words where;

    snprintf(where.text, sizeof where.text, " on return from %s()", function);
    refuse(gil, does, where.text);
}

/* ---- the end of a thread ---- */

static pthread_key_t key;
static int no_key; /* why there is none */

/* Run by the thread that ends. Nobody else can give up what it holds, and who waits for it would
 * wait for ever. */
static void look_at_end(void *context)
{
    const struct gil_thread *me = context;

    if (me->holds != NULL) {
        refuse(me->holds, "keeps", " at its end");
    }
}

static void make_key(void)
{
    no_key = pthread_key_create(&key, look_at_end);
}

/* The system calls look_at_end() only for threads that have something under the key. */
static void watch_end(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    if (self.is_watched) {
        return;
    }
    pthread_once(&once, make_key);
    int failed = no_key != 0 ? no_key : pthread_setspecific(key, &self);
    if (failed != 0) {
        fprintf(stderr, "gilscope: cannot see the end of threads: %s\n", strerror(failed));
        abort();
    }
    self.is_watched = true;
}

/* ---- the calls ---- */

static void take(struct gil *gil, unsigned thread, const char *function)
{
    gil->also_held = self.holds;
    self.holds = gil;
    atomic_store_explicit(&gil->taken_in, function, memory_order_relaxed);
    atomic_store_explicit(&gil->holder, thread + 1, memory_order_relaxed);
    atomic_store_explicit(&gil->owner, &self, memory_order_relaxed);
}

/* Before another can have it. */
static void give_up(struct gil *gil)
{
    struct gil **at = &self.holds;

    while (*at != gil) {
        at = &(*at)->also_held;
    }
    *at = gil->also_held;
    atomic_store_explicit(&gil->owner, NULL, memory_order_relaxed);
    atomic_store_explicit(&gil->holder, 0, memory_order_relaxed);
    atomic_store_explicit(&gil->taken_in, NULL, memory_order_relaxed);
}

void gil_acquire_checked(struct gil *gil, unsigned thread, const char *function)
    NO_THREAD_SAFETY_ANALYSIS /* behind a pointer clang sees nothing */
{
    self.number = thread + 1;
    /* The number of another thread: the locks would take the two for one. */
    if (is_mine(gil) || is_held_as(gil, thread)) {
        refuse_in(gil, "acquires", function);
    }
    watch_end();
    gil->kind->acquire(gil, thread);
    take(gil, thread, function);
}

void gil_release_checked(struct gil *gil, unsigned thread, const char *function)
    NO_THREAD_SAFETY_ANALYSIS /* as above */
{
    self.number = thread + 1;
    if (!is_mine(gil) || !is_held_as(gil, thread)) {
        refuse_in(gil, "releases", function);
    }
    give_up(gil);
    gil->kind->release(gil, thread);
}

bool gil_should_yield_checked(const struct gil *gil, const char *function)
{
    if (!is_mine(gil)) {
        refuse_in(gil, "asks whether to yield", function);
    }
    return gil->kind->should_yield(gil);
}

void gil_assert_held_checked(const struct gil *gil, unsigned thread, const char *function)
{
    self.number = thread + 1;
    if (!is_mine(gil) || !is_held_as(gil, thread)) {
        refuse_in(gil, "needs", function);
    }
}

void gil_destroy_checked(struct gil *gil, const char *function)
{
    if (gil == NULL) {
        return;
    }
    if (owner_of(gil) != NULL) {
        refuse_in(gil, "destroys", function);
    }
    gil->kind->destroy(gil);
}

/* By the address alone: at the end of a scope the lock may be gone. */
static bool holds(const struct gil *gil)
{
    const struct gil *held = self.holds;

    while (held != NULL && held != gil) {
        held = held->also_held;
    }
    return gil != NULL && held == gil;
}

struct gil_scope gil_scope_begin(const struct gil *gil, const char *function)
{
    return (struct gil_scope){gil, function, holds(gil)};
}

void gil_scope_end(const struct gil_scope *scope)
{
    if (holds(scope->gil) != scope->held) {
        refuse_return(scope->gil, scope->held ? "lacks" : "keeps", scope->function);
    }
}

#endif
