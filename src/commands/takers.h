/* Options that nothing of what is run takes are errors: none is accepted and ignored. */
#ifndef GILSCOPE_COMMANDS_TAKERS_H
#define GILSCOPE_COMMANDS_TAKERS_H

#include "gilscope/run.h"
#include "gilscope/settings.h"

/* The options that mean something to a variant with the lock of the settings: bits of enum
 * option_bit. Pure. */
unsigned options_taken(const struct variant *variant, const struct settings *settings);

/* A usage error where an option was given that is not among `taken`, or two of which one overrides
 * the other. */
bool check_taken(const struct settings *settings, unsigned taken, struct error *error);

#endif
