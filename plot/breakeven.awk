# Reads machine.csv and breakeven-answers.csv (if they are there) and breakeven-summary.csv in the
# current folder, checks them, and writes what breakeven.gp loads: breakeven-cases.gp (panels, curves,
# break-evens, the machine) and breakeven.dat (a block a curve). A panel is a pin policy, a curve hold
# or release with a number of threads. Where interpreters were in the run, the model's alone is drawn.

# Three digits and a unit.
function duration(s,    unit) {
    unit = s < 999.5e-9 ? "ns" : s < 999.5e-6 ? "µs" : s < 0.9995 ? "ms" : "s"
    s *= unit == "ns" ? 1e9 : unit == "µs" ? 1e6 : unit == "ms" ? 1e3 : 1
    return sprintf(s < 9.995 ? "%.2f %s" : s < 99.95 ? "%.1f %s" : "%.0f %s", s, unit)
}

BEGIN {
    cases = "breakeven-cases.gp"
    again = "breakeven"
    header = "variant,kernel,lock,pin,threads,call,call_s,reps,rate_per_s,speedup,speedup_lo," \
        "speedup_hi,release_over_hold,release_over_hold_lo,release_over_hold_hi,handoffs_per_s," \
        "drifting,oversubscribed,noisy"
    columns = split(header, column, ",")
}

FILENAME == "machine.csv" {
    read_machine()
    next
}

FILENAME == "breakeven-answers.csv" {
    # system,kernel,lock,pin,threads,answer,call_s,call_s_lo,call_s_hi and more
    if (split_record($0) != 13 || field[1] != "model" || field[6] != "break_even")
        next
    answer[++answers] = field[4]
    answer_threads[answers] = field[5] + 0
    answer_at[answers] = field[7]
    answer_lo[answers] = field[8]
    answer_hi[answers] = field[9]
    next
}

{ line++ }

line == 1 {
    sub(/\r$/, "")
    if ($0 != header)
        fail(", line 1", "not the header of a breakeven-summary.csv")
    next
}

{
    n = split_record($0)
    if (n != columns)
        fail(", line " line, "cut off or damaged, " (n ? n : "no end of the quoted field, not") \
            (n ? " fields, not " : " ") columns (n ? "" : " fields"))
    for (i = 5; i <= columns; i++)
        if (field[i] == "" ? i < 10 || i > 16 : !is_number(field[i]))
            fail(", line " line, column[i] " is '" field[i] "', not a number")
    if (!is_count(field[5]) || field[7] + 0 <= 0)
        fail(", line " line, "threads is '" field[5] "' and call_s '" field[7] "'")
    rows++
    if (index(field[1], "/") || field[10] == "" || field[10] + 0 <= 0)
        next                                # an interpreter's, or without its baseline
    if (lock == "") {
        lock = field[3]
        kernel = field[2]
    }
    x = field[7] + 0
    y = field[10] + 0
    lo = field[11] == "" ? y : field[11] + 0
    hi = field[12] == "" ? y : field[12] + 0
    if (least == "" || x < least) least = x
    if (x > most) most = x
    if (!(field[4] in panel)) {
        panel[field[4]] = ++panels
        pin_of[panels] = field[4]
    }
    drifts = field[17] > 0 && 2 * field[17] >= field[8]
    drifting += drifts
    drawn++
    if (field[1] == "hold" && field[5] == 1)
        next                                # the baseline, 1 by definition
    c = field[4] "," field[1] "," field[5]
    if (!(c in curve)) {
        curve[c] = ++curves
        panel_of[curves] = panel[field[4]]
        release[curves] = field[1] == "release"
        threads_of[curves] = field[5] + 0
        if (!(field[5] in seen)) {
            seen[field[5]] = 1
            for (i = ++counts; i > 1 && count[i - 1] > field[5] + 0; i--)
                count[i] = count[i - 1]
            count[i] = field[5] + 0
        }
    }
    c = curve[c]
    for (i = ++points[c]; i > 1 && at[c, i - 1] > x; i--) {
        at[c, i] = at[c, i - 1]
        rest[c, i] = rest[c, i - 1]
        height[c, i] = height[c, i - 1]
    }
    at[c, i] = x
    height[c, i] = y
    rest[c, i] = y " " lo " " hi " " drifts
    if (lo > 0 && (min == "" || lo < min)) min = lo
    if (hi > max) max = hi
}

END {
    if (failed)
        exit 1
    if (line == 0)
        fail("", "the file is empty")
    if (rows == 0)
        fail("", "a header and no rows")
    if (curves == 0)
        fail("", "no row has a speedup")
    pus = is_count(machine["usable_pus"]) ? machine["usable_pus"] + 0 : 0
    cores = is_count(machine["cores"]) ? machine["cores"] + 0 : 0

    set("array PIN[" panels "]; PANELS", panels)
    for (p = 1; p <= panels; p++)
        set("PIN[" p "]", quoted(pin_of[p]))
    set("array COUNT[" counts "]; COUNTS", counts)
    for (i = 1; i <= counts; i++)
        set("COUNT[" i "]", count[i])
    set("array PANEL[" curves "]; array RELEASE[" curves "]; array THREADS[" curves \
        "]; array LAST_X[" curves "]; array LAST_Y[" curves "]; CURVES", curves)
    for (c = 1; c <= curves; c++) {
        set("PANEL[" c "]", panel_of[c])
        set("RELEASE[" c "]", release[c])
        set("THREADS[" c "]", threads_of[c])
        set("LAST_X[" c "]", at[c, points[c]])
        set("LAST_Y[" c "]", height[c, points[c]])
        for (i = 1; i <= points[c]; i++)
            print at[c, i], rest[c, i] > "breakeven.dat"
        printf "\n\n" > "breakeven.dat"
    }
    # Where no interval or no crossing is, LO or HI lie outside of the picture.
    set("array EVEN_PANEL[" answers + 1 "]; array EVEN_THREADS[" answers + 1 "]; array EVEN[" \
        answers + 1 "]; array EVEN_LO[" answers + 1 "]; array EVEN_HI[" answers + 1 \
        "]; array EVEN_WORDS[" answers + 1 "]; EVENS", answers + 0)
    for (i = 1; i <= answers; i++) {
        near = least * 1.0001
        lo = answer_lo[i] == "" ? most * 10 : answer_lo[i] + 0 <= near ? least / 10 : answer_lo[i] + 0
        hi = answer_hi[i] == "" ? most * 10 : answer_hi[i] + 0
        even = answer_at[i] == "" || answer_at[i] + 0 <= near || lo < least && hi > most ? 0 : answer_at[i] + 0
        set("EVEN_PANEL[" i "]", answer[i] in panel ? panel[answer[i]] : 0)
        set("EVEN_THREADS[" i "]", answer_threads[i])
        set("EVEN[" i "]", even)
        set("EVEN_LO[" i "]", lo)
        set("EVEN_HI[" i "]", hi)
        set("EVEN_WORDS[" i "]", quoted(lo < least && hi > most ? "break-even not certain" : \
            answer_at[i] == "" ? "no break-even up to " duration(most) : \
            even ? "break-even " duration(even) : "no loss at any length"))
    }
    set("X_LEAST", least)
    set("X_MOST", most)
    set("Y_LEAST", min)
    set("Y_MOST", max)
    set("DRIFTING", drifting + 0)
    set("CASES", drawn)
    set("MACHINE", quoted(subtitle()))
    set("LOCK", quoted(lock))
    set("KERNEL", quoted(kernel))
}
