"""Erased records that are pushed once more: with their fields, in the same
batch or in another; and without them."""
import hashlib
import struct
import sqlite3
import unittest
import zlib

from lib_tus import Device
from lib_world import GRID, Case
from redaction import holds
from server_client import cbor

GROUND, TEXT = '个人信息保护法第47条', '当事人赵铁柱与邻居因占用楼道争执' * 20
INCIDENT, SALT, CATEGORY, DESCRIPTION = 3, 1, 12, 15


class Batches(Case):
    WORKERS = [('wa', 'worker', GRID), ('wb', 'worker', GRID),
               ('sv', 'supervisor', '371302')]

    def setUp(self):
        super().setUp()
        self.device = Device(self.world, 'other', 'wb')
        self.addCleanup(self.device.close)
        self.state(self.device.seal(0), 'stored')
        self.hash = self.device.append(
            {1: INCIDENT, 5: self.device.now()},
            cbor({SALT: b'0123456789abcdef', CATEGORY: 'fire',
                  DESCRIPTION: TEXT}))
        self.whole = self.device.seal(1)

    def state(self, batch, expected):
        self.assertEqual(self.device.put(batch), 'state %s\n' % expected)

    def redacted(self, batch, first):
        """The same batch without the fields of its first record."""
        _, note, _ = batch
        raw = b''
        for i, (head, fields, _) in enumerate(self.device.records[first:]):
            raw += head + (cbor(hashlib.sha256(fields).digest())
                           if i == 0 else fields)
        return (batch[0], note, b'XGR1' + struct.pack('>I', len(note)) + note +
                zlib.compress(raw))

    def push(self, batch):
        return self.device.call('PUT', '/v1/batches/' + batch[0], batch[2],
                                **{'Xunge-Size': str(self.device.size)})

    def erase(self):
        self.assertTrue(self.in_bodies())
        # What lists are made of has it, too.
        self.world.ask('list')
        self.assertTrue([path for path in holds(self.world.data, '赵铁柱')
                         if 'board.db' in path])
        self.world.do('redact', self.hash[:16].hex(), '--ground', GROUND,
                      '--as', 'sv', '--field', 'description', '--yes')
        self.nowhere()

    def nowhere(self):
        self.assertEqual(holds(self.world.data, '赵铁柱'), [])
        self.assertEqual(self.in_bodies(), 0)

    def in_bodies(self):
        """How many bodies of batches, inflated, have the text."""
        found = 0
        with sqlite3.connect(self.world.data / 'server.db') as db:
            for body, in db.execute('SELECT body FROM body'):
                inflate = zlib.decompressobj()
                try:
                    text = inflate.decompress(bytes(body))
                except zlib.error:
                    continue  # with a dictionary: none of this device's
                found += '赵铁柱'.encode() in text
        return found

    def test_without_fields_and_no_act_it_is_refused(self):
        status, text = self.push(self.redacted(self.whole, 1))
        self.assertNotEqual(status, 200)
        self.assertIn('1', text.decode())
        # Nothing changed: whole it is taken.
        self.state(self.whole, 'stored')
        self.assertIn('赵铁柱', str(self.world.show(self.hash[:16].hex())))
        self.world.do('check')

    def test_without_fields_after_the_act_it_is_known(self):
        self.state(self.whole, 'stored')
        self.erase()
        self.state(self.redacted(self.whole, 1), 'held')
        self.world.do('check')

    def test_whole_once_more_the_text_does_not_come_back(self):
        self.state(self.whole, 'stored')
        self.erase()
        self.state(self.whole, 'held')
        self.nowhere()
        self.world.do('check')

    def test_in_another_batch_the_text_does_not_come_back(self):
        """Sealed anew, with more: the erased record is there once more."""
        self.state(self.whole, 'stored')
        self.erase()
        self.device.incident('hygiene')
        self.state(self.device.seal(1), 'stored')
        self.world.stop()
        self.world.do('check')  # opens the folder: what is pending is finished
        self.nowhere()
        self.world.start()
        self.settle()
        self.assertNotIn('赵铁柱',
                         str(self.world.show(self.hash[:16].hex())))
        self.sound()

    def test_in_another_batch_without_the_fields(self):
        self.state(self.whole, 'stored')
        self.erase()
        self.device.incident('hygiene')
        self.state(self.redacted(self.device.seal(1), 1), 'stored')
        self.world.do('rebuild')
        self.world.do('check')


if __name__ == '__main__':
    unittest.main()
