/* The sweep of `breakeven`: native calls of many lengths, each held and released, by one thread and
 * by more. */
#ifndef GILSCOPE_SWEEP_H
#define GILSCOPE_SWEEP_H

#include "gilscope/interpreter.h"
#include "gilscope/plan.h"

/* Whose lock it is: our model's, or an interpreter's. Each is compared with itself alone. */
struct system {
    const char *name;
    const struct variant *hold, *release;  /* the call with its lock kept, and given up */
    const struct interpreter *interpreter; /* null: our own */
};

/* Our own, the variants hold and release, and the interpreters that can make calls: at most this
 * many. */
enum { SYSTEMS_MAX = 1 + INTERPRETERS_MAX };

/* Writes them to systems[SYSTEMS_MAX], our own first, and returns how many there are. The
 * interpreters must outlive them. */
size_t sweep_systems(const struct interpreters *interpreters, struct system *systems);

struct sweep {
    const struct kernel *kernel;
    size_t length;                /* call lengths, ascending */
    uint64_t units[LENGTHS_MAX];  /* what a call is for */
    double call_s[LENGTHS_MAX];   /* what it takes alone; never descending */
    struct thread_list threads;   /* 1 always among them */
    const struct system *systems; /* systems[system_count], the caller's */
    size_t system_count;
};

/* The lengths asked for, or the usual ones, in units of the kernel, measuring what a call takes where
 * that is not known. A time becomes round(time / unit) decrements of the countdown, which all take
 * the same; of other kernels, as many units whose call is found to last about so long. The usual
 * ones are 100 ns to 1 ms, 1, 2, 5 a decade; for other kernels the powers of two of the unit whose
 * calls last that long, leaving out those that last hardly longer than the one before. Errors: more than 10 s or 1e15 units
 * a call; a kernel no call of which lasts as long as asked for. Main thread. */
bool sweep_lengths(struct sweep *sweep, const struct settings *settings, struct error *error);

/* The same where each unit takes unit_s: pure. Lengths that come to the same units are one. */
void sweep_lengths_linear(struct sweep *sweep, const struct length_list *wanted, double unit_s);

/* 1, 2 and the cores, or those asked for and 1. Pure. */
void sweep_threads(struct sweep *sweep, const struct settings *settings,
                   const struct machine_facts *facts);

/* The plan: for each policy, system that can have it (interpreters: unpinned, and `core` where they
 * can bind their threads) and length hold with one thread, the baseline of that length,
 * then release with one, then both with each other count: a release case stands directly behind its
 * hold case. plan_free frees, after an error too. */
bool sweep_plan(const struct sweep *sweep, struct plan *plan, const struct settings *settings,
                const struct machine_facts *facts, struct error *error);

/* The system whose release the case is; null where it holds. */
const struct system *sweep_releasing(const struct sweep *sweep, const struct plan_case *of);

/* Is a length known by its time, as the countdown's is? Of other kernels by its units. Pure. */
bool sweep_is_timed(const struct sweep *sweep);

/* The place of a case's length in units[] and call_s[]. */
size_t sweep_place(const struct sweep *sweep, const struct plan_case *of);

/* Units of a call that takes so many seconds alone, between the lengths of the sweep: INFINITY for
 * INFINITY. Pure. */
double sweep_units_of(const struct sweep *sweep, double call_s);

/* About how long the run takes, its warm-up included. */
double sweep_expected_s(const struct plan *plan, const struct settings *settings);

#endif
