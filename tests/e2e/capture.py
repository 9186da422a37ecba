# SPDX-License-Identifier: Apache-2.0
"""An upstream that keeps every byte it receives and answers like a model that repeats what it was told.

As a module:

    upstream = CaptureUpstream().start()
    upstream.behave("gpt-slow", delay=0.5)          # by model name; "*" for all others
    ... upstream.url, upstream.requests[-1].raw ...
    assert answer == expected(body)["contents"][0]   # what the model would have said to the original
    upstream.stop()

As a program, `python3 capture.py --port 9000 --control 9001 --log requests.log`; the control port takes
`POST /behave {"model": "m", ...}`, `GET /requests`, `POST /clear`.

The answer is the text of the last user message (chat), the prompts (completions) or vectors of the inputs. Behaviour:

    reply            text instead of the echo
    status, error    an error answer with this status (and this message)
    delay            seconds before the head
    event_delay      seconds between events
    pieces           characters per delta, a list used in turn
    wire             bytes per write; None: everything at once
    tool             call this tool with {"text": the message} as arguments
    ascii            escape everything beyond ASCII, as Python servers do
    html             escape <, > and &, as Go servers do
    done, finish     whether a stream has its [DONE] and its finish_reason
    before           chunks of a chat's stream that come first
    sound            the type of what is said aloud; "cut": half of it, then the end of the connection
    headers          further header lines of the answer
    coding           "gzip", "br" or "zstd": the answer comes compressed, although nobody asked
"""

import argparse
import base64
import itertools
import json
import socket
import struct
import threading
import time

DEFAULTS = {
    "reply": None, "status": 200, "error": "capture says no", "delay": 0.0, "event_delay": 0.0,
    "pieces": [3, 1, 5, 2], "wire": None, "tool": None, "ascii": False, "html": False,
    "done": True, "finish": True, "headers": [], "before": [], "coding": None, "sound": "audio/mpeg",
}


class Request:
    """One request as it came; `raw` is all of its bytes."""

    def __init__(self, raw, method, path, headers, body):
        self.raw, self.method, self.path, self.headers, self.body = raw, method, path, headers, body
        self.at = time.monotonic()
        try:
            self.json = json.loads(body) if body else None
        except ValueError:
            self.json = None

    def header(self, name):
        return [v for n, v in self.headers if n.lower() == name.lower()]


class Connection:
    """A socket with a read buffer."""

    def __init__(self, sock):
        self.sock, self.buffer = sock, b""

    def fill(self):
        piece = self.sock.recv(65536)
        if not piece:
            raise ConnectionError("closed")
        self.buffer += piece

    def until(self, mark):
        while mark not in self.buffer:
            self.fill()
        end = self.buffer.index(mark) + len(mark)
        taken, self.buffer = self.buffer[:end], self.buffer[end:]
        return taken

    def exactly(self, n):
        while len(self.buffer) < n:
            self.fill()
        taken, self.buffer = self.buffer[:n], self.buffer[n:]
        return taken

    def read_request(self):
        """The next request, or None when the connection ended between two."""
        try:
            if not self.buffer:
                self.fill()
        except OSError:
            return None
        raw = self.until(b"\r\n\r\n")
        lines = raw[:-4].decode("latin-1").split("\r\n")
        method, path, _ = lines[0].split(" ", 2)
        headers = [(n, v.strip()) for n, v in (line.split(":", 1) for line in lines[1:])]
        named = {n.lower(): v for n, v in headers}
        body = b""
        if "chunked" in named.get("transfer-encoding", "").lower():
            while True:
                line = self.until(b"\r\n")
                raw += line
                size = int(line.split(b";")[0], 16)
                data = self.exactly(size + 2) if size else self.until(b"\r\n")
                raw += data
                if not size:
                    break
                body += data[:-2]
        elif "content-length" in named:
            body = self.exactly(int(named["content-length"]))
            raw += body
        return Request(raw, method, path, headers, body)

    def write(self, data, wire=None):
        if not wire:
            self.sock.sendall(data)
            return
        for i in range(0, len(data), wire):
            self.sock.sendall(data[i:i + wire])
            time.sleep(0.0005)

    def reset(self):
        """Ends the connection with a TCP reset."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()


class Server:
    """Accepts connections and gives each a thread; `serve(connection, nth)` says what happens on it."""

    def __init__(self, host="127.0.0.1", port=0, tls=None):
        self.tls, self.threads, self.sockets = tls, [], []
        self.connections = 0
        self.lock = threading.Lock()
        self.listener = socket.create_server((host, port), backlog=1024)
        self.host, self.port = self.listener.getsockname()[:2]
        self.stopping = False

    @property
    def url(self):
        return f"{'https' if self.tls else 'http'}://{self.host}:{self.port}/v1"

    def start(self):
        self.acceptor = threading.Thread(target=self._accept, daemon=True)
        self.acceptor.start()
        return self

    def stop(self):
        self.stopping = True
        for sock in [self.listener] + self.sockets:
            try:
                sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
        self.listener.close()
        self.acceptor.join(5)
        for thread in self.threads:
            thread.join(5)

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()

    def serve(self, connection, nth):
        raise NotImplementedError

    def _accept(self):
        while not self.stopping:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            with self.lock:
                nth = self.connections
                self.connections += 1
                self.sockets.append(sock)
            thread = threading.Thread(target=self._run, args=(sock, nth), daemon=True)
            self.threads.append(thread)
            thread.start()

    def _run(self, sock, nth):
        plain = sock
        try:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self.tls:
                sock = self.tls.wrap_socket(sock, server_side=True)
            self.serve(Connection(sock), nth)
        except (OSError, ValueError, KeyError, TypeError, AttributeError, IndexError):  # a body of no form, too
            pass
        finally:
            sock.close()
            with self.lock:
                if plain in self.sockets:
                    self.sockets.remove(plain)


# ---- what the model says ----

def text_of(content):
    """The text of a message's content: a string, or the text parts joined by line feeds."""
    if isinstance(content, list):
        return "\n".join(p["text"] for p in content if isinstance(p, dict) and isinstance(p.get("text"), str))
    return content if isinstance(content, str) else ""


def heard(body):
    """The texts a request asks about, one per set of choices."""
    if "messages" in body:
        users = [m for m in body["messages"] if m.get("role") == "user"]
        return [text_of(users[-1].get("content")) if users else ""]
    if "prompt" in body:
        prompt = body["prompt"]
        return prompt if isinstance(prompt, list) else [prompt]
    given = body.get("input", [])
    return given if isinstance(given, list) else [given]


def expected(body, behaviour=None):
    """What the model would have said to this request: {"contents": [...], "arguments": [...]}, by choice."""
    if isinstance(body, (bytes, str)):
        body = json.loads(body)
    b = {**DEFAULTS, **(behaviour or {})}
    texts = [b["reply"] if b["reply"] is not None else t for t in heard(body) for _ in range(body.get("n") or 1)]
    if tool_of(body, b):
        return {"contents": [None] * len(texts), "arguments": [json.dumps({"text": t}) for t in texts]}
    kind = (body.get("response_format") or {}).get("type")
    if kind in ("json_object", "json_schema") and b["reply"] is None:
        texts = [json.dumps({"answer": t}, ensure_ascii=False) for t in texts]
    return {"contents": texts, "arguments": [None] * len(texts)}


def tool_of(body, behaviour):
    """The name of the tool that is called, or None."""
    if behaviour["tool"]:
        return behaviour["tool"]
    choice = body.get("tool_choice")
    if isinstance(choice, dict):
        return choice.get("function", {}).get("name")
    if choice == "required" and body.get("tools"):
        return body["tools"][0]["function"]["name"]
    return None


def vector(text):
    return [((sum(text.encode()) * (i + 3) + len(text)) % 2001 - 1000) / 1000 for i in range(8)]


def cut(text, sizes):
    """The text in pieces of so many characters, the sizes used in turn."""
    out, at, turn = [], 0, 0
    while at < len(text):
        out.append(text[at:at + sizes[turn % len(sizes)]])
        at += sizes[turn % len(sizes)]
        turn += 1
    return out


def usage_of(body, said):
    read = sum(len(t) for t in heard(body)) // 4 + 1
    wrote = sum(len(c or a or "") for c, a in zip(said["contents"], said["arguments"])) // 4 + 1
    return {"prompt_tokens": read, "completion_tokens": wrote, "total_tokens": read + wrote}


class Writer:
    """Answers of one request in the form of its endpoint."""

    def __init__(self, body, behaviour, said=True):
        self.body, self.b = body, {**DEFAULTS, **behaviour}
        if not said:
            return
        self.said = expected(body, self.b)
        self.chat = "messages" in body
        self.tool = tool_of(body, self.b)
        self.base = {"id": "chatcmpl-capture", "created": 1700000000, "model": body.get("model", "capture")}

    def dump(self, document):
        text = json.dumps(document, ensure_ascii=self.b["ascii"], separators=(",", ":"))
        if self.b["html"]:
            text = text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
        return text.encode()

    def call(self, i):
        return [{"index": 0, "id": f"call_{i}", "type": "function",
                 "function": {"name": self.tool, "arguments": self.said["arguments"][i]}}]

    def logprobs(self, text):
        """What a model says of its tokens: their text, and the numbers of its bytes."""
        if not self.body.get("logprobs") or text is None:
            return None
        pieces = cut(text, self.b["pieces"])
        if not self.chat:
            return {"tokens": pieces, "token_logprobs": [-0.1] * len(pieces), "top_logprobs": [{p: -0.1} for p in pieces],
                    "text_offset": [sum(map(len, pieces[:i])) for i in range(len(pieces))]}
        rows = [{"token": p, "logprob": -0.1, "bytes": list(p.encode())} for p in pieces]
        return {"content": [{**row, "top_logprobs": [row]} for row in rows], "refusal": None}

    def choice(self, i):
        if not self.chat:
            said = self.said["contents"][i]
            return {"index": i, "text": said, "logprobs": self.logprobs(said), "finish_reason": "stop"}
        message = {"role": "assistant", "content": self.said["contents"][i], "refusal": None}
        if self.tool:
            message["tool_calls"] = [{k: v for k, v in c.items() if k != "index"} for c in self.call(i)]
        return {"index": i, "message": message, "logprobs": self.logprobs(message["content"]),
                "finish_reason": "tool_calls" if self.tool else "stop"}

    def whole(self):
        if "input" in self.body:
            return self.dump(self.embeddings())
        choices = [self.choice(i) for i in range(len(self.said["contents"]))]
        return self.dump({**self.base, "object": "chat.completion" if self.chat else "text_completion",
                          "choices": choices, "usage": usage_of(self.body, self.said)})

    def embeddings(self):
        data = []
        for i, text in enumerate(heard(self.body)):
            v = vector(text)
            if self.body.get("encoding_format") == "base64":
                v = base64.b64encode(struct.pack(f"<{len(v)}f", *v)).decode()
            data.append({"object": "embedding", "index": i, "embedding": v})
        n = sum(len(t) for t in heard(self.body)) // 4 + 1
        return {"object": "list", "data": data, "model": self.base["model"],
                "usage": {"prompt_tokens": n, "total_tokens": n}}

    def chunk(self, i, delta, finish=None):
        choice = {"index": i, "logprobs": self.logprobs(delta.get("content") or None), "finish_reason": finish}
        choice.update({"delta": delta} if self.chat else {"text": delta.get("content", "")})
        chunk = {**self.base, "object": "chat.completion.chunk" if self.chat else "text_completion",
                 "choices": [choice]}
        if (self.body.get("stream_options") or {}).get("include_usage"):
            chunk["usage"] = None
        return chunk

    def deltas(self, i):
        if not self.tool:
            return [{"content": p} for p in cut(self.said["contents"][i], self.b["pieces"])]
        first = [{**self.call(i)[0], "function": {"name": self.tool, "arguments": ""}}]
        return [{"tool_calls": first}] + [
            {"tool_calls": [{"index": 0, "function": {"arguments": p}}]}
            for p in cut(self.said["arguments"][i], self.b["pieces"])]

    def events(self):
        """The chunks of a stream; choices take turns."""
        n = len(self.said["contents"])
        yield from self.b["before"]
        if self.chat:
            for i in range(n):
                yield self.chunk(i, {"role": "assistant", "content": None if self.tool else ""})
        queues = [self.deltas(i) for i in range(n)]
        while any(queues):
            for i, queue in enumerate(queues):
                if queue:
                    yield self.chunk(i, queue.pop(0))
        for i in range(n if self.b["finish"] else 0):
            yield self.chunk(i, {}, "tool_calls" if self.tool else "stop")
        if (self.body.get("stream_options") or {}).get("include_usage"):
            yield {**self.base, "object": "chat.completion.chunk", "choices": [],
                   "usage": usage_of(self.body, self.said)}

    def stream(self):
        for event in self.events():
            yield b"data: " + self.dump(event) + b"\n\n"
        if self.b["done"]:
            yield b"data: [DONE]\n\n"


class Coder:
    """Compresses in pieces, each readable when it arrives; or leaves them as they are."""

    def __init__(self, coding):
        self.coding = coding
        if coding == "gzip":
            import zlib
            self.coder = zlib.compressobj(wbits=31)
            self.piece = lambda d: self.coder.compress(d) + self.coder.flush(zlib.Z_SYNC_FLUSH)
            self.finish = self.coder.flush
        elif coding == "br":
            import brotli
            self.coder = brotli.Compressor()
            self.piece = lambda d: self.coder.process(d) + self.coder.flush()
            self.finish = self.coder.finish
        elif coding == "zstd":
            import zstandard
            self.coder = zstandard.ZstdCompressor().compressobj()
            self.piece = lambda d: self.coder.compress(d) + self.coder.flush(zstandard.COMPRESSOBJ_FLUSH_BLOCK)
            self.finish = self.coder.flush
        else:
            self.piece, self.finish = bytes, bytes

    def header(self):
        return [f"content-encoding: {self.coding}"] if self.coding else []


REASONS = {200: "OK", 400: "Bad Request", 401: "Unauthorized", 404: "Not Found", 429: "Too Many Requests",
           500: "Internal Server Error", 503: "Service Unavailable"}


def head(status, content_type, framing, more=()):
    lines = [f"HTTP/1.1 {status} {REASONS.get(status, 'Status')}", f"content-type: {content_type}", framing,
             "x-request-id: req-capture", "openai-processing-ms: 1", "set-cookie: session=upstream", *more]
    return "\r\n".join(lines).encode() + b"\r\n\r\n"


class CaptureUpstream(Server):
    def __init__(self, host="127.0.0.1", port=0, tls=None, log=None):
        super().__init__(host, port, tls)
        self.requests, self.behaviours = [], {}
        import capture_store  # it needs this module
        self.store = capture_store.Store()
        self.log = open(log, "ab") if log else None

    def behave(self, model="*", **behaviour):
        """Sets how a model behaves; what is not named goes back to its default."""
        unknown = set(behaviour) - set(DEFAULTS)
        if unknown:
            raise ValueError(f"unknown behaviour: {', '.join(sorted(unknown))}")
        self.behaviours[model] = behaviour

    def clear(self):
        with self.lock:
            self.requests.clear()

    @property
    def received(self):
        """All bytes of all requests."""
        return b"".join(r.raw for r in self.requests)

    def expected(self, body):
        """As the function of this name, with the behaviour of the request's model."""
        if isinstance(body, (bytes, str)):
            body = json.loads(body)
        return expected(body, self._behaviour(body))

    def _behaviour(self, body):
        model = body.get("model") if isinstance(body, dict) else None
        return {**DEFAULTS, **self.behaviours.get(model, self.behaviours.get("*", {}))}

    def serve(self, connection, nth):
        while (request := connection.read_request()) is not None:
            with self.lock:
                self.requests.append(request)
                if self.log:
                    self.log.write(request.raw + b"\n----\n")
                    self.log.flush()
            self.answer(connection, request)

    def answer(self, connection, request):
        import capture_speech
        import capture_typed  # it needs this module
        if request.method == "GET" and (document := capture_typed.listed(request)) is not None:
            self.send(connection, 200, json.dumps(document).encode(), DEFAULTS)
            return
        if (stored := self.store.answer(request, self._behaviour)) is not None:
            if self.store.cut and request.path.endswith("/content"):
                body = stored[2][:len(stored[2]) * 9 // 10]
                connection.write(head(200, stored[1], f"content-length: {len(stored[2])}", []) + body, None)
                connection.socket.shutdown(2)
                return
            if isinstance(stored[2], list):
                self.send_stream(connection, stored[2], {**DEFAULTS, "wire": self._behaviour({})["wire"]}, stored[1])
            else:
                self.send(connection, stored[0], stored[2], DEFAULTS, stored[1])
            return
        if self.answer_form(connection, request):
            return
        b = self._behaviour(request.json)
        time.sleep(b["delay"])
        if b["status"] != 200 or not isinstance(request.json, dict):
            status = b["status"] if b["status"] != 200 else 400
            error = {"message": b["error"], "type": "capture_error", "param": None, "code": None}
            self.send(connection, status, json.dumps({"error": error}).encode(), b)
            return
        if capture_speech.wants(request):
            capture_speech.answer(self, connection, request.json, b, head)
            return
        typed = capture_typed.Typed(request.path, Writer(request.json, b, said=False))
        if (events := typed.stream()) is not None:
            self.send_stream(connection, events, b, typed.type())
            return
        if (document := typed.whole()) is not None:
            self.send(connection, 200, typed.writer.dump(document), b)
            return
        writer = Writer(request.json, b)
        if not request.json.get("stream") or "input" in request.json:
            self.send(connection, 200, writer.whole(), b)
            return
        self.send_stream(connection, writer.stream(), b)

    def answer_form(self, connection, request):
        import capture_forms
        form = capture_forms.form_of(request)
        if not form:
            return False
        b = self._behaviour({"model": form.one("model")})
        writer = Writer({}, b, said=False)
        kind, body = capture_forms.answer(request.path, form, writer)
        if isinstance(body, list):
            events = (b"event: " + e["type"].encode() + b"\ndata: " + writer.dump(e) + b"\n\n" for e in body)
            self.send_stream(connection, events, b, kind)
        else:
            self.send(connection, 200, body, b, kind)
        return True

    def send_stream(self, connection, events, b, kind="text/event-stream; charset=utf-8"):
        coder = Coder(b["coding"])
        connection.write(head(200, kind, "transfer-encoding: chunked", [*b["headers"], *coder.header()]))
        for event in itertools.chain(map(coder.piece, events), map(lambda _: coder.finish(), [None])):
            if event:
                connection.write(b"%x\r\n%s\r\n" % (len(event), event), b["wire"])
                time.sleep(b["event_delay"])
        connection.write(b"0\r\n\r\n")

    def send(self, connection, status, body, b, kind="application/json"):
        coder = Coder(b["coding"])
        body = coder.piece(body) + coder.finish()
        connection.write(head(status, kind, f"content-length: {len(body)}", [*b["headers"], *coder.header()]) + body,
                         b["wire"])


class Control(Server):
    """The control port: sets behaviours and shows requests, for tests in other languages."""

    def __init__(self, upstream, host="127.0.0.1", port=0):
        super().__init__(host, port)
        self.upstream = upstream

    def serve(self, connection, nth):
        while (request := connection.read_request()) is not None:
            status, document = self.act(request)
            body = json.dumps(document).encode()
            connection.write(head(status, "application/json", f"content-length: {len(body)}") + body)

    def act(self, request):
        if request.path == "/behave" and isinstance(request.json, dict):
            behaviour = dict(request.json)
            try:
                self.upstream.behave(behaviour.pop("model", "*"), **behaviour)
            except ValueError as error:
                return 400, {"error": str(error)}
            return 200, {}
        if request.path == "/requests":
            return 200, [{"method": r.method, "path": r.path, "headers": r.headers,
                          "body": r.body.decode("utf-8", "replace"), "raw": base64.b64encode(r.raw).decode()}
                         for r in self.upstream.requests]
        if request.path == "/expected":
            return 200, self.upstream.expected(request.body)
        if request.path == "/clear":
            self.upstream.clear()
            return 200, {}
        return 404, {}


def main():
    arguments = argparse.ArgumentParser(description="an upstream that keeps what it receives")
    arguments.add_argument("--port", type=int, default=0)
    arguments.add_argument("--control", type=int, default=0)
    arguments.add_argument("--log")
    a = arguments.parse_args()
    upstream = CaptureUpstream(port=a.port, log=a.log).start()
    control = Control(upstream, port=a.control).start()
    print(json.dumps({"url": upstream.url, "port": upstream.port, "control": control.port}), flush=True)
    try:
        upstream.acceptor.join()
    except KeyboardInterrupt:
        pass
    control.stop()
    upstream.stop()


if __name__ == "__main__":
    main()
