# What the awk scripts of the pictures share: reading CSV, writing what gnuplot loads. The script
# sets `cases`, the file for that, and `again`, the command that makes the CSV.

# A number becomes text wherever it is put beside another or goes to a file: of the six digits that awk
# has for that, a time of more than a second keeps no microseconds.
BEGIN {
    CONVFMT = OFMT = "%.15g"
}

# Splits one record into field[1..n] as RFC 4180 has it. Returns n, or 0 when a quoted field goes on
# in the next line. The fields are strings: "10" < "6", and 10 > 6 takes field[i] + 0.
function split_record(record,    n, rest, text, at) {
    sub(/\r$/, "", record)
    n = 0
    rest = record
    for (;;) {
        text = ""
        if (substr(rest, 1, 1) == "\"") {
            rest = substr(rest, 2)
            for (;;) {
                at = index(rest, "\"")
                if (at == 0)
                    return 0
                text = text substr(rest, 1, at - 1)
                rest = substr(rest, at + 1)
                if (substr(rest, 1, 1) != "\"")
                    break
                text = text "\""
                rest = substr(rest, 2)
            }
        }
        at = index(rest, ",")
        if (at == 0) {
            field[++n] = text rest
            return n
        }
        field[++n] = text substr(rest, 1, at - 1)
        rest = substr(rest, at + 1)
    }
}

# One line on stderr; the path is the user's, not that of the copy read here.
function fail(where, what) {
    print "plot: " ENVIRON["summary"] where ": " what \
        "; run gilscope " again " again" (again == "trace" ? "" : " (or make " again ")") > "/dev/stderr"
    failed = 1
    exit 1
}

# The first line of a file called `name`: one of another version lacks a column, or has one more.
function check_header(where, got, wanted, name,    n, m, i, here, there, is_here, is_there) {
    sub(/\r$/, "", got)
    if (got == wanted)
        return
    n = split(got, here, ",")
    m = split(wanted, there, ",")
    for (i = 1; i <= n; i++)
        is_here[here[i]] = 1
    for (i = 1; i <= m; i++)
        is_there[there[i]] = 1
    for (i = 1; i <= m; i++)
        if (!(there[i] in is_here))
            fail(where, "no column '" there[i] "': not a " name ", or one of another version")
    for (i = 1; i <= n; i++)
        if (!(here[i] in is_there))
            fail(where, "column " quoted(substr(here[i], 1, 40)) " is not known: a " name " of another version")
    fail(where, "the columns of a " name " in another order: one of another version")
}

# What is beyond 1e100 was not measured by anybody, and what is made of it would not be finite.
function is_number(text) {
    return text ~ /^[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?$/ && text + 0 < 1e100 && text + 0 > -1e100
}

function is_count(text) {
    return text ~ /^[0-9]+$/ && text + 0 >= 1
}

# Of threads: gilscope runs no more, and what counts up to it comes to an end.
function is_thread_count(text) {
    return is_count(text) && text + 0 <= 4096
}

# A gnuplot string: nothing is special between single quotes but the single quote.
function quoted(text) {
    gsub(/[\001-\037\177]/, " ", text)
    gsub(/'/, "''", text)
    return "'" text "'"
}

# One line of the file `cases`, which gnuplot loads.
function set(name, value) {
    print name " = " value > cases
}

# A line of machine.csv, into machine[key].
function read_machine() {
    pending = pending $0
    if (split_record(pending) >= 2)
        machine[field[1]] = field[2]
    else if (split_record(pending) == 0) {
        pending = pending " "
        return
    }
    pending = ""
}

function cpu_name(text) {
    gsub(/\((R|r|TM|tm)\)/, "", text)
    sub(/ @ .*/, "", text)
    gsub(/ (CPU|Processor)/, "", text)
    gsub(/  +/, " ", text)
    if (length(text) > 60) {                # cut at a space, so never inside a character
        text = substr(text, 1, 60)
        sub(/ [^ ]*$/, "", text)
        text = text " …"
    }
    return text
}

# The machine, for a picture of that command: what else machine.csv says is of the run that wrote it.
function subtitle(command,    text, same) {
    text = cpu_name(machine["cpu"])
    same = machine["command_line"] == "" || machine["command_line"] ~ ("^gilscope " command "( |$)")
    if (cores && pus)
        text = text " · " counted(cores, "core") (pus > cores ? ", " pus " PUs" : "")
    else if (pus)
        text = text " · " counted(pus, "PU")
    if (same && is_number(machine["decrement_ns"]) && machine["decrement_ns"] + 0 > 0)
        text = text sprintf(" · %.2f ns %s", machine["decrement_ns"], one(machine["unit"]))
    if (same && machine["date"] ~ /^[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]/)
        text = text " · " substr(machine["date"], 1, 10)
    sub(/^ · /, "", text)
    return text
}

# "a byte"; files from before other kernels have no unit.
function one(unit) {
    if (unit == "")
        unit = "decrement"
    return (unit ~ /^[aeiouAEIOU]/ ? "an " : "a ") unit
}

function counted(n, what) {
    return n " " what (n == 1 ? "" : "s")
}
