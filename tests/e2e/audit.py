#!/usr/bin/env python3
"""xunge-audit on real logs: a data folder while its server runs, a copy, a
bundle, an address; again from a saved state; and what it says of a log that was
changed."""
import shutil
import sqlite3

from lib_world import BIN, GRID, PHOTOS, Case, main, need, run


class Audit(Case):
    def keys(self):
        words = need(run(BIN / 'xunge-server', 'key', self.world.data)).out
        return {line.split()[0]: line.split()[1]
                for line in words.splitlines()}

    def try_audit(self, *words, source=None, key=None):
        keys = self.keys()
        return run(BIN / 'xunge-audit', 'verify', source or self.world.data,
                   '--key', key or keys['log'], '--registrar',
                   keys['registrar'], '--lang', 'en', *words)

    def audit(self, *words, code=0, **more):
        answer = self.try_audit('--json', *words, **more)
        need(answer, code)
        import json
        return json.loads(answer.out)

    def a_day(self):
        one = self.a.incident('address=甲', 'grid=' + GRID)
        self.settle()
        self.b.do('note', one, '看到了')
        self.a.do('set', one, 'urgency=urgent')
        self.settle()
        return one

    def test_a_folder_while_the_server_runs(self):
        self.a_day()
        found = self.audit()
        self.assertTrue(found['verified'])
        self.assertEqual(found['counts']['broken'], 0, found)
        self.assertEqual(found['counts']['doubts'], 0, found)
        self.assertEqual(found['size'], len(self.world.log_entries()))
        self.assertEqual(found['size'], found['counts']['entries'])
        self.assertGreaterEqual(found['counts']['records'], 5)
        self.assertEqual(found['counts']['devices'], 3)
        self.assertNotIn('registrar', found['unchecked'])
        self.assertIn('policy', found['unchecked'])
        first = self.try_audit().out.splitlines()[0]
        self.assertTrue(first.startswith('verified: '), first)
        self.assertIn(str(found['size']), first)

    def test_a_fork_is_noted(self):
        one = self.a_day()
        c = self.a.copy('c')
        self.a.do('set', one, 'address=乙')
        c.do('note', one, '副本上的备注')
        self.a.sync()
        c.sync()
        found = self.audit()
        self.assertTrue(found['verified'], found)
        self.assertEqual([f['code'] for f in found['found']], ['fork'])
        self.assertEqual(found['counts']['forks'], 1)
        self.assertEqual(found['counts']['forked'], 1)

    def test_a_bundle_and_a_state(self):
        one = self.a_day()
        self.a.do('photo', one, PHOTOS / 'f1-exif.jpg')
        self.settle()
        self.world.do('backup', self.world.folder / 'backup')
        bundle = self.world.folder / 'audit.xgb'
        self.world.ask('bundle', 'write', bundle, '--audit', '--photos')
        state = self.world.folder / 'state'
        first = self.audit('--photos', '--state', state, source=bundle)
        self.assertTrue(first['verified'], first)
        self.assertEqual(first['source'], 'bundle')
        self.assertEqual(first['counts'], self.audit('--photos')['counts'])
        self.assertGreaterEqual(first['counts']['photos'], 1)
        self.a.do('note', one, '又看了一次')
        self.settle()
        again = self.audit('--photos', '--state', state)
        self.assertEqual(again['from'], first['size'])
        self.assertEqual(again['counts'], self.audit('--photos')['counts'])
        data = bytearray(state.read_bytes())
        data[len(data) // 2] ^= 1
        state.write_bytes(data)
        need(self.try_audit('--state', state), 1)

    def test_an_altered_folder(self):
        """Whoever has the folder and the log's key may write what they like;
        this one only changes rows."""
        self.a_day()
        self.world.stop()
        copy = self.world.folder / 'copy'
        shutil.copytree(self.world.data, copy)
        db = sqlite3.connect(copy / 'server.db')
        position, = db.execute('SELECT position FROM batch LIMIT 1').fetchone()
        db.execute('UPDATE body SET body = ? WHERE position = ?',
                   (b'other', position))
        db.commit()
        found = self.audit(source=copy, code=7)
        self.assertFalse(found['verified'])
        self.assertEqual({(f['code'], f['position']) for f in found['found']
                          if f['gravity'] == 'broken'}
                         & {('batch', position)}, {('batch', position)})
        db.execute('DELETE FROM entry WHERE position = ?', (position,))
        db.commit()
        db.close()
        found = self.audit(source=copy, code=7)
        self.assertIn('tree', {f['code'] for f in found['found']})
        first = self.try_audit(source=copy).out.splitlines()[0]
        self.assertTrue(first.startswith('NOT TO BE TRUSTED'), first)

    def test_a_replay(self):
        one = self.a_day()
        c = self.a.copy('c')
        self.a.do('set', one, 'address=乙')
        c.do('note', one, '副本上的备注')
        c.do('set', one, 'address=丙')
        self.a.sync()
        c.sync()
        self.world.do('view')
        self.b.do('note', one, '视图之后')
        self.settle(self.b)
        keys = self.keys()

        def replay(source, code):
            import json
            return json.loads(need(run(
                BIN / 'xunge-audit', 'replay', source, '--key', keys['log'],
                '--registrar', keys['registrar'], '--json', '--lang', 'en'),
                code).out)
        self.world.stop()
        found = replay(self.world.data, 0)
        self.assertTrue(found['verified'], found)
        again = found['replay']
        self.assertTrue(again['view_same'] and again['tables'], again)
        self.assertEqual(again['differing'], 0)
        self.assertGreaterEqual(again['entities'], 1)
        # Another state is shown than the records come to.
        copy = self.world.folder / 'copy'
        shutil.copytree(self.world.data, copy)
        db = sqlite3.connect(copy / 'server.db')
        state, number, name = db.execute(
            'SELECT state, number, hex(id) FROM entity ORDER BY'
            ' length(state) DESC LIMIT 1').fetchone()
        self.assertIn('副本上的备注'.encode(), state)
        db.execute('UPDATE entity SET state = ? WHERE number = ?', (
            state.replace('副本上的备注'.encode(), '副本上的備注'.encode()),
            number))
        db.commit()
        db.close()
        found = replay(copy, 7)
        self.assertEqual(found['replay']['differing'], 1)
        self.assertIn(name.lower(), found['found'][0]['text'])
        # And signs for it.
        need(run(BIN / 'xunge-server', 'view', copy))
        found = replay(copy, 7)
        self.assertFalse(found['replay']['view_same'])
        self.assertIn('view', {f['code'] for f in found['found']})

    def test_an_address(self):
        self.a_day()
        url = 'https://127.0.0.1:%d/' % self.world.port
        pin = self.keys()['tls']
        found = self.audit('--pin', pin, source=url)
        self.assertTrue(found['verified'], found)
        self.assertEqual(found['size'], found['counts']['entries'])
        self.assertEqual(found['counts']['unread_batches'],
                         found['counts']['batches'])
        self.assertIn('batches', found['unchecked'])
        self.assertGreaterEqual(found['device_witnesses'], 1)
        need(self.try_audit('--pin', 'sha256//' + 43 * 'A' + '=', source=url),
             4)
        need(self.try_audit(source='http://192.0.2.1/'), 2)

    def test_words(self):
        need(run(BIN / 'xunge-audit', 'verify', self.world.data), 2)
        need(run(BIN / 'xunge-audit', 'verify', '/nowhere', '--key',
                 self.keys()['log']), 3)
        need(self.try_audit(key='other.example+' + self.keys()['log']
                            .split('+', 1)[1]), 1, 2)
        need(run(BIN / 'xunge-audit', 'nonsense'), 2)
        need(run(BIN / 'xunge-audit', 'verify', '--help', '--lang', 'zh'))


if __name__ == '__main__':
    main()
