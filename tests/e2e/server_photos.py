#!/usr/bin/env python3
"""Photos as the one who runs the server sees them: where they are, those asked
for, one taken out, backups that devices rely on, and a check that reads them;
with a server that runs and, where it says so, without."""
import hashlib
import os
import pathlib
import shutil
import signal

import server_client
from lib_tus import CATEGORY, INCIDENT, PHOTO, Device, Photo
from lib_world import GRID, Case, main

PHOTOS = pathlib.Path(os.environ['XG_SOURCE']) / 'tests/data/jpeg'
ELSEWHERE = '371302001002001'
FIRST, SECOND = PHOTOS / 'f1-exif.jpg', PHOTOS / 'f2-exif.jpg'


def sha256(path):
    return hashlib.sha256(pathlib.Path(path).read_bytes()).hexdigest()


class Photos(Case):
    WORKERS = [('wa', 'worker', GRID), ('wb', 'worker', GRID)]

    def send(self, agent, photos='all'):
        agent.do('sync', '--unmetered', '--photos', photos)

    def report(self, *photos, send='all'):
        words = [w for p in photos for w in ('--photo', str(p))]
        case = self.a.incident('address=桥下', *words)
        self.send(self.a, send)
        return case

    def blob(self, photo, folder=None):
        name = sha256(photo)
        return (folder or self.world.data) / 'blobs' / name[:2] / name

    def names(self, folder):
        return {p.name for p in (folder / 'blobs').glob('??/*')}

    def places(self, case):
        photos = self.world.ask('photo', 'list', case)[0]['photos']
        return {p['sha256']: (p['place'], p['thumbnail']) for p in photos}

    def test_who_lies_about_a_length_keeps_nothing_out(self):
        """Another device names the photo too, a million times as long and
        again as nothing; the one that has it sends it as it is, and gets it
        back."""
        case = self.report(FIRST, send='thumbs')
        liar = Device(self.world, 'liar', 'wb')
        photo = hashlib.sha256(FIRST.read_bytes()).digest()
        for length in 64 << 20, 1, 2 ** 64 - 1, 2 ** 63 - 1:
            liar.append({1: INCIDENT, 5: liar.now()}, server_client.cbor({
                CATEGORY: 'fire',
                PHOTO: {1: [[photo, length, 0, 1]]}}))
        self.assertEqual(liar.put(liar.seal(liar.sealed)), 'state stored\n')
        liar.close()
        self.send(self.a, 'none')
        self.assertEqual(self.world.ask('photo', 'order', case),
                         [{'wanted': 1}])
        self.send(self.a)
        self.assertEqual(self.places(case),
                         {sha256(FIRST): ('server', 'server')})
        self.assertEqual(self.blob(FIRST).read_bytes(), FIRST.read_bytes())

    def test_thumbnail_first_then_ordered(self):
        case = self.report(FIRST, send='thumbs')
        self.assertEqual(self.places(case),
                         {sha256(FIRST): ('elsewhere', 'server')})
        shown = self.world.show(case)['photos']
        self.assertEqual((shown['total'], shown['elsewhere']), (1, 1))
        self.world.do('photo', 'get', sha256(FIRST), self.world.folder / 'x',
                      code=3)
        self.assertEqual(self.world.ask('photo', 'order', case),
                         [{'wanted': 1}])
        # A wish outlives the server's end.
        self.world.p.send_signal(signal.SIGKILL)
        self.world.p.wait()
        self.world.p.stdout.close()
        self.world.p = None
        self.world.start()
        self.assertEqual(self.places(case)[sha256(FIRST)][0], 'wanted')
        tallies = self.world.ask('photo', 'list')[0]
        self.assertEqual((tallies['wanted']['files'],
                          tallies['missing']['files'],
                          tallies['thumbnails_held']['files'],
                          tallies['photos'][0]['entity']), (1, 1, 1, case))
        self.assertIn('asked for', self.world.do('photo', 'list').out)
        self.send(self.a, 'thumbs')  # what is ordered goes all the same
        self.assertEqual(self.places(case)[sha256(FIRST)],
                         ('server', 'server'))
        self.assertEqual(self.world.ask('photo', 'list')[0]['wanted']['files'],
                         0)
        self.assertEqual(self.world.ask('photo', 'order', case),
                         [{'wanted': 0}])
        self.sound()

    def test_taken_out_byte_for_byte(self):
        self.report(FIRST, SECOND)
        out = self.world.folder / 'out.jpg'
        got = self.world.ask('photo', 'get', sha256(SECOND)[:12], out)[0]
        self.assertEqual(out.read_bytes(), SECOND.read_bytes())
        self.assertEqual(got['bytes'], SECOND.stat().st_size)
        # Not over a file that is there; not what nobody has.
        refused = self.world.do('photo', 'get', sha256(FIRST), out, code=1)
        self.assertIn('exists', refused.err)
        self.assertEqual(out.read_bytes(), SECOND.read_bytes())
        self.world.do('photo', 'get', '0' * 64, out, code=3)
        self.world.do('photo', 'get', 'zz', out, code=3)
        self.world.do('photo', 'order', 'ffffffff', code=3)
        # A damaged one is not handed out as evidence.
        blob = self.blob(FIRST)
        blob.chmod(0o600)
        blob.write_bytes(b'x' * FIRST.stat().st_size)
        other = self.world.folder / 'other.jpg'
        self.world.do('photo', 'get', sha256(FIRST), other, code=1)
        self.assertFalse(other.exists())

    def test_backup_check_and_putting_back(self):
        self.report(FIRST)
        copies = self.world.folder / 'copies'
        copies.mkdir()
        first = self.world.ask('backup', copies / 'one.db')[0]
        self.assertEqual(first['photos'], str(copies / 'photos'))
        self.assertEqual(first['photos_copied'], 2)  # and its thumbnail
        self.assertEqual(sha256(self.blob(FIRST, copies / 'photos')),
                         sha256(FIRST))
        self.report(SECOND)
        second = self.world.ask('backup', copies / 'two.db')[0]
        self.assertGreaterEqual(second['photos_copied'], 1)
        self.assertEqual(second['photos_missing'], 0)
        self.assertEqual(self.names(self.world.data),
                         self.names(copies / 'photos'))
        self.assertGreater(second['size'], first['size'])
        self.world.do('check')
        # Another folder, said in both ways, from wherever it is called.
        for n, words in enumerate((('--photos', 'else'), ('--photos=else',))):
            os.chdir(copies)
            self.addCleanup(os.chdir, '/')
            self.world.do('backup', 'else%d.db' % n, *words)
            self.assertTrue(self.blob(SECOND, copies / 'else').exists())
        # The file is lost: it is named, and the backup covers less.
        self.blob(FIRST).unlink()
        bad = self.world.do('check', code=1)
        self.assertIn(sha256(FIRST), bad.err + bad.out)
        self.world.do('check', '--no-photos')
        self.blob(FIRST, copies / 'photos').unlink()
        third = self.world.ask('backup', copies / 'three.db')[0]
        self.assertEqual(third['photos_missing'], 1)
        self.assertLess(third['size'], first['size'])
        # From the other copy, with the server down.
        self.world.stop()
        shutil.copy(self.blob(FIRST, copies / 'else'), self.blob(FIRST))
        self.world.do('check')
        self.world.do('rebuild')
        self.world.do('check')

    def test_fetched_over_the_network_by_whom_it_concerns(self):
        self.world.worker('w1', 'worker', GRID)
        self.world.worker('w2', 'worker', ELSEWHERE)
        one = Device(self.world, 'one', 'w1')
        other = Device(self.world, 'other', 'w2')
        self.addCleanup(one.close)
        self.addCleanup(other.close)
        photo = Photo(self.world.folder, 'p.jpg', 300000)
        one.name(photo)
        link, path = one.link(), '/v1/blobs/' + photo.hex
        self.assertEqual(one.tus(link, 'GET', path)[0], 404)
        self.assertEqual(one.create(link, photo, photo.data)[:12],
                         '/v1/uploads/')
        status, headers, whole = one.tus(link, 'GET', path)
        self.assertEqual((status, whole == photo.data), (200, True))
        self.assertIn('private', headers['Cache-Control'])
        self.assertIn('immutable', headers['Cache-Control'])
        for text, first, last in (('bytes=1000-1999', 1000, 1999),
                                  ('bytes=299990-', 299990, 299999),
                                  ('bytes=-5', 299995, 299999)):
            status, headers, part = one.tus(link, 'GET', path, Range=text)
            self.assertEqual((status, part, headers['Content-Range']),
                             (206, photo.data[first:last + 1],
                              'bytes %d-%d/300000' % (first, last)))
        status, headers, _ = one.tus(link, 'GET', path, Range='bytes=300000-')
        self.assertEqual((status, headers['Content-Range']),
                         (416, 'bytes */300000'))
        # Another version of it than the one begun: from the start.
        status, _, got = one.tus(link, 'GET', path, Range='bytes=5-',
                                 If_Range='"other"')
        self.assertEqual((status, len(got)), (200, 300000))
        status, headers, got = one.tus(link, 'HEAD', path)
        self.assertEqual((status, headers['Content-Length'], got),
                         (200, '300000', b''))
        for wrong in ('0' * 64, photo.hex.upper(), photo.hex[:-1], '..'):
            self.assertIn(one.tus(link, 'GET', '/v1/blobs/' + wrong)[0],
                          (400, 404))
        self.assertEqual(other.tus(other.link(), 'GET', path)[0], 404)
        other.token = 'AAAA'
        self.assertEqual(other.tus(other.link(), 'GET', path)[0], 401)


if __name__ == '__main__':
    main()
