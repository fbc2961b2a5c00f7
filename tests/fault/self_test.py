#!/usr/bin/env python3
"""The sweeps must be able to fail: each bad specimen must be found, by the
kind of fault that is made for it, and no good one."""
import os
import sys

import xgfault
from xgfault import Case, Sweeper, need, plain_environment, run

SPECIMEN = os.environ.get('XG_FAULT_SPECIMEN', 'specimen')


class Specimen(Case):
    program = 'specimen'

    def __init__(self, how, kinds, reader='read', lie=False):
        self.name, self.how, self.reader = how, how, reader
        self.kinds = kinds
        self.extra = {'XG_FAULT_LIE': '1'} if lie else {}
        if lie:
            self.name += ' on a disk that lies'

    def prepare(self, folder):
        r = run([SPECIMEN, self.how, folder], plain_environment())
        need(r.code == 0, 'prepare: %s', r.err)

    def command(self, folder, state):
        return [SPECIMEN, self.how, folder]

    def verify(self, folder, state, result):
        acknowledged = 4 + result.out.count('saved ')
        r = run([SPECIMEN, self.reader, folder], plain_environment())
        need(r.code == 0, 'not readable: %s', r.err)
        held = int(r.out.split()[1])
        need(acknowledged <= held <= acknowledged + 1,
             '%d were said to be safe, %d are there', acknowledged, held)

    def again(self, folder, state, result):
        before = set(xgfault.files_below(folder))
        super().again(folder, state, result)
        more = set(xgfault.files_below(folder)) - before
        need(not [f for f in more if f.startswith('value.')],
             'litter: %s', more)
        need(not [f for f in before if f[:6] == 'value.' and f[6:].isdigit()],
             'litter: %s', before)


class Derived(Specimen):
    """What can be made again: a power cut may take the last commits back, and
    nothing else may."""

    def verify(self, folder, state, result):
        acknowledged = 4 + result.out.count('saved ')
        r = run([SPECIMEN, self.reader, folder], plain_environment())
        need(r.code == 0, 'not readable: %s', r.err)
        need(int(r.out.split()[1]) <= acknowledged + 1, 'more than was saved')


GOOD = [Specimen('file', Case.kinds), Specimen('db', Case.kinds, 'read-db'),
        Derived('db-derived', ('power',), 'read-db'),
        Specimen('db-derived', tuple(k for k in Case.kinds if k != 'power'),
                 'read-db')]
BAD = [Specimen('db-derived', ('power',), 'read-db'),
       Specimen('file-no-sync', ('power',)),
       Specimen('file-no-dir-sync', ('power',)),
       Specimen('file-in-place', ('power',)),
       Specimen('file-in-place', ('kill-half',)),
       Specimen('file-unchecked', ('full',)),
       Specimen('file-unchecked', ('io',)),
       Specimen('file-litter', ('kill',)),
       Specimen('memory-unchecked', ('malloc',)),
       Specimen('file', ('power',), lie=True),
       Specimen('db', ('power',), 'read-db', lie=True)]


def main():
    depth = int(os.environ.get('XG_FAULT_DEPTH', '25'))
    wrong = []
    for case in GOOD + BAD:
        sweeper = Sweeper(depth=depth, seeds=4)
        sweeper.sweep(case)
        sweeper.close()
        found = len(sweeper.tally.failures)
        if case in GOOD and found:
            wrong.append('%s: %d failures' % (case.name, found))
        if case in BAD and not found:
            wrong.append('%s %s: nothing found' % (case.name, case.kinds))
    print('\n'.join(wrong) if wrong else 'the sweeps see what they should')
    return 1 if wrong else 0


if __name__ == '__main__':
    sys.exit(main())
