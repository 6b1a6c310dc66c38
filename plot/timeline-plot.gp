# The rows: that it is there, on top of it what it waited, then native calls, then what it ran.
HEIGHT = THREADS <= 16 ? 0.82 : 0.94
plot for [t = 0:THREADS - 1] for [k = 3:0:-1] WHICH index 4 * t + k using ($1 / UNIT):(row(t) + HEIGHT * $2) \
    with filledcurves closed fillcolor rgb (k == 3 ? IDLE : k == 2 ? WAITS : k == 1 ? NATIVE : RUNS) fillstyle solid noborder notitle
