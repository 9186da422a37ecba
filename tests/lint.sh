#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Rules that a grep can hold: banned functions, secrets compared in constant time, logging that cannot take text of a body,
# licence lines, sizes, words that do not belong into the tree.
set -u
cd "$(dirname "$0")/.."
status=0
sources=$(ls detectors/*.[ch] policies/engine/*.[ch] proxy/*.[ch])

complain() { echo "$1"; status=1; }
forbid() { # what pattern files...
    local what=$1 pattern=$2; shift 2
    local hits; hits=$(grep -nE "$pattern" "$@" | grep -vE '^[^:]+:[0-9]+:[[:space:]]*(\*|//|/\*)' || true)
    [ -z "$hits" ] || complain "$what:
$hits"
}

forbid "banned function" '\b(strcpy|strcat|sprintf|strncpy|strtok|atoi|atol|sscanf|gets|alloca|rand|system|popen)[[:space:]]*\(' $sources
forbid "text of a body could reach the log" 'log_event\(.*%\.\*s' $sources
forbid "commented-out work" '\b(XXX|FIXME|TODO)\b' $sources
# The tool prints; the gateway logs. Start-up mistakes are printed too.
printers=$(ls $sources | grep -vE '^proxy/(phi|phi_.*|log|main|gateway|score_text)\.[ch]$|^policies/engine/diag\.[ch]$')
forbid "prints outside of log.c and the tool" '\b(printf|fprintf|perror|puts|syslog)[[:space:]]*\(' $printers

for f in $sources tests/unit/*.c tests/fuzz/*.c; do
    [ -e "$f" ] || continue
    head -n 1 "$f" | grep -q 'SPDX-License-Identifier: Apache-2.0' || complain "$f: no SPDX line"
done
for f in $sources; do
    n=$(wc -l < "$f")
    case "$f" in
    *_table.h|*.def) limit=100000 ;;
    *.h) limit=200 ;;
    *) limit=620 ;;
    esac
    [ "$n" -le "$limit" ] || complain "$f: $n lines; is there a noun in it that wants a file of its own?"
done
[ "$status" -eq 0 ] && echo "lint: clean"
exit $status
