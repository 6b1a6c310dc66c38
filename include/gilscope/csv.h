/* RFC 4180: a field that holds a comma, a quote or a line break is quoted, quotes doubled.
 * Numbers have a decimal point whatever the locale (the program never sets LC_NUMERIC). */
#ifndef GILSCOPE_CSV_H
#define GILSCOPE_CSV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { CSV_ROW_MAX = 4096 };

/* One row being made, in memory of the caller. Fields that do not fit are cut off. */
struct csv_row {
    size_t length;
    bool begun;
    char text[CSV_ROW_MAX];
};

void csv_begin(struct csv_row *row);
void csv_text(struct csv_row *row, const char *text);
void csv_integer(struct csv_row *row, uint64_t value);
/* Nine significant digits, or an empty field for NAN and infinities. */
void csv_number(struct csv_row *row, double value);
/* Ends the line; row->text[row->length] is a zero. */
void csv_end(struct csv_row *row);

#endif
