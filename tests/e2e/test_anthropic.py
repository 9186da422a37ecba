# SPDX-License-Identifier: Apache-2.0
"""Anthropic's /v1/messages with the real anthropic SDK: blocks of all kinds, tool inputs as objects, thinking under its
signature, its events, its errors, its headers."""
import json

import pytest

from planted import NOTE, leaked

anthropic = pytest.importorskip("anthropic")


@pytest.fixture(scope="module")
def gateway(tmp_path_factory, upstream):
    from conftest import Gateway
    g = Gateway(tmp_path_factory.mktemp("gateway"), upstream.port,
                upstream_more="dialect: anthropic, credential: {file: secrets/upstream.key}")
    g.write("secrets/upstream.key", "sk-ant-upstream\n")
    g.start()
    yield g
    assert g.stop() == 0, g.log_text()


@pytest.fixture
def client(gateway, upstream):
    upstream.clear()
    upstream.behaviours.clear()
    return anthropic.Anthropic(base_url=f"http://127.0.0.1:{gateway.port}", api_key=gateway.keys["first"], max_retries=0)


def ask(client, content=NOTE, **more):
    return client.messages.create(model="capture", max_tokens=4096, messages=[{"role": "user", "content": content}], **more)


TOOLS = [{"name": "lookup", "description": "Finds a chart.",
          "input_schema": {"type": "object", "properties": {"text": {"type": "string"}}}}]
THINK = {"type": "enabled", "budget_tokens": 2048}


def test_plain(client, upstream, gateway):
    assert ask(client, system=[{"type": "text", "text": "For " + NOTE, "cache_control": {"type": "ephemeral"}}],
               metadata={"user_id": "Mr. Hollingsworth"}, stop_sequences=["Hollingsworth, MRN: 00417723"],
               extra_body={"temperature": 0.5, "top_k": 40}).content[0].text == NOTE
    sent = upstream.requests[-1]
    assert leaked(sent.raw) == [] and b"[MRN_1]" in sent.raw
    assert sent.header("x-api-key") == ["sk-ant-upstream"] and sent.header("authorization") == []
    assert sent.header("anthropic-version") == [client.default_headers["anthropic-version"]] and sent.path == "/v1/messages"
    assert gateway.keys["first"].encode() not in sent.raw and sent.header("anthropic-beta") == []


@pytest.mark.parametrize("pieces", [[1], [2, 5], [9], [400]])
def test_stream(client, upstream, pieces):
    upstream.behave("*", pieces=pieces)
    with client.messages.stream(model="capture", max_tokens=4096, messages=[{"role": "user", "content": NOTE}]) as stream:
        assert "".join(stream.text_stream) == NOTE
        last = stream.get_final_message()
    assert last.content[0].text == NOTE and last.stop_reason == "end_turn" and last.usage.output_tokens == 5
    assert leaked(upstream.received) == []


@pytest.mark.parametrize("pieces", [[1], [4], [400]])
def test_tool_inputs_are_objects(client, upstream, pieces):
    text = NOTE + ' He said "no\\yes"\nand left.'
    upstream.behave("*", pieces=pieces)
    assert ask(client, text, tools=TOOLS).content[0].input == {"text": text}
    with client.messages.stream(model="capture", max_tokens=4096, tools=TOOLS,
                                messages=[{"role": "user", "content": text}]) as stream:
        assert stream.get_final_message().content[0].input == {"text": text}
    assert leaked(upstream.received) == []


def test_a_tool_loop_with_signed_thinking(client, upstream):
    """What the other side signed goes back as it came, byte for byte, and is not restored on the way to the app."""
    for stream in (False, True):
        upstream.clear()
        if stream:
            with client.messages.stream(model="capture", max_tokens=4096, tools=TOOLS, thinking=THINK,
                                        messages=[{"role": "user", "content": NOTE}]) as s:
                answer = s.get_final_message()
        else:
            answer = ask(client, NOTE, tools=TOOLS, thinking=THINK)
        thought, use = answer.content
        first = upstream.requests[-1].json["messages"][0]["content"]
        assert thought.thinking == "About: " + first and thought.signature == "Sig" + "A" * 100
        assert use.input == {"text": NOTE}
        result = json.dumps({"patient": {"name": "Hollingsworth, Ann", "mrn": "00417723"}})
        client.messages.create(model="capture", max_tokens=4096, tools=TOOLS, thinking=THINK, messages=[
            {"role": "user", "content": NOTE},
            {"role": "assistant", "content": [b.model_dump(exclude_none=True) for b in answer.content]},
            {"role": "user", "content": [{"type": "tool_result", "tool_use_id": use.id, "content": [{"type": "text", "text": result}]}]}])
        sent = upstream.requests[-1].json["messages"]
        assert sent[1]["content"][0] == {"type": "thinking", "thinking": thought.thinking, "signature": thought.signature}
        assert sent[0]["content"] == first and sent[1]["content"][1]["input"]["text"] == first
        assert json.loads(sent[2]["content"][0]["content"][0]["text"])["patient"]["mrn"] == "[MRN_1]"
        assert leaked(upstream.received) == []


def test_identifiers_under_a_signature_are_blocked(client, upstream):
    """A client may write what it likes into a thinking block; it cannot be changed there, so it does not go."""
    with pytest.raises(anthropic.BadRequestError) as e:
        client.messages.create(model="capture", max_tokens=64, messages=[
            {"role": "user", "content": "hello"},
            {"role": "assistant", "content": [{"type": "thinking", "thinking": NOTE, "signature": "S" * 100}]},
            {"role": "user", "content": "go on"}])
    assert "phi_blocked" in str(e.value) and "phi_in_signed_text" in str(e.value) and "Hollingsworth" not in str(e.value)
    assert upstream.requests == []


BLOCKS = [
    {"type": "text", "text": NOTE},
    {"type": "tool_result", "tool_use_id": "t", "content": NOTE},
    {"type": "tool_result", "tool_use_id": "t", "is_error": True, "content": [{"type": "text", "text": NOTE}]},
    {"type": "search_result", "source": NOTE, "title": NOTE, "content": [{"type": "text", "text": NOTE}]},
    {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": NOTE}, "title": NOTE, "context": NOTE},
    {"type": "document", "source": {"type": "content", "content": [{"type": "text", "text": NOTE}]}},
]


@pytest.mark.parametrize("block", BLOCKS, ids=lambda b: b["type"])
def test_every_block_is_searched(client, upstream, block):
    ask(client, [block, {"type": "text", "text": "hello"}])
    assert leaked(upstream.received) == [] and b"[MRN_1]" in upstream.received


@pytest.mark.parametrize("block,reason", [
    ({"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AAAA"}}, "image"),
    ({"type": "image", "source": {"type": "url", "url": "https://example.com/x.png"}}, "image"),
    ({"type": "document", "source": {"type": "base64", "media_type": "application/pdf", "data": "AAAA"}}, "file"),
    ({"type": "document", "source": {"type": "url", "url": "https://example.com/x.pdf"}}, "remote_url"),
    ({"type": "document", "source": {"type": "file", "file_id": "file_1"}}, "stored_object"),
    ({"type": "document", "source": {"type": "hologram"}}, "unknown_part"),
    ({"type": "container_upload", "file_id": "file_1"}, "stored_object"),
    ({"type": "tool_result", "tool_use_id": "t", "content": [{"type": "image", "source": {
        "type": "base64", "media_type": "image/png", "data": "AAAA"}}]}, "image"),
    ({"type": "hologram"}, "unknown_part")])
def test_what_cannot_be_read(client, upstream, block, reason):
    with pytest.raises(anthropic.BadRequestError) as e:
        ask(client, [block])
    assert e.value.body["error"]["type"] == "invalid_request_error" and f"Reason: {reason}." in e.value.body["error"]["message"]
    assert upstream.requests == []


@pytest.mark.parametrize("more,reason", [
    ({"tools": [{"type": "web_search_20250305", "name": "web_search"}]}, "hosted_tool"),
    ({"tools": [{"type": "code_execution_20250522", "name": "code_execution"}]}, "hosted_tool"),
    ({"extra_body": {"mcp_servers": [{"type": "url", "url": "https://example.com", "name": "x"}]}}, "hosted_tool"),
    ({"extra_body": {"container": "container_1"}}, "stored_object")])
def test_hosted_tools_and_state(client, upstream, more, reason):
    with pytest.raises(anthropic.BadRequestError) as e:
        ask(client, **more)
    assert f"Reason: {reason}." in str(e.value) and upstream.requests == []


def test_tools_of_the_app_are_not_hosted(client, upstream):
    ask(client, tools=[{"type": "bash_20250124", "name": "bash"}, {"type": "custom", "name": "c", "input_schema": {"type": "object"}}])
    assert leaked(upstream.received) == []


def test_count_tokens(client, upstream):
    assert client.messages.count_tokens(model="capture", messages=[{"role": "user", "content": NOTE}]).input_tokens == 7
    assert leaked(upstream.received) == [] and upstream.requests[-1].path == "/v1/messages/count_tokens"


def test_errors_have_the_form_of_the_sdk(client, gateway, upstream):
    other = anthropic.Anthropic(base_url=f"http://127.0.0.1:{gateway.port}", api_key="pg-wrong", max_retries=0)
    with pytest.raises(anthropic.AuthenticationError) as e:
        ask(other)
    assert e.value.body["error"]["type"] == "authentication_error" and e.value.body["request_id"]
    with pytest.raises(anthropic.NotFoundError) as e:
        client.messages.batches.list()
    assert e.value.body["error"]["type"] == "not_found_error" and upstream.requests == []


def test_a_cut_stream_raises(client, upstream):
    upstream.behave("*", finish=False)
    with pytest.raises(anthropic.APIStatusError, match="ended early"):
        with client.messages.stream(model="capture", max_tokens=64, messages=[{"role": "user", "content": NOTE}]) as stream:
            list(stream)


def test_a_strange_version_is_not_passed_on(client, upstream):
    ask(client, "hello", extra_headers={"anthropic-version": "Hollingsworth", "anthropic-beta": "files-api-2025-04-14"})
    assert upstream.requests[-1].header("anthropic-version") == ["2023-06-01"]
    assert b"files-api" not in upstream.received and b"Hollingsworth" not in upstream.received
