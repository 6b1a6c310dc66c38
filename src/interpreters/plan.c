/* The cases of the interpreters: see interpreters_plan. */
#include "gilscope/interpreter.h"

#include <stdlib.h>
#include <string.h>

const char *interpreters_wanted(const struct settings *settings)
{
    const char *usual = getenv("GILSCOPE_PYTHON");

    if (settings->python != NULL) {
        return settings->python;
    }
    if (settings->variants_given) {
        return "none";
    }
    return usual != NULL && *usual != '\0' ? usual : "auto";
}

bool interpreters_gave(const struct settings *settings, bool measured, struct error *error)
{
    const char *list = settings->python;

    return measured || list == NULL || strcmp(list, "auto") == 0 || strcmp(list, "none") == 0 ||
           fail(
               error,
               "--python=%.80s: nothing was measured of it, for the reasons above; the rest of "
               "the run is complete",
               list);
}

static bool is_power_of_two(unsigned n)
{
    return (n & (n - 1)) == 0;
}

/* Their repetitions are long, so that, unless counts are asked for, only 1, 2, 4 … are run, and
 * as many threads as there are cores and PUs. */
static void choose_threads(const struct settings *settings, const struct machine_facts *facts,
                           struct thread_list *list)
{
    struct thread_list all;

    *list = settings->threads;
    if (list->length > 0) {
        return;
    }
    default_threads(facts, &all);
    for (size_t t = 0; t < all.length; t++) {
        unsigned n = all.values[t];
        if (is_power_of_two(n) || n == facts->cores || n == facts->pus) {
            list->values[list->length++] = n;
        }
    }
}

/* What adding cases needs. */
struct adding {
    struct plan *plan;
    const struct settings *settings;
    const struct machine_facts *facts;
    const struct thread_list *threads;
};

static bool add(const struct adding *to, const struct guest *guest,
                const struct pin_policy *pin, unsigned threads, size_t baseline,
                struct error *error)
{
    const struct plan_case new_case = {
        .variant = &guest->variant, .pin = pin, .threads = threads, .baseline = baseline};
    return plan_add(to->plan, &new_case, to->settings, to->facts, error);
}

static bool models_run_unpinned(const struct adding *to)
{
    bool they_do = false;

    for (size_t p = 0; p < pin_policy_count; p++) {
        they_do |= !pin_policies[p].binds && (to->settings->pins >> p & 1);
    }
    return they_do;
}

/* More threads than PUs are run as in the article only, unpinned: their repetitions are long, and
 * pinned they tell nothing more. Where no model is unpinned they would have none to be set beside,
 * and stay. One thread is no different for being pinned. */
static bool runs_pinned(const struct adding *to, unsigned threads)
{
    return threads > 1 && (threads <= to->facts->pus || !models_run_unpinned(to));
}

static bool add_mode(const struct adding *to, const struct guest *guest,
                     const struct pin_policy *pin, size_t baseline, struct error *error)
{
    bool own = guest->mode->own_baseline;

    if (own) {
        baseline = to->plan->length;
        if (!add(to, guest, pin, 1, baseline, error)) {
            return false;
        }
    }
    for (size_t t = 0; t < to->threads->length; t++) {
        unsigned threads = to->threads->values[t];
        bool wanted = pin->binds ? runs_pinned(to, threads) : threads > 1 || !own;
        if (wanted && !add(to, guest, pin, threads, baseline, error)) {
            return false;
        }
    }
    return true;
}

static bool add_cases(const struct adding *to, const struct interpreter *interpreter,
                      const struct pin_policy *pin, struct error *error)
{
    size_t baseline = to->plan->length;

    if (!add(to, &interpreter->guests[0], pin, 1, baseline, error)) {
        return false;
    }
    for (int m = 1; m < MODE_COUNT; m++) {
        const struct guest *guest = &interpreter->guests[m];
        if (guest_is_there(&guest->variant) && !add_mode(to, guest, pin, baseline, error)) {
            return false;
        }
    }
    return true;
}

/* Under the policies that do not bind; under `core` where it is asked for and can be had, and is
 * more than a baseline that nothing is set over. */
static bool runs_under(const struct adding *to, const struct interpreter *interpreter, size_t p)
{
    bool core = strcmp(pin_policies[p].name, "core") == 0 && (to->settings->pins >> p & 1);
    bool any = !models_run_unpinned(to);

    for (size_t t = 0; t < to->threads->length; t++) {
        any |= runs_pinned(to, to->threads->values[t]);
    }
    return !pin_policies[p].binds || (core && any && interpreter->facts.binds);
}

bool interpreters_plan(const struct interpreters *interpreters, struct plan *plan,
                       const struct settings *settings, const struct machine_facts *facts,
                       struct error *error)
{
    struct thread_list threads;
    const struct adding to = {plan, settings, facts, &threads};

    choose_threads(settings, facts, &threads);
    for (size_t i = 0; i < interpreters->length; i++) {
        const struct interpreter *each = interpreters->at[i];
        for (size_t p = 0; p < pin_policy_count; p++) {
            if (runs_under(&to, each, p) && !add_cases(&to, each, &pin_policies[p], error)) {
                return false;
            }
        }
    }
    return true;
}
