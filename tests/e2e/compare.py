# SPDX-License-Identifier: GPL-3.0-or-later
"""compare.py - a comparison of models fills its table while it works, and what there is stays where it is stopped."""
import os
import re

from session import Session, done, make_data, ok, program

data = make_data(os.path.join(os.environ["TMPDIR"], "data"))
s = Session([program(), "--home", os.path.join(os.environ["TMPDIR"], "home"), data], 120, 36)
s.wait(r"popularity#1")
# The last of them is at work for long: the rows of the others are there meanwhile.
s.send("5:compare popularity ease cfgan share=25,50 users=5\r")
ok(s.wait(r"2 of 3 models so far"), "the rows of two stand there while the third is trained", s)
ok(s.wait(r"ease#1 +\d\.\d{4} +±"), "with their figures and intervals", s)
ok(s.wait(r"The verdict comes when every model is measured"), "the verdict is still to come", s)
s.send(":pane runs\r G ")
ok(s.wait(r"ease#1 - popular\S+ +[+-]\d\.\d{4} \["), "two of them that are marked are held against each other", s)
ok("so far" in s.term.text(), "while the third is still trained", s)
s.send("6x")
ok(s.wait(r"cancelled"), "stopped on Jobs", s)
s.send("5")
s.settle(0.3)
text = s.term.text()
ok("so far" not in text and "ease#1" in text and "popularity#1" in text, "what there is stays, and no more is promised", s)
s.send(":compare popularity ease share=0 users=5\r")
ok(s.wait(r"Take (ease|popularity)#"), "asked again it goes on to a verdict", s)
ok("so far" not in s.term.text(), "and all is told", s)
s.send(":pane runs\r:sort run\r")
ok(s.wait(r"run↑.*\n.*ease#1.*\n.*popularity#1"), "sorted by name", s)
s.send(":columns recall\r")
s.settle(0.3)
ok("recall@20" not in s.term.text() and "coverage" in s.term.text(), "a column is hidden", s)
s.send("r")
ok(s.wait(r"Rerank of \S+ by mmr"), "the rerank curve of the run under the cursor", s)
s.resize(80, 24)
s.send(":pane verdict\rr")
ok(s.wait(r"\[Rerank\]"), "where one pane shows of many, it is the one that was asked for", s)
s.send(":pane runs\rgj\r")
ok(s.wait(r"\[2 Train\]"), "Enter opens the run", s)
ok(re.search(r">ease#1|>popularity#1", s.term.text()), "with the cursor on it", s)
s.send("q")
s.settle()
s.close()
done()
