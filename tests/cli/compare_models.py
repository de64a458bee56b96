# SPDX-License-Identifier: GPL-3.0-or-later
"""compare MODEL…: models trained under one rule, what is measured of them, and the verdict."""
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from whyrec import TMP, answers, commands, done_testing, eq, ok, run, small_data  # noqa: E402

folder = small_data('suited', users=60)
home = os.path.join(TMP, 'ch')
MODELS = 'popularity item-knn ease'

a = answers(folder, *commands('compare %s share=25,50 users=20' % MODELS, 'runs', 'evaluate ease#1',
                              'compare %s users=20' % MODELS, 'runs', 'compare', 'use ease#1 precision=int8'), home=home)[1:]
first, runs, alone, again, after, plain, int8 = a
row = {r['model']: r for r in first['rows']}
eq(sorted(row), sorted(MODELS.split()), 'a row for each model')
eq([r['run'] for r in runs['rows']], ['popularity#1', 'item-knn#1', 'ease#1'], 'each is a run; popularity was there')
eq(row['ease']['value'], alone['results'][0]['metrics']['ndcg@10'], 'measured as evaluate does')
eq([s['share'] for s in row['ease']['shares']], [0.25, 0.5, 1], 'a learning curve')
eq(row['ease']['shares'][2]['value'], row['ease']['value'], 'which ends at the run itself')
ok(0 < row['ease']['int8']['bytes'] < row['ease']['int8']['bytes_whole'], 'int8, where the model packs', row['ease'])
eq(row['ease']['int8']['bytes'], int8['bytes'], 'as use precision= tells')
eq(row['item-knn']['int8'], None, 'null where it does not')
ok(sum(s['users'] for s in row['ease']['slices'] if s['name'].startswith('users')) == row['ease']['users'],
   'slices by history hold all users', row['ease']['slices'])
ok(0 < row['ease']['ms_p50'] <= row['ease']['ms_p99'], 'answering times')
ok(row['ease']['faithfulness'] > row['ease']['faithfulness_random'], 'and whether its explanations hold')
eq(first['rule'], 'defaults', 'the rule is told')
ok(first['take'] in [r['run'] for r in first['rows'] if r['with_best']], 'the verdict takes one that is not told apart',
   first)
ok(len(first['verdict']) >= 2 and all(s.endswith('.') for s in first['verdict']), 'in sentences', first['verdict'])
ok(first['comparisons'] > 0 and all(e['apart'] == (e['p'] is not None and e['p'] < 0.05 and e['difference'] > 0) and
                                    (not e['apart'] or e['low'] > 0) for e in first['elsewhere']), 'elsewhere is tested for chance', first)
eq(sum(s.startswith('Elsewhere') for s in first['verdict']), sum(e['apart'] for e in first['elsewhere']), 'and named where told apart')
taken = [r for r in first['rows'] if r['run'] == first['take']][0]
ok('%.4f' % taken['value'] in first['verdict'][0], 'that hold its figures', first['verdict'])
eq([r['run'] for r in after['rows']], [r['run'] for r in runs['rows']], 'what is there is not trained again')
eq([(r['run'], r['value'], r['low'], r['p']) for r in again['rows']],
   [(r['run'], r['value'], r['low'], r['p']) for r in first['rows']], 'and the table is the same')
eq([(r['run'], r['value'], r['low'], r['high'], r['p']) for r in plain['rows']],
   [(r['run'], r['value'], r['low'], r['high'], r['p']) for r in first['rows']],
   'rows judged as they come are told as rows judged together')
ok('verdict' not in plain and 'slices' not in plain['rows'][0], 'runs are compared as before')

told = answers(folder, *commands('compare item-knn ease users=10 rewards=yes'))[1]['rewards']
eq([r['what'] for r in told], ['order', 'text', 'text of new items', 'friends', 'friends of new people', 'values', 'taste',
                               'more events'], 'what the data reward, each told')
ok(all(r['rewarded'] in ('yes', 'little', 'no', 'not told', 'none') and r['text'].endswith('.') for r in told), 'in a sentence', told)
ok(all((r['rewarded'] == 'none') == (r['with'] is None) and (r['n'] == 0 or r['low'] <= r['with'] - r['without'] <= r['high'])
       for r in told), 'with its figures', told)
best = [r for r in told if r['what'] == 'taste'][0]
eq(best['with'], max(r['value'] for r in first['rows'] if r['model'] != 'popularity'), 'the best one is the table\'s')
ok('rewards' not in first, 'asked for alone')
half = [[r for r in answers(folder, *commands('compare item-knn share=%s users=10 cold=no rewards=yes' % s))[1]['rewards']
         if r['what'] == 'more events'][0] for s in ('0', '50')]
eq(half[0], half[1], 'what more events bring is the learning curve\'s, where that was measured')

text = answers(folder, *commands('compare ease word2vec users=10'))[1]
ok([r['model'] for r in text['rows']] == ['ease'] or len(text['rows']) == 2, 'a model without what it needs is no failure')
bare = os.path.join(TMP, 'bare.csv')
with open(bare, 'w', encoding='utf-8') as f:
    f.write('user,item\n' + ''.join('u%d,i%d\n' % (u, (u * 3 + k * k) % 25) for u in range(40) for k in range(6)))
left = answers(bare, *commands('split ratio', 'compare ease word2vec users=10'))[2]
eq([x['model'] for x in left['left_out']], ['word2vec'], 'a model without text is left out')
ok('text' in left['left_out'][0]['why'], 'and told why', left['left_out'])
eq([r['model'] for r in left['rows']], ['ease'], 'the others are compared')

tuned = answers(folder, *commands('compare item-knn ease budget=2s users=10', 'runs'), home=home)[1:]
eq(tuned[0]['rule'], 'tuned', 'with a budget the models are tuned')
eq([r['run'] for r in tuned[1]['rows']][-2:], ['item-knn#2', 'ease#2'], 'as runs of their own')
one = answers('--threads', '1', folder, *commands('compare %s users=20' % MODELS))[1]
two = answers('--threads', '2', folder, *commands('compare %s users=20' % MODELS))[1]
keys = ['run', 'value', 'low', 'high', 'p', 'slices', 'faithfulness', 'faithfulness_random']
told = [[[r[k] for k in keys] + [s['value'] for s in r['shares']] for r in x['rows']] for x in (one, two)]
eq(told[0], told[1], 'the same at one and two threads')

cut = answers(folder, *commands('compare popularity bpr limit=0.001s users=10', 'runs',
                                'compare popularity bpr limit=0.001s users=10', 'runs', 'compare popularity bpr limit=1h users=10', 'runs'))[1:]
row = {r['model']: r for r in cut[0]['rows']}
epochs = row['bpr']['cut_after_epochs']
ok(1 <= epochs < 200 and row['popularity']['cut_after_epochs'] is None, 'a training ends with the epoch in which limit= is over')
eq([r['stopped'] for r in cut[1]['rows']][-1], 'time', 'as a run')
ok(any('Cut short by limit=' in s and 'bpr#1 after %d of at most' % epochs in s for s in cut[0]['verdict']), 'and is told', cut[0]['verdict'])
eq([r['run'] for r in cut[3]['rows']], [r['run'] for r in cut[1]['rows']], 'what was cut is not trained again for as short a time')
eq([[r['value'], r['shares'][0]['value']] for r in cut[2]['rows']], [[r['value'], r['shares'][0]['value']] for r in cut[0]['rows']],
   'and the table is the same, its learning curve too')
eq([r['run'] for r in cut[5]['rows']][-1], 'bpr#2', 'with more time it is')
ok(set(row['bpr']['measured_seconds']) >= {'slices', 'int8', 'explained', 'shares'}, 'where the time went', row['bpr'])

more = answers(folder, *commands('split ratio seed=5', 'compare %s word2vec share=50 noise=20%% folds=2 scenario=shop users=10' % MODELS,
                                 'split ratio seed=6', 'compare %s share=0 users=10' % MODELS))
wide, second = more[2], more[4]
row = {r['model']: r for r in wide['rows']}
fold = {r['model']: r['value'] for r in second['rows']}
eq(row['ease']['folds'][1], fold['ease'], 'the second fold is the split that the next seed draws, with the same settings')
ok(abs(row['ease']['value'] - sum(row['ease']['folds']) / 2) < 0.02, 'the value is the mean of the users over both', row['ease'])
eq(row['ease']['noise']['without'], row['ease']['shares'][1]['value'], 'noise is told beside the clean run')
ok(0 < row['ease']['noise']['value'] != row['ease']['noise']['without'], 'and changes it', row['ease']['noise'])
ok(row['word2vec']['cold_items'] > 0 and row['ease']['cold_items'] is None, 'new items are of those who can rank them')
eq(set(wide['scenario']['weights']), {'accuracy', 'repeats', 'cold-items', 'latency'}, 'the weights are told')
eq(max(wide['scenario']['fit'], key=lambda f: f['fit'])['run'], wide['scenario']['takes'], 'and who fits best')
ok(any('scenario shop' in s for s in wide['verdict']) and any('noise' in s or 'random events' in s for s in wide['verdict']),
   'the verdict says both', wide['verdict'])
heavy = answers(folder, *commands('compare ease item-knn share=0 cold=no users=10 weights=memory:1'))[1]
ok(heavy['scenario']['weights'] == {'memory': 1} and heavy['rows'][0]['cold_items'] is None, 'weights of one\'s own', heavy['scenario'])

# Weights that stay: over those of the scenario, in this session or from the file of settings.
os.makedirs(os.path.join(os.environ['XDG_CONFIG_HOME'], 'whyrec'), exist_ok=True)
config = os.path.join(os.environ['XDG_CONFIG_HOME'], 'whyrec', 'settings')
with open(config, 'w', encoding='utf-8') as f:
    f.write('weights-music diversity:4\n')
SCENE = 'compare ease item-knn share=0 cold=no users=5 scenario='
told = answers(folder, *commands('set weights-shop latency:5,repeats:0', 'set', SCENE + 'shop', SCENE + 'music', SCENE + 'shop weights=accuracy:9',
                                 'set weights-shop ""'))
eq([r['value'] for r in told[2]['rows'] if r['name'] == 'weights-shop'][0], 'accuracy:3,cold-items:2,latency:5', 'set shows the weights in force')
eq(told[3]['scenario']['weights'], {'accuracy': 3, 'cold-items': 2, 'latency': 5}, 'compare takes them')
eq(told[4]['scenario']['weights'], {'accuracy': 2, 'tail': 1, 'repeats': 3, 'diversity': 4}, 'also those of the file of settings')
eq(told[5]['scenario']['weights'], {'accuracy': 9, 'cold-items': 2, 'latency': 5}, 'weights= goes over them, for one call')
eq(told[6]['value'], 'accuracy:3,cold-items:2,repeats:3,latency:2', 'and they come back')
os.remove(config)
for line, words in [('set weights-shop speed:1', 'criterion'), ('set weights-shops accuracy:1', 'did you mean')]:
    status, out, err = run(folder, '-c', line)
    ok(status == 1 and words in err, '%s is refused and told why' % line, err)

# Pairs: all of three, corrected over three; one alone is what the best row says of the second.
told = answers(folder, *commands('compare %s share=0 users=5' % MODELS, 'apart', 'apart ease#1 item-knn#1'))
table, three, one = told[1:]
eq([(p['run'], p['other']) for p in three['rows']],
   [(x['run'], y['run']) for i, x in enumerate(table['rows']) for y in table['rows'][i + 1:]], 'each two, the better one first')
value = {r['run']: r['value'] for r in table['rows']}
ok(all(abs(p['difference'] - value[p['run']] + value[p['other']]) < 1e-6 and p['low'] <= p['difference'] <= p['high'] and
       p['apart'] == (p['p'] < 0.05) for p in three['rows']), 'differences of the values, in their intervals', three['rows'])
both = [p for p in three['rows'] if {p['run'], p['other']} == {'ease#1', 'item-knn#1'}][0]
ok([both[k] for k in ('difference', 'low', 'high')] == [one['rows'][0][k] for k in ('difference', 'low', 'high')] and
   one['rows'][0]['p'] <= both['p'], 'fewer pairs correct less', (both, one))
for line, words in [('apart', 'compare comes first'), ('compare ease share=0 cold=no users=5\napart', 'two runs'), ('compare ease share=0 cold=no users=5\napart ease#1 ials', 'none of the runs'),
                    ('compare ease item-knn share=0 cold=no users=5\napart ease#1 ease#1', 'twice'),
                    ('compare ease item-knn share=0 cold=no users=5\nsplit ratio\napart', 'compare comes first')]:
    status, out, err = run(folder, *commands(*line.split('\n')))
    ok(status == 1 and words in err, '%s is refused and told why' % line.split('\n')[-1], err)

for line, words in [('compare ease ease', 'twice'), ('compare ease popularity#1', 'not both'), ('compare budget=1m', 'of models'),
                    ('compare ease share=50,25', 'smallest'), ('compare ease share=half', '25,50'),
                    ('compare ease budget=soon', '10m'), ('compare ease on=valid', 'on test'),
                    ('compare blend ease', 'made of runs'), ('compare ease folds=2', 'only one of it'),
                    ('compare ease noise=much', '10%'), ('compare ease scenario=shops', 'shop'),
                    ('compare ease weights=speed:1', 'criterion'), ('compare all ease', 'no further'),
                    ('compare noise=10%', 'of models')]:
    status, out, err = run(folder, '-c', line)
    ok(status == 1 and words in err, '%s is refused and told why' % line, err)
done_testing()
