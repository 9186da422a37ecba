# SPDX-License-Identifier: Apache-2.0
"""LlamaIndex as it is, in an environment of its own: chats, streams, tools, responses, embeddings."""
import json
import pathlib
import subprocess

import pytest

from conftest import ROOT
from planted import NOTE, leaked

PYTHON = ROOT / "build" / "venv-llamaindex" / "bin" / "python"
pytestmark = pytest.mark.skipif(not (PYTHON.parent.parent / ".ready").exists(), reason="LlamaIndex is not installed (the package registry could not be reached)")


def test_llamaindex(gateway, upstream):
    upstream.clear()
    upstream.behaviours.clear()
    told = json.dumps({"url": gateway.url, "key": gateway.keys["first"], "note": NOTE})
    run = subprocess.run([PYTHON, pathlib.Path(__file__).with_name("llamaindex_client.py")], input=told, capture_output=True, text=True, timeout=300)
    assert run.returncode == 0, run.stderr[-3000:]
    heard = json.loads(run.stdout)
    assert heard == {**{k: NOTE for k in ("chat", "stream", "complete", "responses")}, "vectors": 2, "tool": [NOTE]}
    assert leaked(upstream.received) == [] and len(upstream.requests) == 6
