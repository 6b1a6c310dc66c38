/* What the primitives cost: a parallel region, a barrier, a lock's release and acquire, a hand-off,
 * a fork. Each is repeated as often as a measurement lasts, beside a reference that is what the
 * repetition costs without the primitive; the overhead is the difference.
 *
 * parallel, barrier, critical and lock are what syncbench of EPCC's OpenMP micro-benchmarks
 * measures (Bull and O'Neill, "A microbenchmark suite for OpenMP 2.0", EWOMP 2001). From the main
 * thread only; uses OpenMP and forks. */
#ifndef GILSCOPE_COSTS_H
#define GILSCOPE_COSTS_H

#include "gilscope/error.h"
#include "gilscope/gil.h"
#include "gilscope/kernel.h"
#include "gilscope/machine.h"
#include "gilscope/parse.h"
#include "gilscope/statistics.h"

#include <stddef.h>
#include <stdint.h>

/* EPCC's: what each thread does between two operations. */
#define COST_DELAY_S 0.1e-6

/* Where a cost is measured. */
struct cost_place {
    const struct machine *machine;
    const struct slot *slots;    /* slots[threads]; null: the caller is not bound */
    unsigned threads;            /* or the processes of a pool */
    const struct gil_kind *lock; /* null where the cost is not one of a lock */
    const struct kernel *kernel;
    uint64_t delay; /* turns of cost_delay that last COST_DELAY_S */
};

/* Does `count` operations and writes the seconds that they took together. On failure *seconds is
 * not to be used. */
typedef bool (*cost_measure)(const struct cost_place *place, uint64_t count, double *seconds,
                             struct error *error);

/* What an operation would take without what is measured. Measured by the bound caller alone. */
struct cost_reference {
    const char *name;
    cost_measure measure;
};

/* Who takes part. */
enum cost_team {
    COST_ALONE, /* one thread */
    COST_TEAM,  /* OpenMP threads, each bound, for each thread count asked for */
    COST_PAIR   /* two bound threads, for each distance that the machine has */
};

/* Rows of costs[]. */
struct cost {
    const char
        *name; /* "barrier"; one for each lock: the part behind the lock's name, "free" */
    const char *what;                       /* a phrase for people */
    const struct cost_reference *reference; /* null: nothing is subtracted */
    enum cost_team team;
    bool per_lock;        /* once for each of gil_kinds[] */
    bool of_kernel;       /* of the kernel that the user chose */
    bool unbound;         /* forks: the caller runs where the system likes */
    unsigned processes;   /* of a pool; 0: none */
    uint64_t least, most; /* operations in one call of measure(); most 0: any number */
    cost_measure measure;
};

extern const struct cost costs[];
extern const size_t cost_count;

/* One cost in one place: a row of the table. */
struct cost_item {
    const struct cost *cost;
    struct cost_place place;
    struct slot pair[2];      /* the slots of a COST_PAIR */
    char name[40];            /* "barrier", "lock gil free", "call countdown" */
    char distance[24];        /* "same L3"; empty but for COST_PAIR */
    uint64_t count;           /* operations in a call of measure(); 0: not sized yet */
    uint64_t reference_count; /* of the reference */
    unsigned calls;           /* of measure() in a measurement: long ones are cut up */
    unsigned reps;            /* measured so far */
    double *raw;              /* raw[reps]: seconds an operation */
    double *reference;        /* reference[reps]; 0 where there is none */
};

/* All items of a run of the program. */
struct cost_plan {
    struct slot *slots; /* of the policy `core`; slots[usable PUs] */
    double *values;     /* what the items' raw and reference point to */
    struct cost_item *items;
    size_t length;
    struct thread_list threads;  /* of the items that are teams */
    struct thread_list left_out; /* asked for, but more than there are usable PUs */
    bool pairs;                  /* false: hand-offs are left out, for want of a second PU */
};

/* Plans all costs for so many repetitions; threads empty: 2, and all usable cores where there are
 * more (1 where there is one PU). Measures how long a delay is, in the caller, which is then bound as the first thread.
 * cost_plan_free frees. Errors: memory; threads that OpenMP or the system will not give. */
bool cost_plan_make(struct cost_plan *plan, const struct machine *machine,
                    const struct kernel *kernel, const struct thread_list *threads,
                    unsigned reps, struct error *error);
void cost_plan_free(struct cost_plan *plan);

/* Finds how many operations last about time_s: the warm-up. */
bool cost_size(struct cost_item *item, double time_s, struct error *error);

/* One measurement of the reference and one of the cost, entered as repetition item->reps, which
 * goes up. After cost_size. Begins and ends with no OpenMP thread but the caller, unbound. Errors:
 * what measure() says; a signal (fail_signal), seen within a tenth of a second. */
bool cost_take(struct cost_item *item, struct error *error);

/* Ends OpenMP's threads, undoes the caller's binding. */
bool cost_rest(const struct machine *machine, struct error *error);

/* A row of the table. Seconds an operation, medians. */
struct cost_summary {
    const struct cost_item *of;
    double reference_s, raw_s;
    struct estimate overhead; /* of raw - reference, each pair measured one after the other */
    bool noisy; /* its interval is wider than ±2 %; of fewer than INTERVAL_NEEDS repetitions
                 * nothing of the kind can be said */
};

/* scratch: the caller's, item->reps doubles. An item without repetitions gives NANs. */
struct cost_summary cost_summarise(const struct cost_item *item, double *scratch);

/* So many turns of a loop that touches no memory. What it returns is of no use, but makes the
 * compiler keep the loop: it cannot see from another file that nobody looks at it. */
float cost_delay(uint64_t turns);

/* `count` hand-offs of place->lock between two threads bound to place->slots[0] and [1], in
 * strict alternation: *seconds is `count` times the median from a release to the other's acquire;
 * *made as the lock itself has counted. Errors: threads, binding, memory; a *made that is not count. */
bool cost_handoffs(const struct cost_place *place, uint64_t count, double *seconds,
                   uint64_t *made, struct error *error);

#endif
