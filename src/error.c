/* Errors as values: see error.h. */
#include "gilscope/error.h"

#include <stdarg.h>
#include <stdio.h>

static void fill(struct error *error, int exit_code, const char *format, va_list arguments)
    __attribute__((format(printf, 3, 0)));

static void fill(struct error *error, int exit_code, const char *format, va_list arguments)
{
    error->exit_code = exit_code;
    vsnprintf(error->text, sizeof error->text, format, arguments);
}

bool fail(struct error *error, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fill(error, EXIT_FAILED, format, arguments);
    va_end(arguments);
    return false;
}

bool fail_usage(struct error *error, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fill(error, EXIT_USAGE, format, arguments);
    va_end(arguments);
    return false;
}

bool fail_signal(struct error *error, int signal_number)
{
    error->exit_code = EXIT_SIGNALLED + signal_number;
    error->text[0] = '\0';
    return false;
}
