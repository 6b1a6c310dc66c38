/* Streams and the progress line: see terminal.h. */
#include "gilscope/terminal.h"

#include "gilscope/clock.h"

#include <langinfo.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static unsigned width_of(FILE *stream)
{
    struct winsize size;

    if (ioctl(fileno(stream), TIOCGWINSZ, &size) == 0 && size.ws_col >= 40) {
        return size.ws_col;
    }
    return 80;
}

/* A terminal that understands escape sequences. */
static bool is_smart_terminal(FILE *stream)
{
    const char *term = getenv("TERM");

    return isatty(fileno(stream)) == 1 && term != NULL && *term != '\0' &&
           strcmp(term, "dumb") != 0;
}

struct style style_of(FILE *stream)
{
    const char *no_color = getenv("NO_COLOR");
    bool colours = is_smart_terminal(stream) && (no_color == NULL || *no_color == '\0');

    /* The alphabet alone: LC_NUMERIC stays "C", or CSV would get decimal commas. */
    setlocale(LC_CTYPE, "");
    return (struct style){.utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0,
                          .width = width_of(stream),
                          .bold = colours ? "\033[1m" : "",
                          .dim = colours ? "\033[2m" : "",
                          .warn = colours ? "\033[33m" : "",
                          .plain = colours ? "\033[0m" : ""};
}

const char *style_dots(const struct style *style)
{
    return style->utf8 ? "…" : "..";
}

struct progress_line progress_line(bool quiet)
{
    return (struct progress_line){.shown = !quiet && is_smart_terminal(stderr)};
}

void progress_draw(struct progress_line *line, const char *what, double done_s, double total_s)
{
    enum { BAR = 16 };
    double now_s = clock_now();

    if (!line->shown || now_s < line->next_s) {
        return;
    }
    line->next_s = now_s + 0.1;
    line->drawn = true;
    double share = total_s > 0 && done_s < total_s ? done_s / total_s : 1;
    char bar[BAR + 1];
    for (int i = 0; i < BAR; i++) {
        bar[i] = i < (int)(share * BAR) ? '=' : ' ';
    }
    bar[BAR] = '\0';
    /* Cut at the terminal's edge: a line that wraps could not be drawn over. */
    char text[256];
    snprintf(text, sizeof text, "[%s] %.0f %%, %.0f s left, %s", bar, share * 100,
             total_s > done_s ? total_s - done_s : 0.0, what);
    fprintf(stderr, "\r%.*s\033[K", (int)width_of(stderr) - 1, text);
    fflush(stderr);
}

void progress_clear(struct progress_line *line)
{
    if (line->drawn) {
        fputs("\r\033[K", stderr);
        fflush(stderr);
        line->drawn = false;
    }
}
