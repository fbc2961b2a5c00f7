"""A real gpsd on the loopback, fed with a real receiver's capture."""
import json
import shutil
import socket
import subprocess
import sys
import threading

from lib_world import SOURCE, environment

FEED = SOURCE / 'packaging/demo/nmea_tcp.py'
CAPTURES = SOURCE / 'tests/data/gps'


def free_port():
    with socket.socket() as s:
        s.bind(('127.0.0.1', 0))
        return s.getsockname()[1]


class Receiver:
    """`with Receiver(capture, pause) as r:` - r.address for --gpsd. Each line
    of the capture takes `pause` seconds, from when gpsd is first asked."""

    def __init__(self, capture, pause):
        self.capture, self.pause = CAPTURES / capture, pause
        self.times = []  # that gpsd told
        self.reports = 0

    def __enter__(self):
        self.feed = subprocess.Popen(
            [sys.executable, FEED, self.capture, str(self.pause)],
            stdout=subprocess.PIPE, stdin=subprocess.DEVNULL,
            env=environment())
        self.gpsd = None
        try:
            source = self.feed.stdout.readline().decode().strip()
            port = free_port()
            gpsd = shutil.which('gpsd') or '/usr/sbin/gpsd'
            self.gpsd = subprocess.Popen(
                [gpsd, '-N', '-n', '-S', str(port),
                 'tcp://127.0.0.1:' + source], stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                env=environment())
            self.address = '127.0.0.1:%d' % port
            self.listen(port)
        except BaseException:
            self.__exit__()
            raise
        return self

    def listen(self, port):
        """Keeps what gpsd tells about time; also, gpsd is there then."""
        for _ in range(200):
            try:
                self.ear = socket.create_connection(('127.0.0.1', port), 20)
                break
            except OSError:
                if self.gpsd.poll() is not None:
                    raise AssertionError('gpsd ended') from None
                threading.Event().wait(0.05)
        self.ear.sendall(b'?WATCH={"enable":true,"json":true}\n')
        threading.Thread(target=self.hear, daemon=True).start()

    def hear(self):
        try:
            with self.ear, self.ear.makefile(encoding='utf-8') as lines:
                for line in lines:
                    report = json.loads(line)
                    self.reports += 1
                    if report['class'] == 'TPV' and report.get('time'):
                        self.times.append(report['time'])
        except (OSError, ValueError):
            pass

    def years(self):
        return {t[:4] for t in self.times}

    def __exit__(self, *_):
        for p in (self.gpsd, self.feed):
            if p:
                p.terminate()
                try:
                    p.wait(10)
                except subprocess.TimeoutExpired:
                    p.kill()
                    p.wait()
        self.feed.stdout.close()
