/* Sentences, gathered to be broken into lines. */
#ifndef GILSCOPE_OUTPUT_PARAGRAPH_H
#define GILSCOPE_OUTPUT_PARAGRAPH_H

#include "gilscope/terminal.h"

#include <stddef.h>
#include <stdio.h>

/* Begins as {0, ""}. */
struct paragraph {
    size_t length;
    char text[1536];
};

/* Adds printf text; what does not fit is cut off. */
__attribute__((format(printf, 2, 3))) void say(struct paragraph *paragraph, const char *format,
                                               ...);

/* In lines of at most the stream's width, and 100 columns, as far as words allow. */
void paragraph_print(const struct paragraph *paragraph, const struct style *style, FILE *to);

#endif
