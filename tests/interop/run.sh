#!/bin/sh
# run.sh HELPER FOLDER - what our code writes, Go's reads, and the other way.
# HELPER is the built interop_tlog; FOLDER is for what is built here.
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
helper=$1
folder=$2

export GO111MODULE=off GOFLAGS='' CGO_ENABLED=0
export GOPATH=/usr/share/gocode GOCACHE="$folder/go-cache"
go build -o "$folder/tlog_check" "$here/tlog_check.go"

for seed in 1 2 3; do
    "$helper" print "$seed" >"$folder/ours"
    "$folder/tlog_check" check <"$folder/ours"
    "$folder/tlog_check" print "$seed" >"$folder/theirs"
    "$helper" check <"$folder/theirs"
done
