# How near each interpreter is to its model: a point a pair, on the diagonal where they agree.

load 'cases.gp'
load 'canvas.gp'
TITLE = 'The real interpreters, beside their models'
SUBTITLE = sprintf('Speedup of each interpreter against that of its model, with as many threads. %d of %d agree within 5 %%.', \
    AGREEING, PAIRS)

LEFT = 95.0
RIGHT = W - 330
TOP = H - 125
BOTTOM = 95.0
set lmargin at screen LEFT / W
set rmargin at screen RIGHT / W
set tmargin at screen TOP / H
set bmargin at screen BOTTOM / H

# Both axes are the same, and logarithmic: equal ratios are equal distances, and the diagonal is one.
LEAST = PAIR_MIN > 0.02 ? PAIR_MIN / 1.2 : 0.02
MOST = PAIR_MAX * 1.2
set logscale xy 2
set xrange [LEAST:MOST] noextend
set yrange [LEAST:MOST] noextend
set border 0
set grid xtics ytics back lt 1 lc rgb 0xd9d9d6 lw 0.8 dt solid
set xtics () nomirror scale 0 textcolor rgb MUTED font SMALL
set ytics () nomirror scale 0 textcolor rgb MUTED font SMALL
do for [tick in '0.03 0.06 0.12 0.25 0.35 0.5 0.7 1 1.4 2 2.8 4 8 16 32 64 128 256'] {
    if (tick > LEAST && tick < MOST) {
        set xtics add (tick tick + 0)
        set ytics add (tick tick + 0)
    }
}
set xlabel 'speedup of the model' textcolor rgb MUTED font SMALL
set ylabel 'speedup of the interpreter' textcolor rgb MUTED font SMALL

set label TITLE at screen 28 / W, screen (H - 36) / H left noenhanced textcolor rgb INK font LARGE
set label SUBTITLE at screen 28 / W, screen (H - 66) / H left noenhanced textcolor rgb INK font MEDIUM
set label MACHINE at screen 28 / W, screen (H - 89) / H left noenhanced textcolor rgb MUTED font SMALL

# The band in which they agree, and where in it they are the same.
set table $BAND
set samples 2
plot [LEAST:MOST] x
unset table

# An interpreter is a shape, a model a colour.
SHAPES = '7 5 9 11 13 15 6 4 8 10 12 14 1 2 3 7'
shape(i) = int(word(SHAPES, (int(i) - 1) % words(SHAPES) + 1))
model_hue(name) = find(KNOWN, name) ? hex(COLOUR, find(KNOWN, name)) : INK
MODELS = 'ticks gil nogil pool'

# Words only for those furthest apart: more would hide each other.
named(is, words) = is > 0 ? '  '.words : ''

set key at screen (RIGHT + 30) / W, screen (TOP + 4) / H left top vertical Left reverse samplen 1 spacing 1.35 \
    noenhanced textcolor rgb INK font MEDIUM
set label 'bars: 95 % confidence intervals, both ways' at screen (W - 24) / W, screen 22 / H right textcolor rgb MUTED font SMALL
set label 'band: within 5 %; words: the pairs furthest apart, and their threads' at screen LEFT / W, screen 22 / H left textcolor rgb MUTED font SMALL

plot $BAND using 1:($1/1.05):($1*1.05) with filledcurves lc rgb 0xe4e4e0 notitle, \
    $BAND using 1:1 with lines lc rgb 0xa8a8a4 lw 1.4 notitle, \
    'pairs.dat' using 5:8:6:7:9:10:(mix(model_hue(strcol(2)), 0xffffff, 0.35)) \
        with xyerrorbars pt 0 lw 1.2 lc rgb variable notitle, \
    for [i = 1:INTERPRETERS] 'pairs.dat' using ($1 == i ? $5 : NaN):8:(model_hue(strcol(2))) \
        with points pt shape(i) ps 1.3 lc rgb variable notitle, \
    'pairs.dat' using 5:8:(named($11 + 0, sprintf('%s %d', strcol(3), $4))) with labels left noenhanced \
        textcolor rgb MUTED font SMALL notitle, \
    for [i = 1:INTERPRETERS] NaN with points pt shape(i) ps 1.3 lc rgb MUTED title INTERPRETER[i], \
    for [m in MODELS] NaN with points pt 7 ps 1.3 lc rgb model_hue(m) title 'model '.m
