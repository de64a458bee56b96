# SPDX-License-Identifier: GPL-3.0-or-later
"""Fewer bits: use precision=, train precision=, export model; the exported file read as whyrec-formats(5) says."""
import array
import json
import os
import re
import sys
import zlib

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from whyrec import TMP, answers, commands, done_testing, eq, ok, run, small_data  # noqa: E402

folder = small_data('packed', users=60)
home = os.path.join(TMP, 'ph')
out = os.path.join(TMP, 'm.safetensors')
CODE = {'F32': ('f', 4), 'U32': ('I', 4), 'U8': ('B', 1), 'I8': ('b', 1), 'BF16': ('H', 2), 'U64': ('Q', 8)}


def floats(path):
    """Tensors by name as lists of floats, row after row, with the notes: by the layout alone."""
    with open(path, 'rb') as f:
        raw = f.read()
    n = int.from_bytes(raw[:8], 'little')
    head = json.loads(raw[8:8 + n])
    notes = head.pop('__metadata__')
    t = {}
    for name, e in head.items():
        code, size = CODE[e['dtype']]
        a, b = e['data_offsets']
        v = array.array(code, raw[8 + n + a:8 + n + b])
        ok(v.itemsize == size, name + ': numbers of %d bytes' % size)
        if e['dtype'] == 'BF16':
            v = array.array('f', array.array('I', [x << 16 for x in v]).tobytes())
        t[name] = (e['dtype'], e['shape'], list(v))
    for name in [k for k in t if k + '.scale' in t]:
        kind, shape, v = t[name]
        scale = t[name + '.scale'][2]
        t[name] = (kind, shape, [x * scale[k // shape[1]] for k, x in enumerate(v)])
    return t, notes


models = ['ease', 'spectral dim=8', 'ials dim=16 epochs=3', 'bpr dim=16 epochs=3', 'neumf dim=64 epochs=2',
          'sasrec dim=16 epochs=2', 'cfgan epochs=2', 'towers dim=32 epochs=2', 'item2vec dim=16 epochs=2']
for line in models:
    model = line.split()[0]
    a = answers(folder, *commands('train %s name=%s' % (line, model), 'recommend u1', 'use %s precision=int8' % model,
                                  'recommend u1', 'explain u1 %s' % '1', 'evaluate on=valid', 'similar 1', 'runs',
                                  'use %s precision=f32' % model, 'recommend u1'), home=home)
    trained, whole, packed, few, _, _, _, runs, back, again = a[1:]
    ok(packed['bytes'] < 0.6 * packed['bytes_whole'], '%s: int8 takes %d bytes of %d' %
       (model, packed['bytes'], packed['bytes_whole']))
    eq(packed['measured']['on'], 'valid', '%s: its loss is measured, and on what' % model)
    ok(packed['measured']['users'] == 60 and packed['measured']['packed'] > 0, '%s: by all users of it' % model,
       packed)
    ok(few != whole, '%s: int8 answers with other scores' % model)
    worst = max(abs(x['score'] - y['score']) for x, y in zip(few['items'], whole['items']))
    size = max(abs(x['score']) for x in whole['items'])
    ok(worst < 0.05 * size, '%s: near those of before' % model, worst)
    eq([r['precision'] for r in runs['rows'] if r['run'] == model], ['int8'], '%s: runs tells int8' % model)
    eq(again, whole, '%s: precision=f32 goes back to the same bits' % model)
    once = answers(folder, *commands('use %s precision=int8' % model, 'recommend u1'), home=home)
    eq(once[2], few, '%s: reopened in int8, the same bits' % model)

    for precision, bound in (('f32', 0), ('bf16', 1 / 256), ('int8', 0.51 / 127)):
        e = answers(folder, *commands('export model %s run=%s precision=%s force=yes' % (out, model, precision)),
                    home=home)[1]
        eq(e['precision'], precision, '%s: export tells %s' % (model, precision))
        t, notes = floats(out)
        if precision == 'f32':
            base = t
        eq(notes['model'], model, '%s: the notes name the model' % model)
        eq(json.loads(notes['params']), trained['params'], '%s: and its parameters' % model)
        big = [k for k in t if t[k][0] == {'f32': 'F32', 'bf16': 'BF16', 'int8': 'I8'}[precision] and len(t[k][1]) == 2]
        ok(big != [], '%s: tables in %s' % (model, precision), list(t))
        if model == 'ials' and precision != 'f32':
            continue  # rotated: compared by products below
        for k in big:
            if t[k][1] != base.get(k, [0, 0])[1]:
                continue  # made of more than one table, or with its bias apart
            cols = t[k][1][1]
            was, now = base[k][2], t[k][2]
            off = 0
            for r in range(0, len(was), cols):
                most = max(abs(x) for x in was[r:r + cols]) or 1
                off = max(off, max(abs(x - y) for x, y in zip(was[r:r + cols], now[r:r + cols])) / most)
            ok(off <= bound, '%s in %s: %s within its bound' % (model, precision, k), off)

ids = answers(folder, '-c', 'items')[1]['rows']
crc = zlib.crc32(''.join(r['item'] + '\n' for r in ids).encode())
eq(notes['item_ids_crc32'], '%08x' % crc, 'the ids in the order of the rows have the checksum told')


def products(t):
    n, d = t['item_vectors'][1]
    v = t['item_vectors'][2]
    return [sum(v[i * d + k] * v[j * d + k] for k in range(d)) for i in range(n) for j in range(n)]


answers(folder, *commands('export model %s run=ials force=yes' % out), home=home)
p = products(floats(out)[0])
answers(folder, *commands('export model %s run=ials precision=int8 force=yes' % out), home=home)
q = products(floats(out)[0])
ok(max(abs(x - y) for x, y in zip(p, q)) < 0.02 * max(map(abs, p)), 'ials: rotated vectors have the same products')

# Trained for bf16: kept so, read so, resumed to the same bits.
for line in models[2:]:
    model = line.split()[0]
    a = answers(folder, *commands('train %s name=%s-b precision=bf16' % (line, model), 'recommend u1'), home=home)
    eq(a[1]['precision'], 'bf16', '%s: trained for bf16' % model)
    b = answers(folder, *commands('use %s-b' % model, 'recommend u1', 'export model %s run=%s-b force=yes' %
                                  (out, model)), home=home)
    eq(b[2]['items'], a[2]['items'], '%s: read again, the same scores' % model)
    eq(b[3]['precision'], 'bf16', '%s: exported as it is kept' % model)
    half = os.path.getsize(os.path.join(home, 'runs', model + '-b', 'weights.safetensors'))
    full = os.path.getsize(os.path.join(home, 'runs', model, 'weights.safetensors'))
    ok(half < 0.8 * full, '%s: the file is smaller: %d of %d bytes' % (model, half, full))
    status, _, err = run(folder, '-c', 'use %s-b precision=f32' % model, home=home)
    ok(status == 1 and 'bf16' in err, '%s: what was rounded off is gone' % model, err)
    first = line.replace('epochs=3', 'epochs=1').replace('epochs=2', 'epochs=1')
    answers(folder, *commands('train %s name=%s-r precision=bf16' % (first, model)), home=home)
    c = answers(folder, *commands('train %s resume=%s-r %s' % (model, model, line.split()[-1]), 'recommend u1'),
                home=home)
    eq(c[2]['items'], a[2]['items'], '%s: resumed, the same scores' % model)

for line in ('train popularity precision=bf16', 'train user-knn precision=bf16', 'use popularity#1 precision=int8'):
    status, _, err = run(folder, '-c', line, home=home)
    ok(status == 1 and 'from f32 alone' in err and len(err.splitlines()) == 1, line + ' is refused with the reason', err)
status, _, err = run(folder, '-c', 'use ease precision=int4', home=home)
ok(status == 1 and 'int8' in err, 'an unknown precision names the known', err)
status, _, err = run(folder, '-c', 'export model x.csv run=ease', home=home)
ok(status == 1 and '.safetensors' in err, 'a model is written as .safetensors', err)

# Loss, size and speed stand in the first line, which is what the screen has room for.
for line in ('use ease precision=int8', 'export model %s run=ease precision=int8 force=yes' % out):
    _, text, _ = run(folder, '-c', line, home=home)
    told = re.search(r'^ease (?:answers )?in int8: ndcg@10 [+-]\d+\.\d\d %, (\d+\.\d\d) x smaller, \d+\.\d\d x as fast', text, re.M)
    ok(told and float(told.group(1)) > 3, line + ' tells what it costs and gains', text)

for line in ('similar text=film', 'explain u1 1 by=content'):
    status, _, err = run(folder, *commands('use towers precision=int8', line), home=home)
    ok(status == 1 and 'precision=f32' in err and len(err.splitlines()) == 1, line + ': int8 towers keep no words', err)

# In memory alone: back from int8 without a file.
a = answers('--readonly', folder, *commands('train ials dim=16 epochs=2 name=m', 'recommend u1', 'use m precision=int8',
                                            'use m precision=f32', 'recommend u1'))
eq(a[5], a[2], 'a run in memory goes back too')
# What int8 scores is not written down as the run's own.
answers(folder, *commands('use ease precision=int8', 'evaluate'), home=home)
r = [x for x in answers('-c', 'runs', home=home)[0]['rows'] if x['run'] == 'ease'][0]
eq(r['metrics'], None, 'metrics of int8 are not kept as those of the run')
a = answers(folder, *commands('use ials precision=int8', 'runs', 'compare'), home=home)
of = [[r for r in rows['rows'] if r['run'] == 'ials'][0] for rows in a[2:]]
eq([(r['precision'], r['bytes']) for r in of], [('int8', a[1]['bytes'])] * 2, 'runs and compare tell what answers, and its size')
done_testing()
