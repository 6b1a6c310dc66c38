/* What a person reads of a trace: see trace_report.h. */
#include "gilscope/trace_report.h"

#include "gilscope/report.h"
#include "gilscope/settings.h"
#include "gilscope/text.h"
#include "paragraph.h"

#include <math.h>
#include <string.h>

/* As format_count, but whole numbers whole: "8", "12.3k". */
static void count_text(char *text, size_t size, uint64_t count)
{
    if (count < 1000) {
        snprintf(text, size, "%u", (unsigned)count);
    } else {
        format_count(text, size, (double)count);
    }
}

/* "12.3 %", or blank where there is nothing of it. */
static void say_share(struct paragraph *line, double part, double whole)
{
    if (!(part > 0) || !(whole > 0)) {
        say(line, "%9s", "");
    } else {
        say(line, "%7.1f %%", 100 * part / whole);
    }
}

static void say_time(struct paragraph *line, double seconds)
{
    char text[32] = "";

    if (seconds > 0) {
        format_time(text, sizeof text, seconds);
    }
    say(line, "%9s", text);
}

static void print_thread(const struct trace_thread *of, unsigned thread, FILE *to)
{
    struct paragraph line = {0, ""};
    char waits[32] = "";

    if (of->waits.count > 0) {
        count_text(waits, sizeof waits, of->waits.count);
    }
    say(&line, "%6u", thread);
    say_share(&line, of->state_s[TRACE_RUNNING], of->span_s);
    say_share(&line, of->state_s[TRACE_WAITING], of->span_s);
    say_share(&line, of->state_s[TRACE_NATIVE], of->span_s);
    say_share(&line, of->cpu_s, of->span_s);
    say(&line, "%8s", waits);
    say_time(&line, of->waits.median_s);
    say_time(&line, of->waits.p99_s);
    say_time(&line, of->waits.longest_s);
    line_print(&line, to);
}

static void print_table(const struct trace_report *report, const struct style *style, FILE *to)
{
    const struct trace_analysis *analysis = report->analysis;

    fprintf(
        to,
        "%sthread  running  waiting   native      CPU   waits   median      p99  longest%s\n",
        style->bold, style->plain);
    for (unsigned t = 0; t < analysis->threads && t < TRACE_LINES_MAX; t++) {
        print_thread(&analysis->at[t], t, to);
    }
    if (analysis->threads > TRACE_LINES_MAX) {
        fprintf(to, "%s(%u more in trace-threads.csv)%s\n", style->dim,
                analysis->threads - TRACE_LINES_MAX, style->plain);
    }
}

static void say_of_lock(struct paragraph *words, const struct trace_analysis *analysis)
{
    const struct trace_thread *starved = &analysis->at[analysis->starved];
    char number[32], longest[32], from[32];

    format_count(number, sizeof number, analysis->handoffs_per_s);
    if (analysis->handoffs == 0) {
        say(words, "No hand-off. ");
    } else {
        say(words, "%llu hand-off%s, %s a second. ", (unsigned long long)analysis->handoffs,
            analysis->handoffs == 1 ? "" : "s", number);
    }
    if (starved->starved_s > 0) {
        format_time(longest, sizeof longest, starved->starved_s);
        format_time(from, sizeof from, starved->starved_from_s);
        say(words, "Longest stretch that somebody starved: %s, thread %u from %s on. ", longest,
            analysis->starved, from);
    }
    if (analysis->in_vain > 0) {
        count_text(number, sizeof number, analysis->in_vain);
        say(words,
            "%s times the lock was given up while another waited, and taken back by the "
            "same thread before. ",
            number);
    }
    if (analysis->woken_in_vain > 0) {
        count_text(number, sizeof number, analysis->woken_in_vain);
        say(words, "%s times a thread woke up to find it taken again. ", number);
    }
}

/* What recording costs the run, where the pairs of runs agree well enough to tell. */
static void say_speed(struct paragraph *words, const struct estimate *speed)
{
    const double so_little = 0.98;
    double lo = 100 * speed->lo, hi = 100 * speed->hi;
    const char *plural = speed->n == 1 ? "" : "s";

    if (speed->hi > 2 * speed->lo) {
        say(words,
            "; what it costs the run cannot be told: %zu pair%s of runs, with it and without, "
            "differ by more than a factor of two",
            speed->n, plural);
    } else if (speed->n < INTERVAL_NEEDS) {
        say(words,
            "; with it the run did %.1f to %.1f %% of the work a second that it did without "
            "(%zu pair%s of runs)",
            lo, hi, speed->n, plural);
    } else if (speed->hi < 1) {
        say(words,
            "; with it the run does %.1f %% of the work a second that it does without "
            "(%.1f to %.1f %%, %zu pairs of runs)",
            100 * speed->median, lo, hi, speed->n);
    } else {
        say(words,
            "; %s (with it %.1f to %.1f %% of the work a second that it does without, "
            "%zu pairs of runs)",
            speed->lo >= so_little
                ? "it costs the run nothing that can be seen"
                : "what it costs the run is lost in what the runs differ by anyway",
            lo, hi, speed->n);
    }
}

static void say_cost(struct paragraph *words, const struct trace_report *report)
{
    char event[32];

    format_time(event, sizeof event, report->event_s);
    say(words, "Recording takes %s an event", event);
    if (report->speed.n > 0) {
        say_speed(words, &report->speed);
    }
    say(words, ". ");
}

static void say_fairness(struct paragraph *words, const struct trace_analysis *analysis)
{
    char together[32], whole[32];

    if (!isnan(analysis->jain)) {
        say(words, "Fairness while all were at work (Jain's index, 1: to each the same): %.3f.",
            analysis->jain);
        return;
    }
    if (!(analysis->together_s > 0)) {
        say(words, "Fairness: -, for they were never all at work at once.");
        return;
    }
    format_time(together, sizeof together, analysis->together_s);
    format_time(whole, sizeof whole, analysis->span_s);
    say(words, "Fairness: -, for all were at work at once for %s of %s, too short to tell%s.",
        together, whole,
        analysis->together_s < FAIR_SHARE * analysis->span_s
            ? ""
            : ": less than a switch interval for each");
}

static void print_words(const struct trace_report *report, const struct style *style, FILE *to)
{
    const struct trace_analysis *analysis = report->analysis;
    struct paragraph words = {0, ""}, cost = {0, ""};

    if (report->of->variant->hands_off) {
        say_of_lock(&words, analysis);
    }
    if (analysis->threads > 1) {
        say_fairness(&words, analysis);
    }
    paragraph_print(&words, style, to);
    say_cost(&cost, report);
    paragraph_print(&cost, style, to);
}

static bool lacks_an_end(const struct trace_analysis *analysis)
{
    for (unsigned t = 0; t < analysis->threads; t++) {
        if (isnan(analysis->at[t].cpu_s)) {
            return true;
        }
    }
    return false;
}

static void warn_of_loss(const struct trace_analysis *analysis, const struct style *style,
                         FILE *to)
{
    struct paragraph words = {0, ""};
    char lost[32], when[32];

    if (analysis->lost == 0) {
        return;
    }
    count_text(lost, sizeof lost, analysis->lost);
    format_time(when, sizeof when, analysis->lost_from_s);
    say(&words,
        "%s events were lost, from %s on: a buffer was full. What is said here is of the time "
        "before; --events=N gives more room.",
        lost, when);
    if (lacks_an_end(analysis)) {
        say(&words, " CPU is blank for a thread whose end, which tells it, is among them.");
    }
    paragraph_tell(style->warn, style, to, "%s", words.text);
}

/* Less CPU time than that of what the events say is running: somebody else had the processor. */
#define BUSY_SHARE 0.9

/* Where there are more threads than PUs it is they who take it from each other, and of a short time
 * the system's accounts say little. */
static void warn_of_others(const struct trace_report *report, const struct style *style,
                           FILE *to)
{
    const struct trace_analysis *analysis = report->analysis;
    const double long_enough_s = 10e-3;
    double runs_s = 0, cpu_s = 0;

    for (unsigned t = 0; t < analysis->threads; t++) {
        const struct trace_thread *of = &analysis->at[t];
        runs_s += of->state_s[TRACE_RUNNING] + of->state_s[TRACE_NATIVE];
        cpu_s += of->cpu_s; /* NAN where an end is lost: then nothing is said */
    }
    if (!report->of->oversubscribed && analysis->lost == 0 && runs_s >= long_enough_s &&
        cpu_s < BUSY_SHARE * runs_s) {
        paragraph_tell(style->warn, style, to,
                       "While running, the threads had a processor for only %.0f %% of the "
                       "time: others use this machine.",
                       100 * cpu_s / runs_s);
    }
}

/* ", calls of 2.00 us (6488 decrements)", or of so many decrements where that was asked for. */
static void say_call(struct paragraph *to, const struct trace_report *report)
{
    const struct length_list *lengths = &report->settings->lengths;
    char units[COUNTED_MAX], time[16];

    if (report->of->call == 0) {
        return;
    }
    text_counted(units, sizeof units, report->of->call, report->of->kernel->unit);
    if (lengths->length > 0 && lengths->values[0].time_s > 0) {
        format_time(time, sizeof time, lengths->values[0].time_s);
        say(to, ", calls of %s (%s)", time, units);
    } else {
        say(to, ", calls of %s", units);
    }
}

/* What it is a trace of: all of the run, or its beginning. */
static void say_extent(struct paragraph *to, const struct trace_report *report)
{
    const struct trace_analysis *analysis = report->analysis;
    char span[32], whole[32], events[32], kept[32];

    format_time(span, sizeof span, analysis->span_s);
    count_text(events, sizeof events, analysis->events);
    if (analysis->lost == 0) {
        say(to, "%s, %s events", span, events);
        return;
    }
    format_time(whole, sizeof whole, trace_seconds(report->trace, report->trace->end.ticks));
    count_text(kept, sizeof kept, analysis->events - analysis->lost);
    say(to, "the first %s of %s, %s of %s events recorded", span, whole, kept, events);
}

void trace_print(const struct trace_report *report, const struct style *style, FILE *to)
{
    const struct plan_case *of = report->of;
    struct paragraph head = {0, ""};

    say(&head, "%s", of->variant->name);
    say_call(&head, report);
    say(&head, ", %u thread%s%s, pin %s: ", report->analysis->threads,
        report->analysis->threads == 1 ? "" : "s", of->oversubscribed ? "*" : "",
        of->pin->name);
    say_extent(&head, report);
    paragraph_tell(style->bold, style, to, "%s", head.text);
    fputc('\n', to);
    print_table(report, style, to);
    fputc('\n', to);
    trace_strip(report, style, to);
    fputc('\n', to);
    if (of->oversubscribed) {
        fprintf(to, "%s* more threads than usable PUs%s\n", style->dim, style->plain);
    }
    warn_of_loss(report->analysis, style, to);
    warn_of_others(report, style, to);
    print_words(report, style, to);
}
