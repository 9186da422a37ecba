# SPDX-License-Identifier: Apache-2.0
"""Ways by which an identifier could slip past a gateway, a test for each, with the right answer: read and replaced, or refused
with nothing sent. No value that is planted here may reach the upstream in any form that a reader would understand."""
import base64
import gzip
import json
import socket
import urllib.parse
import warnings

import httpx
import pytest

from planted import NOTE, leaked

SSN, MRN, MAIL = "219-09-9999", "00417723", "jane.sample@example.com"


@pytest.fixture
def http(gateway, upstream):
    upstream.clear()
    upstream.behaviours.clear()
    with httpx.Client(base_url=gateway.url, timeout=60, headers={
            "authorization": "Bearer " + gateway.keys["first"], "content-type": "application/json"}) as c:
        yield c


def chat(content="hello", **more):
    return {"model": "capture", "messages": [{"role": "user", "content": content}], **more}


def post(http, body, path="/chat/completions", **headers):
    content = body if isinstance(body, (bytes, str)) else json.dumps(body)
    return http.post(path, content=content, headers=headers)


def refused(response, upstream, status, code):
    assert response.status_code == status, response.text
    assert response.json()["error"]["code"] == code and upstream.requests == []


def unread(raw):
    """What was planted and is in these bytes, in the forms that a reader undoes."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # JSON's `\/` is none of Python's escapes
        unescaped = raw.decode("utf8", "replace").encode().decode("unicode_escape", "replace")
    forms = [raw, urllib.parse.unquote_to_bytes(raw), unescaped.encode("utf8", "surrogatepass")]
    return sorted({v for form in forms for v in leaked(form)})


def replaced(response, upstream):
    assert response.status_code == 200, response.text
    assert unread(upstream.received) == []


# ---- JSON that readers understand differently ----

@pytest.mark.parametrize("body", [
    b'{"model":"capture","messages":[{"role":"user","content":"safe","content":"SSN 219-09-9999"}]}',
    b'{"model":"capture","messages":[{"role":"user","content":"safe","c\\u006fntent":"SSN 219-09-9999"}]}',
    b'{"model":"capture","messages":[],"metadata":{"a":{"b":1,"b":"SSN 219-09-9999"}}}',
    b'{"model":"capture","messages":[{"role":"user","CONTENT":"SSN 219-09-9999","content":"x"}]}',
    b'{"model":"capture","Messages":[{"role":"user","content":"SSN 219-09-9999"}],"messages":[]}',
    b'{"model":"capture","me\xc5\xbf\xc5\xbfages":[{"role":"user","content":"SSN 219-09-9999"}],"messages":[]}',
    b'{"model":"capture","messages":[{"role":"user","content":"safe\\u0000SSN 219-09-9999"}]}',
    b'{"model":"capture","messages":[{"role":"user","content":"safe\x00SSN 219-09-9999"}]}',
    b'{"model":"capture","messages":[]}{"x":"SSN 219-09-9999"}', b'{"model":"capture","messages":[]}\x00SSN 219-09-9999',
    b'{"model":"capture","messages":[]} // SSN 219-09-9999', b'{"model":"capture",/* 219-09-9999 */"messages":[]}',
    b'{"model":"capture","messages":[{"role":"user","content":"SSN 219\xc0\xad09-9999"}]}',
    b'{"model":"capture","messages":[{"role":"user","content":"\\ud83d SSN 219-09-9999"}]}',
    b'\xef\xbb\xbf{"model":"capture","messages":[]}',
    '{"model":"capture","messages":[{"role":"user","content":"SSN 219-09-9999"}]}'.encode("utf-16"),
    '{"model":"capture","messages":[{"role":"user","content":"SSN 219-09-9999"}]}'.encode("utf-16-le"),
    '{"model":"capture","messages":[{"role":"user","content":"SSN 219-09-9999"}]}'.encode("utf-32"),
    b'{"model":"capture","messages":[],"x":NaN}', b'{"model":"capture","messages":[],"x":+1}',
    b'{"model":"capture","messages":[],"x":01}', b'{"model":"capture","messages":[],}', b"{'model':'capture'}",
    b'{"model":"capture","messages":' + b"[" * 10000 + b"]" * 10000 + b"}",
    b'[{"model":"capture"}]', b'"x"', b""], ids=range(27))
def test_json_that_is_read_differently(http, upstream, body):
    refused(post(http, body), upstream, 400, "invalid_json")


@pytest.mark.parametrize("written", ["MRN: \\u0030\\u0030417723", "MRN: 0041\\u0037723", "Write to jane.sample\\u0040example.com",
                                     "\\u004dRN: 00417723", "DOB: 04\\/17\\/1951"])
def test_escapes_are_undone(http, upstream, written):
    r = post(http, b'{"model":"capture","messages":[{"role":"user","content":"' + written.encode() + b'"}]}')
    replaced(r, upstream)
    assert r.json()["choices"][0]["message"]["content"] == json.loads(f'"{written}"')


@pytest.mark.parametrize("body", [
    chat(metadata={"ssn": 219099999}), chat(metadata={"phone": 2125550147}), chat(metadata={"jane.sample@example.com": "x"}),
    chat(logit_bias={"jane.sample@example.com": 1}),
    chat(tools=[{"type": "function", "function": {"name": "f", "parameters": {"properties": {"jane.sample@example.com": {}}}}}])])
def test_numbers_and_keys_as_data_are_blocked(http, upstream, body):
    refused(post(http, body), upstream, 400, "phi_blocked")


def test_a_number_in_a_tool_result_becomes_a_token(http, upstream):
    body = chat()
    body["messages"].insert(0, {"role": "tool", "tool_call_id": "c", "content": json.dumps({"phone": 2125550147, "n": 3})})
    replaced(post(http, body), upstream)
    result = json.loads(upstream.requests[-1].json["messages"][0]["content"])
    assert result == {"phone": "[PHONE_1]", "n": 3} and b"2125550147" not in upstream.received


def test_what_is_not_edited_stays_byte_for_byte(http, upstream):
    body = b'{ "model":"capture", "messages":[{"role":"user","content":"a\\u0041\\/ MRN: 00417723"}],"x":[9007199254740993,1.0,1E400,-0]}'
    replaced(post(http, body), upstream)
    assert upstream.requests[-1].body == body.replace(b"00417723", b"[MRN_1]")


# ---- addresses and heads ----

@pytest.mark.parametrize("path", [
    "/realtime", "/realtime/sessions", "/realtime/client_secrets", "/realtime/transcription_sessions", "/realtime/calls",
    "/realtime/translations/client_secrets", "/chatkit/sessions", "/files", "/uploads", "/batches", "/fine_tuning/jobs", "/assistants", "/threads",
    "/vector_stores", "/conversations", "/containers", "/skills", "/evals", "/audio/voice_consents", "/audio/voices",
    "/videos", "/organization/users", "/responses/resp_1", "/chat/completions/x", "/CHAT/completions", "/chat//completions",
    "/chat/completions/", "/chat/completions;x=1", "/chat%2Fcompletions", "/chat/%63ompletions", "/./chat/completions",
    "/a/../chat/completions", "/chat/completions/%2e%2e/completions", "/chat/completions?beta=true", "/responses?beta=true",
    "/chat/completions?user=jane.sample@example.com", "/tokenize", "/slots", "/messages/batches", "/unknown"])
def test_only_the_table_is_served(gateway, upstream, path):
    upstream.clear()
    body = json.dumps(chat(f"SSN {SSN}")).encode()
    with socket.create_connection(("127.0.0.1", gateway.port), timeout=10) as s:
        s.sendall((f"POST /v1{path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {gateway.keys['first']}\r\nconnection: close\r\n"
                   f"content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n").encode() + body)
        status = s.recv(4096).split(b" ")[1]
    assert status in (b"404", b"400") and upstream.requests == []


@pytest.mark.parametrize("headers", [
    {"x-http-method-override": "DELETE"}, {"x-method-override": "PUT"}, {"x-original-url": "/v1/files"}, {"x-rewrite-url": "/v1/files"}])
def test_overrides_override_nothing(http, upstream, headers):
    replaced(post(http, chat(NOTE), **headers), upstream)
    assert upstream.requests[-1].method == "POST" and upstream.requests[-1].path == "/v1/chat/completions"


def test_headers_do_not_travel(http, upstream):
    replaced(post(http, chat(), **{"baggage": MRN, "cookie": f"p={MRN}", "x-openwebui-user-email": MAIL, "openai-organization": MAIL,
                                   "user-agent": MRN, "traceparent": MRN, "referer": f"https://example.com/?q={MRN}"}), upstream)


@pytest.mark.parametrize("kind", ["text/plain", "", "application/json; charset=utf-16", "application/json; charset=iso-8859-1",
                                  "multipart/form-data; boundary=x", "application/x-www-form-urlencoded", "application/json, text/plain"])
def test_one_content_type(http, upstream, kind):
    refused(post(http, chat(NOTE), **{"content-type": kind}), upstream, 415, "unsupported_content_type")


@pytest.mark.parametrize("coding", ["gzip, gzip", "br, gzip", "compress", "exi", "aes128gcm"])
def test_codings(http, upstream, coding):
    refused(post(http, gzip.compress(json.dumps(chat(NOTE)).encode()), **{"content-encoding": coding}), upstream, 415,
            "unsupported_content_encoding")


def test_upgrades(http, gateway, upstream):
    for headers in ({"connection": "upgrade", "upgrade": "websocket"}, {"connection": "upgrade, http2-settings", "upgrade": "h2c",
                                                                       "http2-settings": "AAMAAABkAAQAAP__"}):
        r = http.get("/realtime?model=x", headers=headers)
        assert r.status_code in (400, 404) and upstream.requests == []


# ---- text in text ----

def deep(value, levels):
    for _ in range(levels):
        value = json.dumps({"x": value})
    return value


@pytest.mark.parametrize("levels", [1, 2, 5, 8, 9, 12])
def test_json_in_json(http, upstream, levels):
    replaced(post(http, chat(deep(f"Write to {MAIL} now", levels))), upstream)


@pytest.mark.parametrize("text", [
    "MRN: 0041\u200b7723", "MRN: 00417\u00ad723", "MRN: \uff10\uff10\uff14\uff11\uff17\uff17\uff12\uff13", "MRN: 004\u202e\u202c17723",
    "Write to jane.sample&#64;example.com", "Write to jane.sample%40example.com", "Write to jane.s\u0430mple@example.com",
    "SSN 219-**09**-9999", "SSN 219\u201109\u20119999", "SSN: 2 1 9 - 0 9 - 9 9 9 9"])
def test_folded_text(http, upstream, text):
    replaced(post(http, chat(text)), upstream)
    assert text.split(" ", 1)[1].encode() not in upstream.requests[-1].body


@pytest.mark.parametrize("coded", [base64.b64encode(NOTE.encode()).decode(), NOTE.encode().hex(),
                                   "data:text/plain;base64," + base64.b64encode(NOTE.encode()).decode()])
def test_coded_text(http, upstream, coded):
    r = post(http, chat("Decode this: " + coded))
    if r.status_code == 200:
        assert coded.encode() not in upstream.received and base64.b64encode(NOTE.encode()) not in upstream.received
    else:
        refused(r, upstream, 400, "phi_blocked")


@pytest.mark.parametrize("path,body", [
    ("/chat/completions", chat([{"type": "text", "text": "MRN: 0041"}, {"type": "text", "text": "7723"}])),
    ("/completions", {"model": "capture", "prompt": ["SSN 219-", "09-9999"]}),
    ("/embeddings", {"model": "capture", "input": ["SSN 219-09-", "9999"]}),
    ("/responses", {"model": "capture", "input": [{"role": "user", "content": [
        {"type": "input_text", "text": "SSN 219-"}, {"type": "input_text", "text": "09-9999"}]}]})])
def test_text_that_was_cut(http, upstream, path, body):
    r = post(http, body, path)
    assert r.status_code == 200, r.text
    sent = json.dumps(upstream.requests[-1].json)
    assert "7723" not in sent and "09-9999" not in sent and "-9999" not in sent


# ---- what cannot be read ----

@pytest.mark.parametrize("path,body,reason", [
    ("/chat/completions", chat([{"type": "image_url", "image_url": {"url": "https://example.com/x.png"}}]), "image"),
    ("/chat/completions", chat([{"type": "image_url", "image_url": "file:///etc/passwd"}]), "image"),
    ("/chat/completions", chat([{"type": "image_url", "image_url": {"url": "gs://bucket/x"}}]), "image"),
    ("/chat/completions", chat([{"type": "input_audio", "input_audio": {"data": "AAAA", "format": "wav"}}]), "audio"),
    ("/chat/completions", chat([{"type": "file", "file": {"file_data": "AAAA", "filename": MRN}}]), "file"),
    ("/chat/completions", chat([{"type": "video_url", "video_url": {"url": "https://example.com/x"}}]), "unknown_part"),
    ("/chat/completions", chat(modalities=["audio"], audio={"voice": "alloy", "format": "wav"}), "spoken_answer"),
    ("/chat/completions", {"model": "capture", "messages": [{"role": "assistant", "audio": {"id": "audio_1"}}]}, "stored_object"),
    ("/chat/completions", chat(web_search_options={}), "hosted_tool"),
    ("/chat/completions", chat(data_sources=[{"type": "azure_search"}]), "hosted_tool"),
    ("/chat/completions", chat(plugins=[{"id": "web"}]), "hosted_tool"),
    ("/chat/completions", chat(tools=[{"type": "mcp", "server_url": "https://example.com"}]), "hosted_tool"),
    ("/completions", {"model": "capture", "prompt": [1, 2, 3]}, "token_ids"),
    ("/completions", {"model": "capture", "prompt": [1, "x"]}, "token_ids"),
    ("/completions", {"model": "capture", "prompt": "x", "context": [1, 2]}, "token_ids"),
    ("/embeddings", {"model": "capture", "input": [[1, 2], [3]]}, "token_ids"),
    ("/responses", {"model": "capture", "previous_response_id": "resp_1", "input": "x"}, "stored_object"),
    ("/responses", {"model": "capture", "prompt": {"id": "p"}, "input": "x"}, "stored_object"),
    ("/responses", {"model": "capture", "input": [{"type": "item_reference", "id": "x"}]}, "stored_object")])
def test_what_cannot_be_read(http, upstream, path, body, reason):
    r = post(http, body, path)
    refused(r, upstream, 400, "unscannable_input")
    assert f"Reason: {reason}." in r.json()["error"]["message"] and MRN not in r.text


def test_sealed_text_is_no_way_around(http, upstream):
    """Plain text in a field for encrypted content is searched; what is encrypted is counted in the record."""
    item = {"type": "reasoning", "summary": [], "encrypted_content": NOTE}
    replaced(post(http, {"model": "capture", "input": [item, {"role": "user", "content": "x"}]}, "/responses"), upstream)


# ---- known and unknown fields ----

@pytest.mark.parametrize("more", [
    {"user": NOTE}, {"metadata": {"a": NOTE}}, {"safety_identifier": NOTE}, {"prompt_cache_key": NOTE}, {"stop": [NOTE]},
    {"prediction": {"type": "content", "content": NOTE}}, {"future_field": {"deep": [{"x": NOTE}]}}, {"guided_regex": NOTE},
    {"response_format": {"type": "json_schema", "json_schema": {"name": "x", "schema": {"enum": [NOTE], "default": NOTE}}}},
    {"tools": [{"type": "function", "function": {"name": "f", "description": NOTE}}]}, {"documents": [{"title": NOTE, "text": NOTE}]},
    {"tool_choice": {"type": "function", "function": {"name": NOTE}}}, {"vllm_xargs": {"a": NOTE}}, {"chat_template": NOTE}])
def test_every_field(http, upstream, more):
    replaced(post(http, chat(**more)), upstream)


def test_state_is_not_left_behind(http, upstream):
    refused(post(http, chat(store=True)), upstream, 403, "feature_not_covered")
    replaced(post(http, {"model": "capture", "input": NOTE, "store": True}, "/responses"), upstream)
    assert upstream.requests[-1].json["store"] is False


# ---- answers ----

def test_errors_that_quote_the_request_are_restored_not_leaked(http, upstream, gateway):
    upstream.behave("*", status=400, error="bad value [MRN_1] and [NAME_9]")
    r = post(http, chat(NOTE))
    assert r.json()["error"]["message"] == f"bad value {MRN} and [NAME_9]"
    assert MRN.encode() not in gateway.everything_written()


@pytest.mark.parametrize("reply", ["See https://x.example/?q=[MRN_1]", "![x](https://x.example/[MRN_1])", "[x](https://x.example/[MRN_1])",
                                   '<a href="https://x.example/[MRN_1]">x</a>', "[MRN_1]: https://x.example/[MRN_1]"])
@pytest.mark.parametrize("path", ["/chat/completions", "/responses"])
def test_nothing_is_restored_into_addresses(http, upstream, reply, path):
    upstream.behave("*", reply=reply)
    body = {**chat(NOTE)} if path.startswith("/chat") else {"model": "capture", "input": NOTE}
    assert "x.example/" + MRN not in post(http, body, path).text and "?q=" + MRN not in post(http, body, path).text


@pytest.mark.parametrize("path", ["/chat/completions", "/responses"])
def test_a_token_that_a_caller_writes_fetches_nothing(http, upstream, path):
    text = f"MRN: {MRN}. What is [MRN_1], [MRN_2] and [NAME_7]?"
    body = chat(text) if path.startswith("/chat") else {"model": "capture", "input": text}
    r = post(http, body, path)
    assert json.dumps(text)[1:-1] in r.text
    sent = upstream.requests[-1].body.decode()
    assert "[TEXT_" in sent or sent.count("[MRN_") == 1


def test_tries_after_a_block_are_not_asked_for(make_gateway, upstream):
    upstream.clear()
    g = make_gateway(upstream.port, policy="block-all")
    r = httpx.post(g.url + "/chat/completions", json=chat(NOTE), headers={"authorization": "Bearer " + g.keys["first"]})
    assert r.status_code == 400 and r.headers["x-should-retry"] == "false" and upstream.requests == []
