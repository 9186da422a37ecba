# SPDX-License-Identifier: Apache-2.0
"""Search, and who may search for values."""
import json
import pathlib
import shutil
import time

from audit_common import as_auditor, beside, CANARY_SSN, TEXT, ask, finished, phi, search, signed


def test_search_by_each_filter(finished):
    g = finished
    decisions = g.records("decision")
    for args, wanted in (
            (["--user", "second-user"], lambda r: r["actor"].get("user") == "second-user"),
            (["--client", "first", "--decision", "edit"], lambda r: r["actor"].get("client") == "first" and r["decision"] == "edit"),
            (["--kind", "SSN"], lambda r: "SSN" in r.get("found", {})),
            (["--kind", "NAME"], lambda r: any(k.startswith("NAME.") for k in r.get("found", {}))),
            (["--decision", "block"], lambda r: r["decision"] == "block"),
            (["--code", "unknown_client"], lambda r: r.get("code") == "unknown_client"),
            (["--model", "echo"], lambda r: r["request"].get("model") == "echo"),
            (["--model", "gpt"], lambda r: False),
            (["--purpose", "treatment"], lambda r: r.get("purpose") == "treatment"),
            (["--id", g.ids[4]], lambda r: r["request_id"] == g.ids[4]),
            (["--from", "2001", "--to", "2020-12"], lambda r: False),
            (["--from", decisions[3]["ts"], "--to", decisions[5]["ts"], "--type", "decision"],
             lambda r: decisions[3]["ts"] <= r["ts"] <= decisions[5]["ts"])):
        found = search(g, *args)
        assert [r["seq"] for r in found if r["type"] == "decision"] == [r["seq"] for r in decisions if wanted(r)], args
        shown = {r["request_id"] for r in found if r["type"] == "decision" and r["decision"] != "block"}
        assert {r["request_id"] for r in found if r["type"] == "outcome"} == shown, args


def test_search_prints_lines_to_read(finished):
    r = phi("audit", "search", "--log", finished.decisions, "--user", "second-user")
    first = r.stdout.splitlines()[0]
    assert " decision=edit" in first and " user=second-user" in first and "SSN:1" in first
    assert CANARY_SSN not in r.stdout and "Quillifer" not in r.stdout
    r = phi("audit", "search", "--log", finished.decisions, "--user", "second-user", "--count")
    assert r.stdout == "4 decisions, 4 other records\n"


def copied(g, tmp_path):
    shutil.copytree(g.dir / "audit", tmp_path / "audit", dirs_exist_ok=True)
    return tmp_path / "audit" / "decisions.log"


def test_search_for_a_value_is_recorded_and_silent(finished, tmp_path):
    g = finished
    log = copied(g, tmp_path)
    main = log.read_bytes()
    for value, kind in ((CANARY_SSN, "SSN"), ("987 65 4321", None), (CANARY_SSN, "SSN")):
        more = ["--kind", kind] if kind else []
        r = phi("audit", "search", "--log", log, "--json", "--value", "-", *as_auditor(g), *more, input=value + "\n")
        assert r.returncode == 0, r.stderr
        found = [json.loads(x) for x in r.stdout.splitlines()]
        assert [x["request_id"] for x in found if x["type"] == "decision"] == g.ids
    assert phi("audit", "search", "--log", log, "--value", "987-65-4322", *as_auditor(g), "--kind", "SSN").stdout == ""
    probes = [r for r in beside(log) if r["type"] == "probe"]
    assert [p["kind"] for p in probes] == ["SSN", "*", "SSN", "SSN"] and all(p["node"] == "phi" for p in probes)
    assert all(p["actor"]["client"] == "auditor" and p["actor"]["user"] == "auditor-user" and p["actor"]["login"] for p in probes)
    assert log.read_bytes() == main
    written = b"".join(p.read_bytes() for p in log.parent.iterdir())
    assert CANARY_SSN.encode() not in written and b"987 65 4321" not in written and g.keys["auditor"].encode() not in written
    r = phi("audit", "verify", log, "--key", g.key, "--public-key", g.pub)
    assert r.returncode == 0 and "decisions.log.probes: verified" in r.stdout


def test_search_for_a_value_says_what_is_wrong(finished, tmp_path):
    g = finished
    log = copied(g, tmp_path)
    other = tmp_path / "other.key"
    other.write_text("0" * 64 + "\n")
    me = as_auditor(g)[2:]
    for args, sentence in ((["--value", "x"], "--key"), (["--value", "x", "--key", g.key], "--as FILE is needed"),
                           (["--value", "x", "--key", other, *me], "is not the key of this log"),
                           (["--value", "x", "--key", g.pub, *me], "not an audit key"),
                           (["--value", "x", "--key", g.key, "--as", g.me, "--clients", tmp_path / "none.yaml"], "none.yaml"),
                           (["--value", "x", "--key", g.key, *me, "--kind", "SHOE"], "no such kind"),
                           (["--value", "", "--key", g.key, *me], "empty"), (["--from", "yesterday"], "a time is written"),
                           (["--usr", "x"], "unknown option"), (["extra"], "usage")):
        r = phi("audit", "search", "--log", log, *args)
        assert r.returncode == 2 and sentence in r.stderr and r.stdout == "", (args, r)
    assert not beside(log)


def test_who_is_no_auditor_is_refused_and_recorded(finished, tmp_path):
    g = finished
    log = copied(g, tmp_path)
    someone = tmp_path / "first.client"
    someone.write_text(g.keys["first"] + "\n")
    nobody = tmp_path / "nobody.client"
    nobody.write_text("pg-nobody\n")
    revoked = tmp_path / "clients.yaml"
    revoked.write_text((g.dir / "clients.yaml").read_text().replace("role: auditor", "role: auditor\n    revoked: 2026-01-01"))
    revoked.chmod(0o600)
    for who, clients, sentence, reason in ((someone, g.dir / "clients.yaml", "needs the role auditor", "wrong_role"),
                                           (nobody, g.dir / "clients.yaml", "no client's", "unknown_identity"),
                                           (g.me, revoked, "was revoked", "unknown_identity")):
        r = phi("audit", "search", "--log", log, "--value", CANARY_SSN, "--key", g.key, "--as", who, "--clients", clients)
        assert r.returncode == 2 and sentence in r.stderr and r.stdout == ""
        last = [x for x in beside(log) if x["type"] == "probe"][-1]
        assert last["event"] == "refused" and last["reason"] == reason
    assert [r["reason"] for r in rows_at(log, "R8", "Searches")] == ["wrong_role", "unknown_identity", "unknown_identity"]


def test_too_many_values_are_refused(finished, tmp_path):
    g = finished
    log = copied(g, tmp_path)
    many = "".join(f"MRN 004177{i:02}\n" for i in range(59))
    r = phi("audit", "accounting", "--log", log, "--identifiers", "-", *as_auditor(g), "--format", "json", input=many)
    assert r.returncode == 0, r.stderr
    assert phi("audit", "search", "--log", log, "--count", "--value", "x1", *as_auditor(g)).returncode == 0
    r = phi("audit", "search", "--log", log, "--count", "--value", "x2", *as_auditor(g))
    assert r.returncode == 2 and "too many values" in r.stderr and r.stdout == ""
    events = [(x["event"], x["asked"]) for x in beside(log) if x["type"] == "probe"]
    assert events == [("value_search", 59), ("value_search", 1), ("refused", 1)]
    # Another hour: what was asked before does not count any more.
    assert phi("audit", "verify", log, "--key", g.key).returncode == 0


def rows_at(log, ident, title):
    r = phi("audit", "report", "--log", log, "--format", "json", "--report", ident)
    assert r.returncode == 0, r.stderr
    return [dict(zip(t["columns"], x)) for t in json.loads(r.stdout)["tables"] if title in t["title"] for x in t["rows"]]


def test_search_for_a_value_while_the_gateway_runs(make_gateway, tmp_path):
    g = signed(make_gateway, tmp_path)
    ident = ask(g, TEXT)[1]
    r = phi("audit", "search", "--log", g.decisions, "--json", "--value", CANARY_SSN, "--kind", "SSN", *as_auditor(g))
    assert r.returncode == 0 and json.loads(r.stdout.splitlines()[0])["request_id"] == ident, r.stderr
    assert [x["type"] for x in beside(g.decisions)] == ["lifecycle", "probe", "lifecycle"] and not g.records("probe")
    # The gateway notes how far the auditors' log is: what was asked cannot be taken out unseen.
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline and [x.get("head_seq") for x in g.records("anchor")][-1:] != [3]:
        time.sleep(0.1)
    assert g.records("anchor")[-1]["head_seq"] == 3
    assert ask(g, TEXT)[0] == 200
    assert g.stop() == 0
    assert phi("audit", "verify", g.decisions, "--key", g.key).returncode == 0
    probes = pathlib.Path(f"{g.decisions}.probes")
    whole = probes.read_bytes()
    lines = whole.splitlines(True)
    for changed in (b"", lines[0], lines[0] + lines[2], lines[0] + lines[1].replace(b"auditor-user", b"nobody-at-al") + lines[2],
                    lines[0] + lines[1]):
        probes.write_bytes(changed)
        for key in (["--key", g.key], []):
            r = phi("audit", "verify", g.decisions, *key)
            assert r.returncode == 1 and "decisions.log.probes" in r.stdout, (changed[-300:], key, r.stdout)
    probes.unlink()
    r = phi("audit", "verify", g.decisions, "--key", g.key)
    assert r.returncode == 1 and "is missing" in r.stdout
    # The gateway says so itself when it looks.
    pathlib.Path(f"{probes}.head").unlink()
    g.start()
    assert g.stop() == 0
    assert phi("audit", "verify", g.decisions, "--key", g.key).returncode == 1


def test_an_index_is_only_believed_with_the_key(finished, tmp_path):
    g = finished
    log = copied(g, tmp_path)
    index = pathlib.Path(f"{log}.index")
    args = ["audit", "search", "--log", log, "--user", "second-user", "--json"]
    whole = phi(*args).stdout
    assert phi("audit", "index", "--log", log).returncode == 2
    other = tmp_path / "other.key"
    other.write_text("0" * 64 + "\n")
    assert "is not the key of this log" in phi("audit", "index", "--log", log, "--key", other).stderr and not index.exists()
    r = phi("audit", "index", "--log", log, "--key", g.key)
    assert r.returncode == 0 and index.stat().st_mode & 0o77 == 0, r.stderr
    r = phi(*args, "--key", g.key)
    assert r.stdout == whole and r.stderr == ""
    r = phi(*args, "--key", other)  # made with another key: every line is read
    assert r.stdout == whole
    index.write_bytes(b"hello")
    for more in ([], ["--no-index", "--key", g.key]):
        r = phi(*args, *more)
        assert r.stdout == whole and r.stderr == ""
    r = phi(*args, "--key", g.key)
    assert r.stdout == whole and "is not used" in r.stderr
    r = phi("audit", "index", "--log", log, "--key", g.key)
    assert r.returncode == 2 and "it is no index" in r.stderr and index.read_bytes() == b"hello"
