# SPDX-License-Identifier: Apache-2.0
"""Which records there are, and that they have the form that the schema says."""
import hashlib
import shutil

from audit_common import TEXT, ask, beside, finished, phi, rows, search, signed, tables, validator, wait_for
from conftest import ROOT


def test_reloads_are_recorded_with_what_changed(make_gateway, tmp_path):
    import signal
    g = signed(make_gateway, tmp_path, ", checkpoint: {every: 2}")
    assert wait_for(g, "selftest")[0]["result"] == "passed"
    before = g.records("selftest")[0]["policy_digest"]
    config = (g.dir / "phigate.yaml").read_text()
    agreement = ("  vendor: {url: \"https://192.0.2.1/v1\", agreement: {id: BAA-9, vendor: Example, effective: 2026-01-15, expires: 2027-01-14, "
                 "arrangement: zdr}, coverage: openai}\n")
    changed = config.replace("  echo: {url", agreement + "  echo: {url").replace("policy: minimum-necessary", "policy: monitor-only")
    g.write("phigate.yaml", changed)
    clients = (g.dir / "clients.yaml").read_text()
    g.write("clients.yaml", clients.replace("id: second\n    user: second-user", "id: third\n    user: third-user"))
    g.process.send_signal(signal.SIGHUP)
    reload = wait_for(g, "config_reload")[0]
    assert reload["result"] == "loaded" and reload["before"] == before != reload["after"]
    wait_for(g, "selftest", 2)
    events = {(r["event"], r["policy_id"]): r for r in g.records("policy_change")}
    assert {e for e, _ in events} == {"added", "removed"} and ("removed", "minimum-necessary") in events
    assert next(r for (e, _), r in events.items() if e == "added")["after"] == reload["after"]
    changes = g.records("agreement_change")
    assert [(r["event"], r["upstream"]["name"], r["before"], r["after"]) for r in changes] == [
        ("added", "vendor", "none", "BAA-9 2026-01-15/2027-01-14 zdr")]
    assert {(r["event"], r["subject"]["client"]) for r in g.records("key_event")} == {("added", "third"), ("removed", "second")}
    g.write("phigate.yaml", changed.replace("BAA-9", "BAA-10") + "nonsense: 1\n")
    g.process.send_signal(signal.SIGHUP)
    assert wait_for(g, "config_reload", 2)[1]["result"] == "refused" and len(g.records("agreement_change")) == 1
    g.write("phigate.yaml", changed.replace("2027-01-14", "2028-01-14"))
    g.process.send_signal(signal.SIGHUP)
    assert wait_for(g, "agreement_change", 2)[1]["before"].startswith("BAA-9 2026-01-15/2027-01-14")
    ask(g, TEXT)
    ask(g, TEXT, path="/nothing")
    assert g.stop() == 0
    assert len(rows(g, "R6", "changes")) >= 4 and rows(g, "R12", "Self-tests")[0]["found"] == 5
    assert [r["code"] for r in rows(g, "R7", "Refused")] == ["agreement_change"] * 2
    for record in g.records():
        validator().validate(record)


def test_the_schema_is_the_one_in_the_documents(finished):
    assert phi("audit", "schema").stdout == (ROOT / "docs" / "audit.schema.json").read_text()
    assert phi("audit", "schema", "--markdown").stdout in (ROOT / "docs" / "AUDIT.md").read_text()
    assert phi("audit", "schema", "x").returncode == 2
    check = validator()
    for record in finished.records():
        check.validate(record)
        for wrong in ({**record, "prompt": "x"}, {**record, "type": "chat"}, {k: v for k, v in record.items() if k != "mac"}, {**record, "v": 2}):
            assert not check.is_valid(wrong)


def test_rotation_keeps_one_chain_and_one_tree(make_gateway, tmp_path):
    g = signed(make_gateway, tmp_path, ", rotate: {size: 64KiB, daily: true}, checkpoint: {every: 50, interval: 1s}")
    idents = [ask(g, TEXT + " x" * i)[1] for i in range(60)]
    g.stop()
    g.start()
    idents += [ask(g, TEXT)[1] for _ in range(20)]
    assert g.stop() == 0
    files = sorted(p.name for p in g.decisions.parent.glob("decisions.log.seg-*"))
    assert len(files) >= 2, files
    r = phi("audit", "verify", g.decisions, "--key", g.key, "--public-key", g.pub)
    assert r.returncode == 0 and f"in {len(files) + 1} files" in r.stdout, r.stdout
    # The same as a list of files, in any order; and each command reads them all.
    listed = [g.decisions, *[g.decisions.parent / f for f in reversed(files)]]
    assert phi("audit", "verify", *listed, "--key", g.key).returncode == 0
    assert len([x for x in search(g, "--user", "first-user") if x["type"] == "decision"]) == 80
    assert tables(g)[0]["decisions"] == 80
    out = tmp_path / "p"
    assert phi("audit", "prove", idents[0], "--log", g.decisions, "--out", out).returncode == 0
    assert phi("audit", "verify", out, "--public-key", g.pub).returncode == 0
    # A changed byte in an old segment, and a missing one, are named.
    first = g.decisions.parent / files[0]
    whole = first.read_bytes()
    first.write_bytes(whole.replace(b'"decision":"edit"', b'"decision":"edix"', 1))
    r = phi("audit", "verify", g.decisions)
    assert r.returncode == 1 and files[0] in r.stdout, r.stdout
    first.write_bytes(whole)
    middle = g.decisions.parent / files[1]
    middle.rename(tmp_path / "gone")
    r = phi("audit", "verify", g.decisions)
    assert r.returncode == 1 and "sequence gap" in r.stdout, r.stdout




def test_a_review_is_signed_off_in_the_log(finished, make_gateway, tmp_path):
    copy = tmp_path / "audit"
    shutil.copytree(finished.dir / "audit", copy)
    log, page = copy / "decisions.log", tmp_path / "week.html"
    assert phi("audit", "report", "--log", log, "--out", page).returncode == 0
    args = ["--log", log, "--by", "Dr. Vega", "--from", "2026-01-01", "--to", "2026-01-07"]
    assert phi("audit", "review", *args, "--report", page, "--key", finished.key).returncode == 0
    record = [x for x in beside(log) if x["type"] == "review"][0]
    assert record["report_sha256"] == hashlib.sha256(page.read_bytes()).hexdigest() and record["result"] == "clear"
    validator().validate(record)
    assert phi("audit", "verify", log, "--key", finished.key, "--public-key", finished.pub).returncode == 0
    r = phi("audit", "report", "--log", log, "--report", "R13", "--format", "csv")
    assert '"Dr. Vega"' in r.stdout
    for bad in (["--result", "fine", "--key", finished.key], [], ["--key", finished.pub], ["--report", tmp_path / "no", "--key", finished.key]):
        assert phi("audit", "review", *args, *bad).returncode == 2
    assert len([x for x in beside(log) if x["type"] == "review"]) == 1
    g = signed(make_gateway, tmp_path)
    assert phi("audit", "review", "--log", g.decisions, *args[2:], "--result", "concern", "--key", g.key).returncode == 0
    assert not g.records("review")
    assert '"Dr. Vega"' in phi("audit", "report", "--log", g.decisions, "--report", "R13", "--format", "csv").stdout
