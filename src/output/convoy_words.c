/* What `convoy` says in sentences. See convoy_report.h. */
#include "gilscope/convoy_report.h"

#include "gilscope/report.h"
#include "paragraph.h"

#include <math.h>
#include <string.h>

/* Blocks as far apart as that, as a ratio, are not one thing: no single number is told of them. */
#define UNLIKE 3.0

bool convoy_is_vague(struct estimate estimate)
{
    return estimate.n < INTERVAL_NEEDS || estimate.hi > UNLIKE * estimate.lo;
}

/* format_time or format_count. */
typedef void (*formatter)(char *text, size_t size, double value);

/* "5.10 ms", or "5.10 ms to 7.69 ms" */
static void say_range(struct paragraph *to, double from, double until, formatter format)
{
    char first[16], last[16];

    format(first, sizeof first, from);
    format(last, sizeof last, until);
    say(to, "%s%s%s", first, strcmp(first, last) != 0 ? " to " : "",
        strcmp(first, last) != 0 ? last : "");
}

/* Where the widest gap is between n ascending values: before which of them. */
static size_t widest_gap(const double *values, size_t n)
{
    size_t at = 1;

    for (size_t i = 2; i < n; i++) {
        if (values[i] * values[at - 1] > values[at] * values[i - 1]) {
            at = i;
        }
    }
    return at;
}

/* The median over the blocks where that says it all; else what the blocks had: "28.0 us in 2 of 6
 * blocks, 5.10 ms to 7.69 ms in the others", "5.10 ms to 7.69 ms, depending on the block". */
static void say_figure(struct paragraph *to, const struct convoy_report *report, size_t c,
                       enum convoy_figure figure, formatter format)
{
    struct estimate estimate = convoy_estimate(report->plan, c, figure, report->scratch);
    const double *values = report->scratch; /* which is now sorted */
    size_t n = estimate.n, gap = widest_gap(values, n);

    if (!convoy_is_vague(estimate)) {
        say_range(to, estimate.median, estimate.median, format);
    } else if (n > 1 && values[gap] > UNLIKE * values[gap - 1]) {
        say_range(to, values[0], values[gap - 1], format);
        say(to, " in %zu of %zu blocks, ", gap, n);
        say_range(to, values[gap], values[n - 1], format);
        say(to, " in the other%s", n - gap > 1 ? "s" : "");
    } else if (n > 0) {
        say_range(to, values[0], values[n - 1], format);
        say(to, n < INTERVAL_NEEDS ? "" : ", depending on the block");
    }
}

/* How many times as long as alone, block by block: what drifts slowly cancels. */
static struct estimate times_as_long(const struct convoy_report *report, size_t c, size_t alone)
{
    const struct convoy_plan *plan = report->plan;
    size_t n = 0;

    for (unsigned rep = 0; rep < plan->reps; rep++) {
        const struct convoy_sample *now = convoy_sample_at(plan, c, rep),
                                   *before = convoy_sample_at(plan, alone, rep);
        if (now->measured && before->measured && before->figures[CONVOY_P50] > 0) {
            report->scratch[n++] = now->figures[CONVOY_P50] / before->figures[CONVOY_P50];
        }
    }
    return estimate_median(report->scratch, n);
}

/* 1816 as 1800: more digits of a bound mean nothing. */
static double rounded_down(double value)
{
    double step = value < 100 ? 1 : pow(10, floor(log10(value)) - 1);

    return floor(value / step) * step;
}

/* Of few blocks nothing; of blocks that differ no more than is certain. */
static void say_comparison(struct paragraph *to, const struct convoy_report *report, size_t c,
                           size_t alone)
{
    struct estimate ratio = times_as_long(report, c, alone),
                    now = convoy_estimate(report->plan, c, CONVOY_P50, report->scratch);

    if (ratio.n < INTERVAL_NEEDS || convoy_is_bound(report->plan, alone, CONVOY_P50)) {
        return;
    }
    if (convoy_is_bound(report->plan, c, CONVOY_P50)) {
        if (ratio.lo >= 2) {
            say(to, ", at least %.0f times as long as alone", rounded_down(ratio.lo));
        }
        return;
    }
    if (ratio.lo <= 1 && ratio.hi >= 1) {
        say(to, convoy_is_vague(ratio) || convoy_is_vague(now)
                    ? ": too uneven to tell whether that is longer than alone"
                    : ": no difference to be seen");
    } else if (ratio.hi < 1) {
        say(to, ", which is less than alone");
    } else if (convoy_is_vague(ratio) || convoy_is_vague(now)) {
        say(to, ratio.lo < 2 ? ", longer than alone" : ", at least %.0f times as long as alone",
            rounded_down(ratio.lo));
    } else {
        say(to,
            ratio.median < 9.95 ? ", %.1f times as long as alone"
                                : ", %.0f times as long as alone",
            ratio.median);
    }
}

/* With fewer requests in a repetition than that there is no hundredth. */
static bool has_hundredth(const struct convoy_report *report, size_t c)
{
    const struct convoy_plan *plan = report->plan;
    uint64_t least = UINT64_MAX;

    for (unsigned rep = 0; rep < plan->reps; rep++) {
        const struct convoy_sample *sample = convoy_sample_at(plan, c, rep);
        uint64_t due = sample->requests + sample->unanswered + sample->unsent;
        if (sample->measured && due < least) {
            least = due;
        }
    }
    return least >= 100;
}

/* "the median answer takes …", as far as that is known: what was never answered only bounds it.
 * `alone`: to compare with, or plan->length. */
static void say_answers(struct paragraph *to, const struct convoy_report *report, size_t c,
                        size_t alone)
{
    bool hundredth = has_hundredth(report, c),
         bound = convoy_is_bound(report->plan, c, CONVOY_LONGEST);

    say(to, convoy_is_bound(report->plan, c, CONVOY_P50)
                ? ": half of the requests wait for at least "
                : ": the median answer takes ");
    say_figure(to, report, c, CONVOY_P50, format_time);
    if (alone < report->plan->length) {
        say_comparison(to, report, c, alone);
    }
    say(to, hundredth ? "; one in a hundred takes at least "
            : bound   ? "; the longest wait is more than "
                      : "; the slowest of the few answers takes ");
    say_figure(to, report, c, hundredth ? CONVOY_P99 : CONVOY_LONGEST, format_time);
    say(to, "; answered a second: ");
    say_figure(to, report, c, CONVOY_REQUESTS, format_count);
    say(to, ".");
}

static bool anything_answered(const struct convoy_plan *plan, size_t c)
{
    for (unsigned rep = 0; rep < plan->reps; rep++) {
        const struct convoy_sample *sample = convoy_sample_at(plan, c, rep);
        if (sample->requests > 0 ||
            (sample->measured && sample->figures[CONVOY_REQUESTS] > 0)) {
            return true;
        }
    }
    return false;
}

/* "Alone: the median answer takes …"; `alone` is the case without hogs, or plan->length. */
static void say_case(const struct convoy_report *report, size_t c, size_t alone,
                     const struct style *style, FILE *out)
{
    unsigned hogs = report->plan->cases[c].hogs;
    struct paragraph paragraph = {0, ""}, *to = &paragraph;

    if (hogs == 0) {
        say(to, "Alone");
    } else {
        say(to, "Beside %u CPU-bound thread%s", hogs, hogs == 1 ? "" : "s");
    }
    if (!anything_answered(report->plan, c)) {
        say(to, ": nothing was answered, however long it waited.");
    } else {
        say_answers(to, report, c, hogs > 0 ? alone : report->plan->length);
    }
    paragraph_print(to, style, out);
}

/* "gil, the lock of CPython 3.2 and later, switch interval 1.00 ms" */
static void print_whose(const struct convoy_report *report, size_t c, const struct style *style,
                        FILE *to)
{
    static const struct {
        const struct gil_kind *kind;
        const char *words;
    } locks[] = {{&gil_switching, "gil, the lock of CPython 3.2 and later"},
                 {&gil_ticks, "ticks, the lock of CPython up to 3.1"},
                 {&gil_critical, "critical, an OpenMP lock"},
                 {NULL, "No lock"}};
    const struct convoy_case *of = &report->plan->cases[c];
    const char *words = convoy_case_name(of);
    char time[16];

    for (size_t l = 0; of->guest == NULL && l < sizeof locks / sizeof *locks; l++) {
        words = of->lock->kind == locks[l].kind ? locks[l].words : words;
    }
    fprintf(to, "\n%s%s%s", style->bold, words, style->plain);
    if (report->plan->intervals > 1 && of->switch_interval_s > 0) {
        format_time(time, sizeof time, of->switch_interval_s);
        fprintf(to, ", switch interval %s", time);
    }
    fputc('\n', to);
}

/* All numbers of hogs of one lock; `first` is the first of its cases that serve. */
static void say_lock(const struct convoy_report *report, size_t first,
                     const struct style *style, FILE *to)
{
    const struct convoy_plan *plan = report->plan;
    size_t alone = convoy_with_hogs(plan, first, 0);
    bool any = false;

    for (unsigned hogs = 0; hogs <= plan->hogs_max; hogs++) {
        size_t c = convoy_with_hogs(plan, first, hogs);
        if (c == plan->length || !convoy_measured(plan, c)) {
            continue;
        }
        if (!any) {
            print_whose(report, first, style, to);
        }
        any = true;
        say_case(report, c, alone, style, to);
    }
}

static bool is_first(const struct convoy_plan *plan, size_t c)
{
    return plan->cases[c].serves && (c == 0 || !plan->cases[c - 1].serves ||
                                     plan->cases[c - 1].alone != plan->cases[c].alone);
}

/* One policy's are enough; the tables have all. Where there are interpreters it is theirs. */
static const struct pin_policy *pin_of_sentences(const struct convoy_plan *plan)
{
    for (size_t c = 0; c < plan->length; c++) {
        if (plan->cases[c].guest != NULL) {
            return plan->cases[c].pin;
        }
    }
    return plan->cases[0].pin;
}

void convoy_sentences(const struct convoy_report *report, const struct style *style, FILE *to)
{
    const struct convoy_plan *plan = report->plan;
    const struct pin_policy *pin = pin_of_sentences(plan);

    fprintf(to, "\n%sIn words%s: an I/O thread%s, and CPU-bound threads of the same process\n",
            style->bold, style->plain,
            plan->pins > 1 ? pin->binds ? ", pinned" : ", not pinned" : "");
    for (size_t c = 0; c < plan->length; c++) {
        const struct convoy_case *each = &plan->cases[c];
        if (is_first(plan, c) && each->pin == pin) {
            say_lock(report, c, style, to);
        }
    }
    if (report->blocks_done < INTERVAL_NEEDS) {
        char blocks[32] = "a part of one block";
        if (report->blocks_done > 0) {
            snprintf(blocks, sizeof blocks, "%u block%s", report->blocks_done,
                     report->blocks_done == 1 ? "" : "s");
        }
        fputc('\n', to);
        paragraph_tell("", style, to,
                       "These are the figures of %s, and no more: to compare takes %d "
                       "(--reps=%d).",
                       blocks, INTERVAL_NEEDS, INTERVAL_NEEDS);
    } else {
        fputs("\nThe median answer: half of the answers are quicker, half are slower.\n", to);
    }
}
