/* Errors as values: see error.h. */
#include "gilscope/error.h"

#include <stdarg.h>
#include <stdio.h>

void error_fill(struct error *error, int exit_code, const char *format, ...)
{
    va_list arguments;

    error->exit_code = exit_code;
    va_start(arguments, format);
    vsnprintf(error->text, sizeof error->text, format, arguments);
    va_end(arguments);
    /* One line it is, whatever names it quotes. */
    for (char *at = error->text; *at != '\0'; at++) {
        if ((unsigned char)*at < ' ' || *at == 0x7f) {
            *at = '?';
        }
    }
}
