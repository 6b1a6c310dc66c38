/* Commands and their options. Dispatch, help and error lines all come from these tables. */
#ifndef GILSCOPE_COMMAND_H
#define GILSCOPE_COMMAND_H

#include "gilscope/error.h"
#include "gilscope/settings.h"

#include <stddef.h>

#define GILSCOPE_VERSION "0.1.0"

struct option_spec {
    char letter; /* 0: none */
    const char *name;
    const char *argument; /* "LIST"; null: a flag */
    const char *help;
    const char *accepts; /* what the argument may be, for error lines */
    /* Takes the argument (null for a flag). False: it is not accepted; the error's text may
     * say more (an unknown word, say), or be empty. */
    bool (*set)(struct settings *settings, const char *argument, struct error *why);
};

extern const struct option_spec option_variant, option_threads, option_pin, option_reps,
    option_time, option_count, option_chunk, option_switch_interval, option_tasks,
    option_output, option_seed, option_csv, option_topology, option_quiet, option_python,
    option_kernel, option_length, option_held, option_lock, option_shared;
/* Those of one command: of breakeven, of trace, of convoy. */
extern const struct option_spec option_sweep_length;
extern const struct option_spec option_trace_variant, option_trace_threads, option_events;
extern const struct option_spec option_convoy_lock, option_hogs, option_convoy_switch_interval,
    option_rate;
/* All of them, for finding out what a mistyped one was meant to be. */
extern const struct option_spec *const all_options[];
extern const size_t all_option_count;

/* An option as a command has it. */
struct command_option {
    const struct option_spec *spec;
    const char
        *help; /* where its meaning or its default is the command's own; null: as the spec's */
};

struct command {
    const char *name;
    const char *summary;
    const struct command_option *options; /* ends with a null spec */
    /* Changes what default_settings() gave to this command's own; null: nothing. */
    void (*set_defaults)(struct settings *settings);
    bool (*run)(const struct settings *settings, struct error *error);
};

extern const struct command command_bench, command_breakeven, command_convoy, command_trace,
    command_costs, command_topo, command_list;

/* The table of commands in main.c. */
extern const struct command *const commands[];
extern const size_t command_count;

/* What holds when nothing is said. */
struct settings default_settings(void);

/* Reads the options behind the command's name. *help: --help was among them. */
bool options_read(const struct command *command, int argc, char **argv,
                  struct settings *settings, bool *help, struct error *error);

/* Finds the command that argv names and runs it; handles --help and --version. */
bool program_run(int argc, char **argv, struct error *error);

/* Makes sure that what went to standard output got there (a full disk, a closed pipe). */
bool finish_output(struct error *error);

#endif
