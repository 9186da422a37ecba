# SPDX-License-Identifier: Apache-2.0
"""Exchanges of a thousand principals with one gateway, many at once: does every value come back to whom it belongs, and none go up?

    build/venv/bin/python tests/e2e/exchanges.py --count 1000000 --scope request        (make exchanges)

Every exchange is made of a seed and its number, so that a wrong one can be made again (--seed, --only). What makes it hard:

- All principals get tokens of the same numbers, and some of the same values; the next request on the same connection to the upstream is
  somebody else's, and so are the streams that run at the same time.
- The upstream answers with the text, with its sentences the other way round, and with a token that it saw in another exchange
  and that does not stand in this request. That one must stay as it is.
- Streams are cut anywhere: into texts of 1 to 9 characters, and these bytes into writes of any size.

The upstream looks for anything that has the form of a planted value. It runs in a process of its own.
"""
import argparse
import asyncio
import json
import multiprocessing
import pathlib
import random
import re
import secrets
import sys
import tempfile
import time
import zlib

PRINCIPALS = 1000
FIRST, LAST = (("Hollings", "Quill", "Vander", "Ostrow", "Fenni", "Thistle", "Marrow", "Wether"),
               ("worth", "feather", "plank", "gill", "marsh", "down", "field", "combe"))
KINDS = {
    "mrn": ("MRN: {}.", lambda r: f"{r.randrange(10**8):08d}"),
    "phone": ("Call the patient at {}.", lambda r: f"212-555-01{r.randrange(100):02d}"),
    "mail": ("Write to {} tomorrow.", lambda r: "".join(r.choices("bcdfghjklmnp", k=6)) + "@example.com"),
    "birth": ("DOB: {}.", lambda r: f"{r.randrange(1, 13):02d}/{r.randrange(1, 29):02d}/{r.randrange(1931, 1999)}"),
    "name": ("Mr. {} came in today.", lambda r: r.choice(FIRST) + r.choice(LAST)),
}
PLANTED = re.compile(rb"\d{8}|212-555-\d{4}|@example\.com|\d\d/\d\d/19\d\d|" + "|".join(FIRST).encode())
TOKEN = re.compile(r"\[[A-Z]+(?:_[A-Z]+)*_\d+[A-Z]*\]")
FORMS = (("chat", True),) * 5 + (("chat", False), ("tool", True), ("tool", False), ("completion", True), ("response", True),
                                 ("response", False), ("message", True), ("message", False))
PATHS = {"chat": "/v1/chat/completions", "tool": "/v1/chat/completions", "completion": "/v1/completions", "response": "/v1/responses",
         "message": "/v1/messages"}


def values_of(seed, who, n):
    """Values that belong to a principal (0: to all)."""
    r = random.Random(f"{seed}/{who}")
    return [(kind, KINDS[kind][1](r)) for kind in r.choices(list(KINDS), k=n)]


class Exchange:
    """One request, and what must come of it."""

    def __init__(self, seed, number):
        r = random.Random(f"{seed}:{number}")
        self.number, self.who = number, r.randrange(PRINCIPALS)
        mine = values_of(seed, self.who + 1, 10) + values_of(seed, 0, 10)
        fresh = r.choice(list(KINDS))
        chosen = r.sample(mine, r.randrange(1, 6)) + [(fresh, KINDS[fresh][1](r))]
        self.sentences = [KINDS[kind][0].format(value) for kind, value in chosen]
        self.text = "\n".join(self.sentences)
        self.form, self.stream = r.choice(FORMS)
        self.body = self.make_body([KINDS[kind][0].format(value) for kind, value in r.sample(mine, r.randrange(3))])

    def make_body(self, before):
        body = {"model": "capture", "stream": self.stream}
        turns = [{"role": role, "content": text} for role, text in zip(("user", "assistant"), before)]
        if self.form == "completion":
            return {**body, "prompt": self.text}
        if self.form == "response":
            return {**body, "input": turns + [{"role": "user", "content": self.text}]}
        body["messages"] = turns + [{"role": "user", "content": self.text}]
        if self.form == "message":
            body["max_tokens"] = 500
        if self.form == "tool":
            body["tools"] = [{"type": "function", "function": {"name": "note", "parameters": {"type": "object"}}}]
        return body

    def is_right(self, texts):
        """Each text of the answer: the request's, and one token that is somebody else's."""
        want = answer_to(self.text)
        return bool(texts) and all(t.startswith(want) and (t == want or TOKEN.fullmatch(t[len(want) + 3:])) for t in texts)


def answer_to(text):
    return text + "\n" + "\n".join(reversed(text.split("\n")))


# ---- HTTP, as little of it as both sides need ----

class Peer(asyncio.Protocol):
    """Cuts what arrives into messages: of a known length, or chunked."""

    def connection_made(self, transport):
        self.transport, self.buffer = transport, b""

    def data_received(self, data):
        self.buffer += data
        while (message := self.cut()) is not None:
            self.on_message(*message)

    def cut(self):
        end = self.buffer.find(b"\r\n\r\n")
        if end < 0:
            return None
        head, at = self.buffer[:end].lower(), end + 4
        length = re.search(rb"content-length: (\d+)", head)
        if length:
            stop = at + int(length[1])
            if len(self.buffer) < stop:
                return None
            body = self.buffer[at:stop]
        else:
            if b"\r\n0\r\n\r\n" not in self.buffer[end:]:
                return None
            body, stop = self.unchunk(at)
        self.buffer = self.buffer[stop:]
        return head, body

    def unchunk(self, at):
        pieces = []
        while True:
            eol = self.buffer.index(b"\r\n", at)
            size = int(self.buffer[at:eol], 16)
            if size == 0:
                return b"".join(pieces), eol + 4
            pieces.append(self.buffer[eol + 2:eol + 2 + size])
            at = eol + 2 + size + 2


# ---- the upstream ----

def pieces_of(r, text):
    at, out = 0, []
    while at < len(text):
        n = r.randrange(1, 10)
        out.append(text[at:at + n])
        at += n
    return out


def whole_answer(form, text):
    if form == "completion":
        return {"id": "c", "object": "text_completion", "choices": [{"index": 0, "text": text, "finish_reason": "stop"}]}
    if form == "tool":
        call = {"id": "call_1", "type": "function", "function": {"name": "note", "arguments": json.dumps({"text": text})}}
        message = {"role": "assistant", "content": None, "tool_calls": [call]}
        return {"id": "c", "object": "chat.completion", "choices": [{"index": 0, "message": message, "finish_reason": "tool_calls"}]}
    if form == "chat":
        message = {"role": "assistant", "content": text}
        return {"id": "c", "object": "chat.completion", "choices": [{"index": 0, "message": message, "finish_reason": "stop"}]}
    if form == "response":
        part = {"type": "output_text", "text": text, "annotations": []}
        item = {"id": "msg_1", "type": "message", "status": "completed", "role": "assistant", "content": [part]}
        return {"id": "resp_1", "object": "response", "status": "completed", "output": [item]}
    return {"id": "msg_1", "type": "message", "role": "assistant", "content": [{"type": "text", "text": text}], "stop_reason": "end_turn"}


def delta(form, i, piece):
    if form == "completion":
        return {"id": "c", "object": "text_completion", "choices": [{"index": 0, "text": piece, "finish_reason": None}]}
    said = {"content": piece}
    if form == "tool":
        head = {"id": "call_1", "type": "function"} if i == 0 else {}
        said = {"tool_calls": [{"index": 0, **head, "function": {**({"name": "note"} if i == 0 else {}), "arguments": piece}}]}
    return {"id": "c", "object": "chat.completion.chunk", "choices": [{"index": 0, "delta": said, "finish_reason": None}]}


def chat_events(form, text, pieces):
    yield from (b"data: " + json.dumps(delta(form, i, p)).encode() + b"\n\n" for i, p in enumerate(pieces))
    yield b"data: [DONE]\n\n"


def typed_events(form, text, pieces):
    def event(kind, **members):
        return f"event: {kind}\ndata: {json.dumps({'type': kind, **members})}\n\n".encode()
    whole = whole_answer(form, text)
    if form == "message":
        yield event("message_start", message={**whole, "content": []})
        yield event("content_block_start", index=0, content_block={"type": "text", "text": ""})
        yield from (event("content_block_delta", index=0, delta={"type": "text_delta", "text": p}) for p in pieces)
        yield event("content_block_stop", index=0)
        yield event("message_delta", delta={"stop_reason": "end_turn"})
        yield event("message_stop")
        return
    item, at = whole["output"][0], {"item_id": "msg_1", "output_index": 0, "content_index": 0}
    yield event("response.created", response={**whole, "output": []})
    yield event("response.output_item.added", output_index=0, item={**item, "content": []})
    yield event("response.content_part.added", **at, part={**item["content"][0], "text": ""})
    yield from (event("response.output_text.delta", **at, delta=p) for p in pieces)
    yield event("response.output_text.done", **at, text=text)
    yield event("response.content_part.done", **at, part=item["content"][0])
    yield event("response.output_item.done", output_index=0, item=item)
    yield event("response.completed", response=whole)


class Upstream(Peer):
    def __init__(self, seen):
        self.seen = seen

    def on_message(self, head, body):
        self.seen["requests"] += 1
        if (found := PLANTED.search(body) or PLANTED.search(head.split(b"\r\n")[0])):
            self.seen["leaks"].append(found[0].decode())
        request = json.loads(body)
        form, text = self.heard(head, request)
        r = random.Random(zlib.crc32(body))
        answer = answer_to(text) + self.foreign(r, body.decode())
        if not request.get("stream"):
            document = json.dumps(whole_answer(form, answer)).encode()
            self.send([b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(document) + document])
            return
        said = json.dumps({"text": answer}) if form == "tool" else answer
        events = (typed_events if form in ("message", "response") else chat_events)(form, said, pieces_of(r, said))
        raw = b"".join(b"%x\r\n%s\r\n" % (len(e), e) for e in events) + b"0\r\n\r\n"
        cuts = sorted(r.randrange(len(raw)) for _ in range(r.randrange(12)))
        head = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
        self.send([head] + [raw[a:b] for a, b in zip([0, *cuts], [*cuts, len(raw)])])

    def heard(self, head, request):
        if "prompt" in request:
            return "completion", request["prompt"]
        if "input" in request:
            return "response", request["input"][-1]["content"]
        return ("message" if b" /v1/messages " in head else "tool" if "tools" in request else "chat"), request["messages"][-1]["content"]

    def foreign(self, r, body):
        """A token of another exchange, of those that this request has not."""
        here = set(TOKEN.findall(body))
        others = sorted(self.seen["tokens"] - here)
        self.seen["tokens"].update(list(here)[:1] if len(self.seen["tokens"]) > 500 else here)
        if not others:
            return ""
        self.seen["foreign"] += 1
        return " ~ " + r.choice(others)

    def send(self, pieces):
        """One piece at a time, so that streams mix."""
        if self.transport.is_closing():
            return
        self.transport.write(pieces[0])
        if pieces[1:]:
            asyncio.get_running_loop().call_soon(self.send, pieces[1:])


def upstream_process(pipe):
    seen = {"requests": 0, "leaks": [], "foreign": 0, "tokens": set()}

    async def serve():
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: Upstream(seen), "127.0.0.1", 0, backlog=1024)
        pipe.send(server.sockets[0].getsockname()[1])
        await loop.run_in_executor(None, pipe.recv)
    asyncio.run(serve())
    pipe.send({**seen, "tokens": len(seen["tokens"])})


# ---- the clients ----

def texts_of(exchange, body):
    """Every text of an answer: a stream's deltas put together, and each copy of the whole."""
    if not exchange.stream:
        return [text_of_whole(exchange.form, json.loads(body))]
    pieces, wholes = [], []
    for line in body.split(b"\n"):
        if not line.startswith(b"data: {"):
            continue
        event = json.loads(line[6:])
        if event.get("object") == "text_completion":
            pieces.append(event["choices"][0]["text"])
        elif "choices" in event:
            for choice in event["choices"]:
                calls = choice["delta"].get("tool_calls")
                pieces.append(calls[0]["function"]["arguments"] if calls else choice["delta"].get("content") or "")
        elif event["type"] == "content_block_delta":
            pieces.append(event["delta"]["text"])
        elif event["type"] == "response.output_text.delta":
            pieces.append(event["delta"])
        elif event["type"] == "response.output_text.done":
            wholes.append(event["text"])
        elif event["type"] == "response.completed":
            wholes.append(text_of_whole("response", event["response"]))
    said = "".join(pieces)
    return [json.loads(said)["text"] if exchange.form == "tool" else said, *wholes]


def text_of_whole(form, document):
    if form == "completion":
        return document["choices"][0]["text"]
    if form == "chat":
        return document["choices"][0]["message"]["content"]
    if form == "tool":
        return json.loads(document["choices"][0]["message"]["tool_calls"][0]["function"]["arguments"])["text"]
    return document["output"][0]["content"][0]["text"] if form == "response" else document["content"][0]["text"]


class Client(Peer):
    """Sends its exchanges one after another on one connection."""

    def __init__(self, numbers, run):
        self.numbers, self.run, self.done = numbers, run, asyncio.get_running_loop().create_future()

    def connection_made(self, transport):
        super().connection_made(transport)
        self.next()

    def next(self):
        number = next(self.numbers, None)
        if number is None:
            self.done.set_result(None)
            self.transport.close()
            return
        self.exchange = e = Exchange(self.run.seed, number)
        body = json.dumps(e.body).encode()
        key = self.run.keys[e.who]
        self.transport.write(f"POST {PATHS[e.form]} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {key}\r\ncontent-type: application/json\r\n"
                             f"content-length: {len(body)}\r\n\r\n".encode() + body)

    def on_message(self, head, body):
        self.run.judge(self.exchange, head, body)
        self.next()

    def connection_lost(self, _):
        if not self.done.done():
            self.run.wrong.append((self.exchange.number, "the connection ended"))
            self.done.set_result(None)


class Run:
    """What came of all exchanges."""

    def __init__(self, seed, keys):
        self.seed, self.keys, self.wrong, self.right, self.values, self.kept = seed, keys, [], 0, 0, 0

    def judge(self, exchange, head, body):
        try:
            texts = texts_of(exchange, body) if head.startswith(b"http/1.1 200") else []
            right = exchange.is_right(texts)
            self.kept += right and texts[0] != answer_to(exchange.text)
        except (ValueError, KeyError, IndexError, TypeError):
            right = False
        self.right += right
        self.values += 2 * len(exchange.sentences)
        if not right:
            self.wrong.append((exchange.number, body.decode(errors="replace")[:2000]))

    async def all(self, port, numbers, connections):
        loop, numbers = asyncio.get_running_loop(), iter(numbers)
        clients = [(await loop.create_connection(lambda: Client(numbers, self), "127.0.0.1", port))[1] for _ in range(connections)]
        await asyncio.gather(*[c.done for c in clients])


def until(numbers, seconds):
    """The numbers, as long as there is time."""
    end = time.monotonic() + seconds
    for n in numbers:
        if time.monotonic() > end:
            return
        yield n


VAULT = "tokens: {scope: client, vault: {sqlite: vault.db, key: {file: secrets/vault.key}, ttl: 30d}}\n"


def exchanges(directory, count, scope, seed=1, only=None, connections=64, seconds=86400):
    """{"right", "wrong", "leaks", ...} of so many exchanges with a gateway of its own."""
    from conftest import Gateway
    here, there = multiprocessing.Pipe()
    upstream = multiprocessing.get_context("spawn").Process(target=upstream_process, args=(there,), daemon=True)
    upstream.start()
    g = Gateway(directory, here.recv(), clients={f"c{i:04d}": "default_purpose: treatment" for i in range(PRINCIPALS)},
                extra=VAULT if scope == "client" else "")
    g.write("secrets/vault.key", secrets.token_hex(32) + "\n")
    g.start()
    run, began = Run(seed, list(g.keys.values())), time.monotonic()
    try:
        asyncio.run(run.all(g.port, until(range(count) if only is None else [only], seconds), connections))
    finally:
        code = g.stop()
    took = time.monotonic() - began
    here.send("stop")
    seen = here.recv()
    upstream.join(10)
    return {"scope": scope, "seed": seed, "right": run.right, "wrong": run.wrong, "leaks": seen["leaks"],
            "requests": seen["requests"], "values": run.values, "foreign": seen["foreign"], "kept": run.kept, "seconds": round(took), "exit": code}


def main():
    sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
    p = argparse.ArgumentParser()
    p.add_argument("--count", type=int, default=1000000)
    p.add_argument("--scope", choices=["request", "client"], default="request")
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--only", type=int, help="this exchange alone")
    p.add_argument("--seconds", type=float, default=86400, help="end after this time, whatever has been done")
    a = p.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        result = exchanges(directory, a.count, a.scope, a.seed, a.only, seconds=a.seconds)
    for number, why in result["wrong"][:5]:
        print(f"exchange {number}: {Exchange(a.seed, number).text}\n  {why}")
    result = {**result, "wrong": len(result["wrong"]), "leaks": len(result["leaks"])}
    print(json.dumps(result))
    return result["wrong"] or result["leaks"] or result["kept"] != result["foreign"] or result["right"] != result["requests"]


if __name__ == "__main__":
    sys.exit(1 if main() else 0)
