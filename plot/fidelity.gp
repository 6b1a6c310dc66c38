# How near each interpreter is to its model. Left, a point a pair, on the diagonal where they agree;
# right, the same pairs a row each, as ratios: most lie on each other at left, and none does there.

load 'cases.gp'
load 'canvas.gp'
TITLE = 'The real interpreters, beside their models'
SUBTITLE = sprintf('Speedup of each interpreter against that of its model, with as many threads. %d of %d agree within 5 %%', \
    AGREEING, PAIRS).(AGREEING == PAIRS ? '.' : \
    sprintf(', %d %s apart, %d undecided.', APART, APART == 1 ? 'is' : 'are', PAIRS - AGREEING - APART))

TOP = H - 132.0
BOTTOM = 100.0
# the diagonal's panel is square
LEFT = 84.0
RIGHT = LEFT + TOP - BOTTOM
# the columns of the rows: interpreter, shape, mode and model, threads, axis, ratio
longest = 11
longest_mode = 12
do for [g = 1:GROUPS] {
    if (strlen(GROUP_INTERPRETER[g]) > longest) { longest = strlen(GROUP_INTERPRETER[g]) }
    mode_words = GROUP_MODE[g].GROUP_MODEL[g]
    if (strlen(mode_words) + 3 > longest_mode) { longest_mode = strlen(mode_words) + 3 }
}
NAMES = RIGHT + 36
MODES = NAMES + 8.7 * longest + 16
COUNTS = MODES + 62 + (longest_mode > 15 ? 7.2 * longest_mode : 108)
ROWS_LEFT = COUNTS + 14
VALUES = W - 24.0
# few rows are not pulled apart further than they can be read as a list
units = ROW_UNITS + 1 > 8 ? ROW_UNITS + 1 : 8
pitch = (TOP - BOTTOM) / units
# with room, each row says its threads and its ratio; with less, its threads, in two columns in turn
spoken = pitch >= 8.8
in_turn = !spoken && pitch >= 5
ROWS_RIGHT = spoken ? VALUES - 52 : VALUES

set border 0
unset key
set tics scale 0
set xtics nomirror textcolor rgb MUTED font SMALL
set ytics nomirror textcolor rgb MUTED font SMALL
set label TITLE at screen 28 / W, screen (H - 36) / H left noenhanced textcolor rgb INK font LARGE
set label SUBTITLE at screen 28 / W, screen (H - 66) / H left noenhanced textcolor rgb INK font MEDIUM
set label MACHINE at screen 28 / W, screen (H - 89) / H left noenhanced textcolor rgb MUTED font SMALL
# the ends of a ratio's bar are made of those of the two
bars = 'bars: '.BARS."; of a ratio: interpreter's low end / model's high end, and the reverse"
set label bars at screen VALUES / W, screen 22 / H right textcolor rgb MUTED font fitting(bars, 13, VALUES - LEFT - 420)
pins = PAIRS_PINNED && PAIRS_UNPINNED ? 'filled: pinned (core), open: not pinned' : PAIRS_PINNED ? 'all pinned (core)' : \
    PAIRS_UNPINNED ? 'none pinned' : ''
set label 'band: within 5 %'.(pins eq '' ? '' : '    '.pins) at screen LEFT / W, screen 22 / H left textcolor rgb MUTED font SMALL
BAND = 0xe9e9e5
LINE = 0xa8a8a4
GRID = 0xd9d9d6
pale(hue, share) = mix(hue, 0xffffff, share)

set clip two
set multiplot

# --- left: both axes are the same, and logarithmic: equal ratios are equal distances ---
LEAST = PAIR_MIN > 0.02 ? PAIR_MIN / 1.08 : 0.02
MOST = PAIR_MAX * 1.08
set lmargin at screen LEFT / W
set rmargin at screen RIGHT / W
set tmargin at screen TOP / H
set bmargin at screen BOTTOM / H
set logscale xy 2
set xrange [LEAST:MOST] noextend
set yrange [LEAST:MOST] noextend
set grid xtics ytics back lt 1 lc rgb GRID lw 0.8 dt solid
set xtics ()
set ytics ()
list = MOST / LEAST < 1.5 ? '0.8 0.85 0.9 0.95 1 1.05 1.1 1.15 1.2' : MOST / LEAST < 20 ? '0.06 0.09 0.12 0.18 0.25 0.35 0.5 0.7 1 1.4 2 2.8 4 5.6 8 11 16 32' : \
    MOST / LEAST < 1000 ? '0.03 0.06 0.12 0.25 0.5 1 2 4 8 16 32 64 128 256' : '0.06 0.25 1 4 16 64 256'
do for [tick in list] {
    if (tick > LEAST && tick < MOST) {
        set xtics add (tick tick + 0)
        set ytics add (tick tick + 0)
    }
}
set label 'speedup of the model' at screen (LEFT + RIGHT) / 2 / W, screen (BOTTOM - 46) / H center textcolor rgb MUTED font SMALL
set ylabel 'speedup of the interpreter' textcolor rgb MUTED font SMALL
set samples 2
set table $DIAGONAL
plot [LEAST:MOST] x
unset table
size = PAIRS > 16 ? 0.75 : 1.0
plot $DIAGONAL using 1:($1/1.05):($1*1.05) with filledcurves lc rgb BAND notitle, \
    $DIAGONAL using 1:1 with lines lc rgb LINE lw 1.4 notitle, \
    'pairs.dat' using 5:8:6:7:(pale(guest_hue($1, strcol(2)), 0.6)) with xerrorbars pt 0 lw 1 lc rgb variable notitle, \
    'pairs.dat' using 5:8:9:10:(pale(guest_hue($1, strcol(2)), 0.6)) with yerrorbars pt 0 lw 1 lc rgb variable notitle, \
    for [i = 1:INTERPRETERS] for [filled = 0:1] 'pairs.dat' using ($1 == i && $15 == filled ? $5 : NaN):8:(guest_hue(i, strcol(2))) \
        with points pt shape(i + 1, filled) ps size * shape_size(i + 1) lc rgb variable notitle

# --- right: the same as ratios ---
unset label
unset ylabel
unset grid
unset logscale y
ROW_MOST = 0
do for [n in ROW_THREADS] { if (n > ROW_MOST) { ROW_MOST = n + 0 } }
row_pixel(at) = TOP - (at + 0.5) * pitch
set lmargin at screen ROWS_LEFT / W
set rmargin at screen ROWS_RIGHT / W
set yrange [units - 0.5:-0.5] noextend
LEAST = RATIO_MIN < 0.2 ? 0.19 : RATIO_MIN / 1.02
MOST = RATIO_MAX > 5 ? 5.2 : RATIO_MAX * 1.02
if (LEAST > 0.88) { LEAST = 0.88 }
if (MOST < 1.13) { MOST = 1.13 }
set xrange [LEAST:MOST] noextend
set xtics ()
unset ytics
list = MOST / LEAST < 1.6 ? '0.8 0.9 1 1.1 1.2' : MOST / LEAST < 3 ? '0.5 0.6 0.8 1 1.2 1.5 2' : \
    MOST / LEAST < 10 ? '0.35 0.5 0.7 1 1.4 2 2.8 4' : '0.25 0.5 1 2 4'
do for [tick in list] {
    if (tick > LEAST && tick < MOST) {
        set xtics add (tick tick + 0)
    }
}
set grid xtics back lt 1 lc rgb GRID lw 0.8 dt solid
set label 'interpreter / model' at screen (ROWS_LEFT + ROWS_RIGHT) / 2 / W, screen (BOTTOM - 46) / H center textcolor rgb MUTED font SMALL
set object rectangle from 1 / 1.05,graph 0 to 1.05,graph 1 behind fillcolor rgb BAND fillstyle solid noborder
set arrow from 1,graph 0 to 1,graph 1 nohead back lc rgb LINE lw 1.4

# What the rows are.
size = pitch >= 16 ? 13 : spoken ? pitch * 0.85 : 8.5
small = face(size, '')
at_top = (TOP + 11) / H
set label 'mode (model)' at screen (MODES + 14) / W, screen at_top left textcolor rgb MUTED font SMALL
if (spoken || in_turn) {
    set label 'threads' at screen COUNTS / W, screen at_top right textcolor rgb MUTED font SMALL
}
if (spoken) {
    set label 'ratio' at screen VALUES / W, screen at_top right textcolor rgb MUTED font SMALL
}
if (!spoken && !in_turn) {
    set label 'rows of a group, from the top: few threads to many' \
        at screen VALUES / W, screen at_top right textcolor rgb MUTED font SMALL
}
if (spoken || in_turn) {
    do for [r = 1:PAIRS] {
        y = row_pixel(word(ROW_PLACE, r) + 0) / H
        aside = in_turn && r % 2 ? 5 + 5.5 * strlen(sprintf('%d', ROW_MOST)) : 0
        set label word(ROW_THREADS, r) at screen (COUNTS - aside) / W, screen y right textcolor rgb MUTED font small
        if (spoken) { set label sprintf('%.2f', word(ROW_RATIO, r) + 0) at screen VALUES / W, screen y right textcolor rgb MUTED font small }
    }
}
words_size = GROUPS > 24 ? 11 : 14
was = ''
do for [g = 1:GROUPS] {
    y = row_pixel(pitch >= 16 ? GROUP_TOP[g] : (GROUP_TOP[g] + GROUP_END[g]) / 2.0) / H
    hue = guest_hue(GROUP_SHAPE[g], GROUP_MODEL[g])
    if (GROUP_INTERPRETER[g] ne was) {
        set label GROUP_INTERPRETER[g] at screen NAMES / W, screen y left noenhanced textcolor rgb INK font face(words_size, ':Bold')
    }
    was = GROUP_INTERPRETER[g]
    set label '' at screen MODES / W, screen y point pt shape(GROUP_SHAPE[g] + 1, 1) ps shape_size(GROUP_SHAPE[g] + 1) lc rgb hue
    mode_words = GROUP_MODE[g].' ('.GROUP_MODEL[g].')'
    set label mode_words at screen (MODES + 14) / W, screen y left noenhanced textcolor rgb text(hue) font face(words_size, '')
}
plot 'pairs.dat' using 11:14:12:13:(pale(guest_hue($1, strcol(2)), 0.45)) with xerrorbars pt 0 lw (pitch < 8 ? 1.1 : 1.4) lc rgb variable notitle, \
    for [i = 1:INTERPRETERS] for [filled = 0:1] 'pairs.dat' using ($1 == i && $15 == filled ? $11 : NaN):14:(guest_hue(i, strcol(2))) \
        with points pt shape(i + 1, filled) ps (pitch < 8 ? 0.6 : pitch < 16 ? 0.75 : 1) * shape_size(i + 1) lc rgb variable notitle

unset multiplot
