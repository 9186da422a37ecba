# SPDX-License-Identifier: Apache-2.0
"""What is refused, how it is said, and that nothing was sent."""
import json
import socket
import subprocess

import httpx
import openai
import pytest

import http_conformance
from conftest import BIN, ROOT
from planted import NOTE


@pytest.fixture
def http(gateway, upstream):
    upstream.clear()
    upstream.behaviours.clear()
    with httpx.Client(base_url=gateway.url, headers={"authorization": "Bearer " + gateway.keys["first"]}) as c:
        yield c


def chat(content="hello", **more):
    return {"model": "capture", "messages": [{"role": "user", "content": content}], **more}


def check(response, status, code, upstream, retry=False):
    assert response.status_code == status, response.text
    error = response.json()["error"]
    assert error["code"] == code and error["message"] and set(error) == {"message", "type", "param", "code"}
    assert (response.headers.get("x-should-retry") == "false") != retry
    assert upstream.requests == []
    return error


def test_unknown_client(http, upstream):
    for headers in ({"authorization": "Bearer pg-wrong"}, {"authorization": ""}, {"authorization": "Basic abc"}):
        check(http.post("/chat/completions", json=chat(), headers=headers), 401, "unknown_client", upstream)


def test_unknown_endpoints(http, upstream):
    for path in ("/responses/resp_1", "/conversations", "/batches", "/files", "/Chat/completions", "/chat/completions/", "/chat//completions", "/realtime", "/audio/voices"):
        check(http.post(path, json=chat()), 404, "unknown_endpoint", upstream)
    for path in ("/chat/completions", "/models/a/b", "/chat/completions/x"):
        check(http.get(path), 404, "unknown_endpoint", upstream)
    check(http.post("/chat/completions?api-version=1", json=chat()), 404, "unknown_endpoint", upstream)


@pytest.mark.parametrize("path,why", [
    ("/audio/voices", "audio"), ("/realtime/client_secrets", "credential"), ("/realtime", "live"), ("/realtime/calls", "live"),
    ("/uploads", "upload_in_parts"), ("/uploads/upload_1/parts", "upload_in_parts"), ("/files", "stored"), ("/responses/resp_1/cancel", "stored"),
    ("/conversations", "stored"), ("/vector_stores/vs_1/files", "kept_and_used_later"), ("/organization/users", "administration"),
    ("/realtimes", None), ("/unknown", None)])
def test_why_an_address_is_not_served(gateway, http, upstream, path, why):
    for prefix in ("", "/openai"):
        r = http.post(gateway.url.removesuffix("/v1") + prefix + "/v1" + path, json=chat())
        check(r, 404, "unknown_endpoint", upstream)
        assert (f"Reason: {why}" in r.json()["error"]["message"]) if why else "Reason" not in r.json()["error"]["message"]


def test_error_dialects(gateway, http, upstream):
    base = f"http://127.0.0.1:{gateway.port}"
    r = http.post(base + "/v1/messages/batches", json={})
    assert r.status_code == 404 and r.json()["type"] == "error" and r.json()["error"]["message"]
    r = http.post(base + "/api/pull", json={})
    assert r.status_code == 404 and isinstance(r.json()["error"], str)
    r = http.post(base + "/v1beta/models/g:countWords", json={})
    assert r.status_code == 404 and r.json()["error"]["status"] == "NOT_FOUND"


def test_without_v1(gateway, http, upstream):
    r = http.post(f"http://127.0.0.1:{gateway.port}/chat/completions", json=chat())
    assert r.status_code == 200


@pytest.mark.parametrize("body", [
    b"", b"{", b"[]", b'"x"', b"{}x", b'{"model":"capture","model":"m"}', b'{"a":"\\u0000"}', b'{"a":"\\ud800"}', b'{"a":"\xff"}',
    b'\xef\xbb\xbf{"model":"capture"}', b'{"a":01}', b'{"a":NaN}', b'{"a":"\x01"}', b'{"model":"capture"}{"x":1}',
    b'{"a":' + b"[" * 200 + b"]" * 200 + b"}"])
def test_bad_json(http, upstream, body):
    r = http.post("/chat/completions", content=body, headers={"content-type": "application/json"})
    check(r, 400, "invalid_json", upstream)


def test_content_types_and_codings(http, upstream):
    body = json.dumps(chat()).encode()
    for kind in ("text/plain", "application/json; charset=utf-16", "multipart/form-data; boundary=x", ""):
        check(http.post("/chat/completions", content=body, headers={"content-type": kind}), 415, "unsupported_content_type", upstream)
    for coding in ("compress", "deflate, gzip", "gzip, identity", "unknown", ""):
        r = http.post("/chat/completions", content=body, headers={"content-type": "application/json", "content-encoding": coding})
        check(r, 415, "unsupported_content_encoding", upstream)


@pytest.mark.parametrize("part", [
    {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}},
    {"type": "image_url", "image_url": {"url": "https://example.com/x.png"}},
    {"type": "input_audio", "input_audio": {"data": "AAAA", "format": "wav"}},
    {"type": "file", "file": {"file_id": "file-1"}},
    {"type": "hologram", "hologram": {}}])
def test_what_cannot_be_read(http, upstream, part):
    error = check(http.post("/chat/completions", json=chat([{"type": "text", "text": "what is this?"}, part])), 400,
                  "unscannable_input", upstream)
    assert error["param"].startswith("messages[0].content[1]")


def test_hosted_tools_token_ids_and_speech(http, upstream):
    check(http.post("/chat/completions", json=chat(tools=[{"type": "web_search"}])), 400, "unscannable_input", upstream)
    check(http.post("/chat/completions", json=chat(modalities=["text", "audio"])), 400, "unscannable_input", upstream)
    check(http.post("/completions", json={"model": "capture", "prompt": [1, 2, 3]}), 400, "unscannable_input", upstream)
    check(http.post("/embeddings", json={"model": "capture", "input": [[1, 2, 3]]}), 400, "unscannable_input", upstream)


def test_phi_in_numbers_and_keys_is_blocked(http, upstream):
    r = http.post("/chat/completions", json=chat(tools=[{"type": "function", "function": {
        "name": "f", "parameters": {"type": "object", "properties": {"jane.sample@example.com": {"type": "string"}}}}}]))
    error = check(r, 400, "phi_blocked", upstream)
    assert "jane" not in json.dumps(error)
    r = http.post("/chat/completions", json=chat(metadata={"ssn": 219099999}))
    check(r, 400, "phi_blocked", upstream)


def test_store_is_refused(http, upstream):
    check(http.post("/chat/completions", json=chat(store=True)), 403, "feature_not_covered", upstream)


def test_purposes(http, upstream):
    check(http.post("/chat/completions", json=chat(), headers={"x-phi-purpose": "research"}), 403, "purpose_not_allowed", upstream)
    assert http.post("/chat/completions", json=chat(), headers={"x-phi-purpose": "treatment"}).status_code == 200


def test_a_block_never_quotes_and_is_recorded(make_gateway, upstream):
    upstream.clear()
    g = make_gateway(upstream.port, policy="block-all")
    client = openai.OpenAI(base_url=g.url, api_key=g.keys["first"])
    with pytest.raises(openai.BadRequestError) as e:
        client.chat.completions.create(model="capture", messages=[{"role": "user", "content": NOTE}], stream=True)
    assert e.value.code == "phi_blocked" and "Hollingsworth" not in str(e.value)
    assert e.value.param == "messages[0].content"
    assert upstream.requests == []
    record = g.records("decision")[-1]
    assert record["decision"] == "block" and record["code"] == "phi_blocked"


def test_too_large_is_refused_before_it_is_read(make_gateway, upstream):
    g = make_gateway(upstream.port, clients={"first": "default_purpose: treatment\nlimits: {body: 4KiB}"})
    with socket.create_connection(("127.0.0.1", g.port), timeout=10) as s:
        s.sendall((f"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {g.keys['first']}\r\n"
                   "content-type: application/json\r\ncontent-length: 100000000\r\n\r\n").encode())
        assert b" 413 " in s.recv(4096)


def test_rate_limit(make_gateway, upstream):
    g = make_gateway(upstream.port, clients={"first": "default_purpose: treatment\nlimits: {requests_per_minute: 3}"})
    headers = {"authorization": "Bearer " + g.keys["first"]}
    codes = [httpx.post(g.url + "/chat/completions", json=chat(), headers=headers).status_code for _ in range(8)]
    assert codes[:3] == [200] * 3 and 429 in codes[3:]


def test_agreement_gate(make_gateway, upstream):
    upstream.clear()
    where = f"http://127.0.0.1:{upstream.port}/v1"
    agreement = "{id: B1, vendor: OpenAI, effective: %s, expires: %s, arrangement: %s}"
    cases = [
        (f'main: {{url: "{where}"}}', "baa_missing"),
        (f'main: {{url: "{where}", coverage: openai, agreement: {agreement % ("2020-01-01", "2021-01-01", "zdr")}}}', "baa_expired"),
        (f'main: {{url: "{where}", coverage: openai, agreement: {agreement % ("2090-01-01", "2091-01-01", "zdr")}}}', "baa_not_effective"),
        (f'main: {{url: "{where}", agreement: {agreement % ("2020-01-01", "2090-01-01", "zdr")}}}', "coverage_missing"),
    ]
    for text, reason in cases:
        g = make_gateway(upstream.port, upstream=text)
        r = httpx.post(g.url + "/chat/completions", json={**chat(), "model": "gpt-4o"},
                       headers={"authorization": "Bearer " + g.keys["first"]})
        assert r.status_code == 403 and r.json()["error"]["code"] == "no_agreement" and reason in r.json()["error"]["message"]
        assert g.records("decision")[-1]["reason"] == reason
    assert upstream.requests == []
    g = make_gateway(upstream.port, upstream=f'main: {{url: "{where}", coverage: openai, agreement: '
                     f'{agreement % ("2020-01-01", "2090-01-01", "zdr")}}}')
    r = httpx.post(g.url + "/chat/completions", json={**chat(), "model": "gpt-4o"},
                   headers={"authorization": "Bearer " + g.keys["first"]})
    assert r.status_code == 200, r.text


COVERED = 'agreement: {id: B1, vendor: OpenAI, effective: 2020-01-01, expires: 2090-01-01, arrangement: %s}'


def test_what_the_agreement_does_not_cover_is_refused_in_plain_words(make_gateway, upstream, tmp_path):
    """The policy may let through what cannot be read; the coverage file says what the vendor may be asked."""
    policy = tmp_path / "lenient.yaml"
    policy.write_text("id: lenient\nversion: 1\ndescription: Test.\nextends: minimum-necessary\nunscannable: allow\nend: lenient\n")
    g = make_gateway(upstream.port, policy=str(policy),
                     upstream=f'main: {{url: "http://127.0.0.1:{upstream.port}/v1", coverage: openai, {COVERED % "zdr"}}}')
    headers = {"authorization": "Bearer " + g.keys["first"]}
    image = {"type": "image_url", "image_url": {"url": "data:image/png;base64," + "iVBORw0KGgo" * 9}}
    for body, reason in (({"messages": [{"role": "user", "content": [image]}]}, "image. Pictures are scanned"),
                         ({"messages": [{"role": "user", "content": "x"}], "tools": [{"type": "web_search"}]}, "hosted_tool. Hosted")):
        upstream.clear()
        r = httpx.post(g.url + "/chat/completions", json={"model": "gpt-4o", **body}, headers=headers)
        error = r.json()["error"]
        assert r.status_code == 403 and error["code"] == "feature_not_covered" and reason in error["message"], r.text
        assert upstream.requests == []
    assert httpx.post(g.url + "/chat/completions", json={**chat(), "model": "gpt-4o", "store": True}, headers=headers).status_code == 200
    assert json.loads(upstream.requests[-1].body)["store"] is False
    r = httpx.post(g.url + "/chat/completions", json={**chat(), "model": "o-none"}, headers=headers)
    assert "model_not_covered. The agreement does not cover this model." in r.json()["error"]["message"]


def test_what_cannot_be_read_may_pass_but_nobody_elses_object(make_gateway, upstream, tmp_path):
    """`unscannable: allow` is about reading; whose the response is that an id names, nobody has found out."""
    policy = tmp_path / "lenient.yaml"
    policy.write_text("id: lenient\nversion: 1\ndescription: Test.\nextends: minimum-necessary\nunscannable: allow\nend: lenient\n")
    g = make_gateway(upstream.port, policy=str(policy))
    headers = {"authorization": "Bearer " + g.keys["first"]}
    body = {"model": "capture", "input": [{"role": "user", "content": [{"type": "input_image", "image_url": "data:image/png;base64,AAAA"}]}]}
    assert httpx.post(g.url + "/responses", json=body, headers=headers).status_code == 200
    upstream.clear()
    r = httpx.post(g.url + "/responses", json={"model": "capture", "input": "x", "previous_response_id": "resp_1"}, headers=headers)
    error = r.json()["error"]
    assert (r.status_code, error["code"], error["param"]) == (400, "unscannable_input", "previous_response_id"), r.text
    assert upstream.requests == []


def test_a_route_that_no_agreement_covers_is_a_mistake(make_gateway, upstream):
    g = make_gateway(upstream.port, upstream=f'main: {{url: "http://127.0.0.1:{upstream.port}/v1", coverage: openai, {COVERED % "zdr"}}}')
    good = (g.dir / "phigate.yaml").read_text()
    for old, new, words in (('["*"]', '["claude-*"]', "no model of this route is covered"), ("zdr", "zrd", "does not know the arrangement")):
        assert old in good
        (g.dir / "phigate.yaml").write_text(good.replace(old, new))
        r = subprocess.run([str(BIN / "phigate"), "-c", str(g.dir / "phigate.yaml"), "--share", str(ROOT), "--check"],
                           capture_output=True, text=True)
        assert r.returncode != 0 and words in r.stdout + r.stderr, r.stderr


def test_conformance_of_the_reader(gateway):
    headers = ["Authorization: Bearer " + gateway.keys["first"], "Content-Type: application/json"]
    body = json.dumps(chat()).encode()
    assert http_conformance.run("127.0.0.1", gateway.port, "/v1/chat/completions", get="/v1/models", headers=headers, body=body) == []
