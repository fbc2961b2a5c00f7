#!/usr/bin/env python3
"""What users of other programs complain of where photos and sticks are
concerned (docs/pains.md), driven with real processes: the name of a test says
the complaint that must not be true here."""
import hashlib
import os
import resource
import shutil
import subprocess

from backlog import Watched
from lib_world import (BIN, GRID, GRID_2, PHOTOS, Case, environment, main)
from pains import Line

MB = 1 << 20


class PhotoPains(Case):
    WORKERS = [('wa', 'worker', GRID), ('wb', 'worker', GRID_2)]

    def photo(self, name, size=0):
        """A real photo; with `size`, so many bytes longer, and unlike any
        other."""
        path = self.world.folder / name
        shutil.copy(PHOTOS / 'sample1.jpg', path)
        with open(path, 'ab') as f:
            f.write(os.urandom(size))
        return path

    def report(self, *photos):
        words = [w for p in photos for w in ('--photo', p)]
        return self.a.one('incident', 'category=fire', 'address=东街',
                          *words)['id']

    def where(self, one, agent=None):
        return (agent or self.a).show(one)['photos']

    def places(self):
        return [p['place'] for p in self.a.ask('photos', 'list')]

    def held(self, path):
        """The server has it, byte for byte."""
        name = hashlib.sha256(path.read_bytes()).hexdigest()
        kept = self.world.data / 'blobs' / name[:2] / name
        self.assertTrue(kept.exists(), path)
        self.assertEqual(kept.read_bytes(), path.read_bytes())

    # ---- 1: all is synced, it says, after a network error ----

    def test_01_it_does_not_say_synced_when_the_line_broke(self):
        line = Line.before(self)
        self.a.sync()
        path = self.photo('a.jpg', 2 * MB)
        one = self.report(path)
        line.told, line.limit_told = 0, MB
        said = self.a.do('sync', '--photos', 'all', '--max-time', '0',
                         code=(4,))
        self.assertIn('photo', (said.out + said.err).lower())
        self.assertEqual(self.where(one)['server'], 0)
        self.assertEqual(self.a.status()['photos']['only_here'], 1)
        line.limit_told = None
        self.a.do('sync', '--photos', 'all')
        self.assertEqual(self.where(one)['server'], 1)
        self.held(path)

    # ---- 2, 4: success is answered, the attachments are missing ----

    def test_02_a_received_record_says_nothing_of_its_photo(self):
        path = self.photo('a.jpg', MB)
        one = self.report(path)
        self.a.do('sync', '--photos', 'none')
        shown = self.a.show(one)
        self.assertEqual(shown['delivery'], 'received')
        self.assertEqual((shown['photos']['total'], shown['photos']['server'],
                          shown['photos']['only_here']), (1, 0, 1))
        there = self.world.show(one)['photos']
        self.assertEqual((there['total'], there['server']), (1, 0))

    def test_04_both_sides_say_that_a_photo_has_not_come_until_it_has(self):
        path = self.photo('a.jpg', MB)
        one = self.report(path)
        self.a.do('sync', '--photos', 'thumbs')
        self.assertEqual(self.where(one)['only_here'], 1)
        self.assertEqual(self.world.show(one)['photos']['server'], 0)
        self.a.do('sync', '--photos', 'all')
        self.assertEqual(self.where(one)['only_here'], 0)
        self.assertEqual(self.world.show(one)['photos']['server'], 1)
        self.held(path)
        self.sound()

    # ---- 3: deleted on the device although sending failed ----

    def test_03_nothing_leaves_the_device_before_it_is_proven_and_backed_up(
            self):
        path = self.photo('a.jpg', MB)
        one = self.report(path)
        back = self.world.folder / 'back.jpg'
        for flags in (('none',), ('all',)):
            self.a.do('sync', '--photos', *flags)
            self.a.do('photos', 'free', '--all')
            back.unlink(missing_ok=True)
            self.a.do('photos', 'get', one, '--output', back)
            self.assertEqual(back.read_bytes(), path.read_bytes())
            self.assertEqual(self.places(), ['only_here' if flags == ('none',)
                                             else 'server'])
        self.world.do('backup', self.world.folder / 'backup.db')
        self.a.do('sync')
        self.a.do('photos', 'free', '--all')
        self.assertEqual(self.places(), ['let_go'])
        back.unlink()
        self.a.do('photos', 'get', one, '--output', back)
        self.assertEqual(back.read_bytes(), path.read_bytes())

    # ---- 5: larger photos are missing although reported sent ----

    def test_05_a_large_photo_arrives_and_one_too_large_is_refused_at_once(
            self):
        large = self.photo('large.jpg', 30 * MB)
        one = self.report(large)
        self.a.do('sync', '--photos', 'all')
        self.assertEqual(self.where(one)['server'], 1)
        self.held(large)
        before = self.a.ids()
        huge = self.photo('huge.jpg', 65 * MB)
        said = self.a.do('incident', 'category=fire', 'address=东街',
                         '--photo', huge, code=1)
        self.assertIn('64 MB', said.err)
        self.assertEqual(self.a.ids(), before)

    # ---- 7: an upload begins again at nothing ----

    def test_07_an_upload_goes_on_where_it_stopped(self):
        line = Line.before(self)
        self.a.sync()
        path = self.photo('a.jpg', 6 * MB)
        self.report(path)
        for _ in range(3):
            line.told, line.limit_told = 0, 3 * MB // 2
            self.a.do('sync', '--photos', 'all', '--max-time', '0',
                      code=(4,))
        line.told, line.limit_told = 0, None
        self.a.do('sync', '--photos', 'all')
        self.held(path)
        # Each cut cost what was under way, a chunk at most.
        self.assertLess(line.told, path.stat().st_size - 3 * MB // 2)

    # ---- 8: another user signs in, and all that was not sent is gone ----

    def test_08_another_worker_on_the_device_changes_nothing_that_waits(self):
        path = self.photo('a.jpg', MB)
        one = self.report(path)
        self.a.do('note', one, '代班记录', '--as', 'wb')
        self.a.do('sync', '--photos', 'all')
        self.assertEqual(self.where(one)['server'], 1)
        self.held(path)

    # ---- 13: an import that fails destroys what was on the stick ----

    def test_13_a_stick_that_cannot_be_read_is_left_as_it_was(self):
        self.report(self.photo('a.jpg', MB))
        stick = self.world.folder / 'stick.xgb'
        self.a.do('bundle', 'write', stick)
        whole = stick.read_bytes()
        for spoilt in (whole[:len(whole) // 2],
                       whole[:700] + bytes(64) + whole[764:]):
            stick.write_bytes(spoilt)
            self.world.try_('bundle', 'read', stick)
            self.a.try_('bundle', 'read', stick)
            self.assertEqual(stick.read_bytes(), spoilt)
        stick.write_bytes(whole)
        self.world.do('bundle', 'read', stick)
        self.sound()

    # ---- 15: many queued things, too many open files ----

    def test_15_a_hundred_photos_need_no_hundred_handshakes(self):
        line = Line.before(self)
        self.a.sync()
        for i in range(25):
            self.report(*(self.photo('%d-%d.jpg' % (i, k), 1000)
                          for k in range(4)))
        line.calls = 0
        self.a.do('sync', '--photos', 'all')
        self.assertEqual(self.a.status()['photos']['only_here'], 0)
        self.assertEqual(line.calls, 1)

    def test_15_memory_does_not_grow_with_a_photo(self):
        peaks = []
        for size in (1, 55):
            self.report(self.photo('%d.jpg' % size, size * MB))
            run = Watched(self.a)
            self.assertTrue(run.wait(60))
            self.assertEqual(run.code, 0, run.err)
            with open('/proc/%d/status' % self.world.p.pid,
                      encoding='ascii') as f:
                server = int(f.read().split('VmHWM:')[1].split()[0])
            peaks.append((run.rss_kb, server))
        print('\npeaks of memory in KB, device and server: %d and %d with '
              '1 MB, %d and %d with 55 MB' % (*peaks[0], *peaks[1]))
        for small, large in zip(*peaks):
            self.assertLess(large - small, 4096)
        self.assertEqual(self.a.status()['photos']['only_here'], 0)

    def test_15_a_hundred_photos_need_no_hundred_open_files(self):
        for i in range(25):
            self.report(*(self.photo('%d-%d.jpg' % (i, k), 1000)
                          for k in range(4)))
        subprocess.run(
            [str(BIN / 'xunge'), '--home', str(self.a.home), 'sync',
             '--photos', 'all'], env=environment(), check=True, timeout=120,
            stdout=subprocess.DEVNULL,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE,
                                                  (32, 32)))
        self.assertEqual(self.a.status()['photos']['only_here'], 0)
        self.sound()


if __name__ == '__main__':
    main()
