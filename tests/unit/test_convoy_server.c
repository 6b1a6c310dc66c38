/* The server of convoy against a client that repeats, delays, garbles, floods and dies: in the place
 * of src/convoy/asking.c is one of our own, which runs where that would, in the client's process.
 * What it sees is counted in shared memory and asserted by the test. Nothing goes by time: the
 * server answers in the order in which it is asked, so that what is answered last was asked last. */
#include "../../src/convoy/asking.h"

#include <arpa/inet.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { NUMBERS = 200, LAST = NUMBERS - 1, OFTEN = 2000 };

/* Shared with the client and with a stranger that floods the server. */
struct seen {
    uint64_t sent[NUMBERS];    /* proper requests */
    uint64_t answers[NUMBERS]; /* to each */
    uint64_t wrong;            /* what is no answer to a number that there is */
    uint64_t elsewhere;        /* answers that came to a socket that had not asked */
    unsigned deaths;
    atomic_uint port; /* of the server, for the stranger */
    atomic_bool floods;
};
static struct seen *seen;

static struct error error;

/* ---- in the client ---- */

static uint64_t tag;
static void (*behave)(int socket);

static void say(int socket, uint64_t number)
{
    const struct convoy_message message = {number, tag};

    send(socket, &message, sizeof message, 0);
    if (number < NUMBERS) {
        seen->sent[number]++;
    }
}

/* The next datagram; the number that it is an answer to, or NUMBERS. */
static uint64_t hear(int socket)
{
    struct convoy_message message;
    ssize_t length = recv(socket, &message, sizeof message, MSG_TRUNC);

    if (length != (ssize_t)sizeof message || message.tag != tag || message.number == 0 ||
        message.number > NUMBERS) {
        seen->wrong++;
        return NUMBERS;
    }
    seen->answers[message.number - 1]++;
    return message.number - 1;
}

/* All that was asked before is answered when this one is. */
static void hear_all(int socket)
{
    say(socket, LAST);
    while (hear(socket) != LAST) {
    }
}

/* The same where datagrams get lost, because there are too many. */
static void hear_all_again(int socket)
{
    struct pollfd ear = {.fd = socket, .events = POLLIN};

    for (;;) {
        say(socket, LAST);
        while (poll(&ear, 1, 20) > 0) {
            if (hear(socket) == LAST) {
                return;
            }
        }
    }
}

int asking_connect(unsigned port)
{
    const struct sockaddr_in server = {.sin_family = AF_INET,
                                       .sin_port = htons((uint16_t)port),
                                       .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_DGRAM, 0);

    atomic_store(&seen->port, port);
    return fd >= 0 && connect(fd, (const struct sockaddr *)&server, sizeof server) == 0 ? fd
                                                                                        : -1;
}

void asking_ask(int socket, const struct convoy_demand *demand, uint64_t its_tag,
                struct convoy_answers *answers)
{
    (void)demand;
    (void)answers;
    tag = its_tag;
    behave(socket);
}

void asking_end(int socket, uint64_t its_tag)
{
    (void)its_tag;
    say(socket, CONVOY_OVER);
}

/* ---- how it behaves ---- */

static void ask_nothing(int socket)
{
    (void)socket;
}

/* Each once, twice or three times, with gaps: some were lost. */
static void repeat(int socket)
{
    for (uint64_t number = 0; number < 60; number += 2) {
        for (uint64_t times = 0; times <= number % 3; times++) {
            say(socket, number);
        }
    }
    hear_all(socket);
}

/* In any order, and again when it was answered long ago, and after the server has looked up. */
static void delay(int socket)
{
    static const uint64_t order[] = {5, 3, 4, 0, 2, 1, 5, 0};

    for (size_t i = 0; i < sizeof order / sizeof *order; i++) {
        say(socket, order[i]);
    }
    hear_all(socket);
    usleep(120000);
    for (size_t i = 0; i < sizeof order / sizeof *order; i++) {
        say(socket, order[i]);
        while (hear(socket) != order[i]) {
        }
    }
    hear_all(socket);
}

/* Too short, too long, another's tag: each between proper requests, and with a number that no
 * proper request has. */
static void garble(int socket)
{
    static const size_t sizes[] = {0, 1, 7, 8, 9, 15, 17, 24, 32, 1000};
    const uint64_t tags[] = {0, tag ^ 1, tag ^ (uint64_t)1 << 63, ~tag, tag + 1, tag << 8};
    enum { SIZES = sizeof sizes / sizeof *sizes, TAGS = sizeof tags / sizeof *tags };

    for (uint64_t i = 0; i < SIZES; i++) {
        char datagram[1000] = {0};
        const struct convoy_message message = {100 + i, tag};
        memcpy(datagram, &message, sizeof message);
        say(socket, i);
        send(socket, datagram, sizes[i], 0);
    }
    for (uint64_t i = 0; i < TAGS; i++) {
        const struct convoy_message message = {120 + i, tags[i]};
        say(socket, SIZES + i);
        send(socket, &message, sizeof message, 0);
    }
    hear_all(socket);
}

/* That there are no more is no request, and it is not over before the client is. */
static void end_early(int socket)
{
    say(socket, CONVOY_OVER);
    say(socket, 0);
    say(socket, CONVOY_OVER);
    hear_all(socket);
}

/* Who asks is answered, and nobody else. */
static void ask_from_two(int socket)
{
    int other = asking_connect(atomic_load(&seen->port));
    struct convoy_message message;

    for (uint64_t number = 0; number < 20; number++) {
        say(number % 2 == 0 ? socket : other, number);
    }
    for (uint64_t number = 1; number < 20; number += 2) {
        while (hear(other) != number) {
            seen->elsewhere++;
        }
    }
    for (uint64_t number = 0; number < 20; number += 2) {
        while (hear(socket) != number) {
            seen->elsewhere++;
        }
    }
    hear_all(socket);
    seen->elsewhere += recv(other, &message, sizeof message, MSG_DONTWAIT) >= 0;
    close(other);
}

/* More than the socket has room for, without looking at an answer. */
static void flood(int socket)
{
    char datagram[17] = {0};
    const struct convoy_message foreign = {100, tag + 1}, longer = {101, tag};

    memcpy(datagram, &longer, sizeof longer);
    for (int i = 0; i < OFTEN; i++) {
        say(socket, 0);
        send(socket, &foreign, sizeof foreign, 0);
        send(socket, datagram, sizeof datagram, 0);
    }
    hear_all_again(socket);
}

/* While somebody else floods. */
static void ask_beside_a_flood(int socket)
{
    while (!atomic_load(&seen->floods)) {
        usleep(100);
    }
    hear_all_again(socket);
}

static void die_beside_a_flood(int socket)
{
    ask_beside_a_flood(socket);
    seen->deaths++;
    _exit(0);
}

/* ---- the tests ---- */

static int setup(void **state)
{
    (void)state;
    seen = mmap(NULL, sizeof *seen, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    return seen == MAP_FAILED;
}

/* The time of the demand is no end: the client's is. */
static bool serves(const struct convoy_lock *lock, unsigned hogs, void (*behaviour)(int socket))
{
    struct convoy_setup setup = {.lock = lock,
                                 .switch_interval_s = lock->kind == &gil_switching ? 1e-3 : 0,
                                 .hogs = hogs,
                                 .chunk = 1000,
                                 .held = 1000,
                                 .serves = true,
                                 .demand = {.time_s = 10000}};
    struct machine *machine;
    struct convoy_client *client;
    struct convoy_outcome outcome;

    behave = behaviour;
    assert_true(machine_open(&machine, NULL, &error));
    assert_true(convoy_client_open(&client, &error));
    setup.machine = machine;
    bool done = convoy_run(&setup, client, &outcome, &error);
    assert_true(done == (convoy_client_answers(client) != NULL));
    convoy_client_close(client);
    machine_close(machine);
    return done;
}

static void serve(const struct convoy_lock *lock, unsigned hogs, void (*behaviour)(int socket))
{
    memset(seen, 0, sizeof *seen);
    if (!serves(lock, hogs, behaviour)) {
        fail_msg("%s with %u hogs: %s", lock->name, hogs, error.text);
    }
    assert_int_equal(seen->wrong, 0);
    assert_int_equal(seen->elsewhere, 0);
}

/* Every request is answered each time that it is asked, and nothing else is. */
static void serve_exactly(void (*behaviour)(int socket))
{
    static const unsigned hogs[CONVOY_LOCKS] = {1, 1, 0, 1}; /* gil, ticks, critical, none */

    for (size_t l = 0; l < CONVOY_LOCKS; l++) {
        serve(&convoy_locks[l], hogs[l], behaviour);
        for (int number = 0; number < NUMBERS; number++) {
            if (seen->answers[number] != seen->sent[number]) {
                fail_msg("%s: number %d was sent %d times and answered %d times",
                         convoy_locks[l].name, number, (int)seen->sent[number],
                         (int)seen->answers[number]);
            }
        }
    }
}

static void test_who_asks_nothing_is_waited_for(void **state)
{
    (void)state;
    serve_exactly(ask_nothing);
}

static void test_each_repetition_is_answered(void **state)
{
    (void)state;
    serve_exactly(repeat);
    assert_int_equal(seen->answers[2], 3);
    assert_int_equal(seen->answers[3], 0);
}

static void test_what_is_late_is_answered_in_its_order(void **state)
{
    (void)state;
    serve_exactly(delay);
    assert_int_equal(seen->answers[5], 4);
    assert_int_equal(seen->answers[1], 2);
}

static void test_what_is_no_request_gets_no_answer(void **state)
{
    (void)state;
    serve_exactly(garble);
    assert_int_equal(seen->answers[0], 1);
}

static void test_it_is_over_when_the_client_is(void **state)
{
    (void)state;
    serve_exactly(end_early);
    assert_int_equal(seen->answers[0], 1);
}

static void test_who_asks_is_answered(void **state)
{
    (void)state;
    serve_exactly(ask_from_two);
}

/* Of a flood some is lost; what is not is answered, once, and nothing but requests. */
static void test_a_flood_hangs_nothing(void **state)
{
    (void)state;
    for (size_t l = 0; l < CONVOY_LOCKS; l++) {
        serve(&convoy_locks[l], 0, flood);
        for (int number = 0; number < NUMBERS; number++) {
            assert_true(seen->answers[number] <= seen->sent[number]);
        }
        assert_int_equal(seen->sent[0], OFTEN);
        assert_true(seen->answers[0] > 0);
    }
}

/* Another process, which sends what is no request to whatever server there is, until it is killed. */
static pid_t start_stranger(void)
{
    pid_t parent = getpid(), stranger = fork();

    assert_true(stranger >= 0);
    if (stranger > 0) {
        return stranger;
    }
    int own = socket(AF_INET, SOCK_DGRAM, 0);
    struct sockaddr_in server = {.sin_family = AF_INET,
                                 .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (uint64_t number = 0; getppid() == parent; number++) {
        const struct convoy_message message = {number % NUMBERS, number};
        server.sin_port = htons((uint16_t)atomic_load(&seen->port));
        if (server.sin_port != 0) {
            size_t size = number % 2 == 0 ? sizeof message : number % sizeof message;
            sendto(own, &message, size, 0, (const struct sockaddr *)&server, sizeof server);
            atomic_store(&seen->floods, true);
        }
    }
    _exit(0);
}

static void test_it_ends_though_a_stranger_floods_on(void **state)
{
    (void)state;
    memset(seen, 0, sizeof *seen);
    pid_t stranger = start_stranger();
    bool done = serves(&convoy_locks[0], 0, ask_beside_a_flood);
    bool died = !serves(&convoy_locks[0], 0, die_beside_a_flood);
    kill(stranger, SIGKILL);
    waitpid(stranger, NULL, 0);
    assert_true(done);
    assert_true(died);
    assert_non_null(strstr(error.text, "died 3 times"));
    assert_int_equal(seen->deaths, CONVOY_DEATHS_MAX);
    assert_int_equal(seen->wrong, 0);
    assert_in_range(seen->answers[LAST], 1 + CONVOY_DEATHS_MAX, seen->sent[LAST]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_who_asks_nothing_is_waited_for),
        cmocka_unit_test(test_each_repetition_is_answered),
        cmocka_unit_test(test_what_is_late_is_answered_in_its_order),
        cmocka_unit_test(test_what_is_no_request_gets_no_answer),
        cmocka_unit_test(test_it_is_over_when_the_client_is),
        cmocka_unit_test(test_who_asks_is_answered),
        cmocka_unit_test(test_a_flood_hangs_nothing),
        cmocka_unit_test(test_it_ends_though_a_stranger_floods_on),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    alarm(60); /* a hang is a failure */
    return cmocka_run_group_tests_name("convoy server", tests, setup, NULL);
}
