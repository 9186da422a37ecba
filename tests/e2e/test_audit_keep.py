# SPDX-License-Identifier: Apache-2.0
"""How long records are kept and how: encryption at rest, legal hold, the end of a retention."""
import json
import pathlib
import re
import secrets
import shutil

import pytest

from audit_common import CANARY_SSN, TEXT, as_auditor, ask, beside, phi, signed, validator


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """A finished, encrypted log of several files."""
    from conftest import Gateway

    def make(_, start=False, **options):
        return Gateway(tmp_path_factory.mktemp("gateway"), None, **options)

    more = ", encryption_key: {file: secrets/encryption.key}, rotate: {size: 64KiB}, checkpoint: {every: 16, interval: 1s}"
    g = signed(make, tmp_path_factory.mktemp("keys"), more, start=False)
    g.encryption = g.write("secrets/encryption.key", secrets.token_hex(32) + "\n")
    g.start()
    g.ids = [ask(g, f"{TEXT} Visit {i}.")[1] for i in range(60)]
    assert g.stop() == 0, g.log_text()
    g.start()  # it goes on
    g.ids += [ask(g, TEXT)[1] for i in range(3)]
    assert g.stop() == 0, g.log_text()
    g.opened = ["--encryption-key", g.encryption]
    return g


def copied(g, tmp_path):
    shutil.copytree(g.dir / "audit", tmp_path / "audit")
    return tmp_path / "audit" / "decisions.log"


def verify(g, log, *more):
    return phi("audit", "verify", log, "--key", g.key, "--public-key", g.pub, *more)


def month_of(g):
    r = phi("audit", "search", "--log", g.decisions, "--json", "--type", "lifecycle", *g.opened)
    return json.loads(r.stdout.splitlines()[0])["ts"][:7]


def test_nothing_of_a_record_is_readable_in_the_files(kept):
    g = kept
    files = list((g.dir / "audit").iterdir())
    assert len([f for f in files if ".seg-" in f.name]) >= 2
    for f in files:
        text = f.read_bytes()
        for word in (b"first-user", b"decision\"", b"treatment", b"request_id", *(i.encode() for i in g.ids[:5])):
            assert word not in text, (f.name, word)
    lines = b"".join(f.read_bytes() for f in files if f.name == "decisions.log" or ".seg-" in f.name).splitlines()
    assert all(set(json.loads(x)) == {"box", "epoch", "hash", "leaf", "mac", "prev", "seq", "v"} for x in lines)


def test_with_the_key_all_commands_read_it(kept, tmp_path):
    g = kept
    log = copied(g, tmp_path)
    r = verify(g, log, *g.opened)
    assert r.returncode == 0 and "encrypted" not in r.stdout, r.stdout + r.stderr
    assert int(re.search(r"(\d+) signed checkpoints hold", r.stdout)[1]) >= 4
    r = phi("audit", "search", "--log", log, "--json", "--type", "decision", *g.opened)
    assert [json.loads(x)["request_id"] for x in r.stdout.splitlines() if '"type":"decision"' in x] == g.ids
    check = validator()
    for line in r.stdout.splitlines():
        check.validate(json.loads(line))
    r = phi("audit", "search", "--log", log, "--count", "--value", CANARY_SSN, "--kind", "SSN", *as_auditor(g), *g.opened)
    assert r.stdout.startswith(f"{len(g.ids)} decisions"), r.stdout + r.stderr
    assert phi("audit", "report", "--log", log, "--out", tmp_path / "r.html", *g.opened).returncode == 0
    assert phi("audit", "export", "--format", "cef", "--log", log, *g.opened).stdout.count("CEF:0") > len(g.ids)
    assert len(phi("audit", "merge", log, *g.opened).stdout.splitlines()) > 2 * len(g.ids)
    r = phi("audit", "index", "--log", log, "--key", g.key, *g.opened)
    assert r.returncode == 0, r.stderr
    proof = tmp_path / "p"
    r = phi("audit", "prove", g.ids[5], "--log", log, "--out", proof, *g.opened)
    assert r.returncode == 0, r.stderr
    assert g.ids[5] in phi("audit", "verify", proof, "--public-key", g.pub).stdout
    request = tmp_path / "request"
    assert phi("audit", "witness", "request", "--old", "5", "--log", log, "--out", request).returncode == 0


def test_without_the_key_it_verifies_and_is_not_read(kept, tmp_path):
    g = kept
    log = copied(g, tmp_path)
    r = verify(g, log)
    assert r.returncode == 0 and "records are encrypted: their place" in r.stdout
    assert "are those of the given checkpoint" in r.stdout
    assert phi("audit", "verify", log).returncode == 0
    for args in (["search", "--count"], ["report", "--format", "json"], ["export", "--format", "cef"], ["index", "--key", g.key]):
        r = phi("audit", *args, "--log", log)
        assert r.returncode == 2, args
        assert "encrypted" in r.stderr
    other = tmp_path / "other.key"
    other.write_text(secrets.token_hex(32) + "\n")
    for args in (["verify", log, "--key", g.key], ["search", "--log", log, "--count"]):
        r = phi("audit", *args, "--encryption-key", other)
        assert r.returncode == 2 and "another encryption key" in r.stderr
    # A changed box: with either key it is found.
    whole = log.read_bytes()
    at = whole.index(b'"box":"') + 60
    log.write_bytes(whole[:at] + (b"A" if whole[at:at + 1] != b"A" else b"B") + whole[at + 1:])
    assert verify(g, log).returncode == 1
    r = phi("audit", "verify", log, *g.opened)
    assert r.returncode == 1 and "does not open" in r.stdout


def test_the_gateway_says_what_is_wrong_with_its_keys(kept, tmp_path):
    g = kept
    config = (g.dir / "phigate.yaml").read_text()
    directory = tmp_path / "g"
    shutil.copytree(g.dir, directory)
    from conftest import BIN, ROOT
    import subprocess

    def serve():
        return subprocess.run([BIN / "phigate", "-c", directory / "phigate.yaml", "--share", ROOT], capture_output=True, text=True, timeout=60)

    (directory / "phigate.yaml").write_text(config.replace(", encryption_key: {file: secrets/encryption.key}", ""))
    r = serve()
    assert r.returncode != 0 and "encrypted" in r.stderr
    (directory / "phigate.yaml").write_text(config)
    (directory / "secrets" / "encryption.key").write_text("short\n")
    r = serve()
    assert r.returncode != 0 and "64 lower-case hex digits" in r.stderr
    (directory / "secrets" / "encryption.key").write_text(secrets.token_hex(32) + "\n")
    r = serve()
    assert r.returncode != 0 and "another encryption key" in r.stderr
    shutil.copy(g.encryption, directory / "secrets" / "encryption.key")
    (directory / "audit" / "decisions.log.keys").unlink()
    r = serve()
    assert r.returncode != 0 and "key of its last month" in r.stderr


def test_a_month_is_forgotten_and_the_proofs_hold(kept, tmp_path):
    g = kept
    log = copied(g, tmp_path)
    month = month_of(g)
    me = as_auditor(g)
    proof = tmp_path / "before"
    assert phi("audit", "prove", g.ids[0], "--log", log, "--out", proof, *g.opened).returncode == 0
    r = phi("audit", "erase", "--log", log, "--month", month, "--less-than-six-years", *me, *g.opened)
    assert r.returncode == 2 and "has not ended" in r.stderr
    # The months' keys as they will be when this month is over.
    r = phi("audit", "erase", "--log", log, "--month", "2019-01", *me, *g.opened)
    assert r.returncode == 2 and "no key of 2019-01" in r.stderr
    keys = log.with_name("decisions.log.keys")
    keys.write_text(re.sub(month + " .*", month + " destroyed", keys.read_text()))
    r = verify(g, log, *g.opened)
    assert r.returncode == 0 and "records are encrypted" in r.stdout and "are those of the given checkpoint" in r.stdout
    r = phi("audit", "search", "--log", log, "--count", *g.opened)
    assert r.returncode == 0 and r.stdout.startswith("0 decisions") and "were erased" in r.stderr
    assert phi("audit", "verify", proof, "--public-key", g.pub).returncode == 0


def test_the_end_of_a_retention(kept, tmp_path):
    g = kept
    log = copied(g, tmp_path)
    segments = sorted(log.parent.glob("decisions.log.seg-*"))
    me, year = as_auditor(g), str(int(month_of(g)[:4]) + 1)
    proof = tmp_path / "before"
    assert phi("audit", "prove", g.ids[0], "--log", log, "--out", proof, *g.opened).returncode == 0
    erase = ["audit", "erase", "--log", log, *me, *g.opened]
    for args, sentence in ((["--before", f"{year}-01"], "less than six years"), (["--before", "soon"], "usage"), ([], "usage"),
                           (["--before", "2019-01", "--month", "2019-01"], "usage")):
        r = phi(*erase, *args)
        assert r.returncode == 2 and sentence in r.stderr, (args, r)
    r = phi("audit", "erase", "--log", log, "--before", "2019-01", "--key", g.key)
    assert r.returncode == 2 and "--as FILE" in r.stderr
    r = phi(*erase, "--before", "2019-01")
    assert r.returncode == 0 and "0 records in 0 files" in r.stdout
    # Under a hold nothing goes.
    hold = ["audit", "hold", "--log", log, *me, "--name", "smith-2026"]
    assert phi(*hold, "--from", month_of(g), "--to", month_of(g)).returncode == 0
    assert phi("audit", "hold", "--log", log, "--list").stdout == f"smith-2026\t{month_of(g)}\t{month_of(g)}\n"
    before = [s.read_bytes() for s in segments]
    r = phi(*erase, "--before", f"{year}-01", "--less-than-six-years")
    assert r.returncode == 0 and r.stdout.count("kept: hold smith-2026") == len(segments)
    assert [s.read_bytes() for s in segments] == before
    assert phi("audit", "hold", "--log", log, *me, "--name", "nobody", "--release").returncode == 2
    assert phi("audit", "hold", "--log", log, *me, "--name", "bad name", "--from", "2026", "--to", "2026").returncode == 2
    assert phi(*hold, "--release").returncode == 0
    r = phi(*erase, "--before", f"{year}-01", "--less-than-six-years")
    assert r.returncode == 0 and f"in {len(segments)} files erased" in r.stdout, r.stdout + r.stderr
    for s in segments:
        assert all(set(json.loads(x)) == {"erased", "hash", "leaf", "mac", "prev", "seq", "v"} for x in s.read_bytes().splitlines())
    # What was in them is gone; their place, the tree and the proofs made of it hold.
    for more in (g.opened, []):
        r = verify(g, log, *more)
        assert r.returncode == 0 and "were erased: their place" in r.stdout and "are those of the given checkpoint" in r.stdout, r.stdout
    assert phi("audit", "verify", proof, "--public-key", g.pub).returncode == 0
    last = g.ids[-1]
    assert phi("audit", "prove", last, "--log", log, "--out", tmp_path / "after", *g.opened).returncode == 0
    assert phi("audit", "verify", tmp_path / "after", "--public-key", g.pub).returncode == 0
    r = phi("audit", "prove", g.ids[0], "--log", log, *g.opened)
    assert r.returncode == 2 and "no record" in r.stderr
    r = phi("audit", "search", "--log", log, "--id", g.ids[0], *g.opened)
    assert r.stdout == "" and "were erased" in r.stderr
    r = phi(*erase, "--before", f"{year}-01", "--less-than-six-years")
    assert r.returncode == 0 and "0 records in 0 files" in r.stdout
    records = [x for x in beside(log) if x["type"] in ("hold", "erasure")]
    assert [(x["type"], x["event"]) for x in records[:2]] == [("hold", "placed"), ("hold", "released")]
    assert sum(x["last_seq"] - x["first_seq"] + 1 for x in records[2:]) == sum(len(s.read_bytes().splitlines()) for s in segments)
    check = validator()
    for x in beside(log):
        check.validate(x)
    r = phi("audit", "report", "--log", log, "--report", "R13", "--format", "csv", *g.opened)
    assert "smith-2026" in r.stdout and '"erasure","records","auditor-user"' in r.stdout
    # Somebody without the key cannot make such an envelope: it would hide a record.
    stub = segments[0].read_text().splitlines(True)
    stub[3] = stub[3].replace("erased\":\"2", "erased\":\"1")
    segments[0].write_text("".join(stub))
    r = verify(g, log)
    assert r.returncode == 1 and "line 4" in r.stdout and "MAC" in r.stdout


def test_an_erasure_that_was_cut_short_is_made_again(kept, tmp_path):
    g = kept
    log = copied(g, tmp_path)
    year = str(int(month_of(g)[:4]) + 1)
    pathlib.Path(f"{log}.erasing").write_text("half of a fi")
    assert verify(g, log, *g.opened).returncode == 0
    r = phi("audit", "erase", "--log", log, *as_auditor(g), *g.opened, "--before", f"{year}-01", "--less-than-six-years")
    assert r.returncode == 0 and not pathlib.Path(f"{log}.erasing").exists()
    assert verify(g, log, *g.opened).returncode == 0


def test_an_index_is_made_anew_after_an_erasure(kept, tmp_path):
    g = kept
    log = copied(g, tmp_path)
    year = str(int(month_of(g)[:4]) + 1)
    index = ["audit", "index", "--log", log, "--key", g.key, *g.opened]
    assert phi(*index).returncode == 0
    assert phi("audit", "erase", "--log", log, *as_auditor(g), *g.opened, "--before", f"{year}-01", "--less-than-six-years").returncode == 0
    r = phi("audit", "search", "--log", log, "--id", g.ids[-1], "--count", "--key", g.key, *g.opened)
    assert r.returncode == 0 and r.stdout.startswith("1 decisions")
    assert phi(*index).returncode == 0
    r = phi("audit", "search", "--log", log, "--id", g.ids[-1], "--count", "--key", g.key, *g.opened)
    assert r.stdout.startswith("1 decisions") and "not used" not in r.stderr
