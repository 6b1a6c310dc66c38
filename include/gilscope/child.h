/* A program started as a child that is asked a line and answers a line. It has a process group
 * of its own, which ends with it, and does not outlive us. One child is used by one thread. */
#ifndef GILSCOPE_CHILD_H
#define GILSCOPE_CHILD_H

#include "gilscope/error.h"

#include <stddef.h>
#include <sys/types.h>

enum { CHILD_LINE_MAX = 8192, CHILD_WORDS_MAX = 256 };

struct child {
    pid_t pid; /* 0: none */
    int to;    /* its standard input */
    int from;  /* its standard output */
    int words; /* its standard error */
    size_t length, last_length;
    char line[CHILD_LINE_MAX];   /* what it has said of its next answer */
    char first[CHILD_WORDS_MAX]; /* as `last`, but the first */
    char last[CHILD_WORDS_MAX];  /* the last line that it has written to standard error, as it
 came */
};

/* No child: what child_end leaves behind. */
extern const struct child no_child;

/* The file that a command names, in path[size]: the command itself where it has a slash, else the
 * first of that name on the PATH that can be run. False: there is none. */
bool child_find(const char *command, char *path, size_t size);

/* Starts argv[0], looked for on the PATH where it has no slash, by fork and exec. What is
 * no executable is not given to a shell. The child is
 * the caller's, to be given to child_end. Call it from the thread that lives longest: the system
 * kills the child when that thread ends. Errors: no such program, no processes, no pipes; *child
 * is then no_child. */
bool child_start(struct child *child, char *const argv[], struct error *error);

/* Sends the question (text with its newline; null: only listens) and waits for a line, which it
 * writes to answer[size] without the newline, cleaned (text.h): what it says may be shown on a
 * terminal. Errors, each with what the child said last on its
 * standard error: no answer within limit_s, the end of the child, a line longer than
 * CHILD_LINE_MAX, a zero byte; and a signal (fail_signal). After an error only child_end makes
 * sense. */
bool child_ask(struct child *child, const char *question, char *answer, size_t size,
               double limit_s, struct error *error);

/* The same for a question whose answer takes long: calls look(context) several times a second
 * meanwhile, for whatever may end its work early. */
bool child_ask_looking(struct child *child, const char *question, char *answer, size_t size,
                       double limit_s, void (*look)(void *context), void *context,
                       struct error *error);

/* Ends the child and its whole process group (SIGKILL) and waits for it. Twice is fine. */
void child_end(struct child *child);

#endif
