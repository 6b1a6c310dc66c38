/* What stands around the tables of several commands. */
#ifndef GILSCOPE_OUTPUT_FRAME_H
#define GILSCOPE_OUTPUT_FRAME_H

#include "gilscope/machine.h"
#include "paragraph.h"

/* "NAME: 2 cores, 2 PUs usable; 5 of 6 blocks": how the first line of a report begins. */
void say_machine(struct paragraph *to, const struct machine_facts *machine,
                 unsigned blocks_done, unsigned blocks, const struct style *style);

#endif
