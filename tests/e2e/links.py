#!/usr/bin/env python3
"""Bad lines, with the real programs.

What is asserted of bytes is counted where they pass; what is asserted of time
stands beside the time that the bytes need on that line."""
import hashlib
import random
import threading
import time
import unittest

import lib_link
from lib_link import ANSWER_BODY, ANSWER_HEAD, BODY, HEAD, Cutter, Slow
from lib_world import BIN, GRID, PHOTOS, Agent, Case, World, main, need, run

WORKERS = [('wa', 'worker', GRID)]


def prose(n, seed=1):
    """About n bytes that compress little."""
    rng = random.Random(seed)
    return ''.join(chr(rng.randrange(0x4e00, 0x9fa5)) for _ in range(n // 3))


def make_photo(path, length):
    """A real one, with noise after its end: kept byte for byte."""
    data = (PHOTOS / 'sample1.jpg').read_bytes()
    path.write_bytes(data + random.Random(length).randbytes(
        length - len(data)))
    return path


def shift(agent, incidents, note_bytes):
    for i in range(incidents):
        agent.incident('address=%s' % prose(30, i),
                       'description=%s' % prose(note_bytes, 1000 + i))


class Cuts(unittest.TestCase):
    """A server behind a Cutter, without TLS, so that each byte has a name."""

    def setUp(self):
        self.world = World(WORKERS)
        self.addCleanup(self.world.close)
        self.proxy = Cutter()
        self.addCleanup(self.proxy.close)
        self.world.start('--plain', '--url',
                         'http://127.0.0.1:%d' % self.proxy.port)
        self.proxy.upstream = self.world.port
        self.a = self.world.enrol('a', 'wa')

    def batches(self):
        return int(self.world.ask('check')[0]['batches'])

    def sent(self, method, path):
        return [r for r in self.proxy.requests
                if r.method == method and r.path.startswith(path)]

    def measure(self, address):
        """What a sync of one such record takes without a cut."""
        self.a.incident('address=' + address, 'description=' + prose(6000))
        self.proxy.cut(None, None, None, 0)
        self.a.sync()
        return self.proxy.agent_bytes, self.sent('PUT', '/v1/')[0].body

    def test_text_at_every_class_of_offset(self):
        whole, batch = self.measure('先量一量')
        places = [(m, p, where, at)
                  for m, p in (('POST', '/v1/hello'), ('PUT', '/v1/batches/'))
                  for where, at in ((HEAD, 0), (HEAD, 30), (HEAD, 0.999),
                                    (BODY, 1), (BODY, 0.5), (BODY, 1.0),
                                    (ANSWER_HEAD, 0), (ANSWER_HEAD, 0.5),
                                    (ANSWER_HEAD, 1.0), (ANSWER_BODY, 0.5),
                                    (ANSWER_BODY, 0.999))]
        worst = 0
        for i, place in enumerate(places):
            self.a.incident('address=断在 %d' % i,
                            'description=' + prose(6000, i))
            self.proxy.cut(*place)
            said = self.a.sync().one()
            self.assertEqual(sum(r.cut for r in self.proxy.requests), 1, place)
            self.assertEqual(said['remaining'], 0, place)
            again = self.proxy.agent_bytes - whole
            worst = max(worst, again)
            self.assertLessEqual(again, batch + 1024, place)
        print('\n  a cut sync of text took %d bytes more of the agent at worst; '
              'a batch has %d, the whole sync %d' % (worst, batch, whole))
        self.once(1 + len(places))

    def test_news_at_every_class_of_offset(self):
        """With nothing to send, what is new is asked for by itself."""
        which = self.a.incident('address=新消息')
        self.a.sync()
        for i, (where, at) in enumerate(((HEAD, 0.5), (ANSWER_HEAD, 0.5),
                                         (ANSWER_BODY, 0.5))):
            self.world.do('note', which, '批注%d' % i, '--as', 'wa')
            self.proxy.cut('GET', '/v1/updates', where, at)
            self.a.sync()
            self.assertEqual(sum(r.cut for r in self.proxy.requests), 1, where)
            self.assertIn('批注%d' % i, str(self.a.show(which)))
        self.once(1)

    def test_photo_at_every_class_of_offset(self):
        length, worst, photos = 150 * 1000, 0, {}
        which = self.a.incident('address=照片')
        self.a.sync()
        places = [(m, p, where, at)
                  for m, p in (('PATCH', '/v1/uploads/'),
                               ('POST', '/v1/blobs'))
                  for where, at in ((HEAD, 0.5), (BODY, 1), (BODY, 0.5),
                                    (BODY, 0.999), (BODY, 1.0),
                                    (ANSWER_HEAD, 0), (ANSWER_HEAD, 0.5),
                                    (ANSWER_HEAD, 1.0))]
        places += [('POST', '/v1/blobs/held', where, at)
                   for where, at in ((BODY, 0.5), (ANSWER_BODY, 0.5))]
        for i, place in enumerate(places):
            photo = make_photo(self.world.folder / 'p.jpg', length + i)
            photos[hashlib.sha256(photo.read_bytes()).hexdigest()] = length + i
            self.a.do('photo', which, photo)
            self.proxy.cut(*place)
            said = self.a.sync().one()
            self.assertEqual(sum(r.cut for r in self.proxy.requests), 1, place)
            self.assertEqual((said['photos_sent'], said['photos_left'],
                              said['remaining']), (1, 0, 0), place)
            sent = [r.body for r in self.sent('PATCH', '/v1/uploads/')]
            again = sum(sent) - (length + i)
            worst = max(worst, again)
            # What came before the cut stays there: nothing goes out twice
            # but what was lost on the way.
            self.assertGreaterEqual(again, 0, place)
            self.assertLessEqual(again, 1024, place)
        print('\n  a cut upload of %d bytes took %d more at worst' % (
            length, worst))
        self.stored(photos)
        self.once(1)

    def stored(self, photos):
        """Each file is at the server, once, byte for byte."""
        found = [hashlib.sha256(f.read_bytes()).hexdigest()
                 for f in self.world.data.rglob('*')
                 if f.is_file() and f.stat().st_size in photos.values()]
        self.assertEqual(sorted(found), sorted(photos))

    def test_portal_among_the_photos(self):
        """Somebody else answers, once the photo is under way."""
        page = b'<html>Welcome</html>'
        portals = [
            lib_link.answer(200, 'text/html', page),
            lib_link.answer(302, 'text/html', page,
                            'Location: http://127.0.0.1:9/login\r\n'),
            lib_link.answer(511, 'text/html', page),
            lib_link.answer(204, 'text/html', b''),
            lib_link.answer(200, 'application/octet-stream', b'OK'),
        ]
        which = self.a.incident('address=照片')
        self.a.sync()
        photos = {}
        for i, portal in enumerate(portals):
            photo = make_photo(self.world.folder / 'p.jpg', 140 * 1000 + i)
            photos[hashlib.sha256(photo.read_bytes()).hexdigest()] = \
                140 * 1000 + i
            self.a.do('photo', which, photo)
            self.proxy.cut(None, None, None, 0)

            def instead(r, portal=portal):
                return portal if any(q.method == 'PATCH' for q in
                                     self.proxy.requests) else None
            self.proxy.instead = instead
            said = self.a.do('sync', '--json', '--max-time', '2',
                             code=4).one()
            self.assertEqual((said['photos_sent'], said['remaining']), (0, 0))
            self.proxy.instead = None
            said = self.a.sync().one()
            self.assertEqual((said['photos_sent'], said['photos_left']),
                             (1, 0))
        self.stored(photos)

    def once(self, incidents):
        """Everything is there, and once."""
        self.assertEqual(len(self.world.ask('list', 'incident')), incidents)
        self.world.do('check')
        self.assertEqual(self.a.one('verify')['verdict'], 'good')
        self.world.stop()
        self.world.start('--plain')
        notes = [n for n in self.world_log() if n.startswith('xunge/batch/v1')]
        self.assertEqual(len(notes), len(set(notes)))

    def world_log(self):
        return self.world.log_entries(scheme='http')


class Patience(Case):
    """What is no error, and when it is enough."""
    WORKERS = WORKERS

    def setUp(self):
        super().setUp()
        self.held = []

    def interpose(self, proxy):
        """The device's server is behind it, from now on."""
        self.addCleanup(proxy.close)
        self.world.stop()
        self.world.start('--url', 'https://127.0.0.1:%d' % proxy.port)
        other = Agent(self.world, 'z', self.world.folder / 'z')
        other.do('enrol', self.world.code('wa'))
        return other

    def test_a_server_that_says_nothing(self):
        class Silent(lib_link.Listener):
            silent = False

            def handle(self, agent, server):
                while self.silent:
                    time.sleep(0.1)
                lib_link.relay(agent, server)
        silent = Silent(self.world.port)
        device = self.interpose(silent)
        device.incident('address=等')
        silent.silent = True
        for words, low, high in ((['--max-time', '3'], 3, 7),
                                 (['--max-time', '1'], 1, 4)):
            begun = time.monotonic()
            said = device.do('sync', '--json', *words, code=4).one()
            took = time.monotonic() - begun
            self.assertGreater(took, low, words)
            self.assertLess(took, high, words)
            self.assertIn('nothing was heard', said['error'])
            self.assertEqual(said['remaining'], 1)
        silent.silent = False
        self.assertEqual(device.sync().one()['remaining'], 0)

    def test_stops_of_a_slow_line(self):
        """9.6 kbit/s, and in the middle of a body ten to twenty seconds of
        nothing: no error, and nothing is begun anew."""
        slow = Slow(self.world.port, 1200)
        device = self.interpose(slow)
        shift(device, 3, 4000)
        before = slow.passed['up']
        threading.Timer(6, slow.stop, (14,)).start()
        begun = time.monotonic()
        count = slow.connections
        said = device.do('sync', '--json').one()
        took = time.monotonic() - begun
        self.assertEqual((said['ok'], said['remaining']), (True, 0))
        self.assertGreater(took, 14)
        self.assertEqual(slow.connections - count, 1)
        sent = slow.passed['up'] - before
        self.assertLess(sent, said['bytes_out'] * 1.1 + 6000)

    def test_within_and_budget(self):
        self.a.incident('address=有', 'description=' + prose(11000))
        said = self.a.do('sync', '--json', '--budget', '8KB', code=4).one()
        self.assertTrue(said['budget_used_up'])
        self.assertLess(said['line_bytes'], 8000)
        self.assertEqual(said['remaining'], 1)
        self.assertIn('used up', said['error'])
        said = self.a.do('sync', '--json', '--budget', '1MB').one()
        self.assertEqual((said['remaining'], said['budget_used_up']),
                         (0, False))
        # What was counted is about what a body and its wrapping are.
        self.assertGreater(said['line_bytes'], said['bytes_out'])
        self.assertLess(said['line_bytes'], said['bytes_out'] +
                        said['bytes_in'] + 12000)
        # Time: no pause is begun that would not end in time.
        self.world.stop()
        begun = time.monotonic()
        said = self.a.do('sync', '--json', '--within', '2', code=4).one()
        self.assertLess(time.monotonic() - begun, 4)
        self.assertTrue(said['budget_used_up'])


RATE, DELAY_S, LOSS = 8000, 0.3, 0.01  # 64 kbit/s, 600 ms there and back
CUT_FIRST_S, CUT_EVERY_S, CUT_S = 8, 20, 2
PHOTO_TIMES = 1.3  # of a busy machine; what is sent twice is counted below


class Shaped(unittest.TestCase):
    """64 kbit/s, 600 ms, one packet of a hundred lost, and every 20 s no link
    for two: two namespaces with packets between them, or where those are not
    permitted a proxy that is slow and cuts."""

    def setUp(self):
        self.world = World(WORKERS)
        self.addCleanup(self.world.close)
        self.link = lib_link.link()
        self.words = []
        if self.link:
            self.addCleanup(self.link.close)
            self.addCleanup(self.world.stop)
            self.world.start(host=lib_link.SERVER_ADDRESS,
                             prefix=self.link.server.words())
            self.words = self.link.agent.words()
        else:
            self.slow = Slow(None, 1e9)
            self.addCleanup(self.slow.close)
            self.world.start('--url', 'https://127.0.0.1:%d' % self.slow.port)
            self.slow.upstream = self.world.port
        self.a = Agent(self.world, 'a', self.world.folder / 'a')
        self.run_there('enrol', self.world.code('wa'))
        self.run_there('sync')
        self.over = threading.Event()
        self.cuts = 0

    def run_there(self, *words, code=0):
        return need(run(*self.words, BIN / 'xunge', '--home', self.a.home,
                        '--lang', 'en', *words, timeout=400), code)

    def shape(self):
        if self.link:
            self.link.shape(RATE, DELAY_S, LOSS)
        else:
            self.slow.rate, self.slow.delay = RATE, DELAY_S
        threading.Thread(target=self.drop, daemon=True).start()
        self.addCleanup(self.over.set)

    def drop(self):
        wait_s = CUT_FIRST_S
        while not self.over.wait(wait_s):
            self.cuts += 1
            wait_s = CUT_EVERY_S
            if self.link:
                self.link.up = False
                self.over.wait(CUT_S)
                self.link.up = True
            else:
                self.slow.cut_all()
                self.slow.stop(CUT_S)

    def passed(self):
        if self.link:
            return sum(self.link.bytes)
        return sum(self.slow.passed.values())

    def timed(self, *words):
        """What sync said, its seconds, and the bytes that passed."""
        begun, before = time.monotonic(), self.passed()
        said = self.run_there('sync', '--json', *words).one()
        return said, time.monotonic() - begun, self.passed() - before

    def need_s(self, bodies, exchanges):
        """What the line takes at the least: the bytes with their packets'
        heads, two ways there and back to connect and one an exchange; the time
        in which there was no link, and as long again until TCP, which doubles
        its pauses, tries anew."""
        return bodies * 1280 / 1228 / RATE + \
            (2 + exchanges) * 2 * DELAY_S + self.cuts * 2 * CUT_S

    def tell(self, what, bodies, exchanges, took, passed):
        need_s = self.need_s(bodies, exchanges)
        print('\n  %s over %s: %d bytes in %.1f s, %.2f x the %.1f s that the '
              'line needs (%.1f s for the bytes alone); %.2f x the bytes on '
              'the line, both ways; %d times without a link' % (
                  what, 'packets' if self.link else 'a proxy', bodies, took,
                  took / need_s, need_s, bodies / RATE, passed / bodies,
                  self.cuts), flush=True)
        return took / need_s

    def test_text(self):
        """Four batches of text: a few weeks' worth."""
        shift(self.a, 30, 3500)
        self.shape()
        said, took, passed = self.timed()
        self.assertEqual(said['remaining'], 0)
        bodies = said['bytes_out'] + said['bytes_in']
        times = self.tell('text', bodies, 2 + said['batches_received'], took,
                          passed)
        self.assertLess(times, 1.5)
        self.assertLess(passed, 1.6 * bodies)
        self.world.do('check')

    def test_photo(self):
        which = self.a.incident('address=有照片')
        self.run_there('sync')
        photo = make_photo(self.world.folder / 'p.jpg', 250 * 1000)
        self.a.do('photo', which, photo)
        self.shape()
        said, took, passed = self.timed()
        self.assertEqual((said['photos_left'], said['remaining']), (0, 0))
        bodies = said['photo_bytes_confirmed']  # of answered requests or not
        self.assertGreater(bodies, 250 * 1000)
        # hello, batch, updates; held, small one, big one: made; held
        times = self.tell('a photo', bodies, 8 + 250 // 64, took, passed)
        self.assertLess(times, PHOTO_TIMES)
        self.assertLess(passed, 1.4 * bodies)
        self.world.do('check')


if __name__ == '__main__':
    main()
