/* The timeline in characters: see trace_report.h. */
#include "gilscope/trace_report.h"

#include "gilscope/report.h"
#include "paragraph.h"

#include <stdlib.h>
#include <string.h>

/* How long each thread was in each state in each column. */
struct grid {
    unsigned threads, columns;
    double column_ticks;
    uint64_t first;
    double *ticks; /* ticks[threads][columns][TRACE_STATES] */
};

static double *cell(const struct grid *grid, unsigned thread, unsigned column)
{
    return &grid->ticks[((size_t)thread * grid->columns + column) * TRACE_STATES];
}

static void enter(void *context, unsigned thread, enum trace_state state, uint64_t from,
                  uint64_t to)
{
    const struct grid *grid = context;
    double at = (double)(from - grid->first), end = (double)(to - grid->first);

    if (thread >= grid->threads) {
        return;
    }
    for (unsigned column = (unsigned)(at / grid->column_ticks); column < grid->columns;
         column++) {
        double edge = (column + 1) * grid->column_ticks;
        cell(grid, thread, column)[state] += (end < edge ? end : edge) - at;
        if (end <= edge) {
            return;
        }
        at = edge;
    }
}

/* How a column is shown: as high as its share of running, or what else it mostly is; null: blank. */
static const char *symbol_of(const double *ticks, double whole, const struct style *style,
                             const char **colour)
{
    static const char *const levels[2][8] = {{"_", ".", ":", "-", "=", "+", "*", "#"},
                                             {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"}};
    double running = ticks[TRACE_RUNNING] / whole, native = ticks[TRACE_NATIVE] / whole,
           waiting = ticks[TRACE_WAITING] / whole, neither = 1 - running - native - waiting;

    if (running >= 1.0 / 16) {
        int level = running >= 1 ? 7 : (int)(running * 8);
        *colour = "\033[32m";
        return levels[style->utf8][level > 7 ? 7 : level];
    }
    if (native > waiting && native >= neither) {
        *colour = "\033[34m";
        return style->utf8 ? "▒" : "n";
    }
    *colour = "\033[31m";
    return !(waiting > neither) ? NULL : style->utf8 ? "·" : ",";
}

/* Blanks are drawn when something comes behind them. */
static void draw_thread(const struct grid *grid, unsigned thread, const struct style *style,
                        FILE *to)
{
    bool coloured = *style->plain != '\0';
    int blanks = 1;

    fprintf(to, "%6u", thread);
    for (unsigned column = 0; column < grid->columns; column++) {
        const char *colour,
            *symbol = symbol_of(cell(grid, thread, column), grid->column_ticks, style, &colour);
        if (symbol == NULL) {
            blanks++;
            continue;
        }
        fprintf(to, "%*s%s%s", blanks, "", coloured ? colour : "", symbol);
        blanks = 0;
    }
    fprintf(to, "%s\n", style->plain);
}

static void draw_ruler(const struct trace_report *report, const struct grid *grid, int indent,
                       const struct style *style, FILE *to)
{
    static const char *const meant[2][4] = {
        {"_.:-=+*# running, its share", "n native", ", waiting", "blank: neither"},
        {"▁…█ running, its share", "▒ native", "· waiting", "blank: neither"}};
    char end[32];

    format_time(end, sizeof end, report->analysis->span_s);
    fprintf(to, "%s%*s0%*s%s\n", style->dim, indent, "", (int)grid->columns - 1, end,
            style->plain);
    items_print(meant[style->utf8], 4, (unsigned)indent, style, to);
}

void trace_strip(const struct trace_report *report, const struct style *style, FILE *to)
{
    enum { INDENT = 7 };
    const struct trace *trace = report->trace;
    unsigned threads = trace->threads < TRACE_LINES_MAX ? trace->threads : TRACE_LINES_MAX;
    unsigned columns = style->width > INDENT + 20 ? style->width - INDENT - 1 : 20;
    struct grid grid = {threads, columns, 0, trace->first, NULL};
    const struct trace_visitor visitor = {.slice = enter, .context = &grid};
    struct error error;

    grid.column_ticks = (double)(trace_horizon(trace) - trace->first) / columns;
    grid.ticks = calloc((size_t)threads * columns * TRACE_STATES, sizeof *grid.ticks);
    if (grid.ticks == NULL || grid.column_ticks <= 0 || !trace_walk(trace, &visitor, &error)) {
        free(grid.ticks);
        return;
    }
    for (unsigned t = 0; t < threads; t++) {
        draw_thread(&grid, t, style, to);
    }
    draw_ruler(report, &grid, INDENT, style, to);
    free(grid.ticks);
}
