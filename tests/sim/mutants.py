"""Does the simulator find bugs? Seeds real ones, one at a time, and lets it.

    mutants.py [--seconds N] [--only NAME]... [--check]

Each tests/sim/mutations/NAME.patch goes into a copy of the sources, the copy is
built as far as the simulator needs, and the simulator runs for N seconds of
small worlds; it must fail. Printed: what failed, after how long, in which seed,
after how many device-days. --check: only, does each patch still apply.

Without a bug the same worlds hold: that is the first run.

XG_SOURCE: the source tree. XG_MUTANTS: where to build (build-mutants in it).
"""
import argparse
import os
import pathlib
import re
import shutil
import subprocess
import sys
import time

SOURCE = pathlib.Path(os.environ.get(
    'XG_SOURCE', pathlib.Path(__file__).resolve().parents[2]))
PATCHES = SOURCE / 'tests/sim/mutations'
PLACE = pathlib.Path(os.environ.get('XG_MUTANTS', SOURCE / 'build-mutants'))
COPY, BUILD = PLACE / 'source', PLACE / 'build'
# Few people who meet often, and much that befalls them.
WORLD = ('--devices', '25', '--steps', '800', '--days', '10', '--wild', '2')


def run(*argv, **more):
    return subprocess.run([str(a) for a in argv], text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          **more)


def must(*argv, **more):
    done = run(*argv, **more)
    if done.returncode != 0:
        sys.exit(f'{argv[0]} failed:\n{done.stdout[-4000:]}')


def patch(name, *flags):
    return run('patch', '-p1', '--no-backup-if-mismatch', *flags, '-i',
               PATCHES / f'{name}.patch', cwd=COPY)


def copy_sources():
    """What changed is copied, so that a second run builds little."""
    for top in ('agent', 'cmake', 'packaging', 'server', 'shared', 'tests'):
        shutil.rmtree(COPY / top, ignore_errors=True)
        shutil.copytree(SOURCE / top, COPY / top,
                        ignore=shutil.ignore_patterns('__pycache__', 'node_modules'))
    shutil.copy2(SOURCE / 'CMakeLists.txt', COPY)


def build():
    must('cmake', '--build', BUILD, '-j', os.environ.get('XG_JOBS', '2'),
         '-t', 'simulate')


def simulate(seconds):
    """Did it fail, of what, in which seed, device-days before, seconds."""
    began = time.monotonic()
    done = run(BUILD / 'tests/simulate', *WORLD, '--seconds', seconds,
               '--shrink-seconds', '0', cwd=PLACE)
    took = time.monotonic() - began
    days = sum(int(n) for n in re.findall(r'(\d+) device-days \(', done.stdout))
    seeds = re.findall(r'^sim: seed (\d+)$', done.stdout, re.M)
    why = re.search(r'does not hold: (.*)', done.stdout)
    if done.returncode == 0:
        return None, seeds[-1], days, took
    if not why:
        sys.exit(f'the simulator ended otherwise:\n{done.stdout[-2000:]}')
    return why.group(1), seeds[-1], days, took


def hunt(name, seconds):
    applied = patch(name)
    if applied.returncode != 0:
        sys.exit(f'{name}.patch does not apply:\n{applied.stdout}')
    try:
        build()
        why, seed, days, took = simulate(seconds)
    finally:
        patch(name, '-R')
    found = 'found' if why else 'NOT FOUND'
    print(f'{name:24} {found}  seed {seed}, {days} device-days, {took:.0f} s'
          f'  {(why or "")[:90]}', flush=True)
    return why is not None


def main():
    words = argparse.ArgumentParser()
    words.add_argument('--seconds', type=int, default=60)
    words.add_argument('--only', action='append')
    words.add_argument('--check', action='store_true')
    flags = words.parse_args()
    names = flags.only or sorted(p.stem for p in PATCHES.glob('*.patch'))
    COPY.mkdir(parents=True, exist_ok=True)
    copy_sources()
    if flags.check:
        bad = [n for n in names if patch(n, '--dry-run').returncode != 0]
        print(f'{len(names)} patches, {len(bad)} do not apply', *bad)
        sys.exit(1 if bad or not names else 0)
    must('cmake', '-S', COPY, '-B', BUILD, '-G', 'Ninja',
         '-DCMAKE_BUILD_TYPE=RelWithDebInfo',
         *(['-DCMAKE_C_COMPILER_LAUNCHER=ccache']
           if shutil.which('ccache') else []))
    build()
    why, seed, days, took = simulate(flags.seconds)
    print(f'{"(no bug)":24} {why or "holds"}  to seed {seed}, {days} '
          f'device-days, {took:.0f} s', flush=True)
    missed = [n for n in names if not hunt(n, flags.seconds)]
    sys.exit(1 if why or missed else 0)


if __name__ == '__main__':
    main()
