# SPDX-License-Identifier: Apache-2.0
"""What chat pages send beside the conversation. The shapes of Open WebUI's and LibreChat's requests: fields of their own, the user's
name in variables and headers, and requests in the background that carry the conversation in a prompt (titles, tags, follow-ups)."""
import json

import httpx
import pytest

from planted import NOTE, REVERSIBLE, leaked

USER = {"id": "5f0c-user", "name": "Mr. Hollingsworth", "email": "jane.sample@example.com", "role": "user"}
TURNS = [{"role": "user", "content": NOTE}, {"role": "assistant", "content": "I see. MRN: 00417723."}, {"role": "user", "content": NOTE}]
HISTORY = "<chat_history>\nUSER: " + NOTE + "\nASSISTANT: MRN: 00417723.\n</chat_history>"


def task(kind, prompt):
    """Open WebUI's requests in the background: one message, and the first request once more in the metadata."""
    return {"model": "capture", "messages": [{"role": "user", "content": prompt + "\n\n### Chat History:\n" + HISTORY}], "stream": False,
            "max_completion_tokens": 1000, "metadata": {"task": kind, "chat_id": "c-1", "task_body": {
                "model": "capture", "messages": TURNS, "chat_id": "c-1"}}}


OPEN_WEBUI = {
    "chat": {"stream": True, "model": "capture", "messages": TURNS, "params": {}, "tool_ids": [], "tool_servers": [],
             "features": {"image_generation": False, "code_interpreter": False, "web_search": False, "memory": False},
             "variables": {"{{USER_NAME}}": USER["name"], "{{USER_LOCATION}}": "Unknown", "{{USER_LANGUAGE}}": "en-US"},
             "model_item": {"id": "capture", "name": "Capture", "owned_by": "openai", "info": {"meta": {"description": NOTE}}},
             "session_id": "s-1", "chat_id": "c-1", "id": "m-1", "parent_id": None, "parent_message": {"content": NOTE},
             "background_tasks": {"title_generation": True, "tags_generation": True, "follow_up_generation": True},
             "stream_options": {"include_usage": True}},
    "pipeline": {"stream": False, "model": "capture", "messages": TURNS, "user": USER, "chat_id": "c-1",
                 "metadata": {"user_id": "5f0c-user", "chat_id": "c-1", "message_id": "m-1", "variables": {"{{USER_NAME}}": USER["name"]}}},
    "title": task("title_generation", 'Write a title of 3 to 5 words with one emoji. JSON format: { "title": "the title" }'),
    "tags": task("tags_generation", 'Sort the conversation by 1 to 3 tags. JSON format: { "tags": ["one"] }'),
    "follow-up": task("follow_up_generation", 'Suggest 3 questions. JSON format: { "follow_ups": ["one?"] }'),
    "query": task("query_generation", 'Write search queries. JSON format: { "queries": ["one"] }'),
}
LIBRECHAT = {
    "chat": {"model": "capture", "temperature": 1, "top_p": 1, "presence_penalty": 0, "frequency_penalty": 0, "stream": True, "n": 1,
             "user": "65f1a2b3c4d5e6f7a8b9c0d1", "messages": [{"role": "system", "content": "Today is Thursday. The user: " + USER["name"]}, *TURNS],
             "stream_options": {"include_usage": True}},
    "parts": {"model": "capture", "stream": True, "user": "65f1a2b3c4d5e6f7a8b9c0d1", "parallel_tool_calls": True, "messages": [
        {"role": "user", "content": [{"type": "text", "text": NOTE}]}, {"role": "assistant", "content": [{"type": "text", "text": NOTE}]},
        {"role": "user", "content": [{"type": "text", "text": NOTE}]}]},
    "title": {"model": "capture", "temperature": 0.2, "presence_penalty": 0, "frequency_penalty": 0, "stream": False, "messages": [
        {"role": "user", "content": "Write a title of five words or less.\n||>User:\n" + NOTE + "\n||>Response:\nMRN: 00417723."}]},
    "agent": {"model": "capture", "stream": True, "messages": [{"role": "user", "content": NOTE}], "tools": [{"type": "function", "function": {
        "name": "lookup_action_aHR0cA", "description": "Looks up " + USER["name"], "parameters": {"type": "object", "properties": {
            "text": {"type": "string", "description": NOTE}}}}}], "tool_choice": "auto"},
}
CASES = [("open-webui/" + k, v) for k, v in OPEN_WEBUI.items()] + [("librechat/" + k, v) for k, v in LIBRECHAT.items()]


def answer_of(response, stream):
    if not stream:
        return response.json()["choices"][0]["message"]["content"]
    events = [json.loads(line[6:]) for line in response.text.splitlines() if line.startswith("data: {")]
    return "".join(c["delta"].get("content") or "" for e in events for c in e["choices"])


@pytest.mark.parametrize("name,body", CASES, ids=[n for n, _ in CASES])
def test_what_a_chat_page_sends(gateway, upstream, name, body):
    upstream.clear()
    upstream.behaviours.clear()
    headers = {"authorization": "Bearer " + gateway.keys["first"], "x-openwebui-user-name": "Hollingsworth", "x-openwebui-chat-id": "00417723",
               "x-openwebui-user-email": USER["email"], "http-referer": "https://openwebui.example", "x-title": "Hollingsworth"}
    r = httpx.post(gateway.url + "/chat/completions", json=body, headers=headers, timeout=60)
    assert r.status_code == 200, r.text
    assert len(upstream.requests) == 1 and leaked(upstream.received) == []
    said = answer_of(r, body["stream"])
    assert said == upstream.expected(body)["contents"][0] and all(v in said for v in REVERSIBLE)
    sent = upstream.requests[0].json
    for known in ("chat_id", "session_id", "features", "background_tasks", "stream_options", "temperature", "tool_choice"):
        assert sent.get(known) == body.get(known), known
