#!/usr/bin/env python3
"""Photos that somebody at the centre brings: a resident's that was forwarded, a
handler's of what was done. They reach the devices like any other, with proof;
what nobody uses goes after a day, what a record names never does; erased ones
are gone; and what is no photo, too large or too much is refused and leaves
nothing."""
import hashlib
import json
import os
import pathlib
import subprocess
import time
import unittest

from lib_world import (BIN, COMMUNITY, GRID, PHOTOS, Case, environment, main,
                       need, run, wait_until)

FIRST, SECOND = PHOTOS / 'sample1.jpg', PHOTOS / 'f2-exif.jpg'
DAY_S = 24 * 3600
MEBI = 1 << 20
HEIC = b'\0\0\0\x18ftypheic\0\0\0\0heicmif1' + bytes(4000)


def sha256(path):
    return hashlib.sha256(pathlib.Path(path).read_bytes()).hexdigest()


class Centre(Case):
    WORKERS = [('wa', 'worker', GRID), ('wb', 'worker', GRID)]

    def setUp(self):
        super().setUp()
        for worker in (('d1', 'dispatcher', '371302'),
                       ('h1', 'handler', COMMUNITY),
                       ('s1', 'supervisor', '371302')):
            self.world.worker(*worker)

    def bring(self, path, *words):
        return self.world.ask('photo', 'add', path, *words)[0]

    def act(self, *words, who='d1', code=0):
        return self.world.ask(*words, '--as', who, code=code)[0]

    def refused(self, *words, code):
        """What it says; and that nothing is left of it."""
        before = self.staged(), self.records()
        r = self.world.try_(*words)
        self.assertEqual(r.code, code, r.out + r.err)
        self.assertEqual((self.staged(), self.records()), before)
        return r.err

    def records(self):
        return {e['id']: e['records'] for e in self.world.ask('list')}

    def staged(self):
        return sorted(p.name for p in (self.world.data / 'staged').iterdir())

    def blob(self, sha):
        return self.world.data / 'blobs' / sha[:2] / sha

    def places(self, case):
        photos = self.world.ask('photo', 'list', case)[0]['photos']
        return {p['sha256']: (p['place'], p['thumbnail']) for p in photos}

    def element(self, case):
        """What the record says of its photo."""
        found = []

        def walk(value):
            if isinstance(value, dict):
                if 'sha256' in value and 'origin' in value:
                    found.append(value)
                value = list(value.values())
            for v in value if isinstance(value, list) else ():
                walk(v)
        walk(self.world.show(case))
        return found

    def days_later(self):
        long_ago = time.time() - DAY_S - 60
        for path in (self.world.data / 'staged').iterdir():
            os.utime(path, (long_ago, long_ago))

    def audit(self, *words):
        """What it found, by code; nothing of it is broken, or in doubt."""
        answer = run(BIN / 'xunge-audit', 'verify', '--json', '--photos',
                     self.world.data, '--key',
                     self.world.ask('key')[0]['log'], '--lang', 'en')
        found = json.loads(need(answer).out)
        self.assertTrue(found['verified'], found)
        self.assertEqual((found['counts']['broken'],
                          found['counts']['doubts']), (0, 0), found)
        return [f['code'] for f in found['found']]

    def get(self, sha, *words):
        return subprocess.run(
            [BIN / 'xunge-server', 'photo', 'get', self.world.data, sha, '-',
             *words], stdout=subprocess.PIPE, env=environment(),
            timeout=60, check=True).stdout


class Loop(Centre):
    def test_a_handlers_photo_reaches_the_workers_device_with_proof(self):
        case = self.a.incident('grid=' + GRID, 'channel=patrol', '--photo',
                               str(FIRST))
        self.a.do('sync', '--unmetered', '--photos', 'all')
        for move in ('accept',), ('file',), ('dispatch', 'unit=' + COMMUNITY):
            self.act('do', case, *move)
        self.act('do', case, 'sign', who='h1')
        brought = self.bring(SECOND)
        self.assertEqual((brought['sha256'], brought['bytes'], brought['type'],
                          brought['exif']),
                         (sha256(SECOND), SECOND.stat().st_size, 'image/jpeg',
                          'read'))
        self.assertLessEqual(brought['thumbnail']['bytes'], 32 << 10)
        done = self.act('do', case, 'finish', 'result=已清理', '--photo',
                        sha256(SECOND) + ':after', who='h1')
        self.assertEqual(done['missing'], [])  # the after-photo was wanted
        small = brought['thumbnail']['sha256']
        self.assertEqual(self.places(case)[sha256(SECOND)],
                         ('server', 'server'))
        self.assertEqual(self.blob(sha256(SECOND)).read_bytes(),
                         SECOND.read_bytes())
        self.assertTrue(self.blob(small).exists())
        # The record says what a device says of the same photo.
        twin = self.b.incident('--photo', str(SECOND) + ':after')
        self.b.sync()
        ours = [p for p in self.element(case) if p['sha256'] == sha256(SECOND)]
        self.assertEqual(ours[:1], self.element(twin)[:1])
        # Down to the device, and proven there.
        self.settle()
        self.a.do('photos', 'get', sha256(SECOND), '--output',
                  self.world.folder / 'got.jpg')
        self.assertEqual((self.world.folder / 'got.jpg').read_bytes(),
                         SECOND.read_bytes())
        self.assertIn((sha256(SECOND), 'server'), [
            (e['value']['sha256'], e['place'])
            for e in self.a.show(case)['sets']['photo']])
        self.assertEqual(self.get(sha256(SECOND)), SECOND.read_bytes())
        self.assertEqual(hashlib.sha256(
            self.get(sha256(SECOND), '--small')).hexdigest(), small)
        self.sound()
        self.assertEqual(self.audit(), [])
        # And whoever is given a file of the case has it proven too.
        page = self.world.folder / 'evidence.html'
        self.world.do('export', page, '--evidence', case, '--photos', 'all')
        told = need(run(BIN / 'xunge-audit', 'evidence', page, '--key',
                        self.world.ask('key')[0]['log'], '--lang', 'en',
                        '--json')).one()
        self.assertEqual((told['broken'], told['photos']), (0, 4), told)
        self.world.stop()
        self.world.do('rebuild')
        self.world.do('check')

    def test_a_residents_photo_in_every_way_it_can_be_named(self):
        path = self.world.folder / 'plain.jpg'
        self.no_camera(path)
        # Taken here, a photo without any camera data is doubtful; from others
        # that is how they come.
        self.assertEqual([d['doubt'] for d in self.bring(path)['doubts']],
                         ['no-camera'])
        self.assertEqual(self.bring(path, '--forwarded')['doubts'], [])
        self.bring(FIRST)
        two = self.act('add', 'incident', 'category=fire', 'grid=' + GRID,
                       '--photo', sha256(path) + ':near,forwarded', '--photo',
                       sha256(FIRST) + ',他人转发')['id']
        said = {p['sha256']: p for p in self.element(two)}
        self.assertEqual((said[sha256(path)]['role'],
                          said[sha256(path)]['origin']), ('near', 'forwarded'))
        self.assertEqual(said[sha256(FIRST)]['origin'], 'forwarded')
        self.assertNotIn('no-camera', json.dumps(self.world.show(two)))
        # Forwarded ones give no position; what is taken here does.
        self.assertIsNone(self.position(two))
        placed = self.act('add', 'incident', 'category=fire', 'grid=' + GRID,
                          '--photo', sha256(FIRST))['id']
        self.assertAlmostEqual(self.position(placed)['lat'], 39.9155556)
        # The same again to another, also without a change of a field, and
        # beside a note.
        self.act('set', two, '--photo', sha256(FIRST) + ':after')
        self.act('note', placed, '居民来电', '--photo',
                 sha256(path) + ':forwarded')
        self.settle()
        self.same(two)
        self.same(placed)
        self.sound()
        self.assertEqual(self.audit(), [])

    def position(self, case):
        return self.world.show(case)['fields'].get('position')

    @staticmethod
    def no_camera(path):
        """FIRST without its EXIF."""
        data = FIRST.read_bytes()
        at = data.index(b'\xff\xe1')
        length = int.from_bytes(data[at + 2:at + 4], 'big')
        path.write_bytes(data[:at] + data[at + 2 + length:])


class Kept(Centre):
    def test_a_day(self):
        case = self.a.incident()
        self.a.sync()
        self.bring(FIRST)
        self.bring(SECOND)
        self.act('note', case, '一', '--photo', sha256(FIRST))
        self.assertEqual(len([n for n in self.staged() if '.' not in n]), 1)
        # Not there for who asks by its hash, before a record names it.
        self.world.do('photo', 'get', sha256(SECOND), '-', code=3)
        self.days_later()
        self.world.stop()  # what is left is found again
        self.world.start()
        wait_until(lambda: not self.staged(), what='the sweep')
        self.assertEqual(self.places(case), {sha256(FIRST): ('server',
                                                             'server')})
        self.assertFalse(self.blob(sha256(SECOND)).exists())
        said = self.refused('note', case, '二', '--photo', sha256(SECOND),
                            '--as', 'd1', code=3)
        self.assertIn('add it again', said)
        self.bring(SECOND)
        self.act('note', case, '二', '--photo', sha256(SECOND))
        self.sound()
        self.assertEqual(self.audit(), [])

    def test_what_a_kill_left_is_finished_and_never_swept(self):
        """As it is between the record and what follows: the bytes lie staged
        still, and nothing says that they are held."""
        case = self.a.incident()
        self.a.sync()
        small = self.bring(FIRST)['thumbnail']['sha256']
        self.act('note', case, '一', '--photo', sha256(FIRST))
        self.world.stop()
        staged = self.world.data / 'staged'
        os.rename(self.blob(sha256(FIRST)), staged / sha256(FIRST))
        os.rename(self.blob(small), staged / (sha256(FIRST) + '.small'))
        (staged / 'ab.tmp').write_bytes(b'x')
        (staged / ('0' * 64)).write_bytes(b'x')
        (staged / ('1' * 64 + '.small')).write_bytes(b'x')
        self.days_later()
        self.world.start()
        wait_until(lambda: self.blob(small).exists(), what='the sweep')
        wait_until(lambda: not self.staged(), what='the end')
        self.assertEqual(self.blob(sha256(FIRST)).read_bytes(),
                         FIRST.read_bytes())
        self.sound()
        self.assertEqual(self.audit(), [])

    def test_erased(self):
        case = self.a.incident()
        self.a.sync()
        small = self.bring(FIRST)['thumbnail']['sha256']
        self.act('note', case, '一', '--photo', sha256(FIRST))
        self.settle()
        self.act('redact', case, '--photo', sha256(FIRST), '--ground', '依法',
                 '--yes', who='s1')
        for sha in sha256(FIRST), small:
            self.assertFalse(self.blob(sha).exists())
        self.assertEqual(self.staged(), [])
        self.world.do('photo', 'get', sha256(FIRST), '-', code=3)
        self.refused('note', case, '二', '--photo', sha256(FIRST), '--as',
                     'd1', code=3)
        self.bring(FIRST)
        said = self.refused('note', case, '二', '--photo', sha256(FIRST),
                            '--as', 'd1', code=1)
        self.assertIn('does not come back', said)
        self.settle()
        self.sound()
        self.assertEqual(self.audit(), 2 * ['photo-erased'])


class Refused(Centre):
    def test_what_is_no_photo(self):
        files = {'empty.jpg': b'', 'text.jpg': b'a text\n' * 100,
                 'gif.jpg': b'GIF89a' + bytes(100)}
        for name, data in files.items():
            path = self.world.folder / name
            path.write_bytes(data)
            said = self.refused('photo', 'add', path, code=1)
            self.assertIn(name, said)
        self.refused('photo', 'add', self.world.folder / 'none.jpg', code=3)
        self.refused('photo', 'add', self.world.folder, code=1)
        large = self.world.folder / 'large.jpg'
        with open(large, 'wb') as f:
            f.write(FIRST.read_bytes())
            f.truncate(64 * MEBI + 1)
        said = self.refused('photo', 'add', large, code=1)
        self.assertIn('large.jpg', said)
        self.assertIn('64 MB', said)

    def test_hostile_and_strange_ones_are_kept_as_they_are(self):
        case = self.a.incident()
        self.a.sync()
        heic = self.world.folder / 'phone.heic'
        heic.write_bytes(HEIC)
        bomb = self.world.folder / 'bomb.jpg'
        bomb.write_bytes(FIRST.read_bytes()[:20000])
        for path in sorted((PHOTOS / 'jhead').glob('*.jpg')) + \
                [heic, bomb, PHOTOS / 'infinite_loop_exif.jpg',
                 PHOTOS / 'huge_tag_exif.jpg']:
            with self.subTest(path.name):
                if path.name == 'poc2.jpg':  # not even its first bytes are
                    self.refused('photo', 'add', path, code=1)
                    continue
                brought = self.bring(path)
                self.act('note', case, path.name, '--photo',
                         brought['sha256'])
                self.assertEqual(self.get(brought['sha256'], '--small')[:2],
                                 b'\xff\xd8' if brought['thumbnail'] or
                                 path != heic else HEIC[:2])
        self.assertEqual(self.bring(heic)['type'], 'image/heic')
        self.assertIsNone(self.bring(heic)['thumbnail'])
        self.settle()
        self.sound()
        self.assertEqual(self.audit(), [])

    def test_words_that_mean_nothing(self):
        case = self.a.incident()
        self.a.sync()
        self.bring(FIRST)
        sha = sha256(FIRST)
        for words, hint in ((sha[:12], 'photo add'), (str(FIRST), 'photo add'),
                            (sha + ':sideways', 'near'),
                            (sha + ':near,after', 'one role'),
                            (sha + ':', 'near')):
            self.assertIn(hint, self.refused('note', case, '一', '--photo',
                                             words, '--as', 'd1', code=2))
        self.refused('note', case, '一', '--photo', '0' * 64, '--as', 'd1',
                     code=3)
        self.refused('set', case, '--as', 'd1', code=2)
        self.assertEqual(self.places(case), {})

    def test_it_is_hers_who_brought_it(self):
        """Until a record names it: to show it again, and to name it."""
        case = self.a.incident()
        self.a.sync()
        sha = self.bring(FIRST, '--as', 'd1')['sha256']
        out = self.world.folder / 'out.jpg'
        mine = ('photo', 'get', sha, out)
        for words in (mine, (*mine, '--as', 's1'), (*mine, '--as', 'd10'),
                      ('photo', 'get', sha[:20], out, '--as', 'd1')):
            self.refused(*words, code=3)
            self.assertFalse(out.exists())
        told = self.world.ask(*mine, '--as', 'd1')[0]
        self.assertEqual((sha256(out), told['entry']), (sha, None))
        self.assertLess(len(self.get(sha, '--small', '--as', 'd1')),
                        FIRST.stat().st_size)
        for who in ('s1', 'h1'):
            self.refused('note', case, '一', '--photo', sha, '--as', who,
                         code=3)
            tried, = self.world.ask('try', 'set', case, '--photo', sha, '--as',
                                    who)
            self.assertEqual([p['field'] for p in tried['problems']],
                             ['photo'])
        self.bring(FIRST, '--as', 's1')  # she was sent the same one
        self.act('note', case, '一', '--photo', sha, who='s1')
        self.refused('note', case, '一', '--photo', sha, '--as', 'h1', code=3)
        self.refused('photo', 'add', SECOND, '--as', 'nobody', code=3)
        self.sound()

    def test_too_much_that_nobody_uses(self):
        """The bound counts what has no name yet, and an act makes room."""
        case = self.a.incident()
        self.a.sync()
        self.bring(FIRST)
        self.world.stop()
        staged = self.world.data / 'staged'
        with open(staged / ('0' * 64), 'wb') as f:
            f.truncate((1 << 30) - 1500)
        (staged / ('0' * 64 + '.about')).write_bytes(b'\x80')
        self.world.start()
        said = self.refused('photo', 'add', SECOND, code=1)
        self.assertIn('wait to be used', said)
        self.act('note', case, '一', '--photo', sha256(FIRST))
        self.days_later()
        self.bring(SECOND)  # what was too old went
        self.assertFalse((staged / ('0' * 64)).exists())


if __name__ == '__main__':
    main()
