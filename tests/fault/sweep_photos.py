#!/usr/bin/env python3
"""Faults on the way of a photo: taken on the device, uploaded, backed up, let go
of, fetched again, carried in on a stick. After each, and in any order of what
follows, a photo that is proven lies at the server byte for byte, one that is let
go of is backed up too, a file that has a hash for a name is what it says, and
nothing that was given up on the way stays for ever.
"""
import hashlib
import os
import random
import time

import xgfault
from sweep_bundle import bundle, serve, unlink
from sweep_sync import Link, OnAgent, OnServer, link
from world import (PHOTO, SPARE, Serving, ask, ask_server, capture, entities,
                   make_base, program, server, server_sound, xunge)
from xgfault import (TWICE, Case, files_below, lines_of, need,
                     plain_environment, run)

SIZES = 40000, 250000, 1300000  # the last in several pieces, either way
UPLOAD_LIFE_S = 7 * 24 * 3600
HASH_HEX, ID_HEX = 64, 32


def is_hex(text, length):
    return len(text) == length and set(text) <= set('0123456789abcdef')


def sha256_of(path):
    with open(path, 'rb') as f:
        return hashlib.sha256(f.read()).hexdigest()


def make_photos(folder, sizes=SIZES):
    """Real JPEGs with a tail that makes them large and each its own: name of the
    file by hash."""
    with open(PHOTO, 'rb') as f:
        head = f.read()
    made = {}
    for i, size in enumerate(sizes):
        path = folder + '/in/%d.jpg' % i
        with open(path, 'wb') as f:
            f.write(head + random.Random(i).randbytes(size - len(head)))
        made[sha256_of(path)] = '/in/%d.jpg' % i
    return made


def blobs_true(folder):
    """What has a hash for a name is that: name and place of each."""
    there = {}
    for name in files_below(folder + '/blobs'):
        shard, _, own = name.rpartition('/')
        if is_hex(own, HASH_HEX):
            path = '%s/blobs/%s' % (folder, name)
            need(shard == own[:2], '%s lies in %s', own, shard)
            need(sha256_of(path) == own, '%s is something else', path)
            there[own] = path
    return there


def uploads_known(folder):
    """Of a server that has been started: each file belongs to an upload that it
    knows, and will remove."""
    names = set(os.listdir(folder + '/server/uploads'))
    for name in names:
        own = name.removesuffix('.about')
        need(is_hex(own, ID_HEX), 'uploads/%s: not an upload', name)
        need(own + '.about' in names, 'uploads/%s: nobody knows it', name)


def uploads_run_out(folder, state):
    """Eight days later: nothing is left of any of them."""
    long_ago = time.time() - UPLOAD_LIFE_S - 24 * 3600
    for name in os.listdir(folder + '/server/uploads'):
        os.utime(folder + '/server/uploads/' + name, (long_ago, long_ago))
    with Serving(folder, state['port']) as s:
        need(s.ready, 'the server does not start')
    left = os.listdir(folder + '/server/uploads')
    need(not left, 'stays in uploads: %s', left)


def places(shown, found):
    """place by photo, wherever they stand in what `show` says."""
    if isinstance(shown, dict):
        if 'place' in shown and 'sha256' in shown.get('value', {}):
            found[shown['value']['sha256']] = shown['place']
        shown = list(shown.values())
    for value in shown if isinstance(shown, list) else ():
        places(value, found)
    return found


def clear_when_full(result):
    """Not only that it failed, but of what."""
    if (result.kind or '').startswith('full') and result.code > 0:
        words = (result.out + result.err).lower()
        need('full' in words or 'space' in words, 'not clear: %s', words)


class WithPhotos:
    """Photos on a device, and what must hold of them wherever they are."""
    backup_name = '/backup'
    kinds = tuple(xgfault.KINDS)

    def make(self, folder):
        state = make_base(folder)
        state['photos'] = make_photos(folder)
        for name in state['photos'].values():
            capture(folder, '--photo', folder + name)
        state['mine'] = entities(folder)
        return state

    def sync(self, folder, state, *more):
        with Serving(folder, state['port']) as s:
            need(s.ready, 'the server does not start')
            r = link(folder, 'sync', *more)
            need(r.code == 0, 'sync: exit %d: %s', r.code, r.out + r.err)
        need(s.code == 0, 'the server ended with %s: %s', s.code, s.err)

    def back_up(self, folder, name):
        r = server(folder, 'backup', folder + name)
        need(r.code == 0, 'backup: exit %d: %s', r.code, r.out + r.err)

    def compare_photos(self, folder, all_proven):
        """No photo is lost, and nothing that is said of one is untrue."""
        there = blobs_true(folder + '/server')
        copied = blobs_true(folder + '/photos') \
            if os.path.exists(folder + '/photos/blobs') else {}
        found = {p['sha256']: p for p in ask(folder, 'photos')}
        shown = {}
        for i in entities(folder):
            places(ask(folder, 'show', i), shown)
        need(set(shown) == set(found), 'in one list only: %s',
             set(shown) ^ set(found))
        for sha256, p in found.items():
            need(p['here'] or (p['proven'] and p['backed_up']),
                 'let go of, and not safe: %s', p)
            need(p['proven'] or not all_proven, 'not proven: %s', p)
            need(not p['proven'] or sha256 in there, 'not there: %s', p)
            need(not p['backed_up'] or sha256 in copied,
                 'not in the backup: %s', p)
            need(shown[sha256] == p['place'],
                 '%s here, %s in show', p['place'], shown[sha256])
        return found

    def names_all(self, folder, state):
        found = self.compare_photos(folder, False)
        need(set(state['photos']) <= set(found), 'gone: %s',
             set(state['photos']) - set(found))
        return found


class Upload(WithPhotos):
    """The records are at the server; the photos are on their way."""
    cost = 2

    def prepare(self, folder):
        state = self.make(folder)
        self.sync(folder, state, '--photos', 'none')
        return state

    def words(self, state):
        return ['sync', '--photos', 'all']

    def verify(self, folder, state, result):
        super().verify(folder, state, result)
        self.names_all(folder, state)

    def again(self, folder, state, result):
        super().again(folder, state, result)
        uploads_known(folder)
        uploads_run_out(folder, state)
        need(set(state['photos']) <= set(blobs_true(folder + '/server')),
             'not all there')


class UploadServer(Upload, OnServer):
    name = 'upload-server'


class UploadAgent(Upload, OnAgent):
    name = 'upload-agent'


class BundleServer(WithPhotos, Link):
    """The stick is read at the centre."""
    name, program, extra = 'bundle-server', 'xunge-server', SPARE

    def prepare(self, folder):
        state = self.make(folder)
        r = bundle(folder, 'write', folder + '/up')
        need(r.code == 0, 'write: %s', r.err)
        return state

    def act(self, folder, state, env, report):
        argv = [program('xunge-server'), 'bundle', 'read', folder + '/server',
                folder + '/up', '--reply', folder + '/down', '--lang', 'en',
                '--json']
        return run(argv, env, report)

    def verify(self, folder, state, result):
        clear_when_full(result)
        super().verify(folder, state, result)
        if result.code == 0:
            need(set(state['photos']) <= set(blobs_true(folder + '/server')),
                 'said to be taken in: %s', result.out)
            self.take_answer(folder, state)

    def take_answer(self, folder, state):
        r = bundle(folder, 'read', folder + '/down')
        need(r.code == 0, 'answer: exit %d: %s', r.code, r.out + r.err)
        self.compare(folder, state, True)

    def again(self, folder, state, result):
        unlink(folder + '/down')
        serve(folder, 'read', folder + '/up', '--reply', folder + '/down')
        uploads_known(folder)
        server_sound(folder)
        self.take_answer(folder, state)
        uploads_run_out(folder, state)


class Backup(WithPhotos, Link):
    """What counts as backed up is in the folder, whole."""
    name, program, extra = 'backup-photos', 'xunge-server', SPARE

    def prepare(self, folder):
        state = self.make(folder)
        self.sync(folder, state)
        return state

    def act(self, folder, state, env, report):
        return server(folder, 'backup', folder + self.backup_name, env=env,
                      report=report)

    def verify(self, folder, state, result):
        clear_when_full(result)
        super().verify(folder, state, result)
        self.sync(folder, state)
        self.names_all(folder, state)

    def again(self, folder, state, result):
        unlink(folder + self.backup_name)
        self.back_up(folder, self.backup_name)
        self.sync(folder, state)
        r = ask(folder, 'photos', 'free', '--all')[0]
        need(r['freed'] == len(state['photos']), 'not backed up: %s', r)
        self.names_all(folder, state)


class OnShelf(WithPhotos, Link):
    """Uploaded, backed up, and the device knows."""
    program = 'xunge'
    freed = False

    def prepare(self, folder):
        state = self.make(folder)
        self.sync(folder, state)
        self.back_up(folder, '/backup')
        self.sync(folder, state)
        if self.freed:
            ask(folder, 'photos', 'free', '--all')
        return state

    def verify(self, folder, state, result):
        clear_when_full(result)
        super().verify(folder, state, result)
        self.names_all(folder, state)


class Free(OnShelf):
    name = 'photos-free'

    def act(self, folder, state, env, report):
        return xunge(folder, 'photos', 'free', '--all', '--json', env=env,
                     report=report)

    def verify(self, folder, state, result):
        super().verify(folder, state, result)
        if result.kind in TWICE:  # what was let go of may be here once more
            return
        here = {p['sha256'] for p in ask(folder, 'photos') if p['here']}
        need(result.code != 0 or not here, 'said to be let go of: %s', here)
        for said in lines_of(result.out):
            need('freed' not in said or
                 said['freed'] == len(state['photos']) - len(here),
                 '%s freed, and %d are here', said, len(here))

    def again(self, folder, state, result):
        ask(folder, 'photos', 'free', '--all')
        found = self.names_all(folder, state)
        need({p['place'] for p in found.values()} == {'let_go'},
             'not let go of: %s', found)
        with Serving(folder, state['port']) as s:
            need(s.ready, 'the server does not start')
            for sha256 in state['photos']:
                ask(folder, 'photos', 'get', sha256, '--output',
                    folder + '/got.jpg')
                need(sha256_of(folder + '/got.jpg') == sha256, 'another')


class Get(OnShelf):
    """One back, and out into a file."""
    name, program, freed = 'photos-get', 'xunge-sync', True

    def act(self, folder, state, env, report):
        with Serving(folder, state['port']) as s:
            need(s.ready, 'the server does not start')
            r = self.get(folder, state, env, report)
        need(s.code == 0, 'the server ended with %s: %s', s.code, s.err)
        return r

    def get(self, folder, state, env=None, report=None):
        return xunge(folder, 'photos', 'get', list(state['photos'])[-1],
                     '--output', folder + '/got.jpg', '--json', env=env,
                     report=report)

    def verify(self, folder, state, result):
        super().verify(folder, state, result)
        self.is_got(folder, state, result.code == 0)

    def is_got(self, folder, state, must):
        there = os.path.exists(folder + '/got.jpg')
        need(there or not must, 'said to be written, and is not')
        need(not there or sha256_of(folder + '/got.jpg') ==
             list(state['photos'])[-1], 'got.jpg is something else')

    def again(self, folder, state, result):
        with Serving(folder, state['port']) as s:
            need(s.ready, 'the server does not start')
            r = self.get(folder, state)
            need(r.code == 0, 'again: exit %d: %s', r.code, r.out + r.err)
        self.is_got(folder, state, True)
        self.names_all(folder, state)
        self.sync(folder, state)
        fetch = folder + '/home/photos/fetch'
        left = os.listdir(fetch) if os.path.exists(fetch) else []
        need(not left, 'pieces stay: %s', left)


class GetOut(Get):
    name, program = 'photos-get-out', 'xunge'


class Attach(WithPhotos, Link):
    """Photo, small picture, record: in this order. A record names nothing that
    is not there, and a second try leaves nothing of the first."""
    name, program = 'attach', 'xunge'

    def prepare(self, folder):
        state = make_base(folder)
        state['photos'] = make_photos(folder, SIZES[:2])
        state['mine'] = entities(folder)
        return state

    def act(self, folder, state, env, report):
        words = [w for name in state['photos'].values()
                 for w in ('--photo', folder + name)]
        return xunge(folder, 'incident', 'category=fire', 'description=火',
                     *words, '--json', env=env, report=report)

    def on_shelf(self, folder):
        return {name[-HASH_HEX:] for name in files_below(folder + '/home/photos')
                if is_hex(name[-HASH_HEX:], HASH_HEX)}

    def verify(self, folder, state, result):
        clear_when_full(result)
        super().verify(folder, state, result)
        new = set(entities(folder)) - set(state['mine'])
        need(result.code != 0 or new, 'said to be saved, and is not')
        need(len(new) <= 1 + (result.kind in TWICE), 'several: %s', new)
        shelf = self.on_shelf(folder)
        for i in new:
            named = set()
            hashes(ask(folder, 'show', i), named)
            need(set(state['photos']) <= named, 'without its photos')
            need(named <= shelf, 'names what is not here: %s', named - shelf)

    def again(self, folder, state, result):
        r = self.act(folder, state, plain_environment(), None)
        need(r.code == 0, 'again: exit %d: %s', r.code, r.err)
        named = set()
        for i in set(entities(folder)) - set(state['mine']):
            hashes(ask(folder, 'show', i), named)
        need(self.on_shelf(folder) == named, 'not of any record: %s',
             self.on_shelf(folder) ^ named)
        self.sync(folder, state)
        self.compare(folder, state, True)
        need(named <= set(blobs_true(folder + '/server')),
             'a small picture is not there')


class Centre(Case):
    """A photo that somebody brings to the centre. What a record names is kept,
    whenever the server ended and however late it is looked at; what none does
    goes after a day, and leaves nothing."""
    program, extra, kinds = 'xunge-server', SPARE, tuple(xgfault.KINDS)
    DAY_S = 24 * 3600

    def prepare(self, folder):
        state = make_base(folder)
        with Serving(folder, state['port']) as s:
            need(s.ready, 'the server does not start')
            state['id'] = capture(folder)
            need(link(folder, 'sync').code == 0, 'sync')
        r = server(folder, 'worker', 'add', 'd1', '--name', 'D', '--role',
                   'dispatcher', '--unit', '371302')
        need(r.code == 0, 'worker add: %s', r.err)
        state['photos'] = make_photos(folder, SIZES[1:2])
        state['sha256'], = state['photos']
        return state

    def add(self, folder, state, env=None, report=None):
        return server(folder, 'photo', 'add',
                      folder + state['photos'][state['sha256']], '--json',
                      env=env, report=report)

    def note(self, folder, state, env=None, report=None):
        return server(folder, 'note', state['id'], '处置后', '--photo',
                      state['sha256'] + ':after', '--as', 'd1', '--json',
                      env=env, report=report)

    def staged_true(self, folder):
        """Of a server that was opened: each file is of one whose facts are
        known, and is what its name says."""
        names = set(os.listdir(folder + '/server/staged'))
        for name in names:
            own = name.partition('.')[0]
            need(is_hex(own, HASH_HEX), 'staged/%s: not a photo', name)
            need(own + '.about' in names, 'staged/%s: nobody knows it', name)
            need(name != own or
                 sha256_of(folder + '/server/staged/' + own) == own,
                 'staged/%s is something else', own)
        return names

    def named(self, folder, state):
        """By which hashes the record names the photo; none: no record does."""
        found = set()
        r = server(folder, 'show', state['id'], '--json')
        need(r.code == 0, 'show: %s', r.err)
        hashes(lines_of(r.out)[0].get('sets', {}), found)
        return found

    def a_day_later(self, folder, state):
        """Whatever was staged is old, and the next one brought sweeps."""
        long_ago = time.time() - self.DAY_S - 60
        for name in os.listdir(folder + '/server/staged'):
            os.utime(folder + '/server/staged/' + name, (long_ago, long_ago))
        r = server(folder, 'photo', 'add', PHOTO)
        need(r.code == 0, 'another: %s', r.err)
        return {name for name in self.staged_true(folder)
                if name.startswith(state['sha256'])}

    def held(self, folder, state):
        photos = ask_server(folder, 'photo', 'list', state['id'])[0]['photos']
        return {(p['place'], p['thumbnail']) for p in photos}

    def verify(self, folder, state, result):
        clear_when_full(result)
        server_sound(folder)
        self.staged_true(folder)
        named = self.named(folder, state)
        left = self.a_day_later(folder, state)
        need(not left, 'stays: %s', left)
        there = set(blobs_true(folder + '/server'))
        need(named <= there, 'named and swept: %s', named - there)
        need(named or state['sha256'] not in there, 'of nobody')
        if named:
            need(self.held(folder, state) == {('server', 'server')},
                 'not held')
        server_sound(folder)

    def again(self, folder, state, result):
        for step in self.add, self.note:
            r = step(folder, state)
            need(r.code == 0, 'again: exit %d: %s', r.code, r.out + r.err)
        need(self.held(folder, state) == {('server', 'server')}, 'not held')
        self.verify(folder, state, result)


class CentreAdd(Centre):
    name = 'centre-add'

    def act(self, folder, state, env, report):
        return self.add(folder, state, env, report)

    def verify(self, folder, state, result):
        if result.code == 0:
            need(state['sha256'] + '.about' in self.staged_true(folder),
                 'not staged')
        super().verify(folder, state, result)


class CentreName(Centre):
    """The record, its name, the word of the log."""
    name = 'centre-name'

    def prepare(self, folder):
        state = super().prepare(folder)
        need(self.add(folder, state).code == 0, 'add')
        return state

    def act(self, folder, state, env, report):
        return self.note(folder, state, env, report)

    def verify(self, folder, state, result):
        need(result.code != 0 or self.named(folder, state),
             'said to be done, and no record names it')
        super().verify(folder, state, result)


def hashes(shown, found):
    """Every SHA-256 in what `show` says of photos."""
    if isinstance(shown, dict):
        found.update(v for k, v in shown.items() if k in
                     ('photo', 'sha256', 'thumbnail') and isinstance(v, str)
                     and is_hex(v, HASH_HEX))
        shown = list(shown.values())
    for value in shown if isinstance(shown, list) else ():
        hashes(value, found)


CASES = [UploadServer(), UploadAgent(), BundleServer(), Backup(), Free(),
         Get(), GetOut(), Attach(), CentreAdd(), CentreName()]

if __name__ == '__main__':
    xgfault.main(CASES)
