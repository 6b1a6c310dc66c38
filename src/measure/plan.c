/* The plan: see plan.h. */
#include "gilscope/plan.h"

#include <stdlib.h>
#include <string.h>

static int ascending(const void *a, const void *b)
{
    unsigned x = *(const unsigned *)a, y = *(const unsigned *)b;
    return (x > y) - (x < y);
}

static void append(struct thread_list *list, unsigned threads)
{
    for (size_t i = 0; i < list->length; i++) {
        if (list->values[i] == threads) {
            return;
        }
    }
    if (threads >= 1 && threads <= THREADS_MAX) {
        list->values[list->length++] = threads;
    }
}

void default_threads(const struct machine_facts *facts, struct thread_list *list)
{
    enum { LEAST = 4, ONE_BY_ONE = 8 };
    unsigned most = facts->pus > LEAST ? facts->pus : LEAST;

    list->length = 0;
    for (unsigned n = 1; n <= most && n <= ONE_BY_ONE; n++) {
        append(list, n);
    }
    for (unsigned n = 2 * ONE_BY_ONE; n <= most && n <= THREADS_MAX; n *= 2) {
        append(list, n);
    }
    append(list, facts->cores);
    append(list, facts->pus < THREADS_MAX ? facts->pus : THREADS_MAX);
    qsort(list->values, list->length, sizeof *list->values, ascending);
}

static struct plan_case *add_case(struct plan *plan, const struct settings *settings,
                                  const struct variant *variant, const struct pin_policy *pin,
                                  unsigned threads)
{
    struct plan_case *new_case = &plan->cases[plan->length++];

    *new_case = (struct plan_case){.variant = variant,
                                   .pin = pin,
                                   .threads = threads,
                                   .call = variant->calls ? settings->call : 0};
    if (threads > plan->threads_max) {
        plan->threads_max = threads;
    }
    return new_case;
}

/* Calls need a length, and what counts itself runs no other kernel. */
static bool suits(const struct variant *variant, const struct settings *settings)
{
    return (!variant->calls || settings->call != 0) &&
           (!variant->counts || settings->kernel == &kernel_countdown);
}

static void add_cases_of_policy(struct plan *plan, const struct settings *settings,
                                const struct thread_list *threads, const struct pin_policy *pin)
{
    size_t baseline = plan->length;

    add_case(plan, settings, variants[0], pin, 1)->baseline = baseline;
    for (size_t v = 1; v < variant_count; v++) {
        bool wanted = settings->variants >> v & 1 && suits(variants[v], settings);
        for (size_t t = 0; t < threads->length && wanted; t++) {
            add_case(plan, settings, variants[v], pin, threads->values[t])->baseline = baseline;
        }
    }
}

static void complete_case(struct plan *plan, struct plan_case *each,
                          const struct settings *settings, const struct machine_facts *facts)
{
    each->kernel = settings->kernel;
    each->oversubscribed = each->threads > facts->pus;
    each->tasks = settings->tasks != 0 ? settings->tasks : TASKS_PER_WORKER * each->threads;
    if (each->tasks > plan->tasks_max) {
        plan->tasks_max = each->tasks;
    }
}

bool plan_make(struct plan *plan, const struct settings *settings,
               const struct machine_facts *facts, struct error *error)
{
    struct thread_list threads = settings->threads;

    if (threads.length == 0) {
        default_threads(facts, &threads);
    }
    memset(plan, 0, sizeof *plan);
    plan->cases = calloc(pin_policy_count * (1 + (variant_count - 1) * threads.length),
                         sizeof *plan->cases);
    if (plan->cases == NULL) {
        return fail(error, "out of memory for the plan");
    }
    for (size_t p = 0; p < pin_policy_count; p++) {
        if (settings->pins >> p & 1) {
            add_cases_of_policy(plan, settings, &threads, &pin_policies[p]);
        }
    }
    for (size_t c = 0; c < plan->length; c++) {
        complete_case(plan, &plan->cases[c], settings, facts);
    }
    return true;
}

bool plan_add(struct plan *plan, const struct plan_case *new_case,
              const struct settings *settings, const struct machine_facts *facts,
              struct error *error)
{
    struct plan_case *more = realloc(plan->cases, (plan->length + 1) * sizeof *plan->cases);

    if (more == NULL) {
        return fail(error, "out of memory for %zu cases", plan->length + 1);
    }
    plan->cases = more;
    struct plan_case *added =
        add_case(plan, settings, new_case->variant, new_case->pin, new_case->threads);
    added->baseline = new_case->baseline;
    complete_case(plan, added, settings, facts);
    if (new_case->call != 0) {
        added->call = new_case->call;
    }
    return true;
}

void plan_free(struct plan *plan)
{
    free(plan->cases);
    plan->cases = NULL;
    plan->length = 0;
}

static uint64_t splitmix64(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15;

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
}

void plan_shuffle(size_t *order, size_t n, uint64_t *state)
{
    for (size_t i = 0; i < n; i++) {
        /* The modulo favours some places by less than n / 2^64. */
        size_t j = (size_t)(splitmix64(state) % (i + 1));
        order[i] = order[j];
        order[j] = i;
    }
}
