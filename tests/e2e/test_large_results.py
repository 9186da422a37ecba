# SPDX-License-Identifier: Apache-2.0
"""The results of a batch that are larger than what the gateway holds of any answer: restored line by line as they come, in bounded
memory, however slowly they are read."""
import hashlib
import json
import os
import re
import threading
import time

import httpx
import pytest

from conftest import FLAVOUR
from test_stored import ADA, client, keeping, line, upload

MIB = 1 << 20
LARGE = int(os.environ.get("PHIGATE_LARGE_RESULTS_MIB", "80")) * MIB
HOLDS = 24 * MIB if FLAVOUR == "release" else 400 * MIB  # sanitizers keep what was freed


@pytest.fixture(scope="module")
def gateway(tmp_path_factory, upstream):
    g = keeping(tmp_path_factory.mktemp("gateway"), upstream, "batches")
    yield g
    assert g.stop() == 0, g.log_text()


@pytest.fixture(autouse=True)
def fresh(upstream):
    upstream.clear()
    upstream.behaviours.clear()
    yield
    upstream.store.cut = False


def results(g, upstream, size, spoil=None):
    """The id of a file of results, and what the client should read of it: lines that hold tokens, as large as asked."""
    sdk = client(g)
    file = upload(sdk, line("MRN: 00417723", ADA))
    batch = sdk.batches.create(input_file_id=file.id, endpoint="/v1/chat/completions", completion_window="24h")
    output = sdk.batches.retrieve(batch.id).output_file_id
    row = upstream.store.files[output].decode().strip()
    tokens = dict(zip(re.findall(r"\[[A-Z]+_\d+[A-Z]*\]", json.loads(upstream.store.files[file.id])["body"]["messages"][0]["content"]),
                      ("Quillfeather", "00417723")))
    filler = "lorem ipsum " * 150
    lines = [row[:-1] + f', "n": {n}, "note": "{filler}"}}' for n in range(size // (len(row) + len(filler) + 20) + 1)]
    if spoil:
        at, text = spoil
        lines.insert(int(len(lines) * at), text)
    upstream.store.files[output] = ("\n".join(lines) + "\n").encode()
    want = upstream.store.files[output].decode().replace("[MRN_1]", "00417723")
    for token, value in tokens.items():
        want = want.replace(token, value)
    assert "[" + "NAME_" not in want
    return output, want.encode()


def fetch(g, identifier, read=None):
    """(status, what was read, whether it ended in order); read: what is done with each piece."""
    body, whole = [], True
    with httpx.stream("GET", f"{g.url}/files/{identifier}/content", headers={"authorization": "Bearer " + g.keys["first"]}, timeout=120) as r:
        try:
            for piece in r.iter_raw(65536):
                body.append(piece)
                if read:
                    read(piece)
        except httpx.TransportError:
            whole = False
    return r, b"".join(body), whole


class Peak:
    """How much more memory than before the process had while this was open."""

    def __init__(self, g):
        self.path, self.before, self.most = f"/proc/{g.process.pid}/status", 0, 0

    def now(self):
        with open(self.path) as f:
            return int(re.search(r"VmRSS:\s+(\d+) kB", f.read())[1]) * 1024

    def watch(self):
        while not self.over.wait(0.005):
            self.most = max(self.most, self.now())

    def __enter__(self):
        self.before, self.over = self.now(), threading.Event()
        self.thread = threading.Thread(target=self.watch)
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.thread.join()
        self.more = max(self.most, self.before) - self.before


def test_larger_than_memory(gateway, upstream):
    output, want = results(gateway, upstream, LARGE)
    assert len(want) > LARGE > 64 * MIB
    fetch(gateway, results(gateway, upstream, MIB)[0])  # what any answer costs
    with Peak(gateway) as peak:
        began = time.monotonic()
        r, got, whole = fetch(gateway, output)
    print(f"{len(got) / MIB:.0f} MiB in {time.monotonic() - began:.1f} s, {peak.more / MIB:.1f} MiB more than the {peak.before / MIB:.0f} MiB before")
    assert r.status_code == 200 and whole and r.headers["content-type"] == "application/jsonl"
    assert peak.before > MIB  # it was measured
    assert hashlib.sha256(got).digest() == hashlib.sha256(want).digest()
    assert peak.more < HOLDS


def test_a_reader_that_is_slow(gateway, upstream):
    """The upstream waits as long as the client does."""
    output, want = results(gateway, upstream, 40 * MIB)
    waits = iter([1.5])
    with Peak(gateway) as peak:
        _, got, whole = fetch(gateway, output, lambda piece: time.sleep(next(waits, 0)))
    assert whole and got == want and peak.more < HOLDS


def test_others_do_not_wait(gateway, upstream):
    output, want = results(gateway, upstream, 40 * MIB)
    done = []
    reader = threading.Thread(target=lambda: done.append(fetch(gateway, output)[1] == want))
    reader.start()
    slowest = 0
    while reader.is_alive():
        began = time.monotonic()
        assert client(gateway).chat.completions.create(model="capture", messages=[{"role": "user", "content": "Hello."}])
        slowest = max(slowest, time.monotonic() - began)
    reader.join()
    assert done == [True] and slowest < 5


@pytest.mark.parametrize("size", [MIB // 8, 3 * MIB])
@pytest.mark.parametrize("text", ["no line", '{"a": 1, "a": 2}', "[1]"])
def test_a_line_that_is_none(gateway, upstream, size, text):
    output, want = results(gateway, upstream, size, (0.7, text))
    r, got, whole = fetch(gateway, output)
    if size < MIB:  # nothing had been sent
        assert r.status_code == 502 and json.loads(got)["error"]["code"] == "upstream_error"
    else:
        assert r.status_code == 200 and not whole and len(got) < len(want) and want.startswith(got[:got.rfind(b"\n") + 1])


def test_a_first_slice_that_cannot_be_read(gateway, upstream):
    output, _ = results(gateway, upstream, 3 * MIB, (0, "no line"))
    r, got, _ = fetch(gateway, output)
    assert r.status_code == 502 and json.loads(got)["error"]["code"] == "upstream_error"


@pytest.mark.parametrize("size", [MIB // 8, 3 * MIB])
def test_results_that_are_cut(gateway, upstream, size):
    output, want = results(gateway, upstream, size)
    upstream.store.cut = True
    r, got, whole = fetch(gateway, output)
    assert (r.status_code == 502) if size < MIB else (not whole and len(got) < len(want))


def test_a_reader_that_leaves(gateway, upstream):
    output, want = results(gateway, upstream, 20 * MIB)
    for _ in range(5):
        with httpx.stream("GET", f"{gateway.url}/files/{output}/content", headers={"authorization": "Bearer " + gateway.keys["first"]}) as r:
            next(r.iter_raw(1000))
    assert fetch(gateway, output)[1] == want


@pytest.mark.parametrize("size", [MIB // 8, 3 * MIB])
def test_what_a_model_wrote_by_itself(tmp_path_factory, upstream, size):
    """The policy's rules for answers hold in each line."""
    g = keeping(tmp_path_factory.mktemp("gateway"), upstream, "batches\nresponse: {SSN: block}")
    output, want = results(g, upstream, size, (0.7, '{"custom_id": "x", "response": {"body": {"content": "Her SSN is 219-09-9999."}}}'))
    r, got, whole = fetch(g, output)
    assert b"219-09-9999" not in got
    if size < MIB:
        assert r.status_code == 400 and json.loads(got)["error"]["code"] == "phi_in_answer"
    else:
        assert not whole and len(got) < len(want)
    assert g.stop() == 0
