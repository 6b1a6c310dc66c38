/* Files of key,value that say where and how a run was made: bench's and breakeven's machine.csv,
 * costs-machine.csv, trace-machine.csv, convoy-machine.csv. What stands in all of them is here. From
 * the main thread only; errors are those of outfile_write_at. */
#ifndef GILSCOPE_MACHINE_CSV_H
#define GILSCOPE_MACHINE_CSV_H

#include "gilscope/machine.h"
#include "gilscope/outfile.h"
#include "gilscope/settings.h"

/* The header, at the beginning of an open file. */
bool machine_csv_begin(struct outfile *file, struct error *error);

/* A line behind the others; a number that is NAN has an empty value. */
bool machine_csv_text(struct outfile *file, const char *key, const char *value,
                      struct error *error);
bool machine_csv_number(struct outfile *file, const char *key, double value,
                        struct error *error);

/* The processor and its parts; then the system, the compiler and the libraries. */
bool machine_csv_machine(struct outfile *file, const struct machine *machine,
                         struct error *error);

/* The command line, the seed that makes the same order again, and the present date (UTC). */
bool machine_csv_run(struct outfile *file, const struct settings *settings,
                     struct error *error);

/* All of this, and nothing else, into an open file with nothing in it. */
bool machine_csv_write(struct outfile *file, const struct machine *machine,
                       const struct settings *settings, struct error *error);

#endif
