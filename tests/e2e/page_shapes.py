#!/usr/bin/env python3
"""What docs/page.md promises of the commands that the page reads, held: every
key that it names is there, in both languages; and what a page relies on:
paging that neither repeats nor skips, counts that are those of the lists, a
version that changes with what it names, one start of the page that is small.
"""
import gzip
import json
import re

from lib_world import (BIN, COMMUNITY, GRID, PHOTOS, SOURCE, Case, main, need,
                       run)

LANSHAN = SOURCE / 'tests/data/lanshan'
DOC = (SOURCE / 'docs/page.md').read_text(encoding='utf-8')
START_BYTES = 60000  # of describe, gzipped
FIELD_KEYS = {'name', 'zh', 'en', 'type', 'many', 'needed', 'personal',
              'machine', 'by_move', 'choices', 'least', 'most', 'refers',
              'code'}
ROW_KEYS = {'id', 'number', 'kind', 'status', 'withdrawn', 'conflicts',
            'records', 'delivery', 'created', 'photos', 'clock', 'author',
            'title', 'short', 'position', 'thumb', 'fields', 'names'}
NOTICE = ('notice', 'title=防汛', 'text=今夜有雨')


def zh(agent, *words):
    """The lines of an answer in Chinese."""
    return need(run(BIN / 'xunge', '--home', agent.home, '--lang', 'zh',
                    '--json', *words)).json()


def promised(command):
    """The keys that the page's contract names behind a command."""
    at = DOC.index(command)
    return set(re.findall(r'"([a-z_]+)"', DOC[at:DOC.index('\n\n', at)]))


class Shapes(Case):
    WORKERS = [('wa', 'worker', GRID), ('wb', 'community', COMMUNITY)]

    def setUp(self):
        super().setUp()
        for kind in ('catalogue', 'hours', 'levels', 'duty', 'labels'):
            self.world.do(kind, 'import', LANSHAN / (kind + '.csv'))
        self.world.do('templates', 'import', LANSHAN / 'templates.json')
        self.settle()

    def has(self, keys, found):
        self.assertEqual(set(keys) - set(found), set())

    # ---- describe ----

    def test_describe(self):
        self.check_description()
        self.check_version()

    def check_description(self):
        told = self.a.one('describe')
        self.has({'program', 'version', 'kinds', 'statuses', 'moves', 'needs',
                  'stages', 'roles', 'photo_roles', 'photo_origins',
                  'photo_places', 'deliveries', 'doubts', 'effects', 'lights',
                  'gap_causes', 'site', 'me'}, told)
        for kind in told['kinds']:
            self.has({'name', 'zh', 'en', 'captured', 'statuses', 'first',
                      'more', 'fields'}, kind)
            for field in kind['fields']:
                self.assertEqual(set(field), FIELD_KEYS)
            names = {f['name'] for f in kind['fields']}
            self.assertLessEqual(set(kind['first'] + kind['more']), names)
        fields = {f['name'] for k in told['kinds'] for f in k['fields']}
        for move in told['moves']:
            for way in move['ways']:
                self.has({'from', 'to', 'who', 'needs', 'fields', 'photos',
                          'stage'}, way)
                self.assertLessEqual({f['field'] for f in way['fields']},
                                     fields)
        self.assertEqual({s['zh'] for s in told['statuses']
                          if s['name'] == 'filed'}, {'待派单'})
        site = told['site']
        self.has({'categories', 'templates', 'units', 'levels', 'boards',
                  'people', 'duties', 'calendar', 'more'}, site)
        self.assertIn('env-garbage', {c['code'] for c in site['categories']})
        self.assertEqual(site['units'][0]['code'], GRID)
        self.assertEqual(told['me']['units'], [GRID])
        self.assertEqual(told['me']['role'], 'worker')
        # What is captured has a command; each kind's fields are taken there.
        for kind in told['kinds']:
            self.assertEqual(kind['captured'], self.a.try_(
                'help', kind['name']).code == 0 and kind['name'] not in
                ('patrol', 'handover'), kind['name'])
        self.has(promised('`describe [--unless VERSION] [--as WORKER]`: '),
                 set(re.findall(r'"([a-z_]+)":', json.dumps(told))) | {'same'})

    def check_version(self):
        out = self.a.do('describe', '--json').out
        self.assertLess(len(gzip.compress(out.encode(), 9)), START_BYTES)
        version = json.loads(out)['version']
        # The same, whoever asks in what language; and said shortly.
        self.assertEqual(zh(self.a, 'describe')[0]['version'],
                         version)
        self.assertEqual(self.a.one('describe', '--unless', version),
                         {'same': True})
        self.assertEqual(self.a.one('describe', '--unless', 'x')['version'],
                         version)
        # Records do not change it; the site's words do.
        self.a.incident('category=env-garbage')
        self.assertEqual(self.a.one('describe', '--unless', version),
                         {'same': True})
        self.world.reference('labels', 'sort,code,zh,en\nmove,sign,认领,\n')
        self.a.sync()
        told = self.a.one('describe', '--unless', version)
        self.assertNotEqual(told['version'], version)
        self.assertIn('认领', {m['zh'] for m in told['moves']})

    # ---- list ----

    def some(self):
        for i in range(7):
            self.a.incident('category=env-garbage', 'address=路%d号' % i,
                            'urgency=' + ('urgent' if i % 2 else 'normal'),
                            'position=35.0%d,118.3' % i)
        self.a.incident('category=safe-fire', 'description=' + '堵' * 100,
                        '--photo', str(PHOTOS / 'has-lens-info.jpg') + ':near')
        self.a.do('visit', 'place=P1', 'result=normal')

    def test_list(self):
        self.some()
        self.check_rows()
        self.check_pages()
        self.check_filters()
        self.check_points()

    def check_rows(self):
        rows = zh(self.a, 'list', '--kind', 'incident')
        for row in rows:
            self.has(ROW_KEYS, row)
            self.assertEqual(row['author'], 'wa')
            self.assertTrue(row['created'].endswith('Z'))
            self.has({'stage', 'due', 'light', 'left', 'unit', 'text', 'line'},
                     row['clock'])
            self.assertIn('剩余', row['clock']['text'])
            self.assertIn(row['clock']['text'], row['clock']['line'])
        fire, other = rows[0], rows[1]
        self.assertEqual(fire['title'], '消防通道堵塞')
        self.assertTrue(fire['short'].startswith('堵堵'))
        self.assertTrue(fire['short'].endswith('…'))
        self.assertEqual(len(fire['thumb']), 64)
        self.assertIn(fire['thumb'], {
            p['value']['sha256']
            for p in self.a.show(fire['id'])['sets']['photo']})
        self.assertEqual(other['title'], '垃圾堆积 · 路6号')
        self.assertEqual(other['thumb'], None)
        self.assertEqual(other['position']['lat'], 35.06)
        # A line of text for each, too.
        self.assertIn('路6号', self.a.do('list', '--limit', '3').out)

    def check_pages(self):
        for words in (['list'], ['list', 'incident'], ['list', '--due'],
                      ['list', '--text', '路']):
            whole = [r['id'] for r in self.a.ask(*words)]
            paged, after = [], []
            while True:
                page = [r['id'] for r in self.a.ask(*words, '--limit', '2',
                                                    *after)]
                if not page:
                    break
                paged += page
                after = ['--after', page[-1]]
            self.assertEqual(paged, whole, words)
            self.assertEqual(self.a.one(*words, '--count'),
                             {'count': len(whole)}, words)
        self.a.do('list', '--after', 'ffffffff', code=3)

    def check_filters(self):
        count = lambda *words: self.a.one('list', '--count', *words)['count']
        for words, expected in (
                ((), 9), (('--kind', 'incident'), 8),
                (('--kind', 'incident', '--kind', 'visit'), 9),
                (('--case',), 8), (('--category', 'env'), 7),
                (('--category', '垃圾堆积'), 7), (('--category', 'safe'), 1),
                (('--urgency', 'urgent'), 3), (('--urgency', '紧急'), 3),
                (('--text', '路3'), 1), (('--state', 'waiting'), 9),
                (('--state', 'received'), 0), (('--until', '2020-01-01'), 0),
                (('--since', '2020-01-01'), 9), (('--open',), 8),
                (('--category', 'env', '--urgency', 'urgent', '--text',
                  '路5'), 1)):
            self.assertEqual(count(*words), expected, words)
            self.assertEqual(len(self.a.ask('list', *words)), expected, words)
        for bad in (('--category', ''), ('--urgency', 'very'),
                    ('--since', 'soon'), ('--kind', 'nothing'),
                    ('--text', '')):
            answer = self.a.do('list', *bad, code=2)
            self.assertEqual(answer.out, '')
            self.assertTrue(answer.err)

    def check_points(self):
        points = self.a.one('list', '--points')['points']
        self.assertEqual(len(points), 8)  # one by its photo
        for id_, number, kind, status, light, lat, lon in points:
            row = self.a.show(id_)
            self.assertEqual((row['number'], row['kind'], row['status']),
                             (number, kind, status))
            self.assertEqual(light, 'green')
            self.assertEqual((row['position']['lat'], row['position']['lon']),
                             (lat, lon))
        self.assertEqual(
            len(self.a.one('list', '--points', '--urgency', 'urgent')
                ['points']), 3)
        self.assertEqual(self.a.one('list', 'visit', '--points'),
                         {'points': []})

    # ---- a case ----

    def test_case(self):
        one = self.a.incident('category=env-garbage', 'address=路1号',
                              'grid=' + GRID)
        self.settle()
        case = zh(self.b, 'show', one)[0]
        self.has({'title', 'short', 'position', 'thumb', 'moves', 'no_right',
                  'clocks'}, case)
        possible = zh(self.b, 'do', one)[0]
        self.assertEqual(case['moves'], possible['moves'])
        self.assertIn('accept', {m['move'] for m in case['moves']})
        self.b.do('do', one, 'accept')
        self.b.do('do', one, 'file', 'case_number=A1')
        self.b.do('do', one, 'dispatch', 'unit=371302-cg', '--why', '离得近')
        told = [r['text'] for r in zh(self.b, 'history', one)]
        self.assertEqual(told[0], 'wa 记录了事件：垃圾堆积 · 路1号')
        self.assertEqual(told[-1],
                         'wb 派单给 综合行政执法局（理由：离得近）')
        for record in self.b.ask('history', one):
            self.has({'n', 'text', 'who', 'when', 'proof', 'effect',
                      'effect_text', 'labels', 'changes', 'after'}, record)
            for change in record['changes']:
                self.has({'field', 'how', 'label'}, change)
        self.settle()
        verified = self.b.one('verify', one)
        self.assertEqual(verified['text'],
                         'entry {:,}, verified'.format(verified['entry']))
        self.assertIn('已核验', zh(self.b, 'verify', one)[0]
                      ['text'])
        self.assertIn(verified['text'], self.b.do('verify', one).out)
        self.b.do('note', one, '再看看')
        self.assertIn('receipt', self.b.one('verify', one)['text'])

    def test_conflicts(self):
        one = self.a.incident('category=env-garbage', 'grid=' + GRID)
        self.settle()
        self.a.do('set', one, 'address=甲')
        self.b.do('set', one, 'address=乙')
        self.settle()
        [c] = self.a.ask('conflicts', one, '--decided', code=5)
        self.has({'id', 'number', 'field', 'label', 'reason', 'reason_text',
                  'how', 'takes_value', 'shown', 'shown_text',
                  'shown_because', 'shown_because_text', 'decided', 'sides'},
                 c)
        self.assertEqual((c['label'], c['decided'], c['takes_value']),
                         ('address', None, True))
        self.assertEqual({s['text'] for s in c['sides']}, {'甲', '乙'})
        for side in c['sides']:
            self.has({'hash', 'author', 'role', 'delivery', 'who', 'when',
                      'proof', 'after', 'value', 'text'}, side)
            self.assertEqual(len(side['after']), 1)
        taken = c['sides'][1]
        self.a.do('resolve', one, 'address', '--take', taken['hash'], '--why',
                  '看过')
        self.assertEqual(self.a.ask('conflicts', one), [])
        [c] = self.a.ask('conflicts', one, '--decided')
        self.assertEqual((c['shown'], c['decided']['why']),
                         (taken['value'], '看过'))
        self.assertEqual(len(c['sides']), 2)
        # It is undone by deciding otherwise, as its own answer says.
        other = next(s for s in c['sides'] if s['hash'] != taken['hash'])
        self.assertIn('resolve %s address --take' % c['number'], c['how'])
        self.a.do('resolve', one, 'address', '--take', other['hash'], '--why',
                  '看错了')
        self.assertEqual(self.a.show(one)['fields']['address'],
                         other['value'])
        self.settle()
        self.sound()

    # ---- home ----

    def test_home(self):
        self.b.do(*NOTICE)
        self.a.incident('category=env-garbage')
        self.a.do('subject', 'list=person', 'name=王大爷', 'every_days=7')
        told = self.a.status()
        self.has({'oldest_waiting', 'passphrase', 'due', 'cases', 'notices',
                  'settings', 'drafts', 'records', 'clock', 'last_sync'},
                 told)
        self.assertEqual(told['cases'], {'open': 1, 'overdue': 0})
        self.assertEqual(told['due']['today'],
                         len(self.a.ask('due')))
        self.assertEqual(told['due']['overdue'], 0)
        self.assertFalse(told['passphrase'])
        self.assertIsNotNone(told['oldest_waiting'])
        self.assertIn('oldest waiting', self.a.do('status').out)
        self.settle()
        told = self.a.status()
        self.assertIsNone(told['oldest_waiting'])
        self.assertEqual(told['notices'], {'unread': 1})
        self.assertEqual(self.a.one('status', '--as', 'wb')['notices'],
                         {'unread': 1})
        [notice] = self.a.ask('list', 'notice')
        self.assertEqual((notice['read_by'], notice['author'],
                          notice['title'], notice['short']),
                         ([], 'wb', '防汛', '今夜有雨'))
        self.a.do('read', notice['id'])
        self.assertEqual(self.a.status()['notices'], {'unread': 0})
        [notice] = self.a.ask('list', 'notice')
        self.assertEqual(notice['read_by'], ['wa'])
        self.check_due()
        self.check_settings()

    def check_due(self):
        rows = zh(self.a, 'due', '--days', '60')
        self.assertEqual({r['what'] for r in rows}, {'visit', 'stage'})
        for row in rows:
            self.has({'what', 'id', 'number', 'title', 'due', 'overdue',
                      'kind', 'text'}, row)
            if row['what'] == 'stage':
                self.has({'stage', 'clock', 'author'}, row)
                self.assertIn('剩余', row['clock']['text'])
            else:
                self.assertEqual(row['text'], '还没有走访过')

    def check_settings(self):
        rows = {r['name']: r for r in self.a.ask('settings')}
        self.has({'lang', 'theme', 'text_scale', 'sync_every',
                  'waiting_red_days', 'lock_after', 'map'}, rows)
        for row in rows.values():
            self.has({'name', 'value', 'default', 'type', 'zh', 'en'}, row)
        self.a.do('settings', 'theme=dark', 'text_scale=150')
        self.assertEqual(self.a.status()['settings']['theme'], 'dark')
        # Read and changed while it is locked.
        self.a.do('passphrase', 'set', stdin='correct horse\n')
        self.a.do('lock')
        self.a.do('list', code=6)
        self.a.do('settings', 'theme=sunlight')
        self.assertEqual({r['name']: r['value'] for r in
                          self.a.ask('settings')}['theme'], 'sunlight')


if __name__ == '__main__':
    main()
