#!/usr/bin/env python3
"""Faults on a device while it writes and reads bundles: whatever is cut, what is
called received is at the server, a file that has its name is whole, and doing it
again finishes it."""
import os
import shutil

import xgfault
from sweep_sync import Link
from world import (Case, ask, capture, make_base, program,
                   server_sound)
from xgfault import lines_of, need, plain_environment, run


def bundle(folder, *words, env=None, report=None, home='/home'):
    argv = [program('xunge-bundle'), 'bundle', *words, '--home',
            folder + home, '--lang', 'en', '--json']
    return run(argv, env or plain_environment(), report)


def serve(folder, *words):
    argv = [program('xunge-server'), 'bundle', words[0], folder + '/server',
            *words[1:], '--lang', 'en', '--json']
    r = run(argv, plain_environment())
    need(r.code == 0, 'the server: exit %d: %s', r.code, r.out + r.err)
    return lines_of(r.out)


def unlink(path):
    if os.path.exists(path):
        os.unlink(path)


class OnDevice(Link):
    program = 'xunge-bundle'

    def exchange(self, folder):
        """To the server and back, without a fault; then all is received."""
        for name in ('up', 'down'):
            unlink(folder + '/' + name)
        r = bundle(folder, 'write', folder + '/up')
        need(r.code == 0, 'write again: exit %d: %s', r.code, r.out + r.err)
        serve(folder, 'read', folder + '/up', '--reply', folder + '/down')
        r = bundle(folder, 'read', folder + '/down')
        need(r.code == 0, 'read again: exit %d: %s', r.code, r.out + r.err)
        server_sound(folder)
        self.compare(folder, None, True)

    def compare(self, folder, state, all_received):
        super().compare(folder, state or self.state, all_received)

    def prepare(self, folder):
        self.state = super().prepare(folder)
        return self.state


class Write(OnDevice):
    name = 'bundle-write'

    def act(self, folder, state, env, report):
        return bundle(folder, 'write', folder + '/up', env=env, report=report)

    def verify(self, folder, state, result):
        super().verify(folder, state, result)
        there = os.path.exists(folder + '/up')
        need(there or result.code != 0, 'said to be written, and is not')
        if there:
            said = serve(folder, 'read', folder + '/up')[0]
            need(not said['cut'], 'has its name, and is cut: %s', said)

    def again(self, folder, state, result):
        self.exchange(folder)


class WriteSealed(Write):
    name = 'bundle-write-sealed'

    def act(self, folder, state, env, report):
        return bundle(folder, 'write', folder + '/up', '--seal', env=env,
                      report=report)


class Read(OnDevice):
    name = 'bundle-read'

    def prepare(self, folder):
        state = super().prepare(folder)
        r = bundle(folder, 'write', folder + '/up')
        need(r.code == 0, 'write: %s', r.err)
        serve(folder, 'read', folder + '/up', '--reply', folder + '/down')
        return state

    def act(self, folder, state, env, report):
        return bundle(folder, 'read', folder + '/down', env=env,
                      report=report)

    def again(self, folder, state, result):
        r = bundle(folder, 'read', folder + '/down')
        need(r.code == 0, 'again: exit %d: %s', r.code, r.out + r.err)
        self.compare(folder, state, True)
        self.exchange(folder)


class Rescue(Case):
    """The file, or nothing of that name."""
    name, program = 'rescue-write', 'xunge-bundle'

    def prepare(self, folder):
        state = make_base(folder)
        capture(folder, '--photo', folder + '/in/photo.jpg')
        return state

    def act(self, folder, state, env, report):
        return bundle(folder, 'write', folder + '/stick', '--rescue', env=env,
                      report=report)

    def verify(self, folder, state, result):
        there = os.path.exists(folder + '/stick')
        need(there or result.code != 0, 'said to be written, and is not')
        if there:
            self.unpack(folder)
        ask(folder, 'verify')

    def unpack(self, folder):
        shutil.rmtree(folder + '/new', ignore_errors=True)
        r = bundle(folder, 'read', folder + '/stick', home='/new')
        need(r.code == 0, 'unpack: exit %d: %s', r.code, r.out + r.err)
        need(lines_of(r.out)[0]['missing'] == 0, 'not whole: %s', r.out)

    def again(self, folder, state, result):
        unlink(folder + '/stick')
        r = super().again(folder, state, result)
        self.unpack(folder)
        return r


class RescueRead(Rescue):
    """The new home, whole, or none. (The loss of a folder's new name is not
    played: the folder is durable before, and its name is afterwards.)"""
    name = 'rescue-read'
    kinds = tuple(k for k in xgfault.KINDS
                  if k != 'power' and k not in xgfault.TWICE)
    litter = False  # HOME.part is left for the next try


    def prepare(self, folder):
        state = super().prepare(folder)
        r = bundle(folder, 'write', folder + '/stick', '--rescue')
        need(r.code == 0, 'write: %s', r.err)
        return state

    def act(self, folder, state, env, report):
        return bundle(folder, 'read', folder + '/stick', env=env,
                      report=report, home='/new')

    def verify(self, folder, state, result):
        there = os.path.exists(folder + '/new')
        need(there or result.code != 0, 'said to be there, and is not')
        if there:
            self.look(folder)

    def look(self, folder):
        """Its own key opens it: the other home's, here."""
        shutil.rmtree(folder + '/look', ignore_errors=True)
        shutil.copytree(folder + '/new', folder + '/look')
        shutil.copy(folder + '/home/vault.key', folder + '/look/vault.key')
        r = run([program('xunge'), 'verify', '--home', folder + '/look',
                 '--json'], plain_environment())
        need(r.code == 0, 'not sound: %s', r.out + r.err)

    def again(self, folder, state, result):
        shutil.rmtree(folder + '/new', ignore_errors=True)
        self.unpack(folder)
        self.look(folder)


CASES = [Write(), WriteSealed(), Read(), Rescue(), RescueRead()]

if __name__ == '__main__':
    xgfault.main(CASES)
