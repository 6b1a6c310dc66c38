/* All interpreters of a run: the list, who is who, and their guests. See interpreter.h. */
#include "job.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The one of that name, or null. */
static const struct interpreter *named(const struct interpreters *interpreters,
                                       const char *name)
{
    for (size_t i = 0; i < interpreters->length; i++) {
        if (strcmp(interpreters->at[i]->name, name) == 0) {
            return interpreters->at[i];
        }
    }
    return NULL;
}

static const struct interpreter *same_executable(const struct interpreters *interpreters,
                                                 const char *executable)
{
    for (size_t i = 0; i < interpreters->length; i++) {
        if (strcmp(interpreters->at[i]->facts.executable, executable) == 0) {
            return interpreters->at[i];
        }
    }
    return NULL;
}

static void rename_interpreter(struct interpreter *interpreter, const char *name)
{
    snprintf(interpreter->name, sizeof interpreter->name, "%s", name);
    for (int m = 0; m < MODE_COUNT; m++) {
        struct guest *guest = &interpreter->guests[m];
        snprintf(guest->name, sizeof guest->name, "%s/%s", name, guest->mode->name);
    }
}

/* Two of one version: the later one gets its micro version, or a letter, too. */
static void tell_apart(const struct interpreters *interpreters, struct interpreter *later)
{
    char exact[INTERPRETER_NAME_MAX - 8], name[INTERPRETER_NAME_MAX];

    if (named(interpreters, later->name) == NULL) {
        return;
    }
    interpreter_name(&later->facts, true, exact, sizeof exact);
    snprintf(name, sizeof name, "%s", exact);
    for (char letter = 'b'; named(interpreters, name) != NULL; letter++) {
        snprintf(name, sizeof name, "%s-%c", exact, letter);
    }
    rename_interpreter(later, name);
}

/* One whose command names the same file, known before anything is started; or null. */
static const struct interpreter *same_command(const struct interpreters *interpreters,
                                              const char *command)
{
    char path[PATH_MAX], other[PATH_MAX];

    for (size_t i = 0; i < interpreters->length; i++) {
        if (child_find(command, path, sizeof path) &&
            child_find(interpreters->at[i]->command, other, sizeof other) &&
            strcmp(path, other) == 0) {
            return interpreters->at[i];
        }
    }
    return NULL;
}

static void tell_same(const char *command, const struct interpreter *same,
                      void (*tell)(const char *line))
{
    char line[256];

    snprintf(line, sizeof line, "interpreter left out: %.80s: it is the same as %.80s", command,
             same->command);
    tell(line);
}

static void add(struct interpreters *interpreters, struct interpreter *interpreter,
                void (*tell)(const char *line))
{
    const struct interpreter *same =
        same_executable(interpreters, interpreter->facts.executable);

    if (same != NULL) {
        tell_same(interpreter->command, same, tell);
        interpreter_close(interpreter);
        return;
    }
    tell_apart(interpreters, interpreter);
    interpreters->at[interpreters->length++] = interpreter;
    for (int m = 0; m < MODE_COUNT; m++) {
        if (guest_is_there(&interpreter->guests[m].variant)) {
            interpreters->guests[interpreters->guest_count++] = &interpreter->guests[m];
        }
    }
}

/* The words of the list lie in *words, owned by the caller, as long as their interpreters. */
static bool open_each(struct interpreters *interpreters, char *words, enum interpreter_use use,
                      void (*tell)(const char *line), struct error *error)
{
    char *rest = words;

    for (char *word; (word = strsep(&rest, ",")) != NULL;) {
        struct interpreter *interpreter;
        struct error why;
        char line[600];

        word += strspn(word, " ");
        const struct interpreter *same = same_command(interpreters, word);
        if (interpreters->length == INTERPRETERS_MAX) {
            snprintf(line, sizeof line, "%.80s left out: %d interpreters are the most", word,
                     INTERPRETERS_MAX);
            tell(line);
        } else if (same != NULL) {
            tell_same(word, same, tell);
        } else if (interpreter_open(&interpreter, word, use, &interpreter_limits, tell, &why)) {
            add(interpreters, interpreter, tell);
        } else if (why.exit_code > EXIT_SIGNALLED) {
            *error = why;
            return false;
        } else {
            snprintf(line, sizeof line, "interpreter left out: %s", why.text);
            tell(line);
        }
    }
    return true;
}

bool interpreters_is_list(const char *list)
{
    bool several = strchr(list, ',') != NULL;

    for (const char *at = list;; at++) {
        at += strspn(at, " ");
        size_t length = strcspn(at, ",");
        bool special =
            length == 4 && (strncmp(at, "auto", 4) == 0 || strncmp(at, "none", 4) == 0);
        if (length == 0 || (special && several)) {
            return false;
        }
        at += length;
        if (*at == '\0') {
            return true;
        }
    }
}

bool interpreters_open(struct interpreters *interpreters, const char *list,
                       enum interpreter_use use, void (*tell)(const char *line),
                       struct error *error)
{
    memset(interpreters, 0, sizeof *interpreters);
    if (!interpreters_is_list(list)) {
        /* --python was looked at when it was read. */
        return fail_usage(error,
                          "GILSCOPE_PYTHON=%.80s: takes auto, none, or interpreters between "
                          "commas",
                          list);
    }
    list += strspn(list, " ");
    if (strcmp(list, "none") == 0) {
        return true;
    }
    interpreters->words = strdup(strcmp(list, "auto") == 0 ? "python3" : list);
    return interpreters->words != NULL
               ? open_each(interpreters, interpreters->words, use, tell, error)
               : fail(error, "out of memory");
}

void interpreters_set_chunk(const struct interpreters *interpreters, struct settings *settings)
{
    if (settings->given & OPTION_CHUNK) {
        return;
    }
    for (size_t g = 0; g < interpreters->guest_count; g++) {
        const struct interpreter *each = interpreters->guests[g]->interpreter;
        if (each->facts.look_s > 0) {
            settings->ticks_chunk_s = each->facts.look_s;
            settings->ticks_chunk_of = each->name;
            return;
        }
    }
}

void interpreters_describe(const struct interpreters *interpreters, char *text, size_t size)
{
    size_t length = 0;

    text[0] = '\0';
    for (size_t i = 0; i < interpreters->length && length < size; i++) {
        const struct interpreter *each = interpreters->at[i];
        const struct interpreter_facts *facts = &each->facts;
        length +=
            (size_t)snprintf(text + length, size - length, "%s%s (%u.%u.%u)", i > 0 ? "; " : "",
                             each->name, facts->major, facts->minor, facts->micro);
    }
}

void interpreters_close(struct interpreters *interpreters)
{
    for (size_t i = 0; i < interpreters->length; i++) {
        interpreter_close(interpreters->at[i]);
    }
    free(interpreters->words);
    memset(interpreters, 0, sizeof *interpreters);
}
