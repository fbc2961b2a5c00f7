#!/usr/bin/env python3
"""Makes a district that has been at work for weeks: a server's data folder, as
the demonstration (quickstart.sh) serves it and tests look at it.

    district.py FOLDER --bin BUILD/bin [--cases N] [--seed S] [--now SECONDS]

Real agents and the real server do all of it, each act at its own moment of the
last weeks (district_world.py). What happens is in district_story.py: N cases
as there are many, and one of each thing that must be there (--cases 0: only
those). The same seed makes the same story; keys and ids differ each time.

    FOLDER/server      the data folder, for xunge-server serve
    FOLDER/devices     the homes of who has a device
    FOLDER/people.json who is who
"""
import argparse
import json
import math
import os
import pathlib
import random
import sys
import time

import district_story as story
import district_words as words
from district_people import FIELD, HANDLERS, PEOPLE
from district_world import (CHINA_S, DAY_S, Office, Territory, World, stamped)

HERE = pathlib.Path(__file__).resolve().parent
DEMO = HERE / 'demo'
SITE = DEMO / 'lanshan'
ORIGIN = 'lanshan.example'
WEEKS_DAYS = 22
M_LAT = 111132.0
REFERENCE = (('territory', DEMO / 'territory-lanshan.csv'),
             ('territory', SITE / 'offices.csv'),
             ('levels', SITE / 'levels.csv'), ('labels', SITE / 'labels.csv'))
AFTER_PEOPLE = (('posts', SITE / 'posts.csv'),
                ('catalogue', SITE / 'catalogue.csv'),
                ('duty', SITE / 'duty.csv'),
                ('boundaries', SITE / 'boundaries.geojson'),
                ('calendar', DEMO / 'holidays-2026.json'),
                ('hours', SITE / 'hours.csv'),
                ('template', SITE / 'templates.json'))


def wander():
    """How a receiver that stands goes astray, in metres north and east, second
    by second: of a real capture."""
    fixes = []
    for line in (DEMO / 'haicom-305N.log').read_text('latin-1').splitlines():
        part = line.split(',')
        if part[0] == '$GPGGA' and len(part) > 6 and part[6] not in ('', '0'):
            lat, lon = (int(float(v) / 100) + float(v) % 100 / 60
                        for v in (part[2], part[4]))
            fixes.append((lat, lon))
    fixes = fixes[:60]  # then it walks
    lat0, lon0 = (sum(f[i] for f in fixes) / len(fixes) for i in (0, 1))
    across = M_LAT * math.cos(math.radians(lat0))
    return [((lat - lat0) * M_LAT, (lon - lon0) * across)
            for lat, lon in fixes]


class District:
    """What stories share."""

    def __init__(self, world, cases, seed):
        self.world, self.seed, self.cases = world, seed, cases
        self.field = FIELD if cases else FIELD[:9]
        self.pace = 5 if cases else 60  # hours from visit to visit
        self.subjects = []
        self.pictures = {}
        self.wander = wander()
        self.duties = {}
        for line in (SITE / 'duty.csv').read_text('utf-8').splitlines()[1:]:
            code, unit, part = line.split(',')[:3]
            if part != 'assist':
                self.duties.setdefault(unit, []).append(code)

    def dice(self, name):
        return random.Random('%s/%s' % (self.seed, name))

    def until(self, moment, field='until'):
        return field + '=' + time.strftime(
            '%Y-%m-%dT%H:%M', time.gmtime(moment + CHINA_S))

    def month(self, back):
        year, month = time.gmtime(self.world.end + CHINA_S)[:2]
        months = year * 12 + month - 1 + back
        return '%d-%02d' % (months // 12, months % 12 + 1)

    def head(self, unit):
        return HANDLERS[unit][0]

    def duty_but(self, unit):
        """An item of the duty list that is another's."""
        other = '371302-zj' if unit != '371302-zj' else '371302-cg'
        return self.duties[other][0]

    def picture(self, category, stage, moment, place):
        """A file with a picture of that, taken then and there."""
        folder = self.world.folder / 'photos'
        folder.mkdir(exist_ok=True)
        group = words.PICTURES.get(category, 'street')
        source = DEMO / 'photos' / ('%s-%s.jpg' % (group, stage))
        if source not in self.pictures:
            self.pictures[source] = source.read_bytes()
        path = folder / ('%06d.jpg' % len(list(folder.iterdir())))
        path.write_bytes(stamped(self.pictures[source], int(moment), place))
        return path

    # ---- patrols ----

    def track(self, who, begin, minutes, rand):
        """A walk from corner to corner of the worker's grid, with the wander
        of a real receiver, and with a hole where it had no sky."""
        world = self.world
        grid = world.people[who].unit
        lat, lon = world.territory.place(grid, rand)
        goal, points = None, []
        across = M_LAT * math.cos(math.radians(lat))
        hole = rand.uniform(.3, .7) * minutes if rand.random() < .4 else None
        for i in range(minutes * 2):
            if not goal:
                goal = world.territory.place(grid, rand)
            north, east = ((goal[0] - lat) * M_LAT, (goal[1] - lon) * across)
            way = math.hypot(north, east)
            step = min(way, rand.gauss(34, 5))  # metres in half a minute
            if way > 1:
                lat += north / way * step / M_LAT
                lon += east / way * step / across
            if way < 40:
                goal = None
            if hole and hole < i / 2 < hole + 9:
                continue
            astray = self.wander[i % len(self.wander)]
            points.append({'t': int(begin) + 30 * i,
                           'lat': round(lat + astray[0] / M_LAT, 6),
                           'lon': round(lon + astray[1] / across, 6),
                           'acc': round(rand.uniform(3, 9), 1)})
        return points

    def walk(self, who, begin, minutes, turn):
        rand = self.dice('walk/%s/%s' % (who, turn))
        points = self.track(who, begin, minutes, rand)
        line = {'id': 'walk-%s-%s' % (who, turn), 'kind': 'patrol',
                'worker': who, 't': points[-1]['t'], 'start': int(begin),
                'end': points[-1]['t'], 'track': points,
                'grid': self.world.people[who].unit}
        path = self.world.folder / 'walk.jsonl'
        path.write_text(json.dumps(line) + '\n', encoding='utf-8')
        self.world.agent(who, 'import', path)
        path.unlink()


# ---- setting up ----

def found(world):
    """The server, its reference data, its people, most of their devices."""
    world.say('服务器、区划和参考资料', 'the server, its territory and files')
    world.server('init', '--origin', ORIGIN, '--host', '127.0.0.1')
    # A month in a minute: its clock is right wherever it goes.
    world.server('clock', '--follow', 'on')
    for kind, path in REFERENCE:
        world.server(kind, 'import', path)
    for row in PEOPLE:
        world.person(*row)
    for kind, path in AFTER_PEOPLE:
        world.server(kind, 'import', path)
    world.serve()
    for person in world.people.values():
        if person.has_device and person.code not in story.LATER:
            world.join(person.code)


def rounds(world):
    """The clerk's, twice a day: who is late is reminded, and it climbs."""
    while True:
        world.server('clerk')
        yield world.now + DAY_S / 2


def schedule(district):
    """Everything that will happen, each at its day."""
    world = district.world
    for tell, days in story.SETS:
        s = story.Story(district, tell.__name__)
        at = world.end - days * DAY_S
        world.tell(tell(s), at if days < 1 else world.office.office(at))
    rand = district.dice('schedule')
    for n in range(district.cases):
        # More of them lately: what is old is mostly settled.
        days = (WEEKS_DAYS - 1) * rand.random() ** 1.3
        at = world.office.office(world.end - days * DAY_S) + \
            rand.randint(0, 8 * 3600)
        world.tell(story.ordinary(story.Story(district, 'case/%d' % n)), at)
    for n in range(16 if district.cases else 3):
        at = world.end - (20 - n if district.cases else 18 - n) * DAY_S
        world.tell(story.dispute(story.Story(district, 'dispute/%d' % n), n,
                                 'open' if n % 5 == 4 else 'closed'),
                   world.office.office(at))
    world.tell(story.visits(story.Story(district, 'visits')),
               world.office.office(world.end - 20 * DAY_S))
    for n, who in enumerate(district.field if district.cases else FIELD[:2]):
        at = world.office.office(world.end - (20 if district.cases else 2) *
                                 DAY_S) + n * 600
        world.tell(story.patrols(story.Story(district, 'patrols/' + who), who),
                   at)
    world.tell(rounds(world), world.now + DAY_S)


def bring_in(district):
    """The last half hour: who is out walking, and a last sync of all but the
    silent."""
    world = district.world
    world.set_clock(world.end - 60)
    for turn, who in enumerate(('w104', 'w108')):
        story.under_way(district, who, turn)
    for person in world.people.values():
        if person.home and not person.offline and not person.env and \
                (person.unsent or person.code in FIELD):
            world.sync(person.code)
    world.set_clock(world.end)


def make(options):
    def say(chinese, english):
        if not options.quiet:
            print(chinese if options.lang == 'zh' else english, flush=True)
    now = int(options.now or time.time())
    world = World(options.folder, options.bin, options.seed,
                  now - WEEKS_DAYS * DAY_S, now, say)
    world.office = Office()
    world.territory = Territory(
        [path for kind, path in REFERENCE if kind == 'territory'],
        SITE / 'boundaries.geojson')
    district = District(world, options.cases, options.seed)
    began = time.monotonic()
    try:
        found(world)
        schedule(district)
        say('三周的工作：%d 件日常和各种特殊情形' % options.cases,
            'three weeks of work: %d everyday cases, and one of each other '
            'thing' % options.cases)
        world.run()
        bring_in(district)
    finally:
        world.close()
    (world.folder / 'people.json').write_text(json.dumps(
        {p.code: {'name': p.name, 'role': p.role, 'unit': p.unit,
                  'device': bool(p.home)} for p in world.people.values()},
        ensure_ascii=False, indent=1) + '\n', encoding='utf-8')
    say('用时 %.0f 秒：服务器命令 %d，设备命令 %d，同步 %d' % (
        time.monotonic() - began, *world.calls.values()),
        'made in %.0f s: %d commands of the server, %d of devices, %d syncs' %
        (time.monotonic() - began, *world.calls.values()))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n', 1)[0])
    parser.add_argument('folder', type=pathlib.Path)
    parser.add_argument('--bin', type=pathlib.Path, required=True)
    parser.add_argument('--cases', type=int, default=240)
    parser.add_argument('--seed', default='1')
    parser.add_argument('--now', type=int)
    parser.add_argument('--lang', choices=('zh', 'en'), default='zh')
    parser.add_argument('--quiet', action='store_true')
    options = parser.parse_args()
    if (options.folder / 'server').exists():
        sys.exit('%s 已经存在 · is there already' % (options.folder / 'server'))
    options.folder = options.folder.resolve()
    os.umask(0o077)
    make(options)


if __name__ == '__main__':
    main()
