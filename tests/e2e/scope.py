#!/usr/bin/env python3
"""Who is told of what, with real devices: a case goes to a department and on to
another, without the informant's name; a notice goes down and only receipts go
up; a device that comes late is told the present; a rebuild changes nothing."""
from lib_world import (DEPARTMENT, DEPARTMENT_2, GRID, GRID_2, Case, main,
                       shared)

NAME = 'Zhao-the-informant'


class Scope(Case):
    WORKERS = [('wa', 'worker', GRID), ('desk', 'dispatcher', '371302'),
               ('ha', 'handler', DEPARTMENT), ('hb', 'handler', DEPARTMENT_2),
               ('wb', 'worker', GRID_2)]

    def holds(self, agent, contact, text):
        """Does the device, unlocked, say it anywhere? Its files are sealed."""
        said = agent.do('list', '--all', '--json').out
        for one in sorted(agent.ids() | {contact}):
            for command in 'show', 'history':
                said += agent.do(command, one, '--json', code=(0, 3)).out
        return text in said or any(text.encode() in p.read_bytes()
                                   for p in agent.home.rglob('*')
                                   if p.is_file())

    def test_a_case_goes_from_hand_to_hand(self):
        contact = self.a.one('contact', 'name=' + NAME, 'grid=' + GRID)['id']
        case = self.a.incident('grid=' + GRID, 'contact=' + contact)
        self.settle()
        self.assertNotIn(case, self.c.ids() | self.d.ids() | self.e.ids())
        self.b.do('do', case, 'accept')
        self.b.do('do', case, 'file', 'case_number=2026-1')
        self.b.do('do', case, 'dispatch', 'unit=' + DEPARTMENT)
        self.settle()
        self.assertIn(case, self.c.ids())
        self.same(case, self.a, self.b, self.c)
        self.assertNotIn(contact, self.c.ids())
        self.assertTrue(self.holds(self.a, contact, NAME))
        self.assertFalse(self.holds(self.c, contact, NAME))
        self.assertNotIn(case, self.d.ids() | self.e.ids())

        self.c.do('do', case, 'return', 'rule=r1', 'why=不归我管')
        self.settle()
        self.b.do('do', case, 'dispatch', 'unit=' + DEPARTMENT_2)
        self.settle()
        self.same(case, self.a, self.b, self.d)
        self.assertNotIn(case, {e['id'] for e in self.c.ask('list')})
        self.assertIn(case, {e['id'] for e in self.d.ask('list')})
        self.assertFalse(self.holds(self.d, contact, NAME))
        self.d.do('do', case, 'sign')
        self.settle()
        self.same(case, self.a, self.b, self.d)
        records = self.c.show(case)['records']
        self.assertEqual(self.d.show(case)['records'], records + 2)

        # One who comes late, or moves in, is told the present.
        late = self.world.enrol('late', 'hb')
        self.same(case, late)
        gone = self.world.enrol('gone', 'ha')
        self.assertNotIn(case, {e['id'] for e in gone.ask('list')})
        self.world.worker('wb', 'handler', DEPARTMENT_2)
        self.settle(self.e)
        self.same(case, self.e)
        self.sound()
        self.assertEqual(self.world.stop(), 0)
        before = shared(self.world.show(case))
        self.world.do('rebuild')
        self.world.do('check')
        self.assertEqual(shared(self.world.show(case)), before)

    def test_a_notice_goes_down_and_receipts_go_up(self):
        notice = self.b.one('notice', 'title=台风', 'text=注意安全',
                            'grid=371302')['id']
        self.settle()
        for agent in (self.a, self.c, self.d, self.e):
            self.assertIn(notice, agent.ids())
            agent.do('read', notice)
        self.settle()
        self.assertEqual(self.b.show(notice)['records'], 5)
        for agent in (self.a, self.c, self.d, self.e):
            self.assertEqual(agent.show(notice)['records'], 2)
        self.b.do('set', notice, 'text=解除')
        self.settle()
        late = self.world.enrol('late', 'wb')
        self.assertEqual(late.show(notice)['records'], 2)
        self.assertEqual(late.show(notice)['fields']['text'], '解除')
        self.sound()


if __name__ == '__main__':
    main()
