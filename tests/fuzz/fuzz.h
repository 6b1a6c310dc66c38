/* What the fuzz targets share. Each tests/fuzz/fuzz_NAME.c defines LLVMFuzzerTestOneInput, which
 * libFuzzer calls with inputs of its own (tests/fuzz/run), and tests/fuzz/replay.c with those that
 * are kept. A finding is an abort, a crash, or a sanitizer's report. */
#ifndef GILSCOPE_TESTS_FUZZ_H
#define GILSCOPE_TESTS_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Ends the process with the broken promise's words where it was not kept. */
#define PROMISE(kept)                                                                          \
    do {                                                                                       \
        if (!(kept)) {                                                                         \
            fprintf(stderr, "%s:%d: broken: %s\n", __FILE__, __LINE__, #kept);                 \
            abort();                                                                           \
        }                                                                                      \
    } while (0)

/* A copy with a zero behind it, to be freed: of its own size, so that a sanitizer sees who reads on. */
static inline char *text_of(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);

    PROMISE(text != NULL);
    if (size > 0) {
        memcpy(text, data, size);
    }
    text[size] = '\0';
    return text;
}

/* Is it what a terminal may be shown as one line? */
static inline bool is_one_line(const char *text)
{
    for (; *text != '\0'; text++) {
        if ((unsigned char)*text < ' ' || *text == 0x7f) {
            return false;
        }
    }
    return true;
}

#endif
