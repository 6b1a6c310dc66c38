"""The server of `gilscope convoy` in Python: a thread that answers requests over loopback UDP while
others, the hogs, count down. Its recvfrom and sendto give the GIL up and want it back, as always.

The same file for Python 2.7, every 3.x and PyPy. gilscope runs it with -c and talks to it: a job a
line on standard input, an answer a line on standard output (src/convoy/guest.c is the other end).
"""
from interpreter import *  # the build puts it in this place
import errno
import socket
import struct
import threading

MESSAGE = struct.Struct("=QQ")  # a number and the client's tag: struct convoy_message
OVER = 2**64 - 1
STRETCH = 10000  # decrements between two looks at whether it is over


def countdown(n):
    while n > 0:
        n -= 1


def hog(begin, over, rates):
    """Waits for the others, then counts down until it is over, and tells how many decrements a second
    that were."""
    begin.wait()
    done, start = 0, clock()
    while not over:
        countdown(STRETCH)
        done += STRETCH
    rates.append(done / (clock() - start))


def serve(sock, tag, end):
    """Answers each request with its number plus one, until the client's last one, or the end: which no
    datagrams, whoever sends them, can put off."""
    while clock() < end:
        try:
            message, sender = sock.recvfrom(64)
        except socket.error as error:
            if error.errno not in (errno.EAGAIN, errno.EWOULDBLOCK, errno.EINTR):
                raise
            continue
        if len(message) != MESSAGE.size:
            continue
        number, whose = MESSAGE.unpack(message)
        if whose != tag:
            continue
        if number == OVER:
            return
        sock.sendto(MESSAGE.pack(number + 1, tag), sender)


class Server(object):
    sock = None

    def open(self):
        """"open" to "port N": a new socket, on which nothing of an earlier client is waiting."""
        if self.sock is not None:
            self.sock.close()
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sock.bind(("127.0.0.1", 0))
        # By the system and not by settimeout(), which would give the GIL up once more, for a poll().
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("ll", 0, 50000))
        return "port %d" % self.sock.getsockname()[1]

    def run(self, hogs, tag, seconds, interval):
        """"serve HOGS TAG SECONDS INTERVAL" to "ok RATE", of all hogs, in decrements a second; "-"
        for a tag: the hogs are alone. "-" for an interval: this Python has none."""
        if interval != "-":
            sys.setswitchinterval(float(interval))
        begin, over, rates, threads = threading.Event(), [], [], []
        try:
            for _ in range(int(hogs)):
                thread = threading.Thread(target=hog, args=(begin, over, rates))
                thread.start()  # which would take long beside those that count already
                threads.append(thread)
            begin.set()
            if tag == "-":
                time.sleep(float(seconds))
            else:
                serve(self.sock, int(tag), clock() + float(seconds))
        finally:
            over.append(True)
            begin.set()
            for thread in threads:
                thread.join()
        if len(rates) != int(hogs):
            raise RuntimeError("a hog is missing")
        return "ok %r" % sum(rates)

    def job(self, line):
        words = line.split()
        return self.open() if words[0] == "open" else self.run(*words[1:])


if __name__ == "__main__":
    tell(hello([sys.argv[1] + "=ok"], countdown))
    answer(Server().job)
