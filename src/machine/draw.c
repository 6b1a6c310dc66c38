/* A drawing of the machine for a terminal: boxes in boxes down to the cores while that is
 * small, like parts folded into one where it is not. */
#include "topology.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

enum { MAX_LINES = 40, MIN_WIDTH = 24, MAX_WIDTH = 160, MAX_LEVELS = 3 };

/* How much is folded; tried in this order until the drawing is at most MAX_LINES long. */
enum detail { EACH_CORE, LIKE_CORES, LIKE_PARTS };

/* What boxes stand for, from the outermost to the innermost. */
enum level_kind { PACKAGE, NUMA_NODE, CACHE };

struct level {
    enum level_kind kind;
    char one[16]; /* its name: "package", or several of them: "packages" */
    char many[16];
};

struct drawing {
    FILE *to; /* null: only measure */
    const struct machine *machine;
    struct level levels[MAX_LEVELS];
    size_t level_count;
    enum detail detail;
    bool utf8;
    bool too_wide;   /* a core does not fit */
    unsigned width;  /* columns of the outermost boxes */
    unsigned needed; /* columns that the widest line fills */
    unsigned lines;
};

/* A run of slots in the machine's order. */
struct part {
    const struct slot *slots;
    size_t count;
};

/* One line being composed; what is beyond its end is dropped. */
struct text {
    char bytes[1024];
    size_t length;
};

__attribute__((format(printf, 2, 3))) static void add(struct text *text, const char *format,
                                                      ...)
{
    size_t room = sizeof text->bytes - text->length;
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(text->bytes + text->length, room, format, arguments);
    va_end(arguments);
    if (length > 0) {
        text->length += (size_t)length < room ? (size_t)length : room - 1;
    }
}

static unsigned columns(const char *text)
{
    unsigned count = 0;
    for (; *text != '\0'; text++) {
        count += ((unsigned char)*text & 0xc0) != 0x80; /* not inside a UTF-8 character */
    }
    return count;
}

static void add_times(struct text *text, const char *piece, unsigned times)
{
    while (times-- > 0) {
        add(text, "%s", piece);
    }
}

static const char *dash(const struct drawing *drawing)
{
    return drawing->utf8 ? "─" : "-";
}

static const char *bar(const struct drawing *drawing)
{
    return drawing->utf8 ? "│" : "|";
}

static const char *dot(const struct drawing *drawing)
{
    return drawing->utf8 ? " · " : ", ";
}

static unsigned room_at(const struct drawing *drawing, unsigned depth)
{
    return drawing->width > 4 * depth ? drawing->width - 4 * depth : 1;
}

/* Cuts the text off where it is longer than the columns, and says so. */
static void fit(const struct drawing *drawing, struct text *text, unsigned room)
{
    if (columns(text->bytes) <= room) {
        return;
    }
    const char *more = drawing->utf8 ? "…" : "...";
    unsigned keep = room > columns(more) ? room - columns(more) : 0;
    size_t end = 0;
    for (unsigned seen = 0; text->bytes[end] != '\0'; end++) {
        seen += ((unsigned char)text->bytes[end] & 0xc0) != 0x80;
        if (seen > keep) {
            break;
        }
    }
    text->length = end;
    add(text, "%s", more);
}

/* Ends a line inside `depth` boxes: their borders on both sides, and the text between. */
static void put(struct drawing *drawing, unsigned depth, struct text *text)
{
    unsigned room = room_at(drawing, depth);
    fit(drawing, text, room);
    unsigned used = columns(text->bytes);
    drawing->lines++;
    drawing->needed = used + 4 * depth > drawing->needed ? used + 4 * depth : drawing->needed;
    if (drawing->to == NULL) {
        return;
    }
    struct text line = {0};
    for (unsigned i = 0; i < depth; i++) {
        add(&line, "%s ", bar(drawing));
    }
    add(&line, "%s", text->bytes);
    add_times(&line, " ", depth > 0 ? room - used : 0);
    for (unsigned i = 0; i < depth; i++) {
        add(&line, " %s", bar(drawing));
    }
    fprintf(drawing->to, "%s\n", line.bytes);
}

static void put_top(struct drawing *drawing, unsigned depth, struct text *title)
{
    unsigned room = room_at(drawing, depth);
    fit(drawing, title, room > 6 ? room - 6 : 1);
    unsigned used = columns(title->bytes) + 6 + 4 * depth;
    drawing->needed = used > drawing->needed ? used : drawing->needed;
    struct text line = {0};
    add(&line, "%s%s %s ", drawing->utf8 ? "┌" : "+", dash(drawing), title->bytes);
    if (drawing->to != NULL) {
        add_times(&line, dash(drawing), room - columns(line.bytes) - 1);
        add(&line, "%s", drawing->utf8 ? "┐" : "+");
    }
    put(drawing, depth, &line);
}

static void put_bottom(struct drawing *drawing, unsigned depth)
{
    struct text line = {0};
    if (drawing->to != NULL) {
        add(&line, "%s", drawing->utf8 ? "└" : "+");
        add_times(&line, dash(drawing), room_at(drawing, depth) - 2);
        add(&line, "%s", drawing->utf8 ? "┘" : "+");
    }
    put(drawing, depth, &line);
}

/* The PUs' numbers as ranges: "0-7,16-23". */
static void add_ranges(struct text *text, struct part part)
{
    char ranges[512] = "";
    hwloc_bitmap_t set = hwloc_bitmap_alloc();
    if (set != NULL) {
        for (size_t i = 0; i < part.count; i++) {
            hwloc_bitmap_set(set, part.slots[i].pu_os);
        }
        hwloc_bitmap_list_snprintf(ranges, sizeof ranges, set);
        hwloc_bitmap_free(set);
    }
    add(text, "%s", ranges);
}

static void add_kind(const struct drawing *drawing, struct text *text, int kind)
{
    int kinds = (int)drawing->machine->facts.cpukinds;
    add(text, "kind %d%s", kind, kind == kinds - 1 ? " (fastest)" : "");
}

/* Parts of parts. */

static unsigned number_of(const struct slot *slot, const struct level *level)
{
    switch (level->kind) {
    case PACKAGE:
        return slot->package;
    case NUMA_NODE:
        return slot->numa;
    case CACHE:
        return slot->l3;
    }
    return 0;
}

/* The PUs from the part's first on that are in the same part of the level. */
static struct part first_of(struct part part, const struct level *level)
{
    size_t count = 1;
    while (count < part.count &&
           number_of(&part.slots[count], level) == number_of(part.slots, level)) {
        count++;
    }
    return (struct part){part.slots, count};
}

static struct part core_of(struct part part)
{
    size_t count = 1;
    while (count < part.count && part.slots[count].core == part.slots->core) {
        count++;
    }
    return (struct part){part.slots, count};
}

static struct part after(struct part whole, struct part first)
{
    return (struct part){first.slots + first.count, whole.count - first.count};
}

/* Whether both have the same parts, but for their numbers. */
static bool are_alike(struct part a, struct part b)
{
    bool alike = a.count == b.count;
    for (size_t i = 0; alike && i < a.count; i++) {
        const struct slot *left = &a.slots[i], *right = &b.slots[i];
        alike = left->smt == right->smt && left->cpukind == right->cpukind &&
                left->core - a.slots->core == right->core - b.slots->core &&
                left->l3 - a.slots->l3 == right->l3 - b.slots->l3 &&
                left->numa - a.slots->numa == right->numa - b.slots->numa;
    }
    return alike;
}

/* How many parts of the level, from the first on, are drawn as one. */
static size_t count_alike(const struct drawing *drawing, struct part part,
                          const struct level *level)
{
    struct part first = first_of(part, level);
    size_t count = 1;
    for (struct part rest = after(part, first); drawing->detail == LIKE_PARTS && rest.count > 0;
         rest = after(rest, first_of(rest, level)), count++) {
        if (!are_alike(first, first_of(rest, level))) {
            break;
        }
    }
    return count;
}

/* Cores. */

/* "PU 0 16" */
static void add_pus(struct text *text, struct part core)
{
    add(text, "PU");
    for (size_t i = 0; i < core.count; i++) {
        add(text, " %u", core.slots[i].pu_os);
    }
}

/* The columns inside the widest core's box. */
static unsigned core_width(struct part part)
{
    unsigned widest = 0;
    for (struct part rest = part; rest.count > 0; rest = after(rest, core_of(rest))) {
        struct text title = {0}, pus = {0};
        add(&title, "core %u", rest.slots->core);
        add_pus(&pus, core_of(rest));
        widest = columns(title.bytes) > widest ? columns(title.bytes) : widest;
        widest = columns(pus.bytes) > widest ? columns(pus.bytes) : widest;
    }
    return widest;
}

static void add_core(const struct drawing *drawing, struct text line[3], struct part core,
                     unsigned inside)
{
    struct text title = {0}, pus = {0};
    add(&title, "core %u", core.slots->core);
    add_pus(&pus, core);
    add(&line[0], "%s %s ", drawing->utf8 ? "┌" : "+", title.bytes);
    add_times(&line[0], dash(drawing), inside - columns(title.bytes));
    add(&line[0], "%s", drawing->utf8 ? "┐" : "+");
    add(&line[1], "%s %s ", bar(drawing), pus.bytes);
    add_times(&line[1], " ", inside - columns(pus.bytes));
    add(&line[1], "%s", bar(drawing));
    add(&line[2], "%s", drawing->utf8 ? "└" : "+");
    add_times(&line[2], dash(drawing), inside + 2);
    add(&line[2], "%s", drawing->utf8 ? "┘" : "+");
}

/* Draws `cores` cores side by side; returns the PUs that are left. */
static struct part draw_row(struct drawing *drawing, unsigned depth, struct part part,
                            size_t cores, unsigned inside)
{
    struct text line[3] = {0};
    for (size_t core = 0; core < cores && part.count > 0; core++) {
        for (unsigned i = 0; core > 0 && i < 3; i++) {
            add(&line[i], " ");
        }
        add_core(drawing, line, core_of(part), inside);
        part = after(part, core_of(part));
    }
    for (unsigned i = 0; i < 3; i++) {
        put(drawing, depth, &line[i]);
    }
    return part;
}

/* The PUs from the part's first on that are of its kind. */
static struct part kind_of(struct part part)
{
    size_t count = 1;
    while (count < part.count && part.slots[count].cpukind == part.slots->cpukind) {
        count++;
    }
    return (struct part){part.slots, count};
}

/* Rows of the same length look better than full ones and a rest. */
static size_t cores_in_row(struct part part, size_t fitting)
{
    size_t cores = 0;
    for (; part.count > 0; part = after(part, core_of(part))) {
        cores++;
    }
    fitting = fitting > 0 ? fitting : 1;
    size_t rows = (cores + fitting - 1) / fitting;
    return (cores + rows - 1) / rows;
}

static void draw_each_core(struct drawing *drawing, unsigned depth, struct part part)
{
    unsigned inside = core_width(part);
    unsigned room = room_at(drawing, depth);
    drawing->too_wide = drawing->too_wide || inside + 4 > room;
    for (struct part kind; part.count > 0; part = after(part, kind)) {
        kind = kind_of(part);
        if (drawing->machine->facts.cpukinds > 1) {
            struct text line = {0};
            add_kind(drawing, &line, kind.slots->cpukind);
            put(drawing, depth, &line);
        }
        size_t cores = cores_in_row(kind, (room + 1) / (inside + 5));
        for (struct part rest = kind; rest.count > 0;) {
            rest = draw_row(drawing, depth, rest, cores, inside);
        }
    }
}

/* How many cores, from the part's first on, have its number of PUs and its kind. */
static size_t count_like_cores(struct part part)
{
    struct part first = core_of(part);
    size_t count = 0;
    while (part.count > 0 && core_of(part).count == first.count &&
           part.slots->cpukind == first.slots->cpukind) {
        part = after(part, core_of(part));
        count++;
    }
    return count;
}

/* "8 cores of 2 PUs, kind 1 (fastest): PU 0-15", a line for each run of like cores. */
static void draw_like_cores(struct drawing *drawing, unsigned depth, struct part part)
{
    bool has_cores = hwloc_get_nbobjs_by_type(drawing->machine->topology, HWLOC_OBJ_CORE) > 0;
    while (part.count > 0) {
        struct part core = core_of(part);
        size_t cores = count_like_cores(part);
        struct part run = {part.slots, cores * core.count};
        struct text line = {0};
        if (!has_cores) {
            add(&line, "%zu PU%s", run.count, run.count == 1 ? "" : "s");
        } else {
            add(&line, "%zu core%s of %zu PU%s", cores, cores == 1 ? "" : "s", core.count,
                core.count == 1 ? "" : "s");
        }
        if (drawing->machine->facts.cpukinds > 1) {
            add(&line, ", ");
            add_kind(drawing, &line, core.slots->cpukind);
        }
        add(&line, ": PU ");
        add_ranges(&line, run);
        put(drawing, depth, &line);
        part = after(part, run);
    }
}

static void draw_cores(struct drawing *drawing, unsigned depth, struct part part)
{
    if (drawing->detail == EACH_CORE &&
        hwloc_get_nbobjs_by_type(drawing->machine->topology, HWLOC_OBJ_CORE) > 0) {
        draw_each_core(drawing, depth, part);
    } else {
        draw_like_cores(drawing, depth, part);
    }
}

/* Boxes. */

/* "package 0", or "packages 0-3" where `alike` of them are drawn as one. */
static void add_name(struct text *title, const struct level *level, const struct slot *slot,
                     size_t alike)
{
    unsigned first = number_of(slot, level);
    if (alike == 1) {
        add(title, "%s %u", level->one, first);
    } else {
        add(title, "%s %u-%zu", level->many, first, first + alike - 1);
    }
}

/* "PU 0-1023 · 1024-2047": what each of the like parts has. */
static void draw_alike(struct drawing *drawing, unsigned depth, struct part part,
                       const struct level *level, size_t alike)
{
    struct text line = {0};
    add(&line, "PU ");
    for (size_t i = 0; i < alike && line.length < sizeof line.bytes / 2; i++) {
        add(&line, "%s", i > 0 ? dot(drawing) : "");
        struct part one = first_of(part, level);
        add_ranges(&line, one);
        part = after(part, one);
    }
    put(drawing, depth, &line);
}

static void draw_level(struct drawing *drawing, unsigned depth, struct part part, size_t level);

/* Draws the box of the first part of the level, standing for as many as are alike. Levels
 * that are one and the same part share a box. */
static void draw_box(struct drawing *drawing, unsigned depth, struct part part, size_t level,
                     size_t alike)
{
    const struct level *levels = drawing->levels;
    struct part first = first_of(part, &levels[level]);
    struct text title = {0};
    add_name(&title, &levels[level], first.slots, alike);
    size_t inner = level + 1;
    for (; inner < drawing->level_count; inner++) {
        if (first_of(first, &levels[inner]).count < first.count) {
            break;
        }
        add(&title, "%s", dot(drawing));
        add_name(&title, &levels[inner], first.slots, alike);
    }
    if (alike > 1) {
        add(&title, "%s%zu alike", dot(drawing), alike);
    }
    put_top(drawing, depth, &title);
    if (alike > 1) {
        draw_alike(drawing, depth + 1, part, &levels[level], alike);
        struct text line = {0};
        add(&line, "the first of them:");
        put(drawing, depth + 1, &line);
    }
    draw_level(drawing, depth + 1, first, inner);
    put_bottom(drawing, depth);
}

/* With draw_box, recursive down to the innermost level. */
static void draw_level(struct drawing *drawing, unsigned depth, struct part part, size_t level)
{
    if (level >= drawing->level_count) {
        draw_cores(drawing, depth, part);
        return;
    }
    while (part.count > 0) {
        size_t alike = count_alike(drawing, part, &drawing->levels[level]);
        draw_box(drawing, depth, part, level, alike);
        for (; alike > 0; alike--) {
            part = after(part, first_of(part, &drawing->levels[level]));
        }
    }
}

/* Which levels there are, and which is inside which: a NUMA node can be smaller than an L3 or
 * larger than a package, so the level with fewer parts is outside. */

static size_t count_parts(const struct machine *machine, const struct level *level)
{
    struct part rest = {machine->slots, machine->facts.pus};
    size_t count = 0;
    for (; rest.count > 0; count++) {
        rest = after(rest, first_of(rest, level));
    }
    return count;
}

static void add_level(struct drawing *drawing, struct level level)
{
    size_t at = drawing->level_count++;
    size_t parts = count_parts(drawing->machine, &level);
    for (; at > 0 && count_parts(drawing->machine, &drawing->levels[at - 1]) > parts; at--) {
        drawing->levels[at] = drawing->levels[at - 1];
    }
    drawing->levels[at] = level;
}

static void find_levels(struct drawing *drawing)
{
    hwloc_topology_t topology = drawing->machine->topology;
    if (hwloc_get_nbobjs_by_type(topology, HWLOC_OBJ_PACKAGE) > 0) {
        add_level(drawing, (struct level){PACKAGE, "package", "packages"});
    }
    add_level(drawing, (struct level){NUMA_NODE, "NUMA node", "NUMA nodes"});
    hwloc_obj_t cache = shared_cache(hwloc_get_obj_by_type(topology, HWLOC_OBJ_PU, 0));
    if (cache != NULL) {
        struct level level = {.kind = CACHE};
        snprintf(level.one, sizeof level.one, "L%u", cache->attr->cache.depth);
        memcpy(level.many, level.one, sizeof level.many);
        add_level(drawing, level);
    }
}

static void draw_machine(struct drawing *drawing)
{
    const struct machine *machine = drawing->machine;
    drawing->lines = 0;
    drawing->needed = 0;
    drawing->too_wide = false;
    draw_level(drawing, 0, (struct part){machine->slots, machine->facts.pus}, 0);
}

/* Folds more, then leaves levels out, until the drawing is small enough. */
static void choose_detail(struct drawing *drawing)
{
    for (;;) {
        draw_machine(drawing);
        if ((drawing->lines <= MAX_LINES && !drawing->too_wide) || drawing->level_count == 0) {
            return;
        }
        if (drawing->detail < LIKE_PARTS) {
            drawing->detail++;
        } else {
            drawing->level_count--;
        }
    }
}

bool machine_draw(const struct machine *machine, FILE *to, unsigned width, bool utf8,
                  struct error *error)
{
    unsigned least = width > MIN_WIDTH ? width : MIN_WIDTH;
    struct drawing drawing = {
        .machine = machine,
        .utf8 = utf8,
        .width = least < MAX_WIDTH ? least : MAX_WIDTH,
    };
    find_levels(&drawing);
    choose_detail(&drawing);
    drawing.width = drawing.needed;
    drawing.to = to;
    draw_machine(&drawing);
    return !ferror(to) ||
           fail(error, "cannot write the drawing of the machine (%s)", strerror(errno));
}
