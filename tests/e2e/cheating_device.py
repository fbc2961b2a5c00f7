#!/usr/bin/env python3
"""A device, or the one who carries it, that cheats: what is refused, what is
marked, and what nobody can notice (asserted too, for docs/threat-model.md)."""
import json
import sqlite3

import lib_clock
from lib_world import BIN, GRID, Case, main, need, run

ALARM = 7


class Device(Case):
    def setUp(self):
        super().setUp()
        self.keys = self.world.ask('key')[0]

    def counts(self):
        r = run(BIN / 'xunge-audit', 'verify', self.world.data, '--key',
                self.keys['log'], '--registrar', self.keys['registrar'],
                '--json')
        said = json.loads(need(r).out)
        self.assertEqual(said['counts']['broken'], 0, said)
        return said['counts']

    def record(self, which):
        return self.world.show(which)['created']

    # ---- time ----

    def test_dated_back_beyond_what_it_has_seen(self):
        """A month back, although its anchor names a log of today: doubted by
        everybody, and counted at the bound."""
        self.a.env = lib_clock.clock('2026-01-05 08:00:00')
        one = self.a.incident('address=补记')
        self.a.sync()
        self.b.sync()
        for shown in (self.record(one), self.b.show(one)['created']):
            self.assertTrue(shown['wall'].startswith('2026-01-05'), shown)
            self.assertTrue(shown['clock_doubt'], shown)

    def test_dated_back_while_it_was_offline(self):
        """Residue: between the last sync and the next any hour may be claimed.
        The two bounds are shown, and they are the log's."""
        one = self.a.incident('address=刚才')
        self.a.sync()
        shown = self.record(one)
        self.assertFalse(shown['clock_doubt'], shown)
        self.assertLessEqual(shown['not_before'], shown['wall'])
        self.assertLessEqual(shown['wall'], shown['not_after'])

    # ---- names ----

    def test_a_colleague_is_named_on_a_shared_device(self):
        """Allowed by name, but without the colleague's key: claimed, and no
        proof of anything. One who is not allowed has no right at all."""
        device = self.a.status()['device']
        own = self.a.incident('address=自己的')
        self.a.sync()
        before = self.counts()
        self.assertEqual(before['claimed'], 0, before)
        self.world.do('device', 'allow', device, 'wb')
        self.a.sync()
        forged = self.a.one('incident', 'category=fire', 'address=冒名',
                            '--as', 'wb')['id']
        self.a.sync()
        self.b.sync()
        after = self.counts()
        self.assertGreaterEqual(after['claimed'], 1, after)
        self.assertIn(own, self.a.ids())
        self.assertIn(forged, self.b.ids())

    # ---- bytes ----

    def batches(self, agent):
        db = sqlite3.connect('file:%s?mode=ro' % (self.world.data /
                                                  'server.db'), uri=True)
        rows = db.execute('SELECT b.id, e.note, y.body FROM batch b'
                          ' JOIN entry e USING (position)'
                          ' JOIN body y USING (position) WHERE b.device = ?',
                          [agent.status()['device']]).fetchall()
        db.close()
        return rows

    def test_anothers_batch_is_sent_again(self):
        """It authenticates itself: whoever sends it, it is held, once."""
        one = self.a.incident('address=甲')
        self.settle()
        before = self.counts()['batches']
        c = self.a.copy('replay')
        db = sqlite3.connect(c.home / 'agent.db')
        db.execute('UPDATE batch SET receipt = NULL, state = NULL,'
                   ' position = NULL')
        db.commit()
        db.close()
        c.do('sync', code=(0, 1, 4))
        self.assertEqual(self.counts()['batches'], before)
        self.assertEqual(self.world.show(one)['fields']['address'], '甲')

    def test_a_cloned_key(self):
        """Two go on from one home: both are kept, and the fork is in the log
        for good, with both records."""
        one = self.a.incident('address=甲', 'grid=' + GRID)
        self.settle()
        c = self.a.copy('c')
        self.a.do('set', one, 'address=乙')
        c.do('set', one, 'address=丙')
        self.a.sync()
        c.sync()
        counts = self.counts()
        self.assertEqual((counts['forks'], counts['forked']), (1, 1), counts)

    def test_variants_without_end(self):
        """One home put back again and again, another record each time: every
        one is kept up to the cap, which the server keeps for a device; nobody
        else waits, and the log holds."""
        base = self.a.copy('base')
        for i in range(6):
            self.a.put_back(base, keep=('sent',) if i % 2 else ())
            self.a.incident('address=第%d种' % i)
            self.a.do('sync', code=(0, 1, 4))
        counts = self.counts()
        self.assertGreaterEqual(counts['chains'] + counts['forks'], 4, counts)
        mine = self.b.incident('address=别人的')
        self.settle(self.b)
        self.assertEqual(self.b.show(mine)['delivery'], 'received')
        self.world.do('check')

    # ---- the files ----

    def test_an_edited_database(self):
        """What was recorded is changed in the home: its own verify says so, and
        what went out stays as it was."""
        one = self.a.incident('address=甲')
        self.a.sync()
        db = sqlite3.connect(self.a.home / 'agent.db')
        rows = db.execute('SELECT id, head FROM record WHERE position IS NOT'
                          ' NULL OR batch IS NOT NULL').fetchall()
        number, head = rows[-1]
        head = bytearray(head)
        head[-1] ^= 1
        db.execute('UPDATE record SET head = ? WHERE id = ?',
                   [bytes(head), number])
        db.commit()
        db.close()
        said = self.a.do('verify', '--json', code=(1, ALARM)).json()[-1]
        self.assertNotEqual(said.get('verdict'), 'good', said)
        self.assertEqual(self.world.show(one)['fields']['address'], '甲')
        self.world.do('check')

    def test_a_receipt_is_forged(self):
        """Another batch's proof put in the place of one's own."""
        self.a.incident('address=甲')
        self.a.sync()
        self.a.incident('address=乙')
        self.a.sync()
        db = sqlite3.connect(self.a.home / 'agent.db')
        (one, r1), (two, _) = db.execute(
            'SELECT id, receipt FROM batch WHERE receipt IS NOT NULL'
            ' ORDER BY id DESC LIMIT 2').fetchall()
        db.execute('UPDATE batch SET receipt = ? WHERE id = ?', [r1, two])
        db.commit()
        db.close()
        said = self.a.do('verify', '--json', code=(1, ALARM)).json()[-1]
        self.assertNotEqual(said.get('verdict'), 'good', said)

    # ---- device and operator together ----

    def test_device_and_operator_together(self):
        """Residue: a device that was never used records whatever it likes,
        the operator's server takes it at once, and all is signed well. What
        cannot be had afterwards is a place in the log before others saw it."""
        self.a.sync()
        seen = self.b.status()
        late = self.a.incident('address=事后编的')
        self.a.sync()
        self.counts()
        entries = self.world.log_entries()
        place = [i for i, n in enumerate(entries)
                 if n.startswith('xunge/batch/v1\n') and
                 self.a.status()['device'] in n][-1]
        self.b.sync()
        self.assertGreater(place, 0)
        self.assertEqual(self.b.show(late)['fields']['address'], '事后编的')
        self.assertEqual(seen['device'], self.b.status()['device'])


if __name__ == '__main__':
    main()
