#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# run-fuzz.sh SECONDS: every fuzz target, its committed corpus first. 0: the corpus alone.
set -u
cd "$(dirname "$0")/../.."
seconds=${1:-60}
status=0
n=0
for target in build/fuzz/fuzz/fuzz_*; do
    case "$target" in *.d) continue ;; esac
    [ -x "$target" ] || continue
    name=$(basename "$target"); name=${name#fuzz_}
    corpus=tests/fuzz/corpus/$name
    work=build/fuzz-corpus/$name
    mkdir -p "$work"
    n=$((n + 1))
    if [ "$seconds" -eq 0 ]; then
        "$target" -runs=0 -rss_limit_mb=4096 "$work" $( [ -d "$corpus" ] && echo "$corpus" ) >build/fuzz-"$name".log 2>&1
    else
        "$target" -max_total_time="$seconds" -rss_limit_mb=4096 -timeout=20 -artifact_prefix=build/fuzz-"$name"- \
            "$work" $( [ -d "$corpus" ] && echo "$corpus" ) >build/fuzz-"$name".log 2>&1
    fi
    if [ $? -ne 0 ]; then status=1; echo "FAIL $name"; tail -n 30 build/fuzz-"$name".log; else echo "ok $name"; fi
done
echo "$n fuzz targets"
[ "$n" -gt 0 ] || status=1
exit $status
