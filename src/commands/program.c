/* The program around its commands: help, version, dispatch. See command.h. */
#include "gilscope/command.h"

#include "../output/paragraph.h"
#include "gilscope/guard.h"
#include "gilscope/interrupt.h"
#include "gilscope/plugin.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

bool finish_output(struct error *error)
{
    errno = 0;
    if (fflush(stdout) == 0 && !ferror(stdout)) {
        return true;
    }
    if (errno == EPIPE) {
        return fail_signal(error, SIGPIPE);
    }
    /* An error of an earlier write is remembered, but not its reason. */
    return fail(error, "cannot write to standard output: %s",
                errno != 0 ? strerror(errno) : "is the disk full?");
}

static const char *command_name(size_t i)
{
    return commands[i]->name;
}

static void print_program_help(FILE *to)
{
    fputs("gilscope shows what Python's Global Interpreter Lock costs on this machine, and\n"
          "what getting rid of it buys.\n\n"
          "usage: gilscope COMMAND [OPTION...]\n\n",
          to);
    for (size_t i = 0; i < command_count; i++) {
        fprintf(to, "  %-10s%s\n", commands[i]->name, commands[i]->summary);
    }
    fputs("\n'gilscope COMMAND --help' lists the options of a command; 'gilscope --version'.\n",
          to);
}

/* What it does in lines of its own column. */
static void print_option(const char *option, const char *help, const struct style *style,
                         FILE *to)
{
    enum { INDENT = 30 };
    struct paragraph words = {0, ""};

    say(&words, "%s", help);
    fprintf(to, "  %-*s ", INDENT - 3, option);
    paragraph_print_at(&words, INDENT, style, to);
}

static void print_command_help(const struct command *command, FILE *to)
{
    const struct style style = style_of(to);

    fprintf(to, "usage: gilscope %s [OPTION...]\n\n%s.\n\n", command->name, command->summary);
    for (size_t i = 0; command->options[i].spec != NULL; i++) {
        const struct option_spec *option = command->options[i].spec;
        char left[64];
        snprintf(left, sizeof left, "%c%c%c --%s%s%s", option->letter != 0 ? '-' : ' ',
                 option->letter != 0 ? option->letter : ' ', option->letter != 0 ? ',' : ' ',
                 option->name, option->argument != NULL ? "=" : "",
                 option->argument != NULL ? option->argument : "");
        const char *own = command->options[i].help;
        print_option(left, own != NULL ? own : option->help, &style, to);
    }
    print_option("-h, --help", "this help", &style, to);
    fputs("\nTimes are written 250ns, 5ms, 1.5s; numbers 10M, 64k, 1e7.\n", to);
}

/* Runs it with the kernel of a plug-in, which is tried before. */
static bool run_with_plugin(const struct command *command, struct settings *settings,
                            struct error *error)
{
    const char *path = settings->kernel_file;
    struct plugin plugin;

    /* The guard first: loading it runs its constructors. */
    if (!plugin_try(path, error) || !guard_open(path, error)) {
        return false;
    }
    bool done = plugin_open(&plugin, path, error);
    if (done) {
        settings->kernel = plugin.kernel;
        done = command->run(settings, error);
        plugin_close(&plugin);
    }
    guard_close();
    return done;
}

static bool run_command(const struct command *command, int argc, char **argv,
                        struct error *error)
{
    struct settings settings = default_settings();
    char command_line[1024] = "gilscope";
    size_t length = strlen(command_line);
    bool help;

    if (command->set_defaults != NULL) {
        command->set_defaults(&settings);
    }
    if (!options_read(command, argc, argv, &settings, &help, error)) {
        return false;
    }
    if (help) {
        print_command_help(command, stdout);
        return true;
    }
    for (int i = 0; i < argc && length < sizeof command_line; i++) {
        const char *quote =
            argv[i][strcspn(argv[i], " \t\n'\"\\$&;|<>()*?")] == '\0' ? "" : "'";
        length += (size_t)snprintf(command_line + length, sizeof command_line - length,
                                   " %s%s%s", quote, argv[i], quote);
    }
    settings.command_line = command_line;
    return settings.kernel_file != NULL ? run_with_plugin(command, &settings, error)
                                        : command->run(&settings, error);
}

bool program_run(int argc, char **argv, struct error *error)
{
    const char *name = argc > 1 ? argv[1] : "--help";

    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0 || strcmp(name, "help") == 0) {
        print_program_help(stdout);
        return argc > 1 || fail_usage(error, "no command; 'gilscope bench' is where to begin");
    }
    if (strcmp(name, "--version") == 0) {
        if (argc > 2) {
            return fail_usage(error, "--version: '%.80s' after it means nothing", argv[2]);
        }
        puts("gilscope " GILSCOPE_VERSION);
        return true;
    }
    for (size_t i = 0; i < command_count; i++) {
        if (strcmp(name, commands[i]->name) == 0) {
            return run_command(commands[i], argc - 1, argv + 1, error);
        }
    }
    const char *nearest = nearest_word(name, command_name, command_count);
    if (nearest != NULL) {
        return fail_usage(error, "unknown command '%.80s'; did you mean '%s'?", name, nearest);
    }
    return fail_usage(error, "unknown command '%.80s'; 'gilscope --help' lists them", name);
}
