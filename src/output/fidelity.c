/* The section of the report that sets the interpreters beside their models. See report.h. */
#include "gilscope/report.h"

#include <math.h>
#include <string.h>

static bool agrees(const struct fidelity *pair)
{
    return fabs(pair->ratio - 1) <= FIDELITY_LIMIT;
}

static double half_width(struct estimate estimate)
{
    return fmax(estimate.hi - estimate.median, estimate.median - estimate.lo);
}

/* "0.67 ±0.02", 13 columns wide. */
static void print_estimate(struct estimate estimate, const struct style *style, FILE *to)
{
    const char *sign = style->utf8 ? "±" : "+-";

    if (estimate.n < INTERVAL_NEEDS) {
        fprintf(to, "%6.2f %s%s?%4s%s", estimate.median, style->dim, sign, "", style->plain);
        return;
    }
    fprintf(to, "%6.2f %s%s%-5.2f%s", estimate.median, style->dim, sign, half_width(estimate),
            style->plain);
}

static void print_pair(const struct fidelity *pair, const struct style *style, FILE *to)
{
    char name[INTERPRETER_NAME_MAX + 16];

    snprintf(name, sizeof name, "%s/%s", pair->interpreter->name, pair->mode->name);
    fprintf(to, "%-24s%-5s%7u", name, pair->pin->name, pair->threads);
    print_estimate(pair->of_interpreter, style, to);
    fprintf(to, "  %-6s", pair->model->name);
    print_estimate(pair->of_model, style, to);
    fprintf(to, "%7.2f%s%s%s\n", pair->ratio, style->warn, agrees(pair) ? "" : " !",
            style->plain);
}

static void print_conclusion(const struct fidelity *pairs, size_t n, const struct style *style,
                             FILE *to)
{
    const struct fidelity *furthest = &pairs[0];
    size_t agreeing = 0;

    for (size_t i = 0; i < n; i++) {
        agreeing += agrees(&pairs[i]);
        if (fabs(log(pairs[i].ratio)) > fabs(log(furthest->ratio))) {
            furthest = &pairs[i];
        }
    }
    const char *times = style->utf8 ? "×" : "x";
    fprintf(to, "%zu of %zu pairs agree within %.0f %%; the furthest apart:\n", agreeing, n,
            FIDELITY_LIMIT * 100);
    fprintf(to, "%s/%s with %u thread%s, %.2f%s against %.2f%s of %s.\n",
            furthest->interpreter->name, furthest->mode->name, furthest->threads,
            furthest->threads == 1 ? "" : "s", furthest->of_interpreter.median, times,
            furthest->of_model.median, times, furthest->model->name);
}

void report_fidelity(const struct fidelity *pairs, size_t n, const struct style *style,
                     FILE *to)
{
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
    print_conclusion(pairs, n, style, to);
}
