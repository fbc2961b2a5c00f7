#!/usr/bin/env python3
"""The closed loop from the command line, by people of several roles on devices
of their own: what can be done, what is refused and why, conflicts that are set
or resolved, duplicates, notices, campaigns, visits, deadlines, what a worker
sees of themselves."""
import json
import re

from lib_world import (BIN, COMMUNITY, DEPARTMENT, DEPARTMENT_2, GRID, GRID_2,
                       PHOTOS, Case, main, run)

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
        self.assertIn('it is "dispatched"', text)
        text, _ = self.refused(self.hands, one, 'void', 'why=x')
        self.assertIn('it is "dispatched"', text)
        # For another worker, whom the registry does not let record here.
        self.hands.do('do', one, 'sign', '--as', 'wa', code=1)
        strange = self.hands.one('do', one, '--as', 'wa')
        self.assertEqual((strange['as'], strange['moves']), ('wa', []))
        self.assertIsNotNone(strange['no_right'])
        self.assertEqual(self.same(one)['status'], 'dispatched')


HERE, NEAR, FAR = '35.0500000,118.3', '35.0502500,118.3', '35.0510000,118.3'


class Duplicates(Case):
    def test_suggested_linked_answered_each(self):
        one = self.a.incident('position=' + HERE, 'channel=resident',
                              'address=东街')
        self.settle()
        near = self.b.one('incident', 'category=fire', 'position=' + NEAR)
        self.assertEqual([(n['id'], n['distance_m']) for n in near['near']],
                         [(one, 28)])
        told = self.b.do('incident', 'category=fire', 'position=' + NEAR).out
        self.assertIn('xunge link', told)
        # Not of another category, not too far away, not without a place.
        for words in (['category=manhole', 'position=' + HERE],
                      ['category=fire', 'position=' + FAR],
                      ['category=fire']):
            self.assertNotIn('near', self.b.one('incident', *words))
        two = near['id']
        pairs = self.b.ask('duplicates', two)
        self.assertEqual(pairs[0]['distance_m'], 0)
        self.assertIn({one, two}, [{r['id'] for r in p['reports']}
                                   for p in pairs])
        self.assertIn('东街', self.b.do('duplicates').out)
        said = self.b.one('link', two, one)
        self.assertEqual((said['linked'], said['group_size']), (True, 2))
        self.b.do('link', one, two, code=1)
        self.b.do('link', one, one, code=2)
        self.assertNotIn({one, two}, [{r['id'] for r in p['reports']}
                                      for p in self.b.ask('duplicates')])
        self.settle()
        for agent in self.agents:
            group = agent.show(one)['group']
            self.assertEqual(group['id'], min(one, two))
            self.assertEqual(group['unanswered'], [one])
            self.assertEqual({m['id'] for m in group['members']}, {one, two})
        self.a.do('do', two, 'self_handle', 'why=x')
        self.a.do('do', one, 'answer', 'answer=已处置')
        group = self.a.show(two)['group']
        self.assertEqual(group['unanswered'], [])
        self.assertEqual({m['id']: m['status'] for m in group['members']},
                         {one: 'reported', two: 'self_handled'})
        self.settle()
        self.b.do('unlink', one, two)
        self.b.do('unlink', one, two, code=1)
        self.assertNotIn('group', self.b.show(one))
        self.sound()

    def test_only_of_one_kind(self):
        one = self.a.incident()
        other = self.a.one('visit', 'place=A', 'result=normal')['id']
        self.a.do('link', one, other, code=1)


class Imported(Case):
    WORKERS = [('da', 'dispatcher', '371302')]

    def lines(self, *lines):
        path = self.world.folder / 'lines.jsonl'
        path.write_text(''.join(json.dumps(
            dict(line, worker='da', t=1789984019 + i)) + '\n'
            for i, line in enumerate(lines)), encoding='utf-8')
        return path

    def test_a_case_walks_the_loop_line_by_line(self):
        def move(n, name, why=None, **fields):
            line = {'id': 'm%d' % n, 'kind': 'do', 'target': 'c', 'move': name}
            if fields:
                line['set'] = fields
            return dict(line, why=why) if why else line

        report = {'id': 'c', 'kind': 'incident', 'category': 'manhole'}
        way = [move(1, '受理'), move(2, 'file', case_number='2026-1'),
               move(3, 'dispatch', unit=DEPARTMENT, board='life'),
               move(4, 'whistle', '三个部门', **{'class': 'urgent'}),
               move(5, 'triage', called=[DEPARTMENT, DEPARTMENT_2],
                    report_by=1789990000),
               move(6, 'report_in', present=[DEPARTMENT]),
               move(7, 'sign'), move(8, 'finish', result='已修')]
        self.assertEqual(self.a.one('import', self.lines(report, *way))['added'],
                         9)
        shown = self.a.show('2026-1')
        self.assertEqual((shown['status'], shown['without_effect'],
                          shown['fields']['board']), ('handled', [], 'life'))
        self.assertEqual(shown['report_in']['missing'], [DEPARTMENT_2])
        self.assertIn(DEPARTMENT_2, self.a.do('show', '2026-1').out)
        # From where the lines before led to, and with what the move takes.
        for wrong, word in ((move(9, 'dispatch', unit=DEPARTMENT), 'handled'),
                            (move(9, 'close'), 'settled_level'),
                            (move(9, 'rework'), 'why')):
            no = self.a.do('import', self.lines(report, *way, wrong), code=1)
            self.assertIn('line 10', no.err)
            self.assertIn(word, no.err)
        again = self.a.one('import', self.lines(
            report, *way, move(9, 'close', settled_level='street')))
        self.assertEqual((again['added'], again['held']), (1, 9))
        self.assertEqual(self.a.show('2026-1')['status'], 'closed')


class Many(Case):
    WORKERS = [('da', 'dispatcher', '371302'), ('wa', 'worker', GRID),
               ('wb', 'worker', GRID_2)]

    def test_notice_is_read_once_and_receipts_go_up(self):
        one = self.a.one('notice', 'title=防汛', 'text=今夜暴雨', 'grid=371302')
        self.settle()
        said = self.b.do('read', one['id'])
        self.assertIn('今夜暴雨', said.out)
        self.assertTrue(self.c.one('read', one['id'])['saved'])
        again = self.b.one('read', one['id'])
        self.assertEqual((again['saved'], again['read_by']), (False, 'wa'))
        self.settle()
        self.assertEqual(self.a.show(one['id'])['readers'], 2)
        self.assertIn('wa, wb', self.a.do('show', one['id']).out)
        self.b.do('set', one['id'], 'title=别的', code=1)  # not theirs
        self.b.do('read', self.b.incident(), code=1)
        self.sound()

    def test_campaign_adds_up(self):
        one = self.a.one('campaign', 'name=燃气排查', 'grid=371302',
                         'target=20')['id']
        self.settle()
        self.b.do('tally', one, GRID + ':bottles:12', GRID + ':stairs:1')
        self.b.do('tally', one, GRID + ':bottles:1')
        self.c.do('tally', one, GRID_2 + ':bottles:5')
        self.b.do('tally', one, GRID + ':bottles', code=2)
        self.settle()
        counted = self.a.show(one)['counted']
        self.assertEqual((counted['grids'], counted['items']),
                         (2, {'bottles': 18, 'stairs': 1}))
        self.assertEqual(counted['by_grid'][GRID], {'bottles': 13, 'stairs': 1})
        wrong = [t for t in self.b.show(one)['sets']['tally']
                 if t['value']['number'] == 1 and
                 t['value']['item'] == 'bottles']
        self.b.do('set', one, 'tally-=%s:%d' % (wrong[0]['hash'],
                                                wrong[0]['index']))
        self.assertEqual(self.b.show(one)['counted']['by_grid'][GRID],
                         {'bottles': 12, 'stairs': 1})
        self.settle()
        self.sound()


class Setting(Case):
    def test_setting_what_is_in_conflict_decides_it(self):
        one = self.a.incident('grid=' + GRID)
        self.settle()
        self.a.do('set', one, 'address=甲')
        self.b.do('set', one, 'address=乙')
        self.settle()
        no = self.a.do('set', one, 'address=丙', code=1)
        self.assertIn('--why', no.err)
        self.a.do('set', one, 'urgency=urgent', code=5)  # left to decide
        self.a.do('set', one, 'address=丙', '--why', '现场核对')
        self.settle()
        shown = self.same(one)
        self.assertEqual((shown['fields']['address'], shown['conflicts']),
                         ('丙', 0))
        last = [r for r in self.b.ask('history', one)
                if 'resolves' in r['labels']]
        self.assertIn('现场核对', str(last))
        # Undone by the next, who takes a value that it once had.
        self.b.do('resolve', one, 'urgency', '--value', 'normal', '--why', 'x',
                  code=1)
        first = [r for r in self.b.ask('history', one)
                 if any(c.get('value') == '甲' for c in r['changes'])]
        self.b.do('resolve', one, 'address', '--take', first[0]['hash'][:12],
                  '--why', '再次核对')
        self.settle()
        self.assertEqual(self.same(one)['fields']['address'], '甲')
        self.sound()

    def test_a_required_field_is_not_emptied(self):
        one = self.a.incident('address=甲')
        self.a.do('set', one, 'category=', code=2)
        self.a.do('set', one, 'address=')
        self.assertIsNone(self.a.show(one)['fields']['address'])


LEVELS = """code,zh,en,rank,at,up,role,whistle,triage,supervise,assess,settles,target
grid,网格,grid,1,,community,worker,,,,,,
community,社区,community,2,,street,community,,,,,,
street,街道,street,3,,district,dispatcher,yes,,,,,
district,区,district,4,,,dispatcher,,,,,,
department,部门,department,4,,,handler,,,,,,
"""
DUTY = """code,unit,part,categories,text
cg-03,371302-cg,lead,street-trade,占道经营的查处
zj-07,371302-zj,lead,manhole,井盖维护
"""
CATALOGUE = """code,name,radius,post,board,handle
street-trade,占道经营,200,,life,5 工作日
manhole,井盖缺失,0,,,2 紧急工作时
"""
POSTS = """code,unit,board,zh,en,a,b,from,to,cover
cg-1,%s,life,城管岗,,w9,,,,
"""
LABELS = """sort,code,zh,en
move,dispatch,分派到位,
"""


class Guided(Case):
    WORKERS = [('wa', 'worker', GRID), ('da', 'dispatcher', '371302'),
               ('ca', 'community', COMMUNITY)]

    def setUp(self):
        super().setUp()
        for kind, text in (('levels', LEVELS), ('duty', DUTY),
                           ('catalogue', CATALOGUE), ('labels', LABELS)):
            self.world.reference(kind, text)
        self.settle()
        self.one = self.a.incident('category=street-trade', 'grid=' + GRID)
        self.settle()

    def test_one_level_up(self):
        self.a.do('do', self.one, 'escalate')
        self.settle()
        fields = self.same(self.one)['fields']
        self.assertEqual(fields['level'], 'community')
        self.c.do('do', self.one, '提级')
        self.settle()
        self.assertEqual(self.same(self.one)['fields']['level'], 'street')

    def test_who_it_is_dispatched_to(self):
        self.b.do('do', self.one, 'accept')
        self.b.do('do', self.one, 'file')
        error = json.loads(self.b.do('do', self.one, '分派到位', '--json',
                                     code=1).err)
        self.assertEqual([(p['unit'], p['rule']) for p in error['proposed']],
                         [(DEPARTMENT, 'cg-03')])
        self.assertIn('unit=' + DEPARTMENT,
                      self.b.do('do', self.one, 'dispatch', code=1).err)
        self.b.do('do', self.one, 'dispatch', 'unit=' + DEPARTMENT)
        self.assertEqual(self.b.show(self.one)['fields']['board'], 'life')
        # What is cited must be an item, and another's.
        for rule, word in (('xx-1', 'no item'), ('cg-03', 'it is the duty')):
            no = self.b.do('do', self.one, 'return', 'rule=' + rule, 'why=x',
                           code=1).err
            self.assertIn(word, no)
            self.assertIn('rule=zj-07', no)
        self.b.do('do', self.one, 'return', 'rule=zj-07', 'why=x')

    def test_names_stand_before_codes(self):
        self.b.do('do', self.one, 'accept')
        self.b.do('do', self.one, 'file')
        self.b.do('do', self.one, 'dispatch', 'unit=' + DEPARTMENT)
        self.settle()
        name = self.b.show(self.one)['names']['unit']
        self.assertNotIn(name, ('', DEPARTMENT))
        said = self.b.do('show', self.one).out
        self.assertIn('%s %s' % (name, DEPARTMENT), said)
        self.assertIn('占道经营 street-trade', said)
        self.assertIn('占道经营 street-trade', self.b.do('list').out)
        self.assertIn('%s %s' % (name, DEPARTMENT),
                      self.b.do('history', self.one).out)
        row = [r for r in self.b.ask('list') if r['id'] == self.one][0]
        self.assertEqual(row['names']['category'], '占道经营')
        self.assertEqual(self.world.show(self.one)['names']['unit'], name)
        # Of what is referred to, its number and title instead of its id.
        told = self.a.one('incident', 'category=manhole', '--contact', '王大爷')
        self.assertIn('王大爷', self.a.do('show', told['id']).out)
        self.assertNotIn(told['contact'], self.a.do('show', told['id']).out)

    def test_what_waits_for_whom_is_seen(self):
        one = self.a.incident('category=manhole', 'channel=resident')
        self.settle()
        for words in (('accept',), ('file',), ('dispatch', 'unit=371302'),
                      ('sign',), ('void', 'why=x')):
            self.b.try_('do', one, *words)
        self.assertEqual([w['what'] for w in self.b.show(one)['waiting']],
                         ['answer'])
        self.assertIn('an answer to who reported it',
                      self.b.do('show', one).out)
        row = [r for r in self.b.ask('list') if r['id'] == one][0]
        self.assertEqual([w['what'] for w in row['waiting']], ['answer'])
        self.b.do('do', self.one, 'accept')
        self.b.do('do', self.one, 'void', 'why=重复上报')
        shown = self.b.show(self.one)
        self.assertEqual((shown['waiting'], shown['turned_back']['why']),
                         ([], '重复上报'))
        self.assertIn('重复上报', self.b.do('show', self.one).out)

    def test_what_is_meant_by_a_name_or_another_case(self):
        for word in ('占道经营', 'Street-Trade'):
            told = self.a.one('incident', 'category=' + word)
            self.assertEqual(self.a.show(told['id'])['fields']['category'],
                             'street-trade')

    def test_a_post_names_its_unit_and_no_unit_is_invented(self):
        self.world.reference('posts', POSTS % DEPARTMENT)
        self.settle()
        self.b.do('do', self.one, 'accept')
        self.b.do('do', self.one, 'file')
        strange = 'unit=' + DEPARTMENT + 'x'
        no = self.b.do('do', self.one, 'dispatch', strange, code=1).err
        self.assertIn('did you mean ' + DEPARTMENT, no)
        self.assertEqual(self.b.show(self.one)['status'], 'filed')
        self.b.do('do', self.one, 'dispatch', 'post=cg-1')
        fields = self.b.show(self.one)['fields']
        self.assertEqual((fields['unit'], fields['handler'], fields['board']),
                         (DEPARTMENT, 'w9', 'life'))
        two = self.b.incident('category=manhole')
        self.b.do('do', two, 'accept')
        self.b.do('do', two, 'file')
        self.b.do('do', two, 'dispatch', strange, '--anyway')

    def test_times_that_cannot_be_meant_are_said_and_saved(self):
        for when in ('1999-01-01', '2099-01-01'):
            told = self.a.do('incident', 'category=manhole',
                             'happened=' + when).out
            self.assertIn('Mind', told)
            self.assertIn('saved', told)

    def test_who_may_whistle(self):
        no = self.c.do('do', self.one, 'whistle', 'class=urgent', 'why=x',
                       code=1).err
        self.assertIn('street', no)

    def test_a_typo_is_said_and_saved(self):
        told = self.a.do('incident', 'category=manhol', 'grid=' + GRID).out
        self.assertIn('did you mean manhole', told)
        self.assertIn('saved', told)
        told = self.a.do('set', self.one, 'grid=371302001001002').out
        self.assertIn('knows no grid', told)
        self.assertNotIn('Mind', self.a.do('incident', 'category=manhole').out)

    def test_the_radius_is_the_catalogues(self):
        self.a.do('set', self.one, 'position=35.05,118.3')
        far = self.a.one('incident', 'category=street-trade',
                         'position=35.0510,118.3')
        self.assertEqual(far['near'][0]['distance_m'], 111)
        self.a.do('incident', 'category=manhole', 'position=35.05,118.3')
        self.assertNotIn('near', self.a.one('incident', 'category=manhole',
                                            'position=35.05,118.3'))

    def test_deadlines_stand_in_show_list_and_due(self):
        hole = self.a.incident('category=manhole', 'grid=' + GRID)
        for which in (hole, self.one):
            if which == hole:
                self.settle()
            self.b.do('do', which, 'accept')
            self.b.do('do', which, 'file')
            self.b.do('do', which, 'dispatch', 'unit=' + DEPARTMENT)
        clocks = {c['stage']: c for c in self.b.show(hole)['clocks']}
        self.assertEqual((clocks['handle']['light'], clocks['handle']['unit']),
                         ('green', 'urgent'))
        self.assertIsNotNone(clocks['accept']['ended'])
        # The urgent one first; what has no deadline last.
        rows = self.b.ask('list', 'incident', '--open', '--due')
        self.assertEqual([r['id'] for r in rows[:2]], [hole, self.one])
        self.assertEqual(rows[0]['clock']['stage'], 'handle')
        self.assertIn('left', self.b.do('list', 'incident', '--due').out)
        self.assertEqual(self.b.ask('list', '--overdue'), [])
        # Late in the evening it is due tomorrow.
        due = self.b.ask('due', '--days', '2')
        self.assertEqual([(d['what'], d['id']) for d in due
                          if d['what'] == 'stage'][:1], [('stage', hole)])
        late = self.b.ask('list', 'incident', '--status', '待签收',
                          '--holder', DEPARTMENT)
        self.assertEqual({r['id'] for r in late}, {hole, self.one})
        self.assertEqual(self.b.ask('list', '--holder', DEPARTMENT_2), [])
        self.assertIn(self.one, {r['id'] for r in
                                 self.b.ask('list', '--holder', '371302')})


FORM = """{"templates": [{"code": "fire", "edition": "1", "kind": "visit",
 "zh": "消防检查", "questions": [
  {"key": "exit", "zh": "通道是否畅通", "type": "bool", "required": true},
  {"key": "why", "zh": "堵塞原因", "type": "text",
   "if": {"key": "exit", "is": "no"}}]}]}"""


class Visits(Case):
    WORKERS = [('wa', 'worker', GRID)]

    def test_a_subject_is_visited_by_a_form(self):
        self.world.reference('templates', FORM)
        self.settle()
        one = self.a.one('subject', 'list=place', 'name=幸福网吧',
                         'every_days=7')['id']
        due = self.a.ask('due')
        self.assertEqual([(d['what'], d['title'], d['last_visit'])
                          for d in due], [('visit', '幸福网吧', None)])
        visit = ['visit', 'of=' + one, 'place=B1', 'grid=' + GRID]
        self.a.do(*visit, 'result=normal', 'form=fire', code=2)
        self.a.do(*visit, 'result=normal', 'form=fire', 'item=exits=yes',
                  code=2)
        self.a.do(*visit, 'result=normal', 'form=fire', 'item=exit=yes',
                  '--incident', 'category=fire', code=2)
        told = self.a.do(*visit, 'result=abnormal').out
        self.assertIn('--incident', told)
        said = self.a.one(*visit, 'result=abnormal', 'form=fire',
                          'item=通道是否畅通=否', 'item=why=堆物', '--incident',
                          'category=fire', '--incident', 'address=一楼')
        shown = self.a.show(said['id'])['fields']
        self.assertEqual((shown['form'], shown['item'], shown['incident']),
                         ('fire@1', ['exit=no', 'why=堆物'], said['incident']))
        # A person reads the questions, a program the keys.
        self.assertEqual(self.a.show(said['id'])['answers'],
                         {'exit': False, 'why': '堆物'})
        read = run(BIN / 'xunge', '--home', self.a.home, '--lang', 'zh', 'show', said['id'])
        self.assertIn('通道是否畅通', read.out)
        self.assertNotIn('exit=no', read.out)
        opened = self.a.show(said['incident'])['fields']
        self.assertEqual((opened['visit'], opened['grid'], opened['address']),
                         (said['id'], GRID, '一楼'))
        self.assertEqual(self.a.ask('due'), [])
        later = self.a.ask('due', '--days', '7')
        self.assertIsNotNone(later[0]['last_visit'])
        self.a.do('set', one, 'released=yes')
        self.assertEqual(self.a.ask('due', '--days', '7'), [])
        self.settle()
        self.sound()

    def test_what_is_recorded_about_me(self):
        self.a.do('visit', 'place=A', 'result=normal')
        photo = str(PHOTOS / 'sample1.jpg')
        one = self.a.one('incident', 'category=fire', 'position=35.1,118.3',
                         '--photo', photo)
        settled = self.a.incident()
        self.a.do('do', settled, 'self_handle', 'why=x')
        self.a.do('incident', 'category=fire', 'position=35.1,118.3',
                  '--photo', photo, '--forwarded')
        me = self.a.one('mine')
        self.assertEqual((me['worker'], me['visits'], me['reports'],
                          me['valid_reports'], me['patrols']),
                         ('wa', 1, 3, 1, 0))
        self.assertEqual({(f['flag'], f['id'], f['answered'])
                          for f in me['flags']},
                         {('photo-place', one['id'], False),
                          ('photo-time', one['id'], False)})
        # Whoever looks at the case reads the same.
        photos = self.a.show(one['id'])['sets']['photo']
        self.assertEqual([d['doubt'] for d in photos[0]['doubts']],
                         ['place', 'earlier'])
        read = run(BIN / 'xunge', '--home', self.a.home, '--lang', 'zh',
                   'show', one['id'])
        self.assertIn('存疑：照片自带的位置离记录的位置超过 50 公里；'
                      '照片自带的时间早 ', read.out)
        self.assertIn('xunge note ' + one['number'], self.a.do('mine').out)
        self.a.do('note', one['id'], '照片是以前拍的')
        self.assertTrue(all(f['answered'] for f in self.a.one('mine')['flags']))


if __name__ == '__main__':
    main()
