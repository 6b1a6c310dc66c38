/* What an interpreter writes to its pipe, taken for whatever is waited for: the line that it begins
 * with, the answer to a job, the answer of a convoy's server. The bytes come through real pipes, as
 * the child's standard output and error; then it has ended.
 *
 * Input: what is waited for and how much of the rest is standard error, a byte each; the rest. */
#include "fuzz.h"

#include "gilscope/convoy.h"
#include "gilscope/interpreter.h"

#include "../../src/interpreters/job.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <unistd.h>

enum { HELLO, JOB, SERVE, WAITED_FOR, COUNT = 1000 };

/* A pipe with the bytes in it, whose other end is closed. */
static int pipe_of(const uint8_t *data, size_t size)
{
    int ends[2];

    PROMISE(pipe2(ends, O_CLOEXEC | O_NONBLOCK) == 0);
    PROMISE(write(ends[1], data, size) == (ssize_t)size);
    close(ends[1]);
    return ends[0];
}

/* A child that takes every question, said all that, and has ended. */
static void speak(struct child *child, const uint8_t *data, size_t size, size_t of_error)
{
    memset(child, 0, sizeof *child);
    child->words = pipe_of(data, of_error);
    child->from = pipe_of(data + of_error, size - of_error);
    child->to = open("/dev/null", O_WRONLY | O_CLOEXEC);
    PROMISE(child->to >= 0);
}

static void check_error(const struct error *error)
{
    PROMISE(error->exit_code == EXIT_FAILED && error->text[0] != '\0');
    PROMISE(strlen(error->text) < sizeof error->text && is_one_line(error->text));
}

/* A name stands in files and lists. */
static void check_hello(const char *line, const char *mode)
{
    struct interpreter_facts facts;
    char why[160], name[INTERPRETER_NAME_MAX];

    if (!interpreter_read_hello(line, mode, &facts, why, sizeof why)) {
        return;
    }
    PROMISE(facts.major <= 999 && facts.minor <= 999 && facts.micro <= 999);
    PROMISE(strlen(facts.executable) < sizeof facts.executable && strlen(why) < sizeof why);
    interpreter_name(&facts, true, name, sizeof name);
    PROMISE(strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789.-") == strlen(name));
    PROMISE(strlen(name) < sizeof name - 8); /* what tells two of a name apart has to fit */
}

static void hear_hello(struct interpreter *interpreter)
{
    struct guest *guest = &interpreter->guests[0];
    char hello[CHILD_LINE_MAX];
    struct error error = {EXIT_DONE, ""};

    if (!child_ask(&guest->child, NULL, hello, sizeof hello, 1, &error)) {
        check_error(&error);
        return;
    }
    PROMISE(strlen(hello) < sizeof hello && strchr(hello, '\n') == NULL);
    PROMISE(strchr(hello, '\x1b') == NULL && strchr(hello, '\r') == NULL);
    for (int m = 0; m < MODE_COUNT; m++) {
        check_hello(hello, interpreter_modes[m].name);
    }
}

static void hear_answer(struct interpreter *interpreter)
{
    struct guest *guest = &interpreter->guests[1];
    struct worker workers[2];
    struct run run = {
        .variant = &guest->variant, .threads = 2, .count = COUNT, .workers = workers};
    struct error error = {EXIT_DONE, ""};

    memset(workers, 0, sizeof workers);
    /* More than one answer may lie there: as many jobs. */
    for (int job = 0; job < 3; job++) {
        if (!guest_run(&run, &error)) {
            check_error(&error);
            PROMISE(strstr(error.text, "not asked again") != NULL || strlen(error.text) > 300);
            PROMISE(!guest_is_there(&guest->variant));
            return;
        }
        PROMISE(workers[0].done == COUNT && workers[0].end_s > workers[0].start_s);
        PROMISE(workers[0].usage_at_end.cpu_s >= 0 && isfinite(workers[0].usage_at_end.cpu_s));
        PROMISE(workers[0].usage_at_end.voluntary_switches <= INT64_MAX); /* no "-1" */
        PROMISE(isnan(run.startup_s) || (run.startup_s >= 0 && run.startup_s < 1));
        PROMISE(guest->unit_s > 0 && isfinite(guest->unit_s));
    }
}

static void hear_server(struct interpreter *interpreter)
{
    static struct convoy_client *client;
    struct convoy_setup setup = {.hogs = 1, .demand = {.time_s = 1e-3}};
    struct convoy_outcome outcome;
    struct error error = {EXIT_DONE, ""};

    PROMISE(client != NULL || convoy_client_open(&client, &error));
    if (!convoy_run_guest(&interpreter->guests[2], &setup, client, &outcome, &error)) {
        check_error(&error);
        PROMISE(interpreter->lost);
        return;
    }
    PROMISE(outcome.hogs_rate_per_s >= 0 && isfinite(outcome.hogs_rate_per_s));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static void (*const hear[WAITED_FOR])(struct interpreter *) = {hear_hello, hear_answer,
                                                                   hear_server};
    static struct interpreter interpreter;

    if (size < 2 || size > 32768) {
        return -1;
    }
    int what = data[0] % WAITED_FOR;
    size_t rest = size - 2, of_error = rest * data[1] / 256;

    memset(&interpreter, 0, sizeof interpreter);
    snprintf(interpreter.name, sizeof interpreter.name, "cpython-3.11");
    interpreter.limits = (struct interpreter_limits){1, 1};
    for (int m = 0; m < MODE_COUNT; m++) {
        struct guest *guest = &interpreter.guests[m];
        guest->mode = &interpreter_modes[m];
        guest->interpreter = &interpreter;
        guest->child = no_child;
        guest->variant = (struct variant){.context = guest};
        snprintf(guest->name, sizeof guest->name, "cpython-3.11/%s", guest->mode->name);
    }
    speak(&interpreter.guests[what].child, data + 2, rest, of_error);
    hear[what](&interpreter);
    for (int m = 0; m < MODE_COUNT; m++) {
        child_end(&interpreter.guests[m].child);
    }
    return 0;
}
