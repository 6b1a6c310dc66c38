/* Sentences, gathered to be broken into lines: see paragraph.h. */
#include "paragraph.h"

#include <stdarg.h>
#include <string.h>

void say(struct paragraph *paragraph, const char *format, ...)
{
    size_t room = sizeof paragraph->text - paragraph->length;
    va_list arguments;

    va_start(arguments, format);
    int length = vsnprintf(paragraph->text + paragraph->length, room, format, arguments);
    va_end(arguments);
    paragraph->length += length < 0 ? 0 : (size_t)length < room ? (size_t)length : room - 1;
}

void paragraph_print(const struct paragraph *paragraph, const struct style *style, FILE *to)
{
    unsigned column = 0, width = style->width < 100 ? style->width : 100;

    for (const char *word = paragraph->text; *word != '\0';) {
        size_t bytes = strcspn(word, " ");
        unsigned columns = 0;
        for (size_t i = 0; i < bytes; i++) {
            columns += ((unsigned char)word[i] & 0xc0) != 0x80; /* no UTF-8 continuation */
        }
        if (column > 0 && column + 1 + columns > width) {
            fputc('\n', to);
            column = 0;
        }
        fprintf(to, "%s%.*s", column > 0 ? " " : "", (int)bytes, word);
        column += columns + (column > 0);
        word += bytes;
        word += strspn(word, " ");
    }
    if (column > 0) {
        fputc('\n', to);
    }
}
