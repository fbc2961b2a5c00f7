#!/usr/bin/env python3
"""Photos between the real programs: small pictures first, the rest when it may,
proven before it counts, let go of only when backed up, and back byte for byte;
with programs that die on the way."""
import hashlib
import random
import signal
import subprocess
import time

from lib_world import BIN, COMMUNITY, GRID, PHOTOS, Case, environment, main


def photo(path, seed, size):
    """A real JPEG, with a tail that makes it large and its own."""
    data = (PHOTOS / 'f1-exif.jpg').read_bytes()
    data += random.Random(seed).randbytes(max(0, size - len(data)))
    path.write_bytes(data)
    return hashlib.sha256(data).hexdigest()


class Photos(Case):
    WORKERS = [('wa', 'worker', GRID), ('ca', 'community', COMMUNITY)]

    def attach(self, seed=1, size=3 << 20, agent=None):
        path = self.world.folder / ('photo-%d.jpg' % seed)
        sha256 = photo(path, seed, size)
        which = (agent or self.a).incident('--photo', str(path))
        return which, sha256, path

    def places(self, which, agent=None):
        shown = (agent or self.a).show(which)
        return [p['place'] for p in find(shown, 'place')]

    def listed(self, sha256, agent=None):
        return [p for p in (agent or self.a).ask('photos')
                if p['sha256'] == sha256][0]

    def test_all_the_way(self):
        which, sha256, path = self.attach()
        self.assertEqual(self.a.status()['photos']['only_here'], 1)
        self.assertEqual(self.places(which), ['only_here'])
        # Where bytes cost only the small picture goes.
        told = self.a.do('sync', '--json', '--metered').one()
        self.assertLess(told['bytes_out'], 200000)
        self.assertEqual(self.a.status()['photos']['only_here'], 1)
        self.assertEqual(self.listed(sha256)['place'], 'only_here')
        self.a.do('leave', code=1)
        self.a.sync()
        status = self.a.status()['photos']
        self.assertEqual((status['total'], status['only_here']), (1, 0))
        self.assertEqual(self.places(which), ['server'])
        self.assertEqual(self.a.one('verify')['photos_proven'], 1)
        # Proven is not backed up.
        freed = self.a.one('photos', 'free', '--all')
        self.assertEqual((freed['freed'], freed['not_backed_up']['photos']),
                         (0, 1))
        self.world.do('backup', str(self.world.folder / 'backup.tar'))
        self.a.sync()
        self.assertTrue(self.listed(sha256)['backed_up'])
        freed = self.a.one('photos', 'free')
        self.assertEqual((freed['freed'], freed['days']['photos']), (0, 1))
        freed = self.a.one('photos', 'free', '--all')
        self.assertEqual((freed['freed'], freed['bytes']), (1, 3 << 20))
        self.assertEqual(self.places(which), ['let_go'])
        self.assertEqual(self.a.one('verify')['photos_let_go'], 1)
        self.sound()
        # And back.
        out = self.world.folder / 'back.jpg'
        self.assertTrue(self.a.one('photos', 'get', sha256[:8], '--output',
                                   out)['fetched'])
        self.assertEqual(out.read_bytes(), path.read_bytes())
        self.assertEqual(self.places(which), ['server'])
        self.assertFalse(self.a.one('photos', 'get', which)['fetched'])
        self.a.do('leave')
        # Nobody is told of a photo that no record names.
        self.a.do('photos', 'get', '00112233', code=3)

    def test_by_the_rule(self):
        self.assertEqual(self.a.one('photos', 'keep')['keep_days'], 30)
        self.a.do('photos', 'keep', 'soon', code=2)
        self.a.do('photos', 'keep', '0')
        which, sha256, _ = self.attach(size=200000)
        self.a.sync()
        self.assertEqual(self.places(which), ['server'])
        self.world.do('backup', str(self.world.folder / 'backup.tar'))
        self.a.sync()
        self.assertEqual(self.places(which), ['let_go'])
        # Another device of the unit gets it too.
        self.b.sync()
        got = self.world.folder / 'theirs.jpg'
        self.b.do('photos', 'get', sha256[:10], '--output', got)
        self.assertEqual(hashlib.sha256(got.read_bytes()).hexdigest(), sha256)

    def test_two_devices_one_photo(self):
        _, sha256, path = self.attach(size=1 << 20)
        self.b.incident('--photo', str(path))
        self.a.sync()
        told = self.b.sync().one()
        self.assertLess(told['bytes_out'], 200000)  # it was asked for first
        for agent in (self.a, self.b):
            self.assertEqual(agent.status()['photos']['only_here'], 0)
        self.sound()

    def killed_sync(self, seconds):
        p = subprocess.Popen(
            [BIN / 'xunge-sync', 'sync', '--home', self.a.home, '--json'],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            env=environment())
        try:
            p.wait(seconds)
        except subprocess.TimeoutExpired:
            p.send_signal(signal.SIGKILL)
            p.wait()

    def test_killed_agent(self):
        made = [self.attach(seed, 6 << 20) for seed in range(1, 4)]
        for n in range(1, 12):
            self.killed_sync(0.04 * n)
        self.a.sync()
        for which, _, _ in made:
            self.assertEqual(self.places(which), ['server'])
        self.sound()

    def test_killed_server(self):
        made = [self.attach(seed, 6 << 20) for seed in range(1, 4)]
        for n in range(1, 7):
            p = subprocess.Popen(
                [BIN / 'xunge-sync', 'sync', '--home', self.a.home, '--json',
                 '--max-time', '0'], stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL, env=environment())
            time.sleep(0.08 * n)
            self.world.p.kill()
            self.world.p.wait()
            self.world.stop()
            p.wait(60)
            self.world.start()
        self.a.sync()
        for which, _, _ in made:
            self.assertEqual(self.places(which), ['server'])
        self.sound()


def find(value, key):
    """Every object in it that has the key."""
    if isinstance(value, dict):
        return ([value] if key in value else []) + [
            f for v in value.values() for f in find(v, key)]
    if isinstance(value, list):
        return [f for v in value for f in find(v, key)]
    return []


if __name__ == '__main__':
    main()
