/* Plug-ins: kernels of the user's own, from shared objects. See kernel.h for what they export. From
 * the main thread only, while it is the only one. */
#ifndef GILSCOPE_PLUGIN_H
#define GILSCOPE_PLUGIN_H

#include "gilscope/error.h"
#include "gilscope/kernel.h"

struct plugin {
    void *object; /* as of dlopen */
    const struct kernel *kernel;
};

/* Does the word name a file rather than a built-in kernel: with a '/' in it, or ending in ".so"?
 * Pure. */
bool plugin_is_file(const char *word);

/* Whether the entry of the file `path` is a kernel that can be run; says why not. Looks at nothing
 * but the version before it knows that it is ours. Pure. */
bool plugin_check(const struct kernel *kernel, const char *path, struct error *error);

/* Tries the file before anything depends on it: in a forked child, which loads it, sets it up,
 * calls it on 1, 2 and (where that takes no second) 1000 units, alone and in two threads at once,
 * and tears it down. False where it cannot be loaded or set up, crashes, ends the program, or is
 * not done after 5 s. Leaves no core file, and no child. */
bool plugin_try(const char *path, struct error *error);

/* Loads the file; a name without '/' is one in this folder. *plugin is the caller's, to be given
 * to plugin_close. Errors: no such file, no shared object, no entry, plugin_check. */
bool plugin_open(struct plugin *plugin, const char *path, struct error *error);

/* plugin->kernel is not to be used any more. Twice is fine. */
void plugin_close(struct plugin *plugin);

#endif
