"""Clocks that lie, for the programs of one device or of the server.

The clock is that of libfaketime; the monotonic clock stays real, as it does
when a system clock is set.
"""
import glob
import itertools
import os
import time
from concurrent.futures import ThreadPoolExecutor


def library():
    found = glob.glob('/usr/lib/*/faketime/libfaketime.so.1') + \
        glob.glob('/usr/lib*/faketime/libfaketime.so.1')
    if not found:
        raise SystemExit('libfaketime is needed (Debian: libfaketime)')
    return found[0]


LIBRARY = library()
HOUR_S, DAY_S = 3600, 86400
YEAR_S = 365 * DAY_S
TO_1970_S, TO_2099_S = DAY_S - time.time(), 73 * YEAR_S


def clock(when):
    """The environment of a clock that says `when` at each program's start and
    goes on from there."""
    return {'LD_PRELOAD': LIBRARY, 'FAKETIME': '@' + when, 'TZ': 'UTC',
            'FAKETIME_DONT_FAKE_MONOTONIC': '1', 'FAKETIME_NO_CACHE': '1'}


class Jumping:
    """A clock that is set again and again, a year ahead, an hour back, to
    1970, to 2099 and right, while what runs under it runs."""
    AHEAD_S = [YEAR_S, -HOUR_S, TO_1970_S, TO_2099_S, 0]

    def __init__(self, folder):
        self.file = os.path.join(folder, 'clock')
        self.set_ahead(0)
        self.env = {'LD_PRELOAD': LIBRARY, 'FAKETIME_TIMESTAMP_FILE': self.file,
                    'TZ': 'UTC', 'FAKETIME_DONT_FAKE_MONOTONIC': '1',
                    'FAKETIME_NO_CACHE': '1'}

    def set_ahead(self, seconds):
        with open(self.file + '.new', 'w') as file:
            file.write('%+d' % seconds)
        os.rename(self.file + '.new', self.file)

    def during(self, act):
        """What `act` gives, and how often the clock was set meanwhile."""
        jumps = 0
        with ThreadPoolExecutor(1) as beside:
            doing = beside.submit(act)
            for ahead_s in itertools.cycle(self.AHEAD_S):
                if doing.done():
                    break
                self.set_ahead(ahead_s)
                jumps += 1
                time.sleep(0.01)
        self.set_ahead(0)
        return doing.result(), jumps
