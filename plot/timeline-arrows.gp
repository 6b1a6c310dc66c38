# The arrows of hand-offs, and a mark where the lock was given up in vain.
do for [i = 1:ARROWS] {
    down = row(ARROW_TO_Y[i]) < row(ARROW_Y[i])
    set arrow from ARROW_X[i] / UNIT, row(ARROW_Y[i]) + (down ? 0 : 0.82) to ARROW_TO_X[i] / UNIT, row(ARROW_TO_Y[i]) + (down ? 0.82 : 0) \
        front lc rgb INK lw 1.6 size screen 0.008,20 filled
}
do for [i = 1:VAINS] {
    set arrow from VAIN[i] / UNIT, row(VAIN_BY[i]) + 0.82 to VAIN[i] / UNIT, row(VAIN_BY[i]) + 0.98 nohead front lc rgb STRESS lw 1.4
}
