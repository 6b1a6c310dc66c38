/* Texts of others, which may come to be shown on a terminal or stored in a file. */
#ifndef GILSCOPE_TEXT_H
#define GILSCOPE_TEXT_H

/* Makes a text harmless, in place: a '?' for each control character but the tab (terminals take
 * commands in them), and for each byte that is no part of valid UTF-8, as at the end of what was
 * cut off in the middle of a character. */
void text_clean(char *text);

#endif
