"""xunge-ui as a browser meets it: the start file, the key, the token, requests
by hand. A Page ends what it started."""
import base64
import http.client
import json
import pathlib
import re
import subprocess
import threading

from lib_world import BIN, Served, environment

STOP_S = 20


class Page(Served):
    """words: more options; prefix: what runs the program; runtime: its
    XDG_RUNTIME_DIR."""

    def __init__(self, home, *words, runtime=None, enter=True, prefix=(),
                 **env):
        more = dict(env)
        if runtime:
            more['XDG_RUNTIME_DIR'] = str(runtime)
        self.home = pathlib.Path(home)
        self.p = subprocess.Popen(
            [*prefix, BIN / 'xunge', 'ui', '--home', str(home), '--lang', 'en',
             '--no-browser', '--json', *words],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, env=environment(**more))
        self.token = None
        line = self.p.stdout.readline()
        if not line:
            raise AssertionError(self.p.stderr.read().decode())
        self.ready = json.loads(line)
        if 'url' in self.ready:
            self.origin = self.ready['url']
            self.host = self.origin[len('http://'):]
            self.port = int(self.host.rsplit(':', 1)[1])
        if enter and 'url' in self.ready:
            self.enter()

    def key(self):
        html = pathlib.Path(self.ready['file']).read_text()
        return re.search(r'#key=([\w-]+)', html).group(1)

    def enter(self):
        code, _, body = self.send('POST', '/api/enter',
                                  json.dumps({'key': self.key()}),
                                  {'Content-Type': 'application/json'})
        assert code == 200, body
        self.token = json.loads(body)['token']
        return self.token

    def headers(self, more=None):
        return {'Authorization': 'Bearer ' + (self.token or ''),
                'Content-Type': 'application/json', **(more or {})}

    # ---- calls ----

    def open(self, call, path='/api/run', headers=None):
        """The connection and the answer, unread."""
        c = self.connect()
        c.request('POST', path, json.dumps(call), self.headers(headers))
        return c, c.getresponse()

    def run(self, name, *words, secret=None, flags=None, lang=None):
        """(lines, end)"""
        call = {'run': name, 'words': list(words), 'flags': flags or {}}
        if secret is not None:
            call['secret'] = secret
        if lang:
            call['lang'] = lang
        code, _, body = self.send('POST', '/api/run', json.dumps(call),
                                  self.headers())
        return lines(code, body)

    def feed(self, call, body):
        code, _, said = self.send('POST', '/api/feed', body,
                                  self.headers(call_header(call)))
        return lines(code, said)

    def data(self, name, *words, flags=None):
        return self.send('POST', '/api/data', json.dumps(
            {'run': name, 'words': list(words), 'flags': flags or {}}),
            self.headers())

    def events(self):
        return Events(self)

    # ---- the process ----

    def rss_kb(self):
        text = pathlib.Path('/proc/%d/status' % self.p.pid).read_text()
        return int(re.search(r'VmRSS:\s+(\d+)', text).group(1))

    def children(self):
        """{pid: arguments}"""
        found = {}
        for task in pathlib.Path('/proc/%d/task' % self.p.pid).iterdir():
            try:
                pids = (task / 'children').read_text().split()
                for pid in pids:
                    said = pathlib.Path('/proc/%s/cmdline' % pid).read_bytes()
                    found[int(pid)] = said.decode().split('\0')[:-1]
            except (FileNotFoundError, ProcessLookupError):
                continue
        return found

    def stop(self):
        if self.p.poll() is None:
            self.p.terminate()
        try:
            return self.p.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self.p.kill()
            self.p.wait()
            raise
        finally:
            self.p.stdout.close()
            self.p.stderr.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


def call_header(call):
    text = json.dumps(call).encode()
    return {'Xunge-Call': base64.urlsafe_b64encode(text).decode().rstrip('='),
            'Content-Type': 'application/octet-stream'}


def lines(code, body):
    said = [json.loads(line) for line in body.splitlines()]
    if code != 200:
        return [], said[0]
    return said[:-1], said[-1]


class Events:
    """What /api/events says, gathered by a thread."""

    def __init__(self, page):
        self.connection = page.connect()
        self.connection.request('GET', '/api/events', headers=page.headers())
        self.answer = self.connection.getresponse()
        assert self.answer.status == 200, self.answer.read()
        self.heard, self.lock = [], threading.Lock()
        self.first = json.loads(self.answer.readline())
        self.thread = threading.Thread(target=self.listen, daemon=True)
        self.thread.start()

    def listen(self):
        try:
            for line in self.answer:
                with self.lock:
                    self.heard.append(json.loads(line))
        except (OSError, ValueError, http.client.HTTPException,
                AttributeError):
            pass

    def all(self, key):
        with self.lock:
            return [e[key] for e in self.heard if key in e]

    def close(self):
        try:
            self.connection.sock.shutdown(2)
        except OSError:
            pass
        self.thread.join(5)
        self.connection.close()
