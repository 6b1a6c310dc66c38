/* Python interpreters on this machine, that run the article's countdown beside its models. Each
 * way in which one shares the work (a mode) becomes a variant, made at run time: "cpython-3.11/
 * threads". Each mode has a process of its own, started once, which takes jobs on its standard
 * input: so a serial run has never had a second thread, as in the article, and start-up is not
 * measured. All functions but the pure ones: from the main thread only. */
#ifndef GILSCOPE_INTERPRETER_H
#define GILSCOPE_INTERPRETER_H

#include "gilscope/child.h"
#include "gilscope/plan.h"
#include "gilscope/run.h"

enum { INTERPRETERS_MAX = 16, INTERPRETER_NAME_MAX = 40, MODE_COUNT = 7 };

/* What its processes are started for: each mode is of one of these uses. */
enum interpreter_use { USE_COUNTS, USE_CALLS, USE_SERVES };

/* What an interpreter says of itself when it starts. */
struct interpreter_facts {
    char implementation[24]; /* in lower case: "cpython", "pypy" */
    unsigned major, minor, micro;
    bool free_threaded; /* built so that it can do without a GIL */
    bool gil;           /* has one now */
    bool binds;         /* os.sched_setaffinity is there: threads can bind themselves */
    char executable[512];
    double look_s; /* between two looks at its GIL, where it looks by ticks; 0: it does not */
};

/* A way of sharing the work. Rows of interpreter_modes[]; the first is the baseline. */
struct interpreter_mode {
    const char *name;
    const char *model; /* the variant that it is to behave like; null: see model_of */
    const char *threads_are, *work;
    enum interpreter_use use;
    bool one_thread, startup_inside; /* as in struct variant */
    bool own_baseline; /* what one of its threads does is no Python: that is its baseline */
    const char *hint;  /* what to do where its module is missing; or null */
};

extern const struct interpreter_mode interpreter_modes[MODE_COUNT];

/* One mode of one interpreter. */
struct guest {
    struct variant variant; /* its context is this guest */
    const struct interpreter_mode *mode;
    struct interpreter *interpreter;
    struct child child;
    char name[INTERPRETER_NAME_MAX + 16];
    double unit_s; /* a decrement by one thread, the slowest seen; 0: not known */
};

/* How long an interpreter may take to start, and, beside its work, for a job. */
struct interpreter_limits {
    double start_s, job_s;
};
extern const struct interpreter_limits interpreter_limits;

struct interpreter {
    char name[INTERPRETER_NAME_MAX]; /* "cpython-3.11", "cpython-3.13t", "pypy-3.9" */
    const char *command;             /* as asked for */
    struct interpreter_facts facts;
    struct interpreter_limits limits;
    bool lost; /* it misbehaved, and all of its processes were ended */
    struct guest guests[MODE_COUNT];
};

struct interpreters {
    size_t length;
    struct interpreter *at[INTERPRETERS_MAX]; /* owned */
    char *words;                              /* their commands; owned */
    size_t guest_count;
    struct guest *guests[INTERPRETERS_MAX * MODE_COUNT]; /* those that can run */
};

/* Reads the line that a process begins with. *why: of the mode asked for, "ok" or why it cannot be
 * had. False where the line is none such. Pure. */
bool interpreter_read_hello(const char *line, const char *mode, struct interpreter_facts *facts,
                            char *why, size_t why_size);

/* "cpython-3.13t"; with the micro version where exact is set. Pure. */
void interpreter_name(const struct interpreter_facts *facts, bool exact, char *name,
                      size_t size);

/* The name of the variant that models this mode of such an interpreter, or null for the baseline.
 * Pure. */
const char *model_of(const struct interpreter_mode *mode,
                     const struct interpreter_facts *facts);

/* Starts the interpreter that the command names (a path, or a word to be looked for on the PATH),
 * a process for each mode of that use. *out is the caller's, to be given to interpreter_close. A mode that cannot be
 * had is told with tell(), and has no process. False where the interpreter cannot be used. */
bool interpreter_open(struct interpreter **out, const char *command, enum interpreter_use use,
                      const struct interpreter_limits *limits, void (*tell)(const char *line),
                      struct error *error);
void interpreter_close(struct interpreter *interpreter);

/* Is it "auto", "none", or commands between commas, with blanks before them or without? Pure. */
bool interpreters_is_list(const char *list);

/* Opens all that a list asks for: "auto" (python3 on the PATH), "none", or commands between
 * commas; for that use, as interpreter_open. What cannot be used, or was named before, is told and left out. False only for a
 * signal, and for what is no list. interpreters_close ends all of their processes. */
bool interpreters_open(struct interpreters *interpreters, const char *list,
                       enum interpreter_use use, void (*tell)(const char *line),
                       struct error *error);
void interpreters_close(struct interpreters *interpreters);

/* The list that the settings ask for: --python; else none where --variant says what to run; else
 * GILSCOPE_PYTHON from the environment; else "auto". */
const char *interpreters_wanted(const struct settings *settings);

/* At the end of a complete run: an error where --python names interpreters and none of them was
 * measured. What the environment or "auto" asks for may be missing. */
bool interpreters_gave(const struct settings *settings, bool measured, struct error *error);

/* What the first guest that looks at its GIL by ticks does between two looks, its model is to do as
 * well, so that the two are alike: unless --chunk says something else, or there is none. The name
 * stays its interpreter's. */
void interpreters_set_chunk(const struct interpreters *interpreters, struct settings *settings);

/* "cpython-3.11 (3.11.7); pypy-3.9 (3.9.16)", in text[size]. */
void interpreters_describe(const struct interpreters *interpreters, char *text, size_t size);

/* Adds the guests' cases to the plan: unpinned, as in the article, and under the policy `core`
 * where it is asked for and the interpreter can bind its threads. More threads than usable PUs
 * are run unpinned only, unless the settings' policies leave that out for the models. Their
 * baseline is the same interpreter's serial run under the same policy; that of `nogil`, which
 * counts in C, one thread of its own. */
bool interpreters_plan(const struct interpreters *interpreters, struct plan *plan,
                       const struct settings *settings, const struct machine_facts *facts,
                       struct error *error);

/* Can the variant, one of a guest, still be run? After a run that failed it, or all of its
 * interpreter, cannot; where it still can, the failure was none of its own. */
bool guest_is_there(const struct variant *variant);

#endif
