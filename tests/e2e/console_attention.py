#!/usr/bin/env python3
"""What a person must look at: each of the eleven things made to happen, seen in
`attention` with its reason and age, settled where it says, and gone. Devices
that no honest program could be are played by server_client."""
import contextlib
import os
import shutil
import sqlite3
import struct
import time

import server_client
from lib_world import COMMUNITY_2, GRID, ORIGIN, PHOTOS, Case, main

server_client.ORIGIN = ORIGIN

DISTRICT = '371302'
YEAR_2099_MS = 4070937600000
KINDS = ('conflict', 'overtaken', 'fork', 'quarantined', 'pending', 'struck',
         'unfolded', 'clock', 'position', 'photo_lost', 'other_history')
KEYS = {'what', 'label', 'key', 'id', 'number', 'title', 'reason', 'text',
        'since', 'age_s', 'device', 'chain', 'batch', 'how'}


class Stranger(server_client.Client):
    """A device that writes what it likes."""

    def join(self):
        self.enrol()
        self.hello()
        return self

    def send(self, first):
        return self.put(self.seal(first))

    def record(self, kind, fields, entity=None, wall_ms=None, foreign=()):
        head = {1: kind}
        if entity:
            head[2] = entity
        if foreign:
            head[4] = sorted(foreign)
        head[5] = self.now()
        if wall_ms:
            head[5][0] = wall_ms
        return self.append(head, server_client.cbor(fields))

    def hello_of_another_log(self):
        """Cosigns a checkpoint that this log never had."""
        nonce, root = server_client.b64(os.urandom(32)), os.urandom(32)
        text = 'cosignature/v1\ntime 0\n%s\n%d\n%s\n' % (
            ORIGIN, 2, server_client.b64(root))
        signed = server_client.sha(
            self.key.name.encode() + b'\n\4' + self.key.public)[:4] + \
            struct.pack('>Q', 0) + self.key.sign(text.encode())
        return self.call('POST', '/v1/hello', self.key.note([
            'xunge/hello/v1', 'log ' + ORIGIN, 'size 2',
            'root ' + server_client.b64(root),
            'cosigned ' + server_client.b64(signed), 'registry 0',
            'random ' + nonce, 'schema 1', 'chain %s %d %s' % (
                server_client.b64(self.chain), len(self.records),
                server_client.b64(self.records[-1][2]))]))


class Attention(Case):
    WORKERS = [('wa', 'worker', GRID), ('wb', 'worker', GRID)]

    def setUp(self):
        super().setUp()
        for worker in (('d1', 'dispatcher', DISTRICT),
                       ('d2', 'dispatcher', COMMUNITY_2),
                       ('h1', 'handler', COMMUNITY_2)):
            self.world.worker(*worker)

    def stranger(self, worker='wa'):
        folder = self.world.folder / ('stranger-%s' % os.urandom(3).hex())
        folder.mkdir()
        return Stranger(folder, 'key', self.world.code(worker)).join()

    def look(self, *what):
        """All of these, as they stand; nothing else is checked."""
        words = [word for one in what for word in ('--what', one)]
        said = self.world.try_('attention', *words, '--as', 'd1', '--json')
        items = said.json()
        self.assertEqual(said.code, 5 if items else 0, said.err)
        for item in items:
            self.assertEqual(set(item), KEYS)
            self.assertTrue(item['text'] and item['how'] and item['reason'])
            self.assertNotRegex(item['text'], r'\d:\d\d[:.]\d')  # minutes do
            if item['since']:
                self.assertGreaterEqual(item['age_s'], 0)
        ages = [item['since'] or '' for item in items]
        self.assertEqual(ages, sorted(ages))
        return items

    def only(self, what):
        items = self.look(what)
        self.assertEqual([item['what'] for item in items], [what], items)
        return items[0]

    def settle_it(self, item, who='d1', code=0):
        return self.world.ask('attention', 'settle', item['what'], item['key'],
                              '--why', '核实过', '--as', who, code=code)

    def seen_and_gone(self, what):
        """It is told who may not that they may not, and goes by a note."""
        item = self.only(what)
        self.assertEqual(self.world.try_(
            'attention', 'settle', what, item['key'], '--why', 'x', '--as',
            'h1').code, 1)
        self.assertEqual(self.world.try_(
            'attention', 'settle', what, item['key'][:-2] + 'zz', '--why', 'x',
            '--as', 'd1').code, 3)
        self.settle_it(item)
        self.assertEqual(self.look(what), [])
        self.assertEqual(self.world.try_(
            'attention', 'settle', what, item['key'], '--why', 'x', '--as',
            'd1').code, 3)
        return item

    # ---- what a decision settles ----

    def test_conflicts_and_moves_that_came_late(self):
        one = self.a.incident('grid=' + GRID, 'category=env-garbage')
        self.settle()
        self.a.do('set', one, 'address=东门')
        self.b.do('set', one, 'address=西门')
        self.a.do('do', one, 'self_handle', 'why=顺手', 'result=清了')
        self.world.ask('do', one, 'accept', '--as', 'd1')
        self.settle()
        conflict, late = self.only('conflict'), self.only('overtaken')
        self.assertEqual((conflict['id'], conflict['reason']), (one, 'address'))
        self.assertEqual(late['id'], one)
        self.assertEqual([item['key'] for item in self.look()],
                         [item['key'] for item in sorted(
                             (conflict, late), key=lambda one: one['since'])])
        self.assertEqual(self.look('fork', 'clock'), [])
        # They have commands of their own.
        self.assertEqual(self.settle_it(conflict, code=2), [])
        self.world.ask('resolve', one, 'address', '--value', '南门', '--why',
                       '去看过', '--as', 'd1', code=(0, 5))
        self.assertEqual(self.look('conflict'), [])
        # Decided elsewhere by who had not seen that: it is open again, and
        # what is said of it says so.
        self.assertIn('two values', conflict['text'])
        self.a.do('resolve', one, 'address', '--value', '北门', '--why', '近',
                  code=(0, 5))
        self.a.sync()
        again = self.only('conflict')
        self.assertIn('to be decided again', again['text'])
        self.world.ask('resolve', one, 'address', '--value', '北门', '--why',
                       '近', '--as', 'd1', code=(0, 5))
        self.assertEqual(self.look('conflict'), [])
        self.world.ask('resolve', one, 'status', '--dismiss', '--why', '照办',
                       '--as', 'd1')
        self.assertEqual(self.look(), [])
        self.assertEqual(self.world.try_('attention', '--what', 'x').code, 2)

    # ---- chains ----

    def test_a_fork_until_somebody_found_out(self):
        copy = self.a.copy('copy')
        self.a.incident('address=甲')
        self.a.sync()
        self.a.put_back(copy)
        self.a.incident('address=乙')
        self.a.sync(code=(0, 1))
        fork = self.only('fork')
        self.assertEqual(fork['device'], '0001')
        # Who walks with the device finds nothing out about it.
        self.world.try_('forks', 'settle', fork['chain'], '--finding',
                        'restored', '--why', 'x', '--as', 'wa')
        self.assertEqual(self.only('fork')['chain'], fork['chain'])
        self.world.do('forks', 'settle', fork['chain'], '--finding', 'restored',
                      '--why', '恢复过备份', '--as', 'd1')
        self.assertEqual(self.look('fork'), [])

    def test_batches_of_a_revoked_device(self):
        self.b.incident('address=之前')
        self.settle()
        self.world.do('device', 'revoke', '0002')
        self.b.incident('address=之后')
        self.b.try_('sync')
        item = self.only('quarantined')
        self.assertEqual((item['device'], item['reason']), ('0002', 'revoked'))
        self.world.do('device', 'admit', item['batch'])
        self.assertEqual(self.look('quarantined'), [])
        # Or it stays apart, and somebody says why; what comes later is new.
        self.b.incident('address=更晚')
        self.b.try_('sync')
        self.settle_it(self.only('quarantined'))
        self.assertEqual(self.look('quarantined'), [])
        self.b.incident('address=最晚')
        self.b.try_('sync')
        self.only('quarantined')

    def test_a_device_that_saw_another_log(self):
        self.stranger().hello_of_another_log()
        item = self.only('other_history')
        self.assertEqual(item['device'], '0003')
        self.settle_it(item)
        self.assertEqual(self.look('other_history'), [])

    # ---- records ----

    def test_records_that_wait_or_do_not_count(self):
        one = self.a.incident('grid=' + GRID, 'category=env-garbage')
        self.a.sync()
        stranger = self.stranger()
        entity = bytes.fromhex(one)
        missing = os.urandom(32)
        stranger.record(3, {14: '东门'}, entity, foreign=[missing])
        self.assertEqual(stranger.send(0), 'state stored\n')
        pending = self.seen_and_gone('pending')
        self.assertEqual((pending['id'], pending['device']), (one, '0003'))
        notes = self.world.show(one)['sets']['note']
        self.assertIn('核实过', notes[0]['value'])
        # One that nobody allowed on that device.
        self.a.do('note', one, '代别人写', '--as', 'wb')
        self.a.sync()
        struck = self.seen_and_gone('struck')
        self.assertEqual(struck['reason'], 'no-right')

    def test_clocks_and_positions(self):
        stranger = self.stranger()
        stranger.record(3, {12: 'env-garbage', 8: GRID},
                        wall_ms=YEAR_2099_MS)
        now = int(time.time() * 1000)
        stranger.record(8, {12: now - 60000, 13: now, 8: GRID, 15: {
            1: [[now - 50000, now - 10000, 7, 1 << 7]]}})
        self.assertEqual(stranger.send(0), 'state stored\n')
        clock = self.seen_and_gone('clock')
        self.assertEqual((clock['reason'], clock['device']), ('ahead', '0003'))
        self.assertIn('2099', clock['text'])
        self.assertEqual(self.seen_and_gone('position')['reason'], 'mock')

    # ---- what has no record ----

    def test_a_photo_whose_file_is_gone(self):
        one = self.a.incident('grid=' + GRID, '--photo',
                              str(PHOTOS / 'has-lens-info.jpg'))
        self.a.sync()
        sha = self.world.show(one)['sets']['photo'][0]['value']['sha256']
        file = next(path for path in (self.world.data / 'blobs').rglob('*')
                    if path.is_file() and sha[-20:] in path.name)
        away = self.world.folder / 'away'
        shutil.move(file, away)
        self.assertEqual(self.look('photo_lost'), [])  # nobody looked yet
        self.assertNotEqual(self.world.try_('check').code, 0)
        item = self.only('photo_lost')
        self.assertEqual(item['id'], one)
        shutil.move(away, file)
        self.assertEqual(self.look('photo_lost'), [])
        file.unlink()
        self.seen_and_gone('photo_lost')

    def test_one_that_outgrew_a_fold(self):
        one, other = (self.a.incident('grid=' + GRID) for _ in range(2))
        self.a.sync()
        self.world.stop()
        with contextlib.closing(sqlite3.connect(
                self.world.data / 'server.db')) as db, db:
            db.execute("UPDATE entity SET folded = 0, state = x''"
                       ' WHERE id = ?', (bytes.fromhex(one),))
        for path in self.world.data.glob('board.db*'):
            path.unlink()
        self.world.start()
        item = self.only('unfolded')
        self.assertEqual(item['id'], one)
        self.world.ask('link', other, one, '--as', 'd1')
        self.assertEqual(self.look('unfolded'), [])

    # ---- who sees it ----

    def test_it_costs_what_there_is(self):
        for i in range(30):
            self.a.incident('grid=' + GRID, 'address=%d' % i)
        self.a.sync()
        self.assertEqual(self.look(), [])
        self.assertEqual(self.world.do('attention').out,
                         'nothing to look at\n')


if __name__ == '__main__':
    main()
