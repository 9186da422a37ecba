# SPDX-License-Identifier: Apache-2.0
"""Answers of the capture upstream in the forms of /v1/responses, /v1/messages, /v1/moderations, /v1/images/generations Ollama's /api and
Gemini's generateContent: like a model that repeats what it was told, with the behaviour of capture.py."""
import json

from capture import cut, text_of, vector


def last_user_text(messages):
    users = [m for m in messages if m.get("role") == "user"]
    return text_of(users[-1].get("content")) if users else ""


class Responses:
    """/v1/responses: a reasoning summary, then the text or a function call, each text as often as OpenAI sends it."""

    def __init__(self, writer):
        self.body, self.b = writer.body, writer.b
        given = self.body.get("input") or ""
        self.text = given if isinstance(given, str) else last_user_text([i for i in given if isinstance(i, dict)])
        if self.b["reply"] is not None:
            self.text = self.b["reply"]
        kind = ((self.body.get("text") or {}).get("format") or {}).get("type")
        if kind in ("json_object", "json_schema") and self.b["reply"] is None:
            self.text = json.dumps({"answer": self.text}, ensure_ascii=False)
        tools = [t for t in self.body.get("tools") or [] if t.get("type") == "function"]
        self.tool = self.b["tool"] or (tools[0]["name"] if tools else None)
        self.number = 0

    def response(self, status, output):
        echo = {k: self.body[k] for k in ("instructions", "metadata", "tools", "user", "text", "store") if k in self.body}
        usage = {"input_tokens": 7, "input_tokens_details": {"cached_tokens": 0}, "output_tokens": 5,
                 "output_tokens_details": {"reasoning_tokens": 0}, "total_tokens": 12} if status == "completed" else None
        return {"id": "resp_capture", "object": "response", "created_at": 1700000000, "status": status, "error": None,
                "incomplete_details": None, "model": self.body.get("model"), "output": output, "parallel_tool_calls": True,
                "tool_choice": "auto", "tools": [], "metadata": {}, **echo, "usage": usage}

    def part(self, text):
        rows = [{"token": p, "logprob": -0.1, "bytes": list(p.encode()), "top_logprobs": []} for p in cut(text, self.b["pieces"])]
        asked = "message.output_text.logprobs" in (self.body.get("include") or [])
        return {"type": "output_text", "text": text, "annotations": [], "logprobs": rows if asked else []}

    def items(self):
        summary = {"id": "rs_1", "type": "reasoning", "summary": [{"type": "summary_text", "text": self.text}],
                   "encrypted_content": "gAAAAA" + "b" * 120}
        if self.tool:
            return [summary, {"id": "fc_1", "type": "function_call", "status": "completed", "call_id": "call_1",
                              "name": self.tool, "arguments": json.dumps({"text": self.text})}]
        return [summary, {"id": "msg_1", "type": "message", "status": "completed", "role": "assistant",
                          "content": [self.part(self.text)]}]

    def whole(self):
        return self.response("completed", self.items())

    def event(self, kind, **members):
        self.number += 1
        return kind, {"type": kind, "sequence_number": self.number, **members}

    def events(self):
        summary, item = self.items()
        at = {"item_id": "rs_1", "output_index": 0, "summary_index": 0}
        yield self.event("response.created", response=self.response("in_progress", []))
        yield self.event("response.in_progress", response=self.response("in_progress", []))
        yield self.event("response.output_item.added", output_index=0, item={**summary, "summary": []})
        yield self.event("response.reasoning_summary_part.added", **at, part={"type": "summary_text", "text": ""})
        for piece in cut(self.text, self.b["pieces"]):
            yield self.event("response.reasoning_summary_text.delta", **at, delta=piece, obfuscation="xY3")
        yield self.event("response.reasoning_summary_text.done", **at, text=self.text)
        yield self.event("response.reasoning_summary_part.done", **at, part={"type": "summary_text", "text": self.text})
        yield self.event("response.output_item.done", output_index=0, item=summary)
        yield from self.call_events(item) if self.tool else self.message_events(item)
        yield self.event("response.completed", response=self.response("completed", [summary, item]))

    def call_events(self, item):
        at = {"item_id": "fc_1", "output_index": 1}
        yield self.event("response.output_item.added", output_index=1, item={**item, "arguments": ""})
        for piece in cut(item["arguments"], self.b["pieces"]):
            yield self.event("response.function_call_arguments.delta", **at, delta=piece)
        yield self.event("response.function_call_arguments.done", **at, name=item["name"], arguments=item["arguments"])
        yield self.event("response.output_item.done", output_index=1, item=item)

    def message_events(self, item):
        at = {"item_id": "msg_1", "output_index": 1, "content_index": 0}
        yield self.event("response.output_item.added", output_index=1, item={**item, "content": [], "status": "in_progress"})
        yield self.event("response.content_part.added", **at, part=self.part(""))
        for piece in cut(self.text, self.b["pieces"]):
            yield self.event("response.output_text.delta", **at, delta=piece, logprobs=[], obfuscation="q")
        yield self.event("response.output_text.done", **at, text=self.text, logprobs=[])
        yield self.event("response.content_part.done", **at, part=self.part(self.text))
        yield self.event("response.output_item.done", output_index=1, item=item)


class Messages:
    """Anthropic's /v1/messages: signed thinking, then the text or a tool use."""

    def __init__(self, writer):
        self.body, self.b = writer.body, writer.b
        self.text = last_user_text(self.body["messages"]) if self.b["reply"] is None else self.b["reply"]
        self.tool = self.b["tool"] or (self.body["tools"][0]["name"] if self.body.get("tools") else None)

    def blocks(self):
        blocks = []
        if (self.body.get("thinking") or {}).get("type") == "enabled":
            blocks.append({"type": "thinking", "thinking": "About: " + self.text, "signature": "Sig" + "A" * 100})
        if self.tool:
            return blocks + [{"type": "tool_use", "id": "toolu_1", "name": self.tool, "input": {"text": self.text}}]
        return blocks + [{"type": "text", "text": self.text}]

    def message(self, content, stop):
        return {"id": "msg_1", "type": "message", "role": "assistant", "model": self.body.get("model"), "content": content,
                "stop_reason": stop, "stop_sequence": None, "usage": {"input_tokens": 7, "output_tokens": 5}}

    def stop(self):
        return "tool_use" if self.tool else "end_turn"

    def whole(self):
        return self.message(self.blocks(), self.stop())

    def events(self):
        yield "message_start", {"type": "message_start", "message": self.message([], None)}
        yield "ping", {"type": "ping"}
        for i, block in enumerate(self.blocks()):
            yield from self.block_events(i, block)
        yield "message_delta", {"type": "message_delta", "delta": {"stop_reason": self.stop(), "stop_sequence": None},
                                "usage": {"output_tokens": 5}}
        yield "message_stop", {"type": "message_stop"}

    def block_events(self, i, block):
        def delta(**d):
            return "content_block_delta", {"type": "content_block_delta", "index": i, "delta": d}
        empty = {"text": {**block, "text": ""}, "tool_use": {**block, "input": {}},
                 "thinking": {**block, "thinking": "", "signature": ""}}[block["type"]]
        yield "content_block_start", {"type": "content_block_start", "index": i, "content_block": empty}
        if block["type"] == "text":
            yield from (delta(type="text_delta", text=p) for p in cut(block["text"], self.b["pieces"]))
        elif block["type"] == "tool_use":
            whole = json.dumps(block["input"])
            yield from (delta(type="input_json_delta", partial_json=p) for p in cut(whole, self.b["pieces"]))
        else:
            yield from (delta(type="thinking_delta", thinking=p) for p in cut(block["thinking"], self.b["pieces"]))
            yield delta(type="signature_delta", signature=block["signature"])
        yield "content_block_stop", {"type": "content_block_stop", "index": i}


class Ollama:
    """/api/chat and /api/generate: a document, or a line of JSON for each piece."""

    def __init__(self, writer, chat):
        self.body, self.b, self.chat = writer.body, writer.b, chat
        self.text = last_user_text(self.body["messages"]) if chat else self.body["prompt"]
        if self.b["reply"] is not None:
            self.text = self.b["reply"]
        if self.body.get("format"):
            self.text = json.dumps({"answer": self.text}, ensure_ascii=False)
        self.tool = self.b["tool"] or (self.body["tools"][0]["function"]["name"] if self.body.get("tools") else None)

    def line(self, text, done=False, **more):
        said = {"message": {"role": "assistant", "content": text, **more}} if self.chat else {"response": text}
        end = {"done_reason": "stop", "prompt_eval_count": 7, "eval_count": 5, "total_duration": 1} if done else {}
        return {"model": self.body["model"], "created_at": "2026-01-02T03:04:05Z", **said, "done": done, **end}

    def call(self):
        return {"tool_calls": [{"function": {"name": self.tool, "arguments": {"text": self.text}}}]}

    def whole(self):
        return self.line("", True, **self.call()) if self.tool else self.line(self.text, True)

    def lines(self):
        if self.tool:
            yield self.line("", **self.call())
        elif self.chat and self.body.get("think"):
            yield from ({**self.line(""), "message": {"role": "assistant", "content": "", "thinking": p}}
                        for p in cut(self.text, self.b["pieces"]))
        pieces = [] if self.tool else cut(self.text, self.b["pieces"])
        for piece in pieces[:-1] if self.b["done"] == "with text" else pieces:
            yield self.line(piece)
        if self.b["finish"]:
            yield self.line(pieces[-1] if self.b["done"] == "with text" else "", True)


class Gemini:
    """:generateContent and its stream: whole responses, each with the next piece."""

    def __init__(self, writer):
        self.body, self.b = writer.body, writer.b
        texts = [p["text"] for c in self.body["contents"] if c.get("role", "user") == "user" for p in c["parts"] if "text" in p]
        self.text = self.b["reply"] if self.b["reply"] is not None else texts[-1] if texts else ""
        config = self.body.get("generationConfig") or {}
        if config.get("responseMimeType") == "application/json":
            self.text = json.dumps({"answer": self.text}, ensure_ascii=False)
        thinking = config.get("thinkingConfig") or {}
        self.thinks = thinking.get("includeThoughts") or thinking.get("include_thoughts")  # both spellings are taken
        declared = [d for t in self.body.get("tools") or [] for d in t.get("functionDeclarations", [])]
        self.tool = declared[0]["name"] if declared else None

    def response(self, parts, last=False):
        candidate = {"content": {"role": "model", "parts": parts}, "index": 0}
        usage = {"promptTokenCount": 7, "candidatesTokenCount": 5, "totalTokenCount": 12}
        return {"candidates": [{**candidate, "finishReason": "STOP"} if last else candidate], "usageMetadata": usage,
                "modelVersion": "capture", "responseId": "r1"}

    def answer(self):
        if self.tool:
            return [{"functionCall": {"name": self.tool, "args": {"text": self.text}}, "thoughtSignature": "U2ln" * 30}]
        return [{"text": self.text}]

    def whole(self):
        thoughts = [{"text": self.text, "thought": True}] if self.thinks else []
        return self.response([*thoughts, *self.answer()], True)

    def events(self):
        if self.thinks:
            yield from (self.response([{"text": p, "thought": True}]) for p in cut(self.text, self.b["pieces"]))
        pieces = [] if self.tool else cut(self.text, self.b["pieces"])
        yield from (self.response([{"text": p}]) for p in pieces[:-1])
        if self.b["finish"]:
            yield self.response([{"text": pieces[-1]}] if pieces else self.answer(), True)


def moderation(body):
    given = body.get("input")
    n = len(given) if isinstance(given, list) else 1
    one = {"flagged": False, "categories": {"violence": False}, "category_scores": {"violence": 0.01},
           "category_applied_input_types": {"violence": ["text"]}}
    return {"id": "modr-1", "model": body.get("model") or "omni-moderation-latest", "results": [one] * n}


def image(body):
    return {"created": 1700000000, "data": [{"b64_json": "aGVsbG8=", "revised_prompt": "A picture: " + body["prompt"]}]}


def listed(request):
    """The answer to a GET of what a server has, or None."""
    path = request.path.split("?")[0]
    if path == "/api/version":
        return {"version": "0.9.0"}
    if path == "/api/tags":
        return {"models": [{"name": "capture:latest", "model": "capture:latest", "size": 1, "digest": "0" * 64}]}
    if path.endswith("/v1beta/models"):
        return {"models": [{"name": "models/capture", "displayName": "Capture"}]}
    if request.header("anthropic-version"):
        model = {"type": "model", "id": "capture", "display_name": "Capture", "created_at": "2026-01-02T03:04:05Z"}
        one = path.split("/models/")[1:]
        return {**model, "id": one[0]} if one else {"data": [model], "has_more": False, "first_id": "capture", "last_id": "capture"}
    model = {"object": "model", "created": 0, "owned_by": "capture"}
    if path.endswith("/models"):
        return {"object": "list", "data": [{"id": m, **model} for m in ("echo", "capture")]}
    return {"id": path.split("/models/")[1], **model} if "/models/" in path else None


class Typed:
    """What capture.py asks for, by the path of the request."""

    def __init__(self, path, writer):
        path = path.split("?")[0] if path.startswith("/openai") else path
        path = path.removeprefix("/v1") if path.startswith("/v1/api/") else path
        self.path, self.writer, self.answer = path, writer, None
        if path.endswith("/responses"):
            self.answer = Responses(writer)
        elif path.endswith("/messages"):
            self.answer = Messages(writer)
        elif "enerateContent" in path:
            self.answer = Gemini(writer)
        elif path in ("/api/chat", "/api/generate"):
            self.answer = Ollama(writer, path == "/api/chat")

    def whole(self):
        body = self.writer.body
        if self.answer:
            return self.answer.whole()
        if self.path == "/api/embed":
            given = body["input"] if isinstance(body["input"], list) else [body["input"]]
            return {"model": body["model"], "embeddings": [vector(t) for t in given], "prompt_eval_count": 7}
        if self.path == "/api/embeddings":
            return {"embedding": vector(body["prompt"])}
        if self.path == "/api/show":
            return {"modelfile": "FROM x", "template": "{{ .Prompt }}", "details": {"family": "capture"}, "model_info": {}}
        if self.path.endswith(":countTokens"):
            return {"totalTokens": 7}
        if self.path.endswith(":embedContent"):
            return {"embedding": {"values": vector(body["content"]["parts"][0]["text"])}}
        if self.path.endswith(":batchEmbedContents"):
            return {"embeddings": [{"values": vector(r["content"]["parts"][0]["text"])} for r in body["requests"]]}
        if self.path.endswith("/moderations"):
            return moderation(body)
        if self.path.endswith(("/images/generations", "/images/edits")):
            return image(body)
        if self.path.endswith("/responses/compact"):
            items = [{"id": "msg_1", "type": "message", "role": "user", "status": "completed", "content": [
                {"type": "input_text", "text": Responses(self.writer).text}]}]
            return {"id": "resp_1", "object": "response.compaction", "created_at": 1700000000, "output": items + [
                {"id": "cmp_1", "type": "compaction", "encrypted_content": "gAAAAA" + "c" * 90}],
                "usage": Responses(self.writer).whole()["usage"]}
        if self.path.endswith("/responses/input_tokens"):
            return {"object": "response.input_tokens", "input_tokens": 7}
        if self.path.endswith("/messages/count_tokens"):
            return {"input_tokens": 7}
        return None

    def stream(self):
        """The pieces of a stream, or None."""
        asked = ":streamGenerateContent" in self.path or self.writer.body.get("stream", isinstance(self.answer, Ollama))
        if not self.answer or not asked:
            return None
        if isinstance(self.answer, Gemini):
            return (b"data: " + self.writer.dump(e) + b"\r\n\r\n" for e in self.answer.events())
        return self._lines() if isinstance(self.answer, Ollama) else self._stream()

    def type(self):
        return "application/x-ndjson" if isinstance(self.answer, Ollama) else "text/event-stream; charset=utf-8"

    def _lines(self):
        for line in self.answer.lines():
            yield self.writer.dump(line) + b"\n"

    def _stream(self):
        events = list(self.answer.events())
        if not self.writer.b["finish"]:
            events.pop()
        for name, event in events:
            yield b"event: " + name.encode() + b"\ndata: " + self.writer.dump(event) + b"\n\n"
