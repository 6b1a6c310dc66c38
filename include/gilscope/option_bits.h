/* Options that mean something to some variants and locks, and nothing to others. The tables of both
 * say which they take, the settings which were given: one that nothing takes is an error. */
#ifndef GILSCOPE_OPTION_BITS_H
#define GILSCOPE_OPTION_BITS_H

enum option_bit {
    OPTION_TIME = 1,
    OPTION_COUNT = 2,
    OPTION_CHUNK = 4,
    OPTION_TASKS = 8,
    OPTION_SWITCH_INTERVAL = 16,
};

#endif
