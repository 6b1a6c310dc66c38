/* A library for LD_PRELOAD that makes the system fail where a test wants it to. Calls are counted in
 * all processes of a run together, and only those that the program itself makes, but for threads: what
 * hwloc or OpenMP do without memory is not ours to test.
 *
 *   FAIL_WRITE=N   the N-th pwrite, fsync, ftruncate, rename or mkdir finds the disk full
 *   FAIL_OPEN=N    the N-th open, fopen, pipe2 or socket finds no file descriptor left
 *   FAIL_MEMORY=N  the N-th malloc, calloc, realloc, aligned_alloc, strdup or mmap finds no memory
 *   FAIL_FORK=N    the N-th fork, and FAIL_THREAD=N the N-th pthread_create: EAGAIN
 *   FAIL_ERRNO=N   is the error of FAIL_WRITE, where the disk is not just full
 *   FAIL_ON=1      not only the N-th fails, but all that follow
 *   KILL_WRITE=N   the N-th write of a forked process kills it before, KILL_AFTER=N after it
 *   KILL_CLOCK=N   the N-th look at a clock of a forked process kills it before, among them those at
 *                  which a worker of the pool begins, starts, and comes to rest
 *   CLOCK_BACK=1   the clock of the wall is an hour earlier at each look
 *   LOSE_PUS=FILE  once that file is there, the system gives no PU but 0
 *   CPU_MAX=FILE   is the cgroup's cpu.max
 *   FAULT_HIT=FILE is made when one of these happens
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

enum fault { WRITES, OPENS, MEMORY, FORKS, THREADS, KILLS, KILLS_AFTER, KILLS_CLOCK, FAULTS };

static const char *const names[FAULTS] = {"FAIL_WRITE", "FAIL_OPEN",   "FAIL_MEMORY",
                                          "FAIL_FORK",  "FAIL_THREAD", "KILL_WRITE",
                                          "KILL_AFTER", "KILL_CLOCK"};

/* Shared with forked processes; null until the library is set up. */
static struct counts {
    atomic_long calls[FAULTS], looks;
} * shared;
static long fails_at[FAULTS]; /* 0: never */
static bool lasting;
static int write_error = ENOSPC;
static pid_t first;                    /* the program, not what it forks */
static uintptr_t program, program_end; /* where its code is */

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *old, size_t size);
void *__libc_memalign(size_t alignment, size_t size);

static int find_program(struct dl_phdr_info *info, size_t size, void *context)
{
    (void)size;
    (void)context;
    program = UINTPTR_MAX;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *part = &info->dlpi_phdr[i];
        uintptr_t at = info->dlpi_addr + part->p_vaddr;
        if (part->p_type == PT_LOAD) {
            program = at < program ? at : program;
            program_end = at + part->p_memsz > program_end ? at + part->p_memsz : program_end;
        }
    }
    return 1; /* the program comes first */
}

__attribute__((constructor)) static void set_up(void)
{
    long memory = syscall(SYS_mmap, NULL, sizeof *shared, PROT_READ | PROT_WRITE,
                          MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    if (shared != NULL || (memory < 0 && memory > -4096)) {
        return;
    }
    for (int f = 0; f < FAULTS; f++) {
        const char *n = getenv(names[f]);
        fails_at[f] = n != NULL ? atol(n) : 0;
    }
    lasting = getenv("FAIL_ON") != NULL;
    write_error = getenv("FAIL_ERRNO") != NULL ? atoi(getenv("FAIL_ERRNO")) : ENOSPC;
    first = getpid();
    dl_iterate_phdr(find_program, NULL);
    shared = (struct counts *)memory;
}

/* From now on nothing fails: for a program that is about to end (tests/coverage/exit.c). */
void faults_end(void);
void faults_end(void)
{
    shared = NULL;
}

static void hit(void)
{
    const char *mark = getenv("FAULT_HIT");
    if (mark != NULL) {
        long fd = syscall(SYS_openat, AT_FDCWD, mark, O_WRONLY | O_CREAT, 0666);
        if (fd >= 0) {
            syscall(SYS_close, fd);
        }
    }
}

static bool fails(enum fault fault, const void *caller)
{
    uintptr_t from = (uintptr_t)caller;

    if (shared == NULL || fails_at[fault] == 0 || from < program || from >= program_end) {
        return false;
    }
    long n = atomic_fetch_add(&shared->calls[fault], 1) + 1;
    if (n == fails_at[fault] || (lasting && n > fails_at[fault])) {
        hit();
        return true;
    }
    return false;
}

#define CALLER __builtin_return_address(0)
/* The function of that name in the library behind this one. */
#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))
/* Fails with the error, or goes on. */
#define FAIL_AS(fault, value, error)                                                           \
    do {                                                                                       \
        if (fails(fault, CALLER)) {                                                            \
            errno = (error);                                                                   \
            return value;                                                                      \
        }                                                                                      \
    } while (0)

/* ---- a full disk ---- */

/* A disk that stays full still takes half of the first text that does not fit. */
ssize_t pwrite(int fd, const void *text, size_t size, off_t at)
{
    if (fails(WRITES, CALLER)) {
        bool is_first = atomic_load(&shared->calls[WRITES]) == fails_at[WRITES];
        errno = write_error;
        return lasting && is_first && size > 1 ? NEXT(pwrite)(fd, text, size / 2, at) : -1;
    }
    return NEXT(pwrite)(fd, text, size, at);
}

int fsync(int fd)
{
    FAIL_AS(WRITES, -1, write_error);
    return NEXT(fsync)(fd);
}

/* A full disk can still be made emptier. */
int ftruncate(int fd, off_t length)
{
    if (!lasting) {
        FAIL_AS(WRITES, -1, write_error);
    }
    return NEXT(ftruncate)(fd, length);
}

int rename(const char *from, const char *to)
{
    FAIL_AS(WRITES, -1, write_error);
    return NEXT(rename)(from, to);
}

int mkdir(const char *path, mode_t mode)
{
    FAIL_AS(WRITES, -1, write_error);
    return NEXT(mkdir)(path, mode);
}

/* ---- no descriptors ---- */

int open(const char *path, int flags, ...)
{
    va_list arguments;

    va_start(arguments, flags);
    mode_t mode = (flags & O_CREAT) != 0 ? va_arg(arguments, mode_t) : 0;
    va_end(arguments);
    FAIL_AS(OPENS, -1, EMFILE);
    return NEXT(open)(path, flags, mode);
}

FILE *fopen(const char *path, const char *mode)
{
    const char *cpu_max = getenv("CPU_MAX"), *name = strrchr(path, '/');

    FAIL_AS(OPENS, NULL, EMFILE);
    if (cpu_max != NULL && name != NULL && strcmp(name, "/cpu.max") == 0) {
        path = cpu_max;
    }
    return NEXT(fopen)(path, mode);
}

int pipe2(int ends[2], int flags)
{
    FAIL_AS(OPENS, -1, EMFILE);
    return NEXT(pipe2)(ends, flags);
}

int socket(int domain, int type, int protocol)
{
    FAIL_AS(OPENS, -1, EMFILE);
    return NEXT(socket)(domain, type, protocol);
}

/* ---- no memory ---- */

void *malloc(size_t size)
{
    FAIL_AS(MEMORY, NULL, ENOMEM);
    return __libc_malloc(size);
}

void *calloc(size_t n, size_t size)
{
    FAIL_AS(MEMORY, NULL, ENOMEM);
    return __libc_calloc(n, size);
}

void *realloc(void *old, size_t size)
{
    FAIL_AS(MEMORY, NULL, ENOMEM);
    return __libc_realloc(old, size);
}

void *aligned_alloc(size_t alignment, size_t size)
{
    FAIL_AS(MEMORY, NULL, ENOMEM);
    return __libc_memalign(alignment, size);
}

char *strdup(const char *text)
{
    FAIL_AS(MEMORY, NULL, ENOMEM);
    return NEXT(strdup)(text);
}

void *mmap(void *at, size_t size, int protection, int flags, int fd, off_t offset)
{
    FAIL_AS(MEMORY, MAP_FAILED, ENOMEM);
    return NEXT(mmap)(at, size, protection, flags, fd, offset);
}

/* ---- no processes, no threads ---- */

pid_t fork(void)
{
    FAIL_AS(FORKS, -1, EAGAIN);
    return NEXT(fork)();
}

/* OpenMP's threads count, too. */
int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*start)(void *),
                   void *argument)
{
    return fails(THREADS, (const void *)program)
               ? EAGAIN
               : NEXT(pthread_create)(thread, attributes, start, argument);
}

/* ---- killed while answering ---- */

ssize_t write(int fd, const void *text, size_t size)
{
    bool forked = shared != NULL && getpid() != first;

    if (forked && fails(KILLS, CALLER)) {
        kill(getpid(), SIGKILL);
    }
    ssize_t written = NEXT(write)(fd, text, size);
    if (forked && fails(KILLS_AFTER, CALLER)) {
        kill(getpid(), SIGKILL);
    }
    return written;
}

/* ---- the clock of the wall ---- */

static bool goes_back(time_t *seconds)
{
    if (shared == NULL || getenv("CLOCK_BACK") == NULL) {
        return false;
    }
    hit();
    *seconds -= 3600 * (1 + (time_t)atomic_fetch_add(&shared->looks, 1) % 1000);
    return true;
}

int clock_gettime(clockid_t clock, struct timespec *now)
{
    if (shared != NULL && fails_at[KILLS_CLOCK] != 0 && getpid() != first &&
        fails(KILLS_CLOCK, CALLER)) {
        kill(getpid(), SIGKILL);
    }
    int told = (int)syscall(SYS_clock_gettime, clock, now);
    if (clock == CLOCK_REALTIME) {
        goes_back(&now->tv_sec);
    }
    return told;
}

time_t time(time_t *at)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    if (at != NULL) {
        *at = now.tv_sec;
    }
    return now.tv_sec;
}

int gettimeofday(struct timeval *restrict at, void *restrict zone)
{
    struct timespec now;

    (void)zone;
    clock_gettime(CLOCK_REALTIME, &now);
    *at = (struct timeval){now.tv_sec, now.tv_nsec / 1000};
    return 0;
}

/* ---- PUs that go away ---- */

static bool are_lost(void)
{
    const char *mark = getenv("LOSE_PUS");
    return mark != NULL && syscall(SYS_faccessat, AT_FDCWD, mark, F_OK) == 0;
}

int sched_setaffinity(pid_t pid, size_t size, const cpu_set_t *set)
{
    cpu_set_t left;

    if (!are_lost()) {
        return NEXT(sched_setaffinity)(pid, size, set);
    }
    hit();
    if (!CPU_ISSET_S(0, size, set)) {
        errno = EINVAL;
        return -1;
    }
    CPU_ZERO(&left);
    CPU_SET(0, &left);
    return NEXT(sched_setaffinity)(pid, sizeof left, &left);
}
