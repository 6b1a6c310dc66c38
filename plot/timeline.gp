# What the pictures of traces share: the colours of what a thread does, and how a row of it is drawn.

RUNS = 0x0072B2
NATIVE = 0x009E73
WAITS = 0xF6C9A8
IDLE = 0xE2E2DE
STRESS = 0xC03A00

threads(n) = sprintf('%d thread%s', n, n == 1 ? '' : 's')
row(t) = THREADS - 1 - t
digits(v) = v < 9.995 ? sprintf('%.2f', v) : v < 99.95 ? sprintf('%.1f', v) : sprintf('%.0f', v)
times(n) = n == 1 ? 'once' : number(n).' times'
number(n) = n < 1000 ? sprintf('%.0f', n) : n < 1e6 ? digits(n / 1e3).'k' : digits(n / 1e6).'M'
duration(s) = s < 1e-6 ? sprintf('%.0f ns', s * 1e9) : s < 1e-3 ? digits(s * 1e6).' µs' : s < 1 ? digits(s * 1e3).' ms' : digits(s).' s'
