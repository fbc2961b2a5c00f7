#!/bin/sh
# Runs fuzz targets one after another, on one core, and says how often each ran:
#
#   sh tests/fuzz/run.sh RUNS SECONDS [TARGET ...]     at most, for each
#
# What they find that is new lies in build-fuzz/fuzz/found/TARGET; what stopped
# them in build-fuzz/fuzz/crash-TARGET-*. Fails where anything did. XG_FUZZ: of
# which build (build-fuzz-runs is several times as fast, docs/testing.md).
set -u
cd "$(dirname "$0")/../.." || exit 1
runs=$1
seconds=$2
shift 2
[ $# -gt 0 ] || set -- $(sed -n 's/^xg_fuzz(\([a-z_]*\).*/\1/p' \
    tests/fuzz/CMakeLists.txt)
here=${XG_FUZZ:-build-fuzz}/fuzz
failed=0
for name in "$@"; do
    read -r options <"$here/$name.options"
    nice -n 19 "$here/$name" -runs="$runs" -max_total_time="$seconds" \
        -print_final_stats=1 $options >"$here/$name.log" 2>&1 || {
        failed=1
        grep -E '^SUMMARY|^\.\./' "$here/$name.log"
    }
    printf '%-14s %s runs\n' "$name" \
        "$(sed -n 's/^stat::number_of_executed_units: *//p' "$here/$name.log")"
done
exit $failed
