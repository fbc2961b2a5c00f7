"""A server and an agent's home in one folder, for the sweeps.

    FOLDER/server    a data folder with one unit, one worker, one device
    FOLDER/home      the device's home, enrolled
    FOLDER/in        what is imported: a photo, records, a territory
"""
import json
import os
import shutil
import signal
import socket
import subprocess
import threading
import time

from xgfault import Case, need, plain_environment, run

BIN = os.environ.get('XG_BIN', 'build/bin')
SOURCE = os.environ.get('XG_SOURCE',
                        os.path.dirname(os.path.abspath(__file__)) + '/../..')
PHOTO = SOURCE + '/tests/data/jpeg/f1-exif.jpg'
TERRITORY = '''code,level,parent,name
371302,district,,兰山区
371302001,street,371302,兰山街道
371302001001,community,371302001,一社区
371302001001001,grid,371302001001,一社区一网格
'''
UNIT, WORKER = '371302001001001', 'w00000'
STOP_S = 20
SPARE = {'XG_FAULT_SPARE': 'libtasn1,libgmp'}


def program(name):
    return os.path.join(BIN, name)


def lines(text):
    """JSON objects, one a line."""
    return [json.loads(line) for line in text.splitlines() if line.strip()]


# ---- the agent ----

def xunge(folder, *words, env=None, report=None, stdin=''):
    argv = [program('xunge'), '--home', folder + '/home', '--lang', 'en',
            *words]
    return run(argv, env or plain_environment(), report, stdin)


def ask(folder, *words, ok=(0,)):
    r = xunge(folder, *words, '--json')
    need(r.code in ok, '%s: exit %d: %s', ' '.join(words), r.code, r.err)
    return lines(r.out)


def steady(listed):
    """Lines of a list without what says how long their clocks have run."""
    for e in listed:
        e.pop('clock', None)
    return listed


def entities(folder):
    """id: its line of the list."""
    return {e['id']: e for e in steady(ask(folder, 'list', '--all'))
            if not e['id'].startswith('draft')}


def drafts(folder):
    return len(ask(folder, 'draft', 'list'))


def agent_sound(folder):
    ask(folder, 'status')
    ask(folder, 'verify')


# ---- the server ----

def server(folder, *words, env=None, report=None, stdin=''):
    """words[0] or words[0:2] is the command; DIR goes where it belongs."""
    two = words[0] in ('territory', 'calendar', 'worker', 'device',
                      'registry', 'operator', 'witness', 'photo')
    at = 2 if two else 1
    argv = [program('xunge-server'), *words[:at], folder + '/server',
            *words[at:], '--lang', 'en']
    return run(argv, env or plain_environment(), report, stdin)


def ask_server(folder, *words):
    r = server(folder, *words, '--json')
    need(r.code == 0, '%s: exit %d: %s', ' '.join(words), r.code, r.err)
    return lines(r.out)


def server_sound(folder):
    r = server(folder, 'check')
    need(r.code == 0, 'check: exit %d: %s%s', r.code, r.out, r.err)


def free_port():
    with socket.socket() as s:
        s.bind(('127.0.0.1', 0))
        return s.getsockname()[1]


class Serving:
    """The server, running; `with Serving(folder, port) as s:`. It may die
    before it is ready: then s.ready is false."""

    def __init__(self, folder, port, env=None):
        argv = [program('xunge-server'), 'serve', folder + '/server',
                '--listen', '127.0.0.1:%d' % port, '--lang', 'en']
        self.log = open(folder + '/../serve.log', 'w+', encoding='utf-8',
                        errors='replace')
        self.p = subprocess.Popen(argv, env=env or plain_environment(),
                                  stdin=subprocess.DEVNULL,
                                  stdout=subprocess.PIPE, stderr=self.log,
                                  start_new_session=True)
        self.ready = self.wait_ready()
        self.code = None

    def wait_ready(self):
        """The line ends when the process does. A server that hangs before
        it is ready is for the timeout of the test."""
        return self.p.stdout.readline().startswith(b'ready ')

    def stop(self):
        if self.code is not None:
            return self.code
        if self.p.poll() is None:
            self.p.send_signal(signal.SIGTERM)
        try:
            self.code = self.p.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self.p.kill()
            self.p.wait()
            self.code = 'hung'
        self.p.stdout.close()
        self.log.seek(0)
        self.err = self.log.read()
        self.log.close()
        return self.code

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


class Gpsd(threading.Thread):
    """Speaks enough of gpsd's JSON: a walk northwards, a fix every 200 ms."""

    def __init__(self):
        super().__init__(daemon=True)
        self.listener = socket.create_server(('127.0.0.1', 0))
        self.address = '127.0.0.1:%d' % self.listener.getsockname()[1]
        self.start()

    def run(self):
        while True:
            connection, _ = self.listener.accept()
            threading.Thread(target=self.talk, args=[connection],
                             daemon=True).start()

    @staticmethod
    def talk(connection):
        def say(report, **more):
            connection.sendall(json.dumps({'class': report, **more}).encode()
                               + b'\r\n')
        try:
            say('VERSION', release='3.22', rev='3.22', proto_major=3,
                proto_minor=14)
            connection.recv(4096)
            for step in range(3000):
                at = time.strftime('%Y-%m-%dT%H:%M:%S.000Z', time.gmtime())
                say('TPV', device='/dev/fake', mode=3, status=1, time=at,
                    lat=35.05 + step * 1e-5, lon=118.34, altHAE=70.0,
                    eph=5.0, speed=1.2)
                time.sleep(0.2)
        except OSError:
            pass
        connection.close()


def sync(folder, env=None, report=None):
    return xunge(folder, 'sync', '--json', env=env, report=report)


# ---- a prepared folder ----

_base = {}


def make_code(folder, port):
    r = ask_server(folder, 'code', WORKER, '--url',
                   'https://127.0.0.1:%d' % port)
    return r[0]['code']


def fill_inputs(folder):
    os.mkdir(folder + '/in')
    shutil.copy(PHOTO, folder + '/in/photo.jpg')
    with open(folder + '/in/territory.csv', 'w', encoding='utf-8') as f:
        f.write(TERRITORY)
    work = SOURCE + '/tests/data/workload/shifts-3.jsonl'
    with open(work, encoding='utf-8') as f, \
            open(folder + '/in/few.jsonl', 'w', encoding='utf-8') as out:
        mine = [line for line in f if '"worker":"%s"' % WORKER in line]
        out.writelines(mine[:5])


def make_server(folder):
    r = server(folder, 'init', '--origin', 'fault.example', '--host',
               '127.0.0.1')
    need(r.code == 0, 'init: %s', r.err)
    r = server(folder, 'territory', 'import', folder + '/in/territory.csv')
    need(r.code == 0, 'territory: %s', r.err)
    r = server(folder, 'worker', 'add', WORKER, '--name', 'A', '--role',
               'worker', '--unit', UNIT)
    need(r.code == 0, 'worker add: %s', r.err)


def make_base(folder, enrolled=True):
    """Fill an empty folder. Made once a process, then copied."""
    if enrolled not in _base:
        port = free_port()
        fill_inputs(folder)
        make_server(folder)
        code = make_code(folder, port)
        if enrolled:
            with Serving(folder, port) as s:
                need(s.ready, 'the server does not start')
                r = xunge(folder, 'enrol', code)
                need(r.code == 0, 'enrol: %s', r.err)
                r = sync(folder)
                need(r.code == 0, 'first sync: %s', r.err)
        kept = os.path.dirname(folder) + '/base-%d' % enrolled
        shutil.copytree(folder, kept,
                        ignore=shutil.ignore_patterns('*.sock'))
        _base[enrolled] = kept, port, code
    kept, port, code = _base[enrolled]
    shutil.copytree(kept, folder, dirs_exist_ok=True)
    return {'port': port, 'code': code}


def capture(folder, *more):
    r = xunge(folder, 'incident', 'category=fire', 'description=楼道堆物',
              *more, '--json')
    need(r.code == 0, 'capture: exit %d: %s', r.code, r.err)
    return lines(r.out)[0]['id']
