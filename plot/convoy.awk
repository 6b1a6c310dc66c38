# Reads machine.csv (if it is there), convoy-summary.csv and convoy-latency.csv in the current folder,
# checks them, and writes what convoy.gp and frontier.gp load: convoy-cases.gp (panels, curves, the
# machine), convoy.dat (a block a latency curve: the share of requests that took longer),
# requests.dat (a block a lock of the model, then a block an interpreter) and, where there are several
# switch intervals, frontier.dat (a block a system and number of hogs). Drawn is the model under the first
# pin policy of the file, or unpinned where there are interpreters, and each interpreter beside the lock that models its own; of several switch
# intervals the distribution of the one nearest to CPython's 5 ms.

BEGIN {
    cases = "convoy-cases.gp"
    again = "convoy"
    columns = split("system,lock,pin,hogs,switch_interval_s,rate_per_s,reps,requests,requests_per_s," \
        "requests_per_s_lo,requests_per_s_hi,p50_s,p50_s_lo,p50_s_hi,p90_s,p90_s_lo,p90_s_hi,p99_s," \
        "p99_s_lo,p99_s_hi,p999_s,p999_s_lo,p999_s_hi,longest_s,longest_s_lo,longest_s_hi," \
        "hogs_rate_per_s,hogs_rate_per_s_lo,hogs_rate_per_s_hi,hogs_share,hogs_share_lo,hogs_share_hi", column, ",")
    for (i = 1; i <= columns; i++) {
        header = header (i > 1 ? "," : "") column[i]
        at[column[i]] = i
    }
    header_of_latency = "system,lock,pin,hogs,switch_interval_s,from_s,to_s,count"
    order_of["gil"] = 1; order_of["ticks"] = 2; order_of["critical"] = 3; order_of["none"] = 4
    # Interpreters run unpinned: beside them so does what is drawn of the model.
    while ((getline line < "convoy-summary.csv") > 0)
        if (line !~ /^(system|model|"model"),/)
            pin = "none"
    close("convoy-summary.csv")
}

FILENAME == "machine.csv" {
    read_machine()
    next
}

{ where = ", line " FNR }

FNR == 1 {
    check_header(where, $0, header, "convoy-summary.csv")
    next
}

{
    n = split_record($0)
    if (n != columns)
        fail(where, "cut off or damaged, " n " fields, not " columns)
    for (i = 4; i <= columns; i++)
        if (field[i] != "" && !is_number(field[i]))
            fail(where, column[i] " is '" field[i] "', not a number")
    if (field[4] != "0" && !is_thread_count(field[4]))
        fail(where, "hogs is '" field[4] "', not a count up to 4096")
    rows++
    if (field[at["requests"]] == "")
        next                                # hogs alone
    if (field[1] == "model") {
        if (pin == "")
            pin = field[3]
        if (field[3] != pin)
            next
        models++
    } else
        meet(field[1])
    rate = field[6]
    if (fewest == "" || field[7] + 0 < fewest) fewest = field[7] + 0
    if (field[7] + 0 > most_reps) most_reps = field[7] + 0
    if (field[5] != "" && !(field[5] in seen)) {
        seen[field[5]] = 1
        interval_at[++intervals] = field[5]
    }
    row_at[++kept] = $0
    lock_at[kept] = field[1] == "model" ? field[2] : models_lock(field[1], field[5])
    if (!(lock_at[kept] in order_of))
        order_of[lock_at[kept]] = 5
}

# Whose rules an interpreter has: as model_of in src/interpreters/modes.c, of what its row says.
function models_lock(name, interval) {
    return interval != "" ? "gil" : name ~ /t$/ ? "none" : "ticks"
}

# The one of which the distribution is drawn.
function interval(    i, best, far, d) {
    for (i = 1; i <= intervals; i++) {
        d = log(interval_at[i] / 5e-3)
        d = d < 0 ? -d : d
        if (best == "" || d < far) {
            best = interval_at[i]
            far = d
        }
    }
    return best
}

# All of the summary is known: which panels and curves there are; in a panel the model's first.
function arrange(    l, g, r) {
    for (l = 1; l <= 5; l++)
        for (g = 0; g <= interpreters; g++)
            for (r = 1; r <= kept; r++) {
                split_record(row_at[r])
                if (order_of[lock_at[r]] != l || (field[5] != "" && field[5] != interval()) || guest_of(field[1]) != g)
                    continue
                if (!(lock_at[r] in panel)) {
                    panel[lock_at[r]] = ++panels
                    lock_of[panels] = lock_at[r]
                }
                curve[field[1] "," field[2] "," field[4]] = ++curves
                panel_of[curves] = panel[lock_at[r]]
                guest_at[curves] = g
                hogs_of[curves] = field[4] + 0
                if (field[4] + 0 > hogs_most)
                    hogs_most = field[4] + 0
                add_count(field[4] + 0)
                requests[curves] = field[at["requests_per_s"]] == "" ? -1 : field[at["requests_per_s"]] + 0
                answered[curves] = field[at["requests"]] + 0
                requests_lo[curves] = field[at["requests_per_s_lo"]] + 0
                requests_hi[curves] = field[at["requests_per_s_hi"]] + 0
            }
}

# The numbers of hogs, ascending.
function add_count(n,    i) {
    if (n in has_count)
        return
    has_count[n] = 1
    for (i = ++counts; i > 1 && count_at[i - 1] > n; i--)
        count_at[i] = count_at[i - 1]
    count_at[i] = n
}

# 0 for the model, else which interpreter.
function guest_of(name) {
    return name == "model" ? 0 : place[name]
}

# Now that it is known which curves there are.
function read_latencies(    n, c, line, key) {
    for (line = 1; (getline < "convoy-latency.csv") > 0; line++) {
        where = " (beside it convoy-latency.csv), line " line
        if (line == 1) {
            check_header(where, $0, header_of_latency, "convoy-latency.csv")
            continue
        }
        if (split_record($0) != 8 || !is_number(field[6]) || !is_number(field[7]) || !is_count(field[8]) || field[7] + 0 <= 0)
            fail(where, "cut off or damaged")
        key = field[1] "," field[2] "," field[4]
        if ((field[1] == "model" && field[3] != pin) || (field[5] != "" && field[5] != interval()) || !(key in curve))
            continue
        c = curve[key]
        n = ++ranges[c]
        # from 0 would be nowhere on a logarithmic axis
        from[c, n] = field[6] + 0 > 0 ? field[6] + 0 : field[7] / 2
        to[c, n] = field[7] + 0
        count[c, n] = field[8] + 0
        total[c] += field[8]
    }
}

END {
    if (failed)
        exit 1
    if (models == 0)
        fail("", "no row of the model's")
    order_interpreters()
    arrange()
    read_latencies()
    set("array LOCK[" panels "]; PANELS", panels)
    for (p = 1; p <= panels; p++)
        set("LOCK[" p "]", quoted(lock_of[p]))
    set("array GUEST[" curves "]; array PANEL[" curves "]; array HOGS[" curves "]; array LAST_X[" curves "]; array LAST_Y[" curves \
        "]; array REQUESTS[" curves "]; array UNENDED[" curves "]; CURVES", curves)
    least_share = 0.1
    printf "" > "convoy.dat"
    for (c = 1; c <= curves; c++) {
        left = total[c]
        x = y = 0
        for (i = 1; i <= ranges[c]; i++) {
            if (least == "" || from[c, i] < least) least = from[c, i]
            x = i == ranges[c] ? from[c, i] : to[c, i]
            if (i == 1)
                print from[c, i], 1 > "convoy.dat"
            if (i < ranges[c])
                left -= count[c, i]
            y = left / total[c]
            print x, y > "convoy.dat"
            if (x > most) most = x
            if (y < least_share) least_share = y
        }
        if (!ranges[c])
            print "NaN NaN" > "convoy.dat"
        printf "\n\n" > "convoy.dat"
        set("PANEL[" c "]", panel_of[c])
        set("GUEST[" c "]", guest_at[c])
        set("HOGS[" c "]", hogs_of[c])
        set("LAST_X[" c "]", x)
        set("LAST_Y[" c "]", y)
        set("REQUESTS[" c "]", requests[c])
        # the latencies have the wait so far of what was never answered, too
        set("UNENDED[" c "]", total[c] > answered[c])
        unended += total[c] > answered[c]
    }
    for (p = 1; p <= panels; p++)
        write_requests(p, 0)
    for (g = 1; g <= interpreters; g++)
        write_requests(0, g)
    set("array NAME[" interpreters + 1 "]; array OF_PANEL[" interpreters + 1 "]; INTERPRETERS", interpreters + 0)
    for (g = 1; g <= interpreters; g++) {
        set("NAME[" g "]", quoted(in_order[g]))
        for (c = 1; c <= curves; c++)
            if (guest_at[c] == g)
                set("OF_PANEL[" g "]", panel_of[c])
    }
    if (requests_least == "")
        fail("", "no request was answered")
    if (least == "")
        fail("", "convoy-latency.csv beside it has nothing of the same cases")
    set("X_LEAST", least)
    set("X_MOST", most)
    set("Y_LEAST", least_share)
    set("ANY_UNENDED", unended + 0)
    set("REQUESTS_LEAST", requests_least)
    set("REQUESTS_NONE", requests_none + 0)     # a bar, or a median, goes down to 0
    set("REQUESTS_MOST", requests_most)
    set("HOGS_MOST", hogs_most + 0)
    set("array COUNT[" counts "]; COUNTS", counts)
    for (i = 1; i <= counts; i++)
        set("COUNT[" i "]", count_at[i])
    set("PIN", quoted(pin))
    set("RATE", rate + 0)
    set("BARS", quoted(bars_words()))
    set("INTERVAL", interval() + 0)
    write_frontier()
    pus = is_count(machine["usable_pus"]) ? machine["usable_pus"] + 0 : 0
    cores = is_count(machine["cores"]) ? machine["cores"] + 0 : 0
    set("MACHINE", quoted(subtitle("convoy")))
}

# A block of requests.dat: of the model under the lock of panel p, or of interpreter g.
function write_requests(p, g,    c, low) {
    for (c = 1; c <= curves; c++)
        if ((p == 0 || panel_of[c] == p) && guest_at[c] == g && requests[c] >= 0) {
            print hogs_of[c], requests[c], requests_lo[c], requests_hi[c] > "requests.dat"
            low = requests_lo[c] > 0 ? requests_lo[c] : requests[c] > 0 ? requests[c] : requests_hi[c]
            if (low > 0 && (requests_least == "" || low < requests_least)) requests_least = low
            requests_none += requests_lo[c] <= 0
            if (requests_hi[c] > requests_most) requests_most = requests_hi[c]
            if (requests[c] > requests_most) requests_most = requests[c]
        }
    printf "NaN NaN NaN NaN\n\n\n" > "requests.dat"
}

# "5 ms"
function duration(s) {
    return s < 999.5e-6 ? sprintf("%.3g µs", s * 1e6) : s < 0.9995 ? sprintf("%.3g ms", s * 1e3) : sprintf("%.3g s", s)
}

# Are the blocks of the row in field[] so far apart that no number stands for them? As is_split in
# src/output/convoy_cells.c, which marks them with #.
function is_vague(figure) {
    return field[7] + 0 >= 6 && field[at[figure "_hi"]] + 0 > 3 * field[at[figure "_lo"]]
}

# A block a system and number of hogs, by switch interval, ascending; last whether p99 and median are vague.
function write_frontier(    vague, g, h, r, i, j, swap, n, share, points, last, last_p50, last_p99) {
    printf "" > "frontier.dat"
    for (i = 1; i <= intervals; i++)
        for (j = i + 1; j <= intervals; j++)
            if (interval_at[j] + 0 < interval_at[i] + 0) {
                swap = interval_at[i]
                interval_at[i] = interval_at[j]
                interval_at[j] = swap
            }
    n = 0
    for (g = 0; intervals > 1 && g <= interpreters; g++)
        for (h = 1; h <= hogs_most; h++) {
            points = 0
            for (i = 1; i <= intervals; i++)
                for (r = 1; r <= kept; r++) {
                    split_record(row_at[r])
                    share = field[at["hogs_share"]]
                    if (guest_of(field[1]) != g || field[4] + 0 != h || field[5] != interval_at[i] ||
                        !is_number(share) || !is_number(field[at["p50_s"]]) || !is_number(field[at["p99_s"]]))
                        continue
                    points++
                    vague = is_vague("p99_s")
                    any_vague += vague + is_vague("p50_s")
                    print interval_at[i], share, field[at["hogs_share_lo"]], field[at["hogs_share_hi"]], field[at["p99_s"]], \
                        field[at["p99_s_lo"]], field[at["p99_s_hi"]], field[at["p50_s"]], field[at["p50_s_lo"]], \
                        field[at["p50_s_hi"]], "\"" duration(interval_at[i]) "\"", \
                        vague, is_vague("p50_s") > "frontier.dat"
                    if (g == 0 && !vague) {
                        of_point[++spots] = n + 1
                        share_at[spots] = share
                        p99_at[spots] = field[at["p99_s"]]
                        interval_of[spots] = interval_at[i]
                    }
                    last[n + 1] = share
                    last_p50[n + 1] = field[at["p50_s"]]
                    last_p99[n + 1] = field[at["p99_s"]]
                    note_extent()
                }
            if (points) {
                frontier_of[++n] = h
                frontier_guest[n] = g
                printf "\n\n" > "frontier.dat"
            }
        }
    set("array FRONTIER[" n + 1 "]; array F_GUEST[" n + 1 "]; array LAST_SHARE[" n + 1 "]; array LAST_P50[" n + 1 \
        "]; array LAST_P99[" n + 1 "]; FRONTIERS", n)
    for (i = 1; i <= n; i++) {
        set("FRONTIER[" i "]", frontier_of[i])
        set("F_GUEST[" i "]", frontier_guest[i])
        set("LAST_SHARE[" i "]", last[i])
        set("LAST_P50[" i "]", last_p50[i])
        set("LAST_P99[" i "]", last_p99[i])
    }
    set("array SPOT_OF[" spots + 1 "]; array SPOT_SHARE[" spots + 1 "]; array SPOT_P99[" spots + 1 "]; array SPOT_SAYS[" \
        spots + 1 "]; SPOTS", spots + 0)
    for (i = 1; i <= spots; i++) {
        set("SPOT_OF[" i "]", of_point[i])
        set("SPOT_SHARE[" i "]", share_at[i])
        set("SPOT_P99[" i "]", p99_at[i])
        set("SPOT_SAYS[" i "]", quoted(duration(interval_of[i])))
    }
    set("array INTERVAL_AT[" intervals + 1 "]; array INTERVAL_WORDS[" intervals + 1 "]; INTERVALS", intervals + 0)
    for (i = 1; i <= intervals; i++) {
        set("INTERVAL_AT[" i "]", interval_at[i])
        set("INTERVAL_WORDS[" i "]", quoted(duration(interval_at[i])))
    }
    set("ANY_VAGUE", any_vague + 0)
    set("INTERVAL_LEAST", interval_at[1] + 0)
    set("INTERVAL_MOST", interval_at[intervals] + 0)
    set("SHARE_MOST", share_most + 0)
    set("SHARE_LEAST", share_least + 0)
    set("SHARE_LOW", share_low + 0)             # of the bars
    set("WAIT_LEAST", wait_least + 0)
    set("TAIL_LEAST", tail_least + 0)
    set("WAIT_MOST", wait_most + 0)
}

# How far the axes of the frontier have to go, of the row in field[].
function note_extent() {
    if (field[at["hogs_share_hi"]] + 0 > share_most) share_most = field[at["hogs_share_hi"]] + 0
    if (field[at["hogs_share"]] + 0 > 0 && (share_least == "" || field[at["hogs_share"]] + 0 < share_least))
        share_least = field[at["hogs_share"]] + 0
    if (share_low == "" || field[at["hogs_share_lo"]] + 0 < share_low) share_low = field[at["hogs_share_lo"]] + 0
    if (wait_least == "" || field[at["p50_s_lo"]] + 0 < wait_least) wait_least = field[at["p50_s_lo"]] + 0
    if (tail_least == "" || field[at["p99_s_lo"]] + 0 < tail_least) tail_least = field[at["p99_s_lo"]] + 0
    if (field[at["p99_s_hi"]] + 0 > wait_most) wait_most = field[at["p99_s_hi"]] + 0
}
