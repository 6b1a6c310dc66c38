/* The cells of the tables of `convoy`. */
#ifndef GILSCOPE_OUTPUT_CONVOY_CELLS_H
#define GILSCOPE_OUTPUT_CONVOY_CELLS_H

#include "gilscope/convoy_report.h"
#include "gilscope/report.h"

/* Of a case, over the blocks. */
struct estimate convoy_estimate_of(const struct convoy_report *report, size_t c,
                                   enum convoy_figure figure);

/* A figure and its interval, "20.0 us ±5%~", or the interval alone, where that says more than ± half of
 * it: "28.0 us…7.69 ms#". */
void convoy_interval_cell(const struct convoy_report *report, size_t c,
                          enum convoy_figure figure, int width, const struct style *style,
                          FILE *to);
/* A figure without its interval, and in the last of the columns its mark: '#' where blocks are so far
 * apart that their median does not stand for them. */
void convoy_figure_cell(const struct convoy_report *report, size_t c, enum convoy_figure figure,
                        int width, const struct style *style, FILE *to);
/* A count without marks. */
void convoy_count_cell(struct estimate estimate, int width, FILE *to);
/* What the hogs do; nothing where one hog alone was not measured. */
void convoy_share_cell(struct estimate share, const struct style *style, FILE *to);

/* Adds the marks of the case's row to *marks. */
void convoy_marks(const struct convoy_report *report, size_t c, struct report_marks *marks);

#endif
