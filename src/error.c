/* Errors as values: see error.h. */
#include "gilscope/error.h"

#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Where it is too long, which takes a long path, its middle is left out: what failed stands before
 * that, and why and what to do behind it. */
static void shorten(char *text, size_t size, const char *whole)
{
    size_t length = strlen(whole), tail = size / 2;

    if (length < size) {
        memcpy(text, whole, length + 1);
    } else {
        snprintf(text, size, "%.*s...%s", (int)(size - tail - 4), whole, whole + length - tail);
    }
}

void error_fill(struct error *error, int exit_code, const char *format, ...)
{
    va_list arguments;
    char whole[PATH_MAX + sizeof error->text];

    error->exit_code = exit_code;
    va_start(arguments, format);
    vsnprintf(whole, sizeof whole, format, arguments);
    va_end(arguments);
    shorten(error->text, sizeof error->text, whole);
    /* One line it is, whatever names it quotes. */
    for (char *at = error->text; *at != '\0'; at++) {
        if ((unsigned char)*at < ' ' || *at == 0x7f) {
            *at = '?';
        }
    }
}
