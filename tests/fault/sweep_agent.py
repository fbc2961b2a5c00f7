#!/usr/bin/env python3
"""Faults in the commands of xunge that need no network."""
import os
import signal
import time

import xgfault
from world import (Case, Gpsd, agent_sound, ask, capture, drafts, entities,
                   make_base, steady, xunge)
from xgfault import lines_of, need, notes, plain_environment

PASSPHRASE = 'correct horse battery\n'


class Agent(Case):
    """words(): the command. least, most: how many entities it makes."""
    program = 'xunge'
    makes = 0

    def words(self, state):
        raise NotImplementedError

    def more(self, folder, state):
        """Prepare further."""

    def prepare(self, folder):
        state = make_base(folder)
        self.more(folder, state)
        state['before'] = entities(folder)
        state['drafts'] = drafts(folder)
        return state

    def act(self, folder, state, env, report):
        words = [w.replace('FOLDER', folder) for w in self.words(state)]
        return xunge(folder, *words, '--json', env=env, report=report)

    def changes(self, now, state):
        """Entities that the command itself changes."""
        return ()

    def verify(self, folder, state, result):
        agent_sound(folder)
        now = entities(folder)
        for i, line in state['before'].items():
            need(i in now, '%s is gone', i)
            need(i in self.changes(now, state) or now[i] == line,
                 '%s is changed: %s to %s', i, line, now[i])
        new = set(now) - set(state['before'])
        if result.code > 0 and now != state['before']:
            notes['%s: saved, and said that it failed: %s'
                  % (self.name, result.err.strip()[:200])] += 1
        said = {o['id'] for o in lines_of(result.out) if o.get('id')}
        need(said <= set(now), 'said to be saved but not there: %s',
             said - set(now))
        self.check_new(result, now, new, state)

    def check_new(self, result, now, new, state):
        need(len(new) in (0, self.makes), 'half of it: %s', new)
        need(result.code != 0 or len(new) == self.makes, 'said done: %s', new)
        need(len(new) == self.makes or result.code != 0, 'nothing done')

    def again(self, folder, state, result):
        had = entities(folder)
        r = super().again(folder, state, result)
        now = entities(folder)
        need(len(now) == len(had) + self.makes, '%d entities after %d',
             len(now), len(had))
        agent_sound(folder)
        return r


class Capture(Agent):
    name, makes = 'capture', 1

    def words(self, state):
        return ['incident', 'category=fire', 'description=楼道堆物',
                '--photo', 'FOLDER/in/photo.jpg:before']

    def check_new(self, result, now, new, state):
        super().check_new(result, now, new, state)
        for i in new:
            need(now[i]['photos']['total'] == 1, 'without its photo: %s',
                 now[i])


class CaptureMore(Capture):
    """Where the folders of photos are there, and the log has a length."""
    name = 'capture-again'

    def more(self, folder, state):
        for _ in range(3):
            capture(folder, '--photo', folder + '/in/photo.jpg')


class Contact(Agent):
    name, makes = 'capture-contact', 2

    def words(self, state):
        return ['incident', 'category=fire', '--contact', '王某', '--phone',
                '13800000000']


class OnOne(Agent):
    """A later act on an incident that is there."""

    def more(self, folder, state):
        capture(folder)
        state['id'] = capture(folder)

    def changes(self, now, state):
        return (state['id'],)

    def done(self, line, state):
        return line['records'] > state['before'][state['id']]['records']

    def check_new(self, result, now, new, state):
        need(not new, 'made %s', new)
        need(result.code != 0 or self.done(now[state['id']], state),
             'said done, and is not')


class Set(OnOne):
    name = 'set'

    def words(self, state):
        return ['set', state['id'], 'category=hygiene', 'address=东门']


class Note(OnOne):
    name = 'note'

    def words(self, state):
        return ['note', state['id'], '已电话核实']


class Attach(OnOne):
    name = 'photo'

    def words(self, state):
        return ['photo', state['id'], 'FOLDER/in/photo.jpg', '--role',
                'after']

    def done(self, line, state):
        return line['photos']['total'] == 1


class Withdraw(OnOne):
    name = 'withdraw'

    def words(self, state):
        return ['withdraw', state['id'], '--why', '误报']

    def done(self, line, state):
        return line['withdrawn']

    def again(self, folder, state, result):
        if not entities(folder)[state['id']]['withdrawn']:
            super().again(folder, state, result)
        need(entities(folder)[state['id']]['withdrawn'], 'not withdrawn')


class DraftSave(Agent):
    name = 'draft-save'

    def words(self, state):
        return ['incident', 'description=待补', '--draft']

    def verify(self, folder, state, result):
        super().verify(folder, state, result)
        more = drafts(folder) - state['drafts']
        need(more in (0, 1), '%d drafts', more)
        need(result.code != 0 or more == 1, 'said done: no draft')

    def again(self, folder, state, result):
        had = drafts(folder)
        super().again(folder, state, result)
        need(drafts(folder) == had + 1, 'no draft')


class DraftFinish(Agent):
    name, makes = 'draft-finish', 1

    def more(self, folder, state):
        ask(folder, 'incident', 'description=待补', '--draft')

    def words(self, state):
        return ['draft', 'finish', 'draft-1', 'category=fire']

    def verify(self, folder, state, result):
        super().verify(folder, state, result)
        made = len(entities(folder)) - len(state['before'])
        need(drafts(folder) == state['drafts'] - made,
             'draft and record do not agree')

    def again(self, folder, state, result):
        if drafts(folder):
            super().again(folder, state, result)
        need(drafts(folder) == 0, 'the draft is still there')


class DraftWrite(Agent):
    """A draft that is there gets a photo and other words: the old ones or the
    new ones, never a mixture, never none."""
    name = 'draft-write'

    def more(self, folder, state):
        self.old = ask(folder, 'draft', 'write', 'incident', 'address=旧',
                       'urgency=急')[0]

    def words(self, state):
        return ['draft', 'write', 'draft-1', 'address=新', 'category=fire',
                '--contact', '王某', '--photo', 'FOLDER/in/photo.jpg:near']

    def is_new(self, folder):
        one = ask(folder, 'show', 'draft-1')[0]
        new = one['texts'] == {'address': '新', 'category': 'fire'}
        need(new or one['texts'] == self.old['texts'], 'a mixture: %s', one)
        need(len(one['photos']) == new, 'photos: %s', one['photos'])
        need(bool(one['informant']) == new, 'contact: %s', one)
        return new

    def verify(self, folder, state, result):
        super().verify(folder, state, result)
        need(drafts(folder) == state['drafts'], 'not one draft')
        need(self.is_new(folder) or result.code != 0, 'said done')

    def again(self, folder, state, result):
        super().again(folder, state, result)
        need(self.is_new(folder), 'not written')


class DraftFinishAll(DraftFinish):
    """With photos, contact and all: two entities at once, and the draft
    gone."""
    name, makes = 'draft-finish-all', 2

    def more(self, folder, state):
        ask(folder, 'draft', 'write', 'incident', 'category=fire', '--contact',
            '王某', '--phone', '138', '--photo', folder + '/in/photo.jpg')

    def words(self, state):
        return ['draft', 'finish', 'draft-1']

    def verify(self, folder, state, result):
        Agent.verify(self, folder, state, result)
        made = len(entities(folder)) - len(state['before'])
        need(drafts(folder) == state['drafts'] - (made == 2),
             'draft and records do not agree')

    def check_new(self, result, now, new, state):
        super().check_new(result, now, new, state)
        for i in new:
            need(now[i]['kind'] == 'contact' or
                 now[i]['photos']['total'] == 1, 'without its photo')


class DraftFinishLater(OnOne):
    """A draft about what is there already."""
    name = 'draft-finish-later'

    def more(self, folder, state):
        super().more(folder, state)
        ask(folder, 'draft', 'write', '--about', state['id'], 'address=东门',
            '--photo', folder + '/in/photo.jpg')

    def words(self, state):
        return ['draft', 'finish', 'draft-1']

    def verify(self, folder, state, result):
        super().verify(folder, state, result)
        done = self.done(entities(folder)[state['id']], state)
        need(drafts(folder) == state['drafts'] - done,
             'draft and record do not agree')

    def again(self, folder, state, result):
        if drafts(folder):
            super().again(folder, state, result)
        need(drafts(folder) == 0, 'the draft is still there')


class Import(Agent):
    name = 'import'

    def words(self, state):
        return ['import', 'FOLDER/in/few.jsonl']

    def prepare(self, folder):
        state = super().prepare(folder)
        path = folder + '/in/few.jsonl'
        with open(path, encoding='utf-8') as f:
            state['lines'] = len(f.readlines())
        return state

    def check_new(self, result, now, new, state):
        need(result.code != 0 or len(new) >= state['lines'], 'said done')

    def again(self, folder, state, result):
        r = self.act(folder, state, plain_environment(), None)
        need(r.code == 0, 'again: %s', r.err)
        once = entities(folder)
        r = self.act(folder, state, plain_environment(), None)
        need(r.code == 0, 'a third time: %s', r.err)
        need(set(once) == set(entities(folder)), 'imported twice')
        kinds = [e['kind'] for i, e in once.items()
                 if i not in state['before'] and e['kind'] != 'contact']
        need(len(kinds) == state['lines'], '%d of %d lines', len(kinds),
             state['lines'])
        agent_sound(folder)


class PatrolImport(Agent):
    name, makes = 'patrol-import', 1

    def words(self, state):
        return ['patrol', 'import', os.path.join(
            os.environ['XG_SOURCE'], 'tests/data/gps/haicom-305N.log')]

    def again(self, folder, state, result):
        for _ in range(2):
            r = self.act(folder, state, plain_environment(), None)
            need(r.code == 0, 'again: exit %d: %s', r.code, r.err)
            need(len(entities(folder)) == len(state['before']) + 1,
                 'not once')
        agent_sound(folder)


class Patrol(Agent):
    """An open patrol whose recorder has ended. Ending it, however often it
    was cut, makes the same number of records."""
    name = 'patrol-stop'
    recorded_s = 2.5

    def more(self, folder, state):
        gpsd = Gpsd()
        started = ask(folder, 'patrol', 'start', '--gpsd', gpsd.address,
                      '--every', '1')[0]
        time.sleep(self.recorded_s)
        os.kill(started['pid'], signal.SIGTERM)
        while ask(folder, 'status')[0]['patrol']['running']:
            time.sleep(0.05)
        state['id'] = started['id']

    def prepare(self, folder):
        state = super().prepare(folder)
        state['records'] = None
        return state

    def words(self, state):
        return ['patrol', 'stop', '--last-fix']

    def changes(self, now, state):
        return (state['id'],)

    def is_open(self, folder):
        return ask(folder, 'status')[0]['patrol'] is not None

    def verify(self, folder, state, result):
        super().verify(folder, state, result)
        records = entities(folder)[state['id']]['records']
        if state['records'] is None:  # the run without a fault
            state['records'] = records
        before = state['before'][state['id']]['records']
        need(records in (before, state['records']), 'half of it: %d records',
             records)
        need(result.code != 0 or records == state['records'], 'said done')
        need(records != before or self.is_open(folder), 'the track is gone')

    def again(self, folder, state, result):
        if self.is_open(folder):
            r = self.act(folder, state, plain_environment(), None)
            saved = entities(folder)[state['id']]['records']
            need(r.code == 0 or (r.code == 3 and saved == state['records']),
                 'again: exit %d: %s', r.code, r.err)
        need(not self.is_open(folder), 'still open')
        need(entities(folder)[state['id']]['records'] == state['records'],
             'not once: %s', entities(folder)[state['id']])
        agent_sound(folder)


class Passphrase(Agent):
    """Either way in must be there, and all the records behind it."""
    name = 'passphrase-set'
    kinds = ('malloc', 'io', 'full', 'kill', 'kill-half', 'power')
    cost = 8  # Argon2id: fewer points in a sample

    def more(self, folder, state):
        capture(folder)

    def words(self, state):
        return ['passphrase', 'set']

    def act(self, folder, state, env, report):
        return xunge(folder, *self.words(state), '--json', env=env,
                     report=report, stdin=PASSPHRASE)

    def listing(self, folder, passphrase):
        more = ['--passphrase-fd', '0'] if passphrase else []
        return xunge(folder, 'list', '--all', '--json', *more,
                     stdin=PASSPHRASE)

    def verify(self, folder, state, result):
        r = self.listing(folder, False)
        locked = r.code == 6
        if locked:
            r = self.listing(folder, True)
        need(r.code == 0, 'no way in: exit %d: %s', r.code, r.err)
        now = {e['id']: e for e in steady(lines_of(r.out))}
        need(now == state['before'], 'not what was there')
        need(locked or result.code != 0, 'said to be set, and is open')

    def again(self, folder, state, result):
        r = xunge(folder, 'passphrase', 'set', '--json',
                  stdin=PASSPHRASE * 2)
        need(r.code == 0, 'again: %s', r.err)
        need(self.listing(folder, False).code == 6, 'open')
        need(self.listing(folder, True).code == 0, 'not to be opened')


CASES = [Capture(), CaptureMore(), Contact(), Set(), Note(), Attach(),
         Withdraw(), DraftSave(), DraftFinish(), DraftWrite(), DraftFinishAll(),
         DraftFinishLater(), Import(), PatrolImport(),
         Patrol(), Passphrase()]

if __name__ == '__main__':
    xgfault.main(CASES)
