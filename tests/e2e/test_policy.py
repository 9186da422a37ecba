# SPDX-License-Identifier: Apache-2.0
"""What security teams do with policies: compare, test, change; on the real tool and the real gateway."""
import datetime
import json
import os
import re
import subprocess
import sys
import threading
import time

import httpx
import pytest
import yaml

from capture import CaptureUpstream
from conftest import BIN, ROOT, reload, wait_for
from test_cases import Scripted

SITE = """id: site
version: 1
description: Test.
extends: minimum-necessary
{}
end: site
"""


def phi(*arguments, text=""):
    return subprocess.run([str(BIN / "phi"), *map(str, arguments)], input=text, capture_output=True, text=True, cwd=ROOT)


def site(tmp_path, body, name="site.yaml"):
    path = tmp_path / name
    path.write_text(SITE.format(body), encoding="utf8")
    return path


# ---- phi diff ----

def corpus(tmp_path):
    path = tmp_path / "corpus.jsonl"
    path.write_text("".join(json.dumps({"id": str(i), "text": t}) + "\n" for i, t in enumerate([
        "MRN: 00417723 seen on 03/14/2024", "Call 212-555-0147. MRN: 00417724", "Nothing here."])))
    return path


def test_diff_says_what_loosens(tmp_path):
    loose = site(tmp_path, "actions:\n  MRN: allow\nwhy:\n  MRN: Test.")
    r = phi("diff", "minimum-necessary", loose, corpus(tmp_path))
    assert r.returncode == 1
    assert "looser    treatment, MRN: tokenize -> allow" in r.stdout
    assert "MRN: 0 -> 2" in r.stdout
    assert "3 texts" in r.stdout


def test_diff_of_a_stricter_policy_is_clean(tmp_path):
    strict = site(tmp_path, "actions:\n  MRN: block")
    r = phi("diff", "minimum-necessary", strict, corpus(tmp_path))
    assert r.returncode == 0, r.stdout
    assert "0 looser" in r.stdout
    assert "treatment: identifiers in clear 0 -> 0, texts blocked 0 -> 2" in r.stdout


def test_diff_refuses_what_does_not_load(tmp_path):
    r = phi("diff", "minimum-necessary", site(tmp_path, "actions:\n  MNR: allow"))
    assert r.returncode == 2
    assert 'did you mean "MRN"' in r.stderr


# ---- phi test ----

sys.path.insert(0, str(ROOT / "tests" / "cases"))
import cells  # noqa: E402


def test_the_tables_of_cells_are_what_the_script_writes():
    assert {p.stem for p in (ROOT / "policies" / "presets").glob("*.yaml")} == set(cells.PRESETS)
    for preset in cells.PRESETS:
        assert (ROOT / "tests" / "cases" / f"{preset}.yaml").read_text(encoding="utf8") == cells.cases(preset), preset
        if preset != "minimum-necessary":
            assert (ROOT / "tests" / "cases" / "policies" / f"cells-{preset}.yaml").read_text(encoding="utf8") == cells.policy(preset)


@pytest.mark.parametrize("preset", cells.PRESETS)
def test_every_cell_of_each_preset(preset):
    r = phi("test", f"tests/cases/{preset}.yaml")
    assert r.returncode == 0, "\n".join(line for line in r.stdout.splitlines() if line.startswith("not"))
    n = len(cells.rows(preset)) + (5 if preset == "minimum-necessary" else 0)
    assert f"# {n} passed, 0 failed" in r.stdout


CASES = """policy: minimum-necessary
tests:
  - name: one
    purpose: treatment
    text: 'MRN: 00417723'
    sends: 'MRN: [MRN_1]'
    restores: {says: 'It is [MRN_1].', gives: 'It is %s.'}
"""


def test_what_comes_back_is_part_of_a_case(tmp_path):
    path = tmp_path / "cases.yaml"
    path.write_text(CASES % "00417723")
    assert phi("test", path).returncode == 0
    path.write_text(CASES % "00417724")
    r = phi("test", path)
    assert r.returncode == 1
    assert "not ok 1 - one (came back otherwise)" in r.stdout
    path.write_text(CASES % "00417723" + "    blocked: MRN\n")
    assert "either what it sends" in phi("test", path).stderr


# ---- the gateway ----

CLIENTS = {"nurse": "role: nurse\ndefault_purpose: treatment\npurposes: [\"*\"]",
           "desk": "role: reception\ndefault_purpose: treatment\npurposes: [\"*\"]"}


class Asked:
    """A gateway under a site's policy before an upstream that says what it is told to say."""

    def __init__(self, make, tmp_path, body, **options):
        self.upstream = Scripted()
        self.upstream.start()
        path = body if isinstance(body, str) and body.startswith("/") else site(tmp_path, body)
        self.gateway = make(self.upstream.port, policy=str(path), clients=options.pop("clients", CLIENTS), **options)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.gateway.stop()
        self.upstream.stop()

    def ask(self, content, client="nurse", says="ok", headers=(), stream=False, model="m", **more):
        messages = content if isinstance(content, list) else [{"role": "user", "content": content}]
        self.upstream.got.clear()
        if stream:
            events = [{"choices": [{"index": 0, "delta": {"content": c}, "finish_reason": None}]} for c in says]
            events.append({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
            text = "".join(f"data: {json.dumps(e, ensure_ascii=False)}\n\n" for e in events) + "data: [DONE]\n\n"
            self.upstream.answer = (200, "text/event-stream", text.encode())
        else:
            self.upstream.answer = (200, "application/json", json.dumps({"choices": [
                {"index": 0, "message": {"role": "assistant", "content": says}, "finish_reason": "stop"}]}).encode())
        r = httpx.post(self.gateway.url + "/chat/completions", timeout=30, content=json.dumps(
            {"model": model, "stream": stream, "messages": messages, **more}), headers={
            "authorization": "Bearer " + self.gateway.keys[client], "content-type": "application/json", **dict(headers)})
        self.record = [x for x in self.gateway.records("decision")
                       if x["request_id"] == r.headers["x-phigate-request-id"]][-1]
        return r

    def sent(self):
        """The contents as the upstream got them, or None."""
        if not self.upstream.got:
            return None
        messages = json.loads(self.upstream.got[-1].body)["messages"]
        return messages[0]["content"] if len(messages) == 1 else [m["content"] for m in messages]


def said(r):
    if r.headers["content-type"].startswith("text/event-stream"):
        events = [json.loads(line[6:]) for line in r.text.splitlines() if line.startswith("data: {")]
        return "".join(e["choices"][0]["delta"].get("content") or "" for e in events)
    return r.json()["choices"][0]["message"]["content"]


def test_scopes_by_role_model_and_part(make_gateway, tmp_path):
    with Asked(make_gateway, tmp_path, """scopes:
  - {name: desk, when: {role: reception}, actions: {MRN: mask}}
  - {name: small, when: {model: "tiny-*", upstream: main}, actions: {PHONE: block}}
parts:
  system: {MRN: drop}""") as a:
        a.ask("MRN: 00417723")
        assert a.sent() == "MRN: [MRN_1]"
        a.ask("MRN: 00417723", client="desk")
        assert a.sent() == "MRN: [MRN]"
        a.ask([{"role": "system", "content": "MRN: 00417723"}, {"role": "user", "content": "MRN: 00417724"}])
        assert a.sent() == ["MRN: ", "MRN: [MRN_1]"]
        r = a.ask("Call 212-555-0147", model="tiny-1")
        assert r.status_code == 400 and r.json()["error"]["code"] == "phi_blocked"
        assert a.sent() is None
        assert a.ask("Call 212-555-0147").status_code == 200
        actions = {(f["kind"], f["action"]) for x in a.gateway.records("decision") for f in x.get("findings", [])}
        assert {("MRN", "mask"), ("MRN", "drop"), ("MRN", "tokenize"), ("PHONE", "block")} <= actions


def test_scopes_in_the_tool(tmp_path):
    path = site(tmp_path, "scopes:\n  - {name: desk, when: {role: reception}, actions: {MRN: mask}}")
    assert phi("redact", "--policy", path, text="MRN: 00417723").stdout == "MRN: [MRN_1]"
    assert phi("redact", "--policy", path, "--role", "reception", text="MRN: 00417723").stdout == "MRN: [MRN]"
    assert "action  mask" in phi("explain", "--policy", path, "--role", "reception", text="MRN: 00417723").stdout


# ---- offset ----

OFFSET = "actions:\n  DATE.SERVICE: offset\n  DATE.OTHER: offset"
STAY = "Date of service: 03/14/2024. Discharged March 26, 2024. Seen again 04/01/2024."


def test_dates_keep_their_distance_and_come_back(make_gateway, tmp_path):
    with Asked(make_gateway, tmp_path, OFFSET) as a:
        r = a.ask(STAY, says="In [DATE_1], out [DATE_1B+12d]; follow-up [DATE_1+18d], then [DATE_1+48d] or [DATE_1B+48d]. [DATE_1C].")
        assert a.sent() == "Date of service: [DATE_1]. Discharged [DATE_1B+12d]. Seen again [DATE_1+18d]."
        assert said(r) == "In 03/14/2024, out March 26, 2024; follow-up 04/01/2024, then 05/01/2024 or May 1, 2024. [DATE_1C]."
        assert r.headers["x-phigate-unrestored"] == "1"
        assert {f["action"] for f in a.record["findings"]} == {"offset"}
        assert "disclosed" not in a.record
        streamed = a.ask(STAY, says="See you [DATE_1B+48d], not [DATE_1+0d].", stream=True)
        assert said(streamed) == "See you May 1, 2024, not [DATE_1+0d]."


def test_a_distance_that_the_caller_writes_is_only_text(make_gateway, tmp_path):
    with Asked(make_gateway, tmp_path, OFFSET) as a:
        r = a.ask("Date of service: 03/14/2024, [DATE_1+5d]", says="[TEXT_1] [DATE_1+5d]")
        assert a.sent() == "Date of service: [DATE_1], [TEXT_1]"
        assert said(r) == "[DATE_1+5d] 03/19/2024"


def test_offset_is_for_dates(tmp_path):
    r = phi("check", site(tmp_path, "actions:\n  MRN: offset"))
    assert r.returncode == 1 and '"offset" is for dates' in r.stderr


# ---- route ----

def routed(make, tmp_path, body, own_policy="on-prem-model"):
    a = Asked(make, tmp_path, body, start=False)
    own = Scripted()
    own.start()
    text = (a.gateway.dir / "phigate.yaml").read_text()
    text = text.replace("routes:\n", f"  own: {{url: \"http://127.0.0.1:{own.port}/v1\", trust: on_prem, force: {{model: llama}}}}\n"
                        f"routes:\n  - {{models: [\"llama\"], upstream: own, policy: {own_policy}}}\n")
    a.gateway.write("phigate.yaml", text)
    a.own = own
    own.answer = (200, "application/json", json.dumps({"choices": [{"index": 0, "message": {
        "role": "assistant", "content": "ours"}, "finish_reason": "stop"}]}).encode())
    return a


def test_what_is_sensitive_goes_to_the_own_model(make_gateway, tmp_path):
    with routed(make_gateway, tmp_path, "actions:\n  SENS.SUD: route:own") as a:
        a.gateway.start()
        text = "Patient attends methadone clinic. MRN: 00417723"
        r = a.ask(text)
        assert said(r) == "ours"
        assert a.sent() is None
        body = json.loads(a.own.got[-1].body)
        assert body["model"] == "llama" and body["messages"][0]["content"] == text
        assert a.record["rerouted"]["from"] == "main" and a.record["rerouted"]["kind"] == "SENS.SUD"
        assert a.record["upstream"]["name"] == "own" and a.record["policy"]["id"] == "on-prem-model"
        a.own.got.clear()
        assert said(a.ask("MRN: 00417723", says="theirs")) == "theirs"
        assert a.own.got == [] and "rerouted" not in a.record
        # What is blocked is blocked, wherever the rest may go.
        r = a.ask(text + " password: Tr0ub4dor&3x")
        assert r.status_code == 400 and a.own.got == [] and a.sent() is None
        a.own.stop()


def test_a_route_that_leads_back_is_refused(make_gateway, tmp_path):
    path = site(tmp_path, "actions:\n  SENS.SUD: route:own")
    with routed(make_gateway, tmp_path, str(path), own_policy=path) as a:
        a.gateway.start()
        r = a.ask("Patient attends methadone clinic.")
        assert r.status_code == 400 and "route_again" in r.text and a.own.got == []
        a.own.stop()


def test_a_route_needs_an_upstream(make_gateway, tmp_path):
    g = make_gateway(1, start=False, policy=str(site(tmp_path, "actions:\n  SENS.SUD: route:nowhere")))
    r = subprocess.run([str(BIN / "phigate"), "-c", str(g.dir / "phigate.yaml"), "--share", str(ROOT), "--check"],
                       capture_output=True, text=True)
    assert r.returncode != 0 and "route:nowhere" in r.stdout + r.stderr


# ---- bulk, sensitive, messages ----

def test_more_than_one_patient_or_a_whole_chart(make_gateway, tmp_path):
    with Asked(make_gateway, tmp_path, """bulk: {patients: 1, encounters: 3, action: block, purposes: {prior-auth: flag, research: allow}}
messages: {phi_blocked: One patient at a time please.}""") as a:
        two = "MRN: 00417723 and MRN: 00417724"
        r = a.ask(two)
        assert r.status_code == 400
        assert r.json()["error"]["message"].startswith("One patient at a time please. Reason: too_many_patients. The text speaks of more patients")
        assert a.sent() is None
        assert a.record["bulk"] == {"encounters": 0, "patients": 2}
        assert a.ask("MRN: 00417723, again MRN: 004-17723").status_code == 200
        assert "bulk" not in a.record
        dates = " ".join(f"Date of service: {m}/14/2024." for m in range(1, 5))
        assert a.ask(dates).status_code == 400 and a.record["reason"] == "too_many_encounters"
        assert a.ask(dates[:-30]).status_code == 200
        assert a.ask(two, headers={"x-phi-purpose": "prior-auth"}).status_code == 200
        assert a.record["bulk"]["patients"] == 2
        assert a.ask(two, headers={"x-phi-purpose": "research"}).status_code == 200


def test_sensitive_and_messages_by_kind(make_gateway, tmp_path):
    with Asked(make_gateway, tmp_path, """sensitive: {HIV: block}
messages:
  SENS.*: Ask the privacy officer.
  SENS.HIV: Call 555-0100 first.
  purpose_unknown: Unknown \\"purpose\\"; say treatment.""".replace('\\"', "'")) as a:
        assert a.ask("HIV positive").json()["error"]["message"].startswith("Call 555-0100 first. Found: SENS.HIV.")
        assert a.ask("methadone clinic").json()["error"]["message"].startswith("Ask the privacy officer. Found: SENS.SUD.")
        r = a.ask("x", headers={"x-phi-purpose": "curiosity"})
        assert r.json()["error"]["message"].startswith("Unknown 'purpose'; say treatment.")
        assert a.ask("gonorrhea").status_code == 200


@pytest.mark.parametrize("body, words", [
    ("bulk: {patients: 0}", "1"), ("bulk: {action: block}", "needs a number"), ("bulk: {patients: 1, action: mask}", "block"),
    ("bulk: {patients: 1, purposes: {xray: flag}}", 'no purpose "xray"'),
    ("sensitive: mask", "is a category"), ("sensitive: {SOD: block}", "no sensitive category"),
    ("actions: {SENS.HIV: tokenize}", "is a category"),
    ("messages: {phi_blockd: x}", 'did you mean "phi_blocked"'), ("messages: {MNR: x}", 'did you mean "MRN"'),
    ("messages: {MRN: ''}", "1 to 300"),
])
def test_mistakes_have_a_place(tmp_path, body, words):
    r = phi("check", site(tmp_path, body))
    assert r.returncode == 1
    assert "site.yaml:5:" in r.stderr and words in r.stderr and "^" in r.stderr


# ---- break-glass ----

RIGHTS = {"doc": "may_override: true\ndefault_purpose: treatment\npurposes: [\"*\"]",
          "chief": "may_override: true\ndefault_purpose: treatment",
          "past": "may_override: true\noverride_until: 2020-01-01\ndefault_purpose: treatment",
          "nurse": "default_purpose: treatment"}
SUD = "Patient attends methadone clinic."


def test_an_override_is_a_right_with_a_reason_and_a_record(make_gateway, tmp_path):
    with Asked(make_gateway, tmp_path, "override: {reasons: [emergency]}\nbulk: {patients: 1}", clients=RIGHTS) as a:
        def why(r):
            assert r.json()["error"]["code"] == "override_not_allowed" and a.sent() is None
            return r.json()["error"]["message"].split("Reason: ")[1].split(".")[0]

        glass = {"x-phi-override": "emergency"}
        assert a.ask(SUD, client="doc").status_code == 400
        r = a.ask(SUD + " MRN: 00417723, MRN: 00417724", client="doc", headers=glass, says="[MRN_2]")
        assert r.status_code == 200 and said(r) == "00417724"
        assert a.sent() == SUD + " MRN: [MRN_1], MRN: [MRN_2]"
        records = a.gateway.records()
        mine = [x["type"] for x in records if x.get("request_id") == r.headers["x-phigate-request-id"]]
        assert mine[:2] == ["override", "decision"]
        override = a.gateway.records("override")[-1]
        assert override["reason"] == "emergency" and override["overridden"] == {"SENS.SUD": 1}
        assert override["bulk"]["patients"] == 2 and override["actor"]["client"] == "doc"
        # The floor holds.
        assert a.ask(SUD + " password: Tr0ub4dor&3x", client="doc", headers=glass).status_code == 400
        assert a.sent() is None
        assert why(a.ask(SUD, client="nurse", headers=glass)) == "no_right"
        assert why(a.ask(SUD, client="past", headers=glass)) == "right_expired"
        assert why(a.ask(SUD, client="doc", headers={"x-phi-override": "MRN 00417723"})) == "reason_unknown"
        assert why(a.ask(SUD, client="doc", headers={"x-phi-override-by": a.gateway.keys["chief"]})) == "reason_missing"
        assert "00417723" not in a.gateway.audit_text()
        assert a.gateway.verify().returncode == 0


def test_an_override_by_two(make_gateway, tmp_path):
    with Asked(make_gateway, tmp_path, "override: {reasons: [emergency], second_person: true, floor: true}", clients=RIGHTS) as a:
        glass = {"x-phi-override": "emergency"}
        assert "second_person_missing" in a.ask(SUD, client="doc", headers=glass).text
        for key, reason in ((a.gateway.keys["doc"], "second_person_is_the_first"), (a.gateway.keys["nurse"], "second_person_unknown"),
                            ("pg-none", "second_person_unknown"), (a.gateway.keys["past"], "second_person_unknown")):
            assert reason in a.ask(SUD, client="doc", headers={**glass, "x-phi-override-by": key}).text
            assert a.sent() is None
        both = {**glass, "x-phi-override-by": a.gateway.keys["chief"]}
        assert a.ask("password: Tr0ub4dor&3x", client="doc", headers=both).status_code == 200
        assert a.sent() == "password: [SECRET_1]"
        override = a.gateway.records("override")[-1]
        assert override["second"] == "chief-user" and override["overridden"] == {"SECRET": 1}
        assert a.gateway.keys["chief"] not in a.gateway.audit_text() + a.gateway.log_text()


def test_without_an_override_in_the_policy_there_is_none(make_gateway, tmp_path):
    with Asked(make_gateway, tmp_path, "mode: enforce", clients=RIGHTS) as a:
        assert "policy_has_none" in a.ask(SUD, client="doc", headers={"x-phi-override": "emergency"}).text
        assert a.sent() is None


# ---- shadow ----

def test_a_shadow_policy_decides_nothing_and_tells_what_it_would(make_gateway, tmp_path):
    other = site(tmp_path, "actions: {MRN: allow, PHONE: block}\nwhy: {MRN: Test.}", "shadow.yaml")
    with Asked(make_gateway, tmp_path, "mode: enforce", extra=f"shadow: {other}\n") as a:
        a.ask("MRN: 00417723, MRN: 00417724")
        assert a.sent() == "MRN: [MRN_1], MRN: [MRN_2]"
        assert {k: a.record["shadow"][k] for k in ("block", "looser", "stricter")} == {"block": False, "looser": 2, "stricter": 0}
        assert a.ask("Call 212-555-0147").status_code == 200
        assert a.record["shadow"]["block"] is True and a.record["shadow"]["stricter"] == 1
        assert a.record["shadow"]["digest"] != a.record["policy"]["digest"]
        metrics = a.gateway.metrics()
        for line in ("phigate_shadow_requests_total 2", "phigate_shadow_block_total 1", "phigate_shadow_looser_total 2",
                     "phigate_shadow_stricter_total 1", "phigate_shadow_skipped_total 0"):
            assert line in metrics


def test_a_shadow_that_finds_otherwise_is_not_tried(make_gateway, tmp_path):
    other = site(tmp_path, "detection: strict", "shadow.yaml")
    with Asked(make_gateway, tmp_path, "mode: enforce", extra=f"shadow: {other}\n") as a:
        a.ask("MRN: 00417723")
        assert "shadow" not in a.record
        assert "phigate_shadow_skipped_total 1" in a.gateway.metrics()


# ---- signatures, reloads, agreements that end ----

def test_signed_policies_and_two_for_what_loosens(make_gateway, tmp_path):
    keys = [tmp_path / "a.key", tmp_path / "b.key", tmp_path / "c.key"]
    for k in keys:
        assert phi("policy", "key", k).returncode == 0
        assert k.stat().st_mode & 0o777 == 0o600
    assert phi("policy", "key", keys[0]).returncode == 2
    publics = [f"{k}.pub" for k in keys[:2]]
    path = site(tmp_path, "actions: {MRN: mask}")
    assert phi("policy", "verify", path, *publics).returncode == 1
    extra = "policy_keys: [{}]\n".format(", ".join(f'"{p}"' for p in publics))
    with Asked(make_gateway, tmp_path, str(path), extra=extra, start=False) as a:
        with pytest.raises(RuntimeError, match="not signed by a key of policy_keys"):
            a.gateway.start()
        assert phi("policy", "sign", keys[2], path).returncode == 0
        assert "signed by 0 of 2" in phi("policy", "verify", path, *publics).stdout
        assert phi("policy", "sign", keys[0], path).returncode == 0
        assert "signed by 1 of 2" in phi("policy", "verify", path, *publics).stdout
        with pytest.raises(RuntimeError, match="needs the signatures of two persons"):
            a.gateway.start()
        assert phi("policy", "sign", keys[1], path).returncode == 0
        a.gateway.start()
        a.ask("MRN: 00417723")
        assert a.sent() == "MRN: [MRN]"

        site(tmp_path, "actions: {MRN: drop}")
        assert reload(a.gateway)["result"] == "refused"
        assert phi("policy", "sign", keys[0], path).returncode == 0
        done = reload(a.gateway)
        assert done["result"] == "loaded" and done["looser"] == 0 and done["stricter"] > 0
        a.ask("MRN: 00417723")
        assert a.sent() == "MRN: "

        site(tmp_path, "actions: {MRN: tokenize}")
        assert phi("policy", "sign", keys[0], path).returncode == 0
        assert phi("policy", "sign", keys[0], path).returncode == 0
        assert reload(a.gateway)["result"] == "refused"
        assert "needs=two-signatures" in a.gateway.log_text()
        a.ask("MRN: 00417723")
        assert a.sent() == "MRN: "
        assert phi("policy", "sign", keys[1], path).returncode == 0
        done = reload(a.gateway)
        assert done["result"] == "loaded" and done["looser"] > 0 and done["after"] != done["before"]
        a.ask("MRN: 00417723")
        assert a.sent() == "MRN: [MRN_1]"
        # Another preset is a change like any other.
        config = (a.gateway.dir / "phigate.yaml").read_text()
        a.gateway.write("phigate.yaml", re.sub("policy: .*", "policy: on-prem-model", config))
        assert reload(a.gateway)["result"] == "refused"
        sign = lambda key: subprocess.run([str(BIN / "phi"), "policy", "sign", str(key), "on-prem-model"], cwd=a.gateway.dir,
                                          env={**os.environ, "PHIGATE_SHARE": str(ROOT)}, capture_output=True, text=True)
        assert sign(keys[0]).returncode == 0, sign(keys[0]).stderr
        assert reload(a.gateway)["result"] == "refused"
        assert sign(keys[1]).returncode == 0
        assert reload(a.gateway)["result"] == "loaded"
        # That signatures are needed cannot be reloaded away.
        config = (a.gateway.dir / "phigate.yaml").read_text()
        a.gateway.write("phigate.yaml", config.replace(extra, ""))
        assert reload(a.gateway)["result"] == "refused"


def test_agreements_that_end_are_logged(make_gateway, tmp_path):
    day = datetime.datetime.now(datetime.timezone.utc).date()
    for days, line in ((59, "agreement.expires"), (6, "agreement.expires"), (-1, "agreement.expired"), (90, None)):
        start, end = day - datetime.timedelta(days=400), day + datetime.timedelta(days=days)
        g = make_gateway(1, upstream=f"main: {{url: \"https://127.0.0.1:1/v1\", agreement: {{id: BAA-1, vendor: OpenAI, effective: {start}, "
                         f"expires: {end}, arrangement: zdr}}, coverage: openai}}")
        assert (line in g.log_text() if line else "agreement" not in g.log_text()), g.log_text()
        if days > 0 and line:
            assert f"days={days}" in g.log_text()
        g.stop()


# ---- the schema and the page ----

def fits(schema, value, root):
    """As much of JSON Schema as docs/policy.schema.json uses."""
    if "$ref" in schema:
        return fits(root["$defs"][schema["$ref"].rsplit("/", 1)[1]], value, root)
    if "anyOf" in schema:
        return any(fits(s, value, root) for s in schema["anyOf"])
    types = {"string": str, "object": dict, "array": list, "integer": int, "boolean": bool}
    wanted = schema.get("type", [])
    if wanted and not any(isinstance(value, types[t]) for t in ([wanted] if isinstance(wanted, str) else wanted)):
        return False
    if "enum" in schema and value not in schema["enum"]:
        return False
    if isinstance(value, str):
        return bool(re.search(schema.get("pattern", ""), value)) and schema.get("minLength", 0) <= len(value) <= schema.get("maxLength", 10**6)
    if isinstance(value, list):
        return len(value) >= schema.get("minItems", 0) and all(fits(schema.get("items", {}), v, root) for v in value)
    if isinstance(value, dict):
        known = schema.get("properties", {})
        rest = schema.get("additionalProperties", {})
        return (all(k in value for k in schema.get("required", [])) and len(value) >= schema.get("minProperties", 0)
                and all(fits(schema.get("propertyNames", {}), k, root) for k in value)
                and all(fits(known[k], v, root) if k in known else rest is not False and fits(rest, v, root) for k, v in value.items()))
    return schema.get("minimum", value) <= value <= schema.get("maximum", value) if isinstance(value, int) else True


def read(text):
    """As JSON has it: a day is a text."""
    return json.loads(json.dumps(yaml.safe_load(text), default=str))


def test_the_schema_is_that_of_the_loader_and_fits_the_presets():
    text = (ROOT / "docs" / "policy.schema.json").read_text()
    assert phi("schema").stdout == text
    schema = json.loads(text)
    for path in [*(ROOT / "policies" / "presets").glob("*.yaml"), *(ROOT / "tests" / "cases" / "policies").glob("*.yaml")]:
        assert fits(schema, read(path.read_text()), schema), path
    good = yaml.safe_load(SITE.format("parts: {tool: {MRN: route:own}}"))
    assert fits(schema, good, schema)
    for bad in ("acions: {}", "actions: {MNR: mask}", "actions: {MRN: maks}", "parts: {tols: {MRN: mask}}", "mode: off",
                "scopes: [{name: a, when: {}, actions: {MRN: mask}}]", "bulk: {patients: 0}"):
        assert not fits(schema, read(SITE.format(bad)), schema), bad


def test_the_page_names_every_key_action_and_preset_and_its_examples_load(tmp_path):
    page = (ROOT / "docs" / "POLICY.md").read_text(encoding="utf8")
    schema = json.loads((ROOT / "docs" / "policy.schema.json").read_text())
    for key in schema["properties"]:
        assert f"| `{key}` |" in page, key
    for action in [*schema["$defs"]["action"]["anyOf"][0]["enum"], "route:NAME"]:
        assert f"| `{action}` |" in page, action
    for part in schema["$defs"]["part"]["enum"]:
        assert f"`{part}`" in page, part
    for preset in (ROOT / "policies" / "presets").glob("*.yaml"):
        assert f"`{preset.stem}`" in page, preset
    examples = [e for e in re.findall(r"```yaml\n(.*?)```", page, re.S) if e.startswith("id: ")]
    assert len(examples) >= 4
    for i, text in enumerate(examples):
        path = tmp_path / f"example{i}.yaml"
        path.write_text(text, encoding="utf8")
        r = phi("check", path)
        assert r.returncode == 0, r.stderr
        assert fits(schema, read(text), schema), text


def test_monitor_mode_ends_by_itself(make_gateway, tmp_path):
    with Asked(make_gateway, tmp_path, "mode: monitor\nmonitor_until: 2020-01-01") as a:
        a.ask("MRN: 00417723")
        assert a.sent() == "MRN: [MRN_1]" and a.record["policy"]["mode"] == "enforce"
    with Asked(make_gateway, tmp_path, "mode: monitor\nmonitor_until: 2199-01-01") as a:
        a.ask("MRN: 00417723")
        assert a.sent() == "MRN: 00417723" and a.record["policy"]["mode"] == "monitor"
        assert "monitor.ends" not in a.gateway.log_text()
    day = datetime.datetime.now(datetime.timezone.utc).date()
    with Asked(make_gateway, tmp_path, f"mode: monitor\nmonitor_until: {day + datetime.timedelta(days=6)}") as a:
        assert re.search("ERROR.*monitor.ends|monitor.ends.*days=6", a.gateway.log_text())
        config = (a.gateway.dir / "phigate.yaml").read_text()
        for name in ("monitor-only", str(site(tmp_path, "mode: monitor", "endless.yaml"))):
            a.gateway.write("phigate.yaml", re.sub("policy: .*", f"policy: {name}", config))
            assert reload(a.gateway)["result"] == "refused"
        assert "monitor mode without an end" in a.gateway.log_text()
    r = phi("check", site(tmp_path, "monitor_until: 2199-01-01"))
    assert r.returncode == 1 and "nothing that ends" in r.stderr


# ---- mistakes ----

def lines_of(text, name):
    return {int(m) for m in re.findall(rf"^\S*{name}:(\d+):\d+: ", text, re.M)}


def test_every_mistake_of_a_file_in_one_pass(tmp_path):
    """A mistake a line, among them missing keys and wrong types, which hide nothing."""
    texts = {
        "bad-policy.yaml": ["id: Bad", "version: none", "extends: minimum-necessary", "mode: watch", "actions: {MNR: mask}",
                            "purposes: {treatment: 5}", "scopes: [{when: {role: x}, actions: {MRN: maks}}]", "bulk: {patient: 1}",
                            "override: {floor: maybe}", "restore: {tool: {}}", "messages: {phi_bloked: x}", "thresholds: {SSN: 90}",
                            "rules: [{id: one, pattern: '(', score: 200, examples: {match: [x]}}]", "detectors: {disable: [nothing]}",
                            "allow: [{a: b}]", "why: {nobody: x}"],
        "bad-clients.yaml": ["clients:", "- {id: a, key_sha256: zz}", "- {user: b, purposes: x, may_override: perhaps}", "- 5"],
        "bad-coverage.yaml": ["id: v", "as_of: never", "sources: x", "arrangements:", "  a: {endpoints: {v1: yes}, models: {alow: []}}", "  b: 5"],
        "bad-rules.yaml": ["id: r", "rules:", "- {kind: MNR, pattern: x}", "- {id: B, kind: MRN, score: x}", "- 5", "end: s"],
    }
    without = {"bad-policy.yaml": {3}, "bad-clients.yaml": {1}, "bad-coverage.yaml": {4}, "bad-rules.yaml": {1, 2}}
    for name, lines in texts.items():
        (tmp_path / name).write_text("\n".join(lines) + "\n")
        (tmp_path / name).chmod(0o600)
        told = lines_of(phi("check", tmp_path / name).stderr, name)
        assert set(range(1, len(lines) + 1)) - told <= without[name], (name, told)
    config = ["listen: {adress: x}", "admin: {address: [x]}", "workers: many", "upstreams:", "  a: {agreement: {effective: soon}}",
              "  b: {url: 'ftp://x', credential: plain}", "routes:", "  - {upstream: c, policy: no-such}", "  - {models: [], upstream: a}", "  - x",
              "audit: {queue: none}", "limits: {body: 5, dept: 3}", "tokens: {scope: forever}", "clients: bad-clients.yaml"]
    (tmp_path / "phigate.yaml").write_text("\n".join(config) + "\n")
    r = subprocess.run([str(BIN / "phigate"), "-c", str(tmp_path / "phigate.yaml"), "--share", str(ROOT), "--check"], capture_output=True, text=True)
    assert set(range(1, 15)) - lines_of(r.stderr, "phigate.yaml") == {4, 7, 14}, r.stderr
    assert lines_of(r.stderr, "bad-clients.yaml") == {2, 3, 4} and "no-such.yaml" in r.stderr


# ---- reload under load ----

def test_each_record_names_one_digest_and_its_rules_were_applied(make_gateway, tmp_path):
    path = site(tmp_path, "actions: {MRN: mask}")
    upstream = CaptureUpstream()
    upstream.start()
    g = make_gateway(upstream.port, policy=str(path), clients={"nurse": CLIENTS["nurse"]})
    stop, failures = threading.Event(), []

    def ask():
        with httpx.Client(headers={"authorization": "Bearer " + g.keys["nurse"]}, timeout=30) as http:
            while not stop.is_set():
                r = http.post(g.url + "/chat/completions", json={"model": "m", "messages": [{"role": "user", "content": "MRN: 00417723"}]})
                if r.status_code != 200:
                    failures.append(r.text)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for t in threads:
        t.start()
    for body in ("{MRN: tokenize}", "{MRN: drop}", "{MRN: mask}", "{MRN: tokenize}", "{MNR: mask}", "{MRN: drop}"):
        site(tmp_path, f"actions: {body}")
        assert reload(g)["result"] == ("refused" if "MNR" in body else "loaded")
        time.sleep(0.2)
    stop.set()
    for t in threads:
        t.join()
    upstream.stop()
    assert failures == []
    actions = {}
    for record in g.records("decision"):
        actions.setdefault(record["policy"]["digest"], set()).update(f["action"] for f in record["findings"])
    assert sorted(a for v in actions.values() for a in v) == ["drop", "mask", "tokenize"]
    assert len(actions) == 3 and len(g.records("decision")) > 50
    g.stop()
    assert g.verify().returncode == 0


def test_messages_are_for_codes_that_exist():
    codes = set(re.findall(r'REFUSAL\(\w+, \d+, "(\w+)"', (ROOT / "proxy" / "refusal.def").read_text()))
    source = (ROOT / "policies" / "engine" / "policy_bulk.c").read_text()
    own = set(re.findall(r'"(\w+)"', source.split("codes[] = {")[1].split("};")[0]))
    assert own and own <= codes
    page = (ROOT / "docs" / "POLICY.md").read_text(encoding="utf8")
    assert all(f"`{code}`" in page for code in own)


@pytest.mark.parametrize("body, kept, says, want", [
    (OFFSET, "Date of service: [DATE_1]", "[DATE_1+20d]", "04/03/2024"),
    ("actions: {DATE.SERVICE: tokenize}", "Date of service: [DATE_1]", "[DATE_1]", "03/14/2024"),
    ("actions: {DATE.SERVICE: generalize}", "Date of service: 2024", "2024", "2024"),
    ("actions: {DATE.SERVICE: mask}", "Date of service: [DATE]", "[DATE]", "[DATE]"),
    ("actions: {DATE.SERVICE: drop}", "Date of service: ", "none", "none"),
    ("actions: {DATE.SERVICE: flag}\nwhy: {DATE.SERVICE: Test.}", "Date of service: 03/14/2024", "03/14/2024", "03/14/2024"),
    ("actions: {DATE.SERVICE: block}", None, None, None),
])
def test_each_action_with_the_sdk_whole_and_in_a_stream(make_gateway, tmp_path, body, kept, says, want):
    openai = pytest.importorskip("openai")
    with Asked(make_gateway, tmp_path, body) as a:
        a.ask("hello", says=says or "x")
        whole = a.upstream.answer
        a.ask("hello", says=says or "x", stream=True)
        streamed = a.upstream.answer
        client = openai.OpenAI(base_url=a.gateway.url, api_key=a.gateway.keys["nurse"], max_retries=0)
        ask = {"model": "m", "messages": [{"role": "user", "content": "Date of service: 03/14/2024"}]}
        if kept is None:
            with pytest.raises(openai.BadRequestError) as error:
                client.chat.completions.create(**ask)
            assert error.value.code == "phi_blocked"
            return
        a.upstream.answer = whole
        assert client.chat.completions.create(**ask).choices[0].message.content == want
        assert a.sent() == kept
        a.upstream.answer = streamed
        parts = client.chat.completions.create(stream=True, **ask)
        assert "".join(p.choices[0].delta.content or "" for p in parts) == want


LETTER = "Patient: Jane Hollingsworth, phone 212-555-0147, Springfield, IL. Ms. Hollingsworth is well."
NATURAL = "actions: {NAME.*: surrogate, PHONE: surrogate, GEO.CITY: surrogate}"


def test_surrogates_read_naturally_and_come_back(make_gateway, tmp_path):
    openai = pytest.importorskip("openai")
    with Asked(make_gateway, tmp_path, NATURAL) as a:
        a.ask(LETTER)
        sent = a.sent()
        m = re.fullmatch(r"Patient: ([A-Z][a-z]+) ([A-Z][a-z]+), phone 202-555-01(\d\d), ([A-Z][a-z]+), IL. Ms. \2 is well.", sent)
        assert m, sent
        given, surname, _, city = m.groups()
        assert not {"Jane", "Hollingsworth", "Springfield"} & set(re.findall(r"\w+", sent))
        says = f"Dear {given} {surname},\n{surname}'s visit to {city}: call (202) 555-0100. RE: {surname.upper()}. {surname}ton https://x.example/{surname}"
        gives = (f"Dear Jane Hollingsworth,\nHollingsworth's visit to Springfield: call 212-555-0147. RE: HOLLINGSWORTH. "
                 f"{surname}ton https://x.example/{surname}")
        a.ask("hello", says=says)
        whole = a.upstream.answer
        a.ask("hello", says=says, stream=True)
        streamed = a.upstream.answer
        client = openai.OpenAI(base_url=a.gateway.url, api_key=a.gateway.keys["nurse"], max_retries=0)
        ask = {"model": "m", "messages": [{"role": "user", "content": LETTER}]}
        a.upstream.answer = whole
        assert client.chat.completions.create(**ask).choices[0].message.content == gives
        assert a.sent() == sent  # in order of appearance: the prefix stays the same for the vendor's cache
        a.upstream.answer = streamed
        parts = client.chat.completions.create(stream=True, **ask)
        assert "".join(p.choices[0].delta.content or "" for p in parts) == gives


def test_surrogates_and_back_in_the_tool(tmp_path):
    policy = site(tmp_path, NATURAL)
    text = LETTER + " MRN: 00417723"
    out = phi("redact", "--policy", policy, "--purpose", "treatment", "--map", tmp_path / "map", text=text)
    assert out.returncode == 0 and "Hollingsworth" not in out.stdout and "[MRN_1]" in out.stdout
    assert phi("redact", "--restore", tmp_path / "map", text=out.stdout).stdout == text


# ---- tools that get no real values ----

TOOLS = "restore: {tools: {send_*: tokens, send_chart: values}}"


def calls_of(dialect, name, stream):
    """An answer that calls the tool with [MRN_1], and says it; whole or in a stream."""
    args = '{"mrn":"[MRN_1]"}'
    sse = lambda events: ("text/event-stream", "".join(
        (f"event: {e['type']}\n" if "type" in e else "") + f"data: {json.dumps(e)}\n\n" for e in events))
    if dialect == "chat":
        call = {"id": "c1", "type": "function", "function": {"name": name, "arguments": args}}
        if not stream:
            return "application/json", json.dumps({"choices": [{"index": 0, "message": {
                "role": "assistant", "content": "It is [MRN_1].", "tool_calls": [call]}, "finish_reason": "tool_calls"}]})
        deltas = [{"content": "It is [MRN_1]."}, {"tool_calls": [{"index": 0, **call, "function": {"name": name, "arguments": ""}}]}]
        deltas += [{"tool_calls": [{"index": 0, "function": {"arguments": c}}]} for c in args]
        events = [{"choices": [{"index": 0, "delta": d, "finish_reason": None}]} for d in deltas]
        kind, text = sse(events + [{"choices": [{"index": 0, "delta": {}, "finish_reason": "tool_calls"}]}])
        return kind, text + "data: [DONE]\n\n"
    if dialect == "responses":
        item = {"type": "function_call", "id": "f1", "call_id": "c1", "name": name, "arguments": args, "status": "completed"}
        said = {"type": "message", "id": "m1", "role": "assistant", "content": [{"type": "output_text", "text": "It is [MRN_1].", "annotations": []}]}
        whole = {"id": "r1", "object": "response", "output": [said, item]}
        if not stream:
            return "application/json", json.dumps(whole)
        events = [{"type": "response.output_item.added", "output_index": 1, "item": {**item, "arguments": ""}}]
        events += [{"type": "response.function_call_arguments.delta", "item_id": "f1", "output_index": 1, "delta": c} for c in args]
        events += [{"type": "response.function_call_arguments.done", "item_id": "f1", "output_index": 1, "arguments": args},
                   {"type": "response.output_item.done", "output_index": 1, "item": item}, {"type": "response.completed", "response": whole}]
        return sse([{"sequence_number": i, **e} for i, e in enumerate(events)])
    block = {"type": "tool_use", "id": "t1", "name": name}
    if not stream:
        return "application/json", json.dumps({"type": "message", "role": "assistant", "content": [
            {"type": "text", "text": "It is [MRN_1]."}, {**block, "input": {"mrn": "[MRN_1]"}}]})
    return sse([{"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
                {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "It is [MRN_1]."}},
                {"type": "content_block_stop", "index": 0},
                {"type": "content_block_start", "index": 1, "content_block": {**block, "input": {}}},
                *({"type": "content_block_delta", "index": 1, "delta": {"type": "input_json_delta", "partial_json": c}} for c in args),
                {"type": "content_block_stop", "index": 1}, {"type": "message_stop"}])


PATHS = {"chat": ("/chat/completions", {"messages": [{"role": "user", "content": "MRN: 00417723"}]}),
         "responses": ("/responses", {"input": "MRN: 00417723"}),
         "messages": ("/messages", {"max_tokens": 9, "messages": [{"role": "user", "content": "MRN: 00417723"}]})}


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("dialect", PATHS)
def test_tools_that_get_no_real_values(make_gateway, tmp_path, dialect, stream):
    path, body = PATHS[dialect]
    with Asked(make_gateway, tmp_path, TOOLS) as a:
        for name, gets in (("send_fax", "[MRN_1]"), ("send_chart", "00417723"), ("look_up", "00417723")):
            kind, answer = calls_of(dialect, name, stream)
            a.upstream.answer = (200, kind, answer.encode())
            r = httpx.post(a.gateway.url + path, timeout=30, json={"model": "m", "stream": stream, **body},
                           headers={"authorization": "Bearer " + a.gateway.keys["nurse"]})
            assert r.status_code == 200, r.text
            text = r.text.replace("\\", "")
            if stream:  # pieces of the arguments, put together
                events = [json.loads(line[6:]) for line in r.text.splitlines() if line.startswith("data: {")]
                pieces = [e.get("delta") for e in events] if dialect != "chat" else [e["choices"][0]["delta"] for e in events]
                got = "".join((p if isinstance(p, str) else p.get("partial_json") or "".join(
                    c["function"]["arguments"] for c in p.get("tool_calls", []))) for p in pieces if p)
                assert got == json.dumps({"mrn": gets}, separators=(",", ":")), r.text
                text = text if dialect == "responses" else text + got
            assert "It is 00417723." in text and f'"mrn":"{gets}"' in text.replace(": ", ":"), r.text
            assert ("[MRN_1]" in text) == (gets == "[MRN_1]"), r.text


@pytest.mark.parametrize("body, words", [
    ("restore: {tools: {a: tokns}}", 'did you mean "tokens"'), ("restore: {tool: {}}", 'did you mean "tools"'), ("restore: {}", "is missing")])
def test_mistakes_in_restore(tmp_path, body, words):
    r = phi("check", site(tmp_path, body))
    assert r.returncode == 1 and words in r.stderr, r.stderr


def test_diff_knows_tools(tmp_path):
    off, on = site(tmp_path, TOOLS, "off.yaml"), site(tmp_path, "restore: {tools: {send_fax: values}}", "on.yaml")
    assert "restore in tools" in phi("diff", off, on).stdout and phi("diff", off, on).returncode == 1
    assert phi("diff", on, off).returncode == 0


def test_each_text_by_its_language(make_gateway, tmp_path):
    body = "scopes: [{name: spanish, when: {language: es}, actions: {MRN: mask}}]"
    english = "The patient was seen on the ward and has been well. MRN: 00417723"
    spanish = "El paciente refiere dolor desde hace dos d\u00edas y no tiene fiebre, pero est\u00e1 muy cansado. MRN: 00417723"
    with Asked(make_gateway, tmp_path, body) as a:
        for text, says in ((english, "[MRN_1]"), (spanish, "[MRN]"), ("MRN: 00417723", "[MRN]")):
            a.ask(text)
            assert a.sent() == text.replace("00417723", says)
        a.ask([{"role": "user", "content": spanish}, {"role": "user", "content": english}])
        assert a.sent() == [spanish.replace("00417723", "[MRN]"), english.replace("00417723", "[MRN_1]")]
    r = phi("explain", "--policy", site(tmp_path, body), "--purpose", "treatment", text=spanish)
    assert "language es" in r.stdout and "action  mask" in r.stdout
    loose = site(tmp_path, "scopes: [{name: s, when: {language: es}, actions: {MRN: flag}}]\nwhy: {MRN: x}", "loose.yaml")
    r = phi("diff", "minimum-necessary", loose)
    assert r.returncode == 1 and "language es" in r.stdout


def strict(field, rule, on=True, name="patientMrn"):
    return {"response_format": {"type": "json_schema", "json_schema": {"name": "x", "strict": on, "schema": {
        "type": "object", "properties": {name: {"type": "string", field: rule}, "icd": {"type": "string", "pattern": "^[A-Z]"}}}}}}


def test_a_strict_schema_in_which_no_token_fits_is_refused(make_gateway, tmp_path):
    """A model that cannot write [MRN_1] would invent a record number that fits."""
    with Asked(make_gateway, tmp_path, "actions: {SSN: mask}") as a:
        for more in (strict("pattern", "^[0-9]{8}$"), strict("maxLength", 6), strict("format", "date", name="x"),
                     {"tools": [{"type": "function", "function": {"name": "f", **strict("pattern", "^[0-9]+$")["response_format"]["json_schema"],
                                                                   "parameters": strict("pattern", "^[0-9]+$")["response_format"]["json_schema"]["schema"]}}]}):
            r = a.ask("MRN: 00417723, date of service 03/14/2024", **more)
            assert r.status_code == 400 and "token_does_not_fit. The answer must have a form" in r.json()["error"]["message"], r.text
            assert a.sent() is None and a.record["reason"] == "token_does_not_fit"
        for more in (strict("minLength", 1), strict("maxLength", 40), strict("pattern", "^[0-9]{8}$", on=False), strict("pattern", "^x$", name="dose")):
            assert a.ask("MRN: 00417723", **more).status_code == 200, more
        assert a.ask("Nothing here.", **strict("pattern", "^[0-9]{8}$")).status_code == 200
        r = a.ask("hello", **strict("pattern", "^MRN: 00417723$", on=False))
        assert r.status_code == 400 and "phi_in_pattern" in r.json()["error"]["message"]
        assert a.ask("hello", says="[MRN_1]", **strict("enum", ["MRN: 00417723", "none"])).json()["choices"][0]["message"]["content"] == "00417723"


# ---- what the vendor says of its retention ----

KEEPS = """id: keeps
vendor: V
as_of: 2026-11-20
sources: [s]
arrangements:
  none:
    retention: {path: /data_retention, field: data_retention.mode, value: none, source: s}
    endpoints: {/v1/chat/completions: covered}
    models: {allow: ["*"]}
end: keeps
"""


def test_the_vendor_is_asked_how_long_it_keeps(make_gateway, tmp_path):
    upstream = Scripted()
    upstream.start()
    (tmp_path / "keeps.yaml").write_text(KEEPS)

    def says(status, mode):
        upstream.answer = (status, "application/json", json.dumps({"mode": "x", "data_retention": {"allowed": ["none"], "mode": mode}}).encode())

    def line(more=""):
        return (f'main: {{url: "http://127.0.0.1:{upstream.port}/v1", coverage: {tmp_path}/keeps.yaml, agreement: '
                f'{{id: B, vendor: V, effective: 2020-01-01, expires: 2090-01-01, arrangement: none{more}}}}}')

    def ask(g):
        return httpx.post(g.url + "/chat/completions", json={"model": "m", "messages": [{"role": "user", "content": "hello"}]},
                          headers={"authorization": "Bearer " + g.keys["nurse"]}, timeout=30)

    def answers(g):
        return [(r["before"], r["after"]) for r in g.records("agreement_change") if r["event"] == "retention"]

    says(200, "none")
    g = make_gateway(upstream.port, upstream=line(), clients=CLIENTS)
    assert wait_for(lambda: answers(g) == [("unverified", "verified")]), g.log_text()
    assert any(r.path == "/v1/data_retention" for r in upstream.got)
    says(200, "default")
    assert ask(g).status_code == 200
    assert reload(g)["result"] == "loaded"
    assert wait_for(lambda: answers(g)[1:] == [("verified", "mismatch")]), g.log_text()
    r = ask(g)
    assert r.status_code == 403 and "arrangement_mismatch. The vendor keeps" in r.json()["error"]["message"], r.text
    g.stop()
    says(500, "none")
    g = make_gateway(upstream.port, upstream=line(), clients=CLIENTS)
    r = ask(g)
    assert r.status_code == 403 and "arrangement_unverified" in r.json()["error"]["message"], r.text
    assert answers(g) == []
    g.stop()
    g = make_gateway(upstream.port, upstream=line(", verify: false"), clients=CLIENTS)
    says(200, "none")
    assert ask(g).status_code == 200
    g.stop()
    upstream.stop()
