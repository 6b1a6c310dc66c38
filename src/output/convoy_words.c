/* What `convoy` says in sentences, and of interpreters beside their models. See convoy_report.h. */
#include "gilscope/convoy_report.h"

#include "gilscope/fidelity.h"
#include "gilscope/report.h"
#include "paragraph.h"

#include <math.h>

static double median_of(const struct convoy_report *report, size_t c, enum convoy_figure figure)
{
    return convoy_estimate(report->plan, c, figure, report->scratch).median;
}

/* "310 times as long as", "about as long as" */
static void say_ratio(struct paragraph *paragraph, double ratio)
{
    if (ratio > 0.8 && ratio < 1.25) {
        say(paragraph, "about as long as");
    } else {
        say(paragraph, ratio < 9.95 ? "%.1f times as long as" : "%.0f times as long as", ratio);
    }
}

/* What so many hogs do to the answers that come so quickly without them. */
static void say_case(const struct convoy_report *report, struct paragraph *paragraph, size_t c,
                     size_t quiet)
{
    double p50 = median_of(report, c, CONVOY_P50),
           p50_quiet = median_of(report, quiet, CONVOY_P50);
    unsigned hogs = report->plan->cases[c].hogs;
    char now[16], before[16], tail[16], tail_before[16], served[16], all[16];

    format_time(now, sizeof now, p50);
    format_time(before, sizeof before, p50_quiet);
    format_time(tail, sizeof tail, median_of(report, c, CONVOY_P99));
    format_time(tail_before, sizeof tail_before, median_of(report, quiet, CONVOY_P99));
    format_count(served, sizeof served, median_of(report, c, CONVOY_REQUESTS));
    format_count(all, sizeof all, median_of(report, quiet, CONVOY_REQUESTS));
    say(paragraph, " Beside %u CPU-bound thread%s of the same process the median answer takes ",
        hogs, hogs == 1 ? "" : "s");
    say_ratio(paragraph, p50 / p50_quiet);
    say(paragraph,
        " alone (%s instead of %s), one in a hundred takes %s or more (instead of %s), and %s "
        "requests a second are answered instead of %s.",
        now, before, tail, tail_before, served, all);
}

/* All numbers of hogs of one lock. */
static void say_lock(const struct convoy_report *report, size_t quiet,
                     const struct style *style, FILE *to)
{
    const struct convoy_plan *plan = report->plan;
    const struct convoy_case *this_case = &plan->cases[quiet];
    struct paragraph paragraph = {0, ""};
    char interval[40] = "", time[16];
    bool any = false;

    if (plan->intervals > 1 && this_case->switch_interval_s > 0) {
        format_time(time, sizeof time, this_case->switch_interval_s);
        snprintf(interval, sizeof interval, " (switch interval %s)", time);
    }
    say(&paragraph, "%s%s:",
        this_case->lock->kind == NULL && this_case->guest == NULL ? "No lock"
                                                                  : convoy_case_name(this_case),
        interval);
    for (unsigned hogs = 1; hogs <= plan->hogs_max; hogs++) {
        size_t c = convoy_with_hogs(plan, quiet, hogs);
        if (c < plan->length && convoy_measured(plan, c)) {
            say_case(report, &paragraph, c, quiet);
            any = true;
        }
    }
    if (any) {
        fputc('\n', to);
        paragraph_print(&paragraph, style, to);
    }
}

void convoy_sentences(const struct convoy_report *report, const struct style *style, FILE *to)
{
    const struct convoy_plan *plan = report->plan;
    const struct pin_policy *pin = NULL;

    for (size_t c = 0; c < plan->length; c++) {
        const struct convoy_case *each = &plan->cases[c];
        if (pin == NULL) {
            pin = each->pin; /* one policy's sentences are enough; the tables have all */
        }
        if (each->serves && each->hogs == 0 && (each->pin == pin || each->guest != NULL) &&
            convoy_measured(plan, c)) {
            say_lock(report, c, style, to);
        }
    }
}

/* ---- interpreters beside their models ---- */

static const enum convoy_figure compared[] = {CONVOY_P50, CONVOY_P99, CONVOY_REQUESTS};
enum { COMPARED = sizeof compared / sizeof *compared };

/* "8.31 ms" or "812"; 9 columns. */
static void print_figure(const struct convoy_report *report, size_t c,
                         enum convoy_figure figure, FILE *to)
{
    double value = median_of(report, c, figure);
    char text[16];

    if (figure == CONVOY_REQUESTS) {
        format_count(text, sizeof text, value);
    } else {
        format_time(text, sizeof text, value);
    }
    fprintf(to, "%9s", text);
}

/* Further apart than the limit is apart only where noise alone cannot do that: see fidelity.h. */
static enum pair_verdict judge(struct estimate theirs, struct estimate ours)
{
    bool few = theirs.n < INTERVAL_NEEDS || ours.n < INTERVAL_NEEDS;

    if (fabs(theirs.median / ours.median - 1) <= CONVOY_LIMIT) {
        return PAIR_AGREES;
    }
    return few || (theirs.lo <= ours.hi && ours.lo <= theirs.hi) ? PAIR_UNDECIDED : PAIR_APART;
}

/* How many figures have which verdict. */
struct verdicts {
    unsigned of[PAIR_APART + 1];
};

static void print_pair(const struct convoy_report *report, size_t theirs, size_t ours,
                       struct verdicts *verdicts, const struct style *style, FILE *to)
{
    static const char *const marks[] = {
        [PAIR_AGREES] = "  ", [PAIR_UNDECIDED] = " ?", [PAIR_APART] = " !"};
    const struct convoy_case *this_case = &report->plan->cases[theirs];
    char name[INTERPRETER_NAME_MAX], time[16];

    snprintf(name, sizeof name, "%s", convoy_case_name(this_case));
    if (report->plan->intervals > 1 && this_case->switch_interval_s > 0) {
        format_time(time, sizeof time, this_case->switch_interval_s);
        snprintf(name, sizeof name, "%.12s %s", convoy_case_name(this_case), time);
    }
    fprintf(to, "%-21.20s%-6s%4u", name, this_case->lock->name, this_case->hogs);
    for (int i = 0; i < COMPARED; i++) {
        struct estimate a = convoy_estimate(report->plan, theirs, compared[i], report->scratch);
        struct estimate b = convoy_estimate(report->plan, ours, compared[i], report->scratch);
        enum pair_verdict verdict = judge(a, b);
        print_figure(report, theirs, compared[i], to);
        fprintf(to, "%10.3g%s%s%s", a.median / b.median, style->warn, marks[verdict],
                style->plain);
        verdicts->of[verdict]++;
    }
    fputc('\n', to);
}

static void print_verdicts(const struct verdicts *verdicts, FILE *to)
{
    unsigned agree = verdicts->of[PAIR_AGREES], apart = verdicts->of[PAIR_APART],
             undecided = verdicts->of[PAIR_UNDECIDED];

    fprintf(to, "%u of %u figures agree within %.0f %%", agree, agree + apart + undecided,
            CONVOY_LIMIT * 100);
    if (apart > 0) {
        fprintf(to, "; ! %u apart: the intervals do not overlap", apart);
    }
    if (undecided > 0) {
        fprintf(to, "; ? %u undecided: they do, or are of too few blocks", undecided);
    }
    fputs(".\n", to);
}

void convoy_fidelity(const struct convoy_report *report, const struct style *style, FILE *to)
{
    const struct convoy_plan *plan = report->plan;
    struct verdicts verdicts = {{0}};
    bool any = false;

    for (size_t c = 0; c < plan->length; c++) {
        size_t ours = plan->cases[c].guest != NULL ? convoy_model_of(plan, c) : plan->length;
        if (!plan->cases[c].serves || ours == plan->length || !convoy_measured(plan, c) ||
            !convoy_measured(plan, ours)) {
            continue;
        }
        if (!any) {
            fprintf(to,
                    "\n%sThe interpreters beside their models%s (the ratio is interpreter / "
                    "model)\n%s%-21s%-6s%s%9s%10s  %9s%10s  %9s%10s%s\n",
                    style->bold, style->plain, style->bold, "interpreter", "model", "hogs",
                    "p50", "ratio", "p99", "ratio", "answers/s", "ratio", style->plain);
        }
        any = true;
        print_pair(report, c, ours, &verdicts, style, to);
    }
    if (any) {
        print_verdicts(&verdicts, to);
    }
}
