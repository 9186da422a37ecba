# SPDX-License-Identifier: Apache-2.0
"""/v1/responses and its neighbours with the real openai-python: nothing leaves, every copy of a text comes back the same, and
what would be kept, fetched or passed on by the other side is refused."""
import json
import time

import httpx
import openai
import pytest

from planted import NOTE, leaked


@pytest.fixture
def client(gateway, upstream):
    upstream.clear()
    upstream.behaviours.clear()
    return openai.OpenAI(base_url=gateway.url, api_key=gateway.keys["first"], max_retries=0)


def ask(client, given=NOTE, **more):
    return client.responses.create(model="capture", input=given, **more)


TOOLS = [{"type": "function", "name": "lookup", "description": "Finds a chart.", "strict": False,
          "parameters": {"type": "object", "properties": {"text": {"type": "string"}}}}]


def test_plain(client, upstream):
    answer = ask(client)
    assert answer.output_text == NOTE and answer.output[0].summary[0].text == NOTE
    assert leaked(upstream.received) == [] and b"[MRN_1]" in upstream.received


def test_store_is_forced(client, upstream, gateway):
    for more in ({}, {"store": True}, {"store": None}, {"store": False}):
        raw = client.responses.with_raw_response.create(model="capture", input=NOTE, **more)
        sent = upstream.requests[-1].json
        assert sent["store"] is False and list(sent).count("store") == 1
        record = [r for r in gateway.records("decision") if r["request_id"] == raw.headers["x-phigate-request-id"]][0]
        assert record.get("mutations") == (None if more.get("store") is False else ["store=false"])
    httpx.post(gateway.url + "/responses", json={}, headers={"authorization": "Bearer " + gateway.keys["first"]})
    # Without a finding the body changes by that alone.
    body = b'{ "model":"capture" , "input":"hello", "max_output_tokens": 1e2}'
    r = httpx.post(gateway.url + "/responses", content=body, headers={
        "authorization": "Bearer " + gateway.keys["first"], "content-type": "application/json"})
    assert r.status_code == 200 and upstream.requests[-1].body == b'{"store":false,' + body[1:]


def everything(client, given=NOTE, **more):
    """All texts of a stream by the place that they came from."""
    texts, numbers = {}, []
    for e in ask(client, given, stream=True, **more):
        numbers.append(e.sequence_number)
        if e.type.endswith(".delta"):
            texts[e.type] = texts.get(e.type, "") + e.delta
        elif e.type == "response.content_part.done":
            texts[e.type] = e.part.text
        elif e.type == "response.reasoning_summary_part.done":
            texts[e.type] = e.part.text
        elif e.type == "response.output_item.done":
            item = e.item
            texts[e.type + " " + item.type] = (item.summary[0].text if item.type == "reasoning" else
                                               item.arguments if item.type == "function_call" else item.content[0].text)
        elif e.type == "response.function_call_arguments.done":
            texts[e.type] = e.arguments
        elif e.type.endswith("_text.done"):
            texts[e.type] = e.text
        elif e.type == "response.completed":
            texts["completed summary"] = e.response.output[0].summary[0].text
            texts["completed"] = e.response.output_text or e.response.output[1].arguments
        if e.type in ("response.created", "response.completed"):
            texts[e.type + " instructions"] = e.response.instructions
            texts[e.type + " metadata"] = (e.response.metadata or {}).get("about")
    return texts, numbers


@pytest.mark.parametrize("pieces", [[1], [2], [3, 1, 5], [9], [400]])
def test_every_copy_of_a_stream(client, upstream, pieces):
    upstream.behave("*", pieces=pieces)
    texts, numbers = everything(client, instructions="Help " + NOTE, metadata={"about": NOTE})
    echoes = {k: v for k, v in texts.items() if k.endswith((" instructions", " metadata"))}
    copies = {k: v for k, v in texts.items() if k not in echoes}
    assert len(copies) == 10 and set(copies.values()) == {NOTE}
    assert echoes["response.completed instructions"] == echoes["response.created instructions"] == "Help " + NOTE
    assert echoes["response.completed metadata"] == echoes["response.created metadata"] == NOTE
    assert numbers == list(range(1, len(numbers) + 1))
    assert leaked(upstream.received) == []


@pytest.mark.parametrize("pieces", [[1], [4], [400]])
def test_arguments_are_json(client, upstream, pieces):
    upstream.behave("*", pieces=pieces)
    text = NOTE + ' He said "no\\yes"\nand left.'
    call = ask(client, text, tools=TOOLS).output[1]
    assert json.loads(call.arguments) == {"text": text}
    texts, _ = everything(client, text, tools=TOOLS)
    arguments = [v for k, v in texts.items() if "function_call" in k or k == "completed"]
    assert len(arguments) == 4 and all(json.loads(a) == {"text": text} for a in arguments)
    assert leaked(upstream.received) == []


def test_json_mode(client, upstream):
    text, form = NOTE + ' "quoted"', {"format": {"type": "json_object"}}
    assert json.loads(ask(client, text, text=form).output_text) == {"answer": text}
    texts, _ = everything(client, text, text=form)
    assert all(json.loads(v) == {"answer": text} for k, v in texts.items() if v and "output_text" in k)
    assert json.loads(texts["completed"]) == {"answer": text}


def test_events_that_repeat_a_large_request(client, upstream):
    instructions = "Help " + NOTE + " and this is a long guide." * 60_000
    texts, _ = everything(client, "hello", instructions=instructions)
    assert texts["response.completed instructions"] == instructions and texts["completed"] == "hello"


def test_what_is_held_at_the_end_comes_before_the_copy(client, upstream):
    upstream.behave("*", reply="The patient is [NAM", pieces=[1])
    texts, _ = everything(client)
    assert {v for k, v in texts.items() if k.startswith(("response.output_text", "completed"))} == {"The patient is [NAM"}


def test_restored_values_are_counted_once(client, gateway):
    raw = client.responses.with_raw_response.create(model="capture", input="Mr. Hollingsworth came.", stream=True)
    list(raw.parse())
    for _ in range(50):
        outcome = [r for r in gateway.wait_records("outcome", 1) if r["request_id"] == raw.headers["x-phigate-request-id"]]
        if outcome:
            break
        time.sleep(0.2)
    assert outcome[0]["result"] == "complete" and outcome[0]["restored"] == 2  # the summary and the text
    assert outcome[0]["tokens_in"] == 7 and outcome[0]["tokens_out"] == 5


def test_a_conversation_goes_around(client, upstream):
    """The output of one turn is the input of the next, as the SDK gives it."""
    first = ask(client, NOTE)
    given = [{"role": "user", "content": NOTE}, *[i.model_dump(exclude_none=True) for i in first.output],
             {"role": "user", "content": "Again, for Mr. Hollingsworth."}]
    answer = ask(client, given)
    assert answer.output_text == "Again, for Mr. Hollingsworth."
    assert leaked(upstream.received) == []
    sent = upstream.requests[-1].json["input"]
    assert sent[1]["encrypted_content"] == "gAAAAA" + "b" * 120
    assert sent[0]["content"] == sent[2]["content"][0]["text"] == sent[1]["summary"][0]["text"]


ITEMS = [
    {"type": "function_call", "call_id": "c1", "name": "f", "arguments": json.dumps({"a": NOTE})},
    {"type": "function_call_output", "call_id": "c1", "output": json.dumps({"chart": {"mrn": "00417723", "n": NOTE}})},
    {"type": "function_call_output", "call_id": "c1", "output": [{"type": "input_text", "text": NOTE}]},
    {"type": "custom_tool_call", "call_id": "c2", "name": "g", "input": NOTE},
    {"type": "custom_tool_call_output", "call_id": "c2", "output": NOTE},
    {"type": "reasoning", "id": "rs_1", "summary": [{"type": "summary_text", "text": NOTE}],
     "content": [{"type": "reasoning_text", "text": NOTE}]},
    {"type": "local_shell_call", "id": "l", "call_id": "c3", "status": "completed",
     "action": {"type": "exec", "command": ["grep", NOTE], "env": {"A": NOTE}, "user": NOTE, "working_directory": NOTE}},
    {"type": "local_shell_call_output", "id": "l", "output": NOTE},
    {"type": "shell_call", "call_id": "c4", "action": {"commands": [NOTE]}},
    {"type": "shell_call_output", "call_id": "c4", "output": [
        {"stdout": NOTE, "stderr": NOTE, "outcome": {"type": "exit", "exit_code": 0}}]},
    {"type": "apply_patch_call", "call_id": "c5", "status": "completed",
     "operation": {"type": "update_file", "path": NOTE, "diff": NOTE}},
    {"type": "apply_patch_call_output", "call_id": "c5", "status": "completed", "output": NOTE},
    {"type": "file_search_call", "id": "fs", "status": "completed", "queries": [NOTE],
     "results": [{"text": NOTE, "filename": NOTE, "attributes": {"k": NOTE}}]},
    {"type": "web_search_call", "id": "w", "status": "completed", "action": {"type": "search", "query": NOTE, "queries": [NOTE]}},
    {"type": "code_interpreter_call", "id": "ci", "status": "completed", "code": NOTE, "outputs": [{"type": "logs", "logs": NOTE}]},
    {"type": "tool_search_call", "call_id": "c6", "arguments": {"q": NOTE}},
    {"type": "additional_tools", "role": "developer", "tools": [
        {"type": "function", "name": "h", "description": NOTE, "parameters": {}}]},
    {"type": "program", "call_id": "c7", "code": NOTE, "fingerprint": "x"},
    {"role": "assistant", "content": [{"type": "output_text", "text": NOTE, "annotations": [], "logprobs": []},
                                      {"type": "refusal", "refusal": NOTE}]},
]


@pytest.mark.parametrize("item", ITEMS, ids=lambda i: i.get("type", "message"))
def test_every_item_is_searched(client, upstream, item):
    ask(client, [item, {"role": "user", "content": "hello"}])
    assert leaked(upstream.received) == [] and b"[MRN_1]" in upstream.received


@pytest.fixture
def refuse(gateway, upstream):
    upstream.clear()

    def post(body, reason, path="/responses", code="unscannable_input"):
        r = httpx.post(gateway.url + path, json={"model": "capture", **body},
                       headers={"authorization": "Bearer " + gateway.keys["first"]})
        assert r.status_code == 400 and r.json()["error"]["code"] == code, r.text
        assert f"Reason: {reason}." in r.json()["error"]["message"] and upstream.requests == []
    return post


@pytest.mark.parametrize("more,reason", [
    ({"previous_response_id": "resp_1"}, "stored_object"),
    ({"conversation": "conv_1"}, "stored_object"),
    ({"conversation": {"id": "conv_1"}}, "stored_object"),
    ({"background": True}, "stored_object"),
    ({"prompt": {"id": "pmpt_1", "variables": {"a": "b"}}}, "stored_object"),
    ({"tools": [{"type": "web_search"}]}, "hosted_tool"),
    ({"tools": [{"type": "mcp", "server_label": "x", "server_url": "https://example.com"}]}, "hosted_tool"),
    ({"tools": [{"type": "file_search", "vector_store_ids": ["vs_1"]}]}, "stored_object"),
    ({"tools": [{"type": "code_interpreter", "container": {"type": "auto"}}]}, "hosted_tool"),
    ({"tools": [{"type": "image_generation"}]}, "hosted_tool"),
    ({"tools": [{"type": "shell", "environment": {"type": "container_auto"}}]}, "hosted_tool"),
    ({"tools": [{"type": "computer_use_preview", "display_width": 1, "display_height": 1, "environment": "mac"}]}, "hosted_tool"),
    ({"tools": [{"type": "namespace", "name": "n", "description": "d", "tools": [{"type": "web_search"}]}]}, "hosted_tool")])
def test_state_and_hosted_tools_are_refused(refuse, more, reason):
    refuse({"input": "hello", **more}, reason)
    refuse({"input": "hello", **more}, reason, "/responses/input_tokens")


@pytest.mark.parametrize("item,reason", [
    ({"type": "item_reference", "id": "msg_1"}, "stored_object"),
    ({"role": "user", "content": [{"type": "input_image", "image_url": "data:image/png;base64,AAAA"}]}, "image"),
    ({"role": "user", "content": [{"type": "input_image", "file_id": "file-1"}]}, "image"),
    ({"role": "user", "content": [{"type": "input_file", "file_id": "file-1"}]}, "file"),
    ({"role": "user", "content": [{"type": "input_file", "file_url": "https://example.com/a.pdf"}]}, "file"),
    ({"role": "user", "content": [{"type": "input_audio", "input_audio": {"data": "AAAA", "format": "wav"}}]}, "audio"),
    ({"type": "function_call_output", "call_id": "c", "output": [{"type": "input_image", "image_url": "data:,x"}]}, "image"),
    ({"type": "computer_call_output", "call_id": "c", "output": {"type": "computer_screenshot", "image_url": "data:,x"}}, "image"),
    ({"type": "image_generation_call", "id": "i", "status": "completed", "result": "AAAA"}, "image"),
    ({"type": "mcp_call", "id": "m", "name": "n", "arguments": "{}", "server_label": "s"}, "hosted_tool"),
    ({"type": "hologram", "id": "h"}, "unknown_part")])
def test_items_that_cannot_be_read(refuse, item, reason):
    refuse({"input": [item]}, reason)


def test_a_fact_of_the_wrong_type(refuse):
    refuse({"input": "hello", "background": "true"}, "invalid_value", code="invalid_json")
    refuse({"input": "hello", "store": "false"}, "invalid_value", code="invalid_json")


def test_compact_and_input_tokens(client, upstream):
    assert client.responses.compact(model="capture", input=NOTE).output[0].content[0].text == NOTE
    assert client.responses.input_tokens.count(model="capture", input=NOTE).input_tokens == 7
    assert leaked(upstream.received) == [] and b'"store"' not in upstream.received


def test_a_cut_stream_raises(client, upstream):
    upstream.behave("*", finish=False)
    with pytest.raises(openai.APIError, match="ended early"):
        list(ask(client, stream=True))


def test_an_upgrade_is_not_served(gateway, upstream):
    r = httpx.get(gateway.url + "/responses", headers={"authorization": "Bearer " + gateway.keys["first"],
                                                       "connection": "upgrade", "upgrade": "websocket"})
    assert r.status_code in (400, 404)


def test_the_echo_model_shows_what_leaves(client):
    """What a first run answers: the text as it left, then with the caller's values."""
    answer = client.responses.create(model="echo", input="Mr. Hollingsworth came.").output_text
    assert answer == "The model received: Mr. \u2039NAME_1\u203a came.\n\nThe same with your own values: Mr. Hollingsworth came."
    events = list(client.responses.create(model="echo", input=[{"role": "user", "content": "Mr. Hollingsworth came."}], stream=True))
    assert "".join(e.delta for e in events if e.type == "response.output_text.delta") == answer
    assert events[-1].response.output_text == answer and [e.sequence_number for e in events] == list(range(1, len(events) + 1))
    form = {"format": {"type": "json_object"}}
    assert json.loads(client.responses.create(model="echo", input="Mr. Hollingsworth came.", text=form).output_text)["same"] == \
        "Mr. Hollingsworth came."
