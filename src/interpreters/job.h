/* Between the files of this folder. */
#ifndef GILSCOPE_INTERPRETERS_JOB_H
#define GILSCOPE_INTERPRETERS_JOB_H

#include "gilscope/interpreter.h"
#include "gilscope/settings.h"

/* The run() of every guest's variant. */
bool guest_run(struct run *run, struct error *error);

/* src/python/NAME.py, a zero at its end; made from it by the Makefile. */
extern const unsigned char python_countdown[], python_convoy[];

#endif
