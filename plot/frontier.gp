# The trade that the switch interval of the gil makes. Left: what a request waits, and below it what the
# hogs achieve, against the interval. Right: the one against the other, a point an interval. A curve a
# number of hogs; dashed those of interpreters.

load 'convoy-cases.gp'
load 'canvas.gp'

set label 'What the switch interval does to answers, and to busy threads' at screen 28 / W, screen (H - 36) / H \
    left noenhanced textcolor rgb INK font LARGE
set label 'Under the gil of CPython 3.2 and later: who waits for the lock asks for it after the switch interval. Hogs are CPU-bound threads.' \
    at screen 28 / W, screen (H - 66) / H left noenhanced textcolor rgb INK font MEDIUM
MACHINE = MACHINE.(MACHINE eq '' ? '' : ' · ').(PIN eq 'none' ? 'threads not pinned' : 'threads pinned ('.PIN.')'). \
    (RATE > 0 ? sprintf(' · %d requests a second are due', RATE) : ' · each request when the one before is answered')
set label MACHINE at screen 28 / W, screen (H - 89) / H left noenhanced textcolor rgb MUTED font fitting(MACHINE, 13, W - 52)

GIL = hex(COLOUR, find(KNOWN, 'gil'))
load 'hogs.gp'
hue(i) = mix(shade(GIL, FRONTIER[i]), 0x000000, F_GUEST[i] ? 0.3 : 0)
wide(i) = F_GUEST[i] ? 1.5 : 3
mark(i) = F_GUEST[i] ? shape(F_GUEST[i] + 1, 1) : 7
hogs(i) = sprintf('%d hog%s', FRONTIER[i], FRONTIER[i] == 1 ? '' : 's')
# p99 and shares; their bars; medians; the bars alone, of blocks too far apart for one number
SOLID = 500
BAR_OF = 600
MEDIAN = 700
FAINT = 800
do for [i = 1:FRONTIERS] {
    set style line SOLID + i lc rgb hue(i) lw wide(i) pt mark(i) ps 0.9 dt solid
    set style line BAR_OF + i lc rgb hue(i) lw 1.2 dt solid
    set style line FAINT + i lc rgb mix(hue(i), 0xffffff, 0.6) lw 0.9 dt solid
    set style line MEDIAN + i lc rgb hue(i) lw 0.5 * wide(i) pt (F_GUEST[i] ? mark(i) : 6) ps 0.8 dt solid
    if (F_GUEST[i]) { eval sprintf('set style line %d dt (%s)', SOLID + i, nth(DASHES, F_GUEST[i])) }
    if (F_GUEST[i]) { eval sprintf('set style line %d dt (%s)', MEDIAN + i, nth(DASHES, F_GUEST[i])) }
}

# --- two panels over one axis, their labels at the right; the trade beside them ---
LEFT = 92.0
RIGHT = 560.0
T_LEFT = 780.0
T_RIGHT = W - 40.0
TOP = H - 146.0
BOTTOM = 96.0
GAP = 54.0
SPLIT = BOTTOM + 0.34 * (TOP - BOTTOM)     # the lower panel ends here
X_MIN = INTERVAL_LEAST / 1.3
X_MAX = INTERVAL_MOST * 1.3
Y_MIN = WAIT_LEAST / 1.5
Y_MAX = WAIT_MOST * 1.5
# Logarithmic, that one wide bar does not press the points together. 0 is nowhere: what goes down to it,
# or far below the points, goes to the end.
S_MAX = SHARE_MOST * 1.15
S_MIN = SHARE_LOW / 1.15 > SHARE_LEAST / 3 ? SHARE_LOW / 1.15 : SHARE_LEAST / 3
if (S_MAX < 1.4) { S_MAX = 1.4 }
if (S_MIN > 0.68) { S_MIN = 0.68 }
within(s) = s > S_MIN ? s : S_MIN
wait_pixel(y) = SPLIT + GAP + (TOP - SPLIT - GAP) * log(y / Y_MIN) / log(Y_MAX / Y_MIN)
share_pixel(y) = BOTTOM + (SPLIT - BOTTOM) * log(within(y) / S_MIN) / log(S_MAX / S_MIN)
x_pixel(x) = LEFT + (RIGHT - LEFT) * log(x / X_MIN) / log(X_MAX / X_MIN)
# interpreters a little to the right, that their bars are seen
aside(i) = (X_MAX / X_MIN)**(0.012 * F_GUEST[i])
set border 0
NAMES = '"100 ns" "1 µs" "10 µs" "100 µs" "1 ms" "10 ms" "100 ms" "1 s" "10 s" "100 s"'
HEAD = face(15, ':Bold')
set grid xtics ytics back lt 1 lc rgb 0xd9d9d6 lw 0.8 dt solid
unset key
BAR = 0.003
set label 'bars: '.BARS at screen (W - 24) / W, screen 20 / H right noenhanced textcolor rgb MUTED font SMALL
if (ANY_VAGUE) {
    set label 'faint bars alone: blocks too far apart for one number' at screen (W - 24) / W, screen 38 / H right noenhanced textcolor rgb MUTED font SMALL
}
load 'dashed.gp'

# The labels at the ends of the curves; those that would touch push each other away.
array WANTS[2 * FRONTIERS + 1]
array PUT[2 * FRONTIERS + 1]
array WORDS[2 * FRONTIERS + 1]
array INK_OF[2 * FRONTIERS + 1]
entries = 0
enter = 'entries = entries + 1; e = entries; '. \
    'do for [k = entries - 1:1:-1] { if (e == k + 1 && WANTS[k] < y) { WORDS[e] = WORDS[k]; INK_OF[e] = INK_OF[k]; WANTS[e] = WANTS[k]; e = k } }; '. \
    'WORDS[e] = name; INK_OF[e] = ink; WANTS[e] = y'
put = 'do for [e = 1:entries] { PUT[e] = WANTS[e] }; do for [round = 1:200] { do for [e = 2:entries] { '. \
    'lacking = (18 * (entries - 1) > CEILING - FLOOR ? (CEILING - FLOOR) / (entries - 1) : 18) - (PUT[e - 1] - PUT[e]); '. \
    'if (lacking > 0.05) { PUT[e - 1] = PUT[e - 1] + lacking / 2; PUT[e] = PUT[e] - lacking / 2 } }; '. \
    'if (entries > 0) { if (PUT[1] > CEILING) { PUT[1] = CEILING }; if (PUT[entries] < FLOOR) { PUT[entries] = FLOOR } } }; '. \
    'do for [e = 1:entries] { set arrow 200 + e from screen (x_pixel(INTERVAL_MOST) + 12) / W, screen WANTS[e] / H '. \
    'to screen (RIGHT + 14) / W, screen PUT[e] / H nohead back lc rgb mix(INK_OF[e], 0xffffff, 0.35) lw 1.1; '. \
    'set label 200 + e WORDS[e] at screen (RIGHT + 18) / W, screen PUT[e] / H left front noenhanced textcolor rgb mix(INK_OF[e], INK, 0.4) font SMALL }'

wait_ticks = "set ytics () nomirror scale 0 textcolor rgb MUTED font SMALL; ". \
    "do for [k = 1:10] { tick = 10.0**(k - 8); if (tick > Y_MIN && tick < Y_MAX) { set ytics add (word(NAMES, k) tick) } }"
# of what the hogs do: more of a decade where there are few of them
SHARES = S_MAX / S_MIN < 4 ? '1 1.5 2 3 5 7' : S_MAX / S_MIN < 60 ? '1 2 5' : '1'
share_ticks = "do for [k = -3:3] { do for [m in SHARES] { tick = m * 10.0**k; ". \
    "if (tick > S_MIN && tick < S_MAX) { eval sprintf('set %s add (\"%g×\" %g)', AXIS, tick, tick) } } }"

set multiplot
set lmargin at screen LEFT / W
set rmargin at screen RIGHT / W
set tmargin at screen TOP / H
set bmargin at screen (SPLIT + GAP) / H
set logscale xy 10
set xrange [X_MIN:X_MAX] noextend
set yrange [Y_MIN:Y_MAX] noextend
set xtics () nomirror scale 0 textcolor rgb MUTED font SMALL
# a line each; words where they do not touch the ones before
said = 0
do for [k = 1:INTERVALS] {
    fits = k == 1 || x_pixel(INTERVAL_AT[k]) - x_pixel(INTERVAL_AT[said > 0 ? said : 1]) > 56
    set xtics add ((fits ? INTERVAL_WORDS[k] : '') INTERVAL_AT[k])
    if (fits) { said = k }
}
eval wait_ticks
set label 100 'an answer takes' at screen LEFT / W, screen (TOP + 13) / H left textcolor rgb INK font HEAD
do for [i = 1:FRONTIERS] {
    if (!F_GUEST[i]) {
        ink = hue(i)
        name = hogs(i).', p99'; y = wait_pixel(LAST_P99[i]); eval enter
        name = hogs(i).', median'; y = wait_pixel(LAST_P50[i]); eval enter
    }
}
CEILING = TOP
FLOOR = SPLIT + GAP
eval put
bar = "with vectors heads nofilled size screen BAR,90"
plot for [i = 1:FRONTIERS] 'frontier.dat' index i - 1 using ($12 > 0 ? $1*aside(i) : NaN):6:(0):($7-$6) @bar ls FAINT + i notitle, \
    for [i = 1:FRONTIERS] 'frontier.dat' index i - 1 using ($13 > 0 ? $1*aside(i) : NaN):9:(0):($10-$9) @bar ls FAINT + i notitle, \
    for [i = 1:FRONTIERS] 'frontier.dat' index i - 1 using ($12 > 0 ? NaN : $1*aside(i)):6:(0):($7-$6) @bar ls BAR_OF + i notitle, \
    for [i = 1:FRONTIERS] 'frontier.dat' index i - 1 using ($13 > 0 ? NaN : $1*aside(i)):9:(0):($10-$9) @bar ls BAR_OF + i notitle, \
    for [i = 1:FRONTIERS] 'frontier.dat' index i - 1 using ($1*aside(i)):($12 > 0 ? NaN : $5) with linespoints ls SOLID + i notitle, \
    for [i = 1:FRONTIERS] 'frontier.dat' index i - 1 using ($1*aside(i)):($13 > 0 ? NaN : $8) with linespoints ls MEDIAN + i notitle
unset label
unset arrow

set tmargin at screen SPLIT / H
set bmargin at screen BOTTOM / H
set yrange [S_MIN:S_MAX] noextend
set ytics () nomirror scale 0 textcolor rgb MUTED font SMALL
AXIS = 'ytics'
eval share_ticks
set label 101 'switch interval' at screen (LEFT + RIGHT) / 2 / W, screen (BOTTOM - 42) / H center textcolor rgb MUTED font SMALL
set label 100 'the hogs do, together (1×: one alone, without requests)' at screen LEFT / W, screen (SPLIT + 13) / H left \
    textcolor rgb INK font HEAD
entries = 0
do for [i = 1:FRONTIERS] { if (!F_GUEST[i]) { ink = hue(i); name = hogs(i); y = share_pixel(LAST_SHARE[i]); eval enter } }
CEILING = SPLIT
FLOOR = BOTTOM
eval put
plot for [i = 1:FRONTIERS] 'frontier.dat' index i - 1 using ($1*aside(i)):(within($3)):(0):(within($4)-within($3)) \
        with vectors heads nofilled size screen BAR,90 ls BAR_OF + i notitle, \
    for [i = 1:FRONTIERS] 'frontier.dat' index i - 1 using ($1*aside(i)):($2 > 0 ? $2 : NaN) with linespoints ls SOLID + i notitle
unset label
unset arrow

# --- the trade ---
set lmargin at screen T_LEFT / W
set rmargin at screen T_RIGHT / W
set tmargin at screen TOP / H
set bmargin at screen BOTTOM / H
T_MIN = TAIL_LEAST / 1.5
set xrange [S_MIN:S_MAX] noextend
set yrange [T_MIN:Y_MAX] noextend
set xtics () nomirror scale 0 textcolor rgb MUTED font SMALL
AXIS = 'xtics'
eval share_ticks
eval wait_ticks
set label 101 'the hogs do, together' at screen (T_LEFT + T_RIGHT) / 2 / W, screen (BOTTOM - 42) / H center textcolor rgb MUTED font SMALL
set label 100 'p99, against what the hogs do' at screen T_LEFT / W, screen (TOP + 31) / H left \
    textcolor rgb INK font HEAD
# which colour is which
key_x = T_LEFT + 6
do for [i = 1:FRONTIERS] {
    if (!F_GUEST[i]) {
        set label '' at screen key_x / W, screen (TOP + 13) / H point ls SOLID + i
        set label hogs(i) at screen (key_x + 10) / W, screen (TOP + 13) / H left textcolor rgb mix(hue(i), INK, 0.4) font SMALL
        key_x = key_x + 80
    }
}
# The intervals at their points, each in the place around its point that least of the others has: a
# label, a point, or a line; where all places have something, it has none. Of many, the first and the last
# of a curve.
says(k) = SPOTS <= 16 || k == 1 || k == SPOTS || SPOT_OF[k - 1] != SPOT_OF[k] || SPOT_OF[k + 1] != SPOT_OF[k]
t_x(s) = T_LEFT + (T_RIGHT - T_LEFT) * log(within(s) / S_MIN) / log(S_MAX / S_MIN)
t_y(y) = BOTTOM + (TOP - BOTTOM) * log(y / T_MIN) / log(Y_MAX / T_MIN)
array LABEL_X[SPOTS + 1]        # its middle
array LABEL_Y[SPOTS + 1]
array LABEL_HALF[SPOTS + 1]
# beside it above or below, then level with it, on its bar; then further away
AROUND_X = '1 -1 1 -1 0 0 1 -1 1.6 -1.6 1.6 -1.6'
AROUND_Y = '0.9 0.9 -0.9 -0.9 1.3 -1.3 0 0 2 2 -2 -2'
do for [k = 1:SPOTS] {
    LABEL_X[k] = -1e4
    LABEL_Y[k] = -1e4
    LABEL_HALF[k] = 0
    if (!says(k)) { continue }
    half = 3.7 * strlen(SPOT_SAYS[k])
    least = 1e9
    do for [a = 1:words(AROUND_X)] {
        x = t_x(SPOT_SHARE[k]) + word(AROUND_X, a) * (half + 9)
        y = t_y(SPOT_P99[k]) + word(AROUND_Y, a) * 13
        lies = 0.1 * a + (x - half < T_LEFT || x + half > T_RIGHT + 30 || y < BOTTOM + 8 || y > TOP - 4 ? 50 : 0)
        do for [o = 1:SPOTS] {
            if (o < k && abs(x - LABEL_X[o]) < half + LABEL_HALF[o] && abs(y - LABEL_Y[o]) < 16) { lies = lies + 20 }
            if (abs(x - t_x(SPOT_SHARE[o])) < half + 6 && abs(y - t_y(SPOT_P99[o])) < 13) { lies = lies + 8 }
            # along the line to the next point
            if (o < SPOTS && SPOT_OF[o] == SPOT_OF[o + 1 > SPOTS ? o : o + 1]) {
                on = 0
                do for [f = 1:9] {
                    on = on || abs(x - t_x(SPOT_SHARE[o]) - f / 10.0 * (t_x(SPOT_SHARE[o + 1]) - t_x(SPOT_SHARE[o]))) < half && \
                        abs(y - t_y(SPOT_P99[o]) - f / 10.0 * (t_y(SPOT_P99[o + 1]) - t_y(SPOT_P99[o]))) < 9
                }
                lies = lies + 3 * on
            }
        }
        if (lies < least) { least = lies; LABEL_X[k] = x; LABEL_Y[k] = y; LABEL_HALF[k] = half }
    }
    if (least >= 3) { LABEL_X[k] = -1e4; LABEL_HALF[k] = 0; continue }
    ink = mix(hue(SPOT_OF[k]), INK, 0.4)
    if (SPOT_SHARE[k] > 0) {
        set label SPOT_SAYS[k] at screen LABEL_X[k] / W, screen LABEL_Y[k] / H center front noenhanced textcolor rgb ink font SMALL
    }
}
do for [i = 1:FRONTIERS] { set style line BAR_OF + i lc rgb mix(hue(i), 0xffffff, 0.4) lw 0.9 dt solid }
plot for [i = 1:FRONTIERS] 'frontier.dat' index i - 1 using ($12 > 0 && !F_GUEST[i] ? within($2) : NaN):6:(0):($7-$6) @bar ls FAINT + i notitle, \
    for [i = 1:FRONTIERS] 'frontier.dat' index i - 1 using ($12 > 0 || F_GUEST[i] ? NaN : within($2)):6:(0):($7-$6) @bar ls BAR_OF + i notitle, \
    for [i = 1:FRONTIERS] 'frontier.dat' index i - 1 using ($12 > 0 || F_GUEST[i] ? NaN : within($3)):5:(within($4)-within($3)):(0) @bar ls BAR_OF + i notitle, \
    for [i = 1:FRONTIERS] 'frontier.dat' index i - 1 using ($2 > 0 && $12 == 0 ? $2 : NaN):5 with linespoints ls SOLID + i notitle
unset multiplot
