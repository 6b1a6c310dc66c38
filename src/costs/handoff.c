/* What a hand-off costs: from the moment before one thread releases a lock to the moment after
 * another, which waits for it, has it.
 *
 * Two threads own the lock in strict alternation. Who has it lets the other begin to wait, holds
 * the lock for a while, so that a lock that makes its waiters sleep has them asleep, looks at the
 * clock, and releases; who gets it looks at the clock too. Who has released asks again only when it
 * has seen that the other is the owner: a lock left to itself may go back to its last holder,
 * which is no hand-off. The lock's own count of hand-offs must then be ours. Each is timed by
 * itself, and the median counts: a single preemption lasts as long as thousands of them. */
#include "families.h"

#include "gilscope/clock.h"

#include <omp.h>
#include <stdatomic.h>
#include <stdlib.h>

static const struct gil_config patient = {.switch_interval_s = 3600};

/* How long the lock is held while the other waits: longer than it takes to fall asleep. */
#define HELD_S 10e-6

enum { NOBODY = 2 };

/* What the two share; each line that one writes while the other waits on its own. */
struct ping_pong {
    _Alignas(128) atomic_bool asks[2];
    _Alignas(128) atomic_uint owner; /* the last thread that got the lock */
    _Alignas(128) struct gil *gil;
    uint64_t wanted; /* acquires; the first is no hand-off */
    uint64_t got GUARDED_BY(the_gil);
    uint64_t held; /* turns of the delay */
    double released_s GUARDED_BY(the_gil);
    double *each_s PT_GUARDED_BY(the_gil); /* each_s[wanted] */
    atomic_bool finished; /* atomic, since who waits for the other looks without the lock */
};

/* Tells the core that it waits, so that a second thread on it gets on with its work. */
static void relax(void)
{
#if defined __x86_64__ || defined __i386__
    __builtin_ia32_pause();
#elif defined __aarch64__
    __asm__ volatile("yield");
#endif
}

/* The lock has been got: the clock first, then who it is. */
static void enter(struct ping_pong *game, unsigned me) REQUIRES(the_gil)
{
    double now_s = clock_now();

    if (game->got > 0) {
        game->each_s[game->got - 1] = now_s - game->released_s;
    }
    game->got++;
    /* Relaxed: guarded by the lock, as seen from the other's next look, which comes after the
     * acquire of `owner` below. */
    atomic_store_explicit(&game->asks[me], false, memory_order_relaxed);
    if (game->got > game->wanted) {
        atomic_store_explicit(&game->finished, true, memory_order_relaxed);
    }
    /* Release: whoever sees this owner sees `finished` and `asks` as set before; else it might ask
     * for a lock that nobody will hand over. */
    atomic_store_explicit(&game->owner, me, memory_order_release);
}

/* Holds the lock until the other waits for it, and a while more. */
static void hold(struct ping_pong *game, unsigned other) REQUIRES(the_gil)
{
    /* Relaxed: it only has to be seen soon; no data comes with it. */
    while (!atomic_load_explicit(&game->asks[other], memory_order_relaxed)) {
        relax();
    }
    cost_delay(game->held);
}

static void play(struct ping_pong *game, unsigned me)
{
    /* Relaxed: see enter(); this thread has seen the owner that went before it. */
    while (!atomic_load_explicit(&game->finished, memory_order_relaxed)) {
        /* Relaxed: see hold(). */
        atomic_store_explicit(&game->asks[me], true, memory_order_relaxed);
        gil_acquire(game->gil, me);
        enter(game, me);
        /* Relaxed: this thread alone sets it while it has the lock. */
        if (!atomic_load_explicit(&game->finished, memory_order_relaxed)) {
            hold(game, 1 - me);
        }
        game->released_s = clock_now();
        gil_release(game->gil, me);
        /* Acquire: pairs with enter(). */
        while (!atomic_load_explicit(&game->finished, memory_order_relaxed) &&
               atomic_load_explicit(&game->owner, memory_order_acquire) == me) {
            relax();
        }
    }
}

static bool play_in_team(struct ping_pong *game, const struct cost_place *place,
                         struct error *error)
{
    if (!team_make(place, error)) {
        return false;
    }
#pragma omp parallel num_threads(2)
    play(game, (unsigned)omp_get_thread_num());
    return true;
}

bool cost_handoffs(const struct cost_place *place, uint64_t count, double *seconds,
                   uint64_t *made, struct error *error)
{
    struct ping_pong game = {.wanted = count,
                             .held = (uint64_t)(HELD_S / COST_DELAY_S) * place->delay,
                             .each_s = calloc(count, sizeof *game.each_s)};

    atomic_init(&game.owner, NOBODY);
    if (game.each_s == NULL) {
        return fail(error, "out of memory for %llu hand-offs", (unsigned long long)count);
    }
    if (!gil_create(&game.gil, place->lock, &patient, error)) {
        free(game.each_s);
        return false;
    }
    bool done = play_in_team(&game, place, error);
    *made = gil_counts(game.gil).handoffs;
    *seconds = estimate_median(game.each_s, count).median * (double)count;
    gil_destroy(game.gil);
    free(game.each_s);
    return done &&
           (*made == count ||
            fail(error, "the lock '%s' has counted %llu hand-offs, not %llu", place->lock->name,
                 (unsigned long long)*made, (unsigned long long)count));
}

bool measure_handoff(const struct cost_place *place, uint64_t count, double *seconds,
                     struct error *error)
{
    uint64_t made;
    return cost_handoffs(place, count, seconds, &made, error);
}
