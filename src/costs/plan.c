/* Which costs are measured where: see costs.h. */
#include "families.h"

#include "gilscope/clock.h"
#include "gilscope/threads.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The slots that threads are bound to, in the order of the policy `core`. */
static bool find_slots(struct cost_plan *plan, const struct machine *machine,
                       struct error *error)
{
    unsigned pus = machine_facts(machine)->pus;

    plan->slots = calloc(pus, sizeof *plan->slots);
    if (plan->slots == NULL) {
        return fail(error, "out of memory for %u PUs", pus);
    }
    machine_slots(machine, &pin_policies[0], plan->slots);
    return true;
}

/* More threads than PUs would measure the system's scheduler. */
static void choose_threads(struct cost_plan *plan, const struct thread_list *asked,
                           const struct machine_facts *facts)
{
    struct thread_list list = *asked;

    if (list.length == 0) {
        list.values[list.length++] = facts->pus < 2 ? 1 : 2;
        if (facts->cores > 2) {
            list.values[list.length++] =
                facts->cores < THREADS_MAX ? facts->cores : THREADS_MAX;
        }
    }
    for (size_t i = 0; i < list.length; i++) {
        struct thread_list *to = list.values[i] > facts->pus ? &plan->left_out : &plan->threads;
        to->values[to->length++] = list.values[i];
    }
}

/* How many turns of the delay last COST_DELAY_S: the quickest of a few tries, since what else
 * happens on the machine only makes them longer. */
static uint64_t turns_of_delay(void)
{
    enum { TRIES = 20, TURNS = 100000 };
    double least_s = INFINITY;

    for (int i = 0; i < TRIES; i++) {
        double start_s = clock_now();
        cost_delay(TURNS);
        least_s = fmin(least_s, clock_now() - start_s);
    }
    double turns = COST_DELAY_S / (least_s / TURNS);
    return turns < 1 ? 1 : (uint64_t)turns;
}

static size_t locks_of(const struct cost *cost)
{
    return cost->per_lock ? gil_kind_count : 1;
}

static size_t places_of(const struct cost_plan *plan, const struct cost *cost, unsigned pairs)
{
    return cost->team == COST_TEAM ? plan->threads.length : cost->team == COST_PAIR ? pairs : 1;
}

static void place_item(struct cost_item *item, struct cost_plan *plan, size_t place,
                       const struct machine_distance *distances)
{
    const struct cost *cost = item->cost;

    item->place.slots = cost->unbound ? NULL : plan->slots;
    item->place.threads = cost->processes > 0 ? cost->processes : 1;
    if (cost->team == COST_TEAM) {
        item->place.threads = plan->threads.values[place];
    }
    if (cost->team == COST_PAIR) {
        item->place.threads = 2;
        memcpy(item->pair, distances[place].pair, sizeof item->pair);
        item->place.slots = item->pair;
        memcpy(item->distance, distances[place].name, sizeof item->distance);
    }
}

/* Adds the items of one cost. */
static void add_items(struct cost_plan *plan, const struct cost *cost,
                      const struct cost_place *base, const struct machine_distance *distances,
                      unsigned pairs)
{
    for (size_t l = 0; l < locks_of(cost); l++) {
        for (size_t p = 0; p < places_of(plan, cost, pairs); p++) {
            struct cost_item *item = &plan->items[plan->length++];
            *item = (struct cost_item){.cost = cost, .place = *base};
            snprintf(item->name, sizeof item->name, "%s", cost->name);
            if (cost->per_lock) {
                item->place.lock = gil_kinds[l];
                snprintf(item->name, sizeof item->name, "lock %s %s", gil_kinds[l]->name,
                         cost->name);
            }
            if (cost->of_kernel) {
                snprintf(item->name, sizeof item->name, "%s %s", cost->name,
                         base->kernel->name);
            }
            place_item(item, plan, p, distances);
        }
    }
}

static bool allocate(struct cost_plan *plan, unsigned pairs, unsigned reps, struct error *error)
{
    size_t most = 1; /* a calloc of nothing may give null */

    for (size_t c = 0; c < cost_count; c++) {
        most += locks_of(&costs[c]) * places_of(plan, &costs[c], pairs);
    }
    plan->items = calloc(most, sizeof *plan->items);
    plan->values = calloc(most * reps, 2 * sizeof *plan->values);
    return (plan->items != NULL && plan->values != NULL) ||
           fail(error, "out of memory for %zu costs × %u blocks", most, reps);
}

/* The threads that the largest team needs: OpenMP must not end the program half-way. One more than
 * the caller is always started: glibc's locks are cheaper in a process that has never had a second
 * thread, and then they are not the locks that threads use. */
static bool check_threads(const struct cost_plan *plan, struct error *error)
{
    unsigned most = plan->pairs ? 2 : 1;

    for (size_t t = 0; t < plan->threads.length; t++) {
        most = plan->threads.values[t] > most ? plan->threads.values[t] : most;
    }
    return threads_available(most, most > 2 ? most : 2, "--threads", error);
}

bool cost_plan_make(struct cost_plan *plan, const struct machine *machine,
                    const struct kernel *kernel, const struct thread_list *threads,
                    unsigned reps, struct error *error)
{
    struct machine_distance distances[MACHINE_DISTANCES_MAX];
    unsigned pairs = machine_distances(machine, distances);

    memset(plan, 0, sizeof *plan);
    plan->pairs = pairs > 0;
    choose_threads(plan, threads, machine_facts(machine));
    if (!check_threads(plan, error) || !find_slots(plan, machine, error) ||
        !allocate(plan, pairs, reps, error) || !machine_bind(machine, plan->slots, error)) {
        return false;
    }
    struct cost_place base = {.machine = machine, .kernel = kernel, .delay = turns_of_delay()};
    for (size_t c = 0; c < cost_count; c++) {
        add_items(plan, &costs[c], &base, distances, pairs);
    }
    for (size_t i = 0; i < plan->length; i++) {
        plan->items[i].raw = &plan->values[2 * i * reps];
        plan->items[i].reference = plan->items[i].raw + reps;
    }
    return true;
}

void cost_plan_free(struct cost_plan *plan)
{
    free(plan->slots);
    free(plan->items);
    free(plan->values);
    plan->slots = NULL;
    plan->items = NULL;
    plan->values = NULL;
    plan->length = 0;
}
