/* Starting one interpreter, a process a mode: see interpreter.h. */
#include "job.h"

#include "gilscope/text.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const struct interpreter_limits interpreter_limits = {.start_s = 20, .job_s = 10};

/* Where the Cython module may lie: built beside the program, or installed with it. */
static const char *const module_folders[] = {"/.build/python", "/../share/gilscope/python"};
enum { FOLDERS = sizeof module_folders / sizeof *module_folders };

/* The folder of this program, in folder[size]; empty where the system does not tell. */
static void own_folder(char *folder, size_t size)
{
    ssize_t length = readlink("/proc/self/exe", folder, size - 1);

    folder[length > 0 ? length : 0] = '\0';
    char *name = strrchr(folder, '/');
    if (name != NULL) {
        *name = '\0';
    }
}

static bool start(struct guest *guest, char *hello, size_t size, struct error *error)
{
    char own[PATH_MAX], folders[FOLDERS][PATH_MAX + 32];
    /* exec takes strings that it does not change as char *. */
    const unsigned char *script =
        guest->mode->use == USE_SERVES ? python_convoy : python_countdown;
    char *argv[5 + FOLDERS + 1] = {(char *)guest->interpreter->command, (char *)"-c",
                                   (char *)script, (char *)guest->mode->name};

    own_folder(own, sizeof own);
    for (int i = 0; i < FOLDERS; i++) {
        snprintf(folders[i], sizeof folders[i], "%s%s", own, module_folders[i]);
        argv[4 + i] = folders[i];
    }
    return child_start(&guest->child, argv, error) &&
           child_ask(&guest->child, NULL, hello, size, guest->interpreter->limits.start_s,
                     error);
}

static void make_variant(struct guest *guest)
{
    const struct interpreter *interpreter = guest->interpreter;
    const char *model = model_of(guest->mode, &interpreter->facts);

    snprintf(guest->name, sizeof guest->name, "%s/%s", interpreter->name, guest->mode->name);
    guest->variant = (struct variant){
        .name = guest->name,
        .threads_are = guest->mode->threads_are,
        .work = guest->mode->work,
        .lock = model != NULL ? model : "none: the baseline",
        .one_thread = guest->mode->one_thread,
        .startup_inside = guest->mode->startup_inside,
        .calls = guest->mode->use == USE_CALLS,
        /* Threads that wake together share a core until the load balancer parts them, tens of
         * milliseconds later, and the article's threads are not pinned. */
        .least_s = 250e-3,
        .context = guest,
        .run = guest_run,
    };
}

/* "cpython-3.11/nogil left out: WHY (HINT)": the hint helps only against a missing module. */
static void tell_lacking(const struct guest *guest, const char *why,
                         void (*tell)(const char *line))
{
    const char *hint = strstr(why, "No module named") != NULL ? guest->mode->hint : NULL;
    char line[512];

    snprintf(line, sizeof line, "%s/%s left out: %s%s%s%s", guest->interpreter->name,
             guest->mode->name, why, hint != NULL ? " (" : "", hint != NULL ? hint : "",
             hint != NULL ? ")" : "");
    text_clean(line);
    tell(line);
}

/* Starts the process of one mode. False where the interpreter is no good; a mode that it lacks is
 * told, and has no process. */
static bool open_mode(struct interpreter *interpreter, int m, void (*tell)(const char *line),
                      struct error *error)
{
    struct guest *guest = &interpreter->guests[m];
    struct interpreter_facts facts;
    char hello[CHILD_LINE_MAX], why[160];

    if (!start(guest, hello, sizeof hello, error)) {
        return false;
    }
    if (!interpreter_read_hello(hello, guest->mode->name, &facts, why, sizeof why)) {
        return fail(error, "is no Python: it answers with '%.60s'", hello);
    }
    /* The first process tells: a module that a later one imports may turn the GIL on there. */
    if (interpreter->name[0] == '\0') {
        interpreter->facts = facts;
    }
    interpreter_name(&interpreter->facts, false, interpreter->name, sizeof interpreter->name);
    if (strcmp(why, "ok") != 0) {
        child_end(&guest->child);
        tell_lacking(guest, why, tell);
    }
    return true;
}

bool interpreter_open(struct interpreter **out, const char *command, enum interpreter_use use,
                      const struct interpreter_limits *limits, void (*tell)(const char *line),
                      struct error *error)
{
    struct interpreter *interpreter = calloc(1, sizeof *interpreter);
    struct error why;

    *out = NULL;
    if (interpreter == NULL) {
        return fail(error, "out of memory");
    }
    interpreter->command = command;
    interpreter->limits = *limits;
    for (int m = 0; m < MODE_COUNT; m++) {
        interpreter->guests[m] = (struct guest){
            .interpreter = interpreter, .mode = &interpreter_modes[m], .child = no_child};
    }
    for (int m = 0; m < MODE_COUNT; m++) {
        if (interpreter_modes[m].use != use || open_mode(interpreter, m, tell, &why)) {
            continue;
        }
        interpreter_close(interpreter);
        if (interrupted()) {
            return fail_signal(error, interrupted());
        }
        text_clean(why.text);
        return fail(error, "%.80s: %s", command, why.text);
    }
    for (int m = 0; m < MODE_COUNT; m++) {
        make_variant(&interpreter->guests[m]);
    }
    *out = interpreter;
    return true;
}

void interpreter_close(struct interpreter *interpreter)
{
    for (int m = 0; interpreter != NULL && m < MODE_COUNT; m++) {
        child_end(&interpreter->guests[m].child);
    }
    free(interpreter);
}
