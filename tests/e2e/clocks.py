#!/usr/bin/env python3
"""Devices whose clocks lie: 1970, 2099, set forth and back between captures, in
the middle of a save, a sync and a patrol, a receiver that is 1024 weeks off. They sync over
TLS, the order is that of causality, the doubt is shown, and nobody else is harmed."""
import datetime
import json
import os
import signal
import time
import xml.etree.ElementTree as ET

from lib_clock import LIBRARY, Jumping, clock
from lib_gpsd import Receiver
from lib_world import BESIDE, GRID, LOCAL, PHOTOS, Case, main, wait_until


FIX_A_SECOND_S = 0.2  # and a little more, or each would take others


def walls(rows):
    return [r['wall'] for r in rows]


class Clocks(Case):
    def doubted(self, agent, doubt):
        self.assertEqual(agent.status()['clock']['doubt'], doubt, agent.name)
        self.assertEqual('doubtful' in agent.do('status').out,
                         doubt is not None, agent.name)

    def as_new(self, name, when):
        """A device that never had another clock than this one."""
        return self.world.enrol(name, 'wa', clock(when))

    def whole_job(self, agent, year, doubt):
        one = agent.one('incident', 'category=fire', 'address=甲',
                        '--photo', str(PHOTOS / 'f1-exif.jpg') + ':near')['id']
        agent.do('note', one, '备注')
        synced = agent.sync().one()
        self.assertEqual((synced['ok'], synced['remaining']), (True, 0))
        self.doubted(agent, doubt)
        shown = agent.show(one)
        self.assertEqual(shown['delivery'], 'received')
        self.assertTrue(shown['created']['verified'])
        self.assertTrue(shown['created']['wall'].startswith(year), shown)
        self.assertTrue(shown['created']['clock_doubt'])
        self.assertIn('doubtful', agent.do('show', one).out)
        self.assertEqual(agent.one('verify')['verdict'], 'good')
        self.b.sync()
        theirs = self.b.show(one)
        self.assertTrue(theirs['created']['clock_doubt'])
        self.assertTrue(self.world.show(one)['created']['clock_doubt'])
        return one

    def not_harmed(self, *ids):
        """The other device: its own clock is good, its own is shown first."""
        mine = self.b.incident('address=好钟')
        self.b.sync()
        self.doubted(self.b, None)
        listed = [e['id'] for e in self.b.ask('list')]
        self.assertEqual(listed[0], mine)
        self.assertEqual(set(listed), {mine, *ids})
        self.assertFalse(self.b.show(mine)['created']['clock_doubt'])
        self.sound(self.b)

    def test_1970(self):
        old = self.as_new('old', '1970-01-02 00:00:00')
        one = self.whole_job(old, '1970-', 'before-release')
        self.not_harmed(one)

    def test_2099(self):
        new = self.as_new('new', '2099-06-01 12:00:00')
        one = self.whole_job(new, '2099-', 'off')
        self.not_harmed(one)

    def test_no_clock_decides(self):
        """Each edit has seen the one before; each clock is earlier than the
        one before. The last edit is what counts."""
        one = self.b.incident('address=始')
        self.settle()
        years = ['2099', '2031', '1999', '1970']
        for n, year in enumerate(years):
            agent = self.agents[n % 2]
            agent.env = clock('%s-03-01 08:00:00' % year)
            agent.do('set', one, 'address=%s' % year)
            agent.sync()
            self.agents[1 - n % 2].sync()
        self.settle()
        shown = self.same_but_doubt(one)
        self.assertEqual(shown['fields']['address'], '1970')
        self.assertEqual(shown['conflicts'], 0)
        rows = self.a.ask('history', one)
        self.assertEqual([w[:4] for w in walls(rows)][1:], years)
        # At once, the earlier and the later clock have the same right.
        self.a.env, self.b.env = (clock('2099-01-01 00:00:00'),
                                  clock('1970-01-02 00:00:00'))
        self.a.do('set', one, 'address=甲')
        self.b.do('set', one, 'address=乙')
        self.settle()
        found, = self.world.ask('conflicts', code=5)
        self.assertEqual({s['value'] for s in found['sides']}, {'甲', '乙'})
        self.assertEqual(found['shown_because'], 'hash')
        self.assertEqual(self.same_but_doubt(one)['conflicts'], 1)
        self.proven(one)
        self.world.do('check')

    def same_but_doubt(self, which):
        """What a device doubts depends on what its own clock was told."""
        def plain(x):
            if isinstance(x, dict):
                return {k: plain(v) for k, v in x.items()
                        if k not in LOCAL | BESIDE | {'clock_doubt'}}
            return [plain(v) for v in x] if isinstance(x, list) else x
        shown = plain(self.world.show(which))
        for agent in self.agents:
            self.assertEqual(plain(agent.show(which)), shown, agent.name)
        return shown

    def proven(self, which):
        """What the log proves of each record's time, whatever the clocks
        said: the same for everybody, and again after a rebuild."""
        def times(rows):
            return {r['hash']: (r.get('not_before'), r.get('not_after'))
                    for r in rows}
        there = times(self.world.ask('history', which))
        for agent in self.agents:
            self.assertEqual(times(agent.ask('history', which)), there,
                             agent.name)
        self.world.stop()
        self.world.do('rebuild')
        self.world.start()
        self.assertEqual(times(self.world.ask('history', which)), there)
        now = time.strftime('%Y')
        for low, high in there.values():
            self.assertTrue(high.startswith(now), there)
            self.assertTrue(low is None or (low <= high and
                                            low.startswith(now)), there)
        self.assertTrue(any(low for low, _ in there.values()))

    def test_set_forth_and_back_between_captures(self):
        one = self.a.incident('address=甲')
        for year in ('2050', '1971', '2026'):
            self.a.env = clock(year + '-12-01 09:00:00')
            self.a.do('note', one, year)
            self.a.sync()
        self.a.env = {}
        self.a.do('note', one, '如今')
        self.a.sync()
        self.doubted(self.a, None)  # the clock is right again
        rows = self.a.ask('history', one)
        self.assertEqual([r['changes'][0]['value'] for r in rows[1:]],
                         ['2050', '1971', '2026', '如今'])
        self.assertEqual([r['clock_doubt'] for r in rows][:3],
                         [False, True, True])
        self.settle()
        self.same(one)
        self.proven(one)
        self.sound()

    def test_set_amid_saves_and_syncs(self):
        """Each save and each sync while it is set a hundred times a second:
        what was said to be saved or received is, and all agree."""
        jumping = Jumping(self.world.folder)
        self.a.env = jumping.env
        saved, sets = [], 0
        while len(saved) < 12 or sets < 50:
            def work():
                for _ in range(4):
                    one = self.a.incident('address=%d' % len(saved))
                    self.a.do('note', one, '备注')
                    saved.append(one)
                self.a.do('photo', saved[-1],
                          str(PHOTOS / 'f1-exif.jpg') + ':near')
                return self.a.sync().one()
            synced, jumps = jumping.during(work)
            sets += jumps
            self.assertEqual((synced['ok'], synced['remaining']), (True, 0))
            self.assertEqual(synced['photos_left'], 0)
        self.a.env = {}
        self.assertEqual(len(set(saved)), len(saved))
        self.assertEqual({self.a.show(one)['delivery'] for one in saved},
                         {'received'})
        self.settle()
        for one in saved:
            self.same_but_doubt(one)
        self.assertEqual(self.a.one('verify')['verdict'], 'good')
        self.proven(saved[-1])
        self.doubted(self.a, None)
        self.sound()

    # ---- patrols ----

    def patrol(self, receiver, seconds):
        self.a.do('patrol', 'start', 'grid=' + GRID, '--gpsd',
                  receiver.address, '--every', '1')
        self.addCleanup(self.a.try_, 'patrol', 'stop')
        time.sleep(seconds)

    def points(self, which):
        gpx = ET.fromstring(self.a.do('patrol', 'show', which, '--gpx').out)
        return [p.find('{*}time').text for p in gpx.findall('.//{*}trkpt')]

    def test_clock_set_in_the_middle_of_a_patrol(self):
        """libfaketime reads the clock from a file here: it is set while the
        recorder runs."""
        dial = self.world.folder / 'clock'
        now = time.gmtime()

        def set_clock(offset):
            dial.write_text(offset + '\n')
        set_clock('+0')
        self.a.env = {'LD_PRELOAD': LIBRARY, 'TZ': 'UTC',
                      'FAKETIME_TIMESTAMP_FILE': str(dial),
                      'FAKETIME_DONT_FAKE_MONOTONIC': '1',
                      'FAKETIME_NO_CACHE': '1'}
        with Receiver('haicom-305N.log', 0.08) as receiver:
            self.patrol(receiver, 4)
            set_clock('+400d')
            time.sleep(2.5)
            set_clock('-20000d')
            time.sleep(2.5)
            set_clock('+0')
            time.sleep(2)
            ended = self.a.one('patrol', 'stop')
        self.assertGreaterEqual(ended['doubts'], 3, ended)
        self.assertGreaterEqual(ended['points'], 6, ended)
        times = self.points(ended['id'])
        self.assertEqual(times, sorted(times))
        begun = time.strftime('%Y-%m-%dT', now)[:7]
        self.assertEqual({t[:7] for t in times} - {
            begun, time.strftime('%Y-%m', time.gmtime())}, set())
        self.a.sync()
        self.b.sync()
        self.assertEqual(self.same_but_doubt(ended['id'])['kind'], 'patrol')
        self.sound()

    def test_track_amid_jumps(self):
        """Two devices on one receiver, the clock of one set a hundred times a
        second, and its recorder ended and started again meanwhile: of what it
        saw it has each fix that the other has, once, at its time."""
        jumping = Jumping(self.world.folder)
        self.a.env = jumping.env
        with Receiver('bundg_zeus_9.log', FIX_A_SECOND_S) as receiver:
            for agent in (self.a, self.b):
                agent.do('patrol', 'start', 'grid=' + GRID, '--gpsd',
                         receiver.address, '--every', '1')
                self.addCleanup(agent.try_, 'patrol', 'stop', '--now')
            begun = time.time()

            def record():
                wait_until(lambda: receiver.times, 20, 'a fix')
                time.sleep(4)
                left = time.time()
                os.kill(self.a.status()['patrol']['pid'], signal.SIGTERM)
                wait_until(lambda: not self.a.status()['patrol']['running'],
                           10, 'the end of the recorder')
                self.a.do('patrol', 'continue', '--gpsd', receiver.address,
                          '--every', '1')
                back = time.time()
                time.sleep(5)
                return left, back
            (left, back), jumps = jumping.during(record)
            self.assertGreater(jumps, 100)
            mine, theirs = (agent.one('patrol', 'stop')
                            for agent in (self.a, self.b))
            ended = time.time()
        self.assertEqual(mine['segments'], 2, mine)
        self.assertEqual(mine['damaged'], 0, mine)
        tracks = [self.track(agent, of['id']) for agent, of in
                  ((self.a, mine), (self.b, theirs))]
        for track in tracks:
            times = [at for at, _ in track]
            self.assertEqual(times, sorted(set(times)))
            self.assertLess(begun - 2, times[0])
            self.assertLess(times[-1], ended + 2)
        # What one of them has while both recorded: where, and when.
        both = [(at, place) for at, place in tracks[1]
                if begun + 1 < at < left - 1 or back + 1 < at < ended - 1.5]
        self.assertGreater(len(both), 3, tracks)
        for at, place in both:
            self.assertTrue(any(there == place and abs(then - at) < 1
                                for then, there in tracks[0]), (at, tracks))
        self.a.env = {}
        self.settle()
        self.assertEqual(self.same_but_doubt(mine['id'])['kind'], 'patrol')
        self.sound()

    def track(self, agent, which):
        """[(seconds, (lat, lon))]"""
        gpx = ET.fromstring(agent.do('patrol', 'show', which, '--gpx').out)
        return [(datetime.datetime.fromisoformat(p.find('{*}time').text)
                 .timestamp(), (p.get('lat'), p.get('lon')))
                for p in gpx.findall('.//{*}trkpt')]

    def test_receiver_that_is_1024_weeks_off(self):
        """What the capture calls 2015, gpsd takes for 2034: no time of an
        event, on a device whose clock is right."""
        with Receiver('beidou-bd.log', 0.1) as receiver:
            self.a.env = clock('2015-02-25 07:42:00')
            self.patrol(receiver, 11)
            ended = self.a.one('patrol', 'stop')
            self.assertTrue(receiver.years() <= {'2034'}, receiver.years())
        self.assertGreaterEqual(ended['points'], 2, ended)
        self.assertGreaterEqual(ended['doubts'], 1, ended)
        times = self.points(ended['id'])
        self.assertEqual({t[:7] for t in times}, {'2015-02'})
        self.assertEqual(ended['start'][:4], '2015')
        self.assertEqual(ended['end'][:4], '2015')
        self.a.sync()
        self.b.sync()
        text = json.dumps(self.b.show(ended['id']))
        self.assertNotIn('2034', text)
        self.same_but_doubt(ended['id'])


if __name__ == '__main__':
    main()
