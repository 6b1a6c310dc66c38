/* Runs a command on a terminal that does not stay as it is, and copies to stdout what appears on it:
 *
 *   terminal resize COMMAND…   gets another size after every read: 200, 40, 1, 0 columns, and so on
 *   terminal close COMMAND…    is closed at the first sign of life, as a window is; the exit code is the
 *                              command's
 */
#include <errno.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    static const unsigned short widths[] = {200, 40, 41, 1, 0, 65535, 80, 100};
    struct winsize size = {.ws_row = 30, .ws_col = 100};
    int terminal, status;
    char text[4096];

    if (argc < 3) {
        return 126;
    }
    pid_t child = forkpty(&terminal, NULL, NULL, &size);
    if (child < 0) {
        return 126;
    }
    if (child == 0) {
        execvp(argv[2], argv + 2);
        _exit(127);
    }
    for (unsigned reads = 0;; reads++) {
        ssize_t n = read(terminal, text, sizeof text);
        if (n > 0) {
            fwrite(text, 1, (size_t)n, stdout);
        } else if (n == 0 || errno != EINTR) {
            break; /* EIO: nobody has the terminal any more */
        }
        if (strcmp(argv[1], "close") == 0) {
            break;
        }
        size.ws_col = widths[reads % (sizeof widths / sizeof *widths)];
        ioctl(terminal, TIOCSWINSZ, &size); /* sends SIGWINCH */
    }
    close(terminal); /* sends SIGHUP */
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
