#!/usr/bin/env python3
"""One case at the centre: what `xunge-server` says of it has the shapes that
`xunge` has on a device, so that one page draws both; what may be done is judged
before it is done, with the same words; intake; who must look at what."""
import contextlib
import json
import sqlite3

from lib_world import COMMUNITY_2, GRID, PHOTOS, SOURCE, Case, main

DISTRICT = '371302'
# What only the centre says of a case.
BESIDE = {'holders', 'proof', 'proposal', 'category_name', 'changed'}


def paths(value, at=''):
    """Every key, all the way down: "sets.photo[].doubts"."""
    if isinstance(value, dict):
        # Names of fields and codes are no keys of ours below these.
        open_ = at.endswith(('.names', '.items', '.by_grid'))
        return {one for key, inner in value.items() for one in
                {at + '.' + key} | paths(inner, at + '.' + key)} \
            if not open_ else set()
    if isinstance(value, list):
        return {one for inner in value for one in paths(inner, at + '[]')}
    return set()


def keys(value):
    return set(value)


class ConsoleCase(Case):
    WORKERS = [('wa', 'worker', GRID), ('wb', 'worker', GRID)]

    def setUp(self):
        super().setUp()
        for worker in (('d1', 'dispatcher', DISTRICT),
                       ('h1', 'handler', COMMUNITY_2),
                       ('s1', 'supervisor', DISTRICT),
                       ('au', 'auditor', DISTRICT)):
            self.world.worker(*worker)

    def ask(self, *words, who='d1', code=0, why=None):
        more = ('--why', why) if why else ()
        return self.world.ask(*words, '--as', who, *more, code=code)

    def refused(self, *words, who='d1', code=1):
        """The refusal as a program reads it."""
        said = self.world.try_(*words, '--as', who, '--json')
        self.assertEqual(said.code, code, said.out + said.err)
        self.assertEqual(said.out, '')
        error = json.loads(said.err)
        self.assertEqual(error['exit'], code)
        self.assertTrue(error['text'])
        return error

    # ---- describe ----

    def test_describe(self):
        self.check_describe_is_the_agents()
        self.check_describe_of_other_roles()
        self.check_describe_says_when_it_is_the_same()

    def check_describe_is_the_agents(self):
        here, there = self.a.one('describe'), self.ask('describe')[0]
        self.assertEqual(keys(here), keys(there))
        self.assertEqual(keys(here['me']) - {'device'}, keys(there['me']))
        for one in keys(here) - {'site', 'me', 'version', 'kinds'}:
            self.assertEqual(here[one], there[one], one)
        self.assertEqual(keys(here['site']), keys(there['site']))
        for mine, its in zip(here['kinds'], there['kinds'], strict=True):
            mine.pop('captured')
            captured = its.pop('captured')
            self.assertEqual(mine, its)
            self.assertEqual(captured, its['name'] in (
                'incident', 'dispute', 'meeting', 'subject', 'contact',
                'notice', 'task', 'campaign', 'assessment'), its['name'])
        me = there['me']
        self.assertEqual((me['worker'], me['role'], me['units']),
                         ('d1', 'dispatcher', [DISTRICT]))
        codes = [one['code'] for one in there['site']['people']]
        self.assertIn('wa', codes)

    def check_describe_says_when_it_is_the_same(self):
        first = self.ask('describe')[0]
        self.assertEqual(self.ask('describe', '--unless', first['version']),
                         [{'same': True}])
        self.assertNotEqual(self.ask('describe', who='h1')[0]['version'],
                            first['version'])
        self.world.worker('d9', 'dispatcher', DISTRICT)
        self.assertNotEqual(self.ask('describe')[0]['version'],
                            first['version'])

    def check_describe_of_other_roles(self):
        added = {one['name'] for one in self.ask('describe', who='h1')[0]['kinds']
                 if one['captured']}
        self.assertIn('incident', added)
        self.assertNotIn('notice', added)
        nobody = self.ask('describe', who='au')[0]
        self.assertFalse([one for one in nobody['kinds'] if one['captured']])
        self.assertEqual(nobody['me']['role'], 'auditor')
        self.assertIsNone(self.world.ask('describe')[0]['me'])
        self.assertEqual(self.refused('describe', who='xx', code=3)['error'],
                         'not-found')

    # ---- one case, here and there ----

    def conflict(self):
        """A case with a photo, who reported it, two who named its address at
        once, and two who moved it at once."""
        one = self.a.incident('grid=' + GRID, 'category=env-garbage',
                              'position=35.05,118.35', '--contact', '李四',
                              '--phone', '13800000000', '--photo',
                              str(PHOTOS / 'has-lens-info.jpg') + ':before')
        self.settle()
        self.ask('do', one, 'accept')
        self.a.do('set', one, 'address=东门')
        self.b.do('set', one, 'address=西门')
        self.a.do('do', one, 'void', 'why=看错了', '--as', 'wa', code=(0, 1))
        self.settle()
        return one

    def check_one_case_has_the_same_keys(self):
        one = self.conflict()
        for what, code in (('show', 0), ('history', 0), ('conflicts', 5)):
            here = self.a.do(what, one, '--json', code=code).json()
            there = self.ask(what, one, code=code)
            for mine, its in zip(here, there, strict=True):
                self.assertEqual(paths(mine) - paths(its), set(), what)
                # Names of people are known here alone.
                self.assertLessEqual({more.split('.')[1].split('[')[0]
                                      for more in paths(its) - paths(mine)
                                      if not more.endswith('.author_name')},
                                     BESIDE if what == 'show' else set(), what)
        show = self.ask('show', one)[0]
        self.assertEqual(show['moves'], self.ask('do', one)[0]['moves'])
        self.assertIsNone(show['no_right'])
        self.assertIn('does not record',
                      self.ask('show', one, who='au')[0]['no_right'])

    def test_one_case(self):
        self.check_what_was_decided_is_listed()
        self.check_one_case_has_the_same_keys()
        self.check_what_can_be_proven()

    def check_what_was_decided_is_listed(self):
        one = self.conflict()
        sides = self.ask('conflicts', one, code=5)
        address = next(c for c in sides if c['field'] == 'address')
        self.assertEqual(self.ask('conflicts', one, '--decided', code=5), sides)
        self.ask('resolve', one, 'address', '--take',
                 address['sides'][0]['hash'], why='去看过', code=(0, 5))
        self.a.sync()
        decided = self.ask('conflicts', one, '--decided', code=(0, 5))
        mine = self.a.do('conflicts', one, '--decided', '--json',
                         code=(0, 5)).json()
        self.assertEqual([c['field'] for c in mine],
                         [c['field'] for c in decided])
        told = decided[-1]
        self.assertEqual(told['decided']['why'], '去看过')
        self.assertEqual(paths(mine[-1]) - paths(told), set())

    # ---- who had it, what can be proven ----

    def check_who_had_it_how_long(self):
        self.world.reference('duty', 'code,unit,assists,categories,text\n'
                             'CG-01,%s,,env-garbage,清运垃圾\n' % COMMUNITY_2)
        one = self.case('35.0500')
        self.assertEqual(self.ask('show', one)[0]['proposal'],
                         {'board': None, 'post': None, 'post_name': None,
                          'unit': COMMUNITY_2, 'unit_name':
                          self.name_of(COMMUNITY_2), 'person': None,
                          'why': 'duty list, CG-01: 清运垃圾'})
        for move in (('accept',), ('file',),
                     ('dispatch', 'unit=' + COMMUNITY_2)):
            self.ask('do', one, *move)
        self.ask('do', one, 'sign', who='h1')
        show = self.ask('show', one)[0]
        first, second = show['holders']
        self.assertEqual((first['unit'], first['moves']), (GRID, 3))
        self.assertEqual((second['unit'], second['moves'], second['name']),
                         (COMMUNITY_2, 1, self.name_of(COMMUNITY_2)))
        self.assertEqual(first['to'], second['from'])
        self.assertIsNone(second['to'])
        self.ask('do', one, 'finish', 'result=清了', who='h1')
        self.ask('do', one, 'close', 'settled_level=community')
        closed = self.ask('show', one)[0]['holders']
        self.assertEqual(len(closed), 2)
        self.assertIsNotNone(closed[1]['to'])
        self.assertEqual(closed[1]['moves'], 3)

    def name_of(self, unit):
        units = self.ask('describe')[0]['site']['units']
        return next(one['name'] for one in units if one['code'] == unit)

    def check_what_can_be_proven(self):
        one = self.conflict()
        proof = self.ask('show', one)[0]['proof']
        self.assertEqual(proof, self.ask('proof', one)[0])
        self.assertTrue(proof['unaltered'])
        self.assertEqual(proof['first_grade'], 'proven')
        self.assertEqual(proof['first_cosigned_by'], 2)
        self.assertEqual(proof['photos'], {'total': 1, 'held': 1})
        self.assertLess(proof['not_before'], proof['not_after'])
        history = self.ask('history', one)
        self.assertEqual(proof['records'], len(history))
        self.assertEqual(proof['entry'], history[0]['entry'])
        self.assertEqual(proof['entries'],
                         len({record['entry'] for record in history}))
        self.assertIn('unaltered; log entry', proof['text'])
        # It is as good as the weakest record, and as seen as the newest.
        self.world.do('note', one, '看过了', '--as', 'd1', code=(0, 5))
        weaker = self.ask('proof', one)[0]
        last = self.ask('history', one)[-1]
        self.assertEqual((weaker['grade'], weaker['first_grade']),
                         ('asserted', 'proven'))
        self.assertIn(weaker['weakest'], [
            {'entry': r['entry'], 'author': r['author']}
            for r in self.ask('history', one) if r['grade'] == 'asserted'])
        self.assertEqual(weaker['newest'], last['entry'])
        self.assertEqual((weaker['cosigned_by'], weaker['first_cosigned_by']),
                         (0, 2))
        self.assertIn('the weakest: entry', weaker['text'])

    def test_what_was_altered_is_seen(self):
        one = self.case('35.0500', 'address=DONGMEN')
        self.world.stop()
        with contextlib.closing(sqlite3.connect(
                self.world.data / 'server.db')) as db, db:
            changed = db.execute(
                "UPDATE record SET fields = CAST(replace(CAST(fields AS BLOB),"
                " x'444f4e474d454e', x'58494d454e2020') AS BLOB)"
                " WHERE instr(fields, x'444f4e474d454e')").rowcount
        self.assertEqual(changed, 1)
        said = self.world.try_('proof', one, '--as', 'd1', '--json')
        self.assertEqual(said.code, 7, said.out + said.err)
        self.assertFalse(said.one()['unaltered'])
        self.assertIn('NOT as it was written', said.one()['text'])
        self.assertFalse(self.ask('show', one)[0]['proof']['unaltered'])

    # ---- notices, tasks ----

    def test_notices_and_holders(self):
        self.check_who_has_read_a_notice()
        self.check_who_had_it_how_long()

    def check_who_has_read_a_notice(self):
        one = self.ask('add', 'notice', 'title=防汛', 'text=有雨',
                       'grid=' + GRID)[0]['id']
        notice = self.ask('show', one)[0]
        self.assertEqual(notice['read_by'], [])
        self.assertEqual([who['code'] for who in notice['unread']],
                         ['wa', 'wb'])
        self.settle()
        self.a.do('read', one)
        self.a.sync()
        notice = self.ask('show', one)[0]
        self.assertEqual(notice['read_by'], ['wa'])
        self.assertEqual([who['code'] for who in notice['unread']], ['wb'])
        self.assertEqual(notice['unread_count'], 1)

    # ---- try ----

    def written(self):
        """How many records there are of all that is listed."""
        return sum(row['records'] for row in self.world.ask('list'))

    def check_try_has_the_shape_of_a_draft(self):
        kept = self.a.do('draft', 'write', 'incident', 'category=env-garbage',
                         'urgency=x', '--contact', '李四', '--json').one()
        said = self.ask('try', 'add', 'incident', 'category=env-garbage',
                        'urgency=x', '--contact', '李四')[0]
        self.assertEqual(keys(kept) - {'saved'}, keys(said))
        for one in ('kind', 'fields', 'texts', 'informant', 'problems',
                    'missing', 'wanted', 'photos', 'near'):
            self.assertEqual(kept[one], said[one], one)
        one = self.a.incident('grid=' + GRID)
        self.a.sync()
        kept = self.a.do('draft', 'write', '--about', one, '--move', 'void',
                         '--as', 'wa', '--json').one()
        said = self.ask('try', 'do', one, 'void')[0]
        self.assertEqual(keys(kept) - {'saved'}, keys(said))
        self.assertEqual(said['missing'], ['why'])
        self.assertEqual(said['about'], kept['about'])

    def test_try_and_do_agree(self):
        """What try accepts, do accepts; else it says the same."""
        one = self.case('35.0500', 'address=东门')
        for who, moves in (('h1', ('accept', 'acept')),
                           ('d1', ('close', 'accept', 'whistle', 'file',
                                   'dispatch', 'sign')),
                           ('h1', ('sign', 'return'))):
            for move in moves:
                for words in (('colour=red',), (),
                              ('unit=' + COMMUNITY_2, 'why=归你')):
                    self.agree('do', one, move, *words, who=who)
        for words in (('add', 'incident', 'grid=' + GRID),
                      ('add', 'incident'),
                      ('add', 'incident', 'category=a', 'grid=' + GRID,
                       'urgency=no'),
                      ('add', 'notice', 'title=防汛', 'text=有雨'),
                      ('add', 'notice', 'title=防汛'),
                      ('set', one, 'address=西门'),
                      ('set', one, 'address=西门', 'position=91,0'),
                      ('set', one, 'status=closed')):
            for who in ('d1', 'h1'):
                self.agree(*words, who=who)

    def test_the_sites_lists_are_heard(self):
        """As on a device: what fits is filled in, what cannot be is refused."""
        self.world.reference('duty', 'code,unit,assists,categories,text\n'
                             'CG-01,%s,,env-garbage,清运垃圾\n' % COMMUNITY_2)
        self.world.do('levels', 'import',
                      SOURCE / 'tests/data/lanshan/levels.csv')
        one = self.case('35.0500')
        for move in ('accept', 'file'):
            self.ask('do', one, move)
        self.agree('do', one, 'dispatch', 'unit=nowhere', who='d1')
        error = self.refused('do', one, 'dispatch', 'unit=nowhere')
        self.assertIn('no unit "nowhere"', error['text'])
        error = self.refused('do', one, 'dispatch')
        self.assertEqual([p['unit'] for p in error['proposed']], [COMMUNITY_2])
        self.assertTrue(self.ask('try', 'do', one, 'dispatch', 'unit=nowhere',
                                 '--anyway')[0]['problems'] == [])
        self.ask('do', one, 'dispatch', 'unit=' + COMMUNITY_2)
        # Its own duty is no ground to return it.
        self.agree('do', one, 'return', 'rule=CG-01', 'why=x', who='h1')
        error = self.refused('do', one, 'return', 'rule=CG-01', 'why=x',
                             who='h1')
        self.assertIn('duty of', error['text'])
        self.ask('do', one, 'escalate', 'why=难办')
        self.assertEqual(self.ask('show', one)[0]['fields']['level'], 'street')

    def case(self, at, *words):
        one = self.a.incident('grid=' + GRID, 'category=env-garbage',
                              'position=%s,118.35' % at, *words)
        self.a.sync()
        return one

    def agree(self, *words, who):
        said = self.ask('try', *words, who=who)[0]
        whole = not said['problems'] and not said['missing']
        size = self.written()
        done = self.world.try_(*words, '--as', who, '--json')
        self.assertEqual(whole, done.code in (0, 5),
                         (words, who, said, done.out, done.err))
        if not whole:
            self.assertEqual(self.written(), size)
            text = json.loads(done.err)['text']
            told = [one['text'] for one in said['problems']]
            self.assertTrue(said['missing'] or
                            any(one in text for one in told), (told, text))
        return whole

    def check_try_writes_nothing(self):
        one = self.case('35.0500')
        size = self.written()
        self.ask('try', 'do', one, 'accept')
        self.ask('try', 'set', one, 'address=x')
        self.ask('try', 'add', 'incident')
        self.assertEqual(self.written(), size)
        self.assertEqual(self.refused('try', 'drop', one, code=2)['error'],
                         'usage')
        self.assertEqual(self.refused('try', 'do', one, code=2)['error'],
                         'usage')
        self.refused('try', 'set', 'ffffffff', code=3)
        self.refused('try', 'set', one, 'address=x', who='au')
        self.refused('try', 'add', 'notice', '--contact', 'x', code=2)

    def test_try(self):
        self.check_try_tells_what_is_near()
        self.check_try_has_the_shape_of_a_draft()
        self.check_try_writes_nothing()

    def check_try_tells_what_is_near(self):
        one = self.case('35.05000', 'address=东门')
        self.case('35.06000')
        near = self.ask('try', 'add', 'incident', 'category=env-garbage',
                        'position=35.05010,118.35')[0]['near']
        self.assertEqual([row['id'] for row in near], [one])
        self.assertEqual(near[0]['distance_m'], 11)
        self.assertEqual(near[0]['address'], '东门')
        self.a.do('draft', 'write', 'incident')
        kept = self.a.do('draft', 'write', 'incident', 'category=env-garbage',
                         'position=35.05010,118.35', '--json').one()['near']
        self.assertEqual(kept, near)

    # ---- intake ----

    def test_intake(self):
        self.check_a_caller_is_recorded_with_the_case()
        self.check_a_caller_who_cannot_be_recorded_stops_it()

    def check_a_caller_is_recorded_with_the_case(self):
        told = self.ask('add', 'incident', 'category=env-garbage',
                        'grid=' + GRID, 'channel=hotline', '--contact', '张三',
                        '--phone', '13900000000', '--relation', '邻居')[0]
        self.assertRegex(told['number'], r'^0000-00001-\d$')
        case = self.ask('show', told['number'])[0]
        self.assertEqual(case['fields']['contact'], told['contact'])
        # One batch: both or none.
        who = self.ask('show', told['contact'], why='回访')[0]
        self.assertEqual(who['fields']['phone'], '13900000000')
        self.assertEqual(who['created']['entry'], case['created']['entry'])
        # The number is the case's; the next one follows.
        again = self.ask('add', 'incident', 'category=env-garbage',
                         'grid=' + GRID, 'contact=' + told['contact'])[0]
        self.assertRegex(again['number'], r'^0000-00002-\d$')
        self.assertNotIn('contact', again)
        self.a.sync()
        self.assertEqual(self.a.show(told['id'])['fields']['contact'],
                         told['contact'])
        self.sound(self.a)

    # ---- suggest ----

    def test_suggest_is_the_agents(self):
        self.case('35.0500', 'address=东门市场')
        self.case('35.0510', 'address=东门市场')
        self.case('35.0520', 'address=西门')
        for words in (('incident', 'address', '东'),
                      ('incident', 'address'),
                      ('incident', 'category'),
                      ('task', 'unit', '371302001001'),
                      ('visit', 'incident')):
            self.assertEqual(self.a.do('suggest', *words, '--json').json(),
                             self.ask('suggest', *words), words)
        self.assertEqual(self.refused('suggest', 'incident', 'colour',
                                      code=2)['error'], 'usage')

    def test_callers_are_recognised_and_who_looked_is_recorded(self):
        for name, phone in (('张三', '13900000000'), ('李四', '13700000001')):
            self.ask('add', 'incident', 'category=env-garbage',
                     'grid=' + GRID, '--contact', name, '--phone', phone)
        self.assertEqual(self.refused('suggest', 'contact', 'phone', '1390',
                                      code=2)['wants'], 'why')
        got = self.ask('suggest', 'contact', 'phone', '1390', why='接电话')
        self.assertEqual([(one['name'], one['phone']) for one in got],
                         [('张三', '13900000000')])
        got = self.ask('suggest', 'incident', 'contact', '李四', why='接电话')
        self.assertEqual(got[0]['value'], got[0]['id'])
        # Not all of them, and nothing for who is not informed.
        for text in ('', '1', '张'):
            self.assertEqual(self.ask('suggest', 'contact', 'name', text,
                                      why='看看'), [])
        self.assertEqual(self.ask('suggest', 'contact', 'name', '张三',
                                  who='h1', why='看看'), [])
        looked = self.world.ask('accesses')
        self.assertEqual([(one['reader'], one['why'], one['count'])
                          for one in looked],
                         [('d1', '接电话', 1), ('d1', '接电话', 1)])

    def check_a_caller_who_cannot_be_recorded_stops_it(self):
        size = self.written()
        for words, code in ((('--phone', '139'), 2),
                            (('--contact', '张三', '--consent', 'x'), 2),
                            (('--contact', ''), 2),
                            (('--contact', '张三', 'contact=ffff'), 3)):
            self.refused('add', 'incident', 'category=env-garbage',
                         'grid=' + GRID, *words, code=code)
        self.refused('add', 'notice', 'title=x', 'text=y', '--contact', '张三',
                     code=2)
        self.assertEqual(self.written(), size)


if __name__ == '__main__':
    main()
