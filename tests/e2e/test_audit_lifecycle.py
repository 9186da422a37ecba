# SPDX-License-Identifier: Apache-2.0
"""What befalls a log in its life, each with a defined outcome: clocks that jump, backups that are put back, keys that change, two
gateways on one file."""
import json
import re
import secrets
import shutil
import struct
import subprocess

import pytest

from audit_common import CANARY_SSN, TEXT, as_auditor, ask, phi, signed
from conftest import BIN, FLAVOUR, ROOT

DAY = 86400


def verify(g, *more, log=None):
    return phi("audit", "verify", log or g.decisions, "--key", g.key, "--public-key", g.pub, *more)


def refused(g):
    """The gateway does not start; what it says."""
    r = subprocess.run([BIN / "phigate", "-c", g.dir / "phigate.yaml", "--share", ROOT], capture_output=True, text=True, timeout=60)
    assert r.returncode != 0
    return r.stderr


# ---- clocks ----

@pytest.mark.skipif(FLAVOUR != "release", reason="a sanitizer wants to be loaded first")
@pytest.mark.skipif(not shutil.which("gcc"), reason="no compiler")
def test_the_wall_clock_jumps(make_gateway, tmp_path):
    shim, offset = tmp_path / "clock_shim.so", tmp_path / "offset"
    subprocess.run(["gcc", "-shared", "-fPIC", "-o", shim, ROOT / "tests" / "fault" / "clock_shim.c"], check=True)
    offset.write_bytes(struct.pack("q", 0))
    more = ", rotate: {daily: true}, checkpoint: {every: 4, interval: 1s}, encryption_key: {file: secrets/encryption.key}"
    g = signed(make_gateway, tmp_path, more, start=False)
    key = g.write("secrets/encryption.key", secrets.token_hex(32) + "\n")
    g.start(env={"LD_PRELOAD": str(shim), "CLOCK_SHIM": str(offset)})
    asked = []
    with open(offset, "r+b") as f:
        for jump in (0, 365 * DAY, -365 * DAY, 3600, -3600, 40 * DAY, 1, 0, -3650 * DAY, 0):
            f.seek(0)
            f.write(struct.pack("q", jump))
            f.flush()
            for _ in range(3):
                status, ident = ask(g, TEXT)
                assert status == 200, jump  # no timeout fires, no request is refused
                asked.append(ident)
    assert g.admin("/readyz")[0] == 200
    assert g.stop() == 0, g.log_text()
    r = verify(g, "--encryption-key", key)
    assert r.returncode == 0 and "are those of the given checkpoint" in r.stdout, r.stdout + r.stderr
    assert "were erased" not in r.stdout and "encrypted" not in r.stdout
    r = phi("audit", "search", "--log", g.decisions, "--json", "--type", "decision", "--encryption-key", key)
    records = [json.loads(x) for x in r.stdout.splitlines()]
    decisions = [x for x in records if x["type"] == "decision"]
    assert [x["request_id"] for x in decisions] == asked  # order is that of the sequence
    years = {x["ts"][:4] for x in decisions}
    assert len(years) >= 4
    for year in years:
        r = phi("audit", "search", "--log", g.decisions, "--from", year, "--to", year, "--json", "--encryption-key", key)
        found = [x["request_id"] for x in map(json.loads, r.stdout.splitlines()) if x["type"] == "decision"]
        assert found == [x["request_id"] for x in decisions if x["ts"].startswith(year)]
    months = {line.split()[0] for line in (g.dir / "audit" / "decisions.log.keys").read_text().splitlines()[1:]}
    assert {x["ts"][:7] for x in decisions} <= months
    # A clock that was far ahead does not make a new file for each day that it then lacks.
    assert 1 <= len(list(g.decisions.parent.glob("decisions.log.seg-*"))) <= 6


# ---- backups ----

@pytest.fixture
def restored(make_gateway, tmp_path):
    """A log, a backup of an older state, and a checkpoint that was sent elsewhere after it."""
    g = signed(make_gateway, tmp_path, ", checkpoint: {every: 2}")
    for _ in range(5):
        ask(g, TEXT)
    assert g.stop() == 0
    g.backup = tmp_path / "backup"
    shutil.copytree(g.decisions.parent, g.backup)
    g.start()
    g.later = [ask(g, TEXT)[1] for _ in range(5)]
    assert g.stop() == 0
    g.paper = tmp_path / "paper"
    g.paper.write_text(phi("audit", "checkpoint", "--log", g.decisions).stdout)
    return g


def put_back(g, *names):
    for path in g.decisions.parent.iterdir():
        if not names or path.name in names:
            path.unlink()
    for path in g.backup.iterdir():
        if not names or path.name in names:
            shutil.copy2(path, g.decisions.parent)


def test_a_log_put_back_without_its_head_is_refused(restored):
    g = restored
    put_back(g, "decisions.log")
    r = verify(g)
    assert r.returncode == 1 and "records are missing at the end" in r.stdout
    before = g.decisions.read_bytes()
    assert "decisions.log" in refused(g)
    assert g.decisions.read_bytes() == before


def test_a_log_put_back_with_its_head_is_not_signed_any_more(restored):
    g = restored
    put_back(g, "decisions.log", "decisions.log.head", "decisions.log.tree")
    r = verify(g)
    assert r.returncode == 1 and "they are not all here" in r.stdout
    g.start()
    ask(g, TEXT)
    assert g.stop() == 0
    event = [r for r in g.records("checkpoint") if r["event"] == "not_signed"]
    assert event and "shorter than its last checkpoint" in event[0]["reason"]


def test_everything_put_back_is_shown_by_what_is_kept_elsewhere(restored):
    g = restored
    put_back(g)
    assert verify(g).returncode == 0  # the files alone are what they were once
    r = verify(g, "--checkpoint", g.paper)
    assert r.returncode == 1 and "they are not all here" in r.stdout
    g.start()
    for _ in range(12):
        ask(g, TEXT)
    assert g.stop() == 0
    assert verify(g).returncode == 0  # longer now than the paper says, and yet another log
    r = verify(g, "--checkpoint", g.paper)
    assert r.returncode == 1 and "not those of the given checkpoint" in r.stdout


# ---- keys ----

def test_another_signing_key_goes_on_in_the_same_tree(make_gateway, tmp_path):
    g = signed(make_gateway, tmp_path, ", checkpoint: {every: 2}")
    first = ask(g, TEXT)[1]
    assert g.stop() == 0
    proof = tmp_path / "first"
    assert phi("audit", "prove", first, "--log", g.decisions, "--out", proof).returncode == 0
    old_pub = g.pub.read_text()
    other = tmp_path / "other"
    assert phi("init", other).returncode == 0
    for name in ("checkpoint.key", "checkpoint.pub"):
        g.write(f"secrets/{name}", (other / "secrets" / name).read_text())
    g.start()
    second = ask(g, TEXT)[1]
    assert g.stop() == 0
    assert not [r for r in g.records("checkpoint") if r["event"] == "not_signed"]
    r = verify(g)
    assert r.returncode == 0 and "checkpoints by another key: their roots hold" in r.stdout, r.stdout
    old = g.write("secrets/old.pub", old_pub)
    assert phi("audit", "verify", proof, "--public-key", old).returncode == 0
    assert phi("audit", "prove", second, "--log", g.decisions, "--out", tmp_path / "second").returncode == 0
    assert phi("audit", "verify", tmp_path / "second", "--public-key", g.pub).returncode == 0
    assert phi("audit", "verify", tmp_path / "second", "--public-key", old).returncode == 1


def test_another_audit_key_needs_a_rekeying(make_gateway, tmp_path):
    g = signed(make_gateway, tmp_path, ", checkpoint: {every: 2}")
    first = ask(g, TEXT)[1]
    assert g.stop() == 0
    old = g.write("secrets/old.key", g.key.read_text())
    new = g.write("secrets/new.key", secrets.token_hex(32) + "\n")
    assert phi("audit", "search", "--log", g.decisions, "--value", "x", *as_auditor(g)).returncode == 0
    before = {p.name: p.read_bytes() for p in g.decisions.parent.iterdir()}
    g.write("secrets/audit.key", new.read_text())
    assert "another key" in refused(g)
    assert {p.name: p.read_bytes() for p in g.decisions.parent.iterdir()} == before
    g.write("secrets/audit.key", old.read_text())
    # While a gateway writes the log its key stays.
    g.start()
    beside = {p.name: p.read_bytes() for p in g.decisions.parent.glob("decisions.log.probes*")}
    r = phi("audit", "rekey", "--log", g.decisions, "--key", old, "--new-key", new)
    assert r.returncode == 2 and "another process" in r.stderr and "stop the gateway" in r.stderr
    assert {p.name: p.read_bytes() for p in g.decisions.parent.glob("decisions.log.probes*")} == beside
    assert phi("audit", "search", "--log", g.decisions, "--value", "x", *as_auditor(g)).returncode == 0
    assert g.stop() == 0
    for args, sentence in ((["--key", new, "--new-key", old], "not the key of this log"), (["--key", old, "--new-key", old], "the same"),
                           (["--key", old], "usage")):
        r = phi("audit", "rekey", "--log", g.decisions, *args)
        assert r.returncode == 2 and sentence in r.stderr, r
    r = phi("audit", "rekey", "--log", g.decisions, "--key", old, "--new-key", new)
    assert r.returncode == 0, r.stderr
    g.write("secrets/audit.key", new.read_text())
    g.start()
    second = ask(g, TEXT)[1]
    assert g.stop() == 0
    assert not [r for r in g.records("checkpoint") if r["event"] == "not_signed"]
    assert g.records()[0]["type"] == "segment"
    # One chain, one tree, two keys: each for its time. The auditors' log went with it.
    assert phi("audit", "search", "--log", g.decisions, "--value", "x", *as_auditor(g)).returncode == 0
    r = verify(g, "--old-key", old)
    assert r.returncode == 0 and "are those of the given checkpoint" in r.stdout, r.stdout + r.stderr
    r = verify(g)
    assert r.returncode == 1 and "MAC does not match" in r.stdout
    r = phi("audit", "verify", g.decisions, "--key", old, "--old-key", new, "--public-key", g.pub)
    assert r.returncode == 1
    for ident in (first, second):
        proof = tmp_path / ident
        assert phi("audit", "prove", ident, "--log", g.decisions, "--out", proof).returncode == 0
        assert phi("audit", "verify", proof, "--public-key", g.pub).returncode == 0
    # A value is found under the key of its time.
    me = as_auditor(g)[2:]
    search = ["audit", "search", "--log", g.decisions, "--count", "--value", CANARY_SSN, "--kind", "SSN", *me, "--key", g.key]
    assert phi(*search, "--old-key", old).stdout.startswith("2 decisions")
    assert phi(*search).stdout.startswith("1 decisions")
    # An old record that is made anew under the new key is not taken for one of its time, nor the other way round.
    segment = next(g.decisions.parent.glob("decisions.log.seg-*"))
    lines = segment.read_text().splitlines(True)
    import hashlib
    import hmac
    plain = re.sub(r'"mac":"[0-9a-f]{64}",', "", lines[3].rstrip("\n"))
    mac = hmac.new(bytes.fromhex(new.read_text().strip()), plain.encode(), hashlib.sha256).hexdigest()
    lines[3] = re.sub(r'"mac":"[0-9a-f]{64}"', f'"mac":"{mac}"', lines[3])
    segment.write_text("".join(lines))
    assert verify(g, "--old-key", old).returncode == 1


# ---- two gateways ----

def test_two_gateways_on_one_file(make_gateway, tmp_path):
    g = signed(make_gateway, tmp_path)
    ask(g, TEXT)
    config = (g.dir / "phigate.yaml").read_text()
    other = g.write("other.yaml", config.replace(str(g.port), "0").replace(str(g.admin_port), "0"))
    r = subprocess.run([BIN / "phigate", "-c", other, "--share", ROOT], capture_output=True, text=True, timeout=60)
    assert r.returncode != 0 and "another process writes this log" in r.stderr
    # The tool's own log is another file: both go on.
    assert phi("audit", "search", "--log", g.decisions, "--value", "x", *as_auditor(g)).returncode == 0
    assert ask(g, TEXT)[0] == 200
    assert g.stop() == 0
    assert verify(g).returncode == 0
