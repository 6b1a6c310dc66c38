/* Reading options from the command line, by getopt_long, with tables made from ours. */
#include "gilscope/command.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

enum { OPTIONS_MAX = 32, HELP_LETTER = 'h' };

/* getopt_long's tables, made from ours. */
struct getopt_tables {
    size_t count;
    char letters[3 * OPTIONS_MAX];
    struct option names[OPTIONS_MAX + 2];
};

enum { NAME_BASE = 1000 }; /* getopt_long returns this + row for a long name */

static void make_tables(const struct command *command, struct getopt_tables *tables)
{
    size_t l = 0, n = 0;

    memset(tables, 0, sizeof *tables);
    tables->letters[l++] = ':'; /* tell a missing argument from an unknown option */
    tables->letters[l++] = HELP_LETTER;
    for (; command->options[n].spec != NULL; n++) {
        const struct option_spec *option = command->options[n].spec;
        int takes = option->argument != NULL ? required_argument : no_argument;
        tables->names[n] = (struct option){option->name, takes, NULL, NAME_BASE + (int)n};
        if (option->letter != 0) {
            tables->letters[l++] = option->letter;
            if (option->argument != NULL) {
                tables->letters[l++] = ':';
            }
        }
    }
    tables->names[n] = (struct option){"help", no_argument, NULL, HELP_LETTER};
    tables->count = n;
}

static const struct option_spec *found_option(const struct command *command, int code)
{
    if (code >= NAME_BASE) {
        return command->options[code - NAME_BASE].spec;
    }
    for (size_t i = 0; command->options[i].spec != NULL; i++) {
        if (command->options[i].spec->letter == code) {
            return command->options[i].spec;
        }
    }
    return NULL;
}

static bool apply(const struct option_spec *option, const char *argument,
                  struct settings *settings, struct error *error)
{
    struct error why = {EXIT_DONE, ""};

    if (option->set(settings, argument, &why)) {
        return true;
    }
    if (why.text[0] == '\0') {
        return fail_usage(error, "--%s=%.80s: not %s", option->name, argument, option->accepts);
    }
    return fail_usage(error, "--%s=%.80s: %s", option->name, argument, why.text);
}

static const char *option_name(size_t i)
{
    return all_options[i]->name;
}

static bool takes(const struct command *command, const char *name)
{
    for (size_t i = 0; command->options[i].spec != NULL; i++) {
        if (strcmp(command->options[i].spec->name, name) == 0) {
            return true;
        }
    }
    return false;
}

static unsigned count_beginning_with(const struct command *command, const char *word)
{
    unsigned count = 0;

    for (size_t i = 0; command->options[i].spec != NULL; i++) {
        count +=
            *word != '\0' && strncmp(command->options[i].spec->name, word, strlen(word)) == 0;
    }
    return count;
}

static bool unknown_option(const struct command *command, const char *typed,
                           struct error *error)
{
    char word[64];
    const char *name = typed + strspn(typed, "-");

    snprintf(word, sizeof word, "%.*s", (int)strcspn(name, "="), name);
    if (count_beginning_with(command, word) > 1) {
        return fail_usage(
            error, "%s: '%.80s' could be several options; 'gilscope %s --help' lists them",
            command->name, typed, command->name);
    }
    const char *nearest = nearest_word(word, option_name, all_option_count);
    if (nearest != NULL && takes(command, nearest)) {
        return fail_usage(error, "%s: unknown option '%.80s'; did you mean '--%s'?",
                          command->name, typed, nearest);
    }
    return fail_usage(error, "%s: unknown option '%.80s'; 'gilscope %s --help' lists them",
                      command->name, typed, command->name);
}

static bool is_taken(const struct option_spec *option, const char *word)
{
    static struct settings settings; /* large, and nobody reads it */
    struct error why;

    return option->argument != NULL && option->set(&settings, word, &why);
}

/* A word on its own that one of the options knows by name: not one that takes any word, and not a
 * number, which would fit several. Or null. */
static const struct option_spec *option_for(const struct command *command, const char *word)
{
    bool is_name = *word >= 'a' && *word <= 'z';

    for (size_t i = 0; is_name && command->options[i].spec != NULL; i++) {
        if (is_taken(command->options[i].spec, word) &&
            !is_taken(command->options[i].spec, "?")) {
            return command->options[i].spec;
        }
    }
    return NULL;
}

static bool stray_word(const struct command *command, const char *word, struct error *error)
{
    const struct option_spec *option = option_for(command, word);

    if (option != NULL) {
        return fail_usage(error, "%s: what is '%.80s'? Did you mean '--%s=%.80s'?",
                          command->name, word, option->name, word);
    }
    return fail_usage(error,
                      "%s: what is '%.80s'? It takes options only ('gilscope %s --help')",
                      command->name, word, command->name);
}

bool options_read(const struct command *command, int argc, char **argv,
                  struct settings *settings, bool *help, struct error *error)
{
    struct getopt_tables tables;
    int code;

    make_tables(command, &tables);
    opterr = 0;
    optind = 0; /* not 1: from the beginning, even where the last reading ended inside a word */
    *help = false;
    for (;;) {
        code = getopt_long(argc, argv, tables.letters, tables.names, NULL);
        if (code == -1) {
            break;
        }
        if (code == HELP_LETTER) {
            *help = true;
            return true;
        }
        if (code == ':') {
            const struct option_spec *option = found_option(command, optopt);
            return fail_usage(error, "--%s: its %s is missing: %s", option->name,
                              option->argument, option->accepts);
        }
        if (code == '?') {
            char letter[3] = {'-', (char)optopt, '\0'};
            bool is_letter = optopt > 0 && optopt < NAME_BASE;
            if (optopt >= NAME_BASE) { /* "--quiet=5" */
                return fail_usage(error, "--%s takes no argument ('%.80s')",
                                  found_option(command, optopt)->name, argv[optind - 1]);
            }
            return unknown_option(command, is_letter ? letter : argv[optind - 1], error);
        }
        if (!apply(found_option(command, code), optarg, settings, error)) {
            return false;
        }
    }
    if (optind < argc) {
        return stray_word(command, argv[optind], error);
    }
    return true;
}
