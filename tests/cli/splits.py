# SPDX-License-Identifier: GPL-3.0-or-later
"""Splits as their files tell them, against the rules applied here to the dataset's own file; and evaluation:
the same bits at one thread and two, the same draw for every run."""
import csv
import os
import sys
from collections import Counter, defaultdict

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from whyrec import TMP, answers, commands, done_testing, eq, ok, run  # noqa: E402

home = os.path.join(TMP, 'home')
sample = os.path.join(os.environ['top_srcdir'], 'data', 'films')
real = os.path.join(os.environ.get('WHYREC_DATA', ''), 'ml-100k')


def read(path):
    with open(path, newline='', encoding='utf-8') as f:
        return list(csv.DictReader(f))


def events_of(path):
    """(user, item, time) in file order."""
    if path.endswith('ml-100k'):
        with open(os.path.join(path, 'u.data'), encoding='ascii') as f:
            rows = [line.split('\t') for line in f]
        return [(u, i, int(t)) for u, i, _, t in rows]
    return [(r['user'], r['item'], int(r['timestamp'])) for r in read(os.path.join(path, 'events.csv'))]


def split(path, kind, *more, args=()):
    """Parts by name: lists of (user, item, time)."""
    folder = os.path.join(TMP, 'split')
    told = answers(path, *commands('split ' + kind, "export split '%s' force=yes" % folder, *more), *args,
                   home=home)[1]
    parts = {}
    for part in ('train', 'valid', 'test', 'history'):
        name = os.path.join(folder, part + '.csv')
        rows = read(name) if os.path.exists(name) else []
        parts[part] = [(r['user'], r['item'], int(r['time'])) for r in rows]
        if os.path.exists(name):
            os.unlink(name)
    eq([len(parts[p]) for p in ('train', 'valid', 'test')], [told[p] for p in ('train', 'valid', 'test')],
       '%s, %s: sizes as told' % (os.path.basename(path), kind))
    return parts


def by_user(events):
    users = defaultdict(list)
    for e in events:
        users[e[0]].append(e)
    for rows in users.values():
        rows.sort(key=lambda e: e[2])  # stable: ties keep file order
    return users


def check(path):
    name = os.path.basename(path)
    events = events_of(path)
    users = by_user(events)
    ends = max(e[2] for e in events)

    p = split(path, 'leave-last')
    eq(sorted(p['test']), sorted(rows[-1] for rows in users.values() if len(rows) > 2), name + ': last events are test')
    eq(sorted(p['valid']), sorted(rows[-2] for rows in users.values() if len(rows) > 2), name + ': those before valid')

    p = split(path, 'temporal')
    at = sorted(e[2] for e in events)[len(events) - round(0.2 * len(events))]
    eq(sorted(p['test']), sorted(e for e in events if e[2] >= at), name + ': the last fifth in time is test')
    ok(max(e[2] for e in p['train']) < min(e[2] for e in p['valid']), name + ': valid lies after train in time')

    p = split(path, 'ratio order=time')
    wrong = []
    for user, rows in users.items():
        n_test = min(int(0.2 * len(rows) + 0.5), len(rows) - 1)
        n_valid = min(int(0.1 * len(rows) + 0.5), len(rows) - 1 - n_test)
        cut = len(rows) - n_test
        if sorted(e for e in p['test'] if e[0] == user) != sorted(rows[cut:]) or \
           sorted(e for e in p['valid'] if e[0] == user) != sorted(rows[cut - n_valid:cut]):
            wrong.append(user)
        if len(wrong) > 3 or len(events) > 50000 and user == list(users)[200]:
            break
    eq(wrong, [], name + ': ratio by time, user by user')

    covered = Counter()
    for fold in range(1, 6):
        p = split(path, 'kfold fold=%d' % fold)
        covered.update(p['test'])
    ok(len(covered) == len(events) and set(covered.values()) == {1}, name + ': five folds cover every event once')

    p = split(path, 'cold-items')
    items = {part: {e[1] for e in rows} for part, rows in p.items()}
    ok(not items['test'] & (items['train'] | items['valid']) and not items['valid'] & items['train'],
       name + ': cold-items: an item with all its events')
    n = len({e[1] for e in events})
    eq((len(items['test']), len(items['valid'])), (int(0.2 * n + 0.5), int(0.1 * n + 0.5)),
       name + ': cold-items: a fifth of the items is test, a tenth valid')
    eq(Counter(p['train'] + p['valid'] + p['test']), Counter(events), name + ': cold-items: nothing is lost')

    p = split(path, 'users')
    ok(not {e[0] for e in p['test'] + p['valid'] + p['history']} & {e[0] for e in p['train']},
       name + ': users: nobody is on both sides')
    n = Counter(e[0] for e in p['test'])
    ok(len(n) == round(0.2 * len(users)) and all(c == max(1, int(0.2 * len(users[u]) + 0.5)) for u, c in n.items()),
       name + ': users: a fifth of their events is to be found')
    eq(Counter(p['train'] + p['valid'] + p['test'] + p['history']), Counter(events), name + ': users: nothing is lost')

    status, out, err = run(path, '-c', 'split temporal at=%d' % (ends + 1), '-c', 'split leave-last', home=home)
    ok(status == 0, name + ': a split without test events is a split', err)


def stripped(results):
    return [{k: v for k, v in r.items() if 'seconds' not in k} for r in results]


def test_bits():
    rows = answers('-c', 'models', home=home)[0]['rows']
    models = [row['name'] for row in rows]
    got = []
    for threads in ('1', '2'):
        words = ['split ratio']
        for m, row in zip(models, rows):
            more = ' epochs=3' if 'iterative' in row['caps'] else ' runs=ease,item-knn' if 'of-runs' in row['caps'] else ''
            words += ['train %s%s name=%s' % (m, more, m), 'use ' + m,
                      "export recommendations '%s' on=test" % os.path.join(TMP, threads + m + '.csv')]
        words += ['evaluate ' + ' '.join(models), 'evaluate sampled=20 ' + ' '.join(models)]
        a = answers('--threads', threads, sample, *commands(*words), home=os.path.join(TMP, 'home' + threads))
        lists = []
        for m in models:
            with open(os.path.join(TMP, threads + m + '.csv'), 'rb') as f:
                lists.append(f.read())
        got.append((stripped(a[-2]['results']), stripped(a[-1]['results']), lists))
    for i, m in enumerate(models):
        eq(got[0][0][i], got[1][0][i], m + ': the same metrics at --threads 1 and 2')
        eq(got[0][1][i], got[1][1][i], m + ': and against a draw')
        ok(got[0][2][i] == got[1][2][i] and len(got[0][2][i]) > 1000, m + ': and the same lists, byte for byte')


def test_draws():
    few = 'evaluate a b sampled=30 k=10'
    a = answers(sample, *commands('train ease name=a', 'train ease name=b', few, few + ' seed=7', 'evaluate a'),
                home=os.path.join(TMP, 'draws'))
    r = a[3]['results']
    eq(r[0]['metrics'], r[1]['metrics'], 'every run meets the same draw')
    ok(r[0]['metrics'] != a[4]['results'][0]['metrics'], 'another seed draws others')
    ok(r[0]['metrics']['hit@10'] > 1.5 * a[5]['results'][0]['metrics']['hit@10'],
       'and against few the same lists look far better')
    ok('not comparable' in str(r[0]), 'which is said', r[0])


def test_slices():
    a = answers(sample, *commands('train ease', 'evaluate k=10 slice=history', 'evaluate k=10 slice=popularity',
                                  'evaluate k=10 slice=cold-users', 'split cold-items', 'evaluate popularity#1 k=10',
                                  'evaluate popularity#1 k=10 candidates=train'),
                home=os.path.join(TMP, 'slices'))
    for i in (2, 3):
        r = a[i]['results'][0]
        n = sum(s['users'] for s in r['slices'])
        mean = sum(s['users'] * s['metrics']['recall@10'] for s in r['slices']) / n
        ok(n == r['users'] and abs(mean - r['metrics']['recall@10']) < 1e-6 and len(r['slices']) > 1,
           'one test item a user: slices add up to the whole', r['slices'])
    r = a[4]['results'][0]
    eq([s['name'] for s in r['slices']], ['1 event', '2 events', '5 events', 'whole history'], 'histories cut')
    eq([s['users'] for s in r['slices']], [r['users']] * 4, 'the same users')
    for m in ('recall@10', 'ndcg@10'):
        ok(abs(r['slices'][3]['metrics'][m] - r['metrics'][m]) < 1e-9, 'ease folds nothing in: the whole is the whole')
    cold = a[6]['results'][0]['cold']
    ok(not cold['told_apart'] and 'popularity#1 cannot' in cold['why'] and cold['items'] == 160, 'a model that cannot', cold)
    cold = a[7]['results'][0]['cold']
    ok('candidates=all' in cold['why'], 'and a question that leaves them out', cold)


def test_negatives():
    p = split(sample, 'leave-last')
    seen = defaultdict(set)
    for u, i, _ in p['train'] + p['valid'] + p['test']:
        seen[u].add(i)
    items = sorted({i for u, i, _ in p['train']})
    path = os.path.join(TMP, 'films.negative')
    with open(path, 'w', encoding='ascii') as f:
        for u, i, _ in p['test']:
            f.write('\t'.join(['(%s,%s)' % (u, i)] + [x for x in items if x not in seen[u]]) + '\n')
    a = answers(sample, *commands('train ease', 'evaluate k=5,10', "evaluate k=5,10 negatives='%s'" % path),
                home=os.path.join(TMP, 'negatives'))
    full, few = (x['results'][0]['metrics'] for x in a[2:4])
    same = [m for m in full if m.split('@')[0] in ('recall', 'precision', 'hit', 'ndcg', 'map', 'mrr')]
    eq([few[m] for m in same], [full[m] for m in same], 'all others as negatives: the full ranking again')


check(sample)
if os.path.isdir(real):
    check(real)
else:
    ok(True, 'ml-100k # SKIP not in %s' % (os.environ.get('WHYREC_DATA') or 'WHYREC_DATA'))
test_bits()
test_draws()
test_slices()
test_negatives()
done_testing()
