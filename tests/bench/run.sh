#!/bin/sh
# Builds a release with the tools of this folder, and measures:
#
#   sh tests/bench/run.sh [--quick] [--only batch,sync,...] [--markdown FILE]
#
# XUNGE_BUILD: a build folder to use instead of build-bench. XG_WORKLOAD: a
# program that makes the standard workload (--workers N --seed S --dir D);
# without it the load is made by gen.py out of tests/data/workload.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
source=$(cd "$here/../.." && pwd)
build=${XUNGE_BUILD:-$source/build-bench}
if [ ! -f "$build/CMakeCache.txt" ]; then
    cmake -S "$source" -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Release \
        >/dev/null
fi
cmake --build "$build" --target xunge xunge-sync xunge-patrol xunge-exif xunge-thumb \
    xunge-server xgfault bench-tools >/dev/null
PYTHONDONTWRITEBYTECODE=1 exec python3 "$here/bench.py" --build "$build" "$@"
