#!/bin/sh
# The real xunge-server: its commands with and without a running server, TLS
# with a pinned key, the open log, exit codes, both languages, an orderly end.
#
# XG_BIN: where the programs lie. XG_SOURCE: the source tree. Needs curl.
set -eu

server=${XG_BIN:?}/xunge-server
work=$(mktemp -d)
data=$work/data
pid=
trap 'status=$?; [ -z "$pid" ] || kill "$pid" 2>/dev/null || :; rm -rf "$work"; exit $status' EXIT
# A failure names its line.
fail() {
    echo "FAIL: $*" >&2
    [ ! -s "$work/log" ] || tail -n 20 "$work/log" >&2
    exit 1
}
# expect CODE COMMAND...: it must exit with that code.
expect() {
    wanted=$1
    shift
    set +e
    "$@" >"$work/out" 2>"$work/err" </dev/null
    got=$?
    set -e
    [ "$got" -eq "$wanted" ] || fail "$* exited $got, not $wanted: $(cat "$work/out" "$work/err")"
}
# says TEXT: in the output of the last expect.
says() {
    grep -qF -- "$1" "$work/out" "$work/err" || fail "no '$1' in: $(cat "$work/out" "$work/err")"
}
start() {
    : >"$work/ready" # that of an earlier server must not be taken for it
    "$server" serve "$data" --listen 127.0.0.1:0 "$@" >"$work/ready" 2>"$work/log" &
    pid=$!
    i=0
    until grep -q '^ready ' "$work/ready"; do
        i=$((i + 1))
        [ $i -lt 200 ] || fail "the server does not get ready"
        kill -0 "$pid" 2>/dev/null || fail "the server ended"
        sleep 0.05
    done
    url=$(sed -n 's/^ready \([^ ]*\).*/\1/p' "$work/ready")
    pin=$(sed -n 's/^ready [^ ]* pin \(.*\)/\1/p' "$work/ready")
}
stop() {
    kill -TERM "$pid"
    wait "$pid" || fail "the server exited with $?"
    pid=
}
# ask PATH ARGUMENTS...: the body in $work/body, prints the status.
ask() {
    path=$1
    shift
    curl -sS --noproxy '*' -k --pinnedpubkey "$pin" -o "$work/body" \
        -w '%{http_code}' "$@" "$url$path"
}
LC_ALL=C.UTF-8
export LC_ALL
unset NOTIFY_SOCKET 2>/dev/null || :

# ---- words ----
expect 0 "$server" --help
says 'worker add'
expect 0 "$server" worker add --help
says '--unit U'
expect 0 "$server" --lang zh code --help
says '一次性入网码'
expect 2 "$server"
expect 2 "$server" dance
says 'dance'
expect 2 "$server" init "$data"
says '--origin'
expect 2 "$server" list "$data" --nonsense
expect 2 "$server" list "$data" --lang fr
expect 3 "$server" worker list "$work/nowhere"

# ---- a folder ----
expect 0 "$server" init "$data" --origin lanshan.example --lang en
says 'lanshan.example+'
expect 1 "$server" init "$data" --origin lanshan.example
expect 0 "$server" key "$data" --json
says '"log":"lanshan.example+'
[ "$(stat -c %a "$data")" = 700 ] || fail "the folder is open to others"
[ "$(stat -c %a "$data/log.key")" = 600 ] || fail "log.key is open to others"
[ "$(stat -c %a "$data/tls/key.pem")" = 600 ] || fail "the TLS key is open to others"

# ---- commands without a server ----
units=$work/units-1.csv
printf '%s\n' code,level,parent,name 371302,district,,兰山区 \
    371302001,street,371302,兰山街道 371302001001,community,371302001,考棚社区 >"$units"
expect 0 "$server" territory import "$data" "$units"
says '3 units'
expect 1 "$server" calendar import "$data" "$units"
says 'units-1.csv'
echo '{"holidays":{"2026-05-01":"x","2026-10-01":"y"}}' >"$work/days.json"
expect 0 "$server" calendar import "$data" "$work/days.json" --edition 2026
expect 0 "$server" worker add "$data" w1 --name 张三 --role 网格员 --unit 371302001001
expect 3 "$server" worker add "$data" w2 --name 李四 --role worker --unit 999
expect 2 "$server" worker add "$data" w2 --name 李四 --role king --unit 371302
says 'dispatcher'
expect 2 "$server" code "$data" w1 # it never served, and no --url
says '--url'
expect 0 "$server" code "$data" w1 --url https://city.example:7443
says 'xg1'
expect 3 "$server" code "$data" nobody --url https://city.example

# ---- with a server: the same commands, run in it ----
start
[ "$(stat -c %a "$data/control.sock")" = 600 ] || fail "others may command it"
expect 0 "$server" worker list "$data"
says '张三'
expect 0 "$server" worker list "$data" --json
says '"code":"w1"'
expect 0 "$server" --lang zh worker add "$data" d1 --name 王五 --role dispatcher --unit 371302
says '已登记'
expect 0 "$server" code "$data" w1
says 'xg1'
expect 3 "$server" code "$data" nobody
expect 0 "$server" list "$data"
expect 2 "$server" list "$data" dragon
expect 3 "$server" show "$data" ffff
expect 0 "$server" conflicts "$data"
expect 0 "$server" device list "$data"
expect 3 "$server" device revoke "$data" 4711
expect 0 "$server" check "$data"
expect 0 "$server" rebuild "$data"
expect 0 "$server" health "$data" --json
says '"by":"server","until":"2'
(cd "$work" && expect 0 "$server" backup data copy.db)
[ -s "$work/copy.db" ] || fail "no backup"
expect 1 "$server" serve "$data" --listen 127.0.0.1:0 # one at a time

# ---- the network ----
[ "$(ask /healthz)" = 200 ] || fail healthz
[ "$(ask /metrics)" = 200 ] || fail metrics
grep -q '^xunge_log_entries [1-9]' "$work/body" || fail "no figures"
[ "$(ask /log/checkpoint)" = 200 ] || fail checkpoint
[ "$(sed -n 1p "$work/body")" = lanshan.example ] || fail "another origin"
size=$(sed -n 2p "$work/body")
[ "$(ask "/log/tile/0/000.p/$size")" = 200 ] || fail tile
[ "$(stat -c %s "$work/body")" -eq $((32 * size)) ] || fail "a tile of another size"
[ "$(ask "/log/tile/entries/000.p/$size")" = 200 ] || fail entries
grep -q 'xunge/registry/v1' "$work/body" || fail "no registry note in the log"
if grep -aq '张三' "$work/body"; then fail "a name in the log"; fi
[ "$(ask /log/tile/0/001)" = 404 ] || fail "a tile that is not there"
[ "$(ask '/v1/updates?since=0' -H 'Accept-Language: zh')" = 401 ] || fail "no token, no updates"
grep -q 会话 "$work/body" || fail "not in Chinese"
id=$(printf '%064d' 0)
[ "$(ask "/v1/batches/$id" -X PUT --data-binary junk)" = 401 ] || fail "a batch without a token"
[ "$(ask /v1/hello --data-binary junk)" = 422 ] || fail "junk for a hello"
[ "$(ask /v1/enrol --data-binary junk)" = 422 ] || fail "junk for an enrolment"
head -c 70000 /dev/zero >"$work/big"
[ "$(ask /v1/enrol --data-binary @"$work/big")" = 413 ] || fail "too much was read"
wrong="sha256//$(printf '%043d' 0)="
if curl -sS --noproxy '*' -k --pinnedpubkey "$wrong" "$url/healthz" >/dev/null 2>&1; then
    fail "any key will do"
fi
stop
[ ! -e "$data/control.sock" ] || fail "the control socket is left"

# ---- after it, and without TLS ----
expect 0 "$server" check "$data" --json
says '"sound":true'
expect 0 "$server" health "$data" --json
says '"by":"folder","until":"2'
start --plain
expect 0 "$server" health "$data" --json
says '"by":"none","until":null,"doubt":"'
case $url in http://127.0.0.1:*) ;; *) fail "not plain: $url" ;; esac
pin=sha256//
[ "$(curl -sS --noproxy '*' "$url/healthz")" = ok ] || fail "plain healthz"
# What an abrupt end leaves does not stop the next start.
kill -KILL "$pid"
wait "$pid" 2>/dev/null || :
pid=
expect 0 "$server" check "$data"
start
expect 0 "$server" worker list "$data"
stop
echo "server commands: ok"
