/* Children that are asked and answer: see child.h. */
#include "gilscope/child.h"

#include "gilscope/clock.h"
#include "gilscope/interrupt.h"
#include "gilscope/pauses.h"
#include "gilscope/text.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* How often the parent looks up from its wait, in case a signal came just before it. */
enum { LOOK_UP_MS = 200 };

const struct child no_child = {.to = -1, .from = -1, .words = -1};

/* The ends of the pipes, as the child has them, and the one that tells why exec failed. */
struct pipes {
    int in[2], out[2], err[2], exec[2];
};

static void close_end(int *end)
{
    if (*end >= 0) {
        close(*end);
        *end = -1;
    }
}

static void close_pipes(struct pipes *pipes)
{
    int *all[] = {pipes->in, pipes->out, pipes->err, pipes->exec};

    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        close_end(&all[i][0]);
        close_end(&all[i][1]);
    }
}

/* Any of the four may come out as 0, 1 or 2 where our caller closed those: copies above them. */
static bool open_pipe(int ends[2])
{
    int low[2];

    if (pipe2(low, O_CLOEXEC) != 0) {
        return false;
    }
    ends[0] = fcntl(low[0], F_DUPFD_CLOEXEC, 3);
    ends[1] = fcntl(low[1], F_DUPFD_CLOEXEC, 3);
    close(low[0]);
    close(low[1]);
    return ends[0] >= 0 && ends[1] >= 0;
}

static bool is_program(const char *path)
{
    struct stat file;

    return stat(path, &file) == 0 && S_ISREG(file.st_mode) && access(path, X_OK) == 0;
}

bool child_find(const char *command, char *path, size_t size)
{
    const char *folders = getenv("PATH");

    if (strchr(command, '/') != NULL) {
        return (size_t)snprintf(path, size, "%s", command) < size;
    }
    while (*command != '\0' && folders != NULL) {
        int length = (int)strcspn(folders, ":");
        /* An empty one is the current folder. */
        int needs = snprintf(path, size, "%.*s/%s", length > 0 ? length : 1,
                             length > 0 ? folders : ".", command);
        if ((size_t)needs < size && is_program(path)) {
            return true;
        }
        folders = folders[length] == ':' ? folders + length + 1 : NULL;
    }
    return false;
}

/* The child after fork: signals as a program expects them, then the program. */
static _Noreturn void become(const char *path, char *const argv[], const struct pipes *pipes,
                             pid_t parent)
{
    static const int ours[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE, SIGXFSZ};
    sigset_t none;

    for (size_t i = 0; i < sizeof ours / sizeof *ours; i++) {
        signal(ours[i], SIG_DFL);
    }
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    setpgid(0, 0);
    /* The promise survives exec. */
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent) {
        _exit(EXIT_FAILED);
    }
    if (dup2(pipes->in[0], STDIN_FILENO) >= 0 && dup2(pipes->out[1], STDOUT_FILENO) >= 0 &&
        dup2(pipes->err[1], STDERR_FILENO) >= 0) {
        execv(path, argv);
    }
    int reason = errno;
    ssize_t told = write(pipes->exec[1], &reason, sizeof reason);
    _exit(told > 0 ? EXIT_FAILED : EXIT_USAGE);
}

/* Why exec failed, or 0: the pipe closes by itself when it succeeds. */
static int exec_failure(const struct pipes *pipes)
{
    int reason = 0;
    ssize_t length;

    do {
        length = read(pipes->exec[0], &reason, sizeof reason);
    } while (length < 0 && errno == EINTR);
    return length == (ssize_t)sizeof reason ? reason : 0;
}

bool child_start(struct child *child, char *const argv[], struct error *error)
{
    struct pipes pipes = {{-1, -1}, {-1, -1}, {-1, -1}, {-1, -1}};
    pid_t parent = getpid();
    char path[PATH_MAX];

    *child = no_child;
    if (!child_find(argv[0], path, sizeof path)) {
        return fail(error, "cannot run it: %s", strerror(ENOENT));
    }
    if (!open_pipe(pipes.in) || !open_pipe(pipes.out) || !open_pipe(pipes.err) ||
        !open_pipe(pipes.exec)) {
        int reason = errno;
        close_pipes(&pipes);
        return fail(error, "no pipes for it: %s (ulimit -n?)", strerror(reason));
    }
    pid_t pid = fork();
    if (pid == 0) {
        become(path, argv, &pipes, parent);
    }
    if (pid < 0) {
        int reason = errno;
        close_pipes(&pipes);
        return fail(error, "cannot fork: %s (ulimit -u?)", strerror(reason));
    }
    setpgid(pid, pid); /* here too: child_end must not come before the child's own call */
    close_end(&pipes.exec[1]);
    int reason = exec_failure(&pipes);
    *child = no_child;
    child->pid = pid;
    child->to = pipes.in[1];
    child->from = pipes.out[0];
    child->words = pipes.err[0];
    pipes.in[1] = pipes.out[0] = pipes.err[0] = -1;
    close_pipes(&pipes);
    fcntl(child->to, F_SETFL, O_NONBLOCK);
    fcntl(child->from, F_SETFL, O_NONBLOCK);
    fcntl(child->words, F_SETFL, O_NONBLOCK);
    if (reason != 0) {
        child_end(child);
        return fail(error, "cannot run it: %s",
                    reason == ENOEXEC ? "it is not an executable"
                    : reason == ENOENT && access(path, F_OK) == 0
                        ? "what its first line (#!) names is not there"
                        : strerror(reason));
    }
    return true;
}

void child_end(struct child *child)
{
    if (child->pid > 0) {
        /* The group before the child is waited for: until then nobody else can have its number.
         * And the child by its own number, should it have left the group. */
        kill(-child->pid, SIGKILL);
        kill(child->pid, SIGKILL);
        while (waitpid(child->pid, NULL, 0) < 0 && errno == EINTR) {
            /* A signal is looked at by whoever asks. */
        }
    }
    close_end(&child->to);
    close_end(&child->from);
    close_end(&child->words);
    child->pid = 0;
}

/* Reads what is there of standard error, and keeps the first and the last line that are not
 * empty. */
static void hear_words(struct child *child)
{
    char text[1024];
    ssize_t n = read(child->words, text, sizeof text);

    if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) {
        close_end(&child->words);
    }
    for (ssize_t i = 0; i < n; i++) {
        /* A line begins where the one before was ended, marked by a length of 0. */
        if (text[i] == '\n') {
            if (child->first[0] == '\0') {
                memcpy(child->first, child->last, sizeof child->first);
            }
            child->last_length = 0;
        } else if (child->last_length < sizeof child->last - 1) {
            child->last[child->last_length++] = text[i] == '\0' ? '?' : text[i];
            child->last[child->last_length] = '\0';
        }
    }
}

/* What a shell ends with that did not find a command: as the shims of pyenv do, where the version
 * is not chosen. */
enum { NOT_FOUND = 127 };

/* ": what it said last", or nothing; of who did not find a command what it said first, for advice
 * follows. In text[size]. Who never stops talking is not listened to for ever. */
static const char *last_words(struct child *child, int exit_code, char *text, size_t size)
{
    struct pollfd ear = {.fd = child->words, .events = POLLIN};

    for (int i = 0; i < 64 && child->words >= 0 && poll(&ear, 1, 0) > 0; i++) {
        hear_words(child);
        ear.fd = child->words;
    }
    const char *words =
        exit_code == NOT_FOUND && child->first[0] != '\0' ? child->first : child->last;
    text[0] = '\0';
    if (words[0] != '\0') {
        text[0] = ':';
        text[1] = ' ';
        strncpy(text + 2, words, size - 3);
        text[size - 1] = '\0';
        text_clean(text);
    }
    return text;
}

/* It has closed its standard output: how did it end? */
static bool ended(struct child *child, struct error *error)
{
    char words[CHILD_WORDS_MAX + 4];
    siginfo_t how = {0};

    /* What closes its output without ending is as good as gone; it is given a moment. */
    for (int i = 0; i < 10 && how.si_pid == 0; i++) {
        if (waitid(P_PID, (id_t)child->pid, &how, WEXITED | WNOHANG | WNOWAIT) != 0) {
            break;
        }
        if (how.si_pid == 0) {
            poll(NULL, 0, 10);
        }
    }
    last_words(child, how.si_code == CLD_EXITED ? how.si_status : 0, words, sizeof words);
    if (how.si_pid == 0) {
        return fail(error, "closed its standard output%s", words);
    }
    return fail(error, "ended (%s %d)%s", how.si_code == CLD_EXITED ? "exit code" : "signal",
                how.si_status, words);
}

/* Takes a complete line out of what was heard. False: there is none yet. */
static bool take_line(struct child *child, char *answer, size_t size)
{
    char *end = memchr(child->line, '\n', child->length);

    if (end == NULL) {
        return false;
    }
    size_t length = (size_t)(end - child->line), kept = length < size ? length : size - 1;
    memcpy(answer, child->line, kept);
    answer[kept] = '\0';
    text_clean(answer);
    child->length -= length + 1;
    memmove(child->line, end + 1, child->length);
    return true;
}

/* Reads what is there of standard output. */
static bool hear_answer(struct child *child, struct error *error)
{
    ssize_t n =
        read(child->from, child->line + child->length, sizeof child->line - child->length);

    if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
        return true;
    }
    if (n <= 0) {
        return ended(child, error);
    }
    if (memchr(child->line + child->length, '\0', (size_t)n) != NULL) {
        return fail(error, "answered with something that is no text");
    }
    child->length += (size_t)n;
    if (child->length == sizeof child->line &&
        memchr(child->line, '\n', child->length) == NULL) {
        return fail(error, "answered with a line of more than %d bytes", CHILD_LINE_MAX);
    }
    return true;
}

/* Writes what the pipe takes of the question. */
static bool speak(struct child *child, const char **question, struct error *error)
{
    ssize_t n = write(child->to, *question, strlen(*question));

    if (n < 0 && errno != EAGAIN && errno != EINTR) {
        return ended(child, error);
    }
    *question += n > 0 ? n : 0;
    return true;
}

bool child_ask_looking(struct child *child, const char *question, char *answer, size_t size,
                       double limit_s, void (*look)(void *context), void *context,
                       struct error *error)
{
    double deadline_s = clock_now() + limit_s;
    const char *left = question != NULL ? question : "";
    char words[CHILD_WORDS_MAX + 4];

    if (question != NULL && child->length > 0) {
        return fail(error, "said something without being asked");
    }
    while (!take_line(child, answer, size)) {
        struct pollfd ends[] = {{.fd = child->from, .events = POLLIN},
                                {.fd = child->words, .events = POLLIN},
                                {.fd = *left != '\0' ? child->to : -1, .events = POLLOUT}};
        double wait_ms = (deadline_s - clock_now()) * 1000;

        look(context);
        if (interrupted()) {
            return fail_signal(error, interrupted());
        }
        /* Past the deadline once more without waiting: it may be us who slept. */
        bool late = wait_ms <= 0;
        int patience_ms = wait_ms < LOOK_UP_MS ? (int)wait_ms + 1 : LOOK_UP_MS;
        int heard = poll(ends, 3, late ? 0 : patience_ms);
        if (late && (heard <= 0 || ends[0].revents == 0)) {
            return fail(error, "no answer within %.0f s%s", limit_s,
                        last_words(child, 0, words, sizeof words));
        }
        if (heard <= 0) {
            continue;
        }
        if (ends[1].revents != 0) {
            hear_words(child);
        }
        if ((ends[0].revents != 0 && !hear_answer(child, error)) ||
            (ends[2].revents != 0 && !speak(child, &left, error))) {
            return false;
        }
    }
    pauses_look_at(child->pid);
    return true;
}

static void look_at_nothing(void *context)
{
    (void)context;
}

bool child_ask(struct child *child, const char *question, char *answer, size_t size,
               double limit_s, struct error *error)
{
    return child_ask_looking(child, question, answer, size, limit_s, look_at_nothing, NULL,
                             error);
}
