#!/usr/bin/env python3
"""Two devices in one grid, and the server: the same field changed at once,
decided, decided twice at once; a withdrawal against an edit; sets that are
joined. Afterwards all three show the same, value for value."""
from lib_world import COMMUNITY, COMMUNITY_2, GRID, PHOTOS, Case, main


class Conflicts(Case):
    def setUp(self):
        super().setUp()
        self.one = self.a.incident('address=甲', 'grid=' + GRID)
        self.settle()

    def askers(self):
        return {'a': self.a.ask, 'b': self.b.ask, 'server': self.world.ask}

    def conflicts(self, field=None):
        """What everybody finds to decide: {value: hash} of the sides."""
        found = None
        for name, ask in self.askers().items():
            rows = [c for c in ask('conflicts', code=5)
                    if field is None or c['field'] == field]
            self.assertEqual([c['id'] for c in rows], [self.one], name)
            sides = {s['value']: s['hash'] for s in rows[0]['sides']}
            self.assertIn(found, (None, (sides, rows[0]['shown'])), name)
            found = sides, rows[0]['shown']
            self.assertIn(rows[0]['shown'], sides, name)
            self.assertEqual({s['author'] for s in rows[0]['sides']},
                             {'wa', 'wb'}, name)
        return found[0]

    def decided(self):
        for name, ask in self.askers().items():
            self.assertEqual(ask('conflicts'), [], name)

    def edit_at_once(self, a='乙', b='丙', field='address'):
        self.a.do('set', self.one, '%s=%s' % (field, a))
        self.b.do('set', self.one, '%s=%s' % (field, b))
        self.settle()
        return self.conflicts(field)

    def test_one_field_at_once(self):
        sides = self.edit_at_once()
        self.assertEqual(set(sides), {'乙', '丙'})
        for agent in self.agents:
            self.assertEqual(agent.status()['conflicts'], 1)
            self.assertEqual(agent.ask('list')[0]['conflicts'], 1)
        before = self.same(self.one)
        # One side is taken, on the device that wrote the other one.
        self.a.do('resolve', self.one, 'address', '--take', sides['丙'][:12],
                  '--why', '现场核对')
        self.settle()
        self.decided()
        shown = self.same(self.one)
        self.assertEqual(shown['fields']['address'], '丙')
        self.assertEqual(shown['records'], before['records'] + 1)
        # Decided by another value, then by leaving it at what is shown.
        self.edit_at_once('丁', '戊')
        self.b.do('resolve', self.one, 'address', '--value', '己', '--why',
                  '都不对')
        self.settle()
        self.decided()
        self.assertEqual(self.same(self.one)['fields']['address'], '己')
        self.edit_at_once('庚', '辛')
        kept = self.same(self.one)['fields']['address']
        self.a.do('resolve', self.one, 'address', '--dismiss', '--why',
                  '不重要')
        self.settle()
        self.decided()
        self.assertEqual(self.same(self.one)['fields']['address'], kept)
        self.histories()
        self.sound()

    def histories(self):
        """The same acts, with the same reasons, in everybody's history."""
        told = {}
        for name, ask in self.askers().items():
            rows = ask('history', self.one)
            told[name] = {(r['hash'], r['author'], r['effect'],
                           tuple(r['after']), tuple(r['labels']),
                           str(r['changes'])) for r in rows}
            text = str(rows)
            for why in ('现场核对', '都不对', '不重要'):
                self.assertIn(why, text, name)
        self.assertEqual(told['a'], told['b'])
        self.assertEqual(told['a'], told['server'])

    def test_decided_twice_at_once(self):
        self.edit_at_once()
        self.a.do('resolve', self.one, 'address', '--value', '丁', '--why',
                  '甲看过')
        self.b.do('resolve', self.one, 'address', '--value', '戊', '--why',
                  '乙看过')
        self.settle()
        self.assertEqual(set(self.conflicts('address')), {'丁', '戊'})
        # The same decision twice is none.
        sides = self.conflicts('address')
        for agent in self.agents:
            agent.do('resolve', self.one, 'address', '--take',
                     sides['丁'], '--why', '商定')
        self.settle()
        self.decided()
        self.assertEqual(self.same(self.one)['fields']['address'], '丁')
        self.sound()

    def test_decided_on_the_server(self):
        self.world.worker('ca', 'community', COMMUNITY)
        self.world.worker('cb', 'community', COMMUNITY_2)
        sides = self.edit_at_once()
        take = ['resolve', self.one, 'address', '--take', sides['乙'], '--why',
                '社区核定']
        self.world.do(*take, '--as', 'nobody', code=(1, 3))
        self.world.do(*take, '--as', 'cb', code=(1, 3))  # of another place
        self.conflicts('address')
        self.world.do(*take, '--as', 'ca')
        self.settle()
        self.decided()
        self.assertEqual(self.same(self.one)['fields']['address'], '乙')
        self.assertIn('社区核定', str(self.b.ask('history', self.one)))
        # A later edit by who has seen it goes on from there.
        self.b.do('set', self.one, 'address=丁')
        self.settle()
        self.decided()
        self.assertEqual(self.same(self.one)['fields']['address'], '丁')
        self.sound()

    def test_different_fields_at_once(self):
        self.a.do('set', self.one, 'address=乙')
        self.b.do('set', self.one, 'urgency=urgent')
        self.settle()
        self.decided()
        fields = self.same(self.one)['fields']
        self.assertEqual((fields['address'], fields['urgency']),
                         ('乙', 'urgent'))

    def test_one_value_twice(self):
        self.a.do('set', self.one, 'address=乙')
        self.b.do('set', self.one, 'address=乙')
        self.settle()
        self.decided()
        self.assertEqual(self.same(self.one)['fields']['address'], '乙')

    def test_withdrawn_while_edited(self):
        self.a.do('withdraw', self.one, '--why', '误报')
        self.b.do('set', self.one, 'address=乙')
        self.settle()
        for name, ask in self.askers().items():
            row, = ask('conflicts', code=5)
            self.assertIn('withdraw', row['reason'], name)
        shown = self.same(self.one)
        self.assertEqual((shown['withdrawn'], shown['withdraw_conflict']),
                         (False, True))
        self.b.do('resolve', self.one, 'withdrawn', '--dismiss', '--why',
                  '确有其事')
        self.settle()
        self.decided()
        self.assertFalse(self.same(self.one)['withdrawn'])
        # Withdrawn by one who has seen everything: withdrawn.
        self.b.do('withdraw', self.one, '--why', '已核实为误报')
        self.settle()
        self.decided()
        self.assertTrue(self.same(self.one)['withdrawn'])
        self.sound()

    def test_sets_are_joined(self):
        self.a.do('note', self.one, '甲的备注')
        self.a.do('photo', self.one, PHOTOS / 'f1-exif.jpg', '--role', 'near')
        self.b.do('note', self.one, '乙的备注')
        self.b.do('photo', self.one, PHOTOS / 'f2-exif.jpg', '--role', 'far')
        self.settle()
        self.decided()
        sets = self.same(self.one)['sets']
        self.assertEqual({n['value'] for n in sets['note']},
                         {'甲的备注', '乙的备注'})
        self.assertEqual({p['value']['role'] for p in sets['photo']},
                         {'near', 'far'})
        self.assertEqual({(a.name, a.show(self.one)['photos']['server'])
                          for a in self.agents}, {('a', 1), ('b', 1)})
        # One takes an element out that the other has seen.
        note = next(n for n in sets['note'] if n['value'] == '甲的备注')
        self.b.do('set', self.one, 'note-=%s:%d' % (note['hash'],
                                                    note['index']))
        self.a.do('note', self.one, '再加一条')
        self.settle()
        self.decided()
        sets = self.same(self.one)['sets']
        self.assertEqual({n['value'] for n in sets['note']},
                         {'乙的备注', '再加一条'})
        self.sound()


if __name__ == '__main__':
    main()
