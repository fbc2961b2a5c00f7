#!/usr/bin/env python3
"""The demonstration's district (packaging/district.py), without its everyday
cases: whatever a console shows is in it. Every status, every move of the loop,
every sort of thing that a person must look at; and it is sound."""
import collections
import json
import os
import pathlib
import re
import subprocess
import tempfile
import time
import unittest

from lib_world import BIN, SOURCE, environment, main, need, run

KINDS = {'incident', 'contact', 'visit', 'dispute', 'meeting', 'patrol',
         'subject', 'campaign', 'task', 'notice', 'alarm', 'assessment'}


def named(table):
    """The names in a table of shared/core/loop.c."""
    text = (SOURCE / 'shared/core/loop.c').read_text(encoding='utf-8')
    part = text.split('struct xg_choice %s[] = {' % table)[1].split('};')[0]
    return set(re.findall(r'\{XG_\w+, "(\w+)"', part))


class District(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix='xunge-e2e-')
        cls.addClassCleanup(cls.folder.cleanup)
        demo = pathlib.Path(cls.folder.name) / 'demo'
        done = subprocess.run(
            ['sh', SOURCE / 'packaging/quickstart.sh'], text=True,
            env=environment(XUNGE_BUILD=str(BIN.parent), XUNGE_DEMO=str(demo),
                            XUNGE_PART='district', XUNGE_CASES='0',
                            PYTHONDONTWRITEBYTECODE='1',
                            LC_ALL='zh_CN.UTF-8'),
            stdin=subprocess.DEVNULL, capture_output=True, timeout=300)
        assert done.returncode == 0, done.stdout + done.stderr
        cls.told = done.stdout
        cls.data = demo / 'district/server'
        cls.rows = cls.ask('list', '--limit', '1000')

    @classmethod
    def server(cls, *words, code=(0,)):
        at = 2 if words[0] in ('device', 'operator') else 1
        return need(run(BIN / 'xunge-server', *words[:at], cls.data,
                        *words[at:], '--lang', 'en'), *code)

    @classmethod
    def ask(cls, *words, code=(0,)):
        return cls.server(*words, '--json', code=code).json()

    def test_it_is_sound(self):
        self.server('check')
        keys = self.ask('key')[0]
        need(run(BIN / 'xunge-audit', 'verify', self.data, '--photos', '--key',
                 keys['log'], '--registrar', keys['registrar']))

    def test_every_status_and_every_move_is_there(self):
        self.assertEqual({r['kind'] for r in self.rows}, KINDS)
        statuses = {r['status'] for r in self.rows}
        self.assertEqual(named('xg_statuses') - statuses, set())
        moves, effects, roles = set(), collections.Counter(), {}
        for row in self.rows:
            # What was erased is a contact's.
            if not row['status'] and row['kind'] != 'contact':
                continue
            for record in self.ask('history', row['id'], '--as', 'zx01',
                                   '--why', 'test'):
                effects[record['effect']] += 1
                if record.get('move'):
                    moves.add(record['move'])
                    roles.setdefault(record['move'], set()).add(record['role'])
        self.assertEqual(named('xg_moves') - moves, set())
        self.assertEqual(set(effects), {'full', 'overtaken', 'redacted'})
        # The server reminds and climbs by itself.
        self.assertIn('server', roles['remind'] & roles['escalate'])

    def test_what_a_person_must_look_at_is_there(self):
        found = self.ask('conflicts', '--as', 'zx01', '--why', 'test',
                         code=(5,))
        self.assertEqual({c['reason'] for c in found}, {'field', 'overtaken'})
        fork, = self.ask('forks', code=(5,))[0]['forks']
        self.assertFalse(fork['settled'])
        self.assertEqual(len(self.ask('device', 'quarantined')), 1)
        self.assertTrue(self.ask('duplicates'))
        self.assertTrue([r for r in self.rows if r['withdrawn']])
        late = [r for r in self.rows if (r.get('clock') or {}).get('overdue')]
        self.assertTrue([r for r in late if r['clock']['with']], late)
        channels = {r['fields'].get('channel') for r in self.rows
                    if r['kind'] == 'incident'}
        self.assertLessEqual({'patrol', 'resident', 'hotline', 'video',
                              'superior', 'alarm', 'window', 'other'},
                             channels)

    def test_it_happened_in_the_last_weeks(self):
        now = time.time()
        days = set()
        for row in self.rows:
            made = row['created']
            if made:
                days.add((made if isinstance(made, str) else
                          made['wall'])[:10])
        today = time.strftime('%Y-%m-%d', time.gmtime(now))
        self.assertLessEqual({d for d in days if d <= today} - {
            time.strftime('%Y-%m-%d', time.gmtime(now - n * 86400))
            for n in range(24)}, set())
        self.assertGreater(len(days), 10)
        self.assertEqual({d for d in days if d > today}, {'2099-06-01'})

    def test_photos_came_with_their_cases(self):
        totals = collections.Counter()
        for row in self.rows:
            totals.update({k: row['photos'][k] for k in ('total', 'server')})
        self.assertGreater(totals['total'], 25)
        self.assertEqual(totals['server'], totals['total'])

    def test_somebody_can_log_in(self):
        self.assertRegex(self.told, r'#once=[\w-]+')
        who = {r['code']: r['role'] for r in self.ask('operator', 'list')}
        self.assertLessEqual({'dispatcher', 'supervisor', 'handler',
                              'community', 'auditor', 'registrar'},
                             set(who.values()))


if __name__ == '__main__':
    main()
