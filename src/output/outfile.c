/* Files that appear complete or not at all: see outfile.h. */
#include "outfile_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

const char *outfile_remedy(int reason)
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
        return "the folder is gone, or takes no files; choose another with --output";
    case ELOOP:
        return "it is a symbolic link: remove it, or choose another folder with --output";
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

/* Where what an earlier run left is kept. */
struct kept_path {
    char text[PATH_MAX + 16];
};

static struct kept_path kept_path(const struct outfile *file, unsigned n)
{
    struct kept_path path;

    snprintf(path.text, sizeof path.text, "%s.%u", file->part_path, n);
    return path;
}

/* Renames what an earlier run left to the first free of NAME.part.1, .2, … */
static bool keep_earlier(struct outfile *file, struct error *error)
{
    struct kept_path path;

    for (unsigned n = 1; n < 10000; n++) {
        path = kept_path(file, n);
        if (access(path.text, F_OK) == 0) {
            continue;
        }
        if (rename(file->part_path, path.text) != 0) {
            return fail(error, "cannot keep '%s' as '%s': %s", file->part_path, path.text,
                        strerror(errno));
        }
        file->kept_as = n;
        return true;
    }
    return fail(error, "'%s': too many of them kept; remove some", path.text);
}

bool outfile_still_named(const struct outfile *file)
{
    struct stat open_file, named;

    return fstat(file->fd, &open_file) == 0 && lstat(file->part_path, &named) == 0 &&
           open_file.st_ino == named.st_ino && open_file.st_dev == named.st_dev;
}

static bool open_locked(struct outfile *file, struct error *error)
{
    do {
        outfile_close(file);
        /* No link is followed: what it leads to is no file of ours. */
        file->fd = open(file->part_path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0666);
        if (file->fd < 0) {
            return fail(error, "cannot write '%s': %s; %s", file->part_path, strerror(errno),
                        outfile_remedy(errno));
        }
        /* Not for all file systems; where there are no locks, nobody is kept out. */
        if (flock(file->fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
            outfile_close(file);
            return fail(error,
                        "'%s' is being written by another gilscope: wait for it, or choose "
                        "another folder with --output",
                        file->part_path);
        }
    } while (!outfile_still_named(file));
    return true;
}

/* As open_locked, with nothing in it: what an earlier run left is kept beside it, where it is
 * worth that, or gone. */
static bool open_empty(struct outfile *file, struct error *error)
{
    struct stat before;

    if (!open_locked(file, error)) {
        return false;
    }
    if (fstat(file->fd, &before) != 0 || !S_ISREG(before.st_mode)) {
        outfile_close(file);
        return fail(error,
                    "'%s' is no regular file: remove it, or choose another folder with "
                    "--output",
                    file->part_path);
    }
    if (file->keep_above > 0 && !file->half_copied &&
        before.st_size > (off_t)file->keep_above) {
        if (!keep_earlier(file, error) || !open_locked(file, error)) {
            outfile_close(file);
            return false;
        }
    }
    return ftruncate(file->fd, 0) == 0 ||
           fail(error, "cannot empty '%s': %s", file->part_path, strerror(errno));
}

bool outfile_open(struct outfile *file, const char *folder, const char *name, size_t keep_above,
                  bool *kept, struct error *error)
{
    memset(file, 0, sizeof *file);
    file->fd = -1;
    file->keep_above = keep_above;
    *kept = false;
    snprintf(file->path, sizeof file->path, "%s/%s", folder, name);
    if (snprintf(file->part_path, sizeof file->part_path, "%s/%s.part", folder, name) >=
        (int)sizeof file->part_path) {
        return fail_usage(error, "--output: the name is longer than the system allows");
    }
    bool opened = open_empty(file, error);
    *kept = file->kept_as > 0;
    return opened;
}

static size_t whole_lines(const char *text, size_t size)
{
    while (size > 0 && text[size - 1] != '\n') {
        size--;
    }
    return size;
}

/* A disk fills up in the middle of a row: the file ends behind the last whole line. */
static void drop_half_line(struct outfile *file, off_t offset, const char *text, size_t written)
{
    off_t end = offset + (off_t)whole_lines(text, written);

    if (ftruncate(file->fd, end) == 0) {
        file->length = end;
    }
}

static bool write_whole(struct outfile *file, off_t offset, const char *text, size_t size,
                        struct error *error)
{
    for (size_t written = 0; written < size;) {
        ssize_t n = pwrite(file->fd, text + written, size - written, offset + (off_t)written);
        if (n == 0 || (n < 0 && errno != EINTR)) {
            int reason = n == 0 ? ENOSPC : errno;
            drop_half_line(file, offset, text, written);
            return fail(error, "cannot write '%s': %s; %s", file->part_path, strerror(reason),
                        outfile_remedy(reason));
        }
        written += n > 0 ? (size_t)n : 0;
    }
    return true;
}

/* Line by line, as it were: what got through before the disk was full ends with a whole one. */
static bool copy_from(struct outfile *file, int from, off_t length, struct error *error)
{
    char text[4096];

    for (off_t at = 0; at < length;) {
        size_t left = (size_t)(length - at);
        ssize_t n = pread(from, text, left < sizeof text ? left : sizeof text, at);
        if (n <= 0) {
            return fail(error, "cannot write '%s' again, which vanished: %s", file->part_path,
                        n < 0 ? strerror(errno) : "what was in it cannot be read");
        }
        size_t size = whole_lines(text, (size_t)n);
        size = size > 0 ? size : (size_t)n;
        if (!write_whole(file, at, text, size, error)) {
            return false;
        }
        at += (off_t)size;
    }
    return true;
}

/* The folder was removed, or moved, during the run: it is made again, and the file in it. Until
 * all is there, the one without a name stays the file: the next write tries again. */
static bool put_back(struct outfile *file, struct error *error)
{
    char folder[PATH_MAX];
    int from = file->fd;
    off_t length = file->length;

    file->fd = -1;
    snprintf(folder, sizeof folder, "%s", file->part_path);
    *strrchr(folder, '/') = '\0';
    bool opened = make_folder(folder, error) && open_empty(file, error);
    bool done = opened && copy_from(file, from, length, error);

    file->length = length;
    if (done) {
        close(from);
    } else {
        outfile_close(file);
        file->fd = from;
    }
    /* What there is of it now is no earlier run's. */
    file->half_copied = opened ? !done : file->half_copied;
    return done;
}

/* By what the system says, and not by the length: half a line that could not be dropped may
 * stand behind that. */
static bool end_at(const struct outfile *file, off_t end, struct error *error)
{
    struct stat now;

    return fstat(file->fd, &now) != 0 || now.st_size <= end || ftruncate(file->fd, end) == 0 ||
           fail(error, "cannot shorten '%s': %s", file->part_path, strerror(errno));
}

bool outfile_write_at(struct outfile *file, off_t offset, const char *text, size_t size,
                      struct error *error)
{
    off_t end = offset + (off_t)size;

    if ((!outfile_still_named(file) && !put_back(file, error)) ||
        !write_whole(file, offset, text, size, error) || !end_at(file, end, error)) {
        file->broken = true;
        return false;
    }
    file->length = end;
    return true;
}

bool outfile_sync(struct outfile *file, struct error *error)
{
    if (file->broken) {
        return fail(error, "'%s' is not complete: it could not be written", file->part_path);
    }
    if (!outfile_still_named(file) && !put_back(file, error)) {
        file->broken = true;
        return false;
    }
    /* EINVAL, ENOSYS: some file systems cannot, and then nothing better can be had. */
    if (fsync(file->fd) != 0 && errno != EINVAL && errno != ENOSYS) {
        return fail(error, "cannot write '%s' to the disk: %s; %s", file->part_path,
                    strerror(errno), outfile_remedy(errno));
    }
    return true;
}

void outfile_discard(struct outfile *file)
{
    if (file->fd >= 0 && outfile_still_named(file) && unlink(file->part_path) == 0 &&
        file->kept_as > 0 &&
        rename(kept_path(file, file->kept_as).text, file->part_path) == 0) {
        file->kept_as = 0;
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
