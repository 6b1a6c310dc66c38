/* Texts: those of others, which may come to be shown on a terminal or stored in a file, and numbers
 * of things. */
#ifndef GILSCOPE_TEXT_H
#define GILSCOPE_TEXT_H

#include <stddef.h>
#include <stdint.h>

/* Makes a text harmless, in place: a '?' for each control character but the tab (terminals take
 * commands in them), and for each byte that is no part of valid UTF-8, as at the end of what was
 * cut off in the middle of a character. */
void text_clean(char *text);

/* Room for a number of units of any kernel: their names are of 31 letters at most. */
enum { COUNTED_MAX = 64 };

/* Writes "1 byte", "365 decrements", "0 naps": a number of things to text[size]; returns text. */
const char *text_counted(char *text, size_t size, uint64_t count, const char *thing);

#endif
