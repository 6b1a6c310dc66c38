# The colours, in words: a line at KEY_Y.
array KEY_HUE[4] = [RUNS, WAITS, NATIVE, IDLE]
array KEY_WORDS[4] = ['running', 'waiting for the lock', 'native call', 'in between']
key_x = 28.0
do for [k = 1:4] {
    if ((k != 3 || ALL_NATIVE > 0) && (k != 2 || ALL_WAITING > 0)) {
        set object rectangle from screen key_x / W, screen (KEY_Y - 6) / H to screen (key_x + 16) / W, screen (KEY_Y + 6) / H \
            front fillcolor rgb KEY_HUE[k] fillstyle solid noborder
        set label KEY_WORDS[k] at screen (key_x + 22) / W, screen KEY_Y / H left textcolor rgb MUTED font SMALL
        key_x = key_x + 46 + 6.6 * strlen(KEY_WORDS[k])
    }
}
set label 'where too short to draw: height = share of the time' at screen (key_x + 6) / W, screen KEY_Y / H left textcolor rgb MUTED font SMALL
