"""Photos by tus, beside the public tus server (tests/npm), in one run.

The same photos go to both from the same client: four connections that last, one
POST and one PATCH a photo, over the loopback. Both hash every photo and make it
durable before they answer. Ours writes down in its log besides that it holds
it. Rounds are taken in turns; the figures are medians of rounds.
"""
import base64
import concurrent.futures
import hashlib
import http.client
import json
import os
import pathlib
import statistics
import subprocess
import sys
import threading
import time
import urllib.parse

HERE = pathlib.Path(__file__).resolve().parent
SOURCE = HERE.parents[1]
NPM = SOURCE / "tests/npm"
LINKS, PHOTOS, PHOTO_BYTES = 4, 40, 2 << 20
INCIDENT, CATEGORY, PHOTO = 3, 12, 4


def photo():
    data = b"\xff\xd8\xff\xe1" + os.urandom(PHOTO_BYTES - 4)
    return hashlib.sha256(data), data


def device(b, url, code):
    """A client of our server by the text of the protocol, over plain HTTP."""
    os.environ["XG_BIN"] = str(b.bin)
    sys.path.insert(0, str(SOURCE / "tests/e2e"))
    import server_client

    class Plain(server_client.Client):
        def call(self, method, path, body=None, **headers):
            at = urllib.parse.urlsplit(url)
            link = http.client.HTTPConnection(at.hostname, at.port, timeout=60)
            if self.token:
                headers["Authorization"] = "Bearer " + self.token
            link.request(method, path, body, headers)
            answer = link.getresponse()
            data = answer.read()
            link.close()
            return answer.status, data

        def name(self, photos):
            """Records that name them, handed in."""
            first = len(self.records) if len(self.records) > 1 else 0
            for sha, data in photos:
                element = [sha.digest(), len(data), 0, 1]
                self.append({1: INCIDENT, 5: self.now()}, server_client.cbor(
                    {CATEGORY: "fire", PHOTO: {1: [element]}}))
            assert self.put(self.seal(first)) == "state stored\n"

    folder = b.work / "tus.client"
    folder.mkdir()
    return Plain(folder, "client", code)


def send(port, token, photos):
    """Seconds until all are there."""
    local, headers = threading.local(), {"Tus-Resumable": "1.0.0"}
    if token:
        headers["Authorization"] = "Bearer " + token

    def call(method, path, body, more):
        if not hasattr(local, "link"):
            local.link = http.client.HTTPConnection("127.0.0.1", port,
                                                    timeout=60)
        local.link.request(method, path, body, {**headers, **more})
        answer = local.link.getresponse()
        text = answer.read()
        if answer.status not in (201, 204):
            raise RuntimeError(f"{method} {path}: {answer.status} {text}")
        return answer.headers

    def one(item):
        sha, data = item
        named = base64.b64encode(sha.hexdigest().encode()).decode()
        place = call("POST", "/v1/blobs", None, {
            "Upload-Length": str(len(data)), "Content-Length": "0",
            "Upload-Metadata": "sha256 " + named})["Location"]
        said = call("PATCH", urllib.parse.urlsplit(place).path, data, {
            "Upload-Offset": "0",
            "Content-Type": "application/offset+octet-stream"})
        assert int(said["Upload-Offset"]) == len(data)

    with concurrent.futures.ThreadPoolExecutor(LINKS) as pool:
        begin = time.monotonic()
        list(pool.map(one, photos))
        return time.monotonic() - begin


def peak_mib(child):
    text = pathlib.Path(f"/proc/{child.pid}/status").read_text()
    return int(text.split("VmHWM:")[1].split()[0]) / 1024


def processor_s(child):
    """User and system time of the process so far."""
    text = pathlib.Path(f"/proc/{child.pid}/stat").read_text()
    ticks = text.rsplit(")", 1)[1].split()[11:13]
    return sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK")


def public_server(b):
    folder = b.work / "tus.public"
    folder.mkdir()
    child = subprocess.Popen(["node", str(NPM / "serve.mjs"), str(folder)],
                             text=True, stdin=subprocess.DEVNULL,
                             stdout=subprocess.PIPE)
    b.children.append(child)
    return child, int(child.stdout.readline().split()[1])


def our_server(b, territory, unit):
    """The process, its port, and an enrolled client."""
    data = b.work / "tus.server"
    b.server("init", data, "--origin", "lanshan.example")
    b.server("territory", "import", data, territory)
    b.server("worker", "add", data, "w00000", "--name", "张伟", "--role",
             "worker", "--unit", unit)
    child, port = b.serve(data)
    url = f"http://127.0.0.1:{port}"
    client = device(b, url, json.loads(
        b.server("code", data, "w00000", "--url", url, "--json"))["code"])
    assert client.enrol() == "state enrolled"
    client.hello()
    return child, port, client


def measure(b, territory, unit):
    subprocess.run(["sh", str(SOURCE / "packaging/npm.sh"), "tests/npm"], check=True)
    ours, our_port, client = our_server(b, territory, unit)
    public, public_port = public_server(b)
    rounds, times, spent = 3 if b.quick else 7, ([], []), [0, 0]
    for n in range(rounds + 1):  # the first warms up
        photos = [photo() for _ in range(PHOTOS)]
        client.name(photos)
        sides = [(0, ours, our_port, client.token),
                 (1, public, public_port, None)]
        for side, child, port, token in sides if n % 2 else reversed(sides):
            before = processor_s(child)
            seconds = send(port, token, photos)
            if n:
                times[side].append(seconds)
                spent[side] += processor_s(child) - before
    mib = PHOTOS * PHOTO_BYTES / 2**20
    mine, other = (mib / statistics.median(t) for t in times)
    b.row("photos by tus: throughput against the public server's",
          "≥ 1.5 ×", "≥ 3 ×", f"{mine / other:.1f} ×",
          f"{mine:.0f} and {other:.0f} MiB/s; {PHOTOS} photos of "
          f"{PHOTO_BYTES >> 20} MiB, {LINKS} connections, median of {rounds}",
          mine / other >= 1.5)
    mine, other = (s * 1000 / PHOTOS / rounds for s in spent)
    b.row("processor for a photo by tus, the public server's against ours",
          "", "", f"{other / mine:.1f} ×", f"{mine:.1f} and {other:.1f} ms")
    b.row("memory while photos come in, and the public server's", "", "",
          f"{peak_mib(ours):.0f} MiB", f"{peak_mib(public):.0f} MiB")
    b.stop(ours)
    b.stop(public)
