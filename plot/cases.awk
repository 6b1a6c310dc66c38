# Reads machine.csv and fidelity.csv (if they are there) and bench-summary.csv in the current folder,
# checks them, and writes what the gnuplot scripts load: cases.gp (the curves, the machine), points.dat (a
# block a curve) and pairs.dat (a line a pair of interpreter and model).
# A curve is one variant under one pin policy; an interpreter's is its pinned runs, where it has some,
# and the others for what was not run pinned: more would crowd the picture. gnuplot could read the CSV itself, but neither quoted
# fields nor a file that was cut off in the middle.

# A word of a gnuplot data file.
function quoted_word(text) {
    gsub(/[^-A-Za-z0-9.\/]/, "_", text)
    return text
}

BEGIN {
    cases = "cases.gp"
    again = "bench"
    header = "variant,kernel,pin,threads,reps,wall_s,rate_per_s,speedup,speedup_lo,speedup_hi," \
        "efficiency,karp_flatt,cores_busy,handoffs_per_s,startup_s,oversubscribed,noisy"
    columns = split(header, column, ",")
}

FILENAME == "machine.csv" {
    read_machine()
    next
}

FILENAME == "fidelity.csv" {
    # interpreter,mode,model,threads, then speedup, lo, hi of both, then the ratio
    if (split_record($0) != 11 || !is_count(field[4]) || !is_number(field[5]) || !is_number(field[8]))
        next                                # the header, or what was cut off
    model[field[1] "/" field[2]] = field[3]
    if (!(field[1] in interpreter)) {
        interpreter[field[1]] = ++interpreters
        interpreter_of[interpreters] = field[1]
    }
    if (field[2] == "nogil" && field[4] == 1)
        next                                # the baseline, 1 by definition
    pair[++pairs] = interpreter[field[1]] " " quoted_word(field[3]) " " \
        quoted_word(field[1] "/" field[2]) " " field[4] " " field[8] " " field[9] " " field[10] " " \
        field[5] " " field[6] " " field[7]
    pair_x[pairs] = field[8]
    pair_y[pairs] = field[5]
    for (i = 5; i <= 10; i++) {
        if (pair_min == "" || field[i] + 0 < pair_min) pair_min = field[i] + 0
        if (field[i] + 0 > pair_max) pair_max = field[i] + 0
    }
    apart[pairs] = field[5] > 0 && field[8] > 0 ? log(field[5] / field[8]) : 0
    if (apart[pairs] < 0) apart[pairs] = -apart[pairs]
    agreeing += field[11] >= 0.95 && field[11] <= 1.05
    next
}

{ line++ }

line == 1 {
    sub(/\r$/, "")
    if ($0 != header)
        fail(", line 1", "not the header of a bench-summary.csv")
    next
}

{
    n = split_record($0)
    if (n != columns)
        fail(", line " line, "cut off or damaged, " (n ? n : "no end of the quoted field, not") \
            (n ? " fields, not " : " ") columns (n ? "" : " fields"))
    for (i = 4; i <= columns; i++)
        if (field[i] == "" ? i != 15 && (i > 12 || i < 8) : !is_number(field[i]))
            fail(", line " line, column[i] " is '" field[i] "', not a number")
    if (!is_count(field[4]))
        fail(", line " line, "threads is '" field[4] "', not a count")
    rows++
    threads = field[4] + 0
    noisy += field[17]
    if (field[16] + 0) {
        oversubscribed = 1
    } else if (threads > fitting)
        fitting = threads
    if (field[8] == "" || field[8] + 0 <= 0) {   # the bench had no serial run to compare with
        undrawn++
        next
    }
    if (field[9] == "") field[9] = field[8]
    if (field[10] == "") field[10] = field[8]

    guest = index(field[1], "/") > 0
    if (guest && field[1] ~ /\/serial$/)     # 1 by definition
        next
    if (first_kernel == "")
        first_kernel = field[2]
    name = field[1] (field[2] == first_kernel ? "" : " · " field[2])
    pin = guest ? "any" : field[3]
    if (!((name, pin) in curve)) {
        curve[name, pin] = ++curves
        name_of[curves] = name
        pin_of[curves] = field[3]
    }
    c = curve[name, pin]
    if (guest) {
        if ((c, threads) in had && field[3] != "core")
            next
        if (field[3] == "core")
            pin_of[c] = "core"
        if ((c, threads) in had) {
            for (i = 1; at_threads[c, i] != threads; i++)
                ;
            speedup[c, i] = field[8]
            rest_of[c, i] = field[9] " " field[10]
            next
        }
        had[c, threads] = 1
    }
    # Kept in the order of threads, whatever the order of the lines.
    for (i = ++points[c]; i > 1 && at_threads[c, i - 1] > threads; i--) {
        at_threads[c, i] = at_threads[c, i - 1]
        speedup[c, i] = speedup[c, i - 1]
        rest_of[c, i] = rest_of[c, i - 1]
    }
    at_threads[c, i] = threads
    counts[threads] = 1
    speedup[c, i] = field[8]
    rest_of[c, i] = field[9] " " field[10]

    if (threads > most) most = threads
    if (least == "" || threads < least) least = threads
    if (field[8] + 0 > max) max = field[8] + 0
    if (field[10] + 0 > max_hi) max_hi = field[10] + 0
    if (field[10] / threads > max_efficiency) max_efficiency = field[10] / threads
    if (min == "" || field[8] + 0 < min) min = field[8] + 0
    if (field[9] + 0 > 0 && (min_lo == "" || field[9] + 0 < min_lo)) min_lo = field[9] + 0
}

# Names at the pairs furthest apart, as long as no name lies on another's.
function name_pairs(    n, i, best, k, width, free) {
    width = log(pair_max / pair_min) + 0.001
    for (n = 1; n <= pairs; n++) {
        best = 0
        for (i = 1; i <= pairs; i++)
            if (!(i in tried) && apart[i] > 0.05 && (!best || apart[i] > apart[best]))
                best = i
        if (!best)
            return
        tried[best] = free = 1
        for (k in named)
            if (distance(pair_y[k], pair_y[best]) < 0.045 * width && \
                distance(pair_x[k], pair_x[best]) < 0.35 * width)
                free = 0
        if (free)
            named[best] = 1
    }
}

function distance(a, b) {
    return a > b ? log(a / b) : log(b / a)
}

END {
    if (failed)
        exit 1
    if (pairs && pair_min > 0)
        name_pairs()
    for (i = 1; i <= pairs; i++)
        print pair[i], (i in named) + 0 > "pairs.dat"
    if (line == 0)
        fail("", "the file is empty")
    if (rows == 0)
        fail("", "a header and no rows")
    if (curves == 0)
        fail("", "no row has a speedup")
    if (undrawn)
        print "plot: " ENVIRON["summary"] ": " undrawn " of " rows \
            " rows have no speedup and are not drawn" > "/dev/stderr"

    pus = is_count(machine["usable_pus"]) ? machine["usable_pus"] + 0 : 0
    if (!pus && oversubscribed && fitting)
        pus = fitting
    cores = is_count(machine["cores"]) ? machine["cores"] + 0 : 0
    if (pus && cores > pus)
        cores = pus

    # The count whose figures stand beside the names: all PUs, where that was measured.
    for (i = least; i <= most; i++)
        if (i in counts && (full == "" || i <= pus || pus < 2))
            full = i
    set("array MODEL[" curves "]; array NAME[" curves "]; array PIN[" curves "]; array LAST_THREADS[" curves \
        "]; array LAST_SPEEDUP[" curves "]; array FULL_THREADS[" curves \
        "]; array FULL_SPEEDUP[" curves "]; CURVES", curves)
    for (c = 1; c <= curves; c++) {
        set("NAME[" c "]", quoted(name_of[c]))
        set("PIN[" c "]", quoted(pin_of[c]))
        set("MODEL[" c "]", quoted(name_of[c] in model ? model[name_of[c]] : ""))
        set("LAST_THREADS[" c "]", at_threads[c, points[c]])
        set("LAST_SPEEDUP[" c "]", speedup[c, points[c]] + 0)
        f = points[c]
        for (i = 1; i <= points[c]; i++)
            if (at_threads[c, i] == full)
                f = i
        set("FULL_THREADS[" c "]", at_threads[c, f])
        set("FULL_SPEEDUP[" c "]", speedup[c, f] + 0)
        for (i = 1; i <= points[c]; i++)
            print at_threads[c, i], speedup[c, i], rest_of[c, i] > "points.dat"
        printf "\n\n" > "points.dat"
    }
    # Last, the counts alone, and the PUs among them: where the ideal may have a bend.
    counts[most] = counts[least] = 1
    if (pus > least && pus < most)
        counts[pus] = 1
    for (i = least; i <= most; i++)
        if (i in counts)
            print i > "points.dat"
    set("LEAST_THREADS", least)
    set("MOST_THREADS", most)
    set("LABEL_THREADS", full)          # the figures at the names are for that many
    set("SPEEDUP_MIN", min_lo != "" && min_lo < min ? min_lo : min)
    set("SPEEDUP_MAX", max_hi > max ? max_hi : max)
    set("EFFICIENCY_MAX", max_efficiency)
    set("MANY", (most > 16) + 0)        # too many for linear axes
    set("PUS", pus)                     # 0: not known
    set("CORES", cores)
    set("MACHINE", quoted(subtitle()))
    set("PAIRS", pairs + 0)
    set("AGREEING", agreeing + 0)
    set("PAIR_MIN", pair_min + 0)
    set("PAIR_MAX", pair_max + 0)
    set("array INTERPRETER[" interpreters + 1 "]; INTERPRETERS", interpreters + 0)
    for (i = 1; i <= interpreters; i++)
        set("INTERPRETER[" i "]", quoted(interpreter_of[i]))
    set("CASES", rows)
    set("NOISY", noisy + 0)
}
