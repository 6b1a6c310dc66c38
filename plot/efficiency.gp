# How much of each thread is left: the speedup divided by the number of threads.

load 'cases.gp'
TITLE = 'How much of every added thread turns into speed'
SUBTITLE = 'Efficiency: the speedup divided by the number of threads. At 100 % each thread is as fast as one alone.'

# The ideal: all of each thread, until they have to share the PUs.
ideal(n) = PUS > 0 && n > PUS ? 1.0 * PUS / n : 1
IDEAL = PUS == 1 ? 'ideal: one PU, shared' : 'ideal: all of every thread'

Y_LOG = 0
Y_MAX = EFFICIENCY_MAX * 1.02 > 1.06 ? EFFICIENCY_MAX * 1.02 : 1.06
Y_MIN = -0.025 * Y_MAX
Y_BASELINE = 0
height(threads, speedup) = speedup / threads
reading(v) = sprintf(v >= 0.0995 ? '%.0f %%' : v >= 0.00995 ? '%.1f %%' : '%.2g %%', 100 * v)

load 'style.gp'

set ylabel 'efficiency' offset 1,0 textcolor rgb MUTED font SMALL
set ytics ()
# a tick's text is a format once more, hence the four signs for one
step = Y_MAX < 2.2 ? 0.2 : Y_MAX < 5.5 ? 0.5 : 10.0**floor(log10(Y_MAX))
if (Y_MAX >= 5.5 && Y_MAX / step < 3) { step = step / 4 }
do for [k = 0:int(Y_MAX / step)] { set ytics add (sprintf('%g %%%%', 100 * step * k) step * k) }

plot 'points.dat' index CURVES using 1:(ideal($1)) with lines ls IDEAL_LINE notitle, \
    for [i = 1:CURVES] 'points.dat' index ORDER[i] - 1 using 1:(GUEST[ORDER[i]] || beyond($4/$1) ? NaN : $3/$1):(0):($4/$1-$3/$1) \
        with vectors heads nofilled size screen BAR,90 ls INTERVAL + ORDER[i] notitle, \
    for [i = 1:CURVES] 'points.dat' index ORDER[i] - 1 using 1:(!GUEST[ORDER[i]] && beyond($4/$1) ? $3/$1 : NaN):(0):(Y_MAX-$3/$1) \
        with vectors backhead nofilled size screen BAR,90 ls INTERVAL + ORDER[i] notitle, \
    for [i = 1:CURVES] 'points.dat' index ORDER[i] - 1 using 1:(GUEST[ORDER[i]] ? NaN : $2/$1) \
        with linespoints ls ORDER[i] notitle, \
    for [i = 1:CURVES] 'points.dat' index ORDER[i] - 1 using 1:(GUEST[ORDER[i]] ? $2/$1 : NaN) \
        with lines ls ORDER[i] notitle, \
    for [i = 1:CURVES] 'points.dat' index ORDER[i] - 1 using 1:(GUEST[ORDER[i]] && $5 == 1 ? $2/$1 : NaN) \
        with points ls ORDER[i] notitle
