#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# build.sh [VERSION]: build/phigate_VERSION_ARCH.deb out of `make install`. Needs dpkg-deb. What it depends on is read from the
# programs: each library they load and the Debian package that owns it here.
set -euo pipefail
cd "$(dirname "$0")/../.."
command -v dpkg-deb >/dev/null || { echo "dpkg-deb is missing (package dpkg)" >&2; exit 1; }

version=${1:-$(git describe --tags --always 2>/dev/null || true)}
version=${version#v}
[[ $version == [0-9]*.* ]] || version="0~${version:-0}"
arch=$(dpkg --print-architecture)
root=build/deb
rm -rf "$root"
make -s install DESTDIR="$PWD/$root" PREFIX=/usr
install -d "$root/DEBIAN" "$root/etc/phigate"

packages() { # of the libraries that a program loads itself
    local library path
    for library in $(objdump -p "$1" | awk '/NEEDED/ {print $2}'); do
        path=$(ldd "$1" | awk -v l="$library" '$1 == l {print $3}')
        [ -n "$path" ] || continue
        { dpkg -S "$(realpath "$path")" 2>/dev/null || dpkg -S "*/$(basename "$(realpath "$path")")"; } | head -n 1 | cut -d: -f1
    done
}
depends=$({ packages "$root/usr/bin/phigate"; packages "$root/usr/bin/phi"; } | sort -u | paste -sd, | sed 's/,/, /g')

sed -e "s/@VERSION@/$version/" -e "s/@ARCH@/$arch/" -e "s/@DEPENDS@/$depends, adduser, ca-certificates/" \
    -e "s/@SIZE@/$(du -sk --exclude=DEBIAN "$root" | cut -f1)/" deploy/debian/control.in > "$root/DEBIAN/control"
install -m 755 deploy/debian/postinst deploy/debian/prerm deploy/debian/postrm "$root/DEBIAN/"
install -D -m 644 deploy/debian/copyright "$root/usr/share/doc/phigate/copyright"
gzip -9n -c CHANGELOG.md > "$root/usr/share/doc/phigate/changelog.gz"
dpkg-deb --root-owner-group --build "$root" "build/phigate_${version}_$arch.deb"
