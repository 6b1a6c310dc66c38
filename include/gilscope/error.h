/* Errors are values: a function that can fail returns false and fills one of these; main
 * prints it once, as one line. The line says what failed, where, and what to do. */
#ifndef GILSCOPE_ERROR_H
#define GILSCOPE_ERROR_H

#include <stdbool.h>

/* Exit codes of the program, also 128 + N when signal N ended it. */
enum { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2, EXIT_SIGNALLED = 128 };

struct error {
    int exit_code;  /* what main returns; EXIT_DONE while nothing failed */
    char text[512]; /* one line, without a newline; cut off where it is longer */
};

/* Fills *error (never null) with EXIT_FAILED and the text. Returns false always, so that a
 * caller writes `return fail(error, ...)`. Thread-safe for different errors. */
bool fail(struct error *error, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The same with EXIT_USAGE: the command line or the input that it names is wrong. */
bool fail_usage(struct error *error, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The same with the exit code of a program ended by that signal, and no text: whoever sent
 * the signal knows. */
bool fail_signal(struct error *error, int signal_number);

#endif
