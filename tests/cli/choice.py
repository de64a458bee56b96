# SPDX-License-Identifier: GPL-3.0-or-later
"""recommend only= and not=: by tags and by files of ids, alone and together; and what is none of them."""
import csv
import json
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from whyrec import TMP, answers, commands, done_testing, eq, ok, run  # noqa: E402

home = os.path.join(TMP, 'home')
sample = os.path.join(os.environ['top_srcdir'], 'data', 'films')
with open(os.path.join(sample, 'items.csv'), newline='', encoding='utf-8') as f:
    tags = {r['item']: set(r['tags'].split('|')) for r in csv.DictReader(f)}
crime = {i for i, t in tags.items() if 'Crime' in t}
space = {i for i, t in tags.items() if 'Space' in t}
some = sorted(crime)[:5] + sorted(space)[:5]
path = os.path.join(TMP, 'some ids')
with open(path, 'w', encoding='ascii', newline='') as f:
    f.write('\r\n'.join(some + ['', 'no-such-item']))


def lists(*words):
    a = answers(sample, *commands('train ease', *['recommend u1 k=800 ' + w for w in words]), home=home)
    return [([r['item'] for r in x['items']], x['candidates']) for x in a[2:]]


whole, only, case, either, none, both, listed, unlisted = lists(
    '', 'only=Crime', 'only=cRIME', 'only=Crime,Space', 'not=Crime', 'only=Crime not=Space',
    "only='%s'" % path, "not='%s' only=Crime,'%s'" % (path, path))
ok(len(crime) > 20 and len(space) > 20 and crime & space != crime, 'the sample has tags enough')
eq(only[0], [i for i in whole[0] if i in crime], 'only=TAG: its items, in the order of the whole list')
eq(case[0], only[0], 'whatever the case')
eq(either[0], [i for i in whole[0] if i in crime | space], 'only=TAG,TAG: the items of either')
eq(none[0], [i for i in whole[0] if i not in crime], 'not=TAG: all others')
eq(both[0], [i for i in whole[0] if i in crime - space], 'both')
eq(listed[0], [i for i in whole[0] if i in some], 'only=FILE: the ids it lists')
eq(unlisted[0], [i for i in whole[0] if i in crime - set(some)], 'a tag and a file; what is barred stays barred')
eq((whole[1], only[1], none[1]), (len(tags), len(crime), len(tags) - len(crime)), 'candidates are counted')

given = answers(sample, '-c', 'train ease', '-c', 'recommend history=%s only=Space k=3' % some[0], home=home)[-1]
ok(len(given['items']) == 3 and all(r['item'] in space for r in given['items']), 'for a history that is given, too')


def refused(words):
    status, out, err = run('--json', sample, '-c', 'recommend u1 ' + words, home=home)
    return status, json.loads(out.splitlines()[-1])['error']['message']


status, message = refused('only=Crimes')
ok(status == 1 and 'did you mean Crime?' in message, 'a tag that is none: the nearest', message)
status, message = refused("not='%s'" % sample)
ok(status == 1 and 'no tag and no file' in message, 'a folder is none', message)
with open(path + '2', 'w', encoding='ascii') as f:
    f.write('x\ny\n')
status, message = refused("only='%s2'" % path)
ok(status == 1 and 'none of its lines' in message, 'a file without a known id', message)
status, message = refused('only=Crime,,Space')
ok(status == 1 and 'only=' in message, 'a hole in the list', message)
status, out, err = run(sample, '-c', "recommend u1 only='%s'" % path, home=home)
ok('1 ids are unknown to the data, 10 known' in out, 'unknown ids are told', out)
done_testing()
