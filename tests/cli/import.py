# SPDX-License-Identifier: GPL-3.0-or-later
"""import model: what export model wrote answers in another home with the same lists, for every model there is; files of
other data, damaged ones and what is no run are refused and change nothing."""
import os
import shutil
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from whyrec import TMP, answers, commands, done_testing, eq, ok, run, small_data, write  # noqa: E402

folder = small_data('import', users=30)
home, other = os.path.join(TMP, 'import-from'), os.path.join(TMP, 'import-to')
SMALL = {'ials': 'dim=8 epochs=2', 'bpr': 'dim=8 epochs=2', 'neumf': 'dim=8 layers=16,8 epochs=2', 'item2vec': 'dim=8 epochs=2',
         'word2vec': 'dim=8 epochs=2', 'towers': 'dim=8 epochs=2', 'cfgan': 'layers=16 epochs=2', 'spectral': 'dim=4',
         'sasrec': 'dim=8 max-len=5 epochs=2', 'blend': 'runs=ease,item-knn'}


def at(*words):
    return os.path.join(TMP, '-'.join(words) + '.safetensors')


def table(*words):
    return os.path.join(TMP, '-'.join(words) + '.csv')


models = [r['name'] for r in answers(folder, '-c', 'models')[1]['rows']]
whole = [m for m in models if run(folder, *commands('train %s %s' % (m, SMALL.get(m, '')), 'use %s#1 precision=int8' % m),
                                  home=os.path.join(TMP, 'tried'))[0]]
ok(len(models) > 12 and 'ials' not in whole, 'there are models, and those of fewer bits among them', whole)
made = [(m, p) for m in models for p in ('f32', 'bf16', 'int8') if p == 'f32' or (m not in whole and (p == 'int8' or m == 'ials'))]
lines = []
for m in models:
    lines += ['train %s %s name=%s' % (m, SMALL.get(m, ''), m), 'evaluate %s' % m]
for m, p in made:
    lines += ['use %s' % m if p == 'f32' else 'use %s precision=%s' % (m, p), 'export model %s run=%s precision=%s' % (at(m, p), m, p),
              'export recommendations %s run=%s k=30' % (table('from', m, p), m), 'recommend history=3,5,7 k=4']
told = answers(folder, *commands(*lines), home=home)
here = [j for j in told if j['command'] == 'recommend']
rows = {r['run']: r for r in answers(folder, '-c', 'runs', home=home)[1]['rows']}

lines = []
for m, p in made:
    name = m if p == 'f32' else '%s-%s' % (m, p)
    lines += ['import model %s name=%s' % (at(m, p), name), 'export recommendations %s run=%s k=30' % (table('to', m, p), name),
              'recommend history=3,5,7 k=4']
told = answers(folder, *commands(*lines), home=other)
there = [j for j in told if j['command'] == 'recommend']
got = [j for j in told if j['command'] == 'import']
kept = {r['run']: r for r in answers(folder, '-c', 'runs', home=other)[1]['rows']}
for k, (m, p) in enumerate(made):
    a, b = (open(table(way, m, p)).read() for way in ('from', 'to'))
    ok(a == b and a.count('\n') > 100, '%s in %s: every list is the same' % (m, p))
    eq(here[k]['items'], there[k]['items'], '%s in %s: and that of a history never seen' % (m, p))
    eq((got[k]['was'], got[k]['model'], got[k]['precision'], got[k]['of_split']), (m, m, p, True), '%s in %s: is told' % (m, p))
    r = kept[got[k]['run']]
    same = ('model', 'params', 'metric', 'best', 'epochs', 'best_epoch', 'split', 'note', 'of_data', 'of_split')
    eq([r[x] for x in same], [rows[m][x] for x in same], '%s in %s: kept as it was' % (m, p))
    eq(r['metrics'], rows[m]['metrics'] if p == 'f32' else None, '%s in %s: its metrics are those of its bits' % (m, p))
answers(folder, *commands('use towers', 'export recommendations %s k=30' % table('again')), home=other)
eq(open(table('again')).read(), open(table('to', 'towers', 'f32')).read(), 'opened again, the same')

# On any split; numbered where no name is given; named as it was in the journal; curves come along.
told = answers(folder, *commands('split random', 'import model %s' % at('ials', 'f32'), 'runs', 'journal', 'export curves %s' % table('curves')),
               home=other)
eq((told[2]['run'], told[2]['of_split']), ('ials#1', False), 'the next number, and that the split is another one')
eq([r['state'] for r in told[3]['rows'] if r['run'] == 'ials#1'], ['answers'], 'it answers')
ok(any(r['line'] == 'import model %s name=ials#1 replace=yes' % at('ials', 'f32') for r in told[4]['rows']), 'the journal names it', told[4])
eq(open(table('curves')).read().count('\n'), 3, 'its two epochs are told')
status, _, err = run(folder, '-c', 'train ials resume=ials', home=other)
ok(status == 1 and 'imported' in err, 'it cannot be gone on with', err)


def files():
    return sorted((top, name, os.path.getsize(os.path.join(top, name))) for top, _, names in os.walk(other) for name in names)


def refused(line, reason, name, data=folder):
    before = files()
    status, out, err = run(data, *commands(*line) if isinstance(line, list) else ('-c', line), home=other)
    ok(status == 1 and reason in err, '%s: refused' % name, err)
    eq(files(), before, '%s: and nothing is changed' % name)


raw = open(at('sasrec', 'f32'), 'rb').read()
for size in (0, 7, len(raw) // 2, len(raw) - 1):
    with open(at('cut'), 'wb') as f:
        f.write(raw[:size])
    refused('import model %s replace=yes name=sasrec' % at('cut'), 'cut.safetensors', 'the first %d bytes' % size)
for name, old, new, reason in (('a shape', b'"shape":[5,8]', b'"shape":[8,5]', 'fit'), ('a place', b'"data_offsets":[0,', b'"data_offsets":[9,', 'outside'),
                               ('a model', b'"model":"sasrec"', b'"model":"neumf" ', 'holds the weights'),
                               ('a parameter', b'\\"dim\\":8', b'\\"dim\\":0', 'dim')):
    ok(old in raw, '%s is there to be changed' % name)
    with open(at('turned'), 'wb') as f:
        f.write(raw.replace(old, new))
    refused('import model %s' % at('turned'), reason, name)
refused('import model %s' % write('text.safetensors', 'user,item\n1,2\n' * 9), 'safetensors', 'a table')
refused('import model %s' % os.path.join(home, 'runs', 'ease', 'weights.safetensors'), 'export model', 'the weights of a kept run')
refused('import model %s' % TMP, 'regular', 'a folder')
os.mkfifo(at('fifo'))
refused('import model %s' % at('fifo'), 'regular', 'a pipe that nobody writes')
refused('import model %s' % at('none'), 'cannot be opened', 'no file')
refused('import ease %s' % at('ease', 'f32'), 'import model', 'another word')
refused('import model %s name=ials' % at('ease', 'f32'), 'replace=yes', 'a name that is taken')
refused('import model %s name=popularity#1' % at('ease', 'f32'), 'every load', "the name of what comes with the data")
refused('import model %s name=../x' % at('ease', 'f32'), 'run', 'a name that is a path')
refused('import model %s' % at('ease', 'f32'), 'the users or their order differ', 'other users', small_data('import-more', users=31))
shutil.copytree(folder, folder + '-later')
events = open(folder + '/events.csv').read()
write('import-later/events.csv', events.replace('1000000060', '1000000050'))
refused('import model %s' % at('ease', 'f32'), 'the events, their values or times differ', 'another time', folder + '-later')
shutil.copytree(folder, folder + '-texts')
write('import-texts/items.csv', open(folder + '/items.csv').read().replace('Film 7', 'Movie 7'))
refused('import model %s' % at('towers', 'f32'), 'what is said of the items differs', 'another title, for a model that reads them', folder + '-texts')
answers(folder + '-texts', '-c', 'import model %s' % at('ease', 'f32'), home=other)

# A blend: of the very runs that it was made of.
refused('import model %s replace=yes name=ease' % at('ease', 'f32'), 'part of blend', 'what a blend is made of is not replaced')
third = os.path.join(TMP, 'import-third')
status, _, err = run(folder, '-c', 'import model %s' % at('blend', 'f32'), home=third)
ok(status == 1 and 'name=' in err, 'a blend without its runs says what to do', err)
answers(folder, *commands('train ease lambda=7 name=ease', 'import model %s name=item-knn' % at('item-knn', 'f32')), home=third)
status, _, err = run(folder, '-c', 'import model %s' % at('blend', 'f32'), home=third)
ok(status == 1 and 'only its name' in err, 'nor with one that has the name alone', err)
answers(folder, *commands('import model %s name=ease replace=yes' % at('ease', 'f32'), 'import model %s' % at('blend', 'f32')), home=third)
done_testing()
