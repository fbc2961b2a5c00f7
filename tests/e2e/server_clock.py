#!/usr/bin/env python3
"""A server whose own clock lies: set to 1970, 2099, back by an hour and forward
by days, many times a second, while devices sync, operators act and watch,
backups are made; a restart in such a moment; a jump that is true. Nothing that
was acknowledged is lost, the log's time goes on as time does, no deadline runs
out, nobody is locked out, and afterwards it goes on as if nothing had been.

The programs' clock is libfaketime's; the monotonic one and this test's are real.
"""
import base64
import calendar
import hmac
import json
import re
import shutil
import struct
import time
from concurrent.futures import ThreadPoolExecutor

from lib_clock import DAY_S, HOUR_S, TO_1970_S, TO_2099_S, Jumping
from lib_console import PASSWORD, ConsoleCase
from lib_world import (BIN, COMMUNITY_2, GRID, GRID_2, PHOTOS, Agent, main,
                       need, run, wait_until)

DISTRICT = '371302'
CATALOGUE = '''code,parent,name,accept,file,dispatch,sign,handle,inspect,climb
*,,其他,2h,4h,4h,4h,2d,2h,street
fire,,火情,,,,,,,
'''
LEVELS = '''code,zh,en,rank,at,up,role
grid,网格,grid,1,,community,worker
community,社区,community,2,,street,community
street,街道,street,3,,district,dispatcher
district,区,district,4,,,dispatcher
'''
STORM_S = 4
NEAR_S = 30  # a slow machine; the jumps are hours


def totp(secret, after_s=0):
    key = base64.b32decode(secret + '=' * (-len(secret) % 8))
    said = hmac.digest(key, struct.pack('>Q', int(time.time() + after_s) // 30), 'sha1')
    at = said[-1] & 15
    number = struct.unpack('>I', said[at:at + 4])[0] & 0x7fffffff
    return '%06d' % (number % 10 ** 6)


class ServerClock(ConsoleCase):
    WORKERS = [('wa', 'worker', GRID), ('wb', 'worker', GRID_2)]
    OPERATORS = [('d1', 'dispatcher', DISTRICT), ('d2', 'dispatcher', DISTRICT),
                 ('reg', 'registrar', DISTRICT)]
    DEVICES = 2

    def setUp(self):
        super().setUp()
        for kind, text in (('catalogue', CATALOGUE), ('levels', LEVELS)):
            self.world.reference(kind, text)
        self.world.worker('h1', 'handler', COMMUNITY_2)
        self.clock = Jumping(self.world.folder)
        self.world.env = self.clock.env
        self.console.restart()
        self.began = time.time()

    # ---- what must hold ----

    def note_times(self):
        """What the time notes of the log say, in its order, in seconds."""
        notes = [n for n in self.world.log_entries('http')
                 if n.startswith('xunge/time/v1\n')]
        return [int(re.search(r'^time (\d+)$', n, re.M)[1]) / 1000
                for n in notes]

    def log_is_of_now(self):
        times = self.note_times()
        self.assertEqual(times, sorted(times))
        self.assertLess(times[-1], time.time() + NEAR_S)
        # It goes on: what is written now is of now.
        self.a.incident('address=此刻')
        now = time.time()
        self.a.sync()
        self.assertLess(abs(self.note_times()[-1] - now), NEAR_S)

    def audited(self):
        keys = self.world.ask('key')[0]
        said = json.loads(need(run(
            BIN / 'xunge-audit', 'verify', self.world.data, '--key',
            keys['log'], '--registrar', keys['registrar'], '--json')).out)
        self.assertTrue(said['verified'], said)
        self.assertEqual(said['counts']['broken'], 0, said)

    def none_overdue(self):
        self.assertEqual(self.world.ask('list', '--overdue'), [])
        self.assertEqual(self.world.ask('list', '--light', 'red'), [])
        self.assertEqual(self.world.ask('clerk'), [])
        self.assertEqual([r for one in self.world.ask('list', '--limit', '4')
                          for r in self.world.ask('history', one['id'])
                          if r['author'] == 'server'], [])

    def all_is_well(self):
        self.log_is_of_now()
        self.none_overdue()
        self.settle()
        self.sound()
        self.audited()
        self.assertIsNone(self.world.ask('clock')[0]['doubt'])
        for agent in self.agents:
            self.assertIsNone(agent.status()['clock']['doubt'], agent.name)

    def proven_now(self, *ids):
        """What is proven of a record's time lies where the test was."""
        for one in ids:
            for row in self.world.ask('history', one):
                for bound in (row.get('not_before'), row.get('not_after')):
                    self.assertTrue(bound is None or bound[:4] ==
                                    time.strftime('%Y'), row)

    # ---- amid everything ----

    def field(self, agent, until):
        """A worker's day: what was said to be received."""
        ids = []
        while time.time() < until:
            one = agent.incident('address=%s-%d' % (agent.name, len(ids)))
            agent.do('note', one, '备注')
            if len(ids) % 3 == 0:
                agent.do('photo', one, str(PHOTOS / 'f1-exif.jpg') + ':near')
            told = agent.sync().one()
            self.assertEqual((told['ok'], told['remaining']), (True, 0), told)
            ids.append(one)
        return ids

    def office(self, desk, until):
        """An operator's: cases, how far each was brought, by the answers."""
        reached = {}
        while time.time() < until:
            one = desk.one('add', 'incident', 'grid=' + GRID, 'category=fire',
                           'address=%s-%d' % (desk.code, len(reached)))['id']
            for move, status in (('accept', 'accepted'), ('file', 'filed')):
                desk.one('do', one, move)
                reached[one] = status
            self.assertTrue(desk.do('list'))
            desk.one('counts')
        return reached

    def upkeep(self, desk, until):
        """Codes that are good for an hour, and backups."""
        codes, backups = [], []
        while time.time() < until:
            codes.append(self.world.ask('code', 'wa', '--expires', '1')[0])
            backups.append(desk.one('backup')['file'])
            time.sleep(1.2)
        return codes, backups

    def test_amid_everything(self):
        desks = [self.console.desk(code) for code in ('d1', 'd2', 'reg')]
        seen = desks[0].events()
        self.addCleanup(seen.close)
        until = time.time() + STORM_S

        def storm():
            with ThreadPoolExecutor(5) as pool:
                parts = [pool.submit(self.field, self.a, until),
                         pool.submit(self.field, self.b, until),
                         pool.submit(self.office, desks[0], until),
                         pool.submit(self.office, desks[1], until),
                         pool.submit(self.upkeep, desks[2], until)]
                return [part.result() for part in parts]
        (mine, theirs, first, second, (codes, backups)), jumps = \
            self.clock.during(storm)
        self.assertGreater(jumps, 100)
        self.assertTrue(mine and theirs and first and second and codes)
        # Nobody was thrown out; what was done is there, as it was answered.
        cases = {**first, **second}
        listed = {r['id']: r for r in desks[0].do('list', limit='1000')}
        self.assertEqual({i: listed[i]['status'] for i in cases}, cases)
        self.assertLessEqual({*mine, *theirs}, set(listed))
        for agent, ids in ((self.a, mine), (self.b, theirs)):
            self.assertEqual({agent.show(i)['delivery'] for i in ids},
                             {'received'})
        self.all_is_well()
        self.proven_now(mine[-1], theirs[-1], *list(first)[-1:])
        # Codes are good, and end when they were to.
        self.world.enrol('c', 'wa')
        self.agents.append(self.one_that_joins('d', codes[0]['code']))
        # Each backup is there under its time, and the last is good.
        names = [re.search(r'server-(\d{4})', b)[1] for b in backups]
        self.assertEqual(set(names), {time.strftime('%Y')})
        told = desks[2].one('health')
        self.assertNotIn('to come', told['backup']['doubt'])
        # As if made anew: the tables are what the log says.
        self.world.stop()
        self.world.do('rebuild')
        self.console.start()
        self.sound()

    def one_that_joins(self, name, code):
        agent = Agent(self.world, name, self.world.folder / name)
        agent.do('enrol', code)
        agent.sync()
        return agent

    # ---- a moment ----

    def test_restarted_in_2099_and_in_1970(self):
        """Stopped and killed, started where the clock is wrong, with all that
        the server does as it starts; then the clock is right again."""
        desk = self.console.desk('d1')
        one = desk.one('add', 'incident', 'grid=' + GRID, 'category=fire',
                       'address=东街')['id']
        ids = [one]
        for ahead_s, end in ((TO_2099_S, self.world.stop),
                             (TO_1970_S, self.console.kill),
                             (40 * DAY_S, self.console.kill)):
            self.clock.set_ahead(ahead_s)
            ids.append(self.a.incident('address=%d' % ahead_s))
            self.a.sync()
            end()
            self.console.start()
            told = self.world.ask('clock')[0]
            self.assertTrue(told['doubted'], told)
            self.assertLess(abs(self.seconds(told['server']) - time.time()),
                            NEAR_S)
            desk = self.console.desk('d1', once=False)
            ids.append(desk.one('add', 'incident', 'grid=' + GRID,
                                'category=fire', 'address=南街')['id'])
            self.b.sync()
            self.none_overdue()
        health = self.world.ask('health')[0]
        self.assertIn('jumped ahead', health['clock']['doubt'])
        self.clock.set_ahead(0)
        self.all_is_well()
        self.assertLessEqual(set(ids), {r['id'] for r in self.world.ask('list')})
        self.proven_now(*ids)

    @staticmethod
    def seconds(text):
        return calendar.timegm(time.strptime(text[:19], '%Y-%m-%dT%H:%M:%S'))

    def test_who_may_enter(self):
        """Wrong tries in 2099 lock nobody out till then; a second factor is
        good in 2099, by the phone's time; a one-time key of 1970 still is."""
        desk = self.console.desk('d1')
        said = self.console.post('/api/totp', {'set': 'begin',
                                               'password': PASSWORD},
                                 token=desk.token)[2]
        status = self.console.post('/api/totp', {
            'set': totp(said['secret']), 'password': PASSWORD},
            token=desk.token)[0]
        self.assertEqual(status, 204)
        self.clock.set_ahead(TO_1970_S)
        once = self.console.once('d2')
        self.clock.set_ahead(TO_2099_S)
        self.assertEqual(self.console.post('/api/login', {
            'once': once, 'password': PASSWORD})[0], 200)
        for _ in range(6):
            self.assertNotEqual(self.console.login('d2', 'not this')[0], 200)
        # A code is good once: the next one.
        self.assertEqual(self.console.login(
            'd1', totp=totp(said['secret'], 30))[0], 200)
        self.clock.set_ahead(0)
        self.assertEqual(wait_until(
            lambda: self.console.login('d2')[0] == 200, 10, 'the login'), True)

    # ---- what an operator does ----

    def test_a_jump_that_is_true_and_one_that_is_believed(self):
        """The machine was paused for three days: its clock is right, and is
        believed by an operator's word. Then one believes what is wrong: the log
        stands still, nothing is lost, and a backup of before gives a log whose
        time is right."""
        self.clock.set_ahead(3 * DAY_S)
        told = self.world.ask('clock')[0]
        self.assertTrue(told['doubted'])
        self.assertLessEqual(told['believed_in_s'], 3 * HOUR_S)
        self.assertGreater(told['believed_in_s'], 3 * HOUR_S - NEAR_S)
        self.assertIsNone(self.world.ask('clock', '--believe')[0]['doubt'])
        self.a.incident('address=三天后')
        self.a.sync()
        self.assertLess(abs(self.note_times()[-1] - time.time() - 3 * DAY_S),
                        NEAR_S)
        # It was wrong, and set right: the same again.
        self.clock.set_ahead(0)
        self.assertTrue(self.world.ask('clock')[0]['doubted'])
        told = self.world.ask('clock', '--believe')[0]
        self.assertFalse(told['doubted'])
        self.assertIn('stands still', told['doubt'])
        stood = self.note_times()[-1]
        one = self.a.incident('address=停着')
        self.a.sync()
        self.assertEqual(self.note_times()[-1], stood)
        self.assertEqual(self.a.show(one)['delivery'], 'received')
        self.sound()
        self.audited()

    def test_a_log_of_2099_is_followed_by_one_of_now(self):
        backup = self.world.folder / 'backup'
        early = self.a.incident('address=之前')
        self.a.sync()
        self.world.do('backup', backup)
        self.clock.set_ahead(TO_2099_S)
        self.world.do('clock', '--believe')
        late = self.a.incident('address=其间')
        self.a.sync()
        self.assertGreater(self.note_times()[-1], time.time() + TO_2099_S - DAY_S)
        self.clock.set_ahead(0)
        self.world.stop()
        need(run(BIN / 'xunge-server', 'restore', backup,
                 self.world.folder / 'new', '--registrar-key',
                 self.world.data / 'registrar.key', '--old', self.world.data,
                 **self.clock.env))
        shutil.move(self.world.data, self.world.folder / 'lost')
        shutil.move(self.world.folder / 'new', self.world.data)
        self.console.start()
        self.settle()
        self.assertLessEqual({early, late},
                             {r['id'] for r in self.world.ask('list')})
        self.assertEqual(self.a.show(late)['delivery'], 'received')
        self.all_is_well()
        self.proven_now(late)


if __name__ == '__main__':
    main()
