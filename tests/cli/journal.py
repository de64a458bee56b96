# SPDX-License-Identifier: GPL-3.0-or-later
"""The journal: a session's commands, replayed as a script, give the same results; what cannot is a comment."""
import json
import os
import signal
import stat
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from whyrec import TMP, WHYREC, answers, commands, done_testing, eq, ok, run, small_data, write  # noqa: E402

TIMES = ('seconds', 'seconds_per_epoch', 'train_seconds', 'ms_per_user', 'made', 'told', 'peak_bytes')


def timeless(value):
    if isinstance(value, dict):
        return {k: timeless(v) for k, v in value.items() if k not in TIMES}
    return [timeless(v) for v in value] if isinstance(value, list) else value


def without_settings(objects):
    return [timeless(x) for x in objects if x['command'] not in ('set', 'journal')]


folder = small_data('kept data')  # the blank must be quoted
saved, table = os.path.join(TMP, 's.why'), os.path.join(TMP, 'r.csv')
a = answers('--seed', '7', folder, *commands(
    'split ratio', 'train ials dim=4 epochs=3', "recommend 'u, 3' k=3  # a remark", 'set k 4', 'recommend u1',
    'train ease', 'use ials#1', 'whatif u1 +2', 'explain u1 2', 'evaluate ials#1 ease#1', 'compare',
    'train ials name=mine dim=4 epochs=2', 'delete mine', 'similar 2 by=behaviour', 'users u1', 'export recommendations "%s" k=2' % table,
    'train ease lambda=9', 'tune ials trials=2 dim=2..4 epochs=2', 'recommend u2 run=ease#2', 'journal', 'journal save "%s"' % saved))
eq(a[-1]['left_out'], 0, 'nothing was left out')
ok(a[-2]['rows'][-1]['line'] == 'recommend u2 run=ease#2' and all(r['again'] for r in a[-2]['rows']),
   'journal shows the lines', a[-2])
eq(stat.S_IMODE(os.stat(saved).st_mode), 0o600, 'the script is for its owner alone')
text = open(saved, encoding='utf-8').read()
ok('# a remark' not in text and "recommend 'u, 3' k=3\n" in text, 'lines stand as they were given', text)
ok('name=ease#2 replace=yes\n' in text and 'set seed 7\n' in text, 'runs get their names, the seed is said', text)
before = open(table).read()
os.remove(table)
for home in (os.path.join(TMP, 'other home'), None):  # twice over the file, and over the kept runs of before
    b = answers('-f', saved, home=home)
    differ = [(x, y) for x, y in zip(without_settings(a), without_settings(b)) if x != y]
    ok(not differ and len(without_settings(a)) == len(without_settings(b)),
       'replayed, the answers are the same ' + ('elsewhere' if home else 'in place'), differ[:1])
eq(open(table).read(), before, 'and so is the exported file')

status, out, err = run('-c', 'journal save "%s"' % saved)
ok(status == 1 and 'force=yes' in err, 'what is there is not replaced unasked', err)
status, out, err = run('-c', 'journal keep x')
ok(status == 1 and 'journal save FILE' in err, 'another word is refused', err)
status, out, err = run('-c', 'journal save')
ok(status == 1 and 'needs a file' in err, 'so is a missing file', err)

# A run made before this session goes on or away once only.
last = os.path.join(TMP, 'last.why')
a = answers(folder, *commands('train ials name=old dim=4 epochs=2', 'train ease name=gone'))
a = answers(folder, *commands('train ials resume=old epochs=3', 'delete gone', 'use old', 'journal save "%s"' % last))
text = open(last, encoding='utf-8').read()
ok('# went on with a run made before: train' in text and '# deleted a run made before: delete gone\n' in text and
   '\nuse old\n' in text, 'what can be done once only is a comment', text)
eq(a[-1]['left_out'], 2, 'and is counted')

# The file that all sessions share.
shared = os.path.join(os.environ['XDG_STATE_HOME'], 'whyrec', 'journal')
lines = open(shared, encoding='utf-8').read().splitlines()
eq(stat.S_IMODE(os.stat(shared).st_mode), 0o600, 'the journal is for its owner alone')
ok(any(x.startswith("recommend 'u, 3' k=3  # ") for x in lines), 'every command is in it, with its process')
run(folder, '-c', 'recommend nobody\nhelp')
lines = open(shared, encoding='utf-8').read().splitlines()
ok(lines[-1].startswith('# failed (no user has the id nobody') and ': recommend nobody  # ' in lines[-1],
   'a command that failed is a comment', lines[-1])
with open(shared, 'a', encoding='utf-8') as f:
    f.write('# ' + 'x' * (5 << 20) + '\n')
run('-c', 'help')
ok(os.path.getsize(shared) < 4096 and os.path.getsize(shared + '.old') > 5 << 20, 'a large journal is put aside')
before = os.stat(shared)
status, out, err = run('--readonly', '-c', 'help')
eq((status, os.stat(shared).st_mtime_ns), (0, before.st_mtime_ns), '--readonly adds nothing')
os.remove(shared)
os.mkdir(shared)
status, out, err = run('-c', 'help')
eq((status, err), (0, ''), 'a journal that cannot be written stops nobody')
os.rmdir(shared)

# A training that is cancelled keeps its whole epochs: replayed, it makes as many.
p = subprocess.Popen([WHYREC, '--json', folder, '-c', 'train bpr name=long dim=64 epochs=100000 patience=0'],
                     stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True)
time.sleep(1.5)
os.killpg(p.pid, signal.SIGINT)
out, err = p.communicate(timeout=60)
objects = [json.loads(x) for x in out.splitlines()]
line = [x for x in open(shared, encoding='utf-8').read().splitlines() if 'train bpr' in x][-1]
if ok(objects[-1].get('stopped') == 'cancelled' and not line.startswith('#'), 'a cancelled training is in the journal',
      (objects[-1], line)):
    again = answers(folder, '-f', write('again.why', line + '\n'))
    eq((again[-1]['epochs'], again[-1]['loss']), (objects[-1]['epochs'], objects[-1]['loss']), 'and ends where it ended')
done_testing()
