"""Bad lines: a proxy that understands HTTP and cuts at a chosen byte, one that
is slow, and a link of packets between two network namespaces.

    Cutter    plain HTTP; one request after the other, so that the place of a
              cut is exact, and each byte that an agent sent is counted
    Slow      any bytes, so many a second, after a delay, with stops
    Link      IP packets between two namespaces of our own, by two tun devices:
              rate, delay, loss, times without a link. Needs root. What the
              kernels' TCP makes of such a line is real
"""
import collections
import ctypes
import fcntl
import heapq
import os
import random
import select
import socket
import struct
import subprocess
import threading
import time


class Listener:
    """Connections from the loopback, each handled in a thread of its own."""

    def __init__(self, upstream=None):
        self.upstream = upstream  # the port of the server
        self.lock = threading.Lock()
        self.sockets, self.connections = [], 0
        self.listener = socket.create_server(('127.0.0.1', 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                agent, _ = self.listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self.guard, args=(agent,),
                             daemon=True).start()

    def guard(self, agent):
        mine = [agent]
        try:
            server = None
            if self.upstream:
                server = socket.create_connection(('127.0.0.1', self.upstream))
                mine.append(server)
            with self.lock:
                self.sockets += mine
            self.handle(agent, server)
        except OSError:
            pass
        finally:
            for s in mine:
                s.close()

    def cut_all(self):
        with self.lock:
            sockets, self.sockets = self.sockets, []
        for s in sockets:
            try:
                s.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.cut_all()


def relay(agent, server):
    """As fast as it goes."""
    other = {agent: server, server: agent}
    while True:
        for s in select.select(list(other), [], [])[0]:
            data = s.recv(65536)
            if not data:
                return
            other[s].sendall(data)


# ---- cuts at a chosen byte ----

def answer(status, kind, body, more=''):
    return ('HTTP/1.1 %d X\r\nContent-Type: %s\r\n%sContent-Length: %d\r\n\r\n'
            % (status, kind, more, len(body))).encode() + body


HEAD, BODY, ANSWER_HEAD, ANSWER_BODY = 'head', 'body', 'answer head', \
    'answer body'


class Request:
    def __init__(self, head):
        self.head = head
        self.method, self.path = head.split(b' ', 2)[:2]
        self.method, self.path = self.method.decode(), self.path.decode()
        self.body = 0  # bytes of it that the agent sent
        self.passed = 0  # and that the server was given
        self.status = None  # that the server answered, whoever heard it
        self.cut = False


class Cutter(Listener):
    """cut(method, path, place, at): the next such request is cut once, after
    `at` bytes of that part; a float is a part of its length. `instead`: bytes
    that are given to the agent in place of an answer of the server's."""

    def __init__(self, upstream=None):
        self.plan, self.requests, self.agent_bytes = None, [], 0
        self.instead = None
        super().__init__(upstream)

    def cut(self, method, path, place, at):
        self.plan = (method, path, place, at)
        self.requests, self.agent_bytes = [], 0

    def due(self, request, place, length):
        """After how many bytes of this part to cut; None: not here."""
        if not self.plan or request is None:
            return None
        method, path, where, at = self.plan
        if where != place or method != request.method or \
                not request.path.startswith(path):
            return None
        self.plan, request.cut = None, True
        return min(int(at * length) if isinstance(at, float) else at, length)

    def head(self, source):
        data = b''
        while not data.endswith(b'\r\n\r\n'):
            byte = source.recv(1)
            if not byte:
                raise OSError('ended')
            data += byte
        return data

    def body(self, source, target, length, request, place, count=None):
        at = self.due(request, place, length)
        left = length if at is None else at
        while left:
            data = source.recv(min(left, 16384))
            if not data:
                raise OSError('ended')
            left -= len(data)
            if count:
                count(len(data))
            target.sendall(data)
        if at is not None:
            raise OSError('cut')

    @staticmethod
    def field(head, name):
        for line in head.split(b'\r\n')[1:]:
            if line.lower().startswith(name + b':'):
                return line.split(b':', 1)[1].strip()
        return b''

    def handle(self, agent, server):
        agent.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        while True:
            request = Request(self.head(agent))
            self.requests.append(request)
            self.agent_bytes += len(request.head)
            other = self.instead(request) if self.instead else None
            if other:
                self.drain(agent, request)
                agent.sendall(other)
                continue
            at = self.due(request, HEAD, len(request.head))
            server.sendall(request.head[:at])
            if at is not None:
                raise OSError('cut')

            def count(n, request=request):
                request.body += n
                request.passed += n
                self.agent_bytes += n
            length = int(self.field(request.head, b'content-length') or 0)
            self.body(agent, server, length, request, BODY, count)
            head = self.head(server)
            request.status = int(head.split()[1])
            at = self.due(request, ANSWER_HEAD, len(head))
            agent.sendall(head[:at])
            if at is not None:
                raise OSError('cut')
            length = int(self.field(head, b'content-length') or 0)
            if request.method != 'HEAD' and request.status != 204:
                self.body(server, agent, length, request, ANSWER_BODY)

    def drain(self, agent, request):
        left = int(self.field(request.head, b'content-length') or 0)
        while left:
            data = agent.recv(min(left, 65536))
            if not data:
                raise OSError('ended')
            left -= len(data)
            request.body += len(data)
            self.agent_bytes += len(data)


# ---- slow, by a proxy ----

class Slow(Listener):
    """bytes_per_s each way, after delay_s. stop(s): nothing moves for so
    long. The kernel's buffers are kept small, so that the sender feels it."""
    PIECE = 256

    def __init__(self, upstream, bytes_per_s, delay_s=0.0):
        self.rate, self.delay = bytes_per_s, delay_s
        self.still_until = 0.0
        self.passed = collections.Counter()
        super().__init__(upstream)
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)

    def stop(self, seconds):
        self.still_until = time.monotonic() + seconds

    def handle(self, agent, server):
        server.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        agent.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        other = threading.Thread(target=self.carry, daemon=True,
                                 args=(server, agent, 'down'))
        other.start()
        self.carry(agent, server, 'up')
        other.join()

    def carry(self, source, target, way):
        late = collections.deque()
        free = time.monotonic()
        open_ = True
        try:
            while open_ or late:
                now = time.monotonic()
                wait = max(0, late[0][0] - now) if late else 1
                room = open_ and free <= now and self.still_until <= now
                if room and select.select([source], [], [],
                                          min(wait, 0.02))[0]:
                    data = source.recv(self.PIECE)
                    open_ = bool(data)
                    free = max(free, now - 0.05) + len(data) / self.rate
                    late.append((free + self.delay, data))
                elif not room:
                    time.sleep(min(wait, 0.01))
                now = time.monotonic()
                while late and late[0][0] <= now >= self.still_until:
                    data = late.popleft()[1]
                    self.passed[way] += len(data)
                    if data:
                        target.sendall(data)
                    else:
                        target.shutdown(socket.SHUT_WR)
        except OSError:
            for s in (source, target):
                try:
                    s.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass


# ---- slow, by packets ----

TUNSETIFF, IFF_TUN, IFF_NO_PI, CLONE_NEWNET = 0x400454ca, 1, 0x1000, 0x40000000
SERVER_ADDRESS, AGENT_ADDRESS = '10.77.0.1', '10.77.0.2'


class Namespace:
    """A network namespace that lives as long as the process in it: nothing is
    left behind, whatever ends the test."""

    def __init__(self, address, peer):
        self.p = subprocess.Popen(['unshare', '--net', 'sh', '-c',
                                   'echo in; exec cat'], stdin=subprocess.PIPE,
                                  stdout=subprocess.PIPE)
        assert self.p.stdout.readline() == b'in\n'
        self.fd = None
        thread = threading.Thread(target=self.open)
        thread.start()
        thread.join()
        if self.fd is None:
            self.close()
            raise OSError('no tun device')
        for words in ('link set lo up', 'link set link0 mtu 1280 up',
                      'addr add %s peer %s dev link0' % (address, peer)):
            subprocess.run([*self.words(), 'ip', *words.split()], check=True)

    def words(self):
        return ['nsenter', '--net=/proc/%d/ns/net' % self.p.pid]

    def open(self):
        """In a thread of its own: it moves to the namespace and ends there."""
        libc = ctypes.CDLL(None, use_errno=True)
        try:
            where = os.open('/proc/%d/ns/net' % self.p.pid, os.O_RDONLY)
            if libc.setns(where, CLONE_NEWNET) == 0:
                fd = os.open('/dev/net/tun', os.O_RDWR | os.O_NONBLOCK)
                fcntl.ioctl(fd, TUNSETIFF, struct.pack(
                    '16sH', b'link0', IFF_TUN | IFF_NO_PI))
                self.fd = fd
            os.close(where)
        except OSError:
            pass

    def close(self):
        if self.fd is not None:
            os.close(self.fd)
        self.p.stdin.close()
        self.p.wait(10)
        self.p.stdout.close()


class Link:
    """Between namespace `server` and namespace `agent`. rate 0: as fast as it
    goes. What does not fit into the queue of the slow end is dropped."""
    QUEUE_S = 4.0

    def __init__(self):
        self.rate, self.delay, self.loss, self.up = 0, 0.0, 0.0, True
        self.random = random.Random(5)
        self.bytes = [0, 0]  # by the agent; by the server
        self.server = Namespace(SERVER_ADDRESS, AGENT_ADDRESS)
        self.agent = Namespace(AGENT_ADDRESS, SERVER_ADDRESS)
        self.ends = False
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def shape(self, rate, delay, loss):
        self.rate, self.delay, self.loss = rate, delay, loss

    def run(self):
        ends = [self.agent.fd, self.server.fd]
        free, late, number = [0.0, 0.0], [], 0
        while not self.ends:
            now = time.monotonic()
            wait = min(0.05, max(0, late[0][0] - now)) if late else 0.05
            for fd in select.select(ends, [], [], wait)[0]:
                way = ends.index(fd)
                try:
                    packet = os.read(fd, 65536)
                except BlockingIOError:
                    continue
                now = time.monotonic()
                free[way] = max(free[way], now)
                if not self.up or free[way] - now > self.QUEUE_S or \
                        self.random.random() < self.loss:
                    continue
                self.bytes[way] += len(packet)
                if self.rate:
                    free[way] += len(packet) / self.rate
                number += 1
                heapq.heappush(late, (free[way] + self.delay, number,
                                      ends[1 - way], packet))
            now = time.monotonic()
            while late and late[0][0] <= now:
                _, _, fd, packet = heapq.heappop(late)
                try:
                    if self.up:
                        os.write(fd, packet)
                except OSError:
                    pass

    def close(self):
        self.ends = True
        self.thread.join()
        self.agent.close()
        self.server.close()


def link():
    """A Link, or None where namespaces or tun devices are not permitted."""
    made = None
    try:
        made = Link()
        subprocess.run([*made.agent.words(), 'true'], check=True)
        return made
    except (OSError, AssertionError, subprocess.SubprocessError):
        if made:
            made.close()
        return None
