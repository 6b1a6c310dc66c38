/* What the interpreters are, as they tell it, and which model each of their modes has. */
#include "gilscope/interpreter.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

static const char module_hint[] =
    "make builds it for one python3, where Cython and the Python headers are";

const struct interpreter_mode interpreter_modes[MODE_COUNT] = {
    {.name = "serial",
     .threads_are = "the main thread",
     .work = "all of it",
     .one_thread = true},
    {.name = "threads", .threads_are = "threading.Thread", .work = "its share"},
    {.name = "pool",
     .model = "pool",
     .threads_are = "multiprocessing.Pool",
     .work = "items of a list, by map",
     .startup_inside = true},
    {.name = "nogil",
     .model = "nogil",
     .threads_are = "threading.Thread",
     .work = "its share, in C, by Cython",
     .own_baseline = true,
     .hint = module_hint},
    {.name = "hold",
     .model = "hold",
     .threads_are = "threading.Thread",
     .work = "calls of a Cython function",
     .use = USE_CALLS,
     .hint = module_hint},
    {.name = "release",
     .model = "release",
     .threads_are = "threading.Thread",
     .work = "calls of a Cython function",
     .use = USE_CALLS,
     .hint = module_hint},
    {.name = "serve",
     .use = USE_SERVES,
     .threads_are = "threading.Thread",
     .work = "answers over loopback"},
};

const char *model_of(const struct interpreter_mode *mode, const struct interpreter_facts *facts)
{
    if (mode->model != NULL || mode->one_thread) {
        return mode->model;
    }
    if (!facts->gil) {
        return "nogil";
    }
    /* PyPy looks at its lock every so many ticks too, whatever version of Python it speaks. */
    bool by_time = facts->major > 3 || (facts->major == 3 && facts->minor >= 2);
    return strcmp(facts->implementation, "pypy") != 0 && by_time ? "gil" : "ticks";
}

void interpreter_name(const struct interpreter_facts *facts, bool exact, char *name,
                      size_t size)
{
    char micro[16] = "";

    if (exact) {
        snprintf(micro, sizeof micro, ".%u", facts->micro);
    }
    snprintf(name, size, "%s-%u.%u%s%s", facts->implementation, facts->major, facts->minor,
             micro, facts->free_threaded ? "t" : "");
}

/* The value of "name=" between tabs, in value[size]. */
static bool find_value(const char *line, const char *name, char *value, size_t size)
{
    size_t name_length = strlen(name);

    while (line != NULL) {
        line += *line == '\t';
        if (strncmp(line, name, name_length) == 0 && line[name_length] == '=') {
            const char *from = line + name_length + 1;
            snprintf(value, size, "%.*s", (int)strcspn(from, "\t"), from);
            return true;
        }
        line = strchr(line, '\t');
    }
    return false;
}

static bool find_flag(const char *line, const char *name, bool *flag)
{
    char value[4];

    if (!find_value(line, name, value, sizeof value) ||
        (strcmp(value, "0") != 0 && strcmp(value, "1") != 0)) {
        return false;
    }
    *flag = value[0] == '1';
    return true;
}

/* A time that may be missing. More than a second is none. */
static bool find_time(const char *line, const char *name, double *time_s)
{
    char value[32];
    int end = 0;

    *time_s = 0;
    return !find_value(line, name, value, sizeof value) ||
           (strspn(value, "0123456789.") == strlen(value) &&
            sscanf(value, "%lf%n", time_s, &end) == 1 && value[end] == '\0' && *time_s <= 1);
}

/* It becomes part of a name in files and lists: letters and digits, in lower case. */
static bool clean_word(char *word)
{
    for (char *at = word; *at != '\0'; at++) {
        if (!isalnum((unsigned char)*at)) {
            return false;
        }
        *at = (char)tolower((unsigned char)*at);
    }
    return *word != '\0';
}

bool interpreter_read_hello(const char *line, const char *mode, struct interpreter_facts *facts,
                            char *why, size_t why_size)
{
    char version[32], protocol[4];
    int end = 0;

    memset(facts, 0, sizeof *facts);
    return find_value(line, "gilscope", protocol, sizeof protocol) &&
           strcmp(protocol, "1") == 0 &&
           find_value(line, "implementation", facts->implementation,
                      sizeof facts->implementation) &&
           clean_word(facts->implementation) &&
           find_value(line, "version", version, sizeof version) &&
           strspn(version, "0123456789.") == strlen(version) && /* %u takes a sign, too */
           sscanf(version, "%3u.%3u.%3u%n", &facts->major, &facts->minor, &facts->micro,
                  &end) == 3 &&
           version[end] == '\0' && find_flag(line, "free_threaded", &facts->free_threaded) &&
           find_flag(line, "gil", &facts->gil) && find_flag(line, "binds", &facts->binds) &&
           find_value(line, "executable", facts->executable, sizeof facts->executable) &&
           find_time(line, "look_s", &facts->look_s) && find_value(line, mode, why, why_size);
}
