#!/bin/sh
# Bundles a page and puts it into a folder, or checks the types of all pages,
# which share what lies in shared/page and are checked at once.
#
#   sh packaging/page.sh agent/ui/page FOLDER
#   sh packaging/page.sh types
#
# Fetches what shared/page/package-lock.json names where it is not there yet.
# The same sources give the same bytes.
set -eu
cd "$(dirname "$0")/.."
root=$PWD/$1

sh packaging/npm.sh shared/page
cd shared/page
[ "$1" != types ] || exec node node_modules/typescript/bin/tsc --noEmit
XG_PAGE_ROOT=$root XG_PAGE_OUT=$2 \
    node node_modules/vite/bin/vite.js build --logLevel warn
