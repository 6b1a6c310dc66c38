# The close-up: the arrows of hand-offs, what was given up in vain, and the words at one hand-off.
y_up = row(WHO_UP)
y_got = row(WHO_GOT)
load 'timeline-arrows.gp'
if (VAINS > 0) {
    set arrow from screen LEFT / W, screen 12 / H to screen LEFT / W, screen 26 / H nohead front lc rgb STRESS lw 1.4
    set label sprintf('given up, and taken back: who waits was called in vain (%s here)', times(VAINS)) \
        at screen (LEFT + 8) / W, screen 19 / H left textcolor rgb STRESS font SMALL
}
array EVENT_X[4] = [NEAR_ASKS, NEAR_SEES, NEAR_UP, NEAR_GOT]
array EVENT_Y[4] = [y_got + 0.82, y_up + 0.82, y_up + 0.82, y_got + 0.82]
array EVENT_SAYS[4] = [sprintf('thread %d asks', WHO_GOT), sprintf('thread %d sees it', WHO_UP), sprintf('thread %d gives up', WHO_UP), sprintf('thread %d got it', WHO_GOT)]
array LABEL_X[4]
pixel(x) = LEFT + (RIGHT - LEFT) * x / NEAR_SPAN
half(i) = 3.7 * strlen(EVENT_SAYS[i]) + 6
there(i) = EVENT_X[i] == EVENT_X[i] && EVENT_X[i] >= 0
do for [i = 1:4] { LABEL_X[i] = there(i) ? pixel(EVENT_X[i]) : -1e4 * (5 - i) }
# labels that would touch push each other away
do for [round = 1:60] {
    do for [i = 2:4] {
        lacking = half(i - 1) + half(i) - (LABEL_X[i] - LABEL_X[i - 1])
        if (lacking > 0.1) { LABEL_X[i - 1] = LABEL_X[i - 1] - lacking / 2; LABEL_X[i] = LABEL_X[i] + lacking / 2 }
    }
}
do for [i = 1:4] {
    if (there(i)) {
        set arrow from screen LABEL_X[i] / W, screen (NEAR_TOP + 12) / H to EVENT_X[i] / UNIT, first EVENT_Y[i] \
            nohead front lc rgb 0x555555 lw 1
        set label EVENT_SAYS[i] at screen LABEL_X[i] / W, screen (NEAR_TOP + 20) / H center noenhanced textcolor rgb INK font SMALL
    }
}
set label sprintf('One hand-off, closely: thread %d has wanted the lock for %s; it gets it %s after thread %d gives it up', \
    WHO_GOT, duration(NEAR_UP - NEAR_WANTS), duration(NEAR_GOT - NEAR_UP), WHO_UP) \
    at screen LEFT / W, screen (NEAR_TOP + 46) / H left noenhanced textcolor rgb INK font face(14, ':Bold')
