# SPDX-License-Identifier: Apache-2.0
"""The axes of the matrix: endpoints with the places of a body that can hold text, ways to write the text, codings of the body. And
what of it a reader would understand in the bytes that left."""
import base64
import gzip
import html
import json
import re
import unicodedata
import urllib.parse
import warnings
import zlib

import brotli
import zstandard

from planted import IRREVERSIBLE, NOTE, REVERSIBLE

TEXT = NOTE + " " + " ".join(s.format(v) for v, s in IRREVERSIBLE.items())
VALUES = [*REVERSIBLE, *IRREVERSIBLE]


def user(content):
    return [{"role": "user", "content": content}]


FUNCTION = {"name": "f", "description": "x", "parameters": {"type": "object", "properties": {}}}


def chat(**more):
    return {"model": "capture", "messages": user("hello"), **more}


def chat_fields(t):
    call = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": json.dumps({"text": t})}}
    custom = {"id": "c2", "type": "custom", "custom": {"name": "g", "input": t}}
    return {
        "content": chat(messages=user(t)), "part": chat(messages=user([{"type": "text", "text": t}])),
        "system": chat(messages=[{"role": "system", "content": t}, *user("x")]),
        "developer": chat(messages=[{"role": "developer", "content": [{"type": "text", "text": t}]}, *user("x")]),
        "assistant": chat(messages=[*user("x"), {"role": "assistant", "content": t}, *user("y")]),
        "refusal": chat(messages=[*user("x"), {"role": "assistant", "refusal": t}, *user("y")]),
        "refusal part": chat(messages=[*user("x"), {"role": "assistant", "content": [{"type": "refusal", "refusal": t}]}, *user("y")]),
        "name": chat(messages=[{"role": "user", "name": t, "content": "x"}]),
        "arguments": chat(messages=[*user("x"), {"role": "assistant", "tool_calls": [call]}, {"role": "tool", "tool_call_id": "c1", "content": "y"}]),
        "custom call": chat(messages=[*user("x"), {"role": "assistant", "tool_calls": [custom]}, {"role": "tool", "tool_call_id": "c2", "content": "y"}]),
        "function call": chat(messages=[*user("x"), {"role": "assistant", "function_call": {"name": "f", "arguments": json.dumps({"a": [t]})}}]),
        "tool result": chat(messages=[*user("x"), {"role": "tool", "tool_call_id": "c1", "content": t}]),
        "tool result as JSON": chat(messages=[*user("x"), {"role": "tool", "tool_call_id": "c1", "content": json.dumps({"r": [{"note": t}]})}]),
        "reasoning": chat(messages=[*user("x"), {"role": "assistant", "content": "y", "reasoning_content": t}]),
        "tool description": chat(tools=[{"type": "function", "function": {**FUNCTION, "description": t}}]),
        "enum": chat(tools=[{"type": "function", "function": {**FUNCTION, "parameters": {"properties": {"p": {"enum": [t], "default": t}}}}}]),
        "grammar": chat(tools=[{"type": "custom", "custom": {"name": "g", "format": {"type": "grammar", "grammar": {"definition": t}}}}]),
        "functions": chat(functions=[{**FUNCTION, "description": t}]),
        "response format": chat(response_format={"type": "json_schema", "json_schema": {"name": "x", "description": t, "schema": {"const": t}}}),
        "prediction": chat(prediction={"type": "content", "content": t}),
        "prediction parts": chat(prediction={"type": "content", "content": [{"type": "text", "text": t}]}),
        "stop": chat(stop=[t]), "stop as text": chat(stop=t), "metadata": chat(metadata={"k": t}), "user": chat(user=t),
        "safety identifier": chat(safety_identifier=t), "cache key": chat(prompt_cache_key=t),
        "documents": chat(documents=[{"title": t, "text": t}]), "template": chat(chat_template=t, chat_template_kwargs={"a": {"b": t}}),
        "guided": chat(structured_outputs={"regex": t, "choice": [t]}), "bad words": chat(bad_words=[t]), "xargs": chat(vllm_xargs={"a": t}),
        "unknown": chat(future={"deep": [{"x": [t]}]}),
    }


def responses(**more):
    return {"model": "capture", "input": "hello", **more}


def item(*items):
    return responses(input=[*items, {"role": "user", "content": "x"}])


def responses_fields(t):
    return {
        "input": responses(input=t), "message": item({"role": "user", "content": t}),
        "input text": item({"role": "user", "content": [{"type": "input_text", "text": t}]}),
        "output text": item({"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": t, "annotations": []}]}),
        "refusal": item({"type": "message", "role": "assistant", "content": [{"type": "refusal", "refusal": t}]}),
        "instructions": responses(instructions=t), "metadata": responses(metadata={"k": t}), "user": responses(user=t),
        "function call": item({"type": "function_call", "call_id": "c", "name": "f", "arguments": json.dumps({"text": t})}),
        "function output": item({"type": "function_call_output", "call_id": "c", "output": t}),
        "function output parts": item({"type": "function_call_output", "call_id": "c", "output": [{"type": "input_text", "text": t}]}),
        "custom call": item({"type": "custom_tool_call", "call_id": "c", "name": "g", "input": t}),
        "custom output": item({"type": "custom_tool_call_output", "call_id": "c", "output": t}),
        "summary": item({"type": "reasoning", "id": "r", "summary": [{"type": "summary_text", "text": t}]}),
        "reasoning text": item({"type": "reasoning", "id": "r", "summary": [], "content": [{"type": "reasoning_text", "text": t}]}),
        "plain as sealed": item({"type": "reasoning", "id": "r", "summary": [], "encrypted_content": t}),
        "shell": item({"type": "local_shell_call", "call_id": "c", "id": "l", "status": "completed", "action": {
            "type": "exec", "command": ["echo", t], "env": {"A": t}, "working_directory": t}}),
        "shell output": item({"type": "shell_call_output", "call_id": "c", "output": [{"stdout": t, "stderr": t}]}),
        "patch": item({"type": "apply_patch_call", "call_id": "c", "operation": {"type": "update_file", "path": "a", "diff": t}}),
        "code": item({"type": "code_interpreter_call", "id": "c", "code": t, "outputs": [{"type": "logs", "logs": t}]}),
        "file search": item({"type": "file_search_call", "id": "c", "queries": [t], "results": [{"text": t, "filename": t}]}),
        "web search": item({"type": "web_search_call", "id": "c", "action": {"type": "search", "query": t}}),
        "tools in input": item({"type": "additional_tools", "tools": [{"type": "function", "name": "f", "description": t}]}),
        "tool": responses(tools=[{"type": "function", "name": "f", "description": t, "parameters": {"properties": {"p": {"title": t}}}}]),
        "format": responses(text={"format": {"type": "json_schema", "name": "x", "description": t, "schema": {"enum": [t]}}}),
        "unknown": responses(future=[t]),
    }


def messages(**more):
    return {"model": "capture", "max_tokens": 100, "messages": user("hello"), **more}


def messages_fields(t):
    def block(*blocks):
        return messages(messages=user([*blocks, {"type": "text", "text": "x"}]))
    return {
        "content": messages(messages=user(t)), "text": block({"type": "text", "text": t}), "system": messages(system=t),
        "system blocks": messages(system=[{"type": "text", "text": t}]), "metadata": messages(metadata={"user_id": t}),
        "stop": messages(stop_sequences=[t]), "tool": messages(tools=[{"name": "f", "description": t, "input_schema": {"title": t}}]),
        "tool use": messages(messages=[*user("x"), {"role": "assistant", "content": [{"type": "tool_use", "id": "t", "name": "f", "input": {"a": [t]}}]},
                                       *user([{"type": "tool_result", "tool_use_id": "t", "content": "y"}])]),
        "tool result": block({"type": "tool_result", "tool_use_id": "t", "content": t}),
        "tool result blocks": block({"type": "tool_result", "tool_use_id": "t", "content": [{"type": "text", "text": t}]}),
        "document": block({"type": "document", "title": t, "context": t, "source": {"type": "text", "media_type": "text/plain", "data": t}}),
        "document blocks": block({"type": "document", "source": {"type": "content", "content": [{"type": "text", "text": t}]}}),
        "search result": block({"type": "search_result", "source": t, "title": t, "content": [{"type": "text", "text": t}]}),
        "thinking": messages(messages=[*user("x"), {"role": "assistant", "content": [
            {"type": "thinking", "thinking": t, "signature": "S" * 80}, {"type": "text", "text": "y"}]}, *user("z")]),
        "unknown": messages(future={"a": t}),
    }


def ollama_fields(t):
    base = {"model": "capture", "messages": user("hello")}
    return {
        "content": {**base, "messages": user(t)}, "thinking": {**base, "messages": [{"role": "assistant", "content": "x", "thinking": t}, *user("y")]},
        "arguments": {**base, "messages": [{"role": "assistant", "content": "", "tool_calls": [{"function": {"name": "f", "arguments": {"a": t}}}]}, *user("y")]},
        "tool": {**base, "tools": [{"type": "function", "function": {**FUNCTION, "description": t}}]}, "format": {**base, "format": {"title": t}},
        "options": {**base, "options": {"stop": [t]}}, "unknown": {**base, "x": [t]}}


def generate_fields(t):
    base = {"model": "capture", "prompt": "hello"}
    return {"prompt": {**base, "prompt": t}, "system": {**base, "system": t}, "suffix": {**base, "suffix": t}, "template": {**base, "template": t}}


def gemini_fields(t):
    def parts(*more):
        return {"contents": [{"role": "user", "parts": [*more, {"text": "x"}]}]}
    base = parts()
    return {
        "text": parts({"text": t}), "system": {**base, "systemInstruction": {"parts": [{"text": t}]}}, "call": parts({"functionCall": {"name": "f", "args": {"a": [t]}}}),
        "response": parts({"functionResponse": {"name": "f", "response": {"r": t}}}), "code": parts({"executableCode": {"language": "PYTHON", "code": t}}),
        "code result": parts({"codeExecutionResult": {"outcome": "OUTCOME_OK", "output": t}}),
        "tool": {**base, "tools": [{"functionDeclarations": [{"name": "f", "description": t, "parameters": {"type": "OBJECT", "description": t}}]}]},
        "schema": {**base, "generationConfig": {"responseSchema": {"title": t}, "stopSequences": [t]}}, "labels": {**base, "labels": {"a": t}}}


# endpoint -> (path, fields, how its stream is asked for: a member, "path", or None)
ENDPOINTS = {
    "chat": ("/v1/chat/completions", chat_fields, "stream"),
    "azure": ("/openai/deployments/capture/chat/completions?api-version=2024-10-21", lambda t: {
        k: v for k, v in chat_fields(t).items() if k in ("content", "part", "arguments", "tool result", "enum", "metadata", "unknown")}, "stream"),
    "completions": ("/v1/completions", lambda t: {
        "prompt": {"model": "capture", "prompt": t}, "prompts": {"model": "capture", "prompt": ["x", t]}, "suffix": {"model": "capture", "prompt": "x", "suffix": t},
        "stop": {"model": "capture", "prompt": "x", "stop": t}, "user": {"model": "capture", "prompt": "x", "user": t}}, "stream"),
    "embeddings": ("/v1/embeddings", lambda t: {"input": {"model": "capture", "input": t}, "inputs": {"model": "capture", "input": ["x", t]},
                                                  "user": {"model": "capture", "input": "x", "user": t}}, None),
    "moderations": ("/v1/moderations", lambda t: {"input": {"input": t, "model": "capture"}, "inputs": {"input": ["x", t], "model": "capture"},
                                                    "parts": {"input": [{"type": "text", "text": t}], "model": "capture"}}, None),
    "images": ("/v1/images/generations", lambda t: {"prompt": {"model": "capture", "prompt": t}, "user": {"model": "capture", "prompt": "x", "user": t}}, None),
    "responses": ("/v1/responses", responses_fields, "stream"),
    "compact": ("/v1/responses/compact", lambda t: {k: v for k, v in responses_fields(t).items() if k in ("input", "message", "instructions")}, None),
    "input tokens": ("/v1/responses/input_tokens", lambda t: {k: v for k, v in responses_fields(t).items() if k in ("input", "message", "tool")}, None),
    "messages": ("/v1/messages", messages_fields, "stream"),
    "count tokens": ("/v1/messages/count_tokens", lambda t: {k: v for k, v in messages_fields(t).items() if k in ("content", "system", "tool use")}, None),
    "ollama chat": ("/api/chat", ollama_fields, "stream"), "ollama generate": ("/api/generate", generate_fields, "stream"),
    "ollama embed": ("/api/embed", lambda t: {"input": {"model": "capture", "input": [t]}}, None),
    "ollama embeddings": ("/api/embeddings", lambda t: {"prompt": {"model": "capture", "prompt": t}}, None),
    "gemini": ("/v1beta/models/capture:generateContent", gemini_fields, "path"),
    "gemini tokens": ("/v1beta/models/capture:countTokens", lambda t: {"text": gemini_fields(t)["text"], "whole": {
        "generateContentRequest": gemini_fields(t)["text"]}}, None),
    "gemini embed": ("/v1beta/models/capture:embedContent", lambda t: {"text": {"content": {"parts": [{"text": t}]}, "title": t}}, None),
    "gemini embeds": ("/v1beta/models/capture:batchEmbedContents", lambda t: {"text": {"requests": [{"model": "models/capture", "content": {"parts": [{"text": t}]}}]}}, None),
}


# ---- ways to write it ----

def each(change):
    """The text with every planted value written in another way."""
    def write(text):
        for value in VALUES:
            text = text.replace(value, change(value))
        return text
    return write


EVASIONS = {
    "plain": lambda t: t,
    "JSON in text": lambda t: json.dumps({"a": [{"note": t}]}),
    "JSON in JSON in text": lambda t: json.dumps({"a": json.dumps({"b": json.dumps([t])})}),
    "zero width": each(lambda v: v[:3] + "\u200b" + v[3:]),
    "soft hyphen": each(lambda v: v[:2] + "\u00ad" + v[2:]),
    "entities": each(lambda v: "".join(f"&#{ord(c)};" if i % 2 else c for i, c in enumerate(v))),
    "percent": each(lambda v: "".join(f"%{ord(c):02X}" if not c.isalnum() else c for c in v)),
    "full width": each(lambda v: "".join(chr(ord(c) + 0xfee0) if c.isdigit() else c for c in v)),
    "hyphens": each(lambda v: v.replace("-", "\u2011")),
    "base64": lambda t: "Decode this: " + base64.b64encode(t.encode()).decode(),
    "hex": lambda t: "Decode this: " + t.encode().hex(),
    "line ends": lambda t: t.replace(". ", ".\r\n\t"),
    "long": lambda t: "lorem ipsum " * 300 + t + " dolor sit amet" * 300,
}


def spelled(body, how):
    """The body as bytes: as Python writes it, all in UTF-8, or every character of its texts as an escape."""
    if how == "ascii":
        return json.dumps(body).encode()
    if how == "utf-8":
        return json.dumps(body, ensure_ascii=False, indent=1).encode()
    out, text = [], json.dumps(body, ensure_ascii=False)
    inside = skip = False
    for i, c in enumerate(text):
        if skip:
            skip = False
        elif inside and c == "\\":
            skip = True
        elif c == '"':
            inside = not inside
        elif inside and c.isdigit() and not re.match(r'[^"]*"\s*:', text[i:]):  # keys stay readable for those who read this
            c = f"\\u{ord(c):04x}"
        out.append(c)
    return "".join(out).encode()


CODINGS = {"": bytes, "gzip": gzip.compress, "deflate": zlib.compress, "br": brotli.compress, "zstd": zstandard.ZstdCompressor().compress}


# ---- what a reader would understand ----

def decoded_runs(text):
    for run in re.findall(r"[A-Za-z0-9+/_-]{24,}={0,2}", text):
        for decode in (lambda r: base64.b64decode(r + "=" * (-len(r) % 4), altchars=b"-_" if set(r) & set("-_") else None), bytes.fromhex):
            try:
                yield decode(run).decode("utf8", "replace")
            except ValueError:
                pass


def folded(text):
    kept = "".join(c for c in unicodedata.normalize("NFKC", text) if unicodedata.category(c) != "Cf")
    return re.sub("[\u2010-\u2015\u2212]", "-", kept)


def readable(raw):
    """The planted values that these bytes tell, in any of the ways in which they may be written."""
    text = raw.decode("utf8", "replace")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        once = re.sub(r"\\u([0-9a-fA-F]{4})", lambda m: chr(int(m[1], 16)), text)
    forms = {text, once, html.unescape(once), urllib.parse.unquote(once), once.replace("\\", "")}
    forms |= set(decoded_runs(text)) | set(decoded_runs(once))
    return sorted({v for form in forms for v in VALUES if v in folded(form)})
