# SPDX-License-Identifier: Apache-2.0
"""A request and a stream cut at every byte, through real sockets, give the same as the whole."""
import json
import socket
import time

from capture import Server
from planted import NOTE


def request_bytes(g, body, chunked=False):
    head = (f"POST /v1/chat/completions HTTP/1.1\r\nhost: 127.0.0.1:{g.port}\r\nauthorization: Bearer {g.keys['first']}\r\n"
            "content-type: application/json\r\nconnection: close\r\n")
    if chunked:
        return (head + "transfer-encoding: chunked\r\n\r\n").encode() + b"".join(
            b"%x;ext=1\r\n%s\r\n" % (len(body[i:i + 7]), body[i:i + 7]) for i in range(0, len(body), 7)) + b"0\r\ntrailer: x\r\n\r\n"
    return (head + f"content-length: {len(body)}\r\n\r\n").encode() + body


def answer_of(g, pieces):
    with socket.create_connection(("127.0.0.1", g.port), timeout=20) as s:
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for piece in pieces:
            s.sendall(piece)
            if len(pieces) > 1:
                time.sleep(0.0004)
        data = b""
        while piece := s.recv(65536):
            data += piece
    head, _, body = data.partition(b"\r\n\r\n")
    assert b" 200 " in head.split(b"\r\n")[0], data
    return json.loads(body)["choices"][0]["message"]["content"]


def test_request_cut_at_every_byte(gateway, upstream):
    upstream.behaviours.clear()
    body = json.dumps({"model": "capture", "messages": [{"role": "user", "content": "Mr. Hollingsworth MRN: 00417723"}]}).encode()
    for chunked in (False, True):
        raw = request_bytes(gateway, body, chunked)
        for cut in range(1, len(raw)):
            assert answer_of(gateway, [raw[:cut], raw[cut:]]) == "Mr. Hollingsworth MRN: 00417723", cut
        assert answer_of(gateway, [raw[i:i + 1] for i in range(len(raw))]) == "Mr. Hollingsworth MRN: 00417723"


class CutStream(Server):
    """Sends a recorded stream in two writes, cut where it is told."""

    def __init__(self, stream):
        super().__init__()
        self.stream, self.cut = stream, 0

    def serve(self, connection, nth):
        while connection.read_request() is not None:
            connection.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-length: %d\r\n\r\n" % len(self.stream)
                             + self.stream[:self.cut])
            time.sleep(0.0004)
            connection.write(self.stream[self.cut:])


def chunk(text, finish=None):
    return b"data: " + json.dumps({"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [
        {"index": 0, "delta": {"content": text} if text else {}, "finish_reason": finish}]}, ensure_ascii=False).encode() + b"\r\n\r\n"


def test_stream_cut_at_every_byte(make_gateway):
    stream = b"\xef\xbb\xbf" + b"".join(chunk(t) for t in ("Zoë: [", "MR", "N_1", "][NAME_1]", " 😀 [MRN_", "9]")) + chunk(None, "stop") + \
        b": done\r\n\r\ndata: [DONE]\r\n\r\n"
    with CutStream(stream) as upstream:
        g = make_gateway(upstream.port)
        body = json.dumps({"model": "m", "stream": True, "messages": [{"role": "user", "content": NOTE}]}).encode()
        raw = request_bytes(g, body)
        seen = set()
        for cut in range(len(stream)):
            upstream.cut = cut
            with socket.create_connection(("127.0.0.1", g.port), timeout=20) as s:
                s.sendall(raw)
                data = b""
                while piece := s.recv(65536):
                    data += piece
            _, _, rest = data.partition(b"\r\n\r\n")
            text = b""
            while rest:  # undo the chunks
                size, _, rest = rest.partition(b"\r\n")
                n = int(size, 16)
                text, rest = text + rest[:n], rest[n + 2:]
            seen.add(text)
        assert len(seen) == 1
        whole = seen.pop().decode()
        contents = "".join(json.loads(line[6:])["choices"][0]["delta"].get("content", "") for line in whole.splitlines()
                           if line.startswith("data: {"))
        assert contents == "Zoë: 00417723Hollingsworth 😀 [MRN_9]" and whole.endswith("data: [DONE]\n\n")
