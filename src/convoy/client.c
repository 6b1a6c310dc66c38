/* The client, a process of its own: its life. What it asks is in asking.c. See convoy.h. */
#include "asking.h"

#include "gilscope/clock.h"
#include "gilscope/interrupt.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static_assert(ATOMIC_BOOL_LOCK_FREE == 2, "the flags must work between processes");

/* One mapping, shared by us and the client. Flags that a hog looks at after every chunk have a
 * cache line of their own. */
struct shared {
    _Alignas(128) atomic_bool over;
    _Alignas(128) atomic_bool go;
    bool complete; /* written by the client before over, read when it is dead */
    struct convoy_answers answers;
};

struct convoy_client {
    struct shared *shared;
    struct convoy_demand demand;
    uint64_t tag;
    pid_t pid; /* 0: none */
};

/* ---- in the client ---- */

/* Nothing of ours is its business, and files that it held open would stay locked. */
static void close_all(void)
{
    enum { FEW = 1024 };

#ifdef SYS_close_range
    if (syscall(SYS_close_range, 3u, ~0u, 0u) == 0) {
        return;
    }
#endif
    for (int fd = 3; fd < FEW; fd++) {
        close(fd);
    }
}

static void wait_for_go(const struct shared *shared)
{
    const struct timespec moment = {0, 50000};

    /* Acquire: the server is at work before anything is asked. */
    while (!atomic_load_explicit(&shared->go, memory_order_acquire)) {
        nanosleep(&moment, NULL);
    }
}

/* The child after fork. */
static _Noreturn void live(const struct convoy_client *client, unsigned port, pid_t parent)
{
    struct shared *shared = client->shared;

    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent) {
        _exit(EXIT_DONE); /* the parent died before the system could promise to tell */
    }
    interrupt_worker();
    close_all();
    prctl(PR_SET_TIMERSLACK, 1000UL); /* else each sleep is 50 us longer */
    int socket = asking_connect(port);
    if (socket < 0) {
        _exit(EXIT_FAILED);
    }
    wait_for_go(shared);
    asking_ask(socket, &client->demand, client->tag, &shared->answers);
    shared->complete = true;
    /* Release: who sees it sees the answers, though waitpid would do as well. */
    atomic_store_explicit(&shared->over, true, memory_order_release);
    asking_end(socket, client->tag); /* wakes the server; lost, it looks up by itself */
    _exit(EXIT_DONE);
}

/* ---- in the parent ---- */

bool convoy_client_open(struct convoy_client **out, struct error *error)
{
    struct convoy_client *client = calloc(1, sizeof *client);

    *out = NULL;
    if (client == NULL) {
        return fail(error, "out of memory");
    }
    client->shared = mmap(NULL, sizeof *client->shared, PROT_READ | PROT_WRITE,
                          MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (client->shared == MAP_FAILED) {
        free(client);
        return fail(error, "no shared memory for the client: %s", strerror(errno));
    }
    *out = client;
    return true;
}

void convoy_client_close(struct convoy_client *client)
{
    if (client != NULL) {
        convoy_client_end(client);
        munmap(client->shared, sizeof *client->shared);
        free(client);
    }
}

void convoy_client_none(struct convoy_client *client)
{
    convoy_client_end(client);
    memset(client->shared, 0, sizeof *client->shared);
}

bool convoy_client_start(struct convoy_client *client, unsigned port,
                         const struct convoy_demand *demand, struct error *error)
{
    pid_t parent = getpid();

    convoy_client_none(client);
    client->demand = *demand;
    client->tag = (uint64_t)(clock_now() * 1e9) ^ (uint64_t)parent << 40;
    pid_t pid = fork();
    if (pid == 0) {
        live(client, port, parent);
    }
    if (pid < 0) {
        return fail(error, "cannot fork the client: %s (ulimit -u?)", strerror(errno));
    }
    client->pid = pid;
    return true;
}

void convoy_client_go(struct convoy_client *client)
{
    /* Release: see wait_for_go(). */
    atomic_store_explicit(&client->shared->go, true, memory_order_release);
}

uint64_t convoy_client_tag(const struct convoy_client *client)
{
    return client->tag;
}

bool convoy_client_is_over(const struct convoy_client *client)
{
    /* Relaxed: it only has to be seen soon; what the client saw is read when it has ended. */
    return atomic_load_explicit(&client->shared->over, memory_order_relaxed);
}

void convoy_client_set_over(struct convoy_client *client)
{
    /* Relaxed: see above. */
    atomic_store_explicit(&client->shared->over, true, memory_order_relaxed);
}

bool convoy_client_has_ended(const struct convoy_client *client)
{
    siginfo_t how = {0};

    return client->pid == 0 ||
           waitid(P_PID, (id_t)client->pid, &how, WEXITED | WNOHANG | WNOWAIT) != 0 ||
           how.si_pid != 0;
}

void convoy_client_end(struct convoy_client *client)
{
    if (client->pid > 0) {
        kill(client->pid, SIGKILL);
        while (waitpid(client->pid, NULL, 0) < 0 && errno == EINTR) {
            /* A signal is looked at by whoever serves. */
        }
    }
    client->pid = 0;
}

const struct convoy_answers *convoy_client_answers(const struct convoy_client *client)
{
    return client->shared->complete ? &client->shared->answers : NULL;
}

pid_t convoy_client_pid(const struct convoy_client *client)
{
    return client->pid;
}

bool convoy_with_client(struct convoy_client *client, unsigned port,
                        const struct convoy_demand *demand,
                        bool (*serve)(void *context, struct error *error), void *context,
                        struct error *error)
{
    for (unsigned deaths = 0; deaths < CONVOY_DEATHS_MAX; deaths++) {
        bool served = convoy_client_start(client, port, demand, error) && serve(context, error);
        /* It ends by itself a moment after it is over; what it saw is complete before. */
        convoy_client_end(client);
        if (!served) {
            return false;
        }
        if (interrupted()) {
            return fail_signal(error, interrupted());
        }
        if (convoy_client_answers(client) != NULL) {
            return true;
        }
    }
    return fail(error,
                "the client of the requests died %d times in a row: killed, or no loopback?",
                CONVOY_DEATHS_MAX);
}
