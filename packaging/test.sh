#!/bin/sh
# Installs what the tests need, builds, and runs them all.
#
#   sh packaging/test.sh           everything that CI runs
#   sh packaging/test.sh quick     no sanitizers, no static analysis
#
# Ends with a line "N passed, N failed"; a stage that cannot be built counts as
# one failure. Logs lie in build-ci/, build-asan/, ... under Testing/.
set -u
cd "$(dirname "$0")/.."

sh packaging/dependencies.sh test && sh packaging/npm.sh tests/npm shared/page || exit 1

passed=0
failed=0
only=
beside=
analysis=
jobs=$(nproc)

# count PASSED FAILED NAME
count() {
    passed=$((passed + $1))
    failed=$((failed + $2))
    printf '== %s: %d passed, %d failed\n' "$3" "$1" "$2"
}

# check NAME COMMAND...: one command is one test.
check() {
    name=$1
    shift
    if "$@"; then count 1 0 "$name"; else count 0 1 "$name"; fi
}

# suite PRESET CTEST-ARGUMENTS...: configure, build (all, or the targets that
# $only names), start what $beside names in the background, run; count what
# ctest says.
suite() {
    preset=$1
    shift
    # shellcheck disable=SC2086 # $only is meant to be split
    if ! { cmake --preset "$preset" >/dev/null &&
        cmake --build --preset "$preset" -j "$jobs" ${only:+-t $only} >build.log 2>&1; }; then
        tail -n 40 build.log
        rm -f build.log
        count 0 1 "$preset does not build"
        return
    fi
    rm -f build.log
    [ -z "$beside" ] || "$beside"
    results=build-$preset/results.xml
    rm -f "$results"
    # Two more at once than there are cores: many tests wait for a line, or a clock.
    ctest --test-dir "build-$preset" --output-on-failure -j $((jobs + 2)) \
        --no-tests=error --output-junit "$PWD/$results" "$@"
    if [ ! -s "$results" ]; then
        count 0 1 "$preset ran no test"
        return
    fi
    total=$(sed -n 's/.*<testsuite [^>]*tests="\([0-9]*\)".*/\1/p;/tests="/{s/^[[:space:]]*tests="\([0-9]*\)".*/\1/p;}' "$results" | head -n 1)
    bad=$(grep -c '<failure' "$results")
    count $((total - bad)) "$bad" "$preset"
}

# The static analysis: it needs what the ci preset generates, and no more than
# the time in which tests wait, so it runs beside them and gives way to them.
analyse() {
    nice -n 19 sh -c 'sh tests/lint/cppcheck.sh >build-ci/cppcheck.log 2>&1
        echo $? >build-ci/cppcheck.status
        sh tests/lint/tidy.sh >build-ci/tidy.log 2>&1
        echo $? >build-ci/tidy.status' &
    analysis=$!
}

# analysed NAME: what it said, as one test.
analysed() {
    cat "build-ci/$1.log"
    check "$1" test "$(cat "build-ci/$1.status")" -eq 0
}

started=$(date +%s)
check "walls between the rooms" python3 tests/lint/includes.py
if [ "${1:-}" = quick ]; then
    suite ci
else
    rm -f build-ci/cppcheck.status build-ci/tidy.status
    beside=analyse
    suite ci
    beside=
    only=checked
    suite asan -L 'unit|property|fuzz'
    only=threads
    suite tsan -L 'threads'
    only=fuzz
    suite fuzz -L fuzz
    [ -z "$analysis" ] || wait "$analysis"
    analysed cppcheck
    analysed tidy
fi
printf '== %d s\n' $(($(date +%s) - started))
printf '%d passed, %d failed\n' "$passed" "$failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
