/* CPU time that a cgroup allows (`docker --cpus`, CPUQuota=): not more threads at a time, but stretches
 * in which none of them runs. */
#ifndef GILSCOPE_QUOTA_H
#define GILSCOPE_QUOTA_H

/* What was seen of it in a run, in cores; INFINITY: no limit. */
struct quota {
    double first, least;
};

/* The limit now: the smallest of this process's cgroup and those above it; INFINITY where there is none
 * or it cannot be read. Source: cpu.max of cgroup v2, cpu.cfs_quota_us of v1 (kernel documentation,
 * cgroup-v2.rst and sched-bwc.rst). */
double quota_now(void);

/* At the beginning of a run, and between its blocks. */
struct quota quota_begin(void);
void quota_look(struct quota *quota);

/* "none", "2", "2, then 0.5"; written to text[size]. */
void quota_describe(const struct quota *quota, char *text, unsigned size);

/* Says on stderr that it has shrunk; nothing where it has not. */
void quota_tell(const struct quota *quota);

#endif
