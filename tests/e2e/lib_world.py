"""A server and several devices in one folder, for tests that drive them.

    FOLDER/server        the data folder
    FOLDER/<name>        the home of the device `name`
    FOLDER/serve.log     what the server had to say

Everything is on the loopback, on ports that the system chose. A World ends what
it started, by process id, and nothing else.

XG_BIN: where the programs lie. XG_SOURCE: the source tree.
"""
import http.client
import json
import os
import pathlib
import shutil
import socket
import ssl
import subprocess
import tempfile
import time
import unittest
import urllib.request

SOURCE = pathlib.Path(os.environ.get(
    'XG_SOURCE', pathlib.Path(__file__).resolve().parents[2]))
BIN = pathlib.Path(os.environ.get('XG_BIN', SOURCE / 'build/bin'))
PHOTOS = SOURCE / 'tests/data/jpeg'
ORIGIN = 'e2e.example'
TERRITORY = '''code,level,parent,name
371302,district,,兰山区
371302001,street,371302,兰山街道
371302001001,community,371302001,一社区
371302001001001,grid,371302001001,一社区一网格
371302001002,community,371302001,二社区
371302001002001,grid,371302001002,二社区一网格
371302-cg,department,371302,综合行政执法局
371302-zj,department,371302,住建局
'''
COMMUNITY, GRID = '371302001001', '371302001001001'
DEPARTMENT, DEPARTMENT_2 = '371302-cg', '371302-zj'
COMMUNITY_2, GRID_2 = '371302001002', '371302001002001'
RUN_S, STOP_S = 60, 20


def environment(**more):
    keep = {k: v for k, v in os.environ.items()
            if k in ('PATH', 'TMPDIR', 'ASAN_OPTIONS', 'UBSAN_OPTIONS',
                     'TSAN_OPTIONS', 'LSAN_OPTIONS', 'LLVM_PROFILE_FILE')}
    keep.update(LC_ALL='C.UTF-8', HOME='/nonexistent', NO_PROXY='*',
                no_proxy='*')
    keep.update(more)
    return keep


class Answer:
    def __init__(self, argv, code, out, err):
        self.argv, self.code, self.out, self.err = argv, code, out, err

    def json(self):
        return [json.loads(line) for line in self.out.splitlines()]

    def one(self):
        lines = self.json()
        assert len(lines) == 1, self.out
        return lines[0]


def run(*argv, stdin='', timeout=RUN_S, **env):
    argv = [str(a) for a in argv]
    r = subprocess.run(argv, input=stdin.encode(), stdout=subprocess.PIPE,
                       stderr=subprocess.PIPE, env=environment(**env),
                       timeout=timeout)
    return Answer(argv, r.returncode, r.stdout.decode(), r.stderr.decode())


def need(answer, *codes):
    if answer.code not in (codes or (0,)):
        raise AssertionError('%s: exit %d, not %s\n%s%s' % (
            ' '.join(answer.argv[:12]), answer.code, codes or (0,),
            answer.out, answer.err))
    return answer


class Agent:
    """One device's home. `env` is added to the environment of its programs:
    another clock, for one."""

    def __init__(self, world, name, home, env=None):
        self.world, self.name, self.home = world, name, pathlib.Path(home)
        self.env = dict(env or {})

    def try_(self, *words, **more):
        return run(BIN / 'xunge', '--home', self.home, '--lang', 'en', *words,
                   **{**self.env, **more})

    def do(self, *words, code=0, **more):
        codes = code if isinstance(code, tuple) else (code,)
        return need(self.try_(*words, **more), *codes)

    def ask(self, *words, **more):
        return self.do(*words, '--json', **more).json()

    def one(self, *words, **more):
        return self.do(*words, '--json', **more).one()

    def sync(self, code=0):
        return self.do('sync', '--json', code=code)

    def incident(self, *words):
        """Its id."""
        if not any(w.startswith('category=') for w in words):
            words = ('category=fire', *words)
        return self.one('incident', *words)['id']

    def show(self, which):
        return self.one('show', which)

    def ids(self):
        return {e['id'] for e in self.ask('list', '--all')}

    def status(self):
        return self.one('status')

    def copy(self, name):
        """Another device that has a copy of this home."""
        home = self.world.folder / name
        shutil.copytree(self.home, home)
        return Agent(self.world, name, home, self.env)

    def put_back(self, copy, keep=()):
        """A backup of this home is put back; files of `keep` stay."""
        kept = {k: (self.home / k).read_bytes() for k in keep}
        shutil.rmtree(self.home)
        shutil.copytree(copy.home, self.home)
        for name, data in kept.items():
            (self.home / name).write_bytes(data)


class World:
    """workers: [(code, role, unit)]; a device for each is enrolled by
    enrol(). territory: a file, else the little one above;
    False: nothing is imported. registrar: her verifier key, where hers is on
    another machine."""

    def __init__(self, workers, where=None, territory=None,
                 registrar=None, origin=ORIGIN):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix='xunge-e2e-',
                                                    dir=where))
        self.data = self.folder / 'server'
        self.port, self.p, self.pin = 0, None, None
        self.env = {}  # of its programs, beside the usual: another clock
        self.log = open(self.folder / 'serve.log', 'wb')
        self.reader = workers[0][0] if workers else None
        try:
            apart = ['--registrar', registrar] if registrar else []
            self.ask('init', '--origin', origin, '--host', '127.0.0.1', *apart)
            table = self.folder / 'territory.csv'
            if territory is None:
                table.write_text(TERRITORY, encoding='utf-8')
            if territory is not False:
                self.ask('territory', 'import', territory or table)
            for worker in workers:
                self.worker(*worker)
        except BaseException:
            self.close()
            raise

    # ---- the server ----

    def try_(self, *words, **more):
        """words[0] or words[0:2] is the command; DIR goes after it."""
        at = 2 if words[0] in ('worker', 'device', 'photo', 'reference',
                               'bundle', 'registry', 'witness',
                               'operator') or \
            words[1:2] in (('import',), ('settle',)) or \
            words[:2] in (('maps', 'add'), ('maps', 'remove')) else 1
        return run(BIN / 'xunge-server', *words[:at], self.data, *words[at:],
                   '--lang', 'en', **{**self.env, **more})

    def do(self, *words, code=0):
        codes = code if isinstance(code, tuple) else (code,)
        return need(self.try_(*words), *codes)

    def ask(self, *words, code=0):
        return self.do(*words, '--json', code=code).json()

    def worker(self, code, role, unit):
        self.ask('worker', 'add', code, '--name', code, '--role', role,
                 '--unit', unit)

    def reference(self, kind, text):
        """Import a file of that kind with these lines."""
        path = self.folder / ('import-' + kind)
        path.write_text(text, encoding='utf-8')
        self.ask(kind, 'import', path)

    def start(self, *words, host='127.0.0.1', prefix=()):
        """words: more options; prefix: what runs the program."""
        assert not self.p
        told = '--url' in words  # the line below has that address then
        if told and not self.port:
            with socket.create_server((host, 0)) as free:
                self.port = free.getsockname()[1]
        self.p = subprocess.Popen(
            [*prefix, BIN / 'xunge-server', 'serve', self.data, '--listen',
             '%s:%d' % (host, self.port), '--lang', 'en', *words],
            stdout=subprocess.PIPE, stderr=self.log, stdin=subprocess.DEVNULL,
            env=environment(**self.env))
        ready = self.p.stdout.readline().decode().split()
        if not ready or ready[0] != 'ready':
            self.stop()
            raise AssertionError('the server does not start: ' + (
                self.folder / 'serve.log').read_text())
        self.pin = ready[3] if ready[2] == 'pin' else None
        if not told:
            self.port = int(ready[1].rsplit(':', 1)[1])

    def stop(self):
        if not self.p:
            return None
        self.p.terminate()
        try:
            self.p.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self.p.kill()
            self.p.wait()
            raise
        finally:
            self.p.stdout.close()
        code, self.p = self.p.returncode, None
        return code

    def close(self):
        try:
            self.stop()
        finally:
            self.log.close()
            shutil.rmtree(self.folder, True)

    def read(self, command, which, *words, code=0):
        """What has personal fields is read in the name of the first worker,
        and recorded."""
        words = (command, which, *words)
        answer = self.try_(*words)
        if answer.code == 2 and '--why' in answer.err:
            answer = self.try_(*words, '--as', self.reader, '--why', 'a test')
        return need(answer, code)

    def show(self, which):
        return self.read('show', which, '--json').one()

    def log_entries(self, scheme='https'):
        """The notes of the log, as the tiles give them to anybody."""
        trust_all = ssl._create_unverified_context()

        def get(path):
            with urllib.request.urlopen('%s://127.0.0.1:%d/log/%s' % (
                    scheme, self.port, path), context=trust_all, timeout=20) as r:
                return r.read()
        size = int(get('checkpoint').decode().splitlines()[1])
        notes = []
        while len(notes) < size:
            tile, rest = len(notes) // 256, size - len(notes)
            path = '%03d' % (tile % 1000)
            while tile >= 1000:
                tile //= 1000
                path = 'x%03d/%s' % (tile % 1000, path)
            data = get('tile/entries/' + path +
                       ('' if rest >= 256 else '.p/%d' % rest))
            while data:
                length = int.from_bytes(data[:2], 'big')
                notes.append(data[2:2 + length].decode())
                data = data[2 + length:]
        assert len(notes) == size, (len(notes), size)
        return notes

    # ---- devices ----

    def code(self, worker):
        return self.ask('code', worker)[0]['code']

    def enrol(self, name, worker, env=None):
        """A device of the worker, enrolled and synced once."""
        agent = Agent(self, name, self.folder / name, env)
        agent.do('enrol', self.code(worker))
        agent.sync()
        return agent


class Served:
    """What serves a page, on self.port of the loopback."""

    def connect(self):
        return http.client.HTTPConnection('127.0.0.1', self.port, timeout=60)

    def send(self, method, path, body=None, headers=None):
        """(status, headers, body)"""
        c = self.connect()
        try:
            c.request(method, path, body, headers or {})
            r = c.getresponse()
            return r.status, r.headers, r.read()
        finally:
            c.close()


class Case(unittest.TestCase):
    """Each test has a world of its own; WORKERS says who is in it. The
    devices a, b, ... belong to the workers in that order."""
    WORKERS = [('wa', 'worker', GRID), ('wb', 'worker', GRID)]
    WHERE = None  # the folder for its folder

    def setUp(self):
        self.world = World(self.WORKERS, self.WHERE)
        self.addCleanup(self.world.close)
        self.world.start()
        self.agents = []
        for (worker, _, _), name in zip(self.WORKERS, 'abcdef'):
            agent = self.world.enrol(name, worker)
            setattr(self, name, agent)
            self.agents.append(agent)

    def settle(self, *agents, rounds=2):
        """Everybody syncs, until everybody has seen what the others had."""
        for _ in range(rounds):
            for agent in agents or self.agents:
                agent.sync()

    def sound(self, *agents):
        """The server's every invariant, and each device's."""
        self.world.do('check')
        for agent in agents or self.agents:
            self.assertEqual(agent.one('verify')['verdict'], 'good',
                             agent.name)

    def same(self, which, *agents):
        """Agents and server show the same of an entity; what they show."""
        shown = shared(self.world.show(which))
        for agent in agents or self.agents:
            self.assertEqual(shared(agent.show(which)), shown, agent.name)
        return shown


# What the centre says beside that (docs/console.md).
BESIDE = {'holders', 'proof', 'proposal', 'category_name', 'changed'}
# What only one side can know of an entity, and what hangs on the moment.
LOCAL = {'names', 'answers', 'out', 'delivery', 'photos', 'place', 'verified', 'author_name', 'clock',
         'clocks', 'moves', 'no_right', 'title'}


def shared(shown):
    if isinstance(shown, dict):
        return {k: shared(v) for k, v in shown.items()
                if k not in LOCAL | BESIDE}
    if isinstance(shown, list):
        return [shared(v) for v in shown]
    return shown


def wait_until(condition, seconds=20, what='it'):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(0.05)
    raise AssertionError('%s did not come within %d s' % (what, seconds))


def main():
    unittest.main(verbosity=2)
