/* Files get their final names, all or none: see outfile_commit in outfile.h. */
#include "outfile_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

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

/* Where the earlier file of that name is while the new ones get theirs. */
struct replaced_path {
    char text[PATH_MAX + 16];
};

static struct replaced_path replaced_path(const struct outfile *file)
{
    struct replaced_path path;

    snprintf(path.text, sizeof path.text, "%s.replaced", file->path);
    return path;
}

static bool cannot_rename(const char *from, const char *to, int reason, struct error *error)
{
    return fail(error, "cannot rename '%s' to '%s': %s; %s", from, to, strerror(reason),
                outfile_remedy(reason));
}

/* All that can be found out, or fail, before anything is renamed. */
static bool is_ready(struct outfile *file, struct error *error)
{
    struct stat there;

    if (file->fd >= 0 && !outfile_sync(file, error)) {
        return false;
    }
    return lstat(file->path, &there) != 0 || !S_ISDIR(there.st_mode) ||
           cannot_rename(file->part_path, file->path, EISDIR, error);
}

static bool set_aside(struct outfile *file, struct error *error)
{
    struct replaced_path replaced = replaced_path(file);
    struct stat there;

    if (lstat(file->path, &there) != 0) {
        return true;
    }
    file->set_aside = rename(file->path, replaced.text) == 0;
    return file->set_aside || cannot_rename(file->path, replaced.text, errno, error);
}

static bool give_name(struct outfile *file, struct error *error)
{
    int reason = !outfile_still_named(file)                 ? ENOENT
                 : rename(file->part_path, file->path) != 0 ? errno
                                                            : 0;

    file->named = reason == 0;
    return file->named || cannot_rename(file->part_path, file->path, reason, error);
}

/* All names as they were. Where one cannot be had back the rest is left: rather some files
 * missing than those of two runs side by side. */
static bool take_back(struct outfile *const files[], size_t n)
{
    for (size_t i = n; i-- > 0;) {
        if (files[i]->named && rename(files[i]->path, files[i]->part_path) != 0) {
            return false;
        }
        files[i]->named = false;
    }
    for (size_t i = 0; i < n; i++) {
        if (files[i]->set_aside && rename(replaced_path(files[i]).text, files[i]->path) != 0) {
            return false;
        }
        files[i]->set_aside = false;
    }
    return true;
}

bool outfile_commit(struct outfile *const files[], size_t n, struct error *error)
{
    bool done = true;

    for (size_t i = 0; i < n; i++) {
        if (!is_ready(files[i], error)) {
            return false;
        }
    }
    for (size_t i = n; done && i-- > 0;) {
        done = set_aside(files[i], error);
    }
    for (size_t i = 0; done && i < n; i++) {
        done = files[i]->fd < 0 || give_name(files[i], error);
    }
    if (!done) {
        struct error first = *error;
        if (!take_back(files, n)) {
            error_fill(error, first.exit_code,
                       "%.400s; nor can what was renamed before it be renamed back",
                       first.text);
        }
        return false;
    }
    sync_folder_of(files[0]->path);
    for (size_t i = 0; i < n; i++) {
        unlink(replaced_path(files[i]).text); /* mostly there is none */
    }
    return true;
}
