"""Erased photos: off the server and off the devices, and not back again; and
what an auditor and a page of evidence say of what was erased."""
import hashlib
import json
import shutil
import sqlite3
import unittest

from lib_tus import Device, Photo
from lib_world import BIN, GRID, PHOTOS, Case, need, run

GROUND = '个人信息保护法第47条'
FIRST, SECOND = PHOTOS / 'f1-exif.jpg', PHOTOS / 'f2.jpg'


def sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


class Photos(Case):
    WORKERS = [('wa', 'worker', GRID), ('wb', 'worker', GRID),
               ('sv', 'supervisor', '371302')]

    def setUp(self):
        super().setUp()
        self.sha = sha256(FIRST)
        self.which = self.a.incident('address=桥下', '--photo', str(FIRST))
        self.a.do('sync', '--unmetered', '--photos', 'all')
        self.settle()

    def on(self, home, kind, sha):
        return (home / kind / sha[:2] / sha).exists()

    def on_server(self, sha):
        return self.on(self.world.data, 'blobs', sha)

    def on_agent(self, agent, sha):
        return self.on(agent.home, 'photos', sha)

    def shelf(self, agent):
        return [p for p in (agent.home / 'photos').glob('??/*')]

    def redact(self, which, *words, code=0):
        return self.world.ask('redact', which, '--ground', GROUND, '--as',
                              'sv', *words, code=code)

    def places(self, who, which):
        shown = who.show(which)
        return [p['place'] for p in find(shown, 'place')]

    def audit(self, source=None):
        """What it found, by code; nothing of it is broken, or in doubt."""
        answer = run(BIN / 'xunge-audit', 'verify', '--json', '--photos',
                     source or self.world.data, '--key',
                     self.world.ask('key')[0]['log'], '--lang', 'en')
        found = json.loads(need(answer).out)
        self.assertTrue(found['verified'], found)
        self.assertEqual((found['counts']['broken'],
                          found['counts']['doubts']), (0, 0), found)
        return [f['code'] for f in found['found']]

    def test_gone_from_the_server_and_every_device(self):
        self.b.do('photos', 'get', self.sha)
        self.assertTrue(self.on_server(self.sha))
        for agent in (self.a, self.b):
            self.assertTrue(self.on_agent(agent, self.sha))
        told = self.redact(self.which, '--photo', self.sha, '--yes')[0]
        self.assertEqual(len(told['photos']), 2)  # and its thumbnail
        self.assertEqual(told['photos_that_stay'], [])
        for sha in told['photos']:
            self.assertFalse(self.on_server(sha))
        self.settle()
        for agent in (self.a, self.b):
            self.assertEqual(self.shelf(agent), [])
            self.assertEqual(self.places(agent, self.which), ['erased'])
        self.assertEqual(self.places(self.world, self.which), ['erased'])
        self.assertEqual(self.a.status()['photos']['only_here'], 0)
        verified = self.a.one('verify')
        self.assertEqual(verified.get('photos_missing', 0), 0, verified)
        self.same(self.which)
        self.sound()
        self.a.do('photos', 'get', self.sha, code=(1, 3))
        # Backups, rebuilt tables and auditors take it for erased, not lost.
        self.world.stop()
        self.world.do('rebuild')
        self.world.do('check')
        self.world.do('backup', self.world.folder / 'backup.tar')
        self.world.start()
        self.assertEqual(self.audit(), 2 * ['photo-erased'])
        bundle = self.world.folder / 'audit.xgb'
        self.world.ask('bundle', 'write', bundle, '--audit', '--photos')
        self.assertEqual(self.audit(bundle), 2 * ['photo-erased'])

    def test_one_that_never_came_does_not_come(self):
        """It is only on the device when it is erased."""
        path = self.world.folder / 'other.jpg'
        path.write_bytes(FIRST.read_bytes() + b'tail')
        which = self.b.incident('--photo', str(path))
        self.b.do('sync', '--metered')
        self.assertEqual(self.b.status()['photos']['only_here'], 1)
        self.redact(which, '--photo', sha256(path), '--yes')
        self.b.do('sync', '--unmetered', '--photos', 'all')
        self.assertFalse(self.on_server(sha256(path)))
        self.assertFalse(self.on_agent(self.b, sha256(path)))
        self.assertEqual(self.b.status()['photos']['only_here'], 0)
        self.sound()

    def test_a_device_cannot_bring_it_back(self):
        """A cheat that has the bytes still, and uploads them all the same; and
        one whose upload was under way."""
        cheat = Device(self.world, 'cheat', 'wb')
        self.addCleanup(cheat.close)
        photos = [Photo(self.world.folder, n, 70000) for n in ('p1', 'p2')]
        cheat.name(*photos)
        link = cheat.link()
        for photo in photos:
            self.assertEqual(self.send(cheat, link, cheat.create(link, photo),
                                       photo.data[:30000], 0), 204)
        under_way = cheat.create(link, photos[1])
        self.assertEqual(self.send(cheat, link, under_way,
                                   photos[1].data[:30000], 0), 204)
        for photo in photos:
            which = self.world.ask('photo', 'list')[0]
            which = [m['entity'] for m in find(which, 'entity')
                     if m['sha256'] == photo.hex][0]
            self.redact(which, '--photo', photo.hex, '--yes')
        answer = self.send(cheat, link, under_way, photos[1].data[30000:],
                           30000)
        self.assertNotEqual(answer, 204)
        for photo in photos:
            status, _, text = cheat.tus(
                link, 'POST', '/v1/blobs', Upload_Length=len(photo.data),
                Upload_Metadata=photo.metadata())
            self.assertEqual(status, 404, text)
            self.assertFalse(self.on_server(photo.hex))
        self.world.do('check')

    def send(self, cheat, link, path, data, offset):
        status, _, _ = cheat.tus(link, 'PATCH', path, data,
                                 Upload_Offset=offset,
                                 Content_Type='application/offset+octet-stream')
        return status

    def test_another_entity_names_it_too(self):
        other = self.b.incident('--photo', str(FIRST))
        self.settle()
        told = self.redact(self.which, '--photo', self.sha, code=5)[0]
        self.assertEqual({(s['photo'] in told['photos'], s['named_by'])
                          for s in told['photos_that_stay']}, {(True, other)})
        self.assertEqual(len(told['photos_that_stay']), 2)
        shown = self.world.do('redact', self.which, '--ground', GROUND, '--as',
                              'sv', '--photo', self.sha, '--yes')
        self.assertIn(other, shown.out)
        self.settle()
        self.assertTrue(self.on_server(self.sha))
        for agent in (self.a, self.b):
            self.assertTrue(self.on_agent(agent, self.sha))
        self.sound()
        # The other lets go of it too, by another act.
        self.redact(other, '--photo', self.sha, '--yes')
        self.settle()
        self.assertFalse(self.on_server(self.sha))
        for agent in (self.a, self.b):
            self.assertEqual(self.shelf(agent), [])
        self.sound()

    def test_named_anew_it_comes_anew(self):
        """Erased of one entity; then somebody attaches the same photo to
        another: it is not proven to be there before it is."""
        self.redact(self.which, '--photo', self.sha, '--yes')
        self.settle()
        other = self.b.incident('--photo', str(FIRST))
        self.b.do('sync', '--metered')
        self.assertEqual(self.b.status()['photos']['only_here'], 1)
        self.world.do('check')
        self.b.do('sync', '--unmetered', '--photos', 'all')
        self.assertTrue(self.on_server(self.sha))
        self.assertEqual(self.places(self.b, other), ['server'])
        self.assertEqual(self.places(self.world, other), ['server'])
        self.settle()
        self.sound()
        copies = self.world.folder / 'copies'
        copies.mkdir()
        self.world.do('backup', copies / 'one.db')
        self.assertTrue(self.on(copies / 'photos', 'blobs', self.sha))

    def test_a_draft_keeps_it(self):
        self.b.do('incident', '--draft', '--photo', str(FIRST),
                  'category=fire')
        self.redact(self.which, '--photo', self.sha, '--yes')
        self.settle()
        self.assertTrue(self.on_agent(self.b, self.sha))
        self.assertFalse(self.on_agent(self.a, self.sha))
        self.sound()

    def test_check_compares_what_is_kept_with_the_acts(self):
        made = self.a.one('contact', 'name=王桂英', 'phone=13905390001')
        self.settle()
        self.redact(made['id'], '--yes')
        self.redact(self.which, '--photo', self.sha, '--yes')
        self.world.stop()
        self.assertIn('as the acts say', self.world.do('check').out)
        for n, change in enumerate(('DELETE FROM erased_photo WHERE hash = (SELECT '
                       'min(hash) FROM erased_photo)',
                       'INSERT INTO erased_photo VALUES (zeroblob(32), '
                       'zeroblob(16))',
                       'DELETE FROM erased',
                       'UPDATE erased SET entry = zeroblob(9)')):
            copy = self.world.folder / ('copy-%d' % n)
            shutil.copytree(self.world.data, copy)
            db = sqlite3.connect(copy / 'server.db')
            self.assertGreater(db.execute(change).rowcount, 0, change)
            db.commit()
            db.close()
            told = run(BIN / 'xunge-server', 'check', copy, '--lang', 'en')
            self.assertEqual(told.code, 1, change + told.out)
            self.assertIn('acts in the log', told.err, change)

    # ---- told to others ----

    def test_evidence_of_what_was_erased(self):
        made = self.a.one('contact', 'name=王桂英', 'phone=13905390001')
        self.settle()
        self.redact(made['id'], '--yes')
        self.redact(self.which, '--photo', self.sha, '--yes')
        key = self.world.ask('key')[0]['log']
        for which in (made['id'], self.which):
            page = self.world.folder / (which + '.html')
            need(run(BIN / 'xunge-server', 'export', self.world.data, page,
                     '--lang', 'en', '--json', '--evidence', which))
            found = need(run(BIN / 'xunge-audit', 'evidence', page, '--key',
                             key, '--lang', 'en', '--json')).one()
            self.assertEqual((found['verdict'], found['page'],
                              found['broken']), ('good', 'same', 0), found)
            text = page.read_text(encoding='utf-8')
            self.assertNotIn('王桂英', text)
            self.assertIn(GROUND, text)
            self.assertIn('erased', text)
            erased = [r['erased'] for r in found['list']]
            self.assertEqual(any(erased), which == made['id'])
            self.assertIn('sv', text)

    def test_audits_note_it_and_call_nothing_broken(self):
        made = self.a.one('contact', 'name=王桂英', 'phone=13905390001')
        self.settle()
        self.redact(made['id'], '--yes')
        bundle = self.world.folder / 'audit.xgb'
        self.world.ask('bundle', 'write', bundle, '--audit', '--photos')
        for source in (None, bundle):
            self.assertEqual(self.audit(source), ['erased'])


def find(value, key):
    """Every object in it that has the key."""
    if isinstance(value, dict):
        return ([value] if key in value else []) + [
            f for v in value.values() for f in find(v, key)]
    if isinstance(value, list):
        return [f for v in value for f in find(v, key)]
    return []


if __name__ == '__main__':
    unittest.main()
