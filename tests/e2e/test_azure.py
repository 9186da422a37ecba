# SPDX-License-Identifier: Apache-2.0
"""Azure OpenAI with the real AzureOpenAI of openai-python: the model in the path or in the body, on either side."""
import json

import httpx
import openai
import pytest

from planted import NOTE, leaked

VERSION = "2024-10-21"


def azure_gateway(tmp_path_factory, upstream, more="", path="/openai"):
    from conftest import Gateway
    g = Gateway(tmp_path_factory.mktemp("gateway"), upstream=(
        f'main: {{url: "http://127.0.0.1:{upstream.port}{path}", trust: on_prem, dialect: azure, '
        f'credential: {{file: secrets/upstream.key}}{more}}}'))
    g.write("secrets/upstream.key", "azure-upstream\n")
    return g.start()


@pytest.fixture(scope="module")
def deployments(tmp_path_factory, upstream):
    """In front of the older interface, with the deployment in the path."""
    g = azure_gateway(tmp_path_factory, upstream, f', api_version: "{VERSION}"')
    yield g
    assert g.stop() == 0, g.log_text()


@pytest.fixture(scope="module")
def v1(tmp_path_factory, upstream):
    """In front of the newer one, which is OpenAI's."""
    g = azure_gateway(tmp_path_factory, upstream, path="/openai/v1")
    yield g
    assert g.stop() == 0, g.log_text()


@pytest.fixture(autouse=True)
def fresh(upstream):
    upstream.clear()
    upstream.behaviours.clear()


def azure(gateway, **more):
    return openai.AzureOpenAI(azure_endpoint=f"http://127.0.0.1:{gateway.port}", api_key=gateway.keys["first"], api_version=VERSION,
                              max_retries=0, **more)


USER = [{"role": "user", "content": NOTE}]


def test_chat(deployments, upstream):
    answer = azure(deployments).chat.completions.create(model="charts", messages=USER)
    sent = upstream.requests[-1]
    assert answer.choices[0].message.content == NOTE and leaked(sent.raw) == [] and b"[MRN_1]" in sent.raw
    assert sent.path == f"/openai/deployments/charts/chat/completions?api-version={VERSION}"
    assert sent.header("api-key") == ["azure-upstream"] and sent.header("authorization") == []
    assert deployments.keys["first"].encode() not in sent.raw
    record = deployments.records("decision")[-1]
    assert record["request"]["endpoint"] == "/v1/chat/completions" and "charts" not in json.dumps(record)


@pytest.mark.parametrize("pieces", [[1], [2, 5], [400]])
def test_stream(deployments, upstream, pieces):
    upstream.behave("*", pieces=pieces)
    chunks = list(azure(deployments).chat.completions.create(model="charts", messages=USER, stream=True))
    assert "".join(c.choices[0].delta.content or "" for c in chunks) == NOTE
    assert leaked(upstream.received) == []


def test_the_path_says_which_model(deployments, upstream):
    """A client that names its deployment for all calls may name any model in the body."""
    azure(deployments, azure_deployment="charts").chat.completions.create(model="gpt-4o", messages=USER)
    sent = upstream.requests[-1]
    assert "/deployments/charts/" in sent.path and sent.json["model"] == "charts"


def test_other_endpoints(deployments, upstream):
    client = azure(deployments)
    assert client.completions.create(model="old", prompt=NOTE).choices[0].text == NOTE
    assert len(client.embeddings.create(model="e", input=[NOTE, "x"]).data) == 2
    client.images.generate(model="pictures", prompt=NOTE)
    paths = [r.path.split("?")[0] for r in upstream.requests]
    assert paths == [f"/openai/deployments/{p}" for p in ("old/completions", "e/embeddings", "pictures/images/generations")]
    assert "capture" in [m.id for m in client.models.list()] and upstream.requests[-1].path == f"/openai/models?api-version={VERSION}"
    assert leaked(upstream.received) == []


def test_responses(deployments, upstream):
    answer = azure(deployments).responses.create(model="charts", input=NOTE)
    sent = upstream.requests[-1]
    assert answer.output_text == NOTE and sent.path == f"/openai/responses?api-version={VERSION}"
    assert sent.json["store"] is False and sent.json["model"] == "charts"


def test_the_newer_interface(v1, upstream):
    client = openai.OpenAI(base_url=f"http://127.0.0.1:{v1.port}/openai/v1/", api_key=v1.keys["first"], max_retries=0)
    assert client.chat.completions.create(model="charts", messages=USER).choices[0].message.content == NOTE
    sent = upstream.requests[-1]
    assert sent.path == "/openai/v1/chat/completions" and sent.header("api-key") == ["azure-upstream"] and leaked(sent.raw) == []
    # An older client in front of the newer interface, and the other way round.
    azure(v1).chat.completions.create(model="charts", messages=USER)
    assert upstream.requests[-1].path == "/openai/v1/chat/completions" and upstream.requests[-1].json["model"] == "charts"


def test_openai_in_front_of_deployments(deployments, upstream):
    client = openai.OpenAI(base_url=deployments.url, api_key=deployments.keys["first"], max_retries=0)
    assert client.chat.completions.create(model="charts", messages=USER).choices[0].message.content == NOTE
    assert upstream.requests[-1].path == f"/openai/deployments/charts/chat/completions?api-version={VERSION}"


def test_azure_in_front_of_openai(gateway, upstream):
    client = azure(gateway)
    assert client.chat.completions.create(model="capture", messages=USER).choices[0].message.content == NOTE
    assert upstream.requests[-1].path == "/v1/chat/completions"
    with httpx.Client(headers={"api-key": gateway.keys["first"]}, timeout=60) as http:
        r = http.post(f"http://127.0.0.1:{gateway.port}/openai/deployments/capture/chat/completions?api-version={VERSION}",
                      json={"messages": USER})
    assert r.json()["choices"][0]["message"]["content"] == NOTE and upstream.requests[-1].json["model"] == "capture"
    assert gateway.records("decision")[-1]["mutations"] == ["model=path"]


@pytest.mark.parametrize("model", ["a/b", "a b", "a?x=1", "..", "../x", "a%2fb", "a#b", "ä"])
def test_no_name_becomes_another_path(deployments, upstream, model):
    with httpx.Client(headers={"api-key": deployments.keys["first"]}, timeout=60) as http:
        r = http.post(deployments.url + "/chat/completions", json={"model": model, "messages": USER})
    assert r.status_code == 403 and r.json()["error"]["code"] == "model_not_allowed" and upstream.requests == []


@pytest.mark.parametrize("name", ["219-09-9999", "mrn-00417723"])
def test_names_are_searched(deployments, gateway, upstream, name):
    for g, url in ((deployments, f"http://127.0.0.1:{deployments.port}/openai/deployments/{name}/chat/completions"),
                   (deployments, deployments.url + "/chat/completions"),
                   (gateway, f"http://127.0.0.1:{gateway.port}/v1beta/models/{name}:generateContent")):
        with httpx.Client(headers={"api-key": g.keys["first"]}, timeout=60) as http:
            r = http.post(url, json={"model": name, "messages": [], "contents": []})
        assert r.status_code == 400 and upstream.requests == [], r.text
        assert name not in r.text and name not in g.audit_text()


@pytest.mark.parametrize("query", ["", "?api-version=2024-10-21&user=jane", "?api-version=jane.sample", "?x=1"])
def test_queries(deployments, upstream, query):
    with httpx.Client(headers={"api-key": deployments.keys["first"]}, timeout=60) as http:
        r = http.post(f"http://127.0.0.1:{deployments.port}/openai/deployments/charts/chat/completions{query}", json={"messages": USER})
    assert (r.status_code, len(upstream.requests)) == ((200, 1) if query == "" else (404, 0))


def test_data_of_your_own_goes_nowhere(deployments, upstream):
    """Azure's "on your data" sends the question, and a key, on to a search service."""
    with pytest.raises(openai.BadRequestError) as e:
        azure(deployments).chat.completions.create(model="charts", messages=USER, extra_body={"data_sources": [{"type": "azure_search"}]})
    assert e.value.code == "unscannable_input" and upstream.requests == []


def test_filters_of_the_answer(deployments, upstream):
    """Chunks without choices and with annotations only come as they are; they hold nothing to restore."""
    results = [{"prompt_index": 0, "content_filter_results": {"hate": {"filtered": False, "severity": "safe"}}}]
    upstream.behave("*", before=[{"id": "", "object": "", "model": "", "created": 0, "choices": [], "prompt_filter_results": results}])
    chunks = list(azure(deployments).chat.completions.create(model="charts", messages=USER, stream=True))
    assert chunks[0].choices == [] and chunks[0].model_extra["prompt_filter_results"] == results
    assert "".join(c.choices[0].delta.content or "" for c in chunks[1:]) == NOTE


def test_a_configuration_that_makes_no_sense(make_gateway, upstream):
    for more in ('api_version: "2024-10-21"', 'dialect: azure, api_version: "newest"'):
        g = make_gateway(upstream.port, start=False, upstream_more=more)
        with pytest.raises(RuntimeError, match="api_version|expected a version"):
            g.start()
