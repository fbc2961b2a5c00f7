#!/usr/bin/env python3
"""The local server of the worker's page, as browsers, and those who mean harm,
meet it: who is let in, what may be asked, what happens when somebody goes away
or dies amid it, and that it never holds more than it should."""
import json
import os
import pathlib
import random
import signal
import socket
import stat
import time
import unittest

from lib_page import Page, call_header
from lib_world import (BIN, COMMUNITY, GRID, PHOTOS, SOURCE, Case, main, run,
                       wait_until)


def big_photo(size, seed=1):
    data = (PHOTOS / 'f1-exif.jpg').read_bytes()
    return data + random.Random(seed).randbytes(max(0, size - len(data)))


class Ui(Case):
    WORKERS = [('wa', 'worker', GRID), ('ca', 'community', COMMUNITY)]

    def setUp(self):
        super().setUp()
        self.pages = []
        self.page = self.open(self.a.home)

    def tearDown(self):
        for page in self.pages:
            page.stop()
        super().tearDown()

    def open(self, home, *words, **more):
        page = Page(home, *words, **more)
        self.pages.append(page)
        return page

    def sound_home(self):
        self.assertEqual(self.a.do('verify').code, 0)


class LettingIn(Ui):
    def code(self, method='POST', path='/api/run', body='{"run":"version"}',
             **headers):
        """The status; a header's name with _ for -."""
        headers = {k.replace('_', '-'): v for k, v in headers.items()}
        return self.page.send(method, path, body,
                              {**self.page.headers(), **headers})[0]

    def test_token(self):
        self.assertEqual(self.code(), 200)
        for bad in ('', 'Bearer', 'Bearer x', 'Basic ' + self.page.token,
                    'Bearer ' + self.page.token[:-1],
                    'Bearer ' + self.page.token + 'A',
                    'Bearer ' + 'A' * 43):
            self.assertEqual(self.code(Authorization=bad), 401, bad)
        for method, path in (('GET', '/api/events'), ('POST', '/api/data'),
                             ('GET', '/tiles/a/1/1/1'), ('POST', '/api/feed')):
            body = '{}' if method == 'POST' else None
            code, headers, said = self.page.send(
                method, path, body, {'Content-Type': 'application/json'})
            self.assertIn(code, (401, 429), path)
            self.assertTrue(json.loads(said)['title'])
        # The wrong ones are bounded; the right one does not suffer.
        self.assertEqual(self.code(Authorization='Bearer x'), 429)
        self.assertEqual(self.code(), 200)
        self.assertEqual(self.page.key() != self.page.token, True)

    def test_key_is_good_once(self):
        first = self.page.key()
        body = json.dumps({'key': first})
        json_type = {'Content-Type': 'application/json'}
        code, _, said = self.page.send('POST', '/api/enter', body, json_type)
        self.assertEqual((code, json.loads(said)['token']),
                         (200, self.page.token))
        self.assertEqual(
            self.page.send('POST', '/api/enter', body, json_type)[0], 401)
        self.assertNotEqual(self.page.key(), first)
        for bad in ('{}', '{"key":7}', '', '[]', '{"key":""}'):
            self.assertEqual(
                self.page.send('POST', '/api/enter', bad, json_type)[0], 401)
        for _ in range(10):
            code = self.page.send('POST', '/api/enter', body, json_type)[0]
        self.assertEqual(code, 429)
        self.page.enter()  # the right one, all the same

    def test_rebinding(self):
        port = self.page.port
        for host in ('evil.example', 'evil.example:%d' % port,
                     'localhost:%d' % port, '127.0.0.1',
                     '127.0.0.1:%d' % (port + 1), '[::1]:%d' % port):
            self.assertEqual(self.code(Host=host), 403, host)
            self.assertEqual(self.code('GET', '/', None, Host=host), 403)

    def test_foreign_pages(self):
        self.assertEqual(self.code(Origin=self.page.origin), 200)
        for origin in ('http://evil.example', 'null',
                       'http://127.0.0.1:%d' % (self.page.port + 1),
                       'https://' + self.page.host):
            self.assertEqual(self.code(Origin=origin), 403, origin)
        for site in ('cross-site', 'same-site'):
            self.assertEqual(self.code(Sec_Fetch_Site=site), 403)
            self.assertEqual(self.code('GET', '/', None, Sec_Fetch_Site=site,
                                       Sec_Fetch_Mode='navigate',
                                       Sec_Fetch_Dest='iframe'), 403)
            # The start file is such a foreign page: a visit is welcome.
            self.assertEqual(
                self.code('GET', '/', None, Sec_Fetch_Site=site,
                          Sec_Fetch_Mode='navigate', Sec_Fetch_Dest='document',
                          Accept_Encoding='gzip'), 200)
            self.assertEqual(self.code('GET', '/api/events', None,
                                       Sec_Fetch_Site=site,
                                       Sec_Fetch_Mode='navigate',
                                       Sec_Fetch_Dest='document'), 403)
        self.assertEqual(self.code(Sec_Fetch_Site='same-origin'), 200)
        # What a form can send without asking.
        for kind in ('text/plain', 'application/x-www-form-urlencoded',
                     'multipart/form-data; boundary=x', 'application/jsonx'):
            self.assertEqual(self.code(Content_Type=kind), 415, kind)
            self.assertEqual(self.code(path='/api/enter', Content_Type=kind,
                                       body='{"key":"x"}'), 415)
        for method in ('PUT', 'DELETE', 'OPTIONS', 'GET'):
            self.assertIn(self.code(method, body=None), (404, 405))

    def test_page_files(self):
        code, headers, body = self.page.send('GET', '/', None, {
            'Accept-Encoding': 'gzip, deflate'})
        self.assertEqual((code, headers['Content-Encoding']), (200, 'gzip'))
        self.assertEqual(headers['Cache-Control'], 'no-store')
        policy = headers['Content-Security-Policy']
        self.assertIn("default-src 'none'", policy)
        self.assertNotIn('unsafe', policy)
        for name in ('Referrer-Policy', 'X-Frame-Options',
                     'X-Content-Type-Options', 'Cross-Origin-Opener-Policy'):
            self.assertTrue(headers[name], name)
        for coding in ('', 'identity', 'gzip;q=0', 'br'):
            self.assertEqual(self.code('GET', '/', None,
                                       Accept_Encoding=coding), 406, coding)
        for path in ('/ui.html', '/vault', '/assets/', '/assets/../vault',
                     '/assets/%2e%2e/vault', '/..%2fvault', '//etc/passwd',
                     '/assets/x.js', '/index.html/x', '/%00'):
            self.assertIn(self.code('GET', path, None,
                                    Accept_Encoding='gzip'), (400, 404), path)

    def test_folder_in_place_of_the_page(self):
        folder = self.world.folder / 'page'
        (folder / 'assets').mkdir(parents=True)
        (folder / 'index.html').write_text('<p>mine</p>')
        (folder / 'assets/a.js').write_text('1')
        (folder / 'link.js').symlink_to('/etc/passwd')
        self.page.stop()
        with Page(self.a.home, XUNGE_PAGE=str(folder)) as page:
            code, headers, body = page.send('GET', '/')
            self.assertEqual((code, body), (200, b'<p>mine</p>'))
            self.assertIn('text/html', headers['Content-Type'])
            self.assertIn('javascript',
                          page.send('GET', '/assets/a.js')[1]['Content-Type'])
            for path in ('/link.js', '/../vault', '/assets', '/nothing.js'):
                self.assertIn(page.send('GET', path)[0], (400, 404), path)

    def test_only_here_and_only_for_us(self):
        listening = [line.split() for line in
                     pathlib.Path('/proc/net/tcp').read_text().splitlines()]
        mine = [f[1] for f in listening[1:]
                if f[3] == '0A' and int(f[1].split(':')[1], 16) ==
                self.page.port]
        self.assertEqual(mine, ['0100007F:%04X' % self.page.port])
        start = pathlib.Path(self.page.ready['file'])
        self.assertEqual(stat.S_IMODE(start.stat().st_mode), 0o600)
        said = pathlib.Path('/proc/%d/cmdline' % self.page.p.pid).read_bytes()
        self.assertNotIn(self.page.key().encode(), said)
        self.assertNotIn(self.page.token.encode(), said)
        # Where there is a folder for that, the start file lies there.
        runtime = self.world.folder / 'run'
        runtime.mkdir(mode=0o700)
        self.page.stop()
        self.assertFalse(start.exists())
        with Page(self.a.home, runtime=runtime) as page:
            self.assertTrue(page.ready['file'].startswith(str(runtime)))
            self.assertEqual(page.run('version')[1], {'exit': 0})
        runtime.chmod(0o755)  # others can look in: not there
        with Page(self.a.home, runtime=runtime) as page:
            self.assertTrue(page.ready['file'].startswith(str(self.a.home)))

    def test_second_start(self):
        second = self.open(self.a.home, enter=False)
        self.assertEqual(second.p.wait(10), 0)
        self.assertEqual(second.ready, {'ready': True, 'running': True,
                                        'file': self.page.ready['file']})
        self.assertEqual(self.page.run('version')[1], {'exit': 0})
        self.page.enter()
        # After a kill nothing is in the way.
        self.page.p.kill()
        self.page.p.wait()
        ports = {self.page.port}
        for _ in range(2):
            with Page(self.a.home) as third:
                self.assertEqual(third.run('status')[1], {'exit': 0})
                ports.add(third.port)
        # No port is taken again on purpose: a stranger may have had it.
        self.assertGreater(len(ports), 1)

    def test_port(self):
        taken = str(self.page.port)
        p = run(BIN / 'xunge', 'ui', '--home', self.b.home, '--port', taken,
                '--no-browser', '--json', '--lang', 'en')
        self.assertEqual(p.code, 1)
        self.assertEqual(json.loads(p.err)['error'], 'busy')
        for bad in ('x', '-1', '65536', '80x'):
            p = run(BIN / 'xunge', 'ui', '--home', self.b.home,
                    '--port=' + bad, '--no-browser')
            self.assertEqual(p.code, 2, bad)

    def test_browser(self):
        """It is given the file, and no key in its arguments."""
        said = self.world.folder / 'said'
        browser = self.world.folder / 'browser'
        browser.write_text('#!/bin/sh\nprintf "%%s\\n" "$@" > %s\n' % said)
        browser.chmod(0o755)
        p = run(BIN / 'xunge', 'ui', '--home', self.a.home, '--json',
                BROWSER=str(browser))
        self.assertEqual(p.code, 0, p.err)
        wait_until(said.exists)
        wait_until(lambda: said.read_text().strip() ==
                   self.page.ready['file'])


MOUNT = '''
mkdir -p /media && mount -t tmpfs none /media && mkdir '/media/XG KEY' &&
mount -t tmpfs none '/media/XG KEY' && cd '/media/XG KEY' &&
ln -s "$1" link && echo hello > note || exit 1
shift
exec "$@"
'''


class Calls(Ui):
    def test_answers(self):
        said, end = self.page.run('status')
        self.assertEqual((said[0]['worker'], end), ('wa', {'exit': 0}))
        said, end = self.page.run('show', '--help')
        self.assertEqual((said, end['exit'], end['error']['error']),
                         ([], 2, 'usage'))
        said, end = self.page.run('show', 'x', lang='zh')
        self.assertRegex(end['error']['text'], '[\u4e00-\u9fff]')
        said, end = self.page.run('incident', 'category=fire')
        self.assertEqual(end, {'exit': 0})
        self.assertEqual(said[0]['id'], self.page.run('list')[0][0]['id'])
        said, end = self.page.run('note', said[0]['id'], '--home=/tmp')
        self.assertEqual(end, {'exit': 0})

    def test_hostile(self):
        before = self.a.ids(), self.a.status()['records']
        for call in ({'run': 'leave', 'flags': {'yes': True}},
                     {'run': 'leave', 'words': ['--yes']},
                     {'run': 'passphrase clear'},
                     {'run': 'status', 'flags': {'home': '/tmp/x'}},
                     {'run': 'status --home /tmp'},
                     {'run': 'export', 'flags': {'output': '/tmp/x'}},
                     {'run': 'import', 'words': ['-']},
                     {'run': 'patrol import', 'words': ['/etc/passwd']},
                     {'run': 'photo', 'words': ['x', '-']},
                     {'run': 'bundle read', 'words': ['../x']},
                     {'run': 'bundle read', 'words': ['stick:X/y']},
                     {'run': 'ui'}, {'run': 'completion'}, {}, [], 7,
                     {'run': 'status', 'secret': 'x'}):
            code, _, said = self.page.send('POST', '/api/run',
                                           json.dumps(call),
                                           self.page.headers())
            said = json.loads(said)
            self.assertIn(code, (400, 404, 500), call)
            self.assertTrue(said['detail']['text'], call)
        self.assertEqual(self.page.run('set', '--yes', '--home=/x')[1]['exit'],
                         2)
        for big in (b'{"run":"' + b'x' * (10 << 20) + b'"}',
                    b'[' * 100000, b'{"run":"\xff"}', b'\0' * 100):
            try:
                code = self.page.send('POST', '/api/run', big,
                                      self.page.headers())[0]
            except (BrokenPipeError, ConnectionResetError):
                code = 413  # cut off amid the sending
            self.assertIn(code, (400, 413))
        for bad in ('x', '', 'e30', '!!!!', 'a' * 30000):
            code = self.page.send('POST', '/api/feed', b'x',
                                  self.page.headers({'Xunge-Call': bad}))[0]
            self.assertIn(code, (400, 431), bad[:9])
        self.assertEqual((self.a.ids(), self.a.status()['records']), before)
        self.assertEqual(self.page.children(), {})

    def test_bytes(self):
        code, headers, body = self.page.data('export')
        self.assertEqual((code, headers['Content-Type']),
                         (200, 'application/octet-stream'))
        code, headers, body = self.page.data('bundle write', '-')
        self.assertEqual(code, 200)
        self.assertGreater(len(body), 100)
        code, headers, body = self.page.data('photos get', 'abcdef',
                                             flags={'output': '-'})
        self.assertEqual((code, headers['Content-Type']),
                         (404, 'application/problem+json'))
        self.assertEqual(json.loads(body)['detail']['exit'], 3)
        said, refusal = self.page.run('export')
        self.assertEqual(refusal['detail']['error'], 'usage')

    def test_many_at_once(self):
        opened = [self.page.open({'run': 'status'}) for _ in range(24)]
        for connection, answer in opened:
            last = answer.read().splitlines()[-1]
            self.assertEqual(json.loads(last), {'exit': 0})
            connection.close()

    def test_secrets_and_locking(self):
        events = self.page.events()
        self.assertEqual(self.page.run('passphrase set',
                                       secret='a long horse')[1], {'exit': 0})
        self.assertEqual(self.page.run('lock')[1], {'exit': 0})
        wait_until(lambda: events.all('locked') == [True])
        self.assertEqual(self.page.run('list')[1]['exit'], 6)
        self.assertEqual(self.page.run('unlock', secret='wrong')[1]['exit'], 1)
        self.assertEqual(self.page.run('unlock', secret='a long horse')[1],
                         {'exit': 0})
        wait_until(lambda: events.all('locked') == [True, False])
        self.assertEqual(self.page.run('list')[1], {'exit': 0})
        events.close()

    def test_pin_guards_the_name(self):
        """Nothing is recorded under a name without its PIN, by whatever way;
        nor once it was locked again."""
        self.assertEqual(self.page.run('pin set', secret='4711')[1],
                         {'exit': 0})
        draft = self.page.run('draft write', 'incident', 'category=fire')[0][0]
        ways = (('incident', ['category=fire'], {}),
                ('incident', ['category=fire'], {'as': 'wa'}),
                ('draft finish', [draft['number']], {}),
                ('patrol start', [], {}))

        def refused():
            for name, words, flags in ways:
                end = self.page.run(name, *words, flags=flags)[1]
                self.assertEqual(end['exit'], 6, name)
            self.assertEqual(self.a.ids(), set())

        refused()
        self.assertEqual(self.page.run('pin set', secret='1111')[1]['exit'], 1)
        self.assertEqual(self.page.run('pin remove')[1]['exit'], 1)
        self.assertEqual(self.page.run('pin unlock', secret='0000')[1]['exit'],
                         1)
        refused()
        self.assertEqual(self.page.run('pin unlock', secret='4711')[1],
                         {'exit': 0})
        self.assertEqual(self.page.run('pin lock')[1], {'exit': 0})
        refused()
        self.assertEqual(self.page.run('incident', 'category=fire',
                                       secret='4711')[1], {'exit': 0})

    def test_start_file_led_astray(self):
        """A link in its place is replaced, not followed."""
        start = pathlib.Path(self.page.ready['file'])
        key, victim = self.page.key(), self.world.folder / 'victim'
        victim.write_text('safe')
        start.unlink()
        start.symlink_to(victim)
        code = self.page.send('POST', '/api/enter', json.dumps({'key': key}),
                              {'Content-Type': 'application/json'})[0]
        self.assertEqual((code, victim.read_text()), (200, 'safe'))
        self.assertFalse(start.is_symlink())
        self.assertEqual(stat.S_IMODE(start.stat().st_mode), 0o600)
        self.page.enter()

    def flood(self, count, request, body=b''):
        opened = []
        for _ in range(count):
            s = socket.create_connection(('127.0.0.1', self.page.port))
            head = ('%s HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\n'
                    % (request[0], self.page.host, self.page.token))
            try:
                s.sendall((head + request[1] + '\r\n').encode() + body)
            except OSError:
                pass  # one too many
            opened.append(s)
        return opened

    def test_flood(self):
        """However many come: so many threads, descriptors and commands, and
        afterwards none of them."""
        def held(what):
            return len(list(pathlib.Path('/proc/%d/%s' % (
                self.page.p.pid, what)).iterdir()))

        threads, files = held('task'), held('fd')
        header = call_header({'run': 'incident', 'words': ['category=fire'],
                              'flags': {'photo': ['-:near']}})
        feed = 'Content-Length: 100000\r\n' + ''.join(
            '%s: %s\r\n' % field for field in header.items())
        for count, request, body in (
                (200, ('GET /api/events', ''), b''),
                (100, ('POST /api/feed', feed), b'\xff\xd8\xff')):
            opened = self.flood(count, request, body)
            time.sleep(1)
            self.assertLess(held('task'), threads + 70)
            self.assertLess(held('fd'), files + 150)
            self.assertLess(self.page.rss_kb(), 24 << 10)
            self.assertLessEqual(len(self.page.children()), 8)
            if request[0].endswith('events'):  # who reads on keeps none out
                self.assertEqual(self.page.run('version')[1], {'exit': 0})
            for s in opened:
                s.close()
            wait_until(lambda: held('task') <= threads + 1 and
                       not self.page.children(), 20)
            self.assertEqual(self.page.run('version')[1], {'exit': 0})
        self.assertEqual(self.a.ids(), set())

    @unittest.skipUnless(os.getuid() == 0, 'mounting needs root')
    def test_sticks(self):
        """A file of a stick by its name; nothing else by any name. In a mount
        namespace of its own."""
        self.page.stop()
        secret = self.world.folder / 'secret'
        secret.write_text('secret')
        page = self.open(self.a.home, prefix=(
            'unshare', '-m', 'sh', '-c', MOUNT, 'sh', str(secret)))
        self.a.incident()
        sticks, end = page.run('sticks')
        self.assertEqual([s['name'] for s in sticks], ['XG KEY'])
        said, end = page.run('bundle write', 'stick:XG KEY/up.txt')
        self.assertEqual(end, {'exit': 0}, said)
        files = [f['name'] for f in page.run('sticks')[0][0]['files']]
        self.assertEqual(files, ['up.txt'])
        # It was written there, and is a bundle, though no answer to one.
        said, end = page.run('bundle read', 'stick:XG KEY/up.txt')
        self.assertNotEqual(end['exit'], 3)
        for bad in ('stick:XG KEY/link', 'stick:XG KEY/nothing',
                    'stick:OTHER/up.txt', 'stick:XG KEY/note'):
            said, end = page.run('bundle read', bad)
            self.assertEqual(end['detail']['error'], 'not-found', bad)
        # A link on it leads nowhere when it is written to.
        said, end = page.run('bundle write', 'stick:XG KEY/link')
        self.assertEqual(secret.read_text(), 'secret')

    def test_joining(self):
        """A home that is not there yet."""
        home = self.world.folder / 'newcomer'
        page = self.open(home)
        self.assertEqual(page.run('status')[1]['exit'], 3)
        code = self.world.code('wa')
        said, end = page.run('enrol', secret=code)
        self.assertEqual((end, said[0]['worker']), ({'exit': 0}, 'wa'))
        self.assertTrue(page.run('status')[0][0]['joined'])


class Going(Ui):
    def watching(self):
        return {pid: words for pid, words in self.page.children().items()
                if '--watch' in words}

    def test_reader_goes(self):
        """What only reads is ended with its reader."""
        connection, answer = self.page.open(
            {'run': 'position', 'flags': {'watch': True}})
        wait_until(self.watching)
        connection.sock.close()
        answer.close()
        wait_until(lambda: not self.page.children(), 5)

    def test_killed_child(self):
        connection, answer = self.page.open(
            {'run': 'position', 'flags': {'watch': True}})
        answer.readline()
        for pid in self.watching():
            os.kill(pid, signal.SIGKILL)
        end = json.loads(answer.read().splitlines()[-1])
        self.assertEqual((end['exit'], end['error']['error']), (1, 'io'))
        self.assertIn('9', end['error']['text'])
        connection.close()
        self.assertEqual(self.page.run('status')[1], {'exit': 0})

    def test_slow_reader(self):
        """Who does not read holds up nobody but the own answer."""
        many = self.world.folder / 'many.jsonl'
        many.write_text('\n'.join(json.dumps(
            {'id': 'x%d' % i, 'kind': 'incident', 'worker': 'wa',
             't': 1760000000 + i, 'category': 'fire', 'urgency': 'normal',
             'address': 'here', 'lat': 35.1, 'lon': 118.3,
             'description': 'x' * 900}) for i in range(1000)))
        self.a.do('import', str(many))
        slow = []
        for _ in range(8):
            s = socket.create_connection(('127.0.0.1', self.page.port))
            s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
            body = '{"run":"list"}'
            s.sendall(('POST /api/run HTTP/1.1\r\nHost: %s\r\n'
                       'Authorization: Bearer %s\r\n'
                       'Content-Type: application/json\r\n'
                       'Content-Length: %d\r\n\r\n%s' % (
                           self.page.host, self.page.token, len(body),
                           body)).encode())
            slow.append(s)
        time.sleep(1)
        self.assertLess(self.page.rss_kb(), 16 << 10)
        for s in slow[1:]:
            s.close()
        self.assertEqual(self.page.run('version')[1], {'exit': 0})
        slow[0].close()
        wait_until(lambda: not self.page.children(), 5)

    def incident_with_photo(self):
        return {'run': 'incident', 'words': ['category=fire'],
                'flags': {'photo': ['-:near']}}

    def begin_upload(self, size, sent):
        s = socket.create_connection(('127.0.0.1', self.page.port))
        head = ''.join('%s: %s\r\n' % item for item in self.page.headers(
            call_header(self.incident_with_photo())).items())
        s.sendall(('POST /api/feed HTTP/1.1\r\nHost: %s\r\n%s'
                   'Content-Length: %d\r\n\r\n' % (
                       self.page.host, head, size)).encode())
        s.sendall(big_photo(size)[:sent])
        wait_until(self.page.children)
        return s

    def nothing_saved(self, before):
        time.sleep(0.5)
        self.assertEqual(self.a.ids(), before)
        self.assertEqual(self.a.status()['photos']['total'], 0)
        self.sound_home()

    def test_upload(self):
        size = 40 << 20
        said, end = self.page.feed(self.incident_with_photo(),
                                   big_photo(size))
        self.assertEqual(end, {'exit': 0}, said)
        self.assertEqual(self.a.ask('photos')[0]['bytes'], size)
        self.assertLess(self.page.rss_kb(), 12 << 10)
        self.sound_home()

    def test_upload_is_cut(self):
        before = self.a.ids()
        for sent in (0, 5 << 10, 3 << 20):
            self.begin_upload(4 << 20, sent).close()
            wait_until(lambda: not self.page.children(), 5)
            self.nothing_saved(before)

    def test_program_dies_amid_upload(self):
        before = self.a.ids()
        with self.begin_upload(4 << 20, 3 << 20):
            time.sleep(0.3)
            self.page.p.kill()
            self.page.p.wait()
        self.nothing_saved(before)
        with Page(self.a.home) as page:
            self.assertEqual(page.run('status')[1], {'exit': 0})

    def test_refused_upload(self):
        """The command refuses before it has read all: its words come back."""
        said, end = self.page.feed(
            {'run': 'incident', 'words': ['nonsense'],
             'flags': {'photo': '-'}}, big_photo(8 << 20))
        self.assertEqual((said, end['exit']), ([], 2))
        self.assertEqual(self.page.feed({'run': 'status'}, b'x')[1]['detail'][
            'error'], 'usage')

    def test_term_lets_a_write_end(self):
        size = 40 << 20
        s = self.begin_upload(size, size)
        self.assertEqual(len(self.page.children()), 1)
        self.assertEqual(self.page.stop(), 0)
        s.close()
        self.assertEqual(len(self.a.ids()), 1)
        self.assertEqual(self.a.ask('photos')[0]['bytes'], size)
        self.sound_home()

    def test_kept_until_whole(self):
        """What a command reads twice is not begun before it is there."""
        track = (SOURCE / 'tests/data/gps/quectel.log').read_bytes()
        call = {'run': 'patrol import', 'words': ['-']}
        head = ''.join('%s: %s\r\n' % item for item in self.page.headers(
            call_header(call)).items())
        with socket.create_connection(('127.0.0.1', self.page.port)) as s:
            s.sendall(('POST /api/feed HTTP/1.1\r\nHost: %s\r\n%s'
                       'Content-Length: %d\r\n\r\n' % (
                           self.page.host, head, len(track))).encode() +
                      track[:-10])
            time.sleep(0.3)
            self.assertEqual(self.page.children(), {})
        time.sleep(0.3)
        self.assertEqual(self.a.ids(), set())
        self.assertEqual([p.name for p in self.a.home.iterdir()
                          if p.name.startswith('ui.')
                          and p.name not in ('ui.lock', 'ui.html')], [])
        said, end = self.page.feed(call, track)
        self.assertEqual(end, {'exit': 0}, said)
        self.assertEqual(self.page.run('patrol show')[1], {'exit': 0})

    def test_term_ends_readers(self):
        events = self.page.events()
        connection, answer = self.page.open(
            {'run': 'position', 'flags': {'watch': True}})
        answer.readline()
        begun = time.monotonic()
        self.assertEqual(self.page.stop(), 0)
        self.assertLess(time.monotonic() - begun, 5)
        events.close()
        connection.close()


class Telling(Ui):
    def test_changes(self):
        one, two = self.page.events(), self.page.events()  # two tabs
        self.assertEqual(one.first, {})
        for command in ('list', 'status', 'conflicts', 'due', 'describe'):
            self.assertEqual(self.page.run(command)[1], {'exit': 0})
        self.a.do('list')
        time.sleep(1)
        self.assertEqual(one.all('changed'), [])  # looking changes nothing
        self.a.incident()
        wait_until(lambda: one.all('in') and two.all('in'), 3)
        self.assertIn('records', one.all('in')[0])
        time.sleep(0.5)
        heard, begun = len(one.all('in')), time.monotonic()
        for _ in range(25):
            self.a.incident()
        time.sleep(0.5)
        most = (time.monotonic() - begun) * 4 + 1
        self.assertLessEqual(len(one.all('in')) - heard, most)
        self.assertGreater(len(one.all('in')), heard)
        one.close()
        self.page.run('incident', 'category=fire')
        two.close()

    def test_too_many(self):
        opened = [self.page.events() for _ in range(20)]
        self.assertEqual(self.page.run('version')[1], {'exit': 0})
        with self.assertRaises(AssertionError):
            opened += [self.page.events() for _ in range(30)]
        self.assertEqual(self.page.run('version')[1], {'exit': 0})
        for events in opened:
            events.close()
        self.page.events().close()

    def test_sync(self):
        events = self.page.events()
        self.page.run('incident', 'category=fire')
        first = self.page.open({'run': 'sync', 'lang': 'zh'})
        second = self.page.open({'run': 'sync', 'lang': 'zh'})
        for connection, answer in (first, second):
            said = [json.loads(line) for line in answer.read().splitlines()]
            connection.close()
            self.assertEqual(said[-1], {'exit': 0})
            self.assertTrue(said[-2]['ok'])
            self.assertTrue(all('progress' in line for line in said[:-2]))
        self.assertEqual(self.a.status()['records']['received'], 1)
        heard = wait_until(lambda: len([e for e in events.all('sync')
                                        if 'exit' in e]) >= 1 and
                           events.all('sync'))
        phases = {e['progress']['phase'] for e in heard if 'progress' in e}
        self.assertIn('connecting', phases)
        self.assertTrue(any(e.get('records_received') for e in heard))
        # Its reader goes; it does not.
        self.page.run('incident', 'category=fire')
        connection, answer = self.page.open({'run': 'sync'})
        connection.sock.close()
        answer.close()
        wait_until(lambda: self.a.status()['records']['received'] == 2)
        # Nobody there: the exit status and the reason.
        self.world.stop()
        said, end = self.page.run('sync', flags={'max-time': '0'})
        self.assertEqual((end['exit'], end['error']['error']), (4, 'net'))
        events.close()


class ByItself(Ui):
    """What takes its time, in one: locking after idleness, and syncing."""

    def test_idle(self):
        self.assertEqual(self.page.run('passphrase set',
                                       secret='a long horse')[1], {'exit': 0})
        self.assertEqual(self.page.run('unlock', secret='a long horse')[1],
                         {'exit': 0})
        self.assertEqual(self.page.run('settings', 'lock_after=1',
                                       'sync_every=1')[1], {'exit': 0})
        events = self.page.events()
        begun = time.monotonic()
        self.assertEqual(self.page.run('incident', 'category=fire')[1],
                         {'exit': 0})
        # Sent soon, without being asked.
        wait_until(lambda: self.a.status()['records']['received'] == 1, 45)
        # Calls are no touches: the page may ask by itself.
        time.sleep(max(0, 20 - (time.monotonic() - begun)))
        touch = json.dumps({'run': 'version'})
        self.page.send('POST', '/api/run', touch,
                       self.page.headers({'Xunge-Touch': '1'}))
        touched = time.monotonic()
        while not events.all('locked'):
            self.assertLess(time.monotonic() - touched, 75)
            self.page.run('version')
            time.sleep(0.5)
        self.assertGreater(time.monotonic() - touched, 55)
        self.assertEqual(self.page.run('list')[1]['exit'], 6)
        self.assertLess(self.page.rss_kb(), 10 << 10)
        events.close()


if __name__ == '__main__':
    main()
