"""A server's operator who cheats: has the data folder and every key in it (the
log's, the server's own device's), the lock too; not the registrar's, not the
devices'. Rewrites server.db as the server itself would have written it, signs
anew, and sets the lock to it. Shares no code with the programs (signing:
`cryptography`).

    with Cheat(world) as c:             the server must be stopped
        c.drop(position)
    # written, signed and locked here
"""
import base64
import hashlib
import http.client
import http.server
import sqlite3
import threading
import zlib

from cryptography.hazmat.primitives.asymmetric.ed25519 import \
    Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (Encoding,
                                                          PublicFormat)

import lib_note

STORED = 0  # of enum xg_batch_state
# Tables of what is true, that name a place in the log.
PLACED = ('batch', 'body', 'registry_note', 'statement', 'reference', 'time',
          'held')


class Signer:
    """A key under a name: C2SP signed-note."""

    def __init__(self, name, seed):
        self.name = name
        self.key = Ed25519PrivateKey.from_private_bytes(seed)
        self.public = self.key.public_key().public_bytes(
            Encoding.Raw, PublicFormat.Raw)

    @classmethod
    def load(cls, path):
        magic, name, seed = path.read_text().split()
        assert magic == 'XGKEY1'
        return cls(name, base64.b64decode(seed))

    def sign(self, text):
        assert text.endswith('\n')
        number = hashlib.sha256(self.name.encode() + b'\n\1' +
                                self.public).digest()[:4]
        blob = number + self.key.sign(text.encode())
        return ('%s\n\u2014 %s %s\n' % (
            text, self.name, base64.b64encode(blob).decode())).encode()


def b64(data):
    return base64.b64encode(data).decode()


def text_of(note):
    """A note's text, without the signature."""
    return note.decode().rsplit('\n\n', 1)[0] + '\n'


def first_line(note):
    return note.decode().splitlines()[0]


def stored_blocks(leaves):
    """All nodes as the server keeps them (server/ledger/blocks.c): place and
    bytes of each block, in which they stand as they became complete."""
    levels, blocks = [], {}
    for i, leaf in enumerate(leaves):
        h, level = leaf, 0
        while True:
            if level == len(levels):
                levels.append([])
            levels[level].append(h)
            layer = level // 6
            at = layer << 48 | i >> 6 * layer + 6
            blocks[at] = blocks.get(at, b'') + h
            if len(levels[level]) % 2:
                break
            h = lib_note.node(*levels[level][-2:])
            level += 1
    return blocks


class Cheat:
    def __init__(self, world, data=None):
        assert not world.p, 'stop the server first'
        self.data = data or world.data
        self.log = Signer.load(self.data / 'log.key')
        self.device = Signer.load(self.data / 'device.key')

    def __enter__(self):
        self.db = sqlite3.connect(self.data / 'server.db')
        rows = self.db.execute('SELECT note FROM entry ORDER BY position')
        # Each with the place where it stands, or None for a new one.
        self.notes = [[i, bytes(note)] for i, (note,) in enumerate(rows)]
        self.late = []  # done when all is in its place
        return self

    def __exit__(self, kind, value, trace):
        if kind is None:
            self.write()
        self.db.close()

    # ---- looking ----

    def where(self, what, nth=0):
        """The place of the nth entry whose first line is xunge/WHAT/v1."""
        found = [i for i, (_, note) in enumerate(self.notes)
                 if first_line(note) == 'xunge/%s/v1' % what]
        return found[nth]

    def batch_of(self, device, nth=-1):
        """The place of a batch that this device signed."""
        found = [i for i, (_, note) in enumerate(self.notes)
                 if first_line(note) == 'xunge/batch/v1' and
                 note.decode().splitlines()[-1].split()[1] == device]
        return found[nth]

    def note(self, place):
        return self.notes[place][1]

    # ---- cheating ----

    def replace(self, place, note):
        self.notes[place][1] = note

    def edit(self, place, old, new):
        """In the text; the signature stays as it was."""
        assert old.encode() in self.note(place)
        self.replace(place, self.note(place).replace(old.encode(),
                                                     new.encode()))

    def drop(self, place):
        del self.notes[place]

    def insert(self, place, note):
        self.notes.insert(place, [None, note])

    def append(self, note):
        """At the end, with a time note after it, as the server does."""
        last = text_of(self.note(self.where('time', -1))).splitlines()[1]
        self.notes.append([None, note])
        self.notes.append([None, self.log.sign('xunge/time/v1\n%s\n' % last)])

    def append_registry(self, signer, statement):
        """A registry note that fits the one before, told to devices."""
        at = self.where('registry', -1)
        last = self.note(at)
        lines = text_of(last).splitlines()
        number = int(lines[1].split()[1]) + 1
        note = signer.sign('xunge/registry/v1\nnumber %d\nprevious %s\n%s\n'
                           '%s\n' % (number, b64(lib_note.leaf(last)),
                                     lines[3], statement))
        self.append(note)
        self.late = [('INSERT INTO registry_note VALUES (?, ?, ?)', [
            number, len(self.notes) - 2, lib_note.leaf(note)])]

    def swap(self, one, other):
        self.notes[one], self.notes[other] = self.notes[other], self.notes[one]

    def alter_body(self, place, old, new):
        """The words of a record: in the batch as it lies here, and in what is
        told to devices. Of the same length, so that the CBOR stays sound."""
        old, new = old.encode(), new.encode()
        assert len(old) == len(new)
        at = self.notes[place][0]
        rows = self.db.execute(
            'SELECT number, head, fields FROM record WHERE position = ?'
            ' ORDER BY number', [at]).fetchall()
        assert any(old in fields for _, _, fields in rows), 'not in this batch'
        for number, _, fields in rows:
            self.db.execute('UPDATE record SET fields = ? WHERE number = ?',
                            [bytes(fields).replace(old, new), number])
        body = zlib.compress(b''.join(
            bytes(h) + bytes(f).replace(old, new) for _, h, f in rows))
        self.db.execute('UPDATE body SET body = ? WHERE position = ?',
                        [body, at])
        self.db.execute('UPDATE batch SET body_len = ? WHERE position = ?',
                        [len(body), at])

    # ---- writing it all down ----

    def write(self):
        leaves = [lib_note.leaf(note) for _, note in self.notes]
        size, root = len(leaves), lib_note.root(leaves)
        self.checkpoint = self.log.sign('%s\n%d\n%s\n' % (
            self.log.name, size, b64(root)))
        put = self.db.executemany
        self.db.execute('DELETE FROM entry')
        put('INSERT INTO entry VALUES (?, ?)',
            [(i, note) for i, (_, note) in enumerate(self.notes)])
        self.db.execute('DELETE FROM block')
        put('INSERT INTO block VALUES (?, ?)',
            list(stored_blocks(leaves).items()))
        moved = {old: i for i, (old, _) in enumerate(self.notes)
                 if old is not None}
        for table in PLACED:
            self.place(table, moved)
        for statement, values in self.late:
            self.db.execute(statement, values)
        self.db.execute('UPDATE checkpoint SET size = ?, note = ?',
                        [size, self.checkpoint])
        self.db.commit()
        lock = sqlite3.connect(self.data / 'lock.db')
        lock.execute('UPDATE checkpoint SET body = ? WHERE origin = ?',
                     [self.checkpoint, self.log.name])
        lock.commit()
        lock.close()

    def place(self, table, moved):
        """Rows go where their entries went; those without one go."""
        rows = [p for p, in self.db.execute('SELECT DISTINCT position FROM '
                                            + table)]
        update = 'UPDATE %s SET position = ? WHERE position = ?' % table
        away = 1 << 40
        for p in rows:
            if p in moved and moved[p] != p:
                self.db.execute(update, [moved[p] + away, p])
            elif p not in moved:
                self.db.execute('DELETE FROM %s WHERE position = ?' % table,
                                [p])
        self.db.execute('UPDATE %s SET position = position - ? WHERE'
                        ' position >= ?' % table, [away, away])


# ---- on the line ----

class Liar:
    """Stands before a server without TLS, and answers for it: `twist` is given
    the text of each welcome and returns another, signed with the log's key."""

    def __init__(self, signer, twist):
        liar = self
        self.signer, self.twist, self.port = signer, twist, 0

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = 'HTTP/1.1'

            def log_message(self, *_):
                pass

            def pass_on(self):
                liar.pass_on(self)

            do_GET = do_PUT = do_POST = do_PATCH = do_HEAD = do_OPTIONS = \
                pass_on

        self.httpd = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler)
        self.httpd.daemon_threads = True
        self.port = self.httpd.server_address[1]
        threading.Thread(target=self.httpd.serve_forever, daemon=True).start()

    def pass_on(self, h):
        length = int(h.headers.get('Content-Length') or 0)
        body = h.rfile.read(length) if length else None
        line = http.client.HTTPConnection('127.0.0.1', self.upstream,
                                          timeout=30)
        line.request(h.command, h.path, body,
                     {k: v for k, v in h.headers.items() if k != 'Host'})
        answer = line.getresponse()
        data = answer.read()
        if h.path == '/v1/hello' and answer.status == 200:
            frames = lib_note.frames(data)
            frames[0] = self.signer.sign(self.twist(text_of(frames[0])))
            data = b''.join(len(f).to_bytes(4, 'big') + f for f in frames)
        h.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in ('content-length', 'connection',
                                    'transfer-encoding', 'date', 'server'):
                h.send_header(name, value)
        size = answer.getheader('Content-Length') if h.command == 'HEAD' \
            else len(data)
        h.send_header('Content-Length', size or 0)
        h.end_headers()
        if h.command != 'HEAD':
            h.wfile.write(data)
        line.close()

    def close(self):
        self.httpd.shutdown()
        self.httpd.server_close()
