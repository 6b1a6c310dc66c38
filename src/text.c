/* Cleaning texts, counting in them: see text.h. */
#include "gilscope/text.h"

#include <stdbool.h>
#include <stdio.h>

static bool is_control(uint32_t point)
{
    return (point < ' ' && point != '\t') || (point >= 0x7f && point < 0xa0);
}

/* How many bytes the UTF-8 sequence takes that begins with this one; 0: none does. */
static size_t length_of(unsigned char first)
{
    if (first < 0x80) {
        return 1;
    }
    if (first < 0xc2 || first > 0xf4) {
        return 0;
    }
    return first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
}

/* Reads a character, and returns how many bytes it has; 0 where it is none (RFC 3629: not longer
 * than need be, no surrogates, nothing beyond U+10FFFF). */
static size_t read_character(const unsigned char *at, uint32_t *point)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    static const unsigned char bits[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
    size_t length = length_of(at[0]);

    *point = at[0] & bits[length];
    for (size_t i = 1; i < length; i++) {
        /* The zero at the end of the text is no continuation either. */
        if ((at[i] & 0xc0) != 0x80) {
            return 0;
        }
        *point = *point << 6 | (at[i] & 0x3f);
    }
    bool surrogate = *point >= 0xd800 && *point < 0xe000;
    return length > 0 && (*point < least[length] || *point > 0x10ffff || surrogate) ? 0
                                                                                    : length;
}

void text_clean(char *text)
{
    unsigned char *to = (unsigned char *)text;

    for (const unsigned char *from = to; *from != '\0';) {
        uint32_t point;
        size_t length = read_character(from, &point);
        if (length == 0 || is_control(point)) {
            *to++ = '?';
            from += length > 0 ? length : 1;
            continue;
        }
        for (size_t i = 0; i < length; i++) {
            *to++ = *from++;
        }
    }
    *to = '\0';
}

const char *text_counted(char *text, size_t size, uint64_t count, const char *thing)
{
    snprintf(text, size, "%llu %s%s", (unsigned long long)count, thing, count == 1 ? "" : "s");
    return text;
}
