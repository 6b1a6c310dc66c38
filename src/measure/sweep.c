/* The sweep of `breakeven`: see sweep.h. */
#include "gilscope/sweep.h"

#include "checks.h"
#include "gilscope/crossing.h"
#include "gilscope/runner.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

extern const struct variant variant_hold, variant_release;

/* The mode of that name, where it can be run; or null. */
static const struct variant *mode_of(const struct interpreter *interpreter, const char *name)
{
    for (int m = 0; m < MODE_COUNT; m++) {
        const struct variant *variant = &interpreter->guests[m].variant;
        if (strcmp(interpreter_modes[m].name, name) == 0 && guest_is_there(variant)) {
            return variant;
        }
    }
    return NULL;
}

size_t sweep_systems(const struct interpreters *interpreters, struct system *systems)
{
    size_t n = 0;

    systems[n++] = (struct system){"model", &variant_hold, &variant_release, NULL};
    for (size_t i = 0; i < interpreters->length; i++) {
        const struct interpreter *each = interpreters->at[i];
        const struct variant *hold = mode_of(each, "hold"), *release = mode_of(each, "release");
        if (hold != NULL && release != NULL) {
            systems[n++] = (struct system){each->name, hold, release, each};
        }
    }
    return n;
}

/* What is measured unless lengths are asked for. */
#define SHORTEST_S 100e-9
#define LONGEST_S  1e-3
static const struct length_list usual = {13,
                                         {{100e-9, 0},
                                          {200e-9, 0},
                                          {500e-9, 0},
                                          {1e-6, 0},
                                          {2e-6, 0},
                                          {5e-6, 0},
                                          {10e-6, 0},
                                          {20e-6, 0},
                                          {50e-6, 0},
                                          {100e-6, 0},
                                          {200e-6, 0},
                                          {500e-6, 0},
                                          {1e-3, 0}}};

/* No call is for more: what counts the units of all threads must not overflow. */
#define UNITS_MAX 1e15
/* No call lasts longer: it is waited for, again and again. */
#define CALL_MAX_S 10.0

static int ascending(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

/* Ascending, and each once. */
static void sort(struct sweep *sweep)
{
    size_t n = 0;

    qsort(sweep->units, sweep->length, sizeof *sweep->units, ascending);
    for (size_t i = 0; i < sweep->length; i++) {
        if (n == 0 || sweep->units[i] != sweep->units[n - 1]) {
            sweep->units[n++] = sweep->units[i];
        }
    }
    sweep->length = n;
}

static uint64_t rounded(double units)
{
    return units < 1 ? 1 : units > UNITS_MAX ? (uint64_t)UNITS_MAX : (uint64_t)(units + 0.5);
}

void sweep_lengths_linear(struct sweep *sweep, const struct length_list *wanted, double unit_s)
{
    sweep->length = wanted->length;
    for (size_t i = 0; i < wanted->length; i++) {
        const struct call_length *each = &wanted->values[i];
        sweep->units[i] = each->units != 0 ? each->units : rounded(each->time_s / unit_s);
    }
    sort(sweep);
    for (size_t i = 0; i < sweep->length; i++) {
        sweep->call_s[i] = (double)sweep->units[i] * unit_s;
    }
}

static bool call_s(const struct kernel *kernel, uint64_t units, double *seconds,
                   struct error *error)
{
    if (interrupted()) {
        return fail_signal(error, interrupted());
    }
    return kernel_call_s(kernel, units, seconds, error);
}

static bool too_fast(const struct kernel *kernel, double time_s, struct error *error)
{
    return fail(error,
                "no call of the kernel %s lasts %g s, however many %ss it is for: does it "
                "compute anything? --length=N says how many a call is for",
                kernel->name, time_s, kernel->unit);
}

/* Units whose call lasts time_s: doubled until it does, then halved in between. */
static bool units_for(const struct kernel *kernel, double time_s, uint64_t *units,
                      struct error *error)
{
    uint64_t below = 0, above = 1;
    double took_s;

    for (;;) {
        if (!call_s(kernel, above, &took_s, error)) {
            return false;
        }
        if (took_s >= time_s) {
            break;
        }
        if ((double)above > UNITS_MAX / 2) {
            return too_fast(kernel, time_s, error);
        }
        below = above;
        above *= 2;
    }
    while (above - below > 1 + below / 64) { /* nearer than noise lets us tell */
        uint64_t middle = below + (above - below) / 2;
        if (!call_s(kernel, middle, &took_s, error)) {
            return false;
        }
        *(took_s < time_s ? &below : &above) = middle;
    }
    *units = above;
    return true;
}

/* What calls take; a longer one never less than a shorter: what says so is noise. */
static bool measure_calls(struct sweep *sweep, struct error *error)
{
    for (size_t i = 0; i < sweep->length; i++) {
        if (!call_s(sweep->kernel, sweep->units[i], &sweep->call_s[i], error)) {
            return false;
        }
        sweep->call_s[i] = fmax(sweep->call_s[i], i > 0 ? sweep->call_s[i - 1] : 0);
    }
    return true;
}

static bool find_wanted(struct sweep *sweep, const struct length_list *wanted,
                        struct error *error)
{
    sweep->length = wanted->length;
    for (size_t i = 0; i < wanted->length; i++) {
        sweep->units[i] = wanted->values[i].units;
        if (sweep->units[i] == 0 &&
            !units_for(sweep->kernel, wanted->values[i].time_s, &sweep->units[i], error)) {
            return false;
        }
    }
    sort(sweep);
    return measure_calls(sweep, error);
}

/* Powers of two; the smallest alone where even that lasts longer than the longest. */
static bool find_usual(struct sweep *sweep, struct error *error)
{
    sweep->length = 0;
    for (uint64_t units = 1; (double)units < UNITS_MAX && sweep->length < LENGTHS_MAX;
         units *= 2) {
        double took_s, before_s = sweep->length > 0 ? sweep->call_s[sweep->length - 1] : 0;

        if (!call_s(sweep->kernel, units, &took_s, error)) {
            return false;
        }
        if (took_s > LONGEST_S && sweep->length > 0) {
            break;
        }
        /* Twice the units last twice as long, or as long as before where it is the call itself that
         * lasts: half-way between the two. */
        if (took_s >= SHORTEST_S && took_s >= 1.5 * before_s) {
            sweep->units[sweep->length] = units;
            sweep->call_s[sweep->length++] = took_s;
        }
    }
    return sweep->length > 0 || too_fast(sweep->kernel, SHORTEST_S, error);
}

/* Refuses what would last too long before it is tried. */
static bool check_wanted(const struct length_list *wanted, const struct kernel *kernel,
                         double unit_s, struct error *error)
{
    for (size_t i = 0; i < wanted->length; i++) {
        const struct call_length *each = &wanted->values[i];
        double call_s = each->units != 0 ? (double)each->units * unit_s : each->time_s;

        if (call_s > CALL_MAX_S) {
            return fail_usage(error, "--length: a call of about %.3g s; %g s is the most",
                              call_s, CALL_MAX_S);
        }
        if ((double)each->units > UNITS_MAX) {
            return fail_usage(error, "--length=%llu: no call is for more than %g %ss",
                              (unsigned long long)each->units, UNITS_MAX, kernel->unit);
        }
    }
    return true;
}

/* Each unit takes the same, however many there are: true of what touches no memory. */
static bool is_linear(const struct kernel *kernel)
{
    return kernel == &kernel_countdown || kernel == &kernel_floor;
}

bool sweep_lengths(struct sweep *sweep, const struct settings *settings, struct error *error)
{
    const struct length_list *wanted = &settings->lengths;
    double unit_s;

    sweep->kernel = settings->kernel;
    if (!kernel_unit_s(settings->kernel, &unit_s, error) ||
        !check_wanted(wanted, settings->kernel, unit_s, error)) {
        return false;
    }
    if (!is_linear(settings->kernel)) {
        return wanted->length > 0 ? find_wanted(sweep, wanted, error)
                                  : find_usual(sweep, error);
    }
    sweep_lengths_linear(sweep, wanted->length > 0 ? wanted : &usual, unit_s);
    return true;
}

static void add_count(struct thread_list *list, unsigned threads)
{
    if (list->length == 0 || list->values[list->length - 1] < threads) {
        list->values[list->length++] = threads;
    }
}

void sweep_threads(struct sweep *sweep, const struct settings *settings,
                   const struct machine_facts *facts)
{
    const struct thread_list *wanted = &settings->threads;
    struct thread_list *list = &sweep->threads;

    list->length = 0;
    add_count(list, 1);
    for (size_t t = 0; t < wanted->length; t++) {
        add_count(list, wanted->values[t]);
    }
    if (wanted->length == 0) {
        add_count(list, 2);
        add_count(list, facts->cores < THREADS_MAX ? facts->cores : THREADS_MAX);
    }
}

/* Interpreters bind their threads as `core` does, or not at all. */
static bool can_have(const struct system *system, const struct pin_policy *pin)
{
    return system->interpreter == NULL || !pin->binds ||
           (strcmp(pin->name, "core") == 0 && system->interpreter->facts.binds);
}

/* Both ways of one call, under one policy. */
static bool add_length(const struct sweep *sweep, struct plan *plan,
                       const struct settings *settings, const struct machine_facts *facts,
                       const struct plan_case *like, const struct system *system,
                       struct error *error)
{
    struct plan_case new_case = *like;

    new_case.baseline = plan->length;
    for (size_t t = 0; t < sweep->threads.length; t++) {
        new_case.threads = sweep->threads.values[t];
        new_case.variant = system->hold;
        if (!plan_add(plan, &new_case, settings, facts, error)) {
            return false;
        }
        new_case.variant = system->release;
        if (!plan_add(plan, &new_case, settings, facts, error)) {
            return false;
        }
    }
    return true;
}

bool sweep_plan(const struct sweep *sweep, struct plan *plan, const struct settings *settings,
                const struct machine_facts *facts, struct error *error)
{
    *plan = (struct plan){0};
    for (size_t p = 0; p < pin_policy_count; p++) {
        const struct pin_policy *pin = &pin_policies[p];
        for (size_t s = 0; s < sweep->system_count && settings->pins >> p & 1; s++) {
            for (size_t l = 0; l < sweep->length && can_have(&sweep->systems[s], pin); l++) {
                const struct plan_case like = {.pin = pin, .call = sweep->units[l]};
                if (!add_length(sweep, plan, settings, facts, &like, &sweep->systems[s],
                                error)) {
                    return false;
                }
            }
        }
    }
    return true;
}

const struct system *sweep_releasing(const struct sweep *sweep, const struct plan_case *of)
{
    for (size_t s = 0; s < sweep->system_count; s++) {
        if (sweep->systems[s].release == of->variant) {
            return &sweep->systems[s];
        }
    }
    return NULL;
}

bool sweep_is_timed(const struct sweep *sweep)
{
    return is_linear(sweep->kernel);
}

size_t sweep_place(const struct sweep *sweep, const struct plan_case *of)
{
    size_t l = 0;

    while (l + 1 < sweep->length && sweep->units[l] != of->call) {
        l++;
    }
    return l;
}

double sweep_units_of(const struct sweep *sweep, double seconds)
{
    size_t l = 1;

    while (l + 1 < sweep->length && sweep->call_s[l] < seconds) {
        l++;
    }
    if (l >= sweep->length) { /* one length alone */
        return isinf(seconds) ? INFINITY : (double)sweep->units[0];
    }
    return interpolate_logs(seconds, sweep->call_s[l - 1], (double)sweep->units[l - 1],
                            sweep->call_s[l], (double)sweep->units[l]);
}

double sweep_expected_s(const struct plan *plan, const struct settings *settings)
{
    double sum_s = 0;

    /* A warm-up ends with a fifth of a repetition; what leads to it takes about as much again. */
    for (size_t c = 0; c < plan->length; c++) {
        sum_s += repetition_s(plan->cases[c].variant, settings) * (settings->reps + 0.4);
    }
    return sum_s;
}
