/* Each parser of parse.h on the same text: what it takes lies within its limits, is read again where
 * it is written out, and is not taken with a letter behind it. */
#include "fuzz.h"

#include "gilscope/interpreter.h"
#include "gilscope/parse.h"
#include "gilscope/plugin.h"
#include "gilscope/text.h"

#include <math.h>

static void check_count(const char *text, const char *longer)
{
    uint64_t value = 0, again;
    char written[32];

    if (!parse_count(text, &value)) {
        PROMISE(value == 0);
        return;
    }
    PROMISE(value > 0 && !parse_count(longer, &again));
    snprintf(written, sizeof written, "%llu", (unsigned long long)value);
    PROMISE(parse_count(written, &again) && again == value);
}

static bool is_same_time(double a, double b)
{
    return fabs(a - b) <= 1e-8 * a;
}

static void check_time(const char *text, const char *longer)
{
    double value = -1, again;
    char written[64];

    if (!parse_time(text, &value)) {
        PROMISE(value == -1);
        return;
    }
    PROMISE(value >= 0.999e-9 && value <= 86400 && !parse_time(longer, &again));
    if (value < 1) {
        snprintf(written, sizeof written, "%.9fns", value * 1e9);
    } else {
        snprintf(written, sizeof written, "%.9fs", value);
    }
    /* Rounded, the shortest time may come out as just too short. */
    PROMISE(parse_time(written, &again) ? is_same_time(value, again) : value < 1.001e-9);
}

/* "1,2,4,", in text[size]. */
static void write_threads(const struct thread_list *list, char *text, size_t size)
{
    size_t length = 0;

    for (size_t i = 0; i < list->length; i++) {
        length += (size_t)snprintf(text + length, size - length, "%s%u", i > 0 ? "," : "",
                                   list->values[i]);
    }
}

static void check_threads(const char *text, const char *longer)
{
    static struct thread_list list, again;
    static char written[5 * THREADS_MAX + 1];

    if (!parse_threads(text, &list)) {
        return;
    }
    PROMISE(list.length >= 1 && list.length <= THREADS_MAX && list.values[0] >= 1);
    PROMISE(list.values[list.length - 1] <= THREADS_MAX);
    for (size_t i = 1; i < list.length; i++) {
        PROMISE(list.values[i - 1] < list.values[i]);
    }
    write_threads(&list, written, sizeof written);
    PROMISE(parse_threads(written, &again) && again.length == list.length);
    PROMISE(memcmp(again.values, list.values, list.length * sizeof *list.values) == 0);
    PROMISE(!parse_threads(longer, &again));
}

static void check_lengths(const char *text, const char *longer)
{
    struct length_list list, again;
    size_t commas = 0;

    if (!parse_lengths(text, &list)) {
        return;
    }
    for (const char *at = text; *at != '\0'; at++) {
        commas += *at == ',';
    }
    PROMISE(list.length == commas + 1 && list.length <= LENGTHS_MAX);
    for (size_t i = 0; i < list.length; i++) {
        const struct call_length *each = &list.values[i];
        PROMISE(each->units > 0 ? each->units <= (uint64_t)1e18
                                : each->time_s >= 0.999e-9 && each->time_s <= 86400);
    }
    PROMISE(!parse_lengths(longer, &again));
}

static const char *const names[] = {"bench", "breakeven", "switch-interval", "core", ""};

static const char *name_of(size_t i)
{
    return names[i];
}

static void check_words(const char *text, char *scratch)
{
    const char *nearest = nearest_word(text, name_of, sizeof names / sizeof *names);
    bool known = nearest == NULL;

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        known |= nearest == names[i];
        PROMISE(strcmp(text, names[i]) != 0 || nearest == names[i]);
    }
    PROMISE(known);
    PROMISE(!plugin_is_file(text) || strlen(text) > 0);
    PROMISE(!interpreters_is_list(text) || text[strspn(text, " ")] != '\0');
    /* Cleaned once, there is nothing left to clean. */
    text_clean(scratch);
    PROMISE(strlen(scratch) <= strlen(text) && strchr(scratch, '\n') == NULL);
    char *twice = text_of((const uint8_t *)scratch, strlen(scratch));
    text_clean(twice);
    PROMISE(strcmp(twice, scratch) == 0);
    free(twice);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = text_of(data, size), *longer, *scratch;

    longer = text_of(data, size); /* the zero gives way to a letter that no number ends with */
    longer = realloc(longer, size + 2);
    PROMISE(longer != NULL);
    size_t length = strlen(text);
    memcpy(longer + length, "x", 2);
    scratch = text_of((const uint8_t *)text, length);
    check_count(text, longer);
    check_time(text, longer);
    check_threads(text, longer);
    check_lengths(text, longer);
    check_words(text, scratch);
    free(scratch);
    free(longer);
    free(text);
    return 0;
}
