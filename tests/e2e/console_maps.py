#!/usr/bin/env python3
"""Maps at the console: who adds them, who sees their tiles, what is refused,
and what a bad file can make of the server."""
import concurrent.futures
import pathlib
import socket
import sqlite3
import subprocess
import sys
import threading
import time

from lib_console import ConsoleCase
from lib_world import BIN, DEPARTMENT, main

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / 'browser'))
import mbtiles  # noqa: E402  (it makes the maps of these tests)

DISTRICT = '371302'
PLACE = (35.0601, 118.3501)
LEVELS = (14, 15)
PNG = b'\x89PNG\r\n\x1a\n'


def made(sql):
    """The bytes of an SQLite file."""
    db = sqlite3.connect(':memory:')
    db.executescript(sql)
    db.commit()
    return db.serialize()


METADATA = "CREATE TABLE metadata (name, value);"
TILES = "CREATE TABLE tiles (zoom_level, tile_column, tile_row, tile_data);"
SLOW = METADATA + TILES + """
    WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n
        LIMIT 900000)
    INSERT INTO tiles SELECT 20, i, i, x'89504E470D0A1A0A' FROM n;"""


class MapCase(ConsoleCase):
    WORKERS = []
    OPERATORS = [('reg', 'registrar', DISTRICT), ('op', 'dispatcher', DISTRICT),
                 ('aud', 'auditor', DISTRICT), ('hand', 'handler', DEPARTMENT)]

    def setUp(self):
        super().setUp()
        self.reg = self.console.desk('reg')
        self.maps = pathlib.Path(self.world.data) / 'maps'

    def map(self, place=PLACE, levels=LEVELS):
        path = pathlib.Path(self.world.folder) / 'plain.mbtiles'
        path.unlink(missing_ok=True)
        mbtiles.make(path, *place, *levels)
        return path

    def add(self, name, body, code=0, **flags):
        status, lines = self.reg.feed(body, 'maps add', '-', name=name, **flags)
        self.assertEqual(status, 200, lines)
        self.assertEqual(lines[-1]['exit'], code, lines)
        return lines[0] if code == 0 else lines[-1]['error']

    def tile(self, desk, path):
        return self.console.send(
            'GET', '/tiles/' + path,
            headers={'Authorization': 'Bearer ' + desk.token})

    def middle(self, zoom=LEVELS[1]):
        """Its column and row from the north."""
        return [int(v // 256) for v in mbtiles.world(*PLACE, zoom)]

    def files(self):
        return sorted(p.name for p in self.maps.iterdir() if p.name != 'lock')


class Maps(MapCase):
    def test_added_seen_removed(self):
        self.assertEqual(self.reg.do('maps'), [])
        path = self.map()
        said = self.add('street', path.read_bytes(), crs='bd09')
        self.assertEqual((said['name'], said['crs'], said['type']),
                         ('street', 'bd09', 'image/png'))
        self.assertEqual((said['least_zoom'], said['most_zoom']), LEVELS)
        self.assertIn('OpenStreetMap contributors', said['attribution'])
        self.assertNotIn('<', said['attribution'])
        self.assertEqual(said['bytes'], path.stat().st_size)
        x, y = self.middle()
        with sqlite3.connect(path) as db:
            (kept,), = db.execute(
                'SELECT tile_data FROM tiles WHERE zoom_level = 15 AND '
                'tile_column = ? AND tile_row = ?', (x, 2 ** 15 - 1 - y))
        for code in ('op', 'aud', 'hand', 'reg'):
            desk = self.reg if code == 'reg' else self.console.desk(code)
            self.assertEqual(desk.do('maps'), [said], code)
            status, head, body = self.tile(desk, 'street/15/%d/%d' % (x, y))
            self.assertEqual((status, body), (200, kept), code)
            self.assertEqual(head['Content-Type'], 'image/png')
            self.assertEqual(head['Cache-Control'], 'no-store')
            self.assertEqual(head['X-Content-Type-Options'], 'nosniff')
        status, _, body = self.tile(desk, 'street/15/1/1')
        self.assertEqual((status, body), (204, b''))
        # The command line sees the same, while the server runs.
        self.assertEqual(self.world.ask('maps'), [said])
        # One of its name takes its place at once, and desks hear of it.
        heard = desk.events()
        heard.wait(lambda line: line == {})
        self.world.do('maps', 'add', self.map(levels=(15, 15)), '--name',
                      'street', '--attribution', '天地图 GS(2026)1号')
        self.assertEqual(self.tile(desk, 'street/14/%d/%d' %
                                   tuple(self.middle(14)))[0], 204)
        self.assertEqual(self.tile(desk, 'street/15/%d/%d' % (x, y))[0], 200)
        heard.wait(lambda line: line == {'changed': True, 'in': ['maps']})
        heard.close()
        now, = desk.do('maps')
        self.assertEqual((now['crs'], now['attribution']),
                         ('wgs84', '天地图 GS(2026)1号'))
        self.assertEqual(len(self.files()), 2)
        self.console.restart()
        self.reg = self.console.desk('reg', once=False)
        self.assertEqual(self.reg.do('maps'), [now])
        self.assertEqual(self.reg.do('maps remove', 'street'),
                         [{'removed': 'street'}])
        self.assertEqual(
            self.tile(self.reg, 'street/15/%d/%d' % (x, y))[0], 404)
        self.assertEqual(self.files(), [])
        self.assertEqual(self.reg.run('maps remove', 'street')[1]['exit'], 3)

    def test_whom_it_is_not_for(self):
        self.add('street', self.map().read_bytes())
        place = '/tiles/street/15/%d/%d' % tuple(self.middle())
        op = self.console.desk('op')
        self.assertEqual(self.tile(op, place[7:])[0], 200)
        for path, head in (
                (place, {}), (place + '?token=' + op.token, {}),
                (place, {'Cookie': 'token=' + op.token}),
                (place, {'Authorization': 'Bearer ' + 'A' * 43}),
                (place, {'Authorization': op.token})):
            status, _, body = self.console.send('GET', path, headers=head)
            self.assertEqual(status, 401, (path, head))
            self.assertNotIn(PNG, body)
        bearer = {'Authorization': 'Bearer ' + op.token}
        for head in ({'Origin': 'https://other.example'},
                     {'Sec-Fetch-Site': 'cross-site'},
                     {'Host': 'other.example'}):
            status, _, body = self.console.send('GET', place,
                                                headers={**bearer, **head})
            self.assertEqual(status, 403, head)
            self.assertNotIn(PNG, body)
        # Maps are the registrar's to change.
        for code in ('op', 'aud', 'hand'):
            desk = op if code == 'op' else self.console.desk(code)
            status, _ = desk.feed(b'x', 'maps add', '-', name='other')
            self.assertEqual(status, 403, code)
            self.assertEqual(desk.run('maps remove', 'street')[1]['exit'], -403)
        status, said = self.reg.feed(b'x', 'maps add', str(self.world.data),
                                     name='other')
        self.assertEqual(status, 400, said)
        self.assertEqual([m['name'] for m in op.do('maps')], ['street'])
        # It ends with the session, and with the account.
        self.console.post('/api/logout', {}, op.token)
        self.assertEqual(self.tile(op, place[7:])[0], 401)
        hand = self.console.desk('hand', once=False)
        self.reg.do('operator lock', 'hand')
        self.assertEqual(self.tile(hand, place[7:])[0], 401)

    def test_tricks_with_addresses(self):
        whole = self.map().read_bytes()
        self.add('street', whole)
        x, y = self.middle()
        good = 'street/15/%d/%d' % (x, y)
        tricks = ['', 'street', 'street/15', good + '/', good + '/1',
                  good + '.png', good + '%00', 'street//%d/%d' % (x, y),
                  '../log.key', '../server.db', '../maps/' + good,
                  '%2e%2e/log.key', '..%2flog.key/1/1/1', '%2e%2e%2f1/1/1',
                  'street.json/1/1/1', 'street%2f..%2fstreet/15/1/1',
                  'lock/1/1/1', './' + good, 'STREET/15/%d/%d' % (x, y),
                  'street/-1/0/0', 'street/15/+1/1', 'street/0x0f/1/1',
                  'street/15/1e3/1', 'street/25/0/0', 'street/15/32768/0',
                  'street/99999999/99999999/99999999',
                  'street/4294967311/%d/%d' % (x, y), 'a' * 5000 + '/1/1/1']
        for trick in tricks:
            status, _, body = self.tile(self.reg, trick)
            self.assertIn(status, (400, 403, 404, 414), trick)
            self.assertNotIn(b'PRIVATE', body)
            self.assertNotIn(PNG, body)
        for name in ('', '../x', 'a/b', 'a b', '.hidden', '-x', 'a.b', '太湖',
                     'x' * 41, 'a\x00b', '<b>'):
            status, lines = self.reg.feed(whole, 'maps add', '-', name=name)
            said = lines[-1]
            self.assertTrue(status == 400 or said.get('exit') == 2,
                            (name, lines))
            self.assertNotEqual(self.reg.run('maps remove', name)[1]['exit'], 0)
        self.assertEqual(self.reg.run('maps add', '-', name='x')[1]['exit'],
                         -400, 'without a body')
        error = self.add('other', whole, 2, crs='gcj03')
        self.assertIn('gcj03', error['text'])
        self.assertEqual(self.tile(self.reg, good)[0], 200)
        self.assertEqual(len(self.files()), 2)


class Hostile(MapCase):
    def test_what_is_no_map_is_refused(self):
        whole = self.map().read_bytes()
        self.add('kept', whole)
        before = self.files()
        tile = METADATA + TILES + 'INSERT INTO tiles VALUES (3, 6, 5, %s);'
        bad = {
            'nothing': b'', 'text': b'not a map' * 999, 'cut': whole[:-5000],
            'half': whole[:len(whole) // 2], 'zeros': bytes(70000),
            'head alone': whole[:4096] + bytes(len(whole) - 4096),
            'another database': made('CREATE TABLE a (b);'),
            'vector': made(tile % "x'1F8B0800'"),
            'markup': made(tile % "'<svg onload=alert(1)>'"),
            'html': made(tile % "'<html><script>1</script>'"),
            'heic': made(tile % "x'0000001866747970686569630000000000000000'"),
            'a view that never ends': made(METADATA + (
                'CREATE VIEW tiles AS WITH RECURSIVE r (z) AS (SELECT 1 UNION '
                'ALL SELECT z FROM r) SELECT z AS zoom_level, 1 AS tile_column,'
                " 1 AS tile_row, x'89504E470D0A1A0A' AS tile_data FROM r;")),
        }
        for name, body in bad.items():
            error = self.add('kept', body, 1)
            self.assertGreater(len(error['text']), 15, name)
            self.assertEqual(self.files(), before, name)
        x, y = self.middle()
        self.assertEqual(self.tile(self.reg, 'kept/15/%d/%d' % (x, y))[0], 200)
        # A body that does not come whole leaves nothing.
        with socket.create_connection(('127.0.0.1', self.console.port)) as s:
            s.sendall(('POST /api/feed HTTP/1.1\r\nHost: 127.0.0.1\r\n'
                       'Authorization: Bearer %s\r\nXunge-Call: %s\r\n'
                       'Content-Length: %d\r\n\r\n' % (
                           self.reg.token,
                           'eyJydW4iOiJtYXBzIGFkZCIsIndvcmRzIjpbIi0iXSwiZmxh'
                           'Z3MiOnsibmFtZSI6ImN1dCJ9fQ', len(whole))).encode() +
                      whole[:9999])
        self.assertEqual(len(self.reg.do('maps')), 1)
        self.assertEqual(self.files(), before)

    def test_spoilt_afterwards(self):
        """A file that goes bad where it lies spoils its own tiles alone."""
        self.add('good', self.map().read_bytes())
        self.add('bad', self.map().read_bytes())
        x, y = self.middle()
        place = '/15/%d/%d' % (x, y)
        path, = self.maps.glob('bad-*.mbtiles')
        whole = path.read_bytes()
        for at in range(0, len(whole), 4096):
            spoilt = bytearray(whole)
            spoilt[at:at + 64] = b'\xff' * 64
            path.write_bytes(spoilt)
            if at % 8192 == 0:  # opened anew, or not
                (self.maps / 'bad.json').touch()
            status, head, body = self.tile(self.reg, 'bad' + place)
            self.assertIn(status, (200, 204, 413, 422, 500), at)
            if status == 200:
                self.assertTrue(body.startswith(PNG))
                self.assertEqual(head['Content-Type'], 'image/png')
        path.unlink()
        (self.maps / 'bad.json').write_text('{"file": "../../log.key"}')
        self.assertEqual(self.tile(self.reg, 'bad' + place)[0], 500)
        self.assertEqual(self.tile(self.reg, 'good' + place)[0], 200)
        self.assertEqual([m['name'] for m in self.reg.do('maps')], ['good'])
        self.assertEqual(self.reg.do('maps remove', 'bad'),
                         [{'removed': 'bad'}])

    def test_a_slow_map_holds_nothing_else_up(self):
        slow = made(SLOW)
        self.assertIn('index', self.add('slow', slow, 1)['text'])
        self.assertEqual(self.files(), [])
        # One that became so where it lies.
        self.add('slow', self.map().read_bytes())
        path, = self.maps.glob('slow-*.mbtiles')
        path.write_bytes(slow)
        (self.maps / 'slow.json').touch()
        with concurrent.futures.ThreadPoolExecutor(100) as pool:
            asked = [pool.submit(self.tile, self.reg, 'slow/19/%d/9' % i)
                     for i in range(100)]
            slowest = 0
            while not all(one.done() for one in asked):
                began = time.monotonic()
                self.reg.do('maps')
                slowest = max(slowest, time.monotonic() - began)
            answers = [one.result() for one in asked]
        told = sorted({status for status, _, _ in answers})
        self.assertEqual(told, [413, 503], 'some wait, the others come again')
        for status, head, _ in answers:
            if status == 503:
                self.assertEqual(head['Retry-After'], '1')
        waited = sum(status == 413 for status, _, _ in answers)
        self.assertGreaterEqual(waited, 64)
        self.assertLess(slowest, 5)
        self.assertEqual(self.tile(self.reg, 'slow/19/1/9')[0], 413)

    def test_killed_while_it_is_added(self):
        whole = self.map(levels=(12, 18)).read_bytes()
        for wait in (.02, .1):
            def send():
                try:
                    self.reg.feed(whole, 'maps add', '-', name='cut')
                except (OSError, ValueError):
                    pass  # killed
            sender = threading.Thread(target=send)
            sender.start()
            time.sleep(wait)
            self.console.kill()
            sender.join()
            self.console.start()
            self.reg = self.console.desk('reg', once=False)
            for one in self.reg.do('maps'):  # whole, or not there
                self.assertEqual(one['bytes'], len(whole))
        self.add('kept', whole)
        self.console.kill()
        self.console.start()
        self.reg = self.console.desk('reg', once=False)
        kept = [one['name'] for one in self.reg.do('maps')]
        self.assertIn('kept', kept, 'it was said to be there')
        self.assertEqual(len(self.files()), 2 * len(kept), 'nothing is left')


class CommandLine(MapCase):
    def test_without_a_server(self):
        self.world.stop()
        path = self.map()
        run = self.world.do
        self.assertIn('maps add', run('maps').out)
        added = run('maps', 'add', path, '--name', 'street').out
        self.assertTrue(added.startswith('street '), added)
        self.assertIn(run('maps').out, added)
        for named in (path, '/nowhere', self.world.folder):
            words = ('--name', 'x') if named != path else ()
            self.assertNotEqual(
                self.world.try_('maps', 'add', named, *words).code, 0, named)
        with open(path, 'rb') as standard_input:
            subprocess.run(
                [BIN / 'xunge-server', 'maps', 'add', self.world.data, '-',
                 '--name', 'piped'], stdin=standard_input, check=True,
                stdout=subprocess.DEVNULL)
        self.assertEqual([m['name'] for m in self.world.ask('maps')],
                         ['piped', 'street'])
        run('maps', 'remove', 'piped')
        run('maps', 'remove', 'street')
        self.assertEqual(self.world.ask('maps'), [])


if __name__ == '__main__':
    main()
