/* The report of `bench`, top to bottom, and its sentences. See report.h. */
#include "gilscope/report.h"

#include <math.h>
#include <string.h>

static const char *times(const struct style *style)
{
    return style->utf8 ? "×" : "x";
}

static void print_machine(const struct report *report, const struct style *style, FILE *to)
{
    const struct machine_facts *machine = machine_facts(report->facts->machine);
    const struct settings *settings = report->facts->settings;
    char time[16];

    fprintf(to, "%s%s%s: %u core%s, %u PU%s usable", style->bold, machine->cpu_model,
            style->plain, machine->cores, machine->cores == 1 ? "" : "s", machine->pus,
            machine->pus == 1 ? "" : "s");
    if (machine->pus < machine->pus_in_all) {
        fprintf(to, " of %u", machine->pus_in_all);
    }
    format_time(time, sizeof time, settings->time_s);
    if (settings->count != 0) {
        fprintf(to, "; %u of %u blocks, %llu decrements a repetition", report->blocks_done,
                settings->reps, (unsigned long long)settings->count);
    } else {
        fprintf(to, "; %u of %u blocks, %s a repetition", report->blocks_done, settings->reps,
                time);
    }
    fputc('\n', to);
}

static void print_one_core(const struct report *report, FILE *to)
{
    const struct run_facts *facts = report->facts;
    double floor_ns = facts->reference[REFERENCE_FLOOR];
    char rate[16];

    if (isnan(facts->decrement_ns)) {
        return;
    }
    format_count(rate, sizeof rate, 1e9 / facts->decrement_ns);
    fprintf(to, "One core: %.3f ns a decrement, %s a second", facts->decrement_ns, rate);
    if (!isnan(floor_ns)) {
        fprintf(to, "; the floor is %.3f ns (%.3f of it)", floor_ns,
                facts->decrement_ns / floor_ns);
    }
    fputs(".\n", to);
}

static void print_pool(const struct report *report, FILE *to)
{
    const double *reference = report->facts->reference;
    char cycle[16], dispatch[16];

    if (isnan(reference[REFERENCE_POOL_CYCLE]) || isnan(reference[REFERENCE_POOL_DISPATCH])) {
        return;
    }
    format_time(cycle, sizeof cycle, reference[REFERENCE_POOL_CYCLE]);
    format_time(dispatch, sizeof dispatch, reference[REFERENCE_POOL_DISPATCH]);
    fprintf(to, "A pool of two: %s to create, close and join; %s to dispatch an empty task.\n",
            cycle, dispatch);
}

static void print_noise(const struct report *report, const struct style *style, FILE *to)
{
    if (report->facts->steal >= 0.001) {
        fprintf(to, "%sA hypervisor took %.1f %% of the CPU time away meanwhile.%s\n",
                style->warn, report->facts->steal * 100, style->plain);
    }
}

/* "0.99×", or nothing where it was not measured. */
static bool speedup_text(const struct summary *summary, const struct style *style, char *text,
                         size_t size)
{
    if (summary == NULL || isnan(summary->speedup.median)) {
        return false;
    }
    double speedup = summary->speedup.median;
    snprintf(text, size, "%.*f%s", speedup < 0.0995 ? 3 : 2, speedup, times(style));
    return true;
}

/* Locked, old and new, against unlocked: the first sentence. */
static void print_lock_sentence(const struct report *report, const struct pin_policy *pin,
                                unsigned threads, const struct style *style, FILE *to)
{
    static const struct {
        const char *variant;
        const char *under;
    } locks[] = {{"gil", "under the GIL of CPython 3.2 and later"},
                 {"ticks", "under that of CPython up to 3.1"},
                 {"critical", "in an OpenMP critical section"}};
    char text[24];
    bool begun = false;

    for (size_t i = 0; i < sizeof locks / sizeof *locks; i++) {
        const struct summary *summary = report_find(report, locks[i].variant, pin, threads);
        if (!speedup_text(summary, style, text, sizeof text)) {
            continue;
        }
        if (!begun) {
            fprintf(to, "%u threads ", threads);
        }
        fprintf(to, "%s%s: %s", begun ? ", " : "", locks[i].under, text);
        begun = true;
    }
    if (begun) {
        fputs(".\n", to);
    }
}

static void print_ways_around(const struct report *report, const struct pin_policy *pin,
                              unsigned threads, const struct style *style, FILE *to)
{
    static const struct {
        const char *variant;
        const char *phrase;
    } ways[] = {{"nogil", "Without a lock"},
                {"tasks", "as OpenMP tasks"},
                {"pool", "in a pool of processes"},
                {"atomic", "with one shared atomic counter"}};
    char text[24], startup[16];
    bool begun = false;

    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        const struct summary *summary = report_find(report, ways[i].variant, pin, threads);
        if (!speedup_text(summary, style, text, sizeof text)) {
            continue;
        }
        fprintf(to, "%s%s: %s", begun ? ", " : "", ways[i].phrase, text);
        begun = true;
        if (strcmp(ways[i].variant, "pool") == 0) {
            format_time(startup, sizeof startup, summary->startup_s);
            fprintf(to, " after %s to start it", startup);
        }
    }
    if (begun) {
        fputs(".\n", to);
    }
}

/* What the lock costs in the end, and what one core cannot show. */
static void print_conclusion(const struct report *report, const struct pin_policy *pin,
                             unsigned threads, FILE *to)
{
    const struct summary *locked = report_find(report, "gil", pin, threads);
    const struct summary *free_run = report_find(report, "nogil", pin, threads);
    const struct machine_facts *machine = machine_facts(report->facts->machine);

    if (machine->pus == 1) {
        fputs("With one usable core no way of sharing the work can make it faster.\n", to);
    } else if (locked != NULL && free_run != NULL) {
        fprintf(to,
                "So the lock costs %.0f %% of what %u threads can do here: %.2f of them do the "
                "work of one at a time.\n",
                (1 - locked->speedup.median / free_run->speedup.median) * 100, threads,
                locked->cores_busy);
    }
}

void report_sentences(const struct report *report, const struct style *style, FILE *to)
{
    const struct pin_policy *pin = report->plan->cases[0].pin;
    unsigned threads = report_threads(report, pin);

    if (threads == 0) {
        return;
    }
    print_lock_sentence(report, pin, threads, style, to);
    print_ways_around(report, pin, threads, style, to);
    print_conclusion(report, pin, threads, to);
}

void report_print(const struct report *report, const struct style *style, FILE *to)
{
    print_machine(report, style, to);
    report_table(report, style, to);
    fputc('\n', to);
    print_one_core(report, to);
    print_pool(report, to);
    report_sentences(report, style, to);
    print_noise(report, style, to);
}
