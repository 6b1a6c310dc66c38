# Where the close-up is from: a line through the rows, down to BELOW the times, and from there to both
# ends of the close-up, ABOVE it.
x = (NEAR_FROM + NEAR_SPAN / 2) / UNIT
x_screen = (LEFT + (RIGHT - LEFT) * x / (X_SPAN / UNIT)) / W
set arrow from x, graph 1 to x, graph 0 nohead front lc rgb INK lw 1 dt (3,3)
set arrow from x, graph 0 to screen x_screen, screen BELOW / H nohead back lc rgb 0xbbbbbb lw 1
set arrow from screen x_screen, screen BELOW / H to screen LEFT / W, screen ABOVE / H nohead back lc rgb 0xbbbbbb lw 1
set arrow from screen x_screen, screen BELOW / H to screen RIGHT / W, screen ABOVE / H nohead back lc rgb 0xbbbbbb lw 1
