# SPDX-License-Identifier: GPL-3.0-or-later
"""Every JSON object that commands print has the keys, and the kinds of values, that scripts rely on."""
import os
import re
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from whyrec import TMP, answers, commands, done_testing, eq, ok, run, small_data, write  # noqa: E402
import json  # noqa: E402

NUMBER = (int, float)
MAYBE = (int, float, type(None))


def shape(got, want, name):
    """want: {key: type, tuple of types, or a nested dict or [dict]}.  Further keys are allowed."""
    wrong = []

    def check(value, kind, where):
        if isinstance(kind, dict):
            if not isinstance(value, dict):
                wrong.append('%s is no object' % where)
                return
            for key, inner in kind.items():
                if key not in value:
                    wrong.append('%s has no %s' % (where, key))
                else:
                    check(value[key], inner, where + '.' + key)
        elif isinstance(kind, list):
            if not isinstance(value, list):
                wrong.append('%s is no list' % where)
                return
            for n, one in enumerate(value):
                check(one, kind[0], '%s[%d]' % (where, n))
        elif isinstance(value, bool) and kind is not bool:
            wrong.append('%s is a boolean' % where)
        elif not isinstance(value, kind):
            wrong.append('%s is %r' % (where, value))

    check(got, want, got.get('command', '?'))
    ok(not wrong, name, '\n'.join(wrong))


LISTED = {'rank': int, 'item': str, 'title': str, 'score': NUMBER}
HAZARDS = {'tied': int, 'cold_test_items': int, 'repeats_removed': int, 'users_dropped': int}
ACCURACY = ('recall', 'precision', 'hit', 'ndcg', 'map', 'mrr')
METRICS = {'%s@%d' % (m, k): MAYBE for k in (5, 10, 20) for m in
           ACCURACY + ('coverage', 'gini', 'novelty', 'diversity')}
BY_CHANCE = {'%s@%d' % (m, k): NUMBER for k in (5, 10, 20) for m in ACCURACY}
TABLE = {'command': str, 'total': int, 'rows': [dict]}

folder = small_data()
with open(folder + '/events.csv', 'a', encoding='utf-8') as f:
    f.write('u1,2,five stars,1000\nu1,4,-1,1000\n')
out = os.path.join(TMP, 'out')
os.makedirs(out, exist_ok=True)
a = answers(*commands(
    'load ' + folder, 'split leave-last', 'train ease lambda=5', 'train ials dim=4 epochs=3 patience=0', 'use ease#1',
    'recommend u1 k=5', 'recommend history=1,3:2 k=3', 'similar 2', 'similar 2 by=behaviour k=3', 'near 2 3', 'explain u1 2 removal=yes', 'whatif u1 -7 +2 11=4 k=4', 'whynot u1 2 k=3',
    'recommend u1 rerank=mmr:0.5 k=3', 'persona save p u1 -7 +2', 'persona use p', 'personas', 'recommend persona=p k=3', 'explain persona=p 2', 'whatif persona=p -2 k=3', 'whynot persona=p 3',
    'overlap u1 with=ease#1 run=ials#1 k=4', 'stability u1 2 run=ials#1 seeds=2 k=4', 'stability u1 run=ease#1', 'rerank ease#1 weights=0,0.5 k=3', 'persona delete p',
    'evaluate', 'evaluate explain ease#1 users=9', 'models', 'params ease', 'runs', 'jobs', 'users', 'items', 'odd limit=3 sort=gap with=popularity#1', 'odd items only=everybody', 'compare', 'apart ease#1 ials#1',
    'export recommendations %s/r.csv' % out, 'user u1', 'item 2', 'set k 20', 'set', 'help', 'help load', 'journal', 'journal save %s/s.why' % out,
    'export model %s/m.safetensors run=ials#1' % out, 'import model %s/m.safetensors' % out,
    'delete ials#1', 'generate %s/gen users=60 items=60 events=600' % out, 'quit'))
names = [x['command'] for x in a]
by = {}
for x in a:
    by.setdefault(x['command'], []).append(x)

shape(by['load'][0], {
    'dataset': str, 'users': int, 'items': int, 'events': int, 'density': NUMBER, 'duplicates': int,
    'rejected_total': int, 'rejected': [{'file': str, 'line': int, 'reason': str}], 'set_aside_total': int,
    'set_aside': dict, 'timestamp_ties': MAYBE, 'seconds': NUMBER,
    'has': {k: bool for k in ('times', 'order', 'values', 'titles', 'text', 'tags', 'social', 'vectors')}}, 'load')
eq(by['load'][0]['rejected_total'], 1, 'load counts what could not be read')
eq([r['line'] for r in by['load'][0]['rejected']], [322], 'and gives its line')
eq(by['load'][0]['set_aside_total'] >= 1, True, 'load counts what was set aside')
shape(by['split'][0], {'kind': str, 'train': int, 'valid': int, 'test': int, 'test_users': int, 'hazards': HAZARDS},
      'split')
TRAIN = {'run': str, 'model': str, 'params': dict, 'epochs': int, 'best_epoch': int, 'stopped': str,
         'loss': [MAYBE], 'churn': (list, type(None)), 'seconds': NUMBER, 'seconds_per_epoch': MAYBE, 'bytes': int,
         'told': {'seconds': NUMBER, 'bytes': int}, 'peak_bytes': int,
         'valid': {'metric': str, 'best': NUMBER, 'curve': [MAYBE]}}
shape(by['train'][0], TRAIN, 'train in one pass')
shape(by['train'][1], TRAIN, 'train in epochs')
eq(by['train'][0]['params'].get('lambda'), 5.0, 'train tells its parameters')
eq((len(by['train'][1]['loss']), len(by['train'][1]['valid']['curve'])), (3, 3), 'one loss and one valid an epoch')
eq(by['train'][0]['churn'], None, 'a model of one pass has no churn')
churn = by['train'][1]['churn']
ok(len(churn) == 3 and churn[0] is None and all(0 <= c <= 1 for c in churn[1:]), 'churn an epoch, from the second on', churn)
shape(by['recommend'][0], {'user': str, 'run': str, 'items': [LISTED]}, 'recommend')
eq({r['rerank'] for r in by['recommend']}, {None, 'mmr:0.5'}, 'recommend tells how it was reranked')
shape(by['rerank'][0], dict(TABLE, run=str, by=str, on=str, k=int, pool=int, users=int, seconds=NUMBER, rows=[
    {'weight': NUMBER, 'ndcg': NUMBER, 'recall': NUMBER, 'coverage': NUMBER, 'diversity': NUMBER, 'novelty': NUMBER}]), 'rerank')
eq([r['weight'] for r in by['rerank'][0]['rows']], [0, 0.5], 'a row a weight')
eq([r['rank'] for r in by['recommend'][0]['items']], [1, 2, 3, 4, 5], 'ranks count from 1')
shape(by['recommend'][1], {'user': type(None), 'run': str, 'items': [LISTED]}, 'recommend to a history')
shape(by['similar'][0], {'item': str, 'text': type(None), 'by': str, 'run': str, 'items': [LISTED]}, 'similar by model')
shape(by['similar'][1], {'item': str, 'text': type(None), 'by': str, 'run': type(None), 'items': [LISTED]}, 'similar by behaviour')
shape(by['near'][0], {'item': str, 'title': str, 'other': str, 'other_title': str, 'run': str, 'model': MAYBE,
                      'behaviour': MAYBE, 'text': MAYBE, 'users': int, 'item_users': int, 'other_users': int,
                      'by_chance': NUMBER, 'tags': [str], 'words': [{'word': str, 'part': NUMBER}]}, 'near')
shape(by['explain'][0], {'user': str, 'item': str, 'run': str, 'rank': (int, type(None)), 'score': NUMBER,
                         'base': MAYBE, 'method': str, 'by': str, 'rest': MAYBE, 'trained_score': MAYBE,
                         'parts': [{'kind': str, 'item': str, 'title': str, 'value': NUMBER}],
                         'removal': {'k': int, 'ranked': bool, 'found': bool, 'smallest': bool,
                                     'rank': (int, type(None)), 'items': [{'item': str, 'title': str}]},
                         'faithfulness': {'value': MAYBE, 'random': MAYBE, 'steps': int,
                                          'faithful': (bool, type(None)), 'why_not': (str, type(None))}}, 'explain')
e = by['explain'][0]
sum_of_parts = e['base'] + e['rest'] + sum(p['value'] for p in e['parts'])
ok(abs(sum_of_parts - e['score']) <= 1e-4 * max(1e-3, abs(e['score'])), 'base + parts + rest = score', e)
MOVED = {'rank': int, 'was': (int, type(None)), 'item': str, 'title': str, 'score': NUMBER, 'removed': bool}
shape(by['whatif'][0], {'user': str, 'run': str, 'method': str, 'items': [MOVED],
                        'edits': [{'edit': str, 'item': str, 'value': MAYBE}],
                        'gone': [{'item': str, 'was': int, 'rank': (int, type(None))}]}, 'whatif')
eq([(e['edit'], e['item'], e['value']) for e in by['whatif'][0]['edits']],
   [('remove', '7', None), ('add', '2', 1.0), ('rate', '11', 4.0)], 'whatif reads its edits')
shape(by['overlap'][0], {'user': str, 'run': str, 'with': str, 'k': int, 'p': NUMBER, 'overlap': NUMBER, 'rbo': NUMBER,
                         'items': [{'item': str, 'title': str, 'rank': MAYBE, 'with_rank': MAYBE, 'score': NUMBER,
                                    'with_score': NUMBER, 'hit': bool}]}, 'overlap')
SPREAD = {'mean': MAYBE, 'least': MAYBE, 'most': MAYBE}
shape(by['stability'][0], {'user': str, 'run': str, 'k': int, 'p': NUMBER, 'seeds': [int], 'same': bool, 'overlap': SPREAD,
                           'rbo': SPREAD, 'explained': {'item': str, 'title': str, 'ranks': [(int, type(None))],
                                                        'parts': int, 'overlap': SPREAD, 'correlation': SPREAD},
                           'items': [{'item': str, 'title': str, 'lists': int, 'best': int, 'worst': int}],
                           'seconds': NUMBER}, 'stability')
eq((len(by['stability'][0]['seeds']), by['stability'][1]['same'], by['stability'][1]['explained']), (3, True, None),
   'stability: three models of ials, one ease')
PERSONA = {'ok': bool, 'persona': str, 'user': (str, type(None)), 'events': int}
shape(by['persona'][0], PERSONA, 'persona save')
shape(by['persona'][1], dict(PERSONA, history=[{'item': str, 'title': str, 'value': NUMBER}]), 'persona use')
shape(by['persona'][2], {'ok': bool, 'persona': str}, 'persona delete')
for name in ('recommend', 'explain', 'whatif', 'whynot'):
    eq(by[name][-1]['persona'], 'p', name + ' of a persona names it')
shape(by['whynot'][0], {'user': str, 'item': str, 'title': str, 'run': str, 'k': int, 'method': str,
                        'rank': (int, type(None)), 'trained_rank': (int, type(None)), 'score': NUMBER, 'gap': MAYBE,
                        'causes': [{'code': str, 'text': str, 'file': (str, type(None)), 'line': (int, type(None))}],
                        'held_down': [{'item': str, 'title': str, 'value': NUMBER, 'rank': int}],
                        'add': [{'item': str, 'title': str}], 'added_rank': (int, type(None)), 'smallest': bool,
                        'proven': bool}, 'whynot')
shape(by['evaluate'][0], {'seconds': NUMBER, 'results': [
    {'run': str, 'on': str, 'users': int, 'metrics': METRICS, 'by_chance': BY_CHANCE, 'hazards': HAZARDS}]}, 'evaluate')
MEAN = {'mean': MAYBE, 'low': MAYBE, 'high': MAYBE}
shape(by['evaluate'][1], {'what': str, 'seconds': NUMBER, 'results': [
    {'run': str, 'method': str, 'users': int, 'k': int, 'faithfulness': dict(MEAN, users=int), 'random': MEAN,
     'above': MEAN, 'faithful': bool, 'removal': dict(MEAN, users=int, smallest=int), 'explain_ms': NUMBER,
     'removal_ms': NUMBER}]}, 'evaluate explain')
for name, row in {
        'models': {'name': str, 'title': str, 'bytes': int, 'fits': bool, 'seconds': MAYBE, 'seconds_per_epoch': MAYBE,
                   'epochs': int, 'caps': [str]},
        'params': {'name': str, 'default': (str, type(None)), 'range': str, 'meaning': str},
        'runs': {'run': str, 'model': str, 'precision': str, 'of_data': bool, 'answers': bool},
        'jobs': {'id': int, 'title': str, 'state': str, 'lane': str, 'seconds': NUMBER, 'left': MAYBE},
        'users': {'user': str, 'events': int, 'mean': MAYBE},
        'items': {'item': str, 'title': str, 'events': int, 'mean': MAYBE},
        'personas': {'persona': str, 'user': (str, type(None)), 'events': int, 'data': str, 'of_data': bool, 'kept': bool},
        'compare': {'run': str, 'precision': str, 'metric': str, 'value': NUMBER, 'low': NUMBER, 'high': NUMBER, 'p': MAYBE,
                    'with_best': bool, 'train_seconds': NUMBER, 'ms_per_user': NUMBER, 'bytes': int,
                    'explanation': str}}.items():
    shape(by[name][0], dict(TABLE, rows=[row]), name)
    eq(by[name][0]['total'], len(by[name][0]['rows']), name + ': total counts the rows')
shape(by['apart'][0], dict(TABLE, metric=str, rows=[
    {'run': str, 'other': str, 'difference': NUMBER, 'low': NUMBER, 'high': NUMBER, 'p': NUMBER, 'apart': bool, 'users': int,
     'interval': str, 'told': str}]), 'apart')
FLAG = {'kind': str, 'text': str, 'user': (str, type(None)), 'item': (str, type(None)), 'other': (str, type(None)),
        'n': NUMBER, 'of': MAYBE}
FIGURES = dict.fromkeys(('ndcg', 'popularity', 'gap', 'other', 'difference', 'taste', 'churn'), MAYBE)
shape(by['odd'][0], dict(TABLE, of=str, run=str, sort=str, counts=dict, rows=[
    dict(FIGURES, user=str, events=int, surprise=NUMBER, why=str, flags=[FLAG])], **{'with': str}), 'odd users')
rows = by['odd'][0]['rows']
eq([r['gap'] for r in rows], sorted(r['gap'] for r in rows), 'odd sort=gap: what is lost most comes first')
ok(len(rows) == 3 and all(abs(r['gap'] - r['ndcg'] + r['popularity']) < 1e-6 and
                          abs(r['difference'] - r['gap']) < 1e-6 for r in rows), 'its figures agree', rows)
shape(by['odd'][1], dict(TABLE, of=str, run=str, counts=dict, rows=[
    {'item': str, 'title': str, 'events': int, 'surprise': NUMBER, 'why': str, 'flags': [FLAG]}]), 'odd items')
eq({f['kind'] for r in by['odd'][1]['rows'] for f in r['flags']} - {'everybody'}, set(), 'only= leaves the others out')
eq(len(by['users'][0]['rows']), 40, 'users lists all')
ok('u, 3' in [r['user'] for r in by['users'][0]['rows']], 'ids are the data\'s own')
shape(by['export'][0], {'what': str, 'file': str, 'rows': int}, 'export')
shape(by['import'][0], {'ok': bool, 'what': str, 'file': str, 'run': str, 'was': str, 'model': str, 'params': dict,
                        'precision': str, 'bytes': int, 'of_split': bool}, 'import')
for name in ('user', 'item', 'set', 'help', 'delete', 'use', 'generate', 'quit'):
    shape(by[name][0], {'ok': bool}, name)
shape(by['journal'][0], {'ok': bool, 'rows': [{'line': str, 'again': bool, 'why': (str, type(None))}]}, 'journal')
shape(by['journal'][1], {'ok': bool, 'file': str, 'lines': int, 'left_out': int}, 'journal save')
eq(names[-1], 'quit', 'one object a command, in order')

# The manual tells every field that is printed.
manual = open(os.path.join(os.environ.get('top_srcdir', '.'), 'man', 'whyrec.1'), encoding='utf-8').read()
told, command = {}, None
for line in manual.split('.SS JSON')[1].split('.EX')[1].split('.EE')[0].splitlines():
    if line and line[0] != ' ':
        command = line.split()[0]
    told.setdefault(command, set()).update(re.findall('[a-zA-Z_0-9]+', line))


def fields(value, names):
    for key, inner in value.items():
        names.add('NAME' if '@' in key else key)
        if isinstance(inner, dict) and key in ('has', 'hazards', 'valid'):
            fields(inner, names)
        elif isinstance(inner, list) and inner and isinstance(inner[0], dict):
            for one in inner:
                fields(one, names)
    return names


ok(len(told) > 20, 'the manual lists the JSON of commands')
for name in sorted(by):
    untold = set().union(*(fields(x, set()) for x in by[name])) - told.get(name, set()) - {'command'}
    eq(sorted(untold), [], 'the manual tells the fields of ' + name)

bad = write('bad.why', 'help\n\nload /nowhere\nhelp\n')
status, text, err = run('--json', '-f', bad)
last = json.loads(text.splitlines()[-1])
eq(status, 1, 'a command that fails: exit status 1')
eq(len(text.splitlines()), 2, 'the rest is not run')
shape(last, {'command': str, 'error': {'code': str, 'message': str, 'file': str, 'line': (int, type(None))}},
      'an error is an object, last on standard output')
status, text, err = run('--json', '-f', write('bad2.why', '# one\nrecommend 5\n'))
eq((json.loads(text)['error']['line'], json.loads(text)['error']['file']), (2, os.path.join(TMP, 'bad2.why')),
   'and says where in the script')
status, text, err = run('--json', '-c', '"oops')
eq(json.loads(text)['error']['code'], 'syntax', 'what does not parse is an object too')
eq(err, 'whyrec: a quote is opened and never closed\n', 'and a line on standard error')
done_testing()
