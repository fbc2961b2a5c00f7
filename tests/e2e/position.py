#!/usr/bin/env python3
"""Where we are, for a worker: from a real gpsd on receivers that move, climb,
see nothing or are off by 1024 weeks; and from a scripted one that jumps, stops,
repeats itself, makes things up or is unplugged. Each is said in words that tell
what to do, in both languages."""
import json
import socket
import subprocess
import sys
import threading
import time
import unittest

from lib_gpsd import Receiver, free_port
from lib_world import BIN, environment, main, run, wait_until

XUNGE = BIN / 'xunge'


def position(address, *words, lang='en'):
    answer = run(XUNGE, 'position', '--json', '--lang', lang, '--gpsd',
                 address, *words)
    assert answer.code == 0, answer.err
    lines = [json.loads(line) for line in answer.out.splitlines()]
    return lines[-1]


class Scripted:
    """A gpsd that says what it is told: TPV objects, a pause between."""

    def __init__(self, reports, pause=0.2, devices=True):
        self.reports, self.pause, self.devices = reports, pause, devices

    def __enter__(self):
        self.server = socket.create_server(('127.0.0.1', 0))
        self.address = '127.0.0.1:%d' % self.server.getsockname()[1]
        self.over = threading.Event()
        threading.Thread(target=self.serve, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.server.close()

    def serve(self):
        try:
            while True:
                connection, _ = self.server.accept()
                threading.Thread(target=self.talk, args=(connection,),
                                 daemon=True).start()
        except OSError:
            pass

    def talk(self, connection):
        def say(thing):
            text = json.dumps(thing, separators=(',', ':'))
            connection.sendall(text.encode() + b'\n')
        try:
            say({'class': 'VERSION', 'release': '3.22', 'rev': '3.22',
                 'proto_major': 3, 'proto_minor': 14})
            if not connection.recv(4096):
                return  # only looked whether somebody answers
            say({'class': 'DEVICES', 'devices': [
                {'class': 'DEVICE', 'path': '/dev/x',
                 'activated': '2026-01-01T00:00:00Z'}] if self.devices else []})
            for report in self.reports:
                if report:
                    say({**report, 'device': '/dev/x'})
                if self.over.wait(self.pause):
                    return
            self.over.wait(60)
        except OSError:
            pass
        finally:
            connection.close()


def tpv(lat=31.2, lon=121.4, at=None, **more):
    at = time.time() if at is None else at
    return {'class': 'TPV', 'mode': 3, 'lat': lat, 'lon': lon, 'eph': 4.2,
            'time': time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(at)) +
            '.%03dZ' % (at % 1 * 1000), **more}


def steady(count, step=0.0, **more):
    begin = time.time()
    return [tpv(lat=31.2 + i * step, at=begin + i * 0.2, **more)
            for i in range(count)]


class Real(unittest.TestCase):
    def test_moving(self):
        with Receiver('bundg_zeus_9.log', 0.05) as receiver:
            wait_until(lambda: receiver.times, 20, 'a fix')
            told = position(receiver.address)
            self.assertTrue(52 < told['lat'] < 53 and 5 < told['lon'] < 6)
            self.assertIn(told['quality'], ('good', 'fair'))
            self.assertLess(told['age_s'], 3)
            # Recorded years ago: the place is used, its time is not.
            self.assertIn('time', told['doubts'])
            self.assertLess(abs(time.time() - time.mktime(time.strptime(
                told['time'][:19], '%Y-%m-%dT%H:%M:%S')) + time.timezone), 20)
            self.assertIn("receiver's time is wrong", told['text'])

    def test_no_fix(self):
        with Receiver('bu303-nofix.log', 0.05) as receiver:
            wait_until(lambda: receiver.times, 20, 'a report')
            # Until gpsd has made out what speaks there, it has none.
            told = wait_until(lambda: (lambda said: said if said['none'] !=
                                       'no-receiver' else None)(
                position(receiver.address, '--wait', '4', lang='zh')),
                40, 'a receiver')
            self.assertEqual(told['none'], 'no-fix')
            self.assertIn('开阔处', told['text'])
            self.assertNotIn('lat', told)

    def test_weeks_off(self):
        """Ten years ahead, as gpsd tells it."""
        with Receiver('beidou-bd.log', 0.1) as receiver:
            told = position(receiver.address)
            self.assertAlmostEqual(told['lat'], 31.248, 2)
            if 'gps_time' in told:
                self.assertEqual('time' in told['doubts'], abs(
                    int(told['gps_time'][:4]) -
                    time.gmtime().tm_year) > 0, told)

    def test_watch(self):
        """A line a second, and what becomes of it when gpsd goes."""
        with Receiver('bundg_zeus_9.log', 0.05) as receiver:
            child = subprocess.Popen(
                [XUNGE, 'position', '--watch', '--json', '--gpsd',
                 receiver.address], stdout=subprocess.PIPE, text=True,
                env=environment())
            try:
                begun = time.time()
                lines = []
                while time.time() - begun < 4:
                    lines.append(json.loads(child.stdout.readline()))
                self.assertTrue(2 <= len(lines) <= 6, lines)
                self.assertTrue(any('lat' in line for line in lines), lines)
                seen = [line for line in lines if line['satellites_seen']]
                self.assertTrue(seen, lines)
                self.assertGreaterEqual(seen[-1]['satellites_seen'],
                                        seen[-1]['satellites'])
                receiver.gpsd.terminate()
                receiver.gpsd.wait()
                last = {}
                for _ in range(9):
                    last = json.loads(child.stdout.readline())
                self.assertIn('stale', last['doubts'], last)
                self.assertEqual(last['quality'], 'poor')
                self.assertGreater(last['age_s'], 4)
                # Nobody reads any more: it ends.
                child.stdout.close()
                child.wait(10)
            finally:
                child.kill()
                child.wait()


class Made(unittest.TestCase):
    def test_good_is_quick(self):
        with Scripted(steady(50, 0.000002)) as gpsd:
            begun = time.time()
            told = position(gpsd.address)
            self.assertLess(time.time() - begun, 3)
            self.assertEqual((told['quality'], told['doubts']), ('good', []))
            self.assertEqual(told['accuracy_m'], 4.2)
            text = run(XUNGE, 'position', '--lang', 'zh', '--gpsd',
                       gpsd.address).out
            self.assertRegex(text, r'^31\.2\d+,121\.4\d+  定位准，误差约 5 米\n$')

    def test_bounds(self):
        for accuracy, quality, word in ((15, 'good', 'good'),
                                        (15.1, 'fair', 'fair'),
                                        (50, 'fair', 'fair'),
                                        (50.1, 'poor', 'map'),
                                        (None, 'poor', 'unknown')):
            with self.subTest(accuracy), Scripted(
                    steady(20, eph=accuracy) if accuracy else [
                        {k: v for k, v in r.items() if k != 'eph'}
                        for r in steady(20)]) as gpsd:
                told = position(gpsd.address, '--wait', '2')
                self.assertEqual(told['quality'], quality, told)
                self.assertIn(word, told['text'])

    def test_jumping(self):
        begin = time.time()
        with Scripted([tpv(lat=31.2 + i % 2 * 0.01, at=begin + i * 0.2)
                       for i in range(40)]) as gpsd:
            told = position(gpsd.address, '--wait', '3', lang='zh')
            self.assertEqual((told['quality'], told['doubts']),
                             ('poor', ['jumping']))
            self.assertIn('跳动', told['text'])

    def test_repeats_one_fix(self):
        at = time.time()
        with Scripted([tpv(at=at, eph=30) for _ in range(60)]) as gpsd:
            told = position(gpsd.address, '--wait', '8')
            self.assertEqual((told['quality'], told['doubts']),
                             ('poor', ['stale']), told)

    def test_made_up_and_reckoned(self):
        with Scripted(steady(20, status=8)) as gpsd:
            told = position(gpsd.address, '--wait', '2')
            self.assertEqual((told['quality'], told['doubts']),
                             ('poor', ['mock']))
        with Scripted(steady(20, status=5)) as gpsd:
            told = position(gpsd.address, '--wait', '2')
            self.assertIn('estimated', told['doubts'], told)
            self.assertEqual(told['quality'], 'fair')

    def test_fix_is_lost(self):
        lost = [{'class': 'TPV', 'mode': 1}] * 30
        with Scripted(steady(3, eph=30) + lost) as gpsd:
            told = position(gpsd.address, '--wait', '3')
            self.assertEqual((told['quality'], told['doubts']),
                             ('poor', ['stale']))
            self.assertGreater(told['age_s'], 1)

    def test_satellites(self):
        sky = {'class': 'SKY', 'satellites': [
            {'PRN': n, 'el': 10, 'az': 10, 'ss': 20, 'used': n < 3}
            for n in range(1, 8)]}
        with Scripted([sky, {'class': 'TPV', 'mode': 1}] * 20) as gpsd:
            told = position(gpsd.address, '--wait', '2')
            self.assertEqual((told['none'], told['satellites_seen'],
                              told['satellites']), ('no-fix', 7, 2))
            self.assertIn('7 satellites seen, 2 used', told['text'])

    def test_no_receiver(self):
        with Scripted([], devices=False) as gpsd:
            begun = time.time()
            told = position(gpsd.address, lang='zh')
            self.assertLess(time.time() - begun, 5)
            self.assertEqual(told['none'], 'no-receiver')
            self.assertIn('接头', told['text'])
        with Scripted([]) as gpsd:  # it is there, and mute
            told = position(gpsd.address, '--wait', '4')
            self.assertEqual(told['none'], 'no-receiver')

    def test_no_gpsd(self):
        begun = time.time()
        told = position('127.0.0.1:%d' % free_port(), lang='zh')
        self.assertLess(time.time() - begun, 1)
        self.assertEqual(told['none'], 'no-gpsd')
        self.assertIn('点选', told['text'])

    def test_words(self):
        for words in (('--wait', '-1'), ('--wait', '301'), ('--wait', 'x'),
                      ('--gpsd', 'nowhere'), ('--gpsd', 'x:99999'),
                      ('--wait', '3', '--watch'), ('here',)):
            answer = run(XUNGE, 'position', *words)
            self.assertEqual((answer.code, answer.out), (2, ''), words)

    def test_hostile(self):
        """Whatever gpsd says, it is no crash and no nonsense."""
        for line in ('{"class":"TPV","mode":3,"lat":1e999,"lon":7}',
                     '{"class":"TPV","mode":3,"lat":91,"lon":200}',
                     '{"class":"TPV","mode":99,"lat":"x"}',
                     '{"class":"SKY","satellites":[' + '{},' * 400 + '{}]}',
                     '{' * 9000, '\0' * 500, 'x' * 20000):
            with socket.create_server(('127.0.0.1', 0)) as server:
                def serve():
                    try:
                        while True:
                            c, _ = server.accept()
                            c.sendall((line + '\n').encode() * 3)
                            time.sleep(1)
                            c.close()
                    except OSError:
                        pass
                threading.Thread(target=serve, daemon=True).start()
                told = position('127.0.0.1:%d' % server.getsockname()[1],
                                '--wait', '1')
                self.assertIn('none', told, line[:60])


if __name__ == '__main__':
    main()
