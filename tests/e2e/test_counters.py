# SPDX-License-Identifier: Apache-2.0
"""Costs that do not move with the machine's load: user instructions and system calls of one request.

Each is the difference between a run of many requests and one of few, divided by the difference of their numbers, so that
start and end cancel out. One worker, one connection with keep-alive, one request after another, which is the dearest way:
nothing is shared between requests, neither a turn of the loop nor a sync of the log.

  skeleton   GET /v1/models: inbound, access, route, decision and outcome records, upstream, relay. No body to inspect.
  full       POST of a 2 KB chat request of dense clinical text, all rules, tokens restored in the answer.
"""
import http.client
import os
import pathlib
import shutil
import subprocess
import sys

import pytest

from conftest import BIN, FLAVOUR, ROOT, Gateway

sys.path.insert(0, str(ROOT / "tests" / "bench"))
import bodies

# The gates. Those of the full path stand a tenth above what was measured, so that growth is seen.
SKELETON_INSTRUCTIONS, SKELETON_CALLS = 95_000, 10
FULL_INSTRUCTIONS, FULL_CALLS = 2_500_000, 14

pytestmark = [
    pytest.mark.skipif(FLAVOUR != "release", reason="counters are those of the release build"),
]
needs_valgrind = pytest.mark.skipif(not shutil.which("valgrind"), reason="valgrind is not installed")
needs_strace = pytest.mark.skipif(not shutil.which("strace"), reason="strace is not installed")


@pytest.fixture(scope="module")
def stub():
    path = BIN.parent / "bench" / "stub"
    subprocess.run(["make", "-s", "BUILD=release", str(path.relative_to(ROOT))], cwd=ROOT, check=True, timeout=300)
    p = subprocess.Popen([path], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    yield int(p.stdout.readline())
    p.stdin.close()
    p.wait(10)


def ask(gateway, kind, n):
    headers = {"authorization": "Bearer " + gateway.keys["first"]}
    body = bodies.body(2048, True, "m") if kind == "full" else None
    if body:
        headers["content-type"] = "application/json"
    c = http.client.HTTPConnection("127.0.0.1", gateway.port, timeout=120)
    for _ in range(n):
        c.request("POST" if body else "GET", "/v1/chat/completions" if body else "/v1/models", body, headers)
        r = c.getresponse()
        answer = r.read()
        assert r.status == 200, answer
        assert b"[NAME_1]" not in answer
    c.close()


def run(tmp_path, stub, prefix, kind, n):
    """The gateway serves n requests under a tool and ends in order."""
    d = tmp_path / f"{kind}-{n}"
    d.mkdir()
    g = Gateway(d, stub, workers=1)
    g.start(prefix=prefix)
    try:
        ask(g, kind, n)
    finally:
        code = g.stop(timeout=120)
    assert code == 0, g.log_text()
    return g.log_text()


def per_request(count, few, many):
    return (count(many) - count(few)) / (many - few)


def instructions(tmp_path, stub, kind):
    def count(n):
        out = tmp_path / f"callgrind.{kind}.{n}"
        log = run(tmp_path, stub, ["valgrind", "--tool=callgrind", f"--callgrind-out-file={out}"], kind, n)
        lines = [line for line in log.splitlines() if "Collected :" in line]
        return int(lines[-1].split(":")[1])
    return per_request(count, 20, 120)


def calls(tmp_path, stub, kind):
    def count(n):
        out = pathlib.Path(tmp_path) / f"strace.{kind}.{n}"
        run(tmp_path, stub, ["strace", "-D", "-f", "-c", "-o", str(out)], kind, n)
        return int(next(line for line in out.read_text().splitlines() if line.endswith("total")).split()[3])
    return per_request(count, 50, 450)


def check(name, value, limit):
    line = f"{name}: {value:,.1f} per request (gate {limit:,})"
    print(line)
    assert value <= limit, line


@needs_valgrind
def test_instructions_of_the_skeleton(tmp_path, stub):
    check("skeleton instructions", instructions(tmp_path, stub, "skeleton"), SKELETON_INSTRUCTIONS)


@needs_valgrind
def test_instructions_of_a_full_request(tmp_path, stub):
    check("full instructions", instructions(tmp_path, stub, "full"), FULL_INSTRUCTIONS)


@needs_strace
def test_system_calls_of_the_skeleton(tmp_path, stub):
    check("skeleton system calls", calls(tmp_path, stub, "skeleton"), SKELETON_CALLS)


@needs_strace
def test_system_calls_of_a_full_request(tmp_path, stub):
    check("full system calls", calls(tmp_path, stub, "full"), FULL_CALLS)
