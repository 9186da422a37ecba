# SPDX-License-Identifier: Apache-2.0
"""Amazon Bedrock's OpenAI-compatible endpoints: what leaves is signed (AWS Signature Version 4), after it was edited. The
signature is computed anew here from the bytes that arrived."""
import hashlib
import hmac
import re
import secrets

import openai
import pytest

from planted import NOTE, leaked

SECRET = "wJalrXUtnFEMI+K7MDENG/" + secrets.token_hex(8)
SESSION = "IQoJb3JpZ2luX2Vj//" + secrets.token_hex(20) + "=="
AWS = ", credential: {file: secrets/aws.key}, aws: {region: eu-west-1, key_id: AKIDEXAMPLE%s}"


def start(make_gateway, upstream, more=""):
    g = make_gateway(start=False, upstream=f'main: {{url: "http://127.0.0.1:{upstream.port}/v1", trust: on_prem{AWS % more}}}')
    g.write("secrets/aws.key", SECRET + "\n")
    g.write("secrets/session", SESSION + "\n")
    return g.start()


def client(g):
    return openai.OpenAI(base_url=g.url, api_key=g.keys["first"], max_retries=0, timeout=60)


def is_signed(request, service="bedrock"):
    """As the service would check it: from the head and the body that it received."""
    sent = request.header("authorization")
    assert len(sent) == 1
    m = re.fullmatch(r"AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/(\d{8})/eu-west-1/([\w-]+)/aws4_request, SignedHeaders=([\w;-]+), "
                     r"Signature=([0-9a-f]{64})", sent[0])
    day, named, signature = m[1], m[3].split(";"), m[4]
    assert m[2] == service and named == sorted(named) and {"host", "x-amz-date"} <= set(named)
    date = request.header("x-amz-date")[0]
    assert date.startswith(day)
    lines = "".join(f"{n}:{request.header(n)[0]}\n" for n in named)  # an unsent one would be an error here
    path, _, query = request.path.partition("?")
    canonical = "\n".join([request.method, path, "&".join(sorted(filter(None, query.split("&")))), lines, m[3],
                           hashlib.sha256(request.body).hexdigest()])
    text = "\n".join(["AWS4-HMAC-SHA256", date, f"{day}/eu-west-1/{service}/aws4_request", hashlib.sha256(canonical.encode()).hexdigest()])
    key = ("AWS4" + SECRET).encode()
    for word in (day, "eu-west-1", service, "aws4_request"):
        key = hmac.digest(key, word.encode(), "sha256")
    return hmac.compare_digest(signature, hmac.digest(key, text.encode(), "sha256").hex())


def test_what_leaves_is_signed(make_gateway, upstream):
    g = start(make_gateway, upstream)
    sdk = client(g)
    upstream.clear()
    upstream.behaviours.clear()
    long = "\n".join(f"Line {i} of a long report, in which nothing stands." for i in range(30000)) + NOTE  # above 1 MiB
    for text in (NOTE, "Nobody here.", long, NOTE):
        said = sdk.chat.completions.create(model="capture", messages=[{"role": "user", "content": text}])
        assert said.choices[0].message.content == text
    stream = sdk.chat.completions.create(model="capture", messages=[{"role": "user", "content": NOTE}], stream=True)
    assert "".join(c.choices[0].delta.content or "" for c in stream if c.choices) == NOTE
    assert sdk.responses.create(model="capture", input=NOTE).output_text == NOTE
    assert [m.id for m in sdk.models.list()]
    assert len(upstream.requests) == 7 and all(is_signed(r) for r in upstream.requests) and leaked(upstream.received) == []
    assert not any(r.header("expect") for r in upstream.requests)
    assert SECRET.encode() not in upstream.received + g.everything_written().replace((g.dir / "secrets/aws.key").read_bytes(), b"")
    upstream.requests[0].body += b" "
    assert not is_signed(upstream.requests[0])


def test_a_key_for_a_session(make_gateway, upstream):
    g = start(make_gateway, upstream, ", service: bedrock-mantle, session_token: {file: secrets/session}")
    upstream.clear()
    client(g).chat.completions.create(model="capture", messages=[{"role": "user", "content": NOTE}])
    request = upstream.requests[-1]
    assert request.header("x-amz-security-token") == [SESSION] and "x-amz-security-token" in request.header("authorization")[0]


@pytest.mark.parametrize("aws,why", [
    ("aws: {region: eu-west-1, key_id: A}", "credential"), ("credential: {file: secrets/aws.key}, aws: {region: eu-west-1}", "key_id"),
    ("credential: {file: secrets/aws.key}, aws: {region: eu/west, key_id: A}", "letters, digits"),
    ("credential: {file: secrets/aws.key}, aws: {region: eu-west-1, key_id: A, session_token: plain}", "file")])
def test_mistakes_have_their_place(make_gateway, upstream, aws, why):
    g = make_gateway(start=False, upstream=f'main: {{url: "http://127.0.0.1:{upstream.port}/v1", trust: on_prem, {aws}}}')
    g.write("secrets/aws.key", SECRET + "\n")
    with pytest.raises(RuntimeError) as e:
        g.start()
    assert why in str(e.value) and "phigate.yaml:" in str(e.value)
