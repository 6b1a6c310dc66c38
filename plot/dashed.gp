# What the dashes are, at the foot of convoy and frontier: each interpreter's, and its mark.

key_x = 28.0
do for [k = 1:INTERPRETERS] {
    eval sprintf('set arrow from screen %g,screen %g to screen %g,screen %g nohead lc rgb MUTED lw 1.6 dt (%s)', \
        key_x / W, 20 / H, (key_x + 44) / W, 20 / H, nth(DASHES, k))
    set label '' at screen (key_x + 22) / W, screen 20 / H point lc rgb MUTED pt shape(k + 1, 1) ps 0.7 * shape_size(k + 1)
    set label NAME[k] at screen (key_x + 52) / W, screen 20 / H left noenhanced textcolor rgb MUTED font SMALL
    key_x = key_x + 72 + 7.6 * strlen(NAME[k])
}
if (INTERPRETERS && key_x < W - 560) {
    set label 'in the colour of '.(INTERPRETERS == 1 ? 'its' : 'their').' model' at screen key_x / W, screen 20 / H left noenhanced textcolor rgb MUTED font SMALL
}
