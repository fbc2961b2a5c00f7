#!/usr/bin/env python3
"""A device that was away for long: 2,000 batches wait, and go out in one sync
that needs no more memory or files than for one. They come in by import: each
incident with an update so long that no two fit into a batch. The server is
killed in the middle, and yet each record is in the log exactly once.

Lies in memory where there is room: what is measured is not the disk."""
import json
import os
import shutil
import signal
import subprocess
import time

from lib_world import BIN, GRID, Case, environment, main, wait_until

BATCHES = 2000
RSS_MAX_KB, FILES_MAX = 18 * 1024, 32
TEXT = '楼道堆放杂物，已要求当日清理；' * 190  # 8.5 kB


def memory():
    try:
        if shutil.disk_usage('/dev/shm').free > 1 << 30 and \
                os.access('/dev/shm', os.W_OK):
            return '/dev/shm'
    except OSError:
        pass
    return None


class Watched:
    """xunge-sync, with its peak of memory and of open files."""

    def __init__(self, agent, *words):
        self.p = subprocess.Popen(
            [BIN / 'xunge-sync', '--home', agent.home, '--json', '--lang',
             'en', *words, 'sync'], stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, stdin=subprocess.DEVNULL,
            env=environment())
        self.rss_kb = self.files = 0

    def look(self):
        proc = '/proc/%d/' % self.p.pid
        try:
            with open(proc + 'status', encoding='ascii') as f:
                text = f.read()
            if 'xunge-sync' in text and 'VmHWM:' in text:
                self.rss_kb = max(self.rss_kb, int(
                    text.split('VmHWM:')[1].split()[0]))
                self.files = max(self.files, len(os.listdir(proc + 'fd')))
        except OSError:
            pass

    def wait(self, seconds, until=lambda: False):
        """True when it ended."""
        end = time.monotonic() + seconds
        while self.p.poll() is None and time.monotonic() < end:
            self.look()
            if until():
                return False
            time.sleep(0.01)
        if self.p.poll() is None:
            self.p.kill()
        out, err = self.p.communicate(timeout=20)
        self.out, self.err, self.code = out.decode(), err.decode(), \
            self.p.returncode
        return True


class Backlog(Case):
    WORKERS = [('wa', 'worker', GRID)]
    WHERE = memory()

    def batches(self):
        """(chain, first, last) of every batch in the log."""
        found = []
        for note in self.world.log_entries():
            if note.startswith('xunge/batch/v1\n'):
                lines = note.split('\n')
                first, last = lines[2].split()[1].split('-')
                found.append((lines[1].split()[1], int(first), int(last)))
        return found

    def test_two_thousand_batches(self):
        self.world.stop()
        path = self.world.folder / 'backlog.jsonl'
        with open(path, 'w', encoding='utf-8') as f:
            for i in range(BATCHES):
                one, more = '%032x' % (i + 1), 'f%031x' % (i + 1)
                for line in (
                        {'id': one, 'kind': 'incident', 'worker': 'wa',
                         't': 1789978349 + i, 'category': 'fire'},
                        {'id': more, 'kind': 'update', 'worker': 'wa',
                         't': 1789978350 + i, 'target': one, 'note': TEXT,
                         'set': {'description': TEXT}}):
                    f.write(json.dumps(line, ensure_ascii=False) + '\n')
        begun = time.monotonic()
        self.a.do('import', path)
        print('imported in %.1f s' % (time.monotonic() - begun))
        away = Watched(self.a, '--max-time', '0')
        self.assertTrue(away.wait(30))
        self.assertEqual(away.code, 4)
        self.assertEqual(self.a.status()['records']['received'], 0)

        self.world.start()
        begun = time.monotonic()
        runs = [Watched(self.a, '--max-time', '0')]
        # The server dies when some of it is there.
        ended = runs[0].wait(60, until=lambda: time.monotonic() - begun > 2.5)
        if not ended:
            self.world.p.send_signal(signal.SIGKILL)
            self.world.p.wait(20)
            self.world.p.stdout.close()
            self.world.p = None
            self.assertTrue(runs[0].wait(60))
            self.assertEqual(runs[0].code, 4, runs[0].out + runs[0].err)
            self.world.start()
        runs.append(Watched(self.a))
        self.assertTrue(runs[1].wait(120))
        took = time.monotonic() - begun
        self.assertEqual(runs[1].code, 0, runs[1].out + runs[1].err)
        for r in runs:
            print('exit %d, peak %d kB, %d files' % (r.code, r.rss_kb,
                                                     r.files))
        print('%d batches in %.1f s' % (BATCHES, took))
        status = self.a.status()
        self.assertEqual(status['records'], {'waiting': 0, 'sealed': 0,
                                             'sent': 0,
                                             'received': 2 * BATCHES})
        # Exactly once: the places of the chain are there, none twice.
        found = sorted(self.batches())
        self.assertGreaterEqual(len(found), BATCHES)
        self.assertEqual(len({chain for chain, _, _ in found}), 1)
        place = 0
        for _, first, last in found:
            self.assertEqual(first, place)
            place = last + 1
        self.assertGreaterEqual(place, 2 * BATCHES + 1)
        # So many at once the board's thread takes in by and by.
        wait_until(lambda: self.world.ask('counts')[0]['behind'] == 0, 60,
                   'the board')
        rows = self.world.ask('list', '--limit', '100000')
        self.assertEqual(len(rows), BATCHES)
        self.assertEqual(len({r['id'] for r in rows}), BATCHES)
        self.world.do('check')
        for r in runs:
            self.assertLessEqual(r.rss_kb, RSS_MAX_KB)
            self.assertLessEqual(r.files, FILES_MAX)


if __name__ == '__main__':
    main()
