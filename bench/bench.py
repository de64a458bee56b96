# SPDX-License-Identifier: GPL-3.0-or-later
"""bench.py - how fast whyrec is, and how much memory it takes, as its users meet it.

    make bench                        everything
    make bench BENCH='screen start'   some of: load train screen what-if start idle kernels
    make bench BENCH='--quick'        without the data of 10 million events

A figure is the median of several runs, with the least and the greatest in brackets.  Data: ml-100k and
ml-1m where $WHYREC_DATA (else ../shared/data beside the sources) has them, and data that `generate` makes,
kept in bench.data/ of the build folder; runs go to a home there.  The kernels alone: bench/num.c, bench/neural.c.
"""
import argparse
import gzip
import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import time

SOURCE = os.environ['top_srcdir']
BUILD = os.environ['top_builddir']
sys.path.insert(0, os.path.join(SOURCE, 'tests', 'e2e'))
from session import Session, Terminal  # noqa: E402

WHYREC = os.path.join(BUILD, 'whyrec')
WORK = os.path.join(BUILD, 'bench.data')
HOME = os.path.join(WORK, 'home')
REAL = os.environ.get('WHYREC_DATA') or os.path.join(SOURCE, '..', 'shared', 'data')
MILLION = 1000000
KEYS = 500
options = None


# --- Running and telling --------------------------------------------------------------------------------

def whyrec(*commands):
    """The answers of a script, and the peak of its resident memory in bytes."""
    argv = [WHYREC, '--json', '--home', HOME] + options.program
    for c in commands:
        argv += ['-c', c]
    p = subprocess.Popen(argv, stdout=subprocess.PIPE)
    out = p.stdout.read().decode()
    _, status, usage = os.wait4(p.pid, 0)
    p.returncode = os.waitstatus_to_exitcode(status)
    if p.returncode:
        sys.exit('bench: %s\n%s' % (argv, out))
    return [json.loads(line) for line in out.splitlines()], usage.ru_maxrss * 1024


def spread(values, form):
    return '%s [%s .. %s]' % tuple(form % v for v in (statistics.median(values), min(values), max(values)))


def say(what, text):
    print('%-34s %s' % (what, text), flush=True)


def title(text):
    print('\n' + text, flush=True)


# --- Data -------------------------------------------------------------------------------------------------

def generated(name, users, items, events):
    folder = os.path.join(WORK, name)
    if not os.path.exists(os.path.join(folder, 'truth.csv')):
        whyrec('generate %s scenario=shop users=%d items=%d events=%d' % (folder, users, items, events))
    return folder


def packed(path):
    """The same text as a .gz of its own."""
    out = os.path.join(WORK, 'packed', os.path.basename(os.path.dirname(path)) + '.csv.gz')
    if not os.path.exists(out):
        os.makedirs(os.path.dirname(out), exist_ok=True)
        with open(path, 'rb') as f, gzip.open(out + '.part', 'wb', 1) as g:
            shutil.copyfileobj(f, g, MILLION)
        os.rename(out + '.part', out)
    return out


def datasets():
    """(name, what load takes)"""
    for name in 'ml-100k', 'ml-1m':
        path = os.path.join(REAL, name)
        if os.path.isdir(path):
            yield name, path
        else:
            say(name, 'is not in %s' % REAL)
    yield '1m', generated('1m', 20000, 10000, MILLION)
    if not options.quick:
        yield '10m', generated('10m', 100000, 30000, 10 * MILLION)


# --- Loading -----------------------------------------------------------------------------------------------

def load_one(name, path, text_bytes, runs):
    _, floor = whyrec('help')
    seconds, peaks = [], []
    for _ in range(runs):
        (a,), peak = whyrec('load ' + path)
        seconds.append(a['seconds'])
        peaks.append(peak)
    rows = a['events'] + a['duplicates'] + a['rejected_total'] + a['set_aside_total']
    say(name, '%s s, %4.0f MB/s of text, %5.2f million rows/s, peak %.0f MB (%.0f bytes an event)' % (
        spread(seconds, '%.3f'), text_bytes / 1e6 / statistics.median(seconds),
        rows / 1e6 / statistics.median(seconds), max(peaks) / 1e6, (max(peaks) - floor) / a['events']))


def bench_load(sets):
    title('load: seconds, with start-up left out; the peak counts the file\'s pages, ids and titles too')
    for name, path in sets:
        if name.startswith('ml-'):
            continue
        events = os.path.join(path, 'events.csv')
        size = os.path.getsize(events)
        runs = 7 if size < 100e6 else 3
        load_one('load %s, csv' % name, events, size, runs)
        load_one('load %s, csv.gz' % name, packed(events), size, runs)
        load_one('load %s, folder with titles' % name, path, size, runs)
    for name, path in sets:
        if name == 'ml-100k':
            load_one('load ml-100k', path, os.path.getsize(os.path.join(path, 'u.data')), 7)
        elif name == 'ml-1m':
            with gzip.open(os.path.join(path, 'ratings_all_ordered.tsv.gz')) as f:
                size = f.seek(0, 2)
            load_one('load ml-1m (gz)', path, size, 7)


# --- Training and ranking -------------------------------------------------------------------------------------

MODELS = (
    ('item-knn', 'train item-knn'),
    ('ease', 'train ease'),
    ('ials D=64', 'train ials dim=64 epochs=3 patience=0 valid-every=0'),
    ('ials D=128', 'train ials dim=128 epochs=3 patience=0 valid-every=0'),
    ('bpr D=64', 'train bpr dim=64 epochs=3 patience=0 valid-every=0'),
    ('bpr D=128', 'train bpr dim=128 epochs=3 patience=0 valid-every=0'),
)


def train_one(name, path, model, command):
    seconds, ranked, peaks = [], [], []
    for _ in range(3):
        shutil.rmtree(HOME, ignore_errors=True)
        (_, t, e), peak = whyrec('load ' + path, command, 'evaluate')
        iterates = t['epochs'] > 1
        seconds.append(t['seconds_per_epoch'] if iterates else t['seconds'])
        ranked.append(e['results'][0]['users'] / e['seconds'])
        peaks.append(peak)
    say('%s, %s' % (model, name), '%s s%s, evaluates %s users/s, peak %.0f MB' % (
        spread(seconds, '%.3f'), ' an epoch' if iterates else '', spread(ranked, '%.0f'), max(peaks) / 1e6))


def bench_train(sets):
    title('train, and users ranked a second by evaluate (full ranking, all metrics)')
    for name, path in sets:
        for model, command in MODELS:
            if name == '10m' and model == 'ease':
                say('ease, 10m', 'left out: minutes, and gigabytes for 30 thousand items')
            else:
                train_one(name, path, model, command)


# --- The screen -------------------------------------------------------------------------------------------------

class Watched(Terminal):
    """Knows when the latest output came, before it was made sense of."""
    fed_at = 0.0

    def feed(self, text):
        self.fed_at = time.perf_counter()
        super().feed(text)


def on_screen(path, w=120, h=36):
    s = Session([WHYREC, '--home', HOME] + options.program + ([path] if path else []), w, h)
    s.term = Watched(w, h)
    return s


def leave(s):
    s.send('q')
    s.settle()
    s.send('y')
    if s.ended(30) != 0:
        print('bench: whyrec did not end well', file=sys.stderr)
    s.close()


def cursor_row(s):
    for y, row in enumerate(s.term.cell):
        if row[1] == '>':
            return y
    return None


def measure_keys(s, keep_busy):
    """Milliseconds from the write of a key to the output that moved the cursor of the table of users."""
    chance = random.Random(1)
    times, key = [], 'j'
    while len(times) < KEYS:
        keep_busy()
        end = time.perf_counter() + chance.uniform(0.01, 0.05)
        while time.perf_counter() < end:
            s.pump(max(0.0, end - time.perf_counter()))
        was = cursor_row(s)
        if was is None:
            sys.exit('bench: no cursor on the screen\n' + s.term.text())
        key = 'j' if was < 6 else 'k' if was > 20 else key
        start = time.perf_counter()
        s.send(key)
        while cursor_row(s) == was and time.perf_counter() < start + 5:
            s.pump(0.5)
        times.append((s.term.fed_at if cursor_row(s) != was else time.perf_counter()) * 1e3 - start * 1e3)
    return sorted(times)


def say_keys(what, times):
    say(what, '%d keys: median %.1f ms, 90%% %.1f, 99%% %.1f, worst %.1f' % (
        len(times), times[len(times) // 2], times[len(times) * 9 // 10], times[len(times) * 99 // 100], times[-1]))


def header(s):
    return ''.join(s.term.cell[0])


def bench_screen(sets):
    title('from key to screen: the cursor moves in the table of users, other panes are asked anew each time')
    sets = dict(sets)
    small = 'ml-1m' if 'ml-1m' in sets else '1m'

    s = on_screen(sets[small])
    if not s.wait(r'popularity#\d+', 60):
        sys.exit('bench: nothing loaded\n' + s.term.text())
    s.settle()
    s.send('3')
    s.settle()
    say_keys('no job, %s' % small, measure_keys(s, lambda: None))
    s.send(':train ials dim=128 epochs=10000 patience=0 valid-every=0\r')
    if not s.wait(r'train ials|ials#\d+', 30):
        sys.exit('bench: nothing trains\n' + s.term.text())
    time.sleep(1)
    say_keys('while ials trains on %s' % small, measure_keys(s, lambda: None))
    leave(s)

    s = on_screen(sets[small])
    s.wait(r'popularity#\d+', 60)
    s.settle()
    s.send('3')
    s.settle()
    big = sets.get('10m', sets['1m'])
    loads = [0]

    def load_again():
        while 'load ' not in header(s):
            loads[0] += 1
            s.send(':load %s\r' % big)
            end = time.time() + 10
            while 'load ' not in header(s):
                if 'load anyway?' in ''.join(s.term.cell[-1]):  # what follows the last load still runs
                    s.send('y')
                if time.time() > end:
                    sys.exit('bench: nothing loads\n' + s.term.text())
                s.pump(0.05)

    times = measure_keys(s, load_again)
    say_keys('while %s loads (%d times)' % (os.path.basename(big), loads[0]), times)
    leave(s)


# --- What if -------------------------------------------------------------------------------------------------------

EDITED = (
    ('ease', 'train ease'),
    ('ials', 'train ials epochs=3 patience=0 valid-every=0'),
    ('item-knn', 'train item-knn'),
    ('sasrec', 'train sasrec epochs=1 patience=0 valid-every=0'),
    ('towers', 'train towers epochs=1 patience=0 valid-every=0'),
)


def wait_until(s, test, seconds=20):
    end = time.perf_counter() + seconds
    while not test():
        if time.perf_counter() > end:
            sys.exit('bench: the screen does not come to what was waited for\n' + s.term.text())
        s.pump(0.2)


def is_edited(s):
    return ', edited' in s.term.text()


def measure_edits(s, n):
    """Milliseconds from the key that takes an event out of the history to the list with rank moves."""
    chance = random.Random(2)
    times = []
    while len(times) < n:
        end = time.perf_counter() + chance.uniform(0.01, 0.05)
        while time.perf_counter() < end:
            s.pump(max(0.0, end - time.perf_counter()))
        start = time.perf_counter()
        s.send(' ')
        wait_until(s, lambda: is_edited(s))
        times.append((s.term.fed_at - start) * 1e3)
        s.send('u')
        wait_until(s, lambda: not is_edited(s))
        s.send('j' if len(times) % 40 < 20 else 'k')
    return sorted(times)


def bench_what_if(sets):
    title('from key to the list of the edited history, with rank moves, for the users with the most events')
    sets = dict(sets)
    small = 'ml-1m' if 'ml-1m' in sets else '1m'
    keys = KEYS if not options.quick else KEYS // 5

    for model, command in EDITED:
        whyrec('load ' + sets[small], command + ' name=edited-%s replace=yes' % model)
    s = on_screen(sets[small])
    if not s.wait(r'popularity#\d+', 60):
        sys.exit('bench: nothing loaded\n' + s.term.text())
    s.settle()
    s.send(':set follow no\r')
    s.settle()
    for busy in False, True:
        if busy:
            s.send(':train ials dim=128 epochs=10000 patience=0 valid-every=0\r')
            if not s.wait(r'train ials|ials#\d+', 30):
                sys.exit('bench: nothing trains\n' + s.term.text())
            time.sleep(1)
        for model, _ in EDITED:
            s.send(':use edited-%s\r' % model)
            wait_until(s, lambda: 'model edited-' + model in header(s))
            s.send('3:sort events\r')
            s.pump(1)
            s.send(':pane history\r')
            wait_until(s, lambda: 'Recommended by edited-' + model in s.term.text())
            s.pump(1)
            say_keys('%s%s, %s' % (model, ' while ials trains' if busy else '', small), measure_edits(s, keys))
    leave(s)


def bench_start(_):
    title('start')
    paint, data = [], []
    for _ in range(15):
        start = time.perf_counter()
        s = on_screen(None)
        while '1 Data' not in s.term.text():
            s.pump(1)
        paint.append((s.term.fed_at - start) * 1e3)
        s.wait(r'40,000 events')
        data.append((s.term.fed_at - start) * 1e3)
        s.wait(r'popularity#\d+')
        leave(s)
    say('first paint', spread(paint, '%.0f') + ' ms')
    say('the sample is on the screen', spread(data, '%.0f') + ' ms')


def spent(pid):
    """Nanoseconds on a processor, and how often any thread was switched to."""
    ns = switches = 0
    for task in os.listdir('/proc/%d/task' % pid):
        with open('/proc/%d/task/%s/schedstat' % (pid, task)) as f:
            ns += int(f.read().split()[0])
        with open('/proc/%d/task/%s/status' % (pid, task)) as f:
            switches += sum(int(line.split()[1]) for line in f if 'ctxt_switches' in line)
    return ns, switches


def bench_idle(_):
    title('idle')
    if not os.path.isdir('/proc/self/task'):
        say('idle', 'cannot be measured without /proc')
        return
    s = on_screen(None)
    s.wait(r'popularity#\d+')
    s.settle(1, 5)
    was = spent(s.pid)
    time.sleep(10)
    now = spent(s.pid)
    say('10 s without a job', '%.2f ms of processor time, woken %d times' % (
        (now[0] - was[0]) / 1e6, now[1] - was[1]))
    leave(s)


def bench_kernels(_):
    title('kernels')
    for program in 'num', 'neural':
        subprocess.run([os.path.join(BUILD, 'bench', program)], check=True)


def main():
    global options
    parts = {'load': bench_load, 'train': bench_train, 'screen': bench_screen, 'what-if': bench_what_if, 'start': bench_start,
             'idle': bench_idle, 'kernels': bench_kernels}
    p = argparse.ArgumentParser(prog='bench.py')
    p.add_argument('--quick', action='store_true', help='without the data of 10 million events')
    p.add_argument('--threads', help='of whyrec')
    p.add_argument('what', nargs='*', help=' '.join(parts))
    options = p.parse_args()
    for what in options.what:
        if what not in parts:
            p.error('there is no %s; one of %s' % (what, ' '.join(parts)))
    options.program = ['--threads', options.threads] if options.threads else []
    os.makedirs(WORK, exist_ok=True)
    for variable in 'XDG_CONFIG_HOME', 'XDG_STATE_HOME':
        os.environ[variable] = WORK
    os.environ.update(TERM='xterm-256color', LC_ALL='C.UTF-8', WHYREC_SAMPLE=os.path.join(SOURCE, 'data', 'films'))
    say('processors', '%d, load %s' % (os.cpu_count(), ' '.join('%.1f' % x for x in os.getloadavg())))
    sets = list(datasets())
    for name, part in parts.items():
        if not options.what or name in options.what:
            part(sets)
    shutil.rmtree(HOME, ignore_errors=True)


main()
