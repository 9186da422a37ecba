# SPDX-License-Identifier: Apache-2.0
"""Exports, merging, shipping."""
import copy
import json
import re
import shutil
import signal
import subprocess
import time

import jsonschema
import pytest
from ocsf_json_schema import OcsfJsonSchemaEmbedded, get_ocsf_schema

from audit_common import CANARY_SSN, HOSTILE, TEXT, as_auditor, ask, finished, hostile_log, phi, signed, wait_for
from conftest import ROOT


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


@pytest.fixture(scope="module")
def changed(tmp_path_factory):
    """A log with blocks, reloads, changed agreements and clients, a rotation and what auditors did."""
    from conftest import Gateway

    def make(_, start=False, **options):
        return Gateway(tmp_path_factory.mktemp("gateway"), None, **options)

    g = signed(make, tmp_path_factory.mktemp("keys"), ", rotate: {size: 64KiB}")
    clients, config = (g.dir / "clients.yaml").read_text(), (g.dir / "phigate.yaml").read_text()
    for n in range(40):
        ask(g, TEXT, "second" if n % 3 else "first")
    ask(g, TEXT, "pg-unknown")
    ask(g, "Send it to Mr. Torvald Ekkersby. password: Tr0ub4dor&3x")
    g.write("clients.yaml", clients.replace("id: second", "id: third"))
    g.write("phigate.yaml", config.replace("policy: minimum-necessary", "policy: monitor-only").replace(
        "  echo: {url", "  vendor: {url: \"https://192.0.2.1/v1\", agreement: {id: BAA-9, vendor: Example, effective: 2026-01-15, "
        "expires: 2027-01-14, arrangement: zdr}, coverage: openai}\n  echo: {url"))
    g.process.send_signal(signal.SIGHUP)
    wait_for(g, "agreement_change")
    assert phi("audit", "search", "--log", g.decisions, "--value", "x", *as_auditor(g)).returncode == 0
    wait_for(g, "anchor")
    assert g.stop() == 0
    return g


def test_ocsf_events_hold_against_the_schema_of_the_format(finished, changed):
    """The published schema of the version that the events name, with the profiles that they name."""
    made = {}

    def check(event):
        key = event["metadata"]["version"], event["class_uid"], tuple(event["metadata"].get("profiles", []))
        if key not in made:
            ocsf = OcsfJsonSchemaEmbedded(get_ocsf_schema(key[0]))
            made[key] = jsonschema.Draft202012Validator(ocsf.get_class_schema(ocsf.lookup_class_name_from_uid(key[1]), list(key[2])))
        return [f"{'/'.join(map(str, e.absolute_path))}: {e.message}" for e in made[key].iter_errors(event)]

    events = [json.loads(x) for g in (finished, changed) for x in export(g.decisions, "ocsf")]
    for event in events:
        assert not check(event), event
        wrong = copy.deepcopy(event)
        wrong["severity_id"] = "high"
        assert check(wrong)
        del wrong["severity_id"]
        assert check(wrong)
        assert check({**event, "prompt": "x"})
    assert {e["class_uid"] for e in events} == {2006, 6003, 3004, 6002, 1008}


FHIR_R4 = ROOT / "build" / "node" / "node_modules" / "@asymmetrik" / "fhir-json-schema-validator" / "fhir.schema.json"


@pytest.mark.skipif(not FHIR_R4.exists(), reason="the package with the JSON Schema of FHIR R4 is not installed")
def test_audit_events_hold_against_the_schema_of_fhir_r4(finished, changed):
    definitions = json.loads(FHIR_R4.read_text())["definitions"]
    check = jsonschema.Draft6Validator({"$ref": "#/definitions/AuditEvent", "definitions": definitions})
    events = [json.loads(x) for g in (finished, changed) for x in export(g.decisions, "fhir")]
    assert len(events) > 30
    for event in events:
        assert [e.message for e in check.iter_errors(event)] == []
        for wrong in ({**event, "prompt": "x"}, {k: v for k, v in event.items() if k != "source"}, {**event, "recorded": "yesterday"},
                      {**event, "outcome": 0}):
            assert not check.is_valid(wrong)


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
