# Four locks, or none, side by side: the same countdown in two threads, the first milliseconds and one
# hand-off.

load 'canvas.gp'

KINDS = 'ticks gil nogil release'
# What each does; what came of it the data say.
array SAYS_FIRST[4] = ['The old GIL: the holder gives', 'The GIL since CPython 3.2:', 'No lock: each thread', 'The GIL, given up around']
array SAYS_NEXT[4] = ['it up after every chunk, and', 'kept until a waiter asks, after', 'does its share, and waits', 'short native calls: after each']
array SAYS_LAST[4] = ['asks for it again', 'the switch interval', 'for nobody', 'a thread asks for it again']

set label 'Who has the lock, and who waits: two threads, four ways' \
    at screen 28 / W, screen (H - 36) / H left noenhanced textcolor rgb INK font LARGE
THREADS = 2
ALL_NATIVE = 1
ALL_WAITING = 1
load 'timeline.gp'
KEY_Y = H - 68
load 'timeline-key.gp'

GAP = 34.0
PANEL = (W - 28 - 70 - 3 * GAP) / 4
WHOLE_TOP = H - 232
WHOLE_BOTTOM = WHOLE_TOP - 130
CLOSE_TOP = WHOLE_BOTTOM - 98
CLOSE_BOTTOM = CLOSE_TOP - 130
FIGURES = face(14, ':Bold')

set multiplot
do for [p = 1:4] {
    unset arrow
    load word(KINDS, p).'-cases.gp'
    if (p == 1) { set label MACHINE at screen 28 / W, screen 20 / H left noenhanced textcolor rgb MUTED font SMALL }
    LEFT = 70 + (p - 1) * (PANEL + GAP)
    RIGHT = LEFT + PANEL
    set lmargin at screen LEFT / W
    set rmargin at screen RIGHT / W
    set tmargin at screen WHOLE_TOP / H
    set bmargin at screen WHOLE_BOTTOM / H
    set label word(KINDS, p) at screen LEFT / W, screen (H - 112) / H left noenhanced textcolor rgb INK font face(20, ':Bold')
    set label SAYS_FIRST[p] at screen LEFT / W, screen (H - 140) / H left noenhanced textcolor rgb INK font MEDIUM
    set label SAYS_NEXT[p] at screen LEFT / W, screen (H - 160) / H left noenhanced textcolor rgb INK font MEDIUM
    set label SAYS_LAST[p] at screen LEFT / W, screen (H - 180) / H left noenhanced textcolor rgb INK font MEDIUM
    set label (IN_VAIN > HANDOFFS && LOCK eq 'ticks' ? sprintf('%s times a second in vain', number(IN_VAIN / RUN)) : \
            HANDOFFS > 0 ? sprintf('%s hand-offs a second', number(HANDOFFS_A_SECOND)) : 'no hand-offs') \
        at screen LEFT / W, screen (H - 210) / H left noenhanced textcolor rgb (HANDOFFS > 0 ? STRESS : text(NATIVE)) font FIGURES
    X_SPAN = 0.02
    TICKS = 3
    load 'timeline-axes.gp'
    if (p > 1) { unset ytics }
    if (NEAR) {
        BELOW = WHOLE_BOTTOM - 34
        ABOVE = CLOSE_TOP + 40
        load 'timeline-zoom.gp'
    }
    WHICH = word(KINDS, p).'-whole.dat'
    load 'timeline-plot.gp'
    unset label
    unset arrow
    unset object
    if (NEAR) {
        set tmargin at screen CLOSE_TOP / H
        set bmargin at screen CLOSE_BOTTOM / H
        X_SPAN = NEAR_SPAN
        load 'timeline-axes.gp'
        if (p > 1) { unset ytics }
        load 'timeline-arrows.gp'
        set label 'one hand-off, closely:' at screen LEFT / W, screen (CLOSE_TOP + 28) / H left textcolor rgb INK font SMALL
        set label sprintf('%s from giving up to having it', duration(NEAR_GOT - NEAR_UP)) \
            at screen LEFT / W, screen (CLOSE_TOP + 12) / H left textcolor rgb INK font SMALL
        if (VAINS > 0) {
            set arrow from screen LEFT / W, screen (CLOSE_BOTTOM - 51) / H to screen LEFT / W, screen (CLOSE_BOTTOM - 37) / H \
                nohead front lc rgb STRESS lw 1.4
            set label times(VAINS).' given up in vain' \
                at screen (LEFT + 8) / W, screen (CLOSE_BOTTOM - 44) / H left textcolor rgb STRESS font SMALL
        }
        WHICH = word(KINDS, p).'-near.dat'
        load 'timeline-plot.gp'
        unset label
    } else {
        set label 'nothing to look at closely:' at screen LEFT / W, screen (CLOSE_TOP + 28) / H left textcolor rgb MUTED font SMALL
        set label (LOCK eq 'none' ? 'there is no lock' : 'no hand-off in this time') at screen LEFT / W, screen (CLOSE_TOP + 12) / H left textcolor rgb MUTED font SMALL
    }
}
unset multiplot
