#!/usr/bin/env python3
"""The walls between the rooms, read off the #include lines and the sources.

A room may include itself and what it stands on (docs/architecture.md). Engines
are known to one room each. SQL lies in .sql files. The core is pure: it calls
no clock, file, socket or randomness of its own. Exits 1 and names each breach.
"""
import pathlib
import re
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]

# room: what it may include, itself aside. The longest prefix of a path counts.
ROOMS = {
    "shared/base": [],
    "shared/core": ["shared/base"],
    "shared/db": ["shared/base"],
    "shared/web": ["shared/base"],
    "shared/call": ["shared/base"],
    "shared/bundle": ["shared/base", "shared/core"],
    # The page of an evidence file is the same words as every other view.
    "shared/audit": ["shared/base", "shared/core", "shared/db",
                     "shared/bundle", "shared/guide", "shared/view"],
    "shared/guide": ["shared/base", "shared/core"],
    "shared/view": ["shared/base", "shared/core", "shared/guide"],
    "shared/photo": ["shared/base", "shared/core"],
    "shared/map": ["shared/base", "shared/core", "shared/db", "shared/photo",
                   "shared/view"],
    "shared/confine": ["shared/base"],
    "shared/map/check": ["shared/base", "shared/db", "shared/map",
                         "shared/photo", "shared/confine"],
    "shared/photo/exif": ["shared/base", "shared/confine"],
    "shared/photo/thumb": ["shared/base", "shared/core", "shared/confine"],
    "agent": ["shared/base", "shared/core", "shared/db", "shared/bundle",
              "shared/guide", "shared/view", "shared/photo", "shared/map"],
    "server/cosign/request": ["shared/base"],
    "server/sheet": ["shared/base", "shared/core", "shared/confine"],
    "server": ["shared/base", "shared/core", "shared/db", "shared/bundle",
               "shared/web", "shared/guide", "shared/view", "shared/audit",
               "shared/photo", "shared/map"],
}
# Libraries of several rooms: each may include those before it.
HOUSES = {
    "agent": ["vault", "store", "home", "photo", "track", "record", "engine",
              "handover"],
    "server": ["store", "ledger", "registry", "blobs", "witness", "merge",
               "data", "photo", "sight", "account", "cosign", "proof", "desk",
               "board", "report", "api", "bundle", "upkeep"],
}
# What looks upwards, and why.
UPWARDS = {
    # A writer's job gathers what witnesses said for the next time note.
    "server/ledger/ledger.c": ["server/cosign"],
    # A record that finds its place names its photos.
    "server/merge/place.c": ["server/photo"],
    # Opening a folder opens all that lives in it, and ends what was begun.
    "server/data/data.c": ["server/desk", "server/board"],
    "server/data/check.c": ["server/desk"],
    # What is erased goes from what is derived of it, too.
    "server/desk/redact.c": ["server/board"],
}
INSIDE = {  # folders of programs may include their library
    "agent/cli": ["agent"], "agent/handover/archive": ["agent", "agent/cli"],
    "agent/bundle": ["agent", "agent/cli"],
    "agent/sync": ["agent"], "agent/patrol": ["agent"],
    "agent/ui": ["agent", "shared/web", "shared/call"],
    "server/console": ["server", "shared/call"],
    "server/cli": ["server", "server/console"],
    "shared/audit/cli": ["shared/audit"],
}
# What reads a child program's answer shares a header with it.
ALSO = {"shared/photo": ["shared/photo/exif"],
        "server/desk": ["server/sheet"]}

# header: who may include it, as prefixes of paths.
ENGINES = {
    "sqlite3.h": ["shared/db", "server/store/sqlite", "agent/store/"],
    "curl/": ["agent/sync/", "server/cosign/request/", "shared/audit/cli/"],
    "systemd/": ["agent/sync/"],
    "microhttpd.h": ["shared/web"],
    "gnutls/": ["shared/web"],
    "gps.h": ["agent/patrol/"],
    "libexif/": ["shared/photo/exif/"],
    "jpeglib.h": ["shared/photo/thumb/jpeg.c"],
    "png.h": ["shared/photo/thumb/"],
    "webp/": ["shared/photo/thumb/"],
    "seccomp.h": ["shared/confine/"],
    "expat.h": ["agent/track/gpx.c", "server/sheet/xlsx.c"],
    "xlsxwriter.h": ["server/report/book.c"],
    "archive.h": ["shared/bundle/", "server/sheet/xlsx.c"],
    "archive_entry.h": ["shared/bundle/", "server/sheet/xlsx.c"],
    "keyutils.h": ["agent/vault/"],
    "zlib.h": ["shared/core/deflate.c"],
    "csv.h": ["shared/guide", "server/sheet/csv.c"],
    "liboath/": ["server/account/totp.c"],
    "qrencode.h": ["server/account/qr."],
    "jansson.h": ["shared/guide", "shared/view", "shared/audit", "shared/map",
                  "shared/call", "agent", "server"],
}
IMPURE_HEADERS = ["time.h", "sys/time.h", "unistd.h", "fcntl.h", "pthread.h",
                  "sys/socket.h", "sys/stat.h", "dirent.h", "signal.h"]
IMPURE_CALLS = re.compile(
    r"(?<![>.\w])(time|clock_gettime|gettimeofday|fopen|open|read|write|socket|getenv|"
    r"randombytes_buf|randombytes_random|rand|random|srand|printf|fprintf)\s*\(")
SQL = re.compile(
    r'"\s*(SELECT\s|INSERT\s+INTO|UPDATE\s+\w+\s+SET|DELETE\s+FROM|'
    r'CREATE\s+(TABLE|INDEX)|DROP\s+TABLE|PRAGMA\s|BEGIN\s+IMMEDIATE)', re.I)
BANNED = re.compile(r"\b(strcpy|strcat|sprintf|gets|system|popen|alloca|"
                    r"strtok|tmpnam)\s*\(")
# By a clock that is set, a wait lasts as long as the clock was set back.
WAITS = re.compile(r"\b(pthread_cond_(?:timed|clock)wait\s*\(|CLOCK_REALTIME\b)")
SQL_CALLS = re.compile(r"\b(sqlite3_exec|PQexec)\s*\(")


def rooms():
    yield from ROOMS
    yield from INSIDE
    for house, inside in HOUSES.items():
        for room in inside:
            yield f"{house}/{room}"


def room_of(path):
    best = ""
    for room in rooms():
        if path.startswith(room + "/") and len(room) > len(best):
            best = room
    return best


def house(name):
    return [f"{name}/{room}" for room in HOUSES.get(name, [])] or [name]


def allowed(room):
    may = [room] + ALSO.get(room, [])
    if room in INSIDE:
        for base in INSIDE[room]:
            may += house(base)
        return may + ROOMS[INSIDE[room][0]]
    top, _, inside = room.partition("/")
    if inside in HOUSES.get(top, []):
        below = HOUSES[top][:HOUSES[top].index(inside)]
        return may + [f"{top}/{other}" for other in below] + ROOMS[top]
    return may + ROOMS.get(room, [])


def strip(text):
    """Without comments; line numbers stay."""
    keep = lambda m: re.sub(r"[^\n]", " ", m.group(0))
    return re.sub(r"/\*.*?\*/|//[^\n]*", keep, text, flags=re.S)


def check(path, root, complaints):
    name = str(path.relative_to(root))
    room = room_of(name)
    text = strip(path.read_text(encoding="utf-8"))
    say = lambda line, what: complaints.append(f"{name}:{line}: {what}")
    if room in HOUSES:
        say(1, f"lies in no room of {room}")
    for number, line in enumerate(text.split("\n"), 1):
        m = re.match(r'\s*#\s*include\s*([<"])([^>"]+)[>"]', line)
        if m:
            included = m.group(2)
            if m.group(1) == '"' and "/" in included:
                target = room_of(included)
                may = allowed(room) + UPWARDS.get(name, [])
                if target and target not in may:
                    say(number, f"{room} may not include {included}")
                if included.startswith("tests/"):
                    say(number, "the product may not include tests")
            for header, who in ENGINES.items():
                if (included == header or
                        (header.endswith("/") and included.startswith(header))):
                    if not any(name.startswith(w) for w in who):
                        say(number, f"{included} is known to {who} only")
            if room == "shared/core" and included in IMPURE_HEADERS:
                say(number, f"the core is pure: no {included}")
        if room == "shared/core" and IMPURE_CALLS.search(line):
            say(number, "the core is pure: " + line.strip())
        if SQL.search(line) and not name.startswith("shared/db/"):
            say(number, "SQL outside a .sql file")
        if SQL_CALLS.search(line) and not name.startswith("shared/db/"):
            say(number, "SQL is run by shared/db only")
        if WAITS.search(line) and not name.startswith("shared/base/"):
            say(number, "shared/base waits, and knows the time of day")
        if BANNED.search(line):
            say(number, "a banned function: " + line.strip())


def functions_over(limit, root, complaints):
    """Bodies of functions in the house style begin and end in column 0."""
    for path in sources(root):
        start = None
        for number, line in enumerate(
                path.read_text(encoding="utf-8").split("\n"), 1):
            if line == "{":
                start = number
            elif line == "}" and start:
                if number - start + 1 > limit:
                    complaints.append(
                        f"{path.relative_to(root)}:{start}: a function of "
                        f"{number - start + 1} lines (limit {limit})")
                start = None


def sources(root):
    for top in ("shared", "agent", "server"):
        yield from sorted((root / top).rglob("*.[ch]"))


def lint(root):
    complaints = []
    for path in sources(root):
        check(path, root, complaints)
    functions_over(60, root, complaints)
    return complaints


# One file a wall, each of which must be complained of: a lint that cannot fail
# holds nothing.
BREACHES = {
    "shared/base/a.c": '#include "shared/core/record.h"\n',
    "shared/core/b.c": "#include <time.h>\n",
    "shared/core/c.c": "static void f(void)\n{\n    time(NULL);\n}\n",
    "shared/view/d.c": '#include "shared/db/db.h"\n',
    "agent/record/e.c": '#include "server/store/store.h"\n',
    "server/desk/f.c": '#include "agent/store/store.h"\n',
    "agent/record/g.c": "#include <sqlite3.h>\n",
    "agent/cli/h.c": "#include <curl/curl.h>\n",
    "server/desk/i.c": "#include <microhttpd.h>\n",
    "server/desk/j.c": 'const char *q = "SELECT a FROM b";\n',
    "server/desk/k.c": "static void f(void)\n{\n    strcpy(a, b);\n}\n",
    "server/desk/l.c": '#include "tests/lib/test.h"\n',
    "agent/record/m.c": "void f(void)\n{\n" + "    g();\n" * 60 + "}\n",
    "server/o.c": "int a;\n",
    "server/ledger/p.c": '#include "server/board/board.h"\n',
    "server/board/q.c": "    pthread_cond_timedwait(&c, &m, &t);\n",
    "agent/record/n.c": "    sqlite3_exec(db, q, 0, 0, 0);\n",
}


def self_test():
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        for name, text in BREACHES.items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(text, encoding="utf-8")
        found = {line.split(":")[0] for line in lint(root)}
    missed = sorted(set(BREACHES) - found)
    for name in missed:
        print(f"self-test: no complaint about {name}")
    return not missed


def main():
    if not self_test():
        return 1
    complaints = lint(ROOT)
    for line in complaints:
        print(line)
    count = sum(1 for _ in sources(ROOT))
    print(f"{count} files, {len(complaints)} breaches")
    return 1 if complaints or not count else 0


if __name__ == "__main__":
    sys.exit(main())
