# The axis of rows of threads, X_SPAN seconds long: times from its beginning, in a fitting unit, about
# TICKS of them.
UNIT = X_SPAN < 3e-6 ? 1e-9 : X_SPAN < 3e-3 ? 1e-6 : X_SPAN < 3 ? 1e-3 : 1
UNIT_NAME = UNIT == 1e-9 ? 'ns' : UNIT == 1e-6 ? 'µs' : UNIT == 1e-3 ? 'ms' : 's'
set xrange [0:X_SPAN / UNIT] noextend
set yrange [-0.15:THREADS] noextend
set border 0
unset key
unset grid
set xtics nomirror out scale 0.4 textcolor rgb MUTED font SMALL
exponent = 10.0**floor(log10(X_SPAN / UNIT / TICKS))
mantissa = X_SPAN / UNIT / TICKS / exponent
every = exponent * (mantissa < 1.5 ? 1 : mantissa < 3.5 ? 2 : mantissa < 7.5 ? 5 : 10)
set xtics ()
do for [k = 0:int(0.97 * X_SPAN / UNIT / every)] { set xtics add (sprintf('%g %s', k * every, UNIT_NAME) k * every) }
ROW_FONT = face(THREADS <= 8 ? 13 : THREADS <= 12 ? 11 : 9, '')
set ytics () nomirror scale 0 textcolor rgb MUTED font ROW_FONT
step = THREADS <= 16 ? 1 : THREADS <= 64 ? 8 : 64
do for [t = 0:THREADS - 1:step] {
    set ytics add ((THREADS <= 8 ? sprintf('thread %d', t) : sprintf('%d', t)) row(t) + 0.4)
}
