# The trade that the switch interval of the gil makes: what a request waits, and below it what the hogs
# achieve, against the interval; a curve a number of hogs.

load 'convoy-cases.gp'
load 'canvas.gp'

set label 'What a shorter switch interval buys, and what it costs' at screen 28 / W, screen (H - 36) / H left noenhanced \
    textcolor rgb INK font LARGE
set label 'Under the gil of CPython 3.2 and later: how long an answer takes, and what the CPU-bound threads (hogs) still do.' \
    at screen 28 / W, screen (H - 66) / H left noenhanced textcolor rgb INK font MEDIUM
MACHINE = MACHINE.(MACHINE eq '' ? '' : ' · ').(PIN eq 'none' ? 'threads not pinned' : 'threads pinned ('.PIN.')'). \
    (RATE > 0 ? sprintf(' · %d requests a second are due', RATE) : ' · each request when the one before is answered')
set label MACHINE at screen 28 / W, screen (H - 89) / H left noenhanced textcolor rgb MUTED font SMALL

GIL = hex(COLOUR, find(KNOWN, 'gil'))
pale(i) = FRONTIERS < 2 ? 0 : 0.55 * (FRONTIERS - i) / (FRONTIERS - 1.0)
hue(i) = mix(GIL, 0xffffff, pale(i))
hogs(i) = sprintf('%d hog%s', FRONTIER[i], FRONTIER[i] == 1 ? '' : 's')

# --- two panels over one axis, the labels at their right ---
LEFT = 96.0
RIGHT = W - 176.0
TOP = H - 140.0
BOTTOM = 84.0
GAP = 52.0
SPLIT = BOTTOM + 0.36 * (TOP - BOTTOM)     # the lower panel ends here
X_MIN = INTERVAL_LEAST / 1.25
X_MAX = INTERVAL_MOST * 1.25
Y_MIN = WAIT_LEAST / 1.6
Y_MAX = WAIT_MOST * 1.6
S_MAX = SHARE_MOST * 1.1
wait_pixel(y) = SPLIT + GAP + (TOP - SPLIT - GAP) * log(y / Y_MIN) / log(Y_MAX / Y_MIN)
share_pixel(y) = BOTTOM + (SPLIT - BOTTOM) * y / S_MAX
x_pixel(x) = LEFT + (RIGHT - LEFT) * log(x / X_MIN) / log(X_MAX / X_MIN)
set lmargin at screen LEFT / W
set rmargin at screen RIGHT / W
set border 0
set logscale x 10
set xrange [X_MIN:X_MAX] noextend
NAMES = '"100 ns" "1 µs" "10 µs" "100 µs" "1 ms" "10 ms" "100 ms" "1 s" "10 s" "100 s"'
set xtics () nomirror scale 0 textcolor rgb MUTED font SMALL
do for [k = 1:INTERVALS] { set xtics add (INTERVAL_WORDS[k] INTERVAL_AT[k]) }
set grid xtics ytics back lt 1 lc rgb 0xd9d9d6 lw 0.8 dt solid
unset key
BAR = 0.003
BARS = BLOCKS < 6 ? sprintf('bars: range of %d block%s', BLOCKS, BLOCKS == 1 ? '' : 's') : 'bars: 95 % intervals'
set label BARS at screen (W - 24) / W, screen 20 / H right noenhanced textcolor rgb MUTED font SMALL

# The labels at the ends of the curves; those that would touch push each other away.
array WANTS[2 * FRONTIERS + 1]
array PUT[2 * FRONTIERS + 1]
array ENTRY[2 * FRONTIERS + 1]
array NAME[2 * FRONTIERS + 1]
array INK_OF[2 * FRONTIERS + 1]
entries = 0
enter = 'entries = entries + 1; e = entries; '. \
    'do for [k = entries - 1:1:-1] { if (e == k + 1 && WANTS[k] < y) { NAME[e] = NAME[k]; INK_OF[e] = INK_OF[k]; WANTS[e] = WANTS[k]; e = k } }; '. \
    'NAME[e] = name; INK_OF[e] = ink; WANTS[e] = y'
put = 'do for [e = 1:entries] { PUT[e] = WANTS[e] }; do for [round = 1:200] { do for [e = 2:entries] { '. \
    'lacking = 18 - (PUT[e - 1] - PUT[e]); '. \
    'if (lacking > 0.05) { PUT[e - 1] = PUT[e - 1] + lacking / 2; PUT[e] = PUT[e] - lacking / 2 } } }; '. \
    'do for [e = 1:entries] { set arrow 200 + e from screen (x_pixel(INTERVAL_MOST) + 8) / W, screen WANTS[e] / H '. \
    'to screen (RIGHT + 14) / W, screen PUT[e] / H nohead front lc rgb mix(INK_OF[e], 0xffffff, 0.35) lw 1.1; '. \
    'set label 200 + e NAME[e] at screen (RIGHT + 18) / W, screen PUT[e] / H left front noenhanced textcolor rgb text(INK_OF[e]) font SMALL }'

set multiplot
set tmargin at screen TOP / H
set bmargin at screen (SPLIT + GAP) / H
set logscale y 10
set yrange [Y_MIN:Y_MAX] noextend
set ytics () nomirror scale 0 textcolor rgb MUTED font SMALL
do for [k = 1:10] {
    tick = 10.0**(k - 8)
    if (tick > Y_MIN && tick < Y_MAX) { set ytics add (word(NAMES, k) tick) }
}
set label 100 'an answer takes' at screen LEFT / W, screen (TOP + 13) / H left textcolor rgb INK font face(15, ':Bold')
do for [i = 1:FRONTIERS] {
    ink = hue(i)
    name = hogs(i).', p99'; y = wait_pixel(LAST_P99[i]); eval enter
    name = hogs(i).', median'; y = wait_pixel(LAST_P50[i]); eval enter
}
eval put
plot for [i = 1:FRONTIERS] 'frontier.dat' index i - 1 using 1:6:(0):($7-$6) with vectors heads nofilled size screen BAR,90 \
        lc rgb hue(i) lw 1.1 notitle, \
    for [i = 1:FRONTIERS] 'frontier.dat' index i - 1 using 1:5 with linespoints lc rgb hue(i) lw 3 pt 7 ps 0.9 notitle, \
    for [i = 1:FRONTIERS] 'frontier.dat' index i - 1 using 1:8 with linespoints lc rgb hue(i) lw 1.6 dt (6,4) pt 7 ps 0.6 notitle
unset label
unset arrow

set tmargin at screen SPLIT / H
set bmargin at screen BOTTOM / H
unset logscale y
set yrange [0:S_MAX] noextend
set ytics auto nomirror scale 0 textcolor rgb MUTED font SMALL
set ytics 0,(S_MAX < 1.6 ? 0.5 : 1) format '%g×'
set xlabel 'switch interval' textcolor rgb MUTED font SMALL
set label 100 'all hogs together do (of one alone, without requests)' at screen LEFT / W, screen (SPLIT + 13) / H left \
    textcolor rgb INK font face(15, ':Bold')
entries = 0
do for [i = 1:FRONTIERS] { ink = hue(i); name = hogs(i); y = share_pixel(LAST_SHARE[i]); eval enter }
eval put
plot for [i = 1:FRONTIERS] 'frontier.dat' index i - 1 using 1:3:(0):($4-$3) with vectors heads nofilled size screen BAR,90 \
        lc rgb hue(i) lw 1.1 notitle, \
    for [i = 1:FRONTIERS] 'frontier.dat' index i - 1 using 1:2 with linespoints lc rgb hue(i) lw 3 pt 7 ps 0.9 notitle
unset multiplot
