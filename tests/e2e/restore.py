#!/usr/bin/env python3
"""A server is lost and restored from a backup: another log follows, devices
take it over and send again what it lacks; a server that was started from an
old copy of its folder finds out."""
import os
import random
import shutil
import sqlite3
import unittest
import urllib.error
import urllib.request

from lib_world import BIN, GRID, PHOTOS, Case, main, need, run

JPEG = PHOTOS / 'sample1.jpg'
OTHER = PHOTOS / 'f1-exif.jpg'
FAULTS = os.environ.get('XG_FAULT_LIBRARY')
KILLS = int(os.environ.get('XG_RESTORE_KILLS', '4'))


class Restore(Case):
    WORKERS = [('wa', 'worker', GRID), ('wb', 'worker', GRID),
               ('wc', 'worker', GRID)]

    def backup(self, name='backup.db'):
        self.world.do('backup', self.world.folder / name)
        return self.world.folder / name

    def restore(self, backup, name='new', code=0, *more):
        """The server's folder is lost, but for its keys, lock and TLS."""
        photos = self.world.folder / 'photos'
        if photos.exists():
            more = ('--photos', photos, *more)
        answer = run(BIN / 'xunge-server', 'restore', backup,
                     self.world.folder / name, '--registrar-key',
                     self.world.folder / 'server/registrar.key', '--old',
                     self.world.data, '--json', '--lang', 'en', *more)
        need(answer, code)
        return answer.one() if code == 0 else answer

    def move_to(self, name):
        """Serve that folder at the same address."""
        self.world.stop()
        self.world.data = self.world.folder / name
        self.world.start()

    def url(self):
        return 'https://127.0.0.1:%d' % self.world.port

    def notes(self, word):
        return [n for n in self.world.log_entries()
                if n.startswith('xunge/%s/v1\n' % word)]

    def test_a_day_is_lost(self):
        before = self.a.incident('address=备份之前', 'grid=' + GRID)
        shown = self.a.incident('address=带照片', '--photo', str(JPEG),
                                'grid=' + GRID)
        self.settle()
        backup = self.backup()
        # a and b sync after the backup, c does not.
        lost_a = self.a.incident('address=甲之后')
        self.a.do('set', before, 'address=甲改', '--why', '核对')
        photo = self.a.incident('address=又有照片', '--photo', str(OTHER))
        self.settle(self.a, self.b)
        self.b.do('note', before, '乙的备注')
        lost_b = self.b.incident('address=乙之后')
        self.settle(self.a, self.b)
        waiting = self.c.incident('address=丙离线')
        notes = len(self.world.log_entries())
        self.world.stop()

        done = self.restore(backup)
        self.assertEqual(done['after'], 'e2e.example')
        self.assertTrue(done['log'].startswith('e2e.example/2+'), done)
        self.assertEqual(done['entries_lost'], notes - done['size'])
        self.assertEqual(done['photos_lost'], 0)
        self.move_to('new')
        self.world.do('check')

        # b comes first: its own comes back, a's record is here by the old
        # log's word; a then brings the rest.
        told = self.b.sync().one()
        self.assertTrue(told['succeeded'], told)
        self.assertGreater(told['lost_batches'], 0)
        self.assertIn(lost_a, self.b.ids())
        first = self.a.sync().one()
        self.assertTrue(first['succeeded'], first)
        self.assertTrue(self.c.sync().one()['succeeded'])
        self.settle(rounds=3)
        every = {before, shown, lost_a, lost_b, photo, waiting}
        for agent in self.agents:
            self.assertLessEqual(every, agent.ids(), agent.name)
            self.assertFalse(agent.sync().one()['succeeded'])
            status = agent.status()
            self.assertEqual(status['records']['waiting'], 0)
            self.assertEqual(status['records']['sent'], 0, agent.name)
            self.assertEqual([l['log'] for l in status['logs_before']],
                             ['e2e.example'])
        for which in every:
            self.same(which)
        self.assertEqual(self.same(before)['fields']['address'], '甲改')
        self.sound()
        self.world.do('check')
        # What was known of the old log is kept.
        kept = self.a.home / 'logs/1'
        self.assertTrue((kept / 'checkpoint').read_text().startswith(
            'e2e.example\n'))
        self.assertTrue(list(kept.glob('*.tlog-proof')))
        self.assertEqual(len(self.notes('successor')), 1)
        # The photo that came after the backup is there again, proven.
        self.assertEqual(self.a.one('verify')['photos_proven'], 2)
        # Work goes on, and a new device is named under the new log.
        new = self.world.enrol('d', 'wa')
        self.assertEqual(new.status()['device'][:16], 'e2e.example/2/d/')
        last = new.incident('address=新设备', 'grid=' + GRID)
        self.settle(*self.agents, new)
        self.same(last, *self.agents, new)
        self.sound(*self.agents, new)

    def test_restored_twice(self):
        one = self.a.incident('address=一')
        self.settle()
        first = self.backup('1.db')
        two = self.a.incident('address=二')
        self.a.sync()
        self.world.stop()
        self.restore(first, 'new2')
        self.move_to('new2')
        self.a.sync()
        second = self.backup('2.db')
        three = self.a.incident('address=三')
        self.a.sync()
        self.world.stop()
        self.assertTrue(self.restore(second, 'new3')['log'].startswith(
            'e2e.example/3+'))
        self.move_to('new3')
        # a takes over the second, b and c both at once.
        self.settle(rounds=2)
        for agent in self.agents:
            self.assertLessEqual({one, two, three}, agent.ids(), agent.name)
            self.assertEqual([l['log'] for l in agent.status()['logs_before']],
                             ['e2e.example/2', 'e2e.example'], agent.name)
        self.sound()

    def test_enrolled_after_the_backup(self):
        """The server does not know them any more; what they sent and what they
        did not stays good, under the names and keys that they have."""
        self.a.incident('address=一')
        self.settle()
        early = self.world.code('wa')
        unused = self.world.code('wb')
        backup = self.backup()
        d = self.world.enrol('d', 'wa')
        e = type(d)(self.world, 'e', self.world.folder / 'e')
        e.do('enrol', early)
        e.sync()
        ids = {d.incident('address=丁一'), e.incident('address=戊一')}
        self.settle(d, e, self.a)
        ids.add(d.incident('address=丁离线'))
        self.world.stop()
        d.do('sync', '--max-time', '0', code=4)  # sealed, and stays here
        ids.add(d.incident('address=丁又一'))
        names = [x.status()['device'] for x in (d, e)]
        self.assertEqual({n[:14] for n in names}, {'e2e.example/d/'})
        self.restore(backup)
        self.move_to('new')
        for agent in d, e:
            told = agent.do('sync', code=1)
            self.assertIn('join again with a code', told.err)
        self.assertLessEqual({i for i in ids if i in d.ids()}, d.ids())
        # Not with a person's code that is not the device's; a new one, and for
        # e the one that it used, which the backup knows unused.
        told = d.do('enrol', self.world.code('wb'), code=1)
        self.assertIn('already enrolled', told.err)
        d.do('enrol', self.world.code('wa'))
        e.do('enrol', early)
        every = (*self.agents, d, e)
        self.settle(*every, rounds=3)
        self.assertEqual([x.status()['device'] for x in (d, e)], names)
        for agent in every:
            self.assertLessEqual(ids, agent.ids(), agent.name)
            self.assertEqual(agent.status()['records']['waiting'], 0)
            self.assertEqual([l['log'] for l in agent.status()['logs_before']],
                             ['e2e.example'])
        for which in ids:
            self.same(which, *every)
        self.sound(*every)
        self.world.do('check')
        self.world.do('rebuild')
        # It is a device like others now: no further code is taken.
        told = d.do('enrol', self.world.code('wa'), code=1)
        self.assertIn('already enrolled', told.err)
        # A code from before the restore is good for a device that is new.
        f = type(d)(self.world, 'f', self.world.folder / 'f')
        f.do('enrol', unused)
        last = f.incident('address=己')
        self.settle(*every, f)
        self.same(last, *every, f)
        self.assertTrue(f.status()['device'].startswith('e2e.example/2/d/'))
        self.sound(*every, f)

    def test_revoked_after_the_backup(self):
        """The revocation is lost: it is told, and said again it holds."""
        self.a.incident('address=一')
        self.settle()
        backup = self.backup()
        name = self.b.status()['device']
        self.world.do('device', 'revoke', name)
        self.a.sync()
        self.b.do('sync', code=1)
        self.world.stop()
        self.restore(backup)
        self.move_to('new')
        self.a.sync()
        self.assertIn('registry.lost',
                      (self.world.folder / 'serve.log').read_text())
        kept, = (self.a.home / 'logs/1').glob('registry-*')
        self.assertIn('revoke ' + name, kept.read_text())
        self.world.do('device', 'revoke', name)
        self.a.sync()
        after = self.b.incident('address=注销以后')
        told = self.b.do('sync', code=1)
        self.assertIn('revoked', told.err)
        self.a.sync()
        self.assertNotIn(after, self.a.ids())
        self.world.do('check')
        self.assertEqual(self.a.one('verify')['verdict'], 'good')

    def test_no_word_of_the_registrar(self):
        """A stolen backup, restored with another registrar's key; and one of
        another server."""
        self.a.incident('address=一')
        self.settle()
        backup = self.backup()
        self.world.stop()
        other = self.world.folder / 'other'
        need(run(BIN / 'xunge-server', 'init', other, '--origin',
                 'e2e.example'))
        answer = run(BIN / 'xunge-server', 'restore', backup,
                     self.world.folder / 'stolen', '--registrar-key',
                     other / 'registrar.key', '--lang', 'en')
        self.assertNotEqual(answer.code, 0)
        self.assertIn('registrar', answer.err)
        self.assertFalse((self.world.folder / 'stolen').exists())
        # The thief makes a server of the same name and serves that.
        shutil.copytree(self.world.data / 'tls', other / 'tls',
                        dirs_exist_ok=True)
        held = self.a.status()['log_size']
        self.move_to('other')
        self.a.do('sync', code=1)
        self.assertEqual(self.a.status()['log_size'], held)
        self.assertFalse((self.a.home / 'logs').exists())

    def test_a_backup_that_is_not_sound(self):
        self.a.incident('address=一')
        self.settle()
        backup = self.backup()
        self.world.stop()
        db = sqlite3.connect(backup)
        db.execute("UPDATE entry SET note = CAST(replace(CAST(note AS TEXT),"
                   " 'time 1', 'time 2') AS BLOB) WHERE position = 1")
        db.commit()
        db.close()
        answer = self.restore(backup, code=7)
        self.assertFalse((self.world.folder / 'new').exists(), answer.err)
        (self.world.folder / 'text').write_text('not a database')
        self.assertNotEqual(self.try_restore('text').code, 0)
        self.assertNotEqual(self.try_restore('server/server.db').code, 0)
        self.assertFalse((self.world.folder / 'new').exists())

    def try_restore(self, file):
        return run(BIN / 'xunge-server', 'restore', self.world.folder / file,
                   self.world.folder / 'new', '--registrar-key',
                   self.world.folder / 'server/registrar.key')

    def test_started_from_an_old_copy_of_the_folder(self):
        """The whole folder with its lock is put back, so that the server
        cannot tell: the first device that knows better does."""
        self.a.incident('address=一')
        self.settle()
        backup = self.backup()
        self.world.stop()
        old = self.world.folder / 'old'
        shutil.copytree(self.world.data, old)
        self.world.start()
        lost = self.a.incident('address=二')
        self.a.sync()
        self.world.stop()
        backup_of = self.world.data
        self.world.data = old
        self.world.start()
        self.b.incident('address=乙')
        self.b.sync()  # honest as yet: it has not seen more
        self.a.do('sync', code=7)
        self.assertTrue((old / 'behind').exists())
        kept = self.b.incident('address=乙以后')
        self.b.do('sync', '--max-time', '0', code=4)
        told = self.world.try_('worker', 'add', 'wz', '--name', 'z', '--role',
                               'worker', '--unit', GRID)
        self.assertNotEqual(told.code, 0)
        self.assertIn('old copy', told.err)
        self.world.stop()
        self.world.start()  # it stays so
        self.b.do('sync', '--max-time', '0', code=4)
        # A foreign checkpoint is refused, an older own one is nothing.
        self.assertEqual(self.post('/v1/checkpoint', b'nonsense\n'), 422)
        # What the copy wrote before it was found out, others never saw, and
        # what they saw it does not have. Going on from there: whoever knows
        # better stays alarmed.
        late = self.backup('late.db')
        self.world.stop()
        self.restore(late, 'wrong')
        self.move_to('wrong')
        self.a.do('sync', code=7)
        self.assertFalse((self.a.home / 'logs').exists())
        # So from what all have seen: a backup of before.
        self.world.stop()
        self.world.data = old
        self.restore(backup, 'new')
        self.move_to('new')
        self.settle(rounds=3)
        for agent in self.agents:
            self.assertLessEqual({lost, kept}, agent.ids(), agent.name)
        self.assertFalse((self.a.home / 'alarm').exists())
        self.assertTrue((self.a.home / 'logs/1/alarm/shown').exists())
        self.sound()
        self.assertTrue(backup_of.exists())

    # ---- kills ----

    def faulty(self, spec, folder, *argv):
        return run(*argv, LD_PRELOAD=FAULTS, XG_FAULT=spec,
                   XG_FAULT_DIR=os.path.realpath(folder),
                   XG_FAULT_REPORT=str(self.world.folder / 'report'))

    def points(self, seed):
        counted = max(int(word.split('=')[1]) for line in (
            self.world.folder / 'report').read_text().splitlines()
            if line.startswith('count ') for word in line.split()
            if word.startswith('cut='))
        (self.world.folder / 'report').unlink()
        self.assertGreater(counted, 20)
        return sorted(random.Random(seed).sample(
            range(1, counted), min(KILLS, counted - 1)))

    @unittest.skipUnless(FAULTS, 'no libxgfault.so')
    def test_killed_while_it_is_restored(self):
        self.a.incident('address=一', '--photo', str(JPEG))
        self.settle()
        backup = self.backup()
        self.world.stop()
        where = self.world.folder / 'swept'
        where.mkdir()

        def words(name):
            return (BIN / 'xunge-server', 'restore', backup, where / name,
                    '--registrar-key', self.world.data / 'registrar.key',
                    '--photos', self.world.folder / 'photos', '--json')
        need(self.faulty('count', where, *words('count')))
        killed = 0
        for n in self.points(5):
            name = 'k%d' % n
            r = self.faulty('kill:%d' % n, where, *words(name))
            killed += r.code == -9
            made = where / name
            if (made / 'restoring').exists():
                unfinished = run(BIN / 'xunge-server', 'check', made)
                self.assertNotEqual(unfinished.code, 0, n)
            key = (made / 'log.key').read_bytes() if (
                made / 'log.key').exists() else None
            if not key or (made / 'restoring').exists():
                done = need(run(*words(name))).one()
                self.assertEqual(done['photos_lost'], 0)
            if key:  # the keys of the first try, and so its note
                self.assertEqual((made / 'log.key').read_bytes(), key, n)
            need(run(BIN / 'xunge-server', 'check', made))
            db = sqlite3.connect('file:%s?mode=ro' % (made / 'server.db'),
                                 uri=True)
            notes = [bytes(note) for note, in db.execute(
                'SELECT note FROM entry')]
            db.close()
            for word in (b'xunge/successor/v1', b'device e2e.example/2/d/0000'):
                self.assertEqual(sum(word in note for note in notes), 1, n)
            shutil.rmtree(made)
        self.assertGreater(killed, KILLS // 2)

    @unittest.skipUnless(FAULTS, 'no libxgfault.so')
    def test_killed_while_it_takes_over(self):
        one = self.a.incident('address=一')
        self.settle()
        backup = self.backup()
        two = self.a.incident('address=二')
        self.settle()
        three = self.a.incident('address=三')
        self.world.stop()
        self.restore(backup)
        self.move_to('new')
        first = self.a.copy('count')

        def sync(agent, spec):
            return self.faulty(spec, agent.home, BIN / 'xunge-sync', '--home',
                               agent.home)
        r = sync(first, 'count')
        if r.code:  # not called so
            r = self.faulty('count', first.home, BIN / 'xunge', '--home',
                            first.home, 'sync')
        need(r)
        killed = 0
        for n in self.points(6):
            victim = self.a.copy('k%d' % n)
            r = self.faulty('kill:%d' % n, victim.home, BIN / 'xunge', '--home',
                            victim.home, 'sync')
            killed += r.code != 0
            victim.sync()
            victim.sync()
            status = victim.status()
            self.assertEqual(len(status['logs_before']), 1, n)
            self.assertEqual(status['records']['sent'], 0, n)
            self.assertLessEqual({one, two, three}, victim.ids(), n)
            kept = victim.home / 'logs/1'
            self.assertTrue((kept / 'checkpoint').exists(), n)
            self.assertTrue(list(kept.glob('*.tlog-proof')), n)
            self.assertEqual(victim.one('verify')['verdict'], 'good', n)
            shutil.rmtree(victim.home)
        self.assertGreater(killed, 0)
        self.world.do('check')

    def post(self, path, body):
        import ssl
        request = urllib.request.Request(self.url() + path, data=body,
                                         method='POST')
        try:
            with urllib.request.urlopen(
                    request, context=ssl._create_unverified_context(),
                    timeout=20) as r:
                return r.status
        except urllib.error.HTTPError as e:
            return e.code


if __name__ == '__main__':
    main()
