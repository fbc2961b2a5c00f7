#!/usr/bin/env python3
"""A disk that is really full: a small tmpfs, for the agent and the server.

Needs to mount: as root, or in a user namespace of its own. Where neither is
allowed it fails, unless XG_NO_ROOT is set; then it is skipped (77).
"""
import errno
import os
import shutil
import subprocess
import sys
import tempfile

from world import (Serving, agent_sound, ask, ask_server, capture, drafts,
                   entities, make_base, server_sound, xunge)
from xgfault import Failed, lines_of, need
import sweep_photos
import sweep_sync

SKIPPED = 77
DISK_MIB = 28
TRIES = 400


def inside(script=__file__):
    """The script again, in a mount namespace."""
    ways = (['unshare', '--mount'],
            ['unshare', '--map-root-user', '--mount'])
    for way in ways:
        probe = way + ['mount', '-t', 'tmpfs', 'none', '/mnt']
        if subprocess.run(probe, stderr=subprocess.DEVNULL,
                          check=False).returncode == 0:
            return subprocess.call(way + [sys.executable, script, 'inside'])
    if os.environ.get('XG_NO_ROOT'):
        print('skipped: neither root nor a user namespace, XG_NO_ROOT is set')
        return SKIPPED
    print('cannot mount a tmpfs, neither as root nor with unshare(1); '
          'set XG_NO_ROOT to go without this test')
    return 1


class Disk:
    """A tmpfs with a ballast that leaves as much room as is asked for."""

    def __init__(self, path, mib=DISK_MIB):
        self.path, self.ballast = path, path + '/ballast'
        os.mkdir(path)
        subprocess.run(['mount', '-t', 'tmpfs', '-o', 'size=%dm' % mib,
                        'none', path], check=True)

    def free(self):
        v = os.statvfs(self.path)
        return v.f_bavail * v.f_frsize

    def leave(self, room):
        """Who else writes there goes on meanwhile: what is free is asked again."""
        self.empty()
        with open(self.ballast, 'wb', buffering=0) as f:
            for _ in range(100):
                try:
                    os.posix_fallocate(f.fileno(), 0,
                                       max(self.free() - room, 1))
                    return
                except OSError as e:
                    if e.errno != errno.ENOSPC:
                        raise
        raise AssertionError('%s: never as full as asked for' % self.path)

    def empty(self):
        if os.path.exists(self.ballast):
            os.unlink(self.ballast)

    def close(self):
        subprocess.run(['umount', self.path], check=True)


def clear_text(r):
    words = r.err.lower()
    need(r.err.strip(), 'exit %d without a word', r.code)
    need('full' in words or 'space' in words, 'not clear: %s', r.err)


def capture_until_full(folder, saved, *more):
    """Ids of what was said to be saved are added to `saved`."""
    for _ in range(TRIES):
        r = xunge(folder, 'incident', 'category=fire',
                  'description=' + '楼道堆物' * 200, *more, '--json')
        if r.code != 0:
            need(r.code == 1, 'exit %d: %s', r.code, r.err)
            clear_text(r)
            return r
        saved.update(o['id'] for o in lines_of(r.out) if 'id' in o)
    raise Failed('%d captures on a full disk' % TRIES)


def same(folder, saved):
    there = set(entities(folder))
    need(there == saved, 'saved but not there: %s; there but not saved: %s',
         saved - there, there - saved)


def agent(disk, folder):
    os.mkdir(folder)
    make_base(folder)
    saved = set(entities(folder))
    photo = ['--photo', folder + '/in/photo.jpg']
    saved.add(capture(folder, *photo))
    with open(folder + '/in/photo.jpg', 'ab') as f:
        f.write(b'another')
    disk.leave(8 << 20)
    capture_until_full(folder, saved, *photo)  # what is left is for records
    same(folder, saved)
    saved.add(capture(folder))
    disk.empty()
    saved.add(capture(folder, *photo))
    one = min(saved)
    for room in (0, 4096, 20000, 70000, 200000, 600000, 1200000):
        disk.leave(room)
        capture_until_full(folder, saved)
        same(folder, saved)
        agent_sound(folder)
        for words in (['set', one, 'description=' + '东门' * 400],
                      ['import', folder + '/in/few.jsonl'],
                      ['incident', 'description=' + '草稿' * 400, '--draft'],
                      ['draft', 'write', 'incident', *photo,
                       'description=' + '没写完' * 400]):
            disk.leave(0)
            had, held = entities(folder), drafts(folder)
            r = xunge(folder, *words)
            if r.code == 0:
                saved |= set(entities(folder))
                continue
            clear_text(r)
            need(entities(folder) == had and drafts(folder) == held,
                 '%s: half-saved', words[0])
        disk.empty()
        saved.add(capture(folder))
        same(folder, saved)
    agent_sound(folder)
    print('agent: %d incidents said to be saved, and there' % len(saved))


def prepare_photos(disk):
    """A world beside the small disk, which holds the home and what a stick
    would: two photos at the server and let go of, two that are only here, a
    bundle to be read. Each photo has a name of its own in what is imported."""
    work = os.path.dirname(disk.path) + '/photos-beside'
    os.mkdir(work)
    state = make_base(work)
    state['photos'] = sweep_photos.make_photos(work)
    names = list(state['photos'].values())
    for name in names[1:]:
        capture(work, '--photo', work + name)
    sent = sweep_photos.OnShelf()
    sent.sync(work, state)
    sent.back_up(work, '/backup')
    sent.sync(work, state)
    ask(work, 'photos', 'free', '--all')
    for name in names[:1] + ['/in/photo.jpg']:
        capture(work, '--photo', work + name)
    shutil.move(work + '/home', disk.path + '/home')
    os.symlink(disk.path + '/home', work + '/home')
    os.mkdir(disk.path + '/stick')
    os.symlink(disk.path + '/stick', work + '/stick')
    state['mine'] = entities(work)
    state['sent'] = list(state['photos'])[-1]
    return work, state


def try_full(work, state):
    """Whatever fetches, writes or reads photos, on a disk without room: each
    does it, or says why not, and what was there is as it was."""
    stick = work + '/stick'
    yield lambda: xunge(work, 'photos', 'get', state['sent'], '--output',
                        stick + '/got.jpg', '--json')
    yield lambda: xunge(work, 'incident', 'category=fire', '--photo',
                        work + '/in/0.jpg', '--json')
    yield lambda: sweep_photos.bundle(work, 'write', stick + '/up')
    yield lambda: sweep_photos.bundle(work, 'read', work + '/down')
    yield lambda: xunge(work, 'photos', 'free', '--all', '--json')
    yield lambda: sweep_sync.link(work, 'sync', '--photos', 'all')


def photos(disk, _):
    """Photos fetched, attached, carried out and in, and sent, while the device
    has no room; then with room, all of it."""
    work, state = prepare_photos(disk)
    case = sweep_photos.OnShelf()
    r = sweep_photos.bundle(work, 'write', work + '/first')
    need(r.code == 0, 'write: %s', r.err)
    sweep_photos.serve(work, 'read', work + '/first', '--reply',
                       work + '/down')
    failed = done = 0
    for room in (0, 4096, 40000, 300000, 2000000, None):
        with Serving(work, state['port']) as s:
            need(s.ready, 'the server does not start')
            for act in try_full(work, state):
                had = set(entities(work))
                sweep_photos.unlink(work + '/stick/up')
                if room is not None:
                    disk.leave(room)
                else:
                    disk.empty()
                r = act()
                done += r.code == 0
                failed += r.code != 0
                if r.code != 0:
                    need(room is not None, 'room again: %s', r.out + r.err)
                    r.err += r.out
                    clear_text(r)
                disk.empty()
                need(had <= set(entities(work)), 'gone: %s', r.err)
                agent_sound(work)
                case.compare_photos(work, False)
    got = work + '/stick/got.jpg'
    need(sweep_photos.sha256_of(got) == state['sent'], 'another photo')
    left = [f for f in sweep_photos.files_below(disk.path)
            if f.endswith(('.tmp', '.part')) or '/fetch/' in f]
    need(not left, 'left behind: %s', left)
    server_sound(work)
    case.compare_photos(work, True)
    need(failed > 5, 'the disk was not full: %d failed', failed)
    print('photos: %d done, %d refused, none lost' % (done, failed))


def small_server(disk, _):
    """The data folder on the small disk, the home beside it."""
    work = os.path.dirname(disk.path) + '/beside'
    os.mkdir(work)
    state = make_base(work)
    shutil.move(work + '/server', disk.path + '/server')
    os.symlink(disk.path + '/server', work + '/server')
    for _ in range(3):
        capture(work)
        ask(work, 'import', work + '/in/few.jsonl')
    for room in (0, 4096, 20000, 60000):
        capture(work)
        state['mine'] = entities(work)
        with Serving(work, state['port']) as s:
            need(s.ready, 'the server does not start')
            disk.leave(room)
            r = sweep_sync.link(work, 'sync')
            need(r.code in (0, 1, 4), 'sync: exit %d: %s', r.code,
                 r.out + r.err)
            sure = {i for i, e in entities(work).items()
                    if e['delivery'] == 'received'}
            disk.empty()
            there = {e['id'] for e in
                     ask_server(work, 'list', '--limit', '1000')}
            need(sure <= there, 'never received: %s', sure - there)
            r = sweep_sync.link(work, 'sync')
            need(r.code == 0, 'room again: exit %d: %s', r.code,
                 r.out + r.err)
        need(s.code == 0, 'the server ended with %s: %s', s.code, s.err)
        server_sound(work)
        sweep_sync.SyncAgent().compare(work, state, True)
    print('server: %d incidents received, and there' % len(state['mine']))


def main():
    if 'inside' not in sys.argv:
        return inside()
    top = tempfile.mkdtemp(prefix='xgfull-')
    failed = 0
    os.mkdir(top + '/first')
    make_base(top + '/first')
    for test in (agent, photos, small_server):
        disk = Disk(top + '/' + test.__name__)
        try:
            test(disk, disk.path + '/world')
        except Failed as e:
            print('FAILED %s: %s' % (test.__name__, e))
            failed = 1
        disk.close()
    shutil.rmtree(top)
    return failed


if __name__ == '__main__':
    sys.exit(main())
