/* Clocks: see clock.h. The calls cannot fail: the clocks named exist on every Linux. */
#include "gilscope/clock.h"

#include <sys/resource.h>
#include <time.h>

static double seconds_on(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

double clock_now(void)
{
    return seconds_on(CLOCK_MONOTONIC);
}

struct thread_usage clock_thread_usage(void)
{
    struct rusage usage;
    getrusage(RUSAGE_THREAD, &usage);
    return (struct thread_usage){.cpu_s = seconds_on(CLOCK_THREAD_CPUTIME_ID),
                                 .voluntary_switches = (uint64_t)usage.ru_nvcsw,
                                 .involuntary_switches = (uint64_t)usage.ru_nivcsw};
}
