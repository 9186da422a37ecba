# SPDX-License-Identifier: Apache-2.0
"""Every place of a request at which the SDKs and OpenAI's own description know a number: an identifier there is searched, or the request is
refused. A policy that always hides this number tells which: where it arrives, nobody looked."""
import http.client
import json

import pytest

import sdk_fields
from test_openapi import bodies, load
from test_sdk_fields import types

PLANTED = (987654321, 0.987654321, -987654321.5)
POLICY = ("id: open\nversion: 1\ndescription: Lets pass what cannot be read.\nextends: minimum-necessary\nunscannable: allow\nspeech: mask\n"
          "deny: {OTHER.CODE: [\"987654321\"]}\nend: open\n")
CHAT = {"model": "capture", "messages": [{"role": "user", "content": "x"}]}


@pytest.fixture(scope="module")
def gateway(tmp_path_factory, upstream):
    from conftest import Gateway
    g = Gateway(tmp_path_factory.mktemp("gateway"), upstream.port, policy="open.yaml")
    g.write("open.yaml", POLICY)
    g.start()
    yield g
    assert g.stop() == 0, g.log_text()


@pytest.fixture(scope="module")
def post(gateway):
    connection = http.client.HTTPConnection("127.0.0.1", gateway.port, timeout=60)

    def call(path, body):
        connection.request("POST", path, body if isinstance(body, str) else json.dumps(body),
                           {"authorization": "Bearer " + gateway.keys["first"], "content-type": "application/json"})
        answer = connection.getresponse()
        return answer.status, answer.read()
    return call


@pytest.fixture(autouse=True)
def fresh(upstream):
    upstream.clear()
    upstream.behaviours.clear()


def plant(post, upstream, path, made):
    """(leaks, how many bodies, how many codes of refusals)"""
    upstream.behave("*", status=400)
    leaks, n, codes = [], 0, {}
    for where, body in made:
        upstream.clear()
        status, answer = post(path, {**body, "model": "capture"})
        n += 1
        leaks += [where] if b"987654321" in upstream.received else []
        assert 400 <= status < 500, (where, status)
        if not upstream.requests:
            code = json.loads(answer)["error"].get("code") or json.loads(answer)["error"].get("type")
            codes[code] = codes.get(code, 0) + 1
    print(f"{path}: {n} places, {codes}")
    assert leaks == []
    return n


LEAST = {"/v1/chat/completions": 15, "/v1/responses": 40, "/v1/completions": 9, "/v1/messages": 20, "/v1/embeddings": 2, "/v1/images/generations": 3,
         "/v1/audio/speech": 1}


@pytest.mark.parametrize("number", PLANTED)
@pytest.mark.parametrize("path", list(LEAST))
def test_no_number_of_the_sdks_is_left_out(post, upstream, path, number):
    assert plant(post, upstream, path, sdk_fields.bodies(types()[path][0], number)) >= LEAST[path]


@pytest.mark.parametrize("number", PLANTED)
@pytest.mark.parametrize("path", ["/chat/completions", "/responses", "/completions", "/embeddings", "/images/generations", "/images/edits"])
def test_no_number_of_the_description_is_left_out(post, upstream, path, number):
    spec = load("openai")
    schema = dict(bodies(spec, "application/json"))[path]
    assert plant(post, upstream, "/v1" + path, ((w, b) for w, b in spec.bodies(schema, number) if w != ".model")) >= 2


@pytest.mark.parametrize("more", [
    {"temperature": 219099999}, {"top_p": 219099999}, {"n": 219099999}, {"max_tokens": 219099999}, {"max_completion_tokens": 987654320},
    {"top_logprobs": 21909999}, {"presence_penalty": -219099999}, {"logit_bias": {"50256": 219099999}}, {"logit_bias": {"219099999": 1}},
    {"logit_bias": {"00417723": 1}}, {"seed": 2 ** 64}])
def test_what_no_parameter_can_be_is_refused(post, upstream, more):
    status, body = post("/v1/chat/completions", {**CHAT, **more})
    error = json.loads(body)["error"]
    assert status == 400 and error["param"].split(".")[0] == next(iter(more)) and upstream.requests == []
    assert not any(v in error["message"] for v in ("2190", "9876", "0041"))


def test_parameters_as_they_are_written_pass(post, upstream):
    """Also in the ways that programs write fractions, and large ones."""
    given = ('"temperature":0.7,"top_p":0.30000000000000004,"presence_penalty":0.20000000298023224,"frequency_penalty":-1.2e-7,"max_tokens":8388608,'
             '"seed":1732606800123,"logit_bias":{"199999":-100,"50256":99.5},"n":2,"top_logprobs":20,"logprobs":true')
    status, _ = post("/v1/chat/completions", json.dumps(CHAT)[:-1] + "," + given + "}")
    assert status == 200 and given.encode() in upstream.received


@pytest.mark.parametrize("seed", [42, 1234567, 219099999, 2 ** 63 - 1, 1732606800])
def test_a_seed_is_searched_like_any_number(post, upstream, seed):
    """It may be any number of 64 bits, so none is refused for its length; what stands in the list of words that are always hidden is found."""
    assert post("/v1/chat/completions", {**CHAT, "seed": seed})[0] == 200 and upstream.requests[-1].json["seed"] == seed
    upstream.clear()
    status, body = post("/v1/chat/completions", {**CHAT, "seed": 987654321})
    assert status == 400 and json.loads(body)["error"]["code"] == "phi_blocked" and upstream.requests == []


@pytest.mark.parametrize("more", [{"metadata": {"mrn": 4177230}}, {"metadata": {"ssn": 219099999}},
                                  {"messages": [{"role": "user", "content": "x", "mrn": 4177230}]}])
def test_labelled_numbers_elsewhere(post, upstream, more):
    status, body = post("/v1/chat/completions", {**CHAT, **more})
    assert b"4177230" not in upstream.received and b"219099999" not in upstream.received
    assert status == 400 and json.loads(body)["error"]["code"] == "phi_blocked"
