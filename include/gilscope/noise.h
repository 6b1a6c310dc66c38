/* What else happens on the machine: time stolen by a hypervisor, and the facts that a reader
 * of the figures will ask for. */
#ifndef GILSCOPE_NOISE_H
#define GILSCOPE_NOISE_H

/* CPU time of the whole machine so far, in the kernel's ticks (/proc/stat, proc(5)). */
struct cpu_time {
    double all;
    double stolen; /* a hypervisor gave the core to somebody else */
};

/* Both 0 where the system does not tell. */
struct cpu_time cpu_time_now(void);

/* The share of all CPU time between the two that was stolen, 0 to 1. */
double stolen_share(struct cpu_time from, struct cpu_time to);

/* Facts for machine.csv; "unknown" where the system does not tell. The text is written to
 * buffer[size], always ended by a zero. */
void fact_kernel(char *buffer, unsigned size);   /* "Linux 6.1.0 x86_64" */
void fact_governor(char *buffer, unsigned size); /* "performance", of the first core */
void fact_openmp(char *buffer, unsigned size);   /* "libgomp.so.1.0.0 (OpenMP 201511)" */
void fact_compiler(char *buffer, unsigned size); /* "gcc 12.2.0" */

#endif
