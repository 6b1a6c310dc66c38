/* The same server in an interpreter: src/python/convoy.py is the other end. See convoy.h. */
#include "gilscope/convoy.h"

#include "gilscope/interrupt.h"
#include "gilscope/text.h"

#include <arpa/inet.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct serving {
    struct guest *guest;
    const struct convoy_setup *setup;
    struct convoy_client *client;
    struct convoy_outcome *outcome;
    unsigned port;   /* 0: there is no client */
    bool misbehaved; /* the guest did: the error is its own */
};

/* A client that was killed cannot say that there will be no more requests: we do, again and again,
 * since this too may get lost. After one that has said so it changes nothing. */
static void speak_for_the_dead(void *context)
{
    const struct serving *serving = context;
    const struct convoy_message over = {CONVOY_OVER, convoy_client_tag(serving->client)};
    const struct sockaddr_in to = {.sin_family = AF_INET,
                                   .sin_port = htons((uint16_t)serving->port),
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

    if (serving->port == 0 || !convoy_client_has_ended(serving->client)) {
        return;
    }
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd >= 0) {
        /* What cannot be sent costs time: the server ends by itself. */
        ssize_t sent =
            sendto(fd, &over, sizeof over, 0, (const struct sockaddr *)&to, sizeof to);
        (void)sent;
        close(fd);
    }
}

/* What the guest answers behind `word`. */
static bool read_answer(const char *answer, const char *word, double *value,
                        struct error *error)
{
    int end = 0;

    if (strncmp(answer, "error ", 6) == 0) {
        return fail(error, "%.200s", answer + 6);
    }
    if (strncmp(answer, word, strlen(word)) != 0 ||
        sscanf(answer + strlen(word), " %lf%n", value, &end) != 1 ||
        answer[strlen(word) + (size_t)end] != '\0' || !(*value >= 0) || isinf(*value)) {
        return fail(error, "answered with '%.60s', which is no result", answer);
    }
    return true;
}

/* Asks for something that takes so many seconds. */
static bool ask(struct serving *serving, const char *job, double takes_s, const char *word,
                double *value, struct error *error)
{
    struct guest *guest = serving->guest;
    double limit_s = takes_s + guest->interpreter->limits.job_s;
    char answer[CHILD_LINE_MAX];

    serving->misbehaved = !child_ask_looking(&guest->child, job, answer, sizeof answer, limit_s,
                                             speak_for_the_dead, serving, error) ||
                          !read_answer(answer, word, value, error);
    return !serving->misbehaved;
}

/* "serve HOGS TAG SECONDS INTERVAL" */
static bool serve(void *context, struct error *error)
{
    struct serving *serving = context;
    const struct convoy_setup *setup = serving->setup;
    const struct convoy_demand *demand = &setup->demand;
    const double margin_s = 1;
    double takes_s = setup->serves
                         ? demand->time_s * (1 + CONVOY_WARM_UP) + demand->grace_s + margin_s
                         : demand->time_s;
    char job[160], tag[24] = "-", interval[32] = "-";

    if (setup->serves) {
        snprintf(tag, sizeof tag, "%llu",
                 (unsigned long long)convoy_client_tag(serving->client));
    }
    if (setup->switch_interval_s > 0) {
        snprintf(interval, sizeof interval, "%.9f", setup->switch_interval_s);
    }
    snprintf(job, sizeof job, "serve %u %s %.6f %s\n", setup->hogs, tag, takes_s, interval);
    /* Requests that come before its hogs are at work fall into the warm-up. */
    convoy_client_go(serving->client);
    return ask(serving, job, takes_s, "ok", &serving->outcome->hogs_rate_per_s, error);
}

/* A socket for this repetition. */
static bool open_port(struct serving *serving, struct error *error)
{
    double port;

    if (!ask(serving, "open\n", 0, "port", &port, error)) {
        return false;
    }
    serving->misbehaved = port < 1 || port > 65535;
    if (serving->misbehaved) {
        return fail(error, "has a port %g", port);
    }
    serving->port = (unsigned)port;
    return true;
}

static bool serve_client(struct serving *serving, struct error *error)
{
    convoy_client_none(serving->client);
    if (!serving->setup->serves) {
        return serve(serving, error);
    }
    return open_port(serving, error) &&
           convoy_with_client(serving->client, serving->port, &serving->setup->demand, serve,
                              serving, error);
}

bool convoy_run_guest(struct guest *guest, const struct convoy_setup *setup,
                      struct convoy_client *client, struct convoy_outcome *outcome,
                      struct error *error)
{
    struct serving serving = {
        .guest = guest, .setup = setup, .client = client, .outcome = outcome};
    struct error why;

    *outcome = (struct convoy_outcome){.wall_s = setup->demand.time_s, .hogs_rate_per_s = NAN};
    if (serve_client(&serving, &why)) {
        if (setup->serves) {
            outcome->wall_s = convoy_client_answers(client)->wall_s;
        }
        if (setup->hogs == 0) {
            outcome->hogs_rate_per_s = NAN;
        }
        return true;
    }
    if (interrupted()) {
        return fail_signal(error, interrupted());
    }
    if (!serving.misbehaved) {
        *error = why; /* of our client, as in convoy_run */
        return false;
    }
    child_end(&guest->child);
    guest->interpreter->lost = true;
    error_fill(error, EXIT_FAILED, "%s, %u hog%s: %.300s; it is not asked again",
               guest->interpreter->name, setup->hogs, setup->hogs == 1 ? "" : "s", why.text);
    text_clean(error->text);
    return false;
}
