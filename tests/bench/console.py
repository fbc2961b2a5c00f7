"""The console at 兰山's size: a month of 1,956 workers (month.c), every call of
the page at the server, the first view in a browser, and many operators who are
told what changes while agents sync. bench.py --only console.

The month is made once and kept in the build folder, under a name that says by
what it was made; what is measured on is a copy.
"""
import concurrent.futures
import hashlib
import http.client
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
SOURCE = HERE.parents[1]
DEMO = SOURCE / "packaging/demo"
SITE = DEMO / "lanshan"
FILES = (("territory", DEMO / "territory-lanshan.csv"),
         ("territory", SITE / "offices.csv"), ("levels", SITE / "levels.csv"),
         ("labels", SITE / "labels.csv"),
         ("catalogue", SITE / "catalogue.csv"), ("duty", SITE / "duty.csv"),
         ("calendar", DEMO / "holidays-2026.json"),
         ("hours", SITE / "hours.csv"))
DAYS, DAY_S = 31, 86400
PASSWORD = "correct-horse"
LIMIT_MS, EACH, LOOKING = 200, 12, 200
AT_ONCE = 4  # logins: each password's hash takes 64 MiB
# Who looks: at the district, and each street's desk.
DESKS = ("371302001", "371302002", "371302003", "371302004", "371302101",
         "371302102", "371302103", "371302105", "371302107", "371302109",
         "371302110")


# ---- the month ----

def faketime(days):
    found = sorted(pathlib.Path("/usr").glob("lib/*/faketime/libfaketime.so.1"))
    if not found:
        raise SystemExit("the month needs libfaketime (Debian: libfaketime)")
    return {"LD_PRELOAD": str(found[0]), "FAKETIME": f"-{days}d",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "FAKETIME_FORCE_MONOTONIC_FIX": "0"}


def make(b, data, per_mille):
    env = faketime(DAYS)
    server = b.bin / "xunge-server"
    b.run(server, "init", data, "--origin", "lanshan.example", "--host",
          "127.0.0.1", env=env)
    b.run(server, "clock", data, "--follow", "on", env=env)
    for kind, path in FILES:
        b.run(server, kind, "import", data, path, env=env)
    grids = b.fast / "grids"
    grids.write_text("".join(
        line.split(",")[0] + "\n" for line in
        (DEMO / "territory-lanshan.csv").read_text("utf-8").splitlines()
        if line.split(",")[1] == "grid"))
    # The last of its days is yesterday, at work from eight.
    today = time.time() - time.time() % DAY_S
    return json.loads(b.run(b.tools / "bench-month", data, grids,
                            int(today) - (DAYS - 1) * DAY_S, per_mille))


def kept_month(b, per_mille, shifts):
    """Where the month is kept, and what is in it: its data folder, and a folder
    with the batches of as many shifts that it does not have."""
    parts = [HERE / "month.c", *sorted((SOURCE / "server/sql").rglob("*.sql")),
             *(path for _, path in FILES)]
    mark = hashlib.sha256(b"".join(p.read_bytes() for p in parts))
    mark.update(f"{per_mille} {shifts}".encode())
    kept = b.build / f"bench-month-{mark.hexdigest()[:12]}"
    if not (kept / "made.json").exists():
        print("making the month: some minutes, once", flush=True)
        shutil.rmtree(kept, ignore_errors=True)
        made = b.fast / "month"
        (made / "shifts").mkdir(parents=True)
        told = make(b, made / "data", per_mille)
        b.make_shifts(shifts, "console", b.fast / "console-shifts")
        b.run(b.tools / "bench-prepare", "server", made / "data",
              b.fast / "console-shifts", made / "shifts", shifts,
              env={"TMPDIR": str(b.fast)})
        shutil.copytree(made, kept)
        shutil.rmtree(made)
        (kept / "made.json").write_text(json.dumps(told))
    return kept, json.loads((kept / "made.json").read_text())


def month(b, per_mille, shifts):
    """A copy of its data folder, what is in it, and its batches."""
    kept, made = kept_month(b, per_mille, shifts)
    copy = b.work / "month"
    shutil.copytree(kept / "data", copy)
    return copy, made, kept / "shifts"


# ---- asking ----

class Operator:
    """One who is logged in, on a connection that stays open."""

    def __init__(self, port, token=None):
        self.port, self.token, self.link = port, token, None

    def post(self, path, body, **heads):
        self.link = self.link or http.client.HTTPConnection(
            "127.0.0.1", self.port, timeout=60)
        if self.token:
            heads["Authorization"] = "Bearer " + self.token
        self.link.request("POST", path, json.dumps(body), {
            "Content-Type": "application/json", **heads})
        answer = self.link.getresponse()
        return answer.status, answer.read()

    def log_in(self, once):
        status, body = self.post("/api/login", {"once": once,
                                                "password": PASSWORD})
        if status != 200:
            raise RuntimeError(f"login: {status} {body[:300]}")
        self.token = json.loads(body)["token"]

    def ask(self, run, *words, **flags):
        """The lines of the answer; how long it took, in ms."""
        flags = {k.replace("_", "-"): v for k, v in flags.items()}
        began = time.perf_counter()
        status, body = self.post("/api/run", {
            "run": run, "words": [str(w) for w in words], "flags": flags,
            "lang": "zh"}, **{"Xunge-Touch": "1"})  # else answers of a moment ago
        took = (time.perf_counter() - began) * 1e3
        lines = body.decode().splitlines()
        end = json.loads(lines[-1])
        if status != 200 or end.get("exit", 1) not in (0, 5):
            raise RuntimeError(f"{run} {words} {flags}: {status} {lines[-1]}")
        return lines[:-1], took


def serve(b, data):
    """The process, the devices' port, the console's."""
    with open(b.work / "console.log", "ab") as log:
        child = subprocess.Popen(
            [str(b.bin / "xunge-server"), "serve", str(data), "--plain",
             "--listen", "127.0.0.1:0", "--console", "127.0.0.1:0"],
            text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=log)
    b.children.append(child)
    ports = [int(child.stdout.readline().split()[1].rsplit(":", 1)[1])
             for _ in range(2)]
    return child, *ports


def operator(b, data, port, code, role, unit):
    b.server("operator", "add", data, code, "--name", code, "--role", role,
             "--unit", unit)
    once = json.loads(b.server("operator", "login", data, code, "--json"))
    who = Operator(port)
    who.log_in(once["once"])
    return who


def operators(b, data, port, count):
    """As many who are logged in; each looks from a desk of her own."""
    units = ("371302", *DESKS)

    def one(i):
        who = operator(b, data, port, f"op{i:03}", "dispatcher",
                       units[i % len(units)])
        who.link.close()
        who.link = None
        return who

    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(one, range(count)))


# ---- every call ----

def day_of(seconds):
    return time.strftime("%Y-%m-%d", time.gmtime(seconds))


def worked(desk, today):
    """The last days on which anybody was on patrol, the newest first, and the
    patrols of that one. Of seven days five are worked, and today is none."""
    days, patrols = [], None
    for back in range(1, 32):
        found, _ = desk.ask("patrols", day_of(today - back * DAY_S))
        if found:
            days.append(day_of(today - back * DAY_S))
            patrols = patrols or [json.loads(line) for line in found]
    if not days:
        raise RuntimeError("nobody was on patrol in this month")
    return days, patrols


def calls(asked, today, days, patrols):
    """(name, word lists and flags to ask it with, in turn)."""
    ids = [json.loads(line)["id"] for line in asked]
    week = day_of(today - 7 * DAY_S)
    friday = day_of(today - 3 * DAY_S)
    walks = patrols[::max(1, len(patrols) // EACH)][:EACH]
    many = lambda **each: [((), dict(zip(each, values)))
                           for values in zip(*each.values())]
    lists = {
        "nothing": [((), {})],
        "open": [((), {"open": True})],
        "open, by due": [((), {"open": True, "by": "due"})],
        "a unit": many(unit=DESKS),
        "a holder": many(holder=("371302-cg", "371302-sz", "371302-xf")),
        "a category": many(category=("env-garbage", "safe-fire", "env")),
        "an urgency": many(urgency=("urgent", "priority", "normal")),
        "a source": many(source=("resident", "patrol")),
        "a status": many(status=("reported", "dispatched", "closed")),
        "a light": many(light=("red", "yellow", "green")),
        "a conflict": [((), {"conflict": True})],
        "a time": [((), {"since": week, "until": friday})],
        "a text": many(text=("电动车", "金雀山路 12", "燃气瓶")),
        "a number": many(number=("LS-0012345", "LS-00")),
        "settled of a unit": many(unit=DESKS, settled=(True,) * len(DESKS)),
        "points": [((), {"open": True, "points": True, "limit": "500"})],
    }
    for name, each in lists.items():
        yield "list: " + name, "list", [
            (words, {"case": True, "limit": "50", **flags})
            for words, flags in each]
    yield "counts", "counts", [((), {}), *many(unit=DESKS)]
    yield "describe", "describe", [((), {})]
    for run in ("show", "history", "proof"):
        why = {} if run == "proof" else {"why": "回访"}
        yield run, run, [((one,), why) for one in ids]
    yield "conflicts", "conflicts", [((), {"why": "研判"})]
    yield "duplicates", "duplicates", [((), {})]
    yield "suggest", "suggest", [(("incident", "address", "金雀"),
                                  {"why": "登记"})]
    yield "report, a month", "report", [((), {}), *many(unit=DESKS[:2])]
    yield "report, a week", "report", [((), {"from": week})]
    yield "report, the cases of a figure", "report", [
        ((), {"cases": "closed", "format": "json", "limit": "200"})]
    yield "review of today", "review", [((), {})]
    yield "review of a worked day", "review", [((day,), {}) for day in days[:4]]
    yield "review of a day of weeks ago", "review", [
        ((day,), {}) for day in days[-4:]]
    yield "review of a unit", "review", [((days[0],), {"unit": unit})
                                         for unit in DESKS]
    yield "attention", "attention", [((), {})]
    yield "overdue", "overdue", [((), {}), *many(unit=DESKS[:2])]
    yield "patrols", "patrols", [((day,), {}) for day in days]
    yield "patrols of a unit", "patrols", [((days[0],), {"unit": unit})
                                           for unit in DESKS]
    yield "patrols --show", "patrols", [((), {"show": walk["id"]})
                                        for walk in walks]
    yield "account", "account", [((walk["worker"],), {}) for walk in walks]
    yield "silent", "silent", [((), {}), *many(unit=DESKS[:2])]
    yield "coverage, a week", "coverage", [((), {"from": week})]
    yield "coverage, a month", "coverage", [
        ((), {"from": day_of(today - (DAYS - 1) * DAY_S)})]
    yield "try", "try", [(("add", "incident", "category=env-garbage",
                           "address=金雀山路 12 号"), {})]


def cpu_s(pid):
    """All threads', to the nanosecond: the process's clock (clock_getcpuclockid)."""
    return time.clock_gettime(~pid << 3 | 2)


def measure_calls(b, pid, desk, asked):
    today = time.time()
    for name, run, each in calls(asked, today, *worked(desk, today)):
        took, works = [], []
        try:
            desk.ask(run, *each[0][0], **each[0][1])  # once, to be warm
            for i in range(max(EACH, len(each))):
                words, flags = each[i % len(each)]
                began = cpu_s(pid)
                took.append(desk.ask(run, *words, **flags)[1])
                works.append((cpu_s(pid) - began) * 1e3)
        except (RuntimeError, ValueError, OSError) as error:
            desk.link = None
            # A call that this build's table does not know is told, not hidden.
            b.row(f"console, {name}", f"≤ {LIMIT_MS} ms", "", "no answer",
                  str(error)[:200], False)
            continue
        took.sort()
        high = took[min(len(took) - 1, int(len(took) * .95))]
        b.row(f"console, {name}", f"≤ {LIMIT_MS} ms", "",
              f"{statistics.median(took):.0f} ms",
              f"95 % {high:.0f} ms, worst {took[-1]:.0f} ms; "
              f"{statistics.median(works):.1f} ms of the processor (at most "
              f"{max(works):.1f}); {len(took)} calls", high <= LIMIT_MS)


# ---- many who look, while agents sync ----

def ingest(b, port, pid, out, first, count):
    return json.loads(b.run(b.tools / "bench-load", f"127.0.0.1:{port}", 50,
                            first, count, out, pid))


def measure_live(b, child, port, console, desks, out, count):
    """In turns: the same number of shifts from 50 agents, with nobody and with
    200 who look."""
    rates, works, waits = {False: [], True: []}, {False: [], True: []}, []
    told = {"events": 0, "fetches": 0}
    resident = {False: [], True: []}
    tokens = b.work / "tokens"
    tokens.write_text("\n".join(d.token for d in desks))
    for turn in range(0, count[1], count[0]):
        watched = bool(turn // count[0] % 2)
        live = None
        if watched:
            live = subprocess.Popen(
                [sys.executable, str(HERE / "console_live.py"), str(console),
                 str(tokens), str(LOOKING)], text=True,
                stdin=subprocess.PIPE, stdout=subprocess.PIPE)
            b.children.append(live)
            live.stdout.readline()  # all of them were greeted
        resident[watched].append(rss_mb(child.pid))
        found = ingest(b, port, child.pid, out, turn, count[0])
        rates[watched].append(found["records"] / found["seconds"])
        works[watched].append(found["records"] / found["server_cpu"])
        if live:
            live.stdin.close()
            said = json.loads(live.stdout.readline())
            waits += said.pop("ms")
            for key, n in said.items():
                told[key] += n
            live.wait()
            live.stdout.close()
            b.children.remove(live)
        time.sleep(2)  # what they fetch at last is no part of the next turn
    idle, busy = (statistics.median(rates[w]) for w in (False, True))
    b.row(f"ingest from 50 agents while {LOOKING} operators look, against "
          "nobody looking", "≥ 0.8", "", f"{busy / idle:.2f}",
          f"{busy:,.0f} and {idle:,.0f} records/s, medians of turns; "
          f"{statistics.median(works[True]):,.0f} and "
          f"{statistics.median(works[False]):,.0f} a second of the server's "
          f"processor time; {told['events']:,} events told, "
          f"{told['fetches']:,} calls made by them", busy / idle >= .8)
    if waits:
        waits.sort()
        b.row("their calls meanwhile", f"≤ {LIMIT_MS} ms", "",
              f"{statistics.median(waits):.0f} ms",
              f"95 % {waits[int(len(waits) * .95)]:.0f} ms",
              waits[int(len(waits) * .95)] <= LIMIT_MS)
    b.row("memory of a reader of events", "", "",
          f"{(resident[True][0] - resident[False][0]) * 1024 / LOOKING:.0f} KB",
          f"{resident[False][0]:.0f} MB without, {resident[True][0]:.0f} MB "
          f"with {LOOKING}")


# ---- the first view ----

def measure_view(b, console):
    node = shutil.which("node") or shutil.which("nodejs")
    subprocess.run(["sh", str(SOURCE / "packaging/npm.sh"), "tests/npm"],
                   check=True)
    told = subprocess.run(
        [node, str(HERE / "console.mjs"), f"http://127.0.0.1:{console}",
         "zx01", PASSWORD], check=True, stdout=subprocess.PIPE, text=True,
        env={**os.environ, "XG_SOURCE": str(SOURCE),
             "XG_BIN": str(b.bin)}).stdout
    f = json.loads(told.splitlines()[-1])
    b.row("the console's first view: from login to the inbox's first row",
          "≤ 1 s", "", f"{f['inbox_ms']} ms", f"median of {f['runs']} fresh "
          f"windows, the password's own {f['password_ms']} ms not counted; "
          f"the way in is there after {f['login_ms']} ms",
          f["inbox_ms"] <= 1000)


def measure(b):
    per_mille, each, turns = (100, 200, 4) if b.quick else (1000, 2000, 4)
    data, told, out = month(b, per_mille, each * turns)
    child, port, console = serve(b, data)
    began = time.time()
    desk = operator(b, data, console, "zx01", "dispatcher", "371302")
    while json.loads(desk.ask("counts")[0][0])["behind"]:
        time.sleep(.2)
    b.row("the board of that month, made anew", "", "",
          f"{time.time() - began:.0f} s",
          f"{told['workers']:,} workers, {told['incidents']:,} incidents, "
          f"{told['records']:,} records in {told['batches']:,} batches")
    asked, _ = desk.ask("list", case=True, limit="12")
    measure_calls(b, child.pid, desk, asked)
    measure_view(b, console)
    desks = operators(b, data, console, LOOKING)
    measure_live(b, child, port, console, desks, out, (each, each * turns))
    b.row("the server's memory then", "", "", f"{peak_mb(child.pid):.0f} MB",
          "the highest of all this")
    b.stop(child)


def peak_mb(pid, what="VmHWM"):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(what):
            return int(line.split()[1]) / 1024
    raise RuntimeError("no " + what)


def rss_mb(pid):
    return peak_mb(pid, "VmRSS")
