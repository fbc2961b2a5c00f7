#!/usr/bin/env python3
"""The operators' console: who gets in, who may do what, who sees what, and what
a stranger can make of it."""
import concurrent.futures
import contextlib
import hashlib
import json
import pathlib
import sqlite3
import time

from lib_console import PASSWORD, ConsoleCase
from lib_world import (COMMUNITY_2, DEPARTMENT, DEPARTMENT_2, GRID, PHOTOS,
                       main)

DISTRICT = '371302'


class Logins(ConsoleCase):
    OPERATORS = [('op', 'dispatcher', DISTRICT), ('reg', 'registrar', DISTRICT)]

    def test_once_is_once(self):
        once = self.console.once('op')
        given = {'once': once, 'password': PASSWORD}
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            got = list(pool.map(
                lambda _: self.console.post('/api/login', given)[0], range(4)))
        self.assertEqual(sorted(got), [200, 401, 401, 401])
        self.assertEqual(self.console.post(
            '/api/login', {'once': once, 'password': 'short'})[0], 400)
        self.assertEqual(self.console.login('op')[0], 200)

    def worked(self):
        """The server's processor time, in ticks."""
        with open('/proc/%d/stat' % self.world.p.pid) as f:
            words = f.read().rpartition(')')[2].split()
        return int(words[11]) + int(words[12])

    def told_to_wait(self, code, least):
        """So many seconds at least: by then even a busy machine has come to
        ask again. Each wrong one doubles the wait of the next."""
        for _ in range(8):
            status, head, said = self.console.login(code, 'wrong')
            if status == 401:
                continue
            self.assertEqual((status, said['code']), (429, 'often'))
            wait = int(head['Retry-After'])
            self.assertGreaterEqual(wait, 1)
            self.assertEqual(said['detail']['wait_s'], wait)
            if wait >= least:
                return
            time.sleep(wait)
        self.fail('never told to wait')

    def test_wrong_is_wrong_alike(self):
        """Nobody learns who has an account, nor by the clock."""
        self.console.desk('op')
        # What the server works for it: the clock on the wall tells as much
        # of who else is at work on this machine.
        took = {'op': 0, 'nobody': 0}
        for _ in range(4):
            for code in took:
                began = self.worked()
                status, _, said = self.console.login(code, 'wrong')
                took[code] += self.worked() - began
                self.assertEqual((status, said['code']), (401, 'login'))
        known, unknown = took.values()
        self.assertGreater(min(known, unknown), 0)
        self.assertLess(abs(known - unknown), 0.6 * max(known, unknown), took)
        # Five wrong ones; then both wait, over a restart too.
        for code in took:
            self.assertEqual(self.console.login(code, 'wrong')[0], 401)
        self.console.restart()
        for code in 'nobody', 'op':
            self.told_to_wait(code, 4)
        # Also the right one, until it is unlocked.
        self.assertEqual(self.console.login('op')[0], 429)
        self.world.ask('operator', 'unlock', 'op')
        self.assertEqual(self.console.login('op')[0], 200)

    def test_sessions_end(self):
        op, other = self.console.desk('op'), self.console.desk('op', once=False)
        reg = self.console.desk('reg')
        end = op.run('list')[1]
        self.assertEqual(set(end), {'exit', 'at', 'behind'})
        # Bytes have no end line.
        for run in 'list', 'report':
            _, head, _ = op.ask(run, path='/api/data', format='csv')
            self.assertEqual((head['Xunge-At'], head['Xunge-Behind']),
                             (str(end['at']), '0'))
        for token in ('', 'x', op.token[:-1], op.token + 'A', 'A' * 43):
            status, _, said = self.console.post('/api/run', {'run': 'list'},
                                                token or None)
            self.assertEqual((status, said['code']), (401, 'auth'))
        # Logout ends this one alone.
        self.assertEqual(self.console.post('/api/logout', {}, op.token)[0], 204)
        self.assertEqual(op.run('list')[1]['exit'], -401)
        self.assertEqual(other.run('list')[1]['exit'], 0)
        # Another password ends the others.
        third = self.console.desk('op', once=False)
        status, _, said = self.console.post(
            '/api/password', {'old': 'wrong', 'new': 'x' * 9}, third.token)
        self.assertEqual((status, said['code']), (401, 'login'))
        self.assertEqual(self.console.post(
            '/api/password', {'old': PASSWORD, 'new': 'x' * 9},
            third.token)[0], 204)
        self.assertEqual(other.run('list')[1]['exit'], -401)
        self.assertEqual(third.run('list')[1]['exit'], 0)
        # So do a lock, and another role; the stream says so by itself.
        told = third.events()
        told.wait(lambda line: line == {})
        reg.do('operator lock', 'op', why='left')
        self.assertEqual(third.run('list')[1]['exit'], -401)
        told.wait(lambda line: line.get('ended'))
        told.close()
        status, _, said = self.console.login('op', 'x' * 9)
        self.assertEqual((status, said['code'], said['detail']),
                         (403, 'locked', 'left'))
        reg.do('operator unlock', 'op')
        # Let in again at once: what was open stays ended all the same.
        status, _, said = self.console.login('op', 'x' * 9)
        reg.do('operator lock', 'op')
        reg.do('operator unlock', 'op')
        self.assertEqual(self.console.post('/api/run', {'run': 'list'},
                                           said['token'])[0], 401)
        status, _, said = self.console.login('op', 'x' * 9)
        reg.do('worker add', 'op', name='N', role='handler', unit=DEPARTMENT)
        self.assertEqual(self.console.post('/api/run', {'run': 'list'},
                                           said['token'])[0], 401)
        # A worker's role has no login.
        reg.do('worker add', 'op', name='N', role='worker', unit=GRID)
        self.assertEqual(self.console.login('op', 'x' * 9)[0], 403)
        # With the process all of them end.
        self.console.restart()
        self.assertEqual(reg.run('list')[1]['exit'], -401)


    def test_no_login_outlives_the_password(self):
        """Who knows the old one, and is just logging in when it is changed."""
        op, got = self.console.desk('op'), []

        def hammer(_):
            while True:
                status, _, said = self.console.login('op')
                if status != 200:
                    return
                got.append(said['token'])

        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            ended = pool.map(hammer, range(4))
            while len(got) < 2:
                time.sleep(0.05)
            self.assertEqual(self.console.post(
                '/api/password', {'old': PASSWORD, 'new': 'x' * 9},
                op.token)[0], 204)
            list(ended)
        for token in got:
            self.assertEqual(self.console.post(
                '/api/logout', {}, token)[0], 401)


class Strangers(ConsoleCase):
    OPERATORS = [('op', 'dispatcher', DISTRICT)]

    def test_a_stranger(self):
        op = self.console.desk('op')
        bearer = {'Authorization': 'Bearer ' + op.token}
        as_json = {**bearer, 'Content-Type': 'application/json'}
        call = json.dumps({'run': 'list'})

        # The page: nothing but its own, in nobody's frame, never kept.
        status, head, _ = self.console.send('GET', '/',
                                            headers={'Accept-Encoding': 'gzip'})
        self.assertEqual(status, 200)
        policy = head['Content-Security-Policy']
        for rule in ("default-src 'none'", "script-src 'self'",
                     "frame-ancestors 'none'", "base-uri 'none'",
                     "form-action 'none'", "require-trusted-types-for 'script'"):
            self.assertIn(rule, policy)
        self.assertNotIn('unsafe', policy)
        self.assertEqual(head['X-Frame-Options'], 'DENY')
        self.assertEqual(head['Referrer-Policy'], 'no-referrer')
        self.assertEqual(head['Cache-Control'], 'no-store')
        self.assertNotIn('Set-Cookie', head)
        status, head, _ = self.console.send('POST', '/api/run', call, as_json)
        self.assertEqual(status, 200)
        self.assertEqual(head['Cache-Control'], 'no-store')
        self.assertEqual(head['X-Content-Type-Options'], 'nosniff')

        # Another's name for this address, another's page.
        for name, value in (('Host', 'evil.example'),
                            ('Host', 'evil.example:%d' % self.console.port),
                            ('Origin', 'http://evil.example'),
                            ('Origin', 'null'),
                            ('Sec-Fetch-Site', 'cross-site'),
                            ('Sec-Fetch-Site', 'same-site')):
            for method, path, body in (('POST', '/api/run', call),
                                       ('GET', '/api/events', None),
                                       ('POST', '/api/login', '{}')):
                status, head, _ = self.console.send(
                    method, path, body, {**as_json, name: value})
                self.assertEqual(status, 403, (name, value, path))
                self.assertNotIn('Access-Control-Allow-Origin', head)
        # A form of another page cannot say that it is JSON, nor send a header.
        for kind in ('text/plain', 'application/x-www-form-urlencoded',
                     'multipart/form-data; boundary=x'):
            for path in ('/api/run', '/api/login', '/api/data'):
                self.assertEqual(self.console.send(
                    'POST', path, call, {**bearer, 'Content-Type': kind})[0],
                    415, (kind, path))
        # Bodies have an end.
        self.assertEqual(self.console.send(
            'POST', '/api/login', '{"code":"%s"}' % ('x' * 5000), as_json)[0],
            413)
        self.assertEqual(self.console.send(
            'POST', '/api/run', '"%s"' % ('x' * 300000), as_json)[0], 413)
        for body in ('', '[]', '{', '{"run":"list","run":"show"}', 'null',
                     '{"run":"list\\u0000"}', '{"run":"\ud800"}'.encode(
                         'utf-8', 'surrogatepass')):
            self.assertEqual(self.console.send('POST', '/api/run', body,
                                               as_json)[0], 400, body)
        self.assertEqual(self.console.send('GET', '/etc/passwd')[0], 404)
        self.assertEqual(self.console.send('GET', '/v1/hello', headers=bearer)
                         [0], 404)
        self.assertEqual(self.console.send('POST', '/api/feed', b'x' * 100,
                                           bearer)[0], 400)  # of no call


class Sight(ConsoleCase):
    OPERATORS = [('op', 'dispatcher', DISTRICT), ('sup', 'supervisor', DISTRICT),
                 ('h1', 'handler', DEPARTMENT), ('h2', 'handler', DEPARTMENT_2),
                 ('c2', 'community', COMMUNITY_2), ('aud', 'auditor', DISTRICT),
                 ('reg', 'registrar', DISTRICT)]
    DEVICES = 1

    def all_that_looks(self, desk, which, photo):
        """(call, exit) of each way to an entity."""
        calls = [('show', which), ('history', which), ('conflicts', which),
                 ('duplicates', which), ('photo list', which),
                 ('photo order', which), ('proof', which), ('do', which),
                 ('do', which, 'remind'), ('set', which, 'address=x'),
                 ('note', which, 'hello'),
                 ('try', 'do', which, 'remind')]
        got = {call: desk.run(*call)[1]['exit'] for call in calls}
        got['withdraw'] = desk.run('withdraw', which, why='x')[1]['exit']
        got['resolve'] = desk.run('resolve', which, 'address', value='x',
                                  why='x')[1]['exit']
        for name, call, flags in (
                ('photo get', ('photo get', photo, '-'), {}),
                ('evidence', ('export', '-'), {'evidence': which}),
                ('person', ('export', '-'),
                 {'evidence_person': 'wa', 'from': '2020-01-01',
                  'to': '2040-01-01'})):
            got[name] = desk.data(*call, **flags)[0]
        return got

    def figures_of(self, desk, cases, whose):
        """A department's handler is told of what is or was in its hands."""
        report, sheet = desk.one('report'), desk.one('review')
        told = {f['name']: f for f in report['figures']}
        self.assertEqual((report['whose'], sheet['whose']), (whose, whose))
        for name in ('received', 'filed', 'open'):
            self.assertEqual(told[name]['numerator'], cases, name)
        for part in ('received', 'filed'):
            self.assertEqual(len(sheet[part]), cases, part)
        self.assertEqual(len(desk.do('report', cases='received')), cases)
        self.assertEqual(sum(row['open'] for row in desk.do('overdue')), cases)

    def test_who_sees_what(self):
        desks = {code: self.console.desk(code) for code, _, _ in self.OPERATORS}
        op = desks['op']
        told = {code: desks[code].events() for code in ('op', 'h1', 'h2')}
        for events in told.values():
            events.wait(lambda line: line == {})
        one = self.a.one('incident', 'category=fire', 'address=甲', '--photo',
                         str(PHOTOS / 'f1-exif.jpg'))['id']
        self.a.sync()
        photo = hashlib.sha256(
            (PHOTOS / 'f1-exif.jpg').read_bytes()).hexdigest()
        op.do('do', one, 'accept')
        op.do('do', one, 'file')
        op.do('do', one, 'dispatch', 'unit=' + DEPARTMENT)

        # Those whose it is hear of it and see it; to the others there is none.
        for code in ('op', 'h1'):
            told[code].wait(lambda line: one in (line.get('cases') or []))
        for code in ('op', 'sup', 'h1', 'aud'):
            desk = desks[code]
            self.assertEqual(desk.one('show', one)['id'], one, code)
            self.assertEqual([r['id'] for r in desk.do('list', 'incident')],
                             [one], code)
            self.assertEqual(desk.one('counts')['open'], 1, code)
            self.assertEqual(desk.data('photo get', photo, '-')[0], 200, code)
            self.figures_of(desk, 1, 'hands' if code == 'h1' else 'home')
        for code in ('h2', 'c2'):
            desk = desks[code]
            got = self.all_that_looks(desk, one, photo)
            self.assertEqual({k: v for k, v in got.items()
                              if v not in (3, 404)}, {}, code)
            self.assertEqual(desk.do('list'), [], code)
            self.assertEqual(desk.do('list', number=one[:8]), [], code)
            self.assertEqual(desk.one('list', count=True)['count'], 0, code)
            self.assertFalse([r for r in desk.do('list', points=True)
                              if r['points']], code)
            self.assertEqual(desk.one('counts')['open'], 0, code)
            self.assertEqual(desk.do('conflicts'), [], code)
            self.assertEqual(desk.do('duplicates'), [], code)
            self.assertEqual(desk.do('suggest', 'incident', 'address'), [],
                             code)
            # A unit that is not hers is none, whatever is asked of it.
            self.assertEqual(desk.run('list', unit=GRID)[0], [], code)
            self.assertEqual(desk.run('report', unit=GRID)[1]['exit'], 3, code)
            self.figures_of(desk, 0, 'hands' if code == 'h2' else 'home')
            self.assertEqual(desk.run('patrols', unit=GRID)[1]['exit'], 3, code)
        self.assertFalse([line for line in told['h2'].lines if line])
        for events in told.values():
            events.close()

        # It does not go on for her once it is in other hands; it stays seen.
        op.do('do', one, 'recall', 'why=wrong')
        self.assertEqual(desks['h1'].one('show', one)['id'], one)
        self.figures_of(desks['h1'], 1, 'hands')
        self.assertEqual(desks['h1'].run('do', one, 'sign')[1]['exit'], 1)

    def test_by_direct_call(self):
        """What a role's page does not offer is refused all the same."""
        desks = {code: self.console.desk(code) for code, _, _ in self.OPERATORS}
        before = len(self.world.log_entries('http'))
        acts = {('do', 'x', 'accept'), ('set', 'x', 'address=y'),
                ('note', 'x', 'y'), ('add', 'incident'), ('link', 'x', 'y')}
        admin = {('worker add', 'zz'), ('operator add', 'zz'),
                 ('operator login', 'op'), ('operator lock', 'op'),
                 ('operator totp', 'op'), ('code', 'wa'), ('device list',),
                 ('device revoke', '0001'), ('registry withdraw', 'all'),
                 ('operator list',), ('worker list',)}
        looks = {('show', 'x'), ('history', 'x'), ('conflicts',)}
        no = {'aud': acts | admin - {('operator list',), ('worker list',),
                                     ('device list',)},
              'reg': acts | looks, 'op': admin, 'sup': admin, 'h1': admin,
              'c2': admin}
        for code, calls in no.items():
            for call in calls:
                status, _, body = desks[code].ask(*call)
                self.assertEqual(status, 403, (code, call, body))
                self.assertEqual(json.loads(body)['detail']['error'], 'refused')
        # Nor does she make what her role does not: work and news for others, a
        # finding about a chain.
        for kind, fields in (
                ('notice', ['title=x', 'text=x']), ('task', ['title=x']),
                ('fork_finding', ['finding=restored', 'why=x'])):
            for call in (('add', kind, *fields), ('try', 'add', kind, *fields)):
                end = desks['h1'].run(*call)[1]
                self.assertEqual(end.get('error', {}).get('error'), 'refused',
                                 (call, end))
        # Nobody acts in another's name, unsigned, or on a path.
        for call in ({'run': 'add', 'words': ['incident'], 'flags':
                      {'as': 'sup'}},
                     {'run': 'add', 'words': ['incident'], 'flags':
                      {'unsigned': True}},
                     {'run': 'add', 'words': ['incident'], 'as': 'sup'},
                     {'run': 'photo get', 'words': ['ab12', '/tmp/x']},
                     {'run': 'redact', 'words': ['x']},
                     {'run': 'list', 'words': ['incident', '/other']},
                     {'run': 'serve'}):
            status, _, said = self.console.post('/api/run', call,
                                                desks['op'].token)
            exit_ = said.get('exit', 2) if status == 200 else 2
            self.assertIn((status, exit_), ((400, 2), (200, 2)), call)
        for path in ('/api/data', '/api/feed'):
            self.assertNotEqual(desks['op'].ask('list', path=path)[0], 200)
        self.assertEqual(len(self.world.log_entries('http')), before)

    def test_files_come_and_go(self):
        reg, op = self.console.desk('reg'), self.console.desk('op')
        table = ('code,level,parent,name\n371302,district,,兰山区\n').encode()
        status, lines = reg.feed(table, 'territory import', '-', edition='T2')
        self.assertEqual((status, lines[-1]), (200, {'exit': 0}), lines)
        self.assertIn('T2', [r['edition'] for r in reg.do('reference list')])
        status, lines = reg.feed(b'nonsense', 'calendar import', '-',
                                 edition='C')
        self.assertNotEqual(lines[-1]['exit'], 0)
        self.assertEqual(op.feed(table, 'territory import', '-')[0], 403)
        self.assertEqual(reg.feed(table, 'list')[0], 400)
        # What leaves whole is for an auditor, or sealed to its device.
        aud = self.console.desk('aud')
        for desk, flags, want in (
                (reg, {'audit': True}, 403), (reg, {'for': '0001'}, 403),
                (reg, {'for': '0001', 'audit': True, 'seal': True}, 403),
                (reg, {'for': '0001', 'seal': True}, 200),
                (aud, {'for': '0001', 'seal': True}, 403),
                (aud, {'audit': True}, 200)):
            self.assertEqual(desk.data('bundle write', '-', **flags)[0], want,
                             (desk.code, flags))
        one = op.one('add', 'incident', 'category=fire')['id']
        status, file = op.data('export', '-', evidence=one)
        self.assertEqual(status, 200, file)
        self.assertIn(b'<html', file[:2000].lower())
        self.assertEqual(op.data('export', '-', evidence='ffff')[0], 404)


class Watched(ConsoleCase):
    OPERATORS = [('op', 'dispatcher', DISTRICT), ('reg', 'registrar', DISTRICT)]

    def test_health_backups_metrics(self):
        reg, op = self.console.desk('reg'), self.console.desk('op')
        # Opened keys lie in its memory: it leaves no image of that.
        limits = pathlib.Path('/proc/%d/limits' % self.world.p.pid).read_text()
        self.assertRegex(limits, r'Max core file size +0 +0 ')
        self.assertEqual(reg.one('health')['backup']['last'], None)
        folder = self.world.data / 'backups'
        folder.mkdir()
        # What a clock that was wrong left there does not push the new one out.
        old = ['server-20%s010%dT000000Z.db' % of for of in
               (('20', 1), ('20', 2), ('20', 3), ('20', 4), ('20', 5),
                ('99', 1), ('99', 2), ('99', 3))]
        for name in old:
            (folder / name).touch()
        (folder / 'server-of-mine.db').touch()
        made = reg.one('backup')
        kept = sorted(p.name for p in folder.glob('server-2*.db'))
        self.assertEqual(len(kept), 7)
        new, = set(kept) - set(old)
        self.assertEqual(kept, sorted([*old[2:], new]))
        self.assertTrue((folder / 'server-of-mine.db').exists())
        self.assertEqual(made['file'], str(folder / new))
        self.assertFalse(list(folder.glob('*.tmp')))
        now = reg.one('health')
        self.assertEqual(now['certificate']['by'], 'none')
        self.assertIn('nothing is encrypted', now['certificate']['doubt'])
        self.assertTrue(now['backup']['last'])
        self.assertIn('same disk', now['backup']['doubt'])
        self.assertEqual(now['log']['doubt'], None)
        self.assertGreater(now['disk']['free'], 0)
        # It opens, and holds what there was.
        with contextlib.closing(sqlite3.connect(made['file'])) as db:
            self.assertEqual(db.execute('SELECT count(*) FROM entry')
                             .fetchone()[0], made['size'])
        for words in (['/tmp/elsewhere.db'], ['-']):
            self.assertEqual(reg.run('backup', *words)[1]['exit'], -400)
        self.assertEqual(op.ask('backup')[0], 403)

        status, head, text = self.console.send('GET', '/metrics')
        self.assertEqual(status, 200)
        figures = dict(line.rsplit(' ', 1) for line in
                       text.decode().splitlines() if line[0] != '#')
        self.assertEqual(int(figures['xunge_log_entries']),
                         len(self.world.log_entries('http')))
        self.assertEqual(figures['xunge_console_sessions'], '2')
        self.assertEqual(self.console.send('GET', '/metrics', headers={
            'Authorization': 'Bearer ' + op.token})[0], 403)
        self.assertEqual(self.console.send('GET', '/metrics', headers={
            'Host': 'evil.example'})[0], 403)
        for name in ('X-Forwarded-For', 'Forwarded', 'Via'):
            self.assertEqual(self.console.send('GET', '/metrics', headers={
                name: 'for=8.8.8.8'})[0], 401, name)
    def test_a_proxy_shows_the_certificate(self):
        """Where both addresses that people call are https; not for one."""
        url, desk = 'https://city.example', 'https://desk.example'
        for words, by in ((['--url', url, '--console-url', desk], 'proxy'),
                          (['--url', url], 'none')):
            self.world.stop()
            self.world.start('--plain', '--console', '127.0.0.1:0', *words)
            told = self.world.ask('health')[0]['certificate']
            self.assertEqual((told['by'], told['until']), (by, None), words)
            self.assertEqual(bool(told['doubt']), by == 'none', words)


class Acts(ConsoleCase):
    WORKERS = [('wa', 'worker', GRID), ('wb', 'worker', GRID)]
    OPERATORS = [('op', 'dispatcher', DISTRICT), ('op2', 'dispatcher', DISTRICT)]
    DEVICES = 2

    def test_done_is_done(self):
        """Killed the moment the answer says so, it is there."""
        op = self.console.desk('op')
        made = []
        for _ in range(3):
            made.append(op.one('add', 'incident', 'category=fire'))
            self.console.kill()
            self.console.start()
            op = self.console.desk('op', once=False)
            for one in made:
                shown = op.one('show', one['id'])
                self.assertEqual(shown['records'], 1)
        # Signed with the key that the login opened.
        line = op.do('history', made[0]['id'])[0]
        self.assertEqual((line['author'], line['grade']), ('op', 'proven'), line)
        self.world.do('check')

    def test_two_decide_at_once(self):
        one = self.a.incident('address=甲', 'grid=' + GRID)
        self.settle()
        self.a.do('set', one, 'address=乙')
        self.b.do('set', one, 'address=丙')
        self.settle()
        desks = [self.console.desk('op'), self.console.desk('op2')]
        conflict, = desks[0].do('conflicts', one, code=5)
        sides = [s['hash'] for s in conflict['sides']]
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            ends = list(pool.map(
                lambda i: desks[i].run('resolve', one, 'address',
                                       take=sides[i], why='seen'), range(2)))
        # One after the other, or the second is told; each that was done is
        # in the story, and what holds is the last.
        done = {ends[i][0][0]['record']: sides[i] for i in range(2)
                if ends[i][1]['exit'] == 0}
        self.assertTrue(done, ends)
        for lines, end in ends:
            if end['exit']:
                self.assertIn('somebody else decided', end['error']['text'])
        values = {s['hash']: s['value'] for s in conflict['sides']}
        for desk in desks:
            self.assertEqual(desk.do('conflicts', one), [])
            story = [r['hash'] for r in desk.do('history', one)
                     if r['hash'] in done]
            self.assertEqual(set(story), set(done))
            self.assertEqual(desk.one('show', one)['fields']['address'],
                             values[done[story[-1]]])
        self.settle()
        self.same(one)


if __name__ == '__main__':
    main()
