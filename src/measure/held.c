/* How much interpreter work makes a call so much longer: see held.h. */
#include "held.h"

#include <math.h>

/* From here on the ends of a loop do not count. */
#define LONG_S 1e-6
/* The call that is lengthened: as long as the shortest that people ask about. */
#define CALL_S 100e-9

/* One call, with or without the work before it: the quickest of a few tries, since what else happens
 * on the machine only makes them longer. Not looked at by clang: one thread needs no lock. */
static double call_s(const struct run *run, bool interpret, double about_s)
    NO_THREAD_SAFETY_ANALYSIS
{
    enum { TRIES = 100 };
    int calls = (int)(20e-6 / about_s) + 1;
    double best_s = INFINITY;

    for (int i = 0; i < TRIES; i++) {
        struct worker me = {.run = run, .chunks_until_sample = (unsigned)calls + 1};
        double start_s = clock_now();
        for (int c = 0; c < calls; c++) {
            if (interpret) {
                worker_interpret(&me);
            }
            worker_call(&me);
        }
        best_s = fmin(best_s, (clock_now() - start_s) / calls);
    }
    return best_s;
}

uint64_t held_units(double held_s, double decrement_s, struct shared_line *shared,
                    unsigned lines)
{
    struct run run = {.kernel = &kernel_countdown,
                      .chunk = (uint64_t)(CALL_S / decrement_s) + 1,
                      .shared = shared,
                      .shared_lines = lines};
    uint64_t below = 0, above = (uint64_t)(held_s / decrement_s + 0.5);

    if (held_s >= LONG_S) {
        return above;
    }
    above = above > 0 ? above : 1;
    double alone_s = call_s(&run, false, CALL_S);
    /* Most that is too little, by bisection: it is never less than nothing. */
    while (above - below > 1) {
        run.held = below + (above - below) / 2;
        *(call_s(&run, true, CALL_S + held_s) - alone_s < held_s ? &below : &above) = run.held;
    }
    return above;
}
