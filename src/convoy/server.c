/* The server: the I/O thread and the hogs, one OpenMP team. See convoy.h. */
#include "gilscope/convoy.h"

#include "gilscope/clock.h"
#include "gilscope/costs.h"
#include "gilscope/run.h"

#include <arpa/inet.h>
#include <errno.h>
#include <math.h>
#include <omp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

const struct convoy_lock convoy_locks[CONVOY_LOCKS] = {{"gil", &gil_switching},
                                                       {"ticks", &gil_ticks},
                                                       {"critical", &gil_critical},
                                                       {"none", NULL}};

/* Decrements between two looks at whether it is over: a few milliseconds. */
enum { STRETCH_MAX = 1 << 23 };

/* What the threads of one repetition share. */
struct server {
    const struct convoy_setup *setup;
    struct convoy_client *client;
    struct convoy_outcome *outcome;
    struct gil *gil; /* null: no lock */
    int socket;
    struct worker *workers; /* workers[1 + setup->hogs] */
    struct run run;         /* what the hogs do, and where */
    uint64_t pieces;        /* of run.chunk, which a chunk of the setup is cut into */
    /* clock_now() at which all leave, whatever the client does; INFINITY until it was told to
     * begin. */
    _Atomic double end_s;
};

/* Where there is no lock nothing keeps others out, and nothing is protected. */
static void take(struct server *server, const struct worker *me) ACQUIRE(the_gil)
    NO_THREAD_SAFETY_ANALYSIS
{
    if (server->gil != NULL) {
        gil_acquire(server->gil, me->id);
    }
}

static void drop(struct server *server, const struct worker *me) RELEASE(the_gil)
    NO_THREAD_SAFETY_ANALYSIS
{
    if (server->gil != NULL) {
        gil_release(server->gil, me->id);
    }
}

static bool is_over(const struct server *server)
{
    return convoy_client_is_over(server->client) || interrupted();
}

static bool is_late(const struct server *server)
{
    /* Relaxed: a hog that sees it late stays for a moment more, and nothing else depends on it. */
    return clock_now() > atomic_load_explicit(&server->end_s, memory_order_relaxed);
}

/* The client may begin: all are at work. Before the I/O thread has the lock, which may take longer
 * than all the rest: requests wait at its socket, as they will. */
static void begin(struct server *server)
{
    const struct convoy_demand *demand = &server->setup->demand;
    const double margin_s = 1;
    double time_s = demand->time_s * (1 + CONVOY_WARM_UP) + demand->grace_s + margin_s;

    convoy_client_go(server->client);
    /* Relaxed: see is_late(). */
    atomic_store_explicit(&server->end_s, clock_now() + time_s, memory_order_relaxed);
}

/* Waits for the next message as CPython's sock_recvfrom does. False where none came in a while. */
static bool receive(struct server *server, const struct worker *me,
                    struct convoy_message *message, struct sockaddr_in *from) REQUIRES(the_gil)
{
    socklen_t size = sizeof *from;

    drop(server, me);
    /* MSG_TRUNC: the whole length, even where it is more than there is room for. */
    ssize_t length = recvfrom(server->socket, message, sizeof *message, MSG_TRUNC,
                              (struct sockaddr *)from, &size);
    take(server, me);
    return length == (ssize_t)sizeof *message &&
           message->tag == convoy_client_tag(server->client);
}

/* Sends it back as CPython's sock_sendto does. */
static void answer(struct server *server, const struct worker *me,
                   const struct convoy_message *message, const struct sockaddr_in *to)
    REQUIRES(the_gil)
{
    drop(server, me);
    /* What cannot be sent is as good as lost: the client asks again. */
    ssize_t sent = sendto(server->socket, message, sizeof *message, 0,
                          (const struct sockaddr *)to, sizeof *to);
    (void)sent;
    take(server, me);
}

/* Nobody is there who waits for an answer, or for ever: then it is over. */
static void look_for_client(struct server *server)
{
    if (convoy_client_has_ended(server->client) || is_late(server)) {
        convoy_client_set_over(server->client);
    }
}

/* Who works with the lock looks up after every chunk, as CPython does between two bytecodes. */
static void yield_if_asked(struct server *server, const struct worker *me) REQUIRES(the_gil)
{
    if (server->gil != NULL && gil_should_yield(server->gil)) {
        gil_release(server->gil, me->id);
        gil_acquire(server->gil, me->id);
    }
}

/* So many pieces of work last a few milliseconds. */
static uint64_t pieces_per_look(const struct server *server)
{
    return 1 + STRETCH_MAX / server->run.chunk;
}

/* What a request takes, with the lock; in pieces, so that a long one ends in time. */
static void work_for_request(struct server *server, const struct worker *me) REQUIRES(the_gil)
{
    uint64_t left = server->setup->held;

    for (uint64_t pieces = 1; left > 0 && !is_over(server); pieces++) {
        uint64_t piece = left < server->run.chunk ? left : server->run.chunk;
        kernel_countdown.run(NULL, piece);
        left -= piece;
        if (left > 0 && pieces % server->pieces == 0) {
            yield_if_asked(server, me);
        }
        if (left > 0 && pieces % pieces_per_look(server) == 0) {
            look_for_client(server);
        }
    }
}

static void serve(struct server *server, const struct worker *me)
{
    /* Who sends ours when the client has gone ends it, too. */
    enum { REQUESTS_PER_LOOK = 1024 };
    unsigned requests = 0;

    begin(server);
    take(server, me);
    while (!is_over(server)) {
        struct convoy_message message;
        struct sockaddr_in from;

        bool received = receive(server, me, &message, &from);
        if (!received || ++requests % REQUESTS_PER_LOOK == 0) {
            look_for_client(server);
        }
        if (!received) {
            continue;
        }
        if (message.number != CONVOY_OVER) {
            work_for_request(server, me);
            message.number++;
            answer(server, me, &message, &from);
        }
    }
    drop(server, me);
}

/* In the place of the I/O thread: lets the hogs alone for their time. */
static void let_alone(struct server *server)
{
    enum { LOOK_UP_MS = 20 };
    double end_s = clock_now() + server->setup->demand.time_s;

    for (double left_s; !is_over(server) && (left_s = end_s - clock_now()) > 0;) {
        int left_ms = left_s * 1e3 < LOOK_UP_MS ? (int)(left_s * 1e3) + 1 : LOOK_UP_MS;
        poll(NULL, 0, left_ms);
    }
    convoy_client_set_over(server->client);
}

/* A client that died while the I/O thread waits for the lock, which a long switch interval may
 * make it do for ever, is noticed here: now and then a hog looks at the clock. */
static bool sees_late(const struct server *server, unsigned *pieces)
{
    return ++*pieces % pieces_per_look(server) == 0 && is_late(server);
}

/* What is done between two looks at the lock; a long one in pieces, so that it ends in time. */
static void do_chunk(struct server *server, struct worker *me, unsigned *pieces)
{
    for (uint64_t p = 0; p < server->pieces && !is_over(server); p++) {
        worker_do_chunk(me);
        if (sees_late(server, pieces)) {
            convoy_client_set_over(server->client);
        }
    }
}

static void hog(struct server *server, struct worker *me)
{
    unsigned pieces = 0;

    take(server, me);
    while (!is_over(server) && worker_has_work(me)) {
        do_chunk(server, me, &pieces);
        yield_if_asked(server, me);
    }
    drop(server, me);
}

static void run_team(struct server *server)
{
#pragma omp parallel num_threads(server->run.threads)
    {
        struct worker *me = worker_begin(&server->run, omp_get_thread_num());
        if (me->error.exit_code != EXIT_DONE) {
            convoy_client_set_over(server->client);
        } else if (me->id > 0) {
            hog(server, me);
        } else if (server->setup->serves) {
            serve(server, me);
        } else {
            let_alone(server);
        }
        worker_end(me);
    }
}

/* Checks who came and that all that was counted down was; adds up the hogs' speeds. */
static bool check_team(const struct server *server, struct error *error)
{
    double rate = 0, wall_s = 0;

    for (unsigned w = 0; w < server->run.threads; w++) {
        const struct worker *worker = &server->run.workers[w];
        if (worker->error.exit_code != EXIT_DONE) {
            *error = worker->error;
            return false;
        }
        if (!worker->present || worker->wrong > 0) {
            return fail(error, "convoy: thread %u of %u %s", w + 1, server->run.threads,
                        worker->present ? "counted wrong" : "did not come");
        }
        wall_s = fmax(wall_s, worker->end_s - worker->start_s);
        if (w > 0) {
            rate += (double)worker->done / (worker->end_s - worker->start_s);
        }
    }
    server->outcome->wall_s = wall_s;
    server->outcome->hogs_rate_per_s = server->setup->hogs > 0 ? rate : (double)NAN;
    return true;
}

static void prepare_run(struct server *server)
{
    const struct convoy_setup *setup = server->setup;

    /* As long as the chunk together, but for a decrement each. */
    server->pieces = setup->chunk / STRETCH_MAX + 1;
    uint64_t piece = (setup->chunk + server->pieces - 1) / server->pieces;

    server->run = (struct run){.kernel = &kernel_countdown,
                               .threads = 1 + setup->hogs,
                               .chunk = piece,
                               .stretch = piece,
                               .call_max = piece,
                               .machine = setup->machine,
                               .slots = setup->slots,
                               .slot_count = setup->slot_count,
                               .workers = server->workers,
                               .chunks_per_sample = UINT32_MAX};
    for (unsigned w = 0; w < server->run.threads; w++) {
        /* Until told to stop; its progress is one window. */
        server->workers[w] = (struct worker){.run = &server->run,
                                             .id = w,
                                             .share = UINT64_MAX,
                                             .chunks_until_sample = UINT32_MAX,
                                             .progress.width_s = 3600};
    }
}

/* One try; the client has been started. */
static bool try_once(void *context, struct error *error)
{
    struct server *server = context;
    const struct convoy_setup *setup = server->setup;
    const struct gil_config config = {.switch_interval_s = setup->switch_interval_s};

    server->gil = NULL;
    if (setup->lock->kind != NULL &&
        !gil_create(&server->gil, setup->lock->kind, &config, error)) {
        return false;
    }
    prepare_run(server);
    atomic_init(&server->end_s, (double)INFINITY);
    run_team(server);
    server->outcome->handoffs = server->gil != NULL ? gil_counts(server->gil).handoffs : 0;
    gil_destroy(server->gil);
    return check_team(server, error) && cost_rest(setup->machine, error);
}

/* A port that the kernel chooses, for this machine alone. *fd is the caller's to close. */
static bool open_socket(int *fd, unsigned *port, struct error *error)
{
    enum { LOOK_UP_US = 50000 }; /* how late the server sees that it has to end */
    const struct timeval look_up = {0, LOOK_UP_US};
    struct sockaddr_in here = {.sin_family = AF_INET,
                               .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof here;

    *fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (*fd < 0 || bind(*fd, (const struct sockaddr *)&here, sizeof here) != 0 ||
        setsockopt(*fd, SOL_SOCKET, SO_RCVTIMEO, &look_up, sizeof look_up) != 0 ||
        getsockname(*fd, (struct sockaddr *)&here, &size) != 0) {
        return fail(error, "no UDP socket on 127.0.0.1: %s; %s", strerror(errno),
                    errno == EMFILE ? "let it open more files (ulimit -n)"
                                    : "is the loopback interface up?");
    }
    *port = ntohs(here.sin_port);
    return true;
}

/* With the team at rest, on a machine where nothing is bound. */
static bool run_server(struct server *server, unsigned port, struct error *error)
{
    const struct convoy_setup *setup = server->setup;

    if (!cost_rest(setup->machine, error)) {
        return false;
    }
    if (setup->serves) {
        return convoy_with_client(server->client, port, &setup->demand, try_once, server,
                                  error);
    }
    convoy_client_none(server->client);
    return try_once(server, error) && (!interrupted() || fail_signal(error, interrupted()));
}

bool convoy_run(const struct convoy_setup *setup, struct convoy_client *client,
                struct convoy_outcome *outcome, struct error *error)
{
    struct server server = {.setup = setup, .client = client, .outcome = outcome, .socket = -1};
    unsigned port = 0;
    struct error later;

    *outcome = (struct convoy_outcome){.wall_s = NAN, .hogs_rate_per_s = NAN};
    server.workers =
        aligned_alloc(_Alignof(struct worker), (1 + setup->hogs) * sizeof *server.workers);
    if (server.workers == NULL) {
        return fail(error, "out of memory for %u threads", 1 + setup->hogs);
    }
    bool done = open_socket(&server.socket, &port, error) && run_server(&server, port, error);
    if (server.socket >= 0) {
        close(server.socket);
    }
    free(server.workers);
    bool rested = cost_rest(setup->machine, done ? error : &later);
    if (done && setup->serves) {
        outcome->wall_s = convoy_client_answers(client)->wall_s;
    }
    return done && rested;
}
