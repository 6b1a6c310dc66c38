/* Sentences, gathered to be broken into lines: see paragraph.h. */
#include "paragraph.h"

#include <stdarg.h>
#include <string.h>

__attribute__((format(printf, 2, 0))) static void add(struct paragraph *paragraph,
                                                      const char *format, va_list arguments)
{
    size_t room = sizeof paragraph->text - paragraph->length;
    int length = vsnprintf(paragraph->text + paragraph->length, room, format, arguments);

    paragraph->length += length < 0 ? 0 : (size_t)length < room ? (size_t)length : room - 1;
}

void say(struct paragraph *paragraph, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    add(paragraph, format, arguments);
    va_end(arguments);
}

/* What a text takes on the screen: no bytes that continue a character of UTF-8, no colours. */
static unsigned columns_of(const char *text, size_t bytes)
{
    unsigned columns = 0;
    bool escaped = false;

    for (size_t i = 0; i < bytes; i++) {
        escaped |= text[i] == '\033';
        columns += !escaped && ((unsigned char)text[i] & 0xc0) != 0x80;
        escaped &= text[i] != 'm';
    }
    return columns;
}

/* The bytes of a word; "95 %" is one. */
static size_t word_length(const char *word)
{
    size_t bytes = strcspn(word, " ");

    return word[bytes] == ' ' && word[bytes + 1] == '%'
               ? bytes + 1 + strcspn(word + bytes + 1, " ")
               : bytes;
}

static unsigned widest(const struct style *style)
{
    return style->width < 100 ? style->width : 100;
}

void paragraph_print_at(const struct paragraph *paragraph, unsigned indent,
                        const struct style *style, FILE *to)
{
    unsigned column = indent;

    for (const char *word = paragraph->text + strspn(paragraph->text, " "); *word != '\0';) {
        size_t bytes = word_length(word);
        unsigned columns = columns_of(word, bytes);
        bool first = column == indent;
        if (!first && column + 1 + columns > widest(style)) {
            fprintf(to, "\n%*s", (int)indent, "");
            column = indent;
            first = true;
        }
        fprintf(to, "%s%.*s", first ? "" : " ", (int)bytes, word);
        column += columns + !first;
        word += bytes;
        word += strspn(word, " ");
    }
    if (column > indent) {
        fputc('\n', to);
    }
}

void paragraph_print(const struct paragraph *paragraph, const struct style *style, FILE *to)
{
    paragraph_print_at(paragraph, 0, style, to);
}

void paragraph_tell(const char *colour, const struct style *style, FILE *to, const char *format,
                    ...)
{
    struct paragraph paragraph = {0, ""};
    va_list arguments;

    va_start(arguments, format);
    add(&paragraph, format, arguments);
    va_end(arguments);
    fputs(colour, to);
    paragraph_print(&paragraph, style, to);
    fputs(*colour != '\0' ? style->plain : "", to);
}

void line_print(const struct paragraph *line, FILE *to)
{
    size_t length = line->length;

    while (length > 0 && line->text[length - 1] == ' ') {
        length--;
    }
    fprintf(to, "%.*s\n", (int)length, line->text);
}

void items_print(const char *const *items, size_t n, unsigned indent, const struct style *style,
                 FILE *to)
{
    enum { GAP = 3 };
    unsigned column = 0;

    fputs(n > 0 ? style->dim : "", to);
    for (size_t i = 0; i < n; i++) {
        unsigned columns = columns_of(items[i], strlen(items[i]));
        if (column > 0 && column + GAP + columns > widest(style)) {
            fputc('\n', to);
            column = 0;
        }
        unsigned before = column > 0 ? GAP : indent;
        fprintf(to, "%*s%s", (int)before, "", items[i]);
        column += before + columns;
    }
    fprintf(to, "%s%s", n > 0 ? style->plain : "", n > 0 ? "\n" : "");
}
