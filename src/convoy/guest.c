/* The same server in an interpreter: src/python/convoy.py is the other end. See convoy.h. */
#include "gilscope/convoy.h"

#include "gilscope/interrupt.h"
#include "gilscope/text.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

struct serving {
    struct guest *guest;
    const struct convoy_setup *setup;
    struct convoy_client *client;
    struct convoy_outcome *outcome;
};

/* Asks for something that takes so many seconds; what it answers behind `word`. */
static bool ask(struct guest *guest, const char *job, double takes_s, const char *word,
                double *value, struct error *error)
{
    char answer[CHILD_LINE_MAX];
    int end = 0;

    if (!child_ask(&guest->child, job, answer, sizeof answer,
                   takes_s + guest->interpreter->limits.job_s, error)) {
        return false;
    }
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
    return ask(serving->guest, job, takes_s, "ok", &serving->outcome->hogs_rate_per_s, error);
}

static bool serve_client(struct serving *serving, struct error *error)
{
    double port;

    if (!serving->setup->serves) {
        convoy_client_none(serving->client);
        return serve(serving, error);
    }
    return ask(serving->guest, "open\n", 0, "port", &port, error) &&
           (port < 65536 || fail(error, "has a port %g", port)) &&
           convoy_with_client(serving->client, (unsigned)port, &serving->setup->demand, serve,
                              serving, error);
}

bool convoy_run_guest(struct guest *guest, const struct convoy_setup *setup,
                      struct convoy_client *client, struct convoy_outcome *outcome,
                      struct error *error)
{
    struct serving serving = {guest, setup, client, outcome};
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
    child_end(&guest->child);
    guest->interpreter->lost = true;
    error_fill(error, EXIT_FAILED, "%s, %u hog%s: %.300s; it is not asked again",
               guest->interpreter->name, setup->hogs, setup->hogs == 1 ? "" : "s", why.text);
    text_clean(error->text);
    return false;
}
