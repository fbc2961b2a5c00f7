#!/usr/bin/env python3
"""A device that nobody can unlock hands over everything: with the real programs,
from the locked home to the server."""
import unittest

from lib_world import GRID, PHOTOS, Agent, World, main

FORGOTTEN, NEW = 'forgotten words\n', 'new words here\n'


class Rescue(unittest.TestCase):
    def setUp(self):
        self.world = World([('wa', 'worker', GRID)])
        self.addCleanup(self.world.close)
        self.world.start()
        self.a = self.world.enrol('a', 'wa')
        self.a.incident('address=one')
        self.a.sync()
        self.two = self.a.incident('address=two', '--photo',
                                   str(PHOTOS / 'f1-exif.jpg') + ':near')
        self.stick = self.world.folder / 'stick.xgb'

    def test_all_of_it_arrives(self):
        self.a.do('passphrase', 'set', stdin=FORGOTTEN)
        said = self.a.one('bundle', 'write', self.stick)
        self.assertTrue(said['rescue'])
        self.assertEqual(said['photos'], 2)  # and its small picture
        # A server has no use for it, and says who has.
        other = self.world.do('bundle', 'read', self.stick, code=1).err
        self.assertIn('--home NEW', other)
        b = Agent(self.world, 'b', self.world.folder / 'new')
        self.assertEqual(b.one('bundle', 'read', self.stick)['missing'], 0)
        self.assertEqual(b.try_('list').code, 6)
        key = self.world.data / 'registrar.key'
        b.do('passphrase', 'recover', '--registrar-key', key, stdin=NEW)
        b.do('passphrase', 'clear', '--passphrase-fd', '0', stdin=NEW)
        b.sync()
        self.assertEqual(b.show(self.two)['delivery'], 'received')
        self.assertEqual(b.one('verify')['verdict'], 'good')
        # The device turns up again, and is used: no harm done.
        self.a.do('passphrase', 'clear', '--passphrase-fd', '0',
                  stdin=FORGOTTEN)
        three = self.a.incident('address=three')
        for agent in (self.a, b, self.a):
            agent.sync()
        self.assertEqual(self.a.show(three)['delivery'], 'received')
        self.assertEqual(self.a.show(self.two)['delivery'], 'received')
        self.world.do('check')

    def test_only_into_a_new_home(self):
        self.a.do('bundle', 'write', self.stick, '--rescue')
        refused = self.a.do('bundle', 'read', self.stick, code=1)
        self.assertIn('--home NEW', refused.err)
        self.assertFalse((self.world.folder / 'a.part').exists())
        cut = self.world.folder / 'cut.xgb'
        cut.write_bytes(self.stick.read_bytes()[:5000])
        b = Agent(self.world, 'b', self.world.folder / 'new')
        b.do('bundle', 'read', cut, code=1)
        self.assertFalse(b.home.exists())
        self.assertEqual(b.one('bundle', 'read', self.stick)['missing'], 0)


if __name__ == '__main__':
    main()
