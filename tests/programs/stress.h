/* What the stress programs share: chance, pauses at every step of a protocol, a watchdog, rounds,
 * and the count of what has happened in them. The steps are each call by which the protocol
 * synchronises, around which the linker puts (--wrap) what WRAP() makes, and each atomic operation
 * (stress_atomics.h). Part of one program each: everything here is static.
 *
 * Round after round, for so many seconds, each with the seed after the one before; what goes wrong
 * is told with its round's seed, with which it begins again (as far as the system's own moods let
 * it). Exit code 0 nothing went wrong, 1 it did, 2 usage. */
#ifndef STRESS_H
#define STRESS_H

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

enum { THREADS_MOST = 64, EVENTS_MOST = 8, NOBODY = -1 };

/* What every step of the protocols does: the program's own. */
void stress_step(void);

static uint64_t round_seed;

/* ---- what goes wrong ---- */

/* Not exit(): other threads go on. */
static _Noreturn void complain(const char *what)
{
    fprintf(stderr, "stress: %s, seed %llu\n", what, (unsigned long long)round_seed);
    _exit(1);
}

static char hang_text[64];

/* In a signal handler, which may have interrupted anything: write() and _exit() alone. (Where write()
 * is wrapped it pauses, which a handler may do as well.) */
static void hangs(int signal_number)
{
    ssize_t written = write(STDERR_FILENO, hang_text, strlen(hang_text));

    (void)signal_number;
    (void)written;
    _exit(1);
}

static void watch_over_round(unsigned seconds)
{
    alarm(0);
    snprintf(hang_text, sizeof hang_text, "stress: hangs, seed %llu\n",
             (unsigned long long)round_seed);
    alarm(seconds);
}

static void *shared_memory(size_t size)
{
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    if (memory == MAP_FAILED) {
        complain("no memory");
    }
    return memory;
}

/* ---- chance ---- */

static _Thread_local uint64_t random_state = 1;

/* xorshift64* (Vigna). */
static uint64_t chance(uint64_t n)
{
    random_state ^= random_state >> 12;
    random_state ^= random_state << 25;
    random_state ^= random_state >> 27;
    return (random_state * 0x2545F4914F6CDD1D >> 33) % n;
}

/* 0 to most, as often a handful as any: what goes wrong at an end shows when there are many. */
static unsigned few_or_many(unsigned most)
{
    return (unsigned)chance((chance(2) == 0 && most > 4 ? 4 : most) + 1);
}

static void seed_thread(uint64_t who)
{
    random_state = (round_seed * 0x9E3779B97F4A7C15 + who * 0xBF58476D1CE4E5B9) | 1;
    chance(2);
}

static void spin(uint64_t turns)
{
    for (uint64_t i = 0; i < turns; i++) {
        atomic_signal_fence(memory_order_seq_cst); /* or the loop is left out */
    }
}

/* None, more often than not: else nothing ever overlaps but pauses. */
static void pause_at_random(void)
{
    int kept = errno;

    switch (chance(10)) {
    case 0:
        sched_yield();
        break;
    case 1:
        spin(chance(500));
        break;
    case 2:
        nanosleep(&(struct timespec){.tv_nsec = (long)chance(30000)}, NULL);
        break;
    default:
        break;
    }
    errno = kept;
}

/* ---- around each call of the protocols ---- */

/* name, parameters, arguments: a step, the call, a step. */
#define WRAP(type, name, parameters, arguments)                                                \
    type __real_##name parameters;                                                             \
    type __wrap_##name parameters;                                                             \
    type __wrap_##name parameters                                                              \
    {                                                                                          \
        stress_step();                                                                         \
        type result = __real_##name arguments;                                                 \
        stress_step();                                                                         \
        return result;                                                                         \
    }
#define WRAP_VOID(name, parameters, arguments)                                                 \
    void __real_##name parameters;                                                             \
    void __wrap_##name parameters;                                                             \
    void __wrap_##name parameters                                                              \
    {                                                                                          \
        stress_step();                                                                         \
        __real_##name arguments;                                                               \
        stress_step();                                                                         \
    }

/* ---- what has happened ---- */

/* Of the whole run, and of all processes. */
static atomic_ullong *event_counts;

/* Relaxed: what this counted must not order anything else. */
static void happened(int event, uint64_t times)
{
    atomic_fetch_add_explicit(&event_counts[event], times, memory_order_relaxed);
}

/* ---- rounds ---- */

struct stress {
    const char *name;
    const char *const *events; /* their names; null: not of this one */
    unsigned rounds_enough; /* after so many, that one never happened is no chance any more */
    void (*round)(unsigned threads);
};

/* A run is worth nothing in which what it is about never happened. */
static void check_events(const struct stress *stress)
{
    for (int e = 0; e < EVENTS_MOST; e++) {
        if (stress->events[e] != NULL && atomic_load(&event_counts[e]) == 0) {
            fprintf(stderr, "stress: never in %u rounds: %s\n", stress->rounds_enough,
                    stress->events[e]);
            _exit(1);
        }
    }
}

static void tell_events(const struct stress *stress, bool enough)
{
    for (int e = 0; e < EVENTS_MOST; e++) {
        unsigned long long times = atomic_load(&event_counts[e]);

        if (stress->events[e] != NULL) {
            printf("; %s: %llu%s", stress->events[e], times,
                   times == 0 && !enough ? " (too few rounds to tell)" : "");
        }
    }
    printf("\n");
}

static double now_s(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

/* words: SECONDS SEED THREADS WATCHDOG_S. The exit code. */
static int stress_run(const struct stress *stress, char **words)
{
    double end_s = now_s() + atof(words[0]);
    uint64_t seed = strtoull(words[1], NULL, 10), rounds = 0;
    int threads = atoi(words[2]);

    if (threads < 2 || threads > THREADS_MOST) {
        fprintf(stderr, "stress: 2 to %d threads\n", THREADS_MOST);
        return 2;
    }
    event_counts = shared_memory(EVENTS_MOST * sizeof *event_counts);
    signal(SIGALRM, hangs);
    do {
        round_seed = seed + rounds;
        seed_thread(THREADS_MOST);
        watch_over_round((unsigned)atoi(words[3]));
        stress->round((unsigned)threads);
        rounds++;
        if (rounds == stress->rounds_enough) {
            check_events(stress);
        }
    } while (now_s() < end_s);
    printf("%s: %llu rounds, seeds from %llu, up to %d threads: nothing wrong", stress->name,
           (unsigned long long)rounds, (unsigned long long)seed, threads);
    tell_events(stress, rounds >= stress->rounds_enough);
    return 0;
}

#endif
