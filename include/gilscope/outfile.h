/* Files that appear complete or not at all: written as NAME.part in a folder, and renamed to
 * NAME when they are done. A killed run leaves NAME.part with what it wrote. */
#ifndef GILSCOPE_OUTFILE_H
#define GILSCOPE_OUTFILE_H

#include "gilscope/error.h"

#include <limits.h>
#include <stddef.h>
#include <sys/types.h>

struct outfile {
    int fd; /* -1: not open */
    off_t length;
    char path[PATH_MAX];      /* the final name */
    char part_path[PATH_MAX]; /* the name while it is being written */
};

/* Makes the folder, and those above it, where they are missing. */
bool make_folder(const char *folder, struct error *error);

/* Opens folder/name.part for writing. Fails where another process is writing it. What an
 * earlier run left there is kept as name.part.1 (2, 3 …), and *kept says so, where it is longer
 * than keep_above bytes; never with 0.
 * The file is the caller's, to be given to outfile_close. */
bool outfile_open(struct outfile *file, const char *folder, const char *name, size_t keep_above,
                  bool *kept, struct error *error);

/* Writes text at the offset (at most the length so far), as one write where the system can:
 * what stood there is replaced, and the file ends behind it. */
bool outfile_write_at(struct outfile *file, off_t offset, const char *text, size_t size,
                      struct error *error);

/* Makes sure that what was written is on the disk. */
bool outfile_sync(struct outfile *file, struct error *error);

/* Gives the file its final name, replacing an earlier one; to be called after outfile_sync. */
bool outfile_commit(struct outfile *file, struct error *error);

/* Removes it, in which nothing has come to stand, and closes it. Not open is fine. */
void outfile_discard(struct outfile *file);

/* Closes it, under the name that it has. Twice is fine. */
void outfile_close(struct outfile *file);

#endif
