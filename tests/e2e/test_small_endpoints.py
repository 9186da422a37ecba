# SPDX-License-Identifier: Apache-2.0
"""What clients call beside the large endpoints: lists of models, one model, versions, counts, older paths; names of models that
look like identifiers; log probabilities."""
import json

import anthropic
import httpx
import openai
import pytest

from planted import NOTE, leaked


@pytest.fixture(autouse=True)
def fresh(upstream):
    upstream.clear()
    upstream.behaviours.clear()


@pytest.fixture(scope="module")
def many(tmp_path_factory, upstream):
    """One gateway before an upstream of each dialect."""
    from conftest import Gateway
    base = f"http://127.0.0.1:{upstream.port}"
    rows = "\n  ".join(f'{name}: {{url: "{base}{path}", trust: on_prem, dialect: {name}}}' for name, path in (
        ("openai", "/v1"), ("anthropic", "/v1"), ("ollama", ""), ("gemini", "/v1beta")))
    g = Gateway(tmp_path_factory.mktemp("gateway"), config="x")
    g.write("phigate.yaml", f"listen: {{address: 127.0.0.1:{g.port}}}\nadmin: {{address: 127.0.0.1:{g.admin_port}}}\nworkers: 1\n"
            f"upstreams:\n  {rows}\nroutes:\n  - {{models: [\"claude-*\"], upstream: anthropic}}\n  - {{models: [\"gemini-*\"], upstream: gemini}}\n"
            "  - {models: [\"*:latest\", \"llama*\"], upstream: ollama}\n  - {models: [\"*\"], upstream: openai}\n"
            "policy: minimum-necessary\nclients: clients.yaml\naudit: {file: audit/decisions.log, key: {file: secrets/audit.key}}\n")
    g.start()
    yield g
    assert g.stop() == 0, g.log_text()


def client(gateway):
    return openai.OpenAI(base_url=gateway.url, api_key=gateway.keys["first"], max_retries=0)


def http(gateway):
    return httpx.Client(base_url=f"http://127.0.0.1:{gateway.port}", timeout=60,
                        headers={"authorization": "Bearer " + gateway.keys["first"]})


# ---- models ----

@pytest.mark.parametrize("model", ["capture", "gpt-4o-2024-08-06", "llama3.1:8b", "claude-sonnet-4-20250514"])
def test_one_model(gateway, upstream, model):
    assert client(gateway).models.retrieve(model).id == model
    assert upstream.requests[-1].path == "/v1/models/" + model and upstream.requests[-1].body == b""


@pytest.mark.parametrize("model", ["mrn-00417723", "219-09-9999", "jane.sample"])
def test_a_model_that_holds_an_identifier(gateway, upstream, model):
    with pytest.raises(openai.BadRequestError) as e:
        client(gateway).models.retrieve(model)
    assert e.value.code == "phi_blocked" and upstream.requests == [] and model not in gateway.audit_text()


def test_each_asks_its_own(many, upstream):
    assert "capture" in [m.id for m in client(many).models.list()]
    sdk = anthropic.Anthropic(base_url=f"http://127.0.0.1:{many.port}", api_key=many.keys["first"], max_retries=0)
    assert [m.id for m in sdk.models.list(limit=20)] == ["capture"]
    assert upstream.requests[-1].path == "/v1/models?limit=20" and upstream.requests[-1].header("anthropic-version")
    assert sdk.models.retrieve("claude-opus-4-1").id == "claude-opus-4-1"
    with http(many) as h:
        assert h.get("/v1beta/models").json()["models"][0]["name"] == "models/capture"
        assert h.get("/v1/models?limit=20&after_id=mrn-00417723").status_code == 400
        assert h.get("/v1/models", headers={"anthropic-version": "2023-06-01", "authorization": "Bearer pg-x"}).json()["type"] == "error"


def test_a_model_nobody_may_use(make_gateway, upstream):
    g = make_gateway(upstream.port, clients={"first": 'models: ["gpt-*"]'})
    with pytest.raises(openai.PermissionDeniedError):
        client(g).models.retrieve("capture")
    assert upstream.requests == []


# ---- names that look like identifiers ----

@pytest.mark.parametrize("model", [
    "gpt-4o-2024-08-06", "o4-mini-2025-04-16", "claude-sonnet-4-20250514", "claude-3-5-haiku-latest", "claude-opus-4-1",
    "gemini-2.5-flash", "moonshotai/Kimi-K2", "anthropic/claude-sonnet-4.5", "us.anthropic.claude-3-5-sonnet-20241022-v2:0"])
def test_names_of_models_stay(gateway, upstream, model):
    answer = client(gateway).chat.completions.create(model=model, messages=[{"role": "user", "content": NOTE}])
    assert upstream.requests[-1].json["model"] == model and answer.model == model and leaked(upstream.received) == []


@pytest.mark.parametrize("model", ["219-09-9999", "mrn-00417723", "dob-1951-04-17", "john-smith-2024-08-06"])
def test_other_names_do_not(gateway, upstream, model):
    try:
        client(gateway).chat.completions.create(model=model, messages=[{"role": "user", "content": "x"}])
    except openai.APIStatusError:
        pass
    assert all(part not in upstream.received for part in (b"219-09-9999", b"00417723", b"1951-04-17", b"john-smith"))


# ---- Ollama, Gemini ----

def test_ollama(many, upstream):
    with http(many) as h:
        assert h.get("/api/version").json() == {"version": "0.9.0"}
        assert h.get("/api/tags").json()["models"][0]["model"] == "capture:latest"
        assert h.post("/api/show", json={"model": "llama3", "verbose": False}).json()["details"] == {"family": "capture"}
        assert len(h.post("/api/embeddings", json={"model": "llama3", "prompt": NOTE}).json()["embedding"]) == 8
        assert h.post("/api/show", json={"model": "llama3", "system": NOTE}).status_code == 200
        for path in ("/api/pull", "/api/delete", "/api/create", "/api/copy", "/api/push"):
            assert h.post(path, json={"model": "llama3"}).status_code == 404
        assert "error" in h.get("/api/ps").json()
    assert leaked(upstream.received) == [] and {r.path for r in upstream.requests} == {
        "/api/version", "/api/tags", "/api/show", "/api/embeddings"}


def test_gemini_counts_and_vectors(many, upstream):
    content = {"role": "user", "parts": [{"text": NOTE}]}
    with http(many) as h:
        assert h.post("/v1beta/models/gemini-x:countTokens", json={"contents": [content]}).json() == {"totalTokens": 7}
        whole = {"generateContentRequest": {"model": "models/gemini-x", "contents": [content]}}
        assert h.post("/v1beta/models/gemini-x:countTokens", json=whole).status_code == 200
        assert "embedding" in h.post("/v1beta/models/gemini-x:embedContent", json={"content": content, "taskType": "RETRIEVAL_QUERY",
                                                                                     "outputDimensionality": 768}).json()
        rows = [{"model": "models/gemini-x", "content": content} for _ in range(2)]
        assert len(h.post("/v1beta/models/gemini-x:batchEmbedContents", json={"requests": rows}).json()["embeddings"]) == 2
        assert upstream.requests[-1].json["requests"][1]["model"] == "models/gemini-x"
        sent = len(upstream.requests)
        blind = {"role": "user", "parts": [{"inlineData": {"mimeType": "image/png", "data": "AAAA"}}]}
        for verb, body in (("countTokens", {"generateContentRequest": {"contents": [blind]}}), ("embedContent", {"content": blind}),
                           ("batchEmbedContents", {"requests": [{"content": blind}]})):
            r = h.post(f"/v1beta/models/gemini-x:{verb}", json=body)
            assert r.status_code == 400 and "Reason: file" in r.text, r.text
    assert leaked(upstream.received) == [] and len(upstream.requests) == sent


def test_responses_counts_and_compacts(gateway, upstream):
    assert client(gateway).responses.input_tokens.count(model="capture", input=NOTE).input_tokens == 7
    out = client(gateway).responses.compact(model="capture", input=NOTE)
    assert out.output[0].content[0].text == NOTE and leaked(upstream.received) == []


# ---- log probabilities ----

def fragments(rows):
    return "".join(r.token for r in rows)


@pytest.mark.parametrize("pieces", [[1], [3, 1, 5, 2], [400]])
def test_log_probabilities_of_chats(gateway, upstream, pieces):
    """They tell the model's own tokens, in which nothing is restored; the text beside them is."""
    upstream.behave("*", pieces=pieces)
    ask = dict(model="capture", messages=[{"role": "user", "content": NOTE}], logprobs=True, top_logprobs=1)
    answer = client(gateway).chat.completions.create(**ask).choices[0]
    sent = upstream.requests[-1].json["messages"][0]["content"]
    assert answer.message.content == NOTE and fragments(answer.logprobs.content) == sent
    assert bytes(b for r in answer.logprobs.content for b in r.bytes).decode() == sent
    text, tokens = "", ""
    for chunk in client(gateway).chat.completions.create(**ask, stream=True):
        text += chunk.choices[0].delta.content or ""
        tokens += fragments(chunk.choices[0].logprobs.content) if chunk.choices[0].logprobs else ""
    assert text == NOTE and tokens == sent and leaked(upstream.received) == []


def test_log_probabilities_of_completions(gateway, upstream):
    answer = client(gateway).completions.create(model="capture", prompt=NOTE, logprobs=1).choices[0]
    sent = upstream.requests[-1].json["prompt"]
    assert answer.text == NOTE and "".join(answer.logprobs.tokens) == sent
    assert "".join(k for row in answer.logprobs.top_logprobs for k in row) == sent and leaked(upstream.received) == []


def test_log_probabilities_of_responses_are_not_sent_back(gateway, upstream):
    sdk = client(gateway)
    first = sdk.responses.create(model="capture", input=NOTE, include=["message.output_text.logprobs"])
    part = first.output[-1].content[0]
    assert part.text == NOTE and "[MRN_1]" in fragments(part.logprobs)
    turn = [{"role": "user", "content": NOTE}, *(i.model_dump(exclude_none=True) for i in first.output),
            {"role": "user", "content": "and now?"}]
    sdk.responses.create(model="capture", input=turn)
    sent = upstream.requests[-1]
    assert leaked(sent.raw) == [] and all(p["logprobs"] == [] for i in sent.json["input"] if i.get("type") == "message"
                                           for p in i["content"] if "logprobs" in p)
    assert "logprobs=[]" in gateway.records("decision")[-1]["mutations"]
    # Whatever a caller puts there instead leaves as little.
    forged = {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "x", "logprobs": [
        {"token": c, "bytes": list(c.encode()), "logprob": 0} for c in NOTE]}]}
    sdk.responses.create(model="capture", input=[forged, {"role": "user", "content": "x"}])
    assert upstream.requests[-1].json["input"][0]["content"][0]["logprobs"] == []
