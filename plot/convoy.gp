# What hogs do to the answers of an I/O thread: for each lock the share of requests that took longer
# than so long, and beside them how many were answered a second. Dashed: interpreters, in the panel and
# the colour of the lock that models their own.

load 'convoy-cases.gp'
load 'canvas.gp'

TITLE = 'What a busy thread does to an answer'
SUBTITLE = 'An I/O thread answers requests; 0, 1, 2 … CPU-bound threads (hogs) of its process count down under the same lock.'
set label TITLE at screen 28 / W, screen (H - 36) / H left noenhanced textcolor rgb INK font LARGE
set label SUBTITLE at screen 28 / W, screen (H - 66) / H left noenhanced textcolor rgb INK font MEDIUM
MACHINE = MACHINE.(MACHINE eq '' ? '' : ' · ').(PIN eq 'none' ? 'threads not pinned' : 'threads pinned ('.PIN.')'). \
    (RATE > 0 ? sprintf(' · %d requests a second are due', RATE) : ' · each request when the one before is answered'). \
    (INTERVAL > 0 ? sprintf(' · gil: switch interval %g ms', INTERVAL * 1e3).(INTERVALS > 1 ? sprintf(', of %d measured: see frontier', INTERVALS) : '') : '')
set label MACHINE at screen 28 / W, screen (H - 89) / H left noenhanced textcolor rgb MUTED font fitting(MACHINE, 13, W - 52)

WORDS = '"gil: CPython 3.2 and later" "ticks: CPython up to 3.1" "critical: an OpenMP lock" "none: no lock"'
known(lock) = find('gil ticks critical none', lock)
panel_words(lock) = known(lock) ? word(WORDS, known(lock)) : lock
colour(lock) = model_hue(lock eq 'none' ? 'nogil' : lock)
load 'hogs.gp'
hue(lock, n) = shade(colour(lock), n)
wide(n) = 1.6 + 1.4 * dark(n)
# an interpreter's are a shade darker than its model's
ink(c) = mix(hue(LOCK[PANEL[c]], HOGS[c]), 0x000000, GUEST[c] ? 0.3 : 0)
LINE = 500
do for [c = 1:CURVES] {
    set style line LINE + c lc rgb ink(c) lw (GUEST[c] ? 0.55 : 1) * wide(HOGS[c]) dt solid
    if (GUEST[c]) { eval sprintf('set style line %d dt (%s)', LINE + c, nth(DASHES, GUEST[c])) }
}
hogs(n) = n == 0 ? 'no hog' : sprintf('%d hog%s', n, n == 1 ? '' : 's')

# --- the panels: locks in two columns, requests at their right ---
COLUMNS = PANELS > 1 ? 2 : 1
ROWS = (PANELS + COLUMNS - 1) / COLUMNS
LEFT = 112.0
LABELS = 62.0
AREA = 800.0                # the locks' panels end here
GAP_X = 34.0
GAP_Y = 54.0
TOP = H - 150.0
BOTTOM = ANY_UNENDED && INTERPRETERS ? 110.0 : 92.0
WIDTH = (AREA - LEFT - (COLUMNS - 1) * GAP_X) / COLUMNS
HEIGHT = (TOP - BOTTOM - (ROWS - 1) * GAP_Y) / ROWS
left(p) = LEFT + ((p - 1) % COLUMNS) * (WIDTH + GAP_X)
right(p) = left(p) + WIDTH - LABELS
top(p) = TOP - ((p - 1) / COLUMNS) * (HEIGHT + GAP_Y)
bottom(p) = top(p) - HEIGHT

X_MIN = X_LEAST / 1.3
X_MAX = X_MOST * (ANY_UNENDED ? 2.2 : 1.3)     # room for the arrows
Y_MIN = Y_LEAST / 1.6
Y_MAX = 1.25
x_pixel(p, x) = left(p) + (right(p) - left(p)) * log(x / X_MIN) / log(X_MAX / X_MIN)
y_pixel(p, y) = bottom(p) + HEIGHT * log(y / Y_MIN) / log(Y_MAX / Y_MIN)

set border 0
set grid noxtics ytics back lt 1 lc rgb 0xd9d9d6 lw 0.8 dt solid
unset key
array ENTRY[CURVES + 1]
array WANTS[CURVES + 1]
array PUT[CURVES + 1]

# curves that have labels: the model's; where it is not in the run, those of the interpreter
array MODELS[PANELS + 1]
do for [p = 1:PANELS] { MODELS[p] = 0 }
do for [c = 1:CURVES] { if (!GUEST[c]) { MODELS[PANEL[c]] = 1 } }

set multiplot
set logscale xy 10
set xrange [X_MIN:X_MAX] noextend
set yrange [Y_MIN:Y_MAX] noextend
NAMES = '"100 ns" "1 µs" "10 µs" "100 µs" "1 ms" "10 ms" "100 ms" "1 s" "10 s" "100 s"'
SHARES = '"all" "1 in 10" "1 in 100" "1 in 1k" "1 in 10k" "1 in 100k" "1 in 1M" "1 in 10M" "1 in 100M"'
do for [p = 1:PANELS] {
    set lmargin at screen left(p) / W
    set rmargin at screen right(p) / W
    set tmargin at screen top(p) / H
    set bmargin at screen bottom(p) / H
    set xtics () nomirror scale 0 textcolor rgb MUTED font SMALL
    every = log(X_MAX / X_MIN) / log(10) > 5 ? 2 : 1
    do for [k = 1:10] {
        tick = 10.0**(k - 8)
        if (tick > X_MIN && tick < X_MAX && (k - 2) % every == 0) { set xtics add (word(NAMES, k) tick) }
    }
    set ytics () nomirror scale 0 textcolor rgb MUTED font SMALL
    do for [k = 0:8] {
        if (10.0**-k > Y_MIN) { set ytics add (((p - 1) % COLUMNS == 0 ? word(SHARES, k + 1) : '') 10.0**-k) }
    }
    set label 100 panel_words(LOCK[p]) at screen left(p) / W, screen (top(p) + 13) / H left noenhanced \
        textcolor rgb text(colour(LOCK[p])) font face(15, ':Bold')
    if ((p - 1) % COLUMNS == 0) {
        set label 102 'so many of all requests' at screen 30 / W, screen (top(p) + bottom(p)) / 2 / H center rotate by 90 \
            textcolor rgb MUTED font SMALL
    }
    if (p > PANELS - COLUMNS) {
        set label 101 'took longer than' at screen (left(p) + right(p)) / 2 / W, screen (bottom(p) - 38) / H center textcolor rgb MUTED font SMALL
    }

    # what was never answered took longer than its wait so far: the curve goes on, nobody knows how far
    do for [c = 1:CURVES] {
        if (PANEL[c] == p && UNENDED[c] && LAST_X[c] > 0) {
            set arrow 600 + c from LAST_X[c],LAST_Y[c] to screen (x_pixel(p, LAST_X[c]) + 17) / W, screen y_pixel(p, LAST_Y[c]) / H \
                front lc rgb ink(c) lw 1.6 size screen 0.006,25 filled
        }
    }

    # the labels at the ends of the curves; those that would touch push each other away
    entries = 0
    do for [c = 1:CURVES] {
        if (PANEL[c] == p && LAST_X[c] > 0 && (!GUEST[c] || !MODELS[p])) {
            y = y_pixel(p, LAST_Y[c])
            entries = entries + 1
            e = entries
            do for [k = entries - 1:1:-1] {
                if (e == k + 1 && (WANTS[k] < y || (WANTS[k] == y && LAST_X[ENTRY[k]] < LAST_X[c]))) { ENTRY[e] = ENTRY[k]; WANTS[e] = WANTS[k]; e = k }
            }
            ENTRY[e] = c
            WANTS[e] = y
        }
    }
    gap = 18.0
    if (entries > 1 && gap * (entries - 1) > HEIGHT - 8) { gap = (HEIGHT - 8) / (entries - 1) }
    do for [e = 1:entries] { PUT[e] = WANTS[e] }
    do for [round = 1:200] {
        do for [e = 2:entries] {
            lacking = gap - (PUT[e - 1] - PUT[e])
            if (lacking > 0.05) { PUT[e - 1] = PUT[e - 1] + lacking / 2; PUT[e] = PUT[e] - lacking / 2 }
        }
        if (entries > 0) {
            if (PUT[1] > top(p) - 4) { PUT[1] = top(p) - 4 }
            if (PUT[entries] < bottom(p) + 4) { PUT[entries] = bottom(p) + 4 }
        }
    }
    do for [e = 1:entries] {
        c = ENTRY[e]
        hue_of = hue(LOCK[p], HOGS[c])
        set arrow 200 + e from screen (x_pixel(p, LAST_X[c]) + (UNENDED[c] ? 19 : 5)) / W, screen WANTS[e] / H \
            to screen (right(p) + 8) / W, screen PUT[e] / H nohead back lc rgb mix(hue_of, 0xffffff, 0.3) lw 0.9 dt (3,3)
        set label 200 + e hogs(HOGS[c]) at screen (right(p) + 12) / W, screen PUT[e] / H left front noenhanced \
            textcolor rgb mix(hue_of, INK, 0.5) font face(gap < 15 ? gap * 0.8 : 13, '')
    }

    plot for [c = 1:CURVES] 'convoy.dat' index c - 1 using (PANEL[c] == p ? $1 : NaN):2 with lines ls LINE + c notitle, \
        for [c = 1:CURVES] '+' every ::0::0 using (PANEL[c] == p && LAST_X[c] > 0 ? LAST_X[c] : NaN):(LAST_Y[c]) \
            with points pt (GUEST[c] ? shape(GUEST[c] + 1, 1) : 7) ps 0.6 lc rgb ink(c) notitle
    unset label
    unset arrow
}

# --- requests a second against hogs ---
R_LEFT = AREA + 82.0
R_RIGHT = W - 96.0
set lmargin at screen R_LEFT / W
set rmargin at screen R_RIGHT / W
set tmargin at screen TOP / H
set bmargin at screen BOTTOM / H
unset logscale x
margin = HOGS_MOST > 0 ? 0.06 * HOGS_MOST : 0.5
set xrange [-margin:HOGS_MOST + margin] noextend
# at least half a decade: else a little noise fills the panel
MIDDLE = sqrt(REQUESTS_LEAST * REQUESTS_MOST)
SPAN = sqrt(REQUESTS_MOST / REQUESTS_LEAST)
if (SPAN < 2) { SPAN = 2 }
# 0 is nowhere on this axis: what goes down to it goes to the end, with an arrow
R_MIN = MIDDLE / SPAN / (REQUESTS_NONE ? 2.5 : 1.3)
above(y) = y > R_MIN ? y : R_MIN
R_MAX = MIDDLE * SPAN * 1.3
set yrange [R_MIN:R_MAX] noextend
set xtics () nomirror scale 0 textcolor rgb MUTED font SMALL
x_at(n) = R_LEFT + (R_RIGHT - R_LEFT) * (n + margin) / (HOGS_MOST + 2 * margin)
# words where they touch neither the ones before nor the last
apart(m, n) = x_at(n) - x_at(m) > 10 + 4 * (strlen(sprintf('%d%d', m, n)))
said = -1
do for [k = 1:COUNTS] {
    if (k == COUNTS || ((said < 0 || apart(said, COUNT[k])) && apart(COUNT[k], COUNT[COUNTS]))) {
        set xtics add (sprintf('%d', COUNT[k]) COUNT[k])
        said = COUNT[k]
    }
}
set ytics () nomirror scale 0 textcolor rgb MUTED font SMALL
# 1, 2 and 5 of each decade where there are few of them
decades = log10(R_MAX / R_MIN)
count_words(v) = v < 1000 ? sprintf('%g', v) : v < 1e6 ? sprintf('%gk', v / 1000) : sprintf('%gM', v / 1e6)
do for [k = -1:8] {
    do for [m in (decades < 2.2 ? '1 2 5' : '1')] {
        tick = m * 10.0**k
        if (tick > R_MIN && tick < R_MAX) { set ytics add (count_words(tick) tick) }
    }
}
set label 'hogs' at screen (R_LEFT + R_RIGHT) / 2 / W, screen (BOTTOM - 38) / H center textcolor rgb MUTED font SMALL
set label 'requests answered a second' at screen (R_LEFT - 46) / W, screen (TOP + 13) / H left noenhanced \
    textcolor rgb INK font face(15, ':Bold')
r_pixel(y) = BOTTOM + (TOP - BOTTOM) * log(above(y) / R_MIN) / log(R_MAX / R_MIN)
entries = 0
do for [p = 1:PANELS] {
    last = 0
    do for [c = 1:CURVES] { if (PANEL[c] == p && REQUESTS[c] >= 0 && !GUEST[c]) { last = c } }
    if (last > 0) {
        y = r_pixel(REQUESTS[last])
        entries = entries + 1
        e = entries
        do for [k = entries - 1:1:-1] { if (e == k + 1 && WANTS[k] < y) { ENTRY[e] = ENTRY[k]; WANTS[e] = WANTS[k]; e = k } }
        ENTRY[e] = last
        WANTS[e] = y
    }
}
do for [e = 1:entries] { PUT[e] = WANTS[e] }
do for [round = 1:200] {
    do for [e = 2:entries] {
        lacking = 20 - (PUT[e - 1] - PUT[e])
        if (lacking > 0.05) { PUT[e - 1] = PUT[e - 1] + lacking / 2; PUT[e] = PUT[e] - lacking / 2 }
    }
}
do for [e = 1:entries] {
    c = ENTRY[e]
    hue_of = colour(LOCK[PANEL[c]])
    set arrow from screen (x_at(HOGS[c]) + 7) / W, screen WANTS[e] / H to screen (R_RIGHT + 14) / W, screen PUT[e] / H \
        nohead front lc rgb mix(hue_of, 0xffffff, 0.35) lw 1.1
    set label LOCK[PANEL[c]] at screen (R_RIGHT + 18) / W, screen PUT[e] / H left front noenhanced \
        textcolor rgb text(hue_of) font face(15, ':Bold')
}
set label 'bars: '.BARS.(REQUESTS_NONE ? '; arrow: down to 0' : '') at screen (W - 24) / W, screen 20 / H right noenhanced textcolor rgb MUTED font SMALL
if (ANY_UNENDED) {
    key_y = INTERPRETERS ? 40.0 : 20.0
    set arrow from screen 38 / W, screen key_y / H to screen 58 / W, screen key_y / H front lc rgb MUTED lw 1.6 size screen 0.006,25 filled
    set label '' at screen 38 / W, screen key_y / H point lc rgb MUTED pt 7 ps 0.6
    set label 'some requests were never answered: the longest took longer than that' at screen 66 / W, screen key_y / H left textcolor rgb MUTED font SMALL
}
load 'dashed.gp'

BAR = 0.003
do for [g = 1:INTERPRETERS] {
    lock = LOCK[OF_PANEL[g]]
    set style line LINE + g lc rgb mix(colour(lock), 0x000000, 0.3) lw 1.6 pt shape(g + 1, 1) ps 0.8 * shape_size(g + 1) dt solid
    set style line LINE + 100 + g lc rgb mix(colour(lock), 0x000000, 0.3) lw 1.2 dt solid
    eval sprintf('set style line %d dt (%s)', LINE + g, nth(DASHES, g))
}
# interpreters a little to the right, that their bars are seen
ASIDE = 0.045 * (HOGS_MOST > 0 ? HOGS_MOST : 1) / (INTERPRETERS > 0 ? INTERPRETERS : 1.0)
POINTED = 'head filled size screen 0.006,25'
plot for [p = 1:PANELS] 'requests.dat' index p - 1 using 1:($3 > 0 ? $3 : NaN):(0):($4-$3) with vectors heads nofilled size screen BAR,90 \
        lc rgb colour(LOCK[p]) lw 1.2 notitle, \
    for [g = 1:INTERPRETERS] 'requests.dat' index PANELS + g - 1 using ($1+ASIDE*g):($3 > 0 ? $3 : NaN):(0):($4-$3) \
        with vectors heads nofilled size screen BAR,90 ls LINE + 100 + g notitle, \
    for [p = 1:PANELS] 'requests.dat' index p - 1 using 1:($3 > 0 ? NaN : above($4)):(0):(R_MIN-above($4)) with vectors backhead nofilled size screen BAR,90 \
        lc rgb colour(LOCK[p]) lw 1.2 notitle, \
    for [p = 1:PANELS] 'requests.dat' index p - 1 using 1:($3 > 0 ? NaN : above($4)):(0):(R_MIN-above($4)) with vectors @POINTED \
        lc rgb colour(LOCK[p]) lw 1.2 notitle, \
    for [g = 1:INTERPRETERS] 'requests.dat' index PANELS + g - 1 using ($1+ASIDE*g):($3 > 0 ? NaN : above($4)):(0):(R_MIN-above($4)) \
        with vectors backhead nofilled size screen BAR,90 ls LINE + 100 + g notitle, \
    for [g = 1:INTERPRETERS] 'requests.dat' index PANELS + g - 1 using ($1+ASIDE*g):($3 > 0 ? NaN : above($4)):(0):(R_MIN-above($4)) \
        with vectors @POINTED ls LINE + 100 + g notitle, \
    for [p = 1:PANELS] 'requests.dat' index p - 1 using 1:(above($2)) with lines lc rgb colour(LOCK[p]) \
        lw (LOCK[p] eq 'none' ? 4 : 2.6) notitle, \
    for [p = 1:PANELS] 'requests.dat' index p - 1 using 1:($2 > 0 ? $2 : NaN) with points pt 7 ps 0.8 lc rgb colour(LOCK[p]) notitle, \
    for [g = 1:INTERPRETERS] 'requests.dat' index PANELS + g - 1 using ($1+ASIDE*g):(above($2)) with lines ls LINE + g notitle, \
    for [g = 1:INTERPRETERS] 'requests.dat' index PANELS + g - 1 using ($1+ASIDE*g):($2 > 0 ? $2 : NaN) with points ls LINE + g notitle
unset multiplot
