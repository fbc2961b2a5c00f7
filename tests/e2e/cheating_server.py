#!/usr/bin/env python3
"""A server whose operator cheats, with every key that lies there (lib_cheat.py):
for each cheat, who notices, and what they are told. What nobody can notice is
asserted too, so that docs/threat-model.md cannot promise more than holds."""
import json
import os
import re
import shutil

import lib_note
from lib_cheat import Cheat, Liar, Signer, b64, first_line, text_of
from lib_world import BIN, GRID, PHOTOS, Case, World, main, need, run

ALARM = 7
AUDIT = os.environ.get('XG_AUDIT', str(BIN / 'xunge-audit'))


class Cheated(Case):
    def setUp(self):
        super().setUp()
        self.keys = self.world.ask('key')[0]
        self.one = self.a.incident('address=甲处', 'grid=' + GRID)
        self.settle()
        self.b.do('note', self.one, '到场看过')
        self.two = self.b.incident('address=乙处')
        self.settle()

    def audit(self, *words, data=None, code=None):
        """(exit status, what xunge-audit verify said)"""
        r = run(AUDIT, 'verify', data or self.world.data, '--key',
                self.keys['log'], '--registrar', self.keys['registrar'],
                '--json', '--lang', 'en', *words)
        if code is not None:
            need(r, code)
        return r.code, json.loads(r.out)

    def found(self, *words, **more):
        """The codes of what is wrong with the log."""
        code, said = self.audit(*words, **more)
        wrong = [f for f in said['found'] if f['gravity'] != 'noted']
        broken = [f for f in wrong if f['gravity'] == 'broken']
        self.assertEqual(code, ALARM if broken else 0, said)
        return {f['code'] for f in wrong}

    def cheat(self, do):
        """Stop, let it be done, start again."""
        self.world.stop()
        with Cheat(self.world) as c:
            do(c)
        self.world.start()

    def alarmed(self, agent):
        """The device says so, keeps both checkpoints, and goes on saying it;
        its work still goes out."""
        told = agent.do('sync', code=ALARM)
        self.assertIn('does not continue', told.err)
        kept = {p.name for p in (agent.home / 'alarm').iterdir()}
        self.assertLessEqual({'held', 'shown', 'welcome'}, kept)
        self.assertIn('ALARM', agent.do('status', code=ALARM).out)

    def state(self, name='state'):
        return self.world.folder / name

    def frozen(self):
        """A second server from the files of this one as they are: another
        history can begin there."""
        self.world.stop()
        other = World.__new__(World)
        other.folder = self.world.folder / 'other'
        other.folder.mkdir()
        other.data = other.folder / 'server'
        shutil.copytree(self.world.data, other.data)
        other.port, other.p, other.env = self.world.port, None, {}
        other.log = open(other.folder / 'serve.log', 'wb')
        self.addCleanup(other.log.close)
        self.addCleanup(other.stop)
        return other

    def shown_by(self, world):
        """Start that one on the port that the devices know."""
        for w in (self.world, getattr(self, 'other', None)):
            if w and w.p:
                w.stop()
        world.start()


class Rewritten(Cheated):
    """What was in the log is changed, and signed anew."""

    def test_an_honest_log_is_good(self):
        self.assertEqual(self.found(), set())
        self.sound()

    def test_a_record_is_altered(self):
        """The body does not fit its device's signature: the auditor. The one
        who wrote it has its own; another device is told the altered one under
        another hash, and cannot know (residue) until it asks for the proof."""
        place = []

        def do(c):
            place.append(c.batch_of(self.a.status()['device']))
            c.alter_body(place[0], '甲处', '丙处')
        self.cheat(do)
        self.assertEqual(self.found() & {'signature', 'batch'},
                         self.found(), 'nothing else')
        self.assertTrue(self.found())
        self.assertNotEqual(self.world.try_('check').code, 0)
        self.a.sync()
        self.assertEqual(self.a.show(self.one)['fields']['address'], '甲处')
        self.assertEqual(self.a.one('verify')['verdict'], 'good')

    def test_a_note_is_altered(self):
        self.cheat(lambda c: c.edit(c.batch_of(self.a.status()['device']),
                                    'schema 1', 'schema 2'))
        self.assertIn('signature', self.found())
        self.alarmed(self.a)
        self.alarmed(self.b)

    def test_an_entry_is_dropped(self):
        self.cheat(lambda c: c.drop(c.batch_of(self.a.status()['device'])))
        self.alarmed(self.a)
        self.alarmed(self.b)
        # The device that wrote it has what the log signed of it: the proof
        # that it was there.
        self.assertTrue(list((self.a.home / 'alarm').iterdir()))

    def test_the_first_batch_is_dropped(self):
        """What follows in the chain hangs in the air: the auditor too, without
        having seen the log before."""
        self.a.incident('address=三处')
        self.a.sync()
        self.cheat(lambda c: c.drop(c.batch_of(self.a.status()['device'], 0)))
        self.assertTrue(self.found() & {'gap', 'cosigned', 'anchor'},
                        self.found())

    def test_entries_change_places(self):
        def do(c):
            c.swap(c.batch_of(self.a.status()['device']),
                   c.batch_of(self.b.status()['device']))
        self.cheat(do)
        self.alarmed(self.a)
        self.alarmed(self.b)

    def test_time_is_dated_back(self):
        """A day earlier, in every time note, signed by the log's own key."""
        def do(c):
            for place, (_, note) in enumerate(c.notes):
                if first_line(note) != 'xunge/time/v1':
                    continue
                lines = text_of(note).splitlines()
                ms = int(lines[1].split()[1]) - 86400000
                lines[1] = 'time %d' % ms
                c.replace(place, c.log.sign('\n'.join(lines) + '\n'))
        self.cheat(do)
        self.alarmed(self.a)
        self.alarmed(self.b)

    def test_an_auditor_who_was_here_before(self):
        """Whatever is changed of what an earlier audit saw is seen by the next
        one, although everything that is left is signed well."""
        self.audit('--state', self.state(), code=0)

        def do(c):
            c.drop(c.batch_of(self.b.status()['device']))
        self.cheat(do)
        code, said = self.audit('--state', self.state())
        self.assertEqual(code, ALARM, said)
        self.assertTrue({f['code'] for f in said['found']} &
                        {'rollback', 'tree', 'history'}, said['found'])

    def test_rolled_back_to_yesterday(self):
        """Every file as it was: the server cannot tell, who saw more can."""
        self.world.stop()
        old = self.world.folder / 'yesterday'
        shutil.copytree(self.world.data, old)
        self.world.start()
        self.a.incident('address=今日')
        self.settle(self.a)
        self.audit('--state', self.state(), code=0)
        self.world.stop()
        shutil.rmtree(self.world.data)
        shutil.copytree(old, self.world.data)
        code, said = self.audit('--state', self.state())
        self.assertEqual(code, ALARM, said)
        self.assertIn('rollback', {f['code'] for f in said['found']})
        # Residue: who saw nothing of today notices nothing,
        self.assertEqual(self.found(), set())
        self.world.start()
        self.b.sync()
        self.assertEqual(self.found(), set())
        # until one who did has come, and left its checkpoint there.
        self.alarmed(self.a)
        self.assertEqual(self.found(), {'cosigned'})


    def test_witnesses_of_another_history(self):
        """A time note that brings what was cosigned of another tree would give
        a record a witnessed time that it never had."""
        def do(c):
            place = c.where('time', -1)
            c.replace(place, c.log.sign(
                text_of(c.note(place)) + 'checkpoint %d %s\ncosigned w %s\n' %
                (place, b64(bytes(32)), b64(bytes(76)))))
        self.cheat(do)
        self.assertIn('witness-history', self.found())
        told = self.world.try_('export', self.world.folder / 'file.html',
                               '--evidence', self.one)
        self.assertNotEqual(told.code, 0, told.out)
        self.assertIn('witnesses', told.err)


class Invented(Cheated):
    """What nobody said is put into the log."""

    def test_under_a_devices_name(self):
        """With a key of the cheat's own: the name is not the key."""
        name = self.a.status()['device']

        def do(c):
            thief = Signer(name, b'\7' * 32)
            note = thief.sign(text_of(c.note(c.batch_of(name))))
            c.append(note)
        self.cheat(do)
        self.assertIn('signature', self.found())
        # Appending is no rewriting: devices see a log that continues theirs.
        self.a.sync()

    def test_a_device_that_nobody_enrolled(self):
        """Signed by the log's key, for the registrar's is elsewhere: every
        device refuses the registry, and so does the auditor."""
        def do(c):
            forger = Signer(self.keys['registrar'].split('+')[0], b'\5' * 32)
            c.append_registry(forger, 'device %s/d/0099 %s wa' % (
                c.log.name, b64(forger.public)))
        self.cheat(do)
        self.assertIn('signature', self.found())
        for agent in self.agents:
            told = agent.do('sync', '--json', code=(1, 4, ALARM))
            self.assertFalse(told.json()[-1]['ok'], told.out)

    def test_an_operators_act(self):
        """The server's own device may speak for any operator: it is marked as
        the server's word, nowhere as the operator's. Residue: without a key of
        the operator's own nobody can tell it from a true one."""
        self.world.do('note', self.one, '领导同意', '--as', 'wa')
        self.settle()
        shown = self.b.do('history', self.one, '--json').out
        self.assertIn('领导同意', shown)
        before = self.audit(code=0)[1]['counts']
        self.assertGreaterEqual(before['asserted'], 1)
        self.assertEqual(self.found(), set())


class Two(Cheated):
    """Two histories, each sound in itself."""

    def setUp(self):
        super().setUp()
        self.other = self.frozen()

    def test_two_devices_that_never_meet(self):
        """Residue: each of them sees a log that goes on. Whoever brings their
        checkpoints together has the proof."""
        self.shown_by(self.world)
        self.a.incident('address=只给甲')
        self.a.sync()
        self.shown_by(self.other)
        self.b.incident('address=只给乙')
        self.b.sync()
        self.shown_by(self.world)
        self.a.sync()
        self.shown_by(self.other)
        self.b.sync()
        self.other.stop()
        here, there = (self.audit(data=w.data, code=0)[1]
                       for w in (self.world, self.other))
        self.assertEqual(self.found(), set())
        self.assertNotEqual(here, there)

    def test_a_device_that_is_shown_both(self):
        self.shown_by(self.world)
        self.a.incident('address=一')
        self.a.sync()
        self.shown_by(self.other)
        self.b.incident('address=二')
        self.b.incident('address=三')
        self.b.sync()
        self.alarmed(self.a)
        # Both signed checkpoints are evidence that anybody can check: one
        # key, two trees.
        held, shown = ((self.a.home / 'alarm' / n).read_bytes().decode()
                       for n in ('held', 'shown'))
        sizes = [lib_note.checkpoint(n, self.keys['log']) for n in
                 (held, shown)]
        self.assertNotEqual(sizes[0], sizes[1])

    def test_an_auditor_who_saw_both(self):
        self.shown_by(self.world)
        self.a.incident('address=一')
        self.a.sync()
        self.audit('--state', self.state(), code=0)
        self.shown_by(self.other)
        for i in range(4):
            self.b.incident('address=%d' % i)
            self.b.sync()
        code, said = self.audit('--state', self.state(), data=self.other.data)
        self.assertEqual(code, ALARM, said)

    def test_a_revocation_is_hidden_from_one(self):
        """The device is shown the log as it was before. Residue: nothing looks
        wrong there until it is shown the other, or the frozen one must grow
        and it is brought together with the true one."""
        self.shown_by(self.world)
        self.world.do('device', 'revoke', self.b.status()['device'])
        self.a.sync()
        self.shown_by(self.other)
        late = self.b.incident('address=停用之后')
        self.b.sync()
        self.assertEqual(self.b.show(late)['delivery'], 'received')
        self.shown_by(self.world)
        self.alarmed(self.b)

    def test_news_is_withheld_from_one(self):
        """The frozen log, and nothing is pushed there: it is merely old.
        Residue: no alarm, ever; afterwards everything comes."""
        self.shown_by(self.world)
        new = self.a.incident('address=新', 'grid=' + GRID)
        self.a.sync()
        self.shown_by(self.other)
        self.b.sync()
        self.assertNotIn(new, self.b.ids())
        self.shown_by(self.world)
        self.b.sync()
        self.assertIn(new, self.b.ids())


class Lies(Case):
    """What the welcome says falsely, signed by the log."""
    WORKERS = [('wa', 'worker', GRID)]

    def setUp(self):
        self.world = World(self.WORKERS)
        self.addCleanup(self.world.close)
        self.twist = lambda text: text
        self.liar = Liar(Signer.load(self.world.data / 'log.key'),
                         lambda text: self.twist(text))
        self.addCleanup(self.liar.close)
        self.world.start('--plain', '--url',
                         'http://127.0.0.1:%d' % self.liar.port)
        self.liar.upstream = self.world.port
        self.a = self.world.enrol('a', 'wa')
        self.agents = [self.a]

    def test_a_wipe_is_ordered(self):
        """There is no such word: the answer is no welcome, and all is here."""
        which = self.a.incident('address=甲')
        self.twist = lambda text: text + 'wipe ' + self.a.status()['device'] \
            + '\n'
        said = self.a.do('sync', '--json', '--max-time', '2',
                         code=(1, 4, ALARM))
        self.assertIn(which, self.a.ids())
        self.assertEqual(self.a.one('verify')['verdict'], 'good')
        self.twist = lambda text: text
        self.a.sync()
        self.assertEqual(self.a.show(which)['delivery'], 'received', said.err)

    @staticmethod
    def says_backed_up(text):
        """All of the log."""
        at = re.search('^checkpoint ([0-9]+) ', text, re.M).group(1)
        return re.sub('^backup .*$', 'backup ' + at, text, flags=re.M)

    def photo(self):
        path = self.world.folder / 'photo.jpg'
        path.write_bytes((PHOTOS / 'f1-exif.jpg').read_bytes() + b'x' * 900000)
        which = self.a.incident('address=甲', '--photo', str(path))
        self.a.sync()
        self.assertEqual(self.listed()['place'], 'server')
        return which

    def listed(self):
        return max(self.a.ask('photos'), key=lambda p: p['bytes'])

    def freed(self):
        return self.a.one('photos', 'free', '--all')['freed']

    def test_backed_up_it_says_and_loses_the_photo(self):
        """Residue: the device believes it, and lets the photo go unless it is
        told to keep all. Whoever audits with the photos sees that it is lost;
        what it was is gone."""
        self.photo()
        self.twist = self.says_backed_up
        self.a.sync()
        self.a.do('photos', 'keep', 'all')
        self.assertEqual(self.a.one('photos', 'free')['freed'], 0)
        self.assertEqual(self.freed(), 1)
        sha256 = self.listed()['sha256']
        os.unlink(self.world.data / 'blobs' / sha256[:2] / sha256)
        keys = self.world.ask('key')[0]
        said = run(AUDIT, 'verify', self.world.data, '--key', keys['log'],
                   '--registrar', keys['registrar'], '--photos', '--json')
        self.assertIn('photo-lost',
                      {f['code'] for f in json.loads(said.out)['found']})


if __name__ == '__main__':
    main()
