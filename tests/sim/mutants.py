"""Does the simulator find bugs? Seeds real ones, one at a time, and lets it.

    mutants.py [--worlds N] [--only NAME]... [--check]

Each tests/sim/mutations/NAME.patch goes into a copy of the sources, the copy is
built as far as the simulator needs, and the simulator runs through N small
worlds, seeds 1 to N; one of them must fail. So it is the same on any machine.
Printed: the seed and the step in which it failed, after how many device-days of
worlds that held, after how many seconds of a processor, and of what.
--check: only, does each patch still apply.

Without a bug the same worlds hold: that is the first run.

XG_SOURCE: the source tree. XG_MUTANTS: where to build (build-mutants in it).
"""
import argparse
import filecmp
import os
import pathlib
import re
import resource
import shutil
import subprocess
import sys

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


def copy_one(source, target):
    """With the time of now, where it differs: by its own time what a seeded bug
    was built into looks newer than it."""
    if not target.exists() or not filecmp.cmp(source, target, shallow=False):
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
        shutil.copymode(source, target)


def copy_sources():
    """What changed is copied, so that a second run builds little."""
    wanted = {pathlib.Path('CMakeLists.txt')}
    for top in ('agent', 'cmake', 'packaging', 'server', 'shared', 'tests'):
        for folder, below, files in os.walk(SOURCE / top):
            below[:] = [d for d in below
                        if d not in ('__pycache__', 'node_modules')]
            wanted.update(pathlib.Path(folder, f).relative_to(SOURCE)
                          for f in files)
    for path in wanted:
        copy_one(SOURCE / path, COPY / path)
    for path in COPY.rglob('*'):
        if path.is_file() and path.relative_to(COPY) not in wanted:
            path.unlink()


def build():
    must('cmake', '--build', BUILD, '-j', os.environ.get('XG_JOBS', '2'),
         '-t', 'simulate')


def processor_seconds():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def simulate(worlds):
    """What does not hold (None: everything does), and where it was met."""
    began = processor_seconds()
    done = run(BUILD / 'tests/simulate', *WORLD, '--seeds', worlds,
               '--shrink-seconds', '0', cwd=PLACE)
    took = processor_seconds() - began
    days = sum(int(n) for n in re.findall(r'(\d+) device-days \(', done.stdout))
    seeds = re.findall(r'^sim: seed (\d+)$', done.stdout, re.M)
    step = re.search(r'FAILED  seed \d+  step (\d+)', done.stdout)
    why = re.search(r'does not hold: (.*)', done.stdout)
    if done.returncode != 0 and not why:
        sys.exit(f'the simulator ended otherwise:\n{done.stdout[-2000:]}')
    where = (f'seed {seeds[-1]}, step {step.group(1) if step else "-"}, '
             f'{days} device-days, {took:.0f} s')
    return (why.group(1) if why else None), where


def hunt(name, worlds):
    applied = patch(name)
    if applied.returncode != 0:
        sys.exit(f'{name}.patch does not apply:\n{applied.stdout}')
    try:
        build()
        why, where = simulate(worlds)
    finally:
        patch(name, '-R')
    print(f'{name:24} {"found" if why else "NOT FOUND"}  {where}  '
          f'{(why or "")[:90]}', flush=True)
    return why is not None


def main():
    words = argparse.ArgumentParser()
    words.add_argument('--worlds', type=int, default=15)
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
    why, where = simulate(flags.worlds)
    print(f'{"(no bug)":24} {why or "holds"}  {where}', flush=True)
    missed = [n for n in names if not hunt(n, flags.worlds)]
    sys.exit(1 if why or missed else 0)


if __name__ == '__main__':
    main()
