#!/bin/sh
# Installs the public tus programs that the tests run beside Xunge's, in the
# versions of tests/npm/package-lock.json, where they are not there yet.
#
#   sh packaging/npm.sh
#
# Needs node and npm (packaging/dependencies.sh test). Nothing of what is
# installed runs at installation.
set -eu
cd "$(dirname "$0")/../tests/npm"

# What npm writes last says which versions lie there.
mark=node_modules/.package-lock.json
[ -f "$mark" ] && [ ! package-lock.json -nt "$mark" ] && exit 0
npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
touch "$mark"
