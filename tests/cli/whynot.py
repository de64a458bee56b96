# SPDX-License-Identifier: GPL-3.0-or-later
"""whynot: a planted case for each cause, with its row; what the model holds against an item, tried by other commands."""
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from whyrec import TMP, answers, commands, done_testing, eq, ok, run, write  # noqa: E402

home = os.path.join(TMP, 'home')

# Two tastes, eight events a user; then rows that are planted.  The line of each is counted along.
rows, line = ['user,item,rating,timestamp'], {}


def plant(user, item, rating, at):
    rows.append('%s,%s,%s,%s' % (user, item, rating, at))
    line.setdefault(item, len(rows))


for u in range(40):
    for k in range(8):
        i = (u * 7 + k * k * 3) % 30
        plant('u%d' % u, 'i%d' % (i - i % 2 + u % 2), 1 + (u + i) % 5, 1000000000 + 1000 * u + 60 * k)
plant('u0', 'minus', -1, 1000000500)         # set aside by a rule
plant('u1', 'minus', -2, 1000000500)
plant('u0', 'words', 'five stars', 1000000500)  # cannot be read
plant('u2', 'mixed', 0, 1000000500)          # set aside here, read elsewhere
plant('u3', 'mixed', 4, 1000003030)
plant('u4', 'mixed', 4, 1000004030)
plant('u5', 'mixed', 4, 1000005030)
plant('u6', 'rare', 5, 1000006030)           # a single event: outside a core of 2
plant('u7', 'last', 5, 1000099999)           # the newest of u7: test, and nobody else's
events = write('data/events.csv', '\n'.join(rows) + '\n')
write('data/items.csv', 'item,title,tags\n' + ''.join('i%d,Film number %d,%s\n' % (i, i, 'odd' if i % 2 else 'even')
                                                      for i in range(30) if i != 4) +
      'i4,,\nminus,Minus,odd\nwords,Words,odd\nmixed,Mixed,odd\nrare,Rare,odd\nlast,Last,odd\nnobody,Nobody,odd\n')
data = os.path.join(TMP, 'data')


def ask(*words, load='load ' + data, train='train ease name=e replace=yes'):
    return answers(*commands(load, 'split leave-last', train, *words), home=home)[3:]


def causes(a):
    return [(c['code'], os.path.basename(c['file'] or ''), c['line']) for c in a['causes']]


seen = [e['item'] for e in ask('user u0')[0]['history'] if e['part'] == 'train'][0]
minus, words, mixed, last, nobody, there, barred = ask(
    'whynot u0 minus', 'whynot u0 words', 'whynot u0 mixed', 'whynot u0 last', 'whynot u0 nobody', 'whynot u0 ' + seen,
    'whynot u0 i1 only=even k=3')
eq(causes(minus), [('set-aside', 'events.csv', line['minus'])], 'set aside: by rule, with the first row')
ok('value not above 0' in minus['causes'][0]['text'] and minus['rank'] is None and minus['title'] is None and
   not minus['proven'], 'and says by which', minus)
eq(causes(words), [('rejected', 'events.csv', line['words'])], 'rejected: with the row')
ok('"five stars" is not a number' in words['causes'][0]['text'], 'and why', words)
eq((causes(mixed), mixed['rank'] > 0), ([('set-aside', 'events.csv', line['mixed'])], True), 'some rows set aside, the item is there')
eq((causes(last), last['rank']), ([('no-train-events', '', None)], None), 'its one event is a test event')
eq(causes(nobody), [('no-events', 'items.csv', None)], 'only a file about items names it')
eq((causes(there), there['rank'], there['held_down'], there['add']), ([('in-history', '', None)], None, [], []), 'in the history already')
eq((causes(barred), barred['rank']), ([('not-a-candidate', '', None)], None), 'left out by a filter')
rare, = ask('whynot u0 rare', load='load %s min-item=2' % data)
eq(causes(rare), [('outside-core', '', None)], 'outside the core')
ok('min-item=2' in rare['causes'][0]['text'], 'with its rule', rare)
core, = ask('whynot u0 mixed', load='load %s min-item=4' % data)
eq(causes(core), [('outside-core', '', None), ('set-aside', 'events.csv', line['mixed'])],
   'a row was set aside, and the rest left out by the core')
blank, read = ask('whynot u0 i4 run=w', 'whynot u0 i6 run=w', train='train word2vec name=w replace=yes')
ok('no-text' in [c[0] for c in causes(blank)] and 'no-text' not in [c[0] for c in causes(read)], 'nothing to read of an item', blank)
status, out, err = run(data, '-c', 'train ease', '-c', 'whynot u0 unheard', home=home)
ok(status == 1 and 'no item has the id unheard' in err, 'an id that no row names is an error', err)
status, out, err = run(data, '-c', 'train ease', '-c', 'whynot u0 words', '-c', 'whynot u0 i1 k=3', home=home)
ok('words is no item of the data' in out and 'events.csv:%d)' % line['words'] in out and 'to rank 3' in out, 'as text', out)

# The model's side, on the sample: what is told is what other commands find.
home = os.path.join(TMP, 'other home')
sample = os.path.join(os.environ['top_srcdir'], 'data', 'films')
first = answers(sample, *commands('train ease', 'recommend u1 k=40', 'user u1'), home=home)
listed = first[2]['items']
history = [e['item'] for e in first[3]['history'] if e['part'] != 'test']
target = listed[24]
w = answers(sample, *commands('whynot u1 %s run=ease#1' % target['item']), home=home)[-1]
eq((w['rank'], w['k'], w['method'], w['causes']), (25, 10, 'exact', []), 'its rank in the list')
ok(abs(w['gap'] - (listed[9]['score'] - target['score'])) < 1e-6 and abs(w['score'] - target['score']) < 1e-6, 'the gap to rank 10', w)
ok(w['proven'] and w['add'] and w['added_rank'] <= 10, 'an addition is found', w)
more = ','.join(history + [x['item'] for x in w['add']])
ids = write('removed', (w['held_down'][0]['item'] if w['held_down'] else 'f1') + '\n')
left = ','.join(i for i in history if i != w['held_down'][0]['item'])
added, without = answers(sample, *commands(
    'recommend history=%s as=u1 run=ease#1 k=10' % more, "recommend history=%s as=u1 run=ease#1 k=800 not='%s'" % (left, ids)), home=home)[1:]
eq([x['item'] for x in added['items']].index(target['item']) + 1, w['added_rank'], 'with it the item has the rank told')
s = {x['item']: (x['rank'], x['score']) for x in without['items']}
held = w['held_down'][0]
ok(held['value'] > 0 and s[target['item']][0] == held['rank'] and
   abs(w['gap'] - (without['items'][9]['score'] - s[target['item']][1]) - held['value']) < 1e-5,
   'without the event that holds it down most the gap is so much narrower', held)
ok(all(a['value'] >= b['value'] for a, b in zip(w['held_down'], w['held_down'][1:])) and
   set(x['item'] for x in w['held_down']) <= set(history), 'the strongest first, all of the history')
inside, one, two = [answers('--threads', n, sample, '-c', 'whynot u1 %s run=ease#1' % i, home=home)[-1]
                    for n, i in (('1', listed[2]['item']), ('1', target['item']), ('2', target['item']))]
eq((inside['rank'], inside['held_down'], inside['add'], inside['gap'] <= 0), (3, [], [], True), 'one of the list is told to be in it')
eq(one, two, 'the same at any number of threads')
done_testing()
