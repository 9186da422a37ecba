# SPDX-License-Identifier: Apache-2.0
"""openai-node and LangChain against the real gateway."""
import json
import shutil
import subprocess

import pytest

from conftest import ROOT
from planted import NOTE, leaked

CLIENT = ROOT / "build" / "node" / "client.mjs"
needs_node = pytest.mark.skipif(not shutil.which("node") or not (ROOT / "build/node/node_modules/openai").exists(),
                                reason="openai-node is not installed (npm's registry could not be reached)")


@pytest.fixture
def node(gateway, upstream):
    upstream.clear()
    upstream.behaviours.clear()

    def run(mode, text=NOTE, **body):
        job = {"url": gateway.url, "key": gateway.keys["first"], "model": "capture", "text": text, "mode": mode, "body": body}
        out = subprocess.run(["node", str(CLIENT)], input=json.dumps(job), capture_output=True, text=True, timeout=60)
        assert out.returncode == 0, out.stderr
        return json.loads(out.stdout)
    return run


@needs_node
def test_node_plain_and_streamed(node, upstream):
    assert node("plain")["ok"][0]["content"] == NOTE
    upstream.behave("*", pieces=[1])
    out = node("stream", n=2)["ok"]
    assert out["contents"] == {"0": NOTE, "1": NOTE} and out["finish"] == {"0": "stop", "1": "stop"}
    assert leaked(upstream.received) == []


@needs_node
def test_node_tools(node, upstream):
    text = NOTE + ' "x\\y"\n'
    tools = [{"type": "function", "function": {"name": "lookup", "parameters": {"type": "object", "properties": {}}}}]
    out = node("stream", text, tools=tools, tool_choice="required")["ok"]
    assert json.loads(out["arguments"]["0"]) == {"text": text}
    assert leaked(upstream.received) == []


@needs_node
def test_node_embeddings_and_models(node):
    assert node("embeddings")["ok"] == 1
    assert "capture" in node("models")["ok"]


@needs_node
def test_node_responses_and_moderations(node, upstream):
    assert node("responses")["ok"]["text"] == NOTE
    upstream.behave("*", pieces=[2])
    out = node("responses", stream=True)["ok"]
    assert out["deltas"] == out["done"] == out["completed"] == NOTE
    assert out["numbers"] == list(range(1, len(out["numbers"]) + 1))
    upstream.behave("*", finish=False)
    assert "ended early" in node("responses", stream=True)["error"]["message"]
    assert node("moderations")["ok"] == 1
    assert leaked(upstream.received) == []


@needs_node
def test_node_sees_the_refusal_once(node, upstream):
    out = node("plain", "see", messages=[{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "data:,x"}}]}])
    assert out["error"]["status"] == 400 and out["error"]["code"] == "unscannable_input"
    assert upstream.requests == []


def test_langchain(gateway, upstream):
    langchain_openai = pytest.importorskip("langchain_openai")
    upstream.clear()
    upstream.behaviours.clear()
    chat = langchain_openai.ChatOpenAI(model="capture", base_url=gateway.url, api_key=gateway.keys["first"], max_retries=0)
    assert chat.invoke(NOTE).content == NOTE
    assert "".join(c.content for c in chat.stream(NOTE)) == NOTE
    assert leaked(upstream.received) == []


def test_curl(gateway, upstream):
    upstream.clear()
    body = json.dumps({"model": "capture", "messages": [{"role": "user", "content": NOTE + "x" * 2_000_000}]})
    out = subprocess.run(["curl", "-sS", gateway.url + "/chat/completions", "-H", "authorization: Bearer " + gateway.keys["first"],
                          "-H", "content-type: application/json", "--data-binary", "@-"], input=body, capture_output=True,
                         text=True, timeout=60)  # above 1 MB curl asks with Expect: 100-continue first
    assert json.loads(out.stdout)["choices"][0]["message"]["content"].startswith(NOTE)
    assert leaked(upstream.received) == []
