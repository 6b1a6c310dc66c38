# Reads machine.csv (if it is there), trace-threads.csv and trace.csv, the last twice: awk -f csv.awk
# -f trace.awk machine.csv trace-threads.csv trace.csv pass=2 trace.csv. Writes NAME-cases.gp, which gnuplot loads, and
# NAME-whole.dat and NAME-near.dat: for each thread four outlines, of the share of the time that it
# ran, ran or was in native code, did these or waited, was there. What is narrower than a bin is in its share.
#   name     prefix of the files
#   bins     columns of the whole; 0: by the number of threads
#   until    seconds that the whole shows; 0: all
# Of many threads the first ROWS_MAX are shown.

BEGIN {
    FS = ","
    again = "trace"
    cases = name "-cases.gp"
    pass = 1
    NOBODY = -1
    ROWS_MAX = 128
    holder = last_holder = NOBODY
    split("running native waiting other", LAYER, " ")
}

FILENAME == "machine.csv" {
    read_machine()
    next
}

FNR == 1 {
    file++
    if (file == 1) {
        for (i = 1; i <= NF; i++)
            column[$i] = i
        needed = split("variant kernel pin lock thread span_s running_s waiting_s native_s wait_longest_s " \
            "starved_s woken_in_vain run_s handoffs_per_s jain", need, " ")
        for (i = 1; i <= needed; i++)
            if (!(need[i] in column))
                fail(", line 1", "no column '" need[i] "': not the table of a trace's threads, or one of another version")
        next
    }
    check_header(" (beside it trace.csv), line 1", $0, "time_s,thread,event,detail", "trace.csv")
    if (file == 2)
        prepare()
    begin_pass()
    next
}

file == 1 {
    if (NF != length_of_header() || !is_number($column["run_s"]) || !is_number($column["handoffs_per_s"]) || $column["thread"] != threads + 0)
        fail("", "line " FNR ": not what gilscope writes")
    for (key in column) {
        # gnuplot would run what stands there
        if ($column[key] != "" && key !~ /^(variant|kernel|pin|lock)$/ && !is_number($column[key]))
            fail("", "line " FNR ": " key " is '" $column[key] "', not a number")
        of[threads + 0, key] = $column[key]
    }
    threads++
    next
}

NF != 4 || !is_number($1) || $2 !~ /^[0-9]+$/ || $2 >= threads { fail("", "trace.csv, line " FNR ": not what gilscope writes") }

$1 > shown && pass == 1 { next }
$1 > to && pass == 2 { next }

{ take($1 + 0, $2 + 0, $3) }

function length_of_header(    n, key) {
    for (key in column)
        n++
    return n
}

function prepare() {
    if (!threads)
        fail("", "no threads")
    run = of[0, "run_s"] + 0
    by_tasks = of[0, "variant"] ~ /^(tasks|pool|nogil|serial)$/    # who has no task does nothing
    if (run <= 0 || total_of("span_s") <= 0)
        fail("", "nothing was recorded")
    shown = until > 0 && until < run ? until : run
    if (!bins)
        bins = bins_for(threads)
    rows = threads < ROWS_MAX ? threads : ROWS_MAX
    # as many heights as can be told apart
    levels = rows <= 4 ? 50 : rows <= 16 ? 16 : 5
    from = 0
    to = shown
}

function bins_for(n) {
    return n <= 4 ? 1000 : n <= 16 ? 500 : n <= ROWS_MAX ? int(9000 / n) + 60 : 130
}

function begin_pass(    t, b) {
    if (pass == 2) {
        end_pass("whole")
        choose_window()
        bins = near_bins
    }
    holder = last_holder = NOBODY
    gots = waiting = 0
    for (t = 0; t < threads; t++) {
        there[t] = holds[t] = wants[t] = sees[t] = asked[t] = 0
        for (b = 0; b < bins; b++)
            share[t, b, "running"] = share[t, b, "native"] = share[t, b, "waiting"] = share[t, b, "other"] = 0
    }
}

# --- what a thread does between two events: as src/trace/walk.c has it ---
function close_slice(t, now,    what, a, z, b, edge, width) {
    if (!there[t] || t >= rows)
        return
    what = wants[t] && !contended[t] && gots == gots_then[t] ? "other" : state[t]
    a = since[t] < from ? from : since[t]
    z = now > to ? to : now
    if (z <= a)
        return
    width = (to - from) / bins
    for (b = int((a - from) / width); b < bins; b++) {
        edge = from + (b + 1) * width
        share[t, b, what] += ((z < edge ? z : edge) - a) / width
        if (z <= edge)
            break
        a = edge
    }
}

function enter(t, what, now) {
    close_slice(t, now)
    there[t] = 1
    state[t] = what
    since[t] = now
}

function take(now, t, event) {
    if (event == "begins")
        enter(t, by_tasks ? "other" : "running", now)
    else if (event == "ends") {
        close_slice(t, now)
        waiting -= wants[t]
        there[t] = wants[t] = 0
    } else if (event == "wants") {
        enter(t, "waiting", now)
        waiting += !wants[t]
        wants[t] = 1
        sees[t] = asked[t] = 0
        wanted[t] = now
        contended[t] = holder != NOBODY && holder != t
        gots_then[t] = gots
    } else if (event == "got")
        take_got(now, t)
    else if (event == "gave_up") {
        enter(t, sees[t] ? "waiting" : "other", now)
        holds[t] = 0
        saw = sees[t]
        sees[t] = 0
        if (holder == t) {
            holder = NOBODY
            gave_up = now
            awaited = waiting > 0
        }
    } else if (event == "sees")
        sees[t] = now
    else if (event == "asks")
        asked[t] = now
    else if (event == "native_begins")
        enter(t, "native", now)
    else if (event == "native_ends")
        enter(t, holds[t] ? "running" : "other", now)
    else if (event == "task_begins") {
        if (pass == 1 && t < rows)
            task[++tasks] = now " " t
        enter(t, "running", now)
    } else if (event == "task_ends")
        enter(t, "other", now)
}

function take_got(now, t,    real) {
    real = contended[t] || gots > gots_then[t]
    enter(t, "running", now)
    waiting -= wants[t]
    wants[t] = 0
    if (last_holder != NOBODY && last_holder != t) {
        if (pass == 1)
            remember(now, t, real + (real && asked[t] > 0))
        else if (gave_up >= from && last_holder < rows && t < rows)
            arrow[++arrows] = gave_up " " last_holder " " now " " t
    } else if (last_holder == t && awaited && pass == 2 && gave_up >= from && t < rows)
        vain[++vains] = gave_up " " t
    holds[t] = 1
    holder = last_holder = t
    gots++
}

# --- the hand-off that is looked at closely: of the median length among those that were asked
# for, or else waited for ---
function remember(now, t, real) {
    # best in the middle of what is shown
    real = 2 * real + (now > 0.1 * shown && now < 0.9 * shown)
    if (real < best_kind || (real == best_kind && kept >= 1000) || last_holder >= rows || t >= rows)
        return
    if (real > best_kind) {
        best_kind = real
        kept = 0
    }
    kept++
    took[kept] = now - gave_up
    at_up[kept] = gave_up
    at_got[kept] = now
    who_up[kept] = last_holder
    who_got[kept] = t
    at_wants[kept] = wanted[t]
    at_asks[kept] = asked[t]
    at_sees[kept] = saw
}

function median_handoff(    i, k, below, best, off) {
    best = 1
    off = kept + 1
    for (i = 1; i <= kept; i++) {
        below = 0
        for (k = 1; k <= kept; k++)
            below += took[k] < took[i] || (took[k] == took[i] && k < i)
        below -= int(kept / 2)
        if (below < 0)
            below = -below
        if (below < off) {
            off = below
            best = i
        }
    }
    return best
}

function choose_window(    h, width, turn, t, total) {
    near_bins = bins_for(threads)
    if (!kept)
        return
    if (kept > 300)
        kept = 300
    h = median_handoff()
    near = 1
    for (t = 0; t < threads; t++)
        total += of[t, "running_s"]
    turn = total * shown / run / (gots > 0 ? gots : 1)
    width = 3 * took[h]
    if (at_asks[h] > 0 && at_up[h] - at_asks[h] < 5 * took[h])
        width += 1.2 * (at_up[h] - at_asks[h])
    if (turn < 50e-6 && width < 24 * turn)
        width = 24 * turn
    if (width < 2e-6)
        width = 2e-6
    from = at_up[h] - 0.4 * width
    to = from + width
    if (to < at_got[h] + 0.2 * width)
        to = at_got[h] + 0.2 * width
    set("NEAR_UP", at_up[h] - from)
    set("NEAR_GOT", at_got[h] - from)
    set("NEAR_WANTS", at_wants[h] - from)
    set("NEAR_ASKS", at_asks[h] > 0 ? at_asks[h] - from : "NaN")
    set("NEAR_SEES", at_sees[h] > 0 ? at_sees[h] - from : "NaN")
    set("WHO_UP", who_up[h])
    set("WHO_GOT", who_got[h])
    set("NEAR_SPAN", sprintf("%.12g", to - from))
    set("NEAR_FROM", sprintf("%.12g", from))
}

# --- the outlines: steps, those of the same height joined ---
function outline(path, t, k,    b, l, height, before) {
    printf "%.9g %.4g\n", 0, 0 > path
    before = 0
    for (b = 0; b < bins; b++) {
        height = 0
        for (l = 1; l <= k; l++)
            height += share[t, b, LAYER[l]]
        height = int(height * levels + 0.5) / levels
        if (height > 1)
            height = 1
        if (height != before) {
            printf "%.7g %.4g\n%.7g %.4g\n", b / bins * (to - from), before, b / bins * (to - from), height > path
            before = height
        }
    }
    printf "%.9g %.4g\n%.9g 0\n\n\n", to - from, before, to - from > path
}

function end_pass(what,    t, k, path) {
    path = name "-" what ".dat"
    for (t = 0; t < rows; t++) {
        close_slice(t, to)
        for (k = 1; k <= 4; k++)
            outline(path, t, k)
    }
    close(path)
}

function total_of(key,    t, sum) {
    for (t = 0; t < threads; t++)
        sum += of[t, key]
    return sum
}

function most_of(key,    t, most) {
    for (t = 0; t < threads; t++)
        most = of[t, key] + 0 > most + 0 ? of[t, key] : most
    return most + 0
}

END {
    if (failed)
        exit 1
    if (file < 3)
        fail("", "trace.csv: not a trace")
    if (near)
        end_pass("near")
    pus = is_count(machine["usable_pus"]) ? machine["usable_pus"] + 0 : 0
    cores = is_count(machine["cores"]) ? machine["cores"] + 0 : 0
    set("MACHINE", quoted(subtitle("trace")))
    set("NEAR", near + 0)
    set("THREADS", rows)
    set("ALL_THREADS", threads)
    set("VARIANT", quoted(of[0, "variant"]))
    set("KERNEL", quoted(of[0, "kernel"]))
    set("PIN", quoted(of[0, "pin"]))
    set("LOCK", quoted(of[0, "lock"]))
    set("SHOWN", sprintf("%.12g", shown))
    set("RUN", sprintf("%.12g", run))
    set("LOST", total_of("lost"))
    set("HANDOFFS", total_of("handoffs"))
    set("HANDOFFS_A_SECOND", of[0, "handoffs_per_s"])
    set("OVERSUBSCRIBED", of[0, "oversubscribed"] + 0)
    set("JAIN", is_number(of[0, "jain"]) ? of[0, "jain"] : "NaN")
    set("IN_VAIN", total_of("in_vain"))
    set("WOKEN_IN_VAIN", total_of("woken_in_vain"))
    set("LONGEST", most_of("wait_longest_s"))
    set("STARVED", most_of("starved_s"))
    set("ALL_RUNNING", total_of("running_s") / total_of("span_s"))
    set("ALL_NATIVE", total_of("native_s") / total_of("span_s"))
    set("ALL_WAITING", total_of("waiting_s") / total_of("span_s"))
    print "array SAYS_RUN[" threads "]; array SAYS_WAIT[" threads "]; array SAYS_NATIVE[" threads "]" > cases
    for (t = 0; t < threads; t++) {
        span = of[t, "span_s"] > 0 ? of[t, "span_s"] : 1
        set("SAYS_RUN[" t + 1 "]", quoted(sprintf("%.0f %%", 100 * of[t, "running_s"] / span)))
        set("SAYS_WAIT[" t + 1 "]", quoted(sprintf("%.0f %%", 100 * of[t, "waiting_s"] / span)))
        set("SAYS_NATIVE[" t + 1 "]", quoted(sprintf("%.0f %%", 100 * of[t, "native_s"] / span)))
    }
    set("TASKS", tasks > 300 ? 0 : tasks + 0)
    print "array TASK_X[301]; array TASK_BY[301]" > cases
    for (i = 1; i <= tasks && tasks <= 300; i++) {
        split(task[i], part, " ")
        set("TASK_X[" i "]", sprintf("%.12g", part[1]))
        set("TASK_BY[" i "]", part[2])
    }
    set("VAINS", vains > 400 ? 400 : vains + 0)
    set("ARROWS", arrows > 60 ? 60 : arrows + 0)
    print "array VAIN[" vains + 1 "]; array VAIN_BY[" vains + 1 "]" > cases
    for (i = 1; i <= vains && i <= 400; i++) {
        split(vain[i], part, " ")
        set("VAIN[" i "]", sprintf("%.12g", part[1] - from))
        set("VAIN_BY[" i "]", part[2])
    }
    print "array ARROW_X[" arrows + 1 "]; array ARROW_Y[" arrows + 1 "]; array ARROW_TO_X[" arrows + 1 "]; array ARROW_TO_Y[" arrows + 1 "]" > cases
    for (i = 1; i <= arrows && i <= 60; i++) {
        split(arrow[i], part, " ")
        set("ARROW_X[" i "]", sprintf("%.12g", part[1] - from))
        set("ARROW_Y[" i "]", part[2])
        set("ARROW_TO_X[" i "]", sprintf("%.12g", part[3] - from))
        set("ARROW_TO_Y[" i "]", part[4])
    }
}
