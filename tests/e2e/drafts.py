#!/usr/bin/env python3
"""Drafts that hold all that was typed, and suggestions so that nothing is typed
twice: right and wrong values, later acts, photos from a pipe, two writers,
kills and full disks, and what is left on the shelf."""
import json
import os
import pathlib
import subprocess
import time

from lib_world import BIN, GRID, PHOTOS, Case, environment, main, run

FIRST, SECOND = PHOTOS / 'f1-exif.jpg', PHOTOS / 'f2-exif.jpg'
PLACED = PHOTOS / 'has-lens-info.jpg'  # has a position
LIBRARY = os.environ.get('XG_FAULT_LIBRARY')

HOSTILE = ['', ' ', '\x1b[31m', 'a\tb\nc', '=', 'a=b', '；;；', '<script>', "'",
           '"}{"', '\u202e\ufeff', '字' * 5000, '-1', '1e9', 'NaN', '\\0',
           '%s%n', '../../etc/passwd', '🧯']


class Drafts(Case):
    WORKERS = [('wa', 'worker', GRID), ('wb', 'delegate', GRID)]

    def write(self, *words, **more):
        return self.a.one('draft', 'write', *words, **more)

    def refused(self, code, *words, **more):
        return json.loads(self.a.do(*words, '--json', code=code, **more).err)

    def pipe(self, data, *words, code=0):
        """With a photo's bytes as standard input."""
        r = subprocess.run(
            [BIN / 'xunge', '--home', self.a.home, '--lang', 'en', *words,
             '--json'], input=data, capture_output=True, env=environment(),
            timeout=60)
        self.assertEqual(r.returncode, code, r.stderr)
        return json.loads(r.stdout or r.stderr)

    def shelf(self):
        folder = self.a.home / 'photos'
        return {p.name for p in folder.glob('??/*')}

    # ---- what was typed ----

    def test_everything_that_was_typed_comes_back(self):
        one = self.write('incident', 'category=fire', 'position=35.0,118.',
                         'address=东门 ', 'description=第一行\n第二行',
                         'urgency=很急', 'note=一', 'note=二', '--contact',
                         '王大爷', '--phone', '138', '--consent', '也许',
                         '--relation', '住户')
        number = one['number']
        self.assertEqual((one['version'], one['saved'], one['missing']),
                         (1, True, []))
        # "118." is a decimal; the others are wrong, each beside its field.
        self.assertEqual([p['field'] for p in one['problems']],
                         ['urgency', 'consent'])
        for p in one['problems']:
            self.assertNotIn('field ', p['text'])
        shown = self.a.show(number)
        self.assertEqual(shown['texts'], {
            'category': 'fire', 'position': '35.0,118.', 'address': '东门 ',
            'description': '第一行\n第二行', 'urgency': '很急',
            'note': ['一', '二']})
        self.assertEqual(shown['fields']['position']['lat'], 35)
        self.assertEqual(shown['informant'], {
            'contact': '王大爷', 'phone': '138', 'consent': '也许',
            'relation': '住户'})
        self.assertEqual(self.a.ask('draft', 'list'), [
            {k: v for k, v in shown.items() if k != 'near'}])
        # What was wrong is named, in the user's language, and nothing saved.
        for lang, word in (('en', 'is not one of'), ('zh', '没有 很急')):
            r = run(BIN / 'xunge', '--home', self.a.home, '--lang', lang,
                    '--json', 'draft', 'finish', number)
            self.assertEqual(r.code, 2)
            e = json.loads(r.err)
            self.assertEqual(e['error'], 'usage')
            self.assertEqual(len(e['problems']), 2)
            self.assertIn('urgency', e['text'])
            self.assertIn('consent', e['text'])
            self.assertIn(word, e['text'])
        self.assertEqual(self.a.ask('list', '--all'), [])
        # The next write replaces all of it.
        two = self.write(number, 'description=好')
        self.assertEqual((two['texts'], two['informant'], two['missing']),
                         ({'description': '好'}, {}, ['category']))
        self.assertEqual(two['version'], 2)
        # The same again writes nothing.
        self.assertEqual(self.write(number, 'description=好')['version'], 2)
        for words in (['draft', 'list'], ['show', number],
                      ['draft', 'write', number, 'urgency=x']):
            self.assertTrue(self.a.do(*words).out)
        self.assertIn('ago', self.a.do('draft', 'list').out)

    def test_hostile_values(self):
        fields = [f for k in self.a.one('describe')['kinds']
                  if k['name'] == 'incident' for f in k['fields']]
        for value in HOSTILE:
            for field in fields:
                if value == '' and field['many']:
                    continue
                one = self.write('incident',
                                 '%s=%s' % (field['name'], value))
                had = one['texts'][field['name']]
                self.assertEqual([value] if field['many'] else value, had)
                self.a.do('draft', 'discard', one['number'])
            one = self.write('incident', '--contact', 'x' + value, '--phone',
                             'y' + value)
            self.assertEqual(one['informant']['contact'], 'x' + value)
            self.a.do('show', one['number'])
            self.a.do('draft', 'discard', one['number'])
        # What no program of ours says is refused, and changes nothing.
        number = self.write('incident', 'category=fire')['number']
        for words in ([number, 'nonsense=1'], [number, 'category'],
                      ['nonsense', 'category=fire'], [number, '--contact',
                                                      b'\xff\xfe'],
                      [number, b'address=\xff'], ['category=fire'],
                      [number, '--move', 'accept'], ['visit', '--contact',
                                                     'x'],
                      ['incident', '--incident', 'category=fire'],
                      [number, 'description=' + 'x' * 130000,
                       'note=' + 'y' * 130000, 'address=' + 'z' * 4000]):
            r = subprocess.run([BIN / 'xunge', '--home', self.a.home, 'draft',
                                'write', *words, '--json'],
                               capture_output=True, env=environment())
            self.assertIn(r.returncode, (1, 2), words)
            self.assertTrue(json.loads(r.stderr)['text'])
        self.refused(3, 'draft', 'write', 'draft-99', 'category=fire')
        self.refused(2, 'draft', 'write', number, '--version', 'x')
        self.assertEqual(self.a.show(number)['version'], 1)

    def test_what_is_missing(self):
        self.assertEqual(self.write('visit')['missing'], ['place', 'result'])
        self.assertEqual(self.write('visit', 'place=A', 'result=maybe')
                         ['missing'], [])
        one = self.write('visit', 'place=A', 'result=abnormal', '--incident',
                         'urgency=urgent', '--incident', 'address=')
        self.assertEqual(one['missing'], ['incident:category'])
        self.assertEqual(one['incident'], {'urgency': 'urgent', 'address': ''})
        one = self.write(one['number'], 'place=A', 'result=normal',
                         '--incident', 'category=fire')
        self.assertEqual([p['field'] for p in one['problems']], ['incident'])
        self.assertEqual(self.write('incident', 'category=fire', '--phone',
                                    '138')['missing'], ['contact'])

    # ---- finishing ----

    def test_finished_it_is_what_the_command_would_have_saved(self):
        typed = ['category=fire', 'address=东门', 'urgency=紧急', 'note=看过',
                 '--photo', '%s:near' % FIRST, '--photo',
                 '%s:before,forwarded' % SECOND, '--contact', '王大爷',
                 '--phone', '13800000000', '--consent', 'no', '--relation',
                 '住户']
        direct = self.a.one('incident', *typed)
        number = self.write('incident', *typed)['number']
        done = self.a.one('draft', 'finish', number)
        self.assertEqual(set(done) - {'near'}, set(direct) - {'near'})
        sides = [self.a.show(i) for i in (direct['id'], done['id'])]
        for key in ('kind', 'status', 'fields', 'photos', 'position'):
            a, b = (json.dumps(s.get(key), sort_keys=True).replace(
                direct['contact'], 'C').replace(done['contact'], 'C')
                for s in sides)
            self.assertEqual(a, b, key)
        contacts = [self.a.show(x['contact'])['fields'] for x in (direct, done)]
        self.assertEqual(contacts[0], contacts[1])
        self.assertEqual(self.a.ask('draft', 'list'), [])
        self.refused(3, 'draft', 'finish', number)
        self.a.sync()
        self.sound(self.a)

    def test_a_visit_that_opens_an_incident(self):
        number = self.write('visit', 'place=A', 'result=abnormal',
                            '--incident', 'category=fire', '--photo',
                            FIRST)['number']
        done = self.a.one('draft', 'finish', number)
        opened = self.a.show(done['incident'])
        self.assertEqual(opened['fields']['visit'], done['id'])
        self.assertEqual(self.a.show(done['id'])['photos']['total'], 1)

    def test_the_same_caller_again(self):
        first = self.a.one('incident', 'category=fire', '--contact', '王大爷',
                           '--phone', '138', '--consent', 'yes', '--relation',
                           '店主')
        for words in (['contact', 'name', '王'], ['contact', 'phone', '13'],
                      ['incident', 'contact', '王大']):
            one = self.a.one('suggest', *words)
            self.assertEqual(
                (one['name'], one['phone'], one['id'], one['consent'],
                 one['relation']),
                ('王大爷', '138', first['contact'], 'yes', '店主'))
        number = self.write('incident', 'category=noise',
                            'contact=' + first['contact'])['number']
        done = self.a.one('draft', 'finish', number)
        self.assertNotIn('contact', done)
        self.assertEqual(len(self.a.ask('list', 'contact')), 1)
        # Chosen and typed: one too many.
        one = self.write('incident', 'category=fire', '--contact', 'x',
                         'contact=' + first['contact'])
        self.assertEqual([p['field'] for p in one['problems']], ['contact'])
        # Who may not see contacts is told of none: here on a shared device.
        self.world.ask('device', 'allow', 'd/0001', 'wb', code=(0, 2, 3))
        self.assertEqual(self.a.ask('suggest', 'contact', 'name', '--as',
                                    'wb'), [])
        self.b.one('incident', 'category=fire', '--contact', '李', '--phone',
                   '139')
        self.assertEqual(self.b.ask('suggest', 'contact', 'phone'), [])

    # ---- later acts ----

    def test_later_acts(self):
        case = self.a.incident('grid=' + GRID)
        # A note and a photo, as `note` and `photo` would.
        one = self.write('--about', case, 'note=已核实', '--photo', FIRST)
        self.assertEqual((one['about'], one['kind'], one['missing']),
                         (case, 'incident', []))
        self.a.one('draft', 'finish', one['number'])
        shown = self.a.show(case)
        self.assertEqual((shown['photos']['total'], shown['records']), (1, 2))
        # A change.
        one = self.write('incident', '--about', case, 'address=西门')
        self.a.one('draft', 'finish', one['number'], 'urgency=urgent')
        self.assertEqual(self.a.show(case)['fields']['address'], '西门')
        # A move: what it needs, what it would be better with.
        one = self.write('--about', case, '--move', 'self_handle', '--photo',
                         '%s:before' % FIRST)
        self.assertEqual(one['wanted'], ['after'])
        self.assertEqual([p['field'] for p in one['problems']], ['move'])
        number = one['number']
        one = self.write(number, '--photo', '%s:after' % SECOND)
        self.assertEqual((one['move'], one['problems'], one['missing'],
                          one['wanted']), ('self_handle', [], [], []))
        # A field of a move without one is a fault, and stays.
        other = self.write('--about', case, 'result=扫净')
        self.assertEqual([p['field'] for p in other['problems']], ['result'])
        self.assertEqual(other['texts'], {'result': '扫净'})
        done = self.a.one('draft', 'finish', number)
        self.assertEqual(done['status'], 'self_handled')
        # What was possible is so no more.
        one = self.write('--about', case, '--move', 'escalate')
        self.assertEqual([p['field'] for p in one['problems']], ['move'])
        self.refused(2, 'draft', 'finish', one['number'])
        one = self.write('--about', case)
        self.refused(2, 'draft', 'finish', one['number'])
        self.refused(2, 'draft', 'write', one['number'], '--contact', 'x')
        self.refused(3, 'draft', 'write', '--about', 'ffffffff')
        self.a.sync()
        self.sound(self.a)

    def test_needs_of_a_move(self):
        case = self.a.incident('grid=' + GRID)
        one = self.write('--about', case, '--move', 'answer')
        self.assertEqual(one['missing'], ['answer'])
        one = self.write(one['number'], 'answer=好')
        self.assertEqual((one['missing'], one['problems']), ([], []))
        self.a.one('draft', 'finish', one['number'])
        one = self.write('--about', case, '--move', 'nonsense')
        self.assertEqual([p['field'] for p in one['problems']], ['move'])

    # ---- photos ----

    def test_photos_from_a_pipe(self):
        data = FIRST.read_bytes()
        one = self.pipe(data, 'draft', 'write', 'incident', 'category=fire',
                        '--photo', '-:near', '--bytes', str(len(data)))
        number = one['number']
        self.assertEqual([(p['role'], p['bytes']) for p in one['photos']],
                         [('near', len(data))])
        before = self.shelf()
        self.assertEqual(len(before), 1 + ('thumbnail' in one['photos'][0]))
        # Cut, too long, empty, no photo: nothing is left of it.
        for wrong, told in ((data[:500], len(data)), (data, 500), (b'', None),
                            (b'text', None), (b'', 5)):
            e = self.pipe(wrong, 'draft', 'write', number, '--photo', '-',
                          *(['--bytes', str(told)] if told else []), code=1)
            self.assertEqual(e['error'], 'format')
        big = b'\xff\xd8\xff' + bytes(65 << 20)
        e = self.pipe(big, 'draft', 'write', number, '--photo', '-', code=1)
        self.assertEqual(e['error'], 'too-big')
        self.pipe(data, 'draft', 'write', number, '--photo', '-', '--photo',
                  '-:far', code=2)
        self.assertEqual(self.shelf(), before)
        self.assertFalse(list((self.a.home / 'photos').glob('*.tmp')))
        # The same photo again is told anew, and in it once.
        one = self.pipe(data, 'draft', 'write', number, 'category=fire',
                        '--photo', '-:after')
        self.assertEqual([p['role'] for p in one['photos']], ['after'])
        done = self.a.one('draft', 'finish', number)
        # The same way for the others.
        two = SECOND.read_bytes()
        self.pipe(two, 'photo', done['id'], '-:far')
        self.pipe(data, 'do', done['id'], 'self_handle', '--why', '当场',
                  '--photo', '-:before')
        new = self.pipe(two, 'incident', 'category=fire', '--photo', '-')
        self.assertEqual(self.a.show(done['id'])['photos']['total'], 3)
        self.assertEqual(new['photos'][0]['bytes'], len(two))

    def test_a_stream_that_stops_leaves_nothing(self):
        data = FIRST.read_bytes()
        p = subprocess.Popen(
            [BIN / 'xunge', '--home', self.a.home, 'draft', 'write',
             'incident', '--photo', '-'], stdin=subprocess.PIPE,
            env=environment())
        p.stdin.write(data[:600])
        p.stdin.flush()
        time.sleep(0.3)
        # Nothing of it is on the disk, in clear or sealed.
        self.assertEqual(self.shelf(), set())
        for path in self.a.home.rglob('*'):
            if path.is_file():
                self.assertNotIn(data[200:232], path.read_bytes(), path)
        p.kill()
        p.wait()
        p.stdin.close()
        self.assertEqual((self.shelf(), self.a.ask('draft', 'list')),
                         (set(), []))

    def test_position_and_doubts_of_a_photo(self):
        one = self.write('incident', 'category=fire', '--photo', PLACED)
        self.assertAlmostEqual(one['fields']['position']['lat'],
                               one['photos'][0]['position']['lat'])
        two = self.write(one['number'], 'category=fire',
                         'position=35.05,118.3')
        self.assertIn('place', [d['doubt'] for d in two['photos'][0]['doubts']])
        done = self.a.one('draft', 'finish', two['number'])
        self.assertEqual(self.a.show(done['id'])['fields']['position']['lat'],
                         35.05)

    def test_near(self):
        there = self.a.incident('position=35.05,118.3', 'address=东门')
        self.a.incident('position=35.06,118.3')
        one = self.write('incident', 'category=fire',
                         'position=35.0501,118.3')
        self.assertEqual([n['id'] for n in one['near']], [there])
        self.assertEqual((one['near'][0]['address'],
                          one['near'][0]['category']), ('东门', 'fire'))
        self.assertLess(one['near'][0]['distance_m'], 20)
        # Left out where nothing that it hangs on is new; shown when asked.
        two = self.write(one['number'], 'category=fire',
                         'position=35.0501,118.3', 'address=x')
        self.assertNotIn('near', two)
        self.assertEqual(self.a.show(one['number'])['near'], one['near'])
        three = self.write(one['number'], 'category=noise',
                           'position=35.0501,118.3')
        self.assertEqual(three['near'], [])

    def test_what_a_draft_gave_up_goes(self):
        kept = self.a.one('incident', 'category=fire', '--photo', SECOND)
        one = self.write('incident', '--photo', FIRST, '--photo', SECOND)
        lost = [p['sha256'] for p in one['photos']]
        self.assertEqual(len(lost), 2)
        two = self.write(one['number'], '--drop', lost[0])
        self.assertEqual([p['sha256'] for p in two['photos']], lost[1:])
        self.a.do('draft', 'discard', one['number'])
        other = self.write('incident', '--photo', PLACED)
        # Not at once: somebody may be about to name it.
        self.a.sync()
        self.assertIn(lost[0], self.shelf())
        for path in (self.a.home / 'photos').glob('??/*'):
            os.utime(path, (time.time() - 7200, time.time() - 7200))
        self.a.sync()
        here = self.shelf()
        self.assertNotIn(lost[0], here)
        self.assertIn(lost[1], here)  # a record names it
        self.assertIn(other['photos'][0]['sha256'], here)
        self.assertEqual(kept['photos'][0]['sha256'], lost[1])
        self.a.one('draft', 'finish', other['number'], 'category=fire')
        self.a.sync()
        self.sound(self.a)

    # ---- two writers ----

    def test_two_writers(self):
        number = self.write('incident', 'address=一')['number']
        self.assertEqual(self.write(number, 'address=二', '--version', '1')
                         ['version'], 2)
        e = self.refused(1, 'draft', 'write', number, 'address=三',
                         '--version', '1')
        self.assertEqual(e['error'], 'stale')
        self.assertIn('xunge show ' + number, e['text'])
        self.assertEqual(self.a.show(number)['texts']['address'], '二')
        e = self.refused(1, 'draft', 'finish', number, 'category=fire',
                         '--version', '1')
        self.assertEqual(e['error'], 'stale')
        # At the same time: each version is written by one of them.
        words = [BIN / 'xunge', '--home', self.a.home, 'draft', 'write',
                 number, '--version', '2', '--json']
        tabs = [subprocess.Popen([*words, 'address=%d' % i],
                                 stdout=subprocess.PIPE,
                                 stderr=subprocess.PIPE, env=environment())
                for i in range(8)]
        ends = [(p.communicate(), p.returncode) for p in tabs]
        self.assertEqual(sorted(code for _, code in ends), [0] + [1] * 7)
        self.assertEqual(self.a.show(number)['version'], 3)

    # ---- kills, and no room ----

    def test_begun_twice(self):
        """No answer was heard: the same key is the same draft."""
        key = '--key', '00f1e2d3c4b5a697'
        one = self.write('incident', 'address=东门', *key, '--photo', FIRST)
        self.assertEqual(one['version'], 1)
        same = self.write('incident', 'address=东门', *key, '--photo', FIRST)
        self.assertEqual((same['number'], same['version'],
                          len(same['photos'])), (one['number'], 1, 1))
        more = self.write('incident', 'address=西门', *key)
        self.assertEqual((more['number'], more['version'], more['texts'],
                          len(more['photos'])),
                         (one['number'], 2, {'address': '西门'}, 1))
        # It stays its own through every write, and no other's.
        self.write(one['number'], 'address=南门')
        self.assertEqual(self.write('incident', *key)['number'],
                         one['number'])
        others = {self.write('incident', 'address=东门', '--key', other)[
            'number'] for other in ('10f1e2d3c4b5a697', 'ffffffffffffffff')}
        others.add(self.write('incident', 'address=东门')['number'])
        others.add(self.write('notice', 'title=东门', *key)['number'])
        self.assertEqual(len(others - {one['number']}), 4)
        for wrong in ('', '1', '0' * 16, 'g' * 16, '0' * 15 + '11'):
            self.refused(2, 'draft', 'write', 'incident', '--key', wrong)
        self.assertEqual(len(self.a.ask('draft', 'list')), 5)
        self.a.one('draft', 'discard', one['number'])
        again = self.write('incident', 'address=东门', *key)
        self.assertNotIn(again['number'], others)
        self.assertEqual(again['version'], 1)

    def test_killed_while_it_writes(self):
        """At any call that changes the disk: what was there, or what came."""
        if not LIBRARY:
            self.skipTest('without the fault library')
        number = self.write('incident', 'description=a', '--photo',
                            FIRST)['number']
        text, old = 'a', 1
        for n in range(1, 200):
            new = 'b%d' % n
            r = run(BIN / 'xunge', '--home', self.a.home, 'draft', 'write',
                    number, 'description=' + new, '--photo', SECOND, '--json',
                    LD_PRELOAD=LIBRARY, XG_FAULT='kill:%d' % n,
                    XG_FAULT_DIR=os.path.realpath(self.a.home),
                    XG_FAULT_PROGRAM='xunge')
            shown = self.a.show(number)
            if shown['texts']['description'] == new:
                text = new
            self.assertEqual(shown['texts']['description'], text)
            self.assertIn(len(shown['photos']), (1, 2))
            if r.code == 0:
                self.assertEqual((text, len(shown['photos'])), (new, 2))
                break
        else:
            self.fail('it never came to its end')
        self.assertGreater(n, 3)
        self.assertGreaterEqual(shown['version'], old)
        self.a.one('draft', 'finish', number, 'category=fire')
        self.a.sync()
        self.sound(self.a)

    # ---- suggestions ----

    def test_suggestions(self):
        for address in ('金雀山路18号', '金雀山路18号', '解放路1号',
                        'Jinque Road'):
            self.a.incident('address=' + address, 'position=35.05,118.3')
        self.a.incident('address=金雀山路99号', 'position=35.25,118.3')
        self.a.one('dispute', 'type=邻里', 'parties=吴某;黄某')

        def values(*words):
            return [s['value'] for s in self.a.ask('suggest', *words)]
        self.assertEqual(values('incident', 'address', '金雀')[0],
                         '金雀山路18号')
        self.assertEqual(values('incident', 'address', '99号'),
                         ['金雀山路99号'])
        self.assertEqual(values('incident', 'address', 'jinque'),
                         ['Jinque Road'])
        self.assertEqual(values('incident', 'address', '金雀', '--position',
                                '35.25,118.3')[0], '金雀山路99号')
        self.assertEqual(values('incident', 'address', '没有'), [])
        self.assertEqual(sorted(values('dispute', 'parties')),
                         ['吴某', '黄某'])
        self.assertEqual(values('dispute', 'type'), ['邻里'])
        one = self.a.ask('suggest', 'incident', 'unit', '住建')[0]
        self.assertEqual((one['value'], one['name'], one['count'],
                          one['last']), ('371302-zj', '住建局', 0, None))
        self.assertEqual(values('incident', 'unit', '371302-cg'),
                         ['371302-cg'])
        self.assertEqual(values('incident', 'description'), [])
        self.assertIn('used 2 times',
                      self.a.do('suggest', 'incident', 'address').out)
        for text in HOSTILE:
            self.a.do('suggest', 'incident', 'address', text)
        for words in (['nonsense', 'x'], ['incident', 'x'], ['incident']):
            self.a.do('suggest', *words, code=2)
        self.a.do('suggest', 'incident', 'address', '--position', 'x', code=2)
        # What was withdrawn was a mistake.
        gone = self.a.incident('address=错写')
        self.a.do('withdraw', gone, '--why', '误报')
        self.assertEqual(values('incident', 'address', '错写'), [])


class Pains(Case):
    """11 and 27 of docs/pains.md."""
    WORKERS = [('wa', 'worker', GRID)]

    def test_11_no_ghost_draft_and_no_lost_one(self):
        one = self.a.one('draft', 'write', 'incident', 'category=fire',
                         '--photo', FIRST)
        self.a.one('draft', 'finish', one['number'])
        self.assertEqual(self.a.ask('draft', 'list'), [])
        self.a.do('draft', 'finish', one['number'], code=3)
        self.assertEqual(len(self.a.ask('list')), 1)

    def test_27_drafts_do_not_hide_among_what_was_sent(self):
        self.a.incident()
        self.a.sync()
        for i in range(5):
            self.a.one('draft', 'write', 'incident', 'note=%d' % i)
        self.assertEqual(len(self.a.ask('list')), 1)
        drafts = self.a.ask('draft', 'list')
        self.assertEqual([d['texts']['note'] for d in drafts],
                         [['%d' % i] for i in range(5)])
        self.assertEqual(self.a.status()['drafts'], 5)
        self.assertEqual([d['missing'] for d in drafts], [['category']] * 5)


if __name__ == '__main__':
    main()
