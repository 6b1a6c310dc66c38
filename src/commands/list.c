/* gilscope list: variants, kernels, locks, pin policies, as their tables have them. */
#include "gilscope/command.h"

#include "../output/paragraph.h"
#include "gilscope/kernel.h"
#include "gilscope/machine.h"
#include "gilscope/run.h"

#include <stdio.h>

/* "  NAME  what it is", in lines that are not too long. */
static void print_item(const char *name, const char *summary, int indent,
                       const struct style *style)
{
    struct paragraph words = {0, ""};

    say(&words, "%s", summary);
    printf("  %-*s", indent - 2, name);
    paragraph_print_at(&words, (unsigned)indent, style, stdout);
}

/* The lock below the work that is done under it: beside it there is no room. */
static void print_variant(const struct variant *variant, const struct style *style)
{
    enum { INDENT = 32 };
    struct paragraph work = {0, ""}, lock = {0, ""};

    say(&work, "%s", variant->work);
    say(&lock, "%s", variant->lock);
    printf("  %-8s %-*s", variant->name, INDENT - 11, variant->threads_are);
    paragraph_print_at(&work, INDENT, style, stdout);
    printf("%*s", INDENT, "");
    paragraph_print_at(&lock, INDENT, style, stdout);
}

static bool run_list(const struct settings *settings, struct error *error)
{
    const struct style style = style_of(stdout);

    (void)settings;
    (void)error;
    puts("variants   threads are          the work, and below it the lock");
    for (size_t i = 0; i < variant_count; i++) {
        print_variant(variants[i], &style);
    }
    puts("\nkernels");
    for (size_t i = 0; i < kernel_count; i++) {
        print_item(kernels[i]->name, kernels[i]->summary, 13, &style);
    }
    puts("\nlocks");
    for (size_t i = 0; i < gil_kind_count; i++) {
        print_item(gil_kinds[i]->name, gil_kinds[i]->summary, 13, &style);
    }
    puts("\npin policies");
    for (size_t i = 0; i < pin_policy_count; i++) {
        print_item(pin_policies[i].name, pin_policies[i].summary, 13, &style);
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
