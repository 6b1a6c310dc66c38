/* A kernel that does as it is told until a file appears (MOOD_FILE in the environment) whose first
 * word says how it goes wrong; WHERE says in which calls: all, thread 1, or a forked worker. */
#include "gilscope/kernel.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct mood {
    unsigned thread;
};

static pid_t owner;

__attribute__((constructor)) static void remember(void)
{
    owner = getpid();
}

static void *set_up(const struct kernel_place *place)
{
    struct mood *mood = malloc(sizeof *mood);

    if (mood != NULL) {
        mood->thread = place->thread;
    }
    return mood;
}

static unsigned overflow(unsigned depth)
{
    volatile char fill[4096];

    fill[0] = (char)depth;
    return overflow(depth + 1) + (unsigned)fill[0];
}

/* Says that the hang has begun, by a file beside the one that asked for it. */
static void tell(const char *path)
{
    char beside[4096];
    FILE *file;

    snprintf(beside, sizeof beside, "%s.reached", path);
    file = fopen(beside, "w");
    if (file != NULL) {
        fclose(file);
    }
}

static void go_wrong(const char *how, const char *path)
{
    volatile int zero = 0;

    if (strcmp(how, "segv") == 0) {
        *(volatile int *)(uintptr_t)zero = 1;
    } else if (strcmp(how, "fpe") == 0) {
        raise(SIGFPE); /* a division by zero traps on some machines only */
    } else if (strcmp(how, "abort") == 0) {
        abort();
    } else if (strcmp(how, "overflow") == 0) {
        overflow(0);
    } else if (strcmp(how, "exit") == 0) {
        exit(0);
    } else if (strcmp(how, "hang") == 0) {
        tell(path);
        while (zero == 0) {
        }
    }
}

static int is_here(const struct mood *mood)
{
    const char *where = getenv("WHERE");

    return where == NULL || (strcmp(where, "thread") == 0 && mood->thread == 1) ||
           (strcmp(where, "worker") == 0 && getpid() != owner);
}

static uint64_t run(void *state, uint64_t units)
{
    const char *path = getenv("MOOD_FILE");
    char how[16] = "";
    FILE *file = path != NULL && is_here(state) ? fopen(path, "r") : NULL;

    if (file != NULL) {
        if (fscanf(file, "%15s", how) == 1) {
            go_wrong(how, path);
        }
        fclose(file);
    }
    for (uint64_t i = 0; i < units; i++) {
        __asm__ volatile("" : : : "memory");
    }
    return units;
}

const struct kernel gilscope_kernel = {
    .version = GILSCOPE_KERNEL_VERSION,
    .name = "moody",
    .unit = "whim",
    .set_up = set_up,
    .tear_down = free,
    .run = run,
};
