# SPDX-License-Identifier: Apache-2.0
"""The practice's own roster in real requests: found and restored, renewed by a reload, and never half loaded."""
import json
import subprocess

import httpx

from conftest import BIN, ROOT, reload, wait_for

PEOPLE = ("last name,first name,dob,mrn,phone,email\n"
          "Thistle,Sage,1961-03-14,00417723,(617) 555-0147,sage.t@example.com\n")
MORE = PEOPLE + "Quillfeather,Ambrose,1950-01-02,OS-004512,617-555-0148,\n"


def phi(*arguments, text="", cwd=None):
    return subprocess.run([str(BIN / "phi"), *map(str, arguments)], input=text, capture_output=True, text=True, cwd=cwd,
                          env={"PHIGATE_SHARE": str(ROOT), "PATH": "/usr/bin:/bin"})


def import_people(directory, text, name="people"):
    (directory / f"{name}.csv").write_text(text, encoding="utf8")
    r = phi("roster", "import", directory / f"{name}.csv", "--out", directory / f"{name}.roster", "--key", directory / "roster.key")
    assert r.returncode == 0, r.stderr
    (directory / f"{name}.csv").unlink()
    return directory / f"{name}.roster"


def ask(g, upstream, text):
    """What the upstream got, and what came back of its echo."""
    upstream.requests.clear()
    r = httpx.post(g.url + "/chat/completions", timeout=60, json={"model": "m", "messages": [{"role": "user", "content": text}]},
                   headers={"authorization": "Bearer " + g.keys["first"]})
    assert r.status_code == 200, r.text
    return upstream.requests[-1].json["messages"][0]["content"], r.json()["choices"][0]["message"]["content"]


def with_roster(make_gateway, upstream, tmp_path, text=PEOPLE):
    roster = import_people(tmp_path, text)
    return make_gateway(upstream.port, extra=f"rosters:\n  - {{file: {roster}, key: {{file: {tmp_path / 'roster.key'}}}}}\n")


def test_a_patient_whose_name_is_two_words(make_gateway, upstream, tmp_path):
    text = "sage thistle wants Sage Thistle; id 417723, 617.555.0147"
    g = with_roster(make_gateway, upstream, tmp_path)
    sent, back = ask(g, upstream, text)
    assert "Sage Thistle" not in sent and "417723" not in sent and "0147" not in sent
    assert back == text
    kinds = g.wait_records("decision", 1)[-1]["found"]
    assert kinds["NAME.PATIENT"] >= 1 and kinds["MRN"] == 1 and kinds["PHONE"] == 1
    assert ask(g, upstream, "Give thistle tea with sage.")[0] == "Give thistle tea with sage."  # ordinary words stay
    tested = g.wait_records("selftest", 1)[-1]
    assert tested["rosters"][0]["people"] == 1 and len(tested["rosters"][0]["digest"]) == 64
    written = g.everything_written() + (tmp_path / "people.roster").read_bytes()
    for word in (b"Thistle", b"thistle", b"417723", b"5550147", b"1961-03", b"19610314"):
        assert word not in written


def test_a_reload_adds_a_patient(make_gateway, upstream, tmp_path):
    g = with_roster(make_gateway, upstream, tmp_path)
    sent, _ = ask(g, upstream, "code os 004512 stands here")
    assert "004512" in sent
    before = g.records("decision")[-1]["policy"]["digest"]
    import_people(tmp_path, MORE)
    assert reload(g)["result"] == "loaded"
    assert wait_for(lambda: "004512" not in ask(g, upstream, "code os 004512 stands here")[0])
    assert g.records("decision")[-1]["policy"]["digest"] != before
    change = g.wait_records("policy_change", 1)[-1]
    assert change["event"] == "changed" and change["before"] == before
    assert g.wait_records("selftest", 2)[-1]["rosters"][0]["people"] == 2


def test_the_last_good_roster_stays(make_gateway, upstream, tmp_path):
    g = with_roster(make_gateway, upstream, tmp_path)
    roster, key = tmp_path / "people.roster", tmp_path / "roster.key"
    whole, secret = roster.read_bytes(), key.read_text()

    def still_found():
        sent, back = ask(g, upstream, "seen: Sage Thistle, 417723")
        return "Thistle" not in sent and "417723" not in sent and back == "seen: Sage Thistle, 417723"

    damaged = bytearray(whole)
    damaged[len(whole) // 2] ^= 1
    for content, words in ((whole[:200], "is cut"), (b"", "cannot be read"), (bytes(damaged), "is damaged"), (b"name\nx\n", "is not a roster")):
        roster.write_bytes(content)  # in place: also the file that is in use
        assert reload(g)["result"] == "refused"
        assert wait_for(lambda: words in g.log_text()), g.log_text()
        assert still_found()
    roster.unlink()
    assert reload(g)["result"] == "refused" and still_found()
    roster.write_bytes(whole)
    key.write_text("0" * 64 + "\n")
    assert reload(g)["result"] == "refused" and still_found()
    assert wait_for(lambda: "not the key of the roster" in g.log_text())
    key.write_text(secret)
    assert reload(g)["result"] == "loaded" and still_found()


def test_a_gateway_does_not_start_with_a_bad_roster(make_gateway, upstream, tmp_path):
    roster = import_people(tmp_path, PEOPLE)
    roster.write_bytes(roster.read_bytes()[:-1])
    g = make_gateway(upstream.port, start=False, extra=f"rosters: [{{file: {roster}, key: {{file: {tmp_path / 'roster.key'}}}}}]\n")
    r = subprocess.run([str(BIN / "phigate"), "-c", str(g.dir / "phigate.yaml"), "--share", str(ROOT), "--check"], capture_output=True, text=True)
    assert r.returncode != 0 and "the roster is cut" in r.stderr


def test_a_roster_of_one_policy(make_gateway, upstream, tmp_path):
    import_people(tmp_path, PEOPLE)
    site = tmp_path / "site.yaml"
    site.write_text("id: site\nversion: 1\ndescription: With a roster.\nextends: minimum-necessary\n"
                    "rosters: [{file: people.roster, key: roster.key}]\n"
                    "deny: {OTHER.CODE: [\"Project Falcon\"]}\nallow: [\"617-555-0147\"]\nend: site\n")
    r = phi("check", site)
    assert r.returncode == 0 and "1 people" in r.stdout and "Thistle" not in r.stdout
    g = make_gateway(upstream.port, policy=str(site))
    sent, back = ask(g, upstream, "Sage Thistle of project  falcon, call 617-555-0147")
    assert "Thistle" not in sent and "falcon" not in sent and "617-555-0147" in sent
    assert back == "Sage Thistle of project  falcon, call 617-555-0147"
    import_people(tmp_path, MORE)  # beside the policy, away from the gateway's own directory
    assert reload(g)["result"] == "loaded", g.log_text()
    assert wait_for(lambda: "004512" not in ask(g, upstream, "code os 004512 stands here")[0])


def test_the_tool(tmp_path):
    import_people(tmp_path, PEOPLE)
    text = "Sage Thistle seen, id 417723"
    r = phi("scan", "--roster", "people.roster", "--roster-key", "roster.key", text=text, cwd=tmp_path)
    assert r.returncode == 1 and "NAME.PATIENT 0-12 roster-person 100" in r.stdout
    r = phi("scan", "--roster", "people.roster", text=text, cwd=tmp_path)  # roster.key is the usual place
    assert "MRN 22-28 roster-number" in r.stdout
    r = phi("redact", "--roster", "people.roster", "--roster-key", "roster.key", text=text, cwd=tmp_path)
    assert r.returncode == 0 and "Thistle" not in r.stdout, r.stdout + r.stderr
    r = phi("explain", "--roster", "people.roster", text=text, cwd=tmp_path)
    assert "a person of the roster" in r.stdout and "Thistle" not in r.stdout
    assert "1 people" in phi("check", "people.roster", cwd=tmp_path).stdout
    assert "1 people" in phi("roster", "stat", "people.roster", cwd=tmp_path).stdout
    assert phi("roster", "import", cwd=tmp_path).returncode == 2
    assert phi("scan", "--roster", "none.roster", text=text, cwd=tmp_path).returncode == 2


def test_mistakes_of_an_export(tmp_path):
    (tmp_path / "bad.csv").write_text(PEOPLE + "Quillfeather,Ambrose,31/12/1950,x,y,z\nUmberland\n", encoding="utf8")
    r = phi("roster", "import", "bad.csv", cwd=tmp_path)
    assert r.returncode == 1 and not (tmp_path / "bad.roster").exists()
    assert "bad.csv:3:22: not a date" in r.stderr and "bad.csv:4:1: this row has 1 fields" in r.stderr
    assert "Quillfeather" not in r.stderr and "Umberland" not in r.stderr and "1950" not in r.stderr
    r = phi("roster", "import", "bad.csv", "--skip-bad-rows", cwd=tmp_path)
    assert r.returncode == 0 and "1 people" in r.stdout and "2 rows left out" in r.stdout
    assert (tmp_path / "bad.roster").stat().st_mode & 0o777 == 0o600
    assert [p.name for p in tmp_path.glob("bad.roster?*")] == []


def test_findings_by_line_name_the_roster(tmp_path):
    import_people(tmp_path, PEOPLE)
    r = phi("scan", "--jsonl", "--roster", "people.roster", text=json.dumps({"id": 1, "text": "THISTLE, SAGE"}) + "\n", cwd=tmp_path)
    assert json.loads(r.stdout)["findings"] == [{"begin": 0, "end": 13, "kind": "NAME.PATIENT", "rule": "roster-person", "score": 100}]
