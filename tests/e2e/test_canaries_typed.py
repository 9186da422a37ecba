# SPDX-License-Identifier: Apache-2.0
"""As test_canaries.py, for /v1/responses, /v1/messages, /api/* and their neighbours: a unique value in every position of a body is
found nowhere but in the upstream's request, when it may go, and in the client's answer."""
import copy
import json

import httpx
import pytest

from test_canaries import canary

RESPONSE = {"model": "capture", "instructions": "x", "metadata": {"a": "x"}, "user": "x", "stream": False, "store": True,
            "text": {"format": {"type": "json_schema", "name": "n", "schema": {"title": "x", "enum": ["x"]}}},
            "reasoning": {"effort": "low", "summary": "auto"}, "tool_choice": {"type": "function", "name": "f"}, "include": ["x"],
            "tools": [{"type": "function", "name": "f", "description": "x", "parameters": {"properties": {"p": {"default": "x"}}}}],
            "input": [{"role": "user", "content": [{"type": "input_text", "text": "x"}]},
                      {"type": "reasoning", "id": "r", "summary": [{"type": "summary_text", "text": "x"}], "encrypted_content": "x"},
                      {"type": "function_call", "call_id": "c", "name": "f", "arguments": "{\"a\":\"x\"}"},
                      {"type": "function_call_output", "call_id": "c", "output": "x"},
                      {"type": "shell_call_output", "call_id": "c", "output": [{"stdout": "x", "outcome": {"type": "exit", "exit_code": 0}}]}]}
MESSAGE = {"model": "capture", "max_tokens": 64, "system": [{"type": "text", "text": "x", "cache_control": {"type": "ephemeral"}}],
           "metadata": {"user_id": "x"}, "stop_sequences": ["x"], "thinking": {"type": "enabled", "budget_tokens": 1024},
           "tools": [{"name": "f", "description": "x", "input_schema": {"type": "object", "properties": {"p": {"enum": ["x"]}}}}],
           "messages": [{"role": "user", "content": [{"type": "text", "text": "x"}]},
                        {"role": "assistant", "content": [{"type": "thinking", "thinking": "x", "signature": "x"},
                                                          {"type": "tool_use", "id": "t", "name": "f", "input": {"a": "x"}}]},
                        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t", "content": "x"},
                                                     {"type": "document", "title": "x", "source": {
                                                         "type": "text", "media_type": "text/plain", "data": "x"}}]}]}
OLLAMA = {"model": "capture", "format": {"type": "object", "title": "x"}, "options": {"seed": 1, "stop": ["x"]}, "keep_alive": "5m",
          "tools": [{"type": "function", "function": {"name": "f", "description": "x"}}],
          "messages": [{"role": "user", "content": "x", "images": []},
                       {"role": "assistant", "content": "x", "thinking": "x", "tool_calls": [{"function": {"name": "f", "arguments": {"a": "x"}}}]}]}
BODIES = {"/v1/responses": RESPONSE, "/v1/responses/input_tokens": RESPONSE, "/v1/messages": MESSAGE, "/v1/messages/count_tokens": MESSAGE,
          "/api/chat": OLLAMA, "/api/generate": {"model": "capture", "prompt": "x", "system": "x", "suffix": "x", "template": "x"},
          "/api/embed": {"model": "capture", "input": ["x"]}, "/v1/moderations": {"model": "capture", "input": [{"type": "text", "text": "x"}]},
          "/v1/images/generations": {"model": "capture", "prompt": "x", "size": "x", "user": "x"}}


def planted(value, mark):
    """The value with the mark in one place of it, for each place: each string, number, word and key."""
    if isinstance(value, dict):
        for key in value:
            yield {(mark if k == key else k): v for k, v in value.items()}
            for inner in planted(value[key], mark):
                yield {**value, key: inner}
        yield {**value, mark: mark}
    elif isinstance(value, list):
        for i, item in enumerate(value):
            for inner in planted(item, mark):
                yield [*value[:i], inner, *value[i + 1:]]
        yield [*value, mark]
    else:
        yield mark


@pytest.mark.parametrize("path", BODIES)
def test_nothing_of_a_body_is_written_anywhere(gateway, upstream, path):
    upstream.clear()
    mark, n = canary(), 0
    with httpx.Client(base_url=f"http://127.0.0.1:{gateway.port}", timeout=60, headers={
            "authorization": "Bearer " + gateway.keys["first"]}) as http:
        for i, body in enumerate(planted(copy.deepcopy(BODIES[path]), mark)):
            upstream.behave("*", status=500 if i % 3 == 2 else 200, pieces=[7])
            if "stream" not in body and i % 2 and not path.endswith("tokens"):
                body = {**body, "stream": True}
            r = http.post(path, json=body)
            n += 1
            if r.headers.get("x-phigate-decision") == "block":
                assert mark not in r.text, (r.status_code, json.dumps(body))
    upstream.behaviours.clear()
    assert n >= 5
    for text in (gateway.everything_written(), gateway.metrics().encode()):
        assert mark.encode() not in text
