/* gilscope: the table of commands, and what becomes of their errors. */
#include "gilscope/command.h"
#include "gilscope/interrupt.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/resource.h>
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

/* `ulimit -s`: plans and file names stand on the main thread's stack, which is a quarter of a
 * megabyte. The system looks at the soft limit when the stack grows: raised now, it holds. */
static bool make_room_on_stack(struct error *error)
{
    const rlim_t enough = 1 << 20;
    struct rlimit limit;

    if (getrlimit(RLIMIT_STACK, &limit) != 0 || limit.rlim_cur >= enough) {
        return true;
    }
    rlim_t now = limit.rlim_cur;
    limit.rlim_cur = limit.rlim_max < enough ? limit.rlim_max : enough;
    now = setrlimit(RLIMIT_STACK, &limit) == 0 ? limit.rlim_cur : now;
    return now >= enough / 2 ||
           fail(error, "a stack of %llu KiB is too small: allow %llu (ulimit -s)",
                (unsigned long long)now / 1024, (unsigned long long)enough / 1024);
}

int main(int argc, char **argv)
{
    struct error error = {EXIT_DONE, ""};

    hold_standard_descriptors();
    interrupt_prepare();
    if (make_room_on_stack(&error) && program_run(argc, argv, &error)) {
        finish_output(&error);
    }
    if (error.text[0] != '\0') {
        fprintf(stderr, "gilscope: %s\n", error.text);
    }
    return error.exit_code;
}
