/* Numbers, times, lists and words as people write them on a command line. All functions are
 * pure, thread-safe and independent of the locale; none of them prints. */
#ifndef GILSCOPE_PARSE_H
#define GILSCOPE_PARSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The most threads that can be asked for. */
#define THREADS_MAX 4096u

/* Thread counts to run, ascending, each once. */
struct thread_list {
    size_t length;
    unsigned values[THREADS_MAX];
};

/* The most call lengths that can be asked for. */
enum { LENGTHS_MAX = 64 };

/* How long a native call is to be: one of the two, the other is 0. */
struct call_length {
    double time_s;
    uint64_t units; /* of the kernel */
};

struct length_list {
    size_t length;
    struct call_length values[LENGTHS_MAX];
};

/* A whole number from 1 up: "10000000", "10M" (k, M, G, T: powers of 1000), "1e7", "1.5M".
 * False where text is anything else, is not whole, or does not fit; *value is then as it was. */
bool parse_count(const char *text, uint64_t *value);

/* A time above zero with its unit (ns, us, µs, ms, s), in seconds: "250ns", "1.5s". False for
 * anything else, and outside one nanosecond to one day. */
bool parse_time(const char *text, double *seconds);

/* "1,2,4", "1-8", "1-64:2" and mixtures, from 1 to THREADS_MAX. False for an empty part, a
 * reversed range, a number out of range; *list is then undefined. */
bool parse_threads(const char *text, struct thread_list *list);

/* "100ns,1us,50us", "512,4k,64k" and mixtures, as parse_time and parse_count take them, numbers up
 * to 1e18; in any order, since what a unit takes is not known here. False for an empty part and for
 * more than LENGTHS_MAX; *list is then undefined. */
bool parse_lengths(const char *text, struct length_list *list);

/* The name of the candidates[count] nearest to word by edit distance (Levenshtein with
 * transpositions), or null where none is near enough to be meant. A prefix of at least two
 * letters counts as near. name_of(i) gives the i-th candidate. */
const char *nearest_word(const char *word, const char *(*name_of)(size_t), size_t count);

#endif
