# SPDX-License-Identifier: Apache-2.0
"""Reports, accounting, breach bundles, reviews."""
import hashlib
import json
import re
import shutil
import subprocess

from audit_common import CANARY_SSN, HOSTILE, as_auditor, beside, finished, hostile_log, phi, rows, signed, tables, validator


def test_reports_agree_with_the_records(finished):
    g = finished
    decisions, outcomes = g.records("decision"), g.records("outcome")
    report, by_id = tables(g)
    assert {i for i, _ in by_id} == {f"R{n}" for n in range(1, 17)}
    assert report["decisions"] == len(decisions) and report["blocked"] == 2
    assert report["found"] == sum(sum(r.get("found", {}).values()) for r in decisions)
    users = {r["user"]: r for r in rows(g, "R1")}
    assert users["second-user"]["requests"] == 4 and users["first-user"]["requests"] == 9
    assert users["first-user"]["sent redacted"] == 8 and users["first-user"]["blocked"] == 1 and users["-"]["blocked"] == 1
    ssn = next(r for r in rows(g, "R3") if r["kind"] == "SSN")
    assert ssn["found"] == 12 and ssn["sent in clear"] == 0 and ssn["masked or dropped"] == 12 and ssn["Safe Harbor letter"] == "G"
    assert {r["code"] for r in rows(g, "R4")} == {"unknown_client", "unknown_endpoint"}
    assert rows(g, "R6", "in force")[0]["policy"] == "minimum-necessary"
    assert rows(g, "R9", "Unknown")[0] == {**rows(g, "R9", "Unknown")[0], "code": "unknown_client", "address": "127.0.0.1", "refused": 1}
    tokens = {r["user"]: r for r in rows(g, "R16")}
    assert sum(r["tokens in"] for r in tokens.values()) == sum(r["tokens_in"] for r in outcomes)
    assert tokens["second-user"]["requests answered"] == 4
    integrity = {r["what"]: r["number"] for r in rows(g, "R13", "Integrity")}
    assert integrity["records in the files"] == len(g.records()) and integrity["gaps in the sequence"] == 0
    assert integrity["records under the last signed checkpoint"] == len(g.records())
    assert [r["event"] for r in rows(g, "R13", "Starts")] == ["start", "stop"]
    assert report["checkpoint"]["size"] == len(g.records())
    narrow, _ = tables(g, "--user", "second-user")
    assert narrow["decisions"] == 4
    assert tables(g, "--from", "2001", "--to", "2020")[0]["decisions"] == 0


def test_no_report_holds_a_value(finished):
    for form in ("html", "csv", "json"):
        r = phi("audit", "report", "--log", finished.decisions, "--format", form)
        assert r.returncode == 0 and len(r.stdout) > 2000
        for canary in (CANARY_SSN, "Quillifer", "Brandobar", "555-0143", "03/04/2024"):
            assert canary not in r.stdout




def test_hostile_names_do_not_inject(tmp_path):
    import csv
    import html.parser
    log = hostile_log(tmp_path / "decisions.log")
    table = list(csv.reader(phi("audit", "report", "--log", log, "--format", "csv", "--report", "R1").stdout.splitlines()))
    names = [row[0] for row in table[2:] if row]
    assert len(names) >= len(HOSTILE)
    for row in table[1:]:
        for cell in row:
            assert not re.match(r"[=+@\t\r]|-.", cell), cell
    page = phi("audit", "report", "--log", log).stdout

    class Parser(html.parser.HTMLParser):
        tags, text = [], []

        def handle_starttag(self, tag, attrs):
            self.tags.append(tag)
            assert not [a for a, _ in attrs if a.startswith("on") or a in ("src", "style")], attrs

        def handle_data(self, data):
            self.text.append(data)

    parser = Parser()
    parser.feed(page)
    assert not {"script", "img", "link", "iframe", "object"} & set(parser.tags) and "svg" in parser.tags
    assert "<script>alert(1)</script>" in parser.text and "O'Neil & Søn" in parser.text
    assert "default-src 'none'" in page
    report = json.loads(phi("audit", "report", "--log", log, "--format", "json").stdout)
    users = {row[0] for row in report["tables"][0]["rows"]}
    assert {n for n in HOSTILE} <= users


def test_report_says_what_is_wrong(finished, tmp_path):
    g = finished
    there = tmp_path / "there.html"
    there.write_text("mine")
    empty = tmp_path / "empty"
    empty.write_text("")
    for args, sentence in ((["--format", "pdf"], "no such format"), (["--report", "R17"], "no such report"), (["--out", there], "is there already"),
                           (["--from", "03/04/2026"], "a time is written"), (["--report"], "needs a value"), (["x"], "usage")):
        r = phi("audit", "report", "--log", g.decisions, *args)
        assert r.returncode == 2 and sentence in r.stderr, (args, r.stderr)
    assert there.read_text() == "mine"
    for log, sentence in ((empty, "holds no record"), (tmp_path / "none", "no such file"), (tmp_path, "cannot be read")):
        r = phi("audit", "report", "--log", log)
        assert r.returncode == 2 and sentence in r.stderr, r.stderr

def test_measures_of_policy_and_gateway_are_reported(tmp_path):
    log = tmp_path / "decisions.log"
    log.write_text(json.dumps({
        "actor": {"client": "c", "ip": "192.0.2.1", "role": "user", "user": "u"}, "bulk": {"encounters": 4, "patients": 30}, "decision": "edit",
        "mac": "0" * 64, "mutations": ["store=false", "decompressed"], "prev": "0" * 64, "purpose": "treatment", "request": {"bytes": 1, "unreadable": 5},
        "request_id": "r1", "rerouted": {"from": "openai", "kind": "SENS.SUD"}, "seq": 1, "ts": "2026-01-02T03:04:05.000000Z", "type": "decision",
        "upstream": {"name": "local", "trust": "on_prem"}, "v": 1}, separators=(",", ":")) + "\n")
    assert {(r["change"], r["recipient"]) for r in rows(log, "R2", "changed")} == {("store=false", "local"), ("decompressed", "local")}
    assert [(r["kind"], r["from"], r["to"]) for r in rows(log, "R10", "another recipient")] == [("SENS.SUD", "openai", "local")]
    assert [(r["user"], r["patients"], r["encounters"]) for r in rows(log, "R11", "limit")] == [("u", 30, 4)]
    assert {r["content"] for r in rows(log, "R15")} == {"image", "file"}


def test_overrides_are_listed(tmp_path):
    log = tmp_path / "decisions.log"
    line = {"actor": {"client": "doc", "ip": "192.0.2.1", "role": "user", "user": "Dr. Vega"}, "decision": "edit", "mac": "0" * 64,
            "overridden": {"NAME.PATIENT": 2, "SENS.SUD": 1}, "policy": {"claim": "c", "digest": "0" * 64, "id": "site", "mode": "enforce"},
            "prev": "0" * 64, "reason": "emergency", "request_id": "r1", "second": "chief-user", "seq": 1, "ts": "2026-01-02T03:04:05.000000Z",
            "type": "override", "v": 1}
    more = {**line, "seq": 2, "request_id": "r2", "ts": "2026-01-02T04:04:05.000000Z"}
    del more["second"]
    log.write_text("".join(json.dumps(x, sort_keys=True, separators=(",", ":")) + "\n" for x in (line, more)))
    assert [(r["user"], r["second person"], r["reason"], r["policy"], r["request"], r["identifiers let through"])
            for r in rows(log, "R5", "Break-glass")] == [("Dr. Vega", "chief-user", "emergency", "site", "r1", 3), ("Dr. Vega", "-", "emergency", "site", "r2", 3)]
    assert [(r["overrides"], r["identifiers let through"]) for r in rows(log, "R5", "by person")] == [(2, 6)]


def test_a_report_is_signed_and_recorded(finished, tmp_path):
    g = finished
    shutil.copytree(g.dir / "audit", tmp_path / "audit")
    log, page = tmp_path / "audit" / "decisions.log", tmp_path / "march.html"
    args = ["audit", "report", "--log", log, "--signing-key", g.dir / "secrets" / "checkpoint.key"]
    assert phi(*args).returncode == 2  # where would the signature lie?
    assert phi(*args, "--out", page, "--record").returncode == 2  # no key
    assert phi(*args[:-1], g.pub, "--out", tmp_path / "x").returncode == 2
    r = phi(*args, "--out", page, "--record", "--key", g.key)
    assert r.returncode == 0, r.stderr
    digest = hashlib.sha256(page.read_bytes()).hexdigest()
    record = [x for x in beside(log) if x["type"] == "report"][0]
    note = tmp_path / "march.html.sig"
    size = int(note.read_text().split("checkpoint ")[1].split()[1])
    assert record["report_sha256"] == digest and record["tree_size"] == size and record["format"] == "html"
    r = phi("audit", "verify", note, "--public-key", g.pub)
    assert r.returncode == 0 and digest in r.stdout and "signed by" in r.stdout, r.stdout + r.stderr
    assert phi("audit", "verify", note).returncode == 2
    page.write_bytes(page.read_bytes().replace(b"requests", b"reqvests", 1))
    r = phi("audit", "verify", note, "--public-key", g.pub)
    assert r.returncode == 1 and "CHANGED" in r.stdout
    text = note.read_text()
    for i, line in enumerate(text.split("\n")):
        if line:
            changed = text.split("\n")
            changed[i] = line[:-2] + ("A" if line[-2] != "A" else "B") + line[-1]
            note.write_text("\n".join(changed))
            assert phi("audit", "verify", note, "--public-key", g.pub).returncode in (1, 2), line
    note.write_text(text)
    other = tmp_path / "other"
    assert phi("init", other).returncode == 0
    assert phi("audit", "verify", note, "--public-key", other / "secrets" / "checkpoint.pub").returncode == 1
    # A statement about a report can never be taken for a checkpoint, nor the other way round.
    assert phi("audit", "prove", g.ids[0], "--log", log, "--checkpoint", note).returncode == 2
    as_report = tmp_path / "c.sig"
    as_report.write_text((tmp_path / "audit" / "decisions.log.checkpoint").read_text())
    assert phi("audit", "verify", as_report, "--public-key", g.pub).returncode == 1


def test_the_accounting_of_one_patient(finished, tmp_path):
    g = finished
    shutil.copytree(g.dir / "audit", tmp_path / "audit")
    log = tmp_path / "audit" / "decisions.log"
    who = tmp_path / "identifiers"
    who.write_text(f"# Jane\nSSN {CANARY_SSN}\nPHONE (212) 555 0143\n")
    args = ["audit", "accounting", "--log", log, *as_auditor(g)]
    r = phi(*args, "--identifiers", who, "--format", "json")
    assert r.returncode == 0, r.stderr
    table = next(t for t in json.loads(r.stdout)["tables"] if t["title"].startswith("Accounting"))
    found = [dict(zip(table["columns"], x)) for x in table["rows"]]
    assert [x["request"] for x in found] == g.ids
    first = g.records("decision")[0]
    assert found[0]["time"] == first["ts"] and found[0]["recipient"] == "echo" and found[0]["purpose"] == "treatment"
    assert "SSN 1" in found[0]["kinds found"] and CANARY_SSN not in r.stdout and "0143" not in r.stdout
    probe = [x for x in beside(log) if x["type"] == "probe"][0]
    assert probe["asked"] == 2 and probe["asked_by"] == "accounting" and "value" not in probe
    r = phi(*args, "--identifiers", "-", "--format", "csv", "--out", tmp_path / "a.csv", input="SSN 987-65-4399\n")
    assert r.returncode == 0 and g.ids[0] not in (tmp_path / "a.csv").read_text()
    for text, sentence in (("", "no identifier"), ("SSN\n", "a kind, a space"), ("SHOE 44\n", "no such kind"), ("\n\n", "no identifier")):
        r = phi(*args, "--identifiers", "-", input=text)
        assert r.returncode == 2 and sentence in r.stderr and r.stdout == "", text
    assert phi(*args).returncode == 2
    assert phi("audit", "accounting", "--log", log, "--identifiers", who, "--key", g.key).returncode == 2


def test_a_breach_bundle(finished, tmp_path):
    g = finished
    out = tmp_path / "bundle"
    args = ["audit", "breach", "--log", g.decisions, "--user", "second-user", "--out", out]
    r = phi(*args)
    assert r.returncode == 0, r.stderr
    records = [json.loads(x) for x in (out / "records.jsonl").read_text().splitlines()]
    want = [x["request_id"] for x in g.records("decision") if x["actor"].get("user") == "second-user"]
    assert [x["request_id"] for x in records if x["type"] == "decision"] == want
    assert {x["request_id"] for x in records if x["type"] == "outcome"} == set(want)
    check = subprocess.run(["sha256sum", "-c", "SHA256SUMS"], cwd=out, capture_output=True, text=True)
    assert check.returncode == 0 and check.stdout.count("OK") == 5, check.stdout + check.stderr
    page = (out / "report.html").read_text()
    assert "164.402(2)" in page and "(iv)" in page and CANARY_SSN not in page
    assert (out / "checkpoint.txt").read_text() == (g.dir / "audit" / "decisions.log.checkpoint").read_text()
    r = phi(*args)
    assert r.returncode == 2 and "is there already" in r.stderr
    assert phi("audit", "breach", "--log", g.decisions).returncode == 2
    assert phi("audit", "breach", "--log", g.decisions, "--from", "today", "--out", tmp_path / "no").returncode == 2


def test_reported_misses_and_incidents(finished, tmp_path):
    g = finished
    shutil.copytree(g.dir / "audit", tmp_path / "audit")
    log = tmp_path / "audit" / "decisions.log"
    who = ["--log", log, "--by", "Dr. Vega", "--key", g.key]
    assert phi("audit", "review", *who, "--id", g.ids[0], "--kind", "NAME", "--result", "missed").returncode == 0
    assert phi("audit", "review", *who, "--id", g.ids[1], "--kind", "SSN", "--result", "false_positive", "--as", g.me, "--clients",
               g.dir / "clients.yaml").returncode == 0
    assert phi("audit", "incident", *who, "--from", "2026-01", "--to", "2026-02", "--result", "low_probability").returncode == 0
    for bad in (["review", *who, "--id", g.ids[0], "--kind", "SHOE", "--result", "missed"],
                ["review", *who, "--id", g.ids[0], "--kind", "SSN", "--result", "clear"],
                ["review", *who, "--id", "a b", "--kind", "SSN", "--result", "missed"],
                ["incident", *who, "--from", "2026-01", "--to", "2026-02", "--result", "fine"],
                ["incident", *who, "--from", "2026-01", "--result", "open"]):
        assert phi("audit", *bad).returncode == 2, bad
    check = validator()
    for record in beside(log):
        check.validate(record)
    assert [(r["result"], r["kind"], r["request"]) for r in rows(log, "R12", "misses")] == [
        ("missed", "NAME", g.ids[0]), ("false_positive", "SSN", g.ids[1])]
    assert [r["result"] for r in rows(log, "R14", "Incidents")] == ["low_probability"]
