#!/usr/bin/env python3
"""Lists, counts and dwell, which the board finds, against a slow look at every
case through `show`; in a running server, alone, after kill -9, and made anew."""
import contextlib
import random
import sqlite3
import time

from lib_world import COMMUNITY_2, GRID, Case, main, wait_until

DISTRICT = '371302'
CATALOGUE = '''code,parent,name,accept,file,dispatch,sign,handle,inspect
*,,其他,2u,2u,2u,2u,5工作日,2u
road,,道路,,,,,,
hole,road,井盖丢失,0.001u,,,,,
lamp,road,路灯不亮,,,,,,
trash,,垃圾堆积,,,,,,
'''
BELOW = {'road': {'road', 'hole', 'lamp'}}
TABLES = ('line', 'hand', 'words', 'course', 'clock', 'link', 'figure')


class Board(Case):
    WORKERS = [('wa', 'worker', GRID)]

    def setUp(self):
        super().setUp()
        for worker in (('d1', 'dispatcher', DISTRICT),
                       ('d2', 'dispatcher', DISTRICT),
                       ('h1', 'handler', COMMUNITY_2)):
            self.world.worker(*worker)
        self.world.reference('catalogue', CATALOGUE)

    def act(self, *words, who='d1', code=0):
        return self.world.ask(*words, '--as', who, code=code)

    def fill(self, seed=1, cases=18):
        """Cases in all sorts of states."""
        pick = random.Random(seed)
        ids = []
        for n in range(cases):
            ids.append(self.act(
                'add', 'incident', 'grid=' + GRID,
                'category=' + pick.choice(['hole', 'lamp', 'trash', 'gone']),
                'urgency=' + pick.choice(['normal', 'priority', 'urgent']),
                'channel=' + pick.choice(['patrol', 'hotline', 'resident']),
                'address=%s%d号' % (pick.choice(['东街', '西街']), n),
                'description=三天没有人来处理')[0]['id'])
            if pick.random() < 0.2 and n:
                self.act('link', ids[-1], pick.choice(ids[:-1]), '--why', '同一处')
            steps = [('accept',), ('file',), ('dispatch', 'unit=' + COMMUNITY_2),
                     ('sign',), ('finish', 'result=好了'),
                     ('close', 'settled_level=street', 'answer=好了')]
            for step in steps[:pick.randrange(len(steps) + 1)]:
                self.act('do', ids[-1], *step)
            if pick.random() < 0.1:
                self.world.try_('do', ids[-1], 'void', 'why=误报', '--as', 'd1')
        return ids

    def known(self):
        """All that a slow look tells."""
        rows = {}
        for listed in self.world.ask('list', '--limit', '1000'):
            shown = self.world.show(listed['id'])
            held = [h for h in shown.get('holders', []) if h['to'] is None]
            main_clock = listed['clock']
            rows[listed['id']] = dict(shown, listed=listed, light=(
                main_clock['light'] if main_clock else 'none'), holder=(
                held[-1]['unit'] if held else None))
        return rows

    def one(self, *words):
        return self.world.ask(*words)[0]

    def ids(self, *words):
        return [r['id'] for r in self.world.ask('list', *words, '--limit',
                                                '1000')]

    def expect(self, rows, words, keep):
        want = {i for i, r in rows.items() if keep(r)}
        self.assertEqual(set(self.ids(*words)), want, words)
        self.assertEqual(self.one('list', *words, '--count')['count'],
                         len(want), words)
        return want

    FINAL = {'closed', 'voided', 'self_handled'}

    def filters(self):
        """Words, and what they mean of a row that was shown."""
        yield ('--open',), lambda r: r['status'] not in self.FINAL
        yield ('--settled',), lambda r: r['status'] in self.FINAL
        for status in ('reported', 'handling', 'closed', 'voided'):
            yield (('--status', status),
                   lambda r, s=status: r['status'] == s)
        yield (('--status', 'filed', '--status', '待核实'),
               lambda r: r['status'] in ('filed', 'accepted'))
        for category in ('hole', 'gone', 'road'):
            yield (('--category', category), lambda r, c=category:
                   r['fields']['category'] in BELOW.get(c, {c}))
        yield (('--category', '井盖丢失'),
               lambda r: r['fields']['category'] == 'hole')
        for urgency in ('normal', '紧急'):
            yield (('--urgency', urgency), lambda r, u=urgency:
                   r['fields']['urgency'] == {'紧急': 'urgent'}.get(u, u))
        yield (('--source', 'hotline', '--source', 'resident'),
               lambda r: r['fields']['channel'] in ('hotline', 'resident'))
        for light in ('red', 'green', 'none'):
            yield (('--light', light), lambda r, c=light: r['light'] == c)
        for stage, name in (('accept', 'accept'), ('签收', 'sign')):
            yield (('--stage', stage), lambda r, n=name:
                   (r['listed']['clock'] or {}).get('stage') == n)
        yield (('--stage', '-'), lambda r: not r['listed']['clock'])
        yield ('--level', '-'), lambda r: not r['listed']['level']
        yield ('--unit', GRID, '--alone'), lambda r: True
        yield ('--unit', DISTRICT, '--alone'), lambda r: False
        yield ('--unit', GRID), lambda r: True
        yield ('--unit', DISTRICT), lambda r: True
        yield ('--unit', COMMUNITY_2), lambda r: False
        yield (('--text', '东街'),
               lambda r: '东街' in r['fields']['address'])
        yield (('--text', '西街 没有人'),
               lambda r: '西街' in r['fields']['address'])
        yield (('--text', '井盖'),
               lambda r: r['fields']['category'] == 'hole')
        yield (('--text', '处'), lambda r: True)
        yield ('--text', '直升机'), lambda r: False
        yield (('incident',), lambda r: True)
        yield (('--kind', 'task'), lambda r: False)
        yield (('--case',), lambda r: True)
        yield (('--conflict',), lambda r: r['conflicts'] > 0)

    def test_each_filter_finds_what_a_slow_look_does(self):
        self.fill()
        time.sleep(3.7)  # what is due in 3.6 s is late: no light changes any more
        rows = self.known()
        all_ = list(self.filters())
        for words, keep in all_:
            self.expect(rows, words, keep)
        pick = random.Random(2)
        for (one, keep), (other, too) in (
                pick.sample(all_, 2) for _ in range(12)):
            if one[0] == other[0]:
                continue
            self.expect(rows, one + other,
                        lambda r, a=keep, b=too: a(r) and b(r))
        held = self.ids('--holder', COMMUNITY_2, '--open')
        self.assertEqual(set(held), {i for i, r in rows.items()
                                     if r['holder'] == COMMUNITY_2})
        self.assertTrue(held)
        some = next(iter(rows.values()))
        self.assertEqual(self.ids('--number', some['number']), [some['id']])
        official = [r for r in rows.values() if r['fields'].get('case_number')]
        self.assertEqual(self.ids('--number',
                                  official[0]['fields']['case_number']),
                         [official[0]['id']])
        counts = self.one('counts')
        open_ = [r for r in rows.values() if r['status'] not in self.FINAL]
        self.assertEqual(counts['open'], len(open_))
        for status, n in counts['status'].items():
            self.assertEqual(n, sum(r['status'] == status for r in open_))
        for light, n in counts['lights'].items():
            self.assertEqual(n, sum(r['light'] == light for r in open_))
        self.dwell(rows)

    def dwell(self, rows):
        told = self.world.ask('overdue')
        self.assertEqual(sum(t['open'] for t in told),
                         self.one('counts')['open'])
        self.assertEqual(sum(t['red'] for t in told),
                         len(self.ids('--light', 'red')))
        self.assertGreaterEqual(told[0]['red'], told[-1]['red'])
        for t in told:
            self.assertLessEqual(set(t['cases']), set(rows))
            self.assertLessEqual(len(t['cases']), 10)
        stages = {t['key'] for t in self.world.ask('overdue', '--by', 'stage')}
        self.assertLessEqual({'accept', 'sign', 'handle'}, stages)
        self.each_number_is_a_list(rows)

    def each_number_is_a_list(self, rows):
        """Whatever `overdue` counts, a list with the same words shows."""
        told = 0
        for by, key_of in (
                ('holder', lambda r: r['holder'] or r['listed']['holder']),
                ('level', lambda r: r['listed']['level']),
                ('stage', lambda r: (r['listed']['clock'] or {}).get(
                    'stage'))):
            self.assertEqual(
                sum(t['open'] for t in self.world.ask('overdue', '--by', by)),
                self.one('counts')['open'])
            for t in self.world.ask('overdue', '--by', by):
                words = ('--open', '--' + by, t['key'] or '-')
                words += ('--alone',) if by == 'holder' else ()
                for name, more in (('open', ()), ('red', ('--light', 'red')),
                                   ('yellow', ('--light', 'yellow'))):
                    want = self.expect(
                        rows, words + more, lambda r, n=name:
                        r['status'] not in self.FINAL and
                        key_of(r) == t['key'] and n in ('open', r['light']))
                    self.assertEqual(t[name], len(want), (by, t, name))
                    told += t[name]
                counts = self.one('counts', *words[1:])
                self.assertEqual((counts['open'], counts['lights']['red']),
                                 (t['open'], t['red']))
        self.assertGreater(told, 3 * self.one('counts')['open'])

    def test_pages_go_on_where_they_were(self):
        self.fill(3)
        for by in ('changed', 'due', 'created'):
            whole = self.ids('--by', by)
            pages, after = [], ()
            while True:
                page = self.world.ask('list', '--by', by, '--limit', '5', *after)
                if not page:
                    break
                pages += [r['id'] for r in page]
                after = ('--after', page[-1]['after'])
            self.assertEqual(pages, whole, by)
        # What is at the end of a page moves up, and the next page stays.
        first = self.world.ask('list', '--open', '--limit', '4')
        rest = self.ids('--open', '--after', first[-1]['after'])
        self.act('note', first[-1]['id'], '又来了一趟')
        self.assertEqual(self.ids('--open', '--after', first[-1]['after']), rest)
        self.assertEqual(self.ids('--open')[0], first[-1]['id'])
        for bad in ('ffff', 'x@y', first[0]['id'] + '@', 'a' * 99):
            self.world.do('list', '--after', bad, code=(1, 2, 3))
        for bad in (['--light', 'blue'], ['--status', 'x'], ['--by', 'name'],
                    ['--urgency', 'x'], ['--stage', 'x'], ['--since', 'soon'], ['--unit', 'nix'],
                    ['--text', 'a b c d'], ['--points'], ['--kind', 'nix']):
            self.world.do('list', *bad, code=(2, 3))

    def dump(self):
        board = sqlite3.connect('file:%s?mode=ro' % (
            self.world.data / 'board.db'), uri=True)
        with board:
            return {t: sorted(board.execute('SELECT * FROM ' + t), key=repr)
                    for t in TABLES}

    def drop(self):
        for end in ('', '-wal', '-shm'):
            (self.world.data / ('board.db' + end)).unlink(missing_ok=True)

    def test_killed_and_alone_and_anew_it_says_the_same(self):
        self.fill(5, 12)
        for _ in range(3):
            self.act('add', 'incident', 'grid=' + GRID, 'category=lamp',
                     'urgency=normal')
            self.world.p.kill()
            self.world.stop()
            self.world.start()
        listed = self.ids('--open')
        self.world.stop()
        self.assertEqual(self.ids('--open'), listed)  # without a server
        followed = self.dump()
        self.drop()
        self.assertEqual(self.ids('--open'), listed)
        self.assertEqual(self.dump(), followed)
        # A server follows by itself.
        self.drop()
        self.world.start()
        def there():
            with contextlib.suppress(sqlite3.OperationalError):
                return len(self.dump()['line']) == len(followed['line'])
        wait_until(there, what='the board')
        # Whatever lies in its place.
        self.world.stop()
        self.drop()
        (self.world.data / 'board.db').write_bytes(b'no database' * 1000)
        self.assertEqual(self.ids('--open'), listed)
        self.world.start()
        self.sound()

    def test_conflicts_and_points(self):
        one = self.agents[0].incident('category=hole')
        self.agents[0].sync()
        self.agents[0].do('set', one, 'address=东街 1 号')
        self.act('set', one, 'address=东街 9 号')
        self.agents[0].sync()
        self.assertEqual(self.ids('--conflict'), [one])
        self.assertEqual(self.one('counts')['conflicts'], 1)
        two = self.act('add', 'incident', 'grid=' + GRID, 'category=lamp',
                       'position=35.0512345,118.3412345')[0]['id']
        self.assertEqual(self.world.ask('list', '--points'), [
            {'id': two, 'kind': 'incident', 'lat': 35.0512345,
             'lon': 118.3412345, 'status': 'reported', 'light': 'green',
             'category': 'lamp', 'urgency': None}])


if __name__ == '__main__':
    main()
