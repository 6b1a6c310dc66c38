# From which length of a native call on it pays to release the lock around it: the speedup over one
# thread that holds, against the length of the call, a panel a pin policy.

load 'breakeven-cases.gp'
load 'canvas.gp'

TITLE = 'When it pays to release the lock around a native call'
SUBTITLE = 'How many times as fast as one thread that holds the lock, for calls of growing length. Up is better.'
set label TITLE at screen 28 / W, screen (H - 36) / H left noenhanced textcolor rgb INK font LARGE
set label SUBTITLE at screen 28 / W, screen (H - 66) / H left noenhanced textcolor rgb INK font MEDIUM
MACHINE = MACHINE.(MACHINE eq '' ? '' : ' · ').'lock: '.LOCK.' · calls of: '.KERNEL. \
    (DRIFTING > 0 ? sprintf(' · %d of %d cases%s drift', DRIFTING, CASES, INTERPRETERS ? ' of the model' : '') : '')
set label MACHINE at screen 28 / W, screen (H - 89) / H left noenhanced textcolor rgb MUTED font SMALL
# --- hold is warm and release is cold, as the lock and no lock are in the other pictures; more
# threads are darker and wider ---
HOLD = 0xD55E00
RELEASE_HUE = 0x0072B2
rank_of(n) = 1 + (sum [k = 1:COUNTS] (COUNT[k] < n ? 1 : 0))
pale(n) = COUNTS < 2 ? 0 : 0.55 * (COUNTS - rank_of(n)) / (COUNTS - 1.0)
hue(is_release, n) = mix(is_release ? RELEASE_HUE : HOLD, 0xffffff, pale(n))
wide(n) = 1.4 + 1.6 * (1 - pale(n) / 0.55)
threads(n) = sprintf('%d thread%s', n, n == 1 ? '' : 's')

# --- interpreters lie on the model's curves, in their colour, a shade darker: thin and dashed, a shape
# each ---
guest_shade(colour) = mix(colour, 0x000000, 0.3)
ink(c) = OF[c] ? guest_shade(hue(RELEASE[c], THREADS[c])) : hue(RELEASE[c], THREADS[c])
mark(c) = OF[c] ? shape(OF[c] + 1, 1) : 7
mark_size(c) = OF[c] ? 0.62 * shape_size(OF[c] + 1) : 0.75
do for [c = 1:CURVES] {
    set style line c lc rgb ink(c) lw (OF[c] ? 1.4 : wide(THREADS[c])) dt solid
    if (OF[c]) { eval sprintf('set style line %d dt (%s)', c, nth(DASHES, OF[c])) }
}

# --- the panels: side by side, the labels of each at its right ---
LABELS = COUNT[COUNTS] > 99 ? 166.0 : 152.0
shapes = 0                  # before a name: those of the interpreters that share it
do for [c = 1:CURVES] {
    long = 24 + 6.2 * strlen(WHOSE[c])
    sharing = words(MEMBERS[c]) - (OF[c] ? 0 : 1)
    if (INTERPRETERS > 1 && sharing > shapes) { shapes = sharing }
    if (long > LABELS) { LABELS = long }
}
if (shapes > 5) { shapes = 5 }
LABELS = LABELS + 14 * shapes
LEFT = 72.0
GAP = 14.0
ROWS = COUNTS > 2 ? COUNTS - 1 : 1       # of words above a panel
TOP = H - 138.0 - 17 * ROWS
BOTTOM = INTERPRETERS ? 108.0 : 92.0
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
# in a narrow panel each second or third, that none lies on the next
decade = (right(1) - left(1)) / (log(X_MAX / X_MIN) / log(10))
every = decade > 56 ? 1 : decade > 28 ? 2 : decade > 19 ? 3 : 4
do for [k = 1:11] {
    tick = 10.0**(k - 10)
    if ((k - 3) % every == 0 && tick > X_MIN && tick < X_MAX) { set xtics add (word(NAMES, k) tick) }
}
set ytics () nomirror scale 0 textcolor rgb MUTED font SMALL
step = log(Y_MAX / Y_MIN) / log(2) > 12 ? 2 : 1
do for [k = -20:20:step] {
    if (2.0**k > Y_MIN && 2.0**k < Y_MAX) {
        set ytics add ((k < 0 ? sprintf('1/%d', 2**-k) : sprintf('%d', 2**k)) 2.0**k)
    }
}
set grid noxtics ytics back lt 1 lc rgb 0xd9d9d6 lw 0.8 dt solid
unset key
BAR = 0.003

# --- the labels at the ends of the curves: each wants to be where its curve ends; those that would
# touch push each other away ---
array ENTRY[CURVES + 1]
array WANTS[CURVES + 1]
array PUT[CURVES + 1]
array TALL[CURVES + 1]

# --- the key below: what the lines and points stand for ---
key_y = INTERPRETERS ? 40.0 : 20.0
set label 'bars: '.BARS.'    hollow points: runs that drifted'.(BARS[1:4] eq 'none' ? '' : '    upright band: the same of the break-even') \
    at screen 60 / W, screen key_y / H left noenhanced textcolor rgb MUTED font SMALL
if (INTERPRETERS) {
    if (LEFT_OUT ne '') {
        set label LEFT_OUT at screen (W - 24) / W, screen key_y / H right noenhanced textcolor rgb MUTED font SMALL
    }
    in_words = 'thin and dashed: '.(INTERPRETERS == 1 ? 'the interpreter over its own hold with 1 thread, in the colour of its model' : \
        INTERPRETERS == 2 ? 'interpreters over their own hold with 1 thread, in the colour of their model' : \
        'interpreters over their own hold')
    needs = 7.0 * strlen(in_words)
    do for [k = 1:INTERPRETERS] { needs = needs + 72 + 7.2 * strlen(INTERPRETER[k]) }
    narrow = needs > W - 84 ? (W - 84) / needs : 1
    KEY_FACE = face(13 * narrow, '')
    key_x = 60.0
    do for [k = 1:INTERPRETERS] {
        eval sprintf('set arrow from screen %g,screen %g to screen %g,screen %g nohead lc rgb MUTED lw 1.4 dt (%s)', \
            key_x / W, 18 / H, (key_x + 44 * narrow) / W, 18 / H, nth(DASHES, k))
        set label '' at screen (key_x + 22 * narrow) / W, screen 18 / H point lc rgb MUTED \
            pt shape(k + 1, 1) ps 0.62 * shape_size(k + 1)
        key_x = key_x + 52 * narrow
        set label INTERPRETER[k] at screen key_x / W, screen 18 / H left noenhanced textcolor rgb MUTED font KEY_FACE
        key_x = key_x + (7.2 * strlen(INTERPRETER[k]) + 20) * narrow
    }
    set label in_words at screen key_x / W, screen 18 / H left noenhanced textcolor rgb MUTED font KEY_FACE
}

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

    # not an xlabel, whose place depends on the font: it would lie on the key
    set label 101 'length of a call, alone' at screen (left(p) + right(p)) / 2 / W, screen (BOTTOM - 42) / H center textcolor rgb MUTED font SMALL

    # break-evens: a band for the interval, a line where it is narrow enough to tell one, and words in the
    # strip above; of interpreters a thin line
    row = 0
    do for [i = 1:EVENS] {
        if (EVEN_PANEL[i] == p && EVEN_THREADS[i] > 1) {
            colour = hue(1, EVEN_THREADS[i])
            if (EVEN_BAND[i] && EVEN_OF[i] == 0) {
                set object 500 + i rectangle from inside(EVEN_LO[i]),graph 0 to inside(EVEN_HI[i]),graph 1 behind \
                    fillcolor rgb mix(colour, 0xffffff, 0.88) fillstyle solid noborder
            }
            if (EVEN[i] > 0 && EVEN_OF[i] == 0) {
                set arrow 500 + i from EVEN[i],graph 0 to EVEN[i],graph 1 nohead back lc rgb colour lw 1.6 dt (6,4)
            }
            if (EVEN[i] > 0 && EVEN_OF[i] > 0) {
                # those of many interpreters are short
                peak = 0.975 - 0.035 * (COUNTS - rank_of(EVEN_THREADS[i]))
                eval sprintf('set arrow %d from %g,graph %g to %g,graph %g nohead back lc rgb %d lw 0.9 dt (%s)', \
                    500 + i, EVEN[i], INTERPRETERS > 2 ? peak - 0.05 : 0, EVEN[i], peak - 0.01, \
                    guest_shade(colour), nth(DASHES, EVEN_OF[i]))
                set label 500 + i '' at EVEN[i],graph peak front point lc rgb guest_shade(colour) \
                    pt shape(EVEN_OF[i] + 1, 1) ps 0.62 * shape_size(EVEN_OF[i] + 1)
            }
            if (EVEN_OF[i] == 0) {
                x = EVEN[i] > 0 ? x_pixel(p, EVEN[i]) : EVEN_BAND[i] ? x_pixel(p, sqrt(inside(EVEN_LO[i]) * inside(EVEN_HI[i]))) : right(p)
                said = (COUNTS > 2 ? threads(EVEN_THREADS[i]).': ' : '').EVEN_WORDS[i]
                # words are kept within the panel, at worst small
                reach = 7.3 * strlen(said) > right(p) + 60 - left(p) ? right(p) + LABELS - 6 : right(p) + 60
                shrink = 7.3 * strlen(said) > reach - left(p) ? (reach - left(p)) / (7.3 * strlen(said)) : 1
                half = 3.65 * strlen(said) * shrink
                set label 500 + i said at screen x / W, screen (TOP + 10 + 17 * row) / H center noenhanced \
                    textcolor rgb text(colour) font face(13 * shrink, '')
                if (x + half > reach) { set label 500 + i at screen reach / W, screen (TOP + 10 + 17 * row) / H right }
                if (x - half < left(p)) { set label 500 + i at screen left(p) / W, screen (TOP + 10 + 17 * row) / H left }
                row = row + 1
            }
        }
    }
    set arrow 9 from X_MIN,1 to X_MAX,1 nohead back lc rgb 0x666666 lw 1.2

    # entry 0 is the baseline: one thread that holds
    entries = 1
    ENTRY[1] = 0
    WANTS[1] = y_pixel(1)
    do for [c = 1:CURVES] {
        if (PANEL[c] == p && MEMBERS[c] ne '') {
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
    # a name alone is one line, with whose it is two
    total = 0.0
    do for [e = 1:entries] {
        TALL[e] = 18.0
        if (ENTRY[e] > 0) { if (WHOSE[ENTRY[e]] ne '') { TALL[e] = 33.0 } }
        total = total + TALL[e]
    }
    squeeze = total > TOP - BOTTOM ? (TOP - BOTTOM) / total : 1
    do for [e = 1:entries] { PUT[e] = WANTS[e]; TALL[e] = TALL[e] * squeeze }
    apart(e) = (TALL[e - 1] + TALL[e]) / 2
    highest = TOP - TALL[1] / 2
    lowest = BOTTOM + TALL[entries] / 2
    do for [round = 1:200] {
        do for [e = 2:entries] {
            lacking = apart(e) - (PUT[e - 1] - PUT[e])
            if (lacking > 0.05) { PUT[e - 1] = PUT[e - 1] + lacking / 2; PUT[e] = PUT[e] - lacking / 2 }
        }
        if (PUT[1] > highest) { PUT[1] = highest }
        if (PUT[entries] < lowest) { PUT[entries] = lowest }
    }
    # what is left of that in a crowd is settled from the top, then from the bottom
    do for [e = 2:entries] { if (PUT[e] > PUT[e - 1] - apart(e)) { PUT[e] = PUT[e - 1] - apart(e) } }
    if (PUT[entries] < lowest) { PUT[entries] = lowest }
    do for [e = entries - 1:1:-1] { if (PUT[e] < PUT[e + 1] + apart(e + 1)) { PUT[e] = PUT[e + 1] + apart(e + 1) } }
    names_at = right(p) + 18 + 14 * shapes
    do for [e = 1:entries] {
        c = ENTRY[e]
        colour = c > 0 ? ink(c) : 0x666666
        from = c > 0 ? x_pixel(p, LAST_X[c]) + 8 : right(p)
        to = names_at - 4
        name = c > 0 ? sprintf('%s, %s', RELEASE[c] ? 'release' : 'hold', threads(THREADS[c])) : 'hold, 1 thread'
        who = c > 0 ? WHOSE[c] : ''
        if (c > 0 && shapes) {
            # nearest to the name is the last of those who share it
            sharing = 0
            do for [k = words(MEMBERS[c]):1:-1] {
                m = int(word(MEMBERS[c], k))
                if (OF[m] && sharing < 5) {
                    to = names_at - 9 - 14 * sharing
                    set label 3000 + 10 * e + sharing '' at screen to / W, screen PUT[e] / H front \
                        point lc rgb ink(m) pt mark(m) ps mark_size(m)
                    to = to - 8
                    sharing = sharing + 1
                }
            }
        }
        set arrow 1000 + e from screen from / W, screen WANTS[e] / H to screen to / W, screen PUT[e] / H \
            nohead front lc rgb mix(colour, 0xffffff, 0.35) lw 1.1
        raised = who eq '' ? 0 : 7.5 * squeeze
        set label 1000 + e name at screen names_at / W, screen (PUT[e] + raised) / H left front noenhanced \
            textcolor rgb text(colour) font face(13 * squeeze, '')
        if (who ne '') {
            set label 2000 + e who at screen names_at / W, screen (PUT[e] - raised) / H left front noenhanced \
                textcolor rgb text(colour) font face(12 * squeeze, '')
        }
    }

    plot for [c = 1:CURVES] 'breakeven.dat' index c - 1 using (PANEL[c] == p ? $1 : NaN):3:(0):($4-$3) \
            with vectors heads nofilled size screen BAR * (OF[c] ? 0.6 : 1),90 lc rgb ink(c) lw (OF[c] ? 0.6 : 1.1) notitle, \
        for [c = 1:CURVES] 'breakeven.dat' index c - 1 using (PANEL[c] == p ? $1 : NaN):2 \
            with lines ls c notitle, \
        for [c = 1:CURVES] 'breakeven.dat' index c - 1 using (PANEL[c] == p ? $1 : NaN):2 \
            with points pt mark(c) ps mark_size(c) lc rgb ink(c) notitle, \
        for [c = 1:CURVES] 'breakeven.dat' index c - 1 using (PANEL[c] == p && $5 > 0 ? $1 : NaN):2 \
            with points pt mark(c) ps 0.6 * mark_size(c) lc rgb 0xffffff notitle

    # the words on top are drawn once
    unset label
    unset arrow
    unset object
}
unset multiplot
