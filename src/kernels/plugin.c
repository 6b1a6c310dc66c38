/* Loading a plug-in, and whether it is one: see plugin.h. */
#include "gilscope/plugin.h"

#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* The longest name: it stands in every row. */
enum { NAME_LENGTH_MAX = 31 };

bool plugin_is_file(const char *word)
{
    size_t length = strlen(word);

    return strchr(word, '/') != NULL || (length > 3 && strcmp(word + length - 3, ".so") == 0);
}

/* By hand: isalnum follows the locale. */
static bool is_name(const char *name)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz"
                                  "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
    size_t length = name != NULL ? strnlen(name, NAME_LENGTH_MAX + 1) : 0;

    return length > 0 && length <= NAME_LENGTH_MAX && strspn(name, letters) == length;
}

static bool is_built_in(const char *name)
{
    for (size_t k = 0; k < kernel_count; k++) {
        if (strcmp(kernels[k]->name, name) == 0) {
            return true;
        }
    }
    return false;
}

bool plugin_check(const struct kernel *kernel, const char *path, struct error *error)
{
    if (kernel->version != GILSCOPE_KERNEL_VERSION) {
        return fail(error,
                    "the kernel %.200s is written for version %u of gilscope/kernel.h, this is "
                    "version %u: compile it again with the present header",
                    path, kernel->version, GILSCOPE_KERNEL_VERSION);
    }
    if (!is_name(kernel->name)) {
        return fail(error, "the kernel %.200s needs a .name: 1 to %d letters, digits, - and _",
                    path, NAME_LENGTH_MAX);
    }
    if (is_built_in(kernel->name)) {
        return fail(
            error, "the kernel %.200s is named %s, as a built-in one is: give it another .name",
            path, kernel->name);
    }
    if (!is_name(kernel->unit)) {
        return fail(error, "the kernel %.200s needs a .unit: 1 to %d letters, digits, - and _",
                    path, NAME_LENGTH_MAX);
    }
    return kernel->run != NULL || fail(error, "the kernel %.200s has no .run", path);
}

/* What the loader said, without the path that it begins with. */
static const char *loader_words(const char *path)
{
    const char *words = dlerror();
    size_t length = strlen(path);

    if (words == NULL) {
        return "the loader does not say why";
    }
    return strncmp(words, path, length) == 0 && strncmp(words + length, ": ", 2) == 0
               ? words + length + 2
               : words;
}

bool plugin_open(struct plugin *plugin, const char *path, struct error *error)
{
    /* Without a '/' the loader would look through the system's folders. */
    char file[PATH_MAX];

    *plugin = (struct plugin){NULL, NULL};
    if (snprintf(file, sizeof file, "%s%s", strchr(path, '/') != NULL ? "" : "./", path) >=
        (int)sizeof file) {
        return fail(error, "--kernel: the name is longer than the system allows");
    }
    if (access(file, R_OK) != 0) {
        return fail(error, "the kernel %.200s cannot be read: %s", path, strerror(errno));
    }
    /* NODELETE: it may leave threads behind, which must not lose their code at the end. */
    plugin->object = dlopen(file, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    if (plugin->object == NULL) {
        return fail(error, "the kernel %.200s is no shared object that can be loaded: %.200s",
                    path, loader_words(file));
    }
    plugin->kernel = dlsym(plugin->object, "gilscope_kernel");
    if (plugin->kernel == NULL) {
        plugin_close(plugin);
        return fail(error,
                    "the kernel %.200s does not define gilscope_kernel: see gilscope/kernel.h",
                    path);
    }
    if (!plugin_check(plugin->kernel, path, error)) {
        plugin_close(plugin);
        return false;
    }
    return true;
}

void plugin_close(struct plugin *plugin)
{
    if (plugin->object != NULL) {
        dlclose(plugin->object);
    }
    *plugin = (struct plugin){NULL, NULL};
}
