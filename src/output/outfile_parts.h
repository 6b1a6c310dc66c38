/* What writing a file (outfile.c) and giving it its final name (commit.c) have in common. */
#ifndef GILSCOPE_OUTPUT_OUTFILE_PARTS_H
#define GILSCOPE_OUTPUT_OUTFILE_PARTS_H

#include "gilscope/outfile.h"

/* What to do about a file that cannot be written, for this errno. Pure. */
const char *outfile_remedy(int reason);

/* Whether the open file is still the one of its NAME.part: another gilscope may have given it its
 * final name between our opening and our locking it, or the folder may have been removed. */
bool outfile_still_named(const struct outfile *file);

/* All that was written is on the disk, under NAME.part. */
bool outfile_sync(struct outfile *file, struct error *error);

#endif
