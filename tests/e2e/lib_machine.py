"""A machine with a systemd of its own, for tests of what is installed.

systemd-nspawn boots systemd as process 1 of a container: its files are those of
this machine, under a layer in memory that takes what is written, so nothing
here changes; it has a network of its own with only the loopback, control groups
of its own, and goes when its first process is killed. User ids and keyrings are
those of the kernel, as in any machine.

It takes root, mounts and control groups; lacking() says what is not to be had.
"""
import ctypes
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

BOOT_S, RUN_S, END_S = 60, 60, 20
GROUPS, KINDS = pathlib.Path('/sys/fs/cgroup'), ('', 'unified', 'systemd')
TARGET = 'xunge-test.target'


# A machine's kernel has them; what makes this one refuses what it does not know.
LANDLOCK = 'landlock_create_ruleset landlock_add_rule landlock_restrict_self'


def has_landlock():
    """The second version of it."""
    create_ruleset, version = 444, 1
    return ctypes.CDLL(None).syscall(create_ruleset, None, 0, version) >= 2


def apart():
    """This program again, with mounts and processes that end when it does,
    however it ends."""
    if os.environ.get('XG_APART'):
        return
    os.environ['XG_APART'] = str(os.getpid())
    os.execvp('unshare', ['unshare', '--mount', '--propagation', 'private',
                          '--pid', '--fork', '--kill-child', '--mount-proc',
                          sys.executable, *sys.argv])


def lacking():
    """What is not here, or None. Asked first, as it costs nothing."""
    if os.geteuid() != 0:
        return 'only root can boot a machine'
    for tool in ('systemd-nspawn', 'nsenter', 'unshare', 'setpriv',
                 'dbus-daemon'):
        if not shutil.which(tool):
            return 'there is no ' + tool
    if not any((GROUPS / kind / 'cgroup.controllers').exists() and
               os.access(GROUPS / kind, os.W_OK) for kind in KINDS):
        return 'control groups (version 2) cannot be made'
    said = subprocess.run(['unshare', '--mount', '--propagation', 'private',
                           'mount', '-t', 'tmpfs', 'none', '/mnt'],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return None if said.returncode == 0 else said.stdout.decode().strip()


class Machine:
    """people: {name: uid}. prepare(root) puts files in, before it boots."""

    def __init__(self, people, prepare):
        self.people, self.p, self.first = people, None, None
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix='xg-machine-'))
        self.root = self.folder / 'root'
        self.said = self.folder / 'said'
        self.group = 'xg-machine-' + os.environ['XG_APART']
        try:
            self.lay()
            for name, uid in people.items():
                self.person(name, uid)
            prepare(self.root)
            self.boot()
        except BaseException:
            self.close()
            raise

    def lay(self):
        def mount(*words):
            subprocess.run(['mount', *map(str, words)], check=True)
        mount('-t', 'tmpfs', 'none', self.folder)
        for name in ('root', 'upper', 'work'):
            (self.folder / name).mkdir()
        # Folders that are empty there: nobody's home, and of the units those
        # that come with systemd, of which none starts by itself.
        for name in ('home', 'root', 'etc/systemd/system'):
            upper = self.folder / 'upper' / name
            upper.mkdir(parents=True)
            os.setxattr(upper, 'trusted.overlay.opaque', b'y')
        mount('-t', 'overlay', '-o', 'lowerdir=/,upperdir=%s,workdir=%s' % (
            self.folder / 'upper', self.folder / 'work'), 'overlay', self.root)
        for folder in (self.root / 'usr/lib/systemd/system').glob('*.wants'):
            shutil.rmtree(folder)
        (self.root / 'etc/systemd/system' / TARGET).write_text(
            '[Unit]\nRequires=basic.target dbus.service '
            'systemd-journald.service\nAfter=basic.target dbus.service\n')

    def person(self, name, uid):
        with open(self.root / 'etc/passwd', 'a', encoding='utf-8') as file:
            file.write('%s:x:%d:%d::/home/%s:/bin/sh\n' % (name, uid, uid, name))
        with open(self.root / 'etc/group', 'a', encoding='utf-8') as file:
            file.write('%s:x:%d:\n' % (name, uid))
        self.put(name, '', mode=0o700)

    def put(self, owner, path, data=None, mode=0o755):
        """A file, or a folder and those above it, in somebody's home."""
        at, uid = self.root / 'home' / owner, self.people[owner]
        parts = pathlib.Path(path).parts
        for part in ('', *parts):
            at /= part
            if at.exists():
                continue
            if data is not None and part == parts[-1]:
                at.write_bytes(data)
            else:
                at.mkdir()
            os.chown(at, uid, uid)
        at.chmod(mode)
        return at

    # ---- it runs ----

    def grouped(self):
        """In the child: control groups of its own."""
        for kind in KINDS:
            top = GROUPS / kind
            if (top / 'cgroup.procs').exists():
                own = top / self.group
                own.mkdir(exist_ok=True)
                (own / 'cgroup.procs').write_text(str(os.getpid()))

    def boot(self):
        with open(self.said, 'wb') as said:
            self.p = subprocess.Popen(
                ['systemd-nspawn', '--quiet', '--directory=%s' % self.root,
                 '--machine=' + self.group, '--register=no', '--keep-unit',
                 '--link-journal=no',
                 '--system-call-filter=' + LANDLOCK, '--resolv-conf=off', '--timezone=off',
                 '--private-network', '--system-call-filter=@keyring',
                 '--console=pipe', '--boot', '--', '--unit=' + TARGET],
                stdin=subprocess.DEVNULL, stdout=said, stderr=said,
                preexec_fn=self.grouped,
                env={'PATH': os.environ['PATH'], 'LC_ALL': 'C.UTF-8',
                     'SYSTEMD_NSPAWN_UNIFIED_HIERARCHY': '1'})
        end = time.monotonic() + BOOT_S
        while time.monotonic() < end and self.p.poll() is None:
            self.first = self.find_first()
            if self.first and self.try_('systemctl', 'is-active', TARGET)[0] == 0:
                return
            time.sleep(0.1)
        raise OSError('it does not boot: ' + self.said.read_text()[-2000:])

    def find_first(self):
        """Its process 1, by the number that it has here."""
        for status in pathlib.Path('/proc').glob('[0-9]*/status'):
            try:
                lines = dict(line.split(':', 1) for line in
                             status.read_text().splitlines() if ':' in line)
            except OSError:
                continue  # it ended meanwhile
            if int(lines['PPid']) == self.p.pid and \
                    lines['NSpid'].split()[-1] == '1':
                return int(status.parent.name)
        return None

    def argv(self, words, who=None):
        person = ['setpriv', '--reuid', who, '--regid', who, '--init-groups'] \
            if who else []
        return ['nsenter', '-t', str(self.first), '-m', '-u', '-i', '-n', '-p',
                '--wd=/', '--', 'env', '-i', 'LC_ALL=C.UTF-8',
                'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:'
                '/sbin:/bin', 'HOME=/home/%s' % who if who else 'HOME=/root',
                *person, *map(str, words)]

    def try_(self, *words, who=None, stdin=''):
        """Exit status and all that was said."""
        r = subprocess.run(self.argv(words, who), input=stdin.encode(),
                           stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                           timeout=RUN_S)
        return r.returncode, r.stdout.decode()

    def do(self, *words, **more):
        code, said = self.try_(*words, **more)
        if code != 0:
            raise AssertionError('%s: exit %d\n%s' % (words, code, said))
        return said

    def show(self, unit, what):
        return self.do('systemctl', 'show', '-P', what, unit).strip()

    def journal(self, unit):
        return self.do('journalctl', '--no-pager', '-o', 'cat', '-u', unit)

    def close(self):
        """All that runs in its control group ends at once."""
        for kind in KINDS:
            switch = GROUPS / kind / self.group / 'cgroup.kill'
            if switch.exists():
                switch.write_text('1')
        if self.p:
            self.p.wait(END_S)
        for kind in KINDS:
            own = GROUPS / kind / self.group
            end = time.monotonic() + END_S
            while own.exists():
                try:
                    for folder, _, _ in os.walk(own, topdown=False):
                        os.rmdir(folder)
                except OSError:  # the last of them is still going
                    if time.monotonic() > end:
                        raise
                    time.sleep(0.1)
        for at in (self.root, self.folder):
            if os.path.ismount(at):
                subprocess.run(['umount', '-l', at], check=True)
        shutil.rmtree(self.folder)
