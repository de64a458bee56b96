# SPDX-License-Identifier: GPL-3.0-or-later
"""terminal.py - however a session ends, the terminal is as it was; whatever comes in, the screen holds."""
import os
import signal
import time

from session import Session, done, make_data, ok, program

data = make_data(os.path.join(os.environ["TMPDIR"], "data"))
home = os.path.join(os.environ["TMPDIR"], "home")


def start(*more, w=80, h=24, env=None):
    s = Session([program(), "--home", home, *more, data], w, h, env)
    s.wait(r"popularity#1")
    s.settle()
    return s


# --- a session by its keys --------------------------------------------------------------------------

s = start()
ok(s.wait(r"\[1 Data\].*\n.*Profile of events"), "the data open in place", s)
s.send("3")
ok(s.wait(r"\[3 Users\]"), "3 shows the users", s)
s.send("\t\t")
ok(s.wait(r"Recommended by popularity#1.*\[Recommended\]"), "Tab goes from pane to pane", s)
s.send("\r")
ok(s.wait(r"Why i\d+ is 1st"), "Enter explains", s)
s.send(":use nobody\r")
ok(s.wait(r"nobody"), "a wrong name is told", s)
s.send("\x1b")
ok(s.gone(r"nobody"), "Esc takes the error away", s)
s.send("\\u00")
ok(s.wait(r"\\ u00"), "a filter works while it is typed", s)
s.send("\r")
ok(s.wait(r"Users \(10\)"), "and leaves the users that have it", s)
s.send("\x1b")
ok(s.wait(r"Users \(300\)"), "Esc clears it", s)
s.send(":tra\t")
ok(s.wait(r":train$"), "Tab completes", s)
s.send("\x1b")
ok(s.gone(r":train"), "Esc leaves the prompt", s)
s.send("?")
ok(s.wait(r"Keys of Users, pane Users"), "? helps", s)
s.send("\x1b[6~")
ok(s.wait(r"Keys everywhere"), "and goes on below", s)
s.send("\x1b")
s.settle()

# --- the mouse: SGR reports, 1-based columns and lines ---------------------------------------------------


def click(s, x, y, button=0):
    s.send("\x1b[<%d;%d;%dM\x1b[<%d;%d;%dm" % (button, x, y, button, x, y))


click(s, 31, 2)
ok(s.wait(r"\[4 Items\]"), "a click on a tab shows its view", s)
click(s, 20, 8)
ok(s.wait(r"^(?:.*\n){7}│>"), "a click moves the cursor", s)
top = s.term.text().split("\n")[4]
for _ in range(8):
    click(s, 20, 8, 65)
s.settle()
ok(s.term.text().split("\n")[4] != top, "the wheel scrolls", s)
s.send("3")
s.settle()

# --- pasted text ---------------------------------------------------------------------------------------

s.send("\x1b[200~q\rq\x1b[201~")
ok(s.wait(r"pasted text goes to the prompt") and s.alive(), "pasted text runs no keys", s)
s.send(":\x1b[200~quit\rquit\x1b[201~")
ok(s.wait(r":quit quit") and s.alive(), "in the prompt it is text, and its line breaks run nothing", s)
s.send("\x1b")
s.settle()

# --- sizes ---------------------------------------------------------------------------------------------

s.resize(40, 10)
ok(s.wait(r"needs 60.15"), "too small says so", s)
s.resize(100, 30)
ok(s.wait(r"\[3 Users\]"), "and lives on", s)
s.send("q")
status = s.ended()
ok(status == 0, "q quits (%s)" % status, s)
ok(s.is_given_back(), "and the terminal is as it was")
s.close()

s = start(w=120, h=36)
s.send(":train ials dim=256 epochs=10000 patience=0 valid-every=0\r2")
ok(s.wait(r"ials#\d+ +\S*runs|Now · ials"), "a training runs", s)
for i in range(60):
    s.resize(20 + i * 7 % 180, 5 + i * 5 % 50)
    time.sleep(0.01)
s.resize(110, 33)
ok(s.wait(r"\[2 Train\]") and s.wait(r"epoch \d+ of 10,000"), "a storm of sizes while it trains is survived", s)
for _ in range(40):  # a training repaints all the time: a look may come in the middle of a frame
    s.settle()
    lines = s.term.text().split("\n")
    whole = len(lines) == 33 and lines[31].startswith("└") and lines[31].endswith("┘")
    if whole:
        break
ok(whole, "and the last size is drawn whole", s)

# --- stopped, and going on -----------------------------------------------------------------------------

for how in "SIGTSTP", "Ctrl-Z":
    if how == "Ctrl-Z":
        s.send("\x1a")
    else:
        os.kill(s.pid, signal.SIGTSTP)
    ok(s.stopped(), how + " stops it")
    s.settle()
    ok(s.is_given_back(), "with the terminal given back")
    os.kill(s.pid, signal.SIGCONT)
    s.term.resize(110, 33)
    ok(s.wait(r"\[2 Train\]"), "SIGCONT draws the screen again", s)
s.send("3")
ok(s.wait(r"\[3 Users\]"), "and keys work", s)
s.send("q")
ok(s.wait(r"y/N"), "q asks while a job runs", s)
s.send("n")
ok(s.gone(r"y/N") and s.alive(), "any other key is no", s)
s.send("\x03")
ok(s.wait(r"y/N|cancel"), "Ctrl-C cancels the job in front", s)
s.send("y")
s.send("q")
s.settle()
s.send("y")
status = s.ended()
ok(status == 0 and s.is_given_back(), "then it quits (%s)" % status, s)
s.close()

# --- ended from outside ------------------------------------------------------------------------------------

for name in "SIGTERM", "SIGHUP", "SIGINT":
    s = start()
    s.send(":train ials dim=256 epochs=10000 patience=0 valid-every=0\r")
    s.wait(r"ials#")
    number = getattr(signal, name)
    os.kill(s.pid, number)
    status = s.ended()
    ok(status == 128 + number, "%s ends it: status %s" % (name, status), s)
    ok(s.is_given_back(), "and the terminal is as it was")
    s.close()

for name in "SIGSEGV", "SIGABRT":
    if os.environ.get("SANITIZE", "no") != "no":
        break   # the sanitizers have handlers of their own
    s = start()
    os.kill(s.pid, getattr(signal, name))
    status = s.ended()
    ok(status == -getattr(signal, name), "%s still ends it as it should (%s)" % (name, status), s)
    ok(s.is_given_back(), "but the terminal was given back first")
    s.close()

s = start()
os.close(s.master)
end = time.time() + 10
while time.time() < end:
    pid, status = os.waitpid(s.pid, os.WNOHANG)
    if pid:
        break
    time.sleep(0.05)
ok(pid == s.pid, "a terminal that goes away ends it")
os.close(s.slave)

# --- terminals that will not do ------------------------------------------------------------------------------

for name in "dumb", "no-such-terminal":
    s = Session([program(), "--home", home, data], env={"TERM": name})
    status = s.ended()
    ok(status == 1 and b"\x1b" not in s.raw and name.encode() in s.raw, "TERM=%s is refused in words" % name, s)
    s.close()

# --- past lines, and nothing while idle -----------------------------------------------------------------

past = os.path.join(os.environ["XDG_STATE_HOME"], "whyrec", "past-lines")
ok(os.path.exists(past) and os.stat(past).st_mode & 0o777 == 0o600, "past lines are kept, for the owner alone")
s = start()
s.send(":\x1b[A")
ok(s.wait(r":train ials dim=256 epochs=10000"), "and come back with Up", s)
s.send("\x1b")
s.settle(0.5)


def busy(pid):
    """CPU ticks, and how often any thread was switched to."""
    with open("/proc/%d/stat" % pid) as f:
        fields = f.read().rsplit(")", 1)[1].split()
    switches = 0
    for task in os.listdir("/proc/%d/task" % pid):
        with open("/proc/%d/task/%s/status" % (pid, task)) as f:
            switches += sum(int(line.split()[1]) for line in f if "ctxt_switches" in line)
    return int(fields[11]) + int(fields[12]), switches


if os.path.isdir("/proc/%d/task" % s.pid):
    time.sleep(1)
    was = busy(s.pid)
    time.sleep(4)
    now = busy(s.pid)
    ok(now[0] - was[0] <= 1 and now[1] - was[1] <= 1, "idle: %d ticks, %d switches in 4 s"
       % (now[0] - was[0], now[1] - was[1]))
s.send("q")
s.ended()
s.close()
done()
