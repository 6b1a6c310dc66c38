/* What `trace` says: its files, and what a person reads. */
#ifndef GILSCOPE_TRACE_REPORT_H
#define GILSCOPE_TRACE_REPORT_H

#include "gilscope/outfile.h"
#include "gilscope/plan.h"
#include "gilscope/statistics.h"
#include "gilscope/terminal.h"
#include "gilscope/trace_analysis.h"

struct trace_report {
    const struct trace *trace;
    const struct trace_analysis *analysis;
    const struct plan_case *of;
    const struct settings *settings;
    double event_s;        /* what recording one event takes */
    uint64_t json_events;  /* of each thread, that trace.json shows at most */
    struct estimate speed; /* with recording, over that without; n 0: not measured */
};

/* trace.csv: an event a row, ordered by time; all of it goes to echo too, where it is not null. */
bool trace_csv(const struct trace_report *report, struct outfile *file, FILE *echo,
               struct error *error);
/* trace-threads.csv: a thread a row, what it did with its time, and what is of the whole run. */
bool trace_threads_csv(const struct trace_report *report, struct outfile *file,
                       struct error *error);
/* trace.json shows about so many events in all: some 200 bytes each, and viewers read it whole. */
#define TRACE_JSON_EVENTS ((uint64_t)1 << 20)
/* The time up to which it shows what happened: the trace's horizon, or when a thread had as many
 * events as it shows. Pure. */
uint64_t trace_json_until(const struct trace_report *report);
/* trace.json, in the Trace Event format ("Trace Event Format", Duca and Sinclair, 2016), which
 * Perfetto and chrome://tracing open. */
bool trace_json(const struct trace_report *report, struct outfile *file, struct error *error);

/* The table of threads, the sentences, the strip. Errors of the stream are left in it. */
void trace_print(const struct trace_report *report, const struct style *style, FILE *to);
/* The strip alone: a line a thread as wide as the terminal. Nothing where memory is short. */
void trace_strip(const struct trace_report *report, const struct style *style, FILE *to);
/* As many threads have lines there; the others are in the files. */
enum { TRACE_LINES_MAX = 64 };

#endif
