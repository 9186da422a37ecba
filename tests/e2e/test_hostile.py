# SPDX-License-Identifier: Apache-2.0
"""Each of the hostile files is refused with a place, and quickly."""
import re
import subprocess

import pytest

import hostile
from conftest import BIN, ROOT

FILES = list(hostile.everything())


def test_there_are_many():
    assert len(FILES) > 200


@pytest.mark.parametrize("n", range(len(FILES)), ids=lambda n: f"{FILES[n][0]}-{n}")
def test_refused_quickly_with_a_place(n, tmp_path):
    kind, text = FILES[n]
    path = tmp_path / f"{kind}.yaml"
    path.write_bytes(text.encode("utf8", "surrogatepass"))
    path.chmod(0o600)
    r = subprocess.run([str(BIN / "phi"), "check", str(path)], capture_output=True, text=True, cwd=ROOT, timeout=60)
    assert r.returncode == 1, text[:300]
    assert re.search(r"^\S+?(:\d+:\d+)?: .+", r.stderr), r.stderr[:300]
