/* The asking: requests and answers, in the client's own process. See asking.h. With a rate and
 * without it is one loop; without, one request is under way at most, and the next is due when it
 * is answered. */
#include "asking.h"

#include <arpa/inet.h>
#include <math.h>
#include <poll.h>
#include <sys/socket.h>
#include <time.h>

#define NEVER UINT64_MAX

/* How long a recv waits at most. */
enum { LOOK_UP_US = 20000 };

/* A request under way. Times are of now_ns(). */
struct request {
    uint64_t number, due_ns, resend_ns;
};

struct asking {
    int socket;
    const struct convoy_demand *demand;
    uint64_t tag;
    uint64_t start_ns, counted_from_ns, until_ns, given_up_ns;
    uint64_t next;    /* number of the request that is sent next */
    uint64_t last_ns; /* when the last that counts was answered, or given up */
    uint64_t
        overtaken;    /* a request with this number or a later one was answered; 0: none was */
    unsigned window;  /* so many are under way at most */
    unsigned waiting; /* so many are */
    struct request requests[CONVOY_WINDOW]; /* [waiting], in no order */
    struct convoy_answers *answers;
};

static uint64_t now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static uint64_t ns_of(double seconds)
{
    return (uint64_t)llround(seconds * 1e9);
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* ---- when requests are due ---- */

static bool has_rate(const struct asking *asking)
{
    return asking->demand->rate_per_s > 0;
}

/* With a rate: when request `number` is due. */
static uint64_t due_at(const struct asking *asking, uint64_t number)
{
    return asking->start_ns + ns_of((double)number / asking->demand->rate_per_s);
}

/* With a rate: how many are due before `ns`. Rounding is made good, so that each is one. */
static uint64_t due_before(const struct asking *asking, uint64_t ns)
{
    double passed_s = ns > asking->start_ns ? (double)(ns - asking->start_ns) * 1e-9 : 0;
    uint64_t count = (uint64_t)(passed_s * asking->demand->rate_per_s);

    while (count > 0 && due_at(asking, count - 1) >= ns) {
        count--;
    }
    while (due_at(asking, count) < ns) {
        count++;
    }
    return count;
}

/* When the next can be sent: NEVER where there is no place for it, or no time left. */
static uint64_t next_at(const struct asking *asking, uint64_t now)
{
    uint64_t due = has_rate(asking) ? due_at(asking, asking->next) : now;

    return asking->waiting < asking->window && now < asking->until_ns && due < asking->until_ns
               ? due
               : NEVER;
}

/* ---- what is sent ---- */

static void send_number(const struct asking *asking, uint64_t number)
{
    const struct convoy_message request = {number, asking->tag};
    /* What cannot be sent is as good as lost: it is sent again. */
    ssize_t sent = send(asking->socket, &request, sizeof request, 0);
    (void)sent;
}

static void send_next(struct asking *asking, uint64_t due, uint64_t now)
{
    asking->requests[asking->waiting++] =
        (struct request){asking->next, due, now + ns_of(asking->demand->resend_s)};
    send_number(asking, asking->next++);
}

/* Loopback and the server's socket keep the order: what a later request's answer has overtaken is
 * lost. What nothing has overtaken may stand in the queue, and a server that is behind would answer
 * it twice: of these only the first is sent again, to see whether anybody is there. */
static bool seems_lost(const struct asking *asking, uint64_t number)
{
    for (unsigned i = 0; number >= asking->overtaken && i < asking->waiting; i++) {
        if (asking->requests[i].number < number) {
            return false;
        }
    }
    return true;
}

/* Sends again what has waited for too long and seems lost; when the next will have waited. */
static uint64_t resend(struct asking *asking, uint64_t now)
{
    uint64_t next = NEVER;

    for (unsigned i = 0; i < asking->waiting; i++) {
        struct request *request = &asking->requests[i];
        if (!seems_lost(asking, request->number)) {
            continue;
        }
        if (now >= request->resend_ns) {
            send_number(asking, request->number);
            asking->answers->resent++;
            request->resend_ns = now + ns_of(asking->demand->resend_s);
        }
        next = earlier(next, request->resend_ns);
    }
    return next;
}

/* ---- what comes back ---- */

/* Does the request count? With a rate those do that were due in the time, whatever became of
 * them; without, those that ended in it: so that one left waiting by the warm-up does, which is
 * not the shortest. */
static bool counts(const struct asking *asking, const struct request *request, uint64_t end)
{
    return (has_rate(asking) ? request->due_ns : end) >= asking->counted_from_ns;
}

static void enter(struct asking *asking, const struct request *request, uint64_t end)
{
    histogram_enter(&asking->answers->latencies, end - request->due_ns);
    asking->last_ns = end;
}

static void settle(struct asking *asking, struct request *request, uint64_t now)
{
    if (counts(asking, request, now)) {
        enter(asking, request, now);
    }
    /* Of those that are due in the warm-up, too: a server that is behind answers these first. */
    asking->answers->in_time +=
        now >= asking->counted_from_ns && (!has_rate(asking) || now < asking->until_ns);
    *request = asking->requests[--asking->waiting];
}

static void take_in(struct asking *asking, const struct convoy_message *message, ssize_t length,
                    uint64_t now)
{
    uint64_t number = message->number - 1;

    if (length != (ssize_t)sizeof *message || message->tag != asking->tag ||
        number >= asking->next) {
        asking->answers->wrong++;
        return;
    }
    for (unsigned i = 0; i < asking->waiting; i++) {
        if (asking->requests[i].number == number) {
            asking->overtaken = number > asking->overtaken ? number : asking->overtaken;
            settle(asking, &asking->requests[i], now);
            return;
        }
    }
    asking->answers->late++;
}

/* Waits for one message until then, or not so long; the time after it. */
static uint64_t hear(struct asking *asking, uint64_t until, uint64_t now)
{
    struct convoy_message message;
    uint64_t wait_ns = until > now ? until - now : 0;
    bool heard = true;

    /* SO_RCVTIMEO counts the ticks of the system, and is milliseconds late; but where there is so
     * much time recv alone is a system call less. */
    if (wait_ns < 2 * LOOK_UP_US * 1000) {
        const struct timespec wait = {0, (long)wait_ns};
        struct pollfd ear = {.fd = asking->socket, .events = POLLIN};
        heard = ppoll(&ear, 1, &wait, NULL) > 0;
    }
    /* MSG_TRUNC: the length that was sent; what is longer than an answer is none. */
    ssize_t length = heard ? recv(asking->socket, &message, sizeof message, MSG_TRUNC) : -1;
    now = now_ns();
    if (length >= 0) {
        take_in(asking, &message, length, now);
    }
    return now;
}

/* ---- the end ---- */

/* Those that were due and never sent have waited since, and do in the histogram: all that fall
 * into one bucket at once, for there may be millions. */
static void enter_unsent(struct asking *asking, uint64_t now)
{
    uint64_t counted = due_before(asking, asking->counted_from_ns);
    uint64_t number = asking->next > counted ? asking->next : counted;
    uint64_t end = due_before(asking, asking->until_ns);

    while (number < end) {
        uint64_t wait = now - due_at(asking, number);
        uint64_t least = histogram_from(histogram_bucket(wait));
        uint64_t to = earlier(due_before(asking, now - least + 1), end);
        histogram_enter_many(&asking->answers->latencies, wait, to - number);
        asking->answers->unsent += to - number;
        number = to;
    }
}

static void conclude(struct asking *asking, uint64_t now)
{
    for (unsigned i = 0; i < asking->waiting; i++) {
        if (counts(asking, &asking->requests[i], now)) {
            enter(asking, &asking->requests[i], now);
            asking->answers->unanswered++;
        }
    }
    if (has_rate(asking)) {
        enter_unsent(asking, now);
    }
    /* Without a rate it never waits but for answers: the last one is the end. */
    uint64_t end = has_rate(asking) ? asking->until_ns : asking->last_ns;
    asking->answers->wall_s = (double)(end - asking->counted_from_ns) * 1e-9;
}

static void set_times(struct asking *asking)
{
    const struct convoy_demand *demand = asking->demand;

    asking->start_ns = now_ns();
    asking->counted_from_ns = asking->start_ns + ns_of(CONVOY_WARM_UP * demand->time_s);
    asking->until_ns = asking->counted_from_ns + ns_of(demand->time_s);
    asking->given_up_ns = asking->until_ns + ns_of(demand->grace_s);
    asking->last_ns = asking->counted_from_ns;
}

static void ask_all(struct asking *asking)
{
    uint64_t now = now_ns(), due, again;

    for (;;) {
        /* One at a time: an answer that has come is not kept waiting for a crowd of requests. */
        if ((due = next_at(asking, now)) <= now) {
            send_next(asking, due, now);
        }
        due = next_at(asking, now);
        if ((asking->waiting == 0 && due == NEVER) || now >= asking->given_up_ns) {
            break;
        }
        again = resend(asking, now);
        now = hear(asking, earlier(asking->given_up_ns, earlier(due, again)), now);
    }
    conclude(asking, now);
}

void asking_ask(int socket, const struct convoy_demand *demand, uint64_t tag,
                struct convoy_answers *answers)
{
    struct asking asking = {.socket = socket,
                            .demand = demand,
                            .tag = tag,
                            .window = demand->rate_per_s > 0 ? CONVOY_WINDOW : 1,
                            .answers = answers};

    set_times(&asking);
    ask_all(&asking);
}

/* ---- the socket ---- */

int asking_connect(unsigned port)
{
    const struct sockaddr_in server = {.sin_family = AF_INET,
                                       .sin_port = htons((uint16_t)port),
                                       .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const struct timeval look_up = {0, LOOK_UP_US};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    /* It is the process's last act where this fails: nothing leaks. */
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &look_up, sizeof look_up) != 0 ||
        connect(fd, (const struct sockaddr *)&server, sizeof server) != 0) {
        return -1;
    }
    return fd;
}

void asking_end(int socket, uint64_t tag)
{
    const struct asking asking = {.socket = socket, .tag = tag};

    send_number(&asking, CONVOY_OVER);
}
