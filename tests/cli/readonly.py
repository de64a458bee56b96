# SPDX-License-Identifier: GPL-3.0-or-later
"""Demo mode.  --readonly: every command of the table, and the file system is as before.  set redact on: no id is
printed, by any command, as text or as JSON, and the same id keeps its mask."""
import hashlib
import json
import os
import re
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from whyrec import TMP, answers, commands, done_testing, eq, ok, run, write  # noqa: E402

rows, t = ['user,item,rating,timestamp'], 0
for u in range(24):
    for k in range(7):
        t += 60
        rows.append('usr_%02d,itm_%02d,%d,%d' % (u, (u * 5 + k * k * 3) % 16, 1 + (u + k) % 5, 1000000000 + t))
folder = os.path.dirname(write('demo/events.csv', '\n'.join(rows) + '\n'))
write('demo/items.csv', 'item,title,tags\n' + ''.join('itm_%02d,%s,%s\n' % (i, 'Film %d' % i if i % 2 else '', 'ab'[i % 2])
                                                      for i in range(16)))
write('demo/friends.csv', 'user,friend\n' + ''.join('usr_%02d,usr_%02d\n' % (u, u + 1) for u in range(23)))
home = os.path.join(TMP, 'kept')
answers(folder, *commands('train ease', 'train ials name=mine dim=4 epochs=2', 'evaluate ease#1'), home=home)
new, given = os.path.join(TMP, 'new'), os.path.join(TMP, 'given.safetensors')
answers(folder, '-c', 'export model %s run=mine' % given, home=home)

# One or more uses of each command; True: --readonly must refuse it.
USES = {
    'load': [('load %s' % folder, False)], 'split': [('split ratio', False)], 'generate': [('generate %s' % new, True)],
    'export': [('export %s %s%s' % (what, new, end), True) for what, end in (
        ('recommendations', '.csv'), ('split', ''), ('rejected', '.csv'), ('vectors', '.npy'), ('metrics', '.csv'), ('comparison', '.csv'),
        ('curves', '.csv'), ('map', '.csv'), ('report', '.html'))],
    'import': [('import model %s' % given, True)],
    'models': [('models', False)], 'params': [('params ease', False)],
    'train': [('train ials dim=4 epochs=3', False), ('train ease name=mine replace=yes', True),
              ('train ials resume=mine epochs=5', True)],
    'tune': [('tune ials trials=2 dim=2..4 epochs=2', False)],
    'runs': [('runs', False)], 'use': [('use mine', False)], 'delete': [('delete ease#1', True)],
    'evaluate': [('evaluate mine ease#1', False), ('evaluate sampled=5', False)], 'compare': [('compare', False)], 'apart': [('apart', None)],
    'recommend': [('recommend usr_03', False), ('recommend history=itm_01,itm_04 as=usr_02', False)],
    'similar': [('similar itm_02 by=behaviour', False)], 'near': [('near itm_02 itm_03', False)], 'explain': [('explain usr_03 itm_01 run=mine', False)],
    'whatif': [('whatif usr_03 +itm_01 run=mine', False)],
    'overlap': [('overlap usr_03 with=mine run=ease#1', False)],
    'rerank': [('rerank mine weights=0,0.5', False)],
    'stability': [('stability usr_03 itm_01 run=mine seeds=2', False)],
    'persona': [('persona save prs_01 usr_03', False), ('persona save prs_01 history=itm_01 as=usr_02 replace=yes', False),
                ('persona use prs_01', None)], 'personas': [('personas', False)],
    'whynot': [('whynot usr_03 itm_01 run=mine', False)],
    'odd': [('odd', False)],
    'users': [('users', False)], 'items': [('items', False)], 'user': [('user usr_03', False)],
    'item': [('item itm_02', False)], 'jobs': [('jobs', False)],
    'pause': [('pause 99', None)], 'resume': [('resume 99', None)], 'cancel': [('cancel 99', None)],
    'journal': [('journal', False), ('journal save %s.why' % new, True)],
    'set': [('set k 3', False), ('set log %s.log' % new, True)],
    'help': [('help', False)], 'quit': [('quit', False)],
}


def listing():
    found = []
    for top in {os.environ['HOME'], TMP, os.environ['XDG_CONFIG_HOME'], os.environ['XDG_DATA_HOME'],
                os.environ['XDG_STATE_HOME'], os.environ['XDG_CACHE_HOME']}:
        for at, folders, files in os.walk(top):
            for name in folders + files:
                path = os.path.join(at, name)
                st = os.lstat(path)
                content = hashlib.sha1(open(path, 'rb').read()).hexdigest() if os.path.isfile(path) else ''
                found.append((path, st.st_mode, st.st_size if content else 0, st.st_mtime_ns, content))
    return sorted(found)


table = [row['name'] for row in answers('-c', 'help')[0]['rows']]
eq(sorted(set(table) - set(USES)), [], 'each command is tried')
os.chdir(TMP)
before = listing()
ok(len(before) > 10, 'there is something to leave as it is')
for name in table:
    for line, refused in USES.get(name, []):
        status, out, err = run('--readonly', folder, '-c', line, home=home)
        if refused is None:
            continue
        ok(status == (1 if refused else 0) and ('readonly' in err) == refused,
           '--readonly %s: %s' % ('refuses' if refused else 'does', line.replace(TMP, '')), err)
after = listing()
eq([x for x in after if x not in before] + [x for x in before if x not in after], [], 'and the file system is as before')
fresh = os.path.join(TMP, 'no', 'home')
a = answers('--readonly', folder, *commands('train ease', 'recommend usr_01', 'delete ease#1'), home=fresh)
ok(a[2]['run'] == 'ease#1' and not os.path.exists(os.path.join(TMP, 'no')), 'runs live and go in memory, without a home')
run(folder, '-c', 'users', home=home)
ok(listing() != before, 'what a run without --readonly leaves is seen')

# --- set redact on ---------------------------------------------------------------------------------------------
ID = re.compile(r'(usr|itm|prs)_\d\d')
asked = [line for name in table for line, refused in USES[name] if refused is False and name not in ('load', 'split', 'journal', 'quit')]
for form in ([], ['--json']):
    status, out, err = run('--readonly', *form, folder, '-c', 'set redact on', *commands(*asked), home=home)
    leaks = [x for x in (out + err).splitlines() if ID.search(x)]
    ok(status == 0 and not leaks, 'masked ids are nowhere in %s' % (form or 'text'), leaks[:3] + [err])
    ok(re.search(r'\bu~\d+', out) and re.search(r'\bi~\d+', out) and re.search(r'\bp~\d+', out), 'their masks are')
a = answers(folder, *commands('set redact on', 'recommend usr_03', 'user usr_03', 'users', 'user usr_04', 'set redact off',
                              'users', 'set redact on', 'user usr_03'), home=home)
eq((a[2]['user'], a[9]['user']), (a[3]['user'],) * 2, 'an id keeps its mask')
ok(a[3]['user'] != a[5]['user'] and a[3]['friends'].count(a[5]['user']) == 1, 'another has another, wherever it stands')
eq(len({r['user'] for r in a[4]['rows']}), 24, 'no two share one')
eq([r['user'] for r in a[7]['rows']], ['usr_%02d' % u for u in range(24)], 'and off is off')
ok([r['user'] for r in a[4]['rows']] != ['u~%d' % (u + 1) for u in range(24)], 'masks do not follow the order')
b = answers(folder, *commands('set redact on', 'users'), home=home)
ok([r['user'] for r in a[4]['rows']] != [r['user'] for r in b[2]['rows']], 'another session has others')
status, out, err = run(folder, *commands('set redact on', 'journal'), home=home)
ok(status == 1 and 'redact off' in err, 'the journal is not shown', err)
answers(folder, *commands('set redact on', 'export recommendations %s.csv k=1' % new), home=home)
ok(ID.search(open(new + '.csv').read()) and 'u~' not in open(new + '.csv').read(), 'files keep the ids')
done_testing()
