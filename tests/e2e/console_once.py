#!/usr/bin/env python3
"""An act with a key is done once, whatever ended before its answer came: asked
for again by the same key it is answered as the first time, or done then."""
import json
import random
import threading
import time
import uuid

from lib_console import Console, Desk
from lib_world import GRID, Case, main, wait_until

DISTRICT = '371302'
ROUNDS = 12


def drawn():
    return uuid.uuid4().hex


class ConsoleOnce(Case):
    def setUp(self):
        super().setUp()
        self.console = Console(self.world)
        self.world.stop()
        self.console.start()
        for code in 'd1', 'd2':
            self.console.operator(code, 'dispatcher', DISTRICT)
        self.desk = self.console.desk('d1')
        self.other = self.console.desk('d2')

    def case(self, text='lamp'):
        return self.other.one('add', 'incident', 'category=env-garbage',
                              'grid=' + GRID, 'description=' + text)['id']

    def made(self, id, move, author='d1'):
        """How many such records it has."""
        return sum(one.get('move') == move and one['author'] == author
                   for one in self.world.ask('history', id))

    def login(self):
        self.desk = self.console.desk('d1', once=False)

    def send(self, *words, act):
        """Ask, and hear nothing of it."""
        c = self.console.connect()
        c.request('POST', '/api/run', json.dumps(
            {'run': words[0], 'words': words[1:], 'flags': {'act': act}}),
            {'Content-Type': 'application/json',
             'Authorization': 'Bearer ' + self.desk.token})
        return c

    def test_answered_as_the_first_time(self):
        id, key = self.case(), drawn()
        first = self.desk.one('do', id, 'accept', act=key)
        self.assertEqual(first['status'], 'accepted')
        size = self.world.ask('show', id)[0]['changed']
        self.assertEqual(self.desk.one('do', id, 'accept', act=key), first)
        # It went on meanwhile, by somebody else; she logged in anew.
        self.other.one('do', id, 'file')
        self.desk.console.post('/api/logout', {}, token=self.desk.token)
        self.login()
        self.assertEqual(self.desk.one('do', id, 'accept', act=key), first)
        self.assertEqual(self.made(id, 'accept'), 1)
        # Without a key, or by another, it is another act.
        for more in {}, {'act': drawn()}:
            _, end = self.desk.run('do', id, 'accept', **more)
            self.assertNotEqual(end['exit'], 0)
        self.assertGreater(self.world.ask('show', id)[0]['changed'], size)
        self.world.do('check')

    def test_every_act(self):
        """Each of them; the second time with the server anew in between."""
        id, twin = self.case('one'), self.case('two')
        changed = self.world.ask('show', id)[0]['changed']
        acts = [(('note', id, 'seen'), {}),
                (('set', id, 'address=A'), {'seen': str(changed)}),
                (('link', id, twin), {}),
                (('unlink', id, twin), {'why': 'not the same'}),
                (('withdraw', twin), {'why': 'twice'}),
                (('do', id, 'accept'), {}),
                (('do', id, 'file'), {}),
                (('add', 'incident', 'category=env-garbage', 'grid=' + GRID,
                  'description=by phone'),
                 {'contact': 'Wang', 'phone': '13800000000',
                  'consent': 'yes'})]
        keys = [drawn() for _ in acts]
        first = [self.desk.one(*words, act=key, **flags)
                 for (words, flags), key in zip(acts, keys)]
        self.assertRegex(first[6]['case_number'], r'\d{4}-\d{6}')
        self.assertTrue(first[7]['contact'])
        records = len(self.world.ask('history', id))
        count = self.world.ask('list', '--case', '--count')[0]['count']
        self.console.kill()
        self.console.start()
        self.login()
        # What was on the screen then is no part of what is asked for.
        acts[1][1]['seen'] = '1'
        again = [self.desk.one(*words, act=key, **flags)
                 for (words, flags), key in zip(acts, keys)]
        self.assertEqual(again, first)
        self.assertEqual(len(self.world.ask('history', id)), records)
        self.assertEqual(
            self.world.ask('list', '--case', '--count')[0]['count'], count)
        self.world.do('check')

    def test_a_key_is_of_one_act_of_its_author(self):
        id, key = self.case(), drawn()
        self.desk.one('note', id, 'first', act=key)
        for words in ('note', id, 'second'), ('do', id, 'accept'):
            _, end = self.desk.run(*words, act=key)
            self.assertIn('in other words', end['error']['text'])
        self.assertEqual(len(self.world.ask('history', id)), 2)
        # Another's is another's.
        self.other.one('note', id, 'first', act=key)
        self.assertEqual(len(self.world.ask('history', id)), 3)
        # What was refused has left nothing.
        key = drawn()
        _, end = self.desk.run('do', id, 'file', act=key)
        self.assertEqual(end['exit'], 1)
        self.other.one('do', id, 'accept')
        self.assertEqual(self.desk.one('do', id, 'file', act=key)['status'],
                         'filed')
        for bad in '', 'x' * 32, '12', 'ab' * 17:
            _, end = self.desk.run('note', id, 'x', act=bad)
            self.assertEqual(end['error']['error'], 'usage', bad)

    def test_killed_before_the_answer(self):
        """The record lies there, its author never heard of it, and the case
        went on; or somebody else did just the same."""
        id, key = self.case(), drawn()
        asked = self.send('do', id, 'accept', act=key)
        wait_until(lambda: self.made(id, 'accept') == 1, what='the record')
        self.console.kill()
        asked.close()
        self.console.start()
        self.login()
        self.other = self.console.desk('d2', once=False)
        self.other.one('do', id, 'file')
        self.assertEqual(self.desk.one('do', id, 'accept', act=key)['status'],
                         'accepted')
        self.assertEqual(self.made(id, 'accept'), 1)
        # It was never sent: by the status it would look as if it were.
        id, key = self.case(), drawn()
        self.other.one('do', id, 'accept')
        _, end = self.desk.run('do', id, 'accept', act=key)
        self.assertNotEqual(end['exit'], 0)
        self.assertEqual(self.made(id, 'accept'), 0)
        self.world.do('check')

    def test_killed_whenever(self):
        """At any moment of an act; of some the record lies there by then, of
        others not. Each is done once after it was asked for again."""
        lots = random.Random(20261122)
        before = 0
        for n in range(ROUNDS):
            id, key = self.case('case %d' % n), drawn()
            asked = self.send('do', id, 'accept', act=key)
            time.sleep(lots.uniform(0, 0.02) * (n % 4))
            self.console.kill()
            asked.close()
            self.console.start()
            self.login()
            self.other = self.console.desk('d2', once=False)
            made = self.made(id, 'accept')
            self.assertIn(made, (0, 1))
            before += made
            said = self.desk.one('do', id, 'accept', act=key)
            self.assertEqual(said['status'], 'accepted')
            self.assertEqual(self.desk.one('do', id, 'accept', act=key), said)
            self.assertEqual(self.made(id, 'accept'), 1)
        self.assertTrue(0 < before < ROUNDS, before)
        self.world.do('check')

    def test_asked_twice_at_once(self):
        """By two tabs, or by one that did not wait: one of them does it, and
        both hear the same."""
        for n in range(10):
            id, key = self.case('case %d' % n), drawn()
            said = []
            desks = [self.desk, Desk(self.console, self.desk.said)]
            at_once = [threading.Thread(
                target=lambda d=d: said.append(d.run('do', id, 'accept',
                                                     act=key)))
                for d in desks]
            for one in at_once:
                one.start()
            for one in at_once:
                one.join()
            self.assertEqual(said[0], said[1])
            self.assertEqual(said[0][1]['exit'], 0)
            self.assertEqual(self.made(id, 'accept'), 1)

    def test_on_the_command_line(self):
        id, key = self.case(), drawn()
        words = ['note', id, 'seen', '--as', 'd1', '--unsigned', '--act', key]
        first, = self.world.ask(*words)
        again, = self.world.ask(*words)
        self.assertEqual(again, first)
        self.assertIn('recorded', self.world.do(*words).out)
        self.assertEqual(len(self.world.ask('history', id)), 2)
        # Dropped and made anew, the derived tables change nothing of it.
        self.world.do('rebuild')
        self.assertEqual(self.world.ask(*words), [first])


if __name__ == '__main__':
    main()
