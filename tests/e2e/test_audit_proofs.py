# SPDX-License-Identifier: Apache-2.0
"""Checkpoints, proofs, witnesses, and logs that were made anew by somebody with the keys."""
import base64
import hashlib
import json
import re
import shutil

import pytest

from audit_common import TEXT, ask, finished, phi, signed


def test_checkpoints_are_signed_and_hold(finished):
    g = finished
    r = phi("audit", "verify", g.decisions, "--key", g.key, "--public-key", g.pub)
    assert r.returncode == 0, r.stdout + r.stderr
    assert int(re.search(r"(\d+) signed checkpoints hold", r.stdout)[1]) >= 2
    assert "are those of the given checkpoint" in r.stdout
    lines = g.decisions.read_bytes().split(b"\n")[:-1]
    note = (g.dir / "audit" / "decisions.log.checkpoint").read_text().split("\n")
    assert int(note[1]) == len(lines)
    assert note[2] == base64.b64encode(tree(lines)).decode()


def tree(lines):
    """RFC 6962 section 2.1, as it stands there."""
    if len(lines) == 1:
        return hashlib.sha256(b"\0" + lines[0]).digest()
    k = 1
    while k * 2 < len(lines):
        k *= 2
    return hashlib.sha256(b"\1" + tree(lines[:k]) + tree(lines[k:])).digest()


def test_every_record_is_proved(finished, tmp_path):
    g = finished
    for i, record in enumerate(g.records()):
        out = tmp_path / f"{i}.tlog-proof"
        assert phi("audit", "prove", record["id"], "--log", g.decisions, "--out", out).returncode == 0
        r = phi("audit", "verify", out, "--public-key", g.pub)
        assert r.returncode == 0 and json.loads(r.stdout.splitlines()[2]) == record
        assert out.read_text().startswith("c2sp.org/tlog-proof@v1\n")
    again = phi("audit", "prove", record["id"], "--log", g.decisions, "--out", out)
    assert again.returncode == 2 and "is there already" in again.stderr


def test_a_request_is_proved_by_its_decision(finished):
    r = phi("audit", "prove", finished.ids[3], "--log", finished.decisions)
    assert r.returncode == 0
    record = json.loads(base64.b64decode(r.stdout.splitlines()[1].split()[1]))
    assert record["type"] == "decision" and record["request_id"] == finished.ids[3]


def test_changed_proofs_are_refused(finished, tmp_path):
    g = finished
    whole = phi("audit", "prove", g.ids[0], "--log", g.decisions).stdout
    out = tmp_path / "p"
    for cut in range(0, len(whole), 7):
        out.write_text(whole[:cut])
        assert phi("audit", "verify", out, "--public-key", g.pub).returncode != 0, cut
    lines = whole.split("\n")
    for i, line in enumerate(lines[:-1]):
        if not line:
            continue
        changed = "A" if line[-2] != "A" else "B"
        out.write_text("\n".join(lines[:i] + [line[:-2] + changed + line[-1]] + lines[i + 1:]))
        r = phi("audit", "verify", out, "--public-key", g.pub)
        assert r.returncode in (1, 2) and (r.stdout + r.stderr).strip(), line
    out.write_text(whole)
    other = tmp_path / "other"
    assert phi("init", other).returncode == 0
    r = phi("audit", "verify", out, "--public-key", other / "secrets" / "checkpoint.pub")
    assert r.returncode == 1 and "not signed by this key" in r.stdout
    r = phi("audit", "verify", out)
    assert r.returncode == 2 and "--public-key" in r.stderr
    r = phi("audit", "verify", out, "--public-key", g.key)
    assert r.returncode == 2 and "not a key for checkpoints" in r.stderr


def test_prove_says_what_is_wrong(finished, tmp_path):
    r = phi("audit", "prove", "no-such-id", "--log", finished.decisions)
    assert r.returncode == 2 and "no record" in r.stderr
    r = phi("audit", "prove", finished.ids[0], "--log", tmp_path / "nothing")
    assert r.returncode == 2 and "no such file" in r.stderr
    foreign = tmp_path / "foreign"
    foreign.write_bytes(b"\x7fELF" + bytes(5000))
    r = phi("audit", "prove", finished.ids[0], "--log", foreign)
    assert r.returncode == 2 and "not an audit log" in r.stderr
    r = phi("audit", "verify", foreign)
    assert r.returncode == 2 and "holds no record" in r.stderr


def test_a_checkpoint_on_paper_shows_a_rewritten_log(finished, tmp_path):
    g = finished
    paper = tmp_path / "paper"
    paper.write_text(phi("audit", "checkpoint", "--log", g.decisions).stdout)
    assert re.fullmatch(r"phigate/audit/[0-9a-f]{16} \d+ [A-Za-z0-9+/]{43}=\n", paper.read_text())
    r = phi("audit", "verify", g.decisions, "--checkpoint", paper)
    assert r.returncode == 0 and "those of the given checkpoint" in r.stdout
    # Whoever has the audit key can make a new chain; the paper tells it from the old one.
    short = tmp_path / "decisions.log"
    short.write_bytes(b"".join(g.decisions.read_bytes().splitlines(True)[:-2]))
    r = phi("audit", "verify", short, "--checkpoint", paper)
    assert r.returncode == 1 and "they are not all here" in r.stdout
    changed = paper.read_text().split()
    changed[2] = base64.b64encode(bytes(32)).decode()
    paper.write_text(" ".join(changed) + "\n")
    r = phi("audit", "verify", g.decisions, "--checkpoint", paper)
    assert r.returncode == 1 and "not those of the given checkpoint" in r.stdout


def test_restarts_and_kills_sign_one_tree(make_gateway, tmp_path):
    import signal
    g = signed(make_gateway, tmp_path, ", checkpoint: {every: 4, interval: 500ms}")
    for how in (signal.SIGKILL, signal.SIGTERM, signal.SIGKILL, signal.SIGKILL, signal.SIGTERM):
        for i in range(5):
            assert ask(g, TEXT)[0] == 200
        g.stop(how)
        g.start()
    # Without the tree's state it is made anew from the records.
    g.stop()
    (g.dir / "audit" / "decisions.log.tree").unlink()
    g.start()
    assert ask(g, TEXT)[0] == 200
    assert g.stop() == 0
    r = phi("audit", "verify", g.decisions, "--key", g.key, "--public-key", g.pub)
    assert r.returncode == 0, r.stdout
    assert int(re.search(r"(\d+) signed checkpoints hold", r.stdout)[1]) >= 5
    assert not [x for x in g.records("checkpoint") if x["event"] != "signed"]


def test_a_log_that_does_not_continue_its_checkpoint_is_not_signed(make_gateway, tmp_path):
    g = signed(make_gateway, tmp_path, ", checkpoint: {every: 4, interval: 500ms}")
    assert ask(g, TEXT)[0] == 200
    assert g.stop() == 0
    note = g.dir / "audit" / "decisions.log.checkpoint"
    lines = note.read_text().split("\n")
    lines[2] = base64.b64encode(bytes(32)).decode()
    note.write_text("\n".join(lines))
    g.start()
    assert ask(g, TEXT)[0] == 200
    assert g.stop() == 0
    last = g.records("checkpoint")[-1]
    assert last["event"] == "not_signed" and "last checkpoint" in last["reason"]
    assert note.read_text() == "\n".join(lines)

def test_a_witness_signs_only_what_continues(make_gateway, tmp_path):
    g = signed(make_gateway, tmp_path, ", checkpoint: {every: 2}")
    ident = ask(g, TEXT)[1]
    assert g.stop() == 0
    state, key = tmp_path / "state", tmp_path / "witness.key"
    assert phi("audit", "witness", "key", "accountant.example", "--out", key).returncode == 0
    again = phi("audit", "witness", "key", "accountant.example", "--out", key)
    assert again.returncode == 2 and "is there already" in again.stderr

    def sign(request, *args, log_key=g.pub):
        return phi("audit", "witness", "sign", request, "--state", state, "--key", key, "--public-key", log_key, *args)

    def request(name, old, log=g.decisions):
        r = phi("audit", "witness", "request", "--old", old, "--log", log, "--out", tmp_path / name)
        assert r.returncode == 0, r.stderr
        return tmp_path / name

    first = request("first", 0)
    assert sign(first, "--out", tmp_path / "note1").returncode == 0
    size = int((tmp_path / "note1").read_text().split("\n")[1])
    rewritten = tmp_path / "copy"
    shutil.copytree(g.dir, rewritten)
    g.start()
    for _ in range(5):
        ask(g, TEXT)
    assert g.stop() == 0
    second = request("second", size)
    whole = second.read_text()
    for i, line in enumerate(whole.split("\n")):  # each line matters
        if not line or line.startswith("\u2014"):
            continue
        changed = whole.split("\n")
        changed[i] = line[:-2] + ("A" if line[-2] != "A" else "B") + line[-1]
        bad = tmp_path / "bad"
        bad.write_text("\n".join(changed))
        assert sign(bad).returncode in (1, 2), line
    assert sign(second, "--out", tmp_path / "note2").returncode == 0
    assert sign(second).returncode == 1  # its old size is not the last one any more
    # The same log keys, another history: refused for good.
    g.dir = rewritten
    config = (rewritten / "phigate.yaml")
    lines = (rewritten / "audit" / "decisions.log").read_bytes().splitlines(True)
    for name in (rewritten / "audit").iterdir():
        name.unlink()
    assert len(lines) == size and config.exists()
    g.start()
    for _ in range(20):
        ask(g, TEXT)
    assert g.stop() == 0
    now = int((rewritten / "audit" / "decisions.log.checkpoint").read_text().split("\n")[1])
    last = int((tmp_path / "note2").read_text().split("\n")[1])
    assert now > last
    r = sign(request("forged", last, rewritten / "audit" / "decisions.log"))
    assert r.returncode == 1 and "does NOT continue" in r.stderr
    # Proofs under the cosigned note.
    proof = tmp_path / "proof"
    assert phi("audit", "prove", ident, "--log", g.decisions, "--checkpoint", tmp_path / "note2", "--out", proof).returncode == 0
    r = phi("audit", "verify", proof, "--public-key", g.pub, "--witness-key", str(key) + ".pub")
    assert r.returncode == 0 and "seen by accountant.example" in r.stdout, r.stdout + r.stderr
    plain = tmp_path / "plain"
    assert phi("audit", "prove", ident, "--log", g.decisions, "--out", plain).returncode == 0
    r = phi("audit", "verify", plain, "--public-key", g.pub, "--witness-key", str(key) + ".pub")
    assert r.returncode == 1 and "not signed by this witness" in r.stdout
    r = sign(second, log_key=str(key) + ".pub")
    assert r.returncode == 1 and "not signed by the log's key" in r.stderr
    (tmp_path / "junk").write_text("hello\n")
    assert sign(tmp_path / "junk").returncode == 2


def rechained(lines, key, change):
    """The log with `change` applied to its records and everything after made anew, as somebody with the audit key would."""
    import hmac
    prev, out = "0" * 64, []
    for n, record in enumerate(filter(None, (change(json.loads(x)) for x in lines)), 1):
        del record["mac"]
        record["seq"], record["prev"] = n, prev
        mac = hmac.new(key, canonical(record), hashlib.sha256).hexdigest()
        out.append(canonical({**record, "mac": mac}))
        prev = hashlib.sha256(out[-1]).hexdigest()
    return out, prev


def canonical(record):
    return json.dumps(record, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


@pytest.mark.parametrize("how", ["nothing", "user", "drop", "drop_checkpoints"])
def test_whoever_has_the_audit_key_is_found_by_the_checkpoints(finished, tmp_path, how):
    import hmac
    g = finished
    key = bytes.fromhex(g.key.read_text().strip())
    victim = g.records("decision")[1]["seq"]

    def change(record):
        if how == "user" and record["seq"] == victim:
            record["actor"]["user"] = "second-user"
        if how.startswith("drop") and record["seq"] == victim:
            return None
        if how == "drop_checkpoints" and record["type"] == "checkpoint":
            return None
        return record

    lines, last = rechained(g.decisions.read_text().splitlines(), key, change)
    log = tmp_path / "decisions.log"
    log.write_bytes(b"\n".join(lines) + b"\n")
    head = f"phigate-audit-head 1 {len(lines):020d} {last} ".encode()
    (tmp_path / "decisions.log.head").write_bytes(head + hmac.new(key, head, hashlib.sha256).hexdigest().encode() + b"\n")
    shutil.copy(g.decisions.parent / "decisions.log.checkpoint", tmp_path)
    assert phi("audit", "verify", log, "--key", g.key).returncode == 0  # the chain alone cannot tell
    r = phi("audit", "verify", log, "--key", g.key, "--public-key", g.pub)
    assert r.returncode == (0 if how == "nothing" else 1), (how, r.stdout)
    if how == "nothing":
        assert log.read_bytes() == g.decisions.read_bytes()
    r = phi("audit", "prove", g.ids[0], "--log", log)
    assert r.returncode == (0 if how == "nothing" else 2)
