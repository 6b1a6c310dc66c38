# What convoy and frontier share: the shades of a colour for the numbers of hogs that were measured, each
# a step darker than the one before, from pale to nearly black; a step, since by the number itself 0, 1
# and 4 beside 64 would look alike.

rank_of(n) = sum [k = 1:COUNTS] (COUNT[k] < n ? 1 : 0)
# 0 for the fewest hogs, 1 for the most
dark(n) = COUNTS < 2 ? 0.6 : rank_of(n) / (COUNTS - 1.0)
shade(colour, n) = dark(n) < 0.6 ? mix(colour, 0xffffff, 0.62 * (1 - dark(n) / 0.6)) : mix(colour, 0x000000, 0.6 * (dark(n) - 0.6) / 0.4)
