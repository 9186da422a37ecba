# SPDX-License-Identifier: Apache-2.0
"""What the tests of the audit log share: a gateway whose log is signed, a finished log, the tool."""
import json
import pathlib
import subprocess
import time
import urllib.error
import urllib.request

import jsonschema
import pytest

from conftest import BIN, ROOT

CANARY_SSN = "987-65-4321"
CANARY_NAME = "Quillifer Brandobar"
TEXT = f"Patient: {CANARY_NAME}, SSN {CANARY_SSN}, phone 212-555-0143, seen on 03/04/2024. Please summarize."

HOSTILE = ["=HYPERLINK(1)", "+1", "@x", "-2+3", "<script>alert(1)</script>", "\"><img src=x>", "a\tb\r\nc", "O'Neil & Søn", "\t=1"]


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


def as_auditor(g):
    """Options of somebody who may search for values."""
    return ["--key", g.key, "--as", g.me, "--clients", g.dir / "clients.yaml"]


def signed(make_gateway, tmp_path, more="", start=True, clients=None, **options):
    """A gateway whose log is signed with a key that `phi init` made."""
    tmp_path.mkdir(exist_ok=True)
    init = tmp_path / "init"
    assert phi("init", init).returncode == 0
    options.setdefault("upstream", "main: {url: \"builtin:echo\"}")
    g = make_gateway(None, start=False, **options, clients={
        "first": "default_purpose: treatment", "second": "default_purpose: treatment", "auditor": "role: auditor", **(clients or {})})
    g.me = g.write("secrets/auditor.client", g.keys["auditor"] + "\n")
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


def search(g, *args, **more):
    r = phi("audit", "search", "--log", g.decisions, "--json", *args, **more)
    assert r.returncode == 0, r.stderr
    return [json.loads(x) for x in r.stdout.splitlines()]


def tables(g, *args):
    r = phi("audit", "report", "--log", g if isinstance(g, type(ROOT)) else g.decisions, "--format", "json", *args)
    assert r.returncode == 0, r.stderr
    report = json.loads(r.stdout)
    return report, {(t["id"], t["title"]): [dict(zip(t["columns"], row)) for row in t["rows"]] for t in report["tables"]}


def rows(g, ident, title="", *args):
    return next(v for (i, t), v in tables(g, *args)[1].items() if i == ident and title in t)


def schema():
    r = phi("audit", "schema")
    assert r.returncode == 0, r.stderr
    return json.loads(r.stdout)


def validator():
    """Of the JSON Schema that the tool makes; the file in docs/ is the same."""
    form = schema()
    jsonschema.Draft202012Validator.check_schema(form)
    return jsonschema.Draft202012Validator(form)


def beside(log):
    """The records of the auditors' log."""
    path = pathlib.Path(f"{log}.probes")
    return [json.loads(x) for x in path.read_text().splitlines()] if path.exists() else []


def wait_for(g, kind, n=1):
    return g.wait_records(kind, n)


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
