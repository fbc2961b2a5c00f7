#!/usr/bin/env python3
"""Work orders of a hotline, from the tables that it exports: each becomes an
incident by the code of `add`, with who told of it; what is wrong in a row is
told with its number and column, and the others are taken; an order is taken
once, however often its file comes and wherever a server ended amid it. And
tables that are none, or would like to be something else."""
import io
import os
import signal
import subprocess
import sys
import time
import zipfile

from lib_world import (BIN, GRID, Case, environment, main, need, run,
                       wait_until)

MAP = ('工单编号=external,标题=description,内容=description,地址=address,'
       '类别=category,来电时间=happened,来电人=contact,电话=phone,网格=grid')
COLUMNS_MAX = 64  # XG_CSV_COLUMNS_MAX
HEAD = '工单编号,标题,内容,地址,类别,来电时间,来电人,电话,网格'
# One in which openpyxl lies: ours may be another.
PYTHONS = sys.executable, '/usr/bin/python3'
WORKBOOK = '''
import datetime, sys, openpyxl
wb = openpyxl.Workbook()
ws = wb.active
ws.title = '汇总'
ws.append(['另一张表'])
ws = wb.create_sheet('工单')
ws.append(['兰山区 12345 热线工单'])
ws.append(%r.split(','))
ws.append([20260515001, '楼道堆物', '占用消防通道，\\n已有三天', '"银雀山路" 3 号',
           'fire', datetime.datetime(2026, 5, 15, 8, 30), '王女士',
           13812345678, %r])
ws.append([])
ws.append(['DH-2', None, '=1+1', '甲<b>路</b>', 'fire',
           datetime.date(2026, 5, 16), None, None, %r])
wb.save(sys.argv[1])
'''


def python_with_openpyxl():
    for python in PYTHONS:
        if os.path.exists(python) and subprocess.run(
                [python, '-c', 'import openpyxl'],
                stderr=subprocess.DEVNULL).returncode == 0:
            return python
    raise AssertionError('python3-openpyxl is not installed')


def row(number, **more):
    cells = dict(zip(HEAD.split(','), [number, '楼道堆物', '', '银雀山路',
                                       'fire', '2026/5/15 8:30', '', '', GRID]))
    cells.update(more)
    return ','.join(cells.values())


SHEET = ('<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/'
         '2006/main"><sheetData>%s</sheetData></worksheet>')


def book(sheet, **parts):
    """A workbook by hand: what no honest program writes."""
    out = io.BytesIO()
    names = {
        'xl/workbook.xml': '<workbook xmlns:r="r"><sheets><sheet name="a" '
                           'sheetId="1" r:id="r1"/></sheets></workbook>',
        'xl/_rels/workbook.xml.rels':
            '<Relationships><Relationship Id="r1" '
            'Target="worksheets/sheet1.xml"/></Relationships>',
        'xl/worksheets/sheet1.xml': sheet, **parts}
    with zipfile.ZipFile(out, 'w', zipfile.ZIP_DEFLATED) as z:
        for name, text in names.items():
            z.writestr(name, text)
    return out.getvalue()


def inline(place, text):
    return '<c r="%s" t="inlineStr"><is><t>%s</t></is></c>' % (place, text)


class Intake(Case):
    WORKERS = [('wa', 'worker', GRID)]

    def setUp(self):
        super().setUp()
        self.world.worker('d1', 'dispatcher', '371302')

    def file(self, content, name='orders.csv'):
        path = self.world.folder / name
        path.write_bytes(content if isinstance(content, bytes)
                         else content.encode())
        return path

    def take(self, path, *words, map_=('--map', MAP), code=0):
        return self.world.ask('intake', path, *map_, '--as', 'd1', *words,
                              code=code)

    def refused(self, content, words, name='orders.csv', more=(), code=1,
                map_=('--map', MAP)):
        r = self.world.try_('intake', self.file(content, name), *map_, '--as',
                            'd1', *more)
        self.assertEqual(r.code, code, r.out + r.err)
        for word in words:
            self.assertIn(word, r.err)
        self.assertEqual(self.incidents(), [])

    def all(self):
        return self.world.ask('list', 'incident', '--limit', '1000')

    def incidents(self):
        return self.world.ask('list', 'incident')

    def fields(self, which):
        return self.world.show(which)['fields']

    def test_each_encoding_gives_the_same(self):
        lines = HEAD + '\r\n' + row('DH1', 内容='"一,二\r\n三"',
                                    来电人='王女士', 电话='13812345678')
        for i, data in enumerate((lines.encode('utf-8-sig'),
                                  lines.encode('gb18030'),
                                  lines.encode('utf-16'),
                                  lines.replace(',', '\t')
                                  .replace('一\t二', '一,二').encode())):
            data = data.replace(b'DH1', b'DH%d' % (i + 1)) if i != 2 else \
                lines.replace('DH1', 'DH3').encode('utf-16')
            one, = self.take(self.file(data))
            self.assertIsNone(one['problem'])
            self.assertEqual((one['row'], one['external']),
                             (2, 'DH%d' % (i + 1)))
            self.assertTrue(one['number'])
            told = self.fields(one['id'])
            self.assertEqual(told['description'], '楼道堆物\n一,二\n三')
            self.assertEqual(told['category'], 'fire')
            self.assertEqual(told['channel'], 'hotline')
            self.assertEqual(told['happened'], '2026-05-15T00:30:00.000Z')
            who = self.fields(told['contact'])
            self.assertEqual((who['name'], who['phone']),
                             ('王女士', '13812345678'))
        bare, = self.take(self.file(HEAD + '\n' + row('DH9', 电话='123')))
        who = self.fields(self.fields(bare['id'])['contact'])
        self.assertEqual((who['name'], who['phone']), ('未留姓名', '123'))
        self.a.sync()
        self.assertEqual(len(self.a.ids() & {e['id'] for e in
                                             self.incidents()}), 5)
        self.sound()

    def test_times_as_people_write_them(self):
        half_past = '2026-05-15T00:30:00.000Z'
        written = {'2026.5.15 8:30': half_past, '2026-5-15T8:30:00': half_past,
                   '2026年5月15日8时30分': half_past,
                   '2026-05-15T08:30:00.5+08:00': '2026-05-15T00:30:00.500Z',
                   '20260515083000': half_past,
                   '2026.5.15': '2026-05-14T16:00:00.000Z',
                   '20260515': '2026-05-14T16:00:00.000Z',
                   '2026年5月15日下午3点': None, '2026.5.15 8:30:00.7': None,
                   '2026/5/15 8:30:00 7': None}
        told = self.take(self.file('\n'.join(
            [HEAD] + [row(f'T{i}', 来电时间=text)
                      for i, text in enumerate(written)])), code=5)
        self.assertEqual(
            [self.fields(o['id'])['happened'] if o['id'] else None
             for o in told], list(written.values()))

    def test_a_workbook(self):
        path = self.world.folder / 'orders.xlsx'
        subprocess.run([python_with_openpyxl(), '-c',
                        WORKBOOK % (HEAD, GRID, GRID), path], check=True)
        first, second = self.take(path, '--sheet', '工单')
        # The first has a long number and a phone as numbers, a date by style.
        self.assertEqual((first['row'], first['external']), (3, '20260515001'))
        told = self.fields(first['id'])
        self.assertEqual(told['description'],
                         '楼道堆物\n占用消防通道，\n已有三天')
        self.assertEqual(told['address'], '"银雀山路" 3 号')
        self.assertEqual(told['happened'], '2026-05-15T00:30:00.000Z')
        self.assertEqual(self.fields(told['contact'])['phone'], '13812345678')
        self.assertEqual((second['row'], second['external']), (5, 'DH-2'))
        told = self.fields(second['id'])
        self.assertEqual(told['address'], '甲<b>路</b>')
        self.assertEqual(told['happened'], '2026-05-15T16:00:00.000Z')
        self.assertNotIn('description', told)  # a formula without its value
        # By its number; again; and the first sheet is another.
        again = self.take(path, '--sheet', '2')
        self.assertEqual([o['same_as'] for o in again],
                         [first['id'], second['id']])
        r = self.world.try_('intake', path, '--map', MAP, '--as', 'd1')
        self.assertIn('工单编号', r.err)
        self.assertEqual(r.code, 1)
        r = self.world.try_('intake', path, '--map', MAP, '--as', 'd1',
                            '--sheet', '三')
        self.assertEqual(r.code, 3)
        self.assertEqual(len(self.incidents()), 2)

    def test_what_is_wrong_is_told_and_the_rest_is_taken(self):
        lines = [HEAD, row('A1'), row('A2', 类别=''), row('', 标题='无号'),
                 '', row('A3', 来电时间='昨天'), row('A4', 电话='1' * 50),
                 row('A1', 标题='重复'), row('A' * 70), row('A5'),
                 row('A6', 来电时间='2026.5.15 8.30' + ' 7777' * 999)]
        path = self.file('\n'.join(lines))
        dry = self.take(path, '--dry-run', code=5)
        self.assertEqual(self.incidents(), [])
        told = self.take(path, code=5)
        self.assertEqual([o['row'] for o in told], [2, 3, 4, 6, 7, 8, 9, 10, 11])
        wrong = {o['row']: o['problem'] for o in told if o['problem']}
        self.assertEqual({r: p['field'] for r, p in wrong.items()},
                         {3: '', 4: 'external', 6: 'happened', 7: 'contact',
                          8: 'external', 9: 'external', 11: 'happened'})
        self.assertEqual({r: o['problem'] for r, o in
                          ((o['row'], o) for o in dry) if o['problem']}, wrong)
        self.assertEqual(wrong[6]['column'], '来电时间')
        self.assertIn('category', wrong[3]['text'])
        self.assertEqual(wrong[7]['column'], '电话')
        self.assertIn('row 2', wrong[8]['text'])
        self.assertEqual([o['external'] for o in told if o['id']],
                         ['A1', 'A5'])
        self.assertEqual(len(self.incidents()), 2)
        zh = need(run(BIN / 'xunge-server', 'intake', self.world.data, path,
                      '--map', MAP, '--as', 'd1', '--dry-run', '--lang', 'zh'),
                  5).out
        self.assertIn('第 6 行', zh)
        self.assertIn('来电时间', zh)
        self.assertIn('已收过', zh)
        # Mended, the same file takes what is new in it alone.
        mended = self.file('\n'.join(lines).replace('昨天', '2026-05-15 9:00'))
        told = self.take(mended, code=5)
        self.assertEqual([o['external'] for o in told if o['id']], ['A3'])
        self.assertEqual([o['external'] for o in told if o['same_as']],
                         ['A1', 'A1', 'A5'])

    def test_columns_before_there_is_a_map(self):
        path = self.file('兰山区工单\n\n%s,处理\n%s,x\n%s,y' %
                         (HEAD, row('1'), row('2', 标题='二')))
        told, = self.take(path, '--columns', map_=())
        self.assertEqual(told['columns'], HEAD.split(',') + ['处理'])
        self.assertEqual((told['rows'], len(told['sample'])), (2, 2))
        self.assertEqual(told['sample'][1]['标题'], '二')
        self.assertEqual(told['map'], dict(p.split('=')
                                           for p in MAP.split(',')))
        guess = ','.join('%s=%s' % pair for pair in told['map'].items())
        self.assertEqual(self.incidents(), [])
        taken = self.take(path, map_=('--map', guess, '--map-name', 'm'))
        self.assertEqual([bool(o['id']) for o in taken], [True, True])
        other = self.file('标题,工单编号\na,9')
        told, = self.take(other, '--columns', map_=('--map-name', 'm'))
        self.assertEqual(told['map'], {'标题': 'description',
                                       '工单编号': 'external'})
        self.refused_columns(self.file(b'PK\x03\x04xx', 'a.xlsx'))

    def test_as_many_columns_as_a_table_may_have(self):
        """All are named, the last ones too, and each may be of the map."""
        names = ['列%d' % n for n in range(1, COLUMNS_MAX)] + ['工单编号']
        cells = ['第%d' % n for n in range(1, COLUMNS_MAX)] + ['A1']
        path = self.file(','.join(names) + '\n' + ','.join(cells))
        told, = self.take(path, '--columns', map_=())
        self.assertEqual(told['columns'], names)
        self.assertEqual(told['sample'], [dict(zip(names, cells))])
        self.assertEqual(told['map'], {'工单编号': 'external'})
        parts = ['%s=description' % n for n in names[:-1]] + [
            '工单编号=external']
        taken, = self.take(path, 'category=fire',
                           map_=('--map', ','.join(parts)))
        shown = str(self.fields(taken['id'])['description'])
        for cell in cells[:-1]:
            self.assertIn(cell, shown)
        self.assertEqual(taken['external'], 'A1')
        # One more, of the map and of the table.
        r = self.world.try_('intake', path, '--map',
                            ','.join(parts + ['又=note']), '--as', 'd1')
        self.assertEqual(r.code, 2, r.out + r.err)
        self.assertIn('at most %d' % COLUMNS_MAX, r.err)
        wide = self.file(','.join(names + ['又']) + '\n' +
                         ','.join(cells + ['x']))
        for words in (('--columns',), ('--map', ','.join(parts))):
            r = self.world.try_('intake', wide, *words, '--as', 'd1')
            self.assertEqual(r.code, 1, r.out + r.err)
            self.assertIn('more than %d columns' % COLUMNS_MAX, r.err)

    def refused_columns(self, path):
        r = self.world.try_('intake', path, '--columns', '--as', 'd1')
        self.assertEqual(r.code, 1, r.out + r.err)
        self.assertIn('damaged', r.err)

    def test_a_map_is_remembered_and_a_number_belongs_to_its_channel(self):
        path = self.file(HEAD + '\n' + row('7'))
        self.world.do('intake', path, '--map-name', '12345', '--as', 'd1',
                      code=3)
        first, = self.take(path, '--map-name', '12345')
        again, = self.take(path, map_=('--map-name', '12345'))
        self.assertEqual(again['same_as'], first['id'])
        other, = self.take(path, '--source', 'window',
                           map_=('--map-name', '12345'))
        self.assertIsNone(other['same_as'])
        self.assertEqual(self.fields(other['id'])['channel'], 'window')
        # What all rows have in common; and a rebuilt server knows it still.
        bare = self.file('号,事\n7,甲\n8,乙', 'bare.csv')
        told = self.take(bare, 'category=fire', map_=(
            '--map', '号=external,事=description'))
        self.assertEqual([o['same_as'] for o in told], [first['id'], None])
        self.world.stop()
        self.world.do('rebuild')
        told = self.take(bare, 'category=fire', map_=(
            '--map', '号=external,事=description'))
        self.assertEqual([bool(o['same_as']) for o in told], [True, True])
        self.world.do('check')

    def test_killed_amid(self):
        """What was made stays, once; the same file again takes the rest."""
        count = 900
        path = self.file('\n'.join([HEAD] + [row('K%d' % i)
                                             for i in range(count)]))
        argv = [BIN / 'xunge-server', 'intake', self.world.data, path, '--map',
                MAP, '--as', 'd1']
        made = 0
        for least in 10, 60:
            asking = subprocess.Popen(argv, env=environment(),
                                      stdout=subprocess.DEVNULL,
                                      stderr=subprocess.DEVNULL)
            wait_until(lambda: len(self.all()) >= least, what='some')
            self.world.p.send_signal(signal.SIGKILL)
            self.world.p.wait()
            self.world.p.stdout.close()
            self.world.p = None
            asking.kill()
            asking.wait()
            self.world.start()
            now = len(self.all())
            self.assertGreaterEqual(now, made)
            made = now
        self.assertLess(made, count)
        told = self.take(path)
        self.assertEqual(sum(bool(o['same_as']) for o in told), made)
        self.assertEqual(sum(bool(o['id']) for o in told), count - made)
        # The board stands back in a rush.
        wait_until(lambda: len(self.all()) == count, what='all of them')
        self.sound()

    def test_maps_that_mean_nothing(self):
        for map_, hint in (('a', 'COLUMN=FIELD'), ('a=', 'COLUMN=FIELD'),
                           ('a=description', 'external'),
                           ('a=external,b=external', 'external'),
                           ('a=external,a=address', 'twice'),
                           ('a=external,b=colour', 'colour'),
                           ('a=external,b=unit', 'not filled in'),
                           ('a=external,b=photo', 'not filled in')):
            self.refused('a,b\n1,2', [hint], map_=('--map', map_), code=2)
        self.refused('a,b\n1,2', ['--map'], map_=(), code=2)
        self.refused('号\n1', ['工单编号', 'orders.csv'])

    def test_tables_that_are_none(self):
        ten = ''.join('<c t="inlineStr"><is><t>%s</t></is></c>' % ('x' * 999)
                      for _ in range(9))
        bomb = SHEET % ''.join('<row>%s</row>' % ten for _ in range(3000))
        far = SHEET % ('<row r="1">%s</row><row r="4000000000">%s</row>' %
                       (inline('A1', 'a'), inline('A4000000000', 'b')))
        wide = SHEET % ('<row r="1">%s</row>' % inline('ZZZ1', 'a'))
        entity = ('<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">'
                  '<!ENTITY b "&a;&a;&a;&a;">]>' + SHEET %
                  ('<row r="1">%s</row>' % inline('A1', '&b;')))
        deep = SHEET % ('<row>' * 100 + '</row>' * 100)
        zip_ = io.BytesIO()
        with zipfile.ZipFile(zip_, 'w') as z:
            z.writestr('a.txt', 'x')
        for name, data, hint in (
                ('old.xls', b'\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1' + bytes(999),
                 'old .xls'),
                ('a.zip', zip_.getvalue(), 'no .xlsx workbook'),
                ('cut.xlsx', book(SHEET % '')[:-60], 'damaged'),
                ('noise.xlsx', b'PK\x03\x04' + os.urandom(5000), 'damaged'),
                ('noise.csv', bytes(range(256)) * 8, 'GB18030'),
                ('photo.csv', b'\xff\xd8\xff\xe0' + os.urandom(5000), ''),
                ('bomb.xlsx', book(bomb), 'too large'),
                ('far.xlsx', book(far), 'too large'),
                ('wide.xlsx', book(wide), 'too large'),
                ('entity.xlsx', book(entity), 'document type'),
                ('deep.xlsx', book(deep), 'damaged'),
                ('lost.xlsx', book(SHEET % '<row r="1"><c r="A1" t="s"><v>9'
                                   '</v></c></row>'), 'damaged'),
                ('empty.csv', b'', 'empty'),
                ('head.xlsx', book(SHEET % ''), '')):
            with self.subTest(name):
                began = time.monotonic()
                self.refused(data, [name, hint], name)
                self.assertLess(time.monotonic() - began, 20)
        # A zip that inflates for ever.
        stream = SHEET % ('<row r="1"><c r="A1"><v>' + ' ' * (300 << 20) +
                          '</v></c></row>')
        self.refused(book(stream), ['too large'], 'endless.xlsx')


if __name__ == '__main__':
    main()
