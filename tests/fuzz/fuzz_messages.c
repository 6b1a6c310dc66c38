/* The datagrams that come back to a convoy's client, which is a process of its own, asks a server
 * that is this target, and is answered rightly, late, twice, not at all, or by a stranger. Whatever
 * comes, it ends in time, and counts as answers only what is one.
 *
 * Input: what to do with each request, a byte, followed by what it needs. When it is used up, all
 * is answered rightly. libFuzzer does not see into the client's process: its inputs are random. */
#include "fuzz.h"

#include "gilscope/convoy.h"

#include <arpa/inet.h>
#include <math.h>
#include <sys/socket.h>
#include <unistd.h>

struct input {
    const uint8_t *at, *end;
};

/* What was sent: messages that may be an answer, of the right length and with the tag, and others. */
struct sent {
    uint64_t ours, others;
};

static struct convoy_client *client;
static int server = -1;
static unsigned port;

static void prepare(void)
{
    const struct timeval look_up = {0, 2000};
    struct sockaddr_in here = {.sin_family = AF_INET,
                               .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof here;
    struct error error;

    PROMISE(convoy_client_open(&client, &error));
    server = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    PROMISE(server >= 0 && bind(server, (const struct sockaddr *)&here, sizeof here) == 0);
    PROMISE(setsockopt(server, SOL_SOCKET, SO_RCVTIMEO, &look_up, sizeof look_up) == 0);
    PROMISE(getsockname(server, (struct sockaddr *)&here, &size) == 0);
    port = ntohs(here.sin_port);
}

static unsigned take_byte(struct input *input, unsigned otherwise)
{
    return input->at < input->end ? *input->at++ : otherwise;
}

static uint64_t take_number(struct input *input)
{
    uint64_t number = 0;

    for (int i = 0; i < 8; i++) {
        number = number << 8 | take_byte(input, 0);
    }
    return number;
}

/* Answers one request as the next byte says. */
static void answer(struct input *input, struct convoy_message message,
                   const struct sockaddr_in *to, struct sent *sent)
{
    enum { RIGHT, STRANGER, ANY_LENGTH, ANY_NUMBER, SILENCE, OLD, TWICE, WAYS };
    struct convoy_message several[3] = {{0, 0}};
    uint64_t tag = message.tag;
    unsigned way = take_byte(input, RIGHT) % WAYS, times = way == TWICE ? 2 : 1;
    size_t length = sizeof message;

    message.number++;
    if (way == STRANGER) {
        message.tag ^= take_number(input);
    } else if (way == ANY_LENGTH) {
        length = take_byte(input, 0) % sizeof several;
    } else if (way == ANY_NUMBER) {
        message.number = take_number(input);
    } else if (way == OLD) {
        message.number -= take_byte(input, 0);
    } else if (way == SILENCE) {
        return;
    }
    several[0] = message;
    for (unsigned i = 0; i < times; i++) {
        sendto(server, several, length, 0, (const struct sockaddr *)to, sizeof *to);
    }
    bool ours = length == sizeof message && message.tag == tag;
    *(ours ? &sent->ours : &sent->others) += times;
}

static void serve(struct input *input, struct sent *sent)
{
    while (!convoy_client_is_over(client) && !convoy_client_has_ended(client)) {
        struct convoy_message message;
        struct sockaddr_in from;
        socklen_t size = sizeof from;
        ssize_t length =
            recvfrom(server, &message, sizeof message, 0, (struct sockaddr *)&from, &size);

        if (length == (ssize_t)sizeof message && message.tag == convoy_client_tag(client) &&
            message.number != CONVOY_OVER) {
            answer(input, message, &from, sent);
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct convoy_demand demand = {.time_s = 3e-3,
                                         .rate_per_s = size > 0 && data[0] & 1 ? 5000 : 0,
                                         .resend_s = 0.5e-3,
                                         .grace_s = 1e-3};
    struct input input = {data + (size > 0), data + size};
    struct sent sent = {0, 0};
    struct error error;

    if (server < 0) {
        prepare();
    }
    PROMISE(convoy_client_start(client, port, &demand, &error));
    convoy_client_go(client);
    serve(&input, &sent);
    convoy_client_end(client);
    const struct convoy_answers *answers = convoy_client_answers(client);
    PROMISE(answers != NULL); /* or it crashed */
    PROMISE(demand.rate_per_s > 0 || answers->unanswered <= 1);
    PROMISE(answers->wrong <= sent.ours + sent.others);
    PROMISE(answers->latencies.count <= sent.ours + answers->unanswered + answers->unsent);
    PROMISE(isfinite(answers->wall_s) && answers->wall_s >= 0);
    return 0;
}
