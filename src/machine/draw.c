/* A drawing of the machine for a terminal: boxes in boxes down to the cores while that is
 * small, like parts folded into one where it is not. */
#include "canvas.h"
#include "parts.h"

#include <errno.h>
#include <string.h>

enum { MAX_LINES = 40, MIN_WIDTH = 24, MAX_WIDTH = 160 };

/* How much is folded; tried in this order until the drawing is at most MAX_LINES long. */
enum detail { EACH_CORE, LIKE_CORES, LIKE_PARTS };

struct drawing {
    struct canvas canvas;
    const struct machine *machine;
    struct level levels[MAX_LEVELS]; /* from the outermost to the innermost */
    size_t level_count;
    enum detail detail;
    bool too_wide; /* a core does not fit */
};

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
    text_add(text, "%s", ranges);
}

static void add_kind(const struct drawing *drawing, struct text *text, int kind)
{
    int kinds = (int)drawing->machine->facts.cpukinds;
    text_add(text, "kind %d%s", kind, kind == kinds - 1 ? " (fastest)" : "");
}

/* Cores. */

/* "PU 0 16" */
static void add_pus(struct text *text, struct part core)
{
    text_add(text, "PU");
    for (size_t i = 0; i < core.count; i++) {
        text_add(text, " %u", core.slots[i].pu_os);
    }
}

/* The columns inside the widest core's box. */
static unsigned core_width(struct part part)
{
    unsigned widest = 0;
    for (struct part rest = part; rest.count > 0; rest = part_after(rest, part_core(rest))) {
        struct text title = {0}, pus = {0};
        text_add(&title, "core %u", rest.slots->core);
        add_pus(&pus, part_core(rest));
        widest = text_columns(&title) > widest ? text_columns(&title) : widest;
        widest = text_columns(&pus) > widest ? text_columns(&pus) : widest;
    }
    return widest;
}

static void add_core(const struct drawing *drawing, struct text lines[3], struct part core,
                     unsigned inside)
{
    struct text title = {0}, pus = {0};
    text_add(&title, "core %u", core.slots->core);
    add_pus(&pus, core);
    text_add_box(lines, &drawing->canvas, title.bytes, pus.bytes, inside);
}

/* Draws `cores` cores side by side; returns the PUs that are left. */
static struct part draw_row(struct drawing *drawing, unsigned depth, struct part part,
                            size_t cores, unsigned inside)
{
    struct text lines[3] = {0};
    for (size_t core = 0; core < cores && part.count > 0; core++) {
        for (unsigned i = 0; core > 0 && i < 3; i++) {
            text_add(&lines[i], " ");
        }
        add_core(drawing, lines, part_core(part), inside);
        part = part_after(part, part_core(part));
    }
    for (unsigned i = 0; i < 3; i++) {
        canvas_line(&drawing->canvas, depth, &lines[i]);
    }
    return part;
}

/* Rows of the same length look better than full ones and a rest. */
static size_t cores_in_row(struct part part, size_t fitting)
{
    size_t cores = part_count_cores(part);
    fitting = fitting > 0 ? fitting : 1;
    size_t rows = (cores + fitting - 1) / fitting;
    return (cores + rows - 1) / rows;
}

static void draw_each_core(struct drawing *drawing, unsigned depth, struct part part)
{
    unsigned inside = core_width(part);
    unsigned room = canvas_room(&drawing->canvas, depth);
    drawing->too_wide = drawing->too_wide || inside + 4 > room;
    for (struct part kind; part.count > 0; part = part_after(part, kind)) {
        kind = part_kind(part);
        if (drawing->machine->facts.cpukinds > 1) {
            struct text line = {0};
            add_kind(drawing, &line, kind.slots->cpukind);
            canvas_line(&drawing->canvas, depth, &line);
        }
        size_t cores = cores_in_row(kind, (room + 1) / (inside + 5));
        for (struct part rest = kind; rest.count > 0;) {
            rest = draw_row(drawing, depth, rest, cores, inside);
        }
    }
}

/* "8 cores of 2 PUs, kind 1 (fastest): PU 0-15", a line for each run of like cores. */
static void draw_like_cores(struct drawing *drawing, unsigned depth, struct part part)
{
    bool has_cores = hwloc_get_nbobjs_by_type(drawing->machine->topology, HWLOC_OBJ_CORE) > 0;
    while (part.count > 0) {
        struct part core = part_core(part);
        size_t cores = part_count_like_cores(part);
        struct part run = {part.slots, cores * core.count};
        struct text line = {0};
        if (!has_cores) {
            text_add(&line, "%zu PU%s", run.count, run.count == 1 ? "" : "s");
        } else {
            text_add(&line, "%zu core%s of %zu PU%s", cores, cores == 1 ? "" : "s", core.count,
                     core.count == 1 ? "" : "s");
        }
        if (drawing->machine->facts.cpukinds > 1) {
            text_add(&line, ", ");
            add_kind(drawing, &line, core.slots->cpukind);
        }
        text_add(&line, ": PU ");
        add_ranges(&line, run);
        canvas_line(&drawing->canvas, depth, &line);
        part = part_after(part, run);
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
    unsigned first = part_number(slot, level);
    if (alike == 1) {
        text_add(title, "%s %u", level->one, first);
    } else {
        text_add(title, "%s %u-%zu", level->many, first, first + alike - 1);
    }
}

/* "PU 0-1023 · 1024-2047": what each of the like parts has. */
static void draw_alike(struct drawing *drawing, unsigned depth, struct part part,
                       const struct level *level, size_t alike)
{
    struct text line = {0};
    text_add(&line, "PU ");
    for (size_t i = 0; i < alike && line.length < sizeof line.bytes / 2; i++) {
        text_add(&line, "%s", i > 0 ? canvas_dot(&drawing->canvas) : "");
        struct part one = part_first(part, level);
        add_ranges(&line, one);
        part = part_after(part, one);
    }
    canvas_line(&drawing->canvas, depth, &line);
}

static void draw_level(struct drawing *drawing, unsigned depth, struct part part, size_t level);

/* Draws the box of the first part of the level, standing for as many as are alike. Levels
 * that are one and the same part share a box. */
static void draw_box(struct drawing *drawing, unsigned depth, struct part part, size_t level,
                     size_t alike)
{
    const struct level *levels = drawing->levels;
    struct part first = part_first(part, &levels[level]);
    struct text title = {0};
    add_name(&title, &levels[level], first.slots, alike);
    size_t inner = level + 1;
    for (; inner < drawing->level_count; inner++) {
        if (part_first(first, &levels[inner]).count < first.count) {
            break;
        }
        text_add(&title, "%s", canvas_dot(&drawing->canvas));
        add_name(&title, &levels[inner], first.slots, alike);
    }
    if (alike > 1) {
        text_add(&title, "%s%zu alike", canvas_dot(&drawing->canvas), alike);
    }
    canvas_open_box(&drawing->canvas, depth, &title);
    if (alike > 1) {
        draw_alike(drawing, depth + 1, part, &levels[level], alike);
        struct text line = {0};
        text_add(&line, "the first of them:");
        canvas_line(&drawing->canvas, depth + 1, &line);
    }
    draw_level(drawing, depth + 1, first, inner);
    canvas_close_box(&drawing->canvas, depth);
}

/* With draw_box, recursive down to the innermost level. */
static void draw_level(struct drawing *drawing, unsigned depth, struct part part, size_t level)
{
    if (level >= drawing->level_count) {
        draw_cores(drawing, depth, part);
        return;
    }
    while (part.count > 0) {
        const struct level *here = &drawing->levels[level];
        size_t alike = drawing->detail == LIKE_PARTS ? part_count_alike(part, here) : 1;
        draw_box(drawing, depth, part, level, alike);
        for (; alike > 0; alike--) {
            part = part_after(part, part_first(part, here));
        }
    }
}

static void draw_machine(struct drawing *drawing)
{
    drawing->canvas.lines = 0;
    drawing->canvas.needed = 0;
    drawing->too_wide = false;
    draw_level(drawing, 0, part_whole(drawing->machine), 0);
}

/* Folds more, then leaves levels out, until the drawing is small enough. */
static void choose_detail(struct drawing *drawing)
{
    for (;;) {
        draw_machine(drawing);
        if ((drawing->canvas.lines <= MAX_LINES && !drawing->too_wide) ||
            drawing->level_count == 0) {
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
        .canvas = {.utf8 = utf8, .width = least < MAX_WIDTH ? least : MAX_WIDTH},
        .machine = machine,
    };
    drawing.level_count = levels_find(machine, drawing.levels);
    choose_detail(&drawing);
    drawing.canvas.width = drawing.canvas.needed;
    drawing.canvas.to = to;
    draw_machine(&drawing);
    return !ferror(to) ||
           fail(error, "cannot write the drawing of the machine (%s)", strerror(errno));
}
