# SPDX-License-Identifier: GPL-3.0-or-later
"""Blends: mixed, reopened, explained; their runs are kept from being deleted or changed; refusals in one line."""
import os
import shutil
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from whyrec import TMP, answers, commands, done_testing, eq, ok, run, small_data  # noqa: E402

folder = small_data('blended')
home = os.path.join(TMP, 'blends')

a = answers(folder, *commands('train ease', 'train item-knn', 'train blend runs=ease#1,item-knn#1', 'recommend u1',
                              'explain u1 5', 'explain u1 5 by=model'), home=home)
made, first, why, by = a[3:]
eq(made['params'], {'runs': 'ease#1,item-knn#1'}, 'a blend is told by its runs')
ok('ease#1 ' in made['note'] and 'item-knn#1 ' in made['note'], 'and by the weights that were found', made['note'])
eq(why['method'], 'exact', 'of exact runs it is exact')
ok(abs(why['base'] + why['rest'] + sum(p['value'] for p in why['parts']) - why['score']) < 1e-4, 'parts sum to the score')
eq([(m['kind'], m['name']) for m in why['models']], [('model', 'ease#1'), ('model', 'item-knn#1')], 'with its runs beside them')
eq(by['parts'], why['models'], 'which by=model tells alone')
ok(abs(sum(p['value'] for p in by['parts']) - by['score']) < 1e-4, 'and they sum to the score too')

a = answers(folder, *commands('use blend#1', 'recommend u1', 'runs'), home=home)
eq(a[2]['items'], first['items'], 'reopened, it recommends as it did')
eq([r['note'] for r in a[3]['rows'] if r['run'] == 'blend#1'], [made['note']], 'its weights are kept')
size = sum(os.path.getsize(os.path.join(home, 'runs', 'blend#1', name)) for name in os.listdir(os.path.join(home, 'runs', 'blend#1')))
ok(size < 5000, 'nothing of its runs is copied: %d bytes' % size)


def refused(command, word, *before):
    status, out, err = run(folder, *commands(*before, command), home=home)
    ok(status == 1 and len(err.splitlines()) == 1 and word in err, command + ' is refused', err)


refused('delete ease#1', 'part of blend#1')
refused('train ease name=ease#1 replace=yes', 'part of blend#1')
refused('train blend', 'runs=')
refused('train blend runs=', 'names of different runs')
refused('train blend runs=nosuch#1', 'no run nosuch#1')
refused('train blend runs=blend#1,ease#1', 'blend itself')
refused('train blend runs=ease#1,item-knn#1 weights=1', '1 numbers for 2 runs')
refused('train blend runs=ease#1,item-knn#1 metric=coverage@10', 'weights=')
refused('train blend runs=ease#1,item-knn#1 refit=yes', 'refit=yes')
refused('train blend runs=ease#1,item-knn#1', 'split', 'split ratio')
refused('explain u1 5 by=model run=ease#1', 'only a blend')
eq(sorted(r['run'] for r in answers('-c', 'runs', home=home)[0]['rows']), ['blend#1', 'ease#1', 'item-knn#1'],
   'what was refused left nothing')

a = answers(folder, *commands('train blend runs=ease#1,popularity#1 weights=0.7,0.3 name=given', 'evaluate given'), home=home)
ok(a[2]['results'][0]['metrics']['ndcg@10'] >= 0, 'weights may be given, and popularity#1 mixed')
a = answers(folder, *commands('evaluate given'), home=home)
ok(a[1]['results'][0]['metrics']['ndcg@10'] >= 0, 'also after a restart')
a = answers('--readonly', folder, *commands('train ials epochs=2', 'train blend runs=ials#1,ease#1', 'recommend u1'), home=home)
eq(a[3]['run'], a[2]['run'], '--readonly: a blend of a run in memory and one on disk')

shutil.rmtree(os.path.join(home, 'runs', 'item-knn#1'))
status, out, err = run(folder, '-c', 'use blend#1', home=home)
ok(status == 1 and len(err.splitlines()) == 1 and 'blend#1' in err and 'item-knn#1' in err, 'a run that is gone is told', err)
answers('-c', 'delete blend#1', '-c', 'delete given', '-c', 'delete ease#1', home=home)
ok(True, 'without the blends it can be deleted')
done_testing()
