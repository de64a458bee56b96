# SPDX-License-Identifier: GPL-3.0-or-later
"""compare.py - a comparison of models fills its table while it works, and what there is stays where it is stopped."""
import os

from session import Session, done, make_data, ok, program

data = make_data(os.path.join(os.environ["TMPDIR"], "data"))
s = Session([program(), "--home", os.path.join(os.environ["TMPDIR"], "home"), data], 120, 36)
s.wait(r"popularity#1")
# The last of them is at work for long: the rows of the others are there meanwhile.
s.send("5:compare popularity ease cfgan share=25,50 users=5\r")
ok(s.wait(r"2 of 3 models so far"), "the rows of two stand there while the third is trained", s)
ok(s.wait(r"ease#1 +\d\.\d{4} +±"), "with their figures and intervals", s)
ok(s.wait(r"The verdict comes when every model is measured"), "the verdict is still to come", s)
s.send("6x")
ok(s.wait(r"cancelled"), "stopped on Jobs", s)
s.send("5")
s.settle(0.3)
text = s.term.text()
ok("so far" not in text and "ease#1" in text and "popularity#1" in text, "what there is stays, and no more is promised", s)
s.send(":compare popularity ease share=0 users=5\r")
ok(s.wait(r"Take (ease|popularity)#"), "asked again it goes on to a verdict", s)
ok("so far" not in s.term.text(), "and all is told", s)
s.send("q")
s.settle()
s.close()
done()
