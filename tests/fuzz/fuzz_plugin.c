/* The descriptor of a plug-in, as a loaded file may export it: any version, pointers that are null,
 * names of any bytes, with a zero at the end or without.
 *
 * Input: the version's low byte, flags, then the name, the unit and the path, each 0 to 47 bytes
 * with its length before it. */
#include "fuzz.h"

#include "gilscope/plugin.h"

#include <ctype.h>

enum { NAME_IS_NULL = 1, UNIT_IS_NULL = 2, RUN_IS_NULL = 4, OTHER_BYTES = 8, NAME_MAX_ = 31 };

struct input {
    const uint8_t *at, *end;
};

static unsigned take_byte(struct input *input)
{
    return input->at < input->end ? *input->at++ : 0;
}

/* The next part. What is longer than a name may be has no zero at its end, and is not to be read any
 * further than that. */
static char *take_text(struct input *input, bool ends)
{
    size_t wanted = take_byte(input) % 48, left = (size_t)(input->end - input->at);
    size_t length = wanted < left ? wanted : left;
    char *text = text_of(input->at, length);

    input->at += length;
    if (!ends && memchr(text, '\0', length) == NULL && length > NAME_MAX_) {
        char *open = malloc(NAME_MAX_ + 1);
        PROMISE(open != NULL);
        memcpy(open, text, NAME_MAX_ + 1);
        free(text);
        return open;
    }
    return text;
}

static uint64_t run(void *state, uint64_t units)
{
    (void)state;
    return units;
}

static bool is_good_name(const char *name)
{
    size_t length = 0;

    for (; name[length] != '\0'; length++) {
        unsigned char c = (unsigned char)name[length];
        if (c >= 0x80 || (!isalnum(c) && c != '-' && c != '_')) {
            return false;
        }
    }
    return length > 0 && length <= NAME_MAX_;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input input = {data, data + size};
    struct error error = {EXIT_DONE, ""};
    unsigned version = take_byte(&input), flags = take_byte(&input);
    char *name = take_text(&input, false), *unit = take_text(&input, false);
    char *path = take_text(&input, true);
    struct kernel kernel = {.version = flags & OTHER_BYTES ? version << 24 | version : version,
                            .name = flags & NAME_IS_NULL ? NULL : name,
                            .unit = flags & UNIT_IS_NULL ? NULL : unit,
                            .run = flags & RUN_IS_NULL ? NULL : run};

    if (kernel.version != GILSCOPE_KERNEL_VERSION) {
        /* Whatever lies there in another version: it is not looked at. */
        kernel.name = kernel.unit = (const char *)1;
    }
    if (plugin_check(&kernel, path, &error)) {
        PROMISE(error.exit_code == EXIT_DONE);
        PROMISE(kernel.version == GILSCOPE_KERNEL_VERSION && kernel.run != NULL);
        PROMISE(kernel.name != NULL && is_good_name(name));
        PROMISE(kernel.unit != NULL && is_good_name(unit));
    } else {
        PROMISE(error.exit_code == EXIT_FAILED && error.text[0] != '\0' &&
                is_one_line(error.text));
    }
    free(name);
    free(unit);
    free(path);
    return 0;
}
