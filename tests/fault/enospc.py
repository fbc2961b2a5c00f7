#!/usr/bin/env python3
"""A disk that is really full: a small tmpfs, for the agent and the server.

Needs to mount: as root, or in a user namespace of its own. Where neither is
allowed it fails, unless XG_NO_ROOT is set; then it is skipped (77).
"""
import os
import shutil
import subprocess
import sys
import tempfile

from world import (Serving, agent_sound, ask, ask_server, capture, drafts,
                   entities, make_base, server_sound, xunge)
from xgfault import Failed, lines_of, need
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
        self.empty()
        with open(self.ballast, 'wb', buffering=0) as f:
            os.posix_fallocate(f.fileno(), 0, max(self.free() - room, 1))

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
                      ['incident', 'description=' + '草稿' * 400, '--draft']):
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
    for test in (agent, small_server):
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
