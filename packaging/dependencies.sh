#!/bin/sh
# Installs Debian packages, naming only what is missing.
#
#   sh packaging/dependencies.sh build    to build and run Xunge
#   sh packaging/dependencies.sh test     what the tests need beyond that
#
# Needs root, or sudo. Says nothing and changes nothing when all is there.
set -eu

build="ca-certificates cmake gcc libarchive-dev libc6-dev libcsv-dev libcurl4-openssl-dev libexif-dev
libexpat1-dev libfaketime libgnutls28-dev libgps-dev libjansson-dev libjpeg-dev libkeyutils-dev
libmicrohttpd-dev liboath-dev libpng-dev libqrencode-dev libseccomp-dev libsodium-dev libsqlite3-dev
libsystemd-dev libwebp-dev libxlsxwriter-dev ninja-build pkg-config
zlib1g-dev gpsd python3 zopfli"
test="chromium chromium-headless-shell clang clang-tidy cppcheck curl dbus fonts-wqy-zenhei git golang-go
golang-golang-x-mod-dev iproute2 libclang-rt-14-dev libcmocka-dev lld
openssl patch poppler-utils procps
python3-cryptography python3-dbusmock python3-openpyxl systemd systemd-container util-linux
zbar-tools"

# The pages are built with Node, unless a release tarball has them ready. It
# may be here from elsewhere; Debian's would stand against it.
command -v node >/dev/null || build="$build nodejs"
command -v npm >/dev/null || build="$build npm"

case "${1:-}" in
build) wanted=$build ;;
test) wanted="$build $test" ;;
*)
    echo "usage: $0 build|test" >&2
    exit 2
    ;;
esac

missing=
for package in $wanted; do
    state=$(dpkg-query -W -f '${Status}' "$package" 2>/dev/null || true)
    [ "$state" = "install ok installed" ] || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

as_root=
if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null; then
        echo "Missing packages:$missing" >&2
        echo "Run this as root, or install sudo. 请以 root 运行，或安装 sudo。" >&2
        exit 1
    fi
    as_root=sudo
fi
echo "Installing:$missing"
# The list of packages may be old or absent: fetch it first. A machine that has
# just been started may be updating itself: wait for that. sudo takes the
# environment away.
$as_root apt-get update -q >/dev/null
# shellcheck disable=SC2086 # the list is meant to be split
$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q \
    -o DPkg::Lock::Timeout=300 --no-install-recommends $missing >/dev/null
