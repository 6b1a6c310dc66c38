/* The options, one row each. See command.h. */
#include "gilscope/command.h"

#include "gilscope/interpreter.h"
#include "gilscope/kernel.h"
#include "gilscope/machine.h"
#include "gilscope/plugin.h"
#include "gilscope/run.h"
#include "gilscope/trace.h"
#include "words.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

static const char *variant_name(size_t i)
{
    return variants[i]->name;
}

static const char *kernel_name(size_t i)
{
    return kernels[i]->name;
}

static const char *pin_name(size_t i)
{
    return pin_policies[i].name;
}

static const char *lock_name(size_t i)
{
    return gil_kinds[i]->name;
}

/* Writes "a, b, c" to text[size]. */
static void join_names(char *text, size_t size, const char *(*name_of)(size_t), size_t count)
{
    size_t length = 0;

    text[0] = '\0';
    for (size_t i = 0; i < count && length < size; i++) {
        length += (size_t)snprintf(text + length, size - length, "%s%s", i > 0 ? ", " : "",
                                   name_of(i));
    }
}

/* Why a word is not one of the names: the nearest of them, and all of them. */
static bool unknown_word(const char *word, const char *(*name_of)(size_t), size_t count,
                         struct error *why)
{
    const char *nearest = nearest_word(word, name_of, count);
    char all[256], suggestion[64] = "";

    join_names(all, sizeof all, name_of, count);
    if (nearest != NULL) {
        snprintf(suggestion, sizeof suggestion, "; did you mean '%s'?", nearest);
    }
    return fail_usage(why, "'%.40s' is none of %s%s", word, all, suggestion);
}

/* A list of names, as bits. */
bool set_words(unsigned *bits, const char *list, const char *(*name_of)(size_t), size_t count,
               struct error *why)
{
    unsigned wanted = 0;

    for (;;) {
        size_t length = strcspn(list, ","), i = 0;
        char word[64];

        if (length == 0) {
            return false;
        }
        snprintf(word, sizeof word, "%.*s", (int)length, list);
        while (i < count && strcmp(word, name_of(i)) != 0) {
            i++;
        }
        if (i == count) {
            return unknown_word(word, name_of, count, why);
        }
        wanted |= 1u << i;
        if (list[length] == '\0') {
            break;
        }
        list += length + 1;
    }
    *bits = wanted;
    return true;
}

static bool set_variant(struct settings *settings, const char *list, struct error *why)
{
    settings->variants_given = true;
    return set_words(&settings->variants, list, variant_name, variant_count, why);
}

static bool set_pin(struct settings *settings, const char *list, struct error *why)
{
    settings->pins_given = true;
    return set_words(&settings->pins, list, pin_name, pin_policy_count, why);
}

static bool set_threads(struct settings *settings, const char *list, struct error *why)
{
    (void)why;
    return parse_threads(list, &settings->threads);
}

bool set_limited(unsigned *value, const char *text, uint64_t most)
{
    uint64_t number;

    if (!parse_count(text, &number) || number > most) {
        return false;
    }
    *value = (unsigned)number;
    return true;
}

bool lacks_unit(struct error *why)
{
    return fail_usage(why, "not a time with its unit, which is missing: 5ms, 100us or 2s, say");
}

bool set_seconds(double *seconds, const char *text, struct error *why)
{
    uint64_t number;

    if (parse_time(text, seconds)) {
        return true;
    }
    return parse_count(text, &number) ? lacks_unit(why) : false;
}

static bool set_reps(struct settings *settings, const char *text, struct error *why)
{
    (void)why;
    return set_limited(&settings->reps, text, REPS_MAX);
}

static bool set_tasks(struct settings *settings, const char *text, struct error *why)
{
    (void)why;
    settings->given |= OPTION_TASKS;
    return set_limited(&settings->tasks, text, TASKS_MAX);
}

static bool set_time(struct settings *settings, const char *text, struct error *why)
{
    settings->given |= OPTION_TIME;
    return set_seconds(&settings->time_s, text, why);
}

/* The most work that a run can be asked for: what counts in units must not overflow. */
static bool set_count(struct settings *settings, const char *text, struct error *why)
{
    uint64_t count;

    (void)why;
    settings->given |= OPTION_COUNT;
    if (!parse_count(text, &count) || count > (uint64_t)1e18) {
        return false;
    }
    settings->count = count;
    return true;
}

static bool set_chunk(struct settings *settings, const char *text, struct error *why)
{
    (void)why;
    settings->given |= OPTION_CHUNK;
    settings->chunk = 0;
    return parse_time(text, &settings->chunk_s) ||
           (parse_count(text, &settings->chunk) && settings->chunk <= (uint64_t)1e18);
}

static bool set_switch_interval(struct settings *settings, const char *text, struct error *why)
{
    settings->given |= OPTION_SWITCH_INTERVAL;
    return set_seconds(&settings->switch_interval_s, text, why);
}

static bool set_length(struct settings *settings, const char *list, struct error *why)
{
    (void)why;
    settings->of_calls = "length";
    return parse_lengths(list, &settings->lengths);
}

static bool set_held(struct settings *settings, const char *text, struct error *why)
{
    settings->of_calls = "held";
    return set_seconds(&settings->held_s, text, why);
}

static bool set_lock(struct settings *settings, const char *name, struct error *why)
{
    settings->of_calls = "lock";
    for (size_t i = 0; i < gil_kind_count; i++) {
        if (strcmp(name, gil_kinds[i]->name) == 0) {
            settings->lock = gil_kinds[i];
            return true;
        }
    }
    return unknown_word(name, lock_name, gil_kind_count, why);
}

static bool set_shared(struct settings *settings, const char *text, struct error *why)
{
    (void)why;
    settings->of_calls = "shared";
    if (strcmp(text, "0") == 0) { /* no count of anything else */
        settings->shared_lines = 0;
        return true;
    }
    return set_limited(&settings->shared_lines, text, SHARED_MAX);
}

static bool set_events(struct settings *settings, const char *text, struct error *why)
{
    uint64_t events;

    (void)why;
    if (!parse_count(text, &events) || events > TRACE_EVENTS_MAX) {
        return false;
    }
    settings->events = events;
    return true;
}

static bool set_output(struct settings *settings, const char *folder, struct error *why)
{
    (void)why;
    settings->output = folder;
    return *folder != '\0';
}

static bool set_seed(struct settings *settings, const char *text, struct error *why)
{
    (void)why;
    return parse_count(text, &settings->seed);
}

static bool set_csv(struct settings *settings, const char *none, struct error *why)
{
    (void)none;
    (void)why;
    settings->csv = true;
    return true;
}

static bool set_topology(struct settings *settings, const char *what, struct error *why)
{
    (void)why;
    settings->topology = what;
    return *what != '\0';
}

/* Commands between commas; what they are worth shows when they are run. */
static bool set_python(struct settings *settings, const char *list, struct error *why)
{
    (void)why;
    settings->python = list;
    return interpreters_is_list(list);
}

/* A plug-in is loaded when the command runs, and all of the command line is known to be right. */
static bool set_kernel(struct settings *settings, const char *word, struct error *why)
{
    if (plugin_is_file(word)) {
        settings->kernel_file = word;
        return true;
    }
    settings->kernel_file = NULL;
    for (size_t k = 0; k < kernel_count; k++) {
        if (strcmp(kernels[k]->name, word) == 0) {
            settings->kernel = kernels[k];
            return true;
        }
    }
    return unknown_word(word, kernel_name, kernel_count, why);
}

static bool set_quiet(struct settings *settings, const char *none, struct error *why)
{
    (void)none;
    (void)why;
    settings->quiet = true;
    return true;
}

const struct option_spec option_variant = {
    'v',
    "variant",
    "LIST",
    "variants to run, serial always with them (default: all but hold and release)",
    "a list of variants: see 'gilscope list'",
    set_variant};
const struct option_spec option_threads = {
    't',
    "threads",
    "LIST",
    "thread counts: 1,2,4 or 1-8 or 1-64:2 (default: up to all PUs, at least 4)",
    "thread counts from 1 to 4096, ascending: 1,2,4 or 1-8 or 1-64:2",
    set_threads};
const struct option_spec option_pin = {
    'p',
    "pin",
    "LIST",
    "core, compact, spread, none (default: core; none too with interpreters)",
    "a list of core, compact, spread, none",
    set_pin};
const struct option_spec option_reps = {
    'r',
    "reps",
    "N",
    "blocks: how often every case is measured (default: 11)",
    "a whole number from 1 to 1000",
    set_reps};
const struct option_spec option_time = {
    'T',
    "time",
    "TIME",
    "length of one repetition, about (default: 50ms)",
    "a time in ns, us, ms or s, up to a day: 250ns, 5ms, 1.5s",
    set_time};
const struct option_spec option_count = {
    'n',
    "count",
    "N",
    "exact work of a repetition, instead of --time: 10M, 1e7, 10000000",
    "a whole number from 1 to 1e18: 10000000, 10M or 1e7",
    set_count};
const struct option_spec option_chunk = {
    'c',
    "chunk",
    "TIME|N",
    "work between two looks at the lock (default: 520ns)",
    "a time with its unit (520ns) or a whole number of units, decrements say (2000)",
    set_chunk};
const struct option_spec option_switch_interval = {
    'i',
    "switch-interval",
    "TIME",
    "sys.setswitchinterval of the gil (default: 5ms)",
    "a time in ns, us, ms or s, up to a day: 250ns, 5ms, 1.5s",
    set_switch_interval};
const struct option_spec option_tasks = {'k',
                                         "tasks",
                                         "N",
                                         "tasks for tasks and pool (default: 4 a thread)",
                                         "a whole number from 1 to 1000000",
                                         set_tasks};
const struct option_spec option_output = {'o',
                                          "output",
                                          "DIR",
                                          "folder for the CSV files (default: results)",
                                          "the name of a folder",
                                          set_output};
const struct option_spec option_seed = {
    0,
    "seed",
    "N",
    "order of the cases (default: from the clock; it is in machine.csv)",
    "a whole number from 1 up",
    set_seed};
const struct option_spec option_csv = {
    0, "csv", NULL, "rows on standard output instead of the table", NULL, set_csv};
const struct option_spec option_topology = {
    0,
    "topology",
    "WHAT",
    "a machine that is not here: FILE.xml or \"pack:2 core:8 pu:2\"",
    "a hwloc XML file or a synthetic description like \"pack:2 core:8 pu:2\"",
    set_topology};
const struct option_spec option_python = {
    0,
    "python",
    "auto|none|LIST",
    "interpreters to run beside it (default: auto, which is python3)",
    "auto, none, or interpreters between commas: python2.7,/opt/py/bin/python3,pypy3",
    set_python};
const struct option_spec option_kernel = {
    0,
    "kernel",
    "NAME|FILE",
    "what the threads compute: see 'gilscope list'; or ./FILE.so (default: countdown)",
    "a kernel ('gilscope list') or a plug-in: ./FILE.so",
    set_kernel};
const struct option_spec option_quiet = {'q',  "quiet",  NULL, "no progress, no table",
                                         NULL, set_quiet};

const struct option_spec option_length = {
    'l',
    "length",
    "TIME|N",
    "a native call of hold and release: a time, or units (default: 10us)",
    "a time with its unit, or a whole number of units: 10us or 4k",
    set_length};
const struct option_spec option_held = {
    0,
    "held",
    "TIME",
    "interpreter work before each call, with the lock (default: 15ns)",
    "a time in ns, us, ms or s, up to a day: 15ns, 1us",
    set_held};
const struct option_spec option_lock = {
    0,       "lock", "NAME", "gil, ticks or critical (default: gil)", "gil, ticks or critical",
    set_lock};
const struct option_spec option_shared = {
    0,
    "shared",
    "LINES",
    "cache lines that the interpreter work writes to (default: 4)",
    "a whole number from 0 to 64",
    set_shared};

const struct option_spec option_trace_variant = {
    'v',
    "variant",
    "NAME",
    "the variant to run: see 'gilscope list' (default: gil)",
    "a variant: see 'gilscope list'",
    set_variant};
const struct option_spec option_trace_threads = {
    't', "threads", "N", "threads (default: 2)", "a number from 1 to 4096", set_threads};
const struct option_spec option_events = {
    0,
    "events",
    "N",
    "events that there is room for, of each thread (default: 65536)",
    "a whole number from 1 to 67108864: 65536, 64k or 1M",
    set_events};
const struct option_spec option_sweep_length = {
    'l',
    "length",
    "LIST",
    "native calls: 100ns,1us,50us, or units: 512,4k (default: 100ns to 1ms)",
    "up to 64 times or whole numbers of units: 100ns,1us,50us or 512,4k,64k",
    set_length};

const struct option_spec *const all_options[] = {
    &option_variant, &option_threads,  &option_pin,    &option_reps,
    &option_time,    &option_count,    &option_chunk,  &option_tasks,
    &option_output,  &option_seed,     &option_csv,    &option_switch_interval,
    &option_quiet,   &option_topology, &option_python, &option_kernel,
    &option_length,  &option_held,     &option_lock,   &option_shared,
    &option_hogs,    &option_rate,     &option_events};
const size_t all_option_count = sizeof all_options / sizeof *all_options;

struct settings default_settings(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return (struct settings){
        .variants = (1u << variant_count) - 1,
        .pins = 1, /* the first: core */
        .reps = 11,
        .time_s = 50e-3,
        .chunk_s = 520e-9, /* sys.setcheckinterval(100) ticks of CPython 2.7's countdown */
        .switch_interval_s = 5e-3,
        .kernel = &kernel_countdown,
        .lock = &gil_switching,
        .held_s = 15e-9, /* a call of a compiled function from a loop took CPython 3.11 14 ns */
        .shared_lines = 4,
        .events = 65536,
        .output = "results",
        .seed = (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000,
    };
}
