# SPDX-License-Identifier: Apache-2.0
"""Ollama's own interface with its real Python client: lines of JSON, streams by default, arguments as objects."""
import json

import httpx
import pytest

from planted import NOTE, leaked

ollama = pytest.importorskip("ollama")


@pytest.fixture(scope="module")
def gateway(tmp_path_factory, upstream):
    from conftest import Gateway
    g = Gateway(tmp_path_factory.mktemp("gateway"), upstream=f'main: {{url: "http://127.0.0.1:{upstream.port}", trust: on_prem, '
                'dialect: ollama}').start()
    yield g
    assert g.stop() == 0, g.log_text()


@pytest.fixture
def client(gateway, upstream):
    upstream.clear()
    upstream.behaviours.clear()
    return ollama.Client(host=f"http://127.0.0.1:{gateway.port}", headers={"authorization": "Bearer " + gateway.keys["first"]})


USER = [{"role": "user", "content": NOTE}]
TOOLS = [{"type": "function", "function": {"name": "lookup", "description": "Finds a chart.", "parameters": {
    "type": "object", "properties": {"text": {"type": "string"}}}}}]


def test_chat(client, upstream):
    answer = client.chat("capture", USER, options={"temperature": 0.5, "num_ctx": 4096, "seed": 42}, keep_alive="5m")
    assert answer.message.content == NOTE and leaked(upstream.received) == [] and b"[MRN_1]" in upstream.received


@pytest.mark.parametrize("pieces", [[1], [2, 5], [9], [400]])
@pytest.mark.parametrize("done", [True, "with text"])
def test_chat_stream(client, upstream, pieces, done):
    upstream.behave("*", pieces=pieces, done=done)
    lines = list(client.chat("capture", USER, stream=True))
    assert "".join(x.message.content for x in lines) == NOTE and [x.done for x in lines][-1] and lines[-1].eval_count == 5
    assert leaked(upstream.received) == []


def test_thinking(client, upstream):
    upstream.behave("*", pieces=[1])
    lines = list(client.chat("capture", USER, stream=True, think=True))
    assert "".join(x.message.thinking or "" for x in lines) == NOTE and "".join(x.message.content for x in lines) == NOTE


@pytest.mark.parametrize("stream", [False, True])
def test_arguments_are_objects(client, upstream, stream):
    text = NOTE + ' He said "no\\yes"\nand left.'
    answer = client.chat("capture", [{"role": "user", "content": text}], tools=TOOLS, stream=stream)
    message = next(iter(answer)).message if stream else answer.message
    assert message.tool_calls[0].function.arguments == {"text": text}
    client.chat("capture", [*USER, message, {"role": "tool", "tool_name": "lookup", "content": json.dumps({"mrn": "00417723"})}])
    assert leaked(upstream.received) == []


@pytest.mark.parametrize("stream", [False, True])
def test_generate(client, upstream, stream):
    upstream.behave("*", pieces=[1])
    answer = client.generate("capture", NOTE, system="For " + NOTE, suffix=NOTE, stream=stream)
    assert ("".join(x.response for x in answer) if stream else answer.response) == NOTE
    assert leaked(upstream.received) == []


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("form", ["json", {"type": "object", "properties": {"answer": {"type": "string"}}}])
def test_json(client, upstream, stream, form):
    upstream.behave("*", pieces=[2])
    text = NOTE + ' "quoted"'
    answer = client.chat("capture", [{"role": "user", "content": text}], format=form, stream=stream)
    content = "".join(x.message.content for x in answer) if stream else answer.message.content
    assert json.loads(content) == {"answer": text}
    answer = client.generate("capture", text, format=form, stream=stream)
    assert json.loads("".join(x.response for x in answer) if stream else answer.response) == {"answer": text}


def test_embed(client, upstream):
    assert len(client.embed("capture", [NOTE, "plain"]).embeddings) == 2 and leaked(upstream.received) == []


def test_a_stream_is_the_default(gateway, upstream):
    upstream.clear()
    r = httpx.post(f"http://127.0.0.1:{gateway.port}/api/chat", json={"model": "capture", "messages": USER},
                   headers={"authorization": "Bearer " + gateway.keys["first"]})
    assert r.headers["content-type"] == "application/x-ndjson" and r.text.endswith("\n")
    assert "".join(json.loads(line)["message"]["content"] for line in r.text.splitlines()) == NOTE
    assert gateway.records("decision")[-1]["request"]["stream"] is True


@pytest.mark.parametrize("call,reason", [
    (lambda c: c.chat("capture", [{"role": "user", "content": "x", "images": ["AAAA"]}]), "image"),
    (lambda c: c.generate("capture", "x", images=["AAAA"]), "image"),
    (lambda c: c.generate("capture", "x", context=[1, 2, 3]), "token_ids")])
def test_what_cannot_be_read(client, upstream, call, reason):
    with pytest.raises(ollama.ResponseError) as e:
        call(client)
    assert e.value.status_code == 400 and f"Reason: {reason}." in e.value.error and upstream.requests == []


def test_a_model_in_somebody_elses_cloud(client, upstream):
    with pytest.raises(ollama.ResponseError) as e:
        client.chat("gpt-oss:120b-cloud", USER)
    assert e.value.status_code == 403 and "model_runs_elsewhere" in e.value.error and upstream.requests == []


def test_a_cut_stream_raises(client, upstream):
    upstream.behave("*", finish=False)
    with pytest.raises(ollama.ResponseError, match="ended early"):
        list(client.chat("capture", USER, stream=True))


def test_other_addresses(gateway, upstream):
    upstream.clear()
    for path in ("/api/pull", "/api/create", "/api/copy", "/api/push", "/api/blobs/x", "/v1/api/chat", "/api/chat/", "/api/delete"):
        r = httpx.post(f"http://127.0.0.1:{gateway.port}{path}", json={"model": "capture"},
                       headers={"authorization": "Bearer " + gateway.keys["first"]})
        assert r.status_code == 404 and upstream.requests == []
