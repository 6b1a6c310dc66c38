/* What a trace says: who did what when, who waited how long, how fair it was. Pure: nothing here
 * measures or prints. All times are in ticks of the trace's clock unless they end in _s. */
#ifndef GILSCOPE_TRACE_ANALYSIS_H
#define GILSCOPE_TRACE_ANALYSIS_H

#include "gilscope/trace.h"

/* What a thread does between two events. */
enum trace_state {
    TRACE_OTHER,   /* none of these: takes a lock that is free, gives one up, has no task */
    TRACE_RUNNING, /* has the lock, or a task, or needs neither */
    TRACE_WAITING, /* wants a lock that another has, or was made to let another have it */
    TRACE_NATIVE,  /* is in a native call, with the lock or without */
    TRACE_STATES
};
extern const char *const trace_state_names[TRACE_STATES];

/* Called in the order in which things ended, with `context`; any may be null. */
struct trace_visitor {
    /* Every event that was kept, ordered by time. */
    void (*event)(void *context, unsigned thread, const struct trace_record *record);
    /* A thread was in that state from … to; none of length 0. */
    void (*slice)(void *context, unsigned thread, enum trace_state state, uint64_t from,
                  uint64_t to);
    /* A thread waited while others had the lock, from when it wanted it, or, where it had to give
     * it up, from then; got: and has got it then. */
    void (*wait)(void *context, unsigned thread, uint64_t from, uint64_t to, bool got);
    /* The lock went from one thread to another. */
    void (*handoff)(void *context, unsigned from, uint64_t gave_up, unsigned to, uint64_t got);
    /* The lock was given up while others waited, and went back to the same thread. */
    void (*in_vain)(void *context, unsigned thread, uint64_t gave_up, uint64_t got);
    void *context;
};

/* Goes through the trace. Where events were lost, who has the lock is not known any more: from the
 * first loss on (trace_horizon) there are events alone. Memory: some bytes a thread.
 * Errors: out of memory. */
bool trace_walk(const struct trace *trace, const struct trace_visitor *visitor,
                struct error *error);

/* The time up to which the trace is whole: the first loss, or the last event. */
uint64_t trace_horizon(const struct trace *trace);

/* Waits of one thread, or of all. */
struct trace_waits {
    uint64_t count; /* that ended with the lock */
    /* NAN where there is none. p99 of fewer than 100 is the longest. */
    double median_s, p99_s;
    double longest_s; /* of those that had not ended when the trace did, too */
};

struct trace_thread {
    double state_s[TRACE_STATES];
    double span_s; /* their sum: from its beginning to its end, or the horizon */
    double cpu_s;  /* as the system accounts for it; NAN where its end was lost */
    double fair_s; /* running and native time while all threads were at work */
    struct trace_waits waits;
    double starved_s; /* the longest stretch in which it wanted the lock and did nothing */
    double starved_from_s;
    uint64_t handoffs; /* to it */
    uint64_t in_vain;  /* it gave the lock up while others waited, and took it back */
    uint64_t
        woken_in_vain; /* it woke up and found the lock taken again; where the lock knows */
    uint64_t lost;     /* events */
};

struct trace_analysis {
    unsigned threads;
    struct trace_thread *at; /* at[threads] */
    double span_s;           /* from the first event to the horizon */
    double lost_from_s;      /* when the first event was lost; NAN where none was */
    uint64_t events, lost;
    uint64_t handoffs, in_vain, woken_in_vain;
    double handoffs_per_s;
    struct trace_waits waits;
    double together_s; /* how long all threads were at work at once */
    double
        jain; /* of that time. 1: all the same; 1 / threads: one has all. NAN where nobody worked,
                    or where it is too short to tell (FAIR_SHARE, turn_s) */
    unsigned starved; /* the thread whose starved_s is the longest */
};

/* Fairness is told where all threads were at work for this share of the time at least, and so long
 * that each could have had its turn. */
#define FAIR_SHARE 0.25

/* Jain's index of fairness, (Σx)² / (n Σx²) (Jain, Chiu and Hawe, DEC TR-301, 1984). */
double jain_index(const double *values, size_t n);

/* Analyses it; turn_s: the switch interval, for which the lock keeps others waiting, or 0. Memory
 * grows with the number of events, at most 8 bytes each. *analysis is the caller's, to be given to
 * trace_analysis_free, after an error too. Errors: out of memory. */
bool trace_analyse(const struct trace *trace, double turn_s, struct trace_analysis *analysis,
                   struct error *error);
void trace_analysis_free(struct trace_analysis *analysis);

#endif
