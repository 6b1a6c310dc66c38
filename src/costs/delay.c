/* The delay, in a file of its own: whoever calls it from another cannot see that it does nothing. */
#include "gilscope/costs.h"

/* As EPCC's delay: a chain of float additions. The processor counts the turns ahead of it, and so
 * has the mispredicted end of the loop behind it when the chain ends; a loop that only counts
 * would have whatever comes next wait for that, and a lock after it would look 5 to 10 ns dearer. */
float cost_delay(uint64_t turns)
{
    float sum = 0;

    for (uint64_t i = 0; i < turns; i++) {
        sum += (float)(int32_t)i;
    }
    return sum;
}
