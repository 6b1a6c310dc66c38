/* The report of `bench`, top to bottom, and its sentences. See report.h. */
#include "gilscope/report.h"

#include "paragraph.h"

#include <math.h>
#include <string.h>

static void print_one_core(const struct report *report, const struct style *style, FILE *to)
{
    const struct run_facts *facts = report->facts;
    struct paragraph words = {0, ""};
    const struct kernel *kernel = facts->settings->kernel;
    double floor_ns = facts->reference[REFERENCE_FLOOR]; /* NAN for all but the countdown */
    char rate[16];

    if (isnan(facts->decrement_ns)) {
        return;
    }
    format_count(rate, sizeof rate, 1e9 / facts->decrement_ns);
    say(&words, "One core: %.3f ns %s %s, %s a second", facts->decrement_ns,
        strchr("aeiouAEIOU", kernel->unit[0]) != NULL ? "an" : "a", kernel->unit, rate);
    if (!isnan(floor_ns)) {
        say(&words, "; the floor under it is %.3f ns (ratio %.3f)", floor_ns,
            facts->decrement_ns / floor_ns);
    }
    say(&words, ".");
    paragraph_print(&words, style, to);
}

static void print_pool(const struct report *report, const struct style *style, FILE *to)
{
    const double *reference = report->facts->reference;
    char cycle[16], dispatch[16];

    if (isnan(reference[REFERENCE_POOL_CYCLE]) || isnan(reference[REFERENCE_POOL_DISPATCH])) {
        return;
    }
    format_time(cycle, sizeof cycle, reference[REFERENCE_POOL_CYCLE]);
    format_time(dispatch, sizeof dispatch, reference[REFERENCE_POOL_DISPATCH]);
    paragraph_tell("", style, to,
                   "A pool of two: %s to create, close and join; %s to dispatch an empty task.",
                   cycle, dispatch);
}

/* What one sentence lists: a variant, and the words for it. */
struct phrase {
    const char *variant;
    const char *words;
};

/* "4 threads PHRASE: 0.99×, PHRASE: 1.00×." for those that were measured. */
static void say_speedups(struct paragraph *paragraph, const struct report *report,
                         unsigned threads, const struct phrase *phrases, size_t n,
                         const char *beginning, const struct style *style)
{
    const struct pin_policy *pin = report->plan->cases[0].pin;
    bool begun = false;

    for (size_t i = 0; i < n; i++) {
        const struct summary *summary = report_find(report, phrases[i].variant, pin, threads);
        if (summary == NULL || isnan(summary->speedup.median)) {
            continue;
        }
        double speedup = summary->speedup.median;
        say(paragraph, "%s%s: %.*f%s", begun ? ", " : beginning, phrases[i].words,
            speedup < 0.0995 ? 3 : 2, speedup, style->utf8 ? "×" : "x");
        if (strcmp(phrases[i].variant, "pool") == 0) {
            char startup[16];
            format_time(startup, sizeof startup, summary->startup_s);
            say(paragraph, " (and %s to start it)", startup);
        }
        begun = true;
    }
    if (begun) {
        say(paragraph, ". ");
    }
}

static bool is_known(const struct summary *summary)
{
    return summary != NULL && !isnan(summary->speedup.median);
}

/* What the lock takes in the end, where the intervals show that it takes anything, and what is burnt in
 * waiting for it. */
static void say_conclusion(struct paragraph *paragraph, const struct report *report,
                           unsigned threads)
{
    const struct pin_policy *pin = report->plan->cases[0].pin;
    const struct summary *locked = report_find(report, "gil", pin, threads);
    const struct summary *free_run = report_find(report, "nogil", pin, threads);
    const struct summary *critical = report_find(report, "critical", pin, threads);

    if (machine_facts(report->facts->machine)->pus == 1) {
        say(paragraph, "With one usable core no way of sharing the work can make it faster.");
        return;
    }
    if (!is_known(locked) || !is_known(free_run)) {
        return;
    }
    if (free_run->speedup.n < INTERVAL_NEEDS || locked->speedup.n < INTERVAL_NEEDS) {
        say(paragraph, "To tell what the lock takes needs %d blocks.", INTERVAL_NEEDS);
        return;
    }
    if (report_is_busy(report->summaries, report->plan->length)) {
        say(paragraph, "What the lock takes cannot be told: the machine was busy.");
        return;
    }
    if (!(free_run->speedup.lo > locked->speedup.hi)) {
        say(paragraph, "What the lock takes cannot be told for noise: the interval without a "
                       "lock does not "
                       "lie above that under the GIL.");
        return;
    }
    say(paragraph, "So the lock takes %.0f %% of what %u threads could do here",
        (1 - locked->speedup.median / free_run->speedup.median) * 100, threads);
    if (is_known(critical)) {
        say(paragraph,
            ", and keeps %.1f cores busy under the GIL, %.1f in the critical section, for "
            "the work of one",
            locked->cores_busy, critical->cores_busy);
    }
    say(paragraph, ".");
}

void report_sentences(const struct report *report, const struct style *style, FILE *to)
{
    static const struct phrase locked[] = {
        {"gil", "under the GIL of CPython 3.2 and later"},
        {"ticks", "under that of CPython up to 3.1"},
        {"critical", "in an OpenMP critical section"},
    };
    static const struct phrase unlocked[] = {
        {"nogil", "Without a lock"},
        {"tasks", "as OpenMP tasks"},
        {"pool", "in a pool of processes"},
        {"atomic", "with one shared atomic counter"},
    };
    unsigned threads = report_threads(report, report->plan->cases[0].pin);
    struct paragraph paragraph = {0, ""};
    char beginning[32];

    if (threads == 0) {
        return;
    }
    snprintf(beginning, sizeof beginning, "%u threads ", threads);
    say_speedups(&paragraph, report, threads, locked, sizeof locked / sizeof *locked, beginning,
                 style);
    say_speedups(&paragraph, report, threads, unlocked, sizeof unlocked / sizeof *unlocked, "",
                 style);
    say_conclusion(&paragraph, report, threads);
    paragraph_print(&paragraph, style, to);
}

void report_print(const struct report *report, const struct style *style, FILE *to)
{
    if (!anything_measured(report->summaries, report->plan->length)) {
        fputs("Nothing was measured.\n", to);
        return;
    }
    report_machine(report->facts, report->blocks_done, style, to);
    report_table(report, style, to);
    report_warnings(report->facts, report->summaries, report->plan->length, style, to);
    fputc('\n', to);
    print_one_core(report, style, to);
    print_pool(report, style, to);
    report_sentences(report, style, to);
    report_fidelity(report, style, to);
}
