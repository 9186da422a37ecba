# SPDX-License-Identifier: Apache-2.0
"""Readable cases: tests/cases/*.case. One file is one exchange:

    # what it shows
    policy: minimum-necessary            (a preset; optional)
    == request POST /v1/chat/completions (further lines `name: value` are headers, until an empty line)
    {...}
    == upstream gets                     (its body, byte for byte; absent: the upstream must get nothing)
    == upstream answers 200 application/json
    == client gets 200                   (the body, byte for byte; REF stands for the request id)
    == audit                             (members of the decision record: name = JSON)
"""
import json
import re

import httpx
import pytest

from capture import Server, head
from conftest import ROOT, Gateway

CASES = sorted((ROOT / "tests" / "cases").glob("*.case"))


class Scripted(Server):
    def __init__(self):
        super().__init__()
        self.got, self.answer = [], (200, "application/json", b"{}")

    def serve(self, connection, nth):
        while (request := connection.read_request()) is not None:
            self.got.append(request)
            status, kind, body = self.answer
            connection.write(head(status, kind, f"content-length: {len(body)}") + body)


def read_case(path):
    settings, sections, title = {}, {}, None
    for line in path.read_text(encoding="utf8").split("\n"):
        if line.startswith("== "):
            title = line[3:].split(" ", 1)[0] if line.startswith("== request") else " ".join(line[3:].split(" ")[:2])
            title = "audit" if line == "== audit" else title
            sections[title] = [line[3:]]
        elif title:
            sections[title].append(line)
        elif line and not line.startswith("#"):
            name, value = line.split(": ", 1)
            settings[name] = value
    return settings, sections


def body_of(lines):
    text = "\n".join(lines[1:])
    return text.strip("\n") if "data:" not in text else text.strip("\n") + "\n\n"


@pytest.fixture(scope="module")
def gateways(tmp_path_factory):
    made = {}
    upstream = Scripted()
    upstream.start()

    def get(policy):
        if policy not in made:
            made[policy] = Gateway(tmp_path_factory.mktemp("cases"), upstream.port, policy=policy, clients={
                "first": "default_purpose: treatment\npurposes: [\"*\"]"}).start()
        return made[policy], upstream
    yield get
    for g in made.values():
        assert g.stop() == 0
    upstream.stop()


@pytest.mark.parametrize("path", CASES, ids=lambda p: p.stem)
def test_case(gateways, path):
    settings, sections = read_case(path)
    g, upstream = gateways(settings.get("policy", "minimum-necessary"))
    upstream.got.clear()
    method, target = sections["request"][0].split(" ")[1:3]
    lines = sections["request"][1:]
    headers = {"authorization": "Bearer " + g.keys["first"], "content-type": "application/json"}
    while lines and re.match(r"[a-z-]+: ", lines[0]):
        name, value = lines.pop(0).split(": ", 1)
        headers[name] = value
    if "upstream answers" in sections:
        words = sections["upstream answers"][0].split(" ")
        upstream.answer = (int(words[2]), words[3], body_of(sections["upstream answers"]).encode())
    r = httpx.request(method, f"http://127.0.0.1:{g.port}{target}", content="\n".join(lines).strip("\n").encode(), headers=headers)

    if "upstream gets" in sections:
        assert upstream.got[0].body.decode() == body_of(sections["upstream gets"])
    else:
        assert upstream.got == []
    reference = r.headers["x-phigate-request-id"]
    assert r.status_code == int(sections["client gets"][0].split(" ")[2])
    assert r.text.replace(reference, "REF") == body_of(sections["client gets"])
    record = [x for x in g.records("decision") if x["request_id"] == reference][0]
    for line in sections.get("audit", [""])[1:]:
        if line:
            name, value = line.split(" = ", 1)
            assert record.get(name) == json.loads(value), name
