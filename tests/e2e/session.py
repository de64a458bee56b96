# SPDX-License-Identifier: GPL-3.0-or-later
"""session.py - a program on a pty, the screen it draws, and TAP: what the tests in this folder share.

A small terminal: only what ncurses sends to xterm-256color.  What it does not know is an error, so that a
screen read here is a screen that was drawn.
"""
import errno
import fcntl
import os
import pty
import re
import select
import signal
import struct
import sys
import termios
import time
import unicodedata


class Terminal:
    """The cells that a stream of output leaves behind."""

    SEQUENCE = re.compile(r"\x1b(?:\[([?>=]?)([0-9;:]*)([@-~])|\](?:[^\x07\x1b]*)(?:\x07|\x1b\\)|[()][A-Z0-9]|[=>78DMEHc])")

    def __init__(self, w, h):
        self.modes, self.pending = set(), ""
        self.resize(w, h)

    def resize(self, w, h):
        self.w, self.h, self.x, self.y = w, h, 0, 0
        self.cell = [[" "] * w for _ in range(h)]
        self.top, self.bottom = 0, h - 1
        self.last = " "

    def text(self):
        return "\n".join("".join(row).rstrip() for row in self.cell)

    def feed(self, text):
        text = self.pending + text
        self.pending = ""
        at = 0
        while at < len(text):
            c = text[at]
            if c == "\x1b":
                m = self.SEQUENCE.match(text, at)
                if not m:
                    if len(text) - at < 32:   # the rest is still under way
                        self.pending = text[at:]
                        return
                    raise ValueError("unknown sequence %r" % text[at:at + 16])
                self.escape(m)
                at = m.end()
                continue
            at += 1
            if c == "\r":
                self.x = 0
            elif c == "\n":
                self.line_feed()
            elif c == "\b":
                self.x = max(0, self.x - 1)
            elif c == "\t":
                self.x = min(self.w - 1, (self.x // 8 + 1) * 8)
            elif c >= " ":
                self.put(c)

    def line_feed(self):
        if self.y == self.bottom:
            del self.cell[self.top]
            self.cell.insert(self.bottom, [" "] * self.w)
        else:
            self.y = min(self.h - 1, self.y + 1)

    def reverse_index(self):
        if self.y == self.top:
            del self.cell[self.bottom]
            self.cell.insert(self.top, [" "] * self.w)
        else:
            self.y = max(0, self.y - 1)

    def put(self, c):
        if unicodedata.combining(c):
            return
        wide = unicodedata.east_asian_width(c) in "WF"
        if self.x + wide >= self.w:
            if self.x >= self.w:              # the margin was passed
                self.x = 0
                self.line_feed()
            if wide and self.x + 1 >= self.w:  # no room, in one column never
                return
        self.cell[self.y][self.x] = c
        if wide:
            self.cell[self.y][self.x + 1] = ""
        self.x += 2 if wide else 1
        self.last = c

    def escape(self, m):
        private, args, final = m.group(1), m.group(2), m.group(3)
        if not final:
            if m.group(0) == "\x1bM":
                self.reverse_index()
            elif m.group(0)[1:] in ("D", "E", "7", "8", "c"):
                raise ValueError("unknown sequence %r" % m.group(0))
            return
        n = [int(a) if a else 0 for a in (args or "").replace(":", ";").split(";")]
        one = max(1, n[0])
        row = self.cell[self.y]
        if private:
            if final in "hl":
                for mode in n:
                    (self.modes.add if final == "h" else self.modes.discard)(mode)
        elif final in "Hf":
            self.y = min(self.h, one) - 1
            self.x = min(self.w, max(1, n[1] if len(n) > 1 else 1)) - 1
        elif final == "A":
            self.y = max(0, self.y - one)
        elif final == "B":
            self.y = min(self.h - 1, self.y + one)
        elif final == "C":
            self.x = min(self.w - 1, self.x + one)
        elif final == "D":
            self.x = max(0, self.x - one)
        elif final == "G":
            self.x = min(self.w, one) - 1
        elif final == "d":
            self.y = min(self.h, one) - 1
        elif final == "K":
            lo, hi = [(self.x, self.w), (0, self.x + 1), (0, self.w)][n[0]]
            for x in range(lo, min(hi, self.w)):
                row[x] = " "
        elif final == "J":
            if n[0] == 0:
                self.cell[self.y][self.x:] = [" "] * (self.w - self.x)
            for y in range(self.y + 1 if n[0] == 0 else 0, self.y if n[0] == 1 else self.h):
                self.cell[y] = [" "] * self.w
        elif final == "X":
            for x in range(self.x, min(self.w, self.x + one)):
                row[x] = " "
        elif final == "P":
            del row[self.x:self.x + one]
            row.extend([" "] * (self.w - len(row)))
        elif final == "@":
            row[self.x:self.x] = [" "] * one
            del row[self.w:]
        elif final == "L":
            for _ in range(one):
                del self.cell[self.bottom]
                self.cell.insert(self.y, [" "] * self.w)
        elif final == "M":
            for _ in range(one):
                del self.cell[self.y]
                self.cell.insert(self.bottom, [" "] * self.w)
        elif final == "S":
            for _ in range(one):
                del self.cell[self.top]
                self.cell.insert(self.bottom, [" "] * self.w)
        elif final == "T":
            for _ in range(one):
                del self.cell[self.bottom]
                self.cell.insert(self.top, [" "] * self.w)
        elif final == "b":
            for _ in range(one):
                self.put(self.last)
        elif final == "r":
            # One that was meant for a size that is gone is cut, or none, as terminals do.
            bottom = min(n[1] if len(n) > 1 and n[1] else self.h, self.h) - 1
            if one - 1 < bottom:
                self.top, self.bottom = one - 1, bottom
                self.x = self.y = 0
        elif final not in "mhltnc":
            raise ValueError("unknown sequence %r" % m.group(0))


class Session:
    """A program on a pty of its own."""

    def __init__(self, argv, w=80, h=24, env=None):
        self.term = Terminal(w, h)
        self.raw = b""
        self.status = None
        self.master, slave = pty.openpty()
        self.slave_name = os.ttyname(slave)
        self.resize_pty(w, h, slave)
        self.before = termios.tcgetattr(slave)
        self.pid = os.fork()
        if self.pid == 0:
            os.setsid()
            fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
            for fd in range(3):
                os.dup2(slave, fd)
            os.closerange(3, 64)
            os.environ.update(env or {})
            os.execv(argv[0], argv)
        self.slave = slave                      # kept open: the modes are read here afterwards

    def resize_pty(self, w, h, fd=None):
        fcntl.ioctl(self.master if fd is None else fd, termios.TIOCSWINSZ, struct.pack("HHHH", h, w, 0, 0))

    def resize(self, w, h):
        self.pump(0)
        self.term.resize(w, h)
        self.resize_pty(w, h)

    def pump(self, seconds):
        """Takes what the program writes; returns whether anything came."""
        ready, _, _ = select.select([self.master], [], [], seconds)
        if not ready:
            return False
        try:
            data = os.read(self.master, 65536)
        except OSError as e:
            if e.errno == errno.EIO:
                return False
            raise
        # A character may be cut in the middle: it waits for its rest.
        self.raw += data
        text = (self.rest if hasattr(self, "rest") else b"") + data
        for cut in range(4):
            try:
                decoded = text[:len(text) - cut].decode()
                self.rest = text[len(text) - cut:]
                break
            except UnicodeDecodeError:
                continue
        else:
            decoded, self.rest = text.decode(errors="replace"), b""
        self.term.feed(decoded)
        return bool(data)

    def settle(self, seconds=0.15, most=1.5):
        """Until nothing comes for a while; something that moves by itself is waited for no longer than most."""
        end = time.time() + most
        while self.pump(seconds) and time.time() < end:
            pass

    def send(self, text):
        os.write(self.master, text.encode())

    def wait(self, pattern, seconds=20):
        end = time.time() + seconds
        while not re.search(pattern, self.term.text()):
            if time.time() > end or not self.alive():
                return False
            self.pump(0.05)
        return True

    def gone(self, pattern, seconds=20):
        end = time.time() + seconds
        while re.search(pattern, self.term.text()):
            if time.time() > end:
                return False
            self.pump(0.05)
        return True

    def alive(self):
        if self.status is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.status = status
        return self.status is None

    def ended(self, seconds=20):
        """The exit status, -N when signal N ended it, None when it goes on."""
        end = time.time() + seconds
        while self.alive() and time.time() < end:
            self.pump(0.02)
        while self.pump(0):
            pass
        if self.status is None:
            return None
        return os.WEXITSTATUS(self.status) if os.WIFEXITED(self.status) else -os.WTERMSIG(self.status)

    def stopped(self, seconds=10):
        end = time.time() + seconds
        while time.time() < end:
            pid, status = os.waitpid(self.pid, os.WNOHANG | os.WUNTRACED)
            if pid and os.WIFSTOPPED(status):
                return True
            if pid:
                self.status = status
                return False
            self.pump(0.02)
        return False

    def is_given_back(self):
        """The terminal is as it was: modes, the first screen, cursor, paste, mouse."""
        return (termios.tcgetattr(self.slave) == self.before and 1049 not in self.term.modes and
                25 in self.term.modes and not self.term.modes & {2004, 1000, 1002, 1003, 1006})

    def close(self):
        if self.alive():
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        os.close(self.master)
        os.close(self.slave)


tests = failed = 0


def ok(good, name, session=None):
    global tests, failed
    tests += 1
    failed += not good
    print("%sok %d - %s" % ("" if good else "not ", tests, name))
    if not good and session:
        for line in session.term.text().split("\n"):
            print("# " + line)
    sys.stdout.flush()
    return good


def done():
    print("1..%d" % tests)
    sys.exit(1 if failed else 0)


def program():
    path = os.environ.get("WHYREC") or os.path.join(os.environ["top_builddir"], "whyrec")
    return path


def make_data(folder, users=300, items=120, per_user=25):
    """A small csv with a taste to learn: user u likes items of its own residue."""
    os.makedirs(folder, exist_ok=True)
    path = os.path.join(folder, "events.csv")
    seed = 7
    with open(path, "w") as f:
        f.write("user,item,rating,timestamp\n")
        for u in range(users):
            for k in range(per_user):
                seed = (seed * 1103515245 + 12345) % (1 << 31)
                item = (seed >> 8) % items
                if k % 4:
                    item = item // 5 * 5 + u % 5
                f.write("u%03d,i%03d,%d,%d\n" % (u, item % items, 1 + (seed >> 20) % 5, 1000000000 + 86400 * k + u))
    return path
