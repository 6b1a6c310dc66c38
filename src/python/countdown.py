"""The article's countdown: alone, in threads, in a pool of processes, and in C without the GIL;
and calls of an extension that keeps the GIL or gives it up.

The same file for Python 2.7, every 3.x and PyPy. gilscope runs it with -c and talks to it: a job
a line on standard input, an answer a line on standard output (src/interpreters/ is the other end).
By hand: echo "threads 2 10000000 - 0" | python3 src/python/countdown.py
"""
from interpreter import *  # the build puts it in this place
import resource
import signal
from itertools import repeat


def countdown(n):
    while n > 0:
        n -= 1
    return n


# ---- the article's ways of sharing the work: each returns what is left of every share ----

def serial(shares, slots, _):
    bind(slots[0])
    return [countdown(shares[0])]


def threads(shares, slots, _, work=countdown):
    import threading
    left, failed = [], []

    def share(n, slot):
        try:
            bind(slot)
            left.append(work(n))
        except Exception as error:
            failed.append(error)

    workers = [threading.Thread(target=share, args=each) for each in zip(shares, slots)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    if failed:
        raise failed[0]
    return left


def pool(shares, slots, items):
    made = context().Pool(len(slots), begin_worker, (os.getpid(), slots))
    mapped = clock()
    left = made.map(countdown, split(sum(shares), items))
    pool.map_s = clock() - mapped
    made.close()
    made.join()
    return left


def nogil(shares, slots, _):
    import gilscope_nogil  # Cython, see gilscope_nogil.pyx
    return threads(shares, slots, _, gilscope_nogil.countdown)


# ---- an extension's calls, of so many decrements each ----

def calls(shares, slots, length, call):
    def work(n):
        for _ in repeat(None, n // length):
            call(length)
        return n % length

    return threads(shares, slots, length, work)


def hold(shares, slots, length):
    import gilscope_nogil
    return calls(shares, slots, length, gilscope_nogil.hold)


def release(shares, slots, length):
    import gilscope_nogil
    return calls(shares, slots, length, gilscope_nogil.release)


# ---- around them ----

def bind(slot):
    """Binds the calling thread to that PU, or lets it run anywhere."""
    if slot is not None:
        os.sched_setaffinity(0, [slot])


def unbind():
    """Lets the calling thread run anywhere again."""
    if ANYWHERE is not None:
        os.sched_setaffinity(0, ANYWHERE)


def context():
    """multiprocessing, with fork as on all Pythons before 3.14: workers need no file to import."""
    import multiprocessing
    return getattr(multiprocessing, "get_context", lambda how: multiprocessing)("fork")


def begin_worker(parent, slots):
    """A worker of a pool binds itself, and leaves when its parent is gone, even in mid-task."""
    def look(*_):
        if os.getppid() != parent:
            os._exit(1)

    import multiprocessing
    # The workers of all pools are numbered one after the other.
    number = int(multiprocessing.current_process().name.rsplit("-", 1)[1])
    try:
        bind(slots[number % len(slots)])
    except Exception:
        pass  # job() could; a pool would replace a worker that ends here, for ever
    signal.signal(signal.SIGALRM, look)
    signal.siginterrupt(signal.SIGALRM, False)
    signal.setitimer(signal.ITIMER_REAL, 1, 1)


def used():
    """CPU seconds, voluntary and involuntary context switches: ours and of children waited for."""
    both = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return [sum(u.ru_utime + u.ru_stime for u in both), sum(u.ru_nvcsw for u in both),
            sum(u.ru_nivcsw for u in both)]


def split(count, n):
    """n nearly equal parts of count."""
    return [count // n + (i < count % n) for i in range(n)]


def job(line):
    """"MODE THREADS COUNT PU,PU... PART" (- for no PUs) to "ok DONE WALL_S STARTUP_S CPU_S V I".

    PART: of a pool the items of its list, of hold and release the decrements of a call."""
    mode, n, count, slots, part = line.split()
    n, count, part = int(n), int(count), int(part)
    whole = part if mode in ("hold", "release") else 1
    shares = [share * whole for share in split(count // whole, n)]
    slots = [None] * n if slots == "-" else [int(slot) for slot in slots.split(",")]
    try:
        for slot in slots:
            bind(slot)  # fails here, if at all
        unbind()
        before, start = used(), clock()
        left = MODES[mode](shares, slots, part)
        wall_s = clock() - start
    finally:
        unbind()
    cpu_s, voluntary, involuntary = [b - a for a, b in zip(before, used())]
    # Creating, closing and joining a pool is in wall_s, as in the article, and told beside it.
    startup_s = repr(wall_s - pool.map_s) if mode == "pool" else "-"
    complete = len(left) == (part if mode == "pool" else n)
    done = sum(shares) - sum(left) if complete else 0
    return "ok %d %r %s %r %d %d" % (done, wall_s, startup_s, cpu_s, voluntary, involuntary)


def trial(mode):
    """"ok", or why the mode cannot be had. Importing it now keeps that out of the measurement."""
    try:
        if mode in ("threads", "nogil", "hold", "release"):
            import threading
        if mode in ("nogil", "hold", "release"):
            import gilscope_nogil
        if mode == "pool":
            context().Lock()  # asks the system for what a pool needs, a semaphore
    except Exception as error:
        return why(error)
    return "ok"


MODES = {"serial": serial, "threads": threads, "pool": pool, "nogil": nogil, "hold": hold,
         "release": release}
ANYWHERE = os.sched_getaffinity(0) if hasattr(os, "sched_setaffinity") else None

if __name__ == "__main__":
    # CPython 3.11 and later make a function faster after some calls: a pool's new workers inherit
    # that, or each would count down a third slower than the serial run it is compared with.
    for _ in range(100):
        countdown(100)
    # python -c THIS MODE,MODE FOLDER...: what may be asked for, where the Cython module may lie
    sys.path.extend(sys.argv[2:])
    modes = (sys.argv[1:] or ["serial,threads,pool,nogil"])[0].split(",")
    tell(hello(["%s=%s" % (mode, trial(mode)) for mode in modes], countdown))
    answer(job)
