# SPDX-License-Identifier: Apache-2.0
"""Other people's JavaScript clients against the real gateway: Anthropic's SDK, Vercel's AI SDK by each of its providers, LangChain,
ollama and Google's; whole answers, streams, tool calls, and what they make of a refusal."""
import json
import shutil
import subprocess

import pytest

from conftest import ROOT
from planted import NOTE, leaked

CLIENT, MODULES = ROOT / "build" / "node" / "client.mjs", ROOT / "build" / "node" / "node_modules"
PACKAGES = {"anthropic": "@anthropic-ai/sdk", "ai": "@ai-sdk/openai", "ai-chat": "@ai-sdk/openai", "ai-anthropic": "@ai-sdk/anthropic",
            "ai-compatible": "@ai-sdk/openai-compatible", "langchain": "@langchain/openai", "ollama": "ollama", "genai": "@google/genai"}
# An answer cut so that each token spans events, with quotes that JSON escapes.
TEXT = NOTE + ' "x\\y"\n'


@pytest.fixture(scope="module")
def gateway(tmp_path_factory, upstream):
    """Before an upstream of each dialect."""
    from conftest import Gateway
    base = f"http://127.0.0.1:{upstream.port}"
    rows = "\n  ".join(f'{name}: {{url: "{base}{path}", trust: on_prem, dialect: {name}}}' for name, path in (
        ("openai", "/v1"), ("anthropic", "/v1"), ("ollama", ""), ("gemini", "/v1beta")))
    g = Gateway(tmp_path_factory.mktemp("gateway"), config="x")
    g.write("phigate.yaml", f"listen: {{address: 127.0.0.1:{g.port}}}\nadmin: {{address: 127.0.0.1:{g.admin_port}}}\nworkers: 2\n"
            f"upstreams:\n  {rows}\nroutes:\n  - {{models: [\"claude-*\"], upstream: anthropic}}\n  - {{models: [\"gemini-*\"], upstream: gemini}}\n"
            "  - {models: [\"llama*\"], upstream: ollama}\n  - {models: [\"*\"], upstream: openai}\n"
            "policy: minimum-necessary\nclients: clients.yaml\naudit: {file: audit/decisions.log, key: {file: secrets/audit.key}}\n")
    g.start()
    yield g
    assert g.stop() == 0, g.log_text()


@pytest.fixture
def client(gateway, upstream):
    upstream.clear()
    upstream.behaviours.clear()

    def run(mode, model, text=TEXT):
        if not shutil.which("node") or not (MODULES / PACKAGES[mode]).exists():
            pytest.skip(f"{PACKAGES[mode]} is not installed (npm's registry could not be reached)")
        job = {"url": gateway.url, "key": gateway.keys["first"], "model": model, "text": text, "mode": mode, "body": {}}
        out = subprocess.run(["node", str(CLIENT)], input=json.dumps(job), capture_output=True, text=True, timeout=180)
        assert out.returncode == 0, out.stderr
        return json.loads(out.stdout)
    return run


MODES = [("anthropic", "claude-x"), ("ai", "gpt-x"), ("ai-chat", "gpt-x"), ("ai-compatible", "gpt-x"), ("ai-anthropic", "claude-x"),
         ("langchain", "gpt-x"), ("ollama", "llama3"), ("genai", "gemini-x")]


@pytest.mark.parametrize("mode,model", MODES, ids=[m for m, _ in MODES])
@pytest.mark.parametrize("pieces", [[1], [3, 5, 2]], ids=["1", "3-5-2"])
def test_answers(client, upstream, mode, model, pieces):
    upstream.behave("*", pieces=pieces)
    out = client(mode, model)
    assert "ok" in out, out
    assert all(text == TEXT for text in out["ok"].values()), out
    assert leaked(upstream.received) == [] and b"[MRN_1]" in upstream.received and len(upstream.requests) == (3 if "tool" in out["ok"] else 2)


@pytest.mark.parametrize("mode,model", MODES, ids=[m for m, _ in MODES])
def test_a_refusal_is_seen_once(client, upstream, gateway, mode, model):
    """Nothing is sent, and none of them tries again."""
    before = len(gateway.records("decision"))
    out = client(mode, "sh-mrn-00417723" if mode == "genai" else model, "x" if mode == "genai" else '{"1": {"219-09-9999": 1}}')
    assert "error" in out and upstream.requests == [], out
    assert leaked(json.dumps(out).encode()) == [] and len(gateway.wait_records("decision", before + 1)) == before + 1
