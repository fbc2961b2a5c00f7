"""Erasing personal fields: the act is told to all, the bytes are nowhere any
more, and everything goes on without them."""
import json
import os
import sqlite3
import subprocess
import time
import unittest

from lib_world import BIN, Case, GRID, environment, shared

NAME, PHONE = '王桂英', '13905390001'
KILLS, STEP_S = 24, 0.004
GROUND = '个人信息保护法第47条'


def holds(folder, *texts):
    """Files below the folder in which one of the texts, or bytes, is found."""
    found = []
    for base, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(base, name)
            if not os.path.isfile(path):  # a socket
                continue
            with open(path, 'rb') as f:
                data = f.read()
            found += [path for t in texts if
                      (t if isinstance(t, bytes) else t.encode()) in data]
    return found


class Redaction(Case):
    WORKERS = [('wa', 'worker', GRID), ('wb', 'worker', GRID),
               ('sv', 'supervisor', '371302')]

    def contact(self):
        made = self.a.one('contact', 'name=' + NAME, 'phone=' + PHONE)
        self.settle()
        return made['id']

    def redact(self, which, *words, by='sv', code=0):
        return self.world.do('redact', which, '--ground', GROUND, '--as', by,
                             *words, code=code)

    def test_nothing_goes_without_yes(self):
        which = self.contact()
        shown = self.redact(which, code=5)
        self.assertIn('nothing was erased', shown.out)
        self.assertIn(NAME, str(self.world.show(which)))

    def test_only_a_supervising_office_may(self):
        which = self.contact()
        self.redact(which, '--yes', by='wa', code=(1, 2, 3, 4, 6))
        self.assertIn(NAME, str(self.world.show(which)))
        self.sound()

    def test_what_rights_hang_on_stays(self):
        which = self.contact()
        refused = self.world.try_('redact', which, '--ground', GROUND, '--as',
                                  'sv', '--yes', '--field', 'grid')
        self.assertNotEqual(refused.code, 0)
        self.assertIn('grid', refused.err)

    def test_erased_here_and_everywhere_folded_the_same(self):
        which = self.contact()
        self.redact(which, '--yes')
        shown = self.world.show(which)
        self.assertNotIn(NAME, str(shown))
        self.assertIn(GROUND, str(shown))
        self.settle()
        self.same(which)
        for agent in self.agents:
            self.assertNotIn(NAME, str(agent.show(which)))
        told = self.world.do('history', which).out
        self.assertIn('sv', told)
        self.assertIn(GROUND, told)
        self.sound()
        # Edits go on from what is left.
        self.b.one('set', which, 'name=李四')
        self.settle()
        self.assertIn('李四', str(self.same(which)))
        self.sound()

    def test_no_file_of_the_server_has_the_text(self):
        """A dispute: its text is long enough to stand in the rows as it is."""
        text = '当事人赵铁柱与邻居因占用楼道争执' * 20
        made = self.a.one('dispute', 'type=邻里', 'description=' + text,
                          'parties=赵铁柱;钱多多')
        self.settle()
        which = made['id']
        self.assertTrue(holds(self.world.data, '赵铁柱'))
        self.redact(which, '--yes')
        self.assertEqual(holds(self.world.data, '赵铁柱', '钱多多'), [])
        self.settle()
        self.same(which)
        self.sound()

    def test_rebuild_and_a_new_device_come_to_the_same(self):
        which = self.contact()
        self.a.one('note', which, '已回访')
        self.settle()
        self.redact(which, '--yes')
        self.settle()
        before = shared(self.world.show(which))
        self.world.stop()
        self.world.do('rebuild')
        self.world.do('check')
        self.world.start()
        self.assertEqual(shared(self.world.show(which)), before)
        late = self.world.enrol('late', 'wb')
        self.agents.append(late)
        self.settle()
        self.same(which)
        self.sound()

    def test_devices_keep_nothing_and_prove_everything(self):
        which = self.a.one('dispute', 'type=邻里', 'description=争执',
                           'parties=赵铁柱')['id']
        self.settle()
        for agent in (self.a, self.b):
            self.assertIn('赵铁柱', str(agent.show(which)))
        self.redact(which, '--yes')
        self.settle()
        for agent in (self.a, self.b):
            self.assertNotIn('赵铁柱', str(agent.show(which)))
            self.assertIn('erased by sv', agent.do('history', which).out)
            with sqlite3.connect(agent.home / 'agent.db') as db:
                gone = db.execute('SELECT count(*) FROM record WHERE fields '
                                  'IS NULL AND fields_hash IS NOT NULL')
                self.assertEqual(gone.fetchone()[0], 1)
        self.same(which)
        self.sound()

    def test_no_file_of_a_device_has_what_was_sealed(self):
        """Of who wrote it, and of who was sent it: the key lies beside it."""
        which = self.a.one('dispute', 'type=邻里', 'description=争执' * 60,
                           'parties=赵铁柱')['id']
        self.settle()
        sealed = {}
        for agent in self.agents:
            with sqlite3.connect(agent.home / 'agent.db') as db:
                sealed[agent] = [row[0] for row in db.execute(
                    'SELECT fields FROM record WHERE entity = ?1 UNION ALL '
                    'SELECT state FROM entity WHERE entity = ?1',
                    (bytes.fromhex(which),))]
            self.assertEqual(len(sealed[agent]), 2)
            for blob in sealed[agent]:
                self.assertTrue(holds(agent.home, blob))
        self.redact(which, '--yes')
        self.settle()
        for agent in self.agents:
            self.assertEqual(holds(agent.home, *sealed[agent]), [])
        self.same(which)
        self.sound()

    def test_where_it_came_from_goes_with_its_field(self):
        """An imported line is held by its source, as long as that is known."""
        table = self.world.folder / 'in.jsonl'
        table.write_text(json.dumps({
            'id': '13905390001', 'kind': 'visit', 't': 1789000000,
            'worker': 'wa', 'place': 'P', 'category': 'fire',
            'result': 'normal', 'note': 'n'}))
        taken = self.a.one('import', table)
        self.assertEqual((taken['added'], taken['held']), (1, 0))
        self.assertEqual(self.a.one('import', table)['held'], 1)
        self.settle()
        which = self.a.ask('list')[0]['id']
        self.redact(which, '--field', 'note', '--yes')
        self.settle()
        self.assertEqual(self.a.one('import', table)['held'], 1)
        self.redact(which, '--field', 'source', '--yes')
        self.settle()
        for agent in self.agents:
            with sqlite3.connect(agent.home / 'agent.db') as db:
                self.assertEqual(db.execute('SELECT * FROM source').fetchall(),
                                 [])
        self.assertEqual(self.a.one('import', table)['added'], 1)
        self.sound()

    def test_a_backup_made_after_has_nothing(self):
        which = self.contact()
        self.redact(which, '--yes')
        self.settle()
        self.world.stop()
        (self.world.folder / 'kept').mkdir()
        told = self.world.do('backup',
                             self.world.folder / 'kept' / 'backup.db').out
        self.assertIn('before an erasure still hold it', told)
        self.assertEqual(holds(self.world.folder / 'kept', NAME), [])
        self.world.start()
        self.settle()
        self.sound()

    def test_killed_between_the_act_and_the_bytes(self):
        """Whenever it is killed: the act is not there and all is as before; or
        it is, and the next start erases."""
        made = []
        for i in range(KILLS):
            made.append(self.a.one(
                'dispute', 'type=邻里', 'description=争执',
                'parties=机密%02d' % i)['id'])
        self.settle()
        self.world.stop()
        with_act = 0
        for i, which in enumerate(made):
            p = subprocess.Popen(
                [BIN / 'xunge-server', 'redact', self.world.data, which,
                 '--ground', GROUND, '--as', 'sv', '--yes'],
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                env=environment())
            time.sleep(i * STEP_S)
            p.kill()
            p.wait()
            shown = str(self.world.show(which))  # opens the folder: finishes
            erased = GROUND in shown
            with_act += erased
            self.assertEqual('机密%02d' % i in shown, not erased)
            if erased:
                self.assertEqual(holds(self.world.data, '机密%02d' % i), [])
        self.world.do('check')
        self.assertGreater(with_act, 0)
        self.world.start()
        self.settle()
        self.sound()

    def test_twice_and_the_second_time_more(self):
        made = self.a.one('dispute', 'type=邻里', 'description=争执',
                          'parties=赵铁柱')
        self.settle()
        which = made['id']
        one = self.redact(which, '--yes', '--field', 'parties')
        self.assertNotIn('stays written', one.out)
        self.settle()
        self.assertIn('争执', str(self.same(which)))
        # What the first one left stands in it: that is said before it is done.
        two = self.redact(which, '--json', code=5).one()
        self.assertEqual([r['stays'] for r in two['records']], [True])
        self.assertIn('stays written', self.redact(which, '--yes').out)
        self.settle()
        self.assertNotIn('争执', str(self.same(which)))
        self.redact(which, '--yes', code=(2, 3, 4, 1))  # nothing is left
        self.world.stop()
        self.world.do('rebuild')
        self.world.do('check')
        self.world.start()
        self.sound()


if __name__ == '__main__':
    unittest.main()
