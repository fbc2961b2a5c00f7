#!/usr/bin/env python3
"""The console's gate: whose session ends when, what others may do to a login,
who is the author of what, what one operator may take, and every call by every
role."""
import base64
import contextlib
import hashlib
import json
import re
import socket
import threading
import time

from lib_console import PASSWORD, ConsoleCase
from lib_world import (BIN, COMMUNITY_2, DEPARTMENT, DEPARTMENT_2, GRID, GRID_2,
                       PHOTOS, SOURCE, main, need, run)

DISTRICT = '371302'
AGAIN = 'another password of tests'


class Given(ConsoleCase):
    """A registrar gives another login to somebody who has one."""
    OPERATORS = [('op', 'dispatcher', DISTRICT), ('sup', 'supervisor', DISTRICT),
                 ('h1', 'handler', DEPARTMENT), ('h2', 'handler', DEPARTMENT_2),
                 ('aud', 'auditor', DISTRICT), ('reg', 'registrar', DISTRICT),
                 ('reg2', 'registrar', DISTRICT)]

    def items(self, desk, what='login'):
        return desk.do('attention', what=what, code=5) if desk.run(
            'attention', what=what)[1]['exit'] == 5 else []

    def take(self, once):
        status, _, said = self.console.post(
            '/api/login', {'once': once, 'password': AGAIN})
        self.assertEqual(status, 200, said)
        return said

    def test_it_is_told_and_seen(self):
        op, sup, h2, aud, reg = (self.console.desk(c) for c in (
            'op', 'sup', 'h2', 'aud', 'reg'))
        before = op.one('add', 'incident', 'category=fire')['id']
        self.assertEqual(op.one('proof', before)['keys'], [])
        # Not without a reason; the first login of somebody wants none.
        lines, end = reg.run('operator login', 'op')
        self.assertEqual((lines, end['exit'], end['error']['wants']),
                         ([], 2, 'why'))
        self.assertEqual(reg.run('operator login', 'op', why='  ')[1]['exit'],
                         2)
        self.assertIn('once', reg.one('operator login', 'h1'))
        for desk in (sup, aud, reg, op):
            self.assertEqual(self.items(desk), [], desk.code)
        once = reg.one('operator login', 'op', why='forgot it')['once']
        # Told at once, used or not: to those over her, not to others.
        item, = self.items(sup)
        self.assertEqual((item['what'], item['reason']), ('login', 'given'))
        self.assertIn('reg', item['text'])
        self.assertIn('forgot it', item['text'])
        self.assertIn('op', item['title'])
        self.assertEqual(len(self.items(aud)), 1)
        self.assertEqual(self.items(h2), [])
        self.assertEqual(op.one('show', before)['id'], before)  # unused so far
        told = [a for a in aud.do('accesses') if a['how'] == 'login']
        self.assertEqual([(a['reader'], a['what'], a['why']) for a in told],
                         [('reg', ['op'], 'forgot it')])
        # It is used: her session ends, her key is another, and that is said.
        self.take(once)
        self.assertEqual(op.ask('list')[0], 401)
        taken = self.console.login('op', AGAIN)[2]
        self.assertTrue(taken['signs'])
        op.token = taken['token']
        after = op.one('add', 'incident', 'category=fire')['id']
        key, = op.one('proof', after)['keys']
        self.assertEqual((key['code'], key['given'], key['by']),
                         ('op', True, 'reg'))
        self.assertEqual(op.one('proof', before)['keys'], [])
        self.assertIn('op', op.one('proof', after)['text'])
        row, = [r for r in reg.do('operator list') if r['code'] == 'op']
        self.assertEqual((row['given']['by'], row['given']['why']),
                         ('reg', 'forgot it'))
        self.assertTrue(row['given']['used'])
        item, = self.items(sup)
        self.assertEqual(item['reason'], 'used')
        # Neither she nor who gave it says that it was seen.
        for desk, exit_ in ((op, 1), (reg, -403), (aud, -403), (h2, -403)):
            self.assertEqual(desk.run('attention settle', 'login', item['key'],
                                      why='fine')[1]['exit'], exit_, desk.code)
        sup.one('attention settle', 'login', item['key'], why='asked her')
        for desk in (sup, aud, op, reg):
            self.assertEqual(self.items(desk), [], desk.code)
        # The next ones are told anew, none in the place of another.
        reg.one('operator login', 'op', why='again')
        item, = self.items(sup)
        reg2 = self.console.desk('reg2')
        once = reg2.one('operator login', 'op', why='and again')['once']
        self.assertEqual([(i['reason'], 'and again' in i['text'])
                          for i in self.items(sup)],
                         [('given', False), ('given', True)])
        # Who gave one may not settle that; and one settles one.
        sup.one('attention settle', 'login', item['key'], why='asked her')
        item, = self.items(sup)
        self.assertIn('reg2', item['text'])
        # It is still there after a restart, and after another key.
        self.take(once)
        self.console.restart()
        sup = self.console.desk('sup', once=False)
        item, = self.items(sup)
        self.assertEqual(item['reason'], 'used')
        sup.one('attention settle', 'login', item['key'], why='asked her')
        self.assertEqual(self.items(sup), [])

    def test_a_second_factor_taken_away(self):
        self.console.desk('op')
        sup, reg = self.console.desk('sup'), self.console.desk('reg')
        self.assertEqual(reg.run('operator totp', 'op', remove=True,
                                 why='x')[1]['exit'], 3)
        self.assertEqual(self.items(sup), [])

    def test_it_takes_two(self):
        self.console.world.stop()
        self.console.start('--two-for-login')
        op, sup, h1, reg, reg2 = (self.console.desk(c) for c in (
            'op', 'sup', 'h1', 'reg', 'reg2'))
        ask = ('operator login', 'op')
        consent = ('operator consent', 'op')
        self.assertEqual(sup.run(*consent)[1]['exit'], 3)  # nobody asked
        got = reg.one(*ask, why='forgot it')
        self.assertEqual((got.get('once'), got['asked']), (None, True))
        self.assertEqual(reg.one(*ask, why='really')['asked'], True)
        self.assertEqual(reg2.run(*ask, why='me too')[1]['exit'], 1)
        self.assertEqual(self.items(sup), [])  # nothing was given
        item, = self.items(sup, 'login_asked')
        self.assertEqual((item['key'], item['reason']), ('op', 'asked'))
        # Not she herself, not who asks, not somebody else.
        self.assertEqual(reg.run(*consent)[1]['exit'], 1)
        for desk in (op, h1):
            self.assertEqual(desk.run(*consent)[1]['exit'], -403)
        reg2.one(*consent, refuse=True)
        self.assertEqual(self.items(sup, 'login_asked'), [])
        self.assertIn('asked', reg.one(*ask, why='please'))
        sup.one(*consent)
        self.assertEqual(self.items(sup, 'login_asked'), [])
        self.assertEqual(reg2.run(*ask, why='now me')[1]['exit'], 1)
        once = reg.one(*ask, why='please')['once']
        item, = self.items(sup)
        self.take(once)
        aud = self.console.desk('aud')
        told, = [a for a in aud.do('accesses') if a['how'] == 'login']
        self.assertIn('--as sup', told['filter'])
        # Good for one: the next asks again. Whose login who asks gave, does
        # not agree to anything of theirs.
        self.assertIn('asked', reg.one(*ask, why='more'))
        self.assertIn('asked', reg.one('operator login', 'reg2', why='x'))
        sup.one('operator consent', 'reg2')
        again = reg.one('operator login', 'reg2', why='x')['once']
        reg2.token = self.take(again)['token']
        self.assertEqual(reg2.run(*consent)[1]['exit'], 1)
        # Who has the data folder needs nobody.
        self.assertIn('once', self.world.ask(
            'operator', 'login', 'op', '--why', 'on the machine')[0])


class Turns(ConsoleCase):
    OPERATORS = [('op', 'dispatcher', DISTRICT), ('reg', 'registrar', DISTRICT)]

    def test_changed_and_changed_back(self):
        """Between two looks of a stream, and before the next request."""
        op, reg = self.console.desk('op'), self.console.desk('reg')
        home = {'name': 'N-op', 'role': 'dispatcher', 'unit': DISTRICT}
        changes = (
            [('operator add', {**home, 'role': 'handler'}),
             ('operator add', home)],
            [('operator add', {**home, 'unit': DEPARTMENT}),
             ('operator add', home)],
            [('operator lock', {'why': 'x'}), ('operator unlock', {})])
        for steps in changes:
            events = op.events()
            self.assertEqual(op.ask('list')[0], 200)
            for name, flags in steps:
                reg.do(name, 'op', **flags)
            events.wait(lambda line: line.get('ended'))
            events.close()
            self.assertEqual(op.ask('list')[0], 401, steps)
            status, _, said = self.console.login('op')
            self.assertEqual(status, 200)
            op.token = said['token']


class Quotas(ConsoleCase):
    OPERATORS = [('op', 'dispatcher', DISTRICT), ('op2', 'dispatcher', DISTRICT),
                 ('reg', 'registrar', DISTRICT)]

    def upload(self, desk, size):
        """A body that stalls: (socket)."""
        call = base64.urlsafe_b64encode(json.dumps(
            {'run': 'photo add', 'words': ['-']}).encode()).decode().rstrip('=')
        s = socket.create_connection(('127.0.0.1', self.console.port),
                                     timeout=20)
        s.sendall(('POST /api/feed HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n'
                   'Authorization: Bearer %s\r\nXunge-Call: %s\r\n'
                   'Content-Length: %d\r\n\r\nx' % (
                       self.console.port, desk.token, call, size)).encode())
        return s

    @staticmethod
    def finish(s, size):
        """The rest of it; the status."""
        s.sendall(b'x' * (size - 1))
        return int(s.recv(100)[9:12])

    def test_one_does_not_starve_others(self):
        op, op2 = self.console.desk('op'), self.console.desk('op2')
        held, size = [], 1 << 20
        try:
            held += [self.upload(op, size) for _ in range(4)]
            time.sleep(0.5)
            held.append(self.upload(op, size))
            self.assertEqual(self.finish(held[-1], size), 503)
            held.append(self.upload(op2, size))
            self.assertNotEqual(self.finish(held[-1], size), 503)
            self.assertNotEqual(self.finish(held[0], size), 503)
        finally:
            for s in held:
                s.close()
        # What was cut off is given back.
        for _ in range(100):
            with self.upload(op, size) as s:
                status = self.finish(s, size)
            if status != 503:
                break
            time.sleep(0.1)
        self.assertNotEqual(status, 503)
        # Streams.
        streams = []
        try:
            for _ in range(16):
                streams.append(op.events())
            status, head, _ = self.console.send(
                'GET', '/api/events',
                headers={'Authorization': 'Bearer ' + op.token})
            self.assertEqual((status, head['Retry-After']), (503, '5'))
            op2.events().close()
        finally:
            for events in streams:
                events.close()

    def fetch(self, desk, photo):
        """A file that is asked for, and read no further: (socket, status)."""
        call = json.dumps({'run': 'photo get', 'words': [photo, '-']})
        s = socket.socket()
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        s.settimeout(20)
        s.connect(('127.0.0.1', self.console.port))
        s.sendall(('POST /api/data HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n'
                   'Authorization: Bearer %s\r\n'
                   'Content-Type: application/json\r\nContent-Length: %d\r\n'
                   '\r\n%s' % (self.console.port, desk.token, len(call),
                               call)).encode())
        return s, int(s.recv(100)[9:12])

    def test_files_that_nobody_reads(self):
        op, op2 = self.console.desk('op'), self.console.desk('op2')
        photo = (PHOTOS / 'f1-exif.jpg').read_bytes()
        filler = b'\xff\xef\xff\xff' + bytes(65533)  # more than a socket holds
        large = photo[:2] + 120 * filler + photo[2:]
        said = {}
        for desk in (op, op2):
            _, lines = desk.feed(large, 'photo add', '-')
            said = lines[0]
        held = []
        try:
            for _ in range(16):
                held.append(self.fetch(op, said['sha256']))
            self.assertEqual({status for _, status in held}, {200})
            held.append(self.fetch(op, said['sha256']))
            self.assertEqual(held[-1][1], 503)
            held.append(self.fetch(op2, said['sha256']))
            self.assertEqual(held[-1][1], 200)
        finally:
            for s, _ in held:
                s.close()
        # What nobody reads any more is given back; what is whole, too.
        for _ in range(100):
            status, got = op.data('photo get', said['sha256'], '-')
            if status != 503:
                break
            time.sleep(0.1)
        self.assertEqual((status, got), (200, large))

    def test_a_loop_of_one(self):
        """Many at once of one, while another works: she waits for hers alone."""
        op, op2 = self.console.desk('op'), self.console.desk('op2')
        for _ in range(30):
            op.do('add', 'incident', 'category=fire')
        stop, seen = threading.Event(), set()

        def loop():
            while not stop.is_set():
                seen.add(op.ask('report')[0])
        threads = [threading.Thread(target=loop) for _ in range(40)]
        for t in threads:
            t.start()
        try:
            took = []
            for _ in range(10):
                began = time.monotonic()
                op2.do('counts')
                took.append(time.monotonic() - began)
        finally:
            stop.set()
            for t in threads:
                t.join()
        self.assertLessEqual(seen, {200, 503})
        self.assertLess(sorted(took)[5], 3.0, took)


class Office(ConsoleCase):
    """A whole office behind one address: 200 pages, each with its events and two
    calls of the same moment."""
    OPERATORS = [('op%02d' % n, 'dispatcher', DISTRICT) for n in range(20)]
    PAGES, CALLS, WITHIN_S = 10, 20, 60  # of each

    def begin(self, desk, n):
        """A connection by which a call was sent; nothing is read of it yet."""
        call = {'run': 'show', 'words': [self.case]} if n % 2 else \
            {'run': 'list', 'flags': {'limit': str(n + 1)}}
        c = self.console.connect()
        c.request('POST', '/api/run', json.dumps(call),
                  {'Content-Type': 'application/json',
                   'Authorization': 'Bearer ' + desk.token})
        return c

    def test_200_pages_ask_at_once(self):
        desks = [self.console.desk(code) for code, _, _ in self.OPERATORS]
        self.case = desks[0].one('add', 'incident', 'category=fire')['id']
        with contextlib.ExitStack() as opened:
            streams = [desk.events() for desk in desks
                       for _ in range(self.PAGES)]
            for events in streams:
                opened.callback(events.close)
            self.assertEqual(len(streams), 200)
            for _ in range(2):  # the second time with what is known
                began, asked = time.monotonic(), []
                for n in range(self.CALLS):
                    for desk in desks:
                        asked.append(self.begin(desk, n))
                        opened.callback(asked[-1].close)
                self.assertEqual(len(asked), 400)
                for c in asked:
                    answer = c.getresponse()
                    said = answer.read().splitlines()
                    self.assertEqual(answer.status, 200, said)
                    self.assertEqual(json.loads(said[-1])['exit'], 0, said[-1])
                    c.close()
                self.assertLess(time.monotonic() - began, self.WITHIN_S)
            # Each page hears of what comes after it.
            fresh = desks[1].one('add', 'incident', 'category=fire')['id']
            for events in streams:
                events.wait(lambda line: fresh in json.dumps(line))


def rows():
    """(command, roles, as, file, flags) of the table."""
    text = (SOURCE / 'server/console/calls.c').read_text(encoding='utf-8')
    macros = {'CENTRE': {'dispatcher', 'supervisor'}}
    macros['DESKS'] = macros['CENTRE'] | {'handler', 'community', 'grid_head'}
    macros['READERS'] = macros['DESKS'] | {'auditor'}
    macros['ADMIN'] = {'registrar'}
    macros['ALL'] = macros['READERS'] | macros['ADMIN']

    def roles(words):
        return set().union(*(
            {m.group(1).lower()} if (m := re.match(r'OF\((\w+)\)', word))
            else macros[word] for word in re.split(r'\s*\|\s*', words.strip())))
    table = text[text.index('call_rows[] ='):text.index('clang-format on')]
    found = {}
    for m in re.finditer(r'(READ|PLAIN)\("([^"]+)", ([^,]+),', table):
        found[m.group(2)] = (roles(m.group(3)), m.group(1) == 'READ', '')
    for m in re.finditer(r'ACT\("([^"]+)",', table):
        found[m.group(1)] = (roles('DESKS'), True, '')
    for m in re.finditer(r'IMPORT\("([^"]+)"\)', table):
        found[m.group(1)] = (roles('ADMIN'), False, 'i')
    for m in re.finditer(r"\{\{\"([^\"]+)\", (0|'.'), \d,[^}]*\}, ([^,]+), "
                         r'(CALL_\w+),', table):
        found[m.group(1)] = (roles(m.group(3)), m.group(4) != 'CALL_NOBODY',
                             m.group(2).strip("'0"))
    return found


class Hidden(ConsoleCase):
    """What lies outside is as if it were not there: by whatever it is named,
    wherever that stands, the answer is that to a name that nobody ever gave."""
    OPERATORS = [('op', 'dispatcher', DISTRICT), ('h2', 'handler', DEPARTMENT_2),
                 ('c2', 'community', COMMUNITY_2)]
    DEVICES = 1

    def calls(self, mine, it, hash_, way):
        """Each call that takes a name of something; `it` is not to be seen."""
        why = {'why': 'x'}
        run, data = '/api/run', '/api/data'
        calls = [(run, [name, it], {}) for name in (
            'show', 'history', 'proof', 'conflicts', 'duplicates', 'photo list',
            'photo order', 'do')]
        calls += [(run, ['show', it], why), (run, ['history', it], why),
                  (run, ['do', it, 'remind', 'why=x'], {}),
                  (run, ['do', it, 'sign'], {}),
                  (run, ['set', it, 'address=x'], {}),
                  (run, ['note', it, 'x'], {}), (run, ['withdraw', it], why),
                  (run, ['resolve', it, 'address'], {'value': 'x', **why}),
                  (run, ['resolve', it, 'status'], {'take': '1', **why}),
                  (run, ['link', it, mine], why), (run, ['link', mine, it], why),
                  (run, ['unlink', mine, it], why),
                  (run, ['unlink', it, mine], why),
                  (run, ['set', mine, 'same_as=' + it], {}),
                  (run, ['try', 'do', it, 'remind'], {}),
                  (run, ['try', 'set', it, 'address=x'], {}),
                  (run, ['try', 'set', mine, 'same_as=' + it], {}),
                  (run, ['add', 'incident', 'category=fire', 'same_as=' + it],
                   {}),
                  (run, ['try', 'add', 'incident', 'same_as=' + it], {}),
                  (run, ['list'], {'after': it}),
                  (run, ['list'], {'number': it}), (run, ['list'], {'text': it}),
                  (run, ['counts'], {'number': it}),
                  (run, ['patrols'], {'show': it}),
                  (run, ['suggest', 'incident', 'address', it], {}),
                  (run, ['suggest', 'incident', 'same_as', it], {}),
                  (run, ['attention settle', 'struck', it + ':aabbccddeeff'],
                   why),
                  (data, ['export', '-'], {'evidence': it}),
                  (data, ['export', '-'], {'evidence': it, **why})]
        if way == 'id':
            calls += [(data, ['photo get', hash_, '-'], {}),
                      (data, ['photo get', hash_, '-'], {'small': True}),
                      (data, ['photo get', hash_[:8], '-'], {}),
                      (run, ['note', mine, 'x'], {'photo': hash_}),
                      (run, ['try', 'set', mine], {'photo': hash_}),
                      (run, ['add', 'incident', 'category=fire'],
                       {'photo': hash_ + ':near'})]
        return calls

    def test_as_if_it_were_not_there(self):
        op = self.console.desk('op')
        seen = self.a.one('incident', 'category=fire', 'address=hidden street',
                          '--photo', str(PHOTOS / 'f1-exif.jpg'))['id']
        self.a.sync()
        photo = hashlib.sha256(
            (PHOTOS / 'f1-exif.jpg').read_bytes()).hexdigest()
        op.do('do', seen, 'accept')
        op.do('do', seen, 'file')
        row, = [r for r in op.do('list', 'incident') if r['id'] == seen]
        filed = op.one('show', seen)['fields']['case_number']
        # The same shapes, of nothing.
        none = {'id': seen[:-8] + '%08x' % (int(seen[-8:], 16) ^ 0x5a5a5a5a)}
        ways = {'id': (seen, none['id']), 'prefix': (seen[:10], 'ab' * 5),
                'case_number': (filed, filed[:-2] + '97')}
        if row['number']:
            ways['number'] = (row['number'], self.no_such(row['number']))
        mine = {}
        for code, unit in (('h2', DEPARTMENT_2), ('c2', COMMUNITY_2)):
            own = op.one('add', 'incident', 'category=fire')['id']
            for move in ('accept', 'file'):
                op.do('do', own, move)
            op.do('do', own, 'dispatch', 'unit=' + unit)
            mine[code] = own
        # Who sees it is answered otherwise: so it would be noticed.
        for way, (it, no) in ways.items():
            self.assertNotEqual(
                self.plain(op, '/api/run', ['show', it], {}, it),
                self.plain(op, '/api/run', ['show', no], {}, no), way)
        told = []
        for code, own in mine.items():
            desk = self.console.desk(code)
            self.assertEqual(desk.one('show', own)['id'], own)
            for way, (it, no) in ways.items():
                pair = zip(self.calls(own, it, photo, way),
                           self.calls(own, no, photo[:-6] + '123456', way))
                for (path, call, flags), (_, other, flags_2) in pair:
                    got = self.plain(desk, path, call, flags, it)
                    want = self.plain(desk, path, other, flags_2, no)
                    if got != want:
                        told.append('%s: %s by %s\n  %s\n  %s' % (
                            code, call, way, got, want))
        self.assertEqual(told, [], '\n'.join(told))

    def test_flags_about_what_is_seen_alone(self):
        """Somebody came from another unit: what is marked there stays there."""
        old = str(PHOTOS / '2012-12-19-21-38-40-sep-temple_square1.jpg')
        there = self.a.one('incident', 'category=fire', '--photo', old)['id']
        self.a.sync()
        self.world.worker('wa', 'worker', GRID_2)
        self.a.sync()
        here = self.a.one('incident', 'category=fire', 'grid=' + GRID_2,
                          '--photo', old)['id']
        self.a.sync()
        marked = {code: {f['id'] for f in self.console.desk(code).one(
            'account', 'wa')['flags']} for code in ('op', 'c2')}
        self.assertEqual(marked, {'op': {there, here}, 'c2': {here}})

    @staticmethod
    def no_such(number):
        """The same, its last letters others."""
        return number[:-2] + ('ZZ' if not number.endswith('ZZ') else 'YY')

    @staticmethod
    def plain(desk, path, call, flags, name):
        """The answer without the name that was asked for, nor what each new
        record makes new."""
        status, _, body = desk.ask(*call, path=path, **{
            k: v for k, v in flags.items()})
        text = body.decode('utf-8', 'replace')
        for given in [name, name[:12], name[:8]] + [
                w for v in flags.values() if isinstance(v, str)
                for w in (v.partition(':')[0],)] + [
                w for w in call[1:] if len(w) > 7]:
            if len(given) > 5:
                text = text.replace(given, '?')
        text = re.sub(r'"(id|record|hash|number|at|since|age_s|changed|after)":'
                      r'("[^"]*"|\d+)', r'"\1":_', text)
        text = re.sub(r'[0-9a-f]{12,}', '#', text)
        return status, re.sub(r'\d\d:\d\d(:\d\d)?', 'T', text)


class Table(ConsoleCase):
    """Every row of the table of calls."""
    OPERATORS = [('dis', 'dispatcher', DISTRICT),
                 ('sup', 'supervisor', DISTRICT), ('han', 'handler', DEPARTMENT),
                 ('com', 'community', DISTRICT), ('gri', 'grid_head', DISTRICT),
                 ('aud', 'auditor', DISTRICT), ('reg', 'registrar', DISTRICT)]

    def test_every_call_by_every_role(self):
        """403 where the table says so, else whatever the command says; and
        nothing at all without a login."""
        table = rows()
        self.assertGreater(len(table), 70)
        desks = {role: self.console.desk(code)
                 for code, role, _ in self.OPERATORS}
        skip = {'backup'}  # takes its time, and needs no word
        before = len(self.world.log_entries('http'))
        for run, (roles, _, file) in table.items():
            path = '/api/data' if file == 'o' else '/api/run'
            call = {'run': run, 'words': ['-'] if file == 'o' else []}
            status, _, _ = self.console.post(path, call)
            self.assertEqual(status, 401, run)
            status, _, _ = self.console.post(path, call, 'x' * 43)
            self.assertEqual(status, 401, run)
            for role, desk in desks.items():
                if role in roles and run in skip | {'bundle write'}:
                    continue
                status, _, body = self.console.send(
                    'POST', path, json.dumps(call),
                    {'Content-Type': 'application/json',
                     'Authorization': 'Bearer ' + desk.token})
                if role in roles:
                    self.assertNotEqual(status, 403, (run, role, body))
                    self.assertLess(status, 500, (run, role, body))
                else:
                    self.assertEqual(status, 403, (run, role, body))
                    self.assertEqual(json.loads(body)['detail']['error'],
                                     'refused')
        self.assertEqual(len(self.world.log_entries('http')), before)

    # Of each command that may write in her name, how she does: words and flags;
    # `?` stands for a case that may be worked on, `!` for another one.
    WRITES = {
        'add': (['incident', 'category=fire'], {}),
        'do': (['?', 'remind', 'why=x'], {}),
        'set': (['?', 'address=y'], {}),
        'note': (['?', 'hello'], {}),
        'link': (['?', '!'], {'why': 'x'}),
        'unlink': (['?', '!'], {'why': 'x'}),
        'withdraw': (['!'], {'why': 'x'}),
        'intake': None,  # a file: below
        # Below, in Signed.
        'forks settle': None, 'attention settle': None, 'resolve': None,
        'operator login': None, 'operator totp': None,  # registrars' (Given)
        'operator consent': None,
    }
    # Those that name her and write nothing, or only that she read (Signed).
    READS = {'describe', 'grids', 'list', 'suggest', 'show', 'history',
             'attention', 'proof', 'conflicts', 'accesses', 'try', 'photo add',
             'photo get', 'export'}

    def authors(self, desk, which):
        return [(op['author'], op['grade']) for op in desk.do(
            'history', which)]

    def test_her_own_name_and_signature(self):
        """Whatever writes for her has her as its author, and her signature."""
        named = {run for run, (_, named, _) in rows().items() if named}
        self.assertEqual(named - self.READS - set(self.WRITES), set())
        dis = self.console.desk('dis')
        self.assertTrue(dis.said['signs'])
        one, two = (dis.one('add', 'incident', 'category=fire')['id']
                    for _ in range(2))
        words = {'?': one, '!': two}
        for run, what in self.WRITES.items():
            if what is None:
                continue
            end = dis.run(run, *[words.get(w, w) for w in what[0]],
                          **what[1])[1]
            self.assertEqual(end['exit'], 0, (run, end))
        status, lines = dis.feed('单号,类别\nX-1,fire\n'.encode(), 'intake', '-',
                                 map='单号=external,类别=category')
        self.assertEqual((status, lines[-1]['exit']), (200, 0), lines)
        three = lines[0]['id']
        for which in (one, two, three):
            story = dis.one('show', which)
            self.assertEqual(story['proof']['grade'], 'proven', which)
        count = 0
        for entry in self.signed('dis'):
            count += 1
            self.assertTrue(entry['proven'], entry)
        self.assertGreaterEqual(count, 9)

    def signed(self, code):
        """Each record on the server's chain that names her as author."""
        for line in self.world.ask('list', 'incident'):
            for op in self.world.ask('history', line['id']):
                if op.get('author') == code:
                    yield {'proven': op.get('grade') == 'proven', **op}


class Signed(ConsoleCase):
    """What Table's cases cannot show: decisions, findings, who read what, as an
    auditor counts them from the log alone."""
    WORKERS = [('wa', 'worker', GRID), ('wb', 'worker', GRID)]
    OPERATORS = [('dis', 'dispatcher', DISTRICT), ('sup', 'supervisor', DISTRICT)]
    DEVICES = 2

    def setUp(self):
        super().setUp()
        self.keys = self.world.ask('key')[0]
        self.desks = {code: self.console.desk(code)
                      for code, _, _ in self.OPERATORS}

    def counts(self):
        """Records whose author is proven by a key, and by the server's word."""
        said = json.loads(need(run(
            BIN / 'xunge-audit', 'verify', self.world.data, '--key',
            self.keys['log'], '--registrar', self.keys['registrar'],
            '--json')).out)
        self.assertEqual(said['counts']['broken'], 0, said)
        return said['counts']['proven'], said['counts']['asserted']

    @contextlib.contextmanager
    def written(self, what, count):
        """So many records, each of them proven."""
        before = self.counts()
        yield
        after = self.counts()
        self.assertEqual([b - a for a, b in zip(before, after)], [count, 0],
                         what)

    def signs(self, call, *words, **flags):
        with self.written(call, 1):
            end = self.desks['dis'].run(call, *words, **flags)[1]
            self.assertEqual(end['exit'], 0, (call, end))

    def test_what_is_decided_and_found(self):
        one = self.a.incident('address=甲', 'grid=' + GRID)
        self.settle()
        self.a.do('set', one, 'address=乙')
        self.b.do('set', one, 'address=丙')
        copy = self.a.copy('copy')
        self.settle()
        self.signs('resolve', one, 'address', value='丁', why='seen')
        # A chain that forked.
        self.a.incident('address=一')
        self.a.sync()
        self.a.put_back(copy)
        self.a.incident('address=二')
        self.a.sync(code=(0, 1))
        dis = self.desks['dis']
        fork, = dis.do('attention', what='fork', code=5)
        self.signs('forks settle', fork['chain'], finding='restored',
                   why='put back')
        # A batch that stays apart.
        self.world.do('device', 'revoke', '0002')
        self.b.incident('address=三')
        self.b.try_('sync')
        item, = dis.do('attention', what='quarantined', code=5)
        self.signs('attention settle', 'quarantined', item['key'], why='old')
        self.world.do('check')

    def test_who_reads(self):
        dis, why = self.desks['dis'], {'why': 'a call'}
        with self.written('add', 2):
            case = dis.one('add', 'incident', 'category=fire', contact='王',
                           phone='13905390001', consent='no')
        who = dis.one('show', case['id'])['fields']['contact']
        for call, words in (('list', ['contact']), ('show', [who]),
                            ('history', [who])):
            self.signs(call, *words, **why)
            with self.written(call, 0):
                dis.run(call, *words)
        with self.written('export', 1):
            status, said = dis.data('export', '-', evidence=who, **why)
            self.assertEqual(status, 200, said)

    def test_who_erases(self):
        """From the command line alone; there the password opens the key."""
        who = self.a.one('contact', 'name=王', 'grid=' + GRID)['id']
        self.a.sync()
        words = ('redact', who, '--ground', 'x', '--as', 'sup', '--yes')
        with self.written('redact', 0):
            need(self.world.try_(*words, '--password-fd', '0',
                                 stdin='another\n'), 1)
        with self.written('redact', 1):
            need(self.world.try_(*words, '--password-fd', '0',
                                 stdin=PASSWORD + '\n'))
        self.world.do('check')


if __name__ == '__main__':
    main()
