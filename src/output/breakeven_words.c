/* The sentences of `breakeven`: see breakeven_report.h. */
#include "gilscope/breakeven_report.h"

#include "gilscope/crossing.h"
#include "gilscope/report.h"
#include "paragraph.h"

#include <math.h>
#include <string.h>

/* The longest length as a person reads it. */
enum { LENGTH_MAX = 72 };

static void format_bytes(char *text, size_t size, double bytes)
{
    static const char *const units[] = {"bytes", "KiB", "MiB", "GiB", "TiB"};
    int unit = 0;

    for (; bytes >= 1024 && unit < 4; unit++) {
        bytes /= 1024;
    }
    snprintf(text, size, "%.*f %s", unit == 0 || bytes >= 99.95 ? 0 : 1, bytes, units[unit]);
}

void format_units(char *text, size_t size, double units, const char *unit)
{
    char count[16];

    if (strcmp(unit, "byte") == 0 && units >= 1.5) {
        format_bytes(text, size, units);
        return;
    }
    if (units < 999.5) {
        snprintf(count, sizeof count, "%.0f", units); /* whole ones, where they are few */
    } else {
        format_count(count, sizeof count, units);
    }
    snprintf(text, size, "%s %s%s", count, unit, units < 1.5 ? "" : "s");
}

/* A length as its reader knows it: "12.0 us", or "40.0 KiB (12.0 us)". */
static void format_length(char *text, size_t size, const struct sweep *sweep, double seconds)
{
    char time[16], units[48];

    format_time(time, sizeof time, seconds);
    if (sweep_is_timed(sweep)) {
        snprintf(text, size, "%s", time);
        return;
    }
    format_units(units, sizeof units, sweep_units_of(sweep, seconds), sweep->kernel->unit);
    snprintf(text, size, "%s (%s)", units, time);
}

/* "(95 %: 8.00 us to 15.0 us)", with words where an end lies outside of what was measured. */
static void say_interval(struct paragraph *to, const struct sweep *sweep,
                         struct estimate estimate)
{
    double shortest = sweep->call_s[0], longest = sweep->call_s[sweep->length - 1];
    char lo[24], hi[24];
    enum crossing_outcome from = crossing_outcome(estimate.lo, shortest);
    enum crossing_outcome until = crossing_outcome(estimate.hi, shortest);

    format_time(lo, sizeof lo, from == CROSSES_NEVER ? longest : estimate.lo);
    format_time(hi, sizeof hi, until == CROSSES_NEVER ? longest : estimate.hi);
    if (estimate.n < INTERVAL_NEEDS) {
        say(to, "(range of %zu block%s: ", estimate.n, estimate.n == 1 ? "" : "s");
    } else {
        say(to, "(95 %%: ");
    }
    say(to, "%s%s to %s%s)",
        from == CROSSES_NEVER    ? "beyond "
        : from == CROSSES_ALWAYS ? "at most "
                                 : "",
        lo, until == CROSSES_NEVER ? "beyond " : "", hi);
}

static void say_who(struct paragraph *to, const struct verdict *of)
{
    if (of->system->interpreter != NULL) {
        say(to, "%s, with", of->system->name);
    } else {
        say(to, "With");
    }
    say(to, " %u thread%s, pin %s: ", of->threads, of->threads == 1 ? "" : "s", of->pin->name);
}

/* One length alone: nothing is crossed, it is above or below. */
static void say_one_length(struct paragraph *to, const char *length, double crossed)
{
    say(to,
        isinf(crossed) ? "do not release around calls of %s: it is a loss"
                       : "releasing is no loss around calls of %s",
        length);
}

static void say_outcome(struct paragraph *to, const struct sweep *sweep, double crossed,
                        const char *shortest, const char *longest)
{
    bool timed = sweep_is_timed(sweep);
    char length[LENGTH_MAX];

    if (sweep->length == 1) {
        say_one_length(to, shortest, crossed);
        return;
    }
    switch (crossing_outcome(crossed, sweep->call_s[0])) {
    case CROSSES_ALWAYS:
        say(to, "releasing is no loss at any length measured, from %s on", shortest);
        break;
    case CROSSES_NEVER:
        say(to, "do not release: up to %s, the longest call measured, it is a loss", longest);
        break;
    case CROSSES_AT:
        format_length(length, sizeof length, sweep, crossed);
        say(to, "release around calls %s %s", timed ? "longer than" : "on more than", length);
        break;
    }
}

static void say_break_even(struct paragraph *to, const struct sweep *sweep,
                           struct estimate estimate)
{
    char shortest[LENGTH_MAX], longest[LENGTH_MAX];

    format_length(shortest, sizeof shortest, sweep, sweep->call_s[0]);
    format_length(longest, sizeof longest, sweep, sweep->call_s[sweep->length - 1]);
    if (!crossing_is_vague(estimate, sweep->call_s[0], sweep->call_s[sweep->length - 1])) {
        say_outcome(to, sweep, estimate.median, shortest, longest);
        if (estimate.lo < estimate.hi) { /* else all blocks agree */
            say(to, " ");
            say_interval(to, sweep, estimate);
        }
        return;
    }
    if (sweep->length == 1) {
        say(to, "the blocks disagree whether releasing is a loss around calls of %s", shortest);
    } else if (crossing_is_open(estimate, sweep->call_s[0])) {
        say(to,
            "the blocks disagree from the shortest call, %s, to the longest, %s, so that no "
            "break-even can be told",
            shortest, longest);
    } else {
        say(to, "from which length on releasing pays cannot be told ");
        say_interval(to, sweep, estimate);
    }
    say(to, "; more blocks (--reps) or a quieter machine may tell");
}

/* Only where it is certain that releasing is slower. */
static void say_worst(struct paragraph *to, const struct sweep *sweep, const struct verdict *of)
{
    bool timed = sweep_is_timed(sweep);
    char length[LENGTH_MAX];

    if (!of->worst_certain) {
        return;
    }
    double slower = 1 / of->worst_ratio.median;
    format_length(length, sizeof length, sweep, sweep->call_s[of->worst]);
    say(to, "; around calls %s %s releasing makes them %.*f times slower than not releasing",
        timed ? "of" : "on", length, slower < 9.95 ? 1 + (slower < 1.95) : 0, slower);
}

static void say_gain(struct paragraph *to, const struct sweep *sweep, const struct verdict *of)
{
    static const char *const words[] = {"half of what is possible", "90 % of it"};
    const struct estimate *gains[] = {&of->half_gain, &of->ninety_gain};
    double shortest = sweep->call_s[0];

    for (int g = 0; g < 2 && of->half_gain.n > 0; g++) {
        char length[LENGTH_MAX];
        say(to, "%s%s ", g == 0 ? " It gives " : ", ", words[g]);
        if (crossing_is_open(*gains[g], shortest)) {
            say(to, "from a length that cannot be told");
            continue;
        }
        switch (crossing_outcome(gains[g]->median, shortest)) {
        case CROSSES_ALWAYS:
            say(to, "at every length");
            break;
        case CROSSES_NEVER:
            say(to, "at no length measured");
            break;
        case CROSSES_AT:
            format_length(length, sizeof length, sweep, gains[g]->median);
            say(to, "from %s on", length);
            break;
        }
    }
    say(to, of->half_gain.n > 0 ? "." : "");
}

/* What a call costs more, or less: "-3.0 ns", "12.0 us". */
static void format_cost(char *text, size_t size, double seconds)
{
    char time[16];

    if (fabs(seconds) < 999.5e-9) {
        snprintf(text, size, "%.1f ns", seconds * 1e9);
        return;
    }
    format_time(time, sizeof time, fabs(seconds));
    snprintf(text, size, "%s%s", seconds < 0 ? "-" : "", time);
}

/* Is the interval so narrow that a cost would show in it, if there were one? */
static bool would_show(const struct sweep *sweep, struct estimate cost_s)
{
    const double little_s = 20e-9; /* less than any lock costs */

    return (cost_s.hi - cost_s.lo) / 2 <= fmax(little_s, NOISY_LIMIT * sweep->call_s[0]);
}

static void say_cost(struct paragraph *to, const struct sweep *sweep, const struct verdict *of)
{
    char cost[24], lo[24], hi[24];

    format_cost(cost, sizeof cost, fabs(of->cost_s.median));
    format_cost(lo, sizeof lo, of->cost_s.lo);
    format_cost(hi, sizeof hi, of->cost_s.hi);
    if (of->cost_s.lo > 0) {
        say(to, "there is nothing to gain, and releasing costs %s a call", cost);
    } else if (of->cost_s.hi < 0) {
        say(to, "a call that releases takes %s less", cost);
    } else if (would_show(sweep, of->cost_s)) {
        say(to, "releasing costs a call nothing that shows");
    } else {
        say(to, "the blocks disagree on what releasing costs a call");
    }
    if (of->cost_s.n < INTERVAL_NEEDS) {
        say(to, " (range of %zu block%s: ", of->cost_s.n, of->cost_s.n == 1 ? "" : "s");
    } else {
        say(to, " (95 %%: ");
    }
    say(to, "%s to %s).", lo, hi);
}

static void say_drift(struct paragraph *to, const struct verdict *of)
{
    if (of->drifting > 0) {
        say(to,
            " %u of %u repetitions drifted: not the same from their first to their last part.",
            of->drifting, of->repetitions);
    }
}

void breakeven_sentences(char *text, size_t size, const struct sweep *sweep,
                         const struct verdict *verdict)
{
    struct paragraph to = {0, ""};

    say_who(&to, verdict);
    size_t complete = verdict->threads == 1    ? verdict->cost_s.n
                      : verdict->possible <= 1 ? verdict->worst_ratio.n
                                               : verdict->break_even.n;
    if (complete == 0) {
        say(&to, "no block is complete.");
    } else if (verdict->threads == 1) {
        say_cost(&to, sweep, verdict);
    } else if (verdict->possible <= 1) {
        say(&to, "with one usable PU there is nothing to gain");
        say_worst(&to, sweep, verdict);
        say(&to, ".");
    } else {
        say_break_even(&to, sweep, verdict->break_even);
        say_worst(&to, sweep, verdict);
        say(&to, ".");
        say_gain(&to, sweep, verdict);
    }
    say_drift(&to, verdict);
    snprintf(text, size, "%s", to.text);
}

void breakeven_agreement_sentence(char *text, size_t size, const struct sweep *sweep,
                                  const struct agreement *agreement)
{
    const struct verdict *interpreter = agreement->interpreter, *model = agreement->model;
    struct paragraph to = {0, ""};
    char length[LENGTH_MAX], ours[LENGTH_MAX];

    say(&to, "%s beside the model, %u thread%s, pin %s:", interpreter->system->name,
        interpreter->threads, interpreter->threads == 1 ? "" : "s", interpreter->pin->name);
    if (!isnan(agreement->break_even)) {
        format_length(length, sizeof length, sweep, interpreter->break_even.median);
        format_length(ours, sizeof ours, sweep, model->break_even.median);
        say(&to, " break-even at %s against %s, a ratio of %.2f;", length, ours,
            agreement->break_even);
    }
    if (isnan(agreement->most)) {
        say(&to, " nothing to compare.");
    } else if (isnan(agreement->furthest)) {
        say(&to, " the curves are nowhere shown to be apart (ratios of medians up to %.2f).",
            agreement->most);
    } else {
        format_length(length, sizeof length, sweep, sweep->call_s[agreement->furthest_at]);
        say(&to, " the curves are furthest apart at %s, %s, by a ratio of %.2f.", length,
            agreement->released ? "releasing" : "holding", agreement->furthest);
    }
    snprintf(text, size, "%s", to.text);
}
