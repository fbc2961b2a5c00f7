#!/usr/bin/env python3
"""Rights are judged by what the device knew when it recorded: a worker who is
moved while offline, a device that is revoked, an author who is only claimed.
What one side shows, the other does."""
from lib_world import COMMUNITY, GRID, GRID_2, Case, main


def without_effect(shown):
    return {(w['hash'], w['effect']) for w in shown['without_effect']}


class Transfer(Case):
    WORKERS = [('wa', 'worker', GRID), ('wb', 'worker', GRID),
               ('wc', 'worker', GRID_2), ('ca', 'community', COMMUNITY)]

    def test_moved_while_offline(self):
        theirs = self.b.incident('address=甲')  # of a colleague, in the grid
        away = self.c.incident('address=远')  # in the grid to come
        self.settle()
        self.world.worker('wa', 'worker', GRID_2)
        # Offline: the device still knows the worker in the old grid.
        self.a.do('set', theirs, 'address=乙')
        mine = self.a.incident('address=我的')
        self.a.do('note', mine, '当时')
        before = self.a.show(theirs)
        self.a.sync()
        self.assertEqual(self.a.show(theirs)['fields'], before['fields'])
        self.settle(self.a, self.b, self.d)
        for which in (theirs, mine):
            shown = self.same(which, self.a, self.b, self.d)
            self.assertEqual(shown['without_effect'], [])
            self.assertEqual(shown['created']['role'], 'worker')
        self.assertEqual(self.same(theirs, self.a)['fields']['address'], '乙')
        # From the sync on it is judged by the new unit.
        # The device says so before it saves; a note is taken all the same.
        self.a.do('set', theirs, 'address=丙', code=1)
        self.a.do('note', theirs, '路过看见')
        self.a.do('set', mine, 'address=还是我的')  # the creator's, still
        self.a.sync()
        self.settle()
        shown = self.same(theirs, self.b, self.d)
        self.assertEqual(shown['fields']['address'], '乙')
        self.assertEqual({e for _, e in without_effect(shown)}, {'no-right'})
        self.assertIn('without right', self.b.do('show', theirs).out)
        self.assertIn('without right', self.world.do('show', theirs).out)
        self.assertEqual(self.same(mine, self.a, self.b, self.d)['fields']
                         ['address'], '还是我的')
        # What was in the old grid stays there, what is new is in the other.
        later = self.a.incident('address=新网格')
        self.a.do('set', away, 'address=近')
        self.settle()
        self.assertEqual(self.same(away, self.a, self.c)['fields']['address'],
                         '近')
        self.assertIn(later, self.c.ids())
        self.assertNotIn(later, self.b.ids())
        self.assertIn(mine, self.d.ids())
        self.assertNotIn(mine, self.c.ids())
        # The state is the log's alone: made anew it is the same.
        self.world.stop()
        self.world.do('rebuild')
        self.same(theirs, self.b, self.d)
        self.world.start()
        self.sound()

    def batches(self, device):
        return sum(n.startswith('xunge/batch/v1') and '/d/%s ' % device in n
                   for n in self.world.log_entries())

    def test_revoked(self):
        good = self.b.incident('address=之前')
        self.settle()
        self.world.do('device', 'revoke', '0002')
        states = {d['device']: d['state']
                  for d in self.world.ask('device', 'list')}
        self.assertEqual(sorted(states.values()).count('revoked'), 1)
        kept = self.b.incident('address=之后')
        self.b.do('set', good, 'address=改过')
        told = self.b.do('sync', '--json', code=1)
        answer = told.one()
        self.assertEqual((answer['state'], answer['quarantined'],
                          answer['ok']), ('revoked', 1, False))
        self.assertIn('revoked', answer['error'])
        self.assertIn('revoked', self.b.do('status').out)
        status = self.b.status()
        self.assertEqual((status['state'], status['batches']['quarantined']),
                         ('revoked', 1))
        self.assertIn('kept apart', self.b.do('status').out)
        # Record by record, on the device that recorded them.
        self.assertTrue(self.b.show(kept)['created']['kept_apart'])
        self.assertIn('not merged', self.b.do('show', kept).out)
        self.assertEqual([r.get('kept_apart', False)
                          for r in self.b.ask('history', good)],
                         [False, True])
        # Nothing is thrown away on the device, nothing is merged elsewhere,
        # and the log has the batch.
        self.assertIn(kept, self.b.ids())
        self.assertEqual(self.batches('0002'), 3)
        self.world.do('show', kept, code=3)
        others = (self.a, self.d)
        self.settle(*others)
        for agent in others:
            self.assertNotIn(kept, agent.ids(), agent.name)
        shown = self.same(good, *others)
        self.assertEqual((shown['fields']['address'],
                          shown['without_effect']), ('之前', []))
        # A second try sends nothing twice.
        self.b.do('sync', code=1)
        self.assertEqual(self.batches('0002'), 3)
        # And nobody joins with what the device was.
        self.b.incident('address=更晚')
        self.b.do('sync', code=1)
        self.settle(*others)
        self.assertEqual(self.a.ids(), {good})
        self.sound(self.a, self.c, self.d)

    def test_an_author_who_is_only_claimed(self):
        mine = self.a.incident('address=甲')
        claimed = self.a.incident('address=冒名', '--as', 'ca')
        self.a.do('set', mine, 'address=冒改', '--as', 'ca', code=1)
        self.a.do('note', mine, '冒名', '--as', 'ca')
        self.settle()
        everybody = (self.a, self.b, self.d)
        for which in (mine, claimed):
            shown = self.same(which, self.a)
            effects = {w['reason'] for w in shown['without_effect']
                       if w['effect'] == 'no-right'}
            self.assertEqual(len(effects), 1, shown)
            for text in (self.a.do('show', which).out,
                         self.world.do('show', which).out):
                self.assertIn('without right', text)
        shown = self.same(mine, *everybody)
        self.assertEqual(shown['fields']['address'], '甲')
        created = self.world.show(claimed)['created']
        self.assertEqual((created['author'], created['grade']),
                         ('ca', 'claimed'))
        history = self.a.ask('history', mine)
        self.assertEqual([(r['author'], r['effect']) for r in history],
                         [('wa', 'full'), ('ca', 'no-right')])
        self.sound()


if __name__ == '__main__':
    main()
