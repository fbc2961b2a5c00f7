#!/usr/bin/env python3
"""xunge-sync over real sockets, against what may answer on a bad day: nobody, a
captive portal, a busy server, a line that is cut, goes silent or drips, a
server with another TLS key, certificates from other centuries, a proxy.

    XG_BIN=build/bin tests/e2e/http_faults.py

Needs no xunge-server: whether a request came through is seen from the reason
in the answer. Everything stays on the loopback.
"""
import base64
import hashlib
import json
import os
import pathlib
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time

BIN = pathlib.Path(os.environ.get("XG_BIN", "build/bin")) / "xunge-sync"
REASON = "this code was used up"
PROBLEM = json.dumps({"type": "about:blank", "title": REASON, "status": 403,
                      "code": "auth"}).encode()
REGISTRAR = bytes.fromhex("d75a980182b10ab7d54bfed3c964073a"
                          "0ee172f3daa62325af021a68f707511a")  # RFC 8032
HTML = b"<html><body>Welcome! Please log in.</body></html>"


# ---- an enrolment code, as docs/protocol.md has it ----

def cbor(value):
    def head(major, n):
        if n < 24:
            return bytes([major << 5 | n])
        size = 1 if n < 256 else 2
        return bytes([major << 5 | 23 + size]) + n.to_bytes(size, "big")
    if value is None:
        return b"\xf6"
    if isinstance(value, bytes):
        return head(2, len(value)) + value
    if isinstance(value, str):
        return head(3, len(value.encode())) + value.encode()
    return head(4, len(value)) + b"".join(cbor(v) for v in value)


def make_code(url, pin=None):
    name, key = "lanshan.example", bytes(range(32))
    blob = b"\x01" + key
    key_id = hashlib.sha256(name.encode() + b"\n" + blob).digest()[:4].hex()
    vkey = f"{name}+{key_id}+{base64.b64encode(blob).decode()}"
    raw = cbor([url, vkey, REGISTRAR, pin, bytes(16), "w1"])
    raw += hashlib.sha256(raw).digest()[:4]
    return "xg1" + base64.urlsafe_b64encode(raw).decode().rstrip("=")


# ---- a server of a few lines ----

def answer(status, kind, body, more=""):
    return (f"HTTP/1.1 {status} X\r\nContent-Type: {kind}\r\n{more}"
            f"Content-Length: {len(body)}\r\n\r\n").encode() + body


REFUSAL = answer(403, "application/problem+json", PROBLEM)


class Server:
    """Each connection in a thread; `act(sock, n)` answers request n of all."""

    def __init__(self, act, context=None):
        self.act, self.context = act, context
        self.requests, self.connections, self.times = [], 0, []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self.serve, args=(sock,),
                             daemon=True).start()

    def serve(self, sock):
        try:
            if self.context:
                sock = self.context.wrap_socket(sock, server_side=True)
            while self.read_request(sock):
                self.times.append(time.monotonic())
                if self.act(sock, len(self.requests)) is False:
                    break
        except OSError:
            pass
        finally:
            sock.close()

    def read_request(self, sock):
        data = b""
        while b"\r\n\r\n" not in data:
            more = sock.recv(65536)
            if not more:
                return False
            data += more
        head, _, body = data.partition(b"\r\n\r\n")
        length = 0
        for line in head.split(b"\r\n")[1:]:
            if line.lower().startswith(b"content-length:"):
                length = int(line.split(b":")[1])
        while len(body) < length:
            body += sock.recv(65536)
        self.requests.append(head.decode())
        return True

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.shutdown(socket.SHUT_RDWR)  # else accept() holds it open
        self.listener.close()


def say(data):
    return lambda sock, n: sock.sendall(data)


# ---- running it ----

class Run:
    def __init__(self, url, *options, pin=None, env=None, kill_after=None):
        home = tempfile.mkdtemp(prefix="xunge-http-")
        clean = {k: v for k, v in os.environ.items()
                 if not k.lower().endswith("_proxy")}
        clean.update(env or {})
        begun = time.monotonic()
        command = [str(BIN), "--lang", "en", "--home", home + "/h",
                   "--max-time", "0", *options, "enrol", make_code(url, pin)]
        child = subprocess.Popen(command, env=clean, text=True,
                                 stdout=subprocess.PIPE,
                                 stderr=subprocess.PIPE)
        if kill_after:
            threading.Timer(kill_after, child.send_signal,
                            (signal.SIGTERM,)).start()
        _, self.errors = child.communicate(timeout=120)
        self.code, self.took = child.returncode, time.monotonic() - begun
        subprocess.run(["rm", "-rf", home], check=True)

    def expect(self, code, text):
        if self.code != code or text not in self.errors:
            raise AssertionError(f"exit {self.code}, expected {code} and "
                                 f"\"{text}\": {self.errors}")
        return self


def check(condition, what):
    if not condition:
        raise AssertionError(what)


# ---- what may happen ----

def test_nobody():
    with Server(say(b"")) as s:
        port = s.port
    Run(f"http://127.0.0.1:{port}").expect(4, "no connection")


def test_refusal_comes_through():
    with Server(say(REFUSAL)) as s:
        Run(f"http://127.0.0.1:{s.port}").expect(1, REASON)
        head = s.requests[0]
        check(head.startswith("POST /v1/enrol HTTP/1.1"), head)
        check("Accept-Language: en" in head and "Expect:" not in head, head)


def test_portals():
    for data in (answer(200, "text/html", HTML),
                 answer(200, "text/html; charset=utf-8", HTML),
                 answer(511, "text/html", HTML)):
        with Server(say(data)) as s:
            Run(f"http://127.0.0.1:{s.port}").expect(4, "captive portal")
    with Server(say(answer(200, "application/octet-stream", b"OK"))) as s:
        Run(f"http://127.0.0.1:{s.port}").expect(4, "not that of a Xunge")


def test_redirection_is_not_followed():
    with Server(say(REFUSAL)) as target:
        where = f"Location: http://127.0.0.1:{target.port}/\r\n"
        for status in (301, 302, 303, 307, 308):
            with Server(say(answer(status, "text/html", HTML, where))) as s:
                Run(f"http://127.0.0.1:{s.port}").expect(4, "captive portal")
        check(not target.requests, "a redirection was followed")


def test_busy():
    busy = answer(503, "text/plain", b"busy", "Retry-After: 2\r\n")

    def act(sock, n):
        sock.sendall(busy if n < 3 else REFUSAL)
    with Server(act) as s:
        Run(f"http://127.0.0.1:{s.port}", "--max-time", "60").expect(1, REASON)
        check(len(s.requests) == 3, "three requests")
        check(s.connections == 1, "one connection is used again")
        check(all(b - a >= 2 for a, b in zip(s.times, s.times[1:])),
              "Retry-After was not respected")
    with Server(say(busy)) as s:
        Run(f"http://127.0.0.1:{s.port}").expect(4, "HTTP 503")


def test_cut():
    whole = REFUSAL
    for at in (0, 5, 20, len(whole) - len(PROBLEM), len(whole) - 1):
        def act(sock, n, at=at):
            sock.sendall(whole[:at])
            return False
        with Server(act) as s:
            Run(f"http://127.0.0.1:{s.port}").expect(4, "try again later")

    def chunked(sock, n):
        sock.sendall(b"HTTP/1.1 403 X\r\nTransfer-Encoding: chunked\r\n"
                     b"Content-Type: application/problem+json\r\n\r\n"
                     b"40\r\n" + PROBLEM[:10])
        return False
    with Server(chunked) as s:
        Run(f"http://127.0.0.1:{s.port}").expect(4, "no connection")


def test_flood():
    def act(sock, n):
        sock.sendall(b"HTTP/1.1 200 X\r\nContent-Type: text/plain\r\n\r\n")
        for _ in range(4096):
            sock.sendall(b"x" * 65536)
        return False
    with Server(act) as s:
        Run(f"http://127.0.0.1:{s.port}").expect(4, "bytes")

    def headers(sock, n):
        sock.sendall(b"HTTP/1.1 200 X\r\n")
        for i in range(100000):
            sock.sendall(b"X-%d: %s\r\n" % (i, b"y" * 1000))
        return False
    with Server(headers) as s:
        Run(f"http://127.0.0.1:{s.port}").expect(4, "no connection")


def test_silence_is_no_error():
    def act(sock, n):
        time.sleep(12)
        sock.sendall(REFUSAL)
    with Server(act) as s:
        Run(f"http://127.0.0.1:{s.port}").expect(1, REASON)


def test_drip():
    def act(sock, n):
        for at in range(0, len(REFUSAL), 20):
            sock.sendall(REFUSAL[at:at + 20])
            time.sleep(0.2)
    with Server(act) as s:
        Run(f"http://127.0.0.1:{s.port}").expect(1, REASON)


def test_stopped():
    with Server(lambda sock, n: time.sleep(60)) as s:
        run = Run(f"http://127.0.0.1:{s.port}", kill_after=1.5)
        run.expect(4, "stopped")
        check(run.took < 6, "stopping takes too long")


def test_plain_http_elsewhere():
    Run("http://grid.example").expect(1, "--allow-plain")
    Run("http://127.0.0.1.grid.example").expect(1, "--allow-plain")


# ---- TLS ----

def make_certificate(folder, name, not_before, not_after):
    """A key and a certificate of its own; -> context, pin."""
    key, cert = folder / f"{name}.key", folder / f"{name}.crt"
    config = folder / f"{name}.cnf"
    (folder / f"{name}.index").write_text("")
    config.write_text(f"""
[ca]
default_ca = own
[own]
database = {folder}/{name}.index
new_certs_dir = {folder}
rand_serial = yes
default_md = sha256
policy = any
[any]
commonName = supplied
""")
    quiet = {"check": True, "capture_output": True}
    subprocess.run(["openssl", "req", "-newkey", "ed25519", "-nodes", "-keyout",
                    key, "-subj", "/CN=somebody.else", "-out",
                    folder / f"{name}.csr"], **quiet)
    subprocess.run(["openssl", "ca", "-batch", "-config", config, "-selfsign",
                    "-keyfile", key, "-in", folder / f"{name}.csr", "-startdate",
                    not_before, "-enddate", not_after, "-out", cert], **quiet)
    spki = subprocess.run(["openssl", "pkey", "-in", key, "-pubout", "-outform",
                           "DER"], **quiet).stdout
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    return context, hashlib.sha256(spki).digest()


def test_tls_pins():
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        made = [make_certificate(folder, *dates) for dates in (
            ("now", "20200101000000Z", "20790101000000Z"),
            ("expired", "19700101000000Z", "19710101000000Z"),
            ("future", "20980101000000Z", "20990101000000Z"))]
        for context, pin in made:
            with Server(say(REFUSAL), context) as s:
                Run(f"https://127.0.0.1:{s.port}", pin=pin).expect(1, REASON)
        context, pin = made[0]
        with Server(say(REFUSAL), context) as s:
            url = f"https://127.0.0.1:{s.port}"
            Run(url, pin=made[1][1]).expect(4, "TLS key")
            Run(url).expect(4, "certificate")
            check(not s.requests, "something was handed to a stranger")
            proxies(s, pin)


# ---- proxies ----

def relay(a, b):
    try:
        while data := a.recv(65536):
            b.sendall(data)
    except OSError:
        pass
    finally:
        try:
            b.shutdown(socket.SHUT_WR)
        except OSError:
            pass


def proxies(server, pin):
    """A proxy from the environment; none for the loopback."""
    def act(sock, n):
        onward = socket.create_connection(("127.0.0.1", server.port))
        sock.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        threading.Thread(target=relay, args=(onward, sock),
                         daemon=True).start()
        relay(sock, onward)
        return False
    with Server(act) as proxy:
        env = {"https_proxy": f"http://127.0.0.1:{proxy.port}",
               "http_proxy": f"http://127.0.0.1:{proxy.port}"}
        Run("https://grid.example:8443", pin=pin, env=env).expect(1, REASON)
        check(proxy.requests[0].startswith("CONNECT grid.example:8443"),
              proxy.requests[0])
        count = len(proxy.requests)
        Run(f"https://127.0.0.1:{server.port}", pin=pin, env=env) \
            .expect(1, REASON)
        check(len(proxy.requests) == count, "the loopback went by the proxy")
    with Server(say(answer(407, "text/html", HTML))) as proxy:
        env = {"https_proxy": f"http://127.0.0.1:{proxy.port}"}
        Run("https://grid.example:8443", pin=pin, env=env) \
            .expect(4, "no connection")


def main():
    failed = 0
    for name, test in list(globals().items()):
        if not name.startswith("test_") or sys.argv[1:] not in ([], [name]):
            continue
        begun = time.monotonic()
        try:
            test()
            print(f"ok   {name} {time.monotonic() - begun:.1f} s", flush=True)
        except (AssertionError, subprocess.SubprocessError) as problem:
            failed += 1
            print(f"FAIL {name}: {problem}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
