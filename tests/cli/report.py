# SPDX-License-Identifier: GPL-3.0-or-later
"""export report: one well-formed page that asks nothing of anywhere, whose figures are those of the commands, and
where data are text, whatever they are made of."""
import csv
import html.parser
import os
import re
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from whyrec import TMP, answers, commands, done_testing, eq, ok, run, write  # noqa: E402

VOID = {'meta', 'br', 'circle', 'line', 'rect', 'path'}  # of HTML; the last four as SVG has them, closed by />
KNOWN = VOID | {'html', 'head', 'title', 'style', 'body', 'header', 'section', 'div', 'h1', 'h2', 'h3', 'p', 'a', 'span',
                'table', 'thead', 'tbody', 'tr', 'th', 'td', 'figure', 'figcaption', 'svg', 'text'}
PARENTS = {'tr': {'thead', 'tbody'}, 'td': {'tr'}, 'th': {'tr'}, 'thead': {'table'}, 'tbody': {'table'}, 'text': {'svg'},
           'figcaption': {'figure'}, 'section': {'body'}, 'head': {'html'}, 'body': {'html'}}


class Page(html.parser.HTMLParser):
    def __init__(self, source):
        super().__init__(convert_charrefs=True)
        self.open, self.wrong, self.ids, self.links, self.data, self.row = [], [], [], [], [], 0
        self.cells, self.columns = 0, None
        if not source.startswith('<!DOCTYPE html>\n<html lang="en">'):
            self.wrong.append('no doctype or no language')
        if re.search(r'&(?!amp;|lt;|gt;|quot;|#39;)', source):
            self.wrong.append('a bare &')
        if re.search(r'(?i)url\(|@import|https?:|src=|javascript:|[\0-\10\13-\37]', source):
            self.wrong.append('something from elsewhere, or a control character')
        self.feed(source)
        self.close()
        self.wrong += ['not closed: ' + x for x in self.open]

    def handle_starttag(self, tag, attrs):
        self.begin(tag, attrs)
        if tag in VOID and tag not in ('meta', 'br'):
            self.wrong.append('%s is left open' % tag)
        if tag not in VOID:
            self.open.append(tag)
        if tag == 'table':
            self.columns = None
        if tag == 'tr':
            self.cells = 0

    def handle_startendtag(self, tag, attrs):
        self.begin(tag, attrs)
        if tag not in VOID or tag in ('meta', 'br'):
            self.wrong.append('%s closes itself' % tag)

    def begin(self, tag, attrs):
        if tag not in KNOWN:
            self.wrong.append('unknown tag ' + tag)
        if len(dict(attrs)) != len(attrs):
            self.wrong.append('an attribute twice in ' + tag)
        if tag in PARENTS and (not self.open or self.open[-1] not in PARENTS[tag]):
            self.wrong.append('%s in %s' % (tag, self.open[-1:]))
        self.cells += tag in ('td', 'th')
        for name, value in attrs:
            if name not in ('lang', 'charset', 'http-equiv', 'content', 'name', 'id', 'class', 'href', 'scope', 'role',
                            'aria-label', 'viewbox', 'd', 'text-anchor', 'x', 'y', 'x1', 'x2', 'y1', 'y2', 'cx', 'cy', 'r',
                            'width', 'height'):
                self.wrong.append('attribute ' + name)
            if name in ('x', 'y', 'x1', 'x2', 'y1', 'y2', 'cx', 'cy', 'r', 'width', 'height') and \
                    not re.fullmatch(r'-?\d+(\.\d+)?', value):
                self.wrong.append('%s=%s' % (name, value))
            if name == 'd' and not re.fullmatch(r'M[\d.-]+ [\d.-]+(L[\d.-]+ [\d.-]+)*', value):
                self.wrong.append('d=' + value[:60])
            if name == 'id':
                self.ids.append(value)
            if name == 'href':
                self.links.append(value)

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.wrong.append('</%s> closes something else at %s' % (tag, self.getpos()))
        if tag == 'tr':
            if self.columns not in (None, self.cells):
                self.wrong.append('a row of %d cells among rows of %d at %s' % (self.cells, self.columns, self.getpos()))
            self.columns = self.cells

    def handle_data(self, data):
        if self.open and self.open[-1] != 'style' and data.strip():
            self.data.append(data)


def check(source, name):
    page = Page(source)
    if len(set(page.ids)) != len(page.ids):
        page.wrong.append('ids twice')
    page.wrong += ['a link to nowhere: ' + x for x in page.links if x[0] != '#' or x[1:] not in page.ids]
    ok(not page.wrong, name + ' is well formed', page.wrong[:5])
    return page


# The checks can fail.
for bad in ('<p>', '<b>x</b>', '<p id="a"></p><p id="a"></p>', '<a href="http://x/">x</a>', '<p>a & b</p>', '<td>x</td>',
            '<a href="#nowhere">x</a>', '<p class="a" class="b">x</p>', '<svg><path d="M0 nan"/></svg>', '<p/>',
            '<table><tbody><tr><td>1</td></tr><tr><td>1</td><td>2</td></tr></tbody></table>'):
    page = Page('<!DOCTYPE html>\n<html lang="en"><body>%s</body></html>' % bad)
    ok(page.wrong or len(set(page.ids)) != len(page.ids) or any(x[1:] not in page.ids for x in page.links),
       'the check refuses ' + bad)

NASTY = '</title></style><script>alert(1)</script>&amp; "q" \'a\' \u202e\x1b[31m<b>'
rows = ['user,item,rating,timestamp']
for u in range(30):
    for k in range(8):
        rows.append('%s,i%d,%d,%d' % ('"<u>&""3"" "' if u == 3 else 'u%d' % u, (u * 5 + k * k * 3) % 17, 1 + (u + k) % 5,
                                      1000000000 + 100 * u + k))
folder = os.path.dirname(write('a <b> & "c"/events.csv', '\n'.join(rows) + '\nu1,i1,nonsense,5\n'))
write('a <b> & "c"/items.csv', 'item,title\n' + ''.join('i%d,"%s"\n' % (i, NASTY.replace('"', '""') if i % 2 else 'Film %d' % i)
                                                        for i in range(17)))
quoted = "'%s'" % folder
out, plain = os.path.join(TMP, 'r.html'), os.path.join(TMP, 'p.html')
a = answers(*commands(
    'load %s max-bad=50%%' % quoted, 'export report %s' % plain, 'train ials dim=4 epochs=6 patience=0 name="<run> &1"',
    'train bpr dim=4 epochs=4 patience=0', 'train ease', 'export report %s users=u1,\'<u>&"3" \' k=4' % out, 'compare',
    'recommend u1 k=4', 'explain u1 i2 k=6', 'use "<run> &1"'))
eq((a[5]['what'], a[5]['rows']), ('report', 2), 'export report tells how many users are told')
page = check(open(plain, encoding='utf-8').read(), 'a report without a training')
ok(sum(x.startswith('user-') for x in page.ids) == 3, 'three users where none are chosen', page.ids)
source = open(out, encoding='utf-8').read()
page = check(source, 'a report of nasty data')
text = ' '.join(page.data)
ok('<script' not in source and '<script>alert(1)</script>&amp; "q"' in text, 'data are text')
ok('\u202e' not in source and '\x1b' not in source, 'without what turns or steers a line')
ok('User <u>&"3" ' in text and '<run> &1' in text and 'a <b> & "c"' in text, 'ids, runs and names are whole')
for row in a[6]['rows']:
    ok('%.4f' % row['value'] in text and '[%.4f, %.4f]' % (row['low'], row['high']) in text,
       'the metric of %s is that of compare' % row['run'])
for row in a[7]['items']:
    ok('%.4g' % row['score'] in text, 'rank %d is that of recommend' % row['rank'])
eq(source.count(': loss</figcaption>'), 2, 'curves of what was trained in epochs')
eq(source.count('id="user-'), 2, 'the users that were chosen')
best = a[7]['items'][0]
e = answers(*commands('load %s max-bad=50%%' % quoted, 'use ease#1', "explain u1 '%s' k=6" % best['item']))[2]
ok(all('%+.4f' % p['value'] in text for p in e['parts']), 'reasons are those of explain', e['parts'])
ok('could not be read' in text and '1 rows could not be read' in text, 'what was rejected is counted')

b = answers(*commands('set redact on', 'load %s max-bad=50%%' % quoted, 'export report %s force=yes' % out))
masked = check(open(out, encoding='utf-8').read(), 'a report with masks')
ok(re.search(r'User u~\d+', ' '.join(masked.data)) and not re.search(r'User u\d', ' '.join(masked.data)), 'ids are masked')
# What was compared: the page, a CSV and the JSON have the same figures.
page_of, table = os.path.join(TMP, 'c.html'), os.path.join(TMP, 'c.csv')
a = answers(*commands('load %s max-bad=50%%' % quoted, 'compare popularity item-knn ease share=50 noise=10% users=5 scenario=films',
                      'export comparison %s' % table, 'export report %s' % page_of))
told, source = a[1], open(page_of, encoding='utf-8').read()
page = check(source, 'a report with a comparison')
shown = ' '.join(page.data)
ok(all(s in shown for s in told['verdict']) and 'Scenario films' in shown, 'the verdict stands on the page, each sentence', told['verdict'])
eq(source.count('<figcaption>ndcg@10'), 2, 'cost and learning curves')
rows = list(csv.DictReader(open(table, encoding='utf-8', newline='')))
eq((a[2]['rows'], [r['run'] for r in rows]), (3, [r['run'] for r in told['rows']]), 'a row for each run, in its order')
for got, want in zip(rows, told['rows']):
    half = [s for s in want['shares'] if s['share'] == 0.5][0]
    figures = {'value': want['value'], 'low': want['low'], 'ms_p99': want['ms_p99'], 'noise_value': want['noise']['value'],
               'share_50': half['value'], 'recall@20': want['metrics']['recall@20']}
    figures.update((s['name'], s['value']) for s in want['slices'])
    ok(all(abs(float(got[k]) - v) < 1e-8 for k, v in figures.items()), '%s: the figures of the JSON' % got['run'], (got, figures))
    ok(all('>%.4f<' % v in source for v in figures.values()), 'and on the page')
ok('nothing was compared' in ' '.join(check(open(plain, encoding='utf-8').read(), 'without one').data).lower(), 'where nothing was compared it says so')
for line, why in (('export comparison %s/none.csv' % TMP, 'compare comes first'), ('export report x.txt', '.html'), ('export report %s' % out, 'force=yes'),
                  ('export report y.html users=nobody', 'nobody'), ('export report y.html users=u1,,u2', 'empty element')):
    status, stdout, err = run(folder, '-c', line)
    ok(status == 1 and why in err, 'refused: ' + line.replace(TMP, ''), err)
ok(not os.path.exists('y.html'), 'and nothing is left behind')
done_testing()
