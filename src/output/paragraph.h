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
/* Behind `indent` columns that stand there already; its further lines begin there, too. */
void paragraph_print_at(const struct paragraph *paragraph, unsigned indent,
                        const struct style *style, FILE *to);
/* One paragraph of printf text, in one of the colours of the style. */
__attribute__((format(printf, 4, 5))) void paragraph_tell(const char *colour,
                                                          const struct style *style, FILE *to,
                                                          const char *format, ...);

/* A line as it is, without the blanks at its end: they could make a line more of a narrow terminal. */
void line_print(const struct paragraph *line, FILE *to);

/* A legend: items[n] side by side, dim, in as many lines as it takes; none is broken. */
void items_print(const char *const *items, size_t n, unsigned indent, const struct style *style,
                 FILE *to);

#endif
