#!/bin/sh
# Installs what Xunge needs, builds it, and runs the main job on real input:
#
#   a server with the territory of 临沂兰山, two enrolled devices; with the
#   server down, one of them records a patrol on a real gpsd that is fed a real
#   receiver's capture, an incident with a real EXIF photo, visits, a dispute
#   and a meeting; then the server comes up, both sync, and each record and the
#   photo are shown as received with their proofs verified; at last a report
#   goes by a stick instead of a network, and its receipt comes back the same
#   way, an auditor checks the whole log, and the evidence of one case, and the
#   worker's page is asked whether it answers;
#
#   and then a district that has been at work for three weeks (district.py),
#   for the command centre's console: some hundred cases in all states.
#
#   sh packaging/quickstart.sh          everything lies in ./demo afterwards
#
# XUNGE_DEMO names another folder; XUNGE_BUILD a folder that is built already.
# XUNGE_PART: `story` or `district`, else both; XUNGE_CASES: everyday cases of
# the district, else 240.
# Speaks Chinese where the locale does. Nothing listens but on 127.0.0.1, and
# what this starts it also ends.
set -eu
cd "$(dirname "$0")/.."

demo=${XUNGE_DEMO:-demo}
build=${XUNGE_BUILD:-}
input=packaging/demo
if [ -e "$demo" ] && [ ! -e "$demo/.xunge-demo" ]; then
    echo "$demo is there and is not a demonstration of ours; name another folder with XUNGE_DEMO" >&2
    exit 2
fi

case "${LC_ALL:-${LC_MESSAGES:-${LANG:-}}}" in
zh*) chinese=yes ;;
*) chinese= ;;
esac
# say ZH EN: one line in the reader's language.
say() { if [ "$chinese" ]; then echo "$1"; else echo "$2"; fi; }
step() {
    echo
    say "== $1" "== $2"
}

step "安装依赖并构建" "Installing what is needed, and building"
if [ -z "$build" ]; then
    sh packaging/dependencies.sh build
    cmake --preset release >/dev/null
    cmake --build --preset release
    build=build-release
fi
bin=$(cd "$build/bin" && pwd)

part=${XUNGE_PART:-both}
rm -rf "$demo"
mkdir -p "$demo"
touch "$demo/.xunge-demo"
demo=$(cd "$demo" && pwd)
server=$demo/server
zhang=$demo/zhang-wei # a grid worker's device
li=$demo/li-na        # the community's device

# What was started and is still there, by pid.
server_pid=
feed_pid=
gpsd_pid=
page_pid=
cleanup() {
    for pid in $server_pid $gpsd_pid $feed_pid $page_pid; do
        kill "$pid" 2>/dev/null || true
    done
    "$bin/xunge" --home "$zhang" patrol stop >/dev/null 2>&1 || true
}
trap cleanup EXIT INT TERM

# wait_for FILE: until it has a line, at most 20 s.
wait_for() {
    tries=0
    until [ -s "$1" ]; do
        tries=$((tries + 1))
        if [ "$tries" -gt 200 ]; then
            echo "nothing came in $1" >&2
            exit 1
        fi
        sleep 0.1
    done
}

# serve [PORT]: start the server; 0 lets the system choose.
serve() {
    : >"$demo/ready"
    "$bin/xunge-server" serve "$server" --listen "127.0.0.1:$1" \
        >"$demo/ready" 2>>"$demo/server.log" &
    server_pid=$!
    wait_for "$demo/ready"
    port=$(sed -n 's/^ready https:\/\/127\.0\.0\.1:\([0-9]*\).*/\1/p' "$demo/ready")
}

stop_server() {
    kill "$server_pid"
    wait "$server_pid" 2>/dev/null || true
    server_pid=
}

# A district to look at, and how: nothing of it runs when this ends.
district() {
    step "一个忙了三周的区：真实的智能体和服务器，逐日做出来" \
        "A district at work for three weeks: made day by day, by the real programs"
    if [ "$chinese" ]; then language=zh; else language=en; fi
    python3 packaging/district.py "$demo/district" --bin "$bin" \
        --cases "${XUNGE_CASES:-240}" --lang "$language"
    console=127.0.0.1:8743
    once=$("$bin/xunge-server" operator login "$demo/district/server" zx01 \
        --why quickstart --json | sed 's/.*"once": *"\([^"]*\)".*/\1/')
    echo
    say "指挥中心（浏览器会对自签证书提示，示范可以继续）：先启动，再打开链接设口令" \
        "The command centre (the browser minds the certificate that signed itself; here you may go on): serve it, then open the link and set a password"
    echo "  $bin/xunge-server serve $demo/district/server --listen 127.0.0.1:0 --console $console"
    echo "  https://$console/#once=$once"
    say "这是调度员周敏（zx01）的；督办、部门、社区、审计等各人见 $demo/district/people.json：" \
        "That is the dispatcher's, 周敏 (zx01); the others' are in $demo/district/people.json:"
    echo "  $bin/xunge-server operator login $demo/district/server db01"
}

if [ "$part" = district ]; then
    district
    exit 0
fi

step "服务器：临沂兰山的真实区划" "The server: the real territory of 兰山, Linyi"
"$bin/xunge-server" init "$server" --origin lanshan.example
"$bin/xunge-server" territory import "$server" "$input/territory-lanshan.csv"
"$bin/xunge-server" calendar import "$server" "$input/holidays-2026.json"
"$bin/xunge-server" worker add "$server" w00001 --name 张伟 --role worker \
    --unit 371302001001001
"$bin/xunge-server" worker add "$server" c00001 --name 李娜 --role community \
    --unit 371302001001

step "两台设备凭一次性入网码加入" "Two devices join with one-time codes"
serve 0
url=https://127.0.0.1:$port
for who in "w00001 $zhang" "c00001 $li"; do
    code=$("$bin/xunge-server" code "$server" "${who%% *}" --url "$url" --json |
        sed 's/.*"code": *"\([^"]*\)".*/\1/')
    "$bin/xunge" --home "${who#* }" enrol "$code"
    "$bin/xunge" --home "${who#* }" sync >/dev/null
done

step "服务器关闭：从这里起没有网络" "The server goes down: from here on there is no network"
stop_server

step "巡查：真实 gpsd，真实接收机的记录" "A patrol: a real gpsd, fed with a real receiver's capture"
python3 "$input/nmea_tcp.py" "$input/haicom-305N.log" 0.04 >"$demo/feed" &
feed_pid=$!
wait_for "$demo/feed"
gps_port=$(python3 -c 'import socket
s = socket.create_server(("127.0.0.1", 0)); print(s.getsockname()[1])')
gpsd=$(command -v gpsd || echo /usr/sbin/gpsd)
"$gpsd" -N -n -S "$gps_port" "tcp://127.0.0.1:$(cat "$demo/feed")" \
    >"$demo/gpsd.log" 2>&1 &
gpsd_pid=$!
"$bin/xunge" --home "$zhang" patrol start --gpsd "127.0.0.1:$gps_port" --every 1

step "途中：事件（照片带 EXIF）、走访、纠纷、恳谈会" \
    "On the way: an incident with an EXIF photo, visits, a dispute, a meeting"
"$bin/xunge" --home "$zhang" incident category=fire_passage urgency=priority \
    address=书香苑3号楼2单元 description=楼道堆放纸箱和旧家具，疏散通道被占用 \
    --photo "$input/photo.jpg:near" --contact 王某 --phone 13800000000
"$bin/xunge" --home "$zhang" visit place=P00017 category=fire result=normal \
    note=灭火器压力正常，疏散通道畅通
"$bin/xunge" --home "$zhang" visit place=P00018 category=hygiene \
    result=abnormal note=垃圾桶未加盖，要求当日整改
"$bin/xunge" --home "$zhang" dispute type=邻里噪声 parties=吴某 \
    parties=黄某某 description=夜间装修噪声，双方约定晚八点后停工 \
    outcome=agreement
"$bin/xunge" --home "$zhang" meeting topic=电动自行车充电桩选址 \
    attendee=刘某 attendee=赵某 headcount=12 result=选在小区东门空地

say "…等待接收机的记录放完" "... until the capture has been walked"
sleep 25
"$bin/xunge" --home "$zhang" patrol stop
kill "$gpsd_pid" "$feed_pid" 2>/dev/null || true
gpsd_pid=
feed_pid=

step "没有网络时同步：工作留在设备上（退出码 4）" \
    "A sync without a network: the work stays queued (exit status 4)"
status=0
"$bin/xunge" --home "$zhang" sync || status=$?
[ "$status" -eq 4 ]
"$bin/xunge" --home "$zhang" list

step "服务器恢复：双方同步" "The server comes up: both sync"
serve "$port"
"$bin/xunge" --home "$zhang" sync
"$bin/xunge" --home "$li" sync

step "社区设备看到辖区内的记录" "The community's device sees what is in its scope"
"$bin/xunge" --home "$li" list

step "网格员设备：每条已收到，证明已在本机核验" \
    "The worker's device: each received, its proof verified here"
"$bin/xunge" --home "$zhang" list
"$bin/xunge" --home "$zhang" photos
"$bin/xunge" --home "$zhang" verify
stop_server

step "U 盘：再没有网络，报一起，带去，带回执" \
    "A stick: no network again; a report is carried there, its receipt back"
"$bin/xunge" --home "$zhang" incident category=hygiene \
    address=书香苑东门 description=垃圾满溢 \
    --photo tests/data/jpeg/has-lens-info.jpg:forwarded
"$bin/xunge" --home "$zhang" bundle write "$demo/stick.xgb"
"$bin/xunge-server" bundle read "$server" "$demo/stick.xgb" \
    --reply "$demo/back.xgb"
"$bin/xunge" --home "$zhang" bundle read "$demo/back.xgb"
"$bin/xunge" --home "$zhang" list --limit 1
"$bin/xunge-server" check "$server"

step "审计：不信任服务器，从头核对日志；一件事的证据文件" \
    "The audit: the log from its first entry on, trusting nobody; one case's evidence"
# An auditor has the keys from elsewhere: here from the day of the log's making.
key() {
    "$bin/xunge-server" key "$server" --json |
        python3 -c 'import json, sys; print(json.load(sys.stdin)[sys.argv[1]])' "$1"
}
log_key=$(key log)
registrar_key=$(key registrar)
"$bin/xunge-server" view "$server"
"$bin/xunge-audit" verify "$server" --photos \
    --key "$log_key" --registrar "$registrar_key"
"$bin/xunge-audit" replay "$server" \
    --key "$log_key" --registrar "$registrar_key"
"$bin/xunge-server" export "$server" "$demo/evidence.html" --evidence 0001-00002-4
"$bin/xunge-audit" evidence "$demo/evidence.html" \
    --key "$log_key" --registrar "$registrar_key"

step "页面：网格员用手指点的，和命令是同一套" \
    "The page: the same by touch, served on this device alone"
# It opens with a one-time key, which lies in a file; here nobody opens it, it
# is only asked whether it answers.
: >"$demo/page"
"$bin/xunge" --home "$zhang" ui --no-browser --json \
    >"$demo/page" 2>>"$demo/page.log" &
page_pid=$!
wait_for "$demo/page"
python3 - "$demo/page" <<'PY'
import gzip, json, re, sys, urllib.request
with open(sys.argv[1], encoding="utf-8") as told:
    url = json.loads(told.readline())["url"]
direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
# It is kept compressed, and sent so.
asked = urllib.request.Request(url + "/", headers={"Accept-Encoding": "gzip"})
with direct.open(asked, timeout=20) as answer:
    page = gzip.decompress(answer.read()).decode()
title = re.search("<title>(.+?)</title>", page)
if not title or "巡格" not in title[1]:
    sys.exit("the page does not answer as it should: " + page[:200])
print(url, title[1])
PY
kill "$page_pid"
wait "$page_pid" 2>/dev/null || true
page_pid=

step "小结" "Summary"
"$bin/xunge" --home "$zhang" status
echo
say "记录了什么：1 次巡查（轨迹和缺口）、2 起事件（照片、反映人）、2 次走访、1 起纠纷、1 次恳谈会。" \
    "Recorded:  1 patrol (track and gaps), 2 incidents (photos, an informant), 2 visits, 1 dispute, 1 meeting."
say "存在哪里：张伟的设备 $zhang，李娜的设备 $li（均加密），服务器 $server。" \
    "It lies:   on the worker's device $zhang, the community's $li (both encrypted), the server $server."
say "如何核验：每条记录的批次都有日志证明；本机核验了日志签名、包含证明，以及与先前检查点的一致性。" \
    "Checked:   each batch has a proof; this device verified the log's signature, the inclusion, and that the log only grew."
say "照片：原片一字节不差地到了服务器，同样有证明；备份之后设备才会腾出空间。" \
    "The photo: is at the server byte for byte, with a proof of its own; the device lets go of it only once it is backed up."
say "审计：整个日志和 1 份证据文件 $demo/evidence.html（可打印）都核对无误。" \
    "Audited:   the whole log, and the evidence file $demo/evidence.html (to be printed), by a program that trusts neither."
say "接下来可以试：" "Try next:"
cat <<TXT
  $bin/xunge-server serve $server --listen 127.0.0.1:$port &
  $bin/xunge --home $zhang show 0001-00002-4
  $bin/xunge --home $zhang history 0001-00002-4
  $bin/xunge --home $zhang patrol show
  $bin/xunge --home $zhang export --format geojson
  $bin/xunge --home $li set 0001-00002-4 urgency=urgent
  $bin/xunge --help
TXT
say "打开张伟的页面（手指点的就是上面这些；Ctrl-C 结束）：" \
    "Open the worker's page (the same by touch; Ctrl-C ends it):"
echo "  $bin/xunge --home $zhang ui"
if [ "$part" = both ]; then
    district
fi
