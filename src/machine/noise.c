/* Noise and facts: see noise.h. */
#include "gilscope/noise.h"

#include <dlfcn.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

struct cpu_time cpu_time_now(void)
{
    struct cpu_time now = {0, 0};
    FILE *stat = fopen("/proc/stat", "re");

    if (stat == NULL) {
        return now;
    }
    /* cpu user nice system idle iowait irq softirq steal … (guest times are in user's) */
    enum { STEAL = 7 };
    unsigned long long ticks[STEAL + 1] = {0};
    if (fscanf(stat, "cpu %llu %llu %llu %llu %llu %llu %llu %llu", &ticks[0], &ticks[1],
               &ticks[2], &ticks[3], &ticks[4], &ticks[5], &ticks[6], &ticks[STEAL]) >= 4) {
        for (int i = 0; i <= STEAL; i++) {
            now.all += (double)ticks[i];
        }
        now.stolen = (double)ticks[STEAL];
    }
    fclose(stat);
    return now;
}

double stolen_share(struct cpu_time from, struct cpu_time to)
{
    double all = to.all - from.all;
    return all > 0 ? (to.stolen - from.stolen) / all : 0;
}

void fact_kernel(char *buffer, unsigned size)
{
    struct utsname name;

    if (uname(&name) == 0) {
        snprintf(buffer, size, "%s %s %s", name.sysname, name.release, name.machine);
    } else {
        snprintf(buffer, size, "unknown");
    }
}

void fact_governor(char *buffer, unsigned size)
{
    FILE *file = fopen("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", "re");

    snprintf(buffer, size, "unknown");
    if (file == NULL) {
        return;
    }
    if (fgets(buffer, (int)size, file) != NULL) {
        buffer[strcspn(buffer, "\n")] = '\0';
    }
    fclose(file);
}

void fact_openmp(char *buffer, unsigned size)
{
    char path[PATH_MAX];
    Dl_info library;
    /* Asked of the loader: in a program linked to a fixed address a function's own address can
     * be that of a stub in the program. */
    void *function = dlsym(RTLD_DEFAULT, "omp_get_max_threads");

    /* The runtime has no version to ask for; its file name, links resolved, has one. */
    if (function == NULL || dladdr(function, &library) == 0 ||
        realpath(library.dli_fname, path) == NULL) {
        snprintf(path, sizeof path, "unknown");
    }
    const char *slash = strrchr(path, '/');
    snprintf(buffer, size, "%s (OpenMP %d)", slash == NULL ? path : slash + 1, _OPENMP);
}

void fact_compiler(char *buffer, unsigned size)
{
#ifdef GILSCOPE_DEBUG
    static const char checks[] = ", with checks (DEBUG=1)"; /* which take time */
#else
    static const char checks[] = "";
#endif
#ifdef __clang__
    snprintf(buffer, size, "%s%s", __VERSION__, checks); /* says clang itself */
#else
    snprintf(buffer, size, "gcc %s%s", __VERSION__, checks);
#endif
}
