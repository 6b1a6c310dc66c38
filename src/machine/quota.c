/* The CPU time that a cgroup allows: see quota.h. */
#include "gilscope/quota.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* "50000 100000" of v2, "50000" of v1, whose period is in a file beside it; "max" and -1: none. */
static double read_limit(const char *folder, const char *name, const char *period_name)
{
    char path[PATH_MAX + 64];
    double quota = INFINITY, period = 0;

    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        return INFINITY;
    }
    int n = fscanf(file, "%lf %lf", &quota, &period);
    fclose(file);
    if (n == 1 && period_name != NULL) {
        snprintf(path, sizeof path, "%s/%s", folder, period_name);
        file = fopen(path, "re");
        n += file != NULL && fscanf(file, "%lf", &period) == 1;
        if (file != NULL) {
            fclose(file);
        }
    }
    return n == 2 && quota > 0 && period > 0 ? quota / period : INFINITY;
}

/* The smallest limit from the cgroup `path` up to the root of the hierarchy. */
static double least_above(const char *root, const char *path, const char *name,
                          const char *period_name)
{
    char folder[PATH_MAX];
    double least = INFINITY;

    if (snprintf(folder, sizeof folder, "%s%s", root, path) >= (int)sizeof folder) {
        return INFINITY;
    }
    while (strlen(folder) >= strlen(root)) {
        least = fmin(least, read_limit(folder, name, period_name));
        *strrchr(folder, '/') = '\0';
    }
    return least;
}

/* Is "cpu" in the list "cpu,cpuacct"? */
static int names_cpu(const char *controllers)
{
    for (const char *at = controllers; *at != '\0'; at += strspn(at, ",")) {
        size_t length = strcspn(at, ",");
        if (length == 3 && strncmp(at, "cpu", 3) == 0) {
            return 1;
        }
        at += length;
    }
    return 0;
}

/* A line of /proc/self/cgroup: "0::/user.slice" of v2, "4:cpu,cpuacct:/docker/1" of v1. */
static double limit_of(char *line)
{
    char *controllers = strchr(line, ':');
    char *path = controllers != NULL ? strchr(controllers + 1, ':') : NULL;

    if (path == NULL) {
        return INFINITY;
    }
    *controllers++ = '\0';
    *path++ = '\0';
    path[strcspn(path, "\n")] = '\0';
    if (*controllers == '\0') {
        return fmin(least_above("/sys/fs/cgroup", path, "cpu.max", NULL),
                    least_above("/sys/fs/cgroup/unified", path, "cpu.max", NULL));
    }
    return names_cpu(controllers) ? least_above("/sys/fs/cgroup/cpu", path, "cpu.cfs_quota_us",
                                                "cpu.cfs_period_us")
                                  : INFINITY;
}

double quota_now(void)
{
    char line[PATH_MAX];
    double least = INFINITY;
    FILE *file = fopen("/proc/self/cgroup", "re");

    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        least = fmin(least, limit_of(line));
    }
    if (file != NULL) {
        fclose(file);
    }
    return least;
}

struct quota quota_begin(void)
{
    double now = quota_now();
    return (struct quota){now, now};
}

void quota_look(struct quota *quota)
{
    quota->least = fmin(quota->least, quota_now());
}

void quota_describe(const struct quota *quota, char *text, unsigned size)
{
    char first[32] = "none";

    if (!isinf(quota->first)) {
        snprintf(first, sizeof first, "%.3g", quota->first);
    }
    if (quota->least < quota->first) {
        snprintf(text, size, "%s, then %.3g", first, quota->least);
    } else {
        snprintf(text, size, "%s", first);
    }
}

void quota_tell(const struct quota *quota)
{
    if (quota->least < quota->first) {
        fprintf(stderr,
                "gilscope: the cgroup's share of CPU time shrank meanwhile, to %.3g cores: the "
                "blocks before and after do not belong together\n",
                quota->least);
    }
}
