/* A cell of a table: a median with its interval and its marks, and what those mean. See report.h. */
#include "gilscope/report.h"

#include "paragraph.h"

#include <math.h>
#include <string.h>

bool report_as_range(struct estimate estimate)
{
    return estimate.n >= INTERVAL_NEEDS &&
           (estimate.hi - estimate.lo) / 2 > fabs(estimate.median) / 2;
}

static int decimals_of(double value)
{
    return value < 0.0995 ? 3 : value < 9.995 ? 2 : 1;
}

/* "0.97" and "±0.02", "0.97" and "±?", "0.31…17.5" and "": their columns, with one between them. */
static int format_cell(struct estimate estimate, char value[static 32],
                       char interval[static 24], const struct style *style)
{
    const char *sign = style->utf8 ? "±" : "+-";
    int decimals = decimals_of(estimate.median);

    if (report_as_range(estimate)) {
        interval[0] = '\0';
        snprintf(value, 32, "%.*f%s%.*f", decimals_of(estimate.lo), estimate.lo,
                 style_dots(style), decimals_of(estimate.hi), estimate.hi);
        return (int)strlen(value) - (style->utf8 ? 2 : 0);
    }
    snprintf(value, 32, "%.*f", decimals, estimate.median);
    if (estimate.n < INTERVAL_NEEDS) {
        snprintf(interval, 24, " %s?", sign);
    } else {
        snprintf(interval, 24, " %s%.*f", sign, decimals, (estimate.hi - estimate.lo) / 2);
    }
    return (int)(strlen(value) + strlen(interval)) - (style->utf8 ? 1 : 0);
}

/* Marks say in one letter each what a figure must not be trusted for. */
void report_cell(struct estimate estimate, bool noisy, bool drifts, const struct style *style,
                 FILE *to)
{
    char value[32], interval[24];
    const char marks[] = {noisy    ? '~'
                          : drifts ? '^'
                                   : '\0',
                          noisy && drifts ? '^' : '\0', '\0'};

    if (estimate.n == 0 || isnan(estimate.median)) {
        fprintf(to, "%*s", REPORT_CELL_WIDTH, "");
        return;
    }
    int shown = format_cell(estimate, value, interval, style);
    fprintf(to, "%*s%s%s%s%s%s%-2s%s", REPORT_CELL_WIDTH - 2 - shown, "", value, style->dim,
            interval, style->plain, style->warn, marks, style->plain);
}

struct report_marks report_marks_of(const struct summary *summaries, size_t n)
{
    struct report_marks marks = {0};

    for (size_t c = 0; c < n; c++) {
        const struct summary *summary = &summaries[c];
        marks.oversubscribed |= summary->reps > 0 && summary->of->oversubscribed;
        marks.noisy |= summary->reps > 0 && summary->noisy;
        marks.drifts |= summary->drifts;
        marks.few |= summary->reps > 0 && summary->reps < INTERVAL_NEEDS;
        marks.range |= report_as_range(summary->speedup);
    }
    return marks;
}

void report_marks(struct report_marks marks, const struct style *style, FILE *to)
{
    char noisy[32], few[48], range[64];
    const char *items[6];
    size_t n = 0;

    snprintf(noisy, sizeof noisy, "~ noisy: wider than %s2 %%", style->utf8 ? "±" : "+-");
    snprintf(few, sizeof few, "%s? an interval needs %d blocks", style->utf8 ? "±" : "+-",
             INTERVAL_NEEDS);
    snprintf(range, sizeof range, "a%sb an interval too wide for %s", style_dots(style),
             style->utf8 ? "±" : "+-");
    if (marks.oversubscribed) {
        items[n++] = "* more threads than usable PUs";
    }
    if (marks.noisy) {
        items[n++] = noisy;
    }
    if (marks.drifts) {
        items[n++] = "^ drifts: first and last part differ";
    }
    if (marks.range) {
        items[n++] = range;
    }
    if (marks.vague) {
        items[n++] = "# blocks too far apart for one number";
    }
    if (marks.few) {
        items[n++] = few;
    }
    fputs(n > 0 ? "\n" : "", to);
    items_print(items, n, 0, style, to);
}
