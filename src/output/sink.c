/* Text on its way into a file: see sink.h. */
#include "sink.h"

#include <stdarg.h>

enum { ROOM = 4096 };

static void flush(struct sink *sink)
{
    if (sink->failed || sink->length == 0) {
        return;
    }
    sink->failed = !outfile_write_at(sink->file, sink->file->length, sink->text, sink->length,
                                     sink->error);
    if (sink->echo != NULL) {
        fwrite(sink->text, 1, sink->length, sink->echo);
    }
    sink->length = 0;
}

void sink_say(struct sink *sink, const char *format, ...)
{
    va_list arguments;

    if (sink->length + ROOM > sizeof sink->text) {
        flush(sink);
    }
    if (sink->failed) {
        return;
    }
    va_start(arguments, format);
    int written = vsnprintf(sink->text + sink->length, ROOM, format, arguments);
    va_end(arguments);
    sink->length += written < 0 ? 0 : written < ROOM ? (size_t)written : ROOM - 1;
}

bool sink_end(struct sink *sink)
{
    flush(sink);
    return !sink->failed;
}
