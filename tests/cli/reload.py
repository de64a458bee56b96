# SPDX-License-Identifier: GPL-3.0-or-later
"""A run goes on answering when the same data are loaded again, from what it read of the data of before."""
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from whyrec import TMP, answers, commands, done_testing, eq, ok  # noqa: E402

sample = os.path.join(os.environ['top_srcdir'], 'data', 'films')
asked = ('recommend u1 k=5', 'explain u1 i1 by=content k=5', 'similar i1 k=5')
models = (('towers', 'f32'), ('word2vec', 'int8'))
item = answers(sample, *commands('recommend u1 k=1'))[1]['items'][0]['item']
asked = tuple(line.replace('i1', item) for line in asked)
for kind, args in (('kept', ()), ('in memory', ('--readonly',))):
    for model, precision in models:
        told = answers(*args, sample, *commands(
            'train %s epochs=1 dim=8' % model, 'use %s#1 precision=%s' % (model, precision), *asked, 'load ' + sample,
            *asked), home=os.path.join(TMP, kind, model + precision))
        before, after = told[3:6], told[7:10]
        name = '%s in %s, %s' % (model, precision, kind)
        ok(len(before[1]['parts']) > 1 and before[0]['run'] == model + '#1', name + ': it tells of content', before[1])
        for a, b in zip(before, after):
            eq(b, a, '%s: %s is the same after a load' % (name, a['command']))
done_testing()
