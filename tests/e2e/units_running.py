#!/usr/bin/env python3
"""The units, run by systemd itself: installed as they are, in a machine of its
own (lib_machine.py). The server starts, comes back and is backed up; and what a
person recorded is brought by xunge-sync@, out of a vault that she opened, by a
service that sees no home but hers, writes nothing but her data, and starts no
program but its own.

XG_BUILD: what is installed, all of it built. Where no machine can be booted
there is nothing to run (exit 77).
"""
import json
import os
import pathlib
import re
import subprocess
import sys
import time
import unittest

import lib_machine
from lib_world import COMMUNITY, GRID, SOURCE, TERRITORY, wait_until

BUILD = pathlib.Path(os.environ.get('XG_BUILD', SOURCE / 'build'))
PEOPLE = {'li': 54321, 'wang': 54322}
DATA, HOME_DATA = '/var/lib/xunge-server', '.local/share/xunge'
PASSPHRASE = 'eight or more\n'
SYNC = 'xunge-sync@li.service'
MANAGER = 'org.freedesktop.NetworkManager'
POLICY = '''<!DOCTYPE busconfig PUBLIC
"-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
"http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><policy user="root"><allow own="%(m)s"/></policy>
<policy context="default"><allow send_destination="%(m)s"/></policy></busconfig>
''' % {'m': MANAGER}
WAIT_S = 60


def prepare(root):
    subprocess.run(['cmake', '--install', BUILD], check=True,
                   stdout=subprocess.DEVNULL,
                   env={**os.environ, 'DESTDIR': str(root)})
    (root / 'etc/default/xunge-server').write_text(
        'XUNGE_SERVER_OPTIONS="--listen 127.0.0.1:7443"\n'
        'XUNGE_BACKUP_KEEP=2\n')
    (root / 'etc/dbus-1/system.d/xunge-test.conf').write_text(POLICY)
    (root / 'srv/territory.csv').write_text(TERRITORY, encoding='utf-8')


class Installed(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.machine = m = lib_machine.Machine(PEOPLE, prepare)
        cls.addClassCleanup(m.close)
        m.put('wang', 'Documents/diary', b'hers alone\n', 0o644)
        m.put('li', '.ssh/id', b'a key\n', 0o600)
        m.put('li', 'notes', b'what else she has\n', 0o600)
        for name in ('f1-exif.jpg', 'f2-exif.jpg'):
            m.put('li', name, (SOURCE / 'tests/data/jpeg' / name).read_bytes(),
                  0o600)
        # As packaging/systemd/xunge-server.service says at its head.
        m.do('systemd-sysusers')
        m.do('systemd-tmpfiles', '--create', '--prefix=/var/lib/xunge-server',
             '--prefix=/var/backups')
        cls.server('init', '--origin', 'units.example', '--host', '127.0.0.1')
        cls.server('territory', 'import', '/srv/territory.csv')
        cls.server('worker', 'add', 'w1', '--name', '李娜', '--role', 'worker',
                   '--unit', GRID)
        m.do('systemctl', 'enable', '--now', 'xunge-server',
             'xunge-server-backup.timer')
        cls.li('enrol', json.loads(cls.server('code', 'w1', '--json'))['code'])
        cls.li('sync')
        cls.li('passphrase', 'set', stdin=PASSPHRASE)

    @classmethod
    def tearDownClass(cls):
        cls.li('lock')  # the keyring is the kernel's, and outlives the machine

    @classmethod
    def server(cls, *words):
        at = 2 if words[0] in ('territory', 'worker') else 1
        return cls.machine.do('runuser', '-u', 'xunge-server', '--',
                              'xunge-server', *words[:at], DATA, *words[at:])

    @classmethod
    def li(cls, *words, stdin=''):
        return cls.machine.do('xunge', '--lang', 'en', *words, who='li',
                              stdin=stdin)

    def one(self, *words):
        return json.loads(self.li(*words, '--json'))

    def unlock(self):
        self.li('unlock', stdin=PASSPHRASE)

    def start(self, unit=SYNC, more=None):
        """Its process, as the machine numbers it. more: a drop-in."""
        folder = '/run/systemd/system/%s.d' % unit

        def end():
            self.machine.do('systemctl', 'stop', unit)
            self.machine.do('rm', '-rf', folder)
            self.machine.do('systemctl', 'daemon-reload')
        self.addCleanup(end)
        if more:
            self.machine.do('mkdir', '-p', folder)
            self.machine.do('tee', folder + '/more.conf', stdin=more)
            self.machine.do('systemctl', 'daemon-reload')
        self.machine.do('systemctl', 'restart', unit)
        return int(self.machine.show(unit, 'MainPID'))

    def as_li(self, pid, code):
        """What she finds by way of a process of hers: in its mounts."""
        return json.loads(self.machine.do(
            'python3', '-c', 'import errno, json, os\nroot = "/proc/%d/root"\n'
            'def tried(what, *words):\n'
            '    try:\n        return what(*words) and None\n'
            '    except OSError as e:\n        return errno.errorcode[e.errno]\n'
            'print(json.dumps(%s))' % (pid, code), who='li'))

    def mounts(self, pid):
        """{place: its options}, the uppermost of each."""
        text = self.machine.do('cat', '/proc/%d/mountinfo' % pid)
        return {line.split()[4]: set(line.split()[5].split(','))
                for line in text.splitlines()}

    # ---- the server's ----

    def test_the_server_comes_back(self):
        m = self.machine
        before = m.show('xunge-server', 'MainPID')
        m.do('kill', '-9', before)
        wait_until(lambda: m.show('xunge-server', 'MainPID') not in
                   ('0', before) and m.show('xunge-server', 'ActiveState') ==
                   'active', WAIT_S)
        m.do('curl', '-skf', 'https://127.0.0.1:7443/healthz')

    def test_it_is_backed_up(self):
        m = self.machine
        self.assertEqual(m.show('xunge-server-backup.timer', 'ActiveState'),
                         'active')
        due = m.show('xunge-server-backup.timer', 'NextElapseUSecRealtime')
        self.assertRegex(due, r' 0[23]:\d\d:')
        for most in (1, 2, 2):
            code, said = m.try_('systemctl', 'start', 'xunge-server-backup')
            self.assertEqual(code, 0, said + m.journal('xunge-server-backup'))
            names = m.do('ls', '/var/backups/xunge-server').split()
            kept = [n for n in names if n.endswith('.db')]
            self.assertEqual(len(kept), most, names)
            time.sleep(1.1)  # another name

    def test_the_server_writes_and_starts_little(self):
        """What it can write it cannot start."""
        mounts = self.mounts(int(self.machine.show('xunge-server', 'MainPID')))
        for place in (DATA, '/tmp', '/var/tmp'):
            self.assertLessEqual({'rw', 'noexec'}, mounts[place], place)
        self.assertLessEqual({'ro', 'noexec'}, mounts['/'])

    # ---- her own ----

    def test_it_brings_what_she_recorded(self):
        self.li('lock')
        self.start()
        self.unlock()
        which = self.one('incident', 'category=fire', '--photo',
                         '/home/li/f1-exif.jpg')['id']
        self.li('lock')
        pid = self.start()
        wait_until(lambda: 'unlock' in self.machine.journal(SYNC), WAIT_S)
        self.assertEqual(int(self.machine.show(SYNC, 'MainPID')), pid)
        # Opened by another process of hers, in no session of the service's.
        self.unlock()
        self.assertEqual(self.one('show', which)['delivery'], 'waiting')
        self.start()
        wait_until(lambda: self.one('show', which)['delivery'] == 'received' and
                   self.one('status')['photos']['only_here'] == 0, WAIT_S)
        self.assertEqual(self.one('verify')['verdict'], 'good')
        self.server('check')

    def test_it_sees_her_home_alone_and_writes_her_data(self):
        self.unlock()
        pid = self.start()
        seen = self.as_li(pid, '''{
            "homes": os.listdir(root + "/home"),
            "root": os.listdir(root + "/root"),
            "sessions": os.listdir(root + "/run/user"),
            "key": tried(open, root + "/home/li/.ssh/id"),
            "notes": tried(open, root + "/home/li/notes", "a"),
            "home": tried(open, root + "/home/li/new", "w"),
            "homes_new": tried(open, root + "/home/new", "w"),
            "shared_memory": tried(os.listdir, root + "/dev/shm"),
            "data": tried(open, root + "/home/li/.local/share/xunge/new", "w")}''')
        self.assertEqual(seen, {
            'homes': ['li'], 'root': [], 'sessions': [], 'key': 'EACCES',
            'notes': 'EROFS', 'home': 'EROFS', 'homes_new': 'EROFS',
            'shared_memory': 'EACCES', 'data': None})
        self.machine.do('rm', '/home/li/%s/new' % HOME_DATA)
        mounts = self.mounts(pid)
        for place in ('/tmp', '/var/tmp', '/home/li/' + HOME_DATA):
            self.assertLessEqual({'rw', 'noexec'}, mounts[place], place)
        for place in ('/', '/home', '/home/li'):
            self.assertLessEqual({'ro', 'noexec'}, mounts[place], place)

    def test_it_shuts_itself_up(self):
        """Its unit lets it, and what it is for goes on: that the rest of the
        home is closed then is of unit/test_shut."""
        if not lib_machine.has_landlock():
            self.skipTest('this kernel has no Landlock')
        self.unlock()
        since = len(self.machine.journal(SYNC))
        self.start(SYNC, '[Service]\nExecStart=\n'
                   'ExecStart=%s sync --watch --every 1 --verbose\n' %
                   self.machine.do('which', 'xunge').split()[-1])
        said = wait_until(lambda: re.search(
            'sync.(shut|open)', self.machine.journal(SYNC)[since:]), WAIT_S)
        self.assertEqual(said[1], 'shut')
        which = self.one('incident', 'category=fire', 'address=东街')['id']
        wait_until(lambda: self.one('show', which)['delivery'] == 'received',
                   WAIT_S)

    def test_it_has_no_right(self):
        status = dict(line.split(':\t') for line in self.machine.do(
            'cat', '/proc/%d/status' % self.start()).splitlines())
        for of in ('CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb'):
            self.assertEqual(int(status[of], 16), 0, of)
        self.assertEqual(status['NoNewPrivs'], '1')
        self.assertEqual(status['Seccomp'], '2')
        self.assertEqual(set(status['Uid'].split()), {str(PEOPLE['li'])})

    def test_a_link_opens_nobody_else_s_folder(self):
        """The manager, which may enter any folder, follows a link that she
        made; what lies behind it must not be opened to her by that."""
        m, own = self.machine, '/home/li/' + HOME_DATA
        self.assertEqual(m.try_('cat', '/home/wang/Documents/diary',
                                who='li')[0], 1)
        m.do('mv', own, own + '.aside', who='li')
        m.do('ln', '-s', '/home/wang/Documents', own, who='li')
        self.addCleanup(lambda: (m.do('rm', own, who='li'),
                                 m.do('mv', own + '.aside', own, who='li')))
        # Xunge finds nothing there and ends; what stays shows what was opened.
        pid = self.start(SYNC, '[Service]\nExecStart=\n'
                         'ExecStart=/usr/bin/sleep 60\n'
                         'ExecPaths=/usr/bin/sleep\n')
        seen = self.as_li(pid, '{"diary": tried(open, root + "%s/diary"), '
                          '"homes": os.listdir(root + "/home")}' % own)
        self.assertIn(seen['diary'], ('ENOENT', 'EACCES'))
        self.assertEqual(seen['homes'], ['li'])

    def test_before_she_has_joined_it_waits(self):
        m, unit = self.machine, 'xunge-sync@wang.service'
        self.server('worker', 'add', 'w2', '--name', '王', '--role', 'worker',
                    '--unit', GRID)
        self.start(unit, '[Service]\nRestartSec=1\n')
        wait_until(lambda: int(m.show(unit, 'NRestarts')) > 1, WAIT_S)
        self.assertIn('xunge enrol', m.journal(unit))
        code = json.loads(self.server('code', 'w2', '--json'))['code']
        m.do('xunge', 'enrol', code, who='wang')

        def stays():
            before = m.show(unit, 'NRestarts')
            time.sleep(3)
            return m.show(unit, 'ActiveState') == 'active' and \
                m.show(unit, 'NRestarts') == before
        wait_until(stays, WAIT_S)

    def test_whether_bytes_cost_is_asked(self):
        """The system's bus is to be reached; NetworkManager has a word."""
        m = self.machine
        mock = subprocess.Popen(m.argv(
            ['/usr/bin/python3', '-m', 'dbusmock', '--system', '--template',
             'networkmanager']), stdout=subprocess.DEVNULL)
        self.addCleanup(lambda: (mock.terminate(), mock.wait(20)))

        def ask(*words):
            return m.try_('dbus-send', '--system', '--print-reply',
                          '--dest=' + MANAGER,
                          '/org/freedesktop/NetworkManager', *words)[0] == 0
        wait_until(lambda: ask('org.freedesktop.DBus.Peer.Ping'), WAIT_S)
        self.assertTrue(ask('org.freedesktop.DBus.Mock.AddProperty',
                            'string:' + MANAGER, 'string:Metered',
                            'variant:uint32:1'))
        self.unlock()
        which = self.one('incident', 'category=fire', '--photo',
                         '/home/li/f2-exif.jpg')['id']
        self.start()
        wait_until(lambda: self.one('show', which)['delivery'] == 'received',
                   WAIT_S)
        time.sleep(2)
        self.assertEqual(self.one('status')['photos']['only_here'], 1)


if __name__ == '__main__':
    reason = lib_machine.lacking()
    if reason:
        print('no machine can be booted here:', reason)
        sys.exit(77)
    lib_machine.apart()
    unittest.main(verbosity=2)
