/* What the commands that measure share: a plan, measured in shuffled blocks, and its files. */
#ifndef GILSCOPE_COMMANDS_SESSION_H
#define GILSCOPE_COMMANDS_SESSION_H

#include "gilscope/interpreter.h"
#include "gilscope/noise.h"
#include "gilscope/quota.h"
#include "gilscope/results.h"
#include "gilscope/runner.h"
#include "gilscope/terminal.h"

struct session;

/* What is a command's own. All are called from the main thread, with session->context. */
struct session_kind {
    const char *name; /* of the command */
    const struct results_kind *files;
    bool calls; /* its interpreters are to make calls, not to count down */
    /* Makes session->plan, which the session frees, and what else the command needs. May change
     * session->chosen. */
    bool (*prepare)(struct session *session, struct error *error);
    /* After results_open: opens what else the command writes; null: nothing. */
    bool (*open_more)(struct session *session, struct error *error);
    /* What follows from the samples, written to files and shown: after a complete run, and after
     * one that failed half-way, whose error is in *error already. False where it was not complete
     * or something failed. */
    bool (*conclude)(struct session *session, bool complete, struct error *error);
};

/* All that one run of such a command holds. */
struct session {
    const struct session_kind *kind;
    void *context;                   /* the command's own */
    const struct settings *settings; /* &chosen */
    struct settings chosen;          /* as given, but for what the command chose itself */
    struct machine *machine;
    struct interpreters interpreters;
    struct plan plan;
    struct runner *runner;
    struct samples samples;
    struct results results;
    struct summary *summaries; /* summaries[plan.length], filled by session_facts */
    size_t *order;      /* cases, then references: order[plan.length + REFERENCE_COUNT] */
    size_t *measured;   /* the cases of the block so far, in order */
    double *scratch;    /* scratch[reps] */
    double *references; /* references[REFERENCE_COUNT][reps]; NAN: not measured */
    struct progress_line progress;
    struct cpu_time cpu_at_start;
    struct quota quota;
    double start_s;
    bool has_rows;   /* a case was measured, and not just a reference */
    double timed_s;  /* time spent in timed repetitions */
    unsigned redone; /* tasks done again after a worker of a pool died */
    unsigned blocks_done;
};

/* A note on stderr, where there is something to tell: so many tasks of the pool were done again. */
void pool_tell_redone(unsigned tasks);

/* The whole run, from the machine to the conclusion. context: for the kind's functions. */
bool session_run(const struct session_kind *kind, void *context,
                 const struct settings *settings, struct error *error);

/* The length of the native calls of a command that runs one, in units, into settings->call; 0 where
 * no variant asked for makes any. */
bool choose_call(struct settings *settings, const char *command, struct error *error);

/* A line on stderr. */
void session_tell(const char *line);

/* Summarises the samples, and gathers what machine.csv says; decrement_ns is that of the
 * calibration. */
void session_facts(struct session *session, struct run_facts *facts);

/* Notes for whoever ran it, on stderr unless quiet: what happened beside the measuring, and where
 * the files are; complete: they have their final names. more: other files, ", NAME", or "". */
void session_notes(const struct session *session, bool complete, const char *more);

#endif
