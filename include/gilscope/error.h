/* Errors are values: a function that can fail returns false and fills one of these; main
 * prints it once, as one line. The line says what failed, where, and what to do. */
#ifndef GILSCOPE_ERROR_H
#define GILSCOPE_ERROR_H

#include <stdbool.h>

/* Exit codes of the program, also 128 + N when signal N ended it. */
enum { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2, EXIT_SIGNALLED = 128 };

struct error {
    int exit_code;  /* what main returns; EXIT_DONE while nothing failed */
    char text[512]; /* one line, without a newline; its middle is left out where it is longer */
};

/* Fills *error (never null) with an exit code and a printf text. Thread-safe for different
 * errors. */
void error_fill(struct error *error, int exit_code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* fail(error, format, ...): something did not work. Is false, so that a caller writes
 * `return fail(error, ...)`. Macros, so that static analysers see that it is false. */
#define fail(error, ...) (error_fill(error, EXIT_FAILED, __VA_ARGS__), false)

/* The same where the command line, or the input that it names, is wrong. */
#define fail_usage(error, ...) (error_fill(error, EXIT_USAGE, __VA_ARGS__), false)

/* The same with the exit code of a program ended by that signal, and no text: whoever sent
 * the signal knows. */
#define fail_signal(error, signal_number)                                                      \
    (error_fill(error, EXIT_SIGNALLED + (signal_number), "%s", ""), false)

#endif
