/* gilscope list: variants, kernels, locks, pin policies, as their tables have them. */
#include "gilscope/command.h"

#include "gilscope/kernel.h"
#include "gilscope/machine.h"
#include "gilscope/run.h"

#include <stdio.h>

static bool run_list(const struct settings *settings, struct error *error)
{
    (void)settings;
    (void)error;
    puts("variants   threads are          the work                            the lock");
    for (size_t i = 0; i < variant_count; i++) {
        printf("  %-8s %-19s  %-34s  %s\n", variants[i]->name, variants[i]->threads_are,
               variants[i]->work, variants[i]->lock);
    }
    puts("\nkernels");
    for (size_t i = 0; i < kernel_count; i++) {
        printf("  %-11s%s\n", kernels[i]->name, kernels[i]->summary);
    }
    puts("\nlocks");
    for (size_t i = 0; i < gil_kind_count; i++) {
        printf("  %-11s%s\n", gil_kinds[i]->name, gil_kinds[i]->summary);
    }
    puts("\npin policies");
    for (size_t i = 0; i < pin_policy_count; i++) {
        printf("  %-8s %s\n", pin_policies[i].name, pin_policies[i].summary);
    }
    return true;
}

static const struct command_option no_options[] = {
    {NULL, NULL},
};

const struct command command_list = {
    .name = "list",
    .summary = "variants, kernels, locks, pin policies",
    .options = no_options,
    .run = run_list,
};
