# SPDX-License-Identifier: Apache-2.0
"""What an upstream keeps for a client, with the real SDK: files and batches whose results come back hours later, responses that are
fetched and continued, conversations. Each restored to the client that stored it; for another it does not exist. Closed unless the policy opens it."""
import itertools
import json
import re
import secrets
import time

import httpx
import openai
import pytest

from planted import NOTE, leaked

ADA, BO = "Mr. Quillfeather, MRN: 00417723, came in.", "Mrs. Vanderplank, MRN: 00559812, came in."
PLANTED = ("00417723", "00559812", "Quillfeather", "Vanderplank")
POLICY = """id: keeping
version: 1
description: Lets the upstream keep things.
extends: minimum-necessary
stored: {}
end: keeping
"""


def keeping(place, upstream, stored="all", more="force: {store: true}", start=True):
    from conftest import Gateway
    g = Gateway(place, upstream.port, policy="keeping.yaml", upstream_more=more, extra=(
        "tokens: {scope: client, vault: {sqlite: vault.db, key: {file: secrets/vault.key}, ttl: 30d}}\n"))
    g.write("secrets/vault.key", secrets.token_hex(32) + "\n")
    g.write("keeping.yaml", POLICY.format(stored))
    return g.start() if start else g


@pytest.fixture(scope="module")
def gateway(tmp_path_factory, upstream):
    g = keeping(tmp_path_factory.mktemp("gateway"), upstream)
    yield g
    assert g.stop() == 0, g.log_text()


@pytest.fixture(autouse=True)
def fresh(upstream):
    upstream.clear()
    upstream.behaviours.clear()


def client(gateway, name="first"):
    return openai.OpenAI(base_url=gateway.url, api_key=gateway.keys[name], max_retries=0, timeout=60)


def line(identifier, text, url="/v1/chat/completions", **more):
    body = {"model": "capture", **more}
    body.update({"messages": [{"role": "user", "content": text}]} if "chat" in url else {"input": text})
    return json.dumps({"custom_id": identifier, "method": "POST", "url": url, "body": body})


def upload(sdk, *lines, **more):
    return sdk.files.create(file=("Jane Sample 1951-04-17.jsonl", "\n".join(lines).encode() + b"\n"), purpose="batch", **more)


def clean(upstream):
    return [p for p in PLANTED if p.encode() in upstream.received] == [] and leaked(upstream.received) == [] and b"Jane" not in upstream.received


def run(sdk, *lines, endpoint="/v1/chat/completions"):
    file = upload(sdk, *lines)
    batch = sdk.batches.create(input_file_id=file.id, endpoint=endpoint, completion_window="24h", metadata={"note": ADA})
    assert batch.metadata == {"note": ADA}
    batch = sdk.batches.retrieve(batch.id)
    assert batch.status == "completed" and batch.metadata == {"note": ADA}
    return file, batch, [json.loads(row) for row in sdk.files.content(batch.output_file_id).text.splitlines()]


# ---- batches ----

def test_a_batch_from_end_to_end(gateway, upstream):
    sdk = client(gateway)
    rows = [line("MRN: 00417723", ADA), line("b", BO, temperature=0.5), line("c", "Nobody here."),
            line("d", ADA, response_format={"type": "json_object"}), line("e", ADA + ' "quoted\\"\n', tool_choice={
                "type": "function", "function": {"name": "f"}}, tools=[{"type": "function", "function": {"name": "f"}}])]
    file, batch, results = run(sdk, *rows)
    assert clean(upstream) and file.filename == "file-1.jsonl"
    assert [r["custom_id"] for r in results] == ["MRN: 00417723", "b", "c", "d", "e"]
    said = [r["response"]["body"]["choices"][0]["message"] for r in results]
    assert [m["content"] for m in said[:3]] == [ADA, BO, "Nobody here."]
    assert json.loads(said[3]["content"]) == {"answer": ADA}
    assert json.loads(said[4]["tool_calls"][0]["function"]["arguments"]) == {"text": ADA + ' "quoted\\"\n'}
    # The file itself comes back as it was.
    assert [json.loads(r) for r in sdk.files.content(file.id).text.splitlines()] == [json.loads(r) for r in rows]
    sent = [json.loads(r) for r in upstream.store.files[file.id].decode().splitlines()]
    assert sent[1]["body"]["temperature"] == 0.5 and sent[0]["url"] == "/v1/chat/completions"


def test_one_value_one_token_in_all_lines(gateway, upstream):
    file = upload(client(gateway), *[line(str(i), ADA if i % 2 else BO) for i in range(40)])
    sent = [json.loads(r)["body"]["messages"][0]["content"] for r in upstream.store.files[file.id].decode().splitlines()]
    assert len(set(sent)) == 2 and clean(upstream)
    record = gateway.records("decision")[-1]
    assert record["request"]["endpoint"] == "/v1/files" and record["found"]["MRN"] == 40 and "form=rebuilt" in record["mutations"]
    rows = [f for f in record["findings"] if f["kind"] == "MRN"]
    assert [(r["count"], r["path"]) for r in rows] == [(40, "body.messages[].content")] and len(record["values"]) >= 2


def test_two_people_in_two_lines_never_share_a_number(gateway, upstream):
    """Lines are asked about together, but each has its own people: first names and surnames of one are none of another's."""
    names = [("Ada", "Quillfeather"), ("Bo", "Vanderplank"), ("Cyd", "Ostrowgill"), ("Dov", "Fennimarsh")] * 3
    lines = [line(str(i), f"Patient {a} {b} came in. Mrs. {b} was seen by the nurse; {b}, {a} went home.") for i, (a, b) in enumerate(names)]
    file = upload(client(gateway), *lines)
    numbers = {}
    for (_, surname), row in zip(names, upstream.store.files[file.id].decode().splitlines()):
        said = json.loads(row)["body"]["messages"][0]["content"]
        numbers.setdefault(surname, set()).update(re.findall(r"\[NAME_(\d+)[B-Z]*\]", said))
    assert all(numbers.values()) and clean(upstream)
    for one in numbers:
        assert all(one == other or not numbers[one] & numbers[other] for other in numbers), numbers


def test_batches_of_responses_and_vectors(gateway, upstream):
    sdk = client(gateway)
    _, _, results = run(sdk, line("a", ADA, "/v1/responses"), line("b", BO, "/v1/responses", store=True), endpoint="/v1/responses")
    assert [r["response"]["body"]["output"][-1]["content"][0]["text"] for r in results] == [ADA, BO]
    upload(sdk, line("a", [ADA, BO], "/v1/embeddings"))
    assert clean(upstream)


def test_another_client_has_no_such_objects(gateway, upstream):
    file, batch, _ = run(client(gateway), line("a", ADA))
    other, before = client(gateway, "second"), len(upstream.requests)
    for call in (lambda: other.files.retrieve(file.id), lambda: other.files.content(file.id), lambda: other.files.delete(file.id),
                 lambda: other.files.content(batch.output_file_id), lambda: other.batches.retrieve(batch.id),
                 lambda: other.batches.cancel(batch.id),
                 lambda: other.batches.create(input_file_id=file.id, endpoint="/v1/chat/completions", completion_window="24h"),
                 lambda: client(gateway).files.retrieve("file-nobody"), lambda: client(gateway).batches.retrieve("batch_nobody")):
        with pytest.raises(openai.NotFoundError) as e:
            call()
        assert e.value.code == "unknown_object"
    assert len(upstream.requests) == before
    assert file.id not in [f.id for f in other.files.list()] and batch.id not in [b.id for b in other.batches.list()]
    assert file.id in [f.id for f in client(gateway).files.list()] and batch.id in [b.id for b in client(gateway).batches.list(limit=20)]


def test_after_a_restart(tmp_path_factory, upstream):
    """The results of a batch come hours later, from a gateway that was started anew."""
    g = keeping(tmp_path_factory.mktemp("gateway"), upstream)
    sdk = client(g)
    file = upload(sdk, line("a", ADA))
    batch = sdk.batches.create(input_file_id=file.id, endpoint="/v1/chat/completions", completion_window="24h")
    assert g.stop() == 0
    g.start()
    batch = sdk.batches.retrieve(batch.id)
    assert ADA in json.loads(sdk.files.content(batch.output_file_id).text)["response"]["body"]["choices"][0]["message"]["content"]
    assert sdk.files.delete(file.id).deleted
    with pytest.raises(openai.NotFoundError):
        sdk.files.retrieve(file.id)
    assert g.stop() == 0 and [p for p in PLANTED if p.encode() in g.everything_written()] == []


def test_a_token_of_another_batch_is_not_restored(gateway, upstream):
    upload(client(gateway), line("a", BO))
    bo = upstream.store.files[list(upstream.store.files)[-1]].decode()
    token = bo[bo.index("[MRN_"):].split("]")[0] + "]"
    upstream.behave("*", reply="It was " + token)
    _, _, results = run(client(gateway), line("a", ADA))
    assert results[0]["response"]["body"]["choices"][0]["message"]["content"] == "It was " + token


@pytest.mark.parametrize("lines,code,where", [
    ([line("a", ADA), '{"custom_id":"x"}'], "invalid_json", "line[2]"), ([line("a", ADA), "{"], "invalid_json", "line[2]"),
    ([line("a", ADA)[:-1] + ',"note":"MRN: 00417723"}'], "invalid_json", "line[1]"),
    ([line("a", ADA).replace("/v1/chat", "/v1/images")], "invalid_json", "line[1]"),
    ([line("a", ADA).replace("POST", "DELETE")], "invalid_json", "line[1]"),
    ([line("a", ADA), line("b", ADA).replace('"capture"', '"other"')], "model_not_allowed", "line[2]"),
    ([line("a", ADA).replace('"model": "capture", ', "")], "model_missing", "line[1]"),
    ([line("a", ADA, stream=True)], "feature_not_covered", "line[1]"),
    ([line("a", "x"), line("b", [{"type": "image_url", "image_url": {"url": "data:,x"}}])], "unscannable_input", "line[2].body.messages[0].content"),
    ([line("a", "x", "/v1/responses", previous_response_id="resp_1")], "unscannable_input", "line[1].body.previous_response_id"),
    ([line("a", "x"), line("b", "x", metadata={"jane.sample@example.com": "x"})], "phi_blocked", "line[2].body.metadata"),
    ([line("a", "x").replace('"content": "x"', '"content": "x", "content": "SSN 219-09-9999"')], "invalid_json", "line[1]"),
    ([], "invalid_form", None)])
def test_one_bad_line_fails_the_file(gateway, upstream, lines, code, where):
    with pytest.raises(openai.APIStatusError) as e:
        upload(client(gateway), *lines)
    assert e.value.code == code and upstream.requests == [], e.value.message
    assert where is None or e.value.param.startswith(where)
    assert leaked(e.value.message.encode()) == []


@pytest.mark.parametrize("purpose", ["fine-tune", "assistants", "user_data", "vision", "evals"])
def test_files_for_other_purposes(gateway, upstream, purpose):
    with pytest.raises(openai.PermissionDeniedError) as e:
        client(gateway).files.create(file=("a.jsonl", line("a", ADA).encode()), purpose=purpose)
    assert e.value.code == "feature_not_covered" and upstream.requests == []


def test_files_of_other_kinds(gateway, upstream):
    for name in ("a.pdf", "a.txt", "a.zip", "a"):
        with pytest.raises(openai.BadRequestError) as e:
            client(gateway).files.create(file=(name, line("a", ADA).encode()), purpose="batch")
        assert e.value.code == "invalid_form" and upstream.requests == []


@pytest.mark.parametrize("path", ["/files/a%2fb", "/files/file-1/content/x", "/batches/b?x=1", "/files?after=a b",
                                  "/files/mrn 00417723", "/batches/jane.sample"])
def test_only_ids_are_ids(gateway, upstream, path):
    r = httpx.get(gateway.url + path, headers={"authorization": "Bearer " + gateway.keys["first"]}, timeout=60)
    assert r.status_code in (400, 404) and upstream.requests == []


# ---- several upstreams ----

ROUTES = """routes:
  - {models: ["echo"], upstream: echo}
  - {models: ["llama*"], upstream: second}
  - {models: ["closed"], upstream: closed, policy: on-prem-model}
"""


@pytest.fixture(scope="module")
def two(tmp_path_factory, upstream):
    """Two upstreams that keep things, with one policy; the second client may use one of them."""
    from capture import CaptureUpstream
    other = CaptureUpstream().start()
    other.store.numbers = itertools.count(500000)
    g = keeping(tmp_path_factory.mktemp("gateway"), upstream, start=False)
    more = "".join(f'  {name}: {{url: "http://127.0.0.1:{other.port}/v1", trust: on_prem, force: {{store: true}}}}\n' for name in ("second", "closed"))
    text = (g.dir / "phigate.yaml").read_text()
    g.write("phigate.yaml", text.replace('routes:\n  - {models: ["echo"], upstream: echo}\n', more + ROUTES))
    head, tail = (g.dir / "clients.yaml").read_text().rsplit("default_purpose: treatment", 1)
    g.write("clients.yaml", head + "default_purpose: treatment\n    models: [llama-3]" + tail)
    g.start()
    yield g, other
    assert g.stop() == 0, g.log_text()
    other.stop()


def at(name):
    return {"extra_headers": {"x-phi-upstream": name}}


def test_lists_of_several_upstreams(two, upstream):
    g, other = two
    sdk = client(g)
    here, there = upload(sdk, line("a", ADA)), upload(sdk, line("a", BO).replace("capture", "llama-3"))
    assert here.id in upstream.store.files and there.id in other.store.files
    for call in (sdk.files.list, sdk.batches.list, lambda: sdk.files.list(**at("nobody")), lambda: sdk.files.list(**at("closed")),
                 lambda: sdk.files.list(**at("echo")), lambda: sdk.batches.list(**at("")), lambda: sdk.files.list(**at("x" * 65))):
        with pytest.raises(openai.BadRequestError) as e:
            call()
        assert e.value.code == "upstream_missing" and "x-phi-upstream" in e.value.message
    assert [f.id for f in sdk.files.list(**at("main")).data][-1:] == [here.id]
    assert [f.id for f in sdk.files.list(**at("second")).data] == [there.id]
    before = len(upstream.requests)
    sdk.files.list(after=there.id)  # the next page is of the same list
    assert other.requests[-1].path.endswith("after=" + there.id) and len(upstream.requests) == before
    with pytest.raises(openai.NotFoundError):
        sdk.files.list(after="file-nobody")
    # What names an object goes where it is.
    assert sdk.files.retrieve(there.id).id == there.id and sdk.files.retrieve(here.id).id == here.id
    with pytest.raises(openai.NotFoundError):  # nor elsewhere, if that is said
        sdk.files.retrieve(there.id, **at("main"))
    batch = sdk.batches.create(input_file_id=there.id, endpoint="/v1/chat/completions", completion_window="24h")
    assert batch.id in other.store.batches and [b.id for b in sdk.batches.list(**at("second")).data] == [batch.id]


def test_a_client_that_one_upstream_is_for(two, upstream):
    g, other = two
    sdk = client(g, "second")
    file = upload(sdk, line("a", BO).replace("capture", "llama-3"))
    before = len(upstream.requests)
    assert [f.id for f in sdk.files.list().data] == [file.id] and file.id in other.store.files
    talk = sdk.conversations.create(items=[{"type": "message", "role": "user", "content": ADA}])
    assert talk.id in other.store.conversations and len(upstream.requests) == before
    with pytest.raises(openai.BadRequestError) as e:
        sdk.files.list(**at("main"))
    assert e.value.code == "upstream_missing"


def test_a_conversation_where_it_is_wanted(two, upstream):
    g, other = two
    sdk, items = client(g), [{"type": "message", "role": "user", "content": ADA}]
    with pytest.raises(openai.BadRequestError) as e:
        sdk.conversations.create(items=items)
    assert e.value.code == "upstream_missing"
    talk = sdk.conversations.create(items=items, **at("second"))
    assert talk.id in other.store.conversations
    assert sdk.responses.create(model="llama-3", input=BO, conversation=talk.id).output_text == BO
    with pytest.raises(openai.NotFoundError):  # the other upstream has none of this name
        sdk.responses.create(model="capture", input=BO, conversation=talk.id)


# ---- responses ----

def test_a_conversation_that_the_upstream_keeps(gateway, upstream):
    sdk = client(gateway)
    first = sdk.responses.create(model="capture", input=ADA)
    assert first.output_text == ADA and upstream.requests[-1].json.get("store") is None
    second = sdk.responses.create(model="capture", input="And " + BO, previous_response_id=first.id)
    assert second.output_text == "And " + BO and second.previous_response_id == first.id
    # What only the first turn held comes back in an answer of the second.
    sent = upstream.store.responses[first.id][1]["input"]
    upstream.behave("*", reply="Before: " + sent)
    third = sdk.responses.create(model="capture", input="Who was that?", previous_response_id=second.id)
    assert third.output_text == "Before: " + ADA
    assert sdk.responses.retrieve(third.id).output_text == "Before: " + ADA
    assert sdk.responses.input_items.list(first.id).data[0].content[0].text == ADA
    assert clean(upstream)
    sdk.responses.delete(first.id)
    with pytest.raises(openai.NotFoundError):
        sdk.responses.retrieve(first.id)


def test_a_response_of_another_client(gateway, upstream):
    first = client(gateway).responses.create(model="capture", input=ADA)
    other, before = client(gateway, "second"), len(upstream.requests)
    for call in (lambda: other.responses.retrieve(first.id), lambda: other.responses.delete(first.id), lambda: other.responses.cancel(first.id),
                 lambda: other.responses.create(model="capture", input="x", previous_response_id=first.id)):
        with pytest.raises(openai.NotFoundError) as e:
            call()
        assert e.value.code == "unknown_object"
    assert len(upstream.requests) == before


def test_a_streamed_response_is_kept(gateway, upstream):
    sdk = client(gateway)
    upstream.behave("*", pieces=[2])
    events = list(sdk.responses.create(model="capture", input=ADA, stream=True))
    assert events[-1].response.output[-1].content[0].text == ADA
    assert wait_until_known(sdk).output_text == ADA


def told(gateway, name="first", **query):
    """The events of a stored response's stream, as they are written."""
    with httpx.Client(headers={"authorization": "Bearer " + gateway.keys[name]}, timeout=60) as http:
        r = http.get(gateway.url + "/responses/resp_capture", params={"stream": "true", **query})
    assert r.status_code == 200 and r.headers["content-type"].startswith("text/event-stream"), r.text
    return [json.loads(line[6:]) for line in r.text.splitlines() if line.startswith("data: ")]


@pytest.mark.parametrize("pieces, wire", [([1], None), ([2], None), ([3, 1, 5, 2], None), ([1000], None), ([3], 11)])
def test_a_stream_is_told_again_from_any_event(gateway, upstream, pieces, wire):
    """A token that began in an event that the client has, and ends in one that it has not, comes back whole."""
    sdk = client(gateway)
    upstream.behave("*", pieces=pieces, wire=wire)
    first = [e.to_dict() for e in sdk.responses.create(model="capture", input=ADA, stream=True)]
    wait_until_known(sdk)
    upstream.clear()
    assert told(gateway) == first
    assert "".join(e["delta"] for e in first if e["type"] == "response.output_text.delta") == ADA
    numbers = range(0, first[-1]["sequence_number"] + 2, 7 if wire else 1)
    for after in numbers:
        rest = told(gateway, starting_after=after)
        begins = len(first) - len(rest)
        # What was held back of a text goes out behind its last event and under its number: that may come again.
        again = [e for e in rest if e["sequence_number"] <= after]
        assert rest == first[begins:] and len(again) <= 1 and all(e["type"].endswith(".delta") for e in again), after
        assert begins == 0 or first[begins - 1]["sequence_number"] <= after
    assert [r.path for r in upstream.requests] == ["/v1/responses/resp_capture?stream=true"] * (len(numbers) + 1) and clean(upstream)
    record = gateway.records("decision")[-1]
    assert record["request"]["stream"] and record["request"]["endpoint"] == "/v1/responses/{id}"


def test_a_stream_is_told_again_by_the_sdk(gateway, upstream):
    sdk = client(gateway)
    upstream.behave("*", pieces=[2])
    first = list(sdk.responses.create(model="capture", input=ADA, stream=True))
    wait_until_known(sdk)
    rest = list(sdk.responses.retrieve("resp_capture", stream=True, starting_after=first[20].sequence_number, include_obfuscation=False,
                                       include=["message.output_text.logprobs"]))
    assert [e.sequence_number for e in rest] == [e.sequence_number for e in first[21:]] and rest[-1].response.output_text == ADA
    assert upstream.requests[-1].path.partition("?")[2] == "include%5B%5D=message.output_text.logprobs&include_obfuscation=false&stream=true"


def test_a_query_of_azure(gateway, upstream):
    """The version of the interface is the upstream's own; what else the query says goes along."""
    url = f"http://127.0.0.1:{gateway.port}/openai/v1/files?api-version=preview&limit=5&order=desc"
    assert httpx.get(url, headers={"api-key": gateway.keys["first"]}, timeout=60).status_code == 200
    assert upstream.requests[-1].path == "/v1/files?limit=5&order=desc"


def wait_until_known(sdk):
    deadline = time.monotonic() + 30
    while True:  # it is remembered while the stream runs; the disk may be slow
        try:
            return sdk.responses.retrieve("resp_capture")
        except openai.NotFoundError:
            assert time.monotonic() < deadline
            time.sleep(0.1)


def test_what_an_item_holds_beside(gateway, upstream):
    sdk = client(gateway)
    first = sdk.responses.create(model="capture", input=ADA)
    upstream.clear()
    names = ["message.output_text.logprobs", "reasoning.encrypted_content", "web_search_call.results", "web_search_call.action.sources",
             "message.input_image.image_url", "file_search_call.results", "code_interpreter_call.outputs",
             "computer_call_output.output.image_url"]
    whole = sdk.responses.retrieve(first.id, include=names)
    assert whole.output_text == ADA and whole.output[-1].content[0].logprobs  # tokens of the model's, not of the caller's
    assert sdk.responses.input_items.list(first.id, include=names[:1]).data[0].content[0].text == ADA
    talk = sdk.conversations.create(items=said("user", ADA))
    rows = sdk.conversations.items.list(talk.id, include=names[:2]).data
    assert texts(rows) == [ADA]
    assert texts(sdk.conversations.items.create(talk.id, items=said("user", BO), include=names[:1]).data) == [BO]
    assert texts([sdk.conversations.items.retrieve(rows[0].id, conversation_id=talk.id, include=names[:1])]) == [ADA]
    asked = [r.path.partition("?")[2].replace("%5B%5D", "[]") for r in upstream.requests]
    one = "include[]=" + names[0]
    assert asked == ["&".join("include[]=" + n for n in names), one, "", one + "&include[]=" + names[1], one, one] and clean(upstream)


@pytest.mark.parametrize("path", [
    "/responses/{}?include[]=x", "/responses/{}?include[]=MRN00417723", "/responses/{}?include=message.output_text.logprobs&x=1",
    "/responses/{}?include[]=", "/responses/{}?include[]", "/responses/{}?include[x]=message.output_text.logprobs",
    "/responses/{}?include[][]=message.output_text.logprobs", "/responses/{}?" + "&".join(["include[]=message.output_text.logprobs"] * 9),
    "/responses/{}?stream=1", "/responses/{}?stream=true&stream=true", "/responses/{}?stream[]=true", "/responses/{}?starting_after=-1",
    "/responses/{}?starting_after=219099999", "/responses/{}?starting_after=x", "/responses/{}?include_obfuscation=maybe",
    "/responses/{}?starting_after=1&starting_after=2", "/responses/{}/input_items?stream=true", "/responses/{}/input_items?include[]=MRN:00417723",
    "/responses/{}/input_items?starting_after=1", "/conversations/conv_1/items?include[]=name", "/conversations/conv_1/items/msg_1?include[]=name",
    "/conversations/conv_1?include[]=message.output_text.logprobs", "/responses/{}/cancel?include[]=message.output_text.logprobs"])
def test_what_else_a_query_says_is_refused(gateway, upstream, path):
    first = client(gateway).responses.create(model="capture", input=ADA)
    upstream.clear()
    method = "POST" if "cancel" in path else "GET"
    r = httpx.request(method, gateway.url + path.format(first.id), headers={"authorization": "Bearer " + gateway.keys["first"]}, timeout=60)
    assert r.status_code == 404 and r.json()["error"]["code"] == "unknown_endpoint" and upstream.requests == []
    assert "00417723" not in r.text


def test_a_stream_that_is_told_to_nobody_else(gateway, upstream):
    list(client(gateway).responses.create(model="capture", input=ADA, stream=True))
    wait_until_known(client(gateway))
    upstream.clear()
    with pytest.raises(openai.NotFoundError):
        client(gateway, "second").responses.retrieve("resp_capture", stream=True, starting_after=3)
    assert upstream.requests == []


def test_what_was_not_to_be_stored_is_not_known(gateway, upstream):
    sdk = client(gateway, "second")
    first = sdk.responses.create(model="capture", input=ADA, store=False)
    with pytest.raises(openai.NotFoundError):
        sdk.responses.retrieve(first.id)
    with pytest.raises(openai.NotFoundError):
        sdk.responses.create(model="capture", input="x", previous_response_id="resp_other")
    for more in ({"conversation": "conv_1"}, {"conversation": {"id": "conv_1"}}, {"conversation": {}}, {"conversation": "resp_other"}, {"previous_response_id": "resp_other", "background": True}):
        with pytest.raises(openai.NotFoundError) as e:
            sdk.responses.create(model="capture", input="x", **more)
        assert e.value.code == "unknown_object"
    for more in ({"conversation": ["conv_1"]}, {"prompt": {"id": "p"}}, {"input": [{"id": "msg_1"}]},
                 {"input": [{"type": "item_reference", "id": "msg_1"}]}):
        with pytest.raises(openai.BadRequestError) as e:
            sdk.responses.create(**{"model": "capture", "input": "x", **more})
        assert e.value.code == "unscannable_input"


def test_an_answer_in_the_background(gateway, upstream):
    sdk, other = client(gateway), client(gateway, "second")
    queued = sdk.responses.create(model="capture", input=ADA, background=True)
    assert queued.status == "queued" and queued.output == [] and upstream.requests[-1].json["background"] is True
    assert sdk.responses.retrieve(queued.id).status == "in_progress"
    done = sdk.responses.retrieve(queued.id)
    assert done.status == "completed" and done.output_text == ADA and clean(upstream)
    for call in (other.responses.retrieve, other.responses.cancel):
        with pytest.raises(openai.NotFoundError):
            call(queued.id)
    stopped = sdk.responses.create(model="capture", input=BO, background=True, store=True)
    assert sdk.responses.cancel(stopped.id).status == "cancelled"
    with pytest.raises(openai.BadRequestError) as e:  # it could not be fetched
        sdk.responses.create(model="capture", input=ADA, background=True, store=False)
    assert e.value.code == "unscannable_input"


# ---- conversations ----

def said(role, text):
    return [{"type": "message", "role": role, "content": text}]


def texts(items):
    return [part.text for item in items for part in getattr(item, "content", None) or []]


def test_a_conversation_from_end_to_end(gateway, upstream):
    sdk = client(gateway)
    talk = sdk.conversations.create(items=said("user", ADA) + said("developer", "Be brief."), metadata={"note": "MRN: 00417723"})
    assert talk.metadata == {"note": "MRN: 00417723"}
    assert sdk.conversations.retrieve(talk.id).metadata == {"note": "MRN: 00417723"}
    assert sdk.conversations.update(talk.id, metadata={"note": BO}).metadata == {"note": BO}
    added = sdk.conversations.items.create(talk.id, items=said("user", BO))
    assert texts(added.data) == [BO]
    rows = sdk.conversations.items.list(talk.id, limit=20, order="asc").data
    assert texts(rows) == [ADA, "Be brief.", BO] and clean(upstream)
    assert texts([sdk.conversations.items.retrieve(rows[0].id, conversation_id=talk.id)]) == [ADA]
    assert sdk.conversations.items.delete(rows[1].id, conversation_id=talk.id).metadata == {"note": BO}
    assert texts(sdk.conversations.items.list(talk.id).data) == [ADA, BO]
    assert sdk.conversations.delete(talk.id).deleted
    for call in (sdk.conversations.retrieve, sdk.conversations.items.list, sdk.conversations.delete):
        with pytest.raises(openai.NotFoundError) as e:
            call(talk.id)
        assert e.value.code == "unknown_object"


@pytest.mark.parametrize("form", [lambda i: i, lambda i: {"id": i}])
@pytest.mark.parametrize("stream", [False, True])
def test_a_response_in_a_conversation(gateway, upstream, form, stream):
    """What the conversation holds comes back in an answer, and what is said there comes back with the conversation."""
    sdk = client(gateway)
    talk = sdk.conversations.create(items=said("user", ADA))
    kept = texts_upstream(upstream, talk.id)[0]
    upstream.behave("*", reply="Before: " + kept)
    answer = sdk.responses.create(model="capture", input="And " + BO, conversation=form(talk.id), stream=stream)
    if stream:
        answer = list(answer)[-1].response
    assert answer.output_text == "Before: " + ADA
    rows = texts(sdk.conversations.items.list(talk.id).data)
    assert rows[:2] == [ADA, "And " + BO] and (stream or rows[2] == "Before: " + ADA) and clean(upstream)


def texts_upstream(upstream, identifier):
    return [p["text"] for i in upstream.store.conversations[identifier]["items"].values() for p in i["content"]]


def test_a_conversation_of_another_client(gateway, upstream):
    talk = client(gateway).conversations.create(items=said("user", ADA))
    item = client(gateway).conversations.items.list(talk.id).data[0].id
    other, before = client(gateway, "second"), len(upstream.requests)
    for call in (lambda: other.conversations.retrieve(talk.id), lambda: other.conversations.update(talk.id, metadata={}),
                 lambda: other.conversations.items.list(talk.id), lambda: other.conversations.items.create(talk.id, items=said("user", "x")),
                 lambda: other.conversations.items.retrieve(item, conversation_id=talk.id),
                 lambda: other.conversations.items.delete(item, conversation_id=talk.id), lambda: other.conversations.delete(talk.id),
                 lambda: other.responses.create(model="capture", input="x", conversation=talk.id),
                 lambda: other.responses.create(model="capture", input="x", conversation={"id": talk.id}),
                 lambda: other.responses.create(model="capture", input="x", previous_response_id=talk.id)):
        with pytest.raises(openai.NotFoundError) as e:
            call()
        assert e.value.code == "unknown_object"
    assert len(upstream.requests) == before
    # What one client said in a conversation is not put into another's answer.
    upstream.behave("*", reply="It was " + texts_upstream(upstream, talk.id)[0])
    mine = other.conversations.create(items=said("user", BO))
    assert ADA not in other.responses.create(model="capture", input="Who?", conversation=mine.id).output_text


def test_a_conversation_after_a_restart(tmp_path_factory, upstream):
    g = keeping(tmp_path_factory.mktemp("gateway"), upstream, "responses")
    talk = client(g).conversations.create(items=said("user", ADA))
    assert g.stop() == 0
    g.start()
    assert texts(client(g).conversations.items.list(talk.id).data) == [ADA]
    assert g.stop() == 0 and [p for p in PLANTED if p.encode() in g.everything_written()] == []


@pytest.mark.parametrize("items,code,where", [
    ([{"type": "item_reference", "id": "msg_1"}], "unscannable_input", "items[0]"), ([{"id": "msg_1"}], "unscannable_input", "items[0]"),
    ([{"role": "user", "content": [{"type": "input_image", "image_url": "data:image/png;base64,AAAA"}]}], "unscannable_input", "items[0].content[0]"),
    ([{"role": "user", "content": [{"type": "input_file", "file_id": "file-1"}]}], "unscannable_input", "items[0].content[0]"),
    ([{"type": "mcp_call", "arguments": "{}"}], "unscannable_input", "items[0].type"), ([{"type": "hologram"}], "unscannable_input", "items[0].type"),
    ([{"type": "message", "role": "user", "content": "x", "Content": ADA}], "invalid_json", "items[0]")])
def test_what_no_conversation_may_hold(gateway, upstream, items, code, where):
    sdk = client(gateway)
    talk = sdk.conversations.create()
    upstream.clear()
    for call in (lambda: sdk.conversations.create(items=items), lambda: sdk.conversations.items.create(talk.id, items=items)):
        with pytest.raises(openai.BadRequestError) as e:
            call()
        assert e.value.code == code and e.value.param.startswith(where), (e.value.code, e.value.param)
    assert upstream.requests == []


@pytest.mark.parametrize("path", ["/conversations/conv_1/items/a%2fb", "/conversations/conv_1/items/a.b", "/conversations/conv_1/items/a/b",
                                  "/conversations//items/a", "/conversations/conv_1/items/", "/conversations/conv_1/items?include=x"])
def test_only_ids_are_ids_of_items(gateway, upstream, path):
    r = httpx.get(gateway.url + path, headers={"authorization": "Bearer " + gateway.keys["first"]}, timeout=60)
    assert r.status_code == 404 and r.json()["error"]["code"] == "unknown_endpoint" and upstream.requests == []


def test_a_name_in_the_place_of_an_item(gateway, upstream):
    sdk = client(gateway)
    talk = sdk.conversations.create()
    upstream.clear()
    with pytest.raises(openai.BadRequestError) as e:
        sdk.conversations.items.retrieve("219-09-9999", conversation_id=talk.id)
    assert e.value.code == "phi_blocked" and upstream.requests == []


def test_where_nothing_may_be_stored_there_is_no_conversation(tmp_path_factory, upstream):
    g = keeping(tmp_path_factory.mktemp("gateway"), upstream, more="force: {store: false}")
    with pytest.raises(openai.PermissionDeniedError) as e:
        client(g).conversations.create(items=said("user", ADA))
    assert e.value.code == "feature_not_covered" and upstream.requests == [] and g.stop() == 0


def test_a_client_of_some_models_makes_no_conversation_elsewhere(tmp_path_factory, upstream):
    g = keeping(tmp_path_factory.mktemp("gateway"), upstream, start=False)
    g.write("clients.yaml", (g.dir / "clients.yaml").read_text().replace("default_purpose: treatment", "default_purpose: treatment\n    models: [\"echo\"]", 1))
    g.start()
    with pytest.raises(openai.PermissionDeniedError) as e:
        client(g).conversations.create(items=said("user", ADA))
    assert e.value.code == "feature_not_covered" and upstream.requests == [] and g.stop() == 0


# ---- closed ----

def test_closed_without_a_vault(make_gateway, upstream):
    g = make_gateway(upstream.port, policy="keeping.yaml", start=False, upstream_more="force: {store: true}")
    g.write("keeping.yaml", POLICY.format("all"))
    g.start()
    sdk = client(g)
    for call in (lambda: upload(sdk, line("a", ADA)), lambda: sdk.batches.list(), lambda: sdk.files.content("file-1"),
                 lambda: sdk.responses.retrieve("resp_1"), lambda: sdk.conversations.create(items=said("user", ADA)),
                 lambda: sdk.conversations.items.list("conv_1"), lambda: sdk.conversations.delete("conv_1")):
        with pytest.raises(openai.NotFoundError) as e:
            call()
        assert e.value.code == "unknown_endpoint"
    assert upstream.requests == []


@pytest.mark.parametrize("stored", ["block", "responses", "batches"])
def test_closed_by_the_policy(tmp_path_factory, upstream, stored):
    g = keeping(tmp_path_factory.mktemp("gateway"), upstream, stored)
    sdk = client(g)
    if stored != "batches":
        for call in (lambda: upload(sdk, line("a", ADA)), lambda: sdk.batches.list(), lambda: sdk.files.list()):
            with pytest.raises(openai.PermissionDeniedError) as e:
                call()
            assert e.value.code == "feature_not_covered"
        assert upstream.requests == []
    if stored != "responses":
        with pytest.raises(openai.PermissionDeniedError) as e:
            sdk.conversations.create(items=said("user", ADA))
        assert e.value.code == "feature_not_covered" and upstream.requests == []
        first = sdk.responses.create(model="capture", input=ADA)
        with pytest.raises(openai.NotFoundError):
            sdk.responses.retrieve(first.id)
        with pytest.raises(openai.BadRequestError) as e:
            sdk.responses.create(model="capture", input="x", previous_response_id=first.id)
        assert e.value.code == "unscannable_input"
    assert g.stop() == 0


@pytest.mark.parametrize("stored", ["block", "all"])
def test_what_somebody_stored_never_passes_unread(tmp_path_factory, upstream, stored):
    """`unscannable: allow` lets pictures through, and no conversation of another client."""
    g = keeping(tmp_path_factory.mktemp("gateway"), upstream, stored + "\nunscannable: allow")
    sdk = client(g)
    first = client(g, "second").responses.create(model="capture", input=ADA)
    upstream.clear()
    picture = [{"role": "user", "content": [{"type": "input_image", "image_url": "data:image/png;base64," + "A" * 80}]}]
    assert sdk.responses.create(model="capture", input=picture) and len(upstream.requests) == 1
    for more in ({"previous_response_id": first.id}, {"conversation": "conv_1"}, {"conversation": {"id": "conv_1"}},
                 {"previous_response_id": [first.id]}, {"previous_response_id": first.id, "conversation": "conv_1"},
                 {"input": [{"id": "msg_1"}]}, {"input": [{"type": "item_reference", "id": "msg_1"}]}, {"background": True, "store": False}):
        for path in ("responses", "responses/input_tokens", "responses/compact"):
            r = httpx.post(f"{g.url}/{path}", json={"model": "capture", "input": "x", **more}, timeout=60,
                           headers={"authorization": "Bearer " + g.keys["first"]})
            assert r.status_code in (400, 404) and r.json()["error"]["code"] in ("unscannable_input", "unknown_object"), (more, r.text)
    assert len(upstream.requests) == 1 and g.stop() == 0


@pytest.mark.parametrize("more", [{"background": True}, {"previous_response_id": "first"}])
def test_where_another_policy_decides_it_decides_this_too(tmp_path_factory, upstream, more):
    """What the first route opens is asked anew of the one that the request is sent on to."""
    g = keeping(tmp_path_factory.mktemp("gateway"), upstream, "all\nactions: {SENS.SUD: \"route:own\"}", start=False)
    text = (g.dir / "phigate.yaml").read_text()
    g.write("phigate.yaml", text.replace("routes:\n", f"  own: {{url: \"http://127.0.0.1:{upstream.port}/v1\", trust: on_prem}}\n"
            "routes:\n  - {models: [\"llama\"], upstream: own, policy: on-prem-model}\n"))
    g.start()
    sdk = client(g)
    first = sdk.responses.create(model="capture", input=ADA)
    more = {k: first.id if v == "first" else v for k, v in more.items()}
    assert sdk.responses.create(model="capture", input=ADA, **more)
    upstream.clear()
    with pytest.raises(openai.BadRequestError) as e:
        sdk.responses.create(model="capture", input="Patient attends methadone clinic.", **more)
    assert e.value.code == "unscannable_input" and upstream.requests == [] and g.stop() == 0


@pytest.mark.parametrize("stored", ["block", "all"])
def test_a_conversation_does_not_move(tmp_path_factory, upstream, stored):
    """What the policy sends elsewhere is not added to a conversation that is kept here, nor is a new one made where none may be."""
    g = keeping(tmp_path_factory.mktemp("gateway"), upstream, "all\nactions: {SENS.SUD: \"route:own\"}", start=False)
    text = (g.dir / "phigate.yaml").read_text()
    g.write("own.yaml", POLICY.format(stored).replace("keeping", "own").replace("minimum-necessary", "on-prem-model"))
    g.write("phigate.yaml", text.replace("routes:\n", f"  own: {{url: \"http://127.0.0.1:{upstream.port}/v1\", trust: on_prem, force: {{store: true}}}}\n"
            "routes:\n  - {models: [\"llama\"], upstream: own, policy: own.yaml}\n"))
    g.start()
    sdk = client(g)
    talk = sdk.conversations.create(items=said("user", ADA), **at("main"))
    upstream.clear()
    sensitive = said("user", "Patient attends methadone clinic.")
    for call in (lambda: sdk.conversations.items.create(talk.id, items=sensitive),
                 lambda: sdk.responses.create(model="capture", input=sensitive, conversation=talk.id)):
        with pytest.raises(openai.APIStatusError) as e:
            call()
        assert e.value.code in ("unknown_object", "unscannable_input", "feature_not_covered") and upstream.requests == []
    if stored == "block":
        with pytest.raises(openai.PermissionDeniedError):
            sdk.conversations.create(items=sensitive, **at("main"))
        assert upstream.requests == []
    else:  # there it is made, known and continued
        made = sdk.conversations.create(items=sensitive, **at("main"))
        assert texts(sdk.conversations.items.list(made.id).data) == ["Patient attends methadone clinic."]
        with pytest.raises(openai.NotFoundError):
            sdk.responses.create(model="capture", input="x", conversation=made.id)
        assert sdk.responses.create(model="llama", input="x", conversation=made.id)
    assert g.stop() == 0, g.log_text()


def test_closed_by_the_agreement(tmp_path_factory, upstream):
    """The agreement covers chats, but not what is kept."""
    from conftest import Gateway
    g = Gateway(tmp_path_factory.mktemp("gateway"), upstream=(
        f'main: {{url: "http://127.0.0.1:{upstream.port}/v1", agreement: {{id: A, vendor: OpenAI, effective: 2020-01-01, '
        'expires: 2090-01-01, arrangement: zdr}, coverage: openai}'), policy="keeping.yaml", extra=(
        "tokens: {scope: client, vault: {sqlite: vault.db, key: {file: secrets/vault.key}}}\n"))
    g.write("secrets/vault.key", secrets.token_hex(32) + "\n")
    g.write("keeping.yaml", POLICY.format("all"))
    g.start()
    with pytest.raises(openai.PermissionDeniedError) as e:
        upload(client(g), line("a", ADA).replace('"capture"', '"gpt-4o"'))
    assert e.value.code == "no_agreement" and upstream.requests == [] and g.stop() == 0


def test_nothing_of_it_stays(gateway, upstream):
    run(client(gateway), line("a", NOTE))
    written = gateway.everything_written()
    assert leaked(written) == [] and [p for p in PLANTED if p.encode() in written] == [] and gateway.verify().returncode == 0
