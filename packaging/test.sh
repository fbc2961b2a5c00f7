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
gently=
again_most=6 # more than that is no accident
jobs=$(nproc)
memory=/dev/shm
memory_least=2097152 # KiB; Chromium's shared memory lies there, too

# in_memory: what tests write lies in memory, where that has room and runs
# programs. The disk's file system takes a quarter of their processor; what it
# promises, plain ctest and the soak go by.
in_memory() {
    [ "$(stat -f -c %T "$memory" 2>/dev/null)" = tmpfs ] || return 0
    free=$(df -Pk "$memory" | awk 'NR == 2 {print $4}')
    [ "$free" -ge "$memory_least" ] || return 0
    scratch=$(mktemp -d "$memory/xg-XXXXXX") || return 0
    trap 'rm -rf "$scratch"' EXIT
    trap 'exit 1' HUP INT TERM
    printf '#!/bin/sh\n' >"$scratch/runs"
    chmod +x "$scratch/runs"
    if "$scratch/runs" 2>/dev/null; then export TMPDIR="$scratch"; fi
}

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

# built PRESET [TARGET]: configure, and build all or the target. What it says
# lies in build-PRESET/build.log.
built() {
    mkdir -p "build-$1"
    { cmake --preset "$1" &&
        $gently cmake --build --preset "$1" -j "$jobs" ${2:+-t "$2"}; } >"build-$1/build.log" 2>&1
}

# told TAG FILE: how often results hold it; the tests themselves, their failures.
told() {
    if [ "$1" = tests ]; then
        sed -n 's/.*<testsuite [^>]*tests="\([0-9]*\)".*/\1/p;/tests="/{s/^[[:space:]]*tests="\([0-9]*\)".*/\1/p;}' "$2" | head -n 1
    else
        grep -c '<failure' "$2"
    fi
}

# again PRESET FAILED: what drives several programs by the clock, and failed beside
# others, runs once more, alone. What passes now is named: a fault of the test
# or of this machine's, to be looked at, and no failure. Says how many.
again() {
    second=build-$1/again.xml
    if [ "$2" -gt "$again_most" ]; then
        echo 0
        return
    fi
    failed_first=$(sed 's/^[0-9]*://' "build-$1/Testing/Temporary/LastTestsFailed.log")
    rm -f "$second"
    ctest --test-dir "build-$1" -L 'e2e|browser|fault|interop' \
        -R "^($(echo $failed_first | tr ' ' '|'))\$" \
        --output-on-failure --output-junit "$PWD/$second" >&2
    if [ ! -s "$second" ]; then
        echo 0
        return
    fi
    for name in $failed_first; do
        grep -q "<testcase name=\"$name\" .*status=\"run\"" "$second" &&
            printf '== passes alone, not beside others: %s\n' "$name" >&2
    done
    echo $(($(told tests "$second") - $(told failures "$second")))
}

# suite PRESET CTEST-ARGUMENTS...: run what was built; count what ctest says.
suite() {
    preset=$1
    shift
    results=build-$preset/results.xml
    rm -f "$results"
    # Three times as many at once as there are cores: most tests wait for a
    # line, or for a clock.
    ctest --test-dir "build-$preset" --output-on-failure -j $((jobs * 3)) \
        --no-tests=error --output-junit "$PWD/$results" "$@"
    if [ ! -s "$results" ]; then
        count 0 1 "$preset ran no test"
        return
    fi
    bad=$(told failures "$results")
    [ "$bad" -eq 0 ] || bad=$((bad - $(again "$preset" "$bad")))
    count $(($(told tests "$results") - bad)) "$bad" "$preset"
}

# unbuilt PRESET: why there is nothing to run.
unbuilt() {
    tail -n 40 "build-$1/build.log"
    count 0 1 "$1 does not build"
}

# What needs no clock gives way to the tests and has what they leave: the
# sanitizers' builds, and the static analysis, which needs what the ci preset
# generates. Each leaves its exit status in a file.
beside() {
    gently='nice -n 19'
    for step in "asan checked" "tsan threads"; do
        # shellcheck disable=SC2086 # a preset and a target
        built $step
        echo $? >"build-${step% *}/build.status"
    done
    for tool in cppcheck tidy; do
        $gently sh "tests/lint/$tool.sh" >"build-ci/$tool.log" 2>&1
        echo $? >"build-ci/$tool.status"
    done
}

# status FILE: what a step beside the tests ended with, once it has.
status() {
    while [ ! -s "$1" ] && kill -0 "$behind"; do sleep 1; done
    [ -s "$1" ] && [ "$(cat "$1")" -eq 0 ]
}

# sanitized PRESET CTEST-ARGUMENTS...: a suite that was built beside the tests.
sanitized() {
    if status "build-$1/build.status"; then suite "$@"; else unbuilt "$1"; fi
}

# analysed TOOL: what it said, as one test.
analysed() {
    status "build-ci/$1.status"
    said=$?
    cat "build-ci/$1.log"
    check "$1" test "$said" -eq 0
}

started=$(date +%s)
in_memory
check "walls between the rooms" python3 tests/lint/includes.py
check "every export of the pages is taken" python3 tests/lint/exports.py
check "every licence is named where it is installed" python3 tests/lint/copyright.py
check "every test that a document names is there" python3 tests/lint/named_tests.py
rm -f build-*/*.status
if ! built ci; then
    unbuilt ci
elif [ "${1:-}" = quick ]; then
    suite ci
else
    beside &
    behind=$!
    suite ci
    sanitized asan -L 'unit|property|fuzz'
    sanitized tsan -L 'threads'
    analysed cppcheck
    analysed tidy
    wait "$behind"
fi
printf '== %d s\n' $(($(date +%s) - started))
printf '%d passed, %d failed\n' "$passed" "$failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
