# SPDX-License-Identifier: Apache-2.0
"""Compressed request bodies: read as what they stand for and forwarded plain; what cannot be read is refused."""
import gzip
import json
import time
import zlib

import httpx
import pytest

from planted import NOTE, leaked

brotli = pytest.importorskip("brotli")
zstandard = pytest.importorskip("zstandard")


def raw_deflate(data):
    c = zlib.compressobj(wbits=-15)
    return c.compress(data) + c.flush()


CODERS = {"gzip": gzip.compress, "deflate": zlib.compress, "raw": raw_deflate, "br": brotli.compress,
          "zstd": lambda d: zstandard.ZstdCompressor().compress(d), "identity": bytes}
BODY = json.dumps({"model": "capture", "messages": [{"role": "user", "content": NOTE + " and more" * 2000}]}).encode()


@pytest.fixture
def post(gateway, upstream):
    upstream.clear()
    upstream.behaviours.clear()
    with httpx.Client(base_url=gateway.url, timeout=60) as client:
        def run(body, coding, **headers):
            return client.post("/chat/completions", content=body, headers={
                "authorization": "Bearer " + gateway.keys["first"], "content-type": "application/json",
                "content-encoding": coding, **headers})
        yield run


@pytest.mark.parametrize("name", CODERS)
def test_read_and_forwarded_plain(post, upstream, name):
    r = post(CODERS[name](BODY), "deflate" if name == "raw" else name)
    assert r.status_code == 200 and r.json()["choices"][0]["message"]["content"].startswith(NOTE)
    sent = upstream.requests[-1]
    assert leaked(sent.raw) == [] and sent.header("content-encoding") == [] and "[MRN_1]" in sent.json["messages"][0]["content"]


def check(r, status, code, upstream, reason=None):
    error = r.json()["error"]
    assert r.status_code == status and error["code"] == code and upstream.requests == []
    assert reason is None or f"Reason: {reason}." in error["message"]


@pytest.mark.parametrize("coding", ["compress", "gzip, br", "gzip,gzip", "dcb", "", "gzip;q=1"])
def test_unknown_or_several(post, upstream, coding):
    check(post(gzip.compress(BODY), coding), 415, "unsupported_content_encoding", upstream)


@pytest.mark.parametrize("name", ["gzip", "deflate", "br", "zstd"])
def test_broken(post, upstream, name):
    whole = CODERS[name](BODY)
    # "deflate" has two forms, and plain JSON is neither.
    for bad in (whole[:-3], whole + b"x", BODY, b"", whole[:20] + b"\xff\xff\xff\xff" + whole[24:]):
        check(post(bad, name), 400, "invalid_content_encoding", upstream)


def test_what_was_coded_twice_is_no_json(post, upstream):
    check(post(gzip.compress(gzip.compress(BODY)), "gzip"), 400, "invalid_json", upstream)


@pytest.mark.parametrize("name", ["gzip", "deflate", "br", "zstd"])
def test_bombs(post, upstream, name):
    bomb = CODERS[name](b" " * 12_000_000 + BODY)
    assert len(bomb) < 60_000
    check(post(bomb, name), 413, "request_too_large", upstream, "decompressed")


def test_larger_than_the_client_may_send(make_gateway, upstream):
    upstream.clear()
    g = make_gateway(upstream.port, clients={"first": "default_purpose: treatment\nlimits: {body: 8KiB}"})
    r = httpx.post(g.url + "/chat/completions", content=gzip.compress(BODY), headers={
        "authorization": "Bearer " + g.keys["first"], "content-type": "application/json", "content-encoding": "gzip"})
    check(r, 413, "request_too_large", upstream, "decompressed")


@pytest.mark.parametrize("coding", ["gzip", "br", "zstd"])
def test_answers_that_come_compressed(gateway, upstream, coding):
    """Nobody asked for it; read all the same, streams as they come."""
    upstream.clear()
    body = {"model": "capture", "messages": [{"role": "user", "content": NOTE}]}
    headers = {"authorization": "Bearer " + gateway.keys["first"]}
    for pieces in ([1], [400]):
        upstream.behave("*", coding=coding, pieces=pieces)
        r = httpx.post(gateway.url + "/chat/completions", json=body, headers=headers)
        assert r.json()["choices"][0]["message"]["content"] == NOTE and "content-encoding" not in r.headers
        r = httpx.post(gateway.url + "/chat/completions", json={**body, "stream": True}, headers=headers)
        events = [json.loads(line[6:]) for line in r.text.splitlines() if line.startswith("data: {")]
        assert "".join(e["choices"][0]["delta"].get("content") or "" for e in events) == NOTE
        assert r.text.endswith("data: [DONE]\n\n") and leaked(upstream.received) == []


def test_compressed_events_are_not_waited_for(gateway, upstream):
    upstream.behave("*", coding="gzip", pieces=[5], event_delay=0.1)
    with httpx.stream("POST", gateway.url + "/chat/completions", json={
            "model": "capture", "stream": True, "messages": [{"role": "user", "content": "one two three four five six seven"}]},
            headers={"authorization": "Bearer " + gateway.keys["first"]}) as r:
        seen = [time.monotonic() for line in r.iter_lines() if line]
    assert seen[-1] - seen[0] > 0.5


def test_answers_that_are_not_as_they_say(gateway, upstream):
    body = {"model": "capture", "messages": [{"role": "user", "content": NOTE}]}
    for header in ("content-encoding: gzip", "content-encoding: compress", "content-encoding: gzip, br"):
        upstream.behave("*", headers=[header])
        r = httpx.post(gateway.url + "/chat/completions", json=body, headers={"authorization": "Bearer " + gateway.keys["first"]})
        assert r.status_code == 502 and r.json()["error"]["code"] == "upstream_error"
    upstream.behaviours.clear()
