#!/usr/bin/env python3
"""The server's disk is full while a photo comes in: it says so, what came
stays, records still find room, and when there is space the photo goes on.

A small tmpfs in a mount namespace of its own, as tests/fault/enospc.py has it.
"""
import hashlib
import os
import pathlib
import shutil
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / 'fault'))

from enospc import Disk, inside
from lib_tus import Device, Photo
from lib_world import GRID, Case, main

MEBI = 1 << 20
DISK_MIB = 112
RESERVE = 64 * MEBI  # kept for records: server/blobs/blobs.h


class Full(Case):
    WORKERS = []

    def setUp(self):
        top = tempfile.mkdtemp(prefix='xunge-full-')
        self.addCleanup(shutil.rmtree, top, True)
        self.disk = Disk(os.path.join(top, 'disk'), DISK_MIB)
        self.addCleanup(self.disk.close)
        self.WHERE = self.disk.path
        super().setUp()
        self.world.worker('w1', 'worker', GRID)
        self.device = Device(self.world, 'one', 'w1')
        self.addCleanup(self.device.close)

    def test_photo(self):
        device, photo = self.device, Photo(self.world.folder, 'a.jpg', 3 * MEBI)
        device.name(photo)
        link = device.link()
        path = device.create(link, photo)

        self.disk.leave(RESERVE + MEBI)
        status, headers, text = device.patch(link, path, photo, 0)
        self.assertEqual(status, 507)
        self.assertIn(b'"code":"full"', text)
        self.assertTrue(int(headers['Retry-After']))
        link = device.link()
        came = device.offset(link, path)
        self.assertGreater(came, MEBI // 2)
        self.assertLess(came, 2 * MEBI)

        # Still full, and said at once; nothing that came is lost by asking.
        self.assertEqual(device.patch(link, path, photo, came)[0], 507)
        link = device.link()
        self.assertEqual(device.offset(link, path), came)
        other = Photo(self.world.folder, 'b.jpg', 2 * MEBI)
        device.name(other)  # records find room
        status, _, text = device.tus(
            link, 'POST', '/v1/blobs', Upload_Length=len(other.data),
            Upload_Metadata=other.metadata())
        self.assertEqual(status, 507, text)

        self.disk.empty()
        status, headers, text = device.patch(link, path, photo, came)
        self.assertEqual(status, 204, text)
        self.assertEqual(int(headers['Upload-Offset']), len(photo.data))
        file = self.world.data / 'blobs' / photo.hex[:2] / photo.hex
        self.assertEqual(hashlib.sha256(file.read_bytes()).hexdigest(),
                         photo.hex)
        self.sound()

    def test_truly_full(self):
        """Not a byte is left, while the photo's file is being written."""
        device, photo = self.device, Photo(self.world.folder, 'c.jpg', 3 * MEBI)
        device.name(photo)
        link = device.link()
        path = device.create(link, photo)
        self.assertEqual(
            device.patch(link, path, photo, 0, MEBI)[0], 204)
        self.disk.leave(0)
        self.assertEqual(device.patch(link, path, photo, MEBI)[0], 507)
        link = device.link()
        self.assertEqual(device.offset(link, path), MEBI)
        self.disk.empty()
        self.assertEqual(device.patch(link, path, photo, MEBI)[0], 204)
        self.sound()


if __name__ == '__main__':
    if 'inside' not in sys.argv:
        sys.exit(inside(__file__))
    sys.argv.remove('inside')
    main()
