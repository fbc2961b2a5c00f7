"""The units of packaging/systemd: well-formed, closed, and the server runs under
what they allow.

Where these run there need be no systemd (units_running.py boots one, where it
can). So systemd's own tools judge the files (systemd-analyze, -sysusers,
-tmpfiles, offline), and the programs run under the same restrictions made by
hand: no capability, no new privileges, a read-only file system but for the data
folder, no /home, of our programs only those that ExecPaths= names, and the
unit's SystemCallFilter= as a seccomp filter that kills at the first other call,
where systemd's says no and a program may go on. The agent has the filter alone:
what is made by hand without root lies in a user namespace, where its vault stays
shut.
"""
import contextlib
import ctypes
import functools
import os
import pathlib
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
import unittest

from lib_world import GRID, Case, environment, need, wait_until
from lib_world import run as run_xunge

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / 'browser'))
import mbtiles  # noqa: E402  (it makes a map)

SOURCE = pathlib.Path(os.environ.get(
    'XG_SOURCE', pathlib.Path(__file__).resolve().parents[2]))
BIN = pathlib.Path(os.environ.get('XG_BIN', SOURCE / 'build/bin'))
UNITS = SOURCE / 'packaging/systemd'
NAMES = ('xunge-server.service', 'xunge-server-backup.service',
         'xunge-server-backup.timer', 'xunge-sync@.service')
EXPOSURE_MAX = 15  # tenths
WAIT_S = 60
KILL, ALLOW = 0x80000000, 0x7fff0000


def run(*argv, **more):
    return subprocess.run([str(a) for a in argv], text=True, timeout=WAIT_S,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          env={'PATH': os.environ['PATH'], 'LC_ALL': 'C.UTF-8',
                               **more})


def settings(unit, key):
    """All values of a key, in order."""
    return [line.split('=', 1)[1].strip()
            for line in (UNITS / unit).read_text().splitlines()
            if line.startswith(key + '=')]


@functools.cache
def group(name):
    """The calls of one of systemd's groups, and of the groups in it."""
    if not name.startswith('@'):
        return {name}
    lines = run('systemd-analyze', 'syscall-filter', name).stdout.splitlines()
    calls = {line.strip() for line in lines[1:]
             if line.startswith('    ') and not line.strip().startswith('#')}
    return set().union(*(group(c) if c.startswith('@') else {c}
                         for c in calls))


@functools.cache  # it asks systemd-analyze a dozen times
def allowed(unit):
    calls = group('@default')
    for value in settings(unit, 'SystemCallFilter'):
        words = value.lstrip('~').split()
        named = set().union(*(group(w) for w in words))
        calls = calls - named if value.startswith('~') else calls | named
    # What systemd itself needs to start the program stays allowed.
    return calls | {'execve', 'exit', 'exit_group', 'rt_sigreturn'}


def may_run(unit):
    """Our programs that the unit may start, as they lie here."""
    words = ' '.join(settings(unit, 'ExecPaths')).split()
    return [BIN / w.split('/')[1] for w in words if w.startswith('@')]


def confine(calls):
    """In the child, last thing before the program: what is not named kills."""
    lib = ctypes.CDLL('libseccomp.so.2', use_errno=True)
    lib.seccomp_init.restype = ctypes.c_void_p
    lib.seccomp_init.argtypes = [ctypes.c_uint32]
    lib.seccomp_rule_add.argtypes = [ctypes.c_void_p, ctypes.c_uint32,
                                     ctypes.c_int, ctypes.c_uint]
    lib.seccomp_load.argtypes = [ctypes.c_void_p]
    ctx = lib.seccomp_init(KILL)
    for call in calls:
        number = lib.seccomp_syscall_resolve_name(call.encode())
        if number >= 0:
            lib.seccomp_rule_add(ctx, ALLOW, number, 0)
    if lib.seccomp_load(ctx) != 0:
        raise OSError('seccomp_load')


class Place:
    """A folder with data, and running programs in it as a unit would."""

    def __init__(self):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix='xg-units-'))
        self.dir.chmod(0o755)
        self.data = self.dir / 'data'
        self.backups = self.dir / 'backups'
        self.backups.mkdir(mode=0o700)

    def clear(self):
        shutil.rmtree(self.dir)

    def argv(self, unit, *argv):
        calls = self.dir / (unit + '.calls')
        calls.write_text('\n'.join(sorted(allowed(unit))))
        exec_only = '' if not settings(unit, 'NoExecPaths') else '\n'.join(
            [f'mount --bind {BIN} {BIN}',
             f'mount -o remount,bind,ro,noexec {BIN}'] +
            [f'mount --bind {p} {p}; mount -o remount,bind,ro,exec {p}'
             for p in may_run(unit)])
        # A mount namespace of its own; then no right at all.
        script = f'''
            set -e
            mount --make-rprivate /
            {exec_only}
            mount --bind {self.dir} {self.dir}
            mount -o remount,bind,ro /
            mount -t tmpfs -o ro,mode=000 none /home
            exec setpriv --no-new-privs --bounding-set=-all --inh-caps=-all \
                "$@"'''
        return ['unshare', '--user', '--map-root-user', '--mount', '--ipc',
                'sh', '-c', script, 'sh',
                sys.executable, str(pathlib.Path(__file__).resolve()),
                '--confined', str(calls), *map(str, argv)]


class Units(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.place = Place()
        made = run(BIN / 'xunge-server', 'init', cls.place.data,
                   '--origin', 'units.example')
        assert made.returncode == 0, made.stdout
        cls.staged = cls.place.dir / 'staged'
        cls.staged.mkdir()
        for name in NAMES:
            text = (UNITS / name).read_text()
            text = text.replace('@bindir@', str(BIN))
            text = text.replace('@libexecdir@', str(UNITS))
            (cls.staged / name).write_text(text)

    @classmethod
    def tearDownClass(cls):
        cls.place.clear()

    def test_systemd_can_read_them(self):
        for name in NAMES:
            with self.subTest(name):
                said = run('systemd-analyze', '--man=no',
                           '--recursive-errors=no', 'verify',
                           self.staged / name)
                self.assertEqual(said.returncode, 0, said.stdout)
                self.assertNotIn(name, said.stdout)

    def test_services_are_closed(self):
        for name in NAMES:
            if not name.endswith('.service'):
                continue
            with self.subTest(name):
                said = run('systemd-analyze', 'security', '--offline=yes',
                           '--no-pager', f'--threshold={EXPOSURE_MAX}',
                           self.staged / name)
                level = re.search(r'level for \S+: ([0-9.]+)', said.stdout)
                self.assertTrue(level, said.stdout)
                print(name, 'exposure', level.group(1))
                self.assertEqual(said.returncode, 0, said.stdout)
                self.assertLessEqual(float(level.group(1)),
                                     EXPOSURE_MAX / 10)

    def test_user_and_folders_are_made(self):
        root = self.place.dir / 'root'
        (root / 'etc').mkdir(parents=True)
        said = run('systemd-sysusers', f'--root={root}',
                   UNITS / 'xunge-server.sysusers')
        self.assertEqual(said.returncode, 0, said.stdout)
        self.assertIn('xunge-server:', (root / 'etc/passwd').read_text())
        said = run('systemd-tmpfiles', f'--root={root}', '--create',
                   UNITS / 'xunge-server.tmpfiles')
        self.assertEqual(said.returncode, 0, said.stdout)
        for folder in ('var/lib/xunge-server', 'var/backups/xunge-server'):
            self.assertEqual((root / folder).stat().st_mode & 0o777, 0o700)

    def start(self, notify):
        """The server as the unit starts it, and what it says first."""
        server = subprocess.Popen(
            self.place.argv('xunge-server.service', BIN / 'xunge-server',
                            'serve', self.place.data,
                            '--listen', '127.0.0.1:0'),
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env={'PATH': os.environ['PATH'], 'LC_ALL': 'C.UTF-8',
                 'NOTIFY_SOCKET': str(notify)})
        ready = server.stdout.readline()
        if not ready.startswith('ready '):
            server.kill()
            self.fail(f'{ready}{server.stderr.read()}')
        return server, ready.split()[1]

    def test_the_server_runs_and_is_backed_up_under_them(self):
        notify = self.place.dir / 'notify'
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as told:
            told.bind(str(notify))
            told.settimeout(WAIT_S)
            server, url = self.start(notify)
            try:
                self.assertEqual(told.recv(64), b'READY=1')
                answer = run('curl', '-sk', '--max-time', '20',
                             url + '/healthz')
                self.assertEqual(answer.returncode, 0, answer.stdout)
                # Through the running server, as an operator does.
                said = run(BIN / 'xunge-server', 'worker', 'add',
                           self.place.data, 'w1', '--name', 'A', '--role',
                           'auditor', '--unit', 'x')
                self.assertIn('x', said.stdout)
                self.back_up()
            finally:
                server.send_signal(signal.SIGTERM)
                out, err = server.communicate(timeout=WAIT_S)
            self.assertEqual(server.returncode, 0, f'{out}{err}')
            self.assertEqual(told.recv(64), b'STOPPING=1')

    def back_up(self):
        for kept in (1, 1, 2):
            # Of a clock that was wrong: not the new one goes for it.
            (self.place.backups / 'server-20990101T000000Z.db').touch()
            before = set(self.place.backups.iterdir())
            said = run(*self.place.argv(
                'xunge-server-backup.service', UNITS / 'xunge-server-backup',
                BIN / 'xunge-server', self.place.data, self.place.backups),
                XUNGE_BACKUP_KEEP=str(kept))
            self.assertEqual(said.returncode, 0, said.stdout)
            subprocess.run(['sleep', '1.1'], check=True)  # another name
            names = list(self.place.backups.glob('server-*.db'))
            self.assertEqual(len(names), kept)
            self.assertTrue(set(names) - before)

    def test_what_the_server_runs_runs_under_its_unit(self):
        """Each program that its sources start, and no other of ours."""
        unit = 'xunge-server.service'
        started = set()
        for folder in ('server/cosign', 'server/desk', 'shared/photo',
                       'shared/map'):
            for path in (SOURCE / folder).glob('*.c'):
                started |= set(re.findall(
                    r'(?:PROGRAM(?:\[\] =)?|\.name =) "(xunge-\w+)"',
                    path.read_text()))
        started -= {'xunge-exif'}  # devices read EXIF, the server does not
        self.assertEqual({p.name for p in may_run(unit)},
                         started | {'xunge-server'})

        def fed(name, path, *words):
            with open(path, 'rb') as file:
                return subprocess.run(
                    self.place.argv(unit, BIN / name, *words), stdin=file,
                    capture_output=True, timeout=WAIT_S,
                    env={'PATH': os.environ['PATH'], 'LC_ALL': 'C.UTF-8'})
        table = self.place.dir / 'table.csv'
        table.write_text('a,b\n东门,2\n')
        said = fed('xunge-sheet', table, '')
        self.assertIn('"东门","2"', said.stdout.decode(), said)
        photo = SOURCE / 'tests/data/jpeg/f1-exif.jpg'
        said = fed('xunge-thumb', photo, '1')
        self.assertIn(b'\xff\xd8\xff', said.stdout[:64], said)
        map_ = self.place.dir / 'plain.mbtiles'
        mbtiles.make(map_, 35.06, 118.35, 14, 15)
        said = fed('xunge-map', map_, 'en')
        self.assertIn(b'"most_zoom":15', said.stdout, said)
        said = fed('xunge-witness', '/dev/null')
        self.assertIn(b'xunge-witness URL', said.stderr, said)
        said = fed('xunge', '/dev/null', 'version')
        self.assertIn(b'PermissionError', said.stderr, said)

    def test_a_thread_for_each_connection(self):
        """Fewer, and a crowd that the caps would hold keeps everybody out."""
        def number(path, name):
            return int(re.search(r'\b%s = (\d+)' % name,
                                 (SOURCE / path).read_text()).group(1))
        need = number('shared/web/web.h', 'XG_WEB_CONNECTIONS') + \
            number('server/console/console.h', 'CONSOLE_CONNECTIONS') + \
            2 * number('shared/web/gate.h', 'GATE_SPARE') + 64
        unit = 'xunge-server.service'
        self.assertGreaterEqual(int(settings(unit, 'TasksMax')[0]), need)
        self.assertGreaterEqual(int(settings(unit, 'LimitNOFILE')[0]), 2 * need)

    def test_the_nightly_backup_comes_first(self):
        """The server's own goes elsewhere, and has each photo once more: it is
        for where there is no timer."""
        timer = 'xunge-server-backup.timer'
        self.assertEqual(settings(timer, 'OnCalendar'), ['*-*-* 02:30:00'])
        self.assertEqual(settings(timer, 'FixedRandomDelay'), ['yes'])
        every = re.search(r'BACKUPS_EVERY_H = ([\d +]+),', (
            SOURCE / 'server/upkeep/backups.h').read_text()).group(1)
        self.assertGreaterEqual(sum(map(int, every.split('+'))), 25)

    def test_what_the_unit_forbids_kills(self):
        """The filter is one: mounting, tracing, raw sockets of a program."""
        for call in ('mount', 'ptrace', 'unshare', 'bpf', 'keyctl', 'reboot'):
            self.assertNotIn(call, allowed('xunge-server.service'))
        said = run(*self.place.argv('xunge-server.service', 'unshare', '-U',
                                    'true'))
        self.assertEqual(-said.returncode, signal.SIGSYS, said.stdout)

    def test_backups_refuse_what_they_cannot_mean(self):
        before = sorted(self.place.backups.iterdir())
        for keep in ('0', 'all', ''):
            said = run('sh', UNITS / 'xunge-server-backup',
                       BIN / 'xunge-server', self.place.data,
                       self.place.backups, XUNGE_BACKUP_KEEP=keep or '-')
            self.assertEqual(said.returncode, 2, said.stdout)
        said = run('sh', UNITS / 'xunge-server-backup', BIN / 'xunge-server',
                   self.place.dir / 'nowhere', self.place.backups)
        self.assertNotEqual(said.returncode, 0)
        self.assertEqual(sorted(self.place.backups.iterdir()), before)


class Agent(Case):
    WORKERS = [('wa', 'worker', GRID)]
    UNIT = 'xunge-sync@.service'
    PASSPHRASE = 'eight or more\n'

    def setUp(self):
        super().setUp()
        self.a.do('passphrase', 'set', stdin=self.PASSPHRASE)
        self.unlock()
        self.addCleanup(self.a.do, 'lock')
        self.calls = self.world.folder / 'calls'
        # SQLite of root gives its files back to their owner; a person's has
        # no need to.
        more = {'fchown'} if os.geteuid() == 0 else set()
        self.calls.write_text('\n'.join(sorted(allowed(self.UNIT) | more)))

    def unlock(self):
        self.a.do('unlock', stdin=self.PASSPHRASE)

    def confined(self, *argv):
        return [sys.executable, str(pathlib.Path(__file__).resolve()),
                '--confined', str(self.calls), *map(str, argv)]

    def test_it_syncs_under_its_unit(self):
        """As it is started, but oftener: it waits while the vault is locked,
        and goes on by itself; a photo, TLS and what comes down."""
        photo = SOURCE / 'tests/data/jpeg/f1-exif.jpg'
        which = self.a.incident('--photo', str(photo))
        start, = settings(self.UNIT, 'ExecStart')
        self.assertEqual(start, '@bindir@/xunge sync --watch')
        self.a.do('lock')
        watching = subprocess.Popen(
            self.confined(BIN / 'xunge', '--home', self.a.home, '--lang', 'en',
                          'sync', '--watch', '--every', '1'),
            env=environment(), stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT)
        try:
            for _ in range(2):  # it says so each time, and stays
                self.assertIn(b'is locked', watching.stdout.readline())
            self.unlock()
            wait_until(lambda: self.a.show(which)['delivery'] == 'received' and
                       self.a.status()['photos']['only_here'] == 0, WAIT_S)
            self.assertIsNone(watching.poll())
        finally:
            watching.send_signal(signal.SIGTERM)
            said, _ = watching.communicate(timeout=WAIT_S)
        self.assertEqual(watching.returncode, 0, said)
        self.sound()

    def test_it_waits_longer_for_the_line_alone(self):
        """However long its pauses were without a network: whether somebody has
        unlocked it looks each minute, here each second."""
        self.world.stop()
        watching = subprocess.Popen(
            [BIN / 'xunge', '--home', self.a.home, '--lang', 'en', 'sync',
             '--watch', '--every', '1', '--max-time', '0'], env=environment(),
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        try:
            for _ in range(2):
                self.assertIn(b'no connection', watching.stdout.readline())
            times = [time.monotonic()]
            self.a.do('lock')
            for _ in range(3):
                while b'is locked' not in watching.stdout.readline():
                    self.assertIsNone(watching.poll())
                times.append(time.monotonic())
            self.assertLess(times[3] - times[1], times[1] - times[0])
        finally:
            watching.terminate()
            watching.communicate(timeout=WAIT_S)

    def test_it_ends_where_its_program_was_replaced(self):
        """A newer one has brought the home to its version: the manager starts
        that one instead. Who has not joined is waited for."""
        waiting = self.world.folder / 'waiting'
        need(run_xunge(BIN / 'xunge', '--home', waiting, 'enrol',
                       self.world.code('wa'), '--request',
                       self.world.folder / 'request.xgb'))
        with contextlib.closing(sqlite3.connect(self.a.home / 'agent.db')) as db:
            db.execute('PRAGMA user_version = 9999')
        for home, says, code in ((waiting, b'request to join', None),
                                 (self.a.home, b'newer program', 1)):
            watching = subprocess.Popen(
                [BIN / 'xunge', '--home', home, '--lang', 'en', 'sync',
                 '--watch', '--every', '1'], env=environment(),
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            try:
                self.assertIn(says, watching.stdout.readline())
                if code is None:  # once more: it stays
                    self.assertIn(says, watching.stdout.readline())
                else:
                    self.assertEqual(watching.wait(WAIT_S), code)
            finally:
                watching.terminate()
                watching.communicate(timeout=WAIT_S)

    def test_what_its_unit_forbids_kills(self):
        for call in ('mount', 'ptrace', 'unshare', 'setns', 'bpf', 'reboot',
                     'setuid', 'chroot', 'init_module', 'io_uring_setup'):
            self.assertNotIn(call, allowed(self.UNIT))
        for call in ('keyctl', 'flock', 'pwrite64', 'fdatasync'):
            self.assertIn(call, allowed(self.UNIT))
        said = run_xunge(*self.confined('unshare', '-U', 'true'))
        self.assertEqual(-said.code, signal.SIGSYS, said.err)

    def test_what_it_cannot_have(self):
        """A user namespace has another keyring, and her vault stays shut there.
        What else counts for the exposure and must not be: all that she shares
        between her programs would go with this one; and what the manager binds
        is chosen by who can put a link there."""
        need(self.a.try_('list'))
        said = run_xunge('unshare', '--user', '--map-root-user', BIN / 'xunge',
                         '--home', self.a.home, 'list')
        self.assertEqual(said.code, 6, said.out + said.err)
        for key in ('PrivateUsers', 'RemoveIPC', 'BindPaths', 'DynamicUser'):
            self.assertEqual(settings(self.UNIT, key), [], key)
        # /home is the administrator's, so its entries are no links of hers.
        self.assertEqual(settings(self.UNIT, 'BindReadOnlyPaths'), ['/home/%i'])


if __name__ == '__main__':
    if sys.argv[1:2] == ['--confined']:
        confine(pathlib.Path(sys.argv[2]).read_text().split())
        os.execvp(sys.argv[3], sys.argv[3:])
    unittest.main()
