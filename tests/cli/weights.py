# SPDX-License-Identifier: GPL-3.0-or-later
"""Weights files read with numpy alone, as whyrec-formats(5) tells, and scores computed from nothing else."""
import json
import os
import shutil
import subprocess
import sys

try:
    import numpy as np
except ImportError:  # the first python3 of the path need not be the one that the system's packages belong to
    def has_numpy(python):
        return not subprocess.run([python, '-c', 'import numpy'], stderr=subprocess.DEVNULL).returncode

    for folder in [*os.get_exec_path(), '/usr/bin']:
        other = shutil.which('python3', path=folder)
        if other and 'WHYREC_NUMPY' not in os.environ and has_numpy(other):
            os.environ['WHYREC_NUMPY'] = other  # looked for once
            os.execv(other, [other, '-B', *sys.argv])
    np = None

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from whyrec import TMP, answers, commands, done_testing, eq, ok, skip, small_data  # noqa: E402

if np is None:
    skip('weights', 'numpy is not here: bootstrap deps installs it')
    done_testing()

KIND = {'F32': '<f4', 'F64': '<f8', 'U32': '<u4', 'U64': '<u8', 'U8': 'u1', 'I8': 'i1', 'BF16': '<u2'}


def read(path):
    """Tensors by name, and the notes.  Every byte of the file belongs to the header or to one tensor."""
    raw = open(path, 'rb').read()
    n = int.from_bytes(raw[:8], 'little')
    head = json.loads(raw[8:8 + n])
    notes = head.pop('__metadata__')
    tensors, ends = {}, 0
    for name, t in sorted(head.items(), key=lambda e: e[1]['data_offsets']):
        a, b = t['data_offsets']
        v = np.frombuffer(raw[8 + n + a:8 + n + b], KIND[t['dtype']]).reshape(t['shape'])
        if a != ends or (8 + n + a) % v.itemsize:
            raise ValueError('%s begins at %d behind %d' % (name, a, ends))
        ends = b
        if t['dtype'] == 'BF16':
            v = (v.astype('<u4') << 16).view('<f4')
        tensors[name] = v
    if 8 + n + ends != len(raw):
        raise ValueError('%d bytes belong to no tensor' % (len(raw) - 8 - n - ends))
    return tensors, notes


def table(t, name):
    """In whatever precision it is kept."""
    return np.float64(t[name]) * np.float64(t[name + '.scale'])[:, None] if name + '.scale' in t else np.float64(t[name])


def popularity(t, p, h, u):
    return np.float64(t['item_score'])


def ease(t, p, h, u):
    return table(t, 'item_item')[h].sum(axis=0)


def item_knn(t, p, h, u):
    ptr, s = t['item_neighbours.ptr'], np.zeros(len(t['item_neighbours.ptr']) - 1)
    for j in h:
        row = slice(int(ptr[j]), int(ptr[j + 1]))
        s[t['item_neighbours.idx'][row]] += t['item_neighbours.val'][row]
    return s


def ials(t, p, h, u):
    """The least squares of the history, Hu, Koren & Volinsky 2008, equation 4."""
    H = table(t, 'item_vectors')
    x, D = H[h], H.shape[1]
    lam = p['lambda'] * (len(h) + p['alpha0'] * len(H)) ** p['nu']
    common = np.diag(np.float64(t['item_common'][:D])) if 'item_common' in t else p['alpha0'] * H.T @ H
    return H @ np.linalg.solve(common + lam * np.eye(D) + x.T @ x, x.sum(axis=0))


def bpr(t, p, h, u):
    return table(t, 'item_vectors') @ table(t, 'user_vectors')[u] + t['item_bias']


def item2vec(t, p, h, u):
    """The cosine to the history's mean."""
    v = table(t, 'item_vectors')
    m = v[h].sum(axis=0)
    return v @ m / np.linalg.norm(m)


def neumf(t, p, h, u):
    """He et al. 2017, equation 12: the product of two vectors beside a perceptron over two others."""
    P, Q, G = table(t, 'users')[u], table(t, 'items'), p['dim']
    a = np.maximum(P[G:] @ table(t, 'layers.1.users') + Q[:, G:] @ table(t, 'layers.1.items') + t['layers.1.bias'], 0)
    for k in range(2, len(p['layers'])):
        a = np.maximum(a @ table(t, 'layers.%d.weight' % k) + t['layers.%d.bias' % k], 0)
    return np.hstack([P[:G] * Q[:, :G], a]) @ t['output.weight'] + t['output.bias']


def spectral(t, p, h, u):
    return table(t, 'item_item')[h].sum(axis=0)


def cfgan(t, p, h, u):
    """Chae et al. 2018: one hidden layer over the history; whole, the outputs' last column is their bias."""
    z = 1 / (1 + np.exp(-table(t, 'generator.in')[h].sum(axis=0) - t['generator.0.bias']))
    if 'generator.out.bias' in t:
        return table(t, 'generator.out') @ z + t['generator.out.bias']
    return table(t, 'generator.out') @ np.append(z, 1)


def towers(t, p, h, u):
    """In fewer bits the items' vectors stand in the file; whole, they are made of their content."""
    if 'item_vectors' not in t:
        return None
    w = t['recency'][0] ** np.arange(len(h))[::-1]
    m = w @ table(t, 'past')[h] / w.sum()
    return table(t, 'item_vectors') @ (table(t, 'users')[u] + m @ table(t, 'history.weight'))


def norm(x, t, name):
    d = x - x.mean(axis=1, keepdims=True)
    return d / np.sqrt((d * d).mean(axis=1, keepdims=True) + 1e-8) * t[name + '.gain'] + t[name + '.bias']


def sasrec(t, p, h, u):
    """Kang & McAuley 2018, the norm before each part: the state after the newest event, by every item."""
    E = table(t, 'items')
    n, D, heads = min(len(h), p['max-len']), E.shape[1], p['heads']
    x = E[h[-n:]] * np.sqrt(D) + table(t, 'positions')[:n][::-1]
    for b in range(p['blocks']):
        at = 'blocks.%d.' % b
        qkv = norm(x, t, at + 'attention.norm') @ table(t, at + 'attention.qkv.weight') + t[at + 'attention.qkv.bias']
        out = np.zeros_like(x)
        for k in range(heads):
            q, key, v = (qkv[:, D * part + k * D // heads:D * part + (k + 1) * D // heads] for part in range(3))
            a = np.where(np.tri(n, dtype=bool), q @ key.T / np.sqrt(D / heads), -np.inf)
            a = np.exp(a - a.max(axis=1, keepdims=True))
            out[:, k * D // heads:(k + 1) * D // heads] = a / a.sum(axis=1, keepdims=True) @ v
        x = x + out
        f = norm(x, t, at + 'feed.norm') @ table(t, at + 'feed.1.weight') + t[at + 'feed.1.bias']
        x = x + np.maximum(f, 0) @ table(t, at + 'feed.2.weight') + t[at + 'feed.2.bias']
    return E @ norm(x, t, 'norm')[-1]


folder = small_data('numpy', users=60)
home = os.path.join(TMP, 'numpy-home')
out = os.path.join(TMP, 'numpy.safetensors')
users, items, person = answers(folder, *commands('users', 'items', 'user u5'))[1:]
ids = [r['item'] for r in items['rows']]
history = [ids.index(e['item']) for e in person['history'] if e['part'] != 'test']
user = [r['user'] for r in users['rows']].index('u5')
ok(len(ids) == items['total'] and len(history) > 4, 'all items are listed, the history is read')
MODELS = {'popularity': popularity, 'ease lambda=5': ease, 'item-knn neighbours=9': item_knn, 'ials dim=12 epochs=3': ials,
          'bpr dim=12 epochs=3': bpr, 'neumf dim=8 layers=16,8,4 epochs=2': neumf, 'item2vec dim=12 epochs=2': item2vec,
          'spectral dim=4': spectral, 'towers dim=8 epochs=2': towers, 'cfgan layers=16 epochs=2': cfgan,
          'sasrec dim=12 heads=2 max-len=5 epochs=3': sasrec}


def scores_agree(path, model, formula, params, listed, within, name):
    t, notes = read(path)
    eq(notes['model'], model, '%s: the notes name the model' % name)
    s = formula(t, params, history, user)
    if s is None:
        ok(all(np.isfinite(v).all() for v in t.values()), '%s: every tensor is read, all numbers' % name, list(t))
        return
    size = np.abs(s).max()
    left = [i for i in range(len(ids)) if i not in history]
    ok(len(listed['items']) > 10 and size > 0, '%s: there is something to compare' % name)
    off = max(abs(s[ids.index(r['item'])] - r['score']) for r in listed['items']) / size
    ok(off < within, '%s: the listed scores are those of the tensors' % name, off)
    best = max(s[i] for i in left)
    ok(s[ids.index(listed['items'][0]['item'])] > best - within * size, '%s: and the first is the best' % name, best)


for line, formula in MODELS.items():
    model = line.split()[0]
    _, trained, listed = answers(folder, *commands('train %s name=%s' % (line, model), 'recommend u5 k=100'), home=home)
    scores_agree(os.path.join(home, 'runs', model, 'weights.safetensors'), model, formula, trained['params'], listed,
                 1e-5, model)
    if model in ('popularity', 'item-knn'):
        continue
    # What the rounding of the query to 15 bits, or of sums to float, may differ by; the tensors are those scored from.
    for precision, within in (('bf16', 1e-5), ('int8', 1e-4)):
        told = answers(folder, *commands('use %s precision=%s' % (model, precision), 'recommend u5 k=100', 'export model '
                                         '%s precision=%s force=yes' % (out, precision)), home=home)
        scores_agree(out, model, formula, trained['params'], told[2], within, '%s in %s' % (model, precision))

answers(folder, *commands('train user-knn name=user-knn'), home=home)
t, notes = read(os.path.join(home, 'runs', 'user-knn', 'weights.safetensors'))
ok(notes['model'] == 'user-knn' and t['train.idx'].max() < len(ids), 'user-knn: the events are read', list(t))
done_testing()
