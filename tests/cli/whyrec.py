# SPDX-License-Identifier: GPL-3.0-or-later
"""whyrec.py - running whyrec in tests, and TAP."""
import json
import os
import subprocess

WHYREC = os.environ['WHYREC']
TMP = os.environ['TMPDIR']

_count = 0
_failed = 0


def ok(good, name, note=''):
    global _count, _failed
    _count += 1
    print('%s %d - %s' % ('ok' if good else 'not ok', _count, name), flush=True)
    if not good:
        _failed = 1
        for line in str(note).splitlines():
            print('# ' + line, flush=True)
    return good


def eq(got, want, name):
    return ok(got == want, name, ' got: %r\nwant: %r' % (got, want))


def skip(name, reason):
    global _count
    _count += 1
    print('ok %d - %s # SKIP %s' % (_count, name, reason), flush=True)


def done_testing():
    print('1..%d' % _count)
    raise SystemExit(_failed)


def run(*args, stdin='', env=None, home=None):
    """Exit status, standard output, standard error."""
    argv = [WHYREC] + (['--home', home] if home else []) + list(args)
    p = subprocess.run(argv, input=stdin.encode(), capture_output=True,
                       env=dict(os.environ, **(env or {})), timeout=300)
    return p.returncode, p.stdout.decode(errors='surrogateescape'), p.stderr.decode(errors='surrogateescape')


def answers(*args, **kw):
    """The JSON objects of a run that must succeed, one a command."""
    status, out, err = run('--json', *args, **kw)
    if status:
        ok(False, 'exit status 0', '%d: %s\n%s' % (status, err, out[-500:]))
    return [json.loads(line) for line in out.splitlines()]


def commands(*lines):
    """-c for each line."""
    return [w for line in lines for w in ('-c', line)]


def write(name, text):
    path = os.path.join(TMP, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, 'w', encoding='utf-8') as f:
        f.write(text)
    return path


def small_data(name='small', users=40, items=30):
    """A folder with events.csv and items.csv: two tastes, times, ratings, titles, one id that must be quoted."""
    rows = ['user,item,rating,timestamp']
    t = 1000000000
    for u in range(users):
        for k in range(8):
            i = (u * 7 + k * k * 3) % items
            i = i - i % 2 + u % 2
            t += 60
            rows.append('%s,%d,%d,%d' % ('"u, %d"' % u if u == 3 else 'u%d' % u, i, 1 + (u + i) % 5, t))
    write(name + '/events.csv', '\n'.join(rows) + '\n')
    write(name + '/items.csv', 'item,title\n' + ''.join('%d,Film %d\n' % (i, i) for i in range(items)))
    return os.path.join(TMP, name)
