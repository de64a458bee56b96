# SPDX-License-Identifier: GPL-3.0-or-later
"""Where runs are kept: made when needed, shared by processes, never written with --readonly, refused in one line."""
import json
import os
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from whyrec import TMP, WHYREC, answers, commands, done_testing, eq, ok, run, skip, small_data  # noqa: E402

folder = small_data('homed')
home = os.path.join(TMP, 'h', 'deep')

run(folder, '-c', 'recommend u1', home=home)
ok(not os.path.exists(home), 'nothing is made only by looking')
a = answers(folder, *commands('train ease', 'train ease lambda=9'), home=home)
eq([x['run'] for x in a[1:]], ['ease#1', 'ease#2'], 'runs are numbered per model')
a = answers('-c', 'runs', home=home)
eq([r['run'] for r in a[0]['rows']], ['ease#1', 'ease#2'], 'and are there at the next start')
first = answers(folder, *commands('use ease#1', 'recommend u1'), home=home)[2]['items']
again = answers(folder, *commands('train ease', 'recommend u1'), home=home)[2]['items']
eq(first, again, 'a run read from disk recommends as it did')
answers('-c', 'delete ease#3', home=home)
a = answers(folder, '-c', 'train ease', home=home)
eq(a[1]['run'], 'ease#4', 'a number is never used again')

status, out, err = run(folder, '-c', 'train ease name=ease#1', home=home)
ok(status == 1 and 'replace=yes' in err, 'a name that exists is refused', err)
a = answers(folder, '-c', 'train ease name=ease#1 replace=yes lambda=3', home=home)
eq(a[1]['params']['lambda'], 3.0, 'unless replace=yes')
a = answers(folder, '-c', 'train ease name=mine', home=home)
eq(a[1]['run'], 'mine', 'name= is taken')
for bad in ('../out', 'a/b', '.', '..'):
    status, out, err = run(folder, '-c', "train ease name='%s'" % bad, home=home)
    ok(status == 1 and len(err.splitlines()) == 1, 'name=%s is refused' % bad, err)

before = sorted(os.walk(home))
a = answers('--readonly', folder, *commands('train ease', 'recommend u1', 'runs'), home=home)
eq(a[2]['run'], a[1]['run'], '--readonly: a run lives in memory and answers')
ok(a[1]['run'] in [r['run'] for r in a[3]['rows'] if not r['kept']], 'and is told as not kept')
for command in ('delete ease#1', 'export rejected x.csv', 'generate gen', 'train ease name=mine replace=yes'):
    status, out, err = run('--readonly', folder, '-c', command, home=home)
    ok(status == 1 and 'readonly' in err, '--readonly refuses: ' + command, err)
eq(sorted(os.walk(home)), before, '--readonly leaves the home as it is')

other = small_data('other', users=30)
a = answers(other, *commands('runs'), home=home)
ok(all(not r['of_data'] for r in a[1]['rows'] if r['run'].startswith('ease')), 'runs of other data are told so')
status, out, err = run(other, '-c', 'use ease#1', home=home)
ok(status == 1 and 'trained on' in err, 'and cannot answer', err)
status, out, err = run(folder, *commands('split ratio', 'evaluate ease#1'), home=home)
ok(status == 1 and 'split' in err, 'a run of another split is not measured', err)

two = [subprocess.Popen([WHYREC, '--json', '--home', home, folder] + commands(*['train ease'] * 4),
                        stdout=subprocess.PIPE, stderr=subprocess.PIPE) for _ in range(2)]
done = [p.communicate(timeout=120) for p in two]
eq([p.returncode for p in two], [0, 0], 'two processes train into one home')
names = [json.loads(line)['run'] for out, _ in done for line in out.splitlines()[1:]]
eq(len(set(names)), 8, 'and never take the same name')
kept = {r['run'] for r in answers('-c', 'runs', home=home)[0]['rows']}
ok(set(names) <= kept, 'all are kept', (names, kept))

plain = os.path.join(TMP, 'plain')
open(plain, 'w').close()
status, out, err = run(folder, '-c', 'train ease', home=plain)
ok(status == 1 and plain in err and len(err.splitlines()) == 1, 'a home that is a file: one clear line', err)
status, out, err = run(folder, '-c', 'recommend u1', home=plain)
eq(status, 0, 'and what needs no home still works')
shut = os.path.join(TMP, 'shut')
os.mkdir(shut)
os.chmod(shut, 0o555)


def as_nobody(*args):
    """Root may write anywhere: the program runs as somebody else."""
    def drop():
        if os.getuid() == 0:
            os.setgid(65534)
            os.setuid(65534)
    return subprocess.run([WHYREC] + list(args), capture_output=True, text=True, preexec_fn=drop, cwd='/')


try:
    reachable = as_nobody(folder, '-c', 'users').returncode == 0
except PermissionError:
    reachable = False
if reachable:
    p = as_nobody('--home', shut + '/h', folder, '-c', 'train ease')
    ok(p.returncode == 1 and shut in p.stderr and len(p.stderr.splitlines()) == 1, 'a home that cannot be made', p.stderr)
    p = as_nobody(folder, '-c', 'export rejected %s/r.csv' % shut)
    ok(p.returncode == 1 and shut in p.stderr and len(p.stderr.splitlines()) == 1, 'a folder that cannot be written', p.stderr)
    secret = os.path.join(TMP, 'secret.csv')
    with open(secret, 'w') as f:
        f.write('user,item\n')
    os.chmod(secret, 0)
    p = as_nobody('-c', 'load ' + secret)
    ok(p.returncode == 1 and secret in p.stderr and len(p.stderr.splitlines()) == 1, 'a file that cannot be read', p.stderr)
else:
    for name in ('a home that cannot be made', 'a folder that cannot be written', 'a file that cannot be read'):
        skip(name, 'the build folder cannot be entered by a user without rights')
done_testing()
