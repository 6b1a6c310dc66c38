/* Clocks and the kernel's accounts of a thread. All thread-safe; none allocates. */
#ifndef GILSCOPE_CLOCK_H
#define GILSCOPE_CLOCK_H

#include <stdint.h>

/* What a thread has used since it started, as the kernel accounts for it. */
struct thread_usage {
    double cpu_s;
    uint64_t voluntary_switches;   /* it slept: for a lock, at a barrier */
    uint64_t involuntary_switches; /* it was preempted */
};

/* Seconds on CLOCK_MONOTONIC: not set back by anyone, the same for threads and processes. */
double clock_now(void);

/* The calling thread's own usage (CLOCK_THREAD_CPUTIME_ID, RUSAGE_THREAD). */
struct thread_usage clock_thread_usage(void);

#endif
