# What the pictures of bench and of breakeven both say of interpreters and of intervals.

# Interpreters are numbered as they turn up.
function meet(name) {
    if (!(name in interpreter)) {
        interpreter[name] = ++interpreters
        interpreter_of[interpreters] = name
    }
}

# cpython-3.8 is before cpython-3.11, and that before pypy-3.9.
function is_before(a, b,    n, m, i, x, y, of_a, of_b) {
    x = a
    y = b
    sub(/-[0-9].*/, "", x)
    sub(/-[0-9].*/, "", y)
    if (x != y)
        return x < y
    n = split(a, of_a, /[-.]/)
    m = split(b, of_b, /[-.]/)
    for (i = 2; i <= n && i <= m; i++)
        if (of_a[i] != of_b[i])
            return of_a[i] + 0 == of_b[i] + 0 ? of_a[i] "" < of_b[i] "" : of_a[i] + 0 < of_b[i] + 0
    return n < m
}

function before_slash(text) {
    sub(/\/.*/, "", text)
    return text
}

function after_slash(text) {
    sub(/^[^\/]*\//, "", text)
    return text
}

# What comes before the version.
function family(text) {
    sub(/-[0-9].*/, "", text)
    return text
}

# The interpreters in the order of their names and versions.
function order_interpreters(    i, k) {
    for (i = 1; i <= interpreters; i++) {
        for (k = i; k > 1 && is_before(interpreter_of[i], in_order[k - 1]); k--)
            in_order[k] = in_order[k - 1]
        in_order[k] = interpreter_of[i]
    }
    for (i = 1; i <= interpreters; i++)
        place[in_order[i]] = i
}

# What the bars are: with fewer than 6 blocks no interval covers the median in 95 % of cases, and the
# files have the whole range.
function bars_words() {
    if (fewest >= 6)
        return "95 % confidence intervals"
    if (most_reps >= 6)
        return "95 % confidence intervals (of fewer than 6 blocks: the range)"
    if (most_reps <= 1)
        return "none, of one block"
    return "range of " (fewest < most_reps ? fewest " to " : "") most_reps " blocks"
}
