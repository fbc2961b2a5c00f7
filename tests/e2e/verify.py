#!/usr/bin/env python3
"""xunge verify against somebody who has the device and its key: whatever is
taken out of the database, row by row, is noticed; and what it says of one."""
import shutil
import sqlite3

from lib_world import GRID, Case, main


class Verify(Case):
    WORKERS = [('wa', 'worker', GRID), ('wb', 'worker', GRID)]

    def setUp(self):
        super().setUp()
        self.one = self.a.incident('address=桥下')
        self.settle()
        self.b.do('set', self.one, 'address=桥上')
        self.settle()
        self.a.incident('address=别处')
        self.settle()
        self.a.incident('address=没有同步')

    def steal(self, *statements):
        """The same home after an intruder was at its database."""
        home = self.world.folder / 'stolen'
        shutil.rmtree(home, ignore_errors=True)
        agent = self.a.copy('stolen')
        db = sqlite3.connect(home / 'agent.db')
        db.execute('PRAGMA foreign_keys = OFF')
        changed = [db.execute(s).rowcount for s in statements]
        db.commit()
        db.close()
        self.assertTrue(all(n > 0 for n in changed), (statements, changed))
        return agent

    def test_what_is_taken_out_is_noticed(self):
        self.assertEqual(self.a.one('verify')['verdict'], 'good')
        own = '(SELECT id FROM chain WHERE mine = 1)'
        for what, statements in {
            'entity': ['DELETE FROM entity WHERE id = (SELECT max(id) FROM '
                       'entity)'],
            'batch': ['DELETE FROM batch WHERE id = (SELECT min(id) FROM '
                      'batch)'],
            'batch, and forgotten by its records': [
                'UPDATE record SET batch = NULL, position = NULL WHERE batch '
                '= (SELECT min(id) FROM batch)',
                'DELETE FROM batch WHERE id = (SELECT min(id) FROM batch)'],
            'receipt': ['UPDATE batch SET receipt = NULL WHERE receipt IS NOT '
                        'NULL'],
            'record in between': ['DELETE FROM record WHERE chain IN %s AND '
                                  'seq = 2' % own],
            'the last record': ['DELETE FROM record WHERE chain IN %s AND seq '
                                '= (SELECT next - 1 FROM chain WHERE mine = 1)'
                                % own],
            'the end of the chain': ['UPDATE chain SET next = next - 1 WHERE '
                                     'mine = 1'],
            'what was sent, end and records': [
                'DELETE FROM record WHERE chain IN %s AND seq > 1' % own,
                'UPDATE chain SET next = 2, last = (SELECT hash FROM record '
                'WHERE chain = chain.id AND seq = 1) WHERE mine = 1'],
        }.items():
            agent = self.steal(*statements)
            bad = agent.do('verify', '--json', code=(1, 7))
            self.assertEqual(bad.one()['verdict'], 'damaged', what)
            self.assertGreater(bad.one()['problem_count'], 0, what)

    def test_of_one(self):
        told = self.a.one('verify', self.one)
        self.assertEqual(told['verdict'], 'good')
        mine, other = told['history']
        self.assertEqual((mine['author'], mine['grade'], other['author']),
                         ('wa', 'proven', 'wb'))
        for r in told['history']:
            self.assertLessEqual(r['not_before'], r['not_after'])
            self.assertGreater(r['entry'], 0)
        self.assertTrue(mine['verified'])
        text = self.a.do('verify', self.one).out
        self.assertIn('proven', text)
        self.assertIn('not before', text)
        self.assertIn('proof verified', text)


if __name__ == '__main__':
    main()
