/* The section of the report that sets the interpreters beside their models. See report.h. */
#include "gilscope/report.h"

#include "paragraph.h"

#include <math.h>

static const char *const marks[] = {
    [PAIR_AGREES] = "", [PAIR_UNDECIDED] = " ?", [PAIR_APART] = " !"};

/* How many pairs have which verdict. */
struct verdicts {
    size_t of[PAIR_APART + 1];
};

static struct verdicts count_verdicts(const struct fidelity *pairs, size_t n)
{
    struct verdicts verdicts = {{0}};

    for (size_t i = 0; i < n; i++) {
        verdicts.of[fidelity_verdict(&pairs[i])]++;
    }
    return verdicts;
}

static double half_width(struct estimate estimate)
{
    return fmax(estimate.hi - estimate.median, estimate.median - estimate.lo);
}

/* "0.67 ±0.02", "0.31…1.75": 13 columns wide. */
static void print_estimate(struct estimate estimate, const struct style *style, FILE *to)
{
    const char *sign = style->utf8 ? "±" : "+-";

    if (estimate.n < INTERVAL_NEEDS) {
        fprintf(to, "%6.2f %s%s?%*s%s", estimate.median, style->dim, sign, style->utf8 ? 4 : 3,
                "", style->plain);
    } else if (report_as_range(estimate)) {
        fprintf(to, "%6.2f%s%-*.2f", estimate.lo, style_dots(style), style->utf8 ? 6 : 5,
                estimate.hi);
    } else {
        fprintf(to, "%6.2f %s%s%-*.2f%s", estimate.median, style->dim, sign,
                style->utf8 ? 5 : 4, half_width(estimate), style->plain);
    }
}

static void print_pair(const struct fidelity *pair, const struct style *style, FILE *to)
{
    char name[INTERPRETER_NAME_MAX + 16];

    snprintf(name, sizeof name, "%s/%s", pair->interpreter->name, pair->mode->name);
    fprintf(to, "%-24s%-5s%7u", name, pair->pin->name, pair->threads);
    print_estimate(pair->of_interpreter, style, to);
    fprintf(to, "  %-6s", pair->model->name);
    print_estimate(pair->of_model, style, to);
    fprintf(to, "%7.2f%s%s%s\n", pair->ratio, style->warn, marks[fidelity_verdict(pair)],
            style->plain);
}

static void print_legend(struct verdicts verdicts, const struct style *style, FILE *to)
{
    char undecided[80];
    const char *items[2];
    size_t n = 0;

    snprintf(undecided, sizeof undecided,
             "? undecided: the intervals overlap, or fewer than %d blocks", INTERVAL_NEEDS);
    if (verdicts.of[PAIR_APART] > 0) {
        items[n++] = "! apart: the intervals do not overlap";
    }
    if (verdicts.of[PAIR_UNDECIDED] > 0) {
        items[n++] = undecided;
    }
    items_print(items, n, 0, style, to);
}

static void say_verdicts(struct paragraph *paragraph, const struct fidelity *pairs, size_t n)
{
    struct verdicts verdicts = count_verdicts(pairs, n);
    size_t apart = verdicts.of[PAIR_APART], undecided = verdicts.of[PAIR_UNDECIDED];
    bool few = false;

    for (size_t i = 0; i < n; i++) {
        bool is_undecided = fidelity_verdict(&pairs[i]) == PAIR_UNDECIDED;
        few |= is_undecided && (pairs[i].of_interpreter.n < INTERVAL_NEEDS ||
                                pairs[i].of_model.n < INTERVAL_NEEDS);
    }
    say(paragraph, "%zu of %zu pair%s agree%s within %.0f %%, %zu %s apart, %zu %s undecided",
        verdicts.of[PAIR_AGREES], n, n == 1 ? "" : "s", n == 1 ? "s" : "", FIDELITY_LIMIT * 100,
        apart, apart == 1 ? "is" : "are", undecided, undecided == 1 ? "is" : "are");
    if (undecided > 0) {
        say(paragraph, few ? " (too few blocks to tell)" : " (their intervals overlap)");
    }
    say(paragraph, ". ");
}

static void say_furthest(struct paragraph *paragraph, const struct fidelity *pairs, size_t n,
                         const struct style *style)
{
    const struct fidelity *furthest = &pairs[0];
    const char *times = style->utf8 ? "×" : "x";

    for (size_t i = 0; i < n; i++) {
        if (fabs(log(pairs[i].ratio)) > fabs(log(furthest->ratio))) {
            furthest = &pairs[i];
        }
    }
    say(paragraph,
        "The furthest from its model: %s/%s with %u thread%s, %.2f%s against %.2f%s of %s.",
        furthest->interpreter->name, furthest->mode->name, furthest->threads,
        furthest->threads == 1 ? "" : "s", furthest->of_interpreter.median, times,
        furthest->of_model.median, times, furthest->model->name);
}

void report_chunk(const struct settings *settings, const struct style *style, FILE *to)
{
    char chunk[32];

    if (settings->ticks_chunk_s > 0) {
        format_time(chunk, sizeof chunk, settings->ticks_chunk_s);
        paragraph_tell("", style, to,
                       "ticks looks at its lock every %s, as %s was seen to do here.", chunk,
                       settings->ticks_chunk_of);
    }
}

void report_fidelity(const struct report *report, const struct style *style, FILE *to)
{
    const struct fidelity *pairs = report->pairs;
    size_t n = report->pair_count;
    struct paragraph paragraph = {0, ""};

    if (n == 0) {
        return;
    }
    fprintf(to, "\n%sThe interpreters beside their models%s (speedup, 95 %% interval)\n",
            style->bold, style->plain);
    fprintf(to, "%s%-24s%-5s%7s%13s  %-19s%7s%s\n", style->bold, "interpreter", "pin",
            "threads", "speedup", "model", "ratio", style->plain);
    for (size_t i = 0; i < n; i++) {
        print_pair(&pairs[i], style, to);
    }
    print_legend(count_verdicts(pairs, n), style, to);
    say_verdicts(&paragraph, pairs, n);
    say_furthest(&paragraph, pairs, n, style);
    paragraph_print(&paragraph, style, to);
    report_chunk(report->facts->settings, style, to);
}
