# SPDX-License-Identifier: Apache-2.0
"""The toolbox as its users call it: exit codes, output, round trips, bad input."""
import json
import os
import pty
import subprocess

import pytest

from conftest import BIN, ROOT

NOTE = 'Mr. Hollingsworth, MRN: 00417723, said "hi" and\nleft; call 212-555-0147.\n'


def phi(*args, text="", cwd=None):
    return subprocess.run([str(BIN / "phi"), *map(str, args)], input=text, capture_output=True, text=True, cwd=cwd,
                          env={**os.environ, "PHIGATE_SHARE": str(ROOT)}, timeout=120)


def test_redact_and_back(tmp_path):
    out = phi("redact", "--map", tmp_path / "map.json", text=NOTE)
    assert out.returncode == 0 and "00417723" not in out.stdout and "[MRN_1]" in out.stdout
    assert (tmp_path / "map.json").stat().st_mode & 0o777 == 0o600
    assert phi("redact", "--restore", tmp_path / "map.json", text=out.stdout).stdout == NOTE
    again = phi("redact", "--map", tmp_path / "map.json", text=NOTE)
    assert again.returncode == 2 and "exists" in again.stderr  # never overwrites


def test_redact_json_body():
    body = {"model": "m", "messages": [{"role": "user", "content": NOTE}]}
    out = phi("redact", "--json", text=json.dumps(body))
    assert out.returncode == 0 and "[MRN_1]" in json.loads(out.stdout)["messages"][0]["content"]
    assert phi("redact", "--json", text="{").returncode == 2
    assert phi("redact", "--policy", "block-all", text=NOTE).returncode == 1
    assert phi("redact", "--purpose", "curiosity", text=NOTE).returncode == 2


def test_redact_json_finds_what_is_cut_between_parts():
    """As the gateway does: the same texts are neighbours."""
    parts = [{"type": "text", "text": "his SSN is 219-09-"}, {"type": "text", "text": "9999 thanks"}]
    out = phi("redact", "--json", text=json.dumps({"model": "m", "messages": [{"role": "user", "content": parts}]}))
    assert out.returncode == 0 and "219-09" not in out.stdout and "9999" not in out.stdout


def test_scan():
    out = phi("scan", "-", text=NOTE)
    lines = [line.split(" ") for line in out.stdout.splitlines()]
    assert out.returncode == 1 and ["MRN", "24-32"] in [line[:2] for line in lines]
    assert phi("scan", text="nothing here\n").returncode == 0
    assert phi("scan", "/nonexistent").returncode == 2
    out = phi("scan", "--jsonl", text=json.dumps({"id": "é1", "text": "Zoë: MRN: 00417723"}, ensure_ascii=False) + "\n")
    record = json.loads(out.stdout)
    mrn = [f for f in record["findings"] if f["kind"] == "MRN"][0]
    assert out.returncode == 0 and record["id"] == "é1" and "Zoë: MRN: 00417723".encode()[mrn["begin"]:mrn["end"]] == b"00417723"
    assert phi("scan", "--jsonl", text='{"id":1}\nnot json\n').returncode == 2
    none = phi("scan", "--jsonl", text='{"id":1,"txt":"MRN: 00417723"}\n{"id":2,"text":""}\n')
    assert none.returncode == 2 and 'line 1 is not {"id":...,"text":...}' in none.stderr
    assert [json.loads(x)["id"] for x in none.stdout.splitlines()] == [2]


def test_explain_shows_the_parts_of_a_score():
    out = phi("explain", text="Seen by Dr. Thistlewood with Priya in Wixom.")
    words = [line for line in out.stdout.splitlines() if line.startswith("  word ")]
    read = [line for line in words if "read as" in line]
    words = [line for line in words if "read as" not in line]
    assert [w.split()[1] for w in words] == ["12-23", "29-34", "38-43"]
    assert " name +" in words[0] and "before.DOCTOR" in words[0] and " place +" in words[2]
    assert any(w.split()[1] == "12-23" and "name 9" in w and "class-1.DOCTOR +" in w for w in read)
    assert "Thistlewood" not in out.stdout and "Wixom" not in out.stdout


def test_explain_names_rule_score_and_policy():
    out = phi("explain", text=NOTE)
    for word in ("rule", "score", "action", "letter", "tokenize", "minimum-necessary.yaml:"):
        assert word in out.stdout
    assert "00417723" not in out.stdout and "Hollingsworth" not in out.stdout


def test_score(tmp_path):
    (tmp_path / "c.jsonl").write_text(json.dumps({"id": "1", "text": "MRN: 00417723 fine", "spans": [
        {"start": 5, "end": 13, "type": "MRN", "raw_type": "MRN"}]}) + "\n")
    s = json.loads(phi("score", tmp_path / "c.jsonl").stdout)
    assert s["leak"] == 0 and s["identifiers"] == 1 and s["F1"] == 1
    assert phi("score", tmp_path / "none.jsonl").returncode == 2


@pytest.mark.parametrize("text, place, words", [
    ("rules:\n  - id: a\n    kind: MRN\n    patern: x\n", ":4:5:", "did you mean \"pattern\""),
    ("rules:\n  - id: a\n    kind: MNR\n    pattern: x\n    score: 60\n    examples: {match: [x], not: [y]}\n", ":3:11:", "MRN"),
    ("rules:\n  - id: a\n    kind: MRN\n    pattern: '(x'\n    score: 60\n    examples: {match: [x], not: [y]}\n", ":4:", "pattern"),
    ("rules:\n  - id: a\n    kind: MRN\n    pattern: x\n    score: 60\n", ":2:5:", "examples"),
    ("rules: &a []\n", ":1:8:", "anchor"), ("rules: []\n---\nrules: []\n", ":2:1:", ""), ("rules: []\nrules: []\n", ":2:1:", ""),
    ("id: p\nversion: 1\ndescription: x\nextends: safe-harbor\nmode: enfroce\nend: p\n", ":5:7:", "enforce")])
def test_check_says_where_and_what(tmp_path, text, place, words):
    path = tmp_path / "f.yaml"
    path.write_text(text)
    out = phi("check", path)
    assert out.returncode == 1 and f"f.yaml{place}" in out.stderr and words in out.stderr and "^" in out.stderr, out.stderr


def test_rules_of_a_site(tmp_path):
    path = tmp_path / "site.yaml"
    path.write_text("rules:\n  - id: clinic-chart\n    kind: MRN\n    pattern: '\\bQX\\d{6}\\b'\n    score: 80\n"
                    "    examples: {match: ['chart QX123456'], not: ['QX12']}\n")
    out = phi("test", path)
    assert out.returncode == 0 and out.stdout.startswith("TAP version 13") and "1..2" in out.stdout
    path.write_text(path.read_text().replace("['QX12']", "['QX999999']"))
    assert phi("test", path).returncode == 1


def test_keys(tmp_path):
    assert phi("init", tmp_path / "d").returncode == 0
    clients = tmp_path / "d" / "clients.yaml"
    again = phi("init", tmp_path / "d")
    assert again.returncode == 2 and "nothing was changed" in again.stderr
    key = phi("keys", "new", "--clients", clients, "--user", "ehr").stdout.strip()
    assert key.startswith("pg-") and len(key) == 46 and key not in clients.read_text()
    assert phi("keys", "revoke", "--clients", clients, "--id", "client-2").returncode == 0
    assert "client-2\tehr\tuser\t-\trevoked" in phi("keys", "list", "--clients", clients).stdout
    assert phi("keys", "new", "--clients", clients, "--user", "a b").returncode == 2
    assert phi("keys", "revoke", "--clients", clients, "--id", "nobody").returncode == 2
    check = subprocess.run([str(BIN / "phigate"), "-c", str(tmp_path / "d" / "phigate.yaml"), "--check", "--share", str(ROOT)],
                           capture_output=True, text=True)
    assert check.returncode == 0, check.stderr


def test_usage():
    assert phi().returncode == 2 and phi("nonsense").returncode == 2 and phi("scan", "--nonsense").returncode == 2
    assert phi("help").returncode == 0


# ---- phi init ----

def check(directory):
    r = subprocess.run([str(BIN / "phigate"), "-c", str(directory / "phigate.yaml"), "--share", str(ROOT), "--check"],
                       capture_output=True, text=True)
    assert r.returncode == 0, r.stderr
    return r.stdout


@pytest.mark.parametrize("flags, policy, purpose", [
    ((), "minimum-necessary", "treatment"),
    (("--to", "own"), "on-prem-model", "treatment"),
    (("--to", "openai"), "minimum-necessary", "treatment"),
    (("--to", "openai", "--for", "research"), "limited-data-set", "research"),
    (("--to", "own", "--for", "no-patients"), "block-all", "treatment"),
    (("--to", "openai", "--begin", "watch"), "practice", "treatment"),
    (("--to", "own", "--for", "research", "--begin", "watch"), "practice", "research")])
def test_init_writes_the_right_preset(tmp_path, flags, policy, purpose):
    r = phi("init", *flags, tmp_path / "x")
    assert r.returncode == 0 and "pg-" in r.stdout
    said = check(tmp_path / "x")
    assert f"policy {policy} (" in said
    assert f"default_purpose: {purpose}" in (tmp_path / "x" / "clients.yaml").read_text()
    assert ("in monitor mode" in said) == ("watch" in flags) and ("no agreement" in said) == ("openai" in flags)
    assert phi("init", *flags, tmp_path / "x").returncode == 2


def test_init_asks_three_questions_at_most(tmp_path):
    def talk(name, answers, *flags):
        master, slave = pty.openpty()
        p = subprocess.Popen([str(BIN / "phi"), "init", *flags, str(tmp_path / name)], stdin=slave, stdout=slave, stderr=slave, cwd=ROOT)
        os.close(slave)
        os.write(master, answers)
        said = b""
        try:
            while chunk := os.read(master, 4096):
                said += chunk
        except OSError:
            pass  # the other end is closed
        os.close(master)
        assert p.wait(30) == 0, said
        return said.decode()

    said = talk("a", b"\n\n")
    assert said.count("[1] ") == 2 and "policy minimum-necessary (" in check(tmp_path / "a")
    said = talk("b", b"3\n9\n1\n2\n")
    assert said.count("?") == 3 and "The number of an answer" in said and "policy practice (" in check(tmp_path / "b")
    said = talk("c", b"2\n", "--to", "openai", "--begin", "protect")
    assert said.count("?") == 1 and "policy limited-data-set (" in check(tmp_path / "c")


def test_init_knows_its_words(tmp_path):
    r = phi("init", "--to", "azure", tmp_path / "x")
    assert r.returncode == 2 and "echo or own or openai" in r.stderr and not (tmp_path / "x").exists()


COMMANDS = ["init", "scan", "redact", "explain", "check", "test", "diff", "policy", "schema", "score", "keys", "roster", "vault", "audit",
            *(f"audit {x}" for x in "verify search report accounting breach export merge review incident index rekey hold erase schema prove "
              "witness checkpoint".split())]


@pytest.mark.parametrize("command", COMMANDS)
def test_help_of_each_command(command):
    words = command.split()
    for asked in ([*words, "--help"], [*words, "-h"], ["help", *words]):
        out = phi(*asked)
        wanted = "audit review" if command == "audit incident" else command
        assert out.returncode == 0 and out.stderr == "" and out.stdout.startswith(f"usage: phi {wanted}"), asked
    out = phi(*words, "--no-such-option")
    assert out.returncode == 2 and out.stdout == "" and "--no-such-option" in out.stderr.splitlines()[0]


def test_mistakes_in_the_call_are_named():
    for call, words in ((["scan", "--policy"], "--policy needs a value"), (["bogus"], "no command `bogus`"), (["audit", "bogus"], "no `phi audit bogus`"),
                        (["scan", "a", "b"], "one FILE"), (["explain", "a", "b"], "one FILE"), (["redact", "a", "b"], "one FILE"),
                        (["schema", "x"], "takes no argument"), (["help", "bogus"], "no command `bogus`"), (["check", "/nonexistent"], "No such file"),
                        (["audit", "witness", "request", "--old", "x"], "--old is a number")):
        out = phi(*call)
        assert out.returncode == 2 and out.stdout == "" and words in out.stderr, (call, out.stderr)


LOG_READERS = [["search", "--log"], ["report", "--log"], ["export", "--format", "cef", "--log"], ["export", "--format", "fhir", "--log"],
               ["export", "--format", "ocsf", "--log"], ["merge"], ["prove", "req_x", "--log"], ["breach", "--out", "bundle", "--log"]]


@pytest.mark.parametrize("call", LOG_READERS, ids=" ".join)
def test_what_is_no_log_is_not_read_as_one(tmp_path, call):
    """A foreign file gave empty answers, or itself: both look like evidence."""
    (tmp_path / "foreign").write_text("hello: world\n- foreign\n")
    (tmp_path / "binary").write_bytes(bytes(range(1, 256)) * 40)
    for name in ("foreign", "binary"):
        out = phi("audit", *call, name, cwd=tmp_path)
        assert out.returncode == 2 and out.stdout == "" and f"{name}: not an audit log" in out.stderr, out.stderr
        if "breach" in call:
            assert "bundle is not complete" in out.stderr
            for part in (tmp_path / "bundle").iterdir():
                part.unlink()
            (tmp_path / "bundle").rmdir()
    out = phi("audit", *call, "missing", cwd=tmp_path)
    assert out.returncode == 2 and "missing: no such file" in out.stderr


@pytest.mark.parametrize("option, words", [(["--kind", "NOPE"], "no kind NOPE"), (["--kind", "NAM"], "no kind NAM"), (["--type", "nope"], "no record has the type nope"),
                                           (["--decision", "nope"], "forward, edit or block")])
def test_words_that_no_record_holds_are_mistakes(tmp_path, option, words):
    (tmp_path / "log").write_text("")
    for call in (["search"], ["export", "--format", "cef"]):
        out = phi("audit", *call, "--log", tmp_path / "log", *option)
        assert out.returncode == 2 and words in out.stderr
    assert phi("audit", "search", "--log", tmp_path / "log", "--kind", "NAME", "--type", "decision", "--decision", "block").returncode == 0


def test_rekey_makes_nothing_of_what_is_no_log(tmp_path):
    for name in ("a.key", "b.key"):
        (tmp_path / name).write_text(os.urandom(32).hex() + "\n")
    (tmp_path / "foreign").write_text("hello\n")
    for name in ("foreign", "missing"):
        out = phi("audit", "rekey", "--key", "a.key", "--new-key", "b.key", "--log", name, cwd=tmp_path)
        assert out.returncode == 2 and f"{name}: not an audit log" in out.stderr
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.key", "b.key", "foreign"]


def test_standard_output_that_takes_nothing(tmp_path):
    run = [str(BIN / "phi")]
    env = {**os.environ, "PHIGATE_SHARE": str(ROOT)}
    (tmp_path / "note").write_text(NOTE)
    with open("/dev/full", "w") as full:
        out = subprocess.run([*run, "redact", tmp_path / "note"], stdout=full, stderr=subprocess.PIPE, text=True, env=env, timeout=60)
    assert out.returncode == 2 and "standard output cannot be written" in out.stderr
    # A closed one is not replaced by the next file that is opened.
    (tmp_path / "clients.yaml").write_text("clients: []\n")
    (tmp_path / "clients.yaml").chmod(0o600)
    for call in (f"keys new --clients {tmp_path}/clients.yaml --user x", f"redact --map {tmp_path}/map.json {tmp_path}/note"):
        out = subprocess.run(f"{run[0]} {call} >&-", shell=True, stderr=subprocess.PIPE, text=True, env=env, timeout=60)
        assert out.returncode == 2 and "standard output cannot be written" in out.stderr
    assert "pg-" not in (tmp_path / "clients.yaml").read_text() and json.loads((tmp_path / "map.json").read_text())
    out = subprocess.run(f"{run[0]} | head -1; {run[0]} --help | head -1", shell=True, capture_output=True, text=True, env=env, timeout=60)
    assert out.stdout == "usage: phi COMMAND ...\n"


def test_no_key_for_a_list_that_is_not_there(tmp_path):
    out = phi("roster", "import", "missing.csv", "--key", "roster.key", cwd=tmp_path)
    assert out.returncode == 2 and "missing.csv: No such file" in out.stderr and list(tmp_path.iterdir()) == []


def test_a_binary_file_is_one_mistake(tmp_path):
    (tmp_path / "zero").write_bytes(bytes(5000))
    out = phi("check", tmp_path / "zero")
    assert out.returncode == 1 and out.stderr.count("cannot be seen") == 1
    (tmp_path / "lines").write_text("no\n" * 50)
    out = phi("scan", "--jsonl", tmp_path / "lines")
    assert out.returncode == 2 and len(out.stderr.splitlines()) == 2 and "50 lines in all" in out.stderr


def test_a_map_that_cannot_be_written_shows_nothing(tmp_path):
    (tmp_path / "there").write_text("mine")
    out = phi("redact", "--map", tmp_path / "there", text=NOTE)
    assert out.returncode == 2 and out.stdout == "" and (tmp_path / "there").read_text() == "mine"
