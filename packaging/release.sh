#!/bin/sh
# Makes a release tarball of what is committed: the sources, and both pages
# built, so that who builds from it needs no Node.
#
#   sh packaging/release.sh [FOLDER]     FOLDER/xunge-VERSION.tar.gz
#
# The same commit gives the same bytes.
set -eu
cd "$(dirname "$0")/.."
version=$(sed -n 's/^project(xunge VERSION \([0-9.]*\).*/\1/p' CMakeLists.txt)
name=xunge-$version
mkdir -p "${1:-.}"
out=$(cd "${1:-.}" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT INT TERM

git archive --prefix="$name/" HEAD | tar -x -C "$work"
# Built from the very sources that go into the tarball, not from those that lie
# here; and what it was built with stays out.
sh "$work/$name/packaging/page.sh" types
for page in agent/ui server/console; do
    sh "$work/$name/packaging/page.sh" "$page/page" "$work/$name/$page/built"
done
rm -rf "$work/$name/shared/page/node_modules" "$work/$name/shared/page/.npm-lock"
tar -C "$work" --sort=name --owner=0 --group=0 --numeric-owner \
    --mtime="@$(git log -1 --format=%ct)" --mode=go=rX,u+rw -cf - "$name" |
    gzip -9 -n >"$out/$name.tar.gz"
echo "$out/$name.tar.gz"
