/* What the locks tell while they are used: who does what, and when it is held. */
#ifndef GIL_LOCK_H
#define GIL_LOCK_H

#include "gilscope/gil.h"
#include "gilscope/trace.h"

/* What the calling thread does. */
static inline void gil_event(const struct gil *gil, unsigned thread, enum trace_kind kind,
                             uint32_t detail)
{
    if (gil->trace != NULL) {
        trace_event(&gil->trace->buffers[thread], kind, detail);
    }
}

/* For locks whose threads may sleep several times for it: before the sleeps, and when it has the
 * lock: see trace_sleeps. */
static inline void gil_sleeps(const struct gil *gil, unsigned thread)
{
    if (gil->trace != NULL) {
        trace_sleeps(&gil->trace->buffers[thread]);
    }
}
static inline void gil_got_after_sleeps(const struct gil *gil, unsigned thread)
{
    if (gil->trace != NULL) {
        trace_got_after_sleeps(&gil->trace->buffers[thread]);
    }
}

/* From here on the calling thread has it, which clang cannot know of a semaphore. */
static inline void gil_taken(const struct gil *gil) ASSERT_CAPABILITY(the_gil)
{
    (void)gil;
}

#endif
