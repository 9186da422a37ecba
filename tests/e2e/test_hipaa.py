# SPDX-License-Identifier: Apache-2.0
"""The page that traces HIPAA's clauses: it is what its table gives, and what is named wrongly in the table is found."""
import copy
import importlib.util
import subprocess
import sys

import pytest

from conftest import FLAVOUR, ROOT

pytestmark = pytest.mark.skipif(FLAVOUR != "release", reason="nothing that a build changes")


@pytest.fixture(scope="module")
def hipaa():
    spec = importlib.util.spec_from_file_location("hipaa", ROOT / "docs/hipaa.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_is_what_the_table_gives():
    r = subprocess.run([sys.executable, ROOT / "docs/hipaa.py", "--check"], capture_output=True, text=True, timeout=60)
    assert r.returncode == 0, r.stdout


@pytest.mark.parametrize("kind,row,word", [
    ("code", ["proxy/nowhere.c", "x"], "does not exist"),
    ("code", ["proxy/tokens.c", "no_such_name"], "has no code"),
    ("code", ["proxy/tokens.c"], "which code"),
    ("test", ["tests/unit/test_tokens.c", "next_number"], "has no test"),
    ("test", ["tests/e2e/test_hipaa.py", "hipaa"], "has no test"),
])
def test_a_wrong_reference_is_found(hipaa, kind, row, word):
    clauses, errors = hipaa.read()
    assert not errors and not hipaa.check(clauses)
    changed = copy.deepcopy(clauses)
    getattr(changed[0], kind).append(row)
    assert any(word in e for e in hipaa.check(changed))


def test_a_clause_that_is_cited_must_be_in_the_table(hipaa):
    clauses, _ = hipaa.read()
    assert not hipaa.uncited(clauses)
    without = [c for c in clauses if not c.cite.startswith("164.528")]
    assert any("164.528" in e for e in hipaa.uncited(without))
