# SPDX-License-Identifier: GPL-3.0-or-later
"""Numbers are read and written with a point under a locale that writes a comma."""
import os
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from whyrec import TMP, answers, commands, done_testing, eq, ok, run, small_data  # noqa: E402

where = os.path.join(TMP, 'locale')
os.makedirs(where, exist_ok=True)
built = shutil.which('localedef') and subprocess.run(
    ['localedef', '-f', 'UTF-8', '-i', 'de_DE', os.path.join(where, 'de_DE.UTF-8')], capture_output=True).returncode in (0, 1) \
    and os.path.isdir(os.path.join(where, 'de_DE.UTF-8'))
if not built:
    print('1..0 # SKIP no comma locale can be built: localedef or its sources are missing')
    raise SystemExit(0)
comma = {'LC_ALL': 'de_DE.UTF-8', 'LOCPATH': where}
probe = subprocess.run(['awk', 'BEGIN { printf "%.1f", 0.5 }'], capture_output=True, env=dict(os.environ, **comma))
folder = small_data('loc')
lines = commands('load ' + folder, 'train ials dim=4 epochs=2 lambda=0.25 refit=no', 'recommend u1 k=3',
                 'evaluate k=10', 'export recommendations %s/r.csv force=yes' % TMP)


def told(env):
    a = answers(*lines, env=env, home=os.path.join(TMP, 'lh' + env.get('LC_ALL', '')))
    for x in a:
        for key in ('seconds', 'seconds_per_epoch', 'told', 'peak_bytes'):
            x.pop(key, None)
        for row in x.get('results', []):
            row.pop('seconds', None)
    with open(TMP + '/r.csv') as f:
        return a, f.read()


eq(told(comma), told({}), 'the same JSON and the same CSV')
status, out, err = run(folder, '-c', 'train ials lambda=0,25', env=comma)
ok(status == 1, '0,25 is no number', err)
status, out, err = run(folder, '-c', 'recommend u1', env=comma)
ok('.0000' in out, 'text has points too', out)
done_testing()
