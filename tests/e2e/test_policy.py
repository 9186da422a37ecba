# SPDX-License-Identifier: Apache-2.0
"""What security teams do with policies: compare, test, change; on the real tool and the real gateway."""
import json
import subprocess
import sys

import pytest

from conftest import BIN, ROOT

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

def test_the_table_of_cells_is_what_the_script_writes():
    sys.path.insert(0, str(ROOT / "tests" / "cases"))
    import cells
    assert (ROOT / "tests" / "cases" / "minimum-necessary.yaml").read_text(encoding="utf8") == cells.cases()


def test_every_cell_of_minimum_necessary():
    r = phi("test", "tests/cases/minimum-necessary.yaml")
    assert r.returncode == 0, "\n".join(line for line in r.stdout.splitlines() if line.startswith("not"))
    assert "# 413 passed, 0 failed" in r.stdout


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
    assert "either what it sends or" in phi("test", path).stderr
