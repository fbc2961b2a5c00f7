"""The registrar's key on another machine: two folders, and files between them.

What changes the registry waits, says so, and has no effect; a request is
signed where the key is, and accepted. Lost, repeated, outdated and tampered
files change nothing. A thief who has the whole server, but not that key,
cannot enrol a device, admit a batch or change the registrar: every device
notices, and so does `check`.
"""
import pathlib
import shutil
import sqlite3
import tempfile
import subprocess
import unittest

from lib_world import BIN, GRID, ORIGIN, Agent, World, main, run, shared

ALARM = 7


class Registrar:
    """Her machine: a key, and what she signed."""

    def __init__(self, folder, name='registrar'):
        self.folder = pathlib.Path(folder) / name
        self.folder.mkdir()
        self.key, self.state = self.folder / 'key', self.folder / 'state'
        self.do('keygen', self.key, '--origin', ORIGIN)
        self.public = (self.folder / 'key.pub').read_text().strip()

    def do(self, *words, code=0):
        answer = run(BIN / 'xunge-server', 'registry', *words, '--lang', 'en')
        assert answer.code == code, (words, answer.code, answer.out, answer.err)
        return answer

    def sign(self, request, *more, code=0):
        answer = self.do('sign', request, '--key', self.key, '--state',
                         self.state, '--yes', *more, code=code)
        return answer


class Apart(unittest.TestCase):
    def setUp(self):
        self.hers = pathlib.Path(tempfile.mkdtemp(prefix='xunge-e2e-hers-'))
        self.addCleanup(shutil.rmtree, self.hers, True)
        self.registrar = Registrar(self.hers)
        self.world = World([('wa', 'worker', GRID), ('wb', 'worker', GRID)],
                           registrar=self.registrar.public)
        self.addCleanup(self.world.close)
        self.request = self.world.folder / 'request'
        self.signed = self.world.folder / 'request.signed'

    # ---- by file ----

    def ask(self):
        return self.world.ask('registry', 'request', self.request)[0]

    def settle(self):
        """Everything that waits, signed and accepted."""
        self.ask()
        answer = self.registrar.sign(self.request)
        self.world.do('registry', 'accept', self.signed)
        return answer.out

    def enrol(self, name, worker):
        agent = Agent(self.world, name, self.world.folder / name)
        agent.do('enrol', self.world.code(worker), code=(0, 1))
        return agent

    def waits(self):
        return [r['says'] for r in self.world.ask('registry', 'list')
                if 'waits' in r]

    def devices(self):
        return {d['device'].rsplit('/', 1)[1]: d['state']
                for d in self.world.ask('device', 'list')}

    def serving(self):
        """Two devices that work, everything signed."""
        self.world.start()
        a, b = self.enrol('a', 'wa'), self.enrol('b', 'wb')
        self.settle()
        for agent in (a, b):
            agent.sync()
        return a, b

    # ---- what should be ----

    def test_waits_is_signed_and_counts(self):
        self.assertFalse((self.world.data / 'registrar.key').exists())
        said = self.world.do('worker', 'add', 'wc', '--name', 'Chen', '--role',
                             'worker', '--unit', GRID).out
        self.assertIn('registry request', said)
        self.world.start()
        a = self.enrol('a', 'wa')
        self.assertEqual(self.devices()['0001'], 'pending')
        self.assertTrue(any('0001 for worker wa' in w for w in self.waits()))
        a.incident('address=made before')
        self.assertNotEqual(a.try_('sync').code, 0)

        shown = self.settle()
        self.assertIn('device %s/d/0001 for worker wa' % ORIGIN, shown)
        self.assertIn('worker wc', shown)
        self.assertEqual(self.waits(), [])
        self.assertEqual(self.devices()['0001'], 'enrolled')
        a.sync()
        self.assertEqual(len(self.world.ask('list')), 1)

        said = self.world.do('device', 'revoke', '0001').out
        self.assertIn('registry request', said)
        a.incident('address=revoked, but not yet signed')
        a.sync()
        self.assertEqual(len(self.world.ask('list')), 2)
        self.assertIn('revoke device', self.settle())
        self.assertEqual(self.devices()['0001'], 'revoked')
        self.world.stop()
        self.world.do('check')

    def test_quarantine_and_admit(self):
        a, b = self.serving()
        b.incident('address=within the cut')
        b.sync()
        self.world.do('device', 'revoke', '0002')
        self.settle()
        b.incident('address=honest, and late')
        b.try_('sync')
        self.assertEqual(len(self.world.ask('list')), 1)
        apart = self.world.ask('device', 'quarantined')
        self.assertEqual([r['device'].rsplit('/', 1)[1] for r in apart],
                         ['0002'])
        self.world.do('device', 'admit', '0002')
        self.assertEqual(len(self.world.ask('list')), 1)  # not signed yet
        self.assertIn('let quarantined batch', self.settle())
        self.assertEqual(len(self.world.ask('list')), 2)
        self.assertEqual(self.world.do('device', 'quarantined').out, '')
        a.sync()
        self.assertEqual(len(a.ids()), 2)
        self.world.do('device', 'admit', '0002', code=3)
        self.world.stop()
        before = shared(self.world.ask('list'))  # a clock says how long by now
        self.world.do('check')
        self.world.do('rebuild')
        self.assertEqual(shared(self.world.ask('list')), before)

    def test_registrar_changes(self):
        a, b = self.serving()
        heir = Registrar(self.hers, 'heir')
        self.world.do('registry', 'rotate', heir.folder / 'key', code=1)
        self.world.do('registry', 'rotate', heir.folder / 'key.pub')
        self.assertIn("another registrar's key", self.settle())
        a.sync()
        self.world.worker('wd', 'worker', GRID)
        self.ask()
        self.registrar.sign(self.request, code=1)  # not hers any more
        heir.sign(self.request, code=1)            # nor the heir's, unseen
        heir.sign(self.request, '--takeover')
        self.world.do('registry', 'accept', self.signed)
        a.sync()
        d = self.enrol('d', 'wd')
        self.ask()
        heir.sign(self.request)
        self.world.do('registry', 'accept', self.signed)
        d.sync()
        d.incident('address=under the heir')
        d.sync()
        a.sync()
        self.assertEqual(len(a.ids()), 1)
        self.world.stop()
        self.world.do('check')

    # ---- files that go wrong ----

    def test_files_that_go_wrong(self):
        self.ask()
        first = self.request.read_bytes()
        # Lost on the way: the same again, and the same signature.
        self.world.worker('wc', 'worker', GRID)
        self.assertGreater(self.ask()['later'], 0)
        self.assertEqual(self.request.read_bytes(), first)
        self.registrar.sign(self.request)
        note = self.signed.read_bytes()
        self.registrar.sign(self.request)
        self.assertEqual(self.signed.read_bytes(), note)
        # Nobody looked: no signature.
        answer = run(BIN / 'xunge-server', 'registry', 'sign', self.request,
                     '--key', self.registrar.key, '--state',
                     self.hers / 'new', '--lang', 'en')
        self.assertEqual(answer.code, 1)
        self.assertFalse((self.hers / 'new').exists())
        # Tampered, on either way.
        self.request.write_bytes(first.replace(b'worker wa', b'worker wx'))
        self.registrar.sign(self.request, code=1)
        for bad in (note.replace(b'worker wa', b'worker wx'), note[:-9],
                    b'', first, note + note):
            self.signed.write_bytes(bad)
            self.assertNotEqual(
                self.world.try_('registry', 'accept', self.signed).code, 0)
        self.assertEqual(len(self.world.ask('registry', 'list')),
                         len(self.waits()))
        # It counts once.
        self.signed.write_bytes(note)
        self.world.do('registry', 'accept', self.signed)
        self.world.do('registry', 'accept', self.signed, code=1)
        # Outdated: what was taken back meanwhile may be signed, another note
        # of that number may not.
        self.ask()
        second = self.request.read_bytes()
        self.registrar.sign(self.request)
        note = self.signed.read_bytes()
        self.world.do('registry', 'withdraw', 'all')
        self.world.worker('we', 'worker', GRID)
        self.ask()
        self.assertNotEqual(self.request.read_bytes(), second)
        self.registrar.sign(self.request, code=1)
        self.signed.write_bytes(note)
        self.world.do('registry', 'accept', self.signed)
        self.request.write_bytes(first)
        self.registrar.sign(self.request, code=1)
        self.assertTrue(any('worker we' in w for w in self.waits()))
        self.settle()
        self.world.do('check')

    def test_signed_by_another(self):
        other = Registrar(self.hers, 'other')
        self.ask()
        other.sign(self.request)
        self.assertNotEqual(
            self.world.try_('registry', 'accept', self.signed).code, 0)
        self.assertNotEqual(self.waits(), [])

    def test_a_server_that_was_rolled_back(self):
        self.settle()
        self.world.worker('wc', 'worker', GRID)
        old = self.world.folder / 'old'
        shutil.copytree(self.world.data, old)
        self.settle()
        # The copy goes on as if that had never been: the registrar knows.
        shutil.rmtree(self.world.data)
        old.rename(self.world.data)
        self.world.worker('wd', 'worker', GRID)
        self.ask()
        self.registrar.sign(self.request, code=1)

    # ---- a thief ----

    def thief_takes_over(self, a):
        """He has the folder, and puts his own key into it."""
        thief = Registrar(self.hers, 'thief')
        self.world.stop()
        shutil.copy(thief.key, self.world.data / 'registrar.key')
        (self.world.data / 'registrar.vkey').write_text(thief.public + '\n')
        return thief

    def noticed(self, agent):
        self.assertEqual(self.world.try_('check').code, ALARM)
        self.world.start()
        answer = agent.try_('sync')
        self.assertNotEqual(answer.code, 0)
        self.assertIn('registrar', answer.err + answer.out)

    def test_thief_with_a_key_of_his_own(self):
        """Beside hers it is worth nothing: it is not in force."""
        a, _ = self.serving()
        thief = Registrar(self.hers, 'thief')
        self.world.stop()
        shutil.copy(thief.key, self.world.data / 'registrar.key')
        self.world.start()
        self.enrol('c', 'wa')
        self.assertEqual(self.devices()['0003'], 'pending')
        self.world.stop()
        self.world.do('check')

    def test_thief_enrols(self):
        a, _ = self.serving()
        self.thief_takes_over(a)
        self.world.start()
        c = self.enrol('c', 'wa')
        self.assertEqual(self.devices()['0003'], 'enrolled')
        c.incident('address=invented')
        c.try_('sync')
        self.assertEqual(len(self.world.ask('list')), 1)
        a.try_('sync')
        self.assertEqual(len(a.ids()), 0)
        self.world.stop()
        self.noticed(a)

    def test_thief_admits(self):
        a, b = self.serving()
        self.world.do('device', 'revoke', '0002')
        self.settle()
        b.incident('address=stolen phone')
        b.try_('sync')
        self.thief_takes_over(a)
        self.world.do('device', 'admit', '0002')
        self.noticed(a)

    def test_thief_changes_the_registrar(self):
        a, _ = self.serving()
        self.thief_takes_over(a)
        heir = Registrar(self.hers, 'heir')
        self.world.do('registry', 'rotate', heir.key)
        self.noticed(a)

    def test_thief_in_the_database(self):
        """Rows that no note of the log makes."""
        self.serving()
        self.world.stop()
        db = sqlite3.connect(self.world.data / 'server.db')
        row = db.execute('SELECT text FROM statement WHERE kind = 3 AND '
                         "subject LIKE '%/0001'").fetchone()[0]
        db.execute('INSERT INTO statement (kind, subject, position, line, text)'
                   ' VALUES (3, ?, 1, 0, ?)',
                   (ORIGIN + '/d/0666', row.replace('/0001', '/0666')))
        db.commit()
        db.close()
        self.assertEqual(self.world.try_('check').code, ALARM)


class Here(unittest.TestCase):
    """The key lies in the data folder, and changes."""

    def setUp(self):
        self.hers = pathlib.Path(tempfile.mkdtemp(prefix='xunge-e2e-hers-'))
        self.addCleanup(shutil.rmtree, self.hers, True)
        self.world = World([('wa', 'worker', GRID), ('wb', 'worker', GRID)])
        self.addCleanup(self.world.close)

    def test_key_changes_while_serving(self):
        self.world.start()
        a = self.world.enrol('a', 'wa')
        early = Agent(self.world, 'early', self.world.folder / 'early')
        code = self.world.code('wb')  # under the old key, used later
        heir = Registrar(self.hers, 'heir')
        self.world.do('registry', 'rotate', heir.key)
        self.assertEqual((self.world.data / 'registrar.key').read_bytes(),
                         heir.key.read_bytes())
        early.do('enrol', code)
        b = self.world.enrol('b', 'wb')
        for agent in (a, early, b):
            agent.sync()
            agent.incident('address=' + agent.name)
            agent.sync()
        a.sync()
        self.assertEqual(len(a.ids()), 3)
        self.assertEqual(a.one('verify')['verdict'], 'good')
        self.world.do('registry', 'rotate', heir.key, code=1)  # used already
        self.world.stop()
        self.world.do('check')
        self.world.worker('wc', 'worker', GRID)
        self.world.do('check')

    def test_change_that_was_cut(self):
        """Killed before the note, and between the note and the rename."""
        old = (self.world.data / 'registrar.key').read_bytes()
        after = self.world.data / 'registrar.next'
        heir = Registrar(self.hers, 'heir')
        shutil.copy(heir.key, after)
        self.world.worker('wc', 'worker', GRID)
        self.assertFalse(after.exists())
        self.assertEqual((self.world.data / 'registrar.key').read_bytes(), old)
        self.world.do('registry', 'rotate', heir.key)
        (self.world.data / 'registrar.key').write_bytes(old)
        shutil.copy(heir.key, after)
        self.world.worker('wd', 'worker', GRID)
        self.assertFalse(after.exists())
        self.assertEqual((self.world.data / 'registrar.key').read_bytes(),
                         heir.key.read_bytes())
        self.world.do('check')

    def test_key_goes_to_another_machine(self):
        heir = Registrar(self.hers, 'heir')
        self.world.do('registry', 'rotate', heir.folder / 'key.pub')
        (self.world.data / 'registrar.key').unlink()
        self.world.worker('wc', 'worker', GRID)
        request = self.world.folder / 'request'
        self.world.do('registry', 'request', request)
        heir.sign(request, '--takeover')
        self.world.do('registry', 'accept', str(request) + '.signed')
        self.world.do('check')


if __name__ == '__main__':
    main()
