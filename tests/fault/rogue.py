# SPDX-License-Identifier: Apache-2.0
"""An upstream that misbehaves on purpose. The request's model names how: "rogue-reset" or just "reset".

    with RogueUpstream() as rogue:
        ... POST {rogue.url}/chat/completions {"model": "gzip", ...} ...

BEHAVIOURS maps each name to what it does; NEVER_COMPLETE holds those whose answer must not look complete to a
client. Runs alone too: `python3 rogue.py --port 9000`.
"""

import argparse
import gzip
import json
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))
from capture import Server  # noqa: E402

ANSWER = (b'{"id":"r","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"message":'
          b'{"role":"assistant","content":"hello"},"logprobs":null,"finish_reason":"stop"}],'
          b'"usage":{"prompt_tokens":1,"completion_tokens":1,"total_tokens":2}}')
FORGED = ANSWER.replace(b"hello", b"FORGED")
MARK = b"data: [DONE]\n\n"


def chunk(text, finish="null"):
    return (b'data: {"id":"r","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,'
            b'"delta":{"content":"' + text + b'"},"logprobs":null,"finish_reason":' + finish.encode() + b'}]}\n\n')


FIRST, LAST = chunk(b"hello"), chunk(b"", '"stop"')


def whole(body=ANSWER, status=b"200 OK", more=b""):
    return (b"HTTP/1.1 " + status + b"\r\ncontent-type: application/json\r\n" + more +
            b"content-length: %d\r\n\r\n" % len(body) + body)


STREAM_HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"


def chunked(data):
    return b"%x\r\n%s\r\n" % (len(data), data)


BEHAVIOURS, NEVER_COMPLETE = {}, set()


def behaviour(complete=False):
    """complete: a client may see a complete answer."""
    def add(function):
        name = function.__name__.replace("_", "-")
        BEHAVIOURS[name] = function
        if not complete:
            NEVER_COMPLETE.add(name)
        return function
    return add


def say(c, *parts):
    for part in parts:
        c.write(part)


# Each gets the connection, the request and the server; returning True keeps the connection.

@behaviour(complete=True)
def good(c, r, s):
    if r.json.get("stream"):
        say(c, STREAM_HEAD, chunked(FIRST), chunked(LAST), chunked(MARK), b"0\r\n\r\n")
    else:
        say(c, whole())
    return True


@behaviour()
def close(c, r, s):
    return False


@behaviour()
def reset(c, r, s):
    c.reset()


@behaviour()
def reset_in_head(c, r, s):
    say(c, b"HTTP/1.1 200 OK\r\ncontent-ty")
    time.sleep(0.05)
    c.reset()


@behaviour()
def reset_after_head(c, r, s):
    say(c, STREAM_HEAD)
    time.sleep(0.05)
    c.reset()


@behaviour()
def reset_in_stream(c, r, s):
    say(c, STREAM_HEAD, chunked(FIRST))
    time.sleep(0.05)
    c.reset()


@behaviour()
def close_in_stream(c, r, s):
    say(c, STREAM_HEAD, chunked(FIRST))


@behaviour()
def close_in_event(c, r, s):
    say(c, STREAM_HEAD, chunked(FIRST[:40]))


@behaviour()
def no_end_marker(c, r, s):
    say(c, STREAM_HEAD, chunked(FIRST), b"0\r\n\r\n")
    return True


@behaviour()
def no_end_marker_close(c, r, s):
    say(c, b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n", FIRST)


@behaviour()
def error_in_stream(c, r, s):
    say(c, STREAM_HEAD, chunked(FIRST), chunked(b'data: {"error":{"message":"overloaded","code":"x"}}\n\n'),
        b"0\r\n\r\n")
    return True


@behaviour()
def hang(c, r, s):
    s.wait(c)


@behaviour()
def hang_after_head(c, r, s):
    say(c, STREAM_HEAD)
    s.wait(c)


@behaviour()
def hang_in_stream(c, r, s):
    say(c, STREAM_HEAD, chunked(FIRST))
    s.wait(c)


@behaviour()
def hang_in_body(c, r, s):
    say(c, whole()[:-10])
    s.wait(c)


@behaviour()
def garbage(c, r, s):
    say(c, b"\x16\x03\x01 this is not HTTP \x00\xff\r\n\r\n")


@behaviour(complete=True)
def forged_early(c, r, s):
    """A good answer, and a little later one that nobody asked for, for whoever comes next."""
    say(c, whole())
    time.sleep(0.05)
    say(c, whole(FORGED))
    return True


@behaviour(complete=True)
def forged_at_once(c, r, s):
    say(c, whole() + whole(FORGED))
    return True


@behaviour()
def length_and_chunked(c, r, s):
    say(c, b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 5\r\n"
           b"transfer-encoding: chunked\r\n\r\n", chunked(ANSWER), b"0\r\n\r\n")


@behaviour()
def two_lengths(c, r, s):
    say(c, whole(more=b"content-length: 10\r\n"))


@behaviour()
def same_length_twice(c, r, s):
    say(c, whole(more=b"content-length: %d\r\n" % len(ANSWER)))


@behaviour()
def length_too_long(c, r, s):
    say(c, whole()[:-10])


@behaviour()
def length_signed(c, r, s):
    say(c, whole().replace(b"content-length: ", b"content-length: +"))


@behaviour()
def chunk_size_bad(c, r, s):
    say(c, STREAM_HEAD, b"zz\r\n" + FIRST + b"\r\n0\r\n\r\n")


@behaviour()
def chunk_missing_end(c, r, s):
    say(c, STREAM_HEAD, chunked(FIRST), chunked(LAST))


@behaviour()
def folded_header(c, r, s):
    say(c, whole(more=b"x-a: b\r\n c\r\n"))


@behaviour()
def oversized(c, r, s):
    say(c, b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 10737418240\r\n\r\n")
    s.pour(c, b"x" * 65536)


@behaviour()
def oversized_chunked(c, r, s):
    say(c, STREAM_HEAD.replace(b"text/event-stream", b"application/json"))
    s.pour(c, chunked(b"x" * 65536))


@behaviour()
def oversized_event(c, r, s):
    say(c, STREAM_HEAD, chunked(b"data: "))
    s.pour(c, chunked(b"x" * 65536))


@behaviour()
def endless_header(c, r, s):
    say(c, b"HTTP/1.1 200 OK\r\n")
    s.pour(c, b"x-filler: " + b"y" * 1000 + b"\r\n")


@behaviour()
def endless_line(c, r, s):
    say(c, b"HTTP/1.1 200 OK\r\nx-filler: ")
    s.pour(c, b"y" * 10000)


@behaviour()
def endless_interim(c, r, s):
    s.pour(c, b"HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n")


@behaviour()
def redirect(c, r, s):
    say(c, whole(b"", b"307 Temporary Redirect", b"location: http://127.0.0.1:%d/stolen\r\n" % s.port))
    return True


@behaviour()
def redirect_permanent(c, r, s):
    say(c, whole(b"", b"301 Moved Permanently", b"location: https://example.com/\r\n"))
    return True


@behaviour(complete=True)
def gzip_body(c, r, s):
    say(c, whole(gzip.compress(ANSWER), more=b"content-encoding: gzip\r\n"))
    return True


@behaviour()
def gzip_cut(c, r, s):
    say(c, whole(gzip.compress(ANSWER)[:-9], more=b"content-encoding: gzip\r\n"))
    return True


@behaviour()
def gzip_not(c, r, s):
    say(c, whole(ANSWER, more=b"content-encoding: gzip\r\n"))
    return True


@behaviour()
def gzip_twice(c, r, s):
    say(c, whole(gzip.compress(gzip.compress(ANSWER)), more=b"content-encoding: gzip, gzip\r\n"))
    return True


@behaviour()
def gzip_bomb(c, r, s):
    say(c, whole(gzip.compress(b" " * 80_000_000 + ANSWER), more=b"content-encoding: gzip\r\n"))
    return True


@behaviour()
def switch_protocols(c, r, s):
    say(c, b"HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n")


@behaviour(complete=True)
def drip(c, r, s):
    """A good answer, a byte at a time."""
    answer = whole()
    for i in range(len(answer)):
        say(c, answer[i:i + 1])
        time.sleep(0.002)
    return True


@behaviour()
def drip_forever(c, r, s):
    say(c, STREAM_HEAD)
    s.pour(c, chunked(b": x\n\n"), 0.05)


@behaviour()
def invalid_utf8(c, r, s):
    if r.json.get("stream"):
        say(c, STREAM_HEAD, chunked(chunk(b"a\xff\xc3(b")), chunked(LAST), chunked(MARK), b"0\r\n\r\n")
    else:
        say(c, whole(ANSWER.replace(b"hello", b"a\xff\xc3(b")))
    return True


@behaviour()
def invalid_json(c, r, s):
    if r.json.get("stream"):
        say(c, STREAM_HEAD, chunked(b'data: {"choices":[{"delta":{"content":"x"\n\n'), chunked(MARK), b"0\r\n\r\n")
    else:
        say(c, whole(ANSWER[:-5]))
    return True


@behaviour()
def duplicate_keys(c, r, s):
    say(c, whole(ANSWER.replace(b'"content":"hello"', b'"content":"a","content":"b"')))
    return True


@behaviour()
def empty_body(c, r, s):
    say(c, whole(b""))
    return True


@behaviour()
def html(c, r, s):
    say(c, whole(b"<html>502</html>").replace(b"application/json", b"text/html"))
    return True


@behaviour(complete=True)
def http10_close(c, r, s):
    say(c, b"HTTP/1.0 200 OK\r\ncontent-type: application/json\r\n\r\n" + ANSWER)


@behaviour()
def http10_cut(c, r, s):
    say(c, b"HTTP/1.0 200 OK\r\ncontent-type: application/json\r\n\r\n" + ANSWER[:-20])


@behaviour()
def error_500(c, r, s):
    say(c, whole(b'{"error":{"message":"broken","type":"server_error","param":null,"code":null}}',
                 b"500 Internal Server Error"))
    return True


@behaviour()
def error_429(c, r, s):
    say(c, whole(b'{"error":{"message":"slow down","type":"requests","param":null,"code":"rate_limit"}}',
                 b"429 Too Many Requests", b"retry-after: 3\r\n"))
    return True


@behaviour(complete=True)
def cookies(c, r, s):
    say(c, whole(more=b"set-cookie: a=b\r\nalt-svc: h3=\":443\"\r\nstrict-transport-security: max-age=1\r\n"
                      b"x-ratelimit-limit-requests: 9\r\n"))
    return True


@behaviour(complete=True)
def early_hints(c, r, s):
    say(c, b"HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n", whole())
    return True


class RogueUpstream(Server):
    """`requests` holds (behaviour, bytes) of every request that arrived; `closed` counts ended connections."""

    def __init__(self, host="127.0.0.1", port=0, tls=None):
        super().__init__(host, port, tls)
        self.requests, self.closed = [], 0

    def serve(self, connection, nth):
        try:
            while (request := connection.read_request()) is not None:
                model = request.json.get("model") if isinstance(request.json, dict) else request.path.rsplit("/", 1)[-1]
                name = str(model).removeprefix("rogue-")
                self.requests.append((name, request.raw))
                request.json = request.json if isinstance(request.json, dict) else {}
                if not BEHAVIOURS.get(name, good)(connection, request, self):
                    return
        finally:
            with self.lock:
                self.closed += 1

    def wait(self, connection):
        """Says nothing until the peer goes."""
        while connection.sock.recv(65536):
            pass

    def pour(self, connection, data, pause=0.0, limit=1 << 31):
        """Says the same until the peer goes (or two gigabytes went)."""
        sent = 0
        while not self.stopping and sent < limit:
            connection.write(data)
            sent += len(data)
            time.sleep(pause)


def main():
    arguments = argparse.ArgumentParser(description="an upstream that misbehaves")
    arguments.add_argument("--port", type=int, default=0)
    rogue = RogueUpstream(port=arguments.parse_args().port).start()
    print(json.dumps({"url": rogue.url, "port": rogue.port, "behaviours": sorted(BEHAVIOURS)}), flush=True)
    try:
        rogue.acceptor.join()
    except KeyboardInterrupt:
        pass
    rogue.stop()


if __name__ == "__main__":
    main()
