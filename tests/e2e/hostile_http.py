"""What a stranger may send to a server that runs, at both of its ports: the
agents' and the console's. (tests/unit/test_web holds the same of the room that
both stand in; this holds that the shipped program uses it so.)

Requests that two readers might read in two ways, what is too large, what is
unknown, pipelining, connections of which half is left, slow senders and
readers; and 5,000 idle connections from one address, while others work.

Strangers call from other addresses of the loopback than the devices do, but
where it is said.
"""
import contextlib
import http.client
import os
import pathlib
import resource
import socket
import ssl
import struct
import threading
import time
import unittest

from lib_console import Console
from lib_world import GRID, World, main, wait_until

CROWD = 5000
IDLE_S = 30         # shared/web/web.h
LATE_S = 15         # and what a busy machine may add
SYNC_S = 5
STRANGER, SLOW = '127.0.0.2', '127.0.0.3'
# Connections that stay of a crowd from one address, and threads and memory
# that it may cost: of each port (shared/web/web.h, server/console/console.h).
STAY = {'agents': 64, 'console': 768}
CLOSING = 32        # those that are just being closed
CROWD_MB = {'agents': 16, 'console': 48}
WHOLE_MB = 96       # the whole server, whatever came

TRUST_ALL = ssl._create_unverified_context()


class Secure(Console):
    """With TLS, as it is shipped."""

    def start(self, *words):
        self.world.start('--console', '127.0.0.1:%d' % self.port, *words)
        self.port = int(self.world.p.stdout.readline().decode()
                        .split()[1].rsplit(':', 1)[1])

    def connect(self):
        return http.client.HTTPSConnection('127.0.0.1', self.port, timeout=60,
                                           context=TRUST_ALL)


class Port:
    """One of the two, and what is asked there."""

    def __init__(self, name, port):
        self.name, self.port = name, port
        self.get, self.post = {'agents': ('/healthz', '/v1/hello'),
                               'console': ('/', '/api/login')}[name]
        self.post_max = {'agents': 64 << 10, 'console': 4096}[name]
        self.kind = {'agents': 'application/octet-stream',
                     'console': 'application/json'}[name]
        # The console's page is sent in one coding only.
        self.heads = 'Host: 127.0.0.1:%d\r\nAccept-Encoding: gzip\r\n' % port

    def dial(self, address='127.0.0.1', room=None):
        s = socket.socket()
        if room:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, room)
        s.bind((address, 0))
        s.settimeout(20)
        s.connect(('127.0.0.1', self.port))
        return s

    def talk(self, said, address=STRANGER):
        """All that comes back, until the other side closes."""
        with self.dial(address) as s:
            with contextlib.suppress(ConnectionError):
                s.sendall(said if isinstance(said, bytes) else said.encode())
            return hear(s)

    def status(self, said):
        return status(self.talk(said))

    def request(self, method, path, more='', body='', close=True):
        return '%s %s HTTP/1.1\r\n%s%s%s\r\n%s' % (
            method, path, self.heads, more,
            'Connection: close\r\n' if close else '', body)

    def good(self, close=True):
        return self.request('GET', self.get, close=close)


def hear(s):
    heard = b''
    with contextlib.suppress(ConnectionError):
        while data := s.recv(65536):
            heard += data
    return heard


def status(answer):
    line = answer.split(b'\r\n', 1)[0].split()
    return int(line[1]) if len(line) > 1 and line[0] == b'HTTP/1.1' else 0


def is_open(s):
    """Nothing was read from it; its end would be."""
    s.setblocking(False)
    try:
        return s.recv(1, socket.MSG_PEEK) != b''
    except BlockingIOError:
        return True
    except OSError:
        return False


class Slow(threading.Thread):
    """Those of which the server must rid itself, while the tests go on; took:
    after how many seconds it did."""

    def __init__(self, ports):
        super().__init__(daemon=True)
        self.links, self.took = [], {}
        for p in ports:
            for what, said, more, room in (
                    ('silent', '', '', None),
                    ('its headers drip', 'GET / HTTP/1.1\r\nX: ', 'x', None),
                    ('its body drips', p.request(
                        'POST', p.post, 'Content-Length: 4000\r\n'
                        'Content-Type: %s\r\n' % p.kind), ' ', None),
                    # Its answers are far more than the kernels keep for it.
                    ('does not read', p.good(close=False) * 20000, '', 2048)):
                s = p.dial(SLOW, room)
                s.setblocking(False)
                self.links.append({'what': '%s: %s' % (p.name, what),
                                   'socket': s, 'left': said.encode(),
                                   'more': more.encode()})
        self.begun, self.count = time.monotonic(), len(self.links)
        self.start()

    def run(self):
        while self.links and time.monotonic() - self.begun < IDLE_S + LATE_S:
            held = self.held()
            for one in list(self.links):
                if one['socket'].getsockname()[1] not in held:
                    self.took[one['what']] = time.monotonic() - self.begun
                    self.links.remove(one)
                    one['socket'].close()
                    continue
                with contextlib.suppress(OSError):
                    if one['left']:
                        sent = one['socket'].send(one['left'])
                        one['left'] = one['left'][sent:]
                    else:
                        one['socket'].send(one['more'])
            time.sleep(.5)
        for one in self.links:
            one['socket'].close()

    @staticmethod
    def held():
        """Ports of those whose other end the server still holds. One that
        does not read does not see it end, so the kernel is asked."""
        lines = pathlib.Path('/proc/net/tcp').read_text().splitlines()[1:]
        return {int(line.split()[2].split(':')[1], 16) for line in lines
                if line.split()[2].startswith('0300007F:')
                and line.split()[3] == '01'}


class Hostile(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        cls.addClassCleanup(resource.setrlimit, resource.RLIMIT_NOFILE,
                            (soft, hard))
        cls.plain, cls.console = cls.serve(Console)
        cls.ports = [Port('agents', cls.plain.port),
                     Port('console', cls.console.port)]
        cls.threads = counted(cls.plain, 'Threads')
        cls.slow = Slow(cls.ports)
        cls.addClassCleanup(cls.slow.join, IDLE_S + 2 * LATE_S)

    @classmethod
    def serve(cls, kind):
        world = World([('wa', 'worker', GRID)])
        cls.addClassCleanup(world.close)
        console = kind(world)
        console.operator('op', 'dispatcher', '371302')
        console.start()
        return world, console

    # ---- requests ----

    def test_one_reading_only(self):
        heads = (
            'Content-Length: 3\r\nContent-Length: 3\r\n',
            'Content-Length: 0\r\nContent-Length: 3\r\n',
            'Content-Length: 3\r\ncontent-length: 30\r\n',
            'Content-Length: 3, 3\r\n', 'Content-Length: +3\r\n',
            'Content-Length: -3\r\n', 'Content-Length: 0x3\r\n',
            'Content-Length : 3\r\n',
            'Transfer-Encoding: gzip\r\n',
            'Transfer-Encoding: gzip, chunked\r\n',
            'A: b\r\n c\r\nContent-Length: 3\r\n',
            'A: b\x01\r\nContent-Length: 3\r\n',
            'no colon\r\nContent-Length: 3\r\n',
            'Host: another.example\r\nContent-Length: 3\r\n')
        # Sound by either reading: nothing but the two headers is wrong.
        both = (
            'Content-Length: 5\r\nTransfer-Encoding: chunked\r\n',
            'Transfer-Encoding: chunked\r\nContent-Length: 5\r\n',
            'Content-Length: 5\r\nTransfer-Encoding: Chunked\r\n',
            'Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n')
        for p in self.ports:
            # It does answer what the others try to get answered.
            self.assertEqual(p.talk(p.good(close=False) + p.good()).count(
                b'HTTP/1.1 200'), 2)
            for head, body in [(h, 'abc') for h in heads] + \
                    [(h, '0\r\n\r\n') for h in both]:
                with self.subTest(port=p.name, head=head):
                    said = p.talk(p.request('POST', p.post, head, body,
                                            close=False) + p.good())
                    self.assertIn(status(said), (400, 413, 501), said)
                    self.assertNotIn(b'HTTP/1.1 200', said)

    def test_what_is_too_large(self):
        for p in self.ports:
            kind = 'Content-Type: %s\r\n' % p.kind
            for what, code, said in (
                    ('a header', 431, p.request('GET', p.get, 'X: %s\r\n' % (
                        'x' * 40000))),
                    ('headers', 431, p.request('GET', p.get, 'A: b\r\n' * 100)),
                    ('a target', 414, p.request('GET', '/' + 'x' * 3000)),
                    ('a long target', 414, p.request('GET', '/' + 'x' * 40000)),
                    # Said before a byte of it was sent.
                    ('a body', 413, p.request(
                        'POST', p.post,
                        kind + 'Content-Length: 99999999999\r\n')),
                    ('a body by a byte', 413, p.request(
                        'POST', p.post, kind + 'Content-Length: %d\r\n' % (
                            p.post_max + 1), 'x' * (p.post_max + 1)))):
                with self.subTest(port=p.name, what=what):
                    self.assertEqual(p.status(said), code)
            with self.subTest(port=p.name, what='chunks without end'):
                chunk, sent = b'1000\r\n' + b'x' * 4096 + b'\r\n', 0
                with p.dial(STRANGER) as s:
                    s.sendall(p.request(
                        'POST', p.post,
                        kind + 'Transfer-Encoding: chunked\r\n').encode())
                    with contextlib.suppress(OSError):
                        while sent < 64 << 20:
                            s.sendall(chunk)
                            sent += len(chunk)
                self.assertLess(sent, 64 << 20)

    def test_what_is_unknown(self):
        for p in self.ports:
            for code, method, path in (
                    (404, 'GET', '/nowhere'), (404, 'GET', '/v1/nowhere'),
                    (405, 'BREW', p.post), (405, 'TRACE', p.post),
                    (405, 'DELETE', p.post), (400, 'OPTIONS', '*'),
                    (400, 'CONNECT', '127.0.0.1:22'),
                    (400, 'GET', '/../etc/passwd'),
                    (400, 'GET', '/%2e%2e/etc/passwd'),
                    (400, 'GET', '/a%2fb'), (400, 'GET', '/a%00'),
                    (400, 'GET', '//etc/passwd'),
                    (400, 'GET', 'http://127.0.0.1/')):
                with self.subTest(port=p.name, method=method, path=path):
                    said = p.talk(p.request(method, path))
                    self.assertEqual(status(said), code, said[:300])
                    if code == 405:
                        self.assertIn(b'\r\nAllow: ', said)
            # Not HTTP/1.1, or no HTTP at all.
            for said in (b'\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03' * 20,
                         b'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
                         b'\x00' * 3000 + b'\r\n\r\n', os.urandom(3000) + b'\n'):
                with self.subTest(port=p.name, said=said[:20]):
                    with p.dial(STRANGER) as s:
                        s.sendall(said)
                        s.shutdown(socket.SHUT_WR)
                        self.assertNotEqual(status(hear(s)), 200)
            self.assertEqual(p.status(p.good()), 200)

    def test_pipelining(self):
        """Answers come in the order of what was asked, a body between."""
        for p in self.ports:
            with self.subTest(port=p.name):
                said = p.talk(
                    p.good(close=False) +
                    p.request('POST', p.post, 'Content-Length: 3\r\n'
                              'Content-Type: text/none\r\n', '[1]',
                              close=False) +
                    p.request('GET', '/nowhere', close=False) + p.good())
                codes = [int(part[:3]) for part in said.split(b'HTTP/1.1 ')[1:]]
                self.assertEqual([codes[0], *codes[2:]], [200, 404, 200], codes)
                self.assertIn(codes[1], (400, 415, 422))

    def test_half_is_left(self):
        """The stranger has said all, or is gone amid a body."""
        for p in self.ports:
            with self.subTest(port=p.name):
                with p.dial(STRANGER) as s:
                    s.sendall(p.good().encode())
                    s.shutdown(socket.SHUT_WR)
                    self.assertEqual(status(hear(s)), 200)
                body = p.request('POST', p.post, 'Content-Length: 900\r\n'
                                 'Content-Type: %s\r\n' % p.kind, '{')
                with p.dial(STRANGER) as s:
                    s.sendall(body.encode())
                    s.shutdown(socket.SHUT_WR)
                    self.assertEqual(hear(s), b'')
                for _ in range(50):
                    with p.dial(STRANGER) as s:
                        s.sendall(body.encode())
                        s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                     struct.pack('ii', 1, 0))
        # Each had a thread, and has none now. (The slow ones have theirs.)
        wait_until(lambda: counted(self.plain, 'Threads') <=
                   self.threads + self.slow.count, 20, 'the end of threads')

    # ---- many ----

    @contextlib.contextmanager
    def crowd(self, port, address):
        """5,000 that never say a thing; two thirds of those that stay have
        begun to."""
        with contextlib.ExitStack() as stack:
            crowd = []
            for i in range(CROWD):
                s = stack.enter_context(port.dial(address))
                if i % 3:
                    with contextlib.suppress(ConnectionError):
                        s.send(b'\x16\x03\x01' if i % 3 == 1 else b'GET / HT')
                crowd.append(s)
            yield crowd

    def within(self, seconds, what, do):
        begun = time.monotonic()
        do()
        took = time.monotonic() - begun
        self.assertLess(took, seconds, what)
        return took

    def test_a_crowd_from_one_address(self):
        world, console = self.serve(Secure)
        agent, desk = world.enrol('a', 'wa'), console.desk('op')
        events = desk.events()
        self.addCleanup(events.close)
        for p in (Port('agents', world.port), Port('console', console.port)):
            for address in (STRANGER, '127.0.0.1'):
                with self.subTest(port=p.name, address=address):
                    self.one_crowd(world, p, address, agent, desk)
        # Who listened from the very address of the crowds still does.
        told = len(events.lines)
        agent.incident('address=here')
        agent.sync()
        wait_until(lambda: len(events.lines) > told, 20, 'word of it')
        world.do('check')

    def one_crowd(self, world, p, address, agent, desk):
        threads, mb = counted(world, 'Threads'), counted(world, 'VmRSS') / 1024
        agent.incident('address=' + p.name)
        with self.crowd(p, address) as crowd:
            synced = self.within(SYNC_S, 'a sync', agent.sync)
            asked = self.within(SYNC_S, 'a call', lambda: desk.do('overdue'))
            more = counted(world, 'Threads') - threads
            grown = counted(world, 'VmRSS') / 1024 - mb
            stay = sum(map(is_open, crowd))
            print('%s, %s: %d of %d stay, %d threads and %.1f MB more; a sync '
                  '%.2f s, a call %.2f s' % (p.name, address, stay, CROWD, more,
                                             grown, synced, asked))
            self.assertLessEqual(stay, STAY[p.name] + 2)
            # How many depends on how fast those that are shut go.
            self.assertGreater(stay, STAY[p.name] // 4)
            self.assertLessEqual(more, STAY[p.name] + CLOSING)
            self.assertLess(grown, CROWD_MB[p.name])
            self.assertLess(counted(world, 'VmHWM') / 1024, WHOLE_MB)
        wait_until(lambda: counted(world, 'Threads') <= threads + 2, 20,
                   'the end of threads')

    # ---- slow ----

    def test_zz_the_slow_are_let_go(self):
        """Each not before its time, and not long after."""
        self.slow.join(IDLE_S + LATE_S)
        for what, s in self.slow.took.items():
            with self.subTest(what):
                self.assertGreater(s, IDLE_S - 1)
                self.assertLess(s, IDLE_S + LATE_S)
        self.assertEqual(len(self.slow.took), 2 * 4)
        for p in self.ports:
            self.assertEqual(p.status(p.good()), 200)


def counted(world, what):
    for line in pathlib.Path('/proc/%d/status' % world.p.pid).read_text() \
            .splitlines():
        if line.startswith(what + ':'):
            return int(line.split()[1])
    return 0


if __name__ == '__main__':
    main()
