/* The cells of the tables of `convoy`: see convoy_cells.h. */
#include "convoy_cells.h"

#include "gilscope/summary.h"

#include <string.h>

struct estimate convoy_estimate_of(const struct convoy_report *report, size_t c,
                                   enum convoy_figure figure)
{
    return convoy_estimate(report->plan, c, figure, report->scratch);
}

/* Are its blocks enough, and yet too far apart for their median to stand for them? */
static bool is_split(struct estimate estimate)
{
    return estimate.n >= INTERVAL_NEEDS && convoy_is_vague(estimate);
}

/* Does the interval say more than its median and ± half of it? */
static bool is_range(struct estimate estimate)
{
    return report_as_range(estimate) || is_split(estimate);
}

/* What a cell is marked with, where there are blocks enough: without an interval nothing is noisy. */
static const char *mark_of(struct estimate estimate, bool has_interval)
{
    bool noisy = has_interval && estimate.n >= INTERVAL_NEEDS &&
                 relative_half_width(estimate) > NOISY_LIMIT;

    return is_split(estimate) ? "#" : noisy ? "~" : "";
}

void convoy_marks(const struct convoy_report *report, size_t c, struct report_marks *marks)
{
    static const enum convoy_figure shown[] = {CONVOY_REQUESTS, CONVOY_P50, CONVOY_P99,
                                               CONVOY_LONGEST};

    for (size_t i = 0; i < sizeof shown / sizeof *shown; i++) {
        struct estimate estimate = convoy_estimate_of(report, c, shown[i]);
        const char *mark = mark_of(estimate, i < 2);
        marks->noisy |= *mark == '~';
        marks->vague |= *mark == '#';
        marks->range |= i < 2 && is_range(estimate);
        marks->few |= i < 2 && estimate.n > 0 && estimate.n < INTERVAL_NEEDS;
    }
}

/* "21.4 ms", and where it is no more than a bound "≥21.4 ms", or ">21.4 ms" without UTF-8; "-" where
 * nothing is known. Returns its columns. */
static int format_figure(char *text, size_t size, const struct convoy_report *report, size_t c,
                         enum convoy_figure figure, const struct style *style)
{
    struct estimate estimate = convoy_estimate_of(report, c, figure);
    bool bound = estimate.n > 0 && convoy_is_bound(report->plan, c, figure);
    char number[16] = "-";

    if (estimate.n > 0) {
        (figure == CONVOY_REQUESTS ? format_count : format_time)(number, sizeof number,
                                                                 estimate.median);
    }
    snprintf(text, size, "%s%s", !bound ? "" : style->utf8 ? "≥" : ">", number);
    return (int)strlen(number) + bound;
}

void convoy_figure_cell(const struct convoy_report *report, size_t c, enum convoy_figure figure,
                        int width, const struct style *style, FILE *to)
{
    char text[24];
    int columns = format_figure(text, sizeof text, report, c, figure, style);

    fprintf(to, "%*s%s%s%-1s%s", width - 1 - columns, "", text, style->warn,
            mark_of(convoy_estimate_of(report, c, figure), false), style->plain);
}

/* "28.0 us…7.69 ms", "1.20k…33.0k": the interval itself, and its columns. */
static int format_interval(char *text, size_t size, struct estimate estimate,
                           enum convoy_figure figure, const struct style *style)
{
    if (figure == CONVOY_REQUESTS) {
        char lo[16], hi[16];
        format_count(lo, sizeof lo, estimate.lo);
        format_count(hi, sizeof hi, estimate.hi);
        snprintf(text, size, "%s%s%s", lo, style_dots(style), hi);
    } else {
        format_time_range(text, size, estimate.lo, estimate.hi, false, style);
    }
    return (int)strlen(text) - 2 * style->utf8;
}

/* " ±4%~", " ±?" where there are too few blocks for an interval; 8 columns. */
static void print_half(struct estimate estimate, const struct style *style, FILE *to)
{
    char text[16] = "?";

    if (estimate.n == 0) {
        fprintf(to, "%8s", "");
        return;
    }
    if (estimate.n >= INTERVAL_NEEDS) {
        snprintf(text, sizeof text, "%.0f%%", relative_half_width(estimate) * 100);
    }
    const char *mark = mark_of(estimate, true);
    fprintf(to, " %s%s%s%s%s%-*s%s", style->dim, style->utf8 ? "±" : "+-", text, style->plain,
            style->warn, 7 - 2 + style->utf8 - (int)strlen(text), mark, style->plain);
}

void convoy_interval_cell(const struct convoy_report *report, size_t c,
                          enum convoy_figure figure, int width, const struct style *style,
                          FILE *to)
{
    struct estimate estimate = convoy_estimate_of(report, c, figure);
    char text[48];

    /* The ends of a bound are no interval. */
    if (is_range(estimate) && convoy_is_bound(report->plan, c, figure)) {
        convoy_figure_cell(report, c, figure, width, style, to);
        return;
    }
    if (is_range(estimate)) {
        int columns = format_interval(text, sizeof text, estimate, figure, style);
        fprintf(to, "%*s%s%s%s%s", width - 1 - columns, "", text, style->warn,
                mark_of(estimate, true), style->plain);
        return;
    }
    int columns = format_figure(text, sizeof text, report, c, figure, style);
    fprintf(to, "%*s%s", width - 8 - columns, "", text);
    print_half(estimate, style, to);
}

void convoy_count_cell(struct estimate estimate, int width, FILE *to)
{
    char text[16] = "-";

    if (estimate.n > 0) {
        format_count(text, sizeof text, estimate.median);
    }
    fprintf(to, "%*s", width, text);
}

void convoy_share_cell(struct estimate share, const struct style *style, FILE *to)
{
    if (share.n > 0) {
        /* Of small ones one digit: 0.000597 would be too wide. */
        fprintf(to, "%7.*g%s", share.median < 0.01 ? 1 : 3, share.median,
                style->utf8 ? "×" : "x");
    }
}
