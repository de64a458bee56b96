# SPDX-License-Identifier: GPL-3.0-or-later
"""tune: what it searches, what it keeps, that it goes on as if it had never stopped; train tuned=yes."""
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from whyrec import TMP, answers, commands, done_testing, eq, ok, run, small_data  # noqa: E402

folder = small_data('tuned', users=60)
home = os.path.join(TMP, 'th')


def trials(a):
    return [{k: v for k, v in t.items() if k != 'seconds'} for t in a['trials']]


def as_drawn(a):
    return [{k: v for k, v in t.items() if not k.startswith('gain')} for t in trials(a)]


whole, params = answers(folder, *commands('tune ials dim=2..16 lambda=0.01..1 alpha0=0.1 trials=10 name=whole',
                                          'params ials'), home=home)[1:]
eq(len(whole['trials']), 10, 'as many trials as asked for')
eq([t['trial'] for t in whole['trials']], list(range(1, 11)), 'numbered from 1')
ok(all(2 <= t['params']['dim'] <= 16 and 0.01 <= t['params']['lambda'] <= 1 and t['params']['alpha0'] == 0.1
       for t in whole['trials']), 'each setting lies in the given ranges; one value is fixed')
ok(len({t['setting'] for t in whole['trials']}) == 10, 'and no two are the same')
again = [t for t in whole['trials'] if t['gain'] is not None]
first = max(whole['trials'], key=lambda t: t['valid'])
ahead = max([t for t in again if t['gain'] > t['gain_error']], key=lambda t: t['gain'], default=first)
eq(len(again), 3, 'the three behind the best on valid are measured again')
eq(whole['best']['trial'], ahead['trial'], 'and one of them is taken only where it is ahead by more than it errs')
eq(whole['best']['gain'], ahead['gain'], 'which is told')
eq(whole['default'], None, 'defaults outside the ranges are no trial')
eq({e['param'] for e in whole['effects']}, {'dim', 'lambda', 'nu'}, 'an effect of each parameter that varied')
eq(sum(g['trials'] for g in whole['effects'][0]['groups']), 10, 'whose groups hold all trials')
row = [r for r in params['rows'] if r['name'] == 'lambda'][0]
ok('..' in row['tune'], 'params tells what tune would search', row)

part = answers(folder, *commands('tune ials dim=2..16 lambda=0.01..1 alpha0=0.1 trials=4 name=part'), home=home)[1]
more = answers(folder, *commands('tune ials resume=part trials=10'), home=home)[1]
eq(as_drawn(part), as_drawn(whole)[:4], 'the first trials do not depend on how many there will be')
eq(trials(more), trials(whole), 'reopened and gone on with: the same trials')
a = answers(folder, *commands('use part', 'recommend u1', 'use whole', 'recommend u1', 'train ials tuned=yes name=again',
                              'recommend u1', 'train ials tuned=yes dim=3', 'runs'), home=home)[1:]
eq([x['score'] for x in a[1]['items']], [x['score'] for x in a[3]['items']], 'and the same model')
again = a[4]['params']
eq(again, whole['best']['params'], 'train tuned=yes takes what was found')
eq([x['score'] for x in a[5]['items']], [x['score'] for x in a[3]['items']], 'which is the same model')
eq((a[6]['params']['dim'], a[6]['params']['lambda']), (3, whole['best']['params']['lambda']),
   'what is given stands above it')
grid = answers(folder, *commands('tune item-knn method=grid neighbours=5,10 similarity=cosine,jaccard shrink=0..20'),
               home=home)[1]
eq(len({t['setting'] for t in grid['trials']}), 12, 'a grid: two by two by three settings, each once')
two = answers('--threads', '2', folder, *commands('tune ials dim=2..16 lambda=0.01..1 alpha0=0.1 trials=10'))[1]
one = answers('--threads', '1', folder, *commands('tune ials dim=2..16 lambda=0.01..1 alpha0=0.1 trials=10'))[1]
eq(trials(one), trials(two), 'the same at one and two threads')
eq(trials(one), trials(whole), 'and in another home')
other = answers(folder, *commands('tune ials dim=2..16 lambda=0.01..1 alpha0=0.1 trials=10 seed=7'))[1]
ok(trials(other) != trials(whole), 'another seed, other trials')

for line, words in [('tune ials dim=0..4', '1..'), ('tune ials dimm=1..4', 'dim'), ('tune ials lambda=1..0.1', 'smaller'),
                    ('tune ials time=soon', '90s'), ('tune ease resume=part', 'tune ials resume=part'),
                    ('tune ials resume=part trials=3', 'more than'), ('tune ials resume=part trials=20 dim=4', 'dim='),
                    ('tune ials resume=again trials=20', 'not tuned'), ('train ease tuned=yes', 'tune ease'),
                    ('tune ials name=whole', 'whole'), ('tune blend', 'by itself')]:
    status, out, err = run(folder, '-c', line, home=home)
    ok(status == 1 and words in err, '%s is refused and told why' % line, err)
status, out, err = run(folder, '-c', 'split none', '-c', 'tune ials', home=home)
ok(status == 1 and 'valid' in err, 'without valid events there is nothing to search on', err)
status, out, err = run(folder, '-c', 'tune ials dim=2..16 trials=100000 time=1s', home=home)
ok(status == 1 and '10000' in err, 'trials= has a limit', err)
late = answers(folder, *commands('tune ials dim=2..16 trials=10000 time=1s'), home=home)[1]
ok(0 < len(late['trials']) < 10000 and late['stopped'] == 'done', 'time= ends it, and the best so far stays')
done_testing()
