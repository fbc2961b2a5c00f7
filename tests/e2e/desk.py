#!/usr/bin/env python3
"""What an operator does on the server: a case through the whole loop, every
refusal with its reason and with what is possible instead, official numbers,
links, things made at the desk. Nothing that is refused leaves a trace."""
import re
from json import loads

from lib_world import COMMUNITY, COMMUNITY_2, GRID, Case, main

DISTRICT = '371302'


class Desk(Case):
    WORKERS = [('wa', 'worker', GRID)]

    def setUp(self):
        super().setUp()
        for worker in (('d1', 'dispatcher', DISTRICT),
                       ('d2', 'dispatcher', COMMUNITY_2),
                       ('h1', 'handler', COMMUNITY_2),
                       ('s1', 'supervisor', DISTRICT),
                       ('au', 'auditor', DISTRICT)):
            self.world.worker(*worker)

    def case(self, *words):
        one = self.a.incident('grid=' + GRID, *words)
        self.a.sync()
        return one

    def act(self, *words, who='d1', code=0):
        return self.world.ask(*words, '--as', who, code=code)[0]

    def refused(self, *words, who='d1', code=1):
        """What it says; and that the log did not grow by a record."""
        before = self.listed()
        r = self.world.try_(*words, '--as', who)
        self.assertEqual(r.code, code, r.out + r.err)
        self.assertEqual(self.listed(), before)
        return r.err + r.out

    def listed(self):
        """All cases; without how long ago it is, which time alone changes."""
        return re.sub(r'\d+ (s|min|h|days?)\b', '', self.world.do(
            'list', '--json').out)

    def test_a_case_goes_through_the_whole_loop(self):
        one = self.case('channel=resident')
        self.assertEqual(self.act('do', one, 'accept')['status'], 'accepted')
        filed = self.act('do', one, '立案')
        year = filed['case_number'].split('-')[0]
        self.assertRegex(filed['case_number'], '^20[0-9][0-9]-000001$')
        # From now on that number says which case.
        number = filed['case_number']
        self.act('do', number, 'dispatch', 'unit=' + COMMUNITY_2)
        self.act('do', number, 'sign', who='h1')
        done = self.act('do', number, 'finish', 'result=已清理', who='h1')
        self.assertEqual(done['missing'], ['after'])
        # A resident reported it: no closing without an answer.
        said = self.refused('do', number, 'close', 'settled_level=street')
        self.assertIn('answer to who reported it', said)
        closed = self.act('do', number, 'close', 'settled_level=street',
                          'answer=已办结')
        self.assertEqual(closed['status'], 'closed')
        self.assertEqual(closed['conflicts'], 0)
        # The device sees the same, and the next case gets the next number.
        self.a.sync()
        self.same(one)
        two = self.case()
        self.act('do', two, 'accept')
        self.act('do', two, 'file', 'case_number=%s-000002' % year)
        three = self.case()
        self.act('do', three, 'accept')
        self.assertEqual(self.act('do', three, 'file')['case_number'],
                         year + '-000003')
        self.sound()

    def test_what_cannot_be_done_is_refused_with_what_can(self):
        one = self.case()
        said = self.refused('do', one, 'sign')
        self.assertIn('no "sign for" now: it is "reported"', said)
        self.assertIn('accept accept', said)
        said = self.refused('do', one, 'void')
        self.assertIn('a reason, why=', said)
        self.assertIn('nobody has the code',
                      self.refused('do', one, 'accept', who='zz', code=3))
        self.assertIn('records nothing',
                      self.refused('do', one, 'accept', who='au'))
        self.assertIn('platform itself',
                      self.refused('do', one, 'accept', who='server'))
        # Of another place: no right, and so nothing is possible.
        said = self.refused('do', one, 'accept', who='d2')
        self.assertIn("outside the author's grid or unit", said)
        self.assertIn('nothing can be done', said)
        self.assertIn('may not "accept"', self.refused('do', one, 'accept', who='wa'))
        self.assertIn('did you mean accept',
                      self.refused('do', one, 'acept', code=2))
        self.refused('do', one, 'accept', 'colour=red', code=2)
        self.refused('do', 'ffffffff', 'accept', code=3)
        json = self.world.try_('do', one, 'sign', '--as', 'd1', '--json')
        possible = {m['move']: m
                    for m in loads(json.err)['possible']}
        self.assertEqual(possible['accept']['to'], 'accepted')
        self.assertEqual(possible['void']['needs'][0]['need'], 'why')
        self.assertFalse(possible['void']['needs'][0]['met'])
        # A triage waits for a whistle: blocked, and said so.
        self.assertTrue(possible['triage']['blocked'])

    def test_settled_on_the_spot_without_photos_takes_a_reason(self):
        one = self.case()
        self.assertIn('a photo from', self.refused('do', one, 'self_handle',
                                                   who='wa'))
        done = self.act('do', one, 'self_handle', 'why=手机没电', who='wa')
        self.assertEqual(done['status'], 'self_handled')
        self.assertEqual(done['missing'], ['before', 'after'])

    def test_two_refusals_force_a_review_or_designation(self):
        one = self.case()
        self.act('do', one, 'accept')
        self.act('do', one, 'file')
        for _ in range(2):
            self.act('do', one, 'dispatch', 'unit=' + COMMUNITY_2)
            self.act('do', one, 'return', 'rule=A-1', 'why=不归我管', who='h1')
        self.assertIn('joint review', self.refused('do', one, 'dispatch',
                                                   'unit=' + COMMUNITY_2))
        self.act('do', one, 'designate', 'unit=' + COMMUNITY_2, 'why=定了')
        self.assertIn('cannot be returned', self.refused(
            'do', one, 'return', 'rule=A-1', 'why=还是不归', who='h1'))

    def test_who_asks_does_not_grant(self):
        one = self.case()
        self.act('do', one, 'accept')
        self.act('do', one, 'file')
        self.act('do', one, 'dispatch', 'unit=' + COMMUNITY_2)
        self.act('do', one, 'sign')
        self.act('do', one, 'ask_shelve', 'why=等料', 'until=2027-01-01')
        said = self.refused('do', one, 'shelve', 'why=等料',
                            'until=2027-01-01')
        self.assertIn('somebody else than who asked', said)
        self.act('do', one, 'shelve', 'why=等料', 'until=2027-01-01',
                 who='s1')

    def test_a_move_that_a_device_made_meanwhile_is_overtaken(self):
        one = self.case()
        self.a.do('do', one, 'self_handle', 'why=无照片')
        self.act('do', one, 'accept')
        self.a.sync()
        rows = self.world.ask('conflicts', code=5)
        self.assertEqual([r['reason'] for r in rows], ['overtaken'])
        side = rows[0]['sides'][0]
        # The operator's next act says that something waits to be decided.
        self.assertEqual(self.act('note', one, '已电话核实', code=5)
                         ['conflicts'], 1)
        self.world.do('resolve', one, 'status', '--dismiss', '--why', '已受理',
                      '--as', 'd1')
        self.assertEqual(self.world.ask('conflicts'), [])
        self.assertEqual(side['author'], 'wa')
        self.a.sync()
        self.same(one)

    def test_a_taken_move_brings_what_it_said(self):
        self.world.worker('hb', 'handler', COMMUNITY)
        hands = self.world.enrol('hands', 'hb')
        one = self.case()
        for move in (('accept',), ('file',),
                     ('dispatch', 'unit=' + COMMUNITY)):
            self.act('do', one, *move)
        hands.sync()
        hands.do('do', one, 'sign')
        hands.do('do', one, 'ask_shelve', 'why=等料', 'until=2099-01-01')
        hands.sync()
        # The desk grants what was asked while the work is done already.
        hands.do('do', one, 'finish', 'result=料到了，已修好')
        self.act('do', one, 'shelve', 'why=等料', 'until=2099-01-01')
        hands.sync()
        self.act('do', one, 'resume', code=5)
        side = self.world.ask('conflicts', one, code=5)[0]['sides'][0]
        self.assertEqual(side['author'], 'hb')
        self.act('resolve', one, 'status', '--take', side['hash'][:12],
                 '--why', '现场已修好')
        shown = self.world.show(one)
        self.assertEqual(shown['status'], 'handled')
        self.assertEqual(shown['fields']['result'], '料到了，已修好')
        self.assertEqual(self.world.ask('conflicts'), [])
        hands.sync()
        self.same(one, hands)

    def test_made_at_the_desk(self):
        told = self.act('add', 'incident', 'category=fire', 'grid=' + GRID,
                        'channel=hotline', 'address=电话报来')
        self.assertEqual(told['status'], 'reported')
        shown = self.world.show(told['id'])
        self.assertEqual(shown['number'].split('-')[:2], ['0000', '00001'])
        self.assertEqual(self.world.show(shown['number'])['id'], told['id'])
        notice = self.act('add', 'notice', 'title=会议', 'text=明天九点')
        task = self.act('add', 'task', 'title=清运', 'unit=' + COMMUNITY,
                        'incident=' + told['id'])
        self.assertEqual(task['status'], 'dispatched')
        self.assertEqual(self.world.show(task['id'])['number'].split('-')[1],
                         '00003')
        self.assertIn('text', self.refused('add', 'notice', 'title=只有标题',
                                           code=2))
        self.act('set', notice['id'], 'title=改期')
        self.assertEqual(self.world.show(notice['id'])['fields']['title'],
                         '改期')
        self.act('withdraw', told['id'], '--why', '误报')
        self.assertTrue(self.world.show(told['id'])['withdrawn'])
        self.refused('withdraw', told['id'], '--why', '又一次')
        self.sound()

    def test_links_are_made_and_taken_back(self):
        one, two = self.case(), self.case()
        self.act('link', one, two)
        self.assertEqual([e['value'] for e in
                          self.world.show(one)['sets']['same_as']], [two])
        self.assertIn('linked already', self.refused('link', two, one))
        self.assertIn('one and the same', self.refused('link', one, one,
                                                       code=2))
        # Taken back from the other side too.
        self.act('unlink', two, one, '--why', '不是一处')
        self.assertEqual(self.world.show(one)['sets']['same_as'], [])
        self.refused('unlink', two, one, '--why', '没有了')
        self.a.sync()
        self.same(one)


if __name__ == '__main__':
    main()
