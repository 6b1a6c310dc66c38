/* fidelity.csv: see results.h. */
#include "gilscope/csv.h"
#include "gilscope/results.h"

static const char header[] = "interpreter,mode,model,threads,interpreter_speedup,"
                             "interpreter_lo,interpreter_hi,model_speedup,model_lo,model_hi,"
                             "ratio\n";

static void add_estimate(struct csv_row *row, struct estimate estimate)
{
    csv_number(row, estimate.median);
    csv_number(row, estimate.lo);
    csv_number(row, estimate.hi);
}

bool results_fidelity(struct results *results, const struct fidelity *pairs, size_t n,
                      struct error *error)
{
    struct outfile *file = &results->more;

    if (file->fd < 0) {
        return true;
    }
    bool written = outfile_write_at(file, file->length, header, sizeof header - 1, error);
    for (size_t i = 0; written && i < n; i++) {
        struct csv_row row;
        csv_begin(&row);
        csv_text(&row, pairs[i].interpreter->name);
        csv_text(&row, pairs[i].mode->name);
        csv_text(&row, pairs[i].model->name);
        csv_integer(&row, pairs[i].threads);
        add_estimate(&row, pairs[i].of_interpreter);
        add_estimate(&row, pairs[i].of_model);
        csv_number(&row, pairs[i].ratio);
        csv_end(&row);
        written = results_append(file, &row, error);
    }
    return written;
}
