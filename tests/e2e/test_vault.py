# SPDX-License-Identifier: Apache-2.0
"""Scope client with the real SDK: one value, one token from request to request; nothing of another client's; a vault that was
lost, changed or cannot be opened refuses."""
import concurrent.futures
import hashlib
import json
import re
import secrets
import shutil
import signal
import subprocess

import openai
import pytest

from audit_common import validator
from conftest import BIN, ROOT

ADA = "Patient Ada Quillfeather, MRN 00417723, was seen today."
BO = "Patient Bo Vanderplank, MRN 00559812, was seen today."


def vault_gateway(make_gateway, upstream, more="", **options):
    key = secrets.token_hex(32)
    g = make_gateway(upstream.port, start=False, extra=(
        f"tokens: {{scope: client, vault: {{sqlite: vault.db, key: {{file: secrets/vault.key}}, ttl: 30d}}{more}}}\n"), **options)
    g.write("secrets/vault.key", key + "\n")
    return g


def client_of(g, name="first"):
    return openai.OpenAI(base_url=g.url, api_key=g.keys[name], max_retries=0, timeout=60)


def say(client, text, **more):
    return client.chat.completions.create(model="capture", messages=[{"role": "user", "content": text}], **more)


def sent(upstream):
    return upstream.requests[-1].json["messages"][-1]["content"]


def tokens(text):
    return re.findall(r"\[[A-Z]+_\d+[B-Z]*\]", text)


def phi(g, *arguments, **more):
    return subprocess.run([str(BIN / "phi"), "vault", *arguments, "-c", str(g.dir / "phigate.yaml")], capture_output=True, text=True,
                          env={"PHIGATE_SHARE": str(ROOT)}, timeout=120, **more)


@pytest.fixture
def clean(upstream):
    upstream.clear()
    upstream.behaviours.clear()
    return upstream


def test_one_value_one_token_from_request_to_request(make_gateway, clean):
    g = vault_gateway(make_gateway, clean).start()
    client = client_of(g)
    answer = say(client, ADA)
    assert answer.choices[0].message.content == ADA
    first = sent(clean)
    assert "Quillfeather" not in first and "00417723" not in first and len(tokens(first)) >= 2
    say(client, BO)
    second = sent(clean)
    assert not set(tokens(first)) & set(tokens(second))
    stream = say(client, BO + " " + ADA, stream=True)
    assert "".join(c.choices[0].delta.content or "" for c in stream if c.choices) == BO + " " + ADA
    assert sent(clean) == second + " " + first
    # The same after a restart.
    assert g.stop() == 0
    g.start()
    say(client, ADA)
    assert sent(clean) == first
    written = g.everything_written()
    for value in (b"Quillfeather", b"00417723", b"Vanderplank", b"00559812"):
        assert value not in written
    for name in ("vault.db", "vault.db-wal", "vault.db-shm", "vault.db.anchor"):
        assert (g.dir / name).stat().st_mode & 0o777 == 0o600


def test_clients_share_nothing(make_gateway, clean):
    g = vault_gateway(make_gateway, clean, more=", earlier: restore").start()
    first, second = client_of(g), client_of(g, "second")
    say(first, ADA)
    of_first = sent(clean)
    say(second, BO)
    clean.behave("*", reply=of_first + " " + "[NAME_977]")
    # An answer may hold tokens of the same client's earlier requests; another client sees its own or none.
    assert say(first, "What did I ask?").choices[0].message.content == ADA + " [NAME_977]"
    other = say(second, "What did I ask?").choices[0].message.content
    assert "Quillfeather" not in other and "00417723" not in other
    assert other == BO + " [NAME_977]"  # its own tokens of the same text


def test_earlier_tokens_stay_where_they_are_unless_the_site_says_so(make_gateway, clean):
    g = vault_gateway(make_gateway, clean).start()
    client = client_of(g)
    say(client, ADA)
    of_first = sent(clean)
    clean.behave("*", reply=of_first)
    assert say(client, "What did I ask?").choices[0].message.content == of_first
    assert say(client, ADA).choices[0].message.content == ADA


def test_text_that_looks_like_a_token_forges_nothing(make_gateway, clean):
    g = vault_gateway(make_gateway, clean, more=", earlier: restore").start()
    client = client_of(g)
    say(client, ADA)
    token = [t for t in tokens(sent(clean)) if t.startswith("[NAME")][0]
    forged = f"Who is {token}?"
    assert say(client, forged).choices[0].message.content == forged
    assert token not in sent(clean)


def test_what_left_is_there_after_kill(make_gateway, clean):
    g = vault_gateway(make_gateway, clean, more=", earlier: restore").start()
    client = client_of(g)
    seen = {}
    for round_ in range(3):
        people = [f"Patient Xavier{round_}{i} Quillfeather, MRN 0070{round_}{i:03d}, was seen today." for i in range(12)]
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda t: say(client, t), people))
        for r in clean.requests:
            text = r.json["messages"][-1]["content"]
            for token in tokens(text):
                seen.setdefault(token, set()).add(text)
        g.stop(signal.SIGKILL)
        g.start()
    say(client, ADA)
    fresh = set(tokens(sent(clean)))
    # Every token that left comes back as something, none of them was given to two values, a new value gets a new number.
    clean.behave("*", reply=" ".join(sorted(seen)))
    answer = say(client, "All of them.").choices[0].message.content
    assert tokens(answer) == []
    values = answer.split(" ")
    assert len(seen) >= 36 and len(values) >= len(seen)
    assert not fresh & set(seen)


def refused_start(g, word):
    with pytest.raises(RuntimeError) as e:
        g.start()
    assert word in str(e.value)


def test_a_vault_that_is_not_the_one_does_not_open(make_gateway, clean):
    g = vault_gateway(make_gateway, clean).start()
    client = client_of(g)
    say(client, ADA)
    first = sent(clean)
    assert g.stop() == 0
    shutil.copy(g.dir / "vault.db", g.dir / "backup.db")
    g.start()
    say(client, BO)
    of_bo = sent(clean)
    assert g.stop() == 0
    # An older copy.
    shutil.copy(g.dir / "backup.db", g.dir / "vault.db")
    refused_start(g, "older copy")
    # Another key.
    key = (g.dir / "secrets/vault.key").read_text()
    g.write("secrets/vault.key", secrets.token_hex(32) + "\n")
    refused_start(g, "another key")
    g.write("secrets/vault.key", key)
    # Accepted by a person: what it knows holds, what it does not know gets numbers that nobody had.
    assert phi(g, "accept").returncode == 0
    assert '"event":"accept"' in (g.dir / "audit/decisions.log.probes").read_text()
    g.start()
    say(client, ADA)
    assert sent(clean) == first
    say(client, BO)
    assert not set(tokens(sent(clean))) & set(tokens(of_bo))
    assert g.stop() == 0
    (g.dir / "vault.db").unlink()
    refused_start(g, "lost")


def test_no_vault_no_service(make_gateway, clean):
    g = vault_gateway(make_gateway, clean).start()
    client = client_of(g)
    say(client, ADA)
    (g.dir / "vault.db").rename(g.dir / "elsewhere.db")
    clean.clear()
    assert g.admin("/readyz") == (503, "the token vault cannot be written\n") and "phigate_vault_healthy 0\n" in g.metrics()
    with pytest.raises(openai.InternalServerError) as e:
        say(client, BO)
    assert e.value.status_code == 503 and e.value.code == "vault_unavailable"
    assert clean.requests == []
    say(client, "Nothing that identifies anybody.")  # needs no token
    (g.dir / "elsewhere.db").rename(g.dir / "vault.db")
    assert say(client, BO).choices[0].message.content == BO
    assert g.admin("/readyz")[0] == 200 and "phigate_vault_errors_total 1\n" in g.metrics()


@pytest.mark.skipif(not shutil.which("strace"), reason="needs strace")
@pytest.mark.parametrize("name", ["vault.db-wal", "vault.db.anchor"])
def test_a_disk_that_fails_once_is_not_believed_again(make_gateway, clean, name):
    g = vault_gateway(make_gateway, clean).start()
    client = client_of(g)
    say(client, ADA)
    first = sent(clean)
    assert g.stop() == 0
    g.start(prefix=["strace", "-f", "-qq", "-o", "/dev/null", "-P", str(g.dir / name), "-e", "trace=fdatasync,fsync",
                    "-e", "inject=fdatasync,fsync:error=EIO:when=3"])
    said, refused = [], 0
    for i in range(400):  # the anchor is written every 64 numbers
        text = f"Patient Xavier{i:03d} Quillfeather, MRN 0071{i:04d}, was seen today."
        try:
            said.append(say(client, text).choices[0].message.content == text)
        except openai.InternalServerError as e:
            assert e.status_code == 503 and e.code == "vault_unavailable"
            refused += 1
            if refused == 3:
                break
    assert refused == 3 and all(said)
    assert len(clean.requests) == 1 + len(said)  # none of those that were refused
    assert g.admin("/readyz")[0] == 503
    assert say(client, ADA).choices[0].message.content == ADA and sent(clean) == first  # known and durable: may leave
    g.stop()
    g.start()
    assert say(client, BO).choices[0].message.content == BO
    say(client, ADA)
    assert sent(clean) == first


def test_the_tool(make_gateway, clean):
    g = vault_gateway(make_gateway, clean).start()
    client = client_of(g)
    say(client, ADA)
    first = sent(clean)
    out = phi(g, "stat")
    assert out.returncode == 0 and "clients: 1\n" in out.stdout and "keys that open it: 1\n" in out.stdout
    # New keys while it runs; the configured key opens it until the rotation is finished with the next one.
    g.write("secrets/next.key", secrets.token_hex(32) + "\n")
    out = phi(g, "rotate", "--next-key", str(g.dir / "secrets/next.key"))
    assert out.returncode == 0 and "sealed anew" in out.stdout, out.stderr
    say(client, ADA)
    assert sent(clean) == first
    assert g.stop() == 0
    shutil.copy(g.dir / "secrets/next.key", g.dir / "secrets/vault.key")
    g.start()
    assert phi(g, "rotate", "--finish").returncode == 0
    say(client, ADA)
    assert sent(clean) == first
    # Erasure.
    out = phi(g, "purge", "--value", "-", input="00417723\n")
    assert out.returncode == 0 and out.stdout == "1 tokens erased\n", out.stdout + out.stderr
    say(client, ADA)
    assert sent(clean) != first
    out = phi(g, "purge", "--principal", "first")
    assert out.returncode == 0
    assert "tokens: 0\n" in phi(g, "stat").stdout
    assert phi(g, "purge", "--value", "00417723").returncode == 2
    assert phi(g, "purge", "--expired").stdout == "0 tokens erased\n"
    assert phi(g, "nothing").returncode == 2
    # What was done stands in the auditors' log.
    rows = [json.loads(line) for line in (g.dir / "audit/decisions.log.probes").read_text().splitlines() if line.strip("\0")]
    done = [r for r in rows if r["type"] == "vault"]
    assert [(r["event"], r["reason"]) for r in done] == [("new_keys", "next_key"), ("new_keys", "finish"), ("erase", "value"),
                                                        ("erase", "client"), ("erase", "expired")]
    check = validator()
    assert all(check.is_valid(r) for r in rows)
    assert b"00417723" not in g.everything_written()


def test_configuration_mistakes(make_gateway, clean):
    for more, word in ((" {scope: client}", "needs a vault"), (" {earlier: restore}", "no earlier tokens"),
                       (" {scope: client, vault: {sqlite: v.db, key: {file: secrets/audit.key}, ttl: 1s}}", "between 1m"),
                       (" {scope: client, vault: {sqlite: v.db}}", "key")):
        g = make_gateway(clean.port, start=False, extra=f"tokens:{more}\n")
        refused_start(g, word)


# ---- what the audit log knows of it ----

PAIR = ("vault.db", "vault.db.anchor")


def decisions(g):
    return g.dir / "audit/decisions.log"


def copy_pair(g, to, back=False):
    for name in PAIR:
        a, b = g.dir / name, g.dir / (name + to)
        shutil.copy(b, a) if back else shutil.copy(a, b)
    for name in ("vault.db-wal", "vault.db-shm"):
        if back:
            (g.dir / name).unlink(missing_ok=True)


def verify(g):
    return subprocess.run([str(BIN / "phi"), "audit", "verify", str(decisions(g)), "--key", str(g.dir / "secrets/audit.key")],
                          capture_output=True, text=True, timeout=120)


def numbers(g, kind):
    return [r["vault_seq"] for r in g.records(kind) if "vault_seq" in r]


def test_vault_and_anchor_put_back_together(make_gateway, clean):
    g = vault_gateway(make_gateway, clean).start()
    client = client_of(g)
    say(client, ADA)
    first = sent(clean)
    assert g.stop() == 0
    copy_pair(g, ".old")
    g.start()
    say(client, BO)
    of_bo = sent(clean)
    assert g.stop() == 0
    known = numbers(g, "lifecycle")[-1]
    assert known == numbers(g, "decision")[-1] > numbers(g, "decision")[0] > 0
    copy_pair(g, ".old", back=True)
    for _ in range(2):  # trying again changes nothing
        refused_start(g, f"the audit log has recorded {known} tokens")
    assert g.records("vault")[-1]["event"] == "refused" and "phi vault accept" in g.records("vault")[-1]["reason"]
    assert verify(g).returncode == 0
    # A person accepts it: no number that may have been given out is given out again.
    assert phi(g, "accept").returncode == 0
    copy_pair(g, ".accepted")
    g.start()
    say(client, ADA)
    assert sent(clean) == first
    say(client, BO)
    assert not set(tokens(sent(clean))) & set(tokens(of_bo))
    assert g.stop() == 0
    assert [(r["event"], r.get("result")) for r in g.records("vault")][-1] == ("opened", "accepted")
    out = verify(g)
    assert out.returncode == 0 and "knew less than before 1 times; a person had accepted that" in out.stdout
    g.start()  # and from then on it is the one
    assert g.stop() == 0
    # What was accepted was accepted once.
    copy_pair(g, ".accepted", back=True)
    refused_start(g, "the audit log has recorded")
    check = validator()
    assert all(check.is_valid(r) for r in g.records())


def test_a_new_vault_behind_an_old_log_is_noticed(make_gateway, clean):
    g = vault_gateway(make_gateway, clean).start()
    say(client_of(g), ADA)
    of_ada = sent(clean)
    g.stop(signal.SIGKILL)
    for name in (*PAIR, "vault.db-wal", "vault.db-shm"):
        (g.dir / name).unlink(missing_ok=True)
    refused_start(g, "this vault knows of 0")
    assert phi(g, "accept").returncode == 0
    g.start()
    say(client_of(g), BO)
    assert not set(tokens(sent(clean))) & set(tokens(of_ada))


def test_no_false_alarm(make_gateway, clean):
    """Restarts, crashes under load, new keys, erasure, a log that goes on in new files."""
    g = vault_gateway(make_gateway, clean)
    written = (g.dir / "phigate.yaml").read_text()
    rotating = written.replace("key: {file: secrets/audit.key}}", "key: {file: secrets/audit.key}, rotate: {size: 64KiB}}")
    assert rotating != written
    g.write("phigate.yaml", rotating)
    g.start()
    client = client_of(g)
    for round_ in range(4):
        people = [f"Patient Xavier{round_}{i} Quillfeather, MRN 0070{round_}{i:03d}, was seen today." for i in range(24)]
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda t: say(client, t), people))
        if round_ == 1:
            assert phi(g, "rotate").returncode == 0 and phi(g, "purge", "--value", "-", input="00700000\n").returncode == 0
        g.stop(signal.SIGKILL) if round_ % 2 == 0 else g.stop()
        g.start()
    assert g.stop() == 0
    # An anchor of an earlier version ends with `clean`.
    slots = (g.dir / "vault.db.anchor").read_bytes()
    for at in (0, 512):
        words = slots[at:at + 512].decode().split()
        assert len(words) == 11 and words[8:10] == ["0", "0"]
        text = " ".join(words[:8]) + " "
        text += hashlib.sha256(text.encode()).hexdigest() + "\n"
        slots = slots[:at] + text.ljust(512).encode() + slots[at + 512:]
    (g.dir / "vault.db.anchor").write_bytes(slots)
    g.start()  # a run in which the vault was not used
    assert g.stop() == 0
    assert list(decisions(g).parent.glob("decisions.log.seg-*"))
    assert all(r["event"] == "opened" and "result" not in r for r in g.records("vault"))
    out = verify(g)
    assert out.returncode == 0 and "knew less" not in out.stdout, out.stdout


def test_verify_names_a_decrease(make_gateway, clean):
    """A log that was moved away cannot be asked at the start; who reads both files sees it."""
    g = vault_gateway(make_gateway, clean).start()
    say(client_of(g), ADA)
    assert g.stop() == 0
    copy_pair(g, ".old")
    g.start()
    say(client_of(g), BO)
    assert g.stop() == 0
    decisions(g).rename(g.dir / "audit/earlier.log")
    copy_pair(g, ".old", back=True)
    g.start()
    assert g.stop() == 0
    out = subprocess.run([str(BIN / "phi"), "audit", "verify", str(g.dir / "audit/earlier.log"), str(decisions(g)), "--key",
                          str(g.dir / "secrets/audit.key")], capture_output=True, text=True, timeout=120)
    assert out.returncode == 1 and "the token vault knew less than before, and nobody had accepted that" in out.stdout, out.stdout + out.stderr
