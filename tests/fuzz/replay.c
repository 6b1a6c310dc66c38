/* Gives files to a fuzz target, one after the other: what is kept in tests/fuzz/ is tried again
 * without libFuzzer, by whatever compiler. */
#include "fuzz.h"

static void replay(const char *path)
{
    static uint8_t data[1 << 16];
    FILE *file = fopen(path, "rb");

    if (file == NULL) {
        fprintf(stderr, "replay: cannot open %s\n", path);
        exit(EXIT_FAILURE);
    }
    size_t size = fread(data, 1, sizeof data, file);
    fclose(file);
    /* Of its own size, as libFuzzer gives it. */
    uint8_t *copy = malloc(size > 0 ? size : 1);
    PROMISE(copy != NULL);
    memcpy(copy, data, size);
    LLVMFuzzerTestOneInput(copy, size);
    free(copy);
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        fprintf(stderr, "%s\n", argv[i]); /* the last one is the one that failed */
        replay(argv[i]);
    }
    return 0;
}
