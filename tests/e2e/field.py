#!/usr/bin/env python3
"""What is used outdoors: maps that an operator distributes, borders of grids,
sticks that are plugged in, photos and bundles through a pipe."""
import hashlib
import json
import math
import os
import pathlib
import shutil
import signal
import sqlite3
import struct
import subprocess
import time
import unittest
import zlib

from lib_world import (BIN, COMMUNITY, GRID, SOURCE, Case, environment, main,
                       run)

XUNGE = BIN / 'xunge'
PHOTO = SOURCE / 'tests/data/jpeg/sample1.jpg'


def png(red, green, blue, side=256):
    def chunk(kind, data):
        return struct.pack('>I', len(data)) + kind + data + \
            struct.pack('>I', zlib.crc32(kind + data))
    rows = b''.join(b'\0' + bytes((red, green, blue)) * side
                    for _ in range(side))
    return b'\x89PNG\r\n\x1a\n' + \
        chunk(b'IHDR', struct.pack('>IIBBBBB', side, side, 8, 2, 0, 0, 0)) + \
        chunk(b'IDAT', zlib.compress(rows)) + chunk(b'IEND', b'')


def mbtiles(path, zooms=range(10, 13), picture=None, form='table'):
    """All tiles of a square of the world, two by two at the least zoom."""
    db = sqlite3.connect(path)
    db.execute('CREATE TABLE metadata (name text, value text)')
    db.executemany('INSERT INTO metadata VALUES (?, ?)', [
        ('name', '兰山区'), ('format', 'png'), ('minzoom', str(zooms[0])),
        ('attribution', '<b>天地图</b>'), ('bounds', '118.1,34.9,118.6,35.3')])
    db.execute('CREATE TABLE tiles (zoom_level integer, tile_column integer, '
               'tile_row integer, tile_data blob)')
    db.execute('CREATE UNIQUE INDEX tile_index ON tiles (zoom_level, '
               'tile_column, tile_row)')
    for z in zooms:
        side = 2 << (z - zooms[0])
        x0, y0 = int(848 * 2 ** (z - 10)), int(617 * 2 ** (z - 10))
        db.executemany('INSERT INTO tiles VALUES (?, ?, ?, ?)', [
            (z, x0 + x, y0 + y, picture or png(z, x % 256, y % 256))
            for x in range(side) for y in range(side)])
    db.commit()
    db.close()
    return path


class Maps(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(subprocess.run(
            ['mktemp', '-d'], stdout=subprocess.PIPE, text=True,
            check=True).stdout.strip())
        self.addCleanup(shutil.rmtree, self.folder)
        self.home = self.folder / 'home'
        self.home.mkdir()

    def maps(self, *words, code=0, stdin=b''):
        p = subprocess.run([XUNGE, 'maps', *words, '--home', self.home,
                            '--json', '--lang', 'en'], input=stdin,
                           stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                           env=environment(), check=False)
        self.assertEqual(p.returncode, code, p.stderr)
        return [json.loads(line)
                for line in (p.stdout if not code else p.stderr).splitlines()]

    def files(self):
        return sorted(p.name for p in (self.home / 'maps').glob('*.*'))

    def test_comes_and_goes(self):
        path = mbtiles(self.folder / 'a b?#%.mbtiles')
        self.assertEqual(self.maps(), [])
        added, = self.maps('add', path, '--name', 'lanshan', '--crs', 'gcj02')
        listed, = self.maps()
        self.assertEqual(added, listed)
        self.assertEqual(
            (listed['name'], listed['title'], listed['crs'],
             listed['attribution'], listed['least_zoom'], listed['most_zoom'],
             listed['bounds'], listed['tiles'], listed['bytes']),
            ('lanshan', '兰山区', 'gcj02', '天地图', 10, 12,
             [118.1, 34.9, 118.6, 35.3], 4 + 16 + 64, path.stat().st_size))
        # Through a pipe, in the place of the first.
        other = mbtiles(self.folder / 'other', range(5, 6))
        self.maps('add', '-', '--name', 'lanshan', '--attribution', '审图号 1',
                  stdin=other.read_bytes())
        listed, = self.maps()
        self.assertEqual((listed['most_zoom'], listed['attribution'],
                          listed['crs']), (5, '审图号 1', 'wgs84'))
        self.assertEqual(len(self.files()), 2)
        self.maps('remove', 'lanshan')
        self.assertEqual((self.maps(), self.files()), ([], []))

    def test_refused(self):
        vector = mbtiles(self.folder / 'v', picture=b'\x1f\x8b\x08\0' * 9)
        cut = self.folder / 'cut'
        cut.write_bytes(mbtiles(self.folder / 'm').read_bytes()[:-8192])
        for source, code, word in ((vector, 1, 'vector'),
                                   (cut, 1, 'copy it anew'),
                                   (PHOTO, 1, 'MBTiles'),
                                   (self.folder / 'none', 3, 'none'),
                                   (self.folder, 2, 'no file')):
            error, = self.maps('add', source, '--name', 'x', code=code)
            self.assertIn(word, error['text'])
            self.assertEqual(self.files(), [])
        good = mbtiles(self.folder / 'g')
        for words in (('--name', '../x'), ('--name', 'a/b'), (),
                      ('--name', 'x', '--crs', 'mars')):
            self.maps('add', good, *words, code=2)
        self.maps('remove', '../../etc/passwd', code=3)

    def test_killed_at_any_moment(self):
        """What was there stays whole until the next is."""
        first = mbtiles(self.folder / 'one', range(10, 12))
        second = mbtiles(self.folder / 'two', range(10, 16))
        self.maps('add', first, '--name', 'm')
        begun = time.monotonic()
        self.maps('add', second, '--name', 'full')
        whole_s = time.monotonic() - begun
        seen = set()
        for i in range(12):
            p = subprocess.Popen([XUNGE, 'maps', 'add', second, '--name', 'm',
                                  '--home', self.home], env=environment(),
                                 stdout=subprocess.DEVNULL)
            time.sleep(whole_s * i / 11)
            p.kill()
            p.wait()
            of = {m['name']: m for m in self.maps()}['m']
            self.assertIn(of['most_zoom'], (11, 15))
            seen.add(of['most_zoom'])
            data = json.loads((self.home / 'maps/m.json').read_text())
            held = self.home / 'maps' / data['file']
            self.assertEqual(held.stat().st_size, of['bytes'])
            if of['most_zoom'] == 15:
                self.maps('add', first, '--name', 'm')
        self.assertIn(11, seen)
        self.maps('remove', 'full')
        self.assertEqual(len(self.files()), 2)


class Outdoors(Case):
    def star(self, lon, lat, points):
        """A ring with as many points, some 2 km wide."""
        ring = [[lon + 0.01 * math.cos(i * math.tau / points) *
                 (1 + 0.1 * math.sin(i * 7)),
                 lat + 0.01 * math.sin(i * math.tau / points) *
                 (1 + 0.1 * math.sin(i * 7))] for i in range(points)]
        return [ring + ring[:1]]

    def boundaries(self, areas):
        path = self.world.folder / 'areas.geojson'
        path.write_text(json.dumps({
            'type': 'FeatureCollection', 'features': [
                {'type': 'Feature', 'properties': {'code': code},
                 'geometry': shape} for code, shape in areas]}))
        self.world.ask('territory', 'import', path)

    def test_grids(self):
        a = self.a
        none = a.one('grids')
        self.assertEqual((none['type'], none['features'], none['state']),
                         ('FeatureCollection', [], 'none'))
        self.boundaries([
            (GRID, {'type': 'Polygon',
                    'coordinates': self.star(118.3, 35.0, 9000)}),
            (COMMUNITY, {'type': 'MultiPolygon', 'coordinates': [
                self.star(118.3, 35.0, 40000), self.star(118.4, 35.0, 500)]}),
            ('371399999', {'type': 'Polygon',
                           'coordinates': self.star(119, 36, 9)})])
        a.do('sync', '--metered')
        left = a.one('grids')
        self.assertEqual((left['features'], left['state']),
                         ([], 'not-fetched'))
        self.assertIn('Wi-Fi', left['text'])
        a.do('sync', '--unmetered')
        answer = a.do('grids', '--json').out
        got = json.loads(answer)
        self.assertLess(len(answer), 350 << 10)
        self.assertEqual(got['state'], 'here')
        self.assertNotIn('text', got)
        own, above = got['features']
        self.assertEqual((own['properties']['code'], own['properties']['mine'],
                          own['properties']['own']), (GRID, True, True))
        self.assertEqual((above['properties']['code'],
                          above['properties']['own']), (COMMUNITY, False))
        for feature in got['features']:
            for polygon in feature['geometry']['coordinates']:
                for ring in polygon:
                    self.assertGreaterEqual(len(ring), 4)
                    self.assertEqual(ring[0], ring[-1])
                    for lon, lat in ring:
                        self.assertLess(abs(lat - 35), 0.02)
        self.assertEqual(len(above['geometry']['coordinates']), 2)

    def test_photos_through_a_pipe(self):
        a = self.a
        a.incident('--photo', str(PHOTO))
        sha = hashlib.sha256(PHOTO.read_bytes()).hexdigest()

        def get(*words):
            return subprocess.run(
                [XUNGE, 'photos', 'get', *words, '--output', '-', '--home',
                 a.home], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                env=environment(), check=False)
        self.assertEqual(get(sha).stdout, PHOTO.read_bytes())
        small = get(sha, '--small').stdout
        self.assertEqual(small[:3], b'\xff\xd8\xff')
        self.assertLess(len(small), 40000)
        thumb = hashlib.sha256(small).hexdigest()
        for words in ((thumb,), (thumb, '--small'), (sha[:10], '--small')):
            self.assertEqual(get(*words).stdout, small)
        # A photo that has none is not sent in its place.
        gone = get('0' * 64, '--small')
        self.assertEqual((gone.returncode, gone.stdout), (3, b''))

    def test_bundles_through_a_pipe(self):
        """All of it or an exit status: the same as with a file."""
        a = self.a
        for _ in range(3):
            a.incident('--photo', str(PHOTO))
        out = subprocess.run([XUNGE, 'bundle', 'write', '-', '--home', a.home],
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                             env=environment(), check=True)
        up = self.world.folder / 'up.xgb'
        up.write_bytes(out.stdout)
        down = self.world.folder / 'down.xgb'
        self.world.stop()
        self.world.ask('bundle', 'read', up, '--reply', down)
        self.world.start()
        answer = down.read_bytes()
        for part, code in ((answer[:len(answer) // 2], None), (answer, 0)):
            p = subprocess.run([XUNGE, 'bundle', 'read', '-', '--json',
                                '--home', a.home], input=part,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                               env=environment(), check=False)
            if code is None:
                self.assertNotEqual(p.returncode, 0)
            else:
                self.assertEqual(p.returncode, 0, p.stderr)
                self.assertEqual(json.loads(p.stdout)['batches_waiting'], 0)
        # A reader that goes away ends it, as any program in a pipe.
        p = subprocess.Popen([XUNGE, 'bundle', 'write', '-', '--home',
                              self.b.home], stdout=subprocess.PIPE,
                             stderr=subprocess.DEVNULL, env=environment())
        p.stdout.close()
        self.assertIn(p.wait(20), (-signal.SIGPIPE, 1))

    def test_handover_and_files_through_a_pipe(self):
        a, b, folder = self.a, self.b, self.world.folder
        a.incident('--photo', str(PHOTO))
        a.sync()
        b.sync()

        def pipe(agent, *words, given=None, code=0):
            p = subprocess.run([XUNGE, *words, '--home', agent.home, '--lang',
                                'en'], input=given, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, cwd=folder,
                               env=environment(), check=False)
            self.assertEqual(p.returncode, code, p.stderr)
            return p.stdout
        pipe(a, 'handover', 'write', '-', '--to', 'wb', '--code', code=2)
        given = pipe(a, 'handover', 'write', '-', '--to', 'wb')
        self.assertEqual(given[:4], b'XGH1')
        self.assertEqual(pipe(b, 'handover', 'accept', '-',
                              given=given[:-300], code=1), b'')
        told = json.loads(pipe(b, 'handover', 'accept', '-', '--json',
                               given=given))
        self.assertEqual(told['from'], 'wa')
        table = pipe(a, 'export', '--output', '-')
        self.assertEqual(table, pipe(a, 'export'))
        # What is piped in is what is read: it names the line that is wrong.
        p = run(XUNGE, 'import', '-', '--home', a.home, '--lang', 'en',
                stdin='\n{"kind":\n')
        self.assertEqual(p.code, 1)
        self.assertRegex(p.err, r'-, line [23]: ')
        self.assertFalse((folder / '-').exists())
        self.assertEqual([p.name for p in b.home.glob('input.*')], [])

    @unittest.skipUnless(os.getuid() == 0, 'mounting needs root')
    def test_sticks(self):
        """In a mount namespace of its own; on a real file system where the
        machine has loop devices."""
        a, folder = self.a, self.world.folder
        a.incident()
        a.incident('--photo', str(PHOTO))
        image = folder / 'stick.img'
        with open(image, 'wb') as file:
            file.truncate(32 << 20)
        script = folder / 'script.sh'
        script.write_text(STICK_SCRIPT, encoding='utf-8')
        p = run('unshare', '-m', 'sh', script, XUNGE, a.home, folder, image,
                BIN / 'xunge-server', self.world.data)
        if 'cannot mount' in p.err:
            self.skipTest(p.err)
        self.assertEqual(p.code, 0, p.err + p.out)
        lines = [json.loads(line) for line in p.out.splitlines()
                 if line.startswith('{')]
        empty, = [x for x in lines if x.get('files') == []]
        self.assertEqual((empty['name'], empty['path'], empty['read_only']),
                         ('XG KEY', '/media/XG KEY', False))
        self.assertGreater(empty['free_bytes'], 1 << 20)
        self.assertTrue(any(x.get('safe_to_remove') for x in lines), lines)
        full = lines[-1]
        self.assertEqual({f['name']: f['kind'] for f in full['files']}, {
            'up.txt': 'bundle', 'sealed.bin': 'sealed', 'back.xgb': 'answer',
            'rescue': 'rescue', '交接.jpg': 'handover'})
        self.assertIn('可以拔出', p.out)
        self.assertIn('指挥中心的回应', p.out)


STICK_SCRIPT = '''
set -e
X="$1"; H="$2"; F="$3"; I="$4"; S="$5"; D="$6"
M="/media/XG KEY"
mkdir -p /media
mount -t tmpfs none /media || { echo cannot mount >&2; exit 0; }
mkdir "$M"
mkfs.ext4 -q "$I" && mount -o loop "$I" "$M" 2>/dev/null ||
    mount -t tmpfs none "$M"
rm -rf "$M/lost+found"
"$X" sticks --json --home "$H"
"$X" bundle write "$M/up.txt" --json --home "$H"
"$X" bundle write "$M/sealed.bin" --seal --lang zh --home "$H"
"$X" bundle write "$M/rescue" --rescue --json --home "$H" || {
    echo nine-digits-9 | "$X" passphrase set --home "$H" >/dev/null
    "$X" lock --home "$H" > /dev/null
    "$X" bundle write "$M/rescue" --json --home "$H"
    echo nine-digits-9 | "$X" unlock --home "$H" > /dev/null || true
}
"$X" handover write "$M/交接.jpg" --to wb --code --json --home "$H" ||
    echo nine-digits-9 | "$X" handover write "$M/交接.jpg" --to wb --code \
        --json --home "$H" --passphrase-fd 0
"$S" bundle read "$D" "$M/up.txt" --reply "$M/back.xgb" >/dev/null
cp "$M/up.txt" "$M/.hidden"
ln -s "$M/up.txt" "$M/link"
mkfifo "$M/pipe"
tar cf "$M/other.tar" -C "$F" script.sh
head -c 3000 /dev/urandom > "$M/noise"
: > "$M/empty"
"$X" sticks --lang zh --home "$H"
"$X" sticks --json --home "$H"
'''


if __name__ == '__main__':
    main()
