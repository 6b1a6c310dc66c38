/* Buffers, their clock and what recording costs: see trace.h. */
#include "gilscope/trace.h"

#include "gilscope/clock.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>

#if defined __x86_64__
#    include <cpuid.h>
#endif

const char *const trace_kind_names[TRACE_KINDS] = {
    [TRACE_BEGINS] = "begins",
    [TRACE_ENDS] = "ends",
    [TRACE_WANTS] = "wants",
    [TRACE_GOT] = "got",
    [TRACE_GAVE_UP] = "gave_up",
    [TRACE_ASKS] = "asks",
    [TRACE_SEES] = "sees",
    [TRACE_SWITCHED] = "switched",
    [TRACE_NATIVE_BEGINS] = "native_begins",
    [TRACE_NATIVE_ENDS] = "native_ends",
    [TRACE_TASK_BEGINS] = "task_begins",
    [TRACE_TASK_ENDS] = "task_ends",
};

#if defined __x86_64__
/* The kernel's own clock is the counter, the same on all cores. kvm-clock is not among these: it
 * corrects each core's counter by itself, and remains where the counters were not trusted. */
static bool kernel_trusts_counter(void)
{
    static const char *const made_from_it[] = {"tsc", "hyperv_clocksource_tsc_page"};
    FILE *file =
        fopen("/sys/devices/system/clocksource/clocksource0/current_clocksource", "re");
    char name[64] = "";
    bool trusts = false;

    if (file == NULL) {
        return false;
    }
    if (fgets(name, sizeof name, file) != NULL) {
        name[strcspn(name, "\n")] = '\0';
    }
    fclose(file);
    for (size_t i = 0; i < sizeof made_from_it / sizeof *made_from_it; i++) {
        trusts = trusts || strcmp(name, made_from_it[i]) == 0;
    }
    return trusts;
}

/* CPUID 8000_0007h, EDX bit 8, "invariant TSC": it neither stops nor changes its rate. */
static bool counter_is_one(void)
{
    unsigned a, b, c, d;
    return __get_cpuid(0x80000007u, &a, &b, &c, &d) != 0 && (d >> 8 & 1) != 0 &&
           kernel_trusts_counter();
}
#elif defined __aarch64__
/* The architecture has it so: one system counter behind every core's. */
static bool counter_is_one(void)
{
    return true;
}
#else
static bool counter_is_one(void)
{
    return false;
}
#endif

/* Both clocks at once: of some tries the one that was least disturbed. */
static struct trace_moment moment_now(enum trace_clock clock)
{
    struct trace_moment best = {0, 0};
    double narrowest_s = INFINITY;

    for (int i = 0; i < 8; i++) {
        double before_s = clock_now();
        uint64_t ticks = trace_now(clock);
        double after_s = clock_now();
        if (after_s - before_s < narrowest_s) {
            narrowest_s = after_s - before_s;
            best = (struct trace_moment){ticks, before_s + narrowest_s / 2};
        }
    }
    return best;
}

bool trace_open(struct trace *trace, unsigned threads, uint64_t events, struct error *error)
{
    size_t headers = threads * sizeof *trace->buffers;

    *trace = (struct trace){.threads = threads};
    if (events > TRACE_EVENTS_MAX / threads) {
        return fail_usage(error,
                          "--events, --threads: buffers for %u × %llu events are more "
                          "than 1 GiB",
                          threads, (unsigned long long)events);
    }
    trace->mapping_size = headers + threads * events * sizeof(struct trace_record);
    void *mapping = mmap(NULL, trace->mapping_size, PROT_READ | PROT_WRITE,
                         MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    if (mapping == MAP_FAILED) {
        size_t size = trace->mapping_size;
        trace->mapping_size = 0;
        return fail(error, "no memory for the trace, %zu MiB: %s; ask for fewer --events",
                    size >> 20, strerror(errno));
    }
    trace->clock = counter_is_one() ? TRACE_CLOCK_COUNTER : TRACE_CLOCK_SYSTEM;
    trace->buffers = mapping;
    for (unsigned t = 0; t < threads; t++) {
        struct trace_record *records = (struct trace_record *)((char *)mapping + headers);
        trace->buffers[t] =
            (struct trace_buffer){records + t * events, events, 0, 0, trace->clock, 0, 0};
    }
    return true;
}

void trace_close(struct trace *trace)
{
    if (trace->mapping_size > 0) {
        munmap(trace->buffers, trace->mapping_size);
    }
    *trace = (struct trace){0};
}

void trace_begin(struct trace *trace)
{
    for (unsigned t = 0; t < trace->threads; t++) {
        trace->buffers[t].count = trace->buffers[t].lost_from = trace->buffers[t].open = 0;
    }
    trace->begin = moment_now(trace->clock);
}

static uint64_t first_time(const struct trace *trace)
{
    uint64_t first = UINT64_MAX;

    for (unsigned t = 0; t < trace->threads; t++) {
        const struct trace_buffer *buffer = &trace->buffers[t];
        if (buffer->count > 0 && buffer->records[0].time < first) {
            first = buffer->records[0].time;
        }
    }
    return first == UINT64_MAX ? 0 : first;
}

void trace_end(struct trace *trace)
{
    trace->end = moment_now(trace->clock);
    trace->first = first_time(trace);
}

double trace_seconds(const struct trace *trace, uint64_t ticks)
{
    double seconds = trace->end.seconds - trace->begin.seconds;
    double per_tick = seconds / (double)(trace->end.ticks - trace->begin.ticks);

    /* The difference first: the counter has more digits than a double. */
    return (double)(int64_t)(ticks - trace->first) * per_tick;
}

uint64_t trace_kept(const struct trace_buffer *buffer)
{
    return buffer->count < buffer->capacity ? buffer->count : buffer->capacity;
}

uint64_t trace_lost(const struct trace_buffer *buffer)
{
    return buffer->count - trace_kept(buffer);
}

void trace_sleeps(struct trace_buffer *buffer)
{
    struct rusage usage = {0};

    getrusage(RUSAGE_THREAD, &usage);
    if (buffer->open != 0) {
        buffer->records[buffer->open - 1].detail = (uint32_t)usage.ru_nvcsw - buffer->sleeps;
        buffer->open = 0;
    }
    buffer->sleeps = (uint32_t)usage.ru_nvcsw;
}

void trace_sleeps_end(struct trace_buffer *buffer)
{
    if (buffer != NULL && buffer->open != 0) {
        trace_sleeps(buffer);
    }
}
