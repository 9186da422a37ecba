# SPDX-License-Identifier: Apache-2.0
"""Gemini's generateContent and its stream with the real google-genai."""
import json

import httpx
import pytest

from planted import NOTE, leaked

genai = pytest.importorskip("google.genai")
types, errors = genai.types, genai.errors


@pytest.fixture(scope="module")
def gateway(tmp_path_factory, upstream):
    from conftest import Gateway
    g = Gateway(tmp_path_factory.mktemp("gateway"), upstream=f'main: {{url: "http://127.0.0.1:{upstream.port}/v1beta", trust: on_prem, '
                'dialect: gemini, credential: {file: secrets/upstream.key}}')
    g.write("secrets/upstream.key", "goog-upstream\n")
    g.start()
    yield g
    assert g.stop() == 0, g.log_text()


@pytest.fixture
def client(gateway, upstream):
    upstream.clear()
    upstream.behaviours.clear()
    return genai.Client(api_key=gateway.keys["first"], vertexai=False,
                        http_options=types.HttpOptions(base_url=f"http://127.0.0.1:{gateway.port}"))


TOOL = types.Tool(function_declarations=[types.FunctionDeclaration(name="lookup", description="Finds a chart.", parameters={
    "type": "OBJECT", "properties": {"text": {"type": "STRING"}}})])


def ask(client, contents=NOTE, stream=False, **config):
    call = client.models.generate_content_stream if stream else client.models.generate_content
    return call(model="gemini-2.5-pro", contents=contents, config=types.GenerateContentConfig(**config))


def test_plain(client, upstream, gateway):
    assert ask(client, system_instruction="For " + NOTE, temperature=0.5, max_output_tokens=8192, seed=42).text == NOTE
    sent = upstream.requests[-1]
    assert leaked(sent.raw) == [] and b"[MRN_1]" in sent.raw and sent.path == "/v1beta/models/gemini-2.5-pro:generateContent"
    assert sent.header("x-goog-api-key") == ["goog-upstream"] and gateway.keys["first"].encode() not in sent.raw


@pytest.mark.parametrize("pieces", [[1], [2, 5], [9], [400]])
def test_stream(client, upstream, pieces):
    upstream.behave("*", pieces=pieces)
    chunks = list(ask(client, stream=True))
    assert "".join(c.text for c in chunks) == NOTE and chunks[-1].candidates[0].finish_reason == "STOP"
    assert leaked(upstream.received) == [] and upstream.requests[-1].path.endswith(":streamGenerateContent?alt=sse")


def test_thoughts_are_another_text(client, upstream):
    upstream.behave("*", pieces=[1], reply="The [MRN_1] and [NA")
    parts = [p for c in ask(client, stream=True, thinking_config=types.ThinkingConfig(include_thoughts=True)) for p in c.candidates[0].content.parts]
    for thought in (True, False):
        assert "".join(p.text for p in parts if bool(p.thought) == thought) == "The 00417723 and [NA"


@pytest.mark.parametrize("stream", [False, True])
def test_a_function_goes_around(client, upstream, stream):
    text = NOTE + ' He said "no\\yes"\nand left.'
    answer = ask(client, text, stream, tools=[TOOL])
    content = (list(answer)[-1] if stream else answer).candidates[0].content
    assert content.parts[0].function_call.args == {"text": text}
    result = types.Part.from_function_response(name="lookup", response={"chart": {"mrn": "00417723", "note": json.dumps({"n": NOTE})}})
    ask(client, [types.Content(role="user", parts=[types.Part(text=text)]), content, types.Content(role="user", parts=[result])], tools=[TOOL])
    assert leaked(upstream.received) == []


@pytest.mark.parametrize("stream", [False, True])
def test_json(client, upstream, stream):
    upstream.behave("*", pieces=[2])
    text = NOTE + ' "quoted"'
    answer = ask(client, text, stream, response_mime_type="application/json")
    assert json.loads("".join(c.text for c in answer) if stream else answer.text) == {"answer": text}


@pytest.mark.parametrize("part,reason", [
    (types.Part.from_bytes(data=b"x" * 90, mime_type="image/png"), "file"),
    (types.Part.from_uri(file_uri="gs://bucket/x.pdf", mime_type="application/pdf"), "remote_url")])
def test_what_cannot_be_read(client, upstream, part, reason):
    with pytest.raises(errors.ClientError) as e:
        ask(client, [part, "what is this?"])
    assert e.value.code == 400 and f"Reason: {reason}." in e.value.message and upstream.requests == []


@pytest.mark.parametrize("config,reason", [
    ({"tools": [types.Tool(google_search=types.GoogleSearch())]}, "hosted_tool"),
    ({"tools": [types.Tool(code_execution=types.ToolCodeExecution())]}, "hosted_tool"),
    ({"cached_content": "cachedContents/x"}, "stored_object"), ({"response_modalities": ["AUDIO"]}, "spoken_answer")])
def test_hosted_tools_and_state(client, upstream, config, reason):
    with pytest.raises(errors.ClientError) as e:
        ask(client, **config)
    assert f"Reason: {reason}." in e.value.message and upstream.requests == []


def test_both_spellings_are_known(gateway, upstream):
    url = f"http://127.0.0.1:{gateway.port}/v1beta/models/m:generateContent"
    headers = {"x-goog-api-key": gateway.keys["first"]}
    for part in ({"inline_data": {"data": "AA"}}, {"inlineData": {"data": "AA"}}, {"file_data": {"file_uri": "x"}}):
        r = httpx.post(url, json={"contents": [{"parts": [part]}]}, headers=headers)
        assert r.status_code == 400 and r.json()["error"]["status"] == "INVALID_ARGUMENT" and "Reason" in r.json()["error"]["message"]
    r = httpx.post(url, json={"contents": [{"parts": [{"InlineData": {"data": "AA"}}]}]}, headers=headers)
    assert r.status_code == 400 and "ambiguous_key" in r.json()["error"]["message"]


def test_queries_and_paths(gateway, upstream):
    upstream.clear()
    base, headers = f"http://127.0.0.1:{gateway.port}/v1beta/models/", {"x-goog-api-key": gateway.keys["first"]}
    for path in ("m:streamGenerateContent", "m:streamGenerateContent?alt=json", "m:generateContent?alt=sse", "m:generateContent?key=x",
                 "m:countText", "m:tunedContent", "m:batchGenerateContent", "Mr%20Hollingsworth:generateContent"):
        assert httpx.post(base + path, json={"contents": []}, headers=headers).status_code == 404
    assert upstream.requests == []


def test_a_cut_stream_raises(client, upstream):
    upstream.behave("*", finish=False)
    with pytest.raises(Exception, match="ended early"):
        list(ask(client, stream=True))
