/* Numbers, times, lists and words from the command line: see parse.h. Written by hand rather
 * than with strtod, which follows the locale and takes "0x", "inf" and blanks. */
#include "gilscope/parse.h"

#include <string.h>

/* A decimal number as written: digits × 10^exponent. */
struct decimal {
    uint64_t digits;
    int exponent;
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Reads "12", "1.5", "1e7" and moves *text behind it. */
static bool read_decimal(const char **text, struct decimal *out)
{
    const char *at = *text;
    bool any = false, fraction = false;
    struct decimal value = {0, 0};

    for (;; at++) {
        if (*at == '.' && !fraction) {
            fraction = true;
            continue;
        }
        if (!is_digit(*at)) {
            break;
        }
        uint64_t digit = (uint64_t)(*at - '0');
        if (value.digits > (UINT64_MAX - digit) / 10) {
            return false;
        }
        value.digits = value.digits * 10 + digit;
        value.exponent -= fraction;
        any = true;
    }
    if (!any || at[-1] == '.' || **text == '.') {
        return false;
    }
    if (*at == 'e' || *at == 'E') {
        int exponent = 0;
        at += at[1] == '+' ? 2 : 1;
        if (!is_digit(*at)) {
            return false;
        }
        for (; is_digit(*at); at++) {
            if (exponent > 99) {
                return false;
            }
            exponent = exponent * 10 + (*at - '0');
        }
        value.exponent += exponent;
    }
    *text = at;
    *out = value;
    return true;
}

bool parse_count(const char *text, uint64_t *value)
{
    static const char suffixes[] = "kMGT";
    struct decimal number;

    if (!read_decimal(&text, &number)) {
        return false;
    }
    if (*text != '\0') {
        const char *suffix = strchr(suffixes, *text == 'K' ? 'k' : *text);
        if (suffix == NULL || text[1] != '\0') {
            return false;
        }
        number.exponent += 3 * (int)(suffix - suffixes + 1);
    }
    for (; number.exponent < 0; number.exponent++) {
        if (number.digits % 10 != 0) {
            return false;
        }
        number.digits /= 10;
    }
    for (; number.exponent > 0; number.exponent--) {
        if (number.digits > UINT64_MAX / 10) {
            return false;
        }
        number.digits *= 10;
    }
    if (number.digits == 0) {
        return false;
    }
    *value = number.digits;
    return true;
}

bool parse_time(const char *text, double *seconds)
{
    static const struct {
        const char *name;
        int exponent;
    } units[] = {{"ns", -9}, {"us", -6},     {"µs", -6}, {"ms", -3},
                 {"s", 0},   {"\u03bcs", -6}}; /* the letter mu, as well as the sign micro */
    struct decimal number;

    if (!read_decimal(&text, &number)) {
        return false;
    }
    for (size_t u = 0; u < sizeof units / sizeof *units; u++) {
        if (strcmp(text, units[u].name) == 0) {
            double value = (double)number.digits;
            for (int e = number.exponent + units[u].exponent; e != 0; e += e < 0 ? 1 : -1) {
                value = e < 0 ? value / 10 : value * 10;
            }
            if (value < 1e-9 * (1 - 1e-9) || value > 86400) {
                return false;
            }
            *seconds = value;
            return true;
        }
    }
    return false;
}

static bool read_threads(const char **text, unsigned *value)
{
    unsigned number = 0;

    if (!is_digit(**text)) {
        return false;
    }
    for (; is_digit(**text); (*text)++) {
        number = number * 10 + (unsigned)(**text - '0');
        if (number > THREADS_MAX) {
            return false;
        }
    }
    *value = number;
    return number > 0;
}

bool parse_threads(const char *text, struct thread_list *list)
{
    bool wanted[THREADS_MAX + 1] = {false};

    for (;; text++) {
        unsigned first, last, step = 1;
        if (!read_threads(&text, &first)) {
            return false;
        }
        last = first;
        if (*text == '-') {
            text++;
            if (!read_threads(&text, &last) || last < first) {
                return false;
            }
            if (*text == ':') {
                text++;
                if (!read_threads(&text, &step)) {
                    return false;
                }
            }
        }
        for (unsigned n = first; n <= last; n += step) {
            wanted[n] = true;
        }
        if (*text != ',') {
            break;
        }
    }
    if (*text != '\0') {
        return false;
    }
    list->length = 0;
    for (unsigned n = 1; n <= THREADS_MAX; n++) {
        if (wanted[n]) {
            list->values[list->length++] = n;
        }
    }
    return true;
}

static bool read_length(const char *word, struct call_length *length)
{
    *length = (struct call_length){0};
    return parse_time(word, &length->time_s) ||
           (parse_count(word, &length->units) && length->units <= (uint64_t)1e18);
}

bool parse_lengths(const char *text, struct length_list *list)
{
    list->length = 0;
    for (;; text++) {
        size_t bytes = strcspn(text, ",");
        char word[32];

        if (bytes >= sizeof word || list->length == LENGTHS_MAX) {
            return false;
        }
        memcpy(word, text, bytes);
        word[bytes] = '\0';
        if (!read_length(word, &list->values[list->length++])) {
            return false;
        }
        text += bytes;
        if (*text == '\0') {
            return true;
        }
    }
}

enum { WORD_MAX = 31 };

static size_t smallest(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Edit distance in which swapped neighbours count as one edit (Damerau, "optimal string
 * alignment"): the commonest slip of the hand. */
static size_t edit_distance(const char *a, const char *b)
{
    size_t length_a = strlen(a), length_b = strlen(b);
    size_t distance[WORD_MAX + 1][WORD_MAX + 1];

    if (length_a > WORD_MAX || length_b > WORD_MAX) {
        return WORD_MAX;
    }
    for (size_t i = 0; i <= length_a; i++) {
        for (size_t j = 0; j <= length_b; j++) {
            if (i == 0 || j == 0) {
                distance[i][j] = i + j;
                continue;
            }
            size_t change = distance[i - 1][j - 1] + (a[i - 1] != b[j - 1]);
            size_t insert_or_drop = smallest(distance[i - 1][j], distance[i][j - 1]) + 1;
            distance[i][j] = smallest(change, insert_or_drop);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
                distance[i][j] = smallest(distance[i][j], distance[i - 2][j - 2] + 1);
            }
        }
    }
    return distance[length_a][length_b];
}

const char *nearest_word(const char *word, const char *(*name_of)(size_t), size_t count)
{
    const char *nearest = NULL;
    size_t length = strlen(word), nearest_distance = smallest(length / 2, 2) + 1;

    for (size_t i = 0; i < count; i++) {
        const char *name = name_of(i);
        bool prefix = length >= 2 && strncmp(word, name, length) == 0;
        size_t distance = prefix ? 0 : edit_distance(word, name);
        if (distance < nearest_distance) {
            nearest = name;
            nearest_distance = distance;
        }
    }
    return nearest;
}
