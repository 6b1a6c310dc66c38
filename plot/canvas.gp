# What all pictures share: the canvas, the fonts, the colours. FORMAT and NAME_OF_PICTURE are set by
# plot/plot.

set encoding utf8

# --- the canvas: 1200 x 675, a slide's 16:9, unless the picture has set
# another height; the places below are in its pixels, from the bottom ---
W = 1200.0
if (!exists('H')) { H = 675.0 }
if (FORMAT eq 'svg') {
    set terminal svg size W,H fixed enhanced font 'Helvetica,14' background '#ffffff'
} else {
    # twice the pixels: sharp on a projector and on a dense screen
    set terminal pngcairo size 2*W,2*H enhanced font 'Helvetica,10.5' \
        fontscale 2 linewidth 2 pointscale 2 background '#ffffff'
}
set output NAME_OF_PICTURE.'.'.FORMAT
# gnuplot counts the size of a font in pixels for svg and in points for cairo
face(px, how) = sprintf('Helvetica%s,%g', how, FORMAT eq 'svg' ? px : 0.75 * px)
# as large as it may be where there is room for so many pixels of words; in other fonts than gnuplot's
# letters may be wider
fitting(said, px, room) = face(0.57 * px * strlen(said) > room ? room / (0.57 * strlen(said)) : px, '')
LARGE = face(25, ':Bold')
MEDIUM = face(15, '')
SMALL = face(13, '')

INK = 0x222222
MUTED = 0x666666

# --- one colour a variant in all pictures: those of Okabe and Ito, which colour-blind readers can
# tell apart, the yellow darkened for white paper. Variants that lie on each other (critical and gil;
# nogil, tasks and pool) get lines of different widths, so that all of them show. ---
KNOWN  = 'serial   critical ticks    gil      nogil    tasks    pool     atomic   release'
COLOUR = '0x666666 0xCC79A7 0xE69F00 0xD55E00 0x0072B2 0x009E73 0x56B4E9 0x000000 0xB8A200'
WIDTH  = '2        5        2.4      2.6      6        4        1.8      2.4      2.4'
width(rank) = rank <= words(WIDTH) ? word(WIDTH, rank) + 0 : 2
# for variants this file has not heard of, in the order in which they turn up
OTHER  = '0x882255 0x332288 0x8A8A1F 0x2F8F83 0xAA4499 0x117733 0xB8505F 0x5B8FB0 0x9A6A1B'

find_from(list, name, i) = i > words(list) ? 0 : word(list, i) eq name ? i : find_from(list, name, i + 1)
find(list, name) = find_from(list, name, 1)
hex(list, i) = int(word(list, (i - 1) % words(list) + 1) + 0)
blend(a, b, share) = int((1 - share) * (a % 256) + share * (b % 256))
mix(a, b, share) = 65536 * blend(a / 65536, b / 65536, share) + 256 * blend(a / 256, b / 256, share) \
    + blend(a, b, share)
# text needs more contrast than a line does
text(colour) = mix(colour, 0x000000, 0.2)

# --- an interpreter is a shape and a pattern of dashes, in all pictures, darker than its model (a shade
# more from one to the next). Filled is pinned, as with ours; the circle is ours. ---
FILLED = '7 5 9 11 13 15'
OPEN = '6 4 8 10 12 14'
DASHES = '8,4 5,3 14,4 12,3,3,3 18,3,3,3,3,3 6,6'
nth(list, i) = word(list, (int(i) - 1) % words(list) + 1)
shape(i, filled) = int(nth(filled ? FILLED : OPEN, i))
# triangles and the others look as large as a circle only if they are a little larger
shape_size(i) = (int(i) - 1) % words(FILLED) == 0 ? 1 : (int(i) - 1) % words(FILLED) == 1 ? 0.9 : 1.2
model_hue(model) = find(KNOWN, model) ? hex(COLOUR, find(KNOWN, model)) : INK
guest_hue(i, model) = mix(model_hue(model), 0x000000, 0.3 + (INTERPRETERS > 1 ? 0.2 * (i - 1) / (INTERPRETERS - 1) : 0))
