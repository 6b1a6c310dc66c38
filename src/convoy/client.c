/* The client, a process of its own: asks, waits for the answer, asks again. See convoy.h. */
#include "gilscope/convoy.h"

#include "gilscope/interrupt.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
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

static uint64_t now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static void sleep_until(uint64_t ns)
{
    const struct timespec at = {(time_t)(ns / 1000000000), (long)(ns % 1000000000)};
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL);
}

/* ---- in the client ---- */

struct asking {
    int socket;
    const struct convoy_demand *demand;
    uint64_t tag;
    uint64_t counted_from_ns, until_ns, given_up_ns;
    struct convoy_answers *answers;
};

/* How often it looks up from waiting: bounds how late it sees that a time is up. */
enum { LOOK_UP_US = 20000 };

static int connect_to(unsigned port)
{
    const struct sockaddr_in server = {.sin_family = AF_INET,
                                       .sin_port = htons((uint16_t)port),
                                       .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const struct timeval look_up = {0, LOOK_UP_US};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &look_up, sizeof look_up) != 0 ||
        connect(fd, (const struct sockaddr *)&server, sizeof server) != 0) {
        _exit(EXIT_FAILED);
    }
    return fd;
}

static void send_number(const struct asking *asking, uint64_t number)
{
    const struct convoy_message request = {number, asking->tag};
    /* What cannot be sent is as good as lost: it is sent again. */
    ssize_t sent = send(asking->socket, &request, sizeof request, 0);
    (void)sent;
}

/* Is the message the answer to this number? What is not is counted. */
static bool is_answer(const struct asking *asking, const struct convoy_message *message,
                      ssize_t length, uint64_t number)
{
    if (length != (ssize_t)sizeof *message || message->tag != asking->tag ||
        message->number == 0 || message->number > number + 1) {
        asking->answers->wrong++;
        return false;
    }
    asking->answers->late += message->number <= number;
    return message->number == number + 1;
}

/* Sends one request until it is answered; when it was, or 0 where nobody waits any more. */
static uint64_t ask(const struct asking *asking, uint64_t number)
{
    uint64_t resend_ns = (uint64_t)(asking->demand->resend_s * 1e9);
    uint64_t resend_at = now_ns() + resend_ns;

    send_number(asking, number);
    for (;;) {
        struct convoy_message message;
        /* The whole length: of what is longer, the beginning alone would look like an answer. */
        ssize_t length = recv(asking->socket, &message, sizeof message, MSG_TRUNC);
        uint64_t now = now_ns();

        if (length >= 0 && is_answer(asking, &message, length, number)) {
            return now;
        }
        if (now >= asking->given_up_ns) {
            return 0;
        }
        if (now >= resend_at) {
            send_number(asking, number);
            asking->answers->resent++;
            resend_at = now + resend_ns;
        }
    }
}

/* When request `number` is due: at once, or when the rate says so. */
static uint64_t due_at(const struct asking *asking, uint64_t start_ns, uint64_t number)
{
    double rate = asking->demand->rate_per_s;

    return rate > 0 ? start_ns + (uint64_t)((double)number / rate * 1e9) : now_ns();
}

static void ask_all(const struct asking *asking, uint64_t start_ns)
{
    struct convoy_answers *answers = asking->answers;
    uint64_t number = 0, due, last = asking->counted_from_ns;

    for (; (due = due_at(asking, start_ns, number)) < asking->until_ns; number++) {
        sleep_until(due); /* in the past, it returns at once */
        if (now_ns() >= asking->until_ns) {
            break;
        }
        uint64_t answered = ask(asking, number), end = answered != 0 ? answered : now_ns();
        /* Those that the warm-up left waiting count: they are not the shortest. */
        if (end >= asking->counted_from_ns) {
            histogram_enter(&answers->latencies, end - due);
            last = end;
        }
        if (answered == 0) {
            answers->unanswered++;
            number++;
            break;
        }
    }
    double all = (double)(asking->until_ns - start_ns) * 1e-9 * asking->demand->rate_per_s;
    answers->unsent = all > (double)number ? (uint64_t)(all - (double)number) : 0;
    /* Without a rate it never waits but for answers: the last one is the end. */
    bool open = asking->demand->rate_per_s > 0 && last < asking->until_ns;
    answers->wall_s =
        (double)((open ? asking->until_ns : last) - asking->counted_from_ns) * 1e-9;
}

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

/* The child after fork. */
static _Noreturn void live(const struct convoy_client *client, unsigned port, pid_t parent)
{
    const struct timespec moment = {0, 50000};
    struct shared *shared = client->shared;
    uint64_t time_ns = (uint64_t)(client->demand.time_s * 1e9);

    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent) {
        _exit(EXIT_DONE); /* the parent died before the system could promise to tell */
    }
    interrupt_worker();
    close_all();
    prctl(PR_SET_TIMERSLACK, 1000UL); /* else each sleep is 50 us longer */
    struct asking asking = {.socket = connect_to(port),
                            .demand = &client->demand,
                            .tag = client->tag,
                            .answers = &shared->answers};
    /* Acquire: the server is at work before anything is asked. */
    while (!atomic_load_explicit(&shared->go, memory_order_acquire)) {
        nanosleep(&moment, NULL);
    }
    uint64_t start_ns = now_ns();
    asking.counted_from_ns = start_ns + (uint64_t)(CONVOY_WARM_UP * (double)time_ns);
    asking.until_ns = asking.counted_from_ns + time_ns;
    asking.given_up_ns = asking.until_ns + (uint64_t)(client->demand.grace_s * 1e9);
    ask_all(&asking, start_ns);
    shared->complete = true;
    /* Release: who sees it sees the answers, though waitpid would do as well. */
    atomic_store_explicit(&shared->over, true, memory_order_release);
    send_number(&asking, CONVOY_OVER); /* wakes the server; lost, it looks up by itself */
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
    client->tag = now_ns() ^ (uint64_t)parent << 40;
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
    /* Release: see live(). */
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
