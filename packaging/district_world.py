"""A server, its people and their devices, under a clock that is set: what
district.py lets a story happen in.

The programs are the real ones. Their clock is libfaketime's, which they read
from the time of change of one file (FOLDER/clock): before each act it is set to
the moment of the story, so that wall clocks, time notes and deadlines are of
the weeks in which it happened. The monotonic clock stays the machine's, as it
does when somebody sets a system clock.
"""
import csv
import glob
import heapq
import json
import os
import pathlib
import random
import shutil
import struct
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
CHINA_S = 8 * 3600
DAY_S = 86400
RUN_S = 60


class Refused(Exception):
    """A program answered with another status than was expected."""


def library():
    found = glob.glob('/usr/lib/*/faketime/libfaketime.so.1') + \
        glob.glob('/usr/lib*/faketime/libfaketime.so.1')
    if not found:
        sys.exit('找不到 libfaketime，请安装同名软件包 · libfaketime is not '
                 'here: install the package of that name')
    return found[0]


def clear_up(pid):
    """What libfaketime left behind of that process."""
    for name in ('sem.faketime_sem_%d', 'faketime_shm_%d'):
        pathlib.Path('/dev/shm', name % pid).unlink(missing_ok=True)


class Office:
    """When people of the story work: from Monday to Saturday, holidays too,
    for a centre is never closed, and a demonstration may be made on any day.
    Deadlines go by the imported calendar, not by this."""
    OPEN = ((8.5, 12), (13.5, 17.5))
    SUNDAY = 6

    def office(self, moment):
        """That moment, or the next at which an office is open."""
        while True:
            day, seconds = divmod(int(moment) + CHINA_S, DAY_S)
            for begin, end in self.OPEN if (day + 3) % 7 != self.SUNDAY else ():
                if seconds < end * 3600:
                    return day * DAY_S - CHINA_S + max(seconds,
                                                       int(begin * 3600))
            moment = (day + 1) * DAY_S - CHINA_S


# ---- photos ----

def _ifd(entries, at):
    """An IFD of (tag, type, count, bytes) that lies `at` in its TIFF; values
    of more than four bytes follow it."""
    out, room = struct.pack('<H', len(entries)), b''
    base = at + 2 + 12 * len(entries) + 4
    for tag, kind, count, value in entries:
        if len(value) > 4:
            value, room = struct.pack('<I', base + len(room)), room + value
        out += struct.pack('<HHI', tag, kind, count) + value.ljust(4, b'\0')
    return out + b'\0\0\0\0' + room


def _degrees(value):
    value = abs(value)
    parts = [int(value), int(value * 60) % 60]
    seconds = round((value * 3600 - parts[0] * 3600 - parts[1] * 60) * 100)
    return struct.pack('<6I', parts[0], 1, parts[1], 1, seconds, 100)


def stamped(jpeg, moment, place):
    """The picture as a camera would have written it then and there."""
    when = time.strftime('%Y:%m:%d %H:%M:%S',
                         time.gmtime(moment + CHINA_S)).encode() + b'\0'
    exif = [(0x9003, 2, len(when), when), (0x9011, 2, 7, b'+08:00\0')]
    lat, lon = place
    gps = [(1, 2, 2, b'N\0' if lat >= 0 else b'S\0'), (2, 5, 3, _degrees(lat)),
           (3, 2, 2, b'E\0' if lon >= 0 else b'W\0'), (4, 5, 3, _degrees(lon))]
    first = [(0x010f, 2, 6, b'Demo \0'), (0x0110, 2, 7, b'XG-T01\0'),
             (0x0112, 3, 1, struct.pack('<H', 1)),
             (0x8769, 4, 1, b''), (0x8825, 4, 1, b'')]
    size = len(_ifd(first, 8))
    exif_at = 8 + size
    exif_bytes = _ifd(exif, exif_at)
    gps_at = exif_at + len(exif_bytes)
    first[3] = (0x8769, 4, 1, struct.pack('<I', exif_at))
    first[4] = (0x8825, 4, 1, struct.pack('<I', gps_at))
    body = b'Exif\0\0II*\0\x08\0\0\0' + _ifd(first, 8) + exif_bytes + \
        _ifd(gps, gps_at)
    assert jpeg[:2] == b'\xff\xd8'
    return b'\xff\xd8\xff\xe1' + struct.pack('>H', len(body) + 2) + body + \
        jpeg[2:]


# ---- the territory ----

class Territory:
    def __init__(self, files, borders):
        self.name, self.parent, self.below = {}, {}, {}
        for path in files:
            with open(path, encoding='utf-8') as lines:
                for row in csv.DictReader(lines):
                    self.name[row['code']] = row['name']
                    self.parent[row['code']] = row['parent']
                    self.below.setdefault(row['parent'], []).append(row['code'])
        self.border = {}
        for feature in json.loads(borders.read_text(
                encoding='utf-8'))['features']:
            ring = feature['geometry']['coordinates'][0]
            self.border[feature['properties']['code']] = ring

    def place(self, code, rand):
        """(lat, lon) well within a grid of four corners."""
        ring = self.border[code][:-1]
        middle = [sum(p[i] for p in ring) / len(ring) for i in (0, 1)]
        corner = rand.choice(ring)
        pull = rand.uniform(0, .7)
        lon, lat = (m + (c - m) * pull for m, c in zip(middle, corner))
        return round(lat, 6), round(lon, 6)

    def middle(self, code):
        ring = self.border[code][:-1]
        return tuple(sum(p[i] for p in ring) / len(ring) for i in (1, 0))


# ---- people and their devices ----

class Person:
    def __init__(self, code, name, role, unit, device):
        self.code, self.name, self.role, self.unit = code, name, role, unit
        self.has_device = device
        self.home = None       # of their device, once it joined
        self.known = {}        # entity: version that the device has seen
        self.unsent = set()    # entities with records that nobody else has
        self.offline = False   # syncs only when told
        self.env = {}


class World:
    """`now`: where the story ends. `deadline`-less: what is to happen later
    than that does not."""

    def __init__(self, folder, programs, seed, begin, now, say):
        self.folder, self.bin = pathlib.Path(folder), pathlib.Path(programs)
        self.data = self.folder / 'server'
        self.clock = self.folder / 'clock'
        self.now, self.end, self.say = begin, now, say
        self.rand = random.Random(seed)
        self.seed = seed
        self.people, self.version = {}, {}
        self.queue, self.count = [], 0
        self.calls = {'server': 0, 'device': 0, 'sync': 0}
        self.process = None
        self.folder.mkdir(parents=True, exist_ok=True)
        self.clock.write_bytes(b'')
        self.env = {k: v for k, v in os.environ.items()
                    if k in ('PATH', 'TMPDIR', 'ASAN_OPTIONS')}
        self.env.update(
            LC_ALL='C.UTF-8', HOME='/nonexistent', TZ='Asia/Shanghai',
            LD_PRELOAD=library(), FAKETIME='%',
            FAKETIME_FOLLOW_FILE=str(self.clock), FAKETIME_NO_CACHE='1',
            FAKETIME_DONT_FAKE_MONOTONIC='1', no_proxy='*',
            # Else what waits on the monotonic clock does not wait at all.
            FAKETIME_FORCE_MONOTONIC_FIX='0')
        self.set_clock(begin)

    # ---- time ----

    def set_clock(self, moment):
        self.now = max(self.now, moment)
        os.utime(self.clock, (self.now, self.now))

    def tell(self, story, at):
        """A generator that yields the moments at which it goes on."""
        heapq.heappush(self.queue, (at, self.count, story))
        self.count += 1

    def run(self):
        """All stories, side by side, until now."""
        while self.queue and self.queue[0][0] < self.end:
            moment, _, story = heapq.heappop(self.queue)
            self.set_clock(moment)
            try:
                after = next(story)
            except StopIteration:
                continue
            self.tell(story, max(after, moment + 1))
        for _, _, story in self.queue:
            story.close()
        self.queue = []

    # ---- programs ----

    def _run(self, argv, ok, env=None):
        argv = [str(word) for word in argv]
        with subprocess.Popen(argv, stdin=subprocess.DEVNULL, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              env={**self.env, **(env or {})}) as child:
            out, complaint = child.communicate(timeout=RUN_S)
        clear_up(child.pid)
        if child.returncode not in ok:
            raise Refused('%s\n%d: %s%s' % (' '.join(argv), child.returncode,
                                            out, complaint))
        return [json.loads(line) for line in out.splitlines()]

    TWO_WORDS = {'worker', 'device', 'operator', 'photo', 'forks', 'territory',
                 'catalogue', 'calendar', 'hours', 'levels', 'duty', 'posts',
                 'template', 'labels', 'boundaries'}

    def server(self, *words, ok=(0, 5)):
        at = 2 if words[0] in self.TWO_WORDS else 1
        self.calls['server'] += 1
        return self._run([self.bin / 'xunge-server', *words[:at], self.data,
                          *words[at:], '--lang', 'zh', '--json'], ok)

    def agent(self, who, *words, ok=(0, 5)):
        person = self.people[who]
        self.calls['device'] += 1
        return self._run([self.bin / 'xunge', '--home', person.home, '--lang',
                          'zh', *words, '--json'], ok, person.env)

    def serve(self):
        log = open(self.folder / 'server.log', 'ab')
        self.process = subprocess.Popen(
            [str(self.bin / 'xunge-server'), 'serve', str(self.data),
             '--listen', '127.0.0.1:0'], env=self.env, text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log)
        log.close()
        ready = self.process.stdout.readline()
        if not ready.startswith('ready'):
            raise Refused((self.folder / 'server.log').read_text())

    def stop(self):
        if not self.process:
            return
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()
        clear_up(self.process.pid)
        self.process = None

    # ---- people ----

    FIELD_ROLES = ('worker', 'helper', 'delegate')

    def person(self, code, name, role, unit, device):
        """Registered; those of an office may log in to the console."""
        self.people[code] = Person(code, name, role, unit, device)
        self.server('worker' if role in self.FIELD_ROLES else 'operator',
                    'add', code, '--name', name, '--role', role, '--unit',
                    unit)

    def join(self, who, home=None, env=None):
        """A device of that person is enrolled and has synced once."""
        person = self.people[who]
        person.home = self.folder / 'devices' / (home or who)
        person.home.parent.mkdir(exist_ok=True)
        person.env = env or {}
        code = self.server('code', who)[0]['code']
        self.agent(who, 'enrol', code)
        self.sync(who)

    def sync(self, who, ok=(0, 5)):
        person = self.people[who]
        self.calls['sync'] += 1
        answer = self._run([self.bin / 'xunge', '--home', person.home, 'sync',
                            '--json'], ok, person.env)
        person.unsent.clear()
        hidden = {e for p in self.people.values() for e in p.unsent}
        for entity, version in self.version.items():
            if entity not in hidden:
                person.known[entity] = version
        return answer[0] if answer else {}

    def sync_for(self, entity, but=None):
        """Whoever has records of it that nobody else has sends them."""
        for person in self.people.values():
            if entity in person.unsent and person.code != but and \
                    not person.offline:
                self.sync(person.code)

    def changed(self, who, entity):
        self.version[entity] = self.version.get(entity, 0) + 1
        person = self.people[who]
        if person.home:
            person.known[entity] = self.version[entity]
            person.unsent.add(entity)

    # ---- acts ----

    def make(self, who, kind, *words):
        """Something new, by whoever it is: its id."""
        if self.people[who].home:
            made = self.agent(who, kind, *words)[0]
        else:
            made = self.server('add', kind, *words, '--as', who)[0]
        self.changed(who, made['id'])
        if made.get('contact'):
            self.changed(who, made['contact'])
        return made['id']

    def attached(self, who, path, role, forwarded):
        """Words that attach the picture: of a device as it is, of the centre
        once it was taken in."""
        if self.people[who].home:
            words = ['--photo', '%s:%s' % (path, role)]
            return words + (['--forwarded'] if forwarded else [])
        taken = self.server('photo', 'add', path,
                            *(['--forwarded'] if forwarded else []))[0]
        return ['--photo', '%s:%s%s' % (taken['sha256'], role,
                                        ',forwarded' if forwarded else '')]

    def act(self, who, verb, entity, *words, ok=(0, 5)):
        """`verb` (do, set, note, link, withdraw, ...) on something; the
        device of who has one knows what the others did before."""
        person = self.people[who]
        if not person.offline:
            for named in (entity, *words):
                self.sync_for(named, but=who)
        if not person.home:
            told = self.server(verb, entity, *words, '--as', who, ok=ok)
        else:
            if not person.offline and \
                    person.known.get(entity) != self.version.get(entity):
                self.sync(who)
            told = self.agent(who, verb, entity, *words, ok=ok)
        self.changed(who, entity)
        return told[0] if told else {}

    def do(self, who, entity, move, *words):
        return self.act(who, 'do', entity, move, *words)

    def close(self):
        self.stop()
        shutil.rmtree(self.folder / 'photos', ignore_errors=True)
        self.clock.unlink(missing_ok=True)
