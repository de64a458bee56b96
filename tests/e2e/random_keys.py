# SPDX-License-Identifier: GPL-3.0-or-later
"""random_keys.py - whatever is typed, clicked and resized: the program lives, answers, and draws whole screens.

Seeded bursts of keys, clicks, pastes, sizes and lines at prompts go to the real program on the sample data and on
data that it makes and loads meanwhile.  A burst often begins with one of SCENES, so that every view and overlay is
walked through with random keys from there, also in a window too small for them and back.
After each burst: the program lives and has read its keys; at rest (every thread asleep, so that nothing can change)
the frame is whole, and a forced redraw leaves the very cells that drawing bit by bit had left.  Quitting gives the
terminal back, with status 0 and no report of a sanitizer; nothing is written but in its own folders.

Environment: RANDOM_KEYS=N plays so many keys (an hour of somebody who presses five a second: 18000), without a limit
of time; RANDOM_KEYS_SEED=N.  What fails prints the seed and the last keys.
"""
import fcntl
import glob
import os
import random
import re
import shutil
import signal
import struct
import sys
import termios
import time

from session import Session, Terminal, done, ok, program

SANITIZED = os.environ.get("SANITIZE", "no") != "no"
KEYS = int(os.environ.get("RANDOM_KEYS") or "0")
SEED = int(os.environ.get("RANDOM_KEYS_SEED") or "1")
SECONDS = 1e9 if KEYS else 8 if SANITIZED else 22     # of keys, beside starting and quitting
KEYS = KEYS or 4000
LIMIT = 60 if SANITIZED else 15     # seconds for an answer: far more than any takes, little enough to tell a hang
KEYS_A_SESSION = 6000               # then a new one: quitting is tried as well

top = os.environ["TMPDIR"]
sample = os.path.join(os.environ["top_srcdir"], "data", "films")
work = os.path.join(top, "work")
reports = os.path.join(top, "sanitizer")
real = os.environ.get("WHYREC_DATA", "")
REAL = [path for path in (os.path.join(real, name) for name in ("ml-100k", "mooccubex", "ml-latest-small.zip"))
        if KEYS and os.path.exists(path)]   # only a long game has the time


class Watched(Terminal):
    """Counts full redraws, and keeps what was there before the last one."""
    cleared, before = 0, None

    def escape(self, m):
        if m.group(3) == "J" and m.group(2) in ("2", ""):
            if not (m.group(2) == "" and (self.x, self.y) != (0, 0)):
                self.before = [row[:] for row in self.cell]
                self.cleared += 1
        super().escape(m)


class Fault(Exception):
    pass


class Clock:
    """Seconds, but of a machine that stood still meanwhile only a part."""

    def __init__(self):
        self.at, self.sum = time.monotonic(), 0.0

    def seconds(self):
        now = time.monotonic()
        self.sum += min(now - self.at, 0.5)
        self.at = now
        return self.sum


# --- what is typed ----------------------------------------------------------------------------------------------

ARROWS = ["\x1b[A", "\x1b[B", "\x1b[C", "\x1b[D", "\x1bOA", "\x1bOB", "\x1b[5~", "\x1b[6~", "\x1b[H", "\x1b[F",
          "\x1b[1~", "\x1b[4~", "\x1b[3~", "\x1b[Z"]
MODELS = ["popularity", "item-knn", "user-knn", "spectral", "ease", "ials", "bpr", "item2vec", "word2vec", "towers",
          "neumf", "sasrec", "cfgan"]
SMALL = {   # settings with which a training is short
    "ials": "dim=8 epochs=4", "bpr": "dim=8 epochs=8", "item2vec": "dim=8 epochs=4", "word2vec": "dim=8 epochs=2",
    "towers": "dim=8 epochs=2", "neumf": "dim=8 epochs=1", "sasrec": "dim=8 epochs=2 max-len=20",
    "cfgan": "epochs=2", "spectral": "dim=16"}
TEXTS = ["Søren", "東京 の 猫", "🦆🎬", "e\u0301a\u0308", "'", '"', "\\", "#", "a=b", "+f1", "-f2", "f3=4.5", "{user}", "%s%n",
         "ß" * 40, "x" * 200, "0", "-1", "1e99", "nan", "99999999999999999999", ",,", ":", "\u202eabc", "*", "u1,u2"]


def item(r):
    return "f%d" % r.randint(1, 810)


def user(r):
    return "u%d" % r.randint(1, 1010)


def run(r):
    return "%s#%d" % (r.choice(MODELS), r.randint(1, 3))


def training(r):
    m = r.choice(MODELS)
    return "train %s %s" % (m, SMALL.get(m, ""))


LINES = [   # (weight, a line)
    (6, training),
    (2, lambda r: "train ials dim=64 epochs=%d patience=0" % r.randint(20, 400)),
    (1, lambda r: "train ials dim=8 epochs=3 resume=ials#%d" % r.randint(1, 2)),
    (1, lambda r: "train blend runs=%s,%s" % (run(r), run(r))),
    (2, lambda r: "tune %s trials=%d epochs=2 dim=4,8" % (r.choice(["ials", "bpr"]), r.randint(2, 4))),
    (2, lambda r: "compare %s %s" % (run(r), run(r))),
    (1, lambda r: "compare popularity %s users=5 share=0" % r.choice(["ease", "item-knn"])),
    (1, lambda r: "compare %s %s users=5 share=%s noise=%s rewards=%s scenario=%s"
     % (r.choice(["popularity", "item-knn", "user-knn"]), r.choice(["ease", "spectral"]), r.choice(["0", "50", "25,50"]),
        r.choice(["0%", "10%"]), r.choice(["yes", "no"]), r.choice(["films", "shop", "courses", "music"]))),
    (1, lambda r: "stability %s %s seeds=%d run=%s" % (user(r), r.choice(["", item(r)]), r.randint(1, 2), run(r))),
    (2, lambda r: "use " + run(r)),
    (1, lambda r: "delete " + run(r)),
    (2, lambda r: "explain %s %s%s" % (user(r), item(r), r.choice(["", " by=content", " removal=yes", " by=model"]))),
    (2, lambda r: "whynot %s %s" % (user(r), item(r))),
    (2, lambda r: "whatif %s +%s -%s" % (user(r), item(r), item(r))),
    (1, lambda r: "overlap %s with=%s" % (user(r), run(r))),
    (2, lambda r: "recommend %s k=%d" % (user(r), r.choice([1, 10, 900]))),
    (1, lambda r: "recommend history=%s,%s" % (item(r), item(r))),
    (1, lambda r: "similar " + item(r)),
    (1, lambda r: 'similar text="a hedgehog in space"'),
    (2, lambda r: "evaluate " + run(r)),
    (1, lambda r: "evaluate slice=%s" % r.choice(["cold-users", "history", "popularity"])),
    (1, lambda r: "evaluate explain users=5"),
    (2, lambda r: "odd %s sort=%s" % (r.choice(["users", "items"]), r.choice(["surprise", "gap", "taste", "events"]))),
    (1, lambda r: "odd with=" + run(r)),
    (1, lambda r: "users " + r.choice(["u1", "", "zzz"])),
    (1, lambda r: "items " + r.choice(["Kite", "", "zzz"])),
    (1, lambda r: "user " + user(r)),
    (1, lambda r: "item " + item(r)),
    (2, lambda r: "show-user " + user(r)),
    (2, lambda r: "show-item " + item(r)),
    (1, lambda r: "why-not " + item(r)),
    (1, lambda r: "add-event " + item(r)),
    (1, lambda r: "persona save p%d" % r.randint(1, 3)),
    (1, lambda r: "persona %s p%d" % (r.choice(["use", "delete"]), r.randint(1, 3))),
    (1, lambda r: "beside " + run(r)),
    (1, lambda r: "epoch " + r.choice(["previous", "next", "now"])),
    (1, lambda r: "map " + r.choice(["off", "components", "neighbours"])),
    (1, lambda r: "zoom " + r.choice(["in", "out", "all"])),
    (1, lambda r: "watch " + r.choice(["previous", "next", ""])),
    (1, lambda r: "rate-event" + r.choice(["", " 0.5", " nan"])),
    (1, lambda r: "sort " + r.choice(["number", "id", "title", "events", "mean", "metric", "surprise", "gap", "difference",
                                      "taste", "churn"])),
    (1, lambda r: "filter " + r.choice(["1", "Kite", "zzz", ""])),
    (1, lambda r: "search " + r.choice(["1", "Kite", "zzz"])),
    (1, lambda r: "set k %d" % r.choice([1, 5, 20, 1000])),
    (1, lambda r: "set redact " + r.choice(["on", "off", "off"])),
    (1, lambda r: "set " + r.choice(["", "seed 7", "follow no", "follow yes", "nothing 1", "log a.log"])),
    (1, lambda r: "export %s out%d.csv force=yes" % (r.choice(["recommendations", "metrics", "curves", "map"]),
                                                    r.randint(1, 3))),
    (1, lambda r: "export report out.html force=yes"),
    (1, lambda r: "journal" + r.choice(["", " save j.whyrec force=yes"])),
    (1, lambda r: r.choice(["jobs", "runs", "models", "params sasrec", "help", "help train", "help nothing"])),
    (1, lambda r: "%s %d" % (r.choice(["pause", "resume", "cancel"]), r.randint(1, 9))),
    (1, lambda r: "split " + r.choice(["leave-last", "ratio", "temporal", "users", "cold-items", "none"])),
    (1, lambda r: "load %s" % r.choice([sample] + ["%s limit=9000" % path for path in REAL])),
    (1, lambda r: "generate made%d users=40 items=60 events=900 scenario=%s"
     % (r.randint(1, 9), r.choice(["films", "shop", "courses", "music"]))),
    (1, lambda r: "load made%d" % r.randint(1, 9)),
    (1, lambda r: "load nothing"),
]


def a_line(r):
    return r.choices([line for _, line in LINES], [w for w, _ in LINES])[0](r)


def some_text(r):
    return r.choice([lambda: r.choice(TEXTS), lambda: a_line(r), lambda: r.choice(a_line(r).split() or [""]),
                     lambda: "".join(r.choice("abcdef0189 =,#:+-*'\"{}[]") for _ in range(r.randint(1, 12)))])()


def line_keys(r):
    """The prompt: a line, or one that is edited, completed, thrown away, looked up."""
    keys = [":"] + list(a_line(r) if r.random() < 0.75 else some_text(r))
    if r.random() < 0.4:
        for _ in range(r.randint(1, 6)):
            keys.append(r.choice(ARROWS + ["\t", "\t", "\x01", "\x05", "\x0b", "\x15", "\x17", "\x19", "\x1bb", "\x1bf",
                                           "\x1bd", "\x7f", "\x12", "\x14", "\x1b?", "\x1b5", "\x18\x15"]))
            if r.random() < 0.3:
                keys += list(some_text(r))
    return keys + [r.choice(["\r", "\r", "\r", "\r", "\x1b", "\x07", "\n"])]


def click_keys(r, s):
    x, y, button = r.randint(1, s.term.w), r.randint(1, s.term.h), r.choice([0, 0, 0, 1, 2, 64, 65])
    one = "\x1b[<%d;%d;%dM" % (button, x, y) + ("" if button >= 64 else "\x1b[<%d;%d;%dm" % (button, x, y))
    return [one] * r.choice([1, 1, 2, 3])


def view_keys(r):
    """What the views bind, and everything that can be typed."""
    pick = r.random()
    if pick < 0.2:
        return r.choice(ARROWS)
    if pick < 0.45:
        return r.choice("\r\r\r\t\t  jjjjkkhlgG")
    if pick < 0.5:
        return r.choice("1234567")
    if pick < 0.85:
        return r.choice("wabmsSeuPcWoR[]{}\\/?nN+-0tToyFpxdrbyY\x12\x0c\x1b\x1b")
    if pick < 0.97:
        return chr(r.randint(32, 126)) if pick < 0.93 else chr(r.choice([1, 2, 4, 5, 6, 8, 11, 14, 21, 23, 127]))
    return r.choice(["\x1bOP", "\x1b[24~", "\x1bx", "\x1b[200~a\rq:\x1b[201~", "\x1b[<99;1;1M", "\x1b[1;5C", "é", "猫", "\x03"])


# Name, the keys that lead there, what the screen shows then.
SCENES = [
    ("data", "1", r"\[1 Data\]"),
    ("train", "2", r"\[2 Train\]"),
    ("settings", "2:pane settings\r\r", r"\[Settings\]"),
    ("training", "2:train ials dim=64 epochs=300 patience=0\r", r"ials#\d+.* \d+%|epoch \d+ of 300"),
    ("overlaid curves", "2:pane runs\rgGokoko", r"[·.:] \w[\w-]*#\d (│|\||║|#)\n"),
    ("users", "3", r"\[3 Users\]"),
    ("history", "3:pane history\r", r"\[3 Users\](.*\n)*.*history, newest first"),
    ("why", "3:sort number\r:pane list\rg\r", r"\bis \d+(st|nd|rd|th): "),
    ("by content", "3:train word2vec dim=8 epochs=1 name=words replace=yes\r:use words\r:pane list\rg\rb", r"content \S+ \(|= base|no breakdown by content"),
    ("what if", "3c:pane history\rg jj jj ", r"[Ee]dit|removed"),
    ("why not", "3:why-not f7\r", r"Why not|[Nn]ot ranked|to rank \d+"),
    ("beside", "3mm", r"\[Side by side\]|overlap@"),
    ("beside, both explained", "3:pane list\rm:pane beside\rg\r", r"Why by the other|Why \S.* by "),
    ("edited", "3c:pane history\rg :add-event f7\r:add-event f9\rg:rate-event 2\ruu\x12uuu\x12", r"[Ee]dit|removed|as it is"),
    ("epochs", "2:pane watched\r[[", r"epoch \d+ of \d+ . churn|epoch \d+ of \d+ . ch"),
    ("epochs of a list", "3:use ials#1\r:pane users\r}[[[]", r"epoch \d+ of \d+"),
    ("epochs meanwhile", "2:watch next\r:train ials dim=32 epochs=200 patience=0\r3}[[]", r"ials#\d+.* \d+%|epoch \d+ of 200"),
    ("items", "4:map off\r", r"\[4 Items\]"),
    ("nearest", "4:map off\r:pane items\r\rb", r"Nearest by"),
    ("map", "4:map components\r++", r"Map of .*variance"),
    ("map of neighbours", "4:map neighbours\r", r"by neighbours"),
    ("map, searched", "4:map components\r:pane map\r+/Kite\rnnN", r'\d+ of \d+ with "Kite"|Map of .*variance · x2'),
    ("near, and why", "4:map off\r:pane items\rg\rjj", r"Why near: "),
    ("odd", "7R", r"Worth a look \(\d"),
    ("odd flags", "7:pane flags\rgjj", r"Behind it: "),
    ("odd opened", "7:pane queue\rg\r:pane behind\rGk\r", r"\[[34] \w+\]"),
    ("odd against a run", "7:odd with=bpr#1\r", r"lists of \S+ against "),
    ("compare", "5\r", r"\[5 Compare\]"),
    ("comparing models", "5:compare popularity item-knn users=5 share=0\r", r"compare .* \d+%|is the best of"),
    ("what the data reward", "5:compare popularity item-knn ease users=5 share=50 noise=10% rewards=yes\r",
     r"compare .* \d+%|is the best of"),
    ("tuning", "2:tune ials trials=6 epochs=3 dim=4,8,16\r", r"[Tt]rial"),
    ("jobs", "6", r"\[6 Jobs\]"),
    ("help", "3?", r"Keys of"),
    ("other data", ":generate made1 users=60 items=50 events=900\r:load made1\r", r"whyrec  made\d"),
    ("data, then at once all else", ":load made1\r347", r"\[7 Odd\]"),
    ("result", ":odd users limit=9\r", r"[┌╔+#] odd users limit=9"),
    ("candidates", ":t\t", r"found, Tab goes on"),
    ("question", ":delete bpr#1\r", r"y/N"),
    ("personas", "3:persona save p1\r", r"persona p1|p1"),
    ("filter", "4\\Kite\r", r"Items \(\d\d? of|Items \(\d\d?\)"),
    ("search", "4/Kite\rnN", r"Kite"),
]
BACK = "\x1b\x1b\x1b"   # out of prompts, questions, overlays


class Player:
    def __init__(self, seed):
        self.r = random.Random(seed)
        self.keys, self.log, self.s = 0, [], None
        self.seen, self.strict, self.moving, self.slowest, self.sessions, self.suspended = set(), 0, 0, 0.0, 0, 0
        self.scenes, self.clock, self.in_a_row, self.resizes = [], Clock(), 0, 0
        self.rounds, self.tried = 0, set()

    # --- a session ------------------------------------------------------------------------------------------

    def start(self):
        r = self.r
        shutil.rmtree(os.path.join(top, "home"), ignore_errors=True)
        more = r.choice([[], [], [], ["--ascii"], ["--no-mouse"], ["--readonly"], ["--no-color"]])
        w, h = r.choice([(80, 24), (120, 36), (200, 50), (60, 15)])
        argv = [program(), "--home", os.path.join(top, "home"), "--threads", str(r.choice([1, 2, 2, 4])), *more, sample]
        self.note("START %s %dx%d" % (" ".join(more), w, h))
        self.s = Session(argv, w, h, {"NO_COLOR": "1"} if r.random() < 0.2 else {})
        self.watch(w, h)
        self.plain = "--ascii" in more
        self.started = self.keys
        self.sessions += 1
        self.until(lambda: re.search(r"popularity#1", self.s.term.text()), "the first screen")
        self.type(":train bpr dim=8 epochs=6\r:train ials dim=8 epochs=6\r", "begin")

    def watch(self, w, h):
        old = self.s.term
        self.s.term = Watched(w, h)
        self.s.term.modes, self.s.term.pending = old.modes, old.pending

    def note(self, what):
        self.log.append(what)
        del self.log[:-400]

    def pump(self, seconds=0.0):
        came = self.s.pump(seconds)
        if len(self.s.raw) > 400000:
            self.s.raw = self.s.raw[-100000:]
        return came

    def nap(self, seconds):
        began = self.clock.seconds()
        while self.clock.seconds() - began < seconds:
            self.pump(0.01)

    def check_alive(self):
        """False after a quit that was asked for."""
        if self.s.alive():
            return True
        self.finish()
        return False

    def finish(self):
        status = self.s.ended(0)
        if status != 0:
            raise Fault("it ended with status %s" % status)
        if not self.s.is_given_back():
            raise Fault("the terminal was not given back")
        self.check_reports()
        self.s.close()
        self.s = None

    def check_reports(self):
        for path in glob.glob(reports + "*"):
            with open(path, errors="replace") as f:
                raise Fault("a sanitizer reports:\n" + f.read()[:8000])

    def until(self, what, name, limit=LIMIT):
        """Pumps until it holds; a program that ended is no fault here."""
        began = self.clock.seconds()
        while not what():
            if not self.s.alive():
                return False
            if self.clock.seconds() - began > limit:
                raise Fault("no answer within %d s: %s" % (limit, name))
            self.pump(0.02)
        self.slowest = max(self.slowest, self.clock.seconds() - began)
        return True

    def quit(self):
        """Whatever is on the screen: q is a key again after Esc, and y is the answer where it asks."""
        self.note("QUIT")
        began = self.clock.seconds()
        while self.s.alive():
            if self.clock.seconds() - began > 2 * LIMIT:
                raise Fault("it does not quit")
            for key in "\x1b", "\x1b", "q", "y":
                self.send(key)
                self.pump(0.05)
        while self.pump(0):
            pass
        self.finish()

    # --- keys -----------------------------------------------------------------------------------------------

    def send(self, key):
        try:
            os.write(self.s.master, key.encode())
        except OSError:
            pass

    def unread(self):
        try:
            return struct.unpack("i", fcntl.ioctl(self.s.slave, termios.FIONREAD, b"\0\0\0\0"))[0]
        except OSError:
            return 0

    def type(self, keys, name=None):
        if name:
            self.note("(%s)" % name)
        one_by_one = self.r.random() < 0.3
        for key in keys:
            self.note(key)
            self.send(key)
            self.keys += 1
            if key == "\x1b":    # with what follows at once it would be Meta
                self.nap(0.05)
            elif one_by_one:
                self.until(lambda: not self.unread(), "a key is not read")
            elif self.r.random() < 0.1:
                self.pump()
            while self.unread() > 1000 and self.s.alive():
                self.pump(0.01)

    def sizes(self):
        r = self.r
        return [(r.randint(20, 200), r.randint(5, 50)) if r.random() < 0.4 else
                r.choice([(80, 24), (120, 36), (60, 15), (200, 50), (100, 30), (59, 40), (61, 15), (20, 5)])
                for _ in range(r.choice([1, 1, 1, 5]))]

    def too_small(self):
        """What runs and what is typed goes on in a window that shows nothing of it, and is there when it is large again."""
        r = self.r
        self.resize([r.choice([(20, 5), (1, 1), (2, 40), (200, 1), (59, 15), (60, 14), (26, 3)])])
        self.type([view_keys(r) for _ in range(r.randint(0, 12))])
        if r.random() < 0.3:
            self.type(line_keys(r))
        if not self.s:
            return
        self.look()
        if self.s:
            self.resize([r.choice([(80, 24), (60, 15), (120, 36), (200, 50)])])

    def resize(self, sizes):
        for w, h in sizes:
            self.note("%dx%d" % (w, h))
            self.pump()
            was = self.s.term.cleared
            self.s.resize(w, h)
            self.resizes += 1
        # What was on its way for another size is gone with the redraw that follows.
        self.s.term.cleared = was
        if self.signal(signal.SIGWINCH):
            self.until(lambda: self.s.term.cleared > was, "a resize to %dx%d" % (w, h))
        self.keys += 1

    def suspend(self):
        self.note("SUSPEND")
        if not self.signal(signal.SIGTSTP):
            return
        if not self.s.stopped(LIMIT):
            if not self.s.alive():
                return
            raise Fault("SIGTSTP does not stop it")
        self.pump(0.05)
        if not self.s.is_given_back():
            raise Fault("the terminal was not given back when stopped")
        os.kill(self.s.pid, signal.SIGCONT)
        self.until(lambda: 1049 in self.s.term.modes, "SIGCONT")
        self.suspended += 1

    # --- what must hold ---------------------------------------------------------------------------------------

    def threads(self):
        """What each does, and the CPU time of all."""
        states, ticks = set(), 0
        for path in glob.glob("/proc/%d/task/*/stat" % self.s.pid):
            try:
                with open(path) as f:
                    fields = f.read().rsplit(")", 1)[1].split()
            except (OSError, IndexError):
                continue
            states.add(fields[0])
            ticks += int(fields[11]) + int(fields[12])
        return states, ticks

    def at_rest(self, limit=0.4):
        """Everything was read and drawn, and every thread sleeps: nothing will change by itself."""
        began, still, last = self.clock.seconds(), 0, None
        while self.clock.seconds() - began < limit and self.s.alive():
            came = self.pump(0.02)
            now = self.threads()
            still = still + 1 if not came and now[0] == {"S"} and now == last and not self.unread() else 0
            last = now
            if still == 3:      # 60 ms: the timers of keys and frames are over
                return True
        return False

    def look(self):
        """After a burst."""
        self.until(lambda: not self.unread(), "keys are not read")
        if not self.check_alive():
            return
        rests = self.at_rest()
        text = self.s.term.text()
        for name, _, pattern in SCENES:
            if name not in self.seen and re.search(pattern, text):
                self.seen.add(name)
        self.in_a_row = 0 if rests else self.in_a_row + 1
        if not rests:
            self.moving += 1
            if self.in_a_row % 5 == 4:      # what runs for long is cancelled now and then
                self.type(BACK + "\x03")
            self.redraw()
            return
        self.check_frame()
        before = [row[:] for row in self.s.term.cell]
        if not self.redraw() or not self.at_rest(LIMIT):
            return
        self.strict += 1
        for y, (a, b) in enumerate(zip(before, self.s.term.cell)):
            if a != b:
                raise Fault("torn: line %d was\n%s\nand after a redraw is\n%s" % (y, "".join(a), "".join(b)))
        self.check_frame()

    def signal(self, number):
        """False once it has ended."""
        if not self.s.alive():
            return False
        os.kill(self.s.pid, number)
        return True

    def redraw(self):
        was = self.s.term.cleared
        return self.signal(signal.SIGWINCH) and self.until(lambda: self.s.term.cleared > was, "a redraw")

    def check_frame(self):
        t = self.s.term
        if t.w < 60 or t.h < 15:
            if "whyrec needs" not in t.text() and t.w >= 26:
                raise Fault("too small, and does not say so")
            return
        rows = ["".join(row) for row in t.cell]
        first, last = [row[0] for row in rows[2:-1]], [row[-1] for row in t.cell[2:-1]]
        left, right = ("+#", "+#") if self.plain else ("┌╔", "┐╗")
        low_left, low_right = ("+#", "+#") if self.plain else ("└╚", "┘╝")
        if first[0] not in left or last[0] not in right or first[-1] not in low_left or last[-1] not in low_right:
            raise Fault("the frame is not whole")
        side = "+|#%" if self.plain else "│║├┤╠╣╟╢┃┌┐└┘╔╗╚╝"
        if any(c not in side for c in first + last):
            raise Fault("a side of the frame is broken")
        if not rows[0].startswith(" whyrec") or not rows[1].strip() or not rows[-1].strip():
            raise Fault("a line is missing: the first, the tabs or the last")

    # --- the game -----------------------------------------------------------------------------------------------

    def burst(self):
        r = self.r
        if r.random() < (0.5 if self.rounds > 1 else 0.8):
            if not self.scenes:     # once all were tried, those that were not seen yet
                missed = [scene for scene in SCENES if scene[0] not in self.seen] or SCENES
                self.scenes = r.sample(missed, len(missed))
                self.rounds += 1
            name, keys, pattern = self.scenes.pop()
            if self.s.term.w < 60 or self.s.term.h < 15 or (self.s.term.w < 80 and r.random() < 0.5):
                self.resize([(80, 24)])
            if not self.s.term.text().startswith(" whyrec  films ") and r.random() < 0.3:
                keys = ":load %s\r" % sample + keys
            self.tried.add(name)
            self.type(BACK + keys, name)
            self.look()
        for _ in range(r.randint(1, 4)):
            if not self.s:
                return
            what = r.random()
            if what < 0.5:
                self.type([view_keys(r) for _ in range(r.randint(1, 20))])
            elif what < 0.72:
                self.type(line_keys(r))
            elif what < 0.88:
                self.type(click_keys(r, self.s))
            elif what < 0.95:
                self.resize(self.sizes())
            elif what < 0.97:
                self.too_small()
            elif what < 0.98:
                self.suspend()
            else:
                self.type([r.choice("\\/")] + list(some_text(r)) + [r.choice("\r\x1b")])
        if self.s:
            self.look()

    def play(self):
        began = self.clock.seconds()
        while self.keys < KEYS and self.clock.seconds() - began < SECONDS:
            if not self.s:
                self.start()
            self.burst()
            if self.s and self.keys - self.started > KEYS_A_SESSION:
                self.quit()
        if self.s:
            self.quit()


def written():
    """Everything that is not the program's to write, with its time and size."""
    seen = {}
    for root in os.environ["HOME"], os.path.dirname(sample):
        for folder, names, files in os.walk(root):
            if folder == top:
                names[:] = [n for n in names if n not in ("home", "work")]
            if folder == os.environ["HOME"]:
                names[:] = [n for n in names if n not in ("state", "config")]
            for f in files:
                path = os.path.join(folder, f)
                if not path.startswith(reports):
                    seen[path] = os.stat(path).st_mtime_ns, os.stat(path).st_size
    return seen


def main():
    os.makedirs(work)
    os.chdir(work)
    for name in "ASAN_OPTIONS", "TSAN_OPTIONS", "UBSAN_OPTIONS":
        os.environ[name] = (os.environ.get(name, "") + ":log_path=" + reports).lstrip(":")
    was = written()
    p = Player(SEED)
    fault = None
    try:
        p.play()
    except Fault as e:
        fault = str(e)
    except ValueError as e:      # the terminal was sent something that it does not know
        fault = str(e)
    if fault:
        for line in fault.split("\n"):
            print("# " + line)
        print("# RANDOM_KEYS_SEED=%d, key %d; the last ones:" % (SEED, p.keys))
        print("# " + " ".join(repr(k)[1:-1] if len(k) < 20 else k for k in p.log[-250:]))
        for path in glob.glob(reports + "*"):
            with open(path, errors="replace") as f:
                for line in f.read()[:12000].split("\n"):
                    print("# " + line)
    ok(not fault, "random keys are survived: %d, in %d sessions" % (p.keys, p.sessions), p.s)
    if p.s:
        p.s.close()
    print("# %d redraws compared, %d looks while something moved, %d sizes, %d stops; %.0f s, the slowest answer took %.1f s"
          % (p.strict, p.moving, p.resizes, p.suspended, p.clock.seconds(), p.slowest))
    missed = [name for name, _, _ in SCENES if name in p.tried - p.seen]
    ok(fault or p.strict >= (1 if SANITIZED else 10), "redraws were compared: %d" % p.strict)
    ok(fault or SANITIZED or len(missed) <= len(p.tried) // 4,
       "of %d screens those tried, %d, were seen" % (len(SCENES), len(p.tried)) + "".join(", but not " + m for m in missed))
    ok(written() == was, "and nothing was written elsewhere: %s"
       % [f for f in set(was.items()) ^ set(written().items())][:3])
    done()


main()
