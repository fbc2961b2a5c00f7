#!/usr/bin/env python3
"""Faults in the commands of xunge-server."""
import os
import sqlite3

import xgfault
from world import (SPARE, UNIT, Case, Serving, ask_server, capture, fill_inputs,
                   make_base, server, server_sound, steady, sync)
from xgfault import need, plain_environment


class Server(Case):
    program = 'xunge-server'
    extra = SPARE

    def words(self, folder):
        raise NotImplementedError

    def prepare(self, folder):
        state = make_base(folder)
        with Serving(folder, state['port']) as s:
            need(s.ready, 'the server does not start')
            capture(folder)
            need(sync(folder).code == 0, 'sync')
        state['list'] = steady(ask_server(folder, 'list'))
        return state

    def act(self, folder, state, env, report):
        return server(folder, *self.words(folder), env=env, report=report)

    def done(self, folder):
        """Did it take effect?"""
        return True

    def verify(self, folder, state, result):
        server_sound(folder)
        need(steady(ask_server(folder, 'list')) == state['list'],
             'list differs')
        need(result.code != 0 or self.done(folder), 'said done, and is not')

    def again(self, folder, state, result):
        super().again(folder, state, result)
        self.verify(folder, state, result)
        need(self.done(folder), 'not done')


class Init(Server):
    name = 'server-init'
    litter = False  # the certificate is finished by `serve`

    def prepare(self, folder):
        fill_inputs(folder)

    def words(self, folder):
        return ['init', '--origin', 'fault.example', '--host', '127.0.0.1']

    def verify(self, folder, state, result):
        if result.code == 0:
            server_sound(folder)

    def again(self, folder, state, result):
        r = self.act(folder, state, plain_environment(), None)
        need(r.code == 0 or server(folder, 'check').code == 0,
             'can neither be made nor used: %s', r.err)
        server_sound(folder)


class Territory(Server):
    name = 'territory-import'

    def words(self, folder):
        return ['territory', 'import', folder + '/in/territory.csv',
                '--edition', 'second']


class WorkerAdd(Server):
    name = 'worker-add'

    def words(self, folder):
        return ['worker', 'add', 'w9', '--name', 'B', '--role', 'worker',
                '--unit', UNIT]

    def done(self, folder):
        found = [w for w in ask_server(folder, 'worker', 'list')
                 if w['code'] == 'w9']
        need(all(w['name'] == 'B' for w in found), 'half of it: %s', found)
        return len(found) == 1


class Code(Server):
    name = 'code'

    def words(self, folder):
        return ['code', 'w00000']


class Backup(Server):
    name = 'backup'

    def words(self, folder):
        return ['backup', folder + '/backup']

    def done(self, folder):
        if not os.path.exists(folder + '/backup'):
            return False
        db = sqlite3.connect('file:%s/backup?mode=ro' % folder, uri=True)
        try:
            found = db.execute('PRAGMA integrity_check').fetchall()
            tables = db.execute('SELECT count(*) FROM sqlite_schema')
            return found == [('ok',)] and tables.fetchone()[0] > 0
        except sqlite3.Error:
            return False
        finally:
            db.close()

    def again(self, folder, state, result):
        """A whole file that is there is not overwritten."""
        if self.done(folder):
            os.unlink(folder + '/backup')
        need(not os.path.exists(folder + '/backup'), 'half a backup')
        super().again(folder, state, result)


class Rebuild(Server):
    name = 'rebuild'

    def words(self, folder):
        return ['rebuild']


CASES = [Init(), Territory(), WorkerAdd(), Code(), Backup(), Rebuild()]

if __name__ == '__main__':
    xgfault.main(CASES)
