"""Figures in slow plain Python, written from docs/figures.md (and what it
names: the clocks of shared/core/deadline.h, the working time of
shared/core/calendar.h), from nothing but what `list`, `show` and `history`
export, the imported calendar (JSON), office hours and catalogue (CSV). Shares no
code and no arithmetic with the server."""
import csv
import datetime
import io
import re

HOUR = 3600 * 1000
CHINA = datetime.timezone(datetime.timedelta(hours=8))
FOREVER = float('inf')
COUNTED = ('incident', 'dispute')


def ms_of(text):
    """2026-09-18T01:10:00.000Z"""
    t = datetime.datetime.strptime(text, '%Y-%m-%dT%H:%M:%S.%fZ')
    return round(t.replace(tzinfo=datetime.timezone.utc).timestamp() * 1000)


def local(ms):
    return datetime.datetime.fromtimestamp(ms / 1000, CHINA)


def day_begins(text):
    return round(datetime.datetime.strptime(text, '%Y-%m-%d').replace(
        tzinfo=CHINA).timestamp() * 1000)


class Calendar:
    def __init__(self, days, hours):
        self.off, self.on = set(days['holidays']), set(days['workdays'])
        self.spans = []
        for row in csv.DictReader(io.StringIO(hours)):
            assert not row['from'] and not row['to'], 'no seasons here'
            self.spans.append((self.minutes(row['open']),
                               self.minutes(row['close'])))

    @staticmethod
    def minutes(text):
        return int(text[:2]) * 60 + int(text[3:])

    def works(self, date):
        name = date.isoformat()
        if name in self.off or name in self.on:
            return name in self.on
        return date.weekday() < 5

    def open_after(self, ms):
        """Stretches in which the office is open, from that moment on."""
        date = local(ms).date()
        while True:
            begins = day_begins(date.isoformat())
            for opens, shuts in self.spans if self.works(date) else ():
                start, end = begins + opens * 60000, begins + shuts * 60000
                if end > ms:
                    yield max(start, ms), end
            date += datetime.timedelta(days=1)

    def open_between(self, start, end):
        total = 0
        for opens, shuts in self.open_after(start):
            if opens >= end:
                return total
            total += min(shuts, end) - opens

    def add_open(self, start, amount):
        for opens, shuts in self.open_after(start):
            if amount <= shuts - opens:
                return opens + amount
            amount -= shuts - opens

    def add(self, start, limit):
        number, unit = limit
        if unit == 'u':
            return start + number * HOUR
        if unit == 'h':
            return self.add_open(start, number * HOUR)
        at = next(self.open_after(start))[0]
        date, left = local(at).date(), number
        of_day = at - day_begins(date.isoformat())
        while left:
            date += datetime.timedelta(days=1)
            left -= self.works(date)
        return day_begins(date.isoformat()) + of_day

    def shift(self, due, start, end, limit):
        """What was left of the limit at `start` runs on from `end`."""
        if due <= start or limit[1] == 'u':
            return due + end - start
        assert limit[1] == 'h', 'no pauses in working days here'
        return max(due, self.add_open(end, self.open_between(start, due)))


STAGES = ('accept', 'file', 'dispatch', 'sign', 'handle', 'inspect')


class Catalogue:
    def __init__(self, text):
        self.rows = {r['code']: r for r in csv.DictReader(io.StringIO(text))}

    def row(self, kind, category):
        return self.rows.get(category if kind == 'incident' else '') or \
            self.rows.get(kind) or self.rows['*']

    def limit(self, kind, category, stage):
        # a cell that is empty is as `*` has it (no category is in another)
        cell = self.row(kind, category)[stage] or self.rows['*'][stage]
        found = re.match('([0-9]+)([uhd])$', cell)
        return (int(found[1]), found[2]) if found else None

    def from_signing(self, kind, category):
        return (self.row(kind, category)['handle_from'] or
                self.rows['*']['handle_from']) == '签收'


# ---- the clocks of a case ----

STAGE_OF = {'reported': 'accept', 'accepted': 'file', 'filed': 'dispatch',
            'returned': 'dispatch', 'dispatched': 'sign',
            'handling': 'handle', 'rework': 'handle', 'shelved': 'handle',
            'deferred': 'handle', 'handled': 'inspect'}
TO = {'accept': 'accepted', 'self_handle': 'self_handled', 'void': 'voided',
      'file': 'filed', 'dispatch': 'dispatched', 'recall': 'filed',
      'sign': 'handling', 'return': 'returned', 'designate': 'dispatched',
      'finish': 'handled', 'rework': 'rework', 'close': 'closed',
      'shelve': 'shelved', 'defer': 'deferred', 'resume': 'handling',
      'hand_down': 'dispatched', 'reopen': 'accepted'}
FINAL = ('closed', 'self_handled', 'voided')


class Clock:
    def __init__(self, stage, start, by, limit):
        self.stage, self.start, self.begun_by = stage, start, by
        self.limit, self.due, self.plain = limit, None, None
        self.end, self.ended_by = None, None

    def late(self, now, plain=False):
        """When it ran past its due; None: it did not."""
        due = self.plain if plain else self.due
        end = now if self.end is None else self.end
        return due if due is not None and end > due else None


class Course:
    """One case from its records, one after another."""

    def __init__(self, shown, history, calendar, catalogue, until=FOREVER):
        self.shown, self.calendar, self.catalogue = shown, calendar, catalogue
        self.kind = shown['kind']
        self.category = shown['fields'].get('category', '')
        self.clocks, self.running = [], {}
        self.status, self.called, self.present = None, set(), set()
        self.pause = self.granted = None
        records = [r for r in sorted(history, key=lambda r: r['n'])]
        self.times(records)
        for r in records:
            if r['effect'] in ('full', 'redacted') and \
                    self.time[r['hash']] <= until:
                self.take(r)

    def times(self, records):
        least, self.time = {}, {}
        for r in records:
            low = max([ms_of(r['not_before'])] +
                      [least[h] for h in r['after'] if h in least])
            least[r['hash']] = low
            high = max(ms_of(r['not_after']), low)
            self.time[r['hash']] = min(max(ms_of(r['wall']), low), high)

    def begin(self, stage, r):
        at = self.time[r['hash']]
        limit = None if stage == 'report_in' else \
            self.catalogue.limit(self.kind, self.category, stage)
        c = Clock(stage, at, r.get('move'), limit)
        if limit:
            c.due = c.plain = self.calendar.add(at, limit)
        if stage == 'handle' and self.granted and limit:
            c.due = max(c.due, self.granted)
        self.clocks.append(c)
        self.running[stage] = c

    def finish(self, stage, r):
        c = self.running.pop(stage, None)
        if c is None:
            return
        if stage == 'handle':
            self.over_pause(c, self.time[r['hash']])
        c.end, c.ended_by = max(self.time[r['hash']], c.start), r.get('move')

    def over_pause(self, c, until):
        if not self.pause:
            return
        start, granted = self.pause
        self.pause = None
        until = min(until, granted)
        if until > start and c.due is not None:
            c.due = self.calendar.shift(c.due, start, until, c.limit)

    def enter(self, status, r):
        again = self.status == 'returned' and status == 'dispatched'
        anew = status == 'dispatched' and not again
        run = {STAGE_OF[status]} if status in STAGE_OF else set()
        if status == 'returned' and 'handle' in self.running:
            run.add('handle')
        if status == 'dispatched' and (
                not self.catalogue.from_signing(self.kind, self.category) or
                again and 'handle' in self.running):
            run.add('handle')
        self.status = status
        if again:
            self.finish('sign', r)
        for stage in STAGES:
            if anew or stage not in run:
                self.finish(stage, r)
        if status in FINAL:
            self.finish('report_in', r)
        if anew:
            self.granted = None
        for stage in STAGES:
            if stage in run and stage not in self.running:
                self.begin(stage, r)

    def values(self, r, field):
        return [c['value'] for c in r['changes']
                if c['field'] == field and 'value' in c]

    def take(self, r):
        move, at = r.get('move'), self.time[r['hash']]
        if self.status is None:
            self.received = at
            self.enter('reported', r)
        self.whistle(r, move)
        handle = self.running.get('handle')
        if move == 'extend':
            until, = map(ms_of, self.values(r, 'until'))
            if handle and handle.due is not None:
                handle.due = max(handle.due, until)
            elif self.status == 'dispatched':
                self.granted = until
        if move == 'resume' and handle:
            self.over_pause(handle, at)
        if move in TO:
            self.enter(TO[move], r)
        if move in ('shelve', 'defer'):
            until, = map(ms_of, self.values(r, 'until'))
            self.over_pause(self.running['handle'], at)
            self.pause = at, until

    def whistle(self, r, move):
        if move == 'whistle' and 'report_in' not in self.running:
            self.called, self.present = set(), set()
        called = set(self.values(r, 'called'))
        came = set(self.values(r, 'present'))
        self.called |= called
        self.present |= came
        if move in ('whistle', 'triage') and self.status not in FINAL and \
                'report_in' not in self.running:
            self.begin('report_in', r)
        c = self.running.get('report_in')
        if not c:
            return
        for by in map(ms_of, self.values(r, 'report_by')):
            c.due = c.plain = by
        if (called or came) and self.called and self.called <= self.present:
            self.finish('report_in', r)

    def stand_at(self, now):
        """A granted pause whose end is past is over."""
        self.stands_still = False
        if self.pause and 'handle' in self.running:
            if self.pause[1] <= now:
                self.over_pause(self.running['handle'], self.pause[1])
            else:
                self.stands_still = True


# ---- figures ----

class Export:
    """`cases`: {id: (shown, history)}; `homes`: unit -> parent; `author_homes`:
    worker -> unit; `classes`: level -> class;
    `targets`: class -> percent; `departments`: units where handlers answer."""

    def __init__(self, cases, calendar, catalogue, homes, author_homes,
                 classes, targets, departments, now):
        self.homes, self.author_homes = homes, author_homes
        self.departments = departments
        self.classes, self.targets, self.now = classes, targets, now
        self.calendar, self.catalogue = calendar, catalogue
        self.all = {}
        for which, (shown, history) in cases.items():
            if shown['kind'] not in COUNTED:
                continue
            c = Course(shown, history, calendar, catalogue)
            c.stand_at(now)
            c.id, c.history = which, history
            self.facts(c)
            self.all[which] = c
        self.decide()

    def facts(self, c):
        begins = [k for k, clock in enumerate(c.clocks)
                  if clock.begun_by == 'reopen']
        c.round = c.clocks[begins[-1]:] if begins else c.clocks
        c.reopened = c.round[0].start if begins else None
        c.withdrawn = c.shown['withdrawn']
        of = lambda **what: [k for k in c.round if all(
            getattr(k, name) == value for name, value in what.items())]
        last = lambda found, when: getattr(found[-1], when) if found else None
        c.filed = last(of(stage='file', ended_by='file'), 'end')
        c.sent = last(of(stage='sign'), 'start')
        c.returned = last(of(begun_by='return'), 'start')
        c.reworked = last(of(begun_by='rework'), 'start')
        c.settled = last(of(ended_by='close', stage='inspect') +
                         of(ended_by='self_handle', stage='accept'), 'end') \
            if c.status in ('closed', 'self_handled') else None
        first = min(c.history, key=lambda r: r['n'])
        named = c.values(first, 'grid')
        c.home = named[0] if named else self.author_homes[first['author']]
        c.hands = {u for r in c.history if r['effect'] in ('full', 'redacted')
                   for f in ('unit', 'called') for u in c.values(r, f)}

    def decide(self):
        near = {i: {i} for i in self.all}
        for i, c in self.all.items():
            for other in c.shown['sets'].get('same_as', []):
                j = other['value']
                if j in near:
                    near[i].add(j)
                    near[j].add(i)
        self.fates = {}
        for i in self.all:
            group, todo = set(), [i]
            while todo:
                at = todo.pop()
                if at not in group:
                    group.add(at)
                    todo += near[at]
            self.fates[i] = self.fate(self.all[i], group)

    def fate(self, c, group):
        if c.withdrawn:
            return 'withdrawn'
        good = [self.all[i] for i in group if not self.all[i].withdrawn and
                self.all[i].status != 'voided']
        if not good:
            return 'voided'
        lead = min(good, key=lambda g: (g.filed is None, g.settled is None,
                                        g.received, g.id))
        if lead is not c:
            return 'linked'
        c.first = min(g.received for g in good)
        return 'counts'

    def below(self, at, unit):
        while at:
            if at == unit:
                return True
            at = self.homes.get(at)
        return not unit

    def within(self, c, unit):
        """By its home; a department answers for what is or was in its
        hands, too."""
        return self.below(c.home, unit) or unit in self.departments and any(
            self.below(u, unit) for u in c.hands)

    def term(self, c, stages, done, plain):
        """(when it is settled whether in time, is it), or None."""
        clocks = [k for k in c.round if k.stage in stages]
        if not any(k.due is not None for k in clocks):
            return None
        late = []
        for k in clocks:
            still = c.stands_still and k.end is None and \
                k.stage == 'handle' and not plain
            if not still and k.late(self.now, plain) is not None:
                late.append(k.late(self.now, plain))
        if late:
            return min(late), False
        return None if done is None else (done, True)

    def done(self, c, stage, move):
        clocks = [k for k in c.round if k.stage == stage]
        return clocks[-1].end if clocks and clocks[-1].ended_by == move \
            else None

    def terms(self, c, plain):
        came = [k for k in c.round if k.stage == 'report_in']
        came = came[-1].end if came and came[-1].ended_by not in (
            'close', 'void', 'self_handle') else None
        chain = ('accept', 'file', 'dispatch', 'sign', 'handle', 'inspect')
        return {
            'filed_in_time': self.term(c, ('file',),
                                       self.done(c, 'file', 'file'), plain),
            'handled_in_time': self.term(
                c, ('handle',), self.done(c, 'handle', 'finish'), plain),
            'closed_in_time': None if c.status == 'self_handled' else
            self.term(c, chain, c.settled, plain),
            'reported_in_in_time': self.term(c, ('report_in',), came, plain)}

    def overdue_then(self, day, unit=''):
        """{case: (status, unit that had it)} of what was overdue when that day
        ended, by what had happened until then."""
        at, out = day_begins(day) + 24 * HOUR - 1, {}
        for i, now in self.all.items():
            c = Course(now.shown, now.history, self.calendar, self.catalogue,
                       at)
            c.stand_at(at)
            if self.fates[i] == 'counts' and c.status and \
                    c.status not in FINAL and self.within(now, unit) and \
                    self.overdue(c, at):
                had = [u for r in sorted(now.history, key=lambda r: r['n'])
                       if now.time[r['hash']] <= at and
                       r['effect'] in ('full', 'redacted')
                       for u in now.values(r, 'unit')]
                out[i] = c.status, had[-1] if had else None
        return out

    def overdue(self, c, now=None):
        now = self.now if now is None else now
        return any(k.end is None and k.late(now) is not None and
                   not (c.stands_still and k.stage == 'handle')
                   for k in c.clocks)

    def parts(self, c, start, end):
        """{figure: 'numerator' | 'rest'} of one case."""
        within = lambda at: at is not None and start <= at < end
        fate, out = self.fates[c.id], {}

        def put(name, is_in, among=False):
            if is_in or among:
                out[name] = 'numerator' if is_in else 'rest'
        counts = fate == 'counts'
        received = c.first if counts else c.received
        put('withdrawn', fate == 'withdrawn' and within(received))
        put('voided', fate == 'voided' and within(received))
        put('linked', fate == 'linked' and within(received),
            fate != 'withdrawn' and within(received))
        if not counts:
            return out
        for name in ('received', 'by_source', 'by_unit', 'by_category'):
            put(name, within(received))
        put('filed', within(c.filed))
        put('reopened', within(c.reopened))
        put('returned', within(c.returned), within(c.sent))
        settled = within(c.settled)
        put('closed', settled)
        put('self_handled', settled and c.status == 'self_handled', settled)
        closed = settled and c.status == 'closed'
        put('rework', within(c.reworked), closed)
        put('settled_level',
            closed and bool(c.shown['fields'].get('settled_level')))
        put('open', c.status not in FINAL)
        put('overdue_now', c.status not in FINAL and self.overdue(c),
            c.status not in FINAL)
        for plain in (False, True):
            for name, term in self.terms(c, plain).items():
                if plain and name == 'reported_in_in_time':
                    continue
                if term and within(term[0]):
                    put(name + ('_plain' if plain else ''), term[1], True)
        return out

    def acts(self, moves, day):
        """(case, record) of what was done that day."""
        start = day_begins(day)
        return [(i, r) for i, c in self.all.items() for r in c.history
                if r['effect'] in ('full', 'redacted') and
                r.get('move') in moves and
                start <= c.time[r['hash']] < start + 24 * HOUR]

    RATES = ('self_handled', 'overdue_now', 'returned', 'rework', 'linked')

    def is_rate(self, name):
        return name in self.RATES or '_in_time' in name

    def report(self, names, first_day, last_day, unit=''):
        """{figure: (numerator, denominator, value, {id: part}, {key: ...})}"""
        start = day_begins(first_day)
        end = day_begins(last_day) + 24 * HOUR
        out = {}
        cases = [c for c in self.all.values() if self.within(c, unit)]
        for name in names:
            parts = {c.id: p for c in cases for p in
                     [self.parts(c, start, end).get(name)] if p}
            over = list(parts.values()).count('numerator')
            under = len(parts) if self.is_rate(name) else None
            out[name] = {'numerator': over, 'denominator': under,
                         'value': over * 10000 // under if under else None,
                         'cases': parts, 'rows': self.rows(name, parts, unit)}
        return out

    def key(self, name, c, unit):
        fields = c.shown['fields']
        if name == 'by_source':
            return fields.get('channel', '')
        if name == 'by_category':
            return fields.get('category' if c.kind == 'incident' else 'type',
                              '')
        if name == 'settled_level':
            level = fields['settled_level']
            return self.classes.get(level) or level
        if name in ('open', 'overdue_now'):
            return c.status
        if name == 'by_unit':
            at = c.home
            while at != unit and self.homes[at] != unit:
                at = self.homes[at]
            return at
        return None

    def rows(self, name, parts, unit):
        if name == 'by_unit' and (not unit or unit in self.departments):
            unit = next(u for u, above in self.homes.items() if not above)
        rows = {}
        if name == 'settled_level':
            rows = {key: [0, 0] for key in self.targets}
        for which, part in parts.items():
            key = self.key(name, self.all[which], unit)
            if key is None:
                return None
            row = rows.setdefault(key, [0, 0])
            row[0] += part == 'numerator'
            row[1] += 1
        if name not in ('by_source', 'by_category', 'by_unit',
                        'settled_level', 'open', 'overdue_now'):
            return None
        if not self.is_rate(name):
            for row in rows.values():
                row[1] = None if name == 'open' else len(parts)
        return {key: tuple(row) for key, row in rows.items()}
