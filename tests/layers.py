#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Includes go down the layers only, without a cycle, and the offline tool links neither libevent nor libcurl.

The list below is the architecture: lowest layer first. A module (name.c + name.h) may include headers of its own layer or a
lower one. Prints each violation as file: includes what, and exits 1.
"""
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent

# Layer -> patterns of modules (paths without suffix). The first pattern that matches wins, from the top down.
LAYERS = [
    ("libphi", [r"detectors/.*"]),
    ("foundation", [r"proxy/(span|arena|buf|hex|log|keyed_hash|sigv4)", r"policies/engine/(diag|glyph|language)"]),
    ("policy engine", [r"policies/engine/.*"]),
    ("formats", [r"proxy/(json|json_.*|reason|sse|http1|http1_.*|utf8|metrics|multipart|inflate|vocabulary)"]),
    ("text", [r"proxy/(shape|shape_.*|form|lines|walk|walk_.*|facts|facts_.*)"]),
    ("change and record", [
        r"proxy/(tokens|stored|token_.*|force|transform|transform_.*|generalize|restore|restore_.*|surrogates|surrogate_.*|link_state|relay|relay_.*"
        r"|response_.*|channel.*|audit|audit_.*|answer|answer_.*|json_level|screen|vault|vault_.*|zip3|keep.*)"]),
    ("flow", [r"proxy/(access|settings|refusal|transaction|transaction_.*)"]),
    ("sockets", [r"proxy/(tls|server|server_.*|acceptor|upstream|upstream_.*|echo|echo_.*|admin|memory)"]),
    ("wiring", [r"proxy/(worker|helper|gateway|config|config_.*|confine|sandbox|sandbox_.*|main|phi|phi_.*|score_text)"]),
]
# Wiring pieces that a lower layer may name: the admin page counts workers.
EXCEPTIONS = {("proxy/admin", "proxy/worker")}


def layer_of(module):
    for index in range(len(LAYERS) - 1, -1, -1):
        if any(re.fullmatch(p, module) for p in LAYERS[index][1]):
            return index
    return None


def includes(path):
    for line in path.read_text(encoding="utf8").splitlines():
        m = re.match(r'\s*#\s*include\s+"([^"]+)"', line)
        if m:
            target = (path.parent / m.group(1)).resolve()
            yield target if target.exists() else None, m.group(1)


def module(path):
    return str(path.relative_to(ROOT).with_suffix(""))


def check_layers(files):
    bad = []
    for path in files:
        me, mine = module(path), layer_of(module(path))
        if mine is None:
            bad.append(f"{path.relative_to(ROOT)}: stands in no layer of tests/layers.py")
            continue
        for target, written in includes(path):
            if target is None:
                bad.append(f"{path.relative_to(ROOT)}: includes {written}, which does not exist")
                continue
            other = module(target)
            theirs = layer_of(other)
            if theirs is None or (theirs > mine and (me, other) not in EXCEPTIONS):
                bad.append(f"{path.relative_to(ROOT)}: includes {other} of a higher layer")
    return bad


def check_cycles(files):
    graph = {}
    for path in files:
        if path.suffix == ".h":
            graph[module(path)] = [module(t) for t, _ in includes(path) if t is not None and t.suffix == ".h"]
    bad, state = [], {}

    def visit(node, trail):
        if state.get(node) == 2:
            return
        if state.get(node) == 1:
            bad.append("cycle of headers: " + " -> ".join(trail[trail.index(node):] + [node]))
            return
        state[node] = 1
        for nxt in graph.get(node, []):
            visit(nxt, trail + [node])
        state[node] = 2

    for node in graph:
        visit(node, [])
    return bad


def check_links():
    phi = ROOT / "build" / "phi"
    if not phi.exists():
        return []
    linked = subprocess.run(["ldd", str(phi)], capture_output=True, text=True, check=True).stdout
    return [f"build/phi links {name}" for name in ("libevent", "libcurl") if name in linked]


def main():
    files = sorted(p for d in ("detectors", "policies/engine", "proxy") for p in (ROOT / d).glob("*.[ch]"))
    bad = check_layers(files) + check_cycles(files) + check_links()
    for line in bad:
        print(line)
    print(f"{len(files)} files, {len(bad)} violations")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
