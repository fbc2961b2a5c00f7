"""Another client of the server that also sends photos: by the protocol's text,
with Python's own HTTP.

The device is that of server_client.py: it enrols, names photos in a record and
has a token of its own hello.
"""
import base64
import hashlib
import http.client
import os
import ssl
import urllib.parse

import server_client
from lib_world import ORIGIN

server_client.ORIGIN = ORIGIN
INCIDENT, CATEGORY, PHOTO = 3, 12, 4
TYPE = 'application/offset+octet-stream'


class Photo:
    def __init__(self, folder, name, length):
        self.path = folder / name
        self.data = b'\xff\xd8\xff\xe1' + os.urandom(length - 4)
        self.path.write_bytes(self.data)
        self.sha = hashlib.sha256(self.data)
        self.hex = self.sha.hexdigest()

    def metadata(self):
        return 'sha256 ' + base64.b64encode(self.hex.encode()).decode()


class Device(server_client.Client):
    def __init__(self, world, name, worker):
        folder = world.folder / name
        folder.mkdir()
        self.links = []
        super().__init__(folder, name, world.code(worker))
        assert self.enrol() == 'state enrolled'
        self.sealed = 0
        self.hello()

    def name(self, *photos):
        """Records that name them, handed in."""
        for photo in photos:
            element = [photo.sha.digest(), len(photo.data), 0, 1]
            self.append({1: INCIDENT, 5: self.now()},
                        server_client.cbor({CATEGORY: 'fire',
                                            PHOTO: {1: [element]}}))
        assert self.put(self.seal(self.sealed)) == 'state stored\n'
        self.sealed = len(self.records)

    def link(self):
        """A connection that lasts, until close()."""
        url = urllib.parse.urlsplit(self.url)
        self.links.append(http.client.HTTPSConnection(
            url.hostname, url.port, timeout=30,
            context=ssl._create_unverified_context()))
        return self.links[-1]

    def close(self):
        for link in self.links:
            link.close()

    def headers(self, more):
        return {'Tus-Resumable': '1.0.0',
                'Authorization': 'Bearer ' + self.token, **more}

    def tus(self, link, method, path, body=None, **more):
        """Status, headers, body."""
        named = {k.replace('_', '-'): str(v) for k, v in more.items()}
        link.request(method, path, body, self.headers(named))
        answer = link.getresponse()
        return answer.status, answer.headers, answer.read()

    def create(self, link, photo, body=None):
        """Where it is to be sent."""
        more = {'Content_Type': TYPE} if body else {}
        status, headers, text = self.tus(
            link, 'POST', '/v1/blobs', body, Upload_Length=len(photo.data),
            Upload_Metadata=photo.metadata(), **more)
        assert status == 201, (status, text)
        return headers['Location']

    def offset(self, link, path):
        status, headers, _ = self.tus(link, 'HEAD', path)
        assert status == 200, status
        return int(headers['Upload-Offset'])

    def patch(self, link, path, photo, offset, end=None):
        return self.tus(link, 'PATCH', path, photo.data[offset:end],
                        Upload_Offset=offset, Content_Type=TYPE)
