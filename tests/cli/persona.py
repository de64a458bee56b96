# SPDX-License-Identifier: GPL-3.0-or-later
"""persona, personas: edited histories kept by name, asked of any run of their data, refused on others."""
import json
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from whyrec import TMP, answers, commands, done_testing, eq, ok, run, small_data, write  # noqa: E402

home = os.path.join(TMP, 'home')
folder = small_data()
kept = os.path.join(home, 'personas')


def fails(*lines, home=home, more=()):
    status, out, err = run('--json', *more, folder, *commands(*lines), home=home)
    return status, json.loads(out.splitlines()[-1]).get('error', {})


def listed(a):
    return [(r['item'], r['score']) for r in a['items']]


a = answers(folder, *commands(
    'train ease lambda=5', 'train item-knn', 'train ials dim=4 epochs=2 patience=0', 'train sasrec dim=8 epochs=1 patience=0',
    'train towers dim=8 epochs=2 patience=0', 'user u1'), home=home)
history = [(e['item'], e['value']) for e in a[-1]['history'] if e['part'] != 'test']
gone, rated, new = history[0][0], history[1][0], '28'
assert new not in [i for i, _ in history]
edited = ','.join('%s:%g' % (i, 2 if i == rated else v) for i, v in history[1:]) + ',%s:3' % new
edits = '-%s %s=2 +%s=3' % (gone, rated, new)
runs = 'ease#1', 'item-knn#1', 'ials#1', 'sasrec#1', 'towers#1'
a = answers(folder, *commands(
    'persona save bob u1 ' + edits, 'personas', 'persona use bob',
    *['%s run=%s' % (c, r) for r in runs for c in
      ('recommend persona=bob', 'whatif u1 ' + edits, 'recommend history=%s as=u1' % edited, 'recommend history=' + edited)]),
    home=home)
eq((a[1]['persona'], a[1]['user'], a[1]['events']), ('bob', 'u1', len(history)), 'save tells what is kept')
eq([(r['persona'], r['user'], r['of_data'], r['kept']) for r in a[2]['rows']], [('bob', 'u1', True, True)],
   'personas lists it')
eq([(r['item'], r['value']) for r in a[3]['history']],
   [(i, 2 if i == rated else v) for i, v in history[1:]] + [(new, 3)], 'use shows its history, oldest first')
eq(os.listdir(kept), ['bob.json'], 'one file, and nothing beside it')
for n, r in enumerate(runs):
    persona, whatif, own, folded = a[4 + 4 * n:8 + 4 * n]
    eq((persona['persona'], persona['user'], persona['run']), ('bob', 'u1', r), 'it is asked of ' + r)
    eq(listed(persona), listed(whatif), r + ': as what-if after the same edits')
    eq(listed(persona), listed(folded if r == 'ials#1' else own),
       r + (': as the history folded in' if r == 'ials#1' else ": as the history with the user's own vector"))

a = answers(folder, *commands(
    'explain persona=bob 3 run=ease#1 removal=yes', 'whatif persona=bob -%s k=5 run=ease#1' % new,
    'whatif u1 -%s %s=2 k=5 run=ease#1' % (gone, rated), 'recommend run=ease#1 k=5 persona=bob',
    'persona save "c, d" history=1,3:2', 'recommend persona="c, d" run=ease#1', 'recommend history=1,3:2 run=ease#1',
    'explain persona="c, d" 5 run=ials#1'), home=home)
e = a[1]
ok(abs(e['base'] + e['rest'] + sum(p['value'] for p in e['parts']) - e['score']) < 1e-4, 'its scores are explained', e)
ok(new in [p['item'] for p in e['parts']] and gone not in [p['item'] for p in e['parts']], 'by its own history', e)
eq(listed(a[2]), listed(a[3]), 'an edit of it, as the edits in one')
eq(len(a[4]['items']), 5, 'persona= stands wherever it is written')
eq((a[5]['user'], a[6]['user'], a[6]['persona']), (None, None, 'c, d'), 'one after no user')
eq(listed(a[6]), listed(a[7]), 'is asked as its history is')
eq((a[8]['user'], a[8]['trained_score']), (None, None), 'nobody\'s trained vector')

status, e = fails('persona save bob u2')
eq((status, e['code']), (1, 'exists'), 'a name that is taken is refused')
a = answers(folder, *commands('persona save bob u2 replace=yes', 'persona use bob'), home=home)
eq(a[2]['user'], 'u2', 'unless replace=yes')
for words, code in (('save x u1 -%s' % new, 'usage'), ('save x u1 +%s' % history[2][0], 'usage'), ('save x u1 77=1', 'not-found'),
                    ('save x', 'usage'), ('save ../x u1', 'range'), ('save x u1 history=1', 'syntax'),
                    ('save x history=1:0', 'range'), ('save x u1 as=u1', 'syntax'), ('sav x', 'syntax'), ('use bobb', 'not-found'),
                    ('delete nobody', 'not-found'), ('use bob u1', 'syntax')):
    status, e = fails('persona ' + words)
    ok((status, e['code']) == (1, code) and e['message'], 'refused: persona ' + words, e)
ok('did you mean bob?' in fails('recommend persona=bobb')[1]['message'], 'the nearest name is told')
eq(fails('recommend persona=bob history=1')[1]['code'], 'syntax', 'a persona or a history')

other = small_data('other', users=41)
a = answers(other, '-c', 'personas', home=home)
eq([(r['persona'], r['of_data'], r['state']) for r in a[-1]['rows']],
   [('bob', False, 'other data'), ('c, d', False, 'other data')], 'on other data they are listed as such')
status, out, err = run(other, '-c', 'recommend persona=bob', home=home)
ok(status == 1 and 'was made on small, not on the data that are loaded' in err, 'and refused with words', err)

write('home/personas/torn.json', '{"name": "torn", "data"')
write('home/personas/twice.json', open(os.path.join(kept, 'bob.json'), encoding='utf-8').read().replace('"bob"', '"twice"')
      .replace('"history": [', '"history": [{"item": "2", "value": 1.0}, {"item": "2", "value": 1.0}, '))
status, out, err = run(folder, '-c', 'personas', home=home)
ok('the persona torn is damaged and left alone' in err and 'bob' in out, 'a damaged one is told of', err)
ok(os.path.exists(os.path.join(kept, 'torn.json')), 'and left alone')
status, e = fails('recommend persona=twice')
eq((status, e['code']), (1, 'usage'), 'one with an item twice cannot be asked')

status, out, err = run('--readonly', folder, *commands('persona save eve u1', 'recommend persona=eve', 'personas'), home=home)
ok(status == 0 and 'stands until whyrec ends' in out and not os.path.exists(os.path.join(kept, 'eve.json')),
   '--readonly keeps it in memory', out + err)
eq(fails('persona delete bob', more=('--readonly',))[1]['code'], 'usage', 'and deletes nothing')
a = answers(folder, *commands('persona delete bob', 'personas'), home=home)
ok('bob' not in [r['persona'] for r in a[-1]['rows']] and not os.path.exists(os.path.join(kept, 'bob.json')), 'deleted')
done_testing()
