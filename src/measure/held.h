/* How much interpreter work makes a call so much longer. */
#ifndef GILSCOPE_HELD_H
#define GILSCOPE_HELD_H

#include "gilscope/run.h"

/* The decrements of worker_interpret() that lengthen a short native call by held_s, as near as whole
 * ones come, beside writing to shared[lines]. Not held_s / decrement_s: a processor does part of the
 * work while the call begins, and a loop that ends has to be noticed. decrement_s: of the countdown,
 * seconds. From the main thread; takes some milliseconds. */
uint64_t held_units(double held_s, double decrement_s, struct shared_line *shared,
                    unsigned lines);

#endif
