#!/usr/bin/env python3
"""Do bytes cost? As the worker says for this run; else NetworkManager, on a bus
of our own; else what was remembered. A bus that accepts and says nothing costs
half a second."""
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest

from lib_world import BIN, GRID, Case, main, run

MANAGER = 'org.freedesktop.NetworkManager'


def python_with_dbusmock():
    """The system's Python has the system's packages, another one may not."""
    for python in (sys.executable, '/usr/bin/python3'):
        if subprocess.run([python, '-c', 'import dbusmock'],
                          stderr=subprocess.DEVNULL).returncode == 0:
            return python
    raise AssertionError('no Python here has dbusmock: '
                         'sh packaging/dependencies.sh test')


class Bus:
    """A system bus of our own, in `folder`."""

    def __init__(self, folder):
        self.address = 'unix:path=%s/bus' % folder
        self.manager = None
        config = pathlib.Path(folder) / 'bus.conf'
        config.write_text('''<!DOCTYPE busconfig PUBLIC
"-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
"http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><listen>%s</listen><policy context="default">
<allow user="*"/><allow own="*"/><allow send_destination="*"/>
<allow receive_sender="*"/></policy></busconfig>''' % self.address)
        self.daemon = subprocess.Popen(
            [shutil.which('dbus-daemon'), '--nofork', '--print-address',
             '--config-file', str(config)], stdout=subprocess.PIPE)
        self.daemon.stdout.readline()

    def env(self):
        return {'DBUS_SYSTEM_BUS_ADDRESS': self.address}

    def call(self, *words):
        return subprocess.run(
            ['dbus-send', '--bus=' + self.address, '--print-reply',
             '--dest=' + MANAGER, '/org/freedesktop/NetworkManager', *words],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).returncode == 0

    def start_manager(self):
        self.manager = subprocess.Popen(
            [python_with_dbusmock(), '-m', 'dbusmock', '--system',
             '--template', 'networkmanager'],
            env={**os.environ, **self.env()}, stdout=subprocess.DEVNULL)
        end = time.monotonic() + 20
        while not self.call('org.freedesktop.DBus.Peer.Ping'):
            assert time.monotonic() < end, 'dbusmock does not start'
            time.sleep(0.05)
        # Its template is older than the property.
        assert self.call('org.freedesktop.DBus.Mock.AddProperty',
                         'string:' + MANAGER, 'string:Metered',
                         'variant:uint32:0')

    def set(self, metered):
        assert self.call('org.freedesktop.DBus.Properties.Set',
                         'string:' + MANAGER, 'string:Metered',
                         'variant:uint32:%d' % metered)

    def close(self):
        for p in (self.manager, self.daemon):
            if p:
                p.terminate()
                p.wait(10)
        self.daemon.stdout.close()


class Metered(Case):
    WORKERS = [('wa', 'worker', GRID)]

    def setUp(self):
        super().setUp()
        folder = tempfile.mkdtemp(prefix='xunge-bus-')
        self.addCleanup(shutil.rmtree, folder, True)
        self.folder = folder
        self.bus = Bus(folder)
        self.addCleanup(self.bus.close)

    def find(self, *flags, env=None):
        answer = self.a.do('sync', '--json', *flags,
                           **(env or self.bus.env())).one()
        return answer['metered'], answer['metered_by']

    def test_who_says_so(self):
        # Nobody on the bus, and no bus.
        nowhere = {'DBUS_SYSTEM_BUS_ADDRESS':
                   'unix:path=%s/none' % self.folder}
        for env in (self.bus.env(), nowhere):
            self.assertEqual(self.find(env=env), (False, 'default'))
            self.assertEqual(self.find('--metered', env=env), (True, 'flag'))
        self.bus.start_manager()
        for told, metered in ((1, True), (2, False), (3, True), (4, False)):
            self.bus.set(told)
            self.assertEqual(self.find(), (metered, 'network'))
            self.assertEqual(self.find('--metered'), (True, 'flag'))
            self.assertEqual(self.find('--unmetered'), (False, 'flag'))
        # It has no opinion: what is remembered counts.
        for told in (0, 77):
            self.bus.set(told)
            self.assertEqual(self.find(), (False, 'default'))
        self.assertEqual(self.find('--metered', '--remember'), (True, 'flag'))
        self.assertEqual(self.find(), (True, 'setting'))
        self.assertEqual(self.find(env=nowhere), (True, 'setting'))
        self.assertEqual(self.find('--unmetered'), (False, 'flag'))
        self.assertEqual(self.find(), (True, 'setting'))
        self.bus.set(2)
        self.assertEqual(self.find(), (False, 'network'))
        self.bus.set(0)
        self.assertEqual(self.find('--unmetered', '--remember'),
                         (False, 'flag'))
        self.assertEqual(self.find(), (False, 'setting'))
        said = self.a.do('sync', '--verbose', **self.bus.env()).out
        self.assertIn('bytes do not cost on this line: as this device was '
                      'told to remember', said)

    def test_wrong_words(self):
        for flags in (['--metered', '--unmetered'], ['--remember'],
                      ['--budget', '2'], ['--budget', '2XB'],
                      ['--budget', '0MB'], ['--budget', 'MB'],
                      ['--budget', '-1MB'], ['--budget', '1e9MB'],
                      ['--photos', 'some'], ['--within', '0']):
            self.assertIn(flags[0], self.a.do('sync', *flags, code=2).err)
            said = run(BIN / 'xunge-sync', 'sync', *flags, '--lang', 'zh')
            self.assertEqual(said.code, 2)
            self.assertRegex(said.err, '%s.*[\u4e00-\u9fff]' % flags[0])
        for budget in ('500KB', '1.5mb', '2GB'):
            self.a.do('sync', '--budget', budget)
        self.assertEqual(self.find(), (False, 'default'))  # nothing was kept

    def test_a_bus_that_says_nothing(self):
        path = self.folder + '/silent'
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(path)
            listener.listen(8)
            held = []
            thread = threading.Thread(target=self.accept, args=(
                listener, held), daemon=True)
            thread.start()
            env = {'DBUS_SYSTEM_BUS_ADDRESS': 'unix:path=' + path}
            begun = time.monotonic()
            self.assertEqual(self.find('--metered', env=env), (True, 'flag'))
            unasked = time.monotonic() - begun
            begun = time.monotonic()
            self.assertEqual(self.find(env=env), (False, 'default'))
            took = time.monotonic() - begun
            self.assertEqual(len(held), 1)  # the flag asks nobody
            self.assertLess(took - unasked, 1.5)
            self.assertGreater(took, 0.35)
            listener.shutdown(socket.SHUT_RDWR)
            thread.join(5)
            for one in held:
                one.close()

    @staticmethod
    def accept(listener, held):
        while True:
            try:
                held.append(listener.accept()[0])
            except OSError:
                return


if __name__ == '__main__':
    main()
