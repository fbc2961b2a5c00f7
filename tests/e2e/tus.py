#!/usr/bin/env python3
"""Photos come in by tus 1.0.0: from the public tus-js-client, under node, and
from a client of our own where faults are wanted that no honest client makes.
"""
import base64
import hashlib
import json
import pathlib
import signal
import subprocess
import threading

from lib_tus import Device, Photo
from lib_world import GRID, SOURCE, Case, environment, main, wait_until

NPM = SOURCE / 'tests/npm'
MEBI = 1 << 20


class Tus(Case):
    WORKERS = []

    def setUp(self):
        super().setUp()
        assert (NPM / 'node_modules/tus-js-client').is_dir(), \
            'run sh packaging/npm.sh tests/npm first'
        for worker in ('w1', 'w2'):
            self.world.worker(worker, 'worker', GRID)
        self.device = Device(self.world, 'one', 'w1')
        self.addCleanup(self.device.close)

    def photo(self, name, length=3 * MEBI + 17):
        photo = Photo(self.world.folder, name, length)
        self.device.name(photo)
        return photo

    def job(self, photo, device=None, **more):
        device = device or self.device
        return [
            'node', str(NPM / 'upload.mjs'), json.dumps({
                'endpoint': device.url + '/v1/blobs', 'token': device.token,
                'file': str(photo.path), 'sha256': photo.hex, **more})]

    def start(self, *args, **more):
        return subprocess.Popen(
            self.job(*args, **more), stdout=subprocess.PIPE,
            env=environment(NODE_TLS_REJECT_UNAUTHORIZED='0',
                            NODE_NO_WARNINGS='1'))

    @staticmethod
    def end(process):
        out, _ = process.communicate(timeout=60)
        return json.loads(out)

    def upload(self, *args, **more):
        return self.end(self.start(*args, **more))

    def held(self, photo):
        """The file is right, and the log says that it is here."""
        path = self.world.data / 'blobs' / photo.hex[:2] / photo.hex
        self.assertEqual(hashlib.sha256(path.read_bytes()).hexdigest(),
                         photo.hex)
        self.assertIn(photo.hex, self.logged())

    def logged(self):

        held = set()
        for note in self.world.log_entries():
            lines = note.split('\n')
            if lines[0] == 'xunge/blobs/v1':
                held |= {base64.b64decode(line.split(' ')[1]).hex()
                         for line in lines[1:] if line.startswith('blob ')}
        return held

    # ---- tus-js-client ----

    def test_whole(self):
        photo = self.photo('a.jpg')
        told = self.upload(photo)
        self.assertTrue(told['done'], told)
        self.assertEqual(told['calls'], ['POST 201', 'PATCH 204'])
        self.held(photo)

    def test_other_ways(self):
        for n, options in enumerate((
                {'uploadDataDuringCreation': True},
                {'overridePatchMethod': True},
                {'uploadDataDuringCreation': True,
                 'overridePatchMethod': True})):
            photo = self.photo('o%d.jpg' % n)
            told = self.upload(photo, chunk=MEBI, options=options)
            self.assertTrue(told['done'], told)
            self.held(photo)

    def test_aborted_and_resumed(self):
        photo = self.photo('b.jpg')
        told = self.upload(photo, chunk=MEBI // 2, abortAfter=MEBI)
        self.assertFalse(told['done'])
        self.assertEqual(told['offset'], MEBI)
        again = self.upload(photo, chunk=MEBI // 2, url=told['url'])
        self.assertTrue(again['done'], again)
        self.assertEqual(again['calls'][0], 'HEAD 200')
        self.assertEqual(len(again['calls']), 1 + 5)  # nothing twice
        self.held(photo)
        # and whoever asks once more is told that all is here
        more = self.upload(photo, url=told['url'])
        self.assertTrue(more['done'], more)
        self.assertEqual(more['calls'], ['HEAD 200'])

    def test_already_here(self):
        photo = self.photo('c.jpg')
        self.assertTrue(self.upload(photo)['done'])
        other = Device(self.world, 'two', 'w2')
        told = self.upload(photo, other)
        self.assertTrue(told['done'], told)
        self.assertNotIn('PATCH 204', told['calls'])

    def test_unnamed(self):
        photo = Photo(self.world.folder, 'd.jpg', 1000)
        told = self.upload(photo)
        self.assertEqual((told['done'], told['status']), (False, 404))
        self.assertIn('unnamed', told['error'])

    def test_wrong_content(self):
        photo = self.photo('e.jpg')
        other = bytearray(photo.data)
        other[MEBI] ^= 1
        photo.path.write_bytes(bytes(other))
        told = self.upload(photo, chunk=MEBI)
        self.assertEqual((told['done'], told['status']), (False, 422))
        photo.path.write_bytes(photo.data)
        self.assertTrue(self.upload(photo)['done'])
        self.held(photo)

    def test_one_upload_from_two_processes(self):
        photo = self.photo('f.jpg')
        url = self.upload(photo, chunk=1000, abortAfter=1000)['url']
        rivals = [self.start(photo, url=url, chunk=100000) for _ in range(2)]
        told = [self.end(rival) for rival in rivals]
        # A client without patience may give up; the photo is not hurt by it.
        self.assertTrue(all(t['done'] or t['status'] in (409, None)
                            for t in told), told)
        if not any(t['done'] for t in told):
            self.assertTrue(self.upload(photo, url=url)['done'])
        self.held(photo)

    def test_one_photo_from_two_devices(self):
        photo = self.photo('g.jpg')
        other = Device(self.world, 'two', 'w2')
        both = [self.start(photo, device, chunk=MEBI // 4)
                for device in (self.device, other)]
        for process in both:
            told = self.end(process)
            self.assertTrue(told['done'], told)
        self.held(photo)
        self.sound()

    # ---- faults ----

    def half_patch(self, photo, path, offset, length):
        """A PATCH for all of it, of which `length` bytes go out; the
        connection."""
        link = self.device.link()
        link.putrequest('PATCH', path)
        for name, value in self.device.headers({
                'Upload-Offset': str(offset),
                'Content-Type': 'application/offset+octet-stream',
                'Content-Length': str(len(photo.data) - offset)}).items():
            link.putheader(name, value)
        link.endheaders()
        link.send(photo.data[offset:offset + length])
        return link

    def arrived(self, path):
        name = path.rsplit('/', 1)[1]
        file = self.world.data / 'uploads' / name
        return file.stat().st_size if file.exists() else 0

    def test_killed_amid(self):
        photo = self.photo('h.jpg')
        link = self.device.link()
        path = self.device.create(link, photo)
        self.device.patch(link, path, photo, 0, MEBI)
        half = self.half_patch(photo, path, MEBI, MEBI)
        wait_until(lambda: self.arrived(path) >= 2 * MEBI - 65536)
        self.world.p.send_signal(signal.SIGKILL)
        self.world.p.wait()
        self.world.p.stdout.close()
        self.world.p = None
        half.close()
        self.world.start()
        self.device.token = None
        self.device.hello()  # sessions live in memory
        offset = self.device.offset(self.device.link(), path)
        self.assertGreaterEqual(offset, MEBI)
        self.assertEqual(offset, self.arrived(path))
        told = self.upload(photo, url=self.device.url + path)
        self.assertTrue(told['done'], told)
        self.held(photo)
        self.sound()

    def test_half_open(self):
        """The old connection is not closed, only silent."""
        photo = self.photo('i.jpg')
        path = self.device.create(self.device.link(), photo)
        dead = self.half_patch(photo, path, 0, MEBI)
        wait_until(lambda: self.arrived(path) == MEBI)
        told = self.upload(photo, url=self.device.url + path)
        self.assertTrue(told['done'], told)
        try:
            dead.send(b'late' * 1000)
        except OSError:
            pass
        dead.close()
        self.held(photo)

    def test_memory(self):
        """Sixteen large photos at once do not show in the server's size."""
        photos = [self.photo('m%d.jpg' % n, 8 * MEBI) for n in range(16)]

        def peak_kib():
            status = pathlib.Path('/proc/%d/status' % self.world.p.pid)
            return int(status.read_text().split('VmHWM:')[1].split()[0])

        def send(photo):
            link = self.device.link()
            path = self.device.create(link, photo)
            assert self.device.patch(link, path, photo, 0)[0] == 204
        before = peak_kib()
        threads = [threading.Thread(target=send, args=(p,)) for p in photos]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        self.assertLess(peak_kib() - before, 16 * 1024)
        for photo in photos:
            self.held(photo)


if __name__ == '__main__':
    main()
