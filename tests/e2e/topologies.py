#!/usr/bin/env python3
"""Four districts that are built in four ways run the same case to its end. What
differs between them (levels, ways up, who may whistle, departments and their
duties, people) is read from tests/data; there is no line here, and none in the
programs, about any of them."""
import csv

from lib_world import BIN, SOURCE, Case, World, main, need, run

CATEGORY = 'env-manhole'
FILES = [('levels', 'levels.csv'), ('catalogue', 'catalogue.csv'),
         ('duty', 'duty.csv'), ('hours', 'hours.csv'),
         ('labels', 'labels.csv')]
# What depends on when one asks.
PASSING = {'left', 'light', 'left_text'}


def rows(place, name):
    with open(SOURCE / 'tests/data' / place / name, encoding='utf-8-sig') as f:
        return list(csv.DictReader(f))


def lasting(shown):
    if isinstance(shown, dict):
        return {k: lasting(v) for k, v in shown.items() if k not in PASSING}
    if isinstance(shown, list):
        return [lasting(v) for v in shown]
    return shown


class Topologies(Case):
    def setUp(self):
        pass  # each test has a place of its own

    def open(self, place):
        folder = SOURCE / 'tests/data' / place
        self.people = rows(place, 'people.csv')
        self.levels = {r['code']: r for r in rows(place, 'levels.csv')}
        self.units = {r['code']: r for r in rows(place, 'territory.csv')}
        self.world = World([], territory=folder / 'territory.csv')
        self.addCleanup(self.world.close)
        for kind, name in FILES:
            need(run(BIN / 'xunge-server', kind, 'import', self.world.data,
                     folder / name))
        for year in (2024, 2025, 2026):
            need(run(BIN / 'xunge-server', 'calendar', 'import',
                     self.world.data,
                     SOURCE / ('tests/data/china/holidays-%d.json' % year)))
        self.world.start()
        self.agents, self.cast = [], {}
        self.by_code = {}
        for p in self.people:
            if p['code'] not in self.by_code:
                self.world.worker(p['code'], p['role'], p['unit'])
                agent = self.world.enrol(p['code'], p['code'])
                self.by_code[p['code']] = agent
                self.agents.append(agent)
            self.cast.setdefault(p['part'], []).append(
                self.by_code[p['code']])
        self.settle()

    def part(self, name):
        return self.cast[name][0]

    def move(self, agent, *words, code=0, **more):
        """The move, by somebody who is up to date; then it goes round."""
        agent.sync()
        answer = agent.do('do', self.case, *words, code=code, **more)
        agent.sync()
        return answer

    def level_of(self, agent):
        """Of the person: the level whose role they have, where their unit
        sits."""
        person = next(p for p in self.people
                      if self.by_code[p['code']] is agent)
        at = self.units[person['unit']]['level']
        return next(code for code, level in self.levels.items()
                    if (level['at'] or code) == at
                    and level['role'] == person['role'])

    def top(self):
        """The highest level that settles anything."""
        return max((r for r in self.levels.values() if r['settles']),
                   key=lambda r: int(r['rank']))['code']

    def department(self):
        duties = rows(self.place, 'duty.csv')
        return next(d['unit'] for d in duties
                    if CATEGORY in d['categories'].split() and not d['part'])

    def report(self):
        self.case = self.part('reporter').incident(
            'category=' + CATEGORY, 'channel=resident', 'address=东街12号',
            'grid=' + self.people[0]['unit'], 'description=井盖缺失')
        self.part('reporter').sync()

    def climb(self):
        """Level by level, along the ways up that were imported."""
        actor = self.part('reporter')
        chain = [actor, *self.cast.get('climb', []),
                 *self.cast.get('whistler', [])]
        for at, actor in enumerate(chain):
            level = self.level_of(actor)
            self.move(actor, 'escalate')
            self.assertIn(actor.show(self.case)['fields']['level'],
                          self.levels[level]['up'].split(), level)
        self.hops = len(chain)

    def file_and_dispatch(self, words):
        desk = self.part('desk')
        self.move(desk, 'dispatch', 'unit=' + self.department(), code=1)
        self.accepted_in_its_words(words)
        self.move(desk, 'file', 'case_number=' + self.place + '-2026-1')
        self.move(desk, 'dispatch', 'unit=' + self.department())
        hands = self.part('hands')
        hands.sync()
        self.assertIn(self.case, hands.ids())
        self.move(hands, 'sign')

    def whistle(self):
        """Who may whistle is imported; so is who triages."""
        below = self.cast.get('climb', [self.part('reporter')])[-1]
        words = ('whistle', 'class=urgent', 'why=井盖缺失，路口拥堵')
        if self.levels[self.level_of(below)]['whistle'] != 'yes':
            self.move(below, *words, code=1)
        if 'whistler' not in self.cast:
            return
        self.move(self.part('whistler'), *words)
        called = [p['unit'] for p in self.people
                  if p['part'] in ('hands', 'called')]
        self.move(self.part('triage'), 'triage',
                  *['called=' + u for u in called],
                  'report_by=2099-01-01T00:00')
        for part, unit in zip(('hands', 'called'), called):
            self.move(self.part(part), 'report_in', 'present=' + unit)
        present = self.part('triage')
        present.sync()
        self.assertEqual(
            sorted(e['value'] for e in
                   present.show(self.case)['sets']['present']),
            sorted(called))

    def finish(self):
        desk, hands = self.part('desk'), self.part('hands')
        self.move(self.part('supervisor'), 'supervise', 'why=主干道')
        self.move(hands, 'finish', 'result=已更换井盖')
        close = ('close', 'settled_level=' + self.top())
        self.move(desk, *close, code=1)  # a resident waits for an answer
        self.move(desk, 'answer', 'answer=井盖已更换，感谢反映')
        self.move(desk, *close, code=1)  # and the supervision for a reply
        self.move(hands, 'reply', 'reply=当日更换完毕')
        self.move(self.part('inspector'), 'inspect', 'result=现场核查合格')
        self.move(desk, *close)
        self.move(self.part('rater'), 'rate', 'rating=good')
        self.settle()

    def in_chinese(self, agent, *words):
        return need(run(BIN / 'xunge', '--home', agent.home, '--lang', 'zh',
                        *words, **agent.env)).out

    def at_the_centre(self, command, *words):
        return need(run(BIN / 'xunge-server', command, self.world.data, *words,
                        '--lang', 'zh')).out

    def speaks_as_the_place_does(self):
        """What the label pack renames is called so by both sides, in what is
        shown and in what is typed."""
        words = {(r['sort'], r['code']): r['zh']
                 for r in rows(self.place, 'labels.csv')}
        desk = self.part('desk')
        desk.sync()
        status = words.get(('status', 'reported'), '待受理')
        accept = words.get(('move', 'accept'), '受理')
        # The code of who it was enrolled for is its name.
        for text in (self.in_chinese(desk, 'list'),
                     self.in_chinese(desk, 'show', self.case),
                     self.in_chinese(desk, 'do', self.case),
                     self.at_the_centre('list'),
                     self.at_the_centre('show', self.case),
                     self.at_the_centre('do', self.case, '--as', desk.name)):
            self.assertIn(status, text)
        for text in (self.in_chinese(desk, 'do', self.case),
                     self.at_the_centre('do', self.case, '--as', desk.name)):
            self.assertIn('accept ' + accept, text)
        self.assertTrue(self.in_chinese(desk, 'list', '--status', status))
        return words

    def accepted_in_its_words(self, words):
        """The move by its own name here, on the server."""
        desk = self.part('desk')
        accept = words.get(('move', 'accept'), '受理')
        said = self.at_the_centre('do', self.case, accept, '--as', desk.name)
        self.assertIn(accept, said)
        desk.sync()
        self.assertIn(accept, self.in_chinese(desk, 'history', self.case))
        self.assertIn(accept, self.at_the_centre('history', self.case))

    def run_in(self, place):
        self.place = place
        self.open(place)
        self.report()
        words = self.speaks_as_the_place_does()
        self.climb()
        self.file_and_dispatch(words)
        self.whistle()
        self.finish()
        shown = lasting(self.world.show(self.case))
        self.assertEqual((shown['status'], shown['conflicts']),
                         ('closed', 0))
        self.assertEqual(shown['fields']['settled_level'], self.top())
        here = [a for a in self.agents if self.case in a.ids()]
        self.assertGreaterEqual(len(here), 4)
        for agent in here:
            theirs = lasting(agent.show(self.case))
            for key in ('status', 'fields', 'clocks', 'conflicts', 'records'):
                self.assertEqual(theirs.get(key), shown.get(key),
                                 (agent.name, key))
        self.assertTrue(shown['clocks'])
        self.sound()
        return self.hops

    def test_yuhu_is_flat(self):
        self.assertEqual(self.run_in('yuhu'), 1)

    def test_jiangbei_has_six_hops(self):
        self.assertEqual(self.run_in('jiangbei'), 5)

    def test_daye_has_offices_around_a_whistle(self):
        self.assertEqual(self.run_in('daye'), 3)

    def test_lanshan_streets_whistle(self):
        self.assertEqual(self.run_in('lanshan'), 3)


if __name__ == '__main__':
    main()
