#!/usr/bin/env python3
"""Evidence files: written by a real server of what real devices sent, checked
by xunge-audit with nothing but the log's key, by a program of other people's
parts (docs/audit.md), and printed by a browser."""
import base64
import io
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tarfile
import unittest

from lib_world import (BIN, COMMUNITY, DEPARTMENT, GRID, SOURCE, Case,
                       environment, main, need, run)

PHOTO = SOURCE / 'tests/data/jpeg/f1-exif.jpg'
BEGIN = b'<script type="application/x-xunge-evidence">\n'
END = b'</script>'


class Evidence(Case):
    WORKERS = [('wa', 'worker', GRID), ('wb', 'worker', GRID)]

    def setUp(self):
        super().setUp()
        key = self.world.ask('key')[0]
        self.key, self.registrar = key['log'], key['registrar']
        self.one = self.a.incident('address=桥下<b>1</b>', '--photo',
                                   str(PHOTO))
        self.a.do('sync', '--unmetered', '--photos', 'all')
        self.settle()

    def file(self, name='evidence.html'):
        return self.world.folder / name

    def write(self, *words, name='evidence.html', code=0, lang='en'):
        path = self.file(name)
        path.unlink(missing_ok=True)
        answer = need(run(BIN / 'xunge-server', 'export', self.world.data,
                          path, '--lang', lang, '--json', *words), code)
        return path, (answer.one() if code == 0 else answer)

    def check(self, path, *words, code=0, key=None):
        answer = run(BIN / 'xunge-audit', 'evidence', path, '--key',
                     key or self.key, '--lang', 'en', '--json', *words)
        need(answer, code)
        return answer.one() if answer.out else answer

    def conflict(self):
        """Both edit, neither saw the other; then one decides."""
        self.a.do('set', self.one, 'address=东')
        self.b.do('set', self.one, 'address=西')
        self.settle()

    def test_a_case(self):
        self.conflict()
        path, made = self.write('--evidence', self.one)
        told = self.check(path, '--registrar', self.registrar)
        self.assertEqual(told['verdict'], 'good', told)
        self.assertEqual((told['page'], told['broken']), ('same', 0))
        self.assertEqual(told['records'], made['records'])
        self.assertGreaterEqual(told['devices'], 1)  # cosigned by handhelds
        self.assertEqual({r['author'] for r in told['list']}, {'wa', 'wb'})
        self.assertEqual({r['grade'] for r in told['list']}, {'proven'})
        for r in told['list']:
            self.assertLessEqual(r['not_before']['ms'], r['not_after']['ms'])
        page = path.read_text(encoding='utf-8')
        self.assertIn('桥下&lt;b&gt;1&lt;/b&gt;', page)
        self.assertIn('Conflicts not decided yet', page)
        self.assertIn('东', page)
        self.assertIn('西', page)
        self.assertEqual(page.count('<script'), 1)
        self.assertNotIn('http', page.split('<style>')[1].split('base64,')[0])
        # Decided: it stands in the story, and no more as a conflict.
        self.a.do('resolve', self.one, 'address', '--value', '中', '--why',
                  '现场核对')
        self.settle()
        path, _ = self.write('--evidence', self.one, lang='zh')
        self.assertEqual(self.check(path)['verdict'], 'good')
        page = path.read_text(encoding='utf-8')
        self.assertIn('现场核对', page)
        self.assertNotIn('尚未决定的冲突', page)

    def test_a_policy(self):
        """The server's goes along; the reader's own is what counts."""
        policy = self.file('policy')
        policy.write_text('log %s\nquorum none\n' % self.key)
        need(run(BIN / 'xunge-server', 'witness', 'policy', self.world.data,
                 policy, '--lang', 'en'))
        path, _ = self.write('--evidence', self.one)
        self.assertEqual(self.parts(path)['policy'], policy.read_bytes())
        self.assertIsNone(self.check(path)['quorum'])
        self.assertTrue(self.check(path, '--policy', policy)['quorum'])
        other = need(run(BIN / 'xunge-server', 'witness', 'key',
                         self.world.data, '--json')).out
        vkey = re.search(r'[^" ]+\+[0-9a-f]{8}\+[A-Za-z0-9+/=]+', other)[0]
        policy.write_text('log %s\nwitness w %s\nquorum w\n' % (self.key,
                                                                vkey))
        told = self.check(path, '--policy', policy, code=1)
        self.assertEqual((told['quorum'], told['verdict'], told['broken']),
                         (False, 'unwitnessed', 0))

    def test_photos_whole_or_small(self):
        small, made = self.write('--evidence', self.one)
        self.assertEqual(made['photos'], 1)
        whole, made = self.write('--evidence', self.one, '--photos', 'all',
                                 name='whole.html')
        self.assertEqual(made['photos'], 2)
        self.assertGreater(whole.stat().st_size, small.stat().st_size)
        self.assertIn(PHOTO.read_bytes(), self.parts(whole).values())
        self.assertEqual(self.check(whole)['photos'], 2)

    def parts(self, path):
        data = path.read_bytes().split(BEGIN)[1].split(END)[0]
        with tarfile.open(fileobj=io.BytesIO(base64.b64decode(data))) as tar:
            return {m.name: tar.extractfile(m).read() for m in tar}

    def repack(self, path, parts):
        """The same page around other parts."""
        out = io.BytesIO()
        with tarfile.open(fileobj=out, mode='w',
                          format=tarfile.USTAR_FORMAT) as tar:
            for name, data in parts.items():
                info = tarfile.TarInfo(name)
                info.size, info.mode = len(data), 0o600
                tar.addfile(info, io.BytesIO(data))
        text = base64.b64encode(out.getvalue())
        lines = b'\n'.join(text[i:i + 76] for i in range(0, len(text), 76))
        page, rest = path.read_bytes().split(BEGIN)
        changed = self.file('changed.html')
        changed.write_bytes(page + BEGIN + lines + b'\n' + END +
                            rest.split(END)[1])
        return changed

    def test_an_edited_page_is_found(self):
        path, _ = self.write('--evidence', self.one)
        good = path.read_bytes()
        page, rest = good.split(BEGIN)
        bad = self.file('bad.html')
        for what, edited in {
                'a visible word': good.replace('桥下'.encode(),
                                               '桥上'.encode(), 1),
                'a digit of a time': re.sub(rb'20(\d\d)-', b'2019-', good, 1),
                'added text': good.replace(b'<h2>', b'<p>and more</p><h2>', 1),
                'hiding CSS': good.replace(b'</style>',
                                           b'tr{display:none}</style>', 1),
                'a script': good.replace(b'</body>',
                                         b'<script>x()</script></body>'),
                'text after the end': good + b'<p>postscript</p>',
                'text before': b'<p>preface</p>' + good,
                'a missing row': re.sub(rb'<tr><td>1</td>.*?</tr>', b'', good,
                                        1, re.S),
                'the picture': page.replace(b'image/jpeg;base64,',
                                            b'image/jpeg;base64,AAAA', 1) +
                BEGIN + rest}.items():
            self.assertNotEqual(edited, good, what)
            bad.write_bytes(edited)
            told = self.check(bad, code=7)
            self.assertEqual((told['verdict'], told['page'], told['broken']),
                             ('bad', 'differs', 0), what)
            self.assertGreater(told['page_line'], 0, what)
        # What it ought to be comes out of the data.
        new = self.file('new.html')
        self.check(bad, '--page', new, code=7)
        self.assertEqual(new.read_bytes(), page + b'</body></html>\n')

    def test_changed_data_is_named(self):
        path, _ = self.write('--evidence', self.one, '--photos', 'all')
        parts = self.parts(path)
        self.assertEqual(self.check(self.repack(path, parts))['verdict'],
                         'good')
        records = [n for n in parts if n.startswith('records/')]
        batches = [n for n, d in parts.items()
                   if d.startswith(b'xunge/batch/v1')]
        times = [n for n, d in parts.items() if d.startswith(b'xunge/time/v1')]
        blobs = [n for n in parts if n.startswith('blobs/')]
        registry = [n for n, d in parts.items()
                    if d.startswith(b'xunge/registry/v1')]
        proofs = [n for n in parts if n.startswith('receipts/')]

        def flip(data):
            at = len(data) // 2
            while not chr(data[at]).isdigit():
                at += 1
            return data[:at] + bytes([data[at] ^ 1]) + data[at + 1:]
        for names, code in ((records, 'record'), (batches, 'receipt'),
                            (times, 'receipt'), (registry, 'receipt'),
                            (proofs, 'receipt'), (blobs, 'photo')):
            for name in names[:2]:
                changed = {**parts, name: flip(parts[name])}
                told = self.check(self.repack(path, changed), code=7)
                codes = {f['code'] for f in told['findings']}
                self.assertTrue(codes, name)
                self.assertIn(told['page'], ('not compared',), name)
                if code == 'photo':
                    self.assertIn(code, codes, name)
        for name in (records[0], registry[-1], proofs[0], batches[0]):
            less = {k: v for k, v in parts.items() if k != name}
            told = self.check(self.repack(path, less), code=7)
            self.assertGreater(told['broken'], 0, name)
        more = {**parts, 'blobs/' + '0' * 64: b'what else'}
        told = self.check(self.repack(path, more), code=7)
        self.assertIn('part', {f['code'] for f in told['findings']})

    def program(self, page):
        text = (SOURCE / 'docs' / page).read_text(encoding='utf-8')
        blocks = re.findall(r'^```python\n(.*?)^```', text, re.S | re.M)
        self.assertEqual(len(blocks), 1, page)
        return blocks[0]

    def test_with_the_manuals_own_program(self):
        """The very block of docs/audit.md, which knows nothing of us."""
        self.assertEqual(self.program('audit.md'),
                         self.program('audit.zh.md'))
        check = self.file('check.py')
        check.write_text(self.program('audit.md'), encoding='utf-8')
        path, made = self.write('--evidence', self.one, '--photos', 'all')
        answer = need(run(sys.executable, check, path, self.key))
        self.assertTrue(answer.out.startswith('HOLDS: e2e.example size'))
        parts = self.parts(path)
        for folder in 'records/', 'blobs/', 'entries/', 'receipts/':
            name = sorted(n for n in parts if n.startswith(folder))[-1]
            data = bytearray(parts[name])
            data[len(data) * 2 // 3] ^= 1
            changed = self.repack(path, {**parts, name: bytes(data)})
            bad = run(sys.executable, check, changed, self.key)
            self.assertNotEqual(bad.code, 0, name)
            self.assertNotIn('HOLDS: e2e', bad.out, name)

    def test_another_key(self):
        path, _ = self.write('--evidence', self.one)
        other = self.world.folder / 'other'
        need(run(BIN / 'xunge-server', 'init', other, '--origin',
                 'e2e.example', '--lang', 'en'))
        key = need(run(BIN / 'xunge-server', 'key', other, '--json')).one()
        self.check(path, code=7, key=key['log'])
        told = self.check(path, '--registrar', key['registrar'], code=7)
        self.assertIn('registrar', {f['code'] for f in told['findings']})
        # No evidence at all, and a cut one.
        cut = self.file('cut.html')
        cut.write_bytes(path.read_bytes()[:-3000])
        self.check(cut, code=1)
        cut.write_text('<html>nothing</html>')
        self.check(cut, code=1)
        self.check(self.file('none.html'), code=3)

    def test_a_person_and_a_unit_in_a_period(self):
        mine = self.b.incident('address=别处')
        self.settle()
        period = ('--from', '2020-01-01', '--to', '2099-01-01')
        path, made = self.write('--evidence-person', 'wb', *period)
        self.assertEqual(made['entities'], 1)
        told = self.check(path)
        self.assertEqual({r['entity'] for r in told['list']}, {mine})
        path, made = self.write('--evidence-unit', COMMUNITY, *period)
        self.assertEqual(made['entities'], 2)
        self.assertEqual({r['entity'] for r in self.check(path)['list']},
                         {mine, self.one})
        self.write('--evidence-unit', DEPARTMENT, *period, code=3)
        self.write('--evidence-person', 'wb', '--from', '2020-01-01', '--to',
                   '2020-02-01', code=3)
        self.write('--evidence-person', 'wb', code=2)
        self.write('--evidence', self.one, *period, code=2)
        self.write(code=2)
        self.assertFalse(self.file().exists())

    def test_on_paper(self):
        self.conflict()
        path, _ = self.write('--evidence', self.one, lang='zh')
        pdf = self.file('page.pdf')
        subprocess.run(
            ['chromium', '--headless', '--no-sandbox', '--disable-gpu',
             '--disable-dev-shm-usage', '--no-pdf-header-footer',
             '--user-data-dir=%s' % self.file('chrome'),
             '--print-to-pdf=%s' % pdf, path.as_uri()],
            env=environment(HOME=str(self.world.folder)), check=True,
            timeout=90, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        text = subprocess.run(['pdftotext', '-layout', pdf, '-'], check=True,
                              stdout=subprocess.PIPE).stdout.decode()
        pages = text.split('\f')[:-1]
        self.assertIn(len(pages), (2, 3, 4))
        for word in '谁记录的', '不早于', '没有遗漏', '怎样核对', '桥下':
            self.assertIn(word, text.replace(' ', ''))
        self.assertNotIn(BEGIN.decode()[:20], text)
        size = subprocess.run(['pdfinfo', pdf], check=True,
                              stdout=subprocess.PIPE).stdout.decode()
        self.assertRegex(size, r'Page size: +59[45]\.?\d* x 84[12]')
        if os.environ.get('XG_KEEP'):
            shutil.copy(pdf, os.environ['XG_KEEP'])
            shutil.copy(path, os.environ['XG_KEEP'])


if __name__ == '__main__':
    main()
