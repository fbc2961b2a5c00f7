#!/bin/sh
# server.sh FOLDER - builds server_check.go in FOLDER, and runs server.py by it.
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
folder=$1

export GO111MODULE=off GOFLAGS='' CGO_ENABLED=0
export GOPATH=/usr/share/gocode GOCACHE="$folder/go-cache"
go build -o "$folder/server_check" "$here/server_check.go"
PYTHONPATH="$here/../e2e" exec python3 "$here/server.py" "$folder/server_check"
