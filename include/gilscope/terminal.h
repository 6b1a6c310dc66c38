/* What can be shown where: a stream's width, alphabet and colours; the progress line. */
#ifndef GILSCOPE_TERMINAL_H
#define GILSCOPE_TERMINAL_H

#include <stdbool.h>
#include <stdio.h>

/* How to write to a stream. */
struct style {
    bool utf8;        /* else ASCII alone */
    unsigned width;   /* columns; 80 where it is no terminal */
    const char *bold; /* escape sequences, or empty strings */
    const char *dim;
    const char *warn;
    const char *plain;
};

/* Colours only on a terminal, and never where NO_COLOR is set and not empty (no-color.org).
 * UTF-8 where the locale says so. */
struct style style_of(FILE *stream);
/* Between the two ends of a range: not a hyphen, since they may be negative. */
const char *style_dots(const struct style *style);

/* The line that says what is going on, on stderr. */
struct progress_line {
    bool shown; /* stderr is a terminal and nobody asked for quiet */
    bool drawn; /* something stands on the line */
    double next_s;
};

struct progress_line progress_line(bool quiet);
/* Draws "what" and a bar: done of total seconds. At most ten times a second. Between timed
 * regions only. */
void progress_draw(struct progress_line *line, const char *what, double done_s, double total_s);
/* Leaves the line empty for whoever writes next. */
void progress_clear(struct progress_line *line);

#endif
