/* Text on its way into a file, and perhaps to standard output too, in large pieces. */
#ifndef GILSCOPE_OUTPUT_SINK_H
#define GILSCOPE_OUTPUT_SINK_H

#include "gilscope/outfile.h"

#include <stdio.h>

/* Begins as {.file = …, .echo = … or null, .error = …}. After the first error nothing is written. */
struct sink {
    struct outfile *file;
    FILE *echo;
    struct error *error;
    bool failed;
    size_t length;
    char text[1 << 16];
};

/* Adds printf text of at most 4096 bytes. */
__attribute__((format(printf, 2, 3))) void sink_say(struct sink *sink, const char *format, ...);

/* Writes what is left. False where anything could not be written. */
bool sink_end(struct sink *sink);

#endif
