#!/bin/sh
# Builds a page: checks its types, bundles it, and puts it into a folder.
#
#   sh packaging/page.sh agent/ui/page FOLDER
#
# Fetches what shared/page/package-lock.json names where it is not there yet.
# The same sources give the same bytes.
set -eu
cd "$(dirname "$0")/.."
root=$PWD/$1
out=$2

sh packaging/npm.sh shared/page
cd shared/page
node node_modules/typescript/bin/tsc --noEmit
XG_PAGE_ROOT=$root XG_PAGE_OUT=$out \
    node node_modules/vite/bin/vite.js build --logLevel warn
