# SPDX-License-Identifier: Apache-2.0
"""Somebody else's mock of OpenAI's own description of its interface as the upstream. It checks each request against the description, so
that what the gateway makes of a body is seen to be as valid as what it was given; it answers all that the description knows; and its
log says what arrived. A second one answers with tokens, by the same description with a few texts set."""
import copy
import json
import os
import pathlib
import shutil
import subprocess
import time

import httpx
import openai
import pytest

from conftest import FLAVOUR, ROOT, Gateway, free_port
from planted import NOTE, leaked
from test_openapi import PLANT, Caller, address, bodies, load

STEADY = ROOT / "build" / "stdy" / "node_modules" / "@stdy" / "cli" / "steady.js"
pytestmark = pytest.mark.skipif(not shutil.which("node") or not STEADY.exists(),
                                reason="@stdy/cli is not installed (npm's registry could not be reached)")
ANSWER = "Noted: [MRN_1], [PHONE_1]; [EMAIL_1][DATE_1] and \"[NAME_1]\". Not ours: [NAME_9]."
WANT = "Noted: 00417723, 212-555-0147; jane.sample@example.com04/17/1951 and \"Hollingsworth\". Not ours: [NAME_9]."
PIECE = "_1] or [MRN"  # each event of a stream is alike: a token begins in one and ends in the next
WHOLE = "_1] or " + "00417723 or " * 4 + "[MRN"
PLACES = 250  # of a body; the whole is for test_openapi.py


class Mock:
    def __init__(self, directory, document):
        directory = pathlib.Path(directory)
        (directory / "openapi.json").write_text(json.dumps(document, default=str))
        self.port, self.file = free_port(), directory / "mock.log"
        self.out = open(self.file, "wb")
        # Its first start unpacks itself; a process group of its own, since the script that npm installs starts the program.
        self.process = subprocess.Popen(["node", str(STEADY), "-p", str(self.port), "--host", "127.0.0.1", "--log-format=json", "--log-bodies",
                                         "--generator-seed=7", "--stream-interval=1", str(directory / "openapi.json")],
                                        stdout=self.out, stderr=self.out, start_new_session=True)
        deadline = time.monotonic() + 90
        while b'"startup"' not in self.log():
            assert self.process.poll() is None and time.monotonic() < deadline, self.log()[-1000:]
            time.sleep(0.1)

    def log(self):
        return self.file.read_bytes()

    def stop(self):
        os.killpg(self.process.pid, 15)
        self.process.wait(20)
        self.out.close()

    def asks(self, method, path, body=None):
        """(status, body, codes of what is wrong with the request)"""
        r = httpx.request(method, f"http://127.0.0.1:{self.port}{path}", json=body, headers={"authorization": "Bearer x"}, timeout=30)
        return r.status_code, r.content, codes(r.content)


def codes(body):
    """What an answer says of the request's mistakes, each once."""
    try:
        return {(e["code"], e.get("path")) for e in json.loads(body)["steady"]["errors"]}
    except (ValueError, KeyError, TypeError):
        return set()


def with_tokens(document):
    """The description with the answers' texts set: whole ones to ANSWER, pieces of streams to PIECE."""
    document = copy.deepcopy(document)
    schemas = document["components"]["schemas"]
    schemas["ChatCompletionResponseMessage"] = {"type": "object", "required": ["role", "content"], "properties": {
        "role": {"const": "assistant"}, "content": {"const": ANSWER}}}
    schemas["CreateChatCompletionStreamResponse"]["properties"]["choices"] = {"type": "array", "minItems": 1, "maxItems": 1, "items": {
        "type": "object", "required": ["index", "delta", "finish_reason"], "properties": {
            "index": {"const": 0}, "finish_reason": {"const": None}, "delta": {
                "type": "object", "required": ["content"], "properties": {"content": {"const": PIECE}}}}}}
    event = {"type": "object", "required": ["type", "item_id", "output_index", "content_index", "delta", "sequence_number"], "properties": {
        "type": {"const": "response.output_text.delta"}, "item_id": {"const": "msg_1"}, "output_index": {"const": 0},
        "content_index": {"const": 0}, "delta": {"const": PIECE}, "sequence_number": {"const": 3}}}
    content = document["paths"]["/responses"]["post"]["responses"]["200"]["content"]
    content["text/event-stream"] = {"schema": event}
    whole = copy.deepcopy(document["paths"]["/responses"]["post"]["x-oaiMeta"]["examples"])
    whole = json.loads(next(e["response"] for e in whole if "output_text" in e.get("response", "")))
    whole["output"][0]["content"][0]["text"] = ANSWER
    content["application/json"] = {"schema": {"type": "object"}, "example": whole}
    return document


@pytest.fixture(scope="module")
def spec():
    return load("openai")


def start(tmp_path_factory, document):
    mock = Mock(tmp_path_factory.mktemp("mock"), document)
    g = Gateway(tmp_path_factory.mktemp("gateway"), upstream=f'main: {{url: "http://127.0.0.1:{mock.port}", trust: on_prem}}')
    try:
        g.start()
    except RuntimeError:
        mock.stop()
        raise
    return g, mock


def end(g, mock):
    code, log = g.stop(), mock.log()
    mock.stop()
    assert code == 0, g.log_text()
    assert leaked(log) == [] and b"[MRN_1]" in log


@pytest.fixture(scope="module")
def world(tmp_path_factory, spec):
    g, mock = start(tmp_path_factory, spec.document)
    yield g, mock
    end(g, mock)


@pytest.fixture(scope="module")
def judge(tmp_path_factory, spec):
    """One more, which is asked with nothing in between."""
    mock = Mock(tmp_path_factory.mktemp("judge"), spec.document)
    yield mock
    mock.stop()


@pytest.fixture(scope="module")
def echoing(tmp_path_factory, spec):
    g, mock = start(tmp_path_factory, with_tokens(spec.document))
    yield g, mock
    end(g, mock)


def sdk(g):
    return openai.OpenAI(base_url=g.url, api_key=g.keys["first"], max_retries=0, timeout=120)


USER = [{"role": "user", "content": NOTE}]


def test_answers_of_the_description_pass(world):
    g, mock = world
    client = sdk(g)
    assert client.chat.completions.create(model="gpt-4o", messages=USER).choices[0].message.content
    assert client.responses.create(model="gpt-4o", input=NOTE).output_text
    assert client.embeddings.create(model="text-embedding-3-small", input=NOTE, encoding_format="float").data[0].embedding
    assert client.moderations.create(model="omni-moderation-latest", input=NOTE).results
    assert client.completions.create(model="gpt-3.5-turbo-instruct", prompt=NOTE).choices[0].text
    assert client.images.generate(model="gpt-image-1", prompt=NOTE).created


@pytest.mark.parametrize("path, body", [
    ("/embeddings", {"model": "text-embedding-3-small", "input": "a cough"}), ("/moderations", {"input": "a cough"}),
    ("/completions", {"model": "gpt-3.5-turbo-instruct", "prompt": "a cough"}),
    ("/chat/completions", {"model": "gpt-4o", "messages": [{"role": "user", "content": "a cough"}]}),
    ("/responses", {"model": "gpt-4o", "input": "a cough", "store": False})])
def test_an_answer_without_tokens_is_the_same(world, judge, path, body):
    g, _ = world
    status, direct, wrong = judge.asks("POST", path, body)
    assert status == 200 and not wrong
    got = Caller(g).post("/v1" + path, body)
    assert got[0] == 200 and json.loads(got[1]) == json.loads(direct)


def test_values_come_back(echoing):
    client = sdk(echoing[0])
    assert client.chat.completions.create(model="gpt-4o", messages=USER).choices[0].message.content == WANT
    assert client.responses.create(model="gpt-4o", input=NOTE).output_text == WANT


def lines_of(g, path, body):
    with httpx.stream("POST", f"http://127.0.0.1:{g.port}/v1{path}", json={**body, "stream": True}, timeout=60, headers={
            "authorization": "Bearer " + g.keys["first"], "accept": "text/event-stream"}) as r:
        assert r.status_code == 200 and r.headers["content-type"].startswith("text/event-stream")
        return [json.loads(line[6:]) for line in r.iter_lines() if line.startswith("data: {")]


def test_streams(echoing):
    g, _ = echoing
    chat = lines_of(g, "/chat/completions", {"model": "gpt-4o", "messages": USER})
    assert "".join(c["delta"].get("content", "") for e in chat for c in e.get("choices", [])) == WHOLE
    events = lines_of(g, "/responses", {"model": "gpt-4o", "input": NOTE})
    assert "".join(e["delta"] for e in events if e.get("type") == "response.output_text.delta") == WHOLE


@pytest.mark.skipif(FLAVOUR != "release", reason="what is compared is the same in each build")
@pytest.mark.parametrize("path", ["/chat/completions", "/responses", "/embeddings", "/completions", "/moderations"])
def test_what_goes_on_is_as_valid_as_what_came(world, judge, spec, path):
    """A token in place of a value, `store` made false: none of it is a mistake that the caller did not make."""
    g, mock = world
    call, made, sent, told = Caller(g), [], 0, 0
    every = list(spec.bodies(dict(bodies(spec, "application/json"))[path], PLANT))
    for where, body in every[::max(1, len(every) // PLACES)]:
        if where != ".model":
            body = {**body, "model": "gpt-4o"}
        wrong, before = judge.asks("POST", path, body)[2], len(mock.log())
        status, answer = call.post(address(path), body)
        sent += len(mock.log()) > before
        told += bool(codes(answer))
        made += [(where, m) for m in codes(answer) - wrong]
    print(f"{path}: {len(every)} places, {sent} sent on, {told} with the caller's own mistake")
    assert made == [] and sent >= 3 and (told >= 1 or path in ("/completions", "/moderations"))  # where a text is nowhere wrong
