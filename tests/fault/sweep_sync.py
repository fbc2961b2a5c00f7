#!/usr/bin/env python3
"""Faults on either side while a device enrols and syncs."""
import os

import xgfault
from world import (SPARE, Case, Serving, agent_sound, ask, ask_server, capture,
                   entities, make_base, program, server_sound, steady,
                   xunge)
from xgfault import Result, need, plain_environment, read_report, run


def link(folder, *words, env=None, report=None):
    argv = [program('xunge-sync'), *words, '--home', folder + '/home',
            '--lang', 'en', '--json', '--max-time', '0']
    return run(argv, env or plain_environment(), report)


def served(folder):
    return {e['id']: e for e in
            steady(ask_server(folder, 'list', '--limit', '1000'))}


class Link(Case):
    enrolled = True

    def prepare(self, folder):
        state = make_base(folder, self.enrolled)
        if self.enrolled:
            self.record(folder)
            state['mine'] = entities(folder)
        return state

    def record(self, folder):
        capture(folder, '--photo', folder + '/in/photo.jpg')
        changed = capture(folder)
        ask(folder, 'set', changed, 'address=东门')
        ask(folder, 'import', folder + '/in/few.jsonl')

    def words(self, state):
        return ['sync'] if self.enrolled else ['enrol', state['code']]

    def link(self, folder, state, env=None, report=None):
        return link(folder, *self.words(state), env=env, report=report)

    def verify(self, folder, state, result):
        server_sound(folder)
        if self.enrolled:
            self.compare(folder, state, False)

    def compare(self, folder, state, all_received):
        """What the device calls received is there, and once."""
        agent_sound(folder)
        here, there = entities(folder), served(folder)
        need(set(state['mine']) <= set(here), 'gone from the device: %s',
             set(state['mine']) - set(here))
        for i, line in here.items():
            if line['delivery'] == 'received':
                need(i in there, '%s is not received', i)
                need(there[i]['records'] == line['records'],
                     '%s: %d records here, %d there', i, line['records'],
                     there[i]['records'])
            else:
                need(not all_received, '%s is only %s', i, line['delivery'])
        self.compare_photos(folder, all_received)

    def compare_photos(self, folder, all_proven):
        """What is proven is there; nothing was let go of, nothing is lost."""
        for p in ask(folder, 'photos'):
            need(p['here'], 'photo %s is gone', p['sha256'])
            if p['proven']:
                blob = os.path.join(folder, 'server', 'blobs', p['sha256'][:2],
                                    p['sha256'])
                need(os.path.exists(blob), '%s is not there', p['sha256'])
            else:
                need(not all_proven, 'photo %s is only here', p['sha256'])

    def again(self, folder, state, result):
        with Serving(folder, state['port']) as s:
            need(s.ready, 'the server does not start again')
            if not self.enrolled:
                self.enrol_again(folder, state)
            for _ in range(2):
                r = link(folder, 'sync')
                need(r.code == 0, 'again: exit %d: %s', r.code, r.out + r.err)
        need(s.code == 0, 'the server ended with %s: %s', s.code, s.err)
        server_sound(folder)
        if self.enrolled:
            self.compare(folder, state, True)
        else:
            need(len(ask_server(folder, 'device', 'list')) == 2,
                 'not one device: %s', ask_server(folder, 'device', 'list'))

    def enrol_again(self, folder, state):
        """The same code, unless it was all done."""
        r = xunge(folder, 'status', '--json')
        if r.code == 0 and self.device(folder):
            return
        r = self.link(folder, state)
        need(r.code == 0, 'enrol again: exit %d: %s', r.code, r.out + r.err)

    def device(self, folder):
        return ask(folder, 'status')[0].get('device')


class OnAgent(Link):
    program = 'xunge-sync'

    def act(self, folder, state, env, report):
        with Serving(folder, state['port']) as s:
            need(s.ready, 'the server does not start')
            r = self.link(folder, state, env, report)
        need(s.code == 0, 'the server ended with %s: %s', s.code, s.err)
        return r


class OnServer(Link):
    program = 'xunge-server'
    extra = SPARE

    def act(self, folder, state, env, report):
        with Serving(folder, state['port'], env) as s:
            if s.ready:
                self.link(folder, state)
        need(s.code != 'hung', 'the server does not end: %s', s.err)
        return Result(s.code, '', s.err, read_report(report) if report else [])


class SyncAgent(OnAgent):
    name, cost = 'sync-agent', 4


class SyncServer(OnServer):
    name, cost = 'sync-server', 4


class EnrolAgent(OnAgent):
    name, enrolled, cost = 'enrol-agent', False, 4


class EnrolServer(OnServer):
    name, enrolled, cost = 'enrol-server', False, 4


CASES = [SyncAgent(), SyncServer(), EnrolAgent(), EnrolServer()]

if __name__ == '__main__':
    xgfault.main(CASES)
