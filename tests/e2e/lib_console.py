"""The operators' console as a browser meets it: logins, calls, requests by
hand. A Desk is one operator's login; a Console belongs to a World that runs."""
import base64
import json
import socket
import threading

from lib_world import Case, Served, World

PASSWORD = 'a password of tests'


class Console(Served):
    """Of a World: start() in place of the world's own."""

    def __init__(self, world):
        self.world = world
        self.port = 0

    def start(self, *words):
        self.world.start('--plain', '--console',
                         '127.0.0.1:%d' % self.port, *words)
        line = self.world.p.stdout.readline().decode().split()
        assert line[0] == 'console', line
        self.url = line[1]
        self.port = int(self.url.rsplit(':', 1)[1])

    def kill(self):
        """As a power cut ends it."""
        self.world.p.kill()
        self.world.p.wait()
        self.world.p.stdout.close()
        self.world.p = None

    def restart(self):
        self.world.stop()
        self.start()

    def post(self, path, body, token=None, **headers):
        head = {'Content-Type': 'application/json', **headers}
        if token:
            head['Authorization'] = 'Bearer ' + token
        status, got, text = self.send('POST', path, json.dumps(body), head)
        return status, got, json.loads(text) if text else None

    # ---- operators ----

    def operator(self, code, role, unit):
        self.world.ask('operator', 'add', code, '--name', 'N-' + code,
                       '--role', role, '--unit', unit)

    def once(self, code):
        return self.world.ask('operator', 'login', code)[0]['once']

    def login(self, code, password=PASSWORD, **more):
        return self.post('/api/login', {'code': code, 'password': password,
                                        **more})

    def desk(self, code, once=True):
        """Logged in; with a one-time key, where it is the first time."""
        given = {'once': self.once(code), 'password': PASSWORD} if once else \
            {'code': code, 'password': PASSWORD}
        status, _, said = self.post('/api/login', given)
        assert status == 200, said
        return Desk(self, said)


class Desk:
    def __init__(self, console, said):
        self.console, self.said = console, said
        self.token, self.code = said['token'], said['code']

    def ask(self, run, *words, path='/api/run', **flags):
        """(status, headers, body) of a call."""
        call = {'run': run, 'words': list(words), 'lang': 'en',
                'flags': {k.replace('_', '-'): v for k, v in flags.items()}}
        return self.console.send(
            'POST', path, json.dumps(call),
            {'Content-Type': 'application/json',
             'Authorization': 'Bearer ' + self.token})

    def run(self, run, *words, **flags):
        """(lines, end)"""
        status, _, body = self.ask(run, *words, **flags)
        lines = [json.loads(line) for line in body.splitlines()]
        if status != 200:
            return [], {'exit': -status, 'error': lines[0].get('detail')}
        return lines[:-1], lines[-1]

    def do(self, run, *words, code=0, **flags):
        """The lines; it must end so."""
        lines, end = self.run(run, *words, **flags)
        assert end['exit'] == code, (run, words, end)
        return lines

    def one(self, run, *words, **flags):
        line, = self.do(run, *words, **flags)
        return line

    def data(self, run, *words, **flags):
        """(status, bytes)"""
        status, _, body = self.ask(run, *words, path='/api/data', **flags)
        return status, body

    def feed(self, body, run, *words, **flags):
        call = json.dumps({'run': run, 'words': list(words), 'flags': flags,
                           'lang': 'en'}).encode()
        text = base64.urlsafe_b64encode(call).decode().rstrip('=')
        status, _, said = self.console.send(
            'POST', '/api/feed', body,
            {'Authorization': 'Bearer ' + self.token, 'Xunge-Call': text})
        return status, [json.loads(line) for line in said.splitlines()]

    def events(self):
        return Events(self)


class Events:
    """What is told to a desk, as it comes."""

    def __init__(self, desk):
        self.c = desk.console.connect()
        self.c.request('GET', '/api/events',
                       headers={'Authorization': 'Bearer ' + desk.token})
        self.r = self.c.getresponse()
        assert self.r.status == 200, self.r.status
        self.lines, self.more = [], threading.Condition()
        self.thread = threading.Thread(target=self.read, daemon=True)
        self.thread.start()

    def read(self):
        try:
            for line in self.r:
                with self.more:
                    self.lines.append(json.loads(line))
                    self.more.notify_all()
        except (OSError, ValueError, AttributeError):
            pass

    def wait(self, what, timeout=20):
        """The first line for which what(line)."""
        with self.more:
            assert self.more.wait_for(
                lambda: any(what(line) for line in self.lines), timeout), \
                self.lines
            return next(line for line in self.lines if what(line))

    def close(self):
        if self.c.sock:
            self.c.sock.shutdown(socket.SHUT_RDWR)
        self.thread.join(20)
        self.r.close()
        self.c.close()


class ConsoleCase(Case):
    """OPERATORS: [(code, role, unit)]."""
    OPERATORS = []
    DEVICES = 0  # of the workers, in their order

    def setUp(self):
        self.world = World(self.WORKERS, self.WHERE)
        self.addCleanup(self.world.close)
        self.console = Console(self.world)
        for operator in self.OPERATORS:
            self.console.operator(*operator)
        self.console.start()
        self.agents = []
        for (worker, _, _), name in list(zip(self.WORKERS, 'ab'))[:self.DEVICES]:
            agent = self.world.enrol(name, worker)
            setattr(self, name, agent)
            self.agents.append(agent)
