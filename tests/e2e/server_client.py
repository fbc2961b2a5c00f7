#!/usr/bin/env python3
"""Another client of xunge-server, written from docs/protocol.md and
docs/formats.md alone: it joins with a one-time code over pinned TLS, says
hello, hands in a batch, verifies the receipt down to the log's signature, and
another one reads what is in its scope. Knows nothing of the C sources; Ed25519
is done by the openssl program.

XG_BIN: where the programs lie.
"""
import base64
import hashlib
import http.client
import os
import pathlib
import shutil
import signal
import sqlite3
import ssl
import struct
import subprocess
import sys
import tempfile
import time
import urllib.parse
import zlib

SERVER = str(pathlib.Path(os.environ["XG_BIN"]) / "xunge-server")
ORIGIN = "lanshan.example"
ZERO = bytes(32)


def b64(data):
    return base64.b64encode(data).decode()


def sha(data):
    return hashlib.sha256(data).digest()


# ---- CBOR, as much as is needed ----

def head(major, n):
    if n < 24:
        return bytes([major << 5 | n])
    for code, form in ((24, ">B"), (25, ">H"), (26, ">I"), (27, ">Q")):
        if n < 1 << (8 * struct.calcsize(form)):
            return bytes([major << 5 | code]) + struct.pack(form, n)
    raise ValueError(n)


def cbor(x):
    if isinstance(x, int):
        return head(0, x) if x >= 0 else head(1, -1 - x)
    if isinstance(x, bytes):
        return head(2, len(x)) + x
    if isinstance(x, str):
        return head(3, len(x.encode())) + x.encode()
    if isinstance(x, list):
        return head(4, len(x)) + b"".join(map(cbor, x))
    if isinstance(x, dict):
        pairs = sorted((cbor(k), cbor(v)) for k, v in x.items())
        return head(5, len(x)) + b"".join(k + v for k, v in pairs)
    raise TypeError(x)


def uncbor(data, at=0):
    major, n = data[at] >> 5, data[at] & 31
    at += 1
    if n >= 24 and major != 7:
        size = 1 << (n - 24)
        n = int.from_bytes(data[at:at + size], "big")
        at += size
    if major in (0, 1):
        return (n if major == 0 else -1 - n), at
    if major in (2, 3):
        raw = data[at:at + n]
        return (raw if major == 2 else raw.decode()), at + n
    if major == 4:
        items = []
        for _ in range(n):
            item, at = uncbor(data, at)
            items.append(item)
        return items, at
    if major == 7:
        return {20: False, 21: True, 22: None}[n], at
    raise ValueError(major)


# ---- trees ----

def leaf_hash(data):
    return sha(b"\0" + data)


def node(left, right):
    return sha(b"\1" + left + right)


def root(leaves):
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return node(root(leaves[:k]), root(leaves[k:]))


def included(leaf, index, size, path):
    """RFC 9162, 2.1.3.2: the root that the path leads to."""
    fn, sn, r = index, size - 1, leaf
    for p in path:
        assert sn > 0
        if fn & 1 or fn == sn:
            r = node(p, r)
            while not fn & 1 and fn:
                fn >>= 1
                sn >>= 1
        else:
            r = node(r, p)
        fn >>= 1
        sn >>= 1
    assert sn == 0
    return r


def consistent(old, new, old_root, new_root, path):
    """RFC 9162, 2.1.4.2."""
    if old == new:
        return not path and old_root == new_root
    if old == 0:
        return not path
    path = list(path)
    if old & (old - 1) == 0:
        path.insert(0, old_root)
    fn, sn = old - 1, new - 1
    while fn & 1:
        fn >>= 1
        sn >>= 1
    fr = sr = path[0]
    for c in path[1:]:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            fr, sr = node(c, fr), node(c, sr)
            while not fn & 1 and fn:
                fn >>= 1
                sn >>= 1
        else:
            sr = node(sr, c)
        fn >>= 1
        sn >>= 1
    return sn == 0 and fr == old_root and sr == new_root


# ---- keys and notes ----

class Key:
    PREFIX = bytes.fromhex("302a300506032b6570032100")  # SPKI of Ed25519

    def __init__(self, folder, name):
        self.path = folder / (name + ".pem")
        self.folder = folder
        subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out",
                        self.path], check=True, capture_output=True)
        der = subprocess.run(["openssl", "pkey", "-in", self.path, "-pubout",
                              "-outform", "DER"], check=True,
                             capture_output=True).stdout
        self.public = der[-32:]
        self.name = ORIGIN + "/new"

    def sign(self, text):
        data = self.folder / "to-sign"
        data.write_bytes(text)
        return subprocess.run(["openssl", "pkeyutl", "-sign", "-inkey",
                               self.path, "-rawin", "-in", data], check=True,
                              capture_output=True).stdout

    def note(self, lines):
        text = ("\n".join(lines) + "\n").encode()
        key_id = sha(self.name.encode() + b"\n\1" + self.public)[:4]
        return text + b"\n" + ("\u2014 %s %s\n" % (
            self.name, b64(key_id + self.sign(text)))).encode()


def open_note(folder, note, name, public):
    """The lines of a note with exactly one signature, by that key."""
    text, _, line = note.rpartition(b"\n\n")
    text += b"\n"
    dash, signer, blob = line.decode().rstrip("\n").split(" ")
    blob = base64.b64decode(blob, validate=True)
    assert dash == "\u2014" and signer == name, signer
    assert blob[:4] == sha(name.encode() + b"\n\1" + public)[:4]
    (folder / "text").write_bytes(text)
    (folder / "signature").write_bytes(blob[4:])
    (folder / "public.der").write_bytes(Key.PREFIX + public)
    subprocess.run(["openssl", "pkeyutl", "-verify", "-pubin", "-keyform",
                    "DER", "-inkey", folder / "public.der", "-rawin", "-in",
                    folder / "text", "-sigfile", folder / "signature"],
                   check=True, capture_output=True)
    return text.decode().rstrip("\n").split("\n")


def frames(data):
    out = []
    while data:
        n = struct.unpack(">I", data[:4])[0]
        assert len(data) >= 4 + n
        out.append(data[4:4 + n])
        data = data[4 + n:]
    return out


def hashes(text, beside=()):
    """The hashes of a proof; "=<n>" stands for number n of the other one."""
    return [beside[int(line[1:])] if line.startswith("=")
            else base64.b64decode(line, validate=True)
            for line in text.decode().splitlines()]


# ---- the client ----

class Client:
    def __init__(self, folder, name, code):
        raw = base64.urlsafe_b64decode(code[3:] + "=" * (-(len(code) - 3) % 4))
        assert code[:3] == "xg1" and sha(raw[:-4])[:4] == raw[-4:]
        (self.url, vkey, self.registrar, self.pin, self.secret,
         self.worker), _ = uncbor(raw[:-4])
        self.origin, key_id, key = vkey.split("+", 2)
        key = base64.b64decode(key)
        assert key[0] == 1 and self.origin == ORIGIN
        assert sha(ORIGIN.encode() + b"\n\1" + key[1:])[:4].hex() == key_id
        self.log = key[1:]
        self.folder = folder
        self.key = Key(folder, name)
        self.records, self.token = [], None
        self.size, self.root = 0, sha(b"")
        fields = cbor({1: self.key.public, 2: ORIGIN, 3: self.registrar,
                       5: os.urandom(16)})
        self.chain = ZERO
        self.append({1: 1, 5: self.now()}, fields)
        self.chain = self.records[0][2]

    @staticmethod
    def now():
        return [int(time.time() * 1000), 1, int(time.monotonic() * 1000)]

    def append(self, head_map, fields):
        seq = len(self.records)
        previous = self.records[-1][2] if seq else ZERO
        head_raw = cbor(head_map)
        leaf = (self.chain + struct.pack(">Q", seq) + previous + head_raw
                + sha(fields))
        self.records.append((head_raw, fields, leaf_hash(leaf)))
        return self.records[-1][2]

    def incident(self, category):
        return self.append({1: 3, 5: self.now()}, cbor({12: category}))

    def call(self, method, path, body=None, **headers):
        url = urllib.parse.urlsplit(self.url)
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        link = http.client.HTTPSConnection(url.hostname, url.port, timeout=30,
                                           context=context)
        link.connect()
        pem = ssl.DER_cert_to_PEM_cert(link.sock.getpeercert(True))
        spki = subprocess.run(["openssl", "x509", "-pubkey", "-noout"],
                              input=pem.encode(), check=True,
                              capture_output=True).stdout
        der = subprocess.run(["openssl", "pkey", "-pubin", "-outform", "DER"],
                             input=spki, check=True,
                             capture_output=True).stdout
        assert sha(der) == self.pin, "another server"
        if self.token:
            headers["Authorization"] = "Bearer " + self.token
        link.request(method, path, body, headers)
        answer = link.getresponse()
        data = answer.read()
        link.close()
        return answer.status, data

    def enrol(self):
        self.key.name = ORIGIN + "/new"
        nonce = b64(os.urandom(32))
        note = self.key.note([
            "xunge/enrol/v1", "log " + ORIGIN, "code " + b64(sha(self.secret)),
            "proof " + b64(sha(self.secret + self.key.public)),
            "key " + b64(self.key.public), "chain " + b64(self.chain),
            "random " + nonce])
        status, data = self.call("POST", "/v1/enrol", note)
        assert status == 200, data
        lines = open_note(self.folder, data, ORIGIN, self.log)
        assert lines[:3] == ["xunge/enrolled/v1", "log " + ORIGIN,
                             "random " + nonce]
        assert lines[5] == "worker " + self.worker
        self.key.name = lines[4].split(" ")[1]
        return lines[3]

    def take_checkpoint(self, note, path):
        lines = open_note(self.folder, note, ORIGIN, self.log)
        size, new_root = int(lines[1]), base64.b64decode(lines[2])
        assert lines[0] == ORIGIN and size >= self.size
        assert consistent(self.size, size, self.root, new_root, path)
        self.size, self.root = size, new_root

    def hello(self):
        nonce = b64(os.urandom(32))
        seq = len(self.records)
        note = self.key.note([
            "xunge/hello/v1", "log " + ORIGIN, "size %d" % self.size,
            "root " + b64(self.root), "registry 0", "random " + nonce,
            "schema 1", "chain %s %d %s" % (b64(self.chain), seq,
                                            b64(self.records[-1][2]))])
        status, data = self.call("POST", "/v1/hello", note)
        assert status == 200, data
        parts = frames(data)
        lines = open_note(self.folder, parts[0], ORIGIN, self.log)
        assert lines[0] == "xunge/welcome/v1"
        assert "device " + self.key.name in lines
        assert "random " + nonce in lines
        said = [line.split(" ") for line in lines]
        if parts[2]: # else it is the one that was stated
            self.take_checkpoint(parts[2], hashes(parts[1]))
        assert ["checkpoint", str(self.size), b64(self.root)] in said
        notes = [open_note(self.folder, part, ORIGIN + "/registrar",
                           self.registrar) for part in parts[3:]]
        numbers = [int(n[1].split(" ")[1]) for n in notes]
        assert numbers == list(range(1, len(notes) + 1)), numbers
        assert len([1 for s in said if s[0] == "note"]) == len(notes)
        token = [s[1] for s in said if s[0] == "token"][0]
        self.token = token if base64.b64decode(token) != ZERO else None
        return said

    def seal(self, first):
        items = self.records[first:]
        raw = b"".join(h + f for h, f, _ in items)
        body = zlib.compress(raw)
        previous = self.records[first - 1][2] if first else ZERO
        note = self.key.note([
            "xunge/batch/v1", "chain " + b64(self.chain),
            "records %d-%d" % (first, len(self.records) - 1),
            "previous " + b64(previous),
            "tree " + b64(root([r for _, _, r in items])),
            "body %s %d %d zlib none" % (b64(sha(body)), len(body), len(raw)),
            "schema 1"])
        text = note.rpartition(b"\n\n")[0] + b"\n"
        return (sha(text).hex(), note,
                b"XGB1" + struct.pack(">I", len(note)) + note + body)

    def put(self, batch):
        batch_id, note, framed = batch
        status, data = self.call("PUT", "/v1/batches/" + batch_id, framed,
                                 **{"Xunge-Size": str(self.size)})
        assert status == 200, (status, data)
        state, path, receipt = frames(data)
        proof, _, checkpoint = receipt.partition(b"\n\n")
        lines = proof.decode().split("\n")
        assert lines[0] == "c2sp.org/tlog-proof@v1", lines
        index = int(lines[1].split(" ")[1])
        way = hashes("\n".join(lines[2:]).encode())
        self.take_checkpoint(checkpoint, hashes(path, way))
        got = included(leaf_hash(note), index, self.size, way)
        assert got == self.root, "the receipt does not hold"
        return state.decode()

    def updates(self):
        """The device and scope that pages are for, and how many records."""
        since, count = 0, 0
        while True:
            status, data = self.call("GET", "/v1/updates?since=%d" % since)
            assert status == 200, (status, data)
            assert data[:4] == b"XGU1"
            n = struct.unpack(">I", data[4:8])[0]
            lines = open_note(self.folder, data[8:8 + n], ORIGIN, self.log)
            said = dict(line.split(" ", 1) for line in lines[1:])
            assert ("root" in said) == (said["count"] != "0")
            assert said["device"] == self.key.name
            words = said["body"].split(" ")
            assert b64(sha(data[8 + n:])) == words[0]
            count += int(said["count"])
            if said["to"] == said["end"]:
                return said["scope"], count
            since = int(said["to"])


def run(*words):
    done = subprocess.run([SERVER, *words], capture_output=True, text=True,
                          stdin=subprocess.DEVNULL, check=False)
    assert done.returncode == 0, (words, done.stdout, done.stderr)
    return done.stdout


def prepare(work, data):
    run("init", data, "--origin", ORIGIN)
    units = work / "units.csv"
    units.write_text("code,level,parent,name\n371302,district,,兰山区\n"
                     "371302001,street,371302,兰山街道\n"
                     "371302002,street,371302,银雀山街道\n", "utf-8")
    run("territory", "import", data, str(units))
    for code, role, unit in (("w1", "worker", "371302001"),
                             ("w2", "community", "371302001"),
                             ("w3", "worker", "371302002")):
        run("worker", "add", data, code, "--name", "张" + code, "--role",
            role, "--unit", unit)


def go(work, data):
    one = Client(work, "one", run("code", data, "w1").strip())
    two = Client(work, "two", run("code", data, "w2").strip())
    far = Client(work, "far",
                 run("code", data, "w3", "--approve").strip())
    assert one.enrol() == "state enrolled"
    assert one.enrol() == "state enrolled"  # again, without harm
    assert two.enrol() == "state enrolled"
    one.hello()
    two.hello()
    one.incident("pothole")
    one.incident("litter")
    batch = one.seal(0)
    assert one.put(batch) == "state stored\n"
    assert one.put(batch) == "state held\n"
    said = one.hello()
    assert ["chain", b64(one.chain), "3", b64(one.records[-1][2])] in said
    assert one.updates() == ("371302001", 3)
    assert two.updates() == ("371302001", 2)  # not the genesis of another

    # A yes is needed: told to wait, then enrolled under the same name.
    assert far.enrol() == "state pending"
    assert ["state", "pending"] in far.hello() and far.token is None
    assert "pending" in run("device", "list", data, "--json")
    run("device", "approve", data, far.key.name)
    assert ["state", "enrolled"] in far.hello()
    assert far.put(far.seal(0)) == "state stored\n"
    assert far.updates() == ("371302002", 1)

    # What the operator sees.
    listed = run("list", data, "--json").splitlines()
    assert len(listed) == 2, listed
    entity = one.records[1][2][:16].hex()
    assert "pothole" in run("show", data, entity)
    assert run("history", data, entity)
    decide = [SERVER, "resolve", data, entity, "category", "--dismiss",
              "--why", "seen"]
    for who, code in (("nobody", 3), ("w2", 1)):
        assert subprocess.run(decide + ["--as", who], check=False,
                              capture_output=True).returncode == code
    run("device", "revoke", data, one.key.name.rsplit("/", 1)[1])
    assert ["state", "revoked"] in one.hello()
    one.incident("noise")
    assert one.put(one.seal(3)) == "state quarantined\n"
    assert one.call("GET", "/v1/updates?since=0")[0] == 403
    run("check", data)


def lost_names(data):
    """Records that their hashes do not find would be taken in once more."""
    db = sqlite3.connect(data + "/server.db")
    assert db.execute("DELETE FROM name_fresh").rowcount > 0
    db.commit()
    db.close()
    told = subprocess.run([SERVER, "check", data], capture_output=True,
                          text=True)
    assert told.returncode != 0 and "rebuild" in told.stderr, told
    run("rebuild", data)
    run("check", data)


def main():
    work = pathlib.Path(tempfile.mkdtemp())
    data = str(work / "data")
    server = None
    os.environ["LC_ALL"] = "C.UTF-8"
    try:
        prepare(work, data)
        server = subprocess.Popen([SERVER, "serve", data, "--listen",
                                   "127.0.0.1:0"], stdout=subprocess.PIPE,
                                  text=True)
        assert server.stdout.readline().startswith("ready https://127.0.0.1:")
        go(work, data)
        server.send_signal(signal.SIGTERM)
        assert server.wait(30) == 0
        server = None
        run("check", data)
        lost_names(data)
        print("another client: ok")
    finally:
        if server:
            server.kill()
            server.wait()
        shutil.rmtree(work)


if __name__ == "__main__":
    sys.exit(main())
