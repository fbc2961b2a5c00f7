#!/usr/bin/env python3
"""A stick in place of a network, with the real programs: devices that never see
one join, work, hand in and are told the news; files that are cut, come twice, out
of order, beside a network, to the wrong place, or from somebody with bad
intentions; what an auditor can tell from bundles alone.

XG_FAULT_LIBRARY: libxgfault.so, for full disks and kills.

The server is idle in one half of this and serves in the other: the commands are
the same.
"""
import bz2
import gzip
import lzma
import os
import random
import shutil
import subprocess
import tarfile
import unittest
import zlib

import lib_note
from lib_clock import clock
from lib_world import (BIN, GRID, GRID_2, PHOTOS, Agent, World, environment,
                       main, need)

NOWHERE = 'https://127.0.0.1:9'
FAULTS = os.environ.get('XG_FAULT_LIBRARY')
FAULTS_SAMPLED = int(os.environ.get('XG_BUNDLE_FAULTS', 6))


def raw(*argv, stdin=b'', **env):
    """Standard output as bytes."""
    r = subprocess.run([str(a) for a in argv], input=stdin,
                       stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                       env=environment(**env), timeout=60)
    if r.returncode:
        raise AssertionError('%s: exit %d\n%s' % (argv, r.returncode,
                                                  r.stderr.decode()))
    return r.stdout


def parts(path):
    """(name, bytes) of a plain bundle."""
    with tarfile.open(path) as tar:
        return [(m.name, tar.extractfile(m).read()) for m in tar]


def member(name, data=b'', kind=tarfile.REGTYPE, **more):
    """One part as it lies in a tar."""
    info = tarfile.TarInfo(name)
    info.size, info.type, info.mode = len(data), kind, 0o600
    for key, value in more.items():
        setattr(info, key, value)
    padding = b'\0' * (-len(data) % 512)
    return info.tobuf(tarfile.USTAR_FORMAT) + data + padding


class Sticks(unittest.TestCase):
    WORKERS = [('wa', 'worker', GRID), ('wb', 'worker', GRID)]

    def setUp(self):
        self.world = World(self.WORKERS)
        self.addCleanup(self.world.close)
        self.count = 0

    # ---- to and fro ----

    def stick(self, what='stick'):
        self.count += 1
        return self.world.folder / ('%s-%d.xgb' % (what, self.count))

    def device(self, name, worker, env=None, *seal):
        """One that joins by files alone."""
        agent = Agent(self.world, name, self.world.folder / name, env)
        code = self.world.ask('code', worker, '--url', NOWHERE)[0]['code']
        request = self.stick('request')
        agent.do('enrol', code, '--request', request, *seal)
        taken, answer = self.take(request, *seal)
        self.assertTrue(taken['enrol'])
        self.assertEqual(taken['state'], 'enrolled')
        agent.do('enrol', '--accept', answer)
        self.assertEqual(agent.status()['device'], taken['device'])
        return agent

    def up(self, agent, *words):
        path = self.stick('up')
        agent.do('bundle', 'write', path, *words)
        return path

    def take(self, path, *words, code=0):
        """What the server says of it, and the answer."""
        answer = self.stick('down')
        said = self.world.ask('bundle', 'read', path, '--reply', answer, *words,
                              code=code)[0]
        return said, answer

    def down(self, agent, path, code=0):
        return agent.one('bundle', 'read', path, code=code)

    def exchange(self, agent, *words):
        said, answer = self.take(self.up(agent, *words))
        return said, self.down(agent, answer)

    def log_size(self):
        path = self.stick('backup')
        size = self.world.ask('backup', path)[0]['size']
        path.unlink()
        return size

    # ---- what holds ----

    def received(self, agent, *which):
        for one in which:
            self.assertEqual(agent.show(one)['delivery'], 'received', one)

    def sound(self, *agents):
        self.world.do('check')
        for agent in agents:
            self.assertEqual(agent.one('verify')['verdict'], 'good',
                             agent.name)

    def work(self, agent, address='甲'):
        one = agent.incident('address=' + address, '--photo',
                             str(PHOTOS / 'f1-exif.jpg') + ':near')
        agent.do('note', one, '备注')
        return one


class ToAndFro(Sticks):
    def life(self, *seal):
        a, b = (self.device(n, w, None, *seal)
                for n, w in (('a', 'wa'), ('b', 'wb')))
        one = self.work(a)
        track = self.world.folder / 'track.gpx'
        track.write_text(
            '<gpx version="1.1" xmlns="http://www.topografix.com/GPX/1/1">'
            '<trk><trkseg>' + ''.join(
                '<trkpt lat="%.5f" lon="118.35"><time>2026-05-04T08:%02d:00Z'
                '</time></trkpt>' % (35.05 + i / 9e4, i) for i in range(30)) +
            '</trkseg></trk></gpx>', encoding='utf-8')
        walk = a.one('patrol', 'import', track, 'grid=' + GRID)['id']
        path = self.up(a, *seal)
        self.assertEqual(a.show(one)['delivery'], 'sent')
        said, answer = self.take(path, *seal)
        self.assertEqual(said['bad'], 0, said)
        self.assertGreater(said['batches']['stored'], 0)
        self.assertEqual(said['photos'], 2, 'the photo and its small picture')
        got = self.down(a, answer)
        self.assertGreater(got['batches_received'], 0)
        self.assertEqual((got['batches_waiting'], got['bad_parts']), (0, 0))
        self.received(a, one, walk)
        self.assertEqual(a.status()['photos']['only_here'], 0)
        # Again, both of them: nothing is new, nothing is wrong.
        size = self.log_size()
        said, answer = self.take(path, *seal)
        self.assertEqual((said['batches']['stored'], said['photos'],
                          said['bad']), (0, 0, 0))
        self.assertGreater(said['photos_held'], 0)
        self.down(a, answer)
        said, got = self.exchange(a, *seal)
        self.assertEqual((said['records'], said['photos']), (0, 0))
        self.assertEqual(self.log_size(), size)
        # The other one is told, and adds to it.
        said, got = self.exchange(b, *seal)
        self.assertGreater(got['records_pulled'], 0)
        self.assertEqual(b.show(one)['fields']['address'], '甲')
        b.do('set', one, 'address=甲，后院')
        self.exchange(b, *seal)
        answer = self.stick('news')
        self.world.do('bundle', 'write', answer, '--for', '0001', *seal)
        self.down(a, answer)
        self.assertEqual(a.show(one)['fields']['address'], '甲，后院')
        self.assertEqual(self.world.show(one)['fields']['address'], '甲，后院')
        self.sound(a, b)

    def test_a_life_without_a_network(self):
        self.life()

    def test_the_same_beside_a_server_that_serves(self):
        self.world.start()
        self.life()
        self.assertEqual(self.world.stop(), 0)

    def test_the_same_sealed(self):
        self.life('--seal')

    def test_pipes(self):
        a = self.device('a', 'wa')
        one = self.work(a)
        for serving in (False, True):
            if serving:
                self.world.start()
            up = raw(BIN / 'xunge', '--home', a.home, 'bundle', 'write', '-')
            back = raw(BIN / 'xunge-server', 'bundle', 'read', self.world.data,
                       '-', '--reply', '-', stdin=up)
            raw(BIN / 'xunge', '--home', a.home, 'bundle', 'read', '-',
                stdin=back)
            self.received(a, one)
            one = self.work(a, '乙')
        # A file that is there stays as it is.
        path = self.up(a)
        before = path.read_bytes()
        self.assertEqual(a.try_('bundle', 'write', path).code, 1)
        size = self.log_size()
        for words in (('bundle', 'read', path, '--reply', path),
                      ('bundle', 'write', path, '--for', '0001')):
            refused = self.world.try_(*words)
            self.assertEqual(refused.code, 1)
            self.assertIn('not overwritten', refused.err)
        self.assertEqual(self.log_size(), size)
        self.assertEqual(path.read_bytes(), before)
        self.sound(a)

    def test_many_people(self):
        """More news of the registry than one welcome takes."""
        for i in range(70):
            self.world.worker('w%02d' % i, 'worker', GRID)
        a = self.device('a', 'wa')
        one = self.work(a)
        for i in range(70, 140):
            self.world.worker('w%02d' % i, 'worker', GRID_2)
        said, got = self.exchange(a)
        self.assertGreaterEqual(got['registry_notes'], 70)
        self.received(a, one)
        late = self.device('late', 'w139')
        self.exchange(late)
        self.sound(a, late)

    def test_approval(self):
        a = Agent(self.world, 'a', self.world.folder / 'a')
        code = self.world.ask('code', 'wa', '--url', NOWHERE,
                              '--approve')[0]['code']
        request = self.stick('request')
        a.do('enrol', code, '--request', request)
        for words in (['sync'], ['bundle', 'write', self.stick('early')]):
            self.assertIn('enrol --accept', a.do(*words, code=1).err)
        self.assertIn('enrol --accept', a.do('status').out)
        for _ in range(2):
            said, answer = self.take(request)
            self.assertEqual(said['state'], 'pending')
            self.assertEqual(said['reply']['state'], 'pending')
            a.do('enrol', '--accept', answer, code=(0, 1))
        self.world.do('device', 'approve', '0001')
        said, answer = self.take(request)
        a.do('enrol', '--accept', answer)
        one = self.work(a)
        self.exchange(a)
        self.received(a, one)
        # Revoked: what it has is kept, it is told so, and no more.
        two = a.incident('address=停用后')
        self.world.do('device', 'revoke', '0001')
        said, answer = self.take(self.up(a))
        self.assertEqual(said['state'], 'revoked')
        self.assertGreater(said['batches']['quarantined'], 0)
        self.assertEqual(said['reply']['records'], 0)
        self.down(a, answer, code=(0, 1))
        self.assertEqual(a.status()['state'], 'revoked')
        self.assertNotIn(two, self.world.do('list').out)
        self.world.do('check')


class Order(Sticks):
    def test_out_of_order(self):
        a, b = self.device('a', 'wa'), self.device('b', 'wb')
        one = self.work(a)
        first = self.up(a)
        two = self.work(a, '乙')
        second = self.up(a)
        said, late = self.take(second)
        self.assertEqual(said['bad'], 0, said)
        said, early = self.take(first)
        self.assertEqual(said['batches']['stored'], 0)
        # The answers too: the later one first.
        third = self.work(b, '丙')
        self.exchange(b)
        newest = self.stick('news')
        self.world.do('bundle', 'write', newest, '--for', '0001')
        self.down(a, newest)
        self.received(a, one, two)
        self.assertIn(third, a.ids())
        for old in (late, early):
            self.assertTrue(self.down(a, old)['old'])
        self.received(a, one, two)
        self.sound(a, b)

    def test_beside_a_network(self):
        self.world.start()
        a, b = self.world.enrol('a', 'wa'), self.world.enrol('b', 'wb')
        one = self.work(a)
        path = self.up(a)
        two = self.work(a, '乙')
        a.sync()  # a network after all
        three = self.work(b, '丙')
        said, answer = self.take(path)
        self.assertEqual((said['batches']['stored'], said['photos'],
                          said['bad']), (0, 0, 0))
        b.sync()
        a.sync()
        self.assertTrue(self.down(a, answer)['old'])
        self.received(a, one, two)
        # The other way: a bundle, then a network.
        four = self.work(a, '丁')
        self.exchange(a)
        self.received(a, four)
        size = self.log_size()
        a.sync()
        self.assertEqual(self.log_size(), size)
        b.sync()
        self.assertEqual(b.ids(), a.ids() | {three})
        self.sound(a, b)

    def test_several_devices_on_one_stick(self):
        agents = [self.device(n, w) for n, w in
                  (('a', 'wa'), ('b', 'wb'), ('c', 'wa'))]
        cases = [self.work(x, '第%d件' % i) for i, x in enumerate(agents)]
        sticks = [self.up(x) for x in agents]
        random.Random(5).shuffle(sticks)
        for path in sticks + sticks[::-1]:
            self.take(path)
        for agent in agents:
            _, got = self.exchange(agent)
        for agent, one in zip(agents, cases):
            self.received(agent, one)
            self.exchange(agent)
            self.assertEqual(agent.ids() & set(cases), set(cases))
        self.sound(*agents)

    def test_a_wrong_receiver(self):
        a, b = self.device('a', 'wa'), self.device('b', 'wb')
        one = self.work(a)
        _, answer = self.take(self.up(a))
        _, sealed = self.take(self.up(a), '--seal')
        for path in (answer, sealed):
            refused = b.try_('bundle', 'read', path)
            self.assertEqual(refused.code, 1)
        self.assertNotIn(one, b.ids())
        said = self.world.try_('bundle', 'read', answer)
        self.assertEqual(said.code, 1)
        self.assertIn('0001', said.err)
        # Another log, with a server of the same name and another key.
        other = World(self.WORKERS)
        self.addCleanup(other.close)
        path, size = self.up(a), other.ask('backup', self.stick())[0]['size']
        refused = other.try_('bundle', 'read', path)
        self.assertEqual(refused.code, 1)
        sealed = self.up(a, '--seal')
        self.assertEqual(other.try_('bundle', 'read', sealed).code, 1)
        self.assertEqual(other.ask('backup', self.stick())[0]['size'], size)
        self.down(a, answer)
        self.received(a, one)
        self.sound(a, b)


class Cuts(Sticks):
    def offsets(self, length):
        edges = {0, 1, 511, 512, 513, 1024, length - 1025, length - 1024,
                 length - 1, length // 2}
        edges |= {random.Random(7).randrange(length) for _ in range(14)}
        return sorted(e for e in edges if 0 <= e < length)

    def test_up(self):
        a = self.device('a', 'wa')
        one, two = self.work(a), self.work(a, '乙')
        for seal in ((), ('--seal',)):
            whole = self.up(a, *seal)
            data, cut = whole.read_bytes(), self.stick('cut')
            came = 0
            for at in self.offsets(len(data)):
                cut.write_bytes(data[:at])
                said = self.world.try_('bundle', 'read', cut, '--json')
                if said.code == 0:  # only zeros were cut off
                    self.assertEqual(said.one()['came'], said.one()['parts'])
                    continue
                self.assertEqual(said.code, 1, said.err)
                if not said.out:
                    self.assertIn('cut-', said.err)
                    continue
                told = said.one()
                self.assertTrue(told['cut'], told)
                self.assertEqual(told['bad'], 0, told)
                self.assertGreaterEqual(told['came'], came)
                came = told['came']
            said, answer = self.take(whole)
            self.assertFalse(said['cut'])
            self.assertEqual(said['bad'], 0)
        self.down(a, answer)
        self.received(a, one, two)
        self.sound(a)

    def test_down(self):
        a, b = self.device('a', 'wa'), self.device('b', 'wb')
        theirs = self.work(b)
        self.exchange(b)
        one = self.work(a, '乙')
        _, whole = self.take(self.up(a))
        data, cut = whole.read_bytes(), self.stick('cut')
        received = False
        for at in self.offsets(len(data)):
            cut.write_bytes(data[:at])
            said = a.try_('bundle', 'read', cut, '--json')
            self.assertIn(said.code, (0, 1), said.err)
            now = a.show(one)['delivery'] == 'received'
            self.assertGreaterEqual(now, received)
            received = now
        self.down(a, whole)
        self.received(a, one)
        self.assertIn(theirs, a.ids())
        self.sound(a, b)


class Handover(Sticks):
    WORKERS = Sticks.WORKERS + [('wc', 'worker', GRID)]

    def test_by_files_alone(self):
        a, b = self.device('a', 'wa'), self.device('b', 'wb')
        for agent in (a, b, a):
            self.exchange(agent)
        one = self.work(a, '移交')
        file, answer = self.stick('handover'), self.stick('answer')
        a.do('handover', 'write', file, '--to', 'wb')
        b.do('handover', 'accept', file, '--answer', answer)
        said, _ = self.exchange(b)
        self.assertEqual(said['bad'], 0, said)
        self.assertEqual(self.world.show(one)['fields']['address'], '移交')
        a.do('handover', 'finish', answer)
        # What the predecessor hands in itself is known by now.
        said, got = self.exchange(a)
        self.assertEqual(said['batches']['stored'] + said['bad'], 0, said)
        self.received(a, one)
        self.assertEqual(a.one('leave')['clear'], True)
        self.sound(b)


class Clocks(Sticks):
    def test_from_1970_to_2099(self):
        old = clock('1970-01-01 00:01:00')
        a = self.device('a', 'wa', old)
        one = self.work(a)
        path = self.up(a)
        answer = self.stick('down')
        far = clock('2099-12-31 23:00:00')
        said = need(self.world.try_('bundle', 'read', path, '--reply', answer,
                                    '--json', **far)).one()
        self.assertEqual(said['bad'], 0, said)
        self.down(a, answer)
        self.received(a, one)
        a.env = far
        two = self.work(a, '乙')
        self.exchange(a)
        self.received(a, two)
        self.world.do('check')


class Faults(Sticks):
    """The server's disk is full, or it dies, at any call of a reading."""

    def setUp(self):
        super().setUp()
        self.a = self.device('a', 'wa')
        self.one = self.work(self.a)
        self.path = self.up(self.a)
        self.master = self.world.folder / 'master'
        shutil.copytree(self.world.data, self.master)

    def again(self):
        shutil.rmtree(self.world.data)
        shutil.copytree(self.master, self.world.data)

    def read(self, spec, answer):
        report = self.world.folder / 'report'
        if report.exists():
            report.unlink()
        said = self.world.try_(
            'bundle', 'read', self.path, '--reply', answer, LD_PRELOAD=FAULTS,
            XG_FAULT=spec, XG_FAULT_DIR=os.path.realpath(self.world.folder),
            XG_FAULT_REPORT=str(report))
        return said, report.read_text() if report.exists() else ''

    def sample(self, kind):
        said, report = self.read('count', self.stick('down'))
        self.assertEqual(said.code, 0, said.err)
        counts = dict(w.split('=') for w in report.split() if '=' in w)
        most = int(counts[kind])
        self.assertGreater(most, 20, report)
        numbers = set(range(1, most + 1))
        if most > FAULTS_SAMPLED:
            numbers = set(random.Random(3).sample(sorted(numbers),
                                                  FAULTS_SAMPLED))
        return sorted(numbers | {most})

    def whole(self, answer):
        """What has its name is all there."""
        index, *rest = parts(answer)
        announced = index[1].decode().split('\nparts ')[1].split()[:2]
        self.assertEqual(announced, [str(len(rest)),
                                     str(sum(len(d) for _, d in rest))])

    def sound_after(self, n):
        """The same file again finishes it, whatever happened."""
        said, answer = self.take(self.path)
        self.assertEqual((said['bad'], said['cut']), (0, False), n)
        self.assertEqual(said['photos'] + said['photos_held'], 2, n)
        self.world.do('check')
        return answer

    @unittest.skipUnless(FAULTS, 'no libxgfault.so')
    def test_a_full_disk(self):
        refused = 0
        for n in self.sample('full'):
            self.again()
            answer = self.stick('down')
            said, report = self.read('full:%d' % n, answer)
            if said.code:
                refused += 1
                self.assertEqual(said.code, 1, (n, said.err, report))
                self.assertRegex(said.err, 'is full|[Nn]o space', (n, report))
            if said.code == 0 or answer.exists():
                self.whole(answer)
            part = answer.with_name(answer.name + '.part')
            self.assertFalse(part.exists(), (n, report))
            last = self.sound_after(n)
        self.assertGreater(refused, 3)
        self.down(self.a, last)
        self.received(self.a, self.one)

    @unittest.skipUnless(FAULTS, 'no libxgfault.so')
    def test_killed(self):
        for n in self.sample('cut'):
            self.again()
            answer = self.stick('down')
            self.read('kill:%d' % n, answer)
            if answer.exists():
                self.whole(answer)
            last = self.sound_after(n)
        self.down(self.a, last)
        self.received(self.a, self.one)


class Hostile(Sticks):
    """A good beginning, signed, with what does not belong there after it."""

    def setUp(self):
        super().setUp()
        self.a = self.device('a', 'wa')
        self.one = self.work(self.a)
        self.good = self.up(self.a)
        self.data = self.good.read_bytes()
        index = parts(self.good)[0]
        self.assertEqual(index[0], 'bundle.txt')
        self.index = member(*index)
        self.before = self.log_size()

    def files(self):
        """Everything below the world's folder but what the store writes, and
        the board, which is made when it is first asked for."""
        return {str(p.relative_to(self.world.folder))
                for p in self.world.folder.rglob('*')
                if not p.name.endswith(('-wal', '-shm')) and
                not p.name.startswith('board.db')}

    def refused(self, what, data):
        path = self.stick('hostile')
        path.write_bytes(data)
        before = self.files()
        said = self.world.try_('bundle', 'read', path, '--json')
        self.assertEqual(said.code, 1, (what, said.out, said.err))
        self.assertTrue(said.err, what)
        self.assertEqual(self.files(), before, what)
        self.assertEqual(self.log_size(), self.before, what)
        path.unlink()

    def test_what_does_not_belong_there(self):
        end = b'\0' * 1024
        link = {'linkname': '/etc/passwd'}
        for serving in (False, True):
            if serving:
                self.world.start()
            for what, evil in (
                    ('up and out', member('../../evil', b'x')),
                    ('absolute', member('/tmp/xg-evil', b'x')),
                    ('dots within', member('batches/../../evil', b'x')),
                    ('symlink', member('hello', kind=tarfile.SYMTYPE, **link)),
                    ('hardlink', member('hello', kind=tarfile.LNKTYPE, **link)),
                    ('device', member('hello', kind=tarfile.CHRTYPE,
                                      devmajor=1, devminor=5)),
                    ('fifo', member('hello', kind=tarfile.FIFOTYPE)),
                    ('folder', member('batches', kind=tarfile.DIRTYPE)),
                    ('long name', member('a' * 99, b'x')),
                    ('huge', member('batches/' + 'a' * 64)[:124] +
                     b'\x80\0\0\0\x10\0\0\0\0\0\0\0' +
                     member('batches/' + 'a' * 64)[136:])):
                self.refused(what, self.index + evil + end)
            for what, data in (
                    ('empty', b''), ('zeros', end), ('noise', os.urandom(9000)),
                    ('text', 'hello, 世界\n'.encode() * 99),
                    ('no index', member('hello', b'x') + end),
                    ('an index that is none', member('bundle.txt', b'x') + end),
                    ('signature', self.index.replace(b'\nsince ',
                                                     b'\nsince 1') + end)):
                self.refused(what, data)
            for squeeze in (gzip.compress, bz2.compress, lzma.compress):
                self.refused(squeeze.__module__, squeeze(self.data))
        self.finish()

    def test_a_million_parts(self):
        one = member('x/y', b'')
        path = self.stick('million')
        with open(path, 'wb') as f:
            f.write(self.index)
            for _ in range(1000):
                f.write(one * 1000)
            f.write(b'\0' * 1024)
        said = self.world.try_('bundle', 'read', path)
        self.assertEqual(said.code, 1, said.out)
        self.assertEqual(self.log_size(), self.before)
        path.unlink()
        self.finish()

    def test_lies(self):
        """Parts of the right names with wrong content (a body that would
        inflate to much more): named, passed over."""
        mine = parts(self.good)
        batches = [p for p in mine if p[0].startswith('batches/')]
        blobs = [p for p in mine if p[0].startswith('blobs/')]
        note = batches[0][1]
        length = int.from_bytes(note[4:8], 'big')
        bomb = note[:8 + length] + zlib.compress(b'\0' * (64 << 20), 9)
        lies = []
        for name, data in mine:
            if (name, data) == batches[0]:
                data = bomb[:len(data)].ljust(len(data), b'\0')
            elif (name, data) == blobs[0]:
                data = data[:-1] + bytes([data[-1] ^ 1])
            lies.append(member(name, data))
        path = self.stick('lies')
        path.write_bytes(b''.join(lies) + b'\0' * 1024)
        said = self.world.ask('bundle', 'read', path, code=1)[0]
        self.assertGreaterEqual(said['bad'], 2, said)
        named = {t['part'] for t in said['troubles']}
        self.assertIn(batches[0][0], named)
        self.world.do('check')
        self.finish()

    def test_noise(self):
        """Bytes changed at random: never more than a refusal."""
        dice = random.Random(11)
        for _ in range(25):
            data = bytearray(self.data)
            for _ in range(dice.choice((1, 3, 40))):
                data[dice.randrange(len(data))] = dice.randrange(256)
            path = self.stick('noise')
            path.write_bytes(data)
            said = self.world.try_('bundle', 'read', path)
            self.assertIn(said.code, (0, 1, 7), said.err)
        self.finish()

    def finish(self):
        """What is good is taken all the same."""
        said, answer = self.take(self.good)
        self.assertEqual(said['bad'], 0, said)
        self.down(self.a, answer)
        self.received(self.a, self.one)
        self.sound(self.a)


class Audit(Sticks):
    """From an answer alone, by another program's hands: the checkpoint is the
    log's, the tiles are that tree, and every receipt leads into it."""

    def test_by_the_verifier_key(self):
        vkey = self.world.ask('key')[0]['log']
        a = self.device('a', 'wa')
        self.work(a)
        up = self.up(a)
        _, down = self.take(up)
        answer = dict(parts(down))
        lib_note.open_note(answer['bundle.txt'].decode(), vkey)
        welcome = lib_note.frames(answer['welcome'])
        text = lib_note.open_note(welcome[0].decode(), vkey)
        self.assertIn('device e2e.example/d/0001\n', text)
        self.assertIn('token ' + 'A' * 43 + '=\n', text)
        size, top = lib_note.checkpoint(welcome[2].decode(), vkey)
        tiles = sorted(n for n in answer if n.startswith('log/tile/0/'))
        hashes = b''.join(answer[n] for n in tiles)
        leaves = [hashes[i:i + 32] for i in range(0, len(hashes), 32)]
        self.assertEqual(len(leaves), size)
        self.assertEqual(lib_note.root(leaves), top)
        checked = 0
        for name, data in parts(up):
            if not name.startswith('batches/'):
                continue
            length = int.from_bytes(data[4:8], 'big')
            leaf = lib_note.leaf(data[8:8 + length])
            receipt = answer['receipts/%s.tlog-proof' % name[8:]].decode()
            index, at, of = lib_note.receipt(receipt, leaf, vkey)
            self.assertEqual((at, of, leaves[index]), (size, top, leaf))
            checked += 1
        self.assertGreater(checked, 0)
        photos = 0
        for name, data in answer.items():
            if not name.startswith('held/'):
                continue
            proof, *pairs = lib_note.frames(data)
            self.assertEqual(proof, b'')
            for note, receipt in zip(pairs[::2], pairs[1::2]):
                photos += lib_note.open_note(note.decode(),
                                             vkey).count('\nblob ')
                index, at, of = lib_note.receipt(receipt.decode(),
                                                 lib_note.leaf(note), vkey)
                self.assertEqual((at, of), (size, top))
        self.assertEqual(photos, 2)
        # One bit elsewhere, and none of it holds.
        receipt = receipt.decode().replace('index ', 'index 1', 1)
        with self.assertRaises(AssertionError):
            lib_note.receipt(receipt, lib_note.leaf(note), vkey)


if __name__ == '__main__':
    main()
