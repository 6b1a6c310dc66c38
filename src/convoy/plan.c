/* Cases, samples, summaries: see convoy_plan.h. */
#include "gilscope/convoy_plan.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { CASES_MOST = 100000 };

/* What the lists of the settings are multiplied out with. */
struct making {
    struct convoy_plan *plan;
    const struct settings *settings;
};

static const struct convoy_lock *lock_named(const char *name)
{
    for (size_t l = 0; l < CONVOY_LOCKS; l++) {
        if (strcmp(convoy_locks[l].name, name) == 0) {
            return &convoy_locks[l];
        }
    }
    return &convoy_locks[CONVOY_LOCKS - 1]; /* model_of's "nogil": none */
}

static bool add(struct convoy_plan *plan, const struct convoy_case *new_case,
                struct error *error)
{
    if (plan->length == CASES_MOST) {
        return fail_usage(error,
                          "--hogs, --switch-interval, --pin: more than %d cases; ask for fewer",
                          CASES_MOST);
    }
    struct convoy_case *cases = realloc(plan->cases, (plan->length + 1) * sizeof *plan->cases);
    if (cases == NULL) {
        return fail(error, "out of memory for %zu cases", plan->length);
    }
    plan->cases = cases;
    plan->cases[plan->length++] = *new_case;
    if (new_case->hogs > plan->hogs_max) {
        plan->hogs_max = new_case->hogs;
    }
    return true;
}

/* One lock under one policy and switch interval: one hog alone, if there are to be any, and each
 * number of hogs beside the I/O thread. */
static bool add_hogs(const struct making *to, struct convoy_case this_case, struct error *error)
{
    const struct thread_list *hogs = &to->settings->hogs;

    this_case.alone = to->plan->length;
    if (hogs->values[hogs->length - 1] > 0) {
        this_case.hogs = 1;
        this_case.serves = false;
        if (!add(to->plan, &this_case, error)) {
            return false;
        }
    }
    this_case.serves = true;
    for (size_t h = 0; h < hogs->length; h++) {
        this_case.hogs = hogs->values[h];
        if (!add(to->plan, &this_case, error)) {
            return false;
        }
    }
    return true;
}

/* A switch interval is a matter of gil alone: the others have no such thing. */
static bool add_intervals(const struct making *to, struct convoy_case this_case,
                          struct error *error)
{
    const struct length_list *intervals = &to->settings->switch_intervals;

    if (this_case.lock->kind != &gil_switching) {
        return add_hogs(to, this_case, error);
    }
    for (size_t i = 0; i < intervals->length; i++) {
        this_case.switch_interval_s = intervals->values[i].time_s;
        if (!add_hogs(to, this_case, error)) {
            return false;
        }
    }
    return true;
}

static bool add_locks(const struct making *to, const struct pin_policy *pin,
                      const struct interpreters *interpreters, struct error *error)
{
    for (size_t l = 0; l < CONVOY_LOCKS; l++) {
        const struct convoy_case model = {.lock = &convoy_locks[l], .pin = pin};
        if (to->settings->locks >> l & 1 && !add_intervals(to, model, error)) {
            return false;
        }
    }
    for (size_t i = 0; !pin->binds && i < interpreters->guest_count; i++) {
        struct guest *guest = interpreters->guests[i];
        const char *model = model_of(guest->mode, &guest->interpreter->facts);
        const struct convoy_case theirs = {
            .guest = guest, .lock = lock_named(model), .pin = pin};
        if (!add_intervals(to, theirs, error)) {
            return false;
        }
    }
    return true;
}

static bool binds_all(const struct settings *settings)
{
    for (size_t p = 0; p < pin_policy_count; p++) {
        if (settings->pins >> p & 1 && !pin_policies[p].binds) {
            return false;
        }
    }
    return true;
}

static bool check_hogs(const struct settings *settings, struct error *error)
{
    const char *option = (settings->given & OPTION_CHUNK)   ? "chunk"
                         : settings->switch_intervals_given ? "switch-interval"
                                                            : NULL;

    return settings->hogs.values[settings->hogs.length - 1] > 0 || option == NULL ||
           fail_usage(error,
                      "--%s makes no difference without hogs: leave it out, or have some "
                      "(--hogs=0,1)",
                      option);
}

static bool check_interpreters(const struct settings *settings, struct error *error)
{
    const char *option = (settings->given & OPTION_CHUNK) ? "chunk" : settings->of_calls;

    if (settings->python == NULL || strcmp(settings->python, "none") == 0) {
        return true;
    }
    if (binds_all(settings)) {
        return fail_usage(error, "--python: interpreters run unpinned, which --pin leaves out; "
                                 "add none to it (--pin=core,none)");
    }
    return option == NULL ||
           fail_usage(error,
                      "--%s is of the models alone, and what an interpreter runs is its own: "
                      "leave out --%s or --python",
                      option, option);
}

/* A request and its answer take tens of microseconds where nobody is in the way. */
#define TIME_MIN_S 1e-3

static bool check_time(const struct settings *settings, struct error *error)
{
    return settings->time_s >= TIME_MIN_S ||
           fail_usage(error, "--time: too short for an answer: have a millisecond or more");
}

bool convoy_check(const struct settings *settings, struct error *error)
{
    return check_time(settings, error) && check_hogs(settings, error) &&
           check_interpreters(settings, error);
}

/* As convoy_check, of what is known only now. */
static bool check(const struct convoy_plan *plan, const struct settings *settings,
                  struct error *error)
{
    if (settings->rate_per_s > 0 && settings->rate_per_s * settings->time_s < 1) {
        return fail_usage(error, "--rate=%g: no request would be due within --time",
                          settings->rate_per_s);
    }
    for (size_t c = 0; c < plan->length; c++) {
        if (plan->cases[c].lock->kind == &gil_switching) {
            return true;
        }
    }
    return !settings->switch_intervals_given ||
           fail_usage(error, "--switch-interval is of the lock gil, which is not among --lock");
}

static bool allocate(struct convoy_plan *plan, struct error *error)
{
    plan->samples = calloc(plan->length * plan->reps, sizeof *plan->samples);
    plan->pooled = calloc(plan->length, sizeof *plan->pooled);
    return (plan->samples != NULL && plan->pooled != NULL) ||
           fail(error, "out of memory for %zu cases", plan->length);
}

bool convoy_plan_make(struct convoy_plan *plan, const struct settings *settings,
                      const struct interpreters *interpreters, struct error *error)
{
    const struct making to = {plan, settings};

    *plan = (struct convoy_plan){.reps = settings->reps,
                                 .intervals = settings->switch_intervals.length};
    for (size_t p = 0; p < pin_policy_count; p++) {
        if (!(settings->pins >> p & 1)) {
            continue;
        }
        plan->pins++;
        if (!add_locks(&to, &pin_policies[p], interpreters, error)) {
            return false;
        }
    }
    return check(plan, settings, error) && allocate(plan, error);
}

void convoy_plan_free(struct convoy_plan *plan)
{
    free(plan->cases);
    free(plan->samples);
    free(plan->pooled);
}

void convoy_enter(struct convoy_plan *plan, size_t c, unsigned rep,
                  const struct convoy_outcome *outcome, const struct convoy_answers *answers)
{
    static const double shares[] = {[CONVOY_P50] = 0.5,
                                    [CONVOY_P90] = 0.9,
                                    [CONVOY_P99] = 0.99,
                                    [CONVOY_P999] = 0.999,
                                    [CONVOY_LONGEST] = 1};
    struct convoy_sample *sample = convoy_sample_at(plan, c, rep);

    *sample = (struct convoy_sample){
        .measured = true, .wall_s = outcome->wall_s, .handoffs = outcome->handoffs};
    for (int f = 0; f < CONVOY_FIGURES; f++) {
        sample->figures[f] = NAN;
    }
    sample->figures[CONVOY_HOGS] = outcome->hogs_rate_per_s;
    if (answers == NULL) {
        return;
    }
    sample->requests = answers->latencies.count - answers->unanswered - answers->unsent;
    sample->resent = answers->resent;
    sample->late = answers->late;
    sample->wrong = answers->wrong;
    sample->unanswered = answers->unanswered;
    sample->unsent = answers->unsent;
    sample->figures[CONVOY_REQUESTS] = (double)answers->in_time / outcome->wall_s;
    for (int f = CONVOY_P50; f <= CONVOY_LONGEST; f++) {
        sample->figures[f] = histogram_quantile(&answers->latencies, shares[f]);
    }
    histogram_add(&plan->pooled[c], &answers->latencies);
}

void convoy_share(struct convoy_plan *plan, unsigned rep)
{
    for (size_t c = 0; c < plan->length; c++) {
        struct convoy_sample *sample = convoy_sample_at(plan, c, rep);
        const struct convoy_sample *alone = convoy_sample_at(plan, plan->cases[c].alone, rep);
        if (sample->measured && alone->measured) {
            sample->figures[CONVOY_SHARE] =
                sample->figures[CONVOY_HOGS] / alone->figures[CONVOY_HOGS];
        }
    }
}

struct estimate convoy_estimate(const struct convoy_plan *plan, size_t c,
                                enum convoy_figure figure, double *scratch)
{
    size_t n = 0;

    for (unsigned rep = 0; rep < plan->reps; rep++) {
        const struct convoy_sample *sample = convoy_sample_at(plan, c, rep);
        if (sample->measured && isfinite(sample->figures[figure])) {
            scratch[n++] = sample->figures[figure];
        }
    }
    return estimate_median(scratch, n);
}

const char *convoy_case_name(const struct convoy_case *this_case)
{
    return this_case->guest != NULL ? this_case->guest->interpreter->name
                                    : this_case->lock->name;
}

double convoy_unanswered(const struct convoy_plan *plan, size_t c)
{
    double due = 0, not_answered = 0;

    for (unsigned rep = 0; rep < plan->reps; rep++) {
        const struct convoy_sample *sample = convoy_sample_at(plan, c, rep);
        double missing = (double)(sample->unanswered + sample->unsent);
        due += (double)sample->requests + missing;
        not_answered += missing;
    }
    return not_answered / due;
}

bool convoy_is_bound(const struct convoy_plan *plan, size_t c, enum convoy_figure figure)
{
    static const double beyond[CONVOY_FIGURES] = {
        [CONVOY_P50] = 0.5, [CONVOY_P90] = 0.1, [CONVOY_P99] = 0.01, [CONVOY_P999] = 0.001};
    bool is_latency = figure >= CONVOY_P50 && figure <= CONVOY_LONGEST;

    return is_latency && convoy_unanswered(plan, c) > beyond[figure] / 10;
}

bool convoy_measured(const struct convoy_plan *plan, size_t c)
{
    for (unsigned rep = 0; rep < plan->reps; rep++) {
        if (convoy_sample_at(plan, c, rep)->measured) {
            return true;
        }
    }
    return false;
}

/* Do the two differ in nothing but what is asked for? */
static bool same_kind(const struct convoy_case *a, const struct convoy_case *b)
{
    return a->serves == b->serves && a->lock == b->lock &&
           a->switch_interval_s == b->switch_interval_s;
}

size_t convoy_model_of(const struct convoy_plan *plan, size_t of)
{
    const struct convoy_case *theirs = &plan->cases[of];
    size_t found = plan->length;

    for (size_t c = plan->length; c-- > 0;) {
        const struct convoy_case *ours = &plan->cases[c];
        if (ours->guest == NULL && same_kind(ours, theirs) && ours->hogs == theirs->hogs &&
            (found == plan->length || ours->pin == theirs->pin ||
             plan->cases[found].pin != theirs->pin)) {
            found = c;
        }
    }
    return found;
}

size_t convoy_with_hogs(const struct convoy_plan *plan, size_t of, unsigned hogs)
{
    const struct convoy_case *like = &plan->cases[of];

    for (size_t c = 0; c < plan->length; c++) {
        const struct convoy_case *each = &plan->cases[c];
        if (each->serves && each->guest == like->guest && each->pin == like->pin &&
            each->lock == like->lock && each->switch_interval_s == like->switch_interval_s &&
            each->hogs == hogs) {
            return c;
        }
    }
    return plan->length;
}
