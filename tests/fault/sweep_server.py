#!/usr/bin/env python3
"""Faults in the commands of xunge-server."""
import os
import sqlite3

import xgfault
from world import (SPARE, UNIT, Case, Serving, ask_server, capture, fill_inputs,
                   lines, make_base, server, server_sound, steady, sync)
from xgfault import need, plain_environment


def whole_lines(text):
    """The lines of JSON that came whole."""
    return lines('\n'.join(text.splitlines()[:None if text.endswith('\n')
                                             else -1]))


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


class Intake(Server):
    """A hotline's orders: each line by itself, and each once for ever."""
    name = 'intake'
    ORDERS = {'N-%d' % n: 'order %d' % n for n in range(4)}

    def prepare(self, folder):
        state = super().prepare(folder)
        with open(folder + '/in/orders.csv', 'w', encoding='utf-8') as f:
            f.write('no,what\n')
            f.writelines('%s,%s\n' % order for order in self.ORDERS.items())
        r = server(folder, 'worker', 'add', 'd1', '--name', 'D', '--role',
                   'dispatcher', '--unit', '371302')
        need(r.code == 0, 'worker add: %s', r.err)
        return state

    def words(self, folder):
        return ['intake', folder + '/in/orders.csv', 'category=fire', '--map',
                'no=external,what=description', '--map-name', 'hotline',
                '--as', 'd1', '--json']

    def taken(self, folder, state):
        """{description: id} of what came by it."""
        before = {e['id'] for e in state['list']}
        found = {}
        for line in ask_server(folder, 'list'):
            if line['id'] in before:
                before.remove(line['id'])
                continue
            shown, = ask_server(folder, 'show', line['id'])
            what = shown['fields']['description']
            need(what not in found, 'twice: %s', what)
            found[what] = line['id']
        need(not before, 'gone: %s', before)
        need(set(found) <= set(self.ORDERS.values()), 'odd: %s', found)
        return found

    def verify(self, folder, state, result):
        server_sound(folder)
        found = self.taken(folder, state)
        told = {line['id'] for line in whole_lines(result.out)
                if line.get('id')}
        need(told <= set(found.values()), 'told, and not there: %s', told)
        need(result.code != 0 or len(found) == len(self.ORDERS),
             'said done: %s', found)

    def again(self, folder, state, result):
        before = self.taken(folder, state)
        r = self.act(folder, state, plain_environment(), None)
        need(r.code == 0, 'again: exit %d: %s', r.code, r.out + r.err)
        after = self.taken(folder, state)
        need(len(after) == len(self.ORDERS), 'not all: %s', after)
        need(before.items() <= after.items(), 'taken anew: %s', after)
        server_sound(folder)


class OperatorLogin(Server):
    """A new login of somebody who has one: told in the log before it is given
    out."""
    name = 'operator-login'

    def prepare(self, folder):
        state = super().prepare(folder)
        for words, stdin in (
                (['operator', 'add', 'd1', '--name', 'D', '--role',
                  'dispatcher', '--unit', '371302'], ''),
                (['operator', 'key', 'd1', '--password-fd', '0'],
                 'a password\na password\n')):
            r = server(folder, *words, stdin=stdin)
            need(r.code == 0, '%s: %s', words, r.err)
        return state

    def words(self, folder):
        return ['operator', 'login', 'd1', '--why', 'forgot', '--json']

    def told(self, folder):
        return [a for a in ask_server(folder, 'accesses')
                if a['how'] == 'login']

    def verify(self, folder, state, result):
        super().verify(folder, state, result)
        given = ask_server(folder, 'operator', 'list')[0]['given']
        told = self.told(folder)
        need(told or not given, 'given, and not told')
        need(not result.out.count('"once"') or (told and given),
             'handed out, and not told')

    def done(self, folder):
        return bool(self.told(folder))


CASES = [Init(), Territory(), WorkerAdd(), Code(), Backup(), Rebuild(),
         Intake(), OperatorLogin()]

if __name__ == '__main__':
    xgfault.main(CASES)
