/* A topology that is not this machine's: an XML file or a synthetic description. */
#ifndef GILSCOPE_MACHINE_SOURCE_H
#define GILSCOPE_MACHINE_SOURCE_H

#include <stdbool.h>
#include <stddef.h>

/* hwloc trusts a description, and the time it takes is at worst cubic in its PUs. So the
 * sizes are checked first. Linux itself stops at 8,192 CPUs. */
#define MAX_PUS      8192
#define MAX_PUS_TEXT "8,192"

struct source {
    const char *option; /* "--topology" or a variable of the environment; null: this machine */
    const char *what;
    bool is_xml;
    char *xml; /* contents of the file what, after source_check; to be freed */
    size_t xml_length;
};

/* what: as for machine_open. */
struct source source_find(const char *what);

/* Reads the file where there is one. Returns null, or why the source cannot be a topology that
 * hwloc loads in reasonable time and memory. */
const char *source_check(struct source *source);

#endif
