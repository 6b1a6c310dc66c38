"""What the scripts have in common: what an interpreter says of itself, and how it talks to gilscope. The build puts it in the place of their "from interpreter import *".
"""
import os
import sys
if "" in sys.path:
    sys.path.remove("")  # what lies in the current folder is not part of the measurement
import platform
import time

clock = getattr(time, "perf_counter", time.time)  # Python 2 has no better one


def look_s(countdown, best=1.0, turns=2000):
    """Seconds between two looks at the GIL, of the Python that looks every so many bytecodes; of
    others 0. Of a turn of countdown() 2.7 counts three; the look comes when less than none is left.
    The best of a tenth of a second: a busy machine is slow for tens of milliseconds."""
    if sys.version_info[:2] != (2, 7) or platform.python_implementation() != "CPython":
        return 0.0
    end = clock() + 0.1
    while clock() < end:
        start = clock()
        countdown(turns)
        best = min(best, clock() - start)
    return best / turns * (sys.getcheckinterval() + 1) / 3


def hello(tried, countdown):
    """What this interpreter is, as NAME=VALUE separated by tabs. tried: of each mode "MODE=ok", or why
    it cannot be had."""
    facts = [
        "implementation=" + platform.python_implementation(),
        "version=%d.%d.%d" % sys.version_info[:3],
        # Free-threaded builds have a GIL, which may be off, and is turned on for some modules.
        "free_threaded=%d" % ("t" in getattr(sys, "abiflags", "")),
        "gil=%d" % getattr(sys, "_is_gil_enabled", lambda: True)(),
        "binds=%d" % hasattr(os, "sched_setaffinity"),
        "executable=" + os.path.realpath(sys.executable or "?"),
        "look_s=%.9f" % look_s(countdown),
    ]
    return "\t".join(["gilscope=1"] + facts + tried)


def tell(line):
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def why(failure):
    """The failure in one line."""
    return " ".join(("%s: %s" % (type(failure).__name__, failure)).split())


def answer(job):
    """Does what is asked for, a job a line, until nobody asks any more."""
    # No iteration over the file: Python 2 would read ahead.
    for request in iter(sys.stdin.readline, ""):
        try:
            tell(job(request))
        except Exception as failure:
            tell("error " + why(failure))
