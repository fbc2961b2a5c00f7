#!/usr/bin/env python3
"""Servers that witness each other: cosignatures over the loopback, read by
Python and by golang.org/x/mod; a witness that is down, that lies, that is slow;
a log that was rolled back; what devices cosign; and the protocol of
tlog-witness as any other log would speak it.

XG_BIN: where the programs lie. XG_SOURCE: the source tree.
"""
import base64
import hashlib
import http.client
import http.server
import os
import pathlib
import shutil
import socket
import subprocess
import tempfile
import threading
import time
import unittest

from lib_note import ed25519_good, frames
from lib_world import BIN, COMMUNITY, GRID, SOURCE, World, need, run, wait_until

EVERY_S = 1


def split_note(note):
    """Text, and [(name, key id, rest of the blob)]."""
    text, lines = note.rsplit('\n\n', 1)
    out = []
    for line in lines.splitlines():
        dash, name, blob = line.split(' ')
        assert dash == '\u2014'
        blob = base64.b64decode(blob)
        out.append((name, blob[:4], blob[4:]))
    return text + '\n', out


def cosigned_by(note, vkey):
    """The time at which that witness cosigned the note; None."""
    name, number, key = vkey.split('+', 2)
    key = base64.b64decode(key)
    assert key[0] == 4
    text, lines = split_note(note)
    for who, key_id, blob in lines:
        if (who, key_id.hex()) == (name, number):
            when = int.from_bytes(blob[:8], 'big')
            said = 'cosignature/v1\ntime %d\n%s' % (when, text)
            assert ed25519_good(key[1:], said.encode(), blob[8:]), who
            return when
    return None


def call(world, method, path, body=None):
    """(status, content type, body) from a server without TLS."""
    c = http.client.HTTPConnection('127.0.0.1', world.port, timeout=20)
    try:
        c.request(method, path, body.encode() if body else body)
        r = c.getresponse()
        return r.status, r.getheader('Content-Type'), r.read()
    finally:
        c.close()


class Liar(http.server.BaseHTTPRequestHandler):
    """A witness that answers what it was told: by the class's `says`."""
    says = (200, b'')

    def do_POST(self):
        self.rfile.read(int(self.headers['Content-Length']))
        status, body = type(self).says
        self.send_response(status)
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Witnesses(unittest.TestCase):
    def setUp(self):
        """The log `main`, with one device; the witnesses b (TLS) and c."""
        self.worlds = {}
        for name in 'bc':
            self.world(name + '.example', [])
        self.main = self.world('main.example', [('wa', 'worker', GRID)])
        self.b, self.c = self.worlds['b.example'], self.worlds['c.example']
        self.b.start()
        self.c.start('--plain')
        self.log_key = self.key_of(self.main)
        for witness in (self.b, self.c):
            witness.do('witness', 'watch', self.log_key)
        liar = type('Mine', (Liar,), {})
        self.liar = http.server.ThreadingHTTPServer(('127.0.0.1', 0), liar)
        self.lies = liar
        thread = threading.Thread(target=self.liar.serve_forever)
        thread.start()
        self.addCleanup(lambda: (self.liar.shutdown(), thread.join(),
                                 self.liar.server_close()))
        self.keys = [self.witness_key(w) for w in (self.b, self.c)]

    def world(self, origin, workers):
        w = World(workers, origin=origin,
                  territory=None if workers else False)
        self.addCleanup(w.close)
        self.worlds[origin] = w
        return w

    def key_of(self, world):
        return need(run(BIN / 'xunge-server', 'key', world.data,
                        '--json')).one()['log']

    def witness_key(self, world):
        return world.ask('witness', 'key')[0]['key']

    def urls(self):
        return ['https://127.0.0.1:%d/#%s' % (self.b.port, self.b.pin),
                'http://127.0.0.1:%d' % self.c.port,
                'http://127.0.0.1:%d/x/' % self.liar.server_address[1]]

    def policy(self, need_=2, urls=None):
        """need_ of b, c and a third one, whose key nobody has."""
        key = bytes([4]) + hashlib.sha256(b'nobody').digest()
        number = hashlib.sha256(b'liar.example\n' + key).hexdigest()[:8]
        third = 'liar.example+%s+%s' % (number, base64.b64encode(key).decode())
        lines = ['log ' + self.log_key]
        for name, vkey, url in zip('bcd', self.keys + [third],
                                   urls or self.urls()):
            lines.append('witness %s %s %s' % (name, vkey, url))
        lines += ['group g %d b c d' % need_, 'quorum g', '']
        path = self.main.folder / 'policy'
        path.write_text('\n'.join(lines))
        self.main.do('witness', 'policy', path)

    def ask(self, code=0):
        answer = self.main.do('witness', 'ask', '--json', code=code)
        return {said['witness']: said for said in answer.json()
                if 'witness' in said}

    def published(self):
        return call(self.main, 'GET', '/log/checkpoint')[2].decode()

    def cosigned(self):
        status, _, body = call(self.main, 'GET', '/log/cosigned')
        return body.decode() if status == 200 else None

    def size(self):
        return int(self.published().splitlines()[1])

    # ---- witnesses that answer ----

    def test_cosigned_and_told(self):
        self.main.start('--plain', '--witness-every', str(EVERY_S))
        a = self.main.enrol('a', 'wa')
        self.assertIsNone(self.cosigned())
        self.policy()
        self.lies.says = (200, '\u2014 liar.example {}\n'.format(
            base64.b64encode(bytes(76)).decode()).encode())
        size = self.size()
        note = wait_until(lambda: (self.cosigned() or '') and self.cosigned(),
                          what='a quorum')
        self.assertEqual(int(note.splitlines()[1]), size)
        times = [cosigned_by(note, k) for k in self.keys]
        self.assertTrue(all(abs(t - time.time()) < 60 for t in times), times)
        self.assertEqual(len(split_note(note)[1]), 3)  # log, b, c; no liar

        # The published one carries them, and a receipt does; devices take it.
        self.assertEqual(len(split_note(self.published())[1]), 3)
        self.go_reads(note)
        one = a.incident('description=one')
        a.sync()
        notes = [n for n in self.main.log_entries('http')
                 if n.startswith('xunge/time/v1\n') and '\ncosigned ' in n]
        self.assertEqual(len(notes), 1, notes)
        lines = notes[0].splitlines()
        self.assertEqual(lines[2].split()[:2], ['checkpoint', str(size)])
        self.assertEqual(sorted(line.split()[1] for line in lines
                                if line.startswith('cosigned ')),
                         ['b.example/witness', 'c.example/witness'])
        wait_until(lambda: int(self.cosigned().splitlines()[1]) > size,
                   what='the next quorum')
        a.sync()
        self.assertEqual(a.one('verify')['verdict'], 'good')
        self.main.do('check')
        self.witnessed_evidence(a, one)

        # An idle log is not written to by its own witnesses.
        before = self.size()
        time.sleep(3 * EVERY_S)
        self.assertEqual(self.size(), before)

    def witnessed_evidence(self, a, which):
        """What was cosigned is proven to be of the tree of the file, and so
        the case came before the witnesses' time."""
        a.incident('description=two')
        a.sync()
        path = self.main.folder / 'evidence.html'
        need(run(BIN / 'xunge-server', 'export', self.main.data, path,
                 '--evidence', which))
        told = need(run(BIN / 'xunge-audit', 'evidence', path, '--key',
                        self.log_key, '--json')).one()
        self.assertEqual(told['verdict'], 'good', told)
        for record in told['list']:
            self.assertTrue(record['not_after']['witnessed'], record)
        wait_until(lambda: int(self.cosigned().splitlines()[1]) == self.size(),
                   what='a quorum again')

    def go_reads(self, note):
        folder = pathlib.Path(tempfile.mkdtemp(prefix='xunge-go-'))
        self.addCleanup(shutil.rmtree, folder, True)
        env = {**os.environ, 'GO111MODULE': 'off', 'GOFLAGS': '',
               'CGO_ENABLED': '0', 'GOPATH': '/usr/share/gocode',
               'GOCACHE': str(folder / 'cache')}
        subprocess.run(['go', 'build', '-o', folder / 'check',
                        SOURCE / 'tests/interop/cosigned_check.go'],
                       check=True, env=env, timeout=300)
        out = subprocess.run([folder / 'check', self.log_key, *self.keys],
                             input=note.encode(), capture_output=True,
                             timeout=20, check=True).stdout.decode().split()
        self.assertEqual(out[::2], ['b.example/witness', 'c.example/witness'])
        self.assertEqual([int(t) for t in out[1::2]],
                         [cosigned_by(note, k) for k in self.keys])

    def test_each_of_three_witnesses_the_others(self):
        worlds = {w: self.key_of(w) for w in (self.main, self.b, self.c)}
        self.b.stop()
        self.b.start('--plain')
        self.main.start('--plain')
        cosigner = {w: self.witness_key(w) for w in worlds}
        for w in worlds:
            for other, key in worlds.items():
                if other is not w:
                    w.do('witness', 'watch', key)
        for w in worlds:
            w.do('witness', 'watch', worlds[w], code=1)  # not in its own case
            others = [o for o in worlds if o is not w]
            path = w.folder / 'policy'
            path.write_text(''.join(
                'witness w%d %s http://127.0.0.1:%d\n' % (
                    i, cosigner[o], o.port) for i, o in enumerate(others)) +
                'group g all w0 w1\nquorum g\n')
            w.do('witness', 'policy', path)
            w.do('witness', 'ask')
            note = call(w, 'GET', '/log/cosigned')[2].decode()
            for o in others:
                self.assertIsNotNone(cosigned_by(note, cosigner[o]))

    # ---- witnesses that do not ----

    def test_down_and_lying(self):
        self.main.start('--plain')
        self.policy()
        self.c.stop()
        theirs = cosigned = None
        for says in ((200, b'garbage'), (200, b''), (409, b'0\n'), (500, b''),
                     (403, b'no'), (200, bytes(70000)),
                     (302, b'')):
            self.lies.says = says
            said = self.ask(code=4)
            self.assertTrue(said['b']['cosigned'])
            self.assertFalse(said['c']['cosigned'])
            self.assertFalse(said['d']['cosigned'])
            self.assertTrue(said['d']['why'])
            self.assertIsNone(self.cosigned())
        # The line of another, good witness is not the liar's own.
        theirs = call(self.main, 'GET', '/log/checkpoint')[2].decode()
        self.c.start('--plain')
        self.assertTrue(self.ask()['c']['cosigned'])
        cosigned = self.cosigned()
        line = [l for l in cosigned.splitlines() if 'b.example' in l][0]
        self.lies.says = (200, (line + '\n').encode())
        self.assertFalse(self.ask()['d']['cosigned'])
        self.assertEqual(cosigned.splitlines()[:3], theirs.splitlines()[:3])
        self.main.do('check')

    def test_slow_one_holds_nobody_up(self):
        with socket.create_server(('127.0.0.1', 0)) as deaf:
            self.main.start('--plain', '--witness-every', str(EVERY_S))
            a = self.main.enrol('a', 'wa')
            urls = self.urls()
            urls[2] = 'http://127.0.0.1:%d' % deaf.getsockname()[1]
            self.policy(need_=3, urls=urls)  # cannot be reached
            time.sleep(2 * EVERY_S)  # a round is at work now
            begin = time.monotonic()
            for i in range(5):
                a.incident('description=%d' % i)
                a.sync()
            self.assertLess(time.monotonic() - begin, 8)
            begin = time.monotonic()
            self.assertEqual(self.main.stop(), 0)
            self.assertLess(time.monotonic() - begin, 15)

    # ---- a log that was rolled back ----

    def test_a_rolled_back_log(self):
        self.main.start('--plain')
        self.policy()
        self.main.stop()
        early = self.main.folder / 'early'
        shutil.copytree(self.main.data, early)  # with its lock: all of it
        self.main.start('--plain')
        for i in range(3):
            self.main.worker('more%d' % i, 'worker', COMMUNITY)
        self.ask()
        size = self.size()
        self.main.stop()
        shutil.rmtree(self.main.data)
        shutil.copytree(early, self.main.data)
        self.main.start('--plain')
        self.assertLess(self.size(), size)
        said = self.ask(code=4)
        for name in 'bc':
            self.assertIn('old copy', said[name]['why'])
        self.assertIsNone(self.cosigned())
        # It grows on, another way, past what was seen: still no.
        i = 0
        while self.size() <= size:
            self.main.worker('other%d' % i, 'worker', COMMUNITY)
            i += 1
        said = self.ask(code=4)
        for name in 'bc':
            self.assertIn('422', said[name]['why'])
        self.assertIsNone(self.cosigned())
        log = (self.c.folder / 'serve.log').read_text()
        self.assertIn('witness.inconsistent', log)
        self.assertEqual([w['size'] for w in self.c.ask('witness', 'list')],
                         [size])

    # ---- what devices cosign ----

    def test_devices(self):
        self.main.start('--plain')
        a = self.main.enrol('a', 'wa')
        a.incident('description=x')
        a.sync()
        a.sync()
        row, = [r for r in self.main.ask('witness', 'list') if 'device' in r]
        self.assertTrue(row['ours'])
        status, _, body = call(self.main, 'GET', '/log/witnesses')
        self.assertEqual(status, 200)
        note, = frames(body)
        text, lines = split_note(note.decode())
        self.assertEqual([name for name, _, _ in lines],
                         ['main.example', row['device']])
        self.assertEqual(int(text.splitlines()[1]), row['size'])
        self.assertEqual(base64.b64decode(text.splitlines()[2]).hex(),
                         row['root'])
        device = [line for n in self.main.log_entries('http')
                  for line in n.splitlines()
                  if line.startswith('device %s ' % row['device'])][0]
        key = bytes([4]) + base64.b64decode(device.split()[2])
        number = hashlib.sha256(row['device'].encode() + b'\n' +
                                key).hexdigest()[:8]
        vkey = '%s+%s+%s' % (row['device'], number,
                             base64.b64encode(key).decode())
        self.assertEqual(cosigned_by(note.decode(), vkey), 0)  # never a time
        self.main.do('check')

    # ---- tlog-witness, as another log speaks it ----

    def test_protocol(self):
        self.main.start('--plain')
        note = self.published()
        size = int(note.splitlines()[1])
        for body, status in (('', 400), ('old 0\n\nx\n', 400),
                             ('old x\n\n' + note, 400),
                             ('old %d\n\n%s' % (size + 1, note), 400),
                             ('old 0\n\n' + note.replace('main.', 'nain.', 1),
                              404),
                             ('old 0\n\n' + note.replace('\n%d\n' % size,
                                                         '\n%d\n' % (size + 1),
                                                         1), 403),
                             ('old 0\n%s\n\n%s' % (
                                 base64.b64encode(bytes(32)).decode(), note),
                              422)):
            self.assertEqual(call(self.c, 'POST', '/add-checkpoint', body)[0],
                             status, body)
        status, _, lines = call(self.c, 'POST', '/add-checkpoint',
                                'old 0\n\n' + note)
        self.assertEqual(status, 200)
        self.assertIsNotNone(cosigned_by(note + lines.decode(), self.keys[1]))
        self.assertEqual(call(self.c, 'POST', '/add-checkpoint',
                              'old 0\n\n' + note),
                         (409, 'text/x.tlog.size', b'%d\n' % size))
        name = hashlib.sha256(b'main.example').hexdigest()
        self.assertEqual(call(self.c, 'GET', '/witness/%s/checkpoint' % name)[2],
                         note.encode() + lines)
        self.assertEqual(call(self.c, 'GET', '/witness/%s/checkpoint' %
                              name.replace(name[0], '0'))[0], 404)
        # It survives a restart, and does not come back from a backup.
        self.c.stop()
        self.c.start('--plain')
        self.assertEqual(call(self.c, 'POST', '/add-checkpoint',
                              'old 0\n\n' + note)[0], 409)
        self.c.do('witness', 'unwatch', 'main.example')
        self.assertEqual(call(self.c, 'POST', '/add-checkpoint',
                              'old %d\n\n%s' % (size, note))[0], 404)


if __name__ == '__main__':
    unittest.main()
