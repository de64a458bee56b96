# SPDX-License-Identifier: GPL-3.0-or-later
"""explain: the fewest events that an item's place rests on, and faithfulness, tried again by other commands."""
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from whyrec import TMP, answers, commands, done_testing, eq, ok, run, write  # noqa: E402

home = os.path.join(TMP, 'home')
sample = os.path.join(os.environ['top_srcdir'], 'data', 'films')
a = answers(sample, *commands('train ease', 'recommend u1', 'user u1'), home=home)
listed, events = [r['item'] for r in a[2]['items']], a[3]['history']
history = [e['item'] for e in events if e['part'] != 'test']

asked = [listed[0], listed[4], listed[9]]
told = answers(sample, *commands(*['explain u1 %s run=ease#1 removal=yes' % i for i in asked]), home=home)[1:]


def rank_without(item, removed, n):
    """Its rank when the removed events are gone from the history and from the list."""
    ids = write('removed %d' % n, '\n'.join(removed) + '\n')
    left = ','.join(i for i in history if i not in removed)
    r = answers(sample, '-c', "recommend history=%s as=u1 run=ease#1 k=800 not='%s'" % (left, ids), home=home)[-1]
    return [x['item'] for x in r['items']].index(item) + 1


for n, (item, e) in enumerate(zip(asked, told)):
    r = e['removal']
    removed = [x['item'] for x in r['items']]
    ok(r['ranked'] and r['found'] and removed and set(removed) <= set(history), 'a set of the history is found', r)
    eq((rank_without(item, removed, n), r['rank'] > 10, r['k']), (r['rank'], True, 10), 'without it the item has the rank told')
    if r['smallest'] and len(removed) == 2:
        ok(all(rank_without(item, [x], n) <= 10 for x in removed), 'neither event alone does')

seen, beyond = answers(sample, *commands('explain u1 %s run=ease#1 removal=yes' % history[0],
                                         'explain u1 %s k=3 run=ease#1 removal=yes' % [
                                             i['item'] for i in answers(sample, '-c', 'recommend u1 run=ease#1 k=30', home=home)[-1]['items']][29]),
                       home=home)[1:]
eq([(x['removal']['ranked'], x['removal']['found'], x['removal']['items']) for x in (seen, beyond)], [(False, False, [])] * 2,
   'an item of the history, and one beyond the list, leave nothing')
ok('removal' not in answers(sample, '-c', 'explain u1 %s run=ease#1' % asked[0], home=home)[-1], 'it is told where it is asked for')

# EASE's score is a sum over the history, so what each deletion drops can be added up from the parts.
e = answers(sample, '-c', 'explain u1 %s run=ease#1 k=800' % asked[0], home=home)[-1]
parts = sorted((p['value'] for p in e['parts']), reverse=True)
drops = [sum(parts[:n]) for n in range(1, min(10, len(parts)) + 1)]
f = e['faithfulness']
eq((f['steps'], f['faithful'], f['why_not']), (len(drops), True, None), 'as many steps as there are, up to ten')
ok(abs(f['value'] - sum(drops) / len(drops) / max(drops)) < 1e-4 and -1 < f['random'] < f['value'], 'the mean drop of the greatest', f)
plain = answers(sample, *commands('explain u1 %s run=ease#1 faithfulness=no' % asked[0], 'train popularity name=p',
                                  'explain u1 %s run=p' % asked[0], 'evaluate explain p users=3'), home=home)
ok('faithfulness' not in plain[1], 'not asked for, not told')
eq((plain[3]['faithfulness']['value'], plain[3]['faithfulness']['why_not']), (None, 'the score has no parts'), 'n/a is said')
eq((plain[4]['results'][0]['faithful'], plain[4]['results'][0]['faithfulness']['users']), (None, 0), 'of a whole run too')

audit = 'evaluate explain ease#1 users=40 k=5'
one, two, other = [answers('--threads', n, sample, '-c', audit + more, home=home)[-1]['results'][0]
                   for n, more in (('1', ''), ('2', ''), ('2', ' seed=7'))]
for x in (one, two, other):
    x.pop('explain_ms'), x.pop('removal_ms')
eq(one, two, 'evaluate explain: the same at any number of threads')
ok(one != other and one['faithful'] and one['users'] == 40 and one['above']['low'] > 0 and
   one['removal']['low'] <= one['removal']['mean'] <= one['removal']['high'], 'other users with another seed', (one, other))
for line, why in (('evaluate explain ease#1 sampled=5', 'not sampled='), ('evaluate ease#1 users=5', 'users= goes with'),
                  ('evaluate explain k=5,10', 'one length'), ('evaluate "explain"', 'there is no run explain')):
    status, out, err = run(sample, '-c', line, home=home)
    ok(status == 1 and why in err, 'refused: ' + line, err)

status, out, err = run(sample, '-c', 'explain u1 %s run=ease#1 removal=yes' % asked[0], home=home)
r = told[0]['removal']
ok('It leaves the best 10 without %d event' % len(r['items']) in out and
   ('no fewer do' if r['smallest'] else 'the fewest found') in out, 'as text', out)
ok('Faithful: 0.' in out and 'in random order' in out, 'beside the control', out)
done_testing()
