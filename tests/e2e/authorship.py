#!/usr/bin/env python3
"""Who wrote it, and how sure that is: workers who share a device, operators at
the console, and people who would like to be somebody else. With real programs."""
import shutil
import sqlite3

from lib_world import BIN, GRID, Case, main, need, run

PIN, PASSWORD = '4711\n', 'correct horse battery\n'


class Authorship(Case):
    WORKERS = [('wa', 'worker', GRID), ('wb', 'worker', GRID),
               ('d1', 'dispatcher', '371302'), ('d2', 'dispatcher', '371302')]

    def setUp(self):
        super().setUp()
        self.world.do('device', 'allow', '0001', 'wb')
        self.a.sync()

    # ---- words ----

    def history(self, who, which):
        return [r for r in who.ask('history', which) if 'grade' in r]

    def grade(self, who, which):
        first = [r for r in self.history(who, which) if not r.get('move')][-1]
        return first['author'], first['grade']

    def pin_set(self, agent, worker, pin=PIN):
        return agent.one('pin', 'set', '--as', worker, '--pin-fd', '0',
                         stdin=pin)

    def register(self, worker):
        self.a.sync()
        self.world.do('worker', 'key', worker, '--announced')
        self.a.sync()

    def by(self, worker, pin=PIN):
        """An incident that this worker records on device a."""
        return self.a.one('incident', 'category=fire', '--as', worker,
                          '--pin-fd', '0', stdin=pin)['id']

    def count(self):
        return len(self.a.ids())

    def act(self, *words, password=PASSWORD, code=0):
        more = ('--password-fd', '0') if password else ()
        return need(self.world.try_(*words, '--as', 'd1', *more,
                                    stdin=password or ''),
                    *(code if isinstance(code, tuple) else (code,)))

    # ---- a shared device ----

    def test_with_a_pin_proven_without_claimed(self):
        plain = self.a.incident('--as', 'wb')
        told = self.pin_set(self.a, 'wb')
        self.assertFalse(told['registered'])
        early = self.by('wb')  # signed, but no registry says by whom
        self.a.sync()
        keys = self.world.ask('worker', 'keys', 'wb')
        self.assertEqual([k['state'] for k in keys], ['announced'])
        self.assertEqual(keys[0]['fingerprint'], told['fingerprint'])
        self.register('wb')
        self.assertTrue(self.a.one('pin', 'list')['registered'])
        late, owner = self.by('wb'), self.a.incident()
        self.settle(self.a, self.b)
        for who in (self.a, self.b, self.world):
            self.assertEqual(self.grade(who, plain), ('wb', 'claimed'))
            self.assertEqual(self.grade(who, early), ('wb', 'claimed'))
            self.assertEqual(self.grade(who, late), ('wb', 'proven'))
            # Whoever shares the device can write in its owner's name.
            self.assertEqual(self.grade(who, owner), ('wa', 'claimed'))
        self.assertEqual([k['state'] for k in
                          self.world.ask('worker', 'keys')], ['registered'])
        self.assertIn('proven', self.world.do('history', late).out)
        self.sound(self.a, self.b)

    def test_own_device_stays_proven_without_a_pin(self):
        mine = self.b.incident()
        self.settle(self.b, self.a)
        for who in (self.b, self.a, self.world):
            self.assertEqual(self.grade(who, mine), ('wb', 'proven'))

    def test_forging_a_colleague_is_only_claimed(self):
        self.pin_set(self.a, 'wb')
        self.register('wb')
        before = self.count()
        # Without the PIN: nothing, and how to go on.
        r = self.a.do('incident', 'category=fire', '--as', 'wb', code=6)
        self.assertIn('--pin-fd', r.err)
        r = self.a.do('incident', 'category=fire', '--as', 'wb', '--pin-fd',
                      '0', stdin='0000\n', code=1)
        self.assertIn('wrong', r.err)
        self.assertEqual(self.count(), before)
        # The forger throws the key away, and even makes one of their own.
        self.a.do('pin', 'remove', '--as', 'wb', '--forgotten')
        bare = self.a.incident('--as', 'wb')
        self.pin_set(self.a, 'wb', '9999\n')
        signed = self.by('wb', '9999\n')
        self.settle(self.a, self.b)
        for who in (self.b, self.world):
            self.assertEqual(self.grade(who, bare), ('wb', 'claimed'))
            self.assertEqual(self.grade(who, signed), ('wb', 'claimed'))
        # The forged announcement stands beside the true one.
        states = [k['state'] for k in self.world.ask('worker', 'keys', 'wb')]
        self.assertEqual(sorted(states), ['announced', 'registered'])

    def test_announcements_of_two_devices_need_a_person(self):
        self.pin_set(self.a, 'wb')          # a forger on the shared device
        true = self.b.one('pin', 'set', '--pin-fd', '0', stdin=PIN)
        self.settle(self.a, self.b)
        self.world.do('worker', 'key', 'wb', '--announced', code=2)
        self.world.do('worker', 'key', 'wb', true['key'])
        state = {k['key']: k['state'] for k in
                 self.world.ask('worker', 'keys', 'wb')}
        self.assertEqual(state.pop(true['key']), 'registered')
        self.assertEqual(list(state.values()), ['announced'])

    def test_rotated_and_removed_keys_leave_the_past_alone(self):
        self.pin_set(self.a, 'wb')
        self.register('wb')
        first = self.by('wb')
        old = self.a.copy('old')
        self.world.do('worker', 'key', 'wb', '--none')
        self.a.sync()
        second = self.by('wb')
        self.a.do('pin', 'remove', '--as', 'wb', '--pin-fd', '0', stdin=PIN)
        self.pin_set(self.a, 'wb', '271828\n')
        self.register('wb')
        third = self.by('wb', '271828\n')
        self.settle(self.a, self.b)
        for who in (self.a, self.b, self.world):
            self.assertEqual(self.grade(who, first), ('wb', 'proven'))
            self.assertEqual(self.grade(who, second), ('wb', 'claimed'))
            self.assertEqual(self.grade(who, third), ('wb', 'proven'))
        shutil.rmtree(old.home)
        self.world.do('rebuild')
        self.assertEqual(self.grade(self.world, first), ('wb', 'proven'))
        self.sound(self.a, self.b)

    def test_another_registered_key_costs_no_record(self):
        """The registry names a key of another device: what is recorded here is
        not signed, so that it keeps its right."""
        self.pin_set(self.a, 'wb')
        self.register('wb')
        other = self.b.one('pin', 'set', '--pin-fd', '0', stdin=PIN)
        self.b.sync()
        self.world.do('worker', 'key', 'wb', other['key'])
        self.a.sync()
        self.assertTrue(self.a.one('pin', 'list')['other_registered'])
        here = self.a.incident('--as', 'wb')
        self.a.sync()
        self.assertEqual(self.grade(self.world, here), ('wb', 'claimed'))
        self.assertEqual(self.history(self.world, here)[0].get('effect',
                                                               'full'), 'full')

    def test_wrong_pins_wait_longer_and_a_copy_stays_shut(self):
        self.pin_set(self.a, 'wb')
        copy = self.a.copy('copy')
        for _ in range(5):
            self.a.do('pin', 'unlock', '--as', 'wb', '--pin-fd', '0',
                      stdin='1\n', code=1)
        r = self.a.do('incident', 'category=fire', '--as', 'wb', '--pin-fd',
                      '0', stdin=PIN, code=1)
        self.assertRegex(r.err, r'try again in \d+ s')
        self.assertEqual(self.count(), 0)
        copy.do('incident', 'category=fire', '--as', 'wb', code=6)
        copy.do('incident', 'category=fire', '--as', 'wb', '--pin-fd', '0',
                stdin='0000\n', code=1)

    def test_pins_change_and_short_ones_are_refused(self):
        self.a.do('pin', 'set', '--as', 'wb', '--pin-fd', '0', stdin='123\n',
                  code=2)
        self.assertEqual(self.a.ask('pin', 'list'), [])
        first = self.pin_set(self.a, 'wb')
        self.a.do('pin', 'set', '--as', 'wb', '--pin-fd', '0', stdin=PIN,
                  code=1)
        self.a.do('pin', 'set', '--as', 'd1', '--pin-fd', '0', stdin=PIN,
                  code=1)  # may not record on this device
        self.a.do('pin', 'change', '--as', 'wb', '--pin-fd', '0',
                  stdin=PIN + '0815\n')
        self.assertEqual(self.a.one('pin', 'list')['fingerprint'],
                         first['fingerprint'])
        self.a.do('incident', 'category=fire', '--as', 'wb', '--pin-fd', '0',
                  stdin=PIN, code=1)
        self.by('wb', '0815\n')

    def test_unlocked_for_a_while(self):
        self.pin_set(self.a, 'wb')
        r = self.a.do('pin', 'unlock', '--as', 'wb', '--for', '1', '--pin-fd',
                      '0', stdin=PIN, code=(0, 1))
        if r.code:
            self.skipTest('no keyring here: ' + r.err)
        self.a.incident('--as', 'wb')
        self.a.do('pin', 'lock', '--as', 'wb')
        self.a.do('incident', 'category=fire', '--as', 'wb', code=6)

    # ---- operators ----

    def operator_key(self):
        need(self.world.try_('operator', 'key', 'd1', '--password-fd', '0',
                             stdin=PASSWORD))

    def test_an_operators_acts_are_signed(self):
        case = self.b.incident()
        self.b.sync()
        self.act('note', case, 'before', password=None)
        self.operator_key()
        # No password and nobody to ask: nothing is written.
        r = self.act('note', case, 'no', password=None, code=6)
        self.assertIn('--unsigned', r.err)
        r = self.act('note', case, 'no', password='wrong horse battery\n',
                     code=1)
        self.act('note', case, 'signed')
        self.act('note', case, 'bare', '--unsigned', password=None)
        self.world.stop()
        self.act('do', case, 'accept')  # the same without a running server
        self.world.start()
        self.settle(self.b, rounds=1)
        for who in (self.world, self.b):
            told = [r['grade'] for r in self.history(who, case)
                    if r['author'] == 'd1']
            self.assertEqual(sorted(told), ['asserted', 'asserted', 'proven',
                                            'proven'])
        self.world.do('rebuild')
        self.assertIn('proven', self.world.do('history', case).out)
        self.sound(self.b)

    def test_all_files_and_no_password_prove_nothing(self):
        """Somebody has the server's whole disk, keys and all."""
        case = self.b.incident()
        self.b.sync()
        self.operator_key()
        need(self.world.try_('operator', 'key', 'd2', '--password-fd', '0',
                             stdin='mallory mallory\n'))
        self.world.stop()
        db = sqlite3.connect(self.world.data / 'server.db')
        with db:  # the own wrapped key under the other's name
            db.execute("UPDATE operator_key SET wrapped = (SELECT wrapped FROM "
                       "operator_key WHERE code = 'd2') WHERE code = 'd1'")
        db.close()
        r = self.act('note', case, 'forged', password='mallory mallory\n')
        db = sqlite3.connect(self.world.data / 'server.db')
        with db:
            db.execute("DELETE FROM operator_key WHERE code = 'd1'")
        db.close()
        self.act('note', case, 'forged too', password=None)
        self.world.start()
        self.b.sync()
        for who in (self.world, self.b):
            told = [r['grade'] for r in self.history(who, case)
                    if r['author'] == 'd1']
            self.assertEqual(told, ['asserted', 'asserted'])

    def test_passwords_change_and_keys_go(self):
        case = self.b.incident()
        self.b.sync()
        self.operator_key()
        need(self.world.try_('operator', 'key', 'd1', '--password-fd', '0',
                             stdin=PASSWORD), 1)  # has one
        need(self.world.try_('operator', 'key', 'd1', '--change',
                             '--password-fd', '0',
                             stdin=PASSWORD + 'another password\n'))
        self.act('note', case, 'old', code=1)
        self.act('note', case, 'new', password='another password\n')
        need(self.world.try_('operator', 'key', 'd2', '--password-fd', '0',
                             stdin='short\n'), 2)
        need(self.world.try_('operator', 'key', 'nobody', '--password-fd', '0',
                             stdin=PASSWORD), 3)
        self.world.do('operator', 'key', 'd1', '--remove')
        self.act('note', case, 'bare', password=None)
        told = [r['grade'] for r in self.history(self.world, case)
                if r['author'] == 'd1']
        self.assertEqual(sorted(told), ['asserted', 'proven'])


if __name__ == '__main__':
    main()
