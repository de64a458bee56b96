# SPDX-License-Identifier: GPL-3.0-or-later
"""rewards.py - does compare rewards=yes find what was planted, and deny what was not?

    make bench-rewards                              24 sets of 1,500 users, 800 items, 40,000 events
    make bench-rewards BENCH='--order 0.1 --sets 8' weaker, fewer

Order, text and friends are planted or not, in all eight ways, in turn; every set has a seed of its own.  Told is how
often each was found (yes), denied (no) or not told.  Text counts by new items, friends by new people, where a
model that knows a person or an item from its events can still gain; the figures for all are told beside.
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
parser.add_argument('--sets', type=int, default=24)
parser.add_argument('--users', type=int, default=1500)
parser.add_argument('--items', type=int, default=800)
parser.add_argument('--events', type=int, default=40000)
parser.add_argument('--order', type=float, default=0.3)
parser.add_argument('--text', type=float, default=1)
parser.add_argument('--social', type=float, default=1)
parser.add_argument('--seed', type=int, default=100)
options = parser.parse_args()


def measured(seed, planted):
    folder = os.path.join(WORK, 'rewards')
    words = ' '.join('%s=%g' % (k, v) for k, v in planted.items())
    argv = [WHYREC, '--json', '--home', os.path.join(WORK, 'rewards.home.%d' % os.getpid()), '--readonly']
    made = [WHYREC, '-c', 'generate %s users=%d items=%d events=%d noise=0.1 seed=%d %s' % (
        folder, options.users, options.items, options.events, seed, words)]
    if subprocess.run(made, stdout=subprocess.DEVNULL, check=False).returncode:
        sys.exit('bench: %s' % made)
    out = subprocess.run(argv + [folder, '-c', 'compare popularity share=0 users=1 cold=no rewards=yes'],
                         stdout=subprocess.PIPE, check=True).stdout.decode()
    return {r['what']: r for line in out.splitlines() for r in json.loads(line).get('rewards', [])}


EVIDENCE = {'order': ['order'], 'text': ['text of new items', 'text'], 'social': ['friends of new people', 'friends']}
table = collections.Counter()
for n in range(options.sets):
    planted = {name: getattr(options, name) if n >> bit & 1 else 0 for bit, name in enumerate(EVIDENCE)}
    told = measured(options.seed + n, planted)
    for name, value in planted.items():
        for what in EVIDENCE[name]:
            table[what, value > 0, told[what]['rewarded']] += 1
    print('%2d %s: %s' % (n + 1, ' '.join('%s=%g' % p for p in planted.items()), ', '.join(
        '%s %s (%+.0f%%)' % (w, told[w]['rewarded'], 100 * (told[w]['with'] / told[w]['without'] - 1))
        for whats in EVIDENCE.values() for w in whats)), flush=True)

print('\n%-24s %-12s %5s %5s %9s' % ('', '', 'yes', 'no', 'not told'))
for whats in EVIDENCE.values():
    for what in whats:
        for there in (True, False):
            print('%-24s %-12s %5d %5d %9d' % ((what, 'planted' if there else 'not planted') + tuple(
                table[what, there, t] for t in ('yes', 'no', 'not told'))))
