/* gilscope topo: the machine, and where each thread goes. */
#include "gilscope/command.h"
#include "gilscope/csv.h"
#include "gilscope/machine.h"
#include "gilscope/terminal.h"

#include <stdio.h>
#include <stdlib.h>

/* The placement of threads 0 … threads-1 on slots[pus]. */
struct placement {
    const struct pin_policy *pin;
    const struct slot *slots;
    unsigned pus, threads;
};

static const struct slot *slot_of(const struct placement *placement, unsigned thread)
{
    return &placement->slots[thread % placement->pus];
}

static void print_rows(const struct placement *placement)
{
    puts("thread,pu_os,pu,core,numa,package,cpukind,smt,oversubscribed");
    for (unsigned t = 0; t < placement->threads; t++) {
        const struct slot *slot = slot_of(placement, t);
        struct csv_row row;

        csv_begin(&row);
        csv_integer(&row, t);
        if (placement->pin->binds) {
            const unsigned fields[] = {slot->pu_os, slot->pu,      slot->core,
                                       slot->numa,  slot->package, (unsigned)slot->cpukind,
                                       slot->smt};
            for (size_t f = 0; f < sizeof fields / sizeof *fields; f++) {
                csv_integer(&row, fields[f]);
            }
        } else {
            for (int f = 0; f < 7; f++) {
                csv_text(&row, ""); /* it may run anywhere */
            }
        }
        csv_integer(&row, t >= placement->pus);
        csv_end(&row);
        fputs(row.text, stdout);
    }
}

/* How many threads from t on go to PUs at equal distances; *step is that distance. */
static unsigned run_length(const struct placement *placement, unsigned t, int *step)
{
    unsigned n = 1;

    *step = 0;
    while (t + n < placement->threads) {
        int distance =
            (int)slot_of(placement, t + n)->pu_os - (int)slot_of(placement, t + n - 1)->pu_os;
        if (distance <= 0 || (n > 1 && distance != *step)) {
            break;
        }
        *step = distance;
        n++;
    }
    return n;
}

/* "0-62:2,1-63:2": the PUs of threads 0, 1, 2 …, written as taskset takes them. Cut off where
 * it would fill more than a few lines. */
static void print_pin_list(const struct placement *placement, unsigned width)
{
    enum { LINES = 4, INDENT = 10 };
    unsigned column = INDENT, line = 1;

    printf("  %-8s", placement->pin->name);
    if (!placement->pin->binds) {
        puts("any usable PU, as the system likes");
        return;
    }
    for (unsigned t = 0; t < placement->threads;) {
        char text[48];
        int step, length;
        unsigned n = run_length(placement, t, &step);
        unsigned first = slot_of(placement, t)->pu_os;

        if (n < 3) {
            n = 1;
            length = snprintf(text, sizeof text, "%u", first);
        } else {
            unsigned last = slot_of(placement, t + n - 1)->pu_os;
            length = step == 1 ? snprintf(text, sizeof text, "%u-%u", first, last)
                               : snprintf(text, sizeof text, "%u-%u:%d", first, last, step);
        }
        t += n;
        if (column + (unsigned)length + 1 > width) {
            if (++line > LINES) {
                printf("\n%*s... and %u more threads: --pin=%s --csv lists all", INDENT, "",
                       placement->threads - t + n, placement->pin->name);
                break;
            }
            printf("\n%*s", INDENT, "");
            column = INDENT;
        }
        printf("%s%s", text, t < placement->threads ? "," : "");
        column += (unsigned)length + 1;
    }
    putchar('\n');
}

static void print_facts(const struct machine_facts *facts, const struct style *style)
{
    printf("%s%s%s: %u core%s, %u PU%s usable", style->bold,
           facts->is_this_machine ? facts->cpu_model : "A machine that is not here",
           style->plain, facts->cores, facts->cores == 1 ? "" : "s", facts->pus,
           facts->pus == 1 ? "" : "s");
    if (facts->pus < facts->pus_in_all) {
        printf(" of %u", facts->pus_in_all);
    }
    printf("; %u package%s, %u NUMA node%s\n", facts->packages, facts->packages == 1 ? "" : "s",
           facts->numa_nodes, facts->numa_nodes == 1 ? "" : "s");
}

static bool draw(const struct machine *machine, struct slot *slots,
                 const struct settings *settings, unsigned threads, struct error *error)
{
    const struct machine_facts *facts = machine_facts(machine);
    struct style style = style_of(stdout);

    print_facts(facts, &style);
    if (!machine_draw(machine, stdout, style.width, style.utf8, error)) {
        return false;
    }
    printf("\n%sWhere the threads go%s (PUs by their system numbers, thread after thread)\n",
           style.bold, style.plain);
    for (size_t p = 0; p < pin_policy_count; p++) {
        if (settings->pins_given && !(settings->pins >> p & 1)) {
            continue;
        }
        machine_slots(machine, &pin_policies[p], slots);
        print_pin_list(&(struct placement){&pin_policies[p], slots, facts->pus, threads},
                       style.width);
    }
    if (threads > facts->pus) {
        printf("%sThreads from %u on share a PU with an earlier one: oversubscribed.%s\n",
               style.warn, facts->pus, style.plain);
    }
    return true;
}

/* The one policy that rows can be about. */
static const struct pin_policy *only_policy(const struct settings *settings)
{
    const struct pin_policy *only = NULL;

    for (size_t p = 0; p < pin_policy_count; p++) {
        if (settings->pins >> p & 1) {
            if (only != NULL) {
                return NULL;
            }
            only = &pin_policies[p];
        }
    }
    return only;
}

static bool show(const struct machine *machine, const struct settings *settings,
                 struct error *error)
{
    const struct machine_facts *facts = machine_facts(machine);
    const struct pin_policy *pin = only_policy(settings);
    /* A thread goes to the same slot however many there are: the largest count shows all. */
    unsigned threads = settings->threads.length > 0
                           ? settings->threads.values[settings->threads.length - 1]
                           : facts->pus;
    struct slot *slots = calloc(facts->pus, sizeof *slots);
    bool shown = true;

    if (slots == NULL) {
        return fail(error, "out of memory for %u PUs", facts->pus);
    }
    if (!settings->csv) {
        shown = draw(machine, slots, settings, threads, error);
    } else if (pin == NULL) {
        shown = fail_usage(error, "--pin: rows are about one policy: give one with --csv");
    } else {
        machine_slots(machine, pin, slots);
        print_rows(&(struct placement){pin, slots, facts->pus, threads});
    }
    free(slots);
    return shown;
}

static bool run_topo(const struct settings *settings, struct error *error)
{
    struct machine *machine;

    if (!machine_open(&machine, settings->topology, error)) {
        return false;
    }
    bool shown = show(machine, settings, error);
    machine_close(machine);
    return shown;
}

static const struct command_option topo_options[] = {
    {&option_topology, NULL},
    {&option_pin, "core, compact, spread, none (default: all; core with --csv)"},
    {&option_threads, "threads to place, the largest of them (default: as many as PUs)"},
    {&option_csv, NULL},
    {NULL, NULL},
};

const struct command command_topo = {
    .name = "topo",
    .summary = "the machine, and where each thread goes",
    .options = topo_options,
    .run = run_topo,
};
