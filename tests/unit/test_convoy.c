/* The client and the server of convoy: lost datagrams, late answers, rates, deaths; interpreters;
 * the plan. Run from the root of the repository. */
#include "gilscope/convoy_plan.h"

#include "gilscope/interrupt.h"

#include <arpa/inet.h>
#include <limits.h>
#include <math.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

static struct error error;

/* A server of our own, that loses, repeats or garbles every n-th answer, is silent from a number
 * on, answers so many requests at once, the last first, or each when the next has come; or takes its
 * time for each. */
struct naughty {
    int socket;
    unsigned port, every;
    enum { LOSES, REPEATS, GARBLES, IS_SILENT, REVERSES, WITHHOLDS, IS_SLOW } how;
    struct convoy_client *client;
    uint64_t received, kill_at, silent_from, stall_at;
    uint64_t kept[8];
    unsigned keeps;
};

static int setup_socket(struct naughty *server)
{
    const struct timeval look_up = {0, 10000};
    struct sockaddr_in here = {.sin_family = AF_INET,
                               .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof here;

    server->socket = socket(AF_INET, SOCK_DGRAM, 0);
    assert_true(server->socket >= 0);
    assert_int_equal(bind(server->socket, (struct sockaddr *)&here, sizeof here), 0);
    setsockopt(server->socket, SOL_SOCKET, SO_RCVTIMEO, &look_up, sizeof look_up);
    getsockname(server->socket, (struct sockaddr *)&here, &size);
    server->port = ntohs(here.sin_port);
    return 0;
}

static void answer(const struct naughty *server, uint64_t number, uint64_t tag,
                   const struct sockaddr_in *to)
{
    const struct convoy_message message = {number + 1, tag};
    sendto(server->socket, &message, sizeof message, 0, (const struct sockaddr *)to,
           sizeof *to);
}

static void reverse(struct naughty *server, struct convoy_message message,
                    const struct sockaddr_in *from)
{
    server->kept[server->keeps++] = message.number;
    while (server->keeps > 0 && server->received % server->every == 0) {
        answer(server, server->kept[--server->keeps], message.tag, from);
    }
}

#define STALL_S 0.15
#define SLOW_S  0.002

static void sleep_s(double seconds)
{
    nanosleep(&(struct timespec){0, (long)(seconds * 1e9)}, NULL);
}

static void misbehave(struct naughty *server, struct convoy_message message,
                      const struct sockaddr_in *from)
{
    bool naughty = ++server->received % (server->every > 0 ? server->every : UINT64_MAX) == 0;

    if ((server->how == IS_SILENT && message.number >= server->silent_from) ||
        (server->how == LOSES && naughty)) {
        return;
    }
    if (server->how == IS_SLOW) {
        sleep_s(SLOW_S);
    }
    if (server->how == REVERSES) {
        reverse(server, message, from);
        return;
    }
    if (server->how == WITHHOLDS) {
        if (message.number > 0) {
            answer(server, message.number - 1, message.tag, from);
        }
        return;
    }
    if (naughty && server->how == GARBLES) {
        answer(server, message.number, message.tag + 1, from);
    }
    if (naughty && server->how == REPEATS) {
        answer(server, message.number, message.tag, from);
    }
    answer(server, message.number, message.tag, from);
}

static bool serve(void *context, struct error *why)
{
    struct naughty *server = context;

    (void)why;
    convoy_client_go(server->client);
    while (!convoy_client_is_over(server->client) && !convoy_client_has_ended(server->client)) {
        struct convoy_message message;
        struct sockaddr_in from;
        socklen_t size = sizeof from;
        ssize_t length = recvfrom(server->socket, &message, sizeof message, 0,
                                  (struct sockaddr *)&from, &size);
        if (length != (ssize_t)sizeof message || message.number == CONVOY_OVER) {
            continue;
        }
        assert_true(message.tag == convoy_client_tag(server->client));
        if (server->kill_at > 0 && message.number == server->kill_at) {
            kill(convoy_client_pid(server->client), SIGKILL);
        }
        if (server->stall_at > 0 && message.number == server->stall_at) {
            sleep_s(STALL_S);
        }
        misbehave(server, message, &from);
    }
    return true;
}

/* What a client sees of such a server. */
static struct convoy_answers *ask(struct naughty *server, struct convoy_demand demand)
{
    struct convoy_answers *answers = malloc(sizeof *answers);

    error = (struct error){0, ""};
    setup_socket(server);
    assert_true(convoy_client_open(&server->client, &error));
    if (!convoy_with_client(server->client, server->port, &demand, serve, server, &error)) {
        free(answers);
        answers = NULL;
    } else {
        *answers = *convoy_client_answers(server->client);
    }
    convoy_client_close(server->client);
    close(server->socket);
    return answers;
}

static const struct convoy_demand quick = {.time_s = 0.4, .resend_s = 0.02, .grace_s = 0.5};

static void test_all_is_answered_and_counted(void **state)
{
    struct naughty server = {.how = LOSES};
    struct convoy_answers *answers = ask(&server, quick);
    uint64_t sum = 0;

    (void)state;
    assert_non_null(answers);
    assert_true(answers->latencies.count > 0);
    assert_int_equal(answers->wrong + answers->unanswered + answers->unsent, 0);
    for (size_t b = 0; b < HISTOGRAM_BUCKETS; b++) {
        sum += answers->latencies.buckets[b];
    }
    assert_int_equal(sum, answers->latencies.count);
    assert_true(answers->wall_s > 0.1);
    free(answers);
}

static void test_lost_datagrams_are_sent_again(void **state)
{
    struct naughty server = {.how = LOSES, .every = 3};
    struct convoy_answers *answers = ask(&server, quick);

    (void)state;
    assert_non_null(answers);
    assert_true(answers->resent > 0);
    /* The wait for what was lost is in its latency. */
    assert_true((double)answers->latencies.longest_ns * 1e-9 >= quick.resend_s);
    assert_int_equal(answers->unanswered, 0);
    free(answers);
}

static void test_an_answer_that_comes_twice_counts_once(void **state)
{
    struct naughty server = {.how = REPEATS, .every = 2};
    struct convoy_answers *answers = ask(&server, quick);

    (void)state;
    assert_non_null(answers);
    assert_true(answers->late > 0);
    assert_int_equal(answers->wrong, 0);
    /* Twice as many answers came for half of the requests. */
    assert_true(answers->latencies.count <= server.received);
    free(answers);
}

static void test_what_is_no_answer_is_not_counted(void **state)
{
    struct naughty server = {.how = GARBLES, .every = 2};
    struct convoy_answers *answers = ask(&server, quick);

    (void)state;
    assert_non_null(answers);
    assert_true(answers->wrong > 0);
    assert_true(answers->latencies.count <= server.received);
    free(answers);
}

static void test_a_silent_server_hangs_nobody(void **state)
{
    struct naughty server = {.how = IS_SILENT};
    struct convoy_answers *answers =
        ask(&server, (struct convoy_demand){.time_s = 0.05, .resend_s = 0.02, .grace_s = 0.1});

    (void)state;
    assert_non_null(answers);
    assert_int_equal(answers->unanswered, 1);
    assert_true(answers->resent > 0);
    free(answers);
}

/* ---- with a rate ---- */

/* 0.02 s of warm-up, 0.2 s, numbers from 0: none is due so close to the ends that rounding could
 * decide. */
enum {
    SLOW = 430,
    SLOW_FIRST = 9,
    SLOW_LAST = 94,
    QUICK = 2151,
    QUICK_FIRST = 44,
    QUICK_LAST = 473
};

static struct convoy_demand at_rate(double rate_per_s)
{
    return (struct convoy_demand){
        .time_s = 0.2, .rate_per_s = rate_per_s, .resend_s = 5, .grace_s = 0.5};
}

static uint64_t answered(const struct convoy_answers *answers)
{
    return answers->latencies.count - answers->unanswered - answers->unsent;
}

/* Latencies of so many seconds or more; of a bucket less. */
static uint64_t as_long_as(const struct convoy_answers *answers, double seconds)
{
    uint64_t count = 0;

    for (size_t b = histogram_bucket((uint64_t)(seconds * 1e9)); b < HISTOGRAM_BUCKETS; b++) {
        count += answers->latencies.buckets[b];
    }
    return count;
}

static void test_what_is_due_is_known_beforehand(void **state)
{
    for (int how = LOSES; how <= REPEATS; how++) {
        struct naughty server = {.how = how == LOSES ? LOSES : REPEATS,
                                 .every = 2 * (how == REPEATS)};
        struct convoy_answers *answers = ask(&server, at_rate(SLOW));

        (void)state;
        assert_non_null(answers);
        assert_int_equal(answers->latencies.count, SLOW_LAST - SLOW_FIRST + 1);
        assert_int_equal(as_long_as(answers, 0), answers->latencies.count);
        assert_int_equal(answers->wrong + answers->unanswered, 0);
        assert_true((answers->late > 0) == (how == REPEATS));
        assert_true(answers->in_time > 0);
        assert_true(fabs(answers->wall_s - 0.2) < 1e-6);
        free(answers);
    }
}

static void test_a_rate_sends_again_what_is_lost(void **state)
{
    struct naughty server = {.how = LOSES, .every = 5};
    struct convoy_demand demand = at_rate(SLOW);

    (void)state;
    demand.resend_s = 0.02;
    struct convoy_answers *answers = ask(&server, demand);
    assert_non_null(answers);
    assert_true(answers->resent > 0);
    assert_true((double)answers->latencies.longest_ns * 1e-9 >= demand.resend_s);
    assert_int_equal(answers->latencies.count, SLOW_LAST - SLOW_FIRST + 1);
    free(answers);
}

static void test_answers_may_come_in_any_order(void **state)
{
    struct naughty server = {.how = REVERSES, .every = 5};
    struct convoy_answers *answers = ask(&server, at_rate(SLOW));

    (void)state;
    assert_non_null(answers);
    assert_int_equal(answers->latencies.count, SLOW_LAST - SLOW_FIRST + 1);
    assert_int_equal(answers->wrong + answers->late + answers->resent, 0);
    assert_true(answers->unanswered < 5); /* 95 are due: 0, but where not all were sent */
    assert_true(answered(answers) > 0);
    free(answers);
}

/* A client that waits for its answer would wait for ever: there is no next one. */
static void test_a_request_does_not_wait_for_the_answer_before_it(void **state)
{
    struct naughty server = {.how = WITHHOLDS};
    struct convoy_answers *answers = ask(&server, at_rate(SLOW));

    (void)state;
    assert_non_null(answers);
    assert_int_equal(answers->latencies.count, SLOW_LAST - SLOW_FIRST + 1);
    assert_true(answered(answers) > 0);
    assert_int_equal(answers->unanswered, 1);
    assert_int_equal(answers->wrong + answers->resent, 0);
    free(answers);
}

/* The server sleeps once. What is due in the first 100 of those 150 ms waits for 50 ms at least:
 * more requests than are under way at a time, so that some could not even be sent. */
static void test_a_rate_measures_from_when_a_request_was_due(void **state)
{
    const uint64_t in_100_ms = QUICK / 10 - 1;
    struct naughty server = {.how = LOSES, .stall_at = 2 * QUICK_FIRST};
    struct convoy_answers *answers = ask(&server, at_rate(QUICK));

    (void)state;
    assert_non_null(answers);
    assert_true(in_100_ms > CONVOY_WINDOW);
    assert_true(as_long_as(answers, STALL_S - 0.1) >= in_100_ms);
    assert_int_equal(answers->latencies.count, QUICK_LAST - QUICK_FIRST + 1);
    free(answers);
}

static void test_what_got_no_answer_stands_in_the_latencies(void **state)
{
    const uint64_t silent_from = 100;
    struct naughty server = {.how = IS_SILENT, .silent_from = silent_from};
    struct convoy_demand demand = at_rate(QUICK);

    (void)state;
    demand.resend_s = 0.05;
    demand.grace_s = 0.1;
    struct convoy_answers *answers = ask(&server, demand);
    assert_non_null(answers);
    assert_int_equal(answers->latencies.count, QUICK_LAST - QUICK_FIRST + 1);
    assert_true(answered(answers) <= silent_from - QUICK_FIRST);
    assert_true(answers->unanswered <= CONVOY_WINDOW);
    assert_true(answers->unsent >= QUICK_LAST + 1 - silent_from - CONVOY_WINDOW);
    /* The last of them was due before the time was up: it waits for the grace. */
    assert_true(as_long_as(answers, demand.grace_s) >= QUICK_LAST + 1 - silent_from);
    assert_true((double)answers->latencies.longest_ns * 1e-9 >=
                0.22 + demand.grace_s - (double)silent_from / QUICK);
    /* 0.32 s in all, and only the first, every 0.05 s: the others may just stand behind it. On a busy
     * machine those before may have been first for so long, too. */
    assert_in_range(answers->resent, 1, silent_from);
    free(answers);
}

/* A server that is behind answers what was due in the warm-up, all of the time. */
static void test_who_is_behind_answers_all_the_same(void **state)
{
    struct naughty server = {.how = IS_SLOW};
    struct convoy_answers *answers = ask(&server, at_rate(20000));

    (void)state;
    assert_non_null(answers);
    /* 400 are due in the warm-up, and 360 at most are answered in 0.72 s. */
    assert_int_equal(answered(answers), 0);
    assert_true(answers->in_time > 0);
    assert_true(answers->in_time <= server.received);
    free(answers);
}

static void test_millions_that_were_not_sent_are_counted(void **state)
{
    struct naughty server = {.how = IS_SILENT};
    struct convoy_answers *answers =
        ask(&server, (struct convoy_demand){
                         .time_s = 1, .rate_per_s = 9999999, .resend_s = 5, .grace_s = 0});

    (void)state;
    assert_non_null(answers);
    assert_in_range(answers->latencies.count, 9999998, 10000000);
    assert_int_equal(as_long_as(answers, 0), answers->latencies.count);
    assert_int_equal(answered(answers), 0);
    assert_int_equal(answers->unanswered, 0); /* those under way were due in the warm-up */
    /* What was due in the first half waits for the second. */
    assert_true(as_long_as(answers, 0.5) >= 4999998);
    free(answers);
}

static void test_a_client_that_dies_once_begins_anew(void **state)
{
    struct naughty server = {.how = LOSES, .kill_at = 5};
    struct convoy_client *client;

    (void)state;
    setup_socket(&server);
    assert_true(convoy_client_open(&client, &error));
    server.client = client;
    assert_true(convoy_client_start(client, server.port, &quick, &error));
    assert_true(serve(&server, &error)); /* comes back, though nobody is there any more */
    convoy_client_end(client);
    assert_null(convoy_client_answers(client));
    server.kill_at = 0;
    assert_true(convoy_with_client(client, server.port, &quick, serve, &server, &error));
    assert_non_null(convoy_client_answers(client));
    convoy_client_close(client);
    close(server.socket);
}

static void test_a_client_that_dies_every_time_is_an_error(void **state)
{
    struct naughty server = {.how = LOSES, .kill_at = 5};

    (void)state;
    assert_null(ask(&server, quick));
    assert_non_null(strstr(error.text, "died 3 times"));
    assert_int_equal(error.exit_code, EXIT_FAILED);
}

/* ---- the server ---- */

static struct convoy_outcome outcome;
static uint64_t requests; /* that it answered */

/* A long grace: on a busy machine a thread may wait long for its turn, and nobody waits in vain. */
static const struct convoy_setup small = {
    .chunk = 1000,
    .held = 1000,
    .serves = true,
    .demand = {.time_s = 0.1, .resend_s = 1, .grace_s = 15}};

static void run_setup(struct convoy_setup setup)
{
    struct machine *machine;
    struct convoy_client *client;

    assert_true(machine_open(&machine, NULL, &error));
    assert_true(convoy_client_open(&client, &error));
    setup.machine = machine;
    if (!convoy_run(&setup, client, &outcome, &error)) {
        fail_msg("%s with %u hogs: %s", setup.lock->name, setup.hogs, error.text);
    }
    if (setup.serves) {
        const struct convoy_answers *answers = convoy_client_answers(client);
        assert_non_null(answers);
        requests = answers->latencies.count - answers->unanswered;
        assert_int_equal(answers->wrong, 0);
    }
    convoy_client_close(client);
    machine_close(machine);
}

static void run_server(const struct convoy_lock *lock, unsigned hogs, bool serves)
{
    struct convoy_setup setup = small;

    setup.lock = lock;
    setup.switch_interval_s = lock->kind == &gil_switching ? 1e-3 : 0;
    setup.hogs = hogs;
    setup.serves = serves;
    run_setup(setup);
    assert_true(!serves || requests > 0);
}

static void test_each_lock_serves_with_and_without_hogs(void **state)
{
    (void)state;
    for (size_t l = 0; l < CONVOY_LOCKS; l++) {
        for (unsigned hogs = 0; hogs <= 2; hogs++) {
            run_server(&convoy_locks[l], hogs, true);
            assert_true(isnan(outcome.hogs_rate_per_s) == (hogs == 0));
            assert_true(hogs == 0 || outcome.hogs_rate_per_s > 0);
            if (convoy_locks[l].kind == NULL || hogs == 0) {
                assert_int_equal(outcome.handoffs, 0);
            }
        }
    }
}

static void test_hogs_alone(void **state)
{
    (void)state;
    run_server(&convoy_locks[0], 1, false);
    assert_true(outcome.hogs_rate_per_s > 0);
    assert_true(outcome.wall_s >= 0.1);
    assert_int_equal(outcome.handoffs, 0);
}

/* Where a hog has the lock first the I/O thread waits for it longer than all the rest may last. */
static void test_a_wait_for_the_first_lock_is_no_dead_client(void **state)
{
    struct convoy_setup setup = small;

    (void)state;
    setup.lock = &convoy_locks[0];
    setup.switch_interval_s = 1000;
    setup.hogs = 8;
    setup.demand = (struct convoy_demand){.time_s = 0.01, .resend_s = 1, .grace_s = 0.01};
    run_setup(setup);
}

/* ---- the real client and the real server, over a net that is none too good ---- */

enum trouble { NO_TROUBLE, TAKES_AWAY, DOUBLES, OVERTAKES, ADDS_OTHERS };

/* Shared with the client, which sends over it. */
struct net {
    enum trouble trouble;
    uint64_t sent, lost, doubled, others;
    struct convoy_message kept;
    bool keeps;
};
static struct net *net;

static ssize_t put_on(int socket, const void *data, size_t size)
{
    return sendto(socket, data, size, 0, NULL, 0);
}

/* A datagram too short, one too long and one of somebody else, like it but for that. */
static void add_others(int socket, const struct convoy_message *message)
{
    const struct convoy_message other = {message->number, message->tag + 1};
    char longer[sizeof *message + 1] = {0};

    memcpy(longer, message, sizeof *message);
    put_on(socket, message, sizeof *message - 1);
    put_on(socket, longer, sizeof longer);
    put_on(socket, &other, sizeof other);
    net->others += 3;
}

/* In place of the C library's, for the requests of the client: nobody else here calls it. */
ssize_t send(int socket, const void *data, size_t size, int flags)
{
    const struct convoy_message *message = data;
    enum trouble trouble =
        net == NULL || message->number == CONVOY_OVER ? NO_TROUBLE : net->trouble;

    assert_int_equal(flags, 0);
    if (trouble == TAKES_AWAY && net->sent++ % 3 == 0) {
        net->lost++;
        return (ssize_t)size;
    }
    if (trouble == OVERTAKES && !net->keeps) {
        net->kept = *message;
        net->keeps = true;
        return (ssize_t)size;
    }
    if (trouble == ADDS_OTHERS) {
        add_others(socket, message);
    }
    if (trouble == DOUBLES) {
        net->doubled++;
        put_on(socket, data, size);
    }
    ssize_t sent = put_on(socket, data, size);
    if (trouble == OVERTAKES) {
        put_on(socket, &net->kept, sizeof net->kept);
        net->keeps = false;
    }
    return sent;
}

/* What the client saw of the server with the lock, over such a net; the caller's. The grace is for a
 * busy machine: all that was sent is answered. */
static struct convoy_answers *ask_over(enum trouble trouble, const struct convoy_lock *lock,
                                       double rate_per_s, double resend_s)
{
    struct convoy_answers *answers = malloc(sizeof *answers);
    struct convoy_setup setup = small;
    struct machine *machine;
    struct convoy_client *client;

    net = mmap(NULL, sizeof *net, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_true(net != MAP_FAILED);
    net->trouble = trouble;
    setup.lock = lock;
    setup.switch_interval_s = lock->kind == &gil_switching ? 1e-3 : 0;
    setup.hogs = lock->kind == &gil_switching;
    setup.demand.time_s = 0.2;
    setup.demand.rate_per_s = rate_per_s;
    setup.demand.resend_s = resend_s;
    assert_true(machine_open(&machine, NULL, &error));
    assert_true(convoy_client_open(&client, &error));
    setup.machine = machine;
    if (!convoy_run(&setup, client, &outcome, &error)) {
        fail_msg("%s", error.text);
    }
    assert_non_null(convoy_client_answers(client));
    *answers = *convoy_client_answers(client);
    convoy_client_close(client);
    machine_close(machine);
    assert_int_equal(answers->wrong, 0);
    assert_int_equal(answers->unanswered, 0);
    if (rate_per_s > 0) {
        assert_int_equal(answers->latencies.count, SLOW_LAST - SLOW_FIRST + 1);
    }
    return answers;
}

static void end_net(struct convoy_answers *answers)
{
    munmap(net, sizeof *net);
    net = NULL;
    free(answers);
}

enum { NEVER_AGAIN_S = 1000 };

static void test_what_the_net_loses_is_asked_again(void **state)
{
    (void)state;
    for (size_t l = 0; l < CONVOY_LOCKS; l += CONVOY_LOCKS - 1) { /* gil and none */
        for (int rate = 0; rate <= SLOW; rate += SLOW) {
            struct convoy_answers *answers = ask_over(TAKES_AWAY, &convoy_locks[l], rate, 0.02);
            assert_true(net->lost > 0);
            assert_true(answers->resent >= net->lost);
            end_net(answers);
        }
    }
}

/* A request and its repetition get an answer each: that of the last may come when the client has
 * gone. */
static void test_what_the_net_doubles_counts_once(void **state)
{
    (void)state;
    for (size_t l = 0; l < CONVOY_LOCKS; l += CONVOY_LOCKS - 1) {
        for (int rate = 0; rate <= SLOW; rate += SLOW) {
            struct convoy_answers *answers =
                ask_over(DOUBLES, &convoy_locks[l], rate, NEVER_AGAIN_S);
            assert_true(net->doubled > 0);
            assert_int_equal(answers->resent, 0);
            assert_in_range(answers->late, net->doubled - 1, net->doubled);
            assert_true(answers->latencies.count - answers->unsent <= net->doubled);
            end_net(answers);
        }
    }
}

/* Each second one comes before the first; of an odd number the last is never sent on, but when it is
 * asked again. */
static void test_what_the_net_delays_is_answered(void **state)
{
    (void)state;
    for (size_t l = 0; l < CONVOY_LOCKS; l += CONVOY_LOCKS - 1) {
        end_net(ask_over(OVERTAKES, &convoy_locks[l], SLOW, 0.02));
    }
}

static void test_what_others_send_is_not_answered(void **state)
{
    (void)state;
    for (size_t l = 0; l < CONVOY_LOCKS; l += CONVOY_LOCKS - 1) {
        struct convoy_answers *answers =
            ask_over(ADDS_OTHERS, &convoy_locks[l], SLOW, NEVER_AGAIN_S);
        assert_true(net->others > 0);
        assert_int_equal(answers->late + answers->resent, 0);
        end_net(answers);
    }
}

/* ---- an interpreter serves ---- */

static void tell_nothing(const char *line)
{
    (void)line;
}

/* tests/fake-python, which behaves as its name says. To be closed. */
static struct interpreter *open_fake(const char *behaviour)
{
    static char link[PATH_MAX]; /* the interpreter knows it by this */
    char folder[] = "/tmp/gilscope convoy-XXXXXX", original[PATH_MAX];
    struct interpreter *interpreter;

    assert_non_null(mkdtemp(folder));
    assert_non_null(realpath("tests/fake-python", original));
    snprintf(link, sizeof link, "%s/%s", folder, behaviour);
    assert_int_equal(symlink(original, link), 0);
    bool opened = interpreter_open(&interpreter, link, USE_SERVES, &interpreter_limits,
                                   tell_nothing, &error);
    unlink(link);
    rmdir(folder);
    if (!opened) {
        fail_msg("%s: %s", behaviour, error.text);
    }
    return interpreter;
}

static struct guest *serving_guest(struct interpreter *interpreter)
{
    for (int m = 0; m < MODE_COUNT; m++) {
        if (guest_is_there(&interpreter->guests[m].variant)) {
            return &interpreter->guests[m];
        }
    }
    return NULL;
}

static void test_an_interpreter_serves(void **state)
{
    struct interpreter *interpreter = open_fake("serves");
    struct convoy_setup setup = small;
    struct convoy_client *client;

    (void)state;
    assert_true(convoy_client_open(&client, &error));
    setup.demand.rate_per_s = 305;
    setup.demand.grace_s = 60; /* a busy machine gets it */
    if (!convoy_run_guest(serving_guest(interpreter), &setup, client, &outcome, &error)) {
        fail_msg("%s", error.text);
    }
    assert_true(answered(convoy_client_answers(client)) > 0);
    assert_int_equal(convoy_client_answers(client)->wrong, 0);
    convoy_client_close(client);
    interpreter_close(interpreter);
}

/* Kills clients for as long as it is told to. */
struct killer {
    pthread_t thread;
    atomic_bool stops;
};

/* What /proc/WHO/comm says, in name[size]; empty: nothing. */
static void name_of(const char *who, char *name, int size)
{
    char path[64];

    name[0] = '\0';
    snprintf(path, sizeof path, "/proc/%s/comm", who);
    FILE *file = fopen(path, "r");
    if (file != NULL) {
        if (fgets(name, size, file) == NULL) {
            name[0] = '\0';
        }
        fclose(file);
    }
}

/* A client is what we forked, and is called as we are; an interpreter is called something else. */
static bool is_client(pid_t pid)
{
    char number[16], own[64], name[64];

    snprintf(number, sizeof number, "%d", (int)pid);
    name_of("self", own, sizeof own);
    name_of(number, name, sizeof name);
    return name[0] != '\0' && strcmp(own, name) == 0;
}

/* By what the system says of our children, and not by convoy_client_pid, which is not for other
 * threads. */
static void *kill_clients(void *context)
{
    struct killer *killer = context;
    char path[64];

    snprintf(path, sizeof path, "/proc/self/task/%d/children", (int)getpid());
    while (!atomic_load(&killer->stops)) {
        FILE *children = fopen(path, "r");
        int pid;
        sleep_s(0.05);
        while (children != NULL && fscanf(children, "%d", &pid) == 1) {
            if (is_client(pid)) {
                kill(pid, SIGKILL);
            }
        }
        if (children != NULL) {
            fclose(children);
        }
    }
    return NULL;
}

static void test_a_client_killed_while_an_interpreter_serves_is_no_fault_of_its(void **state)
{
    struct interpreter *interpreter = open_fake("serves");
    struct guest *guest = serving_guest(interpreter);
    struct convoy_setup setup = small;
    struct convoy_client *client;
    struct killer killer;

    (void)state;
    if (access("/proc/thread-self/children", R_OK) != 0) {
        interpreter_close(interpreter);
        skip();
    }
    assert_true(convoy_client_open(&client, &error));
    setup.demand.time_s = 1000; /* it is seen long before, or alarm() ends us */
    atomic_init(&killer.stops, false);
    assert_int_equal(pthread_create(&killer.thread, NULL, kill_clients, &killer), 0);
    bool done = convoy_run_guest(guest, &setup, client, &outcome, &error);
    atomic_store(&killer.stops, true);
    pthread_join(killer.thread, NULL);
    assert_false(done);
    assert_non_null(strstr(error.text, "died 3 times"));
    assert_int_equal(error.exit_code, EXIT_FAILED);
    assert_true(guest_is_there(&guest->variant));
    assert_false(interpreter->lost);
    convoy_client_close(client);
    interpreter_close(interpreter);
}

/* ---- the plan ---- */

static struct settings some_settings(void)
{
    return (struct settings){
        .reps = 2,
        .locks = 0xf,
        .pins = 1,
        .hogs = {.length = 2, .values = {0, 2}},
        .switch_intervals = {.length = 2, .values = {{1e-3, 0}, {5e-3, 0}}}};
}

static void test_the_plan_has_every_case_once(void **state)
{
    const struct settings settings = some_settings();
    const struct interpreters none = {.length = 0};
    struct convoy_plan plan;
    size_t served = 0;

    (void)state;
    assert_true(convoy_plan_make(&plan, &settings, &none, &error));
    /* gil twice, the others once; of each one hog alone, and both numbers of hogs. */
    assert_int_equal(plan.length, (2 + 3) * (1 + 2));
    assert_int_equal(plan.hogs_max, 2);
    for (size_t c = 0; c < plan.length; c++) {
        const struct convoy_case *alone = &plan.cases[plan.cases[c].alone];
        served += plan.cases[c].serves;
        assert_false(alone->serves);
        assert_int_equal(alone->hogs, 1);
        assert_ptr_equal(alone->lock, plan.cases[c].lock);
        assert_true(alone->switch_interval_s == plan.cases[c].switch_interval_s);
        assert_true((plan.cases[c].switch_interval_s > 0) ==
                    (plan.cases[c].lock->kind == &gil_switching));
        for (size_t d = 0; d < c; d++) {
            assert_memory_not_equal(&plan.cases[c], &plan.cases[d], sizeof *plan.cases);
        }
    }
    assert_int_equal(served, 5 * 2);
    convoy_plan_free(&plan);
}

static void test_an_interval_that_nobody_has_is_an_error(void **state)
{
    struct settings settings = some_settings();
    const struct interpreters none = {.length = 0};
    struct convoy_plan plan;

    (void)state;
    settings.locks = 1u << 1;
    settings.switch_intervals_given = true;
    assert_false(convoy_plan_make(&plan, &settings, &none, &error));
    assert_int_equal(error.exit_code, EXIT_USAGE);
    convoy_plan_free(&plan);
}

static void test_a_rate_at_which_nothing_is_due_is_an_error(void **state)
{
    struct settings settings = some_settings();
    const struct interpreters none = {.length = 0};
    struct convoy_plan plan;

    (void)state;
    settings.time_s = 0.25;
    settings.rate_per_s = 3;
    assert_false(convoy_plan_make(&plan, &settings, &none, &error));
    assert_int_equal(error.exit_code, EXIT_USAGE);
    convoy_plan_free(&plan);
    settings.rate_per_s = 4;
    assert_true(convoy_plan_make(&plan, &settings, &none, &error));
    convoy_plan_free(&plan);
}

static void test_figures_of_the_blocks(void **state)
{
    struct settings settings = some_settings();
    const struct interpreters none = {.length = 0};
    struct convoy_answers *answers = calloc(1, sizeof *answers);
    struct convoy_plan plan;
    double scratch[2];

    (void)state;
    settings.locks = 1u << 3;
    assert_true(convoy_plan_make(&plan, &settings, &none, &error));
    const struct convoy_outcome alone = {.wall_s = 1, .hogs_rate_per_s = 1000},
                                beside = {.wall_s = 2, .hogs_rate_per_s = 250};
    for (uint64_t i = 1; i <= 10; i++) {
        histogram_enter(&answers->latencies, i);
    }
    answers->unanswered = 1;
    answers->unsent = 2;
    answers->in_time = 6;
    for (unsigned rep = 0; rep < 2; rep++) {
        convoy_enter(&plan, 0, rep, &alone, NULL);
        convoy_enter(&plan, 2, rep, &beside, answers);
        convoy_share(&plan, rep);
    }
    assert_false(convoy_measured(&plan, 1));
    assert_int_equal(plan.pooled[2].count, 20);
    assert_int_equal(convoy_sample_at(&plan, 2, 1)->requests, 7);
    assert_true(convoy_estimate(&plan, 2, CONVOY_REQUESTS, scratch).median == 3);
    assert_true(convoy_estimate(&plan, 2, CONVOY_P50, scratch).median == 5e-9);
    assert_true(convoy_estimate(&plan, 2, CONVOY_SHARE, scratch).median == 0.25);
    assert_true(convoy_estimate(&plan, 0, CONVOY_SHARE, scratch).median == 1);
    assert_int_equal(convoy_estimate(&plan, 0, CONVOY_P50, scratch).n, 0);
    assert_int_equal(convoy_with_hogs(&plan, 2, 0), 1);
    assert_int_equal(convoy_with_hogs(&plan, 1, 2), 2);
    assert_int_equal(convoy_with_hogs(&plan, 1, 1), plan.length);
    convoy_plan_free(&plan);
    free(answers);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_is_answered_and_counted),
        cmocka_unit_test(test_lost_datagrams_are_sent_again),
        cmocka_unit_test(test_an_answer_that_comes_twice_counts_once),
        cmocka_unit_test(test_what_is_no_answer_is_not_counted),
        cmocka_unit_test(test_a_silent_server_hangs_nobody),
        cmocka_unit_test(test_what_is_due_is_known_beforehand),
        cmocka_unit_test(test_a_rate_sends_again_what_is_lost),
        cmocka_unit_test(test_answers_may_come_in_any_order),
        cmocka_unit_test(test_a_request_does_not_wait_for_the_answer_before_it),
        cmocka_unit_test(test_a_rate_measures_from_when_a_request_was_due),
        cmocka_unit_test(test_what_got_no_answer_stands_in_the_latencies),
        cmocka_unit_test(test_who_is_behind_answers_all_the_same),
        cmocka_unit_test(test_millions_that_were_not_sent_are_counted),
        cmocka_unit_test(test_a_client_that_dies_once_begins_anew),
        cmocka_unit_test(test_a_client_that_dies_every_time_is_an_error),
        cmocka_unit_test(test_each_lock_serves_with_and_without_hogs),
        cmocka_unit_test(test_hogs_alone),
        cmocka_unit_test(test_a_wait_for_the_first_lock_is_no_dead_client),
        cmocka_unit_test(test_what_the_net_loses_is_asked_again),
        cmocka_unit_test(test_what_the_net_doubles_counts_once),
        cmocka_unit_test(test_what_the_net_delays_is_answered),
        cmocka_unit_test(test_what_others_send_is_not_answered),
        cmocka_unit_test(test_an_interpreter_serves),
        cmocka_unit_test(test_a_client_killed_while_an_interpreter_serves_is_no_fault_of_its),
        cmocka_unit_test(test_the_plan_has_every_case_once),
        cmocka_unit_test(test_an_interval_that_nobody_has_is_an_error),
        cmocka_unit_test(test_a_rate_at_which_nothing_is_due_is_an_error),
        cmocka_unit_test(test_figures_of_the_blocks),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    alarm(600); /* a hang is a failure */
    return cmocka_run_group_tests_name("convoy", tests, NULL, NULL);
}
