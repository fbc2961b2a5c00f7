#!/usr/bin/env python3
"""Faults in what signs, what erases, what restores and what witnesses."""
import json
import os
import shutil
import sqlite3

import xgfault
from world import (SPARE, UNIT, WORKER, Case, Serving, agent_sound, ask,
                   ask_server, capture, fill_inputs, lines, make_base,
                   program, server, server_sound, sync, xunge)
from xgfault import (Result, files_below, need, plain_environment,
                     read_report, run)

LOG, WITNESSED = 'fault.example', 'log.example'
PASSWORD = 'correct horse battery\n'
PIN = '471108\n'
SECRET = '不可外传的姓名'
GROUND = '个人信息保护法第47条'


def tool(*words, env=None, report=None):
    """xunge-server, where no data folder is FOLDER/server."""
    return run([program('xunge-server'), *words, '--lang', 'en'],
               env or plain_environment(), report)


def sure(result):
    need(result.code == 0, 'exit %d: %s', result.code, result.err)
    return result


def rows(path, query):
    db = sqlite3.connect('file:%s?mode=ro' % path, uri=True)
    try:
        return db.execute(query).fetchall()
    finally:
        db.close()


class Command(Case):
    """One command of the server: done or not done, and then again."""
    program = 'xunge-server'
    extra = SPARE

    def words(self, state):
        raise NotImplementedError

    def act(self, folder, state, env, report):
        words = [w.replace('FOLDER', folder) for w in self.words(state)]
        return server(folder, *words, env=env, report=report)

    def done(self, folder, state):
        """Did it take effect? Half of it is a failure."""
        raise NotImplementedError

    def verify(self, folder, state, result):
        server_sound(folder)
        need(self.done(folder, state) or result.code != 0,
             'said done, and is not')

    def again(self, folder, state, result):
        if not self.done(folder, state):
            super().again(folder, state, result)
        server_sound(folder)
        need(self.done(folder, state), 'not done')


class Accept(Command):
    """A note that the registrar signed on her machine: all of it counts, or
    all of it waits."""
    name = 'registry-accept'

    def prepare(self, folder):
        fill_inputs(folder)
        os.mkdir(folder + '/hers')
        key = folder + '/hers/key'
        sure(tool('registry', 'keygen', key, '--origin', LOG))
        with open(key + '.pub', encoding='ascii') as f:
            sure(server(folder, 'init', '--origin', LOG, '--host',
                        '127.0.0.1', '--registrar', f.read().strip()))
        sure(server(folder, 'territory', 'import',
                    folder + '/in/territory.csv'))
        for code in (WORKER, 'w9'):
            sure(server(folder, 'worker', 'add', code, '--name', 'A',
                        '--role', 'worker', '--unit', UNIT))
        sure(server(folder, 'registry', 'request', folder + '/request'))
        sure(tool('registry', 'sign', folder + '/request', '--key', key,
                  '--state', folder + '/hers/state', '--yes'))
        return self.seen(folder)

    @staticmethod
    def seen(folder):
        told = ask_server(folder, 'registry', 'list')
        return {'waits': sum('waits' in line for line in told),
                'notes': sum('number' in line for line in told
                             if 'waits' not in line)}

    def words(self, state):
        return ['registry', 'accept', 'FOLDER/request.signed']

    def done(self, folder, state):
        now = self.seen(folder)
        need(now['waits'] in (0, state['waits']), 'half of it: %s', now)
        need((now['waits'] == 0) == (now['notes'] > state['notes']),
             'what waited is not what counts: %s', now)
        return now['waits'] == 0


class Redact(Command):
    """Told and erased, or neither; once told, no file keeps the name."""
    name = 'redact'

    def prepare(self, folder):
        state = make_base(folder)
        sure(server(folder, 'worker', 'add', 'sv', '--name', 'S', '--role',
                    'supervisor', '--unit', '371302'))
        with Serving(folder, state['port']) as s:
            need(s.ready, 'the server does not start')
            r = sure(xunge(folder, 'contact', 'name=' + SECRET,
                           'phone=13905390001', '--json'))
            state['which'] = lines(r.out)[0]['id']
            need(sync(folder).code == 0, 'sync')
        # The device keeps its own copy, until it syncs again.
        shutil.rmtree(folder + '/home')
        return state

    def words(self, state):
        return ['redact', state['which'], '--ground', GROUND, '--as', 'sv',
                '--yes']

    def done(self, folder, state):
        shown = json.dumps(ask_server(folder, 'show', state['which'], '--as',
                                      'sv', '--why', 'sweep'),
                           ensure_ascii=False)
        told = GROUND in shown
        need((SECRET in shown) != told, 'neither or both: %s', shown)
        if told:
            self.erased(folder)
        return told

    @staticmethod
    def erased(folder):
        for name in files_below(folder):
            path = os.path.join(folder, name)
            if os.path.isfile(path):
                with open(path, 'rb') as f:
                    need(SECRET.encode() not in f.read(),
                         'erased, and still in %s', name)


class Restore(Case):
    """A backup becomes a new folder whose log follows the lost one."""
    name, cost = 'restore', 2
    program = 'xunge-server'
    extra = SPARE

    def prepare(self, folder):
        state = make_base(folder)
        with Serving(folder, state['port']) as s:
            need(s.ready, 'the server does not start')
            capture(folder, '--photo', folder + '/in/photo.jpg')
            need(sync(folder).code == 0, 'sync')
        state['list'] = ask_server(folder, 'list')
        sure(server(folder, 'backup', folder + '/backup', '--photos',
                    folder + '/photos'))
        shutil.copy(folder + '/server/registrar.key', folder + '/registrar')
        shutil.rmtree(folder + '/server')
        return state

    def act(self, folder, state, env, report):
        return tool('restore', folder + '/backup', folder + '/server',
                    '--registrar-key', folder + '/registrar', '--photos',
                    folder + '/photos', '--json', env=env, report=report)

    @staticmethod
    def usable(folder):
        return (os.path.exists(folder + '/server') and
                server(folder, 'check').code == 0)

    def verify(self, folder, state, result):
        if result.code == 0:
            server_sound(folder)
        if self.usable(folder):
            self.whole(folder, state)

    @staticmethod
    def whole(folder, state):
        there = {e['id']: e['records'] for e in ask_server(folder, 'list')}
        was = {e['id']: e['records'] for e in state['list']}
        need(there == was, 'restored is %s, was %s', there, was)
        notes = [bytes(n) for n, in rows(folder + '/server/server.db',
                                         'SELECT note FROM entry')]
        said = sum(b'xunge/successor/v1' in n for n in notes)
        need(said == 1, '%d successor notes', said)
        blobs = [n for n in files_below(folder + '/server/blobs')
                 if len(os.path.basename(n)) == 64]
        need(blobs, 'the photo is not restored')

    def again(self, folder, state, result):
        if not self.usable(folder):
            super().again(folder, state, result)
        server_sound(folder)
        self.whole(folder, state)


class OperatorKey(Command):
    """Set, or not set: what the password opens signs."""
    name, cost = 'operator-key', 8  # Argon2id
    kinds = ('malloc', 'io', 'full', 'kill', 'kill-half', 'power')

    def prepare(self, folder):
        state = make_base(folder)
        sure(server(folder, 'worker', 'add', 'sv', '--name', 'S', '--role',
                    'supervisor', '--unit', '371302'))
        return state

    def act(self, folder, state, env, report):
        return server(folder, 'operator', 'key', 'sv', '--password-fd', '0',
                      env=env, report=report, stdin=PASSWORD)

    def done(self, folder, state):
        """Stored first, then named: what is only stored is made again."""
        stored = rows(folder + '/server/server.db',
                      "SELECT 1 FROM operator_key WHERE code = 'sv'")
        named = any(said.startswith('worker sv signs with')
                    for line in ask_server(folder, 'registry', 'list')
                    for said in line['says'])
        need(stored or not named, 'a key is in force that nobody has')
        return named

    def again(self, folder, state, result):
        super().again(folder, state, result)
        r = server(folder, 'add', 'contact', 'name=N', '--as', 'sv', '--json',
                   '--password-fd', '0', stdin=PASSWORD)
        need(r.code == 0, 'the key does not sign: %s', r.err)
        shown = ask_server(folder, 'show', lines(r.out)[0]['id'], '--as', 'sv',
                           '--why', 'sweep', '--unsigned')[0]
        need(shown['created']['grade'] == 'proven', 'not proven: %s',
             shown['created'])


class Pin(Case):
    """A worker's own key on a shared device: there and usable, or not."""
    name, cost = 'pin-set', 8
    program = 'xunge'
    kinds = OperatorKey.kinds

    def prepare(self, folder):
        return make_base(folder)

    def act(self, folder, state, env, report):
        return xunge(folder, 'pin', 'set', '--pin-fd', '0', '--json', env=env,
                     report=report, stdin=PIN)

    @staticmethod
    def done(folder):
        return bool(ask(folder, 'pin', 'list'))

    def verify(self, folder, state, result):
        agent_sound(folder)
        need(self.done(folder) or result.code != 0, 'said done, and is not')

    def again(self, folder, state, result):
        if not self.done(folder):
            super().again(folder, state, result)
        r = xunge(folder, 'contact', 'name=N', '--pin-fd', '0', '--json',
                  stdin=PIN)
        need(r.code == 0, 'the PIN does not sign: %s', r.err)
        agent_sound(folder)
        with Serving(folder, state['port']) as s:
            need(s.ready, 'the server does not start')
            need(sync(folder).code == 0, 'sync: %s', folder)
        server_sound(folder)


class Witness(Case):
    """FOLDER/server witnesses FOLDER/log, and one of the two has a fault. What
    was cosigned the witness has not forgotten, and what the log counts as
    cosigned is not ahead of it: else it could cosign another history."""
    program = 'xunge-server'
    extra = SPARE
    cost = 2
    on_witness = True
    turn = 0

    def prepare(self, folder):
        state = make_base(folder)
        log = folder + '/log'
        sure(tool('init', log, '--origin', WITNESSED, '--host', '127.0.0.1'))
        key = lines(sure(tool('key', log, '--json')).out)[0]['log']
        mine = ask_server(folder, 'witness', 'key')[0]['key']
        pin = ask_server(folder, 'key')[0]['tls']
        sure(server(folder, 'witness', 'watch', key))
        with open(folder + '/policy', 'w', encoding='ascii') as f:
            f.write('log %s\nwitness w %s https://127.0.0.1:%d/#%s\n'
                    'quorum w\n' % (key, mine, state['port'], pin))
        sure(tool('witness', 'policy', log, folder + '/policy'))
        sure(tool('territory', 'import', log, folder + '/in/territory.csv'))
        with Serving(folder, state['port']) as s:
            need(s.ready, 'the server does not start')
            sure(self.ask(folder))
        self.grow(folder)
        return state

    @staticmethod
    def ask(folder, env=None, report=None):
        return tool('witness', 'ask', folder + '/log', '--json', env=env,
                    report=report)

    def grow(self, folder):
        self.turn += 1
        sure(tool('worker', 'add', folder + '/log', 'n%d' % self.turn,
                  '--name', 'N', '--role', 'worker', '--unit', UNIT))

    def act(self, folder, state, env, report):
        faulty = env if self.on_witness else None
        with Serving(folder, state['port'], faulty) as s:
            if not self.on_witness:
                need(s.ready, 'the server does not start')
                return self.ask(folder, env, report)
            if s.ready:
                self.ask(folder)
        need(s.code != 'hung', 'the server does not end: %s', s.err)
        return Result(s.code, '', s.err, read_report(report) if report else [])

    @staticmethod
    def sizes(folder):
        """(what the witness cosigned, what the log says that it did)"""
        told = [line for line in ask_server(folder, 'witness', 'list')
                if line.get('log') == WITNESSED]
        need(len(told) == 1, 'the witness forgot the log: %s', told)
        held = rows(folder + '/log/server.db', "SELECT content FROM document "
                    "WHERE name = 'cosigned'")
        counted = [int(bytes(note).decode().split('\n')[1])
                   for note, in held]
        need(len(counted) == 1, 'the log holds %d cosigned', len(counted))
        return told[0]['size'], counted[0]

    def verify(self, folder, state, result):
        server_sound(folder)
        sure(tool('check', folder + '/log'))
        cosigned, counted = self.sizes(folder)
        need(cosigned >= counted, 'cosigned %d, and remembers %d', counted,
             cosigned)

    def again(self, folder, state, result):
        self.grow(folder)
        before = self.sizes(folder)
        with Serving(folder, state['port']) as s:
            need(s.ready, 'the server does not start again')
            sure(self.ask(folder))
        self.verify(folder, state, result)
        need(self.sizes(folder) > before, 'nothing more is cosigned')


class WitnessServes(Witness):
    name = 'witness-cosigns'


class WitnessAsks(Witness):
    name, on_witness = 'witness-ask', False


CASES = [Accept(), Redact(), Restore(), OperatorKey(), Pin(), WitnessServes(),
         WitnessAsks()]

if __name__ == '__main__':
    xgfault.main(CASES)
