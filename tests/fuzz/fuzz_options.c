/* The command line as a whole: words between newlines, the first a command's name. Either the
 * command would have been run, once, with settings within their limits, or there was help, or it is
 * a usage error of one line. Nothing is run. */
#include "fuzz.h"

#include "gilscope/command.h"
#include "gilscope/convoy.h"
#include "gilscope/machine.h"
#include "gilscope/plugin.h"
#include "gilscope/run.h"
#include "gilscope/trace.h"

#include <math.h>

enum { WORDS_MAX = 64, COMMANDS = 7 };

static unsigned times_run;

static bool is_a_time(double seconds)
{
    return seconds >= 0.999e-9 && seconds <= 86400;
}

static bool is_ascending(const struct thread_list *list, unsigned least)
{
    for (size_t i = 0; i < list->length; i++) {
        if (list->values[i] < least || list->values[i] > THREADS_MAX ||
            (i > 0 && list->values[i] <= list->values[i - 1])) {
            return false;
        }
    }
    return list->length <= THREADS_MAX;
}

static void check_lengths(const struct length_list *list)
{
    PROMISE(list->length <= LENGTHS_MAX);
    for (size_t i = 0; i < list->length; i++) {
        const struct call_length *each = &list->values[i];
        PROMISE((each->time_s > 0) != (each->units > 0));
        PROMISE(each->units > 0 ? each->units <= (uint64_t)1e18 : is_a_time(each->time_s));
    }
}

static void check_choices(const struct settings *settings)
{
    PROMISE(settings->variants != 0 && settings->variants >> variant_count == 0);
    PROMISE(settings->pins != 0 && settings->pins >> pin_policy_count == 0);
    PROMISE(settings->locks >> CONVOY_LOCKS == 0);
    PROMISE(settings->kernel != NULL && settings->lock != NULL);
    PROMISE(settings->output != NULL && *settings->output != '\0');
    PROMISE(settings->topology == NULL || *settings->topology != '\0');
    PROMISE(settings->command_line != NULL && strlen(settings->command_line) < 1024);
}

static bool run_nothing(const struct settings *settings, struct error *error)
{
    (void)error;
    times_run++;
    check_choices(settings);
    PROMISE(is_ascending(&settings->threads, 1));
    PROMISE(is_ascending(&settings->hogs, 0));
    PROMISE(settings->hogs.length == 0 ||
            settings->hogs.values[settings->hogs.length - 1] <= 256);
    check_lengths(&settings->lengths);
    check_lengths(&settings->switch_intervals);
    for (size_t i = 1; i < settings->switch_intervals.length; i++) {
        PROMISE(settings->switch_intervals.values[i - 1].time_s <
                settings->switch_intervals.values[i].time_s);
    }
    PROMISE(settings->reps >= 1 && settings->reps <= REPS_MAX);
    PROMISE(is_a_time(settings->time_s) && is_a_time(settings->held_s));
    PROMISE(settings->chunk > 0 || is_a_time(settings->chunk_s));
    PROMISE(settings->switch_interval_s <= 0 || is_a_time(settings->switch_interval_s));
    PROMISE(settings->count <= (uint64_t)1e18 && settings->chunk <= (uint64_t)1e18);
    PROMISE(settings->tasks <= TASKS_MAX && settings->shared_lines <= SHARED_MAX);
    PROMISE(settings->events >= 1 && settings->events <= TRACE_EVENTS_MAX);
    PROMISE(settings->rate_per_s >= 0 && settings->rate_per_s <= 1e7);
    return true;
}

/* In place of src/kernels/trial.c: a plug-in that was named is not loaded. */
bool plugin_try(const char *path, struct error *error)
{
    PROMISE(plugin_is_file(path));
    return fail_usage(error, "%.200s is not tried here", path);
}

/* The commands as they are, but for what they do. */
static struct command tame[COMMANDS];
const struct command *const commands[] = {&tame[0], &tame[1], &tame[2], &tame[3],
                                          &tame[4], &tame[5], &tame[6]};
const size_t command_count = COMMANDS;

static void tame_commands(void)
{
    static const struct command *const wild[COMMANDS] = {
        &command_bench, &command_breakeven, &command_trace, &command_convoy,
        &command_costs, &command_topo,      &command_list};

    for (int i = 0; i < COMMANDS; i++) {
        tame[i] = *wild[i];
        tame[i].run = run_nothing;
    }
    PROMISE(freopen("/dev/null", "w", stdout) != NULL); /* for the help */
}

static int split(char *text, char *words[WORDS_MAX + 1])
{
    int count = 0;

    words[count++] = (char *)"gilscope";
    for (char *word; count < WORDS_MAX && (word = strsep(&text, "\n")) != NULL;) {
        words[count++] = word;
    }
    words[count] = NULL;
    return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = text_of(data, size), *words[WORDS_MAX + 1];
    struct error error = {EXIT_DONE, ""};

    if (tame[0].run == NULL) {
        tame_commands();
    }
    times_run = 0;
    bool done = program_run(split(text, words), words, &error);
    PROMISE(times_run <= 1);
    if (done) {
        PROMISE(error.exit_code == EXIT_DONE && error.text[0] == '\0');
    } else {
        PROMISE(times_run == 0 && error.exit_code == EXIT_USAGE);
        PROMISE(error.text[0] != '\0' && is_one_line(error.text));
    }
    free(text);
    return 0;
}
