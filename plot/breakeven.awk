# Reads machine.csv and breakeven-answers.csv (if they are there) and breakeven-summary.csv in the
# current folder, checks them, and writes what breakeven.gp loads: breakeven-cases.gp (panels, curves,
# break-evens, the machine) and breakeven.dat (a block a curve). A panel is a pin policy, a curve hold
# or release with a number of threads, in the model or in an interpreter.

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
    most_guests = 8                         # curves of interpreters in a panel, before it is too crowded
    widest = 25                             # letters in a label
}

FILENAME == "machine.csv" {
    read_machine()
    next
}

FILENAME == "breakeven-answers.csv" {
    beside = " (beside it breakeven-answers.csv), line " FNR
    if (FNR == 1) {
        check_header(beside, $0, "system,kernel,lock,pin,threads,answer,call_s,call_s_lo,call_s_hi," \
            "call,call_lo,call_hi,ratio", "breakeven-answers.csv")
        next
    }
    if (split_record($0) != 13)
        fail(beside, "cut off or damaged")
    if (field[6] != "break_even" || !is_thread_count(field[5]))
        next
    for (i = 7; i <= 9; i++)                # gnuplot would run what stands there
        if (field[i] != "" && !is_number(field[i]))
            next
    answer[++answers] = field[4]
    answer_of[answers] = field[1] == "model" ? "" : field[1]
    answer_threads[answers] = field[5] + 0
    answer_at[answers] = field[7]
    answer_lo[answers] = field[8]
    answer_hi[answers] = field[9]
    if (field[1] != "model")
        meet(field[1])
    next
}

{ line++ }

line == 1 {
    check_header(", line 1", $0, header, "breakeven-summary.csv")
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
    if (!is_thread_count(field[5]) || field[7] + 0 <= 0)
        fail(", line " line, "threads is '" field[5] "' and call_s '" field[7] "'")
    rows++
    if (field[10] == "" || field[10] + 0 <= 0)
        next                                # without its baseline
    system_name = index(field[1], "/") ? before_slash(field[1]) : ""
    variant = after_slash(field[1])
    if (kernel == "")
        kernel = field[2]
    if (lock == "" && system_name == "")
        lock = field[3]
    key = field[4] "," system_name "," field[5] + 0
    if (!(key in reps_of) || field[8] + 0 < reps_of[key]) reps_of[key] = field[8] + 0
    if (fewest == "" || field[8] + 0 < fewest) fewest = field[8] + 0
    if (field[8] + 0 > most_reps) most_reps = field[8] + 0
    if (least == "" || field[7] + 0 < least) least = field[7] + 0
    if (field[7] + 0 > most) most = field[7] + 0
    if (!(field[4] in panel)) {
        panel[field[4]] = ++panels
        pin_of[panels] = field[4]
    }
    drifts = field[17] + 0 > 0 && 2 * field[17] >= field[8] + 0
    if (system_name == "") {                # an interpreter's progress is not sampled
        drifting += drifts
        drawn++
    } else
        meet(system_name)
    if (variant == "hold" && field[5] + 0 == 1)
        next                                # the baseline, 1 by definition
    add_point(find_curve(field[4], system_name, variant == "release", field[5] + 0), field[7] + 0, \
        field[10] + 0, field[field[11] == "" ? 10 : 11] + 0, field[field[12] == "" ? 10 : 12] + 0)
}

function find_curve(pin, who, is_release, threads,    name, i) {
    name = pin "," who "," is_release "," threads
    if (name in curve)
        return curve[name]
    curve[name] = ++curves
    panel_of[curves] = panel[pin]
    who_of[curves] = who
    release[curves] = is_release
    threads_of[curves] = threads
    if (!(threads in seen)) {
        seen[threads] = 1
        for (i = ++counts; i > 1 && count[i - 1] > threads; i--)
            count[i] = count[i - 1]
        count[i] = threads
    }
    return curves
}

# Kept in the order of the lengths, whatever the order of the lines.
function add_point(c, x, y, lo, hi,    i) {
    for (i = ++points[c]; i > 1 && at[c, i - 1] > x; i--) {
        at[c, i] = at[c, i - 1]
        height[c, i] = height[c, i - 1]
        low[c, i] = low[c, i - 1]
        high[c, i] = high[c, i - 1]
        hollow[c, i] = hollow[c, i - 1]
    }
    at[c, i] = x
    height[c, i] = y
    low[c, i] = lo
    high[c, i] = hi
    hollow[c, i] = drifts
}

# Which curves of the interpreters are drawn: all, or none of hold, or release with the most threads
# alone. Returns the words for what is left out.
function thin_out(    c) {
    if (interpreters * (2 * counts - 1) <= most_guests)
        return ""
    for (c = 1; c <= curves; c++)
        left_out[c] = who_of[c] != "" && (!release[c] || \
            interpreters * counts > most_guests && threads_of[c] < count[counts])
    return interpreters * counts > most_guests ? \
        "of interpreters: release, " counted(count[counts], "thread") ", alone" : \
        "hold of interpreters: not drawn"
}

# Models first, then interpreters in the order of their names and versions, on top of them.
function order_curves(    c, k, i) {
    for (c = 1; c <= curves; c++) {
        if (left_out[c])
            continue
        for (k = ++shown; k > 1 && place_of(c) < place_of(show[k - 1]); k--)
            show[k] = show[k - 1]
        show[k] = c
        for (i = 1; i <= points[c]; i++) {
            if (low[c, i] > 0 && (min == "" || low[c, i] < min)) min = low[c, i]
            if (high[c, i] > max) max = high[c, i]
        }
    }
}

function place_of(c) {
    return who_of[c] == "" ? 0 : place[who_of[c]]
}

# Curves of one kind, in one panel, that lie on each other have one label.
function share_labels(    i, k, c, d) {
    for (i = 1; i <= shown; i++) {
        c = show[i]
        for (k = 1; k < i; k++) {
            d = show[k]
            if (members[d] != "" && coincide(c, d))
                break
        }
        d = k < i ? show[k] : c
        members[d] = members[d] (members[d] == "" ? "" : " ") c
    }
}

# Nowhere further apart than a fortieth of the picture's height.
function coincide(c, d,    i, apart) {
    if (panel_of[c] != panel_of[d] || release[c] != release[d] || threads_of[c] != threads_of[d] || \
        points[c] != points[d])
        return 0
    for (i = 1; i <= points[c]; i++) {
        apart = log(height[c, i] / height[d, i])
        if (at[c, i] != at[d, i] || (apart < 0 ? -apart : apart) > log((max > 1.1 ? max : 1.1) / (min < 0.9 ? min : 0.9)) / 40)
            return 0
    }
    return 1
}

# The second line of a label: whose curves these are, where they are not the model's alone.
function whose(list,    n, i, who, last, text, ours, guests) {
    n = split(list, member, " ")
    for (i = 1; i <= n; i++) {
        who = who_of[member[i]]
        if (who == "") {
            ours = "and "
            continue
        }
        text = text (guests++ ? ", " : "") (family(who) == last ? substr(who, length(last) + 2) : who)
        last = family(who)
    }
    if (guests == 0)
        return ""
    text = ours "in " text
    if (length(text) > widest && guests > 1)
        text = ours "in " (guests == 2 && interpreters == 2 ? "both interpreters" : guests " interpreters")
    return text
}

# --- break-evens ---

# The sentences of src/output/breakeven_words.c, in few words, and with its rules (crossing_is_vague in
# src/measure/crossing.c): a median is told only where its interval is narrow enough to act on.

function is_least(text) {
    return text != "" && text + 0 <= least * 1.0001
}

function is_open(a) {
    return is_least(answer_lo[a]) && answer_hi[a] == ""
}

function is_vague(a,    lo, hi) {
    lo = answer_lo[a] == "" ? most * 10 : answer_lo[a] + 0 < least ? least : answer_lo[a] + 0
    hi = answer_hi[a] == "" || answer_hi[a] + 0 > most ? most : answer_hi[a] + 0
    return blocks(a) < 6 || is_open(a) || hi > 10 * lo
}

# Of how many blocks an answer is, as far as the rows tell.
function blocks(a,    key) {
    key = answer[a] "," answer_of[a] "," answer_threads[a]
    return key in reps_of ? reps_of[key] : fewest + 0
}

# What is known of one: "at" a length, "all" lengths (from the least on, or before), "none", "unsure";
# with one PU "nothing" is to be gained.
function outcome(a) {
    return pus == 1 ? "nothing" : is_vague(a) ? "unsure" : answer_at[a] == "" ? "none" : \
        is_least(answer_at[a]) ? "all" : "at"
}

# " (95 %: 2.85 µs to beyond)"; beyond the longest call, where the axis ends.
function interval_words(a,    lo, hi) {
    if (least + 0 == most + 0 || is_open(a))
        return ""
    lo = answer_lo[a] == "" ? "beyond" : (is_least(answer_lo[a]) ? "at most " : "") duration(answer_lo[a] + 0)
    hi = answer_hi[a] == "" ? "beyond" : (is_least(answer_hi[a]) ? "at most " : "") duration(answer_hi[a] + 0)
    return " (" (blocks(a) < 6 ? "of " counted(blocks(a), "block") : "95 %") ": " lo " to " hi ")"
}

function outcome_words(a,    what) {
    what = outcome(a)
    if (what == "nothing")
        return "one usable PU: nothing to gain"
    if (least + 0 == most + 0)              # one length: nothing is crossed
        return what == "unsure" ? "a loss, or none: not told" : what == "none" ? "a loss" : "no loss"
    return what == "unsure" ? "break-even cannot be told" interval_words(a) : what == "none" ? "no break-even up to " duration(most) : \
        what == "all" ? "no loss at any length" : "break-even " duration(answer_at[a] + 0)
}

# Behind those of the model: the same of up to two interpreters, and of more from where to where.
function guests_words(a,    g, k, n, with, none, from, to, text, what) {
    for (k = 1; k <= interpreters; k++)
        for (g = 1; g <= answers; g++)
            if (answer_of[g] == in_order[k] && answer[g] == answer[a] && answer_threads[g] == answer_threads[a]) {
                n++
                what = outcome(g)
                text = text "; " answer_of[g] (what == "unsure" ? (outcome(a) == what ? " neither" : ": cannot be told") : \
                    what != outcome(a) ? ": " outcome_words(g) : what == "at" ? " " duration(answer_at[g] + 0) : " likewise")
                none += what == "none"
                if (what == "at") {
                    if (!with++ || answer_at[g] + 0 < from) from = answer_at[g] + 0
                    if (answer_at[g] + 0 > to) to = answer_at[g] + 0
                }
            }
    if (n <= 2)
        return text
    return "; " (with ? (with < n ? with " of " : "") n " interpreters " duration(from) " to " duration(to) : \
        "of " n " interpreters none " (none == n ? "has one" : "for which it can be told"))
}

function write_answers(    a, lo, hi) {
    set("array EVEN_PANEL[" answers + 1 "]; array EVEN_THREADS[" answers + 1 "]; array EVEN[" \
        answers + 1 "]; array EVEN_LO[" answers + 1 "]; array EVEN_HI[" answers + 1 "]; array EVEN_BAND[" answers + 1 \
        "]; array EVEN_OF[" answers + 1 "]; array EVEN_WORDS[" answers + 1 "]; EVENS", answers + 0)
    for (a = 1; a <= answers; a++) {
        # where no interval or no crossing is, LO or HI lie outside of the picture
        lo = answer_lo[a] == "" ? most * 10 : answer_lo[a] + 0 <= least * 1.0001 ? least / 10 : answer_lo[a] + 0
        hi = answer_hi[a] == "" ? most * 10 : answer_hi[a] + 0
        set("EVEN_PANEL[" a "]", answer[a] in panel ? panel[answer[a]] : 0)
        set("EVEN_THREADS[" a "]", answer_threads[a])
        set("EVEN_OF[" a "]", answer_of[a] == "" ? 0 : place[answer_of[a]])
        set("EVEN[" a "]", outcome(a) == "at" ? answer_at[a] + 0 : 0)
        set("EVEN_BAND[" a "]", outcome(a) == "at" || outcome(a) == "unsure")   # with a median or without
        set("EVEN_LO[" a "]", lo)
        set("EVEN_HI[" a "]", hi)
        set("EVEN_WORDS[" a "]", quoted(outcome_words(a) (answer_of[a] == "" ? guests_words(a) : "")))
    }
}

function write_curves(    i, k, c, n, rank, sum, text) {
    set("array PANEL[" shown "]; array RELEASE[" shown "]; array THREADS[" shown "]; array OF[" shown \
        "]; array LAST_X[" shown "]; array LAST_Y[" shown "]; array MEMBERS[" shown \
        "]; array WHOSE[" shown "]; CURVES", shown)
    for (i = 1; i <= shown; i++)
        rank[show[i]] = i
    for (i = 1; i <= shown; i++) {
        c = show[i]
        set("PANEL[" i "]", panel_of[c])
        set("RELEASE[" i "]", release[c])
        set("THREADS[" i "]", threads_of[c])
        set("OF[" i "]", place_of(c))
        set("WHOSE[" i "]", quoted(whose(members[c])))
        n = split(members[c], member, " ")
        sum = 0
        text = ""
        for (k = 1; k <= n; k++) {
            text = text (k > 1 ? " " : "") rank[member[k]]
            sum += log(height[member[k], points[c]])
        }
        set("MEMBERS[" i "]", quoted(text))     # none: another curve has its label
        set("LAST_X[" i "]", at[c, points[c]])
        set("LAST_Y[" i "]", n ? exp(sum / n) : height[c, points[c]])
        for (k = 1; k <= points[c]; k++)
            print at[c, k], height[c, k], low[c, k], high[c, k], hollow[c, k] > "breakeven.dat"
        printf "\n\n" > "breakeven.dat"
    }
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

    order_interpreters()
    set("LEFT_OUT", quoted(thin_out()))
    order_curves()
    if (shown == 0)
        fail("", "no row of the model has a speedup")
    share_labels()
    set("array PIN[" panels "]; PANELS", panels)
    for (i = 1; i <= panels; i++)
        set("PIN[" i "]", quoted(pin_of[i]))
    set("array COUNT[" counts "]; COUNTS", counts)
    for (i = 1; i <= counts; i++)
        set("COUNT[" i "]", count[i])
    set("array INTERPRETER[" interpreters + 1 "]; INTERPRETERS", interpreters + 0)
    for (i = 1; i <= interpreters; i++)
        set("INTERPRETER[" i "]", quoted(in_order[i]))
    write_curves()
    write_answers()
    set("X_LEAST", least)
    set("X_MOST", most)
    set("Y_LEAST", min)
    set("Y_MOST", max)
    set("DRIFTING", drifting + 0)
    set("CASES", drawn + 0)
    set("BARS", quoted(bars_words()))
    set("MACHINE", quoted(subtitle("breakeven")))
    set("LOCK", quoted(lock))
    set("KERNEL", quoted(kernel))
}
