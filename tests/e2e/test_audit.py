# SPDX-License-Identifier: Apache-2.0
"""The auditor's commands on logs that the real gateway wrote: checkpoints, proofs, search, reports, exports, rotation."""
import base64
import hashlib
import json
import re
import shutil
import subprocess
import time
import urllib.error
import urllib.request

import pytest

from conftest import BIN, ROOT

CANARY_SSN = "987-65-4321"
CANARY_NAME = "Quillifer Brandobar"
TEXT = f"Patient: {CANARY_NAME}, SSN {CANARY_SSN}, phone 212-555-0143, seen on 03/04/2024. Please summarize."


def phi(*args, input=None):
    return subprocess.run([str(BIN / "phi"), *map(str, args)], capture_output=True, text=True, timeout=120, input=input)


def ask(g, text, key="first", model="echo", purpose=None, path="/chat/completions"):
    body = json.dumps({"model": model, "messages": [{"role": "user", "content": text}]}).encode()
    headers = {"authorization": f"Bearer {g.keys.get(key, key)}", "content-type": "application/json"}
    if purpose:
        headers["x-phi-purpose"] = purpose
    request = urllib.request.Request(g.url + path, body, headers)
    try:
        with urllib.request.urlopen(request, timeout=30) as r:
            r.read()
            return r.status, r.headers["x-phigate-request-id"]
    except urllib.error.HTTPError as e:
        e.read()
        return e.code, e.headers["x-phigate-request-id"]


def signed(make_gateway, tmp_path, more="", start=True):
    """A gateway whose log is signed with a key that `phi init` made."""
    tmp_path.mkdir(exist_ok=True)
    init = tmp_path / "init"
    assert phi("init", init).returncode == 0
    g = make_gateway(None, start=False, upstream="main: {url: \"builtin:echo\"}")
    for name in ("checkpoint.key", "checkpoint.pub"):
        g.write(f"secrets/{name}", (init / "secrets" / name).read_text())
    config = (g.dir / "phigate.yaml").read_text()
    config = config.replace("key: {file: secrets/audit.key}}",
                            "key: {file: secrets/audit.key}, signing_key: {file: secrets/checkpoint.key}" + more + "}")
    g.write("phigate.yaml", config)
    g.pub = g.dir / "secrets" / "checkpoint.pub"
    g.key = g.dir / "secrets" / "audit.key"
    g.decisions = g.dir / "audit" / "decisions.log"
    return g.start() if start else g


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A log of some requests of two users, ended in order."""
    from conftest import Gateway

    def make(_, start=False, **options):
        return Gateway(tmp_path_factory.mktemp("gateway"), None, **options)

    g = signed(make, tmp_path_factory.mktemp("keys"), ", checkpoint: {every: 8, interval: 1s}")
    g.ids = [ask(g, f"{TEXT} Visit {i}.", "second" if i % 3 == 2 else "first")[1] for i in range(12)]
    assert ask(g, TEXT, "pg-unknown")[0] == 401
    assert ask(g, TEXT, path="/fine_tuning/jobs")[0] == 404
    time.sleep(1.6)
    assert g.stop() == 0, g.log_text()
    return g


# ---- checkpoints and proofs ----

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
    assert r.returncode == 2 and "no record" in r.stderr
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


# ---- search ----

def search(g, *args, **more):
    r = phi("audit", "search", "--log", g.decisions, "--json", *args, **more)
    assert r.returncode == 0, r.stderr
    return [json.loads(x) for x in r.stdout.splitlines()]


def test_search_by_each_filter(finished):
    g = finished
    decisions = g.records("decision")
    for args, wanted in (
            (["--user", "second-user"], lambda r: r["actor"].get("user") == "second-user"),
            (["--client", "first", "--decision", "edit"], lambda r: r["actor"].get("client") == "first" and r["decision"] == "edit"),
            (["--kind", "SSN"], lambda r: "SSN" in r.get("found", {})),
            (["--kind", "NAME"], lambda r: any(k.startswith("NAME.") for k in r.get("found", {}))),
            (["--kind", "NAM"], lambda r: False),
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


def test_search_for_a_value_is_recorded_and_silent(finished, tmp_path):
    g = finished
    copy = tmp_path / "audit"
    shutil.copytree(g.dir / "audit", copy)
    log = copy / "decisions.log"
    for value, kind in ((CANARY_SSN, "SSN"), ("987 65 4321", None), (CANARY_SSN, "SSN")):
        more = ["--kind", kind] if kind else []
        r = phi("audit", "search", "--log", log, "--json", "--value", "-", "--key", g.key, *more, input=value + "\n")
        assert r.returncode == 0, r.stderr
        found = [json.loads(x) for x in r.stdout.splitlines()]
        assert [x["request_id"] for x in found if x["type"] == "decision"] == g.ids
    assert phi("audit", "search", "--log", log, "--value", "987-65-4322", "--key", g.key, "--kind", "SSN").stdout == ""
    probes = [json.loads(x) for x in log.read_text().splitlines() if '"type":"probe"' in x]
    assert [p["kind"] for p in probes] == ["SSN", "*", "SSN", "SSN"] and all(p["node"] == "phi" for p in probes)
    assert CANARY_SSN not in log.read_text() and "987 65 4321" not in log.read_text()
    assert phi("audit", "verify", log, "--key", g.key, "--public-key", g.pub).returncode == 0


def test_search_for_a_value_says_what_is_wrong(finished, tmp_path):
    g = finished
    other = tmp_path / "other.key"
    other.write_text("0" * 64 + "\n")
    before = g.decisions.read_bytes()
    for args, sentence in ((["--value", "x"], "--key"), (["--value", "x", "--key", other], "is not the key of this log"),
                           (["--value", "x", "--key", g.pub], "not an audit key"),
                           (["--value", "x", "--key", g.key, "--kind", "SHOE"], "no such kind"),
                           (["--value", "", "--key", g.key], "empty"), (["--from", "yesterday"], "a time is written"),
                           (["--usr", "x"], "unknown option"), (["extra"], "usage")):
        r = phi("audit", "search", "--log", g.decisions, *args)
        assert r.returncode == 2 and sentence in r.stderr and r.stdout == "", (args, r)
    assert g.decisions.read_bytes() == before


def test_search_for_a_value_while_the_gateway_runs(make_gateway, tmp_path):
    g = signed(make_gateway, tmp_path)
    ident = ask(g, TEXT)[1]
    r = phi("audit", "search", "--log", g.decisions, "--json", "--value", CANARY_SSN, "--kind", "SSN", "--key", g.key)
    assert r.returncode == 0 and json.loads(r.stdout.splitlines()[0])["request_id"] == ident, r.stderr
    beside = g.dir / "audit" / "decisions.log.probes"
    assert '"type":"probe"' in beside.read_text() and not g.records("probe")
    assert phi("audit", "verify", beside, "--key", g.key).returncode == 0
    assert ask(g, TEXT)[0] == 200
    assert g.stop() == 0


# ---- reports ----

def tables(g, *args):
    r = phi("audit", "report", "--log", g if isinstance(g, type(ROOT)) else g.decisions, "--format", "json", *args)
    assert r.returncode == 0, r.stderr
    report = json.loads(r.stdout)
    return report, {(t["id"], t["title"]): [dict(zip(t["columns"], row)) for row in t["rows"]] for t in report["tables"]}


def rows(g, ident, title="", *args):
    return next(v for (i, t), v in tables(g, *args)[1].items() if i == ident and title in t)


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


HOSTILE = ["=HYPERLINK(1)", "+1", "@x", "-2+3", "<script>alert(1)</script>", "\"><img src=x>", "a\tb\r\nc", "O'Neil & Søn", "\t=1"]


def hostile_log(path):
    """Not a log that verifies: the reports must survive whatever a line holds."""
    zeros, lines = "0" * 64, []
    for i, name in enumerate(HOSTILE, 1):
        lines.append(json.dumps({"actor": {"client": name, "ip": "192.0.2.1", "user": name}, "decision": "block", "code": "phi_blocked", "found": {"SSN": 1},
                                 "mac": zeros, "prev": zeros, "reason": name, "request": {"bytes": 1, "endpoint": name}, "request_id": f"r{i}", "seq": i,
                                 "ts": "2026-01-02T03:04:05.000000Z", "type": "decision", "v": 1}, separators=(",", ":"), ensure_ascii=False))
    lines += ["{", "", "[1,2", "{\"actor\":{\"user\":\"", "\"" * 50, "{\"type\":\"decision\",\"found\":[[[[", "null", "{\"ts\":\"\\"]
    path.write_text("\n".join(lines) + "\n", encoding="utf8")
    return path


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
                           (["--from", "03/04/2026"], "a time is written"), (["--report"], "without its value"), (["x"], "usage")):
        r = phi("audit", "report", "--log", g.decisions, *args)
        assert r.returncode == 2 and sentence in r.stderr, (args, r.stderr)
    assert there.read_text() == "mine"
    for log, sentence in ((empty, "holds no record"), (tmp_path / "none", "no such file"), (tmp_path, "cannot be read")):
        r = phi("audit", "report", "--log", log)
        assert r.returncode == 2 and sentence in r.stderr, r.stderr


# ---- exports ----

def export(log, form, *args):
    r = phi("audit", "export", "--log", log, "--format", form, *args)
    assert r.returncode == 0, r.stderr
    for canary in (CANARY_SSN, "Quillifer", "Brandobar", "555-0143"):
        assert canary not in r.stdout
    return r.stdout.splitlines()


def every_name(value):
    if isinstance(value, dict):
        for k, v in value.items():
            yield k
            yield from every_name(v)
    elif isinstance(value, list):
        for v in value:
            yield from every_name(v)


def test_export_ocsf(finished):
    g = finished
    events = [json.loads(x) for x in export(g.decisions, "ocsf")]
    decisions = g.records("decision")
    for e in events:
        assert {"class_uid", "category_uid", "activity_id", "type_uid", "severity_id", "time", "metadata"} <= set(e)
        assert e["type_uid"] == e["class_uid"] * 100 + e["activity_id"] and e["category_uid"] == e["class_uid"] // 1000
        assert e["metadata"]["version"] and e["metadata"]["product"]["vendor_name"] == "phigate"
        assert not {"prompt_text", "response_text", "pattern_match", "value"} & set(every_name(e))
        assert abs(e["time"] / 1000 - time.time()) < 3600
    calls = [e for e in events if e["class_uid"] == 6003 and e["activity_id"] == 1]
    assert [e["metadata"]["correlation_uid"] for e in calls] == [r["request_id"] for r in decisions]
    for e, r in zip(calls, decisions):
        assert (e["action_id"], e["disposition_id"]) == {"forward": (1, 1), "edit": (4, 11), "block": (2, 2)}[r["decision"]]
        assert e["metadata"]["profiles"] == ["ai_operation", "security_control"] and e["ai_model"]["name"]
        assert e["actor"]["user"]["name"] and e["src_endpoint"]["ip"] and e["api"]["operation"]
        assert e["unmapped"].get("found") == r.get("found")
    assert len([e for e in events if e["class_uid"] == 2006]) == 2
    assert [e["activity_id"] for e in events if e["class_uid"] == 6002] == [3, 4]
    assert len([e for e in events if e["class_uid"] == 6003 and e["activity_id"] == 99]) == len(g.records("outcome"))
    assert {e["metadata"]["sequence"] for e in events} == {r["seq"] for r in g.records()}


def test_export_fhir(finished):
    g = finished
    events = [json.loads(x) for x in export(g.decisions, "fhir")]
    forwarded = [r for r in g.records("decision") if r["decision"] != "block" and r.get("found")]
    assert [e["id"] for e in events] == [r["id"] for r in forwarded]
    for e, r in zip(events, forwarded):
        assert e["resourceType"] == "AuditEvent" and e["type"]["code"] == "110106" and e["subtype"][0]["code"] == "disclose"
        assert e["recorded"] == r["ts"] and e["outcome"] == "0" and e["purposeOfEvent"][0]["coding"][0]["code"] == "TREAT"
        assert [a["type"]["coding"][0]["code"] for a in e["agent"]] == ["110153", "110152", "IRCP"]
        assert [a["requestor"] for a in e["agent"]] == [False, False, True]
        assert e["agent"][2]["who"]["identifier"]["value"] == r["actor"]["user"] and e["source"]["observer"]
        patients = [x for x in e["entity"] if x["type"]["code"] == "1"]
        assert patients and all(re.fullmatch(r"(MRN|SSN|PLAN|NAME):[a-z2-7]{16}", x["what"]["identifier"]["value"]) for x in patients)
        assert {"type": "found:SSN", "valueString": "1"} in e["entity"][0]["detail"]


def test_export_cef_and_syslog(finished, tmp_path):
    g = finished
    n = len(g.records())
    hostile = hostile_log(tmp_path / "decisions.log")
    for log, at_least in ((g.decisions, n), (hostile, len(HOSTILE))):
        lines = export(log, "cef")
        assert len(lines) >= at_least
        for line in lines:
            parts = re.split(r"(?<!\\)\|", line)
            assert len(parts) == 8 and parts[:4] == ["CEF:0", "phigate", "phigate", "1"] and 0 <= int(parts[6]) <= 10
            assert re.fullmatch(r"\w+=(?:[^=\\]|\\[=\\n])*(?: \w+=(?:[^=\\]|\\[=\\n])*)*", parts[7]), parts[7]
        lines = export(log, "rfc5424")
        assert len(lines) >= at_least
        for line in lines:
            assert re.fullmatch(r'<(110|108|107)>1 \S+ \S+ phigate - [A-Z_]{1,32} \[phigate@32473(?: \w+="(?:[^"\\\]]|\\["\\\]])*")+\]', line), line
    assert any('user="second-user"' in x and 'found="' in x for x in export(g.decisions, "rfc5424"))


def test_export_says_what_is_wrong(finished, tmp_path):
    there = tmp_path / "there"
    there.write_text("mine")
    for args, sentence in (([], "usage"), (["--format", "xml"], "no such format"), (["--format", "cef", "--out", there], "is there already")):
        r = phi("audit", "export", "--log", finished.decisions, *args)
        assert r.returncode == 2 and sentence in r.stderr
    assert there.read_text() == "mine"


# ---- several files ----

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


def test_merge_orders_several_logs_by_time(make_gateway, tmp_path):
    a, b = (signed(make_gateway, tmp_path / name) for name in ("a", "b"))
    for i in range(6):
        ask(a if i % 2 else b, TEXT)
    for g in (a, b):
        assert g.stop() == 0
    r = phi("audit", "merge", a.decisions, b.decisions)
    lines = r.stdout.splitlines()
    assert r.returncode == 0 and sorted(lines) == sorted(a.audit_text().splitlines() + b.audit_text().splitlines())
    times = [json.loads(x)["ts"] for x in lines]
    assert times == sorted(times)
    r = phi("audit", "merge", a.decisions, tmp_path / "none")
    assert r.returncode == 2 and "no such file" in r.stderr and r.stdout == ""


# ---- events, schema ----

def matches(value, schema, where="record"):
    """The part of JSON Schema that docs/audit.schema.json uses."""
    types = {"object": dict, "array": list, "string": str, "boolean": bool, "integer": int}
    if "type" in schema:
        assert isinstance(value, types[schema["type"]]) and isinstance(value, bool) == (schema["type"] == "boolean"), where
    if "enum" in schema:
        assert value in schema["enum"], (where, value)
    if "const" in schema:
        assert value == schema["const"], where
    if "minimum" in schema:
        assert value >= schema["minimum"], where
    if "pattern" in schema:
        assert re.search(schema["pattern"], value), (where, value)
    for name in schema.get("required", []):
        assert name in value, (where, name)
    if isinstance(value, dict):
        for name, inside in value.items():
            more = schema.get("properties", {}).get(name, schema.get("additionalProperties", True))
            assert more is not False, (where, name)
            if isinstance(more, dict):
                matches(inside, more, f"{where}.{name}")
    for i, inside in enumerate(value if isinstance(value, list) else []):
        matches(inside, schema.get("items", {}), f"{where}[{i}]")


def wait_for(g, kind, n=1):
    return g.wait_records(kind, n)


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
    schema = json.loads((ROOT / "docs" / "audit.schema.json").read_text())
    for record in g.records():
        matches(record, schema)


def test_the_schema_covers_the_other_records(finished):
    schema = json.loads((ROOT / "docs" / "audit.schema.json").read_text())
    for record in finished.records():
        matches(record, schema)
    with pytest.raises(AssertionError):
        matches({**finished.records()[0], "prompt": "x"}, schema)


# ---- witness ----

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


# ---- tampering with all keys but the witness's and the paper ----

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


@pytest.mark.skipif(not shutil.which("rsyslogd"), reason="rsyslog is not installed")
def test_rsyslog_ships_each_record_through_a_rotation(make_gateway, tmp_path):
    shipped = (ROOT / "deploy" / "shipping" / "rsyslog.conf").read_text()
    g = signed(make_gateway, tmp_path, ", rotate: {size: 64KiB}")
    tls = tmp_path / "init" / "tls"
    (tmp_path / "whole.conf").write_text(f'global(workDirectory="{tmp_path}")\n' + re.sub(
        r"/etc/phigate/shipping/(\w+)[.]pem", lambda m: str(tls / ("key.pem" if m[1] == "key" else "cert.pem")), shipped))
    check = subprocess.run(["rsyslogd", "-N1", "-f", str(tmp_path / "whole.conf")], capture_output=True, text=True)
    assert "gtls" in shipped and check.returncode == 0, check.stderr
    out = tmp_path / "out"
    config = re.sub(r"global\(.*?\)\n", f'global(workDirectory="{tmp_path}")\n', shipped, flags=re.S)
    config = re.sub(r"action\(.*?\)\n}", f'action(type="omfile" file="{out}" template="phigate-record")\n}}', config, flags=re.S)
    config = config.replace("/var/lib/phigate/audit/decisions.log", str(g.decisions))
    (tmp_path / "rsyslog.conf").write_text(config)
    agent = subprocess.Popen(["rsyslogd", "-n", "-f", str(tmp_path / "rsyslog.conf"), "-i", str(tmp_path / "pid")],
                             stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    try:
        for i in range(70):
            assert ask(g, TEXT)[0] == 200
            time.sleep(0.01)
        assert g.stop() == 0
        files = [*sorted(g.decisions.parent.glob("decisions.log.seg-*")), g.decisions]
        assert len(files) >= 2
        want = b"".join(f.read_bytes() for f in files).splitlines()
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline and (not out.exists() or len(out.read_bytes().splitlines()) < len(want)):
            time.sleep(0.2)
        got = [x.split(b" - RECORD - ", 1)[1].lstrip() for x in out.read_bytes().splitlines()]
        assert got == want
    finally:
        agent.terminate()
        agent.wait(20)


def test_a_review_is_signed_off_in_the_log(finished, make_gateway, tmp_path):
    copy = tmp_path / "audit"
    shutil.copytree(finished.dir / "audit", copy)
    log, page = copy / "decisions.log", tmp_path / "week.html"
    assert phi("audit", "report", "--log", log, "--out", page).returncode == 0
    args = ["--log", log, "--by", "Dr. Vega", "--from", "2026-01-01", "--to", "2026-01-07"]
    assert phi("audit", "review", *args, "--report", page, "--key", finished.key).returncode == 0
    record = [json.loads(x) for x in log.read_text().splitlines() if '"type":"review"' in x][0]
    assert record["report_sha256"] == hashlib.sha256(page.read_bytes()).hexdigest() and record["result"] == "clear"
    matches(record, json.loads((ROOT / "docs" / "audit.schema.json").read_text()))
    assert phi("audit", "verify", log, "--key", finished.key, "--public-key", finished.pub).returncode == 0
    r = phi("audit", "report", "--log", log, "--report", "R13", "--format", "csv")
    assert '"Dr. Vega"' in r.stdout
    for bad in (["--result", "fine", "--key", finished.key], [], ["--key", finished.pub], ["--report", tmp_path / "no", "--key", finished.key]):
        assert phi("audit", "review", *args, *bad).returncode == 2
    assert len([x for x in log.read_text().splitlines() if '"type":"review"' in x]) == 1
    g = signed(make_gateway, tmp_path)
    assert phi("audit", "review", "--log", g.decisions, *args[2:], "--result", "concern", "--key", g.key).returncode == 0
    assert not g.records("review")
    assert '"Dr. Vega"' in phi("audit", "report", "--log", g.decisions, "--report", "R13", "--format", "csv").stdout


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
