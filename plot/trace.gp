# Who had the lock, when: a row a thread over the whole run, and closely around one hand-off.

load 'trace-cases.gp'
# without a lock there is no hand-off to look at closely
if (!NEAR && THREADS <= 4) { H = 230.0 + 90 * THREADS }
load 'canvas.gp'
load 'timeline.gp'

LOCKED = LOCK ne 'none'
# what was recorded may end before anybody had to wait
SO_LONG = LOST > 0 ? 'in the first '.duration(RUN) : 'in '.duration(RUN)
set label (LOCKED ? 'Who had the lock, when: ' : 'Who worked, when: ').VARIANT.', '.threads(ALL_THREADS) \
    at screen 28 / W, screen (H - 36) / H left noenhanced textcolor rgb INK font LARGE
set label (HANDOFFS > 0 ? \
        sprintf('%s hand-offs a second, the longest wait %s%s', number(HANDOFFS_A_SECOND), duration(LONGEST), \
            IN_VAIN > 0 ? ', given up in vain '.times(IN_VAIN) : '') : \
        sprintf('%.0f %% of the time running, ', 100 * ALL_RUNNING).(!LOCKED ? 'nobody waits for a lock' : \
            ALL_WAITING > 0 ? sprintf('no hand-off %s, the longest wait %s', SO_LONG, duration(LONGEST)) : 'no wait seen '.SO_LONG)). \
    (THREADS > 1 && JAIN == JAIN ? sprintf(', fairness %.3f', JAIN) : '') \
    at screen 28 / W, screen (H - 66) / H left noenhanced textcolor rgb INK font MEDIUM
ABOUT = MACHINE.(MACHINE eq '' ? '' : ' · ').sprintf('pinned: %s · lock: %s · %s', PIN, LOCK, KERNEL).(OVERSUBSCRIBED ? ' · more threads than PUs' : ''). \
    (ALL_THREADS > THREADS ? sprintf(' · the first %d threads', THREADS) : '').(LOST > 0 ? \
    sprintf(' · %s events lost: the first %s alone', number(LOST), duration(RUN)) : '')
set label ABOUT at screen 28 / W, screen (H - 89) / H left noenhanced textcolor rgb MUTED font fitting(ABOUT, 13, W - 52)
KEY_Y = H - 112
load 'timeline-key.gp'

LEFT = 84.0
RIGHT = W - (THREADS > 16 ? 24 : ALL_NATIVE > 0 ? 160 : 112)
# two threads need less room than sixteen, and the close-up has its labels
TOP = H - 150.0
ROWS_HEIGHT = NEAR ? (THREADS <= 4 ? 140.0 : 190.0) : TOP - 56
NEAR_TOP = TOP - ROWS_HEIGHT - (THREADS <= 4 ? 150 : 130)
NEAR_BOTTOM = VAINS > 0 ? 72.0 : 56.0    # words below

set multiplot
set lmargin at screen LEFT / W
set rmargin at screen RIGHT / W
set tmargin at screen TOP / H
set bmargin at screen (TOP - ROWS_HEIGHT) / H
if (THREADS <= 16) {
    set label 'ran' at screen (RIGHT + 46) / W, screen (TOP + 10) / H right textcolor rgb MUTED font SMALL
    set label (ALL_WAITING > 0 ? 'waited' : '') at screen (RIGHT + 96) / W, screen (TOP + 10) / H right textcolor rgb MUTED font SMALL
    set label (ALL_NATIVE > 0 ? 'native' : '') at screen (RIGHT + 144) / W, screen (TOP + 10) / H right textcolor rgb MUTED font SMALL
    SAYS_FONT = face(THREADS <= 8 ? 13 : 10, '')
    do for [t = 1:THREADS] {
        set label SAYS_RUN[t] at screen (RIGHT + 46) / W, first row(t - 1) + 0.4 right noenhanced textcolor rgb text(RUNS) font SAYS_FONT
        set label (ALL_WAITING > 0 ? SAYS_WAIT[t] : '') at screen (RIGHT + 96) / W, first row(t - 1) + 0.4 right noenhanced textcolor rgb STRESS font SAYS_FONT
        if (ALL_NATIVE > 0) {
            set label SAYS_NATIVE[t] at screen (RIGHT + 144) / W, first row(t - 1) + 0.4 right noenhanced textcolor rgb text(NATIVE) font SAYS_FONT
        }
    }
}
X_SPAN = SHOWN
TICKS = 8
load 'timeline-axes.gp'
if (NEAR) {
    BELOW = TOP - ROWS_HEIGHT - 34
    ABOVE = NEAR_TOP + 62
    load 'timeline-zoom.gp'
}
# where a task begins
do for [i = 1:TASKS] {
    set arrow from TASK_X[i] / UNIT, row(TASK_BY[i]) to TASK_X[i] / UNIT, row(TASK_BY[i]) + 0.82 nohead front lc rgb 0xffffff lw 1.5
}
WHICH = 'trace-whole.dat'
load 'timeline-plot.gp'
unset label
unset arrow

if (NEAR) {
    set tmargin at screen NEAR_TOP / H
    set bmargin at screen NEAR_BOTTOM / H
    X_SPAN = NEAR_SPAN
    load 'timeline-axes.gp'
    load 'timeline-near.gp'
    WHICH = 'trace-near.dat'
    load 'timeline-plot.gp'
}
unset multiplot
