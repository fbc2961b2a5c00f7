#!/usr/bin/env python3
"""The real xunge, driven as people and scripts drive it.

Without a server: help in both languages, usage errors that change nothing, the
completion, the man pages. With xunge-server: two devices from recording while
the server is down to verified receipts, conflicts and their decision, exports,
drafts, patrols, encryption at rest, and every exit status.

XG_BIN: where the programs lie. XG_SOURCE: the source tree. Loopback only.
"""
import csv
import io
import json
import os
import pathlib
import pty
import re
import select
import shutil
import signal
import subprocess
import tempfile
import termios
import time
import unittest
import xml.etree.ElementTree as ET

SOURCE = pathlib.Path(os.environ.get(
    'XG_SOURCE', pathlib.Path(__file__).resolve().parents[2]))
BIN = pathlib.Path(os.environ.get('XG_BIN', SOURCE / 'build/bin'))
PHOTOS = SOURCE / 'tests/data/jpeg'
PHOTO = str(PHOTOS / 'f1-exif.jpg')
HAN = re.compile('[\u4e00-\u9fff]')
TERRITORY = '''code,level,parent,name
371302,district,,兰山区
371302001,street,371302,兰山街道
371302001001,community,371302001,一社区
371302001001001,grid,371302001001,一社区一网格
'''
GRID = '371302001001001'


def environment(**more):
    keep = {k: v for k, v in os.environ.items()
            if k in ('PATH', 'TMPDIR', 'ASAN_OPTIONS', 'UBSAN_OPTIONS',
                     'LSAN_OPTIONS', 'LLVM_PROFILE_FILE')}
    keep.update(LC_ALL='C.UTF-8', HOME='/nonexistent', NO_PROXY='*',
                no_proxy='*', **more)
    return keep


class Answer:
    def __init__(self, code, out, err):
        self.code, self.out, self.err = code, out, err

    def json(self):
        return [json.loads(line) for line in self.out.splitlines()]

    def one(self):
        lines = self.json()
        assert len(lines) == 1, self.out
        return lines[0]


def run(*argv, stdin='', timeout=120, pass_fds=(), **env):
    r = subprocess.run([str(a) for a in argv], input=stdin.encode(),
                       stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                       env=environment(**env), timeout=timeout,
                       pass_fds=pass_fds)
    return Answer(r.returncode, r.stdout.decode(), r.stderr.decode())


def xunge(*words, **more):
    return run(BIN / 'xunge', *words, **more)


def commands():
    return xunge('help', '--json').json()


class Case(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix='xunge-cli-')
        self.home = self.folder + '/home'
        self.addCleanup(shutil.rmtree, self.folder, True)

    def expect(self, code, *words, **more):
        r = xunge('--home', self.home, *words, **more)
        self.assertEqual(r.code, code, (words, r.out, r.err))
        return r


# ---- without a server ----

class Help(Case):
    def test_every_command_in_both_languages(self):
        for c in commands():
            words = c['command'].split()
            zh = xunge(*words, '--help', '--lang', 'zh')
            en = xunge(*words, '--help', '--lang', 'en')
            self.assertEqual((zh.code, en.code), (0, 0), c)
            self.assertIn('用法：xunge ' + c['command'], zh.out)
            self.assertRegex(zh.out, HAN)
            self.assertIn('usage: xunge ' + c['command'], en.out)
            self.assertNotRegex(en.out, HAN)
            self.assertEqual(en.err, '')
            for flag in c['flags']:
                self.assertIn('--' + flag['name'], en.out)
            for field in c['fields']:
                self.assertIn(field['name'], en.out)
                for choice in field['choices']:
                    self.assertIn(choice, en.out)
            same = xunge(*words, '-h', '--lang', 'en')
            self.assertEqual(same.out, en.out)
            one = xunge(*words, '--help', '--json').one()
            self.assertEqual(one['command'], c['command'])

    def test_kinds_come_from_the_table(self):
        names = {c['command']: c for c in commands()}
        for kind in ('incident', 'visit', 'dispute', 'meeting', 'contact'):
            self.assertIn(kind, names)
            required = [f for f in names[kind]['fields'] if f['required']]
            self.assertTrue(required or kind == 'contact', kind)
        # A kind may be called by its label.
        zh = xunge('事件', '--help', '--lang', 'zh')
        self.assertEqual((zh.code, '类别' in zh.out), (0, True))

    def test_overview(self):
        zh, en = xunge('help', '--lang', 'zh'), xunge('help', '--lang', 'en')
        self.assertNotRegex(en.out, HAN)
        for c in commands():
            self.assertIn(c['command'], zh.out)
            self.assertIn(c['command'], en.out)
        self.assertEqual(xunge('--help', '--lang', 'zh').out, zh.out)
        nothing = xunge('--lang', 'en')
        self.assertEqual((nothing.code, nothing.out), (2, en.out))
        family = xunge('patrol', '--help')
        self.assertEqual(family.code, 0)
        self.assertIn('patrol close', family.out)
        self.assertEqual(xunge('help', 'patrol', 'start').code, 0)
        self.assertEqual(xunge('--version').code, 0)
        self.assertEqual(xunge('version', '--json').one()['program'], 'xunge')

    def test_language_of_the_locale(self):
        zh = xunge('help', LANG='zh_CN.UTF-8', LC_MESSAGES='zh_CN.UTF-8')
        self.assertNotRegex(zh.out, HAN)  # LC_ALL=C.UTF-8 comes first
        r = subprocess.run([BIN / 'xunge', 'help'], stdout=subprocess.PIPE,
                           env={'LANG': 'zh_CN.UTF-8'}, check=True)
        self.assertRegex(r.stdout.decode(), HAN)

    def test_packaged_pages_are_those_of_the_program(self):
        for name, words in (
                ('man/xunge.1', ['help', '--man', '--lang', 'en']),
                ('man/zh_CN/xunge.1', ['help', '--man', '--lang', 'zh']),
                ('completion/xunge', ['completion'])):
            made = xunge(*words)
            self.assertEqual(made.code, 0)
            stored = SOURCE / 'packaging' / name
            self.assertEqual(made.out, stored.read_text(encoding='utf-8'),
                             'xunge %s > %s' % (' '.join(words), stored))

    def complete(self, *words):
        line = ' '.join("'%s'" % w for w in words)
        r = run('bash', '-c', 'source "$1"; shift; COMP_WORDS=(%s); '
                'COMP_CWORD=%d; compopt() { :; }; _xunge; '
                'echo "${COMPREPLY[@]}"' % (line, len(words) - 1), 'bash',
                self.script)
        self.assertEqual((r.code, r.err), (0, ''), words)
        return r.out.split()

    def test_completion(self):
        self.script = self.folder + '/completion'
        pathlib.Path(self.script).write_text(xunge('completion').out)
        self.assertEqual(run('bash', '-n', self.script).err, '')
        self.assertEqual(self.complete('xunge', 'stat'), ['status'])
        self.assertIn('incident', self.complete('xunge', ''))
        self.assertEqual(self.complete('xunge', 'patrol', 'cl'), ['close'])
        self.assertIn('--take', self.complete('xunge', 'resolve', 'X', '--t'))
        self.assertIn('category=', self.complete('xunge', 'incident', 'cat'))
        self.assertEqual(
            self.complete('xunge', 'incident', 'urgency', '=', 'ur'),
            ['urgent'])
        self.assertIn('meeting', self.complete('xunge', 'list', 'mee'))
        self.assertEqual(self.complete('xunge', 'export', '--format', 'ge'),
                         ['geojson'])


class Usage(Case):
    WRONG = [
        ['bogus'], ['statsu'], ['patrol'], ['patrol', 'bogus'], ['draft'],
        ['incident', '--bogus'], ['show'], ['show', 'a', 'b'], ['enrol'],
        ['list', '--limit'], ['list', '--limit=1', '--limit=2'],
        ['list', '--mine=yes'], ['--lang', 'fr', 'list'], ['note', 'X'],
        ['resolve', 'X'], ['help', 'bogus'], ['lock', 'now'],
        ['unlock', '--for', '0'], ['passphrase', 'bogus'],
        ['sync', '--passphrase-fd', '3'],
    ]

    def test_usage_errors_change_nothing(self):
        for words in self.WRONG:
            for lang in (['--lang', 'zh'], ['--lang', 'en']):
                if 'fr' in words:
                    lang = []
                r = self.expect(2, *words, *lang)
                self.assertEqual(r.out, '', words)
                self.assertTrue(r.err.startswith('xunge: '), words)
                if lang and words != ['help', 'bogus']:
                    self.assertEqual(bool(HAN.search(r.err)),
                                     lang[1] == 'zh', (words, r.err))
                if words[0] != 'sync':
                    e = self.expect(2, *words, *lang, '--json')
                    self.assertEqual(json.loads(e.err)['exit'], 2)
            self.assertFalse(os.path.exists(self.home), words)
        near = self.expect(2, 'statsu', '--lang', 'en')
        self.assertIn('did you mean status', near.err)

    def test_a_flag_without_its_value(self):
        for words in (['--home'], ['--lang'], ['--json', '--home']):
            run = subprocess.run([BIN / 'xunge', *words], capture_output=True)
            self.assertEqual(run.returncode, 2, words)

    def test_nothing_there_yet(self):
        """Every command that needs a home says so, and makes none."""
        fill = {'FILE': PHOTO, 'TEXT': 'x', 'FIELD': 'status', 'MOVE': 'x',
                'draft-N': 'draft-1', 'ID': 'abcd'}
        for c in commands():
            name = c['command'].split()
            # enrol makes one, from the page too; settings have defaults; a
            # receiver and a stick need none, and of maps there are none.
            if name[0] in ('help', 'version', 'completion', 'enrol', 'ui',
                           'settings', 'position', 'sticks') or \
                    name == ['maps']:
                continue
            words = [fill.get(w.strip('…'), w) for w in c['args'].split()
                     if not w.startswith('[') and '=' not in w]
            if name[0] == 'set':
                words.append('note=x')
            if name == ['maps', 'add']:
                words += ['--name', 'x']
            if name == ['passphrase', 'recover']:
                words += ['--registrar-key', '/nonexistent']
            for lang in ('zh', 'en'):
                r = self.expect(3, *name, *words, '--lang', lang, '--json')
                if name[0] == 'sync':  # what it did, as ever
                    r.json()
                    continue
                self.assertEqual(r.out, '', c)
                error = json.loads(r.err)
                self.assertEqual((error['error'], error['exit']),
                                 ('not-found', 3), c)
            self.assertFalse(os.path.exists(self.home), c)

    def test_json_of_what_needs_no_home(self):
        for words in (['help'], ['version'], ['help', 'incident'],
                      ['help', 'patrol']):
            self.assertTrue(xunge(*words, '--json').json())


# ---- with a server ----

class Server:
    def __init__(self, folder):
        self.data, self.p = folder + '/server', None
        self.log = open(folder + '/serve.log', 'w', encoding='utf-8')
        self.port = '0'
        self.ask('init', self.data, '--origin', 'lanshan.example')
        table = folder + '/territory.csv'
        pathlib.Path(table).write_text(TERRITORY, encoding='utf-8')
        self.ask('territory', 'import', self.data, table)
        for code, name in (('w1', '张三'), ('w2', '李四')):
            self.ask('worker', 'add', self.data, code, '--name', name,
                     '--role', 'worker', '--unit', GRID)

    def ask(self, *words):
        r = run(BIN / 'xunge-server', *words)
        assert r.code == 0, (words, r.out, r.err)
        return r.out

    def start(self):
        self.p = subprocess.Popen(
            [BIN / 'xunge-server', 'serve', self.data, '--listen',
             '127.0.0.1:' + self.port], stdout=subprocess.PIPE,
            stderr=self.log, stdin=subprocess.DEVNULL, env=environment())
        ready = self.p.stdout.readline().decode().split()
        assert ready and ready[0] == 'ready', ready
        self.port = ready[1].rsplit(':', 1)[1]

    def stop(self):
        if self.p:
            self.p.terminate()
            self.p.wait(30)
            self.p.stdout.close()
            self.p = None

    def code(self, worker):
        return re.search(r'xg1\S+', self.ask('code', self.data, worker))[0]

    def close(self):
        self.stop()
        self.log.close()


@unittest.skipUnless((BIN / 'xunge-server').exists(), 'no xunge-server yet')
class Flow(Case):
    def setUp(self):
        super().setUp()
        self.server = Server(self.folder)
        self.addCleanup(self.server.close)
        self.server.start()
        self.other = self.folder + '/other'
        for home, worker in ((self.home, 'w1'), (self.other, 'w2')):
            r = xunge('--home', home, 'enrol', self.server.code(worker),
                      '--lang', 'en')
            self.assertEqual(r.code, 0, (r.out, r.err))

    def on_other(self, code, *words, **more):
        r = xunge('--home', self.other, *words, **more)
        self.assertEqual(r.code, code, (words, r.out, r.err))
        return r

    def sync_both(self):
        for _ in range(2):
            self.expect(0, 'sync')
            self.on_other(0, 'sync')

    def status(self):
        return self.expect(0, 'status', '--json').one()

    def test_from_recording_without_a_network_to_receipts(self):
        self.server.stop()
        saved = self.expect(
            0, 'incident', 'category=manhole', '紧急程度=紧急',
            'address=解放路 12 号', 'description=井盖缺失\u202e\u009b2J', '--photo',
            PHOTO + ':near', '--contact', '王五', '--phone', '13900000000',
            '--json').one()
        number = saved['number']
        self.assertRegex(number, r'^\d+-\d{5}-\d$')
        self.assertEqual((saved['saved'], saved['kind'], saved['delivery']),
                         (True, 'incident', 'waiting'))
        zh = self.expect(0, 'visit', 'place=B12', '结果=正常', '--lang', 'zh')
        self.assertRegex(zh.out, r'^已保存 \d+-\d{5}-\d  .*  待传\n$')
        self.expect(0, 'dispute', 'type=邻里', 'parties=甲;乙',
                    'session=第一次调解')
        self.expect(0, 'meeting', 'topic=停车', 'attendee=甲', 'attendee=乙')
        self.expect(0, 'note', number, '已放警示桩')
        self.expect(0, 'photo', number, PHOTOS / 'f2-exif.jpg', '--role',
                    'far')
        self.expect(1, 'do', number, 'self_handle', '--photo',
                    str(PHOTOS / 'f3-exif.jpg') + ':after')
        self.expect(0, 'do', number, 'self_handle', '--photo',
                    str(PHOTOS / 'f3-exif.jpg') + ':after', '--why', '当场清走')
        self.expect(0, 'set', number, 'urgency=normal')

        net = self.expect(4, 'sync', '--lang', 'en', '--max-time', '1')
        self.assertIn('sync', net.err)
        status = self.status()
        self.assertEqual(status['records']['received'], 0)
        self.assertGreater(status['records']['waiting'] +
                           status['records']['sealed'], 7)
        self.assertIsNone(status['last_sync'])
        # The first of them was written now, by this clock.
        self.assertEqual(status['oldest_waiting'][:10],
                         status['clock']['now'][:10])
        self.assertLess(status['oldest_waiting'], status['clock']['now'])
        self.assertEqual((status['photos']['total'],
                          status['photos']['only_here']), (3, 3))
        row = self.expect(0, 'list', 'incident', '--json').one()
        self.assertIn(row['delivery'], ('waiting', 'sealed'))
        # Sealed is a detail: asked for what waits, both are shown.
        self.assertTrue(self.expect(0, 'list', '--state', 'waiting',
                                    '--json').json())

        self.server.start()
        self.expect(0, 'sync')
        status = self.status()
        self.assertEqual(status['records']['waiting'], 0)
        self.assertEqual(status['records']['sealed'], 0)
        self.assertGreater(status['records']['received'], 7)
        self.assertIsNotNone(status['last_sync'])
        self.assertIsNone(status['oldest_waiting'])
        self.assertIsNone(status['clock']['doubt'])
        self.assertEqual(self.expect(0, 'list', '--state', 'waiting',
                                     '--json').out, '')
        row = self.expect(0, 'list', 'incident', '--json').one()
        self.assertEqual((row['delivery'], row['status']),
                         ('received', 'self_handled'))
        # The photos went after the text, and each is proven by itself.
        self.assertEqual((row['photos']['server'], row['photos']['only_here']),
                         (3, 0))
        text = self.expect(0, 'list', 'incident', '--lang', 'zh').out
        self.assertIn('文字已收到 · 照片 3/3 已在服务器', text)

        good = self.expect(0, 'verify', '--json').one()
        self.assertEqual((good['verdict'], good['not_received'],
                          good['photos'], good['problems']),
                         ('good', 0, 3, []))
        self.assertGreater(good['receipts'], 0)
        self.assertTrue(self.expect(0, 'verify', '--lang', 'en')
                        .out.startswith('good'))
        one = self.expect(0, 'verify', number, '--json').one()
        self.assertEqual((one['verdict'], one['not_received']), ('good', 0))

        self.on_other(0, 'sync')
        seen = self.on_other(0, 'show', number, '--lang', 'en').out
        self.assertIn('解放路', seen)
        self.assertNotRegex(seen, '[\x1b\u202e\u009b]')
        other = self.on_other(0, 'verify', '--json').one()
        self.assertGreater(other['others'], 4)
        history = self.expect(0, 'history', number, '--json').json()
        self.assertTrue(history)
        self.exports(number)

    def exports(self, number):
        table = self.expect(0, 'export', number, '--format', 'csv').out
        rows = list(csv.DictReader(io.StringIO(table)))
        self.assertEqual([r['number'] for r in rows], [number])
        self.assertEqual(rows[0]['status'], 'self_handled')
        everything = self.expect(0, 'export').out
        self.assertGreater(everything.count('\r\n\r\n'), 1)
        geo = json.loads(self.expect(0, 'export', '--format', 'geojson').out)
        self.assertGreaterEqual(len(geo['features']), 4)
        self.assertEqual(json.loads(self.expect(0, 'export', '--json').out),
                         geo)
        gpx = self.expect(0, 'export', '--format', 'gpx', '--lang', 'en')
        ET.fromstring(gpx.out)
        self.assertIn('left out', gpx.err)
        target = self.folder + '/all.csv'
        made = self.expect(0, 'export', '--output', target, '--json').one()
        self.assertEqual(made['bytes'], os.path.getsize(target))
        self.assertEqual(os.stat(target).st_mode & 0o777, 0o600)
        self.expect(2, 'export', '--format', 'xls')
        self.expect(2, 'export', '--format', 'csv', '--json')
        self.expect(3, 'export', '0' * 32)
        one_kind = self.expect(0, 'export', '--kind', '走访').out
        self.assertEqual(len(list(csv.DictReader(io.StringIO(one_kind)))), 1)

    def test_conflicts_and_their_decision(self):
        saved = self.expect(0, 'incident', 'category=fire',
                            'address=一号', 'grid=' + GRID, '--json').one()
        number = saved['number']
        self.sync_both()
        self.expect(0, 'set', number, 'address=二号')
        self.on_other(0, 'set', number, 'address=三号')
        self.sync_both()
        for ask in (self.expect, self.on_other):
            found = ask(5, 'conflicts', '--json').json()
            self.assertTrue(found)
            self.assertIn('address', found[0].get('field', ''))
            text = ask(5, 'conflicts', number, '--lang', 'zh').out
            self.assertIn('二号', text)
            self.assertIn('三号', text)
            self.assertIn('冲突', ask(0, 'list', '--lang', 'zh').out)
        # Another field is changed, the conflict is left: saved, and says so.
        left = self.expect(5, 'set', number, 'urgency=urgent', '--lang', 'en')
        self.assertTrue(left.out.startswith('saved '))
        self.assertEqual(len(self.expect(0, 'list', '--state', 'conflict',
                                         '--json').json()), 1)
        self.expect(2, 'resolve', number, 'address', '--dismiss')  # no --why
        self.expect(2, 'resolve', number, 'address', '--why', 'x')
        self.expect(3, 'resolve', number, 'address', '--take', '0' * 12,
                    '--why', 'x')
        sides = json.dumps(found[0], ensure_ascii=False)
        take = re.search(r'[0-9a-f]{64}', sides)[0]
        self.on_other(0, 'resolve', number, 'address', '--take', take[:16],
                      '--why', '到现场核对')
        self.sync_both()
        for ask in (self.expect, self.on_other):
            self.assertEqual(ask(0, 'conflicts', '--json').out, '')
            self.assertIn('到现场核对', ask(0, 'history', number).out)
        self.expect(1, 'resolve', number, 'address', '--dismiss', '--why',
                    'x')
        self.value_and_dismiss(number)
        self.withdrawal(number)
        self.overtaken()

    def overtaken(self):
        number = self.expect(0, 'incident', 'category=x', 'grid=' + GRID,
                             '--json').one()['number']
        self.sync_both()
        self.expect(0, 'do', number, 'self_handle', 'why=x')
        self.on_other(0, 'do', number, '自行处置', 'why=x')
        self.sync_both()
        self.expect(5, 'conflicts')
        self.on_other(5, 'conflicts', number)
        self.expect(0, 'resolve', number, 'status', '--dismiss', '--why',
                    '一样的结果')
        self.sync_both()
        self.on_other(0, 'conflicts')
        self.assertEqual(self.on_other(0, 'show', number, '--json')
                         .one()['status'], 'self_handled')

    def value_and_dismiss(self, number):
        for decide in (['--value', '九号'], ['--dismiss']):
            self.expect(0, 'set', number, 'address=四号')
            self.on_other(0, 'set', number, 'address=五号')
            self.sync_both()
            self.expect(5, 'conflicts')
            self.expect(0, 'resolve', number, '地址', *decide, '--why', '定')
            self.sync_both()
            self.expect(0, 'conflicts')
            same = [ask(0, 'show', number, '--json').one()
                    for ask in (self.expect, self.on_other)]
            self.assertEqual(same[0]['fields'], same[1]['fields'])

    def withdrawal(self, number):
        self.expect(2, 'withdraw', number)
        self.expect(0, 'withdraw', number, '--why', '误报')
        self.on_other(0, 'set', number, 'description=仍在')
        self.sync_both()
        self.on_other(5, 'conflicts')
        self.assertFalse(self.expect(0, 'show', number, '--json')
                         .one()['withdrawn'])
        self.expect(0, 'resolve', number, 'withdrawn', '--dismiss', '--why',
                    '确有其事')
        self.sync_both()
        self.on_other(0, 'conflicts')

    def test_drafts(self):
        # Required fields may be missing; nothing counts as a record.
        draft = self.expect(0, 'incident', 'address=某处', '--draft', '--photo',
                            PHOTO, '--json').one()
        self.assertEqual((draft['number'], draft['delivery']),
                         ('draft-1', 'draft'))
        self.assertEqual(self.status()['drafts'], 1)
        self.assertEqual(self.status()['records']['waiting'], 0)
        for words in (['draft', 'list'], ['list', '--state', 'draft'],
                      ['show', 'draft-1']):
            one = self.expect(0, *words, '--json').one()
            self.assertEqual(one['fields']['address'], '某处')
            self.assertEqual(len(one['fields']['photo']), 1)
            self.assertIn('某处', self.expect(0, *words).out)
        missing = self.expect(2, 'draft', 'finish', 'draft-1', '--lang', 'zh')
        self.assertIn('category', missing.err)
        self.expect(0, 'set', 'draft-1', 'urgency=urgent')
        self.expect(0, 'photo', 'draft-1', PHOTOS / 'f2-exif.jpg')
        done = self.expect(0, 'draft', 'finish', 'draft-1', 'category=fire',
                           '--contact', '甲', '--json').one()
        shown = self.expect(0, 'show', done['number'], '--json').one()
        self.assertEqual(shown['photos']['total'], 2)
        self.assertEqual(self.status()['drafts'], 0)
        self.expect(3, 'draft', 'finish', 'draft-1')
        self.expect(2, 'draft', 'discard', 'x')
        self.expect(0, 'visit', 'place=A', '--draft')
        self.expect(0, 'draft', 'discard', 'draft-2')
        self.expect(3, 'show', 'draft-2')
        self.assertEqual(self.expect(0, 'draft', 'list', '--json').out, '')

    def test_photos_that_do_not_fit(self):
        # Kept all the same, and said at once; stored once, counted once.
        old = PHOTOS / 'sample1.jpg'  # of 2003
        far = PHOTOS / 'has-lens-info.jpg'  # in Stockholm
        words = ['incident', 'category=x', '--lang', 'zh', '--photo']
        first = self.expect(0, *words, old, '--photo', str(far)).out
        self.assertRegex(first, '照片 1 存疑：照片自带的时间早')
        self.assertRegex(first, '照片 2 存疑：照片自带的位置离记录的位置')
        self.assertNotIn('只存一份', first)
        self.assertIn('只存一份', self.expect(0, *words, old).out)
        self.assertIn('2003-11-23 18:07:37',
                      self.expect(0, 'show', first.split()[1]).out)
        chat = self.expect(0, *words, PHOTOS / 'f1-exif.jpg').out
        self.assertNotIn('存疑', chat)
        listed = self.expect(0, 'photos', '--lang', 'zh').out.splitlines()
        self.assertEqual(len(listed), 5)
        self.assertRegex(listed[-1], '^3 张，')
        freed = self.expect(0, 'photos', 'free', '--lang', 'zh').out
        self.assertRegex(freed, '没有可以腾出(?s:.*)xunge sync')
        for name in ('empty.jpg', 'folder.jpg'):
            path = pathlib.Path(self.home).parent / name
            path.mkdir() if name == 'folder.jpg' else path.touch()
            self.assertIn(name, self.expect(1, *words, path).err)
        gone = self.expect(3, *words, 'gone.jpg:near').err
        self.assertIn('gone.jpg', gone)
        self.assertNotIn('gone.jpg:near', gone)

    def test_role_and_origin_of_each_photo(self):
        f = lambda n, words='': str(PHOTOS / ('f%d-exif.jpg' % n)) + words
        kept = lambda: len(list(pathlib.Path(self.home).glob('photos/??/*')))
        told = lambda which: [
            (p['value'].get('role'), p['value']['origin'])
            for p in self.expect(0, 'show', which,
                                 '--json').one()['sets']['photo']]
        one = self.expect(
            0, 'incident', 'category=x', '--photo', f(1), '--photo',
            f(2, ':near'), '--photo', f(3, ':forwarded'), '--photo',
            f(4, ':before,forwarded'), '--photo', f(5, ':他人转发,远景'),
            '--json').one()
        self.assertEqual(told(one['id']), [
            (None, 'here'), ('near', 'here'), (None, 'forwarded'),
            ('before', 'forwarded'), ('far', 'forwarded')])
        # Each has its small picture (upright, these are one and the same);
        # what is here is not kept again.
        self.assertTrue(all(0 < p['thumbnail_bytes'] <= 16384
                            for p in one['photos']))
        self.assertEqual(kept(), 6)
        again = self.expect(0, 'photo', one['id'], f(1), f(1, ':reference'),
                            f(2, ':here'), '--role', 'after', '--forwarded',
                            '--json').one()
        self.assertEqual([p['new'] for p in again['photos']], [False] * 3)
        self.assertEqual(told(one['id'])[5:], [
            ('after', 'forwarded'), ('reference', 'forwarded'),
            ('after', 'here')])
        self.assertEqual(kept(), 6)
        self.expect(0, 'visit', 'place=A', 'result=normal', '--photo',
                    f(7, ':after,forwarded'))
        self.assertEqual(kept(), 7)
        for words in (['photo', one['id'], f(8), f(1, ':nearby')],
                      ['incident', 'category=x', '--photo', f(8), '--photo',
                       f(1, ':near,')]):
            said = self.expect(2, *words, '--lang', 'en').err
            for role in ('near', 'far', 'reference', 'before', 'after',
                         'forwarded'):
                self.assertIn(role, said)
        said = self.expect(2, 'photo', one['id'], f(8, ':near,far'), '--lang',
                           'en').err
        self.assertIn('one role only', said)
        self.expect(3, 'photo', one['id'], f(8), '/nowhere.jpg')
        self.assertEqual(kept(), 7)
        sound = self.expect(0, 'verify', '--json').one()
        self.assertEqual((sound['photos'], sound['photos_missing']), (9, 0))

    def test_what_is_refused_changes_nothing(self):
        before = self.status()
        photos = lambda: sorted(pathlib.Path(self.home).glob('photos/*/*'))
        kept = photos()
        for words in (
                ['incident', 'address=x', '--photo', PHOTO],
                ['incident', 'category=x', 'bogus=1', '--photo', PHOTO],
                ['incident', 'category=x', 'urgency=soon', '--photo', PHOTO],
                ['incident', 'category=x', '--photo', PHOTO + ':bogus'],
                ['incident', 'category=x', '--phone', '1', '--photo', PHOTO],
                ['visit', 'place=A', 'result=normal', '--contact', 'x'],
                ['incident', 'category=x', 'address=a\x1b[2J'],
                ['incident', 'category=x', 'salt=00'],
                ['incident', 'category=x', 'contact=zz']):
            self.expect(2, *words)
        self.expect(3, 'incident', 'category=x', '--photo', '/nonexistent')
        self.expect(3, 'incident', 'category=x', '--photo', PHOTO, '--photo',
                    '/nonexistent')
        self.expect(1, 'incident', 'category=x', '--photo', __file__)
        self.assertEqual(photos(), kept)
        for key in ('records', 'drafts', 'photos'):
            self.assertEqual(self.status()[key], before[key])
        number = self.expect(0, 'visit', 'place=A', 'result=normal',
                             '--json').one()['number']
        no = self.expect(1, 'do', number, 'self_handle', '--lang', 'en',
                         '--photo', PHOTO + ':before')
        self.assertIn('does not go through the loop', no.err)
        self.expect(2, 'do', number, 'bogus')
        self.assertEqual(photos(), kept)
        wrong = number[:-1] + str((int(number[-1]) + 1) % 10)
        self.assertIn('校验位', self.expect(2, 'show', wrong, '--lang',
                                          'zh').err)
        self.expect(3, 'show', 'ffff0000ffff')
        self.expect(2, 'show', 'abc')

    def test_ambiguous_ids_name_the_candidates(self):
        lines = [json.dumps({'id': 'v%d' % i, 'kind': 'visit', 't': 1789000000,
                             'worker': 'w1', 'place': 'P%d' % i,
                             'category': 'fire', 'result': 'normal',
                             'note': 'n'}) for i in range(1500)]
        table = self.folder + '/in.jsonl'
        pathlib.Path(table).write_text('\n'.join(lines), encoding='utf-8')
        added = self.expect(0, 'import', table, '--json').one()
        self.assertEqual((added['lines'], added['added']), (1500, 1500))
        again = self.expect(0, 'import', table, '--json').one()
        self.assertEqual((again['added'], again['held']), (0, 1500))
        ids = sorted(e['id'] for e in self.expect(0, 'list', '--json').json())
        self.assertEqual(len(ids), 1500)
        pairs = [(a, b) for a, b in zip(ids, ids[1:]) if a[:4] == b[:4]]
        self.assertTrue(pairs)
        for a, b in pairs[:2]:
            r = self.expect(2, 'show', a[:4], '--lang', 'en', '--json')
            error = json.loads(r.err)
            self.assertEqual(error['error'], 'ambiguous')
            self.assertIn(a[:12], error['text'])
            self.assertIn(b[:12], error['text'])
        self.assertEqual(len(self.expect(0, 'list', '--limit', '7', '--json')
                             .json()), 7)
        found = self.expect(0, 'find', 'P1499', '--json').one()
        self.expect(0, 'show', found['id'][:12])
        pathlib.Path(table).write_text(lines[0] + '\n{"id": 1}\n')
        self.assertIn('2', self.expect(1, 'import', table).err)

    def test_saved_means_exit_0(self):
        """Also where the answer cannot be printed."""
        with open('/dev/full', 'w') as full:
            r = subprocess.run(
                [BIN / 'xunge', '--home', self.home, 'visit', 'place=A',
                 'result=normal'], stdout=full, stderr=subprocess.PIPE,
                env=environment())
            self.assertEqual(r.returncode, 0)
            self.assertTrue(r.stderr)
            r = subprocess.run([BIN / 'xunge', '--home', self.home, 'list'],
                               stdout=full, stderr=subprocess.PIPE,
                               env=environment())
            self.assertEqual(r.returncode, 1)
        self.assertEqual(len(self.expect(0, 'list', '--json').json()), 1)

    def test_shared_device(self):
        number = self.expect(0, 'visit', 'place=A', 'result=normal', '--as',
                             'w2', '--json').one()['number']
        self.assertIn('w2', self.expect(0, 'show', number).out)
        self.expect(0, 'note', number, 'x')
        self.sync_both()
        self.assertEqual(self.on_other(0, 'show', number, '--json')
                         .one()['delivery'], 'received')

    # ---- encryption at rest ----

    def test_passphrase(self):
        self.expect(0, 'visit', 'place=A', 'result=normal')
        self.expect(2, 'passphrase', 'set', stdin='short\n')
        self.expect(0, 'passphrase', 'set', stdin='eight or more\n')
        for words in (['list'], ['visit', 'place=B', 'result=normal'],
                      ['status'], ['verify'], ['export'], ['sync']):
            started = time.monotonic()
            self.expect(6, *words, '--lang', 'en')  # asks nobody
            self.assertLess(time.monotonic() - started, 30)
        error = self.expect(6, 'list', '--json').err
        self.assertEqual(json.loads(error)['exit'], 6)
        self.expect(1, 'unlock', stdin='wrong wrong\n')
        read, write = os.pipe()
        os.write(write, b'eight or more\n')
        os.close(write)
        one = self.expect(0, 'status', '--json', '--passphrase-fd', str(read),
                          pass_fds=(read,)).one()
        os.close(read)
        self.assertEqual(one['vault'], 'passphrase')
        self.assertTrue(one['escrow'])
        held = xunge('--home', self.home, 'unlock', '--for', '1',
                     stdin='eight or more\n')
        if held.code == 0:  # the kernel has a keyring for us
            self.expect(0, 'list')
            self.expect(0, 'lock')
            self.expect(6, 'list')
        else:
            self.assertEqual(held.code, 1)
        self.expect(0, 'passphrase', 'set',
                    stdin='eight or more\nanother one\n')
        self.expect(1, 'passphrase', 'clear', stdin='eight or more\n')
        self.expect(0, 'passphrase', 'clear', stdin='another one\n')
        self.expect(0, 'list')
        self.expect(1, 'lock')

    def on_terminal(self, typed, *words):
        """Run on a terminal; what was shown, and the exit status."""
        pid, fd = pty.fork()
        if pid == 0:
            os.execve(BIN / 'xunge', ['xunge', '--home', self.home, *words],
                      environment())
        shown, end = b'', time.monotonic() + 60
        typed = list(typed)
        while time.monotonic() < end:
            if typed and shown.count(b': ') + shown.count('：'.encode()) > 0:
                time.sleep(0.3)  # until it has turned the echo off
                os.write(fd, typed.pop(0).encode() + b'\n')
                time.sleep(0.3)
            if select.select([fd], [], [], 0.2)[0]:
                try:
                    part = os.read(fd, 65536)
                except OSError:
                    break
                if not part:
                    break
                shown += part
        os.close(fd)
        return shown.decode(), os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])

    def test_passphrase_on_a_terminal(self):
        shown, code = self.on_terminal(
            ['my long secret', 'my long secrex'], 'passphrase', 'set',
            '--lang', 'en')
        self.assertEqual(code, 2, shown)
        self.assertNotIn('my long', shown)
        self.expect(0, 'list')
        shown, code = self.on_terminal(
            ['my long secret', 'my long secret'], 'passphrase', '--lang',
            'zh')
        self.assertEqual(code, 0, shown)
        self.assertIn('再输一遍', shown)
        self.assertNotIn('my long', shown)
        shown, code = self.on_terminal(['my long secret'], 'status', '--lang',
                                       'en')
        self.assertEqual(code, 0, shown)
        self.assertIn('Passphrase: ', shown)
        self.assertIn('w1', shown)

    def test_ended_at_the_prompt(self):
        """The echo is back when the program is gone."""
        self.expect(0, 'passphrase', 'set', stdin='my long secret\n')
        master, slave = pty.openpty()
        p = subprocess.Popen([BIN / 'xunge', '--home', self.home, 'unlock'],
                             stdin=slave, stderr=slave, stdout=slave,
                             env=environment())
        echo = lambda: bool(termios.tcgetattr(slave)[3] & termios.ECHO)
        for _ in range(100):
            if not echo():
                break
            time.sleep(0.05)
        self.assertFalse(echo())
        p.send_signal(signal.SIGINT)
        self.assertEqual(p.wait(20), -signal.SIGINT)
        self.assertTrue(echo())
        os.close(master)
        os.close(slave)

    # ---- patrols ----

    def recorder(self):
        patrol = self.status()['patrol']
        return patrol['pid'] if patrol and patrol['running'] else None

    def kill_recorder(self):
        os.kill(self.recorder(), signal.SIGKILL)
        for _ in range(100):
            if not self.recorder():
                return
            time.sleep(0.05)
        self.fail('the recorder lives')

    @unittest.skipUnless((BIN / 'xunge-patrol').exists(), 'no xunge-patrol')
    def test_patrol(self):
        gpsd = ['--gpsd', '127.0.0.1:1']  # nobody there
        self.expect(3, 'patrol', 'stop')
        self.expect(3, 'patrol', 'continue')
        self.expect(3, 'patrol', 'show')
        self.expect(2, 'patrol', 'start', 'note=x', *gpsd)
        begun = self.expect(0, 'patrol', 'start', 'grid=' + GRID, *gpsd,
                            '--json').one()
        self.assertTrue(begun['running'])
        try:
            self.expect(1, 'patrol', 'start', *gpsd)
            self.kill_recorder()
            status = self.expect(0, 'status', '--lang', 'en').out
            self.assertIn('patrol continue', status)
            self.expect(1, 'patrol', 'stop')
            self.expect(1, 'patrol', 'start', *gpsd)
            self.expect(0, 'patrol', 'continue', *gpsd)
            self.assertTrue(self.recorder())
            self.expect(0, 'patrol', 'show', '--json')
            self.kill_recorder()
            closed = self.expect(0, 'patrol', 'close', '--json').one()
            self.assertEqual(closed['id'], begun['id'])
            self.expect(0, 'patrol', 'start', *gpsd)
            ended = self.expect(0, 'patrol', 'stop', '--lang', 'zh')
            self.assertTrue(ended.out.startswith('已保存 '))
            newest = self.expect(0, 'patrol', 'show', '--json').one()
            self.assertIn(newest['number'], ended.out)
        finally:
            if self.recorder():
                self.expect(0, 'patrol', 'stop')
        track = self.folder + '/walk.gpx'
        pathlib.Path(track).write_text(
            '<gpx version="1.1" xmlns="http://www.topografix.com/GPX/1/1">'
            '<trk><trkseg>' + ''.join(
                '<trkpt lat="35.1%04d" lon="118.3"><time>2026-09-21T00:%02d:00'
                'Z</time></trkpt>' % (i, i) for i in range(50)) +
            '</trkseg><trkseg><trkpt lat="35.2" lon="118.3"><time>2026-09-21'
            'T01:30:00Z</time></trkpt></trkseg></trk></gpx>')
        one = self.expect(0, 'patrol', 'import', track, 'grid=' + GRID,
                          '--json').one()
        self.assertEqual((one['points'], one['segments'], one['gaps']),
                         (51, 2, 1))
        self.assertTrue(self.expect(0, 'patrol', 'import', track, '--json')
                        .one()['held'])
        self.expect(0, 'patrol', 'show', one['number'])
        # Walked on that day, though it was recorded on another.
        day = self.expect(0, 'patrol', 'day', '2026-09-21', '--json').one()
        self.assertEqual([p['number'] for p in day['patrols']],
                         [one['number']])
        day = self.expect(0, 'patrol', 'day', '--json').one()
        self.assertNotIn(one['number'], [p['number'] for p in day['patrols']])
        gpx = ET.fromstring(self.expect(0, 'patrol', 'show', one['number'],
                                        '--gpx').out)
        self.assertEqual(len(gpx.findall('.//{*}trkpt')), 51)
        geo = json.loads(self.expect(0, 'patrol', 'show', one['number'],
                                     '--geojson').out)
        self.assertEqual(geo['features'][0]['geometry']['type'],
                         'MultiLineString')
        both = ET.fromstring(self.expect(0, 'export', '--format', 'gpx').out)
        self.assertEqual(len(both.findall('{*}trk')), 3)
        self.expect(2, 'patrol', 'show', one['number'], '--gpx', '--geojson')

    # ---- damage ----

    def test_damage_is_found(self):
        number = self.expect(0, 'incident', 'category=x', '--photo', PHOTO,
                             '--json').one()['number']
        photo, small = sorted(pathlib.Path(self.home).glob('photos/*/*'),
                              key=lambda f: -f.stat().st_size)
        whole = photo.read_bytes()
        photo.write_bytes(whole[:100] + bytes([whole[100] ^ 1]) + whole[101:])
        bad = self.expect(7, 'verify', '--json').one()
        self.assertEqual((bad['verdict'], bad['problems'][0]['what']),
                         ('damaged', 'photo'))
        self.expect(7, 'verify', number)
        photo.rename(str(photo) + '.away')
        gone = self.expect(1, 'verify', '--json').one()
        self.assertEqual(gone['photos_missing'], 1)
        self.assertIn('1/1', self.expect(0, 'show', number).out)
        photo.write_bytes(whole)
        self.expect(0, 'verify')
        whole = small.read_bytes()
        small.write_bytes(whole[:-1])
        self.expect(7, 'verify')
        small.unlink()
        self.assertIn('thumbnail', self.expect(1, 'verify', '--lang',
                                               'en').out)
        small.write_bytes(whole)
        self.expect(0, 'verify')
        alarm = pathlib.Path(self.home) / 'alarm'
        alarm.mkdir()
        (alarm / 'shown').write_text('x')
        self.expect(7, 'verify')
        self.assertIn('ALARM', self.expect(7, 'status', '--lang', 'en').out)

    def test_an_emptied_database_is_not_good(self):
        self.expect(0, 'incident', 'category=fire', 'grid=' + GRID)
        self.expect(0, 'sync')
        self.expect(0, 'verify')
        for name in ('agent.db', 'agent.db-wal', 'agent.db-shm'):
            if os.path.exists(f'{self.home}/{name}'):
                os.remove(f'{self.home}/{name}')
        self.expect(7, 'verify')

    def test_installed_apart_from_its_helpers(self):
        """xunge in bin, the programs that it starts in libexec/xunge."""
        root = pathlib.Path(self.folder) / 'usr'
        (root / 'bin').mkdir(parents=True)
        (root / 'libexec/xunge').mkdir(parents=True)
        shutil.copy2(BIN / 'xunge', root / 'bin/xunge')
        for helper in ('xunge-sync', 'xunge-exif', 'xunge-thumb',
                       'xunge-map', 'xunge-patrol'):
            if (BIN / helper).exists():
                shutil.copy2(BIN / helper, root / 'libexec/xunge' / helper)
        ask = lambda *w: run(root / 'bin/xunge', '--home', self.home, *w)
        r = ask('incident', 'category=x', '--json', '--photo',
                PHOTOS / '2012-12-19-21-38-40-sep-temple_square1.jpg')
        self.assertTrue(r.one()['photos'][0]['exif'], (r.out, r.err))
        r = ask('incident', 'category=x', '--json', '--photo', PHOTO)
        self.assertGreater(r.one()['photos'][0]['thumbnail_bytes'], 0)
        self.assertEqual(ask('sync').code, 0)
        if (BIN / 'xunge-patrol').exists():
            self.assertEqual(ask('patrol', 'start', '--gpsd', '127.0.0.1:1')
                             .code, 0)
            self.assertEqual(ask('patrol', 'stop').code, 0)

    def test_every_answer_is_json_when_asked(self):
        number = self.expect(0, 'incident', 'category=x', '--json').one()[
            'number']
        for words in (['status'], ['list'], ['list', '--all'],
                      ['show', number], ['history', number], ['find', 'x'],
                      ['conflicts'], ['verify'], ['draft', 'list'],
                      ['list', '--due'], ['list', '--overdue'], ['due'],
                      ['mine'], ['duplicates'], ['duplicates', number],
                      ['export'], ['note', number, 'x'],
                      ['set', number, 'urgency=normal'],
                      ['photo', number, PHOTO], ['do', number],
                      ['do', number, 'self_handle', 'why=x'],
                      ['withdraw', number, '--why', 'x'], ['sync'],
                      ['unlock']):
            r = self.expect(0, *words, '--json')
            if words == ['export']:
                json.loads(r.out)
            else:
                r.json()
            self.assertNotIn('\x1b', r.out)

    def test_restored_copy_goes_on_in_a_new_chain(self):
        self.expect(0, 'visit', 'place=A', 'result=normal')
        self.expect(0, 'sync')
        copy = self.folder + '/copy'
        shutil.copytree(self.home, copy)
        self.expect(0, 'visit', 'place=B', 'result=normal')
        self.expect(0, 'sync')
        sent = (pathlib.Path(self.home) / 'sent').read_bytes()
        shutil.rmtree(self.home)
        shutil.copytree(copy, self.home)
        (pathlib.Path(self.home) / 'sent').write_bytes(sent)
        told = self.expect(0, 'visit', 'place=C', 'result=normal', '--lang',
                           'en')
        self.assertIn('older copy', told.out)
        self.expect(0, 'sync')
        places = {e['fields']['place'] for e in
                  self.expect(0, 'list', 'visit', '--json').json()}
        self.assertEqual(places, {'A', 'B', 'C'})
        good = self.expect(0, 'verify', '--json').one()
        self.assertEqual(good['chains'], 2)


if __name__ == '__main__':
    unittest.main()
