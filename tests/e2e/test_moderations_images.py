# SPDX-License-Identifier: Apache-2.0
"""/v1/moderations and /v1/images/generations with the real openai-python."""
import openai
import pytest

from planted import NOTE, leaked


@pytest.fixture
def client(gateway, upstream):
    upstream.clear()
    upstream.behaviours.clear()
    return openai.OpenAI(base_url=gateway.url, api_key=gateway.keys["first"], max_retries=0)


@pytest.mark.parametrize("given", [NOTE, [NOTE, "plain"], [{"type": "text", "text": NOTE}]], ids=["text", "list", "parts"])
def test_moderations(client, upstream, given):
    answer = client.moderations.create(input=given)  # without a model the specification has a default
    assert len(answer.results) == (len(given) if isinstance(given, list) else 1)
    assert leaked(upstream.received) == [] and b"[MRN_1]" in upstream.received
    assert client.moderations.create(model="capture", input=given).results


def test_a_picture_is_not_moderated(client, upstream):
    with pytest.raises(openai.BadRequestError) as e:
        client.moderations.create(input=[{"type": "text", "text": "x"}, {
            "type": "image_url", "image_url": {"url": "https://example.com/x.png"}}])
    assert e.value.code == "unscannable_input" and e.value.param.startswith("input[1]") and upstream.requests == []


def test_images(client, upstream):
    answer = client.images.generate(model="capture", prompt=NOTE, n=1, size="1024x1024", user="Mr. Hollingsworth")
    assert answer.data[0].b64_json == "aGVsbG8=" and answer.data[0].revised_prompt == "A picture: " + NOTE
    assert leaked(upstream.received) == []
