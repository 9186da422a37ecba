#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Sends every request of requests.txt to a live server: 68 must be refused, the others accepted.

    http_conformance.py HOST PORT PATH [--get PATH] [--header 'Name: value']... [--body TEXT]

PATH takes POST, --get takes GET; both must answer 2xx to a proper request with these headers and this body, otherwise
the accepted kinds fail (and the refused ones would prove nothing).
"""
import argparse
import pathlib
import re
import socket
import sys

LIST = pathlib.Path(__file__).with_name("requests.txt")
ESCAPES = {"r": b"\r", "n": b"\n", "t": b"\t", "\\": b"\\"}


def expand(text, values):
    out, at = b"", 0
    while at < len(text):
        c = text[at]
        if c == "\\" and text[at + 1] == "x":
            out, at = out + bytes([int(text[at + 2:at + 4], 16)]), at + 4
        elif c == "\\":
            out, at = out + ESCAPES[text[at + 1]], at + 2
        elif c == "{":
            end = text.index("}", at)
            times, star, inside = text[at + 1:end].partition("*")
            out += expand(inside, values) * int(times) if star else values[times]
            at = end + 1
        else:
            out, at = out + c.encode("ascii"), at + 1
    return out


def load(values):
    """List of (verb, name, answers, bytes)."""
    requests = []
    for line in LIST.read_text().split("\n"):
        if not line or line.startswith("#"):
            continue
        title = re.fullmatch(r"(refuse|accept) (\S+)(?: (\d+))?", line)
        if title:
            requests.append([title[1], title[2], int(title[3] or 1), b""])
        else:
            requests[-1][3] += expand(line, values)
    return requests


def exchange(host, port, data, timeout):
    """What the server sends until it closes or is silent, and whether it closed."""
    out, closed = b"", False
    with socket.create_connection((host, port), timeout=timeout) as s:
        try:
            s.sendall(data)
            while True:
                part = s.recv(65536)
                if not part:
                    closed = True
                    break
                out += part
                s.settimeout(min(timeout, 0.3) if complete(out) else timeout)
        except socket.timeout:
            pass
        except ConnectionError:
            closed = True
    return out, closed


def answers(data):
    """Statuses of the final answers in data, and what is left over."""
    statuses = []
    while True:
        m = re.match(rb"HTTP/1\.1 (\d{3}) [^\r\n]*\r\n((?:[^\r\n]+\r\n)*)\r\n", data)
        if not m:
            return statuses, data
        rest, fields = data[m.end():], m[2].lower()
        length = re.search(rb"(?:^|\r\n)content-length: *(\d+)", fields)
        if m[1][0:1] == b"1":
            data = rest
            continue
        if length:
            if len(rest) < int(length[1]):
                return statuses, data
            rest = rest[int(length[1]):]
        elif b"transfer-encoding: chunked" in fields:
            end = re.match(rb"(?:[1-9a-fA-F][0-9a-fA-F]*\r\n.*?\r\n)*?0\r\n\r\n", rest, re.S)
            if not end:
                return statuses, data
            rest = rest[end.end():]
        statuses.append(int(m[1]))
        data = rest


def complete(data):
    statuses, rest = answers(data)
    return bool(statuses) and not rest


def run(host, port, path, get=None, headers=(), body=b'{"a":"b"}', timeout=3.0):
    """Returns the failures as text; an empty list is a pass."""
    values = {
        "path": path.encode(), "get": (get or path).encode(), "host": f"{host}:{port}".encode(), "body": body,
        "headers": b"".join(h.encode() + b"\r\n" for h in headers), "length": str(len(body)).encode(),
        "hex": b"%x" % len(body),
    }
    failures, refused, accepted = [], 0, 0
    for verb, name, count, data in load(values):
        out, closed = exchange(host, port, data, timeout)
        statuses, rest = answers(out)
        good = [s for s in statuses if 200 <= s < 300]
        if verb == "accept":
            accepted += 1
            if len(good) != count or len(statuses) != count:
                failures.append(f"accept {name}: expected {count} times 2xx, got {statuses}")
        else:
            refused += 1
            if good or len(statuses) > 1:
                failures.append(f"refuse {name}: got {statuses}")
            elif not closed:
                failures.append(f"refuse {name}: got {statuses}, but the connection stayed open")
            elif not statuses and out:
                failures.append(f"refuse {name}: the answer is no HTTP answer")
    if refused != 68 or accepted < 8:
        failures.append(f"requests.txt holds {refused} refused and {accepted} accepted requests")
    return failures


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("host")
    p.add_argument("port", type=int)
    p.add_argument("path")
    p.add_argument("--get")
    p.add_argument("--header", action="append", default=[])
    p.add_argument("--body", default='{"a":"b"}')
    a = p.parse_args()
    failures = run(a.host, a.port, a.path, a.get, a.header, a.body.encode())
    for line in failures:
        print(line)
    print(f"{len(failures)} failures")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
