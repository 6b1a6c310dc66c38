# What the pictures over threads share: the axis of threads, the styles, the labels at the curves.
#
# A picture loads cases.gp (which cases.awk wrote), sets TITLE, SUBTITLE and what follows, loads
# this file, and plots.
#   Y_MIN, Y_MAX, Y_LOG             the other axis, and whether it is logarithmic
#   Y_BASELINE                      where a label for serial belongs; 0 for none
#   height(threads, speedup)        what it draws of a case
#   reading(v)                      and how that reads in a label
#   ideal(n), IDEAL                 what n threads could reach at best, and the words for it

load 'canvas.gp'

# --- pin policies: the best that was measured carries the picture, solid and strong; the others are
# thin and dashed behind it. Filled points are pinned. ---
PINS = 'core compact spread none'
PIN_WORDS = '"pinned (core)" "pinned (compact)" "pinned (spread)" "not pinned (none)"'
POINT = '7 9 5 6 13'
pin_rank(pin) = find(PINS, pin) ? find(PINS, pin) : 5

array HUE[CURVES]
array GUEST[CURVES]
array RANK[CURVES]          # of the variant: its place among those known, or behind them
array ORDER[CURVES]         # from the bottom to the top: unpinned below pinned, wide below narrow
array BEST[CURVES]          # 1: it is the curve of its variant that is strong
array LABELLED[CURVES]      # 1: and has a label; interpreters that coincide share one
others = 0
best_pin = 5
do for [c = 1:CURVES] {
    # an interpreter's curve has the colour of its model, and is told apart by its dashes and shapes
    GUEST[c] = INTERPRETER_OF[c] > 0
    RANK[c] = find(KNOWN, NAME[c])
    do for [d = 1:c - 1] {
        if (RANK[c] == 0 && NAME[d] eq NAME[c]) { RANK[c] = RANK[d] }
    }
    if (RANK[c] == 0) { others = others + 1; RANK[c] = words(KNOWN) + others }
    HUE[c] = RANK[c] <= words(KNOWN) ? hex(COLOUR, RANK[c]) : \
        GUEST[c] && find(KNOWN, MODEL[c]) ? guest_hue(INTERPRETER_OF[c], MODEL[c]) : hex(OTHER, RANK[c] - words(KNOWN))
    if (NAME[c] ne 'serial' && !GUEST[c] && pin_rank(PIN[c]) < best_pin) { best_pin = pin_rank(PIN[c]) }
    BEST[c] = NAME[c] ne 'serial'
    do for [d = 1:CURVES] {
        if (NAME[d] eq NAME[c] && pin_rank(PIN[d]) < pin_rank(PIN[c])) { BEST[c] = 0 }
        if (NAME[d] eq NAME[c] && pin_rank(PIN[d]) == pin_rank(PIN[c]) && d < c) { BEST[c] = 0 }
    }
    LABELLED[c] = (GUEST[c] || BEST[c]) && MEMBERS[c] ne ''
}
# variants not known here have a strong curve each, pinned or not; interpreters are on top
layer(c) = GUEST[c] || (RANK[c] > words(KNOWN) && BEST[c]) ? best_pin : pin_rank(PIN[c])
drawn = 0
do for [p = 5:1:-1] {
    do for [w in '6 5 4 2.6 2.4 2 1.8'] {
        do for [c = 1:CURVES] {
            if (width(RANK[c]) == w + 0 && layer(c) == p) { drawn = drawn + 1; ORDER[drawn] = c }
        }
    }
}
# Line styles: c for a curve, INTERVAL + c for its intervals, KEY + p for a pin policy in the key.
INTERVAL = 1000
KEY = 2000
IDEAL_LINE = 3000
do for [i = 1:CURVES + 5] {
    c = i <= CURVES ? i : KEY + i - CURVES
    p = i <= CURVES ? pin_rank(PIN[i]) : i - CURVES
    guest = i <= CURVES ? GUEST[i] : 0
    known = !guest
    strong = i <= CURVES ? layer(i) == best_pin : p == best_pin
    hue = i <= CURVES ? HUE[i] : MUTED
    w = i <= CURVES ? width(RANK[i]) : 2
    s = (p == 2 || p == 4 ? 0.8 : 0.66) * (w > 5 ? 1.9 : w > 4 ? 1.7 : w > 3 ? 1.45 : 1)
    if (!strong) { w = w > 4 ? 3 : w > 3 ? 2 : 1.3; hue = mix(hue, 0xffffff, 0.2) }
    # dots, thin and pale: dashes, thin and dark, are an interpreter's
    if (!strong && p == 4) { w = w > 2 ? 2 : w; hue = mix(hue, 0xffffff, 0.25) }
    set style line c lc rgb hue lw w pt int(word(POINT, p)) ps s dt solid
    # white inside an open point
    if (p == 4) { set style line c pi -1 }
    if (known && !strong && p == 2) { set style line c dt (12,4) }
    if (known && !strong && p == 3) { set style line c dt (10,4,2,4) }
    if (known && !strong && p == 4) { set style line c dt (1.5,3.5) }
    if (known && !strong && p == 5) { set style line c dt (2,4) }
    # interpreters are thin, the thinner the more there are
    if (guest) {
        k = INTERPRETER_OF[i]
        set style line c lc rgb hue lw (GUESTS > 6 ? 1.3 : 1.6) pi -1 pt shape(k + 1, PIN[i] eq 'core') ps 0.66 * shape_size(k + 1)
        eval sprintf('set style line %d dt (%s)', c, nth(DASHES, k))
    }
    if (i <= CURVES) { set style line INTERVAL + c lc rgb hue lw 1.4 dt solid }
}

# --- the room for the labels: what the longest of them needs ---
# Ours are bold, interpreters are not.
longest = 8 * 9.6
shapes = 0                  # before a name: those of the interpreters that share it
range = 0                   # their figures: from, to
# Two columns of figures: at as many threads as there are PUs, and where the curves end, whose order is
# that of the labels.
COLUMNS = MOST_THREADS == LABEL_THREADS ? 1 : 2
do for [c = 1:CURVES] {
    long = GUEST[c] ? 8.3 * strlen(LABEL[c]) : 9.6 * strlen(NAME[c])
    if (LABELLED[c] && long > longest) { longest = long }
    if (GUEST[c] && LABELLED[c] && INTERPRETERS > 1 && words(MEMBERS[c]) > shapes) { shapes = words(MEMBERS[c]) }
    if (LABELLED[c] && reading(height(FULL_THREADS[c], FULL_LOW[c])) ne reading(height(FULL_THREADS[c], FULL_HIGH[c]))) { range = 1 }
    if (LABELLED[c] && reading(height(LAST_THREADS[c], LAST_LOW[c])) ne reading(height(LAST_THREADS[c], LAST_HIGH[c]))) { range = 1 }
}
if (shapes > 6) { shapes = 6 }
before_names = 46 + 12 * shapes
END_WORDS = sprintf('at %d thread%s', MOST_THREADS, MOST_THREADS == 1 ? '' : 's')
column = 7.4 * strlen(END_WORDS) + 14
if (range && column < 112) { column = 112 }
room = longest + before_names + 92 + (range ? 40 : 0) + (COLUMNS - 1) * column
LEFT = 84.0
RIGHT = W - (room < 640 ? room : 640)
BOTTOM = 100.0
TOP = H - 132.0
set lmargin at screen LEFT / W
set rmargin at screen RIGHT / W
set bmargin at screen BOTTOM / H
set tmargin at screen TOP / H

# --- the axes: every count of a few threads, the powers of two of many ---
if (MANY) {
    X_MIN = LEAST_THREADS * 2**-0.15
    X_MAX = MOST_THREADS * 2**0.12
    set logscale x 2
    set xtics ()
    do for [k = 0:30] {
        if (2**k >= LEAST_THREADS && 2**k <= MOST_THREADS) { set xtics add (sprintf('%d', 2**k) 2**k) }
    }
    # the last count, too, where that leaves room between the two
    over = MOST_THREADS / 2.0**floor(log(MOST_THREADS) / log(2) + 1e-9)
    if (over > 1.2) { set xtics add (sprintf('%d', MOST_THREADS) MOST_THREADS) }
} else {
    margin = MOST_THREADS > LEAST_THREADS ? 0.025 * (MOST_THREADS - LEAST_THREADS) : 0.5
    X_MIN = LEAST_THREADS - margin
    X_MAX = MOST_THREADS + margin
    set xtics LEAST_THREADS,1,MOST_THREADS
}
set xrange [X_MIN:X_MAX] noextend
set yrange [Y_MIN:Y_MAX] noextend
if (Y_LOG) { set logscale y 2 }
set border 0
set xtics nomirror scale 0 textcolor rgb MUTED font SMALL
set ytics nomirror scale 0 textcolor rgb MUTED font SMALL
set grid noxtics ytics back lt 1 lc rgb 0xd9d9d6 lw 0.8 dt solid
# at the right: the key has the left, and may be long
set label 'threads (pool: processes)' at screen RIGHT / W, screen (BOTTOM - 46) / H right textcolor rgb MUTED font SMALL
set pointintervalbox 0.8
# intervals are drawn as arrows with flat heads: yerrorbars would blank what lies behind them
BAR = 0.0035
# what ends beyond the axis is cut off there, without a head
beyond(y) = y > Y_MAX

# where a value is on the canvas
x_share(x) = MANY ? log(x / X_MIN) / log(X_MAX / X_MIN) : (x - X_MIN) / (X_MAX - X_MIN)
y_share(y) = Y_LOG ? (y <= Y_MIN ? 0 : log(y / Y_MIN) / log(Y_MAX / Y_MIN)) : (y - Y_MIN) / (Y_MAX - Y_MIN)
x_pixel(x) = LEFT + (RIGHT - LEFT) * x_share(x)
y_pixel(y) = BOTTOM + (TOP - BOTTOM) * y_share(y)

# --- the words on top ---
set label TITLE at screen 28 / W, screen (H - 36) / H left noenhanced textcolor rgb INK font LARGE
set label SUBTITLE at screen 28 / W, screen (H - 66) / H left noenhanced textcolor rgb INK font MEDIUM
if (NOISY > 0) {
    MACHINE = MACHINE.(MACHINE eq '' ? '' : ' · ').\
        sprintf('%d of %d cases noisy (%s wider than ±2 %%)', NOISY, CASES, RANGES ? 'range' : 'interval')
}
set label MACHINE at screen 28 / W, screen (H - 89) / H left noenhanced textcolor rgb MUTED font SMALL

# --- past the cores, and past all that this machine can run at once ---
# Each shade begins half-way to the next count: the last that fits stands outside.
past(n) = MANY ? n * 2**0.1 : n + 0.5
smt_from = CORES > 0 && CORES < PUS ? past(CORES) : X_MAX
over_from = PUS > 0 ? past(PUS) : X_MAX
if (smt_from < X_MAX && smt_from < over_from) {
    smt_from = smt_from < X_MIN ? X_MIN : smt_from
    end = over_from < MOST_THREADS ? over_from : X_MAX
    set object rectangle from smt_from,graph 0 to end,graph 1 behind fillcolor rgb 0xf5f5f2 fillstyle solid noborder
    # its words end where it ends: to the left there is always room
    set label sprintf('past the %d cores: threads share a core', CORES) \
        at screen (x_pixel(end) - 6) / W, screen (TOP + 11) / H right textcolor rgb MUTED font SMALL
}
if (over_from < X_MAX && (MOST_THREADS > PUS)) {
    over_from = over_from < X_MIN ? X_MIN : over_from
    set object rectangle from over_from,graph 0 to X_MAX,graph 1 behind fillcolor rgb 0xeaeae6 fillstyle solid noborder
    words_over = sprintf('oversubscribed: more threads than %d PU%s', PUS, PUS == 1 ? '' : 's')
    if (CORES < PUS && x_pixel(X_MAX) - x_pixel(over_from) < 7.5 * strlen(words_over)) { words_over = 'oversubscribed' }
    wide = x_pixel(X_MAX) - x_pixel(over_from) > 7.5 * strlen(words_over)
    if (wide || CORES < PUS) {
        set label words_over at screen (x_pixel(over_from) + 6) / W, screen (TOP + 11) / H left textcolor rgb MUTED font SMALL
    } else {
        set label words_over at screen RIGHT / W, screen (TOP + 11) / H right textcolor rgb MUTED font SMALL
    }
}

# --- a label at the end of each variant's curve, instead of a legend to look things up in ---
# Entry 0 < e <= entries is for curve ENTRY[e] (0: serial's baseline), wants to be at WANTS[e] and is
# put at PUT[e], in pixels.
array ENTRY[CURVES + 1]
array WANTS[CURVES + 1]
array PUT[CURVES + 1]
entries = 0
if (Y_BASELINE > 0) { entries = 1; ENTRY[1] = 0; WANTS[1] = y_pixel(Y_BASELINE) }
do for [c = 1:CURVES] {
    if (LABELLED[c]) {
        # in its place from the top
        y = y_pixel(height(LAST_THREADS[c], LAST_MEAN[c]))
        entries = entries + 1
        e = entries
        do for [k = entries - 1:1:-1] {
            if (e == k + 1 && WANTS[k] < y) { ENTRY[e] = ENTRY[k]; WANTS[e] = WANTS[k]; e = k }
        }
        ENTRY[e] = c
        WANTS[e] = y
    }
}
# Those that would touch push each other away, half of the way each, until none does.
lowest = BOTTOM + 4
highest = TOP - 8
gap = 22.0
if (entries > 1 && gap * (entries - 1) > highest - lowest) { gap = (highest - lowest) / (entries - 1) }
do for [e = 1:entries] { PUT[e] = WANTS[e] }
moved = 1
rounds = 0
while (moved && rounds < 200) {
    moved = 0
    rounds = rounds + 1
    do for [e = 2:entries] {
        lacking = gap - (PUT[e - 1] - PUT[e])
        if (lacking > 0.05) { PUT[e - 1] = PUT[e - 1] + lacking / 2; PUT[e] = PUT[e] - lacking / 2; moved = 1 }
    }
    if (entries > 0) {
        if (PUT[1] > highest) { PUT[1] = highest }
        if (PUT[entries] < lowest) { PUT[entries] = lowest }
    }
}
# What is left of that in a crowd is settled from the top, then from the bottom: there is room for all.
do for [e = 2:entries] { if (PUT[e] > PUT[e - 1] - gap) { PUT[e] = PUT[e - 1] - gap } }
if (entries > 0 && PUT[entries > 0 ? entries : 1] < lowest) { PUT[entries] = lowest }
do for [e = entries - 1:1:-1] { if (PUT[e] < PUT[e + 1] + gap) { PUT[e] = PUT[e + 1] + gap } }
names_at = RIGHT + before_names
values_at = W - 24
size = gap < 18 ? gap * 0.8 : 15
NAME_FACE = face(size, ':Bold')
VALUE_FACE = face(size, '')
# 0.98–0.99×: the unit once
unit(text) = text[strlen(text):strlen(text)] eq '%' ? 2 : 1
both(a, b) = a eq b ? a : a[1:strlen(a) - unit(a)].'–'.b
do for [e = 1:entries] {
    c = ENTRY[e]
    hue = c > 0 ? HUE[c] : hex(COLOUR, 1)
    guest = c > 0 ? GUEST[c] : 0
    from_x = c > 0 ? x_pixel(LAST_THREADS[c]) + 9 : RIGHT
    to_x = names_at - 7
    if (guest && shapes) {
        # nearest to the name is the last of those who share it
        sharing = words(MEMBERS[c])
        do for [k = 1:(sharing < 6 ? sharing : 6)] {
            m = int(word(MEMBERS[c], k))
            to_x = names_at - 12 - 12 * ((sharing < 6 ? sharing : 6) - k)
            set label '' at screen to_x / W, screen PUT[e] / H front \
                point lc rgb HUE[m] lw 1.3 pt shape(INTERPRETER_OF[m] + 1, PIN[m] eq 'core') ps 0.75 * shape_size(INTERPRETER_OF[m] + 1)
        }
        to_x = names_at - 19 - 12 * ((sharing < 6 ? sharing : 6) - 1)
    }
    set arrow from screen from_x / W, screen WANTS[e] / H to screen to_x / W, screen PUT[e] / H \
        nohead front lc rgb mix(hue, 0xffffff, 0.35) lw 1.2
    name = c > 0 ? (guest ? LABEL[c] : NAME[c]) : 'serial'
    reads = c > 0 ? both(reading(height(FULL_THREADS[c], FULL_LOW[c])), reading(height(FULL_THREADS[c], FULL_HIGH[c]))) : \
        reading(Y_BASELINE)
    ends = c > 0 ? both(reading(height(LAST_THREADS[c], LAST_LOW[c])), reading(height(LAST_THREADS[c], LAST_HIGH[c]))) : reads
    if (c > 0) {
        if (LAST_THREADS[c] != MOST_THREADS) { ends = ends.sprintf(' at %d', LAST_THREADS[c]) }
        if (FULL_THREADS[c] != LABEL_THREADS) { reads = COLUMNS > 1 ? '' : ends }
    }
    set label name at screen names_at / W, screen PUT[e] / H left front noenhanced textcolor rgb text(hue) \
        font (guest ? VALUE_FACE : NAME_FACE)
    if (COLUMNS > 1) {
        set label ends at screen values_at / W, screen PUT[e] / H right front noenhanced textcolor rgb text(hue) font VALUE_FACE
    }
    set label reads at screen (values_at - (COLUMNS - 1) * column) / W, screen PUT[e] / H right front noenhanced textcolor rgb text(hue) font VALUE_FACE
}
if (COLUMNS > 1) {
    set label sprintf('at %d', LABEL_THREADS) at screen (values_at - column) / W, screen (TOP + 11) / H right textcolor rgb MUTED font SMALL
}
set label END_WORDS at screen values_at / W, screen (TOP + 11) / H right textcolor rgb MUTED font SMALL

# --- the ideal's words lie along its line, above it, where no curve should be ---
if (LEAST_THREADS == MOST_THREADS) { IDEAL = '' }
ideal_from = LEAST_THREADS
ideal_to = PUS > LEAST_THREADS && PUS < MOST_THREADS ? PUS : MOST_THREADS
# where it leaves the picture
if (!Y_LOG && !MANY && ideal(ideal_to) > Y_MAX) { ideal_to = Y_MAX }
if (PUS > 0 && PUS <= LEAST_THREADS && MOST_THREADS > LEAST_THREADS) { ideal_to = LEAST_THREADS + 1 }
ideal_dx = x_pixel(ideal_to) - x_pixel(ideal_from)
ideal_dy = y_pixel(ideal(ideal_to)) - y_pixel(ideal(ideal_from))
slope = ideal_dx > 0 ? atan2(ideal_dy, ideal_dx) : 0
set label IDEAL at screen (x_pixel(ideal_from) + ideal_dx / 2 - 15 * sin(slope)) / W, \
    screen (y_pixel(ideal(ideal_from)) + ideal_dy / 2 + 15 * cos(slope)) / H \
    center rotate by slope * 180 / pi front textcolor rgb MUTED font SMALL
# broad and pale, below all: it shows where curves lie on it
set style line IDEAL_LINE lc rgb 0xcfcfcb lw 12 dt solid

# --- the key below: what the lines and points stand for ---
# Interpreters have no bars here: fidelity.gp shows theirs, and so many would hide the curves.
bars = 'bars: '.BARS
set label bars at screen values_at / W, screen 22 / H right textcolor rgb MUTED font SMALL
key_x = LEFT
key_y = GUESTS ? 40.0 : 22.0
do for [p = 1:5] {
    seen = 0
    do for [c = 1:CURVES] { if (pin_rank(PIN[c]) == p && !GUEST[c]) { seen = 1 } }
    if (seen) {
        set arrow from screen key_x / W, screen key_y / H to screen (key_x + 32) / W, screen key_y / H nohead ls KEY + p
        set label '' at screen (key_x + 16) / W, screen key_y / H point ls KEY + p
        pin = p < 5 ? word(PIN_WORDS, p) : 'other pin policy'
        set label pin at screen (key_x + 40) / W, screen key_y / H left textcolor rgb MUTED font SMALL
        key_x = key_x + 40 + 7.4 * strlen(pin) + 24
    }
}
if (GUESTS) {
    set arrow from screen LEFT / W, screen 22 / H to screen (LEFT + 32) / W, screen 22 / H nohead lc rgb INK lw 1.6 dt (8,4)
    set label '' at screen (LEFT + 16) / W, screen 22 / H point lc rgb INK pt shape(2, 1) ps 0.66
    set label INTERPRETERS > 1 ? 'thin and dashed, a shape each: interpreters, darker than their model' : \
        'thin and dashed, with squares: the interpreter, darker than its model' \
        at screen (LEFT + 40) / W, screen 22 / H left textcolor rgb MUTED font SMALL
}
unset key
