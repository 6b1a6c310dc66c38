/* Sentences, gathered to be broken into lines. */
#ifndef GILSCOPE_OUTPUT_PARAGRAPH_H
#define GILSCOPE_OUTPUT_PARAGRAPH_H

#include "gilscope/terminal.h"

#include <stddef.h>

struct paragraph {
    size_t length;
    char text[1536];
};

/* Adds a printf text; what does not fit is cut off. */
void say(struct paragraph *paragraph, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Lines of at most 100 columns, fewer where the style has fewer, as far as words allow. */
void print_wrapped(const struct paragraph *paragraph, const struct style *style, FILE *to);

#endif
