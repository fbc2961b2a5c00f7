#!/usr/bin/env python3
"""The four districts of tests/data, each in a server of its own: every file is
imported, and a case goes its way to its end there. What differs between the
districts is in the files alone."""
import csv
import datetime
import json
import os
import pathlib
import unittest

from lib_world import World, main

DATA = pathlib.Path(os.environ['XG_SOURCE']) / 'tests/data'
HOLIDAYS = pathlib.Path(os.environ['XG_SOURCE']) / \
    'packaging/demo/holidays-2026.json'
FILES = {'territory': 'territory.csv', 'levels': 'levels.csv',
         'labels': 'labels.csv', 'posts': 'posts.csv', 'duty': 'duty.csv',
         'catalogue': 'catalogue.csv', 'hours': 'hours.csv',
         'templates': 'templates.json'}


def table(district, name):
    with open(DATA / district / name, encoding='utf-8') as f:
        return list(csv.DictReader(f))


class District(unittest.TestCase):
    NAME = None
    PEOPLE = []  # [(code, role, unit)]

    def setUp(self):
        self.world = World([], territory=False)
        self.addCleanup(self.world.close)

    def take(self, kind, *more, code=0):
        got = self.world.ask(kind, 'import', DATA / self.NAME / FILES[kind],
                             '--edition', self.NAME, *more, code=code)
        return got[0]

    def import_all(self):
        for kind in FILES:
            got = self.take(kind)
            self.assertEqual((got['kind'], got['new']), (kind, True))
        got = self.world.ask('calendar', 'import', HOLIDAYS)[0]
        self.assertEqual(got['rows'], 1)

    def people(self):
        for person in self.PEOPLE:
            self.world.worker(*person)

    def open(self):
        """Everything imported, everybody there; the worker's device."""
        self.import_all()
        self.people()
        self.world.start()
        return self.world.enrol('a', self.PEOPLE[0][0])

    def act(self, who, one, move, *words):
        return self.world.ask('do', one, move, *words, '--as', who)[0]

    def refused(self, who, one, move, *words):
        r = self.world.try_('do', one, move, *words, '--as', who)
        self.assertEqual(r.code, 1, r.out + r.err)
        return r.err

    def closed(self, agent, one):
        agent.sync()
        self.assertEqual(agent.show(one)['status'], 'closed')
        self.assertEqual(self.world.show(one)['status'], 'closed')
        self.world.do('check')
        self.assertEqual(agent.one('verify')['verdict'], 'good')


class Files:
    """What holds in every district."""

    def test_every_file_is_imported_and_resolves(self):
        self.import_all()
        rows = {r['kind']: r for r in self.world.ask('reference', 'list')}
        self.assertEqual(set(rows), set(FILES) | {'calendar'})
        for kind in FILES:
            self.assertTrue(rows[kind]['in_force'])
            self.assertEqual(rows[kind]['edition'], self.NAME)
        # The same again is nothing, and by now only workers are missing.
        for kind in FILES:
            got = self.take(kind)
            self.assertFalse(got['new'])
            for text in got['warnings']:
                self.assertEqual(kind, 'posts')
                self.assertIn('worker', text)
        self.assertEqual(len(self.world.ask('reference', 'list')), len(rows))
        # With its people there, nothing is left to say.
        for post in table(self.NAME, 'posts.csv'):
            for code in filter(None, (post['a'], post['b'])):
                self.world.worker(code, 'dispatcher', post['unit'])
        self.assertEqual(self.take('posts')['warnings'], [])
        self.world.do('check')

    def test_a_running_server_takes_them_and_devices_get_them(self):
        self.take('territory')
        self.people()
        self.world.start()
        agent = self.world.enrol('a', self.PEOPLE[0][0])
        for kind in FILES:
            self.take(kind)
        self.assertEqual(agent.sync().one()['references'] > 0, True)
        # All of them are here already.
        self.assertEqual(agent.sync().one()['references'], 0)


class Yuhu(Files, District):
    """湘潭雨湖: flat; from the block worker to the centre, no middleman."""
    NAME = 'yuhu'
    PEOPLE = [('p1', 'worker', '430302001001-p01'),
              ('zx', 'dispatcher', '430302'), ('sz', 'handler', '430302-sz')]

    def test_a_case_goes_from_the_block_to_the_centre(self):
        worker = self.open()
        one = worker.incident('category=env-manhole-loose',
                              'grid=430302001001-p01')
        worker.do('do', one, 'escalate', 'level=district')
        worker.sync()
        self.act('zx', one, 'accept')
        self.act('zx', one, 'file')
        self.act('zx', one, 'dispatch', 'unit=430302-sz')
        self.act('sz', one, 'sign')
        self.act('sz', one, 'finish', 'result=已固定')
        self.act('zx', one, 'close', 'settled_level=district')
        self.closed(worker, one)


class Jiangbei(Files, District):
    """重庆江北: six hops, four boards."""
    NAME = 'jiangbei'
    GRID = '500105001001-g1'
    PEOPLE = [('w2', 'helper', GRID + '-w2'), ('g1', 'worker', GRID),
              ('gh', 'grid_head', GRID), ('sq', 'community', '500105001001'),
              ('jd', 'dispatcher', '500105001'), ('qj', 'dispatcher', '500105'),
              ('xf', 'handler', '500105-xf')]

    def test_a_case_climbs_six_levels(self):
        helper = self.open()
        one = helper.incident('category=safe-fire', 'grid=' + self.GRID + '-w2')
        helper.do('do', one, 'escalate', 'level=grid')
        helper.sync()
        for who, level in (('g1', 'grid_head'), ('gh', 'community'),
                           ('sq', 'street')):
            self.act(who, one, 'escalate', 'level=' + level)
        self.act('jd', one, 'accept')
        self.act('jd', one, 'escalate', 'level=district')
        self.act('qj', one, 'file')
        self.act('qj', one, 'dispatch', 'unit=500105-xf', 'board=safety')
        self.act('xf', one, 'sign')
        self.act('xf', one, 'finish', 'result=已清空通道')
        self.act('qj', one, 'close', 'settled_level=district')
        self.closed(helper, one)
        shown = json.dumps(self.world.show(one), ensure_ascii=False)
        self.assertIn('"safety"', shown)
        hops = [m['code'] for m in table('jiangbei', 'levels.csv')
                if m['code'] != 'department']
        self.assertEqual(hops, ['micro_grid', 'grid', 'grid_head', 'community',
                                'street', 'district'])


class Daye(Files, District):
    """大冶: four levels of mediation, four offices around a whistle."""
    NAME = 'daye'
    GROUP = '420281101200-z1'
    PEOPLE = [('z1', 'worker', GROUP), ('cun', 'community', '420281101200'),
              ('zhen', 'dispatcher', '420281101'),
              ('fb', 'dispatcher', '420281'),  # of the triage office
              ('dc', 'supervisor', '420281-dcs'), ('sz', 'handler', '420281-sz'),
              ('shi', 'supervisor', '420281')]

    def test_a_whistle_is_triaged_supervised_and_answered(self):
        worker = self.open()
        one = worker.incident('category=env-flood', 'grid=' + self.GROUP)
        worker.sync()
        self.act('zhen', one, 'accept')
        self.act('zhen', one, 'file')
        self.act('zhen', one, 'whistle', 'class=tough', 'why=镇里没有泵车')
        # Supervision is another office's; it is called to see the case.
        self.act('fb', one, 'triage', 'called=420281-sz', 'called=420281-dcs',
                 'report_by=2026-12-31T12:00')
        self.act('sz', one, 'report_in', 'present=420281-sz')
        self.act('dc', one, 'supervise', 'why=日常督办')
        self.act('zhen', one, 'dispatch', 'unit=420281-sz')
        self.act('sz', one, 'sign')
        self.act('sz', one, 'finish', 'result=已抽排')
        self.assertIn('reply', self.refused('zhen', one, 'close',
                                            'settled_level=town'))
        self.act('sz', one, 'reply', 'reply=两小时内完成')
        self.act('zhen', one, 'close', 'settled_level=town')
        self.closed(worker, one)

    def test_a_dispute_rises_through_the_levels_of_mediation(self):
        worker = self.open()
        one = worker.one('dispute', 'type=邻里', 'grid=' + self.GROUP)['id']
        worker.do('do', one, 'escalate', 'level=village')
        worker.sync()
        self.act('cun', one, 'accept')
        self.act('cun', one, 'escalate', 'level=town')
        self.act('zhen', one, 'file')
        self.act('zhen', one, 'escalate', 'level=city')
        self.act('shi', one, 'hand_down', 'unit=420281101')
        self.act('zhen', one, 'sign')
        self.act('zhen', one, 'finish', 'result=达成协议')
        self.act('zhen', one, 'close', 'settled_level=town')
        self.closed(worker, one)

    # What brings a case to a stage: (who, move, fields).
    TO_DISPATCH = [('zhen', 'accept'), ('zhen', 'file')]
    TO_SIGN = [*TO_DISPATCH, ('fb', 'dispatch', 'unit=420281-sz')]
    STAGES = {
        'accept': [], 'file': TO_DISPATCH[:1], 'dispatch': TO_DISPATCH,
        'sign': TO_SIGN, 'handle': [*TO_SIGN, ('sz', 'sign')],
        'inspect': [*TO_SIGN, ('sz', 'sign'), ('sz', 'finish', 'result=好')],
        'report_in': [*TO_SIGN, ('zhen', 'whistle', 'class=tough', 'why=难'),
                      ('fb', 'triage', 'called=420281-cg')]}

    def climbs(self, town, grid, desk, village):
        """What the clerk does, at each stage, with a case of that grid: it
        stands there, or at the village already; then, with a department."""
        self.import_all()
        quick = self.world.folder / 'quick.csv'
        quick.write_text('code,name,accept,file,dispatch,sign,handle,inspect,'
                         'climb\n*,其他,1u,1u,1u,1u,1u,1u,street\n'
                         'env-flood,积水,,,,,,,\n'
                         'quiet,不限时,-,-,-,-,-,-,\n', encoding='utf-8')
        self.world.do('catalogue', 'import', quick, '--edition', 'quick')
        for person in (('w', 'worker', grid), ('zhen', 'dispatcher', desk),
                       ('cun', 'community', grid.rsplit('-', 1)[0]),
                       ('fb', 'dispatcher', '420281'),
                       ('sz', 'handler', '420281-sz')):
            self.world.worker(*person)
        self.world.start()
        worker = self.world.enrol('a', 'w')
        soon = datetime.datetime.now() + datetime.timedelta(hours=1)
        later = (soon + datetime.timedelta(hours=200)).isoformat()[:16]
        cases = {}
        for stage, moves in self.STAGES.items():
            for risen in (False, True):
                category = 'quiet' if stage == 'report_in' else 'env-flood'
                one = worker.incident('category=' + category, 'grid=' + grid)
                worker.sync()
                cases[one] = stage
                if risen:
                    self.act('cun', one, 'escalate', 'level=' + village)
                for who, move, *fields in moves:
                    if move == 'triage':
                        fields.append('report_by=' + soon.isoformat()[:16])
                    self.act(who, one, move, *fields)
        self.assertEqual(len(cases), 2 * len(self.STAGES))
        done = {}
        for deed in self.world.ask('clerk', '--at', later):
            if deed['move'] == 'escalate':
                self.assertEqual(deed['level'], town, deed)
                self.assertNotIn(deed['id'], done)
                done[deed['id']] = deed['stage']
        # What is handled is reminded of and climbs no more (loop.h).
        self.assertEqual(done, {one: stage for one, stage in cases.items()
                                if stage != 'inspect'})
        self.world.do('check')

    def test_in_a_street_every_stage_climbs_to_the_street(self):
        self.climbs('street', '420281001001-z1', '420281001', 'community')

    def test_in_a_town_every_stage_climbs_to_the_town(self):
        self.climbs('town', '420281101200-z1', '420281101', 'village')


class Lanshan(Files, District):
    """临沂兰山: base grids, village or community, town or street; the street
    whistles, departments report in."""
    NAME = 'lanshan'
    GRID = '371302105259-j1'
    PEOPLE = [('j1', 'worker', GRID), ('zhen', 'dispatcher', '371302105'),
              ('zh', 'dispatcher', '371302'), ('cg', 'handler', '371302-cg'),
              ('sz', 'handler', '371302-sz')]

    def test_the_town_whistles_and_departments_report_in(self):
        worker = self.open()
        one = worker.incident('category=env-trade', 'grid=' + self.GRID)
        worker.sync()
        self.act('zhen', one, 'accept')
        self.act('zhen', one, 'file')
        self.act('zhen', one, 'whistle', 'class=general', 'why=需联合执法')
        self.act('zh', one, 'triage', 'called=371302-cg', 'called=371302-sz',
                 'report_by=2026-12-31T12:00')
        self.act('cg', one, 'report_in', 'present=371302-cg')
        self.act('sz', one, 'report_in', 'present=371302-sz')
        self.act('zhen', one, 'dispatch', 'unit=371302-sz')
        # Not theirs, by the duty list of the other.
        self.act('sz', one, 'return', 'rule=cg-01', 'why=占道经营归执法局')
        self.act('zhen', one, 'dispatch', 'unit=371302-cg')
        self.act('cg', one, 'sign')
        self.act('cg', one, 'finish', 'result=已劝离')
        self.act('zhen', one, 'close', 'settled_level=street')
        self.closed(worker, one)

    def test_a_bad_file_changes_nothing(self):
        self.import_all()
        before = self.world.do('reference', 'list').out
        bad = self.world.folder / 'bad.csv'
        bad.write_text('code,zh,rank,up\ng,网格,1,sky\n', encoding='utf-8')
        r = self.world.do('levels', 'import', bad, code=1)
        for part in ('bad.csv', 'line 2', 'sky'):
            self.assertIn(part, r.err)
        bad.write_text(
            (DATA / 'lanshan/templates.json').read_text(encoding='utf-8')
            .replace('软管', '胶管'), encoding='utf-8')
        r = self.world.do('template', 'import', bad, code=1)
        self.assertIn('gas@2026-1', r.err)
        self.assertEqual(self.world.do('reference', 'list').out, before)

    def test_what_comes_first_is_told_what_it_lacks(self):
        # Duties before their departments and categories: taken, and said.
        got = self.take('duty')
        self.assertTrue(any('371302-cg' in text for text in got['warnings']))
        got = self.take('posts')
        self.assertTrue(any('ls101' in text for text in got['warnings']))
        got = self.world.ask('territory', 'import',
                             DATA / 'lanshan/boundaries.geojson')[0]
        self.assertEqual((got['kind'], got['rows'], len(got['warnings'])),
                         ('boundaries', 4, 4))

    def test_going_back_to_an_earlier_file_is_a_change(self):
        levels = (DATA / 'lanshan/levels.csv').read_text(encoding='utf-8')
        one, two = (self.world.folder / n for n in ('one.csv', 'two.csv'))
        one.write_text(levels, encoding='utf-8')
        two.write_text(levels.replace('镇网格', '乡镇网格'), encoding='utf-8')
        hashes = []
        for path in (one, two, two, one):
            got = self.world.ask('levels', 'import', path, '--edition', 'e')[0]
            hashes.append((got['sha256'], got['new']))
        self.assertEqual([new for _, new in hashes],
                         [True, True, False, True])
        rows = self.world.ask('reference', 'list')
        self.assertEqual([r['in_force'] for r in rows], [False, False, True])
        self.assertEqual(rows[-1]['sha256'], hashes[0][0])


del District  # not a test by itself

if __name__ == '__main__':
    main()
