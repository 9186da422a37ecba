#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# install-missing.sh build|test|bench: Debian packages that are needed and not there yet. Says what it does; root or sudo.
set -eu

build="gcc make pkg-config libevent-dev libcurl4-openssl-dev libpcre2-dev libssl-dev libyaml-dev zlib1g-dev libbrotli-dev libzstd-dev libsqlite3-dev"
test="libcjson-dev clang llvm libclang-rt-14-dev libcmocka-dev valgrind strace python3-venv nodejs npm curl"
bench="nginx-light haproxy wrk"

case "${1:-}" in
build) want="$build" ;;
test) want="$build $test" ;;
bench) want="$build $test $bench" ;;
*) echo "usage: install-missing.sh build|test|bench" >&2; exit 2 ;;
esac

missing=""
for package in $want; do
    # Node may have been installed by other means than Debian's package.
    case "$package" in nodejs|npm) command -v "${package%js}" >/dev/null 2>&1 && continue ;; esac
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || missing="$missing $package"
done
[ -z "$missing" ] && exit 0

sudo=""
[ "$(id -u)" -eq 0 ] || sudo="sudo"
if [ -n "$sudo" ] && ! command -v sudo >/dev/null 2>&1; then
    echo "These Debian packages are missing; install them as root:$missing" >&2
    exit 1
fi
echo "Installing Debian packages:$missing"
$sudo apt-get update -qq
DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq --no-install-recommends $missing >/dev/null
