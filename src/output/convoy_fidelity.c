/* Of `convoy`: interpreters beside their models. See convoy_report.h. */
#include "gilscope/convoy_report.h"

#include "gilscope/fidelity.h"
#include "gilscope/report.h"
#include "paragraph.h"

#include <math.h>

static const enum convoy_figure compared[] = {CONVOY_P50, CONVOY_P99, CONVOY_REQUESTS};
enum { COMPARED = sizeof compared / sizeof *compared };

/* "8.31 ms" or "812"; 8 columns. */
static void print_figure(const struct convoy_report *report, size_t c,
                         enum convoy_figure figure, FILE *to)
{
    double value = convoy_estimate(report->plan, c, figure, report->scratch).median;
    char text[16];

    if (figure == CONVOY_REQUESTS) {
        format_count(text, sizeof text, value);
    } else {
        format_time(text, sizeof text, value);
    }
    fprintf(to, "%8s", text);
}

/* By so much the greater of the two, whichever that is: within the limit, and beyond it, are the same
 * both ways round. */
static bool is_near(double a, double b)
{
    return fmax(a / b, b / a) <= 1 + CONVOY_LIMIT;
}

/* Further apart than the limit is apart only where noise alone cannot do that (see fidelity.h), and
 * blocks that say nothing certain agree with nothing. */
static enum pair_verdict judge(struct estimate theirs, struct estimate ours)
{
    if (theirs.n < INTERVAL_NEEDS || ours.n < INTERVAL_NEEDS) {
        return PAIR_UNDECIDED;
    }
    if (theirs.lo > ours.hi || ours.lo > theirs.hi) {
        return is_near(theirs.median, ours.median) ? PAIR_AGREES : PAIR_APART;
    }
    return !is_near(theirs.median, ours.median) || convoy_is_vague(theirs) ||
                   convoy_is_vague(ours)
               ? PAIR_UNDECIDED
               : PAIR_AGREES;
}

/* How many figures have which verdict. */
struct verdicts {
    unsigned of[PAIR_APART + 1];
};

static void print_pair(const struct convoy_report *report, size_t theirs, size_t ours,
                       struct verdicts *verdicts, const struct style *style, FILE *to)
{
    static const char *const marks[] = {
        [PAIR_AGREES] = " ", [PAIR_UNDECIDED] = "?", [PAIR_APART] = "!"};
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
        bool bound = convoy_is_bound(report->plan, theirs, compared[i]) ||
                     convoy_is_bound(report->plan, ours, compared[i]);
        enum pair_verdict verdict = bound ? PAIR_UNDECIDED : judge(a, b);
        print_figure(report, theirs, compared[i], to);
        double ratio = a.median / b.median;
        /* Of small ones one digit, so that a blank is left before them. */
        fprintf(to, "%7.*g%s%s%s", ratio < 0.1 ? 1 : 3, ratio, style->warn, marks[verdict],
                style->plain);
        verdicts->of[verdict]++;
    }
    fputc('\n', to);
}

static void print_verdicts(const struct verdicts *verdicts, const struct style *style, FILE *to)
{
    unsigned agree = verdicts->of[PAIR_AGREES], apart = verdicts->of[PAIR_APART],
             undecided = verdicts->of[PAIR_UNDECIDED];

    paragraph_tell("", style, to,
                   "%u of %u figures agree within %.0f %%, %u %s apart, %u %s undecided.",
                   agree, agree + apart + undecided, CONVOY_LIMIT * 100, apart,
                   apart == 1 ? "is" : "are", undecided, undecided == 1 ? "is" : "are");
    if (apart > 0) {
        paragraph_tell(style->dim, style, to,
                       "! apart: by more than that, and the intervals do not overlap");
    }
    if (undecided > 0) {
        paragraph_tell(
            style->dim, style, to,
            "? undecided: fewer than %d blocks, intervals that overlap, one that spans "
            "a factor of 3, or too many requests that were never answered",
            INTERVAL_NEEDS);
    }
}

static void print_heads(const struct style *style, FILE *to)
{
    fprintf(to,
            "\n%sThe interpreters beside their models%s (the ratio is interpreter / model)\n",
            style->bold, style->plain);
    fprintf(to, "%s%-21s%-6s%s%8s%7s %8s%7s %8s%7s%s\n", style->bold, "interpreter", "model",
            "hogs", "p50", "ratio", "p99", "ratio", "a second", "ratio", style->plain);
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
            print_heads(style, to);
        }
        any = true;
        print_pair(report, c, ours, &verdicts, style, to);
    }
    if (any) {
        print_verdicts(&verdicts, style, to);
        report_chunk(report->settings, style, to);
    }
}
