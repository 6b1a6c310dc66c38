/* Lines and boxes: see canvas.h. */
#include "canvas.h"

#include <stdarg.h>

/* The columns that each box around a line takes: "| " and " |". */
enum { BORDERS = 4 };

struct glyphs {
    const char *top_left, *top_right, *bottom_left, *bottom_right;
    const char *dash, *bar, *dot, *more;
};

static const struct glyphs *glyphs_of(const struct canvas *canvas)
{
    static const struct glyphs ascii = {"+", "+", "+", "+", "-", "|", ", ", "..."};
    static const struct glyphs utf8 = {"┌", "┐", "└", "┘", "─", "│", " · ", "…"};
    return canvas->utf8 ? &utf8 : &ascii;
}

/* Text. */

void text_add(struct text *text, const char *format, ...)
{
    size_t room = sizeof text->bytes - text->length;
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(text->bytes + text->length, room, format, arguments);
    va_end(arguments);
    if (length > 0) {
        text->length += (size_t)length < room ? (size_t)length : room - 1;
    }
}

static void add_times(struct text *text, const char *piece, unsigned times)
{
    while (times-- > 0) {
        text_add(text, "%s", piece);
    }
}

static bool starts_character(char byte)
{
    return ((unsigned char)byte & 0xc0) != 0x80; /* not inside a UTF-8 character */
}

static unsigned columns_of(const char *text)
{
    unsigned count = 0;
    for (; *text != '\0'; text++) {
        count += starts_character(*text);
    }
    return count;
}

unsigned text_columns(const struct text *text)
{
    return columns_of(text->bytes);
}

void text_add_box(struct text lines[3], const struct canvas *canvas, const char *title,
                  const char *content, unsigned columns)
{
    const struct glyphs *glyphs = glyphs_of(canvas);
    text_add(&lines[0], "%s %s ", glyphs->top_left, title);
    add_times(&lines[0], glyphs->dash, columns - columns_of(title));
    text_add(&lines[0], "%s", glyphs->top_right);
    text_add(&lines[1], "%s %s ", glyphs->bar, content);
    add_times(&lines[1], " ", columns - columns_of(content));
    text_add(&lines[1], "%s", glyphs->bar);
    text_add(&lines[2], "%s", glyphs->bottom_left);
    add_times(&lines[2], glyphs->dash, columns + 2);
    text_add(&lines[2], "%s", glyphs->bottom_right);
}

/* Cuts the text off where it is longer than the columns, and says so. */
static void fit(const struct canvas *canvas, struct text *text, unsigned columns)
{
    if (text_columns(text) <= columns) {
        return;
    }
    const char *more = glyphs_of(canvas)->more;
    unsigned keep = columns > columns_of(more) ? columns - columns_of(more) : 0;
    size_t end = 0;
    for (unsigned seen = 0; text->bytes[end] != '\0'; end++) {
        seen += starts_character(text->bytes[end]);
        if (seen > keep) {
            break;
        }
    }
    text->length = end;
    text_add(text, "%s", more);
}

/* The canvas. */

const char *canvas_dot(const struct canvas *canvas)
{
    return glyphs_of(canvas)->dot;
}

unsigned canvas_room(const struct canvas *canvas, unsigned depth)
{
    return canvas->width > BORDERS * depth ? canvas->width - BORDERS * depth : 1;
}

static void need(struct canvas *canvas, unsigned columns)
{
    canvas->needed = columns > canvas->needed ? columns : canvas->needed;
}

void canvas_line(struct canvas *canvas, unsigned depth, struct text *text)
{
    const char *bar = glyphs_of(canvas)->bar;
    unsigned room = canvas_room(canvas, depth);
    fit(canvas, text, room);
    unsigned used = text_columns(text);
    canvas->lines++;
    need(canvas, used + BORDERS * depth);
    if (canvas->to == NULL) {
        return;
    }
    struct text line = {0};
    for (unsigned i = 0; i < depth; i++) {
        text_add(&line, "%s ", bar);
    }
    text_add(&line, "%s", text->bytes);
    add_times(&line, " ", depth > 0 ? room - used : 0);
    for (unsigned i = 0; i < depth; i++) {
        text_add(&line, " %s", bar);
    }
    fprintf(canvas->to, "%s\n", line.bytes);
}

void canvas_open_box(struct canvas *canvas, unsigned depth, struct text *title)
{
    enum { AROUND_TITLE = 6 }; /* the columns of "+- " and " -+" */
    const struct glyphs *glyphs = glyphs_of(canvas);
    unsigned room = canvas_room(canvas, depth);
    fit(canvas, title, room > AROUND_TITLE ? room - AROUND_TITLE : 1);
    need(canvas, text_columns(title) + AROUND_TITLE + BORDERS * depth);
    struct text line = {0};
    text_add(&line, "%s%s %s ", glyphs->top_left, glyphs->dash, title->bytes);
    if (canvas->to != NULL) {
        add_times(&line, glyphs->dash, room - text_columns(&line) - 1);
        text_add(&line, "%s", glyphs->top_right);
    }
    canvas_line(canvas, depth, &line);
}

void canvas_close_box(struct canvas *canvas, unsigned depth)
{
    const struct glyphs *glyphs = glyphs_of(canvas);
    struct text line = {0};
    if (canvas->to != NULL) {
        text_add(&line, "%s", glyphs->bottom_left);
        add_times(&line, glyphs->dash, canvas_room(canvas, depth) - 2);
        text_add(&line, "%s", glyphs->bottom_right);
    }
    canvas_line(canvas, depth, &line);
}
