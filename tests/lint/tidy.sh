#!/bin/sh
# clang-tidy, one file a process (version 14 reports falsely across files).
# Needs build-ci/compile_commands.json.
#
#   sh tests/lint/tidy.sh            as CI does
#   sh tests/lint/tidy.sh 225000     the analyzer follows more of the paths of
#                                    a long function; takes some eight times as long
set -eu
cd "$(dirname "$0")/../.."
nodes=${1:-10000}
# Once a file: what is part of several programs is in the database as often.
once=build-ci/once
mkdir -p "$once"
python3 -c 'import json, sys
files = {entry["file"]: entry for entry in reversed(json.load(sys.stdin))}
json.dump(list(files.values()), sys.stdout)' \
    <build-ci/compile_commands.json >"$once/compile_commands.json"
git ls-files 'shared/*.c' 'agent/*.c' 'server/*.c' |
    xargs -n 1 -P "$(nproc)" clang-tidy --quiet -p "$once" \
        --warnings-as-errors='*' --extra-arg=-Xclang \
        --extra-arg=-analyzer-config --extra-arg=-Xclang \
        --extra-arg="max-nodes=$nodes" 2>/dev/null
