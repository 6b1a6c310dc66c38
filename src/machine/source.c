/* Where a topology comes from, and whether hwloc should see it. */
#include "source.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum {
    MAX_OS_INDEX = 1 << 20, /* a bitmap grows as large as the largest number in it */
    MAX_XML_BYTES = 32 << 20,
};

/* Whether what names a file rather than describes a machine. */
static bool names_file(const char *what)
{
    struct stat status;
    size_t length = strlen(what);
    return stat(what, &status) == 0 || strchr(what, '/') != NULL ||
           (length > 4 && strcmp(what + length - 4, ".xml") == 0);
}

/* hwloc reads these two variables itself, but takes this machine without a word where their
 * value is none of a topology. With HWLOC_COMPONENTS it ignores them. */
struct source source_find(const char *what)
{
    if (what != NULL) {
        return (struct source){"--topology", what, names_file(what), NULL, 0};
    }
    const char *synthetic = getenv("HWLOC_SYNTHETIC");
    const char *xml_file = getenv("HWLOC_XMLFILE");
    if (getenv("HWLOC_COMPONENTS") != NULL || (synthetic == NULL && xml_file == NULL)) {
        return (struct source){0};
    }
    return synthetic != NULL ? (struct source){"HWLOC_SYNTHETIC", synthetic, false, NULL, 0}
                             : (struct source){"HWLOC_XMLFILE", xml_file, true, NULL, 0};
}

/* Whether all numbers that follow the mark, up to the end of its list, are ones that a real
 * system gives to PUs. */
static bool indexes_are_sane(const char *text, const char *mark)
{
    for (const char *at = strstr(text, mark); at != NULL; at = strstr(at, mark)) {
        at += strlen(mark);
        for (size_t length = strcspn(at, ")\" "); length > 0; length--, at++) {
            if (isdigit((unsigned char)*at) && strtoul(at, NULL, 10) > MAX_OS_INDEX) {
                return false;
            }
        }
    }
    return true;
}

/* Null, or why hwloc should not see the description. The PUs are the product of the counts;
 * attributes "(...)" and memory "[...]" add none. */
static const char *why_not_synthetic(const char *text)
{
    unsigned long pus = 1;
    for (const char *at = text + strspn(text, " "); *at != '\0'; at += strspn(at, ")] ")) {
        size_t length = *at == '(' ? strcspn(at, ")") : *at == '[' ? strcspn(at, "]") : 0;
        if (length == 0) {
            length = strcspn(at, " ([");
            const char *colon = memchr(at, ':', length);
            const char *digits = colon != NULL ? colon + 1 : at;
            unsigned long count = strtoul(digits, NULL, 0);
            if (!isdigit((unsigned char)*digits) || count == 0) {
                return "each level needs a count of at least 1, as in core:8";
            }
            if (count > MAX_PUS / pus) {
                return "more than " MAX_PUS_TEXT " PUs";
            }
            pus *= count;
        }
        at += length;
    }
    return indexes_are_sane(text, "indexes=") ? NULL : "an index that no system has";
}

static const char *read_stream(FILE *file, struct source *source)
{
    for (size_t room = 1 << 16; room <= MAX_XML_BYTES; room *= 2) {
        char *larger = realloc(source->xml, room + 1);
        if (larger == NULL) {
            return strerror(ENOMEM);
        }
        source->xml = larger;
        source->xml_length +=
            fread(larger + source->xml_length, 1, room - source->xml_length, file);
        larger[source->xml_length] = '\0';
        if (ferror(file)) {
            return strerror(errno);
        }
        if (feof(file)) {
            return NULL;
        }
    }
    return "the file is too large";
}

/* Null, or why the file cannot be a topology. */
static const char *read_xml(struct source *source)
{
    FILE *file = fopen(source->what, "re");
    if (file == NULL) {
        return strerror(errno);
    }
    const char *reason = read_stream(file, source);
    fclose(file);
    if (reason == NULL && source->xml_length == 0) {
        reason = "the file is empty";
    }
    if (reason == NULL && (!indexes_are_sane(source->xml, "type=\"PU\" os_index=\"") ||
                           !indexes_are_sane(source->xml, "type=\"NUMANode\" os_index=\""))) {
        reason = "an index that no system has";
    }
    return reason;
}

const char *source_check(struct source *source)
{
    if (source->is_xml) {
        return read_xml(source);
    }
    return source->what != NULL ? why_not_synthetic(source->what) : NULL;
}
