/* The parent's side of the pool: fork the workers, publish tasks, watch over both. */
#include "shared.h"

#include "gilscope/interrupt.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/futex.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* How often the parent looks up from its wait, in case a signal came just before it. */
enum { LOOK_UP_MS = 200 };

/* What the parent knows of a worker. */
struct attendant {
    pid_t pid;     /* 0: none */
    bool ready;    /* it has been idle once */
    unsigned lost; /* deaths in a row without a task finished in between */
    uint64_t finished_at_death;
    uint64_t finished_before; /* tasks that it, or who it replaces, finished before this list */
};

struct pool {
    struct pool_job job;
    struct pool_shared *shared;
    struct pool_worker_note *notes; /* notes[workers], in the same mapping */
    size_t mapping_size;
    unsigned workers, tasks_max;
    unsigned done_before;         /* tasks before this one are known to be done */
    bool lost_work;               /* one died in this list that had finished tasks of it */
    struct attendant *attendants; /* attendants[workers] */
    struct pollfd *ears;          /* ears[workers]: the workers' pipes; fd -1: none */
};

void pool_wake_workers(struct pool_shared *shared)
{
    /* Release: what was published before is seen by who sees the new generation. */
    atomic_fetch_add_explicit(&shared->generation, 1, memory_order_release);
    syscall(SYS_futex, &shared->generation, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
}

/* The child after fork: it must not outlive the parent, even one that is killed. */
static _Noreturn void become_worker(struct pool *pool, unsigned id, pid_t parent, int tell)
{
    for (unsigned w = 0; w < pool->workers; w++) {
        if (pool->ears[w].fd >= 0) {
            close(pool->ears[w].fd);
        }
    }
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent) {
        _exit(EXIT_DONE); /* the parent died before the system could promise to tell */
    }
    pool_worker_live(pool->shared, &pool->notes[id], &pool->job, id, tell);
}

static bool fork_worker(struct pool *pool, unsigned id, struct error *error)
{
    struct attendant *attendant = &pool->attendants[id];
    pid_t parent = getpid();
    int ends[2];

    if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) {
        return fail(error, "pool: no pipe for worker %u of %u: %s (ulimit -n?)", id + 1,
                    pool->workers, strerror(errno));
    }
    pid_t pid = fork();
    if (pid == 0) {
        close(ends[0]);
        become_worker(pool, id, parent, ends[1]);
    }
    close(ends[1]);
    if (pid < 0) {
        int reason = errno;
        close(ends[0]);
        return fail(error, "pool: cannot fork worker %u of %u: %s (ulimit -u?)", id + 1,
                    pool->workers, strerror(reason));
    }
    attendant->pid = pid;
    attendant->ready = false;
    pool->ears[id] = (struct pollfd){.fd = ends[0], .events = POLLIN};
    return true;
}

/* Waits for a worker that has ended, or is about to; its exit status as of waitpid. */
static int reap(struct pool *pool, unsigned id)
{
    struct attendant *attendant = &pool->attendants[id];
    int status = 0;

    close(pool->ears[id].fd);
    pool->ears[id].fd = -1;
    while (waitpid(attendant->pid, &status, 0) < 0 && errno == EINTR) {
        /* A signal is looked at by whoever waits for the pool. */
    }
    attendant->pid = 0;
    return status;
}

/* Puts what a dead worker had taken back on the list. *held: whether it had anything. */
static bool give_back_tasks(struct pool *pool, unsigned id, int status, bool *held,
                            struct error *error)
{
    /* Relaxed: only this thread publishes. */
    unsigned published = atomic_load_explicit(&pool->shared->published, memory_order_relaxed);

    *held = false;
    for (unsigned t = pool->done_before; t < published; t++) {
        struct pool_task *task = &pool->shared->tasks[t];

        /* Relaxed: its writer is dead, and waitpid came after. */
        if (atomic_load_explicit(&task->state, memory_order_relaxed) != TASK_TAKEN + id) {
            continue;
        }
        *held = true;
        if (++task->deaths >= POOL_DEATHS_MAX) {
            return fail(error,
                        "pool: task %u of %u given up: %d workers in a row died doing it (the "
                        "last: %s %d)",
                        t + 1, published, POOL_DEATHS_MAX,
                        WIFSIGNALED(status) ? "signal" : "exit code",
                        WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
        }
        /* Release: the next to claim it sees the count of deaths. */
        atomic_store_explicit(&task->state, TASK_TODO, memory_order_release);
    }
    return true;
}

/* A worker is gone: its work goes back to the list, and a new one takes its place. */
static bool replace_worker(struct pool *pool, unsigned id, struct error *error)
{
    struct attendant *attendant = &pool->attendants[id];
    struct pool_worker_note *note = &pool->notes[id];
    int status = reap(pool, id);
    bool held;

    if (note->error.exit_code != EXIT_DONE) {
        *error = note->error;
        return false;
    }
    if (WIFEXITED(status) && WEXITSTATUS(status) >= EXIT_SIGNALLED &&
        pool->job.has_told != NULL && pool->job.has_told()) {
        /* It has told why, and the next would meet the same. */
        int code = WEXITSTATUS(status);
        error_fill(error, code > EXIT_SIGNALLED ? code : EXIT_FAILED, "%s", "");
        return false;
    }
    if (!give_back_tasks(pool, id, status, &held, error)) {
        return false;
    }
    attendant->lost = note->finished == attendant->finished_at_death ? attendant->lost + 1 : 1;
    attendant->finished_at_death = note->finished;
    pool->lost_work = pool->lost_work || note->finished != attendant->finished_before;
    if (!held && attendant->lost >= POOL_DEATHS_MAX) {
        return fail(error, "pool: worker %u of %u died %u times in a row without a task done",
                    id + 1, pool->workers, attendant->lost);
    }
    if (!fork_worker(pool, id, error)) {
        return false;
    }
    if (held) {
        /* Not for the replacement, which looks by itself; and nobody has to help it. But a sleeper
         * whose wait ends for nothing may have taken what was given back: it counts as idle until
         * the generation goes up, and would not be waited for while it rests. */
        pool_wake_workers(pool->shared);
    }
    return true;
}

/* Takes in what the workers tell: went idle, or gone. */
static bool listen_to(struct pool *pool, unsigned id, bool leaving, struct error *error)
{
    char told[64];
    ssize_t length = read(pool->ears[id].fd, told, sizeof told);

    if (length > 0) {
        pool->attendants[id].ready = true;
        return true;
    }
    if (length < 0 && (errno == EAGAIN || errno == EINTR)) {
        return true;
    }
    if (leaving) {
        reap(pool, id);
        return true;
    }
    return replace_worker(pool, id, error);
}

/* Waits until finished(pool) holds, watching over the workers meanwhile. */
static bool watch(struct pool *pool, bool (*finished)(struct pool *), bool leaving,
                  struct error *error)
{
    while (!finished(pool)) {
        int heard = poll(pool->ears, pool->workers, LOOK_UP_MS);

        if (interrupted()) {
            return fail_signal(error, interrupted());
        }
        if (heard < 0 && errno != EINTR) {
            return fail(error, "pool: cannot wait for workers: %s", strerror(errno));
        }
        for (unsigned w = 0; heard > 0 && w < pool->workers; w++) {
            if (pool->ears[w].revents != 0 && !listen_to(pool, w, leaving, error)) {
                return false;
            }
        }
    }
    return true;
}

static bool all_ready(struct pool *pool)
{
    for (unsigned w = 0; w < pool->workers; w++) {
        if (!pool->attendants[w].ready) {
            return false;
        }
    }
    return true;
}

static bool all_gone(struct pool *pool)
{
    for (unsigned w = 0; w < pool->workers; w++) {
        if (pool->attendants[w].pid != 0) {
            return false;
        }
    }
    return true;
}

/* All tasks done, and all workers at rest since. */
static bool all_done(struct pool *pool)
{
    struct pool_shared *shared = pool->shared;
    /* Relaxed, both: only this thread writes them. */
    unsigned published = atomic_load_explicit(&shared->published, memory_order_relaxed);
    unsigned generation = atomic_load_explicit(&shared->generation, memory_order_relaxed);

    /* Acquire: with the state comes the result. */
    while (pool->done_before < published &&
           atomic_load_explicit(&shared->tasks[pool->done_before].state,
                                memory_order_acquire) == TASK_DONE) {
        pool->done_before++;
    }
    for (unsigned w = 0; pool->done_before == published && w < pool->workers; w++) {
        /* Acquire: with its idleness comes what rest() left behind. */
        if (atomic_load_explicit(&pool->notes[w].idle_since, memory_order_acquire) !=
            generation) {
            return false;
        }
    }
    return pool->done_before == published;
}

static bool map_shared(struct pool *pool, struct error *error)
{
    size_t alignment = _Alignof(struct pool_worker_note);
    size_t notes_at = sizeof(struct pool_shared) + pool->tasks_max * sizeof(struct pool_task);

    notes_at = (notes_at + alignment - 1) / alignment * alignment;
    pool->mapping_size = notes_at + pool->workers * sizeof(struct pool_worker_note);
    void *mapping = mmap(NULL, pool->mapping_size, PROT_READ | PROT_WRITE,
                         MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (mapping == MAP_FAILED) {
        return fail(error, "pool: no %zu bytes of shared memory for %u tasks: %s",
                    pool->mapping_size, pool->tasks_max, strerror(errno));
    }
    pool->shared = mapping;
    pool->notes = (struct pool_worker_note *)((char *)mapping + notes_at);
    return true;
}

/* Each worker has a pipe: where the soft limit on descriptors is lower than the hard one needs
 * be, it is raised. What does not help shows when the pipes are made. */
static void raise_descriptor_limit(unsigned workers)
{
    enum { OTHERS = 64 };
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < workers + OTHERS &&
        limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

bool pool_create(struct pool **out, unsigned workers, unsigned tasks_max,
                 const struct pool_job *job, struct error *error)
{
    struct pool *pool = calloc(1, sizeof *pool);

    *out = NULL;
    if (pool == NULL) {
        return fail(error, "pool: out of memory");
    }
    raise_descriptor_limit(workers);
    pool->job = *job;
    pool->workers = workers;
    pool->tasks_max = tasks_max;
    pool->attendants = calloc(workers, sizeof *pool->attendants);
    pool->ears = calloc(workers, sizeof *pool->ears);
    bool created = pool->attendants != NULL && pool->ears != NULL
                       ? map_shared(pool, error)
                       : fail(error, "pool: out of memory for %u workers", workers);
    for (unsigned w = 0; pool->ears != NULL && w < workers; w++) {
        pool->ears[w].fd = -1;
    }
    for (unsigned w = 0; created && w < workers; w++) {
        created = fork_worker(pool, w, error);
    }
    if (!created || !watch(pool, all_ready, false, error)) {
        pool_destroy(pool);
        return false;
    }
    *out = pool;
    return true;
}

struct pool_task *pool_tasks(struct pool *pool)
{
    return pool->shared->tasks;
}

bool pool_map(struct pool *pool, unsigned count, struct error *error)
{
    struct pool_shared *shared = pool->shared;

    if (count > pool->tasks_max) {
        return fail(error, "pool: %u tasks in a pool made for %u", count, pool->tasks_max);
    }
    pool->done_before = 0;
    pool->lost_work = false;
    for (unsigned w = 0; w < pool->workers; w++) {
        /* No task of this list can be done yet. */
        pool->attendants[w].finished_before = pool->notes[w].finished;
    }
    atomic_store_explicit(&shared->search_from, 0, memory_order_relaxed);
    for (unsigned t = 0; t < count; t++) {
        shared->tasks[t].deaths = 0;
        /* Release: a worker still looking around may claim it from here on, and must see
         * the argument. */
        atomic_store_explicit(&shared->tasks[t].state, TASK_TODO, memory_order_release);
    }
    /* Release: see claim(). */
    atomic_store_explicit(&shared->published, count, memory_order_release);
    pool_wake_workers(shared);
    return watch(pool, all_done, false, error);
}

bool pool_lost_work(const struct pool *pool)
{
    return pool->lost_work;
}

void pool_close(struct pool *pool)
{
    /* Release, and the generation after it: an idle worker wakes to see it. */
    atomic_store_explicit(&pool->shared->closing, true, memory_order_release);
    pool_wake_workers(pool->shared);
}

bool pool_join(struct pool *pool, struct error *error)
{
    return watch(pool, all_gone, true, error);
}

void pool_destroy(struct pool *pool)
{
    if (pool == NULL) {
        return;
    }
    for (unsigned w = 0; pool->attendants != NULL && w < pool->workers; w++) {
        if (pool->attendants[w].pid != 0) {
            kill(pool->attendants[w].pid, SIGKILL);
            reap(pool, w);
        }
    }
    if (pool->shared != NULL) {
        munmap(pool->shared, pool->mapping_size);
    }
    free(pool->attendants);
    free(pool->ears);
    free(pool);
}

pid_t pool_worker_pid(const struct pool *pool, unsigned worker)
{
    return pool->attendants[worker].pid;
}
