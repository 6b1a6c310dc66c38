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
    size_t keep_above;        /* as given to outfile_open */
    unsigned kept_as;         /* what was there before is NAME.part.N now; 0: nothing was */
    bool broken;              /* a write failed: it will not be complete */
    bool half_copied;         /* NAME.part has the beginning of what is in fd */
    bool set_aside, named;    /* how far outfile_commit has come */
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
 * what stood there is replaced, and the file ends behind it. Where the file has lost its name, the
 * folder having been removed, both are made again, with what was written before; so in outfile_commit.
 * After a failure, of a full disk say, whole lines are left, more may be tried, and outfile_commit
 * fails. */
bool outfile_write_at(struct outfile *file, off_t offset, const char *text, size_t size,
                      struct error *error);

/* Makes sure that all files, of one folder, are on the disk, and then gives them their final names in
 * this order; of one that is not open (fd -1, with its path) the earlier one is removed. All or none:
 * earlier files are NAME.replaced meanwhile, so that those of two runs never have final names at once,
 * and are there again where it fails. */
bool outfile_commit(struct outfile *const files[], size_t n, struct error *error);

/* Removes it, in which nothing has come to stand, and closes it; what was kept is called NAME.part
 * again. Not open is fine. */
void outfile_discard(struct outfile *file);

/* Closes it, under the name that it has. Twice is fine. */
void outfile_close(struct outfile *file);

#endif
