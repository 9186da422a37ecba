#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# phi.sh PROGRAM < phi.1.in: the manual page of phi, with the commands as the program itself tells them.
set -euo pipefail
commands=$("$1" help | awk '
    /^  phi / { sub(/^  /, ""); sub(/ +$/, ""); gsub(/-/, "\\-"); print ".TP\n.B " $0; next }
    /^      / { sub(/^ +/, ""); gsub(/-/, "\\-"); print toupper(substr($0, 1, 1)) substr($0, 2) "." }')
while IFS= read -r line; do
    if [ "$line" = @COMMANDS@ ]; then printf '%s\n' "$commands"; else printf '%s\n' "$line"; fi
done
