"""Run a command with the N-th call failing, for N = 1, 2, 3 ...

A Case says how to prepare a folder, what to run in it, and what must be true
afterwards; sweep() does the rest. README.md has the reasons and the words.
"""
import collections
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time

CRASHES = {signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGFPE,
           signal.SIGILL, signal.SIGSYS, signal.SIGTRAP}
TIMEOUT_S = 60

# What is swept: the words of XG_FAULT before and after N, and which of the
# counts says how many N there are.
KINDS = {
    'malloc': ('malloc', '', 'malloc'),
    'malloc-on': ('malloc', ':repeat', 'malloc'),
    'io': ('io', '', 'io'),
    'io-on': ('io', ':repeat', 'io'),
    'full': ('full', '', 'full'),
    'full-once': ('full', ':before:once', 'full'),
    'kill': ('kill', '', 'cut'),
    'kill-half': ('kill', ':half', 'cut'),
    'kill-after': ('kill', ':after', 'cut'),
    'power': ('power', ':%d', 'cut'),
    # Twice: after that the same again, and a power cut on the way.
    'io-cut': ('io', '', 'io'),
    'kill-cut': ('kill', '', 'cut'),
}
KILLS = ('kill', 'kill-half', 'kill-after', 'power', 'io-cut', 'kill-cut')
TWICE = ('io-cut', 'kill-cut')


class Failed(Exception):
    """A promise that was not kept."""


def need(condition, text, *args):
    if not condition:
        raise Failed(text % args if args else text)


notes = collections.Counter()  # not wrong, but to be known


class Result:
    def __init__(self, code, out, err, report):
        self.code, self.out, self.err = code, out, err
        self.kind = None  # of KINDS, where it was swept
        self.hit = any(line.startswith('hit ') for line in report)
        self.blind = [line for line in report if line.startswith('blind ')]
        self.lost = [line for line in report if line.startswith('cut ')]
        self.counts = {}
        for line in report:
            if line.startswith('count '):
                for word in line.split()[2:]:
                    name, value = word.split('=')
                    self.counts[name] = self.counts.get(name, 0) + int(value)

    @property
    def killed(self):
        return self.code == -signal.SIGKILL


def library():
    path = os.environ.get('XG_FAULT_LIBRARY')
    if not path or not os.path.exists(path):
        raise SystemExit('XG_FAULT_LIBRARY must name libxgfault.so')
    return path


def plain_environment(**more):
    kept = {k: v for k, v in os.environ.items()
            if not k.startswith(('XG_FAULT', 'XUNGE', 'LD_PRELOAD'))}
    kept.update(LC_ALL='C.UTF-8', **more)
    return kept


def fault_environment(spec, folder, report, program=None, **more):
    """The variables that put `program` under the library."""
    env = plain_environment(**more)
    env.update(LD_PRELOAD=library(), XG_FAULT=spec, XG_FAULT_GROUP='1',
               XG_FAULT_DIR=os.path.realpath(folder), XG_FAULT_REPORT=report)
    if program:
        env['XG_FAULT_PROGRAM'] = program
    return env


def read_report(path):
    try:
        with open(path, encoding='utf-8', errors='replace') as f:
            return f.read().splitlines()
    except FileNotFoundError:
        return []


def run(argv, env, report=None, stdin=''):
    """In a session of its own, which the library kills as a whole."""
    p = subprocess.Popen(argv, env=env, stdin=subprocess.PIPE,
                         stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                         start_new_session=True)
    try:
        out, err = p.communicate(stdin.encode(), TIMEOUT_S)
    except subprocess.TimeoutExpired:
        os.killpg(p.pid, signal.SIGKILL)
        p.communicate()
        raise Failed('%s did not end within %d s'
                     % (' '.join(argv), TIMEOUT_S)) from None
    return Result(p.returncode, out.decode('utf-8', 'replace'),
                  err.decode('utf-8', 'replace'),
                  read_report(report) if report else [])


def files_below(folder):
    return sorted(os.path.relpath(os.path.join(at, name), folder)
                  for at, _, names in os.walk(folder) for name in names)


def lines_of(text):
    """The JSON objects in what a command printed, a cut last line left out."""
    objects = []
    for line in text.splitlines():
        try:
            objects.append(json.loads(line))
        except ValueError:
            pass
    return [o for o in objects if isinstance(o, dict)]


class Case:
    """What is swept. `state` is whatever prepare() returned."""
    name = None
    kinds = tuple(k for k in KINDS if k not in TWICE)
    program = None   # the one program that faults; None: all
    extra = {}       # environment
    litter = True    # look for files that a retry leaves behind
    cost = 1         # of one point: a sample takes so many times fewer

    def prepare(self, folder):
        """Fill the folder that every run begins with a copy of."""

    def command(self, folder, state):
        raise NotImplementedError

    def act(self, folder, state, env, report):
        """One run of the command under `env`."""
        return run(self.command(folder, state), env, report)

    def verify(self, folder, state, result):
        """After a fault: what must hold, whatever happened."""

    def again(self, folder, state, result):
        """Without a fault, on what is left: must work."""
        r = self.act(folder, state, plain_environment(**self.extra), None)
        need(r.code == 0, 'again: exit %d: %s', r.code, r.err)
        return r


class Tally:
    def __init__(self):
        self.points, self.failures = {}, []

    def count(self, case, kind):
        key = (case.name, kind)
        self.points[key] = self.points.get(key, 0) + 1


class Sweeper:
    """depth: how many N of each kind at most (0: all of them); seeds: how many
    different losses at each N of `power`; seconds: for a case, shared by its
    kinds (0: no end)."""

    def __init__(self, depth=0, seeds=4, seed=1, seconds=0, only=None,
                 kinds=None, point=None):
        self.depth, self.seeds, self.seed = depth, seeds, seed
        self.seconds = seconds
        self.only, self.kinds, self.point = only, kinds, point
        self.tally = Tally()
        self.top = tempfile.mkdtemp(prefix='xgfault-')

    def close(self):
        shutil.rmtree(self.top, ignore_errors=True)

    def folder(self, name):
        path = os.path.join(self.top, name)
        shutil.rmtree(path, ignore_errors=True)
        shutil.rmtree(path + '.undo', ignore_errors=True)
        return path

    def copy(self, master):
        work = self.folder('work')
        shutil.copytree(master, work, symlinks=True)
        return work

    def act(self, case, work, state, spec, kind, **more):
        report = os.path.join(self.top, 'report')
        if os.path.exists(report):
            os.unlink(report)
        env = fault_environment(spec, work, report, case.program,
                                **case.extra, **more)
        result = case.act(work, state, env, report)
        result.kind = kind
        return result

    def act_twice(self, case, work, state, spec, kind):
        """What the first left unsynced may go with what the second does."""
        first = self.act(case, work, state, spec, kind, XG_FAULT_KEEP='1')
        need(not first.blind, 'not followed: %s', first.blind)
        rng = random.Random(spec)
        calls = first.counts.get('cut', 0) or rng.randrange(1, 200)
        number = rng.choice([1, calls + 1000, rng.randrange(1, calls + 1)])
        cut = 'power:%d:%d' % (number, rng.randrange(4))
        return self.act(case, work, state, cut, kind, XG_FAULT_KEEP='1')

    def once(self, case, master, state, spec, kind):
        work = self.copy(master)
        act = self.act_twice if kind in TWICE else self.act
        result = act(case, work, state, spec, kind)
        need(not result.blind, 'not followed: %s', result.blind)
        need(-result.code not in CRASHES, 'died of signal %d: %s',
             -result.code, result.err)
        need(kind in KILLS or not result.killed, 'killed')
        need(result.code in (0, -signal.SIGKILL) or result.err.strip() or
             result.out.strip(), 'exit %d without a word', result.code)
        if kind is None:
            need(result.code == 0, 'without a fault: exit %d: %s',
                 result.code, result.err)
        case.verify(work, state, result)
        if kind is not None:
            case.again(work, state, result)
            self.look_for_litter(case, work, state)
        return result

    def look_for_litter(self, case, work, state):
        """What a second undisturbed run still adds beside its own files."""
        temporary = [f for f in files_below(work)
                     if f.endswith(('.tmp', '.new', '.part'))]
        if case.litter:
            need(not temporary, 'left behind after another run: %s',
                 temporary)

    def numbers(self, count, kind, case):
        if self.point:
            return [self.point]
        depth = max(self.depth // case.cost, 2)
        if not self.depth or count <= depth:
            return range(1, count + 1)
        rng = random.Random('%d %s %s' % (self.seed, case.name, kind))
        step = count / depth
        picked = sorted({count} | {int(i * step + rng.random() * step) + 1
                                   for i in range(depth)})
        rng.shuffle(picked)  # when time runs out, not only the last are left
        return picked

    def attempt(self, case, master, state, kind, number, seed):
        first, last, _ = KINDS[kind]
        spec = '%s:%d%s' % (first, number,
                            last % seed if '%' in last else last)
        self.tally.count(case, kind)
        try:
            return self.once(case, master, state, spec, kind)
        except Failed as e:
            text = '%s %s: %s' % (case.name, spec, e)
            self.tally.failures.append(text)
            print('FAILED', text, flush=True)
            for line in read_report(os.path.join(self.top, 'report')):
                print('       ', line, flush=True)
            return None

    def sweep_kind(self, case, master, state, kind, counts, seconds):
        end = time.monotonic() + seconds
        count = counts.get(KINDS[kind][2], 0)
        count += kind == 'power'  # the last one cuts after the end
        number = 0
        for number in self.numbers(count, kind, case):
            seeds = range(self.seeds) if kind == 'power' else [0]
            for seed in seeds:
                if seconds and time.monotonic() > end:
                    swept = self.tally.points.get((case.name, kind), 0)
                    print('%s %s: out of time, %d swept'
                          % (case.name, kind, swept), flush=True)
                    return
                self.attempt(case, master, state, kind, number, seed)
        # Calls may differ a little from run to run: go on to the untouched.
        while (not self.depth and not self.point and number >= count and
               kind != 'power'):
            number += 1
            r = self.attempt(case, master, state, kind, number, 0)
            if r is None or r.code == 0 or number > 2 * count + 100:
                break

    def sweep(self, case):
        if self.only and not any(word in case.name for word in self.only):
            return
        begun = time.monotonic()
        master = self.folder('master')
        os.mkdir(master, 0o700)
        try:
            state = case.prepare(master)
            counts = self.once(case, master, state, 'count', None).counts
        except Failed as e:
            self.tally.failures.append('%s: %s' % (case.name, e))
            print('FAILED', case.name, e, flush=True)
            return
        kinds = [k for k in case.kinds if not self.kinds or k in self.kinds]
        end = time.monotonic() + self.seconds
        for i, kind in enumerate(kinds):
            share = (end - time.monotonic()) / (len(kinds) - i)
            self.sweep_kind(case, master, state, kind, counts,
                            max(share, 0.1) if self.seconds else 0)
        swept = {k: n for (c, k), n in self.tally.points.items()
                 if c == case.name}
        print('%-24s %5.1f s  of %s swept %s'
              % (case.name, time.monotonic() - begun,
                 ' '.join('%s=%d' % i for i in sorted(counts.items())),
                 ' '.join('%s=%d' % i for i in swept.items())), flush=True)


def number_of(name, otherwise):
    return int(os.environ.get(name) or otherwise)


def main(cases):
    """Sweep them, or those that the arguments name, as the environment says
    (--all: every N); exit 1 where one failed."""
    words = set(sys.argv[1:])
    depth = 0 if '--all' in words else number_of('XG_FAULT_DEPTH', 25)
    words -= {'--all'}
    seconds = number_of('XG_FAULT_SECONDS', 0)
    sweeper = Sweeper(
        depth, seeds=number_of('XG_FAULT_SEEDS', 8 if depth == 0 else 4),
        seed=number_of('XG_FAULT_SEED', 1),
        seconds=0 if depth == 0 else seconds,
        only=os.environ.get('XG_FAULT_ONLY', '').split(),
        kinds=os.environ.get('XG_FAULT_KIND', '').split(),
        point=number_of('XG_FAULT_POINT', 0))
    for case in cases:
        if not words or case.name in words:
            sweeper.sweep(case)
    sweeper.close()
    tally = sweeper.tally
    for text, times in sorted(notes.items()):
        print('%d times: %s' % (times, text))
    print('%d points swept, %d failed'
          % (sum(tally.points.values()), len(tally.failures)))
    sys.exit(1 if tally.failures else 0)
