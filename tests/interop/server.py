#!/usr/bin/env python3
"""A running server and real devices, judged by golang.org/x/mod: every tile
and entry over HTTP, every note by its signer's key, the receipts that devices
hold, and that the log continues what it was. server.py GO-PROGRAM"""
import base64
import sqlite3
import subprocess
import sys
import unittest

from lib_world import GRID, Case, environment, run

PROGRAM = sys.argv.pop(1)


def words(*parts):
    return b' '.join((parts[0].encode(), *map(base64.b64encode, parts[1:])))


class Server(Case):
    PEOPLE = 140  # each a registry note and a time note: more than one tile

    def check(self, lines):
        keys = self.world.ask('key')[0]
        r = subprocess.run(
            [PROGRAM, 'https://127.0.0.1:%d' % self.world.port, keys['log'],
             keys['registrar']], input=b'\n'.join(lines) + b'\n',
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=120,
            env=environment())
        self.assertEqual(r.returncode, 0, r.stderr.decode())
        return {name: int(n) for name, n in
                (line.split() for line in r.stdout.decode().splitlines())}

    def held(self, agent):
        """Note and receipt of each batch of a device, out of its database."""
        db = sqlite3.connect('file:%s?mode=ro' % (agent.home / 'agent.db'),
                             uri=True)
        rows = db.execute('SELECT note, receipt FROM batch'
                          ' WHERE receipt IS NOT NULL').fetchall()
        db.close()
        return [words('receipt', bytes(n), bytes(r)) for n, r in rows]

    def checkpoint(self):
        return run('curl', '-sk', 'https://127.0.0.1:%d/log/checkpoint'
                   % self.world.port).out.encode()

    def test_go_reads_the_whole_log(self):
        early = self.checkpoint()
        for i in range(self.PEOPLE):
            self.world.worker('w%d' % i, 'worker', GRID)
        middle = self.checkpoint()
        one = self.a.incident('address=东街')
        self.settle()
        self.b.do('note', one, '看过了')
        self.b.incident('address=西街')
        self.settle()
        receipts = self.held(self.a) + self.held(self.b)
        self.assertGreaterEqual(len(receipts), 4)
        opened = self.check([words('checkpoint', early),
                             words('checkpoint', middle), *receipts])
        print(opened)
        self.assertEqual(opened['receipt'], len(receipts))
        self.assertEqual(opened['checkpoint'], 2)
        self.assertGreater(opened['size'], 256)
        self.assertGreaterEqual(opened['tiles'], 3)
        self.assertGreaterEqual(opened['xunge/batch/v1'], 4)
        self.assertGreater(opened['xunge/registry/v1'], self.PEOPLE)
        self.assertGreater(opened['xunge/time/v1'], 0)
        kinds = [n for n in opened if n.startswith('xunge/')]
        self.assertEqual(sum(opened[n] for n in kinds), opened['size'])


if __name__ == '__main__':
    unittest.main(verbosity=2)
