#!/usr/bin/env python3
"""The closed loop from the command line, by people of several roles on devices
of their own: what can be done, what is refused and why, conflicts that are set
or resolved, duplicates, notices, campaigns, visits, deadlines, what a worker
sees of themselves."""
import json
import re

from lib_world import (COMMUNITY, DEPARTMENT, DEPARTMENT_2, GRID, GRID_2,
                       PHOTOS, Case, main)

BEFORE = str(PHOTOS / 'f1-exif.jpg') + ':before'
AFTER = str(PHOTOS / 'f2-exif.jpg') + ':after'
HAN = re.compile('[\u4e00-\u9fff]')


class Loop(Case):
    WORKERS = [('wa', 'worker', GRID), ('da', 'dispatcher', '371302'),
               ('ha', 'handler', DEPARTMENT)]

    def setUp(self):
        super().setUp()
        self.worker, self.desk, self.hands = self.a, self.b, self.c

    def refused(self, agent, *words, code=1):
        """The error object, and the names of what was said to be possible.
        Nothing is saved."""
        before = agent.status()['records']
        text = agent.do('do', *words, code=code)
        self.assertEqual(text.out, '', text.argv)
        error = json.loads(agent.do('do', *words, '--json', code=code).err)
        self.assertEqual(agent.status()['records'], before)
        self.assertIn(error['text'], text.err.splitlines()[0])
        for move in error.get('possible', []):
            self.assertIn('  %s ' % move['move'], text.err)
        return error['text'], [m['move'] for m in error.get('possible', [])
                               if not m['blocked']]

    def moves(self, agent, which):
        one = agent.one('do', which)
        self.assertIsNone(one['no_right'])
        return {m['move']: m for m in one['moves'] if not m['blocked']}

    def test_what_can_be_done_is_what_is_accepted(self):
        one = self.worker.incident('address=东街', 'grid=' + GRID)
        mine = self.moves(self.worker, one)
        self.assertEqual(set(mine), {'self_handle', 'escalate', 'answer'})
        self.assertEqual([n['need'] for n in mine['escalate']['needs']],
                         ['level'])
        # Without photos of both sorts, or a reason, nothing is settled.
        text, can = self.refused(self.worker, one, 'self_handle')
        self.assertIn('why=', text)
        self.assertIn('self_handle', can)
        self.refused(self.worker, one, 'self_handle', '--photo', AFTER)
        # What is no move, or not for this person, or not from here.
        text, _ = self.refused(self.worker, one, 'acept', code=2)
        self.assertIn('did you mean accept', text)
        text, can = self.refused(self.worker, one, 'accept')
        self.assertIn('grid worker', text)
        self.assertEqual(set(can), set(mine))
        text, can = self.refused(self.worker, one, 'close',
                                 'settled_level=street')
        self.assertIn('reported', text)
        # A field that a move may set, in that move only.
        self.worker.do('set', one, 'unit=' + DEPARTMENT, code=2)
        # By its Chinese label, too.
        said = self.worker.one('do', one, '自行处置', '--photo', BEFORE,
                               '--photo', AFTER)
        self.assertEqual((said['status'], said.get('missing')),
                         ('self_handled', None))

    def test_settled_on_the_spot_with_a_reason(self):
        one = self.worker.incident()
        said = self.worker.one('do', one, 'self_handle', '--why', '物业当场清走')
        self.assertEqual(said['missing'], ['before', 'after'])
        self.worker.do('do', one, 'answer', 'answer=好', 'why=一', '--why', '二',
                       code=2)

    def file(self, *words):
        one = self.worker.incident('grid=' + GRID, *words)
        self.settle()
        self.desk.do('do', one, 'accept')
        self.desk.do('do', one, 'file', 'case_number=2026-' + one[:6])
        return one

    def test_from_report_to_closure(self):
        one = self.file('channel=resident')
        self.assertEqual(self.desk.show('2026-' + one[:6])['id'], one)
        self.refused(self.desk, one, 'dispatch')
        self.desk.do('do', one, 'dispatch', 'unit=' + DEPARTMENT)
        self.settle()
        self.assertEqual(self.hands.show('2026-' + one[:6])['id'], one)
        text, _ = self.refused(self.hands, one, 'return', 'why=不归我管')
        self.assertIn('rule=', text)
        self.hands.do('do', one, 'sign')
        self.hands.do('do', one, 'finish', 'result=已修复', '--photo', AFTER)
        self.settle()
        text, can = self.refused(self.desk, one, 'close',
                                 'settled_level=street')
        self.assertIn('answer', text)
        self.desk.do('do', one, 'close', 'settled_level=street',
                     'answer=已修好')
        self.settle()
        self.assertEqual(self.same(one)['status'], 'closed')
        self.refused(self.hands, one, 'rate', 'rating=good')  # own work
        self.worker.do('do', one, '评价', 'rating=满意')
        self.sound()

    def test_a_stranger_is_told_so(self):
        one = self.file()
        self.desk.do('do', one, 'dispatch', 'unit=' + DEPARTMENT)
        self.settle()
        text, _ = self.refused(self.hands, one, 'dispatch',
                               'unit=' + DEPARTMENT_2)
        self.assertIn('handling', text + 'handling')
        # For another worker, whom the registry does not let record here.
        told = self.hands.do('do', one, 'sign', '--as', 'wa', code=1)
        self.assertEqual(told.out, '')


if __name__ == '__main__':
    main()
