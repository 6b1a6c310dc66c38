/* What the command line asks for. Filled by options.c, read by commands. */
#ifndef GILSCOPE_SETTINGS_H
#define GILSCOPE_SETTINGS_H

#include "gilscope/gil.h"
#include "gilscope/kernel.h"
#include "gilscope/option_bits.h"
#include "gilscope/parse.h"

#include <stdbool.h>
#include <stdint.h>

/* The most blocks that can be asked for: it bounds the memory for samples. */
enum { REPS_MAX = 1000 };
/* The most tasks: it bounds the list that a pool shares with its workers. */
enum { TASKS_MAX = 1000000 };

/* The most cache lines that interpreter work writes to: a test of contention, not of caches. */
enum { SHARED_MAX = 64 };

struct settings {
    unsigned variants; /* bit i: variants[i] */
    bool variants_given;
    unsigned pins; /* bit i: pin_policies[i] */
    bool pins_given;
    struct thread_list threads; /* empty: default_threads() */
    unsigned reps;
    double time_s;  /* of one repetition */
    uint64_t count; /* exact work of a repetition; 0: as much as time_s takes */
    double chunk_s;
    /* Of locks that are looked at by ticks, as that of an interpreter beside them is, which is
     * named; 0: chunk_s, too. */
    double ticks_chunk_s;
    const char *ticks_chunk_of;
    uint64_t chunk; /* in units of the kernel; 0: as many as the time takes */
    double switch_interval_s;
    const struct kernel *kernel; /* what the threads compute */
    const char *kernel_file;     /* the plug-in that it is to come from; null: built in */
    const struct gil_kind *lock; /* for the variants that make calls */
    uint64_t call;               /* units of a native call; 0: none are made */
    struct length_list lengths;  /* of native calls, as asked for; empty: the usual ones */
    double held_s;               /* interpreter work before each call */
    unsigned shared_lines;       /* cache lines that it writes to */
    unsigned given;              /* of enum option_bit */
    const char *of_calls;        /* an option given that says how calls are made; or null */
    struct thread_list hogs;     /* of convoy: ascending, from 0 */
    struct length_list switch_intervals; /* of convoy: times alone, ascending */
    double rate_per_s; /* of requests; 0: each when the one before it is answered */
    unsigned locks;    /* bit i: convoy_locks[i] */
    unsigned tasks;    /* 0: TASKS_PER_WORKER for each thread */
    uint64_t events;   /* that a trace has room for, of each thread */
    const char *output;
    uint64_t seed;
    bool switch_intervals_given;
    bool csv, quiet;
    const char *python;       /* auto, none or a list; null: not said (interpreters_wanted) */
    const char *topology;     /* null: this machine */
    const char *command_line; /* as typed, for machine.csv */
};

/* How long a chunk lasts where the option says a time, under a lock that is looked at by ticks or
 * another one. Pure. */
static inline double settings_chunk_s(const struct settings *settings, bool by_ticks)
{
    return by_ticks && settings->ticks_chunk_s > 0 ? settings->ticks_chunk_s
                                                   : settings->chunk_s;
}

#endif
