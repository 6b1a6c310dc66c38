/* What recording one event takes: see trace.h. */
#include "gilscope/clock.h"
#include "gilscope/statistics.h"
#include "gilscope/trace.h"

#include <math.h>

double trace_event_cost(void)
{
    /* As many events as by default: they do not stay in a cache. */
    enum { EVENTS = 1 << 16, LOOPS = 9 };
    struct error error;
    struct trace trace;
    double cost[LOOPS];

    if (!trace_open(&trace, 1, EVENTS, &error)) {
        return NAN;
    }
    for (int loop = 0; loop < LOOPS; loop++) {
        /* Volatile: the compiler must not see that it is the same each time, as it cannot see that
         * in a run. */
        struct trace_buffer *volatile buffer = trace.buffers;
        buffer->count = 0;
        double start_s = clock_now();
        for (int i = 0; i < EVENTS; i++) {
            trace_event(buffer, TRACE_WANTS, 0);
        }
        cost[loop] = (clock_now() - start_s) / EVENTS;
    }
    trace_close(&trace);
    return estimate_median(cost, LOOPS).median;
}
