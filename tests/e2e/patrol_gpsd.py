#!/usr/bin/env python3
"""Patrols on a real gpsd whose recorder is killed in the middle: at most 30 s
of track are lost, the patrol goes on or is closed at its last fix, what lies
between is a gap with its cause and is never joined, and the exports can be
read."""
import calendar
import json
import os
import signal
import time
import xml.etree.ElementTree as ET
from pathlib import Path

from lib_gpsd import Receiver
from lib_world import GRID, Case, main, wait_until

CAPTURE = 'bundg_zeus_9.log'  # a boat under way, a fix a second
LINE_S = 0.02
LOST_MAX_S = 30
FLUSH_MAX_S = 35  # 30, and a slow machine
LIGHT_S = 10
LIGHT_LINE_S = 0.15  # some second a fix, as it was


def seconds(text):
    whole, _, part = text.rstrip('Z').partition('.')
    return calendar.timegm(time.strptime(whole, '%Y-%m-%dT%H:%M:%S')) + \
        float('0.' + (part or '0'))


class Patrols(Case):
    def begin(self, agent, receiver):
        begun = agent.one('patrol', 'start', 'grid=' + GRID, '--gpsd',
                          receiver.address, '--every', '1')
        self.addCleanup(agent.try_, 'patrol', 'stop', '--now')
        self.assertTrue(begun['running'])
        return begun['id']

    def spool(self, agent):
        return sum(p.stat().st_size
                   for p in (agent.home / 'patrol').glob('*.spool'))

    def kill(self, agent):
        """When it was killed."""
        os.kill(agent.status()['patrol']['pid'], signal.SIGKILL)
        at = time.time()
        wait_until(lambda: not agent.status()['patrol']['running'], 10,
                   'the end of the recorder')
        return at

    def track(self, agent, *which):
        """Segments of [(seconds, lat, lon)] from the GPX."""
        gpx = ET.fromstring(agent.do('patrol', 'show', *which, '--gpx').out)
        return [[(seconds(p.find('{*}time').text), float(p.get('lat')),
                  float(p.get('lon'))) for p in s.findall('{*}trkpt')]
                for s in gpx.findall('.//{*}trkseg')]

    def gaps(self, agent, which):
        return [e['value'] for e in
                agent.show(which)['sets'].get('gap', [])]

    def exports(self, agent, which, parts):
        shown = json.loads(agent.do('patrol', 'show', which, '--geojson').out)
        every = json.loads(agent.do('export', '--format', 'geojson').out)
        for collection in (shown, every):
            feature, = [f for f in collection['features'] if f['geometry']]
            shape = feature['geometry']
            lines = shape['coordinates'] \
                if shape['type'] == 'MultiLineString' else \
                [shape['coordinates']]
            self.assertEqual(len(lines), parts, shape)
            for line in lines:
                for lon, lat, *_ in line:
                    self.assertTrue(5 < lon < 6 and 52 < lat < 53, (lon, lat))
        gpx = ET.fromstring(agent.do('export', which, '--format', 'gpx').out)
        self.assertEqual(len(gpx.findall('.//{*}trkseg')), parts)

    def test_killed(self):
        with Receiver(CAPTURE, LINE_S) as receiver:
            goes_on, ended = (self.begin(agent, receiver)
                              for agent in self.agents)
            begun = time.time()
            empty = {agent.name: self.spool(agent) for agent in self.agents}
            for agent in self.agents:
                wait_until(lambda a=agent: self.spool(a) > empty[a.name],
                           FLUSH_MAX_S, 'the first piece of track')
            time.sleep(2)
            killed = {agent.name: self.kill(agent) for agent in self.agents}
            for agent in self.agents:
                saved = self.track(agent)
                self.assertEqual(len(saved), 1)
                self.assertLessEqual(saved[0][0][0] - begun, 5)
                self.assertLessEqual(killed[agent.name] - saved[0][-1][0],
                                     LOST_MAX_S)
                self.assertIn('patrol continue', agent.do('status').out)
                agent.do('patrol', 'stop', code=1)
            self.closed(self.b, ended, killed['b'])
            self.continued(self.a, goes_on, killed['a'], receiver)
        self.seen_by_all(goes_on, ended)

    def test_day(self):
        """What the page shows of a day, while it is walked and after."""
        agent = self.agents[0]
        self.assertEqual(agent.one('patrol', 'day')['patrols'], [])
        with Receiver(CAPTURE, LINE_S) as receiver:
            which = self.begin(agent, receiver)
            agent.do('visit', 'place=P1', 'result=normal',
                     'position=31.2,121.4')
            live = wait_until(lambda: [
                p for p in agent.one('patrol', 'day')['patrols']
                if p['last_fix'] and p['points'] > 10], FLUSH_MAX_S,
                'a track in the spool')[0]
            self.assertEqual((live['id'], live['open'], live['running'],
                              live['end'], live['gap']),
                             (which, True, True, None, None))
            self.assertLess(live['last_fix']['age_s'], 35)
            self.assertEqual(len(live['lines']), 1)
            self.assertLess(len(live['lines'][0]), live['points'])
            visit, = live['visits']
            self.assertEqual((visit['place'], visit['lat'], visit['lon']),
                             ('P1', 31.2, 121.4))
            self.kill(agent)
            cut = agent.one('patrol', 'show')
            self.assertEqual(cut['gap']['cause'], 'killed')
            self.assertEqual(cut['last_fix']['lat'],
                             agent.one('patrol', 'day')['patrols'][0]
                             ['last_fix']['lat'])
            self.assertIn('patrol continue', agent.do('patrol', 'day').out)
            time.sleep(2)
            agent.do('patrol', 'continue', '--gpsd', receiver.address,
                     '--every', '1')
            time.sleep(4)
            told = agent.one('patrol', 'stop')
        agent.do('visit', 'place=P2', 'result=normal')
        day = agent.one('patrol', 'day')
        done, = day['patrols']
        self.assertEqual((done['open'], done['running']), (False, False))
        self.assertEqual(done['distance_m'], told['distance_m'])
        self.assertEqual(len(done['lines']), 2)
        self.assertEqual([v['place'] for v in done['visits']], ['P1'])
        self.assertEqual([v['place'] for v in day['visits']], ['P2'])
        gap, = [g for g in done['gaps'] if g['cause'] == 'killed']
        # From where the first line ends to where the second begins.
        self.assertEqual(gap['between'],
                         [done['lines'][0][-1], done['lines'][1][0]])
        self.assertEqual(
            agent.one('patrol', 'day', day['date'])['patrols'], [done])
        self.assertEqual(agent.one('patrol', 'day', '2020-02-29')['patrols'],
                         [])
        for wrong in ('2026-02-30', 'today', '20260101', ''):
            agent.do('patrol', 'day', wrong, code=2)

    def costs(self, pid):
        """(times that it woke, seconds of the processor, bytes written)."""
        of = Path('/proc/%d' % pid)

        def number(file, name):
            text = (of / file).read_text(encoding='utf-8')
            return int(text.split(name + ':')[1].split()[0])

        stat = (of / 'stat').read_text(encoding='utf-8').rsplit(')', 1)[1]
        ticks = sum(int(word) for word in stat.split()[11:13])
        return (number('status', 'voluntary_ctxt_switches'),
                ticks / os.sysconf('SC_CLK_TCK'), number('io', 'wchar'))

    def test_25_a_patrol_is_light_on_the_battery(self):
        """It wakes when the receiver reports, and hardly otherwise."""
        agent = self.agents[0]
        with Receiver(CAPTURE, LIGHT_LINE_S) as receiver:
            self.begin(agent, receiver)
            pid = agent.status()['patrol']['pid']
            wait_until(lambda: receiver.times, 20, 'a report')
            time.sleep(2)
            reports, woken = receiver.reports, self.costs(pid)
            time.sleep(LIGHT_S)
            told = receiver.reports - reports
            wakes, processor, written = (
                b - a for a, b in zip(woken, self.costs(pid)))
        print('woke %d times in %d s for %d reports, %.2f s of the '
              'processor, %d bytes' % (wakes, LIGHT_S, told, processor,
                                       written))
        self.assertGreater(told, 0)
        self.assertLessEqual(wakes, told + 2 * LIGHT_S)
        self.assertLessEqual(processor, 0.01 * LIGHT_S + 0.02)
        self.assertLessEqual(written, 2 * 4096)

    def test_no_receiver(self):
        """The recorder tells within half a minute that nothing comes."""
        agent = self.agents[0]
        agent.one('patrol', 'start', '--gpsd', '127.0.0.1:1')
        self.addCleanup(agent.try_, 'patrol', 'stop', '--now')
        wait_until(lambda: agent.one('patrol', 'show')['gap'], FLUSH_MAX_S + 5,
                   'the gap')
        self.assertEqual(agent.one('patrol', 'show')['gap']['cause'],
                         'gps-off')
        self.assertIn('plug', agent.do('patrol', 'show').out)

    def closed(self, agent, which, killed):
        last = self.track(agent)[0][-1][0]
        told = agent.one('patrol', 'close')
        self.assertEqual(told['id'], which)
        self.assertLess(abs(seconds(told['end']) - last), 1.5, told)
        self.assertLess(seconds(told['end']), killed)
        self.assertIsNone(agent.status()['patrol'])
        self.assertEqual(len(self.track(agent, which)), told['segments'])
        self.exports(agent, which, told['segments'])
        agent.do('patrol', 'close', code=3)

    def continued(self, agent, which, killed, receiver):
        before = self.track(agent)
        time.sleep(3)
        agent.do('patrol', 'continue', '--gpsd', receiver.address, '--every',
                 '1')
        time.sleep(4)
        told = agent.one('patrol', 'stop')
        self.assertEqual(told['id'], which)
        self.assertEqual((told['segments'], told['damaged']), (2, 0), told)
        track = self.track(agent, which)
        self.assertEqual(track[0], before[0])
        self.assertGreater(track[1][0][0], killed + 2)
        # The gap reaches from the last fix that was saved to the first after.
        gap, = [g for g in self.gaps(agent, which) if g['cause'] == 'killed']
        self.assertLess(abs(seconds(gap['from']) - track[0][-1][0]), 1.5)
        self.assertLess(abs(seconds(gap['to']) - track[1][0][0]), 1.5)
        self.assertIn('killed', str(gap))
        text = agent.do('show', which).out
        self.assertIn('gap', text)
        self.exports(agent, which, 2)

    def seen_by_all(self, *patrols):
        self.settle()
        for which in patrols:
            shown = self.same(which)
            self.assertEqual(shown['kind'], 'patrol')
            tracks = [self.track(agent, which) for agent in self.agents]
            self.assertEqual(tracks[0], tracks[1])
        self.sound()


if __name__ == '__main__':
    main()
