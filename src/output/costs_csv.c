/* costs.csv: see costs_report.h. */
#include "gilscope/costs_report.h"

#include "gilscope/csv.h"

#include <stdlib.h>
#include <string.h>

static const char header[] = "cost,threads,distance,reps,inner,reference_s,raw_s,overhead_s,"
                             "overhead_lo,overhead_hi,noisy\n";

/* No row is longer: two names and nine numbers of at most 21 characters. */
enum { ROW_MAX = 320 };

static void make_row(struct csv_row *row, const struct cost_summary *summary)
{
    const struct cost_item *item = summary->of;

    csv_begin(row);
    csv_text(row, item->name);
    csv_integer(row, item->place.threads);
    csv_text(row, item->distance);
    csv_integer(row, item->reps);
    csv_integer(row, item->count * item->calls);
    csv_number(row, summary->reference_s);
    csv_number(row, summary->raw_s);
    csv_number(row, summary->overhead.median);
    csv_number(row, summary->overhead.lo);
    csv_number(row, summary->overhead.hi);
    if (summary->overhead.n < INTERVAL_NEEDS) {
        csv_text(row, ""); /* no interval, and so no telling */
    } else {
        csv_integer(row, summary->noisy);
    }
    csv_end(row);
}

char *costs_csv(const struct costs_report *report)
{
    size_t length = sizeof header - 1;
    char *text = malloc(sizeof header + report->plan->length * ROW_MAX);

    if (text == NULL) {
        return NULL;
    }
    memcpy(text, header, sizeof header);
    for (size_t i = 0; i < report->plan->length; i++) {
        struct csv_row row;
        if (report->plan->items[i].reps > 0) {
            make_row(&row, &report->summaries[i]);
            memcpy(text + length, row.text, row.length + 1);
            length += row.length;
        }
    }
    return text;
}

size_t costs_csv_header_size(void)
{
    return sizeof header - 1;
}
