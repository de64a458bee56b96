# SPDX-License-Identifier: GPL-3.0-or-later
"""A script that is interrupted ends with 128 + the signal, says what it did, and leaves its home whole."""
import glob
import json
import os
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from whyrec import TMP, WHYREC, answers, done_testing, eq, ok, run, small_data  # noqa: E402

folder = small_data('sig', users=400, items=200)
home = os.path.join(TMP, 'home')
LONG = 'train ials dim=128 epochs=10000 patience=0'


def wait_for_epoch():
    """Until the newest run's state is there, which is written when an epoch has ended."""
    known = set(states())
    for _ in range(600):
        if set(states()) - known:
            break
        time.sleep(0.1)


def states():
    return glob.glob(os.path.join(home, 'runs', '*', 'state.safetensors'))


def interrupted(signo, wait_for_run=True, args=(LONG,), stdin=None):
    """Starts whyrec, waits until it is well under way, sends the signal; status, seconds, output, errors."""
    cs = [w for a in args for w in ('-c', a)]
    p = subprocess.Popen([WHYREC, '--json', '--home', home, folder] + cs + (['-f', '-'] if stdin else []),
                         stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=stdin)
    p.stdout.readline()  # the load is told
    wait_for_epoch() if wait_for_run else time.sleep(0.5)
    began = time.monotonic()
    p.send_signal(signo)
    if stdin:
        p.wait(timeout=60)  # before communicate() closes standard input, which ends a script as well
    out, err = p.communicate(timeout=60)
    return p.returncode, time.monotonic() - began, out.decode(), err.decode()


for signo, name in ((signal.SIGINT, 'SIGINT'), (signal.SIGTERM, 'SIGTERM'), (signal.SIGHUP, 'SIGHUP')):
    status, seconds, out, err = interrupted(signo)
    eq(status, 128 + signo, '%s: exit status %d' % (name, 128 + signo))
    ok(seconds < 5, '%s: soon' % name, seconds)
    last = json.loads(out.splitlines()[-1])
    eq(last.get('stopped'), 'cancelled', '%s: the run is told as cancelled' % name)
    ok(last['epochs'] >= 1, '%s: its whole epochs are kept' % name, last)

status, seconds, out, err = interrupted(signal.SIGINT, False, (), subprocess.PIPE)
eq(status, 130, 'SIGINT while a script waits for its next line')

rows = answers('-c', 'runs', home=home)[0]['rows']
eq([r['run'] for r in rows], ['ials#1', 'ials#2', 'ials#3'], 'the runs are there at the next start')
eq([r['stopped'] for r in rows], ['cancelled'] * 3, 'as cancelled ones')
a = answers(folder, '-c', 'use ials#2', '-c', 'recommend u1 k=2', home=home)
eq(a[2]['run'], 'ials#2', 'and answer')

p = subprocess.Popen([WHYREC, '--home', home, folder, '-c', LONG], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
time.sleep(4)
p.kill()
p.communicate()
status, out, err = run('--json', folder, '-c', 'runs', home=home)
eq(status, 0, 'after SIGKILL the home still opens')
rows = {r['run']: r for r in json.loads(out.splitlines()[-1])['rows']}
ok(set(rows) >= {'ials#1', 'ials#2', 'ials#3'}, 'and every earlier run is whole', out)
ok('ials#4' in rows, 'the one that was killed is listed', out)
epochs = rows.get('ials#2', {}).get('epochs', 0) + 2
a = answers(folder, '-c', 'train ials resume=ials#2 epochs=%d' % epochs, home=home)
eq((a[1]['run'], a[1]['epochs'], a[1]['stopped']), ('ials#2', epochs, 'done'), 'resume= goes on to the epochs asked for')
status, out, err = run('--json', folder, '-c', 'train ials resume=ials#4 epochs=1', home=home)
ok(status in (0, 1), 'a killed run is resumed, or refused in words', err)
done_testing()
