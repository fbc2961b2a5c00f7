#!/usr/bin/env python3
"""Weeks of a district, by real agents and a server on one turned dial: each
figure of `report`, and the cases behind it, against a slow program of its own
(lib_figures.py) that knows only docs/figures.md and what is exported. Mid-Autumn
and National Day lie in it, and a Saturday that is worked. And what is asked
as of a size of the log is what was told then."""
import calendar
import csv
import io
import json
import os
import re
import sys
import time
import zipfile

try:
    import openpyxl
except ModuleNotFoundError:  # Debian's Python has it, ours may be another
    DEBIANS = '/usr/bin/python3'
    if sys.executable == DEBIANS:
        raise
    os.execv(DEBIANS, [DEBIANS, *sys.argv])

import lib_figures
import lib_world
from lib_clock import LIBRARY
from lib_world import (COMMUNITY, DEPARTMENT, DEPARTMENT_2, GRID, GRID_2,
                       SOURCE, TERRITORY, Case, main)

DISTRICT, STREET = '371302', '371302001'
CATALOGUE = '''code,parent,name,accept,file,dispatch,sign,handle,inspect,handle_from
*,,other,1d,1d,1d,1d,5d,1d,
hole,,hole,4h,4h,4h,4h,16h,8h,
lamp,,lamp,24u,24u,24u,24u,72u,24u,签收
tree,,tree,-,-,,-,2d,-,
gate,,gate,-,-,-,-,1d,-,
free,,free,-,-,-,-,-,-,
'''
LEVELS = '''code,zh,en,rank,at,up,role,whistle,triage,supervise,assess,settles,target
grid,网格,grid,1,,community,worker,,,,,base,60
community,社区,community,2,,street,community,,,,,base,60
street,街道,street,3,,district,dispatcher,yes,,,,street,30
department,部门,department,3,,district,handler,,,,,,
district,区,district,4,,,dispatcher,,,,,district,10
'''
HOURS = 'from,to,open,close\n,,08:30,12:00\n,,13:30,17:30\n'
HOLIDAYS = json.loads((SOURCE / 'tests/data/china/holidays-2026.json')
                      .read_text())
PERIODS = [('2026-09-18', '2026-09-24'), ('2026-09-25', '2026-09-30'),
           ('2026-10-01', '2026-10-13'), ('2026-09-01', '2026-10-31'),
           ('2025-01-01', '2025-01-31')]
PLAN = '''
09-18 09:10 plain wa report hole channel=patrol
09-18 10:00 plain d1 accept
09-18 10:30 plain d1 file
09-18 11:00 plain d1 dispatch unit=371302-cg
09-18 14:30 plain h1 sign
09-18 16:00 late wa report hole channel=resident
09-18 17:20 late d1 accept
09-21 09:00 plain h1 finish result=done
09-21 09:30 plain d1 close settled_level=community
09-21 10:00 open wb report hole
09-21 10:10 open d1 accept
09-21 16:00 late d1 file
09-21 16:30 late d1 dispatch unit=371302-cg
09-22 08:40 self wa report lamp channel=patrol
09-22 08:41 self wa self_handle why=无照片
09-22 09:00 void wa report hole channel=video
09-22 09:01 void d1 accept
09-22 09:02 void d1 void why=误报
09-22 09:05 gone wa report tree
09-22 09:06 gone wa withdraw
09-22 09:10 twin1 wa report lamp channel=patrol
09-22 09:00 twin2 wb offline lamp channel=resident
09-22 09:20 twin3 wb report lamp
09-22 10:00 twin1 d1 accept
09-22 10:05 twin1 d1 file
09-22 10:10 twin3 d1 link twin1
09-22 10:12 twin3 d1 void why=重复
09-22 10:20 twin2 d1 link twin1
09-22 10:30 twin1 d1 dispatch unit=371302-zj
09-22 11:00 twin1 h2 sign
09-22 12:00 chain1 wa report free channel=patrol
09-22 12:01 chain2 wa report free channel=patrol
09-22 12:02 chain3 wb report free channel=hotline
09-22 12:10 chain1 d1 link chain2
09-22 12:11 chain3 d1 link chain2
09-22 12:12 chain2 wa withdraw
09-22 14:00 again d1 add tree channel=hotline
09-22 14:01 again d1 accept
09-22 14:02 again d1 file
09-22 14:03 again d1 dispatch unit=371302-zj
09-22 14:10 again h2 sign
09-22 15:00 again h2 finish result=done
09-23 09:00 again d1 close settled_level=street answer=好
09-23 09:10 twice d1 add lamp channel=window
09-23 09:11 twice d1 accept
09-23 09:12 twice d1 file
09-23 09:13 twice d1 dispatch unit=371302-zj
09-23 09:20 twice h2 sign
09-23 10:00 twice h2 finish result=done
09-23 10:10 twice d1 close settled_level=grid answer=好
09-23 14:00 feast d1 add tree
09-23 14:01 feast d1 accept
09-23 14:02 feast d1 file
09-23 14:10 still d1 add hole
09-23 14:11 still d1 accept
09-23 14:12 still d1 file
09-23 14:13 still d1 dispatch unit=371302-cg
09-23 14:14 still h1 sign
09-23 15:00 still h1 ask_shelve why=等料 until=10-09T09:00
09-23 16:00 still d1 shelve why=同意 until=10-09T09:00
09-23 16:10 more d1 add lamp
09-23 16:11 more d1 accept
09-23 16:12 more d1 file
09-23 16:13 more d1 dispatch unit=371302-zj
09-23 16:14 more h2 sign
09-23 16:20 chain1 wa edit address=东街1号
09-23 16:25 chain1 d1 set address=东街9号
09-23 16:30 chain1 wa sync
09-24 09:00 twin1 h2 finish result=done
09-24 10:00 twin1 d1 close settled_level=community answer=好
09-24 11:00 chain1 d1 resolve address
09-24 16:00 feast d1 dispatch unit=371302-zj
09-24 16:10 feast h2 sign
09-24 16:20 back d1 add hole
09-24 16:21 back d1 accept
09-24 16:22 back d1 file
09-24 16:23 back d1 dispatch unit=371302-cg
09-24 16:30 back h1 return rule=A1 why=不归我管
09-24 16:40 back d1 dispatch unit=371302-zj
09-24 17:00 back h2 return rule=A2 why=也不归我
09-24 17:10 void2 d1 add free
09-24 17:11 void2 d1 void why=试
09-25 10:00 more h2 ask_extend why=忙 until=09-29T12:00
09-25 11:00 more d1 extend until=09-29T12:00
09-25 11:30 alarm d1 add lamp channel=alarm
09-25 11:31 alarm d2 whistle class=urgent why=堵
09-25 11:32 alarm s1 triage called=371302-cg called=371302-zj report_by=09-25T18:00
09-25 12:00 alarm h1 report_in present=371302-cg
09-25 13:00 alarm h2 report_in present=371302-zj
09-25 14:00 alarm2 d1 add lamp
09-25 14:01 alarm2 d2 whistle class=general why=急
09-25 14:02 alarm2 s1 triage called=371302-zj report_by=09-25T16:00
09-25 20:00 alarm2 h2 report_in present=371302-zj
09-28 09:00 back d1 review result=会商
09-28 09:10 back d1 dispatch unit=371302-cg
09-28 09:20 back h1 sign
09-28 15:30 feast h2 finish result=done
09-28 16:00 feast d1 rework why=不净
09-28 17:00 void2 d1 reopen why=真的
09-29 09:00 more h2 finish result=done
09-29 09:10 more d1 close settled_level=district
09-29 10:00 quarrel wa dispute 邻里
09-29 10:10 quarrel d1 accept
09-29 10:11 quarrel d1 file
09-29 10:12 quarrel d1 dispatch unit=371302-zj
09-29 10:20 quarrel h2 sign
09-29 15:00 quarrel h2 finish result=调解
09-29 16:00 quarrel d1 close settled_level=community
09-30 11:00 back h1 finish result=done
09-30 14:00 back d1 close settled_level=street
09-30 15:00 late h1 sign
09-30 15:10 late h1 finish result=done
09-30 15:20 late d1 close settled_level=street answer=迟
09-30 16:00 recalled d1 add hole grid=371302001002001
09-30 16:01 recalled d1 accept
09-30 16:02 recalled d1 file
09-30 16:03 recalled d1 dispatch unit=371302-cg
09-30 16:10 recalled d1 recall why=错
09-30 16:20 recalled d1 dispatch unit=371302-zj
10-08 09:00 recalled h2 sign
10-08 10:00 recalled h2 ask_defer why=缺人 until=10-30T09:00
10-08 10:30 recalled d1 defer why=可 until=10-30T09:00
10-08 11:00 feast h2 finish result=done
10-08 11:30 feast d1 close settled_level=community
10-08 14:00 cut d1 add lamp
10-08 14:01 cut d2 whistle class=tough why=难
10-08 14:02 cut s1 triage called=371302-cg report_by=10-12T18:00
10-08 14:03 cut d1 accept
10-08 14:04 cut d1 file
10-08 14:05 cut d1 hand_down unit=371302-zj
10-09 09:00 again d1 reopen why=复发
10-09 09:10 again d1 file
10-09 09:20 twice d1 reopen why=又坏
10-09 14:50 shift d1 add gate
10-09 14:51 shift d1 accept
10-09 14:52 shift d1 file
10-09 15:00 shift d1 dispatch unit=371302-cg
10-09 15:10 shift h1 sign
10-10 09:00 again d1 dispatch unit=371302-zj
10-10 09:10 again h2 sign
10-10 10:00 again h2 finish result=done
10-10 10:10 again d1 close settled_level=grid answer=好
10-12 09:00 shift h1 finish result=done
10-12 10:00 shift d1 close settled_level=department
10-12 11:00 fresh wb report lamp channel=patrol
'''
# twin2 was written down at 09:00 on the 22nd and comes with the next report.
STOPS = ('09-24 18:00', '09-30 18:00', '10-13 09:00')


class Dial:
    """One clock for the server and all agents."""

    def __init__(self, folder):
        self.file = folder / 'dial'
        self.file.touch()
        self.turn('09-18 08:00')
        # The time of the file, and not words in it: those are read anew by
        # one thread while another, meanwhile, has this machine's time; and
        # the log's never goes back.
        self.env = {'LD_PRELOAD': LIBRARY, 'TZ': 'UTC', 'FAKETIME': '%',
                    'FAKETIME_FOLLOW_FILE': str(self.file),
                    'FAKETIME_DONT_FAKE_MONOTONIC': '1',
                    'FAKETIME_NO_CACHE': '1'}

    def turn(self, when):
        there = calendar.timegm(time.strptime('2026-' + when,
                                              '%Y-%m-%d %H:%M')) - 8 * 3600
        os.utime(self.file, (there, there))


class Figures(Case):
    WORKERS = [('wa', 'worker', GRID), ('wb', 'worker', GRID_2)]
    OTHERS = [('d1', 'dispatcher', DISTRICT), ('d2', 'dispatcher', STREET),
              ('s1', 'supervisor', DISTRICT),
              ('h1', 'handler', DEPARTMENT), ('h2', 'handler', DEPARTMENT_2)]

    def setUp(self):
        import pathlib
        import tempfile
        folder = tempfile.TemporaryDirectory(prefix='xunge-dial-')
        self.addCleanup(folder.cleanup)
        self.dial = Dial(pathlib.Path(folder.name))
        plain = lib_world.environment
        lib_world.environment = lambda **more: plain(
            **{**self.dial.env, **more})
        self.addCleanup(setattr, lib_world, 'environment', plain)
        super().setUp()
        # Weeks in a minute: the server is told that the dial is right.
        self.world.do('clock', '--follow', 'on')
        # From now on commands are run by the server, whose clock it is.
        lib_world.environment = plain
        for agent in self.agents:
            agent.env = self.dial.env
        for worker in self.OTHERS:
            self.world.worker(*worker)
        for kind, text in (('catalogue', CATALOGUE), ('levels', LEVELS),
                           ('hours', HOURS)):
            self.world.reference(kind, text)
        self.world.reference('calendar', json.dumps(HOLIDAYS))
        self.ids, self.waits = {}, False

    # ---- living through it ----

    def words(self, words):
        """Times of the plan are China's."""
        return [re.sub(r'=(\d\d-\d\dT\d\d:\d\d)$', r'=2026-\1:00+08:00', w)
                for w in words]

    def step(self, name, who, act, *words):
        one, agent = self.ids.get(name), {'wa': self.a, 'wb': self.b}.get(who)
        if act in ('report', 'offline', 'dispute'):
            grid = GRID if who == 'wa' else GRID_2
            made = agent.one('dispute', 'type=' + words[0]) \
                if act == 'dispute' else agent.one(
                    'incident', 'category=' + words[0], 'grid=' + grid,
                    *words[1:])
            self.ids[name] = made['id']
        elif act == 'add':
            grid = [] if any(w.startswith('grid=') for w in words) \
                else ['grid=' + GRID]
            self.ids[name] = self.world.ask(
                'add', 'incident', 'category=' + words[0], *grid, *words[1:],
                '--as', who)[0]['id']
        elif act == 'sync':
            agent.sync()
        elif act == 'edit':
            agent.do('set', one, *words)
        elif act == 'set':
            self.world.ask('set', one, *words, '--as', who)
        elif act == 'resolve':
            self.world.ask('resolve', one, *words, '--value', '东街9号',
                           '--why', '看过', '--as', who)
        elif act == 'withdraw':
            agent.do('withdraw', one, '--why', '看错')
        elif act == 'link':
            self.world.ask('link', one, self.ids[words[0]], '--as', who)
        elif agent:
            agent.do('do', one, act, *words)
        else:
            self.world.ask('do', one, act, *self.words(words), '--as', who)
        if agent and act not in ('offline', 'edit'):
            agent.sync()

    def live(self):
        """Through the plan; what was told at each stop: {size: report}."""
        told, stops = {}, list(STOPS)
        for line in PLAN.strip().splitlines() + [None]:
            while stops and (line is None or line[:11] > stops[0]):
                self.dial.turn(stops.pop(0))
                self.world.do('clerk')  # what is overdue is reminded of
                report = self.report()
                told[report['as_of']] = {
                    '': report, DEPARTMENT: self.report('--unit', DEPARTMENT)}
                self.by_hand(PERIODS if not stops else PERIODS[3:4])
            if line:
                self.dial.turn(line[:11])
                self.step(*line[12:].split())
        return told

    # ---- what is told ----

    def report(self, *words):
        return self.world.ask('report', '--from', '2026-09-01', '--to',
                              '2026-10-31', *words)[0]

    def export(self, at):
        cases = {}
        for row in self.world.ask('list', '--limit', '1000'):
            if row['kind'] in lib_figures.COUNTED:
                cases[row['id']] = (
                    self.world.show(row['id']),
                    self.world.read('history', row['id'], '--json').json())
        homes = {r['code']: r['parent'] for r in
                 csv.DictReader(io.StringIO(TERRITORY))}
        levels = list(csv.DictReader(io.StringIO(LEVELS)))
        classes = {r['code']: r['settles'] for r in levels}
        targets = {r['settles']: r['target'] for r in levels if r['target']}
        answered = {r['code'] for r in levels if r['role'] == 'handler'}
        departments = {r['code'] for r in
                       csv.DictReader(io.StringIO(TERRITORY))
                       if r['level'] in answered}
        return lib_figures.Export(
            cases, lib_figures.Calendar(HOLIDAYS, HOURS),
            lib_figures.Catalogue(CATALOGUE), homes,
            {w[0]: w[2] for w in self.WORKERS + self.OTHERS}, classes,
            targets, departments, lib_figures.ms_of(at))

    def same(self, mine, words, where):
        theirs = self.world.ask('report', *words)[0]
        self.assertEqual({f['name'] for f in theirs['figures']}, set(mine))
        for f in theirs['figures']:
            m = mine[f['name']]
            self.assertEqual(
                (f['numerator'], f['denominator'], f['value']),
                (m['numerator'], m['denominator'], m['value']),
                (where, f['name'], self.named(m['cases']), [
                    (c['id'], c['in'], c['why']) for c in self.world.ask(
                        'report', *words, '--cases', f['name'])]
                 if f['numerator'] != m['numerator'] else ''))
            rows = f['rows'] if f['rows'] is None else {
                r['key']: (r['numerator'], r['denominator'])
                for r in f['rows']}
            self.assertEqual(rows, m['rows'], (where, f['name']))

    def named(self, parts):
        names = {i: n for n, i in self.ids.items()}
        return {names[i]: p for i, p in parts.items()}

    def by_hand(self, periods):
        """Every figure, of the periods, of the district and a part of it."""
        first = self.report()
        mine = self.export(first['time'])
        names = [f['name'] for f in first['figures']]
        self.assertEqual(len(names), 23)
        for start, end in periods:
            for unit in ('', DEPARTMENT, STREET, COMMUNITY, DEPARTMENT_2)[
                    :len(periods)]:
                words = ['--from', start, '--to', end]
                words += ['--unit', unit] if unit else []
                self.same(mine.report(names, start, end, unit), words,
                          (start, end, unit))
        if len(periods) == 1:
            return
        start, end = PERIODS[3]
        for unit in ('', DEPARTMENT):
            words = ('--from', start, '--to', end)
            words += ('--unit', unit) if unit else ()
            for name, m in mine.report(names, start, end, unit).items():
                self.assertEqual(self.named(self.behind(name, *words)),
                                 self.named(m['cases']), (name, unit))
        for f in self.report()['figures']:
            self.each_part_has_its_cases(f, start, end)

    def behind(self, name, *words):
        return {c['id']: c['in'] for c in
                self.world.ask('report', *words, '--cases', name)}

    def each_part_has_its_cases(self, f, start, end):
        """What stands in a row of a figure is the cases of that row."""
        words = ('--from', start, '--to', end)
        for by in {'received': ('unit', 'source'),
                   'handled_in_time': ('holder', 'category'),
                   'settled_level': ('level',), 'overdue_now': ('status',),
                   'by_source': ('kind',)}.get(f['name'], ()):
            told, = self.world.ask('report', f['name'], *words, '--by',
                                   by)[0]['figures']
            whole = self.behind(f['name'], *words)
            self.assertEqual(
                (list(whole.values()).count('numerator'), len(whole)),
                (f['numerator'], f['numerator'] if f['denominator'] is None
                 else f['denominator']), f['name'])
            for row in told['rows']:
                parts = self.behind(f['name'], *words, '--by', by, '--key',
                                    row['key'])
                self.assertLessEqual(parts.items(), whole.items())
                self.assertEqual(list(parts.values()).count('numerator'),
                                 row['numerator'], (f['name'], by, row))
                if f['denominator'] is not None:
                    self.assertEqual(len(parts), row['denominator'])

    def test_every_figure_is_what_the_slow_program_says(self):
        told = self.live()
        self.assertEqual(len(told), len(STOPS))
        for size, then in told.items():
            self.assertEqual(self.report('--as-of', str(size)), then[''])
            self.assertEqual(self.report('--as-of', str(size), '--unit',
                                         DEPARTMENT), then[DEPARTMENT])
        self.named_cases()
        self.inbox()
        self.formats()
        self.refusals()
        self.reviews()
        self.world.do('check')

    def listed(self, figure, *words):
        return self.named({c['id']: c['in'] for c in self.world.ask(
            'report', '--from', '2026-09-01', '--to', '2026-10-31', '--cases',
            figure, *words)})

    def named_cases(self):
        """What the sorts of cases come to, said once by hand, so that both
        programs cannot be wrong together."""
        good, rest = 'numerator', 'rest'
        plain = self.listed('handled_in_time_plain')
        handled = self.listed('handled_in_time')
        # over the holiday in time, and late by what was redone after it
        self.assertEqual(handled['plain'], good)
        self.assertEqual(handled['late'], rest)
        # the Saturday is worked: due on it, done on Monday
        self.assertEqual(handled['shift'], rest)
        # an extension helps, and is told apart
        self.assertEqual((handled['more'], plain['more']), (good, rest))
        # until the pause was over it stood still; now it runs, and is over
        self.assertEqual(plain['still'], rest)
        # open and late counts as late, done or not
        self.assertEqual(self.listed('filed_in_time')['open'], rest)
        closed = self.listed('closed')
        self.assertEqual(set(closed) & {'again', 'twice', 'self', 'void',
                                        'gone', 'twin2'}, {'again', 'self'})
        self.assertEqual(self.listed('closed_in_time').get('self'), None)
        self.assertEqual(self.listed('linked'), {
            **{n: rest for n in self.listed('linked')},
            'twin2': good, 'twin3': good, 'chain3': good})
        self.assertEqual(self.listed('withdrawn'),
                         {'gone': good, 'chain2': good})
        self.assertEqual(self.listed('voided'), {'void': good})
        self.assertEqual(set(self.listed('reopened')),
                         {'again', 'twice', 'void2'})
        self.assertEqual(self.listed('reported_in_in_time'),
                         {'alarm': good, 'alarm2': rest, 'cut': rest})
        self.assertEqual({n for n, p in self.listed('returned').items()
                          if p == good}, {'back'})
        self.assertEqual({n for n, p in self.listed('rework').items()
                          if p == good}, {'feast'})
        # a denominator of nothing is nothing, neither 0 nor 100 %
        nothing = self.world.ask('report', '--from', '2025-01-01', '--to',
                                 '2025-01-31')[0]['figures']
        for f in nothing:
            if f['name'] not in ('open', 'overdue_now'):
                self.assertEqual((f['numerator'], f['value']), (0, None))

    def inbox(self):
        """What is red there and no overdue_now is of another kind, or linked
        to one that counts for it; and nothing else is."""
        told = {c['id']: c['in'] for c in self.world.ask(
            'report', '--cases', 'overdue_now')}
        over = {i for i, part in told.items() if part == 'numerator'}
        rows = {c['id']: c for c in self.world.ask(
            'list', '--case', '--light', 'red', '--limit', '1000')}
        self.assertEqual(self.world.ask('counts')[0]['lights']['red'],
                         len(rows))
        self.assertLessEqual(over, set(rows))
        more = set(rows) - over
        self.assertTrue(over and more)
        for i in more:
            self.assertTrue(rows[i]['kind'] in ('task', 'assessment') or
                            rows[i]['links'], rows[i])
            self.assertNotIn(i, told)

    def formats(self):
        words = ('report', '--from', '2026-09-01', '--to', '2026-10-31')
        whole = self.world.ask(*words)[0]
        text = self.world.do(*words, '--format', 'csv').out
        rows = list(csv.DictReader(io.StringIO(text.lstrip('\ufeff'))))
        totals = {r['figure']: r for r in rows if not r['key']
                  and r['name'] == ''}
        table = self.world.do(*words).out
        for f in whole['figures']:
            row = totals[f['name']]
            self.assertEqual(int(row['numerator']), f['numerator'])
            if f['value'] is not None:
                percent = '%d.%02d' % divmod(f['value'], 100)
                self.assertEqual(row['percent'], percent)
                self.assertRegex(table, re.escape(f['en']) + r' +%d / %d +%s' %
                                 (f['numerator'], f['denominator'], percent))
        book = lib_world.subprocess.run(
            [lib_world.BIN / 'xunge-server', 'report', self.world.data,
             *words[1:], '--format', 'xlsx', '--lang', 'zh'],
            stdout=lib_world.subprocess.PIPE, env=lib_world.environment())
        self.book(book.stdout, whole)
        self.ledger()

    def ledger(self):
        """Of the list, a line a case; times are dates, and it says as of
        which entry of the log it is."""
        words = ['list', self.world.data, '--case', '--limit', '300']
        run = lib_world.subprocess.run(
            [lib_world.BIN / 'xunge-server', *words, '--format', 'xlsx',
             '--lang', 'zh'],
            stdout=lib_world.subprocess.PIPE, env=lib_world.environment())
        book = openpyxl.load_workbook(io.BytesIO(run.stdout))
        sheet, about = book
        head, *rows = sheet.iter_rows(values_only=True)
        told = self.world.ask(words[0], *words[2:])
        self.assertEqual(len(rows), len(told))
        column = {name: at for at, name in enumerate(head)}
        due = 0
        for row, case in zip(rows, told):
            self.assertEqual(row[column['编号']], case['number'])
            self.assertEqual(row[column['上报时间']],
                             self.minute(case['created']))
            at = (case.get('clock') or {}).get('due')
            self.assertEqual(row[column['应于']], at and self.minute(at))
            due += bool(at)
        self.assertTrue(rows and due)
        for name in '上报时间', '应于':
            self.assertEqual(sheet.cell(2, column[name] + 1).number_format,
                             'yyyy-mm-dd hh:mm')
        size = self.world.ask('counts')[0]['at']
        self.assertEqual(about['A1'].value, '截至日志第 %d 条' % size)

    def opened(self, bytes_):
        with zipfile.ZipFile(io.BytesIO(bytes_)) as z:
            self.assertIsNone(z.testzip())
        book = openpyxl.load_workbook(io.BytesIO(bytes_))
        for sheet in book:
            self.assertEqual((sheet.page_setup.paperSize,
                              sheet.page_setup.orientation,
                              sheet.page_setup.fitToHeight,
                              sheet.sheet_properties.pageSetUpPr.fitToPage),
                             ('9', 'landscape', 0, True)
                             if isinstance(sheet.page_setup.paperSize, str)
                             else (9, 'landscape', 0, True))
            head = int(sheet.freeze_panes[1:]) - 1
            self.assertEqual(sheet.print_title_rows.replace('$', ''),
                             '%d:%d' % (head, head))
            for row in sheet.iter_rows(min_row=head):
                for cell in row:
                    self.assertNotEqual(cell.data_type, 'f')
                    shown = str(cell.value or '')[:20]
                    width = sum(2 if ord(c) > 0xff else 1 for c in shown)
                    column = sheet.column_dimensions[cell.column_letter].width
                    self.assertGreater(column + 1, min(width, 16), shown)
        return book

    def table_of(self, sheet):
        head = int(sheet.freeze_panes[1:]) - 1
        rows = list(sheet.iter_rows(min_row=head, values_only=True))
        return rows[0], rows[1:]

    def book(self, bytes_, whole):
        """What a spreadsheet finds: numbers are numbers, a rate is one too, a
        moment is a date."""
        sheet, = self.opened(bytes_)
        head, rows = self.table_of(sheet)
        self.assertEqual(head, ('指标', '分项', '分子（数）', '分母', '比率'))
        self.assertIn('2026-09-01 至 2026-10-31', sheet['A1'].value)
        self.assertEqual(sheet['B2'].value, self.minute(whole['time']))
        told = {r[0]: r for r in rows if r[0]}
        for f in whole['figures']:
            _, _, numerator, denominator, rate = told[f['zh']]
            self.assertEqual((numerator, denominator),
                             (f['numerator'], f['denominator']))
            self.assertIs(type(numerator), int)
            self.assertEqual(rate is None, f['value'] is None)
            if rate is not None:
                self.assertAlmostEqual(rate, f['value'] / 10000)
        formats = {c.number_format for c in sheet['E'] if c.value is not None}
        self.assertIn('0.00%', formats)

    def minute(self, text):
        at = lib_figures.local(lib_figures.ms_of(text))
        return at.replace(second=0, microsecond=0, tzinfo=None)

    def review_book(self, day, sheet):
        run = lib_world.subprocess.run(
            [lib_world.BIN / 'xunge-server', 'review', self.world.data, day,
             '--format', 'xlsx', '--lang', 'zh'],
            stdout=lib_world.subprocess.PIPE, env=lib_world.environment())
        summary, cases = self.opened(run.stdout)
        _, rows = self.table_of(summary)
        self.assertEqual([r[1] for r in rows],
                         [len(v) for v in sheet.values()
                          if isinstance(v, list)])
        self.assertEqual(summary['B2'].value, self.minute(sheet['open_at']))
        head, rows = self.table_of(cases)
        self.assertEqual(head[:3], ('部分', '序号', '编号'))
        self.assertEqual([(r[2], r[5]) for r in rows if r[0] == '超期'],
                         [(r['number'], self.minute(r['due']))
                          for r in sheet['overdue']])
        self.assertEqual([r[5] for r in rows if r[0] == '退单'],
                         [self.minute(r['time']) for r in sheet['returned']])
        self.assertEqual(len(rows), sum(len(v) for v in sheet.values()
                                        if isinstance(v, list)))

    def reviews(self):
        """The day's sheet has the cases of the figures of that day, and what
        was done on it."""
        names = {i: n for n, i in self.ids.items()}
        sheets = {day: self.world.ask('review', day)[0] for day in (
            '2026-09-24', '2026-09-25', '2026-10-08')}
        mine = self.export(sheets['2026-09-24']['time'])
        for day, sheet in sheets.items():
            self.assertEqual(sheet['date'], day)
            self.assertEqual(lib_figures.ms_of(sheet['open_at']),
                             lib_figures.day_begins(day) + 24 * 3600 * 1000)
            for part in ('received', 'filed', 'closed'):
                cases = self.world.ask('report', '--from', day, '--to', day,
                                       '--cases', part)
                self.assertEqual({r['id'] for r in sheet[part]},
                                 {c['id'] for c in cases}, (day, part))
            self.same_overdue(sheet, mine.overdue_then(day))
        self.same_overdue(
            self.world.ask('review', '2026-09-25', '--unit', DEPARTMENT)[0],
            mine.overdue_then('2026-09-25', DEPARTMENT))
        # Closed since, and overdue that evening.
        then = {names[r['id']]: r['status']
                for r in sheets['2026-09-24']['overdue']}
        self.assertEqual((then['late'], then['open']),
                         ('dispatched', 'accepted'))
        # As of now while the day lasts; so it is told.
        today = self.world.ask('review')[0]
        self.assertEqual(today['open_at'], today['time'])
        self.assertEqual({names[r['id']] for r in today['overdue']},
                         {n for n, p in self.listed('overdue_now').items()
                          if p == 'numerator'})
        # What stood against each other that evening, decided since or not.
        for day, those in (('2026-09-22', []), ('2026-09-23', ['chain1']),
                           ('2026-09-24', []), ('2026-10-08', [])):
            sheet = sheets.get(day) or self.world.ask('review', day)[0]
            self.assertEqual([names[r['id']] for r in sheet['conflicts']],
                             those, day)
        of = lambda day, part: [(names[r['id']], r['by'])
                                for r in sheets[day][part]]
        self.assertEqual(of('2026-09-24', 'returned'),
                         [('back', 'h1'), ('back', 'h2')])
        self.assertEqual(sheets['2026-09-24']['returned'][0]['why'],
                         '不归我管')
        self.assertEqual(sorted(of('2026-09-25', 'whistles')), sorted([
            ('alarm', 'd2'), ('alarm', 's1'), ('alarm', 'h1'),
            ('alarm', 'h2'), ('alarm2', 'd2'), ('alarm2', 's1'),
            ('alarm2', 'h2')]))
        # When the clerk reminds hangs on when it looks, too: by the records.
        reminded = 0
        for day in sheets:
            for part, moves in (
                    ('reminders', {'remind'}), ('climbs', {'escalate'}),
                    ('returned', {'return'}),
                    ('whistles', {'whistle', 'triage', 'report_in'})):
                self.assertEqual(sorted(of(day, part)), sorted(
                    (names[i], r['author'] or 'server')
                    for i, r in mine.acts(moves, day)), (day, part))
            reminded += len(of(day, 'reminders'))
        self.assertGreater(reminded, 0)
        self.assertEqual([r['holder'] for r in sheets['2026-10-08']['closed']
                          if names[r['id']] == 'feast'], [DEPARTMENT_2])
        self.assertIn('whistles and who reported in: 7',
                      self.world.do('review', '2026-09-25').out)
        self.review_book('2026-09-24', sheets['2026-09-24'])
        book = self.world.try_('review', '2026-09-25', '--format', 'pdf')
        self.assertEqual(book.code, 2)

    def same_overdue(self, sheet, mine):
        self.assertTrue(mine)
        self.assertEqual({r['id']: (r['status'], r['holder'])
                          for r in sheet['overdue']}, mine, sheet['date'])

    def refusals(self):
        for words, code, said in (
                (('--from', '2026-13-01'), 2, 'is no day'),
                (('--from', '2026-10-02', '--to', '2026-10-01'), 2, 'is empty'),
                (('--unit', 'nowhere'), 3, 'no unit nowhere'),
                (('--cases', 'beauty'), 3, 'handled_in_time'),
                (('--as-of', '99999999'), 2, 'entries'),
                (('--by', 'luck'), 2, '--by cannot be'),
                (('--format', 'pdf'), 2, '--format cannot be')):
            r = self.world.try_('report', *words)
            self.assertEqual(r.code, code, (words, r.out, r.err))
            self.assertIn(said, r.err)


if __name__ == '__main__':
    main()
