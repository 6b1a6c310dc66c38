/* Files that appear complete or not at all: see outfile.h. */
#include "gilscope/outfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* What to do about a file that cannot be written. */
static const char *remedy(int reason)
{
    switch (reason) {
    case EMFILE:
        return "let it open more files (ulimit -n)";
    case ENFILE:
        return "the system has no room for more open files: end what has many";
    case ENOSPC:
    case EDQUOT:
        return "make room, or choose another folder with --output";
    case EFBIG:
        return "let it write larger files (ulimit -f)";
    case ENOENT:
        return "the folder is gone; choose one that stays with --output";
    default:
        return "choose another folder with --output";
    }
}

bool make_folder(const char *folder, struct error *error)
{
    char path[PATH_MAX];

    if (snprintf(path, sizeof path, "%s", folder) >= (int)sizeof path) {
        return fail_usage(error, "--output: the name is longer than the system allows");
    }
    for (char *at = path + 1;; at++) {
        char here = *at;
        if (here != '/' && here != '\0') {
            continue;
        }
        *at = '\0';
        if (mkdir(path, 0777) != 0 && errno != EEXIST && errno != EISDIR) {
            return fail(error, "cannot make the folder '%s': %s; choose another with --output",
                        path, strerror(errno));
        }
        if (here == '\0') {
            return true;
        }
        *at = here;
    }
}

/* Renames what an earlier run left to the first free of NAME.part.1, .2, … */
static bool keep_earlier(const char *part_path, struct error *error)
{
    char kept_path[PATH_MAX + 16];

    for (unsigned n = 1; n < 10000; n++) {
        snprintf(kept_path, sizeof kept_path, "%s.%u", part_path, n);
        if (access(kept_path, F_OK) != 0) {
            return rename(part_path, kept_path) == 0 ||
                   fail(error, "cannot keep '%s' as '%s': %s", part_path, kept_path,
                        strerror(errno));
        }
    }
    return fail(error, "'%s': too many of them kept; remove some", kept_path);
}

/* Whether the open file is still the one of that name: another gilscope may have given it its
 * final name between our opening and our locking it. */
static bool still_named(const struct outfile *file)
{
    struct stat open_file, named;

    return fstat(file->fd, &open_file) == 0 && stat(file->part_path, &named) == 0 &&
           open_file.st_ino == named.st_ino && open_file.st_dev == named.st_dev;
}

static bool open_locked(struct outfile *file, struct error *error)
{
    do {
        outfile_close(file);
        file->fd = open(file->part_path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
        if (file->fd < 0) {
            return fail(error, "cannot write '%s': %s; %s", file->part_path, strerror(errno),
                        remedy(errno));
        }
        /* Not for all file systems; where there are no locks, nobody is kept out. */
        if (flock(file->fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
            outfile_close(file);
            return fail(error,
                        "'%s' is being written by another gilscope: wait for it, or choose "
                        "another folder with --output",
                        file->part_path);
        }
    } while (!still_named(file));
    return true;
}

bool outfile_open(struct outfile *file, const char *folder, const char *name, size_t keep_above,
                  bool *kept, struct error *error)
{
    struct stat before;

    *kept = false;
    file->fd = -1;
    file->length = 0;
    snprintf(file->path, sizeof file->path, "%s/%s", folder, name);
    if (snprintf(file->part_path, sizeof file->part_path, "%s/%s.part", folder, name) >=
        (int)sizeof file->part_path) {
        file->fd = -1;
        return fail_usage(error, "--output: the name is longer than the system allows");
    }
    if (!open_locked(file, error)) {
        return false;
    }
    if (keep_above > 0 && fstat(file->fd, &before) == 0 && before.st_size > (off_t)keep_above) {
        if (!keep_earlier(file->part_path, error)) {
            outfile_close(file);
            return false;
        }
        outfile_close(file);
        *kept = true;
        return open_locked(file, error);
    }
    return ftruncate(file->fd, 0) == 0 || errno == EINVAL || /* a device such as /dev/full */
           fail(error, "cannot empty '%s': %s", file->part_path, strerror(errno));
}

/* A disk fills up in the middle of a row: the file ends behind the last whole line. */
static void drop_half_line(struct outfile *file, off_t offset, const char *text, size_t written)
{
    while (written > 0 && text[written - 1] != '\n') {
        written--;
    }
    if (ftruncate(file->fd, offset + (off_t)written) == 0) {
        file->length = offset + (off_t)written;
    }
}

bool outfile_write_at(struct outfile *file, off_t offset, const char *text, size_t size,
                      struct error *error)
{
    for (size_t written = 0; written < size;) {
        ssize_t n = pwrite(file->fd, text + written, size - written, offset + (off_t)written);
        if (n == 0 || (n < 0 && errno != EINTR)) {
            int reason = n == 0 ? ENOSPC : errno;
            drop_half_line(file, offset, text, written);
            return fail(error, "cannot write '%s': %s; %s", file->part_path, strerror(reason),
                        remedy(reason));
        }
        written += n > 0 ? (size_t)n : 0;
    }
    off_t end = offset + (off_t)size;
    if (end < file->length && ftruncate(file->fd, end) != 0) {
        return fail(error, "cannot shorten '%s': %s", file->part_path, strerror(errno));
    }
    file->length = end;
    return true;
}

bool outfile_sync(struct outfile *file, struct error *error)
{
    /* EINVAL, ENOSYS: some file systems cannot, and then nothing better can be had. */
    if (fsync(file->fd) != 0 && errno != EINVAL && errno != ENOSYS && errno != EROFS) {
        return fail(error, "cannot write '%s' to the disk: %s; %s", file->part_path,
                    strerror(errno), remedy(errno));
    }
    return true;
}

/* A new name is on the disk when its folder is. What cannot be synced is no failure: the file
 * itself is safe, under one name or the other. */
static void sync_folder_of(const char *path)
{
    char folder[PATH_MAX];

    snprintf(folder, sizeof folder, "%s", path);
    *strrchr(folder, '/') = '\0';
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0) {
        fsync(fd);
        close(fd);
    }
}

bool outfile_commit(struct outfile *file, struct error *error)
{
    if (rename(file->part_path, file->path) != 0) {
        return fail(error, "cannot rename '%s' to '%s': %s; %s", file->part_path, file->path,
                    strerror(errno), remedy(errno));
    }
    sync_folder_of(file->path);
    return true;
}

void outfile_discard(struct outfile *file)
{
    if (file->fd >= 0 && still_named(file)) {
        unlink(file->part_path);
    }
    outfile_close(file);
}

void outfile_close(struct outfile *file)
{
    if (file->fd >= 0) {
        close(file->fd);
        file->fd = -1;
    }
}
