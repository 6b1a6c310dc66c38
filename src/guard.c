/* The guard around a user's own function: see guard.h. What the handlers say is composed before:
 * in a crashed process nothing can be but write(). */
#include "gilscope/guard.h"

#include "gilscope/interrupt.h"
#include "gilscope/parse.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { LINE_SIZE = PATH_MAX + 512, STACK_SIZE = 32 * 1024, PATIENCE_S = 1 };

static struct crash {
    int signal;
    const char *name;
    char line[LINE_SIZE];
    struct sigaction before;
} crashes[] = {
    {.signal = SIGSEGV, .name = "Segmentation fault"},
    {.signal = SIGBUS, .name = "Bus error"},
    {.signal = SIGFPE, .name = "Floating point exception"},
    {.signal = SIGILL, .name = "Illegal instruction"},
    {.signal = SIGABRT, .name = "Aborted"},
    {.signal = SIGTRAP, .name = "Trace/breakpoint trap"}, /* __builtin_trap, on some machines */
    {.signal = SIGSYS, .name = "Bad system call"},
};
enum { CRASHES = sizeof crashes / sizeof *crashes };

/* Globals, for signal handlers reach nothing else; written while there is one thread. */
static char exit_line[LINE_SIZE], waiting_line[LINE_SIZE];
static char name_shown[256];
static struct sigaction alarm_before;
static stack_t stack_before; /* the main thread's, for handlers */
static pid_t owner;          /* the process that opened the guard; others are its workers */
static atomic_bool *told;    /* shared with forked workers; null: no guard is open */
static atomic_bool leaving;  /* a thread of this process is on its way out */

static_assert(ATOMIC_BOOL_LOCK_FREE == 2, "a signal handler may only touch lock-free atomics");

static void say(const char *line)
{
    ssize_t written = write(STDERR_FILENO, line, strlen(line));
    (void)written; /* nobody is left to be told of it */
}

/* Leaving now could cut off who tells. */
static void wait_for_the_end(void)
{
    for (;;) {
        pause();
    }
}

/* Is it for us to tell? One line is enough where all threads crash, or all workers. Of each process
 * one thread comes through here, and ends it; the others wait for that. A worker that is not the
 * first waits for the pool to end it; the owner goes, a worker having told why. */
static bool is_first(void)
{
    /* Both relaxed: who is first is all that counts; nothing is published with it. */
    if (atomic_exchange_explicit(&leaving, true, memory_order_relaxed)) {
        wait_for_the_end();
    }
    bool first = !atomic_exchange_explicit(told, true, memory_order_relaxed);
    if (!first && getpid() != owner) {
        wait_for_the_end();
    }
    return first;
}

static void tell_crash(int number)
{
    bool first = is_first();

    for (size_t i = 0; i < CRASHES; i++) {
        if (first && crashes[i].signal == number) {
            say(crashes[i].line);
        }
    }
    _exit(EXIT_SIGNALLED + number);
}

static void tell_exit(void)
{
    if (told != NULL) {
        if (is_first()) {
            say(exit_line);
        }
        _exit(getpid() == owner ? EXIT_FAILED : EXIT_SIGNALLED);
    }
}

/* A handler for each thread that may call exit(): where several do at once, glibc before 2.41 gives
 * each handler to one of them, and the first that finds none left ends the program, with its own
 * exit code, before the one that tells is done. */
static void register_exits(void)
{
    static unsigned registered; /* atexit is for ever */

    while (registered < THREADS_MAX && atexit(tell_exit) == 0) {
        registered++;
    }
}

static void tell_waiting(int number)
{
    int before = errno; /* whatever was interrupted may look at it next */

    (void)number;
    if (interrupted()) { /* or it is an alarm of the kernel's own */
        say(waiting_line);
    }
    errno = before;
}

/* A line that goes over what is left of the progress line. */
__attribute__((format(printf, 2, 3))) static void compose(char line[LINE_SIZE],
                                                          const char *format, ...)
{
    va_list arguments;
    int length =
        snprintf(line, LINE_SIZE, "%sgilscope: ", isatty(STDERR_FILENO) ? "\r\033[K" : "");

    va_start(arguments, format);
    vsnprintf(line + length, (size_t)(LINE_SIZE - length), format, arguments);
    va_end(arguments);
}

static void compose_lines(const char *kept, const char *folder, const char *file)
{
    const char *slash = *folder != '\0' ? "/" : "";

    for (size_t i = 0; i < CRASHES; i++) {
        compose(crashes[i].line, "the kernel %s crashed (%s)%s%s%s%s\n", name_shown,
                crashes[i].name, kept, folder, slash, file);
    }
    compose(exit_line, "the kernel %s ended the program: it must return%s%s%s%s\n", name_shown,
            kept, folder, slash, file);
    compose(waiting_line,
            "waiting for a call of the kernel %s to return; Ctrl-C again ends the program at "
            "once%s%s%s%s\n",
            name_shown, kept, folder, slash, file);
}

void guard_says(const char *folder, const char *file)
{
    if (told != NULL) {
        compose_lines("; what was measured is in ", folder, file);
    }
}

static bool use_stack(void *memory)
{
    const stack_t ours = {.ss_sp = memory, .ss_size = STACK_SIZE};
    return sigaltstack(&ours, NULL) == 0;
}

/* Null: the thread has none of ours. */
static _Thread_local void *stack;

void guard_thread(void)
{
    stack_t now;

    if (told == NULL || sigaltstack(NULL, &now) != 0 || !(now.ss_flags & SS_DISABLE)) {
        return; /* no guard, or there is one already: the main thread's, or a sanitizer's */
    }
    stack = malloc(STACK_SIZE);
    if (stack != NULL && !use_stack(stack)) {
        free(stack);
        stack = NULL;
    }
}

void guard_thread_end(void)
{
    const stack_t none = {.ss_flags = SS_DISABLE};

    if (stack != NULL) {
        sigaltstack(&none, NULL);
        free(stack);
        stack = NULL;
    }
}

bool guard_open(const char *name, struct error *error)
{
    static _Alignas(16) char main_stack[STACK_SIZE];
    const struct sigaction on_crash = {.sa_handler = tell_crash, .sa_flags = SA_ONSTACK};
    const struct sigaction on_alarm = {.sa_handler = tell_waiting,
                                       .sa_flags = SA_ONSTACK | SA_RESTART};
    void *shared =
        mmap(NULL, sizeof *told, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    if (shared == MAP_FAILED) {
        return fail(error, "no memory to guard the kernel: %s", strerror(errno));
    }
    told = shared;
    owner = getpid();
    snprintf(name_shown, sizeof name_shown, "%s", name);
    compose_lines("", "", "");
    sigaltstack(NULL, &stack_before);
    use_stack(main_stack);
    for (size_t i = 0; i < CRASHES; i++) {
        sigaction(crashes[i].signal, &on_crash, &crashes[i].before);
    }
    sigaction(SIGALRM, &on_alarm, &alarm_before);
    interrupt_alarm(PATIENCE_S);
    register_exits();
    return true;
}

bool guard_has_told(void)
{
    /* Relaxed: asked of a process that has been waited for. */
    return told != NULL && atomic_load_explicit(told, memory_order_relaxed);
}

void guard_rest(void)
{
    if (told != NULL) {
        interrupt_alarm(0);
        alarm(0);
    }
}

void guard_close(void)
{
    if (told == NULL) {
        return;
    }
    guard_rest();
    sigaction(SIGALRM, &alarm_before, NULL);
    for (size_t i = 0; i < CRASHES; i++) {
        sigaction(crashes[i].signal, &crashes[i].before, NULL);
    }
    sigaltstack(&stack_before, NULL);
    munmap(told, sizeof *told);
    told = NULL;
}
