#!/usr/bin/env python3
"""Homes that were copied, backups that were put back, and a server's data
folder that is not what it was: noticed, told, and nothing acknowledged lost."""
import base64
import shutil
import sqlite3

from lib_world import BIN, GRID, Case, main, need, run


def fork_seq(note):
    return int(next(line for line in note.splitlines()
                    if line.startswith('seq ')).split()[1])


class Clones(Case):
    def genesis(self):
        """chain: its predecessor or None, of all chains of device a."""
        db = sqlite3.connect('file:%s?mode=ro' % (self.world.data /
                                                  'server.db'), uri=True)
        rows = db.execute('SELECT c.id, r.fields FROM chain c JOIN record r'
                          ' ON r.chain = c.number AND r.seq = 0 WHERE'
                          ' c.device = ?', [self.device()]).fetchall()
        db.close()
        # Field 4 of a genesis: 32 bytes.
        return {chain.hex(): next((p.hex() for p, _ in rows
                                   if b'\x04\x58\x20' + p in fields), None)
                for chain, fields in rows}

    def device(self):
        return self.a.status()['device']

    def notes_of(self, word):
        return [n for n in self.world.log_entries()
                if n.startswith('xunge/%s/v1\n' % word)]

    def sides(self, ask, incident, field):
        found = ask('conflicts', incident, code=5)
        return {s['value'] for c in found if c['field'] == field
                for s in c['sides']}

    def test_two_go_on_from_one_home(self):
        one = self.a.incident('address=甲', 'grid=' + GRID)
        self.settle()
        c = self.a.copy('c')
        # The first sets the address at once, the second does other things
        # first: the same places of one chain, with other records in them.
        self.a.do('set', one, 'address=乙')
        only_a = self.a.incident('address=仅甲机')
        c.do('note', one, '副本上的备注')
        c.do('set', one, 'urgency=urgent')
        only_c = c.incident('address=仅副本')
        c.do('set', one, 'address=丙')
        first = self.a.sync().one()
        self.assertEqual((first['forked'], first['new_chain']), (0, None))
        second = c.do('sync', code=0)
        self.assertIn('new chain', second.err + second.out)
        every = (self.a, self.b, c)
        self.settle(*every, rounds=3)

        fork, = self.notes_of('fork')
        chain = base64.b64decode(fork.splitlines()[1].split()[1]).hex()
        self.assertEqual(sum(line.startswith('record ')
                             for line in fork.splitlines()), 2, fork)
        # Both lanes' acts are there, everywhere, and the conflict is.
        for agent in every:
            self.assertLessEqual({one, only_a, only_c}, agent.ids(),
                                 agent.name)
            self.assertEqual(self.sides(agent.ask, one, 'address'),
                             {'乙', '丙'}, agent.name)
        self.assertEqual(self.sides(self.world.ask, one, 'address'),
                         {'乙', '丙'})
        shown = self.same(one, *every)
        self.assertEqual(shown['fields']['urgency'], 'urgent')
        self.assertEqual([n['value'] for n in shown['sets']['note']],
                         ['副本上的备注'])
        # Each went on in a new chain of the same key.
        self.a.incident('address=之后甲')
        c.incident('address=之后丙')
        self.settle(*every)
        self.assertEqual([p for p in self.genesis().values() if p],
                         [chain] * 2)
        self.assertEqual(len(self.notes_of('fork')), 1)
        # A person decides, on the copy: decided for all.
        c.do('resolve', one, 'address', '--value', '丁', '--why', '现场核对')
        self.settle(*every)
        self.assertEqual(self.same(one, *every)['fields']['address'], '丁')
        for agent in every:
            agent.do('conflicts')
            self.assertEqual(agent.status()['records']['waiting'], 0)
        self.sound(*every)
        # The devices know of it, and whose chain it is.
        for agent in every:
            told, = agent.one('forks')['forks']
            self.assertEqual((told['chain'], told['device'], told['mine']),
                             (chain, self.device(), agent is not self.b))
            self.assertEqual(len({s['record'] for s in told['sides']}), 2)
            self.assertTrue(all(s['records'] for s in told['sides']), told)
            self.assertFalse(told['settled'])
        self.settled(chain)
        self.settle(*every)
        told, = self.a.one('forks')['forks']
        self.assertEqual(told['seq'], fork_seq(fork))

    def forks(self, *words, code=0):
        return need(run(BIN / 'xunge-server', 'forks', *words, '--json',
                        '--lang', 'en'), code)

    def settled(self, chain):
        """The fork is shown until a person says what it was; then with that."""
        self.world.worker('boss', 'dispatcher', '371302')
        fork, = self.forks(self.world.data, code=5).one()['forks']
        self.assertEqual((fork['chain'], fork['device'], fork['settled']),
                         (chain, self.device(), False))
        self.assertEqual(len({s['record'] for s in fork['sides']}), 2)
        self.assertTrue(all(s['records'] > 0 for s in fork['sides']), fork)
        words = ('settle', self.world.data, chain[:12], '--why', '借给同事用过',
                 '--as', 'boss', '--finding')
        self.forks(*words, 'guessed', code=2)
        self.forks('settle', self.world.data, 'ffffffff', *words[3:], 'cloned',
                   code=3)
        self.forks(*words, 'cloned')
        fork, = self.forks(self.world.data, chain[:8]).one()['forks']
        self.assertEqual((fork['settled'], fork['finding'], fork['why'],
                          fork['by']), (True, 'cloned', '借给同事用过', 'boss'))
        self.world.do('check')

    def agree(self, agents, ids):
        self.settle(*agents, rounds=4)
        for which in ids:
            self.same(which, *agents)
        for agent in agents:
            self.assertLessEqual(set(ids), agent.ids(), agent.name)
            self.assertEqual(agent.status()['records']['waiting'], 0)
        self.sound(*agents)

    def test_copies_of_copies(self):
        one = self.a.incident('address=始', 'grid=' + GRID)
        self.settle()
        ids, every = [one], [self.a, self.a.copy('c'), self.a.copy('d')]
        for agent in every:
            agent.do('set', one, 'address=' + agent.name)
            ids.append(agent.incident('address=自 ' + agent.name))
        self.agree((*every, self.b), ids)
        self.assertEqual(self.sides(self.world.ask, one, 'address'),
                         {'a', 'c', 'd'})
        forks = len(self.notes_of('fork'))
        self.assertGreaterEqual(forks, 1)
        every.append(every[1].copy('e'))
        for agent in (every[1], every[3]):
            agent.do('set', one, 'address=再 ' + agent.name, '--why',
                     '再看过', code=(0, 5))
            ids.append(agent.incident('address=又 ' + agent.name))
        self.agree((*every, self.b), ids)
        self.assertGreater(len(self.notes_of('fork')), forks)

    def test_copied_with_a_batch_that_never_arrived(self):
        one = self.a.incident('address=甲')
        self.a.sync()
        self.a.do('set', one, 'address=乙')
        self.world.stop()
        self.a.do('sync', '--max-time', '0', code=4)
        c = self.a.copy('c')
        self.a.do('set', one, 'urgency=urgent')
        c.do('set', one, 'urgency=normal')
        other = c.incident('address=丙')
        self.world.start()
        c.sync()
        self.agree((self.a, c, self.b), [one, other])
        self.assertEqual(self.sides(self.world.ask, one, 'urgency'),
                         {'urgent', 'normal'})
        self.assertEqual(self.same(one)['fields']['address'], '乙')

    def test_one_backup_put_back_twice(self):
        ids = [self.a.incident('address=甲')]
        self.a.sync()
        backup = self.a.copy('backup')
        for n in range(2):
            ids.append(self.a.incident('address=第 %d 次之前' % n))
            self.a.sync()
            self.a.put_back(backup)
            ids.append(self.a.incident('address=第 %d 次之后' % n))
            self.a.sync()
        self.agree(self.agents, ids)

    def test_an_older_copy_is_put_back(self):
        """HOME is restored whole, so that nothing on the device can tell: the
        server's answer does."""
        one = self.a.incident('address=甲', 'grid=' + GRID)
        self.a.sync()
        backup = self.a.copy('backup')
        self.a.do('set', one, 'address=乙')
        lost = self.a.incident('address=备份之后')
        self.a.sync()
        self.a.put_back(backup)
        self.assertNotIn(lost, self.a.ids())
        new = self.a.incident('address=恢复之后')
        self.a.do('note', one, '恢复之后')
        told = self.a.do('sync')
        self.assertIn('new chain', told.out + told.err)
        self.settle(rounds=3)
        self.assertLessEqual({one, lost, new}, self.a.ids())
        self.assertLessEqual({one, lost, new}, self.b.ids())
        self.assertEqual(self.same(one)['fields']['address'], '乙')
        for which in (lost, new):
            self.same(which)
            self.assertEqual(self.a.show(which)['delivery'], 'received')
        last = self.a.incident('address=新链')
        self.settle()
        self.same(last)
        self.assertEqual(sum(bool(p) for p in self.genesis().values()), 1)
        self.assertEqual(self.a.one('verify')['not_received'], 0)
        self.sound()

    def test_the_server_lacks_what_the_copy_has(self):
        """Restored, and with work of its own that never went out."""
        self.a.incident('address=一')
        self.a.sync()
        kept = self.a.incident('address=还没送出')
        backup = self.a.copy('backup')
        self.a.put_back(backup)
        self.a.sync()
        self.b.sync()
        self.assertIn(kept, self.b.ids())
        self.assertEqual([p for p in self.genesis().values() if p], [])
        self.sound()

    def test_noticed_without_a_network(self):
        """HOME/sent stayed, the database was put back."""
        one = self.a.incident('address=甲')
        self.a.sync()
        backup = self.a.copy('backup')
        lost = self.a.incident('address=备份之后')
        self.a.sync()
        self.world.stop()
        self.a.put_back(backup, keep=['sent'])
        told = self.a.do('incident', 'category=fire', 'address=离线')
        self.assertIn('older copy', told.out + told.err)
        again = self.a.do('incident', 'category=fire', 'address=离线二')
        self.assertNotIn('older copy', again.out + again.err)
        self.world.start()
        synced = self.a.sync().one()
        self.assertEqual(synced['forked'], 0)
        self.settle()
        self.assertEqual(self.notes_of('fork'), [])
        self.assertEqual(len(self.a.ids()), 4)
        self.assertLessEqual({one, lost}, self.a.ids())
        self.assertEqual(self.b.ids(), self.a.ids())
        self.assertEqual(sum(bool(p) for p in self.genesis().values()), 1)
        self.sound()

    # ---- the server's folder ----

    def refuses(self, *texts):
        r = self.world.try_('serve', '--listen', '127.0.0.1:0', timeout=20)
        self.assertNotEqual(r.code, 0, r.out)
        self.assertNotIn('ready', r.out)
        for text in texts:
            self.assertIn(text, r.err)

    def test_an_old_database_is_not_served(self):
        self.a.incident('address=甲')
        self.a.sync()
        self.world.stop()
        data = self.world.data
        old = self.world.folder / 'old'
        shutil.copytree(data, old)
        self.world.start()
        new = self.a.incident('address=乙')
        self.a.sync()
        self.world.stop()
        right = self.world.folder / 'right'
        shutil.copytree(data, right)
        self.replace(old, 'server.db')
        self.refuses('old copy', 'Put the right server.db back')
        self.assertNotEqual(self.world.try_('check').code, 0)
        self.assertNotEqual(self.world.try_('rebuild').code, 0)
        # Nothing was spoiled by trying: the right one is put back.
        self.replace(right, 'server.db')
        self.world.do('check')
        self.world.start()
        self.settle()
        self.assertIn(new, self.b.ids())
        self.sound()

    def test_a_log_that_was_put_back_whole(self):
        """Database and lock together: the server cannot tell, a device that
        has seen more can, and keeps the evidence."""
        self.a.incident('address=甲')
        self.settle()
        self.world.stop()
        old = self.world.folder / 'old'
        shutil.copytree(self.world.data, old)
        self.world.start()
        proven = self.a.incident('address=乙')
        self.a.sync()
        self.world.stop()
        right = self.world.folder / 'right'
        shutil.move(self.world.data, right)
        shutil.copytree(old, self.world.data)
        self.world.start()
        told = self.a.do('sync', code=7)
        self.assertIn('does not continue', told.err)
        kept = {p.name.rsplit('.', 1)[-1]
                for p in (self.a.home / 'alarm').iterdir()}
        self.assertLessEqual({'held', 'shown', 'welcome', 'tlog-proof'}, kept)
        # The server was shown what it signed, and takes in nothing more, from
        # nobody; the device believes nothing, keeps its work and stays loud.
        later, of_b = self.a.incident('address=丙'), self.b.incident()
        self.a.do('sync', '--max-time', '0', code=7)
        self.assertIn('ALARM', self.a.do('status', code=7).out)
        self.b.do('sync', '--max-time', '0', code=4)
        for which in (proven, later, of_b):
            self.assertNotEqual(self.world.try_('show', which).code, 0)
        for which in (proven, later):
            self.assertNotEqual(self.a.show(which)['delivery'], 'received')
        self.world.do('check')
        # The right folder is put back: all work arrives, the alarm stands.
        self.world.stop()
        shutil.rmtree(self.world.data)
        shutil.move(right, self.world.data)
        self.world.start()
        self.a.do('sync', code=7)
        self.b.sync()
        for which in (proven, later, of_b):
            self.world.do('show', which)
        self.world.do('check')

    def replace(self, folder, name):
        for ending in ('', '-wal', '-shm'):
            target = self.world.data / (name + ending)
            if target.exists():
                target.unlink()
            if (folder / target.name).exists():
                shutil.copy2(folder / target.name, target)

    def test_without_its_lock_nothing_is_served(self):
        self.a.incident('address=甲')
        self.a.sync()
        self.world.stop()
        away = self.world.folder / 'away'
        shutil.copytree(self.world.data, away)
        for path in self.world.data.glob('lock.db*'):
            path.unlink()
        self.refuses('lock.db', 'put the right lock.db back')
        self.replace(away, 'lock.db')
        self.world.start()
        self.settle()
        self.sound()


if __name__ == '__main__':
    main()
