#!/usr/bin/env python3
"""xunge-audit on real logs: a data folder while its server runs, a copy, a
bundle, an address; again from a saved state; and what it says of a log that was
changed."""
import shutil
import sqlite3

from lib_world import BIN, GRID, PHOTOS, Case, main, need, run


class Audit(Case):
    def keys(self):
        words = need(run(BIN / 'xunge-server', 'key', self.world.data)).out
        return {line.split()[0]: line.split()[1]
                for line in words.splitlines()}

    def try_audit(self, *words, source=None, key=None):
        keys = self.keys()
        return run(BIN / 'xunge-audit', 'verify', source or self.world.data,
                   '--key', key or keys['log'], '--registrar',
                   keys['registrar'], '--lang', 'en', *words)

    def audit(self, *words, code=0, **more):
        answer = self.try_audit('--json', *words, **more)
        need(answer, code)
        import json
        return json.loads(answer.out)

    def a_day(self):
        one = self.a.incident('address=甲', 'grid=' + GRID)
        self.settle()
        self.b.do('note', one, '看到了')
        self.a.do('set', one, 'urgency=urgent')
        self.settle()
        return one

    def test_a_folder_while_the_server_runs(self):
        self.a_day()
        found = self.audit()
        self.assertTrue(found['verified'])
        self.assertEqual(found['counts']['broken'], 0, found)
        self.assertEqual(found['counts']['doubts'], 0, found)
        self.assertEqual(found['size'], len(self.world.log_entries()))
        self.assertEqual(found['size'], found['counts']['entries'])
        self.assertGreaterEqual(found['counts']['records'], 5)
        self.assertEqual(found['counts']['devices'], 3)
        self.assertNotIn('registrar', found['unchecked'])
        self.assertIn('policy', found['unchecked'])
        first = self.try_audit().out.splitlines()[0]
        self.assertTrue(first.startswith('verified: '), first)
        self.assertIn(str(found['size']), first)

    def test_a_fork_is_noted(self):
        one = self.a_day()
        c = self.a.copy('c')
        self.a.do('set', one, 'address=乙')
        c.do('note', one, '副本上的备注')
        self.a.sync()
        c.sync()
        found = self.audit()
        self.assertTrue(found['verified'], found)
        self.assertEqual([f['code'] for f in found['found']], ['fork'])
        self.assertEqual(found['counts']['forks'], 1)
        self.assertEqual(found['counts']['forked'], 1)


if __name__ == '__main__':
    main()
