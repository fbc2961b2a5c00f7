#!/usr/bin/env python3
"""The server by itself: it reminds of what is overdue, and climbs, each once;
not while a case stands still, and no climb on a year that was guessed. And what
an operator sees of it: clocks in list and show, duplicates, groups."""
import datetime

from lib_world import COMMUNITY_2, GRID, Case, main, wait_until

DISTRICT = '371302'
CATALOGUE = '''code,parent,name,accept,file,dispatch,sign,handle,inspect,climb,radius
*,,其他,2u,4u,,,,,street,30
fire,,火情,1h,,,2u,8u,,street,
quiet,,不限时,-,-,,,,,,-
'''
LEVELS = '''code,zh,en,rank,at,up,role,whistle,triage,supervise,assess,settles,target
grid,网格,grid,1,,community,worker,,,,,,
community,社区,community,2,,street,community,,,,,,
street,街道,street,3,,district,dispatcher,,,,,,
district,区,district,4,,,dispatcher,,,,,,
'''


def stamp(ms):
    return datetime.datetime.fromtimestamp(
        ms / 1000, datetime.timezone.utc).strftime('%Y-%m-%dT%H:%M:%SZ')


class Clerk(Case):
    WORKERS = [('wa', 'worker', GRID)]

    def setUp(self):
        super().setUp()
        for worker in (('d1', 'dispatcher', DISTRICT),
                       ('s1', 'supervisor', DISTRICT),
                       ('h1', 'handler', COMMUNITY_2)):
            self.world.worker(*worker)
        for kind, text in (('catalogue', CATALOGUE), ('levels', LEVELS)):
            table = self.world.folder / (kind + '.csv')
            table.write_text(text, encoding='utf-8')
            self.world.do(kind, 'import', table)
        self.began = datetime.datetime.now().timestamp() * 1000

    def case(self, *words):
        if not any(w.startswith('category=') for w in words):
            words = ('category=noise', *words)
        one = self.a.incident('grid=' + GRID, *words)
        self.a.sync()
        return one

    def act(self, *words, who='d1'):
        return self.world.ask(*words, '--as', who)[0]

    def clerk(self, hours, *words):
        """What it does, so many hours after the test began."""
        return self.world.ask('clerk', '--at',
                              stamp(self.began + hours * 3600000), *words)

    def deeds(self, hours, *words):
        return [(d['move'], d['stage'], d['climb'], d['level'])
                for d in self.clerk(hours, *words)]

    def written(self, one):
        return [r for r in self.world.ask('history', one)
                if r['author'] == 'server']

    def test_reminds_once_a_limit_and_climbs(self):
        one = self.case()
        self.assertEqual(self.clerk(1), [])
        # What it would do, and then does; a second pass finds it done.
        would = [('remind', 'accept', 1, None),
                 ('escalate', 'accept', 1, 'street')]
        self.assertEqual(self.deeds(2.5, '--dry-run'), would)
        self.assertEqual(self.written(one), [])
        self.assertEqual(self.deeds(2.5), would)
        for hours in (2.5, 3.9):
            self.assertEqual(self.deeds(hours), [])
        self.assertEqual(self.deeds(4.5), [('remind', 'accept', 2, None)])
        # Nobody served for a while: one reminder, not one a limit.
        self.assertEqual(self.deeds(7), [('remind', 'accept', 3, None)])
        # No more of these; now one level further up for each limit.
        self.assertEqual(self.deeds(8.5),
                         [('escalate', 'accept', 2, 'district')])
        self.assertEqual(self.deeds(100), [])
        shown = self.world.show(one)
        self.assertEqual(shown['fields']['level'], 'district')
        self.assertEqual(shown['status'], 'reported')
        self.assertEqual([r['role'] for r in self.written(one)],
                         ['server'] * 5)
        self.assertEqual({r['effect'] for r in self.written(one)}, {'full'})
        # The device is told, and everybody still sees the same.
        self.a.sync()
        self.same(one)
        # After a restart and a rebuild it knows what it wrote.
        self.world.stop()
        self.world.do('rebuild')
        self.assertEqual(self.deeds(100), [])
        self.world.start()
        self.sound()

    def test_a_new_turn_is_reminded_of_anew(self):
        one = self.case('category=fire')
        self.act('do', one, 'accept')
        self.act('do', one, 'file')
        self.act('do', one, 'dispatch', 'unit=' + COMMUNITY_2)
        first = [d[:3] for d in self.deeds(3)]
        self.assertEqual(first, [('remind', 'sign', 1), ('escalate', 'sign', 1)])
        self.act('do', one, 'return', 'rule=A', 'why=不归我管', who='h1')
        self.assertEqual(self.deeds(3), [])
        self.act('do', one, 'dispatch', 'unit=' + COMMUNITY_2)
        # It stands at the street already: it is not sent there again.
        again = self.clerk(3)
        self.assertEqual([(d['move'], d['stage'], d['turn'], d['climb'])
                          for d in again], [('remind', 'sign', 2, 1)])

    def test_what_a_department_has_climbs_from_its_home(self):
        units = self.world.folder / 'more.csv'
        units.write_text('code,level,parent,name\n371302-cg,department,371302,'
                         '城管\n', encoding='utf-8')
        self.world.do('territory', 'import', units)
        one = self.case('category=fire')
        self.act('do', one, 'accept')
        self.act('do', one, 'file')
        self.act('do', one, 'dispatch', 'unit=371302-cg')
        self.assertEqual(self.deeds(3), [('remind', 'sign', 1, None),
                                         ('escalate', 'sign', 1, 'street')])

    def test_what_stands_still_is_let_alone(self):
        one = self.case('category=fire')
        for move in (('accept',), ('file',), ('dispatch', 'unit=' + COMMUNITY_2),
                     ('sign',), ('ask_defer', 'why=雨', 'until=2099-01-01')):
            self.act('do', one, *move)
        self.act('do', one, 'defer', 'why=雨', 'until=2099-01-01', who='s1')
        self.assertEqual(self.deeds(1000), [])
        self.act('do', one, 'resume')
        self.assertEqual([d[:2] for d in self.deeds(1000)],
                         [('remind', 'handle'), ('escalate', 'handle')])

    def test_no_limit_no_clock_and_nothing_of_what_is_closed(self):
        self.case('category=quiet')
        done = self.case()
        self.act('do', done, 'void', 'why=误报')
        back = self.case()
        self.act('withdraw', back, '--why', '误报')
        self.assertEqual(self.deeds(1000), [])

    def test_a_guessed_year_reminds_and_does_not_climb(self):
        self.case('category=fire')
        deeds = self.clerk(24 * 30)
        self.assertEqual({d['move'] for d in deeds}, {'remind'})
        self.assertEqual({d['guessed'] for d in deeds}, {True})

    def test_a_running_server_does_it_by_itself(self):
        one = self.case()
        self.assertEqual(self.written(one), [])
        # A limit that was over at once, by a new catalogue.
        table = self.world.folder / 'catalogue.csv'
        table.write_text('code,name,accept\n*,其他,0.001u\nnoise,噪声,\n', encoding='utf-8')
        self.world.do('catalogue', 'import', table, '--edition', 'strict')
        wait_until(lambda: self.world.ask('list', '--overdue'), what='red')
        self.world.stop()
        self.world.start()  # a pass at once
        wait_until(lambda: self.written(one), what='the reminder')

    def test_overdue_cases_are_listed(self):
        one, two = self.case(), self.case('category=quiet')
        rows = {r['id']: r for r in self.world.ask('list')}
        self.assertEqual(rows[one]['clock']['stage'], 'accept')
        self.assertEqual(rows[one]['clock']['light'], 'green')
        self.assertIsNone(rows[two]['clock']['due'])
        self.assertEqual(self.world.ask('list', '--overdue'), [])
        shown = self.world.show(one)
        self.assertEqual([c['stage'] for c in shown['clocks']], ['accept'])

    def test_a_list_is_sifted_as_on_the_device(self):
        one = self.case()  # the same limit, but it came first
        two, free = self.case(), self.case('category=quiet')
        done = self.case()
        self.act('do', done, 'void', 'why=误报')

        def ids(*words):
            return [r['id'] for r in self.world.ask('list', *words)]
        self.assertEqual(set(ids('--open')), {one, two, free})
        self.assertEqual(ids('--open', '--due'), [one, two, free])
        self.assertEqual(ids('--due', '--limit', '1'), [one])
        self.act('do', one, 'accept')
        self.act('do', one, 'file')
        self.act('do', one, 'dispatch', 'unit=' + COMMUNITY_2)
        self.assertEqual(ids('--holder', COMMUNITY_2), [one])
        self.assertEqual(set(ids('--holder', DISTRICT, '--open')),
                         {one, two, free})
        # A unit that there is not is no empty list.
        r = self.world.do('list', '--holder', COMMUNITY_2[:-1] + 'x', code=3)
        self.assertIn(COMMUNITY_2, r.err)

    def test_an_official_number_may_be_chinese(self):
        one = self.case()
        self.act('do', one, 'accept')
        for bad in ('', ' ', '大东 1'):
            self.world.do('do', one, 'file', 'case_number=' + bad, '--as', 'd1',
                          code=2)
        self.act('do', one, 'file', 'case_number=大东2026-0417')
        self.a.sync()
        for who in (self.world, self.a):
            self.assertEqual(who.show('大东2026-0417')['id'], one)

    def test_duplicates_and_their_group(self):
        one = self.case('position=35.1,118.3', 'channel=resident',
                        'description=井盖')
        two = self.case('position=35.10015,118.3', 'channel=hotline')
        far = self.case('position=35.11,118.3')
        self.case('category=quiet', 'position=35.1,118.3')
        self.case('category=quiet', 'position=35.1,118.3')
        pairs = self.world.ask('duplicates')
        self.assertEqual([{r['id'] for r in p['reports']} for p in pairs],
                         [{one, two}])
        self.assertEqual(pairs[0]['distance_m'], 17)
        self.assertIn('井盖', self.world.do('duplicates', two).out)
        self.assertEqual(self.world.ask('duplicates', far), [])
        self.act('link', one, two)
        self.assertEqual(self.world.ask('duplicates'), [])
        for which in (one, two):
            group = self.world.show(which)['group']
            self.assertEqual(group['id'], min(one, two))
            self.assertEqual({m['id'] for m in group['members']}, {one, two})
            self.assertEqual(set(group['unanswered']), {one, two})
        # One is answered: the other reporter still waits.
        self.act('do', one, 'answer', 'answer=已处理')
        self.assertEqual(self.world.show(one)['group']['unanswered'], [two])
        self.assertIn('waits for an answer', self.world.do('show', one).out)
        self.assertNotIn('group', self.world.show(far))
        self.sound()


if __name__ == '__main__':
    main()
