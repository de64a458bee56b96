# SPDX-License-Identifier: GPL-3.0-or-later
"""rewards.py - does compare rewards=yes find what was planted, and deny what was not?

    make bench-rewards                        24 sets: three blocks of eight, of other sizes and strengths
    make bench-rewards BENCH='--block 1'      one of the blocks
    make bench-rewards BENCH='--seed 7000'    other sets

Order, text and friends are planted or not, in all eight ways, in turn; every set has a seed of its own.  Told is how
often each was found (yes, or a little), denied (no) or not told.  Text counts by new items, friends by new people,
where a model that knows a person or an item from its events can still gain; the figures for all are told beside.
"""
import argparse
import collections
import json
import os
import subprocess
import sys

BUILD = os.environ['top_builddir']
WHYREC = os.path.join(BUILD, 'whyrec')
WORK = os.path.join(BUILD, 'bench.data')

parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument('--block', type=int, choices=(0, 1, 2))
parser.add_argument('--seed', type=int, default=4000)
options = parser.parse_args()
SIZE = ('users=1500 items=800 events=40000 noise=0.1', 'users=700 items=400 events=15000 noise=0.1',
        'users=1000 items=1200 events=30000 noise=0.2')
STRENGTH = ({'order': 0.3, 'text': 1, 'social': 1}, {'order': 0.1, 'text': 1, 'social': 1},
            {'order': 0.1, 'text': 0.7, 'social': 0.7})


def measured(block, seed, planted):
    mine = os.path.join(WORK, 'rewards.%d' % os.getpid())
    folder = os.path.join(mine, 'data')
    words = ' '.join('%s=%g' % (k, v) for k, v in planted.items())
    argv = [WHYREC, '--json', '--home', os.path.join(mine, 'home'), '--readonly']
    made = [WHYREC, '-c', 'generate %s %s seed=%d %s' % (folder, SIZE[block], seed, words)]
    if subprocess.run(made, stdout=subprocess.DEVNULL, check=False).returncode:
        sys.exit('bench: %s' % made)
    out = subprocess.run(argv + [folder, '-c', 'compare popularity share=0 users=1 cold=no rewards=yes'],
                         stdout=subprocess.PIPE, check=True).stdout.decode()
    return {r['what']: r for line in out.splitlines() for r in json.loads(line).get('rewards', [])}


EVIDENCE = {'order': ['order'], 'text': ['text of new items', 'text'], 'social': ['friends of new people', 'friends']}
table = collections.Counter()
for n in range(24) if options.block is None else range(8 * options.block, 8 * options.block + 8):
    planted = {name: STRENGTH[n // 8][name] if n >> bit & 1 else 0 for bit, name in enumerate(EVIDENCE)}
    told = measured(n // 8, options.seed + n, planted)
    for name, value in planted.items():
        for what in EVIDENCE[name]:
            table[what, value > 0, told[what]['rewarded']] += 1
    print('%2d %s: %s' % (n + 1, ' '.join('%s=%g' % p for p in planted.items()), ', '.join(
        '%s %s (%+.0f%%)' % (w, told[w]['rewarded'], 100 * (told[w]['with'] / told[w]['without'] - 1))
        for whats in EVIDENCE.values() for w in whats)), flush=True)

print('\n%-24s %-12s %5s %7s %5s %9s' % ('', '', 'yes', 'little', 'no', 'not told'))
for whats in EVIDENCE.values():
    for what in whats:
        for there in (True, False):
            print('%-24s %-12s %5d %7d %5d %9d' % ((what, 'planted' if there else 'not planted') + tuple(
                table[what, there, t] for t in ('yes', 'little', 'no', 'not told'))))
