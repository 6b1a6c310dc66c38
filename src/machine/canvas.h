/* What drawings for a terminal are made of: lines of text cut to a width, and boxes in boxes
 * around them, in UTF-8 or in ASCII. */
#ifndef GILSCOPE_MACHINE_CANVAS_H
#define GILSCOPE_MACHINE_CANVAS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* One line being composed, empty where it is {0}; what is beyond its end is dropped. */
struct text {
    char bytes[1024];
    size_t length;
};

/* Where lines go. A line's depth is the number of boxes around it. */
struct canvas {
    FILE *to; /* null: only measure */
    bool utf8;
    unsigned width;  /* columns of the outermost boxes */
    unsigned needed; /* columns that the widest line so far fills */
    unsigned lines;  /* so far */
};

/* Appends a printf text. */
void text_add(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Appends a box one line high to three lines: title in its top, content in its middle, both
 * at most `columns` columns wide. */
void text_add_box(struct text lines[3], const struct canvas *canvas, const char *title,
                  const char *content, unsigned columns);

/* The columns that the text takes. */
unsigned text_columns(const struct text *text);

/* What stands between two things in a line: a dot or a comma, and blanks. */
const char *canvas_dot(const struct canvas *canvas);

/* The columns of a line at that depth, at least 1. */
unsigned canvas_room(const struct canvas *canvas, unsigned depth);

/* Writes a line; the text is cut off to the room, and says so. */
void canvas_line(struct canvas *canvas, unsigned depth, struct text *text);

/* Opens a box with a title, which is cut off like a line. Its lines have depth + 1. */
void canvas_open_box(struct canvas *canvas, unsigned depth, struct text *title);

/* Closes a box that was opened at this depth. */
void canvas_close_box(struct canvas *canvas, unsigned depth);

#endif
