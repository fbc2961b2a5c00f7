#!/usr/bin/env python3
"""From the worker who goes to the one who comes, with and without a network:
what travels, what is believed of it, what a hostile or cut file changes
(nothing), kills at any point, and that a device is only wiped once nothing is
only there. Shared devices, and a forgotten passphrase.

XG_FAULT_LIBRARY: libxgfault.so, for the kills.
"""
import hashlib
import os
import pathlib
import random
import shutil
import unittest

from lib_world import (BIN, COMMUNITY, GRID, GRID_2, PHOTOS, Case, main, need,
                       run)

FAULTS = os.environ.get('XG_FAULT_LIBRARY')
KILLS = int(os.environ.get('XG_HANDOVER_KILLS', 14))


def photos():
    """Two photos of the tests."""
    return [str(p) for p in sorted(PHOTOS.glob('*.jpg'))[:2]]


def shelf(agent):
    return {p.name for p in (agent.home / 'photos').glob('??/*')}


def sha256(path):
    return hashlib.sha256(pathlib.Path(path).read_bytes()).hexdigest()


def drafts(agent):
    return [d['fields'] for d in agent.ask('draft', 'list')]


def everything(agent):
    """What a failed command must leave alone."""
    return (agent.ids(), drafts(agent), agent.status()['records'],
            agent.one('handover', 'status'), shelf(agent))


class Handover(Case):
    WORKERS = [('wa', 'worker', GRID), ('wb', 'worker', GRID),
               ('wc', 'worker', GRID_2), ('ca', 'community', COMMUNITY)]

    def setUp(self):
        super().setUp()
        self.settle()
        self.file = self.world.folder / 'handover.xgh'
        self.answer = self.world.folder / 'answer.xga'

    def work(self):
        """Cases of both, a subject, one that is closed; then offline work of
        a: a case with a photo, a change, two drafts."""
        self.theirs = self.b.incident('address=旧案')
        self.settle(self.a, self.b)
        self.a.do('note', self.theirs, '去看过')
        self.subject = self.a.one('subject', 'list=place', 'name=老仓库')['id']
        self.a.sync()
        self.b.do('set', self.theirs, 'address=旧案，后院')
        self.settle(self.a, self.b)
        self.world.stop()
        self.photos = photos()
        self.mine = self.a.incident('address=只在本机', '--photo',
                                    self.photos[0])
        self.a.do('note', self.theirs, '离线又看')
        self.a.do('incident', 'category=road', 'description=半张草稿',
                  '--draft', '--photo', self.photos[1])
        self.a.do('visit', 'place=B12', '--draft')

    def write(self, *more, to='wb'):
        return self.a.one('handover', 'write', self.file, '--to', to, *more)

    def stage(self, agent):
        return agent.one('handover', 'status')['handovers'][0]['stage']

    # ---- the whole of it ----

    def test_offline_from_first_to_last(self):
        self.work()
        refused = self.a.try_('leave')
        self.assertEqual(refused.code, 1)
        self.assertIn('drafts 2, photos 2', refused.err)
        w = self.write()
        self.assertEqual((w['cases'], w['subjects'], w['drafts'], w['photos']),
                         (2, 1, 2, 2))
        self.assertEqual(w['sealed_to'], ['e2e.example/d/0002'])
        self.assertEqual(self.a.one('leave', code=1)['clear'], False)
        for clear in (b'\xe5\x8f\xaa\xe5\x9c\xa8\xe6\x9c\xac\xe6\x9c\xba',
                      b'handover', b'xunge/', bytes.fromhex(
                          sha256(self.photos[0]))):
            self.assertNotIn(clear, self.file.read_bytes())
        self.assertEqual(self.file.stat().st_mode & 0o777, 0o600)

        # No answer in a file that is called "-".
        refused = self.b.try_('handover', 'accept', self.file, '--answer', '-')
        self.assertEqual(refused.code, 2)
        self.assertIn('--answer', refused.err)
        self.assertEqual(self.b.one('handover', 'status')['handovers'], [])
        got = self.b.one('handover', 'accept', self.file, '--answer',
                         self.answer)
        self.assertEqual((got['cases'], got['subjects'], got['drafts'],
                          got['photos'], got['lacking'], got['bad_receipts']),
                         (2, 1, 2, 2, 0, 0))
        self.assertGreater(got['to_push'], 0)
        self.assertEqual(shelf(self.b), {sha256(p) for p in self.photos})
        shown = self.b.show(self.mine)
        self.assertEqual(shown['fields']['address'], '只在本机')
        self.assertEqual(shown['delivery'], 'sealed')
        self.assertEqual(self.b.status()['photos']['only_here'], 1)
        self.assertEqual(drafts(self.b), drafts(self.a))
        # Again changes nothing.
        before = everything(self.b)
        again = self.b.one('handover', 'accept', self.file)
        self.assertTrue(again['before'])
        self.assertEqual(everything(self.b), before)

        # The answer goes back by hand; the predecessor may go.
        self.assertEqual(self.a.try_('leave', '--yes').code, 1)
        self.assertEqual(self.a.one('handover', 'finish', self.answer)['stage'],
                         'answered')
        self.a.do('note', self.mine, '交接之后')  # not handed over
        self.assertEqual(self.a.one('leave', code=1)['records'], 1)
        self.file.unlink()
        self.write()
        self.assertEqual(self.a.one('leave', code=1)['clear'], False)
        self.b.do('handover', 'accept', self.file, '--answer', self.answer)
        self.assertEqual(drafts(self.b), drafts(self.a))  # not twice
        self.a.do('handover', 'finish', self.answer)
        self.assertTrue(self.a.one('leave')['clear'])
        self.assertTrue(self.a.home.exists())
        self.assertTrue(self.a.one('leave', '--yes')['wiped'])
        self.assertFalse(self.a.home.exists())

        # The successor alone brings all of it to the server.
        finished = self.b.one('draft', 'finish', 'draft-1')['id']
        self.world.start()
        self.b.sync()
        self.settle(self.b, self.d)
        self.assertEqual(self.b.one('handover', 'status')['carried']['to_push'],
                         0)
        for which in (self.mine, self.theirs, self.subject, finished):
            self.same(which, self.b, self.d)
        history = str(self.world.ask('history', self.theirs))
        self.assertIn('离线又看', history)
        self.assertIn('交接之后', str(self.world.ask('history', self.mine)))
        self.assertEqual(self.world.show(finished)['created']['author'], 'wb')
        self.assertEqual(self.world.show(self.mine)['created']['author'], 'wa')
        self.assertEqual(self.stage(self.b), 'accepted')
        self.sound(self.b, self.d)

    def test_accepted_over_the_server(self):
        self.work()
        self.write()
        self.b.do('handover', 'accept', self.file)
        self.world.start()
        self.assertEqual(self.stage(self.a), 'open')
        self.settle(self.b, self.a)
        self.assertEqual(self.stage(self.a), 'accepted')
        left = self.a.one('leave')
        self.assertTrue(left['clear'])
        self.assertEqual(left['proven'], left['batches'])
        self.sound(self.a, self.b)
        self.a.do('leave', '--yes')
        self.assertFalse(self.a.home.exists())

    def test_a_successor_of_another_grid(self):
        """The word of the predecessor counts until the server has spoken."""
        self.work()
        self.write(to='wc')
        got = self.c.one('handover', 'accept', self.file)
        self.assertGreater(got['others'], 0)
        shown = self.c.show(self.theirs)
        self.assertEqual(shown['fields']['address'], '旧案，后院')
        self.assertGreater(self.c.one('handover', 'status')['carried']
                           ['unconfirmed'], 0)
        self.world.start()
        self.c.sync()
        # Not moved into the grid: what is not in scope has gone, what the
        # predecessor signed is here and at the server.
        self.assertEqual(self.c.one('handover', 'status')['carried'],
                         {'batches': got['batches'], 'to_push': 0,
                          'unconfirmed': 0, 'photos': 2})
        self.assertEqual(self.world.show(self.mine)['fields']['address'],
                         '只在本机')
        self.settle(self.a)
        self.assertEqual(self.stage(self.a), 'accepted')
        # Moved there, everything comes with the server's word.
        self.world.worker('wc', 'worker', GRID)
        self.settle(self.c, self.b, self.a)
        self.same(self.theirs, self.c, self.b, self.a)
        self.same(self.mine, self.c, self.b, self.a)
        self.sound(self.a, self.b, self.c)

    # ---- who can read it ----

    def test_only_the_successor_opens_it(self):
        self.work()
        self.write()
        before = everything(self.c)
        refused = self.c.try_('handover', 'accept', self.file)
        self.assertEqual(refused.code, 1)
        self.assertIn('sealed to somebody else', refused.err)
        self.assertEqual(everything(self.c), before)
        # Sealed to somebody else's device on top: still not theirs.
        self.file.unlink()
        key = self.c.one('handover', 'key')['key']
        self.write('--key', key)
        refused = self.c.try_('handover', 'accept', self.file)
        self.assertEqual(refused.code, 1)
        self.assertIn("for wb", refused.err)
        self.assertEqual(everything(self.c), before)
        self.assertEqual(self.a.try_('handover', 'accept', self.file).code, 1)
        self.assertEqual(self.a.try_('handover', 'write', self.world.folder /
                                     'x', '--to', 'wb', '--key',
                                     key[:-4] + 'AAA=').code, 2)
        self.b.do('handover', 'accept', self.file)

    def test_a_code_that_is_read_out(self):
        self.work()
        nobody = self.a.try_('handover', 'write', self.file, '--to', 'wx')
        self.assertEqual(nobody.code, 1)
        self.assertFalse(self.file.exists())
        # Two devices and a code: the second device of wb knows of no other.
        code = self.write('--code')['code']
        self.assertRegex(code, r'^(\d{4} ){5}\d{4}$')
        copy = self.b.copy('b2')
        self.assertEqual(copy.do('handover', 'accept', self.file, '--code',
                                 stdin='0000 ' * 6).code, 0)  # its own key
        shutil.rmtree(copy.home)
        wrong = self.c.try_('handover', 'accept', self.file, '--code',
                            stdin=code[:-1] + '%d\n' % (
                                (int(code[-1]) + 1) % 10))
        self.assertEqual(wrong.code, 1)
        self.assertIn('wrong code', wrong.err)
        self.assertEqual(self.c.try_('handover', 'accept', self.file).code, 6)
        theirs = self.c.try_('handover', 'accept', self.file, '--code',
                             stdin=code.replace(' ', '') + '\n')
        self.assertIn('for wb', theirs.err)

    # ---- what is not believed ----

    def test_a_damaged_file_changes_nothing(self):
        self.work()
        self.write()
        good = self.file.read_bytes()
        before = everything(self.b)
        draw = random.Random(1)
        bad = self.world.folder / 'bad.xgh'
        places = [0, 4, 5, 40, 100, 130, len(good) - 1] + [
            draw.randrange(len(good)) for _ in range(12)]
        for at in places:
            bad.write_bytes(good[:at] + bytes([good[at] ^ 1]) + good[at + 1:])
            r = self.b.try_('handover', 'accept', bad)
            self.assertEqual(r.code, 1, (at, r.out, r.err))
        for size in [0, 3, 5, 117, 118, 142, 143, 4096, len(good) - 17,
                     len(good) - 1]:
            bad.write_bytes(good[:size])
            r = self.b.try_('handover', 'accept', bad)
            self.assertEqual(r.code, 1, (size, r.out, r.err))
        bad.write_bytes(good + b'\0')
        self.assertEqual(self.b.try_('handover', 'accept', bad).code, 1)
        self.assertEqual(everything(self.b), before)
        self.b.do('handover', 'accept', self.file)

    def test_an_answer_of_somebody_else_is_none(self):
        self.work()
        self.write()
        self.b.do('handover', 'accept', self.file, '--answer', self.answer)
        good = self.answer.read_bytes()
        bad = self.world.folder / 'bad.xga'
        for data in (b'', good[:-1], good + b'\0', b'XGA1',
                     good[:60] + bytes([good[60] ^ 1]) + good[61:]):
            bad.write_bytes(data)
            self.assertEqual(self.a.try_('handover', 'finish', bad).code, 1)
        self.assertEqual(self.c.try_('handover', 'finish', self.answer).code,
                         1)
        self.assertEqual(self.stage(self.a), 'open')
        self.assertEqual(self.a.try_('handover', 'finish',
                                     self.world.folder / 'none').code, 3)

    # ---- kills ----

    @unittest.skipUnless(FAULTS, 'no libxgfault.so')
    def test_killed_while_it_is_accepted(self):
        self.work()
        self.write()
        fresh = everything(self.b)

        def accept(agent, spec):
            return run(BIN / 'xunge', '--home', agent.home, 'handover',
                       'accept', self.file, '--answer', self.answer,
                       LD_PRELOAD=FAULTS, XG_FAULT=spec,
                       XG_FAULT_DIR=os.path.realpath(agent.home),
                       XG_FAULT_REPORT=str(self.world.folder / 'report'))
        copy = self.b.copy('count')
        need(accept(copy, 'count'))
        counted = max(int(word.split('=')[1]) for line in (
            self.world.folder / 'report').read_text().splitlines()
            if line.startswith('count ') for word in line.split()
            if word.startswith('cut='))
        whole = everything(copy)
        self.assertGreater(counted, 20)
        draw = random.Random(7)
        points = sorted(draw.sample(range(1, counted), min(KILLS, counted - 1)))
        killed = 0
        for n in points:
            victim = self.b.copy('k%d' % n)
            r = accept(victim, 'kill:%d' % n)
            killed += r.code == -9
            after = everything(victim)
            self.assertIn(after[:2], (fresh[:2], whole[:2]), n)
            r = victim.one('handover', 'accept', self.file, '--answer',
                           self.answer)
            done = everything(victim)
            self.assertEqual((done[0], done[1], done[4]),
                             (whole[0], whole[1], whole[4]), n)
            self.assertEqual(victim.one('verify')['verdict'], 'good')
            shutil.rmtree(victim.home)
        self.assertEqual(killed, len(points))

    @unittest.skipUnless(FAULTS, 'no libxgfault.so')
    def test_killed_while_it_is_written_or_wiped(self):
        self.work()
        where = self.world.folder / 'stick'
        where.mkdir()
        file = where / 'h.xgh'
        draw = random.Random(3)
        for n in sorted(draw.sample(range(1, 60), KILLS)):
            victim = self.a.copy('k%d' % n)
            r = run(BIN / 'xunge', '--home', victim.home, 'handover', 'write',
                    file, '--to', 'wb', LD_PRELOAD=FAULTS,
                    XG_FAULT='kill:%d' % n,
                    XG_FAULT_DIR=os.path.realpath(self.world.folder))
            if file.exists():  # then it is whole
                taker = self.b.copy('t%d' % n)
                taker.do('handover', 'accept', file)
                shutil.rmtree(taker.home)
                file.unlink()
            self.assertEqual(victim.one('verify')['verdict'], 'good')
            self.assertEqual(len(drafts(victim)), 2)
            victim.do('handover', 'write', file, '--to', 'wb')
            self.assertIn(r.code, (0, -9))
            file.unlink()
            shutil.rmtree(victim.home)
        # A wipe that was cut is taken up again, and nothing is readable.
        self.write()
        self.b.do('handover', 'accept', self.file, '--answer', self.answer)
        self.a.do('handover', 'finish', self.answer)
        for n in (1, 3, 5, 8, 12):
            victim = self.a.copy('w%d' % n)
            run(BIN / 'xunge', '--home', victim.home, 'leave', '--yes',
                LD_PRELOAD=FAULTS, XG_FAULT='kill:%d' % n,
                XG_FAULT_DIR=os.path.realpath(victim.home))
            if not (victim.home / 'leaving').exists():
                self.assertEqual(victim.one('verify')['verdict'], 'good')
            victim.do('leave', '--yes')
            self.assertFalse(victim.home.exists())

    # ---- shared devices ----

    def test_switching_between_two_workers_loses_nothing(self):
        self.world.do('device', 'allow', 'e2e.example/d/0001', 'wb')
        self.a.sync()
        self.world.stop()
        kept = {}
        for i in range(6):
            who = ('wa', 'wb')[i % 2]
            kept[self.a.incident('address=%s %d' % (who, i),
                                 '--as', who)] = who
            self.a.do('incident', 'category=road', 'address=稿 %s %d' % (
                who, i), '--draft', '--as', who)
        listed = self.a.ask('draft', 'list')
        self.assertEqual(len(listed), 6)
        self.assertEqual({d['author'] or 'wa' for d in listed}, {'wa', 'wb'})
        # One of them finishes what is theirs; the other's drafts stay.
        for d in listed:
            if d['author'] == 'wb':
                kept[self.a.one('draft', 'finish', d['number'])['id']] = 'wb'
        self.assertEqual(len(self.a.ask('draft', 'list')), 3)
        first = next(iter(kept))
        self.a.do('note', first, '同事补充', '--as', 'wb')
        self.world.start()
        self.settle(self.a, self.b)
        for which, who in kept.items():
            shown = self.same(which, self.a, self.b)
            self.assertEqual(shown['created']['author'], who)
            self.assertEqual(shown['without_effect'], [])
        self.sound(self.a, self.b)

    # ---- a forgotten passphrase ----

    def test_a_forgotten_passphrase(self):
        which = self.a.incident('address=口令之后')
        self.a.do('passphrase', 'set', stdin='一个会忘记的口令\n')
        self.assertEqual(self.a.try_('show', which).code, 6)
        desk = self.world.folder / 'desk'  # the registrar's machine
        desk.mkdir()
        shutil.copy(self.a.home / 'vault', desk)
        key = self.world.data / 'registrar.key'
        wrong = self.world.data / 'log.key'

        def recover(home, file, new):
            return run(BIN / 'xunge', '--home', home, '--lang', 'en',
                       'passphrase', 'recover', '--registrar-key', file,
                       stdin=new + '\n')
        self.assertEqual(recover(desk, wrong, '不会成功的口令').code, 1)
        self.assertEqual(recover(desk, self.file, '不会成功').code, 3)
        need(recover(desk, key, '换一个新口令'))
        shutil.copy(desk / 'vault', self.a.home)
        self.assertEqual(self.a.try_('show', which, '--passphrase-fd', '0',
                                     stdin='一个会忘记的口令\n').code, 1)
        shown = self.a.do('show', which, '--json', '--passphrase-fd', '0',
                          stdin='换一个新口令\n').one()
        self.assertEqual(shown['fields']['address'], '口令之后')


if __name__ == '__main__':
    main()
