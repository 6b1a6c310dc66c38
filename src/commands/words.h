/* Lists of names on the command line: shared by the files of options. */
#ifndef GILSCOPE_COMMANDS_WORDS_H
#define GILSCOPE_COMMANDS_WORDS_H

#include "gilscope/error.h"

#include <stddef.h>
#include <stdint.h>

/* Reads names between commas: bit i for name_of(i). False where one is none of the count; why then
 * says which, and which was meant. */
bool set_words(unsigned *bits, const char *list, const char *(*name_of)(size_t), size_t count,
               struct error *why);

/* Reads a time; where nothing but its unit is missing, why says so. */
bool set_seconds(double *seconds, const char *text, struct error *why);
/* That line: false, for the caller to return. */
bool lacks_unit(struct error *why);

/* Reads a whole number up to `most`. */
bool set_limited(unsigned *value, const char *text, uint64_t most);

#endif
