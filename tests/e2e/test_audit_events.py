# SPDX-License-Identifier: Apache-2.0
"""Which records there are, and that they have the form that the schema says."""
import contextlib
import hashlib
import http.client
import json
import re
import shutil
import signal
import threading
import time
import urllib.request

from audit_common import TEXT, as_auditor, ask, beside, finished, phi, rows, schema, search, signed, tables, validator, wait_for
from conftest import ROOT



def test_reloads_are_recorded_with_what_changed(make_gateway, tmp_path):
    g = signed(make_gateway, tmp_path, ", checkpoint: {every: 2}")
    assert wait_for(g, "selftest")[0]["result"] == "passed"
    before = g.records("selftest")[0]["policy_digest"]
    config = (g.dir / "phigate.yaml").read_text()
    agreement = ("  vendor: {url: \"https://192.0.2.1/v1\", agreement: {id: BAA-9, vendor: Example, effective: 2026-01-15, expires: 2027-01-14, "
                 "arrangement: zdr}, coverage: openai}\n")
    changed = config.replace("  echo: {url", agreement + "  echo: {url").replace("policy: minimum-necessary", "policy: safe-harbor")
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


def test_the_schema_knows_each_member_that_the_code_writes():
    """So that who adds a member adds it to proxy/audit_schema.def, too."""
    names, types = set(), set()
    for path in (ROOT / "proxy").glob("*.c"):
        text = path.read_text(encoding="utf8")
        names |= set(re.findall(r'(?:audit_add_\w+|add_object|add_counts)\(\w+, (?:t, )?"(\w+)"', text))
        types |= set(re.findall(r'audit_record_new\("(\w+)"\)', text))
    form = schema()
    assert len(names) > 60 and names - {"event"} <= set(form["$defs"]), names - set(form["$defs"])
    assert types <= {t["properties"]["type"]["const"] for t in form["oneOf"]}, types


def silent_upstream():
    """A model that never answers: its requests stay open."""
    import socket
    s = socket.create_server(("127.0.0.1", 0))
    return s, s.getsockname()[1]


def kinds_of(records, seen):
    check = validator()
    for record in records:
        assert check.is_valid(record), record
        seen.add((record["type"], record.get("event", "")))


def overrides(seen, make_gateway, tmp_path):
    policy = tmp_path / "site.yaml"
    policy.write_text("id: site\nversion: 1\ndescription: Test.\nextends: minimum-necessary\noverride: {reasons: [emergency]}\nend: site\n")
    g = signed(make_gateway, tmp_path, policy=str(policy), clients={"doc": "may_override: true\ndefault_purpose: treatment"})
    body = json.dumps({"model": "echo", "messages": [{"role": "user", "content": "Patient attends methadone clinic."}]}).encode()
    request = urllib.request.Request(g.url + "/chat/completions", body, {
        "authorization": f"Bearer {g.keys['doc']}", "content-type": "application/json", "x-phi-override": "emergency"})
    urllib.request.urlopen(request, timeout=30).read()
    assert g.stop() == 0
    kinds_of(g.records(), seen)
    assert [r["reason"] for r in rows(g, "R5", "Break-glass")] == ["emergency"]


def reloads(seen, make_gateway, tmp_path):
    import secrets as random
    g = signed(make_gateway, tmp_path)
    clients, config = (g.dir / "clients.yaml").read_text(), (g.dir / "phigate.yaml").read_text()
    more = ("  vendor: {{url: \"https://192.0.2.1/v1\", agreement: {{id: {}, vendor: Example, effective: 2026-01-15, expires: 2027-01-14, arrangement: zdr}}, "
            "coverage: openai}}\n")
    states = [
        (clients.replace("id: second\n    user: second-user", "id: third\n    user: third-user"), config),
        (clients, config),
        (clients.replace("user: second-user", "user: second-user\n    revoked: 2026-01-01"),
         config.replace("  echo: {url", more.format("BAA-1") + "  echo: {url").replace("policy: minimum-necessary", "policy: safe-harbor")),
        (clients, config.replace("  echo: {url", more.format("BAA-1") + "  echo: {url")),
        (clients.replace("user: second-user", "user: someone-else"), config.replace("  echo: {url", more.format("BAA-2") + "  echo: {url")),
        (clients.replace("user: first-user\n    key_sha256: " + hashlib.sha256(g.keys["first"].encode()).hexdigest(),
                         "user: first-user\n    key_sha256: " + random.token_hex(32)), config),
        (clients, config + "nonsense: 1\n"),
    ]
    for n, (c, p) in enumerate(states, 1):
        g.write("clients.yaml", c)
        g.write("phigate.yaml", p)
        g.process.send_signal(signal.SIGHUP)
        wait_for(g, "config_reload", n)
    site = g.dir / "site.yaml"
    for version in (1, 2):
        site.write_text(f"id: site\nversion: {version}\ndescription: {version}.\nextends: minimum-necessary\nend: site\n")
        g.write("phigate.yaml", config.replace("policy: minimum-necessary", f"policy: {site}"))
        g.write("clients.yaml", clients)
        g.process.send_signal(signal.SIGHUP)
        wait_for(g, "config_reload", len(states) + version)
    before = g.records("settings")[-1]
    assert g.stop() == 0
    # What is changed while it stands still shows at the next start.
    g.write("clients.yaml", clients.replace("first-user", "somebody-new"))
    g.start()
    after = wait_for(g, "settings", 2)[-1]
    assert before["clients_sha256"] != after["clients_sha256"] and before["agreements_sha256"] == after["agreements_sha256"]
    assert g.stop() == 0
    kinds_of(g.records(), seen)
    events = {(r["event"], r["user"]) for r in g.records("user_event")}
    assert {("added", "third-user"), ("removed", "second-user"), ("added", "someone-else")} <= events
    assert {("replaced", "first"), ("revoked", "second"), ("restored", "second")} & {
        (r["event"], r["subject"]["client"]) for r in g.records("key_event")} >= {("replaced", "first"), ("revoked", "second")}
    assert len(rows(g, "R6", "Settings at each start")) == 2 and len(rows(g, "R9", "Changes of clients")) >= 4


def faults(seen, make_gateway, tmp_path):
    server, port = silent_upstream()
    g = signed(make_gateway, tmp_path, ", checkpoint: {every: 2}", upstream=f"main: {{url: \"http://127.0.0.1:{port}/v1\", trust: on_prem}}")
    assert ask(g, TEXT)[0] == 200

    def wait_in_vain():
        with contextlib.suppress(OSError, http.client.HTTPException):  # the gateway is killed while it waits
            ask(g, TEXT, model="other")

    waiting = threading.Thread(target=wait_in_vain, daemon=True)
    waiting.start()
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and len(g.records("decision")) < 2:
        time.sleep(0.05)
    moved = g.decisions.with_name("moved")
    g.decisions.rename(moved)
    while time.monotonic() < deadline and not g.decisions.exists():
        time.sleep(0.05)
    wait_for(g, "open")
    g.stop(how=signal.SIGKILL)
    server.close()
    waiting.join(60)
    with open(g.decisions, "ab") as f:
        f.write(b'{"half of a li')
    g.start()
    assert g.stop() == 0
    kinds_of(g.records() + [json.loads(x) for x in moved.read_text().splitlines()], seen)
    unknown = [r for r in g.records("outcome") if r["result"] == "unknown"]
    assert len(unknown) == 1
    # A log that does not continue its checkpoint.
    note = g.decisions.with_name("decisions.log.checkpoint")
    lines = note.read_text().split("\n")
    note.write_text("\n".join([lines[0], "999999", *lines[2:]]))
    g.start()
    wait_for(g, "checkpoint")
    assert g.stop() == 0
    kinds_of(g.records(), seen)


def full_disk(seen, make_gateway, tmp_path):
    g = signed(make_gateway, tmp_path, start=False)
    prefix = ("strace", "-f", "-o", "/dev/null", "-P", str(g.decisions), "-e", "trace=write", "-e", "inject=write:error=ENOSPC:when=4")
    g.start(prefix=prefix, env={"ASAN_OPTIONS": "detect_leaks=0"})
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and "recovered" not in [r["event"] for r in g.records("sink_failure")]:
        ask(g, TEXT)
        time.sleep(0.1)
    g.stop()
    kinds_of(g.records(), seen)


def auditors(seen, make_gateway, tmp_path):
    g = signed(make_gateway, tmp_path)
    ident = ask(g, TEXT)[1]
    someone = g.write("secrets/first.client", g.keys["first"] + "\n")
    me, log = as_auditor(g), ["--log", g.decisions]
    assert phi("audit", "search", *log, "--value", "x", *me).returncode == 0
    assert phi("audit", "search", *log, "--value", "x", "--key", g.key, "--as", someone, "--clients", g.dir / "clients.yaml").returncode == 2
    by = [*log, "--by", "Dr. Vega", "--key", g.key]
    assert phi("audit", "review", *by, "--from", "2026", "--to", "2026").returncode == 0
    assert phi("audit", "review", *by, "--id", ident, "--kind", "SSN", "--result", "missed").returncode == 0
    assert phi("audit", "incident", *by, "--from", "2026", "--to", "2026", "--result", "open").returncode == 0
    assert phi("audit", "report", *log, "--out", tmp_path / "r.html", "--record", "--key", g.key).returncode == 0
    assert phi("audit", "hold", *log, *me, "--name", "x", "--from", "2019", "--to", "2019").returncode == 0
    assert phi("audit", "hold", *log, *me, "--name", "x", "--release").returncode == 0
    wait_for(g, "anchor")
    for name in ("", ".head"):
        g.decisions.with_name("decisions.log.probes" + name).rename(tmp_path / f"probes{name}")
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and "probes_missing" not in [r["event"] for r in g.records("anchor")]:
        time.sleep(0.1)
    assert g.stop() == 0
    kinds_of(g.records(), seen)
    kinds_of([json.loads(x) for x in (tmp_path / "probes").read_text().splitlines()], seen)
    r = phi("audit", "verify", g.decisions, "--key", g.key)
    assert r.returncode == 1 and "were taken away" in r.stdout


def retention(seen, make_gateway, tmp_path):
    from test_cases import Scripted
    upstream = Scripted()
    upstream.start()
    upstream.answer = (200, "application/json", b'{"mode":"none"}')
    (tmp_path / "keeps.yaml").write_text(
        "id: keeps\nvendor: V\nas_of: 2026-11-20\nsources: [s]\narrangements:\n  none:\n"
        "    retention: {path: /data_retention, field: mode, value: none, source: s}\n"
        "    endpoints: {/v1/chat/completions: covered}\n    models: {allow: [\"*\"]}\nend: keeps\n")
    g = signed(make_gateway, tmp_path, upstream=f'main: {{url: "http://127.0.0.1:{upstream.port}/v1", coverage: {tmp_path}/keeps.yaml, '
               'agreement: {id: B, vendor: V, effective: 2020-01-01, expires: 2090-01-01, arrangement: none}}')
    assert wait_for(g, "agreement_change")[0]["after"] == "verified"
    assert g.stop() == 0
    upstream.stop()
    kinds_of(g.records(), seen)


def test_each_type_of_record_is_written_and_has_its_form(make_gateway, tmp_path):
    """Every row of the schema, from a running gateway or the tool; those of erasure are in test_audit_keep.py, those of the vault in
    test_vault.py."""
    seen = set()
    parts = [overrides, reloads, faults, auditors, retention] + ([full_disk] if shutil.which("strace") else [])
    for part in parts:
        (tmp_path / part.__name__).mkdir()
        part(seen, make_gateway, tmp_path / part.__name__)
    known = {(t["properties"]["type"]["const"], t["properties"].get("event", {}).get("const", "")) for t in schema()["oneOf"]}
    left = {("erasure", "records"), ("erasure", "epoch_key"), ("vault", "erase"), ("vault", "new_keys"), ("vault", "accept"),
            ("vault", "opened"), ("vault", "refused")} | (set() if full_disk in parts else {("sink_failure", "stopped")})
    assert seen <= known and known - seen - left == set(), (known - seen - left, seen - known)
