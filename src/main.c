/* gilscope: the table of commands, and what becomes of their errors. */
#include "gilscope/command.h"
#include "gilscope/interrupt.h"

#include <stdio.h>

const struct command *const commands[] = {&command_bench, &command_topo, &command_list};
const size_t command_count = sizeof commands / sizeof *commands;

int main(int argc, char **argv)
{
    struct error error = {EXIT_DONE, ""};

    if (interrupt_install(&error) && program_run(argc, argv, &error)) {
        finish_output(&error);
    }
    if (error.text[0] != '\0') {
        fprintf(stderr, "gilscope: %s\n", error.text);
    }
    return error.exit_code;
}
