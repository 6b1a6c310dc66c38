# From which length of a native call on it pays to release the lock around it: the speedup over one
# thread that holds, against the length of the call, a panel a pin policy.

load 'breakeven-cases.gp'
load 'canvas.gp'

TITLE = 'When it pays to release the lock around a native call'
SUBTITLE = 'How many times as fast as one thread that holds the lock, for calls of growing length. Up is better.'
set label TITLE at screen 28 / W, screen (H - 36) / H left noenhanced textcolor rgb INK font LARGE
set label SUBTITLE at screen 28 / W, screen (H - 66) / H left noenhanced textcolor rgb INK font MEDIUM
MACHINE = MACHINE.(MACHINE eq '' ? '' : ' · ').'lock: '.LOCK.' · calls of: '.KERNEL. \
    (DRIFTING > 0 ? sprintf(' · %d of %d cases drift', DRIFTING, CASES) : '')
set label MACHINE at screen 28 / W, screen (H - 89) / H left noenhanced textcolor rgb MUTED font SMALL
set label 'bars: 95 % intervals    hollow points: runs that drifted    upright band: interval of the break-even' \
    at screen 60 / W, screen 20 / H left noenhanced textcolor rgb MUTED font SMALL

# --- hold is warm and release is cold, as the lock and no lock are in the other pictures; more
# threads are darker and wider ---
HOLD = 0xD55E00
RELEASE_HUE = 0x0072B2
rank_of(n) = 1 + (sum [k = 1:COUNTS] (COUNT[k] < n ? 1 : 0))
pale(n) = COUNTS < 2 ? 0 : 0.55 * (COUNTS - rank_of(n)) / (COUNTS - 1.0)
hue(is_release, n) = mix(is_release ? RELEASE_HUE : HOLD, 0xffffff, pale(n))
wide(n) = 1.4 + 1.6 * (1 - pale(n) / 0.55)
threads(n) = sprintf('%d thread%s', n, n == 1 ? '' : 's')

# --- the panels: side by side, the labels of each at its right ---
LABELS = COUNT[COUNTS] > 99 ? 166.0 : 152.0
LEFT = 72.0
GAP = 14.0
ROWS = COUNTS > 2 ? COUNTS - 1 : 1       # of words above a panel
TOP = H - 138.0 - 17 * ROWS
BOTTOM = 92.0
PANEL_WIDTH = (W - LEFT - 2 - (PANELS - 1) * GAP) / PANELS
left(p) = LEFT + (p - 1) * (PANEL_WIDTH + GAP)
right(p) = left(p) + PANEL_WIDTH - LABELS

X_MIN = X_LEAST / (X_MOST > X_LEAST ? 1.25 : 3)
X_MAX = X_MOST * (X_MOST > X_LEAST ? 1.25 : 3)
Y_MIN = (Y_LEAST < 0.9 ? Y_LEAST : 0.9) / 1.12
Y_MAX = (Y_MOST > 1.1 ? Y_MOST : 1.1) * 1.12
x_pixel(p, x) = left(p) + (right(p) - left(p)) * log(x / X_MIN) / log(X_MAX / X_MIN)
y_pixel(y) = BOTTOM + (TOP - BOTTOM) * log(y / Y_MIN) / log(Y_MAX / Y_MIN)
inside(x) = x < X_MIN ? X_MIN : x > X_MAX ? X_MAX : x

set logscale x 10
set logscale y 2
set xrange [X_MIN:X_MAX] noextend
set yrange [Y_MIN:Y_MAX] noextend
set border 0
set tmargin at screen TOP / H
set bmargin at screen BOTTOM / H
set xtics () nomirror scale 0 textcolor rgb MUTED font SMALL
NAMES = '"1 ns" "10 ns" "100 ns" "1 µs" "10 µs" "100 µs" "1 ms" "10 ms" "100 ms" "1 s" "10 s"'
do for [k = 1:11] {
    tick = 10.0**(k - 10)
    if (tick > X_MIN && tick < X_MAX) { set xtics add (word(NAMES, k) tick) }
}
set ytics () nomirror scale 0 textcolor rgb MUTED font SMALL
step = log(Y_MAX / Y_MIN) / log(2) > 12 ? 2 : 1
do for [k = -20:20:step] {
    if (2.0**k > Y_MIN && 2.0**k < Y_MAX) {
        set ytics add ((k < 0 ? sprintf('1/%d', 2**-k) : sprintf('%d', 2**k)) 2.0**k)
    }
}
set grid noxtics ytics back lt 1 lc rgb 0xd9d9d6 lw 0.8 dt solid
set xlabel 'length of a call, alone' textcolor rgb MUTED font SMALL
unset key
BAR = 0.003

# --- the labels at the ends of the curves: each wants to be where its curve ends; those that would
# touch push each other away ---
array ENTRY[CURVES + 1]
array WANTS[CURVES + 1]
array PUT[CURVES + 1]

set multiplot
do for [p = 1:PANELS] {
    set lmargin at screen left(p) / W
    set rmargin at screen right(p) / W
    # one axis for all
    if (p == 1) {
        set ylabel 'speedup' offset 1,0 textcolor rgb MUTED font SMALL
    } else {
        unset ylabel
        set format y ''
        set ytics () nomirror scale 0
        do for [k = -20:20:step] { if (2.0**k > Y_MIN && 2.0**k < Y_MAX) { set ytics add ('' 2.0**k) } }
    }
    set label 100 (PIN[p] eq 'none' ? 'threads not pinned' : 'threads pinned ('.PIN[p].')') \
        at screen left(p) / W, screen (TOP + 16 + 17 * ROWS) / H left noenhanced textcolor rgb INK font face(15, ':Bold')

    # break-evens: a band for the interval, a line, and words in the strip above
    row = 0
    do for [i = 1:EVENS] {
        if (EVEN_PANEL[i] == p && EVEN_THREADS[i] > 1) {
            if (EVEN[i] > 0) {
                band = mix(hue(1, EVEN_THREADS[i]), 0xffffff, 0.88)
                set object 10 + i rectangle from inside(EVEN_LO[i]),graph 0 to inside(EVEN_HI[i]),graph 1 behind \
                    fillcolor rgb band fillstyle solid noborder
                set arrow 10 + i from EVEN[i],graph 0 to EVEN[i],graph 1 nohead back \
                    lc rgb hue(1, EVEN_THREADS[i]) lw 1.6 dt (6,4)
            }
            x = EVEN[i] > 0 ? x_pixel(p, EVEN[i]) : right(p)
            words = (COUNTS > 2 ? threads(EVEN_THREADS[i]).': ' : '').EVEN_WORDS[i]
            # words are kept within the panel
            half = 3.4 * strlen(words)
            x = x + half > right(p) + 60 ? right(p) + 60 - half : x - half < left(p) ? left(p) + half : x
            set label 10 + i words at screen x / W, screen (TOP + 10 + 17 * row) / H center noenhanced \
                textcolor rgb text(hue(1, EVEN_THREADS[i])) font SMALL
            row = row + 1
        }
    }
    set arrow 9 from X_MIN,1 to X_MAX,1 nohead back lc rgb 0x666666 lw 1.2

    # entry 0 is the baseline: one thread that holds
    entries = 1
    ENTRY[1] = 0
    WANTS[1] = y_pixel(1)
    do for [c = 1:CURVES] {
        if (PANEL[c] == p) {
            y = y_pixel(LAST_Y[c])
            entries = entries + 1
            e = entries
            do for [k = entries - 1:1:-1] {
                if (e == k + 1 && WANTS[k] < y) { ENTRY[e] = ENTRY[k]; WANTS[e] = WANTS[k]; e = k }
            }
            ENTRY[e] = c
            WANTS[e] = y
        }
    }
    gap = 18.0
    if (gap * (entries - 1) > TOP - BOTTOM - 8) { gap = (TOP - BOTTOM - 8) / (entries - 1) }
    do for [e = 1:entries] { PUT[e] = WANTS[e] }
    do for [round = 1:200] {
        do for [e = 2:entries] {
            lacking = gap - (PUT[e - 1] - PUT[e])
            if (lacking > 0.05) { PUT[e - 1] = PUT[e - 1] + lacking / 2; PUT[e] = PUT[e] - lacking / 2 }
        }
        if (PUT[1] > TOP - 4) { PUT[1] = TOP - 4 }
        if (PUT[entries] < BOTTOM + 4) { PUT[entries] = BOTTOM + 4 }
    }
    do for [e = 1:entries] {
        c = ENTRY[e]
        ink = c > 0 ? hue(RELEASE[c], THREADS[c]) : 0x666666
        from = c > 0 ? x_pixel(p, LAST_X[c]) + 8 : right(p)
        name = c > 0 ? sprintf('%s, %s', RELEASE[c] ? 'release' : 'hold', threads(THREADS[c])) : 'hold, 1 thread'
        set arrow 200 + e from screen from / W, screen WANTS[e] / H to screen (right(p) + 14) / W, screen PUT[e] / H \
            nohead front lc rgb mix(ink, 0xffffff, 0.35) lw 1.1
        set label 200 + e name at screen (right(p) + 18) / W, screen PUT[e] / H left front noenhanced \
            textcolor rgb text(ink) font face(gap < 15 ? gap * 0.8 : 13, '')
    }

    plot for [c = 1:CURVES] 'breakeven.dat' index c - 1 using (PANEL[c] == p ? $1 : NaN):3:(0):($4-$3) \
            with vectors heads nofilled size screen BAR,90 lc rgb hue(RELEASE[c], THREADS[c]) lw 1.1 notitle, \
        for [c = 1:CURVES] 'breakeven.dat' index c - 1 using (PANEL[c] == p ? $1 : NaN):2 \
            with lines lc rgb hue(RELEASE[c], THREADS[c]) lw wide(THREADS[c]) notitle, \
        for [c = 1:CURVES] 'breakeven.dat' index c - 1 using (PANEL[c] == p ? $1 : NaN):2 \
            with points pt 7 ps 0.75 lc rgb hue(RELEASE[c], THREADS[c]) notitle, \
        for [c = 1:CURVES] 'breakeven.dat' index c - 1 using (PANEL[c] == p && $5 > 0 ? $1 : NaN):2 \
            with points pt 7 ps 0.45 lc rgb 0xffffff notitle

    # the words on top are drawn once
    unset label
    unset arrow
    unset object
}
unset multiplot
