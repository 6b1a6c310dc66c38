/* What a busy thread does to an answer: an I/O thread of this process answers requests over
 * loopback UDP while CPU-bound threads, the hogs, count down under the same lock. As ccbench's
 * latency and bandwidth benchmarks (Antoine Pitrou; CPython's Tools/ccbench until 3.10) and David
 * Beazley's convoy ("Understanding the Python GIL", PyCon 2010). From the main thread only. */
#ifndef GILSCOPE_CONVOY_H
#define GILSCOPE_CONVOY_H

#include "gilscope/error.h"
#include "gilscope/gil.h"
#include "gilscope/histogram.h"
#include "gilscope/interpreter.h"
#include "gilscope/machine.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* ---- what is sent ---- */

/* A request, and its answer: the same tag, and the number plus one. */
struct convoy_message {
    uint64_t number; /* from 0; CONVOY_OVER: there will be no more */
    uint64_t tag;    /* of this client: whatever carries another is nobody's business */
};
#define CONVOY_OVER UINT64_MAX

/* ---- the client: a process of its own ---- */

#define CONVOY_WARM_UP 0.1
struct convoy_demand {
    double
        time_s; /* for so long it asks, after CONVOY_WARM_UP of it, in which answers are not counted */
    double rate_per_s; /* request k is due, and sent, k / rate after the first, whatever the
                          answers do; 0: each when the one before it is answered */
    double
        resend_s; /* no answer for so long: the request is sent again, if it is lost, as far as one can see */
    double grace_s; /* so long it waits for the last answers, after its time */
};

/* With a rate so many requests are under way at most, few enough for the buffers of both sockets
 * (about 250 by default): more would be lost there. What is due meanwhile is sent when there is
 * a place, and late; its latency runs from when it was due all the same. */
enum { CONVOY_WINDOW = 128 };

/* What the client saw. Latencies run from when a request was due (with a rate) or sent (without):
 * else the wait of those that could not be sent would be left out (Gil Tene's "coordinated
 * omission"). With a rate all count that were due in the time, so that latencies.count is known
 * beforehand; without, those that ended in it. */
struct convoy_answers {
    uint64_t resent;     /* requests sent again */
    uint64_t late;       /* answers to what had been answered: not counted again */
    uint64_t wrong;      /* answers that were none */
    uint64_t unanswered; /* were sent, and not answered; without a rate 1 at most */
    uint64_t unsent;     /* with a rate: were due, and not sent before the time was up */
    uint64_t in_time;    /* answers that came within wall_s, whenever they were due */
    double wall_s; /* with a rate the time; without, to the last answer, or its giving up */
    struct histogram latencies; /* of the answered; of the unanswered and the unsent, what they
                                   had waited at the end, which is less than they would have */
};

struct convoy_client;

/* Memory that the client shares with us; *out is the caller's, to be given to
 * convoy_client_close. */
bool convoy_client_open(struct convoy_client **out, struct error *error);
void convoy_client_close(struct convoy_client *client);

/* Forks the client, which waits for convoy_client_go(); it does not outlive us. It will ask
 * 127.0.0.1:port. Call it from the thread that lives longest, while no other is at work. */
bool convoy_client_start(struct convoy_client *client, unsigned port,
                         const struct convoy_demand *demand, struct error *error);
void convoy_client_go(struct convoy_client *client);

/* This time there is none: not over until somebody says so. */
void convoy_client_none(struct convoy_client *client);

/* Its tag. */
uint64_t convoy_client_tag(const struct convoy_client *client);

/* Has it seen enough, or did somebody say so? Cheap enough for every chunk. Thread-safe. */
bool convoy_client_is_over(const struct convoy_client *client);
void convoy_client_set_over(struct convoy_client *client);

/* Has its process ended, which it does by itself only when it is over? Thread-safe. */
bool convoy_client_has_ended(const struct convoy_client *client);

/* Ends it and waits for it. Twice is fine. */
void convoy_client_end(struct convoy_client *client);

/* After convoy_client_end, valid until the next start: what it saw; null where it died before
 * it was over. */
const struct convoy_answers *convoy_client_answers(const struct convoy_client *client);

/* The process, for tests. */
pid_t convoy_client_pid(const struct convoy_client *client);

/* ---- the server: an I/O thread and hogs ---- */

struct convoy_lock {
    const char *name;
    const struct gil_kind *kind; /* null: none */
};

/* gil, ticks, critical, none. */
extern const struct convoy_lock convoy_locks[];
enum { CONVOY_LOCKS = 4 };

struct convoy_setup {
    const struct machine *machine;
    const struct slot *slots; /* slots[slot_count]: the I/O thread's, then the hogs'; or null */
    unsigned slot_count;
    const struct convoy_lock *lock;
    double switch_interval_s;
    unsigned hogs;
    uint64_t chunk; /* decrements between two looks of a hog at the lock */
    uint64_t
        held;    /* decrements that a request takes with the lock; a chunk apart, the I/O thread
                       looks at it, as a hog does */
    bool serves; /* false: the hogs are alone, for demand.time_s */
    struct convoy_demand demand;
};

/* What one repetition came to. */
struct convoy_outcome {
    double wall_s;          /* of the client; of the hogs where they were alone */
    double hogs_rate_per_s; /* decrements of all hogs together; NAN without hogs */
    uint64_t handoffs;      /* of the lock; 0 where it is none, or is not ours */
};

/* One repetition; answers in convoy_client_answers(). It takes its time and the grace at most, and
 * a little. Dead clients are replaced and the repetition begins anew, up to CONVOY_DEATHS_MAX
 * times. Errors: threads, sockets, a client that died too often; a signal (fail_signal). */
enum { CONVOY_DEATHS_MAX = 3 };
bool convoy_run(const struct convoy_setup *setup, struct convoy_client *client,
                struct convoy_outcome *outcome, struct error *error);

/* The same by an interpreter, a guest whose mode serves; lock, chunk, held and slots are its own
 * matter. An error is the guest's, which is then ended and not asked again, unless it is a signal,
 * or the client's. */
bool convoy_run_guest(struct guest *guest, const struct convoy_setup *setup,
                      struct convoy_client *client, struct convoy_outcome *outcome,
                      struct error *error);

/* For both: runs what `serve` does until the client is over, again where the client died. */
bool convoy_with_client(struct convoy_client *client, unsigned port,
                        const struct convoy_demand *demand,
                        bool (*serve)(void *context, struct error *error), void *context,
                        struct error *error);

#endif
