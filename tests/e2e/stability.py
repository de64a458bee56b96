# SPDX-License-Identifier: GPL-3.0-or-later
"""stability.py - v in Users trains the model with other seeds behind the screen, and Why shows what of the list and of
the explanation is the seed's: the very figures of the command; of an edited history it asks for a kept one."""
import json
import os
import re
import subprocess

from session import Session, done, make_data, ok, program

data = make_data(os.path.join(os.environ["TMPDIR"], "data"))
home = os.path.join(os.environ["TMPDIR"], "home")
LISTS = r"5 other seeds: lists overlap (\d\.\d\d) \(\d\.\d\d-\d\.\d\d\), rank-biased (\d\.\d\d)"
PARTS = r"Its strongest parts overlap (\d\.\d\d) \(\d\.\d\d-\d\.\d\d\); rank ([\d, -]*\d)"

s = Session([program(), "--home", home, data], 200, 50)
s.wait(r"popularity#1")
s.send(":train ials dim=6 epochs=4 patience=0\r")
ok(s.wait(r"ials#1: done after"), "a model with chance", s)
s.send("3:sort number\r:pane list\r")
s.wait(r" 1 +i\d+ +0\.")
s.send("g\r")
ok(s.wait(r"Why (i\d+) is 1st") and s.wait(r"aithful"), "an explanation", s)
item = re.search(r"Why (i\d+) is 1st", s.term.text()).group(1)
user = re.search(r"User (\S+) ", s.term.text()).group(1)
s.send("v")
ok(s.wait(LISTS) and s.wait(PARTS), "v tells how much of it is the seed's", s)
on_screen = re.search(LISTS, s.term.text()).groups() + re.search(PARTS, s.term.text()).groups()
s.settle()
out = subprocess.run([program(), "--home", home, "--json", "-c", "load " + data, "-c",
                      "stability %s %s run=ials#1" % (user, item)], capture_output=True, text=True).stdout
told = json.loads(out.splitlines()[-1])
figures = ("%.2f" % told["overlap"]["mean"], "%.2f" % told["rbo"]["mean"], "%.2f" % told["explained"]["overlap"]["mean"],
           ", ".join("-" if n is None else str(n) for n in told["explained"]["ranks"]))
ok(on_screen == figures, "as the command does: %s, %s" % (on_screen, figures), s)
s.send("j")
ok(s.wait(r"Why i\d+ is 2nd") and s.gone(PARTS), "another item has not been asked", s)
s.send("k")
ok(s.wait(PARTS), "the first one has", s)
s.send(":pane history\rg ")
ok(s.gone(PARTS), "an edited history has not", s)
s.send("v")
ok(s.wait(r"asked of a kept history"), "and v says of which it can be asked", s)
s.send("c")
ok(s.wait(PARTS), "without the edits it stands again", s)
s.send("q")
s.settle()
s.close()
done()
