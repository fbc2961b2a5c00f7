#!/usr/bin/env python3
"""Measures what the figures in docs/performance.md say. See run.sh.

Sizes are exact. Times are medians of runs taken in turns with what they are
compared with, so that the ratio means something on a machine that does other
things too; where the processor time of one process is told by the kernel, it
is given as well.

Everything happens below a temporary folder and on the loopback; what is
started here is also ended here.
"""
import argparse
import collections
import gzip
import json
import os
import pathlib
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time

import console
import tus

HERE = pathlib.Path(__file__).resolve().parent
SOURCE = HERE.parents[1]
FIXTURE = SOURCE / "tests/data/workload/shifts-3.jsonl"
TERRITORY = SOURCE / "packaging/demo/territory-lanshan.csv"
NMEA = SOURCE / "packaging/demo/haicom-305N.log"
UNIT = "371302001001001"
INCIDENT = ("category=fire_passage", "urgency=priority",
            "address=书香苑3号楼2单元",
            "description=楼道堆放纸箱和旧家具，疏散通道被占用")
INCIDENT_BYTES = 400  # head and fields of such a record, and its hashes


class Bench:
    def __init__(self, args):
        self.build = pathlib.Path(args.build).resolve()
        self.bin, self.tools = self.build / "bin", self.build / "tests"
        self.quick, self.bad = args.quick, []
        self.rows = []
        self.work = pathlib.Path(tempfile.mkdtemp(prefix="xunge-bench-"))
        memory = pathlib.Path("/dev/shm")
        self.fast = pathlib.Path(tempfile.mkdtemp(
            prefix="xunge-bench-",
            dir=memory if os.access(memory, os.W_OK) else None))
        self.children = []

    def close(self):
        for child in self.children:
            if child.poll() is None:
                child.terminate()
                child.wait()
        shutil.rmtree(self.work, ignore_errors=True)
        shutil.rmtree(self.fast, ignore_errors=True)

    # ---- what was found ----

    def row(self, measure, required, aim, figure, note="", good=None):
        self.rows.append((measure, required, aim, figure, note))
        if good is False:
            self.bad.append(measure)
        mark = {None: " ", True: "+", False: "-"}[good]
        print(f"{mark} {measure}: {figure}"
              + (f" (required {required})" if required else "")
              + (f"  {note}" if note else ""), flush=True)

    # ---- running ----

    def run(self, *words, ok=(0,), **more):
        env = dict(os.environ, LC_ALL="C.UTF-8", **more.pop("env", {}))
        done = subprocess.run([str(w) for w in words], env=env, text=True,
                              stdin=subprocess.DEVNULL, capture_output=True,
                              check=False, **more)
        if done.returncode not in ok:
            raise RuntimeError(f"{words}: {done.returncode}\n{done.stdout}"
                               f"{done.stderr}")
        return done.stdout

    def xunge(self, home, *words, **more):
        return self.run(self.bin / "xunge", "--home", home, *words, **more)

    def server(self, *words):
        return self.run(self.bin / "xunge-server", *words)

    def serve(self, data):
        """The process, and its port."""
        with open(self.work / "server.log", "ab") as log:
            child = subprocess.Popen(
                [str(self.bin / "xunge-server"), "serve", str(data),
                 "--listen", "127.0.0.1:0", "--plain"], text=True,
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log)
        self.children.append(child)
        ready = child.stdout.readline()
        return child, int(ready.split()[1].rsplit(":", 1)[1])

    def stop(self, child):
        child.terminate()
        child.wait()
        child.stdout.close()
        self.children.remove(child)

    def spawn(self, runs, *commands, env=None):
        """For each command its runs: (microseconds, peak KiB)."""
        words = [str(self.tools / "bench-spawn"), str(runs)]
        for i, command in enumerate(commands):
            words += ([","] if i else []) + [str(w) for w in command]
        out = [[] for _ in commands]
        for line in self.run(*words, env=env or {}).splitlines():
            number, us, kib, status = line.split()
            if status != "0":
                raise RuntimeError(f"{commands[int(number)]}: {status}")
            out[int(number)].append((float(us), int(kib)))
        return out

    # ---- material ----

    def fixture_shifts(self):
        """Each shift of the fixture as a file of one and the same worker."""
        lines = collections.defaultdict(list)
        for text in FIXTURE.read_text("utf-8").splitlines():
            lines[json.loads(text)["worker"]].append(text)
        files = []
        for worker, texts in sorted(lines.items()):
            path = self.fast / f"fixture-{worker}.jsonl"
            path.write_text("\n".join(texts).replace(worker, "w00000") + "\n",
                            "utf-8")
            files.append(path)
        return files

    def make_shifts(self, count, seed, folder):
        """The standard workload where its generator is at hand, else ours."""
        maker = os.environ.get("XG_WORKLOAD")
        if maker:
            self.run(sys.executable, maker, "--workers", count, "--seed", seed,
                     "--dir", folder)
        else:
            self.run(sys.executable, HERE / "gen.py", "like", FIXTURE, count,
                     seed, folder)
        return "the standard workload" if maker else "gen.py like"

    def enrolled(self, name, port_of):
        """A server with one worker, running, and a home that joined it through
        whatever port_of() puts before its port, and has synced once."""
        data, home = self.work / f"{name}.server", self.work / f"{name}.home"
        self.server("init", data, "--origin", "lanshan.example")
        self.server("territory", "import", data, TERRITORY)
        self.server("worker", "add", data, "w00000", "--name", "张伟",
                    "--role", "worker", "--unit", UNIT)
        child, port = self.serve(data)
        url = f"http://127.0.0.1:{port_of(port)}"
        code = json.loads(self.server("code", data, "w00000", "--url", url,
                                      "--json"))["code"]
        self.xunge(home, "enrol", code)
        self.xunge(home, "sync")
        return child, home


# ---- 1, 2: batch and track ----

def packed(path):
    """What gzip -6 makes of it. The program's own deflate; zlib's is 2 %
    worse on these lines, which would flatter us."""
    if not shutil.which("gzip"):
        return gzip.compress(path.read_bytes(), 6, mtime=0)
    return subprocess.run(["gzip", "-6", "-n", "-c", str(path)], check=True,
                          capture_output=True).stdout


def batches(b, files):
    total = collections.Counter()
    for path in files:
        total.update(json.loads(b.run(b.tools / "bench-prepare", "batch", path,
                                      env={"TMPDIR": str(b.fast)})))
        total["gzip"] += len(packed(path))
        total["shifts"] += 1
    return total


def measure_batch(b):
    t = batches(b, b.fixture_shifts())
    ratio = t["batch"] / t["gzip"]
    b.row("batch of one shift with its note, against gzip -6 of its lines",
          "≤ 0.48", "≤ 0.40", f"{ratio:.3f}",
          f"{t['batch'] // t['shifts']} of {t['gzip'] // t['shifts']} bytes",
          ratio <= .48)
    b.row("the same without the dictionary", "", "",
          f"{t['no_dictionary'] / t['gzip']:.3f}",
          f"{t['no_dictionary'] // t['shifts']} bytes")
    folder = b.fast / "foreign"
    b.run(sys.executable, HERE / "gen.py", "foreign", 5, "7", folder)
    f = batches(b, sorted(folder.iterdir()))
    ratio = f["batch"] / f["gzip"]
    b.row("the same with words that the dictionary never saw", "≤ 0.48",
          "≤ 0.40", f"{ratio:.3f}",
          f"{f['batch'] // f['shifts']} of {f['gzip'] // f['shifts']} bytes",
          ratio <= .48)
    points = t["track"] / t["points"]
    b.row("track, bytes a point in the batch", "≤ 3.5", "≤ 3.2",
          f"{points:.2f}", f"{t['points']} points", points <= 3.5)


# ---- 3: a sync, counted ----

class Counter:
    """Passes a port on, and counts every byte of both directions."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.lock, self.out, self.back, self.to = threading.Lock(), 0, 0, None
        threading.Thread(target=self.accept, daemon=True).start()

    def towards(self, port):
        self.to = port
        return self.port

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            server = socket.create_connection(("127.0.0.1", self.to))
            for a, b, name in ((client, server, "out"),
                               (server, client, "back")):
                threading.Thread(target=self.pump, args=(a, b, name),
                                 daemon=True).start()

    def pump(self, a, b, name):
        try:
            while data := a.recv(65536):
                with self.lock:
                    setattr(self, name, getattr(self, name) + len(data))
                b.sendall(data)
            b.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def take(self):
        time.sleep(.05)
        with self.lock:
            told = self.out, self.back
            self.out = self.back = 0
        return told


def sink(listener):
    """Takes a POST and says 204, as the least that a server can answer."""
    while True:
        try:
            link, _ = listener.accept()
        except OSError:
            return
        with link:
            data = b""
            while b"\r\n\r\n" not in data:
                data += link.recv(65536)
            head, _, body = data.partition(b"\r\n\r\n")
            need = [int(line.split(b":")[1]) for line in head.split(b"\r\n")
                    if line.lower().startswith(b"content-length")][0]
            while len(body) < need:
                body += link.recv(65536)
            link.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")


def post_bytes(files):
    """All bytes of one POST of the gzipped lines, both ways, on average."""
    listener, counter = socket.create_server(("127.0.0.1", 0)), Counter()
    threading.Thread(target=sink, args=(listener,), daemon=True).start()
    port, total = counter.towards(listener.getsockname()[1]), 0
    for path in files:
        body = packed(path)
        with socket.create_connection(("127.0.0.1", port)) as link:
            link.sendall((f"POST /reports HTTP/1.1\r\nHost: 127.0.0.1:{port}\r"
                          "\nUser-Agent: curl/7.88.1\r\nAccept: */*\r\n"
                          "Content-Encoding: gzip\r\n"
                          "Content-Type: application/x-ndjson\r\n"
                          f"Content-Length: {len(body)}\r\n\r\n").encode()
                         + body)
            link.recv(4096)
        total += sum(counter.take())
    listener.close()
    counter.listener.close()
    return total / len(files)


def measure_sync(b):
    files, counter = b.fixture_shifts(), Counter()
    child, home = b.enrolled("sync", counter.towards)
    post = post_bytes(files)
    b.xunge(home, "sync")
    counter.take()
    out = back = 0
    for path in files:
        b.xunge(home, "import", path)
        b.xunge(home, "sync")
        a, c = counter.take()
        out, back = out + a / len(files), back + c / len(files)
    b.row("one whole sync of a shift, both ways with headers, against a POST "
          "of the gzipped lines", "≤ 0.85", "≤ 0.70",
          f"{(out + back) / post:.3f}",
          f"{out:.0f} out and {back:.0f} back, of {post:.0f} bytes",
          (out + back) / post <= .85)
    each = []
    for i in range(16):
        b.xunge(home, "incident", *INCIDENT, f"note=第{i}次")
        b.xunge(home, "sync")
        each.append(counter.take())
    total = [sum(pair) for pair in each]
    b.row("sixteen syncs of one record each, bytes a sync", "≤ 3,000",
          "≤ 2,000", f"{statistics.mean(total):.0f}",
          f"{statistics.mean(p[0] for p in each):.0f} out, "
          f"{statistics.mean(p[1] for p in each):.0f} back; largest "
          f"{max(total)}", statistics.mean(total) <= 3000)
    b.xunge(home, "sync")
    b.row("a sync with nothing to say, bytes", "", "", f"{sum(counter.take())}")
    counter.listener.close()
    b.stop(child)


# ---- 4, 5: starting, saving, memory ----

def home_alone(b, name):
    """A home that joined; its server is gone again."""
    child, home = b.enrolled(name, lambda port: port)
    b.stop(child)
    return home


def traced(b, *words):
    """The command's syncs of files, of folders, and its lines of output, in
    their order, as "file", "folder" and "line"."""
    report, names = b.work / "calls", []
    b.run("strace", "-f", "-qq", "-y", "-o", report, "-e",
          "trace=fsync,fdatasync,sync_file_range,msync,write", *words)
    for call in report.read_text().splitlines():
        if "sync" in call:
            names.append("file" if ".db" in call else "folder")
        elif "write(1<" in call:
            names.append("line")
    return names


def measure_fsync(b):
    home, saves = home_alone(b, "fsync"), 30 if b.quick else 200
    if not shutil.which("strace"):
        b.row("fsyncs of a save", "1", "", "not measured", "no strace here")
        return
    names = " ".join(traced(b, b.tools / "bench-save", home, saves))
    each = [part.split().count("file") + part.split().count("folder")
            for part in names.split("line")[1:-1]]
    usual = statistics.mode(each)
    b.row("fsyncs of a save in a running agent", "1", "", f"{usual}",
          f"{each.count(usual)} of {len(each)} saves; the others emptied the "
          f"log, or came after that ({max(each)})", usual == 1)
    once = [traced(b, b.bin / "xunge", "--home", home, "incident", *INCIDENT)
            for _ in range(5 if b.quick else 20)]
    files, folders = statistics.mode((x.count("file"), x.count("folder"))
                                     for x in once)
    b.row("fsyncs of a program that saves once and ends", "", "",
          f"{files} + {folders}",
          "the log, and once its folder: so does SQLite in each process that "
          "opens the log, the bare program's too")


def measure_start(b):
    home, runs = home_alone(b, "start"), 40 if b.quick else 200
    bare = b.work / "bare.db"
    record = (b.bin / "xunge", "--home", home, "incident", *INCIDENT)
    other = (b.tools / "bench-bare", bare, INCIDENT_BYTES)
    ours, theirs = b.spawn(runs, record, other)
    a, c = (statistics.median(us for us, _ in x) for x in (ours, theirs))
    b.row("process start → durable incident → exit, against a bare program",
          "≤ 2.5 ×", "≤ 1.6 ×", f"{a / c:.2f} ×",
          f"{a / 1e3:.1f} and {c / 1e3:.1f} ms, {runs} runs in turns",
          a / c <= 2.5)
    peak = max(kib for _, kib in ours) / 1024
    b.row("peak memory of a recording program", "≤ 6 MB", "≤ 4 MB",
          f"{peak:.1f} MB", f"the bare one: "
          f"{max(kib for _, kib in theirs) / 1024:.1f} MB", peak <= 6)


def measure_save(b):
    home, rounds = home_alone(b, "save"), 5 if b.quick else 20
    ours, theirs = [], []
    for _ in range(rounds):
        for out, words in (
                (ours, (b.tools / "bench-save", home, 30)),
                (theirs, (b.tools / "bench-bare", b.work / "save.db",
                          INCIDENT_BYTES, 30))):
            out += [float(x) for x in b.run(*words).split()]
    a, c = statistics.median(ours), statistics.median(theirs)
    b.row("durable save in a running agent, against the bare insert",
          "≤ 2.0 ×", "≤ 1.4 ×", f"{a / c:.2f} ×",
          f"{a:.0f} and {c:.0f} µs, medians of {len(ours)}", a / c <= 2.0)


def measure_patrol(b):
    gpsd = shutil.which("gpsd") or "/usr/sbin/gpsd"
    if not os.access(gpsd, os.X_OK):
        b.row("peak memory of the patrol's recorder", "≤ 6 MB", "≤ 4 MB",
              "not measured", "no gpsd here")
        return
    home = home_alone(b, "patrol")
    feed = subprocess.Popen(
        [sys.executable, str(TERRITORY.parent / "nmea_tcp.py"), str(NMEA),
         "0.02"], stdout=subprocess.PIPE, text=True)
    b.children.append(feed)
    source = feed.stdout.readline().strip()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    daemon = subprocess.Popen(
        [gpsd, "-N", "-n", "-S", str(port), f"tcp://127.0.0.1:{source}"],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL)
    b.children.append(daemon)
    time.sleep(.5)
    b.xunge(home, "patrol", "start", "--gpsd", f"127.0.0.1:{port}", "--every",
            "1")
    time.sleep(3 if b.quick else 10)
    peak = peak_mb((home / "patrol/pid").read_text().strip())
    b.xunge(home, "patrol", "stop")
    b.row("peak memory of the patrol's recorder", "≤ 6 MB", "≤ 4 MB",
          f"{peak:.1f} MB", "a real gpsd, a fix a second", peak <= 6)
    for child in (daemon, feed):
        child.terminate()
        child.wait()
        b.children.remove(child)


def peak_mb(pid):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    return 0.0


def measure_backlog(b):
    count = 20 if b.quick else 300
    child, home = b.enrolled("backlog", lambda port: port)
    b.make_shifts(count, "backlog", b.fast / "backlog")
    lines = b.fast / "backlog.jsonl"
    with open(lines, "w", encoding="utf-8") as all_of_them:
        for path in sorted((b.fast / "backlog").iterdir()):
            all_of_them.write(path.read_text("utf-8")
                              .replace(path.stem, "w00000"))
    b.xunge(home, "import", lines)
    begin = time.monotonic()
    (runs,) = b.spawn(1, (b.bin / "xunge", "--home", home, "sync"))
    peak = runs[0][1] / 1024
    b.row("peak memory of a sync with a backlog", "≤ 18 MB", "≤ 13 MB",
          f"{peak:.1f} MB",
          f"{count} shifts waiting, gone in {time.monotonic() - begin:.1f} s",
          peak <= 18)
    b.stop(child)


# ---- 6: ingest ----

def written_mb(pid):
    """What it handed over to be written: to files, for what goes to sockets is
    sent. The kernel's other figure, write_bytes, counts a page of a large file
    as all those that it was read with."""
    for line in pathlib.Path(f"/proc/{pid}/io").read_text().splitlines():
        if line.startswith("wchar:"):
            return int(line.split()[1]) / 1e6
    return 0.0


def resident_mb(pid):
    """What is the process's own, and what lies in files too (libraries, the
    index of the database's log), now."""
    own = files = 0
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("RssAnon:"):
            own = int(line.split()[1])
        elif line.startswith(("RssFile:", "RssShmem:")):
            files += int(line.split()[1])
    return own / 1024, files / 1024


LOG_LEFT = 1024 * 4120  # server/store/sqlite.c, TIDY_PAGES
LOG_TRIES = 20


def rest(child, data):
    """Until the server has nothing to do: a start looks at what is stored
    (board, clerk), which is no part of what a record costs; and what was
    written before goes to its place when nobody writes."""
    def ticks():
        words = pathlib.Path(f"/proc/{child.pid}/stat").read_text()
        return sum(map(int, words.rsplit(")", 1)[1].split()[11:13]))
    before, now = -2, ticks()
    while now - before > 1:
        time.sleep(1)
        before, now = now, ticks()
    log = data / "server.db-wal"
    for _ in range(LOG_TRIES):
        if not log.exists() or log.stat().st_size < LOG_LEFT:
            break
        time.sleep(.5)


def pushed(b, folder, first, count, out):
    """Serve the folder, push, and say what came of it. What was written before
    is on the disk by then: else the batches' syncs would wait for it."""
    child, port = b.serve(folder)
    rest(child, folder)
    b.run("sync", "-f", folder)
    before = written_mb(child.pid)
    told = json.loads(b.run(b.tools / "bench-load", f"127.0.0.1:{port}", 50,
                            first, count, out, child.pid))
    told["mb"] = peak_mb(child.pid)
    told["anon"], told["files"] = resident_mb(child.pid)
    told["written"] = written_mb(child.pid) - before
    b.stop(child)
    return told


def push(b, data, first, count, out):
    """The same with a copy of it, which is left."""
    copy = b.work / "served"
    shutil.copytree(data, copy)
    return pushed(b, copy, first, count, out), copy


def measure_ingest(b):
    stored, count, rounds = (200, 200, 3) if b.quick else (2000, 1000, 7)
    shifts, out, data = b.fast / "shifts", b.work / "out", b.work / "ingest"
    out.mkdir()
    what = b.make_shifts(stored + count, "ingest", shifts)
    b.server("init", data, "--origin", "lanshan.example")
    b.run(b.tools / "bench-prepare", "server", data, shifts, out,
          stored + count, env={"TMPDIR": str(b.fast)})
    _, full = push(b, data, 0, stored, out)
    full = full.rename(b.work / "full")
    empty_runs, full_runs = [], []
    for _ in range(rounds):
        for runs, folder in ((empty_runs, data), (full_runs, full)):
            told, copy = push(b, folder, stored, count, out)
            runs.append(told)
            shutil.rmtree(copy)
    a, d = rates(empty_runs)
    wait = statistics.median(r["median_ms"] for r in empty_runs)
    late = statistics.median(r["p99_ms"] for r in empty_runs)
    b.row("ingest, 50 connections, a shift a batch, verified, merged, logged, "
          "durable before the answer: records/s", "≥ 15,000", "≥ 30,000",
          f"{a:,.0f}", f"best {max(map(rate, empty_runs)):,.0f}; {d:,.0f} a "
          f"second of the server's processor time; answers after {wait:.0f} "
          f"ms (median), {late:.0f} ms (99 %); {what}", a >= 15000)
    against_empty(b, f"the same with {stored:,} shifts stored, against empty",
                  full_runs, empty_runs)
    peak = max(r["mb"] for r in empty_runs + full_runs)
    b.row("server memory at that load", "≤ 48 MB", "≤ 24 MB", f"{peak:.1f} MB",
          "the highest of all runs", peak <= 48)


def rate(run):
    return run["records"] / run["seconds"]


def rates(runs):
    """Records a second, and a second of the processor: medians."""
    return (statistics.median(map(rate, runs)),
            statistics.median(r["records"] / r["server_cpu"] for r in runs))


def against_empty(b, measure, full_runs, empty_runs):
    (a, d), (c, e) = rates(empty_runs), rates(full_runs)
    w, v = (statistics.median(r["written"] / r["records"] * 1e3 for r in runs)
            for runs in (empty_runs, full_runs))
    b.row(measure, "≥ 0.85", "≥ 0.95", f"{c / a:.2f}",
          f"{c:,.0f} records/s; by processor time {e / d:.2f}; KB written a "
          f"record {v:.1f}, into the empty one {w:.1f}", c / a >= .85)


def measure_million(b):
    """Beside a month of a district, at rest: its board is made, the clerk has
    looked at all of it, and with the first shifts the log's time has come from
    the end of that month to today, when what fell due in between is judged
    again: minutes, once."""
    per_mille, count, turns = (100, 200, 3) if b.quick else (1000, 1000, 3)
    kept, made = console.kept_month(b, per_mille, count * (1 + turns))
    full, rested = b.work / "month", kept / "rested"
    shutil.copytree(rested if rested.exists() else kept / "data", full)
    shifts, out, data = b.fast / "million", b.work / "out1", b.work / "empty1"
    out.mkdir()
    b.make_shifts(count, "ingest", shifts)
    b.server("init", data, "--origin", "lanshan.example")
    b.run(b.tools / "bench-prepare", "server", data, shifts, out, count,
          env={"TMPDIR": str(b.fast)})
    if not rested.exists():
        pushed(b, full, 0, count, kept / "shifts")
        child, _ = b.serve(full)
        rest(child, full)
        b.stop(child)
        part = kept / "rested.part"  # whole, or not at all
        shutil.rmtree(part, ignore_errors=True)
        shutil.copytree(full, part)
        part.rename(rested)
    empty_runs, full_runs = [], []
    for turn in range(turns):
        run, copy = push(b, data, 0, count, out)
        shutil.rmtree(copy)
        empty_runs.append(run)
        full_runs.append(pushed(b, full, (1 + turn) * count, count,
                                kept / "shifts"))
    against_empty(b, f"ingest with {made['records']:,} records stored, against "
                  "empty", full_runs, empty_runs)
    most = max(full_runs, key=lambda r: r["mb"])
    b.row("server memory at that load", "≤ 48 MB", "≤ 24 MB",
          f"{most['mb']:.1f} MB", "the highest of all runs; at the end of it "
          f"{most['anon']:.1f} MB its own, {most['files']:.1f} MB of files",
          most["mb"] <= 48)
    shutil.rmtree(full)


# ---- 7: growing ----

def measured(b, tool, *words):
    """One JSON object a size."""
    return [json.loads(line) for line in
            b.run(b.tools / tool, *words).splitlines()]


def fresh_server(b, name):
    data = b.fast / name
    b.server("init", data, "--origin", "lanshan.example")
    return data


def measure_deep(b):
    """One entity with ever more records."""
    sizes = (10, 100, 500) if b.quick else (10, 100, 1000)
    rows = measured(b, "bench-growth", "--deep", fresh_server(b, "deep"),
                    *sizes)
    each = [(y["us"] - x["us"]) / (y["records"] - x["records"])
            for x, y in zip(rows, rows[1:])]
    ratio = each[-1] / each[0]
    b.row("one record into an entity of "
          + ", ".join(f"{r['records']:,}" for r in rows)
          + ": what each that is there already costs, last step against first",
          "≤ 1.3 ×", "", f"{ratio:.2f} ×",
          ", ".join(f"{x:.1f}" for x in each) + " µs of the processor each; "
          "for a batch of one " + ", ".join(f"{r['us']:.0f}" for r in rows)
          + ", into an entity of one " + f"{rows[0]['single_us']:.0f}",
          ratio <= 1.3)


def measure_wide(b):
    """A base with ever more entities; a rebuild of one of them."""
    sizes = (1000, 10000) if b.quick else (1000, 10**4, 10**5, 10**6)
    rows = measured(b, "bench-growth", fresh_server(b, "wide"), *sizes)
    ratio = rows[-1]["us"] / rows[0]["us"]
    b.row(f"server: one record into a base of {sizes[-1]:,} entities, against "
          f"{sizes[0]:,}", "≤ 1.3 ×", "", f"{ratio:.2f} ×",
          ", ".join(f"{r['us']:.0f}" for r in rows) + " µs of the processor "
          "at " + ", ".join(f"{r['entities']:,}" for r in rows),
          ratio <= 1.3)
    shutil.rmtree(b.fast / "wide")


def measure_wide_agent(b):
    sizes = (1000, 10000) if b.quick else (1000, 10**4, 10**5)
    rows = measured(b, "bench-growth_agent", home_alone(b, "grown"), *sizes)
    ratio = rows[-1]["us"] / rows[0]["us"]
    b.row(f"agent: one save into a base of {sizes[-1]:,} entities, against "
          f"{sizes[0]:,}", "≤ 1.3 ×", "", f"{ratio:.2f} ×",
          ", ".join(f"{r['us']:.0f}" for r in rows) + " µs of the processor "
          "at " + ", ".join(f"{r['entities']:,}" for r in rows),
          ratio <= 1.3)


def measure_rebuild(b):
    count = 10000 if b.quick else 10**5
    data = fresh_server(b, "rebuilt")
    measured(b, "bench-growth", data, count)
    begin = time.monotonic()
    b.server("rebuild", data)
    took = time.monotonic() - begin
    limit = 20 * count / 10**5
    b.row(f"rebuild of the derived tables, {count:,} records", f"≤ {limit:g} s",
          "", f"{took:.1f} s", f"{count / took:,.0f} records/s; 6,000 updates "
          "among them besides", took <= limit)


def asked_again(b, data, sent, side):
    """Serve the folder; a function that sends its batches again and gives what
    each costs the server, in µs of the processor."""
    child, port = b.serve(data)
    rest(child, data)

    def ask():
        told = json.loads(b.run(
            b.tools / "bench-load", f"127.0.0.1:{port}", 8, 0, side["kept"],
            sent, child.pid, side["entries"] // 3))
        return told["server_cpu"] / told["batches"] * 1e6
    return child, ask


def measure_log(b):
    """A long log against a short one, in one process, in turns; and what a
    server with each has to do until a receipt is with who asks for it."""
    most = 30000 if b.quick else 10**6
    sides = []
    for name, entries in (("short", 1000), ("long", most)):
        sent = b.fast / f"{name}-sent"
        sent.mkdir()
        sides.append((fresh_server(b, name), entries, sent))
    small, large = measured(b, "bench-log", "--against", *sides[0], *sides[1])
    for name, what, more in (
            ("append", "an entry appended", "tree, and its part of the commit"),
            ("batch", "the same with the batch's row, index and body", ""),
            ("checkpoint", "a checkpoint",
             "time note, tree, signature, commit, swap"),
            ("inclusion", "the hashes of a receipt, printed", ""),
            ("consistency", "those that an earlier size is a part of it", "")):
        ratio = large[name] / small[name]
        b.row(f"log of {large['entries']:,} entries, against "
              f"{small['entries']:,}: {what}", "≤ 1.3 ×", "≤ 1.1 ×",
              f"{ratio:.2f} ×", f"{large[name]:.1f} and {small[name]:.1f} µs "
              "of the processor" + (f"; {more}" if more else ""), ratio <= 1.3)
    asked = [asked_again(b, data, sent, told) for (data, _, sent), told
             in zip(sides, (small, large))]
    runs = [[ask() for _, ask in asked] for _ in range(5 if b.quick else 15)]
    short, long = (statistics.median(run) for run in zip(*runs))
    b.row("the two proofs as a server gives them: a batch sent again, its "
          "signature verified, its receipt and the proof over HTTP",
          "≤ 1.3 ×", "≤ 1.1 ×", f"{long / short:.2f} ×",
          f"{long:.0f} and {short:.0f} µs of the processor", long / short <= 1.3)
    for (child, _), (data, _, sent) in zip(asked, sides):
        b.stop(child)
        shutil.rmtree(data)
        shutil.rmtree(sent)


def measure_audit(b):
    """A long log of many devices, checked from end to end."""
    entries, devices = (10000, 50) if b.quick else (10**6, 500)
    data = fresh_server(b, "audited")
    sizes, = measured(b, "bench-log", data, entries, devices)
    keys = json.loads(b.run(b.bin / "xunge-server", "key", data, "--json"))
    cost, = measured(b, "bench-verify", data, keys["log"], keys["registrar"])
    count, walked, peak = cost["entries"], cost["walk_s"], cost["peak_kib"]
    b.row("audit of a log, against its bare Ed25519 and SHA-256", "≥ 0.5",
          "", f"{cost['ratio']:.2f}", f"{walked:.1f} s and "
          f"{cost['bare_s']:.1f} s of the processor; {cost['signatures']:,} "
          f"signatures, {cost['records']:,} records in batches of three",
          cost["ratio"] >= 0.5 and cost["broken"] + cost["doubts"] == 0)
    limit = 600 * count / 10**6
    b.row(f"audit of {count:,} entries", f"≤ {limit:.0f} s", "",
          f"{walked:.1f} s", f"{count / walked:,.0f} entries a second",
          walked <= limit)
    b.row("peak memory of that", "≤ 64 MB", "", f"{peak / 1024:.1f} MB",
          f"{devices} devices", peak <= 64 << 10)
    b.row(f"receipt at {count:,} entries", "≤ 2,048 bytes", "",
          f"{sizes['receipt']:,}", "the longest of 2,000",
          sizes["receipt"] <= 2048)
    b.row("answer to a hello there", "≤ 2,048 bytes", "",
          f"{sizes['hello']:,}", "the longest of 2,000 earlier sizes",
          sizes["hello"] <= 2048)
    shutil.rmtree(data)


def measure_tus(b):
    tus.measure(b, TERRITORY, UNIT)


def measure_console(b):
    console.measure(b)


PAGES = {"the worker's page": (90000, "ui", "agent/ui/built"),
         "the console's page": (100000, "console", "server/console/built")}


def measure_weight(b):
    """Scripts and styles as they are linked in and sent (cmake/EmbedPage.cmake),
    with the larger of the two languages."""
    for name, (most, folder, built) in PAGES.items():
        sizes = {}
        made = b.build / "page" / folder
        made = made if made.exists() else SOURCE / built
        for path in sorted((made / "assets").iterdir()):
            told = subprocess.run(["zopfli", "-c", path], check=True,
                                  stdout=subprocess.PIPE).stdout
            sizes[path.name] = len(told)
        words = [size for file, size in sizes.items()
                 if file.startswith("_words")]
        size = sum(sizes.values()) - min(words)
        b.row(f"{name}: script and style in one language, gzipped",
              f"≤ {most // 1000} KB", "", f"{size / 1000:.1f} KB",
              ", ".join(f"{file.split('-')[0]} {bytes_:,}"
                        for file, bytes_ in sizes.items()),
              len(words) == 2 and size <= most)


def measure_page(b):
    subprocess.run(["sh", str(SOURCE / "packaging/npm.sh"), "tests/npm"],
                   check=True)
    node = shutil.which("node") or shutil.which("nodejs")
    told = subprocess.run(
        [node, str(SOURCE / "tests/bench/page.mjs"), str(b.bin.parent),
         "2000" if b.quick else "10000"], check=True, stdout=subprocess.PIPE)
    f = json.loads(told.stdout)
    b.row("the page is of use, on a processor four times slower", "≤ 1 s", "",
          f"{f['useful_ms']} ms", "median of 5 fresh windows, from the page's "
          "beginning to the capture button", f["useful_ms"] <= 1000)
    b.row(f"a list of {f['cases']:,} cases scrolled: a frame", "", "",
          f"{f['frame_median_ms']} ms",
          f"99 % {f['frame_99_ms']} ms, worst {f['frame_worst_ms']} ms; "
          f"{f['rows_in_document']} rows in the document, all filled "
          f"{f['rows_after_stop_ms']} ms after it stopped")
    b.row("memory of the agent with the page open, commands included",
          "≤ 20 MB", "", f"{f['memory_peak_kb'] / 1024:.1f} MB",
          f"the highest sum, what is shared once; {f['memory_idle_kb'] / 1024:.1f} "
          "MB when nothing is asked", f["memory_peak_kb"] <= 20 << 10)


MEASURES = {"batch": measure_batch, "sync": measure_sync,
            "fsync": measure_fsync, "start": measure_start,
            "save": measure_save, "patrol": measure_patrol,
            "backlog": measure_backlog, "ingest": measure_ingest,
            "million": measure_million, "log": measure_log,
            "deep": measure_deep, "wide": measure_wide,
            "wide_agent": measure_wide_agent, "rebuild": measure_rebuild,
            "tus": measure_tus, "audit": measure_audit,
            "weight": measure_weight, "page": measure_page,
            "console": measure_console}


def markdown(rows, path):
    """Put the table between the two marks of the file."""
    table = ["| measure | required | aim | figure | |", "|---|---|---|---|---|"]
    table += ["| " + " | ".join(row) + " |" for row in rows]
    text = pathlib.Path(path).read_text("utf-8")
    before, rest = text.split("<!-- figures -->\n", 1)
    _, after = rest.split("<!-- end -->", 1)
    pathlib.Path(path).write_text(
        before + "<!-- figures -->\n" + "\n".join(table) + "\n<!-- end -->"
        + after, "utf-8")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", required=True)
    parser.add_argument("--quick", action="store_true", help="fewer runs")
    parser.add_argument("--check", action="store_true",
                        help="quick, and exit 1 when a requirement is missed")
    parser.add_argument("--only", default=",".join(MEASURES))
    parser.add_argument("--markdown", help="the file whose table is replaced")
    args = parser.parse_args()
    args.quick |= args.check
    b = Bench(args)
    try:
        for name in args.only.split(","):
            MEASURES[name](b)
    finally:
        b.close()
    if args.markdown:
        markdown(b.rows, args.markdown)
    if b.bad:
        print("missed: " + "; ".join(b.bad))
    return 1 if b.bad and args.check else 0


if __name__ == "__main__":
    sys.exit(main())
