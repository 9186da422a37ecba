# SPDX-License-Identifier: Apache-2.0
"""Embeddings and completions whose input is token numbers: read with the table of the model and sent on as text. The table is
proved by tiktoken's own checksum of it; LangChain sends numbers by default."""
import base64
import hashlib

import httpx
import openai
import pytest

from conftest import ROOT
from planted import NOTE, leaked

tiktoken = pytest.importorskip("tiktoken")
pytest.importorskip("tiktoken.load")
zstandard = pytest.importorskip("zstandard")
SOURCE = "https://openaipublic.blob.core.windows.net/encodings/cl100k_base.tiktoken"


@pytest.fixture(scope="module")
def encoding(tmp_path_factory):
    """tiktoken with our table where it would keep its own copy; it checks the SHA-256."""
    raw = zstandard.ZstdDecompressor().decompress((ROOT / "proxy/vocabularies/cl100k_base.vocabulary.zst").read_bytes())
    n = int.from_bytes(raw[7:11], "little")
    lengths, at, lines = raw[11:11 + n], 11 + n, []
    for i, length in enumerate(lengths):
        lines.append(base64.b64encode(raw[at:at + length]) + b" %d\n" % i)
        at += length
    cache = tmp_path_factory.mktemp("tiktoken")
    (cache / hashlib.sha1(SOURCE.encode()).hexdigest()).write_bytes(b"".join(lines))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TIKTOKEN_CACHE_DIR", str(cache))
        patch.setattr(tiktoken.load, "read_file", None)  # nothing is fetched
        return tiktoken.get_encoding("cl100k_base")


@pytest.fixture
def client(gateway, upstream):
    upstream.clear()
    upstream.behaviours.clear()
    return openai.OpenAI(base_url=gateway.url, api_key=gateway.keys["first"], max_retries=0)


def test_embeddings(client, upstream, gateway, encoding):
    ids = encoding.encode(NOTE)
    raw = client.embeddings.with_raw_response.create(model="text-embedding-3-small", input=ids)
    assert leaked(upstream.received) == [] and "[MRN_1]" in upstream.requests[-1].json["input"]
    record = [r for r in gateway.records("decision") if r["request_id"] == raw.headers["x-phigate-request-id"]][0]
    assert record["mutations"] == ["token_ids=text"] and record["found"]["MRN"] == 1
    text = 'Café 😀 "quoted"\\ \n\t end'
    client.embeddings.create(model="text-embedding-3-small", input=[encoding.encode(text), encoding.encode(NOTE)])
    assert upstream.requests[-1].json["input"][0] == text and leaked(upstream.received) == []


def test_completions(client, upstream, encoding):
    answer = client.completions.create(model="gpt-3.5-turbo-instruct", prompt=encoding.encode(NOTE))
    assert answer.choices[0].text == NOTE and leaked(upstream.received) == []


def test_langchain_as_it_comes(gateway, upstream, encoding):
    langchain_openai = pytest.importorskip("langchain_openai")
    upstream.clear()
    upstream.behaviours.clear()
    e = langchain_openai.OpenAIEmbeddings(model="text-embedding-3-small", base_url=gateway.url, api_key=gateway.keys["first"])
    assert len(e.embed_documents([NOTE, "plain"])) == 2 and len(e.embed_query(NOTE)) == 8
    assert leaked(upstream.received) == []


@pytest.mark.parametrize("model,given", [
    ("some-other-model", [1, 2, 3]), ("text-embedding-3-small", [1, 100257]), ("text-embedding-3-small", [1, 10 ** 18]),
    ("text-embedding-3-small", [1.5]), ("text-embedding-3-small", [-1]), ("text-embedding-3-small", [1, "x"]),
    ("text-embedding-3-small", ["x", 1]), ("text-embedding-3-small", [[1], 2]), ("text-embedding-3-small", [[1], "x"]),
    ("text-embedding-3-small", [[[1]]]), ("text-embedding-3-small", [[1], [222]]), ("text-embedding-3-small", [188])])
def test_what_cannot_be_read_is_refused(gateway, upstream, model, given):
    upstream.clear()
    r = httpx.post(gateway.url + "/embeddings", json={"model": model, "input": given},
                   headers={"authorization": "Bearer " + gateway.keys["first"]})
    assert r.status_code == 400 and r.json()["error"]["code"] == "unscannable_input", r.text
    assert "Reason: token_ids." in r.json()["error"]["message"] and upstream.requests == []


def test_numbers_elsewhere_are_not_read(gateway, upstream):
    upstream.clear()
    r = httpx.post(gateway.url + "/completions", json={"model": "gpt-3.5-turbo-instruct", "prompt": "x", "prompt_token_ids": [1, 2]},
                   headers={"authorization": "Bearer " + gateway.keys["first"]})
    assert r.status_code == 400 and "token_ids" in r.json()["error"]["message"] and upstream.requests == []
