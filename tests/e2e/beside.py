# SPDX-License-Identifier: GPL-3.0-or-later
"""beside.py - two runs side by side: the figures in the title and the ranks beside the items are those of the two lists
that stand there, for whichever user the cursor goes to; b breaks both explanations down another way."""
import os
import re

from session import Session, done, make_data, ok, program

data = make_data(os.path.join(os.environ["TMPDIR"], "data"))
K, P = 20, 0.9
TITLE = re.compile(r"ials#1 \| ease#1 · overlap@20 ([0-9.]+) · rank-biased overlap ([0-9.]+)")
ROW = re.compile(r"(\d+) +(i\d{3})(?: +hit)? +(\d+|none)\b")


def lists(s):
    """The two lists of the screen: {rank: (item, rank there)} each."""
    two = {}, {}
    for line in s.term.text().split("\n"):
        cells = ROW.findall(line)
        if len(cells) == 2:
            for side, (rank, item, there) in zip(two, cells):
                side[int(rank)] = item, there
    return two


def figures(a, b):
    """Overlap, and equation 30 of Webber et al. 2010 for two lists of one length."""
    x = [len(set(a[:d]) & set(b[:d])) for d in range(1, K + 1)]
    return x[-1] / K, (1 - P) / P * sum(x[d - 1] / d * P ** d for d in range(1, K + 1)) + x[-1] / K * P ** K


def holds(s, who):
    two = lists(s)
    ok(all(sorted(side) == list(range(1, K + 1)) for side in two), "%s: two lists of %d" % (who, K), s)
    a, b = ([side[r][0] for r in sorted(side)] for side in two)
    m = TITLE.search(s.term.text())
    overlap, rbo = figures(a, b) if len(a) == len(b) == K else (-1, -1)
    ok(m and abs(float(m[1]) - overlap) < 0.00501 and abs(float(m[2]) - rbo) < 0.00501,
       "%s: overlap %.3f, rank-biased %.3f" % (who, overlap, rbo), s)
    wrong = [(side, r) for side, mine, other in ((0, two[0], b), (1, two[1], a)) for r, (item, there) in mine.items()
             if (item in other) != (there != "none" and int(there) <= K) or
             (item in other and other.index(item) + 1 != int(there))]
    ok(not wrong, "%s: where the other run has each item" % who, s)
    return a, b


s = Session([program(), "--home", os.path.join(os.environ["TMPDIR"], "home"), data], 200, 50)
s.wait(r"popularity#1")
for line in ("train ease lambda=20", "train ials dim=6 epochs=4 patience=0"):
    s.send(":%s\r" % line)
    ok(s.wait(r"model " + line.split()[1]), line, s)
s.send("3m")
ok(s.wait(TITLE.pattern), "m puts ease#1 beside ials#1", s)
s.settle()
first = holds(s, "the first user")
s.send(":pane users\rjj")                       # two users down: other lists, other figures
s.settle(0.3)
second = holds(s, "the third user")
ok(first != second, "which are not the first one's")
s.send(":pane beside\rl" + "jjj" + "\r")  # the right side, its fourth item
ok(s.wait(r"ease#1 ranks it 4, exact: " + second[1][3]), "Enter explains what the cursor is on, the second run's fourth", s)
ok(s.wait(r"ials#1 ranks it \d+, exact: " + second[1][3]), "by the first run too", s)
s.send("b")
ok(s.wait(r"ease has no breakdown by content") and s.wait(r"ials has no breakdown by content"), "b asks for both by content: these runs say what they lack", s)
s.send("b")
ok(s.wait(r"ease#1 ranks it 4, exact: " + second[1][3]), "and back", s)
s.send("\x1b")
ok(s.wait(r"Recommended by ials#1"), "Esc ends it", s)
s.send("q")
s.settle()
s.close()
done()
