/* The plan: which cases a run of the program measures, and in which order. */
#ifndef GILSCOPE_PLAN_H
#define GILSCOPE_PLAN_H

#include "gilscope/run.h"
#include "gilscope/settings.h"

/* One variant × pin policy × threads. */
struct plan_case {
    const struct variant *variant;
    const struct kernel *kernel; /* the same in all cases of a plan */
    const struct pin_policy *pin;
    unsigned threads;
    unsigned tasks;
    uint64_t call;       /* units of a native call, for the variants that make calls; else 0 */
    bool oversubscribed; /* more threads than usable PUs */
    size_t baseline;     /* the case its speedup is against: serial with the same pin policy */
};

struct plan {
    size_t length;
    struct plan_case *cases; /* cases[length], owned by the plan */
    unsigned threads_max;
    unsigned tasks_max;
};

/* multiprocessing.Pool.map makes ceil(items / (4 * workers)) items a task: 4 tasks a worker. */
enum { TASKS_PER_WORKER = 4 };

/* The thread counts when none are asked for: 1 to 8, then powers of two up to the usable PUs,
 * the PUs and the cores themselves, never less than 4. */
void default_threads(const struct machine_facts *facts, struct thread_list *list);

/* All cases that settings ask for, the serial baseline always among them. plan_free frees. */
bool plan_make(struct plan *plan, const struct settings *settings,
               const struct machine_facts *facts, struct error *error);
/* Adds one case behind the others; its tasks, whether it is oversubscribed, and the length of its
 * calls where it is 0, are filled in; its baseline must be there or be itself. Moves plan->cases. */
bool plan_add(struct plan *plan, const struct plan_case *new_case,
              const struct settings *settings, const struct machine_facts *facts,
              struct error *error);
void plan_free(struct plan *plan);

/* order[n] becomes a random permutation of 0 … n-1, decided by *state alone, which moves on
 * (Fisher-Yates with SplitMix64: Steele, Lea and Flood, OOPSLA 2014). */
void plan_shuffle(size_t *order, size_t n, uint64_t *state);

#endif
