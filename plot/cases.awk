# Reads machine.csv and fidelity.csv (if they are there) and bench-summary.csv in the current folder,
# checks them, and writes what the gnuplot scripts load: cases.gp (the curves, the machine), points.dat (a
# block a curve; last, 1 for what was measured) and pairs.dat (a line a pair of interpreter and model).
# A curve is one variant under one pin policy. An interpreter's that has the label is that of its unpinned
# runs, which are at all counts; a single pinned run beside it is no curve. gnuplot could read the CSV
# itself, but neither quoted fields nor a file that was cut off in the middle.

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
    beside = " (beside it fidelity.csv), line " FNR
    if (FNR == 1) {
        check_header(beside, $0, "interpreter,mode,model,threads,interpreter_speedup,interpreter_lo," \
            "interpreter_hi,model_speedup,model_lo,model_hi,ratio", "fidelity.csv")
        next
    }
    if (split_record($0) != 11)
        fail(beside, "cut off or damaged")
    if (!is_thread_count(field[4]) || !is_number(field[5]) || !is_number(field[8]))
        next                                # nothing to compare
    model[field[1] "/" field[2]] = field[3]
    if (field[2] == "nogil" && field[4] + 0 == 1)
        next                                # the baseline, 1 by definition
    for (i = 5; i <= 10; i++)
        if (!is_number(field[i]) || field[i] + 0 < 1e-9 || field[i] + 0 > 1e9)
            next                            # nothing that a logarithmic axis could show
    meet(field[1])
    ratio = field[5] / field[8]
    pairs++
    pair_interpreter[pairs] = field[1]
    pair_mode[pairs] = field[2]
    pair_model[pairs] = field[3]
    pair_ratio[pairs] = ratio
    pair_threads[pairs] = field[4] + 0
    pair_rest[pairs] = field[8] " " field[9] " " field[10] " " field[5] " " field[6] " " field[7] " " \
        ratio " " field[6] / field[10] " " field[7] / field[9]
    for (i = 5; i <= 10; i++) {
        if (pair_min == "" || field[i] + 0 < pair_min) pair_min = field[i] + 0
        if (field[i] + 0 > pair_max) pair_max = field[i] + 0
    }
    if (ratio_min == "" || field[6] / field[10] < ratio_min) ratio_min = field[6] / field[10]
    if (field[7] / field[9] > ratio_max) ratio_max = field[7] / field[9]
    near = field[11] + 0 >= 0.95 && field[11] + 0 <= 1.05
    agreeing += near
    # Further apart than that for certain? Columns 6, 7 and 9, 10 are the intervals.
    apart += !near && (field[6] + 0 > field[10] + 0 || field[9] + 0 > field[7] + 0)
    next
}

{ line++ }

line == 1 {
    check_header(", line 1", $0, header, "bench-summary.csv")
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
    if (!is_thread_count(field[4]))
        fail(", line " line, "threads is '" field[4] "', not a count from 1 to 4096")
    rows++
    if (fewest == "" || field[5] + 0 < fewest) fewest = field[5] + 0
    if (field[5] + 0 > most_reps) most_reps = field[5] + 0
    threads = field[4] + 0
    ran[field[1], field[3], threads] = 1
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
    if (!((name, field[3]) in curve)) {
        curve[name, field[3]] = ++curves
        name_of[curves] = name
        pin_of[curves] = field[3]
        is_guest[curves] = guest
        if (guest) {
            meet(before_slash(name))
            model_of[curves] = name in model ? model[name] : ""
        }
    }
    c = curve[name, field[3]]
    # Kept in the order of threads, whatever the order of the lines.
    for (i = ++points[c]; i > 1 && at_threads[c, i - 1] > threads; i--) {
        at_threads[c, i] = at_threads[c, i - 1]
        speedup[c, i] = speedup[c, i - 1]
        rest_of[c, i] = rest_of[c, i - 1]
    }
    at_threads[c, i] = threads
    counts[threads] = 1
    speedup[c, i] = field[8] + 0
    rest_of[c, i] = field[9] " " field[10]

    if (threads > most) most = threads
    if (least == "" || threads < least) least = threads
    if (field[8] + 0 > max) max = field[8] + 0
    if (field[10] + 0 > max_hi) max_hi = field[10] + 0
    if (field[8] / threads > max_efficiency) max_efficiency = field[8] / threads
    if (field[10] / threads > max_efficiency_hi) max_efficiency_hi = field[10] / threads
    if (min == "" || field[8] + 0 < min) min = field[8] + 0
    if (field[9] + 0 > 0 && (min_lo == "" || field[9] + 0 < min_lo)) min_lo = field[9] + 0
}

# Is that curve of an interpreter beside another one of it, the unpinned or else the first?
function is_beside(c,    d) {
    if (!is_guest[c] || pin_of[c] == "none")
        return 0
    for (d = 1; d <= curves; d++)
        if (name_of[d] == name_of[c] && (pin_of[d] == "none" || d < c))
            return 1
    return 0
}

# Leaves out what is beside another and no curve, and closes up the rest.
function drop_lone_guests(    c, i, n) {
    for (c = 1; c <= curves; c++)
        lone[c] = points[c] < 2 && is_beside(c)
    for (c = 1; c <= curves; c++) {
        if (lone[c])
            continue
        n++
        name_of[n] = name_of[c]
        pin_of[n] = pin_of[c]
        is_guest[n] = is_guest[c]
        model_of[n] = model_of[c]
        points[n] = points[c]
        for (i = 1; i <= points[c]; i++) {
            at_threads[n, i] = at_threads[c, i]
            speedup[n, i] = speedup[c, i]
            rest_of[n, i] = rest_of[c, i]
        }
    }
    curves = n
}

# Whether two curves lie on each other: nowhere further apart than that share of the picture's height.
function coincide(c, d, share,    i, a, b) {
    if (points[c] != points[d])
        return 0
    for (i = 1; i <= points[c]; i++) {
        if (at_threads[c, i] != at_threads[d, i])
            return 0
        a = speedup[c, i]
        b = speedup[d, i]
        if (most > 16 ? distance(a, b) > share * distance(max, min) : a - b > share * max || b - a > share * max)
            return 0
    }
    return 1
}

function distance(a, b) {
    return a > b ? log(a / b) : log(b / a)
}

# Interpreters whose curves of one mode coincide share a label. members[c] are the curves that have it
# at c, in the order of their versions. Where labels would be too many, curves that are near do, too.
function share_labels(    share, labels, i, k, c, d, all, of) {
    for (share = 0.02; ; share *= 1.4) {
        labels = 1
        for (c = 1; c <= curves; c++) {
            members[c] = is_guest[c] ? "" : c
            labels += !is_guest[c] && !(pin_of[c] != "core" && (name_of[c], "core") in curve)
        }
        for (i = 1; i <= guests; i++) {
            c = guest_curve[i]
            for (k = 1; k <= i; k++) {
                d = guest_curve[k]
                if (k == i || members[d] != "" && name_after[d] == name_after[c] && model_of[d] == model_of[c]) {
                    all = 1
                    for (of = split(members[d], member, " "); of >= 1; of--)
                        all = all && coincide(c, member[of], share)
                    if (all) {
                        members[d] = members[d] (members[d] == "" ? "" : " ") c
                        labels += members[d] == c ""
                        break
                    }
                }
            }
        }
        if (labels <= 22 || share > 0.15)
            return
    }
}

# "cpython-2.7, 3.6 … 3.13, pypy-3.9/pool": three and more versions with none of this mode between them
# that is elsewhere are first … last.
function shared_name(list,    n, i, k, from, text, last) {
    n = split(list, member, " ")
    for (i = 1; i <= n; i = k + 1) {
        from = before_slash(name_of[member[i]])
        for (k = i; k < n && family(before_slash(name_of[member[k + 1]])) == family(from) && \
            guest_place[member[k + 1]] == guest_place[member[k]] + 1; k++)
            ;
        if (k < i + 2)
            k = i
        text = text (text == "" ? "" : ", ") (family(from) == last ? substr(from, length(last) + 2) : from)
        last = family(from)
        if (k > i)
            text = text " … " substr(before_slash(name_of[member[k]]), length(last) + 2)
    }
    # too long for a label: the shapes before it say which
    if (length(text) > 28)
        text = n " interpreters"
    return text "/" name_after[member[1]]
}

# The interpreters' curves, mode by mode, in the order of their versions.
function order_guests(    c, k, i) {
    for (c = 1; c <= curves; c++)
        if (is_guest[c] && !is_beside(c)) {
            name_after[c] = after_slash(name_of[c])
            for (k = ++guests; k > 1 && (name_after[c] < name_after[guest_curve[k - 1]] || \
                name_after[c] == name_after[guest_curve[k - 1]] && \
                place[before_slash(name_of[c])] < place[before_slash(name_of[guest_curve[k - 1]])]); k--)
                guest_curve[k] = guest_curve[k - 1]
            guest_curve[k] = c
        }
    for (i = 1; i <= guests; i++)
        guest_place[guest_curve[i]] = i
}

# The rows of the pairs, from 0 at the top, in units of one row: interpreter by interpreter, mode by
# mode, and by threads in these, with gaps between.
function write_pairs(    i, k, p, at, gap, here, was) {
    for (i = 1; i <= pairs; i++) {
        for (k = i; k > 1 && pair_before(i, sorted[k - 1]); k--)
            sorted[k] = sorted[k - 1]
        sorted[k] = i
    }
    gap = pairs > 24 ? 1 : 1.4
    at = -1
    for (i = 1; i <= pairs; i++) {
        p = sorted[i]
        here = pair_interpreter[p] "/" pair_mode[p]
        if (here != was) {
            groups++
            at += i == 1 ? 0 : pair_interpreter[p] == pair_interpreter[sorted[i - 1]] ? gap / 2 : gap
            group_interpreter[groups] = pair_interpreter[p]
            group_mode[groups] = pair_mode[p]
            group_model[groups] = pair_model[p]
            group_top[groups] = at + 1
        }
        was = here
        group_end[groups] = ++at
        row_threads = row_threads " " pair_threads[p]
        row_ratio = row_ratio " " pair_ratio[p]
        row_place = row_place " " at
        print place[pair_interpreter[p]], quoted_word(pair_model[p]), quoted_word(here), pair_threads[p], \
            pair_rest[p], at, pinned(p) != "no" > "pairs.dat"
        if (pinned(p) == "yes") pairs_pinned++
        if (pinned(p) == "no") pairs_unpinned++
    }
    row_units = at
}

# fidelity.csv does not say how a pair ran; it is the pinned runs, where both have them (one thread of the
# model counts for both): src/measure/fidelity.c. "" where the rows are not there.
function pinned(p,    who) {
    who = pair_interpreter[p] "/" pair_mode[p]
    return (who, "core", pair_threads[p]) in ran && \
        ((pair_model[p], "core", pair_threads[p]) in ran || pair_threads[p] == 1) ? "yes" : \
        (who, "none", pair_threads[p]) in ran ? "no" : ""
}

function pair_before(a, b) {
    if (pair_interpreter[a] != pair_interpreter[b])
        return place[pair_interpreter[a]] < place[pair_interpreter[b]]
    if (pair_mode[a] != pair_mode[b])
        return mode_rank(pair_mode[a]) < mode_rank(pair_mode[b])
    return pair_threads[a] < pair_threads[b]
}

function mode_rank(mode) {
    return mode == "threads" ? 1 : mode == "pool" ? 2 : mode == "nogil" ? 3 : 4
}

# How far an axis goes: to the end of the bars, at most a quarter beyond medians and ideal, and to the medians.
function extent(medians, bars, needed) {
    if (bars > 1.25 * needed)
        bars = 1.25 * needed
    return bars > medians ? bars : medians
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
    drop_lone_guests()
    order_interpreters()
    order_guests()
    share_labels()
    write_pairs()
    set("array MODEL[" curves "]; array INTERPRETER_OF[" curves "]; array MEMBERS[" curves \
        "]; array LABEL[" curves "]; array LAST_MEAN[" curves "]; array LAST_LOW[" curves "]; array LAST_HIGH[" curves "]; array FULL_LOW[" curves \
        "]; array FULL_HIGH[" curves "]; GUESTS", guests + 0)
    set("array NAME[" curves "]; array PIN[" curves "]; array LAST_THREADS[" curves \
        "]; array LAST_SPEEDUP[" curves "]; array FULL_THREADS[" curves \
        "]; array FULL_SPEEDUP[" curves "]; CURVES", curves)
    for (c = 1; c <= curves; c++) {
        set("NAME[" c "]", quoted(name_of[c]))
        set("PIN[" c "]", quoted(pin_of[c]))
        set("MODEL[" c "]", quoted(model_of[c]))
        set("INTERPRETER_OF[" c "]", is_guest[c] ? place[before_slash(name_of[c])] : 0)
        set("LAST_THREADS[" c "]", at_threads[c, points[c]])
        set("LAST_SPEEDUP[" c "]", speedup[c, points[c]] + 0)
        f = points[c]
        for (i = 1; i <= points[c]; i++)
            if (at_threads[c, i] == full)
                f = i
        set("FULL_THREADS[" c "]", at_threads[c, f])
        set("FULL_SPEEDUP[" c "]", speedup[c, f] + 0)
        set("MEMBERS[" c "]", quoted(members[c]))
        n = split(members[c], member, " ")
        sum = 0
        low = high = speedup[c, f]
        low_end = high_end = speedup[c, points[c]]
        for (i = 1; i <= n; i++) {
            sum += speedup[member[i], points[c]]
            if (speedup[member[i], f] < low) low = speedup[member[i], f]
            if (speedup[member[i], f] > high) high = speedup[member[i], f]
            if (speedup[member[i], points[c]] < low_end) low_end = speedup[member[i], points[c]]
            if (speedup[member[i], points[c]] > high_end) high_end = speedup[member[i], points[c]]
        }
        set("LAST_LOW[" c "]", low_end)
        set("LAST_HIGH[" c "]", high_end)
        set("LAST_MEAN[" c "]", n ? sum / n : 0)
        set("FULL_LOW[" c "]", low)
        set("FULL_HIGH[" c "]", high)
        set("LABEL[" c "]", quoted(n > 1 ? shared_name(members[c]) : name_of[c]))
        for (i = 1; i <= points[c]; i++) {
            # an interpreter is not run at every count: where ours are, its efficiency is that of a speedup
            # on a straight line, or it would seem to lie above the ideal
            for (n = at_threads[c, i - 1] + 1; is_guest[c] && most <= 16 && i > 1 && n < at_threads[c, i]; n++)
                if (n in counts)
                    print n, speedup[c, i - 1] + (speedup[c, i] - speedup[c, i - 1]) * \
                        (n - at_threads[c, i - 1]) / (at_threads[c, i] - at_threads[c, i - 1]), 0, 0, 0 > "points.dat"
            print at_threads[c, i], speedup[c, i], rest_of[c, i], 1 > "points.dat"
        }
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
    # a bar may be so long that the curves would all lie at the bottom: it is cut off
    ideal = pus && most > pus ? pus : most
    set("SPEEDUP_MAX", extent(max, max_hi, max > ideal ? max : ideal))
    set("EFFICIENCY_MAX", extent(max_efficiency, max_efficiency_hi, max_efficiency > 1 ? max_efficiency : 1))
    set("MANY", (most > 16) + 0)        # too many for linear axes
    set("PUS", pus)                     # 0: not known
    set("CORES", cores)
    set("MACHINE", quoted(subtitle("bench")))
    set("PAIRS", pairs + 0)
    set("PAIRS_PINNED", pairs_pinned + 0)
    set("PAIRS_UNPINNED", pairs_unpinned + 0)
    set("AGREEING", agreeing + 0)
    set("APART", apart + 0)
    set("PAIR_MIN", pair_min + 0)
    set("PAIR_MAX", pair_max + 0)
    set("RATIO_MIN", ratio_min + 0)
    set("RATIO_MAX", ratio_max + 0)
    set("ROW_UNITS", row_units + 0)
    set("ROW_THREADS", quoted(substr(row_threads, 2)))
    set("ROW_RATIO", quoted(substr(row_ratio, 2)))
    set("ROW_PLACE", quoted(substr(row_place, 2)))
    set("array GROUP_INTERPRETER[" groups + 1 "]; array GROUP_MODE[" groups + 1 "]; array GROUP_MODEL[" \
        groups + 1 "]; array GROUP_TOP[" groups + 1 "]; array GROUP_END[" groups + 1 \
        "]; array GROUP_SHAPE[" groups + 1 "]; GROUPS", groups + 0)
    for (i = 1; i <= groups; i++) {
        set("GROUP_INTERPRETER[" i "]", quoted(group_interpreter[i]))
        set("GROUP_SHAPE[" i "]", place[group_interpreter[i]])
        set("GROUP_MODE[" i "]", quoted(group_mode[i]))
        set("GROUP_MODEL[" i "]", quoted(group_model[i]))
        set("GROUP_TOP[" i "]", group_top[i])
        set("GROUP_END[" i "]", group_end[i])
    }
    set("INTERPRETERS", interpreters + 0)
    set("BARS", quoted(bars_words()))
    set("RANGES", (most_reps < 6) + 0)  # and no intervals
    set("CASES", rows)
    set("NOISY", noisy + 0)
}
