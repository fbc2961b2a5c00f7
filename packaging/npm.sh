#!/bin/sh
# Installs what a package-lock.json names, where it is not there yet.
#
#   sh packaging/npm.sh tests/npm shared/page
#
#   shared/page   what the pages are built with
#   tests/npm     public programs that the tests run beside Xunge's
#
# Needs node and npm (packaging/dependencies.sh). Nothing of what is installed
# runs at installation.
set -eu
cd "$(dirname "$0")/.."

for folder; do
    (
        cd "$folder"
        # Two builds may come here at once.
        exec 9>.npm-lock
        flock 9
        # What npm writes last says which versions lie there.
        mark=node_modules/.package-lock.json
        [ -f "$mark" ] && [ ! package-lock.json -nt "$mark" ] && exit 0
        npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
        touch "$mark"
    )
done
