/* gilscope: the table of commands, and what becomes of their errors. */
#include "gilscope/command.h"
#include "gilscope/interrupt.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

const struct command *const commands[] = {&command_bench,  &command_breakeven, &command_trace,
                                          &command_convoy, &command_costs,     &command_topo,
                                          &command_list};
const size_t command_count = sizeof commands / sizeof *commands;

/* A caller may have closed some of them (`>&-`): the first file opened would then get such a
 * number, and a report be written over it. Held by what can only be used the wrong way round:
 * writing to a closed standard output stays the error that it is. */
static void hold_standard_descriptors(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        if (fcntl(fd, F_GETFD) < 0) {
            /* The lowest free number is this one: those below are open by now. */
            (void)!open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
        }
    }
}

int main(int argc, char **argv)
{
    struct error error = {EXIT_DONE, ""};

    hold_standard_descriptors();
    interrupt_prepare();
    if (program_run(argc, argv, &error)) {
        finish_output(&error);
    }
    if (error.text[0] != '\0') {
        fprintf(stderr, "gilscope: %s\n", error.text);
    }
    return error.exit_code;
}
