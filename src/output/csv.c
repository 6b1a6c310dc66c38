/* RFC 4180: see csv.h. */
#include "gilscope/csv.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Two places are kept for the end of the line. */
static bool has_room(const struct csv_row *row, size_t places)
{
    return row->length + places + 2 <= sizeof row->text;
}

static void put(struct csv_row *row, char c)
{
    if (has_room(row, 1)) {
        row->text[row->length++] = c;
    }
}

static void separate(struct csv_row *row)
{
    if (row->begun) {
        put(row, ',');
    }
    row->begun = true;
}

void csv_begin(struct csv_row *row)
{
    row->length = 0;
    row->begun = false;
}

void csv_text(struct csv_row *row, const char *text)
{
    bool quoted = strpbrk(text, ",\"\r\n") != NULL;

    separate(row);
    if (quoted && !has_room(row, 2)) {
        return;
    }
    if (quoted) {
        put(row, '"');
    }
    /* A field that is cut off still ends with its quote: else it would swallow the next row. */
    for (; *text != '\0' && has_room(row, (*text == '"' ? 2u : 1u) + quoted); text++) {
        if (*text == '"') {
            put(row, '"');
        }
        put(row, *text);
    }
    if (quoted) {
        put(row, '"');
    }
}

void csv_integer(struct csv_row *row, uint64_t value)
{
    char text[32];

    snprintf(text, sizeof text, "%llu", (unsigned long long)value);
    csv_text(row, text);
}

void csv_number(struct csv_row *row, double value)
{
    char text[32] = "";

    if (isfinite(value)) {
        snprintf(text, sizeof text, "%.9g", value);
    }
    csv_text(row, text);
}

void csv_end(struct csv_row *row)
{
    row->text[row->length++] = '\n';
    row->text[row->length] = '\0';
}
