/* What `costs` says: its table, and costs.csv; costs-machine.csv is of machine_csv.h. */
#ifndef GILSCOPE_COSTS_REPORT_H
#define GILSCOPE_COSTS_REPORT_H

#include "gilscope/costs.h"
#include "gilscope/settings.h"
#include "gilscope/terminal.h"

struct costs_report {
    const struct machine *machine;
    const struct settings *settings;
    const struct cost_plan *plan;
    const struct cost_summary *summaries; /* summaries[plan->length] */
    unsigned blocks_done;
};

/* The table, what each line is, what is left out and why. At most 80 columns, if the kernel's name is
 * not long. Errors of the stream are left in it, for the caller's ferror(). */
void costs_print(const struct costs_report *report, const struct style *style, FILE *to);

/* costs.csv as text with its header, a row for each item measured at least once. The caller's to
 * free(); null where memory is short. */
char *costs_csv(const struct costs_report *report);

/* Bytes of the header alone. */
size_t costs_csv_header_size(void);

#endif
