# SPDX-License-Identifier: Apache-2.0
"""A unique value in every position of every supported body is found nowhere but in the upstream's request (when it may go) and
the client's answer: not in the log, the audit log, metrics or error texts."""
import json
import secrets

import httpx
import pytest



def canary():
    return "canary" + secrets.token_hex(12)


def chat_bodies():
    """One body per string position; the key names the position."""
    base = {"model": "capture", "messages": [{"role": "user", "content": "hello"}]}
    user = base["messages"][0]

    def message(**more):
        return {**base, "messages": [user, {"role": "assistant", **more}, user]}
    c = canary()
    call = {"id": c, "type": "function", "function": {"name": c, "arguments": json.dumps({c: c})}}
    return c, [
        {**base, "messages": [{"role": "user", "content": c}]},
        {**base, "messages": [{"role": "system", "content": c}, user]},
        {**base, "messages": [{"role": "user", "content": [{"type": "text", "text": c}]}]},
        {**base, "messages": [{"role": "user", "content": "x", "name": c}]},
        {**base, "messages": [{"role": c, "content": "x"}]},
        {**base, "messages": [{"role": "user", "content": [{"type": c, "text": "x"}]}]},
        {**base, "messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": c}}]}]},
        message(content=None, tool_calls=[call]), message(content="x", refusal=c), message(content="x", reasoning_content=c),
        {**base, "tools": [{"type": "function", "function": {"name": c, "description": c, "parameters": {
            "type": "object", "properties": {c: {"type": "string", "enum": [c], "default": c}}}}}]},
        {**base, "tools": [{"type": c}]},
        {**base, "response_format": {"type": "json_schema", "json_schema": {"name": c, "schema": {"title": c}}}},
        {**base, "metadata": {c: c}}, {**base, "user": c}, {**base, "stop": [c]}, {**base, "prediction": {"type": "content", "content": c}},
        {**base, "logit_bias": {c: 1}}, {**base, c: c}, {**base, "unknown": {"deep": [{c: [c]}]}},
        {**base, "model": c}, {**base, "stream": c}, {**base, "n": c}, {**base, "messages": c}, {**base, "messages": [c]},
        {**base, "model": {"x": c}}, {**base, "tool_choice": {"type": "function", "function": {"name": c}}},
    ]


@pytest.mark.parametrize("stream", [False, True])
def test_nothing_of_a_body_is_written_anywhere(gateway, upstream, stream):
    upstream.clear()
    seen = []
    headers = {"authorization": "Bearer " + gateway.keys["first"]}
    for status in (200, 500):
        upstream.behave("*", status=status)
        c, bodies = chat_bodies()
        seen.append(c)
        for body in bodies:
            r = httpx.post(gateway.url + "/chat/completions", json={"stream": stream, **body}, headers=headers, timeout=30)
            if r.status_code != 200 and r.headers.get("x-phigate-decision") == "block":
                assert c not in r.text, (r.status_code, list(body))
        for path, body in (("/completions", {"model": "capture", "prompt": c, "suffix": c}),
                           ("/embeddings", {"model": "capture", "input": [c]})):
            httpx.post(gateway.url + path, json=body, headers=headers, timeout=30)
        # Broken JSON, at every place where the reader may stop.
        whole = json.dumps({"model": "capture", "messages": [{"role": "user", "content": c}], c: c})
        for end in range(1, len(whole), 7):
            r = httpx.post(gateway.url + "/chat/completions", content=whole[:end], timeout=30,
                           headers={**headers, "content-type": "application/json"})
            assert r.status_code == 400 and c not in r.text
        # In the head.
        for extra in ({"x-phi-purpose": c}, {"x-custom": c}, {"user-agent": c}, {"authorization": "Bearer " + c},
                      {"content-type": c}, {"content-encoding": c}):
            httpx.post(gateway.url + "/chat/completions", json=chat_bodies()[1][0], headers={**headers, **extra}, timeout=30)
        httpx.get(gateway.url + "/" + c, headers=headers)
        httpx.get(gateway.url + "/models?q=" + c, headers=headers)
    upstream.behaviours.clear()
    written = gateway.everything_written() + gateway.metrics().encode()
    for c in seen:
        assert c.encode() not in written


def test_nothing_is_left_in_memory(gateway, upstream):
    """After the answer and a moment of rest, the process holds no copy of what passed through."""
    import time
    import os
    marks = [canary() for _ in range(60)]
    headers = {"authorization": "Bearer " + gateway.keys["first"]}
    with httpx.Client(headers=headers) as http:
        for i, c in enumerate(marks):
            body = {"model": "capture", "messages": [{"role": "user", "content": f"MRN: {c[:10]} {c} {json.dumps({'a': c})}"}],
                    "stream": i % 2 == 0}
            assert http.post(gateway.url + "/chat/completions", json=body).status_code == 200
    time.sleep(1.5)
    pid = gateway.process.pid
    if "asan" in str(gateway.process.args[0]):
        pytest.skip("the sanitizer keeps freed memory aside by design")
    if os.geteuid() != 0:
        pytest.skip("reading another process's memory needs root")
    found = set()
    with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb", 0) as mem:
        for line in maps:
            where, mode = line.split()[:2]
            if "w" not in mode or "[v" in line:
                continue
            begin, end = (int(x, 16) for x in where.split("-"))
            try:
                mem.seek(begin)
                data = mem.read(end - begin)
            except OSError:
                continue
            found |= {c for c in marks if c.encode() in data}
    assert not found, f"{len(found)} of {len(marks)} values are still in memory"
