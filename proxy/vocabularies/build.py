#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes cl100k_base.vocabulary.zst from the ranks that the npm package js-tiktoken carries (MIT licence, see LICENSE.tiktoken).

    npm pack js-tiktoken@1.0.21 && tar xzf js-tiktoken-1.0.21.tgz && python3 build.py package

Form, before zstd: "PGVOC1\\n", the number of tokens (32 bits, little endian), their lengths (a byte each), their bytes.
Needs the Python package zstandard; the same input gives the same file.
"""
import base64
import json
import pathlib
import re
import struct
import sys

import zstandard


def ranks(path):
    """Lines of "! first-rank token token ..." in base64."""
    found = re.search(r'"bpe_ranks":\s*("(?:[^"\\]|\\.)*")', path.read_text(encoding="utf8"))
    tokens = {}
    for line in json.loads(found.group(1)).split("\n"):
        _, first, *rest = line.split(" ")
        for i, token in enumerate(rest):
            tokens[int(first) + i] = base64.b64decode(token)
    assert sorted(tokens) == list(range(len(tokens))), "holes in the ranks"
    return [tokens[i] for i in range(len(tokens))]


def main():
    package, here = pathlib.Path(sys.argv[1]), pathlib.Path(__file__).resolve().parent
    for name in ("cl100k_base",):
        tokens = ranks(package / "dist" / "ranks" / f"{name}.cjs")
        raw = (b"PGVOC1\n" + struct.pack("<I", len(tokens)) + bytes(len(t) for t in tokens) + b"".join(tokens))
        (here / f"{name}.vocabulary.zst").write_bytes(zstandard.ZstdCompressor(level=19).compress(raw))
        print(name, len(tokens), "tokens,", len(raw), "bytes")


main()
