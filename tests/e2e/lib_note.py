"""What an auditor needs of the formats, written from their documents alone
(C2SP signed-note, tlog-checkpoint, tlog-proof, tlog-tiles; RFC 8032, RFC 6962),
sharing no code with the programs."""
import base64
import hashlib

P = 2 ** 255 - 19
Q = 2 ** 252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT = pow(2, (P - 1) // 4, P)


def _sha512(data):
    return int.from_bytes(hashlib.sha512(data).digest(), 'little')


def _add(a, b):
    e, f = (a[1] - a[0]) * (b[1] - b[0]) % P, (a[1] + a[0]) * (b[1] + b[0]) % P
    g, h = 2 * a[3] * b[3] * D % P, 2 * a[2] * b[2] % P
    x, y, z, t = f - e, h - g, h + g, f + e
    return x * y % P, z * t % P, y * z % P, x * t % P


def _times(n, point):
    out = (0, 1, 1, 0)
    while n:
        if n & 1:
            out = _add(out, point)
        point = _add(point, point)
        n >>= 1
    return out


def _point(data):
    y = int.from_bytes(data, 'little')
    sign, y = y >> 255, y & (2 ** 255 - 1)
    xx = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(xx, (P + 3) // 8, P)
    if (x * x - xx) % P:
        x = x * ROOT % P
    assert (x * x - xx) % P == 0, 'no point'
    if x & 1 != sign:
        x = P - x
    return x, y, 1, x * y % P


BASE = _point((4 * pow(5, P - 2, P) % P).to_bytes(32, 'little'))


def ed25519_good(key, message, signature):
    s = int.from_bytes(signature[32:], 'little')
    if s >= Q:
        return False
    h = _sha512(signature[:32] + key + message) % Q
    a, b = _times(s, BASE), _add(_point(signature[:32]), _times(h, _point(key)))
    return (a[0] * b[2] - b[0] * a[2]) % P == 0 and \
        (a[1] * b[2] - b[1] * a[2]) % P == 0


def open_note(note, vkey):
    """The text of a note that is signed by that verifier key alone."""
    name, number, key = vkey.split('+', 2)
    key = base64.b64decode(key)
    assert key[0] == 1 and len(key) == 33
    assert hashlib.sha256(name.encode() + b'\n' + key).hexdigest()[:8] == number
    text, signatures = note.rsplit('\n\n', 1)
    text += '\n'
    lines = signatures.splitlines()
    assert len(lines) == 1, lines
    dash, signer, blob = lines[0].split(' ')
    blob = base64.b64decode(blob)
    assert (dash, signer) == ('\u2014', name), lines[0]
    assert blob[:4].hex() == number
    assert ed25519_good(key[1:], text.encode(), blob[4:]), 'a bad signature'
    return text


def leaf(data):
    return hashlib.sha256(b'\0' + data).digest()


def node(left, right):
    return hashlib.sha256(b'\1' + left + right).digest()


def root(leaves):
    if not leaves:
        return hashlib.sha256(b'').digest()
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while 2 * k < len(leaves):
        k *= 2
    return node(root(leaves[:k]), root(leaves[k:]))


def checkpoint(note, vkey):
    """(size, root) of a signed checkpoint."""
    lines = open_note(note, vkey).splitlines()
    assert lines[0] == vkey.split('+')[0]
    return int(lines[1]), base64.b64decode(lines[2])


def included(index, size, leaf_hash, path):
    """The root that an inclusion proof leads to (RFC 9162, 2.1.3.2)."""
    fn, sn, r = index, size - 1, leaf_hash
    for p in path:
        assert sn > 0, 'too long a path'
        if fn & 1 or fn == sn:
            r = node(p, r)
            while fn and not fn & 1:
                fn, sn = fn >> 1, sn >> 1
        else:
            r = node(r, p)
        fn, sn = fn >> 1, sn >> 1
    assert sn == 0, 'too short a path'
    return r


def receipt(text, leaf_hash, vkey):
    """(index, size, root): what a tlog-proof proves of the leaf."""
    head, note = text.split('\n\n', 1)
    lines = head.split('\n')
    assert lines[0] == 'c2sp.org/tlog-proof@v1', lines[0]
    lines = [line for line in lines[1:] if not line.startswith('extra ')]
    assert lines[0].startswith('index ')
    index = int(lines[0][6:])
    path = [base64.b64decode(line) for line in lines[1:]]
    size, top = checkpoint(note, vkey)
    assert included(index, size, leaf_hash, path) == top
    return index, size, top


def frames(data):
    out = []
    while data:
        length = int.from_bytes(data[:4], 'big')
        out.append(data[4:4 + length])
        assert len(out[-1]) == length
        data = data[4 + length:]
    return out
