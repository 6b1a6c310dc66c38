# How many times as fast as the serial run each variant is, over the number of threads.

load 'cases.gp'
TITLE = 'What the lock costs, and what each way around it buys'
SUBTITLE = 'Speedup: how many times as fast as the serial countdown. Up is better.'

# The ideal: n threads, n times as fast, until no PU is left.
ideal(n) = PUS > 0 && n > PUS ? PUS : n
IDEAL = PUS == 1 ? 'ideal: as fast as one thread' : 'ideal: n threads, n times as fast'

# Linear from zero shows few threads as they are. Over many the lock's victims would all lie on the
# axis: there, both axes are powers of two, so that equal ratios are equal distances.
Y_LOG = MANY
top = SPEEDUP_MAX > ideal(MOST_THREADS) ? SPEEDUP_MAX : ideal(MOST_THREADS)
if (Y_LOG) {
    Y_MIN = SPEEDUP_MIN / 1.25
    Y_MAX = top * 1.35
} else {
    # the ideal may leave the picture where all curves stay far below it
    if (top > 1.6 * SPEEDUP_MAX) { top = 1.6 * SPEEDUP_MAX }
    if (top < 1) { top = 1 }
    Y_MAX = top * 1.09
    Y_MIN = -0.025 * Y_MAX
}
Y_BASELINE = 1
height(threads, speedup) = speedup
reading(v) = sprintf(v >= 9.95 ? '%.1f×' : v >= 0.0995 ? '%.2f×' : v >= 0.00995 ? '%.3f×' : '%.1g×', v)

load 'style.gp'

set ylabel 'speedup' textcolor rgb MUTED font SMALL
if (Y_LOG) {
    set ytics ()
    step = log(Y_MAX / Y_MIN) / log(2) > 18 ? 2 : 1
    do for [k = -30:30:step] {
        if (2.0**k > Y_MIN && 2.0**k < Y_MAX) {
            set ytics add ((k < 0 ? sprintf('1/%d', 2**-k) : sprintf('%d', 2**k)) 2.0**k)
        }
    }
} else {
    step = Y_MAX < 1.6 ? 0.25 : Y_MAX < 3.2 ? 0.5 : Y_MAX < 8 ? 1 : Y_MAX < 20 ? 2 : 10
    set ytics 0,step format '%g'
}
set arrow from X_MIN,1 to X_MAX,1 nohead back lc rgb hex(COLOUR, 1) lw 1.2

plot 'points.dat' index CURVES using 1:(ideal($1)) with lines ls IDEAL_LINE notitle, \
    for [i = 1:CURVES] 'points.dat' index ORDER[i] - 1 using 1:(GUEST[ORDER[i]] || beyond($4) ? NaN : $3):(0):($4-$3) \
        with vectors heads nofilled size screen BAR,90 ls INTERVAL + ORDER[i] notitle, \
    for [i = 1:CURVES] 'points.dat' index ORDER[i] - 1 using 1:(!GUEST[ORDER[i]] && beyond($4) ? $3 : NaN):(0):(Y_MAX-$3) \
        with vectors backhead nofilled size screen BAR,90 ls INTERVAL + ORDER[i] notitle, \
    for [i = 1:CURVES] 'points.dat' index ORDER[i] - 1 using 1:(GUEST[ORDER[i]] ? NaN : $2) \
        with linespoints ls ORDER[i] notitle, \
    for [i = 1:CURVES] 'points.dat' index ORDER[i] - 1 using 1:(GUEST[ORDER[i]] ? $2 : NaN) \
        with lines ls ORDER[i] notitle, \
    for [i = 1:CURVES] 'points.dat' index ORDER[i] - 1 using 1:(GUEST[ORDER[i]] && $5 == 1 ? $2 : NaN) \
        with points ls ORDER[i] notitle
